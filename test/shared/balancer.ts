import { connect, createServer, type Socket } from 'node:net'
import { listening } from './relay.ts'

/** Shares connections out among servers: each one to the next. An HTTP client with a connection a request has every request go to the next. */
export interface Balancer {
  readonly port: number
  /** How many connections each server was given, in the order of the ports. */
  readonly given: readonly number[]
  /** Resets what is open, and listens no more. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a balancer on a free port of loopback. A server that cannot be reached is passed over; where none can, the client is reset.
 * @param ports of servers on loopback; what is put into the list later counts from then on
 * @throws RangeError where there are none
 */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  if (ports.length === 0) throw new RangeError('there are no ports to share connections among; give at least one')
  const given = ports.map(() => 0)
  const open = new Set<Socket>()
  let next = 0
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  }
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    keep(client)
    // Who leaves while a server is looked for is no failure.
    client.on('error', () => client.destroy())
    for (let tries = 0; tries < ports.length && !client.destroyed; tries++) {
      const place = next++ % ports.length
      const upstream = await reach(ports[place] ?? 0)
      if (!upstream) continue
      given[place] = (given[place] ?? 0) + 1
      keep(upstream)
      upstream.on('error', () => client.resetAndDestroy())
      client.on('error', () => upstream.resetAndDestroy())
      if (client.destroyed) upstream.destroy()
      client.pipe(upstream)
      upstream.pipe(client)
      return
    }
    client.resetAndDestroy()
  })
  const port = await listening(server)
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
    for (const socket of open) socket.resetAndDestroy()
    await closed
  }
  return { port, given, close, [Symbol.asyncDispose]: close }
}

/** A connection to a port of loopback; undefined where nobody takes it. */
function reach(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.once('error', () => resolve(undefined))
    socket.once('connect', () => resolve(socket))
  })
}
