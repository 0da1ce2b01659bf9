import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mock, States } from '../../src/index.ts'
import { ACCOUNT, openMock, ownSession, SUPPLIER } from '../support.ts'

const ID = 'aaaaaaaa-0000-4000-8000-000000000001'
const OTHER = 'aaaaaaaa-0000-4000-8000-000000000002'
const order = (id: string, more: object = {}) => ({ order_uuid: id, line_items: [{ quantity_ordered: 6, ...more }] })
const STATES: States = {
  states: [
    {
      state: 'an order of {quantity} units',
      parameters: { quantity: 6 },
      exists: { orders: [{ order_uuid: ID, line_items: [{ quantity_ordered: '{quantity}' }] }] },
      values: { order_uuid: '/orders/0/order_uuid', line: '/orders/0/line_items/0/uuid' },
    },
    { state: 'another order', exists: { orders: [order(OTHER)] } },
    {
      state: 'an order that cannot be',
      parameters: { shipped: null },
      exists: { orders: [{ order_uuid: ID, line_items: [{ quantity_ordered: 6, quantity_shipped: '{shipped}' }] }] },
    },
    { state: 'nothing in particular' },
    {
      state: '{available} units of {sku} at {locationNum}',
      parameters: { available: 1 },
      exists: { stock: [{ locationNum: '{locationNum}', sku: '{sku}', available: '{available}' }] },
    },
    { state: 'an order of {quantity} units waits for its supplier', parameters: { quantity: 1 }, values: {} },
  ],
}

let mock: Mock
beforeAll(async () => {
  mock = await openMock({ states: STATES })
})
afterAll(() => mock.close())

/** A verifier and a consumer of one session. */
function verifier(session = ownSession()) {
  const set = (body: object) => request(mock.app).post('/_pact/provider_states').set('Mock-Session', session).send(body)
  return {
    session,
    set,
    setUp: (state: string, params: object = {}) => set({ state, params, action: 'setup' }),
    tearDown: (state: string) => set({ state, action: 'teardown' }),
    /** Where a SKU is, and how much of it. */
    stock: async (sku: string): Promise<Record<string, number>> => {
      const { body } = await request(mock.app)
        .get(`/__mock/sessions/${session}/entities`)
        .query({ kind: 'stock', changed: true, limit: 100 })
      const entities = body.entities as { entity: { sku: string; locationNum: string; available: number } }[]
      const found = entities.filter(({ entity }) => entity.sku === sku && entity.available !== 0)
      return Object.fromEntries(found.map(({ entity: { locationNum, available } }) => [locationNum, available]))
    },
    get: (id: string) => request(mock.app).get(`/orders/${id}/`).set({ Authorization: SUPPLIER, 'Mock-Session': session }),
  }
}

describe('POST /_pact/provider_states', () => {
  it('sets up what the text says, and returns values', async () => {
    const { setUp, get } = verifier()
    const { body } = await setUp('an order of 7 units').expect(200)
    const { body: shown } = await get(ID).expect(200)
    expect(body).toEqual({ quantity: 7, order_uuid: ID, line: shown.line_items[0].uuid })
    expect(shown.line_items[0].allocation.quantity_ordered).toBe(7)
  })

  it('begins anew with the first setup after a request, and adds with a setup right after a setup', async () => {
    const { setUp, get } = verifier()
    await setUp('an order of 6 units').expect(200)
    await setUp('another order').expect(200)
    await get(ID).expect(200)
    await get(OTHER).expect(200)
    await setUp('another order').expect(200)
    await get(ID).expect(404)
    await get(OTHER).expect(200)
  })

  it.each(['teardown', 'a setup without a text', 'a control request'])('begins anew after %s', async (what) => {
    const { session, setUp, tearDown, get } = verifier()
    await setUp('an order of 6 units').expect(200)
    if (what === 'teardown') await tearDown('an order of 6 units').expect(200)
    else if (what === 'a setup without a text') await setUp('').expect(200)
    else await request(mock.app).get(`/__mock/sessions/${session}/entities`).expect(200)
    await setUp('another order').expect(200)
    await get(ID).expect(404)
  })

  it('begins anew after a setup that is refused', async () => {
    const { setUp } = verifier()
    await setUp('an order of 6 units').expect(200)
    await setUp('an order that cannot be', { shipped: 7 }).expect(422)
    await setUp('an order of 6 units').expect(200)
  })

  it('adds stock of a SKU at one location to that at others, and has none elsewhere', async () => {
    const { setUp, stock } = verifier()
    await setUp('2 units of A at 110').expect(200)
    await setUp('1 units of A at 210').expect(200)
    await setUp('3 units of A at 999').expect(200)
    await setUp('4 units of B at 110').expect(200)
    await setUp('5 units of A at 210').expect(200)
    expect(await stock('A')).toEqual({ 110: 2, 210: 5, 999: 3 })
    expect(await stock('B')).toEqual({ 110: 4 })
  })

  it('is not disturbed by a look at the server’s health', async () => {
    const { session, setUp, get } = verifier()
    await setUp('an order of 6 units').expect(200)
    await request(mock.app).get('/__mock/health').set('Mock-Session', session).expect(200)
    await setUp('another order').expect(200)
    await get(ID).expect(200)
  })

  it('refuses a value that leads nowhere', async () => {
    await using own = await openMock({ states: { states: [{ state: 'a', values: { id: '/orders/0/order_uuid' } }] } })
    const { body } = await request(own.app).post('/_pact/provider_states').send({ state: 'a', action: 'setup' }).expect(422)
    expect(body.detail).toContain('the value id is at /orders/0/order_uuid, and nothing is there')
  })

  it('keeps sessions apart, by header and by prefix', async () => {
    const { get } = verifier('one')
    await request(mock.app).post('/~one/_pact/provider_states').send({ state: 'an order of 6 units', action: 'setup' }).expect(200)
    await verifier('two').setUp('another order').expect(200)
    await get(ID).expect(200)
    await get(OTHER).expect(404)
  })

  it('takes the older forms of a body', async () => {
    const { set, get } = verifier()
    await set({ consumer: 'shop', state: 'an order of 6 units', states: ['an order of 6 units'], params: {} }).expect(200)
    await get(ID).expect(200)
    await set({ consumer: 'shop', state: null, states: [null], params: {} }).expect(200)
    await get(ID).expect(404)
  })

  it.each<[string, object, number, string, RegExp]>([
    ['a text of nobody', { state: 'an order of units' }, 404, 'state-unknown', /the nearest are "another order"|the nearest are "an order/],
    ['a parameter that is missing', { state: 'an order that cannot be' }, 400, 'state-parameter-missing', /needs the parameter shipped/],
    [
      'a parameter of nobody',
      { state: 'an order of 6 units', params: { quantiy: 7 } },
      400,
      'state-parameter-unknown',
      /"an order of \{quantity\} units" has no parameter "quantiy" there is quantity;/,
    ],
    [
      'a parameter where there are none',
      { state: 'nothing in particular', params: { quantity: 7 } },
      400,
      'state-parameter-unknown',
      /has no parameter "quantity" it has none; one that only other verifiers use is declared/,
    ],
    [
      'a set-up that cannot be',
      { state: 'an order that cannot be', params: { shipped: 1 } },
      422,
      'state-impossible',
      /0 of line \S+ are allocated and not shipped/,
    ],
    [
      'a parameter of another type',
      { state: 'an order of 6 units', params: { quantity: 'many' } },
      422,
      'state-impossible',
      /quantity_ordered is "many"; the type must be integer/,
    ],
    ['no text', { action: 'setup', params: {} }, 400, 'request-invalid', /state is missing/],
    ['a text that is none', { state: 1 }, 400, 'request-invalid', /type must be string or null/],
    ['no object', [], 400, 'request-invalid', /type must be object/],
  ])('refuses %s', async (_name, body, status, code, said) => {
    const { set, get } = verifier()
    const answer = await set(body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(`${answer.body.detail} ${answer.body.fix ?? ''}`).toMatch(said)
    await get(ID).expect(404)
  })

  it('knows the bundled states beside a team’s own', async () => {
    await verifier().setUp('nothing in particular').expect(200)
    const { body } = await verifier().setUp('an order of 3 units is allocated').expect(200)
    expect(body).toMatchObject({ quantity: 3, allocationId: expect.any(String) })
  })

  it('lets a team’s own state stand for a bundled one of the same text', async () => {
    const { body } = await verifier().setUp('an order of 4 units waits for its supplier').expect(200)
    expect(body).toEqual({ quantity: 4 })
  })

  it('answers to known hosts only', async () => {
    await request(mock.app).post('/_pact/provider_states').set('Host', 'evil.example').send({ state: '' }).expect(403)
    await request(mock.app).post('/_pact/provider_states').set('Origin', 'https://evil.example').send({ state: '' }).expect(403)
  })
})

describe('POST /__mock/sessions/{name}/exists', () => {
  it('brings in what is asked, on top of what is there, and shows it', async () => {
    const { session, get } = verifier()
    const add = (body: object) => request(mock.app).post(`/__mock/sessions/${session}/exists`).send(body)
    const { body } = await add({
      orders: [order(ID, { quantity_allocated: 6 })],
      stock: [{ locationNum: '410', sku: 'A', available: 1 }],
    }).expect(201)
    expect(body).toMatchObject({ orders: [{ order_uuid: ID, is_allocated: true }], allocations: [], omsOrders: [] })
    const more = await add({ allocations: [{ items: [{ sku: 'A', quantity: 2 }] }] }).expect(201)
    expect(more.body.allocations).toMatchObject([{ statusCode: 'ALLOCATED', version: 1 }])
    expect(more.body.omsOrders).toMatchObject([{ statusCode: 'ORDER_ALLOCATED', items: [{ pendingShippedQuantity: 2 }] }])
    await get(ID).expect(200)
    const again = await add({ orders: [order(OTHER), order(ID)] }).expect(422)
    expect(again.body.issues).toMatchObject([{ at: '/body/orders/1/order_uuid' }])
    await get(OTHER).expect(404)
  })

  it('leaves stock of a SKU nowhere else, also where requests have taken some, and adds what is said later', async () => {
    const { session, stock } = verifier()
    const add = (...stock: object[]) => request(mock.app).post(`/__mock/sessions/${session}/exists`).send({ stock }).expect(201)
    const post = (path: string, body: object) =>
      request(mock.app)
        .post(`/api/v2${path}`)
        .set({ Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }), 'Mock-Session': session })
        .send(body)
        .expect(200)
    const items = [{ lineItemId: '1', sku: 'MUG-BLUE', orderedQuantity: 1 }]
    await post('/order/', { orderNumber: 'a', channelId: '12', statusCode: 'ORDER_CREATED', items, shipInfo: [{}] })
    await post('/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber: 'a' } })
    expect(Object.keys(await stock('MUG-BLUE'))).toHaveLength(1)
    await add({ locationNum: '999', sku: 'MUG-BLUE', available: 7 })
    expect(await stock('MUG-BLUE')).toEqual({ 999: 7 })
    await add({ locationNum: '410', sku: 'MUG-BLUE', available: 8 }, { locationNum: '110', sku: 'MUG-BLUE', available: 0 })
    expect(await stock('MUG-BLUE')).toEqual({ 410: 8, 999: 7 })
  })
})

describe('a file of own states', () => {
  it.each<[string, object, RegExp]>([
    ['has an unknown key', { states: [{ text: 'a' }] }, /\/states\/0\/text .*there are /],
    [
      'has a state that cannot be',
      { states: [{ state: 'a', exists: { orders: [order(ID, { quantity_shipped: 1 })] } }] },
      /\/states\/0\/exists\/orders\/0\/line_items\/0\/quantity_shipped .*\("a"\)/,
    ],
    ['has none', {}, /\/states is missing/],
  ])('that %s is refused at start', async (_name, states, said) => {
    await expect(openMock({ states: states as States })).rejects.toThrow(said)
  })

  it.each<[string, string, string]>([
    [
      'has a text twice',
      'states:\n  - state: a\n  - state: b\n  - state: a\n',
      'FILE:2: /states/0/state is "a", which stands 2 times; say it once\nFILE:4: /states/2/state is "a", which stands 2 times; say it once',
    ],
    [
      'has a placeholder that nothing fills',
      "states:\n  - state: an order\n    parameters: { quantity: 1, 'shop-id': a }\n    exists:\n      orders:\n        - po_number: po-{shop}\n          line_items: [{ quantity_ordered: '{quantity}' }]\n",
      'FILE:6: /states/0/exists/orders/0/po_number has {shop}, and the state "an order" has no parameter of this name; there are shop-id, quantity',
    ],
  ])('that %s is refused at start, with its lines', async (_name, text, said) => {
    const folder = mkdtempSync(join(tmpdir(), 'states-'))
    try {
      const file = join(folder, 'states.yaml')
      writeFileSync(file, text)
      const error = await openMock({ states: file }).then(undefined, (reason: unknown) => reason)
      expect(error).toBeInstanceOf(Error)
      expect(error instanceof Error && error.message.replaceAll(/\S*states\.yaml/g, 'FILE')).toBe(`states: ${said}`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a provider state that begins a scenario', () => {
  const states: States = {
    states: [
      { state: 'a new customer', scenario: 'tenant-empty' },
      {
        state: 'a new customer with an order of {quantity} units',
        parameters: { quantity: 2 },
        scenario: 'tenant-empty',
        exists: { orders: [{ order_uuid: ID, line_items: [{ quantity_ordered: '{quantity}' }] }] },
        values: { order: '/orders/0/order_uuid' },
      },
      { state: 'a parcel on its way', scenario: 'already-shipped' },
      { state: 'another order', exists: { orders: [order(OTHER)] } },
    ],
  }
  let own: Mock
  beforeAll(async () => {
    own = await openMock({ states })
  })
  afterAll(() => own.close())

  function visitor(name = ownSession()) {
    const headers = { Authorization: SUPPLIER, 'Mock-Session': name }
    const set = (body: object) => request(own.app).post('/_pact/provider_states').set('Mock-Session', name).send(body)
    return {
      setUp: (state: string, params: object = {}) => set({ state, params, action: 'setup' }),
      tearDown: (state: string) => set({ state, action: 'teardown' }),
      session: own.session(name),
      /** How many orders the supplier has. */
      total: async (): Promise<number> => (await request(own.app).post('/orders/').set(headers).send({}).expect(200)).body.total_results,
    }
  }

  it('sets up the scenario, what exists beside it, and what is added', async () => {
    const { setUp, session, total } = visitor()
    const { body } = await setUp('a new customer with an order of 3 units').expect(200)
    expect(body).toEqual({ quantity: 3, order: ID })
    await setUp('another order').expect(200)
    expect(await total()).toBe(2)
    expect(await session.info()).toMatchObject({ scenario: 'tenant-empty' })
  })

  it.each(['another state', 'a teardown', 'a reset'])('lasts until %s', async (what) => {
    const { setUp, tearDown, session, total } = visitor()
    await setUp('a new customer').expect(200)
    expect(await total()).toBe(0)
    if (what === 'another state') await setUp('another order').expect(200)
    else if (what === 'a teardown') await tearDown('a new customer').expect(200)
    else await session.reset()
    expect(await total()).toBeGreaterThan(10)
    expect((await session.info()).scenario).toBeUndefined()
  })

  it('gives the session back what it began from, also after several', async () => {
    const name = ownSession()
    await own.createSession({ name, scenario: 'tenant-empty' })
    const { setUp, tearDown, session } = visitor(name)
    for (const state of ['a parcel on its way', 'a parcel on its way']) {
      await setUp(state).expect(200)
      expect(await session.info()).toMatchObject({ scenario: 'already-shipped' })
      await session.entities()
    }
    await tearDown('a parcel on its way').expect(200)
    expect(await session.info()).toMatchObject({ scenario: 'tenant-empty' })
  })

  it('is refused behind another state: it would take that one away', async () => {
    const { setUp } = visitor()
    await setUp('another order').expect(200)
    const { body } = await setUp('a new customer').expect(422)
    expect(body).toMatchObject({
      code: 'state-impossible',
      detail: 'the provider state "a new customer" begins a scenario',
      fix: 'let it stand before all others',
    })
  })

  it.each<[string, string, RegExp]>([
    [
      'a scenario of nobody',
      'scenario: tenant-emty',
      /states\.yaml:3: \/states\/0\/scenario is "tenant-emty": there is no scenario "tenant-emty"; there are tenant-empty, /,
    ],
    [
      'what cannot be beside the scenario',
      'scenario: already-shipped, exists: { orders: [{ order_uuid: 319bba9f-71b1-4a93-8abf-67a45b8fdd5c, line_items: [{ quantity_ordered: 1 }] }] }',
      /states\.yaml:3: \/states\/0\/exists\/orders\/0\/order_uuid 319bba9f-\S+ is an order that the session has changed \("s"\); take another/,
    ],
  ])('is refused before anything is served: %s', async (_what, text, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'states-'))
    const file = join(folder, 'states.yaml')
    writeFileSync(file, `# One.\nstates:\n  - { state: s, ${text} }\n`)
    await expect(openMock({ states: file })).rejects.toThrow(expected)
    rmSync(folder, { recursive: true })
  })
})
