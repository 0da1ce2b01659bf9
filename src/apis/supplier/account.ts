import type { Change, World } from './kinds.ts'
import { EVERYBODY, type IssuedToken, type Permission, PERMISSIONS_OF, type User } from './user.ts'
import { HOUR } from '../../core/clock.ts'
import type { Session } from './session.ts'
import { at, hex, keyOf, uuid } from '../../core/population/random.ts'
import { hexIds } from '../../core/population/permutation.ts'
import { counted, nextNumber } from '../../core/world.ts'
import type { OrderPopulation } from './population.ts'

/** "Tokens last two hours." */
export const TOKEN_LIFE = 2 * HOUR
/** Beyond so many the oldest are forgotten, expired or not: a client that logs in for each call must not fill the memory. */
const MAX_TOKENS = 1_000
/** The one password that is wrong, so that a client can meet a 401. */
export const REFUSED_PASSWORD = 'invalid'

export interface Login {
  readonly token: IssuedToken
  readonly changes: readonly Change[]
}

/** A new token for a user, and what that changes: expired ones go. */
export function logIn(user: User, world: World, { seed }: Session, now: number): Login {
  const number = nextNumber(world, COUNTER)
  const { kind, organization, permissions, name } = user
  const token: IssuedToken = {
    token: tokenAt(seed, number),
    number,
    user: name,
    kind,
    organization,
    permissions,
    expiresAt: now + TOKEN_LIFE,
  }
  const gone: IssuedToken[] = []
  // They are kept in the order in which they were issued, which is that in which they expire.
  for (const one of world.all('token')) {
    if (one.expiresAt > now && one.number > number - MAX_TOKENS) break
    gone.push(one)
  }
  return {
    token,
    changes: [
      { kind: 'token', id: token.token, to: token },
      ...gone.map((one): Change => ({ kind: 'token', id: one.token, to: undefined })),
      counted(COUNTER, number + 1),
    ],
  }
}

const COUNTER = 'token'

/** 40 hexadecimal digits: the number in disguise, and a checksum of it. */
function tokenAt(seed: string, number: number): string {
  const key = at(keyOf(seed), 'token')
  return hexIds(key).idAt(number) + hex(at(at(key, 'check'), number), 16)
}

/** Whether the session has given out this token, however long ago: one that is forgotten is still not just anybody's. */
export function wasIssued(token: string, world: World, { seed }: Session): boolean {
  if (!/^[0-9a-f]{40}$/.test(token)) return false
  const number = hexIds(at(keyOf(seed), 'token')).indexOf(token.slice(0, 24), nextNumber(world, COUNTER))
  return number !== undefined && tokenAt(seed, number) === token
}

/** What the login answers. The identifier that does not apply is empty, as the platform has it. */
export function loginView(
  { token, user, kind, organization, permissions }: IssuedToken,
  population: OrderPopulation,
  { seed }: Session,
): object {
  const { uuid: organizationId } = kind === 'supplier' ? population.supplier(organization) : population.retailer(organization)
  const userId = uuid(at(at(keyOf(seed), 'user'), user))
  return {
    auth_token: token,
    org_uuid: organizationId,
    user_uuid: userId,
    retailer_uuid: kind === 'retailer' ? organizationId : '',
    supplier_uuid: kind === 'supplier' ? organizationId : '',
    org_type: kind === 'supplier' ? 'SUPPLIER' : 'RETAILER',
    permission_assignments: {
      permissions: PERMISSIONS_OF[kind].map((name) => ({
        assigned: permissions.includes(name),
        permission: {
          uuid: uuid(at(at(keyOf('permission'), 'uuid'), name)),
          name,
          display_name: name.split('_').map(capitalised).join(' '),
          description: DESCRIPTIONS[name],
          visibility: EVERYBODY.some((shared) => shared === name) ? 'BOTH' : kind === 'supplier' ? 'SUPPLIER' : 'RETAILER',
          grouping: 'ORDER',
        },
      })),
      org_user: { uuid: userId },
    },
  }
}

const DESCRIPTIONS: Readonly<Record<Permission, string>> = {
  cancel_order: 'Cancel an order or answer its cancellation',
  view_order: 'See orders',
  export_order: 'Export orders',
  create_order: 'Place an order',
  allocate_order: 'Allocate an order',
  add_order_tracking: 'Add tracking to an order',
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
