import type { Data } from './data.ts'

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
  /** Who the operation is for, the first of them, unless said otherwise. */
  readonly as: CallerName | undefined
  /** Parameters of path and query by name. */
  readonly parameters: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Who calls: a supplier or a retailer by number, from 1, or an account. */
export type CallerName =
  | { readonly kind: 'supplier' | 'retailer'; readonly organization: number }
  | { readonly kind: 'account'; readonly account: string; readonly stage: string }

/** The counter of the steps of a timeline that have been taken. */
export const TIMELINE = 'timeline'
