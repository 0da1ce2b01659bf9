import { withKnownNames } from '../base/nearest.ts'
import { refusal } from '../base/refusal.ts'
import { type Api, defineApi } from '../core/api.ts'
import type { Behaviour } from '../core/behaviour.ts'

/** An API of the mock's own, which speaks in problem details with every issue (RFC 9457). @param document the name of its document */
export function ownApi(document: string, behaviours: Readonly<Record<string, Behaviour>>): Api {
  return {
    ...defineApi({ document }),
    behaviours,
    callers: { of: () => ({ kind: 'operator' }) },
    dialect: {
      order: ['method', 'parameters', 'credentials', 'caller', 'admitted', 'resource', 'body'],
      refuse: (problem) => refusal({ ...problem, ...(problem.issues && { issues: problem.issues.map(withKnownNames) }) }),
    },
  }
}
