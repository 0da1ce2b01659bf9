import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withoutSlash } from '../../base/path.ts'
import { environmentFor } from './environment.ts'
import { type Answer, type Interaction, type ProviderState, type Reason, UNTRIED } from './pact.ts'
import { contentsOf, halvesOf, type Part, PROVIDER, type Ready, stateKey, type Task } from './part.ts'
import { providerUnreached, statesUnreached } from './reach.ts'
import { loadFailure, readResults, type Result } from './result.ts'
import { Runner } from './runner.ts'
import { textOf } from './value.ts'
import type { Job, Told } from './verify-child.ts'
import { stateWords } from './words.ts'

/** A provider, or a session of one: runs of the verifier at the same time need one each, for they would change each other's state. */
export interface Target {
  readonly baseUrl: string
  /** Where provider states are set up. Without it they are taken to exist. */
  readonly stateUrl?: string
}

/** What an interaction meets whose states were set up before the verifier has it. */
export type Prepared = ({ readonly kind: 'ready' } & Ready) | { readonly kind: 'refused'; readonly reason: Reason }

/** Sets up the states of an interaction, where no URL does. */
export type Prepare = (interaction: Interaction) => Promise<Prepared>

/** What a provider made of one interaction. */
export interface Outcome {
  readonly answer: Answer
  /** Why nothing could be sent, where the interaction was skipped for that. */
  readonly unreached?: string
  /** Seconds. */
  readonly duration?: number
}

export interface PartSettings {
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout: number
  /** What a run may take beyond its requests, in milliseconds. */
  readonly grace: number
  /** The program of the child process. */
  readonly child: URL
  readonly prepare: Prepare | undefined
}

interface Verified {
  readonly answered: readonly (readonly [Task, Outcome])[]
  /** To be tried again apart: one of them takes the verifier down. */
  readonly rest: readonly Part[]
}

/** Verifies parts against one target, one after another, in a child process. */
export class PartVerifier {
  readonly #target: Target
  readonly #folder: string
  readonly #settings: PartSettings
  readonly #runner: Runner
  /** Runs without a report, since the last that had one. */
  #misses = 0

  constructor(target: Target, folder: string, settings: PartSettings) {
    this.#target = target
    this.#folder = folder
    this.#settings = settings
    this.#runner = new Runner(settings.child, environmentFor(target.baseUrl, join(folder, '..')))
  }

  async verify(whole: Part): Promise<Verified> {
    // It loads while the states are set up.
    this.#runner.warm()
    const answered: [Task, Outcome][] = []
    const ready = new Map<Task, Ready | undefined>()
    for (const task of whole.tasks) {
      const prepared = await this.#settings.prepare?.(task.interaction)
      if (prepared?.kind === 'refused') answered.push([task, failed(prepared.reason)])
      else ready.set(task, prepared)
    }
    if (ready.size === 0) return { answered, rest: [] }
    const part = { ...whole, tasks: [...ready.keys()] }
    const run = await this.#runner.run(await this.#jobFor(part, ready), this.#limitOf(part))
    if (run.kind === 'stopped') return { answered: [], rest: [] }
    const results = run.kind === 'told' ? readResults(run.told.report) : undefined
    this.#misses = results ? 0 : this.#misses + 1
    const refusals = run.kind === 'told' ? run.told.refusals : {}
    const untold: Task[] = []
    for (const [number, task] of part.tasks.entries()) {
      const result = results?.get(number)
      if (result) answered.push([task, await this.#outcomeOf(task, result, refusals)])
      else untold.push(task)
    }
    const isWorthSplitting = run.kind !== 'late' && this.#misses < MAX_MISSES && part.tasks.length > 1
    if (untold.length > 0 && isWorthSplitting) return { answered, rest: halvesOf({ ...part, tasks: untold }) }
    const message = run.kind === 'told' ? silenceOf(run.told.report) : run.reason
    return { answered: [...answered, ...untold.map((task) => [task, failed({ message, code: UNTRIED })] as const)], rest: [] }
  }

  stop(): void {
    this.#runner.stop()
  }

  async #jobFor(part: Part, ready: ReadonlyMap<Task, Ready | undefined>): Promise<Job> {
    await rm(this.#folder, { recursive: true, force: true })
    await mkdir(this.#folder)
    const contents = contentsOf(part, Object.keys(this.#settings.headers), ready)
    const files = contents.map((content, index) => ({ file: join(this.#folder, `${index}.json`), content }))
    await Promise.all(files.map(({ file, content }) => writeFile(file, JSON.stringify(content))))
    return {
      verifier: {
        provider: PROVIDER,
        providerBaseUrl: withoutSlash(this.#target.baseUrl) + part.basePath,
        pactUrls: files.map(({ file }) => file),
        timeout: this.#settings.timeout,
        logLevel: 'error',
        followRedirects: false,
        ...(Object.keys(this.#settings.headers).length > 0 && { customProviderHeaders: this.#settings.headers }),
      },
      stateUrl: this.#target.stateUrl,
      headers: this.#settings.headers,
      timeout: this.#settings.timeout,
    }
  }

  /** For each interaction its own request, and up to two for each state; one without a state has the empty one. */
  #limitOf({ tasks }: Part): number {
    const requests = tasks.reduce((sum, { interaction }) => sum + 1 + 2 * Math.max(interaction.states.length, 1), 0)
    return requests * this.#settings.timeout + this.#settings.grace
  }

  async #outcomeOf({ interaction }: Task, result: Result, refusals: Told['refusals']): Promise<Outcome> {
    const { duration } = result
    const timed = duration === undefined ? {} : { duration }
    if (result.kind === 'passed') return { answer: { kind: 'passed' }, ...timed }
    if (result.kind === 'mismatches') return { answer: { kind: 'failed', reasons: result.reasons }, ...timed }
    const action = stateAction(result)
    const outcome =
      action === undefined ? this.#errorOf(result.message, duration ?? 0) : this.#stateErrorOf(action, interaction.states, refusals)
    return { ...(await outcome), ...timed }
  }

  /** In the words of whoever refused the state; skipped where nobody is there to refuse it. */
  async #stateErrorOf(action: string, states: readonly ProviderState[], refusals: Told['refusals']): Promise<Outcome> {
    const { stateUrl = '' } = this.#target
    const asked = states.length === 0 ? [{ name: '', params: {} }] : states
    const refused = asked.find(({ name, params }) => refusals[stateKey(action, name, params)] !== undefined)
    const { name, params } = refused ?? asked[0] ?? { name: '', params: {} }
    const refusal = refusals[stateKey(action, name, params)]
    const unreached = refusal?.isAnswer === true ? undefined : await statesUnreached(stateUrl, this.#settings.timeout)
    if (unreached !== undefined) return skipped(unreached)
    return failed({
      message: stateWords(name, refusal?.words ?? `${stateUrl} does not answer within ${this.#settings.timeout} ms`, action),
    })
  }

  /** The verifier has the same words for all that can happen to a request on its way. */
  async #errorOf(message: string, duration: number): Promise<Outcome> {
    if (!/^error (sending request|decoding response)/.test(message)) return failed({ message, code: UNTRIED })
    // Of what has begun to answer, it is known that it could be asked.
    const unreached = message.startsWith('error decoding')
      ? undefined
      : await providerUnreached(this.#target.baseUrl, this.#settings.timeout)
    if (unreached !== undefined) return skipped(unreached)
    if (duration * 1000 >= this.#settings.timeout)
      return failed({ message: `the provider does not answer within ${this.#settings.timeout} ms` })
    return failed({ message: 'the provider broke the connection off before its answer was complete' })
  }
}

/** Why there is no result of an interaction. */
function silenceOf(report: unknown): string {
  const failure = loadFailure(report)
  if (failure !== undefined) return `the verifier cannot read it: ${failure}`
  return `the verifier says nothing about it${readResults(report) ? '' : `: ${textOf(report)}`}`
}

/** What became of a state, where that is why the interaction could not be tried. */
function stateAction(result: Result): string | undefined {
  return result.kind === 'error' ? /^One or more of the (setup|teardown) state change/.exec(result.message)?.[1] : undefined
}

/** How many runs it takes at most to find the one bad interaction of a part. Where it takes more, the verifier does not work at all. */
const MAX_MISSES = 8

function failed(reason: Reason): Outcome {
  return { answer: { kind: 'failed', reasons: [reason] } }
}

/** It was not asked: nothing is known of what it would have answered. */
function skipped(unreached: string): Outcome {
  return { answer: { kind: 'skipped' }, unreached }
}
