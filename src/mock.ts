import { nearestAre } from './base/nearest.ts'
import { refusal } from './base/refusal.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Express } from 'express'
import type { Send } from './client/ask.ts'
import { type Client, createClient } from './client/client.ts'
import { type FindNearest, nearestAmong } from './contract/nearest.ts'
import { servingOf } from './available.ts'
import type { BundledOptions } from './bundled.ts'
import type { WantedSession } from './core/behaviour.ts'
import { DEFAULT_SESSION } from './base/session-name.ts'
import { SESSION_ID, type SessionStart } from './core/session.ts'
import { DATA_VERSION } from './core/population/random.ts'
import { takesNothing } from './core/size.ts'
import { fileKind } from './document/file.ts'
import type { LoadedDocument } from './document/load.ts'
import { type SavedStart, versionsOf } from './core/scenario/saved.ts'
import type { Known } from './core/scenario/known.ts'
import { beginsTooLarge, sessionOf, type Started, startFrom } from './engine/session.ts'
import { knownBy, readScenarios, readSession, readStart, readStates, startFromSaved } from './library.ts'
import type { MockRequest, Problem } from './base/http.ts'
import { type MockOptions as CoreOptions, type ReadOptions, readOptions } from './options.ts'
import { type Serving, stampOf } from './serving.ts'
import { OptionError, StoreUnavailable, UsageError } from './base/problem.ts'
import type { Coverage } from './server/contracts.ts'
import { compileAhead, doWhenQuiet } from './server/quiet.ts'
import { createApp } from './server/app.ts'
import { createEvents } from './server/events.ts'
import { createJournal } from './server/journal.ts'
import type { Exchange } from './core/exchange.ts'
import { type Fetch, fetchWithin } from './server/fetch.ts'
import { createBindings } from './server/bindings.ts'
import { createHandler, type Handler, type HandlerSettings } from './server/handler.ts'
import { type Handled, toLine } from './server/line.ts'
import { createMetrics } from './server/metrics.ts'
import { createServers, type Tls } from './server/listen.ts'
import { corsHeaders } from './server/origin.ts'
import { createPassage, type Passage } from './server/pass.ts'
import { unkept } from './server/record.ts'
import { isControlPath } from './server/session.ts'
import { summaryOf } from './server/summary.ts'
import { kindOfStore, storeAt } from './store/open.ts'
import type { Store, Totals } from './store/store.ts'

export interface Mock extends Client {
  /** The Express app, not listening: hand it to supertest. */
  readonly app: Express
  /** What the same seed's data hangs on beside the seed. */
  readonly dataVersion: number
  /** What of the APIs' documents is not served, or not as a whole, and why: a sentence each. */
  readonly warnings: readonly string[]
  /** The APIs that it serves, with the versions of their own data. */
  readonly apis: Readonly<Record<string, number>>
  /** What `Authorization` says of somebody who is known without a login: `supplier`, `retailer`; `refused` is always refused. */
  readonly authorization: Readonly<Record<string, string>>
  /** What control requests carry where the mock listens beyond loopback: `Authorization: Bearer TOKEN`. */
  readonly controlToken: string
  /** What it has read that may change: the files of the documents of one's own that it serves, and the contracts with their folders. */
  readonly files: readonly string[]
  /** Answers a request in this process, without a socket: `fetch` for code that takes one. A request without a host is for `localhost`. */
  readonly fetch: Fetch
  /** Listens until the mock is closed, over HTTPS where `tls` is given. Port 0 picks a free one. Rejects with Node's error when the port cannot be had. */
  listen(options?: { readonly port?: number; readonly host?: string; readonly tls?: Tls }): Promise<Listening>
  /**
   * Serves these APIs from now on, or the same ones from their documents as they are now. Sessions go on with what they hold.
   * @throws UsageError, DocumentError for what cannot be served; then all stays as it was
   */
  reload(apis?: MockOptions['apis']): Promise<void>
  /**
   * Says from now on that it is about to stop: `GET /__mock/health/ready` answers 503, and connections close behind their next answer. All
   * else is answered as before, until `close`.
   */
  drain(): void
  /** Finishes what is in flight and stops. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Listening {
  readonly url: string
  readonly port: number
  /** Who may use control routes: whoever is on this machine, who has the control token, or anybody. */
  readonly control: 'loopback' | 'token' | 'open'
  /** Once nobody has asked for anything for a quarter of a second: what can wait, waits for it. Never, where the mock is closed before. */
  readonly quiet: Promise<void>
}

/** How many clients may follow the journal at a time. */
const MAX_LISTENERS = 100

/** So long a session may be unused where strangers can begin some, in milliseconds. */
const WEEK = 7 * 24 * 3_600_000

/** The options of a mock, and what the bundled APIs are set to. */
export type MockOptions = CoreOptions & BundledOptions

/**
 * A mock of the bundled APIs, or of others. Nothing listens until `listen` is called.
 * @throws UsageError for an option, or APIs, that cannot be; DocumentError for a document that cannot be served
 */
export async function createMock(options: MockOptions = {}): Promise<Mock> {
  requireNode()
  const serving = await servingOf(options.apis)
  const {
    access,
    journalBytes,
    sessionTimeToLive,
    maxSessions,
    maxBodyBytes,
    store: place,
    waitForStore,
    ...settings
  } = readOptions(options, serving.registry)
  const metrics = createMetrics()
  const openStore = typeof place === 'string' ? storeAt(place, waitForStore, metrics) : place
  const storeKind = typeof place === 'string' ? kindOfStore(place) : 'own'
  const onFailure = options.onFailure ?? console.error
  const onNotice = options.onNotice ?? console.info
  const onExchange = (exchange: Exchange, duration: number): void => {
    metrics.heard(exchange, duration)
    try {
      options.onRequest?.(summaryOf(exchange, duration, access.token))
    } catch (error) {
      // Whoever listens must not change what a client gets.
      onFailure(error)
    }
  }
  let isBeyond = false
  let isDraining = false
  let current: Answering | undefined
  const members = (): Serving['registry']['members'] => (current?.serving ?? serving).registry.members
  const timeToLive = (): number => sessionTimeToLive ?? (isBeyond ? WEEK : Number.POSITIVE_INFINITY)
  const journal = createJournal(
    journalBytes,
    (method, path) => current?.nearest(method, path) ?? [],
    () => (current?.serving ?? serving).registry,
  )
  const store = await openStore({
    maxSessions,
    timeToLive,
    journalBytes,
    stateBytes: settings.limits.allBytes,
    time: options.time,
    journal,
    onTrouble: (message, isOver) => (isOver === true ? onNotice : onFailure)(message),
  })
  const bindings = createBindings(store, () => ({
    others: members().flatMap(({ api }) => api.callers.bound ?? []),
    schemes: members().flatMap(({ api }) => api.callers.scheme ?? []),
  }))
  const events = createEvents(journal, store, MAX_LISTENERS)
  const closing = new AbortController()
  const real = options.time ?? Date.now
  const shared: Shared = {
    store,
    storeKind,
    isDraining: () => isDraining,
    metrics: async () =>
      metrics.text({
        version: readVersion(),
        store: storeKind,
        totals: await totalsOf(store),
        held: store.held(),
        journalBytes: journal.bytes,
        followers: events.count,
        isDraining,
        started: performance.timeOrigin / 1_000,
        residentBytes: process.memoryUsage.rss(),
        cpuSeconds: cpuSeconds(),
      }),
    bindings,
    journal,
    events,
    closing: closing.signal,
    controlToken: access.token,
    real,
    onFailure,
    onExchange,
  }
  current = await answeringOf(serving, options, shared)
  const answering = (): Answering => current ?? unanswered()
  let requests = 0
  const handle: Handler = (...asked) => {
    requests++
    return answering().handle(...asked)
  }
  /** What never comes to a session is told all the same. */
  const refuse = (request: MockRequest, problem: Problem): Handled => {
    const handled = toLine(refusal(problem), real(), isControlPath(request.path))
    onExchange(unkept(request, handled, handled.now), 0)
    return handled
  }
  const servers = createServers({ refuse, cors: (origin, at) => corsHeaders(origin, at, settings) })
  const app = createApp({
    handle,
    needsToken: (socket) => !access.isOpen && servers.isBeyond(socket),
    cors: (origin, isControl, socket) => corsHeaders(origin, { isControl, isBeyond: servers.isBeyond(socket) }, settings),
    refuse,
    maxBodyBytes,
    onFailure,
  })
  const close = async (): Promise<void> => {
    events.close()
    closing.abort()
    await servers.close()
    answering().passage?.sender.close()
    await store.close()
  }
  return {
    ...createClient(sendWithin(handle)),
    app,
    dataVersion: DATA_VERSION,
    get warnings() {
      return answering().serving.left
    },
    get apis() {
      return versionsOf(answering().serving.registry)
    },
    get files() {
      const { serving, contracts } = answering()
      return [...serving.documents.flatMap((document) => filesOf(document)), ...contracts]
    },
    get authorization() {
      return Object.fromEntries(
        members().flatMap(({ api: { callers } }) =>
          Object.entries(callers.tokens ?? {}).map(([who, token]) => [who, `${callers.scheme ?? 'Bearer'} ${token}`]),
        ),
      )
    },
    controlToken: access.token,
    fetch: fetchWithin(handle, maxBodyBytes),
    async listen({ port = 4010, host = '127.0.0.1', tls } = {}) {
      const bound = await servers.listen(app, port, host, tls)
      isBeyond ||= bound.isBeyond
      const quiet = Promise.withResolvers<void>()
      const waiting = function* (): Generator<void> {
        yield quiet.resolve()
        const served = answering()
        const documents = [...served.serving.services, served.serving.control].map(({ contract }) => contract.operations)
        yield* compileAhead(documents, () => served === current)
      }
      doWhenQuiet(
        waiting(),
        () => requests,
        () => closing.signal.aborted,
      )
      const control = bound.isBeyond ? (access.isOpen ? 'open' : 'token') : 'loopback'
      return { url: bound.url, port: bound.port, control, quiet: quiet.promise }
    },
    async reload(apis = options.apis) {
      const next = await answeringOf(await servingOf(apis), { ...options, ...(apis && { apis }) }, shared)
      answering().passage?.sender.close()
      current = next
      await bringUpToDate(store, next)
    },
    drain() {
      isDraining = true
      servers.drain()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** How much there is in a store that can be written; undefined where it cannot be reached. */
async function totalsOf(store: Store): Promise<Totals | undefined> {
  try {
    const [totals] = await Promise.all([store.totals(), store.check()])
    return totals
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined
    throw error
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

function unanswered(): never {
  throw new Error('the mock is not put together yet')
}

/** What outlives the documents that requests are answered from. */
interface Shared extends Pick<
  HandlerSettings,
  | 'store'
  | 'storeKind'
  | 'isDraining'
  | 'metrics'
  | 'bindings'
  | 'journal'
  | 'events'
  | 'closing'
  | 'controlToken'
  | 'real'
  | 'onFailure'
  | 'onExchange'
> {}

/** APIs that answer. */
interface Answering {
  readonly serving: Serving
  readonly handle: Handler
  readonly nearest: FindNearest
  readonly passage: Passage | undefined
  /** What sessions begin from, where nothing is said. */
  readonly base: SessionStart
  /** Tells them from others. */
  readonly apis: string
  /** Where contracts were read from, files and folders. */
  readonly contracts: readonly string[]
}

/** @throws UsageError for what cannot go with these APIs */
async function answeringOf(serving: Serving, options: MockOptions, shared: Shared): Promise<Answering> {
  const { registry, services, control, providerStates } = serving
  const { base, sendsOn, access: _, store: place, contracts: pacts, ...settings } = readOptions(options, registry)
  const { real } = shared
  const scenarios = await readScenarios(options.scenarios, base, serving)
  const known = async (): Promise<Known> => knownBy(await scenarios(), serving)
  const defaults = options.scenario === undefined ? base : await readStart(options.scenario, base, await known())
  const loaded = options.session === undefined ? undefined : await readSession(options.session, base, await known(), real())
  for (const [option, start] of [
    ['scenario', defaults],
    ['session', loaded],
  ] as const) {
    if (!start) continue
    isHeldAnyway(start)
    const problem = options[option] === undefined ? undefined : beginsTooLarge(start, settings.limits, real(), registry)
    if (problem) throw new OptionError(option, `${problem.detail}; ${problem.fix ?? ''}`)
  }
  const nearest = nearestAmong(() =>
    [...services, control, providerStates].flatMap(({ contract: { base, operations }, member, nameOf }) =>
      operations.map(({ id, method, template }) => ({ api: member.api.name, operation: nameOf(id), method, path: base + template })),
    ),
  )
  const started = new Map<string, Started>()
  /** Scenarios are placed to be tried: once for each name. */
  const startFromWanted = async (wanted: WantedSession, at: number): Promise<Started> => {
    if (loaded && wanted.name === DEFAULT_SESSION && Object.keys(wanted).length === 1) return { kind: 'started', start: loaded }
    if (wanted.state !== undefined) return startedFrom(await startFromSaved(wanted.state, base, await known(), at))
    const { scenario, seed, clock, assume } = wanted
    const name = typeof scenario === 'string' && seed === undefined && clock === undefined && assume === undefined ? scenario : undefined
    const before = name === undefined ? undefined : started.get(name)
    if (before) return before
    // To read what comes with the APIs takes longer than all else of a session's first request: only where a scenario is named.
    const made = startFrom(wanted, base, defaults, scenario === undefined ? knownBy(new Map(), serving) : await known(), at)
    if (name !== undefined && made.kind === 'started') {
      started.set(name, made)
      isHeldAnyway(made.start)
    }
    return made
  }
  const states = await readStates(options.states, defaults, serving, (scenario) => startFromWanted({ scenario }, real()))
  const { coverage, files } = await contractsOf(pacts, serving.documents)
  // What lives no longer than this process was made by its APIs.
  const apis = place === 'memory' ? '' : stampOf(serving)
  const passage = passageOf(sendsOn, settings.maxBodyBytes, serving)
  const handle = createHandler({
    ...settings,
    ...shared,
    passage,
    maxSessionBytes: options.maxSessionBytes,
    apis,
    scenarios,
    startFrom: startFromWanted,
    control,
    providerStates,
    states,
    coverage,
    services,
    registry,
    defaults,
    startOf: (name) => (name === DEFAULT_SESSION ? (loaded ?? defaults) : defaults),
    version: readVersion(),
    dataVersion: DATA_VERSION,
    delay: options.delay ?? delayByTimer,
    nearest,
  })
  return { serving, handle, nearest, passage, base, apis, contracts: files }
}

/**
 * What contracts rely on. They are read at once: a bad one is found at the start. Where there are none, this room loads nothing for them, and
 * compares nothing, before somebody asks which answers are documented.
 * @throws OptionError for contracts that cannot be read, or that are about none of the documents
 */
async function contractsOf(
  pacts: readonly string[],
  own: readonly LoadedDocument[],
): Promise<{ readonly coverage: () => Promise<Coverage>; readonly files: readonly string[] }> {
  const read = async (): Promise<Coverage & { readonly files: readonly string[] }> => {
    const { coverContracts } = await import('./verification/coverage.ts')
    return { contracts: pacts, ...(await coverContracts({ pacts, own, remedy: 'serve the document that they are about' })) }
  }
  let found: ReturnType<typeof read> | undefined
  const coverage = (): ReturnType<typeof read> => (found ??= read())
  if (pacts.length === 0) return { coverage, files: [] }
  try {
    const { files } = await coverage()
    // What comes into a folder changes the folder. What was read of a pipe is gone.
    return { coverage, files: [...pacts, ...files].filter((file) => ['file', 'folder'].includes(fileKind(file))) }
  } catch (error) {
    throw error instanceof UsageError ? new OptionError('contracts', error.message) : error
  }
}

/** @throws OptionError for an operation that there is not */
function passageOf(sendsOn: ReadOptions['sendsOn'], maxBodyBytes: number, { operations }: Serving): Passage | undefined {
  const strange = Object.keys(sendsOn.pass ?? {}).find((operation) => !operations.has(operation))
  if (strange !== undefined)
    throw new OptionError('pass', `there is no operation "${strange}"; ${nearestAre(strange, [...operations.keys()])}`)
  return createPassage({ ...sendsOn, maxBytes: PASSED * maxBodyBytes })
}

/** An answer of another service is read up to this many times what a request may have. */
const PASSED = 10

/** Sessions that have begun before are set, beside what they were set to, to what the APIs can be set to now. */
async function bringUpToDate(store: Store, { base: { settings, assumptions }, apis }: Answering): Promise<void> {
  for (const name of await store.names())
    await store.use(name, ({ world, record }) => {
      const session = sessionOf(world)
      const notes = record && record.notes.apis !== apis ? { apis } : undefined
      const lacks = (now: object, then: object): boolean => Object.keys(now).some((one) => !Object.hasOwn(then, one))
      if (!session || !(lacks(settings, session.settings) || lacks(assumptions, session.assumptions)))
        return { changes: [], notes, result: undefined }
      const to = { ...session, settings: { ...settings, ...session.settings }, assumptions: { ...assumptions, ...session.assumptions } }
      return { changes: [{ kind: 'session', id: SESSION_ID, to }], notes, result: undefined }
    })
}

/** The files of a document that is in some. */
function filesOf({ folder, sources }: LoadedDocument): readonly string[] {
  return folder === undefined ? [] : sources.map(({ uri }) => join(folder, uri))
}

function startedFrom(read: SavedStart): Started {
  if (read.kind === 'start') return { kind: 'started', start: read.start }
  const issues = read.issues.map(({ at, message, fix }) => ({
    at: `/body/state${at}`,
    rule: 'session-unloadable',
    message,
    ...(fix !== undefined && { fix }),
  }))
  const detail = issues.map(({ at, message }) => `${at} ${message}`).join('; ')
  return { kind: 'refused', problem: { code: 'session-unloadable', detail, issues } }
}

function delayByTimer(milliseconds: number, over: () => void): () => void {
  const timer = setTimeout(over, milliseconds)
  return () => clearTimeout(timer)
}

/** What sessions refer to in it does not count as their memory. */
function isHeldAnyway(start: SessionStart): void {
  for (const value of [start, start.assumptions, start.settings, start.faults]) takesNothing(value)
}

/** Control requests of this process need no port. */
function sendWithin(handle: Handler): Send {
  return async ({ method, path, query, body, host = 'localhost' }) => {
    // A test that asks until something has happened must let it happen.
    await nextTurn()
    const headers = { host, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const { status, text } = await handle(
      { method, path, query, headers, body: body === undefined ? { kind: 'none' } : { kind: 'text', text: body }, prefix: '' },
      false,
    )
    return { status, text }
  }
}

/** Older ones lack what is used here, and would fail in the middle of a request. */
function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 18))
    throw new UsageError(
      `allocation-mock needs Node 24.18 or newer; this is ${process.version}. "npm i -D node@24" brings one for npm scripts`,
    )
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0'
}
