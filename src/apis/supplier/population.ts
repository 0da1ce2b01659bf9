import { company, createRoom, deal, money, person, type Person, PRODUCTS, product, remember } from '../../core/population/catalogue.ts'
import { date, DAY, timestamp } from '../../core/clock.ts'
import { RETAILERS, type Session, SUPPLIERS } from './session.ts'
import type { Sequence } from '../../core/population/listing.ts'
import { tenDigits, uuids, withFirst } from '../../core/population/permutation.ts'
import { at, type Key, keyOf, number, oneOf, pick, uuid } from '../../core/population/random.ts'
import { type Address, type Line, type LineFacts, lineId, type Order, type OrderFacts, orderId, type Tracking } from './order.ts'

interface Organization {
  readonly uuid: string
  readonly name: string
}

/** The orders that nobody stored: pure functions of the session's seed, epoch and number of orders. */
export interface OrderPopulation {
  readonly sequence: Sequence<OrderFacts, Order>
  /** The id of an index, also of one beyond the population: created orders go on where it ends. */
  idAt(index: number): string
  order(id: string): Order | undefined
  indexOf(id: string): number | undefined
  /** The order that a line id of the population belongs to. */
  orderOfLine(id: string): Order | undefined
  indexOfPoNumber(poNumber: string): number | undefined
  /** The first index created at this time or later. */
  indexSince(time: number): number
  supplier(number: number): Organization
  retailer(number: number): Organization
  readonly suppliers: readonly Organization[]
  /** The population's number of the supplier with this UUID. */
  supplierNumbered(uuid: string): number | undefined
  /** Somebody's. */
  address(key: Key): Address
  /** What a SKU is: the catalogue's for one of its ids, else something that its id alone decides. */
  sku(id: string): Sku
}

type Sku = Pick<Line, 'itemId' | 'itemName' | 'skuUuid' | 'skuName' | 'variants' | 'cost'>

/** The population's orders were placed within so many days before the session's epoch. */
const SPAN = 90 * DAY
/** After so many orders status, quantities, SKUs and organisations come round again. */
const PERIOD = 360
const MAX_LINES = 4

/** What supplier and line have become in how many of the 360. */
const PLANS = [
  ['unallocated', 128],
  ['allocated', 70],
  ['part-allocated', 24],
  ['backordered', 22],
  ['part-backordered', 28],
  ['rejected', 10],
  ['shipped', 52],
  ['part-shipped', 16],
  ['cancelled', 10],
] as const
type Plan = (typeof PLANS)[number][0]
const PLAN_AT: readonly Plan[] = PLANS.flatMap(([plan, count]) => Array.from({ length: count }, () => plan))

const CARRIERS = [
  { shipping_carrier: 'UPS', shipping_method: 'Ground', cost: 7.99 },
  { shipping_carrier: 'UPS', shipping_method: '2nd Day Air', cost: 18.49 },
  { shipping_carrier: 'FedEx', shipping_method: 'Home Delivery', cost: 8.99 },
  { shipping_carrier: 'FedEx', shipping_method: 'Standard Overnight', cost: 31.5 },
  { shipping_carrier: 'USPS', shipping_method: 'Priority Mail', cost: 9.85 },
] as const

/** The supplier document's own example order. */
export const EXAMPLE_ORDER_ID = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
export const EXAMPLE_LINE_ID = 'b84ccd3c-88f8-4050-accf-e049163052e3'
/** A SKU that the catalogue has. */
export const PRODUCT_SKU = '000106'
const EXAMPLE_SKU: { readonly id: string; readonly sku: Sku } = {
  id: PRODUCT_SKU,
  sku: {
    itemId: '5c9c3f0e-2b1d-4e0b-8a37-7d1f2a9b6e40',
    itemName: 'Example Mug',
    skuUuid: '9e2d7b64-0f3a-4c58-b1c6-3a8e5d7f9012',
    skuName: 'Example Mug, blue',
    variants: null,
    cost: 66.05,
  },
}

/**
 * How many populations are kept, and of all of them together how many entities. A population with all its templates takes a
 * good half of a megabyte, an order two kilobytes.
 */
const MAX_POPULATIONS = 32
const entities = createRoom(1_000)

/** All that a population is a function of. */
type PopulationOf = Pick<Session, 'seed' | 'epoch'> & { readonly settings: Pick<Session['settings'], 'orders'> }

/** The population of a session; the last few are kept. */
export function orderPopulation(session: PopulationOf): OrderPopulation {
  if (last?.session !== session) last = { session, population: populationOf(session) }
  return last.population
}

/** A request asks several times. One is kept here, not one a session: a population with its caches is large. */
let last: { readonly session: PopulationOf; readonly population: OrderPopulation } | undefined

const populationOf = remember(
  MAX_POPULATIONS,
  ({ seed, epoch, settings }: PopulationOf) => `${epoch} ${settings.orders} ${seed}`,
  createPopulation,
)

function createPopulation({ seed, epoch, settings: { orders: size } }: PopulationOf): OrderPopulation {
  const key = at(keyOf(seed), 'supplier')
  const orderIds = withFirst(uuids(at(key, 'order')), EXAMPLE_ORDER_ID)
  const lineIds = withFirst(uuids(at(key, 'line')), EXAMPLE_LINE_ID)
  const poNumbers = withFirst(tenDigits(at(key, 'po'), 'po-'), 'po-5527771067')
  // Dealt when the first is looked at: of most accounts that are named none is.
  let dealt: readonly number[] | undefined
  const dealtTo = (residue: number): number => (dealt ??= deal(at(key, 'plan'), PERIOD))[residue] ?? 0
  const suppliers = organizations(at(key, 'suppliers'), SUPPLIERS, {
    uuid: 'd6ac857d-c844-4312-8485-6d121d065308',
    name: 'Example Supplier',
  })
  const retailers = organizations(at(key, 'retailers'), RETAILERS, {
    uuid: '1f0d3a52-6f0e-4b8c-9a55-0d5f6d0a7c11',
    name: 'Example Retailer',
  })

  const template = remember(
    PERIOD,
    (residue: number) => residue,
    (residue) => createTemplate(key, residue, PLAN_AT[dealtTo(residue)] ?? 'unallocated', epoch),
  )
  const timeAt = (index: number): number => epoch - SPAN + Math.floor((index * SPAN) / Math.max(size, 1))
  const example = exampleOrder(timeAt(0))

  function entity(index: number): Order {
    return index === 0 ? example : createOrder(index)
  }

  const createOrder = entities.remember((index) => {
    const own = at(at(key, 'own'), index)
    const created = timeAt(index)
    const customer = person(own)
    const { retailer, lines, carrier } = template(index % PERIOD)
    const { cost: shippingCost, ...shipping } = oneOf(carrier, CARRIERS)
    const value = lines.reduce((sum, { cost, ordered }) => sum + cost * ordered, 0)
    return {
      id: orderId(orderIds.idAt(index)),
      index,
      poNumber: poNumbers.idAt(index),
      createdAt: timestamp(created, 6),
      retailer,
      submittedBy: `${customer.first} ${customer.last}`,
      notes: pick(at(own, 'notes'), 8) === 0 ? 'Please ring the bell and leave the parcel at the side door.' : null,
      address: addressOf(own, customer),
      shipping,
      fees: { order_fee: 0.99, order_tax: money(value * 0.07), shipping_cost: shippingCost, drop_ship_fee: 0.5 },
      attributes: null,
      lines: lines.map((line, place): Line => ({
        ...line,
        id: lineId(lineIds.idAt(index * MAX_LINES + place)),
        tracking: line.shipped === 0 ? [] : [tracking(at(own, place), line, shipping, shippingCost, Math.min(created + 2 * DAY, epoch))],
      })),
    } satisfies Order
  })

  const indexOf = (id: string): number | undefined => orderIds.indexOf(id, size)
  return {
    sequence: { size, period: PERIOD, facts: template, entity },
    idAt: orderIds.idAt,
    indexOf,
    order(id) {
      const index = indexOf(id)
      return index === undefined ? undefined : entity(index)
    },
    orderOfLine(id) {
      const index = lineIds.indexOf(id, size * MAX_LINES)
      const order = index === undefined ? undefined : entity(Math.floor(index / MAX_LINES))
      return order?.lines.some((line) => line.id === id) ? order : undefined
    },
    indexOfPoNumber: (poNumber) => poNumbers.indexOf(poNumber, size),
    indexSince(time) {
      let index = Math.min(size, Math.max(0, Math.ceil(((time - epoch + SPAN) * size) / SPAN)))
      while (index > 0 && timeAt(index - 1) >= time) index--
      while (index < size && timeAt(index) < time) index++
      return index
    },
    supplier: (wanted) => suppliers[wanted - 1] ?? suppliers[0],
    retailer: (wanted) => retailers[wanted - 1] ?? retailers[0],
    suppliers,
    supplierNumbered(wanted) {
      const place = suppliers.findIndex((supplier) => supplier.uuid === wanted)
      return place === -1 ? undefined : place + 1
    },
    address: addressAt,
    sku: (id) => (id === EXAMPLE_SKU.id ? EXAMPLE_SKU.sku : skuOf(key, id)),
  }
}

function organizations(key: Key, count: number, first: Organization): readonly [Organization, ...Organization[]] {
  return [
    first,
    ...Array.from({ length: count - 1 }, (_, number) => ({ uuid: uuid(at(key, number)), name: company(at(at(key, 'name'), number)) })),
  ]
}

interface Template extends OrderFacts {
  readonly lines: readonly Omit<Line, 'id' | 'tracking'>[]
  readonly carrier: Key
}

function addressAt(key: Key): Address {
  return addressOf(key, person(key))
}

function addressOf(key: Key, customer: Person): Address {
  return {
    name: `${customer.first} ${customer.last}`,
    business_name: pick(at(key, 'business'), 5) === 0 ? company(at(key, 'company')) : null,
    address1: customer.street,
    address2: pick(at(key, 'unit'), 4) === 0 ? `Apt ${1 + pick(at(key, 'apartment'), 40)}` : null,
    city: customer.city,
    state: customer.state,
    postal_code: customer.postalCode,
    phone_number: `${customer.phone.slice(0, 3)}-${customer.phone.slice(3, 6)}-${customer.phone.slice(6)}`,
    country: 'US',
  }
}

/** Each supplier has its own SKU of each of the catalogue's products. */
export function skuOfProduct(wares: number, supplier: number): string {
  return String(FIRST_SKU + wares * SUPPLIERS + supplier - 1).padStart(6, '0')
}

const FIRST_SKU = 101_001

function skuOf(population: Key, id: string): Sku {
  const own = /^\d{6}$/.test(id) ? Math.floor((Number(id) - FIRST_SKU) / SUPPLIERS) : -1
  return own >= 0 && own < PRODUCTS ? skuOfWares(population, own) : skuOfWares(population, pick(keyOf(`sku ${id}`), PRODUCTS), id)
}

/** A SKU that is not the catalogue's has ids of its own. */
function skuOfWares(population: Key, wares: number, id?: string): Sku {
  const { title, variant, cost } = product(population, wares)
  const name = id ?? wares
  return {
    itemId: uuid(at(at(population, 'item'), name)),
    itemName: title,
    skuUuid: uuid(at(at(population, 'sku'), name)),
    skuName: `${title}, ${variant}`,
    variants: variant,
    cost,
  }
}

function createTemplate(population: Key, residue: number, plan: Plan, epoch: number): Template {
  const key = at(at(population, 'template'), residue)
  // Three orders in four have one or two lines; the first supplier gets most, so that its token has something of everything.
  const count = [1, 1, 2, 2, 1, 2, 3, 4][pick(at(key, 'count'), 8)] ?? 1
  const main = [1, 1, 1, 1, 1, 2, 3, 4][pick(at(key, 'supplier'), 8)] ?? 1
  const shared = count > 1 && pick(at(key, 'shared'), 6) === 0
  const first = pick(at(key, 'product'), PRODUCTS)
  return {
    retailer: 1 + pick(at(key, 'retailer'), RETAILERS),
    carrier: at(key, 'carrier'),
    lines: Array.from({ length: count }, (_, place) => {
      const own = at(at(key, 'line'), place)
      const supplier = shared && place === count - 1 ? (main % SUPPLIERS) + 1 : main
      const wares = (first + place * 7) % PRODUCTS
      const sku = skuOfWares(population, wares)
      const ordered = [1, 1, 2, 2, 3, 4, 6, 12][pick(at(own, 'ordered'), 8)] ?? 1
      return {
        supplier,
        skuId: skuOfProduct(wares, supplier),
        ...sku,
        ordered,
        ...quantities(plan, ordered, place),
        backorderDate:
          plan === 'backordered' || (plan === 'part-backordered' && ordered > 1)
            ? date(epoch + (7 + pick(at(own, 'backorder'), 40)) * DAY)
            : null,
        supplierPoNumber: null,
        supplierInvoiceNumber: null,
        supplierCost: plan === 'shipped' || plan === 'part-shipped' ? sku.cost : null,
        instructions: null,
        attributes: null,
      }
    }),
  }
}

type Quantities = Pick<LineFacts, 'allocated' | 'backordered' | 'rejected' | 'shipped' | 'cancellation'>

function quantities(plan: Plan, ordered: number, place: number): Quantities {
  const none: Quantities = { allocated: 0, backordered: 0, rejected: 0, shipped: 0, cancellation: 'none' }
  switch (plan) {
    case 'unallocated':
      return none
    case 'allocated':
      return { ...none, allocated: ordered }
    case 'part-allocated':
      return place === 0 ? { ...none, allocated: ordered } : none
    case 'backordered':
      return { ...none, backordered: ordered }
    case 'part-backordered':
      return ordered === 1
        ? { ...none, allocated: 1 }
        : { ...none, allocated: Math.ceil(ordered / 2), backordered: Math.floor(ordered / 2) }
    case 'rejected':
      return { ...none, rejected: ordered }
    case 'shipped':
      return { ...none, allocated: ordered, shipped: ordered }
    case 'part-shipped':
      return { ...none, allocated: ordered, shipped: Math.ceil(ordered / 2) }
    case 'cancelled':
      return { ...none, cancellation: 'confirmed' }
    default:
      return plan satisfies never
  }
}

function tracking(key: Key, line: LineFacts, shipping: Order['shipping'], cost: number, shippedOn: number): Tracking {
  return {
    packageId: uuid(at(key, 'package')),
    tracking_number: `1Z${String(number(key)).padStart(10, '0')}${String(pick(at(key, 'tail'), 1_000_000)).padStart(6, '0')}`,
    shipping_carrier: shipping.shipping_carrier,
    shipping_method: shipping.shipping_method,
    shipping_weight: null,
    shipping_cost: cost,
    shipping_date: date(shippedOn),
    package_attributes: null,
    quantity: line.shipped,
  }
}

/** As the document prints it; its date gives way to the population's first where the session's epoch lies before it. */
function exampleOrder(oldest: number): Order {
  const documented = '2018-08-23T16:07:35.864274Z'
  return {
    id: orderId(EXAMPLE_ORDER_ID),
    index: 0,
    poNumber: 'po-5527771067',
    createdAt: Date.parse(documented) <= oldest ? documented : timestamp(oldest, 6),
    retailer: 1,
    submittedBy: 'Alex Doe',
    notes: null,
    address: {
      name: 'Alex Doe',
      business_name: 'Example Studio',
      address1: '30 Example Plaza',
      address2: 'STE 123',
      city: 'New York',
      state: 'NY',
      postal_code: '10112',
      phone_number: '801-555-1212',
      country: null,
    },
    shipping: { shipping_carrier: 'UPS', shipping_method: 'Ground' },
    fees: { order_fee: 0.99, order_tax: 2.97, shipping_cost: 7.99, drop_ship_fee: 0.5 },
    attributes: null,
    lines: [
      {
        id: lineId(EXAMPLE_LINE_ID),
        supplier: 1,
        skuId: EXAMPLE_SKU.id,
        ...EXAMPLE_SKU.sku,
        ordered: 6,
        allocated: 0,
        backordered: 0,
        rejected: 0,
        shipped: 0,
        cancellation: 'none',
        backorderDate: null,
        supplierPoNumber: null,
        supplierInvoiceNumber: null,
        supplierCost: null,
        instructions: null,
        attributes: null,
        tracking: [],
      },
    ],
  }
}
