import { compareAll } from './compare.ts'
import { hiddenError, hiddenOutcomes, hiddenReport, hidingFor } from './hide.ts'
import { ask, requestsOf } from './ask.ts'
import { askMock } from './mock.ts'
import type { MockAccess } from './mock-access.ts'
import { columnsOf, isPlain, type VerifyContractsOptions } from './options.ts'
import { publishAll, tell } from './publish.ts'
import { isAnswered, remediesFor } from './remedies.ts'
import { answersOf, type Findings, isOfProvider, MOCK, rowsOf } from './rows.ts'
import { type Served, servedOf } from './served.ts'
import { keyOf, narrowed, openBrokerOf, plainSubjectsOf, type Subject, subjectsOf } from './subjects.ts'
import { unknownOf } from './states.ts'
import { type Trial, tryAll } from './trial.ts'
import type { Report, Row } from './pact/pact.ts'
import type { SentRequests } from './pact/record.ts'
import { needsValues, variablesFor } from './pact/replay.ts'
import { createReport, verdictOf } from './pact/report.ts'
import type { Hide } from '../base/hiding.ts'
import type { Outcomes } from './pact/verify.ts'

/**
 * Verifies pacts against their documents, a mock of our own, and the real service where there is one: one row an interaction. What it was
 * given to prove who it is stands in nothing that it tells, nor in its errors.
 * @throws UsageError for what cannot be verified at all: no files, no pact, a document that cannot be read, nothing that is ours
 */
export async function verifyContracts(options: VerifyContractsOptions, access: MockAccess): Promise<Report> {
  const hide = hidingFor(options)
  const { onNotice } = options
  try {
    return hiddenReport(await verified({ ...options, ...(onNotice && { onNotice: (text) => onNotice(hide(text)) }) }, access, hide), hide)
  } catch (error) {
    throw hiddenError(error, hide)
  }
}

async function verified(options: VerifyContractsOptions, access: MockAccess, hide: Hide): Promise<Report> {
  const wanted = columnsOf(options)
  const broker = openBrokerOf(options)
  const subjects = await (isPlain(wanted) ? plainSubjectsOf(options, broker) : subjectsOf(options, broker))
  for (const { source } of subjects) if (source) tell(options, source, 'before_verification')
  const ours = isPlain(wanted) ? subjects : subjects.filter(({ document }) => document !== undefined)
  const served = await servedOf(ours, wanted.includes('mock') ? options : {})
  const mocks = mocksFor(served, options, access)
  const columns = mocks.length > 0 ? wanted : wanted.filter((column) => column !== 'mock')
  const asked = await askAll(ours, mocks, columns, options)
  const findings: Findings = { ...asked, columns, options, unserved: served.unserved, ...(await lookInto(ours, mocks, asked, options)) }
  const rows = subjects.flatMap((subject) => rowsOf(subject, ours.includes(subject), findings))
  const notes = [...notesOn(served), ...notesOf(rows, findings, served)]
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

/** A mock, and what it is asked about. */
interface AskedMock {
  readonly subjects: readonly Subject[]
  readonly options: VerifyContractsOptions
  readonly access: MockAccess
}

/** That of our own APIs, and that of documents alone, which has nothing to assume. */
function mocksFor({ subjects, alone }: Served, options: VerifyContractsOptions, access: MockAccess): readonly AskedMock[] {
  const { assume: _, ...others } = options
  return [
    ...(subjects.length > 0 ? [{ subjects, options, access }] : []),
    ...(alone ? [{ subjects: alone.subjects, options: others, access: access.ofDocuments(alone.files) }] : []),
  ]
}

type Asked = Pick<Findings, 'documents' | 'mock' | 'real'>

/** One column after another. */
async function askAll(
  subjects: readonly Subject[],
  mocks: readonly AskedMock[],
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
  if (columns.includes('mock'))
    for (const mock of mocks)
      if (!isOver(asked)) asked = { ...asked, mock: new Map([...asked.mock, ...(await askMock(mock.subjects, mock.options, mock.access))]) }
  if (columns.includes('provider') && provider !== undefined && subjects.length > 0 && !isOver(asked)) {
    const target = { baseUrl: provider, ...(stateUrl !== undefined && { stateUrl }) }
    asked = { ...asked, real: await ask('provider', subjects, options, [target]) }
  }
  return asked
}

/** Why interactions fail, as far as a mock can say that is asked once more. */
async function lookInto(
  subjects: readonly Subject[],
  mocks: readonly AskedMock[],
  asked: Asked,
  options: VerifyContractsOptions,
): Promise<Pick<Findings, 'trials' | 'requests' | 'remedies' | 'unknown'>> {
  const now = new Date()
  const failingIn = (some: readonly Subject[]): readonly Subject[] =>
    narrowed(some, ({ file }, { index }) => {
      const { document, mock } = answersOf(asked, file, index)
      return mock.kind === 'failed' || (mock.kind === 'passed' && document.kind === 'failed')
    })
  // What its states give is known to nobody beforehand.
  const repeatable = narrowed(
    subjects,
    ({ file }, interaction) => isOfProvider(answersOf(asked, file, interaction.index)) && !needsValues(interaction),
  )
  const requests: SentRequests = options.provider === undefined ? new Map() : await requestsOf(repeatable, options, options.provider)
  const trials = new Map<string, Trial>()
  const remedies = new Map<string, string>()
  const unknown = new Set<string>()
  for (const { subjects: own, options: given, access } of mocks) {
    const failing = failingIn(own)
    const tried = await tryAll(failing, given, access, now)
    // Either the real service does it, or nobody has said that it does not.
    const mendable = narrowed(failing, ({ file }, { index }) => {
      const { document, mock, provider } = answersOf(asked, file, index)
      return isAnswered(mock) && (provider.kind === 'passed' || (provider.kind === 'skipped' && document.kind !== 'failed'))
    })
    const refused = failing.flatMap(({ pact }) =>
      pact.interactions.flatMap(({ index, states }) => (tried.get(keyOf(pact.file, index))?.kind === 'refused' ? states : [])),
    )
    for (const [key, trial] of tried) trials.set(key, trial)
    for (const [key, remedy] of await remediesFor(mendable, tried, given, access, now)) remedies.set(key, remedy)
    for (const { text } of await unknownOf(refused, given, access)) unknown.add(text)
  }
  return { trials, requests, remedies, unknown }
}

function notesOn({ missing, unserved, alone }: Served): string[] {
  const count = `${unserved.size} interaction${unserved.size === 1 ? '' : 's'}`
  return [
    ...(alone
      ? [`the mock of ${alone.names.join(', ')} has the document alone, and keeps no state: it answers with examples, or what fits`]
      : []),
    ...(missing.length > 0 ? [`the mock is not asked about ${count}: it does not serve ${missing.join(', ')}`] : []),
  ]
}

function notesOf(rows: readonly Row[], { columns, unknown, options }: Findings, { alone }: Served): string[] {
  const { stateUrl, states, assume = {} } = options
  const hasStates = rows.some(({ verdict, states }) => verdict !== 'not-ours' && states.some(({ name }) => name !== ''))
  const own = [
    ...(states === undefined ? [] : [`--states ${states}`]),
    ...(alone ? alone.files.map((file) => `--spec ${file}`) : []),
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
