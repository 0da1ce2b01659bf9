import { ACCOUNT, RETAILER, SUPPLIER } from '../support.ts'

/**
 * What clients do to a mock that may be gone before it answers, and a model of what has to come of it. A thing is changed by one client
 * only, so that its next state is certain; sessions, their stock and their numbers are shared.
 */

export type Thing = OmsOrder | SupplierOrder | OwnSession

/** With its allocations and its shipments: one deed changes several of them, and the stock. */
interface OmsOrder {
  readonly kind: 'oms-order'
  readonly version: number
  readonly allocations: readonly Allocation[]
  readonly shipments: number
}

export interface Allocation {
  readonly id: string
  readonly version: number
  readonly status: string
}

interface SupplierOrder {
  readonly kind: 'supplier-order'
  readonly id: string
  /** Its only line, and what of it is allocated; the rest is rejected, once anything is said of it. */
  readonly line: string
  readonly allocated: number
  readonly rejected: number
}

/** A session that one client alone begins, fills, resets and drops. */
interface OwnSession {
  readonly kind: 'session'
  readonly orders: number
  /** How many orders each holds, which shows only when one is restored. */
  readonly snapshots: Readonly<Record<string, number>>
  /** What its journal has to hold, in this order: the tags of its changes. */
  readonly changes: readonly string[]
}

/** What stands for an id that only the lost answer told. */
export const UNKNOWN = '*'

/** A thing in a line, to be compared. */
export function tellThing(thing: Thing): string {
  switch (thing.kind) {
    case 'oms-order': {
      const allocations = thing.allocations.map(({ status, version, id }) => `${status} in version ${version} ${id}`).toSorted()
      return `version ${thing.version}, ${thing.shipments} shipments: ${allocations.join(', ')}`
    }
    case 'supplier-order':
      return `${thing.id}, line ${thing.line}: ${thing.allocated} allocated, ${thing.rejected} rejected`
    case 'session': {
      const snapshots = Object.keys(thing.snapshots).toSorted()
      return `${thing.orders} orders, snapshots ${snapshots.join(' ')}, journal ${thing.changes.join(' ')}`
    }
    default:
      return thing satisfies never
  }
}

/** A request, and what it makes of things. */
export interface Deed {
  /** Sent along, so that the journal tells which request it was. */
  readonly tag: string
  readonly session: string
  /** Numbers of requests do not repeat within one. */
  readonly life: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object
  /** What it has to be answered with: this status, and at least these members. */
  readonly status: number
  readonly shows?: object
  /** The things that it changes, by their keys, as they are then. Undefined: it is gone. @param answer undefined where it was lost */
  readonly makes: (answer: string | undefined) => ReadonlyMap<string, Thing | undefined>
}

/** What is known of things, and which of them nobody knows: an answer that would tell is lost. */
interface Book {
  readonly things: ReadonlyMap<string, Thing>
  readonly doubtful: ReadonlySet<string>
}

export interface Client {
  /** @returns undefined where all that it could go on with is doubtful */
  next(book: Book): Deed | undefined
}

/** Numbers from 0 below 1 that look like chance, and are a function of the seed (mulberry32). */
type Dice = () => number

export function diceOf(seed: number): Dice {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** From 0 to one less than `count`. */
export function throwDice(dice: Dice, count: number): number {
  return Math.floor(dice() * count)
}

/** Stock that all orders of a session share: so much at each location when it begins. */
export const SKU = 'kettle'
export const LOCATIONS = ['110', '210', '410', '1204', '1317']
export const STOCK = 10_000
export const SCENARIO = {
  population: { orders: 0, allocations: 0 },
  stock: LOCATIONS.map((locationNum) => ({ sku: SKU, locationNum, available: STOCK })),
}

/** It is long, so that the log of a session soon is: then it is written anew while servers are killed. */
const ADDRESS = { city: 'New York', address1: 'At the very end of the road '.repeat(70) }
const OMS = { Authorization: 'Bearer any', 'X-Site-Context': JSON.stringify({ account: ACCOUNT }) }
const ORDERED = 6

export function keyOf(session: string, number: string): string {
  return `${session} ${number}`
}

/** Reads the id that an answer tells. @throws Error where there is none */
function idIn(text: string | undefined, pattern: RegExp): string {
  if (text === undefined) return UNKNOWN
  const [, id] = pattern.exec(text) ?? []
  if (id === undefined) throw new Error(`${text} has no ${pattern}`)
  return id
}

function pick<T>(dice: Dice, list: readonly T[]): T | undefined {
  return list[throwDice(dice, list.length)]
}

/** So many things at most: then it goes on with those that there are. */
const MOST_THINGS = 12

/**
 * Places orders in a session that others use too, and goes on with them.
 * @param supply what the session's own example of a supplier's order says beside its number
 */
export function shopper(name: string, session: string, dice: Dice, supply: (number: string) => object): Client {
  let asked = 0
  let made = 0

  const base = (tag: string): Pick<Deed, 'tag' | 'session' | 'life'> => ({ tag, session, life: session })
  type Asking = Pick<Deed, 'method' | 'path'> & Partial<Pick<Deed, 'headers' | 'body' | 'shows' | 'status'>>
  const deed = (asking: Asking, makes: (answer: string | undefined) => readonly (readonly [string, Thing])[]): Deed => ({
    ...base(`${name}.${++asked}`),
    status: 200,
    headers: OMS,
    ...asking,
    makes: (answer) => new Map(makes(answer)),
  })

  const place = (number: string): Deed => {
    const items = [{ lineItemId: 'line', sku: SKU, orderedQuantity: 1 + throwDice(dice, ORDERED) }]
    const body = { orderNumber: number, channelId: 12, statusCode: 'ORDER_CREATED', items, shipInfo: [{ shipToAddress: ADDRESS }] }
    const order: OmsOrder = { kind: 'oms-order', version: 1, allocations: [], shipments: 0 }
    const shows = { orderNumber: number, version: 1 }
    return deed({ method: 'POST', path: '/api/v2/order/', body, shows }, () => [[keyOf(session, number), order]])
  }
  const create = (number: string): Deed =>
    deed({ method: 'POST', path: '/orders/create/', headers: { Authorization: RETAILER }, body: supply(number), status: 201 }, (answer) => [
      [
        keyOf(session, number),
        {
          kind: 'supplier-order',
          id: idIn(answer, /"order_uuid":"([^"]+)"/),
          line: idIn(answer, /"line_item_uuid":"([^"]+)"/),
          allocated: 0,
          rejected: 0,
        },
      ],
    ])

  const goOnAtSupplier = (key: string, order: SupplierOrder): Deed => {
    const { id, line } = order
    // Never what it is already, which could not be told from nothing.
    const allocated = (order.allocated + 1 + throwDice(dice, ORDERED - 1)) % ORDERED
    const rejected = ORDERED - allocated
    const allocation = { quantity_allocated: allocated, quantity_backordered: 0, quantity_rejected: rejected }
    const body = { line_items: [{ line_item_uuid: line, allocation }] }
    return deed({ method: 'PUT', path: `/orders/allocation/${id}/`, headers: { Authorization: SUPPLIER }, body }, () => [
      [key, { ...order, allocated, rejected }],
    ])
  }

  const generate = (key: string, number: string, order: OmsOrder): Deed => {
    const body = { detailType: 'ORDER_CREATED', detail: { orderNumber: number } }
    return deed({ method: 'POST', path: '/api/v2/allocation/', body, shows: [{ statusCode: 'ALLOCATED', version: 1 }] }, (answer) => {
      const id = idIn(answer, /^\[{"allocationId":"(\w+)"/)
      return [[key, { ...order, version: order.version + 1, allocations: [...order.allocations, { id, version: 1, status: 'ALLOCATED' }] }]]
    })
  }
  const cancel = (some: readonly Open[]): Deed => {
    const path = `/api/v2/allocation/cancel/${some.map(({ open }) => open.id).join(',')}`
    const shows = some.map(({ open: { id, version } }) => ({ allocationId: id, version: version + 1, statusCode: 'CANCELLED' }))
    return deed({ method: 'PUT', path, shows }, () => some.map((one) => [one.key, closed(one, 'CANCELLED')]))
  }
  const reallocate = (one: Open): Deed => {
    const body = { channel: '12', tenant: ACCOUNT, id: one.open.id, documentType: 'ALLOCATION' }
    return deed({ method: 'PUT', path: '/api/v2/allocation/reallocate', body }, (answer) => {
      const order = closed(one, 'REALLOCATED')
      const id = idIn(answer, /\[(\w+)\]/)
      return [
        [one.key, { ...order, version: order.version + 1, allocations: [...order.allocations, { id, version: 1, status: 'ALLOCATED' }] }],
      ]
    })
  }
  const ship = (one: Open): Deed => {
    const body = { shipmentNum: `ship-${asked}`, allocationId: one.open.id }
    const shipped = closed(one, 'SHIPPED')
    return deed({ method: 'POST', path: '/api/v2/shipment/', body, shows: { allocationId: one.open.id } }, () => [
      [one.key, { ...shipped, shipments: shipped.shipments + 1 }],
    ])
  }
  /** What need not be kept before the answer, and is no change. */
  const read = ({ id, version, status }: Allocation): Deed => {
    const shows = { allocationId: id, version, statusCode: status }
    return deed({ method: 'GET', path: `/api/v2/allocation/${id}`, shows }, () => [])
  }

  return {
    next({ things, doubtful }) {
      const own = [...things].filter(([key]) => key.startsWith(keyOf(session, `${name}-`)))
      const sure = own.filter(([key]) => !doubtful.has(key))
      if (own.length < MOST_THINGS && (sure.length < 2 || dice() < 0.25)) {
        const number = `${name}-${++made}`
        return dice() < 0.4 ? create(number) : place(number)
      }
      const [key, thing] = pick(dice, sure) ?? []
      if (key === undefined || thing === undefined || thing.kind === 'session') return undefined
      if (thing.kind === 'supplier-order') return goOnAtSupplier(key, thing)
      const open = openOf(key, thing)
      const last = thing.allocations.at(-1)
      if (last && (dice() < 0.15 || (!open && (thing.shipments > 0 || thing.allocations.length > 4)))) return read(last)
      if (!open) return generate(key, key.slice(session.length + 1), thing)
      const others = sure.flatMap(([other, order]) => (other !== key && order.kind === 'oms-order' ? (openOf(other, order) ?? []) : []))
      const other = pick(dice, others)
      switch (throwDice(dice, 4)) {
        case 0:
          return thing.allocations.length < 4 ? reallocate(open) : cancel([open])
        case 1:
          return ship(open)
        default:
          return cancel(other && dice() < 0.6 ? [open, other] : [open])
      }
    },
  }
}

/** An order's allocation that can be cancelled, shipped or moved. */
interface Open {
  readonly key: string
  readonly order: OmsOrder
  readonly open: Allocation
}

function openOf(key: string, order: OmsOrder): Open | undefined {
  const open = order.allocations.find(({ status }) => status === 'ALLOCATED')
  return open && { key, order, open }
}

function closed({ order, open }: Open, status: string): OmsOrder {
  const allocations = order.allocations.map((one) => (one === open ? { ...one, status, version: one.version + 1 } : one))
  return { ...order, allocations }
}

/** What the key of a session is that one client alone has. */
export const WHOLE = 'whole'

/** Begins, fills, resets and drops a session of its own, and goes back to its snapshots. */
export function keeper(session: string, dice: Dice): Client {
  const key = keyOf(session, WHOLE)
  const at = `/__mock/sessions/${session}`
  let asked = 0
  let lives = 0

  type Asking = Pick<Deed, 'method' | 'path' | 'status'> & Partial<Pick<Deed, 'headers' | 'body' | 'shows'>>
  const deed = (asking: Asking, becomes: (tag: string) => OwnSession | undefined): Deed => {
    const tag = `${session}.${++asked}`
    return { tag, session, life: `${session} ${lives}`, headers: {}, ...asking, makes: () => new Map([[key, becomes(tag)]]) }
  }
  const begin = (): Deed => {
    lives++
    const body = { name: session, scenario: SCENARIO }
    return deed({ method: 'POST', path: '/__mock/sessions', body, status: 201 }, () => ({
      kind: 'session',
      orders: 0,
      snapshots: {},
      changes: [],
    }))
  }
  const place = (own: OwnSession): Deed => {
    const items = [{ sku: SKU, orderedQuantity: 1 }]
    const body = { orderNumber: `own-${asked}`, channelId: 12, statusCode: 'ORDER_CREATED', items, shipInfo: [{}] }
    return deed({ method: 'POST', path: '/api/v2/order/', headers: OMS, body, status: 200 }, (tag) => ({
      ...own,
      orders: own.orders + 1,
      changes: [...own.changes, tag],
    }))
  }
  const snapshot = (own: OwnSession, name: string): Deed =>
    deed({ method: 'POST', path: `${at}/snapshots`, body: { name }, status: 201 }, (tag) => ({
      ...own,
      snapshots: { ...own.snapshots, [name]: own.orders },
      changes: [...own.changes, tag],
    }))
  const restore = (own: OwnSession, name: string, orders: number): Deed =>
    deed({ method: 'POST', path: `${at}/snapshots/${name}/restore`, status: 200 }, (tag) => ({
      ...own,
      orders,
      changes: [...own.changes, tag],
    }))
  const reset = (own: OwnSession): Deed => {
    lives++
    return deed({ method: 'POST', path: `${at}/reset`, status: 200, shows: { requests: 0 } }, () => ({ ...own, orders: 0, changes: [] }))
  }
  const drop = (): Deed => {
    lives++
    return deed({ method: 'DELETE', path: at, status: 204 }, () => undefined)
  }

  return {
    next({ things, doubtful }) {
      const own = things.get(key)
      if (doubtful.has(key)) return undefined
      if (own?.kind !== 'session') return begin()
      const chosen = throwDice(dice, 10)
      if (chosen < 2) return snapshot(own, pick(dice, ['a', 'b']) ?? 'a')
      const [name, orders] = pick(dice, Object.entries(own.snapshots)) ?? []
      if (chosen < 4 && name !== undefined && orders !== undefined) return restore(own, name, orders)
      // Of a session that holds nothing nobody could say whether it was reset.
      if (chosen === 4 && own.changes.length > 0) return reset(own)
      if (chosen === 5) return drop()
      return place(own)
    },
  }
}
