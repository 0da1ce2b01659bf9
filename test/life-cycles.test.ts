import { afterAll, describe, expect, it } from 'vitest'
import parcels from '../examples/parcels/parcels.ts'
import { oms } from '../src/apis/oms/api.ts'
import { supplier } from '../src/apis/supplier/api.ts'
import { defineApi, type Input, kind, type LiveScene, reply } from '../src/api.ts'
import type { Api, Kind } from '../src/core/api.ts'
import type { CoreKinds } from '../src/core/world.ts'
import { movesBy, statesIn } from '../src/core/life-cycle.ts'
import type { Mock, MockSession } from '../src/index.ts'
import { apiOf } from './apis/own.ts'
import { ACCOUNT, LINE, openMock, ORDER, ownSession, RETAILER, SUPPLIER } from './support.ts'

/**
 * What can become of one small thing is explored whole: in every state that it can be in, everything is asked of it. The moves that come of
 * it are those in the table of its kind, each of them and no other.
 */

const opened: Mock[] = []
afterAll(() => Promise.all(opened.map((mock) => mock.close())))

async function mockOf(assume: Readonly<Record<string, string>>, apis?: readonly Api[]): Promise<Mock> {
  const mock = await openMock({ assume, ...(apis && { apis }) })
  opened.push(mock)
  return mock
}

type Ask = (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<unknown>

/** @param headers those of whoever asks, unless a request has its own */
function asking(mock: Mock, session: MockSession, headers: Readonly<Record<string, string>>): Ask {
  return async (method, path, body, own = headers) => {
    const response = await mock.fetch(path, {
      method,
      headers: { ...own, ...session.headers, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
}

/** What is asked in a state. @returns the steps that it took, where it took any */
type Action<E> = (ask: Ask, entity: E, session: MockSession) => Promise<unknown>

interface Thing<E> {
  readonly mock: Mock
  readonly kind: string
  /** Begins with it. */
  begin(session: MockSession): Promise<unknown>
  /** What of it decides what can become of it. */
  facts(entity: E): unknown
  stateOf(entity: E): string
  readonly headers: Readonly<Record<string, string>>
  readonly actions: readonly Action<E>[]
}

/** Everything that can become of it: each move, with what makes it. */
async function movesOf<E>(thing: Thing<E>): Promise<ReadonlySet<string>> {
  const { mock, kind, actions, headers } = thing
  const moves = new Set<string>()
  const tell = async (session: MockSession): Promise<void> => {
    for (const { operation = '', changes = [] } of await session.requests({ changed: kind }))
      for (const change of changes)
        if (change.kind === kind) for (const { from, to } of change.moves ?? []) moves.add(told(operation, from, to))
  }
  const first = await mock.createSession()
  await thing.begin(first)
  const id = (await entitiesIn(first, kind))[0]?.id ?? ''
  await tell(first)
  const seen = new Set<string>()
  const open = [first]
  for (let session = open.pop(); session; session = open.pop()) {
    const entity = await entityIn<E>(session, kind, id)
    for (const action of actions) {
      const next = await session.fork(ownSession())
      const steps = await action(asking(mock, next, headers), entity, next)
      await tell(next)
      const after = await entityIn<E>(next, kind, id)
      const [was, is] = [entity, after].map((one) => thing.stateOf(one))
      if (steps instanceof Taken && was !== is) for (const one of steps.names) moves.add(told(one, was, is))
      const facts = JSON.stringify(thing.facts(after))
      if (seen.has(facts)) await next.drop()
      else open.push(next)
      seen.add(facts)
    }
    await session.drop()
  }
  return moves
}

interface Kept<E> {
  readonly kind: string
  readonly id: string
  readonly to: E
}

async function entitiesIn<E>(session: MockSession, kind: string): Promise<readonly Kept<E>[]> {
  const { changes } = await session.state()
  return Array.isArray(changes) ? changes.filter((change: Kept<E>) => change.kind === kind) : []
}

async function entityIn<E>(session: MockSession, kind: string, id: string): Promise<E> {
  const found = (await entitiesIn<E>(session, kind)).find((one) => one.id === id)
  if (!found) throw new Error(`there is no ${kind} ${id}`)
  return found.to
}

const told = (by: string, from: string | undefined, to: string | undefined): string => `${by}: ${from ?? '-'} > ${to ?? '-'}`

/** The same of the table. */
function tableOf(api: Api, kind: string): readonly string[] {
  const moves = api.kinds[kind]?.lifeCycle?.moves ?? {}
  return Object.keys(moves).flatMap((by) =>
    movesBy(moves, by).flatMap(({ from, to }) => {
      const [before, after] = [from, to].map((states) => (states === undefined ? [undefined] : statesIn(states)))
      return (before ?? []).flatMap((was) => (after ?? []).flatMap((is) => (was === is ? [] : told(by, was, is))))
    }),
  )
}

class Taken {
  readonly names: readonly string[]
  constructor(names: readonly string[]) {
    this.names = names
  }
}

/** The next step by itself, if there is one. */
const step =
  <E>(of: (entity: E) => Readonly<Record<string, string>>): Action<E> =>
  (_ask, entity, session) =>
    session.step(of(entity)).then(
      (names) => new Taken(names),
      () => undefined,
    )

interface Order {
  readonly id: string
  readonly lines: readonly {
    readonly id: string
    readonly allocated: number
    readonly backordered: number
    readonly rejected: number
    readonly shipped: number
    readonly cancellation: string
  }[]
}

const lineOf = ({ lines }: Order): string => lines[0]?.id ?? ''
const asRetailer = { Authorization: RETAILER }

const allocated =
  (...quantities: readonly number[]): Action<Order> =>
  (ask, order) => {
    const [quantity_allocated, quantity_backordered, quantity_rejected] = quantities
    const allocation = { quantity_allocated, quantity_backordered, quantity_rejected, backorder_date: '2026-03-09' }
    return ask('PUT', `/orders/allocation/${order.id}/`, { line_items: [{ line_item_uuid: lineOf(order), allocation }] })
  }

/** An order with lines of so many units, and all that a supplier and a retailer can do with it; with the first line, where it is about one. */
const order = async (assume: Readonly<Record<string, string>>, ...units: readonly number[]): Promise<Thing<Order>> => {
  const mock = await mockOf(assume)
  return {
    mock,
    kind: 'order',
    headers: { Authorization: SUPPLIER },
    async begin(session) {
      const examples = await session.examples({ token: RETAILER.replace('Token ', '') })
      const sent = Object(examples.find(({ operation }) => operation === 'createOrder')?.body)
      await asking(mock, session, asRetailer)('POST', '/orders/create/', {
        ...sent,
        skus: units.map((quantity) => ({ ...sent.skus[0], quantity })),
      })
    },
    facts: ({ lines }) =>
      lines.map(({ allocated: a, backordered, rejected, shipped, cancellation }) => [a, backordered, rejected, shipped, cancellation]),
    stateOf: (entity) => supplier.kinds['order']?.lifeCycle?.stateOf(entity, lineOf(entity)) ?? '',
    actions: [
      allocated(2, 0, 0),
      allocated(1, 1, 0),
      allocated(0, 2, 0),
      allocated(0, 0, 2),
      allocated(0, 0, 0),
      (ask, entity) =>
        ask('POST', `/orders/tracking/${entity.id}/`, {
          tracking_number: `1Z${entity.lines[0]?.shipped ?? 0}`,
          line_items: [{ line_item_uuid: lineOf(entity), quantity_shipped: 1 }],
        }),
      (ask, { id, lines }) =>
        ask('PUT', `/orders/allocation/${id}/`, {
          line_items: lines.map((line, place) => ({
            line_item_uuid: line.id,
            allocation: { quantity_allocated: units[place], quantity_backordered: 0, quantity_rejected: 0 },
          })),
        }),
      (ask, { id, lines }) =>
        ask('PUT', `/orders/tracking/${id}/1Z0/`, {
          line_items: lines.map((line) => ({ line_item_uuid: line.id, quantity_shipped: 1 })),
        }),
      (ask, entity) => ask('PATCH', '/orders/cancel/', { order_uuid: entity.id }, asRetailer),
      (ask, entity) => ask('DELETE', `/orders/items/cancel/${lineOf(entity)}/`, undefined, asRetailer),
      (ask, entity) => ask('PATCH', `/orders/cancel/${entity.id}/confirm/`),
      (ask, entity) => ask('PATCH', `/orders/cancel/${entity.id}/reject/`),
      (ask, entity) => ask('PATCH', `/orders/items/cancel/${lineOf(entity)}/confirm/`),
      (ask, entity) => ask('PATCH', `/orders/items/cancel/${lineOf(entity)}/reject/`),
      step(({ id }) => ({ order: id })),
    ],
  }
}

interface Allocation {
  readonly tenant: string
  readonly cancelled: readonly number[]
  readonly document: {
    readonly allocationId: string
    readonly statusCode: string
    readonly type: string
    readonly items: readonly {
      readonly orderLineId: string
      readonly quantity: number
      readonly shippedQuantity: number
      readonly scratchQuantity: number
    }[]
  }
}

const shipment =
  (more: (items: Allocation['document']['items'], cancelled: readonly number[]) => object): Action<Allocation> =>
  (ask, { document, cancelled }) =>
    ask('POST', '/api/v2/shipment/', { shipmentNum: '1', allocationId: document.allocationId, ...more(document.items, cancelled) })

const updated =
  (more: (document: Allocation['document']) => object): Action<Allocation> =>
  (ask, { document }) =>
    ask('PUT', `/api/v2/allocation/${document.allocationId}`, { ...document, ...more(document) })

const openOf = (items: Allocation['document']['items'], cancelled: readonly number[]) =>
  items.map(({ orderLineId, quantity, shippedQuantity, scratchQuantity }, index) => ({
    lineItemId: orderLineId,
    open: quantity - shippedQuantity - scratchQuantity - (cancelled[index] ?? 0),
  }))

/** An allocation of lines of so many units, and all that can be done with it. */
const allocation = async (...units: readonly number[]): Promise<Thing<Allocation>> => {
  const mock = await mockOf({})
  const headers = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
  return {
    mock,
    kind: 'allocation',
    headers,
    async begin(session) {
      const ask = asking(mock, session, headers)
      const items = units.map((orderedQuantity, index) => ({ lineItemId: `line-${index}`, sku: `sku-${index}`, orderedQuantity }))
      await ask('POST', '/api/v2/order/', { orderNumber: 'own', channelId: 12, statusCode: 'ORDER_CREATED', items, shipInfo: [{}] })
      await ask('POST', '/api/v2/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber: 'own' } })
    },
    facts: ({ document: { statusCode, type, items }, cancelled }) => [
      statusCode,
      type,
      items.map(({ quantity, shippedQuantity, scratchQuantity }) => [quantity, shippedQuantity, scratchQuantity]),
      cancelled,
    ],
    stateOf: ({ document }) => document.statusCode,
    actions: [
      (ask, { document }) => ask('PUT', `/api/v2/allocation/cancel/${document.allocationId}`),
      (ask, { document: { allocationId: id } }) =>
        ask('PUT', '/api/v2/allocation/reallocate', { channel: '12', tenant: ACCOUNT, id, documentType: 'ALLOCATION' }),
      shipment((items, cancelled) => ({
        cartons: [
          {
            items: openOf(items, cancelled)
              .filter(({ open }) => open > 0)
              .map(({ lineItemId, open }) => ({ lineItemId, shippedQuantity: open })),
          },
        ],
      })),
      shipment((items, cancelled) => ({
        cartons: [
          {
            items: openOf(items, cancelled)
              .slice(0, 1)
              .map(({ lineItemId }) => ({ lineItemId, shippedQuantity: 1 })),
          },
        ],
      })),
      shipment((items, cancelled) => ({
        type: 'SCRATCH',
        scratchedItems: openOf(items, cancelled)
          .filter(({ open }) => open > 0)
          .map(({ lineItemId, open }) => ({ lineItemId, quantity: open, reasonCode: 'Lost' })),
      })),
      shipment((items, cancelled) => ({
        type: 'SCRATCH',
        scratchedItems: openOf(items, cancelled)
          .slice(-1)
          .map(({ lineItemId }) => ({ lineItemId, quantity: 1, reasonCode: 'Lost' })),
      })),
      ...['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'].map((statusCode) => updated(() => ({ statusCode }))),
      updated(({ items }) => ({ items: items.map((item, index) => (index === 0 ? { ...item, quantity: item.quantity - 1 } : item)) })),
      updated(() => ({ type: 'RETURNED' })),
      step(({ document, tenant }) => ({ allocation: document.allocationId, account: tenant.split('/')[0] ?? '' })),
    ],
  }
}

interface Parcel {
  readonly id: string
  readonly status: string
}

/** A parcel of the API in examples. */
const parcel = async (): Promise<Thing<Parcel>> => {
  const mock = await mockOf({}, [parcels])
  return {
    mock,
    kind: 'parcel',
    headers: {},
    begin: (session) => asking(mock, session, {})('POST', '/v1/parcels', { to: 'Ada', depot: 'north' }),
    facts: ({ status }) => status,
    stateOf: ({ status }) => status,
    actions: [(ask, { id }) => ask('PUT', `/v1/parcels/${id}/cancellation`), step(({ id }) => ({ parcel: id }))],
  }
}

interface Note {
  readonly id: string
  readonly state: string
}

/** Notes that are shut by `toString` and thrown away by `constructor`. @param onLook hears of each that is looked up */
function notes(name: string, onLook: (id: string) => void = () => undefined): Api {
  type Looking = LiveScene<CoreKinds & { readonly note: Note }>
  const note = kind<Note>({
    untouched: (id) => (onLook(id), id === 'n' ? { id, state: 'open' } : undefined),
    lifeCycle: {
      states: ['open', 'shut'],
      stateOf: ({ state }) => state,
      moves: { toString: { from: 'open', to: 'shut' }, constructor: { from: ['open', 'shut'] } },
    },
  })
  const responses = Object.fromEntries([200, 404, 409].map((status) => [status, { description: 'So it is.' }]))
  const at = {
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    put: { operationId: 'toString', responses },
    delete: { operationId: 'constructor', responses },
  }
  return apiOf({
    name,
    document: { openapi: '3.1.0', info: { title: name, version: '1' }, servers: [{ url: `/${name}` }], paths: { '/notes/{id}': at } },
    kinds: { note },
    problems: { unknown: { status: 404, title: 'There is no such note' }, shut: { status: 409, title: 'The note is shut' } },
    behaviours: {
      toString({ path }: Input<{ path: { id: string } }>, scene: Looking) {
        const one = scene.get('note', path.id)
        if (!one) return scene.refuse('unknown')
        if (one.state === 'shut') return scene.refuse('shut')
        scene.put('note', { ...one, state: 'shut' })
        return reply(200)
      },
      constructor({ path }: Input<{ path: { id: string } }>, scene: Looking) {
        if (!scene.get('note', path.id)) return scene.refuse('unknown')
        scene.remove('note', path.id)
        return reply(200)
      },
    },
  })
}

describe('a life cycle', () => {
  it('is told with its moves: the operations and steps that make them, and when', async () => {
    const mock = await mockOf({})
    const { lifeCycles } = Object(await (await mock.fetch('/__mock/life-cycles')).json())
    expect(lifeCycles).toMatchObject([
      {
        kind: 'order',
        api: 'supplier-orders',
        part: 'line',
        states: ['Unallocated', 'Backordered', 'Allocated', 'HasTracking', 'Rejected', 'Cancelled'],
        moves: expect.arrayContaining([
          { by: 'createOrder', origin: 'request', to: ['Unallocated'] },
          { by: 'addTracking', origin: 'request', from: ['Allocated'], to: ['HasTracking'] },
          { by: 'backorder', origin: 'progress', text: expect.stringContaining('date'), from: ['Backordered'], to: ['Allocated'] },
        ]),
      },
      { kind: 'allocation', api: 'oms-allocations', states: expect.arrayContaining(['ALLOCATED', 'REALLOCATED']) },
    ])
  })

  it('is where a listed entity is, and each of its parts; and what a request moved', async () => {
    const mock = await mockOf({})
    await using session = await mock.createSession()
    const ask = asking(mock, session, { Authorization: SUPPLIER })
    const allocation = { quantity_allocated: 0, quantity_backordered: 6, quantity_rejected: 0, backorder_date: '2026-03-09' }
    await ask('PUT', `/orders/allocation/${ORDER}/`, { line_items: [{ line_item_uuid: LINE, allocation }] })
    const { entities } = await session.entities({ kind: 'order', changed: true })
    expect(entities).toMatchObject([{ id: ORDER, states: [{ part: LINE, state: 'Backordered' }] }])
    const [untouched] = (await session.entities({ kind: 'allocation', limit: 1 })).entities
    expect(untouched).toMatchObject({ changed: false, states: [{ state: 'PENDING_PICK' }], entity: { statusCode: 'PENDING_PICK' } })
    await ask('GET', `/orders/${ORDER}/`)
    const moves = [{ part: LINE, from: 'Unallocated', to: 'Backordered' }]
    for (const changed of ['order', `order/${ORDER}`])
      expect(await session.requests({ changed })).toMatchObject([{ operation: 'allocateOrder', changes: [{ id: ORDER, moves }] }])
    for (const changed of ['allocation', `order/${LINE}`, 'order/'])
      expect(await session.requests({ changed })).toHaveLength(changed === 'order/' ? 1 : 0)
  })

  it('goes by the names that everybody knows, and by an operation and a step of one name', async () => {
    const { parcel: { lifeCycle, ...row } = {}, ...kinds } = parcels.kinds
    const { sent } = parcels.steps
    if (!lifeCycle || !sent) throw new Error('parcels have a life cycle')
    const { cancelParcel = [], ...moves } = lifeCycle.moves
    const parcel: Kind = { ...row, lifeCycle: { ...lifeCycle, moves: { ...moves, cancelParcel } } }
    const own = {
      ...parcels,
      name: 'own',
      kinds: { ...kinds, parcel },
      steps: { sent, cancelParcel: { ...sent, text: 'it is cancelled' } },
    }
    // Its document has the same operations, and no behaviour for them.
    const other = defineApi({
      name: 'other',
      document: {
        openapi: '3.1.0',
        info: { title: 'Other', version: '1' },
        servers: [{ url: '/other' }],
        paths: { '/': { get: { operationId: 'createParcel', responses: { 200: { description: 'Done.' } } } } },
      },
    })
    const mock = await mockOf({}, [own, other])
    const { lifeCycles } = Object(await (await mock.fetch('/__mock/life-cycles')).json())
    expect(lifeCycles).toMatchObject([
      {
        kind: 'parcel',
        moves: [
          { by: 'own:createParcel', origin: 'request' },
          { by: 'sent', origin: 'progress' },
          { by: 'cancelParcel', origin: 'request' },
          { by: 'cancelParcel', origin: 'progress', text: 'it is cancelled' },
        ],
      },
    ])
    await using session = await mock.createSession()
    await asking(mock, session, {})('POST', '/v1/parcels', { to: 'Ada', depot: 'north' })
    expect(await session.requests({ operation: 'own:createParcel' })).toHaveLength(1)
  })

  it('has operations of any name, and a refusal says which of them lead on, deletions too', async () => {
    const mock = await mockOf({}, [notes('a'), notes('b')])
    const { lifeCycles } = Object(await (await mock.fetch('/__mock/life-cycles')).json())
    const rows = (api: string): object => ({
      kind: `${api}:note`,
      moves: ['toString', 'constructor'].map((by) => ({ by: `${api}:${by}`, origin: 'request' })),
    })
    expect(lifeCycles).toMatchObject([rows('a'), rows('b')])
    await using session = await mock.createSession()
    const ask = asking(mock, session, { Accept: 'application/problem+json' })
    await ask('PUT', '/b/notes/n')
    expect(await ask('PUT', '/b/notes/n')).toMatchObject({
      repair: { kind: 'none', reason: expect.stringMatching(/; b:note n is shut, from which lead on: b:constructor \(it is gone then\)$/) },
    })
  })

  it('is told of whatever is found, where an API fails at a name that is no id of its own', async () => {
    const mock = await mockOf({}, [notes('a', (id) => void (id === 'odd' && JSON.parse('')))])
    await using session = await mock.createSession()
    const ask = asking(mock, session, { Accept: 'application/problem+json' })
    await ask('PUT', '/a/notes/n')
    expect(await ask('PUT', '/a/notes/odd,n')).toMatchObject({ repair: { reason: expect.stringMatching(/; note n is shut, from which/) } })
  })

  it('is looked up for the first names of a path, however many there are', async () => {
    const asked: string[] = []
    const mock = await mockOf({}, [notes('a', (id) => void asked.push(id))])
    await using session = await mock.createSession()
    const path = `/a/notes/${Array.from({ length: 500 }, (_, place) => place).join(',')}`
    expect(await asking(mock, session, { Accept: 'application/problem+json' })('DELETE', path)).toMatchObject({ code: 'unknown' })
    const { size } = new Set(asked)
    expect([size > 1, size < 50]).toEqual([true, true])
  })

  it('lets no step make another move', async () => {
    const { parcel: { lifeCycle, ...row } = {}, ...kinds } = parcels.kinds
    if (!lifeCycle) throw new Error('parcels have a life cycle')
    const parcel: Kind = { ...row, lifeCycle: { ...lifeCycle, moves: { createParcel: { to: 'NEW' } } } }
    const mock = await mockOf({}, [{ ...parcels, kinds: { ...kinds, parcel } }])
    await using session = await mock.createSession()
    const made = await asking(mock, session, {})('POST', '/v1/parcels', { to: 'Ada', depot: 'north' })
    await expect(session.step({ parcel: String(Object(made).id) })).rejects.toThrow(
      'the life cycle of parcel does not let "sent" move it from NEW to SENT; add the move under sent',
    )
  })
})

describe('what can become of one, whatever is asked of it, is what its table says', () => {
  it('a line of an order', async () => {
    const made = new Set<string>()
    for (const assume of [{}, { 'supplier.allocate.sum': 'off' }, { 'supplier.cancel.steps': 'auto-confirm' }])
      for (const move of await movesOf(await order(assume, 2))) made.add(move)
    // A package of one line takes in another.
    for (const move of await movesOf(await order({}, 1, 1))) made.add(move)
    expect([...made].toSorted()).toEqual(tableOf(supplier, 'order').toSorted())
  })

  it('an allocation', async () => {
    // Two units of one line can ship apart; of two lines, one can ship while the other is scratched.
    const made = new Set([...(await movesOf(await allocation(2))), ...(await movesOf(await allocation(2, 1)))])
    expect([...made].toSorted()).toEqual(tableOf(oms, 'allocation').toSorted())
  })

  it('a parcel', async () => {
    expect([...(await movesOf(await parcel()))].toSorted()).toEqual(tableOf(parcels, 'parcel').toSorted())
  })
})
