import { refusal } from '../../src/base/refusal.ts'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MockRequest, Problem } from '../../src/base/http.ts'
import { createApp } from '../../src/server/app.ts'
import type { Handler } from '../../src/server/handler.ts'
import { type Handled, toLine } from '../../src/server/line.ts'
import { createServers } from '../../src/server/listen.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const answered: Handler = () =>
  Promise.resolve({ status: 200, headers: {}, mediaType: 'application/json', text: '{}', now: 0, isControl: false })

/** Listens with a handler. @returns what opens a connection, and what closes the server */
async function listen(handle: Handler, maxConnections?: number) {
  const refuse = (_request: MockRequest, problem: Problem): Handled => toLine(refusal(problem), 0, false)
  const cors = (): Record<string, string> => ({})
  const servers = createServers({ refuse, cors, ...(maxConnections !== undefined && { maxConnections }) })
  onTestFinished(() => servers.close())
  const app = createApp({ handle, maxBodyBytes: 1_000, needsToken: () => false, cors, refuse, onFailure: () => undefined })
  const { port } = await servers.listen(app, 0, '127.0.0.1')
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  const ask = async (socket: Socket): Promise<string> => {
    const heard = once(socket, 'data')
    socket.write(GET)
    return String((await heard)[0])
  }
  return { servers, open, ask }
}

describe('as many connections as there may be', () => {
  it('leave none for more, which are told so and closed, until one of them is', async () => {
    const { open, ask } = await listen(answered, 3)
    const kept = [await open(), await open(), await open()]
    for (const socket of kept) expect(await ask(socket)).toContain('HTTP/1.1 200')
    const more = await open()
    const whole = text(more)
    more.write(GET)
    expect(await whole).toMatch(
      /^HTTP\/1\.1 503 .*Connection: close.*"there are 3 connections, and no more may be".*"connections-exhausted"/s,
    )
    for (const socket of kept) expect(await ask(socket)).toContain('HTTP/1.1 200')
    const [first] = kept
    first?.end()
    await (first && once(first, 'close'))
    expect(await ask(await open())).toContain('HTTP/1.1 200')
  })
})

describe('a server that closes', () => {
  it('answers what is in flight, and not what waits behind it', async () => {
    const { promise, resolve: release } = Promise.withResolvers<void>()
    const { promise: began, resolve: begin } = Promise.withResolvers<void>()
    let handled = 0
    const { servers, open } = await listen(async (...request) => {
      handled++
      begin()
      await promise
      return answered(...request)
    })
    const socket = await open()
    const whole = text(socket)
    socket.write(GET.repeat(500))
    await began
    const closed = servers.close()
    release()
    await closed
    expect((await whole).split('HTTP/1.1 200')).toHaveLength(2)
    expect(handled).toBe(1)
  })
})
