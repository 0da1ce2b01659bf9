import { send } from './http.ts'

interface Promised {
  readonly now: number
  readonly later: number
  readonly from: string
}

interface OpenOrder {
  readonly order_uuid: string
  readonly line_items: readonly { readonly line_item_uuid: string; readonly allocation: { readonly quantity_ordered: number } }[]
}

/** The warehouse of a supplier: it promises units, ships them, and lets orders go. */
export class Warehouse {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, token = '1234567890') {
    this.#url = url
    this.#headers = { Authorization: `Token ${token}` }
  }

  async openOrders(term: string): Promise<{ order: string; units: number }[]> {
    const search = { search_term: term, line_item_allocation_statuses: ['Unallocated', 'Partial'], sort: { key: 'date', dir: 'asc' } }
    const { orders } = await send<{ orders: OpenOrder[] }>('POST', `${this.#url}/orders/`, this.#headers, search)
    return orders.map((order) => ({
      order: order.order_uuid,
      units: order.line_items.reduce((sum, { allocation }) => sum + allocation.quantity_ordered, 0),
    }))
  }

  /** @returns how many units of the line have shipped */
  async promise(order: string, line: string, { now, later, from }: Promised): Promise<number> {
    const allocation = { quantity_allocated: now, quantity_backordered: later, quantity_rejected: 0, backorder_date: from }
    const { line_items } = await send<{ line_items: { quantity_shipped: number }[] }>(
      'PUT',
      `${this.#url}/orders/allocation/${order}/`,
      this.#headers,
      { line_items: [{ line_item_uuid: line, allocation }] },
    )
    return line_items[0]?.quantity_shipped ?? 0
  }

  /** @returns the package's id */
  async ship(order: string, line: string, units: number, trackingNumber: string): Promise<string> {
    const parcel = {
      tracking_number: trackingNumber,
      supplier_provided_carrier: 'UPS',
      line_items: [{ line_item_uuid: line, quantity_shipped: units }],
    }
    const { package_uuid } = await send<{ package_uuid: string }>('POST', `${this.#url}/orders/tracking/${order}/`, this.#headers, parcel)
    return package_uuid
  }

  async letGo(line: string): Promise<void> {
    await send('PATCH', `${this.#url}/orders/items/cancel/${line}/confirm/`, this.#headers)
  }
}
