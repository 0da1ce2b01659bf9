/** A percent-decoded text; undefined where its percent signs encode nothing, or bytes that are not UTF-8. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The same, where a text that does not decode stands for itself. */
export function decoded(text: string): string {
  return percentDecoded(text) ?? text
}

/** The value of a JSON text; undefined for any other text. */
export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
