import type { MockReply, Problem } from '../../base/http.ts'
import type { Dialect } from '../../core/api.ts'
import type { Kinds } from './kinds.ts'

/** A gateway with services behind it: bare JSON strings from the services, `{message}` from the gateway. */
export const dialect: Dialect<Kinds> = {
  order: ['method', 'credentials', 'parameters', 'caller', 'admitted', 'resource', 'body'],

  refuse(problem, _body, operation): MockReply {
    const { status } = problem
    const headers = {
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...(problem.allowed && { Allow: problem.allowed.join(', ') }),
    }
    const text = sentence(problem)
    const isGateway = problem.code === 'route-unknown' || ![400, 404].includes(status) || WITH_MESSAGE.has(operation ?? '')
    return { status, headers, body: isGateway ? { message: text } : text }
  },
}

/** Orders and shipments refuse with an object, allocations with a bare string. */
const WITH_MESSAGE: ReadonlySet<string> = new Set(['createOmsOrder', 'getOmsOrder', 'createShipment', 'getShipment'])

/** What was met; for a parameter or a body, each place of it, and for a parameter what would do: a header is not easily guessed. */
function sentence({ detail, issues, code }: Problem): string {
  if (!issues || (code !== 'parameters-invalid' && code !== 'request-invalid')) return detail
  return issues
    .map(({ at, message, fix }) => {
      const met = `${at.replace(/^\/((header|path|query|body)\/)?/, '').replaceAll('/', '.')} ${message}`
      return fix !== undefined && code === 'parameters-invalid' ? `${met}; ${fix}` : met
    })
    .join('; ')
}
