import { namesAmong } from './base/names.ts'
import { refusal } from './base/refusal.ts'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Express } from 'express'
import { type Client, createClient, type Send } from './client/client.ts'
import { nearestAmong } from './contract/nearest.ts'
import { BUNDLED, BUNDLED_SCENARIOS, type BundledOptions } from './bundled.ts'
import type { Api } from './core/api.ts'
import type { AssumptionTable } from './core/assumption.ts'
import type { WantedSession } from './core/behaviour.ts'
import { DEFAULT_SESSION } from './base/session-name.ts'
import type { SessionStart } from './core/session.ts'
import { DATA_VERSION } from './core/population/random.ts'
import { takesNothing } from './core/size.ts'
import { checkOptions } from './base/option.ts'
import type { LoadedDocument } from './document/load.ts'
import { type SavedStart, versionsOf } from './core/scenario/saved.ts'
import type { Known } from './core/scenario/known.ts'
import { matchState } from './core/scenario/state.ts'
import type { Service } from './engine/service.ts'
import { beginsTooLarge, type Started, startFrom } from './engine/session.ts'
import {
  checkFiles,
  type CheckedScenario,
  knownBy,
  readScenarios,
  readSession,
  readStart,
  readStates,
  schemaFor,
  startFromSaved,
  type States,
} from './library.ts'
import type { MockRequest, Problem } from './base/http.ts'
import { MOCK_OPTIONS, type MockOptions as CoreOptions, readOptions } from './options.ts'
import { type Serving, serveApis } from './serving.ts'
import { readAssumptions } from './options/checks.ts'
import { OptionError, UsageError } from './base/problem.ts'
import { createApp } from './server/app.ts'
import { createEvents } from './server/events.ts'
import { createJournal } from './server/journal.ts'
import type { Exchange } from './recording/exchange.ts'
import { type Fetch, fetchWithin } from './server/fetch.ts'
import { createHandler, type Handler } from './server/handler.ts'
import { type Handled, toLine } from './server/line.ts'
import { createServers } from './server/listen.ts'
import { corsHeaders } from './server/origin.ts'
import { unkept } from './server/record.ts'
import { isControlPath } from './server/session.ts'
import { summaryOf } from './server/summary.ts'
import { memoryStore } from './store/memory.ts'
import { weighed } from './store/weighed.ts'

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
  /** Answers a request in this process, without a socket: `fetch` for code that takes one. A request without a host is for `localhost`. */
  readonly fetch: Fetch
  /** Listens until the mock is closed. Port 0 picks a free one. Rejects with Node's error when the port cannot be had. */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<Listening>
  /** Finishes what is in flight and stops. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Listening {
  readonly url: string
  readonly port: number
  /** Who may use control routes: whoever is on this machine, who has the control token, or anybody. */
  readonly control: 'loopback' | 'token' | 'open'
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
  const { registry, services, control, providerStates } = serving
  const { base, access, journalBytes, sessionTimeToLive, ...settings } = readOptions(options, registry)
  const real = options.time ?? Date.now
  const onFailure = options.onFailure ?? console.error
  const scenarios = await readScenarios(options.scenarios, base, serving)
  const known = async (): Promise<Known> => knownBy(await scenarios(), serving)
  const defaults = options.scenario === undefined ? base : await readStart(options.scenario, base, await known())
  const routes = [...services, control, providerStates].flatMap(({ contract: { base, operations }, member, nameOf }) =>
    operations.map(({ id, method, template }) => ({ api: member.api.name, operation: nameOf(id), method, path: base + template })),
  )
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
  const store = weighed(options.store ?? memoryStore())
  const nearest = nearestAmong(routes)
  const journal = createJournal(journalBytes, nearest, registry)
  const events = createEvents(journal, MAX_LISTENERS)
  const started = new Map<string, Started>()
  /** Scenarios are placed to be tried: once for each name. */
  const startFromWanted = async (wanted: WantedSession, at: number): Promise<Started> => {
    if (loaded && wanted.name === DEFAULT_SESSION && Object.keys(wanted).length === 1) return { kind: 'started', start: loaded }
    if (wanted.state !== undefined) return startedFrom(await startFromSaved(wanted.state, base, await known(), at))
    const { scenario, seed, clock, assume } = wanted
    const name = typeof scenario === 'string' && seed === undefined && clock === undefined && assume === undefined ? scenario : undefined
    const before = name === undefined ? undefined : started.get(name)
    if (before) return before
    const made = startFrom(wanted, base, defaults, await known(), at)
    if (name !== undefined && made.kind === 'started') {
      started.set(name, made)
      isHeldAnyway(made.start)
    }
    return made
  }
  const closing = new AbortController()
  const states = await readStates(options.states, defaults, serving, (scenario) => startFromWanted({ scenario }, real()))
  let isBeyond = false
  const onExchange = (exchange: Exchange): void => {
    try {
      options.onRequest?.(summaryOf(exchange, access.token))
    } catch (error) {
      // Whoever listens must not change what a client gets.
      onFailure(error)
    }
  }
  const handle = createHandler({
    ...settings,
    maxSessionBytes: options.maxSessionBytes,
    sessionTimeToLive: () => sessionTimeToLive ?? (isBeyond ? WEEK : Number.POSITIVE_INFINITY),
    closing: closing.signal,
    scenarios,
    startFrom: startFromWanted,
    control,
    providerStates,
    states,
    services,
    registry,
    store,
    defaults,
    startOf: (name) => (name === DEFAULT_SESSION ? (loaded ?? defaults) : defaults),
    journal,
    events,
    controlToken: access.token,
    version: readVersion(),
    dataVersion: DATA_VERSION,
    real,
    delay: options.delay ?? delayByTimer,
    onFailure,
    nearest,
    onExchange,
  })
  /** What never comes to a session is told all the same. */
  const refuse = (request: MockRequest, problem: Problem): Handled => {
    const handled = toLine(refusal(problem), real(), isControlPath(request.path))
    onExchange(unkept(request, handled, handled.now))
    return handled
  }
  const servers = createServers({ refuse, cors: (origin, at) => corsHeaders(origin, at, settings) })
  const app = createApp({
    handle,
    needsToken: (socket) => !access.isOpen && servers.isBeyond(socket),
    cors: (origin, isControl, socket) => corsHeaders(origin, { isControl, isBeyond: servers.isBeyond(socket) }, settings),
    refuse,
    maxBodyBytes: settings.maxBodyBytes,
    onFailure,
  })
  const close = async (): Promise<void> => {
    events.close()
    closing.abort()
    await servers.close()
    await store.close()
  }
  return {
    ...createClient(sendWithin(handle)),
    app,
    dataVersion: DATA_VERSION,
    warnings: serving.left,
    apis: versionsOf(registry),
    authorization: Object.fromEntries(
      registry.members.flatMap(({ api: { callers } }) =>
        Object.entries(callers.tokens ?? {}).map(([who, token]) => [who, `${callers.scheme ?? 'Bearer'} ${token}`]),
      ),
    ),
    controlToken: access.token,
    fetch: fetchWithin(handle, settings.maxBodyBytes),
    async listen({ port = 4010, host = '127.0.0.1' } = {}) {
      const bound = await servers.listen(app, port, host)
      isBeyond ||= bound.isBeyond
      compileWhenIdle([...services, control])
      return { url: bound.url, port: bound.port, control: bound.isBeyond ? (access.isOpen ? 'open' : 'token') : 'loopback' }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
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

let ofBundled: Promise<Serving> | undefined

/**
 * The APIs that are wanted, ready to be served. Mocks of one process share the bundled ones, which never change.
 * @throws UsageError for a name that no bundled API has
 */
async function servingOf(given?: CoreOptions['apis']): Promise<Serving> {
  const { apis: wanted } = checkOptions({ apis: MOCK_OPTIONS.apis }, { apis: given })
  return wanted === undefined ? (ofBundled ??= servingAll(BUNDLED.map(({ name }) => name))) : servingAll(wanted)
}

async function servingAll(wanted: readonly (Api | string)[]): Promise<Serving> {
  const names = wanted.filter((one) => typeof one === 'string')
  const unknown = names.find((name) => !BUNDLED.some((one) => one.name === name))
  if (unknown !== undefined)
    throw new OptionError('apis', `there is no bundled API "${unknown}"; there are ${BUNDLED.map(({ name }) => name).join(', ')}`)
  // Without a bundled API all of them would be there.
  const isWhole = names.length > 0 && BUNDLED.every(({ name }) => names.includes(name))
  const apis = await Promise.all(wanted.map(async (one) => (typeof one === 'string' ? await bundledApi(one) : one)))
  return serveApis(apis, isWhole ? [beside(BUNDLED_SCENARIOS)] : [])
}

async function bundledApi(name: string): Promise<Api> {
  const api = await BUNDLED.find((one) => one.name === name)?.load()
  if (!api) throw new Error(`there is no bundled API "${name}"`)
  return api
}

function beside(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** Older ones lack what is used here, and would fail in the middle of a request. */
function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 18))
    throw new UsageError(
      `allocation-mock needs Node 24.18 or newer; this is ${process.version}. "npm i -D node@24" brings one for npm scripts`,
    )
}

/** A scenario as lists have it. */
export interface ScenarioRow {
  readonly name: string
  readonly description: string
}

/**
 * The scenarios that sessions can start from: those of the APIs, and those of a folder, by name.
 * @throws UsageError that names every place where one of the folder cannot be
 */
export async function listScenarios(folder?: string, apis?: CoreOptions['apis']): Promise<readonly ScenarioRow[]> {
  const serving = await servingOf(apis)
  const scenarios = await (await readScenarios(folder, readOptions({}, serving.registry).base, serving))()
  return [...scenarios].map(([name, { description = '' }]) => ({ name, description })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Everything that is wrong with files of scenarios, which may extend one another, those of the APIs and those of a folder.
 * @throws UsageError where there is no such file, or the folder cannot be
 */
export async function checkScenarios(
  files: readonly string[],
  folder?: string,
  apis?: CoreOptions['apis'],
): Promise<readonly CheckedScenario[]> {
  const serving = await servingOf(apis)
  return checkFiles(files, folder, readOptions({}, serving.registry).base, serving)
}

/** The JSON Schema of scenarios, or of files of provider states, with the words of the APIs: for an editor. */
export async function fileSchema(of: 'scenario' | 'states', apis?: CoreOptions['apis']): Promise<unknown> {
  return schemaFor(of, (await servingOf(apis)).registry)
}

/** A provider state asked for; `known` holds the nearest texts where nobody knows it. */
export interface FoundState {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly known: readonly string[] | undefined
}

/** Which of these provider states those of the APIs, or a team's own, know. */
export async function findStates(
  wanted: readonly Pick<FoundState, 'state' | 'params'>[],
  own?: string | States,
  apis?: CoreOptions['apis'],
): Promise<readonly FoundState[]> {
  const serving = await servingOf(apis)
  const states = await (await readStates(own, readOptions({}, serving.registry).base, serving))()
  return wanted.map(({ state, params }) => {
    const matched = matchState(states, state, params, serving.registry)
    return { state, params, known: matched.kind === 'unknown' ? matched.known : undefined }
  })
}

/** One assumption with the value it has under these choices. */
export interface AssumptionRow {
  readonly name: string
  readonly value: string
  readonly alternatives: readonly string[]
  readonly question: string
  readonly reason: string
  readonly source: string
}

/**
 * What is assumed where the documents are silent; `choices` as in the option `assume`.
 * @param apis the bundled ones unless said otherwise
 * @throws OptionError for a choice that is unknown
 */
export function assumptionList(
  choices: Readonly<Record<string, string>> = {},
  apis: readonly (Pick<Api, 'assumptions'> & { readonly name?: string })[] = BUNDLED,
): readonly AssumptionRow[] {
  const knownAs = namesAmong(apis.flatMap(({ assumptions }) => Object.keys(assumptions)))
  const table: AssumptionTable = Object.fromEntries(
    apis.flatMap(({ name: api = '', assumptions }) => Object.entries(assumptions).map(([name, row]) => [knownAs(api, name), row])),
  )
  const chosen = readAssumptions(choices, table)
  return Object.entries(table).map(([name, { values, question, reason, source }]) => {
    const value = chosen[name] ?? values[0]
    return { name, value, alternatives: values.filter((other) => other !== value), question, reason, source }
  })
}

/** The same for APIs that still have to be loaded. */
export async function assumptionsOf(
  choices: Readonly<Record<string, string>> = {},
  apis?: CoreOptions['apis'],
): Promise<readonly AssumptionRow[]> {
  const { registry } = await servingOf(apis)
  return assumptionList(choices, [registry])
}

/** The versions of their data, by the names of APIs. */
export async function apiVersions(apis: CoreOptions['apis']): Promise<Readonly<Record<string, number>>> {
  return versionsOf((await servingOf(apis)).registry)
}

/** The documents of APIs. */
export async function documentsOf(apis: CoreOptions['apis']): Promise<readonly LoadedDocument[]> {
  return (await servingOf(apis)).documents
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0'
}

/** Documents with more operations compile each when it is called: most are never, and what all of them take would be hundreds of megabytes. */
const MOST_COMPILED = 100

/** One operation at a time, when nothing else is to do. What does not compile says so when it is called. */
function compileWhenIdle(services: readonly Service[]): void {
  const waiting = services.flatMap(({ contract: { operations } }) => (operations.length > MOST_COMPILED ? [] : operations))
  const next = (): void => {
    const operation = waiting.shift()
    if (!operation) return
    try {
      operation.compile()
    } catch {
      // Nothing is served unchecked: the operation answers 500 with the place.
    }
    setImmediate(next)
  }
  setImmediate(next)
}
