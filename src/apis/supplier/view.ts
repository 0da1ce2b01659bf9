import { keepText } from '../../base/http.ts'
import { isAllocated, type Line, lineStatus, type Order, type Tracking } from './order.ts'
import type { OrderPopulation } from './population.ts'
import { type Viewer, visibleLines } from './search.ts'

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
    retailer_provided_attributes: order.attributes,
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
    sku_special_instructions: line.instructions,
    cost: line.cost,
    supplier_uuid: supplier.uuid,
    supplier_name: supplier.name,
    supplier_provided_po_number: line.supplierPoNumber,
    supplier_provided_invoice_number: line.supplierInvoiceNumber,
    retailer_provided_item_attributes: line.attributes,
    tracking_numbers: line.tracking.map(trackingView),
    allocation: {
      quantity_ordered: line.ordered,
      quantity_allocated: line.allocated,
      quantity_backordered: line.backordered,
      quantity_rejected: line.rejected,
      backorder_date: line.backorderDate,
    },
  }
}

/** Units in a package, without the package's own id. */
function trackingView(tracking: Tracking): object {
  const {
    tracking_number,
    shipping_carrier,
    shipping_method,
    shipping_weight,
    shipping_cost,
    shipping_date,
    package_attributes,
    quantity,
  } = tracking
  return { tracking_number, shipping_carrier, shipping_method, shipping_weight, shipping_cost, shipping_date, package_attributes, quantity }
}
