import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createRoom } from '../../src/core/population/catalogue.ts'
import { DAY } from '../../src/core/clock.ts'
import { beginSession } from '../../src/core/session.ts'
import type { Allocation, AllocationDocument, AuditLog, StatusCode } from '../../src/apis/oms/allocation.ts'
import {
  type AllocationPopulation,
  allocationPopulation,
  EXAMPLE_ACCOUNT,
  EXAMPLE_ALLOCATION_ID,
  EXAMPLE_STAGE,
} from '../../src/apis/oms/population.ts'
import { DATA_VERSION } from '../../src/core/population/random.ts'
import { orderView } from '../../src/apis/supplier/view.ts'
import { type Line, lineStatus, type LineStatus, type Order } from '../../src/apis/supplier/order.ts'
import { EXAMPLE_LINE_ID, EXAMPLE_ORDER_ID, type OrderPopulation, orderPopulation } from '../../src/apis/supplier/population.ts'
import { RETAILERS, SUPPLIERS } from '../../src/apis/supplier/session.ts'
import { type BundledStart, sessionDefaults } from '../support.ts'

/** What the first 200 orders and allocations of seed "1" hash to, by data version. */
const HASHES: Readonly<Record<number, string>> = {
  1: '20539cc7e3f399edaa03c9e85d4be3d15c822a9aa3794fe08d19c7aedb7ee7e0',
}

const EPOCH = '2026-03-01'
const SIZE = 1_000
const PERIOD = 360
const BILLION = 10 ** 9
const SEEDS = ['1', '2', 'another seed'] as const
const TENANT = { account: EXAMPLE_ACCOUNT, stage: EXAMPLE_STAGE }
const OTHER_TENANT = { account: 'abcdefghijklmnopqrstuvwx', stage: EXAMPLE_STAGE }
const STAGING = { account: EXAMPLE_ACCOUNT, stage: 'staging' }

function session(seed = '1', size = SIZE, epoch = EPOCH): ReturnType<typeof beginSession<BundledStart>> {
  const clock = { kind: 'frozen', at: Date.parse(epoch) } as const
  return beginSession(sessionDefaults({ seed, clock, orders: size, allocations: size }), 0)
}

const orders = (...of: Parameters<typeof session>): OrderPopulation => orderPopulation(session(...of))
const allocations = (...of: Parameters<typeof session>): AllocationPopulation => allocationPopulation(session(...of), TENANT)

function upTo(size: number, from = 0): number[] {
  return Array.from({ length: size - from }, (_, index) => from + index)
}

const allOrders = (population: OrderPopulation, from = 0, to = population.sequence.size): Order[] =>
  upTo(to, from).map((index) => population.sequence.entity(index))
const allDocuments = (population: AllocationPopulation, from = 0, to = population.sequence.size): AllocationDocument[] =>
  upTo(to, from).map((index) => population.sequence.entity(index).document)

const view = (population: OrderPopulation, index: number): object =>
  orderView(population.sequence.entity(index), { kind: 'operator' }, population)

describe('the data version', () => {
  it('goes up when the same seed gives other data', () => {
    const data = [upTo(200).map((index) => view(orders(), index)), allDocuments(allocations(), 0, 200)]
    const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex')
    expect(
      hash,
      `Seed "1" gives other data than DATA_VERSION ${DATA_VERSION} stands for: raise DATA_VERSION and write its hash ${hash} into HASHES.`,
    ).toBe(HASHES[DATA_VERSION])
  })
})

describe('a population', () => {
  /** As a process would make it that has been asked nothing yet. */
  async function untouched(): Promise<{ order: (index: number) => object; allocation: (index: number) => object }> {
    vi.resetModules()
    const { orderPopulation } = await import('../../src/apis/supplier/population.ts')
    const { allocationPopulation } = await import('../../src/apis/oms/population.ts')
    return {
      order: (index) => orderPopulation(session()).sequence.entity(index),
      allocation: (index) => allocationPopulation(session(), TENANT).sequence.entity(index),
    }
  }

  it('does not hang on what was asked before', async () => {
    const one = await untouched()
    const forwards = upTo(100).flatMap((index) => [one.order(index), one.allocation(index)])
    const other = await untouched()
    const backwards = upTo(100)
      .toReversed()
      .map((index) => [other.order(index), other.allocation((index * 37) % 100)])
    expect(backwards.length).toBe(100)
    expect(upTo(100).flatMap((index) => [other.order(index), other.allocation(index)])).toEqual(forwards)
    const last = await untouched()
    expect(last.allocation(99)).toEqual(one.allocation(99))
    expect(last.order(99)).toEqual(one.order(99))
  })

  it('is the same for a session of the same settings', () => {
    expect(orders('same').sequence.entity(17)).toEqual(orderPopulation({ ...session('same') }).sequence.entity(17))
    expect(allocations('same').sequence.entity(17)).toEqual(allocationPopulation({ ...session('same') }, { ...TENANT }).sequence.entity(17))
  })

  it('is another for another seed', () => {
    const ids = (seed: string): string[] => allOrders(orders(seed), 1, 100).map(({ id }) => id)
    const documents = (seed: string): string[] => allDocuments(allocations(seed), 1, 100).map(({ allocationId }) => allocationId)
    expect(ids('1').filter((id) => ids('2').includes(id))).toEqual([])
    expect(documents('1').filter((id) => documents('2').includes(id))).toEqual([])
    const names = (seed: string): string[] => allOrders(orders(seed), 1, 100).map(({ address }) => address.name)
    expect(names('1')).not.toEqual(names('2'))
    const statuses = (seed: string): string[] => allDocuments(allocations(seed), 1, 100).map(({ statusCode }) => statusCode)
    expect(statuses('1')).not.toEqual(statuses('2'))
  })

  it.each([
    ['account', OTHER_TENANT],
    ['stage', STAGING],
  ])('of allocations is another for another %s', (_, tenant) => {
    const own = allDocuments(allocations(), 1, 100)
    const others = allDocuments(allocationPopulation(session(), tenant), 1, 100)
    const ids = new Set(own.map(({ allocationId }) => allocationId))
    expect(others.filter(({ allocationId }) => ids.has(allocationId))).toEqual([])
    expect(others.map(({ statusCode }) => statusCode)).not.toEqual(own.map(({ statusCode }) => statusCode))
    expect(own.map(({ allocationId }) => allocationPopulation(session(), tenant).allocation(allocationId))).toEqual(
      own.map(() => undefined),
    )
  })

  it('of another epoch has other dates, moved by as much, and nothing else', () => {
    const [then, now] = [orders(), orders('1', SIZE, '2026-03-02')]
    for (const index of upTo(200, 1)) {
      const [before, after] = [then.sequence.entity(index), now.sequence.entity(index)]
      expect(Date.parse(after.createdAt) - Date.parse(before.createdAt)).toBe(DAY)
      const dateless = ({ lines, ...rest }: Order): object => ({
        ...rest,
        createdAt: null,
        lines: lines.map((line) => ({
          ...line,
          backorderDate: null,
          tracking: line.tracking.map((one) => ({ ...one, shipping_date: null })),
        })),
      })
      expect(dateless(after)).toEqual(dateless(before))
    }
    const [early, late] = [allocations(), allocations('1', SIZE, '2026-03-02')].map((one) => allDocuments(one, 1, 200))
    expect(JSON.stringify(late).replaceAll(/\d{4}-\d\d-\d\dT/g, 'T')).toBe(JSON.stringify(early).replaceAll(/\d{4}-\d\d-\d\dT/g, 'T'))
    expect(late?.map(({ updatedAt }) => Date.parse(updatedAt) - DAY)).toEqual(early?.map(({ updatedAt }) => Date.parse(updatedAt)))
  })

  it('of another size keeps its ids', () => {
    expect(allOrders(orders('1', 10), 0, 10).map(({ id }) => id)).toEqual(allOrders(orders(), 0, 10).map(({ id }) => id))
    const ids = (size: number): string[] => allDocuments(allocations('1', size), 0, 10).map(({ allocationId }) => allocationId)
    expect(ids(10)).toEqual(ids(SIZE))
  })
})

describe('facts', () => {
  // Index 0 is the documents' example.
  const INDICES = upTo(PERIOD)
    .flatMap((residue) => [residue, residue + PERIOD, residue + PERIOD * 1_000_000])
    .filter((index) => index > 0)

  it.each(SEEDS)('say what every order of their residue has: seed %s', (seed) => {
    const { sequence } = orders(seed, BILLION)
    expect(sequence.period).toBe(PERIOD)
    for (const index of INDICES) {
      const { retailer, lines } = sequence.facts(index % PERIOD)
      expect(sequence.entity(index)).toMatchObject({ retailer, lines })
    }
  })

  it.each(SEEDS)('say what every allocation of their residue has: seed %s', (seed) => {
    const { sequence } = allocations(seed, BILLION)
    expect(sequence.period).toBe(PERIOD)
    for (const index of INDICES) expect(sequence.entity(index).document).toMatchObject(sequence.facts(index % PERIOD).document)
  })

  it('say how long before its update an allocation was made', () => {
    const population = allocations()
    for (const [index, { allocationDate, updatedAt }] of allDocuments(population).entries())
      expect(index === 0 || Date.parse(updatedAt) - Date.parse(allocationDate)).toBe(index === 0 || population.age(index % PERIOD))
  })
})

describe.each(SEEDS)('every order of seed %s', (seed) => {
  const population = orders(seed)
  const all = allOrders(population)
  const lines = all.flatMap(({ lines }) => lines)
  const offences = (isFine: (line: Line, order: Order) => boolean): string[] =>
    all.flatMap((order) => order.lines.filter((line) => !isFine(line, order)).map(({ id }) => id))

  it('has quantities that fit one another', () => {
    expect(
      offences(({ ordered, allocated, backordered, rejected, shipped, cancellation }) => {
        const answered = allocated + backordered + rejected
        const isWhole = [ordered, allocated, backordered, rejected, shipped].every((units) => Number.isInteger(units) && units >= 0)
        return isWhole && ordered > 0 && shipped <= allocated && (answered === 0 || answered === ordered || cancellation === 'confirmed')
      }),
    ).toEqual([])
  })

  it('has as many units under tracking numbers as are shipped', () => {
    expect(offences(({ shipped, tracking }) => tracking.reduce((sum, { quantity }) => sum + quantity, 0) === shipped)).toEqual([])
    const numbers = lines.flatMap(({ tracking }) => tracking.map(({ tracking_number }) => tracking_number))
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('shipped after it was placed, and not in the future', () => {
    expect(
      offences(({ tracking }, { createdAt }) =>
        tracking.every(({ shipping_date }) => (shipping_date ?? '') >= createdAt.slice(0, 10) && (shipping_date ?? '') <= EPOCH),
      ),
    ).toEqual([])
  })

  it('has a backorder date with backordered units only, and it is to come', () => {
    expect(
      offences(({ backordered, backorderDate }) => (backordered > 0 ? (backorderDate ?? '') > EPOCH : backorderDate === null)),
    ).toEqual([])
  })

  it('is placed before the epoch, each after the one before', () => {
    const dates = all.map(({ createdAt }) => createdAt)
    expect(dates).toEqual(dates.toSorted())
    expect(dates.every((date) => date < EPOCH)).toBe(true)
    expect(dates.filter((date) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(date))).toEqual([])
  })

  it('has ids and numbers of its own', () => {
    for (const one of [all.map(({ id }) => id), all.map(({ poNumber }) => poNumber), lines.map(({ id }) => id)])
      expect(new Set(one).size).toBe(one.length)
  })

  it('is found by its id and by its number', () => {
    expect(all.map(({ id }) => population.indexOf(id))).toEqual(upTo(SIZE))
    expect(all.map(({ poNumber }) => population.indexOfPoNumber(poNumber))).toEqual(upTo(SIZE))
    expect(all.map(({ id }) => population.order(id))).toEqual(all)
  })

  it('is of suppliers and retailers there are', () => {
    expect(new Set(lines.map(({ supplier }) => supplier))).toEqual(new Set(upTo(SUPPLIERS + 1, 1)))
    expect(new Set(all.map(({ retailer }) => retailer))).toEqual(new Set(upTo(RETAILERS + 1, 1)))
    const uuids = [...upTo(SUPPLIERS + 1, 1).map(population.supplier), ...upTo(RETAILERS + 1, 1).map(population.retailer)].map(
      ({ uuid }) => uuid,
    )
    expect(new Set(uuids).size).toBe(SUPPLIERS + RETAILERS)
  })

  it('has every status among the first 360, and a quarter to a half of them Unallocated', () => {
    const statuses: readonly LineStatus[] = ['Unallocated', 'Allocated', 'Rejected', 'HasTracking', 'Backordered', 'Cancelled']
    const first = all.slice(0, PERIOD)
    expect(shares(first.flatMap(({ lines }) => lines.map(lineStatus)))).toEqual(mix(statuses, 'Unallocated'))
    expect(shares(first.flatMap(({ lines }) => lines.slice(0, 1).map(lineStatus)))).toEqual(mix(statuses, 'Unallocated'))
    // The token that everybody uses sees all of it.
    expect(shares(first.flatMap(({ lines }) => lines.filter(({ supplier }) => supplier === 1).map(lineStatus)))).toEqual(
      mix(statuses, 'Unallocated'),
    )
  })

  it('has money in cents, and a tax that fits its lines', () => {
    const isCents = (amount: number | null): boolean =>
      amount !== null && amount > 0 && Math.abs(amount * 100 - Math.round(amount * 100)) < 1e-6
    expect(
      all.flatMap(({ fees, lines }) => [...Object.values(fees), ...lines.map(({ cost }) => cost)]).filter((one) => !isCents(one)),
    ).toEqual([])
    const untaxed = all.slice(1).filter(({ fees, lines }) => {
      const value = lines.reduce((sum, { cost, ordered }) => sum + cost * ordered, 0)
      return Math.abs(Number(fees.order_tax) - value * 0.07) > 0.0051
    })
    expect(untaxed).toEqual([])
  })

  it('goes to a place there is, with a phone of that place', () => {
    const places = all.slice(1).map(({ address: { state, postal_code, phone_number } }) => ({
      state,
      zip: postal_code,
      phone: phone_number?.replaceAll('-', '') ?? '',
    }))
    expect(places.filter((place) => !isPlace(place))).toEqual([])
    expect(new Set(places.map(({ state }) => state)).size).toBeGreaterThan(15)
  })

  it('is submitted by the person it goes to', () => {
    expect(all.filter(({ submittedBy, address }) => submittedBy !== address.name || !/^\S.* .*\S$/.test(submittedBy))).toEqual([])
  })
})

describe.each(SEEDS)('every allocation of seed %s', (seed) => {
  const population = allocations(seed)
  const all = upTo(SIZE).map((index) => population.sequence.entity(index))
  const documents = all.map(({ document }) => document)
  const offences = (isFine: (allocation: Allocation) => boolean): string[] =>
    all.filter((one) => !isFine(one)).map(({ document }) => document.allocationId)

  it('has units that fit its status', () => {
    expect(
      offences(({ document: { statusCode, items }, cancelled }) => {
        const units = (each: (index: number) => number): number => items.reduce((sum, _, index) => sum + each(index), 0)
        const all = units((index) => items[index]?.quantity ?? 0)
        const shipped = units((index) => items[index]?.shippedQuantity ?? 0)
        const gone = units((index) => cancelled[index] ?? 0)
        const isFine = items.every(({ quantity, shippedQuantity, scratchQuantity }, index) => {
          const parts = [shippedQuantity, scratchQuantity, cancelled[index] ?? 0]
          return quantity > 0 && parts.every((part) => Number.isInteger(part) && part >= 0) && parts.reduce((a, b) => a + b) <= quantity
        })
        const [wantShipped, wantGone] = UNITS[statusCode]({ all, shipped })
        return isFine && cancelled.length === items.length && shipped === wantShipped && gone === wantGone
      }),
    ).toEqual([])
  })

  it('has items whose status fits their units', () => {
    expect(
      offences(({ document: { items }, cancelled }) =>
        items.every(
          ({ itemStatus, shippedQuantity }, index) =>
            itemStatus === ((cancelled[index] ?? 0) > 0 && shippedQuantity === 0 ? 'CANCELLED' : 'ALLOCATED'),
        ),
      ),
    ).toEqual([])
  })

  it('has as many versions as its log has entries for the document', () => {
    expect(offences(({ document: { version, auditLogs } }) => version === whole(auditLogs).length)).toEqual([])
  })

  it('has a log that begins with its creation and ends with its update', () => {
    expect(
      offences(({ document: { auditLogs, allocationDate, updatedAt } }) => {
        const times = auditLogs.map(({ auditTimestamp }) => auditTimestamp)
        const [first] = auditLogs
        return (
          first?.auditType === 'CREATE' &&
          first.auditTimestamp === allocationDate &&
          times.at(-1) === updatedAt &&
          times.every((time, index) => index === 0 || (times[index - 1] ?? '') <= time)
        )
      }),
    ).toEqual([])
  })

  it('has a log in which each status follows another, from ALLOCATED to what it is', () => {
    expect(
      offences(({ document: { auditLogs, statusCode } }) => {
        const path = [
          ...whole(auditLogs).flatMap(({ updatedFields }) => updatedFields.map((field) => field.fieldOriginalValue)),
          statusCode,
        ]
        return path[0] === 'ALLOCATED' && path.every((status, index) => index === 0 || status !== path[index - 1])
      }),
    ).toEqual([])
  })

  it('has a log that accounts for all units shipped and cancelled', () => {
    expect(
      offences(({ document: { auditLogs, items }, cancelled }) =>
        items.every(({ allocationLineNumber, sku, shippedQuantity }, index) => {
          const entries = auditLogs.filter(({ lineItemId }) => lineItemId === String(allocationLineNumber))
          const units = (type: AuditLog['auditType']): number =>
            entries.filter(({ auditType }) => auditType === type).reduce((sum, { quantity = 0 }) => sum + quantity, 0)
          return entries.every((entry) => entry.sku === sku) && units('SHIP') === shippedQuantity && units('CANCEL') === cancelled[index]
        }),
      ),
    ).toEqual([])
  })

  it('has times in their order, none but plans after the epoch', () => {
    expect(
      offences(({ document: { items, allocationDate, sentToPPSDate = allocationDate, updatedAt } }) => {
        const times = [...items.map(({ orderDate }) => orderDate), allocationDate, sentToPPSDate, updatedAt, `${EPOCH}T`]
        return times.every((time, index) => index < items.length || index === 0 || (times[index - 1] ?? '') <= time)
      }),
    ).toEqual([])
    expect(offences(({ document: { updatedAt, items } }) => items.every(({ orderDate }) => orderDate <= updatedAt))).toEqual([])
    expect(documents.filter(({ updatedAt }) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(updatedAt))).toEqual([])
  })

  it('was sent on when it is to be picked or further, and not before', () => {
    const unsent: readonly StatusCode[] = ['ALLOCATED', 'PENDING_DROP', 'CANCELLED']
    expect(
      offences(({ document: { statusCode, sentToPPSDate } }) => unsent.includes(statusCode) === (sentToPPSDate === undefined)),
    ).toEqual([])
  })

  it('was sent on when its log says so', () => {
    const sentBy = (logs: readonly AuditLog[]): string | undefined =>
      whole(logs).find(({ updatedFields }) => updatedFields.some((field) => field.fieldOriginalValue === 'PENDING_DROP'))?.auditTimestamp
    const others = documents.slice(1)
    expect(others.map(({ sentToPPSDate }) => sentToPPSDate)).toEqual(others.map(({ auditLogs }) => sentBy(auditLogs)))
  })

  it('is updated each after the one before', () => {
    const times = documents.map(({ updatedAt }) => updatedAt)
    expect(times).toEqual(times.toSorted())
  })

  it('has ids and numbers of its own', () => {
    for (const member of ['allocationId', 'allocationRequestId', 'allocationNum', 'poNumber', 'shipToId'] as const)
      expect(new Set(documents.map((document) => document[member])).size).toBe(SIZE)
    const lines = documents.flatMap(({ items }) => items.map(({ orderLineId }) => orderLineId))
    expect(new Set(lines).size).toBe(lines.length)
    const logs = documents.flatMap(({ auditLogs }) => auditLogs.map(({ auditId }) => auditId))
    expect(new Set(logs).size).toBe(logs.length)
  })

  it.each(['allocationId', 'parentAllocationId', 'allocationRequestId', 'allocationNum', 'poNumber', 'shipToId'] as const)(
    'is found by its %s',
    (member) => {
      expect(documents.map((document) => population.indicesOf(member, document[member] ?? ''))).toEqual(upTo(SIZE).map((index) => [index]))
      expect(population.indicesOf(member, 'nobody')).toEqual([])
    },
  )

  it('is found by the order of its items, and by its id', () => {
    expect(documents.map(({ items }) => population.indicesOf('items.orderId', items[0]?.orderId ?? ''))).toEqual(
      upTo(SIZE).map((index) => [index]),
    )
    expect(documents.map(({ allocationId }) => population.allocation(allocationId))).toEqual(all)
    expect(population.indicesOf('shipMethod', 'Ground')).toBeUndefined()
  })

  it('has every status the population has among the first 360', () => {
    const statuses = ['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK', 'SHIPPED', 'PARTIALLY_SHIPPED', 'CANCELLED', 'PARTIALLY_CANCELLED']
    const found = shares(documents.slice(0, PERIOD).map(({ statusCode }) => statusCode))
    expect(Object.keys(found).toSorted()).toEqual(statuses.toSorted())
    // Something of everything can be cancelled, and nothing is all there is.
    expect(Math.max(...Object.values(found))).toBeLessThan(0.5)
    expect(Math.min(...Object.values(found))).toBeGreaterThan(0.02)
  })

  it('sells for more than it costs, from the vendor of the document', () => {
    const items = documents
      .slice(1)
      .flatMap(({ items, vendorId }) => items.map((item) => ({ ...item, isOfVendor: item.vendorId === vendorId })))
    expect(items.filter(({ price, cost, weight, isOfVendor }) => price <= cost || cost <= 0 || weight <= 0 || !isOfVendor)).toEqual([])
  })

  it('goes to a place there is, to a person with an address made of the name', () => {
    const places = documents.slice(1).map(({ shipToAddress, recipient }) => ({
      state: String(shipToAddress['state']),
      zip: String(shipToAddress['postalCode']),
      phone: recipient[0]?.phone.number ?? '',
    }))
    expect(places.filter((place) => !isPlace(place))).toEqual([])
    const people = documents.slice(1).flatMap(({ recipient, shipToAddress }) => recipient.map((one) => ({ ...one, shipToAddress })))
    expect(people.length).toBe(SIZE - 1)
    for (const { name, email, shipToAddress } of people) {
      const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, '')
      expect(email).toBe(`${plain(name.first)}.${plain(name.last)}@example.com`)
      expect(email).toMatch(/^[a-z]+\.[a-z]+@example\.com$/)
      expect(shipToAddress['name']).toBe(`${name.first} ${name.last}`)
    }
  })
})

/** How many of all units a status wants shipped and cancelled. */
const UNITS: Readonly<Record<StatusCode, (units: { all: number; shipped: number }) => readonly [number, number]>> = {
  ALLOCATED: () => [0, 0],
  PENDING_DROP: () => [0, 0],
  PENDING_PICK: () => [0, 0],
  REALLOCATED: () => [0, 0],
  SHIPPED: ({ all }) => [all, 0],
  CANCELLED: ({ all }) => [0, all],
  PARTIALLY_SHIPPED: ({ all, shipped }) => [Math.min(Math.max(shipped, 1), all - 1), 0],
  PARTIALLY_CANCELLED: ({ all, shipped }) => [Math.min(Math.max(shipped, 1), all - 1), all - shipped],
}

function whole(logs: readonly AuditLog[]): readonly AuditLog[] {
  return logs.filter(({ lineItemId }) => lineItemId === undefined)
}

/** Which share of all each has. */
function shares(all: readonly string[]): Record<string, number> {
  const counts = Map.groupBy(all, (one) => one)
  return Object.fromEntries([...counts].map(([name, some]) => [name, some.length / all.length]))
}

/** Each of these, and one of them a quarter to a half. */
function mix(names: readonly string[], most: string): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, name === most ? between(0.25, 0.5) : between(0.005, 0.5)]))
}

function between(least: number, most: number): unknown {
  return expect.toSatisfy((share: number) => share >= least && share <= most, `between ${least} and ${most}`)
}

/** The first three digits of a state's ZIP codes, and area codes in it. */
const STATES: Readonly<Record<string, readonly [from: number, to: number, areas: readonly string[]]>> = {
  AZ: [850, 865, ['602', '480', '520']],
  CA: [900, 961, ['213', '310', '415', '619']],
  CO: [800, 816, ['303', '720']],
  FL: [320, 349, ['305', '407', '813']],
  GA: [300, 319, ['404', '678', '770']],
  IL: [600, 629, ['312', '773']],
  LA: [700, 714, ['504', '225']],
  MA: [10, 27, ['617', '508']],
  MD: [206, 219, ['410', '301']],
  MI: [480, 499, ['313', '616']],
  MN: [550, 567, ['612', '651']],
  MO: [630, 658, ['314', '816']],
  NC: [270, 289, ['704', '919']],
  NM: [870, 884, ['505', '575']],
  NY: [100, 149, ['212', '716', '718']],
  OH: [430, 459, ['614', '216', '513']],
  OR: [970, 979, ['503', '541']],
  PA: [150, 196, ['215', '412']],
  TN: [370, 385, ['615', '901']],
  TX: [750, 799, ['713', '214', '512']],
  UT: [840, 847, ['801', '385']],
  VA: [220, 246, ['804', '703']],
  WA: [980, 994, ['206', '509']],
  WI: [530, 549, ['414', '608']],
}

function isPlace({ state, zip, phone }: { state: string; zip: string; phone: string }): boolean {
  const [from, to, areas] = STATES[state] ?? [1_000, 0, []]
  const prefix = Number(zip.slice(0, 3))
  // Only numbers from 555-0100 to 555-0199 belong to nobody.
  return /^\d{5}$/.test(zip) && prefix >= from && prefix <= to && areas.includes(phone.slice(0, 3)) && /^\d{3}55501\d\d$/.test(phone)
}

describe('the first index since a time', () => {
  const SPAN = 90 * DAY
  const times = fc.integer({ min: Date.parse(EPOCH) - SPAN - DAY, max: Date.parse(EPOCH) + DAY })
  const sizes = fc.oneof(
    fc.nat(12).map((size) => size + 1),
    fc.constantFrom(359, 360, 361, 777),
  )

  /** What counting from the second on gives: the first is the documents' example, which may be older than the rest. */
  const counted = (dates: readonly string[], time: number): number => 1 + dates.slice(1).filter((date) => Date.parse(date) < time).length

  const created = (size: number): string[] => allOrders(orders('1', size)).map(({ createdAt }) => createdAt)
  const updated = (size: number): string[] => allDocuments(allocations('1', size)).map(({ updatedAt }) => updatedAt)

  it('is right for orders', () => {
    fc.assert(
      fc.property(sizes, times, (size, time) => {
        expect(Math.max(1, orders('1', size).indexSince(time))).toBe(counted(created(size), time))
      }),
    )
  })

  it('is right for allocations', () => {
    fc.assert(
      fc.property(sizes, times, (size, time) => {
        expect(Math.max(1, allocations('1', size).indexUpdatedSince(time))).toBe(counted(updated(size), time))
      }),
    )
  })

  it.each([1, 2, 7, 100])('is right at each of %d and a millisecond around it', (size) => {
    const [byOrders, byAllocations] = [created(size), updated(size)]
    for (const shift of [-1, 0, 1])
      for (const index of upTo(size, 1)) {
        const [one, other] = [Date.parse(byOrders[index] ?? '') + shift, Date.parse(byAllocations[index] ?? '') + shift]
        expect(orders('1', size).indexSince(one)).toBe(counted(byOrders, one))
        expect(allocations('1', size).indexUpdatedSince(other)).toBe(counted(byAllocations, other))
      }
  })

  it('is right for a billion', () => {
    const [many, others] = [orders('1', BILLION), allocations('1', BILLION)]
    fc.assert(
      fc.property(fc.integer({ min: 2, max: BILLION - 2 }), (index) => {
        const time = Date.parse(many.sequence.entity(index).createdAt)
        const first = many.indexSince(time)
        expect(Date.parse(many.sequence.entity(first).createdAt)).toBe(time)
        expect(Date.parse(many.sequence.entity(first - 1).createdAt)).toBeLessThan(time)
        expect(many.indexSince(time + 1)).toBeGreaterThan(index)
        expect(others.indexUpdatedSince(time)).toBe(first)
      }),
    )
  })

  it.each([Number.NEGATIVE_INFINITY, 0, Date.parse(EPOCH) - SPAN])('is 0 for %d', (time) => {
    expect([orders().indexSince(time), allocations().indexUpdatedSince(time)]).toEqual([0, 0])
  })

  it.each([Number.POSITIVE_INFINITY, Date.parse(EPOCH), Date.parse('9999-01-01')])('is the size for %d', (time) => {
    expect([orders().indexSince(time), allocations().indexUpdatedSince(time)]).toEqual([SIZE, SIZE])
  })
})

describe('a population of size', () => {
  it.each([1, 10, BILLION])('%d holds its first and its last', (size) => {
    const [some, others] = [orders('1', size), allocations('1', size)]
    const [order, allocation] = [some.sequence.entity(size - 1), others.sequence.entity(size - 1)]
    expect([some.sequence.size, others.sequence.size]).toEqual([size, size])
    expect([some.indexOf(order.id), some.indexOfPoNumber(order.poNumber)]).toEqual([size - 1, size - 1])
    expect(others.indicesOf('allocationId', allocation.document.allocationId)).toEqual([size - 1])
    expect(some.order(EXAMPLE_ORDER_ID)?.lines[0]?.id).toBe(EXAMPLE_LINE_ID)
    expect(others.allocation(EXAMPLE_ALLOCATION_ID)).toBe(others.example)
    expect([order.createdAt < EPOCH, allocation.document.updatedAt < EPOCH]).toEqual([true, true])
  })

  it.each([1, 10])('%d knows no other', (size) => {
    const [next, other] = [orders().sequence.entity(size), allocations().sequence.entity(size)]
    expect([orders('1', size).indexOf(next.id), orders('1', size).indexOfPoNumber(next.poNumber)]).toEqual([undefined, undefined])
    expect(allocations('1', size).allocation(other.document.allocationId)).toBeUndefined()
  })

  it('0 holds no orders', () => {
    const none = orders('1', 0)
    expect([none.sequence.size, none.order(EXAMPLE_ORDER_ID), none.indexOfPoNumber('po-5527771067')]).toEqual([0, undefined, undefined])
    expect(none.indexSince(Date.parse(EPOCH))).toBe(0)
  })

  it('0 holds no allocations', () => {
    const none = allocations('1', 0)
    expect([none.sequence.size, none.example, none.allocation(EXAMPLE_ALLOCATION_ID)]).toEqual([0, undefined, undefined])
    expect(none.indexUpdatedSince(Date.parse(EPOCH))).toBe(0)
  })

  it('a billion has dates that rise all the way', () => {
    const [many, others] = [orders('1', BILLION), allocations('1', BILLION)]
    for (const from of [1, 12_345_678, BILLION - 50]) {
      const created = allOrders(many, from, from + 50).map(({ createdAt }) => createdAt)
      const updated = allDocuments(others, from, from + 50).map(({ updatedAt }) => updatedAt)
      expect(created).toEqual(created.toSorted())
      expect(updated).toEqual(updated.toSorted())
      expect(new Set(created).size).toBe(50)
    }
  })
})

function isAscending(dates: readonly (string | undefined)[]): boolean {
  return dates.every((date, index) => date !== undefined && (index === 0 || (dates[index - 1] ?? '') <= date))
}

describe("the documents' examples", () => {
  it.each(['1970-06-01', '1990-01-01', '2018-06-01', '2018-08-23', '2018-09-01', '2018-12-31', '2022-08-01', '2022-08-15', '2022-12-01'])(
    'lie before an epoch of %s and before all others',
    (epoch) => {
      const [first, second] = allOrders(orders('1', SIZE, epoch), 0, 2).map(({ createdAt }) => createdAt)
      expect(isAscending([first, second, epoch])).toBe(true)
      const [example, next] = allDocuments(allocations('1', SIZE, epoch), 0, 2)
      expect(isAscending([example?.allocationDate, example?.updatedAt, next?.updatedAt, epoch])).toBe(true)
      expect(isAscending([example?.allocationDate, example?.sentToPPSDate, example?.updatedAt])).toBe(true)
      const others = [
        ...(example?.items ?? []).map(({ orderDate }) => orderDate),
        ...(example?.auditLogs ?? []).map((one) => one.auditTimestamp),
      ]
      expect(others.filter((date) => date > (example?.updatedAt ?? ''))).toEqual([])
    },
  )

  it('have the dates of the documents where they can', () => {
    expect(orders().sequence.entity(0).createdAt).toBe('2018-08-23T16:07:35.864274Z')
    expect(allocations().sequence.entity(0).document).toMatchObject({
      allocationDate: '2022-08-01T18:03:28.483971941Z',
      updatedAt: '2022-08-01T20:03:28.483971941Z',
    })
  })

  it('belong to their account in every stage, and to no other', () => {
    const has = (tenant: typeof TENANT): boolean => allocationPopulation(session(), tenant).allocation(EXAMPLE_ALLOCATION_ID) !== undefined
    expect([has(TENANT), has(STAGING), has(OTHER_TENANT)]).toEqual([true, true, false])
    expect(allocationPopulation(session(), OTHER_TENANT).example).toBeUndefined()
  })
})

describe('the populations that are kept', () => {
  type Own = ReturnType<typeof session>
  const seeds = (first: number, count: number): Own[] => Array.from({ length: count }, (_, index) => session(`kept-${first + index}`))

  it.each<[string, (of: Own) => object]>([
    ['orders', (of) => orderPopulation(of).sequence],
    ['allocations', (of) => allocationPopulation(of, TENANT).sequence],
  ])('are those of sixteen seeds in turn, and not of all there ever were: %s', (_, sequenceOf) => {
    const some = seeds(0, 16)
    const first = some.map(sequenceOf)
    expect(some.map((one) => sequenceOf(one) === first[some.indexOf(one)])).toEqual(some.map(() => true))
    for (const other of seeds(16, 100)) sequenceOf(other)
    expect(some.some((one) => first.includes(sequenceOf(one)))).toBe(false)
  })
})

describe('room', () => {
  it('is shared by all that remember in it: what was kept first goes first', () => {
    const room = createRoom(3)
    const made: string[] = []
    const remembering = (name: string): ((number: number) => string) =>
      room.remember((number) => {
        made.push(`${name}${number}`)
        return `${name}${number}`
      })
    const [a, b] = [remembering('a'), remembering('b')]
    expect([a(1), b(1), a(2), a(1), b(1), a(2)]).toEqual(['a1', 'b1', 'a2', 'a1', 'b1', 'a2'])
    expect(made).toEqual(['a1', 'b1', 'a2'])
    expect([b(2), b(1), a(1), b(1)]).toEqual(['b2', 'b1', 'a1', 'b1'])
    expect(made).toEqual(['a1', 'b1', 'a2', 'b2', 'a1', 'b1'])
    // Numbers that have the same place.
    expect([a(1), a(4), a(4), a(1)]).toEqual(['a1', 'a4', 'a4', 'a1'])
    expect(made.slice(6)).toEqual(['a4', 'a1'])
  })
})
