import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineApi, reply } from '../src/api.ts'
import { DATA_VERSION } from '../src/core/population/random.ts'
import { createMock, type Fault, type MockOptions, type MockSession, replay } from '../src/index.ts'
import { memoryStore } from '../src/store/memory.ts'
import type { Exported } from '../src/recording/export.ts'
import { ROOT } from './cli/process.ts'
import { racingStore, type TestStore, watchedStore } from './stores.ts'
import { ACCOUNT, ALLOCATION, ORDER, quantities, SUPPLIER } from './support.ts'

const LONG = process.env['LONG'] !== undefined
const OMS = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const NAME = 'recorded'
const codings = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A mock whose time goes on with each request, and whose delays end when they are told to. */
async function open(options: MockOptions = {}) {
  let now = Date.parse('2026-03-01T12:00:00Z')
  const delays: (() => void)[] = []
  const heard: (() => void)[] = []
  const mock = await createMock({
    time: () => (now += 1_234),
    delay(_milliseconds, over) {
      delays.push(over)
      heard.shift()?.()
      return () => undefined
    },
    ...options,
  })
  const { url, port } = await mock.listen({ port: 0 })
  const session = mock.session(NAME)
  /** What a client meets that does not know what it should. */
  const ask = async (path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<number | string> => {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    try {
      const init = { method, headers: { ...(text !== undefined && JSON_TYPE), ...headers }, ...(text !== undefined && { body: text }) }
      const response = await fetch(url + path, { ...init, redirect: 'manual' })
      await response.text()
      return response.status
    } catch {
      return 'nothing'
    }
  }
  return {
    mock,
    url,
    port,
    session,
    ask,
    order: (more: Asked = {}) =>
      ask(`/orders/${ORDER}/`, { ...more, headers: { Authorization: SUPPLIER, ...session.headers, ...more.headers } }),
    allocate: (body: object, more: Asked = {}) =>
      ask(`/orders/allocation/${ORDER}/`, {
        method: 'PUT',
        body,
        headers: { Authorization: SUPPLIER, ...session.headers, ...more.headers },
      }),
    cancel: (more: Asked = {}) =>
      ask(`/api/v2/allocation/cancel/${ALLOCATION}`, { method: 'PUT', headers: { ...OMS, ...session.headers, ...more.headers } }),
    /** Until somebody is delayed. */
    delayed: () => new Promise<void>((resolve) => heard.push(resolve)),
    /** Ends the delay of whoever has waited longest. */
    goOn: () => delays.shift()?.(),
    [Symbol.asyncDispose]: () => mock.close(),
  }
}

type Opened = Awaited<ReturnType<typeof open>>

/** A store that gives the first who only looks what it saw no sooner than it is told to. */
function lateReader(): { readonly store: TestStore; readonly held: Promise<void>; readonly goOn: () => void } {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>()
  const { promise: over, resolve: goOn } = Promise.withResolvers<void>()
  let isFirst = true
  return {
    held,
    goOn,
    store: watchedStore(memoryStore, (store) => ({
      ...store,
      async use(session, work) {
        let hasChanged = true
        const result = await store.use(session, (held) => {
          const done = work(held)
          hasChanged = done.changes.length > 0
          return done
        })
        if (hasChanged || !isFirst) return result
        isFirst = false
        hold()
        await over
        return result
      },
    })),
  }
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] extends object | undefined ? Changeable<T[K]> : T[K] }
type File = Changeable<Exported>

/** As a file holds it, and another process reads it. */
async function exportOf(session: MockSession): Promise<File> {
  return JSON.parse(JSON.stringify(await session.export()))
}

describe('a session that is exported and repeated', () => {
  const plays: Readonly<Record<string, { readonly options?: MockOptions; play(opened: Opened): Promise<unknown> }>> = {
    'told by a header': { play: ({ order }) => order() },
    'told by a prefix': {
      async play({ ask, mock }) {
        await ask(`/~${NAME}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } })
        await ask(`/%7E${NAME}/orders/${ORDER}`, { headers: { Authorization: SUPPLIER } })
        await mock.session('other').reset()
        await mock.session('other').advance('1h')
      },
    },
    'told by baggage': {
      play: ({ ask }) => ask(`/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, baggage: `a=1,mock-session=${NAME}` } }),
    },
    'told by a binding': {
      async play({ session, ask }) {
        await session.bind({ token: 'bound-to-it' })
        await session.bind({ account: ACCOUNT })
        await ask(`/orders/${ORDER}/`, { headers: { Authorization: 'Token bound-to-it' } })
        await ask(`/api/v2/allocation/cancel/${ALLOCATION}`, { method: 'PUT', headers: OMS })
      },
    },
    'among requests of another session': {
      async play({ ask, allocate, order }) {
        await allocate(quantities(2, 4))
        await ask(`/orders/allocation/${ORDER}/`, {
          method: 'PUT',
          body: quantities(6),
          headers: { Authorization: SUPPLIER, 'Mock-Session': 'other' },
        })
        await order()
      },
    },
    'begun by a control request, its clock moved': {
      options: { now: '2026-01-01T00:00:00Z' },
      async play({ session, allocate, order }) {
        await session.setClock({ shifted: '1d' })
        await session.advance('2h')
        await allocate(quantities(1, 5))
        await session.setClock({ shifted: '30d' })
        await allocate(quantities(2, 4))
        await session.setClock('real').catch(() => undefined)
        await order()
      },
    },
    'begun from a scenario by name, by a request': {
      async play({ ask, order, mock }) {
        const headers = { 'Mock-Scenario': 'token-expired' }
        await order({ headers })
        await order({ headers })
        // Another scenario's name is refused, in words that have both.
        await order({ headers: { 'Mock-Scenario': 'slow-and-flaky' } })
        await mock
          .session('other')
          .info()
          .catch(() => undefined)
        await ask('/orders/', { method: 'POST', body: {}, headers: { Authorization: SUPPLIER, 'Mock-Session': NAME } })
      },
    },
    'of a server with a scenario, assumptions, tokens, a seed and strictness': {
      options: {
        seed: 'another',
        scenario: join(ROOT, 'fixtures/scenarios/one-of-each.yaml'),
        assume: { 'supplier.tokens': 'named', 'supplier.trailing-slash': 'redirect' },
        supplierTokens: ['secret-of-supplier-2=2', 'x'],
        retailerTokens: ['secret-of-retailer-3=3'],
        orders: 20,
        strict: true,
        maxBodyBytes: 500,
        maxEntities: 40,
      },
      async play({ ask, session }) {
        for (const token of ['secret-of-supplier-2', 'x', 'secret-of-retailer-3', 'nobody', 'invalid', '1234567890']) {
          const headers = { Authorization: `Token ${token}`, ...session.headers }
          await ask('/orders/', { method: 'POST', body: { limit: 3 }, headers })
          await ask(`/orders/${ORDER}?token=abc&x=1`, { headers })
          await ask('/orders/', { method: 'POST', body: { limit: 3, nonsense: true }, headers })
        }
      },
    },
    'with a login, until its token has expired': {
      async play({ ask, session, mock, url }) {
        const login = async (name: string): Promise<string> => {
          const body = JSON.stringify({ username: 'retailer-1', password: 'correct horse' })
          const response = await fetch(`${url}/organizations/user-login/`, {
            method: 'POST',
            headers: { 'Mock-Session': name, ...JSON_TYPE },
            body,
          })
          return ((await response.json()) as { auth_token: string }).auth_token
        }
        const token = await login(NAME)
        const headers = { Authorization: `Token ${token}`, ...session.headers }
        await ask('/orders/', { method: 'POST', body: {}, headers })
        await session.advance('3h')
        await ask('/orders/', { method: 'POST', body: {}, headers })
        await login('other')
        await ask('/orders/', { method: 'POST', body: {}, headers: { Authorization: `Token ${await login('other')}`, ...session.headers } })
        await mock.session('other').drop()
      },
    },
    'reset in between': {
      async play({ session, allocate, cancel, order }) {
        await allocate(quantities(6))
        await session.addFault({ fault: 'EMPTY_RESPONSE' })
        await session.reset()
        await order()
        await cancel()
      },
    },
    'set up by provider states': {
      async play({ ask, cancel, order }) {
        const state = (text: string) =>
          ask(`/~${NAME}/_pact/provider_states`, { method: 'POST', body: { state: text, params: {}, action: 'setup' } })
        await order()
        await state('every unit of an order is allocated and none has shipped')
        await order()
        await cancel()
      },
    },
    'taken back to a snapshot': {
      async play({ session, allocate, cancel, order }) {
        await allocate(quantities(1, 5))
        await session.snapshot('before')
        await cancel()
        await allocate(quantities(6))
        await session.advance('1d')
        await session.restore('before')
        await session.dropSnapshot('before')
        await cancel()
        await order()
      },
    },
    'whose orders go on by themselves': {
      options: {
        scenario: {
          progress: { after: '1h' },
          timeline: [{ at: '90m', operation: 'cancelAllocations', parameters: { allocationIds: ALLOCATION } }],
        },
      },
      async play({ session, allocate, cancel, order }) {
        await allocate(quantities(1, 5))
        await session.advance('61m')
        await order()
        await session.advance('40m')
        await cancel()
        await session.step({ order: ORDER }).catch(() => undefined)
        await session.setProgress({ reads: 2 })
        for (const more of [{}, {}, { method: 'HEAD' }]) await order(more)
      },
    },
    'with refusals of all kinds': {
      async play({ ask, order, allocate, cancel, session }) {
        const headers = { Authorization: SUPPLIER, ...session.headers }
        await allocate(quantities(5))
        await allocate(quantities(5), { headers: { Accept: 'application/problem+json' } })
        await ask('/nowhere/at-all?password=hunter2&x=1', { headers })
        await ask('/api/v2/nowhere', { headers: { ...headers, Accept: 'application/problem+json' } })
        await ask(`/orders/${ORDER}/`, { method: 'PATCH', headers })
        await ask(`/orders/${ORDER}/`, { headers: session.headers })
        await ask('/orders/', { method: 'POST', body: '{"limit":', headers })
        await ask('/orders/', { method: 'POST', body: '{"limit":1,"limit":2}', headers })
        await ask('/orders/', { method: 'POST', body: 'ünï\u{1f600}', headers: { ...headers, 'Content-Type': 'text/plain' } })
        await ask('/orders/%ff/', { headers })
        await cancel()
        await cancel()
        await order({ method: 'HEAD' })
        await order({ headers: { 'Mock-Session': NAME, Prefer: 'code=404' } })
        await order({ headers: { 'Mock-Session': NAME, Prefer: 'code=599' } })
        await order({ headers: { Origin: 'http://localhost:3000' } })
      },
    },
    'with a client that has no host': {
      async play({ port, mock, order }) {
        const socket = connect({ port, host: '127.0.0.1' })
        socket.write(`GET /orders/nobody/ HTTP/1.0\r\nMock-Session: ${NAME}\r\nAuthorization: ${SUPPLIER}\r\n\r\n`)
        await text(socket)
        await order()
        expect(await mock.session(NAME).requests()).toMatchObject([{ status: 200 }, { status: 404 }])
      },
    },
    'whose entities are as many as may be': {
      options: { maxEntities: 3 },
      async play({ allocate, cancel }) {
        expect([await cancel(), await allocate(quantities(6)), await allocate(quantities(5, 1))]).toContain(503)
      },
    },
  }

  it.each(Object.entries(plays))('gives the same bytes: %s', async (_name, { options = {}, play }) => {
    await using opened = await open(options)
    await play(opened)
    const requests = await opened.session.count()
    const file = await exportOf(opened.session)
    expect(await replay(file)).toMatchObject({ requests, same: requests, different: [], notRepeated: [], notes: [] })
    expect(requests).toBeGreaterThan(0)
  })

  const FAULTS: Readonly<Record<string, Fault>> = {
    'the second call': { calls: 2, status: 503 },
    'half of the calls': { probability: 0.5, status: 500, body: { error: 'by chance' } },
    'no more than two a minute': { limit: { requests: 2, per: '1m' } },
    'a latency': { delayDistribution: { type: 'uniform', lower: 1_000, upper: 9_000 } },
    'a latency behind the work': { at: 'after', fixedDelayMilliseconds: 86_400 },
    'a late 504': { status: 504, fixedDelayMilliseconds: 1_000 },
    nothing: { fault: 'EMPTY_RESPONSE' },
    'nothing behind the work': { fault: 'EMPTY_RESPONSE', at: 'after' },
    'a reset behind the work': { fault: 'CONNECTION_RESET_BY_PEER', at: 'after' },
    garbage: { fault: 'RANDOM_DATA_THEN_CLOSE' },
    'a broken chunk': { fault: 'MALFORMED_RESPONSE_CHUNK', at: 'after' },
    'half an answer': { fault: 'TRUNCATED_RESPONSE' },
    'a broken body': { fault: 'MALFORMED_BODY' },
    'another media type': { fault: 'WRONG_MEDIA_TYPE' },
    'a body that breaks its schema': { fault: 'SCHEMA_VIOLATION' },
  }

  it.each(Object.entries(FAULTS))('meets the same faults: %s', async (_name, fault) => {
    await using opened = await open()
    const { session, allocate, order, cancel, goOn, delayed } = opened
    await session.addFault(fault)
    const isDelayed = fault.fixedDelayMilliseconds !== undefined || fault.delayDistribution !== undefined
    const met: unknown[] = []
    for (const ask of [() => allocate(quantities(4, 2)), order, () => order({ method: 'HEAD' }), cancel, cancel]) {
      const [waiting, answer] = [delayed(), ask()]
      if (isDelayed) {
        await waiting
        goOn()
      }
      met.push(await answer)
    }
    await session.dropFaults()
    await order()
    const { same, different } = await replay(await exportOf(session))
    expect({ different, same }).toEqual({ different: [], same: 6 })
    expect(met).toHaveLength(5)
  })

  it('lets requests overtake a delayed one as they did then', async () => {
    await using opened = await open()
    const { session, allocate, order, cancel, goOn, delayed, mock } = opened
    await session.addFault({ operation: 'allocateOrder', calls: 1, fixedDelayMilliseconds: 60_000 })
    await session.addFault({ calls: 3, status: 503 })
    const held = delayed()
    const late = allocate(quantities(1, 5))
    await held
    await allocate(quantities(3, 3))
    await order()
    const gone = new AbortController()
    await session.addFault({ operation: 'cancelAllocations', fixedDelayMilliseconds: 60_000 })
    const alsoHeld = delayed()
    const leaving = fetch(`${(await mock.listen({ port: 0 })).url}/api/v2/allocation/cancel/${ALLOCATION}`, {
      method: 'PUT',
      headers: { ...OMS, ...session.headers },
      signal: gone.signal,
    }).catch(() => 'gone')
    await alsoHeld
    gone.abort()
    expect(await leaving).toBe('gone')
    await session.dropFaults()
    await cancel()
    goOn()
    expect(await late).toBe(200)
    await order()
    const file = await exportOf(session)
    expect(file.exchanges.flatMap(({ turns }) => (turns ? [turns] : []))).toEqual([[2, 9]])
    expect(await replay(file)).toMatchObject({ different: [], requests: 6, same: 6 })
    // As they were answered it would be another story.
    const inOrder = [...file.exchanges].toSorted((a, b) => (a.worked ?? a.at).localeCompare(b.worked ?? b.at))
    const simple = { ...file, exchanges: inOrder.map((one) => ({ ...one, turns: undefined })) }
    expect((await replay(JSON.parse(JSON.stringify(simple)))).different).not.toEqual([])
  })

  it('has a request that looked before another wrote before it, whenever it was answered', async () => {
    const { store, held, goOn } = lateReader()
    await using opened = await open({ store })
    const { session, allocate, order } = opened
    await allocate(quantities(2, 4))
    const late = order()
    await held
    await allocate(quantities(5, 1))
    goOn()
    expect(await late).toBe(200)
    const ids = [`${NAME}-1`, `${NAME}-2`, `${NAME}-3`]
    expect((await session.requests()).map(({ id }) => id)).toEqual(ids.toReversed())
    const file = await exportOf(session)
    expect(file.exchanges.map(({ id }) => id)).toEqual(ids)
    expect(await replay(file)).toMatchObject({ different: [], same: 3 })
    file.exchanges.push(...file.exchanges.splice(1, 1))
    expect(await replay(file)).toMatchObject({ different: [{ id: `${NAME}-2` }], same: 2 })
  })

  it('says what had not been answered when it was exported', async () => {
    await using opened = await open()
    const { session, order, delayed, goOn } = opened
    await session.addFault({ at: 'before', fixedDelayMilliseconds: 60_000 })
    const held = delayed()
    const late = order()
    await held
    const file = await exportOf(session)
    expect(file).toMatchObject({ unanswered: 1 })
    expect((await replay(file)).notes).toEqual(['requests that were not answered yet when it was exported are not in it: 1'])
    goOn()
    await late
    expect(await exportOf(session)).not.toHaveProperty('unanswered')
  })

  it('does not repeat requests whose bodies were not kept, and all others', async () => {
    await using opened = await open({ maxBodyBytes: 300 })
    const { session, ask, allocate, order } = opened
    const headers = { Authorization: SUPPLIER, ...session.headers }
    const post = (body: string | Uint8Array<ArrayBuffer>, more: Readonly<Record<string, string>> = {}) =>
      fetch(`${opened.url}/orders/`, { method: 'POST', headers: { ...headers, ...JSON_TYPE, ...more }, body })
    await post('x'.repeat(400))
    await post(new Uint8Array([255, 254]))
    await post('{}', { 'Content-Encoding': 'gzip' })
    await ask('/organizations/user-login/', { method: 'POST', body: '{"password": hunter2', headers })
    await allocate(quantities(5))
    await order()
    const { notRepeated, ...rest } = await replay(await exportOf(session))
    expect(notRepeated.map(({ number, id, path }) => [number, id, path])).toEqual([
      [1, `${NAME}-1`, '/orders/'],
      [2, `${NAME}-2`, '/orders/'],
      [3, `${NAME}-3`, '/orders/'],
      [4, `${NAME}-4`, '/organizations/user-login/'],
    ])
    expect(rest).toMatchObject({ requests: 6, same: 2, different: [] })
  })

  it('cannot be exported where not all that made it is in its requests', async () => {
    await using opened = await open({ journalBytes: 10_000 })
    const { session, order, mock } = opened
    await order()
    await session.snapshot('early')
    await session.reset()
    await session.restore('early')
    await expect(session.export()).rejects.toThrow('the snapshot "early" is of before its reset; take the snapshot again')
    await session.reset()
    await session.dropSnapshot('early')
    await order()
    expect(await replay(await exportOf(session))).toMatchObject({ same: 1, different: [] })
    await session.fork('copy')
    await expect(mock.session('copy').export()).rejects.toThrow(`it is a copy of the session "${NAME}"; export that one`)
    for (let request = 0; request < 10; request++) await order()
    await expect(session.export()).rejects.toThrow('the journal has forgotten its first requests')
  })
})

/** What somebody does: to the session, or to its APIs, some at once. */
type Step = (opened: Opened) => Promise<unknown>

function steps(orders: readonly { readonly id: string; readonly line: string }[], allocations: readonly string[]): fc.Arbitrary<Step> {
  const anOrder = fc.constantFrom(...orders)
  const anAllocation = fc.constantFrom(...allocations)
  const accept = fc.constantFrom('*/*', 'application/problem+json')
  const supplier = (session: MockSession, more: Readonly<Record<string, string>> = {}) => ({
    Authorization: SUPPLIER,
    ...session.headers,
    ...more,
  })
  const request: fc.Arbitrary<Step> = fc.oneof(
    fc
      .record({ order: anOrder, split: fc.tuple(fc.nat(6), fc.nat(6)), accept })
      .map(({ order, split: [allocated, backordered], accept: Accept }): Step => {
        const allocation = { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: 0 }
        const body = { line_items: [{ line_item_uuid: order.line, allocation }] }
        return ({ ask, session }) => ask(`/orders/allocation/${order.id}/`, { method: 'PUT', body, headers: supplier(session, { Accept }) })
      }),
    fc.record({ order: anOrder, method: fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE') }).map(
      ({ order, method }): Step =>
        ({ ask, session }) =>
          ask(`/orders/${order.id}/`, { method, headers: supplier(session) }),
    ),
    fc.nat(5).map(
      (limit): Step =>
        ({ ask, session }) =>
          ask('/orders/', { method: 'POST', body: { limit }, headers: supplier(session) }),
    ),
    fc.constantFrom<Step>(({ ask, session }) =>
      ask('/organizations/user-login/', {
        method: 'POST',
        body: { username: 'supplier-2', password: 'a secret' },
        headers: session.headers,
      }),
    ),
    fc.array(anAllocation, { minLength: 1, maxLength: 2 }).map(
      (ids): Step =>
        ({ ask, session }) =>
          ask(`/api/v2/allocation/cancel/${ids.join(',')}`, { method: 'PUT', headers: { ...OMS, ...session.headers } }),
    ),
    fc.record({ id: anAllocation, prefer: fc.constantFrom('', '', 'code=404', 'code=599') }).map(
      ({ id, prefer: Prefer }): Step =>
        ({ ask, session }) =>
          ask(`/api/v2/allocation/${id}`, { headers: { ...OMS, ...session.headers, Prefer } }),
    ),
    fc.constantFrom('ALLOCATED', 'CANCELLED').map(
      (statusCode): Step =>
        ({ ask, session }) =>
          ask('/api/v2/allocation/query', {
            method: 'POST',
            body: { limit: 5, filters: { statusCode } },
            headers: { ...OMS, ...session.headers },
          }),
    ),
    fc.constantFrom<Step>(({ ask, session }) => ask('/nowhere', { headers: session.headers })),
  )
  const fault: fc.Arbitrary<Fault> = fc.record(
    {
      operation: fc.constantFrom('getOrder', 'allocateOrder', 'cancelAllocations'),
      at: fc.constantFrom('before' as const, 'after' as const),
      calls: fc.constantFrom(2, { first: 1, last: 3 }, { first: 2 }),
      probability: fc.constantFrom(0.5, 0.9),
      fixedDelayMilliseconds: fc.integer({ min: 1, max: 40 }),
      fault: fc.constantFrom('EMPTY_RESPONSE' as const, 'TRUNCATED_RESPONSE' as const, 'MALFORMED_BODY' as const),
    },
    { requiredKeys: ['fixedDelayMilliseconds'] },
  )
  const control: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom('1m', '2h', '3d').map(
      (by): Step =>
        ({ session }) =>
          session.advance(by),
    ),
    fault.map(
      (one): Step =>
        ({ session }) =>
          session.addFault(one),
    ),
    fc.constantFrom<Step>(({ session }) => session.dropFaults()),
    fc.constantFrom('immediately' as const, { after: '1h' }, { reads: 2 }).map(
      (one): Step =>
        ({ session }) =>
          session.setProgress(one),
    ),
    fc.nat(3).map(
      (on_hand): Step =>
        ({ session }) =>
          session.exists({ orders: [{ line_items: [{ quantity_ordered: on_hand + 1 }] }] }),
    ),
    fc.constantFrom('one', 'two').chain((name) =>
      fc.constantFrom<Step>(
        ({ session }) => session.snapshot(name).catch(() => undefined),
        ({ session }) => session.restore(name).catch(() => undefined),
      ),
    ),
  )
  const together = fc.array(request, { minLength: 1, maxLength: 4 }).map(
    (all): Step =>
      (opened) =>
        Promise.all(all.map((one) => one(opened))),
  )
  return fc.oneof({ weight: 3, arbitrary: together }, { weight: 2, arbitrary: control })
}

describe.each<{ name: string; store: () => TestStore }>([
  { name: 'memory', store: watchedStore },
  { name: 'racing', store: racingStore },
])('any session on the $name store', ({ store }) => {
  /** Delays end when some other things have happened: nothing waits for a clock. */
  const delay: MockOptions['delay'] = (milliseconds, over) => {
    let left = milliseconds
    let next: NodeJS.Immediate
    const turn = (): void => {
      if (left-- > 0) next = setImmediate(turn)
      else over()
    }
    turn()
    return () => clearImmediate(next)
  }

  it('gives the same bytes when it is repeated', { timeout: 600_000 }, async () => {
    await using there = await open()
    const { entities } = await there.session.entities({ kind: 'order', limit: 100 })
    const orders = entities.flatMap(({ id, entity }) => {
      const { line_items: lines } = entity as { line_items: { uuid: string; supplier_uuid: string }[] }
      const [line] = lines
      return lines.length === 1 && line?.supplier_uuid === 'd6ac857d-c844-4312-8485-6d121d065308' ? [{ id, line: line.uuid }] : []
    })
    const allocations = (await there.session.entities({ kind: 'allocation', account: ACCOUNT, limit: 3 })).entities.map(({ id }) => id)
    await fc.assert(
      fc.asyncProperty(fc.array(steps(orders.slice(0, 3), allocations), { minLength: 1, maxLength: 25 }), async (walk) => {
        await using opened = await open({ store: store(), delay, seed: 1 })
        // Some steps need a session that there is.
        await opened.session.reset()
        for (const step of walk) await step(opened)
        await opened.session.advance('1s')
        const result = await replay(await exportOf(opened.session))
        expect(result.different).toEqual([])
        expect(result.same).toBe(await opened.session.count())
      }),
      { numRuns: LONG ? 300 : 12 },
    )
  })
})

describe('what is not a valid export of this version', () => {
  const good = async (): Promise<File> => {
    await using opened = await open()
    await opened.allocate(quantities(6))
    return await exportOf(opened.session)
  }
  const broken: readonly [string, (file: File) => unknown, string][] = [
    ['null', () => null, 'it is not a valid export, but null; give a file that GET /__mock/sessions/{name}/export has answered'],
    ['a list', () => [1], 'it is not a valid export, but [1]'],
    ['something else', () => ({ openapi: '3.1.0' }), 'it is not a valid export: it has no format'],
    [
      'a refusal',
      () => ({ code: 'session-unknown', detail: 'there is no session "x"' }),
      'it is not an export, but a refusal (session-unknown): there is no session "x"',
    ],
    [
      'another format',
      (file) => ({ ...file, format: 1, version: '0.9.0' }),
      'its format is 1, and only 2 is read; replay it with allocation-mock 0.9.0',
    ],
    [
      'another API',
      (file) => ({ ...file, apis: { ...file.apis, parcels: 1 } }),
      'it is of the APIs oms-allocations (data version 1), parcels (data version 1), supplier-orders (data version 1), and this mock serves',
    ],
    [
      'other data',
      (file) => ({ ...file, dataVersion: DATA_VERSION + 1, version: '0.9.0' }),
      `it has the data version ${DATA_VERSION + 1}, and this is ${DATA_VERSION}: the same seed gives other data; replay it with allocation-mock 0.9.0`,
    ],
    [
      'an exchange without an answer',
      (file) => ({ ...file, exchanges: [{ ...file.exchanges[0], answer: undefined }] }),
      '/exchanges/0/answer',
    ],
    ['a time that is none', (file) => ({ ...file, begun: 'yesterday' }), 'it is not a valid export: /begun'],
    ['a key that nobody knows', (file) => ({ ...file, comment: 'x' }), '/comment'],
    ['a broken scenario', (file) => ({ ...file, scenario: { ...file.scenario, oders: [] } }), '/oders is not among the names allowed here'],
    [
      'an impossible scenario',
      (file) => ({ ...file, scenario: { ...file.scenario, assume: { 'oms.cancel.agin': '200' } } }),
      'what it started from cannot be: scenario: scenario: /assume',
    ],
    [
      'an impossible named scenario',
      (file) => ({
        ...file,
        scenarioName: 'mine',
        scenario: { ...file.scenario, orders: [{ line_items: [{ quantity_ordered: 1, quantity_allocated: 2 }] }] },
      }),
      'what it started from cannot be: scenarios: mine: /orders/0',
    ],
    [
      'a token that is none',
      (file) => ({ ...file, settings: { supplierTokens: ['a=99'] } }),
      'what it started from cannot be: supplierTokens is "a=99"',
    ],
  ]

  it.each(broken)('is refused, and said why: %s', async (_what, change, complaint) => {
    const file = JSON.parse(JSON.stringify(change(await good())))
    await expect(replay(file)).rejects.toThrow(complaint)
  })

  it('is repeated where only the version is another, with a note', async () => {
    const file = { ...(await good()), version: '0.0.1' }
    expect(await replay(file)).toMatchObject({
      same: 1,
      notes: [expect.stringMatching(/^it was recorded by allocation-mock 0\.0\.1, and this is \d/)],
    })
  })
})

describe('what differs', () => {
  const changes: readonly [string, (exchange: File['exchanges'][number]) => void, readonly object[]][] = [
    [
      'a status, and what comes with a refusal',
      ({ answer }) => Object.assign(answer, { status: 201 }),
      [{ what: 'status', recorded: '201', now: '200' }],
    ],
    [
      'headers that are gone, or new',
      ({ answer }) => (answer.headers = { ...answer.headers, Location: '/x', 'Mock-Session': 'y' }),
      [
        { what: 'header', at: 'Mock-Session', recorded: '"y"', now: `"${NAME}"` },
        { what: 'header', at: 'Location', recorded: '"/x"' },
      ],
    ],
    [
      'the media type',
      ({ answer }) => (answer.mediaType = 'text/plain'),
      [{ what: 'header', at: 'Content-Type', recorded: '"text/plain"', now: '"application/json"' }],
    ],
    [
      'values in a body',
      ({ answer }) => (answer.body = String(answer.body).replace('66.05', '66.06').replace('"quantity_shipped":0', '"a/b":[1]')),
      [
        { what: 'body', at: '/line_items/0/a~1b', recorded: '[1]' },
        { what: 'body', at: '/line_items/0/supplier_provided_sku_cost', recorded: '66.06', now: '66.05' },
        { what: 'body', at: '/line_items/0/quantity_shipped', now: '0' },
      ],
    ],
    [
      'how the same value is written',
      ({ answer }) => (answer.body = String(answer.body).replace('66.05', '66.050')),
      [{ what: 'body', at: 'character 127', recorded: expect.stringContaining('66.050'), now: expect.stringContaining('66.05}') }],
    ],
    [
      'a text that is no JSON',
      ({ answer }) => (answer.body = '<html>'),
      [{ what: 'body', at: 'character 0', recorded: '"<html>"', now: expect.stringContaining('line_items') }],
    ],
    [
      'how the answer ended',
      ({ answer }) => (answer.cut = 'EMPTY_RESPONSE'),
      [{ what: 'connection', recorded: 'EMPTY_RESPONSE', now: 'a whole answer' }],
    ],
    ['when it was', (one) => (one.at = '2026-03-02T12:00:00.000Z'), [{ what: 'header', at: 'Date' }]],
  ]

  it.each(changes)('is told where it is: %s', async (_what, change, wanted) => {
    await using opened = await open()
    await opened.allocate(quantities(6))
    const file = await exportOf(opened.session)
    change(file.exchanges[0] ?? expect.fail())
    const { same, different } = await replay(file)
    expect(same).toBe(0)
    expect(different).toMatchObject([{ number: 1, id: `${NAME}-1`, method: 'PUT', path: `/orders/allocation/${ORDER}/` }])
    expect(different[0]?.differences).toMatchObject(wanted)
  })

  it('is a control request that is refused now', async () => {
    await using opened = await open()
    await opened.session.addFault({ status: 503 })
    const file = await exportOf(opened.session)
    const [exchange = expect.fail()] = file.exchanges
    exchange.body = '{"status":503,"operation":"getOder"}'
    const { different } = await replay(file)
    expect(different).toMatchObject([
      {
        id: `${NAME}~control-1`,
        differences: [
          { what: 'status', recorded: '201', now: '422' },
          { what: 'body', now: expect.stringContaining('getOder') },
        ],
      },
    ])
  })
})

describe('a session of any document', () => {
  const texts = {
    'text/plain': { schema: { type: 'string', minLength: 3 } },
    'application/x-www-form-urlencoded': {},
    'multipart/form-data': {},
  }
  const post = (more: object) => ({
    post: {
      requestBody: { content: texts },
      responses: { 200: { description: 'what was sent', content: { 'application/json': {} } } },
      ...more,
    },
  })
  const coding = { name: 'Content-Encoding', in: 'header', required: true, schema: { enum: Object.keys(codings) } }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Bodies', version: '1' },
    components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
    paths: { '/plain': post({}), '/coded': post({ parameters: [coding] }), '/secured': post({ security: [{ basic: [] }] }) },
  }
  const echo = ({ body }: { readonly body: unknown }) => reply(200, body)
  const apis = [defineApi({ document, behaviours: { 'POST /plain': echo, 'POST /coded': echo, 'POST /secured': echo } })]

  it('has packed bodies, forms, parts and credentials that are repeated in their form', async () => {
    await using opened = await open({ apis })
    const { session, url } = opened
    const statuses: number[] = []
    const send = async (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>) => {
      const all = { 'Content-Type': 'text/plain', ...session.headers, ...headers }
      statuses.push((await fetch(url + path, { method: 'POST', headers: all, body })).status)
    }
    for (const [encoding, encode] of Object.entries(codings)) {
      await send('/plain', Uint8Array.from(encode('some text')), { 'Content-Encoding': encoding })
      await send('/coded', Uint8Array.from(encode('some text')), { 'Content-Encoding': encoding })
      await send('/coded', Uint8Array.from(encode('so')), { 'Content-Encoding': encoding })
    }
    await send('/plain', 'a=1&b=2', { 'Content-Type': 'application/x-www-form-urlencoded' })
    const parts = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    await send('/plain', parts, { 'Content-Type': 'multipart/form-data; boundary=x' })
    await send('/secured', 'some text', { Authorization: `Basic ${Buffer.from('user:hunter2').toString('base64')}` })
    await send('/secured', 'some text', { Authorization: 'Basic hunter2' })
    expect(statuses).toEqual([...Object.keys(codings).flatMap(() => [200, 200, 422]), 200, 200, 200, 401])
    const exported = await session.export()
    expect(JSON.stringify(exported)).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 6))
    expect(await replay(exported, apis)).toMatchObject({ requests: statuses.length, same: statuses.length, different: [], notRepeated: [] })
  })
})
