import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, it } from 'vitest'
import { openMock, ownSession, quantities } from '../support.ts'
import { watchedStore } from '../stores.ts'
import { type Served, serve } from './served.ts'

const MINUTE = 60_000
const shared = await serve()
afterAll(() => shared.close())

describe('POST /__mock/sessions', () => {
  it('begins a session from a scenario, a seed and a clock', async () => {
    const name = ownSession()
    const clock = { frozen: '2027-05-06T07:08:09.000Z' }
    const { status, body } = await shared.control('POST', '/sessions', { name, scenario: 'partial-with-backorder', seed: 7, clock })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      name,
      scenario: 'partial-with-backorder',
      seed: '7',
      clock,
      now: clock.frozen,
      epoch: '2027-05-06T00:00:00.000Z',
      requests: 0,
      age: 0,
      idle: 0,
    })
    const { headers } = await shared.order(name)
    expect(headers.get('date')).toBe('Thu, 06 May 2027 07:08:09 GMT')
  })

  it('begins with other assumptions, and shows which differ from the defaults', async () => {
    const [own, over, plain] = [ownSession(), ownSession(), ownSession()]
    const scenario = { assume: { 'oms.cancel.again': '400', 'supplier.allocate.sum': 'off' } }
    await shared.control('POST', '/sessions', { name: own, assume: { 'oms.cancel.again': '200', 'oms.query.none': '404' } })
    const { body } = await shared.control('POST', '/sessions', { name: over, scenario, assume: { 'oms.cancel.again': '200' } })
    await shared.control('POST', '/sessions', { name: plain })
    expect(body.assume).toEqual({ 'oms.cancel.again': '200', 'supplier.allocate.sum': 'off' })
    for (const [name, assume, again] of [
      [own, { 'oms.cancel.again': '200' }, 200],
      [plain, {}, 404],
    ] as const) {
      expect((await shared.control('GET', `/sessions/${name}`)).body.assume).toEqual(assume)
      expect([(await shared.cancel(name)).status, (await shared.cancel(name)).status]).toEqual([200, again])
    }
    await shared.control('POST', `/sessions/${own}/reset`)
    expect((await shared.control('GET', `/sessions/${own}`)).body.assume).toEqual({ 'oms.cancel.again': '200' })
  })

  it('says where an assumption is unknown, in the request or in the scenario', async () => {
    const inRequest = await shared.control('POST', '/sessions', { assume: { 'oms.cancel.agian': '200' } })
    expect(inRequest.body.issues).toMatchObject([
      { at: '/body/assume/oms.cancel.agian', fix: expect.stringMatching(/^there are oms.cancel.again, /) },
    ])
    const inScenario = await shared.control('POST', '/sessions', { scenario: { assume: { 'oms.query.none': '500' } }, assume: {} })
    expect(inScenario.body.issues).toMatchObject([
      { at: '/body/scenario/assume/oms.query.none', message: 'is unknown: value "500" of oms.query.none', fix: 'there are 200, 404' },
    ])
  })

  it('begins as the server was started, where nothing is said', async () => {
    const begun = await shared.control('POST', '/sessions', {})
    expect(begun.status).toBe(201)
    expect(begun.body).toMatchObject({ seed: '1', clock: { frozen: '2026-03-01T12:00:00.000Z' }, changes: 0, size: 1 })
    expect(begun.body).not.toHaveProperty('scenario')
  })

  it('makes up names that nobody has', async () => {
    await using served = await serve()
    await served.order('session-2')
    const made = await Promise.all([1, 2, 3].map(() => served.control('POST', '/sessions', {})))
    expect(new Set(made.map(({ body }) => body.name))).toEqual(new Set(['session-1', 'session-3', 'session-4']))
  })

  it.each<[string, (name: string) => Promise<unknown>]>([
    ['was created', (name) => shared.control('POST', '/sessions', { name })],
    ['a request began', (name) => shared.order(name)],
    ['a look began', (name) => shared.control('GET', `/sessions/${name}/entities`)],
  ])('does not begin one anew that %s', async (_how, begin) => {
    const name = ownSession()
    await begin(name)
    await shared.cancel(name)
    const { status, body } = await shared.control('POST', '/sessions', { name, seed: 'another' })
    expect([status, body.code, body.detail]).toEqual([409, 'session-known', `there is a session "${name}"`])
    expect((await shared.control('GET', `/sessions/${name}`)).body).toMatchObject({ seed: '1', changes: 2 })
  })

  it.each<[string, object, number, string, RegExp]>([
    ['an unknown scenario', { scenario: 'all-in-stokc' }, 404, 'scenario-unknown', /^there are all-in-stock, /],
    [
      'an impossible scenario',
      { scenario: { orders: [{ line_items: [{ quantity_ordered: 1, quantity_allocated: 2 }] }] } },
      422,
      'scenario-impossible',
      /^make them add up to 1$/,
    ],
    ['an impossible clock', { clock: { frozen: '1969-01-01' } }, 422, 'scenario-impossible', /^give a time like /],
    ['a clock that is none', { clock: 'noon' }, 400, 'request-invalid', /^$/],
    ['an unknown member', { scenaro: 'all-in-stock' }, 400, 'request-invalid', /^there are scenario, /],
    ['a name that is none', { name: 'a b' }, 400, 'request-invalid', /^$/],
    ['a seed that is none', { seed: 1.5 }, 400, 'request-invalid', /^$/],
  ])('refuses %s, and begins nothing', async (_what, wanted, status, code, fix) => {
    const name = ownSession()
    const answer = await shared.control('POST', '/sessions', { name, ...wanted })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body.fix ?? '').toMatch(fix)
    expect(await shared.names()).not.toContain(name)
  })
})

describe('the header Mock-Scenario', () => {
  it('is what the first request of a session may begin it from', async () => {
    const name = ownSession()
    const { body } = await shared.order(name, { 'Mock-Scenario': 'already-shipped' })
    expect(body.line_items[0].status).toBe('HasTracking')
    expect((await shared.control('GET', `/sessions/${name}`)).body).toMatchObject({ scenario: 'already-shipped', requests: 1 })
    expect((await shared.order(name)).body.line_items[0].status).toBe('HasTracking')
    expect((await shared.order(name, { 'Mock-Scenario': 'already-shipped' })).status).toBe(200)
  })

  it('is so also where somebody has looked at the session, the default one as well', async () => {
    await using served = await serve()
    for (const look of ['examples?limit=1', 'entities', 'due']) await served.control('GET', `/sessions/default/${look}`)
    expect(await served.names()).toEqual([])
    expect((await served.order('default', { 'Mock-Scenario': 'already-shipped' })).status).toBe(200)
  })

  it.each<[string, (name: string) => Promise<unknown>, RegExp]>([
    [
      'without a scenario',
      (name) => shared.order(name),
      /^the session began without a scenario, and Mock-Scenario names "already-shipped"$/,
    ],
    [
      'from another',
      (name) => shared.order(name, { 'Mock-Scenario': 'all-in-stock' }),
      /^the session began from the scenario "all-in-stock"/,
    ],
  ])('is refused in a session that began %s', async (_how, begin, detail) => {
    const name = ownSession()
    await begin(name)
    const { status, body } = await shared.order(name, { 'Mock-Scenario': 'already-shipped' })
    expect([status, body.code]).toEqual([409, 'session-foreign'])
    expect(body.detail).toMatch(detail)
  })

  it('begins nothing where nobody knows the scenario', async () => {
    const name = ownSession()
    const { status, body } = await shared.order(name, { 'Mock-Scenario': 'already-shiped' })
    expect([status, body.code, body.detail]).toEqual([404, 'scenario-unknown', 'there is no scenario "already-shiped"'])
    expect(body.fix).toMatch(/^there are already-shipped, /)
    expect(await shared.names()).not.toContain(name)
  })
})

describe('a reset', () => {
  it.each<[string, (name: string) => Promise<unknown>]>([
    ['created', (name) => shared.control('POST', '/sessions', { name, scenario: 'already-shipped', seed: 'x', clock: { shifted: '2d' } })],
    [
      'created, changed and forked',
      async (name) => {
        const other = ownSession()
        await shared.control('POST', '/sessions', { name: other, scenario: 'already-shipped', seed: 'x', clock: { shifted: '2d' } })
        await shared.cancel(other)
        await shared.control('POST', `/sessions/${other}/fork`, { into: name })
      },
    ],
  ])('goes back to what the session was %s from', async (_how, begin) => {
    const name = ownSession()
    await begin(name)
    const fresh = (await shared.control('POST', `/sessions/${name}/reset`)).body
    await shared.control('POST', `/sessions/${name}/clock/advance`, { by: '3h' })
    await shared.control('POST', `/sessions/${name}/faults`, { status: 503 })
    await shared.control('PUT', `/sessions/${name}/progress`, { progress: 'immediately' })
    await shared.control('POST', `/sessions/${name}/exists`, { orders: [{ line_items: [{ quantity_ordered: 1 }] }] })
    expect((await shared.order(name)).status).toBe(503)
    const { status, body } = await shared.control('POST', `/sessions/${name}/reset`)
    expect(status).toBe(200)
    expect(body).toEqual(fresh)
    expect(body).toMatchObject({
      scenario: 'already-shipped',
      seed: 'x',
      clock: { shifted: '2d' },
      faults: [],
      requests: 0,
    })
    expect((await shared.order(name)).body.line_items[0].status).toBe('HasTracking')
  })
})

describe('the list of sessions', () => {
  it('says how large each is, how old, and how long it has not been used', async () => {
    await using served = await serve()
    await served.order('reader')
    served.pass(MINUTE)
    await served.allocate('writer')
    await served.cancel('writer')
    served.pass(MINUTE)
    await served.order('reader')
    served.pass(1)
    // Looking is no use of it.
    await served.control('GET', '/sessions/writer')
    const { sessions } = (await served.control('GET', '/sessions')).body
    expect(sessions).toMatchObject([
      { name: 'reader', changes: 0, size: 1, requests: 2, age: 2 * MINUTE + 1, idle: 1 },
      { name: 'writer', changes: 3, requests: 2, age: MINUTE + 1, idle: MINUTE + 1 },
    ])
    expect(sessions[1].size).toBeGreaterThan(3)
    await served.control('POST', '/sessions/reader/reset')
    expect((await served.control('GET', '/sessions/reader')).body).toMatchObject({ requests: 0, age: 0, idle: 0 })
  })
})

describe('a time to live', () => {
  it('ends a session that nobody uses, for its own next request too', async () => {
    await using served = await serve({ sessionTtl: '30m' })
    await served.cancel('idle')
    await served.control('POST', '/sessions/idle/snapshots', { name: 'kept' })
    served.pass(30 * MINUTE)
    expect((await served.cancel('idle')).status).toBe(404)
    served.pass(30 * MINUTE + 1)
    expect(await served.names()).toEqual([])
    expect((await served.control('GET', '/sessions/idle')).status).toBe(404)
    // Nobody else has come in between, and still it begins anew.
    const { status, headers } = await served.cancel('idle')
    expect([status, headers.get('mock-request-id')]).toEqual([200, 'idle-1'])
    expect((await served.control('GET', '/sessions/idle/snapshots')).body).toEqual({ snapshots: [] })
    expect((await served.control('GET', '/requests?session=idle')).body.requests).toHaveLength(1)
  })

  it.each<[string, (served: Served) => Promise<{ status: number; body: { changes: number } }>]>([
    ['created', (served) => served.control('POST', '/sessions', { name: 'a' })],
    ['reset', (served) => served.control('POST', '/sessions/a/reset')],
    ['given the time', (served) => served.control('PUT', '/sessions/a/clock', { clock: { frozen: '2026-03-02T12:00:00Z' } })],
    [
      'forked into',
      async (served) => {
        await served.order('b')
        return served.control('POST', '/sessions/b/fork', { into: 'a' })
      },
    ],
  ])('leaves nothing of a session that is %s after it', async (_how, again) => {
    await using served = await serve({ sessionTtl: '1m' })
    await served.control('POST', '/sessions', { name: 'a', seed: 'x' })
    await served.cancel('a')
    served.pass(MINUTE + 1)
    const { status, body } = await again(served)
    expect([200, 201]).toContain(status)
    expect(body).toMatchObject({ name: 'a', seed: '1', changes: 0 })
  })

  it('is not over for one that many use at once just then, whom nobody answers twice alike', async () => {
    await using served = await serve({ sessionTtl: '1m' })
    await served.cancel('a')
    served.pass(MINUTE + 1)
    const answers = await Promise.all(Array.from({ length: 10 }, () => served.cancel('a')))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 9 }, () => 404)])
    expect((await served.control('GET', '/sessions/a')).body).toMatchObject({ requests: 10, changes: 2 })
  })

  it('makes room for others', async () => {
    await using served = await serve({ sessionTtl: '1m', maxSessions: 2 })
    await served.cancel('a')
    served.pass(MINUTE)
    await served.cancel('b')
    expect((await served.order('c')).status).toBe(503)
    served.pass(1)
    expect((await served.order('c')).status).toBe(200)
    expect(await served.names()).toEqual(['b', 'c'])
  })

  it.each(['', '0s', '30', 'soon', '-1m'])('is not "%s"', async (sessionTtl) => {
    await expect(openMock({ sessionTtl })).rejects.toThrow(`sessionTtl is "${sessionTtl}"; give a duration like 30m`)
  })
})

describe('as many sessions as there may be', () => {
  it.each<[string, (served: Served) => Promise<{ status: number; body: object }>]>([
    ['a request', (served) => served.order('c')],
    ['a creation', (served) => served.control('POST', '/sessions', { name: 'c' })],
    ['a creation without a name', (served) => served.control('POST', '/sessions', {})],
    ['a fork', (served) => served.control('POST', '/sessions/a/fork', { into: 'c' })],
    ['a binding', (served) => served.control('POST', '/sessions/c/bindings', { token: 'mine' })],
    ['a fault', (served) => served.control('POST', '/sessions/c/faults', { status: 503 })],
  ])('leave no room for one more by %s', async (_how, begin) => {
    await using served = await serve({ maxSessions: 2 })
    await served.cancel('a')
    await served.cancel('b')
    const { status, body } = await begin(served)
    expect(status).toBe(503)
    expect(body).toMatchObject({
      code: 'sessions-exhausted',
      detail: 'there are 2 sessions',
      fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions or with --session-ttl',
    })
    expect(await served.names()).toEqual(['a', 'b'])
    await served.control('DELETE', '/sessions/a')
    await served.control('POST', '/sessions/b/fork', { into: 'a' })
    expect(await served.names()).toEqual(['a', 'b'])
  })
})

describe('a session in which nothing has changed', () => {
  it.each<[string, (served: Served, session: string) => Promise<unknown>]>([
    ['was refused', (served, session) => served.send('GET', '/orders/x/', { headers: { 'Mock-Session': session } })],
    ['was read', (served, session) => served.order(session)],
  ])('gives its place to who needs one when it %s, the one first that was used first', async (_how, use) => {
    const store = watchedStore()
    await using served = await serve({ maxSessions: 2, store })
    await use(served, 'a')
    await use(served, 'b')
    await use(served, 'a')
    expect((await served.cancel('c')).status).toBe(200)
    expect(await served.names()).toEqual(['a', 'c'])
    expect((await served.control('GET', '/requests?session=b')).body.requests).toEqual([])
    // It begins anew, and takes the place of the other.
    expect((await served.order('b')).headers.get('mock-request-id')).toBe('b-1')
    expect(await store.sessions()).toEqual(['b', 'c'])
  })

  it.each<[string, (served: Served) => Promise<unknown>]>([
    ['created', (served) => served.control('POST', '/sessions', { name: 'a' })],
    ['reset', (served) => served.control('POST', '/sessions/a/reset')],
    ['bound', (served) => served.control('POST', '/sessions/a/bindings', { token: 'mine' })],
    ['set to a time', (served) => served.control('PUT', '/sessions/a/clock', { clock: { frozen: '2026-03-02T12:00:00Z' } })],
    ['begun from a scenario', (served) => served.order('a', { 'Mock-Scenario': 'all-in-stock' })],
    [
      'kept as a snapshot',
      async (served) => {
        await served.order('a')
        await served.control('POST', '/sessions/a/snapshots', { name: 'x' })
      },
    ],
    ['forked into', (served) => served.order('b').then(() => served.control('POST', '/sessions/b/fork', { into: 'a' }))],
  ])('keeps its place when it was %s', async (_how, use) => {
    await using served = await serve({ maxSessions: 2 })
    await use(served)
    await served.cancel('b')
    expect((await served.order('c')).status).toBe(503)
    expect(await served.names()).toEqual(['a', 'b'])
  })

  it('leaves as many places as there are to a crowd that is refused', async () => {
    await using served = await serve({ maxSessions: 5 })
    await served.cancel('kept')
    const refused = (index: number) => served.send('GET', '/orders/x/', { headers: { 'Mock-Session': `z${index}` } })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => refused(index)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    expect(await Promise.all(['d', 'e', 'f', 'g'].map(async (name) => (await served.cancel(name)).status))).toEqual([200, 200, 200, 200])
    expect(await served.names()).toEqual(['d', 'e', 'f', 'g', 'kept'])
  })
})

describe('as many entities as a session may keep', () => {
  it('refuse what would be more, and change nothing', async () => {
    await using served = await serve({ maxEntities: 8 })
    const orders = (count: number) => ({ orders: Array.from({ length: count }, () => ({ line_items: [{ quantity_ordered: 1 }] })) })
    expect((await served.control('POST', '/sessions/a/exists', orders(1))).status).toBe(201)
    const before = (await served.control('GET', '/sessions/a')).body
    const refused = await served.control('POST', '/sessions/a/exists', orders(9))
    expect([refused.status, refused.body.code]).toEqual([503, 'session-full'])
    expect(refused.body.detail).toBe(`the session keeps ${before.size} entities, and 8 is the most`)
    expect(refused.body.fix).toContain('--max-entities')
    expect((await served.control('GET', '/sessions/a')).body).toEqual(before)
    // Another session has room of its own, and a reset makes some.
    expect((await served.control('POST', '/sessions/b/exists', orders(1))).status).toBe(201)
    expect((await served.control('POST', '/sessions/a/reset')).status).toBe(200)
    expect((await served.control('POST', '/sessions/a/exists', orders(1))).status).toBe(201)
  })

  it('let be changed and taken away what is there', async () => {
    await using served = await serve({ maxEntities: 2 })
    expect((await served.control('POST', '/sessions/a/faults', { id: 'f', operation: 'getAllocation', status: 503 })).status).toBe(201)
    expect((await served.allocate('a', quantities(3, 3))).status).toBe(200)
    expect((await served.control('GET', '/sessions/a')).body).toMatchObject({ size: 2 })
    expect((await served.allocate('a', quantities(6))).status).toBe(200)
    expect((await served.cancel('a')).status).toBe(503)
    expect((await served.control('DELETE', '/sessions/a/faults/f')).status).toBe(204)
  })

  it('refuse requests to the APIs as well, in their own words', async () => {
    await using served = await serve({ maxEntities: 2 })
    const { status, body, headers } = await served.cancel('a')
    expect([status, body]).toEqual([503, { message: 'the session keeps 1 entities, and 2 is the most' }])
    expect(headers.get('mock-explain')).toContain('/requests/a-1')
    expect((await served.order('a')).status).toBe(200)
    expect((await served.control('GET', '/requests?session=a&refused=true')).body.requests).toMatchObject([
      { operation: 'cancelAllocations', problem: { code: 'session-full' } },
    ])
  })
})

/** What is still in use of the heap. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

describe('a thousand sessions', () => {
  it('keep what they changed, and no more', async () => {
    await using served = await serve()
    const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`)
    await served.mock.createSession({ name: 'first' })
    await served.cancel('s7')
    await served.mock.session('s7').drop()
    const before = heapInUse()
    for (const name of names) await served.mock.createSession({ name })
    // About 2.5 kB each; ten times as much would be a population or a scenario of its own.
    expect((heapInUse() - before) / names.length).toBeLessThan(25_000)
    await served.cancel('s7')
    const sessions = await served.mock.sessions()
    expect(sessions).toHaveLength(1_001)
    expect(sessions.filter(({ size, changes }) => size > 1 || changes > 0)).toMatchObject([{ name: 's7', changes: 2 }])
    for (const name of names) await served.mock.session(name).drop()
    expect(await served.names()).toEqual(['first'])
  })
})
