/**
 * What the mock is compared with, a process each: `node servers.ts express|bare|node`. Prints its address.
 * `express` is what anybody writes: routes, express.json, res.json. `bare` is the least that Express can do: one layer, own body reading. `node` is
 * the same without Express. All parse the same requests and keep state in a Map, but check nothing.
 */
import express from 'express'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createMock } from '../dist/index.js'
import { ALLOCATIONS, NOW, ORDERS } from './requests.ts'

/** One session changes more than anybody would. */
const OPTIONS = {
  now: NOW,
  orders: ORDERS,
  allocations: ALLOCATIONS,
  checkReplies: false,
  maxEntities: 1_000_000,
  maxSessionBytes: 2 ** 40,
  maxStateBytes: 2 ** 40,
}

interface Line {
  uuid: string
  allocation: object
}
type State = Map<string, { line_items: Line[] } & Record<string, unknown>>

/** What the mock would answer, taken from it once, so that all three send bodies of the same size. */
async function stateOf(paths: readonly string[], headers: Record<string, string>): Promise<State> {
  const mock = await createMock(OPTIONS)
  const { url } = await mock.listen({ port: 0 })
  const found = await Promise.all(
    paths.map(async (path) => {
      const response = await fetch(url + path, { headers })
      return [path.split('/').findLast((part) => part !== '') ?? '', await response.json()] as const
    }),
  )
  await mock.close()
  return new Map(found as [string, { line_items: Line[] }][])
}

function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}\n`)
  })
}

const { allocatePaths, getPaths, allocationPaths, supplierHeaders, omsHeaders } = await import('./requests.ts')
const orders = await stateOf([...new Set([...getPaths, ...allocatePaths.map((path) => path.replace('/allocation', ''))])], supplierHeaders)
const allocations = await stateOf(allocationPaths, omsHeaders)
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
