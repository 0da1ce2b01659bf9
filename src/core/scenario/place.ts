import type { Scene as CoreScene } from '../behaviour.ts'
import { asBundled, type Change, type Scene } from '../../apis/kinds.ts'
import { PRODUCTS } from '../population/catalogue.ts'
import { instantOf, timestamp } from '../clock.ts'
import { claimsOf } from './data.ts'
import type { Data, PlacedAllocation, PlacedLine, PlacedOrder, PlacedStock } from './written.ts'
import { MAX_ISSUES } from '../../base/http.ts'
import { type Allocation, allocationId, auditKey, cancel, handOn } from '../../apis/oms/allocation.ts'
import type { Wrong } from './lineage.ts'
import { DocumentMaker } from '../../apis/oms/generate.ts'
import { createOmsOrder, findOmsOrderByNumber } from '../../apis/oms/order.ts'
import type { OmsOrder, OrderLine, SentLine, Stock } from '../../apis/oms/kinds.ts'
import { allocationPopulation, customerAt, LOCATIONS, tenantOf } from '../../apis/oms/population.ts'
import { type Account, accountNamed, entityId } from '../../apis/oms/query.ts'
import { shipUnits } from '../../apis/oms/shipment.ts'
import { stockId, StockLedger } from '../../apis/oms/stock.ts'
import { findBy } from '../places.ts'
import { at, keyOf, pick, uuid } from '../population/random.ts'
import { answerCancellation, cancelLine } from '../../apis/supplier/cancellation.ts'
import { createOrder, ORDERS, placed } from '../../apis/supplier/create.ts'
import { allocate, lineId, type Order, orderId, type Transition } from '../../apis/supplier/order.ts'
import { orderPopulation, skuOfProduct } from '../../apis/supplier/population.ts'
import { findOrderOfLine } from '../../apis/supplier/search.ts'
import { ship } from '../../apis/supplier/tracking.ts'
import { Draft, nextNumber } from '../world.ts'

/** What could not have come about by requests: where in the data, and why. */
type Impossible = Omit<Wrong, 'in'>
type Placed = { readonly kind: 'placed'; readonly changes: readonly Change[] } | Refusal

interface Refusal {
  readonly kind: 'refused'
  readonly issues: readonly Impossible[]
}

/** What was brought in, by id, in the order of the data. */
export interface Brought {
  readonly kind: 'brought'
  readonly changes: readonly Change[]
  readonly orders: readonly Order[]
  readonly allocations: readonly Allocation[]
  readonly omsOrders: readonly OmsOrder[]
}

/** Brings data into a session: the changes that do it, or everything that is impossible about them. */
export function place(data: Data, given: CoreScene): Brought | Refusal {
  const { world, session, now, real } = asBundled(given)
  const draft = new Draft(world)
  const scene: Scene = { world: draft, session, now, real }
  const issues: Impossible[] = repeated(data).slice(0, MAX_ISSUES)
  if (issues.length > 0) return { kind: 'refused', issues }
  const keep = (result: Placed): void => {
    if (result.kind === 'refused') issues.push(...result.issues)
    else draft.apply(result.changes)
  }
  for (const [index, order] of (data.orders ?? []).entries()) if (issues.length < MAX_ISSUES) keep(placeOrder(order, index, scene))
  const groups = byOrder(data.allocations ?? [])
  const freeNumber = freeOrderNumbers(scene)
  for (const { at: indices, allocations } of groups)
    if (issues.length < MAX_ISSUES) keep(placeAllocations(allocations, indices, scene, freeNumber))
  keep({ kind: 'placed', changes: stockChanges(data.stock ?? [], scene) })
  if (issues.length > 0) return { kind: 'refused', issues }
  const { changes } = draft
  // They came order by order.
  const places = groups.flatMap(({ at: indices }) => indices)
  const came = lastOf(changes.filter((change) => change.kind === 'allocation')).map((allocation, n) => ({
    allocation,
    place: places[n] ?? 0,
  }))
  return {
    kind: 'brought',
    changes,
    orders: lastOf(changes.filter((change) => change.kind === 'order')),
    allocations: came.toSorted((one, other) => one.place - other.place).map(({ allocation }) => allocation),
    omsOrders: lastOf(changes.filter((change) => change.kind === 'oms-order')),
  }
}

/** Each entity as it came to be, in the order in which they came. */
function lastOf<Entity>(changes: readonly { readonly id: string; readonly to: Entity | undefined }[]): readonly Entity[] {
  return [...new Map(changes.map(({ id, to }) => [id, to])).values()].filter((entity) => entity !== undefined)
}

/** Names that stand twice. */
function repeated(data: Data): readonly Impossible[] {
  const seen = new Map<string, string>()
  return claimsOf(data).flatMap(({ name, at: pointer }) => {
    const earlier = seen.get(name)
    seen.set(name, pointer)
    return earlier === undefined ? [] : [{ at: pointer, message: `repeats what stands at ${earlier}`, twin: earlier, fix: 'say it once' }]
  })
}

function placeOrder(wanted: PlacedOrder, index: number, scene: Scene): Placed {
  const { session, now } = scene
  const population = orderPopulation(session)
  const key = at(at(keyOf(session.seed), 'placed order'), nextNumber(scene.world, ORDERS))
  const retailer = wanted.retailer ?? 1
  const made = createOrder(
    {
      poNumber: wanted.po_number ?? `po-placed-${nextNumber(scene.world, ORDERS) + 1}`,
      retailer,
      submittedBy: population.retailer(retailer).name,
      notes: null,
      address: population.address(key),
      shipping: { shipping_carrier: 'UPS', shipping_method: 'Ground' },
      fees: { order_fee: null, order_tax: null, shipping_cost: null, drop_ship_fee: null },
      attributes: null,
      lines: wanted.line_items.map(({ sku_id, supplier = 1, quantity_ordered }, place) => ({
        supplier,
        skuId: sku_id ?? skuOfProduct(pick(at(key, place), PRODUCTS), supplier),
        ordered: quantity_ordered,
        cost: undefined,
        instructions: null,
        attributes: null,
      })),
    },
    scene,
  )
  const id = wanted.order_uuid ?? made.order.id
  const created = wanted.created_date === undefined ? undefined : instantOf(wanted.created_date)?.milliseconds
  if (wanted.created_date !== undefined && (created === undefined || created < 0))
    return impossible(
      `/orders/${index}/created_date`,
      `"${wanted.created_date}" is no time since 1970`,
      'give one like 2026-01-31T12:00:00Z',
    )
  const replaced = population.indexOf(id)
  const bare: Order = {
    ...made.order,
    id: orderId(id),
    index: replaced ?? made.order.index,
    ...(created !== undefined && { createdAt: timestamp(created, 6) }),
    lines: made.order.lines.map((line, spot) => ({ ...line, id: lineId(wanted.line_items[spot]?.line_item_uuid ?? line.id) })),
  }
  const pointer = `/orders/${index}`
  if (scene.world.get('order', id))
    return impossible(`${pointer}/order_uuid`, `${id} is an order that the session has changed`, 'take another')
  if ((created ?? now) > now) return impossible(`${pointer}/created_date`, `lies after the session's now, ${timestamp(now, 6)}`)
  let order = bare
  for (const [spot, line] of wanted.line_items.entries()) {
    const owner = line.line_item_uuid === undefined ? undefined : findOrderOfLine(line.line_item_uuid, { kind: 'operator' }, scene)
    if (owner && owner.id !== id)
      return impossible(
        `${pointer}/line_items/${spot}/line_item_uuid`,
        `${line.line_item_uuid} is a line of order ${owner.id}`,
        'take another',
      )
    const moved = moveLine(order, line, spot, `${pointer}/line_items/${spot}`, scene)
    if (moved.kind === 'refused') return moved
    order = moved.order
  }
  return { kind: 'placed', changes: [...placed(order), ...made.changes.filter(({ kind }) => kind === 'counter')] }
}

/** One line on its way: allocated, shipped, its cancellation asked for and answered. */
function moveLine(
  before: Order,
  wanted: PlacedLine,
  spot: number,
  pointer: string,
  { session }: Scene,
): { readonly kind: 'order'; readonly order: Order } | Refusal {
  const line = before.lines[spot]
  if (!line) return { kind: 'order', order: before }
  const {
    quantity_allocated: allocated = 0,
    quantity_backordered: backordered = 0,
    quantity_rejected: rejected = 0,
    quantity_shipped: shipped = 0,
  } = wanted
  const { cancellation = 'none', backorder_date = null } = wanted
  const steps: ((order: Order) => Transition)[] = []
  if (allocated + backordered + rejected > 0)
    steps.push((order) =>
      allocate(
        order,
        line.supplier,
        [
          {
            lineId: line.id,
            ordered: undefined,
            allocated,
            accepted: undefined,
            backordered,
            rejected,
            backorderDate: backorder_date,
            poNumber: undefined,
            invoiceNumber: undefined,
          },
        ],
        { ...session.assumptions, 'supplier.allocate.lines': 'portion' },
      ),
    )
  if (shipped > 0) {
    const packageId = uuid(at(at(keyOf(session.seed), `placed package ${before.id}`), spot))
    const parcel = {
      number: `t${String(spot + 1).padStart(2, '0')}`,
      carrier: 'UPS',
      method: 'Ground',
      weight: null,
      cost: null,
      date: null,
      attributes: null,
    }
    steps.push((order) =>
      ship(order, line.supplier, { ...parcel, lines: [{ lineId: line.id, quantity: shipped, cost: undefined }] }, packageId, 'accepted'),
    )
  }
  if (cancellation !== 'none') steps.push((order) => cancelLine(order, line.id, 'two-step'))
  if (cancellation === 'confirmed') {
    if (allocated + backordered > 0)
      return impossible(pointer, 'is cancelled, so nothing of it is allocated or backordered', 'leave the quantities out')
    steps.push((order) => answerCancellation(order, line.supplier, 'confirm', line.id))
  }
  let order = before
  for (const step of steps) {
    const result = step(order)
    if (result.kind === 'refused') {
      const [issue] = result.problem.issues ?? []
      const field = issue?.at.replace(/^\/body\/line_items\/0(\/allocation)?/, '') ?? ''
      return impossible(pointer + field, result.problem.detail, result.problem.fix)
    }
    order = result.order
  }
  return { kind: 'order', order }
}

/** Allocations with the same order number in the same account belong to one order; one without a number has an order of its own. */
function byOrder(
  allocations: readonly PlacedAllocation[],
): readonly { readonly at: readonly number[]; readonly allocations: readonly PlacedAllocation[] }[] {
  const groups = Map.groupBy(allocations.keys(), (index) => {
    const one = allocations[index]
    return one?.orderNumber === undefined ? `alone ${index}` : `${tenantOf(accountNamed(one))} ${one.orderNumber}`
  })
  return [...groups.values()].map((indices) => ({ at: indices, allocations: indices.flatMap((index) => allocations[index] ?? []) }))
}

function placeAllocations(
  wanted: readonly PlacedAllocation[],
  indices: readonly number[],
  scene: Scene,
  freeNumber: (account: Account) => string,
): Placed {
  const [first] = wanted
  const [place = 0] = indices
  if (!first) return { kind: 'placed', changes: [] }
  const account = accountNamed(first)
  const orderNumber = first.orderNumber ?? freeNumber(account)
  if (findOmsOrderByNumber(orderNumber, account, scene))
    return impossible(
      `/allocations/${place}/orderNumber`,
      `"${orderNumber}" is the number of an order that the account has`,
      'take another',
    )
  const skus = new Map<string, Set<string>>()
  for (const { orderLineId, sku } of wanted.flatMap(({ items }) => items))
    if (orderLineId !== undefined) skus.set(orderLineId, (skus.get(orderLineId) ?? new Set()).add(sku))
  for (const [number, { items, channelId = '12' }] of wanted.entries()) {
    const pointer = `/allocations/${indices[number] ?? 0}`
    if (channelId !== (first.channelId ?? '12'))
      return impossible(
        `${pointer}/channelId`,
        `is ${channelId}, and the order's is ${first.channelId ?? '12'}`,
        'an order has one channel',
      )
    for (const [spot, { orderLineId }] of items.entries()) {
      if (orderLineId === undefined) continue
      const at = `${pointer}/items/${spot}/orderLineId`
      if (items.findIndex((other) => other.orderLineId === orderLineId) < spot)
        return impossible(at, `"${orderLineId}" stands twice in one allocation`, 'make it one item')
      if ((skus.get(orderLineId)?.size ?? 0) > 1)
        return impossible(at, `"${orderLineId}" is a line of another SKU too`, 'a line has one SKU')
    }
  }
  const lines = new Map<string, SentLine>()
  const names = wanted.map(({ items }, number) =>
    items.map(({ sku, orderLineId, quantity }, spot) => {
      const name = orderLineId ?? `${number + 1}-${spot + 1}`
      const known = lines.get(name)
      lines.set(name, {
        lineItemId: name,
        lineItemNumber: known?.lineItemNumber ?? lines.size + 1,
        sku,
        orderedQuantity: quantity + (known?.orderedQuantity ?? 0),
      })
      return name
    }),
  )
  const { shipToAddress, recipient } = customerAt(at(at(keyOf(scene.session.seed), `placed order ${tenantOf(account)}`), place))
  const { order, changes } = createOmsOrder(
    {
      orderNumber,
      channelId: first.channelId ?? '12',
      statusCode: 'ORDER_CREATED',
      items: [...lines.values()],
      shipInfo: [{ shipMethod: 'Ground', shipToType: 'SHIP_TO_ADDRESS', shipToAddress, pickup: recipient }],
    },
    account,
    scene,
  )
  const maker = new DocumentMaker(account, scene)
  const lineNamed = findBy(order.lines, ({ lineItemId }) => lineItemId)
  for (const [number, one] of wanted.entries()) {
    const pointer = `/allocations/${indices[number] ?? 0}`
    if (one.allocationId !== undefined && scene.world.get('allocation', entityId(account, one.allocationId)))
      return impossible(`${pointer}/allocationId`, `${one.allocationId} is an allocation that the session has changed`, 'take another')
    const moved = moveAllocation(one, (names[number] ?? []).map(lineNamed), order, maker, pointer)
    if (moved.kind === 'refused') return moved
    maker.put(moved.allocation)
  }
  return { kind: 'placed', changes: [...changes, ...maker.changes()] }
}

/** Order numbers that their account does not have. What was taken for one stays taken for the next: none is looked at twice. */
function freeOrderNumbers(scene: Scene): (account: Account) => string {
  const taken = new Map<string, number>()
  return (account) => {
    const tenant = tenantOf(account)
    for (let number = Math.max(nextNumber(scene.world, `oms-order/${tenant}`), taken.get(tenant) ?? 0) + 1; ; number++) {
      taken.set(tenant, number)
      const text = `order-placed-${number}`
      if (!findOmsOrderByNumber(text, account, scene)) return text
    }
  }
}

/** One allocation on its way: made, handed on, shipped and scratched, cancelled. */
function moveAllocation(
  wanted: PlacedAllocation,
  lines: readonly (OrderLine | undefined)[],
  order: OmsOrder,
  maker: DocumentMaker,
  pointer: string,
): { readonly kind: 'allocation'; readonly allocation: Allocation } | Refusal {
  const { session, now } = maker.scene
  const known = allocationPopulation(session, accountNamed(wanted)).locations
  const locationNum = wanted.locationNum ?? known[0]?.locationNum ?? '110'
  const location = known.find((one) => one.locationNum === locationNum) ?? { locationNum, locationType: 'DC' }
  const units = wanted.items.map((item) => ({
    shipped: item.shippedQuantity ?? (wanted.statusCode === 'SHIPPED' ? item.quantity : 0),
    scratched: item.scratchQuantity ?? 0,
    cancelled: item.cancelledQuantity,
  }))
  let allocation = maker.create(
    order,
    wanted.items.flatMap((item, spot) => {
      const line = lines[spot]
      return line ? [{ location, line, quantity: item.quantity }] : []
    }),
    wanted.allocationId === undefined ? undefined : allocationId(wanted.allocationId),
  )
  if (wanted.statusCode === 'PENDING_DROP' || wanted.statusCode === 'PENDING_PICK') {
    allocation = handOn(allocation, 'PENDING_DROP', session, now)
    if (wanted.statusCode === 'PENDING_PICK') allocation = handOn(allocation, 'PENDING_PICK', session, now)
  }
  const items = allocation.document.items.map(({ orderLineId }, spot) => ({ lineItemId: orderLineId, ...units[spot] }))
  const shipped = items.flatMap(({ lineItemId, shipped: quantity = 0 }) =>
    quantity > 0 ? [{ lineItemId, shippedQuantity: quantity }] : [],
  )
  const scratched = items.flatMap(({ lineItemId, scratched: quantity = 0 }) => (quantity > 0 ? [{ lineItemId, quantity }] : []))
  if (shipped.length + scratched.length > 0) {
    const sent = {
      shipmentNum: '1',
      allocationId: allocation.document.allocationId,
      cartons: [{ items: shipped }],
      scratchedItems: scratched,
    }
    const spare = new StockLedger(maker.scene.world, accountNamed(wanted), maker.population)
    const result = shipUnits(allocation, sent, maker.scene, spare)
    if (result.kind === 'refused') return impossible(`${pointer}/items`, result.problem.detail, result.problem.fix)
    ;({ allocation } = result)
  }
  const isCancelled = wanted.statusCode === 'CANCELLED' || units.some(({ cancelled = 0 }) => cancelled > 0)
  if (isCancelled) {
    const result = cancel(allocation, now, auditKey(allocation, session), '404')
    if (result.kind === 'refused') return impossible(pointer, result.problem.detail, 'say fewer units shipped or scratched')
    ;({ allocation } = result)
  }
  const wrong = units.findIndex(({ cancelled }, spot) => cancelled !== undefined && cancelled !== allocation.cancelled[spot])
  if (wrong !== -1)
    return impossible(
      `${pointer}/items/${wrong}/cancelledQuantity`,
      `cannot be ${units[wrong]?.cancelled}: a cancellation drops all open units, ${allocation.cancelled[wrong]} of this item`,
      'leave it out, or say what is neither shipped nor scratched',
    )
  const { statusCode } = allocation.document
  if (wanted.statusCode !== undefined && wanted.statusCode !== statusCode)
    return impossible(
      `${pointer}/statusCode`,
      `cannot be ${wanted.statusCode}: the units make it ${statusCode}`,
      'change the units, or leave the status out',
    )
  return { kind: 'allocation', allocation }
}

/**
 * A SKU that is named is where it is said to be, and nowhere else: not where the population has it, nor where requests have left some.
 * Named again it is there too. Once named, it has an entry at each location; requests make entries only where they take and give.
 */
function stockChanges(stock: readonly PlacedStock[], { world }: Scene): readonly Change[] {
  const named = stock.map(({ locationNum, sku, available, ...owner }): Stock => ({
    tenant: tenantOf(accountNamed(owner)),
    locationNum,
    sku,
    available,
  }))
  const known = new Set<string>()
  const elsewhere = stock.flatMap(({ sku, ...owner }) => {
    const tenant = tenantOf(accountNamed(owner))
    const name = JSON.stringify([tenant, sku])
    if (known.has(name)) return []
    known.add(name)
    const everywhere = LOCATIONS.map(({ locationNum }): Stock => ({ tenant, locationNum, sku, available: 0 }))
    return everywhere.every((one) => world.get('stock', stockId(one))) ? [] : everywhere
  })
  return [...elsewhere, ...named].map((to) => ({ kind: 'stock', id: stockId(to), to }))
}

function impossible(pointer: string, message: string, fix?: string): Refusal {
  return { kind: 'refused', issues: [{ at: pointer, message, ...(fix !== undefined && { fix }) }] }
}
