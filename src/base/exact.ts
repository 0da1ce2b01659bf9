/**
 * JSON whose numbers keep their form. A double is not what a text says: `1.0` would be written as `1`, `9007199254740993` as another number,
 * and to the Pact verifier these differ. Such a number is read as what `JSON.rawJSON` makes, which `JSON.stringify` writes as it stood.
 */

/** ES2026, in Node since 22; the compiler's library does not have it yet. */
declare global {
  interface JSON {
    rawJSON(text: string): RawNumber
    isRawJSON(value: unknown): value is RawNumber
  }
}

interface RawNumber {
  readonly rawJSON: string
}

/**
 * The value of a JSON text. Numbers that a double would write otherwise are no plain values: `plain` makes them so where they are judged.
 * @throws SyntaxError for a text that is not valid JSON, RangeError for one that is nested too deep
 */
export function parseExact(text: string): unknown {
  const keep = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source ? JSON.rawJSON(context.source) : value
  const value: unknown = JSON.parse(text, keep)
  return value
}

/** Whether a value is a number in the form of its text. */
export function isRawNumber(value: unknown): value is RawNumber {
  return JSON.isRawJSON(value)
}

/** The value with plain numbers only. What holds no other comes back as it is. */
export function plain(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
export function plain(value: unknown): unknown
export function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isRawNumber(value)) return Number(value.rawJSON)
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    const made = items.map((item) => plain(item))
    return made.every((item, index) => item === items[index]) ? value : made
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  const made = entries.map(([name, inner]) => [name, plain(inner)] as const)
  return made.every(([, inner], index) => inner === entries[index]?.[1]) ? value : Object.fromEntries(made)
}
