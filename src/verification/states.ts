import { plain } from '../base/exact.ts'
import type { MockAccess } from './mock-access.ts'
import type { ProviderState } from './pact/pact.ts'
import type { VerifyContractsOptions } from './options.ts'
import { servedOf } from './served.ts'
import { openBrokerOf, type Subject, subjectsOf } from './subjects.ts'

/** A provider state that a pact names and nobody knows. */
export interface MissingState {
  readonly text: string
  /** The names of its parameters. */
  readonly params: readonly string[]
  readonly nearest: readonly string[]
}

/** The provider states of the pacts that neither the bundled ones nor the team's own know. */
export async function missingStates(options: VerifyContractsOptions, access: MockAccess): Promise<readonly MissingState[]> {
  const { subjects, alone } = await servedOf(await subjectsOf(options, openBrokerOf(options)), options)
  const named = (of: readonly Subject[]): ProviderState[] =>
    of.flatMap(({ pact, document }) => (document ? pact.interactions.flatMap(({ states }) => states) : []))
  const ofDocuments = alone ? await unknownOf(named(alone.subjects), options, access.ofDocuments(alone.files)) : []
  const own = await unknownOf(named(subjects), options, access)
  return [...own, ...ofDocuments.filter(({ text }) => !own.some((one) => one.text === text))]
}

/** Those of the states that nobody knows, each once. */
export async function unknownOf(
  states: readonly ProviderState[],
  options: VerifyContractsOptions,
  access: MockAccess,
): Promise<readonly MissingState[]> {
  // A text may come with other parameters each time.
  const wanted = new Map<string, ProviderState['params']>()
  for (const { name, params } of states) if (name !== '') wanted.set(name, { ...wanted.get(name), ...plain(params) })
  if (wanted.size === 0) return []
  const found = await access.findStates(
    [...wanted].map(([state, params]) => ({ state, params })),
    options.states,
  )
  return found.flatMap(({ state, params, known }) =>
    known === undefined ? [] : [{ text: state, params: Object.keys(params), nearest: known }],
  )
}
