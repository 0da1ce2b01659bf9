/**
 * What the mock is compared with, a process each: `node servers.ts express|bare|node FILE`. Prints its address.
 * `express` is what anybody writes: routes, express.json, res.json. `bare` is the least that Express can do: one layer, own body reading. `node` is
 * the same without Express. All parse the same requests and keep state in a Map, but check nothing. The file has what they begin with, as the
 * mock answers it, so that all send bodies of the same size; and nothing else has gone on in their processes.
 */
import express from 'express'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'

interface Line {
  uuid: string
  allocation: object
}
type State = Map<string, { line_items: Line[] } & Record<string, unknown>>

/** What they begin with, by its id. */
export interface Begun {
  readonly orders: readonly (readonly [string, unknown])[]
  readonly allocations: readonly (readonly [string, unknown])[]
}

function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}\n`)
  })
}

const begun = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8')) as Begun
const orders: State = new Map(begun.orders as never)
const allocations: State = new Map(begun.allocations as never)
const known = [...allocations.values()]
let cancels = 0
const allocate = (id: string, body: { line_items: { line_item_uuid: string; allocation: object }[] }): object => {
  const order = orders.get(id)
  const wanted = new Map(body.line_items.map((line) => [line.line_item_uuid, line]))
  if (order)
    orders.set(id, {
      ...order,
      line_items: order.line_items.map((line) => ({ ...line, allocation: wanted.get(line.uuid)?.allocation ?? line.allocation })),
    })
  return {
    line_items: body.line_items.map((line) => ({
      line_item_uuid: line.line_item_uuid,
      quantity_shipped: 0,
      supplier_provided_sku_cost: 12.5,
    })),
  }
}
const cancel = (ids: string): object[] =>
  ids.split(',').flatMap((id) => {
    // They know a few: any other is answered as one of these, which takes as long to write.
    const next = { ...(allocations.get(id) ?? known[cancels++ % known.length]), statusCode: 'CANCELLED' }
    if (allocations.has(id)) allocations.set(id, next as never)
    return [next]
  })
const byHand: RequestListener = (request, response) => {
  void read(request).then((text) => {
    const parts = (request.url ?? '').split('/')
    const body =
      request.method === 'GET'
        ? orders.get(parts[2] ?? '')
        : parts[1] === 'orders'
          ? allocate(parts[3] ?? '', JSON.parse(text))
          : JSON.parse(String(request.headers['x-site-context'])) && cancel(parts[5] ?? '')
    const answer = JSON.stringify(body)
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) })
    response.end(answer)
  })
}
const app = express()
switch (process.argv[2]) {
  case 'express':
    app.use(express.json())
    app.put('/orders/allocation/:id/', (request, response) => void response.json(allocate(request.params.id, request.body)))
    app.get('/orders/:id/', (request, response) => void response.json(orders.get(request.params.id)))
    app.put(
      '/api/v2/allocation/cancel/:ids',
      (request, response) => void response.json(JSON.parse(request.get('x-site-context') ?? '{}') && cancel(request.params.ids)),
    )
    listen(createServer(app))
    break
  case 'bare':
    app.disable('x-powered-by')
    app.use(byHand)
    listen(createServer(app))
    break
  default:
    listen(createServer(byHand))
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks).toString()))
  })
}
