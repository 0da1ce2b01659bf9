import type { Behaviour, LiveScene } from './kinds.ts'
import type { Input } from '../../base/http.ts'
import type { AssumptionName } from './assumptions.ts'
import { isRefused, refused, reply } from '../../core/behaviour.ts'
import { at, keyOf, uuid } from '../../core/population/random.ts'
import { answerCancellation } from './cancellation.ts'
import { allocate, type Attribute, type Line, lineId, lineStatus, type Order, type Wanted } from './order.ts'
import { findOrderOfLine, visibleLines } from './search.ts'
import {
  canonical,
  changesOf,
  done,
  firstOrder,
  invalid,
  orderInPath,
  organizationOf,
  type Quantity,
  isQuantity,
  quantityIssue,
  viewerOf,
} from './subject.ts'
import { amend, missingPackage, type Packed, ship } from './tracking.ts'

/** What a supplier does with an order: allocates it, answers its cancellation, ships it. */

interface OrderInput extends Input {
  readonly path: { readonly order_uuid: string }
}

interface AllocateInput extends OrderInput {
  readonly body: {
    readonly line_items: readonly {
      readonly line_item_uuid: string
      readonly supplier_provided_po_number?: string | null
      readonly supplier_provided_invoice_number?: string | null
      readonly allocation: {
        readonly quantity_ordered?: Quantity
        readonly quantity_allocated?: Quantity
        readonly quantity_accepted?: Quantity
        readonly quantity_backordered?: Quantity
        readonly quantity_rejected?: Quantity
        readonly backorder_date?: string | null
      }
    }[]
  }
}

const QUANTITIES = ['quantity_ordered', 'quantity_allocated', 'quantity_accepted', 'quantity_backordered', 'quantity_rejected'] as const

export const allocateOrder: Behaviour<AllocateInput, Order> = {
  admits: ['supplier'],
  permission: 'allocate_order',
  find: orderInPath,
  run({ body }, scene, order) {
    const supplier = organizationOf(scene.caller)
    const tooLarge = invalid(
      body.line_items.flatMap(({ allocation }, index) =>
        QUANTITIES.filter((name) => !isQuantity(allocation[name])).map((name) =>
          quantityIssue(allocation[name], `/body/line_items/${index}/allocation/${name}`),
        ),
      ),
    )
    if (tooLarge) return refused(tooLarge)
    const { assumptions } = scene.session
    const wanted = body.line_items.map(readLine)
    const result = allocate(order, supplier, wanted, assumptions)
    if (result.kind === 'refused') return refused(result.problem)
    const lines = new Map(result.order.lines.map((line) => [line.id as string, line]))
    const answered = wanted.flatMap((one) => lines.get(one.lineId) ?? [])
    return reply(
      200,
      {
        line_items: answered.map(({ id, shipped, supplierCost, cost }) => ({
          line_item_uuid: id,
          quantity_shipped: shipped,
          supplier_provided_sku_cost: supplierCost ?? (assumptions['supplier.sku-cost'] === 'null' ? null : cost),
        })),
      },
      { changes: changesOf(order, result.order), assumption: shapedBy(order, supplier, answered) },
    )
  },
  example(scene) {
    const viewer = viewerOf(scene.caller)
    const isUntouched = ({ cancellation }: { cancellation: Line['cancellation'] }): boolean => cancellation === 'none'
    const order =
      firstOrder(viewer, scene, { line_item_allocation_statuses: ['Unallocated'] }, isUntouched) ??
      firstOrder(viewer, scene, {}, isUntouched)
    const lines = order ? visibleLines(order, viewer).filter(isUntouched) : []
    const open = lines.find((line) => lineStatus(line) === 'Unallocated') ?? lines[0]
    return (
      order &&
      open && {
        path: `/orders/allocation/${order.id}/`,
        body: {
          line_items: [
            {
              line_item_uuid: open.id,
              allocation: { quantity_allocated: open.ordered, quantity_backordered: 0, quantity_rejected: 0 },
            },
          ],
        },
      }
    )
  },
}

/** The assumption without which the answer would have been another. */
function shapedBy(before: Order, supplier: number, answered: readonly Line[]): AssumptionName | undefined {
  if (answered.some(({ ordered, allocated, backordered, rejected }) => allocated + backordered + rejected !== ordered))
    return 'supplier.allocate.sum'
  if (answered.some(({ id, rejected }) => rejected < (before.lines.find((line) => line.id === id)?.rejected ?? 0)))
    return 'supplier.rejected.falls'
  const isLeftOut = ({ id, supplier: own, cancellation }: Line): boolean =>
    own === supplier && cancellation === 'none' && !answered.some((one) => one.id === id)
  if (before.lines.some(isLeftOut)) return 'supplier.allocate.lines'
  return answered.some(({ supplierCost }) => supplierCost === null) ? 'supplier.sku-cost' : undefined
}

function readLine({
  line_item_uuid,
  allocation,
  supplier_provided_po_number,
  supplier_provided_invoice_number,
}: AllocateInput['body']['line_items'][number]): Wanted {
  const {
    quantity_ordered: ordered,
    quantity_allocated: allocated,
    quantity_accepted: accepted,
    quantity_backordered,
    quantity_rejected,
    backorder_date,
  } = allocation
  return {
    lineId: canonical(line_item_uuid),
    ordered: ordered === undefined ? undefined : Number(ordered),
    allocated: Number(allocated ?? accepted),
    accepted: accepted === undefined ? undefined : Number(accepted),
    backordered: Number(quantity_backordered ?? 0),
    rejected: Number(quantity_rejected ?? 0),
    // A date with a time is cut to its date.
    backorderDate: backorder_date?.slice(0, 10) ?? null,
    poNumber: supplier_provided_po_number,
    invoiceNumber: supplier_provided_invoice_number,
  }
}

type Answer = 'confirm' | 'reject'

/** The supplier answers for all of its lines that wait. */
export function answerForOrder(answer: Answer): Behaviour<OrderInput, Order> {
  return {
    admits: ['supplier'],
    permission: 'cancel_order',
    find: orderInPath,
    run: (_input, { caller }, order) => done(order, answerCancellation(order, organizationOf(caller), answer)),
    example(scene) {
      const order = firstWaiting(scene)
      return order && { path: `/orders/cancel/${order.id}/${answer}/` }
    },
  }
}

interface LineInput extends Input {
  readonly path: { readonly order_item_uuid: string }
}

/** The supplier answers for one line. */
export function answerForLine(answer: Answer): Behaviour<LineInput> {
  return {
    admits: ['supplier'],
    permission: 'cancel_order',
    run({ path }, scene) {
      const id = canonical(path.order_item_uuid)
      const order = findOrderOfLine(id, viewerOf(scene.caller), scene)
      return order
        ? done(order, answerCancellation(order, organizationOf(scene.caller), answer, lineId(id)))
        : refused({
            code: 'order-unknown',
            detail: `there is no line item ${path.order_item_uuid} for you`,
            fix: 'GET /orders/{order_uuid}/ names the lines of an order',
          })
    },
    example(scene) {
      const line = firstWaiting(scene)
      const waiting = line && visibleLines(line, viewerOf(scene.caller)).find(({ cancellation }) => cancellation === 'pending')
      return waiting && { path: `/orders/items/cancel/${waiting.id}/${answer}/` }
    },
  }
}

function firstWaiting(scene: LiveScene): Order | undefined {
  return firstOrder(viewerOf(scene.caller), scene, {}, ({ cancellation }) => cancellation === 'pending')
}

interface PackageBody {
  readonly package_ship_cost?: number | null
  readonly supplier_provided_carrier?: string | null
  readonly supplier_provided_method?: string | null
  readonly package_weight?: number | string | null
  readonly package_ship_date?: string | null
}

type PackedBody = readonly {
  readonly line_item_uuid: string
  readonly quantity_shipped: Quantity
  readonly supplier_provided_sku_cost?: number | null
}[]

interface AddTrackingInput extends OrderInput {
  readonly body: PackageBody & {
    readonly tracking_number: string
    readonly line_items: PackedBody
    readonly package_attributes?: readonly Attribute[] | null
  }
}

export const addTracking: Behaviour<AddTrackingInput, Order> = {
  admits: ['supplier'],
  permission: 'add_order_tracking',
  find: orderInPath,
  run({ body }, scene, order) {
    const supplier = organizationOf(scene.caller)
    const none = packedIssues(body.line_items)
    if (none) return refused(none)
    // The package's id hangs on what nobody else has: the order, the supplier and how many packages it has sent.
    const sent = new Set(order.lines.flatMap((line) => (line.supplier === supplier ? line.tracking.map(({ packageId }) => packageId) : [])))
    const packageId = uuid(at(at(keyOf(scene.session.seed), `package ${order.id} ${supplier}`), sent.size))
    const result = ship(
      order,
      supplier,
      {
        number: body.tracking_number,
        carrier: body.supplier_provided_carrier ?? null,
        method: body.supplier_provided_method ?? null,
        weight: weightOf(body.package_weight) ?? null,
        cost: body.package_ship_cost ?? null,
        date: body.package_ship_date ?? null,
        attributes: body.package_attributes ?? null,
        lines: body.line_items.map(readPacked),
      },
      packageId,
      scene.session.assumptions['supplier.tracking.pending'],
    )
    return result.kind === 'refused'
      ? refused(result.problem)
      : reply(201, { package_uuid: packageId }, { changes: changesOf(order, result.order), assumption: crossed(order, result.order) })
  },
  example(scene) {
    const viewer = viewerOf(scene.caller)
    const isReady = ({ allocated, shipped, cancellation }: Pick<Line, 'allocated' | 'shipped' | 'cancellation'>): boolean =>
      allocated > shipped && cancellation === 'none'
    const order = firstOrder(viewer, scene, {}, isReady)
    const line = order && visibleLines(order, viewer).find(isReady)
    return (
      order &&
      line && {
        path: `/orders/tracking/${order.id}/`,
        body: { tracking_number: freeNumber(order), line_items: [{ line_item_uuid: line.id, quantity_shipped: 1 }] },
      }
    )
  },
}

/** A tracking number that the order does not have. */
function freeNumber({ lines }: Order): string {
  const used = new Set(lines.flatMap(({ tracking }) => tracking.map(({ tracking_number }) => tracking_number)))
  for (let number = 1; ; number++) {
    const text = `t${String(number).padStart(2, '0')}`
    if (!used.has(text)) return text
  }
}

interface UpdateTrackingInput extends Input {
  readonly path: { readonly order_uuid: string; readonly tracking_number: string }
  readonly body: PackageBody & { readonly new_tracking_number?: string; readonly line_items?: PackedBody }
}

export const updateTracking: Behaviour<UpdateTrackingInput, Order> = {
  admits: ['supplier'],
  permission: 'add_order_tracking',
  find(input, scene) {
    const order = orderInPath(input, scene)
    if (isRefused(order)) return order
    const missing = missingPackage(order, organizationOf(scene.caller), input.path.tracking_number)
    return missing ? refused(missing) : order
  },
  run({ path, body }, scene, order) {
    const supplier = organizationOf(scene.caller)
    const none = packedIssues(body.line_items ?? [])
    if (none) return refused(none)
    const result = amend(
      order,
      supplier,
      path.tracking_number,
      {
        number: body.new_tracking_number,
        carrier: body.supplier_provided_carrier,
        method: body.supplier_provided_method,
        weight: weightOf(body.package_weight),
        cost: body.package_ship_cost,
        date: body.package_ship_date,
        lines: body.line_items?.map(readPacked),
      },
      scene.session.assumptions['supplier.tracking.pending'],
    )
    if (result.kind === 'refused') return refused(result.problem)
    const number = body.new_tracking_number ?? path.tracking_number
    const packed = result.order.lines
      .filter((line) => line.supplier === supplier)
      .flatMap(({ tracking }) => tracking)
      .find(({ tracking_number }) => tracking_number === number)
    return reply(
      200,
      { package_uuid: packed?.packageId },
      { changes: changesOf(order, result.order), assumption: crossed(order, result.order) },
    )
  },
  example(scene) {
    const viewer = viewerOf(scene.caller)
    const order = firstOrder(viewer, scene, {}, ({ shipped }) => shipped > 0)
    const [tracking] = order ? visibleLines(order, viewer).flatMap((line) => line.tracking) : []
    return (
      order &&
      tracking && {
        path: `/orders/tracking/${order.id}/${encodeURIComponent(tracking.tracking_number)}/`,
        body: { supplier_provided_carrier: 'UPS', supplier_provided_method: '2nd Day Air' },
      }
    )
  },
}

/** A parcel that answered a cancellation. */
function crossed(before: Order, after: Order): AssumptionName | undefined {
  const hasCrossed = after.lines.some(
    ({ cancellation }, place) => cancellation === 'none' && before.lines[place]?.cancellation === 'pending',
  )
  return hasCrossed ? 'supplier.tracking.pending' : undefined
}

function packedIssues(lines: PackedBody): ReturnType<typeof invalid> {
  return invalid(
    lines.map(({ quantity_shipped: quantity }, index) => quantityIssue(quantity, `/body/line_items/${index}/quantity_shipped`, 1)),
  )
}

function readPacked({ line_item_uuid, quantity_shipped, supplier_provided_sku_cost }: PackedBody[number]): Packed {
  return { lineId: canonical(line_item_uuid), quantity: Number(quantity_shipped), cost: supplier_provided_sku_cost ?? undefined }
}

/** Weights are shown as texts, whatever they were sent as. */
function weightOf(weight: number | string | null | undefined): string | null | undefined {
  return typeof weight === 'number' ? String(weight) : weight
}
