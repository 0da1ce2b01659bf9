import type { Caller, Input, Issue, Problem } from '../../http.ts'
import { keepText } from '../../http.ts'
import { type Behaviour, refused, reply, type Scene } from '../behaviour.ts'
import { allocate, isAllocated, type Line, lineStatus, type Order, type Wanted } from './order.ts'
import { type OrderPopulation, orderPopulation } from './population.ts'
import { findOrder, type OrderSearch, searchOrders, type Viewer, visibleLines } from './search.ts'

interface OrderInput extends Input {
  readonly path: { readonly order_uuid: string }
}

interface SearchInput extends Input {
  readonly body: OrderSearch | undefined
}

type Quantity = number | string

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

const allocateOrder: Behaviour<AllocateInput> = {
  admits: ['supplier'],
  find: ({ path }, caller, scene) => missing(path.order_uuid, caller, scene),
  run({ path, body }, caller, scene) {
    const viewer = viewerOf(caller)
    const order = findOrder(canonical(path.order_uuid), viewer, scene)
    if (!order || viewer.kind !== 'supplier') return refused(unknown(path.order_uuid))
    const tooLarge = body.line_items.flatMap(({ allocation }, index) => largeQuantities(allocation, index))
    const [first] = tooLarge
    if (first) return refused({ code: 'request-invalid', detail: `${first.at} ${first.message}`, issues: tooLarge })
    const { assumptions } = scene.session
    const result = allocate(order, viewer.organization, body.line_items.map(readLine), assumptions['supplier.allocate.sum'])
    if (result.kind === 'refused') return refused(result.problem)
    const lines = new Map(result.order.lines.map((line) => [line.id as string, line]))
    const answered = body.line_items.flatMap(({ line_item_uuid }) => lines.get(canonical(line_item_uuid)) ?? [])
    const isOff = answered.some(({ ordered, allocated, backordered, rejected }) => allocated + backordered + rejected !== ordered)
    const costless = answered.some(({ supplierCost }) => supplierCost === null)
    return reply(
      200,
      {
        line_items: answered.map(({ id, shipped, supplierCost, cost }) => ({
          line_item_uuid: id,
          quantity_shipped: shipped,
          supplier_provided_sku_cost: supplierCost ?? (assumptions['supplier.sku-cost'] === 'null' ? null : cost),
        })),
      },
      result.order === order ? [] : [{ kind: 'order', id: order.id, to: result.order }],
      isOff ? 'supplier.allocate.sum' : costless ? 'supplier.sku-cost' : undefined,
    )
  },
  example(caller, scene) {
    const viewer = viewerOf(caller)
    if (viewer.kind !== 'supplier') return undefined
    const order = firstOrder({ line_item_allocation_statuses: ['Unallocated'] }, viewer, scene) ?? firstOrder({}, viewer, scene)
    if (!order) return undefined
    const open = visibleLines(order, viewer).find((line) => line.cancellation === 'none')
    return {
      path: `/orders/allocation/${order.id}/`,
      body: {
        line_items: visibleLines(order, viewer)
          .filter((line) => line === open)
          .map(({ id, ordered }) => ({
            line_item_uuid: id,
            allocation: { quantity_allocated: ordered, quantity_backordered: 0, quantity_rejected: 0 },
          })),
      },
    }
  },
}

const getOrder: Behaviour<OrderInput> = {
  admits: ['supplier', 'retailer'],
  find: ({ path }, caller, scene) => missing(path.order_uuid, caller, scene),
  run({ path }, caller, scene) {
    const order = findOrder(canonical(path.order_uuid), viewerOf(caller), scene)
    return order ? reply(200, orderView(order, viewerOf(caller), orderPopulation(scene.session))) : refused(unknown(path.order_uuid))
  },
  example(caller, scene) {
    const order = firstOrder({}, viewerOf(caller), scene)
    return order && { path: `/orders/${order.id}/` }
  },
}

const search: Behaviour<SearchInput> = {
  admits: ['supplier', 'retailer'],
  run({ body }, caller, scene) {
    const viewer = viewerOf(caller)
    const population = orderPopulation(scene.session)
    const listed = searchOrders(body ?? {}, viewer, scene)
    if (listed.kind === 'too-wide')
      return refused({
        code: 'search-too-wide',
        detail: `${listed.fields.join(', ')} would have to be looked up in ${listed.candidates} orders`,
        fix: 'narrow the search by dates, status or term',
      })
    return reply(200, { total_results: listed.total, orders: listed.page.map((order) => orderView(order, viewer, population)) })
  },
  example: () => ({ path: '/orders/', body: { line_item_allocation_statuses: ['Unallocated'], limit: 1 } }),
}

export const supplierBehaviours: Readonly<Record<string, Behaviour>> = { allocateOrder, getOrder, searchOrders: search }

const views = new WeakMap<Order, Map<string, object>>()

/** The order as the document has it, with the lines the viewer may see. Made once for an order and a viewer. */
export function orderView(order: Order, viewer: Viewer, population: OrderPopulation): object {
  const known = views.get(order) ?? new Map<string, object>()
  const key = viewer.kind === 'supplier' ? `supplier ${viewer.organization}` : 'whole'
  const kept = known.get(key)
  if (kept) return kept
  const retailer = population.retailer(order.retailer)
  const view = keepText({
    order_uuid: order.id,
    po_number: order.poNumber,
    is_allocated: isAllocated(order),
    created_date: order.createdAt,
    retailer_provided_notes: order.notes,
    retailer: { uuid: retailer.uuid, retailer_org_name: retailer.name, submitted_by_user: order.submittedBy },
    address: order.address,
    retailer_provided_shipping: order.shipping,
    retailer_provided_fees: order.fees,
    retailer_provided_attributes: null,
    invoice: null,
    line_items: visibleLines(order, viewer).map((line) => lineView(line, population)),
  })
  views.set(order, known.set(key, view))
  return view
}

function lineView(line: Line, population: OrderPopulation): object {
  const supplier = population.supplier(line.supplier)
  return {
    uuid: line.id,
    line_item_uuid: line.id,
    status: lineStatus(line),
    item_uuid: line.itemId,
    item_name: line.itemName,
    sku_uuid: line.skuUuid,
    sku_name: line.skuName,
    sku_id: line.skuId,
    sku_title_variants: line.variants,
    sku_special_instructions: null,
    cost: line.cost,
    supplier_uuid: supplier.uuid,
    supplier_name: supplier.name,
    supplier_provided_po_number: line.supplierPoNumber,
    supplier_provided_invoice_number: line.supplierInvoiceNumber,
    tracking_numbers: line.tracking,
    allocation: {
      quantity_ordered: line.ordered,
      quantity_allocated: line.allocated,
      quantity_backordered: line.backordered,
      quantity_rejected: line.rejected,
      backorder_date: line.backorderDate,
    },
  }
}

function viewerOf(caller: Caller): Viewer {
  return caller.kind === 'account' ? { kind: 'operator' } : caller
}

/** UUIDs compare without regard to case (RFC 9562, section 4); ours are written in lower case. */
function canonical(uuid: string): string {
  return uuid.toLowerCase()
}

function missing(id: string, caller: Caller, scene: Scene): Problem | undefined {
  return findOrder(canonical(id), viewerOf(caller), scene) ? undefined : unknown(id)
}

function unknown(id: string): Problem {
  return {
    code: 'order-unknown',
    detail: `there is no order ${id} for you`,
    fix: 'GET /__mock/sessions/{name}/examples names orders there are',
  }
}

function firstOrder(search: OrderSearch, viewer: Viewer, scene: Scene): Order | undefined {
  const listed = searchOrders({ ...search, limit: 1 }, viewer, scene, [
    { kind: 'facts', test: (facts) => visibleLines(facts, viewer).some(({ cancellation }) => cancellation === 'none') },
  ])
  return listed.kind === 'page' ? listed.page[0] : undefined
}

const QUANTITIES = ['quantity_ordered', 'quantity_allocated', 'quantity_accepted', 'quantity_backordered', 'quantity_rejected'] as const
const MAX_QUANTITY = 2_147_483_647

/** A digit string can be larger than JSON Schema can say. */
function largeQuantities(allocation: AllocateInput['body']['line_items'][number]['allocation'], index: number): Issue[] {
  return QUANTITIES.flatMap((name) => {
    const value = allocation[name]
    return Number(value ?? 0) > MAX_QUANTITY
      ? [
          {
            at: `/body/line_items/${index}/allocation/${name}`,
            rule: 'maximum',
            message: `is ${value}; it must be at most ${MAX_QUANTITY}`,
            value,
            wanted: MAX_QUANTITY,
          },
        ]
      : []
  })
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
