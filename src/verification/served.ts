import { type Contract, contractOf, type Operation } from '../contract/operation.ts'
import { matchOf } from './pact/base-path.ts'
import type { Interaction } from './pact/pact.ts'
import type { VerifyContractsOptions } from './options.ts'
import { keyOf, narrowed, ownDocuments, type Subject } from './subjects.ts'

/** What the mock can be asked about, where documents are given in place of its own. */
export interface Served {
  readonly subjects: readonly Subject[]
  /** What a mock can be asked about that has nothing but these documents, and keeps no state. */
  readonly alone?: { readonly subjects: readonly Subject[]; readonly files: readonly string[]; readonly names: readonly string[] }
  /** The other interactions, by `keyOf`. */
  readonly unserved: ReadonlySet<string>
  /** What it does not serve of what the pacts are about: documents, and operations of documents that it serves. */
  readonly missing: readonly string[]
}

/**
 * The mock serves its own APIs. Another document may be an edition of theirs, under any name: it is one if half of its operations are
 * theirs. Where only that edition has an operation, the mock is not asked about it. Every other document has a mock of its own.
 */
export async function servedOf(
  subjects: readonly Subject[],
  { documents, own: ours }: Pick<VerifyContractsOptions, 'documents' | 'own'>,
): Promise<Served> {
  if (documents === undefined) return { subjects, unserved: new Set(), missing: [] }
  const bundled = (await ownDocuments(ours)).map((loaded) => contractOf(loaded))
  const own = new Set(bundled.flatMap((contract) => contract.operations.map((operation) => shapeOf(contract, operation))))
  const isEdition = (contract: Contract): boolean => {
    const shared = contract.operations.filter((operation) => own.has(shapeOf(contract, operation)))
    return shared.length > 0 && shared.length * 2 >= contract.operations.length
  }
  const isStrange = ({ document }: Subject): boolean => document !== undefined && !isEdition(document)
  const strange = subjects.filter(isStrange)
  const files = new Set(strange.flatMap(({ document }) => document?.file ?? []))
  const names = new Set(strange.flatMap(({ document }) => document?.name ?? []))
  const missing = new Set<string>()
  const unserved = new Set<string>()
  const lackOf = (document: Contract, { method, path }: Interaction): string | undefined => {
    const match = matchOf(document, method, path)
    if (match.kind !== 'found' || own.has(shapeOf(document, match.target))) return undefined
    return `${match.target.method} ${match.target.template} of ${document.name}`
  }
  const others = subjects.filter((subject) => !isStrange(subject))
  for (const { pact, document } of others)
    for (const interaction of document ? pact.interactions : []) {
      const lack = document && lackOf(document, interaction)
      if (lack === undefined) continue
      missing.add(lack)
      unserved.add(keyOf(pact.file, interaction.index))
    }
  return {
    subjects: narrowed(others, ({ file }, { index }) => !unserved.has(keyOf(file, index))),
    ...(strange.length > 0 && { alone: { subjects: strange, files: [...files], names: [...names] } }),
    unserved,
    missing: [...missing],
  }
}

/** An operation whatever its parameters are called. */
function shapeOf({ base }: Contract, { method, template }: Operation): string {
  return `${method} ${base}${template.replaceAll(/\{[^{}]*\}/g, '{}')}`
}
