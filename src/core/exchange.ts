import type { Cut, Issue, Problem } from '../base/http.ts'
import type { Origin } from './behaviour.ts'
import type { Session } from './session.ts'
import type { KeptChange } from './world.ts'

/** One request and what became of it, or a step without a caller. Bodies are the texts that went over the line. */
export interface Exchange {
  readonly id: string
  readonly session: string
  readonly origin: Origin
  /** By the session's clock, in milliseconds since 1970. */
  readonly now: number
  /** The world's time, in milliseconds since 1970. */
  readonly real: number
  readonly method: string
  /** As it was sent, session prefix and query included. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Without what `Content-Encoding` says was done to it. */
  readonly requestBody: string | undefined
  /** There was a body that is not kept: it was too large, no text, or not what its encoding says. */
  readonly isBodyLost?: true
  readonly status: number
  readonly replyHeaders: Readonly<Record<string, string>>
  readonly mediaType: string
  readonly replyBody: string | undefined
  /** What disturbed the answer, by name. */
  readonly fault?: string
  /** How the answer was cut on its way. */
  readonly cut?: Cut
  readonly operation: string | undefined
  readonly problem: Problem | undefined
  readonly warnings: readonly Issue[]
  readonly assumption: string | undefined
  readonly changes: readonly KeptChange[]
  /** The session as the changes met it: what nobody had touched before them is its population's. */
  readonly settings: Session | undefined
  /** Where a refusal is explained. */
  readonly explain: string | undefined
  /** Milliseconds. */
  readonly duration: number
  /** What the request met in the session when it was worked on; undefined where it did not look. */
  readonly met: Met | undefined
  /** When it came, and what it met then, where a delay lay between that and the work. */
  readonly asked?: { readonly real: number; readonly met: Met }
  /** The service that has answered. */
  readonly upstream?: string
  /** What of it, and of the request, breaks the document's rules. */
  readonly violations?: readonly object[]
  /** The client went away before the work. */
  readonly isGone?: true
}

/** Where something stands in the order in which a session changed, which need not be that in which it is told. */
export interface Met {
  readonly version: number
  /** Whether it changed what it met. */
  readonly hasChanged: boolean
}
