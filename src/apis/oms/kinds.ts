import type { Input } from '../../base/http.ts'
import type {
  Behaviour as CoreBehaviour,
  LiveScene as CoreLiveScene,
  Outcome as CoreOutcome,
  Scene as CoreScene,
} from '../../core/behaviour.ts'
import type { Change as CoreChange, CoreKinds, World as CoreWorld } from '../../core/world.ts'
import type { Allocation, Recipient } from './allocation.ts'
import type { Tenant } from './population.ts'
import type { Session } from './session.ts'

/** What this API keeps in a session. The ids carry the tenant: accounts do not share ids. */
export interface Kinds extends CoreKinds {
  readonly session: Session
  readonly allocation: Allocation
  readonly 'oms-order': OmsOrder
  readonly shipment: Shipment
  readonly stock: Stock
}

export type Change<K extends keyof Kinds = keyof Kinds> = CoreChange<Kinds, K>
export type World = CoreWorld<Kinds>
export type Scene = CoreScene<Kinds>
export type LiveScene = CoreLiveScene<Kinds>
export type Behaviour<I extends Input = Input> = CoreBehaviour<I, Kinds>
export type Outcome = CoreOutcome<Kinds>

/** An order as its creator sent it: kept whole, so that nothing of it is lost. */
export interface SentOrder {
  readonly orderNumber: string
  readonly channelId: string | number
  readonly statusCode: string
  readonly type?: string
  readonly subType?: string
  readonly items: readonly SentLine[]
  readonly shipInfo: readonly SentShipInfo[]
}

export interface SentLine {
  readonly lineItemId?: string
  readonly lineItemNumber?: number
  readonly itemId?: string
  readonly sku?: string
  readonly shipToId?: string
  readonly orderedQuantity: number
  readonly title?: string
  readonly itemUnitPrice?: number
  readonly uom?: string
  readonly vendorId?: string
}

interface SentShipInfo {
  readonly shipToId?: string
  readonly shipMethod?: string
  readonly shipToType?: string
  readonly shipToAddress?: Readonly<Record<string, unknown>>
  readonly locationNum?: string
  readonly estimatedShipDate?: string
  readonly estimatedDeliveryDate?: string
  readonly pickup?: readonly Recipient[]
}

/** A line whose id, number and SKU are certain. */
export interface OrderLine extends SentLine {
  readonly lineItemId: string
  readonly lineItemNumber: number
  readonly itemId: string
  readonly sku: string
}

export interface OmsOrder {
  readonly tenant: string
  readonly owner: Tenant
  /** The sales channel: a caller of another one does not see the order. */
  readonly channel: string
  readonly orderId: string
  /** Its place among the orders of its account: created ones follow those of the population. */
  readonly index: number
  readonly version: number
  /** Nine digits of a second. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly sent: SentOrder
  readonly lines: readonly OrderLine[]
  /** The ids of its allocations, in the order in which they were made. */
  readonly allocations: readonly string[]
}

/** A shipment as its creator sent it: kept whole. */
export interface SentShipment {
  readonly shipmentNum: string
  readonly allocationId: string
  readonly type?: 'STANDARD' | 'PICKUP' | 'SCRATCH' | 'RESHIP' | 'RETURN'
  readonly statusCode?: string
  readonly shipDate?: string | null
  readonly cartons?: readonly { readonly items?: readonly ShippedItem[] }[]
  readonly scratchedItems?: readonly ScratchedItem[]
}

/** How a shipment names a line of the allocation: by the order's line or its number, else by its SKU, else by its item. */
export interface LineName {
  readonly lineItemId?: string
  readonly sku?: string
  readonly itemId?: string
}

interface ShippedItem extends LineName {
  readonly shippedQuantity: number
}

interface ScratchedItem extends LineName {
  readonly quantity: number
  readonly reasonCode?: string
}

export interface Shipment {
  readonly tenant: string
  readonly shipmentId: string
  readonly orderId: string
  /** Nine digits of a second. */
  readonly createdAt: string
  readonly sent: SentShipment
}

/** What a location has of a SKU and nobody has reserved. */
export interface Stock {
  readonly tenant: string
  readonly locationNum: string
  readonly sku: string
  readonly available: number
}
