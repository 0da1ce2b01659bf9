import { createServer, type Server } from 'node:http'

/** What a backend under test is: it knows one URL of the mock, and forwards what tracing has it forward, and its caller's credentials. */
export function smallBackend(mock: string): Server {
  return createServer((request, response) => {
    const [, what = '', id = ''] = (request.url ?? '').split('/')
    const forwarded = Object.fromEntries(
      ['authorization', 'baggage', 'traceparent'].flatMap((name): [string, string][] => {
        const value = request.headers[name]
        return typeof value === 'string' ? [[name, value]] : []
      }),
    )
    const calls: Readonly<Record<string, () => Promise<Response>>> = {
      order: () => fetch(`${mock}/orders/${id}/`, { headers: forwarded }),
      async promise() {
        const found = await fetch(`${mock}/orders/${id}/`, { headers: forwarded })
        const { line_items: lines } = (await found.json()) as { line_items: { uuid: string; allocation: { quantity_ordered: number } }[] }
        return fetch(`${mock}/orders/allocation/${id}/`, {
          method: 'PUT',
          headers: { ...forwarded, 'content-type': 'application/json' },
          body: JSON.stringify({
            line_items: lines.map(({ uuid, allocation }) => ({
              line_item_uuid: uuid,
              allocation: { quantity_allocated: allocation.quantity_ordered },
            })),
          }),
        })
      },
    }
    const call = calls[what]
    if (!call) {
      response.writeHead(404).end()
      return
    }
    call().then(
      async (answer) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
      (error: unknown) => response.writeHead(502).end(String(error)),
    )
  })
}
