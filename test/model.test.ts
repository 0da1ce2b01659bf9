import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { MockOptions } from '../src/index.ts'
import { racingStore, type TestStore, watchedStore } from './stores.ts'
import { ACCOUNT, ALLOCATION, LINE, openMock, ORDER, ownSession } from './support.ts'

const LONG = process.env['LONG'] !== undefined
const OTHER_ACCOUNT = 'the-second-account-there'
const NOW_OF_AN_ALLOCATION = '2026-03-01T12:00:00.000000000Z'
const TOKENS = ['one', 'two', 'three', 'four', 'shop1', 'shop2', 'shop3'] as const
const OPTIONS: MockOptions = {
  orders: 40,
  allocations: 40,
  supplierTokens: ['one=1', 'two=2', 'three=3', 'four=4'],
  retailerTokens: ['shop1=1', 'shop2=2', 'shop3=3'],
}

type Token = (typeof TOKENS)[number]
type Json = Readonly<Record<string, unknown>>

interface LineView {
  readonly uuid: string
  readonly status: string
  readonly sku_id: string
  readonly cost: number
  readonly supplier_uuid: string
  readonly supplier_provided_po_number: string | null
  readonly supplier_provided_invoice_number: string | null
  readonly tracking_numbers: readonly { readonly quantity: number }[]
  readonly allocation: {
    readonly quantity_ordered: number
    readonly quantity_allocated: number
    readonly quantity_backordered: number
    readonly quantity_rejected: number
    readonly backorder_date: string | null
  }
}

interface OrderView {
  readonly order_uuid: string
  readonly po_number: string
  readonly is_allocated: boolean
  readonly created_date: string
  readonly retailer: { readonly uuid: string }
  readonly line_items: readonly LineView[]
}

interface AllocationView {
  readonly allocationId: string
  readonly version: number
  readonly statusCode: string
  readonly locationNum: string
  readonly updatedAt: string
  readonly items: readonly {
    readonly quantity: number
    readonly shippedQuantity: number
    readonly scratchQuantity: number
    readonly channelId: string
    readonly itemStatus: string
    readonly allocationLineNumber: number
    readonly sku: string
  }[]
  readonly auditLogs: readonly Json[]
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What there is before anybody changes anything: read once through the APIs, since data come from the seed. */
interface Base {
  /** With every line, in the order in which they were placed. */
  readonly orders: readonly OrderView[]
  readonly organizations: Readonly<Record<Token, string>>
  /** By account; the last updated first. */
  readonly allocations: Readonly<Record<string, readonly AllocationView[]>>
}

/** One store's server, and how to ask it. */
async function serve(store: TestStore) {
  const failures: unknown[] = []
  const mock = await openMock({ ...OPTIONS, store, onFailure: (error) => failures.push(error) })
  const { url } = await mock.listen({ port: 0 })
  async function send(
    session: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer> {
    const answer = await fetch(url + path, {
      method,
      headers: { ...headers, 'Mock-Session': session, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return {
    mock,
    url,
    failures,
    supplier: (session: string, token: Token, method: string, path: string, body?: unknown) =>
      send(session, method, path, { Authorization: `Token ${token}` }, body),
    oms: (session: string, context: Json, method: string, path: string, body?: unknown) =>
      send(session, method, `/api/v2${path}`, { Authorization: 'Bearer any', 'x-site-context': JSON.stringify(context) }, body),
  }
}

type Served = Awaited<ReturnType<typeof serve>>

async function readBase({ supplier, oms }: Served): Promise<Base> {
  const session = ownSession()
  const found = await Promise.all(
    TOKENS.map(async (token) => ({
      token,
      orders: (await supplier(session, token, 'POST', '/orders/', { limit: 100 })).body as { orders: OrderView[] },
    })),
  )
  const isRetailer = (token: Token): boolean => token.startsWith('shop')
  const orders = found.filter(({ token }) => isRetailer(token)).flatMap(({ orders: { orders } }) => orders)
  const organizations = found.map(
    ({
      token,
      orders: {
        orders: [first],
      },
    }) => [token, isRetailer(token) ? first?.retailer.uuid : first?.line_items[0]?.supplier_uuid],
  )
  const allocations = [ACCOUNT, OTHER_ACCOUNT].map(async (account) => [
    account,
    (await oms(session, { account }, 'POST', '/allocation/query', { limit: 100 })).body,
  ])
  return {
    orders: orders.toSorted((a, b) => (a.created_date < b.created_date ? -1 : 1)),
    organizations: Object.fromEntries(organizations),
    allocations: Object.fromEntries(await Promise.all(allocations)),
  }
}

/** What a session should hold, by the documents alone. */
class Model {
  readonly orders: Map<string, OrderView>
  readonly allocations: Readonly<Record<string, Map<string, AllocationView>>>
  readonly changed = new Set<string>()
  readonly #base: Base

  constructor(base: Base) {
    this.#base = base
    this.orders = new Map(base.orders.map((order) => [order.order_uuid, order]))
    this.allocations = Object.fromEntries(
      Object.entries(base.allocations).map(([account, list]) => [account, new Map(list.map((one) => [one.allocationId, one]))]),
    )
  }

  /** The order as this organisation sees it. */
  seen(id: string, token: Token): OrderView | undefined {
    const order = this.orders.get(id)
    if (!order) return undefined
    const own = this.#base.organizations[token]
    if (token.startsWith('shop')) return order.retailer.uuid === own ? order : undefined
    const line_items = order.line_items.filter((line) => line.supplier_uuid === own)
    return line_items.length === 0 ? undefined : { ...order, line_items }
  }

  /** Shipped units of a line that this supplier may speak of. */
  line(order: OrderView, id: string, token: Token): LineView | undefined {
    return this.seen(order.order_uuid, token)?.line_items.find(({ uuid }) => uuid === id.toLowerCase())
  }

  put(order: OrderView): void {
    this.changed.add(order.order_uuid)
    this.orders.set(order.order_uuid, { ...order, is_allocated: isAllocated(order) })
  }

  allocation(account: string, id: string, channel: string | undefined): AllocationView | undefined {
    const found = this.allocations[account]?.get(id)
    return found && ofChannel(found, channel) ? found : undefined
  }
}

function many<T>(value: T, count: number): T[] {
  return Array.from({ length: count }, () => value)
}

function ofChannel({ items }: AllocationView, channel: string | undefined): boolean {
  return channel === undefined || items.every(({ channelId }) => channelId === channel)
}

const shipped = ({ tracking_numbers: parcels }: LineView): number => parcels.reduce((sum, { quantity }) => sum + quantity, 0)

function isAllocated({ line_items: lines }: OrderView): boolean {
  const open = lines.filter(({ status }) => status !== 'Cancelled')
  return open.length > 0 && open.every(({ status }) => status !== 'Unallocated')
}

/** No operation of the two APIs ships or cancels a line. */
function statusOf(line: LineView): string {
  if (line.status === 'Cancelled') return 'Cancelled'
  if (shipped(line) > 0) return 'HasTracking'
  const { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected } = line.allocation
  return allocated > 0 ? 'Allocated' : backordered > 0 ? 'Backordered' : rejected > 0 ? 'Rejected' : 'Unallocated'
}

function allocationStatus({ allocation }: LineView): string {
  const {
    quantity_ordered: ordered,
    quantity_allocated: allocated,
    quantity_backordered: backordered,
    quantity_rejected: rejected,
  } = allocation
  if (allocated === 0 && backordered === 0 && rejected === 0) return 'Unallocated'
  return backordered === 0 && allocated + rejected === ordered ? 'Allocated' : 'Partial'
}

function isDesignated(line: LineView, designation: string): boolean {
  const { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected } = line.allocation
  switch (designation) {
    case 'HasTracking':
      return shipped(line) > 0
    case 'NeedsTracking':
      return allocated > shipped(line)
    case 'Backordered':
      return backordered > 0
    case 'Rejected':
      return rejected > 0
    default:
      return line.status === 'Cancelled'
  }
}

function openUnits({ statusCode, items }: AllocationView): number[] {
  const isClosed = ['SHIPPED', 'CANCELLED', 'PARTIALLY_CANCELLED', 'REALLOCATED'].includes(statusCode)
  return items.map(({ quantity, shippedQuantity, scratchQuantity }) => (isClosed ? 0 : quantity - shippedQuantity - scratchQuantity))
}

/** Where a session stands, in one step of a run. */
interface Run {
  readonly served: Served
  readonly session: string
  readonly model: Model
  readonly base: Base
  /** What happened so far: runs that meet refusals only would prove little. */
  readonly met: Set<string>
}

/** Sends one request, checks the answer against the model, and lets the model follow. */
interface Command {
  play(run: Run): Promise<void>
  toString(): string
}

function command(name: string, settings: object, play: Command['play']): Command {
  return { play, toString: () => `${name} ${JSON.stringify(settings)}` }
}

type Wish<Drawn> = Drawn extends fc.Arbitrary<infer T> ? T : never

const token = fc.constantFrom<Token>('one', 'one', 'one', 'one', 'two', 'three', 'four', 'shop1', 'shop2')
const place = fc.nat(39)
const busyPlace = fc.oneof(fc.nat(7), place)
const channel = fc.constantFrom(undefined, undefined, undefined, undefined, '12', 12, '13')
const account = fc.constantFrom(ACCOUNT, ACCOUNT, ACCOUNT, OTHER_ACCOUNT)

/** Ways for a line of an allocation to be wrong; `ok` and what follows it are none. */
const FAULTS = {
  ok: { status: 200 },
  'as digits': { status: 200 },
  accepted: { status: 200 },
  'ordered said': { status: 200 },
  'without zeros': { status: 200 },
  'in upper case': { status: 200 },
  'one too many': { status: 400 },
  'one too few': { status: 400 },
  'accepted differs': { status: 400 },
  'ordered differs': { status: 400 },
  twice: { status: 400 },
  negative: { status: 400 },
  broken: { status: 400 },
  'too large': { status: 400 },
  'too large in digits': { status: 400 },
  'no quantity': { status: 400 },
  'no date': { status: 400 },
  'no uuid': { status: 400 },
  'unknown line': { status: 422 },
} as const
type Fault = keyof typeof FAULTS
const fault = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom<Fault>('ok', 'as digits', 'accepted', 'ordered said', 'without zeros', 'in upper case') },
  { weight: 8, arbitrary: fc.constantFrom(...(Object.keys(FAULTS) as Fault[])) },
)

const lineWish = fc.record({
  fault,
  /** What is shipped already is nearly always left allocated. */
  isFair: fc.constantFrom(true, true, true, true, false),
  first: fc.nat(12),
  second: fc.nat(12),
  date: fc.constantFrom(undefined, null, '2026-05-01', '2026-06-02T23:59:59-05:00'),
  po: fc.constantFrom(undefined, undefined, null, '', 'po-1', 'x'.repeat(255)),
})
type LineWish = Wish<typeof lineWish>

const allocateWish = fc.record({
  place: busyPlace,
  token,
  wishes: fc.array(lineWish, { minLength: 1, maxLength: 4 }),
  backwards: fc.boolean(),
})
const allocate = allocateWish.map((wish) => command('allocate', wish, (run) => playAllocate(run, wish)))

interface Wanted {
  readonly line: LineView
  readonly fault: Fault
  readonly allocated: number
  readonly backordered: number
  readonly rejected: number
  readonly body: Json
  readonly next: LineView
}

function wantedOf(line: LineView, { fault: wrong, isFair, first, second, date, po }: LineWish): Wanted {
  const { quantity_ordered: ordered } = line.allocation
  const least = isFair ? shipped(line) : 0
  const allocated = least + (first % (ordered - least + 1))
  const backordered = second % (ordered - allocated + 1)
  const rejected = ordered - allocated - backordered
  const spell = wrong === 'as digits' ? String : Number
  const allocation: Record<string, unknown> = {
    quantity_allocated: spell(allocated),
    quantity_backordered: spell(backordered),
    quantity_rejected: spell(rejected),
    backorder_date: date,
  }
  const changes: { readonly [F in Fault]?: Json } = {
    accepted: { quantity_accepted: allocated, quantity_allocated: undefined },
    'ordered said': { quantity_ordered: String(ordered), quantity_accepted: allocated },
    'without zeros': { quantity_backordered: backordered || undefined, quantity_rejected: rejected || undefined },
    'one too many': { quantity_rejected: rejected + 1 },
    'one too few': { quantity_rejected: 0, quantity_backordered: 0, quantity_allocated: ordered - 1 },
    'accepted differs': { quantity_accepted: allocated + 1 },
    'ordered differs': { quantity_ordered: ordered + 1 },
    negative: { quantity_backordered: -1 },
    broken: { quantity_allocated: allocated + 0.5 },
    'too large': { quantity_rejected: 2_147_483_648 },
    'too large in digits': { quantity_rejected: '9999999999' },
    'no quantity': { quantity_allocated: undefined },
    'no date': { backorder_date: 'tomorrow' },
  }
  return {
    line,
    fault: wrong,
    allocated,
    backordered,
    rejected,
    body: {
      line_item_uuid:
        {
          'in upper case': line.uuid.toUpperCase(),
          'no uuid': 'line-1',
          'unknown line': `00000000-0000-4000-8000-${line.uuid.slice(-12)}`,
        }[wrong as string] ?? line.uuid,
      supplier_provided_po_number: po,
      allocation: { ...allocation, ...changes[wrong] },
    },
    next: {
      ...line,
      supplier_provided_po_number: po === undefined ? line.supplier_provided_po_number : po,
      allocation: {
        ...line.allocation,
        quantity_allocated: allocated,
        quantity_backordered: backordered,
        quantity_rejected: rejected,
        backorder_date: backordered > 0 ? (date?.slice(0, 10) ?? null) : null,
      },
    },
  }
}

async function playAllocate({ served, session, model, base, met }: Run, wish: Wish<typeof allocateWish>): Promise<void> {
  const order = model.orders.get(base.orders[wish.place]?.order_uuid ?? '')
  if (!order) throw new Error('the population is smaller than its number')
  const own = model.seen(order.order_uuid, wish.token)?.line_items ?? []
  const lines = own.length > 0 ? own : order.line_items
  const wanted = lines.flatMap((line, index) => {
    const lineWish = wish.wishes[index]
    return lineWish ? [wantedOf(line, lineWish)] : []
  })
  if (wish.backwards) wanted.reverse()
  const line_items = wanted.flatMap(({ body, fault: wrong }) => (wrong === 'twice' ? [body, body] : [body]))
  const { status, body } = await served.supplier(session, wish.token, 'PUT', `/orders/allocation/${order.order_uuid}/`, { line_items })

  const worst = wanted.map(({ fault: wrong }) => FAULTS[wrong].status)
  const isClosed = wanted.some(({ line, allocated }) => line.status === 'Cancelled' || allocated < shipped(line))
  const expected = wish.token.startsWith('shop')
    ? 409
    : own.length === 0
      ? 404
      : worst.some((one) => one === 400)
        ? 400
        : worst.some((one) => one === 422) || isClosed
          ? 422
          : 200
  expect({ status, body: status === expected ? undefined : body }).toEqual({ status: expected, body: undefined })
  met.add(`allocate ${expected}`)
  if (expected !== 200) return

  expect(body).toEqual({
    line_items: wanted.map(({ line }) => ({
      line_item_uuid: line.uuid,
      quantity_shipped: shipped(line),
      supplier_provided_sku_cost: line.cost,
    })),
  })
  const next = new Map(wanted.map((one) => [one.line.uuid, { ...one.next, status: statusOf(one.next) }]))
  const isNew = wanted.some(
    ({ line, next: { allocation, supplier_provided_po_number: po } }) =>
      JSON.stringify([line.allocation, line.supplier_provided_po_number]) !== JSON.stringify([allocation, po]),
  )
  if (isNew) model.put({ ...order, line_items: order.line_items.map((line) => next.get(line.uuid) ?? line) })
  // Reading it back shows what was said, and what holds of every line that was answered.
  const read = await served.supplier(session, wish.token, 'GET', `/orders/${order.order_uuid}/`)
  expect(read).toEqual({ status: 200, body: model.seen(order.order_uuid, wish.token) })
  for (const { uuid, allocation, tracking_numbers: parcels } of (read.body as OrderView).line_items) {
    if (!next.has(uuid)) continue
    const {
      quantity_ordered: ordered,
      quantity_allocated: allocated,
      quantity_backordered: backordered,
      quantity_rejected: rejected,
    } = allocation
    expect(allocated + backordered + rejected).toBe(ordered)
    expect(parcels.reduce((sum, { quantity }) => sum + quantity, 0)).toBeLessThanOrEqual(allocated)
  }
}

const getOrderWish = fc.record({ place: busyPlace, token, isUpper: fc.boolean() })
const getOrder = getOrderWish.map((wish) => command('getOrder', wish, (run) => playGetOrder(run, wish)))

async function playGetOrder({ served, session, model, base, met }: Run, wish: Wish<typeof getOrderWish>): Promise<void> {
  const id = base.orders[wish.place]?.order_uuid ?? ''
  const expected = model.seen(id, wish.token)
  const answer = await served.supplier(session, wish.token, 'GET', `/orders/${wish.isUpper ? id.toUpperCase() : id}/`)
  expect(answer).toEqual(expected ? { status: 200, body: expected } : { status: 404, body: { detail: 'Not found.' } })
  met.add(`getOrder ${answer.status}`)
}

const searchWish = fc.record({
  token,
  start: fc.constantFrom(0, 0, 1, 5, 1_000),
  limit: fc.constantFrom(1, 3, 25, 100),
  dir: fc.constantFrom('asc', 'desc'),
  statuses: fc.option(fc.subarray(['Unallocated', 'Partial', 'Allocated'], { minLength: 1 }), { nil: undefined }),
  designation: fc.option(fc.constantFrom('HasTracking', 'NeedsTracking', 'Backordered', 'Rejected', 'Cancelled'), { nil: undefined }),
  term: fc.option(fc.record({ place, by: fc.constantFrom('order_uuid', 'po_number', 'sku') }), { nil: undefined, freq: 3 }),
})
const search = searchWish.map((wish) => command('search', wish, (run) => playSearch(run, wish)))

async function playSearch({ served, session, model, base, met }: Run, wish: Wish<typeof searchWish>): Promise<void> {
  const { token: who, start, limit, dir, statuses, designation, term } = wish
  const named = base.orders[term?.place ?? 0]
  const text =
    term && named && (term.by === 'order_uuid' ? named.order_uuid : term.by === 'po_number' ? named.po_number : named.line_items[0]?.sku_id)
  const matching = base.orders
    .flatMap(({ order_uuid: id }) => model.seen(id, who) ?? [])
    .filter(
      ({ order_uuid: id, po_number: po, line_items: lines }) =>
        (!statuses || lines.some((line) => statuses.includes(allocationStatus(line)))) &&
        (!designation || lines.some((line) => isDesignated(line, designation))) &&
        (!term || id === text || po === text || lines.some(({ sku_id: sku }) => sku === text)),
    )
  if (dir === 'desc') matching.reverse()
  const body = {
    start,
    limit,
    sort: { key: 'date', dir },
    line_item_allocation_statuses: statuses,
    line_item_designation: designation,
    term: text,
  }
  const answer = await served.supplier(session, who, 'POST', '/orders/', body)
  expect(answer).toEqual({ status: 200, body: { total_results: matching.length, orders: matching.slice(start, start + limit) } })
  met.add(matching.length === 0 ? 'search nothing' : 'search something')
}

const getAllocationWish = fc.record({ place: busyPlace, account, channel })
const getAllocation = getAllocationWish.map((wish) => command('getAllocation', wish, (run) => playGetAllocation(run, wish)))

async function playGetAllocation({ served, session, model, base, met }: Run, wish: Wish<typeof getAllocationWish>): Promise<void> {
  const id = base.allocations[wish.account]?.[wish.place]?.allocationId ?? ''
  const expected = model.allocation(wish.account, id, wish.channel === undefined ? undefined : String(wish.channel))
  const answer = await served.oms(session, { account: wish.account, channel: wish.channel }, 'GET', `/allocation/${id}`)
  expect(answer).toEqual(expected ? { status: 200, body: expected } : { status: 400, body: `Allocation ${id} is not found` })
  met.add(`getAllocation ${answer.status}`)
}

const cancelWish = fc.record({
  account,
  channel,
  places: fc.array(fc.oneof({ weight: 12, arbitrary: place }, fc.constant('unknown'), fc.constant('')), { minLength: 1, maxLength: 3 }),
  repeated: fc.constantFrom(false, false, false, true),
})
const cancel = cancelWish.map((wish) => command('cancel', wish, (run) => playCancel(run, wish)))

async function playCancel({ served, session, model, base, met }: Run, wish: Wish<typeof cancelWish>): Promise<void> {
  const named = wish.places.map((one) => (typeof one === 'number' ? (base.allocations[wish.account]?.[one]?.allocationId ?? '') : one))
  const ids = wish.repeated ? [...named, ...named] : named
  const seen = [...new Set(ids)].map((id) =>
    model.allocation(wish.account, id, wish.channel === undefined ? undefined : String(wish.channel)),
  )
  const isPossible = seen.every((one) => one !== undefined && openUnits(one).some((units) => units > 0))
  const answer = await served.oms(session, { account: wish.account, channel: wish.channel }, 'PUT', `/allocation/cancel/${ids.join(',')}`)
  expect(answer.status).toBe(isPossible ? 200 : 404)
  met.add(`cancel ${answer.status}`)
  if (!isPossible) return

  const after = answer.body as AllocationView[]
  expect(after).toHaveLength(seen.length)
  for (const [index, before] of seen.entries()) {
    const now = after[index]
    if (!before || !now) throw new Error('there is an answer for each allocation')
    const units = openUnits(before)
    expect(now).toEqual({
      ...before,
      version: before.version + 1,
      statusCode: before.items.some(({ shippedQuantity }) => shippedQuantity > 0) ? 'PARTIALLY_CANCELLED' : 'CANCELLED',
      updatedAt: NOW_OF_AN_ALLOCATION,
      items: before.items.map((item) => (item.shippedQuantity === 0 ? { ...item, itemStatus: 'CANCELLED' } : item)),
      auditLogs: expect.any(Array),
    })
    // The old entries stay, and new ones name the document and each line that lost units.
    expect(now.auditLogs.slice(0, before.auditLogs.length)).toEqual(before.auditLogs)
    const entry = { auditType: 'CANCEL', auditTimestamp: NOW_OF_AN_ALLOCATION, success: true }
    expect(now.auditLogs.slice(before.auditLogs.length)).toMatchObject([
      { ...entry, updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: before.statusCode }] },
      ...before.items.flatMap(({ allocationLineNumber, sku }, item) =>
        units[item] === 0 ? [] : [{ ...entry, lineItemId: String(allocationLineNumber), sku, quantity: units[item] }],
      ),
    ])
    const audits = now.auditLogs.map(({ auditId }) => auditId)
    expect(new Set(audits).size).toBe(audits.length)
    model.allocations[wish.account]?.set(now.allocationId, now)
    model.changed.add(`${wish.account} ${now.allocationId}`)
  }
}

const queryWish = fc.record({
  account,
  channel,
  status: fc.constantFrom(undefined, 'CANCELLED', 'PARTIALLY_CANCELLED', 'ALLOCATED', ['PENDING_PICK', 'SHIPPED'], 'NOTHING'),
  location: fc.constantFrom(undefined, undefined, '110', ['210', '410']),
  version: fc.constantFrom(undefined, undefined, 2, { gte: 3 }),
  updated: fc.constantFrom(undefined, undefined, { gte: '2026-02-01T00:00:00Z' }, { lt: '2026-03-01T12:00:00Z' }),
  sortDirection: fc.constantFrom('asc' as const, 'desc' as const),
  offset: fc.nat(12),
  limit: fc.integer({ min: 1, max: 10 }),
})
const query = queryWish.map((wish) => command('query', wish, (run) => playQuery(run, wish)))

async function playQuery({ served, session, model, met }: Run, wish: Wish<typeof queryWish>): Promise<void> {
  const { status, location, version, updated } = wish
  const isOneOf = (value: string, wanted: string | readonly string[] | undefined): boolean =>
    wanted === undefined || [wanted].flat().includes(value)
  const matching = [...(model.allocations[wish.account]?.values() ?? [])].filter(
    (one) =>
      ofChannel(one, wish.channel === undefined ? undefined : String(wish.channel)) &&
      isOneOf(one.statusCode, status) &&
      isOneOf(one.locationNum, location) &&
      (version === undefined || (typeof version === 'number' ? one.version === version : one.version >= version.gte)) &&
      // Times of the same form compare as texts.
      (updated?.gte === undefined || one.updatedAt >= updated.gte.replace('Z', '.000000000Z')) &&
      (updated?.lt === undefined || one.updatedAt < updated.lt.replace('Z', '.000000000Z')),
  )
  const body = {
    filters: { statusCode: status, locationNum: location, version, updatedAt: updated },
    sortDirection: wish.sortDirection,
    limit: 100,
  }
  const context = { account: wish.account, channel: wish.channel }
  const all = await served.oms(session, context, 'POST', '/allocation/query', body)
  const pageOf = await served.oms(session, context, 'POST', '/allocation/query', { ...body, limit: wish.limit, offset: wish.offset })
  met.add(`query ${all.status}`)
  if (matching.length === 0) {
    expect([all.status, pageOf.status]).toEqual([404, 404])
    return
  }
  expect(all.status).toBe(200)
  const list = all.body as AllocationView[]
  expect(new Map(list.map((one) => [one.allocationId, one]))).toEqual(new Map(matching.map((one) => [one.allocationId, one])))
  expect(list).toHaveLength(matching.length)
  const times = list.map(({ updatedAt }) => updatedAt)
  expect(times).toEqual(wish.sortDirection === 'asc' ? times.toSorted() : times.toSorted().toReversed())
  expect(pageOf).toEqual({ status: 200, body: list.slice(wish.offset, wish.offset + wish.limit) })
}

/** Requests that are wrong whatever the session holds. */
const wrongWish = fc.constantFrom<readonly [number, string, string, Readonly<Record<string, string>>, string?]>(
  [404, 'PUT', '/orders/allocation/00000000-0000-4000-8000-000000000000/', { Authorization: 'Token one' }, '{}'],
  [404, 'PUT', '/orders/allocation/no-uuid/', { Authorization: 'Token one' }, '{}'],
  [401, 'PUT', `/orders/allocation/${ORDER}/`, {}, '{}'],
  [401, 'PUT', `/orders/allocation/${ORDER}/`, { Authorization: 'Token invalid' }, '{}'],
  [405, 'POST', `/orders/allocation/${ORDER}/`, { Authorization: 'Token one' }, '{}'],
  [400, 'PUT', `/orders/allocation/${ORDER}/`, { Authorization: 'Token one' }],
  [400, 'PUT', `/orders/allocation/${ORDER}/`, { Authorization: 'Token one' }, '{"line_items":[]}'],
  [400, 'PUT', `/orders/allocation/${ORDER}/`, { Authorization: 'Token one' }, '{"line_items":'],
  [415, 'PUT', `/orders/allocation/${ORDER}/`, { Authorization: 'Token one', 'Content-Type': 'text/plain' }, '{}'],
  [401, 'PUT', `/api/v2/allocation/cancel/${ALLOCATION}`, {}],
  [
    401,
    'PUT',
    `/api/v2/allocation/cancel/${ALLOCATION}`,
    { Authorization: 'Bearer invalid', 'x-site-context': `{"account":"${ACCOUNT}"}` },
  ],
  [400, 'PUT', `/api/v2/allocation/cancel/${ALLOCATION}`, { Authorization: 'Bearer any' }],
  [400, 'PUT', `/api/v2/allocation/cancel/${ALLOCATION}`, { Authorization: 'Bearer any', 'x-site-context': '{"account":"short"}' }],
  [405, 'DELETE', `/api/v2/allocation/cancel/${ALLOCATION}`, { Authorization: 'Bearer any', 'x-site-context': `{"account":"${ACCOUNT}"}` }],
  [404, 'PUT', '/api/v2/allocation/cancel/x', { Authorization: 'Bearer any', 'x-site-context': `{"account":"${'z'.repeat(24)}"}` }],
)
const wrong = wrongWish.map((wish) => command('wrong', wish, (run) => playWrong(run, wish)))

async function playWrong({ served, session }: Run, wish: Wish<typeof wrongWish>): Promise<void> {
  const [expected, method, path, headers, body] = wish
  const answer = await fetch(served.url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers, 'Mock-Session': session },
    ...(body !== undefined && { body }),
  })
  await answer.arrayBuffer()
  expect(answer.status).toBe(expected)
}

const anyCommand = fc.oneof(
  { weight: 6, arbitrary: allocate },
  { weight: 2, arbitrary: getOrder },
  { weight: 3, arbitrary: search },
  { weight: 5, arbitrary: cancel },
  { weight: 2, arbitrary: getAllocation },
  { weight: 3, arbitrary: query },
  { weight: 2, arbitrary: wrong },
)
const commands = fc.array(anyCommand, { minLength: 10, maxLength: 40, size: 'max' })

const servers = { memory: await serve(watchedStore()), racing: await serve(racingStore()) }
afterAll(() => Promise.all(Object.values(servers).map(({ mock }) => mock.close())))

describe('two sessions driven at random', async () => {
  const base = await readBase(servers.memory)

  const met = new Set<string>()

  async function drive(served: Served, session: string, steps: readonly Command[]): Promise<void> {
    const run: Run = { served, session, model: new Model(base), base, met }
    const entities = served.mock.session(session)
    for (const step of steps) {
      await step.play(run)
      expect((await entities.entities({ changed: true, limit: 1 })).total).toBe(run.model.changed.size)
    }
    // All that the session holds, changed or not, is what the model holds.
    const orders = await entities.entities({ kind: 'order', limit: 100 })
    expect(orders.entities.map(({ entity }) => entity)).toEqual(base.orders.map(({ order_uuid: id }) => run.model.orders.get(id)))
    for (const account of [ACCOUNT, OTHER_ACCOUNT]) {
      const page = await entities.entities({ kind: 'allocation', account, limit: 100 })
      expect(new Map(page.entities.map(({ id, entity }) => [id, entity]))).toEqual(run.model.allocations[account])
    }
    await entities.drop()
  }

  it('begins with the same data on every store', async () => {
    expect(await readBase(servers.racing)).toEqual(base)
    expect(base.orders).toHaveLength(40)
    expect(Object.values(base.organizations)).toHaveLength(TOKENS.length)
    expect(Object.values(base.allocations).map(({ length }) => length)).toEqual([40, 40])
  })

  it('agree with the model, each with its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('memory' as const, 'racing' as const), commands, commands, async (store, one, other) => {
        const served = servers[store]
        await Promise.all([drive(served, ownSession(), one), drive(served, ownSession(), other)])
        expect(served.failures.splice(0)).toEqual([])
      }),
      { seed: 4_711, numRuns: LONG ? 400 : 12 },
    )
    expect(met).toEqual(
      new Set([
        ...[200, 400, 404, 409, 422].map((status) => `allocate ${status}`),
        ...['cancel', 'getOrder', 'query'].flatMap((name) => [`${name} 200`, `${name} 404`]),
        'getAllocation 200',
        'getAllocation 400',
        'search something',
        'search nothing',
      ]),
    )
  })
})

describe('a request of a megabyte', () => {
  const served = servers.memory

  it.each<[string, string, string, object]>([
    ['filters of many values', 'POST', '/allocation/query', { filters: { statusCode: many(1, 400_000) } }],
    ['nested filters of many values', 'POST', '/allocation/query', { filters: { items: { sku: many('a', 200_000) } } }],
    ['many filters', 'POST', '/allocation/query', { filters: Object.fromEntries(many(0, 9_000).map((_, index) => [index, index])) }],
    ['a long pattern', 'POST', '/allocation/query', { filters: { poNumber: '*1'.repeat(400_000) } }],
    ['many organisations', 'POST', '/orders/', { org_uuids: many(LINE, 25_000) }],
    ['many statuses that there are not', 'POST', '/orders/', { line_item_allocation_statuses: many('Some', 140_000) }],
    [
      'many lines',
      'PUT',
      `/orders/allocation/${ORDER}/`,
      { line_items: many({ line_item_uuid: LINE, allocation: { quantity_allocated: 6 } }, 9_000) },
    ],
    ['many lines that are none', 'PUT', `/orders/allocation/${ORDER}/`, { line_items: many(1, 500_000) }],
  ])('may be %s', async (_what, method, path, body) => {
    const session = ownSession()
    const answer = path.startsWith('/orders')
      ? await served.supplier(session, 'one', method, path, body)
      : await served.oms(session, { account: ACCOUNT }, method, path, body)
    expect(served.failures.splice(0)).toEqual([])
    expect(answer.status).toBeLessThan(500)
    expect(await served.mock.session(session).entities({ changed: true })).toMatchObject({ total: 0 })
  })
})
