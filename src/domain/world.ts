import type { Session } from './control/session.ts'
import type { Allocation } from './oms/allocation.ts'
import type { Order } from './supplier/order.ts'

/** What a session keeps, by kind. */
export interface Kinds {
  /** The one entity that says what the session is; its id is its name. */
  readonly session: Session
  readonly order: Order
  /** Its id carries the tenant: accounts do not share ids. */
  readonly allocation: Allocation
}

export type Kind = keyof Kinds

/** One entity put, or deleted where `to` is undefined. */
export type Change = { readonly [K in Kind]: { readonly kind: K; readonly id: string; readonly to: Kinds[K] | undefined } }[Kind]

/** A session as a request sees it: only what requests have changed; what nobody touched is the population's. */
export interface World {
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined
  all<K extends Kind>(kind: K): Iterable<Kinds[K]>
}
