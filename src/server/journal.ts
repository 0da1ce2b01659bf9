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
  let entries: Entry[] = []
  let first = 0
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    add(exchange) {
      const kept = exchange.problem ? { ...exchange, problem: slim(exchange.problem) } : exchange
      const entry = { exchange: kept, size: sizeOf(kept) }
      entries.push(entry)
      bytes += entry.size
      // The newest stays whatever its size, for its answer says where it is explained; unless nothing is to be kept.
      const last = entries.length - (maxBytes === 0 ? 0 : 1)
      for (; bytes > maxBytes && first < last; first++) bytes -= entries[first]?.size ?? 0
      if (first > entries.length / 2) {
        entries = entries.slice(first)
        first = 0
      }
    },
    get(id) {
      const entry = entries.findLast(({ exchange }, index) => index >= first && exchange.id === id)
      return entry && show(entry.exchange)
    },
    list({ session, refused, limit }) {
      const found: object[] = []
      for (let index = entries.length - 1; index >= first && found.length < limit; index--) {
        const exchange = entries[index]?.exchange
        if (exchange && (session === undefined || exchange.session === session) && (!refused || exchange.problem))
          found.push(show(exchange))
      }
      return found
    },
    forget(session) {
      entries = entries.filter(({ exchange }, index) => index >= first && exchange.session !== session)
      first = 0
      bytes = entries.reduce((sum, { size }) => sum + size, 0)
    },
  }
}

interface Entry {
  readonly exchange: Exchange
  readonly size: number
}

/** Without the values a client sent where they are large: the request's body has them. */
function slim(problem: Problem): Problem {
  const { issues } = problem
  if (!issues) return problem
  return {
    ...problem,
    issues: issues.map(({ value, ...issue }) => {
      if (typeof value === 'object' && value !== null) return issue
      if (typeof value === 'string' && value.length > MAX_VALUE) return { ...issue, value: `${value.slice(0, MAX_VALUE)}…` }
      return value === undefined ? issue : { ...issue, value }
    }),
  }
}

const MAX_VALUE = 1_000

/** What an exchange's objects take beside its texts, what a changed entity takes, and each element of its lists. Rounded up. */
const OVERHEAD = 1_000
const CHANGE = 3_000
const ELEMENT = 300
const ISSUE = 300

function sizeOf({ path, headers, requestBody, replyBody, changes, problem, warnings }: Exchange): number {
  let size =
    OVERHEAD +
    changes.reduce((sum, { to }) => sum + CHANGE + ELEMENT * elementsOf(to), 0) +
    path.length +
    (requestBody?.length ?? 0) +
    (replyBody?.length ?? 0)
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0)
  for (const issue of problem?.issues ?? []) size += ISSUE + issue.message.length
  for (const issue of warnings) size += ISSUE + issue.message.length
  return size + (problem?.detail.length ?? 0)
}

/** The elements of an entity's own lists, and of those of a document in it. */
function elementsOf(entity: object | undefined): number {
  let elements = 0
  for (const value of Object.values(entity ?? {}))
    if (Array.isArray(value)) elements += value.length
    else if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) if (Array.isArray(inner)) elements += inner.length
  return elements
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

/** Of a credential its scheme may be seen where it has one, never the value. */
function masked(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADERS.has(name) ? `${/^(basic|bearer|digest|token) /i.exec(value)?.[0] ?? ''}***` : value,
    ]),
  )
}

const SECRET = /^(password|auth_token|token)$/i

/** A body without the values of secret members; all of it, where it speaks of secrets and cannot be read. */
function withoutSecrets(text: string): string {
  try {
    let found = false
    const masked = JSON.stringify(JSON.parse(text), (name, value: unknown) => {
      const isSecret = SECRET.test(name) && value !== null
      found ||= isSecret
      return isSecret ? '***' : value
    })
    return found ? masked : text
  } catch {
    return /password|auth_token/i.test(text) ? '***' : text
  }
}

/** A problem without what was met in secret places. */
export function withoutSecretValues(problem: Problem): Problem {
  const { issues } = problem
  const isSecret = ({ at }: { readonly at: string }): boolean => at.split('/').some((part) => SECRET.test(part))
  if (!issues?.some(isSecret)) return problem
  return {
    ...problem,
    detail: `${issues.find(isSecret)?.at ?? ''} does not fit`,
    issues: issues.map(({ value, ...issue }) =>
      isSecret(issue) ? { ...issue, message: 'does not fit' } : { ...issue, ...(value !== undefined && { value }) },
    ),
  }
}
