import { ACCOUNT, SUPPLIER } from './support.ts'

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
  /** Its work is counted at this size and at four times that: it grows as much, or, where only so much is looked at, hardly. */
  readonly size: number
  readonly isBounded?: true
  /** About as much as a body of a megabyte, or a bound, lets it be. */
  readonly most: number
}

const OMS = { authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
const list = <T>(size: number, make: (index: number) => T): T[] => Array.from({ length: size }, (_, index) => make(index))
const oms = (method: string, path: string, body?: unknown): Sent => ({ method, path: `/api/v2${path}`, headers: OMS, body })
const supplier = (method: string, path: string, body?: unknown): Sent => ({ method, path, headers: { authorization: SUPPLIER }, body })
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
const cancelled = (from: number, count: number): Sent =>
  oms('PUT', `/allocation/cancel/${list(count, (index) => hex(from + index)).join(',')}`)
const REALLOCATED = { channel: '12', tenant: ACCOUNT, documentType: 'ALLOCATION' }
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
/** So many allocations, each of an order of its own. */
const allocations = (size: number): readonly Sent[] =>
  list(Math.ceil(size / 1_000), (part) =>
    exists({
      allocations: list(Math.min(1_000, size - part * 1_000), (index) => ({
        allocationId: hex(part * 1_000 + index),
        orderNumber: `order-${part * 1_000 + index}`,
        items: [{ sku: `sku-${index}`, quantity: 2 }],
      })),
    }),
  )
const steps = (size: number, step: (index: number) => object): Sent =>
  begin({ timeline: list(size, (index) => ({ at: '1s', ...step(index) })) })
const advance: Sent = control('/sessions/{session}/clock/advance', { by: '1h' })

export const HEAVY: readonly Heavy[] = [
  {
    name: 'an order of many lines is made by what exists',
    request: longOrder,
    status: 201,
    size: 200,
    most: 2000,
  },
  {
    name: 'and read',
    before: (size) => [longOrder(size)],
    request: () => oms('GET', `/order/?orderNumber=${NUMBER}`),
    status: 200,
    size: 200,
    most: 10000,
  },
  {
    name: 'and allocated anew by one document',
    before: (size) => [longOrder(size), cancelAll(size)],
    request: () => event(),
    status: 200,
    size: 200,
    most: 6000,
  },
  {
    name: 'an event names many lines',
    before: (size) => [longOrder(size), cancelAll(size)],
    request: (size) => event(list(size, (index) => ({ lineItemId: `line-${Math.floor(index / 10)}-${index % 10}`, quantity: 1 }))),
    status: 200,
    size: 200,
    most: 6000,
  },
  { name: 'an OMS order of many lines', request: createdOrder, status: 200, size: 200, most: 1000 },
  {
    name: 'many lines go to as many addresses',
    before: (size) => [createdOrder(size, (index) => ({ shipToId: `home-${index}` }))],
    request: () => event(),
    status: 200,
    size: 200,
    most: 1000,
  },
  {
    name: 'lines are named twice',
    request: (size) => createdOrder(size, (index) => ({ lineItemId: `line-${index >> 1}` })),
    status: 400,
    size: 200,
    most: 1000,
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
    most: 1000,
  },
  {
    name: 'many logins of a timeline',
    before: (size) => [steps(size, () => ({ operation: 'login', body: { username: 'supplier-1', password: 'a' } }))],
    request: () => advance,
    status: 200,
    size: 200,
    most: 5000,
  },
  {
    name: 'a fault names many operations that nobody has',
    request: (size) => control('/sessions/{session}/faults', { status: 503, operation: list(size, (index) => `getOrder${index}`) }),
    status: 422,
    size: 200,
    isBounded: true,
    most: 45000,
  },
  {
    name: 'a scenario chooses for many questions that nobody asks',
    request: (size) => begin({ assume: Object.fromEntries(list(size, (index) => [`question-${index}`, 'a'])) }),
    status: 422,
    size: 200,
    isBounded: true,
    most: 40000,
  },
  {
    name: 'a scenario has many steps of operations that nobody has',
    request: (size) => begin({ timeline: list(size, (index) => ({ at: '1s', operation: `getOrder${index}` })) }),
    status: 422,
    size: 200,
    isBounded: true,
    most: 10000,
  },
  {
    name: 'a scenario has many orders that fit none of its schemas',
    request: (size) => begin({ orders: list(size, () => ({})) }),
    status: 400,
    size: 1_000,
    most: 300000,
  },
  {
    name: 'many members are not declared',
    request: (size) => supplier('POST', '/orders/', Object.fromEntries(list(size, (index) => [`member-${index}`, 1]))),
    status: 200,
    size: 400,
    most: 60000,
  },
  {
    name: 'a time has many digits',
    request: (size) => supplier('POST', '/orders/', { start_date: `2026-01-01T00:00:00.${'0'.repeat(size)}1Z` }),
    status: 200,
    size: 10_000,
    most: 1000000,
  },
  {
    name: 'free order numbers are sought behind many that are taken',
    request: (size) =>
      exists({
        allocations: [
          ...list(size, (index) => ({ orderNumber: `order-placed-${index + size}`, items: [{ sku: 'sku', quantity: 1 }] })),
          ...list(size, () => ({ items: [{ sku: 'sku', quantity: 1 }] })),
        ],
      }),
    status: 201,
    size: 50,
    most: 500,
  },
  {
    name: 'a filter has many bounds',
    request: (size) =>
      oms('POST', '/allocation/query', {
        filters: { auditLogs: { auditTimestamp: list(size, () => ({ gt: '2090-01-01T00:00:00Z' })) } },
      }),
    status: 404,
    size: 50,
    most: 240,
  },
  {
    name: 'many allocations are reallocated at once',
    before: allocations,
    request: (size) => oms('PUT', '/allocation/reallocate', { ...REALLOCATED, id: list(size, hex) }),
    status: 200,
    size: 100,
    most: 1000,
  },
  {
    name: 'an event names many orders',
    before: (size) => [
      ...allocations(size),
      ...list(Math.ceil(size / 500), (part) => cancelled(part * 500, Math.min(500, size - part * 500))),
    ],
    request: (size) =>
      oms('POST', '/allocation/', { detailType: 'ORDER_CREATED', detail: { id: list(size, (index) => `order-${index}`) } }),
    status: 200,
    size: 100,
    most: 1000,
  },
  {
    name: 'a query meets many allocations that have changed',
    before: allocations,
    request: () => oms('POST', '/allocation/query', { sortBy: 'locationNum' }),
    status: 200,
    size: 200,
    most: 10000,
  },
  {
    name: 'examples are sought among many allocations that have changed',
    before: allocations,
    request: () => control('/sessions/{session}/examples'),
    status: 200,
    size: 200,
    most: 10000,
  },
]
