import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Allocation,
  allocationId,
  type AllocationDocument,
  type AuditLog,
  cancel,
  type Transition,
  isCancellable,
  type Item,
  openUnits,
  type StatusCode,
} from '../../src/apis/oms/allocation.ts'
import { keyOf } from '../../src/core/population/random.ts'
import { rowOf } from '../../src/base/problem.ts'
import { PROBLEMS } from '../support.ts'

const NOW = Date.parse('2026-03-01T12:00:00.250Z')
const STAMP = '2026-03-01T12:00:00.250000000Z'
const BEFORE = '2026-02-01T08:00:00.000000000Z'
const IDS = keyOf('ids')

function item(more: Partial<Item> = {}, place = 0): Item {
  return {
    allocationLineNumber: place + 1,
    itemId: String(100_000 + place),
    quantity: 3,
    sku: `sku-${place}`,
    orderLineId: `line-${place}`,
    orderId: 'order',
    orderDate: BEFORE,
    estimatedDeliveryDate: '2026-02-05T08:00:00.000000000Z',
    shippedQuantity: 0,
    scratchQuantity: 0,
    channelId: '12',
    segment: null,
    vendorId: '56',
    title: 'Demo',
    weight: 5.5,
    cost: 20.2,
    price: 50.2,
    itemStatus: 'ALLOCATED',
    attributes: { gift: { wrap: 'blue' } },
    uom: 'EA',
    ...more,
  }
}

function allocation(
  more: Partial<AllocationDocument> = {},
  items: readonly Partial<Item>[] = [{}],
  cancelled: readonly number[] = items.map(() => 0),
): Allocation {
  const document: AllocationDocument = {
    allocationId: allocationId('62ff5c0bec0aed3c86202c32'),
    parentAllocationId: '62ff5c0bec0aed3c86202c31',
    locationNum: '410',
    locationType: 'DC',
    version: 4,
    type: 'ALLOCATED',
    itemsType: 'WEB_SHIP',
    orderSubType: 'IOS',
    vendorId: '56',
    shipType: 'SHIP_TO_ADDRESS',
    shipMethod: 'Ground',
    statusCode: 'ALLOCATED',
    items: items.map(item),
    allocationRequestId: '62ff5c0bec0aed3c86202c33',
    allocationNum: '1234567890',
    sentToPPSDate: BEFORE,
    allocationDate: BEFORE,
    updatedAt: BEFORE,
    previousAllocationLocationNum: 110,
    poNumber: '1125',
    shipDate: null,
    shipToId: '98ff5c0bec0aed3c86202c32',
    shipToAddress: { city: 'Boston' },
    recipient: [
      { name: { first: 'Ada', last: 'Doe' }, email: 'a@example.com', phone: { number: '1', type: 'HOME' }, pickupType: 'Primary' },
    ],
    auditLogs: [{ auditId: '0'.repeat(24), auditType: 'CREATE', auditTimestamp: BEFORE, success: true, updatedFields: [] }],
    ...more,
  }
  return freeze({ document, tenant: 'account/stage', cancelled, tried: [] })
}

/** Whoever writes to what it was given fails at once. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(Object.freeze(value))) freeze(member)
  return value
}

function done(result: Transition): Allocation {
  if (result.kind === 'refused') throw new Error(result.problem.detail)
  return result.allocation
}

const cancelled = (one: Allocation): Allocation => done(cancel(one, NOW, IDS, '404'))

/** What a cancellation added to the log. */
function added(before: Allocation, after: Allocation): readonly AuditLog[] {
  return after.document.auditLogs.slice(before.document.auditLogs.length)
}

const WAITING = ['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'] as const
const PART = ['PARTIALLY_SHIPPED', 'PARTIALLY_CANCELLED'] as const
const CLOSED = ['SHIPPED', 'CANCELLED', 'REALLOCATED'] as const
const ALL: readonly StatusCode[] = [...WAITING, ...PART, ...CLOSED]

describe('ids', () => {
  it.each(['', '62ff5c0bec0aed3c86202c3', '62ff5c0bec0aed3c86202c320', '62FF5C0BEC0AED3C86202C32', 'xyz'])('refuse "%s"', (text) => {
    expect(() => allocationId(text)).toThrow(TypeError)
  })
})

describe('open units', () => {
  it.each([
    ['all, at first', {}, 0, 3],
    ['without those shipped', { shippedQuantity: 1 }, 0, 2],
    ['without those scratched', { scratchQuantity: 2 }, 0, 1],
    ['without those cancelled', {}, 3, 0],
    ['without any of them', { shippedQuantity: 1, scratchQuantity: 1 }, 1, 0],
  ])('are %s', (_, more, gone, open) => expect(openUnits(allocation({}, [more], [gone]), 0)).toBe(open))

  it('of an item there is not are none', () => expect(openUnits(allocation(), 1)).toBe(0))
})

describe('cancelling', () => {
  const rows: readonly (readonly [StatusCode, string, readonly Partial<Item>[], readonly number[], StatusCode])[] = [
    ...WAITING.map((status) => [status, 'with nothing shipped', [{}, {}], [0, 0], 'CANCELLED'] as const),
    ...WAITING.map((status) => [status, 'with a unit shipped all the same', [{ shippedQuantity: 1 }], [0], 'PARTIALLY_CANCELLED'] as const),
    ...WAITING.map((status) => [status, 'with units scratched', [{ scratchQuantity: 1 }], [0], 'CANCELLED'] as const),
    ...PART.map((status) => [status, 'with open units in a shipped line', [{ shippedQuantity: 1 }], [0], 'PARTIALLY_CANCELLED'] as const),
    ...PART.map((status) => [status, 'with an open line', [{ shippedQuantity: 3 }, {}], [0, 0], 'PARTIALLY_CANCELLED'] as const),
    ['PARTIALLY_CANCELLED', 'with some units cancelled', [{ shippedQuantity: 1 }], [1], 'PARTIALLY_CANCELLED'],
    ['PARTIALLY_CANCELLED', 'with a line cancelled', [{ itemStatus: 'CANCELLED' }, {}], [3, 0], 'PARTIALLY_CANCELLED'],
  ]

  describe.each(rows)('%s %s', (statusCode, _, items, gone, expected) => {
    const before = allocation({ statusCode }, items, gone)

    it(`is possible and leads to ${expected}`, () => {
      expect(isCancellable(before)).toBe(true)
      expect(cancelled(before).document.statusCode).toBe(expected)
    })

    it('drops every open unit', () => {
      const after = cancelled(before)
      expect(after.document.items.map((_, index) => openUnits(after, index))).toEqual(items.map(() => 0))
      expect(after.cancelled).toEqual(before.document.items.map((_, index) => (gone[index] ?? 0) + openUnits(before, index)))
    })

    it('makes the items without a shipped unit CANCELLED, and no others', () => {
      expect(cancelled(before).document.items.map(({ itemStatus }) => itemStatus)).toEqual(
        before.document.items.map(({ shippedQuantity, itemStatus }) => (shippedQuantity === 0 ? 'CANCELLED' : itemStatus)),
      )
    })

    it('is a new version, now', () => {
      expect(cancelled(before).document).toMatchObject({ version: 5, updatedAt: STAMP })
    })

    it('leaves all else as it was', () => {
      const after = cancelled(before)
      const { statusCode, version, updatedAt, auditLogs } = after.document
      const items = after.document.items.map(({ itemStatus }, index) => ({ ...before.document.items[index], itemStatus }))
      expect(after).toEqual({
        ...before,
        cancelled: after.cancelled,
        document: { ...before.document, items, statusCode, version, updatedAt, auditLogs },
      })
    })

    it('adds one entry for the document and one for each line that lost units', () => {
      const lost = before.document.items.flatMap((one, index) => {
        const quantity = openUnits(before, index)
        return quantity > 0 ? [{ lineItemId: String(one.allocationLineNumber), lineItemNumber: index + 1, sku: one.sku, quantity }] : []
      })
      const entry = { auditId: expect.any(String) as unknown, auditType: 'CANCEL', auditTimestamp: STAMP, success: true }
      const after = cancelled(before)
      expect(added(before, after)).toEqual([
        { ...entry, updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: statusCode }] },
        ...lost.map((line) => ({ ...entry, ...line, updatedFields: expect.any(Array) as unknown })),
      ])
      expect(after.document.auditLogs.slice(0, before.document.auditLogs.length)).toEqual(before.document.auditLogs)
    })

    it('gives new entries ids of their own', () => {
      const ids = cancelled(before).document.auditLogs.map(({ auditId }) => auditId)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.filter((id) => !/^[0-9a-f]{24}$/.test(id))).toEqual([])
    })
  })

  it.each([
    ['a line that becomes CANCELLED says what it was', { itemStatus: 'PARTIALLY_ALLOCATED' }, [['itemStatus', 'PARTIALLY_ALLOCATED']]],
    ['a line with a shipped unit stays, and says nothing', { shippedQuantity: 1 }, []],
    ['a line that is CANCELLED stays, and says nothing', { itemStatus: 'CANCELLED' }, []],
  ] as const)('%s', (_, more, fields) => {
    const before = allocation({ statusCode: 'PARTIALLY_SHIPPED' }, [more])
    const [, line] = added(before, cancelled(before))
    expect(line?.updatedFields.map(({ fieldName, fieldOriginalValue }) => [fieldName, fieldOriginalValue])).toEqual(fields)
  })

  it('takes the ids of entries from the key it is given', () => {
    const ids = (seed: string): string[] =>
      done(cancel(allocation(), NOW, keyOf(seed), '404')).document.auditLogs.map(({ auditId }) => auditId)
    expect(ids('a')).toEqual(ids('a'))
    expect(
      ids('a')
        .slice(1)
        .some((id) => ids('b').includes(id)),
    ).toBe(false)
  })
})

describe('cancelling what has nothing to cancel', () => {
  const SHIPPED: readonly Partial<Item>[] = [{ shippedQuantity: 3 }]
  const rows: readonly (readonly [string, Allocation])[] = [
    ...CLOSED.map((statusCode) => [statusCode, allocation({ statusCode })] as const),
    ...ALL.map((statusCode) => [`${statusCode}, of type SCRATCHED`, allocation({ statusCode, type: 'SCRATCHED' })] as const),
    ...ALL.map((statusCode) => [`${statusCode}, of type RETURNED`, allocation({ statusCode, type: 'RETURNED' })] as const),
    ...[...WAITING, ...PART].map((statusCode) => [`${statusCode}, all shipped`, allocation({ statusCode }, SHIPPED)] as const),
    ...[...WAITING, ...PART].map(
      (statusCode) => [`${statusCode}, all scratched`, allocation({ statusCode }, [{ scratchQuantity: 3 }])] as const,
    ),
    ...PART.map((statusCode) => [`${statusCode}, the rest cancelled`, allocation({ statusCode }, [{ shippedQuantity: 1 }], [2])] as const),
    ['ALLOCATED, without items', allocation({}, [])],
  ]

  it.each(rows)('is not possible: %s', (_, one) => expect(isCancellable(one)).toBe(false))

  it.each(rows)('is refused with 404: %s', (_, one) => {
    expect(cancel(one, NOW, IDS, '404')).toMatchObject({
      kind: 'refused',
      problem: {
        code: 'allocation-closed',
        assumption: 'oms.cancel.again',
        detail: expect.stringContaining(one.document.statusCode) as unknown,
      },
    })
    expect(statusOf(cancel(one, NOW, IDS, '404'))).toBe(404)
  })

  it.each(rows)('is refused with 400 where that is assumed: %s', (_, one) => {
    expect(statusOf(cancel(one, NOW, IDS, '400'))).toBe(400)
  })

  it.each(rows)('where 200 is assumed, gives back what is cancelled and refuses the rest: %s', (_, one) => {
    const result = cancel(one, NOW, IDS, '200')
    expect(result.kind === 'allocation' ? result.allocation : statusOf(result)).toBe(
      one.document.statusCode.endsWith('CANCELLED') ? one : 404,
    )
  })

  it.each(['404', '400'] as const)('is what a second cancellation meets: %s', (again) => {
    const once = cancelled(allocation())
    expect(statusOf(cancel(once, NOW, IDS, again))).toBe(Number(again))
  })

  it('is what a second cancellation meets: 200 and itself', () => {
    const once = freeze(cancelled(allocation()))
    expect(done(cancel(once, NOW + 1, IDS, '200'))).toBe(once)
  })
})

function statusOf(result: Transition): number | undefined {
  return result.kind === 'refused' ? (result.problem.status ?? rowOf(result.problem.code, PROBLEMS).status) : undefined
}

describe('any allocation', () => {
  const items = fc.array(
    fc
      .record({
        quantity: fc.nat(9),
        parts: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
        status: fc.constantFrom('ALLOCATED' as const, 'CANCELLED' as const),
      })
      .map(({ quantity, parts: [a, b, c], status }) => {
        const shippedQuantity = a % (quantity + 1)
        const scratchQuantity = b % (quantity - shippedQuantity + 1)
        const gone = c % (quantity - shippedQuantity - scratchQuantity + 1)
        return { more: { quantity, shippedQuantity, scratchQuantity, itemStatus: status }, gone }
      }),
    { maxLength: 4 },
  )
  const allocations = fc
    .record({
      statusCode: fc.constantFrom(...ALL),
      type: fc.constantFrom('ALLOCATED' as const, 'ALLOCATED' as const, 'SCRATCHED' as const),
      items,
    })
    .map(({ statusCode, type, items }) =>
      allocation(
        { statusCode, type },
        items.map(({ more }) => more),
        items.map(({ gone }) => gone),
      ),
    )

  it('has no more units gone than there were, and none open once it is cancelled', () => {
    fc.assert(
      fc.property(allocations, (before) => {
        const result = cancel(before, NOW, IDS, '404')
        expect(result.kind === 'allocation').toBe(isCancellable(before))
        if (result.kind === 'refused') return
        const after = result.allocation
        for (const [index, { quantity, shippedQuantity, scratchQuantity }] of after.document.items.entries()) {
          const units = after.cancelled[index] ?? 0
          expect(units).toBeGreaterThanOrEqual(before.cancelled[index] ?? 0)
          expect(shippedQuantity + scratchQuantity + units).toBeLessThanOrEqual(quantity)
          expect(openUnits(after, index)).toBe(0)
          expect([quantity, shippedQuantity, scratchQuantity]).toEqual([
            before.document.items[index]?.quantity,
            before.document.items[index]?.shippedQuantity,
            before.document.items[index]?.scratchQuantity,
          ])
        }
        expect(isCancellable(after)).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })

  it('accounts in its log for every unit that a cancellation took', () => {
    fc.assert(
      fc.property(allocations, (before) => {
        fc.pre(isCancellable(before))
        const after = cancelled(before)
        const logged = added(before, after).reduce((sum, { quantity = 0 }) => sum + quantity, 0)
        const open = before.document.items.reduce((sum, _, index) => sum + openUnits(before, index), 0)
        expect(logged).toBe(open)
        expect(after.document.version).toBe(before.document.version + 1)
      }),
    )
  })
})
