import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { Data } from '../src/index.ts'
import { BIN, ROOT, Running } from './cli/process.ts'
import { ACCOUNT, ALLOCATION, LINE, omsClient, openMock, ORDER, ownSession, RETAILER, SUPPLIER, supplierClient } from './support.ts'

const FILE = join(ROOT, 'fixtures/scenarios/one-of-each.yaml')
const ID = '0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10'
const OTHER_ACCOUNT = 'abcdefghijklmnopqrstuvwx'
const line = { quantity_ordered: 6 }

const written = (text: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'data-')), 'data.yaml')
  writeFileSync(file, text)
  return file
}

/** What createMock says of data that cannot be. */
async function complaint(data: string | Data): Promise<string> {
  return openMock({ scenario: data }).then(
    async (mock) => {
      await mock.close()
      return 'no complaint'
    },
    (error: Error) => error.message,
  )
}

describe('own data', () => {
  it('is there in every session, from its first request, and again after a reset', async () => {
    await using mock = await openMock({ scenario: FILE })
    for (const session of ['one', 'two', 'one']) {
      const client = supplierClient(mock, { session })
      const { body } = await client.get(ID).expect(200)
      expect(body).toMatchObject({
        po_number: 'po-christmas',
        line_items: [
          {
            status: 'HasTracking',
            allocation: { quantity_allocated: 4, quantity_backordered: 2, backorder_date: '2026-12-24' },
            tracking_numbers: [{ quantity: 1 }],
          },
        ],
      })
      const allocation = { quantity_allocated: 6 }
      await client.allocate({ line_items: [{ line_item_uuid: body.line_items[0].uuid, allocation }] }, ID).expect(200)
      await mock.session(session).reset()
    }
  })

  it('counts as what the session began with, not as what a request changed', async () => {
    await using mock = await openMock({ scenario: FILE })
    const session = mock.session('counts')
    await request(mock.app)
      .get(`/orders/${ID}/`)
      .set({ Authorization: SUPPLIER, ...session.headers })
      .expect(200)
    const [first] = await session.requests()
    expect(first).toMatchObject({ status: 200 })
    const placed = await session.entities({ changed: true })
    expect(placed.entities.map(({ kind }) => kind)).toEqual(['order', 'allocation'])
  })

  it('says of each line what the supplier and the retailer see', async () => {
    await using mock = await openMock({ scenario: FILE })
    const session = ownSession()
    expect((await supplierClient(mock, { session }).get(ID)).body.line_items).toHaveLength(1)
    const whole = await supplierClient(mock, { session, authorization: RETAILER }).get(ID)
    expect(whole.body.line_items.map(({ status }: { status: string }) => status)).toEqual(['HasTracking', 'Unallocated'])
    const { body } = await supplierClient(mock, { session }).search({ po_number: 'po-christmas' })
    expect(body.total_results).toBe(1)
  })

  it.each<[string, object, object]>([
    ['ALLOCATED unless said otherwise', {}, { statusCode: 'ALLOCATED', version: 1 }],
    ['PENDING_DROP', { statusCode: 'PENDING_DROP' }, { statusCode: 'PENDING_DROP', version: 2 }],
    ['PENDING_PICK, sent to PPS', { statusCode: 'PENDING_PICK' }, { version: 3, sentToPPSDate: expect.any(String) }],
    ['SHIPPED, without saying units', { statusCode: 'SHIPPED' }, { statusCode: 'SHIPPED', items: [{ shippedQuantity: 3 }] }],
    ['SHIPPED by its units', { items: [{ sku: 'A', quantity: 3, shippedQuantity: 3 }] }, { statusCode: 'SHIPPED' }],
    ['PARTIALLY_SHIPPED', { items: [{ sku: 'A', quantity: 3, shippedQuantity: 1 }] }, { statusCode: 'PARTIALLY_SHIPPED' }],
    ['CANCELLED', { statusCode: 'CANCELLED' }, { statusCode: 'CANCELLED', items: [{ itemStatus: 'CANCELLED' }] }],
    [
      'PARTIALLY_CANCELLED',
      { items: [{ sku: 'A', quantity: 3, shippedQuantity: 1, cancelledQuantity: 2 }] },
      { statusCode: 'PARTIALLY_CANCELLED' },
    ],
    ['SCRATCHED', { items: [{ sku: 'A', quantity: 3, scratchQuantity: 3 }] }, { statusCode: 'CANCELLED', type: 'SCRATCHED' }],
  ])('has an allocation that is %s', async (_name, more, expected) => {
    const data = { allocations: [{ allocationId: 'a'.repeat(24), items: [{ sku: 'A', quantity: 3 }], ...more }] }
    await using mock = await openMock({ scenario: data })
    const { body } = await omsClient(mock).get('a'.repeat(24)).expect(200)
    expect(body).toMatchObject({ allocationId: 'a'.repeat(24), parentAllocationId: 'a'.repeat(24), ...expected })
    expect(body.recipient).toHaveLength(1)
  })

  it.each<[string, object, string]>([
    ['is cancelled', { cancellation: 'confirmed' }, 'Cancelled'],
    ['waits for an answer', { quantity_allocated: 6, cancellation: 'pending' }, 'Allocated'],
    ['is rejected', { quantity_rejected: 6 }, 'Rejected'],
    ['is backordered', { quantity_backordered: 6 }, 'Backordered'],
  ])('has a line that %s', async (_name, more, status) => {
    await using mock = await openMock({ scenario: { orders: [{ order_uuid: ID, line_items: [{ ...line, ...more }] }] } })
    const { body } = await supplierClient(mock).get(ID)
    expect(body.line_items[0].status).toBe(status)
  })

  it('puts an order and an allocation in the place of those that the documents show', async () => {
    const data: Data = {
      orders: [{ order_uuid: ORDER, line_items: [{ ...line, quantity_ordered: 9 }] }],
      allocations: [{ allocationId: ALLOCATION, items: [{ sku: 'A', quantity: 8 }] }],
    }
    await using mock = await openMock({ scenario: data })
    const { body: order } = await supplierClient(mock).get()
    expect(order.line_items).toMatchObject([{ allocation: { quantity_ordered: 9 } }])
    await request(mock.app).delete(`/orders/items/cancel/${LINE}/`).set('Authorization', RETAILER).expect(422)
    expect((await omsClient(mock).get()).body.items).toMatchObject([{ quantity: 8 }])
    const { body: all } = await supplierClient(mock).search({ term: ORDER })
    expect(all.total_results).toBe(1)
  })

  it('keeps accounts apart, and lets allocations share an order', async () => {
    const items = [{ sku: 'A', quantity: 2, orderLineId: 'one' }]
    const data: Data = {
      allocations: [
        { allocationId: 'a'.repeat(24), orderNumber: 'n', items },
        { allocationId: 'b'.repeat(24), orderNumber: 'n', locationNum: '210', items },
        { allocationId: 'a'.repeat(24), account: OTHER_ACCOUNT, orderNumber: 'n', items },
      ],
    }
    await using mock = await openMock({ scenario: data })
    const order = (account: string) =>
      request(mock.app)
        .get('/api/v2/order/?orderNumber=n')
        .set({ Authorization: 'Bearer x', 'x-site-context': JSON.stringify({ account }) })
    expect((await order(ACCOUNT)).body.items).toMatchObject([{ lineItemId: 'one', orderedQuantity: 4, pendingShippedQuantity: 4 }])
    expect((await order(OTHER_ACCOUNT)).body.items).toMatchObject([{ orderedQuantity: 2 }])
  })

  it('says where a SKU is, and that it is nowhere else', async () => {
    const data: Data = {
      stock: [
        { locationNum: '410', sku: 'A', available: 2 },
        { locationNum: 'NEW', sku: 'A', available: 1 },
      ],
    }
    await using mock = await openMock({ scenario: data })
    const headers = { Authorization: 'Bearer x', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
    const items = [{ lineItemId: '1', sku: 'A', orderedQuantity: 5 }]
    const order = { orderNumber: 'n', channelId: '12', statusCode: 'ORDER_CREATED', items, shipInfo: [{}] }
    await request(mock.app).post('/api/v2/order/').set(headers).send(order).expect(200)
    const { body } = await request(mock.app)
      .post('/api/v2/allocation/')
      .set(headers)
      .send({ detailType: 'ORDER_CREATED', detail: { orderNumber: 'n' } })
      .expect(206)
    const made = body.map(({ locationNum, items: [item] }: { locationNum: string; items: { quantity: number }[] }) => [
      locationNum,
      item?.quantity,
    ])
    expect(Object.fromEntries(made)).toEqual({ '410': 2, NEW: 1 })
  })

  it('leaves the order of a replaced allocation without it', async () => {
    await using mock = await openMock({
      scenario: { allocations: [{ allocationId: ALLOCATION, orderNumber: 'mine', items: [{ sku: 'A', quantity: 5 }] }] },
    })
    const { body } = await request(mock.app)
      .get('/api/v2/order/?orderNumber=ship1233234555g')
      .set({ Authorization: 'Bearer x', 'x-site-context': JSON.stringify({ account: ACCOUNT }) })
    expect(body).toMatchObject({ allocationDate: null, items: [{ pendingShippedQuantity: 0 }] })
  })

  it('keeps its ids, whatever is created later', async () => {
    await using mock = await openMock()
    const create = (session: string) =>
      request(mock.app)
        .post('/orders/create/')
        .set({ Authorization: RETAILER, 'Mock-Session': session })
        .send({
          po_number: 'later',
          skus: [{ sku_id: 'A', quantity: 1, supplier_org_uuid: 'd6ac857d-c844-4312-8485-6d121d065308' }],
          address: { name: 'A', address1: 'B', city: 'C', state: 'NY', postal_code: '10001' },
        })
    const { body: first } = await create('f')
    const add = (body: object) => request(mock.app).post('/__mock/sessions/g/exists').send(body)
    await add({ orders: [{ line_items: [line] }] }).expect(201)
    const { body: second } = await create('f')
    await add({ orders: [{ order_uuid: second.order_uuid, po_number: 'mine', line_items: [line] }] }).expect(201)
    const { body: third } = await create('g')
    expect([first.order_uuid, second.order_uuid]).not.toContain(third.order_uuid)
    expect((await supplierClient(mock, { session: 'g' }).get(second.order_uuid)).body.po_number).toBe('mine')
  })

  it('is the same in every process', async () => {
    const read = async (): Promise<unknown> => {
      await using mock = await openMock({ scenario: FILE })
      return (await supplierClient(mock).get(ID)).body
    }
    expect(await read()).toEqual(await read())
  })
})

describe('own data that cannot be', () => {
  it.each<[string, string, RegExp[]]>([
    [
      'an unknown key',
      'orders:\n  - line_itms: []\n',
      [/data\.yaml:2: \/orders\/0\/line_itms .*there are line_items, /, /line_items is missing/],
    ],
    ['an unknown part', 'order: []\n', [/:1: \/order .*there are orders, /]],
    [
      'a number for a text',
      'stock:\n  - { locationNum: 410, sku: A, available: 1 }\n',
      [/:2: \/stock\/0\/locationNum is 410; the type must be string/],
    ],
    [
      'a status of nobody',
      'allocations:\n  - statusCode: LOST\n    items: [{ sku: A, quantity: 1 }]\n',
      [/:2: .*"LOST"; it must be one of ALLOCATED, /],
    ],
    ['no YAML', 'orders: [\n', [/data\.yaml:/]],
    ['an alias without end', 'orders: &a [*a]\n', [/data\.yaml/]],
  ])('with %s names the place', async (_name, text, expected) => {
    const said = await complaint(written(text))
    for (const pattern of expected) expect(said).toMatch(pattern)
  })

  it('because there is no such file', async () => {
    expect(await complaint('/nowhere/data.yaml')).toBe('scenario: document /nowhere/data.yaml: there is no such file')
  })

  it.each<[string, Data, RegExp]>([
    [
      'more shipped than allocated',
      { orders: [{ line_items: [{ ...line, quantity_allocated: 4, quantity_rejected: 2, quantity_shipped: 5 }] }] },
      /\/orders\/0\/line_items\/0\/quantity_shipped 4 of line \S+ are allocated and not shipped, and 5 would be more; ship 4 at most/,
    ],
    [
      'quantities that do not add up',
      { orders: [{ line_items: [{ ...line, quantity_allocated: 4 }] }] },
      /\/orders\/0\/line_items\/0 4 allocated \+ 0 backordered \+ 0 rejected is 4, not the 6 ordered/,
    ],
    [
      'a shipped line that is cancelled',
      { orders: [{ line_items: [{ ...line, quantity_allocated: 6, quantity_shipped: 1, cancellation: 'pending' }] }] },
      /\/orders\/0\/line_items\/0 1 of line \S+ are shipped/,
    ],
    [
      'a cancelled line with units allocated',
      { orders: [{ line_items: [{ ...line, quantity_allocated: 6, cancellation: 'confirmed' }] }] },
      /is cancelled, so nothing of it is allocated/,
    ],
    [
      'an order from the future',
      { orders: [{ created_date: '2027-01-01T00:00:00Z', line_items: [line] }] },
      /\/orders\/0\/created_date lies after/,
    ],
    [
      'an id twice',
      {
        orders: [
          { order_uuid: ID, line_items: [line] },
          { order_uuid: ID, line_items: [line] },
        ],
      },
      /\/orders\/1\/order_uuid repeats what stands at \/orders\/0\/order_uuid/,
    ],
    [
      'more units shipped and scratched than there are',
      { allocations: [{ items: [{ sku: 'A', quantity: 3, shippedQuantity: 2, scratchQuantity: 2 }] }] },
      /\/allocations\/0\/items 4 of line 1 .* would be more than the 3 that are open/,
    ],
    [
      'a cancellation of some open units',
      { allocations: [{ items: [{ sku: 'A', quantity: 3, cancelledQuantity: 1 }] }] },
      /\/allocations\/0\/items\/0\/cancelledQuantity cannot be 1: a cancellation drops all open units, 3 of this item/,
    ],
    [
      'a status that the units contradict',
      { allocations: [{ statusCode: 'PENDING_PICK', items: [{ sku: 'A', quantity: 3, shippedQuantity: 1 }] }] },
      /\/allocations\/0\/statusCode cannot be PENDING_PICK: the units make it PARTIALLY_SHIPPED/,
    ],
    [
      'the number of an order that is there',
      { allocations: [{ orderNumber: 'ship1233234555g', items: [{ sku: 'A', quantity: 3 }] }] },
      /\/allocations\/0\/orderNumber "ship1233234555g" is the number of an order that the account has/,
    ],
    [
      'a time that is none',
      { orders: [{ created_date: '0000-01-01T00:00:00+23:00', line_items: [line] }] },
      /\/orders\/0\/created_date "0000-01-01T00:00:00\+23:00" is not a time since 1970/,
    ],
    [
      'a line id that another order has',
      { orders: [{ line_items: [{ ...line, line_item_uuid: LINE }] }] },
      new RegExp(`/orders/0/line_items/0/line_item_uuid ${LINE} is a line of order ${ORDER}`),
    ],
    [
      'an order of two channels',
      {
        allocations: [
          { orderNumber: 'n', items: [{ sku: 'A', quantity: 1 }] },
          { orderNumber: 'n', channelId: '16', items: [{ sku: 'A', quantity: 1 }] },
        ],
      },
      /\/allocations\/1\/channelId is 16, and the order's is 12/,
    ],
    [
      'a line twice in an allocation',
      {
        allocations: [
          {
            items: [
              { sku: 'A', orderLineId: 'l', quantity: 1 },
              { sku: 'A', orderLineId: 'l', quantity: 1 },
            ],
          },
        ],
      },
      /\/allocations\/0\/items\/1\/orderLineId "l" stands twice/,
    ],
    [
      'a line of two SKUs',
      {
        allocations: [
          { orderNumber: 'n', items: [{ sku: 'A', orderLineId: 'l', quantity: 1 }] },
          { orderNumber: 'n', items: [{ sku: 'B', orderLineId: 'l', quantity: 1 }] },
        ],
      },
      /\/allocations\/0\/items\/0\/orderLineId "l" is a line of another SKU too/,
    ],
    [
      'stock said twice',
      {
        stock: [
          { locationNum: '410', sku: 'A', available: 1 },
          { locationNum: '410', sku: 'A', available: 2 },
        ],
      },
      /\/stock\/1 repeats what stands at \/stock\/0/,
    ],
  ])('for %s', async (_name, data, expected) => {
    expect(await complaint(data)).toMatch(expected)
  })

  it('tells everything at once', async () => {
    const said = await complaint({
      orders: [{ line_items: [{ ...line, quantity_allocated: 4 }] }, { line_items: [{ ...line, quantity_allocated: 5 }] }],
    })
    expect(said.split('\n')).toHaveLength(2)
  })

  it('ends the command with 2, the file and the line', async () => {
    const file = written(readFileSync(FILE, 'utf8').replace('quantity_shipped: 1', 'quantity_shipped: 5'))
    const { code, out, err } = await new Running(process.execPath, [BIN, 'serve', '--port', '0', '--scenario', file]).ended
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^error: --scenario: \S+\/data\.yaml:12: \/orders\/0\/line_items\/0\/quantity_shipped 4 of line /)
  })
})
