import { ACCOUNT, RETAILER, SUPPLIER } from './support.ts'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A request that holds a great deal of what takes time. `{session}` stands for the session's name. */
export interface Heavy {
  readonly name: string
  /** What comes before it in the session. */
  readonly before?: (size: number) => readonly Sent[]
  readonly request: (size: number) => Sent
  readonly status: number
  /** The smaller of the two sizes at which its work is counted. */
  readonly size: number
}

const OMS = { authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
const list = <T>(size: number, make: (index: number) => T): T[] => Array.from({ length: size }, (_, index) => make(index))
const oms = (method: string, path: string, body?: unknown): Sent => ({ method, path: `/api/v2${path}`, headers: OMS, body })
const supplier = (method: string, path: string, body?: unknown): Sent => ({ method, path, headers: { authorization: SUPPLIER }, body })
const retailer = (method: string, path: string, body?: unknown): Sent => ({ method, path, headers: { authorization: RETAILER }, body })
const control = (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Sent => ({
  method,
  path: `/__mock${path}`,
  body,
})
const exists = (data: object): Sent => control('/sessions/{session}/exists', data)
const begin = (scenario: object): Sent => control('/sessions', { name: '{session}', scenario })
const hex = (index: number): string => index.toString(16).padStart(24, '0')

const NUMBER = 'long'
/** An order of so many lines, in allocations of ten items each; and the same with all of it allocated by one document. */
const longOrder = (size: number): Sent =>
  exists({
    allocations: list(Math.ceil(size / 10), (part) => ({
      allocationId: hex(part),
      orderNumber: NUMBER,
      items: list(10, (item) => ({ sku: `sku-${item}`, orderLineId: `line-${part}-${item}`, quantity: 2 })),
    })),
  })
const event = (items?: readonly object[]): Sent =>
  oms('POST', '/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber: NUMBER, ...(items && { items }) } })
const cancelAll = (size: number): Sent => oms('PUT', `/allocation/cancel/${list(Math.ceil(size / 10), hex).join(',')}`)
const createdOrder = (size: number, more: (index: number) => object = () => ({})): Sent =>
  oms('POST', '/order/', {
    orderNumber: NUMBER,
    channelId: '12',
    statusCode: 'ORDER_CREATED',
    items: list(size, (index) => ({
      lineItemId: `line-${index}`,
      lineItemNumber: index + 1,
      sku: `sku-${index}`,
      orderedQuantity: 2,
      ...more(index),
    })),
    shipInfo: list(size, (index) => ({ shipToId: `home-${index}` })),
  })
/** The first document that the order's event makes: numbered on from the population's. */
const steps = (size: number, step: (index: number) => object): Sent =>
  begin({ timeline: list(size, (index) => ({ at: '1s', ...step(index) })) })
const advance: Sent = control('/sessions/{session}/clock/advance', { by: '1h' })

export const HEAVY: readonly Heavy[] = [
  {
    name: 'an order of many lines is made by what exists',
    request: longOrder,
    status: 201,
    size: 200,
  },
  {
    name: 'and read',
    before: (size) => [longOrder(size)],
    request: () => oms('GET', `/order/?orderNumber=${NUMBER}`),
    status: 200,
    size: 200,
  },
  {
    name: 'and allocated anew by one document',
    before: (size) => [longOrder(size), cancelAll(size)],
    request: () => event(),
    status: 200,
    size: 200,
  },
  {
    name: 'an event names many lines',
    before: (size) => [longOrder(size), cancelAll(size)],
    request: (size) => event(list(size, (index) => ({ lineItemId: `line-${Math.floor(index / 10)}-${index % 10}`, quantity: 1 }))),
    status: 200,
    size: 200,
  },
  { name: 'an OMS order of many lines', request: createdOrder, status: 200, size: 200 },
  {
    name: 'many lines go to as many addresses',
    before: (size) => [createdOrder(size, (index) => ({ shipToId: `home-${index}` }))],
    request: () => event(),
    status: 200,
    size: 200,
  },
  {
    name: 'lines are named twice',
    request: (size) => createdOrder(size, (index) => ({ lineItemId: `line-${index >> 1}` })),
    status: 400,
    size: 200,
  },
  {
    name: 'units are sought at many locations',
    before: (size) => [
      exists({ stock: list(size, (index) => ({ locationNum: `place-${index}`, sku: 'sku', available: 1 })) }),
      createdOrder(size, () => ({ sku: 'sku', orderedQuantity: 1 })),
    ],
    request: () => event(),
    status: 200,
    size: 200,
  },
  {
    name: 'many logins of a timeline',
    before: (size) => [steps(size, () => ({ operation: 'login', body: { username: 'supplier-1', password: 'a' } }))],
    request: () => advance,
    status: 200,
    size: 200,
  },
  {
    name: 'many orders of a timeline',
    before: (size) => [steps(size, () => ({ exists: { orders: [{ line_items: [{ quantity_ordered: 1 }] }] } }))],
    request: () => advance,
    status: 200,
    size: 200,
  },
]
void [supplier, retailer]
