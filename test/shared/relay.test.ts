import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { listening, type Relay, startRelay } from './relay.ts'

/** Answers every chunk with itself, and keeps what it was sent. */
async function startEcho() {
  let received = ''
  const ends: string[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (bytes) => {
      received += bytes.toString()
      socket.write(bytes)
    })
    socket.on('end', () => {
      ends.push('end')
      socket.end()
    })
    socket.on('error', (error) => ends.push('code' in error ? String(error.code) : error.message))
  })
  const port = await listening(server)
  onTestFinished(() => void server.close())
  return {
    port,
    received: () => received,
    /** How its connections ended. */
    ends,
  }
}

/** A client that keeps what it is sent. */
function open(port: number) {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let received = ''
  let end: string | undefined
  socket.on('data', (bytes) => (received += bytes.toString()))
  socket.on('end', () => (end ??= 'end'))
  socket.on('error', (error) => (end = 'code' in error ? String(error.code) : error.message))
  return { socket, received: () => received, end: () => end }
}

async function start() {
  const echo = await startEcho()
  const relay = await startRelay({ host: '127.0.0.1', port: echo.port })
  onTestFinished(() => relay.close())
  return { echo, relay }
}

/** Bytes that go by the relay's side, there and back, some times: the relay has had its turn. */
async function others(port: number): Promise<void> {
  const { socket } = open(port)
  for (let turn = 0; turn < 10; turn++) {
    socket.write('.')
    await once(socket, 'data')
  }
}

const expectSoon = (what: () => unknown, value: unknown): Promise<void> =>
  vi.waitFor(() => expect(what()).toEqual(value), { timeout: 60_000 })

describe('a relay', () => {
  it('brings bytes and ends to the other side, both ways', async () => {
    const { echo, relay } = await start()
    const { socket, received, end } = open(relay.port)
    const much = 'x'.repeat(5_000_000)
    socket.end(much)
    await expectSoon(() => received().length, much.length)
    await expectSoon(end, 'end')
    expect(echo.ends).toEqual(['end'])
    await expectSoon(() => relay.connections, 0)
  })

  it('resets the client whose server cannot be reached', async () => {
    const server = createServer()
    const port = await listening(server)
    await new Promise((resolve) => void server.close(resolve))
    await using relay = await startRelay({ host: '127.0.0.1', port })
    await expectSoon(open(relay.port).end, 'ECONNRESET')
  })

  it('tells the server of a client that resets', async () => {
    const { echo, relay } = await start()
    const { socket, received } = open(relay.port)
    socket.write('a')
    await expectSoon(received, 'a')
    socket.resetAndDestroy()
    await expectSoon(() => echo.ends, ['ECONNRESET'])
  })

  it('refuses: open connections are reset on both sides, new ones at once, until they pass again', async () => {
    const { echo, relay } = await start()
    const before = open(relay.port)
    before.socket.write('a')
    await expectSoon(before.received, 'a')
    relay.refuse()
    await expectSoon(before.end, 'ECONNRESET')
    await expectSoon(() => echo.ends, ['ECONNRESET'])
    await expectSoon(open(relay.port).end, 'ECONNRESET')
    relay.pass()
    const after = open(relay.port)
    after.socket.write('b')
    await expectSoon(after.received, 'b')
  })

  it('stalls: what is sent and ended goes on later, in its order, of old connections and new ones', async () => {
    const { echo, relay } = await start()
    const old = open(relay.port)
    old.socket.write('a')
    await expectSoon(old.received, 'a')
    relay.stall()
    old.socket.write('b')
    old.socket.end('c')
    const young = open(relay.port)
    young.socket.write('d')
    await others(echo.port)
    expect({ server: echo.received().replaceAll('.', ''), client: old.received(), ends: echo.ends }).toEqual({
      server: 'a',
      client: 'a',
      ends: [],
    })
    relay.pass()
    await expectSoon(old.received, 'abc')
    await expectSoon(old.end, 'end')
    await expectSoon(young.received, 'd')
  })

  it('holds answers too', async () => {
    const echo = await startEcho()
    let relay: Relay | undefined
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', (bytes) => {
        relay?.stall()
        socket.write(bytes, () => sent())
      })
    })
    onTestFinished(() => void server.close())
    relay = await startRelay({ host: '127.0.0.1', port: await listening(server) })
    onTestFinished(() => relay?.close())
    const { socket, received } = open(relay.port)
    const { promise: isSent, resolve: sent } = Promise.withResolvers<void>()
    socket.write('a')
    await isSent
    await others(echo.port)
    expect(received()).toBe('')
    relay.pass()
    await expectSoon(received, 'a')
  })

  it('drops: bytes are lost and connections stay open; what has lost some delivers no more', async () => {
    const { echo, relay } = await start()
    const hit = open(relay.port)
    const spared = open(relay.port)
    for (const { socket, received } of [hit, spared]) {
      socket.write('a')
      await expectSoon(received, 'a')
    }
    relay.drop()
    hit.socket.write('b')
    const young = open(relay.port)
    young.socket.write('c')
    await others(echo.port)
    relay.pass()
    hit.socket.write('d')
    spared.socket.write('e')
    await expectSoon(spared.received, 'ae')
    await others(echo.port)
    expect({ hit: hit.received(), young: young.received(), ends: [hit.end(), young.end(), ...echo.ends] }).toEqual({
      hit: 'a',
      young: '',
      ends: [undefined, undefined],
    })
    expect(echo.received().replaceAll('.', '')).toBe('aae')
  })

  it.each([
    ['to-server', 0, '', ''],
    ['to-server', 3, 'abc', undefined],
    ['to-client', 3, 'abcdef', 'abc'],
    ['to-client', 6, 'abcdef', 'abcdef'],
    ['to-client', 0, 'abcdef', ''],
  ] as const)('cuts %s after %i bytes', async (direction, bytes, atServer, atClient) => {
    const { echo, relay } = await start()
    const cut = relay.cutAfter(direction, bytes)
    const { socket, received, end } = open(relay.port)
    socket.write('abcdef')
    await cut
    await expectSoon(end, 'ECONNRESET')
    await expectSoon(() => echo.ends, ['ECONNRESET'])
    expect(echo.received()).toBe(atServer)
    if (atClient !== undefined) expect(received()).toBe(atClient)
  })

  it('cuts at an answer: the server has done it, and its client does not know', async () => {
    const { echo, relay } = await start()
    const client = open(relay.port)
    let isCut = false
    const cut = relay.cutAtAnswer(2).then(() => (isCut = true))
    client.socket.write('a')
    await expectSoon(client.received, 'a')
    expect(isCut).toBe(false)
    client.socket.write('b')
    await cut
    await expectSoon(client.end, 'ECONNRESET')
    expect({ server: echo.received(), client: client.received() }).toEqual({ server: 'ab', client: 'a' })
    const next = open(relay.port)
    next.socket.write('c')
    await expectSoon(next.received, 'c')
  })

  it('cuts at the chunk that is meant, of whichever connection, and once', async () => {
    const { echo, relay } = await start()
    const cut = relay.cutAt('to-client', (bytes) => bytes.includes('COMMIT'))
    const [one, other] = [open(relay.port), open(relay.port)]
    one.socket.write('BEGIN')
    await expectSoon(one.received, 'BEGIN')
    other.socket.write('COMMIT')
    await cut
    await expectSoon(other.end, 'ECONNRESET')
    one.socket.write('COMMIT')
    await expectSoon(one.received, 'BEGINCOMMIT')
    expect(echo.received()).toBe('BEGINCOMMITCOMMIT')
  })

  it('delays each chunk by as much, one not after the other', async () => {
    const { relay } = await start()
    const { socket, received } = open(relay.port)
    socket.write('a')
    await expectSoon(received, 'a')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    relay.delay(60_000)
    socket.write('b')
    const waits = async (): Promise<void> => {
      while (vi.getTimerCount() === 0) await new Promise((resolve) => void setImmediate(resolve))
    }
    await waits()
    vi.advanceTimersByTime(59_999)
    expect(received()).toBe('a')
    vi.advanceTimersByTime(1)
    await waits()
    expect(received()).toBe('a')
    vi.advanceTimersByTime(60_000)
    vi.useRealTimers()
    await expectSoon(received, 'ab')
  })

  it.each<[string, (relay: Relay) => unknown, string]>([
    ['a delay', (relay) => relay.delay(-1), '-1 is no delay; give milliseconds from 0'],
    ['a delay', (relay) => relay.delay(Number.NaN), 'NaN is no delay; give milliseconds from 0'],
    ['bytes', (relay) => relay.cutAfter('to-client', 1.5), '1.5 is no number of bytes; give a whole number from 0'],
    ['an answer', (relay) => relay.cutAtAnswer(0), '0 is no number of an answer; give a whole number from 1'],
  ])('says what is wrong with %s', async (_what, act, message) => {
    const { relay } = await start()
    expect(() => act(relay)).toThrow(new RangeError(message))
  })

  it('says what is wrong with a port', async () => {
    await expect(startRelay({ host: '127.0.0.1', port: 70_000 })).rejects.toThrow('70000 is no port; give a whole number from 1 to 65535')
  })

  it('resets all when it is closed', async () => {
    const { echo, relay } = await start()
    const { socket, received, end } = open(relay.port)
    socket.write('a')
    await expectSoon(received, 'a')
    relay.stall()
    socket.write('b')
    await relay.close()
    await expectSoon(end, 'ECONNRESET')
    await expectSoon(() => echo.ends, ['ECONNRESET'])
  })
})
