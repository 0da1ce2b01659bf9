import type { LifeCycle, Move } from '../../core/life-cycle.ts'
import { lineStatus, type LineStatus, type Order } from './order.ts'

/** What has not shipped and is not rejected can be cancelled. */
const CANCELLED: Move = { from: ['Unallocated', 'Backordered', 'Allocated'], to: 'Cancelled', when: 'the retailer has asked for it' }
const AT_ONCE: Move = { ...CANCELLED, when: 'supplier.cancel.steps is auto-confirm' }

/** A line's: it is allocated, and allocated anew, until units of it ship. */
export const lifeCycle: LifeCycle<Order> = {
  states: ['Unallocated', 'Backordered', 'Allocated', 'HasTracking', 'Rejected', 'Cancelled'] satisfies readonly LineStatus[],
  stateOf({ lines }, part) {
    const line = lines.find(({ id }) => id === part)
    return line ? lineStatus(line) : 'Unallocated'
  },
  moves: {
    createOrder: { to: 'Unallocated' },
    allocateOrder: [
      { from: ['Unallocated', 'Backordered', 'Allocated', 'Rejected'], to: 'Allocated', when: 'some units are allocated' },
      { from: ['Unallocated', 'Backordered', 'Allocated', 'Rejected'], to: 'Backordered', when: 'none are allocated, and some come later' },
      { from: ['Unallocated', 'Backordered', 'Allocated', 'Rejected'], to: 'Rejected', when: 'all units are rejected' },
      { from: ['Backordered', 'Allocated', 'Rejected'], to: 'Unallocated', when: 'all quantities are 0, and supplier.allocate.sum is off' },
    ],
    backorder: { from: 'Backordered', to: 'Allocated' },
    addTracking: { from: 'Allocated', to: 'HasTracking' },
    updateTracking: { from: 'Allocated', to: 'HasTracking', when: 'units of it go into a package that has shipped' },
    cancelOrder: AT_ONCE,
    cancelLineItem: AT_ONCE,
    confirmOrderCancellation: CANCELLED,
    confirmLineItemCancellation: CANCELLED,
    cancellation: CANCELLED,
  },
}
