import request from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import { ControlError, type MockSession } from '../../src/client/client.ts'
import type { RequestSummary } from '../../src/index.ts'
import { openMock, ORDER, ownSession, supplierClient } from '../support.ts'

/** What testers get wrong at first must not look right. */
describe('what is asked of the control API', () => {
  const opened = openMock()
  afterAll(async () => (await opened).close())

  it('counts no operation that nobody has, and names the nearest', async () => {
    const session = (await opened).session(ownSession())
    for (const ask of [() => session.count({ operation: 'allocateOrders' }), () => session.requests({ operation: 'allocateOrders' })]) {
      const error: unknown = await ask().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ControlError)
      expect(error).toMatchObject({ status: 400, problem: { code: 'parameters-invalid' } })
      expect(String(error)).toMatch(/is not an operation: "allocateOrders"; the nearest are allocateOrder,/)
    }
    expect(await session.count({ operation: 'allocateOrder' })).toBe(0)
    expect(await session.count({ operation: 'queued', origin: 'progress' })).toBe(0)
  })

  it('says what would do for the first issue', async () => {
    const session = await (await opened).createSession()
    await expect(session.advance('2 hours')).rejects.toThrow(/give one like/)
  })

  it('a span of a fault begins when the fault is added, however old the session is', async () => {
    const mock = await opened
    const session = await mock.createSession()
    await session.advance('3h')
    await session.addFault({ operation: 'getOrder', during: { until: '30s' }, status: 429, retryAfter: '30s' })
    const { get } = supplierClient(mock, { session: session.name })
    expect((await get()).status).toBe(429)
    await session.advance('30s')
    expect((await get()).status).toBe(200)
  })

  it.each<[string, (session: MockSession) => Promise<unknown>]>([
    ['advance', (session) => session.advance('1h')],
    ['step', (session) => session.step({ order: ORDER })],
    ['faults', (session) => session.faults()],
    ['dropFaults', (session) => session.dropFaults()],
    ['snapshot', (session) => session.snapshot('kept')],
    ['fork', (session) => session.fork('copy')],
    ['unbind', (session) => session.unbind({ token: 'abc' })],
    ['export', (session) => session.export()],
  ])('a slip in a name begins no session: %s', async (_what, ask) => {
    await using mock = await openMock()
    await mock.createSession({ name: 'tester' })
    const error: unknown = await ask(mock.session('testre')).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 404, problem: { code: 'session-unknown', fix: expect.stringContaining('there are tester') } })
    expect((await mock.sessions()).map(({ name }) => name)).toEqual(['tester'])
  })

  it.each<[string, (session: MockSession) => Promise<unknown>]>([
    ['setClock', (session) => session.setClock({ frozen: '2026-03-02T12:00:00Z' })],
    ['setProgress', (session) => session.setProgress('manual')],
    ['addFault', (session) => session.addFault({ status: 503 })],
    ['exists', (session) => session.exists({ orders: [] })],
    ['bind', (session) => session.bind({ token: 'abc' })],
    ['reset', (session) => session.reset()],
  ])('what sets a session up begins it: %s', async (_what, ask) => {
    await using mock = await openMock()
    await expect(ask(mock.session('new'))).resolves.not.toThrow()
    expect((await mock.sessions()).map(({ name }) => name)).toContain('new')
  })

  it.each<[string, (session: MockSession) => Promise<unknown>]>([
    ['entities', (session) => session.entities()],
    ['examples', (session) => session.examples()],
    ['due', (session) => session.due()],
  ])('a look at what a session would hold begins none: %s', async (_what, look) => {
    await using mock = await openMock()
    const shown = await look(mock.session('new'))
    expect(await mock.sessions()).toEqual([])
    await mock.createSession({ name: 'new' })
    expect(await look(mock.session('new'))).toEqual(shown)
  })

  it('a look at a session that has more to do at once than one piece of work may begins it', async () => {
    const step = { at: '0s', exists: { stock: [{ locationNum: '110', sku: 'A', available: 1 }] } }
    await using mock = await openMock({ scenario: { timeline: Array.from({ length: 600 }, () => step) } })
    await mock.session('new').entities()
    expect(await mock.session('new').count({ origin: 'timeline' })).toBe(600)
  })

  it('the default session is always there', async () => {
    await using mock = await openMock()
    expect(await mock.session().advance('1h')).toMatchObject({ name: 'default', now: '2026-03-01T13:00:00.000Z' })
  })

  it('is told where it is refused', async () => {
    const told: RequestSummary[] = []
    await using mock = await openMock({ onRequest: (summary) => told.push(summary) })
    await request(mock.app).post('/__mock/sessions/nobody/clock/advance').send({ by: '1h' }).expect(404)
    await request(mock.app).get('/__mock/requests/never').expect(404)
    await request(mock.app).post('/~a/_pact/provider_states').send({ state: 'never' }).expect(404)
    await request(mock.app).get('/__mock/metrics').set('Host', 'evil.test').expect(403)
    await request(mock.app).get('/__mock/health').expect(200)
    expect(told.map(({ session, status, method, path, problem }) => `${session} ${status} ${method} ${path} ${problem?.code}`)).toEqual([
      'nobody 404 POST /__mock/sessions/nobody/clock/advance session-unknown',
      '- 404 GET /__mock/requests/never request-unknown',
      'a 404 POST /~a/_pact/provider_states state-unknown',
      '- 403 GET /__mock/metrics host-refused',
    ])
  })

  it('says of each fault how often it was met, and whether it is spent', async () => {
    await using session = await (await opened).createSession({ clock: { frozen: '2026-03-01T12:00:00Z' } })
    await session.addFault({ operation: 'getOrder', calls: 1, status: 503 })
    await session.addFault({ operation: 'getOrder', calls: { first: 2, last: 3 }, status: 503 })
    await session.addFault({ operation: 'getOrder', during: { until: '1h' }, status: 503 })
    await session.addFault({ operation: 'searchOrders', status: 503 })
    const states = async () => (await session.faults()).map(({ id, calledSoFar, spent }) => [id, calledSoFar, spent])
    expect(await states()).toEqual([
      ['f1', 0, false],
      ['f2', 0, false],
      ['f3', undefined, false],
      ['f4', undefined, false],
    ])
    const { get } = supplierClient(await opened, { session: session.name })
    await get()
    await get()
    await session.advance('1h')
    expect(await states()).toEqual([
      ['f1', 2, true],
      ['f2', 2, false],
      ['f3', undefined, true],
      ['f4', undefined, false],
    ])
  })

  it.each(['Token abc', 'Bearer abc', 'abc'])('a token is bound as it is, or as its header has it: %s', async (token) => {
    const mock = await opened
    const session = mock.session(ownSession())
    await session.bind({ token })
    const { get } = supplierClient(mock, { session: '', authorization: 'Token abc' })
    const answer = await get().unset('Mock-Session')
    expect(answer.headers['mock-session']).toBe(session.name)
    await session.drop()
  })

  it('a count of all sessions says when the journal has forgotten some', async () => {
    await using mock = await openMock({ journalBytes: 3_000 })
    const { get } = supplierClient(mock)
    for (let count = 0; count < 5; count++) await get().expect(200)
    const { body } = await request(mock.app).get('/__mock/requests/count?operation=getOrder')
    expect(body).toEqual({ count: 1, incomplete: true })
  })

  it('what is very long is written again as it can be read', async () => {
    const mock = await opened
    await using session = mock.session(ownSession())
    const long = { after: '99999999d9999999h' }
    await session.setProgress(long)
    expect((await session.info()).progress).toMatchObject({ queued: { after: '99999999d' } })
    await expect(session.setProgress({ after: `${'9'.repeat(30)}d` })).rejects.toThrow('request-invalid')
    expect((await mock.sessions()).map(({ name }) => name)).toContain(session.name)
  })

  it('a refused binding begins no session', async () => {
    const mock = await opened
    await using one = mock.session(ownSession())
    const other = mock.session(ownSession())
    await one.bind({ token: 'taken' })
    await expect(other.bind({ token: 'taken' })).rejects.toThrow('binding-known')
    await expect(other.info()).rejects.toThrow('session-unknown')
  })

  it('faults are bounded by what they are long', async () => {
    await using session = (await opened).session(ownSession())
    const fault = { status: 500, body: 'x'.repeat(600_000) }
    await session.addFault(fault)
    await expect(session.addFault(fault)).rejects.toThrow(/the faults of the session would be 12\d+ characters long/)
    expect(await session.faults()).toHaveLength(1)
  })

  it('a full session takes nothing in by its timeline either, and says so', async () => {
    await using mock = await openMock({ maxEntities: 20 })
    const orders = Array.from({ length: 4 }, () => ({ line_items: [{ quantity_ordered: 1 }] }))
    const timeline = Array.from({ length: 10 }, () => ({ at: '1h', exists: { orders } }))
    const session = await mock.createSession({ scenario: { timeline } })
    expect((await session.advance('2h')).size).toBeLessThanOrEqual(20)
    const refused = await session.requests({ origin: 'timeline', refused: true })
    expect(refused[0]).toMatchObject({ problem: { code: 'session-full' } })
  })

  it('a password is quoted by no refusal', async () => {
    const mock = await opened
    const session = mock.session(ownSession())
    const answer = await request(mock.app)
      .post('/organizations/user-login/')
      .set({ ...session.headers, Accept: 'application/problem+json' })
      .send({ username: 'x', password: 77_777_777 })
    expect([answer.status, answer.text]).toEqual([400, expect.not.stringContaining('77777777')])
    expect(JSON.stringify(await session.requests())).not.toContain('77777777')
  })

  it('a text of backslashes is exported in no time', async () => {
    const mock = await opened
    const session = mock.session(ownSession())
    await request(mock.app).post('/orders/').set(session.headers).set('Authorization', 'Token 1').type('json').send('\\'.repeat(400_000))
    expect(JSON.stringify(await session.export())).toContain('exchanges')
  })

  it('who follows a session is not cut off by the reset of another', async () => {
    const mock = await opened
    const [session, other] = [mock.session(ownSession()), mock.session(ownSession())]
    const { get } = supplierClient(mock, { session: session.name })
    const id = String((await get()).headers['mock-request-id'])
    await get()
    await supplierClient(mock, { session: other.name }).get()
    await other.reset()
    const { url } = await mock.listen({ port: 0 })
    const gone = new AbortController()
    const answer = await fetch(`${url}/__mock/events?session=${session.name}`, { headers: { 'Last-Event-ID': id }, signal: gone.signal })
    const { value } = (await answer.body?.pipeThrough(new TextDecoderStream()).getReader().read()) ?? {}
    gone.abort()
    expect(value).toContain(`id: ${session.name}-2`)
  })
})
