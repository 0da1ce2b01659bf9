/** What a session's clock shows. Times are milliseconds since 1970, UTC. */
export type Clock =
  | { readonly kind: 'real' }
  /** Runs, so many milliseconds ahead of the world's; behind it where they are negative. */
  | { readonly kind: 'shifted'; readonly by: number }
  | { readonly kind: 'frozen'; readonly at: number }

export const DAY = 86_400_000
export const HOUR = 3_600_000
const MINUTE = 60_000

/** The session's time when the world's is `real`. */
export function timeOf(clock: Clock, real: number): number {
  switch (clock.kind) {
    case 'real':
      return real
    case 'shifted':
      return real + clock.by
    case 'frozen':
      return clock.at
    default:
      return clock satisfies never
  }
}

/** The clock after so many milliseconds have passed at once. */
export function advanced(clock: Clock, by: number): Clock {
  switch (clock.kind) {
    case 'real':
      return { kind: 'shifted', by }
    case 'shifted':
      return { kind: 'shifted', by: clock.by + by }
    case 'frozen':
      return { kind: 'frozen', at: clock.at + by }
    default:
      return clock satisfies never
  }
}

/** A clock as scenarios and the control API write it: `real`, `{ frozen: 2026-01-31T12:00:00Z }`, `{ shifted: -2d }`. */
export type WrittenClock = 'real' | { readonly frozen: string } | { readonly shifted: string }

/** Undefined for a time or a duration that is none. */
export function readClock(written: WrittenClock): Clock | undefined {
  if (written === 'real') return { kind: 'real' }
  if ('frozen' in written) {
    const at = readTime(written.frozen)
    return at === undefined ? undefined : { kind: 'frozen', at }
  }
  const by = readDuration(written.shifted.replace(/^[+-]/, ''))
  return by === undefined ? undefined : { kind: 'shifted', by: written.shifted.startsWith('-') ? -by : by }
}

export function writtenClock(clock: Clock): WrittenClock {
  switch (clock.kind) {
    case 'real':
      return 'real'
    case 'shifted':
      return { shifted: `${clock.by < 0 ? '-' : ''}${writtenDuration(Math.abs(clock.by))}` }
    case 'frozen':
      return { frozen: new Date(clock.at).toISOString() }
    default:
      return clock satisfies never
  }
}

/** What a clock can be set to: RFC 3339 writes years with four digits, and the population's dates lie up to 90 days before. */
const FIRST = Date.parse('1970-06-01')
const LAST = Date.parse('9999-01-01')

/** A date or a time as RFC 3339 has it, in milliseconds; undefined for any other text, and for times out of reach. */
export function readTime(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) || !isDay(text.slice(0, 10))) return undefined
  const time = Date.parse(text)
  return isTime(time) ? time : undefined
}

export function isTime(time: number): boolean {
  return time >= FIRST && time <= LAST
}

/** The day must be one: JavaScript reads February 30 as March 2. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(time) && date(time) === day
}

const UNITS = { d: DAY, h: HOUR, m: MINUTE, s: 1_000, ms: 1 } as const

/** A duration beyond it is as long as this: a quarter of a million years, which a number still counts in milliseconds. */
const LONGEST = 99_999_999 * DAY

/** `1d12h`, `90m`, `1.5s`, `250ms`, in milliseconds; undefined for another text. */
export function readDuration(text: string): number | undefined {
  const match = /^(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/.exec(text)
  if (!match || text === '') return undefined
  const [, ...amounts] = match
  const total = Object.values(UNITS).reduce((sum, unit, place) => sum + Number(amounts[place] ?? 0) * unit, 0)
  return Number.isFinite(total) ? Math.min(Math.round(total), LONGEST) : undefined
}

/** The shortest way to write a whole number of milliseconds as a duration. */
export function writtenDuration(milliseconds: number): string {
  let rest = milliseconds
  let text = ''
  for (const [name, unit] of Object.entries(UNITS)) {
    const amount = Math.floor(rest / unit)
    rest -= amount * unit
    if (amount > 0) text += `${amount}${name}`
  }
  return text === '' ? '0s' : text
}

/** The beginning of the UTC day. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY) * DAY
}

/** Days, as the characters of a time of theirs: as many as are kept at a time. */
const days = { 6: new Map<number, number[]>(), 9: new Map<number, number[]>() } as const
const MAX_DAYS = 1_000
const ZERO = '0'.charCodeAt(0)

/**
 * `2018-08-23T16:07:35.864000Z`: as RFC 3339 has it, with as many digits of a second as asked for. An entity has a dozen of them, of a few
 * days, so days are remembered, and the digits of the clock written over those of the time before: a text at once, not one put together of parts.
 */
export function timestamp(time: number, digits: 6 | 9): string {
  const day = Math.floor(time / DAY)
  const rest = Math.floor(time - day * DAY)
  const codes = codesOfDay(day, digits)
  const hour = codes.length - 'HH:MM:SS.Z'.length - digits
  put(codes, hour, Math.floor(rest / HOUR))
  put(codes, hour + 3, Math.floor(rest / MINUTE) % 60)
  put(codes, hour + 6, Math.floor(rest / 1_000) % 60)
  put(codes, hour + 9, Math.floor(rest / 10) % 100)
  codes[hour + 11] = ZERO + (rest % 10)
  return String.fromCharCode(...codes)
}

/** Two digits. */
function put(codes: number[], place: number, number: number): void {
  codes[place] = ZERO + Math.floor(number / 10)
  codes[place + 1] = ZERO + (number % 10)
}

function codesOfDay(day: number, digits: 6 | 9): number[] {
  const known = days[digits].get(day)
  if (known) return known
  if (days[digits].size >= MAX_DAYS) days[digits].clear()
  const made = Array.from(`${date(day * DAY)}T00:00:00.${'0'.repeat(digits)}Z`, (character) => character.charCodeAt(0))
  days[digits].set(day, made)
  return made
}

/** A point in time as a client may write it: to the millisecond, and the digits beyond. */
export interface Instant {
  readonly milliseconds: number
  /** Digits finer than a millisecond, without zeros at the end. */
  readonly rest: string
}

/** Reads a date, or a time as RFC 3339 has it, with any number of digits; a leap second is the second after. Undefined for another text. */
export function instantOf(text: string): Instant | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[Tt\s](\d{2}:\d{2}:)(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(text)
  if (!match) return undefined
  const [, day, minutes = '00:00:', seconds = '00', fraction = '', zone = 'Z'] = match
  const isLeap = seconds === '60'
  // `+0100` and `+01` are `+01:00`.
  const offset = zone.replace(/^([+-]\d{2}):?(\d{2})?$/, (_all, hours: string, rest = '00') => `${hours}:${rest}`).toUpperCase()
  const whole = Date.parse(`${day}T${minutes}${isLeap ? '59' : seconds}${offset}`)
  if (Number.isNaN(whole)) return undefined
  const milliseconds = whole + Number(fraction.slice(0, 3).padEnd(3, '0')) + (isLeap ? 1_000 : 0)
  return { milliseconds, rest: withoutEnd(fraction.slice(3), '0') }
}

/** A text without the letters of one kind that it ends with. A regular expression would try again at each of those in its middle. */
function withoutEnd(text: string, letter: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === letter) end--
  return text.slice(0, end)
}

export function compareInstants(a: Instant, b: Instant): number {
  return a.milliseconds - b.milliseconds || (a.rest < b.rest ? -1 : a.rest > b.rest ? 1 : 0)
}

/** The first whole millisecond that is not before the instant. */
export function ceiling({ milliseconds, rest }: Instant): number {
  return rest === '' ? milliseconds : milliseconds + 1
}

/** `2019-01-01`; a year beyond 9999 has a sign and six digits. */
export function date(time: number): string {
  return new Date(time).toISOString().slice(0, -'THH:MM:SS.mmmZ'.length)
}
