import { randomBytes } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import { type Checked, checkOptions, type LibraryOption, refuseUnknown } from './base/option.ts'
import type { Api } from './core/api.ts'
import type { AssumptionTable } from './core/assumption.ts'
import type { Registry } from './core/registry.ts'
import type { Setting } from './core/setting.ts'
import { OptionError, UsageError } from './base/problem.ts'
import {
  checkFunction,
  checkText,
  checkTruth,
  checkWholeNumber,
  choice,
  readPair,
  readText,
  readTruth,
  readWholeNumber,
  recordOf,
} from './base/values.ts'
import type { Limits } from './core/room.ts'
import type { Scenario } from './core/scenario/written.ts'
import type { SessionStart } from './core/session.ts'
import type { States } from './library.ts'
import {
  checkAssume,
  checkSettings,
  checkContent,
  checkControlToken,
  checkHost,
  checkNow,
  checkOrigin,
  checkSeed,
  checkDuration,
  checkStore,
  checkTimeToLive,
  checkUrl,
  checkUrls,
  readAssumptions,
} from './options/checks.ts'
import { checkApi } from './options/definition.ts'
import type { RequestSummary } from './server/summary.ts'
import type { OpenStore } from './store/store.ts'

export interface MockOptions {
  /** What all data is a function of. Any text; `1` unless said otherwise. */
  readonly seed?: string | number
  /** Freezes every session's clock: RFC 3339, or a Date. */
  readonly now?: string | Date
  /** The APIs that are served: those of your own, and bundled ones by their names; all the bundled ones unless said otherwise. */
  readonly apis?: readonly (Api | string)[]
  /** What APIs of your own are set to. */
  readonly settings?: Readonly<Record<string, unknown>>
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
  /** Pacts of the consumers of the APIs: files, folders of them, or patterns. What they rely on the control API and the console show. */
  readonly contracts?: readonly string[]
  /** Refuses what the documents do not declare, and checks every answer. */
  readonly strict?: boolean
  /** Answers 500 instead of anything that does not fit the document. On unless said otherwise. */
  readonly checkReplies?: boolean
  /** Generates the answers of operations without a behaviour, even where their document has an example. */
  readonly dynamic?: boolean
  /** Takes no example of a document for an answer. */
  readonly ignoreExamples?: boolean
  /** Generates what a map holds, though nothing asks for it. On unless said otherwise. */
  readonly fillProperties?: boolean
  /** Single operations that the real service answers, by name, and where that is: `{ getOrder: 'https://api.example.com' }`. */
  readonly pass?: Readonly<Record<string, string>>
  /** Where everything is sent on to, to be checked on its way there and back. */
  readonly upstream?: string
  /** Lets nothing through that breaks the rules of its document: neither answers, nor, of what is sent on, requests. */
  readonly errors?: boolean
  /** Checks the requests that are sent on. On unless said otherwise. */
  readonly validateRequest?: boolean
  /** An HTTP proxy on the way to the real service: `http://user:password@proxy:3128`. */
  readonly upstreamProxy?: string
  /** How long the real service may take to answer: `30s`. */
  readonly upstreamTimeout?: string
  /** Refuses requests that name no session. */
  readonly requireSession?: boolean
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
  /** `file:PATH`, `postgres://…`, or what opens a store of your own. */
  readonly store?: string | OpenStore
  /** How long to wait for a database that cannot be reached yet: `30s`. */
  readonly waitForStore?: string
  /** Hears of each request to the APIs once its answer is known, and of what else is refused: control requests, what is not valid HTTP. */
  readonly onRequest?: (summary: RequestSummary) => void
  /** Hears of failures of the mock's own; `console.error` unless said otherwise. */
  readonly onFailure?: (error: unknown) => void
  /** Hears what is worth knowing and no failure, such as that the store is there again; `console.info` unless said otherwise. */
  readonly onNotice?: (message: string) => void
}

const MIB = 1_048_576

/** The options of every mock, whatever APIs it serves. Those without a flag are for programs only. */
export const MOCK_OPTIONS = {
  apis: {
    flag: '--api <file>',
    repeats: true,
    help: 'serve the API of a module of yours, or a bundled one by its name, in place of all the bundled ones; may be repeated',
    read: readText,
    check: checkApi,
  },
  settings: { help: 'what APIs of your own are set to, by name', check: checkSettings },
  seed: { flag: '--seed <text>', default: '1', help: 'what all data is a function of', read: readText, check: checkSeed },
  now: { flag: '--now <time>', help: 'freeze the clock at an RFC 3339 time', read: readText, check: checkNow },
  assume: {
    flag: '--assume <name=value>',
    repeats: true,
    help: 'decide what the documents leave open; may be repeated',
    read: readPair,
    join: recordOf,
    check: checkAssume,
  },
  scenario: {
    flag: '--scenario <name>',
    help: 'what every session starts from: the name of a scenario, or a YAML or JSON file of your own',
    read: readText,
    check: checkContent('the name of a scenario, a file, or a scenario'),
  },
  session: {
    flag: '--session <file>',
    help: 'what the default session begins from: a session that was saved by GET /__mock/sessions/{name}/state',
    read: readText,
    check: checkContent('a file, or what was saved of a session'),
  },
  scenarios: {
    flag: '--scenarios <folder>',
    help: 'a folder of scenarios, to be named beside the bundled ones',
    read: readText,
    check: checkContent('a folder, or scenarios by name'),
  },
  states: {
    flag: '--states <file>',
    help: 'provider states of your own, as YAML or JSON',
    read: readText,
    check: checkContent('a file, or provider states'),
  },
  contracts: {
    flag: '--contracts <folder>',
    repeats: true,
    help: 'pacts, as a folder, a file or a pattern: the console shows who relies on what; may be repeated',
    read: readText,
    check: checkText,
  },
  strict: {
    flag: '--strict',
    default: false,
    help: 'refuse what the documents do not declare, and check every answer',
    read: readTruth,
    check: checkTruth,
  },
  dynamic: {
    flag: '--dynamic',
    short: '-d',
    default: false,
    help: 'generate the answers of operations without a behaviour, even where their document has an example',
    read: readTruth,
    check: checkTruth,
  },
  ignoreExamples: {
    flag: '--ignore-examples',
    default: false,
    help: 'take no example of a document for an answer',
    read: readTruth,
    check: checkTruth,
  },
  fillProperties: {
    flag: '--json-schema-faker-fillProperties [truth]',
    default: true,
    help: 'generate what a map holds, though nothing asks for it',
    read: readTruth,
    check: checkTruth,
  },
  pass: {
    flag: '--pass <operation=url>',
    repeats: true,
    help: 'send an operation on to the real service, such as getOrder=https://api.example.com; may be repeated',
    read: readPair,
    join: recordOf,
    check: checkUrls,
  },
  upstream: { help: 'where everything is sent on to; as a command, proxy', check: checkUrl },
  errors: {
    flag: '--errors',
    default: false,
    help: 'let nothing through that breaks the rules of its document: neither answers, nor, of what is sent on, requests',
    read: readTruth,
    check: checkTruth,
  },
  validateRequest: {
    flag: '--validate-request [truth]',
    default: true,
    help: 'check the requests that are sent on',
    read: readTruth,
    check: checkTruth,
  },
  upstreamProxy: {
    flag: '--upstream-proxy <url>',
    isSecret: true,
    help: 'an HTTP proxy on the way to the real service',
    read: readText,
    check: checkUrl,
  },
  upstreamTimeout: {
    flag: '--upstream-timeout <duration>',
    default: '30s',
    help: 'how long the real service may take to answer',
    read: readText,
    check: checkDuration,
  },
  requireSession: {
    flag: '--require-session',
    default: false,
    help: 'refuse requests that name no session',
    read: readTruth,
    check: checkTruth,
  },
  store: {
    flag: '--store <place>',
    default: 'memory',
    // It may hold a password.
    isSecret: true,
    help: 'where sessions live: memory, file:<path> to keep them, or postgres://… for several servers that share them',
    read: readText,
    check: checkStore,
  },
  waitForStore: {
    flag: '--wait-for-store <duration>',
    help: 'how long to wait for a database that cannot be reached yet, such as 30s',
    read: readText,
    check: checkDuration,
  },
  maxSessions: {
    flag: '--max-sessions <number>',
    default: 10_000,
    help: 'sessions there may be at a time',
    read: readWholeNumber(1, 1_000_000),
    check: checkWholeNumber(0, 1_000_000),
  },
  sessionTtl: {
    flag: '--session-ttl <duration>',
    help: 'drop sessions that have been unused this long, such as 30m, or never; 7d where the mock listens beyond loopback',
    read: readText,
    check: checkTimeToLive,
  },
  maxEntities: {
    flag: '--max-entities <number>',
    default: 100_000,
    help: 'entities a session may keep',
    read: readWholeNumber(1, 1_000_000_000),
    check: checkWholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  maxSessionBytes: {
    flag: '--max-session-bytes <number>',
    // The same everywhere: what a session was refused is repeated elsewhere.
    default: 256 * MIB,
    help: 'bytes that a session may take in memory, about',
    read: readWholeNumber(1, Number.MAX_SAFE_INTEGER),
    check: checkWholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  maxStateBytes: {
    flag: '--max-state-bytes <number>',
    help: 'bytes that all sessions may take together, about; a quarter of the heap that Node may have unless said otherwise',
    read: readWholeNumber(1, Number.MAX_SAFE_INTEGER),
    check: checkWholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  journalBytes: {
    flag: '--journal-bytes <number>',
    default: 8 * MIB,
    help: 'bytes of past requests to keep, of all sessions together',
    read: readWholeNumber(0, Number.MAX_SAFE_INTEGER),
    check: checkWholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  allowHosts: {
    flag: '--allow-host <name>',
    repeats: true,
    help: 'a host name under which control routes may be called; may be repeated',
    read: readText,
    check: checkHost,
  },
  allowOrigins: {
    flag: '--allow-origin <origin>',
    repeats: true,
    help: 'an origin whose pages may read answers, or * for every one; on loopback every one may, beyond it none; may be repeated',
    read: readText,
    check: checkOrigin,
  },
  control: {
    flag: '--control <who>',
    default: 'token',
    help: 'who may use control routes beyond loopback: token or open',
    read: choice('token', 'open'),
    check: choice('token', 'open'),
  },
  controlToken: {
    flag: '--control-token <token>',
    isSecret: true,
    help: 'the token for control routes beyond loopback; without it a new one at each start',
    read: readText,
    check: checkControlToken,
  },
  checkReplies: {
    default: true,
    help: 'answer 500 instead of anything that does not fit the document; as a command, with --strict only',
    check: checkTruth,
  },
  maxBodyBytes: { default: MIB, help: 'bytes that the body of a request may have', check: checkWholeNumber(0, 1_000 * MIB) },
  time: { help: "the world's time, in milliseconds since 1970", check: checkFunction },
  delay: { help: 'what waits until the delay of a fault is over', check: checkFunction },
  onRequest: { help: 'hears of each request once its answer is known', check: checkFunction },
  onFailure: { help: "hears of failures of the mock's own", check: checkFunction },
  onNotice: { help: 'hears what is worth knowing and no failure, such as that the store is there again', check: checkFunction },
} as const satisfies Readonly<Record<keyof MockOptions, LibraryOption>>

/** Options as they were meant: checked, with what is not said filled in. */
export interface ReadOptions {
  /** What sessions start from, without a scenario. */
  readonly base: SessionStart
  readonly access: Access
  /** Where pacts are. */
  readonly contracts: readonly string[]
  readonly strict: boolean
  readonly checkReplies: boolean
  /** How answers are made from documents. */
  readonly making: { readonly isDynamic: boolean; readonly ignoresExamples: boolean; readonly fillsMaps: boolean }
  /** What is sent on to other services. */
  readonly sendsOn: {
    readonly upstream: URL | undefined
    readonly pass: Readonly<Record<string, URL>> | undefined
    readonly isStrict: boolean
    readonly checksRequests: boolean
    readonly proxy?: URL
    readonly timeout: number
  }
  readonly requireSession: boolean
  readonly allowedHosts: readonly string[]
  /** Undefined where nothing is said. */
  readonly allowedOrigins: readonly string[] | undefined
  readonly maxBodyBytes: number
  readonly store: string | OpenStore
  /** Milliseconds. */
  readonly waitForStore: number
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

/**
 * @param given the options, and settings of the APIs
 * @throws UsageError for an option that is unknown; OptionError for one that cannot be as it is given
 */
export function readOptions(given: MockOptions, registry: Pick<Registry, 'settings' | 'assumptions'>): ReadOptions {
  const rows = settingRows(registry)
  const taken = Object.keys(rows).find((name) => Object.hasOwn(MOCK_OPTIONS, name))
  if (taken !== undefined) throw new UsageError(`an API has a setting "${taken}", which is an option of every mock; give it another name`)
  refuseUnknown({ ...MOCK_OPTIONS, ...rows }, given)
  const own = checkOptions(MOCK_OPTIONS, given)
  refuseUnknown(rows, given.settings ?? {})
  const { strict, checkReplies, requireSession, maxBodyBytes, maxSessions, journalBytes } = own
  return {
    base: startOf(own, settingsOf(rows, { ...given.settings, ...given }), registry.assumptions),
    access: accessOf(own),
    contracts: own.contracts ?? [],
    strict,
    checkReplies: checkReplies || own.errors,
    sendsOn: {
      upstream: own.upstream,
      pass: own.pass,
      isStrict: own.errors,
      checksRequests: own.validateRequest,
      timeout: own.upstreamTimeout,
      ...(own.upstreamProxy && { proxy: own.upstreamProxy }),
    },
    making: { isDynamic: own.dynamic, ignoresExamples: own.ignoreExamples, fillsMaps: own.fillProperties },
    requireSession,
    allowedHosts: own.allowHosts ?? [],
    allowedOrigins: own.allowOrigins,
    maxBodyBytes,
    maxSessions,
    limits: {
      entities: own.maxEntities,
      sessionBytes: own.maxSessionBytes,
      entityBytes: BODY_IN_MEMORY * Math.max(MIB, maxBodyBytes),
      allBytes: own.maxStateBytes ?? Math.floor(getHeapStatistics().heap_size_limit / 4),
    },
    journalBytes,
    store: own.store,
    waitForStore: own.waitForStore ?? 0,
    sessionTimeToLive: own.sessionTtl,
  }
}

/** A body can take up to this many times its size in memory: lists of empty lists do. */
const BODY_IN_MEMORY = 16

function settingRows({ settings }: Pick<Registry, 'settings'>): Readonly<Record<string, Setting>> {
  return Object.fromEntries([...settings].map(([name, { row }]) => [name, row]))
}

/** What the APIs are set to. @throws OptionError for what cannot be; UsageError for settings that do not go together */
function settingsOf(rows: Readonly<Record<string, Setting>>, given: object): Readonly<Record<string, unknown>> {
  const read = Object.entries(checkOptions(rows, given)).map(([name, value]) => [name, value ?? (rows[name]?.repeats ? [] : undefined)])
  const settings: Readonly<Record<string, unknown>> = Object.fromEntries(read)
  for (const row of Object.values(rows)) row.agree?.(settings)
  return settings
}

function startOf(
  { seed, now, assume = {} }: Checked<typeof MOCK_OPTIONS>,
  settings: SessionStart['settings'],
  table: AssumptionTable,
): SessionStart {
  return {
    seed,
    clock: now === undefined ? { kind: 'real' } : { kind: 'frozen', at: now },
    settings,
    assumptions: readAssumptions(assume, table),
    progress: undefined,
    faults: [],
    scenario: { name: undefined, written: {} },
    data: {},
    timeline: [],
  }
}

function accessOf({ control, controlToken }: Checked<typeof MOCK_OPTIONS>): Access {
  if (control === 'open' && controlToken !== undefined)
    throw new OptionError('control', 'that takes no control token, and one is given: leave one of them out', '"open"')
  return { isOpen: control === 'open', token: controlToken ?? randomBytes(18).toString('base64url') }
}
