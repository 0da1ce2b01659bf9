import type { SessionName } from '../base/session-name.ts'
import type { Change, WholeWorld } from '../core/world.ts'

/** What a request made of a session: changes to append, and what the caller is to have. */
export interface Work<Result> {
  readonly changes: readonly Change[]
  readonly result: Result
}

/**
 * Where sessions live. A session is a log of changes and the map they make; `transact` runs the work on an up-to-date map and appends
 * its changes only if nobody appended in between, else it runs the work again. So the work must be pure, and two requests at once
 * are as if one came first.
 */
export interface Store {
  transact<Result>(session: SessionName, work: (world: WholeWorld) => Work<Result>): Promise<Result>
  /** Forgets a session. False when there was none. */
  drop(session: SessionName): Promise<boolean>
  /** The sessions that have a change, by name. */
  sessions(): Promise<readonly SessionName[]>
  close(): Promise<void>
}
