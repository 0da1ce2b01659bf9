import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Cut } from '../../src/base/http.ts'
import { createApp } from '../../src/server/app.ts'
import type { Handler } from '../../src/server/handler.ts'
import type { Handled, Line } from '../../src/server/line.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** An app over a handler that answers as it is told. */
async function edge(handle: Handler): Promise<{ readonly url: string; readonly port: number; readonly failures: unknown[] }> {
  const failures: unknown[] = []
  const server = createServer(
    createApp({
      handle,
      maxBodyBytes: 1_000,
      needsToken: () => false,
      cors: () => ({}),
      refuse: () => WHOLE,
      onFailure: (error) => failures.push(error),
    }),
  )
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, failures }
}

const TEXT = JSON.stringify({ name: 'Käthe', padding: 'x'.repeat(100) })
const SIZE = Buffer.byteLength(TEXT)
const WHOLE: Handled = {
  status: 200,
  headers: { 'Mock-Session': 'a' },
  mediaType: 'application/json',
  text: TEXT,
  now: 0,
  isControl: false,
}
const cutBy =
  (cut: Cut, more: Partial<Handled> = {}): Handler =>
  () =>
    Promise.resolve({ ...WHOLE, ...more, cut })

interface Heard {
  readonly bytes: Buffer
  /** The code of the error that ended it; undefined for an orderly end. */
  readonly error: string | undefined
}

/** What comes back over a socket until it is closed. */
function ask(port: number, text: string): Promise<Heard> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let error: string | undefined
    connect(port, '127.0.0.1', function (this: ReturnType<typeof connect>) {
      this.write(text)
    })
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('error', (failure: NodeJS.ErrnoException) => (error = failure.code))
      .on('close', () => resolve({ bytes: Buffer.concat(chunks), error }))
  })
}

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
const HEAD = GET.replace('GET', 'HEAD')

/** The exit code of curl, which says what went wrong. */
function curl(url: string): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '-i', url], (error, out) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out }))
  })
}

/** Where fetch fails, and how. */
async function fetched(url: string): Promise<string> {
  const codeOf = (error: unknown): string => {
    const cause = error instanceof Error ? error.cause : undefined
    if (!(cause instanceof Error)) return 'none'
    return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  }
  try {
    const response = await fetch(url)
    return await response.text().then(
      () => `${response.status} whole`,
      (error: unknown) => `${response.status}, then ${codeOf(error)}`,
    )
  } catch (error) {
    return codeOf(error)
  }
}

describe('an answer that is cut', () => {
  // curl: 18 partial file, 52 empty reply, 56 failure in receiving, 1 no HTTP/1.
  it.each<[Cut, string, number]>([
    ['EMPTY_RESPONSE', 'UND_ERR_SOCKET', 52],
    ['CONNECTION_RESET_BY_PEER', 'ECONNRESET', 56],
    ['MALFORMED_RESPONSE_CHUNK', '200, then HTTPParserError', 56],
    ['RANDOM_DATA_THEN_CLOSE', 'HTTPParserError', 1],
    ['TRUNCATED_RESPONSE', '200, then UND_ERR_SOCKET', 18],
  ])('by %s is %s to fetch, and %i to curl', async (cut, failure, code) => {
    const { url, failures } = await edge(cutBy(cut))
    expect(await fetched(url)).toBe(failure)
    expect(await curl(url)).toMatchObject({ code })
    expect(failures).toEqual([])
  })

  it('by EMPTY_RESPONSE ends in order, without a byte', async () => {
    const { port } = await edge(cutBy('EMPTY_RESPONSE'))
    expect(await ask(port, GET)).toEqual({ bytes: Buffer.alloc(0), error: undefined })
  })

  it('by CONNECTION_RESET_BY_PEER is reset, without a byte', async () => {
    const { port } = await edge(cutBy('CONNECTION_RESET_BY_PEER'))
    expect(await ask(port, GET)).toEqual({ bytes: Buffer.alloc(0), error: 'ECONNRESET' })
  })

  it('by RANDOM_DATA_THEN_CLOSE has the same bytes each time', async () => {
    const { port } = await edge(cutBy('RANDOM_DATA_THEN_CLOSE'))
    const first = await ask(port, GET)
    expect(first.error).toBeUndefined()
    expect(first.bytes.length).toBeGreaterThan(20)
    expect(first.bytes.toString('latin1')).not.toContain('HTTP')
    expect(await ask(port, GET)).toEqual(first)
  })

  it.each([
    ['the body', GET, {}, 200],
    ['no body', GET, { status: 204, text: undefined }, 200],
    ['a refusal', GET, { status: 404 }, 404],
  ])('by MALFORMED_RESPONSE_CHUNK begins as it should, and has garbage for %s', async (_what, text, more, status) => {
    const { port } = await edge(cutBy('MALFORMED_RESPONSE_CHUNK', more))
    const { bytes, error } = await ask(port, text)
    const [head = '', ...rest] = bytes.toString('latin1').split('\r\n\r\n')
    expect(error).toBeUndefined()
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toContain('Mock-Session: a')
    expect(head).toContain('Transfer-Encoding: chunked')
    expect(head).not.toContain('Content-Length')
    expect(rest.join('')).toMatch(/^[^0-9a-f]/)
  })

  it('by TRUNCATED_RESPONSE announces the whole body, and has half of it', async () => {
    const { port } = await edge(cutBy('TRUNCATED_RESPONSE', { status: 201 }))
    const { bytes, error } = await ask(port, GET)
    const end = bytes.indexOf('\r\n\r\n') + 4
    expect(error).toBeUndefined()
    expect(bytes.subarray(0, end).toString()).toMatch(new RegExp(`^HTTP/1.1 201 Created\r\n[^]*Content-Length: ${SIZE}\r\n`))
    expect(bytes.subarray(end)).toEqual(Buffer.from(TEXT).subarray(0, Math.floor(SIZE / 2)))
  })

  it.each([
    ['to HEAD', HEAD, {}],
    ['204', GET, { status: 204, text: undefined }],
    ['with an empty body', GET, { text: '' }],
  ])('by TRUNCATED_RESPONSE loses the end of its head where it has no body: %s', async (_what, text, more) => {
    const { port } = await edge(cutBy('TRUNCATED_RESPONSE', more))
    const { bytes } = await ask(port, text)
    expect(bytes.toString()).toMatch(/^HTTP\/1.1 /)
    expect(bytes.toString()).not.toContain('\r\n\r\n')
  })

  it('lets the answer before it on the same connection arrive', async () => {
    const { port } = await edge((request) => Promise.resolve(request.path === '/' ? WHOLE : { ...WHOLE, cut: 'EMPTY_RESPONSE' }))
    const { bytes, error } = await ask(port, `${GET}${GET.replace('/', '/cut')}`)
    expect({ error, count: bytes.toString().split('HTTP/1.1').length - 1 }).toEqual({ error: undefined, count: 1 })
    expect(bytes.toString()).toContain(TEXT)
  })
})

describe('the line of a request', () => {
  /** A handler that tells what the line says, and answers only when it is told to. */
  function waiting(): { readonly handle: Handler; readonly begun: Promise<Line>; answer(): void } {
    const begun = Promise.withResolvers<Line>()
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    return {
      begun: begun.promise,
      answer,
      handle: async (_request, _prefers, line) => {
        if (line) begun.resolve(line)
        await answered
        return WHOLE
      },
    }
  }

  it('says that the client went away, also to who asks afterwards', async () => {
    const { handle, begun, answer } = waiting()
    const { port } = await edge(handle)
    const socket = connect(port, '127.0.0.1', () => socket.write(GET))
    const line = await begun
    const gone = new Promise<void>((resolve) => void line.onGone(resolve))
    socket.destroy()
    await gone
    let late = 0
    line.onGone(() => late++)
    expect(late).toBe(1)
    answer()
  })

  it('says nothing when the client stays, or when nobody wants to hear it any more', async () => {
    const { handle, begun, answer } = waiting()
    const { port } = await edge(handle)
    let told = 0
    const answered = ask(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    const line = await begun
    const forget = line.onGone(() => told++)
    forget()
    answer()
    expect((await answered).bytes.toString()).toContain(TEXT)
    expect(told).toBe(0)
  })
})

describe('requests that come in together', () => {
  it('take each step together, in the order in which they came', async () => {
    const steps: string[] = []
    const { port } = await edge(async ({ path }) => {
      steps.push(`${path} begins`)
      await Promise.resolve()
      steps.push(`${path} ends`)
      return WHOLE
    })
    const ask = async (socket: Socket, path: string): Promise<void> => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await once(socket, 'data')
    }
    const [first, second] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    for (const socket of [first, second]) await ask(socket, '/before')
    steps.length = 0
    // Nothing is read until this turn is over: then both are there.
    await Promise.all([ask(first, '/1'), ask(second, '/2')])
    first.destroy()
    second.destroy()
    expect(steps).toEqual(['/1 begins', '/2 begins', '/1 ends', '/2 ends'])
  })

  it('are answered in a test that fakes its timers', async () => {
    const { url } = await edge(async () => WHOLE)
    vi.useFakeTimers()
    try {
      const response = await fetch(url)
      expect(response.status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('requests that wait for one before them on their connection', () => {
  /** The first request waits until it is let go; the others are answered at once. */
  function holding() {
    const { promise, resolve: release } = Promise.withResolvers<void>()
    let handled = 0
    const handle: Handler = async () => {
      if (++handled === 1) await promise
      return WHOLE
    }
    return { handle, release, handled: () => handled }
  }
  /** How many requests the server has read of those that come in on other connections than that of `fetch`. */
  function countOf(port: number): () => number {
    let count = 0
    const server = servers.find((one) => (one.address() as AddressInfo).port === port)
    server?.on('request', ({ headers }) => (count += Number(headers.host === 'pipelined')))
    return () => count
  }
  const PIPELINED = `GET / HTTP/1.1\r\nHost: pipelined\r\nPadding: ${'x'.repeat(350)}\r\n\r\n`
  const opened = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  it('are not read without end, and all answered in the end', async () => {
    const { handle, release } = holding()
    const { port, url, failures } = await edge(handle)
    const count = countOf(port)
    const socket = await opened(port)
    socket.write(`${PIPELINED.repeat(4_999)}${PIPELINED.replace('Host', 'Connection: close\r\nHost')}`)
    // Each of these takes several turns of the loop, in each of which the server would read on.
    for (let turn = 0; turn < 60; turn++) expect((await fetch(url)).status).toBe(200)
    expect(count()).toBeGreaterThan(16)
    expect(count()).toBeLessThan(600)
    release()
    expect((await text(socket)).split('HTTP/1.1 200').length - 1).toBe(5_000)
    expect(failures).toEqual([])
  })

  it('let others be served between them', async () => {
    const { handle, release, handled } = holding()
    const { port, url } = await edge(handle)
    const socket = await opened(port)
    socket.write(PIPELINED.repeat(150))
    await once(servers[0] ?? socket, 'request')
    release()
    await once(socket, 'data')
    await fetch(url)
    expect(handled()).toBeLessThan(150)
    socket.destroy()
  })

  it('are not worked on when the client has gone away', async () => {
    const { handle, release, handled } = holding()
    const { port } = await edge(handle)
    const [server] = servers
    const accepted = new Promise<Socket>((resolve) => server?.once('connection', resolve))
    const socket = await opened(port)
    socket.write(PIPELINED.repeat(5))
    const seen = countOf(port)
    const line = await accepted
    while (seen() < 5) await once(server ?? line, 'request')
    const gone = new Promise((resolve) => line.once('close', resolve))
    socket.resetAndDestroy()
    await gone
    release()
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(handled()).toBe(1)
  })
})
