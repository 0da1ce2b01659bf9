import type { LifeCycle } from '../../core/life-cycle.ts'
import type { Allocation, StatusCode } from './allocation.ts'

const WAITING = ['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'] as const satisfies readonly StatusCode[]

/** An allocation's: it is handed on until it ships, is cancelled or goes to another location, whole or in part. */
export const lifeCycle: LifeCycle<Allocation> = {
  states: [...WAITING, 'PARTIALLY_SHIPPED', 'SHIPPED', 'PARTIALLY_CANCELLED', 'CANCELLED', 'REALLOCATED'] satisfies readonly StatusCode[],
  stateOf: ({ document }) => document.statusCode,
  moves: {
    generateAllocations: { to: 'ALLOCATED' },
    queued: { from: 'ALLOCATED', to: 'PENDING_DROP' },
    sent: { from: 'PENDING_DROP', to: 'PENDING_PICK' },
    createShipment: [
      { from: WAITING, to: 'PARTIALLY_SHIPPED', when: 'some units ship' },
      { from: [...WAITING, 'PARTIALLY_SHIPPED'], to: 'SHIPPED', when: 'all open units ship' },
      { from: [...WAITING, 'PARTIALLY_SHIPPED'], to: 'PARTIALLY_CANCELLED', when: 'some units are scratched' },
      { from: [...WAITING, 'PARTIALLY_CANCELLED'], to: 'CANCELLED', when: 'all units are scratched' },
    ],
    cancelAllocations: [
      { from: WAITING, to: 'CANCELLED' },
      { from: 'PARTIALLY_SHIPPED', to: 'PARTIALLY_CANCELLED', when: 'units are open' },
    ],
    reallocateAllocations: [
      { from: WAITING, to: 'REALLOCATED', when: 'another location has the units' },
      { to: 'ALLOCATED', when: 'at the other location' },
    ],
    updateAllocation: [
      { from: WAITING, to: WAITING },
      { from: 'PARTIALLY_SHIPPED', to: 'SHIPPED', when: 'the units that are open are taken out' },
      { from: 'PARTIALLY_CANCELLED', to: 'CANCELLED', when: 'the units that are open are taken out' },
    ],
  },
}
