import request, { type Test } from 'supertest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { beginSession } from '../../src/core/session.ts'
import { orderPopulation } from '../../src/apis/supplier/population.ts'
import { createMock, type Mock } from '../../src/index.ts'
import { racingStore } from '../stores.ts'
import { LINE, NOW, openMock, ORDER, ownSession, quantities, RETAILER, sessionDefaults, SUPPLIER } from '../support.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'
const TOKENS = { supplierTokens: ['two=2', 'three=3'], retailerTokens: ['shop=1', 'shop2=2'] }
const NOT_FOUND = { detail: 'Not found.' }
const REQUIRED = 'This field is required.'
const POSITIVE = 'Ensure this value is greater than or equal to 1.'

let mock: Mock
let named: Mock
beforeAll(async () => {
  mock = await openMock(TOKENS)
  named = await openMock({ assume: { 'supplier.tokens': 'named' } })
})
afterAll(async () => void (await Promise.all([mock.close(), named.close()])))

/** The organisations are the same in every session of a seed. */
const ORGANIZATIONS = orderPopulation(beginSession(sessionDefaults(), 0))
const uuidOf = (supplier: number): string => ORGANIZATIONS.supplier(supplier).uuid

interface LineView {
  readonly line_item_uuid: string
  readonly status: string
  readonly sku_id: string
  readonly cost: number
  readonly supplier_uuid: string
  readonly allocation: { readonly quantity_ordered: number; readonly quantity_allocated: number; readonly quantity_backordered: number }
  readonly tracking_numbers: readonly { readonly tracking_number: string; readonly quantity: number }[]
}

interface OrderView {
  readonly order_uuid: string
  readonly po_number: string
  readonly is_allocated: boolean
  readonly retailer_provided_notes: string | null
  readonly line_items: readonly LineView[]
}

/** A client of one user in a session. */
function client(on: Mock, session: string, authorization: string) {
  const send = (test: Test): Test => {
    void test.set('Mock-Session', session)
    return authorization === '' ? test : test.set('Authorization', authorization)
  }
  const agent = request(on.app)
  return {
    create: (body: object) => send(agent.post('/orders/create/')).send(body),
    get: (order: string) => send(agent.get(`/orders/${order}/`)),
    search: (body: object = {}) => send(agent.post('/orders/')).send(body),
    allocate: (order: string, body: object) => send(agent.put(`/orders/allocation/${order}/`)).send(body),
    cancel: (body: object | string) => send(agent.patch('/orders/cancel/')).send(typeof body === 'string' ? { order_uuid: body } : body),
    cancelLine: (line: string) => send(agent.delete(`/orders/items/cancel/${line}/`)),
    answer: (answer: Answer, order: string) => send(agent.patch(`/orders/cancel/${order}/${answer}/`)),
    answerLine: (answer: Answer, line: string) => send(agent.patch(`/orders/items/cancel/${line}/${answer}/`)),
    ship: (order: string, body: object) => send(agent.post(`/orders/tracking/${order}/`)).send(body),
    amend: (order: string, number: string, body: object) => send(agent.put(`/orders/tracking/${order}/${number}/`)).send(body),
    logIn: (body: object) => send(agent.post('/organizations/user-login/')).send(body),
  }
}

type Client = ReturnType<typeof client>
type Answer = 'confirm' | 'reject'

/** Everybody who takes part, in a session of their own. */
function people(on = mock, session = ownSession()) {
  const as = (authorization: string): Client => client(on, session, authorization)
  return {
    session,
    as,
    nobody: as(''),
    retailer: as('Token shop'),
    other: as('Token shop2'),
    one: as(SUPPLIER),
    two: as('Token two'),
    three: as('Token three'),
  }
}

type People = ReturnType<typeof people>

const ADDRESS = { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' }
const sku = (supplier: number, quantity: unknown, more: object = {}): object => ({
  sku_id: '000106',
  quantity,
  supplier_org_uuid: uuidOf(supplier),
  ...more,
})
const placing = (skus: readonly object[], more: object = {}): object => ({ po_number: 'po-new', address: ADDRESS, skus, ...more })

/** Places an order with one line a supplier, or several, and gives it as the retailer sees it. */
async function place({ retailer }: People, skus: readonly object[], more: object = {}): Promise<OrderView> {
  const { body } = await retailer.create(placing(skus, more)).expect(201)
  return body
}

const lineAt = ({ line_items: lines }: OrderView, place: number): string => lines[place]?.line_item_uuid ?? ''

const allocating = (
  ...lines: readonly (readonly [line: string, allocated: number, backordered?: number, rejected?: number])[]
): object => ({
  line_items: lines.map(([line, allocated, backordered = 0, rejected = 0]) => ({
    line_item_uuid: line,
    allocation: { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected },
  })),
})

const packing = (number: string, ...lines: readonly (readonly [line: string, quantity: unknown])[]): object => ({
  tracking_number: number,
  line_items: lines.map(([line, quantity]) => ({ line_item_uuid: line, quantity_shipped: quantity })),
})

/** Each line in short: its status, and what is allocated, backordered and shipped of it. */
const short = ({ line_items: lines }: OrderView): readonly unknown[] =>
  lines.map(({ status, allocation, tracking_numbers: packages }) => [
    status,
    allocation.quantity_allocated,
    allocation.quantity_backordered,
    packages.reduce((sum, { quantity }) => sum + quantity, 0),
  ])

/** What a client is told, to be compared as a whole. */
const told = async (test: Test): Promise<readonly [status: number, body: unknown]> => {
  const { status, body } = await test
  return [status, body]
}

const see = async (who: Client, order: string): Promise<readonly unknown[]> => short((await who.get(order).expect(200)).body)

/** An order of six units of the first supplier, all allocated. */
async function allocated(all: People): Promise<{ order: string; line: string }> {
  const placed = await place(all, [sku(1, 6)])
  const [order, line] = [placed.order_uuid, lineAt(placed, 0)]
  await all.one.allocate(order, allocating([line, 6])).expect(200)
  return { order, line }
}

describe('an order from its placing to its end', () => {
  it('two suppliers allocate their own lines, one ships a part, the retailer cancels the rest, one confirms and one rejects', async () => {
    const all = people()
    const { retailer, one, two } = all
    const placed = await place(all, [sku(1, 4), sku(1, 2, { sku_id: '000206' }), sku(2, 3)])
    const id = placed.order_uuid
    const [a, b, c] = [lineAt(placed, 0), lineAt(placed, 1), lineAt(placed, 2)]
    expect(placed.is_allocated).toBe(false)

    await one.allocate(id, allocating([a, 4], [b, 1, 1])).expect(200)
    expect((await retailer.get(id).expect(200)).body.is_allocated).toBe(false)
    await two.allocate(id, allocating([c, 3])).expect(200)
    expect((await retailer.get(id).expect(200)).body.is_allocated).toBe(true)
    expect(await see(retailer, id)).toEqual([
      ['Allocated', 4, 0, 0],
      ['Allocated', 1, 1, 0],
      ['Allocated', 3, 0, 0],
    ])

    const { body: sent } = await one.ship(id, { ...packing('t01', [a, 2]), supplier_provided_carrier: 'UPS' }).expect(201)
    expect(sent).toEqual({ package_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    await retailer.cancel(id).expect(422)
    for (const line of [b, c]) await retailer.cancelLine(line).expect(204)
    expect(await see(retailer, id)).toEqual([
      ['HasTracking', 4, 0, 2],
      ['Allocated', 1, 1, 0],
      ['Allocated', 3, 0, 0],
    ])
    await one.allocate(id, allocating([b, 2])).expect(422)

    await one.answerLine('confirm', b).expect(204)
    await two.answer('reject', id).expect(204)
    await two.answer('confirm', id).expect(422)
    expect(await see(retailer, id)).toEqual([
      ['HasTracking', 4, 0, 2],
      ['Cancelled', 0, 0, 0],
      ['Allocated', 3, 0, 0],
    ])

    await one.ship(id, packing('t02', [a, 2])).expect(201)
    await two.ship(id, packing('t01', [c, 3])).expect(201)
    expect((await one.amend(id, 't01', { supplier_provided_method: 'Ground' }).expect(200)).body).toEqual(sent)
    const { body: end } = await retailer.get(id).expect(200)
    expect(short(end)).toEqual([
      ['HasTracking', 4, 0, 4],
      ['Cancelled', 0, 0, 0],
      ['HasTracking', 3, 0, 3],
    ])
    expect(end.line_items[0].tracking_numbers).toMatchObject([
      { tracking_number: 't01', shipping_carrier: 'UPS', shipping_method: 'Ground', quantity: 2 },
      { tracking_number: 't02', shipping_carrier: null, shipping_method: null, quantity: 2 },
    ])
  })
})

describe('create order', () => {
  it('with a valid body: Unallocated, a = b = r = s = 0, and the answer is the order as it is read', async () => {
    const all = people()
    const placed = await place(all, [sku(1, 2), sku(2, 5)])
    expect(placed.line_items).toMatchObject(
      [2, 5].map((ordered) => ({
        status: 'Unallocated',
        tracking_numbers: [],
        supplier_provided_po_number: null,
        supplier_provided_invoice_number: null,
        allocation: {
          quantity_ordered: ordered,
          quantity_allocated: 0,
          quantity_backordered: 0,
          quantity_rejected: 0,
          backorder_date: null,
        },
      })),
    )
    expect((await all.retailer.get(placed.order_uuid).expect(200)).body).toEqual(placed)
  })

  it('keeps all that was sent', async () => {
    const attributes = [{ attribute_name: 'gift_wrap', attribute_value: 'blue' }]
    const address = { ...ADDRESS, business_name: 'Example Studio', address2: 'STE 123', phone_number: '801-555-1212', country: 'US' }
    const placed = await place(
      people(),
      [
        sku(1, 2, {
          retailer_provided_shipping_carrier: 'UPS',
          retailer_provided_shipping_method: 'Ground',
          retailer_line_item_instructions: 'Ship separately as available',
          retailer_provided_sku_cost: 27.2,
          retailer_provided_line_item_attributes: attributes,
        }),
      ],
      {
        address,
        po_number: 'po-6607685321',
        retailer_provided_order_fee: 0.99,
        retailer_provided_tax: 2.97,
        retailer_provided_shipping_cost: 7.99,
        retailer_provided_drop_ship_fee: 0.5,
        retailer_provided_order_attributes: attributes,
        retailer_provided_notes: 'Leave at the front desk',
      },
    )
    expect(placed).toMatchObject({
      po_number: 'po-6607685321',
      created_date: '2026-03-01T12:00:00.000000Z',
      retailer_provided_notes: 'Leave at the front desk',
      retailer: { uuid: ORGANIZATIONS.retailer(1).uuid },
      address,
      retailer_provided_shipping: { shipping_carrier: 'UPS', shipping_method: 'Ground' },
      retailer_provided_fees: { order_fee: 0.99, order_tax: 2.97, shipping_cost: 7.99, drop_ship_fee: 0.5 },
      retailer_provided_attributes: attributes,
      line_items: [
        {
          sku_id: '000106',
          sku_special_instructions: 'Ship separately as available',
          cost: 27.2,
          supplier_uuid: uuidOf(1),
          retailer_provided_item_attributes: attributes,
        },
      ],
    })
  })

  it('knows what was left out: nothing, and the cost of the SKU', async () => {
    const [line] = (await place(people(), [sku(1, 2)])).line_items
    expect(line).toMatchObject({ sku_special_instructions: null, cost: 66.05, retailer_provided_item_attributes: null })
    const placed = await place(people(), [sku(1, 2)])
    expect(placed).toMatchObject({
      retailer_provided_notes: null,
      address: { ...ADDRESS, business_name: null, address2: null, phone_number: null, country: null },
      retailer_provided_shipping: { shipping_carrier: null, shipping_method: null },
      retailer_provided_fees: { order_fee: null, order_tax: null, shipping_cost: null, drop_ship_fee: null },
      retailer_provided_attributes: null,
    })
  })

  it.each<[string, object, object]>([
    [
      'the drop ship fee under its later name',
      { retailer_provided_dropship_fee: 0.75 },
      { retailer_provided_fees: { drop_ship_fee: 0.75 } },
    ],
    ['a SKU that nobody has', { skus: [sku(1, 1, { sku_id: 'a SKU of ours' })] }, { line_items: [{ sku_id: 'a SKU of ours' }] }],
    [
      'a supplier in upper case',
      { skus: [sku(2, 1, { supplier_org_uuid: uuidOf(2).toUpperCase() })] },
      { line_items: [{ supplier_uuid: uuidOf(2) }] },
    ],
    ['the same SKU twice', { skus: [sku(1, 1), sku(1, 2)] }, { line_items: [{ sku_id: '000106' }, { sku_id: '000106' }] }],
    ['a hundred lines', { skus: Array.from({ length: 100 }, () => sku(1, 1)) }, {}],
    ['fees of nothing', { retailer_provided_order_fee: 0 }, { retailer_provided_fees: { order_fee: 0 } }],
  ])('takes %s', async (_, more, expected) => {
    expect(await place(people(), [sku(1, 1)], more)).toMatchObject(expected)
  })

  it.each([2, '2', '02', 2_147_483_647])('takes a quantity of %j', async (quantity) => {
    const [line] = (await place(people(), [sku(1, quantity)])).line_items
    expect(line?.allocation.quantity_ordered).toBe(Number(quantity))
  })

  it.each([
    [249, 249],
    [250, 250],
    [251, 250],
    [5_000, 250],
  ])('keeps of a note of %i characters %i', async (length, kept) => {
    for (const character of ['n', '🚚']) {
      const { retailer_provided_notes: notes } = await place(people(), [sku(1, 1)], { retailer_provided_notes: character.repeat(length) })
      expect(notes).toBe(character.repeat(kept))
    }
  })

  const whole = { po_number: 'po-refused', address: ADDRESS, skus: [sku(1, 1), sku(2, 1)] }
  const second = (more: object): object => ({ ...whole, skus: [sku(1, 1), sku(2, 1, more)] })
  const inSecond = (errors: object): object => ({ skus: [{}, errors] })
  const { skus: _skus, ...skuless } = whole
  const { address: _address, ...homeless } = whole
  const { po_number: _number, ...numberless } = whole
  const { city: _city, ...cityless } = ADDRESS
  const INTEGER = 'A valid integer is required.'
  it.each<[string, object, object]>([
    ['no SKUs', skuless, { skus: [REQUIRED] }],
    ['an empty list of SKUs', { ...whole, skus: [] }, { skus: ['This list may not be empty.'] }],
    ['101 SKUs', { ...whole, skus: Array.from({ length: 101 }, () => sku(1, 1)) }, { skus: [expect.stringContaining('100')] }],
    ['no address', homeless, { address: [REQUIRED] }],
    ['an address without a city', { ...whole, address: cityless }, { address: { city: [REQUIRED] } }],
    ['an address that is a text', { ...whole, address: 'here' }, { address: ['Invalid data. Expected a dictionary, but got str.'] }],
    ['no PO number', numberless, { po_number: [REQUIRED] }],
    ['an empty PO number', { ...whole, po_number: '' }, { po_number: [expect.any(String)] }],
    [
      'a PO number of 256 characters',
      { ...whole, po_number: 'p'.repeat(256) },
      { po_number: ['Ensure this field has no more than 255 characters.'] },
    ],
    ['a SKU without a quantity', second({ quantity: undefined }), inSecond({ quantity: [REQUIRED] })],
    ['a SKU without an id', second({ sku_id: undefined }), inSecond({ sku_id: [REQUIRED] })],
    ['a SKU without a supplier', second({ supplier_org_uuid: undefined }), inSecond({ supplier_org_uuid: [REQUIRED] })],
    ['a quantity of 0', second({ quantity: 0 }), inSecond({ quantity: [POSITIVE] })],
    ['a quantity of "0"', second({ quantity: '0' }), inSecond({ quantity: [POSITIVE] })],
    ['a quantity of "00"', second({ quantity: '00' }), inSecond({ quantity: [POSITIVE] })],
    ['a quantity of -1', second({ quantity: -1 }), inSecond({ quantity: expect.arrayContaining([POSITIVE]) })],
    ['a quantity of 1.5', second({ quantity: 1.5 }), inSecond({ quantity: [INTEGER] })],
    ['a quantity in words', second({ quantity: 'two' }), inSecond({ quantity: [INTEGER] })],
    [
      'a quantity that is too large',
      second({ quantity: '2147483648' }),
      inSecond({ quantity: ['Ensure this value is less than or equal to 2147483647.'] }),
    ],
    ['a supplier that is no UUID', second({ supplier_org_uuid: 'x' }), inSecond({ supplier_org_uuid: ['Must be a valid UUID.'] })],
    ['an unknown supplier', second({ supplier_org_uuid: NOBODY }), inSecond({ supplier_org_uuid: [`There is no supplier ${NOBODY}.`] })],
    [
      'a fee that is a text',
      { ...whole, retailer_provided_order_fee: 'x' },
      { retailer_provided_order_fee: ['A valid number is required.'] },
    ],
    ['a body that is a list', [whole], { non_field_errors: [expect.any(String)] }],
  ])('otherwise: 400 for %s, and nothing is placed', async (_, body, errors) => {
    const all = people()
    const answer = await all.retailer.create(body).expect(400)
    expect(answer.body).toEqual(errors)
    expect((await all.retailer.search({ po_number: 'po-refused' }).expect(200)).body.total_results).toBe(0)
    expect(await mock.session(all.session).entities({ changed: true })).toMatchObject({ total: 0 })
  })
})

describe('created orders are found', () => {
  const found = async (who: Client, search: object): Promise<string[]> => {
    const { body } = await who.search({ limit: 100, ...search }).expect(200)
    const numbers: string[] = body.orders.map(({ po_number: number }: OrderView) => number)
    expect(body.total_results).toBe(numbers.length)
    return numbers
  }

  it.each<[string, (order: OrderView) => object]>([
    ['by the PO number', () => ({ po_number: 'po-7' })],
    ['by the PO number as a term', () => ({ term: 'po-7' })],
    ['by the id as a term', ({ order_uuid: id }) => ({ term: id })],
    ['by the id in upper case', ({ order_uuid: id }) => ({ search_term: id.toUpperCase() })],
    ['by the SKU as a term', () => ({ term: 'a SKU of ours' })],
    ['by the date', () => ({ start_date: NOW, end_date: NOW })],
    ['since the date', () => ({ start_date: NOW })],
    ['by the status and the date', () => ({ start_date: NOW, line_item_allocation_statuses: ['Unallocated'] })],
    ['by the other side and the date', () => ({ start_date: NOW, org_uuids: [uuidOf(1), ORGANIZATIONS.retailer(1).uuid] })],
  ])('%s, by the retailer and the supplier, and by no other', async (_, search) => {
    const all = people()
    const order = await place(all, [sku(1, 1, { sku_id: 'a SKU of ours' })], { po_number: 'po-7' })
    for (const who of [all.retailer, all.one]) expect(await found(who, search(order))).toEqual(['po-7'])
    for (const who of [all.other, all.two]) expect(await found(who, search(order))).toEqual([])
  })

  it('by a PO number of digits as a term', async () => {
    const all = people()
    await place(all, [sku(1, 1)], { po_number: '4711' })
    expect(await found(all.retailer, { po_number: '4711' })).toEqual(['4711'])
    expect(await found(all.retailer, { term: '4711' })).toEqual(['4711'])
  })

  it('not before their date, nor after it', async () => {
    const all = people()
    await place(all, [sku(1, 1)])
    expect(await found(all.one, { start_date: '2026-03-01T12:00:00.001Z' })).toEqual([])
    expect(await found(all.one, { end_date: '2026-03-01T11:59:59.999Z', po_number: 'po-new' })).toEqual([])
  })

  it('as what they have become', async () => {
    const all = people()
    const order = await place(all, [sku(1, 2)])
    const status = (one: string): object => ({ start_date: NOW, line_item_allocation_statuses: [one] })
    await all.one.allocate(order.order_uuid, allocating([lineAt(order, 0), 1, 1])).expect(200)
    expect(await found(all.one, status('Unallocated'))).toEqual([])
    expect(await found(all.one, status('Partial'))).toEqual(['po-new'])
    expect(await found(all.one, { start_date: NOW, line_item_designation: 'NeedsTracking' })).toEqual(['po-new'])
    await all.one.ship(order.order_uuid, packing('t01', [lineAt(order, 0), 1])).expect(201)
    expect(await found(all.one, { start_date: NOW, line_item_designation: 'NeedsTracking' })).toEqual([])
    expect(await found(all.one, { start_date: NOW, line_item_designation: 'HasTracking' })).toEqual(['po-new'])
  })

  it('behind all that were there, in the order in which they were placed, page by page', async () => {
    const all = people()
    const { body: before } = await all.retailer.search({ limit: 1 }).expect(200)
    const numbers = Array.from({ length: 12 }, (_, index) => `po-${index + 1}`)
    const ids = new Set<string>()
    for (const number of numbers) ids.add((await place(all, [sku(1, 1)], { po_number: number })).order_uuid)
    expect(ids.size).toBe(12)
    const page = async (search: object): Promise<string[]> => {
      const { body } = await all.retailer.search(search).expect(200)
      expect(body.total_results).toBe(before.total_results + 12)
      return body.orders.map(({ po_number: number }: OrderView) => number)
    }
    const start = before.total_results
    expect(await page({ start, limit: 12 })).toEqual(numbers)
    expect(await page({ start: start + 10, limit: 100 })).toEqual(['po-11', 'po-12'])
    expect(await page({ sort: { key: 'date', dir: 'desc' }, limit: 3 })).toEqual(['po-12', 'po-11', 'po-10'])
    expect((await page({ start: start - 1, limit: 2 }))[1]).toBe('po-1')
    expect((await page({ limit: 1 }))[0]).toBe(before.orders[0].po_number)
  })

  it('at their place by SKU and by status', async () => {
    const all = people()
    await place(all, [sku(1, 1, { sku_id: '!' })], { po_number: 'first' })
    await place(all, [sku(1, 1, { sku_id: '~' })], { po_number: 'last' })
    const ends = async (sort: object): Promise<string> => (await all.one.search({ sort, limit: 1 }).expect(200)).body.orders[0].po_number
    expect(await ends({ key: 'sku_id', dir: 'asc' })).toBe('first')
    expect(await ends({ key: 'sku_id', dir: 'desc' })).toBe('last')
    expect(await ends({ key: 'status', dir: 'desc' })).toBe('last')
  })

  it('both of one PO number, and beside one that was there', async () => {
    const all = people()
    const known = 'po-5527771067'
    await place(all, [sku(1, 1)], { po_number: known })
    await place(all, [sku(1, 1)], { po_number: known })
    expect(await found(all.retailer, { po_number: known })).toEqual([known, known, known])
  })

  it('by the control API, as changed', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 1)])
    const { entities } = await mock.session(all.session).entities({ kind: 'order', changed: true })
    expect(entities).toMatchObject([{ id: order.order_uuid, changed: true, entity: order }])
  })

  it('where there are no others', async () => {
    await using empty = await openMock({ ...TOKENS, orders: 0 })
    const all = people(empty)
    const order = await place(all, [sku(1, 2)])
    expect(order.order_uuid).not.toBe(ORDER)
    expect(await found(all.one, {})).toEqual(['po-new'])
    await all.one.allocate(order.order_uuid, allocating([lineAt(order, 0), 2])).expect(200)
    await all.retailer.cancelLine(lineAt(order, 0)).expect(204)
    await all.one.answer('confirm', order.order_uuid).expect(204)
    expect(await see(all.retailer, order.order_uuid)).toEqual([['Cancelled', 0, 0, 0]])
  })

  it('in their own session alone, until it is reset', async () => {
    const [mine, others] = [people(), people()]
    const order = await place(mine, [sku(1, 1)])
    await others.retailer.get(order.order_uuid).expect(404, NOT_FOUND)
    await mock.session(mine.session).reset()
    await mine.retailer.get(order.order_uuid).expect(404, NOT_FOUND)
    expect((await place(mine, [sku(1, 1)])).order_uuid).toBe(order.order_uuid)
  })
})

describe('log in', () => {
  const LOGIN = { password: 'a password' }
  const SHARED = ['cancel_order', 'view_order', 'export_order']
  const OWN = { SUPPLIER: [...SHARED, 'allocate_order', 'add_order_tracking'], RETAILER: [...SHARED, 'create_order'] }
  const VIEWS = ['export_order', 'view_order']

  interface LoginView {
    readonly auth_token: string
    readonly permission_assignments: {
      readonly permissions: readonly { readonly assigned: boolean; readonly permission: { readonly name: string } }[]
      readonly org_user: { readonly uuid: string }
    }
    readonly user_uuid: string
  }

  const logIn = async ({ nobody }: People, username: string): Promise<LoginView> =>
    (await nobody.logIn({ ...LOGIN, username }).expect(200)).body
  const clientOf = async (all: People, username: string): Promise<Client> => all.as(`Token ${(await logIn(all, username)).auth_token}`)

  const users = [
    ...[1, 2, 3, 4].map((number) => ['supplier', 'SUPPLIER', number] as const),
    ...[1, 2, 3].map((number) => ['retailer', 'RETAILER', number] as const),
  ].flatMap(([kind, type, number]) =>
    ['', '-viewer'].map((suffix) => ({ name: `${kind}-${number}${suffix}`, kind, type, number, isViewer: suffix !== '' })),
  )
  it.each(users)('$name: the identifiers and permissions of a $type', async ({ name, kind, type, number, isViewer }) => {
    const view = await logIn(people(), name)
    const { uuid } = kind === 'supplier' ? ORGANIZATIONS.supplier(number) : ORGANIZATIONS.retailer(number)
    expect(view).toMatchObject({
      auth_token: expect.stringMatching(/^[0-9a-f]{40}$/),
      org_uuid: uuid,
      org_type: type,
      supplier_uuid: kind === 'supplier' ? uuid : '',
      retailer_uuid: kind === 'retailer' ? uuid : '',
    })
    const { permissions, org_user: user } = view.permission_assignments
    expect(user.uuid).toBe(view.user_uuid)
    const names = (all: typeof permissions): string[] => all.map(({ permission }) => permission.name).toSorted()
    expect(names(permissions)).toEqual(OWN[type].toSorted())
    expect(names(permissions.filter(({ assigned }) => assigned))).toEqual(isViewer ? VIEWS : OWN[type].toSorted())
  })

  it('gives every user an identifier of its own, the same each time, and every login a token', async () => {
    const all = people()
    const views: LoginView[] = []
    for (const { name } of [...users, ...users]) views.push(await logIn(all, name))
    expect(new Set(views.map(({ auth_token: token }) => token)).size).toBe(2 * users.length)
    expect(new Set(views.map(({ user_uuid: id }) => id)).size).toBe(users.length)
  })

  it('acts as the user’s organisation', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 1)])
    const [supplier, stranger] = [await clientOf(all, 'supplier-2'), await clientOf(all, 'supplier-3')]
    expect((await supplier.get(order.order_uuid).expect(200)).body.line_items).toHaveLength(1)
    await stranger.get(order.order_uuid).expect(404, NOT_FOUND)
    await supplier.allocate(order.order_uuid, allocating([lineAt(order, 1), 1])).expect(200)
    const [retailer, other] = [await clientOf(all, 'retailer-1'), await clientOf(all, 'retailer-2')]
    expect((await retailer.get(order.order_uuid).expect(200)).body.line_items).toHaveLength(2)
    await other.get(order.order_uuid).expect(404, NOT_FOUND)
  })

  const FORBIDDEN = { detail: 'You do not have permission to perform this action.' }
  it.each<[string, string, (who: Client) => Test]>([
    ['createOrder', 'retailer-1-viewer', (who) => who.create(placing([sku(1, 1)]))],
    ['cancelOrder', 'retailer-1-viewer', (who) => who.cancel(ORDER)],
    ['cancelLineItem', 'retailer-1-viewer', (who) => who.cancelLine(LINE)],
    ['allocateOrder', 'supplier-1-viewer', (who) => who.allocate(ORDER, quantities(6))],
    ['confirmOrderCancellation', 'supplier-1-viewer', (who) => who.answer('confirm', ORDER)],
    ['rejectOrderCancellation', 'supplier-1-viewer', (who) => who.answer('reject', ORDER)],
    ['confirmLineItemCancellation', 'supplier-1-viewer', (who) => who.answerLine('confirm', LINE)],
    ['rejectLineItemCancellation', 'supplier-1-viewer', (who) => who.answerLine('reject', LINE)],
    ['addTracking', 'supplier-1-viewer', (who) => who.ship(ORDER, packing('t01', [LINE, 1]))],
    ['updateTracking', 'supplier-1-viewer', (who) => who.amend(ORDER, 't01', {})],
  ])('a viewer reads and searches, and gets 403 for %s', async (_, user, act) => {
    const all = people()
    const viewer = await clientOf(all, user)
    await viewer.get(ORDER).expect(200)
    await viewer.search().expect(200)
    const before = await viewer.get(ORDER)
    await act(viewer).expect(403, FORBIDDEN)
    expect((await viewer.get(ORDER)).body).toEqual(before.body)
  })

  it.each<[string, string, (who: Client) => Test]>([
    ['createOrder', 'supplier-1', (who) => who.create({})],
    ['cancelOrder', 'supplier-1', (who) => who.cancel({})],
    ['cancelLineItem', 'supplier-1', (who) => who.cancelLine(NOBODY)],
    ['allocateOrder', 'retailer-1', (who) => who.allocate(NOBODY, {})],
    ['confirmOrderCancellation', 'retailer-1', (who) => who.answer('confirm', NOBODY)],
    ['rejectOrderCancellation', 'retailer-1', (who) => who.answer('reject', NOBODY)],
    ['confirmLineItemCancellation', 'retailer-1', (who) => who.answerLine('confirm', NOBODY)],
    ['rejectLineItemCancellation', 'retailer-1', (who) => who.answerLine('reject', NOBODY)],
    ['addTracking', 'retailer-1', (who) => who.ship(NOBODY, {})],
    ['updateTracking', 'retailer-1', (who) => who.amend(NOBODY, 't01', {})],
  ])('409 for %s by the wrong type of organisation, a viewer’s too, whatever else is wrong', async (_, user, act) => {
    const all = people()
    for (const name of [user, `${user}-viewer`]) {
      const { body } = await act(await clientOf(all, name)).expect(409)
      expect(body).toEqual({ detail: expect.stringMatching(/./) })
    }
  })

  it.each<[string, (who: Client) => Test]>([
    ['createOrder', (who) => who.create({})],
    ['cancelOrder', (who) => who.cancel({})],
    ['cancelLineItem', (who) => who.cancelLine('x')],
    ['confirmOrderCancellation', (who) => who.answer('confirm', 'x')],
    ['rejectOrderCancellation', (who) => who.answer('reject', 'x')],
    ['confirmLineItemCancellation', (who) => who.answerLine('confirm', 'x')],
    ['rejectLineItemCancellation', (who) => who.answerLine('reject', 'x')],
    ['addTracking', (who) => who.ship('x', {})],
    ['updateTracking', (who) => who.amend('x', 't01', {})],
  ])('401 for %s by nobody, whatever else is wrong', async (_, act) => {
    const answer = await act(people().nobody).expect(401)
    expect(answer.body).toEqual({ detail: 'Authentication credentials were not provided.' })
    expect(answer.headers).toMatchObject({ 'www-authenticate': 'Token' })
  })

  it.each([
    ['the password that is always wrong', { username: 'supplier-1', password: 'invalid' }],
    ['a viewer with that password', { username: 'retailer-3-viewer', password: 'invalid' }],
    ...[
      'supplier-5',
      'supplier-0',
      'retailer-4',
      'supplier-01',
      'Supplier-1',
      'supplier-1-',
      'supplier-1-viewer-viewer',
      ' supplier-1',
    ].map((username) => [`the unknown user "${username}"`, { ...LOGIN, username }] as const),
  ] as const)('401 for %s', async (_, body) => {
    const answer = await people().nobody.logIn(body).expect(401)
    expect(answer.body).toEqual({ detail: 'Unable to log in with provided credentials.' })
    expect(answer.headers).toMatchObject({ 'www-authenticate': 'Token' })
  })

  it.each<[string, object, object]>([
    ['nothing', {}, { username: [REQUIRED], password: [REQUIRED] }],
    ['no password', { username: 'supplier-1' }, { password: [REQUIRED] }],
    ['no username', { password: 'x' }, { username: [REQUIRED] }],
    ['a password of null', { username: 'supplier-1', password: null }, { password: ['This field may not be null.'] }],
    ['a username that is a number', { username: 1, password: 'x' }, { username: ['Not a valid string.'] }],
  ])('400 for %s', async (_, body, errors) => {
    expect(await told(people().nobody.logIn(body))).toEqual([400, errors])
  })

  it('asks for no token, and does not look at one', async () => {
    const all = people()
    for (const authorization of ['Token invalid', 'Basic nonsense', RETAILER])
      expect((await all.as(authorization).logIn({ ...LOGIN, username: 'supplier-1' })).status).toBe(200)
  })

  it('gives tokens for its own session', async () => {
    const [mine, others] = [people(named), people(named)]
    const { auth_token: token } = await logIn(mine, 'supplier-1')
    expect((await mine.as(`Token ${token}`).get(ORDER)).status).toBe(200)
    expect(await told(others.as(`Token ${token}`).get(ORDER))).toEqual([401, { detail: 'Invalid token.' }])
    await named.session(mine.session).reset()
    expect((await mine.as(`Token ${token}`).get(ORDER)).status).toBe(401)
  })

  describe('with a clock that goes on', () => {
    const HOUR = 3_600_000
    const begun = Date.parse(NOW)

    /** Every login of a mock whose clock is what the test says. */
    async function withClock(test: (all: People, at: (time: number) => void) => Promise<void>, assume = {}): Promise<void> {
      const clock = vi.spyOn(Date, 'now').mockReturnValue(begun)
      try {
        await using moving = await createMock({ assume })
        await test(people(moving), (time) => void clock.mockReturnValue(begun + time))
      } finally {
        clock.mockRestore()
      }
    }

    it('a token expires two hours after its login, and not before', () =>
      withClock(async (all, at) => {
        const who = await clientOf(all, 'retailer-1')
        at(2 * HOUR - 1)
        await who.get(ORDER).expect(200)
        for (const time of [2 * HOUR, 2 * HOUR + 1, 48 * HOUR]) {
          at(time)
          const answer = await who.get(ORDER).expect(401)
          expect(answer.body).toEqual({ detail: 'Invalid token.' })
        }
      }))

    it('a login makes no earlier token last longer', () =>
      withClock(async (all, at) => {
        const early = await clientOf(all, 'retailer-1')
        at(HOUR)
        const late = await clientOf(all, 'retailer-1')
        at(2 * HOUR)
        expect((await early.get(ORDER)).status).toBe(401)
        expect((await late.get(ORDER)).status).toBe(200)
      }))

    it('an expired token stays refused when others have logged in', () =>
      withClock(async (all, at) => {
        const viewer = await clientOf(all, 'retailer-1-viewer')
        at(2 * HOUR)
        expect((await viewer.get(ORDER)).status).toBe(401)
        await logIn(all, 'supplier-2')
        expect((await viewer.get(ORDER)).status).toBe(401)
      }))
  })
})

describe('two suppliers in one order', () => {
  it('each sees its own lines, a third sees no order', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2), sku(1, 3)])
    const seenBy = async (who: Client): Promise<string[]> =>
      (await who.get(order.order_uuid).expect(200)).body.line_items.map(({ line_item_uuid: id }: LineView) => id)
    expect(await seenBy(all.one)).toEqual([lineAt(order, 0), lineAt(order, 2)])
    expect(await seenBy(all.two)).toEqual([lineAt(order, 1)])
    expect(await seenBy(all.retailer)).toEqual([0, 1, 2].map((index) => lineAt(order, index)))
    await all.three.get(order.order_uuid).expect(404, NOT_FOUND)
    expect((await all.three.search({ po_number: 'po-new' }).expect(200)).body).toEqual({ total_results: 0, orders: [] })
  })

  it.each<[string, (who: Client, order: OrderView) => Test]>([
    ['allocate', (who, order) => who.allocate(order.order_uuid, allocating([lineAt(order, 0), 1]))],
    ['add tracking', (who, order) => who.ship(order.order_uuid, packing('t01', [lineAt(order, 0), 1]))],
  ])('a foreign line: 422 to %s', async (_, act) => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2)])
    await all.one.allocate(order.order_uuid, allocating([lineAt(order, 0), 1])).expect(200)
    const { body } = await act(all.two, order).expect(422)
    expect(body).toEqual({ line_items: [{ line_item_uuid: [expect.stringContaining(lineAt(order, 0))] }] })
    expect(await see(all.retailer, order.order_uuid)).toEqual([
      ['Allocated', 1, 0, 0],
      ['Unallocated', 0, 0, 0],
    ])
  })

  it.each<[string, (who: Client, order: OrderView) => Test]>([
    ['get', (who, { order_uuid: id }) => who.get(id)],
    ['allocate', (who, order) => who.allocate(order.order_uuid, allocating([lineAt(order, 0), 1]))],
    ['add tracking', (who, order) => who.ship(order.order_uuid, packing('t01', [lineAt(order, 0), 1]))],
    ['update tracking', (who, { order_uuid: id }) => who.amend(id, 't01', { package_ship_cost: 1 })],
    ['confirm the order', (who, { order_uuid: id }) => who.answer('confirm', id)],
    ['reject the order', (who, { order_uuid: id }) => who.answer('reject', id)],
    ['confirm a line', (who, order) => who.answerLine('confirm', lineAt(order, 0))],
    ['reject a line', (who, order) => who.answerLine('reject', lineAt(order, 0))],
  ])('an uninvolved supplier: 404 to %s', async (_, act) => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2)])
    await all.retailer.cancel(order.order_uuid).expect(204)
    expect(await told(act(all.three, order))).toEqual([404, NOT_FOUND])
  })

  it.each(['confirm', 'reject'] as const)('a foreign line: 404 to %s it, and it waits on', async (answer) => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2)])
    await all.retailer.cancel(order.order_uuid).expect(204)
    expect(await told(all.two.answerLine(answer, lineAt(order, 0)))).toEqual([404, NOT_FOUND])
    expect((await all.one.answerLine(answer, lineAt(order, 0))).status).toBe(204)
  })

  it('each answers a cancellation for itself', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2)])
    await all.retailer.cancel(order.order_uuid).expect(204)
    await all.one.answer('confirm', order.order_uuid).expect(204)
    await all.two.answer('reject', order.order_uuid).expect(204)
    expect(await see(all.retailer, order.order_uuid)).toEqual([
      ['Cancelled', 0, 0, 0],
      ['Unallocated', 0, 0, 0],
    ])
    // What one has cancelled does not keep the other from its part.
    await all.two.allocate(order.order_uuid, allocating([lineAt(order, 1), 2])).expect(200)
    expect((await all.retailer.get(order.order_uuid)).body.is_allocated).toBe(true)
  })

  it('the same tracking number is a package of each', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1), sku(2, 2)])
    const id = order.order_uuid
    await all.one.allocate(id, allocating([lineAt(order, 0), 1])).expect(200)
    await all.two.allocate(id, allocating([lineAt(order, 1), 2])).expect(200)
    const { body: first } = await all.one.ship(id, packing('t01', [lineAt(order, 0), 1])).expect(201)
    const { body: second } = await all.two.ship(id, packing('t01', [lineAt(order, 1), 1])).expect(201)
    expect(first.package_uuid).not.toBe(second.package_uuid)
    await all.two.amend(id, 't01', { new_tracking_number: 't02' }).expect(200, second)
    const { body } = await all.retailer.get(id).expect(200)
    expect(body.line_items.map((line: LineView) => line.tracking_numbers[0]?.tracking_number)).toEqual(['t01', 't02'])
  })
})

describe('two retailers', () => {
  it('neither sees, nor cancels, what the other has placed', async () => {
    const all = people()
    const order = await place(all, [sku(1, 1)])
    const [id, line] = [order.order_uuid, lineAt(order, 0)]
    await all.other.get(id).expect(404, NOT_FOUND)
    await all.other.cancel(id).expect(404, NOT_FOUND)
    const { body } = await all.other.cancelLine(line).expect(422)
    expect(body).toEqual({ detail: expect.stringContaining(line) })
    expect(await see(all.retailer, id)).toEqual([['Unallocated', 0, 0, 0]])
    await all.one.answer('confirm', id).expect(422)
  })

  it('a supplier sees those of both', async () => {
    const all = people()
    await all.retailer.create(placing([sku(1, 1)], { po_number: 'of the first' })).expect(201)
    await all.other.create(placing([sku(1, 1)], { po_number: 'of the second' })).expect(201)
    const { body } = await all.one.search({ start_date: NOW }).expect(200)
    expect(body.orders.map((order: { po_number: string; retailer: { uuid: string } }) => [order.po_number, order.retailer.uuid])).toEqual([
      ['of the first', ORGANIZATIONS.retailer(1).uuid],
      ['of the second', ORGANIZATIONS.retailer(2).uuid],
    ])
  })
})

describe('a cancellation that waits', () => {
  it('is seen by whoever asks the mock, line by line until each supplier has answered, and by no read of the API', async () => {
    const all = people()
    const { retailer, one, two, session } = all
    const { order_uuid: order, line_items: lines } = await place(all, [sku(1, 4), sku(1, 2, { sku_id: '000206' }), sku(2, 3)])
    await place(all, [sku(1, 1)])
    const waiting = async () =>
      (await mock.session(session).entities({ cancellation: 'pending' })).entities.map(({ id, cancellation }) => [id, cancellation])
    const named = (...places: readonly number[]) => ({
      pending: places.map((place) => ({ line_item_uuid: lines[place]?.line_item_uuid, supplier_uuid: lines[place]?.supplier_uuid })),
    })
    const before = await one.get(order).expect(200)
    expect(await waiting()).toEqual([])
    await retailer.cancel(order).expect(204)
    expect(await waiting()).toEqual([[order, named(0, 1, 2)]])
    expect((await one.get(order).expect(200)).text).toBe(before.text)
    await one.answerLine('reject', lines[1]?.line_item_uuid ?? '').expect(204)
    expect(await waiting()).toEqual([[order, named(0, 2)]])
    expect(await mock.session(session).entities({ cancellation: 'pending', status: 'Cancelled' })).toEqual({ total: 0, entities: [] })
    await one.answer('confirm', order).expect(204)
    expect(await mock.session(session).entities({ cancellation: 'pending', status: 'Cancelled' })).toMatchObject({ total: 1 })
    await two.answer('confirm', order).expect(204)
    expect(await waiting()).toEqual([])
    expect((await mock.session(session).entities({ changed: true })).entities[0]).not.toHaveProperty('cancellation')
    expect(await mock.session(session).entities({ kind: 'allocation', cancellation: 'pending' })).toEqual({ total: 0, entities: [] })
  })
})

describe('cancel request', () => {
  it.each<[string, object, object]>([
    ['no order', {}, { order_uuid: [REQUIRED] }],
    ['null', { order_uuid: null }, { order_uuid: ['This field may not be null.'] }],
    ['no UUID', { order_uuid: 'x' }, { order_uuid: ['Must be a valid UUID.'] }],
    ['a list', [ORDER], { non_field_errors: [expect.any(String)] }],
  ])('(order) 400 for %s', async (_, body, errors) => {
    expect((await people().retailer.cancel(body).expect(400)).body).toEqual(errors)
  })

  it.each<[string, (who: Client) => Test]>([
    ['(order) an unknown order', (who) => who.cancel(NOBODY)],
    ['(line) what is no UUID', (who) => who.cancelLine('x')],
  ])('%s: 404', async (_, act) => {
    expect(await told(act(people().retailer))).toEqual([404, NOT_FOUND])
  })

  it('(line) 422 for a line that nobody has', async () => {
    const { body } = await people().retailer.cancelLine(NOBODY).expect(422)
    expect(body).toEqual({ detail: expect.stringContaining(NOBODY) })
  })

  it.each<[string, (who: Client, order: string, line: string) => Test]>([
    ['order', (who, order) => who.cancel(order)],
    ['line', (who, _, line) => who.cancelLine(line)],
  ])('(%s) 422 when s > 0, Rejected or Cancelled, in one sentence', async (_, act) => {
    const all = people()
    const shipped = await allocated(all)
    await all.one.ship(shipped.order, packing('t01', [shipped.line, 1])).expect(201)
    const rejected = await allocated(all)
    await all.one.allocate(rejected.order, allocating([rejected.line, 0, 0, 6])).expect(200)
    const cancelled = await allocated(all)
    await all.retailer.cancel(cancelled.order).expect(204)
    await all.one.answer('confirm', cancelled.order).expect(204)
    for (const { order, line } of [shipped, rejected, cancelled]) {
      const before = await see(all.retailer, order)
      const { body } = await act(all.retailer, order, line).expect(422)
      expect(body).toEqual({ detail: expect.stringMatching(/./) })
      expect(await see(all.retailer, order)).toEqual(before)
    }
  })

  it('has no body, and takes ids in upper case', async () => {
    const all = people()
    const { order, line } = await allocated(all)
    for (const answer of [
      await all.retailer.cancel(order.toUpperCase()).expect(204),
      await all.retailer.cancelLine(line.toUpperCase()).expect(204),
      await all.one.answer('reject', order.toUpperCase()).expect(204),
    ])
      expect([answer.text, answer.headers['content-type']]).toEqual(['', undefined])
    await all.retailer.cancelLine(line).expect(204)
    await all.one.answerLine('confirm', line.toUpperCase()).expect(204)
    expect(await see(all.one, order)).toEqual([['Cancelled', 0, 0, 0]])
  })

  it('may be made of what was there from the start, by order and by line', async () => {
    const all = people()
    await all.retailer.cancelLine(LINE).expect(204)
    await all.one.answerLine('reject', LINE).expect(204)
    await all.retailer.cancel(ORDER).expect(204)
    await all.one.answer('confirm', ORDER).expect(204)
    expect(await see(all.retailer, ORDER)).toEqual([['Cancelled', 0, 0, 0]])
  })
})

describe.each(['confirm', 'reject'] as const)('%s a cancellation', (answer) => {
  it.each<[string, (who: Client) => Test]>([
    ['an unknown order', (who) => who.answer(answer, NOBODY)],
    ['an order that is no UUID', (who) => who.answer(answer, 'x')],
    ['an unknown line', (who) => who.answerLine(answer, NOBODY)],
    ['a line that is no UUID', (who) => who.answerLine(answer, 'x')],
  ])('404 for %s', async (_, act) => {
    expect(await told(act(people().one))).toEqual([404, NOT_FOUND])
  })

  it.each<[string, (who: Client) => Test]>([
    ['order', (who) => who.answer(answer, ORDER)],
    ['line', (who) => who.answerLine(answer, LINE)],
  ])('422 when none of the %s is pending', async (_, act) => {
    const { body } = await act(people().one).expect(422)
    expect(body).toEqual({ detail: expect.stringMatching(/./) })
  })
})

describe('add tracking', () => {
  const single = (errors: object): object => ({ line_items: [errors] })
  const item = (more: object = {}): object => ({ line_item_uuid: LINE, quantity_shipped: 1, ...more })
  const body = (more: object = {}): object => ({ tracking_number: 't01', line_items: [item()], ...more })

  it.each<[string, object, object]>([
    ['nothing', {}, { tracking_number: [REQUIRED], line_items: [REQUIRED] }],
    ['no tracking number', body({ tracking_number: undefined }), { tracking_number: [REQUIRED] }],
    ['an empty tracking number', body({ tracking_number: '' }), { tracking_number: [expect.any(String)] }],
    [
      'a tracking number of 256 characters',
      body({ tracking_number: 't'.repeat(256) }),
      { tracking_number: ['Ensure this field has no more than 255 characters.'] },
    ],
    ['no lines', body({ line_items: [] }), { line_items: ['This list may not be empty.'] }],
    ['a line without an id', body({ line_items: [item({ line_item_uuid: undefined })] }), single({ line_item_uuid: [REQUIRED] })],
    ['a line without a quantity', body({ line_items: [item({ quantity_shipped: undefined })] }), single({ quantity_shipped: [REQUIRED] })],
    ['a quantity of 0', body({ line_items: [item({ quantity_shipped: 0 })] }), single({ quantity_shipped: [POSITIVE] })],
    ['a quantity of "0"', body({ line_items: [item({ quantity_shipped: '0' })] }), single({ quantity_shipped: [POSITIVE] })],
    ['a line twice', body({ line_items: [item(), item()] }), { line_items: [{}, { line_item_uuid: [expect.stringContaining(LINE)] }] }],
    ['a date that is none', body({ package_ship_date: 'soon' }), { package_ship_date: [expect.stringContaining('wrong format')] }],
  ])('400 for %s', async (_, sent, errors) => {
    const all = people()
    await all.one.allocate(ORDER, quantities(6)).expect(200)
    expect((await all.one.ship(ORDER, sent).expect(400)).body).toEqual(errors)
    expect(await see(all.one, ORDER)).toEqual([['Allocated', 6, 0, 0]])
  })

  it.each(['x', NOBODY])('404 for the order %s', async (order) => {
    expect(await told(people().one.ship(order, body()))).toEqual([404, NOT_FOUND])
  })

  it.each<[string, object, object]>([
    [
      'an unknown line',
      packing('t02', [LINE, 1], [NOBODY, 1]),
      { line_items: [{}, { line_item_uuid: [expect.stringContaining(NOBODY)] }] },
    ],
    ['more than is allocated', packing('t02', [LINE, 6]), single({ quantity_shipped: [expect.stringContaining('5')] })],
    ['a tracking number used before', packing('t01', [LINE, 1]), { tracking_number: [expect.stringContaining('t01')] }],
  ])('422 for %s', async (_, sent, errors) => {
    const all = people()
    await all.one.allocate(ORDER, quantities(6)).expect(200)
    await all.one.ship(ORDER, body()).expect(201)
    expect((await all.one.ship(ORDER, sent).expect(422)).body).toEqual(errors)
    expect(await see(all.one, ORDER)).toEqual([['HasTracking', 6, 0, 1]])
  })

  it('422 for a cancelled line', async () => {
    const all = people()
    await all.retailer.cancel(ORDER).expect(204)
    await all.one.answer('confirm', ORDER).expect(204)
    const answer = await all.one.ship(ORDER, body()).expect(422)
    expect(answer.body).toEqual(single({ non_field_errors: [expect.stringContaining('cancelled')] }))
  })

  it('shows what was said of the package, and answers an allocation with what has shipped at which cost', async () => {
    const all = people()
    await all.one.allocate(ORDER, quantities(6)).expect(200)
    const attributes = [{ attribute_name: 'box', attribute_value: 'small' }]
    await all.one
      .ship(ORDER, {
        tracking_number: 't01',
        line_items: [item({ line_item_uuid: LINE.toUpperCase(), quantity_shipped: '2', supplier_provided_sku_cost: 13.98 })],
        supplier_provided_carrier: 'UPS',
        supplier_provided_method: 'Ground',
        package_weight: 1.38,
        package_ship_cost: 3,
        package_ship_date: '2026-03-01',
        package_attributes: attributes,
      })
      .expect(201)
    const { body: order } = await all.retailer.get(ORDER).expect(200)
    expect(order.line_items[0].tracking_numbers).toEqual([
      {
        tracking_number: 't01',
        shipping_carrier: 'UPS',
        shipping_method: 'Ground',
        shipping_weight: '1.38',
        shipping_cost: 3,
        shipping_date: '2026-03-01',
        package_attributes: attributes,
        quantity: 2,
      },
    ])
    const again = await all.one.allocate(ORDER, quantities(6)).expect(200)
    expect(again.body).toEqual({ line_items: [{ line_item_uuid: LINE, quantity_shipped: 2, supplier_provided_sku_cost: 13.98 }] })
    const fewer = await all.one.allocate(ORDER, quantities(1, 5)).expect(422)
    expect(fewer.body).toEqual(single({ allocation: { quantity_allocated: [expect.stringContaining('2')] } }))
  })

  it('names every package anew', async () => {
    const all = people()
    await all.one.allocate(ORDER, quantities(6)).expect(200)
    const ids: string[] = []
    for (const number of ['a', 'b', 'c', 'd'])
      ids.push((await all.one.ship(ORDER, packing(number, [LINE, 1])).expect(201)).body.package_uuid)
    expect(new Set(ids).size).toBe(4)
  })
})

describe('update tracking', () => {
  /** Two of six units are in t01, one in t02. */
  async function shipped(): Promise<People> {
    const all = people()
    await all.one.allocate(ORDER, quantities(6)).expect(200)
    await all.one.ship(ORDER, { ...packing('t01', [LINE, 2]), supplier_provided_carrier: 'UPS', package_ship_cost: 3 }).expect(201)
    await all.one.ship(ORDER, packing('t02', [LINE, 1])).expect(201)
    return all
  }
  const single = (errors: object): object => ({ line_items: [errors] })
  const holding = (quantity: unknown, line = LINE): object => ({ line_items: [{ line_item_uuid: line, quantity_shipped: quantity }] })

  it.each<[string, object, object]>([
    ['a quantity of 0', holding(0), single({ quantity_shipped: [POSITIVE] })],
    ['a quantity of "0"', holding('0'), single({ quantity_shipped: [POSITIVE] })],
    ['no UUID', holding(1, 'x'), single({ line_item_uuid: ['Must be a valid UUID.'] })],
    ['an empty new number', { new_tracking_number: '' }, { new_tracking_number: [expect.any(String)] }],
    ['a cost that is a text', { package_ship_cost: 'x' }, { package_ship_cost: [expect.any(String)] }],
  ])('400 for %s', async (_, body, errors) => {
    expect((await (await shipped()).one.amend(ORDER, 't01', body).expect(400)).body).toEqual(errors)
  })

  it.each([
    [ORDER, 't03'],
    [NOBODY, 't01'],
    ['x', 't01'],
  ])('404 for /orders/tracking/%s/%s/', async (order, number) => {
    const { one } = await shipped()
    expect(await told(one.amend(order, number, { package_ship_cost: 1 }))).toEqual([404, NOT_FOUND])
  })

  it.each<[string, object, object]>([
    ['a quantity that falls', holding(1), single({ quantity_shipped: [expect.stringContaining('2')] })],
    ['more than all packages may hold', holding(6), single({ quantity_shipped: [expect.any(String)] })],
    ['an unknown line', holding(1, NOBODY), single({ line_item_uuid: [expect.stringContaining(NOBODY)] })],
    ['a number that another package has', { new_tracking_number: 't02' }, { new_tracking_number: [expect.stringContaining('t02')] }],
  ])('422 for %s, and nothing changes', async (_, body, errors) => {
    const all = await shipped()
    const before = await all.one.get(ORDER)
    const answer = await all.one.amend(ORDER, 't01', { supplier_provided_carrier: 'FedEx', ...body }).expect(422)
    expect(answer.body).toEqual(errors)
    expect((await all.one.get(ORDER)).body).toEqual(before.body)
  })

  it('changes what is sent, under the new number from then on', async () => {
    const all = await shipped()
    const body = { new_tracking_number: 'a b/c', package_ship_cost: null, ...holding('5') }
    const { body: answer } = await all.one.amend(ORDER, 't01', body).expect(200)
    await all.one.amend(ORDER, 't01', {}).expect(404, NOT_FOUND)
    await all.one.amend(ORDER, 'a%20b%2Fc', { package_weight: '2 lb' }).expect(200, answer)
    const { body: order } = await all.retailer.get(ORDER).expect(200)
    expect(order.line_items[0].tracking_numbers).toMatchObject([
      { tracking_number: 'a b/c', shipping_carrier: 'UPS', shipping_cost: null, shipping_weight: '2 lb', quantity: 5 },
      { tracking_number: 't02', quantity: 1 },
    ])
    expect(short(order)).toEqual([['HasTracking', 6, 0, 6]])
  })
})

describe('said again', () => {
  it.each<[string, (all: People, order: string, line: string) => Test, number]>([
    ['cancel request (order)', ({ retailer }, order) => retailer.cancel(order), 204],
    ['cancel request (line)', ({ retailer }, _, line) => retailer.cancelLine(line), 204],
    ['allocate', ({ one }, order, line) => one.allocate(order, allocating([line, 4, 2])), 200],
    ['update tracking', ({ two }, order) => two.amend(order, 't01', { package_ship_cost: 1 }), 200],
  ])('%s: the same answer, and nothing more changes', async (what, act, status) => {
    const all = people()
    const placed = await place(all, [sku(1, 6), sku(2, 1)])
    const [id, line] = [placed.order_uuid, lineAt(placed, 0)]
    if (what === 'update tracking') {
      // What has shipped could not be cancelled.
      await all.two.allocate(id, allocating([lineAt(placed, 1), 1])).expect(200)
      await all.two.ship(id, packing('t01', [lineAt(placed, 1), 1])).expect(201)
    }
    const first = await act(all, id, line).expect(status)
    const once = await all.retailer.get(id)
    const second = await act(all, id, line).expect(status)
    expect(second.text).toBe(first.text)
    expect((await all.retailer.get(id)).body).toEqual(once.body)
    const [, latest] = await mock.session(all.session).requests()
    expect(latest).toMatchObject({ status })
    expect(latest).not.toHaveProperty('changes')
  })

  it.each<[string, (all: People, order: string, line: string) => Test]>([
    ['add tracking', ({ one }, order, line) => one.ship(order, packing('t02', [line, 1]))],
    ['confirm the order', ({ one }, order) => one.answer('confirm', order)],
    ['reject the order', ({ one }, order) => one.answer('reject', order)],
    ['confirm the line', ({ one }, _, line) => one.answerLine('confirm', line)],
    ['reject the line', ({ one }, _, line) => one.answerLine('reject', line)],
  ])('%s: 422, and nothing more changes', async (_, act) => {
    const all = people()
    const { order, line } = await allocated(all)
    await all.retailer.cancel(order).expect(204)
    expect((await act(all, order, line)).status).toBeLessThan(300)
    const once = await all.retailer.get(order)
    await act(all, order, line).expect(422)
    expect((await all.retailer.get(order)).body).toEqual(once.body)
  })
})

describe('the journal of a login', () => {
  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'username=supplier-1&password=hunter2'],
    ['a body that does not end', 'application/json', '{"username":"supplier-1","password":"hunter2}'],
    ['a password of another type', 'application/json', '{"username":"supplier-1","password":["hunter2"]}'],
    ['a name that is escaped', 'application/json', '{"username":"supplier-1","pass\\u0077ord":"hunter2"}'],
  ])('holds no password of %s, and no token', async (_, type, body) => {
    await using own = await openMock()
    const answer = await request(own.app).post('/organizations/user-login/').set('Content-Type', type).send(body)
    const { text } = await request(own.app).get('/__mock/requests')
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain(answer.body.auth_token ?? 'hunter2')
  })
})

describe('requests that cross', () => {
  const racing = racingStore()
  let raced: Mock
  beforeAll(async () => void (raced = await openMock({ ...TOKENS, store: racing })))
  afterAll(() => raced.close())

  /** Six units of each of two suppliers, all allocated; in every session the ids are the same. */
  async function begin(isAsked: boolean): Promise<{ all: People; order: OrderView }> {
    const all = people(raced)
    const order = await place(all, [sku(1, 6), sku(2, 6)])
    await all.one.allocate(order.order_uuid, allocating([lineAt(order, 0), 6])).expect(200)
    await all.two.allocate(order.order_uuid, allocating([lineAt(order, 1), 6])).expect(200)
    if (isAsked) await all.retailer.cancel(order.order_uuid).expect(204)
    return { all, order }
  }

  type Act = (all: People, order: OrderView) => Test
  interface Outcome {
    readonly statuses: readonly number[]
    readonly order: OrderView
    readonly total: number
    readonly isPending: boolean
  }

  /** What has become of the order, and whether a cancellation waits: only an answer to it tells. */
  async function outcome({ retailer, one, session }: People, { order_uuid: id }: OrderView, statuses: number[]): Promise<Outcome> {
    const { body: order } = await retailer.get(id).expect(200)
    const { total } = await raced.session(session).entities({ kind: 'order', changed: true })
    return { statuses, order, total, isPending: (await one.answer('reject', id)).status === 204 }
  }

  async function inTurn(acts: readonly Act[], isAsked: boolean): Promise<Outcome> {
    const { all, order } = await begin(isAsked)
    const statuses: number[] = []
    for (const act of acts) statuses.push((await act(all, order)).status)
    return outcome(all, order, statuses)
  }

  const cancel: Act = ({ retailer }, { order_uuid: id }) => retailer.cancel(id)
  const cancelLine: Act = ({ retailer }, order) => retailer.cancelLine(lineAt(order, 0))
  const answer =
    (said: Answer, by: 'one' | 'two' = 'one'): Act =>
    (all, { order_uuid: id }) =>
      all[by].answer(said, id)
  const ship =
    (number: string, units: number): Act =>
    ({ one }, order) =>
      one.ship(order.order_uuid, packing(number, [lineAt(order, 0), units]))
  const allocate =
    (units: number): Act =>
    ({ one }, order) =>
      one.allocate(order.order_uuid, allocating([lineAt(order, 0), units, 6 - units]))
  const create =
    (number: string): Act =>
    ({ retailer }) =>
      retailer.create(placing([sku(1, 1)], { po_number: number }))

  const rows: readonly (readonly [
    string,
    { readonly asked: boolean; readonly a: Act; readonly b: Act; readonly ab: readonly number[]; readonly ba: readonly number[] },
  ])[] = [
    ['cancel (order), shipment', { asked: false, a: cancel, b: ship('t01', 2), ab: [204, 201], ba: [201, 422] }],
    ['cancel (line), shipment', { asked: false, a: cancelLine, b: ship('t01', 2), ab: [204, 201], ba: [201, 422] }],
    ['cancel (line), allocation', { asked: false, a: cancelLine, b: allocate(2), ab: [204, 422], ba: [200, 204] }],
    ['cancel (order), cancel (line)', { asked: false, a: cancel, b: cancelLine, ab: [204, 204], ba: [204, 204] }],
    ['confirmation, shipment', { asked: true, a: answer('confirm'), b: ship('t01', 2), ab: [204, 422], ba: [201, 422] }],
    ['rejection, shipment', { asked: true, a: answer('reject'), b: ship('t01', 2), ab: [204, 201], ba: [201, 422] }],
    ['confirmation, rejection', { asked: true, a: answer('confirm'), b: answer('reject'), ab: [204, 422], ba: [204, 422] }],
    ['confirmation, confirmation', { asked: true, a: answer('confirm'), b: answer('confirm'), ab: [204, 422], ba: [204, 422] }],
    [
      "one supplier's confirmation, another's rejection",
      { asked: true, a: answer('confirm'), b: answer('reject', 'two'), ab: [204, 204], ba: [204, 204] },
    ],
    ['rejection, allocation', { asked: true, a: answer('reject'), b: allocate(2), ab: [204, 200], ba: [422, 204] }],
    ['shipments of all units', { asked: false, a: ship('t01', 6), b: ship('t02', 6), ab: [201, 422], ba: [201, 422] }],
    ['shipments of some units', { asked: false, a: ship('t01', 2), b: ship('t02', 3), ab: [201, 201], ba: [201, 201] }],
    ['shipments of one number', { asked: false, a: ship('t01', 2), b: ship('t01', 3), ab: [201, 422], ba: [201, 422] }],
    ['shipment, allocation of fewer', { asked: false, a: ship('t01', 4), b: allocate(2), ab: [201, 422], ba: [200, 422] }],
    ['orders', { asked: false, a: create('po-a'), b: create('po-b'), ab: [201, 201], ba: [201, 201] }],
  ]

  it.each(rows)('%s: each order of the two has its answers', async (_, { asked, a, b, ab, ba }) => {
    expect((await inTurn([a, b], asked)).statuses).toEqual(ab)
    expect((await inTurn([b, a], asked)).statuses).toEqual(ba)
  })

  it.each(rows)('%s: at once is one after the other', async (_, { asked, a, b }) => {
    const first = await inTurn([a, b], asked)
    const second = await inTurn([b, a], asked)
    const serial = [first, { ...second, statuses: second.statuses.toReversed() }]
    await Promise.all(
      Array.from({ length: 10 }, async (_try, index) => {
        const { all, order } = await begin(asked)
        // Each is sent first as often as the other.
        const sent = index % 2 === 0 ? [a, b] : [b, a]
        const statuses = (await Promise.all(sent.map((act) => act(all, order)))).map(({ status }) => status)
        expect(serial).toContainEqual(await outcome(all, order, index % 2 === 0 ? statuses : statuses.toReversed()))
      }),
    )
  })

  it('cancel, shipment: in both orders the shipment stands and nothing waits', async () => {
    for (const asking of [cancel, cancelLine])
      for (const acts of [
        [asking, ship('t01', 2)],
        [ship('t01', 2), asking],
      ]) {
        const { order } = await inTurn(acts, false)
        expect(short(order)[0]).toEqual(['HasTracking', 6, 0, 2])
      }
    const { isPending } = await inTurn([cancelLine, ship('t01', 2)], false)
    expect(isPending).toBe(false)
  })

  it('fifty at once of one unit each: six ship', async () => {
    const { all, order } = await begin(false)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ship(`t${index}`, 1)(all, order)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(6)
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(44)
    expect(short((await all.one.get(order.order_uuid)).body)).toEqual([['HasTracking', 6, 0, 6]])
    const packages: string[] = answers.flatMap(({ body }) => (body.package_uuid === undefined ? [] : [body.package_uuid]))
    expect(new Set(packages).size).toBe(6)
  })

  it('fifty orders at once: each has its own id', async () => {
    const all = people(raced)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => all.retailer.create(placing([sku(1, 1)], { po_number: `po-${index}` }))),
    )
    expect(new Set(answers.map(({ body }) => body.order_uuid)).size).toBe(50)
    expect(new Set(answers.map(({ body }) => lineAt(body, 0))).size).toBe(50)
    const { body } = await all.retailer.search({ start_date: NOW, limit: 100 }).expect(200)
    expect(body.total_results).toBe(50)
  })

  it('did collide', () => expect(racing.retries).toBeGreaterThan(50))
})
