import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reply } from '../../src/api.ts'
import type { Mock, MockSession, Scenario } from '../../src/index.ts'
import { apiOf } from '../apis/own.ts'
import { ALLOCATION, LINE, omsClient, openMock, ORDER, quantities, RETAILER, supplierClient } from '../support.ts'

const OTHER = 'abcdefghijklmnopqrstuvwx'
const line = { line_item_uuid: LINE, quantity_ordered: 6 }
const items = [{ sku: 'MUG', orderLineId: 'mugs', quantity: 3 }]
const ORDERED = { orders: [{ order_uuid: ORDER, line_items: [line] }] } satisfies Scenario
const allocate = (at: string, units: number, rest = 0) => ({
  at,
  operation: 'allocateOrder',
  parameters: { order_uuid: ORDER },
  body: quantities(units, rest),
})

let mock: Mock
beforeAll(async () => {
  mock = await openMock({ supplierTokens: ['two=2'] })
})
afterAll(() => mock.close())

async function begin(scenario: Scenario) {
  const session = await mock.createSession({ scenario })
  return {
    session,
    oms: omsClient(mock, { session: session.name }),
    supplier: supplierClient(mock, { session: session.name }),
    retailer: supplierClient(mock, { session: session.name, authorization: RETAILER }),
    past: () => history(session),
  }
}

/** What went on without a caller, the first first. */
async function history(session: MockSession) {
  const all = await Promise.all((['timeline', 'progress'] as const).map((origin) => session.requests({ origin, limit: 100 })))
  const place = (id: string): number => Number(id.split('.').at(-1))
  return all.flat().toSorted((a, b) => a.time.localeCompare(b.time) || place(a.id) - place(b.id))
}

describe('a timeline', () => {
  it('calls operations at their times, however late the next request comes', async () => {
    const { session, supplier, past } = await begin({ ...ORDERED, timeline: [allocate('2h', 6), allocate('1h', 4, 2)] })
    await session.advance('59m')
    expect((await supplier.get()).body.line_items[0].status).toBe('Unallocated')
    await session.advance('3h')
    expect((await supplier.get()).body.line_items[0].allocation).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0 })
    expect(await past()).toMatchObject([
      { operation: 'allocateOrder', method: 'PUT', path: `/orders/allocation/${ORDER}/`, status: 200, time: '2026-03-01T13:00:00.000Z' },
      { operation: 'allocateOrder', time: '2026-03-01T14:00:00.000Z' },
    ])
  })

  it('keeps the order of the file at one time', async () => {
    const { session, supplier } = await begin({ ...ORDERED, timeline: [allocate('1h', 6), allocate('1h', 4, 2)] })
    await session.advance('1h')
    expect((await supplier.get()).body.line_items[0].allocation.quantity_allocated).toBe(4)
  })

  it('begins at once with what is due at once', async () => {
    const { supplier } = await begin({ ...ORDERED, timeline: [allocate('0s', 6)] })
    expect((await supplier.get()).body.line_items[0].status).toBe('Allocated')
  })

  it('begins anew with a reset', async () => {
    const { session, supplier } = await begin({ ...ORDERED, timeline: [allocate('1h', 6)] })
    await session.advance('1h')
    await session.reset()
    expect((await supplier.get()).body.line_items[0].status).toBe('Unallocated')
    await session.advance('1h')
    expect((await supplier.get()).body.line_items[0].status).toBe('Allocated')
  })

  it('brings in what comes to be', async () => {
    const { session, oms } = await begin({ timeline: [{ at: '1h', exists: { allocations: [{ allocationId: 'a'.repeat(24), items }] } }] })
    await oms.get('a'.repeat(24)).expect(400)
    await session.advance('5h')
    const { body } = await oms.get('a'.repeat(24)).expect(200)
    expect(body.allocationDate).toBe('2026-03-01T13:00:00.000000000Z')
  })

  it.each<[string, object, number]>([
    ['the first supplier unless somebody is named', {}, 200],
    ['the supplier that is named', { as: { supplier: 2 } }, 422],
    ['somebody for whom the operation is not', { as: { retailer: 1 } }, 422],
  ])('calls as %s', async (_who, as, status) => {
    const { session, past } = await begin({ ...ORDERED, timeline: [{ ...allocate('1h', 6), ...as }] })
    await session.advance('1h')
    expect((await past()).map((one) => one.status)).toEqual([status])
  })

  it('calls as the retailer, and as an account of its own', async () => {
    const allocations = [
      { allocationId: ALLOCATION, items },
      { allocationId: ALLOCATION, account: OTHER, items },
    ]
    const cancel = { operation: 'cancelAllocations', parameters: { allocationIds: ALLOCATION } }
    const { session, oms, past } = await begin({
      ...ORDERED,
      allocations,
      timeline: [
        { at: '1h', operation: 'cancelLineItem', parameters: { order_item_uuid: LINE } },
        { at: '2h', ...cancel, as: { account: OTHER } },
        { at: '3h', ...cancel },
      ],
    })
    await session.advance('2h')
    expect((await oms.get()).body.statusCode).toBe('ALLOCATED')
    await session.advance('1h')
    expect((await oms.get()).body.statusCode).toBe('CANCELLED')
    expect((await past()).map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'cancelLineItem 200',
      'cancelAllocations 200',
      'cancelAllocations 200',
    ])
  })

  it('takes its turn with progress: what goes on by itself comes first at one time', async () => {
    const { session, past } = await begin({
      allocations: [{ allocationId: ALLOCATION, items }],
      progress: { queued: { after: '1h' }, sent: { after: '1h' } },
      timeline: [
        { at: '1h', operation: 'cancelAllocations', parameters: { allocationIds: 'f'.repeat(24) } },
        { at: '2h30m', operation: 'cancelAllocations', parameters: { allocationIds: ALLOCATION } },
        { at: '30m', exists: { allocations: [{ allocationId: 'b'.repeat(24), items }] } },
      ],
    })
    await session.advance('1d')
    expect((await past()).map(({ operation, time }) => `${time.slice(11, 16)} ${operation}`)).toEqual([
      '12:30 exists',
      '13:00 queued',
      '13:00 cancelAllocations',
      '13:30 queued',
      '14:00 sent',
      '14:30 sent',
      '14:30 cancelAllocations',
    ])
  })

  it('meets a cancellation before it and after it', async () => {
    const ship = {
      at: '1h',
      operation: 'createShipment',
      body: { shipmentNum: 's', allocationId: ALLOCATION, cartons: [{ items: [{ lineItemId: 'mugs', shippedQuantity: 1 }] }] },
    }
    const scenario: Scenario = { allocations: [{ allocationId: ALLOCATION, statusCode: 'PENDING_PICK', items }], timeline: [ship] }
    const early = await begin(scenario)
    await early.oms.cancel(ALLOCATION).expect(200)
    await early.session.advance('1h')
    expect((await early.oms.get()).body.statusCode).toBe('CANCELLED')
    const late = await begin(scenario)
    await late.session.advance('1h')
    expect((await late.oms.get()).body.statusCode).toBe('PARTIALLY_SHIPPED')
    expect((await late.oms.cancel(ALLOCATION).expect(200)).body).toMatchObject([{ statusCode: 'PARTIALLY_CANCELLED' }])
  })
})

describe('a step that cannot be taken when its time comes', () => {
  const failing: readonly [string, Scenario['timeline'], object][] = [
    ['is refused by the rules that guard requests', [{ ...allocate('1h', 4, 1) }], { code: 'quantities-differ' }],
    [
      'is of something that is not there',
      [{ at: '1h', operation: 'getOrder', parameters: { order_uuid: '11111111-1111-4111-8111-111111111111' } }],
      { code: 'order-unknown' },
    ],
    ['does not fit the document', [{ ...allocate('1h', 6), body: { line_itms: [] } }], { code: 'request-invalid' }],
    ['has no body', [{ at: '1h', operation: 'allocateOrder', parameters: { order_uuid: ORDER } }], { code: expect.any(String) }],
    [
      'has a parameter that does not fit',
      [{ at: '1h', operation: 'getOrder', parameters: { order_uuid: '../../..' } }],
      { code: expect.any(String) },
    ],
    ['is called by the wrong one', [{ ...allocate('1h', 6), as: { retailer: 1 } }], { code: expect.any(String) }],
    [
      'brings in what cannot be',
      [
        {
          at: '1h',
          exists: {
            orders: [
              { order_uuid: ORDER, line_items: [line] },
              { order_uuid: ORDER, line_items: [line] },
            ],
          },
        },
      ],
      { code: 'state-impossible', detail: expect.stringContaining('repeats') },
    ],
    [
      'is named by another API',
      [{ at: '1h', operation: 'cancelAllocations', as: { supplier: 1 }, parameters: { allocationIds: ALLOCATION } }],
      { code: expect.any(String) },
    ],
  ]

  it.each(failing)('is recorded, and the session goes on: %s', async (_what, timeline = [], problem) => {
    const { session, supplier, past } = await begin({ ...ORDERED, timeline: [...timeline, allocate('2h', 6)] })
    await session.advance('3h')
    expect((await supplier.get().expect(200)).body.line_items[0].status).toBe('Allocated')
    const [failed, next] = await past()
    expect(failed).toMatchObject({ origin: 'timeline', status: 422, time: '2026-03-01T13:00:00.000Z', problem })
    expect(failed?.changes ?? []).toEqual([])
    expect(next).toMatchObject({ status: 200, operation: 'allocateOrder' })
    expect(await session.requests({ origin: 'timeline', refused: true })).toHaveLength(1)
  })

  it('is told by its journal entry with what it would have done', async () => {
    const { session } = await begin({ ...ORDERED, timeline: [allocate('1h', 4, 1)] })
    await session.advance('1h')
    const [failed] = await session.requests({ origin: 'timeline' })
    const { body } = await request(mock.app).get(`/__mock/requests/${failed?.id}`).expect(200)
    expect(JSON.parse(body.requestBody)).toEqual(quantities(4, 1))
    expect(body.problem).toMatchObject({ code: 'quantities-differ', detail: expect.stringContaining('not the 6 ordered') })
  })
})

describe('what comes next', () => {
  it('is told the next first, of the timeline and of progress, and what waits to be read last', async () => {
    const { session } = await begin({
      orders: [...ORDERED.orders, { line_items: [{ quantity_ordered: 1, cancellation: 'pending' }] }],
      progress: { backorder: { after: '90m' }, cancellation: { reads: 2 } },
      timeline: [
        allocate('1h', 4, 2),
        { at: '2h', exists: { stock: [{ locationNum: '110', sku: 'A', available: 1 }] } },
        allocate('2d', 6),
      ],
    })
    const first = { origin: 'timeline', name: 'allocateOrder', subject: `order_uuid=${ORDER}`, at: '2026-03-01T13:00:00.000Z' }
    const stock = { origin: 'timeline', name: 'exists', subject: '1 of stock', at: '2026-03-01T14:00:00.000Z' }
    const backorder = { origin: 'progress', name: 'backorder', subject: `order ${ORDER}, line ${LINE}`, at: '2026-03-01T14:30:00.000Z' }
    const second = { ...first, at: '2026-03-03T12:00:00.000Z' }
    const read = { origin: 'progress', name: 'cancellation', subject: expect.stringMatching(/^order .*, line /), reads: 2 }
    expect(await session.due()).toEqual({ total: 4, due: [first, stock, second, read] })
    await session.advance('1h')
    expect(await session.due()).toEqual({ total: 4, due: [stock, backorder, second, read] })
    expect(await session.due(2)).toEqual({ total: 4, due: [stock, backorder] })
    await session.advance('7d')
    expect(await session.due()).toEqual({ total: 1, due: [read] })
  })

  it('says what comes without the secrets of a call', async () => {
    const secret = { name: 'api_key', in: 'query', schema: { type: 'string' } }
    const listThings = { operationId: 'listThings', parameters: [secret], responses: { 200: { description: 'All.' } } }
    const document = { openapi: '3.1.0', info: { title: 'Things', version: '1' }, paths: { '/things': { get: listThings } } }
    await using own = await openMock({ apis: [apiOf({ document, behaviours: { listThings: () => reply(200) } })] })
    const timeline = [{ at: '1h', operation: 'listThings', parameters: { api_key: 'Zq7hush' } }]
    const session = await own.createSession({ scenario: { timeline } })
    expect(await session.due()).toMatchObject({ due: [{ name: 'listThings', subject: 'api_key=***' }] })
  })
})
