import type { AssumptionName, Assumptions } from './assumptions.ts'
import type { Instead, Issue } from '../../base/http.ts'
import type { Problem } from './problems.ts'

export type OrderId = string & { readonly __brand: 'OrderId' }
export type LineId = string & { readonly __brand: 'LineId' }

/** @throws TypeError for a text that is not a UUID in lower case. */
export function orderId(text: string): OrderId {
  if (!isOrderId(text)) throw new TypeError(`"${text}" is not a valid order id`)
  return text
}

/** @throws TypeError for a text that is not a UUID in lower case. */
export function lineId(text: string): LineId {
  if (!isLineId(text)) throw new TypeError(`"${text}" is not a valid line id`)
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
  readonly instructions: string | null
  readonly attributes: readonly Attribute[] | null
  readonly tracking: readonly Tracking[]
}

/** Units of a line in a package. What a package is stands in each of its lines. */
export interface Tracking {
  /** The package's UUID. */
  readonly packageId: string
  readonly tracking_number: string
  readonly shipping_carrier: string | null
  readonly shipping_method: string | null
  readonly shipping_weight: string | null
  readonly shipping_cost: number | null
  readonly shipping_date: string | null
  readonly package_attributes: readonly Attribute[] | null
  readonly quantity: number
}

export interface Attribute {
  readonly attribute_name: string
  readonly attribute_value: string
}

export interface OrderFacts {
  /** The population's number of the retailer, from 1. */
  readonly retailer: number
  readonly lines: readonly LineFacts[]
}

export interface Order extends OrderFacts {
  readonly id: OrderId
  /** Its place among the orders of its session: created ones follow those of the population. */
  readonly index: number
  readonly poNumber: string
  /** RFC 3339, six digits of a second. */
  readonly createdAt: string
  readonly submittedBy: string
  readonly notes: string | null
  readonly address: Address
  readonly shipping: { readonly shipping_carrier: string | null; readonly shipping_method: string | null }
  readonly fees: Readonly<Record<'order_fee' | 'order_tax' | 'shipping_cost' | 'drop_ship_fee', number | null>>
  readonly attributes: readonly Attribute[] | null
  readonly lines: readonly Line[]
}

export type Address = Readonly<Record<'name' | 'address1' | 'city' | 'state' | 'postal_code', string>> &
  Readonly<Record<'business_name' | 'address2' | 'phone_number' | 'country', string | null>>

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

/** How an allocation is judged where the document leaves it open. */
export type AllocationRules = Pick<Assumptions, 'supplier.allocate.sum' | 'supplier.allocate.lines' | 'supplier.rejected.falls'>

/**
 * The supplier says how much of each line it ships now, later and never. All lines change or none; lines not named keep their state.
 * Saying the same again changes nothing: the same order comes back. Every issue is reported, those of form before those of state.
 */
export function allocate(order: Order, supplier: number, wanted: readonly Wanted[], rules: AllocationRules): Transition {
  const {
    lines: own,
    found: repeated,
    unknown,
  } = namedLines(
    order,
    supplier,
    wanted.map(({ lineId }) => lineId),
  )
  const malformed: Found[] = [...repeated]
  const impossible: Found[] = [...unknown]
  for (const [index, one] of wanted.entries()) {
    const line = own.get(one.lineId)
    if (!line) continue
    malformed.push(...quantityIssues(line, one, rules['supplier.allocate.sum'], index))
    impossible.push(...stateIssues(line, one, rules['supplier.rejected.falls'], index))
  }
  if (rules['supplier.allocate.lines'] === 'all') malformed.push(...missingLines(own, wanted))
  const problem = problemOf(malformed.length > 0 ? malformed : impossible)
  return problem
    ? { kind: 'refused', problem }
    : changeLines(
        order,
        wanted.flatMap((one) => {
          const line = own.get(one.lineId)
          const next = line && apply(line, one)
          return line && next && !isSame(line, next) ? [next] : []
        }),
      )
}

/** One thing that is wrong with what was asked, before it becomes an issue of the refusal. */
export type Found = {
  readonly code: Problem['code']
  readonly at: string
  readonly message: string
  readonly fix: string
  readonly instead?: readonly Instead[]
  readonly value?: unknown
  /** The assumption that makes it wrong. */
  readonly assumption?: AssumptionName
}

/** Where the request has it. */
function placeOf(index: number): string {
  return `/body/line_items/${index}`
}

/** The supplier's own lines by id, and what is wrong with the ids of a request's `line_items`. */
export function namedLines(
  order: Order,
  supplier: number,
  ids: readonly string[],
): { readonly lines: ReadonlyMap<string, Line>; readonly found: readonly Found[]; readonly unknown: readonly Found[] } {
  const lines = new Map(order.lines.filter((line) => line.supplier === supplier).map((line) => [line.id as string, line]))
  const seen = new Map<string, number>()
  const found: Found[] = []
  const unknown: Found[] = []
  for (const [index, id] of ids.entries()) {
    const earlier = seen.get(id)
    if (earlier !== undefined)
      found.push({
        code: 'line-repeated',
        at: `${placeOf(index)}/line_item_uuid`,
        message: `line ${id} stands in line_items ${earlier} and ${index}`,
        fix: 'name each line once',
        instead: [{ at: placeOf(index) }],
      })
    seen.set(id, index)
    if (!lines.has(id))
      unknown.push({
        code: 'line-unknown',
        at: `${placeOf(index)}/line_item_uuid`,
        message: `order ${order.id} has no line ${id} for you`,
        fix: `its lines are ${[...lines.keys()].join(', ')}`,
      })
  }
  return { lines, found, unknown }
}

/** The order with these lines in place of those it has; the same order where there are none. */
export function changeLines(order: Order, lines: readonly Line[]): Transition {
  const changed = new Map(lines.map((line) => [line.id, line]))
  return { kind: 'order', order: changed.size === 0 ? order : { ...order, lines: order.lines.map((line) => changed.get(line.id) ?? line) } }
}

/** The refusal that says all of them; undefined when there is nothing to say. */
export function problemOf(all: readonly Found[]): Problem | undefined {
  const sorted = all.toSorted((a, b) => lineOf(a) - lineOf(b))
  const [first] = sorted
  if (!first) return undefined
  const issues = sorted.map(({ code, at, message, fix, value, instead }): Issue => ({
    at,
    rule: code,
    message,
    fix,
    ...(value !== undefined && { value }),
    ...(instead && { instead }),
  }))
  const assumption = sorted.find((one) => one.assumption !== undefined)?.assumption
  return { code: first.code, detail: first.message, fix: first.fix, issues, ...(assumption && { assumption }) }
}

/** The place of the line that it is about in the request; what is about none of them comes first. */
function lineOf({ at }: Found): number {
  return Number(/^\/body\/line_items\/(\d+)/.exec(at)?.[1] ?? -1)
}

function missingLines(own: ReadonlyMap<string, Line>, wanted: readonly Wanted[]): Found[] {
  const named = new Set(wanted.map(({ lineId }) => lineId))
  const missing = [...own.values()].filter(({ id, cancellation }) => cancellation === 'none' && !named.has(id)).map(({ id }) => id)
  return missing.length === 0
    ? []
    : [
        {
          code: 'lines-missing',
          at: '/body/line_items',
          message: `leaves out ${missing.length === 1 ? 'the line' : 'the lines'} ${missing.join(', ')}`,
          fix: 'name all open lines of the order',
          assumption: 'supplier.allocate.lines',
        },
      ]
}

function quantityIssues(line: Line, wanted: Wanted, sum: Assumptions['supplier.allocate.sum'], index: number): Found[] {
  const { allocated, accepted, backordered, rejected, ordered } = wanted
  const found: Found[] = []
  if (accepted !== undefined && accepted !== allocated)
    found.push({
      code: 'quantities-differ',
      at: `${placeOf(index)}/allocation/quantity_accepted`,
      message: `quantity_accepted is ${accepted}, but quantity_allocated is ${allocated}`,
      fix: 'send quantity_allocated alone',
      instead: [{ at: `${placeOf(index)}/allocation/quantity_accepted` }],
      value: accepted,
    })
  if (ordered !== undefined && ordered !== line.ordered)
    found.push({
      code: 'quantities-differ',
      at: `${placeOf(index)}/allocation/quantity_ordered`,
      message: `quantity_ordered is ${ordered}, but ${line.ordered} were ordered`,
      fix: `send ${line.ordered}, or leave it out`,
      instead: [{ at: `${placeOf(index)}/allocation/quantity_ordered`, to: line.ordered }],
      value: ordered,
    })
  const total = allocated + backordered + rejected
  if (sum === 'enforced' && total !== line.ordered)
    found.push({
      code: 'quantities-differ',
      at: `${placeOf(index)}/allocation`,
      message: `${allocated} allocated + ${backordered} backordered + ${rejected} rejected is ${total}, not the ${line.ordered} ordered`,
      fix: `make them add up to ${line.ordered}`,
      instead: added(wanted, line.ordered - total, `${placeOf(index)}/allocation`),
      assumption: 'supplier.allocate.sum',
    })
  return found
}

/** Quantities that add up: what is missing is rejected; of what is too much, first what is rejected goes, then what is backordered, then what is allocated. */
function added({ allocated, backordered, rejected }: Wanted, missing: number, at: string): readonly Instead[] {
  const all = Object.entries({ quantity_rejected: rejected, quantity_backordered: backordered, quantity_allocated: allocated })
  let left = missing
  const instead = all.flatMap(([name, quantity]) => {
    const to = Math.max(0, quantity + left)
    left -= to - quantity
    return to === quantity ? [] : [{ at: `${at}/${name}`, to }]
  })
  return instead
}

function stateIssues(line: Line, { allocated, rejected }: Wanted, falls: Assumptions['supplier.rejected.falls'], index: number): Found[] {
  if (line.cancellation === 'confirmed')
    return [{ code: 'line-closed', at: placeOf(index), message: `line ${line.id} is cancelled`, fix: 'leave it out' }]
  if (line.cancellation === 'pending')
    return [
      {
        code: 'line-closed',
        at: placeOf(index),
        message: `a cancellation of line ${line.id} waits for an answer`,
        fix: 'answer the cancellation first',
      },
    ]
  const found: Found[] = []
  if (allocated < line.shipped)
    found.push({
      code: 'shipped-already',
      at: `${placeOf(index)}/allocation/quantity_allocated`,
      message: `${line.shipped} of line ${line.id} are shipped, so ${allocated} cannot be all that is allocated`,
      fix: `allocate ${line.shipped} at least`,
      instead: [{ at: `${placeOf(index)}/allocation/quantity_allocated`, to: line.shipped }],
    })
  if (falls === 'refused' && rejected < line.rejected)
    found.push({
      code: 'rejected-falls',
      at: `${placeOf(index)}/allocation/quantity_rejected`,
      message: `${line.rejected} of line ${line.id} are rejected for good, not ${rejected}`,
      fix: `reject ${line.rejected} at least`,
      instead: [{ at: `${placeOf(index)}/allocation/quantity_rejected`, to: line.rejected }],
      assumption: 'supplier.rejected.falls',
    })
  return found
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
