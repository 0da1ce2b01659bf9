import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Verifier, type VerifierOptions } from '@pact-foundation/pact-core'
import { messageFrom } from '../../base/problem.ts'
import { stateKey } from './part.ts'
import { bodyOf, send } from './send.ts'
import { isRecord, parsed, textOf } from './value.ts'
import { errorWords, problemWords } from './words.ts'

/** One run of the verifier. */
export interface Job {
  readonly verifier: VerifierOptions
  readonly stateUrl?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly timeout: number
}

/** What became of it. */
export interface Told {
  /** The report, or the words of what went wrong. */
  readonly report: unknown
  /** Why states were refused, by `stateKey`. */
  readonly refusals: Readonly<Record<string, Refusal>>
}

interface Refusal {
  readonly words: string
  /** Somebody answered; where nobody did, perhaps nobody is there. */
  readonly isAnswer: boolean
}

/**
 * Runs the Pact verifier for `verify.ts`, in a process of its own: it prints to standard output past any JavaScript, and is configured by
 * the environment. Each message is a job as JSON.
 *
 * This is the core that pact-js' `Verifier` wraps in a proxy. The proxy dies of a provider that breaks a connection off, and rewrites bodies:
 * a form arrives as JSON.
 */
process.on('message', (message) => void run(JSON.parse(String(message))).then((told) => process.send?.(told)))

// Nobody is left to report to. To exit would be to wait for the verifier's threads.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

async function run(job: Job): Promise<Told> {
  const refusals: Record<string, Refusal> = {}
  const { stateUrl, verifier } = job
  if (stateUrl === undefined) return { report: await report(verifier), refusals }
  const relay = await openRelay(stateUrl, job, refusals)
  const url = `http://127.0.0.1:${portOf(relay)}/`
  const told = await report({ ...verifier, providerStatesSetupUrl: url, providerStatesSetupTeardown: true })
  relay.close()
  relay.closeAllConnections()
  return { report: told, refusals }
}

async function report(options: VerifierOptions): Promise<unknown> {
  try {
    return parsed(await new Verifier(options).verify())
  } catch (error) {
    // A verification that fails rejects with its report.
    const words = messageFrom(error)
    return parsed(words) ?? words
  }
}

/**
 * Stands between the verifier and the URL for states. The verifier repeats what is answered with 5xx or 429, for hours, so every refusal is
 * made a 422; and its report has no word of why, so the words are kept.
 */
async function openRelay(url: string, { headers, timeout }: Job, refusals: Record<string, Refusal>): Promise<Server> {
  const forward = async (request: IncomingMessage): Promise<{ readonly status: number; readonly text: string }> => {
    const body = await bodyOf(request)
    try {
      const { status, text } = await send(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        timeout,
      })
      if (status >= 200 && status < 300) return { status: 200, text }
      refusals[keyOf(body)] = { words: problemWords(text) || `${url} answers ${status}`, isAnswer: true }
    } catch (error) {
      refusals[keyOf(body)] = { words: `${url} gives no answer: ${errorWords(error, timeout)}`, isAnswer: false }
    }
    return { status: 422, text: '' }
  }
  const server = createServer((request, response) => {
    forward(request).then(
      ({ status, text }) => response.writeHead(status, { 'content-type': 'application/json' }).end(text),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function keyOf(body: string): string {
  const { action, state, params } = Object(parsed(body))
  return stateKey(textOf(action), textOf(state), isRecord(params) ? params : {})
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
