import * as fc from 'fast-check'
import type { Assumptions } from '../../src/apis/supplier/assumptions.ts'
import { DEFAULT_ASSUMPTIONS } from '../support.ts'
import { describe, expect, it } from 'vitest'
import {
  allocate,
  type AllocationStatus,
  allocationStatus,
  type Designation,
  isAllocated,
  isDesignated,
  type Line,
  lineId,
  type LineStatus,
  lineStatus,
  type Order,
  orderId,
  type Transition,
  type Wanted,
} from '../../src/apis/supplier/order.ts'
import { done, freeze, idAt, line, order, OTHER_SUPPLIER, refusal, STATES, SUPPLIER } from './orders.ts'

const RULES = DEFAULT_ASSUMPTIONS
const rules = (sum: Assumptions['supplier.allocate.sum']): Assumptions => ({ ...DEFAULT_ASSUMPTIONS, 'supplier.allocate.sum': sum })

function wanted(allocated: number, backordered = 0, rejected = 0, more: Partial<Wanted> = {}): Wanted {
  return {
    lineId: idAt(0),
    ordered: undefined,
    allocated,
    accepted: undefined,
    backordered,
    rejected,
    backorderDate: null,
    poNumber: undefined,
    invoiceNumber: undefined,
    ...more,
  }
}

const firstLine = (transition: Transition): Line | undefined => done(transition).lines[0]

describe('ids', () => {
  it.each(['', 'x', idAt(0).toUpperCase().replace(/0$/, 'A'), idAt(0).slice(1), `${idAt(0)}0`])('refuse "%s"', (text) => {
    expect(() => orderId(text)).toThrow(TypeError)
    expect(() => lineId(text)).toThrow(TypeError)
  })
})

describe('the status of a line', () => {
  const rows: readonly (readonly [LineStatus, string, Partial<Line>])[] = [
    ['Unallocated', 'nothing said', {}],
    ['Allocated', 'a unit allocated', { allocated: 1 }],
    ['Allocated', 'allocated before backordered', { allocated: 5, backordered: 1 }],
    ['Allocated', 'allocated before rejected', { allocated: 1, rejected: 5 }],
    ['Backordered', 'a unit backordered', { backordered: 1 }],
    ['Backordered', 'backordered before rejected', { backordered: 1, rejected: 5 }],
    ['Rejected', 'a unit rejected', { rejected: 1 }],
    ['HasTracking', 'a unit shipped', { allocated: 6, shipped: 1 }],
    ['HasTracking', 'shipped before all quantities', { allocated: 4, backordered: 1, rejected: 1, shipped: 1 }],
    ['Cancelled', 'a cancellation confirmed', { cancellation: 'confirmed' }],
    ['Cancelled', 'cancelled before shipped', { allocated: 6, shipped: 6, cancellation: 'confirmed' }],
    ['Cancelled', 'cancelled before rejected', { rejected: 6, cancellation: 'confirmed' }],
    ['Unallocated', 'a cancellation that waits', { cancellation: 'pending' }],
    ['Allocated', 'allocated, and a cancellation that waits', { allocated: 6, cancellation: 'pending' }],
  ]
  it.each(rows)('is %s: %s', (status, _, more) => expect(lineStatus(line(more))).toBe(status))
})

describe('the allocation status of a line', () => {
  const rows: readonly (readonly [AllocationStatus, string, Partial<Line>])[] = [
    ['Unallocated', 'nothing said', {}],
    ['Allocated', 'all allocated', { allocated: 6 }],
    ['Allocated', 'all rejected', { rejected: 6 }],
    ['Allocated', 'allocated or rejected', { allocated: 2, rejected: 4 }],
    ['Partial', 'all backordered', { backordered: 6 }],
    ['Partial', 'a unit backordered', { allocated: 5, backordered: 1 }],
    ['Partial', 'backordered beside rejected', { rejected: 5, backordered: 1 }],
    ['Partial', 'fewer than ordered', { allocated: 5 }],
    ['Unallocated', 'cancelled before anything was said', { cancellation: 'confirmed' }],
  ]
  it.each(rows)('is %s: %s', (status, _, more) => expect(allocationStatus(line(more))).toBe(status))
})

describe('the designation of a line', () => {
  const NONE: readonly Designation[] = []
  const ALL: readonly Designation[] = ['HasTracking', 'NeedsTracking', 'Backordered', 'Rejected', 'Cancelled']
  const rows: readonly (readonly [string, Partial<Line>, readonly Designation[]])[] = [
    ['nothing said', {}, NONE],
    ['all allocated', { allocated: 6 }, ['NeedsTracking']],
    ['shipped in part', { allocated: 6, shipped: 2 }, ['HasTracking', 'NeedsTracking']],
    ['shipped as a whole', { allocated: 6, shipped: 6 }, ['HasTracking']],
    ['all backordered', { backordered: 6 }, ['Backordered']],
    ['all rejected', { rejected: 6 }, ['Rejected']],
    ['a little of everything', { allocated: 3, backordered: 2, rejected: 1, shipped: 1 }, ALL.slice(0, 4)],
    ['cancelled', { cancellation: 'confirmed' }, ['Cancelled']],
    ['cancelled after a rejection', { rejected: 6, cancellation: 'confirmed' }, ['Rejected', 'Cancelled']],
    ['a cancellation that waits', { cancellation: 'pending' }, NONE],
  ]
  it.each(rows)('fits what it is: %s', (_, more, expected) => {
    expect(ALL.filter((designation) => isDesignated(line(more), designation))).toEqual(expected)
  })
})

describe('an order', () => {
  const cancelled = { cancellation: 'confirmed' } as const
  const rows: readonly (readonly [boolean, string, readonly Partial<Line>[]])[] = [
    [false, 'one line, nothing said', [{}]],
    [true, 'one line allocated', [{ allocated: 6 }]],
    [true, 'one line backordered', [{ backordered: 6 }]],
    [true, 'one line rejected', [{ rejected: 6 }]],
    [true, 'one line shipped', [{ allocated: 6, shipped: 6 }]],
    [false, 'one of two lines answered', [{ allocated: 6 }, {}]],
    [true, 'both lines answered', [{ allocated: 6 }, { rejected: 6 }]],
    [true, 'one line answered and one cancelled', [{ allocated: 6 }, cancelled]],
    [false, 'one line open and one cancelled', [{}, cancelled]],
    [false, 'all lines cancelled', [cancelled, { ...cancelled, rejected: 6 }]],
    [false, 'a cancellation waits and nothing is said', [{ cancellation: 'pending' }]],
    [false, 'no lines', []],
  ]
  it.each(rows)('is allocated: %s, with %s', (expected, _, lines) => expect(isAllocated(order(...lines))).toBe(expected))
})

describe('allocating', () => {
  describe.each(Object.entries(STATES))('a line that is %s', (_, state: Partial<Line>) => {
    const before = order(state)
    const shipped = state.shipped ?? 0

    it('a + b + r = o and a >= s: takes a, b and r in place of those it had', () => {
      const after = allocate(before, SUPPLIER, [wanted(shipped, 6 - shipped)], RULES)
      expect(firstLine(after)).toMatchObject({ allocated: shipped, backordered: 6 - shipped, rejected: 0, shipped, ordered: 6 })
    })

    it('becomes what the quantities say', () => {
      const says = (transition: Transition): LineStatus => lineStatus(firstLine(transition) ?? line())
      expect(says(allocate(before, SUPPLIER, [wanted(6)], RULES))).toBe(shipped > 0 ? 'HasTracking' : 'Allocated')
    })

    it('keeps all else', () => {
      const after = firstLine(allocate(before, SUPPLIER, [wanted(6)], RULES))
      expect(after).toEqual({ ...before.lines[0], allocated: 6, backordered: 0, rejected: 0, backorderDate: null })
    })

    it.each([
      ['5, not 6', wanted(5)],
      ['7, not 6', wanted(6, 1)],
      ['nothing, not 6', wanted(0)],
    ])('is refused with 400 when the quantities add up to %s', (_, one) => {
      expect(refusal(allocate(before, SUPPLIER, [one], RULES))).toEqual({
        code: 'quantities-differ',
        status: 400,
        at: ['/body/line_items/0/allocation'],
      })
    })
  })

  it.each([
    ['nothing', STATES.HasTracking, wanted(0, 6)],
    ['a unit less', STATES.HasTracking, wanted(1, 5)],
    ['a unit less than all', STATES['HasTracking, all'], wanted(5, 0, 1)],
  ] as const)('is refused with 422 when more is shipped than would be allocated: %s', (_, state, one) => {
    expect(refusal(allocate(order(state), SUPPLIER, [one], RULES))).toEqual({
      code: 'shipped-already',
      status: 422,
      at: ['/body/line_items/0/allocation/quantity_allocated'],
    })
  })

  describe.each([
    ['a cancelled line', { cancellation: 'confirmed' }],
    ['a cancelled line with rejected units', { cancellation: 'confirmed', rejected: 6 }],
    ['a line with a cancellation that waits', { cancellation: 'pending' }],
    ['an allocated line with a cancellation that waits', { cancellation: 'pending', allocated: 6 }],
  ] as const satisfies readonly (readonly [string, Partial<Line>])[])('%s', (_, state) => {
    it.each(['enforced', 'off'] as const)('is refused with 422, the sum %s', (sum) => {
      expect(refusal(allocate(order(state), SUPPLIER, [wanted(6)], rules(sum)))).toEqual({
        code: 'line-closed',
        status: 422,
        at: ['/body/line_items/0'],
      })
    })

    it('is refused with 400 first when the quantities do not add up', () => {
      expect(refusal(allocate(order(state), SUPPLIER, [wanted(5)], RULES)).status).toBe(400)
    })
  })

  it('again, b falls and a grows: the documented way backorders drain, 5 now and 1 later, then 6', () => {
    const later = done(allocate(order({}), SUPPLIER, [wanted(5, 1, 0, { backorderDate: '2026-04-01' })], RULES))
    expect(later.lines.map(lineStatus)).toEqual(['Allocated'])
    const now = done(allocate(later, SUPPLIER, [wanted(6)], RULES))
    expect(now.lines[0]).toMatchObject({ allocated: 6, backordered: 0, backorderDate: null })
  })

  it.each([
    ['rejected units may be taken back', STATES.Rejected, wanted(6), 'Allocated'],
    ['allocated units may be taken back', STATES.Allocated, wanted(0, 0, 6), 'Rejected'],
    ['allocated units may become backordered', STATES.Allocated, wanted(0, 6), 'Backordered'],
  ] as const)('knows no way back that is closed: %s', (_, state, one, status) => {
    expect(done(allocate(order(state), SUPPLIER, [one], RULES)).lines.map(lineStatus)).toEqual([status])
  })

  it.each([
    ['an unknown line', idAt(9)],
    ['a line of another supplier', idAt(1)],
    ['an empty id', ''],
  ])('is refused with 422 for %s', (_, lineId) => {
    const result = allocate(order({}, { supplier: OTHER_SUPPLIER }), SUPPLIER, [wanted(6, 0, 0, { lineId })], RULES)
    expect(refusal(result)).toEqual({ code: 'line-unknown', status: 422, at: ['/body/line_items/0/line_item_uuid'] })
  })

  it('lets the other supplier allocate its own line, and no more', () => {
    const shared = order({}, { supplier: OTHER_SUPPLIER })
    const after = done(allocate(shared, OTHER_SUPPLIER, [wanted(6, 0, 0, { lineId: idAt(1) })], RULES))
    expect(after.lines.map(({ allocated }) => allocated)).toEqual([0, 6])
    expect(refusal(allocate(shared, OTHER_SUPPLIER, [wanted(6)], RULES)).code).toBe('line-unknown')
  })

  it('is refused with 400 for a line named twice', () => {
    expect(refusal(allocate(order({}), SUPPLIER, [wanted(6), wanted(6)], RULES))).toEqual({
      code: 'line-repeated',
      status: 400,
      at: ['/body/line_items/1/line_item_uuid'],
    })
  })

  it.each([
    ['quantity_ordered that is not what was ordered', { ordered: 5 }, 'quantity_ordered'],
    ['quantity_accepted beside another quantity_allocated', { accepted: 5 }, 'quantity_accepted'],
  ])('is refused with 400 for %s', (_, more, member) => {
    for (const sum of ['enforced', 'off'] as const)
      expect(refusal(allocate(order({}), SUPPLIER, [wanted(6, 0, 0, more)], rules(sum)))).toEqual({
        code: 'quantities-differ',
        status: 400,
        at: [`/body/line_items/0/allocation/${member}`],
      })
  })

  it.each([{ ordered: 6 }, { accepted: 6 }, { ordered: 6, accepted: 6 }])('takes what agrees: %o', (more) => {
    expect(firstLine(allocate(order({}), SUPPLIER, [wanted(6, 0, 0, more)], RULES))?.allocated).toBe(6)
  })

  it.each([
    ['less', wanted(1)],
    ['more', wanted(6, 6, 6)],
    ['nothing', wanted(0)],
  ])('does not add up quantities while the sum is off: %s', (_, one) => {
    const { allocated, backordered, rejected } = one
    expect(firstLine(allocate(order({}), SUPPLIER, [one], rules('off')))).toMatchObject({ allocated, backordered, rejected, ordered: 6 })
  })

  it('keeps what is shipped while the sum is off', () => {
    expect(refusal(allocate(order({ allocated: 6, shipped: 2 }), SUPPLIER, [wanted(1)], rules('off'))).code).toBe('shipped-already')
  })

  it('says which assumption the sum is', () => {
    const assumptionOf = (transition: Transition): string | undefined =>
      transition.kind === 'refused' ? transition.problem.assumption : undefined
    expect(assumptionOf(allocate(order({}), SUPPLIER, [wanted(5)], RULES))).toBe('supplier.allocate.sum')
    expect(assumptionOf(allocate(order({}), SUPPLIER, [wanted(6), wanted(6)], RULES))).toBeUndefined()
  })

  it('reports every issue, those of form before those of state', () => {
    const all = [wanted(5), wanted(5, 0, 0, { ordered: 4, lineId: idAt(1) }), wanted(6, 0, 0, { lineId: idAt(2) })]
    const lines = [{}, {}, { cancellation: 'confirmed' }] as const
    expect(refusal(allocate(order(...lines), SUPPLIER, all, RULES)).at).toEqual([
      '/body/line_items/0/allocation',
      '/body/line_items/1/allocation/quantity_ordered',
      '/body/line_items/1/allocation',
    ])
    const states = [wanted(6), wanted(1, 5, 0, { lineId: idAt(1) }), wanted(6, 0, 0, { lineId: idAt(9) })]
    const others = [{ cancellation: 'pending' }, { allocated: 6, shipped: 2 }] as const
    expect(refusal(allocate(order(...others), SUPPLIER, states, RULES)).at).toEqual([
      '/body/line_items/0',
      '/body/line_items/1/allocation/quantity_allocated',
      '/body/line_items/2/line_item_uuid',
    ])
  })

  it('changes the named lines only', () => {
    const before = order({}, {}, { supplier: OTHER_SUPPLIER })
    const after = done(allocate(before, SUPPLIER, [wanted(6, 0, 0, { lineId: idAt(1) })], RULES))
    expect(after.lines[0]).toBe(before.lines[0])
    expect(after.lines[1]?.allocated).toBe(6)
    expect(after.lines[2]).toBe(before.lines[2])
    expect(after).toEqual({ ...before, lines: after.lines })
  })

  it('changes nothing when one line of several is refused', () => {
    const before = order({}, { cancellation: 'confirmed' })
    const result = allocate(before, SUPPLIER, [wanted(6), wanted(6, 0, 0, { lineId: idAt(1) })], RULES)
    expect(result.kind).toBe('refused')
    expect(result).not.toHaveProperty('order')
  })

  it('of no lines changes nothing', () => {
    const before = order({})
    expect(done(allocate(before, SUPPLIER, [], RULES))).toBe(before)
  })

  describe('the backorder date', () => {
    const date = '2026-05-01'
    const rows: readonly (readonly [string, Partial<Line>, Wanted, string | null])[] = [
      ['is kept with backordered units', {}, wanted(5, 1, 0, { backorderDate: date }), date],
      ['is not needed for them', {}, wanted(5, 1), null],
      ['is dropped without them', {}, wanted(6, 0, 0, { backorderDate: date }), null],
      ['goes when they go', STATES.Backordered, wanted(6), null],
      ['is the last one said', STATES.Backordered, wanted(0, 6, 0, { backorderDate: date }), date],
      ['goes when it is not said again', STATES.Backordered, wanted(0, 6), null],
    ]
    it.each(rows)('%s', (_, state, one, expected) => {
      expect(firstLine(allocate(order(state), SUPPLIER, [one], RULES))?.backorderDate).toBe(expected)
    })
  })

  describe.each([
    ['PO number', 'supplierPoNumber', 'poNumber'],
    ['invoice number', 'supplierInvoiceNumber', 'invoiceNumber'],
  ] as const)("the supplier's %s", (_, member, said) => {
    it.each([
      ['is kept', null, 'a', 'a'],
      ['is the last one said', 'a', 'b', 'b'],
      ['stays when it is not said', 'a', undefined, 'a'],
      ['goes when it is null', 'a', null, null],
    ] as const)('%s', (_, before, now, after) => {
      const result = allocate(order({ [member]: before }), SUPPLIER, [wanted(6, 0, 0, { [said]: now })], RULES)
      expect(firstLine(result)?.[member]).toBe(after)
    })
  })

  describe('the same again', () => {
    const rows: readonly (readonly [string, Partial<Line>, Wanted])[] = [
      ...Object.entries(STATES).map(
        ([name, state]: [string, Partial<Line>]) =>
          [name, state, wanted(state.shipped ?? 0, 6 - (state.shipped ?? 0), 0, { backorderDate: '2026-06-01' })] as const,
      ),
      ['with numbers', {}, wanted(6, 0, 0, { poNumber: 'a', invoiceNumber: 'b' })],
      ['with a date that is dropped', {}, wanted(6, 0, 0, { backorderDate: '2026-06-01' })],
    ]
    it.each(rows)('is the same order: %s', (_, state, one) => {
      const once = done(allocate(order(state), SUPPLIER, [one], RULES))
      expect(done(allocate(freeze(once), SUPPLIER, [one], RULES))).toBe(once)
    })

    it.each([
      ['the allocated units', wanted(1, 4, 1)],
      ['the backordered units', wanted(2, 2, 2)],
      ['the date', wanted(2, 3, 1, { backorderDate: '2026-07-01' })],
      ['the PO number', wanted(2, 3, 1, { poNumber: 'c' })],
      ['the invoice number', wanted(2, 3, 1, { invoiceNumber: 'c' })],
    ])('but for %s is another', (_, one) => {
      const once = order({
        allocated: 2,
        backordered: 3,
        rejected: 1,
        backorderDate: null,
        supplierPoNumber: 'a',
        supplierInvoiceNumber: 'b',
      })
      expect(done(allocate(once, SUPPLIER, [one], RULES))).not.toBe(once)
    })
  })
})

describe('any allocations of any order', () => {
  const state: fc.Arbitrary<Partial<Line>> = fc
    .record({
      supplier: fc.constantFrom(SUPPLIER, SUPPLIER, OTHER_SUPPLIER),
      ordered: fc.integer({ min: 1, max: 8 }),
      parts: fc.tuple(fc.nat(8), fc.nat(8), fc.nat(8)),
      answered: fc.boolean(),
      cancellation: fc.constantFrom('none' as const, 'none' as const, 'none' as const, 'pending' as const, 'confirmed' as const),
    })
    .map(({ supplier, ordered, parts: [a, b, s], answered, cancellation }) => {
      const allocated = answered ? a % (ordered + 1) : 0
      const backordered = answered ? b % (ordered - allocated + 1) : 0
      const rejected = answered ? ordered - allocated - backordered : 0
      return { supplier, ordered, allocated, backordered, rejected, shipped: s % (allocated + 1), cancellation }
    })
  const orders = fc.array(state, { minLength: 1, maxLength: 4 }).map((lines) => order(...lines))
  /** Mostly sums that fit. */
  const request = (before: Order): fc.Arbitrary<readonly Wanted[]> =>
    fc.array(
      fc
        .record({ place: fc.nat(before.lines.length), parts: fc.tuple(fc.nat(8), fc.nat(8)), off: fc.constantFrom(0, 0, 0, 0, 0, 1) })
        .map(({ place, parts: [a, b], off }) => {
          const ordered = before.lines[place]?.ordered ?? 1
          const allocated = a % (ordered + 1)
          const backordered = b % (ordered - allocated + 1)
          return wanted(allocated, backordered, ordered - allocated - backordered + off, { lineId: idAt(place) })
        }),
      { minLength: 1, maxLength: 3 },
    )
  const asked = orders.chain((before) => fc.record({ before: fc.constant(before), requests: fc.array(request(before), { maxLength: 6 }) }))

  it('are refused exactly where a rule is broken', () => {
    fc.assert(
      fc.property(
        orders.chain((before) => fc.tuple(fc.constant(before), request(before))),
        ([before, request]) => {
          const isFine =
            new Set(request.map(({ lineId }) => lineId)).size === request.length &&
            request.every(({ lineId, allocated, backordered, rejected }) => {
              const own = before.lines.find(({ id, supplier }) => id === lineId && supplier === SUPPLIER)
              return own?.cancellation === 'none' && allocated + backordered + rejected === own.ordered && allocated >= own.shipped
            })
          expect(allocate(before, SUPPLIER, request, RULES).kind).toBe(isFine ? 'order' : 'refused')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('keep the sums, what is ordered and what is shipped, and all lines that are not named', () => {
    fc.assert(
      fc.property(asked, ({ before, requests }) => {
        let now = before
        for (const request of requests) {
          const result = allocate(now, SUPPLIER, request, RULES)
          if (result.kind === 'refused') continue
          const previous = now
          now = freeze(result.order)
          for (const [place, one] of now.lines.entries()) {
            const { allocated, backordered, rejected, ordered, shipped, supplier, id } = one
            const isNamed = request.some(({ lineId }) => lineId === id)
            expect([ordered, shipped]).toEqual([before.lines[place]?.ordered, before.lines[place]?.shipped])
            expect(shipped).toBeGreaterThanOrEqual(0)
            expect(shipped).toBeLessThanOrEqual(allocated)
            expect(allocated + backordered + rejected === ordered || (!isNamed && one === previous.lines[place])).toBe(true)
            expect(one === previous.lines[place] || (isNamed && supplier === SUPPLIER)).toBe(true)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('change all of it or nothing, and the same again changes nothing', () => {
    fc.assert(
      fc.property(asked, ({ before, requests }) => {
        const [request = []] = requests
        const copy = structuredClone(before)
        const result = allocate(before, SUPPLIER, request, RULES)
        expect(before).toEqual(copy)
        if (result.kind === 'refused') return
        for (const { lineId, allocated, backordered, rejected } of request)
          expect(result.order.lines.find(({ id }) => id === lineId)).toMatchObject({ allocated, backordered, rejected })
        expect(allocate(result.order, SUPPLIER, request, RULES)).toEqual({ kind: 'order', order: result.order })
        expect(done(allocate(result.order, SUPPLIER, request, RULES))).toBe(result.order)
      }),
    )
  })
})
