import { type ChildProcess, fork } from 'node:child_process'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCOUNT, ALLOCATION, ORDER, quantities } from './support.ts'

/** An hour by the mock's clock, however long it takes. */
const HOUR = 3_600_000
const START = Date.parse('2026-03-01T12:00:00Z')
const POINTS = 10
const LONG = process.env['LONG'] !== undefined
const REQUESTS = LONG ? 200_000 : 8_000
const AT_ONCE = 8
/** With their copies more than there may be at a time. */
const SESSIONS = 50

const CONTEXT = JSON.stringify({ account: ACCOUNT, stage: 'production' })
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** What testers do in turn, by the number of the request: most of it well, some of it refused, some of it to the control API. */
const TURNS: readonly ((session: string, number: number) => Sent)[] = [
  () => ({ method: 'GET', path: `/orders/${ORDER}/` }),
  (_session, number) => ({ method: 'PUT', path: `/orders/allocation/${ORDER}/`, body: quantities(number % 7, 6 - (number % 7)) }),
  (_session, number) => ({ method: 'POST', path: '/orders/', body: { limit: 5, start: number % 900 } }),
  () => ({ method: 'GET', path: `/api/v2/allocation/${ALLOCATION}` }),
  () => ({ method: 'PUT', path: `/api/v2/allocation/cancel/${ALLOCATION}` }),
  (_session, number) => ({ method: 'POST', path: '/api/v2/allocation/query', body: { offset: number % 900, limit: 5 } }),
  (_session, number) => ({ method: 'GET', path: `/nowhere/${number}` }),
  (_session, number) => ({
    method: 'PUT',
    path: `/orders/allocation/${ORDER}/`,
    body: { line_items: [{ line_item_uuid: `bad ${number}` }] },
  }),
  (_session, number) => ({
    method: 'POST',
    path: '/organizations/user-login/',
    body: { username: 'supplier-1', password: `secret ${number}` },
  }),
  (session, number) => ({
    method: 'POST',
    path: `/__mock/sessions/${session}/exists`,
    body: { orders: [{ line_items: [{ quantity_ordered: 3 }] }], allocations: [{ items: [{ sku: `sku-${number}`, quantity: 2 }] }] },
  }),
  (session) => ({ method: 'POST', path: `/__mock/sessions/${session}/clock/advance`, body: { by: '90s' } }),
  (session) => ({ method: 'PUT', path: `/__mock/sessions/${session}/progress`, body: { progress: { after: '1m' } } }),
  (session, number) => ({
    method: 'POST',
    path: `/__mock/sessions/${session}/faults`,
    body: { id: `fault-${number % 3}`, operation: 'getOrder', probability: 0.5, status: 500 },
  }),
  (session) => ({ method: 'DELETE', path: `/__mock/sessions/${session}/faults` }),
  (session, number) => ({ method: 'POST', path: `/__mock/sessions/${session}/snapshots`, body: { name: `snapshot-${number % 3}` } }),
  (session) => ({ method: 'POST', path: `/__mock/sessions/${session}/snapshots/snapshot-1/restore` }),
  (session, number) => ({ method: 'POST', path: `/__mock/sessions/${session}/fork`, body: { into: `${session}-copy-${number}` } }),
  (session, number) => ({ method: 'POST', path: `/__mock/sessions/${session}/bindings`, body: { token: `token-${number}` } }),
  (session) => ({ method: 'GET', path: `/__mock/sessions/${session}/export` }),
  () => ({ method: 'GET', path: '/__mock/requests?limit=20' }),
]

let server: ChildProcess
let port: number

/** The next message of the server; its end is no reason to wait on. */
async function told(key: 'port' | 'heap'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const onMessage = (message: unknown): void => resolve(Number(Object(message)[key]))
  const onExit = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
  server.once('message', onMessage).once('exit', onExit)
  try {
    return await promise
  } finally {
    server.off('message', onMessage).off('exit', onExit)
  }
}

/** What became of a request: its status, and for a refusal of the mock's own its code. */
async function send(number: number): Promise<string> {
  const session = `tester-${number % SESSIONS}`
  const turn = TURNS[number % TURNS.length]
  if (!turn) return ''
  const { method, path, body } = turn(session, number)
  const headers = {
    'Mock-Session': session,
    Authorization: path.startsWith('/api/') ? 'Bearer any' : 'Token 1234567890',
    'X-Site-Context': CONTEXT,
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ agent, port, host: '127.0.0.1', method, path, headers }, (incoming) => {
    text(incoming).then((body) => resolve(`${incoming.statusCode} ${/urn:allocation-mock:([\w-]+)/.exec(body)?.[1] ?? ''}`.trim()), reject)
  })
    .on('error', reject)
    .end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

beforeAll(async () => {
  server = fork(new URL('./soak-server.ts', import.meta.url), [], {
    // V8 throws away compiled code that has not run for a while, 5 MB at some time: nothing that the load is about.
    execArgv: ['--expose-gc', '--no-flush-bytecode'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  port = await told('port')
})

afterAll(() => {
  agent.destroy()
  server.kill()
})

describe('an hour of mixed load', () => {
  it('leaves the heap as it is, with journal, sessions and caches at their limits', { timeout: 600_000 }, async () => {
    const heaps: number[] = []
    const statuses = new Map<string, number>()
    for (let point = 0; point < POINTS; point++) {
      const first = (point * REQUESTS) / POINTS
      let next = first
      const work = async (): Promise<void> => {
        while (next < first + REQUESTS / POINTS) {
          const number = next++
          if (number % 50 === 0) server.send({ now: START + Math.floor((number / REQUESTS) * HOUR) })
          // Which turn a session gets goes round as well.
          const met = await send(number + Math.floor(number / SESSIONS))
          statuses.set(met, (statuses.get(met) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      server.send({})
      heaps.push(await told('heap'))
    }
    // It was a mixed load: sessions ran out, entities ran out, most was well, and nothing was the mock's own failure.
    const refusals = ['503 sessions-exhausted', '503 session-full', '404 snapshot-unknown', '422 scenario-impossible']
    expect([...statuses.keys()]).toEqual(expect.arrayContaining(['200', '201', '204', '400', '404', ...refusals]))
    expect((statuses.get('200') ?? 0) / REQUESTS).toBeGreaterThan(0.3)
    const last = heaps.slice(-5)
    const spread = (Math.max(...last) - Math.min(...last)) / Math.min(...last)
    expect(spread, `after collection, in MB: ${heaps.map((heap) => (heap / 1_048_576).toFixed(1)).join(', ')}`).toBeLessThan(0.05)
  })
})
