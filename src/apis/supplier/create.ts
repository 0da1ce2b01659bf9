import type { Change, Scene } from './kinds.ts'
import { timestamp } from '../../core/clock.ts'
import { indexBeside } from '../../core/population/permutation.ts'
import { at, keyOf, uuid } from '../../core/population/random.ts'
import { counted, nextNumber } from '../../core/world.ts'
import { type Line, lineId, type Order, orderId } from './order.ts'
import { orderPopulation } from './population.ts'

/** What an order is made of; what a line is of comes from its SKU. */
export type NewOrder = Pick<Order, 'poNumber' | 'retailer' | 'submittedBy' | 'notes' | 'address' | 'shipping' | 'fees' | 'attributes'> & {
  readonly lines: readonly NewLine[]
}

export type NewLine = Pick<Line, 'supplier' | 'skuId' | 'ordered' | 'instructions' | 'attributes'> & {
  /** Undefined takes the cost of the SKU. */
  readonly cost: number | undefined
}

/** An order that did not exist: it takes the next index of its session, and its ids with it. */
export function createOrder(
  wanted: NewOrder,
  { world, session, now }: Scene,
): { readonly order: Order; readonly changes: readonly Change[] } {
  const population = orderPopulation(session)
  let number = nextNumber(world, ORDERS)
  // Own data may have taken an id of an earlier run.
  while (world.get('order', population.idAt(indexBeside(population.sequence.size, number)))) number++
  const index = indexBeside(population.sequence.size, number)
  const key = at(at(at(keyOf(session.seed), 'supplier'), 'created line'), number)
  const order: Order = {
    ...wanted,
    id: orderId(population.idAt(index)),
    index,
    createdAt: timestamp(now, 6),
    lines: wanted.lines.map(({ cost, ...line }, place): Line => {
      const sku = population.sku(line.skuId)
      return {
        ...sku,
        ...line,
        cost: cost ?? sku.cost,
        id: lineId(uuid(at(key, place))),
        allocated: 0,
        backordered: 0,
        rejected: 0,
        shipped: 0,
        cancellation: 'none',
        backorderDate: null,
        supplierPoNumber: null,
        supplierInvoiceNumber: null,
        supplierCost: null,
        tracking: [],
      }
    }),
  }
  return { order, changes: [...placed(order), counted(ORDERS, number + 1)] }
}

/** The order, and the way from its lines to it. */
export function placed(order: Order): readonly Change[] {
  return [
    { kind: 'order', id: order.id, to: order },
    ...order.lines.map(({ id }): Change => ({ kind: 'reference', id: lineReference(id), to: { to: order.id } })),
  ]
}

/** Under what a created line is found. */
export function lineReference(id: string): string {
  return `line/${id}`
}

/** How many orders a session has made. */
export const ORDERS = 'order'
