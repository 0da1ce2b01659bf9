import type { Interaction, Pact } from './pact.ts'

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

/** The interactions of all pacts in parts of at most `size`; small pacts share one. */
export function partsOf(pacts: readonly Pact[], basePaths: ReadonlyMap<string, string>, size: number): Part[] {
  const byBasePath = Map.groupBy(pacts, ({ file }) => trimmed(basePaths.get(file) ?? ''))
  return [...byBasePath].flatMap(([basePath, pacts]) => {
    const tasks = pacts.flatMap((pact) => pact.interactions.map((interaction) => ({ pact, interaction })))
    return split({ basePath, tasks }, size)
  })
}

/** The first half and the second, to find out which one the verifier stumbles over. */
export function halvesOf(part: Part): Part[] {
  return split(part, Math.ceil(part.tasks.length / 2))
}

function split({ basePath, tasks }: Part, size: number): Part[] {
  const parts: Part[] = []
  for (let from = 0; from < tasks.length; from += size) parts.push({ basePath, tasks: tasks.slice(from, from + size) })
  return parts
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

/** The pact files of a part, one for each pact in it. */
export function contentsOf({ tasks }: Part): object[] {
  const numbered = tasks.map((task, number) => ({ ...task, number }))
  return [...Map.groupBy(numbered, ({ pact }) => pact).entries()].map(([pact, own]) => ({
    ...pact.content,
    // One name for all, so that pacts of several providers can share a run.
    provider: { name: PROVIDER },
    interactions: own.map(({ interaction, number }) => marked(interaction, number)),
    messages: undefined,
    metadata: withoutPlugins(pact.content['metadata']),
  }))
}

/** The provider's name in all contents. */
export const PROVIDER = 'provider'

/**
 * Descriptions may repeat, even in one file, so each is given a number by which its result is found again. A pending interaction is
 * verified like any other: whether its failure counts is ours to say.
 */
function marked({ raw, description }: Interaction, number: number): object {
  return { ...raw, description: `${description} #${number}`, ...(raw['pending'] === true && { pending: false }) }
}

/** The number that `contentsOf` gave to a description. */
export function numberOf(description: string): number | undefined {
  const number = / #(\d+)$/.exec(description)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** The verifier would refuse the whole file for a plugin that is not installed; interactions that need one are not in a part. */
function withoutPlugins(metadata: unknown): unknown {
  return typeof metadata === 'object' && metadata !== null ? { ...metadata, plugins: undefined } : metadata
}
