import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ASSUMPTIONS } from '../support.ts'
import { timestamp } from '../../src/core/clock.ts'
import { beginSession } from '../../src/core/session.ts'
import {
  type Allocation,
  type AllocationDocument,
  auditKey,
  type AuditLog,
  cancel,
  type Item,
  openUnits,
  type StatusCode,
} from '../../src/apis/oms/allocation.ts'
import { DocumentMaker, type EventItem, generate, reallocate } from '../../src/apis/oms/generate.ts'
import { behaviours } from '../../src/apis/oms/operations.ts'
import { kinds } from '../../src/apis/oms/entities.ts'
import type { Behaviour } from '../../src/apis/oms/kinds.ts'
import type { Assumptions } from '../../src/apis/oms/assumptions.ts'
import { createOmsOrder, findOmsOrder, omsOrderAt, progressBy } from '../../src/apis/oms/order.ts'
import type { Change, Kinds, OmsOrder, Outcome, Scene, SentOrder, SentShipment, Stock, World } from '../../src/apis/oms/kinds.ts'
import { allocationPopulation, tenantOf } from '../../src/apis/oms/population.ts'
import { type Account, entityId, findAllocation } from '../../src/apis/oms/query.ts'
import { createShipment, shipmentView, shipUnits } from '../../src/apis/oms/shipment.ts'
import { type Demand, Shelves, stockId, StockLedger } from '../../src/apis/oms/stock.ts'
import { type AllocationUpdate, update } from '../../src/apis/oms/update.ts'
import { Entities } from '../../src/core/world.ts'
import { type Problem } from '../../src/base/http.ts'
import { rowOf } from '../../src/base/problem.ts'
import { liveScene, PROBLEMS, sessionDefaults } from '../support.ts'

const START = Date.parse('2026-03-01T12:00:00.250Z')
const MINUTE = 60_000
const ACCOUNT: Account = { kind: 'account', account: 'abcdefghijklmnopqrstuvwx', stage: 'production', channel: undefined }
const POPULATION = 12
const SESSION = beginSession(
  sessionDefaults({ clock: { kind: 'frozen', at: START }, orders: 0, allocations: POPULATION, assumptions: DEFAULT_ASSUMPTIONS }),
  START,
)
const population = allocationPopulation(SESSION, ACCOUNT)
const LOCATIONS = population.locations.map(({ locationNum }) => locationNum)

/** Whoever writes to what it was given fails at once. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    for (const member of Object.values(Object.freeze(value))) freeze(member)
  return value
}

function stock(locationNum: string, sku: string, available: number): Change {
  const to: Stock = { tenant: tenantOf(ACCOUNT), locationNum, sku, available }
  return { kind: 'stock', id: stockId(to), to }
}

/** What the five locations have of a SKU, in the population's order. */
function stocks(sku: string, ...available: readonly number[]): Change[] {
  return LOCATIONS.map((locationNum, index) => stock(locationNum, sku, available[index] ?? 0))
}

function worldWith(changes: readonly Change[]): Entities<Kinds> {
  const world = new Entities<Kinds>()
  for (const change of changes) world.apply(freeze(change))
  return world
}

function statusOf({ code, status }: Problem): number {
  return status ?? rowOf(code, PROBLEMS).status
}

function refusal(result: { readonly kind: string; readonly problem?: Problem }): Problem {
  if (!result.problem) throw new Error(`a refusal was expected, not ${result.kind}`)
  return result.problem
}

const THREE_AND_TWO: SentOrder['items'] = [
  { lineItemId: 'first', sku: 'sku-a', itemId: 'item-a', orderedQuantity: 3 },
  { lineItemId: 'second', sku: 'sku-b', itemId: 'item-b', orderedQuantity: 2 },
]

/** One account at work: each step takes what the pure functions say, a minute after the one before. */
class Desk {
  readonly world: Entities<Kinds>
  now = START

  constructor(changes: readonly Change[] = []) {
    this.world = worldWith(changes)
  }

  get scene(): Scene {
    return { world: this.world, session: SESSION, now: this.now, real: this.now }
  }

  get stamp(): string {
    return timestamp(this.now, 9)
  }

  get ledger(): StockLedger {
    return new StockLedger(this.world, ACCOUNT, population)
  }

  keep(changes: readonly Change[]): void {
    for (const change of changes) this.world.apply(freeze(change))
    this.now += MINUTE
  }

  order(items: SentOrder['items'] = THREE_AND_TWO, more: Partial<SentOrder> = {}): OmsOrder {
    const number = [...this.world.all('oms-order')].length + 1
    const sent: SentOrder = {
      orderNumber: `order-${number}`,
      channelId: 12,
      statusCode: 'ORDER_CREATED',
      items,
      shipInfo: [{ shipToAddress: { state: 'NY' } }],
      ...more,
    }
    const { order, changes } = createOmsOrder(freeze(sent), ACCOUNT, this.scene)
    this.keep(changes)
    return order
  }

  generate(order: OmsOrder, items?: readonly EventItem[], documents: Assumptions['oms.generate.documents'] = 'per-location') {
    const kept = findOmsOrder(order.orderId, ACCOUNT, this.scene) ?? order
    const maker = new DocumentMaker(ACCOUNT, this.scene)
    const result = generate(kept, items, maker, documents)
    if (result.kind === 'refused') return result
    const changes = maker.changes()
    this.keep(changes)
    return { ...result, allocations: maker.made, changes }
  }

  /** A new order that is allocated: its allocations. */
  allocate(items?: SentOrder['items'], more?: Partial<SentOrder>): readonly Allocation[] {
    const result = this.generate(this.order(items, more))
    if (result.kind === 'refused') throw new Error(result.problem.detail)
    return result.allocations
  }

  one(items?: SentOrder['items'], more?: Partial<SentOrder>): string {
    return first(this.allocate(items, more)).document.allocationId
  }

  of(id: string): Allocation {
    const allocation = findAllocation(id, ACCOUNT, this.scene)
    if (!allocation) throw new Error(`no allocation ${id}`)
    return allocation
  }

  orderOf(id: string): OmsOrder {
    const order = findOmsOrder(first(this.of(id).document.items).orderId, ACCOUNT, this.scene)
    if (!order) throw new Error(`no order of ${id}`)
    return order
  }

  put(to: Allocation): Allocation {
    this.keep([{ kind: 'allocation', id: entityId(ACCOUNT, to.document.allocationId), to }])
    return to
  }

  reallocate(id: string, items?: readonly EventItem[]) {
    const maker = new DocumentMaker(ACCOUNT, this.scene)
    const result = reallocate(this.of(id), items, this.orderOf(id), maker)
    if (result.kind === 'reallocated') this.keep(maker.changes())
    return result
  }

  ship(id: string, sent: Partial<SentShipment> = {}) {
    const ledger = this.ledger
    const result = shipUnits(this.of(id), freeze({ shipmentNum: '1', allocationId: id, ...sent }), this.scene, ledger)
    if (result.kind === 'shipped') {
      this.put(result.allocation)
      for (const change of ledger.changes()) this.world.apply(freeze(change))
    }
    return result
  }

  update(id: string, more: Partial<AllocationUpdate> = {}) {
    const allocation = this.of(id)
    const ledger = this.ledger
    const order = this.orderOf(id)
    const made = order.allocations.map((one) => this.of(one))
    const room = ({ orderLineId }: Item): number => {
      const line = order.lines.find(({ lineItemId }) => lineItemId === orderLineId)
      return line ? progressBy(made)(line).left : 0
    }
    const result = update(allocation, freeze({ ...allocation.document, ...more }), room, this.scene, ledger)
    if (result.kind === 'allocation') {
      this.put(result.allocation)
      for (const change of ledger.changes()) this.world.apply(freeze(change))
    }
    return result
  }

  cancel(id: string): void {
    const allocation = this.of(id)
    const result = cancel(allocation, this.now, auditKey(allocation, SESSION), '404')
    if (result.kind === 'refused') throw new Error(result.problem.detail)
    this.put(result.allocation)
  }
}

function first<T>(list: readonly T[]): T {
  const [one] = list
  if (one === undefined) throw new Error('there is none')
  return one
}

const part = (lineItemId: string, quantity: number) => ({ lineItemId, quantity })
const ship = (lineItemId: string, shippedQuantity: number): Partial<SentShipment> => ({
  cartons: [{ items: [{ lineItemId, shippedQuantity }] }],
})
const scratch = (lineItemId: string, quantity: number, reasonCode?: string): Partial<SentShipment> => ({
  scratchedItems: [{ lineItemId, quantity, ...(reasonCode !== undefined && { reasonCode }) }],
})

/** How an allocation of THREE_AND_TWO comes to each status. */
const WAYS: Readonly<Record<StatusCode, (desk: Desk, id: string) => void>> = {
  ALLOCATED: () => undefined,
  PENDING_DROP: (desk, id) => void desk.update(id, { statusCode: 'PENDING_DROP' }),
  PENDING_PICK: (desk, id) => void desk.update(id, { statusCode: 'PENDING_PICK' }),
  PARTIALLY_SHIPPED: (desk, id) => void desk.ship(id, ship('first', 1)),
  SHIPPED: (desk, id) => void desk.ship(id),
  PARTIALLY_CANCELLED: (desk, id) => void desk.ship(id, scratch('first', 1)),
  CANCELLED: (desk, id) => desk.cancel(id),
  REALLOCATED: (desk, id) => void desk.reallocate(id),
}
const WAITING = ['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'] as const
const SHIPPABLE = [...WAITING, 'PARTIALLY_SHIPPED'] as const
const CLOSED = ['SHIPPED', 'CANCELLED', 'REALLOCATED'] as const

/** A desk whose only allocation has this status. */
function deskAt(status: StatusCode): { desk: Desk; id: string; before: Allocation } {
  const desk = new Desk()
  const id = desk.one()
  WAYS[status](desk, id)
  const before = desk.of(id)
  if (before.document.statusCode !== status) throw new Error(`the way to ${status} led to ${before.document.statusCode}`)
  return { desk, id, before }
}

function added(before: Allocation, after: Allocation): readonly AuditLog[] {
  const { length } = before.document.auditLogs
  expect(after.document.auditLogs.slice(0, length)).toEqual(before.document.auditLogs)
  return after.document.auditLogs.slice(length)
}

const anyId: unknown = expect.stringMatching(/^[0-9a-f]{24}$/)

describe('generate (B2)', () => {
  it('order and line known, not already allocated: ALLOCATED; type ALLOCATED, version 1, parentAllocationId = allocationId, allocationDate = updatedAt = now, auditLogs [CREATE], items ALLOCATED', () => {
    const desk = new Desk()
    const order = desk.order()
    const now = desk.stamp
    const result = desk.generate(order)
    expect(result).toMatchObject({ kind: 'generated', isShort: false })
    const { document } = desk.of(first(result.kind === 'generated' ? result.allocations : []).document.allocationId)
    expect(document).toMatchObject({
      statusCode: 'ALLOCATED',
      type: 'ALLOCATED',
      version: 1,
      parentAllocationId: document.allocationId,
      allocationDate: now,
      updatedAt: now,
      items: [
        { orderLineId: 'first', allocationLineNumber: 1, quantity: 3, itemStatus: 'ALLOCATED', shippedQuantity: 0, scratchQuantity: 0 },
        { orderLineId: 'second', allocationLineNumber: 2, quantity: 2, itemStatus: 'ALLOCATED', shippedQuantity: 0, scratchQuantity: 0 },
      ],
    })
    expect(document.auditLogs).toEqual([{ auditId: anyId, auditType: 'CREATE', auditTimestamp: now, success: true, updatedFields: [] }])
  })

  it.each<[string, readonly EventItem[] | undefined, string, number]>([
    ['the whole order again', undefined, 'oms-order-covered', 404],
    ['an allocated line again', [{ lineItemId: 'first' }], 'oms-order-covered', 404],
    ['more of a line than is left', [part('second', 3)], 'oms-order-covered', 404],
    ['one unit too many of a line, in two items', [part('second', 2), { allocationLineNumber: 2, quantity: 1 }], 'oms-order-covered', 404],
    ['an unknown line', [{ lineItemId: 'third' }], 'oms-order-unknown', 404],
    ['an unknown number of a line', [{ allocationLineNumber: 3 }], 'oms-order-unknown', 404],
    ['the number of a line under the name of an unknown one', [{ lineItemId: 'third', allocationLineNumber: 2 }], 'oms-order-unknown', 404],
  ])('otherwise: %s is refused', (_, items, code, status) => {
    const desk = new Desk()
    const order = desk.order()
    expect(desk.generate(order, [{ lineItemId: 'first' }]).kind).toBe('generated')
    if (items === undefined) expect(desk.generate(order).kind).toBe('generated')
    const problem = refusal(desk.generate(order, items))
    expect([problem.code, statusOf(problem)]).toEqual([code, status])
  })

  it.each<[string, readonly EventItem[] | undefined, Record<string, number>]>([
    ['all, without items', undefined, { first: 3, second: 2 }],
    ['all, with an empty list of items', [], { first: 3, second: 2 }],
    ['a line by its id', [{ lineItemId: 'second' }], { second: 2 }],
    ['a line by its number', [{ allocationLineNumber: 2 }], { second: 2 }],
    ['some units of a line', [part('first', 2)], { first: 2 }],
    ['a line that is named twice', [part('first', 1), { allocationLineNumber: 1, quantity: 1 }], { first: 2 }],
    ['the rest of a line that is named twice', [part('first', 1), { lineItemId: 'first' }], { first: 3 }],
  ])('allocates %s', (_, items, expected) => {
    const desk = new Desk()
    const result = desk.generate(desk.order(), items)
    if (result.kind === 'refused') throw new Error(result.problem.detail)
    expect(result.isShort).toBe(false)
    const [{ document }, ...more] = [first(result.allocations), ...result.allocations.slice(1)]
    expect(more).toEqual([])
    expect(Object.fromEntries(document.items.map(({ orderLineId, quantity }) => [orderLineId, quantity]))).toEqual(expected)
  })

  it('allocates what is left of the order, and leaves out lines of which nothing is', () => {
    const desk = new Desk()
    const order = desk.order()
    desk.generate(order, [{ lineItemId: 'first' }, part('second', 1)])
    const result = desk.generate(order)
    expect(result).toMatchObject({ isShort: false, allocations: [{ document: { items: [{ orderLineId: 'second', quantity: 1 }] } }] })
  })

  it.each(['cancelled', 'scratched'])('allocates again what was %s', (what) => {
    const desk = new Desk()
    const id = desk.one()
    if (what === 'cancelled') desk.cancel(id)
    else
      desk.ship(id, {
        scratchedItems: [part('first', 3), part('second', 2)],
      })
    const result = desk.generate(desk.orderOf(id))
    expect(result).toMatchObject({ isShort: false, allocations: [{ document: { items: [{ quantity: 3 }, { quantity: 2 }] } }] })
    expect(desk.orderOf(id).allocations).toHaveLength(2)
  })

  it('tells the order: a new version with the ids', () => {
    const desk = new Desk()
    const order = desk.order()
    const now = desk.stamp
    const result = desk.generate(order)
    const ids = result.kind === 'generated' ? result.allocations.map(({ document }) => document.allocationId) : []
    expect(findOmsOrder(order.orderId, ACCOUNT, desk.scene)).toEqual({ ...order, version: 2, updatedAt: now, allocations: ids })
  })

  it('gives each document ids that nobody has', () => {
    const desk = new Desk()
    const made = [...desk.allocate(), ...desk.allocate(), ...desk.allocate()].map(({ document }) => document)
    for (const name of ['allocationId', 'allocationRequestId', 'allocationNum', 'poNumber'] as const) {
      const values = [...made, ...populated()].map((document) => document[name])
      expect(new Set(values).size).toBe(POPULATION + 3)
    }
  })

  it('writes into the document what the order says', () => {
    const desk = new Desk()
    const [{ document }] = [
      first(
        desk.allocate(
          [{ sku: 'sku-a', orderedQuantity: 1, title: 'Mug', itemUnitPrice: 9.5, uom: 'PK', vendorId: '71', shipToId: 'there' }],
          {
            channelId: 13,
            type: 'POS',
            subType: 'Android',
            shipInfo: [
              { shipToId: 'elsewhere', shipMethod: 'Slow' },
              {
                shipToId: 'there',
                shipMethod: 'Fast',
                shipToType: 'SHIP_TO_STORE',
                shipToAddress: { city: 'Boston' },
                estimatedShipDate: '2026-03-02T00:00:00Z',
                estimatedDeliveryDate: '2026-03-09T00:00:00Z',
              },
            ],
          },
        ),
      ),
    ]
    expect(document).toMatchObject({
      itemsType: 'POS',
      orderSubType: 'Android',
      vendorId: '71',
      shipToId: 'there',
      shipMethod: 'Fast',
      shipType: 'SHIP_TO_STORE',
      shipToAddress: { city: 'Boston' },
      shipDate: '2026-03-02T00:00:00Z',
      items: [
        {
          allocationLineNumber: 1,
          sku: 'sku-a',
          itemId: 'sku-a',
          title: 'Mug',
          price: 9.5,
          uom: 'PK',
          vendorId: '71',
          channelId: '13',
          orderDate: timestamp(START, 9),
          estimatedDeliveryDate: '2026-03-09T00:00:00Z',
        },
      ],
    })
  })
})

describe('where generating takes the units from', () => {
  const LINES: SentOrder['items'] = [
    { lineItemId: 'first', sku: 'scarce', orderedQuantity: 3 },
    { lineItemId: 'second', sku: 'rare', orderedQuantity: 2 },
  ]
  /** Location and units of each line, document by document. */
  const spread = (allocations: readonly Allocation[]): unknown =>
    allocations.map(({ document }) => [
      document.locationNum,
      Object.fromEntries(document.items.map(({ orderLineId, quantity }) => [orderLineId, quantity])),
    ])
  /** The first of LOCATIONS comes before all; then the others as they lie. */
  const near = { shipInfo: [{ locationNum: LOCATIONS[0] ?? '', shipToAddress: { state: 'NY' } }] }
  const others = LOCATIONS.slice(1).toSorted((a, b) => population.distance(a, 'NY') - population.distance(b, 'NY'))
  const [home = ''] = LOCATIONS
  const [next = '', after = ''] = others
  const put = (sku: string, amounts: Readonly<Record<string, number>>): Change[] =>
    stocks(sku, ...LOCATIONS.map((locationNum) => amounts[locationNum] ?? 0))

  it.each<[string, readonly Change[], boolean, unknown]>([
    [
      'the nearest location that has all',
      [...put('scarce', { [home]: 2, [next]: 3, [after]: 9 }), ...put('rare', { [home]: 9, [next]: 2, [after]: 9 })],
      false,
      [[next, { first: 3, second: 2 }]],
    ],
    [
      'where none has all, line by line the nearest that have some, a document for each location',
      [...put('scarce', { [home]: 2, [next]: 9 }), ...put('rare', { [home]: 9 })],
      false,
      [
        [home, { first: 2, second: 2 }],
        [next, { first: 1 }],
      ],
    ],
    [
      'where there is not enough, what there is',
      [...put('scarce', { [next]: 1, [after]: 1 }), ...put('rare', { [after]: 1 })],
      true,
      [
        [next, { first: 1 }],
        [after, { first: 1, second: 1 }],
      ],
    ],
    ['where one line is nowhere, the other', [...put('scarce', {}), ...put('rare', { [after]: 5 })], true, [[after, { second: 2 }]]],
    ['where nothing is anywhere, nothing', [...put('scarce', {}), ...put('rare', {})], true, []],
  ])('%s', (_, changes, isShort, expected) => {
    const desk = new Desk(changes)
    const order = desk.order(LINES, near)
    const result = desk.generate(order)
    if (result.kind === 'refused') throw new Error(result.problem.detail)
    expect(result.isShort).toBe(isShort)
    expect(spread(result.allocations)).toEqual(expected)
    if (result.allocations.length === 0) expect(result.changes).toEqual([])
  })

  it('two lines of one SKU share what there is', () => {
    const desk = new Desk(put('scarce', { [home]: 4, [next]: 4 }))
    const result = desk.generate(
      desk.order(
        [
          { lineItemId: 'first', sku: 'scarce', orderedQuantity: 3 },
          { lineItemId: 'second', sku: 'scarce', orderedQuantity: 3 },
        ],
        near,
      ),
    )
    expect(result.kind === 'generated' && spread(result.allocations)).toEqual([
      [home, { first: 3, second: 1 }],
      [next, { second: 2 }],
    ])
  })

  it('with a document for each line, each line is assigned by itself', () => {
    const desk = new Desk([...put('scarce', { [home]: 1, [next]: 9 }), ...put('rare', { [home]: 2 })])
    const result = desk.generate(desk.order(LINES, near), undefined, 'per-line')
    expect(result.kind === 'generated' && spread(result.allocations)).toEqual([
      [next, { first: 3 }],
      [home, { second: 2 }],
    ])
    const ample = new Desk()
    const both = ample.generate(ample.order(undefined, near), undefined, 'per-line')
    expect(both.kind === 'generated' && spread(both.allocations)).toEqual([
      [home, { first: 3 }],
      [home, { second: 2 }],
    ])
  })

  it('the nearest hangs on where it goes, and is the same each time', () => {
    const chosen = (state: string): string => {
      const desk = new Desk()
      return first(desk.allocate(undefined, { shipInfo: [{ shipToAddress: { state } }] })).document.locationNum
    }
    const states = ['NY', 'CA', 'TX', 'FL', 'WA', 'MA', 'IL', 'OH', 'GA', 'CO']
    expect(states.map(chosen)).toEqual(
      states.map((state) => LOCATIONS.toSorted((a, b) => population.distance(a, state) - population.distance(b, state))[0]),
    )
    expect(new Set(states.map(chosen)).size).toBeGreaterThan(1)
  })

  it('reserves exactly what the documents say', () => {
    const desk = new Desk([...put('scarce', { [home]: 2, [next]: 9 }), ...put('rare', { [home]: 9 })])
    desk.generate(desk.order(LINES, near))
    const left = (sku: string): number[] => [home, next, after].map((locationNum) => desk.ledger.available(locationNum, sku))
    expect([left('scarce'), left('rare')]).toEqual([
      [0, 8, 0],
      [7, 0, 0],
    ])
  })
})

describe('queued for PPS, sent to PPS', () => {
  it('queued for PPS: ALLOCATED to PENDING_DROP, version+1', () => {
    const { desk, id, before } = deskAt('ALLOCATED')
    expect(desk.update(id, { statusCode: 'PENDING_DROP' }).kind).toBe('allocation')
    const { document } = desk.of(id)
    expect(document).toMatchObject({ statusCode: 'PENDING_DROP', version: before.document.version + 1 })
    expect(document).not.toHaveProperty('sentToPPSDate')
  })

  it('sent to PPS: PENDING_DROP to PENDING_PICK, sentToPPSDate = now, version+1', () => {
    const { desk, id, before } = deskAt('PENDING_DROP')
    const now = desk.stamp
    desk.update(id, { statusCode: 'PENDING_PICK' })
    expect(desk.of(id).document).toMatchObject({ statusCode: 'PENDING_PICK', sentToPPSDate: now, version: before.document.version + 1 })
  })

  it('is sent once: a later update leaves sentToPPSDate', () => {
    const { desk, id, before } = deskAt('PENDING_PICK')
    desk.update(id, { poNumber: '7', sentToPPSDate: '2020-01-01T00:00:00Z' })
    expect(desk.of(id).document).toMatchObject({ poNumber: '7', sentToPPSDate: before.document.sentToPPSDate })
  })
})

describe('shipping', () => {
  it.each(SHIPPABLE)('ship all open units, qty <= open: %s to SHIPPED; items.shippedQuantity, audit SHIP', (status) => {
    const { desk, id, before } = deskAt(status)
    const now = desk.stamp
    expect(desk.ship(id).kind).toBe('shipped')
    const after = desk.of(id)
    expect(after.document).toMatchObject({
      statusCode: 'SHIPPED',
      type: 'ALLOCATED',
      version: before.document.version + 1,
      updatedAt: now,
      shipDate: now,
      items: [
        { shippedQuantity: 3, scratchQuantity: 0, itemStatus: 'ALLOCATED' },
        { shippedQuantity: 2, scratchQuantity: 0, itemStatus: 'ALLOCATED' },
      ],
    })
    const entry = { auditId: anyId, auditType: 'SHIP', auditTimestamp: now, success: true }
    expect(added(before, after)).toEqual([
      { ...entry, updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: status }] },
      { ...entry, lineItemId: '1', lineItemNumber: 1, sku: 'sku-a', quantity: openUnits(before, 0), updatedFields: [] },
      { ...entry, lineItemId: '2', lineItemNumber: 2, sku: 'sku-b', quantity: openUnits(before, 1), updatedFields: [] },
    ])
  })

  it.each(SHIPPABLE)('ship some units, qty < open: %s to PARTIALLY_SHIPPED', (status) => {
    const { desk, id, before } = deskAt(status)
    desk.ship(id, ship('second', 1))
    const after = desk.of(id)
    expect(after.document).toMatchObject({
      statusCode: 'PARTIALLY_SHIPPED',
      version: before.document.version + 1,
      items: [{ shippedQuantity: before.document.items[0]?.shippedQuantity }, { shippedQuantity: 1 }],
    })
    const [head, line, ...more] = added(before, after)
    expect([head?.updatedFields.length, line?.quantity, line?.lineItemId, more.length]).toEqual([
      status === 'PARTIALLY_SHIPPED' ? 0 : 1,
      1,
      '2',
      0,
    ])
  })

  it('ship part by part: the last one makes it SHIPPED', () => {
    const { desk, id } = deskAt('ALLOCATED')
    for (const [line, units, status] of [
      ['first', 2, 'PARTIALLY_SHIPPED'],
      ['second', 2, 'PARTIALLY_SHIPPED'],
      ['first', 1, 'SHIPPED'],
    ] as const) {
      desk.ship(id, ship(line, units))
      expect(desk.of(id).document.statusCode).toBe(status)
    }
  })

  it.each<[string, StatusCode, Partial<SentShipment>]>([
    ['qty > open', 'ALLOCATED', ship('first', 4)],
    ['qty > open, over two cartons', 'ALLOCATED', { cartons: [...(ship('first', 2).cartons ?? []), ...(ship('first', 2).cartons ?? [])] }],
    ['qty > open, shipped and scratched together', 'ALLOCATED', { ...ship('first', 2), ...scratch('first', 2) }],
    ['qty > open, after a part', 'PARTIALLY_SHIPPED', ship('first', 3)],
    ['a line that is not there', 'ALLOCATED', ship('third', 1)],
    ['a SKU that is not there', 'ALLOCATED', { cartons: [{ items: [{ sku: 'sku-c', shippedQuantity: 1 }] }] }],
    ['an item that is not there', 'ALLOCATED', { scratchedItems: [{ itemId: 'item-c', quantity: 1 }] }],
    [
      'an unknown line with a known SKU',
      'ALLOCATED',
      { cartons: [{ items: [{ lineItemId: 'third', sku: 'sku-a', shippedQuantity: 1 }] }] },
    ],
    ...CLOSED.map((status): [string, StatusCode, object] => [`what is ${status}`, status, {}]),
    ['scratching: line shipped', 'PARTIALLY_SHIPPED', scratch('first', 1)],
    ['type RETURN', 'SHIPPED', { type: 'RETURN' }],
    ['type RESHIP', 'ALLOCATED', { type: 'RESHIP' }],
    ['type SCRATCH without items', 'ALLOCATED', { type: 'SCRATCH' }],
    ['type SCRATCH with an empty list', 'ALLOCATED', { type: 'SCRATCH', scratchedItems: [] }],
    ['type SCRATCH with cartons', 'ALLOCATED', { type: 'SCRATCH', ...ship('first', 1), ...scratch('second', 1) }],
  ])('is refused: %s', (_, status, sent) => {
    const { desk, id, before } = deskAt(status)
    const problem = refusal(desk.ship(id, sent))
    expect([problem.code, statusOf(problem)]).toEqual(['shipment-impossible', 400])
    expect(desk.of(id)).toBe(before)
  })

  it.each<[string, object]>([
    ['its id in the order', { lineItemId: 'second' }],
    ['its number', { lineItemId: '2' }],
    ['its SKU', { sku: 'sku-b' }],
    ['its item', { itemId: 'item-b' }],
    ['its id, before a SKU', { lineItemId: 'second', sku: 'sku-a', itemId: 'item-a' }],
    ['its SKU, before an item', { sku: 'sku-b', itemId: 'item-a' }],
  ])('names a line by %s', (_, name) => {
    for (const sent of [{ cartons: [{ items: [{ ...name, shippedQuantity: 1 }] }] }, { scratchedItems: [{ ...name, quantity: 1 }] }]) {
      const { desk, id } = deskAt('ALLOCATED')
      desk.ship(id, sent)
      expect(desk.of(id).document.items.map((_item, index) => openUnits(desk.of(id), index))).toEqual([3, 1])
    }
  })

  it('keeps the date it is given', () => {
    const { desk, id } = deskAt('ALLOCATED')
    desk.ship(id, { shipDate: '2026-04-01T00:00:00Z' })
    expect(desk.of(id).document.shipDate).toBe('2026-04-01T00:00:00Z')
  })

  it('leaves the stock: the units were taken when they were reserved', () => {
    const { desk, id, before } = deskAt('ALLOCATED')
    const there = (): number => desk.ledger.available(before.document.locationNum, 'sku-a')
    const reserved = there()
    desk.ship(id, ship('first', 2))
    expect(there()).toBe(reserved)
  })
})

describe('scratch units in a shipment, line not shipped', () => {
  const ALL = {
    scratchedItems: [{ lineItemId: 'first', quantity: 3, reasonCode: 'Broken' }, part('second', 2)],
  }

  it.each(WAITING)('%s, all units: type SCRATCHED, statusCode CANCELLED; scratchQuantity, scratchedReasonCode', (status) => {
    const { desk, id, before } = deskAt(status)
    desk.ship(id, ALL)
    const after = desk.of(id)
    expect(after.document).toMatchObject({
      type: 'SCRATCHED',
      statusCode: 'CANCELLED',
      version: before.document.version + 1,
      shipDate: null,
      items: [
        { shippedQuantity: 0, scratchQuantity: 3, scratchedReasonCode: 'Broken', itemStatus: 'CANCELLED' },
        { shippedQuantity: 0, scratchQuantity: 2, scratchedReasonCode: 'Scratched during shipment', itemStatus: 'CANCELLED' },
      ],
    })
    const [head, ...lines] = added(before, after)
    expect(head).toMatchObject({
      auditType: 'SHIP',
      updatedFields: [
        { fieldName: 'statusCode', fieldOriginalValue: status },
        { fieldName: 'type', fieldOriginalValue: 'ALLOCATED' },
      ],
    })
    expect(lines.map(({ quantity, reasonCode }) => [quantity, reasonCode])).toEqual([
      [3, 'Broken'],
      [2, undefined],
    ])
  })

  type ScratchRow = [StatusCode, string, Partial<SentShipment>, object]
  it.each<ScratchRow>([
    ...WAITING.map((status): ScratchRow => [status, 'a unit', scratch('first', 1), { scratchQuantity: 1, itemStatus: 'ALLOCATED' }]),
    ...WAITING.map((status): ScratchRow => [status, 'a line', scratch('first', 3), { scratchQuantity: 3, itemStatus: 'CANCELLED' }]),
    ['PARTIALLY_SHIPPED', 'the other line', scratch('second', 2), { scratchQuantity: 0, shippedQuantity: 1 }],
    ['PARTIALLY_SHIPPED', 'the other line, and the rest ships', { ...ship('first', 2), ...scratch('second', 2) }, { shippedQuantity: 3 }],
    ['ALLOCATED', 'a line, and the other ships', { ...ship('second', 2), ...scratch('first', 3) }, { scratchQuantity: 3 }],
  ])('%s, some of them, %s: statusCode PARTIALLY_CANCELLED', (status, _, sent, item) => {
    const { desk, id } = deskAt(status)
    desk.ship(id, sent)
    const { document } = desk.of(id)
    expect(document).toMatchObject({ type: 'ALLOCATED', statusCode: 'PARTIALLY_CANCELLED' })
    expect(document.items[0]).toMatchObject(item)
  })

  it('what is left after it can ship, be scratched or be cancelled', () => {
    for (const [sent, statusCode] of [
      [{}, 'PARTIALLY_CANCELLED'],
      [
        {
          scratchedItems: [part('first', 2), part('second', 2)],
        },
        'CANCELLED',
      ],
      [undefined, 'PARTIALLY_CANCELLED'],
    ] as const) {
      const { desk, id } = deskAt('PARTIALLY_CANCELLED')
      if (sent) expect(desk.ship(id, sent).kind).toBe('shipped')
      else desk.cancel(id)
      const after = desk.of(id)
      expect(after.document.statusCode).toBe(statusCode)
      expect(after.document.items.map((_item, index) => openUnits(after, index))).toEqual([0, 0])
      expect(refusal(desk.ship(id)).code).toBe('shipment-impossible')
    }
  })

  it('gives the units back to the stock, unlike what ships', () => {
    const { desk, id, before } = deskAt('ALLOCATED')
    const there = (sku: string): number => desk.ledger.available(before.document.locationNum, sku)
    const reserved = [there('sku-a'), there('sku-b')]
    desk.ship(id, { ...ship('second', 2), ...scratch('first', 2) })
    expect([there('sku-a'), there('sku-b')]).toEqual([Number(reserved[0]) + 2, reserved[1]])
  })
})

describe('a shipment', () => {
  it.each<[string, Partial<SentShipment>, object]>([
    ['is STANDARD and SHIPMENT_CREATED', {}, { type: 'STANDARD', statusCode: 'SHIPMENT_CREATED' }],
    ['of type PICKUP is PICKUP_CREATED', { type: 'PICKUP' }, { type: 'PICKUP', statusCode: 'PICKUP_CREATED' }],
    ['of type SCRATCH is SHIPMENT_CREATED', { type: 'SCRATCH' }, { type: 'SCRATCH', statusCode: 'SHIPMENT_CREATED' }],
    [
      'keeps the status it is given',
      { type: 'PICKUP', statusCode: 'PICKUP_COMPLETED' },
      { type: 'PICKUP', statusCode: 'PICKUP_COMPLETED' },
    ],
  ])('%s', (_, more, expected) => {
    const { desk, id, before } = deskAt('ALLOCATED')
    const sent = { shipmentNum: 'n', allocationId: id, ...more }
    const { shipment } = createShipment(sent, before, ACCOUNT, desk.scene)
    expect(shipmentView(shipment)).toEqual({
      ...sent,
      ...expected,
      shipmentId: anyId,
      orderId: first(before.document.items).orderId,
      version: 1,
      createdAt: desk.stamp,
      updatedAt: desk.stamp,
    })
  })

  it('has an id of its own', () => {
    const { desk, id, before } = deskAt('ALLOCATED')
    const ids = Array.from({ length: 3 }, () => {
      const { shipment, changes } = createShipment({ shipmentNum: 'n', allocationId: id }, before, ACCOUNT, desk.scene)
      desk.keep(changes)
      return shipment.shipmentId
    })
    expect(new Set(ids).size).toBe(3)
  })
})

describe('reallocate (B6)', () => {
  it.each(WAITING)('from %s: old REALLOCATED, new document ALLOCATED', (status) => {
    const { desk, id, before } = deskAt(status)
    const result = desk.reallocate(id)
    expect(result).toMatchObject({ kind: 'reallocated', allocations: [{ document: { statusCode: 'ALLOCATED' } }] })
    expect(desk.of(id).document.statusCode).toBe('REALLOCATED')
    expect(desk.of(id).document.items).toEqual(before.document.items)
  })

  it.each([...CLOSED, 'PARTIALLY_SHIPPED', 'PARTIALLY_CANCELLED'] as const)('not from %s', (status) => {
    const { desk, id, before } = deskAt(status)
    const problem = refusal(desk.reallocate(id))
    expect([problem.code, statusOf(problem), desk.of(id)]).toEqual(['allocation-fixed', 400, before])
  })

  it('goes on to the nearest location that was not tried, until none is left', () => {
    const desk = new Desk()
    const nearest = LOCATIONS.toSorted((a, b) => population.distance(a, 'NY') - population.distance(b, 'NY'))
    let { document } = first(desk.allocate())
    const seen = [document.locationNum]
    for (let turn = 1; turn < nearest.length; turn++) {
      const result = desk.reallocate(document.allocationId)
      if (result.kind === 'refused') throw new Error(result.problem.detail)
      ;({ document } = first(result.allocations))
      seen.push(document.locationNum)
    }
    expect(seen).toEqual(nearest)
    const problem = refusal(desk.reallocate(document.allocationId))
    expect([problem.code, statusOf(problem)]).toEqual(['location-none', 400])
    expect(desk.of(document.allocationId).document).toBe(document)
  })

  it('does not go back to where an update took it from', () => {
    const desk = new Desk()
    const { document } = first(desk.allocate())
    const others = LOCATIONS.filter((one) => one !== document.locationNum)
    desk.update(document.allocationId, { locationNum: others[0] ?? '' })
    const result = desk.reallocate(document.allocationId)
    const { locationNum } = first(result.kind === 'reallocated' ? result.allocations : []).document
    expect(others.slice(1)).toContain(locationNum)
  })

  it.each<[string, readonly EventItem[], object[], object[]]>([
    [
      'a unit',
      [part('first', 1)],
      [
        { orderLineId: 'first', quantity: 2 },
        { orderLineId: 'second', quantity: 2 },
      ],
      [{ orderLineId: 'first', quantity: 1 }],
    ],
    [
      'a line, by its number',
      [{ allocationLineNumber: 1 }],
      [{ orderLineId: 'second', quantity: 2 }],
      [{ orderLineId: 'first', quantity: 3 }],
    ],
    ['units of both', [part('first', 2), part('second', 1)], [{ quantity: 1 }, { quantity: 1 }], [{ quantity: 2 }, { quantity: 1 }]],
    ['a line named twice', [part('first', 1), part('first', 1)], [{ quantity: 1 }, { quantity: 2 }], [{ quantity: 2 }]],
  ])('a part, %s: the old document keeps its status with lower quantities', (_, items, left, moved) => {
    const { desk, id, before } = deskAt('PENDING_PICK')
    const now = desk.stamp
    const result = desk.reallocate(id, items)
    if (result.kind === 'refused') throw new Error(result.problem.detail)
    const after = desk.of(id)
    expect(after.document).toMatchObject({ statusCode: 'PENDING_PICK', version: before.document.version + 1, updatedAt: now })
    expect(after.document.items).toMatchObject(left)
    expect(after.document.items).toHaveLength(left.length)
    expect(after.cancelled).toHaveLength(left.length)
    expect(added(before, after)[0]).toMatchObject({ auditType: 'UPDATE', auditTimestamp: now })
    const { document } = first(result.allocations)
    expect(document.items).toMatchObject(moved)
    expect(document.items).toHaveLength(moved.length)
  })

  it('a part that is all there is: the old document becomes REALLOCATED', () => {
    const { desk, id } = deskAt('ALLOCATED')
    desk.reallocate(id, [part('first', 3), { lineItemId: 'second' }])
    expect(desk.of(id).document.statusCode).toBe('REALLOCATED')
  })

  it.each<[string, readonly EventItem[]]>([
    ['a line that is not there', [{ lineItemId: 'third' }]],
    ['a number that is not there', [{ allocationLineNumber: 3 }]],
    ['more than is open', [part('first', 4)]],
    ['more than is open, in two items', [part('first', 2), { allocationLineNumber: 1, quantity: 2 }]],
  ])('a part is refused: %s', (_, items) => {
    const { desk, id, before } = deskAt('ALLOCATED')
    const problem = refusal(desk.reallocate(id, items))
    expect([problem.code, statusOf(problem), desk.of(id)]).toEqual(['allocation-fixed', 400, before])
  })

  it('takes several locations where none has all; what is short anywhere is refused', () => {
    const [home = '', second = '', third = ''] = LOCATIONS
    const info = { shipInfo: [{ locationNum: home }] }
    const line: SentOrder['items'] = [{ lineItemId: 'first', sku: 'scarce', orderedQuantity: 5 }]
    const split = new Desk([...stocks('scarce', 5, 3, 2)])
    const id = split.one(line, info)
    const result = split.reallocate(id)
    const made = result.kind === 'reallocated' ? result.allocations : []
    expect(new Map(made.map(({ document }) => [document.locationNum, document.items[0]?.quantity]))).toEqual(
      new Map([
        [second, 3],
        [third, 2],
      ]),
    )
    expect(made.map(({ document }) => document.parentAllocationId)).toEqual([id, id])
    expect(split.orderOf(id).allocations).toEqual([id, ...made.map(({ document }) => document.allocationId)])
    expect(LOCATIONS.map((one) => split.ledger.available(one, 'scarce'))).toEqual([5, 0, 0, 0, 0])

    const short = new Desk([...stocks('scarce', 5, 3, 1)])
    expect(refusal(short.reallocate(short.one(line, info))).code).toBe('location-none')
  })

  it('a location that is no number is not told as the previous one', () => {
    const desk = new Desk([...stocks('scarce', 0, 9), stock('1234B', 'scarce', 9)])
    const { document } = first(desk.allocate([{ sku: 'scarce', orderedQuantity: 1 }], { shipInfo: [{ locationNum: '1234B' }] }))
    expect(document.locationNum).toBe('1234B')
    const result = desk.reallocate(document.allocationId)
    expect(first(result.kind === 'reallocated' ? result.allocations : []).document).not.toHaveProperty('previousAllocationLocationNum')
  })
})

describe('what cancel and reallocate do to a document', () => {
  /** A document with another document before it, handed on to PPS: each member holds something of its own. */
  function moved() {
    const desk = new Desk()
    const original = first(desk.allocate())
    const again = desk.reallocate(original.document.allocationId)
    const id = first(again.kind === 'reallocated' ? again.allocations : []).document.allocationId
    const items = desk.of(id).document.items.map((item) => ({ ...item, itemStatus: 'PARTIALLY_ALLOCATED' as const }))
    desk.update(id, { statusCode: 'PENDING_PICK', allocationNum: 'own', items })
    return { desk, id, before: desk.of(id).document, now: desk.stamp }
  }
  const columns = {
    cancel: () => {
      const { desk, id, before, now } = moved()
      desk.cancel(id)
      return { before, now, after: desk.of(id).document }
    },
    'reallocate, old document': () => {
      const { desk, id, before, now } = moved()
      desk.reallocate(id)
      return { before, now, after: desk.of(id).document }
    },
    'reallocate, new document': () => {
      const { desk, id, before, now } = moved()
      const result = desk.reallocate(id)
      const made = first(result.kind === 'reallocated' ? result.allocations : [])
      return { before, now, after: desk.of(made.document.allocationId).document }
    },
  }
  type Column = keyof typeof columns
  /** What is met, and what is to be met. */
  type Check = (of: { readonly before: AllocationDocument; readonly after: AllocationDocument; readonly now: string }) => [unknown, unknown]
  const is =
    (name: keyof AllocationDocument, value: unknown): Check =>
    ({ after }) => [after[name], value]
  const unchanged =
    (name: keyof AllocationDocument): Check =>
    ({ before, after }) => [after[name], before[name] ?? 'something']
  const isNew =
    (name: 'allocationRequestId' | 'allocationNum'): Check =>
    ({ before, after }) => [
      [/^\w{10,24}$/.test(after[name]), before.allocationId === after[name], before[name] === after[name]],
      [true, false, false],
    ]
  const itemsAre =
    (itemStatus: string): Check =>
    ({ after }) => [after.items.map((item) => item.itemStatus), [itemStatus, itemStatus]]
  const reallocated = (item: Item): unknown => [item.parentAllocationLineNumber, item.reallocationRequestId, item.reallocationReasonCode]
  const plusOne: Check = ({ before, after }) => [after.version, before.version + 1]
  const isNow: Check = ({ after, now }) => [after.updatedAt, now]

  it.each<[string, Column, string, Check]>([
    ['statusCode', 'cancel', 'CANCELLED', is('statusCode', 'CANCELLED')],
    ['statusCode', 'reallocate, old document', 'REALLOCATED', is('statusCode', 'REALLOCATED')],
    ['statusCode', 'reallocate, new document', 'ALLOCATED', is('statusCode', 'ALLOCATED')],
    ['type', 'cancel', 'unchanged', unchanged('type')],
    ['type', 'reallocate, old document', 'unchanged', unchanged('type')],
    ['type', 'reallocate, new document', 'ALLOCATED', is('type', 'ALLOCATED')],
    ['items[].itemStatus', 'cancel', 'CANCELLED for lines with no shipped unit', itemsAre('CANCELLED')],
    ['items[].itemStatus', 'reallocate, old document', 'unchanged', unchanged('items')],
    ['items[].itemStatus', 'reallocate, new document', 'ALLOCATED', itemsAre('ALLOCATED')],
    ['version', 'cancel', '+1', plusOne],
    ['version', 'reallocate, old document', '+1', plusOne],
    ['version', 'reallocate, new document', '1', is('version', 1)],
    ['updatedAt', 'cancel', 'now', isNow],
    ['updatedAt', 'reallocate, old document', 'now', isNow],
    ['updatedAt', 'reallocate, new document', 'now', isNow],
    [
      'auditLogs',
      'cancel',
      'append {auditId new, auditType CANCEL, auditTimestamp now, success true, updatedFields [{statusCode, old value}]} plus one per cancelled line with lineItemId, sku, quantity',
      ({ before, after, now }) => {
        const entry = { auditId: anyId, auditType: 'CANCEL', auditTimestamp: now, success: true }
        const line = (lineItemId: string, sku: string, quantity: number): unknown =>
          expect.objectContaining({ ...entry, lineItemId, sku, quantity })
        const head = { ...entry, updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: 'PENDING_PICK' }] }
        return [after.auditLogs, [...before.auditLogs, head, line('1', 'sku-a', 3), line('2', 'sku-b', 2)]]
      },
    ],
    [
      'auditLogs',
      'reallocate, old document',
      'append UPDATE with updatedFields statusCode',
      ({ before, after, now }) => {
        const updatedFields = [{ fieldName: 'statusCode', fieldOriginalValue: 'PENDING_PICK' }]
        const entry = { auditId: anyId, auditType: 'UPDATE', auditTimestamp: now, success: true, updatedFields }
        return [after.auditLogs, [...before.auditLogs, entry]]
      },
    ],
    [
      'auditLogs',
      'reallocate, new document',
      '[CREATE]',
      ({ after, now }) => [
        after.auditLogs,
        [{ auditId: anyId, auditType: 'CREATE', auditTimestamp: now, success: true, updatedFields: [] }],
      ],
    ],
    ['locationNum', 'cancel', 'unchanged', unchanged('locationNum')],
    ['locationNum', 'reallocate, old document', 'unchanged', unchanged('locationNum')],
    [
      'locationNum',
      'reallocate, new document',
      'next eligible location',
      ({ before, after }) => {
        const left = LOCATIONS.filter((one) => one !== before.locationNum && Number(one) !== before.previousAllocationLocationNum)
        return [after.locationNum, left.toSorted((x, y) => population.distance(x, 'NY') - population.distance(y, 'NY'))[0]]
      },
    ],
    ['previousAllocationLocationNum', 'cancel', 'unchanged', unchanged('previousAllocationLocationNum')],
    ['previousAllocationLocationNum', 'reallocate, old document', 'unchanged', unchanged('previousAllocationLocationNum')],
    [
      'previousAllocationLocationNum',
      'reallocate, new document',
      'old locationNum as number',
      ({ before, after }) => [after.previousAllocationLocationNum, Number(before.locationNum)],
    ],
    ['parentAllocationId', 'cancel', 'unchanged', unchanged('parentAllocationId')],
    ['parentAllocationId', 'reallocate, old document', 'unchanged', unchanged('parentAllocationId')],
    [
      'parentAllocationId',
      'reallocate, new document',
      'parentAllocationId of the old one',
      ({ before, after }) => [
        [after.parentAllocationId, before.parentAllocationId === before.allocationId],
        [before.parentAllocationId, false],
      ],
    ],
    ...(['allocationRequestId', 'allocationNum'] as const).flatMap((name): [string, Column, string, Check][] => [
      [name, 'cancel', 'unchanged', unchanged(name)],
      [name, 'reallocate, old document', 'unchanged', unchanged(name)],
      [name, 'reallocate, new document', 'new', isNew(name)],
    ]),
    [
      'items[].parentAllocationLineNumber, reallocationRequestId, reallocationReasonCode',
      'reallocate, new document',
      'set',
      ({ after }) => [
        after.items.map(reallocated),
        [1, 2].map((line) => [line, after.allocationRequestId, 'Reallocating due to unavailability of location number']),
      ],
    ],
    ...(['cancel', 'reallocate, old document'] as const).map((column): [string, Column, string, Check] => [
      'items[].parentAllocationLineNumber, reallocationRequestId, reallocationReasonCode',
      column,
      '-',
      ({ before, after }) => [after.items.map(reallocated), before.items.map(reallocated)],
    ]),
  ])('%s: %s: %s', (_field, column, _words, check) => {
    const [met, expected] = check(columns[column]())
    expect(met).toEqual(expected)
  })

  it('statusCode: cancel: PARTIALLY_CANCELLED where something has shipped', () => {
    const { desk, id } = deskAt('PARTIALLY_SHIPPED')
    desk.cancel(id)
    expect(desk.of(id).document).toMatchObject({
      statusCode: 'PARTIALLY_CANCELLED',
      items: [{ itemStatus: 'ALLOCATED' }, { itemStatus: 'CANCELLED' }],
    })
  })

  it('the new document takes over who and how it is delivered to', () => {
    const { before, after } = columns['reallocate, new document']()
    for (const name of [
      'poNumber',
      'shipToId',
      'shipToAddress',
      'shipMethod',
      'shipType',
      'recipient',
      'vendorId',
      'orderSubType',
    ] as const)
      expect(after[name]).toEqual(before[name])
    expect(after).not.toHaveProperty('sentToPPSDate')
  })
})

describe('return', () => {
  it('from SHIPPED: type RETURNED, only via update', () => {
    const { desk, id, before } = deskAt('SHIPPED')
    expect(desk.update(id, { type: 'RETURNED' }).kind).toBe('allocation')
    const after = desk.of(id)
    expect(after.document).toMatchObject({ type: 'RETURNED', statusCode: 'SHIPPED', version: before.document.version + 1 })
    expect(added(before, after)).toMatchObject([
      { auditType: 'UPDATE', updatedFields: [{ fieldName: 'type', fieldOriginalValue: 'ALLOCATED' }] },
    ])
    expect(refusal(desk.update(id, { type: 'RETURNED' })).code).toBe('allocation-fixed')
  })

  it.each([...SHIPPABLE, 'PARTIALLY_CANCELLED', 'CANCELLED', 'REALLOCATED'] as const)('not from %s', (status) => {
    const { desk, id } = deskAt(status)
    expect(refusal(desk.update(id, { type: 'RETURNED' })).code).toBe('allocation-fixed')
  })

  it.each<[string, (document: AllocationDocument) => Partial<AllocationUpdate>]>([
    ['another status', () => ({ statusCode: 'ALLOCATED' })],
    ['another location', ({ locationNum }) => ({ locationNum: LOCATIONS.find((one) => one !== locationNum) ?? '' })],
    ['another quantity', ({ items }) => ({ items: items.map((item) => ({ ...item, quantity: item.quantity + 1 })) })],
  ])('not with %s', (_, more) => {
    const { desk, id, before } = deskAt('SHIPPED')
    expect(refusal(desk.update(id, { type: 'RETURNED', ...more(before.document) })).code).toBe('allocation-fixed')
  })
})

describe('update (B5)', () => {
  it.each([...SHIPPABLE, 'PARTIALLY_CANCELLED'] as const)(
    'from %s, not CANCELLED, REALLOCATED or SHIPPED, request id matches: as given, version+1, audit UPDATE',
    (status) => {
      const { desk, id, before } = deskAt(status)
      const now = desk.stamp
      expect(desk.update(id, { shipMethod: 'Pigeon' }).kind).toBe('allocation')
      const after = desk.of(id)
      expect(after).toEqual({
        ...before,
        document: {
          ...before.document,
          shipMethod: 'Pigeon',
          version: before.document.version + 1,
          updatedAt: now,
          auditLogs: [
            ...before.document.auditLogs,
            {
              auditId: anyId,
              auditType: 'UPDATE',
              auditTimestamp: now,
              success: true,
              updatedFields: [{ fieldName: 'shipMethod', fieldOriginalValue: 'Ground' }],
            },
          ],
        },
      })
    },
  )

  it.each(CLOSED)('not from %s', (status) => {
    const { desk, id, before } = deskAt(status)
    const problem = refusal(desk.update(id, { shipMethod: 'Pigeon' }))
    expect([problem.code, statusOf(problem), desk.of(id)]).toEqual(['allocation-fixed', 400, before])
  })

  it('not where type is SCRATCHED or RETURNED', () => {
    const scratched = deskAt('ALLOCATED')
    scratched.desk.ship(scratched.id, {
      scratchedItems: [part('1', 3), part('2', 2)],
    })
    expect(refusal(scratched.desk.update(scratched.id)).code).toBe('allocation-fixed')
    const returned = deskAt('SHIPPED')
    returned.desk.update(returned.id, { type: 'RETURNED' })
    expect(refusal(returned.desk.update(returned.id)).code).toBe('allocation-fixed')
  })

  const ALL = [
    'ALLOCATED',
    'PENDING_DROP',
    'PENDING_PICK',
    'SHIPPED',
    'PARTIALLY_SHIPPED',
    'REALLOCATED',
    'CANCELLED',
    'PARTIALLY_CANCELLED',
  ] as const
  const moves = [...SHIPPABLE, 'PARTIALLY_CANCELLED' as const].flatMap((from) => ALL.map((to) => [from, to] as const))
  it.each(moves)('statusCode from %s to %s', (from, to) => {
    const { desk, id } = deskAt(from)
    const waiting: readonly string[] = WAITING
    const expected = from === to || (waiting.includes(from) && waiting.includes(to)) ? 'allocation' : 'refused'
    expect(desk.update(id, { statusCode: to }).kind).toBe(expected)
    expect(desk.of(id).document.statusCode).toBe(expected === 'allocation' ? to : from)
  })

  type Wanted = AllocationUpdate['items']
  const items = (change: (items: readonly Item[]) => Wanted): ((document: AllocationDocument) => Partial<AllocationUpdate>) => {
    return (document) => ({ items: change(document.items) })
  }
  const each = (more: Partial<Item>): ((document: AllocationDocument) => Partial<AllocationUpdate>) =>
    items((all) => all.map((item, index) => (index === 0 ? { ...item, ...more } : item)))

  it.each<[string, (document: AllocationDocument) => object, string]>([
    ['another allocationId', () => ({ allocationId: '0'.repeat(24) }), 'allocation-fixed'],
    ['another parentAllocationId', () => ({ parentAllocationId: '0'.repeat(24) }), 'allocation-fixed'],
    ['another allocationRequestId', ({ allocationId }) => ({ allocationRequestId: allocationId }), 'allocation-fixed'],
    ['no allocationRequestId', () => ({ allocationRequestId: undefined }), 'allocation-fixed'],
    ['an earlier version', ({ version }) => ({ version: version - 1 }), 'version-stale'],
    ['a later version', ({ version }) => ({ version: version + 1 }), 'version-stale'],
    ['type SCRATCHED', () => ({ type: 'SCRATCHED' }), 'allocation-fixed'],
    ['type RETURNED', () => ({ type: 'RETURNED' }), 'allocation-fixed'],
    ['a line less', items((all) => all.slice(1)), 'allocation-fixed'],
    ['no lines', items(() => []), 'allocation-fixed'],
    ['a line more', items((all) => [...all, first(all)]), 'allocation-fixed'],
    ['a line twice instead of the other', items((all) => [first(all), first(all)]), 'allocation-fixed'],
    ['another number of a line', each({ allocationLineNumber: 9 }), 'allocation-fixed'],
    ['another itemId', each({ itemId: 'item-b' }), 'allocation-fixed'],
    ['another sku', each({ sku: 'sku-b' }), 'allocation-fixed'],
    ['another orderLineId', each({ orderLineId: 'second' }), 'allocation-fixed'],
    ['another orderId', each({ orderId: 'other' }), 'allocation-fixed'],
    ['another shippedQuantity', each({ shippedQuantity: 2 }), 'allocation-fixed'],
    ['another scratchQuantity', each({ scratchQuantity: 1 }), 'allocation-fixed'],
    ['a quantity below what is shipped', each({ quantity: 0 }), 'allocation-fixed'],
    ['a quantity above what was ordered', each({ quantity: 4 }), 'allocation-fixed'],
    ['half a unit', each({ quantity: 2.5 }), 'allocation-fixed'],
    ['a location that has nothing', () => ({ locationNum: 'nowhere' }), 'allocation-fixed'],
  ])('refuses %s', (_, change, code) => {
    const { desk, id, before } = deskAt('PARTIALLY_SHIPPED')
    expect(desk.update(id, change(before.document)).kind).toBe('refused')
    const problem = refusal(desk.update(id, change(before.document)))
    expect([problem.code, statusOf(problem)]).toEqual([code, 400])
    expect(desk.of(id)).toBe(before)
  })

  it('takes the present version, or none', () => {
    const { desk, id, before } = deskAt('ALLOCATED')
    expect(desk.update(id, { version: before.document.version }).kind).toBe('allocation')
    const { version: _, ...rest } = desk.of(id).document
    const result = update(desk.of(id), rest, () => 0, desk.scene, desk.ledger)
    expect(result).toMatchObject({ kind: 'allocation', allocation: { document: { version: before.document.version + 2 } } })
  })

  it('keeps what is the server’s, whatever is sent', () => {
    const { desk, id, before } = deskAt('PENDING_PICK')
    const now = desk.stamp
    desk.update(id, {
      allocationDate: '2000-01-01T00:00:00Z',
      updatedAt: '2000-01-01T00:00:00Z',
      auditLogs: [],
      sentToPPSDate: '2000-01-01T00:00:00Z',
    })
    const after = desk.of(id)
    const { allocationDate, sentToPPSDate } = before.document
    expect(after.document).toMatchObject({ allocationDate, sentToPPSDate, updatedAt: now })
    expect(added(before, after)).toHaveLength(1)
  })

  it('leaves what is not sent, and sets what is', () => {
    const { desk, before } = deskAt('ALLOCATED')
    const { allocationId, parentAllocationId, allocationRequestId, locationNum, items: lines } = before.document
    const bare = lines.map(({ allocationLineNumber, itemId, quantity, sku }) => ({ allocationLineNumber, itemId, quantity, sku }))
    const wanted = { allocationId, parentAllocationId, allocationRequestId, locationNum }
    const same = update(before, { ...wanted, items: bare }, () => 0, desk.scene, desk.ledger)
    const { version, updatedAt, auditLogs, ...rest } = before.document
    expect(same).toMatchObject({ kind: 'allocation', allocation: { document: rest } })
    const free = {
      allocationNum: 'n',
      poNumber: null,
      itemsType: 'WEB',
      orderSubType: 'International',
      vendorId: null,
      shipDate: '2026-04-01T00:00:00Z',
      shipType: 'SHIP_TO_STORE',
      shipToId: 'there',
      shipToAddress: { city: 'Boston' },
      recipient: [],
      locationType: 'STORE',
      previousAllocationLocationNum: 7,
    } as const
    const title = { title: 'Cup', weight: 1, cost: 2, price: 3, uom: 'PK', itemStatus: 'REFUNDED', segment: 's' } as const
    const set = update(before, { ...wanted, ...free, items: bare.map((item) => ({ ...item, ...title })) }, () => 0, desk.scene, desk.ledger)
    expect(set).toMatchObject({ kind: 'allocation', allocation: { document: { ...free, items: [title, title] } } })
    expect([version, updatedAt, auditLogs.length]).toEqual([1, before.document.allocationDate, 1])
  })

  it('moves the reservation with the location, and with the quantity', () => {
    const [home = '', there = ''] = LOCATIONS
    const desk = new Desk(stocks('scarce', 4, 3))
    const order = desk.order([{ lineItemId: 'first', sku: 'scarce', orderedQuantity: 4 }], { shipInfo: [{ locationNum: home }] })
    const result = desk.generate(order, [part('first', 3)])
    const { document } = first(result.kind === 'generated' ? result.allocations : [])
    const id = document.allocationId
    const left = (): number[] => [home, there].map((place) => desk.ledger.available(place, 'scarce'))
    const quantity = (units: number): Partial<AllocationUpdate> => ({ items: document.items.map((item) => ({ ...item, quantity: units })) })
    expect(left()).toEqual([1, 3])
    expect(desk.update(id, { locationNum: there }).kind).toBe('allocation')
    expect(left()).toEqual([4, 0])
    // The order would have room for a fourth unit, the location has not.
    expect(refusal(desk.update(id, quantity(4))).detail).toContain(there)
    expect(desk.update(id, { ...quantity(4), locationNum: home }).kind).toBe('allocation')
    expect(left()).toEqual([0, 3])
    expect(desk.update(id, quantity(1)).kind).toBe('allocation')
    expect(left()).toEqual([3, 3])
    expect(progressBy([desk.of(id)])(first(order.lines))).toEqual({ pending: 1, shipped: 0, left: 3 })
  })

  it.each([
    [1, 'allocation'],
    [3, 'allocation'],
    [4, 'refused'],
    [0, 'refused'],
  ])('the quantity of a line of three with a unit shipped may become %i: %s', (units, kind) => {
    const { desk, id, before } = deskAt('PARTIALLY_SHIPPED')
    const lines = before.document.items.map((item, index) => (index === 0 ? { ...item, quantity: units } : item))
    expect(desk.update(id, { items: lines }).kind).toBe(kind)
  })
})

describe('assigning', () => {
  const [a, b, c] = population.locations
  const places = [a, b, c].filter((place) => place !== undefined)
  const [A = '', B = '', C = ''] = places.map(({ locationNum }) => locationNum)
  const shelvesOf = (ledger: StockLedger): Shelves => {
    const order = new Map(places.map(({ locationNum }, place) => [locationNum, place]))
    const place = ({ locationNum }: { readonly locationNum: string }): number => order.get(locationNum) ?? places.length
    return new Shelves(
      ledger,
      (one, other) => place(one) - place(other),
      ({ locationNum }) => order.has(locationNum),
    )
  }
  const demand = (line: string, sku: string, quantity: number): Demand<string> => ({ line, sku, quantity })
  const have = (...amounts: readonly (readonly [place: string, sku: string, units: number])[]): StockLedger => {
    const none = ['x', 'y'].flatMap((sku) => stocks(sku))
    return new StockLedger(worldWith([...none, ...amounts.map((amount) => stock(...amount))]), ACCOUNT, population)
  }

  it.each<[string, StockLedger, Demand<string>[], [string, string, number][]]>([
    ['the first that has all of it gets all', have([A, 'x', 1], [B, 'x', 2], [C, 'x', 9]), [demand('1', 'x', 2)], [[B, '1', 2]]],
    [
      'the first that has all of every line, even if it is not the first of any',
      have([A, 'x', 9], [B, 'y', 9], [C, 'x', 2], [C, 'y', 2]),
      [demand('1', 'x', 2), demand('2', 'y', 2)],
      [
        [C, '1', 2],
        [C, '2', 2],
      ],
    ],
    [
      'else line by line from whoever has some, in the order of the places',
      have([A, 'x', 1], [C, 'x', 5], [B, 'y', 1]),
      [demand('1', 'x', 3), demand('2', 'y', 1)],
      [
        [A, '1', 1],
        [C, '1', 2],
        [B, '2', 1],
      ],
    ],
    ['what nobody has is left out', have([B, 'x', 1]), [demand('1', 'x', 3), demand('2', 'y', 1)], [[B, '1', 1]]],
    [
      'lines of one SKU do not take a unit twice',
      have([A, 'x', 3], [B, 'x', 1]),
      [demand('1', 'x', 2), demand('2', 'x', 2)],
      [
        [A, '1', 2],
        [A, '2', 1],
        [B, '2', 1],
      ],
    ],
    ['a place that owes gives nothing', have([A, 'x', -2], [B, 'x', 1]), [demand('1', 'x', 2)], [[B, '1', 1]]],
    ['no lines, no shares', have([A, 'x', 1]), [], []],
  ])('%s', (_, ledger, demands, expected) => {
    const before = places.map(({ locationNum }) => ['x', 'y'].map((sku) => ledger.available(locationNum, sku)))
    expect(
      shelvesOf(ledger)
        .assign(demands)
        .map(({ location, line, quantity }) => [location.locationNum, line, quantity]),
    ).toEqual(expected)
    // Exactly what is shared is taken.
    const skuOf = new Map(demands.map(({ line, sku }) => [line, sku]))
    for (const [index, { locationNum }] of places.entries())
      for (const [place, sku] of ['x', 'y'].entries()) {
        const taken = expected
          .filter(([where, line]) => where === locationNum && skuOf.get(line) === sku)
          .reduce((sum, [, , units]) => sum + units, 0)
        expect(ledger.available(locationNum, sku)).toBe(Number(before[index]?.[place]) - taken)
      }
  })

  it('any demand: never more than is there or asked for, and all of it where there is enough', () => {
    const units = fc.nat(6)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(A, B, C), fc.constantFrom('x', 'y'), units), { maxLength: 6 }),
        fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 4 }),
        (amounts, wanted) => {
          const ledger = have(...amounts)
          const total = (sku: string): number => places.reduce((sum, { locationNum }) => sum + ledger.available(locationNum, sku), 0)
          const before = { x: total('x'), y: total('y') }
          const demands = wanted.map(([sku, quantity], line) => demand(String(line), sku, quantity))
          const shares = shelvesOf(ledger).assign(demands)
          for (const sku of ['x', 'y'] as const) {
            const asked = demands.filter((one) => one.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0)
            const given = shares.filter(({ line }) => demands[Number(line)]?.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0)
            expect(given).toBe(Math.min(asked, before[sku]))
            expect(total(sku)).toBe(before[sku] - given)
          }
          for (const { line, quantity } of demands)
            expect(shares.filter((share) => share.line === line).reduce((sum, share) => sum + share.quantity, 0)).toBeLessThanOrEqual(
              quantity,
            )
          expect(places.every(({ locationNum }) => ['x', 'y'].every((sku) => ledger.available(locationNum, sku) >= 0))).toBe(true)
        },
      ),
    )
  })
})

describe('the stock', () => {
  const [home = '', next = ''] = LOCATIONS

  it('is the population’s, 1000 to 9999 at each location, until something is taken', () => {
    const ledger = new Desk().ledger
    const amounts = ['sku-a', 'sku-b', 'sku-c'].flatMap((sku) => LOCATIONS.map((place) => ledger.available(place, sku)))
    expect(amounts.filter((units) => !Number.isInteger(units) || units < 1_000 || units > 9_999)).toEqual([])
    expect(new Set(amounts).size).toBeGreaterThan(10)
    expect(ledger.available('nowhere', 'sku-a')).toBe(0)
  })

  it('adds up what is taken and given back, and tells each place once', () => {
    const ledger = new Desk([stock(home, 'x', 5)]).ledger
    ledger.take(home, 'x', 3)
    ledger.give(home, 'x', 1)
    ledger.give(next, 'y', 2)
    const before = population.available(next, 'y')
    expect([ledger.available(home, 'x'), ledger.available(next, 'y')]).toEqual([3, before + 2])
    expect(ledger.changes()).toEqual([stock(home, 'x', 3), stock(next, 'y', before + 2)])
  })

  it('has no change where nothing is taken', () => {
    const ledger = new Desk().ledger
    ledger.take(home, 'x', 0)
    ledger.give(home, 'x', 0)
    expect(ledger.changes()).toEqual([])
  })

  it('is another one for another account and another stage', () => {
    const world = worldWith([stock(home, 'x', 5), stock('own', 'x', 5)])
    for (const tenant of [
      { ...ACCOUNT, account: 'b'.repeat(24) },
      { ...ACCOUNT, stage: 'test' },
    ]) {
      const others = allocationPopulation(SESSION, tenant)
      const ledger = new StockLedger(world, tenant, others)
      expect([ledger.available(home, 'x'), ledger.available('own', 'x')]).toEqual([others.available(home, 'x'), 0])
      expect(ledger.locations()).toEqual(others.locations)
    }
  })

  it('knows the population’s locations and those that have stock of their own', () => {
    const { ledger } = new Desk([stock(home, 'x', 5), stock('own', 'x', 5), stock('own', 'y', 5)])
    expect(ledger.locations()).toEqual([...population.locations, { locationNum: 'own', locationType: 'DC' }])
  })
})

/** The population's documents as nobody has changed them. */
function populated(): readonly AllocationDocument[] {
  return Array.from({ length: POPULATION }, (_, index) => population.sequence.entity(index).document)
}

describe('any requests, one after another', () => {
  type Action = 'order' | 'generate' | 'reallocate' | 'update' | 'ship' | 'scratch' | 'cancel'
  interface Step {
    readonly action: Action
    /** Which order, allocation or line is meant, and how many units: counted round. */
    readonly which: number
    readonly line: number
    readonly units: number
    readonly whole: boolean
    readonly place: number
  }
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(
    fc.record({
      action: fc.constantFrom<Action>('order', 'generate', 'generate', 'reallocate', 'update', 'ship', 'scratch', 'cancel'),
      which: fc.nat(40),
      line: fc.nat(3),
      units: fc.integer({ min: 1, max: 4 }),
      whole: fc.boolean(),
      place: fc.nat(5),
    }),
    { minLength: 4, maxLength: 30 },
  )
  const BEGINNING = [...stocks('x', 3, 0, 2, 4, 1), ...stocks('y', 0, 5, 1, 0, 0), ...stocks('z', 2, 2, 2, 2, 2)]
  const at = <T>(list: readonly T[], index: number): T => first(list.slice(index % list.length))

  function allocations(world: World): readonly Allocation[] {
    const kept = [...world.all('allocation')]
    const known = new Set<string>(kept.map(({ document }) => document.allocationId))
    const untouched = Array.from({ length: POPULATION }, (_, index) => population.sequence.entity(index))
    return [...untouched.filter(({ document }) => !known.has(document.allocationId)), ...kept]
  }

  function orders(scene: Scene): readonly OmsOrder[] {
    const kept = [...scene.world.all('oms-order')]
    const known = new Set(kept.map(({ index }) => index))
    return [
      ...Array.from({ length: POPULATION }, (_, index) => index).flatMap((index) =>
        known.has(index) ? [] : [omsOrderAt(index, ACCOUNT, scene)],
      ),
      ...kept,
    ]
  }

  function send(operation: string, body: unknown, path: object, scene: Scene): Outcome {
    const all: Readonly<Record<string, Behaviour>> = behaviours
    const behaviour = all[operation]
    if (!behaviour) throw new Error(`no ${operation}`)
    return behaviour.run({ path: { ...path }, query: {}, header: {}, cookie: {}, body }, liveScene(scene, ACCOUNT, kinds), undefined)
  }

  function run(step: Step, number: number, scene: Scene): Outcome {
    const { action, which, units, whole, place } = step
    if (action === 'order') {
      const items = Array.from({ length: (step.line % 3) + 1 }, (_, index) => ({
        sku: at(['x', 'y', 'z'], which + index),
        orderedQuantity: ((units + index) % 4) + 1,
      }))
      return send(
        'createOmsOrder',
        { orderNumber: `own-${number}`, channelId: 12, statusCode: 'ORDER_CREATED', items, shipInfo: [{}] },
        {},
        scene,
      )
    }
    if (action === 'generate') {
      const { orderId, lines } = at(orders(scene).toReversed(), which)
      const { lineItemId } = at(lines, step.line)
      return send(
        'generateAllocations',
        { detailType: 'ORDER_CREATED', detail: { id: orderId, ...(!whole && { items: [{ lineItemId, quantity: units }] }) } },
        {},
        scene,
      )
    }
    const { document } = at(allocations(scene.world).toReversed(), which)
    const { allocationId, items } = document
    const { orderLineId: lineItemId } = at(items, step.line)
    const part = whole ? {} : { items: [{ lineItemId, quantity: units }] }
    switch (action) {
      case 'reallocate':
        return send('reallocateAllocations', { channel: '', tenant: '', id: allocationId, documentType: 'ALLOCATION', ...part }, {}, scene)
      case 'update':
        return send(
          'updateAllocation',
          {
            ...document,
            ...(whole && { locationNum: at(LOCATIONS, place) }),
            items: items.map((item) => (item.orderLineId === lineItemId ? { ...item, quantity: units } : item)),
            ...(place < 3 && WAITING.some((status) => status === document.statusCode) && { statusCode: at(WAITING, place) }),
          },
          { allocationId },
          scene,
        )
      case 'ship':
        return send('createShipment', { shipmentNum: String(number), allocationId, ...(!whole && ship(lineItemId, units)) }, {}, scene)
      case 'scratch':
        return send('createShipment', { shipmentNum: String(number), allocationId, ...scratch(lineItemId, units) }, {}, scene)
      case 'cancel':
        return send('cancelAllocations', undefined, { allocationIds: [allocationId] }, scene)
      default:
        return action satisfies never
    }
  }

  /** Units of each SKU at each location, by what is asked for. */
  function tally(world: World, unitsOf: (allocation: Allocation, index: number) => number): Map<string, number> {
    const sums = new Map<string, number>()
    for (const allocation of allocations(world))
      for (const [index, { sku }] of allocation.document.items.entries()) {
        const key = JSON.stringify([allocation.document.locationNum, sku])
        sums.set(key, (sums.get(key) ?? 0) + unitsOf(allocation, index))
      }
    return sums
  }
  const reserved = (world: World): Map<string, number> =>
    tally(world, (allocation, index) => (isLive(allocation) ? openUnits(allocation, index) : 0))
  const isLive = ({ document }: Allocation): boolean => document.statusCode !== 'REALLOCATED'
  const available = (world: World, key: string): number => {
    const [locationNum = '', sku = '']: string[] = JSON.parse(key)
    return new StockLedger(world, ACCOUNT, population).available(locationNum, sku)
  }

  function checkUnits(scene: Scene): void {
    const all = allocations(scene.world)
    for (const { document, cancelled } of all) {
      expect(cancelled).toHaveLength(document.items.length)
      for (const [index, { quantity, shippedQuantity, scratchQuantity }] of document.items.entries()) {
        const gone = cancelled[index] ?? 0
        expect(Math.min(shippedQuantity, scratchQuantity, gone, quantity - 1)).toBeGreaterThanOrEqual(0)
        expect(shippedQuantity + scratchQuantity + gone).toBeLessThanOrEqual(quantity)
      }
      expect(document.updatedAt >= document.allocationDate).toBe(true)
    }
    for (const order of orders(scene))
      for (const { lineItemId, orderedQuantity } of order.lines) {
        const units = all
          .filter(isLive)
          .flatMap((allocation) =>
            allocation.document.items.flatMap((item, index) =>
              item.orderId === order.orderId && item.orderLineId === lineItemId ? [openUnits(allocation, index), item.shippedQuantity] : [],
            ),
          )
        expect(units.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(orderedQuantity)
      }
  }

  /** Each changed document is the next version, now, with its history kept. */
  function checkVersions(changes: readonly Change[], scene: Scene): void {
    const written = changes.filter(({ kind }) => kind === 'allocation')
    expect(new Set(written.map(({ id }) => id)).size).toBe(written.length)
    for (const { to } of written) {
      if (!to || !('document' in to)) throw new Error('an allocation was deleted')
      const { version, updatedAt, auditLogs, allocationId } = to.document
      const before = findAllocation(allocationId, ACCOUNT, scene)
      expect(version).toBe((before?.document.version ?? 0) + 1)
      expect(updatedAt).toBe(timestamp(scene.now, 9))
      const logs = before?.document.auditLogs ?? []
      expect(auditLogs.slice(0, logs.length)).toEqual(logs)
      expect(auditLogs.length).toBeGreaterThan(logs.length)
      expect(new Set(auditLogs.map(({ auditId }) => auditId)).size).toBe(auditLogs.length)
    }
  }

  it('keep units, versions and stock in order', () => {
    const done = new Map<string, number>()
    fc.assert(
      fc.property(steps, (all) => {
        const world = worldWith(BEGINNING)
        const open = reserved(world)
        const beginning = worldWith(BEGINNING)
        /** Units that have left each place. */
        const left = new Map<string, number>()
        for (const [number, step] of all.entries()) {
          const scene: Scene = { world, session: SESSION, now: START + number * MINUTE, real: START }
          const outcome = run(step, number, scene)
          done.set(`${step.action} ${outcome.kind}`, (done.get(`${step.action} ${outcome.kind}`) ?? 0) + 1)
          if (outcome.kind !== 'reply') continue
          checkVersions(outcome.changes, scene)
          const shipped = tally(world, ({ document }, index) => document.items[index]?.shippedQuantity ?? 0)
          const units = step.action === 'ship'
          for (const change of outcome.changes) world.apply(freeze(change))
          if (units)
            for (const [key, sum] of tally(world, ({ document }, index) => document.items[index]?.shippedQuantity ?? 0))
              left.set(key, (left.get(key) ?? 0) + sum - (shipped.get(key) ?? 0))
          checkUnits(scene)
          const now = reserved(world)
          for (const key of new Set([...open.keys(), ...now.keys()])) {
            expect(available(world, key)).toBeGreaterThanOrEqual(0)
            expect(available(world, key) + (now.get(key) ?? 0) + (left.get(key) ?? 0)).toBe(
              available(beginning, key) + (open.get(key) ?? 0),
            )
          }
        }
      }),
      { numRuns: 300 },
    )
    // Every action was both done and refused, but an order, which is always taken.
    expect([...done.keys()].toSorted()).toEqual(
      ['cancel', 'generate', 'reallocate', 'scratch', 'ship', 'update']
        .flatMap((action) => [`${action} refused`, `${action} reply`])
        .concat('order reply')
        .toSorted(),
    )
  })
})
