import type { Change, OmsOrder, OrderLine, Scene } from './kinds.ts'
import type { Assumptions } from './assumptions.ts'
import type { Problem } from './problems.ts'
import { timestamp } from '../../core/clock.ts'
import { indexBeside } from '../../core/population/permutation.ts'
import { at, hex, type Key, oneOf } from '../../core/population/random.ts'
import { findBy, placesBy } from '../../core/places.ts'
import { counted, nextNumber } from '../../core/world.ts'
import {
  allocationId,
  type Allocation,
  type AllocationId,
  type AllocationDocument,
  auditKey,
  type Item,
  openUnits,
  revise,
  WAITING,
  NOTHING_UPDATED,
} from './allocation.ts'
import { allocationsOf, expectedDelivery, progressBy, putOrder, withAllocations } from './order.ts'
import { type AllocationPopulation, allocationPopulation, type Location, tenantOf } from './population.ts'
import { type Account, entityId } from './query.ts'
import { type Demand, type Share, Shelves, StockLedger } from './stock.ts'

/** A line that an event names, and how much of it. */
export interface EventItem {
  readonly lineItemId?: string
  readonly allocationLineNumber?: number
  /** Undefined is all there is. */
  readonly quantity?: number
}

export type Generated =
  | {
      readonly kind: 'generated'
      /** Less was assigned than asked for. */
      readonly isShort: boolean
    }
  | Refusal

interface Refusal {
  readonly kind: 'refused'
  readonly problem: Problem
}

/**
 * Reserves stock for an order, or for some of its lines, and makes the allocation documents: one for each location, unless there is to be
 * one for each line. What no location has stays unallocated. The maker gathers documents and changes.
 */
export function generate(
  order: OmsOrder,
  items: readonly EventItem[] | undefined,
  maker: DocumentMaker,
  documents: Assumptions['oms.generate.documents'],
): Generated {
  const progress = progressBy(allocationsOf(order, maker.scene))
  const wanted =
    items === undefined || items.length === 0 ? order.lines.map((line) => ({ line, quantity: undefined })) : named(order, items)
  if ('code' in wanted) return { kind: 'refused', problem: wanted }
  const demands: Demand<OrderLine>[] = []
  for (const { line, quantity } of wanted) {
    const { left } = progress(line)
    if (quantity !== undefined && quantity > left)
      return uncovered(`${left} of line ${line.lineItemId} of order ${order.sent.orderNumber} are left to allocate, not ${quantity}`, left)
    const units = quantity ?? left
    if (units > 0) demands.push({ line, sku: line.sku, quantity: units })
  }
  if (demands.length === 0) return uncovered(`order ${order.sent.orderNumber} is allocated, nothing of it is left`, 0)
  const shelves = new Shelves(maker.ledger, nearestFirst(order, maker.population))
  const groups =
    documents === 'per-line'
      ? demands.flatMap((demand) => grouped(shelves.assign([demand]), addressOf))
      : grouped(shelves.assign(demands), addressOf)
  for (const group of groups) maker.create(order, group)
  const assigned = groups.flat().reduce((sum, { quantity }) => sum + quantity, 0)
  return { kind: 'generated', isShort: assigned < demands.reduce((sum, { quantity }) => sum + quantity, 0) }
}

function addressOf({ shipToId = '' }: OrderLine): string {
  return shipToId
}

/**
 * Moves an allocation, or some of its lines, to the next locations. The whole: it becomes REALLOCATED and stays as it was. A part: it keeps
 * its status and what is left of its quantities. The maker gathers the changes. @returns the new documents
 */
export function reallocate(
  allocation: Allocation,
  items: readonly EventItem[] | undefined,
  order: OmsOrder,
  maker: DocumentMaker,
): { readonly kind: 'reallocated'; readonly allocations: readonly Allocation[] } | Refusal {
  const { document } = allocation
  if (document.type !== 'ALLOCATED' || !WAITING.has(document.statusCode))
    return fixed(
      `Allocation ${document.allocationId} is ${document.statusCode}`,
      'reallocate what is ALLOCATED, PENDING_DROP or PENDING_PICK',
    )
  const moved = document.items.map((_, index) => openUnits(allocation, index))
  if (items !== undefined && items.length > 0) {
    const parts = document.items.map((): number => 0)
    const byLine = placesBy(document.items, ({ orderLineId }) => orderLineId)
    const byNumber = placesBy<Item, number | undefined>(document.items, ({ allocationLineNumber }) => allocationLineNumber)
    for (const { lineItemId, allocationLineNumber, quantity } of items) {
      const index = (lineItemId === undefined ? byNumber.get(allocationLineNumber) : byLine.get(lineItemId)) ?? -1
      const line = lineItemId ?? String(allocationLineNumber)
      const open = moved[index]
      if (open === undefined) return fixed(`Allocation ${document.allocationId} has no line ${line}`, linesOf(document))
      // Without a quantity it is all of the line, whatever else is said of it.
      parts[index] = quantity === undefined ? Number.POSITIVE_INFINITY : (parts[index] ?? 0) + quantity
      if (Number.isFinite(parts[index]) && parts[index] > open)
        return fixed(
          `Line ${line} of allocation ${document.allocationId} has ${open} open units, not ${parts[index]}`,
          `move ${open} at most`,
        )
    }
    for (const [index, units] of parts.entries()) moved[index] = Math.min(units, moved[index] ?? 0)
  }
  const { ledger } = maker
  for (const [index, units] of moved.entries()) ledger.give(document.locationNum, document.items[index]?.sku ?? '', units)
  const tried = new Set([...allocation.tried, document.locationNum])
  const shelves = new Shelves(ledger, nearestFirst(order, maker.population), ({ locationNum }) => !tried.has(locationNum))
  const demands = document.items.flatMap((item, index): Demand<Item>[] => {
    const quantity = moved[index] ?? 0
    return quantity === 0 ? [] : [{ line: item, sku: item.sku, quantity }]
  })
  const shares = shelves.assign(demands)
  const wanted = demands.reduce((sum, { quantity }) => sum + quantity, 0)
  if (shares.reduce((sum, { quantity }) => sum + quantity, 0) < wanted)
    return {
      kind: 'refused',
      problem: {
        code: 'location-none',
        detail: `No location is left that has ${wanted} units for allocation ${document.allocationId}; it was tried at ${[...tried].join(', ')}`,
        fix: 'cancel the allocation, or reallocate fewer units',
      },
    }
  maker.put(withdraw(allocation, moved, maker.scene))
  return { kind: 'reallocated', allocations: grouped(shares).map((group) => maker.succeed(order, allocation, group)) }
}

/** The old document without what has moved away. */
function withdraw(allocation: Allocation, moved: readonly number[], scene: Scene): Allocation {
  const { document, cancelled } = allocation
  const ids = auditKey(allocation, scene.session)
  if (document.items.every((_, index) => openUnits(allocation, index) === (moved[index] ?? 0)))
    return { ...allocation, document: revise(document, { statusCode: 'REALLOCATED' }, { auditType: 'UPDATE' }, scene.now, ids) }
  const kept = document.items.map((item, index) => ({ ...item, quantity: item.quantity - (moved[index] ?? 0) }))
  const items = kept.filter(({ quantity }) => quantity > 0)
  return {
    ...allocation,
    document: revise(document, { items }, { auditType: 'UPDATE', moved }, scene.now, ids),
    cancelled: cancelled.filter((_, index) => (kept[index]?.quantity ?? 0) > 0),
  }
}

type FindAddress = (shipToId: string | undefined) => OmsOrder['sent']['shipInfo'][number] | undefined

/** Makes the documents of a request, and gathers what that changes. */
export class DocumentMaker {
  readonly population: AllocationPopulation
  readonly ledger: StockLedger
  readonly scene: Scene
  readonly #account: Account
  readonly #counter: string
  readonly #first: number
  readonly #made: { readonly order: OmsOrder; readonly allocation: Allocation }[] = []
  readonly #old: Allocation[] = []
  #addresses: { readonly order: OmsOrder; readonly find: FindAddress } | undefined

  constructor(account: Account, scene: Scene) {
    this.population = allocationPopulation(scene.session, account)
    this.ledger = new StockLedger(scene.world, account, this.population)
    this.scene = scene
    this.#account = account
    this.#counter = `allocation/${tenantOf(account)}`
    this.#first = nextNumber(scene.world, this.#counter)
  }

  /** A first document, for lines of an order at one location; under an id of its own where it is given one. */
  create(order: OmsOrder, shares: readonly Share<OrderLine>[], own?: AllocationId): Allocation {
    const { now } = this.scene
    const { sent } = order
    const key = this.#key()
    const shipTo = shares[0]?.line.shipToId
    const info = (shipTo === undefined ? undefined : this.#addressOf(order)(shipTo)) ?? sent.shipInfo[0] ?? {}
    const delivery = info.estimatedDeliveryDate ?? expectedDelivery(now)
    return this.#add(
      order,
      key,
      shares,
      {
        poNumber: this.#ids().poNumber,
        itemsType: sent.type === 'POS' ? 'POS' : 'WEB_SHIP',
        orderSubType: SUB_TYPES.find((one) => one === sent.subType) ?? oneOf(at(key, 'sub-type'), SUB_TYPES),
        vendorId: shares[0]?.line.vendorId ?? null,
        shipDate: info.estimatedShipDate ?? null,
        shipType: info.shipToType ?? 'SHIP_TO_ADDRESS',
        shipMethod: info.shipMethod ?? 'Ground',
        shipToId: info.shipToId ?? shares[0]?.line.shipToId ?? hex(at(key, 'ship to'), 24),
        shipToAddress: info.shipToAddress ?? {},
        recipient: info.pickup ?? [],
        items: shares.map(({ line, quantity }): Item => {
          const goods = this.population.goods(line.sku)
          return {
            allocationLineNumber: line.lineItemNumber,
            itemId: line.itemId,
            quantity,
            sku: line.sku,
            orderLineId: line.lineItemId,
            orderId: order.orderId,
            orderDate: order.createdAt,
            estimatedDeliveryDate: delivery,
            shippedQuantity: 0,
            scratchQuantity: 0,
            channelId: String(sent.channelId),
            segment: null,
            ...(line.vendorId !== undefined && { vendorId: line.vendorId }),
            title: line.title ?? `${goods.title}, ${goods.variant}`,
            weight: goods.kilograms,
            cost: goods.cost,
            price: line.itemUnitPrice ?? goods.price,
            itemStatus: 'ALLOCATED',
            attributes: {},
            uom: line.uom ?? 'EA',
          }
        }),
      },
      [],
      own,
    )
  }

  /** The document that follows another one at another location. */
  succeed(order: OmsOrder, { document, tried }: Allocation, shares: readonly Share<Item>[]): Allocation {
    const previous = Number(document.locationNum)
    const { allocationRequestId } = this.#ids()
    const { poNumber, itemsType, orderSubType, vendorId, shipDate, shipType, shipMethod, shipToId, shipToAddress, recipient } = document
    return this.#add(
      order,
      this.#key(),
      shares,
      {
        parentAllocationId: document.parentAllocationId,
        // The API has a number here, and a text for the location itself.
        ...(Number.isInteger(previous) && { previousAllocationLocationNum: previous }),
        poNumber,
        itemsType,
        orderSubType,
        vendorId,
        shipDate,
        shipType,
        shipMethod,
        shipToId,
        shipToAddress,
        recipient,
        items: shares.map(({ line, quantity }): Item => ({
          ...line,
          quantity,
          itemStatus: 'ALLOCATED',
          parentAllocationLineNumber: line.allocationLineNumber,
          reallocationRequestId: allocationRequestId,
          reallocationReasonCode: 'Reallocating due to unavailability of location number',
        })),
      },
      [...tried, document.locationNum],
    )
  }

  /** Keeps the next version of a document, of one that was there or of one that was made. */
  put(allocation: Allocation): void {
    this.#old.push(allocation)
  }

  /** The documents made so far. */
  get made(): readonly Allocation[] {
    return this.#made.map(({ allocation }) => allocation)
  }

  changes(): readonly Change[] {
    const { now } = this.scene
    const documents = [...this.#made.map(({ allocation }) => allocation), ...this.#old].map((allocation): Change => ({
      kind: 'allocation',
      id: entityId(this.#account, allocation.document.allocationId),
      to: allocation,
    }))
    const orders = [...Map.groupBy(this.#made, ({ order }) => order.orderId).values()].flatMap((made) => {
      const order = made[0]?.order
      const ids = made.map(({ allocation }) => allocation.document.allocationId)
      return order ? putOrder(withAllocations(order, ids, now)) : []
    })
    const next = this.#made.length === 0 ? [] : [counted(this.#counter, this.#first + this.#made.length)]
    return [...documents, ...orders, ...next, ...this.ledger.changes()]
  }

  /** An order may have as many addresses as lines, and a document for each. */
  #addressOf(order: OmsOrder): FindAddress {
    if (this.#addresses?.order !== order) this.#addresses = { order, find: findBy(order.sent.shipInfo, ({ shipToId }) => shipToId) }
    return this.#addresses.find
  }

  #ids(): ReturnType<AllocationPopulation['idsAt']> {
    return this.population.idsAt(indexBeside(this.population.sequence.size, this.#first + this.#made.length))
  }

  #key(): Key {
    return auditKey(
      { document: { allocationId: this.#ids().allocationId, version: 0 }, tenant: tenantOf(this.#account) },
      this.scene.session,
    )
  }

  #add(
    order: OmsOrder,
    key: Key,
    shares: readonly Share<unknown>[],
    document: Omit<
      AllocationDocument,
      | 'allocationId'
      | 'parentAllocationId'
      | 'allocationRequestId'
      | 'allocationNum'
      | 'allocationDate'
      | 'updatedAt'
      | 'auditLogs'
      | 'version'
      | 'type'
      | 'statusCode'
      | 'locationNum'
      | 'locationType'
    > & { readonly parentAllocationId?: string },
    tried: readonly string[] = [],
    own?: AllocationId,
  ): Allocation {
    const created = timestamp(this.scene.now, 9)
    const ids = this.#ids()
    const id = own ?? allocationId(ids.allocationId)
    const { locationNum, locationType } = shares[0]?.location ?? { locationNum: '', locationType: '' }
    const allocation: Allocation = {
      tenant: tenantOf(this.#account),
      cancelled: document.items.map(() => 0),
      tried,
      document: {
        allocationId: id,
        parentAllocationId: id,
        locationNum,
        version: 1,
        allocationRequestId: ids.allocationRequestId,
        allocationNum: ids.allocationNum,
        allocationDate: created,
        updatedAt: created,
        type: 'ALLOCATED',
        statusCode: 'ALLOCATED',
        locationType,
        ...document,
        auditLogs: [
          { auditId: hex(at(key, 0), 24), auditType: 'CREATE', auditTimestamp: created, success: true, updatedFields: NOTHING_UPDATED },
        ],
      },
    }
    this.#made.push({ order, allocation })
    return allocation
  }
}

const SUB_TYPES = ['IOS', 'Android', 'International', 'Borderfree'] as const

/** The nearest first; a location that the order itself names comes before all. */
function nearestFirst({ sent }: OmsOrder, population: AllocationPopulation): (a: Location, b: Location) => number {
  const [info] = sent.shipInfo
  const state = info?.shipToAddress?.['state'] ?? info?.shipToId ?? ''
  const region = typeof state === 'string' ? state : JSON.stringify(state)
  const known = new Map<string, number>()
  const far = ({ locationNum }: Location): number => {
    const distance = known.get(locationNum) ?? (locationNum === info?.locationNum ? -1 : population.distance(locationNum, region))
    known.set(locationNum, distance)
    return distance
  }
  return (a, b) => far(a) - far(b) || (a.locationNum < b.locationNum ? -1 : 1)
}

/** A document has one location, and one address. */
function grouped<Line>(shares: readonly Share<Line>[], addressOf: (line: Line) => string = () => ''): readonly (readonly Share<Line>[])[] {
  return [...Map.groupBy(shares, ({ location, line }) => JSON.stringify([location.locationNum, addressOf(line)])).values()]
}

function named(
  order: OmsOrder,
  items: readonly EventItem[],
): readonly { readonly line: OrderLine; readonly quantity: number | undefined }[] | Problem {
  const found = new Map<OrderLine, number | undefined>()
  const lineNamed = findBy(order.lines, (line) => line.lineItemId)
  const lineNumbered = findBy<OrderLine, number | undefined>(order.lines, (line) => line.lineItemNumber)
  for (const { lineItemId, allocationLineNumber, quantity } of items) {
    const line = lineItemId === undefined ? lineNumbered(allocationLineNumber) : lineNamed(lineItemId)
    if (!line)
      return {
        code: 'oms-order-unknown',
        detail: `Order ${order.sent.orderNumber} has no line ${lineItemId ?? String(allocationLineNumber)}`,
        fix: `its lines are ${order.lines.map((one) => one.lineItemId).join(', ')}`,
      }
    const before = found.get(line)
    found.set(line, quantity === undefined || (found.has(line) && before === undefined) ? undefined : quantity + (before ?? 0))
  }
  return [...found].map(([line, quantity]) => ({ line, quantity }))
}

function uncovered(detail: string, left: number): Refusal {
  const fix = left === 0 ? 'cancel or scratch units of its allocations first' : `ask for ${left} at most`
  return { kind: 'refused', problem: { code: 'oms-order-covered', detail, fix } }
}

function fixed(detail: string, fix: string): Refusal {
  return { kind: 'refused', problem: { code: 'allocation-fixed', detail, fix } }
}

function linesOf({ items }: AllocationDocument): string {
  return `its lines are ${items.map(({ orderLineId, allocationLineNumber }) => `${allocationLineNumber} (${orderLineId})`).join(', ')}`
}
