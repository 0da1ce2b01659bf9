import { type Line, lineId, type Order, orderId, type Transition } from '../../src/apis/supplier/order.ts'
import { rowOf } from '../../src/base/problem.ts'
import { PROBLEMS } from '../support.ts'

/** Orders as the pure transitions see them, without a population. */

export const SUPPLIER = 1
export const OTHER_SUPPLIER = 2

/** The id of the line at this place of an order. */
export const idAt = (place: number): string => `00000000-0000-4000-8000-${String(place).padStart(12, '0')}`

export function line(more: Partial<Line> = {}, place = 0): Line {
  return {
    id: lineId(idAt(place)),
    supplier: SUPPLIER,
    skuId: '000106',
    itemId: '5c9c3f0e-2b1d-4e0b-8a37-7d1f2a9b6e40',
    itemName: 'Mug',
    skuUuid: '9e2d7b64-0f3a-4c58-b1c6-3a8e5d7f9012',
    skuName: 'Mug, blue',
    variants: 'blue',
    cost: 66.05,
    ordered: 6,
    allocated: 0,
    backordered: 0,
    rejected: 0,
    shipped: 0,
    cancellation: 'none',
    backorderDate: null,
    supplierPoNumber: null,
    supplierInvoiceNumber: null,
    supplierCost: null,
    instructions: null,
    attributes: null,
    tracking: [],
    ...more,
  }
}

export function order(...lines: readonly Partial<Line>[]): Order {
  return freeze({
    id: orderId('319bba9f-71b1-4a93-8abf-67a45b8fdd5c'),
    index: 0,
    poNumber: 'po-1',
    createdAt: '2026-01-01T00:00:00.000000Z',
    retailer: 1,
    submittedBy: 'Alex Doe',
    notes: null,
    address: {
      name: 'Alex Doe',
      business_name: null,
      address1: '30 Example Plaza',
      address2: null,
      city: 'New York',
      state: 'NY',
      postal_code: '10112',
      phone_number: null,
      country: null,
    },
    shipping: { shipping_carrier: 'UPS', shipping_method: 'Ground' },
    fees: { order_fee: 0.99, order_tax: 2.97, shipping_cost: 7.99, drop_ship_fee: 0.5 },
    attributes: null,
    lines: lines.map(line),
  })
}

/** Whoever writes to what it was given fails at once. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(Object.freeze(value))) freeze(member)
  return value
}

export function done(transition: Transition): Order {
  if (transition.kind === 'refused') throw new Error(transition.problem.detail)
  return transition.order
}

export function refusal(transition: Transition): { code: string; status: number; at: readonly string[] } {
  if (transition.kind !== 'refused') throw new Error('not refused')
  const { code, issues = [] } = transition.problem
  return { code, status: rowOf(code, PROBLEMS).status, at: issues.map(({ at }) => at) }
}

/** Every state a line of six can be in. */
export const STATES = {
  Unallocated: {},
  Allocated: { allocated: 6 },
  'Allocated in part': { allocated: 4, backordered: 1, rejected: 1, backorderDate: '2026-04-01' },
  Backordered: { backordered: 6, backorderDate: '2026-04-01' },
  Rejected: { rejected: 6 },
  HasTracking: { allocated: 6, shipped: 2 },
  'HasTracking, all': { allocated: 6, shipped: 6 },
} as const satisfies Record<string, Partial<Line>>
