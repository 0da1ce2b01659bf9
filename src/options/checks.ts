import { thereIs } from '../base/nearest.ts'
import { hostname, isWebOrigin } from '../base/http.ts'
import { OptionError, UsageError } from '../base/problem.ts'
import { checkText, isObject } from '../base/values.ts'
import { assume, type Assumptions, type AssumptionTable } from '../core/assumption.ts'
import type { OpenStore } from '../store/store.ts'
import { isTime, readDuration, readTime } from '../core/clock.ts'

/** Checks of what only options of the mock have to be; the others stand in base/values.ts. */

/** @throws OptionError for an assumption, or a value, that nobody knows */
export function readAssumptions(choices: Assumptions, table: AssumptionTable): Assumptions {
  const assumed = assume(choices, table)
  if (assumed.kind === 'assumptions') return assumed.assumptions
  const { what, known } = assumed
  throw new OptionError('assume', `unknown ${what}; ${thereIs(known)}`)
}

export function checkAssume(value: unknown): Assumptions {
  const choices = isObject(value) ? Object.entries(value).map(([name, choice]: [string, unknown]) => [name, choice] as const) : undefined
  if (!choices?.every((pair): pair is readonly [string, string] => typeof pair[1] === 'string'))
    throw new UsageError('give texts by name, such as { "oms.cancel.again": "200" }')
  return Object.fromEntries(choices)
}

export function checkSeed(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new UsageError('give a text or a number')
  return String(value)
}

/** Milliseconds since 1970. */
export function checkNow(value: unknown): number {
  const time = typeof value === 'string' ? readTime(value) : value instanceof Date ? value.getTime() : undefined
  if (time === undefined || !isTime(time)) throw new UsageError('give a time like 2026-01-31T12:00:00Z, from 1970-06-01 on')
  return time
}

/** Milliseconds. */
export function checkTimeToLive(value: unknown): number {
  if (value === 'never') return Number.POSITIVE_INFINITY
  const duration = readDuration(checkText(value))
  if (duration === undefined || duration === 0) throw new UsageError('give a duration like 30m, or never')
  return duration
}

/** Milliseconds. */
export function checkDuration(value: unknown): number {
  const duration = readDuration(checkText(value))
  if (duration === undefined || duration === 0 || duration > LONGEST) throw new UsageError('give a duration like 30s, of a day at most')
  return duration
}

/** A timer counts no further than some 24 days. */
const LONGEST = 24 * 3_600_000

/** Where sessions live; what opens a store is for programs. */
export function checkStore(value: unknown): string | OpenStore {
  if (isOpener(value)) return value
  const place = checkText(value)
  if (!/^(memory$|file:.|postgres(ql)?:\/\/)/s.test(place))
    throw new UsageError('give memory, file:<path> or postgres://<user>@<host>/<database>')
  return place
}

function isOpener(value: unknown): value is OpenStore {
  return typeof value === 'function'
}

/** Where a service is. */
export function checkUrl(value: unknown): URL {
  const text = value instanceof URL ? value.href : checkText(value)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new UsageError('give the URL of a service, such as https://api.example.com, without a query')
  return url
}

/** Of a command as of a program: `OPERATION=URL`. */
export function checkUrls(value: unknown): Readonly<Record<string, URL>> {
  if (!isObject(value)) throw new UsageError('give URLs by operation, such as { getOrder: "https://api.example.com" }')
  return Object.fromEntries(
    Object.entries(value).map(([operation, url]: [string, unknown]) => {
      try {
        return [operation, checkUrl(url)]
      } catch (error) {
        throw error instanceof UsageError ? new UsageError(`${operation}: ${error.message}`) : error
      }
    }),
  )
}

/** A port says nothing of who asks. */
export function checkHost(value: unknown): string {
  const text = checkText(value)
  if (text.includes('::') && !text.startsWith('[')) return text.toLowerCase()
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text)) throw new UsageError('give a name like mock.test')
  return hostname(text).toLowerCase()
}

export function checkOrigin(value: unknown): string {
  const text = checkText(value)
  if (text !== '*' && !isWebOrigin(text))
    throw new UsageError('give one like https://shop.test or http://localhost:3000, without a path, or *')
  return text
}

export function checkControlToken(value: unknown): string {
  // It stands in paths as it is.
  if (typeof value !== 'string' || !/^[\w.~-]{8,128}$/.test(value))
    throw new UsageError('give 8 to 128 letters, digits, dots, underscores, tildes and hyphens')
  return value
}

export function checkSettings(value: unknown): void {
  if (!isObject(value)) throw new UsageError('give an object, such as { parcels: 5 }')
}

/** What is in a file or an object is checked by who reads it. */
export function checkContent(wanted: string): (value: unknown) => void {
  return (value) => {
    if (typeof value !== 'string' && !isObject(value)) throw new UsageError(`give ${wanted}`)
  }
}
