import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runHere, serveHere } from './here.ts'
import { BIN, ROOT, Running } from './process.ts'

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

const writers: ChildProcess[] = []
afterAll(() => writers.forEach((writer) => writer.kill()))

/** A pipe with a name, into which a command of the shell writes once. */
function pipe(writer: string): string {
  const path = join(folder, `pipe-${writers.length}`)
  execFileSync('sh', ['-c', `mkfifo '${path}'`])
  writers.push(spawn('sh', ['-c', `${writer} > '${path}'`], { cwd: ROOT, stdio: 'ignore' }))
  return path
}

describe('what comes through a pipe', () => {
  it.each<[line: string, out: RegExp]>([
    [`cat '${STATES}' | mock verify '${PACT}' --states /dev/stdin`, / ✓ ✓ a login .*\n\n1 interaction: 1 passed/],
    [`mock verify <(cat '${PACT}') '${PACT}' --only document`, /2 interactions: 2 passed/],
    [`mock verify /dev/stdin --only document < '${PACT}'`, /^shop → supplier-orders {2}\/dev\/stdin\n[^]*1 passed/],
  ])('%s: is read like a file', async (line, out) => {
    expect(await bash(line).ended).toMatchObject({ code: 0, out: expect.stringMatching(out), err: '' })
  })

  it.each<[string, () => readonly string[], RegExp]>([
    ['verify, a document', () => ['verify', PACT, '--spec', pipe(`cat ${SPEC}`), '--only', 'document'], /1 passed/],
    ['compare', () => ['compare', PACT, '--spec', pipe(`cat ${SPEC}`)], /: compatible\n/],
    ['coverage', () => ['coverage', PACT, '--spec', pipe(`cat ${SPEC}`)], /login.*400 \(shop\)/],
    ['scenario check', () => ['scenario', 'check', pipe(`cat ${SCENARIO}`)], /pipe-\d+: ok\n/],
  ])('%s: is read like a file', async (_name, args, out) => {
    expect(await runHere(args())).toMatchObject({ code: 0, out: expect.stringMatching(out), err: '' })
  })

  it('is an error in words where it is a socket, which cannot be opened by a name', async () => {
    const { ended } = new Running(process.execPath, [BIN, 'compare', '/dev/stdin'], { input: readFileSync(PACT, 'utf8') })
    expect(await ended).toMatchObject({ code: 2, err: expect.stringMatching(/^error: \/dev\/stdin: it cannot be read \(ENXIO/) })
  })

  it.each([
    ['--scenario', SCENARIO],
    ['--states', STATES],
  ])('serves by %s', async (flag, from) => {
    const { server } = await serveHere([flag, pipe(`cat '${from}'`)])
    expect(await server.stop()).toMatchObject({ code: 0, err: '' })
  })

  it.each<[string, () => readonly string[], RegExp, number?]>([
    ['nothing, for a pact', () => ['verify', '/dev/null'], /^error: \/dev\/null: it is not valid JSON: /],
    ['nothing, for states', () => ['verify', PACT, '--states', pipe('true')], /^error: --states: \S+pipe-\d+: it is null; /],
    ['no document', () => ['verify', PACT, '--spec', pipe('echo openapi')], /^error: .*\n$/],
    ['no scenario', () => ['serve', '--scenario', pipe('echo orders: 1')], /^error: --scenario: \S+pipe-\d+:1: \/orders /],
    ['nothing, for a scenario', () => ['scenario', 'check', pipe('true')], /^$/, 1],
    ['nothing, for a session', () => ['replay', pipe('true')], /^error: \S+pipe-\d+: it is empty; /],
    [
      'a document in parts',
      () => ['compare', PACT, '--spec', pipe(`cat '${PARTS}'`)],
      /^error: pipe-\d+:3 .*: beside a document from a pipe there are no files; bundle it, or name its file\n$/,
    ],
    [
      'too much',
      () => ['compare', pipe('head -c 25000001 /dev/zero')],
      /^error: \S+pipe-\d+: \d+ bytes or more; a file may have 25000000\n$/,
    ],
  ])('is an error in words where it is %s', async (_name, args, said, expected = 2) => {
    const { code, err } = await runHere(args())
    expect(err).toMatch(said)
    expect(code).toBe(expected)
  })

  it('is read once, and said to be wrong where it stands for two things', async () => {
    const states = pipe(`cat '${STATES}'`)
    const { code, err } = await runHere(['verify', states, '--states', states])
    expect(err).toMatch(/^error: \S+pipe-\d+: it is not valid JSON: /)
    expect(code).toBe(2)
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
  const { code, err } = await runHere(args)
  expect(err).toMatch(/^error: .*\n$/)
  expect(code).toBe(2)
})
