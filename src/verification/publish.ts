import type { Broker, BrokerPact, PactResult } from './pact/broker.ts'
import type { Pact } from './pact/pact.ts'
import type { Outcomes } from './pact/verify.ts'
import { UsageError } from '../base/problem.ts'
import { branchOf, type VerifyContractsOptions } from './options.ts'
import type { Subject } from './subjects.ts'

/** What the broker has to say at a point of time. */
export function tell({ onNotice }: VerifyContractsOptions, { notices, name }: BrokerPact, ...points: readonly string[]): void {
  for (const { when, text } of notices) if (points.includes(when)) onNotice?.(`${name}: ${text}`)
}

/**
 * Tells the broker what the real service does, pact by pact, until it refuses one. A pact that was not verified to its end, and has no
 * failure, is neither fulfilled nor broken: nothing is said of it. @returns why results were not published
 */
export async function publishAll(
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
    const answer = real.get(file)?.get(index)?.answer
    if (answer === undefined || answer.kind === 'skipped') return []
    const reasons = answer.kind === 'failed' ? answer.reasons.map(({ message }) => message) : []
    return [{ ...(typeof raw['_id'] === 'string' && { id: raw['_id'] }), description, reasons }]
  })
}

function buildOf({ buildUrl }: NonNullable<VerifyContractsOptions['publish']>): { readonly buildUrl?: string } {
  return buildUrl === undefined ? {} : { buildUrl }
}
