import { send } from './http.ts'

interface Allocation {
  readonly allocationId: string
  readonly parentAllocationId: string
  readonly allocationRequestId: string
  readonly locationNum: string
  readonly version: number
  readonly statusCode: string
  readonly items: readonly {
    readonly allocationLineNumber: number
    readonly itemId: string
    readonly sku: string
    readonly quantity: number
  }[]
}

/** Those who look after orders: they enter them, have them allocated, hand them to the pickers, and call them off. */
export class OrderDesk {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, account = '1234abcd5678efgh9ijklmno') {
    this.#url = `${url}/api/v2`
    this.#headers = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account }) }
  }

  /** @returns the order's id */
  async enter(orderNumber: string, sku: string, orderedQuantity: number): Promise<string> {
    const { orderId } = await send<{ orderId: string }>('POST', `${this.#url}/order/`, this.#headers, {
      orderNumber,
      channelId: '12',
      statusCode: 'ORDER_CREATED',
      items: [{ lineItemId: 'line-1', sku, orderedQuantity }],
      shipInfo: [{ shipMethod: 'Ground', shipToAddress: { city: 'New York', state: 'NY', country: 'US', postalCode: '10112' } }],
    })
    return orderId
  }

  /** @returns how many units have found a location */
  async allocate(orderNumber: string): Promise<number> {
    const event = { detailType: 'ORDER_CREATED', detail: { orderNumber } }
    const made = await send<Allocation[]>('POST', `${this.#url}/allocation/`, this.#headers, event)
    return made.flatMap(({ items }) => items).reduce((sum, { quantity }) => sum + quantity, 0)
  }

  look(id: string): Promise<Allocation> {
    return send('GET', `${this.#url}/allocation/${id}`, this.#headers)
  }

  handOver(allocation: Allocation): Promise<Allocation> {
    const change = { ...allocation, statusCode: 'PENDING_PICK' }
    return send('PUT', `${this.#url}/allocation/${allocation.allocationId}`, this.#headers, change)
  }

  /** @returns the status it has then */
  async callOff(id: string): Promise<string> {
    const [allocation] = await send<Allocation[]>('PUT', `${this.#url}/allocation/cancel/${id}`, this.#headers)
    return allocation?.statusCode ?? 'unknown'
  }
}
