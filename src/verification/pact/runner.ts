import { type ChildProcess, fork } from 'node:child_process'
import { isRecord, textOf } from './value.ts'
import type { Job, Told } from './verify-child.ts'

/** What becomes of a run. */
export type Run =
  | { readonly kind: 'told'; readonly told: Told }
  /** The process ended before it had answered, or did not answer in time. */
  | { readonly kind: 'crashed' | 'late'; readonly reason: string }
  | { readonly kind: 'stopped' }

/** The child process: started when it is needed, again after it broke, and used for many runs. */
export class Runner {
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
