import type { Step } from '../../core/api.ts'
import { instantOf } from '../../core/clock.ts'
import { answerCancellation } from './cancellation.ts'
import type { Kinds } from './kinds.ts'
import { allocate, type Line, type Order, type Transition, type Wanted } from './order.ts'

/** What the platform does without being asked, line by line. */
export const steps = {
  cancellation: {
    text: 'a supplier confirms the cancellation that a retailer asked for',
    kind: 'order',
    waits: (order, _scene, part) => lineOf(order, part)?.cancellation === 'pending',
    take: (order, _scene, part) => taken(order, part, ({ supplier, id }) => answerCancellation(order, supplier, 'confirm', id)),
  },
  backorder: {
    text: 'the date of backordered units is reached: they become allocated',
    kind: 'order',
    waits(order, _scene, part) {
      const line = lineOf(order, part)
      if (!line || line.backordered === 0 || line.cancellation !== 'none') return false
      return { until: line.backorderDate === null ? undefined : instantOf(line.backorderDate)?.milliseconds }
    },
    take: (order, { session }, part) =>
      taken(order, part, (line) =>
        allocate(order, line.supplier, [arrived(line)], { ...session.assumptions, 'supplier.allocate.lines': 'portion' }),
      ),
  },
} as const satisfies Record<string, Step<Order, Kinds>>

function lineOf({ lines }: Order, part: string | undefined): Line | undefined {
  return lines.find(({ id }) => id === part)
}

function taken(order: Order, part: string | undefined, go: (line: Line) => Transition): Order | string {
  const line = lineOf(order, part)
  if (!line) return `there is no line ${part ?? ''} of order ${order.id}`
  const result = go(line)
  return result.kind === 'refused' ? result.problem.detail : result.order
}

function arrived(line: Line): Wanted {
  return {
    lineId: line.id,
    ordered: undefined,
    allocated: line.allocated + line.backordered,
    accepted: undefined,
    backordered: 0,
    rejected: line.rejected,
    backorderDate: null,
    poNumber: undefined,
    invoiceNumber: undefined,
  }
}
