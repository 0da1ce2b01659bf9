import { readFileSync, writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkData } from '../../src/contract/data.ts'
import { createMock, UsageError } from '../../src/index.ts'
import { loadDocument } from '../../src/document/load.ts'
import { ACCOUNT, ALLOCATION, NOW, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER } from '../support.ts'
import { type Served, serve } from './served.ts'

const LONG = process.env['LONG'] !== undefined

const shared = await serve()
afterAll(() => shared.close())
const { control } = shared
const schema = await loadDocument(join(import.meta.dirname, '../../spec/state.schema.json'))

// What is read from JSON, and looked at piece by piece.
// oxlint-disable-next-line typescript/no-explicit-any
type Value = any
type Json = Readonly<Record<string, Value>>

const SITE = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }

async function saved(session: string, served: Served = shared): Promise<Json> {
  const { status, body } = await served.control('GET', `/sessions/${session}/state`)
  expect([status, body.detail]).toEqual([200, undefined])
  return body
}

async function loaded(state: Json, served: Served = shared): Promise<string> {
  const { status, body } = await served.control('POST', '/sessions', { state })
  expect([status, body.detail]).toEqual([201, undefined])
  return body.name
}

/** Everything that can be read of a session, but for what says which session it is. */
async function read(
  session: string,
  { send, control, order }: Served = shared,
): Promise<{ readonly info: object; readonly answers: readonly (readonly [number, unknown])[] }> {
  const as = (headers: object) => ({ headers: { ...headers, 'Mock-Session': session } })
  const { name: _name, requests: _requests, age: _age, idle: _idle, ...info } = (await control('GET', `/sessions/${session}`)).body
  const kinds = ['order', 'allocation', 'oms-order', 'shipment', 'stock']
  const answers = [
    ...(await Promise.all(kinds.map((kind) => control('GET', `/sessions/${session}/entities?kind=${kind}&limit=100`)))),
    await control('GET', `/sessions/${session}/entities?changed=true&limit=100`),
    await control('GET', `/sessions/${session}/faults`),
    await control('GET', `/sessions/${session}/examples`),
    await order(session),
    await send('POST', '/orders/', { body: { limit: 50, sort: { key: 'date', dir: 'desc' } }, ...as({ Authorization: RETAILER }) }),
    await send('GET', `/api/v2/allocation/${ALLOCATION}`, as(SITE)),
    await send('POST', '/api/v2/allocation/query', { body: { filters: { statusCode: 'CANCELLED' } }, ...as(SITE) }),
  ]
  return {
    info,
    answers: answers.map(({ status, body }) => [status, JSON.parse(JSON.stringify(body).replaceAll(session, 'SESSION'))] as const),
  }
}

/** Nearly every operation once, and settings that are set in a running session. */
async function stirred(session: string, { send, control }: Served = shared): Promise<void> {
  for (const token of [undefined, RETAILER.replace('Token ', '')]) {
    const { body } = await control('GET', `/sessions/${session}/examples${token === undefined ? '' : `?token=${token}`}`)
    for (const { method, path, headers, body: sent } of body.examples)
      await send(method, path, { body: sent, headers: { ...headers, 'Mock-Session': session } })
  }
  await control('POST', `/sessions/${session}/exists`, {
    orders: [
      {
        line_items: [
          { quantity_ordered: 5, quantity_backordered: 5 },
          { quantity_ordered: 2, cancellation: 'pending' },
        ],
      },
    ],
    stock: [{ locationNum: '110', sku: 'odd "sku" 😀', available: 3 }],
  })
  await control('POST', `/sessions/${session}/clock/advance`, { by: '90m' })
  await control('POST', `/sessions/${session}/faults`, { operation: 'getOrder', probability: 0.5, during: { from: '1h' }, status: 503 })
  await control('PUT', `/sessions/${session}/progress`, {
    progress: { cancellation: { reads: 2 }, backorder: { after: '3d' }, sent: { after: '1h' } },
  })
  await send('GET', `/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, 'Mock-Session': session } })
}

const scenarios: readonly string[] = (await control('GET', '/scenarios')).body.scenarios.map(({ name }: Json) => name)

describe('the state of a session', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['a seed, a clock that runs and assumptions', { seed: '7', clock: { shifted: '-2d3h4ms' }, assume: { 'oms.cancel.again': '200' } }],
    ['the real clock', { clock: 'real' }],
    // What goes wrong in these two cuts connections, or waits, whoever reads.
    ...scenarios
      .filter((name) => !['first-call-fails', 'slow-and-flaky'].includes(name))
      .map((scenario): [string, object] => [scenario, { scenario }]),
  ])('begun from %s comes back byte for byte, and answers the same', async (_what, wanted) => {
    const { body } = await control('POST', '/sessions', wanted)
    for (const isStirred of [false, true]) {
      if (isStirred) await stirred(body.name)
      const state = await saved(body.name)
      expect(checkData({ name: 'x', sources: [{ uri: 'x', content: state, lineOf: () => undefined }] }, schema)).toEqual([])
      const copy = await loaded(state)
      const again = await saved(copy)
      expect(JSON.stringify({ ...again, session: state['session'] })).toBe(JSON.stringify(state))
      expect(await read(copy)).toEqual(await read(body.name))
      // What is done from then on comes out the same as well.
      await control('POST', `/sessions/${body.name}/clock/advance`, { by: '4d' })
      await control('POST', `/sessions/${copy}/clock/advance`, { by: '4d' })
      expect(JSON.stringify({ ...(await saved(copy)), session: body.name })).toBe(JSON.stringify(await saved(body.name)))
    }
  })

  it('is what a reset goes back to, also past a provider state', async () => {
    const session = ownSession()
    await shared.allocate(session)
    const copy = await loaded(await saved(session))
    const before = await read(copy)
    await shared.cancel(copy)
    await shared.send('POST', `/~${copy}/_pact/provider_states`, { body: { state: 'an order with one unallocated line', action: 'setup' } })
    await control('POST', `/sessions/${copy}/reset`)
    expect(await read(copy)).toEqual(before)
    expect((await control('GET', `/sessions/${copy}`)).body.requests).toBe(4)
  })

  it('goes on by the clock that it had: frozen stands, real and shifted ones have gone on', async () => {
    await using served = await serve()
    const [frozen, shifted] = [ownSession(), ownSession()]
    await served.control('POST', '/sessions', { name: frozen })
    await served.control('POST', '/sessions', { name: shifted, clock: { shifted: '1d' } })
    const states = [await saved(frozen, served), await saved(shifted, served)]
    served.pass(3_600_000)
    const now = async (state: Json): Promise<string> => (await served.control('GET', `/sessions/${await loaded(state, served)}`)).body.now
    expect(await Promise.all(states.map(now))).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-02T13:00:00.000Z'])
  })

  it('is of another server with its own tokens: those of the options are the server’s, those of a login go on', async () => {
    await using from = await serve({ supplierTokens: ['much-secret=2'] })
    await using to = await serve({ supplierTokens: ['another=2'] })
    const login = await from.send('POST', '/organizations/user-login/', { body: { username: 'supplier-1', password: 'hush-hush' } })
    const state = await saved('default', from)
    expect(JSON.stringify(state)).not.toMatch(/much-secret|hush-hush/)
    const copy = await loaded(state, to)
    const headers = { Authorization: `Token ${login.body.auth_token}`, 'Mock-Session': copy }
    expect((await to.send('GET', `/orders/${ORDER}/`, { headers })).status).toBe(200)
  })

  it('has no secret that was sent, and a text of the same length for it', async () => {
    const session = ownSession()
    const fault = { operation: 'getOrder', status: 503, body: { detail: 'down', api_key: 'k-123456789', nested: { password: 'sesame' } } }
    await control('POST', `/sessions/${session}/faults`, fault)
    const state = await saved(session)
    expect(state['scenario'].faults[0].body).toEqual({ detail: 'down', api_key: 'masked-1---', nested: { password: 'mmmmm2' } })
    expect(JSON.stringify({ ...(await saved(await loaded(state))), session })).toBe(JSON.stringify(state))
  })

  it('of a session that has not begun is a 404; one that began from a state has no export', async () => {
    expect((await control('GET', '/sessions/nobody-at-all/state')).body.code).toBe('session-unknown')
    const session = ownSession()
    await shared.allocate(session)
    const copy = await loaded(await saved(session))
    expect((await control('GET', `/sessions/${copy}/export`)).body).toMatchObject({
      code: 'session-unexportable',
      detail: expect.stringContaining('saved'),
    })
  })

  it('that is too large is refused when it is saved, and when it is loaded', async () => {
    await using served = await serve({ maxEntities: 5 })
    for (let index = 0; index < 5; index++)
      await shared.control('POST', '/sessions/large/exists', { orders: [{ line_items: [{ quantity_ordered: 1 }] }] })
    const answer = await served.control('POST', '/sessions', { name: 'large', state: await saved('large') })
    expect([answer.status, answer.body.code]).toEqual([503, 'session-full'])
    expect(await served.names()).toEqual([])
    const order = (index: number) => ({ line_items: Array.from({ length: 100 }, () => ({ quantity_ordered: index + 1 })) })
    for (let round = 0; round < 6; round++)
      await shared.control('POST', '/sessions/huge/exists', { orders: Array.from({ length: 25 }, (_, index) => order(index)) })
    expect((await shared.control('GET', '/sessions/huge/state')).body).toMatchObject({ code: 'session-too-large' })
  })
})

/** The state with the value at a path replaced; undefined takes it away. */
function changed(state: Json, path: readonly (string | number)[], value: unknown): Json {
  const copy = structuredClone(state)
  let inside: Value = copy
  for (const part of path.slice(0, -1)) inside = inside[part]
  const last = path.at(-1) ?? ''
  if (value === undefined) delete inside[last]
  else Object.defineProperty(inside, last, { value, enumerable: true, configurable: true, writable: true })
  return copy
}

const example = await (async () => {
  await control('POST', '/sessions', { name: 'stirred', scenario: 'busy-day' })
  await stirred('stirred')
  return saved('stirred')
})()
const placeOf = (kind: string): number => example['changes'].findIndex((change: Json) => change['kind'] === kind)

describe('a state that cannot be loaded', () => {
  it.each<[string, Json, string, RegExp]>([
    [
      'another format',
      changed(example, ['format'], 1),
      '/format',
      /^is 1, and only 2 is read; load it with allocation-mock "0\.2\.0", which made it$/,
    ],
    [
      'another data version',
      changed(example, ['dataVersion'], 99),
      '/dataVersion',
      /^is 99, and this is \d+: .*; load it with allocation-mock "0\.2\.0"/,
    ],
    ['no format', {}, '', /^is nothing that was saved; give what GET/],
    ['an export', { format: 1, exchanges: [] }, '', /^is an export.*allocation-mock replay/],
    ['a refusal', { code: 'session-unknown', detail: 'x' }, '', /^is nothing that was saved, but a refusal: "session-unknown"/],
    ['an unknown member', changed(example, ['more'], 1), '/more', /^is not among the names allowed here/],
    ['no changes', changed(example, ['changes'], undefined), '/changes', /^is missing/],
    ['an unknown kind', changed(example, ['changes', 0, 'kind'], 'session'), '/changes/0/kind', /^is "session"; it must be one of/],
    [
      'an entity without its lines',
      changed(example, ['changes', placeOf('order'), 'to', 'lines'], undefined),
      `/changes/${placeOf('order')}/to/lines`,
      /^is missing/,
    ],
    [
      'an entity of another id',
      changed(example, ['changes', placeOf('order'), 'id'], ORDER.replace('3', '4')),
      `/changes/${placeOf('order')}/id`,
      /the same$/,
    ],
    [
      'an entity twice',
      { ...example, changes: [...example['changes'], example['changes'][0]] },
      `/changes/${example['changes'].length}/id`,
      /^is that of \/changes\/0 too/,
    ],
    ['a time that is none', changed(example, ['begun'], '2026-02-31T00:00:00.000Z'), '/begun', /./],
    [
      'a clock out of reach',
      changed(example, ['scenario', 'clock'], { shifted: '99999999d' }),
      '/scenario/clock',
      /^is a time that no document can write/,
    ],
    [
      'an unknown operation in a fault',
      changed(example, ['scenario', 'faults'], [{ operation: 'x' }]),
      '/scenario/faults/0/operation',
      /^is not an operation/,
    ],
    ['an unknown assumption', changed(example, ['scenario', 'assume', 'no-such'], 'x'), '/scenario/assume/no-such', /^is unknown/],
    ['own data', changed(example, ['scenario', 'orders'], []), '/scenario', /./],
    [
      'when a fault was added that is none',
      changed(example, ['faultsAdded', 'none'], NOW.replace('Z', '.000Z')),
      '/faultsAdded/none',
      /^names no fault/,
    ],
  ])('is refused for %s, by place, and begins nothing', async (_what, state, at, words) => {
    const name = ownSession()
    const { status, body } = await control('POST', '/sessions', { name, state })
    expect([status, body.code]).toEqual([422, 'session-unloadable'])
    const found = body.issues.find((issue: Json) => issue['at'].startsWith(`/body/state${at}`))
    expect(`${found?.message}${found?.fix === undefined ? '' : `; ${found.fix}`}`).toMatch(words)
    expect(await shared.names()).not.toContain(name)
    await expect(openMock({ session: state })).rejects.toThrow(UsageError)
  })

  it.each(['scenario', 'seed', 'clock', 'assume'] as const)('is refused beside %s', async (member) => {
    const beside = { scenario: 'all-in-stock', seed: 1, clock: 'real', assume: {} }[member]
    const { status, body } = await control('POST', '/sessions', { state: example, [member]: beside })
    expect([status, body.issues[0].at]).toEqual([400, `/body/${member}`])
  })

  it('never leads to a failure of the mock: each value is another, or is not there', async () => {
    const paths = leaves(example)
    const others = [undefined, null, -1, 1.5, 1e300, '', 'x', '2026-13-01T00:00:00Z', [], {}, true]
    let number = 1
    const next = (below: number): number => (number = (number * 48_271) % 2_147_483_647) % below
    const failures: unknown[] = []
    for (let round = 0; round < (LONG ? 400 : 100); round++) {
      const path = paths[next(paths.length)] ?? []
      const state = changed(example, path, others[next(others.length)])
      const name = ownSession()
      const begun = await control('POST', '/sessions', { name, state })
      if (begun.status >= 500) failures.push([path, begun.body])
      if (begun.status !== 201) continue
      const { answers } = await read(name)
      for (const [status, body] of answers) if (status >= 500) failures.push([path, body])
      await control('POST', `/sessions/${name}/clock/advance`, { by: '5d' })
      await control('DELETE', `/sessions/${name}`)
    }
    expect(failures).toEqual([])
  })
})

function leaves(value: Value, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.keys(value).flatMap((key) => leaves(value[key], [...path, Array.isArray(value) ? Number(key) : key]))].filter(
    ({ length }) => length > 0,
  )
}

describe('the option session', () => {
  const folder = mkdtempSync(join(tmpdir(), 'state-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('is what the default session begins from, goes back to, and begins anew from; no other', async () => {
    const [from, plain] = [ownSession(), ownSession()]
    await shared.allocate(from, quantities(4, 2))
    const state = await saved(from)
    for (const session of [state, file('state.json', JSON.stringify(state))]) {
      await using served = await serve({ session })
      const allocated = async (name?: string) => (await served.order(name)).body.line_items[0].allocation.quantity_allocated
      expect([await allocated(), await allocated(plain)]).toEqual([4, 0])
      for (const again of ['POST /reset', 'DELETE ', 'POST /create']) {
        await served.allocate('default', quantities(6))
        const [method = '', path = ''] = again.split(' ')
        if (path === '/create') {
          await served.control('DELETE', '/sessions/default')
          await served.control('POST', '/sessions', { name: 'default' })
        } else await served.control(method, `/sessions/default${path}`)
        expect(await allocated()).toBe(4)
      }
      expect(JSON.stringify({ ...(await saved('default', served)), session: from })).toBe(JSON.stringify(state))
    }
  })

  it('is what a client saves and loads', async () => {
    await using mock = await openMock()
    await mock.session('a').exists({ orders: [{ line_items: [{ quantity_ordered: 3 }] }] })
    const copy = await mock.createSession({ state: await mock.session('a').state() })
    expect(await copy.entities({ changed: true })).toEqual(await mock.session('a').entities({ changed: true }))
  })

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"format":', /^session: .*none\.json: it is not valid JSON/],
    [
      'another format',
      '{\n"format": 7, "version": "9.9.9" }',
      /^session: .*none\.json:2: \/format is 7, and only 2 is read; load it with allocation-mock "9\.9\.9", which made it$/,
    ],
    [
      'a prototype',
      JSON.stringify(example).replace('"kind":"order"', '"kind":"order","__proto__":{"kind":"step"}'),
      /\/changes\/\d+\/__proto__ is not among the names/,
    ],
    [
      'an entity that breaks the schema',
      JSON.stringify({ ...example, changes: [{ kind: 'stock', id: 'x', to: {} }] }, undefined, 1),
      /none\.json:\d+: \/changes\/0\/to\/tenant is missing/,
    ],
  ])('names file and place of %s', async (_what, text, words) => {
    await expect(createMock({ session: file('none.json', text) })).rejects.toThrow(words)
  })

  it('reads numbers as they are meant, however they are written', async () => {
    const text = JSON.stringify(example).replace('"format":2', '"format":2.0')
    await using mock = await openMock({ session: file('numbers.json', text) })
    expect((await mock.session().entities({ changed: true })).total).toBeGreaterThan(0)
    expect(readFileSync(join(folder, 'numbers.json'), 'utf8')).toContain('1.0')
  })
})
