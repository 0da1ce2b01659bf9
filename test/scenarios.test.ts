import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Mock, MockSession } from '../src/index.ts'
import { ROOT } from './cli/process.ts'
import { ACCOUNT, ALLOCATION, LINE, omsClient, openMock, ORDER, quantities, RETAILER, SUPPLIER, supplierClient } from './support.ts'

const FOLDER = join(ROOT, 'fixtures/scenarios')
const FILES = readdirSync(FOLDER)
const LAMPS = '5d0a6c1e-2f43-4b0c-9a57-0c2e8f1d7b02'

let mock: Mock
beforeAll(async () => {
  mock = await openMock({ supplierTokens: ['lamps=2'] })
})
afterAll(() => mock.close())

/** Who takes part in a story: a supplier, a retailer, an OMS, and a tester who moves the time. */
function company(session: MockSession) {
  const supplier = supplierClient(mock, { session: session.name })
  const oms = omsClient(mock, { session: session.name })
  const send = (method: 'get' | 'put' | 'post' | 'patch' | 'delete', path: string, headers: Record<string, string>, body?: object) => {
    const app = request(mock.app)
    const test = app[method](path).set({ ...headers, ...session.headers })
    return body ? test.send(body) : test
  }
  const account = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
  return {
    session,
    supplier,
    oms,
    asSupplier: (method: Parameters<typeof send>[0], path: string, body?: object) => send(method, path, { Authorization: SUPPLIER }, body),
    asRetailer: (method: Parameters<typeof send>[0], path: string, body?: object) => send(method, path, { Authorization: RETAILER }, body),
    asAccount: (method: Parameters<typeof send>[0], path: string, body?: object) => send(method, `/api/v2${path}`, account, body),
    bare: (method: Parameters<typeof send>[0], path: string, body?: object, Authorization?: string) =>
      send(method, path, { ...(Authorization !== undefined && { Authorization }) }, body),
    /** What the retailer sees of each line. */
    async lines(id = ORDER): Promise<unknown[]> {
      const { body } = await send('get', `/orders/${id}/`, { Authorization: RETAILER }).expect(200)
      return body.line_items.map(({ status }: { status: string }) => status)
    },
    /** Orders that many units of a SKU from the OMS, and has them allocated. */
    async generate(orderNumber: string, sku: string, orderedQuantity: number) {
      const items = [{ lineItemId: '1', sku, orderedQuantity }]
      const order = { orderNumber, channelId: '12', statusCode: 'ORDER_CREATED', items, shipInfo: [{}] }
      await send('post', '/api/v2/order/', account, order)
      return send('post', '/api/v2/allocation/', account, { detailType: 'ORDER_CREATED', detail: { orderNumber } })
    },
    /** Answers and failures of the connection alike: a status or an error's code. */
    async outcome(test: PromiseLike<{ readonly status: number }>): Promise<number | string> {
      return test.then(
        ({ status }) => status,
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      )
    },
  }
}

type Company = ReturnType<typeof company>

const STORIES: Readonly<Record<string, (company: Company) => Promise<void>>> = {
  async 'all-in-stock'({ supplier, lines, generate }) {
    expect(await lines()).toEqual(['Unallocated', 'Unallocated'])
    await supplier.allocate(quantities(6)).expect(200)
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    const { status, body } = await generate('mine', 'MUG-BLUE', 50)
    expect(status).toBe(200)
    expect(body).toMatchObject([{ locationNum: '110', statusCode: 'ALLOCATED', items: [{ quantity: 50 }] }])
  },

  async 'partial-with-backorder'({ session, supplier, generate, asAccount }) {
    const allocation = async () => (await supplier.get()).body.line_items[0].allocation
    expect(await allocation()).toMatchObject({ quantity_allocated: 4, quantity_backordered: 2, backorder_date: '2026-12-24' })
    const { status, body } = await generate('mine', 'MUG-BLUE', 6)
    expect(status).toBe(206)
    expect(body).toMatchObject([{ locationNum: '110', items: [{ quantity: 4 }] }])

    await session.advance('22d14h59m')
    expect(await allocation()).toMatchObject({ quantity_allocated: 4, quantity_backordered: 2 })
    await session.advance('1m')
    expect((await session.info()).now).toBe('2026-12-24T00:00:00.000Z')
    expect(await allocation()).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0, backorder_date: null })
    const rest = { detailType: 'ORDER_CREATED', detail: { orderNumber: 'mine' } }
    expect((await asAccount('post', '/allocation/', rest).expect(200)).body).toMatchObject([{ items: [{ quantity: 2 }] }])
  },

  async 'rejected-line'({ supplier, oms, lines, asRetailer, asAccount }) {
    expect(await lines()).toEqual(['Rejected', 'Allocated'])
    await asRetailer('delete', `/orders/items/cancel/${LINE}/`).expect(422)
    await supplier.allocate({ line_items: [{ line_item_uuid: LAMPS, allocation: { quantity_allocated: 1 } }] }).expect(400)
    const { body } = await oms.get()
    expect(body).toMatchObject({ statusCode: 'PARTIALLY_CANCELLED', items: [{ scratchQuantity: 0 }, { quantity: 2, scratchQuantity: 2 }] })
    const { body: order } = await asAccount('get', '/order/?orderNumber=order-rejected')
    expect(order.items).toMatchObject([
      { sku: 'MUG-BLUE', pendingShippedQuantity: 3 },
      { sku: 'PLATE-WHITE', backOrderedQuantity: 2 },
    ])
  },

  async 'cancel-refused'(late) {
    const { session, oms, lines, asRetailer } = late
    await session.advance('59m59s')
    expect(await lines()).toEqual(['Allocated'])
    expect((await oms.get()).body.statusCode).toBe('PENDING_PICK')
    await session.advance('1s')
    await asRetailer('patch', '/orders/cancel/', { order_uuid: ORDER }).expect(422)
    await oms.cancel(ALLOCATION).expect(404)
    expect(await lines()).toEqual(['HasTracking'])
    expect((await oms.get()).body).toMatchObject({ statusCode: 'SHIPPED', updatedAt: '2026-03-01T13:00:00.000000000Z' })

    // Who asks before is overtaken by the parcel at the supplier's, and is in time at the OMS, whose shipment then fails.
    const early = company(await mock.createSession({ scenario: 'cancel-refused' }))
    await early.asRetailer('patch', '/orders/cancel/', { order_uuid: ORDER }).expect(204)
    await early.oms.cancel(ALLOCATION).expect(200)
    await early.session.advance('1h')
    expect(await early.lines()).toEqual(['HasTracking'])
    expect((await early.oms.get()).body.statusCode).toBe('CANCELLED')
    const steps = await early.session.requests({ origin: 'timeline' })
    expect(steps.map(({ operation, status }) => [operation, status])).toEqual([
      ['createShipment', 422],
      ['addTracking', 200],
    ])
  },

  async 'cancel-pending'({ session, supplier, lines, bare }) {
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    await supplier.allocate(quantities(6)).expect(422)
    await session.advance('1h')
    await bare('patch', `/orders/items/cancel/${LAMPS}/confirm/`, undefined, 'Token lamps').expect(422)
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    await session.advance('59m59s')
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    await session.advance('1s')
    expect(await lines()).toEqual(['Cancelled', 'Unallocated'])
    await session.advance('30d')
    expect(await lines()).toEqual(['Cancelled', 'Unallocated'])
  },

  async 'already-shipped'({ oms, lines, asRetailer, asSupplier }) {
    expect(await lines()).toEqual(['HasTracking'])
    await asRetailer('patch', '/orders/cancel/', { order_uuid: ORDER }).expect(422)
    await asRetailer('delete', `/orders/items/cancel/${LINE}/`).expect(422)
    const more = { tracking_number: 't99', line_items: [{ line_item_uuid: LINE, quantity_shipped: 1 }] }
    await asSupplier('post', `/orders/tracking/${ORDER}/`, more).expect(422)
    expect((await oms.get()).body).toMatchObject({ statusCode: 'SHIPPED', items: [{ quantity: 3, shippedQuantity: 3 }] })
    await oms.cancel(ALLOCATION).expect(404)
  },

  async 'reallocated-twice'({ session, oms, asAccount }) {
    const chain = async (): Promise<{ statusCode: string; locationNum: string; updatedAt: string }[]> => {
      const { body } = await asAccount('get', '/order/?orderNumber=order-moving').expect(200)
      const { entities } = await session.entities({ kind: 'allocation', changed: true })
      const own = entities.map(({ entity }) => entity).filter(({ items }) => JSON.stringify(items).includes(body.orderId))
      return JSON.parse(JSON.stringify(own))
    }
    expect(await chain()).toMatchObject([{ statusCode: 'PENDING_PICK', locationNum: '110' }])
    await session.advance('1h')
    expect((await oms.get()).body.statusCode).toBe('REALLOCATED')
    expect(await chain()).toHaveLength(2)
    await session.advance('1h')
    const all = (await chain()).toSorted((a, b) => a.updatedAt.localeCompare(b.updatedAt) || (a.statusCode === 'REALLOCATED' ? -1 : 1))
    expect(all.map(({ statusCode, updatedAt }) => [statusCode, updatedAt.slice(11, 16)])).toEqual([
      ['REALLOCATED', '13:00'],
      ['REALLOCATED', '14:00'],
      ['ALLOCATED', '14:00'],
    ])
    expect(new Set(all.map(({ locationNum }) => locationNum)).size).toBe(3)
    await oms.cancel(ALLOCATION).expect(404)
  },

  async 'tenant-empty'({ supplier, oms, generate }) {
    expect((await supplier.search()).body).toMatchObject({ total_results: 0 })
    await supplier.get().expect(404)
    await oms.query({}).expect(404)
    await oms.get().expect(400)
    expect((await generate('first', 'MUG', 2)).status).toBe(200)
    expect((await oms.query({})).body).toHaveLength(1)
  },

  async 'token-expired'({ session, oms, bare }) {
    const read = async (Authorization: string) => (await bare('get', `/orders/${ORDER}/`, undefined, Authorization)).status
    const logIn = async (): Promise<string> => {
      const { body } = await bare('post', '/organizations/user-login/', { username: 'supplier-1', password: 'any' }).expect(200)
      return `Token ${body.auth_token}`
    }
    expect(await read('Token of-yesterday')).toBe(401)
    const first = await logIn()
    expect(await read(first)).toBe(200)
    await oms.get().expect(200)
    await session.advance('1h59m59s')
    expect(await read(first)).toBe(200)
    await session.advance('1s')
    expect(await read(first)).toBe(401)
    expect(await read(await logIn())).toBe(200)
    await oms.get().expect(401)
    await oms.get().expect(200)
  },

  async 'slow-and-flaky'({ session, supplier, outcome }) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const outcomes: (string | number)[] = []
      for (let count = 0; count < 60; count++) {
        const { done, answer } = watched(outcome(supplier.get().retry(0)))
        // The delays are the mock's own: the test waits for none of them.
        while (!done())
          await new Promise<void>((resolve) => setImmediate(() => void vi.advanceTimersByTimeAsync(30_000).then(() => resolve())))
        outcomes.push(await answer)
      }
      const count = (wanted: string | number): number => outcomes.filter((one) => one === wanted).length
      expect(count(200) + count(503) + count('ECONNRESET')).toBe(60)
      expect(count(200)).toBeGreaterThan(35)
      expect(count(503)).toBeGreaterThan(4)
      expect(count('ECONNRESET')).toBeGreaterThan(0)
    } finally {
      vi.useRealTimers()
    }
    const past = await session.requests({ limit: 100 })
    const delays = past.flatMap(({ fault = '' }) => (fault.startsWith('slow') ? [Number(/(\d+) ms/.exec(fault)?.[1])] : []))
    const sorted = delays.toSorted((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeGreaterThan(500)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(2_000)
    expect(sorted.at(-1)).toBeGreaterThan(1_500)
    expect(past.find(({ status }) => status === 503)?.replyHeaders).toMatchObject({ 'Retry-After': '2' })
  },

  async 'rate-limited'({ session, supplier, oms }) {
    for (const status of [200, 200, 200, 200]) await supplier.get().expect(status)
    await oms.get().expect(200)
    await session.advance('20s')
    const { headers } = await supplier.get().expect(429)
    expect(headers['retry-after']).toBe('40')
    await oms.get().expect(429)
    await session.advance('40s')
    await oms.get().expect(200)
  },

  async 'first-call-fails'({ supplier, lines, generate, outcome, asSupplier }) {
    expect(await outcome(supplier.allocate(quantities(6)).retry(0))).toBe('ECONNRESET')
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    await supplier.allocate(quantities(6)).expect(200)
    const parcel = { tracking_number: 't01', line_items: [{ line_item_uuid: LINE, quantity_shipped: 6 }] }
    await asSupplier('post', `/orders/tracking/${ORDER}/`, parcel).expect(502)
    expect(await lines()).toEqual(['Allocated', 'Unallocated'])
    await asSupplier('post', `/orders/tracking/${ORDER}/`, parcel).expect(201)
    expect((await generate('mine', 'MUG-BLUE', 2)).status).toBe(503)
    expect((await generate('mine', 'MUG-BLUE', 2)).status).toBe(200)
  },

  async 'busy-day'({ session, lines, oms, asAccount }) {
    await session.advance('1d')
    const { body: mugs } = await oms.get()
    expect(mugs.auditLogs.map(({ auditTimestamp }: { auditTimestamp: string }) => auditTimestamp.slice(0, 16))).toEqual([
      '2026-12-01T12:00',
      '2026-12-01T13:00',
      '2026-12-01T15:00',
      '2026-12-01T18:00',
      // Of the document, and of its line.
      '2026-12-01T18:00',
    ])
    expect(mugs).toMatchObject({ statusCode: 'SHIPPED', sentToPPSDate: '2026-12-01T15:00:00.000000000Z' })
    const { body: order } = await asAccount('get', '/order/?orderNumber=order-evening').expect(200)
    const { entities } = await session.entities({ kind: 'allocation', changed: true })
    const plates = entities.map(({ entity }) => entity).find(({ items }) => JSON.stringify(items).includes(order.orderId))
    expect(plates).toMatchObject({ statusCode: 'PENDING_PICK', sentToPPSDate: '2026-12-01T23:00:00.000000000Z' })
    expect(await lines()).toEqual(['HasTracking'])
    expect(await lines('0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a20')).toEqual(['Allocated'])
    const steps = (await allSteps(session)).map(({ time, operation }) => `${time.slice(11, 16)} ${operation}`)
    expect(steps).toEqual([
      '13:00 queued',
      '15:00 sent',
      '18:00 createShipment',
      '20:00 createOmsOrder',
      '20:00 generateAllocations',
      '21:00 queued',
      '23:00 sent',
      '00:00 backorder',
      '00:00 backorder',
      '02:00 addTracking',
    ])
  },

  async 'one-of-each'({ lines, oms, asRetailer }) {
    expect(await lines('0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10')).toEqual(['HasTracking', 'Unallocated'])
    await asRetailer('patch', '/orders/cancel/', { order_uuid: '0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10' }).expect(422)
    expect((await oms.get('0a5c1f6e9d3b4c7a8e215b6f')).body.statusCode).toBe('PENDING_PICK')
  },
}

/** Steps without a caller, in the order in which they came. */
async function allSteps(session: MockSession) {
  const [progress, timeline] = await Promise.all([session.requests({ origin: 'progress' }), session.requests({ origin: 'timeline' })])
  return [...progress, ...timeline].toSorted(
    (a, b) => a.time.localeCompare(b.time) || Number(a.id.split('.').at(-1)) - Number(b.id.split('.').at(-1)),
  )
}

function watched<T>(answer: Promise<T>) {
  let isDone = false
  const end = (): void => void (isDone = true)
  answer.then(end, end)
  return { answer, done: () => isDone }
}

describe('a scenario that comes with the mock', () => {
  it.each(Object.entries(STORIES))('tells its story: %s', async (name, tell) => {
    expect.hasAssertions()
    await tell(company(await mock.createSession({ scenario: name })))
  })

  it('has a story', () => {
    expect(FILES.map((file) => file.replace('.yaml', '')).toSorted()).toEqual(Object.keys(STORIES).toSorted())
  })

  it.each(FILES)('says what it is in a sentence, and lets an editor complete it: %s', async (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/\.\.\/spec\/scenario\.schema\.json\ndescription: [A-Z][^.\n]+\.\n/)
    const { body } = await request(mock.app).get('/__mock/scenarios').expect(200)
    const description = /^description: (.*)$/m.exec(text)?.[1]
    expect(body.scenarios).toContainEqual({ name: file.replace('.yaml', ''), description })
  })

  it.each(FILES.map((file) => file.replace('.yaml', '')))('begins at the start of a mock, and by the header: %s', async (scenario) => {
    await using own = await openMock({ scenario })
    expect(await own.session().reset()).toMatchObject({ scenario })
    await request(mock.app)
      .get('/orders/nothing/')
      .set({ 'Mock-Session': `by-header-${scenario}`, 'Mock-Scenario': scenario })
    expect(await mock.session(`by-header-${scenario}`).info()).toMatchObject({ scenario })
  })

  it.each<[string, (session: MockSession) => Promise<unknown>]>([
    ['its entities', (session) => session.entities()],
    ['its examples', (session) => session.examples()],
    ['its clock, which is moved', (session) => session.advance('1s')],
    ['what is brought in', (session) => session.exists({ stock: [{ locationNum: '110', sku: 'A', available: 1 }] })],
  ])('is what a session begins with whose first request is for %s', async (_what, look) => {
    await using own = await openMock({ scenario: 'tenant-empty' })
    await using other = await openMock({ scenario: 'already-shipped' })
    for (const one of [own, other]) await look(one.session())
    expect((await supplierClient(own, { session: 'default' }).search()).body.total_results).toBe(0)
    expect((await supplierClient(other, { session: 'default' }).get()).body.line_items[0].status).toBe('HasTracking')
  })
})
