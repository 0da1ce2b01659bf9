import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../src/base/problem.ts'
import { isSessionName } from '../../src/base/session-name.ts'
import type { Mock, RequestSummary } from '../../src/index.ts'
import { createJournal } from '../../src/server/journal.ts'
import { createMetrics, type Measured } from '../../src/server/metrics.ts'
import type { Backend } from '../../src/store/backend.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { replicatedStore } from '../../src/store/replica.ts'
import type { Store } from '../../src/store/store.ts'
import { timed } from '../../src/store/timed.ts'
import { readPage } from '../pages.ts'
import { postgresUrl } from '../postgres.ts'
import { memoryBackend } from '../store/memory-backend.ts'
import { watchedStore } from '../stores.ts'
import { openMock, ownSession, quantities, SUPPLIER, supplierClient } from '../support.ts'
import { readExposition } from './exposition.ts'

async function scrape(mock: Mock): Promise<(series: string) => number | undefined> {
  const { text, headers, status } = await request(mock.app).get('/__mock/metrics')
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const { values } = readExposition(text)
  return (series) => values.get(`allocation_mock_${series}`)
}

const MEASURED: Measured = {
  version: '1.0.0',
  store: 'memory',
  totals: { sessions: 1, journalBytes: undefined },
  held: { sessions: 1, bytes: 4_000 },
  journalBytes: 7,
  followers: 0,
  isDraining: false,
  started: 1_700_000_000.5,
  residentBytes: 1e9,
  cpuSeconds: 0.25,
}
/** Something of everything. */
function filled(): ReturnType<typeof createMetrics> {
  const metrics = createMetrics()
  metrics.heard({ ...HEARD, problem: { code: 'route-unknown', detail: '' } }, 1)
  return metrics
}
const HEARD = { operation: undefined, path: '/', status: 200, problem: undefined }

describe('the metrics of a mock', () => {
  it('count requests by operation and status, refusals by code, and faults, as they come', async () => {
    await using mock = await openMock()
    const client = supplierClient(mock)
    const before = await scrape(mock)
    expect(before('requests_total{operation="getOrder",status="200"}')).toBeUndefined()
    expect(before('request_duration_seconds_count')).toBe(0)
    await client.get().expect(200)
    await client.get().expect(200)
    await client.allocate(quantities(5)).expect(400)
    await request(mock.app).get('/nowhere').expect(404)
    await request(mock.app).get('/__mock/requests/never').expect(404)
    const session = mock.session(client.session)
    await session.addFault({ operation: 'getOrder', calls: 1, status: 503 })
    await client.get().expect(503)
    await client.get().expect(200)
    const after = await scrape(mock)
    expect(after('requests_total{operation="getOrder",status="200"}')).toBe(3)
    expect(after('requests_total{operation="getOrder",status="503"}')).toBe(1)
    expect(after('requests_total{operation="allocateOrder",status="400"}')).toBe(1)
    // Control requests are no requests to the APIs, refused or not.
    expect(after('requests_total{operation="unmatched",status="404"}')).toBe(1)
    expect(after('request_duration_seconds_count')).toBe(6)
    expect(after('refusals_total{code="quantities-differ"}')).toBe(1)
    expect(after('refusals_total{code="route-unknown"}')).toBe(1)
    expect(after('refusals_total{code="request-unknown"}')).toBe(1)
    expect(after('faults_total')).toBe(1)
  })

  it('say what there is, and what this process holds of it', async () => {
    await using mock = await openMock({ store: 'memory' })
    const { url } = await mock.listen({ port: 0 })
    const none = await scrape(mock)
    expect([none('sessions'), none('held_sessions'), none('journal_bytes'), none('followers'), none('draining')]).toEqual([0, 0, 0, 0, 0])
    await supplierClient(mock).allocate(quantities(6)).expect(200)
    await supplierClient(mock).get().expect(200)
    const following = new AbortController()
    await fetch(`${url}/__mock/events`, { signal: following.signal })
    const some = await scrape(mock)
    expect([some('sessions'), some('held_sessions'), some('followers'), some('store_up')]).toEqual([2, 2, 1, 1])
    expect(some('held_session_bytes')).toBeGreaterThan(8_000)
    expect(some('journal_bytes')).toBeGreaterThan(1_000)
    expect(some('build_info{version="0.2.0",store="memory"}')).toBe(1)
    following.abort()
    await expect.poll(async () => (await scrape(mock))('followers')).toBe(0)
  })

  it.each([
    ['file', () => `file:${join(mkdtempSync(join(tmpdir(), 'metrics-')), 'sessions.db')}`],
    ['postgres', postgresUrl],
  ])('say how long the store takes: %s', async (kind, place) => {
    await using mock = await openMock({ store: place() })
    await supplierClient(mock).allocate(quantities(6)).expect(200)
    const metrics = await scrape(mock)
    for (const call of ['find', 'append']) {
      expect(metrics(`store_call_duration_seconds_count{call="${call}"}`)).toBeGreaterThan(0)
      expect(metrics(`store_failures_total{call="${call}"}`)).toBe(0)
    }
    expect([metrics('sessions'), metrics('held_sessions'), metrics('store_up')]).toEqual([1, 1, 1])
    expect(metrics('journal_bytes')).toBeGreaterThan(1_000)
    expect(metrics(`build_info{version="0.2.0",store="${kind}"}`)).toBe(1)
  })

  it('take no label from a client', async () => {
    await using mock = await openMock()
    const odd = 'zq7-unheard-of'
    const { app } = mock
    await request(app).get(`/${odd}?${odd}=1`).set('Authorization', odd).set('Mock-Session', odd)
    await request(app).post(`/__mock/sessions/${odd}/${odd}`)
    await supplierClient(mock, { session: odd }).get(odd)
    await supplierClient(mock, { session: odd }).search({ [odd]: odd })
    await request(app)
      .get('/orders/')
      .set({ Authorization: SUPPLIER, 'Mock-Scenario': odd, Prefer: `code=777, example=${odd}` })
    const { text } = await request(app).get('/__mock/metrics')
    expect(text).toContain('unmatched')
    expect(text).not.toContain(odd)
  })

  it('answer where the store cannot be reached, and leave out what only it knows', async () => {
    const told: RequestSummary[] = []
    const out = (): Promise<never> => Promise.reject(new StoreUnavailable('the database db-7 is gone'))
    const lost = watchedStore(memoryStore, (store) => ({ ...store, use: out, look: out, bound: out, check: out, totals: out, names: out }))
    await using mock = await openMock({ store: lost, onRequest: (summary) => told.push(summary) })
    // As Prometheus sends it; the header might name a session.
    const { text } = await request(mock.app).get('/__mock/metrics').set('Authorization', 'Bearer any').expect(200)
    const { values, types } = readExposition(text)
    expect(values.get('allocation_mock_store_up')).toBe(0)
    expect(types.has('allocation_mock_sessions')).toBe(false)
    expect(types.has('allocation_mock_held_sessions')).toBe(true)
    await request(mock.app).get('/__mock/health').set('Authorization', 'Bearer any').expect(200)
    const ready = await request(mock.app).get('/__mock/health/ready').set('Authorization', 'Bearer any').expect(503)
    expect([ready.body.code, ready.headers['retry-after'], ready.type]).toEqual(['store-unavailable', '1', 'application/problem+json'])
    // Anybody may ask; the log has the reason.
    expect(ready.text).not.toContain('db-7')
    // A probe asks again and again.
    expect(told).toEqual([])
  })
})

describe('a server', () => {
  it('is ready until it drains, and answers all else as before', async () => {
    await using mock = await openMock({ store: 'memory' })
    const { url } = await mock.listen({ port: 0 })
    const ready = await fetch(`${url}/__mock/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', store: { kind: 'memory' } }])
    expect(ready.headers.get('connection')).toBe('keep-alive')
    mock.drain()
    const later = await fetch(`${url}/__mock/health/ready`)
    expect([later.status, later.headers.get('retry-after'), await later.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'draining', status: 503 }),
    ])
    expect(later.headers.get('connection')).toBe('close')
    expect((await fetch(`${url}/__mock/health`)).status).toBe(200)
    await supplierClient(mock).allocate(quantities(6)).expect(200)
    expect((await scrape(mock))('draining')).toBe(1)
  })

  it('says that a store is a program’s own', async () => {
    await using mock = await openMock({ store: memoryStore })
    expect((await request(mock.app).get('/__mock/health/ready').expect(200)).body).toEqual({ status: 'ready', store: { kind: 'own' } })
  })
})

describe('the store of a server', () => {
  const open = (backend: Backend, metrics = createMetrics()): Store =>
    replicatedStore(
      timed(backend, metrics.observe),
      {
        maxSessions: 10,
        timeToLive: () => Infinity,
        journalBytes: 1e6,
        stateBytes: 1e9,
        time: undefined,
        journal: createJournal(1e6),
        onTrouble: () => undefined,
      },
      metrics.counts,
    )
  const name = ownSession()
  if (!isSessionName(name)) throw new Error(name)
  const begin = (store: Store): Promise<void> => store.use(name, () => ({ changes: [], life: 'begins', result: undefined }))

  it('counts what another server was first with', async () => {
    const backend = memoryBackend()
    const other = open(backend)
    const metrics = createMetrics()
    let isFirst = true
    const store = open(
      {
        ...backend,
        async append(appends) {
          if (isFirst) {
            isFirst = false
            await begin(other)
          }
          return backend.append(appends)
        },
      },
      metrics,
    )
    await begin(store)
    const { values } = readExposition(metrics.text(MEASURED))
    expect(values.get('allocation_mock_store_conflicts_total')).toBe(1)
    expect(values.get('allocation_mock_store_call_duration_seconds_count{call="append"}')).toBe(2)
  })

  it('counts the calls that failed, and their time', async () => {
    const metrics = createMetrics()
    const store = open({ ...memoryBackend(), append: () => Promise.reject(new StoreUnavailable('gone')) }, metrics)
    await expect(begin(store)).rejects.toThrow('gone')
    const { values } = readExposition(metrics.text(MEASURED))
    expect(values.get('allocation_mock_store_failures_total{call="append"}')).toBe(1)
    expect(values.get('allocation_mock_store_failures_total{call="find"}')).toBe(0)
    expect(values.get('allocation_mock_store_call_duration_seconds_count{call="append"}')).toBe(1)
  })
})

describe('the text', () => {
  it('has what docs/deployment.md lists, and nothing else', () => {
    const { types } = readExposition(filled().text(MEASURED))
    const listed = readPage('docs/deployment.md').prose.matchAll(/`((?:allocation_mock|process)_[a-z_]+)`/g)
    expect(new Set([...listed].map(([, name]) => name))).toEqual(new Set(types.keys()))
  })

  it('escapes the name of an operation, whatever a document calls it', () => {
    const metrics = createMetrics()
    metrics.heard({ ...HEARD, operation: 'a"b\\c\nd{e="f"} 1' }, 1)
    const { values } = readExposition(metrics.text(MEASURED))
    expect(values.get(String.raw`allocation_mock_requests_total{operation="a\"b\\c\nd{e=\"f\"} 1",status="200"}`)).toBe(1)
  })

  it('counts a time in each bucket that it fits, and in that for all', () => {
    const metrics = createMetrics()
    for (const duration of [0.1, 0.5, 30, 60_000]) metrics.heard(HEARD, duration)
    const { values } = readExposition(metrics.text(MEASURED))
    const within = (bound: string): number | undefined => values.get(`allocation_mock_request_duration_seconds_bucket{le="${bound}"}`)
    expect(['0.0005', '0.001', '0.05', '10', '+Inf'].map(within)).toEqual([2, 2, 3, 3, 4])
    expect(values.get('allocation_mock_request_duration_seconds_sum')).toBeCloseTo(60.0306)
    expect(values.get('process_start_time_seconds')).toBe(1_700_000_000.5)
    expect(values.get('allocation_mock_journal_bytes')).toBe(7)
  })

  it.each([
    ['a_total 1\n', 'not of'],
    ['# HELP a_total x\n# TYPE a_total counter\na_total 1', 'does not end'],
    ['# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 2\n', 'twice'],
    ['# HELP a x\n# TYPE a counter\na 1\n', 'counters end so'],
    ['# HELP a_total x\n# TYPE a_total counter\na_total{b="c"d"} 1\n', 'labels'],
    ['# HELP a_total x\n# TYPE a_total counter\na_total{b="c} 1\n', 'labels'],
    ['# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n', 'less than'],
    ['# HELP a x\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n', 'not all'],
  ])('would be refused where it is wrong: %j', (text, why) => expect(() => readExposition(text)).toThrow(why))
})
