import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseExact } from '../../src/base/exact.ts'
import type { Interaction, Pact } from '../../src/verification/pact/pact.ts'
import type { Target } from '../../src/verification/pact/part-verifier.ts'
import { verifyAgainst, type Internals, type VerifyOptions } from '../../src/verification/pact/verify.ts'

/** A provider with states: what arrives is written down. */
interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
let arrived: Arrived[] = []
let server: Server
let baseUrl = ''
/** Where nobody answers. */
let closed = ''

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  const url = request.url ?? ''
  arrived.push({ method: request.method ?? '', url, headers: request.headers, body })
  const json = (status: number, value: unknown, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  }
  if (url.endsWith('/_states')) return answerState(JSON.parse(body).state, json)
  if (url.endsWith('/cut')) return void request.socket.destroy()
  if (url.endsWith('/half')) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"sta')
    return void setTimeout(() => request.socket.destroy(), 20)
  }
  if (url.endsWith('/silent')) return
  if (url.endsWith('/numbers')) return void response.writeHead(200, { 'content-type': 'application/json' }).end(NUMBERS)
  if (url.endsWith('/missing')) return json(404, { status: 'ALLOCATED' })
  if (url.endsWith('/html')) return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')
  json(200, { status: 'ALLOCATED', items: [{ code: 'A', count: 1 }] }, { 'x-version': '7' })
}

/** What a double would write as 9007199254740992 and 1. */
const NUMBERS = '{"id":9007199254740993,"price":1.0}'

function answerState(state: string, json: (status: number, value: unknown) => void): void {
  if (state === 'there is an order') return json(200, { id: '77' })
  if (state === '') return json(200, {})
  if (state === 'old service') return json(500, { error: 'no database' })
  json(422, { title: 'Unprocessable', detail: `no state is called "${state}"`, fix: 'the nearest is "there is an order"' })
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  closed = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  await new Promise((resolve) => other.close(resolve))
})
beforeEach(() => {
  arrived = []
})
afterAll(() => server.closeAllConnections())
afterAll(() => server.close())

type Raw = Record<string, unknown>

const GOOD = { status: 200, headers: { 'Content-Type': 'application/json' }, body: { status: 'ALLOCATED' } }

/** An interaction as it stands in a file. */
function get(path: string, { description = path, response = GOOD, states = [], ...more }: Raw = {}): Raw {
  return {
    description,
    providerStates: states,
    request: { method: 'GET', path, headers: { Authorization: 'Token pact' } },
    response,
    ...more,
  }
}

function pactOf(raws: readonly Raw[], { file = 'web.json', version = 3 }: { file?: string; version?: 2 | 3 | 4 } = {}): Pact {
  const interactions = raws.map((raw, index): Interaction => {
    const { method, path } = raw['request'] as { method: string; path: string }
    const states = (raw['providerStates'] as Raw[]).map(({ name, params = {} }) => ({ name, params })) as Interaction['states']
    const { description, pending = false } = raw as { description: string; pending?: boolean }
    return { index, description, states, pending, method, path, status: 200, raw }
  })
  return { file, consumer: 'web', provider: 'orders', version, interactions, unverified: [] }
}

const target = (prefix = ''): Target => ({ baseUrl: baseUrl + prefix, stateUrl: `${baseUrl}${prefix}/_states` })

/** What came of each interaction of the pacts: `passed`, `skipped` or the reasons. */
async function verify(pacts: readonly Pact[], options: Partial<VerifyOptions> = {}, internals: Internals = {}) {
  const outcomes = await verifyAgainst({ targets: [target()], pacts, ...options }, internals)
  return pacts.flatMap(({ file, interactions }) =>
    interactions.map(({ index }) => {
      const { answer, unreached } = outcomes.get(file)?.get(index) ?? {}
      if (unreached !== undefined) return { [answer?.kind ?? 'nothing']: unreached }
      return answer?.kind === 'failed' ? answer.reasons.map(({ message }) => message) : (answer?.kind ?? 'nothing')
    }),
  )
}

const one = async (raw: Raw, options: Partial<VerifyOptions> = {}) => (await verify([pactOf([raw])], options))[0]

describe('verifyAgainst', () => {
  it('passes what the provider does, and says how long it took', async () => {
    const pact = pactOf([get('/order', { states: [{ name: 'there is an order', params: { id: 1 } }] })])
    const began = performance.now()
    const outcomes = await verifyAgainst({ targets: [target()], pacts: [pact] })
    const seconds = (performance.now() - began) / 1_000
    const outcome = outcomes.get('web.json')?.get(0)
    expect(outcome?.answer).toEqual({ kind: 'passed' })
    expect(outcome?.duration).toBeGreaterThan(0)
    expect(outcome?.duration).toBeLessThan(seconds)
    expect(arrived.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      'POST /_states {"action":"setup","params":{"id":1},"state":"there is an order"}',
      'GET /order ',
      'POST /_states {"action":"teardown","params":{"id":1},"state":"there is an order"}',
    ])
  })

  it.each<[string, Raw, string[]]>([
    ['the status', get('/missing'), ['response status: expected 200 but got 404']],
    [
      'a header',
      get('/order', { response: { status: 200, headers: { 'X-Version': '8', 'X-Gone': '1' } } }),
      ['response header X-Gone: expected "1" but it is missing', 'response header X-Version: expected "8" but got "7"'],
    ],
    [
      'a header by a matcher',
      get('/order', {
        response: {
          status: 200,
          headers: { 'X-Version': 'a' },
          matchingRules: { header: { 'X-Version': { matchers: [{ match: 'regex', regex: '[a-z]' }] } } },
        },
      }),
      ["response header X-Version: expected '7' to match '[a-z]'"],
    ],
    [
      'values of the body',
      get('/order', { response: { status: 200, body: { status: 'CANCELLED', items: [{ code: 'A', count: 2 }] } } }),
      ['response body $.items[0].count: expected 2 but got 1', 'response body $.status: expected "CANCELLED" but got "ALLOCATED"'],
    ],
    [
      'a missing part of the body',
      get('/order', { response: { status: 200, body: { gone: 1, lost: 2 } } }),
      ['response body $: gone, lost expected but missing'],
    ],
    [
      'a type',
      get('/order', {
        response: { status: 200, body: { status: 1 }, matchingRules: { body: { '$.status': { matchers: [{ match: 'type' }] } } } },
      }),
      ["response body $.status: expected 'ALLOCATED' (String) to be the same type as 1 (Integer)"],
    ],
    [
      'a matcher that cannot hold',
      get('/order', {
        response: {
          status: 200,
          body: { status: 'A' },
          matchingRules: { body: { '$.status': { matchers: [{ match: 'regex', regex: '(' }] } } },
        },
      }),
      [expect.stringMatching(/^response body \$\.status: '\(' is not a valid regular expression/)],
    ],
    [
      'the media type',
      get('/html'),
      [
        'response header Content-Type: expected "application/json" but got "text/html"',
        'response body: expected application/json but got text/html',
      ],
    ],
  ])('names %s', async (_, raw, reasons) => {
    expect(await one(raw)).toEqual(reasons)
  })

  it('says where in the pact each expectation stands', async () => {
    const response = { status: 201, headers: { 'X-Version': '8' }, body: { items: [{ count: 2 }] } }
    const outcomes = await verifyAgainst({ targets: [target()], pacts: [pactOf([get('/order', { response })])] })
    const answer = outcomes.get('web.json')?.get(0)?.answer
    expect(answer?.kind === 'failed' && answer.reasons.map(({ pactPath }) => pactPath)).toEqual([
      '$.response.status',
      "$.response.headers['X-Version']",
      '$.response.body.items[0].count',
    ])
  })

  it('quotes the provider on a state it refuses, for each interaction', async () => {
    const refused = [{ name: 'there is an order' }, { name: 'nonsense' }]
    const results = await verify([
      pactOf([
        get('/order', { states: refused }),
        get('/order', { states: refused }),
        get('/order', { states: [{ name: 'old service' }] }),
        get('/order'),
      ]),
    ])
    const reason = 'no state is called "nonsense"; the nearest is "there is an order"'
    expect(results).toEqual([[reason], [reason], ['provider state "old service": no database'], 'passed'])
    const setups = arrived.filter(({ body }) => body.includes('old service') && body.includes('setup'))
    expect(setups).toHaveLength(1)
  })

  it('asks nobody for states that are prepared, and sends what goes with them', async () => {
    const states = [{ name: 'there is an order', params: { id: 0 } }]
    const generators = { path: { type: 'ProviderState', expression: '/${place}' } }
    const raws = [get('/example', { states, request: { generators } }), get('/order', { states: [{ name: 'nonsense' }] }), get('/missing')]
    const results = await verify([pactOf(raws)], {
      targets: [{ baseUrl }],
      prepare: async ({ states: [state] }) =>
        state?.name === 'nonsense'
          ? { kind: 'refused', reason: { message: 'it is nonsense' } }
          : { kind: 'ready', headers: { 'X-World': 'own' }, values: { place: 'order' } },
    })
    expect(results).toEqual(['passed', ['it is nonsense'], ['response status: expected 200 but got 404']])
    expect(arrived.map(({ url, headers }) => [url, headers['x-world']])).toEqual([
      ['/order', 'own'],
      ['/missing', 'own'],
    ])
  })

  it('says so when nothing answers for states', async () => {
    const targets = [{ baseUrl, stateUrl: `${closed}/_states` }]
    expect(await one(get('/order', { states: [{ name: 'there is an order' }] }), { targets })).toEqual({
      skipped: `nobody sets up provider states at ${closed}, which cannot be reached: nothing listens there (ECONNREFUSED)`,
    })
  })

  it('takes states to exist where there is nobody to set them up', async () => {
    expect(await one(get('/order', { states: [{ name: 'nonsense' }] }), { targets: [{ baseUrl }] })).toBe('passed')
  })

  it('tells a provider that is silent', async () => {
    expect(await one(get('/silent'), { timeout: 1_000 })).toEqual(['the provider does not answer within 1000 ms'])
  })

  it('tells one that breaks off, and goes on', async () => {
    expect(await verify([pactOf([get('/cut'), get('/half'), get('/order')])])).toEqual([
      ['the provider broke the connection off before its answer was complete'],
      ['the provider broke the connection off before its answer was complete'],
      'passed',
    ])
  })

  it('says when there is no provider', async () => {
    expect(await one(get('/order'), { targets: [{ baseUrl: closed }] })).toEqual({
      skipped: `the provider cannot be reached at ${closed}: nothing listens there (ECONNREFUSED)`,
    })
  })

  it('tells interactions of one description apart, also over files', async () => {
    const pacts = [
      pactOf([
        get('/order', { description: 'same #1' }),
        get('/missing', { description: 'same #1' }),
        get('/order', { description: 'same #1' }),
      ]),
      pactOf([get('/missing', { description: 'same #1' }), get('/order', { description: 'same #1' })], { file: 'app.json' }),
    ]
    const failed = ['response status: expected 200 but got 404']
    expect(await verify(pacts)).toEqual(['passed', failed, 'passed', failed, 'passed'])
  })

  it('takes many interactions in parts, over several targets at once', async () => {
    const raws = Array.from({ length: 230 }, (_, index) => get(index % 10 === 3 ? '/missing' : '/order', { description: 'same' }))
    const steps: number[] = []
    const results = await verify([pactOf(raws)], {
      targets: [target('/~verify-1'), target('/~verify-2')],
      onProgress: ({ done, total }) => steps.push(done, total),
    })
    expect(results.map((result) => result === 'passed')).toEqual(raws.map((_, index) => index % 10 !== 3))
    expect(steps.slice(-2)).toEqual([230, 230])
    expect(steps).toHaveLength(10)
    const prefixes = arrived.map(({ url }) => url.split('/')[1])
    expect(new Set(prefixes)).toEqual(new Set(['~verify-1', '~verify-2']))
  })

  it('puts headers in place of those in the pact', async () => {
    await one(get('/order'), { headers: { authorization: 'Token mine', 'X-New': '1' } })
    expect(arrived[1]?.headers).toMatchObject({ authorization: 'Token mine', 'x-new': '1' })
  })

  it('puts a base path before the paths that lack it, also within one pact', async () => {
    const pacts = [pactOf([get('/order'), get('/api/v2/order'), get('/order')]), pactOf([get('/order')], { file: 'app.json' })]
    const basePathOf: VerifyOptions['basePathOf'] = ({ interaction }) => (interaction.path.startsWith('/api/v2/') ? '' : '/api/v2/')
    expect(await verify(pacts, { basePathOf })).toEqual(['passed', 'passed', 'passed', 'passed'])
    const asked = arrived.filter(({ method }) => method === 'GET').map(({ url }) => url)
    expect(asked).toEqual(Array.from({ length: 4 }, () => '/api/v2/order'))
  })

  it('puts values of a state into the request', async () => {
    const raw = get('/order/1', { states: [{ name: 'there is an order' }] })
    const request = {
      method: 'GET',
      path: '/order/1',
      generators: { path: { type: 'ProviderState', expression: '/order/${id}', dataType: 'STRING' } },
    }
    expect(await one({ ...raw, request }, { basePathOf: () => '/api' })).toBe('passed')
    expect(arrived[1]?.url).toBe('/api/order/77')
  })

  it('sends forms as they are', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const raw = { ...get('/form'), request: { method: 'POST', path: '/form', headers, body: 'a=1&b=2&a=3' } }
    await one(raw)
    expect(arrived[1]).toMatchObject({ body: 'a=1&b=2&a=3', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  })

  it.each<[string, unknown]>([
    ['{"id":9007199254740993,"price":1.0}', 'passed'],
    ['{"id":9007199254740992}', ['response body $.id: expected 9007199254740992 but got 9007199254740993']],
    ['{"price":1}', ['response body $.price: expected 1 but got 1.0']],
    ['{"price":1.00}', 'passed'],
  ])('expects the numbers that the file has: %s', async (body, result) => {
    expect(await one(get('/numbers', { response: { status: 200, body: parseExact(body) } }))).toEqual(result)
  })

  it('sends the numbers that the file has, in bodies and in parameters of states', async () => {
    const body = parseExact(NUMBERS)
    const headers = { 'Content-Type': 'application/json' }
    const states = [{ name: 'there is an order', params: body }]
    expect(await one({ ...get('/order', { states }), request: { method: 'POST', path: '/order', headers, body } })).toBe('passed')
    expect(arrived.map((request) => request.body)).toEqual([
      `{"action":"setup","params":${NUMBERS},"state":"there is an order"}`,
      NUMBERS,
      `{"action":"teardown","params":${NUMBERS},"state":"there is an order"}`,
    ])
  })

  it('finds the words for a state that is refused, whatever numbers it has', async () => {
    const states = [{ name: 'unknown', params: parseExact('{"a":1.0,"b":[1e3,-0.0]}') }]
    expect(await one(get('/order', { states }))).toEqual([expect.stringContaining('no state is called "unknown"')])
  })

  it('says why the verifier cannot read an interaction, and goes on', async () => {
    const outcomes = await verifyAgainst({
      targets: [target()],
      pacts: [pactOf([get('/order'), get('/order', { response: { status: 200, body: parseExact('1e400') } }), get('/order')])],
    })
    const [before, unread, after] = [...(outcomes.get('web.json')?.values() ?? [])].map(({ answer }) => answer)
    expect([before?.kind, after?.kind]).toEqual(['passed', 'passed'])
    expect(unread).toEqual({
      kind: 'failed',
      reasons: [{ message: 'the verifier cannot read it: Failed to parse Pact JSON', code: 'verifier-untried' }],
    })
  })

  it('verifies V4, the pending ones as well', async () => {
    const v4 = (path: string, more: Raw = {}) =>
      get(path, {
        type: 'Synchronous/HTTP',
        key: 'k',
        response: { status: 200, body: { content: { status: 'ALLOCATED' }, contentType: 'application/json' } },
        ...more,
      })
    const pact = pactOf([v4('/missing', { pending: true }), v4('/missing'), v4('/order')], { version: 4 })
    const failed = ['response status: expected 200 but got 404']
    expect(await verify([pact])).toEqual([failed, failed, 'passed'])
  })

  it('stops at the first failure when asked; a pending one is none', async () => {
    const raws = [get('/missing', { pending: true }), get('/missing'), get('/order')]
    const results = await verify([pactOf(raws)], { failFast: true }, { partSize: 1 })
    expect(results.map((result) => (Array.isArray(result) ? 'failed' : result))).toEqual(['failed', 'failed', 'skipped'])
  })

  it('is not led astray by the environment', async () => {
    const before = { ...process.env }
    Object.assign(process.env, { PACT_DESCRIPTION: 'other', PACT_BROKER_BASE_URL: closed, HTTP_PROXY: closed })
    try {
      expect(await one(get('/order'))).toBe('passed')
    } finally {
      process.env = before
    }
  })

  it('leaves no files', async () => {
    const before = process.env['TMPDIR']
    const folder = mkdtempSync(join(tmpdir(), 'verify-test-'))
    process.env['TMPDIR'] = folder
    try {
      expect(await one(get('/order'))).toBe('passed')
      expect(await verify([])).toEqual([])
      expect(readdirSync(folder)).toEqual([])
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a verifier that breaks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'verify-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** A child that answers OK for all but does something else for a description that holds "bad". */
  function childThat(does: string): URL {
    const file = join(folder, `${createHash('sha1').update(does).digest('hex')}.mjs`)
    writeFileSync(
      file,
      `import { readFileSync } from 'node:fs'
      process.on('message', (text) => {
        const { pactUrls } = JSON.parse(text).verifier
        const all = pactUrls.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).interactions)
        const send = (list) => process.send({ report: { interactionResults: list.map(({ description }) => ({ description, result: 'OK' })) } })
        if (all.some(({ description }) => description.includes('bad'))) { ${does} } else send(all)
      })`,
    )
    return pathToFileURL(file)
  }
  const raws = Array.from({ length: 12 }, (_, index) => get('/order', { description: index === 7 ? 'bad' : 'good' }))
  const others = raws.map((_, index) => (index === 7 ? expect.anything() : 'passed'))

  it('fails only the interaction that it ends with, and quotes it', async () => {
    const results = await verify([pactOf(raws)], {}, { child: childThat('console.error("boom"); process.exit(3)') })
    expect(results).toEqual(others)
    expect(results[7]).toEqual(['the verifier ended with 3: boom'])
  })

  it('fails only the interaction that it leaves out', async () => {
    const leave = 'send(all.filter(({ description }) => !description.includes("bad")))'
    const results = await verify([pactOf(raws)], {}, { child: childThat(leave) })
    expect(results).toEqual(others)
    expect(results[7]).toEqual(['the verifier says nothing about it'])
  })

  it('fails a part that does not end, and goes on with the next', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const child = childThat(`fetch(${JSON.stringify(`${baseUrl}/hanging`)})`)
    const verified = verify([pactOf(raws)], { timeout: 1 }, { child, grace: 1_500, partSize: 4 })
    while (!arrived.some(({ url }) => url === '/hanging')) await turn()
    vi.advanceTimersByTime(1_512)
    const results = await verified
    expect(results.map((result) => (Array.isArray(result) ? result[0] : result))).toEqual(
      raws.map((_, index) => (index >= 4 && index < 8 ? 'the verifier did not end within 1512 ms' : 'passed')),
    )
  })

  it('fails everything, and soon, when it never works', async () => {
    const child = childThat('process.send("no such library")')
    const results = await verify([pactOf(raws.map((raw) => ({ ...raw, description: 'bad' })))], {}, { child, partSize: 4 })
    expect(new Set(results.flat())).toEqual(new Set(['the verifier says nothing about it: no such library']))
  })
})
