import { isRecord, parsed } from './value.ts'

const MAX_WORDS = 300

/** What a problem (RFC 9457) says, and what would do instead; of any other body its beginning. */
export function problemWords(text: string): string {
  const body = parsed(text)
  const fields = isRecord(body) ? body : {}
  const words = [fields['detail'] ?? fields['error'] ?? fields['message'] ?? fields['title'], fields['fix']]
  const told = words.filter((word) => typeof word === 'string')
  return told.length > 0 ? told.join('; ') : text.trim().slice(0, MAX_WORDS)
}

/** Why a `fetch` failed. */
export function errorWords(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${timeout} ms`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return String(cause)
}
