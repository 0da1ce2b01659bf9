import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ASSUMPTIONS } from '../support.ts'
import { answerCancellation, cancelLine, cancelOrder } from '../../src/apis/supplier/cancellation.ts'
import { allocate, type Line, lineId, lineStatus, type Order, type Tracking, type Transition } from '../../src/apis/supplier/order.ts'
import { amend, type Amendment, type Packed, type Parcel, ship } from '../../src/apis/supplier/tracking.ts'
import { done, freeze, idAt, order, OTHER_SUPPLIER, refusal, STATES, SUPPLIER } from './orders.ts'

const PENDING = { cancellation: 'pending' } as const satisfies Partial<Line>
const CONFIRMED = { cancellation: 'confirmed' } as const satisfies Partial<Line>
const PACKAGE = '00000000-0000-4000-9000-000000000001'

const packed = (place: number, quantity: number, cost?: number): Packed => ({ lineId: idAt(place), quantity, cost })

function parcel(lines: readonly Packed[], more: Partial<Parcel> = {}): Parcel {
  return {
    number: 't01',
    carrier: 'UPS',
    method: 'Ground',
    weight: '1.38',
    cost: 3,
    date: '2026-03-02',
    attributes: null,
    lines,
    ...more,
  }
}

function amendment(more: Partial<Amendment>): Amendment {
  const nothing: Amendment = {
    number: undefined,
    carrier: undefined,
    method: undefined,
    weight: undefined,
    cost: undefined,
    date: undefined,
    lines: undefined,
  }
  return { ...nothing, ...more }
}

const shipping = (before: Order, lines: readonly Packed[], { number = 't01', supplier = SUPPLIER, id = PACKAGE } = {}): Transition =>
  ship(before, supplier, parcel(lines, { number }), id, 'accepted')
const amending = (before: Order, more: Partial<Amendment>, { number = 't01', supplier = SUPPLIER } = {}): Transition =>
  amend(before, supplier, number, amendment(more), 'accepted')

/** What of a line is in which package. */
const contents = ({ tracking }: Line): readonly (readonly [string, number])[] =>
  tracking.map(({ tracking_number: number, quantity }) => [number, quantity])

describe('add tracking', () => {
  it.each<readonly [string, Partial<Line>, number]>([
    ['Allocated, a unit', STATES.Allocated, 1],
    ['Allocated, all', STATES.Allocated, 6],
    ['Allocated in part, all of that part', STATES['Allocated in part'], 4],
    ['HasTracking, a unit', STATES.HasTracking, 1],
    ['HasTracking, all that is left', STATES.HasTracking, 4],
  ])('from %s, 0 < qty <= a - s: s += qty, HasTracking, package stored', (_, state, quantity) => {
    const before = order(state)
    const [line] = before.lines
    const [after] = done(ship(before, SUPPLIER, parcel([packed(0, quantity)]), PACKAGE, 'accepted')).lines
    const stored: Tracking = {
      packageId: PACKAGE,
      tracking_number: 't01',
      shipping_carrier: 'UPS',
      shipping_method: 'Ground',
      shipping_weight: '1.38',
      shipping_cost: 3,
      shipping_date: '2026-03-02',
      package_attributes: null,
      quantity,
    }
    expect(after).toEqual({ ...line, shipped: (state.shipped ?? 0) + quantity, tracking: [stored] })
    expect(after && lineStatus(after)).toBe('HasTracking')
  })

  it.each<readonly [string, Partial<Line>, number, string, string]>([
    ['Unallocated', STATES.Unallocated, 1, 'units-exceeded', '/quantity_shipped'],
    ['Backordered', STATES.Backordered, 1, 'units-exceeded', '/quantity_shipped'],
    ['Rejected', STATES.Rejected, 1, 'units-exceeded', '/quantity_shipped'],
    ['Cancelled', CONFIRMED, 1, 'line-closed', ''],
    ['Allocated, more than that', STATES.Allocated, 7, 'units-exceeded', '/quantity_shipped'],
    ['Allocated in part, the backordered unit too', STATES['Allocated in part'], 5, 'units-exceeded', '/quantity_shipped'],
    ['HasTracking, more than a - s', STATES.HasTracking, 5, 'units-exceeded', '/quantity_shipped'],
    ['HasTracking, nothing left', STATES['HasTracking, all'], 1, 'units-exceeded', '/quantity_shipped'],
    ['Unallocated with a cancel pending', PENDING, 1, 'units-exceeded', '/quantity_shipped'],
  ])('from %s: 422', (_, state, quantity, code, at) => {
    expect(refusal(shipping(order(state), [packed(0, quantity)]))).toEqual({ code, status: 422, at: [`/body/line_items/0${at}`] })
  })

  it('with a cancel pending: accepted, the flag clears', () => {
    const [after] = done(shipping(order({ ...STATES.Allocated, ...PENDING }), [packed(0, 2)])).lines
    expect(after).toMatchObject({ shipped: 2, allocated: 6, cancellation: 'none' })
  })

  it('clears the flag of the lines in the package, and of no other', () => {
    const before = order({ ...STATES.Allocated, ...PENDING }, { ...STATES.Allocated, ...PENDING })
    const after = done(shipping(before, [packed(1, 1)]))
    expect(after.lines.map(({ cancellation }) => cancellation)).toEqual(['pending', 'none'])
    expect(after.lines[0]).toBe(before.lines[0])
  })

  it('with a cancel pending, while that is refused: 422, by the assumption', () => {
    const before = order({ ...STATES.Allocated, ...PENDING })
    const result = ship(before, SUPPLIER, parcel([packed(0, 2)]), PACKAGE, 'refused')
    expect(refusal(result)).toEqual({ code: 'line-closed', status: 422, at: ['/body/line_items/0'] })
    expect(result).toMatchObject({ problem: { assumption: 'supplier.tracking.pending' } })
    expect(ship(order(STATES.Allocated), SUPPLIER, parcel([packed(0, 2)]), PACKAGE, 'refused').kind).toBe('order')
  })

  it('of several lines: each has its own quantity of the one package', () => {
    const before = order(STATES.Allocated, {}, STATES.HasTracking)
    const after = done(shipping(before, [packed(2, 1), packed(0, 6)]))
    expect(after.lines.map(contents)).toEqual([[['t01', 6]], [], [['t01', 1]]])
    expect(after.lines.map(({ shipped }) => shipped)).toEqual([6, 0, 3])
    expect(after.lines[1]).toBe(before.lines[1])
    expect(new Set(after.lines.flatMap(({ tracking }) => tracking.map(({ packageId }) => packageId))).size).toBe(1)
  })

  it('again and again: packages follow one another', () => {
    const one = done(shipping(order(STATES.Allocated), [packed(0, 1)]))
    const two = done(shipping(one, [packed(0, 3)], { number: 't02' }))
    expect(two.lines.map(contents)).toEqual([
      [
        ['t01', 1],
        ['t02', 3],
      ],
    ])
    expect(two.lines[0]?.shipped).toBe(4)
    expect(refusal(shipping(two, [packed(0, 3)], { number: 't03' })).code).toBe('units-exceeded')
  })

  it.each<readonly [string, readonly Packed[], string, number, readonly string[]]>([
    ['an unknown line', [packed(0, 1), packed(9, 1)], 'line-unknown', 422, ['/body/line_items/1/line_item_uuid']],
    ["another supplier's line", [packed(1, 1)], 'line-unknown', 422, ['/body/line_items/0/line_item_uuid']],
    ['a line of which one could not ship', [packed(0, 1), packed(2, 1)], 'units-exceeded', 422, ['/body/line_items/1/quantity_shipped']],
    ['a line twice', [packed(0, 1), packed(0, 1)], 'line-repeated', 400, ['/body/line_items/1/line_item_uuid']],
    ['a line twice before what cannot ship', [packed(2, 9), packed(2, 9)], 'line-repeated', 400, ['/body/line_items/1/line_item_uuid']],
    [
      'all that is wrong, by the place in the request',
      [packed(2, 1), packed(9, 1), packed(0, 7)],
      'units-exceeded',
      422,
      ['/body/line_items/0/quantity_shipped', '/body/line_items/1/line_item_uuid', '/body/line_items/2/quantity_shipped'],
    ],
  ])('is refused as a whole for %s', (_, lines, code, status, at) => {
    const before = order(STATES.Allocated, { ...STATES.Allocated, supplier: OTHER_SUPPLIER }, {})
    expect(refusal(shipping(before, lines))).toEqual({ code, status, at })
  })

  it('422 for a tracking number that the supplier has used in this order', () => {
    const once = done(shipping(order(STATES.Allocated, STATES.Allocated), [packed(0, 1)]))
    const refused = { code: 'tracking-known', status: 422, at: ['/body/tracking_number'] }
    expect(refusal(shipping(once, [packed(0, 1)]))).toEqual(refused)
    expect(refusal(shipping(once, [packed(1, 1)]))).toEqual(refused)
  })

  it('a fault of form is named before a number that is used', () => {
    const once = done(shipping(order(STATES.Allocated), [packed(0, 1)]))
    expect(refusal(shipping(once, [packed(0, 1), packed(0, 1)]))).toMatchObject({ code: 'line-repeated', status: 400 })
  })

  it('takes a tracking number that another supplier has used in this order', () => {
    const shared = order(STATES.Allocated, { ...STATES.Allocated, supplier: OTHER_SUPPLIER })
    const once = done(shipping(shared, [packed(0, 1)]))
    const twice = done(shipping(once, [packed(1, 2)], { supplier: OTHER_SUPPLIER }))
    expect(twice.lines.map(contents)).toEqual([[['t01', 1]], [['t01', 2]]])
  })

  it.each([
    ['is what it last said', 13.98, 12, 12],
    ['stays while it says none', 13.98, undefined, 13.98],
    ['is none until it says one', null, undefined, null],
  ] as const)("the supplier's cost of a unit %s", (_, before, said, after) => {
    const result = shipping(order({ ...STATES.Allocated, supplierCost: before }), [packed(0, 1, said)])
    expect(done(result).lines[0]?.supplierCost).toBe(after)
  })
})

describe('update tracking', () => {
  /** Two of the first line and one of the second are in t01, one of the first in t02; the third line is in none. */
  const sent = freeze(
    done(
      shipping(
        done(shipping(order(STATES.Allocated, STATES['Allocated in part'], STATES.Allocated, {}), [packed(0, 2), packed(1, 1)])),
        [packed(0, 1)],
        { number: 't02' },
      ),
    ),
  )
  const quantities = (result: Transition): readonly unknown[] => done(result).lines.map((line) => [line.shipped, ...contents(line)])

  it.each<readonly [string, Partial<Amendment>, Partial<Tracking>]>([
    ['the tracking number', { number: 't09' }, { tracking_number: 't09' }],
    ['the carrier', { carrier: 'FedEx' }, { shipping_carrier: 'FedEx' }],
    ['the method', { method: 'Home Delivery' }, { shipping_method: 'Home Delivery' }],
    ['the weight', { weight: '2' }, { shipping_weight: '2' }],
    ['the cost', { cost: 0 }, { shipping_cost: 0 }],
    ['the date', { date: '2026-03-09' }, { shipping_date: '2026-03-09' }],
    ['the carrier, to none', { carrier: null }, { shipping_carrier: null }],
    ['the date, to none', { date: null }, { shipping_date: null }],
    ['nothing', {}, {}],
    ['the number to what it is', { number: 't01' }, {}],
  ])('changes only what is sent, in each line of the package: %s', (_, more, changed) => {
    const after = done(amending(sent, more))
    expect(after).toEqual({
      ...sent,
      lines: sent.lines.map((line) => ({
        ...line,
        tracking: line.tracking.map((one) => (one.tracking_number === 't01' ? { ...one, ...changed } : one)),
      })),
    })
  })

  const [FIRST, SECOND, THIRD, FOURTH] = [[3, ['t01', 2], ['t02', 1]], [1, ['t01', 1]], [0], [0]] as const
  it.each<readonly [string, readonly Packed[], readonly unknown[]]>([
    ['as it is', [packed(0, 2)], [FIRST, SECOND, THIRD, FOURTH]],
    ['grows', [packed(0, 3)], [[4, ['t01', 3], ['t02', 1]], SECOND, THIRD, FOURTH]],
    ['grows up to what is allocated', [packed(0, 5)], [[6, ['t01', 5], ['t02', 1]], SECOND, THIRD, FOURTH]],
    ['of a line that was not in the package', [packed(2, 6)], [FIRST, SECOND, [6, ['t01', 6]], FOURTH]],
    ['of several', [packed(2, 1), packed(1, 4)], [FIRST, [4, ['t01', 4]], [1, ['t01', 1]], FOURTH]],
  ])('the quantity is what the package holds: %s', (_, lines, expected) => {
    expect(quantities(amending(sent, { lines }))).toEqual(expected)
  })

  it('puts a line that comes to the package into the same one, under its new number', () => {
    const after = done(amending(sent, { lines: [packed(2, 1)], number: 't09', carrier: 'FedEx' }))
    const [first, , third] = after.lines
    expect(third?.tracking).toEqual([{ ...first?.tracking[0], quantity: 1 }])
    expect(third?.tracking[0]).toMatchObject({ tracking_number: 't09', shipping_carrier: 'FedEx' })
  })

  it.each<readonly [string, Partial<Amendment>, string, number, readonly string[]]>([
    ['a quantity that falls', { lines: [packed(0, 1)] }, 'units-fall', 422, ['/body/line_items/0/quantity_shipped']],
    ['more than all packages may hold', { lines: [packed(0, 6)] }, 'units-exceeded', 422, ['/body/line_items/0/quantity_shipped']],
    ['a line of which nothing is allocated', { lines: [packed(3, 1)] }, 'units-exceeded', 422, ['/body/line_items/0/quantity_shipped']],
    ['an unknown line', { lines: [packed(0, 3), packed(9, 1)] }, 'line-unknown', 422, ['/body/line_items/1/line_item_uuid']],
    ['a line twice', { lines: [packed(0, 3), packed(0, 3)] }, 'line-repeated', 400, ['/body/line_items/1/line_item_uuid']],
    ['a new number that another package has', { number: 't02' }, 'tracking-known', 422, ['/body/new_tracking_number']],
  ])('is refused as a whole for %s', (_, more, code, status, at) => {
    expect(refusal(amending(sent, { carrier: 'FedEx', ...more }))).toEqual({ code, status, at })
  })

  it.each([
    ['an unknown number', { number: 't99' }],
    ["another supplier's package", { supplier: OTHER_SUPPLIER }],
  ])('404 for %s', (_, whose) => {
    expect(refusal(amending(sent, { carrier: 'FedEx' }, whose))).toEqual({ code: 'tracking-unknown', status: 404, at: [] })
  })

  it("leaves another supplier's package of the same number alone", () => {
    const shared = order(STATES.Allocated, { ...STATES.Allocated, supplier: OTHER_SUPPLIER })
    const both = done(
      shipping(done(shipping(shared, [packed(0, 1)])), [packed(1, 1)], { supplier: OTHER_SUPPLIER, id: PACKAGE.replace(/1$/, '2') }),
    )
    const after = done(amending(both, { carrier: 'FedEx' }))
    expect(after.lines.map(({ tracking }) => tracking[0]?.shipping_carrier)).toEqual(['FedEx', 'UPS'])
    expect(after.lines[1]).toBe(both.lines[1])
  })

  describe('with a cancel pending', () => {
    const asked = freeze(done(cancelLine(sent, lineId(idAt(2)), 'two-step')))

    it('clears the flag of a line that comes to the package', () => {
      expect(done(amending(asked, { lines: [packed(2, 1)] })).lines[2]).toMatchObject({ shipped: 1, cancellation: 'none' })
    })

    it('leaves it while only the package is corrected', () => {
      expect(done(amending(asked, { carrier: 'FedEx', lines: [packed(0, 3)] })).lines[2]).toBe(asked.lines[2])
    })

    it('is refused where that is refused', () => {
      const result = amend(asked, SUPPLIER, 't01', amendment({ lines: [packed(2, 1)] }), 'refused')
      expect(refusal(result)).toEqual({ code: 'line-closed', status: 422, at: ['/body/line_items/0'] })
    })

    it('422 once the line is Cancelled', () => {
      const cancelled = done(answerCancellation(asked, SUPPLIER, 'confirm'))
      expect(refusal(amending(cancelled, { lines: [packed(2, 1)] })).code).toBe('line-closed')
    })
  })

  it('takes up the cost of a unit that it says, and keeps the others', () => {
    const after = done(amending(sent, { lines: [packed(0, 2, 13.98)] }))
    expect(after.lines.map(({ supplierCost }) => supplierCost)).toEqual([13.98, null, null, null])
  })
})

describe('supplier confirms, after a shipment crossed the request', () => {
  it.each(['confirm', 'reject'] as const)('%s with s > 0: 422', (answer) => {
    const asked = done(cancelOrder(order(STATES.Allocated), 'two-step'))
    const shipped = done(shipping(asked, [packed(0, 1)]))
    expect(refusal(answerCancellation(shipped, SUPPLIER, answer))).toEqual({ code: 'cancellation-none', status: 422, at: [] })
  })
})

describe('any events of any order', () => {
  type Event = (before: Order, step: number) => Transition
  const place = fc.nat(3)
  const supplier = fc.constantFrom(SUPPLIER, SUPPLIER, OTHER_SUPPLIER)
  const number = fc.constantFrom('t01', 't02', 't03')
  /** One line most of the time: of several, one that cannot ship keeps the others from it. */
  const contained = fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.tuple(place, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(fc.tuple(place, fc.integer({ min: 1, max: 2 })), { minLength: 2, maxLength: 3 }) },
  )
  const fitted = ({ lines }: Order, wanted: readonly (readonly [number, number])[]): Packed[] =>
    wanted.map(([at, quantity]) => packed(at % lines.length, quantity))
  const events = fc.array(
    fc.oneof<fc.Arbitrary<Event>[]>(
      fc.tuple(supplier, place, fc.nat(4), fc.nat(4)).map(([by, at, a, b]) => (before) => {
        const chosen = at % before.lines.length
        const ordered = before.lines[chosen]?.ordered ?? 1
        const allocated = Math.min(a, ordered)
        const backordered = Math.min(b, ordered - allocated)
        const quantities = { allocated, backordered, rejected: ordered - allocated - backordered }
        const silent = { ordered: undefined, accepted: undefined, backorderDate: null, poNumber: undefined, invoiceNumber: undefined }
        return allocate(before, by, [{ lineId: idAt(chosen), ...quantities, ...silent }], DEFAULT_ASSUMPTIONS)
      }),
      fc.tuple(supplier, number, contained).map(
        ([by, named, lines]) =>
          (before, step) =>
            shipping(before, fitted(before, lines), { number: named, supplier: by, id: `package ${step}` }),
      ),
      fc.tuple(supplier, number, fc.option(number, { nil: undefined }), fc.option(contained, { nil: undefined })).map(
        ([by, named, renamed, lines]) =>
          (before) =>
            amending(before, { number: renamed, lines: lines && fitted(before, lines) }, { number: named, supplier: by }),
      ),
      fc.constant<Event>((before) => cancelOrder(before, 'two-step')),
      place.map((at) => (before) => cancelLine(before, lineId(idAt(at)), 'two-step')),
      fc.tuple(supplier, fc.constantFrom('confirm' as const, 'reject' as const)).map(
        ([by, answer]) =>
          (before) =>
            answerCancellation(before, by, answer),
      ),
    ),
    { maxLength: 25, size: 'max' },
  )
  const orders = fc
    .array(fc.record({ ordered: fc.integer({ min: 1, max: 4 }), supplier, isAllocated: fc.boolean() }), { minLength: 1, maxLength: 4 })
    .map((lines) => order(...lines.map(({ isAllocated, ...line }) => ({ ...line, allocated: isAllocated ? line.ordered : 0 }))))

  /** All states on the way, each with the one before. */
  function* walk(before: Order, all: readonly Event[]): Generator<readonly [before: Order, after: Order]> {
    let now = before
    for (const [step, event] of all.entries()) {
      const result = event(now, step)
      if (result.kind === 'refused') continue
      yield [now, result.order]
      now = freeze(result.order)
    }
  }

  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

  it('0 <= s <= a, a + b + r is 0 or o, o is fixed, s never falls, and the packages of a line add up to s', () => {
    let shipments = 0
    fc.assert(
      fc.property(orders, events, (first, all) => {
        for (const [before, after] of walk(first, all))
          for (const [at, line] of after.lines.entries()) {
            const { ordered, allocated, backordered, rejected, shipped, cancellation, tracking } = line
            expect(ordered).toBe(first.lines[at]?.ordered)
            expect(shipped).toBeGreaterThanOrEqual(before.lines[at]?.shipped ?? 0)
            expect(shipped).toBeLessThanOrEqual(allocated)
            expect(sum(tracking.map(({ quantity }) => quantity))).toBe(shipped)
            expect(tracking.every(({ quantity }) => quantity > 0)).toBe(true)
            if (cancellation === 'confirmed') expect([allocated, backordered]).toEqual([0, 0])
            else expect([0, ordered]).toContain(allocated + backordered + rejected)
            // What has shipped is not taken back, so nothing that has can wait for an answer.
            if (cancellation !== 'none') expect(shipped).toBe(0)
            if (shipped > (before.lines[at]?.shipped ?? 0)) shipments++
          }
      }),
      { numRuns: 2_000, seed: 31 },
    )
    // The walk comes to where there is something to ship.
    expect(shipments).toBeGreaterThan(500)
  })

  it('a tracking number is one package of a supplier, in all of its lines', () => {
    fc.assert(
      fc.property(orders, events, (first, all) => {
        for (const [, { lines }] of walk(first, all)) {
          const packages = new Map<string, string>()
          for (const { supplier: by, tracking } of lines) {
            expect(new Set(tracking.map((one) => one.tracking_number)).size).toBe(tracking.length)
            for (const { quantity: _, ...label } of tracking) {
              const key = `${by} ${label.tracking_number}`
              expect(packages.get(key) ?? JSON.stringify(label)).toBe(JSON.stringify(label))
              packages.set(key, JSON.stringify(label))
            }
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('all units of a package ship, or none', () => {
    fc.assert(
      fc.property(orders, events, supplier, contained, (first, all, by, wanted) => {
        const before = [...walk(first, all)].at(-1)?.[1] ?? first
        const lines = fitted(before, wanted)
        const result = shipping(before, lines, { number: 'its own', supplier: by })
        const isFine =
          new Set(lines.map((one) => one.lineId)).size === lines.length &&
          lines.every((one) => {
            const line = before.lines.find(({ id, supplier: owner }) => id === one.lineId && owner === by)
            return line && line.cancellation !== 'confirmed' && one.quantity <= line.allocated - line.shipped
          })
        expect(result.kind).toBe(isFine ? 'order' : 'refused')
        if (result.kind === 'refused') return
        for (const [at, line] of result.order.lines.entries()) {
          const one = lines.find(({ lineId: id }) => id === line.id)
          expect(line.shipped - (before.lines[at]?.shipped ?? 0)).toBe(one?.quantity ?? 0)
          if (!one) expect(line).toBe(before.lines[at])
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
