import { parsedJson } from '../base/decode.ts'
import { OptionError, UsageError } from '../base/problem.ts'
import { isObject } from '../base/values.ts'
import { ControlError, createAsk, listenerAt, NoAnswer, queryOf, refused, sendTo } from '../client/ask.ts'
import type { PastRequest } from '../client/client.ts'
import type { ExchangeFilter } from '../core/behaviour.ts'
import { RUNNING_OPTIONS } from './config.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import type { Settings } from './settings.ts'

/** A mock that runs elsewhere, asked what went on there. Whatever it refuses is thrown as UsageError. */
export interface RunningMock {
  readonly url: string
  /** The last requests that fit, the oldest first. */
  past(filter: ExchangeFilter, limit: number): Promise<readonly PastRequest[]>
  /** Undefined where the journal holds none of this id. */
  one(id: string): Promise<PastRequest | undefined>
  /**
   * Requests as they come, from the moment that this resolves, or behind the one with the id `after`, until the connection ends.
   * @throws NoAnswer where there is no mock, or where it cannot be followed just now
   */
  follow(filter: ExchangeFilter, after: string | undefined, signal: AbortSignal): Promise<AsyncIterable<ServerEvent>>
}

export function runningMock({ url = RUNNING_OPTIONS.url.default, controlToken }: Settings<typeof RUNNING_OPTIONS>): RunningMock {
  const listener = listenerAt(url, { ...(controlToken !== undefined && { token: controlToken }) })
  const ask = createAsk(sendTo(listener))
  return {
    url: listener.url,
    async past(filter, limit) {
      const found: PastRequest[] = []
      // An answer may hold fewer than are asked for, and says then before which there are more.
      for (let before: string | undefined, isMore = true; isMore && found.length < limit;) {
        const query = { ...filter, limit: Math.min(MOST_AT_ONCE, limit - found.length), before }
        const answer = await ask<Page>('GET', '/requests', { query }).catch((error: unknown) => explained(error, filter))
        found.push(...answer.requests)
        before = answer.before
        isMore = before !== undefined
      }
      return found.toReversed()
    },
    async one(id) {
      try {
        return await ask<PastRequest>('GET', `/requests/${encodeURIComponent(id)}`)
      } catch (error) {
        if (error instanceof ControlError && error.problem.code === 'request-unknown') return undefined
        return explained(error)
      }
    },
    async follow(filter, after, signal) {
      const headers = { Accept: 'text/event-stream', ...(after !== undefined && { 'Last-Event-ID': after }) }
      const request = { method: 'GET', path: '/__mock/events', query: queryOf(filter) }
      const response = await listener.ask(request, { headers, signal })
      const { body } = response
      if (response.ok && body && /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) return readEvents(textsOf(body))
      const refusal = refused('GET /__mock/events', response.status, await response.text())
      if (response.status >= 500) throw new NoAnswer(refusal.message)
      return explained(refusal, filter)
    },
  }
}

/** A connection that breaks has ended. */
async function* textsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  try {
    yield* body.pipeThrough(new TextDecoderStream())
  } catch {
    // Whoever reads asks for the rest.
  }
}

/** More the control API does not show at once. */
const MOST_AT_ONCE = 1_000

interface Page {
  readonly requests: readonly PastRequest[]
  readonly before?: string
}

/** A request that a stream has brought; undefined for what is none. */
export function pastRequestIn({ data }: ServerEvent): PastRequest | undefined {
  const value = parsedJson(data)
  return isPastRequest(value) ? value : undefined
}

/** That it is one of ours its id says: the rest is as the control API's document has it. */
function isPastRequest(value: unknown): value is PastRequest {
  return isObject(value) && 'id' in value && typeof value.id === 'string'
}

/** What was refused, in the words of the command line. */
function explained(error: unknown, { operation }: ExchangeFilter = {}): never {
  if (!(error instanceof ControlError)) throw error
  const { code, detail, issues = [] } = error.problem
  const unfit = issues.find(({ at }) => at === '/query/operation')
  if (unfit && operation !== undefined) throw new OptionError('operation', unfit.fix ?? unfit.message, JSON.stringify(operation))
  if (code === 'control-refused')
    throw new UsageError(`${detail}; give the one that the mock printed when it started, or was started with, by --control-token`)
  throw new UsageError(error.message)
}
