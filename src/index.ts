import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import type { Express } from 'express'
import { nearestRoutes } from './contract/nearest.ts'
import { createContract, type Contract } from './contract/operation.ts'
import { assume, type Assumptions, ASSUMPTIONS, nearest } from './domain/assumption.ts'
import type { Behaviour, Dialect, WantedSession } from './domain/behaviour.ts'
import { isTime, readDuration, readTime } from './domain/clock.ts'
import { controlDialect } from './domain/control/dialect.ts'
import { controlBehaviours, type ServedApi, stateBehaviours } from './domain/control/operations.ts'
import { DEFAULT_SESSION, type NamedToken, type SessionStart, isSessionName } from './domain/control/session.ts'
import { omsDialect } from './domain/oms/dialect.ts'
import { omsBehaviours } from './domain/oms/operations.ts'
import { DATA_VERSION } from './domain/random.ts'
import { REFUSED_TOKEN, RETAILER_TOKEN, supplierDialect } from './domain/supplier/dialect.ts'
import type { Known, Scenario } from './domain/scenario.ts'
import { matchState } from './domain/state.ts'
import { supplierBehaviours } from './domain/supplier/operations.ts'
import { RETAILERS, SUPPLIERS } from './domain/supplier/population.ts'
import { createService, type Service } from './engine/service.ts'
import { type Started, startFrom } from './engine/session.ts'
import type { Issue, MockRequest, Problem } from './http.ts'
import { knownBy, readScenarios, readStart, readStates, type States } from './library.ts'
import { loadBundled } from './load.ts'
import { UsageError } from './problem.ts'
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
export type { Data } from './domain/place.ts'
export type { Scenario } from './domain/scenario.ts'
export type { StateDefinition } from './domain/state.ts'
export type { States } from './library.ts'
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
  /** What every session starts from: the name of a scenario, a YAML or JSON file, or what would stand in one. `spec/scenario.schema.json` says what. */
  readonly scenario?: string | Scenario
  /** A folder of scenarios, to be named beside the bundled ones. */
  readonly scenarios?: string
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
  /** How long a session may be unused before it is dropped: `30m`. For ever unless said otherwise. */
  readonly sessionTtl?: string
  /** How many entities a session may keep. */
  readonly maxEntities?: number
  /** How many bytes of past requests are kept. */
  readonly journalBytes?: number
  /** The world's time, in milliseconds since 1970; `Date.now` unless said otherwise. */
  readonly time?: () => number
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
  const base = readBase(options)
  const real = options.time ?? Date.now
  const maxBodyBytes = wholeNumber('maxBodyBytes', options.maxBodyBytes ?? MIB, 1_000 * MIB)
  const onFailure = options.onFailure ?? console.error
  const served = await Promise.all(APIS.map(async (api) => ({ ...api, contract: await bundledContract(api.document) })))
  const services = served.map(({ contract, behaviours, dialect }) => createService(contract, behaviours, dialect))
  const operations = new Map(services.flatMap(({ contract }) => contract.operations.map((operation) => [operation.id, operation] as const)))
  const control = createService(await bundledContract('control'), controlBehaviours(served.map(servedApi), { operations }), controlDialect)
  const providerStates = createService(await bundledContract('provider-states'), stateBehaviours, controlDialect)
  const scenarios = await readScenarios(options.scenarios, base, operations)
  const known = async (): Promise<Known> => knownBy(await scenarios(), operations)
  const defaults = options.scenario === undefined ? base : await readStart(options.scenario, base, known)
  const states = await readStates(options.states, defaults)
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
  const started = new Map<string, Started>()
  /** Scenarios are placed to be tried: once for each name. */
  const startFromWanted = async (wanted: WantedSession): Promise<Started> => {
    const { scenario, seed, clock } = wanted
    const name = typeof scenario === 'string' && seed === undefined && clock === undefined ? scenario : undefined
    const before = name === undefined ? undefined : started.get(name)
    if (before) return before
    const made = startFrom(wanted, base, defaults, await known(), real())
    if (name !== undefined && made.kind === 'started') started.set(name, made)
    return made
  }
  const handle = createHandler({
    scenarios,
    startFrom: startFromWanted,
    sessionTimeToLive: readTimeToLive(options.sessionTtl),
    maxBodyBytes,
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
    maxEntities: wholeNumber('maxEntities', options.maxEntities ?? 100_000, Number.MAX_SAFE_INTEGER),
    maxSessions: wholeNumber('maxSessions', options.maxSessions ?? 10_000, 1_000_000),
    allowedHosts: (options.allowHosts ?? []).map((host) => host.toLowerCase()),
    controlToken: access.token,
    version: readVersion(),
    dataVersion: DATA_VERSION,
    real,
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
    maxBodyBytes,
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
  'scenario',
  'scenarios',
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
  'maxEntities',
  'sessionTtl',
  'journalBytes',
  'time',
  'store',
  'onRequest',
  'onFailure',
] as const satisfies readonly (keyof MockOptions)[]

function refuseUnknown(options: MockOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((option) => option === name))
  if (unknown !== undefined) throw new UsageError(`unknown option "${unknown}"; there are ${nearest(unknown, OPTIONS).join(', ')}`)
}

function readBase({
  seed = '1',
  now,
  orders = 1_000,
  allocations = 1_000,
  assume: choices = {},
  supplierTokens = [],
  retailerTokens = [],
}: MockOptions): SessionStart {
  const assumptions = readAssumptions(choices)
  const tokens = [
    ...supplierTokens.map((text) => readToken(text, 'supplier', SUPPLIERS)),
    ...retailerTokens.map((text) => readToken(text, 'retailer', RETAILERS)),
  ]
  const twice = tokens.find(({ token }, index) => tokens.findIndex((other) => other.token === token) < index)
  if (twice) throw new UsageError(`the token "${twice.token}" is named twice; a token is one supplier's or one retailer's`)
  return {
    seed: String(seed),
    clock: now === undefined ? { kind: 'real' } : { kind: 'frozen', at: readNow(now) },
    orders: wholeNumber('orders', orders, MAX_POPULATION),
    allocations: wholeNumber('allocations', allocations, MAX_POPULATION),
    assumptions,
    tokens,
    progress: undefined,
    faults: [],
    scenario: { name: undefined, written: {} },
    data: {},
    timeline: [],
  }
}

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
  const states = await (await readStates(own, readBase({})))()
  return wanted.map(({ state, params }) => {
    const matched = matchState(states, state, params)
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

function readTimeToLive(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const duration = readDuration(text)
  if (duration === undefined || duration === 0) throw new UsageError(`sessionTtl is "${text}"; give a duration like 30m`)
  return duration
}

function readNow(now: string | Date): number {
  const time = typeof now === 'string' ? readTime(now) : now.getTime()
  if (time === undefined || !isTime(time))
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
