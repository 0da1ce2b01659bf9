import type { ControlProblem, PastRequest } from '../client/client.ts'
import { look, problemFrom, send } from './api.ts'
import { type Page, type Row, rowOf } from './journal.ts'
import { type Filters, queryOf } from './route.ts'
import { createReader, type ServerSent, waitBefore } from './server-sent.ts'

/** How it stands with what is followed. */
export type Line = { readonly kind: 'opening' | 'live' | 'lost' } | { readonly kind: 'refused'; readonly problem: ControlProblem }

export interface Follower {
  readonly signal: AbortSignal
  /** The newest that there are. */
  begin(page: Page): void
  add(row: Row): void
  line(line: Line): void
}

/** So many requests are a page. */
const PAGE = 100

/** A page of past requests, newest first. */
export async function pageOf(filters: Filters): Promise<Page> {
  const { requests, before } = await look<{ readonly requests: readonly PastRequest[]; readonly before?: string }>(
    `/requests?${queryOf({ ...filters, limit: PAGE })}`,
  )
  return { rows: requests.map(rowOf), older: before }
}

/**
 * What the journal holds, and each request as it comes, until the signal. The stream is opened before the list is asked for, so that nothing
 * falls between them. `EventSource` would do this, but cannot send the control token. Of HTTP/1.1 a browser has six lines to a server for all
 * its tabs: one that is hidden lets go of its own, and takes up where it was when it is seen again.
 */
export async function follow(filters: Filters, { signal, begin, add, line }: Follower): Promise<void> {
  let last: string | undefined
  const start = async (): Promise<void> => {
    const page = await pageOf(filters)
    last = page.rows[0]?.id
    if (!signal.aborted) begin(page)
  }
  const take = async ({ event, id, data }: ServerSent): Promise<void> => {
    if (event === 'exchange') {
      last = id
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      add(rowOf(JSON.parse(data) as PastRequest))
    }
    // What came in between is in the list, where the journal still holds it.
    else if (event === 'lost') await start()
    else if (event === 'dropped') last = undefined
  }
  line({ kind: 'opening' })
  for (let tries = 0; !signal.aborted; tries++) {
    await untilSeen(signal)
    const seen = whileSeen(signal)
    try {
      const headers = last === undefined ? {} : { 'Last-Event-ID': last }
      const { body } = await send({ method: 'GET', path: `/events?${queryOf(filters)}` }, { headers, signal: seen })
      if (last === undefined) await start()
      line({ kind: 'live' })
      tries = 0
      const read = createReader()
      for await (const piece of pieces(body)) for (const sent of read(piece)) await take(sent)
    } catch (error) {
      const problem = problemFrom(error)
      // The mock stops, or starts again; as many as may follow it do. What else is refused is refused the next time as well.
      if (!seen.aborted && !PASSING.has(problem.code)) {
        line({ kind: 'refused', problem })
        return
      }
    }
    if (signal.aborted) return
    line({ kind: seen.aborted ? 'opening' : 'lost' })
    if (!seen.aborted) await pause(waitBefore(tries), seen)
  }
}

const PASSING: ReadonlySet<string> = new Set(['no-answer', 'listeners-exhausted', 'store-unavailable', 'draining', 'connections-exhausted'])

/** The text of a body. One that breaks off ends. */
async function* pieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const read = await reader?.read().catch(() => undefined)
    if (!read || read.done) return
    yield decoder.decode(read.value, { stream: true })
  }
}

/** Until the page is not behind another one, or the signal. */
function untilSeen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) resolve()
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal })
    signal.addEventListener('abort', () => resolve())
  })
}

/** Of a page that is seen: ends when it no longer is, or with the signal. */
function whileSeen(signal: AbortSignal): AbortSignal {
  const hidden = new AbortController()
  document.addEventListener('visibilitychange', () => hidden.abort(), { once: true, signal })
  return AbortSignal.any([signal, hidden.signal])
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
