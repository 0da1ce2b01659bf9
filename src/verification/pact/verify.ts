import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { type Answer, type Interaction, type Pact, type ProviderState, type Reason, UNTRIED } from './pact.ts'
import { contentsOf, halvesOf, type Part, partsOf, PROVIDER, type Ready, stateKey, type Task } from './part.ts'
import { isLoopback, trustedCertificates, whyUnreachable } from './reach.ts'
import { loadFailure, readResults, type Result } from './result.ts'
import { isRecord, textOf } from './value.ts'
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

export interface VerifyOptions {
  /** One process is started for each. */
  readonly targets: readonly Target[]
  readonly pacts: readonly Pact[]
  /** Sent with each request, also with those for states, in place of what the pact has. */
  readonly headers?: Readonly<Record<string, string>>
  /** What stands between the base URL and the path of an interaction. */
  readonly basePathOf?: (task: Task) => string
  /** Sets up the states of an interaction, where no URL does: a request less for each, and each has a world of its own. */
  readonly prepare?: (interaction: Interaction) => Promise<Prepared>
  /** How long a request may take, in milliseconds. */
  readonly timeout?: number
  /** No more is begun once an interaction that is not pending has failed. What was not tried is skipped. */
  readonly failFast?: boolean
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  /** Ends processes and removes files at once, before `abort` returns. */
  readonly signal?: AbortSignal
}

/** What a provider made of one interaction. */
interface Outcome {
  readonly answer: Answer
  /** Why nothing could be sent, where the interaction was skipped for that. */
  readonly unreached?: string
  /** Seconds. */
  readonly duration?: number
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

/** The same file while this is TypeScript, and after it was compiled. */
const CHILD = new URL(import.meta.url.endsWith('.ts') ? './verify-child.ts' : './verify-child.js', import.meta.url)
const TIMEOUT = 30_000
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
  const { targets, pacts, basePathOf = () => '', failFast = false, onProgress, signal } = options
  const outcomes = new Map(pacts.map(({ file }) => [file, new Map<number, Outcome>()]))
  const queue = partsOf(pacts, basePathOf, internals.partSize ?? (failFast ? FAST_PART_SIZE : PART_SIZE))
  const total = pacts.reduce((sum, { interactions }) => sum + interactions.length, 0)
  let done = 0
  const folder = await mkdtemp(join(tmpdir(), 'allocation-mock-verify-'))
  const verifiers = targets.map((target, index) => new PartVerifier(target, join(folder, String(index)), options, internals))
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
    if (queue.length > 0) unreached = await firstUnreached(options)
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

const VERIFIER = { kind: 'verifier', env: process.env } as const
/** By which the relay sets up states. */
const NODE = { kind: 'node' } as const

/** Before anything is sent: a host that swallows every connection would cost the time-out of each interaction. */
async function firstUnreached({ targets, timeout = TIMEOUT }: VerifyOptions): Promise<string | undefined> {
  for (const { baseUrl, stateUrl } of targets) {
    const provider = await whyUnreachable(baseUrl, timeout, VERIFIER)
    if (provider !== undefined) return providerUnreached(baseUrl, provider)
    const states = stateUrl === undefined ? undefined : await whyUnreachable(stateUrl, timeout, NODE)
    if (stateUrl !== undefined && states !== undefined) return statesUnreached(stateUrl, states)
  }
  return undefined
}

function providerUnreached(url: string, reason: string): string {
  return `the provider cannot be reached at ${new URL(url).origin}: ${reason}`
}

function statesUnreached(url: string, reason: string): string {
  return `nobody sets up provider states at ${new URL(url).origin}, which cannot be reached: ${reason}`
}

/**
 * The verifier reads certificates again for each interaction, 30 ms of work for those of a machine. For targets without TLS one
 * certificate does; none at all is an error to it.
 */
async function writeTrustStores(folder: string, targets: VerifyOptions['targets']): Promise<void> {
  await mkdir(join(folder, 'certificates'))
  await writeFile(join(folder, 'http.pem'), `${rootCertificates[0] ?? ''}\n`)
  if (targets.some(({ baseUrl }) => new URL(baseUrl).protocol === 'https:'))
    await writeFile(join(folder, 'https.pem'), trustedCertificates(process.env).join('\n'))
}

interface Verified {
  readonly answered: readonly (readonly [Task, Outcome])[]
  /** To be tried again apart: one of them takes the verifier down. */
  readonly rest: readonly Part[]
}

/** Verifies parts against one target, one after another, in a child process. */
class PartVerifier {
  readonly #target: Target
  readonly #folder: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeout: number
  readonly #grace: number
  readonly #runner: Runner
  readonly #prepare: VerifyOptions['prepare']
  /** Runs without a report, since the last that had one. */
  #misses = 0

  constructor(
    target: Target,
    folder: string,
    { headers = {}, timeout = TIMEOUT, prepare }: VerifyOptions,
    { child = CHILD, grace = GRACE }: Internals,
  ) {
    this.#target = target
    this.#folder = folder
    this.#headers = headers
    this.#timeout = timeout
    this.#grace = grace
    this.#prepare = prepare
    this.#runner = new Runner(child, environmentFor(target, join(folder, '..')))
  }

  async verify(whole: Part): Promise<Verified> {
    // It loads while the states are set up.
    this.#runner.warm()
    const answered: [Task, Outcome][] = []
    const ready = new Map<Task, Ready | undefined>()
    for (const task of whole.tasks) {
      const prepared = await this.#prepare?.(task.interaction)
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
    const contents = contentsOf(part, Object.keys(this.#headers), ready)
    const files = contents.map((content, index) => ({ file: join(this.#folder, `${index}.json`), content }))
    await Promise.all(files.map(({ file, content }) => writeFile(file, JSON.stringify(content))))
    return {
      verifier: {
        provider: PROVIDER,
        providerBaseUrl: withoutSlash(this.#target.baseUrl) + part.basePath,
        pactUrls: files.map(({ file }) => file),
        timeout: this.#timeout,
        logLevel: 'error',
        followRedirects: false,
        ...(Object.keys(this.#headers).length > 0 && { customProviderHeaders: this.#headers }),
      },
      stateUrl: this.#target.stateUrl,
      headers: this.#headers,
      timeout: this.#timeout,
    }
  }

  /** For each interaction its own request, and up to two for each state; one without a state has the empty one. */
  #limitOf({ tasks }: Part): number {
    const requests = tasks.reduce((sum, { interaction }) => sum + 1 + 2 * Math.max(interaction.states.length, 1), 0)
    return requests * this.#timeout + this.#grace
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
    const reason = refusal?.isAnswer === true ? undefined : await whyUnreachable(stateUrl, this.#timeout, NODE)
    if (reason !== undefined) return skipped(statesUnreached(stateUrl, reason))
    return failed({ message: stateWords(name, refusal?.words ?? `${stateUrl} does not answer within ${this.#timeout} ms`, action) })
  }

  /** The verifier has the same words for all that can happen to a request on its way. */
  async #errorOf(message: string, duration: number): Promise<Outcome> {
    if (!/^error (sending request|decoding response)/.test(message)) return failed({ message, code: UNTRIED })
    // Of what has begun to answer, it is known that it could be asked.
    const reason = message.startsWith('error decoding') ? undefined : await whyUnreachable(this.#target.baseUrl, this.#timeout, VERIFIER)
    if (reason !== undefined) return skipped(providerUnreached(this.#target.baseUrl, reason))
    if (duration * 1000 >= this.#timeout) return failed({ message: `the provider does not answer within ${this.#timeout} ms` })
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

/** So many runs find the one bad interaction of a part; beyond them the verifier does not work at all. */
const MAX_MISSES = 8

function failed(reason: Reason): Outcome {
  return { answer: { kind: 'failed', reasons: [reason] } }
}

/** It was not asked: nothing is known of what it would have answered. */
function skipped(unreached: string): Outcome {
  return { answer: { kind: 'skipped' }, unreached }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

/** What becomes of a run. */
type Run =
  | { readonly kind: 'told'; readonly told: Told }
  /** The process ended before it had answered, or did not answer in time. */
  | { readonly kind: 'crashed' | 'late'; readonly reason: string }
  | { readonly kind: 'stopped' }

/** The child process: started when it is needed, again after it broke, and used for many runs. */
class Runner {
  readonly #file: URL
  readonly #environment: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  #isStopped = false
  /** The end of what the child has printed, for when it breaks. */
  #printed = ''

  constructor(file: URL, environment: NodeJS.ProcessEnv) {
    this.#file = file
    this.#environment = environment
  }

  /** The process, started if it is not there. */
  warm(): ChildProcess {
    const child = this.#child?.connected === true ? this.#child : this.#start()
    this.#child = child
    return child
  }

  async run(job: Job, limit: number): Promise<Run> {
    if (this.#isStopped) return { kind: 'stopped' }
    const child = this.warm()
    const { promise, resolve } = Promise.withResolvers<Run>()
    const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
      this.#child = undefined
      const words = this.#printed.trim()
      resolve({ kind: 'crashed', reason: `the verifier ended with ${signal ?? code}${words === '' ? '' : `: ${words}`}` })
    }
    const onError = (error: Error): void => resolve({ kind: 'crashed', reason: `the verifier cannot be run: ${error.message}` })
    const onMessage = (message: unknown): void => resolve({ kind: 'told', told: toldBy(message) })
    // Beyond what a timer can count, no limit is needed.
    const timer = setTimeout(
      () => {
        resolve({ kind: 'late', reason: `the verifier did not end within ${limit} ms` })
        this.#kill()
      },
      Math.min(limit, 2 ** 31 - 1),
    )
    child.on('close', onEnd).on('error', onError).on('message', onMessage)
    child.send(JSON.stringify(job), (error) => {
      // Where it has ended, its end says more.
      if (error && child.connected) onError(error)
    })
    try {
      const run = await promise
      return this.#isStopped ? { kind: 'stopped' } : run
    } finally {
      clearTimeout(timer)
      child.off('close', onEnd).off('error', onError).off('message', onMessage)
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#kill()
  }

  #kill(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  #start(): ChildProcess {
    this.#printed = ''
    const child = fork(this.#file, [], { env: this.#environment, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    const keep = (text: string): void => {
      this.#printed = (this.#printed + text).slice(-MAX_PRINTED)
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
    return child
  }
}

const MAX_PRINTED = 1_000

/** The message of a child, which could be anything. */
function toldBy(message: unknown): Told {
  if (!isRecord(message)) return { report: message, refusals: {} }
  const refusals = isRecord(message['refusals']) ? message['refusals'] : {}
  return {
    report: message['report'],
    refusals: Object.fromEntries(
      Object.entries(refusals).flatMap(([key, refusal]) =>
        isRecord(refusal) ? [[key, { words: textOf(refusal['words']), isAnswer: refusal['isAnswer'] === true }]] : [],
      ),
    ),
  }
}

/** Without the variables of Pact: with them the core would fetch pacts from a broker, filter interactions or publish results by itself. */
function environmentFor({ baseUrl }: Target, folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PACT_') && name !== 'FORCE_COLOR')
  const { protocol, hostname } = new URL(baseUrl)
  // The proxy of a company does not reach this machine's loopback, where the states are relayed as well.
  const direct = [
    process.env['NO_PROXY'] ?? process.env['no_proxy'],
    '127.0.0.1',
    isLoopback(hostname) ? hostname.replaceAll(/[[\]]/g, '') : undefined,
  ]
  const noProxy = direct.filter((host) => host !== undefined).join(',')
  return {
    ...Object.fromEntries(own),
    PACT_DO_NOT_TRACK: 'true',
    NO_COLOR: '1',
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    SSL_CERT_FILE: join(folder, `${protocol.slice(0, -1)}.pem`),
    ...((protocol === 'http:' || (process.env['SSL_CERT_DIR'] ?? '') === '') && { SSL_CERT_DIR: join(folder, 'certificates') }),
  }
}
