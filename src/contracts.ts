import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createContract, type Contract } from './contract/operation.ts'
import { loadBundled, loadDocument, type LoadedDocument, loadJson } from './load.ts'
import { type Broker, type BrokerAccess, type BrokerPact, openBroker, type PactResult, type Selection } from './pact/broker.ts'
import { compare, type Comparison } from './pact/compare.ts'
import {
  type Answer,
  type Column,
  COLUMNS,
  contractFor,
  type Filter,
  filterInteractions,
  type Interaction,
  matchOf,
  messageOf,
  type Pact,
  readPact,
  type Report,
  type Row,
} from './pact/pact.ts'
import { createReport, explanationOf, verdictOf } from './pact/report.ts'
import { type Outcomes, verifyAgainst, type VerifyOptions } from './pact/verify.ts'
import { DocumentError, UsageError } from './problem.ts'

export type { Report, Row } from './pact/pact.ts'

/** What is asked about contracts, by the command and by the library. */
export interface ContractOptions {
  /** Pact files, folders of them, or patterns; the project's own contracts where there are none. */
  readonly pacts: readonly string[]
  /** OpenAPI documents; the bundled ones unless said otherwise. */
  readonly documents?: readonly string[]
  /** Which document a provider's pacts are about: `{ OMS: 'oms-allocations' }`. */
  readonly map?: Readonly<Record<string, string>>
  readonly filter?: Filter
  /** Sent with each request, in place of what the pact has. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface VerifyContractsOptions extends ContractOptions {
  /** Which columns are asked; document and mock, and the provider where there is one. */
  readonly only?: readonly Column[]
  /** The real service. */
  readonly provider?: string
  /** Where the real service sets up provider states. */
  readonly stateUrl?: string
  /** Provider states beside the bundled ones. */
  readonly states?: string
  /** Other choices where the documents are silent. */
  readonly assume?: Readonly<Record<string, string>>
  readonly failFast?: boolean
  /** How long a request may take, in milliseconds. */
  readonly timeout?: number
  readonly onProgress?: (progress: { readonly column: Column; readonly done: number; readonly total: number }) => void
  /** Where more pacts come from. */
  readonly broker?: BrokerOptions
  /** The results of the real service, on the broker's pacts, are told to the broker. */
  readonly publish?: { readonly version: string; readonly branch?: string; readonly buildUrl?: string }
  /** Hears what the broker says: why a pact is verified, and what comes of it. */
  readonly onNotice?: (text: string) => void
}

/** A Pact Broker, and what is wanted of it: pacts of the providers that `map` has, or else of those that the documents are named after. */
type BrokerOptions = BrokerAccess & Partial<Selection>

/** A pact and what it is about. */
interface Subject {
  readonly pact: Pact
  readonly document: Known | undefined
  /** Where it is from, if it is no file. */
  readonly source?: BrokerPact
}

type Known = Contract & { readonly loaded: LoadedDocument }

/** The bundled documents that pacts can be about. */
const BUNDLED = ['supplier-orders', 'oms-allocations']

/**
 * Verifies pacts against their documents, a mock of our own, and the real service where there is one: one row an interaction.
 * @throws UsageError for what cannot be verified at all: no files, no pact, a document that cannot be read
 */
export async function verifyContracts(options: VerifyContractsOptions): Promise<Report> {
  const { only, provider } = options
  const columns = only ?? COLUMNS.filter((column) => column !== 'provider' || provider !== undefined)
  if (columns.includes('provider') && provider === undefined)
    throw new UsageError('the column provider needs the URL of the real service (--provider)')
  for (const url of [provider, options.stateUrl])
    if (url !== undefined && !URL.canParse(url)) throw new UsageError(`"${url}" is no URL; give one like https://api.example.com`)
  refuseToPublish(options, columns)
  const broker = options.broker && openBroker(options.broker)
  const subjects = await subjectsOf(options, broker)
  for (const { source } of subjects) if (source) tell(options, source, 'before_verification')
  const ours = subjects.filter(({ document }) => document !== undefined || columns.every((column) => column === 'provider'))
  const documents = columns.includes('document') ? await compareAll(ours, options) : new Map<string, ReadonlyMap<number, Comparison>>()
  const mock: Outcomes = columns.includes('mock') ? await askMock(ours, options) : new Map()
  const real =
    columns.includes('provider') && provider !== undefined && ours.length > 0
      ? await ask('provider', ours, options, [
          { baseUrl: provider.replace(/\/$/, ''), ...(options.stateUrl !== undefined && { stateUrl: options.stateUrl }) },
        ])
      : new Map<string, ReadonlyMap<number, { answer: Answer; duration?: number }>>()
  const remedies = await remediesFor(ours, mock, real, options)
  const rows = subjects.flatMap((subject) =>
    rowsOf(subject, ours.includes(subject), { columns, documents, mock, real, remedies, headers: options.headers ?? {} }),
  )
  const report = createReport(rows, columns)
  const unpublished = broker && (await publishAll(broker, ours, real, options))
  return unpublished === undefined ? report : { ...report, ok: false, unpublished }
}

/** All that was found out about the pacts of a run. */
interface Findings {
  readonly columns: readonly Column[]
  readonly documents: ReadonlyMap<string, ReadonlyMap<number, Comparison>>
  readonly mock: Outcomes
  readonly real: Outcomes
  readonly remedies: ReadonlyMap<string, string>
  /** Sent in place of what the pacts have. */
  readonly headers: Readonly<Record<string, string>>
}

/** The rows of one pact, in the order of its file. */
function rowsOf(
  { pact, document }: Subject,
  isOurs: boolean,
  { columns, documents, mock, real, remedies, headers }: Findings,
): readonly Row[] {
  const named = { file: pact.file, consumer: pact.consumer, provider: pact.provider }
  const skipped = { document: SKIPPED, mock: SKIPPED, provider: SKIPPED } as const
  const unverified = pact.unverified.map(({ reason, ...one }): Row => ({
    ...one,
    ...named,
    pending: false,
    answers: skipped,
    verdict: 'not-verified',
    explanation: reason,
  }))
  const verified = pact.interactions.map((interaction): Row => {
    const { index, description, states: given, line, pending } = interaction
    const common = { index, description, states: given, ...(line !== undefined && { line }), ...named, pending }
    if (!isOurs)
      return {
        ...common,
        answers: skipped,
        verdict: 'not-ours',
        explanation: `no document is about the provider "${pact.provider}"; --map names one`,
      }
    const outcome = mock.get(pact.file)?.get(index)
    const answers = {
      document: documents.get(pact.file)?.get(index)?.answer ?? SKIPPED,
      mock: outcome?.answer ?? SKIPPED,
      provider: real.get(pact.file)?.get(index)?.answer ?? SKIPPED,
    }
    const verdict = verdictOf(answers, pending, columns)
    const explanation = explanationOf(answers, remedies.get(`${pact.file} ${index}`))
    const duration = outcome?.duration ?? real.get(pact.file)?.get(index)?.duration
    return {
      ...common,
      answers,
      verdict,
      ...(explanation !== undefined && { explanation }),
      ...(verdict === 'failed' && { replay: replayOf(pact, interaction, document?.base ?? '', headers) }),
      ...(duration !== undefined && { duration }),
    }
  })
  return [...verified, ...unverified].toSorted((a, b) => a.index - b.index)
}

/** @throws UsageError for results that would be no proof of the service, or of all that a pact asks of it */
function refuseToPublish({ publish, broker, filter = {}, map }: VerifyContractsOptions, columns: readonly Column[]): void {
  if (!publish) return
  if (!columns.includes('provider'))
    throw new UsageError(
      'results are published of the real service only, and it is not asked (--provider): a mock is no proof of what is deployed, and must not turn can-i-deploy green',
    )
  if (!broker) throw new UsageError('results are published to a broker, and none is named (--broker)')
  if (providersOf(broker, map)?.length !== 1)
    throw new UsageError('results are published of one service: name the one provider that it is to the broker (--broker-provider)')
  if (filter.description !== undefined || filter.state !== undefined || filter.noState === true)
    throw new UsageError('results are published of whole pacts: interactions cannot be left out (--description, --state)')
}

function providersOf({ providers }: BrokerOptions, map: ContractOptions['map'] = {}): readonly string[] | undefined {
  return providers ?? (Object.keys(map).length > 0 ? Object.keys(map) : undefined)
}

/** What the broker has to say at a point of time. */
function tell({ onNotice }: VerifyContractsOptions, { notices, name }: BrokerPact, ...points: readonly string[]): void {
  for (const { when, text } of notices) if (points.includes(when)) onNotice?.(`${name}: ${text}`)
}

/**
 * Tells the broker what the real service does, pact by pact, until it refuses one. A pact that was not verified to its end, and has no
 * failure, is neither fulfilled nor broken: nothing is said of it. @returns why results were not published
 */
async function publishAll(
  broker: Broker,
  subjects: readonly Subject[],
  real: Outcomes,
  options: VerifyContractsOptions,
): Promise<string | undefined> {
  const { publish, onNotice } = options
  let published = 0
  for (const { pact, source } of subjects) {
    if (!source) continue
    const results = resultsOf(pact, real)
    const success = results.every(({ reasons }) => reasons.length === 0)
    const isWhole = results.length === pact.interactions.length && pact.unverified.length === 0
    const isKnown = results.length > 0 && (!success || isWhole)
    if (publish && isKnown)
      try {
        await broker.publishResult({
          pact: source,
          success,
          providerVersion: publish.version,
          ...branchOf(options),
          ...buildOf(publish),
          results,
        })
        published++
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        return `${published === 0 ? 'no results were published' : `${published} results were published, but not that of ${source.name}`}: ${error.message}`
      }
    else if (publish && pact.interactions.length > 0) onNotice?.(`${source.name}: not published, for it was not verified to its end`)
    if (isKnown) tell(options, source, 'after_verification', `after_verification:success_${success}_published_${publish !== undefined}`)
  }
  return undefined
}

function resultsOf({ file, interactions }: Pact, real: Outcomes): PactResult['results'] {
  return interactions.flatMap(({ index, description, raw }) => {
    const answer = real.get(file)?.get(index)?.answer ?? SKIPPED
    if (answer.kind === 'skipped') return []
    const reasons = answer.kind === 'failed' ? answer.reasons.map(({ message }) => message) : []
    return [{ ...(typeof raw['_id'] === 'string' && { id: raw['_id'] }), description, reasons }]
  })
}

/** The provider's branch, which is one whether it is asked for or told. */
function branchOf({ publish, broker }: VerifyContractsOptions): { readonly branch?: string } {
  const branch = publish?.branch ?? broker?.providerVersionBranch
  return branch === undefined ? {} : { branch }
}

function buildOf({ buildUrl }: NonNullable<VerifyContractsOptions['publish']>): { readonly buildUrl?: string } {
  return buildUrl === undefined ? {} : { buildUrl }
}

/** Asks one column about each interaction, at one address or several. */
function ask(
  column: 'mock' | 'provider',
  subjects: readonly Subject[],
  { headers, timeout, failFast, onProgress }: VerifyContractsOptions,
  targets: VerifyOptions['targets'],
): Promise<Outcomes> {
  return verifyAgainst({
    targets,
    pacts: subjects.map(({ pact }) => pact),
    basePaths: basePathsOf(subjects),
    ...(headers && { headers }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    ...(onProgress && { onProgress: (progress: { done: number; total: number }) => onProgress({ column, ...progress }) }),
  })
}

/** A mock of our own, for as long as it is asked. */
async function askMock(subjects: readonly Subject[], options: VerifyContractsOptions): Promise<Outcomes> {
  if (subjects.length === 0) return new Map()
  const { states, assume } = options
  const { createMock } = await import('./index.ts')
  await using mock = await createMock({ ...(states !== undefined && { states }), ...(assume && { assume }) })
  const { url } = await mock.listen({ port: 0 })
  // Each process of verifiers has a session of its own.
  const targets = PROCESSES.map((number) => ({
    baseUrl: `${url}/~verify-${number}`,
    stateUrl: `${url}/~verify-${number}/_pact/provider_states`,
    // It refuses what it cannot set up with a 4xx, which the verifier does not ask for again and again.
    isOwn: true,
  }))
  return await ask('mock', subjects, options, targets)
}

const PROCESSES = [1, 2] as const

/**
 * Where the real service does what the mock does not, the mock may only be under another assumption than the service's makers: each
 * alternative is tried on those interactions alone. @returns `NAME=VALUE` by file and index
 */
async function remediesFor(
  subjects: readonly Subject[],
  mock: Outcomes,
  real: Outcomes,
  options: VerifyContractsOptions,
): Promise<ReadonlyMap<string, string>> {
  const remedies = new Map<string, string>()
  let wrong = subjects.flatMap(({ pact, document }): Subject[] => {
    const interactions = pact.interactions.filter(
      ({ index }) => isAnswered(mock.get(pact.file)?.get(index)?.answer) && real.get(pact.file)?.get(index)?.answer.kind === 'passed',
    )
    return interactions.length === 0 ? [] : [{ pact: { ...pact, interactions }, document }]
  })
  if (wrong.length === 0) return remedies
  const { assumptionList } = await import('./index.ts')
  const { onProgress: _, ...silent } = options
  for (const { name, alternatives } of assumptionList(options.assume))
    for (const value of alternatives) {
      if (wrong.length === 0) return remedies
      const outcomes = await askMock(wrong, { ...silent, assume: { ...options.assume, [name]: value } })
      const isMended = (pact: Pact, index: number): boolean => outcomes.get(pact.file)?.get(index)?.answer.kind === 'passed'
      for (const { pact } of wrong)
        for (const { index } of pact.interactions) if (isMended(pact, index)) remedies.set(`${pact.file} ${index}`, `${name}=${value}`)
      wrong = wrong.flatMap(({ pact, document }): Subject[] => {
        const interactions = pact.interactions.filter(({ index }) => !isMended(pact, index))
        return interactions.length === 0 ? [] : [{ pact: { ...pact, interactions }, document }]
      })
    }
  return remedies
}

/** A request was answered, if otherwise than expected: no assumption makes a provider state known. */
function isAnswered(answer: Answer | undefined): boolean {
  return answer?.kind === 'failed' && !answer.reasons.some(({ message }) => message.startsWith('provider state'))
}

/** A provider state that a pact names and nobody knows. */
export interface MissingState {
  readonly text: string
  /** The names of its parameters. */
  readonly params: readonly string[]
  readonly nearest: readonly string[]
}

/** The provider states of the pacts that neither the bundled ones nor the team's own know. */
export async function missingStates(options: VerifyContractsOptions): Promise<readonly MissingState[]> {
  const { findStates } = await import('./index.ts')
  const wanted = new Map<string, Readonly<Record<string, unknown>>>()
  for (const { pact, document } of await subjectsOf(options, options.broker && openBroker(options.broker)))
    if (document)
      for (const { states } of pact.interactions) for (const { name, params } of states) if (name !== '') wanted.set(name, params)
  const found = await findStates(
    [...wanted].map(([state, params]) => ({ state, params })),
    options.states,
  )
  return found.flatMap(({ state, params, known }) =>
    known === undefined ? [] : [{ text: state, params: Object.keys(params), nearest: known }],
  )
}

const SKIPPED = { kind: 'skipped' } as const

/** What the comparator says of each pact: the static half alone. Pacts of other providers are left out. */
export async function compareContracts(
  options: ContractOptions,
): Promise<readonly { readonly pact: Pact; readonly comparisons: ReadonlyMap<number, Comparison> | undefined }[]> {
  const subjects = await subjectsOf(options)
  const compared = await compareAll(subjects, options)
  return subjects.map(({ pact }) => ({ pact, comparisons: compared.get(pact.file) }))
}

/** One documented answer and the consumers that rely on it. */
export interface Covered {
  readonly document: string
  readonly operation: string
  readonly status: string
  readonly consumers: readonly string[]
}

/** Operations and their documented statuses, with the consumers whose pacts expect them. */
export async function coverContracts(options: ContractOptions): Promise<readonly Covered[]> {
  const documents = await knownDocuments(options.documents)
  const consumers = new Map<string, Set<string>>()
  for (const { pact, document } of await subjectsOf(options))
    for (const { method, path, status } of document ? pact.interactions : []) {
      const match = document && matchOf(document, method, path)
      if (match?.kind !== 'found') continue
      const key = `${document?.name} ${match.target.id} ${status}`
      consumers.set(key, (consumers.get(key) ?? new Set()).add(pact.consumer))
    }
  return documents.flatMap(({ name, operations }) =>
    operations.flatMap(({ id, statuses }) =>
      statuses.map((status) => ({
        document: name,
        operation: id,
        status,
        consumers: [...(consumers.get(`${name} ${id} ${status}`) ?? [])].toSorted(),
      })),
    ),
  )
}

async function compareAll(
  subjects: readonly Subject[],
  { headers }: ContractOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Comparison>>> {
  const compared = new Map<string, ReadonlyMap<number, Comparison>>()
  for (const { pact, document } of subjects)
    if (document) compared.set(pact.file, await compare(pact, document.loaded, document, headers ? { headers } : {}))
  return compared
}

async function subjectsOf(options: ContractOptions & VerifyContractsOptions, broker?: Broker): Promise<readonly Subject[]> {
  const { pacts, documents, map = {}, filter = {} } = options
  const known = await knownDocuments(documents)
  const fromFiles = (pacts.length === 0 && broker ? [] : filesOf(pacts)).map((file) => ({
    pact: readPact(
      file,
      asUsage(() => loadJson(file)),
    ),
  }))
  const fromBroker = broker ? await fetchAll(broker, options, known) : []
  return [...fromFiles, ...fromBroker].map((subject) => {
    const pact = filterInteractions(subject.pact, filter)
    return { ...subject, pact, document: contractFor(pact, known, new Map(Object.entries(map))) }
  })
}

/** @throws UsageError where there is nothing to verify */
async function fetchAll(
  broker: Broker,
  options: VerifyContractsOptions,
  known: readonly Known[],
): Promise<{ readonly pact: Pact; readonly source: BrokerPact }[]> {
  const { broker: { selectors, enablePending, includeWipPactsSince } = {}, map, pacts } = options
  const providers = (options.broker && providersOf(options.broker, map)) ?? known.map(({ name }) => name)
  const { branch } = branchOf(options)
  // A broker would give none, and say nothing.
  if (includeWipPactsSince !== undefined && branch === undefined)
    throw new UsageError("what is work in progress hangs on the provider's own branch: name it (--provider-branch)")
  const fetched = await broker.fetchPacts({
    providers,
    ...(selectors && { selectors }),
    ...(enablePending !== undefined && { enablePending }),
    ...(includeWipPactsSince !== undefined && { includeWipPactsSince }),
    ...(branch !== undefined && { providerVersionBranch: branch }),
  })
  if (fetched.length === 0 && pacts.length === 0)
    throw new UsageError(
      `the broker has no pacts of ${providers.map((name) => `"${name}"`).join(', ')} that are wanted; --selector says which are`,
    )
  return fetched.map((source) => {
    const { url, content, pending } = source
    const pact = readPact(url, { sources: [{ uri: url, content, lineOf: () => undefined }] })
    return { pact: pending ? { ...pact, interactions: pact.interactions.map((one) => ({ ...one, pending })) } : pact, source }
  })
}

/** @throws UsageError where a name stands for no file */
function filesOf(names: readonly string[]): readonly string[] {
  const files = names.flatMap((name) => {
    const found = statSync(name, { throwIfNoEntry: false })
    if (found?.isFile()) return [name]
    return globSync(found?.isDirectory() ? join(name, '*.json') : name).toSorted()
  })
  if (files.length === 0)
    throw new UsageError(`no pact files match ${names.map((name) => `"${name}"`).join(', ')}; name files, folders or patterns`)
  return [...new Set(files)]
}

async function knownDocuments(files: readonly string[] | undefined): Promise<readonly Known[]> {
  const loaded = await Promise.all(
    files === undefined
      ? BUNDLED.map((name) => loadBundled(name))
      : files.map((file) => loadDocument(file).catch((error: unknown) => Promise.reject(usage(error)))),
  )
  return loaded.map((one) => asUsage(() => ({ ...createContract(one), loaded: one })))
}

function asUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw usage(error)
  }
}

function usage(error: unknown): unknown {
  return error instanceof DocumentError ? new UsageError(error.message) : error
}

/** Pacts whose paths lack the server's base path. */
function basePathsOf(subjects: readonly Subject[]): ReadonlyMap<string, string> {
  return new Map(
    subjects.flatMap(({ pact, document }) => {
      const base = document?.base ?? ''
      const bare = pact.interactions.filter(({ path }) => path !== base && !path.startsWith(`${base}/`)).length
      return base !== '' && bare * 2 > pact.interactions.length ? [[pact.file, base] as const] : []
    }),
  )
}

/** Sets up the states and sends the request, at a mock that was started with its defaults. */
function replayOf(pact: Pact, { raw, states, method, path }: Interaction, base: string, instead: Readonly<Record<string, string>>): string {
  const origin = 'http://127.0.0.1:4010'
  const { headers, query, body } = messageOf(pact, raw['request'])
  const target = path === base || path.startsWith(`${base}/`) ? path : base + path
  const setUps = states.map(
    ({ name, params }) =>
      `curl -sS ${origin}/_pact/provider_states -H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ state: name, params, action: 'setup' }))}`,
  )
  const request = [
    `curl -sS -X ${method}`,
    ...Object.entries({ ...headers, ...lowerCased(instead) }).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(typeof body === 'string' ? body : JSON.stringify(body))}`]),
    quoted(`${origin}${target}${query === '' ? '' : `?${query}`}`),
  ]
  return [...setUps, request.join(' ')].join(' && ')
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
