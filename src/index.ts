import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Express } from 'express'
import { checkData } from './contract/data.ts'
import { nearestRoutes } from './contract/nearest.ts'
import { createContract, type Contract } from './contract/operation.ts'
import { assume, type Assumptions, ASSUMPTIONS, nearest } from './domain/assumption.ts'
import type { Behaviour, Dialect } from './domain/behaviour.ts'
import { timeOf } from './domain/clock.ts'
import { controlDialect } from './domain/control/dialect.ts'
import { controlBehaviours, type ServedApi, stateBehaviours } from './domain/control/operations.ts'
import {
  DEFAULT_SESSION,
  type NamedToken,
  type SessionDefaults,
  type SessionSettings,
  beginSession,
  isSessionName,
} from './domain/control/session.ts'
import { omsDialect } from './domain/oms/dialect.ts'
import { omsBehaviours } from './domain/oms/operations.ts'
import { DATA_VERSION } from './domain/random.ts'
import { REFUSED_TOKEN, RETAILER_TOKEN, supplierDialect } from './domain/supplier/dialect.ts'
import { type Data, place } from './domain/scenario.ts'
import { checkStates, matchState, type StateDefinition } from './domain/state.ts'
import { supplierBehaviours } from './domain/supplier/operations.ts'
import { RETAILERS, SUPPLIERS } from './domain/supplier/population.ts'
import { worldOf } from './domain/world.ts'
import { createService, type Service } from './engine/respond.ts'
import type { Issue, MockRequest, Problem } from './http.ts'
import { loadBundled, loadDocument, type LoadedDocument } from './load.ts'
import { DocumentError, UsageError } from './problem.ts'
import { createApp } from './server/app.ts'
import { createEvents } from './server/events.ts'
import { isLoopback } from './server/guard.ts'
import { createJournal, type Exchange } from './server/journal.ts'
import { createHandler, type Handler } from './server/handler.ts'
import { memoryStore } from './store/memory.ts'
import type { Store } from './store/store.ts'

export { UsageError } from './problem.ts'
export { compareContracts, coverContracts, verifyContracts } from './contracts.ts'
export type { ContractOptions, Covered, Report, Row, VerifyContractsOptions } from './contracts.ts'
export type { Change, World } from './domain/world.ts'
export type { Data } from './domain/scenario.ts'
export type { StateDefinition } from './domain/state.ts'
export type { SessionName } from './domain/control/session.ts'
export type { Store, Work } from './store/store.ts'

export interface MockOptions {
  /** What all data is a function of. Any text; `1` unless said otherwise. */
  readonly seed?: string | number
  /** Freezes every session's clock: RFC 3339, or a Date. */
  readonly now?: string | Date
  /** How many orders the supplier API starts with, up to 10^9. */
  readonly orders?: number
  /** How many allocations each OMS account starts with, up to 10^9. */
  readonly allocations?: number
  /** Other choices where the documents are silent: `{ 'oms.cancel.again': '200' }`. */
  readonly assume?: Readonly<Record<string, string>>
  /** What every session holds beside its population: a YAML or JSON file, or what would stand in one. `spec/scenario.schema.json` says what. */
  readonly data?: string | Data
  /** Provider states beside the bundled ones: a YAML or JSON file, or what would stand in one. `spec/states.schema.json` says what. */
  readonly states?: string | States
  /** Refuses what the documents do not declare, and checks every answer. */
  readonly strict?: boolean
  /** Answers 500 instead of anything that does not fit the document. On unless said otherwise. */
  readonly checkReplies?: boolean
  /** Refuses requests that name no session. */
  readonly requireSession?: boolean
  /** Tokens of suppliers: `TOKEN` for the first, `TOKEN=2` for the second. */
  readonly supplierTokens?: readonly string[]
  /** Tokens of retailers, written the same way. */
  readonly retailerTokens?: readonly string[]
  /** Names under which control routes may be called, beside loopback and IP addresses. */
  readonly allowHosts?: readonly string[]
  /** Who may use control routes of a mock that listens beyond loopback: who has the token, or anybody. */
  readonly control?: 'token' | 'open'
  /** The token for control routes; a new one each time unless said otherwise. */
  readonly controlToken?: string
  /** How large a request body may be, in bytes. */
  readonly maxBodyBytes?: number
  /** How many sessions there may be at a time. */
  readonly maxSessions?: number
  /** How many bytes of past requests are kept. */
  readonly journalBytes?: number
  /** Where sessions live; in memory unless said otherwise. */
  readonly store?: Store
  /** Hears of each request to the APIs once its answer is known. */
  readonly onRequest?: (summary: RequestSummary) => void
  /** Hears of failures of the mock's own; `console.error` unless said otherwise. */
  readonly onFailure?: (error: unknown) => void
}

/** One request in short: what a log line says. */
export interface RequestSummary {
  readonly id: string
  readonly session: string
  readonly status: number
  readonly method: string
  readonly path: string
  readonly operation?: string
  /** Milliseconds. */
  readonly duration: number
  /** Why it was refused, and what would do. */
  readonly problem?: Problem
  /** What the document does not declare. */
  readonly warnings: readonly Issue[]
  /** The assumption that shaped the answer. */
  readonly assumption?: string
  /** Where the explanation of a refusal can be read. */
  readonly explain?: string
}

export interface Mock {
  /** The Express app, not listening: hand it to supertest. */
  readonly app: Express
  /** What the same seed's data hangs on beside the seed. */
  readonly dataVersion: number
  /** The token that is always the first retailer's; every other one that is not named is the first supplier's. */
  readonly retailerToken: string
  /** What control requests carry where the mock listens beyond loopback: `Authorization: Bearer TOKEN`. */
  readonly controlToken: string
  /** Listens until the mock is closed. Port 0 picks a free one. Rejects with Node's error when the port cannot be had. */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<Listening>
  /** A session by name. It begins with its first request. */
  session(name?: string): MockSession
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

/** A session as tests use it: a thin caller of the control API. */
export interface MockSession {
  readonly name: string
  /** What a request has to carry to belong to the session. */
  readonly headers: { readonly 'Mock-Session': string }
  reset(): Promise<void>
  drop(): Promise<void>
  entities(filter?: {
    readonly kind?: EntityKind
    readonly status?: string
    readonly changed?: boolean
    readonly account?: string
    readonly stage?: string
    readonly offset?: number
    readonly limit?: number
  }): Promise<EntityPage>
  examples(filter?: {
    readonly account?: string
    readonly stage?: string
    readonly token?: string
    readonly host?: string
  }): Promise<readonly ExampleRequest[]>
  requests(filter?: { readonly refused?: boolean; readonly limit?: number }): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export type EntityKind = 'order' | 'allocation' | 'oms-order' | 'shipment' | 'stock'

export interface EntityPage {
  readonly total: number
  readonly entities: readonly {
    readonly kind: EntityKind
    readonly id: string
    readonly account?: string
    readonly changed: boolean
    readonly entity: Readonly<Record<string, unknown>>
  }[]
}

/** A request that succeeds now. */
export interface ExampleRequest {
  readonly api: string
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly curl: string
}

/** How many clients may follow the journal at a time. */
const MAX_LISTENERS = 100
const MAX_POPULATION = 1_000_000_000
const MIB = 1_048_576

/** The APIs that come with the mock: a document, its behaviours, its dialect. */
const APIS: readonly { document: string; behaviours: Readonly<Record<string, Behaviour>>; dialect: Dialect; scheme: string }[] = [
  { document: 'supplier-orders', behaviours: supplierBehaviours, dialect: supplierDialect, scheme: 'Token' },
  { document: 'oms-allocations', behaviours: omsBehaviours, dialect: omsDialect, scheme: 'Bearer' },
]

/**
 * A mock of the bundled APIs. Nothing listens until `listen` is called.
 * @throws UsageError for an option that cannot be; DocumentError for a document that cannot be served
 */
export async function createMock(options: MockOptions = {}): Promise<Mock> {
  requireNode()
  refuseUnknown(options)
  const settings = readDefaults(options)
  const defaults: SessionDefaults = { ...settings, data: await readData(options.data, settings) }
  const onFailure = options.onFailure ?? console.error
  const served = await Promise.all(APIS.map(async (api) => ({ ...api, contract: await bundledContract(api.document) })))
  const services = served.map(({ contract, behaviours, dialect }) => createService(contract, behaviours, dialect))
  const control = createService(await bundledContract('control'), controlBehaviours(served.map(servedApi)), controlDialect)
  const providerStates = createService(await bundledContract('provider-states'), stateBehaviours, controlDialect)
  const states = await readStates(options.states, settings)
  const routes = services.flatMap(({ contract: { name, base, operations } }) =>
    operations.map(({ id, method, template }) => ({ api: name, operation: id, method, path: base + template })),
  )
  const store = options.store ?? memoryStore()
  const strict = options.strict ?? false
  const journal = createJournal(wholeNumber('journalBytes', options.journalBytes ?? 8 * MIB, Number.MAX_SAFE_INTEGER), (method, path) =>
    nearestRoutes(method, path, routes),
  )
  const events = createEvents(journal, MAX_LISTENERS)
  const access = readControl(options)
  const handle = createHandler({
    control,
    providerStates,
    states,
    services,
    store,
    defaults,
    strict,
    journal,
    events,
    checkReplies: options.checkReplies ?? true,
    requireSession: options.requireSession ?? false,
    maxSessions: wholeNumber('maxSessions', options.maxSessions ?? 10_000, 1_000_000),
    allowedHosts: (options.allowHosts ?? []).map((host) => host.toLowerCase()),
    controlToken: access.token,
    version: readVersion(),
    dataVersion: DATA_VERSION,
    real: Date.now,
    onFailure,
    onExchange(exchange) {
      try {
        options.onRequest?.(summary(exchange))
      } catch (error) {
        // Whoever listens must not change what a client gets.
        onFailure(error)
      }
    },
  })
  /** Whether the server of a connection listens beyond loopback; of a server that is not ours the connection's own address says it. */
  const beyond = new WeakMap<Socket, boolean>()
  const app = createApp({
    handle,
    needsToken: (socket) => !access.isOpen && (beyond.get(socket) ?? !isLoopback(socket.localAddress ?? '')),
    maxBodyBytes: wholeNumber('maxBodyBytes', options.maxBodyBytes ?? MIB, 1_000 * MIB),
    onFailure,
  })
  const stops = new Set<() => Promise<void>>()
  const close = async (): Promise<void> => {
    events.close()
    await Promise.all([...stops].map((stopOne) => stopOne()))
    stops.clear()
    await store.close()
  }
  return {
    app,
    dataVersion: DATA_VERSION,
    retailerToken: RETAILER_TOKEN,
    controlToken: access.token,
    async listen({ port = 4010, host = '127.0.0.1' } = {}) {
      const busy = new Set<Socket>()
      const server = createServer((request, response) => {
        // While it closes, a connection that is kept alive would go on bringing requests.
        if (!server.listening) response.setHeader('Connection', 'close')
        busy.add(request.socket)
        response.once('close', () => busy.delete(request.socket))
        app(request, response)
      })
      const sockets = new Set<Socket>()
      let isBeyond = true
      server.on('connection', (socket) => {
        sockets.add(socket)
        beyond.set(socket, isBeyond)
        socket.once('close', () => sockets.delete(socket))
      })
      const { port: bound, address } = await start(server, port, host)
      isBeyond = !isLoopback(address)
      stops.add(() => stop(server, sockets, busy))
      compileWhenIdle([...services, control])
      return { url: `http://${nameOf(host)}:${bound}`, port: bound, control: isBeyond ? (access.isOpen ? 'open' : 'token') : 'loopback' }
    },
    session: (name = DEFAULT_SESSION) => createSession(name, handle),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const contracts = new Map<string, Promise<Contract>>()

/** Mocks of one process share the contracts, which never change: reading them and compiling their schemas is most of what a mock costs. */
function bundledContract(name: string): Promise<Contract> {
  const contract = contracts.get(name) ?? loadBundled(name).then((loaded) => createContract(loaded))
  contracts.set(name, contract)
  return contract
}

/** Older ones lack what is used here, and would fail in the middle of a request. */
function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 24 || (major === 24 && minor < 18))
    throw new UsageError(
      `allocation-mock needs Node 24.18 or newer; this is ${process.version}. "npm i -D node@24" brings one for npm scripts`,
    )
}

const OPTIONS = [
  'seed',
  'now',
  'orders',
  'allocations',
  'assume',
  'data',
  'states',
  'strict',
  'checkReplies',
  'requireSession',
  'supplierTokens',
  'retailerTokens',
  'allowHosts',
  'control',
  'controlToken',
  'maxBodyBytes',
  'maxSessions',
  'journalBytes',
  'store',
  'onRequest',
  'onFailure',
] as const satisfies readonly (keyof MockOptions)[]

function refuseUnknown(options: MockOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((option) => option === name))
  if (unknown !== undefined) throw new UsageError(`unknown option "${unknown}"; there are ${nearest(unknown, OPTIONS).join(', ')}`)
}

function readDefaults({
  seed = '1',
  now,
  orders = 1_000,
  allocations = 1_000,
  assume: choices = {},
  supplierTokens = [],
  retailerTokens = [],
}: MockOptions): SessionSettings {
  const assumptions = readAssumptions(choices)
  const tokens = [
    ...supplierTokens.map((text) => readToken(text, 'supplier', SUPPLIERS)),
    ...retailerTokens.map((text) => readToken(text, 'retailer', RETAILERS)),
  ]
  const twice = tokens.find(({ token }, index) => tokens.findIndex((other) => other.token === token) < index)
  if (twice) throw new UsageError(`the token "${twice.token}" is named twice; a token is one supplier's or one retailer's`)
  return {
    seed: String(seed),
    clock: now === undefined ? { kind: 'real' } : { kind: 'frozen', at: readTime(now) },
    orders: wholeNumber('orders', orders, MAX_POPULATION),
    allocations: wholeNumber('allocations', allocations, MAX_POPULATION),
    assumptions,
    tokens,
  }
}

/** Where own data comes from: a file, whose lines can be named, or the value itself. */
async function loadData(data: string | object, option: string): Promise<LoadedDocument> {
  if (typeof data !== 'string') return { name: option, sources: [{ uri: option, content: data, lineOf: () => undefined }] }
  try {
    return await loadDocument(data)
  } catch (error) {
    throw error instanceof DocumentError ? new UsageError(`${option}: ${error.message}`) : error
  }
}

/** @throws UsageError that names every place where the data do not fit their schema, or are impossible */
async function readData(data: string | Data | undefined, settings: SessionSettings): Promise<Data> {
  if (data === undefined) return {}
  const loaded = await loadData(data, 'data')
  const schema = await loadDocument(beside('spec/scenario.schema.json'))
  refuseIssues(loaded, checkData(loaded, schema).map(withNames), 'data')
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const content = (loaded.sources[0]?.content ?? {}) as Data
  const session = beginSession(settings, Date.now())
  const placed = place(content, { world: worldOf([]), session, now: timeOf(session.clock, Date.now()) })
  if (placed.kind === 'refused') refuseIssues(loaded, placed.issues, 'data')
  return content
}

/** What a states file holds. */
export interface States {
  readonly states: readonly StateDefinition[]
}

/**
 * The bundled provider states, read when a verifier first asks, with a team's own before them. Own ones are read at once, and each whose
 * parameters have defaults is tried: a file that cannot be is no surprise in the middle of a run.
 */
async function readStates(own: string | States | undefined, settings: SessionSettings): Promise<() => Promise<readonly StateDefinition[]>> {
  const before = own === undefined ? [] : await loadStates(own, settings)
  return async () => {
    bundledStates ??= loadStates(beside('fixtures/states.yaml'), undefined)
    const bundled = await bundledStates
    return before.length === 0 ? bundled : [...before, ...bundled.filter(({ state }) => !before.some((one) => one.state === state))]
  }
}

let bundledStates: Promise<readonly StateDefinition[]> | undefined

/** A provider state asked for; `known` holds the nearest texts where nobody knows it. */
export interface FoundState {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly known: readonly string[] | undefined
}

/** Which of these provider states the bundled ones, or a team's own, know. */
export async function findStates(
  wanted: readonly Pick<FoundState, 'state' | 'params'>[],
  own?: string | States,
): Promise<readonly FoundState[]> {
  const states = await (await readStates(own, readDefaults({})))()
  return wanted.map(({ state, params }) => {
    const matched = matchState(states, state, params)
    return { state, params, known: matched.kind === 'unknown' ? matched.known : undefined }
  })
}

/** @throws UsageError that names every place where the states do not fit their schema, or cannot be set up */
async function loadStates(own: string | States, settings: SessionSettings | undefined): Promise<readonly StateDefinition[]> {
  const loaded = await loadData(own, 'states')
  const schema = await loadDocument(beside('spec/states.schema.json'))
  refuseIssues(loaded, checkData(loaded, schema).map(withNames), 'states')
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { states } = (loaded.sources[0]?.content ?? { states: [] }) as States
  refuseIssues(loaded, checkStates(states), 'states')
  if (settings) {
    const session = beginSession(settings, Date.now())
    const scene = { world: worldOf([]), session, now: timeOf(session.clock, Date.now()) }
    const issues = states.flatMap((definition, index) => {
      const { state } = definition
      const matched = matchState([definition], state, {})
      const placed = matched.kind === 'state' ? place(matched.data, scene) : undefined
      return placed?.kind === 'refused'
        ? placed.issues.map((issue) => ({ ...issue, at: `/states/${index}/exists${issue.at}`, message: `${issue.message} ("${state}")` }))
        : []
    })
    refuseIssues(loaded, issues, 'states')
  }
  return states
}

function beside(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** An unknown name is told with the known ones. */
function withNames(issue: Issue): Issue {
  return issue.rule === 'additionalProperties' ? { ...issue, fix: known(issue) } : issue
}

function refuseIssues(
  { sources: [source] }: LoadedDocument,
  issues: readonly Pick<Issue, 'at' | 'message' | 'fix'>[],
  option: string,
): void {
  if (issues.length === 0) return
  const lines = issues.map(({ at, message, fix }) => {
    const line = source?.lineOf(at)
    return `${source?.uri ?? option}${line === undefined ? '' : `:${line}`}: ${at === '' ? 'it' : at} ${message}${fix === undefined ? '' : `; ${fix}`}`
  })
  throw new UsageError(`${option}: ${lines.join('\n')}`)
}

/** The names that would do, the most similar first. */
function known({ at, wanted }: Issue): string {
  const names = [wanted].flat().map(String)
  return `there ${names.length === 1 ? 'is' : 'are'} ${nearest(at.slice(at.lastIndexOf('/') + 1), names).join(', ')}`
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
 * @throws UsageError for a choice that is unknown
 */
export function assumptionList(choices: Readonly<Record<string, string>> = {}): readonly AssumptionRow[] {
  const chosen: ReadonlyMap<string, string> = new Map(Object.entries(readAssumptions(choices)))
  return Object.entries(ASSUMPTIONS).map(([name, { values, question, reason, source }]) => {
    const value = chosen.get(name) ?? values[0]
    return { name, value, alternatives: values.filter((other) => other !== value), question, reason, source }
  })
}

function readAssumptions(choices: Readonly<Record<string, string>>): Assumptions {
  const assumed = assume(choices)
  if (assumed.kind === 'unknown')
    throw new UsageError(`unknown ${assumed.what}; there ${assumed.known.length === 1 ? 'is' : 'are'} ${assumed.known.join(', ')}`)
  return assumed.assumptions
}

/** The day must be one: JavaScript reads February 30 as March 2. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10)
  const time = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day)
}

function readTime(now: string | Date): number {
  const form = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/
  const time = typeof now !== 'string' ? now.getTime() : form.test(now) && isDay(now) ? Date.parse(now) : Number.NaN
  // RFC 3339 writes years with four digits; and the population's dates lie up to 90 days before the clock.
  if (Number.isNaN(time) || time < Date.parse('1970-06-01') || time > Date.parse('9999-01-01'))
    throw new UsageError(`now is "${String(now)}"; give a time like 2026-01-31T12:00:00Z, from 1970-06-01 on`)
  return time
}

function readToken(text: string, kind: NamedToken['kind'], count: number): NamedToken {
  const [, token = '', number] = /^(.*?)(?:=(\d+))?$/s.exec(text) ?? []
  if (token === REFUSED_TOKEN)
    throw new UsageError(`${kind} token "${token}": that one is always refused, so that clients can meet a 401; take another`)
  const organization = number === undefined ? 1 : Number(number)
  if (!/^[\x21-\x7e]+$/.test(token) || organization < 1 || organization > count)
    throw new UsageError(`${kind} token "${text}": give TOKEN, or TOKEN=NUMBER with a number from 1 to ${count}`)
  return { token, kind, organization }
}

function readControl({ control = 'token', controlToken }: MockOptions): { readonly isOpen: boolean; readonly token: string } {
  if (control !== 'token' && control !== 'open') throw new UsageError(`control is "${String(control)}"; give token or open`)
  if (controlToken === undefined) return { isOpen: control === 'open', token: randomBytes(18).toString('base64url') }
  if (control === 'open') throw new UsageError('control is "open", and a control token is given; leave one of them out')
  // It stands in paths as it is. The value met is a secret.
  if (!/^[\w.~-]{8,128}$/.test(controlToken))
    throw new UsageError('control token: give 8 to 128 letters, digits, dots, underscores, tildes and hyphens')
  return { isOpen: false, token: controlToken }
}

function wholeNumber(name: string, value: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > most)
    throw new UsageError(`${name} is ${value}; give a whole number from 0 to ${most}`)
  return value
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '0.0.0'
}

function servedApi({
  contract,
  behaviours,
  dialect,
  scheme,
}: {
  contract: Contract
  behaviours: Readonly<Record<string, Behaviour>>
  dialect: Dialect
  scheme: string
}): ServedApi {
  const methods = new Map(contract.operations.map(({ id, method }) => [id, method]))
  return { name: contract.name, base: contract.base, behaviours, dialect, scheme, methodOf: (operation) => methods.get(operation) }
}

/** What stands in a URL for the address listened on: one that means every address is no place to go. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return isIPv6(host) ? `[${host}]` : host
}

function start(server: Server, port: number, host: string): Promise<{ readonly port: number; readonly address: string }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address : { port, address: host })
    })
  })
}

/** How long requests in flight may take to finish, in milliseconds. */
const GRACE = 5_000

/** Ends at once what has no request in flight: a browser's spare connection, a half-sent request. What is in flight may finish. */
function stop(server: Server, sockets: ReadonlySet<Socket>, busy: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
  })
}

/** One operation at a time, when nothing else is to do. What does not compile says so when it is called. */
function compileWhenIdle(services: readonly Service[]): void {
  const waiting = services.flatMap(({ contract }) => contract.operations)
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

function summary({
  id,
  session,
  status,
  method,
  path,
  operation,
  duration,
  problem,
  warnings,
  assumption,
  explain,
}: Exchange): RequestSummary {
  return {
    id,
    session,
    status,
    method,
    path,
    duration,
    warnings,
    ...(operation !== undefined && { operation }),
    ...(problem && { problem }),
    ...(assumption !== undefined && { assumption }),
    ...(explain !== undefined && { explain }),
  }
}

function createSession(name: string, handle: Handler): MockSession {
  if (!isSessionName(name))
    throw new UsageError(`"${name}" is no name for a session; take 1 to 64 letters, digits, dots, underscores and hyphens`)
  const control = async <T>(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number | boolean | undefined>> = {},
    host = 'localhost',
    harmless: readonly number[] = [],
  ): Promise<T> => {
    const pairs = Object.entries(query).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]))
    const request: MockRequest = {
      method,
      path: `/__mock${path}`,
      query: new URLSearchParams(pairs).toString(),
      headers: { host },
      body: { kind: 'none' },
      prefix: '',
    }
    const { status, text } = await handle(request, false)
    if (status >= 400 && !harmless.includes(status)) throw new UsageError(`${method} /__mock${path}: ${text ?? ''}`)
    // Its document says what an answer of the control API is like, and tests check it against the document.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (text === undefined ? undefined : JSON.parse(text)) as T
  }
  return {
    name,
    headers: { 'Mock-Session': name },
    reset: async () => void (await control('POST', `/sessions/${name}/reset`)),
    // Dropping what nobody has used is no mistake of a test that cleans up.
    drop: async () => void (await control('DELETE', `/sessions/${name}`, {}, 'localhost', [404])),
    entities: (filter = {}) => control<EntityPage>('GET', `/sessions/${name}/entities`, filter),
    examples: async ({ host, ...filter } = {}) =>
      (await control<{ examples: ExampleRequest[] }>('GET', `/sessions/${name}/examples`, filter, host)).examples,
    requests: async (filter = {}) =>
      (await control<{ requests: Readonly<Record<string, unknown>>[] }>('GET', '/requests', { session: name, ...filter })).requests,
  }
}
