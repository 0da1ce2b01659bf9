import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { isIPv6, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Express } from 'express'
import type { MockRequest, Problem } from '../base/http.ts'
import { createServer } from '../packages.ts'
import { readHead, writeLast, writeReply } from './exchange.ts'
import { isLoopback } from './guard.ts'
import type { Handled } from './line.ts'
import { isControlPath } from './session.ts'
import { headOf, HOST_MISSING, NO_PROXY, problemOf } from './unread.ts'

/** What is done with requests that no app gets to see. */
export interface ServerSettings {
  /** Words the refusal, and tells of it. */
  readonly refuse: (request: MockRequest, problem: Problem) => Handled
  /** What lets a page of an origin read an answer. */
  readonly cors: (
    origin: string | undefined,
    at: { readonly isControl: boolean; readonly isBeyond: boolean },
  ) => Readonly<Record<string, string>>
  /** So many connections may be open at a time; 2,000 unless said otherwise. */
  readonly maxConnections?: number
}

/** What HTTPS needs, as PEM. */
export interface Tls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

/** Where an app listens. */
export interface Servers {
  /** Rejects with Node's error when the port cannot be had. */
  listen(app: Express, port: number, host: string, tls?: Tls): Promise<Bound>
  /** Whether a connection came in at a server that listens beyond loopback; of a server that is not ours its own address says it. */
  isBeyond(socket: Socket): boolean
  /** Each connection closes behind its next answer, so that clients come back over another one, which may lead elsewhere. */
  drain(): void
  /** Finishes what is in flight, and stops. */
  close(): Promise<void>
}

/**
 * What is known of a connection. It changes in place: a map that gained and lost an entry with each request would be made anew every few
 * hundred of them, and in V8 a map that was once old keeps all that came after it, with the responses in them, until the heap is collected.
 */
interface Connection {
  /** Its last request that is not answered: they are answered in turn. */
  last: ServerResponse | undefined
  /** It is one too many: it is told so. */
  readonly isSurplus: boolean
}

interface Bound {
  readonly url: string
  readonly port: number
  readonly isBeyond: boolean
}

export function createServers({ refuse, cors, maxConnections = 2_000 }: ServerSettings): Servers {
  const surplusProblem: Problem = {
    code: 'connections-exhausted',
    detail: `there are ${maxConnections} connections, and no more may be`,
    fix: 'close some, or send several requests on one',
  }
  const beyond = new WeakMap<Socket, boolean>()
  const isBeyond = (socket: Socket): boolean => beyond.get(socket) ?? !isLoopback(socket.localAddress ?? '')
  const stops = new Set<() => Promise<void>>()
  let isDraining = false

  /** A refusal as it is written, with what pages need to read it. */
  const refused = (sent: MockRequest, problem: Problem, socket: Socket): { line: Handled; more: Readonly<Record<string, string>> } => {
    const line = refuse(sent, problem)
    const at = { isControl: isControlPath(sent.path), isBeyond: isBeyond(socket) }
    return { line, more: { Date: new Date(line.now).toUTCString(), ...cors(sent.headers['origin'], at) } }
  }

  return {
    isBeyond,
    async listen(app, port, host, tls) {
      const connections = new Map<Duplex, Connection>()
      const broken = new WeakSet<Duplex>()

      const respond = (request: IncomingMessage, response: ServerResponse, problem: Problem): void => {
        const { line, more } = refused(readHead(request), problem, request.socket)
        writeReply(response, line, more, request.method === 'HEAD', true)
      }
      // What cannot be read has no response of its own, and whatever follows it on the connection is not read either.
      const refuseOn = (socket: Socket, sent: MockRequest, problem: Problem): void => {
        broken.add(socket)
        const { line, more } = refused(sent, problem, socket)
        const answer = (): void => {
          if (socket.writable) writeLast(socket, line, more)
          else socket.destroy()
        }
        const pending = connections.get(socket)?.last
        if (!pending) answer()
        else if (pending.req.complete) pending.once('close', answer)
        // Its body broke off. Only an answer that is the next one, and has not begun, can be this.
        else if (pending.socket && !pending.headersSent) answer()
        else socket.destroy()
      }

      /** One for all: a listener of its own for each response would be a good part of what a request costs. */
      function ended(this: ServerResponse): void {
        const { socket } = this.req
        const connection = connections.get(socket)
        if (connection?.last === this) connection.last = undefined
        // An answer that was begun before did not say that it is the last.
        if (!server.listening && socket.writable) socket.destroySoon()
      }

      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        const connection = connections.get(request.socket)
        if (connection?.isSurplus === true) {
          respond(request, response, surplusProblem)
          return
        }
        if (request.headers.host === undefined && request.httpVersion === '1.1') {
          respond(request, response, HOST_MISSING)
          return
        }
        // While it closes, a connection that is kept alive would go on bringing requests.
        if (isDraining || !server.listening) response.setHeader('Connection', 'close')
        if (connection) connection.last = response
        response.on('close', ended)
        app(request, response)
      }
      // What has no body is not made a stream that somebody could read.
      const options = { requireHostHeader: false, optimizeEmptyRequests: true }
      const server: Server = tls ? createSecureServer({ ...tls, ...options }, answer) : createServer(options, answer)
      server.on('checkExpectation', (request, response) =>
        respond(request, response, {
          code: 'expectation-unknown',
          detail: `the header Expect is "${request.headers.expect ?? ''}"`,
          fix: 'leave it out, or expect 100-continue',
        }),
      )
      server.on('connect', (request) => refuseOn(request.socket, readHead(request), NO_PROXY))
      server.on('clientError', (error, socket) => {
        const problem = problemOf(error)
        if (broken.has(socket)) return
        if (problem && isSocket(socket)) refuseOn(socket, headOf(error), problem)
        else socket.destroy()
      })
      // Some more are let in to be told; what is beyond them is closed.
      server.maxConnections = 2 * maxConnections
      let isOutside = true
      server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
        connections.set(socket, { last: undefined, isSurplus: connections.size >= maxConnections })
        beyond.set(socket, isOutside)
        socket.once('close', () => connections.delete(socket))
      })
      // A connection that never gets to its handshake would keep the server from stopping.
      const raw = new Set<Socket>()
      if (tls)
        server.on('connection', (socket: Socket) => {
          raw.add(socket)
          socket.once('close', () => raw.delete(socket))
        })
      const { port: bound, address } = await start(server, port, host)
      isOutside = !isLoopback(address)
      stops.add(() => stop(server, connections, connections.size === 0 ? raw : []))
      return { url: `${tls ? 'https' : 'http'}://${nameOf(host)}:${bound}`, port: bound, isBeyond: isOutside }
    },
    drain() {
      isDraining = true
    },
    async close() {
      await Promise.all([...stops].map((stopOne) => stopOne()))
      stops.clear()
    },
  }
}

/** Node's types have any stream here, its server has none but these. */
function isSocket(stream: Duplex): stream is Socket {
  return 'remoteAddress' in stream
}

/** What stands in a URL for the address listened on: one that means every address cannot be gone to. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return isIPv6(host) ? `[${host}]` : host
}

function start(server: Server, port: number, host: string): Promise<{ readonly port: number; readonly address: string }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address : { port, address: host })
    })
  })
}

/** How long requests in flight may take to finish, in milliseconds. */
const GRACE = 5_000

/**
 * Ends at once what has no request in flight: a browser's spare connection, a half-sent request. What is in flight may finish.
 * @param raw those that never got to their handshake
 */
function stop(server: Server, connections: ReadonlyMap<Duplex, Connection>, raw: Iterable<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    for (const [socket, { last }] of connections) if (!last) socket.destroy()
    for (const socket of raw) socket.destroy()
  })
}
