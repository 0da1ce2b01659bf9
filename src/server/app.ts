import { prefersProblem } from './accept.ts'
import express, { type Express, type Request, type Response } from 'express'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
// Not the global one: tests that fake it would never be answered.
import { setImmediate } from 'node:timers'
import type { MockRequest, Problem } from '../base/http.ts'
import { cutReply, passReply, readRequest, type Received, streamReply, writeReply } from './exchange.ts'
import type { Handler } from './handler.ts'
import type { Handled, Line } from './line.ts'
import { preflightHeaders } from './origin.ts'
import { isControlPath } from './session.ts'

export interface AppSettings {
  readonly handle: Handler
  readonly maxBodyBytes: number
  /** Whether control requests that come in here need the control token. */
  readonly needsToken: (socket: Socket) => boolean
  /** What lets a page of an origin read an answer on this connection. */
  readonly cors: (origin: string | undefined, isControl: boolean, socket: Socket) => Readonly<Record<string, string>>
  /** Words a refusal that belongs to no session, and tells of it. */
  readonly refuse: (request: MockRequest, problem: Problem) => Handled
  /** What the app does not expect of itself. */
  readonly onFailure: (error: unknown) => void
}

/** One Express app, not listening. It has one layer: the documents route, not Express. */
export function createApp({ handle, maxBodyBytes, needsToken, cors, refuse, onFailure }: AppSettings): Express {
  const app = express()
  app.disable('x-powered-by')
  // A client may send its next request before the answer to the last: on one connection they are answered one after the other, or a
  // read could overtake the write it was sent behind (RFC 9112, 9.3.2).
  const queues = new WeakMap<Socket, Queue>()
  app.use((request: Request, response: Response) => {
    const { socket } = request
    const known = queues.get(socket)
    const queue: Queue = known ?? { last: undefined, length: 0, hasPaused: false }
    if (!known) queues.set(socket, queue)
    queue.length++
    if (queue.length > MOST_WAITING) stopReading(socket, queue)
    queue.last = serve(request, response, queue, queue.length > 1 ? queue.last : undefined)
  })

  async function serve(incoming: Request, response: Response, queue: Queue, earlier: Promise<void> | undefined): Promise<void> {
    try {
      const received = await readRequest(incoming, maxBodyBytes)
      if (earlier) await earlier
      await nextTurn()
      // Who has gone away in the middle of its body, or while others were answered, has begun nothing, and is not there to be answered.
      if (received && (!earlier || incoming.socket.writable)) await answer(incoming, response, received)
      else response.destroy()
    } catch (error) {
      onFailure(error)
      response.destroy()
    } finally {
      queue.length--
      if (queue.length === MOST_WAITING && queue.hasPaused) incoming.socket.resume()
    }
  }

  async function answer(incoming: Request, response: Response, { request, chunks }: Received): Promise<void> {
    const isHead = request.method === 'HEAD'
    const { origin } = request.headers
    // The rest of a body that is too large is not read, so the connection cannot serve another request.
    const mustClose = request.body.kind === 'too-large'
    const { socket } = incoming
    if (isPreflight(request)) {
      const allowed = cors(origin, isControlPath(request.path), socket)
      const isAllowed = Object.keys(allowed).length > 0
      if (isAllowed || !isControlPath(request.path)) {
        const headers = { ...allowed, ...preflightHeaders(request.headers) }
        const reply = isAllowed ? { status: 204, headers, mediaType: '', text: undefined } : refuse(request, originProblem(origin))
        writeReply(response, reply, {}, isHead, mustClose)
        return
      }
    }
    const reply = await handle(request, prefersProblem(incoming.headers.accept), new OwnLine(incoming, request, chunks, needsToken))
    const headers = { Date: httpDate(reply.now), ...cors(origin, reply.isControl, socket) }
    if (reply.cut !== undefined) cutReply(response, reply, reply.cut, headers, isHead)
    else if (reply.raw) passReply(response, reply, reply.raw, headers, isHead, mustClose)
    else if (reply.stream) streamReply(response, reply, reply.stream, headers, isHead)
    else writeReply(response, reply, headers, isHead, mustClose)
  }
  return app
}

let turn: Promise<void> | undefined

/**
 * Until all that has come in by now is read. Requests that go on together take each step one after the other, and each finds code and data
 * still in the processor's caches: under load that halves what one costs (Larus and Parkes, Using Cohort Scheduling to Enhance Server
 * Performance, 2002). And however many requests one client has sent on its connection, others are served in between.
 */
function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}

/** The body as it came; of one that was too large to be kept the rest as it comes. */
function sentBody(incoming: Request, { kind }: MockRequest['body'], chunks: readonly Buffer[]): Buffer | Readable | undefined {
  if (kind === 'none') return undefined
  return kind === 'too-large' ? Readable.from(followed(chunks, incoming)) : Buffer.concat(chunks)
}

async function* followed(chunks: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks
  yield* rest
}

/** The requests of a connection that are not answered yet. */
interface Queue {
  last: Promise<void> | undefined
  length: number
  hasPaused: boolean
}

/** So many requests of a connection may wait; more are read when some are answered, beside those that came in the same read. */
const MOST_WAITING = 16

function stopReading(socket: Socket, queue: Queue): void {
  // Node reads on whenever it is through with a request.
  if (!queue.hasPaused)
    socket.on('resume', () => {
      if (queue.length > MOST_WAITING) socket.pause()
    })
  queue.hasPaused = true
  socket.pause()
}

/** What is asked of it seldom, of most requests nothing. */
class OwnLine implements Line {
  readonly #incoming: Request
  readonly #request: MockRequest
  readonly #chunks: readonly Buffer[]
  readonly #needsToken: AppSettings['needsToken']

  constructor(incoming: Request, request: MockRequest, chunks: readonly Buffer[], needsToken: AppSettings['needsToken']) {
    this.#incoming = incoming
    this.#request = request
    this.#chunks = chunks
    this.#needsToken = needsToken
  }

  get isSecure(): boolean {
    return this.#incoming.secure
  }

  onGone(callback: () => void): () => void {
    const { socket } = this.#incoming
    if (socket.destroyed) callback()
    else socket.once('close', callback)
    return () => void socket.off('close', callback)
  }

  needsToken(): boolean {
    return this.#needsToken(this.#incoming.socket)
  }

  sent(): Buffer | Readable | undefined {
    return sentBody(this.#incoming, this.#request.body, this.#chunks)
  }
}

let lastSecond = Number.NaN
let lastDate = ''

/** A `Date` header; requests mostly come many in a second. */
function httpDate(time: number): string {
  const second = Math.floor(time / 1_000)
  if (second !== lastSecond) {
    lastSecond = second
    lastDate = new Date(time).toUTCString()
  }
  return lastDate
}

/** A browser's question before a request (Fetch, section 3.3.5). */
function isPreflight({ method, headers }: MockRequest): boolean {
  return method === 'OPTIONS' && headers['origin'] !== undefined && headers['access-control-request-method'] !== undefined
}

function originProblem(origin = ''): Problem {
  return {
    code: 'origin-refused',
    detail: `the Origin header is "${origin}"`,
    fix: `start with --allow-origin ${origin}, or --allow-origin "*" for every one`,
  }
}
