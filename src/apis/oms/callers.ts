import type { Credentials } from '../../base/http.ts'
import { parsedJson } from '../../base/decode.ts'
import type { Callers } from '../../core/api.ts'
import type { Caller } from '../../core/behaviour.ts'
import type { Kinds } from './kinds.ts'
import { EXAMPLE_STAGE } from './population.ts'
import type { Problem } from './problems.ts'
import { type Account, accountNamed } from './query.ts'
import { ACCOUNT, STAGE } from './schemas.ts'

const REFUSED_TOKEN = 'invalid'

/** The form of `x-site-context`, as the document has it. */
interface SiteContext {
  readonly account: string
  readonly channel?: string | number
  readonly stage?: string
}

/** Accounts, by the header that names them. */
export const callers: Callers<Kinds> = {
  scheme: 'Bearer',
  tokens: { account: '1234567890', refused: REFUSED_TOKEN },
  parameters: {
    account: { ...ACCOUNT, description: 'The OMS account, 24 characters.' },
    stage: { ...STAGE, description: 'The stage of the account.' },
  },
  as: {
    account: {
      schema: { ...ACCOUNT, description: 'An account.' },
      beside: { stage: STAGE },
      caller: (written) => accountNamed(textsOf(written)),
      headers: (written) => headersOf(accountNamed(textsOf(written))),
    },
  },
  bound: {
    schema: {
      type: 'object',
      additionalProperties: false,
      required: ['account'],
      properties: { account: { type: 'string', minLength: 24, maxLength: 24 }, stage: { type: 'string', minLength: 1 } },
    },
    keyOf: ({ account, stage }) => (account === undefined ? undefined : JSON.stringify(['account', account, stage])),
    keysOf(headers) {
      const context = parsedJson(headers['x-site-context'] ?? '')
      if (!isSiteContext(context)) return []
      // A stage that is named counts before an account as a whole.
      return [JSON.stringify(['account', context.account, context.stage]), JSON.stringify(['account', context.account, undefined])]
    },
  },

  judge: ({ value }) =>
    value === REFUSED_TOKEN
      ? {
          code: 'credentials-refused',
          detail: `the token "${REFUSED_TOKEN}" is always refused`,
          fix: 'send Authorization: Bearer <any other token>',
        }
      : undefined,

  of(_credentials: Credentials, headers): Caller | Problem {
    const context = headers['x-site-context']
    if (!isSiteContext(context)) return { code: 'parameters-invalid', detail: 'x-site-context names no account' }
    const { account, channel, stage = EXAMPLE_STAGE } = context
    const caller: Account = { kind: 'account', account, stage, channel: channel === undefined ? undefined : String(channel) }
    return caller
  },

  headers: (whose) => headersOf(accountNamed(textsOf(whose))),
}

function headersOf({ account, stage }: Account): Readonly<Record<string, unknown>> {
  return { 'x-site-context': { account, stage } }
}

/** What a schema has made sure of. */
function textsOf({ account, stage }: Readonly<Record<string, unknown>>): { readonly account?: string; readonly stage?: string } {
  return { ...(typeof account === 'string' && { account }), ...(typeof stage === 'string' && { stage }) }
}

/** The document has checked the form; this tells the compiler. */
function isSiteContext(value: unknown): value is SiteContext {
  return typeof value === 'object' && value !== null && 'account' in value && typeof value.account === 'string'
}
