import type { Change } from '../domain/world.ts'
import type { Issue, Problem } from '../http.ts'
import { PROBLEMS } from '../problem.ts'

/** One request and what became of it. Bodies are the texts that went over the line. */
export interface Exchange {
  readonly id: string
  readonly session: string
  /** By the session's clock, in milliseconds since 1970. */
  readonly now: number
  readonly method: string
  /** As it was sent, session prefix and query included. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly requestBody: string | undefined
  readonly status: number
  readonly replyBody: string | undefined
  readonly operation: string | undefined
  readonly problem: Problem | undefined
  readonly warnings: readonly Issue[]
  readonly assumption: string | undefined
  readonly changes: readonly Change[]
  /** Where a refusal is explained. */
  readonly explain: string | undefined
  /** Milliseconds. */
  readonly duration: number
}

export interface Journal {
  add(exchange: Exchange): void
  get(id: string): object | undefined
  /** Newest first. */
  list(filter: { readonly session: string | undefined; readonly refused: boolean; readonly limit: number }): object[]
  forget(session: string): void
  /** What the entries take, about. */
  readonly bytes: number
}

/** Past exchanges, as many as fit a number of bytes: the oldest go first. */
export function createJournal(maxBytes: number): Journal {
  // A queue: entries before `first` are gone. Looking one up is rare, so nothing is indexed while requests are served.
  let entries: Exchange[] = []
  let first = 0
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    add(exchange) {
      entries.push(exchange)
      bytes += sizeOf(exchange)
      for (let oldest = entries[first]; oldest && bytes > maxBytes; oldest = entries[++first]) bytes -= sizeOf(oldest)
      if (first > entries.length / 2) {
        entries = entries.slice(first)
        first = 0
      }
    },
    get(id) {
      const exchange = entries.findLast((entry, index) => index >= first && entry.id === id)
      return exchange && show(exchange)
    },
    list({ session, refused, limit }) {
      const found: object[] = []
      for (let index = entries.length - 1; index >= first && found.length < limit; index--) {
        const exchange = entries[index]
        if (exchange && (session === undefined || exchange.session === session) && (!refused || exchange.problem))
          found.push(show(exchange))
      }
      return found
    },
    forget(session) {
      entries = entries.filter((entry, index) => index >= first && entry.session !== session)
      first = 0
      bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
    },
  }
}

/** What an exchange's objects take beside its texts, and what a changed entity takes: it shares most of what it holds with the session. Rounded up. */
const OVERHEAD = 1_000
const CHANGE = 3_000
const ISSUE = 300

function sizeOf({ path, requestBody, replyBody, changes, problem, warnings }: Exchange): number {
  const issues = (problem?.issues?.length ?? 0) + warnings.length
  return OVERHEAD + changes.length * CHANGE + issues * ISSUE + path.length + (requestBody?.length ?? 0) + (replyBody?.length ?? 0)
}

function show({
  id,
  session,
  now,
  operation,
  method,
  path,
  status,
  duration,
  problem,
  warnings,
  assumption,
  headers,
  requestBody,
  replyBody,
  changes,
}: Exchange): object {
  return {
    id,
    session,
    time: new Date(now).toISOString(),
    ...(operation !== undefined && { operation }),
    method,
    path,
    status,
    duration,
    ...(problem && { problem: reason(problem) }),
    ...(warnings.length > 0 && { warnings }),
    ...(assumption !== undefined && { assumption }),
    requestHeaders: masked(headers),
    ...(requestBody !== undefined && { requestBody: withoutSecrets(requestBody) }),
    ...(replyBody !== undefined && { replyBody: withoutSecrets(replyBody) }),
    ...(changes.length > 0 && { changes }),
  }
}

function reason({ code, detail, fix, issues }: Problem): object {
  return { code, title: PROBLEMS[code].title, detail, ...(fix !== undefined && { fix }), ...(issues && { issues }) }
}

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])

/** Of a credential the scheme may be seen, never the value. */
function masked(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_HEADERS.has(name) ? value.replace(/^(\S+ )?.*$/s, '$1***') : value]),
  )
}

function withoutSecrets(text: string): string {
  return text.replaceAll(/("(?:password|auth_token|token)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi, '$1"***"')
}
