import type { Contract } from '../../contract/operation.ts'
import { messageFrom, UsageError } from '../../base/problem.ts'
import { matchOf } from './base-path.ts'
import { type Fields, isRecord } from './value.ts'

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
}

/** What an interaction is told by. */
export interface Named {
  /** Its place in the file's list, from 0. What stands under `messages` is counted on behind the interactions. */
  readonly index: number
  readonly description: string
  readonly states: readonly ProviderState[]
  /** The line in the file, from 1, where it begins. */
  readonly line?: number
}

export interface ProviderState {
  readonly name: string
  /** Numbers in the form of the file's text. */
  readonly params: Fields
}

export interface Interaction extends Named {
  /** A V4 interaction that may fail without failing the run. */
  readonly pending: boolean
  readonly method: string
  /** As the file has it, with or without the server's base path. */
  readonly path: string
  readonly status: number
  /** The interaction as it stands in the file, numbers in the form of its text; without what belongs to a connection. */
  readonly raw: Fields
}

export interface Unverified extends Named {
  readonly reason: string
  /** Whether the file is at fault, which fails the run. Else it is of a kind that is not verified here. */
  readonly isBroken: boolean
  readonly pending: boolean
}

/** Why a column says no, in the reader's terms. */
export interface Reason {
  /** Which expectation is not met: `response body $.items[0].statusCode: expected "CANCELLED" but got "ALLOCATED"`. */
  readonly message: string
  /** A code of the comparator, such as `response.status.unknown`, or of a refusal of the mock, such as `order-unknown`. */
  readonly code?: string
  /** Where it stands in the pact: a path like `$.response.body.items`. */
  readonly pactPath?: string
  /** The part of the document that says otherwise. */
  readonly place?: { readonly file: string; readonly line?: number; readonly pointer: string }
}

/** The code of a reason that the verifier gives for sending no request: it says nothing of whom it should have asked. */
export const UNTRIED = 'verifier-untried'

/** What one of the three says of one interaction. */
export type Answer =
  | { readonly kind: 'passed'; /** What is odd, and does no harm. */ readonly warnings?: readonly Reason[] }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[]; readonly warnings?: readonly Reason[] }
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
  /** Commands for a shell that repeat the interaction: at a mock on this machine, or at the real service where only that fails. */
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
  /** Why results did not reach the broker. Such a run is not ok. */
  readonly unpublished?: string
  /** Why the real service was not asked, or not to the end. Such a run is not ok. */
  readonly unreached?: string
  /** What a reader should know of the run as a whole. */
  readonly notes?: readonly string[]
}

/** A parsed file, as `loadDocument` gives it. */
export interface LoadedFile {
  readonly sources: readonly { readonly uri: string; readonly content: unknown; lineOf(pointer: string): number | undefined }[]
}

/** Which interactions are wanted. The texts are regular expressions, looked for anywhere. */
export interface Filter {
  readonly consumer?: string | undefined
  readonly description?: string | undefined
  readonly state?: string | undefined
  /** Only those without a state. */
  readonly noState?: boolean | undefined
}

/**
 * The pact with the wanted interactions only.
 * @throws UsageError for what is not a valid regular expression
 */
export function filterInteractions(pact: Pact, filter: Filter): Pact {
  if (filter.noState === true && filter.state !== undefined)
    throw new UsageError('interactions can be wanted by a state or without one, not both')
  const consumer = pattern('consumer', filter.consumer)
  const description = pattern('description', filter.description)
  const state = pattern('state', filter.state)
  const isWanted = (one: Named): boolean =>
    (consumer?.test(pact.consumer) ?? true) &&
    (description?.test(one.description) ?? true) &&
    (state === undefined || one.states.some(({ name }) => state.test(name))) &&
    (filter.noState !== true || one.states.every(({ name }) => name === ''))
  return { ...pact, interactions: pact.interactions.filter(isWanted), unverified: pact.unverified.filter(isWanted) }
}

/**
 * The contract that a pact is about: the one that `map` gives its provider, else the one with the provider's name as name or title, else
 * the one that has most of its requests, if that is half of them at least. Undefined for a pact of another provider.
 * @param map Names of contracts by provider.
 * @throws UsageError for a map that names an unknown contract
 */
export function contractFor<Known extends Contract>(
  pact: Pact,
  contracts: readonly Known[],
  map: ReadonlyMap<string, string> = new Map(),
): Known | undefined {
  const [, mapped] = [...map].find(([name]) => isSameName(name, pact.provider)) ?? []
  if (mapped !== undefined) {
    const found = contracts.find(({ name }) => name === mapped)
    if (found) return found
    const known = contracts.map(({ name }) => name).join(', ')
    throw new UsageError(`the provider "${pact.provider}" is mapped to the document "${mapped}"; known are ${known || 'none'}`)
  }
  const named = contracts.find((contract) => [contract.name, titleOf(contract)].some((name) => isSameName(name, pact.provider)))
  if (named) return named
  let best: Known | undefined
  let most = 0
  for (const contract of contracts) {
    const count = pact.interactions.filter(({ method, path }) => matchOf(contract, method, path).kind === 'found').length
    if (count <= most || count * 2 < pact.interactions.length) continue
    best = contract
    most = count
  }
  return best
}

function pattern(what: string, text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined
  try {
    return new RegExp(text)
  } catch (error) {
    const why = messageFrom(error)
    throw new UsageError(`the filter for the ${what} is not a valid regular expression: ${why}`, { cause: error })
  }
}

/** Nobody spells the provider as the document does. */
export function isSameName(one: string, other: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]+/g, '')
  return one === other || (plain(one) === plain(other) && plain(one) !== '')
}

function titleOf({ content }: Contract): string {
  const info = isRecord(content) ? content['info'] : undefined
  const title = isRecord(info) ? info['title'] : undefined
  return typeof title === 'string' ? title : ''
}
