import type { Change } from '../domain/world.ts'
import { jsonText, type Issue, type MockReply, type MockRequest, type Problem } from '../http.ts'
import { PROBLEMS } from '../problem.ts'

/** One request and what became of it. */
export interface Exchange {
  readonly id: string
  readonly session: string
  /** By the session's clock, in milliseconds since 1970. */
  readonly now: number
  readonly request: MockRequest
  readonly reply: MockReply
  readonly operation?: string
  readonly problem?: Problem
  readonly warnings: readonly Issue[]
  readonly assumption?: string
  readonly changes: readonly Change[]
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

/** Past exchanges, as many as fit a number of bytes: the oldest go first. Bodies are kept as the texts they were. */
export function createJournal(maxBytes: number): Journal {
  // A queue: entries before `first` are gone. Looking one up is rare, so nothing is indexed while requests are served.
  let entries: Entry[] = []
  let first = 0
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    add(exchange) {
      const entry = entryOf(exchange)
      entries.push(entry)
      bytes += entry.bytes
      while (bytes > maxBytes && first < entries.length) bytes -= entries[first++]?.bytes ?? 0
      if (first > entries.length / 2) {
        entries = entries.slice(first)
        first = 0
      }
    },
    get(id) {
      const entry = entries.findLast(({ exchange }, index) => index >= first && exchange.id === id)
      return entry && show(entry)
    },
    list({ session, refused, limit }) {
      const found: object[] = []
      for (let index = entries.length - 1; index >= first && found.length < limit; index--) {
        const entry = entries[index]
        if (entry && (session === undefined || entry.exchange.session === session) && (!refused || entry.exchange.problem))
          found.push(show(entry))
      }
      return found
    },
    forget(session) {
      entries = entries.filter(({ exchange }, index) => index >= first && exchange.session !== session)
      first = 0
      bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
    },
  }
}

interface Entry {
  readonly exchange: Omit<Exchange, 'reply' | 'changes' | 'request'>
  readonly status: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly requestBody: string | undefined
  readonly replyBody: string | undefined
  readonly changes: readonly Change[]
  readonly bytes: number
}

/** What an entry's objects take beside its texts, and what a changed entity takes: it shares most of what it holds with the session. Rounded up. */
const OVERHEAD = 1_000
const CHANGE = 3_000

function entryOf({ request, reply, changes, ...exchange }: Exchange): Entry {
  const { method, headers, path, query } = request
  const requestBody = request.body.kind === 'text' ? request.body.text : undefined
  const replyBody = reply.body === undefined ? undefined : jsonText(reply.body)
  let bytes = OVERHEAD + changes.length * CHANGE + (requestBody?.length ?? 0) + (replyBody?.length ?? 0) + path.length + query.length
  for (const issue of exchange.problem?.issues ?? exchange.warnings) bytes += 200 + issue.message.length
  return {
    exchange,
    status: reply.status,
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers,
    requestBody,
    replyBody,
    changes,
    bytes,
  }
}

function show({ exchange, status, method, path, headers, requestBody, replyBody, changes }: Entry): object {
  const { id, session, now, operation, problem, warnings, assumption, duration } = exchange
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
