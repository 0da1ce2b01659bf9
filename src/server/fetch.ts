import { hasNoBody, type MockRequest } from '../base/http.ts'
import type { Stream } from './events.ts'
import { prefersProblem } from './accept.ts'
import { bodyOf } from './exchange.ts'
import type { Handler } from './handler.ts'
import type { Handled, Line } from './line.ts'

/** A request as `fetch` takes it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Answers requests in this process, without a socket. What a fault does to the connection rejects as it does over one: with a TypeError; an
 * answer that breaks off has a body that does.
 */
export function fetchWithin(handle: Handler, maxBytes: number): Fetch {
  return async (input, init) => {
    const request = new Request(typeof input === 'string' ? new URL(input, 'http://localhost') : input, init)
    const handled = await handle(
      await plainRequest(request, maxBytes),
      prefersProblem(request.headers.get('accept') ?? undefined),
      lineOf(request.signal),
    )
    request.signal.throwIfAborted()
    return responseOf(handled, request)
  }
}

async function plainRequest(request: Request, maxBytes: number): Promise<MockRequest> {
  const { pathname, search, host } = new URL(request.url)
  const bytes = Buffer.from(await request.arrayBuffer())
  const encoding = request.headers.get('content-encoding') ?? undefined
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers: { host, ...Object.fromEntries(request.headers) },
    body: bytes.length > maxBytes ? { kind: 'too-large', limit: maxBytes } : await bodyOf(bytes, encoding, maxBytes),
    prefix: '',
  }
}

function lineOf(signal: AbortSignal): Line {
  return {
    onGone(callback) {
      if (signal.aborted) callback()
      else signal.addEventListener('abort', callback, { once: true })
      return () => signal.removeEventListener('abort', callback)
    },
    needsToken: () => false,
    isSecure: false,
  }
}

function responseOf({ status, headers, mediaType, text, now, cut, stream }: Handled, request: Request): Response {
  if (cut !== undefined && cut !== 'TRUNCATED_RESPONSE') throw new TypeError('fetch failed', { cause: new Error(cut) })
  const all = new Headers({ Date: new Date(now).toUTCString(), ...headers })
  if (text !== undefined || stream) all.set('Content-Type', mediaType)
  const init = { status, headers: all }
  if (request.method === 'HEAD' || hasNoBody(status)) return new Response(null, init)
  if (stream) return new Response(streamOf(stream), init)
  return new Response(cut === undefined ? (text ?? null) : broken(text ?? ''), init)
}

/** The first half of a text, and then an error. */
function broken(text: string): ReadableStream {
  const bytes = Buffer.from(text)
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.subarray(0, Math.floor(bytes.length / 2)))
    },
    pull(controller) {
      controller.error(new TypeError('terminated'))
    },
  })
}

function streamOf(stream: Stream): ReadableStream {
  let stop: (() => void) | undefined
  let ready: (() => void) | undefined
  return new ReadableStream({
    start(controller) {
      stop = stream({
        write(text) {
          controller.enqueue(Buffer.from(text))
          return (controller.desiredSize ?? 0) > 0
        },
        onReady(callback) {
          ready = callback
        },
        end(text) {
          if (text !== undefined) controller.enqueue(Buffer.from(text))
          controller.close()
        },
      })
    },
    pull() {
      ready?.()
      ready = undefined
    },
    cancel: () => stop?.(),
  })
}
