import { isRawNumber } from '../base/exact.ts'

/**
 * Stands before a text whose value has what JSON.stringify does not keep. In such a text a number in the form of its text
 * (`src/base/exact.ts`) is `{"#": "1.0"}`, and a name that begins with # itself has one more.
 */
const MARK = ' '

/**
 * JSON from which plain data comes back as it was, -0, infinite numbers and numbers in the form of their text too. It holds only well-formed
 * Unicode without U+0000: the rest is escaped. As in JSON, members that are undefined are left out, and NaN is null.
 * @throws TypeError for what JSON has no text for (undefined, a function, a bigint), RangeError for a ring and what is nested too deep
 */
export function encode(value: unknown): string {
  // The types of TypeScript do not say so.
  const text: string | undefined = isKept(value) ? JSON.stringify(value) : MARK + JSON.stringify(value, written)
  if (text === undefined) throw new TypeError(`${typeof value} cannot be written as JSON`)
  return text
}

/** The value that a text of `encode` was made from. @throws SyntaxError for a text that is not JSON */
export function decode(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return text.startsWith(MARK) ? restored(value) : value
}

/** Whether JSON.stringify keeps all of a value. */
function isKept(value: unknown): boolean {
  if (typeof value === 'number') return value === 0 ? !Object.is(value, -0) : Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isKept)
  return !isRawNumber(value) && Object.values(value).every(isKept)
}

function written(_: string, value: unknown): unknown {
  // JSON.parse reads these as what they stand for.
  if (Object.is(value, -0)) return JSON.rawJSON('-0')
  if (value === Infinity) return JSON.rawJSON('1e999')
  if (value === -Infinity) return JSON.rawJSON('-1e999')
  if (isRawNumber(value)) return { '#': value.rawJSON }
  return renamed(value, (name) => `#${name}`)
}

/** Changes what it is given, which JSON.parse has just made: a reviver would take five times as long. */
function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const [name, inner] of Object.entries(value)) {
    const made = restored(inner)
    // Its own member, even where the name is `__proto__`: there is one already.
    if (made !== inner) Reflect.set(value, name, made)
  }
  if ('#' in value && typeof value['#'] === 'string') return JSON.rawJSON(value['#'])
  return renamed(value, (name) => name.slice(1))
}

/** With other names where one begins with #. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  const isMeant = (name: string): boolean => name.startsWith('#')
  if (!Object.keys(value).some(isMeant)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [isMeant(name) ? rename(name) : name, inner]))
}
