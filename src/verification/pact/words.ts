import { type Fields, isRecord, parsed } from './value.ts'

const MAX_WORDS = 300

/** What a problem (RFC 9457) says, and what would do instead; of any other body its beginning. */
export function problemWords(text: string): string {
  const body = parsed(text)
  return (isRecord(body) && fieldWords(body)) || text.trim().slice(0, MAX_WORDS)
}

export function fieldWords({ detail, error, message, title, fix }: Fields): string {
  return [detail ?? error ?? message ?? title, fix].filter((word) => typeof word === 'string').join('; ')
}

/** Why a provider state was refused. Its name is said once: mostly the words of the refusal have it. */
export function stateWords(name: string, words: string, action = 'setup'): string {
  if (action === 'setup' && words.includes(`"${name}"`) && /\bstate\b/i.test(words)) return words
  return `provider state "${name}"${action === 'setup' ? '' : `, ${action}`}: ${words}`
}

/** Why a request failed. */
export function errorWords(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${timeout} ms`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return String(cause)
}
