import type { Assumptions } from './assumptions.ts'
import type { Problem } from './problems.ts'
import { timestamp } from '../../core/clock.ts'
import type { Session } from './session.ts'
import { findBy } from '../../core/places.ts'
import { remember } from '../../core/population/catalogue.ts'
import { at, hex, type Key, keyOf } from '../../core/population/random.ts'

export type AllocationId = string & { readonly __brand: 'AllocationId' }

/** @throws TypeError for a text that is not 24 hexadecimal digits in lower case. */
export function allocationId(text: string): AllocationId {
  if (!isAllocationId(text)) throw new TypeError(`"${text}" is not a valid allocation id`)
  return text
}

export function isAllocationId(text: string): text is AllocationId {
  return /^[0-9a-f]{24}$/.test(text)
}

export type StatusCode =
  'ALLOCATED' | 'PENDING_DROP' | 'PENDING_PICK' | 'SHIPPED' | 'PARTIALLY_SHIPPED' | 'REALLOCATED' | 'CANCELLED' | 'PARTIALLY_CANCELLED'

/** An allocation's members, in the API's own names. Timestamps have nine digits of a second. */
export interface AllocationDocument extends DocumentFacts {
  readonly allocationId: AllocationId
  readonly parentAllocationId: string
  readonly items: readonly Item[]
  readonly allocationRequestId: string
  readonly allocationNum: string
  readonly sentToPPSDate?: string
  readonly allocationDate: string
  readonly updatedAt: string
  readonly previousAllocationLocationNum?: number
  readonly poNumber: string | null
  readonly shipDate: string | null
  readonly shipToId: string
  readonly shipToAddress: Readonly<Record<string, unknown>>
  readonly recipient: readonly Recipient[]
  readonly auditLogs: readonly AuditLog[]
}

/** What of an allocation comes round again in its population. */
export interface AllocationFacts {
  readonly document: DocumentFacts
}

export interface DocumentFacts {
  readonly locationNum: string
  readonly locationType: string
  readonly version: number
  readonly type: 'ALLOCATED' | 'SCRATCHED' | 'RETURNED'
  readonly itemsType: 'WEB_SHIP' | 'POS' | 'WEB'
  readonly orderSubType: 'IOS' | 'Android' | 'International' | 'Borderfree' | 'BORDERFREE'
  readonly vendorId: string | null
  readonly shipType: string
  readonly shipMethod: string
  readonly statusCode: StatusCode
  readonly items: readonly ItemFacts[]
}

interface ItemFacts {
  readonly allocationLineNumber: number
  readonly itemId: string
  readonly quantity: number
  readonly sku: string
  readonly shippedQuantity: number
  readonly scratchQuantity: number
  readonly channelId: string
  readonly vendorId?: string
  readonly title: string
  readonly weight: number
  readonly cost: number
  readonly price: number
  readonly itemStatus: 'ALLOCATED' | 'PARTIALLY_ALLOCATED' | 'CANCELLED' | 'REFUNDED'
  readonly uom: string
}

export interface Item extends ItemFacts {
  readonly orderLineId: string
  readonly orderId: string
  readonly orderDate: string
  readonly estimatedDeliveryDate: string
  readonly parentAllocationLineNumber?: number
  readonly reallocationRequestId?: string
  readonly reallocationReasonCode?: string
  readonly scratchedReasonCode?: string
  readonly segment: string | null
  readonly attributes: Readonly<Record<string, object>>
}

export interface Recipient {
  readonly name: { readonly first: string; readonly middle?: string; readonly last: string }
  readonly email: string
  readonly phone: { readonly number: string; readonly type: 'MOBILE' | 'HOME' | 'BUSINESS' }
  readonly pickupType: 'Primary' | 'Alternate'
}

export interface AuditLog {
  readonly auditId: string
  readonly auditType: 'CREATE' | 'UPDATE' | 'CANCEL' | 'SHIP'
  readonly auditTimestamp: string
  readonly success: boolean
  readonly reasonCode?: string
  readonly lineItemId?: string
  readonly lineItemNumber?: number
  readonly sku?: string
  readonly quantity?: number
  readonly updatedFields: readonly { readonly fieldName: string; readonly fieldOriginalValue: string }[]
}

/** More than there are of either sort. */
const STATUSES = 20

/**
 * What an entry tells of a status that has changed. There are few, and the same stand in the entries of all allocations: each is made once, for it
 * is the number of objects in what a session keeps that makes keeping it slow.
 */
export const statusWas = remember(
  STATUSES,
  (was: StatusCode) => was,
  (was) => [{ fieldName: 'statusCode', fieldOriginalValue: was }],
)
export const itemStatusWas = remember(
  STATUSES,
  (was: Item['itemStatus']) => was,
  (was) => [{ fieldName: 'itemStatus', fieldOriginalValue: was }],
)
export const NOTHING_UPDATED: AuditLog['updatedFields'] = []

/** What is kept of an allocation: the document that clients see, and what they do not see. */
export interface Allocation extends AllocationFacts {
  readonly document: AllocationDocument
  /** The account and stage it belongs to. */
  readonly tenant: string
  /** Cancelled units of each item: the API has no member for them. */
  readonly cancelled: readonly number[]
  /** The locations that its units were allocated to before. */
  readonly tried: readonly string[]
}

/** Units of an item that are neither shipped, scratched nor cancelled. */
export function openUnits({ document: { items }, cancelled }: Pick<Allocation, 'document' | 'cancelled'>, index: number): number {
  const item = items[index]
  return item ? item.quantity - item.shippedQuantity - item.scratchQuantity - (cancelled[index] ?? 0) : 0
}

export type Transition =
  { readonly kind: 'allocation'; readonly allocation: Allocation } | { readonly kind: 'refused'; readonly problem: Problem }

const CANCELLABLE: ReadonlySet<StatusCode> = new Set([
  'ALLOCATED',
  'PENDING_DROP',
  'PENDING_PICK',
  'PARTIALLY_SHIPPED',
  'PARTIALLY_CANCELLED',
])
/** Nothing has been shipped or dropped yet. */
export const WAITING: ReadonlySet<StatusCode> = new Set(['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'])

/** Whether a cancellation has anything to drop. */
export function isCancellable(allocation: Allocation): boolean {
  const { statusCode, type, items } = allocation.document
  return type === 'ALLOCATED' && CANCELLABLE.has(statusCode) && items.some((_, index) => openUnits(allocation, index) > 0)
}

/**
 * Drops all open units; what is shipped stays. The audit log gains one entry for the document and one for each line that lost units.
 * `again` says what an allocation with nothing to drop is answered: refused with 404 or 400, or, if it is cancelled already, with itself.
 * @param now milliseconds; @param ids the key that new audit ids are drawn from, a function of allocation and version
 */
export function cancel(allocation: Allocation, now: number, ids: Key, again: Assumptions['oms.cancel.again']): Transition {
  const { document, cancelled } = allocation
  if (!isCancellable(allocation)) {
    if (again === '200' && (document.statusCode === 'CANCELLED' || document.statusCode === 'PARTIALLY_CANCELLED'))
      return { kind: 'allocation', allocation }
    return { kind: 'refused', problem: closed(document, again) }
  }
  const dropped = document.items.map((_, index) => openUnits(allocation, index))
  const statusCode =
    WAITING.has(document.statusCode) && document.items.every(({ shippedQuantity }) => shippedQuantity === 0)
      ? 'CANCELLED'
      : 'PARTIALLY_CANCELLED'
  const items = document.items.map((item): Item => ({ ...item, itemStatus: item.shippedQuantity === 0 ? 'CANCELLED' : item.itemStatus }))
  return {
    kind: 'allocation',
    allocation: {
      ...allocation,
      document: revise(document, { statusCode, items }, { auditType: 'CANCEL', moved: dropped }, now, ids),
      cancelled: dropped.map((units, index) => units + (cancelled[index] ?? 0)),
    },
  }
}

/** What new audit ids are drawn from: the document and its version, not what else the session did before. */
export function auditKey(
  { document, tenant }: { readonly document: { readonly allocationId: string; readonly version: number }; readonly tenant: string },
  { seed }: Session,
): Key {
  return at(at(keyOf(seed), `audit ${tenant} ${document.allocationId}`), document.version)
}

/** What an entry of the audit log says of a change beside the fields that changed. */
export interface Revision {
  readonly auditType: AuditLog['auditType']
  /** Units of each item that moved: each gets an entry of its own. */
  readonly moved?: readonly number[]
  readonly reasons?: readonly (string | undefined)[]
  /** Members whose change the log tells, beside the status. */
  readonly told?: readonly Exclude<keyof DocumentFacts, 'items'>[]
}

/** The allocation goes on to the pick-pack-ship system: queued for it, then sent to it. */
export function handOn(allocation: Allocation, statusCode: 'PENDING_DROP' | 'PENDING_PICK', session: Session, now: number): Allocation {
  const sent = statusCode === 'PENDING_PICK' ? { sentToPPSDate: timestamp(now, 9) } : {}
  return {
    ...allocation,
    document: revise(allocation.document, { statusCode, ...sent }, { auditType: 'UPDATE' }, now, auditKey(allocation, session)),
  }
}

/**
 * The next version of a document: every change raises the version by one and is told in the audit log, with the values from before.
 * @param now milliseconds; @param ids the key that new audit ids are drawn from
 */
export function revise(
  document: AllocationDocument,
  changes: Partial<AllocationDocument>,
  { auditType, moved = [], reasons = [], told = [] }: Revision,
  now: number,
  ids: Key,
): AllocationDocument {
  const next: AllocationDocument = { ...document, ...changes }
  const auditTimestamp = timestamp(now, 9)
  const changed = (['statusCode', 'type', ...told] as const).filter(
    (name) => document[name] !== next[name] || (name === 'statusCode' && auditType === 'CANCEL'),
  )
  const isOfStatusAlone = changed.length === 1 && changed[0] === 'statusCode'
  const itemNumbered = findBy(next.items, ({ allocationLineNumber }) => allocationLineNumber)
  return {
    ...next,
    version: document.version + 1,
    updatedAt: auditTimestamp,
    auditLogs: [
      ...document.auditLogs,
      {
        auditId: hex(at(ids, 0), 24),
        auditType,
        auditTimestamp,
        success: true,
        updatedFields: isOfStatusAlone
          ? statusWas(document.statusCode)
          : changed.map((fieldName) => ({ fieldName, fieldOriginalValue: String(document[fieldName]) })),
      },
      ...document.items.flatMap((item, index): AuditLog[] => {
        const quantity = moved[index] ?? 0
        if (quantity === 0) return []
        const after = itemNumbered(item.allocationLineNumber)
        const reasonCode = reasons[index]
        return [
          {
            lineItemId: String(item.allocationLineNumber),
            auditId: hex(at(ids, index + 1), 24),
            auditType,
            auditTimestamp,
            success: true,
            ...(reasonCode !== undefined && { reasonCode }),
            lineItemNumber: item.allocationLineNumber,
            sku: item.sku,
            quantity,
            updatedFields: after && after.itemStatus !== item.itemStatus ? itemStatusWas(item.itemStatus) : NOTHING_UPDATED,
          },
        ]
      }),
    ],
  }
}

function closed({ allocationId, statusCode, type }: AllocationDocument, again: Assumptions['oms.cancel.again']): Problem {
  const state = type === 'ALLOCATED' ? statusCode : `${statusCode}, of type ${type},`
  return {
    code: 'allocation-closed',
    detail: `Allocation ${allocationId} is ${state} and has nothing left to cancel`,
    fix: 'cancel only what is ALLOCATED, PENDING_DROP, PENDING_PICK, or has open units',
    ...(again === '400' && { status: 400 }),
    assumption: 'oms.cancel.again',
  }
}
