import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, ROOT, run, Running } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'pipes-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const STATES = file('states.yaml', 'states:\n  - state: there is an order\n    exists: {}\n')
const PACT = file(
  'pact.json',
  JSON.stringify({
    consumer: { name: 'shop' },
    provider: { name: 'supplier-orders' },
    interactions: [
      {
        description: 'a login without a body',
        providerState: 'there is an order',
        request: { method: 'POST', path: '/organizations/user-login/' },
        response: { status: 400 },
      },
    ],
  }),
)
const SPEC = 'spec/supplier-orders.yaml'
const SCENARIO = 'fixtures/scenarios/busy-day.yaml'
const PARTS = file('parts.yaml', 'openapi: 3.0.3\npaths:\n  /orders: { $ref: paths.yaml }\n')

/** A line of bash, in which `mock` is the command. */
const bash = (line: string) => new Running('bash', ['-c', `mock() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`], { cwd: ROOT })

describe('what comes through a pipe', () => {
  it.concurrent.each<[line: string, out: RegExp]>([
    [`cat '${STATES}' | mock verify '${PACT}' --states /dev/stdin`, / ✓ ✓ a login .*\n\n1 interaction: 1 passed/],
    [`mock verify '${PACT}' --states <(cat '${STATES}')`, /1 passed/],
    [`cat '${PACT}' | mock verify /dev/stdin --only document`, /^shop → supplier-orders {2}\/dev\/stdin\n[^]*1 passed/],
    [`mock verify <(cat '${PACT}') '${PACT}' --only document`, /2 interactions: 2 passed/],
    [`mock verify /dev/stdin --only document < '${PACT}'`, /1 passed/],
    [`cat ${SPEC} | mock compare '${PACT}' --spec /dev/stdin`, /: compatible\n/],
    [`mock coverage '${PACT}' --spec <(cat ${SPEC})`, /login.*400 \(shop\)/],
    [`cat ${SCENARIO} | mock scenario check /dev/stdin`, /^\/dev\/stdin: ok\n/],
    [`mock scenario check <(cat ${SCENARIO})`, /^\/dev\/fd\/\d+: ok\n/],
  ])('%s: is read like a file', async (line, out) => {
    const ended = await bash(line).ended
    expect(ended).toMatchObject({ code: 0, out: expect.stringMatching(out), err: '' })
  })

  it('is an error in words where it is a socket, which cannot be opened by a name', async () => {
    const { ended } = new Running(process.execPath, [BIN, 'compare', '/dev/stdin'], { input: readFileSync(PACT, 'utf8') })
    expect(await ended).toMatchObject({ code: 2, err: expect.stringMatching(/^error: \/dev\/stdin: it cannot be read \(ENXIO/) })
  })

  it.each([
    ['--scenario', SCENARIO],
    ['--states', STATES],
  ])('serves by %s', async (flag, from) => {
    const server = bash(`exec '${process.execPath}' '${BIN}' serve --port 0 ${flag} <(cat '${from}')`)
    await server.until(/ready on /)
    expect(await server.stop()).toMatchObject({ code: 0, err: '' })
  })

  it.concurrent.each<[line: string, said: RegExp]>([
    [`mock verify /dev/stdin < /dev/null`, /^error: \/dev\/stdin: it is not valid JSON: /],
    [`mock verify '${PACT}' --states <(true)`, /^error: --states: \/dev\/fd\/\d+: it is null; /],
    [`mock verify '${PACT}' --spec <(echo openapi)`, /^error: .*\n$/],
    [`mock serve --scenario <(echo orders: 1)`, /^error: --scenario: \/dev\/fd\/\d+:1: \/orders /],
    [`mock scenario check <(true)`, /^$/],
    [`mock replay <(true)`, /^error: \/dev\/fd\/\d+: it is empty; /],
    [
      `cat '${PARTS}' | mock compare '${PACT}' --spec /dev/stdin`,
      /^error: stdin:3 .*: beside a document from a pipe there are no files; bundle it, or name its file\n$/,
    ],
    [`head -c 10000001 /dev/zero | mock compare /dev/stdin`, /^error: \/dev\/stdin: \d+ bytes or more; a file may have 10000000\n$/],
    [`cat '${STATES}' | mock verify /dev/stdin --states /dev/stdin`, /^error: \/dev\/stdin: it is not valid JSON: /],
  ])('%s: is an error in words', async (line, said) => {
    const { code, err } = await bash(line).ended
    expect(err).toMatch(said)
    expect(code).toBe(line.includes('scenario check') ? 1 : 2)
  })
})

const LONG = 'x'.repeat(5_000)
it.each([
  ['a pact', ['verify', LONG]],
  ['a document', ['verify', PACT, '--spec', LONG]],
  ['states', ['verify', PACT, '--states', LONG]],
  ['a scenario', ['serve', '--scenario', `${LONG}.yaml`]],
  ['a scenario to check', ['scenario', 'check', LONG]],
  ['a session', ['replay', LONG]],
  ['a document that is a folder', ['compare', PACT, '--spec', '.']],
])('a name that no file can have, of %s: exit 2', async (_name, args) => {
  const { code, err } = await run(args).ended
  expect(err).toMatch(/^error: .*\n$/)
  expect(code).toBe(2)
})
