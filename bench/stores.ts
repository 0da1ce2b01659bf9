import { mkdtempSync, rmSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import autocannon from 'autocannon'
import { Client, Pool } from 'pg'
import { isSessionName } from '../src/base/session-name.ts'
import type { MockRequest } from '../src/base/http.ts'
import { createJournal } from '../src/server/journal.ts'
import { toLine } from '../src/server/line.ts'
import { exchangeOf } from '../src/server/record.ts'
import { storeAt } from '../src/store/open.ts'
import { startPostgres } from '../test/postgres-server.ts'

/**
 * How many changes a second each store takes, over HTTP, beside what the same driver reaches on the same server with nothing else to do: a
 * conditional update and the insert of a journal row of the same length, in one transaction. One session that all use, and a thousand.
 * `FSYNC=1` waits for the disk as a database in use does.
 */

const CONNECTIONS = 50
const SECONDS = Number(process.env['SECONDS'] ?? 6)
const ROUNDS = Number(process.env['ROUNDS'] ?? 3)
const SESSIONS = { 'one session': 1, 'a thousand': 1_000 } as const
const ORDER = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
const LINE = 'b84ccd3c-88f8-4050-accf-e049163052e3'
const BODY = JSON.stringify({
  line_items: [{ line_item_uuid: LINE, allocation: { quantity_allocated: 6, quantity_backordered: 0, quantity_rejected: 0 } }],
})
const HEADERS = { authorization: 'Token 1234567890', 'content-type': 'application/json' }
const BIN = join(import.meta.dirname, '../bin/allocation-mock.js')

interface Served {
  readonly child: ChildProcess
  readonly url: string
}

async function serve(store: string): Promise<Served> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--log', 'none', '--store', store], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /ready on (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) {
      child.stdout.resume()
      return { child, url }
    }
  }
  throw new Error('the mock did not start')
}

/** Requests a second, all of them well. */
async function rate(servers: readonly Served[], method: 'PUT' | 'GET', sessions: number): Promise<number> {
  const path = (session: number): string => `/~s${session}/orders/${method === 'PUT' ? 'allocation/' : ''}${ORDER}/`
  const results = await Promise.all(
    servers.map(({ url }, place) =>
      autocannon({
        url,
        connections: CONNECTIONS / servers.length,
        duration: SECONDS,
        requests: Array.from({ length: sessions }, (_, session) => ({
          method,
          // Each server is asked of every session, and not of the same one at the same time.
          path: path((session + (place * sessions) / servers.length) % sessions),
          headers: HEADERS,
          ...(method === 'PUT' && { body: BODY }),
        })),
      }),
    ),
  )
  const bad = results.reduce((sum, { non2xx, errors }) => sum + non2xx + errors, 0)
  if (bad > 0) throw new Error(`${bad} requests were not answered well`)
  return results.reduce((sum, { requests, duration }) => sum + requests.total / duration, 0)
}

/** What the driver reaches with a statement that does no more than it must. */
async function raw(url: string, sessions: number, length: number): Promise<number> {
  const pool = new Pool({ connectionString: url, max: 8 })
  await pool.query('DROP TABLE IF EXISTS raw_session, raw_journal')
  await pool.query('CREATE TABLE raw_session (name text PRIMARY KEY, version bigint NOT NULL, state text NOT NULL)')
  await pool.query('CREATE TABLE raw_journal (place bigserial PRIMARY KEY, name text NOT NULL, text text NOT NULL)')
  await pool.query(`INSERT INTO raw_session SELECT 's' || n, 0, '' FROM generate_series(0, ${sessions - 1}) n`)
  const text = 'x'.repeat(length)
  const state = 'x'.repeat(600)
  const end = performance.now() + SECONDS * 1_000
  let done = 0
  const work = async (worker: number): Promise<void> => {
    for (let number = worker; performance.now() < end; number++) {
      const { rowCount } = await pool.query({
        name: 'raw',
        text: `WITH won AS (UPDATE raw_session SET version = version + 1, state = $2 WHERE name = $1 AND version >= $3 RETURNING name)
               INSERT INTO raw_journal (name, text) SELECT name, $4 FROM won`,
        values: [`s${number % sessions}`, state, 0, text],
      })
      if (rowCount !== 1) throw new Error('the update was lost')
      done++
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, worker) => work(worker * 17)))
  await pool.end()
  return done / SECONDS
}

/** What stores reach without HTTP and without an API: work that changes one entity and keeps one journal entry of that length. */
async function alone(places: readonly string[], sessions: number, length: number): Promise<number> {
  const stores = await Promise.all(
    places.map((place) => {
      const journal = createJournal(8 * 1_048_576)
      const unbounded = { maxSessions: 10_000, timeToLive: () => Infinity, stateBytes: 1e9, time: undefined, onTrouble: console.error }
      return storeAt(place, 0)({ ...unbounded, journal, journalBytes: 8 * 1_048_576 })
    }),
  )
  const to = { text: 'x'.repeat(600) }
  const end = performance.now() + SECONDS * 1_000
  let done = 0
  const work = async (worker: number): Promise<void> => {
    for (let number = worker; performance.now() < end; number++) {
      const session = `s${number % sessions}`
      if (!isSessionName(session)) throw new Error(session)
      // Two servers are asked of each session by turns.
      await stores[(number + Math.floor(number / sessions)) % stores.length]?.use(session, ({ request }) => ({
        changes: [{ kind: 'entity', id: 'one', to }],
        asks: 'request',
        exchanges: [{ ...EXCHANGE, id: `${session}-${request}`, session, replyBody: 'x'.repeat(length - 300) }],
        result: undefined,
      }))
      done++
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, worker) => work(worker * 17)))
  await Promise.all(stores.map((store) => store.close()))
  return done / SECONDS
}

const REQUEST: MockRequest = { method: 'PUT', path: '/', query: '', headers: {}, body: { kind: 'none' }, prefix: '' }
const EXCHANGE = exchangeOf(
  { id: '', session: '', origin: 'request', request: REQUEST, now: 0, real: 0 },
  toLine({ status: 200 }, 0, false),
)

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
}

const postgres = await startPostgres()
const admin = new Client({ connectionString: postgres.url })
await admin.connect()
if (process.env['FSYNC'] === '1') {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) await admin.query(`ALTER SYSTEM SET ${setting} = on`)
  await admin.query('SELECT pg_reload_conf()')
}
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
const at = (schema: string): string => `${postgres.url}${postgres.url.includes('?') ? '&' : '?'}schema=${schema}`
const stores: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory'],
  file: [`file:${join(folder, 'sessions.db')}`],
  'PostgreSQL, one server': [at('one')],
  'PostgreSQL, two servers': [at('two'), at('two')],
}
const started: Record<string, Served[]> = {}
for (const [name, places] of Object.entries(stores)) {
  started[name] = []
  for (const place of places) started[name].push(await serve(place))
}

/** A journal row of an allocation, as the mock keeps it. */
await rate(started['PostgreSQL, one server'] ?? [], 'PUT', 1)
const { rows } = await admin.query<{ length: number }>('SELECT avg(length(text))::int AS length FROM one.exchange')
const length = rows[0]?.length ?? 0
console.log(
  `a journal row has ${length} characters; ${CONNECTIONS} connections, ${SECONDS} s, median of ${ROUNDS}, fsync ${process.env['FSYNC'] === '1' ? 'on' : 'off'}`,
)

for (const [title, sessions] of Object.entries(SESSIONS)) {
  const changes = new Map<string, number[]>()
  const reads = new Map<string, number[]>()
  const raws: number[] = []
  const bare = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    raws.push(await raw(postgres.url, sessions, length))
    for (const [name, places] of Object.entries(stores)) {
      const fresh = places.map((place) =>
        place.startsWith('postgres') ? at(`alone_${round}_${sessions}_${places.length}`) : `${place}${round}${sessions}`,
      )
      if (name !== 'memory') bare.set(name, [...(bare.get(name) ?? []), await alone(fresh, sessions, length)])
    }
    for (const [name, servers] of Object.entries(started)) {
      changes.set(name, [...(changes.get(name) ?? []), await rate(servers, 'PUT', sessions)])
      reads.set(name, [...(reads.get(name) ?? []), await rate(servers, 'GET', sessions)])
    }
  }
  const floor = median(raws)
  console.log(`\n${title}: raw ${floor.toFixed(0)}/s`)
  for (const name of Object.keys(started)) {
    const [changed, read] = [median(changes.get(name) ?? []), median(reads.get(name) ?? [])]
    const by = median(bare.get(name) ?? [])
    const store = by > 0 ? `   the store alone ${by.toFixed(0).padStart(6)}/s (${(by / floor).toFixed(2)} of raw)` : ''
    console.log(
      `  ${name.padEnd(24)} changes ${changed.toFixed(0).padStart(6)}/s (${(changed / floor).toFixed(2)} of raw)   reads ${read.toFixed(0).padStart(6)}/s${store}`,
    )
  }
}

for (const { child } of Object.values(started).flat()) {
  child.kill()
  await once(child, 'exit')
}
await admin.end()
await postgres.remove()
rmSync(folder, { recursive: true })
