import { refusal } from '../base/refusal.ts'
import { belowBase, isBelow } from '../base/path.ts'
import type { SessionName } from '../base/session-name.ts'
import type { MockRequest, Problem } from '../base/http.ts'
import { once } from '../base/once.ts'
import { StoreUnavailable } from '../base/problem.ts'
import type { WantedSession } from '../core/behaviour.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import type { Limits } from '../core/room.ts'
import type { KnownState } from '../core/scenario/state.ts'
import type { SessionStart } from '../core/session.ts'
import { type FindNearest, nearestPaths } from '../contract/nearest.ts'
import type { Making } from '../engine/choose.ts'
import type { Around, Service } from '../engine/service.ts'
import type { Scenario } from '../core/scenario/written.ts'
import { type Started, timeAtStart } from '../engine/session.ts'
import type { Held, Notes, Store } from '../store/store.ts'
import { serviceFinder } from './addressed.ts'
import { createAsking } from './asking.ts'
import type { Bindings } from './bindings.ts'
import { createCommands } from './commands.ts'
import { createConsole, isConsole } from './console.ts'
import { createContracts, type Coverage } from './contracts.ts'
import { createControlling } from './controlling.ts'
import type { Events } from './events.ts'
import { createExplaining } from './explaining.ts'
import { failed } from './failed.ts'
import { admit, type GuardSettings, hostOf, isWatching } from './guard.ts'
import type { Journal } from './journal.ts'
import { type Handled, type Line, toLine, type Waiting } from './line.ts'
import type { Passage } from './pass.ts'
import { unkept } from './record.ts'
import { isControlPath, locate, type Named } from './session.ts'
import { createRepairs } from './repairs.ts'
import { createSessions, exhausted } from './sessions.ts'
import { createStates } from './states.ts'
import { isVisit, toConsole } from './visit.ts'

export interface HandlerSettings extends Waiting, GuardSettings {
  /** The control API; its base is peeled off before any other. */
  readonly control: Service
  /** What verifiers of Pact call. */
  readonly providerStates: Service
  /** The provider states that are known. */
  readonly states: () => Promise<readonly KnownState[]>
  /** What consumers rely on of what is documented. */
  readonly coverage: () => Promise<Coverage>
  /** Every other API. */
  readonly services: readonly Service[]
  readonly registry: Registry
  readonly store: Store
  readonly storeKind: string
  readonly bindings: Bindings
  readonly journal: Journal
  readonly defaults: SessionStart
  /** What a session of this name begins from, where nothing else is said: the defaults, but for one that was saved. */
  readonly startOf: (name: SessionName) => SessionStart
  /** Tells this set of APIs from others. */
  readonly apis: string
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
  /** Whether the server is about to stop. */
  readonly isDraining: () => boolean
  /** What is counted and measured, as Prometheus reads it. */
  readonly metrics: () => Promise<string>
  readonly version: string
  readonly dataVersion: number
  /** The world's time, in milliseconds. */
  readonly real: () => number
  /** Hears of failures of the mock's own. */
  readonly onFailure: (error: unknown) => void
  /** Which operations a request that misses every path may have meant. */
  readonly nearest: FindNearest
  /** Hears of each exchange of the APIs, and of refused control requests, and how many milliseconds it took; the others are nobody's traffic. */
  readonly onExchange: (exchange: Exchange, duration: number) => void
}

interface AroundWhat {
  readonly others: number
  readonly start: SessionStart
  readonly more?: AroundMore | undefined
}

/** What a request meets beside what all do. */
type AroundMore = Partial<Pick<Around, 'start' | 'scenario' | 'choose' | 'passed' | 'waited'>>

/** Answers a request, whose path may begin with a session's prefix. A call within the process has no line. */
export type Handler = (request: MockRequest, prefersProblem: boolean, line?: Line) => Promise<Handled>

/** Lets in who may come in, finds the session of each request, and has it answered. */
export function createHandler(settings: HandlerSettings): Handler {
  const { control, providerStates, services, bindings, defaults, startOf, strict, checkReplies, limits, registry, nearest } = settings
  const { startFrom, maxBodyBytes, version, dataVersion, making, passage } = settings
  const serviceFor = serviceFinder(services, nearest)
  const page = createConsole()
  // Written out, for a request pays for every copy of it.
  const aroundAt = (real: number, { others, start, more }: AroundWhat, prefersProblem: boolean): Around => ({
    start,
    real,
    strict,
    checkReplies,
    prefersProblem,
    services,
    registry,
    nearest,
    making,
    passing: passage,
    room: {
      entities: limits.entities,
      sessionBytes: limits.sessionBytes,
      entityBytes: limits.entityBytes,
      allBytes: limits.allBytes,
      others,
    },
    choose: more?.choose,
    passed: more?.passed,
    waited: more?.waited,
    scenario: more?.scenario,
  })
  const aroundIn = ({ others }: Held, real: number, name: SessionName, prefersProblem = false, more?: AroundMore): Around =>
    aroundAt(real, { others, start: more?.start ?? startOf(name), more }, prefersProblem)
  const parameters = once(() => new Set(services.flatMap(({ contract }) => contract.operations.flatMap((one) => one.parameters))))
  const { entities: maxEntities } = limits
  const { maxSessionBytes } = settings
  const server = { strict, checkReplies, maxBodyBytes, maxEntities, ...(maxSessionBytes !== undefined && { maxSessionBytes }) }
  const about = {
    version,
    dataVersion,
    get parameters() {
      return parameters()
    },
    server,
  }
  const sessions = createSessions({ ...settings, about })
  const setState = createStates({ ...settings, sessions, around: aroundIn })
  const foreign = ({ record }: Held, name: SessionName): Problem | undefined =>
    record && record.notes.apis !== settings.apis ? ofOthers(name, record.notes.apis, settings.apis) : undefined
  const repairs = createRepairs({
    ...settings,
    serviceFor,
    foreign,
    around: (held, choose, name) => aroundIn(held, held.real, name, false, { choose }),
  })
  const explaining = createExplaining({ ...settings, repairs })
  const contracts = createContracts(settings)
  const carryOut = createCommands({
    ...settings,
    sessions,
    setState,
    contracts,
    repairs,
    explaining,
    ask: (request) => handle(request, false),
  })
  const noted = ({ record }: Held): Partial<Notes> | undefined =>
    record === undefined ? { apis: settings.apis } : record.notes.settingUp === undefined ? undefined : NO_STATES
  const originOf = (request: MockRequest, line: Line | undefined): string =>
    `${line?.isSecure ? 'https' : 'http'}://${hostOf(request.headers)}`
  const explainAt = (id: string, request: MockRequest, line: Line | undefined): string =>
    `${originOf(request, line)}${control.contract.base}/requests/${id}`
  const shared = { ...settings, serviceFor, foreign, noted, explainAt, carryOut, shown: sessions.shown }
  const ask = createAsking(shared)
  const controlling = createControlling({ ...shared, around: aroundIn })

  return handle

  async function handle(sent: MockRequest, prefersProblem: boolean, line?: Line): Promise<Handled> {
    const started = performance.now()
    const real = settings.real()
    const isControl = isControlPath(sent.path)
    const { request: raw, problem: shut } = isControl ? admit(sent, settings, line) : { request: sent }
    if (shut) return told(raw, toLine(refusal(shut), timeAtStart(defaults, real), true), real, started)
    if (isControl && isConsole(raw)) return page(raw, timeAtStart(defaults, real))
    let request = raw
    try {
      const located = await locate(raw, isControl && isWatching(raw) ? undefined : bindings)
      if (located.kind === 'refused') return refuseUnnamed(raw, located.problem, real, started)
      request = located.request
      return await (isControl ? answerControl(located, real, started, line) : answer(located, real, prefersProblem, started, line))
    } catch (error) {
      const service = isControl ? control : (serviceFor(request) ?? control)
      const { reply, now, problem } = failed(error, service, timeAtStart(defaults, real))
      // That the store is out of reach is told once, and not for each request.
      if (!(error instanceof StoreUnavailable)) settings.onFailure(error)
      return told(request, { ...toLine(reply, now, isControl), ...(problem && { problem }) }, real, started)
    }
  }

  async function answerControl({ name, request }: Named, real: number, started: number, line: Line | undefined): Promise<Handled> {
    const around = aroundAt(real, { others: 0, start: defaults }, false)
    const isState = isBelow(providerStates.contract.base, request.path)
    const known = line?.isSecure ? { ...request, headers: { ...request.headers, 'x-forwarded-proto': 'https' } } : request
    const handled = await (isState ? controlling.setState(name, request, around) : controlling.handle(name, known, around))
    // Who asks within the process gets the refusal as an error.
    if (!handled.problem || !line) return handled
    return told(request, handled, real, started, controlling.subjectOf(request) ?? (isState ? name : undefined))
  }

  async function answer(
    { name, request, isLabelled }: Named,
    real: number,
    prefersProblem: boolean,
    started: number,
    line: Line | undefined,
  ): Promise<Handled> {
    if (isVisit(request) && !isServed(request)) {
      const now = timeAtStart(defaults, real)
      return told(request, request.path === '/' ? toConsole(request, now) : toLine(refusal(nowhere(request)), now, false), real, started)
    }
    if (settings.requireSession && !isLabelled) return refuseUnnamed(request, UNLABELLED, real, started)
    const scenario = request.headers['mock-scenario']
    const wanted = scenario === undefined ? undefined : await startFrom({ scenario }, real)
    if (wanted?.kind === 'refused') return refuseUnnamed(request, wanted.problem, real, started, name)
    const start = wanted && { start: wanted.start, scenario: wanted.start.scenario.name }
    const asked = await ask({
      request,
      name,
      line,
      elapsed: () => elapsed(started),
      around: (held, at, more) => aroundIn(held, at, name, prefersProblem, start ? { ...more, ...start } : more),
      isBeginning: wanted !== undefined,
    })
    if ('full' in asked) return refuseUnnamed(request, exhausted(asked.full), real, started, name)
    settings.onExchange(asked.exchange, elapsed(started))
    return prefersProblem ? explaining.told(asked.handled, asked.exchange, originOf(request, line)) : asked.handled
  }

  /** A refusal before there is a session that could keep it. */
  function refuseUnnamed(request: MockRequest, problem: Problem, real: number, started: number, name?: SessionName): Handled {
    const more = name === undefined ? {} : { 'Mock-Session': name }
    return told(request, toLine(refusal(problem), timeAtStart(defaults, real), false, more), real, started, name)
  }

  /** What no session keeps is told, and nothing more. */
  function told(request: MockRequest, handled: Handled, real: number, started: number, session?: string): Handled {
    settings.onExchange(unkept(request, handled, real, session), elapsed(started))
    return handled
  }

  /** Whether a document has the path. */
  function isServed(request: MockRequest): boolean {
    const contract = serviceFor(request)?.contract
    return contract !== undefined && contract.match(request.method, belowBase(request.path, contract.base)).kind !== 'unknown'
  }

  function nowhere({ method, path }: MockRequest): Problem {
    return { code: 'route-unknown', detail: `no document has the path ${path}`, fix: nearestPaths(nearest(method, path)) }
  }
}

const NO_STATES: Partial<Notes> = { settingUp: undefined }

/** A session that another set of APIs has made cannot be answered by this one: what it keeps may mean something else. */
function ofOthers(name: SessionName, made: string, served: string): Problem {
  return {
    code: 'session-of-others',
    detail: `the session "${name}" was made by ${made}, and ${served} are served`,
    fix: `begin it anew with POST /__mock/sessions/${name}/reset, or serve the APIs that made it`,
  }
}

const UNLABELLED: Problem = {
  code: 'session-required',
  detail: 'the request names no session',
  fix: 'send the header Mock-Session: <name>, or baggage: mock-session=<name>, put /~<name> before the path, or bind the token or the account to a session',
}

/** Milliseconds, to the microsecond. */
function elapsed(started: number): number {
  return Math.round((performance.now() - started) * 1_000) / 1_000
}
