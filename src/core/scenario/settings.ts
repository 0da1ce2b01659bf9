import type { Cut } from '../../base/http.ts'
import type { Data, Spoil, WrittenFault } from './written.ts'

/** How long an answer takes longer, in milliseconds; names as in WireMock. */
export type Delay =
  | { readonly type: 'fixed'; readonly milliseconds: number }
  | { readonly type: 'uniform'; readonly lower: number; readonly upper: number }
  | { readonly type: 'lognormal'; readonly median: number; readonly sigma: number; readonly maxValue: number | undefined }

/** What goes wrong with a request that is well in itself. Times are milliseconds. */
export interface Fault {
  readonly id: string
  /** Operations by id; every one of the APIs where there is none. */
  readonly operations: readonly string[]
  readonly match: NonNullable<WrittenFault['match']>
  /** Of the requests that match, from 1: the first and the last that it hits. */
  readonly calls: { readonly first: number; readonly last: number } | undefined
  /** Of those, the share that it hits: 0 to 1. */
  readonly probability: number
  /** By the session's clock, after it began, or after the fault was added. */
  readonly during: { readonly from: number; readonly until: number } | undefined
  /** At most `requests` are well in each span of time, beginning with the first of them; the others are refused. */
  readonly limit: { readonly requests: number; readonly per: number } | undefined
  /** Before the work, so that nothing changes; or after it, so that only the answer is lost. */
  readonly at: 'before' | 'after'
  readonly delay: Delay | undefined
  /** The answer in place of the right one. */
  readonly reply: FaultReply | undefined
  readonly cut: Cut | undefined
  readonly spoil: Spoil | undefined
  /** When it was added to a running session, by its clock: what `during` counts from. Without it the session's beginning does. */
  readonly since?: number
  /** As it was written. */
  readonly written: WrittenFault
}

export interface FaultReply {
  readonly status: number
  /** The document's example of this name, where there is no body. */
  readonly example: string | undefined
  readonly body: unknown
  /** Seconds until a client may try again. Under a limit it is known without. */
  readonly retryAfter: number | undefined
}

/** A fault that hits a request. */
export interface FaultHit {
  readonly fault: Fault
  /** How long it delays this answer, in milliseconds. */
  readonly delay: number
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined
}

/** When a step is taken: when somebody asks for it, at once, a time after what it follows, or once what it moves has been read so often. */
export type Policy =
  | { readonly kind: 'manual' | 'immediately' }
  | { readonly kind: 'after'; readonly milliseconds: number }
  | { readonly kind: 'reads'; readonly count: number }

/** By the names of steps; one that is not there is for somebody to ask for. */
export type Progress = Readonly<Record<string, Policy>>

/** A step that waits for its time. */
export interface WaitingStep {
  readonly id: string
  readonly step: string
  readonly on: Moved
  /** Milliseconds since 1970; undefined while reads are waited for. */
  readonly due: number | undefined
  /** How many more reads it waits for. */
  readonly reads: number | undefined
}

/** What a step moves: an entity, or a part of it. The id is that under which a session keeps it. */
export interface Moved {
  readonly kind: string
  readonly id: string
  readonly part?: string
}

/** What happens in a session by itself at a time: an operation that somebody calls, or something that comes to be. */
export type TimelineStep =
  | ({ readonly kind: 'call'; readonly at: number } & Call)
  | {
      readonly kind: 'exists'
      /** Milliseconds after the session began. */
      readonly at: number
      readonly data: Data
    }

/** An operation as somebody calls it, by the names that its document has. */
export interface Call {
  readonly operation: string
  /** Who calls, by a word of the APIs; the first whom the operation is for, unless said otherwise. */
  readonly as: Readonly<Record<string, unknown>> | undefined
  /** Parameters of path and query by name. */
  readonly parameters: Readonly<Record<string, string>>
  readonly body: unknown
}

/** The counter of the steps of a timeline that have been taken. */
export const TIMELINE = 'timeline'
