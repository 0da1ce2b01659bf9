import { send } from './http.ts'

interface Allocation {
  readonly allocationId: string
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
}

interface Order {
  readonly statusCode: string
  readonly items: readonly { readonly shippedQuantity: number; readonly orderedQuantity: number }[]
}

/** The parcel service of a location: what is to be packed, what has left, and how far an order is. */
export class ParcelTracker {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, token = 'any') {
    this.#url = `${url}/api/v2`
    this.#headers = { Authorization: `Bearer ${token}`, 'x-site-context': '{"account":"1234abcd5678efgh9ijklmno"}' }
  }

  async toPack(locationNum: string): Promise<string[]> {
    const query = { filters: { locationNum, statusCode: 'PENDING_PICK' }, limit: 10, offset: 0, sortBy: 'updatedAt', sortDirection: 'desc' }
    const found = await send<Allocation[]>('POST', `${this.#url}/allocation/query`, this.#headers, query)
    return found.map(({ allocationId, items }) => `${allocationId}: ${items.map(({ quantity, sku }) => `${quantity} ${sku}`).join(', ')}`)
  }

  /** @returns the shipment's id */
  async left(allocationId: string, lineItemId: string, shippedQuantity: number, trackingNumber: string): Promise<string> {
    const { shipmentId } = await send<{ shipmentId: string }>('POST', `${this.#url}/shipment/`, this.#headers, {
      shipmentNum: `parcel-${trackingNumber}`,
      allocationId,
      cartons: [{ cartonNum: '1', trackingNumber, shipmentCarrier: 'UPS', items: [{ lineItemId, shippedQuantity }] }],
    })
    return shipmentId
  }

  async progress(orderNumber: string): Promise<string> {
    const query = new URLSearchParams({ orderNumber }).toString()
    const { statusCode, items } = await send<Order>('GET', `${this.#url}/order/?${query}`, this.#headers)
    const sum = (of: 'shippedQuantity' | 'orderedQuantity') => items.reduce((total, item) => total + item[of], 0)
    return `${statusCode}: ${sum('shippedQuantity')} of ${sum('orderedQuantity')}`
  }
}
