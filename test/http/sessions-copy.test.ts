import { afterAll, describe, expect, it } from 'vitest'
import { ACCOUNT, ALLOCATION, ORDER, ownSession, quantities, SUPPLIER } from '../support.ts'
import { racingStore } from '../stores.ts'
import { serve } from './served.ts'

const shared = await serve()
afterAll(() => shared.close())
const { control, order, allocate, cancel, send } = shared

const lineOf = async (session: string): Promise<{ status: string; allocation: object }> => (await order(session)).body.line_items[0]
const info = async (session: string) => (await control('GET', `/sessions/${session}`)).body

describe('a fork', () => {
  it('holds all that the session holds, its settings included', async () => {
    const [from, into] = [ownSession(), ownSession()]
    await control('POST', '/sessions', { name: from, scenario: 'partial-with-backorder', seed: 'x' })
    await allocate(from)
    await control('POST', `/sessions/${from}/faults`, { id: 'down', operation: 'getAllocation', status: 503 })
    await control('PUT', `/sessions/${from}/progress`, { progress: { queued: { after: '1h' } } })
    await control('POST', `/sessions/${from}/clock/advance`, { by: '2h' })
    const { status, body } = await control('POST', `/sessions/${from}/fork`, { into })
    const { name: _name, requests: _requests, age: _age, idle: _idle, ...held } = await info(from)
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: into, requests: 0, ...held })
    expect((await order(into)).body).toEqual((await order(from)).body)
  })

  it('is independent of the session, and the session of it', async () => {
    const [from, into] = [ownSession(), ownSession()]
    await cancel(from)
    await control('POST', `/sessions/${from}/fork`, { into })
    await allocate(from, quantities(6))
    expect((await lineOf(into)).status).toBe('Unallocated')
    await allocate(into, quantities(0, 6))
    await control('POST', `/sessions/${into}/clock/advance`, { by: '1d' })
    await control('POST', `/sessions/${into}/faults`, { status: 503 })
    expect([(await lineOf(from)).status, (await info(from)).faults]).toEqual(['Allocated', []])
    expect((await info(from)).now).not.toBe((await info(into)).now)
    expect((await cancel(from)).status).toBe(404)
    await control('DELETE', `/sessions/${from}`)
    expect((await info(into)).changes).toBe(3)
  })

  it.each<[string, string | undefined, number, string]>([
    ['there is', 'taken', 409, 'session-known'],
    ['it is itself', 'from', 409, 'session-known'],
    ['that is no name', 'a b', 400, 'request-invalid'],
  ])('is refused where a session %s of the name', async (_what, into, status, code) => {
    await using served = await serve()
    for (const name of ['from', 'taken']) await served.cancel(name)
    const answer = await served.control('POST', '/sessions/from/fork', { into })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(await served.names()).toEqual(['from', 'taken'])
  })

  it('of a session that is not there begins none', async () => {
    await using served = await serve({ maxSessions: 1 })
    const { status, body } = await served.control('POST', '/sessions/nobody/fork', { into: 'a' })
    expect([status, body.code]).toEqual([404, 'session-unknown'])
    expect(await served.names()).toEqual([])
    expect((await served.order('b')).status).toBe(200)
  })
})

describe('a snapshot', () => {
  it('brings back what the session held: entities, clock, faults and steps that wait', async () => {
    const name = ownSession()
    await control('POST', '/sessions', { name, scenario: { progress: { backorder: { after: '1h' } } } })
    await allocate(name, quantities(4, 2))
    await control('POST', `/sessions/${name}/faults`, { id: 'second', operation: 'getAllocation', calls: 2, status: 503 })
    const read = (): Promise<{ status: number }> =>
      send('GET', `/api/v2/allocation/${ALLOCATION}`, {
        headers: { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }), 'Mock-Session': name },
      })
    expect((await read()).status).toBe(200)
    const before = await info(name)
    expect(before).toMatchObject({ waiting: 1, faults: ['second'] })
    const taken = await control('POST', `/sessions/${name}/snapshots`, { name: 'before' })
    expect(taken).toMatchObject({ status: 201, body: { name: 'before', taken: '2026-03-01T12:00:00.000Z' } })

    for (const time of ['03-01T13', '03-01T13']) {
      // A backorder without a date has waited long enough in an hour.
      const { body } = await control('POST', `/sessions/${name}/clock/advance`, { by: '1h' })
      // The second time as the first: the clock went back as well.
      expect(body.now).toContain(time)
      expect(await lineOf(name)).toMatchObject({ status: 'Allocated', allocation: { quantity_allocated: 6 } })
      await control('DELETE', `/sessions/${name}/faults`)
      expect((await info(name)).waiting).toBe(0)
      const restored = await control('POST', `/sessions/${name}/snapshots/before/restore`)
      expect(restored.status).toBe(200)
      const { requests: _requests, age: _age, idle: _idle, ...held } = before
      expect(restored.body).toMatchObject(held)
      expect((await lineOf(name)).allocation).toMatchObject({ quantity_allocated: 4, quantity_backordered: 2 })
      // The fault had looked at one request, and befalls the second.
      expect([(await read()).status, (await read()).status]).toEqual([503, 200])
    }
    expect((await control('GET', `/sessions/${name}/snapshots`)).body.snapshots).toEqual([taken.body])
  })

  it('does not count as a session, nor can be asked as one', async () => {
    await using served = await serve({ maxSessions: 1 })
    await served.cancel('a')
    await served.control('POST', '/sessions/a/snapshots', { name: 'one' })
    expect(await served.names()).toEqual(['a'])
    expect((await served.order('a~one')).status).toBe(400)
    expect((await served.control('GET', '/sessions/a~one')).status).toBe(400)
  })

  it('replaces one of its name, is gone with the session, and twenty are the most', async () => {
    await using served = await serve()
    await served.order('a')
    for (let count = 1; count <= 20; count++)
      expect((await served.control('POST', '/sessions/a/snapshots', { name: `s${count}` })).status).toBe(201)
    await served.cancel('a')
    expect((await served.control('POST', '/sessions/a/snapshots', { name: 's1' })).status).toBe(201)
    const { status, body } = await served.control('POST', '/sessions/a/snapshots', { name: 's21' })
    expect([status, body.code, body.detail, body.fix]).toEqual([
      409,
      'snapshots-exhausted',
      'the session has 20 snapshots',
      'drop one of them',
    ])
    expect((await served.control('POST', '/sessions/a/snapshots/s2/restore')).body.changes).toBe(0)
    expect((await served.control('POST', '/sessions/a/snapshots/s1/restore')).body.changes).toBe(2)
    expect((await served.control('DELETE', '/sessions/a/snapshots/s2')).status).toBe(204)
    expect((await served.control('POST', '/sessions/a/snapshots', { name: 's21' })).status).toBe(201)
    await served.control('DELETE', '/sessions/a')
    await served.order('a')
    expect((await served.control('GET', '/sessions/a/snapshots')).body.snapshots).toEqual([])
    expect((await served.control('POST', '/sessions/a/snapshots/s1/restore')).status).toBe(404)
  })

  it.each<['POST' | 'DELETE', string]>([
    ['POST', '/snapshots/nothing/restore'],
    ['DELETE', '/snapshots/nothing'],
  ])('that is not there is told with those that are: %s %s', async (method, path) => {
    const name = ownSession()
    await order(name)
    expect((await control(method, `/sessions/${name}${path}`)).body).toMatchObject({ code: 'snapshot-unknown', fix: 'it has none' })
    await control('POST', `/sessions/${name}/snapshots`, { name: 'one' })
    const { status, body } = await control(method, `/sessions/${name}${path}`)
    expect([status, body.detail, body.fix]).toEqual([404, 'the session has no snapshot "nothing"', 'it has one'])
  })

  it('of a session that is not there is refused', async () => {
    const { status, body } = await control('POST', `/sessions/${ownSession()}/snapshots`, { name: 'one' })
    expect([status, body.code]).toEqual([404, 'session-unknown'])
  })
})

describe('a binding', () => {
  const TENANT = 'bound-account-of-24-char'
  const asked = async (headers: Readonly<Record<string, string>>, path = `/orders/${ORDER}/`): Promise<string | null> =>
    (await send('GET', path, { headers })).headers.get('mock-session')
  const oms = (context: object) => ({ Authorization: 'Bearer any', 'x-site-context': JSON.stringify(context) })
  const ALLOCATION_PATH = `/api/v2/allocation/${ALLOCATION}`

  it('is a token, of either API, whatever its scheme', async () => {
    const [name, token] = [ownSession(), ownSession()]
    expect((await control('POST', `/sessions/${name}/bindings`, { token })).status).toBe(201)
    expect(await asked({ Authorization: `Token ${token}` })).toBe(name)
    expect(await asked({ ...oms({ account: ACCOUNT }), Authorization: `Bearer ${token}` }, ALLOCATION_PATH)).toBe(name)
    expect(await asked({ Authorization: `Token ${token}x` })).toBe('default')
  })

  it('is an account, or one of its stages, which counts first', async () => {
    const [whole, stage] = [ownSession(), ownSession()]
    await control('POST', `/sessions/${whole}/bindings`, { account: TENANT })
    await control('POST', `/sessions/${stage}/bindings`, { account: TENANT, stage: 'uat' })
    expect(await asked(oms({ account: TENANT }), ALLOCATION_PATH)).toBe(whole)
    expect(await asked(oms({ account: TENANT, stage: 'production' }), ALLOCATION_PATH)).toBe(whole)
    expect(await asked(oms({ account: TENANT, stage: 'uat' }), ALLOCATION_PATH)).toBe(stage)
    expect(await asked(oms({ account: ACCOUNT }), ALLOCATION_PATH)).toBe('default')
    expect(await asked({ Authorization: 'Bearer any', 'x-site-context': 'no json' }, ALLOCATION_PATH)).toBe('default')
  })

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a path prefix', '/~named', {}],
    ['a header', '', { 'Mock-Session': 'named' }],
    ['baggage', '', { baggage: 'mock-session=named' }],
  ])('counts less than %s', async (_what, prefix, headers) => {
    const token = ownSession()
    await control('POST', `/sessions/${ownSession()}/bindings`, { token })
    expect(await asked({ Authorization: `Token ${token}`, ...headers }, `${prefix}/orders/${ORDER}/`)).toBe('named')
  })

  it('is listed without secrets, and in no refusal with them', async () => {
    const [name, token] = [ownSession(), ownSession()]
    await control('POST', `/sessions/${name}/bindings`, { token })
    const added = await control('POST', `/sessions/${name}/bindings`, { account: ACCOUNT, stage: name })
    const bindings = [{ token: '***' }, { account: ACCOUNT, stage: name }]
    expect(added.body).toEqual({ bindings })
    expect((await control('GET', `/sessions/${name}/bindings`)).body).toEqual({ bindings })
    const refused = await control('POST', `/sessions/${ownSession()}/bindings`, { token })
    const shown = [await control('GET', '/sessions'), await control('GET', '/requests?origin=control&limit=1000'), refused]
    expect(JSON.stringify(shown.map(({ body }) => body))).not.toContain(token)
  })

  it('belongs to one session, and is free again when that lets go of it', async () => {
    const [one, other, token] = [ownSession(), ownSession(), ownSession()]
    await control('POST', `/sessions/${one}/bindings`, { token })
    expect((await control('POST', `/sessions/${one}/bindings`, { token })).body.bindings).toHaveLength(1)
    const { status, body } = await control('POST', `/sessions/${other}/bindings`, { token })
    expect([status, body.code, body.detail]).toEqual([409, 'binding-known', `the session "${one}" is bound to it`])
    expect((await control('DELETE', `/sessions/${one}/bindings`, { token })).status).toBe(204)
    expect((await control('DELETE', `/sessions/${one}/bindings`, { token })).body.code).toBe('binding-unknown')
    expect(await asked({ Authorization: `Token ${token}` })).toBe('default')
    expect((await control('POST', `/sessions/${other}/bindings`, { token })).status).toBe(201)
  })

  it.each<[string, (name: string) => Promise<unknown>, boolean]>([
    ['dropped', (name) => control('DELETE', `/sessions/${name}`), false],
    ['reset', (name) => control('POST', `/sessions/${name}/reset`), true],
    [
      'restored',
      async (name) => {
        await control('POST', `/sessions/${name}/snapshots`, { name: 's' })
        await control('POST', `/sessions/${name}/snapshots/s/restore`)
      },
      true,
    ],
  ])('of a session that is %s', async (_how, change, stays) => {
    const [name, token] = [ownSession(), ownSession()]
    await control('POST', `/sessions/${name}/bindings`, { token })
    await change(name)
    expect(await asked({ Authorization: `Token ${token}` })).toBe(stays ? name : 'default')
  })

  it('ends with its session when its time is over', async () => {
    await using served = await serve({ sessionTtl: '1m' })
    await served.control('POST', '/sessions/a/bindings', { token: 'mine' })
    const ask = async (): Promise<string | null> =>
      (await served.send('GET', `/orders/${ORDER}/`, { headers: { Authorization: 'Token mine' } })).headers.get('mock-session')
    expect(await ask()).toBe('a')
    served.pass(60_001)
    expect(await ask()).toBe('default')
    expect(await served.names()).toEqual(['default'])
  })

  it('begins the session, with room for a hundred', async () => {
    const name = ownSession()
    for (let count = 0; count < 100; count++) await control('POST', `/sessions/${name}/bindings`, { token: `${name}-${count}` })
    const { status, body } = await control('POST', `/sessions/${name}/bindings`, { token: `${name}-100` })
    expect([status, body.detail]).toEqual([409, 'the session has 100 bindings'])
    expect(await info(name)).toMatchObject({ name, requests: 0 })
  })

  it.each([{}, { token: '' }, { account: 'short' }, { token: 'a', account: ACCOUNT }, { stage: 'uat' }])('is not %o', async (to) => {
    const name = ownSession()
    expect((await control('POST', `/sessions/${name}/bindings`, to)).status).toBe(400)
    expect((await control('GET', `/sessions/${name}`)).status).toBe(404)
  })

  it('is a label where labels are required', async () => {
    await using served = await serve({ requireSession: true })
    await served.control('POST', '/sessions/a/bindings', { token: 'mine' })
    const ask = (token: string) => served.send('GET', `/orders/${ORDER}/`, { headers: { Authorization: `Token ${token}` } })
    const { status, headers } = await ask('mine')
    expect([status, headers.get('mock-session')]).toEqual([200, 'a'])
    const refused = await ask('another')
    expect([refused.status, refused.body.code]).toEqual([400, 'session-required'])
    expect(
      (await served.send('GET', `/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, baggage: 'mock-session=b' } })).status,
    ).toBe(200)
    expect(await served.names()).toEqual(['a', 'b'])
  })
})

describe('on a store that takes its time', () => {
  it('whatever is done with a session at once, none of its snapshots is left when it is gone', async () => {
    const store = racingStore()
    await using served = await serve({ store })
    const calls: readonly [method: string, path: string, body?: object][] = [
      ['POST', '/a/snapshots', { name: 'x' }],
      ['POST', '/a/snapshots', { name: 'y' }],
      ['DELETE', '/a/snapshots/x'],
      ['POST', '/a/snapshots', { name: 'x' }],
      ['POST', '/a/snapshots/x/restore'],
      ['POST', '/a/reset'],
      ['POST', '/a/fork', { into: 'b' }],
      ['DELETE', '/a'],
      ['DELETE', '/b'],
    ]
    for (let round = 0; round < 2 * calls.length; round++) {
      await served.cancel('a')
      // Each round begins with another call, and every other one leaves the sessions there.
      const mixed = [...calls.slice(round % calls.length), ...calls.slice(0, round % calls.length)]
      const wanted = mixed.filter(([method, path]) => round % 2 === 0 || method === 'POST' || path.length > 2)
      const answers = await Promise.all(wanted.map(([method, path, body]) => served.control(method, `/sessions${path}`, body)))
      expect(answers.every(({ status }) => status < 500)).toBe(true)
      for (const name of await served.names()) await served.control('DELETE', `/sessions/${name}`)
      expect(await store.sessions()).toEqual([])
    }
  })
})
