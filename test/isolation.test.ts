import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMock, type Mock, type MockOptions } from '../src/index.ts'
import { Running } from './cli/process.ts'
import { type Cast, type Met, play } from './isolation-client.ts'
import { smallBackend } from './small-backend.ts'
import { ORDER } from './support.ts'

const LONG = process.env['LONG'] !== undefined
const PROCESSES = 4
const CLIENTS = LONG ? 200 : 20
const REQUESTS = LONG ? 50 : 20
const CLIENT = fileURLToPath(new URL('isolation-client.ts', import.meta.url))
const ALL = Array.from({ length: CLIENTS }, (_, client) => client)

async function open(options: MockOptions = {}): Promise<Mock & { url: string }> {
  const mock = await createMock(options)
  onTestFinished(() => mock.close())
  return { ...mock, ...(await mock.listen({ port: 0 })) }
}

/** Clients of one process, all at once. */
async function playTogether(cast: Cast): Promise<readonly (readonly Met[])[]> {
  const { out, err, code } = await new Running(process.execPath, ['--no-warnings', CLIENT], { input: JSON.stringify(cast) }).ended
  expect({ err, code }).toEqual({ err: '', code: 0 })
  return JSON.parse(out)
}

async function playAlone(client: number): Promise<readonly Met[]> {
  await using mock = await createMock()
  const { url } = await mock.listen({ port: 0 })
  return await play(url, client, REQUESTS)
}

it(`gives ${CLIENTS} clients in ${PROCESSES} processes byte for byte what each gets alone`, async () => {
  const { url } = await open()
  const casts = Array.from({ length: PROCESSES }, (_, process) => ALL.filter((client) => client % PROCESSES === process))
  const crowd = await Promise.all(casts.map((clients) => playTogether({ url, clients, requests: REQUESTS })))
  let answers = 0
  const heads = new Set<string>()
  for (const [process, clients] of casts.entries())
    for (const [place, client] of clients.entries()) {
      const met = crowd[process]?.[place] ?? []
      expect({ client, met }).toEqual({ client, met: await playAlone(client) })
      answers += met.length
      for (const { head, end } of met) heads.add(`${/^HTTP\/1.1 (\d+)/.exec(head)?.[1] ?? 'nothing'} ${end}`)
    }
  expect(answers).toBe(CLIENTS * (REQUESTS + 1))
  // It is no proof where every answer is the same: there were right ones, refused ones, and each sort of fault.
  expect([...heads]).toEqual(
    expect.arrayContaining(['200 end', '404 end', '429 end', '500 end', '503 end', 'nothing end', 'nothing ECONNRESET']),
  )
})

describe('eight workers on one backend that knows one URL', () => {
  const WORKERS = Array.from({ length: 8 }, (_, worker) => worker)

  async function backend(options: MockOptions = {}) {
    const mock = await open({ requireSession: true, ...options })
    const server = smallBackend(mock.url)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const at = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    return {
      mock,
      call: async (path: string, headers: Readonly<Record<string, string>>) => {
        const response = await fetch(at + path, { headers })
        return { status: response.status, body: (await response.json()) as { line_items?: { status: string }[] } }
      },
    }
  }

  /** A token of its own for each worker, so that a backend that only passes its caller's credentials on can be told apart. */
  const tokenOf = (worker: number): string => `worker-${worker}`

  it.each<[string, (worker: number) => Readonly<Record<string, string>>, boolean]>([
    ['baggage', (worker) => ({ authorization: 'Token 1234567890', baggage: `user=1, mock-session=worker-${worker};ttl=1, a=b` }), false],
    ['bound credentials', (worker) => ({ authorization: `Token ${tokenOf(worker)}` }), true],
  ])('are told apart by %s', async (_how, headersOf, isBound) => {
    const { mock, call } = await backend()
    const sessions = await Promise.all(
      WORKERS.map(async (worker) => {
        const clock = { frozen: `2026-05-0${worker + 1}T00:00:00Z` }
        const session = await mock.createSession({
          name: `worker-${worker}`,
          clock,
          scenario: worker % 2 === 0 ? 'all-in-stock' : 'rejected-line',
        })
        if (isBound) await session.bind({ token: tokenOf(worker) })
        return session
      }),
    )
    // Half of them allocate, and a quarter is refused: each meets its own scenario, faults and clock.
    for (const worker of [1, 5]) await sessions[worker]?.addFault({ operation: 'getOrder', status: 503 })
    const seen = await Promise.all(
      WORKERS.map(async (worker) => {
        const promised = worker % 2 === 0 ? (await call(`/promise/${ORDER}`, headersOf(worker))).status : undefined
        const { status, body } = await call(`/order/${ORDER}`, headersOf(worker))
        return { worker, promised, status, lines: body.line_items?.map((line) => line.status) }
      }),
    )
    for (const { worker, ...met } of seen)
      expect({ worker, ...met }).toEqual({
        worker,
        ...(worker % 2 === 0
          ? { promised: 200, status: 200, lines: ['Allocated'] }
          : worker % 4 === 1
            ? { promised: undefined, status: 503, lines: undefined }
            : { promised: undefined, status: 200, lines: ['Rejected', 'Allocated'] }),
      })
    for (const [worker, session] of sessions.entries()) {
      expect(await session.count()).toBe(worker % 2 === 0 ? 3 : 1)
      expect((await session.requests()).every(({ time }) => time.startsWith(`2026-05-0${worker + 1}`))).toBe(true)
    }
    expect((await mock.sessions()).map(({ name }) => name)).toEqual(WORKERS.map((worker) => `worker-${worker}`))
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ['nothing', { authorization: 'Token 1234567890' }],
    ['baggage of others', { authorization: 'Token 1234567890', baggage: 'user=1' }],
    ['a token that nobody bound', { authorization: 'Token stranger' }],
  ])('and one with %s is refused', async (_what, headers) => {
    const { mock, call } = await backend()
    await (await mock.createSession({ name: 'worker-0' })).bind({ token: tokenOf(0) })
    expect(await call(`/order/${ORDER}`, headers)).toMatchObject({
      status: 400,
      body: {
        code: 'session-required',
        fix: 'send the header Mock-Session: <name>, or baggage: mock-session=<name>, put /~<name> before the path, or bind the token or the account to a session',
      },
    })
    expect((await mock.sessions()).map(({ name }) => name)).toEqual(['worker-0'])
  })
})
