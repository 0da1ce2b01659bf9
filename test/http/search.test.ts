import type { Test } from 'supertest'
import { describe, expect, it } from 'vitest'
import type { AllocationDocument } from '../../src/apis/oms/allocation.ts'
import type { Mock } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, omsClient, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER, supplierClient } from '../support.ts'

interface LineDocument {
  readonly line_item_uuid: string
  readonly status: string
  readonly sku_id: string
  readonly supplier_uuid: string
  readonly tracking_numbers: readonly { readonly quantity: number }[]
  readonly allocation: Readonly<Record<'quantity_ordered' | 'quantity_allocated' | 'quantity_backordered' | 'quantity_rejected', number>>
}

interface OrderDocument {
  readonly order_uuid: string
  readonly po_number: string
  readonly created_date: string
  readonly retailer: { readonly uuid: string }
  readonly line_items: readonly LineDocument[]
}

interface Found {
  readonly total_results: number
  readonly orders: readonly OrderDocument[]
}

const SIZE = 300
const BILLION = 1_000_000_000
const PAGE = 100
const STATES = ['untouched', 'changed'] as const
type State = (typeof STATES)[number]

const SUPPLIERS = { supplierTokens: ['second=2'] }
const SECOND_SUPPLIER = 'Token second'
const SUPPLIER_UUID = 'd6ac857d-c844-4312-8485-6d121d065308'
const RETAILER_UUID = '1f0d3a52-6f0e-4b8c-9a55-0d5f6d0a7c11'
const NOBODY = '00000000-0000-4000-8000-000000000000'

const mock = await openMock({ orders: SIZE, allocations: SIZE, ...SUPPLIERS })
const large = await openMock({ orders: BILLION, allocations: BILLION })

/** All entities of a session, from the control API, which neither filters nor hides. */
async function everything<T>(mock: Mock, session: string, filter: Parameters<ReturnType<Mock['session']>['entities']>[0]): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const { total, entities } = await mock.session(session).entities({ ...filter, offset: all.length, limit: PAGE })
    all.push(...entities.map(({ entity }) => entity as T))
    if (entities.length === 0 || all.length >= total) return all
  }
}

async function body<T>(test: Test, status = 200): Promise<T> {
  const response = await test
  if (response.status !== status) throw new Error(`${response.status} instead of ${status}: ${response.text}`)
  return response.body as T
}

/** An element that a test cannot do without. */
function one<T>(all: readonly T[], index = 0): T {
  const found = all.at(index)
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}

type Sorter<T> = (document: T) => string | number

/** By the value, and by place where values are the same; descending is all of that backwards. */
function sorted<T>(all: readonly T[], value: Sorter<T>, isDescending: boolean): T[] {
  const rows = all.toSorted((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0))
  return isDescending ? rows.toReversed() : rows
}

const allocatedOf = ({ allocation }: LineDocument): number => allocation.quantity_allocated
const backorderedOf = ({ allocation }: LineDocument): number => allocation.quantity_backordered
const rejectedOf = ({ allocation }: LineDocument): number => allocation.quantity_rejected
const orderedOf = ({ allocation }: LineDocument): number => allocation.quantity_ordered
const shippedOf = ({ tracking_numbers }: LineDocument): number => tracking_numbers.reduce((sum, { quantity }) => sum + quantity, 0)

function allocationStatus(line: LineDocument): string {
  if (allocatedOf(line) + backorderedOf(line) + rejectedOf(line) === 0) return 'Unallocated'
  return allocatedOf(line) + rejectedOf(line) === orderedOf(line) ? 'Allocated' : 'Partial'
}

const DESIGNATIONS: readonly (readonly [string, (line: LineDocument) => boolean])[] = [
  ['HasTracking', (line) => shippedOf(line) > 0],
  ['NeedsTracking', (line) => allocatedOf(line) > shippedOf(line)],
  ['Backordered', (line) => backorderedOf(line) > 0],
  ['Rejected', (line) => rejectedOf(line) > 0],
  ['Cancelled', ({ status }) => status === 'Cancelled'],
]

/** What each token may see of all orders. */
const VIEWERS: readonly (readonly [string, string, (order: OrderDocument) => readonly LineDocument[]])[] = [
  ['the supplier', SUPPLIER, ({ line_items }) => line_items.filter(({ supplier_uuid }) => supplier_uuid === SUPPLIER_UUID)],
  ['the retailer', RETAILER, ({ line_items, retailer }) => (retailer.uuid === RETAILER_UUID ? line_items : [])],
]

interface Shop {
  /** What the viewer may see, in the order of placing. */
  readonly all: readonly OrderDocument[]
  readonly search: (search?: object) => Test
}

/** Sessions that are only read are made once: each costs some twenty requests. */
function kept<Key extends readonly unknown[], Made>(make: (...key: Key) => Promise<Made>): (...key: Key) => Promise<Made> {
  const made = new Map<string, Promise<Made>>()
  return (...key) => {
    const name = JSON.stringify(key)
    const known = made.get(name) ?? make(...key)
    made.set(name, known)
    return known
  }
}

/** A session of its own, in which orders may have been allocated, and a viewer of it. */
const openShop = kept<[state: State, viewer?: number], Shop>(async (state, viewer = 0) => {
  const session = ownSession()
  if (state === 'changed') await allocateSome(session)
  const [, authorization, see] = one(VIEWERS, viewer)
  const all = (await everything<OrderDocument>(mock, session, { kind: 'order' })).flatMap((order) => {
    const line_items = see(order)
    return line_items.length > 0 ? [{ ...order, line_items }] : []
  })
  return { all, search: supplierClient(mock, { session, authorization }).search }
})

/** Lines of orders that stand apart in the list: answered in full, in part, later, never, and otherwise than before. */
async function allocateSome(session: string): Promise<void> {
  const first = supplierClient(mock, { session })
  const second = supplierClient(mock, { session, authorization: SECOND_SUPPLIER })
  await body(first.allocate(quantities(5, 1)))
  for (const [{ search, allocate }, supplier, places] of [
    [first, SUPPLIER_UUID, [5, 6, 40, 90, 150, 151, 170]],
    [second, undefined, [3, 12, 13]],
  ] as const) {
    const { orders } = await body<Found>(search({ limit: PAGE }))
    const others = await body<Found>(search({ start: PAGE, limit: PAGE }))
    const visible = [...orders, ...others.orders]
    for (const [step, place] of places.entries()) {
      const { order_uuid, line_items } = one(visible, place % visible.length)
      const lines = line_items
        .filter((line) => line.status !== 'Cancelled' && (supplier === undefined || line.supplier_uuid === supplier))
        .map((line) => {
          const shipped = shippedOf(line)
          const rest = orderedOf(line) - shipped
          const [allocated, backordered, rejected] = one(
            [
              [rest, 0, 0],
              [0, rest, 0],
              [0, 0, rest],
              [rest, 0, 0],
            ],
            step % 4,
          )
          return {
            line_item_uuid: line.line_item_uuid,
            allocation: {
              quantity_allocated: shipped + (allocated ?? 0),
              quantity_backordered: backordered ?? 0,
              quantity_rejected: rejected ?? 0,
            },
          }
        })
      if (lines.length > 0) await body(allocate({ line_items: lines }, order_uuid))
    }
  }
}

/** What a search finds: the totals its pages name, all of them together, and a page in the middle. */
interface Seen {
  readonly totals: readonly number[]
  readonly ids: readonly string[]
  readonly orders: readonly OrderDocument[]
  readonly middle: readonly OrderDocument[]
}

async function seen({ search }: Shop, asked: object): Promise<Seen> {
  const middle = await body<Found>(search({ ...asked, start: 3, limit: 4 }))
  const pages = await Promise.all(
    Array.from({ length: Math.ceil((middle.total_results + 1) / PAGE) }, (_, page) =>
      body<Found>(search({ ...asked, start: page * PAGE, limit: PAGE })),
    ),
  )
  const orders = pages.flatMap(({ orders }) => orders)
  const totals = new Set([middle, ...pages].map(({ total_results }) => total_results))
  return { totals: [...totals], ids: orders.map(({ order_uuid }) => order_uuid), orders, middle: middle.orders }
}

/** What it has to find where these are all that match. */
function exactly(orders: readonly OrderDocument[]): Seen {
  return { totals: [orders.length], ids: orders.map(({ order_uuid }) => order_uuid), orders, middle: orders.slice(3, 7) }
}

type OrderRow = readonly [
  name: string,
  search: (all: readonly OrderDocument[]) => object,
  where: (order: OrderDocument, all: readonly OrderDocument[]) => boolean,
]

const some =
  (test: (line: LineDocument) => boolean) =>
  ({ line_items }: OrderDocument): boolean =>
    line_items.some(test)

const STATUSES = [
  ['Unallocated'],
  ['Partial'],
  ['Allocated'],
  ['Unallocated', 'Partial'],
  ['Partial', 'Allocated'],
  ['Unallocated', 'Partial', 'Allocated'],
]

const ORDER_ROWS: readonly OrderRow[] = [
  ['nothing asked', () => ({}), () => true],
  ...STATUSES.map((statuses): OrderRow => [
    `line_item_allocation_statuses ${statuses.join(', ')}`,
    () => ({ line_item_allocation_statuses: statuses }),
    some((line) => statuses.includes(allocationStatus(line))),
  ]),
  ...DESIGNATIONS.map(([designation, test]): OrderRow => [
    `line_item_designation ${designation}`,
    () => ({ line_item_designation: designation }),
    some(test),
  ]),
  ['start_date', (all) => ({ start_date: dateAt(all, 40) }), ({ created_date }, all) => created_date >= dateAt(all, 40)],
  ['end_date', (all) => ({ end_date: dateAt(all, 40) }), ({ created_date }, all) => created_date <= dateAt(all, 40)],
  [
    'start_date and end_date, both of which belong to it',
    (all) => ({ start_date: dateAt(all, 20), end_date: dateAt(all, 60) }),
    ({ created_date }, all) => created_date >= dateAt(all, 20) && created_date <= dateAt(all, 60),
  ],
  [
    'dates in another zone',
    () => ({ start_date: '2026-01-01T02:00:00+02:00', end_date: '2026-01-31T18:59:59.999-05:00' }),
    ({ created_date }) => created_date >= '2026-01-01T00:00:00' && created_date < '2026-02-01',
  ],
  [
    'dates finer than the orders have them',
    (all) => ({ start_date: dateAt(all, 20).replace('000Z', '001Z'), end_date: dateAt(all, 60).replace('000Z', '001Z') }),
    ({ created_date }, all) => created_date > dateAt(all, 20) && created_date <= dateAt(all, 60),
  ],
  ['dates the wrong way round', () => ({ start_date: '2026-02-01T00:00:00Z', end_date: '2026-01-01T00:00:00Z' }), () => false],
  ['dates before all but the example', () => ({ end_date: '2018-08-31T23:59:59.000Z' }), ({ order_uuid }) => order_uuid === ORDER],
  ['term, an order', (all) => ({ term: one(all, 33).order_uuid }), ({ order_uuid }, all) => order_uuid === one(all, 33).order_uuid],
  ["term, the example's id", () => ({ term: ORDER }), ({ order_uuid }) => order_uuid === ORDER],
  ['term, a PO number', (all) => ({ term: one(all, 34).po_number }), ({ po_number }, all) => po_number === one(all, 34).po_number],
  ['term, a SKU', (all) => ({ term: skuAt(all, 35) }), (order, all) => some(({ sku_id }) => sku_id === skuAt(all, 35))(order)],
  ["term, the example's SKU", () => ({ term: '000106' }), some(({ sku_id }) => sku_id === '000106')],
  ['term, nobody', () => ({ term: NOBODY }), () => false],
  ['term, a part of a PO number', () => ({ term: 'po-' }), () => false],
  [
    'search_term, an order',
    (all) => ({ search_term: one(all, 33).order_uuid }),
    ({ order_uuid }, all) => order_uuid === one(all, 33).order_uuid,
  ],
  [
    'search_term, a PO number',
    (all) => ({ search_term: one(all, 34).po_number }),
    ({ po_number }, all) => po_number === one(all, 34).po_number,
  ],
  [
    'search_term, a SKU',
    (all) => ({ search_term: skuAt(all, 35) }),
    (order, all) => some(({ sku_id }) => sku_id === skuAt(all, 35))(order),
  ],
  ['po_number', (all) => ({ po_number: one(all, 50).po_number }), ({ po_number }, all) => po_number === one(all, 50).po_number],
  ["po_number, the example's", () => ({ po_number: 'po-5527771067' }), ({ order_uuid }) => order_uuid === ORDER],
  ['po_number of nobody', () => ({ po_number: 'po-1' }), () => false],
  [
    'several conditions at once',
    (all) => ({
      line_item_allocation_statuses: ['Allocated', 'Partial'],
      line_item_designation: 'NeedsTracking',
      start_date: dateAt(all, 2),
    }),
    (order, all) =>
      order.created_date >= dateAt(all, 2) &&
      some((line) => allocationStatus(line) !== 'Unallocated')(order) &&
      some((line) => allocatedOf(line) > shippedOf(line))(order),
  ],
  ['a term and a condition that it does not meet', () => ({ term: ORDER, line_item_designation: 'Cancelled' }), () => false],
]

function dateAt(all: readonly OrderDocument[], place: number): string {
  return one(all, place).created_date
}

function skuAt(all: readonly OrderDocument[], place: number): string {
  return one(one(all, place).line_items).sku_id
}

describe.each(STATES)('the %s orders', (state) => {
  it('are all there, once, in the order of placing', async () => {
    const session = ownSession()
    if (state === 'changed') await allocateSome(session)
    const all = await everything<OrderDocument>(mock, session, { kind: 'order' })
    expect(new Set(all.map(({ order_uuid }) => order_uuid)).size).toBe(SIZE)
    expect(all).toEqual(sorted(all, ({ created_date }) => created_date, false))
  })

  it('are searched as they are got', async () => {
    const session = ownSession()
    if (state === 'changed') await allocateSome(session)
    const { search, get } = supplierClient(mock, { session })
    const { orders } = await body<Found>(search({ limit: 50 }))
    for (const order of orders.slice(0, 10)) expect(await body(get(order.order_uuid))).toEqual(order)
  })

  describe.each(VIEWERS.map(([name], viewer) => ({ name, viewer })))('searched by $name', ({ viewer }) => {
    it.each(ORDER_ROWS)('%s', async (_, search, where) => {
      const shop = await openShop(state, viewer)
      expect(await seen(shop, search(shop.all))).toEqual(exactly(shop.all.filter((order) => where(order, shop.all))))
    })

    it.each([
      ['the other side', (order: OrderDocument) => (viewer === 0 ? order.retailer.uuid : one(order.line_items).supplier_uuid)],
      ["the caller's own side", () => (viewer === 0 ? SUPPLIER_UUID : RETAILER_UUID)],
      ['nobody', () => NOBODY],
    ])('org_uuids of %s', async (_, uuidOf) => {
      const shop = await openShop(state, viewer)
      const uuid = uuidOf(one(shop.all, 30))
      const isOf = ({ retailer, line_items }: OrderDocument): boolean =>
        viewer === 0 ? retailer.uuid === uuid : line_items.some(({ supplier_uuid }) => supplier_uuid === uuid)
      expect(await seen(shop, { org_uuids: [uuid] })).toEqual(exactly(shop.all.filter(isOf)))
      expect(await seen(shop, { org_uuids: [NOBODY, uuid] })).toEqual(exactly(shop.all.filter(isOf)))
    })

    const keys: readonly (readonly [string, Sorter<OrderDocument>])[] = [
      ['date', ({ created_date }) => created_date],
      ['status', ({ line_items }) => one(line_items).status],
      ['sku_id', ({ line_items }) => one(line_items).sku_id],
    ]
    it.each(keys)('sorted by %s', async (key, value) => {
      const shop = await openShop(state, viewer)
      const [up, down] = [sorted(shop.all, value, false), sorted(shop.all, value, true)]
      expect(await seen(shop, { sort: { key } })).toEqual(exactly(up))
      expect(await seen(shop, { sort: { key, dir: 'asc' } })).toEqual(exactly(up))
      expect(await seen(shop, { sort: { key, dir: 'desc' } })).toEqual(exactly(down))
      expect(await seen(shop, { sort: { key, value: 'asc' } })).toEqual(exactly(up))
      expect(await seen(shop, { sort: { key, value: 'desc' } })).toEqual(exactly(down))
    })

    it('sorted and filtered', async () => {
      const shop = await openShop(state, viewer)
      const search = { sort: { key: 'sku_id', dir: 'desc' }, line_item_designation: 'NeedsTracking', start_date: dateAt(shop.all, 5) }
      const some = shop.all.filter(
        ({ created_date, line_items }) =>
          created_date >= dateAt(shop.all, 5) && line_items.some((line) => allocatedOf(line) > shippedOf(line)),
      )
      expect(await seen(shop, search)).toEqual(exactly(sorted(some, ({ line_items }) => one(line_items).sku_id, true)))
    })

    it.each([
      ['the first 25 without a start and a limit', {}, 0, 25],
      ['one', { limit: 1 }, 0, 1],
      ['the last, cut short', { start: -2, limit: 10 }, -2, undefined],
      ['none after the end', { start: 1_000, limit: 10 }, 1_000, undefined],
    ])('a page: %s', async (_, page, from, to) => {
      const { all, search } = await openShop(state, viewer)
      const start = 'start' in page ? { start: page.start < 0 ? all.length + page.start : page.start } : {}
      expect(await body(search({ ...page, ...start }))).toEqual({ total_results: all.length, orders: all.slice(from, to) })
    })
  })
})

describe('an order search', () => {
  it('needs no body', async () => {
    const { all, search } = await openShop('untouched')
    expect((await body<Found>(search())).total_results).toBe(all.length)
  })

  it.each([
    ['term', ({ order_uuid }: OrderDocument) => ({ term: order_uuid.toUpperCase() })],
    ['org_uuids', ({ retailer }: OrderDocument) => ({ org_uuids: [retailer.uuid.toUpperCase()] })],
  ])('takes a UUID in capitals, which is the same UUID: %s', async (_, search) => {
    const shop = await openShop('untouched')
    const order = one(shop.all, 7)
    const small = await seen(shop, JSON.parse(JSON.stringify(search(order)).toLowerCase()) as object)
    expect(small.ids).toContain(order.order_uuid)
    expect((await seen(shop, search(order))).ids).toEqual(small.ids)
  })

  it.each([
    ['start_date', '2018-08-23T16:07:35.864275Z', 0],
    ['start_date', '2018-08-23T16:07:35.864274Z', 1],
    ['end_date', '2018-08-23T16:07:35.864273Z', 0],
    ['end_date', '2018-08-23T16:07:35.864274Z', 1],
  ])('looks at dates to the microsecond: %s %s', async (member, date, count) => {
    const { search } = await openShop('untouched')
    expect((await body<Found>(search({ term: ORDER, [member]: date }))).total_results).toBe(count)
  })

  // A date counts or is refused; it is never left out of account.
  it.each([
    '2026-01-31T23:00:00Z',
    '2026-01-31t23:00:00z',
    '2026-02-01T00:00:00+01:00',
    '2026-02-01T00:00:00.000+0100',
    '2026-02-01T00:00:00+01',
    '2026-01-31 23:00:00.000000000Z',
    '2026-01-31\t23:00:00Z',
    '2026-01-31T23:00:00-00:00',
  ])('takes a date however it is written: %j', async (start_date) => {
    const { all, search } = await openShop('untouched')
    const { status, body } = await search({ start_date })
    const since = all.filter(({ created_date }) => created_date >= '2026-01-31T23:00:00')
    expect(status === 400 || (body as Found).total_results).toBe(status === 400 || since.length)
  })

  it('takes a leap second, which is the second after', async () => {
    const { all, search } = await openShop('untouched')
    const total = async (asked: object): Promise<number> => (await body<Found>(search(asked))).total_results
    const midnight = all.find(({ created_date }) => created_date.endsWith('T00:00:00.000000Z') && created_date > '2025-12-02')
    const created = Date.parse(midnight?.created_date ?? '')
    const leap = new Date(created - 1).toISOString().replace('59.999Z', '60Z')
    expect(await total({ start_date: leap })).toBe(all.filter(({ created_date }) => Date.parse(created_date) >= created).length)
    expect(await total({ end_date: leap })).toBe(all.filter(({ created_date }) => Date.parse(created_date) <= created).length)
  })

  it('shows a supplier nothing of what others have, and the retailer all of its orders', async () => {
    const session = ownSession()
    const all = await everything<OrderDocument>(mock, session, { kind: 'order' })
    const shared = all.filter(({ line_items }) => new Set(line_items.map(({ supplier_uuid }) => supplier_uuid)).size > 1)
    expect(shared.length).toBeGreaterThan(0)
    const totals = await Promise.all(
      [SUPPLIER, SECOND_SUPPLIER, RETAILER].map(
        async (authorization) => (await body<Found>(supplierClient(mock, { session, authorization }).search())).total_results,
      ),
    )
    const of = (supplier: string): number =>
      all.filter(({ line_items }) => line_items.some((line) => line.supplier_uuid === supplier)).length
    const uuids = [...new Set(all.flatMap(({ line_items }) => line_items.map(({ supplier_uuid }) => supplier_uuid)))]
    expect(totals[0]).toBe(of(SUPPLIER_UUID))
    expect(uuids.filter((uuid) => uuid !== SUPPLIER_UUID).map(of)).toContain(totals[1])
    expect(totals[2]).toBe(all.filter(({ retailer }) => retailer.uuid === RETAILER_UUID).length)
  })
})

/** A session of its own in which allocations may have been cancelled, and one account's view of it. */
interface Desk {
  /** What the account has, the last updated last. */
  readonly all: readonly AllocationDocument[]
  readonly query: (query?: object) => Test
}

interface Context {
  readonly account?: string
  readonly stage?: string
  readonly channel?: string | number
}

const CANCELLED_PLACES = [4, 5, 30, 31, 100, 150, -1]

const openDesk = kept<[state: State, context?: Context], Desk>(async (state, context = {}) => {
  const session = ownSession()
  const { account = ACCOUNT, stage = 'production', channel } = context
  const all = (): Promise<AllocationDocument[]> => everything<AllocationDocument>(mock, session, { kind: 'allocation', account, stage })
  if (state === 'changed') {
    const before = await all()
    const { cancel } = omsClient(mock, { session, context: JSON.stringify({ account, stage }) })
    const open = before.filter(({ statusCode }) => /^ALLOCATED|^PENDING|^PARTIALLY_SHIPPED/.test(statusCode))
    for (const place of CANCELLED_PLACES) await body(cancel(one(open, place).allocationId))
    if (account === ACCOUNT) await body(cancel(ALLOCATION, one(open, 50).allocationId))
  }
  const { query } = omsClient(mock, { session, context: JSON.stringify({ account, stage, ...(channel !== undefined && { channel }) }) })
  return { all: await all(), query }
})

/** What a query finds, all pages together, and a page in the middle; undefined where it is answered that there is nothing. */
interface Listed {
  readonly ids: readonly string[]
  readonly documents: readonly AllocationDocument[]
  readonly middle: readonly AllocationDocument[]
}

async function listed({ query }: Desk, asked: object): Promise<Listed | undefined> {
  const first = await query({ ...asked, limit: PAGE })
  if (first.status === 404 && typeof first.body === 'string') return undefined
  expect(first.status).toBe(200)
  const documents = [...(first.body as AllocationDocument[])]
  while (documents.length > 0 && documents.length % PAGE === 0) {
    const page = await body<AllocationDocument[]>(query({ ...asked, offset: documents.length, limit: PAGE }))
    if (page.length === 0) break
    documents.push(...page)
  }
  const middle = await body<AllocationDocument[]>(query({ ...asked, offset: 1, limit: 4 }))
  return { ids: documents.map(({ allocationId }) => allocationId), documents, middle }
}

/** What it has to find where these are all that match. */
function just(documents: readonly AllocationDocument[]): Listed | undefined {
  if (documents.length === 0) return undefined
  return { ids: documents.map(({ allocationId }) => allocationId), documents, middle: documents.slice(1, 5) }
}

type Where = (document: AllocationDocument, all: readonly AllocationDocument[]) => boolean
type QueryRow = readonly [name: string, filters: (all: readonly AllocationDocument[]) => object, where: Where]

const FACTS = [
  'locationNum',
  'locationType',
  'version',
  'type',
  'itemsType',
  'orderSubType',
  'vendorId',
  'shipType',
  'shipMethod',
  'statusCode',
] as const
const NUMBERED = ['allocationId', 'parentAllocationId', 'allocationRequestId', 'allocationNum', 'poNumber', 'shipToId'] as const
const TIMES = ['updatedAt', 'allocationDate'] as const
const CODES = ['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK', 'SHIPPED', 'PARTIALLY_SHIPPED', 'CANCELLED', 'PARTIALLY_CANCELLED']

/** All times are UTC with nine digits, so that their texts have their order. */
const QUERY_ROWS: readonly QueryRow[] = [
  ['nothing', () => ({}), () => true],
  ...CODES.map((statusCode): QueryRow => [
    `the status ${statusCode}`,
    () => ({ statusCode }),
    (document) => document.statusCode === statusCode,
  ]),
  ...FACTS.map((member): QueryRow => [
    `a scalar: ${member}`,
    (all) => ({ [member]: one(all, 12)[member] }),
    (document, all) => document[member] === one(all, 12)[member],
  ]),
  ...[...NUMBERED, ...TIMES].map((member): QueryRow => [
    `a scalar of one: ${member}`,
    (all) => ({ [member]: one(all, 12)[member] }),
    (document, all) => document[member] === one(all, 12)[member],
  ]),
  ...[...NUMBERED, ...TIMES].map((member): QueryRow => [
    `a scalar of the example: ${member}`,
    (all) => ({ [member]: example(all)[member] }),
    (document, all) => document[member] === example(all)[member],
  ]),
  [
    'a number',
    () => ({ previousAllocationLocationNum: 410 }),
    ({ previousAllocationLocationNum }) => previousAllocationLocationNum === 410,
  ],
  ['null', () => ({ shipDate: null }), ({ shipDate }) => shipDate === null],
  ['a list: statusCode', () => ({ statusCode: CODES.slice(0, 2) }), ({ statusCode }) => CODES.slice(0, 2).includes(statusCode)],
  ['a list: version', () => ({ version: [1, 4] }), ({ version }) => version === 1 || version === 4],
  ['a list: locationNum', () => ({ locationNum: ['410', '1234B'] }), ({ locationNum }) => ['410', '1234B'].includes(locationNum)],
  ...[...NUMBERED, ...TIMES].map((member): QueryRow => [
    `a list: ${member}`,
    (all) => ({ [member]: [one(all, 3)[member], 'nobody', one(all, 250)[member], one(all, -1)[member], one(all, 3)[member]] }),
    (document, all) => [one(all, 3), one(all, 250), one(all, -1)].some((other) => other[member] === document[member]),
  ]),
  ['an empty list', () => ({ statusCode: [] }), () => false],
  ...TIMES.flatMap((member): QueryRow[] => {
    const time = (all: readonly AllocationDocument[], place: number): string => one(all, place)[member]
    return [
      [`${member} gte`, (all) => ({ [member]: { gte: time(all, 100) } }), (document, all) => document[member] >= time(all, 100)],
      [`${member} gt`, (all) => ({ [member]: { gt: time(all, 100) } }), (document, all) => document[member] > time(all, 100)],
      [`${member} lte`, (all) => ({ [member]: { lte: time(all, 100) } }), (document, all) => document[member] <= time(all, 100)],
      [`${member} lt`, (all) => ({ [member]: { lt: time(all, 100) } }), (document, all) => document[member] < time(all, 100)],
      [
        `${member} gte and lt`,
        (all) => ({ [member]: { gte: time(all, 50), lt: time(all, 150) } }),
        (document, all) => document[member] >= time(all, 50) && document[member] < time(all, 150),
      ],
      [
        `${member} gt and lte`,
        (all) => ({ [member]: { gt: time(all, 50), lte: time(all, 150) } }),
        (document, all) => document[member] > time(all, 50) && document[member] <= time(all, 150),
      ],
      [
        `${member} in other digits and zones`,
        () => ({ [member]: { gte: '2026-01-01', lt: '2026-01-31T19:00:00-05:00' } }),
        (document) => document[member] >= '2026-01-01' && document[member] < '2026-02-01',
      ],
      [
        `${member} to the nanosecond`,
        (all) => ({ [member]: { gt: time(all, 100).replace('000Z', '001Z'), lt: time(all, 103).replace('000Z', '001Z') } }),
        (document, all) => document[member] > time(all, 100) && document[member] <= time(all, 103),
      ],
      [
        `${member} of the example's year`,
        () => ({ [member]: { lt: '2023-01-01T00:00:00Z' } }),
        ({ allocationId }, all) => allocationId === ALLOCATION && example(all)[member] < '2023',
      ],
      [`${member} of no time`, () => ({ [member]: { gte: '2026-02-01', lt: '2026-01-01' } }), () => false],
    ]
  }),
  ['version gte', () => ({ version: { gte: 4 } }), ({ version }) => version >= 4],
  ['version gt', () => ({ version: { gt: 4 } }), ({ version }) => version > 4],
  ['version lt', () => ({ version: { lt: 2 } }), ({ version }) => version < 2],
  ['version lte and gt', () => ({ version: { gt: 1, lte: 3 } }), ({ version }) => version > 1 && version <= 3],
  ['version beyond all', () => ({ version: { gt: 100 } }), () => false],
  [
    'a range of texts',
    () => ({ allocationNum: { gte: '5', lt: '7' } }),
    ({ allocationNum }) => allocationNum >= '5' && allocationNum < '7',
  ],
  ['a wildcard after', () => ({ shipMethod: 'Two*' }), ({ shipMethod }) => shipMethod.startsWith('Two')],
  ['a wildcard before', () => ({ shipMethod: '*Delivery' }), ({ shipMethod }) => shipMethod.endsWith('Delivery')],
  ['a wildcard around', () => ({ allocationNum: '*12*' }), ({ allocationNum }) => allocationNum.includes('12')],
  ['two wildcards', () => ({ allocationNum: '1*2*' }), ({ allocationNum }) => /^1.*2/.test(allocationNum)],
  ['a wildcard that may not use a character twice', () => ({ locationNum: '11*10' }), () => false],
  ['a text that has to be there three times', () => ({ allocationNum: '*7*7*7*' }), ({ allocationNum }) => /7.*7.*7/.test(allocationNum)],
  ['a text that has to be there before the end too', () => ({ allocationNum: '*7*7' }), ({ allocationNum }) => /7.*7$/.test(allocationNum)],
  ['a wildcard alone', () => ({ poNumber: '*' }), () => true],
  ["a wildcard in the example's number", () => ({ allocationNum: 'xxyyzz*' }), ({ allocationId }) => allocationId === ALLOCATION],
  ['no regular expression', () => ({ shipMethod: 'T.o*' }), () => false],
  [
    'a wildcard in a list',
    () => ({ locationNum: ['1*', '410'] }),
    ({ locationNum }) => locationNum.startsWith('1') || locationNum === '410',
  ],
  [
    'a wildcard in a list beside a number of one',
    (all) => ({ allocationNum: ['12*', one(all, 70).allocationNum] }),
    ({ allocationNum }, all) => allocationNum.startsWith('12') || allocationNum === one(all, 70).allocationNum,
  ],
  ['items by SKU', (all) => ({ items: { sku: skuOf(all) } }), ({ items }, all) => items.some(({ sku }) => sku === skuOf(all))],
  [
    'items by status',
    () => ({ items: { itemStatus: 'CANCELLED' } }),
    ({ items }) => items.some(({ itemStatus }) => itemStatus === 'CANCELLED'),
  ],
  ['items by a range', () => ({ items: { quantity: { gte: 5 } } }), ({ items }) => items.some(({ quantity }) => quantity >= 5)],
  ['items by a wildcard', () => ({ items: { title: '*Lamp*' } }), ({ items }) => items.some(({ title }) => title.includes('Lamp'))],
  ['items by a list', () => ({ items: { quantity: [1, 3] } }), ({ items }) => items.some(({ quantity }) => [1, 3].includes(quantity))],
  [
    'items by members of one and the same item',
    () => ({ items: { allocationLineNumber: 2, quantity: 5 } }),
    ({ items }) => items.some(({ allocationLineNumber, quantity }) => allocationLineNumber === 2 && quantity === 5),
  ],
  [
    'items by their order',
    (all) => ({ items: { orderId: orderOf(all) } }),
    ({ items }, all) => items.some(({ orderId }) => orderId === orderOf(all)),
  ],
  ['items by their order and another member', (all) => ({ items: { orderId: orderOf(all), allocationLineNumber: 9 } }), () => false],
  [
    'items by their line of the order',
    (all) => ({ items: { orderLineId: one(one(all, 77).items).orderLineId } }),
    ({ items }, all) => items.some(({ orderLineId }) => orderLineId === one(one(all, 77).items).orderLineId),
  ],
  ['items by a member there is not', () => ({ items: { colour: 'red' } }), () => false],
  ['shipToAddress by state', () => ({ shipToAddress: { state: 'NY' } }), ({ shipToAddress }) => shipToAddress['state'] === 'NY'],
  [
    'shipToAddress by two members',
    () => ({ shipToAddress: { state: ['NY', 'MA'], city: 'B*' } }),
    ({ shipToAddress: { state, city } }) => ['NY', 'MA'].includes(String(state)) && String(city).startsWith('B'),
  ],
  [
    'recipient by a name in a name',
    () => ({ recipient: { name: { last: 'D*' } } }),
    ({ recipient }) => recipient.some(({ name }) => name.last.startsWith('D')),
  ],
  [
    'auditLogs by type',
    () => ({ auditLogs: { auditType: 'CANCEL' } }),
    ({ auditLogs }) => auditLogs.some(({ auditType }) => auditType === 'CANCEL'),
  ],
  [
    'several at once',
    (all) => ({
      statusCode: ['ALLOCATED', 'SHIPPED'],
      locationType: 'DC',
      updatedAt: { gte: one(all, 20).updatedAt },
      items: { quantity: { gt: 1 } },
    }),
    ({ statusCode, locationType, updatedAt, items }, all) =>
      ['ALLOCATED', 'SHIPPED'].includes(statusCode) &&
      locationType === 'DC' &&
      updatedAt >= one(all, 20).updatedAt &&
      items.some(({ quantity }) => quantity > 1),
  ],
  [
    'a number of one and a status',
    (all) => ({ allocationNum: [one(all, 8).allocationNum, one(all, 9).allocationNum], statusCode: one(all, 8).statusCode }),
    ({ allocationNum, statusCode }, all) =>
      statusCode === one(all, 8).statusCode && [one(all, 8).allocationNum, one(all, 9).allocationNum].includes(allocationNum),
  ],
]

function example(all: readonly AllocationDocument[]): AllocationDocument {
  return one(all.filter(({ allocationId }) => allocationId === ALLOCATION))
}

function skuOf(all: readonly AllocationDocument[]): string {
  return one(one(all, 44).items).sku
}

function orderOf(all: readonly AllocationDocument[]): string {
  return one(one(all, 45).items).orderId
}

describe.each(STATES)('the %s allocations', (state) => {
  it('are all there, once, in the order of their updates', async () => {
    const { all } = await openDesk(state)
    expect(new Set(all.map(({ allocationId }) => allocationId)).size).toBe(SIZE)
    expect(all).toEqual(sorted(all, ({ updatedAt }) => updatedAt, false))
    const cancels = all.filter(({ updatedAt }) => updatedAt === '2026-03-01T12:00:00.000000000Z')
    expect(cancels.length).toBe(state === 'changed' ? CANCELLED_PLACES.length + 2 : 0)
  })

  it.each(QUERY_ROWS)('queried by %s', async (_, filters, where) => {
    const desk = await openDesk(state)
    const expected = desk.all.filter((document) => where(document, desk.all))
    expect(await listed(desk, { filters: filters(desk.all) })).toEqual(just(expected.toReversed()))
  })

  it.each([...FACTS, ...NUMBERED, ...TIMES])('sorted by %s', async (member) => {
    const desk = await openDesk(state)
    const value = (document: AllocationDocument): string | number => document[member] ?? ''
    expect(await listed(desk, { sortBy: member, sortDirection: 'asc' })).toEqual(just(sorted(desk.all, value, false)))
    expect(await listed(desk, { sortBy: member, sortDirection: 'desc' })).toEqual(just(sorted(desk.all, value, true)))
    const some = desk.all.filter(({ statusCode }) => statusCode === 'CANCELLED' || statusCode === 'SHIPPED')
    expect(await listed(desk, { sortBy: member, filters: { statusCode: ['CANCELLED', 'SHIPPED'] } })).toEqual(
      just(sorted(some, value, true)),
    )
  })

  it.each([12, '13', 14])('of channel %s hide those of another', async (channel) => {
    const desk = await openDesk(state, { channel })
    const own = desk.all.filter(({ items }) => items.every(({ channelId }) => channelId === String(channel))).toReversed()
    expect(own.length > 0).toBe(channel !== 14)
    expect(await listed(desk, {})).toEqual(just(own))
    expect(await listed(desk, { filters: { version: { gt: 1 } } })).toEqual(just(own.filter(({ version }) => version > 1)))
    expect(await listed(desk, { filters: { shipToAddress: { state: 'NY' } } })).toEqual(
      just(own.filter(({ shipToAddress }) => shipToAddress['state'] === 'NY')),
    )
  })

  it.each([
    ['account', { account: 'abcdefghijklmnopqrstuvwx' }],
    ['stage', { stage: 'staging' }],
  ])('of another %s are others', async (_, context) => {
    const [desk, other] = [await openDesk(state), await openDesk(state, context)]
    const ids = new Set(desk.all.filter(({ allocationId }) => allocationId !== ALLOCATION).map(({ allocationId }) => allocationId))
    expect(other.all.length).toBe(SIZE)
    expect(other.all.filter(({ allocationId }) => ids.has(allocationId))).toEqual([])
    expect(await listed(other, {})).toEqual(just(other.all.toReversed()))
    expect(await listed(other, { filters: { statusCode: 'CANCELLED' } })).toEqual(
      just(other.all.filter(({ statusCode }) => statusCode === 'CANCELLED').toReversed()),
    )
    expect(await body<string>(other.query({ filters: { allocationId: one([...ids], 9) } }), 404)).toBeTypeOf('string')
  })

  it.each([
    ['the first 10 without a limit and an offset', {}, 0, 10],
    ['one', { limit: 1 }, 0, 1],
    ['the last, cut short', { offset: SIZE - 3, limit: 10 }, SIZE - 3, SIZE],
    ['none after the end', { offset: SIZE, limit: 10 }, SIZE, SIZE],
  ])('a page: %s', async (_, page, from, to) => {
    const { all, query } = await openDesk(state)
    expect(await body(query(page))).toEqual(all.toReversed().slice(from, to))
  })
})

describe('an allocation query', () => {
  it('of one stage does not see what was cancelled in another', async () => {
    const session = ownSession()
    const context = (stage: string): string => JSON.stringify({ account: ACCOUNT, stage })
    const [production, staging] = ['production', 'staging'].map((stage) => omsClient(mock, { session, context: context(stage) }))
    const statuses = async (client = production): Promise<string[]> =>
      (await body<AllocationDocument[]>(client?.query({ filters: { allocationId: ALLOCATION } }) ?? unreachable())).map(
        (one) => one.statusCode,
      )
    await body(production?.cancel(ALLOCATION) ?? unreachable())
    expect([await statuses(), await statuses(staging)]).toEqual([['CANCELLED'], ['PENDING_PICK']])
  })

  it('of one stage reaches nothing of another, however stage and id are written', async () => {
    const session = ownSession()
    const client = (stage: string): ReturnType<typeof omsClient> =>
      omsClient(mock, { session, context: JSON.stringify({ account: ACCOUNT, stage }) })
    const [inner] = await body<AllocationDocument[]>(client('a/b').query({ filters: { statusCode: 'ALLOCATED' }, limit: 1 }))
    await body(client('a/b').cancel(inner?.allocationId ?? ''))
    expect(await body<string>(client('a').cancel(`b%2F${inner?.allocationId}`), 404)).toMatch(/not found/)
  })

  it('of a stage unnamed is of production', async () => {
    const { all, query } = await openDesk('untouched')
    const unnamed = omsClient(mock, { context: JSON.stringify({ account: ACCOUNT }) })
    expect(await body(unnamed.query({ limit: 50 }))).toEqual(await body(query({ limit: 50 })))
    expect(one(await body<AllocationDocument[]>(unnamed.query()))).toEqual(one(all, -1))
  })

  it.each([
    ['404', 404, /^"/],
    ['200', 200, /^\[\]$/],
  ])('that matches nothing is answered as assumed: %s', async (value, status, text) => {
    await using mock = await openMock({ allocations: SIZE, assume: { 'oms.query.none': value } })
    const { query } = omsClient(mock)
    const asked = [{ statusCode: 'REALLOCATED' }, { allocationId: 'f'.repeat(24) }, { shipToAddress: { state: 'nowhere' } }]
    for (const filters of asked) {
      const response = await query({ filters })
      expect([response.status, response.text]).toEqual([status, expect.stringMatching(text)])
    }
    expect((await query({ filters: { statusCode: 'SHIPPED' } })).status).toBe(200)
  })

  it.each([
    ['a filter', { filters: { statsCode: 'SHIPPED' } }, 'statsCode', 'statusCode'],
    ['a sort', { sortBy: 'updatdAt' }, 'updatdAt', 'updatedAt'],
    ['what every object has', { filters: { constructor: 'x' } }, 'constructor', ''],
    ['what every object inherits', { sortBy: '__proto__' }, '__proto__', ''],
  ])('by a member there is not is refused, with one there is: %s', async (_, query, name, near) => {
    const response = await omsClient(mock).query(query).set('Accept', 'application/problem+json')
    expect(response.status).toBe(400)
    expect(response.text).toContain(name)
    expect((response.body as { fix: string }).fix).toContain(near)
  })
})

function unreachable(): never {
  throw new Error('there is such a client')
}

describe('a billion orders', () => {
  /** A hundred orders from the middle, and the time from the first to the last of them. */
  async function middle(session: string): Promise<{ orders: readonly OrderDocument[]; between: object }> {
    const { orders } = await body<Found>(supplierClient(large, { session }).search({ start: BILLION / 2, limit: PAGE }))
    return { orders, between: { start_date: one(orders).created_date, end_date: one(orders, -1).created_date } }
  }

  const rows: readonly (readonly [
    string,
    (orders: readonly OrderDocument[]) => object,
    (order: OrderDocument, orders: readonly OrderDocument[]) => boolean,
  ])[] = [
    ['nothing more', () => ({}), () => true],
    ['a status', () => ({ line_item_allocation_statuses: ['Partial'] }), some((line) => allocationStatus(line) === 'Partial')],
    ['a designation', () => ({ line_item_designation: 'HasTracking' }), some((line) => shippedOf(line) > 0)],
    ['a retailer', () => ({ org_uuids: [RETAILER_UUID] }), ({ retailer }) => retailer.uuid === RETAILER_UUID],
    ['a SKU', (orders) => ({ term: skuAt(orders, 20) }), (order, orders) => some(({ sku_id }) => sku_id === skuAt(orders, 20))(order)],
  ]
  it.each(rows)('are searched by dates and %s', async (_, search, where) => {
    const session = ownSession()
    const { orders, between } = await middle(session)
    const expected = orders.filter((order) => where(order, orders))
    expect(expected.length).toBeGreaterThan(0)
    const client = supplierClient(large, { session })
    expect(await body(client.search({ ...between, ...search(orders), limit: PAGE }))).toEqual({
      total_results: expected.length,
      orders: expected,
    })
    const backwards = await body<Found>(client.search({ ...between, ...search(orders), limit: PAGE, sort: { key: 'date', dir: 'desc' } }))
    expect(backwards.orders).toEqual(expected.toReversed())
  })

  it.each([
    ['id', ({ order_uuid }: OrderDocument) => ({ term: order_uuid })],
    ['PO number as a term', ({ po_number }: OrderDocument) => ({ term: po_number })],
    ['PO number', ({ po_number }: OrderDocument) => ({ po_number })],
  ])('have one with an %s', async (_, search) => {
    const session = ownSession()
    const order = one((await middle(session)).orders, 50)
    expect(await body(supplierClient(large, { session }).search(search(order)))).toEqual({ total_results: 1, orders: [order] })
  })

  it('have a last page', async () => {
    const { search } = supplierClient(large)
    const { total_results } = await body<Found>(search({ limit: 1 }))
    const { orders } = await body<Found>(search({ start: total_results - 5, limit: 10 }))
    expect(orders.length).toBe(5)
    expect((await body<Found>(search({ sort: { dir: 'desc' }, limit: 5 }))).orders).toEqual(orders.toReversed())
    expect(one(orders, -1).created_date >= '2026-02-28T23:59:59').toBe(true)
    expect(await body(search({ start: total_results }))).toEqual({ total_results, orders: [] })
  })

  it('are sorted by status and by SKU', async () => {
    const { search } = supplierClient(large)
    const first = async (key: string, dir: string): Promise<OrderDocument> =>
      one((await body<Found>(search({ sort: { key, dir }, limit: 1 }))).orders)
    expect(one((await first('status', 'asc')).line_items).status).toBe('Allocated')
    expect(one((await first('status', 'desc')).line_items).status).toBe('Unallocated')
    expect((await first('sku_id', 'asc')).order_uuid).toBe(ORDER)
  })

  it('show what one of them has become', async () => {
    const session = ownSession()
    const { orders, between } = await middle(session)
    const { search, allocate } = supplierClient(large, { session })
    const { order_uuid, line_items } = one(orders.filter(({ line_items }) => line_items.every(({ status }) => status === 'Unallocated')))
    const lines = line_items.map((line) => ({
      line_item_uuid: line.line_item_uuid,
      allocation: { quantity_allocated: 0, quantity_rejected: orderedOf(line) },
    }))
    const before = await body<Found>(search({ line_item_allocation_statuses: ['Unallocated'] }))
    await body(allocate({ line_items: lines }, order_uuid))
    const after = await body<Found>(search({ line_item_allocation_statuses: ['Unallocated'] }))
    expect(after.total_results).toBe(before.total_results - 1)
    const now = await body<Found>(search({ ...between, limit: PAGE }))
    expect(now.orders.map((order) => order.order_uuid)).toEqual(orders.map((order) => order.order_uuid))
    const rejected = await body<Found>(search({ ...between, line_item_designation: 'Rejected', limit: PAGE }))
    expect(rejected.orders).toEqual(now.orders.filter(some((line) => rejectedOf(line) > 0)))
    expect(rejected.orders.map((order) => order.order_uuid)).toContain(order_uuid)
  })
})

describe('a billion allocations', () => {
  async function middle(session: string): Promise<{ all: readonly AllocationDocument[]; updatedAt: object }> {
    const query = { sortDirection: 'asc', offset: BILLION / 2, limit: PAGE }
    const all = await body<AllocationDocument[]>(omsClient(large, { session }).query(query))
    return { all, updatedAt: { gte: one(all).updatedAt, lte: one(all, -1).updatedAt } }
  }

  const rows: readonly (readonly [string, object, Where])[] = [
    ['nothing more', {}, () => true],
    ['a status', { statusCode: 'PENDING_PICK' }, ({ statusCode }) => statusCode === 'PENDING_PICK'],
    [
      'a location and a version',
      { locationNum: ['110', '210'], version: { gt: 1 } },
      ({ locationNum, version }) => ['110', '210'].includes(locationNum) && version > 1,
    ],
    ['an item', { items: { quantity: 5 } }, ({ items }) => items.some(({ quantity }) => quantity === 5)],
    ['what has to be looked at', { shipToAddress: { state: 'T*' } }, ({ shipToAddress: { state } }) => String(state).startsWith('T')],
  ]
  it.each(rows)('are queried by a range and %s', async (_, filters, where) => {
    const session = ownSession()
    const { all, updatedAt } = await middle(session)
    const expected = all.filter((document) => where(document, all))
    expect(expected.length).toBeGreaterThan(0)
    const { query } = omsClient(large, { session })
    expect(await body(query({ filters: { updatedAt, ...filters }, limit: PAGE }))).toEqual(expected.toReversed())
    expect(await body(query({ filters: { updatedAt, ...filters }, limit: PAGE, sortBy: 'locationNum' }))).toEqual(
      sorted(expected, ({ locationNum }) => locationNum, true),
    )
  })

  it('are queried by when they were made', async () => {
    const session = ownSession()
    const { all } = await middle(session)
    const { allocationDate, allocationId } = one(all, 50)
    const found = await body<AllocationDocument[]>(
      omsClient(large, { session }).query({ filters: { allocationDate: { gte: allocationDate, lte: allocationDate } } }),
    )
    expect(found.map((document) => document.allocationId)).toContain(allocationId)
    expect(found.every((document) => document.allocationDate === allocationDate)).toBe(true)
  })

  it.each([...NUMBERED])('have one with a %s', async (member) => {
    const session = ownSession()
    const document = one((await middle(session)).all, 50)
    expect(await body(omsClient(large, { session }).query({ filters: { [member]: document[member] } }))).toEqual([document])
  })

  it('have one with an order', async () => {
    const session = ownSession()
    const document = one((await middle(session)).all, 50)
    const filters = { items: { orderId: one(document.items).orderId } }
    expect(await body(omsClient(large, { session }).query({ filters }))).toEqual([document])
  })

  it('have a last page', async () => {
    const { query } = omsClient(large)
    const last = await body<AllocationDocument[]>(query({ offset: BILLION - 5, limit: 10 }))
    expect(last.length).toBe(5)
    expect(one(last, -1).allocationId).toBe(ALLOCATION)
    expect(await body(query({ sortDirection: 'asc', limit: 5 }))).toEqual(last.toReversed())
  })

  it('have a status on a last page of its own', async () => {
    const { query } = omsClient(large)
    const filters = { statusCode: 'PARTIALLY_CANCELLED' }
    const first = await body<AllocationDocument[]>(query({ filters, sortDirection: 'asc', limit: 3 }))
    expect(first.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 3 }, () => 'PARTIALLY_CANCELLED'))
    // 18 of each 360, of which the last 280 are not complete.
    const whole = Math.floor(BILLION / 360) * 18
    const found = await body<AllocationDocument[]>(query({ filters, offset: whole, limit: 100 }))
    expect(found.slice(-3)).toEqual(first.slice(-found.length).toReversed())
    expect(found.length).toBeLessThanOrEqual(18)
  })

  const refused: readonly (readonly [string, object, string])[] = [
    ['an address', { filters: { shipToAddress: { state: 'NY' } } }, 'shipToAddress'],
    ['a recipient', { filters: { recipient: { name: { last: 'Doe' } }, statusCode: 'SHIPPED' } }, 'recipient'],
    ['a log', { filters: { auditLogs: { auditType: 'CANCEL' } } }, 'auditLogs'],
    ['a pattern', { filters: { allocationNum: '12*' } }, 'allocationNum'],
    ['a member of items that never comes again', { filters: { items: { orderLineId: 'x' } } }, 'items'],
    ['a sort', { sortBy: 'allocationDate' }, 'sortBy allocationDate'],
    ['a sort by an id', { sortBy: 'allocationId', filters: { statusCode: 'SHIPPED' } }, 'sortBy allocationId'],
  ]
  it.each(refused)('are too many to look at for %s, and say what would help', async (_, query, field) => {
    const session = ownSession()
    const client = omsClient(large, { session })
    const plain = await client.query(query)
    expect([plain.status, plain.body]).toEqual([400, expect.stringContaining(field)])
    const problem = await client.query(query).set('Accept', 'application/problem+json')
    expect(problem.body).toMatchObject({ code: 'search-too-wide', fix: expect.stringContaining('updatedAt') as unknown })
    const { updatedAt } = await middle(session)
    const narrowed = { ...query, filters: { ...('filters' in query ? (query.filters as object) : {}), updatedAt } }
    expect([200, 404]).toContain((await client.query(narrowed)).status)
  })

  it('show what one of them has become', async () => {
    const session = ownSession()
    const { all, updatedAt } = await middle(session)
    const { query, cancel } = omsClient(large, { session })
    const { allocationId } = one(all.filter(({ statusCode }) => statusCode === 'ALLOCATED'))
    await body(cancel(allocationId))
    const [last] = await body<AllocationDocument[]>(query({ limit: 1 }))
    expect(last).toMatchObject({ allocationId, statusCode: 'CANCELLED' })
    expect(await body(query({ filters: { updatedAt }, limit: PAGE }))).toEqual(
      all.filter((one) => one.allocationId !== allocationId).toReversed(),
    )
    expect(await body(query({ filters: { statusCode: 'CANCELLED' }, limit: 1 }))).toEqual([last])
  })
})
