import { hiddenComparisons, hidingFor } from './hide.ts'
import { compare, type Comparison } from './pact/compare.ts'
import type { Pact } from './pact/pact.ts'
import type { ContractOptions, VerifyContractsOptions } from './options.ts'
import { readableSubjectsOf, type Subject } from './subjects.ts'

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
export async function compareAll(
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
