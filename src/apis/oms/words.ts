import { MAX_ISSUES } from '../../base/http.ts'
import type { Impossible, Word } from '../../core/api.ts'
import { findBy } from '../../core/places.ts'
import { at, hex, keyOf } from '../../core/population/random.ts'
import { Draft, nextNumber } from '../../core/world.ts'
import { type Allocation, allocationId, auditKey, cancel, handOn } from './allocation.ts'
import { DocumentMaker } from './generate.ts'
import type { Change, Kinds, OmsOrder, OrderLine, Scene, SentLine, Stock } from './kinds.ts'
import { allocationsOf, createOmsOrder, findOmsOrderByNumber, omsOrderView } from './order.ts'
import { allocationPopulation, customerAt, LOCATIONS, tenantOf } from './population.ts'
import { type Account, accountNamed, entityId } from './query.ts'
import { PLACED_ALLOCATION, PLACED_STOCK } from './schemas.ts'
import { shipUnits } from './shipment.ts'
import { stockId, StockLedger } from './stock.ts'

/** What scenarios, own data and provider states can say exists. */
export const words = {
  allocations: {
    description: 'Allocations of the OMS API, each with its order.',
    schema: PLACED_ALLOCATION,
    names: { allocationId: (name, times) => hex(at(keyOf(name), times), 24), orderNumber: (name, times) => `${name}-${times + 1}` },
    shows: ['allocations', 'omsOrders'],
    claims: (allocations: readonly PlacedAllocation[]) =>
      allocations.flatMap(({ allocationId: id, orderNumber, ...owner }, index) => {
        const tenant = tenantOf(accountNamed(owner))
        return [
          ...(id === undefined ? [] : [{ name: tenant + id, at: `/${index}/allocationId`, what: `allocation ${id}` }]),
          ...(orderNumber === undefined
            ? []
            : [{ name: `${tenant} ${orderNumber}`, at: `/${index}/orderNumber`, what: `order ${orderNumber}`, isShared: true as const }]),
        ]
      }),
    place(allocations: readonly PlacedAllocation[], { world, session, now, real }: Scene) {
      const draft = new Draft(world)
      const scene: Scene = { world: draft, session, now, real }
      const issues: Impossible[] = []
      const groups = byOrder(allocations)
      const freeNumber = freeOrderNumbers(scene)
      for (const { at: indices, allocations: some } of groups) {
        if (issues.length >= MAX_ISSUES) break
        const changes = placeAllocations(some, indices, scene, freeNumber)
        if ('kind' in changes) issues.push(...changes.issues)
        else draft.apply(changes)
      }
      if (issues.length > 0) return { kind: 'refused', issues }
      const { changes } = draft
      // They came order by order.
      const places = groups.flatMap(({ at: indices }) => indices)
      const brought = new Map<string, Allocation>()
      const orders = new Map<string, OmsOrder>()
      for (const change of changes) {
        if (change.kind === 'allocation' && change.to) brought.set(change.id, change.to)
        if (change.kind === 'oms-order' && change.to) orders.set(change.id, change.to)
      }
      const inOrder = [...brought.values()].map((allocation, number) => ({ allocation, place: places[number] ?? 0 }))
      return {
        kind: 'placed',
        changes,
        show: (after: Scene) => ({
          allocations: inOrder.toSorted((one, other) => one.place - other.place).map(({ allocation }) => allocation.document),
          omsOrders: [...orders.values()].map((order) => omsOrderView(order, allocationsOf(order, after), after)),
        }),
      }
    },
  } satisfies Word<Kinds>,
  stock: {
    description: 'What locations have. A SKU that is named here is at no other location of its account; others are ample everywhere.',
    schema: PLACED_STOCK,
    isLight: true,
    shows: [],
    claims: (stock: readonly PlacedStock[]) =>
      stock.map((one, index) => ({
        name: stockId({ ...one, tenant: tenantOf(accountNamed(one)) }),
        at: `/${index}`,
        what: `stock of ${one.sku} at ${one.locationNum}`,
        // A location that has as many units as was said has them also when it is said again.
        said: JSON.stringify(one),
      })),
    place: (stock: readonly PlacedStock[], scene: Scene) => ({ kind: 'placed', changes: stockChanges(stock, scene), show: () => ({}) }),
  } satisfies Word<Kinds>,
}

export interface PlacedAllocation {
  readonly allocationId?: string
  readonly account?: string
  readonly stage?: string
  readonly orderNumber?: string
  readonly channelId?: string
  readonly locationNum?: string
  readonly statusCode?:
    'ALLOCATED' | 'PENDING_DROP' | 'PENDING_PICK' | 'SHIPPED' | 'PARTIALLY_SHIPPED' | 'CANCELLED' | 'PARTIALLY_CANCELLED'
  readonly items: readonly PlacedItem[]
}

interface PlacedItem {
  readonly sku: string
  readonly orderLineId?: string
  readonly quantity: number
  readonly shippedQuantity?: number
  readonly scratchQuantity?: number
  readonly cancelledQuantity?: number
}

export interface PlacedStock {
  readonly account?: string
  readonly stage?: string
  readonly locationNum: string
  readonly sku: string
  readonly available: number
}

interface Refusal {
  readonly kind: 'refused'
  readonly issues: readonly Impossible[]
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
): readonly Change[] | Refusal {
  const [first] = wanted
  const [place = 0] = indices
  if (!first) return []
  const account = accountNamed(first)
  const orderNumber = first.orderNumber ?? freeNumber(account)
  if (findOmsOrderByNumber(orderNumber, account, scene))
    return impossible(`/${place}/orderNumber`, `"${orderNumber}" is the number of an order that the account has`, 'take another')
  const skus = new Map<string, Set<string>>()
  for (const { orderLineId, sku } of wanted.flatMap(({ items }) => items))
    if (orderLineId !== undefined) skus.set(orderLineId, (skus.get(orderLineId) ?? new Set()).add(sku))
  for (const [number, { items, channelId = '12' }] of wanted.entries()) {
    const pointer = `/${indices[number] ?? 0}`
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
    const pointer = `/${indices[number] ?? 0}`
    if (one.allocationId !== undefined && scene.world.get('allocation', entityId(account, one.allocationId)))
      return impossible(`${pointer}/allocationId`, `${one.allocationId} is an allocation that the session has changed`, 'take another')
    const moved = moveAllocation(one, (names[number] ?? []).map(lineNamed), order, maker, pointer)
    if (moved.kind === 'refused') return moved
    maker.put(moved.allocation)
  }
  return [...changes, ...maker.changes()]
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
