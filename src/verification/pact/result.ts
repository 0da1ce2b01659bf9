import type { Reason } from './pact.ts'
import { numberOf } from './part.ts'
import { type Fields, isRecord, listOf, textOf } from './value.ts'

/** What the verifier says of one interaction. */
export type Result = Timed &
  (
    | { readonly kind: 'passed' }
    | { readonly kind: 'mismatches'; readonly reasons: readonly Reason[] }
    /** It could not be tried: no state, no connection. */
    | { readonly kind: 'error'; readonly message: string }
  )

interface Timed {
  /** Seconds. */
  readonly duration?: number
}

/** The results of a run of the verifier, by the numbers in the descriptions; undefined for what is not a report. */
export function readResults(report: unknown): ReadonlyMap<number, Result> | undefined {
  if (!isRecord(report)) return undefined
  return new Map(
    listOf(report['interactionResults']).flatMap((result) => {
      const number = numberOf(textOf(result['description']))
      return number === undefined ? [] : [[number, resultOf(result)] as const]
    }),
  )
}

/** Why the verifier did not take a file, where it says so: it then has no results, and counts the run as a success. */
export function loadFailure(report: unknown): string | undefined {
  const errors = isRecord(report) ? listOf(report['errors']) : []
  const [message] = errors.flatMap(({ interaction, mismatch }) =>
    interaction === 'Failed to load pact' && isRecord(mismatch) ? [textOf(mismatch['message'])] : [],
  )
  // The files are ours, and gone.
  return message?.replace(/^Failed to load pact '.*?' - /s, '').replace(/ Source: \S+$/, '')
}

function resultOf({ result, duration, mismatch }: Fields): Result {
  const seconds = secondsOf(textOf(duration))
  const timed = seconds === undefined ? {} : { duration: seconds }
  if (result === 'OK') return { kind: 'passed', ...timed }
  const fields = isRecord(mismatch) ? mismatch : {}
  const reasons = reasonsOf(listOf(fields['mismatches']))
  if (reasons.length > 0) return { kind: 'mismatches', reasons, ...timed }
  return { kind: 'error', message: textOf(fields['message']) || 'the verifier gives no reason', ...timed }
}

/** `1m 2.019s` in seconds. */
function secondsOf(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|µs|us|ms|s|m|h)/g)]
  if (parts.length === 0) return undefined
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0)
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, µs: 1e-6, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }

/** Each once, in the order of a response: status, headers, body. The verifier has them in another order each time. */
function reasonsOf(mismatches: readonly Fields[]): Reason[] {
  const reasons = mismatches.map((fields) => reasonOf(fields)).toSorted((a, b) => rankOf(a) - rankOf(b) || (a.message < b.message ? -1 : 1))
  return [...new Map(reasons.map((reason) => [reason.message, reason])).values()]
}

const ORDER = ['response status', 'response header', 'response body']

function rankOf({ message }: Reason): number {
  return ORDER.findIndex((beginning) => message.startsWith(beginning))
}

function reasonOf(fields: Fields): Reason {
  const told = textOf(fields['mismatch'])
  switch (fields['type']) {
    case 'StatusMismatch':
      return { message: `response status: ${comparison(fields, told)}`, pactPath: '$.response.status' }
    case 'HeaderMismatch': {
      const name = textOf(fields['key'])
      return { message: `response header ${name}: ${headerSays(fields, told)}`, pactPath: `$.response.headers['${name}']` }
    }
    case 'BodyTypeMismatch':
      return { message: `response body: ${comparison(fields, told)}`, pactPath: '$.response.body' }
    case 'BodyMismatch': {
      const path = textOf(fields['path']) || '$'
      return { message: `response body ${path}: ${bodySays(fields, told)}`, pactPath: `$.response.body${path.slice(1)}` }
    }
    default:
      return { message: lowered(told) || JSON.stringify(fields) }
  }
}

function headerSays(fields: Fields, told: string): string {
  const expected = textOf(fields['expected']).replace(/^"(.*)"$/, '$1')
  if (told.endsWith('was missing')) return `expected ${short(quoted(expected))} but it is missing`
  if (/to be equal to|to have value/.test(told))
    return `expected ${short(quoted(expected))} but got ${short(quoted(textOf(fields['actual'])))}`
  return short(lowered(told.replace(/^Mismatch with header '[^']*': /, '')))
}

function bodySays(fields: Fields, told: string): string {
  const missing = /^Actual map is missing the following keys: (.*)$/s.exec(told)?.[1]
  if (missing !== undefined) return `${missing.split(', ').toSorted().join(', ')} expected but missing`
  // Of a value by a matcher, the verifier's words say more than expected and actual would.
  return told.includes('to be equal to') ? comparison(fields, told) : short(lowered(told))
}

/** Bodies are compared as JSON texts, the rest as it is. */
function comparison({ expected, actual }: Fields, told: string): string {
  return expected === undefined || actual === undefined
    ? short(lowered(told))
    : `expected ${short(textOf(expected))} but got ${short(textOf(actual))}`
}

const MAX_TEXT = 300

function short(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function quoted(text: string): string {
  return `"${text}"`
}
