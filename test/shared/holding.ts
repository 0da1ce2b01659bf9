import { expect } from 'vitest'
import { ACCOUNT } from '../support.ts'
import { type Allocation, keyOf, LOCATIONS, SKU, STOCK, type Thing, WHOLE } from './deeds.ts'

/** What a mock holds of a session, read over HTTP when nobody changes it, and what has to be true of it whatever was asked. */

export interface Holding {
  /** By their keys. One key with two things is a deed that was done twice. */
  readonly things: ReadonlyMap<string, readonly Thing[]>
  /** Oldest first. */
  readonly journal: readonly Entry[]
}

export interface Entry {
  readonly id: string
  readonly origin: string
  readonly status: number
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly replyBody?: string
  readonly changes?: readonly Change[]
}

/** What is new or gone is told whole, the rest by the members that differ. */
interface Change {
  readonly kind: string
  readonly id: string
  readonly to?: unknown
  readonly members?: readonly { readonly at: string; readonly from?: unknown; readonly to?: unknown }[]
}

/** Asks for JSON; a status above 399 is undefined. */
export type Get = (path: string) => Promise<unknown>

/** What the tag of a request is sent in. */
export const TAG = 'x-asked'

export function tagOf({ requestHeaders }: Entry): string {
  return requestHeaders[TAG] ?? ''
}

/** What there is of a session that several share. Fails where it contradicts itself. */
export async function readShared(get: Get, session: string): Promise<Holding> {
  const journal = await readJournal(get, session)
  const { orders, allocations, shipments, stock, supplierOrders } = await readEntities(get, session)

  expect(new Set(journal.map(({ id }) => id)).size, 'ids in the journal').toBe(journal.length)
  const { requests }: { requests: number } = Object(await get(`/__mock/sessions/${session}`))
  expect(requests, 'requests that the session counts').toBe(journal.length)

  // Nothing is half done: what allocations hold is missing in the stock, and what the journal says came about is what there is.
  const available = new Map(LOCATIONS.map((location) => [`${location} ${SKU}`, STOCK]))
  for (const { locationNum, statusCode, items } of allocations) {
    if (!['ALLOCATED', 'SHIPPED'].includes(statusCode)) continue
    for (const { sku, quantity } of items) {
      const place = `${locationNum} ${sku}`
      available.set(place, (available.get(place) ?? 0) - quantity)
    }
  }
  const stocks = new Map(stock.map((one) => [`${one.locationNum} ${one.sku}`, one.available]))
  expect(stocks, 'stock, by what allocations hold').toEqual(available)
  expect(cameAbout(journal), 'what there is, by the journal').toEqual(
    Object.fromEntries([
      ...orders.map(({ orderId, version }) => [`oms-order ${orderId}`, version]),
      ...allocations.map((one) => [`allocation ${one.allocationId}`, one]),
      ...shipments.map((one) => [`shipment ${one.shipmentId}`, one]),
      ...supplierOrders.map((one) => [`order ${one.order_uuid}`, one]),
      ...[...stocks].map(([place, units]) => [`stock ${place}`, units]),
    ]),
  )

  const ofOrder = Map.groupBy(allocations, ({ items }) => items[0]?.orderId)
  const things = [
    ...orders.map(({ orderId, orderNumber, version }): [string, Thing] => [
      orderNumber,
      {
        kind: 'oms-order',
        version,
        allocations: (ofOrder.get(orderId) ?? []).map((one): Allocation => ({
          id: one.allocationId,
          version: one.version,
          status: one.statusCode,
        })),
        shipments: shipments.filter((one) => one.orderId === orderId).length,
      },
    ]),
    ...supplierOrders.map(({ order_uuid: id, po_number, line_items: [line] }): [string, Thing] => [
      po_number,
      {
        kind: 'supplier-order',
        id,
        line: line.uuid,
        allocated: line.allocation.quantity_allocated,
        rejected: line.allocation.quantity_rejected,
      },
    ]),
  ]
  const byKey = Map.groupBy(things, ([number]) => keyOf(session, number))
  return { things: new Map([...byKey].map(([key, all]) => [key, all.map(([, thing]) => thing)])), journal }
}

/** What there is of a session that one client alone uses. */
export async function readOwn(get: Get, session: string): Promise<Holding> {
  const journal = await readJournal(get, session)
  if ((await get(`/__mock/sessions/${session}`)) === undefined) {
    expect(journal, `the journal of ${session}, which there is not`).toEqual([])
    return { things: new Map(), journal }
  }
  const { total }: { total: number } = Object(await get(entitiesPath(session, 'oms-order')))
  const taken: { snapshots: readonly { name: string }[] } = Object(await get(`/__mock/sessions/${session}/snapshots`))
  const thing: Thing = {
    kind: 'session',
    orders: total,
    snapshots: Object.fromEntries(taken.snapshots.map(({ name }) => [name, Number.NaN])),
    changes: journal.map(tagOf),
  }
  return { things: new Map([[keyOf(session, WHOLE), [thing]]]), journal }
}

interface AllocationView {
  readonly allocationId: string
  readonly version: number
  readonly statusCode: string
  readonly locationNum: string
  readonly items: readonly { readonly orderId: string; readonly sku: string; readonly quantity: number }[]
}

interface SupplierOrderView {
  readonly order_uuid: string
  readonly po_number: string
  readonly line_items: readonly [
    { readonly uuid: string; readonly allocation: { readonly quantity_allocated: number; readonly quantity_rejected: number } },
  ]
}

interface Entities {
  readonly orders: readonly { readonly orderId: string; readonly orderNumber: string; readonly version: number }[]
  readonly allocations: readonly AllocationView[]
  readonly shipments: readonly { readonly shipmentId: string; readonly orderId: string }[]
  readonly stock: readonly { readonly locationNum: string; readonly sku: string; readonly available: number }[]
  readonly supplierOrders: readonly SupplierOrderView[]
}

async function readEntities(get: Get, session: string): Promise<Entities> {
  const all = async <Entity>(kind: string): Promise<readonly Entity[]> => {
    const found: Entity[] = []
    for (;;) {
      const page: { total: number; entities: readonly { entity: Entity }[] } = Object(
        await get(`${entitiesPath(session, kind)}&offset=${found.length}`),
      )
      found.push(...page.entities.map(({ entity }) => entity))
      if (page.entities.length === 0 || found.length >= page.total) return found
    }
  }
  return {
    orders: await all('oms-order'),
    allocations: await all('allocation'),
    shipments: await all('shipment'),
    stock: await all('stock'),
    supplierOrders: await all('order'),
  }
}

function entitiesPath(session: string, kind: string): string {
  return `/__mock/sessions/${session}/entities?kind=${kind}&changed=true&limit=100`
}

/** Oldest first. */
async function readJournal(get: Get, session: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (let before = ''; ;) {
    const page: { requests: readonly Entry[]; before?: string } = Object(
      await get(`/__mock/requests?session=${session}&limit=1000${before}`),
    )
    entries.push(...page.requests)
    if (page.before === undefined) return entries.toReversed()
    before = `&before=${page.before}`
  }
}

/** Things as the changes in the journal make them, one after the other; each has to meet what the one before it has left. */
function cameAbout(journal: readonly Entry[]): Readonly<Record<string, unknown>> {
  const made = new Map<string, unknown>(LOCATIONS.map((location) => [`stock ${location} ${SKU}`, { available: STOCK }]))
  for (const { id: request, changes = [] } of journal)
    for (const { kind, id, to, members } of changes) {
      const name = nameOf(kind, id)
      if (members === undefined) {
        expect(made.has(name), `${request} makes ${name}, which there is`).toBe(false)
        made.set(name, to)
      }
      for (const { at, from, to: after } of members ?? []) {
        const before = made.get(name)
        expect(valueAt(before, at), `what ${request} finds at ${at} of ${name}`).toEqual(from)
        made.set(name, withValue(before, at.split('/').slice(1), after))
      }
    }
  return Object.fromEntries([...made].map(([name, thing]) => [name, shownOf(name, thing)]))
}

/** Ids are kept with the account that they are of. */
function nameOf(kind: string, id: string): string {
  if (kind !== 'stock') return `${kind} ${id.slice(id.lastIndexOf('/') + 1)}`
  const place = id.slice(id.indexOf(`${ACCOUNT}/production`) + `${ACCOUNT}/production`.length)
  return `stock ${place.slice(0, -SKU.length)} ${SKU}`
}

/** Of stock and of orders of the OMS, which are kept in another form than they are shown in, what is compared. */
function shownOf(name: string, thing: unknown): unknown {
  if (name.startsWith('stock ')) return valueAt(thing, '/available')
  return name.startsWith('oms-order ') ? valueAt(thing, '/version') : thing
}

function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined), value)
}

function withValue(value: unknown, [name, ...rest]: readonly string[], to: unknown): unknown {
  if (name === undefined) return to
  const inner = withValue(valueAt(value, `/${name}`), rest, to)
  if (Array.isArray(value)) return Object.assign([...(value as unknown[])], { [name]: inner })
  return { ...Object(value), [name]: inner }
}
