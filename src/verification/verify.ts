import { hiddenComparisons, hiddenError, hiddenOutcomes, hiddenReport, hidingFor } from './hide.ts'
import { ask, askMock, isAnswered, keyOf, remediesFor, requestsOf, tryAll } from './mock.ts'
import { columnsOf, type ContractOptions, isPlain, type VerifyContractsOptions } from './options.ts'
import { publishAll, tell } from './publish.ts'
import { answersOf, type Findings, isOfProvider, MOCK, rowsOf } from './rows.ts'
import { type Served, servedOf } from './served.ts'
import { narrowed, openBrokerOf, plainSubjectsOf, readableSubjectsOf, type Subject, subjectsOf } from './subjects.ts'
import { plain } from '../base/exact.ts'
import { compare, type Comparison } from './pact/compare.ts'
import { type Pact, type ProviderState, type Report, type Row } from './pact/pact.ts'
import type { SentRequests } from './pact/record.ts'
import { needsValues, variablesFor } from './pact/replay.ts'
import { createReport, verdictOf } from './pact/report.ts'
import type { Hide } from '../base/hiding.ts'
import type { Outcomes } from './pact/verify.ts'

export { coverContracts, type Coverage, type Covered } from './coverage.ts'
export type { ContractOptions, VerifyContractsOptions } from './options.ts'
export type { Report, Row } from './pact/pact.ts'

/**
 * Verifies pacts against their documents, a mock of our own, and the real service where there is one: one row an interaction. What it was
 * given to prove who it is stands in nothing that it tells, nor in its errors.
 * @throws UsageError for what cannot be verified at all: no files, no pact, a document that cannot be read, nothing that is ours
 */
export async function verifyContracts(options: VerifyContractsOptions): Promise<Report> {
  const hide = hidingFor(options)
  const { onNotice } = options
  try {
    return hiddenReport(await verified({ ...options, ...(onNotice && { onNotice: (text) => onNotice(hide(text)) }) }, hide), hide)
  } catch (error) {
    throw hiddenError(error, hide)
  }
}

async function verified(options: VerifyContractsOptions, hide: Hide): Promise<Report> {
  const wanted = columnsOf(options)
  const broker = openBrokerOf(options)
  const subjects = await (isPlain(wanted) ? plainSubjectsOf(options, broker) : subjectsOf(options, broker))
  for (const { source } of subjects) if (source) tell(options, source, 'before_verification')
  const ours = isPlain(wanted) ? subjects : subjects.filter(({ document }) => document !== undefined)
  const served = await servedOf(ours, wanted.includes('mock') ? options : {})
  const columns = served.subjects.length > 0 ? wanted : wanted.filter((column) => column !== 'mock')
  const asked = await askAll(ours, served.subjects, columns, options)
  const findings: Findings = { ...asked, columns, options, unserved: served.unserved, ...(await lookInto(ours, asked, options)) }
  const rows = subjects.flatMap((subject) => rowsOf(subject, ours.includes(subject), findings))
  const notes = [...notesOn(served), ...notesOf(rows, findings)]
  const unpublished = broker && (await publishAll(broker, ours, hiddenOutcomes(findings.real, hide), options))
  const unreached = unreachedIn(findings.real)
  const failures = { ...(unreached !== undefined && { unreached }), ...(unpublished !== undefined && { unpublished }) }
  const report = { ...createReport(rows, columns), ...(notes.length > 0 && { notes }), ...failures }
  return Object.keys(failures).length === 0 ? report : { ...report, ok: false }
}

/** Why nothing could be sent to the real service, from some point on. */
function unreachedIn(real: Outcomes): string | undefined {
  return [...real.values()].flatMap((outcomes) => [...outcomes.values()]).find(({ unreached }) => unreached !== undefined)?.unreached
}

type Asked = Pick<Findings, 'documents' | 'mock' | 'real'>

/** One column after another. */
async function askAll(
  subjects: readonly Subject[],
  served: readonly Subject[],
  columns: Report['columns'],
  options: VerifyContractsOptions,
): Promise<Asked> {
  const { provider, stateUrl, failFast = false } = options
  const none: Outcomes = new Map()
  const isOver = (asked: Asked): boolean =>
    failFast &&
    subjects.some(({ pact: { file, interactions } }) =>
      interactions.some(({ index, pending }) => verdictOf(answersOf(asked, file, index), pending) === 'failed'),
    )
  let asked: Asked = { documents: new Map(), mock: none, real: none }
  if (columns.includes('document')) asked = { ...asked, documents: await compareAll(subjects, options) }
  if (columns.includes('mock') && !isOver(asked)) asked = { ...asked, mock: await askMock(served, options) }
  if (columns.includes('provider') && provider !== undefined && subjects.length > 0 && !isOver(asked)) {
    const target = { baseUrl: provider, ...(stateUrl !== undefined && { stateUrl }) }
    asked = { ...asked, real: await ask('provider', subjects, options, [target]) }
  }
  return asked
}

/** Why interactions fail, as far as a mock can say that is asked once more. */
async function lookInto(
  subjects: readonly Subject[],
  asked: Asked,
  options: VerifyContractsOptions,
): Promise<Pick<Findings, 'trials' | 'requests' | 'remedies' | 'unknown'>> {
  const now = new Date()
  const failing = narrowed(subjects, ({ file }, { index }) => {
    const { document, mock } = answersOf(asked, file, index)
    return mock.kind === 'failed' || (mock.kind === 'passed' && document.kind === 'failed')
  })
  const trials = await tryAll(failing, options, now)
  // What its states give is known to nobody beforehand.
  const repeatable = narrowed(
    subjects,
    ({ file }, interaction) => isOfProvider(answersOf(asked, file, interaction.index)) && !needsValues(interaction),
  )
  const requests: SentRequests = options.provider === undefined ? new Map() : await requestsOf(repeatable, options, options.provider)
  // Either the real service does it, or nobody has said that it does not.
  const mendable = narrowed(failing, ({ file }, { index }) => {
    const { document, mock, provider } = answersOf(asked, file, index)
    return isAnswered(mock) && (provider.kind === 'passed' || (provider.kind === 'skipped' && document.kind !== 'failed'))
  })
  const remedies = await remediesFor(mendable, trials, options, now)
  const refused = failing.flatMap(({ pact }) =>
    pact.interactions.flatMap(({ index, states }) => (trials.get(keyOf(pact.file, index))?.kind === 'refused' ? states : [])),
  )
  const unknown = new Set((await unknownOf(refused, options)).map(({ text }) => text))
  return { trials, requests, remedies, unknown }
}

function notesOn({ missing, unserved }: Served): string[] {
  if (missing.length === 0) return []
  const count = `${unserved.size} interaction${unserved.size === 1 ? '' : 's'}`
  return [`the mock is not asked about ${count}: it does not serve ${missing.join(', ')}`]
}

function notesOf(rows: readonly Row[], { columns, unknown, options }: Findings): string[] {
  const { stateUrl, states, assume = {} } = options
  const hasStates = rows.some(({ verdict, states }) => verdict !== 'not-ours' && states.some(({ name }) => name !== ''))
  const own = [
    ...(states === undefined ? [] : [`--states ${states}`]),
    ...Object.entries(assume).map(([name, value]) => `--assume ${name}=${value}`),
  ]
  const replays = rows.flatMap(({ replay }) => replay ?? [])
  const variables = variablesFor(options).filter((name) => replays.some((replay) => replay.includes(`"\${${name}:?`)))
  const isRepeated = own.length > 0 && replays.some((replay) => replay.includes(MOCK))
  return [
    ...(columns.includes('provider') && stateUrl === undefined && hasStates
      ? ['nobody sets up provider states at the real service (--state-url): they are taken to exist']
      : []),
    ...(unknown.size > 0
      ? [
          `the mock does not know ${unknown.size} provider state${unknown.size === 1 ? '' : 's'}: --print-missing-states prints a file to be filled in, for --states`,
        ]
      : []),
    ...(isRepeated
      ? [`the commands that repeat interactions ask a mock that is started with: allocation-mock serve ${own.join(' ')}`]
      : []),
    ...(variables.length > 0
      ? [`the commands that repeat interactions leave secrets out: set ${variables.join(', ')} before, as they say`]
      : []),
  ]
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
  const { subjects } = await servedOf(await subjectsOf(options, openBrokerOf(options)), options)
  const named = subjects.flatMap(({ pact, document }) => (document ? pact.interactions.flatMap(({ states }) => states) : []))
  return unknownOf(named, options)
}

/** Those of the states that nobody knows, each once. */
async function unknownOf(states: readonly ProviderState[], options: VerifyContractsOptions): Promise<readonly MissingState[]> {
  // A text may come with other parameters each time.
  const wanted = new Map<string, ProviderState['params']>()
  for (const { name, params } of states) if (name !== '') wanted.set(name, { ...wanted.get(name), ...plain(params) })
  if (wanted.size === 0) return []
  const { findStates } = await import('../mock.ts')
  const found = await findStates(
    [...wanted].map(([state, params]) => ({ state, params })),
    options.states,
  )
  return found.flatMap(({ state, params, known }) =>
    known === undefined ? [] : [{ text: state, params: Object.keys(params), nearest: known }],
  )
}

/** What the comparator says of each pact: the static half alone. Pacts of other providers are left out. */
export async function compareContracts(
  options: ContractOptions,
): Promise<readonly { readonly pact: Pact; readonly comparisons: ReadonlyMap<number, Comparison> | undefined }[]> {
  const hide = hidingFor(options)
  const subjects = await readableSubjectsOf(options)
  const compared = await compareAll(subjects, options)
  return subjects.map(({ pact }) => {
    const comparisons = compared.get(pact.file)
    return { pact, comparisons: comparisons && hiddenComparisons(comparisons, hide) }
  })
}

/** With `failFast` no further than to the first pact with a failure that counts. */
async function compareAll(
  subjects: readonly Subject[],
  { headers, failFast = false }: VerifyContractsOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Comparison>>> {
  const compared = new Map<string, ReadonlyMap<number, Comparison>>()
  for (const { pact, document } of subjects) {
    if (!document) continue
    const comparisons = await compare(pact, document.loaded, document, headers ? { headers } : {})
    compared.set(pact.file, comparisons)
    const isBad = pact.interactions.some(({ index, pending }) => !pending && comparisons.get(index)?.answer.kind === 'failed')
    if (failFast && isBad) break
  }
  return compared
}
