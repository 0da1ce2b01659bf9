import { setTimeout as pause } from 'node:timers/promises'
import { NoAnswer } from '../client/ask.ts'
import type { PastRequest } from '../client/client.ts'
import { REQUESTS_OPTIONS } from './config.ts'
import type { ServerEvent } from './event-stream.ts'
import type { Io } from './io.ts'
import { createLines } from './line.ts'
import { pastRequestIn, type RunningMock, runningMock } from './running.ts'
import type { Settings } from './settings.ts'

/** Prints past requests of a running mock, a line each, and goes on with those that come. @returns the exit code */
export async function requests(settings: Settings<typeof REQUESTS_OPTIONS>, io: Io): Promise<number> {
  const { url, controlToken, follow: follows = false, limit = REQUESTS_OPTIONS.limit.default, json = false, ...given } = settings
  const mock = runningMock({ ...(url !== undefined && { url }), ...(controlToken !== undefined && { controlToken }) })
  const filter = { origin: REQUESTS_OPTIONS.origin.default, ...given }
  const lines = createLines(io, 'out')
  const show = (one: PastRequest): void => {
    if (json) io.out(JSON.stringify(one))
    // The colours are ours.
    else io.raw.out(lines.line(summaryOf(one)))
  }
  const showAll = (past: readonly PastRequest[]): void => {
    for (const one of past) lines.fit(summaryOf(one))
    for (const one of past) show(one)
  }
  if (follows) return follow(mock, { filter, limit, show, showAll }, io)
  const past = await mock.past(filter, limit)
  showAll(past)
  if (past.length === 0) io.err(`note: the journal of ${mock.url} holds no such request`)
  return 0
}

/** As serve logs it, but for its id: that begins with the session, and `explain` takes it. */
function summaryOf(past: PastRequest): Parameters<ReturnType<typeof createLines>['line']>[0] {
  return { ...past, session: past.id, warnings: past.warnings ?? [] }
}

interface Following {
  readonly filter: Parameters<RunningMock['follow']>[0]
  readonly limit: number
  readonly show: (one: PastRequest) => void
  readonly showAll: (past: readonly PastRequest[]) => void
}

/** How long to wait before a mock that does not answer is asked again, in milliseconds. */
const RETRY = 500

/** Until a signal, or until nobody reads any more. A mock that stops is waited for. */
async function follow(mock: RunningMock, { filter, limit, show, showAll }: Following, io: Io): Promise<number> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  const { signal } = stopping
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  io.unread?.addEventListener('abort', stop)
  let last: PastRequest | undefined
  let shown = new Set<string>()
  /** What came while nobody listened. It is asked for when the stream has begun: what comes between is in both, and lost in neither. */
  const catchUp = async (): Promise<void> => {
    const since = last?.received ?? ''
    // What came in the same millisecond may be shown twice, which is better than never.
    const past = (await mock.past(filter, limit)).filter(({ id, received }) => received >= since && id !== last?.id)
    showAll(past)
    shown = new Set(past.map(keyOf))
    last = past.at(-1) ?? last
  }
  const take = async (event: ServerEvent): Promise<void> => {
    const one = event.name === 'exchange' ? pastRequestIn(event) : undefined
    if (one && !shown.has(keyOf(one))) show(one)
    last = one ?? last
    if (event.name === 'dropped') io.err('warning: requests are missing: more came than could be shown, and the mock has forgotten them')
    if (event.name !== 'lost') return
    io.err(`warning: requests may be missing: ${mock.url} knows nothing of ${last?.id ?? 'the last'}, the last one shown`)
    await catchUp()
  }
  try {
    let events: AsyncIterable<ServerEvent> | undefined = await mock.follow(filter, undefined, signal)
    await catchUp()
    for (let isTold = false; !signal.aborted;) {
      try {
        events ??= await mock.follow(filter, last?.id, signal)
        isTold = false
        for await (const event of events) {
          await take(event)
          // Nothing piles up for who reads slowly; of results that are lost main tells.
          if ((await io.lost?.()) !== undefined) return 0
        }
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
      }
      events = undefined
      if (signal.aborted) break
      if (!isTold) io.err(`${mock.url} is gone: waiting until it answers again`)
      isTold = true
      await pause(RETRY, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    io.unread?.removeEventListener('abort', stop)
    stopping.abort()
  }
  return 0
}

/** An id comes again after its session was reset. */
function keyOf({ id, received }: PastRequest): string {
  return `${id} ${received}`
}
