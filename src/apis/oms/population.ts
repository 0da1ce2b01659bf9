import { createRoom, deal, person, type Product, PRODUCTS, product, remember } from '../../core/population/catalogue.ts'
import { DAY, HOUR, timestamp } from '../../core/clock.ts'
import type { Session } from './session.ts'
import type { Sequence } from '../../core/population/listing.ts'
import { hexIds, type Numbering, tenDigits, withFirst } from '../../core/population/permutation.ts'
import { at, hex, type Key, keyOf, oneOf, pick } from '../../core/population/random.ts'
import {
  allocationId,
  itemStatusWas,
  NOTHING_UPDATED,
  statusWas,
  type Allocation,
  type AllocationDocument,
  type AllocationFacts,
  type AuditLog,
  type DocumentFacts,
  type Item,
  type StatusCode,
} from './allocation.ts'

/** The account that the document shows; it has the document's example allocation. */
export const EXAMPLE_ACCOUNT = '1234abcd5678efgh9ijklmno'
export const EXAMPLE_STAGE = 'production'
export const EXAMPLE_ALLOCATION_ID = '62ff5c0bec0aed3c86202c32'

export interface Tenant {
  readonly account: string
  readonly stage: string
}

/** The allocations that nobody stored: pure functions of the session's seed, epoch and number of allocations, and of the tenant. */
export interface AllocationPopulation {
  readonly sequence: Sequence<AllocationFacts, Allocation>
  /** The ids of an index, also of one beyond the population: created documents go on where it ends. */
  idsAt(index: number): AllocationIds
  /** The id and the number of the order of an index: each of the population's allocations has an order of its own. */
  orderIdAt(index: number): string
  orderNumberAt(index: number): string
  /** The index of the order with this id, or this number. */
  indexOfOrder(id: string): number | undefined
  indexOfOrderNumber(number: string): number | undefined
  /** What a SKU is: a product of the catalogue, the same for the same SKU. */
  goods(sku: string): Product
  /** Where the account keeps its goods. */
  readonly locations: readonly Location[]
  /** Units of a SKU that a location has and nobody has reserved: ample. */
  available(locationNum: string, sku: string): number
  /** How far a location is from a region: a made-up distance, the same each time. */
  distance(locationNum: string, region: string): number
  allocation(id: string): Allocation | undefined
  /** The indices that carry a value in a member whose values are bijections of the index; undefined for another member. */
  indicesOf(member: string, value: string): readonly number[] | undefined
  /** The first index updated at this time or later. */
  indexUpdatedSince(time: number): number
  /** How long before its update an allocation of this residue was made. */
  age(residue: number): number
  /** The document's example, in the tenant that has it. */
  readonly example: Allocation | undefined
}

interface AllocationIds {
  readonly allocationId: string
  readonly allocationRequestId: string
  readonly allocationNum: string
  readonly poNumber: string
}

export interface Location {
  readonly locationNum: string
  readonly locationType: string
}

/** The population's allocations were last updated within so many days before the session's epoch. */
const SPAN = 90 * DAY
/** After so many allocations status, location, items and the rest come round again. */
const PERIOD = 360
const MAX_ITEMS = 4

/** One entry of the audit log before the present. */
interface Step {
  readonly auditType: AuditLog['auditType']
  /** Its time, in hours before the last update. */
  readonly before: number
  /** What the status was until then. */
  readonly from?: StatusCode
}

/** How an allocation came to its status, and how many of 360 have it. */
interface Plan {
  readonly statusCode: StatusCode
  readonly share: number
  readonly steps: readonly Step[]
}

const PLANS: readonly Plan[] = [
  { statusCode: 'ALLOCATED', share: 84, steps: [{ auditType: 'CREATE', before: 0 }] },
  {
    statusCode: 'PENDING_DROP',
    share: 52,
    steps: [
      { auditType: 'CREATE', before: 0.5 },
      { auditType: 'UPDATE', before: 0, from: 'ALLOCATED' },
    ],
  },
  {
    statusCode: 'PENDING_PICK',
    share: 70,
    steps: [
      { auditType: 'CREATE', before: 2 },
      { auditType: 'UPDATE', before: 1.5, from: 'ALLOCATED' },
      { auditType: 'UPDATE', before: 0, from: 'PENDING_DROP' },
    ],
  },
  {
    statusCode: 'SHIPPED',
    share: 86,
    steps: [
      { auditType: 'CREATE', before: 30 },
      { auditType: 'UPDATE', before: 29, from: 'ALLOCATED' },
      { auditType: 'UPDATE', before: 28, from: 'PENDING_DROP' },
      { auditType: 'SHIP', before: 0, from: 'PENDING_PICK' },
    ],
  },
  {
    statusCode: 'PARTIALLY_SHIPPED',
    share: 26,
    steps: [
      { auditType: 'CREATE', before: 26 },
      { auditType: 'UPDATE', before: 25, from: 'ALLOCATED' },
      { auditType: 'UPDATE', before: 24, from: 'PENDING_DROP' },
      { auditType: 'SHIP', before: 0, from: 'PENDING_PICK' },
    ],
  },
  {
    statusCode: 'CANCELLED',
    share: 24,
    steps: [
      { auditType: 'CREATE', before: 3 },
      { auditType: 'CANCEL', before: 0, from: 'ALLOCATED' },
    ],
  },
  {
    statusCode: 'PARTIALLY_CANCELLED',
    share: 18,
    steps: [
      { auditType: 'CREATE', before: 48 },
      { auditType: 'UPDATE', before: 47, from: 'ALLOCATED' },
      { auditType: 'UPDATE', before: 46, from: 'PENDING_DROP' },
      { auditType: 'SHIP', before: 22, from: 'PENDING_PICK' },
      { auditType: 'CANCEL', before: 0, from: 'PARTIALLY_SHIPPED' },
    ],
  },
]
const PLAN_AT: readonly Plan[] = PLANS.flatMap((plan) => Array.from({ length: plan.share }, () => plan))

/** Where every account of a population keeps its goods. */
export const LOCATIONS: readonly Location[] = [
  { locationNum: '110', locationType: 'DC' },
  { locationNum: '210', locationType: 'DC' },
  { locationNum: '410', locationType: 'DC' },
  { locationNum: '1204', locationType: 'STORE' },
  { locationNum: '1317', locationType: 'STORE' },
]
/** The least that a location has of anything, and how much more it may have. */
const AMPLE = [1_000, 9_000] as const
const METHODS = ['Ground', 'Ground', 'Two Day Delivery', 'Overnight Delivery'] as const
const VENDORS = ['56', '71', '103', '118', '240'] as const

/**
 * How many populations are kept, and of all of them together how many entities. A population with all its templates takes a
 * good half of a megabyte, an allocation three kilobytes.
 */
const MAX_POPULATIONS = 32
const entities = createRoom(1_000)

/** All that a population is a function of, beside the tenant. */
type PopulationOf = Pick<Session, 'seed' | 'epoch'> & { readonly settings: Pick<Session['settings'], 'allocations'> }

/** The population of a tenant in a session; the last few are kept. */
export function allocationPopulation(session: PopulationOf, { account, stage }: Tenant): AllocationPopulation {
  if (last?.session !== session || last.account !== account || last.stage !== stage) {
    const { seed, epoch, settings } = session
    const { allocations: size } = settings
    last = { session, account, stage, population: populationOf({ seed, epoch, size, account, stage }) }
  }
  return last.population
}

/** A request asks several times. One is kept here, not one a session: a population with its caches is large. */
let last: (Tenant & { readonly session: PopulationOf; readonly population: AllocationPopulation }) | undefined

interface Origin extends Tenant {
  readonly seed: string
  readonly epoch: number
  readonly size: number
}

const populationOf = remember(
  MAX_POPULATIONS,
  ({ seed, epoch, size, account, stage }: Origin) => JSON.stringify([seed, epoch, size, account, stage]),
  createPopulation,
)

/** What a tenant's entities are kept under. A slash in a name is escaped: no text of one tenant may read as another's. */
export function tenantOf({ account, stage }: Tenant): string {
  return `${escaped(account)}/${escaped(stage)}`
}

/** The tenant that a text made by `tenantOf` begins with, and what stands behind it. */
export function tenantAt(text: string): { readonly tenant: Tenant; readonly rest: string } {
  const [account = '', stage = '', ...rest] = text.split('/')
  return { tenant: { account: plain(account), stage: plain(stage) }, rest: rest.join('/') }
}

function plain(name: string): string {
  return name.replaceAll('%2F', '/').replaceAll('%25', '%')
}

function escaped(name: string): string {
  return name.includes('/') || name.includes('%') ? name.replaceAll('%', '%25').replaceAll('/', '%2F') : name
}

function createPopulation({ seed, epoch, size, account, stage }: Origin): AllocationPopulation {
  const tenant = tenantOf({ account, stage })
  const key = at(at(keyOf(seed), 'oms'), tenant)
  const isExample = account === EXAMPLE_ACCOUNT
  const numbering = (name: string, make: (key: Key) => Numbering, first: string): Numbering =>
    isExample ? withFirst(make(at(key, name)), first) : make(at(key, name))
  const ids = numbering('allocation', hexIds, EXAMPLE_ALLOCATION_ID)
  const requests = numbering('request', hexIds, EXAMPLE_ALLOCATION_ID)
  const numbers = numbering('number', tenDigits, 'xxyyzz12345')
  const poNumbers = numbering('po', tenDigits, '1125')
  const addresses = numbering('address', hexIds, '98ff5c0bec0aed3c86202c32')
  const orders = numbering('order', hexIds, '123k4h123k')
  const orderNumbers = numbering('order-number', (own) => tenDigits(own, 'ship'), 'ship1233234555g')
  const orderLines = hexIds(at(key, 'order-line'))
  // Dealt when the first is looked at: of most accounts that are named none is.
  let dealt: readonly number[] | undefined
  const dealtTo = (residue: number): number => (dealt ??= deal(at(key, 'plan'), PERIOD))[residue] ?? 0
  const planOf = (residue: number): Plan => PLAN_AT[dealtTo(residue)] ?? PLANS[0] ?? { statusCode: 'ALLOCATED', share: 0, steps: [] }
  const template = remember(
    PERIOD,
    (residue: number) => residue,
    (residue) => createTemplate(key, residue, planOf(residue)),
  )
  const timeAt = (index: number): number => epoch - SPAN + Math.floor((index * SPAN) / Math.max(size, 1))
  const members: ReadonlyMap<string, Numbering> = new Map([
    ['allocationId', ids],
    ['parentAllocationId', ids],
    ['allocationRequestId', requests],
    ['allocationNum', numbers],
    ['poNumber', poNumbers],
    ['shipToId', addresses],
    ['items.orderId', orders],
  ])
  const example = isExample && size > 0 ? exampleAllocation(tenant, timeAt(0)) : undefined

  const create = entities.remember((index): Allocation => {
    const own = at(at(key, 'own'), index)
    const residue = index % PERIOD
    const { document: facts, cancelled } = template(residue)
    const plan = planOf(residue)
    const updated = timeAt(index)
    const stamp = (before: number): string => timestamp(updated - before * HOUR, 9)
    const stamps = plan.steps.map(({ before }) => stamp(before))
    const [created = stamp(0)] = stamps
    const updatedAt = stamps.at(-1) ?? created
    const orderDate = stamp((plan.steps[0]?.before ?? 0) + 0.25)
    const estimatedDeliveryDate = stamp(-72)
    const orderId = orders.idAt(index)
    const sentToPPSDate = stamps[plan.steps.findIndex(({ from }) => from === 'PENDING_DROP')]
    const id = allocationId(ids.idAt(index))
    const { items } = facts
    const { shipToAddress, recipient } = customerAt(own)
    const document: AllocationDocument = {
      allocationId: id,
      parentAllocationId: id,
      locationNum: facts.locationNum,
      locationType: facts.locationType,
      version: facts.version,
      type: facts.type,
      itemsType: facts.itemsType,
      orderSubType: facts.orderSubType,
      vendorId: facts.vendorId,
      shipType: facts.shipType,
      shipMethod: facts.shipMethod,
      statusCode: facts.statusCode,
      items: items.map((item, place) => ({
        ...item,
        orderLineId: orderLines.idAt(index * MAX_ITEMS + place),
        orderId,
        orderDate,
        estimatedDeliveryDate,
        segment: null,
        attributes: NO_ATTRIBUTES,
      })),
      allocationRequestId: requests.idAt(index),
      allocationNum: numbers.idAt(index),
      ...(sentToPPSDate !== undefined && { sentToPPSDate }),
      allocationDate: created,
      updatedAt,
      poNumber: poNumbers.idAt(index),
      shipDate:
        plan.statusCode === 'CANCELLED' || plan.statusCode === 'PARTIALLY_CANCELLED'
          ? null
          : plan.statusCode === 'SHIPPED'
            ? updatedAt
            : stamp(-24),
      shipToId: addresses.idAt(index),
      shipToAddress,
      recipient,
      auditLogs: plan.steps.flatMap((step, number) =>
        auditLogs(step, at(at(own, 'audit'), number), stamps[number] ?? updatedAt, items, cancelled),
      ),
    }
    return { document, tenant, cancelled, tried: NOWHERE }
  })

  const entity = (index: number): Allocation => (index === 0 && example ? example : create(index))
  return {
    sequence: { size, period: PERIOD, facts: template, entity },
    example,
    idsAt: (index) => ({
      allocationId: ids.idAt(index),
      allocationRequestId: requests.idAt(index),
      allocationNum: numbers.idAt(index),
      poNumber: poNumbers.idAt(index),
    }),
    orderIdAt: orders.idAt,
    orderNumberAt: orderNumbers.idAt,
    indexOfOrder: (id) => orders.indexOf(id, size),
    indexOfOrderNumber: (number) => orderNumbers.indexOf(number, size),
    goods: (sku) => product(key, pick(keyOf(`sku ${sku}`), PRODUCTS)),
    locations: LOCATIONS,
    available: (locationNum, sku) => AMPLE[0] + pick(at(at(at(key, 'stock'), locationNum), sku), AMPLE[1]),
    distance: (locationNum, region) => pick(at(at(at(key, 'distance'), locationNum), region), 4_000),
    allocation(id) {
      const index = ids.indexOf(id, size)
      return index === undefined ? undefined : entity(index)
    },
    indicesOf(member, value) {
      const numbering = members.get(member)
      if (!numbering) return undefined
      const index = numbering.indexOf(value, size)
      return index === undefined ? [] : [index]
    },
    indexUpdatedSince(time) {
      let index = Math.min(size, Math.max(0, Math.ceil(((time - epoch + SPAN) * size) / SPAN)))
      while (index > 0 && timeAt(index - 1) >= time) index--
      while (index < size && timeAt(index) < time) index++
      return index
    },
    age: (residue) => (planOf(residue).steps[0]?.before ?? 0) * HOUR,
  }
}

/** Who an order goes to. */
export function customerAt(key: Key): Pick<AllocationDocument, 'shipToAddress' | 'recipient'> {
  const { first, last, street, city, state, postalCode, email, phone } = person(key)
  return {
    shipToAddress: { name: `${first} ${last}`, address1: street, city, state, postalCode, country: 'US' },
    recipient: [{ name: { first, last }, email, phone: { number: phone, type: 'MOBILE' }, pickupType: 'Primary' }],
  }
}

/** What many allocations have, and nobody changes. */
const NO_ATTRIBUTES = {}
const NOWHERE: readonly string[] = []

interface Template extends AllocationFacts {
  readonly cancelled: readonly number[]
}

function createTemplate(population: Key, residue: number, { statusCode, steps }: Plan): Template {
  const key = at(at(population, 'template'), residue)
  const count = [1, 1, 1, 2, 2, 3, 4][pick(at(key, 'count'), 7)] ?? 1
  const first = pick(at(key, 'product'), PRODUCTS)
  const vendorId = oneOf(at(key, 'vendor'), VENDORS)
  const channelId = pick(at(key, 'channel'), 5) === 0 ? '13' : '12'
  const isPart = statusCode === 'PARTIALLY_SHIPPED' || statusCode === 'PARTIALLY_CANCELLED'
  const items = Array.from({ length: count }, (_, place) => {
    const { number: wares, title, variant, kilograms, cost, price } = product(population, (first + place * 11) % PRODUCTS)
    const quantity = [1, 1, 2, 3, 5][pick(at(at(key, 'quantity'), place), 5)] ?? 1
    // What is shipped in part has its first line shipped but for a unit, or whole where the other lines make the rest.
    const part = place === 0 ? (count === 1 ? Math.floor(quantity / 2) : quantity) : 0
    const units = isPart && count === 1 ? Math.max(2, quantity) : quantity
    const shippedQuantity = statusCode === 'SHIPPED' ? units : isPart ? (count === 1 ? Math.max(1, part) : part) : 0
    const gone = statusCode === 'CANCELLED' || (statusCode === 'PARTIALLY_CANCELLED' && shippedQuantity === 0)
    return {
      allocationLineNumber: place + 1,
      itemId: String(100_000 + wares),
      quantity: units,
      sku: hex(at(at(population, 'sku'), wares), 10),
      shippedQuantity,
      scratchQuantity: 0,
      channelId,
      vendorId,
      title: `${title}, ${variant}`,
      weight: kilograms,
      cost,
      price,
      itemStatus: gone ? ('CANCELLED' as const) : ('ALLOCATED' as const),
      uom: 'EA',
    }
  })
  const isCancelled = statusCode === 'CANCELLED' || statusCode === 'PARTIALLY_CANCELLED'
  return {
    document: {
      ...oneOf(at(key, 'location'), LOCATIONS),
      version: steps.length,
      type: 'ALLOCATED',
      itemsType: 'WEB_SHIP',
      orderSubType: oneOf(at(key, 'sub-type'), ['IOS', 'Android', 'International', 'Borderfree'] as const),
      vendorId,
      shipType: 'SHIP_TO_ADDRESS',
      shipMethod: oneOf(at(key, 'method'), METHODS),
      statusCode,
      items,
    },
    cancelled: items.map(({ quantity, shippedQuantity }) => (isCancelled ? quantity - shippedQuantity : 0)),
  }
}

/** One entry for the document, and for a shipment or a cancellation one for each line that moved. */
function auditLogs(
  { auditType, from }: Step,
  key: Key,
  auditTimestamp: string,
  items: DocumentFacts['items'],
  cancelled: readonly number[],
): AuditLog[] {
  const lines = items.flatMap((item, index): AuditLog[] => {
    const quantity = auditType === 'SHIP' ? item.shippedQuantity : auditType === 'CANCEL' ? (cancelled[index] ?? 0) : 0
    const updatedFields = auditType === 'CANCEL' && item.shippedQuantity === 0 ? itemStatusWas('ALLOCATED') : NOTHING_UPDATED
    return quantity === 0
      ? []
      : [
          {
            lineItemId: String(item.allocationLineNumber),
            auditId: hex(at(key, index + 1), 24),
            auditType,
            auditTimestamp,
            success: true,
            lineItemNumber: item.allocationLineNumber,
            sku: item.sku,
            quantity,
            updatedFields,
          },
        ]
  })
  return [
    {
      auditId: hex(at(key, 0), 24),
      auditType,
      auditTimestamp,
      success: true,
      updatedFields: from ? statusWas(from) : NOTHING_UPDATED,
    },
    ...lines,
  ]
}

/** As the document prints it; its dates give way to the population's first where the session's epoch lies before them. */
function exampleAllocation(tenant: string, oldest: number): Allocation {
  const shown = Date.parse('2022-08-01T20:03:28.483Z') <= oldest
  const created = shown ? '2022-08-01T18:03:28.483971941Z' : timestamp(oldest - 2 * HOUR, 9)
  const updated = shown ? '2022-08-01T20:03:28.483971941Z' : timestamp(oldest, 9)
  const item: Item = {
    allocationLineNumber: 3,
    itemId: '100064',
    quantity: 3,
    sku: '123k4h123k',
    orderLineId: '134fqfaa532qrf',
    orderId: '123k4h123k',
    orderDate: created,
    estimatedDeliveryDate: created,
    parentAllocationLineNumber: 3,
    reallocationRequestId: '123k4h123k',
    shippedQuantity: 0,
    scratchQuantity: 0,
    channelId: '12',
    segment: null,
    vendorId: '56',
    title: 'Demo',
    weight: 5.5,
    cost: 500.2,
    price: 50.2,
    itemStatus: 'ALLOCATED',
    attributes: {},
    uom: 'KG',
  }
  const document: AllocationDocument = {
    allocationId: allocationId(EXAMPLE_ALLOCATION_ID),
    parentAllocationId: EXAMPLE_ALLOCATION_ID,
    locationNum: '1234B',
    items: [item],
    version: 2,
    allocationRequestId: EXAMPLE_ALLOCATION_ID,
    allocationNum: 'xxyyzz12345',
    sentToPPSDate: created,
    allocationDate: created,
    updatedAt: updated,
    type: 'ALLOCATED',
    previousAllocationLocationNum: 410,
    poNumber: '1125',
    itemsType: 'WEB_SHIP',
    orderSubType: 'BORDERFREE',
    vendorId: '56',
    shipDate: null,
    shipType: 'SHIP_TO_ADDRESS',
    shipMethod: 'Overnight Delivery',
    shipToId: '98ff5c0bec0aed3c86202c32',
    statusCode: 'PENDING_PICK',
    locationType: '1234B',
    shipToAddress: {},
    recipient: [
      {
        name: { first: 'John', middle: 'Middle', last: 'Doe' },
        email: 'demo@xyz.inc',
        phone: { number: '55555555555', type: 'MOBILE' },
        pickupType: 'Primary',
      },
    ],
    auditLogs: [
      { auditId: '62272e917b12209e68751d93', auditType: 'CREATE', auditTimestamp: created, success: true, updatedFields: [] },
      {
        auditId: '62272e917b12209e68751d94',
        auditType: 'UPDATE',
        auditTimestamp: updated,
        success: true,
        updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: 'ALLOCATED' }],
      },
    ],
  }
  return { document, tenant, cancelled: [0], tried: ['410'] }
}
