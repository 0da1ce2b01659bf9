import type { Cut } from '../../base/http.ts'
import type { WrittenClock } from '../clock.ts'

/** What is done to the body of an answer; the connection stays whole. */
export const SPOILS = ['MALFORMED_BODY', 'WRONG_MEDIA_TYPE', 'SCHEMA_VIOLATION'] as const
export type Spoil = (typeof SPOILS)[number]

/** What a session starts from, as a file says it; `spec/scenario.schema.json` has checked its form. Other members are words of the APIs. */
export interface Scenario {
  readonly description?: string
  readonly extends?: string
  readonly seed?: string | number
  readonly clock?: WrittenClock
  /** Settings of the APIs by name. */
  readonly population?: Readonly<Record<string, unknown>>
  readonly assume?: Readonly<Record<string, string>>
  readonly progress?: WrittenProgress
  readonly faults?: readonly WrittenFault[]
  readonly timeline?: readonly WrittenStep[]
  readonly [word: string]: unknown
}

export type WrittenPolicy = 'manual' | 'immediately' | { readonly after: string } | { readonly reads: number }
/** One policy for all steps, or one for each by its name. */
export type WrittenProgress = WrittenPolicy | Readonly<Record<string, WrittenPolicy>>

export interface WrittenFault {
  readonly id?: string
  readonly operation?: string | readonly string[]
  /** Values that a request must have: of parameters (`orderId`), inside them (`x-site-context/account`), and of the body (`/line_items/0/line_item_uuid`). */
  readonly match?: Readonly<Record<string, string | number | boolean | null>>
  readonly calls?: number | { readonly first?: number; readonly last?: number }
  readonly probability?: number
  readonly during?: { readonly from?: string; readonly until?: string }
  readonly limit?: { readonly requests: number; readonly per: string }
  readonly at?: 'before' | 'after'
  readonly fixedDelayMilliseconds?: number
  readonly delayDistribution?:
    | { readonly type: 'uniform'; readonly lower: number; readonly upper: number }
    | { readonly type: 'lognormal'; readonly median: number; readonly sigma: number; readonly maxValue?: number }
  readonly status?: number
  readonly example?: string
  readonly body?: unknown
  readonly retryAfter?: string
  readonly fault?: Cut | Spoil
}

export type WrittenStep = { readonly at: string } & (
  | {
      readonly operation: string
      readonly as?: Readonly<Record<string, unknown>>
      readonly parameters?: Readonly<Record<string, string | number | boolean>>
      readonly body?: unknown
    }
  | { readonly exists: Data }
)

/**
 * What a session holds beside its population, as a file says it: lists by the APIs' own words. Nothing here is put into the world by
 * hand: each entity goes the way that requests would have taken it, so that the rules that guard requests guard files too.
 */
export type Data = Readonly<Record<string, readonly unknown[]>>
