import type { Problem as AnyProblem } from '../../base/http.ts'
import type { CoreCode, ProblemRow } from '../../base/problem.ts'

/** What the supplier API refuses with, beside what the mock itself does. */
export const PROBLEMS = {
  'login-refused': { status: 401, title: 'No user has this name and password' },
  'order-unknown': { status: 404, title: 'There is no such order for this caller' },
  'line-item-unknown': { status: 422, title: 'There is no such line item for this caller' },
  'supplier-unknown': { status: 400, title: 'There is no such supplier' },
  'po-number-known': { status: 400, title: 'The retailer has an order with this purchase order number' },
  'quantities-differ': { status: 400, title: 'The quantities do not add up to what was ordered' },
  'line-repeated': { status: 400, title: 'A line item stands in the request twice' },
  'line-unknown': { status: 422, title: 'The order has no such line item for this caller' },
  'line-closed': { status: 422, title: 'The line item cannot be allocated any more' },
  'lines-missing': { status: 400, title: 'The allocation leaves out open line items' },
  'rejected-falls': { status: 422, title: 'Fewer units would be rejected than before' },
  'cancellation-impossible': { status: 422, title: 'The order or line item cannot be cancelled any more' },
  'cancellation-none': { status: 422, title: 'No cancellation waits for an answer' },
  'units-exceeded': { status: 422, title: 'More units would be shipped than are allocated' },
  'units-fall': { status: 422, title: 'Fewer units would be in the package than before' },
  'tracking-known': { status: 422, title: 'The order has a package with this tracking number' },
  'tracking-unknown': { status: 404, title: 'The order has no package with this tracking number' },
  'shipped-already': { status: 422, title: 'More units are shipped than the request leaves allocated' },
} as const satisfies Record<string, ProblemRow>

/** A refusal of this API: a misspelt code does not compile. */
export type Problem = AnyProblem<keyof typeof PROBLEMS | CoreCode>
