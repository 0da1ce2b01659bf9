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

/** Verifies pacts and reports. @returns the exit code: 1 when an interaction failed, or nothing was verified */
export async function verify(pacts: readonly string[], settings: Settings<typeof VERIFY_OPTIONS>, io: Io): Promise<number> {
  const { only, provider, stateUrl, states, assume, timeout, failFast, format = 'text', junit } = settings
  const options: VerifyContractsOptions = {
    ...contractOptions(pacts, settings),
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
  return report.ok ? 0 : 1
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
