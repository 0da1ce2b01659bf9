import type { Change, LineName, Scene, SentShipment, Shipment } from './kinds.ts'
import { timestamp } from '../../core/clock.ts'
import type { Problem } from './problems.ts'
import { placesBy } from '../../core/places.ts'
import { at, hex, keyOf } from '../../core/population/random.ts'
import { counted, nextNumber } from '../../core/world.ts'
import { type Allocation, type AllocationDocument, auditKey, type Item, openUnits, revise, type StatusCode, WAITING } from './allocation.ts'
import { tenantOf } from './population.ts'
import { type Account, entityId } from './query.ts'
import type { StockLedger } from './stock.ts'

export type Shipped =
  { readonly kind: 'shipped'; readonly allocation: Allocation } | { readonly kind: 'refused'; readonly problem: Problem }

const SHIPPABLE: ReadonlySet<StatusCode> = new Set([...WAITING, 'PARTIALLY_SHIPPED', 'PARTIALLY_CANCELLED'])

/**
 * Ships units of an allocation and scratches others, that is says that they are not there. Without either, all open units ship. Scratched
 * units go back to the location's stock; a line of which something has shipped cannot be scratched any more.
 */
export function shipUnits(allocation: Allocation, sent: SentShipment, { session, now }: Scene, ledger: StockLedger): Shipped {
  const { document, cancelled } = allocation
  const unfit = typeProblem(sent)
  if (unfit) return unfit
  const open = document.items.map((_, index) => openUnits(allocation, index))
  if (document.type !== 'ALLOCATED' || !SHIPPABLE.has(document.statusCode) || open.every((units) => units === 0))
    return refuse(`Allocation ${document.allocationId} is ${document.statusCode} and has nothing left to ship`, 'ship what has open units')
  const placeOf = placesIn(document.items)
  const scratched = gather(document, placeOf, sent.scratchedItems ?? [], ({ quantity }) => quantity)
  if (scratched.kind === 'refused') return scratched
  const packed = (sent.cartons ?? []).flatMap(({ items = [] }) => items)
  const isWhole = packed.length === 0 && (sent.scratchedItems ?? []).length === 0
  const shipped = isWhole
    ? { kind: 'units' as const, units: open }
    : gather(document, placeOf, packed, ({ shippedQuantity }) => shippedQuantity)
  if (shipped.kind === 'refused') return shipped
  for (const [index, item] of document.items.entries()) {
    const line = `line ${item.allocationLineNumber} of allocation ${document.allocationId}`
    const units = (shipped.units[index] ?? 0) + (scratched.units[index] ?? 0)
    if (units > (open[index] ?? 0))
      return refuse(`${units} of ${line} would be more than the ${open[index] ?? 0} that are open`, 'ship fewer')
    if ((scratched.units[index] ?? 0) > 0 && item.shippedQuantity > 0)
      return refuse(`${item.shippedQuantity} of ${line} are shipped, it cannot be scratched`, 'cancel what is left of the allocation')
  }
  const given = new Map((sent.scratchedItems ?? []).toReversed().map((one) => [placeOf(one), one.reasonCode]))
  const reasons = document.items.map((_, index) => given.get(index))
  const items = document.items.map((item, index): Item => {
    const gone = scratched.units[index] ?? 0
    if (gone === 0) return { ...item, shippedQuantity: item.shippedQuantity + (shipped.units[index] ?? 0) }
    const scratchQuantity = item.scratchQuantity + gone
    const dropped = scratchQuantity + (cancelled[index] ?? 0)
    return {
      ...item,
      shippedQuantity: item.shippedQuantity + (shipped.units[index] ?? 0),
      scratchQuantity,
      scratchedReasonCode: reasons[index] ?? 'Scratched during shipment',
      itemStatus: dropped === item.quantity ? 'CANCELLED' : item.itemStatus,
    }
  })
  for (const [index, item] of document.items.entries()) ledger.give(document.locationNum, item.sku, scratched.units[index] ?? 0)
  const next: Allocation = { ...allocation, document: { ...document, items } }
  const isSent = shipped.units.some((units) => units > 0)
  const moved = document.items.map((_, index) => (shipped.units[index] ?? 0) + (scratched.units[index] ?? 0))
  return {
    kind: 'shipped',
    allocation: {
      ...next,
      document: revise(
        document,
        {
          items,
          statusCode: statusAfter(next),
          type: isScratched(items) ? 'SCRATCHED' : document.type,
          ...(isSent && { shipDate: sent.shipDate ?? timestamp(now, 9) }),
        },
        { auditType: 'SHIP', moved, reasons },
        now,
        auditKey(allocation, session),
      ),
    },
  }
}

/** What is open, shipped and dropped decides: dropped units show in the status, whatever else has shipped. */
export function statusAfter(allocation: Allocation): StatusCode {
  const { items } = allocation.document
  const total = items.reduce((sum, { quantity }) => sum + quantity, 0)
  const shipped = items.reduce((sum, { shippedQuantity }) => sum + shippedQuantity, 0)
  const open = items.reduce((sum, _, index) => sum + openUnits(allocation, index), 0)
  const dropped = total - shipped - open
  if (dropped === 0) return open === 0 ? 'SHIPPED' : 'PARTIALLY_SHIPPED'
  return shipped === 0 && open === 0 ? 'CANCELLED' : 'PARTIALLY_CANCELLED'
}

/** Nothing of it was there. */
export function isScratched(items: readonly Item[]): boolean {
  return items.every(({ quantity, scratchQuantity }) => scratchQuantity === quantity)
}

/** The shipment's own document, beside what it does to the allocation. */
export function createShipment(
  sent: SentShipment,
  { document, tenant }: Allocation,
  account: Account,
  { world, session, now }: Scene,
): { readonly shipment: Shipment; readonly changes: readonly Change[] } {
  const counter = `shipment/${tenantOf(account)}`
  const number = nextNumber(world, counter)
  const shipmentId = hex(at(at(keyOf(session.seed), `shipment ${tenant}`), number), 24)
  const shipment: Shipment = { tenant, shipmentId, orderId: document.items[0]?.orderId ?? '', createdAt: timestamp(now, 9), sent }
  return { shipment, changes: [{ kind: 'shipment', id: entityId(account, shipmentId), to: shipment }, counted(counter, number + 1)] }
}

/** The shipment as the document has it. */
export function shipmentView({ shipmentId, orderId, createdAt, sent }: Shipment): object {
  const type = sent.type ?? 'STANDARD'
  return {
    ...sent,
    type,
    statusCode: sent.statusCode ?? (type === 'PICKUP' ? 'PICKUP_CREATED' : 'SHIPMENT_CREATED'),
    shipmentId,
    orderId,
    version: 1,
    createdAt,
    updatedAt: createdAt,
  }
}

function typeProblem({ type, cartons = [], scratchedItems = [] }: SentShipment): Shipped | undefined {
  if (type === 'RETURN')
    return refuse('A shipment of type RETURN does not change an allocation', 'update the allocation with type RETURNED')
  if (type === 'RESHIP')
    return refuse('A shipment of type RESHIP needs units that have come back', 'generate a new allocation and ship that')
  if (type === 'SCRATCH' && (scratchedItems.length === 0 || cartons.length > 0))
    return refuse('A shipment of type SCRATCH has scratchedItems and no cartons', 'send scratchedItems alone, or the type STANDARD')
  return undefined
}

/** Units by the place of the item, for names that may repeat. */
function gather<Named extends LineName>(
  document: AllocationDocument,
  placeOf: (one: LineName) => number | undefined,
  named: readonly Named[],
  unitsOf: (one: Named) => number,
): { readonly kind: 'units'; readonly units: readonly number[] } | Extract<Shipped, { kind: 'refused' }> {
  const units = document.items.map(() => 0)
  for (const one of named) {
    const index = placeOf(one)
    if (index === undefined)
      return refuse(
        `Allocation ${document.allocationId} has no line ${one.lineItemId ?? one.sku ?? one.itemId ?? ''}`,
        `its lines are ${document.items.map(({ orderLineId, sku }) => `${orderLineId} (SKU ${sku})`).join(', ')}`,
      )
    units[index] = (units[index] ?? 0) + unitsOf(one)
  }
  return { kind: 'units', units }
}

/** Which item is meant: a line of the order comes before a number that reads like it. */
function placesIn(items: readonly Item[]): (one: LineName) => number | undefined {
  const byLine = placesBy(items, ({ orderLineId }) => orderLineId)
  const byNumber = placesBy(items, ({ allocationLineNumber }) => String(allocationLineNumber))
  const bySku = placesBy(items, (item) => item.sku)
  const byItem = placesBy<Item, string | undefined>(items, (item) => item.itemId)
  return ({ lineItemId, sku, itemId }) =>
    lineItemId !== undefined
      ? (byLine.get(lineItemId) ?? byNumber.get(lineItemId))
      : sku === undefined
        ? byItem.get(itemId)
        : bySku.get(sku)
}

function refuse(detail: string, fix: string): Extract<Shipped, { kind: 'refused' }> {
  return { kind: 'refused', problem: { code: 'shipment-impossible', detail, fix } }
}
