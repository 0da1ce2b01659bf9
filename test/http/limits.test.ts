import { describe, expect, it } from 'vitest'
import { noRoom, type Room } from '../../src/core/room.ts'
import { bytesOf } from '../../src/core/size.ts'
import { type Change, Draft, worldOf } from '../../src/core/world.ts'
import { watchedStore } from '../stores.ts'
import { ACCOUNT, quantities } from '../support.ts'
import { type Served, serve } from './served.ts'

const OMS = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }

/** An OMS order whose address holds what is given. */
function create(served: Served, session: string, orderNumber: string, shipToAddress: object) {
  return served.send('POST', '/api/v2/order/', {
    headers: { ...OMS, 'Mock-Session': session },
    body: {
      orderNumber,
      channelId: '12',
      statusCode: 'X',
      items: [{ sku: 'a', orderedQuantity: 1 }],
      shipInfo: [{ shipMethod: 'Ground', shipToAddress }],
    },
  })
}

/** Creates until it is refused. @returns the refusal, and how many there were before */
async function fill(served: Served, session: string, shipToAddress: object) {
  for (let count = 0; ; count++) {
    const answer = await create(served, session, `o${count}`, shipToAddress)
    if (answer.status !== 200) return { ...answer, count }
    expect(count).toBeLessThan(1_000)
  }
}

const LARGE = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`a${index}`, 'x'.repeat(50)]))

describe('the bytes that a session may take', () => {
  it('are refused beyond the bound, in words, while reading, changing in place and beginning anew go on', async () => {
    await using served = await serve({ maxSessionBytes: 400_000 })
    const { status, body, headers, count } = await fill(served, 'a', LARGE)
    expect([status, body]).toEqual([
      503,
      { message: expect.stringMatching(/^the session would take 4\d{5} bytes, and 400000 is the most$/) },
    ])
    expect(count).toBeGreaterThan(3)
    const explained = await served.send('GET', new URL(headers.get('mock-explain') ?? '').pathname)
    expect(explained.body.problem).toMatchObject({ code: 'session-full', fix: expect.stringContaining('--max-session-bytes') })
    expect((await served.order('a')).status).toBe(200)
    // Another session has room of its own.
    expect((await create(served, 'b', 'o0', LARGE)).status).toBe(200)
    expect((await served.control('POST', '/sessions/a/reset')).status).toBe(200)
    expect((await fill(served, 'a', LARGE)).count).toBe(count)
  })

  it.each<[string, string, object]>([
    ['a fault', '/faults', { status: 500, body: 'x'.repeat(30_000) }],
    ['what shall exist', '/exists', { orders: Array.from({ length: 30 }, () => ({ line_items: [{ quantity_ordered: 1 }] })) }],
  ])('count for %s too', async (_what, path, body) => {
    await using served = await serve({ maxSessionBytes: 40_000 })
    const refused = await served.control('POST', `/sessions/a${path}`, body)
    expect([refused.status, refused.body.code]).toEqual([503, 'session-full'])
  })

  it('count for what a session begins with, and a seed has an end of its own', async () => {
    await using served = await serve({ maxSessionBytes: 40_000, maxEntities: 20 })
    const orders = Array.from({ length: 40 }, () => ({ line_items: [{ quantity_ordered: 1 }] }))
    const many = await served.control('POST', '/sessions', { name: 'a', scenario: { orders } })
    expect([many.status, many.body.code]).toEqual([503, 'session-full'])
    expect(many.body.detail).toMatch(/^the session would begin with \d+ entities, and 20 is the most$/)
    const large = await served.control('POST', '/sessions', { name: 'a', scenario: { description: 'x'.repeat(40_000) } })
    expect(large.body).toMatchObject({ code: 'session-full', detail: expect.stringContaining('40000 is the most') })
    const seed = await served.control('POST', '/sessions', { name: 'a', seed: 'x'.repeat(1_001) })
    expect([seed.status, seed.body.code]).toEqual([400, 'request-invalid'])
    expect(await served.names()).toEqual([])
    await expect(serve({ maxEntities: 20, scenario: { orders } })).rejects.toThrow(/scenario: the session would begin with \d+ entities/)
  })
})

describe('the bytes that all sessions may take', () => {
  it('are refused beyond the bound, whoever asks, until some are given back', async () => {
    await using served = await serve({ maxStateBytes: 600_000 })
    const { status, body, count } = await fill(served, 'a', LARGE)
    expect([status, body.message]).toEqual([503, expect.stringMatching(/^all sessions together would take 6\d{5} bytes, and 600000 is/)])
    expect((await create(served, 'b', 'o0', LARGE)).status).toBe(503)
    for (const [path, more] of [
      ['/sessions/a/fork', { into: 'c' }],
      ['/sessions/a/snapshots', { name: 'x' }],
    ] as const)
      expect((await served.control('POST', path, more)).body).toMatchObject({
        code: 'memory-exhausted',
        fix: expect.stringContaining('--max-state-bytes'),
      })
    expect((await served.control('DELETE', '/sessions/a')).status).toBe(204)
    expect((await create(served, 'b', 'o0', LARGE)).status).toBe(200)
    await served.control('DELETE', '/sessions/b')
    expect((await fill(served, 'd', LARGE)).count).toBe(count)
  })

  it('count snapshots, which go with their session', async () => {
    const store = watchedStore()
    await using served = await serve({ maxStateBytes: 600_000, store })
    await create(served, 'a', 'o', LARGE)
    let taken = 0
    while ((await served.control('POST', '/sessions/a/snapshots', { name: `s${taken}` })).status === 201) taken++
    expect(taken).toBeGreaterThan(2)
    expect(taken).toBeLessThan(20)
    await served.control('DELETE', '/sessions/a')
    expect(await store.sessions()).toEqual([])
    expect((await create(served, 'a', 'o', LARGE)).status).toBe(200)
  })
})

describe('what one entity may take', () => {
  it('is refused beyond the bound', async () => {
    await using served = await serve()
    const lists = (depth: number): unknown[] => (depth === 0 ? [] : [lists(depth - 1)])
    const nested = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`a${index}`, lists(80)]))
    const { status, body } = await create(served, 'a', 'o', nested)
    expect([status, body.message]).toEqual([
      422,
      expect.stringMatching(/^the oms-order \S+ would take \d+ bytes, and 16777216 is the most/),
    ])
    expect((await served.allocate('a', quantities(6))).status).toBe(200)
  })
})

describe('steps that wait', () => {
  it('are entities like others: what would begin to wait is refused where there is no room', async () => {
    const orders = { allocations: [{ items: [{ sku: 'a', quantity: 1 }] }] }
    await using free = await serve()
    await free.control('PUT', '/sessions/a/progress', { progress: { after: '1h' } })
    await free.control('POST', '/sessions/a/exists', orders)
    const { waiting, size } = (await free.control('GET', '/sessions/a')).body
    expect(waiting).toBe(1)
    await using full = await serve({ maxEntities: size - 1 })
    await full.control('PUT', '/sessions/a/progress', { progress: { after: '1h' } })
    expect((await full.control('POST', '/sessions/a/exists', orders)).body).toMatchObject({ code: 'session-full' })
    expect((await full.control('GET', '/sessions/a')).body).toMatchObject({ size: 1, waiting: 0 })
  })

  it('are refused also where a step by itself would let them begin', async () => {
    const timeline = [{ at: '1h', exists: { allocations: [{ items: [{ sku: 'a', quantity: 1 }] }] } }]
    const scenario = { progress: { after: '1h' }, timeline }
    await using free = await serve()
    const { size } = await (await free.mock.createSession({ scenario })).advance('1h')
    await using full = await serve({ maxEntities: size - 1 })
    const session = await full.mock.createSession({ scenario })
    expect(await session.advance('1h')).toMatchObject({ waiting: 0 })
    expect(await session.requests({ origin: 'timeline' })).toMatchObject([{ problem: { code: 'session-full' } }])
  })
})

describe('bindings', () => {
  it('of all sessions together have an end, and make room when they go', async () => {
    await using served = await serve()
    const bind = (index: number) =>
      served.control('POST', `/sessions/s${Math.floor(index / 100)}/bindings`, { token: `${index} `.padEnd(4_096, 'x') })
    let count = 0
    while ((await bind(count)).status === 201) count++
    expect(count * 3 * 4_096).toBeLessThan(16 * 1_048_576)
    expect(count).toBeGreaterThan(1_000)
    expect((await bind(count)).body).toMatchObject({ code: 'memory-exhausted', detail: expect.stringContaining('16777216 is the most') })
    await served.control('DELETE', '/sessions/s0')
    expect((await bind(count)).status).toBe(201)
  })
})

describe('how much is measured', () => {
  const room: Room = { entities: 100, sessionBytes: 10_000, entityBytes: 2_000, allBytes: 20_000, others: 0 }
  const reference = (id: string, to: string | undefined): Change => ({ kind: 'reference', id, to: to === undefined ? undefined : { to } })

  it.each<[string, readonly Change[], Partial<Room>, string | undefined]>([
    ['little', [reference('a', 'x')], {}, undefined],
    ['too much for one', [reference('a', 'x'.repeat(1_000))], {}, 'entity-full'],
    ['too many', [reference('a', 'x'), reference('b', 'x')], { entities: 1 }, 'session-full'],
    ['one that is put twice', [reference('a', 'x'), reference('a', 'y')], { entities: 1 }, undefined],
    ['one that comes and goes', [reference('a', 'x'.repeat(6_000)), reference('a', undefined)], {}, undefined],
    ['too much together', Array.from({ length: 20 }, (_, index) => reference(String(index), 'x'.repeat(200))), {}, 'session-full'],
    ['too much beside others', [reference('a', 'x'.repeat(500))], { others: 19_000 }, 'memory-exhausted'],
  ])('%s', (_what, changes, more, code) => {
    expect(noRoom(changes, worldOf([]), { ...room, ...more })?.code).toBe(code)
  })

  it('lets what is over a bound become smaller', () => {
    const world = worldOf([reference('a', 'x'.repeat(9_000)), reference('b', 'x')])
    expect(noRoom([reference('a', 'x'.repeat(8_000))], world, { ...room, sessionBytes: 10, entities: 1 })).toBeUndefined()
    expect(noRoom([reference('a', undefined)], world, { ...room, allBytes: 0 })).toBeUndefined()
  })

  it('is the same by steps and at once, drafted or kept', () => {
    const changes = [reference('a', 'x'), reference('b', 'yy'), reference('a', 'z'.repeat(5_000)), reference('b', undefined)]
    const [first, ...rest] = changes
    const kept = worldOf(changes)
    const draft = new Draft(worldOf(first ? [first] : []), rest)
    expect([draft.size, draft.bytes]).toEqual([kept.size, kept.bytes])
    expect([worldOf([...changes, reference('a', undefined)]).bytes, kept.size]).toEqual([0, 1])
  })

  it('is not less than what is kept', () => {
    // Node's own measure of these, on 64 bits: 12.8 MB, 8 MB and 3.1 MB.
    expect(bytesOf(Array.from({ length: 200_000 }, () => ({})))).toBeGreaterThan(11_000_000)
    expect(bytesOf(Array.from({ length: 200_000 }, () => []))).toBeGreaterThan(8_000_000)
    expect(bytesOf(Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`a${index}`, 1])))).toBeGreaterThan(3_100_000)
  })
})
