import type { Command } from '../domain/behaviour.ts'
import { timeOf } from '../domain/clock.ts'
import { problemReply } from '../domain/control/dialect.ts'
import {
  beginSession,
  DEFAULT_SESSION,
  type Session,
  SESSION_ID,
  type SessionDefaults,
  sessionName,
  type SessionName,
  sessionOf,
} from '../domain/control/session.ts'
import type { World } from '../domain/world.ts'
import { type Answer, respond, type Service, unfit } from '../engine/respond.ts'
import type { MockReply, MockRequest, Problem } from '../http.ts'
import { PROBLEMS, DocumentError } from '../problem.ts'
import { Entities } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { foreign } from './guard.ts'
import type { Exchange, Journal } from './journal.ts'

export interface SessionSettings {
  /** The control API; its base is peeled off before any other. */
  readonly control: Service
  /** Every other API. */
  readonly services: readonly Service[]
  readonly store: Store
  readonly journal: Journal
  readonly defaults: SessionDefaults
  readonly strict: boolean
  readonly checkReplies: boolean
  readonly requireSession: boolean
  readonly maxSessions: number
  /** Hosts that control routes answer to, beside loopback and IP addresses. */
  readonly allowedHosts: readonly string[]
  readonly version: string
  readonly dataVersion: number
  /** The world's time, in milliseconds. */
  readonly real: () => number
  /** Hears of each exchange of the APIs; control requests are nobody's traffic. */
  readonly onExchange: (exchange: Exchange) => void
}

/** A reply with what every reply carries. */
export interface Handled {
  readonly reply: MockReply
  /** By the session's clock. */
  readonly now: number
  readonly isControl: boolean
}

export interface Sessions {
  /** `path` may begin with a session's prefix. */
  handle(request: MockRequest, prefersProblem: boolean): Promise<Handled>
}

/** Finds the session of each request, lets the engine answer it in a transaction, and keeps the journal. */
export function createSessions(settings: SessionSettings): Sessions {
  const { control, store, journal, defaults } = settings
  // The longest base first: an empty one is anybody's prefix.
  const services = [...settings.services].sort((a, b) => b.contract.base.length - a.contract.base.length)
  const counts = new Map<SessionName, number>()

  async function handle(raw: MockRequest, prefersProblem: boolean): Promise<Handled> {
    const started = performance.now()
    const real = settings.real()
    const located = locate(raw)
    if (located.kind === 'refused') return { reply: problemReply(located.problem), now: timeOf(defaults.clock, real), isControl: false }
    const { name, request } = located
    const around = { defaults, real, strict: settings.strict, checkReplies: settings.checkReplies, prefersProblem }
    if (isBelow(control.contract.base, request.path)) return handleControl(name, request, around)
    if (settings.requireSession && !located.isLabelled)
      return {
        reply: problemReply({
          code: 'session-required',
          detail: 'the request names no session',
          fix: 'send the header Mock-Session: <name>, or put /~<name> before the path',
        }),
        now: timeOf(defaults.clock, real),
        isControl: false,
      }
    const full = exhausted(name)
    if (full) return { reply: problemReply(full), now: timeOf(defaults.clock, real), isControl: false }
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    const id = `${name}-${count}`
    const service = services.find(({ contract }) => isBelow(contract.base, request.path))
    let answer: Answer
    try {
      answer = service
        ? await store.transact(name, (world) => {
            const result = respond(service, request, world, around)
            return { changes: result.changes, result }
          })
        : nowhere(request, timeOf(defaults.clock, real))
    } catch (error) {
      answer = failed(error, service, timeOf(defaults.clock, real))
    }
    const explain = answer.problem && `http://${request.headers['host'] ?? 'localhost'}${control.contract.base}/requests/${id}`
    const reply = {
      ...answer.reply,
      headers: {
        ...answer.reply.headers,
        'Mock-Session': name,
        'Mock-Request-Id': id,
        ...(explain !== undefined && { 'Mock-Explain': explain }),
      },
    }
    const { command: _command, ...rest } = answer
    const exchange: Exchange = {
      ...rest,
      id,
      session: name,
      request,
      reply,
      changes: answer.changes.filter(({ kind }) => kind !== 'session'),
      duration: Math.round((performance.now() - started) * 1_000) / 1_000,
    }
    journal.add(exchange)
    settings.onExchange(exchange)
    return { reply, now: answer.now, isControl: false }
  }

  function exhausted(name: SessionName): Problem | undefined {
    if (counts.has(name) || counts.size < settings.maxSessions) return undefined
    return {
      code: 'sessions-exhausted',
      detail: `there are ${counts.size} sessions`,
      fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions',
    }
  }

  /** A control request on one session runs in that session; one on the server runs in none. */
  async function handleControl(name: SessionName, request: MockRequest, around: Parameters<typeof respond>[3]): Promise<Handled> {
    const refusal = foreign(request.headers, settings.allowedHosts)
    if (refusal) return { reply: problemReply(refusal), now: timeOf(defaults.clock, around.real), isControl: true }
    const base = control.contract.base.length
    const [, section, target, action] = request.path.slice(base).split('/')
    const subject = section === 'sessions' && action !== undefined && action !== 'reset' ? sessionName(target ?? '') : undefined
    const work = (world: World): { changes: Answer['changes']; result: Answer } => {
      const result = respond(control, request, world, around)
      return { changes: result.problem ? [] : result.changes, result }
    }
    try {
      const full = subject && exhausted(subject)
      if (full) return { reply: problemReply(full), now: timeOf(defaults.clock, around.real), isControl: true }
      const answer = subject ? await store.transact(subject, work) : work(NO_SESSION).result
      if (subject && !answer.problem && !counts.has(subject)) counts.set(subject, 0)
      const reply = answer.command ? await carryOut(answer.command, around) : answer.reply
      const operation = answer.command && control.contract.operations.find(({ id }) => id === answer.operation)
      const broken = (around.checkReplies && operation?.checkReply(reply)) || []
      return {
        reply:
          broken.length > 0 ? problemReply(unfit(broken)) : { ...reply, headers: { ...reply.headers, 'Mock-Session': subject ?? name } },
        now: answer.now,
        isControl: true,
      }
    } catch (error) {
      const answer = failed(error, control, timeOf(defaults.clock, around.real))
      return { reply: answer.reply, now: answer.now, isControl: true }
    }
  }

  async function carryOut(command: Command, { real }: { readonly real: number }): Promise<MockReply> {
    switch (command.kind) {
      case 'health':
        return { status: 200, body: { status: 'ok', version: settings.version, dataVersion: settings.dataVersion } }
      case 'list-documents':
        return {
          status: 200,
          body: {
            documents: [control, ...services].map(({ contract: { name, base } }) => ({
              name,
              href: `${control.contract.base}/openapi/${name}.json`,
              base,
            })),
          },
        }
      case 'show-document': {
        const found = [control, ...services].find(({ contract }) => contract.name === command.name)
        return found
          ? { status: 200, body: found.contract.content }
          : problemReply({
              code: 'document-unknown',
              detail: `there is no document "${command.name}"`,
              fix: `there are ${[control, ...services].map(({ contract }) => `${contract.name}.json`).join(', ')}`,
            })
      }
      case 'list-sessions': {
        const names = await store.sessions()
        return { status: 200, body: { sessions: await Promise.all(names.map((name) => describe(name, real))) } }
      }
      case 'reset-session': {
        const name = sessionName(command.name)
        if (!name) return unknownSession(command.name)
        const full = exhausted(name)
        if (full) return problemReply(full)
        await store.drop(name)
        await store.transact(name, () => ({
          changes: [{ kind: 'session', id: SESSION_ID, to: beginSession(defaults, real) }],
          result: undefined,
        }))
        counts.set(name, 0)
        journal.forget(name)
        return { status: 200, body: await describe(name, real) }
      }
      case 'drop-session': {
        const name = sessionName(command.name)
        const existed = name !== undefined && (await store.drop(name))
        if (!existed) return unknownSession(command.name)
        counts.delete(name)
        journal.forget(name)
        return { status: 204 }
      }
      case 'list-requests':
        return { status: 200, body: { requests: journal.list(command) } }
      case 'show-request': {
        const entry = journal.get(command.id)
        return entry
          ? { status: 200, body: entry }
          : problemReply({
              code: 'request-unknown',
              detail: `the journal holds no request "${command.id}"`,
              fix: 'an answer carries its id as Mock-Request-Id; the journal forgets the oldest requests first',
            })
      }
      default:
        return command satisfies never
    }
  }

  async function describe(name: SessionName, real: number): Promise<object> {
    const { session, changes } = await store.transact(name, (world) => ({
      changes: [],
      result: { session: sessionOf(world), changes: changedEntities(world) },
    }))
    const { seed, epoch, clock }: Session = session ?? beginSession(defaults, real)
    return {
      name,
      seed,
      epoch: new Date(epoch).toISOString(),
      now: new Date(timeOf(clock, real)).toISOString(),
      changes,
      requests: counts.get(name) ?? 0,
    }
  }

  return { handle }
}

/** What server-level control requests run in. */
const NO_SESSION: World = new Entities()

function changedEntities(world: World): number {
  return [...world.all('order')].length + [...world.all('allocation')].length
}

function isBelow(base: string, path: string): boolean {
  return path.startsWith(base) && (base === '' || path.length === base.length || path.charAt(base.length) === '/')
}

function unknownSession(name: string): MockReply {
  return problemReply({ code: 'session-unknown', detail: `there is no session "${name}"`, fix: 'GET /__mock/sessions lists them' })
}

function nowhere(request: MockRequest, now: number): Answer {
  const problem: Problem = { code: 'route-unknown', detail: `no document has the path ${request.path}` }
  return { reply: problemReply(problem), changes: [], now, problem, warnings: [] }
}

/** What our own failure answers: the API's 500 where there is an API. */
function failed(error: unknown, service: Service | undefined, now: number): Answer {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const problem: Problem = { code: error instanceof DocumentError ? 'schema-broken' : 'internal', detail }
  const shown: Problem = { ...problem, detail: PROBLEMS[problem.code].title }
  return { reply: service ? service.dialect.refuse(shown, undefined) : problemReply(shown), changes: [], now, problem, warnings: [] }
}

type Located =
  | { readonly kind: 'session'; readonly name: SessionName; readonly request: MockRequest; readonly isLabelled: boolean }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** The session of a request: its path prefix, its header, its baggage, else the default one. */
function locate(request: MockRequest): Located {
  const prefix = /^\/(?:~|%7e)([^/]*)(.*)$/is.exec(request.path)
  const header = request.headers['mock-session']
  if (prefix && header !== undefined && prefix[1] !== header)
    return {
      kind: 'refused',
      problem: {
        code: 'session-invalid',
        detail: `the path names the session "${prefix[1]}", the header Mock-Session "${header}"`,
        fix: 'name it once',
      },
    }
  const named = prefix?.[1] ?? header ?? fromBaggage(request.headers['baggage'])
  if (named === undefined) return { kind: 'session', name: DEFAULT_SESSION, request, isLabelled: false }
  const name = sessionName(named)
  if (!name)
    return {
      kind: 'refused',
      problem: {
        code: 'session-invalid',
        detail: `"${named}" is no name for a session`,
        fix: 'take 1 to 64 letters, digits, dots, underscores and hyphens',
      },
    }
  const path = prefix ? prefix[2] || '/' : request.path
  return { kind: 'session', name, request: prefix ? { ...request, path, prefix: `/~${name}` } : request, isLabelled: true }
}

/** The member `mock-session` of W3C baggage: `a=1, mock-session=one;property`. */
function fromBaggage(baggage: string | undefined): string | undefined {
  for (const member of baggage?.split(',') ?? []) {
    const [key, value] = (member.split(';', 1)[0] ?? '').split('=')
    if (key?.trim() === 'mock-session' && value !== undefined) return value.trim()
  }
  return undefined
}
