import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerCancellation, cancelLine, cancelOrder, isOpen } from '../../src/apis/supplier/cancellation.ts'
import { allocationStatus, isAllocated, type Line, lineId, lineStatus, type Order, type Transition } from '../../src/apis/supplier/order.ts'
import { done, idAt, order, OTHER_SUPPLIER, refusal, STATES, SUPPLIER } from './orders.ts'

const PENDING = { cancellation: 'pending' } as const satisfies Partial<Line>
const CONFIRMED = { cancellation: 'confirmed' } as const satisfies Partial<Line>
/** Backordered in part, and rejected in part: what a confirmation takes away and what it leaves. */
const MIXED = { allocated: 3, backordered: 2, rejected: 1, backorderDate: '2026-04-01' } as const satisfies Partial<Line>

/** The states from which a line can still be cancelled. */
const OPEN: readonly (readonly [string, Partial<Line>])[] = [
  ['Unallocated', STATES.Unallocated],
  ['Allocated', STATES.Allocated],
  ['Allocated in part', STATES['Allocated in part']],
  ['Backordered', STATES.Backordered],
]

type Event = (order: Order) => Transition
const asking: Event = (before) => cancelOrder(before, 'two-step')
const askingFor =
  (place: number): Event =>
  (before) =>
    cancelLine(before, lineId(idAt(place)), 'two-step')
const answering =
  (answer: 'confirm' | 'reject', place?: number, supplier = SUPPLIER): Event =>
  (before) =>
    answerCancellation(before, supplier, answer, place === undefined ? undefined : lineId(idAt(place)))

const waiting = ({ lines }: Order): readonly Line['cancellation'][] => lines.map(({ cancellation }) => cancellation)

describe('cancel request (order)', () => {
  it.each(OPEN)('of a line that is %s, nothing shipped: 204, cancel_pending, and the quantities stay', (_, state) => {
    const before = order(state)
    expect(done(asking(before))).toEqual({ ...before, lines: before.lines.map((line) => ({ ...line, ...PENDING })) })
  })

  it('no line shipped: cancel_pending on every open line, whosever it is, and on no other', () => {
    const before = order({}, { supplier: OTHER_SUPPLIER, allocated: 6 }, STATES.Rejected, CONFIRMED, PENDING, STATES.Backordered)
    const after = done(asking(before))
    expect(waiting(after)).toEqual(['pending', 'pending', 'none', 'confirmed', 'pending', 'pending'])
    expect(after.lines.map((line, place) => line === before.lines[place])).toEqual([false, false, true, true, true, false])
  })

  it.each<readonly [string, readonly Partial<Line>[]]>([
    ['a line has s > 0', [STATES.HasTracking]],
    ['a line has s = a', [STATES['HasTracking, all']]],
    ['another line has s > 0', [{}, STATES.HasTracking]],
    ["another supplier's line has s > 0", [{}, { ...STATES.HasTracking, supplier: OTHER_SUPPLIER }]],
    ['the line is Rejected', [STATES.Rejected]],
    ['the line is Cancelled', [CONFIRMED]],
    ['all lines are Cancelled or Rejected', [STATES.Rejected, CONFIRMED, { ...CONFIRMED, rejected: 6 }]],
  ])('422 when %s', (_, lines) => {
    expect(refusal(asking(order(...lines)))).toEqual({ code: 'cancellation-impossible', status: 422, at: [] })
  })

  it('asked again while it is pending: 204, and nothing changes', () => {
    const once = done(asking(order({}, STATES.Allocated, STATES.Rejected)))
    expect(done(asking(once))).toBe(once)
  })

  it('asked again after a supplier rejected: cancel_pending again', () => {
    const rejected = done(answering('reject')(done(asking(order({})))))
    expect(waiting(done(asking(rejected)))).toEqual(['pending'])
  })
})

describe('cancel request (line)', () => {
  it.each(OPEN)('%s, from s = 0, not Cancelled or Rejected: 204, cancel_pending, and the other lines stay', (_, state) => {
    const before = order({}, state, { supplier: OTHER_SUPPLIER })
    const after = done(askingFor(1)(before))
    expect(after.lines).toEqual([before.lines[0], { ...before.lines[1], ...PENDING }, before.lines[2]])
  })

  it('does not mind what another line has shipped', () => {
    expect(waiting(done(askingFor(0)(order({}, STATES['HasTracking, all']))))).toEqual(['pending', 'none'])
  })

  it.each<readonly [string, Partial<Line>]>([
    ['with s > 0', STATES.HasTracking],
    ['with s = a', STATES['HasTracking, all']],
    ['that is Cancelled', CONFIRMED],
    ['that is Cancelled with rejected units', { ...CONFIRMED, rejected: 2 }],
    ['that is Rejected', STATES.Rejected],
  ])('422 for a line %s', (_, state) => {
    expect(refusal(askingFor(1)(order({}, state)))).toEqual({ code: 'cancellation-impossible', status: 422, at: [] })
  })

  it('422 for a line that the order does not have', () => {
    expect(refusal(askingFor(1)(order({})))).toMatchObject({ status: 422 })
  })

  it('asked again while it is pending: 204, and nothing changes', () => {
    const once = done(askingFor(0)(order({}, {})))
    expect(done(askingFor(0)(once))).toBe(once)
  })
})

describe('supplier confirms', () => {
  it.each([...OPEN, ['a little of everything', MIXED] as const])(
    'cancel_pending with s = 0, %s: Cancelled, a = b = 0, r kept',
    (_, state) => {
      const before = order({ ...state, ...PENDING })
      const [after] = done(answering('confirm')(before)).lines
      expect(after).toEqual({ ...before.lines[0], ...CONFIRMED, allocated: 0, backordered: 0, backorderDate: null })
      expect(after && lineStatus(after)).toBe('Cancelled')
    },
  )
})

describe('supplier rejects', () => {
  it.each([...OPEN, ['a little of everything', MIXED] as const])('cancel_pending, %s: flag cleared, status as before', (_, state) => {
    const before = order(state)
    const after = done(answering('reject')(done(asking(before))))
    expect(after).toEqual(before)
    expect(after.lines.map(lineStatus)).toEqual(before.lines.map(lineStatus))
    expect(after.lines.map(allocationStatus)).toEqual(before.lines.map(allocationStatus))
    expect(isAllocated(after)).toBe(isAllocated(before))
  })
})

describe.each([
  ['confirms', 'confirm', 'confirmed'],
  ['rejects', 'reject', 'none'],
] as const)('supplier %s', (_, answer, answered) => {
  it.each<readonly [string, Event, readonly Partial<Line>[]]>([
    ['nothing was asked for', answering(answer), [{}, STATES.Allocated]],
    ['the line is Cancelled', answering(answer), [CONFIRMED]],
    ['units have shipped and nothing is pending', answering(answer), [STATES.HasTracking]],
    ["only another supplier's line is pending", answering(answer), [{}, { ...PENDING, supplier: OTHER_SUPPLIER }]],
    ['another line is pending, not this one', answering(answer, 0), [{}, PENDING]],
    ["the line is another supplier's", answering(answer, 1), [PENDING, { ...PENDING, supplier: OTHER_SUPPLIER }]],
    ['the order has no such line', answering(answer, 7), [PENDING]],
  ])('otherwise: 422 when %s', (_when, event, lines) => {
    expect(refusal(event(order(...lines)))).toEqual({ code: 'cancellation-none', status: 422, at: [] })
  })

  it('answers for all of its own lines that wait, and for no other', () => {
    const before = order(PENDING, { ...PENDING, supplier: OTHER_SUPPLIER }, STATES.Allocated, { ...PENDING, ...STATES.Backordered })
    const after = done(answering(answer)(before))
    expect(waiting(after)).toEqual([answered, 'pending', 'none', answered])
    expect(waiting(done(answering(answer, undefined, OTHER_SUPPLIER)(after)))).toEqual([answered, answered, 'none', answered])
  })

  it('answers for one line alone, and the next one waits', () => {
    const before = order(PENDING, PENDING)
    const after = done(answering(answer, 1)(before))
    expect(waiting(after)).toEqual(['pending', answered])
    expect(refusal(answering(answer, 1)(after)).code).toBe('cancellation-none')
    expect(waiting(done(answering(answer)(after)))).toEqual([answered, answered])
  })

  it('answers once', () => {
    const once = done(answering(answer)(order(PENDING)))
    for (const again of ['confirm', 'reject'] as const) expect(refusal(answering(again)(once)).code).toBe('cancellation-none')
  })
})

describe('with auto-confirm', () => {
  it('cancel request (order): Cancelled at once, as if the suppliers had confirmed', () => {
    const before = order({}, { ...MIXED, supplier: OTHER_SUPPLIER }, STATES.Rejected)
    const confirmed = done(answering('confirm', undefined, OTHER_SUPPLIER)(done(answering('confirm')(done(asking(before))))))
    expect(done(cancelOrder(before, 'auto-confirm'))).toEqual(confirmed)
    expect(waiting(confirmed)).toEqual(['confirmed', 'confirmed', 'none'])
  })

  it('cancel request (line): Cancelled at once, and only that line', () => {
    const before = order(MIXED, {})
    const after = done(cancelLine(before, lineId(idAt(0)), 'auto-confirm'))
    expect(after).toEqual(done(answering('confirm', 0)(done(askingFor(0)(before)))))
    expect(waiting(after)).toEqual(['confirmed', 'none'])
  })

  it('422 for what is Cancelled already', () => {
    const once = done(cancelOrder(order({}), 'auto-confirm'))
    expect(refusal(cancelOrder(once, 'auto-confirm')).status).toBe(422)
    expect(refusal(cancelLine(once, lineId(idAt(0)), 'auto-confirm')).status).toBe(422)
  })
})

describe('any cancellations of any order', () => {
  const state = fc.constantFrom<Partial<Line>>(...Object.values(STATES), MIXED, PENDING, { ...PENDING, ...MIXED }, CONFIRMED)
  const lines = fc.array(fc.record({ state, supplier: fc.constantFrom(SUPPLIER, OTHER_SUPPLIER) }), { minLength: 1, maxLength: 4 })
  const orders = lines.map((all) => order(...all.map(({ state: one, supplier }) => ({ ...one, supplier }))))
  const place = fc.nat(4)
  const answer = fc.constantFrom('confirm' as const, 'reject' as const)
  const supplier = fc.constantFrom(SUPPLIER, OTHER_SUPPLIER)
  const events = fc.array(
    fc.oneof<fc.Arbitrary<Event>[]>(
      fc.constant(asking),
      place.map(askingFor),
      fc.tuple(answer, supplier).map(([said, by]) => answering(said, undefined, by)),
      fc.tuple(answer, place, supplier).map(([said, at, by]) => answering(said, at, by)),
    ),
    { maxLength: 12, size: 'max' },
  )

  it('are asked for exactly where a line is open and nothing has shipped', () => {
    fc.assert(
      fc.property(orders, (before) => {
        const isFine = before.lines.some(isOpen) && before.lines.every(({ shipped }) => shipped === 0)
        expect(asking(before).kind).toBe(isFine ? 'order' : 'refused')
        for (const [at, line] of before.lines.entries())
          expect(askingFor(at)(before).kind).toBe(isOpen(line) && line.shipped === 0 ? 'order' : 'refused')
      }),
    )
  })

  it('ship nothing, reject nothing, and never bring back what is Cancelled', () => {
    fc.assert(
      fc.property(orders, events, (before, all) => {
        let now = before
        for (const event of all) {
          const result = event(now)
          if (result.kind === 'refused') continue
          for (const [at, line] of result.order.lines.entries()) {
            const previous = now.lines[at]
            expect(line).toMatchObject({ ordered: previous?.ordered, shipped: previous?.shipped, rejected: previous?.rejected })
            if (previous?.cancellation === 'confirmed') expect(line).toBe(previous)
            if (line.cancellation === 'confirmed' && line !== previous) expect([line.allocated, line.backordered]).toEqual([0, 0])
            if (line.cancellation !== 'confirmed')
              expect([line.allocated, line.backordered]).toEqual([previous?.allocated, previous?.backordered])
            expect(line.shipped).toBeLessThanOrEqual(line.allocated)
          }
          now = result.order
        }
      }),
      { numRuns: 500 },
    )
  })
})
