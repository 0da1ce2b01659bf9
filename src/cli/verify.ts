import { appendFileSync, writeFileSync } from 'node:fs'
import { type MissingState, missingStates, verifyContracts, type VerifyContractsOptions } from '../contracts.ts'
import { jsonReport } from '../pact/report.ts'
import { githubAnnotations } from '../pact/report-github.ts'
import { junitReport } from '../pact/report-junit.ts'
import { markdownReport } from '../pact/report-markdown.ts'
import { textReport } from '../pact/report-text.ts'
import type { Report } from '../pact/pact.ts'
import { contractOptions } from './contracts.ts'
import type { Io, Settings, VERIFY_OPTIONS } from './config.ts'
import { UsageError } from '../problem.ts'

/** Verifies pacts and reports. @returns the exit code: 1 when an interaction failed, or nothing was verified */
export async function verify(pacts: readonly string[], settings: Settings<typeof VERIFY_OPTIONS>, io: Io): Promise<number> {
  const { only, provider, stateUrl, states, assume, timeout, failFast, format = 'text', junit } = settings
  const options: VerifyContractsOptions = {
    ...contractOptions(pacts, settings),
    ...brokerOptions(pacts, settings, io),
    ...(only && { only }),
    ...(provider !== undefined && { provider }),
    ...(stateUrl !== undefined && { stateUrl }),
    ...(states !== undefined && { states }),
    ...(assume && { assume: Object.fromEntries(assume) }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    ...(io.isTerminal && {
      onProgress: ({ column, done, total }: { column: string; done: number; total: number }) => io.err(`${column}: ${done} of ${total}`),
    }),
  }
  if (settings.printMissingStates === true) {
    io.out(statesFile(await missingStates(options)))
    return 0
  }
  const report = await verifyContracts(options)
  io.out(rendered(report, format, io).trimEnd())
  if (junit !== undefined) writeFileSync(junit, junitReport(report))
  if (io.env['GITHUB_ACTIONS'] === 'true') {
    const annotations = githubAnnotations(report)
    if (annotations !== '') io.out(annotations.trimEnd())
    const summary = io.env['GITHUB_STEP_SUMMARY'] ?? ''
    if (summary !== '') appendFileSync(summary, markdownReport(report))
  }
  if (report.unpublished === undefined) return report.ok ? 0 : 1
  io.err(`error: ${report.unpublished}`)
  return 2
}

/** Pact's own variable names a broker only where no files are named: it is often there for other tools. */
function brokerOptions(
  pacts: readonly string[],
  settings: Settings<typeof VERIFY_OPTIONS>,
  io: Io,
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
      onNotice: (text: string) => io.err(text),
    }),
  }
}

function rendered(report: Report, format: 'text' | 'json' | 'junit' | 'markdown', io: Io): string {
  switch (format) {
    case 'text':
      return textReport(report, { colour: io.isTerminal && (io.env['NO_COLOR'] ?? '') === '' })
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
