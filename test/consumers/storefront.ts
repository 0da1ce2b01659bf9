import { send } from './http.ts'

interface Basket {
  readonly number: string
  readonly supplier: string
  readonly sku: string
  readonly units: number
}

interface Order {
  readonly order_uuid: string
  readonly line_items: readonly {
    readonly status: string
    readonly allocation: {
      readonly quantity_allocated: number
      readonly quantity_backordered: number
      readonly backorder_date: string | null
    }
  }[]
}

const ADDRESS = { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' }

/** A retailer's shop: it logs in, places orders, tells customers how they stand, and takes orders back. */
export class Storefront {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, token = 'retailer-1234567890') {
    this.#url = url
    this.#headers = { Authorization: `Token ${token}` }
  }

  static async logIn(url: string, username: string, password: string): Promise<Storefront> {
    const { auth_token } = await send<{ auth_token: string }>('POST', `${url}/organizations/user-login/`, {}, { username, password })
    return new Storefront(url, auth_token)
  }

  /** @returns the order's id */
  async place({ number, supplier, sku, units }: Basket): Promise<string> {
    const order = { po_number: number, skus: [{ sku_id: sku, quantity: units, supplier_org_uuid: supplier }], address: ADDRESS }
    const { order_uuid } = await send<Order>('POST', `${this.#url}/orders/create/`, this.#headers, order)
    return order_uuid
  }

  /** What the customer reads, line by line. */
  async standing(order: string): Promise<string[]> {
    const { line_items } = await send<Order>('GET', `${this.#url}/orders/${order}/`, this.#headers)
    return line_items.map(({ status, allocation: { quantity_allocated, quantity_backordered, backorder_date } }) =>
      quantity_backordered === 0
        ? `${status}: ${quantity_allocated} now`
        : `${status}: ${quantity_allocated} now, ${quantity_backordered} on ${backorder_date ?? 'a later day'}`,
    )
  }

  async takeBack(order: string): Promise<void> {
    await send('PATCH', `${this.#url}/orders/cancel/`, this.#headers, { order_uuid: order })
  }
}
