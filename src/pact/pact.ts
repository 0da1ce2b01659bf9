/** A pact file as the rest of this room sees it: the versions 2, 3 and 4 of the Pact specification made alike. */
export interface Pact {
  /** As it was named. */
  readonly file: string
  readonly consumer: string
  readonly provider: string
  readonly version: 2 | 3 | 4
  /** What can be verified, in the order of the file. */
  readonly interactions: readonly Interaction[]
  /** What cannot, each with the reason: it is never counted as passed. */
  readonly unverified: readonly Unverified[]
  /** The parsed file, for tools that take it whole. */
  readonly content: Readonly<Record<string, unknown>>
}

/** What an interaction is told by. */
export interface Named {
  /** Its place in the file's list, from 0. */
  readonly index: number
  readonly description: string
  readonly states: readonly ProviderState[]
  /** The line in the file, from 1, where it begins. */
  readonly line?: number
}

export interface ProviderState {
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface Interaction extends Named {
  /** A V4 interaction that may fail without failing the run. */
  readonly pending: boolean
  readonly method: string
  /** As the file has it, with or without the server's base path. */
  readonly path: string
  readonly status: number
  /** The interaction as it stands in the file. */
  readonly raw: Readonly<Record<string, unknown>>
}

export interface Unverified extends Named {
  readonly reason: string
}

/** Why a column says no, in the reader's terms. */
export interface Reason {
  /** Which expectation is not met: `response body $.items[0].statusCode: expected "CANCELLED" but got "ALLOCATED"`. */
  readonly message: string
  /** A code of the comparator, such as `response.status.unknown`. */
  readonly code?: string
  /** Where it stands in the pact: a path like `$.response.body.items`. */
  readonly pactPath?: string
  /** The part of the document that says otherwise. */
  readonly place?: { readonly file: string; readonly line?: number; readonly pointer: string }
}

/** What one of the three says of one interaction. */
export type Answer =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[] }
  /** The column was not asked. */
  | { readonly kind: 'skipped' }

export const COLUMNS = ['document', 'mock', 'provider'] as const
export type Column = (typeof COLUMNS)[number]

/** One interaction's row of the report. */
export interface Row extends Named {
  readonly file: string
  readonly consumer: string
  readonly provider: string
  readonly pending: boolean
  readonly answers: Readonly<Record<Column, Answer>>
  /** `failed` fails the run; `not-verified` and `not-ours` are neither passed nor failed. */
  readonly verdict: 'passed' | 'failed' | 'pending' | 'not-verified' | 'not-ours'
  /** What the columns together mean, or why it was not verified: `the mock is wrong here: …`. */
  readonly explanation?: string
  /** A request that repeats the interaction, for a shell. */
  readonly replay?: string
  /** Seconds. */
  readonly duration?: number
}

/** A whole run. */
export interface Report {
  readonly rows: readonly Row[]
  /** The columns that were asked. */
  readonly columns: readonly Column[]
  readonly ok: boolean
}
