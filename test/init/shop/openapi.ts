import { defineApi, type Input, kind, reply } from 'allocation-mock/api'

interface Order {
  readonly id: string
  readonly customerId: string
  readonly note: string | null
  readonly items: readonly OrderItems[]
}

interface OrderItems {
  readonly sku: string
  readonly quantity: number
}

interface NewOrder {
  readonly items: readonly OrderItems[]
}

/** Shop 3: what each operation of openapi.yaml does. Operations that are taken out are answered from the document. */
export default defineApi({
  document: new URL('./openapi.yaml', import.meta.url),
  kinds: { order: kind<Order>({ schema: 'Order', word: 'orders', newId: (number) => String(number + 1) }) },
  problems: { 'order-unknown': { status: 404, title: 'There is no such order' } },
  behaviours: {
    /** GET /customers/{customerId}/orders */
    listOrders: (_input, scene) => reply(200, scene.list('order')),
    /** POST /customers/{customerId}/orders */
    placeOrder: ({ path, body }: Input<{ path: { customerId: string }; body: NewOrder | undefined }>, scene) =>
      reply(201, scene.add('order', { customerId: path.customerId, note: null, items: [], ...body })),
    /** GET /customers/{customerId}/orders/{orderId} */
    getOrder: ({ path }: Input<{ path: { orderId: number } }>, scene) => {
      const found = scene.get('order', String(path.orderId))
      return found ? reply(200, found) : scene.refuse('order-unknown')
    },
    /** PUT /customers/{customerId}/orders/{orderId} */
    changeOrder: ({ path, body: { id: _id, ...body } }: Input<{ path: { orderId: number }; body: Order }>, scene) => {
      const found = scene.get('order', String(path.orderId))
      if (!found) return scene.refuse('order-unknown')
      return reply(200, scene.put('order', { ...found, ...body }))
    },
    /** DELETE /customers/{customerId}/orders/{orderId} */
    cancelOrder: ({ path }: Input<{ path: { orderId: number } }>, scene) => {
      if (!scene.get('order', String(path.orderId))) return scene.refuse('order-unknown')
      scene.remove('order', String(path.orderId))
      return reply(204)
    },
  },
})
