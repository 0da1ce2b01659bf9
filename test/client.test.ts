import { createServer, type RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import request from 'supertest'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { connect, ControlError, type Mock, type MockSession } from '../src/index.ts'
import { Running } from './cli/process.ts'
import { ACCOUNT, ALLOCATION, LINE, NOW, openMock, ORDER, ownSession, quantities, SUPPLIER } from './support.ts'

const mock = await openMock()
const { url } = await mock.listen({ port: 0 })
afterAll(() => mock.close())

const OMS = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }

const read = ({ headers }: Pick<MockSession, 'headers'>) =>
  request(mock.app)
    .get(`/orders/${ORDER}/`)
    .set({ Authorization: SUPPLIER, ...headers })
const allocate = ({ headers }: MockSession, body: object) =>
  request(mock.app)
    .put(`/orders/allocation/${ORDER}/`)
    .set({ Authorization: SUPPLIER, ...headers })
    .send(body)
const cancel = ({ headers }: MockSession) =>
  request(mock.app)
    .put(`/api/v2/allocation/cancel/${ALLOCATION}`)
    .set({ ...OMS, ...headers })

/** What the control API refused. */
async function refusal(promise: Promise<unknown>): Promise<ControlError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ControlError) return error
  throw error instanceof Error ? error : new Error('nothing was refused')
}

describe.each([
  { where: 'in the same process', client: mock },
  { where: 'over HTTP', client: connect(`${url}/`) },
])('a client $where', ({ client }) => {
  it('begins a session from what it is wanted to start from', async () => {
    const name = ownSession()
    const clock = { frozen: '2027-01-01T00:00:00.000Z' }
    await using session = await client.createSession({ name, scenario: 'already-shipped', seed: 'x', clock })
    expect(session).toMatchObject({ name, headers: { 'Mock-Session': name } })
    expect(await session.info()).toMatchObject({ name, scenario: 'already-shipped', seed: 'x', clock, requests: 0, faults: [] })
    expect((await client.sessions()).map((one) => one.name)).toContain(name)
    expect((await read(session)).body.line_items[0]).toMatchObject({ status: 'HasTracking' })
  })

  it('begins a session of a scenario that stands in the test', async () => {
    await using session = await client.createSession({ scenario: { faults: [{ id: 'down', status: 503 }] } })
    expect(session.name).toMatch(/^session-\d+$/)
    expect((await read(session)).status).toBe(503)
  })

  it('drops the session at the end of the block, and nobody minds a second time', async () => {
    const name = ownSession()
    {
      await using session = await client.createSession({ name })
      await read(session).expect(200)
    }
    expect((await refusal(client.session(name).info())).problem.code).toBe('session-unknown')
    await expect(client.session(name).drop()).resolves.toBeUndefined()
  })

  it('lets time pass, and sets the clock', async () => {
    await using session = await client.createSession()
    expect(await session.advance('1d2h')).toMatchObject({ now: '2026-03-02T14:00:00.000Z' })
    expect(await session.setClock({ frozen: '2026-04-01T00:00:00Z' })).toMatchObject({ clock: { frozen: '2026-04-01T00:00:00.000Z' } })
    const { status, problem, message } = await refusal(session.setClock({ frozen: NOW }))
    expect([status, problem.code]).toEqual([409, 'clock-impossible'])
    expect(message).toBe(
      `PUT /__mock/sessions/${session.name}/clock: the clock would go back from 2026-04-01T00:00:00.000Z to 2026-03-01T12:00:00.000Z; ` +
        'time goes forward; reset the session, or begin another with this clock (clock-impossible)',
    )
  })

  it('says what goes on by itself, and takes a step', async () => {
    await using session = await client.createSession()
    await allocate(session, quantities(4, 2)).expect(200)
    expect(await session.step({ order: ORDER })).toEqual(['backorder'])
    expect((await read(session)).body.line_items[0].allocation).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0 })
    const { entities } = await session.entities({ kind: 'allocation', status: 'ALLOCATED', limit: 1 })
    expect(await session.step({ allocation: entities[0]?.id ?? '', account: ACCOUNT })).toEqual(['queued'])
    expect(await session.setProgress({ backorder: { after: '1h' } })).toMatchObject({ progress: { backorder: { after: '1h' } } })
    expect((await refusal(session.step({ order: 'nothing' }))).problem.code).toBe('entity-unknown')
  })

  it('lets something go wrong until it is switched off', async () => {
    await using session = await client.createSession()
    const fault = await session.addFault({ operation: 'getOrder', status: 503, retryAfter: '2s' })
    await session.addFault({ id: 'all', operation: 'allocateOrder', status: 500 })
    expect(await session.faults()).toMatchObject([{ id: fault.id, status: 503 }, { id: 'all' }])
    expect((await read(session)).headers).toMatchObject({ 'retry-after': '2' })
    await fault.drop()
    await fault.drop()
    expect((await read(session)).status).toBe(200)
    {
      await using outage = await session.addFault({ operation: 'getOrder', status: 502 })
      expect(await session.faults()).toMatchObject([{ id: 'all' }, { id: outage.id }])
      expect((await read(session)).status).toBe(502)
    }
    expect((await read(session)).status).toBe(200)
    await session.dropFaults()
    expect(await session.faults()).toEqual([])
    expect((await refusal(session.addFault({ operation: 'getOder', status: 500 }))).problem.issues?.[0]).toMatchObject({
      at: '/body/operation',
      fix: 'the nearest are getOrder, getOmsOrder, createOrder',
    })
  })

  it('goes back to snapshots and to the start, and copies', async () => {
    await using session = await client.createSession()
    await cancel(session).expect(200)
    expect(await session.snapshot('cancelled')).toMatchObject({ name: 'cancelled' })
    await allocate(session, quantities(6)).expect(200)
    await using copy = await session.fork(ownSession())
    expect(await session.restore('cancelled')).toMatchObject({ changes: 2 })
    expect((await copy.info()).changes).toBe(3)
    expect((await session.snapshots()).map(({ name }) => name)).toEqual(['cancelled'])
    await session.dropSnapshot('cancelled')
    expect((await refusal(session.restore('cancelled'))).message).toContain('it has none')
    expect(await session.reset()).toMatchObject({ changes: 0, requests: 0 })
    await cancel(session).expect(200)
  })

  it('binds what a client sends anyway', async () => {
    await using session = await client.createSession()
    const token = ownSession()
    await session.bind({ token })
    await session.bind({ account: 'bound-account-of-24-char', stage: ownSession() })
    const { headers } = await read({ headers: {} as never }).set('Authorization', `Token ${token}`)
    expect(headers['mock-session']).toBe(session.name)
    expect(await session.bindings()).toMatchObject([{ token: '***' }, { account: 'bound-account-of-24-char' }])
    await session.unbind({ token })
    expect((await refusal(session.unbind({ token }))).problem.code).toBe('binding-unknown')
  })

  it('finds and counts past requests', async () => {
    await using session = await client.createSession()
    expect([await session.requests(), await session.count()]).toEqual([[], 0])
    await read(session)
    await allocate(session, quantities(1)).expect(400)
    expect(await session.count()).toBe(2)
    expect(await session.count({ operation: 'getOrder' })).toBe(1)
    expect(await session.count({ since: `${session.name}-1` })).toBe(1)
    expect(await session.requests({ status: '4xx', limit: 1 })).toMatchObject([
      { id: `${session.name}-2`, session: session.name, operation: 'allocateOrder', problem: { code: 'quantities-differ' } },
    ])
    expect(await session.count({ text: LINE, refused: true })).toBe(1)
  })

  it('does not count what the journal has forgotten because of others', async () => {
    await using small = await openMock({ journalBytes: 20_000 })
    const own = client === mock ? small : connect((await small.listen({ port: 0 })).url)
    const [quiet, noisy] = [await own.createSession({ name: 'quiet' }), await own.createSession({ name: 'noisy' })]
    const ask = ({ headers }: MockSession) =>
      request(small.app)
        .get('/orders/nothing/')
        .set({ Authorization: SUPPLIER, ...headers })
    await ask(quiet)
    expect(await quiet.count()).toBe(1)
    for (let number = 0; number < 20; number++) await ask(noisy)
    await expect(quiet.count()).rejects.toThrow(
      'the journal holds 0 such requests of the session "quiet", and has forgotten others; start the mock with more journalBytes',
    )
    await quiet.reset()
    await ask(quiet)
    expect(await quiet.count({ refused: true })).toBe(1)
  })

  it('brings in, lists, shows what would succeed, and exports', async () => {
    await using session = await client.createSession()
    const { orders } = await session.exists({ orders: [{ po_number: 'po-mine', line_items: [{ quantity_ordered: 2 }] }] })
    expect(orders).toMatchObject([{ po_number: 'po-mine' }])
    const { entities } = await session.entities({ kind: 'order', changed: true })
    expect(entities).toMatchObject([{ kind: 'order', changed: true, entity: { po_number: 'po-mine' } }])
    const examples = await session.examples()
    const host = client === mock ? 'localhost' : new URL(url).host
    expect(examples.find(({ operation }) => operation === 'getOrder')?.curl).toContain(`http://${host}/~${session.name}/orders/`)
    expect(await session.export()).toMatchObject({ format: 2, session: session.name })
  })

  it('lets happen what it is asked about again and again', async () => {
    await using session = await client.createSession()
    const sent = fetch(`${url}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, ...session.headers } })
    while ((await session.count()) === 0);
    expect((await sent).status).toBe(200)
  })

  it.each(['', 'a b', 'a/b', 'x'.repeat(65), 'ä'])('takes no name like "%s"', async (name) => {
    expect(() => client.session(name)).toThrow('is not a valid session name')
    await expect(client.createSession({ name })).rejects.toThrow('is not a valid session name')
    await expect(client.session('a').fork(name)).rejects.toThrow('is not a valid session name')
  })

  it('says why a session is not there, and which are', async () => {
    const name = ownSession()
    await using session = await client.createSession({ name })
    const { status, problem, message } = await refusal(client.session(`${name}x`).info())
    expect([status, problem.code]).toEqual([404, 'session-unknown'])
    expect(message).toContain(`there is no session "${name}x"`)
    expect(message).toContain(`there are ${session.name}`)
    // It was asked nothing, which a test may want to hear of it.
    expect(await client.session(`${name}x`).requests()).toEqual([])
    // To look for it has not begun it.
    expect((await client.sessions()).map((one) => one.name)).not.toContain(`${name}x`)
  })
})

describe('connect', () => {
  it.each(['localhost:4010', '', 'mock', 'ftp://127.0.0.1', '/~a'])('refuses "%s"', (text) => {
    expect(() => connect(text)).toThrow(`"${text}" is not a valid URL of a mock; give one like http://127.0.0.1:4010`)
  })

  it('takes the token that a mock beyond loopback wants', async () => {
    await using open = await openMock({ controlToken: 'a-token-of-mine' })
    const { port } = await open.listen({ port: 0, host: '0.0.0.0' })
    const there = `http://127.0.0.1:${port}`
    const session = await connect(there, { token: 'a-token-of-mine' }).createSession()
    expect(await session.info()).toMatchObject({ name: session.name })
    expect((await refusal(connect(there).createSession())).problem).toMatchObject({ code: 'control-refused' })
    expect((await refusal(connect(there, { token: 'another' }).sessions())).message).toContain('the control token is wrong')
  })

  it('names itself in examples, and nobody else', async () => {
    await expect(connect(url).session('a').examples({ host: 'mock:4010' })).rejects.toThrow(
      `the commands name ${url}, and cannot name "mock:4010"; connect to it by that name`,
    )
    const examples = await mock.session('a').examples({ host: 'localhost:4010' })
    expect(examples[0]?.curl).toContain('http://localhost:4010/~a/')
  })

  it('says that nobody answers, and why', async () => {
    const gone = await openMock()
    const { url: dead } = await gone.listen({ port: 0 })
    await gone.close()
    await expect(connect(dead).sessions()).rejects.toThrow(
      /GET http:\/\/127.0.0.1:\d+\/__mock\/sessions: no answer \(.*ECONNREFUSED.*\); start the mock/,
    )
  })

  it.each<[string, RequestListener, string]>([
    [
      'an error page',
      (_request, response) => response.writeHead(404).end('<h1>Not here</h1>'),
      'the answer, 404, is none of allocation-mock: <h1>Not here</h1>',
    ],
    [
      'an error of its own',
      (_request, response) => response.writeHead(500).end('{"oh":"no"}'),
      'the answer, 500, is none of allocation-mock: {"oh":"no"}',
    ],
    ['a page', (_request, response) => response.end('<h1>Hello</h1>'), 'the answer, 200, is none of allocation-mock'],
  ])('knows another server by %s', async (_what, listener, message) => {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await expect(connect(`http://127.0.0.1:${port}`).sessions()).rejects.toThrow(message)
  })
})

describe('allocation-mock/client', () => {
  it('loads a few small files, and no package', async () => {
    const entry = fileURLToPath(new URL('../src/client/client.ts', import.meta.url))
    const input = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
      const { connect } = await import(${JSON.stringify(entry)})
      console.log(JSON.stringify({ loaded, session: connect('http://127.0.0.1:1').session('a').headers }))
    `
    const { out, err } = await new Running(process.execPath, ['--input-type=module', '--no-warnings'], { input }).ended
    expect(err).toBe('')
    const { loaded, session }: { loaded: string[]; session: object } = JSON.parse(out)
    expect(session).toEqual({ 'Mock-Session': 'a' })
    expect(loaded.map((file) => file.replace(/^.*\/src\//, '')).toSorted()).toEqual([
      'base/decode.ts',
      'base/path.ts',
      'base/problem.ts',
      'base/session-name.ts',
      'client/ask.ts',
      'client/client.ts',
    ])
  })
})

it('is a client itself', async () => {
  const same: Pick<Mock, 'session' | 'createSession' | 'sessions'> = connect(url)
  expect(Object.keys(same)).toEqual(['session', 'createSession', 'sessions'])
})
