import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMock, type MockOptions } from '../../src/index.ts'
import type { Append, Backend } from '../../src/store/backend.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { replicatedStore, type StoreCounts } from '../../src/store/replica.ts'
import type { OpenStore } from '../../src/store/store.ts'
import { postgresUrl, withSchema } from '../postgres.ts'
import { startPostgres } from '../postgres-server.ts'
import { ownSession } from '../support.ts'
import { allocationModel, type Answer, beginSession, type Operation, operations, perform } from './allocation-model.ts'
import { startBalancer } from './balancer.ts'
import { checkLinearizable, type Event, keepHistory, tell, type Verdict } from './linearizable.ts'
import { listening, startRelay } from './relay.ts'

/** Servers that share a PostgreSQL are one mock, whichever of them is asked: what their clients see is what one after the other would have seen. */

const LONG = process.env['LONG'] === '1'
const CLIENTS = 50
const SESSIONS = 8
const OPERATIONS = LONG ? 20_000 : 800

type Sabotage = (backend: Backend) => Backend

interface Opened {
  readonly urls: readonly string[]
  readonly ports: readonly number[]
  readonly counts: StoreCounts
  readonly troubles: string[]
}

async function openReplicas(count: number, url: string, sabotage: Sabotage = (backend) => backend): Promise<Opened> {
  const counts: StoreCounts = { conflicts: 0 }
  const troubles: string[] = []
  const store: OpenStore = async (settings) =>
    replicatedStore(
      sabotage(await openPostgres(url, { maxSessions: settings.maxSessions, waitMs: 0, onTrouble: (message) => troubles.push(message) })),
      settings,
      counts,
    )
  const options: MockOptions = { store, journalBytes: 64 * 1_048_576, onFailure: (error) => troubles.push(String(error)) }
  const mocks = await Promise.all(Array.from({ length: count }, () => createMock(options)))
  // Servers of our own: a mock that listens compiles all that it may be asked, which takes longer than these tests.
  const servers = mocks.map(({ app }) => createServer(app))
  onTestFinished(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    await Promise.all(mocks.map((mock) => mock.close()))
  })
  const ports = await Promise.all(servers.map(listening))
  return { urls: ports.map((port) => `http://127.0.0.1:${port}`), ports, counts, troubles }
}

interface How {
  readonly count?: number
  /** So many sessions. */
  readonly among?: number
  readonly meanwhile?: () => Promise<void>
}

interface Run {
  readonly history: readonly Event<Operation, Answer>[]
  readonly verdict: Verdict<Operation, Answer>
  readonly sessions: readonly string[]
}

/** Clients at once, each in all sessions by turns, each request on a connection of its own, which the balancer gives to the next server. */
async function run({ ports, urls }: Opened, { count = OPERATIONS, among = SESSIONS, meanwhile }: How = {}): Promise<Run> {
  await using balancer = await startBalancer(ports)
  const sessions = Array.from({ length: among }, ownSession)
  const [start] = await Promise.all(sessions.map((session) => beginSession(urls[0] ?? '', session)))
  if (!start) throw new Error('there is no session')
  const { events, record } = keepHistory<Operation, Answer>()
  const play = async (client: number): Promise<void> => {
    const source = operations(client, start)
    for (let turn = 0; turn < count / CLIENTS; turn++) {
      const session = sessions[(client + turn) % among] ?? ''
      const { value: operation } = source.next()
      await record(session, operation, () =>
        perform(`http://127.0.0.1:${balancer.port}`, session, operation, start, { ownConnection: true }),
      )
    }
  }
  await Promise.all([...Array.from({ length: CLIENTS }, (_, client) => play(client)), meanwhile?.()])
  return { history: events(), verdict: checkLinearizable(events(), allocationModel(start)), sessions }
}

function unknownIn({ history }: Run): number {
  return history.filter(({ output }) => output === undefined).length
}

async function idsOf(response: Response): Promise<readonly string[]> {
  const { exchanges } = (await response.json()) as { readonly exchanges: readonly { readonly id: string }[] }
  return exchanges.map(({ id }) => id)
}

describe('what fifty clients see', () => {
  it.each(LONG ? [2, 4] : [2])('of %i servers on one PostgreSQL is what they would see of one', async (count) => {
    const opened = await openReplicas(count, postgresUrl())
    const ran = await run(opened)
    expect(tell(ran.verdict)).toBe('linearizable')
    expect([ran.history.length, unknownIn(ran), opened.troubles]).toEqual([OPERATIONS, 0, []])
    // They did come into each other's way.
    expect(opened.counts.conflicts).toBeGreaterThan(0)
    // Every server tells the same of the end.
    const shown = await Promise.all(
      opened.urls.map((url) => Promise.all(ran.sessions.map(async (name) => (await fetch(`${url}/__mock/sessions/${name}/state`)).text()))),
    )
    expect(new Set(shown.map((texts) => JSON.stringify(texts))).size).toBe(1)
    const journals = await Promise.all(
      opened.urls.map((url) => Promise.all(ran.sessions.map(async (name) => idsOf(await fetch(`${url}/__mock/sessions/${name}/export`))))),
    )
    for (const ids of journals.flat()) expect(new Set(ids).size).toBe(ids.length)
    for (const journal of journals) expect(journal).toEqual(journals[0])
  })

  it.each<[string, Sabotage]>([
    [
      'what was expected of a session is not asked for',
      (backend) => ({
        ...backend,
        async append(appends) {
          const { found } = await backend.find(appends.map(({ name }) => ({ name, life: undefined, position: 0 })))
          return backend.append(
            appends.map((one): Append => {
              const head = found.get(one.name)?.head
              return one.becomes.kind === 'goes-on' && head ? { ...one, expected: head } : one
            }),
          )
        },
      }),
    ],
    [
      'the tail of the log is not read',
      (backend) => ({
        ...backend,
        async find(known) {
          const findings = await backend.find(known)
          const found = [...findings.found].map(([name, one]) => {
            const had = known.find((session) => session.name === name)
            return [name, had?.life === one.head.life && !one.isWhole ? { ...one, pieces: [] } : one] as const
          })
          return { ...findings, found: new Map(found) }
        },
      }),
    ],
    [
      'an answer is given before its change is kept',
      (backend) => ({
        ...backend,
        async append(appends) {
          if (appends.some(({ becomes }) => becomes.kind !== 'goes-on')) return backend.append(appends)
          void backend.append(appends).catch(() => undefined)
          return appends.map(() => 'kept' as const)
        },
      }),
    ],
  ])('is no such thing where %s', async (_how, sabotage) => {
    const opened = await openReplicas(2, postgresUrl(), sabotage)
    // One run may happen to have no two requests in each other's way: it is run until it shows.
    const verdicts: string[] = []
    do verdicts.push((await run(opened, { count: 100, among: 2 })).verdict.kind)
    while (verdicts.at(-1) === 'linearizable' && verdicts.length < 20)
    expect(verdicts.at(-1)).toBe('refused')
  })
})

describe('an outage', () => {
  it('is answered by 503, and leaves nothing by halves, twice or lost', async () => {
    const postgres = await startPostgres()
    onTestFinished(() => postgres.remove())
    const { port } = new URL(postgres.url)
    await using relay = await startRelay({ host: '127.0.0.1', port: Number(port) })
    const through = new URL(withSchema(postgres.url, 'outage'))
    through.port = String(relay.port)
    const opened = await openReplicas(2, through.href)
    const name = ownSession()
    const probe = (url: string): Promise<Response> => fetch(`${url}/__mock/sessions/${name}`)
    /** Asks both until they answer so. */
    const until = async (status: number): Promise<readonly Response[]> => {
      for (;;) {
        const answers = await Promise.all(opened.urls.map(probe))
        if (answers.every((answer) => answer.status === status)) return answers
      }
    }
    await Promise.all(opened.urls.slice(0, 1).map((url) => fetch(`${url}/__mock/sessions/${name}/reset`, { method: 'POST' })))
    const outage = async (begin: () => unknown, end: () => unknown): Promise<void> => {
      await begin()
      for (const answer of await until(503)) {
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
        expect(await answer.json()).toMatchObject({ code: 'store-unavailable', fix: expect.stringContaining('again') })
      }
      await end()
      await until(200)
    }
    const meanwhile = async (): Promise<void> => {
      await outage(
        () => relay.refuse(),
        () => relay.pass(),
      )
      // Commits whose answers are lost.
      for (let cut = 0; cut < 10; cut++) await relay.cutAt('to-client', (bytes) => bytes.includes('kept'))
      await outage(
        () => postgres.stop('crash'),
        () => postgres.restart(),
      )
      relay.delay(20)
      await until(200)
      relay.delay(0)
      await outage(
        () => postgres.stop(),
        () => postgres.restart(),
      )
    }
    const ran = await run(opened, { meanwhile })
    expect(tell(ran.verdict)).toBe('linearizable')
    const unknown = unknownIn(ran)
    expect(unknown).toBeGreaterThan(10)
    expect(unknown).toBeLessThan(OPERATIONS)
    // Each server told of each outage once, and once of its end, whatever the number of its requests.
    expect(opened.troubles.length).toBeLessThanOrEqual(2 * 2 * 13)
    expect(opened.troubles.join()).not.toContain('secret-of-the-tests')
  })
})
