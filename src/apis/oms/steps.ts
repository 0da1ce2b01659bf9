import type { Step } from '../../core/api.ts'
import { type Allocation, handOn } from './allocation.ts'
import type { Kinds } from './kinds.ts'

/** What the order-management system does without being asked: it hands allocations on. */
export const steps = {
  queued: {
    text: 'an allocation is queued for the pick-pack-ship system: ALLOCATED becomes PENDING_DROP',
    ...handedOn('ALLOCATED', 'PENDING_DROP'),
  },
  sent: {
    text: 'an allocation is sent to the pick-pack-ship system: PENDING_DROP becomes PENDING_PICK',
    ...handedOn('PENDING_DROP', 'PENDING_PICK'),
  },
}

function handedOn(
  from: 'ALLOCATED' | 'PENDING_DROP',
  to: 'PENDING_DROP' | 'PENDING_PICK',
): Omit<Step<Allocation, Kinds>, 'text'> & { readonly kind: 'allocation' } {
  const waits = ({ document }: Allocation): boolean => document.type === 'ALLOCATED' && document.statusCode === from
  return {
    kind: 'allocation',
    waits,
    take: (allocation, { session, now }) =>
      waits(allocation)
        ? handOn(allocation, to, session, now)
        : `allocation ${allocation.document.allocationId} is ${allocation.document.statusCode}`,
  }
}
