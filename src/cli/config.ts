import { namesAmong } from '../base/names.ts'
import { commandOptions, type Option, type Options } from '../base/option.ts'
import { UsageError } from '../base/problem.ts'
import { choice, readPair, readText, readTruth, readWholeNumber, recordOf } from '../base/values.ts'
import type { Api } from '../core/api.ts'
import { MOCK_OPTIONS } from '../options.ts'
import {
  readDate,
  readHeader,
  readHost,
  readJsonObject,
  readMockUrl,
  readModuleName,
  readPause,
  readStatus,
  separateJson,
} from './values.ts'

/** A document that nobody speaks for. */
const SPEC = {
  flag: '--spec <file>',
  repeats: true,
  help: 'serve an OpenAPI document of yours without state, in place of all the bundled APIs; may be repeated',
  read: readText,
} as const satisfies Option

/** The options of `serve`: those of the mock, and what else the command needs. */
export const SERVE_OPTIONS = {
  port: {
    flag: '--port <number>',
    short: '-p',
    default: 4_010,
    help: 'port to listen on; 0 picks a free one',
    read: readWholeNumber(0, 65_535),
  },
  host: {
    flag: '--host <address>',
    short: '-h',
    default: '127.0.0.1',
    help: 'address to listen on; 0.0.0.0 is every one',
    read: readHost,
  },
  tlsCert: { flag: '--tls-cert <file>', help: 'a certificate, as PEM, to serve HTTPS with', read: readText },
  tlsKey: { flag: '--tls-key <file>', help: 'its private key, as PEM', read: readText },
  spec: SPEC,
  ...MOCK_OPTIONS,
  cors: {
    flag: '--cors [truth]',
    default: true,
    help: 'let pages of other origins read answers, as far as --allow-origin says',
    read: readTruth,
  },
  watch: {
    flag: '--watch [truth]',
    default: true,
    help: 'take over changes in the files of documents and modules of yours, without losing sessions',
    read: readTruth,
  },
  drain: {
    flag: '--drain <duration>',
    // Who develops must not wait for each restart: only behind a balancer somebody has to notice first.
    default: '0s',
    help: 'how long to answer on after SIGTERM, while /__mock/health/ready answers 503, so that a balancer notices',
    read: readPause,
  },
  log: {
    flag: '--log <form>',
    default: 'text',
    help: 'how requests are logged to stderr: text, json or none',
    read: choice('text', 'json', 'none'),
  },
} as const satisfies Options

/** The same, with more rows: what the APIs that are served can be set to. @throws UsageError for a flag that stands there twice */
export function serveOptions(apis: readonly Pick<Api, 'name' | 'settings'>[]): typeof SERVE_OPTIONS {
  const knownAs = namesAmong(apis.flatMap(({ settings }) => Object.keys(settings)))
  const flags = new Map(commandOptions(SERVE_OPTIONS).map(([, { flag }]) => [flag.split(' ', 1)[0], 'every mock']))
  const rows = apis.flatMap(({ name: api, settings }) =>
    Object.entries(settings).map(([name, row]) => {
      const known = knownAs(api, name)
      if (row.flag === undefined) return [known, row] as const
      // Of two APIs that have a setting of one name each has a flag of its own: `--shop-items`, `--depot-items`.
      const flag = known === name ? row.flag : row.flag.replace('--', `--${api}-`)
      const [bare] = flag.split(' ', 1)
      const taken = flags.get(bare)
      if (taken !== undefined) throw new UsageError(`the flag ${bare} of ${api} is one of ${taken} as well; give one of them another`)
      flags.set(bare, api)
      return [known, { ...row, flag }] as const
    }),
  )
  return Object.assign({ ...SERVE_OPTIONS }, Object.fromEntries(rows))
}

const CONTRACT_OPTIONS = {
  spec: {
    flag: '--spec <document>',
    repeats: true,
    help: 'an OpenAPI document in place of the bundled ones; may be repeated',
    read: readText,
  },
  map: {
    flag: '--map <provider=document>',
    repeats: true,
    help: 'the document that a provider of pacts has; may be repeated',
    read: readPair,
    join: recordOf,
  },
  consumer: { flag: '--consumer <pattern>', help: 'only pacts of consumers that match a regular expression', read: readText },
  description: { flag: '--description <pattern>', help: 'only interactions whose description matches', read: readText },
  state: { flag: '--state <pattern>', help: 'only interactions with a provider state that matches', read: readText },
  headers: {
    flag: '--header <name: value>',
    repeats: true,
    help: 'a header to send in place of what the pacts have; may be repeated',
    isSecret: true,
    read: readHeader,
    join: recordOf,
  },
} as const satisfies Options

/** The options of `verify`. */
export const VERIFY_OPTIONS = {
  apis: MOCK_OPTIONS.apis,
  ...CONTRACT_OPTIONS,
  provider: { flag: '--provider <url>', help: 'the real service, to be asked too', read: readText },
  stateUrl: { flag: '--state-url <url>', help: 'where the real service sets up provider states', read: readText },
  only: {
    flag: '--only <column>',
    repeats: true,
    help: 'ask only document, mock or provider; may be repeated',
    read: choice('document', 'mock', 'provider'),
  },
  states: MOCK_OPTIONS.states,
  assume: MOCK_OPTIONS.assume,
  timeout: { flag: '--timeout <milliseconds>', default: 30_000, help: 'how long a request may take', read: readWholeNumber(1, 3_600_000) },
  failFast: { flag: '--fail-fast', help: 'begin nothing more after the first failure', read: readTruth },
  format: {
    flag: '--format <form>',
    default: 'text',
    help: 'what is printed: text, json, junit or markdown',
    read: choice('text', 'json', 'junit', 'markdown'),
  },
  printMissingStates: {
    flag: '--print-missing-states',
    help: 'print a states file with every text that nobody knows, and verify nothing',
    read: readTruth,
  },
  junit: { flag: '--junit <file>', help: 'write a JUnit report', read: readText },
  broker: {
    flag: '--broker <url>',
    help: 'a Pact Broker to fetch pacts from, beside the files named; PACT_BROKER_BASE_URL where none are',
    read: readText,
  },
  brokerToken: { flag: '--broker-token <token>', alias: 'PACT_BROKER_TOKEN', help: 'a token for the broker', read: readText },
  brokerUsername: { flag: '--broker-username <name>', alias: 'PACT_BROKER_USERNAME', help: 'a user of the broker', read: readText },
  brokerPassword: { flag: '--broker-password <password>', alias: 'PACT_BROKER_PASSWORD', help: "the user's password", read: readText },
  brokerProvider: {
    flag: '--broker-provider <name>',
    repeats: true,
    help: 'whose pacts are fetched: the providers of --map, or the documents, unless said otherwise; may be repeated',
    read: readText,
  },
  selector: {
    flag: '--selector <json>',
    repeats: true,
    separate: separateJson,
    help: 'a consumer version selector for the broker, such as {"mainBranch":true}; may be repeated',
    read: readJsonObject,
  },
  pending: { flag: '--pending', help: 'let pacts fail that the provider has never fulfilled', read: readTruth },
  wipSince: { flag: '--wip-since <date>', help: 'fetch also what is work in progress since a date, as pending', read: readDate },
  publish: { flag: '--publish', help: 'publish the results of the real service to the broker', read: readTruth },
  providerVersion: { flag: '--provider-version <version>', help: 'the version of the real service, to publish results of', read: readText },
  providerBranch: { flag: '--provider-branch <branch>', help: 'the branch of the real service', read: readText },
  buildUrl: { flag: '--build-url <url>', help: 'where the published run can be looked at', read: readText },
} as const satisfies Options

/** The options of `init`. */
export const INIT_OPTIONS = {
  spec: { flag: '--spec <document>', help: 'the OpenAPI document to write a module for', read: readText },
  out: { flag: '--out <file>', help: "the module's file (default: beside the document, with its name)", read: readModuleName },
} as const satisfies Options

/** The options of `check`. */
export const CHECK_OPTIONS = {
  format: {
    flag: '--format <form>',
    default: 'text',
    help: 'what is printed: text, json or github',
    read: choice('text', 'json', 'github'),
  },
} as const satisfies Options

/** The options of `compare`. */
export const COMPARE_OPTIONS = {
  ...CONTRACT_OPTIONS,
  format: { flag: '--format <form>', default: 'text', help: 'what is printed: text or json', read: choice('text', 'json') },
} as const satisfies Options

/** The options of `coverage`. */
export const COVERAGE_OPTIONS = {
  ...CONTRACT_OPTIONS,
  format: COMPARE_OPTIONS.format,
  threshold: {
    flag: '--threshold <percent>',
    help: 'fail when fewer of the documented answers are relied on',
    read: readWholeNumber(0, 100),
  },
} as const satisfies Options

/** The options of `replay`. */
export const REPLAY_OPTIONS = {
  apis: MOCK_OPTIONS.apis,
  spec: { ...SPEC, help: 'an OpenAPI document that the session was served without state; may be repeated' },
  format: COMPARE_OPTIONS.format,
} as const satisfies Options

/** The options of `scenario check`. */
export const SCENARIO_CHECK_OPTIONS = { apis: MOCK_OPTIONS.apis, scenarios: MOCK_OPTIONS.scenarios } as const satisfies Options

/** The options of `scenario list`. */
export const SCENARIO_LIST_OPTIONS = {
  ...SCENARIO_CHECK_OPTIONS,
  json: { flag: '--json', help: 'print a JSON array', read: readTruth },
} as const satisfies Options

/** The options of `assumptions`. */
export const ASSUMPTION_OPTIONS = {
  apis: MOCK_OPTIONS.apis,
  assume: MOCK_OPTIONS.assume,
  json: { flag: '--json', help: 'print a JSON array', read: readTruth },
} as const satisfies Options

/** The options of `schema`. */
export const SCHEMA_OPTIONS = { apis: MOCK_OPTIONS.apis } as const satisfies Options

/** Where a mock runs, for the commands that ask it. */
export const RUNNING_OPTIONS = {
  url: { flag: '--url <url>', default: 'http://127.0.0.1:4010', help: 'where the mock listens, as its ready line says', read: readMockUrl },
  controlToken: {
    flag: MOCK_OPTIONS.controlToken.flag,
    isSecret: true,
    help: 'its control token, where it listens beyond loopback',
    read: readText,
  },
} as const satisfies Options

/** The options of `requests`. */
export const REQUESTS_OPTIONS = {
  ...RUNNING_OPTIONS,
  follow: { flag: '--follow', short: '-f', help: 'go on with requests as they come, until Ctrl-C', read: readTruth },
  session: { flag: '--session <name>', help: 'only requests of this session', read: readText },
  operation: { flag: '--operation <name>', help: 'only requests to this operation', read: readText },
  method: { flag: '--method <name>', help: 'only requests with this method', read: readText },
  status: {
    flag: '--status <status>',
    help: 'only requests with this status, such as 404, or of this class, such as 4xx',
    read: readStatus,
  },
  text: { flag: '--text <text>', help: 'only requests with this text in path, bodies or fault, in any case', read: readText },
  unmatched: {
    flag: '--unmatched [truth]',
    help: 'only requests whose path or method no operation has; false for all others',
    read: readTruth,
  },
  refused: { flag: '--refused', help: 'only refused requests', read: readTruth },
  fault: { flag: '--fault [truth]', help: 'only requests that met a fault; false for all others', read: readTruth },
  origin: {
    flag: '--origin <origin>',
    default: 'request',
    help: 'requests of clients (request), or what else went on: control, progress or timeline',
    read: choice('request', 'control', 'progress', 'timeline'),
  },
  limit: { flag: '--limit <number>', default: 100, help: 'how many to print, the last ones', read: readWholeNumber(0, 1_000_000) },
  json: { flag: '--json', help: 'print all that is known of each as a line of JSON', read: readTruth },
} as const satisfies Options

/** The options of `explain`. */
export const EXPLAIN_OPTIONS = {
  ...RUNNING_OPTIONS,
  session: { flag: '--session <name>', help: 'without an id: the last refused request of this session', read: readText },
} as const satisfies Options
