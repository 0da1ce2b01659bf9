import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMock } from '../../src/index.ts'
import { ownSession } from '../support.ts'
import { allocationModel, type Answer, beginSession, type Operation, operations, perform, type Sending } from './allocation-model.ts'
import { startBalancer } from './balancer.ts'
import { checkLinearizable, type Event, keepHistory, tell, type Verdict } from './linearizable.ts'
import { listening, startRelay } from './relay.ts'

const CLIENTS = 20
const SESSIONS = 4
const LONG = process.env['LONG'] === '1'
const OPERATIONS = LONG ? 2_000 : 500

async function startMock(): Promise<string> {
  const mock = await createMock()
  onTestFinished(() => mock.close())
  const { url } = await mock.listen({ port: 0 })
  return url
}

interface Run {
  readonly history: readonly Event<Operation, Answer>[]
  readonly verdict: Verdict<Operation, Answer>
}

/** Clients at once, each in all sessions by turns. Sessions begin at `url`, and operations go to `through`. */
async function run(url: string, through = url, { count = OPERATIONS, sending }: { count?: number; sending?: Sending } = {}): Promise<Run> {
  const sessions = Array.from({ length: SESSIONS }, ownSession)
  const [start] = await Promise.all(sessions.map((session) => beginSession(url, session)))
  if (!start) throw new Error('there is no session')
  const { events, record } = keepHistory<Operation, Answer>()
  const play = async (client: number): Promise<void> => {
    const source = operations(client, start)
    for (let turn = 0; turn < count / CLIENTS; turn++) {
      const session = sessions[(client + turn) % SESSIONS] ?? ''
      const { value: operation } = source.next()
      await record(session, operation, () => perform(through, session, operation, start, sending))
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => play(client)))
  return { history: events(), verdict: checkLinearizable(events(), allocationModel(start)) }
}

/** How often each operation was answered so: `cancel 404`. */
function met(history: Run['history']): Readonly<Record<string, number>> {
  const groups = Map.groupBy(history, ({ input, output }) => `${input.kind} ${output?.status ?? 'unknown'}`)
  return Object.fromEntries([...groups].map(([what, all]) => [what, all.length]))
}

it(`is what ${CLIENTS} clients at once see of a mock`, async () => {
  const { history, verdict } = await run(await startMock())
  expect(tell(verdict)).toBe('linearizable')
  expect(history).toHaveLength(OPERATIONS)
  // It is no proof where every answer is the same.
  const known = {
    allocate: [200, 422],
    'read order': [200],
    cancel: [200, 404],
    'read allocation': [200],
    advance: [200],
    'read clock': [200],
    reset: [200],
  }
  const expected = Object.entries(known).flatMap(([kind, statuses]) => statuses.map((status) => `${kind} ${status}`))
  expect(Object.keys(met(history)).toSorted()).toEqual(expected.toSorted())
})

it('is what they see where answers get lost on their way: what was not answered may have been done', async () => {
  const url = await startMock()
  await using relay = await startRelay({ host: '127.0.0.1', port: Number(new URL(url).port) })
  const over = new AbortController()
  const cutting = (async () => {
    while (!over.signal.aborted) await relay.cutAtAnswer(15)
  })()
  const { history, verdict } = await run(url, `http://127.0.0.1:${relay.port}`, { sending: { ownConnection: true } })
  over.abort()
  expect(tell(verdict)).toBe('linearizable')
  expect(history.filter(({ output }) => output === undefined).length).toBeGreaterThan(OPERATIONS / 30)
  // The last cut is still waited for, and never comes.
  void cutting
})

/** A request that a proxy was sent, and how it asks the mock, in place of the client. */
interface Asked {
  readonly request: Sent
  readonly forward: (instead?: Partial<Sent>) => Promise<Passed>
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly session: string
}

interface Passed {
  readonly status: number
  readonly body: Uint8Array
}

/** A proxy before a mock that does not tell the truth. */
async function startProxy(url: string, meddle: (asked: Asked) => Promise<Passed>): Promise<string> {
  const forwarding = async (message: IncomingMessage, body: Uint8Array, { method, path, session }: Sent): Promise<Passed> => {
    const kept = ['authorization', 'x-site-context', 'content-type'].flatMap((name) => {
      const value = message.headers[name]
      return typeof value === 'string' ? [[name, value] as const] : []
    })
    const headers = { ...Object.fromEntries(kept), ...(session !== '' && { 'mock-session': session }) }
    const response = await fetch(url + path, { method, headers, ...(body.length > 0 && { body }) })
    return { status: response.status, body: await response.bytes() }
  }
  const server = createServer(async (message, response) => {
    const request = { method: message.method ?? '', path: message.url ?? '', session: String(message.headers['mock-session'] ?? '') }
    const body = await buffer(message)
    const answer = await meddle({ request, forward: (instead) => forwarding(message, body, { ...request, ...instead }) })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${await listening(server)}`
}

/** Whether it is the n-th, the 2n-th and so on that it is asked for. */
function every(n: number): () => boolean {
  let count = 0
  return () => ++count % n === 0
}

describe('a server is found out that', () => {
  it.each<[string, () => (asked: Asked) => Promise<Passed>]>([
    [
      'tells the truth through the same proxy',
      () =>
        ({ forward }) =>
          forward(),
    ],
    [
      'answers some reads from a stale cache',
      () => {
        const cache = new Map<string, Passed>()
        const isStale = every(5)
        return async ({ request: { method, path, session }, forward }) => {
          const cached = cache.get(`${session} ${path}`)
          if (method === 'GET' && cached && isStale()) return cached
          const answer = await forward()
          if (method === 'GET') cache.set(`${session} ${path}`, answer)
          return answer
        }
      },
    ],
    [
      'moves some clocks twice',
      () => {
        const isTwice = every(5)
        return async ({ request, forward }) => {
          if (request.path.endsWith('/advance') && isTwice()) await forward()
          return forward()
        }
      },
    ],
    [
      'forgets some allocations',
      () => {
        const isForgotten = every(5)
        return async ({ request: { path }, forward }) =>
          path.startsWith('/orders/allocation/') && isForgotten() ? { status: 200, body: Buffer.from('{}') } : forward()
      },
    ],
    [
      'lets some allocations be cancelled twice',
      () => {
        const cache = new Map<string, Passed>()
        return async ({ request: { path, session }, forward }) => {
          const answer = await forward()
          if (answer.status === 200) cache.set(`${session} ${path}`, answer)
          return (path.includes('/cancel/') && cache.get(`${session} ${path}`)) || answer
        }
      },
    ],
    [
      'reads some orders of another session',
      () => {
        const isOther = every(5)
        let other = ''
        return async ({ request: { method, path, session }, forward }) => {
          const before = other
          other = session === '' ? before : session
          return method === 'GET' && path.startsWith('/orders/') && before !== '' && isOther() ? forward({ session: before }) : forward()
        }
      },
    ],
  ])('%s', async (name, meddling) => {
    const url = await startMock()
    const { verdict } = await run(url, await startProxy(url, meddling()), { count: LONG ? 800 : 400 })
    expect(verdict.kind).toBe(name.startsWith('tells the truth') ? 'linearizable' : 'refused')
  })
})

describe('an operation', () => {
  it('is the same for the same seed, and marks differ between seeds', async () => {
    const start = await beginSession(await startMock(), ownSession())
    const first = (seed: number): Operation[] => operations(seed, start).take(200).toArray()
    const marks = (seed: number): string[] => first(seed).flatMap((operation) => (operation.kind === 'allocate' ? [operation.mark] : []))
    expect(first(7)).toEqual(first(7))
    expect(new Set([...marks(7), ...marks(8)]).size).toBe(marks(7).length + marks(8).length)
  })

  it('has a connection of its own where that is wanted', async () => {
    const url = await startMock()
    const session = ownSession()
    const start = await beginSession(url, session)
    const port = Number(new URL(url).port)
    await using balancer = await startBalancer([port, port, port])
    for (let turn = 0; turn < 6; turn++)
      expect(await perform(`http://127.0.0.1:${balancer.port}`, session, { kind: 'read clock' }, start, { ownConnection: true })).toEqual({
        status: 200,
        shown: { now: start.now },
      })
    expect(balancer.given).toEqual([2, 2, 2])
  })

  it.each([
    ['unknown where the server cannot say', { status: 503, body: Buffer.from('{}') }, undefined],
    ['refused where it says so', { status: 409, body: Buffer.from('{}') }, { status: 409 }],
  ])('is %s', async (_what, answer, met) => {
    const url = await startMock()
    const session = ownSession()
    const start = await beginSession(url, session)
    const proxy = await startProxy(url, async () => answer)
    expect(await perform(proxy, session, { kind: 'reset' }, start)).toEqual(met)
  })

  it('is unknown where nobody waits any longer', async () => {
    const url = await startMock()
    const session = ownSession()
    const start = await beginSession(url, session)
    await using relay = await startRelay({ host: '127.0.0.1', port: Number(new URL(url).port) })
    relay.stall()
    expect(await perform(`http://127.0.0.1:${relay.port}`, session, { kind: 'reset' }, start, { patience: 1 })).toBeUndefined()
  })
})
