import type { Scene } from './kinds.ts'
import { timestamp } from '../../core/clock.ts'
import { findBy } from '../../core/places.ts'
import type { Problem } from './problems.ts'
import { type Allocation, type AllocationDocument, auditKey, type Item, openUnits, revise, type Transition, WAITING } from './allocation.ts'
import { isScratched, statusAfter } from './shipment.ts'
import type { StockLedger } from './stock.ts'

/** The whole document as a client sends it back: what it leaves out stays as it is. */
export type AllocationUpdate = Pick<AllocationDocument, 'locationNum' | 'parentAllocationId'> & {
  readonly allocationId: string
  readonly items: readonly (Pick<Item, 'allocationLineNumber' | 'itemId' | 'quantity' | 'sku'> & Partial<Item>)[]
} & Partial<Omit<AllocationDocument, 'allocationId' | 'items'>>

/** Members that a client may set to anything the document allows. */
const FREE = [
  'allocationNum',
  'poNumber',
  'itemsType',
  'orderSubType',
  'vendorId',
  'shipDate',
  'shipType',
  'shipMethod',
  'shipToId',
  'shipToAddress',
  'recipient',
  'locationType',
  'previousAllocationLocationNum',
] as const satisfies readonly (keyof AllocationDocument)[]
const FREE_OF_ITEM = [
  'title',
  'weight',
  'cost',
  'price',
  'uom',
  'attributes',
  'segment',
  'vendorId',
  'itemStatus',
  'estimatedDeliveryDate',
] as const

/**
 * Replaces an allocation by what a client sends. Identity, version and history are the server's; who does not know the present version, or
 * the request the allocation came from, is refused. Units move only within what is shipped, dropped and ordered; a new location has to
 * have them.
 * @param room units of each item that its order has left beside this allocation
 */
export function update(
  allocation: Allocation,
  wanted: AllocationUpdate,
  room: (item: Item) => number,
  { session, now }: Scene,
  ledger: StockLedger,
): Transition {
  const { document } = allocation
  const { allocationId: id, statusCode, version } = document
  const isReturned = statusCode === 'SHIPPED' && document.type === 'ALLOCATED' && wanted.type === 'RETURNED'
  for (const name of ['allocationId', 'parentAllocationId'] as const)
    if (wanted[name] !== document[name])
      return refuse(`${name} of allocation ${id} is ${document[name]}, not ${wanted[name]}`, `send ${document[name]}`)
  if (wanted.allocationRequestId !== document.allocationRequestId)
    return refuse(
      wanted.allocationRequestId === undefined
        ? 'allocationRequestId is missing'
        : `allocationRequestId of allocation ${id} is not ${wanted.allocationRequestId}`,
      'send the allocationRequestId that the allocation has',
    )
  if (wanted.version !== undefined && wanted.version !== version)
    return refuse(`Allocation ${id} has version ${version}, not ${wanted.version}`, 'read it again', 'version-stale')
  if (!isReturned && (document.type !== 'ALLOCATED' || ['CANCELLED', 'REALLOCATED', 'SHIPPED'].includes(statusCode)))
    return refuse(
      `Allocation ${id} is ${statusCode}, of type ${document.type}`,
      'update what is not cancelled, reallocated, shipped, scratched or returned',
    )
  if (!isReturned && wanted.type !== undefined && wanted.type !== document.type)
    return refuse(
      `type of allocation ${id} cannot become ${wanted.type}`,
      'RETURNED is for what is SHIPPED, SCRATCHED comes from a shipment',
    )
  if (wanted.statusCode !== undefined && wanted.statusCode !== statusCode && !(WAITING.has(statusCode) && WAITING.has(wanted.statusCode)))
    return refuse(
      `statusCode of allocation ${id} cannot go from ${statusCode} to ${wanted.statusCode}`,
      'an update moves among ALLOCATED, PENDING_DROP and PENDING_PICK; ship, cancel or reallocate for the others',
    )
  const items = itemsOf(allocation, wanted.items, room)
  if ('kind' in items) return items
  const isMoved = wanted.locationNum !== document.locationNum
  const locations = isMoved ? ledger.locations() : []
  const location = locations.find(({ locationNum }) => locationNum === wanted.locationNum)
  if (isMoved && !location)
    return refuse(
      `There is no location ${wanted.locationNum}`,
      `choose one of ${locations.map(({ locationNum }) => locationNum).join(', ')}`,
    )
  const free = pickOf(FREE, wanted)
  if (isReturned && (isMoved || !isSame(items, document.items) || !isSame(free, pickOf(Object.keys(free), document))))
    return refuse(`Allocation ${id} is SHIPPED`, 'a return changes nothing but the type')
  const next = { ...allocation, document: { ...document, items } }
  for (const [index, item] of document.items.entries()) ledger.give(document.locationNum, item.sku, openUnits(allocation, index))
  for (const [index, { sku }] of items.entries()) {
    const units = openUnits(next, index)
    const there = ledger.available(wanted.locationNum, sku)
    if (units > there)
      return refuse(
        `Location ${wanted.locationNum} has ${Math.max(0, there)} of SKU ${sku}, not ${units}`,
        'choose a location that has them',
      )
    ledger.take(wanted.locationNum, sku, units)
  }
  // Units taken out can leave nothing open: then what is left has shipped.
  const status = WAITING.has(statusCode) || isReturned ? (wanted.statusCode ?? statusCode) : statusAfter(next)
  return {
    kind: 'allocation',
    allocation: {
      ...next,
      tried: isMoved ? [...allocation.tried, document.locationNum] : allocation.tried,
      document: revise(
        document,
        {
          ...free,
          items,
          locationNum: wanted.locationNum,
          // Who sends the document back as it was has the old location's type in it.
          ...(location &&
            isSame(wanted.locationType ?? document.locationType, document.locationType) && { locationType: location.locationType }),
          type: isScratched(items) ? 'SCRATCHED' : (wanted.type ?? document.type),
          statusCode: status,
          ...(status === 'PENDING_PICK' && document.sentToPPSDate === undefined && { sentToPPSDate: timestamp(now, 9) }),
        },
        { auditType: 'UPDATE', told: ['locationNum', 'shipMethod', 'shipType', 'locationType', 'vendorId', 'itemsType', 'orderSubType'] },
        now,
        auditKey(allocation, session),
      ),
    },
  }
}

/** The items as they become: the same lines, of which only some members may differ. */
function itemsOf(
  allocation: Allocation,
  wanted: AllocationUpdate['items'],
  room: (item: Item) => number,
): readonly Item[] | Extract<Transition, { kind: 'refused' }> {
  const { items, allocationId: id } = allocation.document
  const lines = `send the lines ${items.map(({ allocationLineNumber }) => allocationLineNumber).join(', ')}, each once`
  if (wanted.length !== items.length) return refuse(`Allocation ${id} has ${items.length} items, not ${wanted.length}`, lines)
  const next: Item[] = []
  const saidOf = findBy(wanted, ({ allocationLineNumber }) => allocationLineNumber)
  for (const [index, item] of items.entries()) {
    const said = saidOf(item.allocationLineNumber)
    if (!said) return refuse(`items lack line ${item.allocationLineNumber} of allocation ${id}`, lines)
    const line = `line ${item.allocationLineNumber} of allocation ${id}`
    for (const name of ['itemId', 'sku', 'orderLineId', 'orderId', 'shippedQuantity', 'scratchQuantity'] as const)
      if (said[name] !== undefined && said[name] !== item[name])
        return refuse(
          `${name} of ${line} is ${item[name]}, not ${said[name]}`,
          name.endsWith('Quantity') ? 'units are shipped and scratched by a shipment' : `send ${item[name]}`,
        )
    const used = item.quantity - openUnits(allocation, index)
    const most = item.quantity + room(item)
    if (!Number.isInteger(said.quantity) || said.quantity < Math.max(1, used) || said.quantity > most)
      return refuse(`quantity of ${line} cannot be ${said.quantity}`, `send ${Math.max(1, used)} to ${most}`)
    const becoming: Item = { ...item, ...pickOf(FREE_OF_ITEM, said), quantity: said.quantity }
    next.push(said.quantity === item.quantity ? becoming : { ...becoming, itemStatus: statusOf(becoming, used) })
  }
  return next
}

/** Other quantities can leave nothing of an item, or bring back what had gone. */
function statusOf({ quantity, shippedQuantity, itemStatus }: Item, used: number): Item['itemStatus'] {
  if (quantity === used && shippedQuantity === 0) return 'CANCELLED'
  return itemStatus === 'CANCELLED' ? 'ALLOCATED' : itemStatus
}

/** Of these members those that are there. */
function pickOf(names: readonly string[], from: object): Readonly<Record<string, unknown>> {
  const members = new Map<string, unknown>(Object.entries(from))
  return Object.fromEntries(names.flatMap((name) => (members.get(name) === undefined ? [] : [[name, members.get(name)]])))
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function refuse(detail: string, fix: string, code: Problem['code'] = 'allocation-fixed'): Extract<Transition, { kind: 'refused' }> {
  return { kind: 'refused', problem: { code, detail, fix } }
}
