import type { Behaviour, Change, LiveScene, OmsOrder, Scene, SentLine, SentOrder, SentShipment } from './kinds.ts'
import { type Input, type Issue, keepText } from '../../base/http.ts'
import type { Problem } from './problems.ts'
import type { AssumptionName } from './assumptions.ts'
import { refused, reply } from '../../core/behaviour.ts'
import { placesBy } from '../../core/places.ts'
import type { Allocation } from './allocation.ts'
import { DocumentMaker, type EventItem, generate, reallocate } from './generate.ts'
import { allocationsOf, createOmsOrder, findOmsOrder, findOmsOrderByNumber, lastOmsOrders, omsOrderView, progressBy } from './order.ts'
import { allocationPopulation } from './population.ts'
import { type Account, entityId, findAllocation, queryAllocations } from './query.ts'
import { createShipment, shipmentView, shipUnits } from './shipment.ts'
import { StockLedger } from './stock.ts'
import { accountOf, firstAllocation, request, unknownAllocation } from './subject.ts'

/** From an order to its parcels: orders, the allocations made for them, shipments. */

interface EventDetail {
  readonly id?: string | readonly string[]
  readonly orderNumber?: string
  readonly items?: readonly EventItem[]
}

interface GenerateInput extends Input {
  readonly body: { readonly detailType: string; readonly detail: EventDetail }
}

const GENERATING = ['ORDER_CREATED', 'ORDER_CREATE']

export const generateAllocations: Behaviour<GenerateInput> = {
  admits: ['account'],
  run({ body }, scene) {
    const account = accountOf(scene.caller)
    if (!GENERATING.includes(body.detailType))
      return refused({
        code: 'event-unsupported',
        detail: `detailType ${body.detailType} generates no allocations`,
        fix: `send ${GENERATING.join(' or ')}`,
        issues: [
          {
            at: '/body/detailType',
            rule: 'event-unsupported',
            message: `"${body.detailType}" generates no allocations`,
            value: body.detailType,
          },
        ],
      })
    const { assumptions } = scene.session
    const found = ordersOf(body.detail, account, scene)
    if ('code' in found) return refused(found)
    const { items } = body.detail
    if (items && items.length > 0 && found.orders.length > 1)
      return refused({
        code: 'request-invalid',
        detail: `items name lines of one order, and ${found.orders.length} are meant`,
        fix: 'send one id, or no items',
      })
    const maker = new DocumentMaker(account, scene)
    let isShort = false
    for (const order of found.orders) {
      const result = generate(order, found.isMade ? undefined : items, maker, assumptions['oms.generate.documents'])
      if (result.kind === 'refused') return refused(result.problem)
      isShort ||= result.isShort
    }
    const none = 'oms.generate.none'
    const made = maker.made
    if (made.length === 0 && assumptions[none] === '404')
      return refused({
        code: 'stock-none',
        detail: `No location has any of what order ${found.orders.map(({ sent }) => sent.orderNumber).join(', ')} still needs`,
        fix: 'cancel allocations that hold it',
        assumption: none,
      })
    const shaped: AssumptionName = found.isMade ? UNKNOWN_ORDER : made.length === 0 ? none : 'oms.generate.documents'
    return reply(
      isShort ? 206 : 200,
      made.map(({ document }) => document),
      { changes: [...found.changes, ...maker.changes()], assumption: shaped },
    )
  },
  example(scene) {
    const account = accountOf(scene.caller)
    // An allocation that was cancelled leaves its order to be allocated again.
    const isOpen = (order: OmsOrder): boolean => {
      const progress = progressBy(allocationsOf(order, scene))
      return order.lines.some((line) => progress(line).left > 0)
    }
    let order: OmsOrder | undefined
    for (const allocation of cancelledAllocations(scene)) {
      const one = orderOfAllocation(allocation, account, scene)
      if (one && isOpen(one)) {
        order = one
        break
      }
    }
    return order && request(scene, '/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber: order.sent.orderNumber } })
  },
}

function cancelledAllocations(scene: LiveScene): readonly Allocation[] {
  const listed = queryAllocations(
    { filters: { statusCode: 'CANCELLED' }, sortDirection: 'asc', limit: 100 },
    accountOf(scene.caller),
    scene,
  )
  return listed.kind === 'page' ? listed.page : []
}

const UNKNOWN_ORDER = 'oms.generate.unknown-order'

interface FoundOrders {
  readonly orders: readonly OmsOrder[]
  /** Nobody had created it: it is made from the lines that the event names. */
  readonly isMade: boolean
  readonly changes: readonly Change[]
}

/** By its number, else by its id, of which there may be several. */
function ordersOf(detail: EventDetail, account: Account, scene: Scene): FoundOrders | Problem {
  const { orderNumber } = detail
  const names = orderNumber === undefined ? [...new Set([detail.id ?? []].flat())] : [orderNumber]
  const find = (name: string, viewer: Account): OmsOrder | undefined =>
    (orderNumber === undefined ? findOmsOrder(name, viewer, scene) : undefined) ?? findOmsOrderByNumber(name, viewer, scene)
  // An order may be named by its id and by its number.
  const orders = new Map<string, OmsOrder>()
  for (const name of names) {
    const order = find(name, account)
    if (order) orders.set(order.orderId, order)
    // What another channel hides is not unheard of.
    else if (find(name, { ...account, channel: undefined }) || scene.session.assumptions[UNKNOWN_ORDER] === '404' || names.length > 1)
      return { ...unknownOrder(name), assumption: UNKNOWN_ORDER }
    else return unheardOf(name, detail, account, scene)
  }
  return orders.size === 0 ? unknownOrder('') : { orders: [...orders.values()], isMade: false, changes: [] }
}

/** An order that nobody created, made from the lines that an event names; a line named twice is one line. */
function unheardOf(orderNumber: string, { items = [] }: EventDetail, account: Account, scene: Scene): FoundOrders | Problem {
  if (items.length === 0 || items.some(({ quantity }) => quantity === undefined))
    return {
      code: 'request-invalid',
      detail: `items of order ${orderNumber}, which nobody has created, are missing or have no quantity`,
      fix: 'send items with a quantity each, or create the order first',
      assumption: UNKNOWN_ORDER,
    }
  const lines = new Map<string, SentLine>()
  for (const { lineItemId, allocationLineNumber, quantity = 1 } of items) {
    const number = allocationLineNumber ?? 1
    const sku = lineItemId ?? `line-${number}`
    const { orderedQuantity = 0, ...before } = lines.get(sku) ?? {}
    lines.set(sku, {
      sku,
      ...(lineItemId === undefined ? { lineItemNumber: number } : { lineItemId }),
      ...before,
      orderedQuantity: orderedQuantity + quantity,
    })
  }
  const { order, changes } = createOmsOrder(
    { orderNumber, channelId: account.channel ?? '12', statusCode: 'ORDER_CREATED', items: [...lines.values()], shipInfo: [{}] },
    account,
    scene,
  )
  return { orders: [order], isMade: true, changes }
}

interface ReallocateInput extends Input {
  readonly body: EventDetail & {
    readonly id: string | readonly string[]
    readonly documentType: 'ALLOCATION' | 'ORDER' | 'SHIPMENT' | 'ALLOCATION ORDER'
  }
}

export const reallocateAllocations: Behaviour<ReallocateInput> = {
  admits: ['account'],
  run({ body }, scene) {
    const account = accountOf(scene.caller)
    const chosen = new Map<string, Allocation>()
    for (const id of [body.id].flat()) {
      const found = meant(id, body.documentType, account, scene)
      if (found.length === 0)
        return refused({
          ...unknownAllocation(id),
          status: 400,
          detail: `${body.documentType} ${id} is not found or has nothing to reallocate`,
        })
      for (const allocation of found) chosen.set(allocation.document.allocationId, allocation)
    }
    const parts = body.items ?? []
    if (parts.length > 0 && chosen.size > 1)
      return refused({
        code: 'allocation-fixed',
        detail: `items name lines of one allocation, and ${chosen.size} are meant`,
        fix: 'send one id, or no items',
      })
    const maker = new DocumentMaker(account, scene)
    const made: Allocation[] = []
    for (const allocation of chosen.values()) {
      const order = orderOfAllocation(allocation, account, scene)
      if (!order) return refused({ ...unknownOrder(allocation.document.items[0]?.orderId ?? ''), status: 400 })
      const result = reallocate(allocation, parts, order, maker)
      if (result.kind === 'refused') return refused(result.problem)
      made.push(...result.allocations)
    }
    const ids = made.map(({ document }) => document.allocationId).join(', ')
    return reply(
      200,
      { message: `Reallocation process completed Successfully with !! allocation Ids [${ids}]` },
      { changes: maker.changes() },
    )
  },
  example(scene) {
    const first = firstAllocation(scene, ({ document }) => document.type === 'ALLOCATED' && document.statusCode === 'ALLOCATED')
    const { account, channel = '12' } = accountOf(scene.caller)
    return (
      first &&
      request(scene, '/allocation/reallocate', {
        channel,
        tenant: account,
        id: [first.document.allocationId],
        documentType: 'ALLOCATION',
      })
    )
  },
}

/** The allocations that an id of a kind of document stands for. Of an order: those that can still be moved. */
function meant(id: string, type: ReallocateInput['body']['documentType'], account: Account, scene: Scene): readonly Allocation[] {
  const ofOrder = (): readonly Allocation[] => {
    const order = findOmsOrder(id, account, scene) ?? findOmsOrderByNumber(id, account, scene)
    return order ? allocationsOf(order, scene).filter(({ document }) => MOVABLE.has(document.statusCode)) : []
  }
  const one = (wanted: string): readonly Allocation[] => [findAllocation(wanted, account, scene)].filter((found) => found !== undefined)
  switch (type) {
    case 'ALLOCATION':
      return one(id)
    case 'ORDER':
      return ofOrder()
    case 'ALLOCATION ORDER': {
      const found = one(id)
      return found.length > 0 ? found : ofOrder()
    }
    case 'SHIPMENT': {
      const shipment = scene.world.get('shipment', entityId(account, id))
      return shipment ? one(shipment.sent.allocationId) : []
    }
    default:
      return type satisfies never
  }
}

const MOVABLE: ReadonlySet<string> = new Set(['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'])

/** Every allocation has an order, whatever channel the caller looks through. */
export function orderOfAllocation({ document }: Allocation, account: Account, scene: Scene): OmsOrder | undefined {
  const [first] = document.items
  return first && findOmsOrder(first.orderId, { ...account, channel: undefined }, scene)
}

interface CreateOrderInput extends Input {
  readonly body: SentOrder
}

export const createOrder: Behaviour<CreateOrderInput> = {
  admits: ['account'],
  run({ body }, scene) {
    const account = accountOf(scene.caller)
    const known = findOmsOrderByNumber(body.orderNumber, { ...account, channel: undefined }, scene)
    if (known)
      return refused({
        code: 'oms-order-known',
        detail: `Order ${body.orderNumber} exists already, with the orderId ${known.orderId}`,
        fix: 'take a number of its own for each order',
      })
    const issues = [...repeatedLines(body.items, 'lineItemId'), ...repeatedLines(body.items, 'lineItemNumber')]
    const [first] = issues
    if (first) return refused({ code: 'request-invalid', detail: `${first.at} ${first.message}`, issues })
    const { order, changes } = createOmsOrder(body, account, scene)
    return reply(200, omsOrderView(order, [], scene), { changes })
  },
  example: (scene) =>
    request(scene, '/order/', {
      orderNumber: freeNumber(accountOf(scene.caller), scene),
      channelId: '12',
      statusCode: 'ORDER_CREATED',
      items: [{ lineItemId: '1', sku: '123k4h123k', orderedQuantity: 2 }],
      shipInfo: [{ shipMethod: 'Ground' }],
    }),
}

/** Lines that have a name which an earlier one has. */
function repeatedLines(items: readonly SentLine[], member: 'lineItemId' | 'lineItemNumber'): readonly Issue[] {
  const first = placesBy(items, (item) => item[member])
  return items.flatMap((item, index) => {
    const value = item[member]
    const isRepeated = value !== undefined && first.get(value) !== index
    return isRepeated
      ? [
          {
            at: `/body/items/${index}/${member}`,
            rule: 'line-repeated',
            message: `is ${JSON.stringify(value)} like that of another item`,
            value,
          },
        ]
      : []
  })
}

/** A number that no order of the account has. */
function freeNumber(account: Account, scene: Scene): string {
  for (let number = 1; ; number++) {
    const text = `example-order-${number}`
    if (!findOmsOrderByNumber(text, { ...account, channel: undefined }, scene)) return text
  }
}

interface GetOrderInput extends Input {
  readonly query: { readonly orderId?: string; readonly orderNumber?: string }
}

/** "All, when neither is given": the last of them, an account may have a billion. */
const MANY = 100

export const getOrder: Behaviour<GetOrderInput> = {
  admits: ['account'],
  run({ query: { orderId, orderNumber } }, scene) {
    const account = accountOf(scene.caller)
    if (orderId === undefined && orderNumber === undefined)
      return reply(
        200,
        lastOmsOrders(account, MANY, scene).map((order) => omsOrderView(order, allocationsOf(order, scene), scene)),
      )
    const order =
      orderNumber === undefined ? findOmsOrder(orderId ?? '', account, scene) : findOmsOrderByNumber(orderNumber, account, scene)
    if (!order || (orderId !== undefined && order.orderId !== orderId)) return refused(unknownOrder(orderNumber ?? orderId ?? ''))
    return reply(200, omsOrderView(order, allocationsOf(order, scene), scene))
  },
  example(scene) {
    const first = firstAllocation(scene, () => true)
    const [item] = first?.document.items ?? []
    return item && request(scene, `/order/?orderId=${encodeURIComponent(item.orderId)}`)
  },
}

interface ShipmentInput extends Input {
  readonly body: SentShipment
}

export const createShipmentBehaviour: Behaviour<ShipmentInput> = {
  admits: ['account'],
  run({ body }, scene) {
    const account = accountOf(scene.caller)
    const allocation = findAllocation(body.allocationId, account, scene)
    if (!allocation) return refused(unknownAllocation(body.allocationId))
    const ledger = new StockLedger(scene.world, account, allocationPopulation(scene.session, account))
    const result = shipUnits(allocation, body, scene, ledger)
    if (result.kind === 'refused') return refused(result.problem)
    const { shipment, changes } = createShipment(body, allocation, account, scene)
    return reply(200, shipmentView(shipment), {
      changes: [{ kind: 'allocation', id: entityId(account, body.allocationId), to: result.allocation }, ...changes, ...ledger.changes()],
    })
  },
  example(scene) {
    const first = firstAllocation(scene, ({ document }) => document.type === 'ALLOCATED' && MOVABLE.has(document.statusCode))
    return first && request(scene, '/shipment/', { shipmentNum: 'ship-1', allocationId: first.document.allocationId })
  },
}

interface GetShipmentInput extends Input {
  readonly path: { readonly shipmentId: string }
}

export const getShipment: Behaviour<GetShipmentInput> = {
  admits: ['account'],
  run({ path }, scene) {
    const account = accountOf(scene.caller)
    const shipment = scene.world.get('shipment', entityId(account, path.shipmentId))
    // A channel that hides an allocation hides its shipments.
    return shipment && findAllocation(shipment.sent.allocationId, account, scene)
      ? reply(200, keepText(shipmentView(shipment)))
      : refused({ code: 'shipment-unknown', detail: `Shipment ${path.shipmentId} is not found`, fix: 'POST /shipment/ makes shipments' })
  },
  example(scene) {
    const tenant = entityId(accountOf(scene.caller), '')
    const shipment = [...scene.world.all('shipment')].find((one) => `${one.tenant}/` === tenant)
    return shipment && request(scene, `/shipment/${shipment.shipmentId}`)
  },
}

function unknownOrder(name: string): Problem {
  return {
    code: 'oms-order-unknown',
    detail: `Order ${name} is not found`,
    fix: 'POST /order/ creates orders; items[].orderId names that of an allocation',
  }
}
