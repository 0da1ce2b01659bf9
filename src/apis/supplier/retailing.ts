import type { Behaviour, Scene } from './kinds.ts'
import type { Input } from '../../base/http.ts'
import { refused, reply } from '../../core/behaviour.ts'
import { cancelLine, cancelOrder, isOpen } from './cancellation.ts'
import { nextNumber } from '../../core/world.ts'
import { createOrder, type NewLine, ORDERS } from './create.ts'
import { type Address, type Attribute, type LineFacts, lineId, type Order } from './order.ts'
import { orderPopulation, PRODUCT_SKU } from './population.ts'
import { findOrder, findOrderOfLine, searchOrders, type Viewer, visibleLines } from './search.ts'
import { canonical, done, firstOrder, invalid, organizationOf, type Quantity, quantityIssue, unknownOrder, viewerOf } from './subject.ts'
import { orderView } from './view.ts'

/** What a retailer does: places an order, and asks to cancel it or a line of it. */

interface CreateInput extends Input {
  readonly body: {
    readonly skus: readonly {
      readonly sku_id: string
      readonly quantity: Quantity
      readonly supplier_org_uuid: string
      readonly retailer_provided_shipping_carrier?: string | null
      readonly retailer_provided_shipping_method?: string | null
      readonly retailer_line_item_instructions?: string | null
      readonly retailer_provided_sku_cost?: number | null
      readonly retailer_provided_line_item_attributes?: readonly Attribute[] | null
    }[]
    readonly address: Pick<Address, 'name' | 'address1' | 'city' | 'state' | 'postal_code'> & Partial<Address>
    readonly po_number: string
    readonly retailer_provided_order_fee?: number | null
    readonly retailer_provided_tax?: number | null
    readonly retailer_provided_shipping_cost?: number | null
    readonly retailer_provided_drop_ship_fee?: number | null
    readonly retailer_provided_dropship_fee?: number | null
    readonly retailer_provided_order_attributes?: readonly Attribute[] | null
    readonly retailer_provided_notes?: string | null
  }
}

/** "Returned cut to 250 characters", of which none is cut in two. */
function cut(notes: string | null): string | null {
  return notes === null ? null : Array.from(notes).slice(0, 250).join('')
}

export const createOrderBehaviour: Behaviour<CreateInput> = {
  admits: ['retailer'],
  permission: 'create_order',
  run({ body }, scene) {
    const retailer = organizationOf(scene.caller)
    const viewer = viewerOf(scene.caller)
    const population = orderPopulation(scene.session)
    const tooMany = invalid(body.skus.map(({ quantity }, index) => quantityIssue(quantity, `/body/skus/${index}/quantity`, 1)))
    if (tooMany) return refused(tooMany)
    const strangers = body.skus.flatMap(({ supplier_org_uuid: uuid }, index) =>
      population.supplierNumbered(canonical(uuid)) === undefined ? [{ index, uuid }] : [],
    )
    const [stranger] = strangers
    if (stranger) {
      const fix = `the suppliers are ${population.suppliers.map(({ uuid, name }) => `${uuid} (${name})`).join(', ')}`
      return refused({
        code: 'supplier-unknown',
        detail: `there is no supplier ${stranger.uuid}`,
        fix,
        issues: strangers.map(({ index, uuid }) => ({
          at: `/body/skus/${index}/supplier_org_uuid`,
          rule: 'supplier-unknown',
          message: `there is no supplier ${uuid}`,
          fix,
          value: uuid,
        })),
      })
    }
    const again = isUsed(body.po_number, viewer, scene)
    const assumption = 'supplier.po-number.again'
    if (again && scene.session.assumptions[assumption] === 'refused') {
      const message = `order ${again.id} has the number ${body.po_number} already`
      const fix = 'take a number of its own for each order'
      return refused({
        code: 'po-number-known',
        detail: message,
        fix,
        issues: [{ at: '/body/po_number', rule: 'po-number-known', message, fix, value: body.po_number }],
        assumption,
      })
    }
    const [first] = body.skus
    const { order, changes } = createOrder(
      {
        poNumber: body.po_number,
        retailer,
        submittedBy: population.retailer(retailer).name,
        notes: cut(body.retailer_provided_notes ?? null),
        address: readAddress(body.address),
        shipping: {
          shipping_carrier: first?.retailer_provided_shipping_carrier ?? null,
          shipping_method: first?.retailer_provided_shipping_method ?? null,
        },
        fees: {
          order_fee: body.retailer_provided_order_fee ?? null,
          order_tax: body.retailer_provided_tax ?? null,
          shipping_cost: body.retailer_provided_shipping_cost ?? null,
          drop_ship_fee: body.retailer_provided_drop_ship_fee ?? body.retailer_provided_dropship_fee ?? null,
        },
        attributes: body.retailer_provided_order_attributes ?? null,
        lines: body.skus.map((sku): NewLine => ({
          supplier: population.supplierNumbered(canonical(sku.supplier_org_uuid)) ?? 1,
          skuId: sku.sku_id,
          ordered: Number(sku.quantity),
          cost: sku.retailer_provided_sku_cost ?? undefined,
          instructions: sku.retailer_line_item_instructions ?? null,
          attributes: sku.retailer_provided_line_item_attributes ?? null,
        })),
      },
      scene,
    )
    return reply(201, orderView(order, viewer, population), { changes, assumption: again && assumption })
  },
  example({ session, world }) {
    const population = orderPopulation(session)
    return {
      path: '/orders/create/',
      body: {
        po_number: `po-${6_607_685_321 + nextNumber(world, ORDERS)}`,
        skus: [{ sku_id: PRODUCT_SKU, quantity: 2, supplier_org_uuid: population.supplier(1).uuid }],
        address: { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' },
      },
    }
  },
}

interface CancelOrderInput extends Input {
  readonly body: { readonly order_uuid: string }
}

export const cancelOrderBehaviour: Behaviour<CancelOrderInput> = {
  admits: ['retailer'],
  permission: 'cancel_order',
  run({ body }, scene) {
    const order = findOrder(canonical(body.order_uuid), viewerOf(scene.caller), scene)
    const assumption = 'supplier.cancel.steps'
    return order
      ? done(order, cancelOrder(order, scene.session.assumptions[assumption]), assumption)
      : refused(unknownOrder(body.order_uuid))
  },
  example(scene) {
    const order = firstCancellable(viewerOf(scene.caller), scene)
    return order && { path: '/orders/cancel/', body: { order_uuid: order.id } }
  },
}

interface CancelLineInput extends Input {
  readonly path: { readonly order_item_uuid: string }
}

export const cancelLineItem: Behaviour<CancelLineInput> = {
  admits: ['retailer'],
  permission: 'cancel_order',
  run({ path }, scene) {
    const id = canonical(path.order_item_uuid)
    const order = findOrderOfLine(id, viewerOf(scene.caller), scene)
    const assumption = 'supplier.cancel.steps'
    return order
      ? done(order, cancelLine(order, lineId(id), scene.session.assumptions[assumption]), assumption)
      : refused({
          code: 'line-item-unknown',
          detail: `there is no line item ${path.order_item_uuid} for you`,
          fix: 'GET /orders/{order_uuid}/ names the lines of an order',
        })
  },
  example(scene) {
    const viewer = viewerOf(scene.caller)
    const line = firstCancellable(viewer, scene)?.lines.find((one) => isOpen(one))
    return line && { path: `/orders/items/cancel/${line.id}/` }
  },
}

function firstCancellable(viewer: Viewer, scene: Scene): Order | undefined {
  const isWhole = (facts: { readonly retailer: number; readonly lines: readonly LineFacts[] }): boolean =>
    visibleLines(facts, viewer).every(({ shipped, cancellation }) => shipped === 0 && cancellation === 'none')
  return firstOrder(viewer, scene, {}, isOpen, isWhole)
}

/** The retailer's first order with this number. */
function isUsed(poNumber: string, viewer: Viewer, scene: Scene): Order | undefined {
  const listed = searchOrders({ po_number: poNumber, limit: 1 }, viewer, scene)
  return listed.kind === 'page' ? listed.page[0] : undefined
}

function readAddress({
  name,
  address1,
  city,
  state,
  postal_code,
  business_name,
  address2,
  phone_number,
  country,
}: CreateInput['body']['address']): Address {
  return {
    name,
    business_name: business_name ?? null,
    address1,
    address2: address2 ?? null,
    city,
    state,
    postal_code,
    phone_number: phone_number ?? null,
    country: country ?? null,
  }
}
