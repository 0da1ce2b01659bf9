import { MAX_ISSUES } from '../../base/http.ts'
import type { Claim, Impossible, Word } from '../../core/api.ts'
import { instantOf, timestamp } from '../../core/clock.ts'
import { PRODUCTS } from '../../core/population/catalogue.ts'
import { at, keyOf, pick, uuid } from '../../core/population/random.ts'
import { Draft, nextNumber } from '../../core/world.ts'
import { answerCancellation, cancelLine } from './cancellation.ts'
import { createOrder, ORDERS, placed } from './create.ts'
import type { Change, Kinds, Scene } from './kinds.ts'
import { allocate, lineId, type Order, orderId, type Transition } from './order.ts'
import { orderPopulation, skuOfProduct } from './population.ts'
import { PLACED_ORDER } from './schemas.ts'
import { findOrderOfLine } from './search.ts'
import { ship } from './tracking.ts'
import { orderView } from './view.ts'

/** What scenarios, own data and provider states can say exists. */
export const words = {
  orders: {
    description: 'Orders of the supplier API.',
    schema: PLACED_ORDER,
    names: { order_uuid: otherUuid, line_item_uuid: otherUuid, po_number: (name, times) => `${name}-${times + 1}` },
    shows: ['orders'],
    claims: (orders: readonly PlacedOrder[]) => orders.flatMap(claimsOf),
    place(orders: readonly PlacedOrder[], { world, session, now, real }: Scene) {
      const draft = new Draft(world)
      const scene: Scene = { world: draft, session, now, real }
      const issues: Impossible[] = []
      for (const [index, order] of orders.entries()) {
        if (issues.length >= MAX_ISSUES) break
        const changes = placeOrder(order, index, scene)
        if ('kind' in changes) issues.push(...changes.issues)
        else draft.apply(changes)
      }
      if (issues.length > 0) return { kind: 'refused', issues }
      const { changes } = draft
      const brought = new Map(changes.flatMap((change) => (change.kind === 'order' && change.to ? [[change.id, change.to] as const] : [])))
      const population = orderPopulation(session)
      return {
        kind: 'placed',
        changes,
        show: () => ({ orders: [...brought.values()].map((order) => orderView(order, { kind: 'operator' }, population)) }),
      }
    },
  } satisfies Word<Kinds>,
}

function otherUuid(name: string, times: number): string {
  return uuid(at(keyOf(name), times))
}

export interface PlacedOrder {
  readonly order_uuid?: string
  readonly po_number?: string
  readonly retailer?: number
  readonly created_date?: string
  readonly line_items: readonly PlacedLine[]
}

interface PlacedLine {
  readonly line_item_uuid?: string
  readonly sku_id?: string
  readonly supplier?: number
  readonly quantity_ordered: number
  readonly quantity_allocated?: number
  readonly quantity_backordered?: number
  readonly quantity_rejected?: number
  readonly quantity_shipped?: number
  readonly backorder_date?: string
  readonly cancellation?: 'none' | 'pending' | 'confirmed'
}

interface Refusal {
  readonly kind: 'refused'
  readonly issues: readonly Impossible[]
}

function claimsOf({ order_uuid, line_items }: PlacedOrder, index: number): readonly Claim[] {
  const claim = (name: string | undefined, pointer: string, what: string): Claim[] =>
    name === undefined ? [] : [{ name, at: `/${index}${pointer}`, what: `${what} ${name}` }]
  return [
    ...claim(order_uuid, '/order_uuid', 'order'),
    ...line_items.flatMap(({ line_item_uuid }, place) => claim(line_item_uuid, `/line_items/${place}/line_item_uuid`, 'line')),
  ]
}

function placeOrder(wanted: PlacedOrder, index: number, scene: Scene): readonly Change[] | Refusal {
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
    return impossible(`/${index}/created_date`, `"${wanted.created_date}" is not a time since 1970`, 'give one like 2026-01-31T12:00:00Z')
  const replaced = population.indexOf(id)
  const bare: Order = {
    ...made.order,
    id: orderId(id),
    index: replaced ?? made.order.index,
    ...(created !== undefined && { createdAt: timestamp(created, 6) }),
    lines: made.order.lines.map((line, spot) => ({ ...line, id: lineId(wanted.line_items[spot]?.line_item_uuid ?? line.id) })),
  }
  const pointer = `/${index}`
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
  return [...placed(order), ...made.changes.filter(({ kind }) => kind === 'counter')]
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

function impossible(pointer: string, message: string, fix?: string): Refusal {
  return { kind: 'refused', issues: [{ at: pointer, message, ...(fix !== undefined && { fix }) }] }
}
