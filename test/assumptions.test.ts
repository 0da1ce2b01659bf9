import request from 'supertest'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AssumptionName, ASSUMPTIONS } from './support.ts'
import type { Mock } from '../src/index.ts'
import { ACCOUNT, ALLOCATION, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER } from './support.ts'

type Verb = 'get' | 'put' | 'post' | 'patch' | 'delete'
type Headers = Readonly<Record<string, string>>

interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Undefined where there is none. */
  readonly body: unknown
  /** Which assumption shaped it. */
  readonly assumption: string | undefined
}

const OMS = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
const FIRST_SUPPLIER = 'd6ac857d-c844-4312-8485-6d121d065308'
const NO_ID = '000000000000000000000000'
/** A number of units that no account has. */
const VAST = 1_000_000
const NAMES = Object.keys(ASSUMPTIONS) as AssumptionName[]
const valuesOf = (name: AssumptionName): readonly string[] => ASSUMPTIONS[name].values
const alternatives = NAMES.flatMap((name) => valuesOf(name).flatMap((value, index) => (index === 0 ? [] : [[name, value] as const])))

/** A request of a test, whoever sends it. */
interface Sent {
  readonly verb: Verb
  readonly path: string
  readonly headers: Headers
  readonly body?: object
}

const of =
  (headers: Headers) =>
  (verb: Verb, path: string, body?: object): Sent => ({ verb, path, headers, ...(body !== undefined && { body }) })
const supplier = of({ Authorization: SUPPLIER })
const retailer = of({ Authorization: RETAILER })
const oms = (verb: Verb, path: string, body?: object): Sent => of(OMS)(verb, `/api/v2${path}`, body)

async function send(mock: Mock, session: string, { verb, path, headers, body }: Sent): Promise<Omit<Answer, 'assumption'>> {
  const test = request(mock.app)[verb](path).redirects(0).set(headers).set('Mock-Session', session)
  const answer = await test.send(body)
  return { status: answer.status, headers: answer.headers, body: answer.text === '' ? undefined : JSON.parse(answer.text) }
}

// What both halves of the file send.

interface Placed {
  readonly order_uuid: string
  readonly line_items: readonly {
    readonly uuid: string
    readonly status: string
    readonly allocation: { readonly quantity_allocated: number; readonly quantity_rejected: number }
  }[]
}

interface Allocated {
  readonly allocationId: string
  readonly version: number
  readonly items: readonly { readonly orderLineId: string; readonly quantity: number }[]
}

interface Searched {
  readonly total_results: number
  readonly orders: readonly Placed[]
}

const ADDRESS = { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' }
const placing = (po_number: string, ...ordered: readonly number[]): Sent =>
  retailer('post', '/orders/create/', {
    po_number,
    address: ADDRESS,
    skus: ordered.map((quantity) => ({ sku_id: '000106', quantity, supplier_org_uuid: FIRST_SUPPLIER })),
  })
const lineOf = ({ line_items }: Placed, place = 0): string => line_items[place]?.uuid ?? ''
/** Quantities of the order's lines, in their order: allocated, and rejected where that is said. */
const allocating = (order: Placed, ...lines: readonly (readonly [allocated: number, rejected?: number])[]): Sent =>
  supplier('put', `/orders/allocation/${order.order_uuid}/`, {
    line_items: lines.map(([quantity_allocated, quantity_rejected = 0], place) => ({
      line_item_uuid: lineOf(order, place),
      allocation: { quantity_allocated, quantity_rejected },
    })),
  })
const reading = ({ order_uuid }: Placed): Sent => supplier('get', `/orders/${order_uuid}/`)
const cancelling = ({ order_uuid }: Placed): Sent => retailer('patch', '/orders/cancel/', { order_uuid })
const cancellingLine = (order: Placed, place: number): Sent => retailer('delete', `/orders/items/cancel/${lineOf(order, place)}/`)
const answering = ({ order_uuid }: Placed, answer: 'confirm' | 'reject'): Sent =>
  supplier('patch', `/orders/cancel/${order_uuid}/${answer}/`)
const shipping = (order: Placed, tracking_number: string, quantity_shipped: number, more: object = {}): Sent =>
  supplier('post', `/orders/tracking/${order.order_uuid}/`, {
    tracking_number,
    line_items: [{ line_item_uuid: lineOf(order), quantity_shipped, ...more }],
  })
const repacking = ({ order_uuid }: Placed, tracking_number: string, [line_item_uuid, quantity_shipped]: readonly [string, number]): Sent =>
  supplier('put', `/orders/tracking/${order_uuid}/${tracking_number}/`, { line_items: [{ line_item_uuid, quantity_shipped }] })
const searching = (body: object): Sent => supplier('post', '/orders/', body)

const ordering = (orderNumber: string, ...quantitiesOf: readonly number[]): Sent =>
  oms('post', '/order/', {
    orderNumber,
    channelId: '12',
    statusCode: 'ORDER_CREATED',
    items: quantitiesOf.map((orderedQuantity, place) => ({
      lineItemId: `${orderNumber}-${place + 1}`,
      sku: `goods-${place + 1}`,
      orderedQuantity,
    })),
    shipInfo: [{ shipToId: 'there' }],
  })
const generating = (orderNumber: string, items?: readonly object[]): Sent =>
  oms('post', '/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber, ...(items && { items }) } })
const querying = (filters: object): Sent => oms('post', '/allocation/query', { filters, sortBy: 'allocationId' })
const cancellingAllocation = (...ids: readonly string[]): Sent => oms('put', `/allocation/cancel/${ids.join(',')}`)

// Each value of each assumption, alone.

/** A session of a mock, and the last answer's assumption from the journal. */
interface Scene {
  send(sent: Sent): Promise<Answer>
  /** Sends what must succeed before the test proper. */
  done<Body>(sent: Sent): Promise<Body>
}

function sceneOf(mock: Mock): Scene {
  const session = ownSession()
  const sendOne = async (sent: Sent): Promise<Answer> => {
    const answer = await send(mock, session, sent)
    const [entry] = await mock.session(session).requests({ limit: 1 })
    const assumption = entry?.['assumption']
    return { ...answer, assumption: typeof assumption === 'string' ? assumption : undefined }
  }
  return {
    send: sendOne,
    async done<Body>(sent: Sent) {
      const { status, body } = await sendOne(sent)
      if (status >= 300) throw new Error(`${sent.verb} ${sent.path} answers ${status}: ${JSON.stringify(body)}`)
      return body as Body
    },
  }
}

type Shown = readonly [what: string, show: (scene: Scene, name: AssumptionName) => Promise<void>]

const allocationOf = (order: Placed): readonly object[] => order.line_items.map(({ allocation }) => allocation)
const statusOf = (order: Placed): readonly string[] => order.line_items.map(({ status }) => status)

/** An order of two lines: of the first a unit has shipped, the cancellation of the second waits. */
async function shippedInPart(done: Scene['done']): Promise<Placed> {
  const order = await done<Placed>(placing('in part', 6, 4))
  await done(allocating(order, [6], [4]))
  await done(shipping(order, 't01', 1))
  await done(cancellingLine(order, 1))
  return order
}

/** What cancelling again answers: of a cancelled allocation, of one that has shipped, and of one that is not there. */
async function cancelTwice({ send: sendOne, done }: Scene): Promise<{ first: Allocated; again: Answer; shipped: Answer; unknown: Answer }> {
  const [shipped] = await done<readonly Allocated[]>(querying({ statusCode: 'SHIPPED' }))
  const [first] = await done<[Allocated]>(cancellingAllocation(ALLOCATION))
  return {
    first,
    again: await sendOne(cancellingAllocation(ALLOCATION)),
    shipped: await sendOne(cancellingAllocation(shipped?.allocationId ?? '')),
    unknown: await sendOne(cancellingAllocation(NO_ID)),
  }
}

/** An order that has taken all there is of its goods, generated once more. */
async function generateOnNothing({ send: sendOne, done }: Scene): Promise<Answer> {
  await done(ordering('vast', VAST))
  const some = await sendOne(generating('vast'))
  expect(some).toMatchObject({ status: 206, assumption: 'oms.generate.documents' })
  return await sendOne(generating('vast'))
}

const SHOWN: { readonly [Name in AssumptionName]: Readonly<Record<(typeof ASSUMPTIONS)[Name]['values'][number], Shown>> } = {
  'supplier.allocate.sum': {
    enforced: [
      'five units of six are refused, and nothing changes',
      async ({ send: sendOne, done }, assumption) => {
        const refusal = await sendOne(supplier('put', `/orders/allocation/${ORDER}/`, quantities(5)))
        expect(refusal).toMatchObject({
          status: 400,
          assumption,
          body: { line_items: [{ allocation: { non_field_errors: [expect.stringContaining('is 5, not the 6 ordered')] } }] },
        })
        await done(supplier('put', `/orders/allocation/${ORDER}/`, quantities(5, 1)))
      },
    ],
    off: [
      'five units of six are taken, and seven',
      async ({ send: sendOne, done }, assumption) => {
        for (const units of [5, 7]) {
          expect(await sendOne(supplier('put', `/orders/allocation/${ORDER}/`, quantities(units)))).toMatchObject({
            status: 200,
            assumption,
          })
          const order = await done<Placed>(supplier('get', `/orders/${ORDER}/`))
          expect(allocationOf(order)).toMatchObject([{ quantity_allocated: units, quantity_backordered: 0, quantity_rejected: 0 }])
        }
      },
    ],
  },
  'supplier.allocate.lines': {
    portion: [
      'one of two lines may be allocated alone',
      async ({ send: sendOne, done }) => {
        const order = await done<Placed>(placing('portion', 6, 4))
        expect(await sendOne(allocating(order, [6]))).toMatchObject({ status: 200 })
        expect(statusOf(await done<Placed>(reading(order)))).toEqual(['Allocated', 'Unallocated'])
      },
    ],
    all: [
      'every line that is open must be named',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('all', 6, 4))
        expect(await sendOne(allocating(order, [6]))).toMatchObject({
          status: 400,
          assumption,
          body: { line_items: [expect.stringContaining(lineOf(order, 1))] },
        })
        expect(statusOf(await done<Placed>(reading(order)))).toEqual(['Unallocated', 'Unallocated'])
        await done(allocating(order, [6], [4]))
        await done(cancellingLine(order, 1))
        await done(allocating(order, [5, 1]))
      },
    ],
  },
  'supplier.rejected.falls': {
    allowed: [
      'two rejected units are allocated after all',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('allowed', 6))
        await done(allocating(order, [4, 2]))
        expect(await sendOne(allocating(order, [6]))).toMatchObject({ status: 200, assumption })
        expect(allocationOf(await done<Placed>(reading(order)))).toMatchObject([{ quantity_allocated: 6, quantity_rejected: 0 }])
      },
    ],
    refused: [
      'two rejected units stay so, and more may be',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('refused', 6))
        await done(allocating(order, [4, 2]))
        expect(await sendOne(allocating(order, [5, 1]))).toMatchObject({
          status: 422,
          assumption,
          body: { line_items: [{ allocation: { quantity_rejected: [expect.stringContaining('rejected for good')] } }] },
        })
        expect(allocationOf(await done<Placed>(reading(order)))).toMatchObject([{ quantity_allocated: 4, quantity_rejected: 2 }])
        await done(allocating(order, [3, 3]))
      },
    ],
  },
  'supplier.sku-cost': {
    'from-order': [
      'the cost of the order stands where the supplier has given none',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('cost', 6))
        expect(await sendOne(allocating(order, [6]))).toMatchObject({
          assumption,
          body: { line_items: [{ supplier_provided_sku_cost: 66.05 }] },
        })
        await done(shipping(order, 't01', 1, { supplier_provided_sku_cost: 9.5 }))
        const given = await sendOne(allocating(order, [5, 1]))
        expect(given).toMatchObject({ assumption: undefined, body: { line_items: [{ supplier_provided_sku_cost: 9.5 }] } })
      },
    ],
    null: [
      'nothing stands where the supplier has given none',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('cost', 6))
        expect(await sendOne(allocating(order, [6]))).toMatchObject({
          assumption,
          body: { line_items: [{ supplier_provided_sku_cost: null }] },
        })
        await done(shipping(order, 't01', 1, { supplier_provided_sku_cost: 9.5 }))
        const given = await sendOne(allocating(order, [5, 1]))
        expect(given).toMatchObject({ assumption: undefined, body: { line_items: [{ supplier_provided_sku_cost: 9.5 }] } })
      },
    ],
  },
  'supplier.cancel.steps': {
    'two-step': [
      'a line is cancelled once its supplier confirms it, and takes no allocation until then',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('two-step', 6, 4))
        await done(allocating(order, [6], [4]))
        expect(await sendOne(cancellingLine(order, 1))).toMatchObject({ status: 204, assumption })
        expect(await sendOne(cancelling(order))).toMatchObject({ status: 204, assumption })
        expect(statusOf(await done<Placed>(reading(order)))).toEqual(['Allocated', 'Allocated'])
        expect(await sendOne(allocating(order, [6]))).toMatchObject({ status: 422 })
        await done(answering(order, 'confirm'))
        expect(statusOf(await done<Placed>(reading(order)))).toEqual(['Cancelled', 'Cancelled'])
      },
    ],
    'auto-confirm': [
      'a line is cancelled at once, and nothing waits for an answer',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('auto-confirm', 6, 4))
        await done(allocating(order, [5, 1], [4]))
        expect(await sendOne(cancellingLine(order, 1))).toMatchObject({ status: 204, assumption })
        expect(statusOf(await done<Placed>(reading(order)))).toEqual(['Allocated', 'Cancelled'])
        expect(await sendOne(cancelling(order))).toMatchObject({ status: 204, assumption })
        const cancelled = await done<Placed>(reading(order))
        expect(statusOf(cancelled)).toEqual(['Cancelled', 'Cancelled'])
        expect(allocationOf(cancelled)).toMatchObject([{ quantity_allocated: 0, quantity_rejected: 1 }, { quantity_allocated: 0 }])
        expect(await sendOne(answering(order, 'confirm'))).toMatchObject({ status: 422 })
      },
    ],
  },
  'supplier.tracking.pending': {
    accepted: [
      'a parcel answers the cancellation that waits',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('accepted', 6))
        await done(allocating(order, [6]))
        await done(cancelling(order))
        expect(await sendOne(shipping(order, 't01', 1))).toMatchObject({ status: 201, assumption })
        expect(await sendOne(answering(order, 'confirm'))).toMatchObject({ status: 422 })
        expect(await sendOne(shipping(order, 't02', 1))).toMatchObject({ status: 201, assumption: undefined })
        const other = await shippedInPart(done)
        expect(await sendOne(repacking(other, 't01', [lineOf(other, 1), 2]))).toMatchObject({ status: 200, assumption })
        expect(await sendOne(repacking(other, 't01', [lineOf(other, 1), 3]))).toMatchObject({ status: 200, assumption: undefined })
      },
    ],
    refused: [
      'the cancellation has to be answered before a parcel',
      async ({ send: sendOne, done }, assumption) => {
        const order = await done<Placed>(placing('refused', 6))
        await done(allocating(order, [6]))
        await done(cancelling(order))
        expect(await sendOne(shipping(order, 't01', 1))).toMatchObject({
          status: 422,
          assumption,
          body: { line_items: [[expect.stringContaining('waits for an answer')]].map((non_field_errors) => ({ non_field_errors })) },
        })
        await done(answering(order, 'reject'))
        expect(await sendOne(shipping(order, 't01', 1))).toMatchObject({ status: 201, assumption: undefined })
        const other = await shippedInPart(done)
        expect(await sendOne(repacking(other, 't01', [lineOf(other, 1), 2]))).toMatchObject({ status: 422, assumption })
        expect(await sendOne(repacking(other, 't01', [lineOf(other), 2]))).toMatchObject({ status: 200, assumption: undefined })
      },
    ],
  },
  'supplier.search.limit': {
    'page-size': [
      'five orders from the third on',
      async ({ send: sendOne, done }, assumption) => {
        const all = await done<Searched>(searching({ limit: 10 }))
        const page = await sendOne(searching({ start: 2, limit: 5 }))
        expect(page).toMatchObject({ status: 200, assumption })
        expect(page.body).toEqual({ total_results: all.total_results, orders: all.orders.slice(2, 7) })
      },
    ],
    'end-index': [
      'the third order to the fifth, and none where the end lies before the start',
      async ({ send: sendOne, done }, assumption) => {
        const all = await done<Searched>(searching({ limit: 10 }))
        const page = await sendOne(searching({ start: 2, limit: 5 }))
        expect(page).toMatchObject({ status: 200, assumption })
        expect(page.body).toEqual({ total_results: all.total_results, orders: all.orders.slice(2, 5) })
        for (const limit of [2, 1])
          expect(await done(searching({ start: 2, limit }))).toEqual({ total_results: all.total_results, orders: [] })
      },
    ],
  },
  'supplier.po-number.again': {
    allowed: [
      'the same number makes a second order',
      async ({ send: sendOne, done }, assumption) => {
        const { order_uuid } = await done<Placed>(placing('again', 1))
        const again = await sendOne(placing('again', 1))
        expect(again).toMatchObject({
          status: 201,
          assumption,
          body: { po_number: 'again', order_uuid: expect.not.stringMatching(order_uuid) },
        })
        expect(await done(searching({ po_number: 'again' }))).toMatchObject({ total_results: 2 })
      },
    ],
    refused: [
      "a retailer's own number is refused, also that of an order it has from the start",
      async ({ send: sendOne, done }, assumption) => {
        await done(placing('again', 1))
        for (const number of ['again', 'po-5527771067'])
          expect(await sendOne(placing(number, 1))).toMatchObject({
            status: 400,
            assumption,
            body: { po_number: [expect.stringContaining('has the number')] },
          })
        expect(await done(searching({ po_number: 'again' }))).toMatchObject({ total_results: 1 })
        const { auth_token } = await done<{ auth_token: string }>(
          of({})('post', '/organizations/user-login/', { username: 'retailer-2', password: 'any' }),
        )
        const other = await sendOne({ ...placing('again', 1), headers: { Authorization: `Token ${auth_token}` } })
        expect(other).toMatchObject({ status: 201, assumption: undefined })
      },
    ],
  },
  'supplier.tokens': {
    any: [
      "a token that nobody has named is the first supplier's",
      async ({ send: sendOne, done }) => {
        const order = await done<Placed>(supplier('get', `/orders/${ORDER}/`))
        const answer = await sendOne(of({ Authorization: 'Token nobody' })('get', `/orders/${ORDER}/`))
        expect(answer).toMatchObject({ status: 200, assumption: undefined, body: order })
      },
    ],
    named: [
      "a token that nobody has named is refused; the documents' own and those of a login are not",
      async ({ send: sendOne, done }, assumption) => {
        const reader = (token: string): Sent => of({ Authorization: `Token ${token}` })('get', `/orders/${ORDER}/`)
        const refusal = await sendOne(reader('nobody'))
        expect(refusal).toMatchObject({ status: 401, assumption, body: { detail: 'Invalid token.' } })
        expect(refusal.headers['www-authenticate']).toBe('Token')
        const { auth_token } = await done<{ auth_token: string }>(
          of({})('post', '/organizations/user-login/', { username: 'supplier-1', password: 'any' }),
        )
        for (const sent of [reader(auth_token), supplier('get', `/orders/${ORDER}/`), retailer('get', `/orders/${ORDER}/`)])
          expect(await sendOne(sent)).toMatchObject({ status: 200, assumption: undefined })
      },
    ],
  },
  'supplier.trailing-slash': {
    required: [
      'a path without its slash is none',
      async ({ send: sendOne }, assumption) => {
        const refusal = await sendOne(supplier('get', `/orders/${ORDER}`))
        expect(refusal).toMatchObject({ status: 404, assumption, body: { detail: 'Not found.' } })
      },
    ],
    redirect: [
      'a path without its slash leads to that with one',
      async ({ send: sendOne }, assumption) => {
        const refusal = await sendOne(supplier('get', `/orders/${ORDER}?a=1`))
        expect(refusal).toMatchObject({ status: 301, assumption, body: undefined })
        expect(refusal.headers['location']).toBe(`/orders/${ORDER}/?a=1`)
        expect(await sendOne(supplier('get', refusal.headers['location'] ?? ''))).toMatchObject({ status: 200, assumption: undefined })
      },
    ],
    optional: [
      'a path without its slash is the same path',
      async ({ send: sendOne, done }, assumption) => {
        const body = await done(supplier('get', `/orders/${ORDER}/`))
        expect(await sendOne(supplier('get', `/orders/${ORDER}`))).toMatchObject({ status: 200, assumption, body })
        expect(await sendOne(supplier('get', '/orders'))).toMatchObject({ status: 405, assumption })
        expect(await sendOne(supplier('get', '/nobody'))).toMatchObject({ status: 404, assumption: undefined })
      },
    ],
  },
  'oms.cancel.again': {
    404: [
      'what is cancelled is not found, nor what has shipped',
      async (scene, assumption) => {
        const { again, shipped, unknown } = await cancelTwice(scene)
        for (const one of [again, shipped])
          expect(one).toMatchObject({ status: 404, assumption, body: expect.stringContaining('nothing left to cancel') })
        expect(unknown).toMatchObject({ status: 404, assumption: undefined })
      },
    ],
    400: [
      'what is cancelled is a bad request, and so is what has shipped',
      async (scene, assumption) => {
        const { again, shipped, unknown } = await cancelTwice(scene)
        for (const one of [again, shipped])
          expect(one).toMatchObject({ status: 400, assumption, body: expect.stringContaining('nothing left to cancel') })
        expect(unknown).toMatchObject({ status: 404, assumption: undefined })
      },
    ],
    200: [
      'what is cancelled is answered as it is; what has shipped is not found',
      async (scene, assumption) => {
        const { first, again, shipped, unknown } = await cancelTwice(scene)
        expect(again).toMatchObject({ status: 200, assumption, body: [first] })
        expect(shipped).toMatchObject({ status: 404, assumption })
        expect(unknown).toMatchObject({ status: 404, assumption: undefined })
      },
    ],
  },
  'oms.query.none': {
    404: [
      'a query that matches nothing is not found',
      async ({ send: sendOne }, assumption) => {
        const none = await sendOne(querying({ poNumber: 'nobody' }))
        expect(none).toMatchObject({ status: 404, assumption, body: expect.stringContaining('not found') })
      },
    ],
    200: [
      'a query that matches nothing has an empty list',
      async ({ send: sendOne }, assumption) => {
        const none = await sendOne(querying({ poNumber: 'nobody' }))
        expect(none).toMatchObject({ status: 200, assumption, body: [] })
      },
    ],
  },
  'oms.generate.documents': {
    'per-location': [
      'two lines that ship from one location share a document',
      async ({ send: sendOne, done }, assumption) => {
        await done(ordering('both', 2, 3))
        const made = await sendOne(generating('both'))
        expect(made).toMatchObject({ status: 200, assumption })
        expect(made.body).toMatchObject([{ items: [{ orderLineId: 'both-1' }, { orderLineId: 'both-2' }] }])
        expect(made.body).toHaveLength(1)
      },
    ],
    'per-line': [
      'two lines have a document each',
      async ({ send: sendOne, done }, assumption) => {
        await done(ordering('both', 2, 3))
        const made = await sendOne(generating('both'))
        expect(made).toMatchObject({ status: 200, assumption })
        const items = (made.body as readonly Allocated[]).map((one) =>
          one.items.map(({ orderLineId, quantity }) => [orderLineId, quantity]),
        )
        expect(items).toEqual([[['both-1', 2]], [['both-2', 3]]])
      },
    ],
  },
  'oms.generate.none': {
    206: [
      'where no location has anything, the list is empty',
      async (scene, assumption) => expect(await generateOnNothing(scene)).toMatchObject({ status: 206, assumption, body: [] }),
    ],
    404: [
      'where no location has anything, that is not found',
      async (scene, assumption) =>
        expect(await generateOnNothing(scene)).toMatchObject({
          status: 404,
          assumption,
          body: expect.stringContaining('No location has any'),
        }),
    ],
  },
  'oms.generate.unknown-order': {
    404: [
      'an order that nobody created is not found, whatever lines are named',
      async ({ send: sendOne }, assumption) => {
        for (const items of [undefined, [{ lineItemId: 'a', quantity: 2 }]])
          expect(await sendOne(generating('unheard', items))).toMatchObject({
            status: 404,
            assumption,
            body: expect.stringContaining('not found'),
          })
      },
    ],
    accepted: [
      'an order that nobody created has the lines that are named, and has to have some',
      async ({ send: sendOne, done }, assumption) => {
        for (const items of [undefined, [], [{ lineItemId: 'a' }]])
          expect(await sendOne(generating('unheard', items))).toMatchObject({ status: 400, assumption })
        expect(await sendOne(oms('get', '/order/?orderNumber=unheard'))).toMatchObject({ status: 404, assumption: undefined })
        expect(await sendOne(generating('unheard', [{ lineItemId: 'a', quantity: 2 }]))).toMatchObject({
          status: 200,
          assumption,
          body: [{ items: [{ orderLineId: 'a', quantity: 2 }] }],
        })
        expect(await done(oms('get', '/order/?orderNumber=unheard'))).toMatchObject({
          statusCode: 'ORDER_ALLOCATED',
          items: [{ lineItemId: 'a', orderedQuantity: 2 }],
        })
        // From then on it is an order like any other.
        expect(await sendOne(generating('unheard', [{ lineItemId: 'a', quantity: 2 }]))).toMatchObject({
          status: 404,
          assumption: undefined,
        })
      },
    ],
  },
}

const shownOf = (name: AssumptionName): Readonly<Record<string, Shown>> => SHOWN[name]

describe('the value of an assumption', () => {
  const rows = NAMES.flatMap((name) =>
    valuesOf(name).map((value) => {
      const [what, show] = shownOf(name)[value] ?? ['nothing shows it', undefined]
      return [`${name}=${value}: ${what}`, { name, value, show }] as const
    }),
  )
  it.each(rows)('%s', async (_title, { name, value, show }) => {
    expect(show, 'there is a test that shows it').toBeDefined()
    await using mock = await openMock({ assume: { [name]: value } })
    await show?.(sceneOf(mock), name)
  })

  it('is the first where nobody chooses one', async () => {
    expect.hasAssertions()
    await using mock = await openMock()
    for (const name of NAMES) await shownOf(name)[valuesOf(name)[0] ?? '']?.[1](sceneOf(mock), name)
  })

  it('is tested only where there is one', () => {
    expect(Object.entries(SHOWN).map(([name, values]) => [name, Object.keys(values).toSorted()])).toEqual(
      NAMES.map((name) => [name, valuesOf(name).toSorted()]),
    )
  })
})

// All of them together: what else changes where one does.

/** What the requests of the trace are made of: the answers of those before, under the defaults. */
type Seen = (label: string) => unknown

const placed = (body: unknown): Placed => body as Placed
const allocated = (body: unknown): readonly Allocated[] => body as readonly Allocated[]

/** `status` is what it is answered under the defaults. */
type Step = readonly [label: string, status: number, make: (seen: Seen) => Sent]

const labelled = (session: string, steps: readonly Step[]): Step[] =>
  steps.map(([label, status, make]) => [
    `${session}: ${label}`,
    status,
    (seen) => {
      const sent = make((own) => seen(`${session}: ${own}`))
      return { ...sent, headers: { ...sent.headers, 'Mock-Session': session.replaceAll(' ', '-') } }
    },
  ])

const firstOf = (allocations: readonly Allocated[]): string => allocations[0]?.allocationId ?? ''

/** Each story has a session of its own, so that what an assumption changes in one shows in that one alone. */
const TRACE: readonly Step[] = [
  ...labelled('orders', [
    ['the example', 200, () => supplier('get', `/orders/${ORDER}/`)],
    ['the example, for its retailer', 200, () => retailer('get', `/orders/${ORDER}/`)],
    ['without its slash', 404, () => supplier('get', `/orders/${ORDER}`)],
    ['a search without its slash', 404, () => supplier('post', '/orders', { limit: 2 })],
    ['a path that is none', 404, () => supplier('get', '/nobody/')],
    ['nobody in particular', 200, () => of({ Authorization: 'Token nobody' })('get', `/orders/${ORDER}/`)],
    ['no token', 401, () => of({})('get', `/orders/${ORDER}/`)],
    ['the refused token', 401, () => of({ Authorization: 'Token invalid' })('get', `/orders/${ORDER}/`)],
    ['a login', 200, () => of({})('post', '/organizations/user-login/', { username: 'supplier-1', password: 'any' })],
    [
      'its token',
      200,
      (seen) => of({ Authorization: `Token ${(seen('a login') as { auth_token: string }).auth_token}` })('get', `/orders/${ORDER}/`),
    ],
    ['a first page', 200, () => searching({ limit: 3 })],
    ['a second page', 200, () => searching({ start: 3, limit: 3 })],
    ['a page that ends where it begins', 200, () => searching({ start: 4, limit: 4 })],
    ['a page of the default length', 200, () => searching({ start: 4 })],
    ['a search for nothing', 200, () => searching({ sent_to_supplier: false })],
    ['a search that is malformed', 400, () => searching({ limit: 0 })],
  ]),
  ...labelled('purchases', [
    ['a number', 201, () => placing('trace', 2)],
    ['the number again', 201, () => placing('trace', 2)],
    ['another number', 201, () => placing('other', 2)],
    ['a search for the number', 200, () => searching({ po_number: 'trace' })],
    [
      'an unknown supplier',
      400,
      () => {
        const sent = placing('third', 2)
        return { ...sent, body: { ...sent.body, skus: [{ sku_id: '1', quantity: 1, supplier_org_uuid: ORDER }] } }
      },
    ],
  ]),
  ...labelled('allocating', [
    ['an order', 201, () => placing('trace', 6, 4)],
    ['too little', 400, (seen) => allocating(placed(seen('an order')), [5], [4])],
    ['the order then', 200, (seen) => reading(placed(seen('an order')))],
    ['one line of two', 200, (seen) => allocating(placed(seen('an order')), [6])],
    ['a rejection', 200, (seen) => allocating(placed(seen('an order')), [4, 2], [4])],
    ['less of a rejection', 200, (seen) => allocating(placed(seen('an order')), [6], [4])],
    ['the order at last', 200, (seen) => reading(placed(seen('an order')))],
    ['a line of nobody', 422, (seen) => supplier('put', `/orders/allocation/${placed(seen('an order')).order_uuid}/`, quantities(1))],
    ['not a quantity', 400, (seen) => allocating(placed(seen('an order')), [-1], [4])],
  ]),
  ...labelled('cancelling', [
    ['an order', 201, () => placing('trace', 6, 4)],
    ['a line', 204, (seen) => cancellingLine(placed(seen('an order')), 1)],
    ['the order then', 200, (seen) => reading(placed(seen('an order')))],
    ['an allocation', 422, (seen) => allocating(placed(seen('an order')), [6], [4])],
    ['a rejection of it', 204, (seen) => supplier('patch', `/orders/items/cancel/${lineOf(placed(seen('an order')), 1)}/reject/`)],
    ['the order', 204, (seen) => cancelling(placed(seen('an order')))],
    ['its confirmation', 204, (seen) => answering(placed(seen('an order')), 'confirm')],
    ['the order at last', 200, (seen) => reading(placed(seen('an order')))],
    ['the order again', 422, (seen) => cancelling(placed(seen('an order')))],
  ]),
  ...labelled('shipping', [
    ['an order', 201, () => placing('trace', 6, 4)],
    ['its allocation', 200, (seen) => allocating(placed(seen('an order')), [6], [4])],
    ['a parcel', 201, (seen) => shipping(placed(seen('an order')), 't01', 1)],
    ['its other line cancelled', 204, (seen) => cancellingLine(placed(seen('an order')), 1)],
    ['that line in the parcel', 200, (seen) => repacking(placed(seen('an order')), 't01', [lineOf(placed(seen('an order')), 1), 2])],
    ['the order then', 200, (seen) => reading(placed(seen('an order')))],
    ['a parcel that is too large', 422, (seen) => shipping(placed(seen('an order')), 't02', 6)],
    ['another order', 201, () => placing('other', 6)],
    ['its allocation too', 200, (seen) => allocating(placed(seen('another order')), [6])],
    ['its cancellation', 204, (seen) => cancelling(placed(seen('another order')))],
    ['a parcel nevertheless', 201, (seen) => shipping(placed(seen('another order')), 't01', 1)],
    ['more in that parcel', 200, (seen) => repacking(placed(seen('another order')), 't01', [lineOf(placed(seen('another order'))), 2])],
    ['an answer too late', 422, (seen) => answering(placed(seen('another order')), 'confirm')],
    ['the other order at last', 200, (seen) => reading(placed(seen('another order')))],
  ]),
  ...labelled('allocations', [
    ['the example', 200, () => oms('get', `/allocation/${ALLOCATION}`)],
    ['nobody', 400, () => oms('get', `/allocation/${NO_ID}`)],
    ['without a header', 400, () => of({ Authorization: 'Bearer any' })('get', `/api/v2/allocation/${ALLOCATION}`)],
    ['a query', 200, () => querying({ statusCode: ['ALLOCATED', 'SHIPPED'] })],
    ['a query for nothing', 404, () => querying({ poNumber: 'nobody' })],
    ['a query that is malformed', 400, () => querying({ nobody: 1 })],
    ['a cancellation', 200, () => cancellingAllocation(ALLOCATION)],
    ['the cancellation again', 404, () => cancellingAllocation(ALLOCATION)],
    ['the cancellation of nobody', 404, () => cancellingAllocation(NO_ID)],
    ['the cancelled one', 200, () => oms('get', `/allocation/${ALLOCATION}`)],
    ['those that have shipped', 200, () => querying({ statusCode: 'SHIPPED' })],
    ['the cancellation of one', 404, (seen) => cancellingAllocation(firstOf(allocated(seen('those that have shipped'))))],
  ]),
  ...labelled('generating', [
    ['an order', 200, () => ordering('trace', 2, 3)],
    ['its allocations', 200, () => generating('trace')],
    ['its allocations again', 404, () => generating('trace')],
    ['the order', 200, () => oms('get', '/order/?orderNumber=trace')],
    ['another event', 400, () => oms('post', '/allocation/', { detailType: 'INVOICE_POSTING', detail: { orderNumber: 'trace' } })],
  ]),
  ...labelled('generating on nothing', [
    ['an order', 200, () => ordering('vast', VAST)],
    ['what there is', 206, () => generating('vast')],
    ['what there is not', 206, () => generating('vast')],
    ['the order', 200, () => oms('get', '/order/?orderNumber=vast')],
  ]),
  ...labelled('generating unheard', [
    ['without lines', 404, () => generating('unheard')],
    ['with a line', 404, () => generating('unheard', [{ lineItemId: 'a', quantity: 2 }])],
    ['the order', 404, () => oms('get', '/order/?orderNumber=unheard')],
  ]),
  ...labelled('fulfilling', [
    ['an order', 200, () => ordering('trace', 4)],
    ['its allocation', 200, () => generating('trace')],
    [
      'an update',
      200,
      (seen) => {
        const [first] = allocated(seen('its allocation'))
        return oms('put', `/allocation/${first?.allocationId ?? ''}`, { ...first, statusCode: 'PENDING_DROP' })
      },
    ],
    [
      'a reallocation',
      200,
      (seen) =>
        oms('put', '/allocation/reallocate', {
          channel: '12',
          tenant: ACCOUNT,
          id: firstOf(allocated(seen('its allocation'))),
          documentType: 'ALLOCATION',
        }),
    ],
    ['a shipment', 200, () => oms('post', '/shipment/', { shipmentNum: 'trace', allocationId: ALLOCATION })],
    ['the shipment', 200, (seen) => oms('get', `/shipment/${(seen('a shipment') as { shipmentId: string }).shipmentId}`)],
    ['a shipment of nobody', 404, () => oms('get', `/shipment/${NO_ID}`)],
    ['the order', 200, () => oms('get', '/order/?orderNumber=trace')],
  ]),
]

interface Traced {
  readonly label: string
  readonly sent: Sent
  readonly status: number
  readonly body: unknown
  readonly assumption: string | undefined
}

const answersOf =
  (answers: readonly Traced[]): Seen =>
  (label) => {
    const found = answers.find((one) => one.label === label)
    if (!found) throw new Error(`nothing was sent as "${label}"`)
    return found.body
  }

/** Sends the steps one after the other, to a mock of its own. */
async function run(steps: readonly Step[], assume: Readonly<Record<string, string>> = {}): Promise<Traced[]> {
  const heard: (string | undefined)[] = []
  await using mock = await openMock({ assume, onRequest: ({ assumption }) => heard.push(assumption) })
  const done: Traced[] = []
  for (const [label, , make] of steps) {
    const sent = make(answersOf(done))
    const { status, body } = await send(mock, sent.headers['Mock-Session'] ?? '', sent)
    done.push({ label, sent, status, body, assumption: heard.at(-1) })
  }
  return done
}

/** The labels of answers that are not the same. */
function differing(before: readonly Traced[], after: readonly Traced[]): string[] {
  return after
    .filter(({ status, body }, place) => JSON.stringify([status, body]) !== JSON.stringify([before[place]?.status, before[place]?.body]))
    .map(({ label }) => label)
}

const naming = (answers: readonly Traced[], name: string): string[] =>
  answers.flatMap(({ label, assumption }) => (assumption === name ? [label] : []))

/** What a single other value does to the trace. */
interface Switched {
  /** Every request whose answer is another one. */
  readonly differs: readonly string[]
  /** Every request whose answer names the assumption. */
  readonly named: readonly string[]
  /** The same under the default, where that is not the same. */
  readonly namedBefore?: readonly string[]
}

type Alternative<Name extends AssumptionName> = Exclude<
  (typeof ASSUMPTIONS)[Name]['values'][number],
  (typeof ASSUMPTIONS)[Name]['values'][0]
>

const WITHOUT_SLASH = ['orders: without its slash', 'orders: a search without its slash']
const LATER_PAGES = ['orders: a second page', 'orders: a page that ends where it begins']

const SWITCHES: { readonly [Name in AssumptionName]: Readonly<Record<Alternative<Name>, Switched>> } = {
  'supplier.allocate.sum': {
    off: { differs: ['allocating: too little', 'allocating: the order then'], named: ['allocating: too little'] },
  },
  'supplier.allocate.lines': {
    all: {
      // A line that is left out is told before one that the order does not have.
      differs: ['allocating: one line of two', 'allocating: a line of nobody'],
      named: ['allocating: one line of two', 'allocating: a line of nobody'],
      namedBefore: ['allocating: one line of two'],
    },
  },
  'supplier.rejected.falls': {
    refused: { differs: ['allocating: less of a rejection', 'allocating: the order at last'], named: ['allocating: less of a rejection'] },
  },
  'supplier.sku-cost': {
    null: {
      differs: [
        'allocating: one line of two',
        'allocating: a rejection',
        'allocating: less of a rejection',
        'shipping: its allocation',
        'shipping: its allocation too',
      ],
      // An answer names one assumption, and that lines may be left out, or a rejection fall, is the greater.
      named: ['allocating: a rejection', 'shipping: its allocation', 'shipping: its allocation too'],
    },
  },
  'supplier.cancel.steps': {
    'auto-confirm': {
      differs: [
        'cancelling: the order then',
        'cancelling: an allocation',
        'cancelling: a rejection of it',
        'cancelling: its confirmation',
        'shipping: that line in the parcel',
        'shipping: the order then',
        'shipping: a parcel nevertheless',
        'shipping: more in that parcel',
        'shipping: the other order at last',
      ],
      // The request itself is answered alike; what it has done shows later.
      named: ['cancelling: a line', 'cancelling: the order', 'shipping: its other line cancelled', 'shipping: its cancellation'],
    },
  },
  'supplier.tracking.pending': {
    refused: {
      differs: [
        'shipping: that line in the parcel',
        'shipping: the order then',
        'shipping: a parcel nevertheless',
        'shipping: more in that parcel',
        'shipping: an answer too late',
        'shipping: the other order at last',
      ],
      named: ['shipping: that line in the parcel', 'shipping: a parcel nevertheless'],
    },
  },
  'supplier.search.limit': { 'end-index': { differs: LATER_PAGES, named: LATER_PAGES } },
  'supplier.po-number.again': {
    refused: {
      // An order that is not placed leaves its identifiers to the next.
      differs: ['purchases: the number again', 'purchases: another number', 'purchases: a search for the number'],
      named: ['purchases: the number again'],
    },
  },
  'supplier.tokens': { named: { differs: ['orders: nobody in particular'], named: ['orders: nobody in particular'], namedBefore: [] } },
  'supplier.trailing-slash': {
    redirect: { differs: WITHOUT_SLASH, named: WITHOUT_SLASH },
    optional: { differs: WITHOUT_SLASH, named: WITHOUT_SLASH },
  },
  'oms.cancel.again': {
    400: {
      differs: ['allocations: the cancellation again', 'allocations: the cancellation of one'],
      named: ['allocations: the cancellation again', 'allocations: the cancellation of one'],
    },
    200: {
      // What has shipped is refused alike.
      differs: ['allocations: the cancellation again'],
      named: ['allocations: the cancellation again', 'allocations: the cancellation of one'],
    },
  },
  'oms.query.none': { 200: { differs: ['allocations: a query for nothing'], named: ['allocations: a query for nothing'] } },
  'oms.generate.documents': {
    'per-line': {
      differs: ['generating: its allocations'],
      named: ['generating: its allocations', 'generating on nothing: what there is', 'fulfilling: its allocation'],
    },
  },
  'oms.generate.none': {
    404: { differs: ['generating on nothing: what there is not'], named: ['generating on nothing: what there is not'] },
  },
  'oms.generate.unknown-order': {
    accepted: {
      differs: ['generating unheard: without lines', 'generating unheard: with a line', 'generating unheard: the order'],
      named: ['generating unheard: without lines', 'generating unheard: with a line'],
    },
  },
}

describe('switching an assumption', () => {
  let before: readonly Traced[]
  /** The very requests that were sent under the defaults. */
  let again: readonly Step[]
  beforeAll(async () => {
    before = await run(TRACE)
    again = before.map(({ label, status, sent }) => [label, status, () => sent])
  })

  it('has a trace that means what it says', () => {
    expect(before.map(({ label, status }) => [label, status])).toEqual(TRACE.map(([label, status]) => [label, status]))
    expect(new Set(TRACE.map(([label]) => label)).size).toBe(TRACE.length)
    expect(TRACE.length).toBeGreaterThan(60)
  })

  it('to what it is changes nothing', async () => {
    const defaults = Object.fromEntries(NAMES.map((name) => [name, valuesOf(name)[0] ?? '']))
    const after = await run(again, defaults)
    expect(differing(before, after)).toEqual([])
    expect(after.map(({ assumption }) => assumption)).toEqual(before.map(({ assumption }) => assumption))
  })

  const rows = alternatives.map(([name, value]) => [`${name}=${value}`, name, value] as const)
  it.each(rows)('to %s changes exactly what it is about', async (_title, name, value) => {
    const expected = (SWITCHES[name] as Readonly<Record<string, Switched>>)[value]
    if (!expected) throw new Error('write down what it changes')
    const after = await run(again, { [name]: value })
    expect(differing(before, after)).toEqual(expected.differs)
    expect(naming(after, name)).toEqual(expected.named)
    expect(naming(before, name)).toEqual(expected.namedBefore ?? expected.named)
    expect(expected.differs.length * expected.named.length).toBeGreaterThan(0)
  })

  it('is told by a status alone and by a body alone', () => {
    const [first] = before
    if (!first) throw new Error('the trace is empty')
    expect(differing([first], [{ ...first, status: 418 }])).toEqual([first.label])
    expect(differing([first], [{ ...first, body: undefined }])).toEqual([first.label])
    expect(differing([first], [{ ...first, assumption: 'another' }])).toEqual([])
  })

  it('is expected only where there is something to switch to', () => {
    const expected = Object.entries(SWITCHES).flatMap(([name, values]) => Object.keys(values).map((value) => `${name}=${value}`))
    expect(expected.toSorted()).toEqual(rows.map(([title]) => title).toSorted())
  })
})
