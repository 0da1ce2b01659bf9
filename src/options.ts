import { randomBytes } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import { assume, type Assumptions } from './core/assumption.ts'
import { nearest } from './base/nearest.ts'
import { isTime, readDuration, readTime } from './core/clock.ts'
import type { NamedToken, SessionStart } from './core/session.ts'
import type { Limits } from './core/room.ts'
import type { Scenario } from './core/scenario/written.ts'
import { REFUSED_TOKEN } from './apis/supplier/dialect.ts'
import { RETAILERS, SUPPLIERS } from './apis/supplier/population.ts'
import type { States } from './library.ts'
import { hostname, isWebOrigin } from './base/http.ts'
import { UsageError } from './base/problem.ts'
import type { RequestSummary } from './server/summary.ts'
import type { Store } from './store/store.ts'

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
  /** What the `default` session begins from, and goes back to: a file that `state()` of a session has given, or that itself. */
  readonly session?: string | Readonly<Record<string, unknown>>
  /** A folder of scenarios, to be named beside the bundled ones; or the scenarios by name. */
  readonly scenarios?: string | Readonly<Record<string, Scenario>>
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
  /**
   * Origins whose pages may read answers, `https://shop.test`, and use control routes; `*` for every one, but not for control routes.
   * Where nothing is said, every origin may read the answers of the APIs where the mock listens on loopback, and none beyond it.
   */
  readonly allowOrigins?: readonly string[]
  /** Who may use control routes of a mock that listens beyond loopback: who has the token, or anybody. */
  readonly control?: 'token' | 'open'
  /** The token for control routes; a new one each time unless said otherwise. */
  readonly controlToken?: string
  /** How large a request body may be, in bytes. */
  readonly maxBodyBytes?: number
  /** How many sessions there may be at a time. */
  readonly maxSessions?: number
  /**
   * How long a session may be unused before it is dropped: `30m`, or `never`. For ever unless said otherwise; where the mock listens
   * beyond loopback, a week.
   */
  readonly sessionTtl?: string
  /** How many entities a session may keep. */
  readonly maxEntities?: number
  /** How many bytes a session may take, about. */
  readonly maxSessionBytes?: number
  /** How many bytes all sessions may take together, about; a quarter of the heap that Node may have unless said otherwise. */
  readonly maxStateBytes?: number
  /** How many bytes of past requests are kept. */
  readonly journalBytes?: number
  /** The world's time, in milliseconds since 1970; `Date.now` unless said otherwise. */
  readonly time?: () => number
  /** Calls back when the delay of a fault is over, and gives what ends it before; by a timer unless said otherwise. */
  readonly delay?: (milliseconds: number, over: () => void) => () => void
  /** Where sessions live; in memory unless said otherwise. */
  readonly store?: Store
  /** Hears of each request to the APIs once its answer is known, and of what else is refused: control requests, what is no HTTP. */
  readonly onRequest?: (summary: RequestSummary) => void
  /** Hears of failures of the mock's own; `console.error` unless said otherwise. */
  readonly onFailure?: (error: unknown) => void
}

const MAX_POPULATION = 1_000_000_000
const MIB = 1_048_576
/** The same everywhere: what a session was refused is repeated elsewhere. */
const MAX_SESSION_BYTES = 256 * MIB

/** Options as they were meant: checked, with what is not said filled in. */
export interface ReadOptions {
  /** What sessions start from, without a scenario. */
  readonly base: SessionStart
  readonly access: Access
  readonly allowedHosts: readonly string[]
  /** Undefined where nothing is said. */
  readonly allowedOrigins: readonly string[] | undefined
  readonly maxBodyBytes: number
  readonly maxSessions: number
  readonly limits: Limits
  readonly journalBytes: number
  /** Milliseconds, infinite for ever; undefined where nothing is said. */
  readonly sessionTimeToLive: number | undefined
}

/** Who may use control routes of a mock that listens beyond loopback. */
interface Access {
  readonly isOpen: boolean
  readonly token: string
}

/** @throws UsageError for an option that is unknown, or cannot be */
export function readOptions(options: MockOptions): ReadOptions {
  refuseUnknown(options)
  return {
    base: readBase(options),
    access: readControl(options),
    allowedHosts: (options.allowHosts ?? []).map(readHost),
    allowedOrigins: options.allowOrigins?.map(readOrigin),
    maxBodyBytes: wholeNumber('maxBodyBytes', options.maxBodyBytes ?? MIB, 1_000 * MIB),
    maxSessions: wholeNumber('maxSessions', options.maxSessions ?? 10_000, 1_000_000),
    limits: readLimits(options),
    journalBytes: wholeNumber('journalBytes', options.journalBytes ?? 8 * MIB, Number.MAX_SAFE_INTEGER),
    sessionTimeToLive: readTimeToLive(options.sessionTtl),
  }
}

/** What may lie in a body of a size takes up to so many times as much in memory: lists of nothing do. */
const BODY_IN_MEMORY = 16

function readLimits({ maxEntities, maxSessionBytes, maxStateBytes, maxBodyBytes = 0 }: MockOptions): Limits {
  return {
    entities: wholeNumber('maxEntities', maxEntities ?? 100_000, Number.MAX_SAFE_INTEGER),
    sessionBytes: wholeNumber('maxSessionBytes', maxSessionBytes ?? MAX_SESSION_BYTES, Number.MAX_SAFE_INTEGER),
    entityBytes: BODY_IN_MEMORY * Math.max(MIB, maxBodyBytes),
    allBytes: wholeNumber('maxStateBytes', maxStateBytes ?? Math.floor(getHeapStatistics().heap_size_limit / 4), Number.MAX_SAFE_INTEGER),
  }
}

const OPTIONS = [
  'seed',
  'now',
  'orders',
  'allocations',
  'assume',
  'scenario',
  'session',
  'scenarios',
  'states',
  'strict',
  'checkReplies',
  'requireSession',
  'supplierTokens',
  'retailerTokens',
  'allowHosts',
  'allowOrigins',
  'control',
  'controlToken',
  'maxBodyBytes',
  'maxSessions',
  'maxEntities',
  'maxSessionBytes',
  'maxStateBytes',
  'sessionTtl',
  'journalBytes',
  'time',
  'delay',
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

export function readAssumptions(choices: Readonly<Record<string, string>>): Assumptions {
  const assumed = assume(choices)
  if (assumed.kind === 'unknown')
    throw new UsageError(`unknown ${assumed.what}; there ${assumed.known.length === 1 ? 'is' : 'are'} ${assumed.known.join(', ')}`)
  return assumed.assumptions
}

function readTimeToLive(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === 'never') return Number.POSITIVE_INFINITY
  const duration = readDuration(text)
  if (duration === undefined || duration === 0) throw new UsageError(`sessionTtl is "${text}"; give a duration like 30m, or never`)
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

/** A port says nothing of who asks. */
function readHost(text: string): string {
  if (text.includes('::') && !text.startsWith('[')) return text.toLowerCase()
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(text)) throw new UsageError(`allowed host is "${text}"; give a name like mock.test`)
  return hostname(text).toLowerCase()
}

function readOrigin(text: string): string {
  if (text !== '*' && !isWebOrigin(text))
    throw new UsageError(`allowed origin is "${text}"; give one like https://shop.test or http://localhost:3000, without a path, or *`)
  return text
}

function readControl({ control = 'token', controlToken }: MockOptions): Access {
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
