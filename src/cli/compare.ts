import { compareContracts } from '../verification/compare.ts'
import { UsageError } from '../base/problem.ts'
import { inLine } from '../base/shown.ts'
import type { COMPARE_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import type { Settings } from './settings.ts'
import { contractOptions } from './contracts.ts'

/** Compares pacts with documents, without any request. @returns 0 compatible, 1 incompatible */
export async function compare(pacts: readonly string[], settings: Settings<typeof COMPARE_OPTIONS>, io: Io): Promise<number> {
  const compared = await compareContracts(contractOptions(pacts, settings))
  if (compared.every(({ comparisons }) => (comparisons?.size ?? 0) === 0))
    throw new UsageError('nothing is left to compare: there is no interaction that a document could have')
  let isCompatible = true
  for (const { pact, comparisons } of compared) {
    const items = [...(comparisons?.values() ?? [])].flatMap(({ results }) => results)
    const errors = items.filter(({ type }) => type === 'error')
    if (errors.length > 0) isCompatible = false
    if (settings.format === 'json') {
      // As the comparator itself has it: an array a pact, one a line.
      io.out(JSON.stringify(items))
      continue
    }
    const verdict = comparisons === undefined ? 'not ours' : errors.length === 0 ? 'compatible' : `${errors.length} incompatible`
    io.out(inLine(`${pact.consumer} → ${pact.provider} (${pact.file}): ${verdict}`))
    for (const { type, code, message, mockDetails, specDetails } of items)
      io.out(`  ${inLine(`${type} ${code}: ${message}${where(mockDetails?.interactionDescription)}${where(specDetails?.location)}`)}`)
  }
  return isCompatible ? 0 : 1
}

function where(text: string | null | undefined): string {
  return text === undefined || text === null || text === '' ? '' : ` (${text})`
}
