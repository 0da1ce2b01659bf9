import type { FaultHit } from '../core/scenario/settings.ts'
import { type Cut, jsonText, type MockReply, type Problem } from '../base/http.ts'
import type { Readable } from 'node:stream'
import type { Stream } from './events.ts'
import type { Upstream } from './upstream.ts'

/** A reply as it goes over the line, and what the edge has to know of it. */
export interface Handled {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly mediaType: string
  readonly text: string | undefined
  /** By the session's clock. */
  readonly now: number
  readonly isControl: boolean
  /** Why it is a refusal, where the mock refuses in its own words. */
  readonly problem?: Problem
  /** What is done to the answer on its way, in place of sending it whole. */
  readonly cut?: Cut
  /** What is sent as it comes, in place of a text. */
  readonly stream?: Stream
  /** The answer of another service, which goes out as it came. */
  readonly raw?: Upstream
}

/** What the edge knows of the line that a request came in on. */
export interface Line {
  /** Calls back once when the client goes away before it is answered; at once, if it has. @returns what ends that */
  onGone(callback: () => void): () => void
  /** Whether control requests on it need the control token. */
  needsToken(): boolean
  /** Whether it is HTTPS. */
  readonly isSecure: boolean
  /** The body as it was sent. */
  sent?(): Buffer | Readable | undefined
}

/** A text of any other type is no JSON. */
const JSON_TYPE = /[/+]json\s*(;|$)/i

/** A reply as it goes over the line. */
export function toLine(
  { status, headers, mediaType = 'application/json', body, text: written, problem }: MockReply,
  now: number,
  isControl: boolean,
  more: Readonly<Record<string, string>> = {},
): Handled {
  const text = written ?? (body === undefined ? undefined : typeof body === 'string' && !JSON_TYPE.test(mediaType) ? body : jsonText(body))
  return { status, headers: headers ? { ...headers, ...more } : more, mediaType, text, now, isControl, ...(problem && { problem }) }
}

/** What of a fault only the edge, and the text on the line, can show. */
export function spoilt(right: Handled, { fault: { cut, spoil } }: FaultHit): Handled {
  const { text } = right
  // Whatever JSON stands there, with one more bracket it is none.
  if (spoil === 'MALFORMED_BODY' && text !== undefined) return { ...right, text: `${text}}` }
  return cut ? { ...right, cut } : right
}

/** `f1 (before: 503, 200 ms)` */
export function nameOfFault({ fault: { id, at, reply, cut, spoil }, delay }: FaultHit): string {
  const what = [reply?.status, cut, spoil, delay > 0 ? `${delay} ms` : undefined].filter((one) => one !== undefined)
  return `${id} (${at}: ${what.join(', ')})`
}

/** What a delay hangs on beside the client. */
export interface Waiting {
  /** Aborted when the mock closes: what is delayed is answered at once. */
  readonly closing: AbortSignal
  /** Calls back after that many milliseconds. @returns what ends that */
  readonly delay: (milliseconds: number, over: () => void) => () => void
}

/** Waits, as long as there is a client to wait with it, and a server. @returns whether the client went away */
export async function waitOn(milliseconds: number, line: Line | undefined, { closing, delay }: Waiting): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const over = (): void => resolve(false)
  const stop = delay(closing.aborted ? 0 : milliseconds, over)
  closing.addEventListener('abort', over)
  const unhear = line?.onGone(() => resolve(true))
  try {
    return await promise
  } finally {
    stop()
    closing.removeEventListener('abort', over)
    unhear?.()
  }
}
