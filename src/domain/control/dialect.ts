import type { MockReply, Problem } from '../../http.ts'
import { PROBLEMS } from '../../problem.ts'
import { withKnownNames } from '../assumption.ts'
import type { Dialect } from '../behaviour.ts'

/** The mock's own words: RFC 9457 problem details with every issue. */
export const controlDialect: Dialect = {
  order: ['method', 'parameters', 'credentials', 'caller', 'admitted', 'resource', 'body'],
  caller: () => ({ kind: 'operator' }),
  refuse: (problem) => problemReply({ ...problem, ...(problem.issues && { issues: problem.issues.map(withKnownNames) }) }),
}

/** A refusal as RFC 9457 has it; what every API answers to a client that prefers `application/problem+json`. */
export function problemReply(problem: Problem, known?: Pick<MockReply, 'status' | 'headers'>): MockReply {
  const { code, detail, fix, assumption, issues, allowed, location } = problem
  const { title } = PROBLEMS[code]
  const status = known?.status ?? problem.status ?? PROBLEMS[code].status
  return {
    status,
    headers: known?.headers ?? {
      ...(allowed && { Allow: allowed.join(', ') }),
      ...(location !== undefined && { Location: location }),
      ...(code === 'control-refused' && { 'WWW-Authenticate': 'Bearer realm="control routes"' }),
    },
    mediaType: 'application/problem+json',
    body: {
      type: `urn:allocation-mock:${code}`,
      title,
      status,
      detail,
      code,
      ...(fix !== undefined && { fix }),
      ...(assumption !== undefined && { assumption }),
      ...(issues && { issues }),
    },
  }
}
