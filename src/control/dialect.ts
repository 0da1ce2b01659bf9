import { refusal } from '../base/refusal.ts'
import { withKnownNames } from '../base/nearest.ts'
import type { Dialect } from '../core/behaviour.ts'

/** The mock's own words: RFC 9457 problem details with every issue. */
export const controlDialect: Dialect = {
  order: ['method', 'parameters', 'credentials', 'caller', 'admitted', 'resource', 'body'],
  caller: () => ({ kind: 'operator' }),
  refuse: (problem) => refusal({ ...problem, ...(problem.issues && { issues: problem.issues.map(withKnownNames) }) }),
}
