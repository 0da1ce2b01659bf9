import type { Input } from '../../base/http.ts'
import type {
  Behaviour as CoreBehaviour,
  LiveScene as CoreLiveScene,
  Outcome as CoreOutcome,
  Scene as CoreScene,
} from '../../core/behaviour.ts'
import type { Change as CoreChange, CoreKinds, World as CoreWorld } from '../../core/world.ts'
import type { Order } from './order.ts'
import type { Session } from './session.ts'
import type { IssuedToken } from './user.ts'

/** What this API keeps in a session. */
export interface Kinds extends CoreKinds {
  readonly session: Session
  readonly order: Order
  /** A login's; its id is the token. */
  readonly token: IssuedToken
}

export type Change<K extends keyof Kinds = keyof Kinds> = CoreChange<Kinds, K>
export type World = CoreWorld<Kinds>
export type Scene = CoreScene<Kinds>
export type LiveScene = CoreLiveScene<Kinds>
export type Behaviour<I extends Input = Input, Found = unknown> = CoreBehaviour<I, Kinds, Found>
export type Outcome = CoreOutcome<Kinds>
