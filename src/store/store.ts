import type { SessionName } from '../base/session-name.ts'
import type { Bound } from '../core/behaviour.ts'
import type { Exchange } from '../core/exchange.ts'
import type { DoneState } from '../core/scenario/state.ts'
import type { Change, WholeWorld } from '../core/world.ts'

/** Tells the lives of a session apart: one that is reset, or begun again after a drop, has another. Never used twice. */
export type Life = string & { readonly life: unique symbol }

/** What is noted of a session beside what it holds. A reset forgets it, but for bindings and snapshots. */
export interface Notes {
  /** The APIs that it is answered by, as their set is told from others. */
  readonly apis: string
  /** It holds what is not of its own requests: why that is, and what would do. */
  readonly copy?: { readonly detail: string; readonly fix: string } | undefined
  /** Where its last request set up a provider state: all that were set up, so that the next one adds to them. */
  readonly settingUp?: readonly DoneState[] | undefined
  readonly snapshots: readonly TakenSnapshot[]
  readonly bindings: readonly Binding[]
}

export interface TakenSnapshot {
  readonly name: string
  /** What its changes are kept under. */
  readonly id: string
  /** The world's time, in milliseconds since 1970. */
  readonly taken: number
  /** The life that it was taken of. */
  readonly life: Life
  /** What it takes, in bytes. */
  readonly bytes: number
}

/** By what a session is found that a request does not name. */
export interface Binding {
  readonly key: string
  readonly to: Bound
}

/** What is known of a session without looking at what it holds. Times are the world's, in milliseconds since 1970. */
export interface SessionRecord {
  readonly life: Life
  readonly begun: number
  readonly used: number
  /** How many requests it was asked in this life. */
  readonly requests: number
  /** The journal has had to let requests of it go. */
  readonly hasLost: boolean
  readonly notes: Notes
}

/** A session as work finds it. */
export interface Held {
  readonly world: WholeWorld
  /** Its life; where there is no such session, that which it has if the work begins it. */
  readonly life: Life
  /** Undefined where there is no such session. */
  readonly record: SessionRecord | undefined
  /** The world's time, in milliseconds since 1970; it does not go back within a session. */
  readonly real: number
  /** What other sessions take in memory of what all may. */
  readonly others: number
  /** What the bindings of all sessions take in memory. */
  readonly bindingBytes: number
  /** How many sessions there are, where there is no such session and no place for one more: then work must not begin it. */
  readonly full: number | undefined
  /** The number of its next request, and of its next control request; work that asks for it takes it. */
  readonly request: number
  readonly control: number
}

/** What work makes of a session, and what the caller is to have. All of it is kept, or nothing. */
export interface Work<Result> {
  readonly result: Result
  /** Appended to what the session holds. Any begin it, where there is none. */
  readonly changes: readonly Change[]
  /** Puts the changes in the place of all that it held, in a new life; or drops it, with its bindings, its snapshots and its past requests. */
  readonly life?: 'begins' | 'ends'
  /** A request is counted, and begins the session whatever comes of it; a control request only takes its number. */
  readonly asks?: 'request' | 'control' | undefined
  /** Something is changed beside what begins the session: it does not give its place to another any more. */
  readonly hasChanged?: boolean
  readonly notes?: Partial<Notes> | undefined
  /** What the journal is to keep. */
  readonly exchanges?: readonly Exchange[]
  /** Kept as long as the notes have a snapshot of this id. */
  readonly snapshot?: { readonly id: string; readonly contents: readonly Change[] }
}

/** A session cannot be bound to what another is bound to. */
export class BoundElsewhere extends Error {
  override readonly name = 'BoundElsewhere'
  readonly session: SessionName

  constructor(session: SessionName) {
    super(`the session "${session}" is bound to it`)
    this.session = session
  }
}

/** Hears of the journal. Places only grow. */
export interface Keeping {
  keep(exchange: Exchange, place?: number): void
  /** A past request as it is kept, and what it counts for, in bytes. */
  weighed(exchange: Exchange): { readonly exchange: Exchange; readonly size: number }
  /** A session's requests are gone. */
  forget(session: string): void
  /** Nothing up to this place is held any more. */
  letGo(place: number): void
  /** Whether requests of the session, or of any, had to go. */
  readonly lost: (session?: string) => boolean
}

/** What a store is opened with. */
export interface StoreSettings {
  readonly maxSessions: number
  /** How long a session may be unused, in milliseconds; infinite for ever. */
  readonly timeToLive: () => number
  /** How many bytes of past requests are kept, and of sessions in memory, about. */
  readonly journalBytes: number
  readonly stateBytes: number
  /** The world's time, in milliseconds since 1970; undefined for that of the store. */
  readonly time: (() => number) | undefined
  readonly journal: Keeping
  /** Hears, once each time, that the store cannot be reached; and that it can be again, which `isOver` says. */
  readonly onTrouble: (message: string, isOver?: true) => void
}

/** How much is in a store. */
export interface Totals {
  readonly sessions: number
  /** What past requests take, in bytes; undefined where only the journal has them. */
  readonly journalBytes: number | undefined
}

/** Opens a store. @throws UsageError where it cannot be had */
export type OpenStore = (settings: StoreSettings) => Promise<Store>

/**
 * Where sessions live, and all else that outlives a request. A session is a log of changes and the map they make; work runs on an up-to-date
 * map, and what it makes is kept only if nobody was first, else it runs again. So work must be pure, and two requests at once are as if
 * one came first.
 * Every function rejects with StoreUnavailable where the store cannot be reached.
 */
export interface Store {
  /** Uses a session: others that are unused too long, or without changes where no place is left, may be dropped for it. */
  use<Result>(session: SessionName, work: (held: Held) => Work<Result>): Promise<Result>
  /** Looks at a session, which does not count as using it. */
  look<Result>(session: SessionName, read: (held: Held) => Result): Promise<Result>
  /** What is kept of a snapshot. */
  snapshot(session: SessionName, id: string): Promise<readonly Change[] | undefined>
  /** The sessions that there are, by name. */
  names(): Promise<readonly SessionName[]>
  /**
   * The session that is bound to the first of these keys that one is bound to.
   * @param keys is not asked where there are no bindings
   */
  bound(keys: () => readonly string[]): Promise<SessionName | undefined> | undefined
  /** After it the journal has heard of all that was kept before. */
  tell(): Promise<void>
  /** While it is followed, the journal hears of everything soon. @returns what ends it */
  follow(): () => void
  /** Resolves where sessions can be kept now. */
  check(): Promise<void>
  /** How much there is, for whoever watches. */
  totals(): Promise<Totals>
  /** How many sessions this process has in memory, and what they take, in bytes. */
  held(): { readonly sessions: number; readonly bytes: number }
  close(): Promise<void>
}
