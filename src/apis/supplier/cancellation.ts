import type { Assumptions } from './assumptions.ts'
import { changeLines, type Line, type LineFacts, type LineId, lineStatus, type Order, type Transition } from './order.ts'

/**
 * A cancellation has two steps: the retailer asks, and each supplier answers for its own lines. Until then a line keeps its quantities and
 * takes no allocation. With `auto-confirm` nobody is waited for.
 */
export type CancellationSteps = Assumptions['supplier.cancel.steps']

/** The retailer asks for the whole order: every line that is neither cancelled nor rejected. Asking twice changes nothing. */
export function cancelOrder(order: Order, steps: CancellationSteps): Transition {
  const shipped = order.lines.find((line) => line.shipped > 0)
  if (shipped) return impossible(`${shipped.shipped} of line ${shipped.id} are shipped`, 'cancel the lines of which nothing is shipped')
  const open = order.lines.filter(isOpen)
  if (open.length === 0) return impossible(`all lines of order ${order.id} are cancelled or rejected`, 'there is nothing left to cancel')
  return changeLines(
    order,
    open.filter(({ cancellation }) => cancellation === 'none').map((line) => asked(line, steps)),
  )
}

/** The retailer asks for one line. */
export function cancelLine(order: Order, id: LineId, steps: CancellationSteps): Transition {
  const line = order.lines.find((one) => one.id === id)
  if (!line) return impossible(`order ${order.id} has no line ${id}`, `its lines are ${order.lines.map((one) => one.id).join(', ')}`)
  if (line.shipped > 0) return impossible(`${line.shipped} of line ${id} are shipped`, 'cancel a line of which nothing is shipped')
  if (!isOpen(line)) return impossible(`line ${id} is ${lineStatus(line)}`, 'there is nothing left to cancel')
  return changeLines(order, line.cancellation === 'none' ? [asked(line, steps)] : [])
}

/** A supplier's answer for its own lines, or for one of them: those that wait become cancelled, or go on as before. */
export function answerCancellation(order: Order, supplier: number, answer: 'confirm' | 'reject', id?: LineId): Transition {
  const waiting = order.lines.filter(
    (line) => line.supplier === supplier && line.cancellation === 'pending' && (id === undefined || line.id === id),
  )
  if (waiting.length === 0)
    return {
      kind: 'refused',
      problem: {
        code: 'cancellation-none',
        detail: `no cancellation of ${id === undefined ? `order ${order.id}` : `line ${id}`} waits for an answer`,
        fix: 'answer only what a retailer has asked to cancel, once',
      },
    }
  return changeLines(
    order,
    waiting.map((line) => (answer === 'confirm' ? cancelled(line) : { ...line, cancellation: 'none' })),
  )
}

/** Whether a line can still be cancelled. */
export function isOpen(line: LineFacts): boolean {
  const status = lineStatus(line)
  return status !== 'Cancelled' && status !== 'Rejected'
}

function asked(line: Line, steps: CancellationSteps): Line {
  return steps === 'auto-confirm' ? cancelled(line) : { ...line, cancellation: 'pending' }
}

/** What was promised is promised no more; what was rejected stays so. */
function cancelled(line: Line): Line {
  return { ...line, cancellation: 'confirmed', allocated: 0, backordered: 0, backorderDate: null }
}

function impossible(detail: string, fix: string): Transition {
  return { kind: 'refused', problem: { code: 'cancellation-impossible', detail, fix } }
}
