import { createServer, type Server } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import type { Express } from 'express'
import { refusal } from '../engine/session.ts'
import type { Problem } from '../http.ts'
import { writeReply } from './exchange.ts'
import { isLoopback } from './guard.ts'
import { toLine } from './line.ts'

/** Where an app listens. */
export interface Servers {
  /** Rejects with Node's error when the port cannot be had. */
  listen(app: Express, port: number, host: string): Promise<Bound>
  /** Whether a connection came in at a server that listens beyond loopback; of a server that is not ours its own address says it. */
  isBeyond(socket: Socket): boolean
  /** Finishes what is in flight, and stops. */
  close(): Promise<void>
}

interface Bound {
  readonly url: string
  readonly port: number
  readonly isBeyond: boolean
}

/** So many connections may be open at a time. */
const MAX_CONNECTIONS = 2_000

export function createServers(maxConnections = MAX_CONNECTIONS): Servers {
  const surplusProblem: Problem = {
    code: 'connections-exhausted',
    detail: `there are ${maxConnections} connections, and no more may be`,
    fix: 'close some, or send several requests on one',
  }
  const beyond = new WeakMap<Socket, boolean>()
  const stops = new Set<() => Promise<void>>()
  return {
    isBeyond: (socket) => beyond.get(socket) ?? !isLoopback(socket.localAddress ?? ''),
    async listen(app, port, host) {
      const busy = new Set<Socket>()
      const surplus = new WeakSet<Socket>()
      const server = createServer((request, response) => {
        if (surplus.has(request.socket)) {
          writeReply(response, toLine(refusal(surplusProblem), Date.now(), true), {}, request.method === 'HEAD', true)
          return
        }
        // While it closes, a connection that is kept alive would go on bringing requests.
        if (!server.listening) response.setHeader('Connection', 'close')
        busy.add(request.socket)
        response.once('close', () => {
          busy.delete(request.socket)
          // An answer that was begun before did not say that it is the last.
          if (!server.listening && request.socket.writable) request.socket.destroySoon()
        })
        app(request, response)
      })
      // Some more are let in to be told; what is beyond them is closed.
      server.maxConnections = 2 * maxConnections
      const sockets = new Set<Socket>()
      let isBeyond = true
      server.on('connection', (socket) => {
        sockets.add(socket)
        if (sockets.size > maxConnections) surplus.add(socket)
        beyond.set(socket, isBeyond)
        socket.once('close', () => sockets.delete(socket))
      })
      const { port: bound, address } = await start(server, port, host)
      isBeyond = !isLoopback(address)
      stops.add(() => stop(server, sockets, busy))
      return { url: `http://${nameOf(host)}:${bound}`, port: bound, isBeyond }
    },
    async close() {
      await Promise.all([...stops].map((stopOne) => stopOne()))
      stops.clear()
    },
  }
}

/** What stands in a URL for the address listened on: one that means every address is no place to go. */
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

/** Ends at once what has no request in flight: a browser's spare connection, a half-sent request. What is in flight may finish. */
function stop(server: Server, sockets: ReadonlySet<Socket>, busy: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), GRACE)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
  })
}
