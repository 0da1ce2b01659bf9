import type { Exchange } from '../core/exchange.ts'
import type { Keeping } from '../store/store.ts'
import type { FindNearest, Near } from '../contract/nearest.ts'
import type { ExchangeFilter } from '../core/behaviour.ts'
import { weightOf } from '../core/size.ts'
import type { Problem } from '../base/http.ts'
import { type CoreCode, rowOf } from '../base/problem.ts'
import { type Registry, registryOf } from '../core/registry.ts'
import { toldChange } from './changes.ts'
import { maskedExchange } from './masked.ts'

export interface Journal extends Keeping {
  has(id: string): boolean
  get(id: string): object | undefined
  /** The exchange as it is, secrets and all. */
  exchange(id: string): Exchange | undefined
  /** Newest first, as many as fit the answer; `before` for those in front of the exchange with this id. */
  list(filter: ExchangeFilter, limit: number, before?: string): Listed
  count(filter: ExchangeFilter): number
  /** A session's exchanges as they are, secrets and all, in the order in which they were kept. */
  of(session: string): readonly Exchange[]
  /** The place of the newest entry, or of that with an id; undefined where it is not held. Places only grow. */
  placeOf(id?: string): number | undefined
  /** The first entry behind a place that fits; without one, where looking may go on. */
  next(place: number, filter: ExchangeFilter): { readonly place: number; readonly id?: string; readonly shown?: object }
  /** The highest place whose entry is gone. */
  readonly gone: number
  /** Calls after each entry that is kept. @returns what ends it */
  watch(listener: () => void): () => void
  /** What the entries take, about. */
  readonly bytes: number
}

/** Some of the exchanges that are asked for. */
interface Listed {
  readonly requests: readonly object[]
  /** The id before which there are more. */
  readonly before?: string
}

/** A list ends where its exchanges take this number of bytes: finding the secrets in more holds everybody else up. */
const MAX_LIST_BYTES = 2_097_152

const NO_APIS = registryOf([])

/** Past exchanges, as many as fit a number of bytes: the oldest go first. */
export function createJournal(maxBytes: number, nearest: FindNearest = () => [], registry: () => Registry = () => NO_APIS): Journal {
  // A queue: entries before `first` are gone. Looking one up is rare, so nothing is indexed while requests are served.
  let entries: Entry[] = []
  let first = 0
  let bytes = 0
  let place = 0
  let gone = 0
  /** What went before this journal heard of it is nobody's that it knows. */
  let hasLetGo = false
  const lost = new Set<string>()
  // Of the last one only: as many as follow the journal ask for it, one after the other.
  const sent = keptLast((entry: Entry) => textsOf(entry.exchange))
  const searched = keptLast((entry: Entry) => textsOf(maskedOf(entry)))
  const shown = keptLast((entry: Entry) => show(maskedOf(entry), nearest, registry()))
  const fits = (entry: Entry, filter: ExchangeFilter): boolean => isMeant(entry.exchange, filter) && holds(entry, filter.text)
  /** What is searched is what is shown: a secret cannot be guessed by asking for it. Only what has the text at all is read for secrets. */
  const holds = (entry: Entry, text: string | undefined): boolean => {
    if (text === undefined) return true
    const wanted = text.toLowerCase()
    return [sent, searched].every((texts) => texts(entry).some((part) => part.includes(wanted)))
  }
  /** Without secrets; kept, for finding them in what is large takes long. */
  const maskedOf = (entry: Entry): Exchange => {
    if (!entry.masked) {
      entry.masked = maskedExchange(entry.exchange)
      const size = sizeOfMasked(entry.masked, entry.exchange)
      entry.size += size
      bytes += size
    }
    return entry.masked
  }
  const listeners = new Set<() => void>()

  const letGoWhile = (isToGo: (oldest: Entry) => boolean): void => {
    for (let oldest = entries[first]; oldest && isToGo(oldest); oldest = entries[++first]) {
      bytes -= oldest.size
      gone = oldest.place
      lost.add(oldest.exchange.session)
    }
    if (first <= entries.length / 2) return
    entries = entries.slice(first)
    first = 0
  }
  const find = (id: string): Entry | undefined => entries.findLast(({ exchange }, index) => index >= first && exchange.id === id)
  /** The index of the first entry behind a place: places grow, so half of what is left can be passed over each time. */
  const indexBehind = (wanted: number): number => {
    let [from, to] = [first, entries.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((entries[middle]?.place ?? 0) <= wanted) from = middle + 1
      else to = middle
    }
    return from
  }
  /** Where a list that begins behind an id begins. */
  const startOf = ({ since }: ExchangeFilter): number => (since === undefined ? first : indexBehind(find(since)?.place ?? place))

  return {
    get bytes() {
      return bytes
    },
    get gone() {
      return gone
    },
    keep(exchange, at = place + 1) {
      place = at
      const { exchange: kept, size } = weighed(exchange)
      const entry: Entry = { exchange: kept, place, size, masked: undefined }
      entries.push(entry)
      bytes += entry.size
      // Whoever follows sees an entry also where there is no room to keep it.
      for (const listener of listeners) listener()
      // The newest stays whatever its size, for its answer says where it is explained; unless nothing is to be kept.
      const last = entries.length - (maxBytes === 0 ? 0 : 1)
      letGoWhile(() => bytes > maxBytes && first < last)
    },
    weighed,
    letGo(upTo) {
      letGoWhile(({ place: oldest }) => oldest <= upTo)
      gone = Math.max(gone, upTo)
      hasLetGo ||= upTo > 0
    },
    has: (id) => find(id) !== undefined,
    exchange: (id) => find(id)?.exchange,
    get(id) {
      const entry = find(id)
      return entry && show(maskedOf(entry), nearest, registry())
    },
    list(filter, limit, before) {
      const requests: object[] = []
      const start = startOf(filter)
      const end = before === undefined ? entries.length : indexBehind((find(before)?.place ?? 0) - 1)
      let size = 0
      let last: Entry | undefined
      for (let index = end - 1; index >= start; index--) {
        const entry = entries[index]
        if (!entry || !fits(entry, filter)) continue
        const masked = maskedOf(entry)
        size += entry.size
        if (last && (requests.length === limit || size > MAX_LIST_BYTES)) return { requests, before: last.exchange.id }
        requests.push(show(masked, nearest, registry()))
        last = entry
      }
      return { requests }
    },
    count(filter) {
      let count = 0
      for (let index = startOf(filter); index < entries.length; index++) {
        const entry = entries[index]
        if (entry && fits(entry, filter)) count++
      }
      return count
    },
    of: (session) =>
      entries
        .slice(first)
        .map(({ exchange }) => exchange)
        .filter((exchange) => exchange.session === session),
    lost: (session) => (session === undefined ? lost.size > 0 || hasLetGo : lost.has(session)),
    forget(session) {
      entries = entries.filter(({ exchange }, index) => index >= first && exchange.session !== session)
      first = 0
      bytes = entries.reduce((sum, { size }) => sum + size, 0)
      lost.delete(session)
    },
    placeOf: (id) => (id === undefined ? place : find(id)?.place),
    next(from, filter) {
      for (let index = indexBehind(from); index < entries.length; index++) {
        const entry = entries[index]
        if (entry && fits(entry, filter)) return { place: entry.place, id: entry.exchange.id, shown: shown(entry) }
      }
      return { place }
    },
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

interface Entry {
  readonly exchange: Exchange
  readonly place: number
  size: number
  /** Made when it is first shown. */
  masked: Exchange | undefined
}

/** Whether an exchange is one of those asked for, but for its text. */
function isMeant(
  exchange: Exchange,
  { session, operation, method, status, unmatched, refused, fault, origin, changed }: ExchangeFilter,
): boolean {
  return (
    (origin === undefined || exchange.origin === origin) &&
    (session === undefined || exchange.session === session) &&
    (operation === undefined || exchange.operation === operation) &&
    (method === undefined || exchange.method === method.toUpperCase()) &&
    (status === undefined || isOfStatus(exchange.status, status)) &&
    (unmatched === undefined || isUnmatched(exchange) === unmatched) &&
    (refused !== true || exchange.problem !== undefined) &&
    (fault === undefined || (exchange.fault !== undefined) === fault) &&
    (changed === undefined || hasChanged(exchange, changed))
  )
}

/**
 * What is kept of an entity that belongs to somebody has that one before its id, which may be asked for without. An id that is shown in parts
 * is kept with its parts together.
 */
function hasChanged({ changes }: Exchange, wanted: string): boolean {
  const [kind = '', ...rest] = wanted.split('/')
  const id = rest.join('/')
  const isIt = (kept: string): boolean =>
    kept === id || kept.endsWith(`/${id}`) || (id.includes(' ') && kept.replaceAll(' ', '').endsWith(id.replaceAll(' ', '')))
  return changes.some((change) => change.kind === kind && (id === '' || isIt(change.id)))
}

/** What is made of an entry, made once for those who ask for the same one in turn. */
function keptLast<Made>(make: (entry: Entry) => Made): (entry: Entry) => Made {
  let last: { readonly entry: Entry; readonly made: Made } | undefined
  return (entry) => {
    if (last?.entry !== entry) last = { entry, made: make(entry) }
    return last.made
  }
}

/** `404`, or `4xx` for all that begin so. */
function isOfStatus(status: number, wanted: string): boolean {
  return /^\dxx$/i.test(wanted) ? Math.floor(status / 100) === Number(wanted.charAt(0)) : status === Number(wanted)
}

const MISSES: ReadonlySet<string> = new Set(['route-unknown', 'method-unknown', 'path-undecodable'] satisfies CoreCode[])

/** No operation has the path, or the method. */
function isUnmatched({ problem, operation }: Exchange): boolean {
  return operation === undefined && problem !== undefined && MISSES.has(problem.code)
}

/** What a text is looked for in, in lower case. */
function textsOf({ path, requestBody = '', replyBody = '', fault = '' }: Exchange): readonly string[] {
  return [path, fault, requestBody, replyBody].map((text) => text.toLowerCase())
}

/** Without the values a client sent where they are large: the request's body has them. */
function slim(problem: Problem): Problem {
  const { issues } = problem
  if (!issues?.some(({ value }) => isLarge(value))) return problem
  return {
    ...problem,
    issues: issues.map((issue) => {
      const { value, ...rest } = issue
      if (!isLarge(value)) return issue
      return typeof value === 'string' ? { ...rest, value: `${value.slice(0, MAX_VALUE)}…` } : rest
    }),
  }
}

const MAX_VALUE = 1_000

function isLarge(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || (typeof value === 'string' && value.length > MAX_VALUE)
}

/** What an exchange's objects take beside its texts and entities, and what an issue takes. Rounded up. */
const OVERHEAD = 1_000
const ISSUE = 300

function weighed(exchange: Exchange): { readonly exchange: Exchange; readonly size: number } {
  const problem = exchange.problem && slim(exchange.problem)
  const kept = problem === exchange.problem ? exchange : { ...exchange, problem }
  return { exchange: kept, size: sizeOf(kept) }
}

function sizeOf({ path, headers, requestBody, replyHeaders, replyBody, changes, problem, warnings, violations = [] }: Exchange): number {
  let size =
    OVERHEAD +
    changes.reduce((sum, { id, from, to }) => sum + weightOf(id, from) + weightOf(id, to), 0) +
    path.length +
    (requestBody?.length ?? 0) +
    (replyBody?.length ?? 0) +
    violations.length * ISSUE
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0)
  for (const name in replyHeaders) size += name.length + (replyHeaders[name]?.length ?? 0)
  for (const issue of problem?.issues ?? []) size += ISSUE + issue.message.length
  for (const issue of warnings) size += ISSUE + issue.message.length
  return size + (problem?.detail.length ?? 0)
}

/** What texts without secrets take beside those as they are. */
function sizeOfMasked(masked: Exchange, { requestBody, replyBody }: Exchange): number {
  return (
    (masked.requestBody === requestBody ? 0 : (masked.requestBody?.length ?? 0)) +
    (masked.replyBody === replyBody ? 0 : (masked.replyBody?.length ?? 0))
  )
}

/** @param exchange without secrets, but for its changes */
function show(exchange: Exchange, nearest: FindNearest, registry: Registry): object {
  const { id, session, origin, now, real, operation, method, path, status, duration, fault, cut, problem, warnings, assumption } = exchange
  const { headers, requestBody, replyHeaders, mediaType, replyBody, changes, settings, upstream, violations } = exchange
  const near = nearestTo(exchange, nearest)
  return {
    id,
    session,
    origin,
    time: new Date(now).toISOString(),
    received: new Date(real).toISOString(),
    ...(operation !== undefined && { operation }),
    method,
    path,
    status,
    duration,
    ...(fault !== undefined && { fault }),
    ...(cut !== undefined && { cut }),
    ...(problem && { problem: reason(problem) }),
    ...(near.length > 0 && { nearest: near }),
    ...(warnings.length > 0 && { warnings }),
    ...(upstream !== undefined && { upstream }),
    ...(violations && { violations }),
    ...(assumption !== undefined && { assumption }),
    requestHeaders: headers,
    ...(requestBody !== undefined && { requestBody }),
    replyHeaders,
    ...(replyBody !== undefined && { mediaType, replyBody }),
    ...(changes.length > 0 && { changes: changes.map((change) => toldChange(change, settings, registry)) }),
  }
}

/** The operations that a request which has none may have been meant for. */
export function nearestTo(exchange: Exchange, nearest: FindNearest): readonly Near[] {
  return isUnmatched(exchange) ? nearest(exchange.method, plainPath(exchange.path)) : []
}

/** Without the session's prefix and the query: what a route is looked for by. */
function plainPath(path: string): string {
  return path.replace(/\?.*$/s, '').replace(/^\/(?:~|%7e)[^/]*/i, '') || '/'
}

function reason({ code, title, detail, fix, issues }: Problem): object {
  return { code, title: title ?? rowOf(code).title, detail, ...(fix !== undefined && { fix }), ...(issues && { issues }) }
}
