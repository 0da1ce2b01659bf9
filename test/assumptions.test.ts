import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AssumptionName, ASSUMPTIONS } from '../src/domain/assumption.ts'
import type { Mock } from '../src/index.ts'
import { ACCOUNT, ALLOCATION, LINE, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER } from './support.ts'

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
const packing = (order: Placed, quantity_shipped: number, more: object = {}): object => ({
  line_items: [{ line_item_uuid: lineOf(order), quantity_shipped, ...more }],
})
const shipping = (order: Placed, tracking_number: string, quantity: number, more: object = {}): Sent =>
  supplier('post', `/orders/tracking/${order.order_uuid}/`, { tracking_number, ...packing(order, quantity, more) })
const searching = (body: object): Sent => supplier('post', '/orders/', body)

const ordering = (orderNumber: string, ...quantitiesOf: readonly number[]): Sent =>
  oms('post', '/order/', {
    orderNumber,
    channelId: '12',
    statusCode: 'ORDER_CREATED',
    items: quantitiesOf.map((orderedQuantity, place) => ({ lineItemId: `${orderNumber}-${place + 1}`, sku: `goods-${place + 1}`, orderedQuantity })),
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
          expect(await sendOne(supplier('put', `/orders/allocation/${ORDER}/`, quantities(units)))).toMatchObject({ status: 200, assumption })
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
        expect(again).toMatchObject({ status: 201, assumption, body: { po_number: 'again', order_uuid: expect.not.stringMatching(order_uuid) } })
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
      'a token that nobody has named is refused; the documents own ones and those of a login are not',
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
        expect(await sendOne(supplier('get', '/orders'))).toMatchObject({ status: 404 })
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
        const items = (made.body as readonly Allocated[]).map((one) => one.items.map(({ orderLineId, quantity }) => [orderLineId, quantity]))
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
        expect(await sendOne(generating('unheard', [{ lineItemId: 'a', quantity: 2 }]))).toMatchObject({ status: 404, assumption: undefined })
      },
    ],
  },
}

const shownOf = (name: AssumptionName): Readonly<Record<string, Shown>> => SHOWN[name]

describe('the value of an assumption', () => {
  const rows = NAMES.flatMap((name) =>
    valuesOf(name).map((value) => {
      const [what, show] = shownOf(name)[value] ?? ['nothing shows it', undefined]
      return { name, value, what, show }
    }),
  )
  it.each(rows)('$name=$value: $what', async ({ name, value, show }) => {
    if (!show) throw new Error('write a test that shows it')
    await using mock = await openMock({ assume: { [name]: value } })
    await show(sceneOf(mock), name)
  })

  it('is the first where nobody chooses one', async () => {
    await using mock = await openMock()
    for (const name of NAMES) await shownOf(name)[valuesOf(name)[0] ?? '']?.[1](sceneOf(mock), name)
  })

  it('is tested only where there is one', () => {
    expect(Object.entries(SHOWN).map(([name, values]) => [name, Object.keys(values).toSorted()])).toEqual(
      NAMES.map((name) => [name, valuesOf(name).toSorted()]),
    )
  })
})
