import { refusal } from '../base/refusal.ts'
import type { SessionName } from '../base/session-name.ts'
import type { SessionStart } from '../core/session.ts'
import type { StateDefinition } from '../core/scenario/state.ts'
import type { Limits, Room } from '../core/room.ts'
import type { World } from '../core/world.ts'
import type { WantedSession } from '../core/behaviour.ts'
import { type Chooser, loadChooser, type Making } from '../engine/choose.ts'
import type { DoneStep } from '../engine/due.ts'
import { type Answer, respond } from '../engine/respond.ts'
import { stated, unfit } from '../engine/checks.ts'
import { violationsHeader } from '../engine/prism.ts'
import { BehaviourError } from '../engine/guarded.ts'
import type { Around, Service } from '../engine/service.ts'
import { warningOf } from '../engine/warning.ts'
import { nameOf, type Scenario, type Started, timeAtStart, timeIn, type Recorded, unknownSession } from '../engine/session.ts'
import type { MockRequest, Problem } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import type { Registry } from '../core/registry.ts'
import { decoded } from '../base/decode.ts'
import { belowBase, isBelow } from '../base/path.ts'
import { EMPTY_WORLD } from '../store/memory.ts'
import type { WeighedStore } from '../store/weighed.ts'
import { serviceFinder } from './addressed.ts'
import { type Carried, createCommands } from './commands.ts'
import type { Events } from './events.ts'
import { admit, type GuardSettings, hostOf } from './guard.ts'
import type { Exchange } from '../recording/exchange.ts'
import type { Journal } from './journal.ts'
import { type FindNearest, nearestPaths } from '../contract/nearest.ts'
import { type Handled, type Line, nameOfFault, spoilt, toLine, type Waiting, waitOn } from './line.ts'
import { asItCame, letGo, type Passage, passOn, type Returned } from './pass.ts'
import { askInPieces, type Found, metBy } from './pieces.ts'
import { type Asked, exchangeOf, unkept } from './record.ts'
import { isControlPath, locate } from './session.ts'
import { createSessions, type SessionBooks } from './sessions.ts'
import { isVisit, welcome } from './visit.ts'
import { createStates, withExactParams } from './states.ts'

export interface HandlerSettings extends Waiting, GuardSettings {
  /** The control API; its base is peeled off before any other. */
  readonly control: Service
  /** What verifiers of Pact call. */
  readonly providerStates: Service
  /** The provider states that are known. */
  readonly states: () => Promise<readonly StateDefinition[]>
  /** Every other API. */
  readonly services: readonly Service[]
  readonly registry: Registry
  readonly store: WeighedStore
  readonly books: SessionBooks
  readonly journal: Journal
  readonly defaults: SessionStart
  /** What a session of this name begins from, where nothing else is said: the defaults, but for one that was saved. */
  readonly startOf: (name: SessionName) => SessionStart
  readonly strict: boolean
  readonly checkReplies: boolean
  /** How answers are made from documents. */
  readonly making: Making
  /** What other services answer. */
  readonly passage: Passage | undefined
  readonly requireSession: boolean
  readonly maxBodyBytes: number
  readonly scenarios: () => Promise<ReadonlyMap<string, Scenario>>
  /** What a session starts from that is wanted so. */
  readonly startFrom: (wanted: WantedSession, real: number) => Promise<Started>
  /** How much may be kept. */
  readonly limits: Limits
  /** The bytes of a session, where they are not those that they are without a word. */
  readonly maxSessionBytes: number | undefined
  /** Who follows the journal. */
  readonly events: Events
  readonly version: string
  readonly dataVersion: number
  /** The world's time, in milliseconds. */
  readonly real: () => number
  /** Hears of failures of the mock's own. */
  readonly onFailure: (error: unknown) => void
  /** Which operations a request that misses every path may have meant. */
  readonly nearest: FindNearest
  /** Hears of each exchange of the APIs, and of refused control requests; the others are nobody's traffic. */
  readonly onExchange: (exchange: Exchange) => void
}

/** Answers a request, whose path may begin with a session's prefix. A call within the process has no line. */
export type Handler = (request: MockRequest, prefersProblem: boolean, line?: Line) => Promise<Handled>

/** Finds the session of each request, lets the engine answer it in a transaction, and keeps the journal. */
export function createHandler(settings: HandlerSettings): Handler {
  const { control, store, journal, defaults, startOf, strict, checkReplies, limits, registry } = settings
  const { services, making } = settings
  const serviceFor = serviceFinder(services, settings.nearest)
  const { counts, bindings, settingUp } = settings.books
  const roomOf = (name: SessionName): Room => ({ ...limits, others: store.bytes - store.bytesOf(name) })
  const aroundAt = (real: number, name?: SessionName, prefersProblem = false): Around => ({
    start: name === undefined ? defaults : startOf(name),
    real,
    strict,
    checkReplies,
    prefersProblem,
    services,
    registry,
    nearest: settings.nearest,
    choose,
    making,
    passing: settings.passage,
    room: name === undefined ? { ...limits, others: store.bytes } : roomOf(name),
  })
  let choose: Chooser | undefined
  const documents = [...settings.services, control, settings.providerStates].map(({ contract }) => contract)
  const controlId = (name: SessionName): string => `${name}~control-${counts.nextControl(name)}`
  const { startFrom, maxBodyBytes } = settings
  const { version, dataVersion } = settings
  const parameters = new Set(services.flatMap(({ contract }) => contract.operations.flatMap((operation) => operation.parameters)))
  const { entities: maxEntities } = limits
  const { maxSessionBytes } = settings
  const server = { strict, checkReplies, maxBodyBytes, maxEntities, ...(maxSessionBytes !== undefined && { maxSessionBytes }) }
  const about = { version, dataVersion, parameters, server }
  const sessions = createSessions({ registry, store, roomOf, journal, books: settings.books, startOf, startFrom, about })
  const setState = createStates({
    ...settings,
    sessions,
    around: aroundAt,
    settingUp,
    startFrom,
    onBrought: (name, request, { now, reply }, real) =>
      journal.add(exchangeOf({ id: controlId(name), session: name, origin: 'control', request, now, real }, toLine(reply, now, true))),
  })
  const carryOut = createCommands({ ...settings, services, sessions, setState })

  return async (sent, prefersProblem, line) => {
    const started = performance.now()
    const real = settings.real()
    const around = aroundAt(real, undefined, prefersProblem)
    const { request: raw, problem: shut } = isControlPath(sent.path) ? admit(sent, settings, line) : { request: sent }
    if (shut) return told(raw, refuse(shut, around, true), around, started)
    let located = locate(raw, bindings)
    if (located.kind === 'session' && counts.isOver(located.name, real)) {
      await sessions.expire(real, located.name)
      // What it was bound to is bound no more.
      located = locate(raw, bindings)
    }
    if (located.kind === 'refused') return refuseUnnamed(raw, located.problem, around, started)
    const { name, request, isLabelled } = located
    if (isControlPath(request.path)) {
      const isState = isBelow(settings.providerStates.contract.base, request.path)
      const known = line?.isSecure ? { ...request, headers: { ...request.headers, 'x-forwarded-proto': 'https' } } : request
      const handled = await (isState ? handleProviderState(name, request, around) : handleControl(name, known, around))
      // Who asks within the process gets the refusal as an error.
      return handled.problem && line ? told(request, handled, around, started, subjectOf(request) ?? (isState ? name : undefined)) : handled
    }
    if (isVisit(request) && !isServed(request)) {
      const now = timeAtStart(defaults, real)
      return told(
        request,
        request.path === '/' ? welcome(documents, now) : toLine(nowhere(request, now).reply, now, false),
        around,
        started,
      )
    }
    settingUp.delete(name)
    if (settings.requireSession && !isLabelled) return refuseUnnamed(request, UNLABELLED, around, started)
    if (!counts.has(name)) await sessions.expire(real)
    const scenario = request.headers['mock-scenario']
    const wanted = scenario === undefined ? undefined : await startFrom({ scenario }, real)
    if (wanted?.kind === 'refused') return refuseUnnamed(request, wanted.problem, around, started, name)
    const full = counts.begin(name, real)
    if (full) return refuseUnnamed(request, full, around, started, name)
    const id = `${name}-${counts.next(name)}`
    const own = aroundAt(real, name, prefersProblem)
    const met = wanted ? { ...own, start: wanted.start, scenario: wanted.start.scenario.name } : own
    const life = counts.of(name)
    const {
      answer,
      own: changed,
      isGone = false,
      worked = real,
      met: seen,
      asked,
      returned,
    } = await answerInTime(id, name, request, met, line)
    const { reply, now, operation, problem, warnings, assumption, hit, hasChanged = false, isPassed = false, violations } = answer
    counts.rest(name, hasChanged || (wanted !== undefined && !problem))
    // A session that began anew while the request waited has nothing to do with it.
    const isKept = counts.of(name) === life
    const explain =
      problem && isKept
        ? `${line?.isSecure ? 'https' : 'http'}://${hostOf(request.headers)}${control.contract.base}/requests/${id}`
        : undefined
    const broken = violations && violationsHeader(violations)
    const right = toLine(isGone ? { status: GONE } : reply, now, false, {
      'Mock-Session': name,
      'Mock-Request-Id': id,
      ...(explain !== undefined && { 'Mock-Explain': explain }),
      ...(warnings.length > 0 && { 'Mock-Warning': warningOf(warnings) }),
      ...(broken !== undefined && { 'sl-violations': broken }),
    })
    const disturbed = hit && !isGone ? spoilt(right, hit) : right
    // What a fault has done to the text is not undone.
    const isAsItCame = isPassed && !isGone && disturbed.text === right.text && disturbed.mediaType === right.mediaType
    const handled = isAsItCame ? asItCame(disturbed, returned?.raw) : disturbed
    if (!isAsItCame || handled.cut !== undefined) letGo(returned?.raw)
    const exchange: Exchange = {
      ...exchangeOf({ id, session: name, origin: 'request', request, now, real: worked }, handled),
      ...(hit && { fault: nameOfFault(hit) }),
      operation,
      problem,
      warnings,
      assumption,
      ...changed,
      ...(seen && { met: seen }),
      ...(asked && { asked }),
      ...(isGone && { isGone }),
      ...(returned && { upstream: returned.upstream }),
      ...(violations && { violations }),
      explain,
      duration: elapsed(started),
    }
    if (isKept) journal.add(exchange)
    settings.onExchange(exchange)
    return handled
  }

  /** The answer after what delays it. A delay before the work is waited for first: who is gone by then has changed nothing. */
  async function answerInTime(
    id: string,
    name: SessionName,
    request: MockRequest,
    around: Around,
    line: Line | undefined,
  ): Promise<FoundInTime> {
    const life = counts.of(name)
    const found = await answerWith(id, name, request, around, line)
    const { hit, needs } = found.answer
    if (!hit || hit.delay === 0) return found
    const isGone = await waitOn(hit.delay, line, settings)
    if (hit.fault.at === 'before' && isGone) return { ...found, isGone }
    if (needs !== 'delay') return found
    const worked = settings.real()
    if (counts.of(name) !== life) return { ...found, answer: { ...found.answer, reply: refusal(BEGUN_ANEW), problem: BEGUN_ANEW }, worked }
    // What it meets now is what there is now, and the time is later.
    const late = await answerWith(id, name, request, { ...around, room: roomOf(name), real: worked, choose, waited: hit }, line)
    const asked = found.met && { real: around.real, met: found.met }
    return { ...late, answer: { hit, ...late.answer }, worked, ...(asked && { asked }) }
  }

  /** The answer with all that it needs of others. */
  async function answerWith(
    id: string,
    name: SessionName,
    request: MockRequest,
    around: Around,
    line: Line | undefined,
  ): Promise<Found & { readonly returned?: Returned }> {
    const { passage } = settings
    let returned: Returned | undefined
    for (let given = around; ;) {
      const found = await answerIn(id, name, request, given)
      const { needs, operation } = found.answer
      if (needs === 'chooser') given = { ...given, choose: (choose ??= await loadChooser()) }
      else if (needs === 'upstream' && passage) {
        returned = await passOn(passage, operation, request, serviceFor(request)?.contract.base ?? '', line)
        given = { ...given, passed: returned.passed }
      } else return returned ? { ...found, returned } : found
    }
  }

  /** A refusal before there is a session that could keep it. */
  function refuseUnnamed(request: MockRequest, problem: Problem, around: Around, started: number, name?: SessionName): Handled {
    const now = timeAtStart(defaults, around.real)
    return told(request, toLine(refusal(problem), now, false, name === undefined ? {} : { 'Mock-Session': name }), around, started, name)
  }

  /** What no session keeps is told, and nothing more. */
  function told(request: MockRequest, handled: Handled, { real }: Around, started: number, session?: string): Handled {
    settings.onExchange({ ...unkept(request, handled, real, session), duration: elapsed(started) })
    return handled
  }

  /** Whether a control request may be the first to a session: a slip in the name of one that there is must not begin another. */
  function begins({ method, path }: MockRequest): boolean {
    const match = control.contract.match(method, path.slice(control.contract.base.length))
    return match.kind !== 'found' || control.behaviours[match.target.id]?.begins === true
  }

  /** Whether a document has the path. */
  function isServed(request: MockRequest): boolean {
    const contract = serviceFor(request)?.contract
    return contract !== undefined && contract.match(request.method, belowBase(request.path, contract.base)).kind !== 'unknown'
  }

  /** The session that a control request is about. */
  function subjectOf({ path }: MockRequest): string | undefined {
    const [, section, target, action] = path.slice(control.contract.base.length).split('/').map(decoded)
    return section === 'sessions' && action !== undefined ? target : undefined
  }

  function nowhere({ method, path }: MockRequest, now: number): Answer {
    const problem: Problem = {
      code: 'route-unknown',
      detail: `no document has the path ${path}`,
      fix: nearestPaths(settings.nearest(method, path)),
    }
    return { reply: refusal(problem), changes: [], now, problem, warnings: [], steps: [] }
  }

  async function answerIn(id: string, name: SessionName, request: MockRequest, around: Around): Promise<Found> {
    // What no document has, another service may.
    const service = serviceFor(request) ?? (settings.passage?.goesOn(undefined) === true ? services[0] : undefined)
    try {
      if (!service)
        return await store.transact(name, (world) => {
          const answer = nowhere(request, timeIn(world, around.start, around.real))
          return { changes: [], result: { answer, own: NOTHING_OF_ONES_OWN, met: metBy([], world), isKept: false } }
        })
      return await askInPieces(store, name, around, (world) => respond(service, request, world, around), keepSteps(id, name, around.real))
    } catch (error) {
      settings.onFailure(error)
      return { answer: failed(error, service ?? control, timeAtStart(defaults, around.real)), own: NOTHING_OF_ONES_OWN, isKept: false }
    }
  }

  /** What went on without a caller is told as what it is. */
  function keepSteps(id: string, session: SessionName, real: number): (steps: readonly DoneStep[], recorded: readonly Recorded[]) => void {
    let count = 0
    return (steps, recorded) => {
      for (const [place, step] of steps.entries()) keepStep(`${id}.${++count}`, session, step, recorded[place], real)
    }
  }

  function keepStep(
    id: string,
    session: SessionName,
    { origin, now, name, subject, body, problem }: DoneStep,
    recorded: Recorded | undefined,
    real: number,
  ): void {
    const [method = '', path] = origin === 'timeline' && subject.includes(' ') ? subject.split(' ') : ['-', subject]
    const request: MockRequest = { method, path: path ?? subject, query: '', headers: {}, body: NO_BODY, prefix: '' }
    journal.add({
      ...exchangeOf({ id, session, origin, request, now, real }, toLine({ status: problem ? 422 : 200 }, now, false)),
      ...(body !== undefined && { requestBody: JSON.stringify(body) }),
      operation: name,
      problem,
      ...recorded,
    })
  }

  /** The session that the request is in is set up, or begins anew. */
  async function handleProviderState(name: SessionName, request: MockRequest, around: Around): Promise<Handled> {
    try {
      const answer = respond(settings.providerStates, request, EMPTY_WORLD, ofServer(around))
      const reply = answer.command ? await carryOut(withExactParams(answer.command, request), around.real, name) : answer.reply
      return toLine(reply, answer.now, true, { 'Mock-Session': name })
    } catch (error) {
      settings.onFailure(error)
      const { reply, now } = failed(error, control, timeAtStart(defaults, around.real))
      return toLine(reply, now, true)
    }
  }

  /** A control request on one session runs in that session; one on the server runs in none, and may leave something for the server to do. */
  async function handleControl(name: SessionName, request: MockRequest, around: Around): Promise<Handled> {
    const target = subjectOf(request)
    const subject = target === undefined ? undefined : nameOf(target)
    try {
      // A refused look at a session must not begin it, nor one at the server the session that the request is in.
      const isSubject = typeof subject === 'string'
      // A slip in a name is never passed over here: nobody's client is under test.
      const there: Around = {
        ...(isSubject ? { ...around, start: startOf(subject), room: roomOf(subject) } : ofServer(around)),
        strict: true,
      }
      const ask = (world: World): Answer => {
        const result = respond(control, request, world, there)
        return result.problem ? { ...result, changes: [], steps: [] } : result
      }
      if (isSubject) {
        settingUp.delete(subject)
        await sessions.expire(around.real, subject)
      }
      const isNew = isSubject && !counts.has(subject)
      if (isNew && subject !== nameOf() && !begins(request)) return refuse(unknownSession(subject, counts.names()), around, true)
      if (isNew) await sessions.expire(around.real)
      const full = isSubject && counts.begin(subject, around.real)
      if (full) return refuse(full, around, true)
      const id = isSubject ? controlId(subject) : ''
      const { answer, own, met, isKept }: Found = isSubject
        ? await askInPieces(store, subject, there, ask, keepSteps(id, subject, around.real))
        : { answer: ask(EMPTY_WORLD), own: NOTHING_OF_ONES_OWN, isKept: false }
      if (isNew && !isKept) counts.release(subject)
      const reply: Carried = answer.command ? await carryOut(answer.command, around.real, name) : answer.reply
      if (isSubject) counts.rest(subject, reply.status < 400 && request.method !== 'GET')
      // A replay has to set it again.
      if (isSubject && reply.status < 400 && request.method !== 'GET' && !isUnrepeated(answer) && reply.isOfBefore !== true) {
        const asked: Asked = { id, session: subject, origin: 'control', request, now: answer.now, real: around.real }
        journal.add({
          ...exchangeOf(asked, toLine(reply, answer.now, true)),
          operation: answer.operation,
          ...own,
          ...(met && { met }),
          ...(reply.met && { met: reply.met }),
        })
      }
      const operation = answer.command && control.contract.operations.find(({ id }) => id === answer.operation)
      const broken = (checkReplies && operation?.checkReply(reply)) || []
      if (broken.length > 0) return refuse(unfit(broken, answer.operation ?? ''), around, true)
      const handled = toLine(reply, answer.now, true, { 'Mock-Session': isSubject ? subject : name })
      return reply.stream ? { ...handled, stream: reply.stream } : handled
    } catch (error) {
      settings.onFailure(error)
      const { reply, now } = failed(error, control, timeAtStart(defaults, around.real))
      return toLine(reply, now, true)
    }
  }
}

/** What the server itself is asked needs nothing of what sessions start from. */
function ofServer(around: Around): Around {
  return { ...around, start: { ...around.start, data: {}, timeline: [] } }
}

/** An answer, what it had to wait for, and what became of the client meanwhile. */
type FoundInTime = Found & Pick<Exchange, 'asked'> & { readonly isGone?: boolean; readonly worked?: number; readonly returned?: Returned }

const NOTHING_OF_ONES_OWN = { changes: [], settings: undefined } satisfies Recorded

/** What a client that went away before the work is put down as; nobody gets it. */
const GONE = 499

/** Sessions are begun, dropped and copied from outside them. */
function isUnrepeated({ command }: Answer): boolean {
  return command !== undefined && !REPEATED.has(command.kind)
}

const REPEATED: ReadonlySet<string> = new Set(['show-session', 'take-snapshot', 'restore-snapshot', 'drop-snapshot'])

const NO_BODY: MockRequest['body'] = { kind: 'none' }

const BEGUN_ANEW: Problem = {
  code: 'session-unknown',
  detail: 'the session was reset or dropped while the request was delayed',
  fix: 'send it again',
}

const UNLABELLED: Problem = {
  code: 'session-required',
  detail: 'the request names no session',
  fix: 'send the header Mock-Session: <name>, or baggage: mock-session=<name>, put /~<name> before the path, or bind the token or the account to a session',
}

function refuse(problem: Problem, { start, real }: Around, isControl: boolean): Handled {
  return toLine(refusal(problem), timeAtStart(start, real), isControl)
}

/** Milliseconds, to the microsecond. */
function elapsed(started: number): number {
  return Math.round((performance.now() - started) * 1_000) / 1_000
}

/** What our own failure answers: the API's 500. The reason stays in the journal and with `onFailure`. */
function failed(error: unknown, service: Service, now: number): Answer {
  const code = error instanceof DocumentError ? 'schema-broken' : error instanceof BehaviourError ? 'behaviour-broken' : 'internal'
  const reason = error instanceof BehaviourError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  const problem = stated({ code, detail: reason }, service)
  const told = { ...problem, detail: problem.title }
  let reply: Answer['reply']
  try {
    reply = service.dialect.refuse(told, undefined, undefined)
  } catch {
    // A dialect that fails may be the failure itself.
    reply = refusal(told)
  }
  return {
    reply,
    changes: [],
    now,
    problem,
    warnings: [],
    steps: [],
  }
}
