import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Condition, list, type Listing, MAX_CANDIDATES, type Overlaid, type Sequence } from '../../src/core/population/listing.ts'

/** A small world: things have a colour by residue, a date that rises, an age by residue, and a weight nobody can foresee. */
interface Facts {
  readonly colour: string
}
interface Thing extends Facts {
  readonly id: string
  readonly date: number
  /** Before its date, by as much as its residue says. */
  readonly made: number
  readonly weight: number
}
type ThingListing = Listing<Facts, Thing>
type ThingCondition = Condition<Facts, Thing>
type Bound = { readonly from: number; readonly to: number }

const COLOURS = ['red', 'green', 'blue'] as const
const colourOf = (residue: number): string => COLOURS[(residue * 5 + 1) % COLOURS.length] ?? 'red'
const ageOf = (residue: number): number => (residue * 7) % 4
/** Two neighbours share a date. */
const dateOf = (index: number): number => Math.floor(index / 2)

function thing(index: number, period: number): Thing {
  const date = dateOf(index)
  return {
    id: `p${index}`,
    colour: colourOf(index % period),
    date,
    made: date - ageOf(index % period),
    weight: (index * 31 + 7) % 5,
  }
}

function things(size: number, period: number): Sequence<Facts, Thing> {
  return { size, period, facts: (residue) => ({ colour: colourOf(residue) }), entity: (index) => thing(index, period) }
}

/** What each kind of condition asks, in one place for the arithmetic and one for the model. */
const isColoured = (colours: readonly string[]): ThingCondition => ({ kind: 'facts', test: ({ colour }) => colours.includes(colour) })
const isNumbered = (indices: readonly number[], others: readonly string[]): ThingCondition => ({
  kind: 'indices',
  indices,
  test: ({ id }) => others.includes(id) || indices.some((index) => id === `p${index}`),
})
const isDated = ({ from, to }: Bound): ThingCondition => ({
  kind: 'range',
  interval: () => ({ from: from * 2, to: to * 2 }),
  test: ({ date }) => date >= from && date < to,
})
const isMade = ({ from, to }: Bound): ThingCondition => ({
  kind: 'range',
  interval: (residue) => ({ from: Math.max(0, (from + ageOf(residue)) * 2), to: Math.max(0, (to + ageOf(residue)) * 2) }),
  test: ({ made }) => made >= from && made < to,
})
const isLight = (limit: number): ThingCondition => ({ kind: 'entity', field: 'weight', test: ({ weight }) => weight < limit })

const bounds: fc.Arbitrary<Bound> = fc.record({ from: fc.integer({ min: -3, max: 25 }), to: fc.integer({ min: -3, max: 25 }) })
const conditions: fc.Arbitrary<readonly ThingCondition[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.subarray([...COLOURS]).map(isColoured) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.uniqueArray(fc.nat(50), { maxLength: 12 }), fc.subarray(['c0', 'c1', 'c2', 'c3']))
        .map((one) => isNumbered(...one)),
    },
    { weight: 2, arbitrary: bounds.map(isDated) },
    { weight: 2, arbitrary: bounds.map(isMade) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }).map(isLight) },
  ),
  { maxLength: 3 },
)

/** Anything a thing may have become; its id stays. */
const become = fc.record({
  colour: fc.constantFrom(...COLOURS, 'black'),
  date: fc.integer({ min: -2, max: 25 }),
  made: fc.integer({ min: -4, max: 25 }),
  weight: fc.nat(5),
})

/** Changed things where they were or elsewhere, created ones, and the first as an example that is not what its residue says. */
function overlays(size: number): fc.Arbitrary<readonly Overlaid<Thing>[]> {
  const place = fc.nat(size)
  const changed =
    size === 0
      ? fc.constant<Overlaid<Thing>[]>([])
      : fc
          .uniqueArray(fc.record({ index: fc.nat(size - 1), moved: fc.option(place), next: become }), {
            selector: ({ index }) => index,
            maxLength: 6,
          })
          .map((all) =>
            all.map(({ index, moved, next }): Overlaid<Thing> => ({
              entity: { ...next, id: `p${index}` },
              index,
              place: moved ?? index,
              tie: `t${index}`,
            })),
          )
  const created = fc.array(fc.record({ place, next: become }), { maxLength: 4 }).map((all) =>
    all.map(({ place, next }, number): Overlaid<Thing> => ({
      entity: { ...next, id: `c${number}` },
      index: undefined,
      place,
      tie: `c${number}`,
    })),
  )
  const example = fc
    .option(become)
    .map((next): Overlaid<Thing>[] => (next && size > 0 ? [{ entity: { ...next, id: 'p0' }, index: 0, place: 0, tie: 'example' }] : []))
  return fc
    .tuple(changed, created, example)
    .map(([changed, created, example]) => [...changed.filter(({ index }) => index !== 0 || example.length === 0), ...created, ...example])
}

const listings: fc.Arbitrary<ThingListing> = fc
  .record({ size: fc.nat(45), period: fc.integer({ min: 1, max: 9 }) })
  .chain(({ size, period }) =>
    fc.record({
      sequence: fc.constant(things(size, period)),
      overlay: overlays(size),
      conditions,
      group: fc.constantFrom(undefined, ({ colour }: Facts) => colour),
      by: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant({ field: 'sort weight', value: ({ weight }: Thing) => String(weight) }) },
      ),
      descending: fc.boolean(),
      offset: fc.nat(50),
      limit: fc.nat(15),
    }),
  )

/** Every thing looked at, and the list sorted as a whole. */
function model({ sequence, overlay, conditions, group, by, descending, offset, limit }: ThingListing): { total: number; page: string[] } {
  const hidden = overlay.map(({ index }) => index)
  const own = Array.from({ length: sequence.size }, (_, index) => index)
    .filter((index) => !hidden.includes(index))
    .map((index) => ({ entity: sequence.entity(index), place: index, rank: 1, tie: '' }))
  const sorted = [...overlay.map((one) => ({ ...one, rank: 0 })), ...own]
    .filter(({ entity }) => conditions.every((condition) => condition.test(entity)))
    .map((row) => ({ ...row, first: by ? by.value(row.entity) : (group?.(row.entity) ?? '') }))
    .toSorted((a, b) => text(a.first, b.first) || a.place - b.place || a.rank - b.rank || text(a.tie, b.tie))
  const all = (descending ? sorted.toReversed() : sorted).map(({ entity }) => entity.id)
  return { total: all.length, page: all.slice(offset, offset + limit) }
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function run(listing: ThingListing): { total: number; page: string[] } {
  const listed = list(listing)
  if (listed.kind === 'too-wide') throw new Error('too wide')
  return { total: listed.total, page: listed.page.map(({ id }) => id) }
}

const plain = (size: number, period: number, more: Partial<ThingListing> = {}): ThingListing => ({
  sequence: things(size, period),
  overlay: [],
  conditions: [],
  descending: false,
  offset: 0,
  limit: 10,
  ...more,
})

describe('a listing', () => {
  it('is what looking at everything gives', () => {
    fc.assert(
      fc.property(listings, (listing) => {
        expect(run(listing)).toEqual(model(listing))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is cut into pages that are the whole list, nothing twice and nothing lost', () => {
    fc.assert(
      fc.property(listings, fc.integer({ min: 1, max: 9 }), (listing, limit) => {
        const whole = run({ ...listing, offset: 0, limit: 1_000 })
        const pages = Array.from({ length: Math.ceil(whole.total / limit) + 1 }, (_, page) =>
          run({ ...listing, offset: page * limit, limit }),
        )
        const together = pages.flatMap(({ page }) => page)
        expect(together).toEqual(whole.page)
        expect(new Set(together).size).toBe(whole.total)
        expect(pages.every(({ total }) => total === whole.total)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('backwards is the list from its end', () => {
    fc.assert(
      fc.property(listings, (listing) => {
        const all = { ...listing, offset: 0, limit: 1_000 }
        expect(run({ ...all, descending: true }).page).toEqual(run({ ...all, descending: false }).page.toReversed())
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    [
      'before its neighbour by place',
      { entity: { ...thing(3, 4), id: 'c' }, index: undefined, place: 3, tie: 'c' },
      ['p2', 'c', 'p3', 'p4'],
    ],
    ['in its own place when changed', { entity: { ...thing(3, 4), weight: 9 }, index: 3, place: 3, tie: 'p3' }, ['p2', 'p3', 'p4', 'p5']],
    ['at the end when touched last', { entity: thing(3, 4), index: 3, place: 8, tie: 'p3' }, ['p2', 'p4', 'p5', 'p6', 'p7', 'p3']],
  ])('has an overlaid entity %s', (_, one: Overlaid<Thing>, from: readonly string[]) => {
    expect(run(plain(8, 4, { overlay: [one], offset: 2, limit: from.length })).page).toEqual(from)
  })

  it('has overlaid entities of one place by their ties', () => {
    const overlay = ['b', 'a', 'c'].map((tie): Overlaid<Thing> => ({
      entity: { ...thing(0, 4), id: tie },
      index: undefined,
      place: 8,
      tie,
    }))
    expect(run(plain(8, 4, { overlay, offset: 8 })).page).toEqual(['a', 'b', 'c'])
  })

  it('shows what has changed by what it has become', () => {
    const changed: Overlaid<Thing> = { entity: { ...thing(0, 1), colour: 'black' }, index: 0, place: 0, tie: 'p0' }
    expect(run(plain(3, 1, { overlay: [changed], conditions: [isColoured(['black'])] }))).toEqual({ total: 1, page: ['p0'] })
    expect(run(plain(3, 1, { overlay: [changed], conditions: [isColoured([colourOf(0)])] }))).toEqual({ total: 2, page: ['p1', 'p2'] })
  })

  it.each([
    ['an offset behind the end', { offset: 11 }],
    ['a limit of nothing', { limit: 0 }],
  ])('has an empty page for %s, and still its total', (_, more) => {
    expect(run(plain(10, 4, more))).toEqual({ total: 10, page: [] })
  })
})

describe('a listing that would have to look at too much', () => {
  const LARGE = MAX_CANDIDATES * 4
  const byWeight = { field: 'sort weight', value: ({ weight }: Thing): string => String(weight) }
  const fast = (size: number, more: Partial<ThingListing>): ThingListing => plain(size, 4, more)

  it.each([
    ['a condition', { conditions: [isLight(3)] }, ['weight']],
    ['two conditions', { conditions: [isLight(3), { kind: 'entity', field: 'name', test: () => true }] }, ['weight', 'name']],
    ['what to sort by', { by: byWeight }, ['sort weight']],
    ['both', { conditions: [isLight(3)], by: byWeight }, ['weight', 'sort weight']],
  ] as const)('says so, how much, and for the sake of %s', (_, more, fields) => {
    expect(list(fast(LARGE, more))).toEqual({ kind: 'too-wide', fields, candidates: LARGE })
  })

  it('counts what the other conditions leave', () => {
    const listed = list(fast(LARGE, { conditions: [isLight(3), isDated({ from: 0, to: MAX_CANDIDATES / 2 + 1 })] }))
    expect(listed).toEqual({ kind: 'too-wide', fields: ['weight'], candidates: MAX_CANDIDATES + 2 })
  })

  it('is answered up to the limit', () => {
    const conditions = [isLight(3), isDated({ from: 1_000, to: 1_000 + MAX_CANDIDATES / 2 })]
    const listed = list(fast(LARGE, { conditions }))
    expect(listed.kind === 'page' && listed.total).toBe((MAX_CANDIDATES / 5) * 3)
  })

  it('is answered where ids leave few', () => {
    const listing = fast(10 ** 9, { conditions: [isLight(5), isNumbered([10, 999_999_999, 10 ** 9], [])], by: byWeight })
    expect(new Set(run(listing).page)).toEqual(new Set(['p10', 'p999999999']))
  })
})

describe('what a listing costs', () => {
  const cases: readonly (readonly [string, Partial<ThingListing>])[] = [
    ['without conditions', {}],
    ['by facts', { conditions: [isColoured(['red', 'blue'])] }],
    ['by a range', { conditions: [isDated({ from: 100, to: 450 })] }],
    ['by a range that differs by residue, and facts', { conditions: [isMade({ from: 100, to: 450 }), isColoured(['red'])] }],
    ['in groups', { group: ({ colour }) => colour }],
    ['backwards from the end', { descending: true }],
    ['far in', { offset: 600 }],
    ['by id', { conditions: [isNumbered([5, 6, 7], [])] }],
    [
      'with an overlay',
      {
        overlay: Array.from({ length: 50 }, (_, index) => ({
          entity: thing(index * 3, 9),
          index: index * 3,
          place: index,
          tie: `t${index}`,
        })),
      },
    ],
  ]

  function costs(size: number, more: Partial<ThingListing>): { entities: number; facts: number; page: number } {
    const count = { entities: 0, facts: 0 }
    const { facts, entity } = things(size, 9)
    const sequence: Sequence<Facts, Thing> = {
      size,
      period: 9,
      facts(residue) {
        count.facts++
        return facts(residue)
      },
      entity(index) {
        count.entities++
        return entity(index)
      },
    }
    const listed = list({ ...plain(size, 9, more), sequence })
    return { ...count, page: listed.kind === 'page' ? listed.page.length : -1 }
  }

  it.each(cases)('%s is the same for a thousand and for a billion', (_, more) => {
    expect(costs(10 ** 9, more)).toEqual(costs(10 ** 3, more))
  })

  it.each(cases)('%s is no more entities than the page holds', (_, more) => {
    const { entities, page } = costs(10 ** 9, more)
    expect(entities).toBeLessThanOrEqual(page)
    expect(page).toBeGreaterThan(0)
  })
})
