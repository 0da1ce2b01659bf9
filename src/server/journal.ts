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

/** Past exchanges, as many as fit a number of bytes: the oldest go first. Bodies and changes are kept as text, so that nothing else is held. */
export function createJournal(maxBytes: number): Journal {
  const entries = new Map<string, Entry>()
  let bytes = 0
  const remove = (id: string, entry: Entry): void => {
    entries.delete(id)
    bytes -= entry.bytes
  }
  return {
    get bytes() {
      return bytes
    },
    add(exchange) {
      const entry = entryOf(exchange)
      const known = entries.get(exchange.id)
      if (known) remove(exchange.id, known)
      entries.set(exchange.id, entry)
      bytes += entry.bytes
      for (const [id, oldest] of entries) {
        if (bytes <= maxBytes) break
        remove(id, oldest)
      }
    },
    get(id) {
      const entry = entries.get(id)
      return entry && show(entry)
    },
    list({ session, refused, limit }) {
      const found: object[] = []
      for (const entry of [...entries.values()].toReversed()) {
        if (found.length === limit) break
        if ((session === undefined || entry.exchange.session === session) && (!refused || entry.exchange.problem)) found.push(show(entry))
      }
      return found
    },
    forget(session) {
      for (const [id, entry] of entries) if (entry.exchange.session === session) remove(id, entry)
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
  readonly changes: string | undefined
  readonly bytes: number
}

/** An entry's objects beside its texts, measured once and rounded up. */
const OVERHEAD = 1_000

function entryOf({ request, reply, changes, ...exchange }: Exchange): Entry {
  const requestBody = request.body.kind === 'text' ? request.body.text : undefined
  const replyBody = reply.body === undefined ? undefined : jsonText(reply.body)
  const kept = changes.length === 0 ? undefined : JSON.stringify(changes)
  let bytes =
    OVERHEAD + (requestBody?.length ?? 0) + (replyBody?.length ?? 0) + (kept?.length ?? 0) + request.path.length + request.query.length
  for (const issue of exchange.problem?.issues ?? exchange.warnings) bytes += 200 + issue.message.length
  const path = request.query === '' ? request.path : `${request.path}?${request.query}`
  return {
    exchange,
    status: reply.status,
    method: request.method,
    path,
    headers: request.headers,
    requestBody,
    replyBody,
    changes: kept,
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
    ...(changes !== undefined && { changes: JSON.parse(changes) as unknown }),
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
