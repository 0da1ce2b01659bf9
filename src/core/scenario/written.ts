import type { Cut } from '../../base/http.ts'
import type { WrittenClock } from '../clock.ts'

/** What is done to the body of an answer; the connection stays whole. */
export const SPOILS = ['MALFORMED_BODY', 'WRONG_MEDIA_TYPE', 'SCHEMA_VIOLATION'] as const
export type Spoil = (typeof SPOILS)[number]

/** What the real services do without being asked. */
export const STEPS = {
  queued: 'an allocation is queued for the pick-pack-ship system: ALLOCATED becomes PENDING_DROP',
  sent: 'an allocation is sent to the pick-pack-ship system: PENDING_DROP becomes PENDING_PICK',
  backorder: 'the date of backordered units is reached: they become allocated',
  cancellation: 'a supplier confirms the cancellation that a retailer asked for',
} as const satisfies Record<string, string>

export type StepName = keyof typeof STEPS
export const STEP_NAMES = ['queued', 'sent', 'backorder', 'cancellation'] as const satisfies readonly StepName[]

/** What a session starts from, as a file says it; `spec/scenario.schema.json` has checked its form. */
export interface Scenario extends Data {
  readonly description?: string
  readonly extends?: string
  readonly seed?: string | number
  readonly clock?: WrittenClock
  readonly population?: { readonly orders?: number; readonly allocations?: number }
  readonly assume?: Readonly<Record<string, string>>
  readonly progress?: WrittenProgress
  readonly faults?: readonly WrittenFault[]
  readonly timeline?: readonly WrittenStep[]
}

export type WrittenPolicy = 'manual' | 'immediately' | { readonly after: string } | { readonly reads: number }
export type WrittenProgress = WrittenPolicy | Readonly<Partial<Record<StepName, WrittenPolicy>>>

export interface WrittenFault {
  readonly id?: string
  readonly operation?: string | readonly string[]
  /** Values that a request must have: of parameters (`orderId`), inside them (`x-site-context/account`), and of the body (`/line_items/0/line_item_uuid`). */
  readonly match?: Readonly<Record<string, string | number | boolean | null>>
  readonly calls?: number | { readonly first?: number; readonly last?: number }
  readonly probability?: number
  readonly during?: { readonly from?: string; readonly until?: string }
  readonly limit?: { readonly requests: number; readonly per: string }
  readonly at?: 'before' | 'after'
  readonly fixedDelayMilliseconds?: number
  readonly delayDistribution?:
    | { readonly type: 'uniform'; readonly lower: number; readonly upper: number }
    | { readonly type: 'lognormal'; readonly median: number; readonly sigma: number; readonly maxValue?: number }
  readonly status?: number
  readonly example?: string
  readonly body?: unknown
  readonly retryAfter?: string
  readonly fault?: Cut | Spoil
}

export type WrittenStep = { readonly at: string } & (
  | {
      readonly operation: string
      readonly as?: { readonly supplier: number } | { readonly retailer: number } | { readonly account: string; readonly stage?: string }
      readonly parameters?: Readonly<Record<string, string | number | boolean>>
      readonly body?: unknown
    }
  | { readonly exists: Data }
)

/**
 * What a session holds beside its population, as a file says it: in the APIs' own words, by a few fields. Nothing here is put into the
 * world by hand: each entity goes the way that requests would have taken it, so that the rules that guard requests guard files too.
 */
export interface Data {
  readonly orders?: readonly PlacedOrder[]
  readonly allocations?: readonly PlacedAllocation[]
  readonly stock?: readonly PlacedStock[]
}

export interface PlacedOrder {
  readonly order_uuid?: string
  readonly po_number?: string
  readonly retailer?: number
  readonly created_date?: string
  readonly line_items: readonly PlacedLine[]
}

export interface PlacedLine {
  readonly line_item_uuid?: string
  readonly sku_id?: string
  readonly supplier?: number
  readonly quantity_ordered: number
  readonly quantity_allocated?: number
  readonly quantity_backordered?: number
  readonly quantity_rejected?: number
  readonly quantity_shipped?: number
  readonly backorder_date?: string
  readonly cancellation?: 'none' | 'pending' | 'confirmed'
}

export interface PlacedAllocation {
  readonly allocationId?: string
  readonly account?: string
  readonly stage?: string
  readonly orderNumber?: string
  readonly channelId?: string
  readonly locationNum?: string
  readonly statusCode?:
    'ALLOCATED' | 'PENDING_DROP' | 'PENDING_PICK' | 'SHIPPED' | 'PARTIALLY_SHIPPED' | 'CANCELLED' | 'PARTIALLY_CANCELLED'
  readonly items: readonly PlacedItem[]
}

export interface PlacedItem {
  readonly sku: string
  readonly orderLineId?: string
  readonly quantity: number
  readonly shippedQuantity?: number
  readonly scratchQuantity?: number
  readonly cancelledQuantity?: number
}

export interface PlacedStock {
  readonly account?: string
  readonly stage?: string
  readonly locationNum: string
  readonly sku: string
  readonly available: number
}
