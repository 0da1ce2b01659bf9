import {
  accessSync,
  appendFileSync,
  closeSync,
  constants as fsConstants,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname } from 'node:path'
import type { MissingState } from '../verification/states.ts'
import { missingStates, verifyContracts, type VerifyOptions } from '../wiring.ts'
import type { VerifyContractsOptions } from '../verification/options.ts'
import { jsonReport } from '../verification/pact/report.ts'
import { githubAnnotations } from '../verification/pact/report-github.ts'
import { junitReport } from '../verification/pact/report-junit.ts'
import { markdownReport } from '../verification/pact/report-markdown.ts'
import { textReport } from '../verification/pact/report-text.ts'
import type { Answer, Reason, Report } from '../verification/pact/pact.ts'
import { contractOptions } from './contracts.ts'
import type { VERIFY_OPTIONS } from './config.ts'
import { type Io, isColoured } from './io.ts'
import { createProgress, type Progress } from './progress.ts'
import type { Settings } from './settings.ts'
import { messageFrom, UsageError } from '../base/problem.ts'

/** Verifies pacts and reports. @returns the exit code: 1 when an interaction failed, or nothing was verified */
export async function verify(
  pacts: readonly string[],
  settings: Settings<typeof VERIFY_OPTIONS>,
  apis: VerifyOptions['apis'],
  io: Io,
): Promise<number> {
  const { only, provider, stateUrl, states, assume, timeout, failFast, format = 'text', junit } = settings
  const progress = createProgress(io)
  const options: VerifyOptions = {
    ...contractOptions(pacts, settings),
    ...brokerOptions(pacts, settings, io, progress),
    ...(apis && { apis }),
    ...(only && { only }),
    ...(provider !== undefined && { provider }),
    ...(stateUrl !== undefined && { stateUrl }),
    ...(states !== undefined && { states }),
    ...(assume && { assume }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    onProgress: ({ column, done, total }) => progress.tell(column, done, total),
  }
  if (settings.printMissingStates === true) {
    io.out(statesFile(await missingStates(options)))
    return 0
  }
  const summary = (io.env['GITHUB_ACTIONS'] === 'true' ? io.env['GITHUB_STEP_SUMMARY'] : undefined) ?? ''
  if (junit !== undefined) writing('--junit', junit, () => prepare(junit))
  if (summary !== '') writing('GITHUB_STEP_SUMMARY', summary, () => prepare(summary))
  const stopped = new AbortController()
  const ignore = onSignal((code) => {
    stopped.abort()
    progress.erase()
    process.exit(code)
  })
  const report = await verifyContracts({ ...options, signal: stopped.signal }).finally(() => {
    ignore()
    progress.erase()
  })
  if (format === 'text') io.raw.out(textReport(report, { colour: isColoured(io, 'out') }).trimEnd())
  else io.out(rendered(report, format).trimEnd())
  if (junit !== undefined) writing('--junit', junit, () => writeFileSync(junit, junitReport(report)))
  if (io.env['GITHUB_ACTIONS'] === 'true') {
    const annotations = githubAnnotations(placed(report, settings.spec))
    // GitHub reads both; a report that another program reads stays alone on standard output.
    if (annotations !== '') (format === 'text' ? io.raw.out : io.raw.err)(annotations.trimEnd())
    if (summary !== '') writing('GITHUB_STEP_SUMMARY', summary, () => appendFileSync(summary, markdownReport(report)))
  }
  for (const note of report.notes ?? []) io.err(`note: ${note}`)
  const failures = [report.unreached, report.unpublished].filter((failure) => failure !== undefined)
  for (const failure of failures) io.err(`error: ${failure}`)
  if (failures.length > 0) return 2
  return report.ok ? 0 : 1
}

/** Calls back with the exit code of a process that a signal ends. @returns what gives the signals back their own effect */
function onSignal(end: (code: number) => void): () => void {
  const handlers = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((signal) => [signal, () => end(128 + constants.signals[signal])] as const)
  for (const [signal, handler] of handlers) process.once(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

/** Pact's own variable names a broker only where no files are named: it is often there for other tools. */
function brokerOptions(
  pacts: readonly string[],
  settings: Settings<typeof VERIFY_OPTIONS>,
  io: Io,
  progress: Progress,
): Partial<Pick<VerifyContractsOptions, 'pacts' | 'broker' | 'publish' | 'onNotice'>> {
  const { brokerToken, brokerUsername, brokerPassword, brokerProvider, selector, pending, wipSince } = settings
  const { publish, providerVersion, providerBranch, buildUrl } = settings
  const url = settings.broker ?? (pacts.length === 0 ? io.env['PACT_BROKER_BASE_URL'] : undefined) ?? ''
  if (publish === true && providerVersion === undefined)
    throw new UsageError('results are published of a version of the real service: name it (--provider-version)')
  return {
    ...(publish === true &&
      providerVersion !== undefined && { publish: { version: providerVersion, ...(buildUrl !== undefined && { buildUrl }) } }),
    ...(url !== '' && {
      pacts,
      broker: {
        url,
        ...(brokerToken !== undefined && { token: brokerToken }),
        ...(brokerUsername !== undefined && { username: brokerUsername }),
        ...(brokerPassword !== undefined && { password: brokerPassword }),
        ...(brokerProvider && { providers: brokerProvider }),
        ...(selector && { selectors: selector }),
        ...(pending !== undefined && { enablePending: pending }),
        ...(wipSince !== undefined && { includeWipPactsSince: wipSince }),
        ...(providerBranch !== undefined && { providerVersionBranch: providerBranch }),
      },
      onNotice: (text: string) => {
        progress.erase()
        io.err(text)
      },
    }),
  }
}

function rendered(report: Report, format: 'json' | 'junit' | 'markdown'): string {
  switch (format) {
    case 'json':
      return jsonReport(report)
    case 'junit':
      return junitReport(report)
    case 'markdown':
      return markdownReport(report)
    default:
      return format satisfies never
  }
}

/** A states file to be filled in: each text with its parameters, and the nearest known state above it. */
function statesFile(missing: readonly MissingState[]): string {
  if (missing.length === 0) return '# Every provider state is known.\nstates: []'
  return [
    'states:',
    ...missing.flatMap(({ text, params, nearest: [first = ''] }) => [
      `  # the nearest known state: ${JSON.stringify(first)}`,
      `  - state: ${JSON.stringify(text)}`,
      ...(params.length === 0 ? [] : [`    parameters: { ${params.map((name) => `${JSON.stringify(name)}: null`).join(', ')} }`]),
      '    exists: {}',
    ]),
  ].join('\n')
}

/** Makes the folder of a file. @throws Error where that is not possible, or the file cannot be written; a file stays as it is */
function prepare(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) {
    closeSync(openSync(file, 'wx'))
    // Empty, it would be read as a broken report if the run does not get so far.
    unlinkSync(file)
  } else if (found.isFile() || found.isDirectory()) closeSync(openSync(file, 'a'))
  // A pipe that is opened and closed has ended.
  else accessSync(file, fsConstants.W_OK)
}

/** @throws UsageError where the file cannot be written */
function writing(name: string, file: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new UsageError(`${name} is "${file}"; it cannot be written (${messageFrom(error)})`)
  }
}

/** Without places in the bundled documents, which are not files of whoever is annotated: the pact's own lines stand for them. */
function placed(report: Report, spec: readonly string[] = []): Report {
  const fileOf = (file: string): string | undefined => spec.find((path) => basename(path) === file)
  const placedIn = (reasons: readonly Reason[]): Reason[] =>
    reasons.map(({ place, ...reason }) => {
      const file = place && fileOf(place.file)
      return { ...reason, ...(place && file !== undefined && { place: { ...place, file } }) }
    })
  const mended = (answer: Answer): Answer => {
    if (answer.kind === 'skipped') return answer
    const warnings = answer.warnings && { warnings: placedIn(answer.warnings) }
    return answer.kind === 'passed' ? { ...answer, ...warnings } : { ...answer, reasons: placedIn(answer.reasons), ...warnings }
  }
  return {
    ...report,
    rows: report.rows.map((row) => ({
      ...row,
      answers: { document: mended(row.answers.document), mock: mended(row.answers.mock), provider: mended(row.answers.provider) },
    })),
  }
}
