import { matchOf } from './pact/base-path.ts'
import { documentedFor } from './pact/status.ts'
import type { ContractOptions } from './options.ts'
import { knownDocuments, readableSubjectsOf } from './subjects.ts'

/** One documented answer and the consumers that rely on it. */
export interface Covered {
  readonly document: string
  readonly operation: string
  readonly status: string
  readonly consumers: readonly string[]
}

export interface Coverage {
  /** What consumers can rely on. */
  readonly answers: readonly Covered[]
  /** The other documented answers, which are no part of any share. */
  readonly apart: readonly Covered[]
}

/** Operations and their documented statuses, with the consumers whose pacts expect them. */
export async function coverContracts(options: ContractOptions): Promise<Coverage> {
  const documents = await knownDocuments(options.documents)
  const consumers = new Map<string, Set<string>>()
  for (const { pact, document } of await readableSubjectsOf(options))
    for (const interaction of document ? pact.interactions : []) {
      const { method, path, status } = interaction
      const match = document && matchOf(document, method, path)
      // Who expects 405 asks with a method that the path does not have.
      const [operation] = match?.kind === 'found' ? [match.target] : match?.kind === 'wrong-method' && status === 405 ? match.targets : []
      if (!document || !operation) continue
      for (const documented of documentedFor(interaction, operation.statuses)) {
        const key = keyOf(document, operation, documented)
        consumers.set(key, (consumers.get(key) ?? new Set()).add(pact.consumer))
      }
    }
  const all = documents.flatMap((document) =>
    document.operations.flatMap((operation) =>
      operation.statuses.map((status) => ({
        document: document.name,
        operation: operation.id,
        status,
        consumers: [...(consumers.get(keyOf(document, operation, status)) ?? [])].toSorted(),
      })),
    ),
  )
  return { answers: all.filter(({ status }) => isReliable(status)), apart: all.filter(({ status }) => !isReliable(status)) }
}

/** Refusals that say nothing of what was asked for: of a client that is broken, or too quick, or of what stands between. */
export const UNRELIABLE = [405, 406, 407, 408, 411, 413, 414, 415, 417, 421, 425, 426, 429, 431]

/** Successes, and refusals that a consumer can bring about by what it asks for. Redirects and failures are nobody's aim. */
function isReliable(status: string): boolean {
  return /^[24]/.test(status) && !UNRELIABLE.includes(Number(status))
}

function keyOf(
  { name }: { readonly name: string },
  { method, template }: { readonly method: string; readonly template: string },
  status: string,
): string {
  return JSON.stringify([name, method, template, status])
}
