import { plain } from '../../base/exact.ts'
import { withoutSlash } from '../../base/path.ts'
import type { Interaction, Pact } from './pact.ts'
import { type Fields, isRecord, sorted } from './value.ts'

/** One interaction to verify. */
export interface Task {
  readonly pact: Pact
  readonly interaction: Interaction
}

/** What one run of the verifier verifies: interactions whose paths begin at the same place. */
export interface Part {
  /** What stands between the provider's base URL and the paths of the pacts; empty for nothing. */
  readonly basePath: string
  readonly tasks: readonly Task[]
}

/** What an interaction meets that was set up before: headers for its request, and the values of its states. */
export interface Ready {
  readonly headers: Readonly<Record<string, string>>
  readonly values: Fields
}

/** The interactions of all pacts in parts of at most `size`; small pacts share one. */
export function partsOf(pacts: readonly Pact[], basePathOf: (task: Task) => string, size: number): Part[] {
  const tasks = pacts.flatMap((pact) => pact.interactions.map((interaction) => ({ pact, interaction })))
  return [...Map.groupBy(tasks, (task) => withoutSlash(basePathOf(task)))].flatMap(([basePath, tasks]) => split({ basePath, tasks }, size))
}

/** The first half and the second, to find out which one the verifier stumbles over. */
export function halvesOf(part: Part): Part[] {
  return split(part, Math.ceil(part.tasks.length / 2))
}

function split(part: Part, size: number): Part[] {
  const parts: Part[] = []
  for (let from = 0; from < part.tasks.length; from += size) parts.push({ ...part, tasks: part.tasks.slice(from, from + size) })
  return parts
}

/** The pact files of a part, one for each pact in it; without the request headers that are replaced. */
export function contentsOf(
  { tasks }: Part,
  replaced: readonly string[],
  ready: ReadonlyMap<Task, Ready | undefined> = new Map(),
): object[] {
  const numbered = tasks.map((task, number) => ({ ...task, number, ready: ready.get(task) }))
  return [...Map.groupBy(numbered, ({ pact }) => pact).entries()].map(([{ version }, own]) => ({
    // One name for all, so that pacts of several providers can share a run.
    provider: { name: PROVIDER },
    consumer: { name: 'consumer' },
    interactions: own.map(({ interaction, number, ready }) => prepared(interaction, number, replaced, ready)),
    // Of the rest of a file some is refused: a plugin that is not installed, a version in another spelling, half a character.
    metadata: { pactSpecification: { version: `${version}.0` } },
  }))
}

/** The provider's name in all contents. */
export const PROVIDER = 'provider'

/**
 * Descriptions may repeat, even in one file, so each is given a number by which its result is found again. A pending interaction is
 * verified like any other: whether its failure counts is ours to say.
 */
function prepared(
  { raw, description, states }: Interaction,
  number: number,
  replaced: readonly string[],
  ready: Ready | undefined,
): object {
  const request = withoutHeaders(raw['request'], [...replaced, ...Object.keys(ready?.headers ?? {})])
  return {
    ...raw,
    description: `${description} #${number}`,
    request: ready ? withHeaders(request, ready.headers) : request,
    // Where nobody is asked for states, their parameters are what generators draw from.
    ...(ready && states.length > 0 && { providerStates: states.map(({ name }) => ({ name, params: ready.values })) }),
    ...(raw['pending'] === true && { pending: false }),
  }
}

/** To the verifier, headers whose names differ in case are two: it would send both. */
function withoutHeaders(request: unknown, names: readonly string[]): unknown {
  if (!isRecord(request) || !isRecord(request['headers']) || names.length === 0) return request
  const unwanted = new Set(names.map((name) => name.toLowerCase()))
  return {
    ...request,
    headers: Object.fromEntries(Object.entries(request['headers']).filter(([name]) => !unwanted.has(name.toLowerCase()))),
  }
}

function withHeaders(request: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (!isRecord(request)) return request
  return { ...request, headers: { ...(isRecord(request['headers']) && request['headers']), ...headers } }
}

/** The number that `contentsOf` gave to a description. */
export function numberOf(description: string): number | undefined {
  const number = / #(\d+)$/.exec(description)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** What a refused state is found again by. The verifier sorts parameters, and writes some numbers in a form of its own. */
export function stateKey(action: string, name: string, params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([action, name, sorted(plain(params))])
}
