import type { Caller, Credentials, MockReply, Problem } from '../../base/http.ts'
import { PROBLEMS } from '../../base/problem.ts'
import type { Dialect } from '../../core/behaviour.ts'
import type { Kinds } from './kinds.ts'
import { EXAMPLE_STAGE } from './population.ts'

const REFUSED_TOKEN = 'invalid'

/** The form of `x-site-context`, as the document has it. */
interface SiteContext {
  readonly account: string
  readonly channel?: string | number
  readonly stage?: string
}

/** A gateway with services behind it: bare JSON strings from the services, `{message}` from the gateway. */
export const omsDialect: Dialect<Kinds> = {
  order: ['method', 'credentials', 'parameters', 'caller', 'admitted', 'resource', 'body'],

  judge: ({ value }) =>
    value === REFUSED_TOKEN
      ? {
          code: 'credentials-refused',
          detail: `the token "${REFUSED_TOKEN}" is always refused`,
          fix: 'send Authorization: Bearer <any other token>',
        }
      : undefined,

  caller(_credentials: Credentials, headers): Caller | Problem {
    const context = headers['x-site-context']
    if (!isSiteContext(context)) return { code: 'parameters-invalid', detail: 'x-site-context names no account' }
    const { account, channel, stage = EXAMPLE_STAGE } = context
    return { kind: 'account', account, stage, channel: channel === undefined ? undefined : String(channel) }
  },

  refuse(problem, _body, operation): MockReply {
    const status = problem.status ?? PROBLEMS[problem.code].status
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

/** The document has checked the form; this tells the compiler. */
function isSiteContext(value: unknown): value is SiteContext {
  return typeof value === 'object' && value !== null && 'account' in value && typeof value.account === 'string'
}
