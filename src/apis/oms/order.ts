import type { Change, OmsOrder, OrderLine, Scene, SentLine, SentOrder } from './kinds.ts'
import { HOUR, timestamp } from '../../core/clock.ts'
import { list } from '../../core/population/listing.ts'
import { indexBeside } from '../../core/population/permutation.ts'
import { at, hex, keyOf } from '../../core/population/random.ts'
import { counted, nextNumber } from '../../core/world.ts'
import { type Allocation, NOTHING_UPDATED } from './allocation.ts'
import { allocationPopulation, type Tenant, tenantOf } from './population.ts'
import { type Account, entityId, findAllocation } from './query.ts'

/** The order with this id in the account, changed or not. A channel hides what another channel sold. */
export function findOmsOrder(id: string, account: Account, scene: Scene): OmsOrder | undefined {
  const kept = scene.world.get('oms-order', entityId(account, id))
  if (kept) return isOfChannel(kept, account) ? kept : undefined
  const index = allocationPopulation(scene.session, account).indexOfOrder(id)
  const order = index === undefined ? undefined : omsOrderAt(index, account, scene)
  return order && isOfChannel(order, account) ? order : undefined
}

export function findOmsOrderByNumber(number: string, account: Account, scene: Scene): OmsOrder | undefined {
  const population = allocationPopulation(scene.session, account)
  const created = scene.world.get('reference', numberReference(account, number))?.to
  const index = created === undefined ? population.indexOfOrderNumber(number) : undefined
  const id = created ?? (index === undefined ? undefined : population.orderIdAt(index))
  return id === undefined ? undefined : findOmsOrder(id, account, scene)
}

/** Under what an order is found by its number. */
function numberReference(tenant: Tenant, number: string): string {
  return `oms-order-number/${tenantOf(tenant)}/${number}`
}

function isOfChannel(order: Pick<OmsOrder, 'channel'>, { channel }: Account): boolean {
  return channel === undefined || order.channel === channel
}

/** All items of an allocation are of one channel. */
function channelOf({ items }: { readonly items: readonly { readonly channelId: string }[] }): string {
  return items[0]?.channelId ?? '12'
}

/** As many of the account's orders as asked for: created ones first, the newest before the others, then the population's. */
export function lastOmsOrders(account: Account, limit: number, scene: Scene): readonly OmsOrder[] {
  const { sequence } = allocationPopulation(scene.session, account)
  const tenant = tenantOf(account)
  const listed = list<Pick<OmsOrder, 'channel'>, OmsOrder>({
    sequence: {
      ...sequence,
      facts: (residue) => ({ channel: channelOf(sequence.facts(residue).document) }),
      entity: (index) => omsOrderAt(index, account, scene),
    },
    overlay: [...scene.world.all('oms-order')]
      .filter((order) => order.tenant === tenant)
      .map((entity) => ({
        entity,
        index: entity.index < sequence.size ? entity.index : undefined,
        place: Math.min(entity.index, sequence.size),
        tie: String(entity.index).padStart(16, '0'),
      })),
    conditions: [{ kind: 'facts', test: (facts) => isOfChannel(facts, account) }],
    descending: true,
    offset: 0,
    limit,
  })
  return listed.kind === 'page' ? listed.page : []
}

/** The order that an untouched allocation of the population was made for: all of it, by one allocation. */
export function omsOrderAt(index: number, tenant: Tenant, { session }: Scene): OmsOrder {
  const population = allocationPopulation(session, tenant)
  const { document } = population.sequence.entity(index)
  const [first] = document.items
  const createdAt = first?.orderDate ?? document.allocationDate
  const lines = document.items.map((item): OrderLine => ({
    lineItemId: item.orderLineId,
    lineItemNumber: item.allocationLineNumber,
    itemId: item.itemId,
    sku: item.sku,
    shipToId: document.shipToId,
    orderedQuantity: item.quantity,
    title: item.title,
    itemUnitPrice: item.price,
    uom: item.uom,
    ...(item.vendorId !== undefined && { vendorId: item.vendorId }),
  }))
  return {
    tenant: tenantOf(tenant),
    owner: ownerOf(tenant),
    channel: channelOf(document),
    orderId: first?.orderId ?? population.orderIdAt(index),
    index,
    version: 1,
    createdAt,
    updatedAt: createdAt,
    sent: {
      orderNumber: population.orderNumberAt(index),
      channelId: channelOf(document),
      statusCode: CREATED,
      type: 'WEB',
      items: lines,
      shipInfo: [
        {
          shipToId: document.shipToId,
          shipMethod: document.shipMethod,
          shipToType: document.shipType,
          shipToAddress: document.shipToAddress,
          ...(first && { estimatedDeliveryDate: first.estimatedDeliveryDate }),
          pickup: document.recipient,
        },
      ],
    },
    lines,
    allocations: [document.allocationId],
  }
}

/** An order that did not exist: it takes the next index of its account. */
export function createOmsOrder(
  sent: SentOrder,
  account: Account,
  { world, session, now }: Scene,
): { readonly order: OmsOrder; readonly changes: readonly Change[] } {
  const population = allocationPopulation(session, account)
  const tenant = tenantOf(account)
  const counter = `oms-order/${tenant}`
  const number = nextNumber(world, counter)
  const index = indexBeside(population.sequence.size, number)
  const key = at(at(keyOf(session.seed), `order line ${tenant}`), number)
  const createdAt = timestamp(now, 9)
  const orderId = population.orderIdAt(index)
  const numbers = lineNumbers(sent.items)
  const order: OmsOrder = {
    tenant,
    owner: ownerOf(account),
    channel: String(sent.channelId),
    orderId,
    index,
    version: 1,
    createdAt,
    updatedAt: createdAt,
    sent,
    lines: sent.items.map((line, place): OrderLine => ({
      ...line,
      lineItemId: line.lineItemId ?? hex(at(key, place), 24),
      lineItemNumber: numbers[place] ?? place + 1,
      itemId: line.itemId ?? line.sku ?? '',
      sku: line.sku ?? line.itemId ?? '',
    })),
    allocations: [],
  }
  return {
    order,
    changes: [
      ...putOrder(order),
      { kind: 'reference', id: numberReference(account, sent.orderNumber), to: { to: orderId } },
      counted(counter, number + 1),
    ],
  }
}

/** Lines without a number take the first that is free. */
function lineNumbers(lines: readonly SentLine[]): readonly number[] {
  const used = new Set(lines.flatMap(({ lineItemNumber }) => lineItemNumber ?? []))
  let free = 1
  return lines.map(({ lineItemNumber }) => {
    if (lineItemNumber !== undefined) return lineItemNumber
    while (used.has(free)) free++
    used.add(free)
    return free
  })
}

export function putOrder(order: OmsOrder): readonly Change[] {
  return [{ kind: 'oms-order', id: `${order.tenant}/${order.orderId}`, to: order }]
}

/** The order with more allocations: a change of it like any other. */
export function withAllocations(order: OmsOrder, ids: readonly string[], now: number): OmsOrder {
  return { ...order, version: order.version + 1, updatedAt: timestamp(now, 9), allocations: [...order.allocations, ...ids] }
}

/** All allocations of an order, whatever channel the caller looks through. */
export function allocationsOf({ orderId, owner, allocations }: OmsOrder, scene: Scene): readonly Allocation[] {
  return allocations.flatMap((id) => {
    const allocation = findAllocation(id, { kind: 'account', ...owner, channel: undefined }, scene)
    // Own data may have put another order's allocation in its place.
    return allocation?.document.items[0]?.orderId === orderId ? [allocation] : []
  })
}

function ownerOf({ account, stage }: Tenant): Tenant {
  return { account, stage }
}

/** How far a line of an order has come, in units. */
export interface Progress {
  /** Allocated, and neither shipped nor dropped since. */
  readonly pending: number
  readonly shipped: number
  /** Neither: what can still be allocated. */
  readonly left: number
}

/** How far each line of an order has come by its allocations, which are gone through once. */
export function progressBy(allocations: readonly Allocation[]): (line: OrderLine) => Progress {
  const units = new Map<string, { pending: number; shipped: number }>()
  for (const { document, cancelled } of allocations) {
    if (document.statusCode === 'REALLOCATED') continue
    for (const [index, item] of document.items.entries()) {
      const sum = units.get(item.orderLineId) ?? { pending: 0, shipped: 0 }
      sum.shipped += item.shippedQuantity
      sum.pending += item.quantity - item.shippedQuantity - item.scratchQuantity - (cancelled[index] ?? 0)
      units.set(item.orderLineId, sum)
    }
  }
  return ({ lineItemId, orderedQuantity }) => {
    const { pending, shipped } = units.get(lineItemId) ?? { pending: 0, shipped: 0 }
    return { pending, shipped, left: orderedQuantity - pending - shipped }
  }
}

const CREATED = 'ORDER_CREATED'

/** What it says of a line or of an order that so much of it is under way: the codes of version 3, and one more between the first two. */
function statusOf(progress: readonly Progress[], none: string): string {
  const sum = (name: keyof Progress): number => progress.reduce((total, one) => total + one[name], 0)
  const [pending, shipped, left] = [sum('pending'), sum('shipped'), sum('left')]
  if (shipped > 0) return pending + left === 0 ? 'ORDER_SHIPPED' : 'ORDER_PARTIALLY_SHIPPED'
  if (pending > 0) return left === 0 ? 'ORDER_ALLOCATED' : 'ORDER_PARTIALLY_ALLOCATED'
  return none
}

/** The order as the document has it. */
export function omsOrderView(order: OmsOrder, allocations: readonly Allocation[], { session }: Scene): object {
  const progress = order.lines.map(progressBy(allocations))
  const [first] = allocations
  const entry = { auditType: 'ORDER', success: true, updatedFields: NOTHING_UPDATED }
  return {
    ...order.sent,
    orderId: order.orderId,
    statusCode: statusOf(progress, order.sent.statusCode),
    version: order.version,
    createdAt: order.createdAt,
    updatedAt: order.updatedAt,
    allocationDate: first ? first.document.allocationDate : null,
    cancellationDate: null,
    items: order.lines.map((line, index) => {
      const { pending, shipped, left } = progress[index] ?? { pending: 0, shipped: 0, left: line.orderedQuantity }
      return {
        ...line,
        shippedQuantity: shipped,
        cancelledQuantity: 0,
        pendingShippedQuantity: pending,
        backOrderedQuantity: left,
        lineOrderStatus: statusOf([{ pending, shipped, left }], CREATED),
      }
    }),
    auditLogs: [
      {
        auditId: hex(at(keyOf(session.seed), `order ${order.tenant} ${order.orderId}`), 24),
        ...entry,
        auditTimestamp: order.createdAt,
      },
    ],
  }
}

/** When delivery is expected where the order does not say. */
export function expectedDelivery(now: number): string {
  return timestamp(now + 72 * HOUR, 9)
}
