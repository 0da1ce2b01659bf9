import { plain } from '../base/exact.ts'
import { matchOf } from './pact/base-path.ts'
import type { Interaction, Named, Pact } from './pact/pact.ts'
import { documentedFor } from './pact/status.ts'
import type { ContractOptions } from './options.ts'
import { type Known, knownDocuments, readableSubjectsOf } from './subjects.ts'

/** An interaction of a consumer. */
export interface Relying {
  readonly consumer: string
  readonly description: string
  readonly states: readonly { readonly name: string; readonly params: Readonly<Record<string, unknown>> }[]
}

/** One documented answer and the consumers that rely on it. */
export interface Covered {
  readonly document: string
  readonly operation: string
  readonly status: string
  readonly consumers: readonly string[]
  readonly interactions: readonly Relying[]
}

/** An interaction that relies on no documented answer, and why. */
export interface Stray extends Relying {
  readonly reason: string
  /** It is of a provider that none of the documents is about. */
  readonly foreign: boolean
}

export interface Coverage {
  /** How many of the answers that consumers can rely on are relied on, and their share. */
  readonly relied: number
  readonly percent: number
  /** What consumers can rely on. */
  readonly answers: readonly Covered[]
  /** The other documented answers, which are no part of any share. */
  readonly apart: readonly Covered[]
  readonly strays: readonly Stray[]
  /** What the pacts were read from. */
  readonly files: readonly string[]
}

/** Operations and their documented statuses, with the interactions that expect them. Without pacts nobody expects any. */
export async function coverContracts(options: ContractOptions): Promise<Coverage> {
  const documents = await knownDocuments(options.documents, options.own)
  const subjects = options.pacts.length === 0 ? [] : await readableSubjectsOf(options)
  const relying = new Map<string, Relying[]>()
  const strays: Stray[] = []
  for (const { pact, document } of subjects) {
    for (const interaction of pact.interactions) {
      const one = relyingOf(pact, interaction)
      const found = document ? answersFor(interaction, document) : strangerOf(pact)
      if (typeof found === 'string') strays.push({ ...one, reason: found, foreign: !document })
      else for (const key of found) relying.set(key, [...(relying.get(key) ?? []), one])
    }
    for (const interaction of pact.unverified)
      strays.push({ ...relyingOf(pact, interaction), reason: document ? interaction.reason : strangerOf(pact), foreign: !document })
  }
  const all = documents.flatMap((document) =>
    document.operations.flatMap((operation) =>
      operation.statuses.map((status): Covered => {
        const interactions = relying.get(keyOf(document, operation, status)) ?? []
        const consumers = [...new Set(interactions.map(({ consumer }) => consumer))].toSorted()
        return { document: document.name, operation: operation.id, status, consumers, interactions }
      }),
    ),
  )
  const answers = all.filter(({ status }) => isReliable(status))
  const relied = answers.filter(({ consumers }) => consumers.length > 0).length
  return {
    relied,
    percent: answers.length === 0 ? 0 : (relied * 100) / answers.length,
    answers,
    apart: all.filter(({ status }) => !isReliable(status)),
    strays,
    files: subjects.map(({ pact }) => pact.file),
  }
}

/** Refusals that say nothing of what was asked for: of a client that is broken, or too quick, or of what stands between. */
export const UNRELIABLE = [405, 406, 407, 408, 411, 413, 414, 415, 417, 421, 425, 426, 429, 431]

/** Successes, and refusals that a consumer can bring about by what it asks for. Redirects and failures are nobody's aim. */
function isReliable(status: string): boolean {
  return /^[24]/.test(status) && !UNRELIABLE.includes(Number(status))
}

function relyingOf({ consumer }: Pact, { description, states }: Named): Relying {
  const named = states.filter(({ name }) => name !== '')
  return { consumer, description, states: named.map(({ name, params }) => ({ name, params: { ...plain(params) } })) }
}

/** The documented answers that an interaction expects, by their keys; or why there is none. */
function answersFor(interaction: Interaction, document: Known): readonly string[] | string {
  const { method, path, status } = interaction
  const match = matchOf(document, method, path)
  // Who expects 405 asks with a method that the path does not have.
  const [operation] = match.kind === 'found' ? [match.target] : match.kind === 'wrong-method' && status === 405 ? match.targets : []
  if (!operation) return `${document.name} has no ${method} ${path}`
  const documented = documentedFor(interaction, operation.statuses)
  if (documented.length > 0) return documented.map((key) => keyOf(document, operation, key))
  return `${operation.id} of ${document.name} documents no ${status}; it documents ${operation.statuses.join(', ') || 'none'}`
}

function strangerOf({ provider }: Pact): string {
  return `no document is about its provider "${provider}"`
}

function keyOf(
  { name }: { readonly name: string },
  { method, template }: { readonly method: string; readonly template: string },
  status: string,
): string {
  return JSON.stringify([name, method, template, status])
}
