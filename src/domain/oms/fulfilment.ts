import { type Caller, type Input, keepText } from '../../http.ts'
import type { AssumptionName } from '../assumption.ts'
import { type Behaviour, type Outcome, refused, reply, type Scene } from '../behaviour.ts'
import type { Allocation } from './allocation.ts'
import { DocumentMaker, type EventItem, generate, reallocate } from './generate.ts'
import {
  allocationsOf,
  createOmsOrder,
  findOmsOrder,
  findOmsOrderByNumber,
  lastOmsOrders,
  type OmsOrder,
  omsOrderView,
  progressOf,
  type SentOrder,
} from './order.ts'
import { allocationPopulation } from './population.ts'
import { type Account, entityId, findAllocation, queryAllocations } from './query.ts'
import { createShipment, type SentShipment, shipmentView, shipUnits } from './shipment.ts'
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
  run({ body }, caller, scene) {
    const account = accountOf(caller)
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
    const known = orderOf(body.detail, account, scene)
    const assumption = 'oms.generate.unknown-order'
    const made = known
      ? { order: known, changes: [] }
      : assumptions[assumption] === 'accepted'
        ? unheardOf(body.detail, account, scene)
        : undefined
    if (!made) return refused({ ...unknownOrder(nameOf(body.detail)), assumption })
    if ('code' in made) return refused({ ...made, assumption })
    const result = generate(made.order, body.detail.items, account, scene, assumptions['oms.generate.documents'])
    if (result.kind === 'refused') return refused(result.problem)
    const none = 'oms.generate.none'
    if (result.allocations.length === 0 && assumptions[none] === '404')
      return refused({
        code: 'stock-none',
        detail: `No location has any of what order ${made.order.sent.orderNumber} still needs`,
        fix: 'cancel allocations that hold it',
        assumption: none,
      })
    const shaped: AssumptionName | undefined = known ? (result.allocations.length === 0 ? none : 'oms.generate.documents') : assumption
    return reply(
      result.isShort ? 206 : 200,
      result.allocations.map(({ document }) => document),
      [...made.changes, ...result.changes],
      shaped,
    )
  },
  example(caller, scene) {
    const account = accountOf(caller)
    // An allocation that was cancelled leaves its order to be allocated again.
    const order = cancelledAllocations(caller, scene)
      .map((allocation) => orderOfAllocation(allocation, account, scene))
      .find((one) => one && one.lines.some((line) => progressOf(line, allocationsOf(one, scene)).left > 0))
    return order && request(caller, '/allocation/', { detailType: 'ORDER_CREATED', detail: { orderNumber: order.sent.orderNumber } })
  },
}

function cancelledAllocations(caller: Caller, scene: Scene): readonly Allocation[] {
  const listed = queryAllocations({ filters: { statusCode: 'CANCELLED' }, sortDirection: 'asc', limit: 100 }, accountOf(caller), scene)
  return listed.kind === 'page' ? listed.page : []
}

/** By its number, else by its id. */
function orderOf({ orderNumber, id }: EventDetail, account: Account, scene: Scene): OmsOrder | undefined {
  if (orderNumber !== undefined) return findOmsOrderByNumber(orderNumber, account, scene)
  const [first] = [id].flat()
  return first === undefined ? undefined : (findOmsOrder(first, account, scene) ?? findOmsOrderByNumber(first, account, scene))
}

function nameOf({ orderNumber, id }: EventDetail): string {
  return orderNumber ?? [id].flat()[0] ?? ''
}

/** An order that nobody created, made from the lines that an event names. */
function unheardOf(
  detail: EventDetail,
  account: Account,
  scene: Scene,
): ReturnType<typeof createOmsOrder> | Extract<Outcome, { kind: 'refused' }>['problem'] {
  const items = detail.items ?? []
  if (items.length === 0 || items.some(({ quantity }) => quantity === undefined))
    return {
      code: 'request-invalid',
      detail: `items of order ${nameOf(detail)}, which nobody has created, are missing or have no quantity`,
      fix: 'send items with a quantity each, or create the order first',
    }
  return createOmsOrder(
    {
      orderNumber: nameOf(detail),
      channelId: account.channel ?? '12',
      statusCode: 'ORDER_CREATED',
      items: items.map(({ lineItemId, allocationLineNumber, quantity = 1 }, place) => ({
        ...(lineItemId !== undefined && { lineItemId }),
        lineItemNumber: allocationLineNumber ?? place + 1,
        orderedQuantity: quantity,
        sku: lineItemId ?? `line-${allocationLineNumber ?? place + 1}`,
      })),
      shipInfo: [{}],
    },
    account,
    scene,
  )
}

interface ReallocateInput extends Input {
  readonly body: EventDetail & {
    readonly id: string | readonly string[]
    readonly documentType: 'ALLOCATION' | 'ORDER' | 'SHIPMENT' | 'ALLOCATION ORDER'
  }
}

export const reallocateAllocations: Behaviour<ReallocateInput> = {
  admits: ['account'],
  run({ body }, caller, scene) {
    const account = accountOf(caller)
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
    return reply(200, { message: `Reallocation process completed Successfully with !! allocation Ids [${ids}]` }, maker.changes())
  },
  example(caller, scene) {
    const first = firstAllocation(caller, scene, ({ document }) => document.type === 'ALLOCATED' && document.statusCode === 'ALLOCATED')
    return (
      (first &&
        caller.kind === 'account' &&
        request(caller, '/allocation/reallocate', {
          channel: caller.channel ?? '12',
          tenant: caller.account,
          id: [first.document.allocationId],
          documentType: 'ALLOCATION',
        })) ||
      undefined
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
  run({ body }, caller, scene) {
    const account = accountOf(caller)
    const known = findOmsOrderByNumber(body.orderNumber, { ...account, channel: undefined }, scene)
    if (known)
      return refused({
        code: 'oms-order-known',
        detail: `Order ${body.orderNumber} exists already, with the orderId ${known.orderId}`,
        fix: 'take a number of its own for each order',
      })
    const ids = body.items.flatMap(({ lineItemId }) => lineItemId ?? [])
    const twice = ids.find((id, index) => ids.indexOf(id) < index)
    if (twice !== undefined) {
      const at = `/body/items/${body.items.findLastIndex(({ lineItemId }) => lineItemId === twice)}/lineItemId`
      const message = `is "${twice}" like that of another item`
      return refused({
        code: 'request-invalid',
        detail: `${at} ${message}`,
        issues: [{ at, rule: 'line-repeated', message, value: twice }],
      })
    }
    const { order, changes } = createOmsOrder(body, account, scene)
    return reply(200, omsOrderView(order, [], scene), changes)
  },
  example: (caller, scene) =>
    request(caller, '/order/', {
      orderNumber: freeNumber(accountOf(caller), scene),
      channelId: '12',
      statusCode: 'ORDER_CREATED',
      items: [{ lineItemId: '1', sku: '123k4h123k', orderedQuantity: 2 }],
      shipInfo: [{ shipMethod: 'Ground' }],
    }),
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
  run({ query: { orderId, orderNumber } }, caller, scene) {
    const account = accountOf(caller)
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
  example(caller, scene) {
    const first = firstAllocation(caller, scene, () => true)
    const [item] = first?.document.items ?? []
    return item && request(caller, `/order/?orderId=${encodeURIComponent(item.orderId)}`)
  },
}

interface ShipmentInput extends Input {
  readonly body: SentShipment
}

export const createShipmentBehaviour: Behaviour<ShipmentInput> = {
  admits: ['account'],
  run({ body }, caller, scene) {
    const account = accountOf(caller)
    const allocation = findAllocation(body.allocationId, account, scene)
    if (!allocation) return refused(unknownAllocation(body.allocationId))
    const ledger = new StockLedger(scene.world, account, allocationPopulation(scene.session, account))
    const result = shipUnits(allocation, body, scene, ledger)
    if (result.kind === 'refused') return refused(result.problem)
    const { shipment, changes } = createShipment(body, allocation, account, scene)
    return reply(200, shipmentView(shipment), [
      { kind: 'allocation', id: entityId(account, body.allocationId), to: result.allocation },
      ...changes,
      ...ledger.changes(),
    ])
  },
  example(caller, scene) {
    const first = firstAllocation(caller, scene, ({ document }) => document.type === 'ALLOCATED' && MOVABLE.has(document.statusCode))
    return first && request(caller, '/shipment/', { shipmentNum: 'ship-1', allocationId: first.document.allocationId })
  },
}

interface GetShipmentInput extends Input {
  readonly path: { readonly shipmentId: string }
}

export const getShipment: Behaviour<GetShipmentInput> = {
  admits: ['account'],
  run({ path }, caller, { world }) {
    const shipment = world.get('shipment', entityId(accountOf(caller), path.shipmentId))
    return shipment
      ? reply(200, keepText(shipmentView(shipment)))
      : refused({ code: 'shipment-unknown', detail: `Shipment ${path.shipmentId} is not found`, fix: 'POST /shipment/ makes shipments' })
  },
  example(caller, { world }) {
    const tenant = entityId(accountOf(caller), '')
    const shipment = [...world.all('shipment')].find((one) => `${one.tenant}/` === tenant)
    return shipment && request(caller, `/shipment/${shipment.shipmentId}`)
  },
}

function unknownOrder(name: string): Extract<Outcome, { kind: 'refused' }>['problem'] {
  return {
    code: 'oms-order-unknown',
    detail: `Order ${name} is not found`,
    fix: 'POST /order/ creates orders; items[].orderId names that of an allocation',
  }
}
