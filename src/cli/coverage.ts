import { type Coverage, coverContracts, UNRELIABLE } from '../verification/coverage.ts'
import { inLine } from '../base/shown.ts'
import type { COVERAGE_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import type { Settings } from './settings.ts'
import { contractOptions } from './contracts.ts'

/** Lists which documented answers consumers rely on. @returns 1 when they are fewer than the threshold */
export async function coverage(pacts: readonly string[], settings: Settings<typeof COVERAGE_OPTIONS>, io: Io): Promise<number> {
  const { relied, percent, answers, apart, strays } = await coverContracts(contractOptions(pacts, settings))
  if (settings.format === 'json') io.out(JSON.stringify({ percent, answers, apart, strays }, undefined, 2))
  else {
    for (const line of linesOf(answers)) io.out(line)
    if (apart.length > 0) {
      io.out(`Not counted, for no consumer can aim at them (1xx, 3xx, 5xx, default, ${UNRELIABLE.join(', ')}):`)
      for (const line of linesOf(apart)) io.out(line)
    }
    if (strays.length > 0) io.out('Relying on no documented answer:')
    for (const { consumer, description, reason } of strays) io.out(`  ${inLine(`${consumer}, ${description}: ${reason}`)}`)
    io.out(`${relied} of ${answers.length} documented answers that consumers can rely on are relied on: ${percent.toFixed(1)} %`)
  }
  const { threshold } = settings
  if (threshold === undefined || percent >= threshold) return 0
  io.err(`error: that is less than the ${threshold} % of --threshold`)
  return 1
}

function linesOf(answers: Coverage['answers']): string[] {
  return [...Map.groupBy(answers, ({ document }) => document)].flatMap(([document, all]) => [
    inLine(document),
    ...[...Map.groupBy(all, ({ operation }) => operation)].map(([operation, of]) => {
      const statuses = of.map(({ status, consumers }) => `${status}${consumers.length > 0 ? ` (${consumers.join(', ')})` : ' –'}`)
      return `  ${inLine(`${operation}: ${statuses.join('  ')}`)}`
    }),
  ])
}
