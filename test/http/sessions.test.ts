import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import request, { type Response, type Test } from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import type { EntityPage, ExampleRequest, MockOptions, MockSession } from '../../src/index.ts'
import { loadDocument } from '../../src/document/load.ts'
import { withNames } from '../../src/library.ts'
import { racingStore, type TestStore, watchedStore } from '../stores.ts'
import { ACCOUNT, ALLOCATION, LINE, NOW, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER, REGISTRY } from '../support.ts'

const FIFTY = Array.from({ length: 50 }, (_, index) => index)
const TOKENS = { supplierTokens: ['two=2', 'three=3', 'four=4'], retailerTokens: ['shop=1', 'shop2=2', 'shop3=3'] }
const CONTROL = createContract(await loadDocument(fileURLToPath(new URL('../../spec/control.yaml', import.meta.url))))

type Headers = Readonly<Record<string, string>>

/** A mock that listens, so that requests meet in one server. */
async function serve(options: MockOptions = {}) {
  const mock = await openMock(options)
  const { url } = await mock.listen({ port: 0 })
  const send = (method: 'get' | 'put' | 'post' | 'patch' | 'delete' | 'head' | 'options', path: string, headers: Headers = {}): Test =>
    request(url)[method](path).redirects(0).set(headers)
  const supplier: Headers = { Authorization: SUPPLIER }
  const oms: Headers = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
  const label = (session: string): Headers => ({ 'Mock-Session': session })
  return {
    mock,
    url,
    send,
    order: (session: string, id = ORDER) => send('get', `/orders/${id}/`, { ...supplier, ...label(session) }),
    allocate: (session: string, body: object, id = ORDER) =>
      send('put', `/orders/allocation/${id}/`, { ...supplier, ...label(session) }).send(body),
    allocation: (session: string, id = ALLOCATION) => send('get', `/api/v2/allocation/${id}`, { ...oms, ...label(session) }),
    cancel: (session: string, ...ids: string[]) => send('put', `/api/v2/allocation/cancel/${ids.join(',')}`, { ...oms, ...label(session) }),
    query: (session: string, body: object) => send('post', '/api/v2/allocation/query', { ...oms, ...label(session) }).send(body),
    /** An order of whichever session the path and the headers name. */
    read: (prefix: string, headers: Headers = {}) => send('get', `${prefix}/orders/${ORDER}/`, { ...supplier, ...headers }),
    /** A control request whose answer has to fit its document, whatever the mock says of it. */
    async control(method: 'get' | 'post' | 'delete', path: string, headers: Headers = {}): Promise<Response> {
      const response = await send(method, `/__mock${path}`, headers)
      const match = CONTROL.match(method.toUpperCase(), path.split('?', 1)[0] ?? '')
      if (match.kind === 'found') {
        const { status, text, type } = response
        const body: unknown = text === '' ? undefined : JSON.parse(text)
        expect(match.target.checkReply({ status, body, mediaType: type, headers: {} })).toEqual([])
      }
      return response
    },
    close: () => mock.close(),
    [Symbol.asyncDispose]: () => mock.close(),
  }
}

type Served = Awaited<ReturnType<typeof serve>>

// Starting a mock takes longer than most tests, which keep apart by having sessions of their own.
const racing = racingStore()
const stores: readonly { readonly name: string; readonly store: TestStore }[] = [
  { name: 'memory', store: watchedStore() },
  { name: 'racing', store: racing },
]
const onStores = await Promise.all(stores.map(async ({ name, store }) => ({ name, store, served: await serve({ store }) })))
const sharedStore = watchedStore()
const shared = await serve({ ...TOKENS, allowHosts: ['Mock.Test'], store: sharedStore })
afterAll(() => Promise.all([shared, ...onStores.map(({ served }) => served)].map((served) => served.close())))

/** Allocations with nothing shipped or cancelled yet. */
async function openAllocations({ query }: Served, session: string, count: number): Promise<string[]> {
  const { body } = await query(session, { filters: { statusCode: 'ALLOCATED' }, limit: count })
  const ids: string[] = body.map(({ allocationId }: { allocationId: string }) => allocationId)
  expect(new Set(ids).size).toBe(count)
  return ids
}

const statuses = (responses: readonly Response[]): number[] => responses.map(({ status }) => status).toSorted((a, b) => a - b)

describe.each(onStores)('sessions on the $name store', ({ store, served }) => {
  it('serves fifty at once, and none sees what another does', async () => {
    const { mock, allocate, cancel, order, allocation } = served
    const crowd = ownSession().slice(0, 8)
    const name = (index: number): string => `${crowd}.${index}`
    const wanted = (index: number): readonly [number, number, number] => [
      index % 7,
      (6 - (index % 7)) % 4,
      6 - (index % 7) - ((6 - (index % 7)) % 4),
    ]
    await Promise.all(
      FIFTY.map(async (index) => {
        const first = await allocate(name(index), quantities(6))
        expect(first.status).toBe(200)
        const ids = index % 2 === 0 ? [ALLOCATION] : ['nothing']
        expect((await cancel(name(index), ...ids)).status).toBe(index % 2 === 0 ? 200 : 404)
        const [allocated, backordered, rejected] = wanted(index)
        const second = await allocate(name(index), {
          line_items: [
            {
              line_item_uuid: LINE,
              supplier_provided_po_number: `po of ${index}`,
              allocation: { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected },
            },
          ],
        })
        expect(second.status).toBe(200)
      }),
    )
    await Promise.all(
      FIFTY.map(async (index) => {
        const [seen, document, page] = await Promise.all([
          order(name(index)),
          allocation(name(index)),
          mock.session(name(index)).entities({ changed: true }),
        ])
        const [allocated, backordered, rejected] = wanted(index)
        expect(seen.body.line_items).toMatchObject([
          {
            supplier_provided_po_number: `po of ${index}`,
            allocation: { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected },
          },
        ])
        expect(document.body).toMatchObject(
          index % 2 === 0 ? { statusCode: 'CANCELLED', version: 3 } : { statusCode: 'PENDING_PICK', version: 2 },
        )
        expect(page.entities.map(({ kind }) => kind)).toEqual(index % 2 === 0 ? ['order', 'allocation'] : ['order'])
      }),
    )
    expect((await store.sessions()).filter((session) => session.startsWith(`${crowd}.`))).toEqual(FIFTY.map(name).toSorted())
    expect((await order(ownSession())).body.line_items[0].allocation.quantity_allocated).toBe(0)
  })

  it('lets one of fifty cancellations through', async () => {
    const crowd = ownSession()
    const answers = await Promise.all(FIFTY.map(() => served.cancel(crowd, ALLOCATION)))
    expect(statuses(answers)).toEqual([200, ...Array.from({ length: 49 }, () => 404)])
    const { body } = await served.allocation(crowd)
    expect(body).toMatchObject({ version: 3, statusCode: 'CANCELLED' })
    expect(answers.find(({ status }) => status === 200)?.body).toEqual([body])
    expect(
      body.auditLogs.filter(({ auditType, lineItemId }: Record<string, string>) => auditType === 'CANCEL' && !lineItemId),
    ).toHaveLength(1)
    const refusals = new Set(answers.filter(({ status }) => status === 404).map(({ body: text }) => text))
    expect(refusals).toEqual(new Set([`Allocation ${ALLOCATION} is CANCELLED and has nothing left to cancel`]))
  })

  it('lets fifty allocations of one line through, one after another', async () => {
    const crowd = ownSession()
    const answers = await Promise.all(
      FIFTY.map((index) =>
        served.allocate(crowd, {
          line_items: [
            {
              line_item_uuid: LINE,
              supplier_provided_po_number: String(index % 7),
              allocation: { quantity_allocated: index % 7, quantity_backordered: 6 - (index % 7) },
            },
          ],
        }),
      ),
    )
    expect(new Set(statuses(answers))).toEqual(new Set([200]))
    const [line] = (await served.order(crowd)).body.line_items
    const { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected } = line.allocation
    expect([allocated, backordered, rejected]).toEqual([Number(line.supplier_provided_po_number), 6 - allocated, 0])
  })

  it('carries out one of two crossing lists of cancellations, and nothing of the other', async () => {
    const crossing = ownSession()
    const [a = '', b = '', c = ''] = await openAllocations(served, crossing, 3)
    const answers = await Promise.all([served.cancel(crossing, a, b), served.cancel(crossing, b, a)])
    expect(statuses(answers)).toEqual([200, 404])
    const after = await Promise.all([a, b, c].map(async (id) => (await served.allocation(crossing, id)).body))
    expect(after.map(({ statusCode, version }) => [statusCode, version])).toEqual([
      ['CANCELLED', 2],
      ['CANCELLED', 2],
      ['ALLOCATED', 1],
    ])
  })

  it('carries out one of two overlapping lists of cancellations', async () => {
    const overlap = ownSession()
    const [a = '', b = '', c = ''] = await openAllocations(served, overlap, 3)
    const lists = [
      [a, b],
      [c, b],
    ] as const
    const answers = await Promise.all(lists.map((ids) => served.cancel(overlap, ...ids)))
    expect(statuses(answers)).toEqual([200, 404])
    const [won = [], lost = []] = answers[0]?.status === 200 ? lists : lists.toReversed()
    for (const id of won) expect((await served.allocation(overlap, id)).body).toMatchObject({ statusCode: 'CANCELLED', version: 2 })
    expect((await served.allocation(overlap, lost[0])).body).toMatchObject({ statusCode: 'ALLOCATED', version: 1 })
    expect((await served.mock.session(overlap).entities({ changed: true })).total).toBe(2)
  })

  it('numbers fifty requests at once, each by another number; a single server without a gap', async () => {
    const numbered = ownSession()
    const answers = await Promise.all(FIFTY.map(() => served.order(numbered)))
    const ids = new Set(answers.map(({ headers }) => headers['mock-request-id']))
    expect(ids.size).toBe(FIFTY.length)
    if (store !== racing) expect(ids).toEqual(new Set(FIFTY.map((index) => `${numbered}-${index + 1}`)))
  })

  it('resets one session and leaves the others', async () => {
    const [reset, other] = [ownSession(), ownSession()]
    const { mock, allocate, cancel, order, allocation, control } = served
    for (const session of [reset, other]) {
      await allocate(session, quantities(6))
      await cancel(session, ALLOCATION)
    }
    const answer = await control('post', `/sessions/${reset}/reset`)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      name: reset,
      seed: '1',
      epoch: '2026-03-01T00:00:00.000Z',
      now: new Date(NOW).toISOString(),
      clock: { frozen: new Date(NOW).toISOString() },
      faults: [],
      waiting: 0,
      changes: 0,
      requests: 0,
    })
    expect((await mock.session(reset).entities({ changed: true })).total).toBe(0)
    expect((await mock.session(other).entities({ changed: true })).total).toBe(2)
    expect((await order(reset)).body.line_items[0].status).toBe('Unallocated')
    expect((await allocation(reset)).body.version).toBe(2)
    expect((await order(other)).body.line_items[0].status).toBe('Allocated')
    expect((await cancel(reset, ALLOCATION)).status).toBe(200)
  })

  it('begins a session by its reset', async () => {
    const fresh = ownSession()
    expect((await served.control('post', `/sessions/${fresh}/reset`)).body).toMatchObject({ name: fresh, changes: 0, requests: 0 })
    expect(await store.sessions()).toContain(fresh)
  })

  it('drops a session once', async () => {
    const [dropped, kept] = [ownSession(), ownSession()]
    await served.cancel(dropped, ALLOCATION)
    await served.cancel(kept, ALLOCATION)
    const answer = await served.control('delete', `/sessions/${dropped}`)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await store.sessions()).not.toContain(dropped)
    expect(await store.sessions()).toContain(kept)
    const again = await served.control('delete', `/sessions/${dropped}`)
    expect(again.status).toBe(404)
    expect(again.body).toMatchObject({ code: 'session-unknown', status: 404 })
    expect((await served.allocation(dropped)).body.version).toBe(2)
    expect((await served.allocation(kept)).body.version).toBe(3)
  })

  it('stays whole when it is reset in the middle of a crowd', async () => {
    const crowd = ownSession()
    const requests = FIFTY.slice(0, 20).flatMap((index) => [
      served.cancel(crowd, ALLOCATION),
      ...(index % 5 === 0
        ? [served.send('post', `/__mock/sessions/${crowd}/reset`)]
        : [served.allocate(crowd, quantities(index % 7, 6 - (index % 7)))]),
    ])
    for (const { status } of await Promise.all(requests)) expect([200, 404]).toContain(status)
    expect([2, 3]).toContain((await served.allocation(crowd)).body.version)
    await served.mock.session(crowd).reset()
    expect((await served.mock.session(crowd).entities({ changed: true })).total).toBe(0)
  })

  it('lists sessions with what they changed and were asked', async () => {
    const [looked, changed] = [ownSession(), ownSession()]
    await served.cancel(changed, ALLOCATION)
    await served.allocate(changed, quantities(6))
    await served.order(looked)
    const { sessions } = (await served.control('get', '/sessions')).body
    const names: string[] = sessions.map(({ name }: { name: string }) => name)
    expect(names).toEqual(names.toSorted())
    expect(sessions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: looked, changes: 0, requests: 1 }),
        // The order, the allocation, and the stock that goes back to its location.
        expect.objectContaining({ name: changed, changes: 3, requests: 2 }),
      ]),
    )
  })
})

it('answers what comes on one connection in its order', async () => {
  const served = onStores.find(({ store }) => store === racing)?.served ?? shared
  const session = ownSession()
  const head = `Host: localhost\r\nAuthorization: Bearer any\r\nx-site-context: {"account":"${ACCOUNT}"}\r\nMock-Session: ${session}\r\n`
  const requests = [
    `PUT /api/v2/allocation/cancel/${ALLOCATION} HTTP/1.1\r\n${head}\r\n`,
    `GET /api/v2/allocation/${ALLOCATION} HTTP/1.1\r\n${head}\r\n`,
    `PUT /api/v2/allocation/cancel/${ALLOCATION} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
  ]
  // In a session that has begun a read appends nothing, so nothing but its turn makes it wait.
  await served.order(session)
  const socket = connect(Number(new URL(served.url).port), '127.0.0.1')
  socket.write(requests.join(''))
  const answers = await text(socket)
  expect([...answers.matchAll(/HTTP\/1\.1 (\d+)|"version":(\d+)/g)].map(([, status, version]) => status ?? version)).toEqual([
    '200',
    '3',
    '200',
    '3',
    '404',
  ])
})

it('makes requests to the racing store run again', async () => {
  const served = onStores.find(({ store }) => store === racing)?.served ?? shared
  const before = racing.retries
  const session = ownSession()
  const answers = await Promise.all(FIFTY.map(() => served.cancel(session, ALLOCATION)))
  expect(statuses(answers).slice(0, 2)).toEqual([200, 404])
  expect(racing.retries - before).toBeGreaterThan(0)
})

describe('the name of a session', () => {
  const LONGEST = 'x'.repeat(64)

  it.each<[string, string, string, Headers]>([
    ['nothing', 'default', '', {}],
    ['a path prefix', 'a', '/~a', {}],
    ['an encoded path prefix', 'a', '/%7Ea', {}],
    ['an encoded path prefix in lower case', 'a', '/%7ea', {}],
    ['a header', 'a', '', { 'Mock-Session': 'a' }],
    ['every kind of character', 'Az09._-', '/~Az09._-', {}],
    ['64 characters', LONGEST, `/~${LONGEST}`, {}],
    ['baggage', 'a', '', { baggage: 'mock-session=a' }],
    ['baggage with a property', 'a', '', { baggage: 'mock-session=a;ttl=5;mock-session=b' }],
    ['the first of several members of baggage', 'a', '', { baggage: 'mock-session=a,userId=1' }],
    ['the last of several members of baggage', 'a', '', { baggage: 'userId=1;p=2,isProduction=false,mock-session=a' }],
    ['baggage with spaces', 'a', '', { baggage: ' userId = 1 ; p , mock-session = a ; q=r , x=y' }],
    ['baggage without it', 'default', '', { baggage: 'not-mock-session=a,mock-session2=b,x=mock-session' }],
    ['the prefix before baggage', 'a', '/~a', { baggage: 'mock-session=c' }],
    ['the header before baggage', 'b', '', { 'Mock-Session': 'b', baggage: 'mock-session=c' }],
    ['prefix and header that agree', 'a', '/~a', { 'Mock-Session': 'a', baggage: 'mock-session=c' }],
  ])('is told by %s', async (_by, name, prefix, headers) => {
    await shared.mock.session(name).reset()
    await shared.allocate(name, quantities(6))
    const answer = await shared.read(prefix, headers)
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({ 'mock-session': name, 'mock-request-id': `${name}-2` })
    expect(answer.body.line_items[0].status).toBe('Allocated')
  })

  it.each<[string, string, Headers]>([
    ['prefix and header that differ', '/~a', { 'Mock-Session': 'b' }],
    ['prefix and header that differ by case', '/~a', { 'Mock-Session': 'A' }],
    ['a space', '', { 'Mock-Session': 'a b' }],
    ['an encoded space', '/~a%20b', {}],
    ['65 characters', '', { 'Mock-Session': `${LONGEST}x` }],
    ['65 characters in the path', `/~${LONGEST}x`, {}],
    ['no characters', '', { 'Mock-Session': '' }],
    ['no characters in the path', '/~', {}],
    ['no characters in baggage', '', { baggage: 'mock-session=' }],
    ['an encoded slash', '/~a%2Fb', {}],
    ['an encoded slash in the header', '', { 'Mock-Session': 'a%2Fb' }],
    ['a slash', '', { 'Mock-Session': 'a/b' }],
    ['a quote in baggage', '', { baggage: 'mock-session="a"' }],
    ['a name sent twice', '', { 'Mock-Session': 'a, b' }],
  ])('is refused with %s', async (_with, prefix, headers) => {
    const before = await sharedStore.sessions()
    const answer = await shared.read(prefix, headers)
    expect(answer.status).toBe(400)
    expect(answer.type).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ code: 'session-invalid', status: 400 })
    expect(answer.body.fix).not.toBe('')
    expect(await sharedStore.sessions()).toEqual(before)
  })

  it('comes back with every answer, refusals too', async () => {
    await using served = await serve({ maxBodyBytes: 300 })
    const { send, url } = served
    const named = { 'Mock-Session': 'echo' }
    const answers = await Promise.all([
      served.order('echo'),
      served.order('echo', 'nothing'),
      send('get', '/nowhere', named),
      send('get', `/orders/${ORDER}/`, named),
      send('delete', `/orders/${ORDER}/`, { ...named, Authorization: SUPPLIER }),
      send('head', `/orders/${ORDER}/`, { ...named, Authorization: SUPPLIER }),
      served.allocate('echo', {}),
      served.allocate('echo', { more: 'x'.repeat(300) }),
      served.allocate('echo', quantities(7)),
      send('put', `/orders/allocation/${ORDER}/`, { ...named, Authorization: RETAILER }).send(quantities(6)),
      send('post', '/orders/', { ...named, Authorization: SUPPLIER, 'Content-Type': 'text/plain' }).send('x'),
      served.allocation('echo', '0'.repeat(24)),
      served.cancel('echo', '0'.repeat(24)),
      send('get', '/api/v2/allocation/%ff', named),
      request(url).get('/~echo/__mock/health'),
      request(url).get('/__mock/sessions/echo/entities'),
    ])
    expect(new Set(statuses(answers))).toEqual(new Set([200, 400, 401, 404, 405, 409, 413, 415]))
    for (const { headers } of answers) expect(headers['mock-session']).toBe('echo')
  })

  it.each(['/~one.two', '/%7Eone.two'])('stays in the path that a redirect names: %s', async (prefix) => {
    await using served = await serve({ assume: { 'supplier.trailing-slash': 'redirect' } })
    await served.allocate('one.two', quantities(6))
    const answer = await served.send('get', `${prefix}/orders/${ORDER}?x=%20y`, { Authorization: SUPPLIER })
    expect(answer.status).toBe(301)
    expect(answer.headers['location']).toBe(`/~one.two/orders/${ORDER}/?x=%20y`)
    const followed = await served.send('get', String(answer.headers['location']), { Authorization: SUPPLIER })
    expect(followed.status).toBe(200)
    expect(followed.body.line_items[0].status).toBe('Allocated')
  })

  it('is not put into a redirect that had none in its path', async () => {
    await using served = await serve({ assume: { 'supplier.trailing-slash': 'redirect' } })
    const answer = await served.send('get', `/orders/${ORDER}`, { Authorization: SUPPLIER, 'Mock-Session': 'a' })
    expect(answer.headers['location']).toBe(`/orders/${ORDER}/`)
  })
})

describe('a mock that requires sessions', () => {
  it('refuses requests that name none, and takes the others', async () => {
    const store = watchedStore()
    await using served = await serve({ requireSession: true, store })
    const answer = await served.read('')
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'session-required' })
    expect((await served.read('', { baggage: 'x=y' })).status).toBe(400)
    expect(await store.sessions()).toEqual([])
    expect((await served.read('/~a')).status).toBe(200)
    expect((await served.read('', { 'Mock-Session': 'b' })).status).toBe(200)
    expect((await served.read('', { baggage: 'mock-session=c' })).status).toBe(200)
    expect((await served.read('', { 'Mock-Session': 'default' })).status).toBe(200)
    expect(await store.sessions()).toEqual(['a', 'b', 'c', 'default'])
  })

  it('answers control requests all the same', async () => {
    await using served = await serve({ requireSession: true })
    expect((await served.control('get', '/health')).status).toBe(200)
    expect((await served.control('get', '/sessions/a/entities')).status).toBe(200)
  })
})

describe('as many sessions as there may be', () => {
  it('leave no room for another until one is dropped', async () => {
    await using served = await serve({ maxSessions: 2 })
    const { order, control, cancel } = served
    await cancel('a', ALLOCATION)
    await cancel('b', ALLOCATION)
    const refused = await order('c')
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ code: 'sessions-exhausted' })
    expect((await order('a')).status).toBe(200)
    expect((await control('get', '/sessions')).body.sessions).toHaveLength(2)
    expect((await control('delete', '/sessions/a')).status).toBe(204)
    expect((await cancel('c', ALLOCATION)).status).toBe(200)
    expect((await order('a')).status).toBe(503)
    await served.mock.session('b').drop()
    expect((await order('a')).status).toBe(200)
  })

  it('are named by the refusal', async () => {
    await using served = await serve({ maxSessions: 0 })
    expect((await served.order('c')).headers['mock-session']).toBe('c')
  })

  it('are kept by a reset', async () => {
    await using served = await serve({ maxSessions: 1 })
    await served.order('a')
    await served.mock.session('a').reset()
    expect((await served.order('a')).status).toBe(200)
    expect((await served.order('b')).status).toBe(503)
  })

  it('leave no room for one that begins by its reset, but for a look', async () => {
    await using served = await serve({ maxSessions: 1 })
    await served.cancel('a', ALLOCATION)
    const answer = await served.control('post', '/sessions/c/reset')
    expect(answer.status).toBe(503)
    expect(answer.body).toMatchObject({ code: 'sessions-exhausted' })
    for (const look of ['entities', 'examples']) expect((await served.control('get', `/sessions/c/${look}`)).status).toBe(200)
  })

  it.each(['/sessions/b/nothing', '/sessions/b/entities?limit=0', '/sessions/b/reset/'])(
    'do not count one that a refused look did not begin: %s',
    async (path) => {
      const store = watchedStore()
      await using served = await serve({ maxSessions: 1, store })
      expect((await served.control('get', path)).status).toBeGreaterThanOrEqual(400)
      expect(await store.sessions()).toEqual([])
      expect((await served.order('a')).status).toBe(200)
    },
  )

  it.each<[string, () => TestStore]>([
    ['memory', () => watchedStore()],
    ['racing', racingStore],
  ])('are not outnumbered by a crowd on the %s store', async (_name, open) => {
    const store = open()
    await using served = await serve({ maxSessions: 5, store })
    const answers = await Promise.all(
      FIFTY.slice(0, 20).flatMap((index) => [
        served.order(`asked-${index}`),
        served.control('get', `/sessions/looked-${index}/entities?limit=1`),
        served.control('post', `/sessions/reset-${index}/reset`),
      ]),
    )
    expect(new Set(statuses(answers))).toEqual(new Set([200, 503]))
    expect(await store.sessions()).toHaveLength(5)
  })
})

describe('Mock-Request-Id', () => {
  it('counts in each session from 1, refused requests too', async () => {
    const served = shared
    for (const session of ['a', 'b', 'a-1', 'default']) await served.mock.session(session).reset()
    const ids: unknown[] = []
    for (const session of ['a', 'b', 'a', 'a-1', 'b']) ids.push((await served.order(session)).headers['mock-request-id'])
    ids.push((await served.order('a', 'nothing')).headers['mock-request-id'])
    ids.push((await served.read('')).headers['mock-request-id'])
    expect(ids).toEqual(['a-1', 'b-1', 'a-2', 'a-1-1', 'b-2', 'a-3', 'default-1'])
  })

  it('is not spent on control requests and preflights', async () => {
    const served = shared
    const session = ownSession()
    expect((await served.control('get', `/sessions/${session}/entities`)).headers).not.toHaveProperty('mock-request-id')
    await served.send('options', `/~${session}/orders/${ORDER}/`, { Origin: 'http://x.test', 'Access-Control-Request-Method': 'GET' })
    expect((await served.order(session)).headers['mock-request-id']).toBe(`${session}-1`)
  })

  it.each(['reset', 'drop'] as const)('starts anew after a %s, and the journal forgets the session', async (how) => {
    const served = shared
    const [mine, other] = [ownSession(), ownSession()]
    for (const session of [mine, mine, other]) await served.order(session)
    await served.mock.session(mine)[how]()
    expect((await served.control('get', `/requests/${mine}-1`)).status).toBe(404)
    expect((await served.control('get', `/requests/${other}-1`)).status).toBe(200)
    const answer = await served.order(mine, 'nothing')
    expect(answer.headers['mock-request-id']).toBe(`${mine}-1`)
    expect((await served.control('get', `/requests/${mine}-1`)).body).toMatchObject({ id: `${mine}-1`, status: 404 })
    expect(await served.mock.session(mine).requests()).toHaveLength(1)
  })
})

describe('the Date header', () => {
  it('is what the frozen clock shows', async () => {
    await using served = await serve({ now: '2030-12-24T18:00:07Z', requireSession: true })
    const answers = await Promise.all([
      served.order('a'),
      served.order('a', 'nothing'),
      served.cancel('a', ALLOCATION),
      served.send('head', `/orders/${ORDER}/`, { Authorization: SUPPLIER, 'Mock-Session': 'a' }),
      served.send('get', '/nowhere', { 'Mock-Session': 'a' }),
      served.read(''),
      served.read('/~a%20b'),
      served.control('get', '/health'),
      served.control('get', '/sessions/a/entities'),
    ])
    for (const { headers } of answers) expect(headers['date']).toBe('Tue, 24 Dec 2030 18:00:07 GMT')
  })
})

describe('mock.session()', () => {
  it('does what the control API does', async () => {
    const served = shared
    const name = ownSession()
    const session = served.mock.session(name)
    expect(session).toMatchObject({ name, headers: { 'Mock-Session': name } })
    await served.send('put', `/api/v2/allocation/cancel/${ALLOCATION}`, {
      Authorization: 'Bearer any',
      'x-site-context': JSON.stringify({ account: ACCOUNT }),
      ...session.headers,
    })
    const changed = await session.entities({ changed: true })
    expect(changed).toEqual((await served.control('get', `/sessions/${name}/entities?changed=true`)).body)
    expect(changed).toMatchObject({ total: 1, entities: [{ kind: 'allocation', id: ALLOCATION, account: ACCOUNT, stage: 'production' }] })
    expect(await session.requests()).toMatchObject([{ id: `${name}-1`, status: 200 }])
    expect(await session.requests({ refused: true })).toEqual([])
    await session.reset()
    expect((await session.entities({ changed: true })).total).toBe(0)
    expect(await session.requests()).toEqual([])
    await session.drop()
    // Once more is no mistake of a test that cleans up.
    await expect(session.drop()).resolves.toBeUndefined()
    expect((await served.control('delete', `/sessions/${name}`)).status).toBe(404)
  })

  it('means the default session without a name', async () => {
    await shared.mock.session('default').reset()
    await shared.read('')
    expect(await shared.mock.session().requests()).toMatchObject([{ id: 'default-1' }])
  })

  it.each(['', 'a b', 'a/b', 'x'.repeat(65), 'ä'])('takes no name like "%s"', (name) => {
    expect(() => shared.mock.session(name)).toThrow('is not a valid session name')
  })

  it.each([{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { offset: -1 }, { account: 'short' }])('throws for %o', async (filter) => {
    await expect(shared.mock.session('a').entities(filter)).rejects.toThrow('parameters-invalid')
  })
})

describe('entities', () => {
  const OTHER = 'another-account-of-24-ch'

  it('pages over orders and then allocations', async () => {
    await using served = await serve({ orders: 7, allocations: 5 })
    const session = served.mock.session('pages')
    const all = await session.entities({ limit: 100 })
    expect(all.total).toBe(12)
    expect(all.entities.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 7 }, () => 'order'),
      ...Array.from({ length: 5 }, () => 'allocation'),
    ])
    expect(new Set(all.entities.map(({ id }) => id)).size).toBe(12)
    for (const limit of [1, 2, 3, 5, 11, 12])
      for (let offset = 0; offset <= 13; offset++) {
        const page = await session.entities({ offset, limit })
        expect(page).toEqual({ total: 12, entities: all.entities.slice(offset, offset + limit) })
      }
    expect((await session.entities({ kind: 'order' })).entities).toEqual(all.entities.slice(0, 7))
    expect((await session.entities({ kind: 'allocation' })).entities).toEqual(all.entities.slice(7))
    expect(await session.entities({ kind: 'allocation', offset: 4, limit: 3 })).toEqual({ total: 5, entities: all.entities.slice(11) })
  })

  it('pages over what was changed in the same way', async () => {
    await using served = await serve({ orders: 3, allocations: 20 })
    const session = served.mock.session('changed')
    expect(await session.entities({ changed: true })).toEqual({ total: 0, entities: [] })
    await served.cancel('changed', ...(await openAllocations(served, 'changed', 2)))
    await served.allocate('changed', quantities(1, 5))
    const all = await session.entities({ changed: true })
    expect(all.entities.map(({ kind, changed }) => [kind, changed])).toEqual([
      ['order', true],
      ['allocation', true],
      ['allocation', true],
    ])
    for (let offset = 0; offset <= 3; offset++)
      expect(await session.entities({ changed: true, offset, limit: 2 })).toEqual({
        total: 3,
        entities: all.entities.slice(offset, offset + 2),
      })
    expect((await session.entities({ changed: true, kind: 'order' })).entities).toEqual(all.entities.slice(0, 1))
    expect((await session.entities({ changed: true, kind: 'allocation' })).entities).toEqual(all.entities.slice(1))
    expect((await session.entities({ changed: true, status: 'CANCELLED' })).entities).toEqual(all.entities.slice(1))
    expect((await session.entities({ changed: true, status: 'Allocated' })).entities).toEqual(all.entities.slice(0, 1))
    expect((await session.entities({ changed: true, status: 'ALLOCATED' })).total).toBe(0)
  })

  it('shows entities as their APIs do, and which were changed', async () => {
    await using served = await serve({ orders: 5, allocations: 5 })
    await served.allocate('view', quantities(6))
    const { entities } = await served.mock.session('view').entities({ limit: 100 })
    expect(entities.filter(({ changed }) => changed).map(({ id }) => id)).toEqual([ORDER])
    expect(entities.find(({ id }) => id === ORDER)?.entity).toEqual((await served.order('view')).body)
    expect(entities.find(({ id }) => id === ALLOCATION)?.entity).toEqual((await served.allocation('view')).body)
    expect(entities).toHaveLength(10)
  })

  it('tells them by status', async () => {
    await using served = await serve({ orders: 60, allocations: 60 })
    const session = served.mock.session('status')
    const all = await session.entities({ limit: 100 })
    const rest = await session.entities({ limit: 100, offset: 100 })
    const every = [...all.entities, ...rest.entities]
    expect(every).toHaveLength(120)
    const statusesOf = (entity: Readonly<Record<string, unknown>>): unknown[] =>
      Array.isArray(entity['line_items']) ? entity['line_items'].map(({ status }: { status: string }) => status) : [entity['statusCode']]
    const known = new Set(every.flatMap(({ entity }) => statusesOf(entity)))
    expect(known.size).toBeGreaterThan(8)
    for (const status of [...known, 'NONE', 'pending_pick'].map(String)) {
      const wanted = every.filter(({ entity }) => statusesOf(entity).includes(status))
      expect(await session.entities({ status, limit: 100 })).toEqual({ total: wanted.length, entities: wanted })
    }
  })

  it.each(['*', 'PENDING_*', '*ED'])('takes a status like %s as it stands', async (status) => {
    const session = shared.mock.session(ownSession())
    expect(await session.entities({ status })).toEqual({ total: 0, entities: [] })
  })

  it('shows allocations of one account, but changed ones of all', async () => {
    await using served = await serve({ orders: 0, allocations: 5 })
    const session = served.mock.session('accounts')
    const mine = await session.entities({ kind: 'allocation' })
    const others = await session.entities({ kind: 'allocation', account: OTHER, stage: 'dev' })
    expect([mine.total, others.total]).toEqual([5, 5])
    const whose = ({ account, stage }: EntityPage['entities'][number]): Record<string, string> => ({
      account: String(account),
      stage: String(stage),
    })
    expect(others.entities.map(whose)).toEqual(Array.from({ length: 5 }, () => ({ account: OTHER, stage: 'dev' })))
    const both = [...mine.entities, ...others.entities]
    expect(new Set(both.map(({ id }) => id)).size).toBe(10)
    for (const account of [ACCOUNT, OTHER]) {
      const example = (await session.examples({ account, stage: 'dev' })).find(({ operation }) => operation === 'cancelAllocations')
      await sendExample(served, 'accounts', example)
    }
    const changed = await session.entities({ changed: true })
    expect(changed.entities.map(whose)).toEqual([ACCOUNT, OTHER].map((account) => ({ account, stage: 'dev' })))
    // What is listed can be asked with.
    for (const one of changed.entities)
      expect(await session.entities({ kind: 'allocation', changed: true, ...whose(one) })).toMatchObject({ total: 1, entities: [one] })
    expect(
      (await session.entities({ kind: 'allocation', account: OTHER, stage: 'dev' })).entities.filter(({ changed }) => changed),
    ).toHaveLength(1)
    expect((await session.entities({ kind: 'allocation' })).entities.some(({ changed }) => changed)).toBe(false)
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'kind=line', 'changed=yes', 'account=short', 'stage='])(
    'are refused for ?%s, and no session begins',
    async (query) => {
      const never = ownSession()
      const answer = await shared.control('get', `/sessions/${never}/entities?${query}`)
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({ code: 'parameters-invalid' })
      expect(await sharedStore.sessions()).not.toContain(never)
    },
  )

  it('are of the session that an encoded name means', async () => {
    const session = ownSession()
    await shared.allocate(session, quantities(6))
    const encoded = session.replaceAll('-', '%2D')
    expect((await shared.control('get', `/sessions/${encoded}/entities?changed=true`)).body.total).toBe(1)
  })
})

async function sendExample({ url }: Served, session: string, example: ExampleRequest | undefined): Promise<number> {
  if (!example) throw new Error('there is no example')
  const { method, path, headers, body } = example
  const answer = await fetch(url + path, {
    method,
    headers: { ...headers, 'Mock-Session': session },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  await answer.arrayBuffer()
  return answer.status
}

describe('examples', () => {
  const operations = (examples: readonly ExampleRequest[]): string[] => examples.map(({ operation }) => operation).toSorted()
  const OMS = [
    'cancelAllocations',
    'createOmsOrder',
    'createShipment',
    'generateAllocations',
    'getAllocation',
    'getOmsOrder',
    'queryAllocations',
    'reallocateAllocations',
    'updateAllocation',
  ]
  const BOTH = ['getOrder', 'login', 'searchOrders']
  const ANSWERS = ['confirmLineItemCancellation', 'confirmOrderCancellation', 'rejectLineItemCancellation', 'rejectOrderCancellation']
  const SUPPLIES = [...OMS, ...BOTH, 'addTracking', 'allocateOrder', 'updateTracking'].toSorted()
  const RETAILS = [...OMS, ...BOTH, 'cancelLineItem', 'cancelOrder', 'createOrder'].toSorted()
  /** What is not answered 200. */
  const SUCCESS: Readonly<Record<string, number>> = {
    addTracking: 201,
    createOrder: 201,
    ...Object.fromEntries(['cancelOrder', 'cancelLineItem', ...ANSWERS].map((name) => [name, 204])),
  }

  /** Sends each operation's example as it is at that moment: the one before may have changed, or used up, what it was made from. */
  async function sendAll(served: Served, session: MockSession, filter: Parameters<MockSession['examples']>[0]): Promise<string[]> {
    const names = operations(await session.examples(filter))
    const sent: string[] = []
    for (const name of names) {
      const example = (await session.examples(filter)).find(({ operation }) => operation === name)
      if (!example) continue
      expect([name, await sendExample(served, session.name, example)]).toEqual([name, SUCCESS[name] ?? 200])
      sent.push(name)
    }
    return sent
  }

  it.each<[string, Parameters<MockSession['examples']>[0], readonly string[]]>([
    ['nobody in particular', {}, SUPPLIES],
    ['the documents’ own token', { token: '1234567890' }, SUPPLIES],
    ['any token', { token: 'anything/goes+1=?' }, SUPPLIES],
    ['the second supplier', { token: 'two' }, SUPPLIES],
    ['the third supplier', { token: 'three' }, SUPPLIES],
    ['the fourth supplier', { token: 'four' }, SUPPLIES],
    ['the first retailer', { token: 'retailer-1234567890' }, RETAILS],
    ['the first retailer by another token', { token: 'shop' }, RETAILS],
    ['the second retailer', { token: 'shop2' }, RETAILS],
    ['the third retailer', { token: 'shop3' }, RETAILS],
    ['a wrong token', { token: 'invalid' }, ['login']],
    ['another account', { account: 'a'.repeat(24) }, SUPPLIES],
    ['an account of odd characters', { account: 'a"b\\c/d,e f%20{g}\'h&i=j+' }, SUPPLIES],
    ['another stage', { stage: 'dev' }, SUPPLIES],
    ['a stage of odd characters', { stage: 'a/b "c" \'d\' \\ , {}' }, SUPPLIES],
    ['everything at once', { account: 'b'.repeat(24), stage: 'qa', token: 'shop2' }, RETAILS],
  ])('succeed for %s', async (_whom, filter, expected) => {
    const served = shared
    const session = served.mock.session(ownSession())
    // Twice: the first round changes what the second is made from, and makes the first shipment.
    expect(await sendAll(served, session, filter)).toEqual(expected)
    expect(await sendAll(served, session, filter)).toEqual(
      expected.includes('createShipment') ? [...expected, 'getShipment'].toSorted() : expected,
    )
  })

  it.each<[string, Parameters<MockSession['examples']>[0]]>([
    ['an account beyond ASCII', { account: 'ä'.repeat(24) }],
    ['an account beyond Latin-1', { account: '日'.repeat(24) }],
    ['a stage beyond Latin-1', { stage: 'šéf 🚀' }],
  ])('can be sent for %s', async (_whom, filter) => {
    expect(await sendAll(shared, shared.mock.session(ownSession()), filter)).toEqual(SUPPLIES)
  })

  it('succeed for any account, stage and token', async () => {
    await using served = await serve({ ...TOKENS, orders: 50, allocations: 50 })
    const textOf = (least: number, most: number): fc.Arbitrary<string> =>
      fc.string({ unit: 'grapheme-ascii', minLength: least, maxLength: most })
    await fc.assert(
      fc.asyncProperty(
        textOf(24, 24),
        textOf(1, 40),
        fc.oneof(
          fc.constantFrom('two', 'three', 'shop3', undefined),
          textOf(1, 40).map((token) => token.replaceAll(' ', '_')),
        ),
        async (account, stage, token) => {
          const session = served.mock.session(ownSession())
          expect(await sendAll(served, session, { account, stage, ...(token !== undefined && { token }) })).toContain('searchOrders')
          await session.drop()
        },
      ),
      { numRuns: 40, seed: 11 },
    )
  })

  it('succeed until everything is changed, and after', async () => {
    await using served = await serve({ orders: 8, allocations: 12 })
    const session = served.mock.session('used-up')
    const rounds: string[][] = []
    for (let round = 0; round < 20; round++) rounds.push(await sendAll(served, session, {}))
    // None of so few has a package yet.
    expect(rounds[0]).toEqual(SUPPLIES.filter((name) => name !== 'updateTracking'))
    // What makes something new, reads, or may be said again does not come to an end.
    const endless = ['allocateOrder', 'updateTracking', 'createOmsOrder', 'getOmsOrder', 'getAllocation', 'getShipment', ...BOTH]
    expect(rounds.at(-1)).toEqual(expect.arrayContaining(endless))
    const { body } = await served
      .send('post', '/orders/', { Authorization: SUPPLIER, 'Mock-Session': session.name })
      .send({ limit: 100 })
      .expect(200)
    const untouched = JSON.stringify(body.orders).match(/"status":"Unallocated"/g)
    expect([body.total_results > 3, untouched]).toEqual([true, null])
  })

  const PLACING = ['createOrder', 'login', 'searchOrders']
  const isOms = (name: string): boolean => OMS.includes(name)
  it.each<[string, MockOptions, readonly string[], readonly string[]]>([
    ['no orders', { orders: 0 }, [...OMS, 'login', 'searchOrders'], [...OMS, ...PLACING]],
    [
      'no allocations',
      { allocations: 0 },
      ['createOmsOrder', ...SUPPLIES.filter((name) => !isOms(name))],
      ['createOmsOrder', ...RETAILS.filter((name) => !isOms(name))],
    ],
    ['neither', { orders: 0, allocations: 0 }, ['createOmsOrder', 'login', 'searchOrders'], ['createOmsOrder', ...PLACING]],
  ])('are fewer with %s, which is no error', async (_without, options, supplies, retails) => {
    await using served = await serve(options)
    const session = served.mock.session('empty')
    expect(await sendAll(served, session, {})).toEqual(supplies.toSorted())
    const retailer = { token: RETAILER.replace('Token ', ''), account: 'c'.repeat(24) }
    expect(await sendAll(served, session, retailer)).toEqual(retails.toSorted())
  })

  it.each(['supplier-1-viewer', 'retailer-1-viewer'])('of %s are those that the user may send', async (username) => {
    const session = shared.mock.session(ownSession())
    const { body } = await shared
      .send('post', '/organizations/user-login/', { 'Mock-Session': session.name })
      .send({ username, password: 'any' })
      .expect(200)
    expect(await sendAll(shared, session, { token: body.auth_token })).toEqual([...OMS, ...BOTH].toSorted())
  })

  it.each(ANSWERS)('of %s are there while a cancellation waits', async (name) => {
    const session = shared.mock.session(ownSession())
    const answers = async (): Promise<ExampleRequest[]> => (await session.examples()).filter(({ operation }) => ANSWERS.includes(operation))
    expect(await answers()).toEqual([])
    await shared
      .send('patch', '/orders/cancel/', { Authorization: RETAILER, 'Mock-Session': session.name })
      .send({ order_uuid: ORDER })
      .expect(204)
    const waiting = await answers()
    expect(operations(waiting)).toEqual(ANSWERS)
    expect(
      await sendExample(
        shared,
        session.name,
        waiting.find(({ operation }) => operation === name),
      ),
    ).toBe(204)
    expect(await answers()).toEqual([])
  })

  it('are none of an entity that is not there, nor an error to look for one', async () => {
    await using served = await serve({ orders: 0, allocations: 0 })
    expect((await served.order('empty')).status).toBe(404)
    expect((await served.allocate('empty', quantities(6))).status).toBe(404)
    expect((await served.allocation('empty')).status).toBe(400)
    expect((await served.cancel('empty', ALLOCATION)).status).toBe(404)
    expect((await served.query('empty', {})).status).toBe(404)
    const search = await served.send('post', '/orders/', { Authorization: SUPPLIER }).send({})
    expect([search.status, search.body]).toEqual([200, { total_results: 0, orders: [] }])
    expect(await served.mock.session('empty').entities()).toEqual({ total: 0, entities: [] })
  })

  it('come as commands that a shell reads as they are meant', async () => {
    const served = shared
    const { body } = await served.control(
      'get',
      `/sessions/shell/examples?account=${encodeURIComponent(`it's $HOME "and" \`x\``.padEnd(24, '!'))}`,
    )
    const origin = served.url
    expect(operations(body.examples)).toEqual(SUPPLIES)
    for (const { curl, method, headers, body: sent, path } of body.examples) {
      const words = execFileSync('sh', ['-c', String(curl).replace(/^curl /, String.raw`printf '%s\0' `)], { encoding: 'utf8' })
        .split('\0')
        .slice(0, -1)
      expect(words).toEqual([
        '-sS',
        ...(method === 'GET' ? [] : ['-X', method]),
        ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${String(value)}`]),
        ...(sent === undefined ? [] : ['-d', JSON.stringify(sent)]),
        `${origin}/~shell${path}`,
      ])
    }
  })

  it('name the default session by nothing, and the host that was asked', async () => {
    const served = shared
    const { body } = await served.control('get', '/sessions/default/examples', { Host: 'localhost:1234' })
    for (const { curl, path } of body.examples) expect(curl).toContain(`'http://localhost:1234${path}'`)
    const [example] = await served.mock.session('a').examples({ host: '10.0.0.1:5' })
    expect(example?.curl).toContain(`'http://10.0.0.1:5/~a${example?.path}'`)
  })
})

describe('the journal', () => {
  it('says why a request was refused', async () => {
    const served = shared
    const why = ownSession()
    const answer = await served.allocate(why, quantities(-1, 'x'))
    const explain = String(answer.headers['mock-explain'])
    expect(explain).toBe(`${served.url}/__mock/requests/${why}-1`)
    const { body } = await served.control('get', explain.slice(explain.indexOf('/requests')))
    expect(body).toMatchObject({
      id: `${why}-1`,
      session: why,
      time: new Date(NOW).toISOString(),
      operation: 'allocateOrder',
      method: 'PUT',
      path: `/orders/allocation/${ORDER}/`,
      status: 400,
      problem: { code: 'request-invalid', title: 'The body does not fit the document' },
    })
    expect(JSON.parse(body.requestBody)).toEqual(quantities(-1, 'x'))
    expect(JSON.parse(body.replyBody)).toEqual(answer.body)
    expect(body).not.toHaveProperty('changes')
    const { issues } = body.problem
    expect(issues.map(({ at }: { at: string }) => at)).toEqual([
      '/body/line_items/0/allocation/quantity_allocated',
      '/body/line_items/0/allocation/quantity_backordered',
    ])
    for (const { place, message } of issues) {
      expect(place).toMatchObject({ file: 'supplier-orders.yaml' })
      expect(place.line).toBeGreaterThan(1)
      expect(message).not.toBe('')
    }
  })

  it('says what an assumption refused', async () => {
    const served = shared
    const why = ownSession()
    await served.allocate(why, quantities(5))
    await served.cancel(why, ALLOCATION)
    await served.cancel(why, ALLOCATION)
    const journal = (await served.control('get', `/requests?session=${why}&refused=true`)).body.requests
    expect(journal).toMatchObject([
      { id: `${why}-3`, assumption: 'oms.cancel.again', problem: { code: 'allocation-closed' } },
      { id: `${why}-1`, assumption: 'supplier.allocate.sum', problem: { code: 'quantities-differ', fix: 'make them add up to 6' } },
    ])
  })

  it('says what a request changed, and no more', async () => {
    const served = shared
    const what = ownSession()
    await served.cancel(what, ALLOCATION)
    await served.allocation(what)
    const { changes } = (await served.control('get', `/requests/${what}-1`)).body
    expect(changes).toMatchObject([{ kind: 'allocation' }, { kind: 'stock' }])
    expect(changes[0].members).toContainEqual({ at: '/statusCode', from: 'PENDING_PICK', to: 'CANCELLED' })
    expect((await served.control('get', `/requests/${what}-2`)).body).not.toHaveProperty('changes')
  })

  it('lists the newest first, as many as asked for, of all sessions or one', async () => {
    await using served = await serve()
    for (const session of ['a', 'b', 'a', 'b', 'a']) await served.order(session)
    await served.order('a', 'nothing')
    const ids = async (query: string): Promise<string[]> =>
      (await served.control('get', `/requests${query}`)).body.requests.map(({ id }: { id: string }) => id)
    expect(await ids('')).toEqual(['a-4', 'a-3', 'b-2', 'a-2', 'b-1', 'a-1'])
    expect(await ids('?limit=2')).toEqual(['a-4', 'a-3'])
    expect(await ids('?session=b')).toEqual(['b-2', 'b-1'])
    expect(await ids('?session=b&limit=1')).toEqual(['b-2'])
    expect(await ids('?refused=true')).toEqual(['a-4'])
    expect(await ids('?refused=true&session=b')).toEqual([])
    for (const query of ['?limit=0', '?limit=1001', '?refused=perhaps'])
      expect((await served.control('get', `/requests${query}`)).status).toBe(400)
  })

  it('holds no control requests', async () => {
    await using served = await serve()
    for (const path of ['/health', '/sessions', '/sessions/a/entities', '/sessions/a/examples', '/openapi', '/nowhere', '/requests'])
      await served.control('get', path)
    await served.send('get', '/~a/__mock/health')
    await served.control('post', '/sessions/a/reset')
    expect((await served.control('get', '/requests')).body.requests).toEqual([])
    await served.order('a')
    expect((await served.control('get', '/requests')).body.requests).toHaveLength(1)
  })

  it.each<[string, Headers]>([
    ['a token', { Authorization: 'Token s3cr3t' }],
    ['a wrong scheme', { Authorization: 'Basic s3cr3t' }],
    ['no scheme', { Authorization: 's3cr3t' }],
    ['spaces in it', { Authorization: 'Token a s3cr3t' }],
    ['a proxy', { Authorization: SUPPLIER, 'Proxy-Authorization': 'Basic s3cr3t' }],
    ['a cookie', { Authorization: SUPPLIER, Cookie: 'id=s3cr3t' }],
    ['cookies', { Authorization: SUPPLIER, Cookie: 'id=s3cr3t; theme=dark' }],
    ['an API key', { Authorization: SUPPLIER, 'X-Api-Key': 's3cr3t' }],
    ['an API key of two words', { Authorization: SUPPLIER, 'X-Api-Key': 's3cr3t words' }],
  ])('never shows the secret of %s', async (_what, headers) => {
    const served = shared
    await served.mock.session('default').reset()
    await served.send('post', '/orders/', headers)
    const list = await served.control('get', '/requests')
    const one = await served.control('get', '/requests/default-1')
    expect(one.body.requestHeaders).toHaveProperty('host')
    expect((list.text + one.text).includes('s3cr3t')).toBe(false)
  })

  it('never shows a secret of a body', async () => {
    const served = shared
    await served.mock.session('default').reset()
    await served
      .send('post', '/orders/', { Authorization: SUPPLIER })
      .send({ password: 's3cr3t', auth_token: 's3c"r3t', more: { TOKEN: 's3cr3t' } })
    const { requestBody } = (await served.control('get', '/requests/default-1')).body
    expect(JSON.parse(requestBody)).toEqual({ password: '***', auth_token: '***', more: { TOKEN: '***' } })
  })

  it('shows the scheme of a credential', async () => {
    const served = shared
    await served.mock.session('default').reset()
    await served.order('a')
    expect((await served.control('get', '/requests/a-1')).body.requestHeaders).toMatchObject({
      authorization: 'Token ***',
      'mock-session': 'a',
    })
  })

  it('forgets the oldest requests when it is full', async () => {
    await using served = await serve({ journalBytes: 20_000 })
    for (let count = 0; count < 40; count++) await served.order('many')
    const { body, text } = await served.control('get', '/requests')
    expect(body.requests.length).toBeGreaterThan(1)
    expect(body.requests.length).toBeLessThan(20)
    expect(body.requests.map(({ id }: { id: string }) => id)).toEqual(
      Array.from({ length: body.requests.length }, (_, index) => `many-${40 - index}`),
    )
    expect(text.length).toBeLessThan(25_000)
    expect((await served.control('get', '/requests/many-1')).status).toBe(404)
    expect((await served.control('get', '/requests/many-40')).status).toBe(200)
  })

  it('counts headers and what was wrong, too', async () => {
    await using served = await serve({ journalBytes: 20_000 })
    for (let count = 0; count < 20; count++) await served.read('', { 'X-Padding': 'x'.repeat(8_000) })
    for (let count = 0; count < 20; count++)
      await served.allocate('default', {
        line_items: Array.from({ length: 30 }, () => ({ line_item_uuid: LINE, allocation: { quantity_allocated: 'many' } })),
      })
    expect((await served.control('get', '/requests')).text.length).toBeLessThan(40_000)
    for (let count = 0; count < 20; count++) await served.read('', { 'X-Padding': 'x'.repeat(8_000) })
    expect((await served.control('get', '/requests')).text.length).toBeLessThan(40_000)
  })

  it('keeps the newest, however little it may hold: its answer says where it is explained', async () => {
    await using served = await serve({ journalBytes: 1 })
    await served.order('a', 'nothing')
    const { headers } = await served.order('a', 'nothing')
    expect((await request(String(headers['mock-explain'])).get('')).status).toBe(200)
    expect((await served.control('get', '/requests')).body.requests).toHaveLength(1)
  })

  it('lists nothing when it may hold nothing', async () => {
    await using served = await serve({ journalBytes: 0 })
    await served.order('a')
    expect((await served.control('get', '/requests')).body.requests).toEqual([])
    expect((await served.control('get', '/requests/a-1')).status).toBe(404)
  })
})

describe('control routes', () => {
  it.each<[string, Headers]>([
    ['a name', { Host: 'evil.test' }],
    ['a name with a port', { Host: 'evil.test:4010' }],
    ['a name that begins like a loopback one', { Host: 'localhost.evil.test' }],
    ['a name that begins like an address', { Host: '127.0.0.1.evil.test' }],
    ['a name that ends like an allowed one', { Host: 'evilmock.test' }],
    ['a page of another origin', { Origin: 'http://evil.test' }],
    ['a page of another port', { Host: 'localhost:4010', Origin: 'http://localhost:8080' }],
    ['a page without an origin', { Origin: 'null' }],
    ['a page of a file', { Origin: 'file://' }],
  ])('do not answer to %s', async (_who, headers) => {
    const served = shared
    const kept = ownSession()
    await served.allocate(kept, quantities(6))
    for (const [method, path] of [
      ['get', '/metrics'],
      ['get', '/coverage'],
      ['get', '/provider-states'],
      ['get', `/sessions/${kept}/entities`],
      ['post', `/sessions/${kept}/reset`],
      ['delete', `/sessions/${kept}`],
      ['get', '/nowhere'],
    ] as const) {
      const answer = await served.control(method, path, headers)
      expect(answer.status).toBe(403)
      expect(answer.body).toMatchObject({ code: 'host-refused' })
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    }
    expect((await served.send('post', `/~${kept}/__mock/sessions/${kept}/reset`, headers)).status).toBe(403)
    expect((await served.mock.session(kept).entities({ changed: true })).total).toBe(1)
  })

  it.each<[string, Headers]>([
    ['localhost', { Host: 'localhost' }],
    ['localhost with a port', { Host: 'LocalHost:4010' }],
    ['a name below localhost', { Host: 'mock.localhost:4010' }],
    ['an IPv4 address', { Host: '192.168.1.7:4010' }],
    ['an IPv6 address', { Host: '[::1]:4010' }],
    ['an allowed host', { Host: 'mock.test:4010' }],
    ['an allowed host in other letters', { Host: 'MOCK.test' }],
    ['a page of their own', { Host: 'localhost:4010', Origin: 'http://localhost:4010' }],
  ])('answer to %s, without CORS headers', async (_who, headers) => {
    const served = shared
    const answer = await served.control('get', '/health', headers)
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('answer no preflight', async () => {
    const served = shared
    for (const path of ['/__mock/health', '/__mock', '/~a/__mock/sessions', '/%7Ea/__mock/sessions/a/reset'])
      for (const Origin of ['http://evil.test', served.url]) {
        const answer = await served.send('options', path, { Origin, 'Access-Control-Request-Method': 'GET' })
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      }
  })

  it('serve the documents', async () => {
    const served = shared
    const { documents } = (await served.control('get', '/openapi')).body
    expect(new Map(documents.map(({ name, ...rest }: { name: string }) => [name, rest]))).toEqual(
      new Map([
        ['control', { href: '/__mock/openapi/control.json', base: '/__mock' }],
        ['provider-states', { href: '/__mock/openapi/provider-states.json', base: '/_pact' }],
        ['supplier-orders', { href: '/__mock/openapi/supplier-orders.json', base: '' }],
        ['oms-allocations', { href: '/__mock/openapi/oms-allocations.json', base: '/api/v2' }],
      ]),
    )
    for (const { href, name } of documents) {
      const loaded = await loadDocument(fileURLToPath(new URL(`../../spec/${name}.yaml`, import.meta.url)))
      // That of the control API is served with the names of the APIs.
      const { sources } = withNames(loaded, REGISTRY)
      const answer = await served.control('get', String(href).slice('/__mock'.length))
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual(sources[0]?.content)
    }
  })

  it.each<['get' | 'post' | 'delete', string, number, string]>([
    ['get', '/openapi/nothing.json', 404, 'document-unknown'],
    ['get', '/requests/never-1', 404, 'request-unknown'],
    ['delete', '/sessions/never', 404, 'session-unknown'],
    ['get', '/sessions/never', 404, 'session-unknown'],
    ['get', '/sessions/never/snapshots', 404, 'session-unknown'],
    ['get', '/sessions/never/bindings', 404, 'session-unknown'],
    ['get', '/sessions/never/export', 404, 'session-unknown'],
    ['get', '/sessions/never/due?limit=0', 400, 'parameters-invalid'],
    ['post', '/sessions/a', 405, 'method-unknown'],
    ['post', '/health', 405, 'method-unknown'],
    ['get', '/nothing', 404, 'route-unknown'],
    ['get', '/sessions/never/nothing', 404, 'route-unknown'],
    ['get', '/health/', 404, 'route-unknown'],
    ['post', '/sessions/a%20b/reset', 400, 'parameters-invalid'],
    ['post', `/sessions/${'x'.repeat(65)}/reset`, 400, 'parameters-invalid'],
    ['delete', '/sessions/a%2Fb', 400, 'parameters-invalid'],
    ['get', '/sessions/%ff/entities', 400, 'path-undecodable'],
  ])('refuse %s %s with %i', async (method, path, status, code) => {
    const before = await sharedStore.sessions()
    const answer = await shared.control(method, path)
    expect(answer.status).toBe(status)
    expect(answer.type).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ code, status })
    expect(answer.headers['allow'] !== undefined).toBe(status === 405)
    expect(await sharedStore.sessions()).toEqual(before)
  })

  it('say how the server is', async () => {
    const served = shared
    const { body } = await served.control('get', '/health')
    expect(body).toEqual({ status: 'ok', version: expect.stringMatching(/^\d+\.\d+\.\d+/), dataVersion: served.mock.dataVersion })
  })
})

describe('API routes', () => {
  const Origin = 'https://shop.test'

  it('let pages of any origin read their answers, refusals too, and none act as whoever looks at it', async () => {
    const served = shared
    for (const path of [`/orders/${ORDER}/`, '/nowhere', '/api/v2/allocation/x']) {
      const { headers } = await served.send('get', path, { Origin, Authorization: SUPPLIER })
      expect(headers).toMatchObject({ 'access-control-allow-origin': '*' })
      expect(headers).not.toHaveProperty('access-control-allow-credentials')
      for (const name of ['Mock-Session', 'Mock-Request-Id', 'Mock-Explain', 'Mock-Warning', 'Location'])
        expect(headers['access-control-expose-headers']).toContain(name)
    }
  })

  it('say nothing of origins to who has none', async () => {
    const served = shared
    const { headers } = await served.order('a')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('answer preflights', async () => {
    const session = ownSession()
    const answer = await shared.send('options', `/~${session}/orders/allocation/${ORDER}/`, {
      Origin,
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'authorization,mock-session,x-site-context',
    })
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,mock-session,x-site-context',
    })
    expect(answer.headers['access-control-allow-methods']).toContain('PUT')
    expect(await sharedStore.sessions()).not.toContain(session)
  })

  it('take OPTIONS that is no preflight for a method they do not have', async () => {
    const served = shared
    const answer = await served.send('options', `/orders/${ORDER}/`, { Authorization: SUPPLIER })
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toContain('GET')
  })

  it('answer under any host', async () => {
    const served = shared
    expect((await served.read('', { Host: 'api.cruxconnect.com' })).status).toBe(200)
  })
})

it('shares nothing with another mock', async () => {
  const session = ownSession()
  const [one, other] = onStores.map(({ served }) => served)
  expect((await one?.cancel(session, ALLOCATION))?.status).toBe(200)
  expect((await other?.allocation(session))?.body.version).toBe(2)
  expect((await one?.allocation(session))?.body.version).toBe(3)
})
