import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP relay between clients and a server, which does to them what networks do. */
export interface Relay {
  readonly port: number
  /** Open connections. */
  readonly connections: number
  /** Bytes go on, those that were held first. */
  pass(): void
  /** Open connections are reset, and new ones as soon as they come. */
  refuse(): void
  /** Bytes, and ends, are held in both directions until `pass`. New connections are let in. */
  stall(): void
  /** Connections stay open, and their bytes and ends are lost. A connection that has lost some never delivers any again; new ones do after `pass`. */
  drop(): void
  /** From now on bytes take so many milliseconds longer, in both directions. @throws RangeError for what is no duration */
  delay(milliseconds: number): void
  /**
   * Resets a connection when so many more bytes have gone in a direction, counted over all connections; the rest of the chunk is lost.
   * Where there are several cuts, the one that was ordered first and falls due makes it.
   * @returns resolves when that has happened
   * @throws RangeError for what is no number of bytes
   */
  cutAfter(direction: Direction, bytes: number): Promise<void>
  /**
   * Resets a connection instead of delivering the n-th chunk that its server sends from now on, 1 being the next one. A chunk is what one read
   * brings: several answers may be in it. `cutAt` is for those that can be told by their bytes.
   * @throws RangeError for what is no whole number from 1
   */
  cutAtAnswer(n: number): Promise<void>
  /** Resets a connection instead of delivering the first chunk of a direction that is meant: `COMMIT` in what PostgreSQL answers. */
  cutAt(direction: Direction, isMeant: (bytes: Buffer) => boolean): Promise<void>
  /** Resets what is open, and listens no more. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Direction = 'to-server' | 'to-client'

type Mode = 'pass' | 'refuse' | 'stall' | 'drop'

interface Cut {
  readonly direction: Direction
  /** How many bytes of a chunk still go; undefined where it is not the one. */
  readonly left: (bytes: Buffer) => number | undefined
  readonly done: () => void
}

/** So many bytes are held for a direction before no more are read. */
const MOST_HELD = 1 << 20

/**
 * Starts a relay on a free port of loopback. Nothing is asked of the target before a client comes; a client whose target cannot be reached is reset.
 * @throws RangeError for a port that cannot be
 */
export async function startRelay(target: { readonly host: string; readonly port: number }): Promise<Relay> {
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
    throw new RangeError(`${target.port} is no port; give a whole number from 1 to 65535`)
  let mode: Mode = 'pass'
  let delay = 0
  const pairs = new Set<readonly [Socket, Socket]>()
  const cuts: Cut[] = []
  const held: (() => void)[] = []

  const reset = (pair: readonly [Socket, Socket]): void => {
    for (const socket of pair) socket.resetAndDestroy()
    pairs.delete(pair)
  }
  const letGo = (): void => {
    for (const go of held.splice(0)) go()
  }
  const change = (to: Mode): void => {
    mode = to
    if (to === 'refuse') for (const pair of pairs) reset(pair)
    if (to !== 'stall') letGo()
  }
  const whenOpen = (): Promise<void> | undefined =>
    mode === 'stall' ? new Promise<void>((resolve) => held.push(resolve)).then(whenOpen) : undefined
  const cut = (direction: Direction, left: Cut['left']): Promise<void> => new Promise((done) => cuts.push({ direction, left, done }))
  /** The cut that falls due with this chunk. Every cut sees every chunk, since it counts them. */
  const cutBy = (direction: Direction, bytes: Buffer): { readonly by: Cut; readonly left: number } | undefined => {
    const due = cuts.flatMap((by) => {
      const left = by.direction === direction ? by.left(bytes) : undefined
      return left === undefined ? [] : [{ by, left }]
    })
    return due[0]
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ ...target, allowHalfOpen: true })
    const pair = [client, upstream] as const
    pairs.add(pair)
    let hasLost = false
    /** Brings all that comes from a socket to the other one, in its order. */
    const forward = (from: Socket, to: Socket, direction: Direction): void => {
      let line = Promise.resolve()
      let waiting = 0
      const send = (deliver: () => void): void => {
        const due = passing(delay)
        line = line
          .then(() => due)
          .then(whenOpen)
          .then(() => {
            if (mode === 'drop') hasLost = true
            if (!hasLost && !to.destroyed) deliver()
          })
      }
      from.on('data', (bytes) => {
        waiting += bytes.length
        if (waiting > MOST_HELD) from.pause()
        send(() => {
          const due = cutBy(direction, bytes)
          if (!due) to.write(bytes)
          else {
            cuts.splice(cuts.indexOf(due.by), 1)
            // What goes before the cut has to have left: a reset takes back what waits.
            to.write(bytes.subarray(0, due.left), () => {
              reset(pair)
              due.by.done()
            })
            hasLost = true
          }
        })
        line = line.then(() => {
          waiting -= bytes.length
          if (waiting <= MOST_HELD) from.resume()
        })
      })
      from.on('end', () => send(() => to.end()))
      from.on('error', () => send(() => reset(pair)))
      from.on('close', () => {
        if (client.destroyed && upstream.destroyed) pairs.delete(pair)
      })
    }
    forward(client, upstream, 'to-server')
    forward(upstream, client, 'to-client')
  })
  const port = await listening(server)
  const close = async (): Promise<void> => {
    change('refuse')
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  }
  return {
    port,
    get connections() {
      return pairs.size
    },
    pass: () => change('pass'),
    refuse: () => change('refuse'),
    stall: () => change('stall'),
    drop: () => change('drop'),
    delay(milliseconds) {
      if (!(milliseconds >= 0 && milliseconds < 2 ** 31)) throw new RangeError(`${milliseconds} is no delay; give milliseconds from 0`)
      delay = milliseconds
    },
    cutAfter(direction, bytes) {
      let left = wholeFrom(0, bytes, 'number of bytes')
      return cut(direction, ({ length }) => {
        if (length >= left) return left
        left -= length
        return undefined
      })
    },
    cutAtAnswer(n) {
      let left = wholeFrom(1, n, 'number of an answer')
      return cut('to-client', () => (--left === 0 ? 0 : undefined))
    },
    cutAt: (direction, isMeant) => cut(direction, (bytes) => (isMeant(bytes) ? 0 : undefined)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function wholeFrom(least: number, value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`${value} is no ${what}; give a whole number from ${least}`)
  return value
}

async function passing(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise<void>((resolve) => void setTimeout(resolve, milliseconds))
}

/** Lets a server listen on a free port of loopback. @returns the port */
export async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A TCP server that listens has such an address.
  return (server.address() as AddressInfo).port
}
