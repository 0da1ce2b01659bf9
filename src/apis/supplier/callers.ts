import type { Credentials } from '../../base/http.ts'
import type { Callers } from '../../core/api.ts'
import { ANYBODY, type Caller } from '../../core/behaviour.ts'
import type { Kinds, Scene } from './kinds.ts'
import type { Problem } from './problems.ts'
import { wasIssued } from './account.ts'
import { REFUSED_TOKEN, RETAILER_TOKEN, RETAILERS, SUPPLIER_TOKEN, SUPPLIERS } from './session.ts'
import { memberOf } from './user.ts'

const LOG_IN = 'log in with POST /organizations/user-login/, or name the token when the server starts'

const MEMBERS = {
  supplier: Array.from({ length: SUPPLIERS }, (_, place) => memberOf('supplier', place + 1)),
  retailer: Array.from({ length: RETAILERS }, (_, place) => memberOf('retailer', place + 1)),
}
const FIRST_SUPPLIER = memberOf('supplier', 1)
const FIRST_RETAILER = memberOf('retailer', 1)

/** Users of suppliers and retailers, by their tokens. */
export const callers: Callers<Kinds> = {
  scheme: 'Token',
  tokens: { supplier: SUPPLIER_TOKEN, retailer: RETAILER_TOKEN, refused: REFUSED_TOKEN },
  as: {
    supplier: {
      schema: { type: 'integer', minimum: 1, maximum: SUPPLIERS, description: `A supplier, 1 to ${SUPPLIERS}.` },
      caller: ({ supplier = 1 }) => memberOf('supplier', Number(supplier)),
    },
    retailer: {
      schema: { type: 'integer', minimum: 1, maximum: RETAILERS, description: `A retailer, 1 to ${RETAILERS}.` },
      caller: ({ retailer = 1 }) => memberOf('retailer', Number(retailer)),
    },
  },

  issuedIn: (operation, body) =>
    operation === 'login' ? [...body.matchAll(/"auth_token"\s*:\s*"([^"]+)"/g)].map(([, token = '']) => token) : [],

  judge: ({ value }) =>
    value === REFUSED_TOKEN
      ? {
          code: 'credentials-refused',
          detail: `the token "${REFUSED_TOKEN}" is always refused`,
          fix: `send Authorization: Token ${SUPPLIER_TOKEN}`,
        }
      : undefined,

  of({ scheme, value }: Credentials, _headers, { session, world, now }: Scene): Caller | Problem {
    if (scheme === '') return ANYBODY
    const { supplierTokens, retailerTokens } = session.settings
    const named = supplierTokens.find(({ token }) => token === value) ?? retailerTokens.find(({ token }) => token === value)
    if (named) return MEMBERS[named.kind][named.organization - 1] ?? FIRST_SUPPLIER
    const issued = world.get('token', value)
    if (issued)
      return issued.expiresAt > now
        ? memberOf(issued.kind, issued.organization, issued.permissions)
        : { code: 'credentials-refused', detail: `the token of ${issued.user} has expired`, fix: LOG_IN }
    if (wasIssued(value, world, session)) return { code: 'credentials-refused', detail: 'the token has expired', fix: LOG_IN }
    if (value === RETAILER_TOKEN) return FIRST_RETAILER
    if (value === SUPPLIER_TOKEN) return FIRST_SUPPLIER
    const assumption = 'supplier.tokens'
    return session.assumptions[assumption] === 'any'
      ? FIRST_SUPPLIER
      : { code: 'credentials-refused', detail: 'nobody has this token', fix: LOG_IN, assumption }
  },
}
