import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RealService, startRealService } from '../real-service.ts'
import { runHere } from './here.ts'
import { ROOT } from './process.ts'

const UNKNOWN = 'a look at an unknown order'
const document = readFileSync(join(ROOT, 'spec/supplier-orders.yaml'), 'utf8')
const contract = JSON.parse(readFileSync(join(ROOT, 'contracts/storefront-supplier-orders.json'), 'utf8'))

/** The contract of a storefront, of which one interaction expects another status. */
function expecting(status: number): object {
  const changed = structuredClone(contract)
  changed.interactions.find((one: { description: string }) => one.description === UNKNOWN).response.status = status
  return changed
}

/** A team's folder: contracts that hold, that the document forbids, and that it allows but nothing does; and what is no contract. */
const project = mkdtempSync(join(tmpdir(), 'contracts-cli-'))
const write = (name: string, content: unknown): void =>
  writeFileSync(join(project, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
// What is verified where nothing is named.
cpSync(join(ROOT, 'contracts'), join(project, 'contracts'), { recursive: true })
write('good.json', contract)
write('forbidden.json', expecting(418))
write('allowed.json', expecting(403))
write('billing.json', {
  consumer: { name: 'shop' },
  provider: { name: 'billing' },
  interactions: [{ description: 'an invoice', request: { path: '/invoices' }, response: { status: 200 } }],
})
write('text.json', 'no contract')
write('moon.json', {
  ...contract,
  interactions: [{ ...contract.interactions[0], providerStates: [{ name: 'the moon is full', params: { phase: 1 } }] }],
})
write('supplier-orders.yaml', document)

/** Where a text stands in a file of the project. */
const lineOf = (file: string, text: string): number =>
  readFileSync(join(project, file), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1

const here = process.cwd()
beforeAll(() => process.chdir(project))
afterAll(() => process.chdir(here))

/** Runs the command in the team's folder, which may be a job at GitHub. */
const mock = (command: string, env: Record<string, string> = {}) => runHere(command.split(' '), { env })

describe('allocation-mock verify, compare and coverage', () => {
  it.concurrent.each<[command: string, code: number, out: RegExp, err: RegExp]>([
    ['verify', 0, /\n28 interactions: 28 passed {2}\(columns: document, mock\)\n$/, /^$/],
    [
      'verify good.json --only document',
      0,
      /^storefront → supplier-orders {2}good\.json\n( {2}✓ .*\n){7}\n7 interactions: 7 passed {2}\(columns: document\)\n$/,
      /^$/,
    ],
    [
      'verify allowed.json',
      1,
      /✓ ✗ a look at an unknown order, .*\n {4}mock: response status: expected 403 but got 404: \S.*b0c98d11.*\n[^]*→ the document allows it, but the named state does not produce it\n {4}\$ curl [^]*7 interactions: 6 passed, 1 failed/,
      /^$/,
    ],
    [
      'verify g*d.json forbidden.json --only document',
      1,
      /document: the document has no answer 418 here[^]*14 interactions: 13 passed, 1 failed/,
      /^$/,
    ],
    ['verify forbidden.json --only document --description login', 0, /1 interaction: 1 passed/, /^$/],
    ['verify billing.json', 2, /^$/, /^error: no document is about "billing"; there are "supplier-orders", .*: --map names one, --spec /],
    [
      'verify billing.json good.json --only document',
      0,
      /an invoice {2}\[not ours\]\n {4}→ no document is about the provider "billing"; --map names one\n[^]*8 interactions: 7 passed, 1 not ours/,
      /^$/,
    ],
    [
      'verify good.json --consumer nobody',
      2,
      /^$/,
      /^error: nothing is left by --consumer "nobody": there are 7 interactions, of storefront → /,
    ],
    [
      'verify good.json --map OMS=oms-allocations',
      2,
      /^$/,
      /^error: --map names the provider "OMS", and no pact is of it; .* "supplier-orders"\n$/,
    ],
    [
      'verify moon.json --only mock',
      1,
      /✗ .*\n {4}mock: no provider state has the text "the moon is full"; the nearest are ".*\n {4}→ the mock does not know the state "the moon is full"; --print-missing-states .*\n {4}\$ curl/,
      /^note: the mock does not know 1 provider state: --print-missing-states prints a file .*\n$/,
    ],
    ['verify billing.json --only document --map billing=supplier-orders', 1, /the document has no GET \/invoices/, /^$/],
    ['verify good.json --only document --spec supplier-orders.yaml', 0, /7 passed/, /^$/],
    ['verify text.json', 2, /^$/, /^error: text\.json: it is not valid JSON: /],
    ['verify nowhere.json', 2, /^$/, /^error: no pact files match "nowhere\.json"; /],
    ['verify good.json --spec nowhere.yaml', 2, /^$/, /^error: document nowhere\.yaml: there is no such file\n$/],
    ['verify good.json --map supplier-orders=nobody', 2, /^$/, /^error: .* mapped to the document "nobody"; known are /],
    ['verify good.json --description (', 2, /^$/, /^error: the filter for the description is not a valid regular expression/],
    ['verify good.json --provider localhost', 2, /^$/, /^error: --provider is "localhost"; give an HTTP URL, /],
    ['verify good.json --only provider', 2, /^$/, /^error: the column provider needs the URL of the real service \(--provider\)/],
    ['verify good.json --only everything', 2, /^$/, /^error: --only is "everything"; give document, mock or provider/],
    ['verify good.json --format xml', 2, /^$/, /^error: --format is "xml"; give text, json, junit or markdown/],
    ['verify good.json --header Authorization', 2, /^$/, /^error: --header is not usable; give NAME: VALUE/],
    [
      'verify moon.json --print-missing-states',
      0,
      /^states:\n {2}# the nearest known state: ".+"\n {2}- state: "the moon is full"\n.*phase.*\n/,
      /^$/,
    ],
    ['compare', 0, /^(\S+ → \S+ \(.*\.json\): compatible\n){4}$/, /^$/],
    ['compare allowed.json', 0, /: compatible\n$/, /^$/],
    [
      'compare good.json forbidden.json',
      1,
      /good\.json\): compatible\n[^]*forbidden\.json\): 1 incompatible\n {2}error response\.status\.unknown: .*418/,
      /^$/,
    ],
    ['compare billing.json', 2, /^$/, /^error: no document is about "billing"; there are .*: --map names one, --spec gives others\n$/],
    ['compare good.json --consumer nobody', 2, /^$/, /^error: nothing is left by --consumer "nobody": /],
    ['compare billing.json good.json', 0, /billing\.json\): not ours\n.*good\.json\): compatible\n$/, /^$/],
    ['compare text.json', 2, /^$/, /^error: text\.json: it is not valid JSON: /],
    [
      'coverage',
      0,
      /\n {2}getOrder: 200 \(storefront\) .* 404 \(storefront\)[^]*\nNot counted, [^]*\n {2}getOrder: .*405 –[^]*\n\d+ of \d+ documented answers that consumers can rely on are relied on: [\d.]+ %\n$/,
      /^$/,
    ],
    [
      'coverage forbidden.json',
      0,
      /\nRelying on no documented answer:\n {2}storefront, .*: \w+ of supplier-orders documents no 418; it documents /,
      /^$/,
    ],
    ['coverage --threshold 1', 0, / %\n$/, /^$/],
    ['coverage --threshold 100', 1, / %\n$/, /^error: that is less than the 100 % of --threshold\n$/],
    ['coverage --threshold most', 2, /^$/, /^error: --threshold is "most"; give a whole number from 0 to 100/],
    ['coverage text.json', 2, /^$/, /^error: text\.json: it is not valid JSON: /],
  ])('%s: %i', async (command, code, out, err) => {
    const ended = await mock(command)
    expect(ended.out).toMatch(out)
    expect(ended.err).toMatch(err)
    expect(ended.code).toBe(code)
  })
})

describe('allocation-mock verify --format', () => {
  it('json', async () => {
    const { code, out } = await mock('verify forbidden.json --only document --format json')
    const { rows, ...report } = JSON.parse(out)
    expect(code).toBe(1)
    expect(report).toEqual({
      ok: false,
      columns: ['document'],
      counts: { passed: 6, failed: 1, pending: 0, 'not-verified': 0, 'not-ours': 0 },
    })
    expect(rows.find(({ description }: { description: string }) => description === UNKNOWN)).toMatchObject({
      file: 'forbidden.json',
      consumer: 'storefront',
      answers: { document: { kind: 'failed', reasons: [{ code: 'response.status.unknown', pactPath: '$.response.status' }] } },
      verdict: 'failed',
    })
  })

  it.each([
    ['junit', /^<\?xml [^]*<testsuites name="pacts" tests="7" failures="1" [^]*<failure message="the document does not have /],
    ['markdown', /^## ❌ Contracts\n\n7 interactions: 6 passed, 1 failed\n\n\| Pact \| Interaction \| document \| verdict \|\n/],
  ])('%s', async (format, expected) => {
    const { code, out } = await mock(`verify forbidden.json --only document --format ${format}`)
    expect(out).toMatch(expected)
    expect(code).toBe(1)
  })

  it('json of compare and coverage', async () => {
    const [compared, covered] = await Promise.all([mock('compare forbidden.json --format json'), mock('coverage good.json --format json')])
    expect(JSON.parse(compared.out)).toMatchObject([{ code: 'response.status.unknown', type: 'error', mockDetails: { value: 418 } }])
    const { percent, answers } = JSON.parse(covered.out)
    expect(answers).toContainEqual({
      document: 'supplier-orders',
      operation: 'createOrder',
      status: '409',
      consumers: ['storefront'],
      interactions: [{ consumer: 'storefront', description: 'an order with the token of a supplier', states: [] }],
    })
    expect(percent).toBeGreaterThan(0)
    expect(percent).toBeLessThan(100)
  })

  it('leaves room for a JUnit file beside it', async () => {
    const { code, out } = await mock('verify forbidden.json --only document --junit junit.xml')
    expect(out).toMatch(/^storefront → /)
    expect(readFileSync(join(project, 'junit.xml'), 'utf8')).toMatch(
      /<testcase classname="storefront\.supplier-orders" name="a login of a retailer"/,
    )
    expect(code).toBe(1)
  })
})

describe('allocation-mock verify in a job at GitHub', () => {
  it('annotates the lines of document and contract, and adds to the summary of the job', async () => {
    write('summary.md', 'Before.\n')
    const { code, out } = await mock('verify forbidden.json --spec supplier-orders.yaml', {
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: join(project, 'summary.md'),
    })
    const annotations = out.split('\n').filter((line) => line.startsWith('::'))
    const [inDocument = '', inContract = ''] = annotations
    expect(annotations).toHaveLength(2)
    expect(inDocument).toMatch(
      /^::error file=supplier-orders\.yaml,line=\d+,title=storefront → supplier-orders%2C document%3A .*::the document has no answer 418 here/,
    )
    // The answers of the operation that the interaction asks.
    const [, line = ''] = /line=(\d+)/.exec(inDocument) ?? []
    const above = document.split('\n').slice(0, Number(line))
    expect(above.findLast((text) => text.includes('operationId:'))?.trim()).toBe('operationId: getOrder')
    expect(above.at(-1)?.trim()).toMatch(/^(responses:|'200':)$/)
    expect(inContract).toMatch(
      /^::error file=forbidden\.json,line=\d+,title=storefront → supplier-orders%2C mock%3A .*::response status: expected 418 but got 404/,
    )
    expect(inContract).toContain(`line=${lineOf('forbidden.json', UNKNOWN) - 1},`)
    expect(readFileSync(join(project, 'summary.md'), 'utf8')).toMatch(/^Before\.\n## ❌ Contracts\n/)
    expect(code).toBe(1)
  })

  it('says nothing of what passes, nor outside of such a job', async () => {
    const [passing, outside] = await Promise.all([
      mock('verify good.json --only document', { GITHUB_ACTIONS: 'true' }),
      mock('verify forbidden.json --only document'),
    ])
    expect([passing.out, outside.out].join('')).not.toContain('::')
    expect([passing.code, outside.code]).toEqual([0, 1])
  })
})

describe('allocation-mock verify --provider', () => {
  let real: RealService
  let broken: RealService
  beforeAll(async () => {
    real = await startRealService()
    broken = await startRealService({ 'POST /organizations/user-login/ 200': { kind: 'other status', status: 202 } })
  })
  afterAll(async () => {
    await real[Symbol.asyncDispose]()
    await broken[Symbol.asyncDispose]()
  })

  it('asks the real service alone', async () => {
    const [good, bad] = await Promise.all(
      [real, broken].map(({ url, stateUrl }) => mock(`verify good.json --only provider --provider ${url} --state-url ${stateUrl}`)),
    )
    expect(good).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/7 interactions: 7 passed {2}\(columns: provider\)\n$/) })
    expect(bad).toMatchObject({
      code: 1,
      out: expect.stringMatching(/✗ a login of a retailer\n {4}provider: response status: expected 200 but got 202\n/),
    })
  })

  it('says that nobody sets up its states', async () => {
    const { err, out } = await mock(`verify good.json --only provider --provider ${real.url} --description login --format json`)
    expect([err, JSON.parse(out).notes]).toEqual(['', undefined])
    const stateful = await mock(`verify good.json --only provider --provider ${real.url} --description unknown --format json`)
    const note = 'nobody sets up provider states at the real service (--state-url): they are taken to exist'
    expect([stateful.err, JSON.parse(stateful.out).notes]).toEqual([`note: ${note}\n`, [note]])
  })

  it('asks it beside document and mock; the environment names it as well', async () => {
    const { code, out } = await mock('verify good.json --format markdown', {
      ALLOCATION_MOCK_PROVIDER: broken.url,
      ALLOCATION_MOCK_STATE_URL: broken.stateUrl,
    })
    expect(out).toContain('| `storefront → supplier-orders` | `a login of a retailer` | ✅ | ✅ | ❌ | failed |')
    expect(out).toContain('the document allows it and the mock does it, but the real service does not')
    expect(code).toBe(1)
  })
})
