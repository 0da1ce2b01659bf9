import type { Assumptions } from './assumptions.ts'
import type { Problem } from './problems.ts'
import {
  type Attribute,
  changeLines,
  type Found,
  type Line,
  namedLines,
  type Order,
  problemOf,
  type Tracking,
  type Transition,
} from './order.ts'

/** Units of one line in a package. */
export interface Packed {
  readonly lineId: string
  /** At least 1. */
  readonly quantity: number
  /** What the supplier says one unit costs; undefined leaves what it said before. */
  readonly cost: number | undefined
}

/** A package as a supplier reports it. */
export interface Parcel {
  readonly number: string
  readonly carrier: string | null
  readonly method: string | null
  readonly weight: string | null
  readonly cost: number | null
  readonly date: string | null
  readonly attributes: readonly Attribute[] | null
  readonly lines: readonly Packed[]
}

/**
 * A supplier ships units of its lines in a package. What is shipped cannot exceed what is allocated. Shipping answers a cancellation that
 * waits: the parcel is on its way. All lines change or none.
 * @param packageId the UUID of the new package
 */
export function ship(
  order: Order,
  supplier: number,
  parcel: Parcel,
  packageId: string,
  pending: Assumptions['supplier.tracking.pending'],
): Transition {
  const { lines, found, unknown } = named(order, supplier, parcel.lines)
  const isKnown = packageOf(order, supplier, parcel.number).length > 0
  const impossible = [...(isKnown ? [known(order, parcel.number, '/body/tracking_number')] : []), ...unknown]
  for (const [index, { lineId, quantity }] of parcel.lines.entries()) {
    const line = lines.get(lineId)
    if (line) impossible.push(...shippingIssues(line, quantity, pending, `/body/line_items/${index}`))
  }
  const problem = problemOf(found.length > 0 ? found : impossible)
  if (problem) return { kind: 'refused', problem }
  return changeLines(
    order,
    parcel.lines.flatMap((packed) => {
      const line = lines.get(packed.lineId)
      return line ? [load(line, packed, { ...shown(parcel), packageId, quantity: packed.quantity })] : []
    }),
  )
}

/** What of a package is said anew; what is undefined stays. */
export type Amendment = { readonly [Name in Exclude<keyof Parcel, 'attributes'>]: Parcel[Name] | undefined }

/**
 * A supplier corrects a package. The quantity of a line is what the package holds of it: it may grow, and a line may come to it, but what
 * has shipped has shipped.
 */
export function amend(
  order: Order,
  supplier: number,
  number: string,
  amendment: Amendment,
  pending: Assumptions['supplier.tracking.pending'],
): Transition {
  const packed = packageOf(order, supplier, number)
  const [first] = packed
  const missing = missingPackage(order, supplier, number)
  if (missing || !first) return { kind: 'refused', problem: missing ?? { code: 'tracking-unknown', detail: number } }
  const wanted = amendment.lines ?? []
  const { lines, found, unknown } = named(order, supplier, wanted)
  const isKnown = amendment.number !== undefined && amendment.number !== number && packageOf(order, supplier, amendment.number).length > 0
  const impossible = [...(isKnown ? [known(order, amendment.number, '/body/new_tracking_number')] : []), ...unknown]
  for (const [index, { lineId, quantity }] of wanted.entries()) {
    const line = lines.get(lineId)
    const before = line?.tracking.find((one) => one.tracking_number === number)?.quantity ?? 0
    const at = `/body/line_items/${index}`
    if (line && quantity < before)
      impossible.push({
        code: 'units-fall',
        at: `${at}/quantity_shipped`,
        message: `${before} of line ${lineId} are in package ${number}, and ${quantity} would be fewer`,
        fix: `send ${before} at least`,
      })
    else if (line && quantity > before) impossible.push(...shippingIssues(line, quantity - before, pending, at))
  }
  const problem = problemOf(found.length > 0 ? found : impossible)
  if (problem) return { kind: 'refused', problem }
  const said = new Map(wanted.map((one) => [one.lineId, one]))
  const label = relabelled(first.tracking, amendment)
  const touched = new Set([...packed.map(({ line }) => line.id as string), ...said.keys()])
  return changeLines(
    order,
    order.lines
      .filter((line) => line.supplier === supplier && touched.has(line.id))
      .map((line) => {
        const before = line.tracking.find((one) => one.tracking_number === number)
        const one = said.get(line.id)
        const quantity = one?.quantity ?? before?.quantity ?? 0
        const next: Line = {
          ...line,
          tracking: before
            ? line.tracking.map((entry) => (entry === before ? { ...label, quantity } : entry))
            : [...line.tracking, { ...label, quantity }],
          shipped: line.shipped + quantity - (before?.quantity ?? 0),
          supplierCost: one?.cost ?? line.supplierCost,
        }
        return next.shipped === line.shipped ? next : { ...next, cancellation: 'none' as const }
      })
      // Saying the same again changes nothing.
      .filter((line) => JSON.stringify(line) !== JSON.stringify(order.lines.find(({ id }) => id === line.id))),
  )
}

function packageOf(order: Order, supplier: number, number: string): readonly { line: Line; tracking: Tracking }[] {
  return order.lines.flatMap((line) =>
    line.supplier === supplier
      ? line.tracking.filter((tracking) => tracking.tracking_number === number).map((tracking) => ({ line, tracking }))
      : [],
  )
}

function named(order: Order, supplier: number, lines: readonly Packed[]): ReturnType<typeof namedLines> {
  return namedLines(
    order,
    supplier,
    lines.map(({ lineId }) => lineId),
  )
}

function shippingIssues(line: Line, quantity: number, pending: Assumptions['supplier.tracking.pending'], at: string): Found[] {
  if (line.cancellation === 'confirmed') return [{ code: 'line-closed', at, message: `line ${line.id} is cancelled`, fix: 'leave it out' }]
  if (line.cancellation === 'pending' && pending === 'refused')
    return [
      {
        code: 'line-closed',
        at,
        message: `a cancellation of line ${line.id} waits for an answer`,
        fix: 'answer the cancellation first',
        assumption: 'supplier.tracking.pending',
      },
    ]
  const left = line.allocated - line.shipped
  return quantity <= left
    ? []
    : [
        {
          code: 'units-exceeded',
          at: `${at}/quantity_shipped`,
          message: `${left} of line ${line.id} are allocated and not shipped, and ${quantity} would be more`,
          fix: left === 0 ? 'allocate units first' : `ship ${left} at most`,
        },
      ]
}

function load(line: Line, { quantity, cost }: Packed, tracking: Tracking): Line {
  return {
    ...line,
    shipped: line.shipped + quantity,
    cancellation: 'none',
    supplierCost: cost ?? line.supplierCost,
    tracking: [...line.tracking, tracking],
  }
}

function shown({ number, carrier, method, weight, cost, date, attributes }: Parcel): Omit<Tracking, 'packageId' | 'quantity'> {
  return {
    tracking_number: number,
    shipping_carrier: carrier,
    shipping_method: method,
    shipping_weight: weight,
    shipping_cost: cost,
    shipping_date: date,
    package_attributes: attributes,
  }
}

function relabelled(tracking: Tracking, { number, carrier, method, weight, cost, date }: Amendment): Tracking {
  return {
    ...tracking,
    ...(number !== undefined && { tracking_number: number }),
    ...(carrier !== undefined && { shipping_carrier: carrier }),
    ...(method !== undefined && { shipping_method: method }),
    ...(weight !== undefined && { shipping_weight: weight }),
    ...(cost !== undefined && { shipping_cost: cost }),
    ...(date !== undefined && { shipping_date: date }),
  }
}

function known(order: Order, number: string, at: string): Found {
  return {
    code: 'tracking-known',
    at,
    message: `order ${order.id} has a package ${number} of yours`,
    fix: 'correct that one with PUT, or give this one its own number',
    value: number,
  }
}

/** The refusal for a package that the supplier has not sent. */
export function missingPackage(order: Order, supplier: number, number: string): Problem | undefined {
  return packageOf(order, supplier, number).length > 0
    ? undefined
    : {
        code: 'tracking-unknown',
        detail: `order ${order.id} has no package ${number} of yours`,
        fix: 'GET /orders/{order_uuid}/ shows the tracking numbers of each line',
      }
}
