import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
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
    { state: 'nothing for {whom}', parameters: { whom: null, tag: null } },
    { state: 'ein Auftrag über {stück} Stück', exists: { orders: [{ line_items: [{ quantity_ordered: '{stück}' }] }] } },
    {
      state: 'an order numbered {number} waits',
      exists: { orders: [{ po_number: 'po-{number}', line_items: [{ quantity_ordered: 1 }] }] },
      values: { po_number: '/orders/0/po_number' },
    },
    { state: 'the first order, which is waiting', exists: { orders: [{ order_uuid: ID, line_items: [{ quantity_ordered: 6 }] }] } },
    {
      state: 'order {id} has {quantity} units',
      exists: { orders: [{ order_uuid: '{id}', line_items: [{ quantity_ordered: '{quantity}' }] }] },
    },
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

/** What a session holds that is not its population's. */
async function changed(session: string): Promise<readonly unknown[]> {
  const { body } = await request(mock.app).get(`/__mock/sessions/${session}/entities`).query({ changed: true, limit: 100 }).expect(200)
  return body.entities
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
    await setUp('2 units of A at 110').expect(200)
    expect(await stock('A')).toEqual({ 110: 2, 210: 1, 999: 3 })
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
    await using own = await openMock({
      states: { states: [{ state: 'a', parameters: { n: null }, values: { id: '/orders/0/order_uuid' } }] },
    })
    const { body } = await request(own.app)
      .post('/_pact/provider_states')
      .send({ state: 'a', params: { n: 1 }, action: 'setup' })
      .expect(422)
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
      400,
      'state-parameter-unfit',
      /the parameter quantity of the provider state "an order of \{quantity\} units" is "many" it has to be a number: give one/,
    ],
    [
      'an object inside a text',
      { state: 'an order numbered 5 waits', params: { number: { toString: 1 } } },
      400,
      'state-parameter-unfit',
      /number .* is \{"toString":1\} it is put into a text: give a text, a number/,
    ],
    [
      'a parameter of nobody that is very long',
      { state: 'nothing in particular', params: { note: 'é'.repeat(33_000) } },
      400,
      'state-parameter-unknown',
      /has no parameter "note"/,
    ],
    ['a text in another case', { state: 'Another order' }, 404, 'state-unknown', /the nearest are "another order"/],
    [
      'a text with blanks around it',
      { state: ' another order ' },
      404,
      'state-unknown',
      /" another order " the nearest are "another order"/,
    ],
    ['a text of blanks', { state: ' ' }, 404, 'state-unknown', /the nearest are/],
    ['a very long text', { state: 'a'.repeat(2001) }, 400, 'request-invalid', /state .*2000/],
    ['parameters in a list', { state: 'another order', params: [1] }, 400, 'request-invalid', /params .*type must be object or null/],
    [
      'an action in another case',
      { state: 'another order', action: 'Setup' },
      400,
      'request-invalid',
      /action is "Setup".*setup.*teardown/,
    ],
    ['a list of states alone', { states: ['another order'] }, 400, 'request-invalid', /state is missing/],
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

describe('a provider state beside others of its interaction', () => {
  it('changes nothing where it is there already, also by another text', async () => {
    const { setUp, get, session } = verifier()
    const first = await setUp('an order of 6 units').expect(200)
    for (const [text, params] of [
      ['an order of 6 units', {}],
      ['an order of {quantity} units', { quantity: '6' }],
      ['an order of 7 units', { quantity: 6 }],
    ] as const)
      expect((await setUp(text, params).expect(200)).body).toEqual(first.body)
    await setUp('the first order, which is waiting').expect(200)
    await get(ID).expect(200)
    expect(await changed(session)).toHaveLength(1)
  })

  it('brings in another order with other parameters', async () => {
    const { setUp, get, session } = verifier()
    const all = []
    for (const quantity of [6, 7, 8, 7]) all.push((await setUp('an order of {quantity} units', { quantity }).expect(200)).body)
    expect(all[0].order_uuid).toBe(ID)
    expect(all[3]).toEqual(all[1])
    for (const { order_uuid, quantity } of all) {
      const { body } = await get(order_uuid).expect(200)
      expect(body.line_items[0].allocation.quantity_ordered).toBe(quantity)
    }
    expect(await changed(session)).toHaveLength(3)
  })

  it('has the order that its parameters name', async () => {
    const { setUp, get } = verifier()
    await setUp(`order ${ID} has 6 units`).expect(200)
    await setUp(`order ${OTHER} has 7 units`).expect(200)
    await setUp(`order ${ID} has 6 units`).expect(200)
    await get(OTHER).expect(200)
  })

  it.each<[string, string, object, string, object, string]>([
    [
      'the same order',
      `order ${ID} has 6 units`,
      {},
      `order ${ID} has 7 units`,
      {},
      `the provider state "order ${ID} has 7 units" contradicts "order ${ID} has 6 units", which is set up already: both say what there is of the order ${ID}`,
    ],
    [
      'an order of another definition',
      'an order of 7 units',
      {},
      'order {id} has {quantity} units',
      { id: ID, quantity: 9 },
      `the provider state "order {id} has {quantity} units" with {"id":"${ID}","quantity":9} contradicts "an order of 7 units", which is set up already: both say what there is of the order ${ID}`,
    ],
    [
      'stock at a location',
      '2 units of A at 110',
      {},
      '3 units of A at 110',
      {},
      'the provider state "3 units of A at 110" contradicts "2 units of A at 110", which is set up already: both say what there is of the stock of A at 110',
    ],
  ])('is refused where it contradicts one of them: %s', async (_what, first, its, second, other, said) => {
    const { setUp } = verifier()
    await setUp(first, its).expect(200)
    const { body } = await setUp(second, other).expect(422)
    expect(body).toMatchObject({
      code: 'state-impossible',
      detail: said,
      fix: 'leave one of them out, or let its parameters name another',
    })
    await setUp(second, other).expect(200)
  })
})

describe('what is sent as a parameter', () => {
  it.each<[string, string, string, string]>([
    ['as a number for a text', 'an allocation waits to be picked', '{"locationNum":7751}', '"locationNum":"7751"'],
    ['as a decimal for a text', 'a supplier has delivered {sku_id} before', '{"sku_id":106.0}', '"sku_id":"106.0"'],
    ['as a large number', 'no order has the number {orderNumber}', '{"orderNumber":9007199254740993}', '"orderNumber":9007199254740993'],
    ['as a decimal for a number', 'an order of {quantity} units', '{"quantity":7.0}', '"quantity":7.0'],
    ['as a text for a number', 'an order of {quantity} units', '{"quantity":"7"}', '"quantity":7'],
    ['inside a text', 'an order numbered {number} waits', '{"number":1.0}', '"po_number":"po-1.0"'],
    ['under a name of other letters', 'ein Auftrag über 7 Stück', '{}', '{"stück":7}'],
    ['in no place', 'nothing for {whom}', '{"whom":[1.0],"tag":{"a":[]}}', '"whom":[1.0],"tag":{"a":[]}'],
    ['and is null in whole', 'another order', 'null', '{}'],
  ])('%s is told as it was written', async (_what, state, params, told) => {
    const answer = await request(mock.app)
      .post('/_pact/provider_states')
      .set({ 'Mock-Session': ownSession(), 'Content-Type': 'application/json' })
      .send(`{"state":${JSON.stringify(state)},"params":${params},"action":"setup"}`)
      .expect(200)
    expect(answer.text).toContain(told)
  })

  it.each(['__proto__', 'constructor'])('under the name %s is refused', async (name) => {
    const { body } = await request(mock.app)
      .post('/_pact/provider_states')
      .set({ 'Mock-Session': ownSession(), 'Content-Type': 'application/json' })
      .send(`{"state":"another order","params":{"${name}":{"state":1}}}`)
      .expect(400)
    expect(body.detail).toContain(name)
  })
})

/** Parameters other than the defaults, by the text of a bundled state; those that have to be given as well. */
const PARAMETERS: Readonly<Record<string, readonly [own: object, other: object]>> = {
  'an order of {quantity} units waits for its supplier': [{}, { quantity: 7 }],
  'every unit of an order is allocated and none has shipped': [{}, { quantity: 7 }],
  'an order is allocated in part and the rest is backordered': [{}, { ordered: 8, allocated: 6 }],
  '{shipped} of the {quantity} units of an order have shipped': [{}, { shipped: 3 }],
  'the retailer has asked to cancel a line of an order': [{}, {}],
  'a supplier has delivered {sku_id} before': [{}, { sku_id: '000107' }],
  'no order exists with the id {order_uuid}': [{ order_uuid: 'a' }, { order_uuid: 'b' }],
  'an order of {quantity} units is allocated': [{}, { quantity: 5 }],
  'an allocation waits to be picked': [{}, { locationNum: 7751 }],
  '{shipped} of the {quantity} units of an allocation have shipped': [{}, { shipped: 2 }],
  'the allocation of an order is cancelled': [{}, { sku: 'MUG-BLUE' }],
  'only {available} units of {sku} are left, all at location {locationNum}': [{}, { sku: 'MUG-BLUE' }],
  'no order has the number {orderNumber}': [{ orderNumber: 'a' }, { orderNumber: 'b' }],
}

describe('the bundled provider states', () => {
  const states = ['supplier-orders', 'oms-allocations'].flatMap((api) => {
    const { states: own }: States = parse(readFileSync(`fixtures/states/${api}.yaml`, 'utf8'))
    return own
  })
  const texts = states.map(({ state }) => state)
  let bundled: Mock
  /** Each by itself. */
  const alone = new Map<string, Awaited<ReturnType<typeof setUpAll>>>()
  beforeAll(async () => {
    bundled = await openMock()
    for (const text of texts) alone.set(text, await setUpAll([text, own(text)]))
  })
  afterAll(() => bundled.close())

  it('are all tried', () => expect(Object.keys(PARAMETERS)).toEqual(texts))

  const own = (text: string): Readonly<Record<string, unknown>> => ({ ...PARAMETERS[text]?.[0] })
  const others = (text: string): Readonly<Record<string, unknown>> => ({ ...PARAMETERS[text]?.[1] })

  /** Sets up states in a session of its own. @returns what the last one gives, and what there is then: to look ends the interaction */
  const setUpAll = async (...wanted: readonly (readonly [string, object])[]) => {
    const session = bundled.session(ownSession())
    let values: Readonly<Record<string, unknown>> = {}
    for (const [text, params] of wanted) values = await session.setState(text, { ...params })
    const entities = ['order', 'allocation', 'oms-order', 'stock'] as const
    return { values, there: await Promise.all(entities.map((kind) => session.entities({ kind, changed: true, limit: 100 }))) }
  }

  it.each(texts)('stand twice: %s', async (text) => {
    expect(await setUpAll([text, own(text)], [text, own(text)], [text, own(text)])).toEqual(alone.get(text))
  })

  it.each(texts.filter((text) => JSON.stringify(others(text)) !== '{}'))('stand twice with other parameters: %s', async (text) => {
    const once = alone.get(text)
    const twice = await setUpAll([text, own(text)], [text, others(text)], [text, own(text)], [text, others(text)])
    for (const [kind, { entities, total }] of (once?.there ?? []).entries()) {
      // Stock that is named has an entry for each location.
      const added = kind === 3 && total > 0 ? total : entities.length
      expect(twice.there[kind]?.total).toBe(total + added)
      expect(twice.there[kind]?.entities).toEqual(expect.arrayContaining([...entities]))
    }
    expect(Object.keys(twice.values)).toEqual(Object.keys(once?.values ?? {}))
  })

  it.each(texts)('stand beside each of the others: %s', async (second) => {
    const its = alone.get(second)
    for (const first of texts.filter((text) => text !== second)) {
      const both = await setUpAll([first, own(first)], [second, own(second)])
      expect(idsIn(both.values)).toEqual(idsIn(its?.values ?? {}))
      const total = (kind: number) => [alone.get(first), its].reduce((sum, one) => sum + (one?.there[kind]?.total ?? 0), 0)
      expect([first, both.there.map(({ total }) => total)]).toEqual([first, both.there.map((_, kind) => total(kind))])
    }
  })
})

/** What contracts may write down: all but the request that made an allocation, which is numbered. */
function idsIn(values: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(values).filter(([name]) => name !== 'allocationRequestId')
}

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

  it('shows allocations in the order in which they were asked for, also where two orders take turns', async () => {
    const one = (id: string, orderNumber: string) => ({ allocationId: id.repeat(24), orderNumber, items: [{ sku: 'A', quantity: 1 }] })
    const { body } = await request(mock.app)
      .post(`/__mock/sessions/${ownSession()}/exists`)
      .send({ allocations: [one('a', 'first'), one('b', 'second'), one('c', 'first')] })
      .expect(201)
    expect(body.allocations.map(({ allocationId }: { allocationId: string }) => allocationId.charAt(0))).toEqual(['a', 'b', 'c'])
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
    [
      'has a default that is none where it is put',
      { states: [{ state: 'a', parameters: { n: 1.5 }, exists: { orders: [{ line_items: [{ quantity_ordered: '{n}' }] }] } }] },
      /\/states\/0\/exists\/orders\/0\/line_items\/0\/quantity_ordered is 1\.5; the type must be integer \("a"\)/,
    ],
    [
      'has a value that leads to nothing',
      { states: [{ state: 'a', exists: { orders: [order(ID)] }, values: { id: '/orders/0/order_uid' } }] },
      /\/states\/0\/values\/id leads to \/orders\/0\/order_uid, and nothing is there \("a"\); let it lead into orders/,
    ],
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
      'has a placeholder that is none',
      "states:\n  - state: an order of {shop id}\n    parameters: { 'shop id': 1 }\n    exists: { stock: [{ sku: 's{shop id}', locationNum: '110', available: 1 }] }\n",
      'FILE:2: /states/0/state has {shop id}, which stands for nothing; name the parameter with letters, digits, dots, hyphens and underscores alone\nFILE:4: /states/0/exists/stock/0/sku has {shop id}, which stands for nothing; name the parameter with letters, digits, dots, hyphens and underscores alone',
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
