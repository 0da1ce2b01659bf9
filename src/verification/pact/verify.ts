import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeTrustStores } from './environment.ts'
import type { Pact } from './pact.ts'
import { partsOf, type Task } from './part.ts'
import { type Outcome, PartVerifier, type Prepare, type Target } from './part-verifier.ts'
import { providerUnreached, statesUnreached } from './reach.ts'

export interface VerifyOptions {
  /** One process is started for each. */
  readonly targets: readonly Target[]
  readonly pacts: readonly Pact[]
  /** Sent with each request, also with those for states, in place of what the pact has. */
  readonly headers?: Readonly<Record<string, string>>
  /** What stands between the base URL and the path of an interaction. */
  readonly basePathOf?: (task: Task) => string
  /** Sets up the states of an interaction, where no URL does: a request less for each, and each has a world of its own. */
  readonly prepare?: Prepare
  /** How long a request may take, in milliseconds. */
  readonly timeout?: number
  /** No more is begun once an interaction that is not pending has failed. What was not tried is skipped. */
  readonly failFast?: boolean
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  /** Ends processes and removes files at once, before `abort` returns. */
  readonly signal?: AbortSignal
}

/** By the file of the pact, and the index of the interaction. */
export type Outcomes = ReadonlyMap<string, ReadonlyMap<number, Outcome>>

/** What tests replace. */
export interface Internals {
  readonly child?: URL
  /** What a run may take beyond its requests, in milliseconds. */
  readonly grace?: number
  readonly partSize?: number
}

/** While this is TypeScript, and after it was built: then all programs stand beside one another. */
const CHILD = new URL(import.meta.url.endsWith('.ts') ? './verify-child.ts' : '../../verify-child.js', import.meta.url)
/** How long a request may take unless somebody says otherwise, in milliseconds. */
export const TIMEOUT = 30_000
const GRACE = 60_000
/** The cost of an interaction grows with their number in a run; below 50 the runs' own cost begins to show. */
const PART_SIZE = 50
/** What is verified beyond the first failure. */
const FAST_PART_SIZE = 10

/**
 * Sends the requests of all interactions to a provider and compares the answers, by the Pact verifier. Every interaction has an outcome,
 * whatever becomes of the verifier. Once the provider, or who sets up its states, cannot be reached, the rest is skipped.
 * @throws the reason of the signal once that is aborted
 */
export async function verifyAgainst(options: VerifyOptions, internals: Internals = {}): Promise<Outcomes> {
  const { targets, pacts, headers = {}, basePathOf = () => '', prepare, timeout = TIMEOUT, failFast = false, onProgress, signal } = options
  const { child = CHILD, grace = GRACE, partSize = failFast ? FAST_PART_SIZE : PART_SIZE } = internals
  const outcomes = new Map(pacts.map(({ file }) => [file, new Map<number, Outcome>()]))
  const queue = partsOf(pacts, basePathOf, partSize)
  const total = pacts.reduce((sum, { interactions }) => sum + interactions.length, 0)
  let done = 0
  const folder = await mkdtemp(join(tmpdir(), 'allocation-mock-verify-'))
  const settings = { headers, timeout, grace, child, prepare }
  const verifiers = targets.map((target, index) => new PartVerifier(target, join(folder, String(index)), settings))
  const stop = (): void => {
    queue.length = 0
    for (const verifier of verifiers) verifier.stop()
  }
  const abandon = (): void => {
    stop()
    rmSync(folder, { recursive: true, force: true })
  }
  let unreached: string | undefined

  const record = ({ pact, interaction }: Task, outcome: Outcome): void => {
    outcomes.get(pact.file)?.set(interaction.index, outcome)
    done++
    unreached ??= outcome.unreached
    if (unreached !== undefined || (failFast && !interaction.pending && outcome.answer.kind === 'failed')) stop()
  }
  const work = async (verifier: PartVerifier): Promise<void> => {
    for (let part = queue.shift(); part; part = queue.shift()) {
      const { answered, rest } = await verifier.verify(part)
      for (const [task, outcome] of answered) record(task, outcome)
      queue.unshift(...rest)
      onProgress?.({ done, total })
    }
  }

  signal?.addEventListener('abort', abandon)
  try {
    if (queue.length > 0) await writeTrustStores(folder, targets)
    if (queue.length > 0) unreached = await firstUnreached(targets, timeout)
    if (unreached !== undefined) stop()
    await Promise.all(verifiers.map((verifier) => work(verifier)))
  } finally {
    signal?.removeEventListener('abort', abandon)
    stop()
    await rm(folder, { recursive: true, force: true })
  }
  signal?.throwIfAborted()
  for (const { file, interactions } of pacts)
    for (const { index } of interactions)
      if (outcomes.get(file)?.has(index) === false)
        outcomes.get(file)?.set(index, { answer: { kind: 'skipped' }, ...(unreached !== undefined && { unreached }) })
  return outcomes
}

/** Before anything is sent: a host that swallows every connection would cost the time-out of each interaction. */
async function firstUnreached(targets: readonly Target[], timeout: number): Promise<string | undefined> {
  for (const { baseUrl, stateUrl } of targets) {
    const unreached =
      (await providerUnreached(baseUrl, timeout)) ?? (stateUrl === undefined ? undefined : await statesUnreached(stateUrl, timeout))
    if (unreached !== undefined) return unreached
  }
  return undefined
}
