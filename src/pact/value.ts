export type Fields = Readonly<Record<string, unknown>>

/** The value of a JSON text; undefined for any other text. */
export function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects in a list; none of any other value. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((one) => isRecord(one)) : []
}

/** A string as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
}
