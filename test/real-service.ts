import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A service that is not ours: enough of both APIs, and of their provider states, for the contracts of storefront and parcel-tracker.
 * Nothing of the mock is in it, so that a mistake of the mock is none of its own.
 */
export interface RealService extends AsyncDisposable {
  readonly url: string
  readonly stateUrl: string
}

/**
 * What is wrong with it: of an answer by operation and status, such as `PATCH /orders/cancel/ 422`; of a provider state by its text; of all
 * shipping by `ship`.
 */
type Faults = Readonly<Record<string, Fault>>

type Fault =
  /** Answers when nobody waits any more, or never. */
  | { readonly kind: 'silent' }
  /** Ends the connection in the middle of the answer. */
  | { readonly kind: 'breaks off' }
  | { readonly kind: 'other status'; readonly status: number }
  | { readonly kind: 'other type'; readonly type: string }
  | { readonly kind: 'other value'; readonly field: string; readonly value: unknown }
  | { readonly kind: 'left out'; readonly field: string }
  /** Says that it has been done. */
  | { readonly kind: 'forgets' }

interface Line {
  readonly id: string
  readonly sku: string
  readonly ordered: number
  allocated: number
  backordered: number
  until: string | null
  shipped: number
}

interface Order {
  readonly id: string
  readonly number: string
  readonly lines: readonly Line[]
}

interface Allocation {
  readonly id: string
  readonly orderNumber: string
  readonly locationNum: string
  statusCode: string
  readonly line: Line
}

interface Answer {
  readonly status: number
  readonly body?: unknown
}

const SUPPLIER = '8d9c0a34-52a5-4a53-9a53-0f7a52b7c001'
const ORDER = 'f0000000-0000-4000-8000-000000000001'
const LINE = 'f0000000-0000-4000-8000-000000000002'
const ALLOCATION = 'f00000000000000000000001'

/** A service on a free port. */
export async function startRealService(faults: Faults = {}): Promise<RealService> {
  const shop = new Shop(faults)
  const server = createServer((request, response) => void respond(shop, faults, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, stateUrl: `${url}/set-up`, [Symbol.asyncDispose]: () => stop(server) }
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

type Body = Record<string, unknown>

async function respond(shop: Shop, faults: Faults, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const body = (text === '' ? {} : JSON.parse(text)) as Body
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/set-up') return send(response, shop.setUp(body))
  const { operation, answer } = shop.answer(`${request.method} ${pathname}`, searchParams, body, request.headers.authorization ?? '')
  const fault = faults[`${operation} ${answer.status}`]
  switch (fault?.kind) {
    case 'silent':
      return
    case 'breaks off':
      response.writeHead(answer.status, { 'Content-Type': 'application/json', 'Content-Length': '1000' }).write('{"de')
      return void setTimeout(() => response.destroy(), 20)
    case 'other status':
      return send(response, { ...answer, status: fault.status })
    case 'other type':
      return send(response, answer, fault.type)
    case 'other value':
      return send(response, { ...answer, body: { ...(answer.body as Body), [fault.field]: fault.value } })
    case 'left out':
      return send(response, { ...answer, body: { ...(answer.body as Body), [fault.field]: undefined } })
    default:
      return send(response, answer)
  }
}

function send(response: ServerResponse, { status, body }: Answer, type = 'application/json; charset=utf-8'): void {
  if (body === undefined) response.writeHead(status).end()
  else response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body))
}

const detail = (status: number, text: string): Answer => ({ status, body: { detail: text } })
const message = (status: number, text: string): Answer => ({ status, body: { message: text } })

class Shop {
  readonly #faults: Faults
  #orders = new Map<string, Order>()
  #allocations = new Map<string, Allocation>()

  constructor(faults: Faults) {
    this.#faults = faults
  }

  setUp({ state, params, action }: Body): Answer {
    this.#orders = new Map()
    this.#allocations = new Map()
    const text = typeof state === 'string' ? state : ''
    if (action === 'teardown' || text === '') return { status: 200, body: {} }
    const fault = this.#faults[text]
    if (fault?.kind === 'other status') return { status: fault.status, body: { error: 'the state handler is out of order' } }
    const given = { ...(params as Record<string, number & string>) }
    const [first = '', second = ''] = text.match(/\d+/g) ?? []
    switch (text.replaceAll(/\d+/g, 'N')) {
      case 'an order of {quantity} units waits for its supplier':
        return { status: 200, body: { order_uuid: this.#order(given['quantity'] ?? 6).id } }
      case 'N of the N units of an order have shipped': {
        const order = this.#order(Number(second), { allocated: Number(second) })
        for (const line of order.lines) this.#ship(line, Number(first))
        return { status: 200, body: { order_uuid: order.id } }
      }
      case 'an order is allocated in part and the rest is backordered': {
        const { ordered = 6, allocated = 4, backordered = 2, until = '2030-12-24' } = given
        return { status: 200, body: { order_uuid: this.#order(ordered, { allocated, backordered, until }).id } }
      }
      case 'a supplier has delivered N before':
        return { status: 200, body: { supplier_uuid: SUPPLIER } }
      case 'an allocation waits to be picked': {
        const { locationNum = '7750', quantity = 3 } = given
        const { id, line } = this.#allocate(quantity, locationNum, 'PENDING_PICK')
        return { status: 200, body: { allocationId: id, lineItemId: line.id } }
      }
      case 'N of the N units of an allocation have shipped': {
        const { line, orderNumber } = this.#allocate(Number(second), '210', 'ALLOCATED')
        this.#ship(line, Number(first))
        return { status: 200, body: { orderNumber } }
      }
      default:
        if (/^no order (exists|has) /.test(text)) return { status: 200, body: {} }
        return { status: 404, body: { error: `nobody sets up "${text}"` } }
    }
  }

  answer(asked: string, query: URLSearchParams, body: Body, authorization: string): { operation: string; answer: Answer } {
    const [, id] = /^GET \/orders\/([0-9a-f-]+)\/$/.exec(asked) ?? []
    if (id !== undefined) return { operation: 'GET /orders/{id}/', answer: this.#show(id) }
    return { operation: asked, answer: this.#operate(asked, query, body, authorization) }
  }

  #operate(operation: string, query: URLSearchParams, body: Body, authorization: string): Answer {
    switch (operation) {
      case 'PATCH /orders/cancel/': {
        const order = this.#orders.get(String(body['order_uuid']))
        const shipped = order?.lines.reduce((sum, line) => sum + line.shipped, 0) ?? 0
        if (!order) return detail(404, 'Not found.')
        return shipped > 0 ? detail(422, `${shipped} units have left.`) : { status: 204 }
      }
      case 'POST /organizations/user-login/':
        return {
          status: 200,
          body: {
            auth_token: 'ab'.repeat(20),
            org_type: 'RETAILER',
            retailer_uuid: SUPPLIER,
            permission_assignments: { permissions: [{ assigned: true, permission: { name: 'create_order' } }] },
          },
        }
      case 'POST /orders/create/':
        return authorization.startsWith('Token retailer') ? this.#create(body) : detail(409, 'Suppliers place no orders.')
      case 'GET /api/v2/order/': {
        const found = [...this.#allocations.values()].find(({ orderNumber }) => orderNumber === query.get('orderNumber'))
        return found ? this.#omsOrder(found) : message(404, 'There is no such order.')
      }
      case 'POST /api/v2/allocation/query':
        return authorization === 'Bearer invalid' ? message(401, 'Who are you?') : this.#query(body['filters'] as Body)
      case 'POST /api/v2/shipment/':
        return this.#shipment(body)
      default:
        return detail(404, `Nothing answers ${operation}.`)
    }
  }

  #show(id: string): Answer {
    const order = this.#orders.get(id)
    return order ? { status: 200, body: { order_uuid: id, po_number: order.number, line_items: order.lines.map(shown) } } : detail(404, '?')
  }

  #create({ po_number, skus }: Body): Answer {
    const line_items = (skus as { sku_id: string; quantity: number; supplier_org_uuid: string }[]).map((sku) => ({
      ...shown(lineOf(sku.sku_id, sku.quantity)),
      supplier_uuid: sku.supplier_org_uuid,
    }))
    const created_date = new Date().toISOString().replace('Z', '000Z')
    return { status: 201, body: { order_uuid: ORDER, po_number, created_date, is_allocated: false, line_items } }
  }

  #omsOrder({ orderNumber, line }: Allocation): Answer {
    const { ordered, shipped } = line
    const statusCode = shipped === 0 ? 'ORDER_ALLOCATED' : shipped < ordered ? 'ORDER_PARTIALLY_SHIPPED' : 'ORDER_SHIPPED'
    const items = [{ orderedQuantity: ordered, shippedQuantity: shipped, pendingShippedQuantity: ordered - shipped, cancelledQuantity: 0 }]
    return { status: 200, body: { orderNumber, statusCode, items } }
  }

  #query(filters: Body): Answer {
    const found = [...this.#allocations.values()].filter(
      ({ locationNum, statusCode }) => locationNum === filters['locationNum'] && statusCode === filters['statusCode'],
    )
    if (found.length === 0) return { status: 404, body: 'There is nothing.' }
    return {
      status: 200,
      body: found.map(({ id, locationNum, statusCode, line }) => ({
        allocationId: id,
        locationNum,
        statusCode,
        items: [{ sku: line.sku, quantity: line.ordered }],
      })),
    }
  }

  #shipment({ allocationId, shipmentNum, cartons }: Body): Answer {
    const found = this.#allocations.get(String(allocationId))
    if (!found) return message(404, 'There is no such allocation.')
    const items = (cartons as { items: { shippedQuantity: number }[] }[]).flatMap((carton) => carton.items)
    const units = items.reduce((sum, { shippedQuantity }) => sum + shippedQuantity, 0)
    if (units > found.line.allocated - found.line.shipped) return message(400, 'That is too much.')
    this.#ship(found.line, units)
    return {
      status: 200,
      body: {
        shipmentId: 'f00000000000000000000009',
        shipmentNum,
        allocationId,
        type: 'STANDARD',
        statusCode: 'SHIPMENT_CREATED',
        createdAt: new Date().toISOString().replace('Z', '000000Z'),
        cartons,
      },
    }
  }

  #ship(line: Line, units: number): void {
    if (this.#faults['ship']?.kind !== 'forgets') line.shipped += units
  }

  #order(quantity: number, more: Partial<Line> = {}): Order {
    const order = { id: ORDER, number: 'po-real', lines: [lineOf('000106', quantity, more)] }
    this.#orders.set(order.id, order)
    return order
  }

  #allocate(quantity: number, locationNum: string, statusCode: string): Allocation {
    const line = lineOf('MUG-BLUE', quantity, { allocated: quantity })
    const allocation = { id: ALLOCATION, orderNumber: 'real-1', locationNum, statusCode, line }
    this.#allocations.set(allocation.id, allocation)
    return allocation
  }
}

function lineOf(sku: string, ordered: number, more: Partial<Line> = {}): Line {
  return { id: LINE, sku, ordered, allocated: 0, backordered: 0, until: null, shipped: 0, ...more }
}

function shown({ id, sku, ordered, allocated, backordered, until }: Line) {
  return {
    line_item_uuid: id,
    sku_id: sku,
    status: allocated > 0 ? 'Allocated' : 'Unallocated',
    allocation: {
      quantity_ordered: ordered,
      quantity_allocated: allocated,
      quantity_backordered: backordered,
      quantity_rejected: 0,
      backorder_date: until,
    },
  }
}
