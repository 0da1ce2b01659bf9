import type { MockReply, Problem } from './http.ts'
import { rowOf } from './problem.ts'
import { withoutSecretValues } from './secret.ts'

/** What problem details say beside a refusal: found after the answer is kept, in the session as it is by then. The journal has them apart. */
export type Explanation = { readonly [Name in (typeof EXPLAINED)[number]]?: unknown }
export const EXPLAINED = ['nearest', 'assumed', 'basis', 'repair'] as const

/** A refusal as RFC 9457 has it; what every API answers to a client that prefers `application/problem+json`. */
export function refusal(met: Problem, known?: Pick<MockReply, 'status' | 'headers'>): MockReply {
  // It goes back over the line, and into the journal: what was met in secret places is quoted nowhere.
  const problem = withoutSecretValues(met)
  const { code, detail, assumption, issues, allowed, location } = problem
  // Where nothing is said of the whole, what would do for the first issue does for a beginning.
  const fix = problem.fix ?? issues?.[0]?.fix
  const row = rowOf(code)
  const title = problem.title ?? row.title
  const status = known?.status ?? problem.status ?? row.status
  return {
    status,
    problem,
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
