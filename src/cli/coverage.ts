import { coverContracts } from '../contracts.ts'
import type { COVERAGE_OPTIONS, Io, Settings } from './config.ts'
import { contractOptions } from './contracts.ts'

/** Lists which documented answers consumers rely on. @returns 1 when they are fewer than the threshold */
export async function coverage(pacts: readonly string[], settings: Settings<typeof COVERAGE_OPTIONS>, io: Io): Promise<number> {
  const covered = await coverContracts(contractOptions(pacts, settings))
  const relied = covered.filter(({ consumers }) => consumers.length > 0).length
  const percent = covered.length === 0 ? 0 : (relied * 100) / covered.length
  if (settings.format === 'json') io.out(JSON.stringify({ percent, answers: covered }, undefined, 2))
  else {
    for (const [document, answers] of Map.groupBy(covered, (one) => one.document)) {
      io.out(document)
      for (const [operation, of] of Map.groupBy(answers, (one) => one.operation))
        io.out(
          `  ${operation}: ${of.map(({ status, consumers }) => `${status}${consumers.length > 0 ? ` (${consumers.join(', ')})` : ' –'}`).join('  ')}`,
        )
    }
    io.out(`${relied} of ${covered.length} documented answers are relied on: ${percent.toFixed(1)} %`)
  }
  const { threshold } = settings
  if (threshold === undefined || percent >= threshold) return 0
  io.err(`error: that is less than the ${threshold} % of --threshold`)
  return 1
}
