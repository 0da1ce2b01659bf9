import { execFile } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createContract, type Operation } from '../../src/contract/operation.ts'
import type { ExampleRequest, Fault, Mock, MockOptions, MockSession } from '../../src/index.ts'
import { loadDocument } from '../../src/document/load.ts'
import type { RequestSummary } from '../../src/server/summary.ts'
import { ACCOUNT, ALLOCATION, LINE, openMock, ORDER, quantities, RETAILER, SUPPLIER } from '../support.ts'
import { withoutTime } from '../time.ts'

/** A mock that listens, and tells when it has answered. */
async function serve(options: MockOptions = {}) {
  const waiting = new Set<(summary: RequestSummary) => void>()
  const mock = await openMock({ ...options, onRequest: (summary) => waiting.forEach((tell) => tell(summary)) })
  const { url } = await mock.listen({ port: 0 })
  const next = (session: MockSession): Promise<RequestSummary> =>
    new Promise((resolve) => {
      const tell = (summary: RequestSummary): void => {
        if (summary.session !== session.name) return
        waiting.delete(tell)
        resolve(summary)
      }
      waiting.add(tell)
    })
  return { mock, url, next }
}

const { mock, url, next } = await serve()
afterAll(() => mock.close())

async function sessionWith(...faults: Fault[]): Promise<MockSession> {
  const session = await mock.createSession()
  for (const fault of faults) await session.addFault(fault)
  return session
}

const AS_SUPPLIER = { Authorization: SUPPLIER, 'Content-Type': 'application/json' }
const AS_RETAILER = { Authorization: RETAILER, 'Content-Type': 'application/json' }
const asAccount = (account = ACCOUNT) => ({
  Authorization: 'Bearer any',
  'x-site-context': JSON.stringify({ account }),
  'Content-Type': 'application/json',
})

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const ALLOCATE: Sent = { method: 'PUT', path: `/orders/allocation/${ORDER}/`, headers: AS_SUPPLIER, body: quantities(6) }
const READ: Sent = { method: 'GET', path: `/orders/${ORDER}/`, headers: { Authorization: SUPPLIER } }

/** What a client got: an answer, perhaps not all of it, or nothing but an error. */
interface Got {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly text?: string
  readonly error?: string
}

type Client = (session: MockSession, sent: Sent) => Promise<Got>

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof Error)) return String(error)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}

const byFetch = async (session: MockSession, { method, path, headers, body }: Sent, signal?: AbortSignal, base = url): Promise<Got> => {
  try {
    const response = await fetch(base + path, {
      method,
      headers: { ...headers, ...session.headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
    const head = { status: response.status, headers: Object.fromEntries(response.headers) }
    return await response.text().then(
      (text) => ({ ...head, text }),
      (error: unknown) => ({ ...head, error: codeOf(error) }),
    )
  } catch (error) {
    return { error: codeOf(error) }
  }
}

const byCurl = (session: MockSession, { method, path, headers, body }: Sent, signal?: AbortSignal): Promise<Got> =>
  new Promise((resolve) => {
    const options = Object.entries({ ...headers, ...session.headers }).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    const data = body === undefined ? [] : ['-d', JSON.stringify(body)]
    execFile('curl', ['-sS', '-i', '-X', method, ...options, ...data, url + path], { ...(signal && { signal }) }, (failure, out) => {
      const [head = '', ...rest] = out.split('\r\n\r\n')
      const [line = '', ...lines] = head.split('\r\n')
      const [, status] = /^HTTP\/1.1 (\d+)/.exec(line) ?? []
      resolve({
        ...(status !== undefined && {
          status: Number(status),
          headers: Object.fromEntries(lines.map((one) => [one.split(': ')[0]?.toLowerCase(), one.slice(one.indexOf(': ') + 2)])),
          text: rest.join('\r\n\r\n'),
        }),
        ...(failure && { error: `curl ${failure.code}` }),
      })
    })
  })

const CLIENTS: readonly (readonly [name: string, client: Client])[] = [
  ['fetch', (session, sent) => byFetch(session, sent)],
  ['curl', (session, sent) => byCurl(session, sent)],
]

const statusOf = async (session: MockSession, sent: Sent = READ): Promise<number | undefined> => (await byFetch(session, sent)).status

/** The body of an answer that should be JSON. */
function parsed({ text = '' }: Got) {
  return JSON.parse(text)
}

/** How many units of the example's line are allocated. */
async function allocated(session: MockSession): Promise<number> {
  return parsed(await byFetch(session, READ)).line_items[0].allocation.quantity_allocated
}

const contracts = await Promise.all(
  ['supplier-orders', 'oms-allocations'].map(async (name) => createContract(await loadDocument(`spec/${name}.yaml`))),
)
const OPERATIONS: readonly Operation[] = contracts.flatMap(({ operations }) => operations)
const operationOf = (id: string): Operation => {
  const found = OPERATIONS.find((operation) => operation.id === id)
  if (!found) throw new Error(`no operation ${id}`)
  return found
}

/** What the document says of an answer that a client got. */
function broken(operation: Operation, { status = 0, headers = {}, text = '' }: Got) {
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';')
  return operation.checkReply({ status, headers, ...(text !== '' && { body: JSON.parse(text), mediaType }) })
}

const MOMENTS = ['before', 'after'] as const

describe('an answer in place of the right one', () => {
  const example = (status: string, name?: string): unknown => {
    const [content] =
      operationOf('allocateOrder')
        .readAnswers()
        .find((answer) => answer.status === status)?.contents ?? []
    return content?.examples.find((one) => name === undefined || one.name === name)?.value
  }

  it.each<[string, Fault, { status: number; body: unknown; headers?: object }]>([
    ['a status of the document', { status: 500 }, { status: 500, body: example('500') }],
    ['a named example', { status: 400, example: 'sumDiffers' }, { status: 400, body: example('400', 'sumDiffers') }],
    ['headers of the document', { status: 401 }, { status: 401, body: example('401'), headers: { 'www-authenticate': 'Token' } }],
    ['a success', { status: 200 }, { status: 200, body: example('200') }],
    ['a body of its own', { status: 418, body: ['a', { teapot: true }] }, { status: 418, body: ['a', { teapot: true }] }],
    ['a gateway', { status: 502 }, { status: 502, body: { message: 'Bad Gateway' } }],
    ['a gateway that wants patience', { status: 503, retryAfter: '1.2s' }, { status: 503, body: {}, headers: { 'retry-after': '2' } }],
    ['a gateway with a body', { status: 504, body: { late: 1 } }, { status: 504, body: { late: 1 } }],
    ['too many requests', { status: 429, retryAfter: '2m' }, { status: 429, body: {}, headers: { 'retry-after': '120' } }],
  ])('%s, before the work and after it', async (_what, fault, { status, body, headers = {} }) => {
    for (const at of MOMENTS)
      for (const [, client] of CLIENTS) {
        const session = await sessionWith({ operation: 'allocateOrder', at, ...fault })
        const got = await client(session, ALLOCATE)
        expect(got).toMatchObject({ status, headers: { 'content-type': 'application/json', ...headers } })
        expect(parsed(got)).toMatchObject(body as object)
        expect(await allocated(session)).toBe(at === 'before' ? 0 : 6)
      }
  })
})

describe('an answer that is lost on its way', () => {
  // curl: 1 no HTTP/1, 18 partial file, 52 empty reply, 56 failure in receiving.
  it.each<[NonNullable<Fault['fault']>, Got, Got]>([
    ['EMPTY_RESPONSE', { error: 'UND_ERR_SOCKET' }, { error: 'curl 52' }],
    ['CONNECTION_RESET_BY_PEER', { error: 'ECONNRESET' }, { error: 'curl 56' }],
    ['RANDOM_DATA_THEN_CLOSE', { error: 'HTTPParserError' }, { error: 'curl 1' }],
    ['MALFORMED_RESPONSE_CHUNK', { status: 200, error: 'HTTPParserError' }, { status: 200, error: 'curl 56' }],
    ['TRUNCATED_RESPONSE', { status: 200, error: 'UND_ERR_SOCKET' }, { status: 200, error: 'curl 18' }],
  ])('by %s, before the work and after it', async (fault, toFetch, toCurl) => {
    for (const at of MOMENTS)
      for (const [name, client] of CLIENTS) {
        const session = await sessionWith({ operation: 'allocateOrder', at, fault })
        expect(await client(session, ALLOCATE)).toMatchObject(name === 'fetch' ? toFetch : toCurl)
        expect(await allocated(session)).toBe(at === 'before' ? 0 : 6)
        const [, lost] = await session.requests()
        expect(lost).toMatchObject({ fault: `f1 (${at}: ${fault})`, cut: fault })
        expect(lost?.changes?.map(({ kind }) => kind)).toEqual(at === 'before' ? undefined : ['order'])
      }
  })
})

describe('an answer whose body is wrong', () => {
  it.each<[NonNullable<Fault['fault']>, (got: Got) => void]>([
    ['MALFORMED_BODY', (got) => expect(() => parsed(got)).toThrow(SyntaxError)],
    ['WRONG_MEDIA_TYPE', ({ headers }) => expect(headers).toMatchObject({ 'content-type': 'text/html' })],
    ['SCHEMA_VIOLATION', (got) => expect(broken(operationOf('allocateOrder'), got)).toMatchObject([{ at: /^\/body/ }])],
  ])('by %s, before the work and after it', async (fault, look) => {
    for (const at of MOMENTS)
      for (const [, client] of CLIENTS) {
        const session = await sessionWith({ operation: 'allocateOrder', at, fault })
        const got = await client(session, ALLOCATE)
        expect(got).toMatchObject({ status: 200 })
        expect(got.headers?.['content-length']).toBe(String(Buffer.byteLength(got.text ?? '')))
        look(got)
        expect(await allocated(session)).toBe(at === 'before' ? 0 : 6)
      }
  })

  /** What has to be asked first, so that an example of the operation succeeds. */
  const BEFORE: Readonly<Record<string, string>> = {
    getShipment: 'createShipment',
    confirmOrderCancellation: 'cancelOrder',
    rejectOrderCancellation: 'cancelOrder',
    confirmLineItemCancellation: 'cancelLineItem',
    rejectLineItemCancellation: 'cancelLineItem',
  }

  async function exampleOf(session: MockSession, operation: string): Promise<ExampleRequest> {
    const all = [...(await session.examples()), ...(await session.examples({ token: 'retailer-1234567890' }))]
    const found = all.find((one) => one.operation === operation)
    if (!found) throw new Error(`no example of ${operation}`)
    return found
  }

  it.each(OPERATIONS.map(({ id }) => id))('of %s breaks what the document says of it, and is right without the fault', async (id) => {
    const session = await mock.createSession()
    const first = BEFORE[id]
    if (first !== undefined) await byFetch(session, await exampleOf(session, first))
    const example = await exampleOf(session, id)
    for (const fault of ['SCHEMA_VIOLATION', 'MALFORMED_BODY', 'WRONG_MEDIA_TYPE'] as const) {
      await session.addFault({ operation: id, fault })
      const got = await byFetch(session, example)
      expect(got.text).not.toBe('')
      if (fault === 'MALFORMED_BODY') expect(() => parsed(got)).toThrow(SyntaxError)
      else expect(broken(operationOf(id), got)).not.toEqual([])
      await session.dropFaults()
    }
    const right = await byFetch(session, example)
    expect(right.status).toBeLessThan(300)
    expect(broken(operationOf(id), right)).toEqual([])
  })
})

describe('which requests a fault befalls', () => {
  const statuses = async (session: MockSession, count: number): Promise<(number | undefined)[]> => {
    const met = []
    for (let number = 0; number < count; number++) met.push(await statusOf(session))
    return met
  }

  it.each<[Fault['calls'], number[]]>([
    [2, [200, 503, 200, 200]],
    [{ first: 3 }, [200, 200, 503, 503]],
    [{ last: 2 }, [503, 503, 200, 200]],
    [{ first: 2, last: 3 }, [200, 503, 503, 200]],
  ])('those that are numbered %j', async (calls, met) => {
    const session = await sessionWith({ operation: 'getOrder', status: 503, ...(calls !== undefined && { calls }) })
    expect(await statuses(session, 4)).toEqual(met)
  })

  it('those beyond a limit, until the span is over by the session’s clock', async () => {
    const session = await sessionWith({ operation: 'getOrder', limit: { requests: 2, per: '1m' } })
    expect(await statuses(session, 2)).toEqual([200, 200])
    const limited = { status: 429, text: '{"message":"Too Many Requests"}' }
    expect(await byFetch(session, READ)).toMatchObject({ ...limited, headers: { 'retry-after': '60' } })
    await session.advance('20s')
    expect(await byCurl(session, READ)).toMatchObject({ ...limited, headers: { 'retry-after': '40' } })
    await session.advance('40s')
    expect(await statuses(session, 3)).toEqual([200, 200, 429])
  })

  it('those in a span of time by the session’s clock', async () => {
    const session = await sessionWith({ operation: 'getOrder', status: 503, during: { from: '1h', until: '2h' } })
    const met = []
    for (const by of ['0s', '59m', '1m', '59m', '1m']) {
      await session.advance(by)
      met.push(await statusOf(session))
    }
    expect(met).toEqual([200, 200, 503, 503, 200])
  })

  it('a share of them, the same for the same seed, whatever else is asked', async () => {
    const met = async (seed: string, others: number): Promise<(number | undefined)[]> => {
      const session = await mock.createSession({ seed })
      await session.addFault({ operation: 'getOrder', probability: 0.5, status: 503 })
      const all = []
      for (let number = 0; number < 20; number++) {
        for (let other = 0; other < others; other++) await byFetch(session, ALLOCATE)
        all.push(await statusOf(session))
      }
      return all
    }
    const first = await met('1', 0)
    expect(new Set(first)).toEqual(new Set([200, 503]))
    expect(await met('1', 1)).toEqual(first)
    expect(await met('2', 0)).not.toEqual(first)
  })

  const cancel = (ids: string, account?: string): Sent => ({
    method: 'PUT',
    path: `/api/v2/allocation/cancel/${ids}`,
    headers: asAccount(account),
  })
  const omsOrder = (query: string): Sent => ({ method: 'GET', path: `/api/v2/order/?${query}`, headers: asAccount() })
  const search = (body: object): Sent => ({ method: 'POST', path: '/orders/', headers: AS_SUPPLIER, body })

  it.each<[string, Fault, met: Sent, unmet: Sent]>([
    ['an operation', { operation: 'allocateOrder' }, ALLOCATE, READ],
    ['one of some operations', { operation: ['cancelAllocations', 'getOrder'] }, READ, ALLOCATE],
    ['a parameter of the path', { match: { order_uuid: ORDER } }, READ, search({})],
    ['one of a list in the path', { match: { allocationIds: ALLOCATION } }, cancel(ALLOCATION), omsOrder('orderId=123k4h123k')],
    ['a parameter of the query', { match: { orderId: '123k4h123k' } }, omsOrder('orderId=123k4h123k'), READ],
    [
      'a header',
      { operation: 'queryAllocations', match: { 'x-site-context/account': ACCOUNT } },
      { method: 'POST', path: '/api/v2/allocation/query', headers: asAccount(), body: { limit: 1 } },
      { method: 'POST', path: '/api/v2/allocation/query', headers: asAccount('a'.repeat(24)), body: { limit: 1 } },
    ],
    [
      'a member of the body',
      { match: { '/line_items/0/allocation/quantity_backordered': 2 } },
      { ...ALLOCATE, body: quantities(4, 2) },
      ALLOCATE,
    ],
    [
      'all of several things',
      { operation: 'allocateOrder', match: { order_uuid: ORDER, '/line_items/0/line_item_uuid': LINE } },
      ALLOCATE,
      READ,
    ],
    [
      'a value of a list in the body',
      { match: { '/line_item_allocation_statuses': 'Partial' } },
      search({ line_item_allocation_statuses: ['Unallocated', 'Partial'] }),
      search({ line_item_allocation_statuses: ['Allocated'] }),
    ],
  ])('those with %s', async (_what, fault, met, unmet) => {
    const session = await sessionWith({ ...fault, status: 503 })
    expect(await statusOf(session, unmet)).toBe(200)
    expect(await statusOf(session, met)).toBe(503)
  })

  it('the first of several that befalls wins, and the others count on', async () => {
    const session = await sessionWith(
      { id: 'first', operation: 'getOrder', calls: { last: 1 }, status: 503 },
      { id: 'second', operation: 'getOrder', calls: { first: 1, last: 2 }, status: 502 },
      { id: 'third', operation: 'getOrder', calls: 3, status: 504 },
    )
    expect(await statuses(session, 4)).toEqual([503, 502, 504, 200])
    const faults = (await session.requests()).map(({ fault }) => fault)
    expect(faults).toEqual([undefined, 'third (before: 504)', 'second (before: 502)', 'first (before: 503)'])
  })

  it('those of its own session only', async () => {
    const fault: Fault = { operation: 'getOrder', calls: 2, status: 503 }
    const [one, other, none] = [await sessionWith(fault), await sessionWith(fault), await sessionWith()]
    const met = [
      await statusOf(one),
      await statusOf(other),
      await statusOf(none),
      await statusOf(one),
      await statusOf(none),
      await statusOf(other),
    ]
    expect(met).toEqual([200, 200, 200, 503, 200, 503])
  })

  it('none any more once it is switched off; switched on again it counts anew', async () => {
    const session = await sessionWith({ id: 'a', calls: { first: 2 }, status: 503 }, { id: 'b', calls: { first: 3 }, status: 502 })
    const off = (path = ''): Promise<Response> => fetch(`${url}/__mock/sessions/${session.name}/faults${path}`, { method: 'DELETE' })
    expect(await statuses(session, 2)).toEqual([200, 503])
    expect((await off('/a')).status).toBe(204)
    expect(await session.faults()).toEqual([{ id: 'b', calls: { first: 3 }, status: 502, calledSoFar: 2, spent: false }])
    expect(await statuses(session, 1)).toEqual([502])
    await session.addFault({ id: 'a', calls: 2, status: 503 })
    expect((await off('/b')).status).toBe(204)
    expect(await statuses(session, 3)).toEqual([200, 503, 200])
    await session.addFault({ status: 504 })
    expect((await off()).status).toBe(204)
    expect(await session.faults()).toEqual([])
    expect(await statuses(session, 1)).toEqual([200])
    expect((await off()).status).toBe(204)
    expect(await (await off('/a')).json()).toMatchObject({ status: 404, code: 'fault-unknown', fix: 'it has none' })
  })

  it('never control requests and provider states', async () => {
    const session = await sessionWith({ status: 503 })
    expect(await statusOf(session)).toBe(503)
    for (const path of ['/health', `/sessions/${session.name}/faults`, `/sessions/${session.name}/entities`, '/requests', '/openapi'])
      expect((await fetch(`${url}/__mock${path}`, { headers: session.headers })).status).toBe(200)
    const state = { consumer: 'a', state: 'an order that is not there', action: 'setup' }
    const set = await fetch(`${url}/~${session.name}/_pact/provider_states`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(state),
    })
    expect([200, 404]).toContain(set.status)
  })

  it.each<[string, Sent, number]>([
    ['has a body that does not fit', { ...ALLOCATE, body: { line_items: [{}] } }, 400],
    ['is about an order that is not there', { ...READ, path: '/orders/319bba9f-71b1-4a93-8abf-67a45b8fdd5d/' }, 404],
    ['carries no credentials', { ...READ, headers: {} }, 401],
    ['goes nowhere', { ...READ, path: '/order/' }, 404],
  ])('none that %s: it is refused, and not counted', async (_what, sent, status) => {
    const session = await sessionWith({ calls: { last: 1 }, status: 503 })
    expect(await statusOf(session, sent)).toBe(status)
    expect(await statusOf(session)).toBe(503)
    expect(await statusOf(session)).toBe(200)
  })

  it('one that the business refuses, too: before the work it is never told', async () => {
    const session = await sessionWith({ operation: 'allocateOrder', calls: { last: 1 }, status: 503 })
    const impossible: Sent = { ...ALLOCATE, body: quantities(5) }
    expect(await statusOf(session, impossible)).toBe(503)
    expect(await statusOf(session, impossible)).toBe(400)
  })
})

describe('a delay', () => {
  const HOUR = 3_600_000

  /** Sends, and waits until the server has begun with it. */
  async function begun(session: MockSession, send: () => Promise<Got>): Promise<{ readonly got: Promise<Got> }> {
    const { requests } = await session.info()
    const got = send()
    while ((await session.info()).requests === requests) await turn()
    return { got }
  }

  it.each<[string, Fault, least: number]>([
    ['fixed', { fixedDelayMilliseconds: 40 }, 40],
    ['uniform', { delayDistribution: { type: 'uniform', lower: 30, upper: 50 } }, 30],
    ['log-normal', { delayDistribution: { type: 'lognormal', median: 40, sigma: 0.1, maxValue: 60 } }, 20],
  ])('that is %s holds the answer up, which is right', async (_what, fault, least) => {
    for (const at of MOMENTS) {
      const session = await sessionWith({ operation: 'allocateOrder', at, ...fault })
      const started = performance.now()
      expect((await byFetch(session, ALLOCATE)).status).toBe(200)
      // A timer may be a millisecond early.
      expect(performance.now() - started).toBeGreaterThan(least - 2)
      expect(await allocated(session)).toBe(6)
      const [, slow] = await session.requests()
      expect(slow).toMatchObject({ status: 200, fault: expect.stringMatching(/^f1 \((before|after): \d+ ms\)$/) })
    }
  })

  it('is counted once, though the request is looked at before it and after it', async () => {
    const session = await sessionWith(
      { operation: 'getOrder', calls: 2, status: 503 },
      { operation: 'getOrder', calls: 1, fixedDelayMilliseconds: 20 },
    )
    expect([await statusOf(session), await statusOf(session), await statusOf(session)]).toEqual([200, 503, 200])
  })

  it('comes before the answer in its place, or the loss of it', async () => {
    for (const [fault, met] of [
      [{ status: 503 }, { status: 503 }],
      [{ fault: 'EMPTY_RESPONSE' }, { error: 'UND_ERR_SOCKET' }],
    ] satisfies [Fault, Got][])
      for (const at of MOMENTS) {
        const session = await sessionWith({ operation: 'allocateOrder', at, fixedDelayMilliseconds: 30, ...fault })
        const started = performance.now()
        expect(await byFetch(session, ALLOCATE)).toMatchObject(met)
        expect(performance.now() - started).toBeGreaterThan(28)
        expect(await allocated(session)).toBe(at === 'before' ? 0 : 6)
      }
  })

  it.each<[string, Fault, number, number]>([
    ['before the work changes nothing', { at: 'before' }, 499, 0],
    ['before an answer in its place changes nothing', { at: 'before', status: 503 }, 499, 0],
    ['before the loss of the answer changes nothing', { at: 'before', fault: 'EMPTY_RESPONSE' }, 499, 0],
    ['after the work has changed all', { at: 'after' }, 200, 6],
  ])('%s when the client goes away', async (_what, fault, status, units) => {
    for (const send of [byFetch, byCurl]) {
      const session = await sessionWith({ operation: 'allocateOrder', fixedDelayMilliseconds: HOUR, ...fault })
      const told = next(session)
      const controller = new AbortController()
      const { got } = await begun(session, () => send(session, ALLOCATE, controller.signal))
      controller.abort()
      expect(await got).toMatchObject({ error: expect.stringMatching(/abort/i) })
      expect(await told).toMatchObject({ status, fault: expect.stringContaining('3600000 ms') })
      const [entry] = await session.requests()
      expect(entry).toMatchObject({ status, fault: expect.stringContaining('3600000 ms'), operation: 'allocateOrder' })
      expect(entry).not.toHaveProperty('cut')
      expect(await allocated(session)).toBe(units)
    }
  })

  it('holds up neither another connection of the session nor another session', async () => {
    const slow = await sessionWith({ operation: 'allocateOrder', fixedDelayMilliseconds: HOUR })
    const other = await sessionWith()
    const controller = new AbortController()
    const waiting: Promise<Got>[] = []
    for (let number = 0; number < 20; number++) waiting.push((await begun(slow, () => byFetch(slow, ALLOCATE, controller.signal))).got)
    expect(await Promise.all([statusOf(slow), statusOf(other), statusOf(other, ALLOCATE)])).toEqual([200, 200, 200])
    controller.abort()
    await Promise.all(waiting)
  })

  it('before the work is over when the work begins: it meets what there is then, at that time', async () => {
    let now = Date.parse('2026-03-01T12:00:00Z')
    const timed = await createTimed(() => now)
    try {
      const session = await timed.mock.createSession({ clock: 'real' })
      await session.addFault({ operation: 'allocateOrder', fixedDelayMilliseconds: 150 })
      const got = await withoutTime(async () => {
        const { got } = await begun(session, () => byFetch(session, ALLOCATE, undefined, timed.url))
        now += 3_600_000
        await byFetch(session, READ, undefined, timed.url)
        vi.advanceTimersByTime(150)
        return got
      })
      expect(got).toMatchObject({ status: 200, headers: { date: 'Sun, 01 Mar 2026 13:00:00 GMT' } })
      expect((await session.requests()).map(({ received }) => received)).toEqual(['2026-03-01T13:00:00.000Z', '2026-03-01T13:00:00.000Z'])
    } finally {
      await timed.mock.close()
    }
  })

  async function createTimed(time: () => number): Promise<{ mock: Mock; url: string }> {
    const { createMock } = await import('../../src/index.ts')
    const timed = await createMock({ time })
    return { mock: timed, url: (await timed.listen({ port: 0 })).url }
  }

  it.each(['reset', 'drop'] as const)('that a %s of the session overtakes does nothing in its next life', async (end) => {
    const session = await sessionWith({ operation: 'allocateOrder', fixedDelayMilliseconds: 150 })
    const answer = await withoutTime(async () => {
      const { got } = await begun(session, () => byFetch(session, ALLOCATE))
      await session[end]()
      vi.advanceTimersByTime(150)
      return got
    })
    expect(answer.status).toBe(404)
    expect(parsed(answer)).toMatchObject({ code: 'session-unknown', fix: 'send it again' })
    expect(await allocated(session)).toBe(0)
    expect((await session.requests()).map(({ id }) => id)).toEqual([`${session.name}-1`])
  })

  it.each(MOMENTS)('%s the work is over when the mock closes: the answer comes at once', async (at) => {
    const own = await serve()
    const session = await own.mock.createSession()
    await session.addFault({ operation: 'allocateOrder', at, fixedDelayMilliseconds: HOUR })
    const { got } = await begun(session, () => byFetch(session, ALLOCATE, undefined, own.url))
    // Neither for the delay nor for a connection that is kept alive.
    await withoutTime(() => own.mock.close())
    expect(await got).toMatchObject({ status: 200 })
  })
})

describe('a fault that cannot be', () => {
  it.each<[string, object, at: string, message: RegExp, fix: RegExp]>([
    ['does nothing', {}, '/body', /does nothing/, /^give status, fault, limit/],
    ['only says when', { calls: 2, operation: 'getOrder' }, '/body', /does nothing/, /^give status/],
    ['is of no operation', { operation: 'alocateOrder', status: 503 }, '/body/operation', /"alocateOrder"/, /allocateOrder/],
    ['is of one that is none', { operation: ['getOrder', 'x'], status: 503 }, '/body/operation/1', /"x"/, /^the nearest are/],
    [
      'has a status that is not documented',
      { operation: 'getOrder', status: 418 },
      '/body/status',
      /^418 is not documented for getOrder$/,
      /^give a body, or one of 200, .*404.*429/,
    ],
    [
      'has one that some do not document',
      { operation: ['getOrder', 'searchOrders'], status: 404 },
      '/body/status',
      /for searchOrders$/,
      /400/,
    ],
    ['has one that many do not document', { status: 418 }, '/body/status', /and \d+ more$/, /400, 401, 405, 500, 429/],
    [
      'has no such example',
      { operation: 'allocateOrder', status: 400, example: 'sumDiffer' },
      '/body/example',
      /the 400 of allocateOrder has no example "sumDiffer"/,
      /^there are sumDiffers/,
    ],
    ['has an example of a gateway', { operation: 'getOrder', status: 503, example: 'a' }, '/body/status', /503 is not documented/, /404/],
    ['has an example without a status', { fault: 'EMPTY_RESPONSE', example: 'a' }, '/body/example', /belongs to a status/, /give status/],
    ['has a body without a status', { fixedDelayMilliseconds: 1, body: 1 }, '/body/body', /belongs to a status/, /give status/],
    ['has a body beside an example', { status: 400, body: 1, example: 'a' }, '/body/example', /beside a body/, /leave one out/],
    ['has a body where none can be', { status: 204, body: 1 }, '/body/body', /204/, /leave it out/],
    [
      'is patient without a status',
      { fault: 'EMPTY_RESPONSE', retryAfter: '1s' },
      '/body/retryAfter',
      /belongs to a status/,
      /give status/,
    ],
    [
      'matches what is no parameter',
      { operation: 'getOrder', match: { order_id: 1 }, status: 503 },
      '/body/match/order_id',
      /getOrder: "order_id"/,
      /order_uuid.*\/order_id/,
    ],
    ['matches what none has', { match: { 'x-site': 1 }, status: 503 }, '/body/match/x-site', /these operations/, /x-site-context/],
    [
      'delays twice',
      { fixedDelayMilliseconds: 1, delayDistribution: { type: 'uniform', lower: 1, upper: 2 } },
      '/body/delayDistribution',
      /beside/,
      /leave one out/,
    ],
    ['delays upside down', { delayDistribution: { type: 'uniform', lower: 2, upper: 1 } }, '/body/delayDistribution', /lower is 2/, /turn/],
    ['counts upside down', { calls: { first: 3, last: 2 }, status: 503 }, '/body/calls', /first is 3/, /turn/],
    ['is over before it begins', { during: { from: '2h', until: '1h' }, status: 503 }, '/body/during', /over before/, /later/],
    ['has a limit in no time', { limit: { requests: 1, per: '0s' } }, '/body/limit/per', /not a valid span/, /1m/],
  ])('because it %s is told where, and what would do', async (_what, fault, at, message, fix) => {
    const session = await sessionWith()
    const { status, problem } = await add(session, fault)
    expect({ status, code: problem.code }).toEqual({ status: 422, code: 'scenario-impossible' })
    expect(problem.issues).toEqual([
      expect.objectContaining({ at, message: expect.stringMatching(message), fix: expect.stringMatching(fix) }),
    ])
    expect(problem.detail).toContain(at)
    expect(await session.faults()).toEqual([])
  })

  it.each<[string, object, at: string]>([
    ['an unknown key', { statuss: 503 }, '/body/statuss'],
    ['a kind that is none', { fault: 'EMPTY_REPLY' }, '/body/fault'],
    ['a status of an interim answer', { status: 101 }, '/body/status'],
    ['a chance that is none', { status: 503, probability: 0 }, '/body/probability'],
    ['a chance above all', { status: 503, probability: 1.5 }, '/body/probability'],
    ['a delay of more than an hour', { fixedDelayMilliseconds: 3_600_001 }, '/body/fixedDelayMilliseconds'],
    ['a moment that is none', { status: 503, at: 'during' }, '/body/at'],
    ['an id that stands in no path', { status: 503, id: 'a/b' }, '/body/id'],
    ['a duration that is none', { status: 503, during: { from: 'soon' } }, '/body/during/from'],
    ['a number of calls that is none', { status: 503, calls: 0 }, '/body/calls'],
  ])('because of %s is told where', async (_what, fault, at) => {
    const session = await sessionWith()
    const { status, problem } = await add(session, fault)
    expect(status).toBe(400)
    expect(problem.issues.map((issue) => issue.at)).toContain(at)
  })

  it('because its id is taken, or because there are too many, is told so', async () => {
    const session = await sessionWith({ id: 'f2', status: 503 })
    const { problem } = await add(session, { id: 'f2', status: 502 })
    expect(problem.issues).toEqual([expect.objectContaining({ at: '/body/id', message: '"f2" is the id of another fault' })])
    // Ids that are made up go round those that are taken.
    expect((await session.addFault({ status: 502 })).id).toBe('f3')
    expect((await session.addFault({ status: 502 })).id).toBe('f4')
    const many = await mock.createSession({ scenario: { faults: Array.from({ length: 1_000 }, () => ({ status: 503 })) } })
    expect(await add(many, { status: 503 })).toMatchObject({ status: 422, problem: { detail: expect.stringContaining('1000 faults') } })
  })

  interface Problem {
    readonly code: string
    readonly detail: string
    readonly issues: readonly { readonly at: string }[]
  }

  async function add(session: MockSession, fault: object) {
    const answer = await fetch(`${url}/__mock/sessions/${session.name}/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fault),
    })
    const problem: Problem = JSON.parse(await answer.text())
    return { status: answer.status, problem }
  }
})

describe('the journal', () => {
  it('finds what met a fault', async () => {
    const session = await sessionWith({ id: 'flaky', operation: 'getOrder', calls: 2, status: 503 })
    for (let number = 0; number < 3; number++) await statusOf(session)
    const ids = async (filter: object): Promise<string[]> => (await session.requests(filter)).map(({ id }) => id.replace(/.*-/, ''))
    expect(await ids({ fault: true })).toEqual(['2'])
    expect(await ids({ fault: false })).toEqual(['3', '1'])
    expect(await ids({ text: 'FLAKY (before' })).toEqual(['2'])
    expect(await ids({ text: 'flaky', fault: false })).toEqual([])
    expect(await session.count({ fault: true })).toBe(1)
  })
})

describe('a request that prefers an answer', () => {
  const prefer = (sent: Sent, value: string): Sent => ({ ...sent, headers: { ...sent.headers, Prefer: value } })
  const QUERY: Sent = { method: 'POST', path: '/api/v2/allocation/query', headers: asAccount(), body: { limit: 1 } }
  const CANCEL: Sent = { method: 'PUT', path: `/api/v2/allocation/cancel/${ALLOCATION}`, headers: asAccount() }
  const CREATE: Sent = { method: 'PATCH', path: '/orders/cancel/', headers: AS_RETAILER, body: { order_uuid: ORDER } }

  it.each<[string, Sent, string, Got & { status: number }, applied: string]>([
    ['allocateOrder', ALLOCATE, 'code=500', { status: 500 }, 'code=500'],
    ['allocateOrder', ALLOCATE, 'code=400, example=sumDiffers', { status: 400 }, 'code=400, example=sumDiffers'],
    [
      'allocateOrder',
      ALLOCATE,
      'Code="401"; foo=bar, respond-async',
      { status: 401, headers: { 'www-authenticate': 'Token' } },
      'code=401',
    ],
    ['getOrder', { ...READ, path: '/orders/00000000-0000-4000-8000-000000000000/' }, 'code=200', { status: 200 }, 'code=200'],
    ['queryAllocations', QUERY, 'code=404', { status: 404 }, 'code=404'],
    ['cancelAllocations', CANCEL, 'code=200', { status: 200 }, 'code=200'],
    ['cancelAllocations', { ...CANCEL, path: CANCEL.path.replace(ALLOCATION, 'f'.repeat(24)) }, 'code=200', { status: 200 }, 'code=200'],
    ['cancelOrder', CREATE, 'code=204', { status: 204, text: '' }, 'code=204'],
  ])('of %s gets it from the document, and nothing changes', async (id, sent, value, expected, applied) => {
    for (const [, client] of CLIENTS) {
      const session = await sessionWith({ calls: { last: 1 }, status: 503 })
      const got = await client(session, prefer(sent, value))
      expect(got).toMatchObject({ ...expected, headers: { 'preference-applied': applied, ...expected.headers } })
      expect(broken(operationOf(id), got)).toEqual([])
      const [entry] = await session.requests()
      expect(entry).toMatchObject({ status: expected.status, operation: id })
      expect(entry).not.toHaveProperty('changes')
      expect(entry).not.toHaveProperty('fault')
      expect((await session.entities({ changed: true })).total).toBe(0)
      // Faults neither befall nor count it.
      expect(await statusOf(session)).toBe(503)
    }
  })

  it.each<[string, number, object]>([
    ['code=418', 404, { code: 'response-unknown', fix: expect.stringMatching(/^ask for 4\d\d, the nearest, or another of 200, /) }],
    ['code=400, example=sumDiffer', 404, { code: 'response-unknown', fix: expect.stringContaining('sumDiffers') }],
    ['example=sumDiffers', 404, { code: 'response-unknown', fix: expect.stringContaining('ask for code=400, which has it') }],
    ['code=abc', 400, { code: 'preference-invalid', fix: expect.stringContaining('Prefer: code=404') }],
  ])('%s that there is not is told what there is', async (value, status, problem) => {
    const session = await sessionWith()
    const got = await byFetch(session, prefer(ALLOCATE, value))
    expect(got).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } })
    expect(got.headers).not.toHaveProperty('preference-applied')
    expect(parsed(got)).toMatchObject(problem)
    expect(await allocated(session)).toBe(0)
  })

  it('gets a body that is made for its path by the seed, the same for everybody', async () => {
    const [one, other] = [await sessionWith(), await sessionWith()]
    const bodyOf = async (session: MockSession, value: string, sent: Sent = READ) => {
      const got = await byFetch(session, prefer(sent, value))
      expect(got).toMatchObject({ status: 200, headers: { 'preference-applied': value } })
      expect(broken(operationOf('getOrder'), got)).toEqual([])
      return got.text
    }
    const made = await bodyOf(one, 'dynamic=true')
    expect(await bodyOf(other, 'dynamic=true')).toBe(made)
    expect(await bodyOf(one, 'dynamic=true, seed=7')).not.toBe(made)
    expect(await bodyOf(one, 'dynamic=true', { ...READ, path: `${READ.path}?a=b` })).not.toBe(made)
    expect(await bodyOf(one, 'dynamic=true, seed=7')).toBe(await bodyOf(other, 'dynamic=true, seed=7'))
  })

  it('is refused where the request does not fit, and answered as ever where the preference is another', async () => {
    const session = await sessionWith()
    expect(await statusOf(session, prefer({ ...ALLOCATE, body: {} }, 'code=200'))).toBe(400)
    expect(await statusOf(session, prefer({ ...ALLOCATE, headers: { 'Content-Type': 'application/json' } }, 'code=200'))).toBe(401)
    const got = await byFetch(session, prefer(ALLOCATE, 'return=minimal, wait=10'))
    expect(got.status).toBe(200)
    expect(got.headers).not.toHaveProperty('preference-applied')
    expect(await allocated(session)).toBe(6)
  })
})
