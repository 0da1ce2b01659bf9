import { isRecord, parsed } from '../verification/pact/value.ts'
import { UsageError } from '../base/problem.ts'

/** Where a command writes, and what it reads beside its arguments. */
export interface Outside {
  /** Results. */
  readonly out: (line: string) => void
  /** Talk. */
  readonly err: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
  /** Once all is written: why results did not get where they were sent, if they did not. */
  readonly lost?: () => Promise<string | undefined>
}

/** The same to a command: whatever it prints does nothing to a terminal or to GitHub's runner. */
export interface Io extends Outside {
  /** For colours and for commands to the runner: the writer has made it safe. */
  readonly raw: Pick<Outside, 'out' | 'err'>
}

/** Whether colours may be written: nobody has said no (https://no-color.org). */
export function isColoured({ isTerminal, env }: Outside): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === ''
}

/** An option: its flag, its environment twin, how its text is read. */
export interface Option {
  /** As in the usage: `--port <number>`; without a value the option is a switch. */
  readonly flag: string
  readonly help: string
  /** Shown in the usage. */
  readonly default?: string
  /** May stand several times; the twin separates values by commas. */
  readonly repeats?: boolean
  /** How the twin separates values, where commas are no way to. */
  readonly separate?: (text: string) => readonly string[]
  /** A variable that other tools have for the same, read where the twin is not there. */
  readonly alias?: string
  /** Whether it may be a secret, which no error repeats. */
  readonly isSecret?: boolean
  /** @throws UsageError naming what would do. */
  read(text: string): unknown
}

/** The options of `serve`, by the name they have in its settings. */
export const SERVE_OPTIONS = {
  port: { flag: '--port <number>', default: '4010', help: 'port to listen on; 0 picks a free one', read: wholeNumber(0, 65_535) },
  host: { flag: '--host <address>', default: '127.0.0.1', help: 'address to listen on; 0.0.0.0 is every one', read: text },
  seed: { flag: '--seed <text>', default: '1', help: 'what all data is a function of', read: text },
  now: { flag: '--now <time>', help: 'freeze the clock at an RFC 3339 time', read: text },
  orders: {
    flag: '--orders <number>',
    default: '1000',
    help: 'orders to start with, up to 1000000000',
    read: wholeNumber(0, 1_000_000_000),
  },
  allocations: {
    flag: '--allocations <number>',
    default: '1000',
    help: 'allocations each account starts with, up to 1000000000',
    read: wholeNumber(0, 1_000_000_000),
  },
  assume: { flag: '--assume <name=value>', repeats: true, help: 'decide what the documents leave open; may be repeated', read: pair },
  scenario: {
    flag: '--scenario <name>',
    help: 'what every session starts from: the name of a scenario, or a YAML or JSON file of your own',
    read: text,
  },
  session: {
    flag: '--session <file>',
    help: 'what the default session begins from: a session that was saved by GET /__mock/sessions/{name}/state',
    read: text,
  },
  scenarios: { flag: '--scenarios <folder>', help: 'a folder of scenarios, to be named beside the bundled ones', read: text },
  states: { flag: '--states <file>', help: 'provider states of your own, as YAML or JSON', read: text },
  strict: { flag: '--strict', help: 'refuse what the documents do not declare, and check every answer', read: truth },
  supplierToken: {
    flag: '--supplier-token <token>',
    repeats: true,
    help: 'a token of the first supplier, or of another as TOKEN=NUMBER; may be repeated',
    read: text,
  },
  retailerToken: {
    flag: '--retailer-token <token>',
    repeats: true,
    help: 'a token of the first retailer, or of another as TOKEN=NUMBER; may be repeated',
    read: text,
  },
  requireSession: { flag: '--require-session', help: 'refuse requests that name no session', read: truth },
  maxSessions: {
    flag: '--max-sessions <number>',
    default: '10000',
    help: 'sessions there may be at a time',
    read: wholeNumber(1, 1_000_000),
  },
  sessionTtl: {
    flag: '--session-ttl <duration>',
    help: 'drop sessions that nobody has used for so long, such as 30m, or never; 7d where the mock listens beyond loopback',
    read: text,
  },
  maxEntities: {
    flag: '--max-entities <number>',
    default: '100000',
    help: 'entities a session may keep',
    read: wholeNumber(1, 1_000_000_000),
  },
  maxSessionBytes: {
    flag: '--max-session-bytes <number>',
    default: '268435456',
    help: 'bytes that a session may take in memory, about',
    read: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  maxStateBytes: {
    flag: '--max-state-bytes <number>',
    help: 'bytes that all sessions may take together, about; a quarter of the heap that Node may have unless said otherwise',
    read: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  },
  journalBytes: {
    flag: '--journal-bytes <number>',
    default: '8388608',
    help: 'bytes of past requests to keep, of all sessions together',
    read: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  },
  allowHost: {
    flag: '--allow-host <name>',
    repeats: true,
    help: 'a host name under which control routes may be called; may be repeated',
    read: text,
  },
  allowOrigin: {
    flag: '--allow-origin <origin>',
    repeats: true,
    help: 'an origin whose pages may read answers, or * for every one; on loopback every one may, beyond it none; may be repeated',
    read: text,
  },
  control: {
    flag: '--control <who>',
    default: 'token',
    help: 'who may use control routes beyond loopback: token or open',
    read: choice('token', 'open'),
  },
  controlToken: {
    flag: '--control-token <token>',
    help: 'the token for control routes beyond loopback; without it a new one at each start',
    read: text,
  },
  log: {
    flag: '--log <form>',
    default: 'text',
    help: 'how requests are logged to stderr: text, json or none',
    read: choice('text', 'json', 'none'),
  },
} as const satisfies Record<string, Option>

const CONTRACT_OPTIONS = {
  spec: { flag: '--spec <document>', repeats: true, help: 'an OpenAPI document in place of the bundled ones; may be repeated', read: text },
  map: { flag: '--map <provider=document>', repeats: true, help: 'the document that a provider of pacts has; may be repeated', read: pair },
  consumer: { flag: '--consumer <pattern>', help: 'only pacts of consumers that match a regular expression', read: text },
  description: { flag: '--description <pattern>', help: 'only interactions whose description matches', read: text },
  state: { flag: '--state <pattern>', help: 'only interactions with a provider state that matches', read: text },
  header: {
    flag: '--header <name: value>',
    repeats: true,
    help: 'a header to send in place of what the pacts have; may be repeated',
    isSecret: true,
    read: header,
  },
} as const satisfies Record<string, Option>

/** The options of `verify`. */
export const VERIFY_OPTIONS = {
  ...CONTRACT_OPTIONS,
  provider: { flag: '--provider <url>', help: 'the real service, to be asked too', read: text },
  stateUrl: { flag: '--state-url <url>', help: 'where the real service sets up provider states', read: text },
  only: {
    flag: '--only <column>',
    repeats: true,
    help: 'ask only document, mock or provider; may be repeated',
    read: choice('document', 'mock', 'provider'),
  },
  states: SERVE_OPTIONS.states,
  assume: SERVE_OPTIONS.assume,
  timeout: { flag: '--timeout <milliseconds>', default: '30000', help: 'how long a request may take', read: wholeNumber(1, 3_600_000) },
  failFast: { flag: '--fail-fast', help: 'begin nothing more after the first failure', read: truth },
  format: {
    flag: '--format <form>',
    default: 'text',
    help: 'what is printed: text, json, junit or markdown',
    read: choice('text', 'json', 'junit', 'markdown'),
  },
  printMissingStates: {
    flag: '--print-missing-states',
    help: 'print a states file with every text that nobody knows, and verify nothing',
    read: truth,
  },
  junit: { flag: '--junit <file>', help: 'write a JUnit report', read: text },
  broker: {
    flag: '--broker <url>',
    help: 'a Pact Broker to fetch pacts from, beside the files named; PACT_BROKER_BASE_URL where none are',
    read: text,
  },
  brokerToken: { flag: '--broker-token <token>', alias: 'PACT_BROKER_TOKEN', help: 'a token for the broker', read: text },
  brokerUsername: { flag: '--broker-username <name>', alias: 'PACT_BROKER_USERNAME', help: 'a user of the broker', read: text },
  brokerPassword: { flag: '--broker-password <password>', alias: 'PACT_BROKER_PASSWORD', help: "the user's password", read: text },
  brokerProvider: {
    flag: '--broker-provider <name>',
    repeats: true,
    help: 'whose pacts are fetched: the providers of --map, or the documents, unless said otherwise; may be repeated',
    read: text,
  },
  selector: {
    flag: '--selector <json>',
    repeats: true,
    separate: jsonTexts,
    help: 'a consumer version selector for the broker, such as {"mainBranch":true}; may be repeated',
    read: jsonObject,
  },
  pending: { flag: '--pending', help: 'let pacts fail that the provider has never fulfilled', read: truth },
  wipSince: { flag: '--wip-since <date>', help: 'fetch also what is work in progress since a date, as pending', read: date },
  publish: { flag: '--publish', help: 'publish the results of the real service to the broker', read: truth },
  providerVersion: { flag: '--provider-version <version>', help: 'the version of the real service, to publish results of', read: text },
  providerBranch: { flag: '--provider-branch <branch>', help: 'the branch of the real service', read: text },
  buildUrl: { flag: '--build-url <url>', help: 'where the published run can be looked at', read: text },
} as const satisfies Record<string, Option>

/** The options of `compare`. */
export const COMPARE_OPTIONS = {
  ...CONTRACT_OPTIONS,
  format: { flag: '--format <form>', default: 'text', help: 'what is printed: text or json', read: choice('text', 'json') },
} as const satisfies Record<string, Option>

/** The options of `coverage`. */
export const COVERAGE_OPTIONS = {
  ...CONTRACT_OPTIONS,
  format: COMPARE_OPTIONS.format,
  threshold: { flag: '--threshold <percent>', help: 'fail when fewer of the documented answers are relied on', read: wholeNumber(0, 100) },
} as const satisfies Record<string, Option>

/** The options of `replay`. */
export const REPLAY_OPTIONS = {
  format: COMPARE_OPTIONS.format,
} as const satisfies Record<string, Option>

/** The options of `scenario check`. */
export const SCENARIO_CHECK_OPTIONS = { scenarios: SERVE_OPTIONS.scenarios } as const satisfies Record<string, Option>

/** The options of `scenario list`. */
export const SCENARIO_LIST_OPTIONS = {
  ...SCENARIO_CHECK_OPTIONS,
  json: { flag: '--json', help: 'print a JSON array', read: truth },
} as const satisfies Record<string, Option>

/** The options of `assumptions`. */
export const ASSUMPTION_OPTIONS = {
  assume: SERVE_OPTIONS.assume,
  json: { flag: '--json', help: 'print a JSON array', read: truth },
} as const satisfies Record<string, Option>

/** What the options' readers make, a list for one that may be repeated. */
export type Settings<Options extends Record<string, Option>> = {
  [Name in keyof Options]?: Options[Name] extends { readonly repeats: true }
    ? readonly ReturnType<Options[Name]['read']>[]
    : ReturnType<Options[Name]['read']>
}

/** `supplierToken` → `ALLOCATION_MOCK_SUPPLIER_TOKEN`. */
export function environmentName(option: string): string {
  return `ALLOCATION_MOCK_${option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/**
 * Settings from what was given as flags and, where a flag is not given, its environment twin.
 * @param given texts by option; several for a repeated one, `true` for a switch
 * @throws UsageError naming flag or twin, the value met, and what would do
 */
export function readOptions<Options extends Record<string, Option>>(
  options: Options,
  given: Readonly<Record<string, unknown>>,
  env: Io['env'],
): Settings<Options> {
  const settings: Settings<Options> = {}
  for (const [name, option] of Object.entries(options)) {
    const twin = option.alias !== undefined && (env[environmentName(name)] ?? '') === '' ? option.alias : environmentName(name)
    const flag = option.flag.split(' ', 1)[0] ?? option.flag
    const isGiven = given[name] !== undefined
    if (!isGiven && (env[twin] ?? '') === '') continue
    const { repeats, isSecret, separate = (text: string) => text.split(',') } = option
    const texts = textsOf(isGiven ? given[name] : repeats ? separate(env[twin] ?? '') : env[twin])
    const values = texts.map((text) => {
      try {
        return option.read(text)
      } catch (error) {
        if (error instanceof UsageError)
          throw new UsageError(`${isGiven ? flag : twin} is ${isSecret ? 'not usable' : `"${text}"`}; ${error.message}`)
        throw error
      }
    })
    Object.assign(settings, { [name]: option.repeats ? values : values.at(-1) })
  }
  return settings
}

/** A switch is `true`, a repeated flag a list. */
function textsOf(given: unknown): string[] {
  return (Array.isArray(given) ? given : [given]).map((one: unknown) => (typeof one === 'string' ? one : JSON.stringify(one)))
}

function text(value: string): string {
  if (value === '') throw new UsageError('it must not be empty')
  return value
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`give a whole number from ${least} to ${most}`)
    return value
  }
}

function choice<const Value extends string>(...values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new UsageError(`give ${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`)
    return found
  }
}

function truth(text: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false
  throw new UsageError('give true or false')
}

function header(text: string): readonly [name: string, value: string] {
  const at = text.indexOf(':')
  if (at < 1) throw new UsageError('give NAME: VALUE, such as Authorization: Bearer abc')
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  const value = parsed(text)
  if (!isRecord(value)) throw new UsageError('give a JSON object, such as {"mainBranch":true}')
  return value
}

/** One value, or a list of them. */
function jsonTexts(text: string): string[] {
  const value = parsed(text)
  return Array.isArray(value) ? value.map((one: unknown) => JSON.stringify(one)) : [text]
}

function date(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) || Number.isNaN(Date.parse(text))) throw new UsageError('give a date like 2026-01-31')
  return text
}

function pair(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError('give NAME=VALUE, such as oms.cancel.again=200')
  return [text.slice(0, at), text.slice(at + 1)]
}
