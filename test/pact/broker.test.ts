import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { verifyContracts } from '../../src/wiring.ts'
import { createMock, type Mock } from '../../src/index.ts'
import { openBroker, type BrokerPact, type Selection } from '../../src/verification/pact/broker.ts'
import type { BrokerAccess } from '../../src/verification/pact/broker-http.ts'
import { UsageError } from '../../src/base/problem.ts'
import { type Arrived, BrokerStandIn } from './broker-stand-in.ts'

type Json = Record<string, unknown>

const CONTRACTS = join(import.meta.dirname, '../../contracts')
const contract = (name: string): Json => JSON.parse(readFileSync(join(CONTRACTS, `${name}.json`), 'utf8'))
const STOREFRONT = contract('storefront-supplier-orders')
const WAREHOUSE = contract('warehouse-supplier-orders')
const PROVIDER = (STOREFRONT['provider'] as { name: string }).name
const NONE = { interactions: [] as Json[] }
const count = (pact: Json): number => (pact as typeof NONE).interactions.length

/** The same, of a consumer who expects of the first answer what nobody gives. */
function broken(pact: Json, consumer = (pact['consumer'] as { name: string }).name): Json {
  const [first, ...others] = (structuredClone(pact) as typeof NONE).interactions
  return { ...pact, consumer: { name: consumer }, interactions: [{ ...first, response: { status: 299 } }, ...others] }
}

let broker: BrokerStandIn
beforeEach(async () => {
  broker = await new BrokerStandIn().listen()
})
afterEach(() => broker.close())

/** The command, in this process. */
async function command(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] }
  const code = await main(args, {
    out: (line) => void lines.out.push(line),
    err: (line) => void lines.err.push(line),
    env,
  })
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') }
}

function fetchPacts(access: Partial<BrokerAccess> = {}, selection: Partial<Selection> = {}): Promise<readonly BrokerPact[]> {
  return openBroker({ url: broker.url, ...access }).fetchPacts({ providers: [PROVIDER], ...selection })
}

describe('with a real service', () => {
  let real: Mock
  let provider: string
  beforeAll(async () => {
    real = await createMock()
    provider = `${(await real.listen({ port: 0 })).url}/~real`
  })
  afterAll(() => real.close())
  const service = (): string[] => ['--provider', provider, '--state-url', `${provider}/_pact/provider_states`]

  it('verifies what selectors, pending and work in progress give, and tells the broker', async () => {
    broker.authorization = 'Bearer secret-1'
    const good = await broker.publish(STOREFRONT, '1.0', 'main')
    const wish = await broker.publish(broken(WAREHOUSE), '2.0', 'feat/more')
    const verify = (...more: string[]): ReturnType<typeof command> =>
      command(
        [
          'verify',
          '--broker',
          broker.url,
          '--broker-provider',
          PROVIDER,
          '--selector',
          '{"mainBranch":true}',
          ...service(),
          ...more,
          '--format',
          'json',
        ],
        { PACT_BROKER_TOKEN: 'secret-1\n' },
      )
    const publish = ['--publish', '--provider-version', '7.0', '--provider-branch', 'feat/a b', '--build-url', 'https://ci/1']
    const first = await verify('--pending', '--wip-since', '2026-01-01', ...publish)
    expect(first.err).toContain("is a 'work in progress' pact")
    expect(first.err).toContain('This pact is no longer in pending state')
    const report = JSON.parse(first.out) as {
      ok: boolean
      counts: Json
      rows: { file: string; consumer: string; pending: boolean; verdict: string }[]
    }
    expect({ code: first.code, ok: report.ok }).toEqual({ code: 0, ok: true })
    expect(report.counts).toMatchObject({ passed: count(STOREFRONT) + count(WAREHOUSE) - 1, failed: 0, pending: 1 })
    expect(report.rows.filter(({ verdict }) => verdict === 'pending')).toMatchObject([{ consumer: 'warehouse', pending: true }])
    expect(new Set(report.rows.map(({ file }) => file.replace(/\/metadata\/.*/, '')))).toEqual(
      new Set([
        `${broker.url}/pacts/provider/${PROVIDER}/consumer/storefront/pact-version/${good}`,
        `${broker.url}/pacts/provider/${PROVIDER}/consumer/warehouse/pact-version/${wish}`,
      ]),
    )

    expect(broker.resultsOf(good)).toMatchObject([
      { success: true, providerApplicationVersion: '7.0', buildUrl: 'https://ci/1', verifiedBy: { implementation: 'allocation-mock' } },
    ])
    expect(broker.resultsOf(good)[0]?.['testResults']).toHaveLength(count(STOREFRONT))
    const [told] = broker.resultsOf(wish)
    expect(told).toMatchObject({ success: false })
    const failed = ((told?.['testResults'] ?? []) as Json[]).filter(({ success }) => success !== true)
    expect(failed).toEqual([
      {
        interactionId: `${wish.slice(0, 8)}-0`,
        interactionDescription: expect.any(String),
        success: false,
        exceptions: [{ message: expect.stringContaining('299') }, ...((failed[0]?.['exceptions'] as Json[]) ?? []).slice(1)],
      },
    ])
    expect(broker.branchesOf(PROVIDER, '7.0')).toEqual(['feat/a b'])
    expect(broker.arrived.filter(({ path }) => path.includes(`/pacticipants/${PROVIDER}/branches/`))).toHaveLength(1)
    expect(first.out + first.err).not.toContain('secret-1')

    // What is fulfilled is pending no more.
    const listed = await fetchPacts({ token: 'secret-1' }, { enablePending: true, providerVersionBranch: 'feat/a b' })
    expect(listed.map(({ pending, wip, name }) => ({ pending, wip, name }))).toEqual([
      { pending: false, wip: false, name: `Pact between storefront (1.0) and ${PROVIDER}` },
      { pending: true, wip: false, name: `Pact between warehouse (2.0) and ${PROVIDER}` },
    ])
    expect(Object.keys(listed[0]?.content ?? {}).toSorted()).toEqual(Object.keys(STOREFRONT).toSorted())
  })

  it('fails when a pact that is not pending does', async () => {
    const sha = await broker.publish(broken(STOREFRONT), '1.0', 'main')
    const report = await verifyContracts({
      pacts: [],
      broker: { url: broker.url, providers: [PROVIDER] },
      only: ['provider'],
      provider,
      stateUrl: `${provider}/_pact/provider_states`,
      publish: { version: '7.1' },
    })
    expect(report).toMatchObject({ ok: false, rows: expect.arrayContaining([expect.objectContaining({ verdict: 'failed' })]) })
    expect(broker.resultsOf(sha)).toMatchObject([{ success: false, providerApplicationVersion: '7.1' }])
    expect(broker.arrived.some(({ path }) => path.includes('/branches/') && path.includes(PROVIDER))).toBe(false)
  })

  it('says nothing of a pact that was not verified to its end', async () => {
    const { interactions } = STOREFRONT as typeof NONE
    const sha = await broker.publish(
      { ...STOREFRONT, interactions: [...interactions, { type: 'Asynchronous/Messages', description: 'a word' }] },
      '1',
      'main',
    )
    const heard: string[] = []
    const report = await verifyContracts({
      pacts: [],
      broker: { url: broker.url, providers: [PROVIDER] },
      only: ['provider'],
      provider,
      stateUrl: `${provider}/_pact/provider_states`,
      publish: { version: '7.1' },
      onNotice: (text) => void heard.push(text),
    })
    expect(report.ok).toBe(true)
    expect(broker.resultsOf(sha)).toEqual([])
    expect(heard).toContain(`Pact between storefront (1) and ${PROVIDER}: not published, for it was not verified to its end`)
  })

  it('ends in 2 when the broker takes no results, after the report', async () => {
    await broker.publish(STOREFRONT, '1.0', 'main')
    broker.override = ({ path, method }, response) =>
      path.endsWith('/verification-results') &&
      method === 'POST' &&
      answer(response, 409, { errors: ['version 7.0 is locked', { detail: 'ask Kim', pointer: '/x' }] })
    const args = ['verify', '--broker', broker.url, '--broker-provider', PROVIDER, '--only', 'provider', ...service()]
    const { code, out, err } = await command([...args, '--publish', '--provider-version', '7.0', '--format', 'json'])
    expect({ code, report: JSON.parse(out) }).toMatchObject({ code: 2, report: { ok: false, counts: { failed: 0 } } })
    expect(err).toMatch(
      /error: no results were published: the broker refuses: POST \S+ answers 409 Conflict: version 7\.0 is locked; \/x: ask Kim/,
    )
    expect(broker.arrived.filter(({ path }) => path.endsWith('/verification-results'))).toHaveLength(1)
  })

  it('asks and tells what the Pact verifier does', async () => {
    const sha = await broker.publish(STOREFRONT, '1.0', 'main')
    const selection = {
      selectors: [{ mainBranch: true }],
      enablePending: true,
      includeWipPactsSince: '2026-01-01',
      providerVersionBranch: 'main',
    }
    await verifyContracts({
      pacts: [],
      broker: { url: broker.url, providers: [PROVIDER], ...selection },
      only: ['provider'],
      provider,
      stateUrl: `${provider}/_pact/provider_states`,
      publish: { version: '7.0', buildUrl: 'https://ci/1' },
    })
    const ours = broker.arrived.splice(0).slice(2)
    await otherVerifier({
      provider: PROVIDER,
      providerBaseUrl: provider,
      providerStatesSetupUrl: `${provider}/_pact/provider_states`,
      pactBrokerUrl: broker.url,
      consumerVersionSelectors: selection.selectors,
      enablePending: true,
      includeWipPactsSince: '2026-01-01',
      providerVersion: '7.0',
      providerVersionBranch: 'main',
      publishVerificationResult: true,
      buildUrl: 'https://ci/1',
    })
    const theirs = broker.arrived.filter(({ method, path }) => method !== 'GET' || !path.endsWith('/for-verification'))
    expect(ours.map(({ method, path }) => `${method} ${path}`)).toEqual(theirs.map(({ method, path }) => `${method} ${path}`))
    const list = (all: readonly Arrived[]): Json | undefined => all.find(({ path }) => path.endsWith('/for-verification'))?.body
    expect(list(ours)).toEqual(list(theirs))
    expect(theirs.filter(({ method }) => method !== 'GET')).toHaveLength(3)
    expect(list(theirs)).toMatchObject({ includePendingStatus: true })
    const [mine, other] = broker.resultsOf(sha)
    const { verifiedBy: _, testResults: ownTests, ...own } = mine ?? {}
    const { verifiedBy: __, testResults: otherTests, ...rest } = other ?? {}
    expect(own).toEqual(rest)
    const ids = (tests: unknown): object =>
      Object.fromEntries((tests as Json[]).map(({ interactionId, success }) => [interactionId, success]))
    expect(Object.keys(ids(ownTests))).toHaveLength(count(STOREFRONT))
    expect(ids(ownTests)).toEqual(ids(otherTests))
  })
})

/** The core of Pact, with the broker it knows itself. */
async function otherVerifier(options: Json): Promise<void> {
  const code = `
    const { Verifier } = require('@pact-foundation/pact-core')
    new Verifier(${JSON.stringify({ logLevel: 'error', ...options })}).verify().then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })`
  const child = fork('-e', [code], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, PACT_DO_NOT_TRACK: 'true' },
  })
  const [status] = await once(child, 'exit')
  expect(status).toBe(0)
}

function answer(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): true {
  response
    .writeHead(status, { 'content-type': 'application/hal+json', ...headers })
    .end(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value))
  return true
}

function endless(response: ServerResponse): true {
  const more = Buffer.alloc(1_000_000, ' ')
  const pour = (): void => {
    while (!response.destroyed && response.write(more)) continue
  }
  response.on('drain', pour)
  pour()
  return true
}

describe('a pact of a broker', () => {
  it('has its numbers as the broker writes them', async () => {
    const [pact] = await fetchedAs('{"interactions":[{"a":1.0,"b":9007199254740993}],"_links":{}}')
    expect(JSON.stringify(pact?.content)).toBe('{"interactions":[{"a":1.0,"b":9007199254740993}]}')
  })

  async function fetchedAs(text: string): Promise<readonly BrokerPact[]> {
    await broker.publish({ consumer: { name: 'web' }, provider: { name: PROVIDER }, interactions: [] }, '1', 'main')
    broker.override = ({ method, path }, response) => method === 'GET' && path.startsWith('/pacts/') && answer(response, 200, text)
    return fetchPacts()
  }
})

describe('what a broker does wrong', () => {
  type Override = NonNullable<BrokerStandIn['override']>
  const at =
    (path: string | RegExp, status: number, value: unknown, headers: Record<string, string> = {}): Override =>
    (request, response) =>
      (typeof path === 'string' ? request.path === path : path.test(request.path)) && answer(response, status, value, headers)
  const LIST = /\/for-verification$/
  const DOCUMENT = /\/pact-version\//
  const html = { 'content-type': 'text/html' }

  it.each<[string, Override, RegExp]>([
    ['a page', at('/', 200, '<h1>Welcome</h1>', html), /not an answer of a Pact Broker: GET \S+ gives no JSON object, but text\/html/],
    ['JSON that is no object', at('/', 200, [1]), /gives no JSON object, but application\/hal\+json/],
    ['JSON of something else', at('/', 200, { hello: 'you' }), /\/ has no link pb:provider-pacts-for-verification, .* its links are none/],
    ['no link for verification', at('/', 200, { _links: { self: { href: '/' } } }), /its links are self$/],
    ['a link without an address', at('/', 200, { _links: { 'pb:provider-pacts-for-verification': [] } }), /its links are pb:provider/],
    [
      'credentials are wanted',
      at('/', 401, { error: 'Unauthorized' }),
      /asks for credentials: GET \S+ answers 401 Unauthorized: Unauthorized$/,
    ],
    [
      'it is forbidden',
      at(LIST, 403, { error: { message: 'Not for you', reference: 'x' } }),
      /asks for credentials: POST \S+ answers 403 Forbidden: Not for you$/,
    ],
    [
      'an unknown provider',
      at(LIST, 404, { error: "No provider with name 'x' found" }),
      /knows no provider "supplier-orders": POST \S+ answers 404 Not Found: No provider/,
    ],
    [
      'errors by field',
      at(LIST, 400, { errors: { consumerVersionSelectors: ['no tag', 'no branch'] } }),
      /refuses: POST .*: consumerVersionSelectors: no tag; consumerVersionSelectors: no branch$/,
    ],
    [
      'a problem',
      at(LIST, 400, { title: 'Validation errors', errors: [{ detail: "can't be blank", pointer: '/a/0' }] }),
      /: \/a\/0: can't be blank$/,
    ],
    ['a problem without a list', at(LIST, 400, { title: 'No', detail: 'Not today' }), /: Not today$/],
    ['plain words', at(LIST, 500, 'out of\u001B[31m memory\n'), /500 Internal Server Error: out of\\u001b\[31m memory$/],
    ['a gateway', at('/', 502, '<html>nginx</html>', html), /refuses: GET \S+ answers 502 Bad Gateway$/],
    [
      'another address',
      at('/', 301, '', { location: 'https://broker.example/' }),
      /elsewhere: GET \S+ answers 301 .* names https:\/\/broker\.example\/$/,
    ],
    ['no list', at(LIST, 200, { _embedded: {} }), /POST \S+ gives no list of pacts$/],
    ['a pact without a link', at(LIST, 200, { _embedded: { pacts: [{}] } }), /has no link self/],
    [
      'a link to nowhere',
      at(LIST, 200, { _embedded: { pacts: [{ _links: { self: { href: 'http://[' } } }] } }),
      /has a link self that leads nowhere: http:\/\/\[$/,
    ],
    ['a pact that is gone', at(DOCUMENT, 404, { error: 'gone' }), /refuses: GET \S+ answers 404 Not Found: gone$/],
    ['a pact that is none', at(DOCUMENT, 200, '{"interactions": ['), /GET \S+ gives no JSON object/],
    [
      'a broken connection',
      ({ path }, response) => path === '/' && response.destroy() && true,
      /does not answer: GET \S+: (ECONNRESET|UND_ERR_SOCKET)$/,
    ],
    [
      'an answer without end',
      ({ path }, response) => path === '/' && endless(response),
      /too large: GET \S+ gives more than 10000000 bytes, which are read at most$/,
    ],
    [
      'a small answer that unpacks to a large one',
      at(DOCUMENT, 200, gzipSync(Buffer.alloc(20_000_000, ' ')), { 'content-encoding': 'gzip' }),
      /too large: GET \S+ gives more than 10000000 bytes/,
    ],
  ])('tells of %s', async (_name, override, message) => {
    await broker.publish(STOREFRONT, '1', 'main')
    broker.override = override
    const asked = fetchPacts()
    await expect(asked).rejects.toThrow(UsageError)
    await expect(asked).rejects.toThrow(message)
  })

  it('tells of silence', async () => {
    broker.override = ({ path }) => path === '/'
    await expect(fetchPacts({ timeout: 500 })).rejects.toThrow(/does not answer: GET \S+: nothing within 500 ms$/)
  })

  it('asks once more where that may help, and only once', async () => {
    await broker.publish(STOREFRONT, '1', 'main')
    let refusals = 1
    broker.override = ({ path }, response) => path === '/' && refusals-- > 0 && answer(response, 503, '')
    await expect(fetchPacts()).resolves.toHaveLength(1)
    broker.override = ({ path }, response) => path === '/' && response.destroy() && true
    broker.arrived.length = 0
    await expect(fetchPacts()).rejects.toThrow('does not answer')
    expect(broker.arrived).toHaveLength(2)
  })

  it('is down', async () => {
    broker.close()
    const { code, err } = await command(['verify', '--broker', broker.url, '--only', 'document'])
    expect({ code, err }).toEqual({ code: 2, err: `error: the broker does not answer: GET ${broker.url}/: ECONNREFUSED` })
  })

  it.each<[string, Partial<BrokerAccess>, string[]]>([
    ['a token', { token: 'tok-123' }, ['tok-123']],
    ['a token that is no header', { token: 'tok\u0001-123' }, ['tok\u0001-123', '-123']],
    ['a name and a password', { username: 'kim', password: 'pass-123' }, ['pass-123', 'a2ltOnBhc3MtMTIz']],
  ])('never repeats %s', async (_name, access, secrets) => {
    broker.override = ({ authorization }, response) => answer(response, 401, { error: `no: ${authorization} ${JSON.stringify(access)}` })
    const error: unknown = await fetchPacts(access).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(UsageError)
    for (const secret of secrets) expect(String(error)).not.toContain(secret)
  })

  it('takes name and password out of the address, and sends nothing to another one', async () => {
    broker.authorization = `Basic ${Buffer.from('kim:p@ss').toString('base64')}`
    await broker.publish(STOREFRONT, '1', 'main')
    const { _links: links } = (await (await fetch(broker.url, { headers: { authorization: broker.authorization } })).json()) as {
      _links: Json
    }
    const elsewhere = JSON.parse(JSON.stringify(links).replaceAll(broker.url, 'http://inner.invalid'))
    broker.override = ({ path }, response) => path === '/' && answer(response, 200, { _links: elsewhere })
    const [pact] = await fetchPacts({ url: broker.url.replace('//', '//kim:p%40ss@') })
    expect(pact?.url).toMatch(new RegExp(`^${RegExp.escape(broker.url)}/pacts/`))
  })
})

describe('what is asked wrongly', () => {
  const BROKER = ['--broker', 'http://127.0.0.1:1', '--broker-provider', 'OMS']
  const SERVICE = ['--provider', 'http://127.0.0.1:1', '--publish', '--provider-version', '1']
  it.each<[string, string[], RegExp]>([
    [
      'results of a mock',
      [...BROKER, '--publish', '--provider-version', '1'],
      /of the real service only.*must not turn can-i-deploy green/,
    ],
    ['results of another column', [...BROKER, ...SERVICE, '--only', 'mock'], /of the real service only/],
    ['results without a broker', [...SERVICE, 'contracts'], /to a broker, and none is named/],
    ['results without a version', [...BROKER, '--provider', 'http://127.0.0.1:1', '--publish'], /--provider-version/],
    ['results of two services', [...BROKER, '--broker-provider', 'B', ...SERVICE], /of one service/],
    ['results of who knows', ['--broker', 'http://127.0.0.1:1', ...SERVICE], /of one service/],
    ['results of a part', [...BROKER, ...SERVICE, '--state', 'x'], /of whole pacts/],
    ['work in progress of no branch', [...BROKER, '--wip-since', '2026-01-01'], /--provider-branch/],
    ['a selector that is none', [...BROKER, '--selector', 'main'], /--selector is "main"; give a JSON object/],
    ['a date that is none', [...BROKER, '--wip-since', 'yesterday'], /give a date like/],
    ['an address that is none', ['--broker', 'broker.example:80'], /the address of the broker is not a valid HTTP URL/],
    ['a token and a name', [...BROKER, '--broker-token', 'a', '--broker-username', 'b'], /one of the two/],
    ['a password of nobody', [...BROKER, '--broker-password', 'a'], /without a name/],
  ])('refuses %s', async (_name, args, message) => {
    const { code, err } = await command(['verify', ...args])
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('says which pacts are not there', async () => {
    await broker.publish(STOREFRONT, '1', 'main')
    const { code, err } = await command(['verify', '--broker-provider', PROVIDER, '--only', 'document'], {
      PACT_BROKER_BASE_URL: broker.url,
      ALLOCATION_MOCK_SELECTOR: '[{"branch":"a","consumer":"storefront"},{"branch":"b"}]',
    })
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`no pacts of "${PROVIDER}" that are wanted`) })
    expect(broker.arrived.at(-1)?.body).toEqual({
      consumerVersionSelectors: [{ branch: 'a', consumer: 'storefront' }, { branch: 'b' }],
      includePendingStatus: false,
    })
  })

  it('leaves the broker of other tools alone where files are named', async () => {
    const { code } = await command(['verify', CONTRACTS, '--only', 'document'], { PACT_BROKER_BASE_URL: broker.url })
    expect({ code, arrived: broker.arrived }).toEqual({ code: 0, arrived: [] })
  })
})
