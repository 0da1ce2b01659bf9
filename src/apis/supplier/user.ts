import { type OrganizationKind, RETAILERS, SUPPLIERS } from './session.ts'
import type { Caller } from '../../core/behaviour.ts'

/** Who may do what: names as the platform documents them. */
export type Permission = 'cancel_order' | 'view_order' | 'export_order' | 'create_order' | 'allocate_order' | 'add_order_tracking'

export const EVERYBODY = ['cancel_order', 'view_order', 'export_order'] as const
/** What an organisation of a type can hold. */
export const PERMISSIONS_OF = {
  retailer: [...EVERYBODY, 'create_order'],
  supplier: [...EVERYBODY, 'allocate_order', 'add_order_tracking'],
} as const satisfies Record<OrganizationKind, readonly Permission[]>

/** What users hold whose names say that they have not everything. */
const RESTRICTED: Readonly<Record<string, readonly Permission[]>> = { viewer: ['view_order', 'export_order'], guest: [] }

/** Who calls: somebody of a supplier or a retailer, with what the user may do. */
export interface Member extends Caller {
  readonly kind: OrganizationKind
  /** The population's number of the organisation, from 1. */
  readonly organization: number
  readonly permissions: readonly string[]
}

/** Callers are what this API makes of credentials. */
export function isMember(caller: Caller): caller is Member {
  return caller.kind === 'supplier' || caller.kind === 'retailer'
}

/** Somebody of an organisation, who may do all that it can unless said otherwise. */
export function memberOf(kind: OrganizationKind, organization: number, permissions: Member['permissions'] = PERMISSIONS_OF[kind]): Member {
  return { kind, organization, permissions }
}

/** A user of the population: `supplier-1`, `retailer-2-viewer`, `supplier-3-guest`. */
export interface User {
  readonly name: string
  readonly kind: OrganizationKind
  readonly organization: number
  readonly permissions: readonly Permission[]
}

/** What a login gave out. */
export interface IssuedToken extends Omit<User, 'name'> {
  readonly token: string
  /** How many were given out before it. */
  readonly number: number
  readonly user: string
  /** Milliseconds. From this time on the token is refused. */
  readonly expiresAt: number
}

/** Undefined for a name that nobody has. */
export function userNamed(name: string): User | undefined {
  const [, kind, number = '', restricted] = /^(supplier|retailer)-([1-9])(?:-(viewer|guest))?$/.exec(name) ?? []
  const organization = Number(number)
  if (kind !== 'supplier' && kind !== 'retailer') return undefined
  if (organization > (kind === 'supplier' ? SUPPLIERS : RETAILERS)) return undefined
  return { name, kind, organization, permissions: (restricted === undefined ? undefined : RESTRICTED[restricted]) ?? PERMISSIONS_OF[kind] }
}
