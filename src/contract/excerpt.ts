/** Longest excerpt of a client's value that stands in a message. */
const EXCERPT = 80

/** The value as it may stand in a message. */
export function excerpt(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text
}
