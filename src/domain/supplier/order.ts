import type { Assumptions } from '../assumption.ts'
import type { Issue, Problem } from '../../http.ts'

export type OrderId = string & { readonly __brand: 'OrderId' }
export type LineId = string & { readonly __brand: 'LineId' }

/** @throws TypeError for a text that is no UUID in lower case. */
export function orderId(text: string): OrderId {
  if (!isOrderId(text)) throw new TypeError(`"${text}" is no order id`)
  return text
}

/** @throws TypeError for a text that is no UUID in lower case. */
export function lineId(text: string): LineId {
  if (!isLineId(text)) throw new TypeError(`"${text}" is no line id`)
  return text
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function isOrderId(text: string): text is OrderId {
  return UUID.test(text)
}

function isLineId(text: string): text is LineId {
  return UUID.test(text)
}

/** What of a line decides its status and what a search can ask for. Quantities are whole units. */
export interface LineFacts {
  /** The population's number of the supplier, from 1. */
  readonly supplier: number
  readonly skuId: string
  readonly ordered: number
  readonly allocated: number
  readonly backordered: number
  readonly rejected: number
  /** At most what is allocated; never falls. */
  readonly shipped: number
  readonly cancellation: 'none' | 'pending' | 'confirmed'
}

export interface Line extends LineFacts {
  readonly id: LineId
  readonly itemId: string
  readonly itemName: string
  readonly skuUuid: string
  readonly skuName: string
  readonly variants: string | null
  /** What one unit costs by the order. */
  readonly cost: number
  /** `YYYY-MM-DD`; null without backordered units. */
  readonly backorderDate: string | null
  readonly supplierPoNumber: string | null
  readonly supplierInvoiceNumber: string | null
  /** What the supplier last said one unit costs; null until then. */
  readonly supplierCost: number | null
  readonly tracking: readonly Tracking[]
}

export interface Tracking {
  readonly tracking_number: string
  readonly shipping_carrier: string | null
  readonly shipping_method: string | null
  readonly shipping_weight: string | null
  readonly shipping_cost: number | null
  readonly shipping_date: string | null
  readonly quantity: number
}

export interface OrderFacts {
  /** The population's number of the retailer, from 1. */
  readonly retailer: number
  readonly lines: readonly LineFacts[]
}

export interface Order extends OrderFacts {
  readonly id: OrderId
  readonly poNumber: string
  /** RFC 3339, six digits of a second. */
  readonly createdAt: string
  readonly submittedBy: string
  readonly notes: string | null
  readonly address: Readonly<Record<'name' | 'address1' | 'city' | 'state' | 'postal_code', string>> &
    Readonly<Record<'business_name' | 'address2' | 'phone_number' | 'country', string | null>>
  readonly shipping: { readonly shipping_carrier: string; readonly shipping_method: string }
  readonly fees: Readonly<Record<'order_fee' | 'order_tax' | 'shipping_cost' | 'drop_ship_fee', number>>
  readonly lines: readonly Line[]
}

export type LineStatus = 'Unallocated' | 'Allocated' | 'Rejected' | 'HasTracking' | 'Backordered' | 'Cancelled'
export type AllocationStatus = 'Unallocated' | 'Partial' | 'Allocated'
export type Designation = 'HasTracking' | 'NeedsTracking' | 'Backordered' | 'Rejected' | 'Cancelled'

/** The first that fits. The values are documented, their precedence is assumed: a line with 5 allocated and 1 backordered is documented as Allocated. */
export function lineStatus(line: LineFacts): LineStatus {
  if (line.cancellation === 'confirmed') return 'Cancelled'
  if (line.shipped > 0) return 'HasTracking'
  if (line.allocated > 0) return 'Allocated'
  if (line.backordered > 0) return 'Backordered'
  return line.rejected > 0 ? 'Rejected' : 'Unallocated'
}

export function allocationStatus({ ordered, allocated, backordered, rejected }: LineFacts): AllocationStatus {
  if (allocated + backordered + rejected === 0) return 'Unallocated'
  return allocated + rejected === ordered ? 'Allocated' : 'Partial'
}

export function isDesignated(line: LineFacts, designation: Designation): boolean {
  switch (designation) {
    case 'HasTracking':
      return line.shipped > 0
    case 'NeedsTracking':
      return line.allocated > line.shipped
    case 'Backordered':
      return line.backordered > 0
    case 'Rejected':
      return line.rejected > 0
    case 'Cancelled':
      return line.cancellation === 'confirmed'
    default:
      return designation satisfies never
  }
}

/** At least one line is not cancelled, and none of those is Unallocated. */
export function isAllocated(order: OrderFacts): boolean {
  const open = order.lines.filter((line) => line.cancellation !== 'confirmed')
  return open.length > 0 && open.every((line) => lineStatus(line) !== 'Unallocated')
}

/** What a supplier says of one line. */
export interface Wanted {
  readonly lineId: string
  /** If said, it must be what the order says. */
  readonly ordered: number | undefined
  readonly allocated: number
  /** The same under the older name, if both were sent. */
  readonly accepted: number | undefined
  readonly backordered: number
  readonly rejected: number
  readonly backorderDate: string | null
  /** Undefined leaves what is there. */
  readonly poNumber: string | null | undefined
  readonly invoiceNumber: string | null | undefined
}

export type Transition = { readonly kind: 'order'; readonly order: Order } | { readonly kind: 'refused'; readonly problem: Problem }

/**
 * The supplier says how much of each line it ships now, later and never. All lines change or none; lines not named keep their state.
 * Saying the same again changes nothing: the same order comes back. Every issue is reported, those of form before those of state.
 */
export function allocate(order: Order, supplier: number, wanted: readonly Wanted[], sum: Assumptions['supplier.allocate.sum']): Transition {
  const own = new Map(order.lines.filter((line) => line.supplier === supplier).map((line) => [line.id as string, line]))
  const seen = new Map<string, number>()
  const malformed: Found[] = []
  const impossible: Found[] = []
  for (const [index, one] of wanted.entries()) {
    const at = `/body/line_items/${index}`
    const line = own.get(one.lineId)
    const earlier = seen.get(one.lineId)
    if (earlier !== undefined)
      malformed.push({
        code: 'line-repeated',
        at: `${at}/line_item_uuid`,
        message: `line ${one.lineId} stands in line_items ${earlier} and ${index}`,
        fix: 'name each line once',
      })
    seen.set(one.lineId, index)
    if (line) {
      malformed.push(...quantityIssues(line, one, sum, `${at}/allocation`))
      impossible.push(...stateIssues(line, one, at))
    } else
      impossible.push({
        code: 'line-unknown',
        at: `${at}/line_item_uuid`,
        message: `order ${order.id} has no line ${one.lineId} for you`,
        fix: `its lines are ${[...own.keys()].join(', ')}`,
      })
  }
  const issues = malformed.length > 0 ? malformed : impossible
  const [first] = issues
  if (first) return { kind: 'refused', problem: problemOf(first, issues, sum) }
  const changed = new Map(
    wanted.flatMap((one) => {
      const line = own.get(one.lineId)
      const next = line && apply(line, one)
      return line && next && !isSame(line, next) ? [[line.id, next]] : []
    }),
  )
  return { kind: 'order', order: changed.size === 0 ? order : { ...order, lines: order.lines.map((line) => changed.get(line.id) ?? line) } }
}

type Found = {
  readonly code: Problem['code']
  readonly at: string
  readonly message: string
  readonly fix: string
  readonly value?: unknown
}

function quantityIssues(line: Line, wanted: Wanted, sum: Assumptions['supplier.allocate.sum'], at: string): Found[] {
  const { allocated, accepted, backordered, rejected, ordered } = wanted
  const found: Found[] = []
  if (accepted !== undefined && accepted !== allocated)
    found.push({
      code: 'quantities-differ',
      at: `${at}/quantity_accepted`,
      message: `quantity_accepted is ${accepted}, but quantity_allocated is ${allocated}`,
      fix: 'send quantity_allocated alone',
      value: accepted,
    })
  if (ordered !== undefined && ordered !== line.ordered)
    found.push({
      code: 'quantities-differ',
      at: `${at}/quantity_ordered`,
      message: `quantity_ordered is ${ordered}, but ${line.ordered} were ordered`,
      fix: `send ${line.ordered}, or leave it out`,
      value: ordered,
    })
  const total = allocated + backordered + rejected
  if (sum === 'enforced' && total !== line.ordered)
    found.push({
      code: 'quantities-differ',
      at,
      message: `${allocated} allocated + ${backordered} backordered + ${rejected} rejected is ${total}, not the ${line.ordered} ordered`,
      fix: `make them add up to ${line.ordered}`,
    })
  return found
}

function stateIssues(line: Line, { allocated }: Wanted, at: string): Found[] {
  if (line.cancellation === 'confirmed') return [{ code: 'line-closed', at, message: `line ${line.id} is cancelled`, fix: 'leave it out' }]
  if (line.cancellation === 'pending')
    return [
      { code: 'line-closed', at, message: `a cancellation of line ${line.id} waits for an answer`, fix: 'answer the cancellation first' },
    ]
  if (allocated < line.shipped)
    return [
      {
        code: 'shipped-already',
        at: `${at}/allocation/quantity_allocated`,
        message: `${line.shipped} of line ${line.id} are shipped, so ${allocated} cannot be all that is allocated`,
        fix: `allocate ${line.shipped} at least`,
      },
    ]
  return []
}

function problemOf(first: Found, all: readonly Found[], sum: Assumptions['supplier.allocate.sum']): Problem {
  const issues = all.map(({ code, at, message, fix, value }): Issue => ({
    at,
    rule: code,
    message,
    fix,
    ...(value !== undefined && { value }),
  }))
  const assumed = all.some(({ code }) => code === 'quantities-differ') && sum === 'enforced'
  return { code: first.code, detail: first.message, fix: first.fix, issues, ...(assumed && { assumption: 'supplier.allocate.sum' }) }
}

function apply(line: Line, { allocated, backordered, rejected, backorderDate, poNumber, invoiceNumber }: Wanted): Line {
  return {
    ...line,
    allocated,
    backordered,
    rejected,
    backorderDate: backordered > 0 ? backorderDate : null,
    supplierPoNumber: poNumber === undefined ? line.supplierPoNumber : poNumber,
    supplierInvoiceNumber: invoiceNumber === undefined ? line.supplierInvoiceNumber : invoiceNumber,
  }
}

function isSame(a: Line, b: Line): boolean {
  return (
    a.allocated === b.allocated &&
    a.backordered === b.backordered &&
    a.rejected === b.rejected &&
    a.backorderDate === b.backorderDate &&
    a.supplierPoNumber === b.supplierPoNumber &&
    a.supplierInvoiceNumber === b.supplierInvoiceNumber
  )
}
