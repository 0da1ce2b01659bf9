import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HEAVY } from './heavy.ts'
import { ACCOUNT, openMock } from './support.ts'

const mock = await openMock()
afterAll(() => mock.close())

const LONG = process.env['LONG'] !== undefined

/** By the name of the request: its work at a size and at four times the size, or how long the largest took, three times. */
async function measured(...how: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const child = fork(join(import.meta.dirname, 'work-child.ts'), how, { execArgv: ['--no-warnings'] })
  const [found] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (typeof found !== 'object') throw new Error(`the child ended with ${found}`)
  return new Map(Object.entries(found))
}

const NAMES = HEAVY.map(({ name, isBounded = false }) => [name, isBounded] as const)

describe('the work of a request', () => {
  let work: Awaited<ReturnType<typeof measured>>
  beforeAll(async () => void (work = await measured()), 300_000)

  it.each(NAMES)('grows no faster than what it holds: %s', (name, isBounded) => {
    const [little = 0, much = 0] = work.get(name) ?? []
    expect(little).toBeGreaterThan(0)
    // Four times as much, and what sorting takes; by the square it would be sixteen times.
    expect(much / little).toBeLessThan(isBounded ? 1.5 : 6)
  })
})

describe('what is too much for one request', () => {
  const session = '/__mock/sessions/too-much'
  const orders = (count: number): object[] => Array.from({ length: count }, () => ({ line_items: [{ quantity_ordered: 1 }] }))
  const names = Array.from({ length: 500 }, (_, index) => `operation-${index}`)

  it.each<[string, string, object, object]>([
    ['a fault', `${session}/faults`, { status: 503, operation: names }, { code: 'scenario-impossible' }],
    [
      'a scenario',
      '/__mock/sessions',
      { scenario: { assume: Object.fromEntries(names.map((name) => [name, 'a'])) } },
      { code: 'scenario-impossible' },
    ],
    [
      'steps',
      '/__mock/sessions',
      { scenario: { timeline: names.map((operation) => ({ at: '1s', operation })) } },
      { code: 'scenario-impossible' },
    ],
    [
      'what exists',
      `${session}/exists`,
      { orders: orders(500).map((order) => ({ ...order, created_date: '2100-01-01T00:00:00Z' })) },
      { code: 'state-impossible' },
    ],
    ['a body of many slips', '/__mock/sessions', Object.fromEntries(names.map((name) => [name, 1])), { code: 'request-invalid' }],
  ])('is told by a hundred issues: %s', async (_, path, body, expected) => {
    const answer = await request(mock.app).post(path).send(body)
    expect(answer.body).toMatchObject(expected)
    expect(answer.body.issues).toHaveLength(100)
  })

  it.each([
    ['what exists', `${session}/exists`, (count: number) => ({ orders: orders(count) }), 'state-impossible'],
    ['a scenario', '/__mock/sessions', (count: number) => ({ scenario: { orders: orders(count) } }), 'scenario-impossible'],
    [
      'steps',
      '/__mock/sessions',
      (count: number) => ({ scenario: { timeline: [{ at: '1s', exists: { orders: orders(count - 1) } }], orders: orders(1) } }),
      'scenario-impossible',
    ],
  ])('is refused in words: %s', async (_, path, body, code) => {
    await request(mock.app).post(path).send(body(1_000)).expect(201)
    const answer = await request(mock.app).post(path).send(body(1_001)).expect(422)
    expect(answer.body).toMatchObject({
      code,
      detail: '1001 of orders and allocations would be brought in at once; at most 1000 can be',
      fix: expect.stringContaining('several requests') as unknown,
    })
  })
})

describe('what names too much at once', () => {
  const ids = Array.from({ length: 1_001 }, (_, index) => index.toString(16).padStart(24, '0'))

  it.each([
    ['an event', 'post', '/api/v2/allocation/', { detailType: 'ORDER_CREATED', detail: { id: ids } }],
    ['a reallocation', 'put', '/api/v2/allocation/reallocate', { channel: '12', tenant: ACCOUNT, documentType: 'ALLOCATION', id: ids }],
  ] as const)('is refused in the words of the API: %s', async (_, method, path, body) => {
    const agent = request(mock.app)
    const answer = await agent[method](path)
      .set({ authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) })
      .send(body)
      .expect(400)
    expect(JSON.stringify(answer.body)).toContain('it must have at most 1000 element(s)')
  })
})

describe.runIf(LONG)('the largest request', () => {
  let times: Awaited<ReturnType<typeof measured>>
  beforeAll(async () => void (times = await measured('time')), 300_000)

  it.each(NAMES)('keeps nobody waiting: %s', (name) => {
    expect(Math.min(...(times.get(name) ?? [Infinity]))).toBeLessThan(200)
  })
})
