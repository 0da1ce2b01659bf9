import type { SessionName } from '../base/session-name.ts'
import type { Life } from './store.ts'

/** What a backend knows of a session without reading it. Times are the world's, in milliseconds since 1970. */
export interface Head {
  readonly name: SessionName
  readonly life: Life
  /** The place of the last piece of its log; the first piece of a life has place 1. */
  readonly position: number
  readonly begun: number
  readonly used: number
  /** How many requests it was asked in this life. */
  readonly requests: number
  /** Something was changed in it beside its beginning. */
  readonly hasChanged: boolean
  /** The journal has had to let some of its requests go. */
  readonly hasLost: boolean
}

/** What a server has of a session already; a life that is not the session's any more, or none, is nothing. */
export interface Known {
  readonly name: SessionName
  readonly life: Life | undefined
  readonly position: number
}

/** A session as it is now, and what the asker lacks of it. */
export interface Found {
  readonly head: Head
  /** The texts begin from nothing: they are the whole of the log, not what follows on what is known. */
  readonly isWhole: boolean
  /** In the order of their places; empty where nothing is lacking. */
  readonly pieces: readonly string[]
}

/** What `find` answers: of one instant between the call and its answer. */
interface Findings {
  /** The backend's time, in milliseconds since 1970. */
  readonly time: number
  /** How many sessions there are. */
  readonly sessions: number
  /** Those of the names asked for that there are. */
  readonly found: ReadonlyMap<SessionName, Found>
}

/** A past request as it is kept. */
export interface KeptText {
  readonly id: string
  /** What it counts for against the bound of the journal, in bytes. */
  readonly size: number
  readonly text: string
}

/** One more piece for the log of a session, with all that goes with it: everything of it is kept, or nothing. */
export interface Append {
  readonly name: SessionName
  /** What the session was when the piece was made; undefined where there was none. Otherwise by now, nothing is kept, and the append is lost. */
  readonly expected: { readonly life: Life; readonly position: number } | undefined
  readonly becomes:
    | { readonly kind: 'goes-on' }
    /** All that it held is gone: log, numbers, requests in the journal; bindings and snapshots too, where `keeps` does not say otherwise. */
    | {
        readonly kind: 'begins'
        readonly life: Life
        /** So many numbers of requests, and of control requests, are taken from the first on: 1 to this one. */
        readonly numbers: number
        /** Its bindings and its snapshots outlive its reset. */
        readonly keeps: boolean
      }
    /** There is no such session any more, nor anything of it. `piece` is not kept. */
    | { readonly kind: 'ends' }
  readonly piece: string
  readonly hasChanged: boolean
  /** So many requests have asked it. */
  readonly requests: number
  readonly used: number
  /** In their order. */
  readonly exchanges: readonly KeptText[]
  /** What requests it is found by that do not name it. One that another session has makes the append lost. */
  readonly bind?: readonly string[]
  readonly unbind?: readonly string[]
  /** Texts that are kept as long as the session, whatever its life: a snapshot's. `forget` are those that are kept no longer. */
  readonly keep?: { readonly id: string; readonly texts: readonly string[] }
  readonly forget?: readonly string[]
}

/** `lost`: somebody else was first. `full`: it would have begun, and there are as many sessions as there may be. */
export type Outcome = 'kept' | 'lost' | 'full'

/** What is written behind: it is not kept where the life is over, and nobody is told. */
export interface Use {
  readonly name: SessionName
  readonly life: Life
  readonly requests: number
  readonly used: number
  readonly exchanges: readonly KeptText[]
}

/** What became of the journal, in the order of its places: a request that is kept, or a session whose requests are forgotten. Places only grow. */
export type News =
  | { readonly kind: 'kept'; readonly place: number; readonly text: string }
  | { readonly kind: 'forgotten'; readonly place: number; readonly name: SessionName }

export interface NewsFound {
  readonly news: readonly News[]
  /** Nothing at this place or before is held any more. */
  readonly gone: number
  /** There is more behind the last one. */
  readonly isMore: boolean
}

/**
 * A database that keeps sessions as logs of texts, and knows nothing of what they say. Several servers may have the same one open, where
 * it says so. Texts are JSON, so that whatever they speak of is written in them as escapes: no U+0000, no lone surrogate.
 * Every function rejects with StoreUnavailable where the database cannot be reached; then a read has not been, and whether a write was
 * kept is not known.
 */
export interface Backend {
  find(known: readonly Known[]): Promise<Findings>
  /** All in one transaction, each by itself kept or not; a name comes once at most. */
  append(appends: readonly Append[]): Promise<readonly Outcome[]>
  /** Takes numbers that nobody else gets. @returns the first of them; undefined where the life is over */
  takeNumbers(name: SessionName, life: Life, of: 'requests' | 'controls', count: number): Promise<number | undefined>
  use(uses: readonly Use[]): Promise<void>
  /** The texts that were kept with this id; undefined where they are gone. */
  kept(name: SessionName, id: string): Promise<readonly string[] | undefined>
  /**
   * Puts texts in the place of the log up to a position, which say the same. Nothing happens where the life is over, or somebody was first.
   * Who knows less than that position is given them from then on.
   */
  compact(name: SessionName, life: Life, position: number, texts: readonly string[]): Promise<void>
  /** By name, as `toSorted` has them. */
  names(): Promise<readonly SessionName[]>
  /** Some that nobody has used since a time, in milliseconds: at most so many. */
  unused(since: number, most: number): Promise<readonly Head[]>
  /** The one without changes that was used longest ago. */
  givingWay(): Promise<Head | undefined>
  /** The session that is bound to one of these keys: the first key that one is bound to says which. */
  bound(keys: readonly string[]): Promise<SessionName | undefined>
  /** What became of the journal behind a place, about a megabyte at most. */
  news(behind: number): Promise<NewsFound>
  /** Lets the oldest of the journal go until what is left fits a number of bytes, and says so of their sessions. */
  trim(bytes: number): Promise<void>
  /** What the journal takes, in bytes. */
  journalBytes(): Promise<number>
  /** Calls back whenever others may have news, until the function that it returns is called. */
  listen(hear: () => void): Promise<() => void>
  /** Resolves where sessions can be kept now. */
  check(): Promise<void>
  close(): Promise<void>
}
