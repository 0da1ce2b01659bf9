import { isRawNumber, parseExact } from '../../base/exact.ts'

export type Fields = Readonly<Record<string, unknown>>

/** The value of a JSON text, its numbers in their form; undefined for any other text. */
export function parsed(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

/** The objects in a list; none of any other value. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((one) => isRecord(one)) : []
}

/** A string as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
}

/** The same, but nothing is `null`: as the verifier writes a value where a text has to stand. */
export function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The same with the names of all objects in order. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => sorted(one))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  )
}
