import type { SessionDefaults, SessionName } from '../domain/control/session.ts'
import type { StateDefinition } from '../domain/state.ts'
import type { World } from '../domain/world.ts'
import { type Answer, type Around, respond, type Service, unfit } from '../engine/respond.ts'
import { nameOf, refusal, timeAtStart, told, type Told } from '../engine/session.ts'
import { type Cut, jsonText, type MockReply, type MockRequest, type Problem } from '../http.ts'
import { DocumentError, PROBLEMS } from '../problem.ts'
import { NOBODY } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { createCommands } from './commands.ts'
import { createCounts } from './counts.ts'
import type { Events, Stream } from './events.ts'
import { admit, hostOf } from './guard.ts'
import { type Exchange, type Journal, withoutSecretValues } from './journal.ts'
import { decoded, isControlPath, locate } from './session.ts'

export interface HandlerSettings {
  /** The control API; its base is peeled off before any other. */
  readonly control: Service
  /** What verifiers of Pact call. */
  readonly providerStates: Service
  /** The provider states that are known. */
  readonly states: () => Promise<readonly StateDefinition[]>
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
  /** What control requests from beyond this machine have to carry. */
  readonly controlToken: string
  /** Who follows the journal. */
  readonly events: Events
  readonly version: string
  readonly dataVersion: number
  /** The world's time, in milliseconds. */
  readonly real: () => number
  /** Hears of failures of the mock's own. */
  readonly onFailure: (error: unknown) => void
  /** Hears of each exchange of the APIs; control requests are nobody's traffic. */
  readonly onExchange: (exchange: Exchange) => void
}

/** A reply as it goes over the line, and what the edge has to know of it. */
export interface Handled {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly mediaType: string
  readonly text: string | undefined
  /** By the session's clock. */
  readonly now: number
  readonly isControl: boolean
  /** What is done to the answer on its way, in place of sending it whole. */
  readonly cut?: Cut
  /** What is sent as it comes, in place of a text. */
  readonly stream?: Stream
}

/** What the edge knows of the line that a request came in on. */
export interface Line {
  /** Calls back once when the client goes away before it is answered; at once, if it has. @returns what ends that */
  onGone(callback: () => void): () => void
  /** Whether control requests on it need the control token. */
  needsToken(): boolean
}

/** Answers a request, whose path may begin with a session's prefix. A call within the process has no line. */
export type Handler = (request: MockRequest, prefersProblem: boolean, line?: Line) => Promise<Handled>

/** Finds the session of each request, lets the engine answer it in a transaction, and keeps the journal. */
export function createHandler(settings: HandlerSettings): Handler {
  const { control, store, journal, defaults, strict, checkReplies } = settings
  // The longest base first: an empty one is anybody's prefix.
  const services = settings.services.toSorted((a, b) => b.contract.base.length - a.contract.base.length)
  const counts = createCounts(settings.maxSessions)
  const settingUp = new Set<SessionName>()
  const carryOut = createCommands({ ...settings, services, counts, settingUp })

  return async (sent, prefersProblem, line) => {
    const started = performance.now()
    const real = settings.real()
    const around: Around = { defaults, real, strict, checkReplies, prefersProblem }
    const { request: raw, problem: shut } = isControlPath(sent.path) ? admit(sent, settings, line) : { request: sent }
    if (shut) return refuse(shut, around, true)
    const located = locate(raw)
    if (located.kind === 'refused') return refuseUnnamed(raw, located.problem, around, started)
    const { name, request, isLabelled } = located
    if (isBelow(settings.providerStates.contract.base, request.path)) return handleProviderState(name, request, around)
    if (isBelow(control.contract.base, request.path)) return handleControl(name, request, around)
    settingUp.delete(name)
    if (settings.requireSession && !isLabelled) return refuseUnnamed(request, UNLABELLED, around, started)
    const full = counts.begin(name)
    if (full) return refuseUnnamed(request, full, around, started, name)
    const id = `${name}-${counts.next(name)}`
    const { answer, changes, settings: met } = await answerIn(name, request, around)
    const { reply, now, operation, problem, warnings, assumption } = answer
    const explain = problem && `http://${hostOf(request.headers)}${control.contract.base}/requests/${id}`
    const handled = toLine(reply, now, false, {
      'Mock-Session': name,
      'Mock-Request-Id': id,
      ...(explain !== undefined && { 'Mock-Explain': explain }),
    })
    const exchange: Exchange = {
      id,
      session: name,
      origin: 'request',
      now,
      real,
      method: request.method,
      path: request.prefix + request.path + (request.query === '' ? '' : `?${request.query}`),
      headers: request.headers,
      requestBody: request.body.kind === 'text' ? request.body.text : undefined,
      status: handled.status,
      replyHeaders: handled.headers,
      mediaType: handled.mediaType,
      replyBody: handled.text,
      operation,
      problem: problem && withoutSecretValues(problem),
      warnings,
      assumption,
      changes,
      settings: met,
      explain,
      duration: elapsed(started),
    }
    journal.add(exchange)
    settings.onExchange(exchange)
    return handled
  }

  /** A refusal before there is a session that could keep it: it is told, and nothing more. */
  function refuseUnnamed(request: MockRequest, problem: Problem, around: Around, started: number, name?: SessionName): Handled {
    const handled = toLine(refusal(problem), timeAtStart(defaults, around.real), false, name === undefined ? {} : { 'Mock-Session': name })
    settings.onExchange({
      id: '-',
      session: name ?? '-',
      origin: 'request',
      now: handled.now,
      real: around.real,
      method: request.method,
      path: request.prefix + request.path,
      headers: request.headers,
      requestBody: undefined,
      status: handled.status,
      replyHeaders: handled.headers,
      mediaType: handled.mediaType,
      replyBody: handled.text,
      operation: undefined,
      problem,
      warnings: [],
      assumption: undefined,
      changes: [],
      settings: undefined,
      explain: undefined,
      duration: elapsed(started),
    })
    return handled
  }

  async function answerIn(name: SessionName, request: MockRequest, around: Around): Promise<Told & { readonly answer: Answer }> {
    const service = services.find(({ contract }) => isBelow(contract.base, request.path))
    if (!service) return { answer: nowhere(request, timeAtStart(defaults, around.real)), ...told([], NOBODY) }
    try {
      return await store.transact(name, (world) => {
        const answer = respond(service, request, world, around)
        return { changes: answer.changes, result: { answer, ...told(answer.changes, world) } }
      })
    } catch (error) {
      settings.onFailure(error)
      return { answer: failed(error, service, timeAtStart(defaults, around.real)), ...told([], NOBODY) }
    }
  }

  /** The session that the request is in is set up, or begins anew. */
  async function handleProviderState(name: SessionName, request: MockRequest, around: Around): Promise<Handled> {
    try {
      const answer = respond(settings.providerStates, request, NOBODY, around)
      const reply = answer.command ? await carryOut(answer.command, around.real, name) : answer.reply
      return toLine(reply, answer.now, true, { 'Mock-Session': name })
    } catch (error) {
      settings.onFailure(error)
      const { reply, now } = failed(error, control, timeAtStart(defaults, around.real))
      return toLine(reply, now, true)
    }
  }

  /** A control request on one session runs in that session; one on the server runs in none, and may leave something for the server to do. */
  async function handleControl(name: SessionName, request: MockRequest, around: Around): Promise<Handled> {
    const [, section, target = '', action] = request.path.slice(control.contract.base.length).split('/').map(decoded)
    const subject = section === 'sessions' && action !== undefined ? nameOf(target) : undefined
    try {
      // A refused look at a session must not begin it, nor one at the server the session that the request is in.
      const work = (world: World): { changes: Answer['changes']; result: Answer } => {
        // A slip in a name is never passed over here: nobody's client is under test.
        const answer = respond(control, request, world, { ...around, strict: true })
        const result = answer.problem || answer.command ? { ...answer, changes: [] } : answer
        return { changes: result.changes, result }
      }
      const isSubject = typeof subject === 'string'
      if (isSubject) settingUp.delete(subject)
      const isNew = isSubject && !counts.has(subject)
      const full = isSubject && counts.begin(subject)
      if (full) return refuse(full, around, true)
      const answer = isSubject ? await store.transact(subject, work) : work(NOBODY).result
      if (isNew && answer.changes.length === 0) counts.release(subject)
      const reply: MockReply & { readonly stream?: Stream } = answer.command
        ? await carryOut(answer.command, around.real, name)
        : answer.reply
      const operation = answer.command && control.contract.operations.find(({ id }) => id === answer.operation)
      const broken = (checkReplies && operation?.checkReply(reply)) || []
      if (broken.length > 0) return refuse(unfit(broken), around, true)
      const handled = toLine(reply, answer.now, true, { 'Mock-Session': isSubject ? subject : name })
      return reply.stream ? { ...handled, stream: reply.stream } : handled
    } catch (error) {
      settings.onFailure(error)
      const { reply, now } = failed(error, control, timeAtStart(defaults, around.real))
      return toLine(reply, now, true)
    }
  }
}

const UNLABELLED: Problem = {
  code: 'session-required',
  detail: 'the request names no session',
  fix: 'send the header Mock-Session: <name>, or put /~<name> before the path',
}

function refuse(problem: Problem, { defaults, real }: Around, isControl: boolean): Handled {
  return toLine(refusal(problem), timeAtStart(defaults, real), isControl)
}

function toLine(
  { status, headers, mediaType = 'application/json', body }: MockReply,
  now: number,
  isControl: boolean,
  more?: Readonly<Record<string, string>>,
): Handled {
  return { status, headers: { ...headers, ...more }, mediaType, text: body === undefined ? undefined : jsonText(body), now, isControl }
}

function isBelow(base: string, path: string): boolean {
  return path.startsWith(base) && (base === '' || path.length === base.length || path.charAt(base.length) === '/')
}

function nowhere(request: MockRequest, now: number): Answer {
  const problem: Problem = { code: 'route-unknown', detail: `no document has the path ${request.path}` }
  return { reply: refusal(problem), changes: [], now, problem, warnings: [] }
}

/** Milliseconds, to the microsecond. */
function elapsed(started: number): number {
  return Math.round((performance.now() - started) * 1_000) / 1_000
}

/** What our own failure answers: the API's 500. The reason stays in the journal and with `onFailure`. */
function failed(error: unknown, service: Service, now: number): Answer {
  const code = error instanceof DocumentError ? 'schema-broken' : 'internal'
  const problem: Problem = { code, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  return {
    reply: service.dialect.refuse({ code, detail: PROBLEMS[code].title }, undefined, undefined),
    changes: [],
    now,
    problem,
    warnings: [],
  }
}
