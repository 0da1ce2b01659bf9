import type { Problem as AnyProblem } from '../../base/http.ts'
import type { CoreCode, ProblemRow } from '../../base/problem.ts'

/** What the OMS API refuses with, beside what the mock itself does. */
export const PROBLEMS = {
  'allocation-unknown': { status: 404, title: 'There is no such allocation in this account' },
  'allocation-closed': { status: 404, title: 'The allocation has nothing left to cancel' },
  'allocations-none': { status: 404, title: 'No allocation matches the query' },
  'oms-order-unknown': { status: 404, title: 'There is no such order in this account' },
  'oms-order-known': { status: 400, title: 'The account has an order with this number' },
  'oms-order-covered': { status: 404, title: 'The order has not that many units left to allocate' },
  'stock-none': { status: 404, title: 'No location has any of what is to be allocated' },
  'location-none': { status: 400, title: 'No location is left that has what is to be reallocated' },
  'allocation-fixed': { status: 400, title: 'The allocation cannot be changed so' },
  'version-stale': { status: 400, title: 'The allocation has changed since this version' },
  'event-unsupported': { status: 400, title: 'The event has no effect on allocations' },
  'shipment-impossible': { status: 400, title: 'The allocation cannot be shipped so' },
  'shipment-unknown': { status: 404, title: 'There is no such shipment in this account' },
} as const satisfies Record<string, ProblemRow>

/** A refusal of this API: a misspelt code does not compile. */
export type Problem = AnyProblem<keyof typeof PROBLEMS | CoreCode>
