import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Interval, select } from '../../src/core/population/selection.ts'

interface Asked {
  readonly period: number
  readonly intervals: readonly Interval[]
}

const HIGHEST = 60

const bounds = fc.record({ from: fc.nat(HIGHEST), to: fc.nat(HIGHEST) })
const residues = fc
  .integer({ min: 1, max: 12 })
  .chain((period) => fc.record({ period: fc.constant(period), residues: fc.uniqueArray(fc.nat(period - 1), { maxLength: period }) }))

/** Every residue from and to an index of its own, some of them empty or the wrong way round. */
const mixed: fc.Arbitrary<Asked> = residues.chain(({ period, residues }) =>
  fc
    .tuple(...residues.map((residue) => bounds.map((bound): Interval => ({ residue, ...bound }))))
    .map((intervals) => ({ period, intervals })),
)
/** All residues from and to the same index. */
const uniform: fc.Arbitrary<Asked> = fc
  .tuple(residues, bounds)
  .map(([{ period, residues }, bound]) => ({ period, intervals: residues.map((residue): Interval => ({ residue, ...bound })) }))

function bruteForce({ period, intervals }: Asked): number[] {
  return Array.from({ length: HIGHEST }, (_, index) => index).filter((index) =>
    intervals.some(({ residue, from, to }) => index % period === residue && index >= from && index < to),
  )
}

describe.each([
  { name: 'intervals of their own', asked: mixed },
  { name: 'one interval for all', asked: uniform },
])('a selection by residues with $name', ({ asked }) => {
  it('counts what is selected', () => {
    fc.assert(
      fc.property(asked, (one) => {
        expect(select(one.period, one.intervals).count).toBe(bruteForce(one).length)
      }),
    )
  })

  it('ranks every index, selected or not', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const selection = select(one.period, one.intervals)
        const selected = bruteForce(one)
        for (let index = 0; index <= HIGHEST + 20; index++)
          expect(selection.rank(index)).toBe(selected.filter((other) => other < index).length)
      }),
    )
  })

  it('finds what has a rank', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const selection = select(one.period, one.intervals)
        expect(Array.from({ length: selection.count }, (_, rank) => selection.at(rank))).toEqual(bruteForce(one))
      }),
    )
  })

  it('knows what is selected', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const selection = select(one.period, one.intervals)
        const found = Array.from({ length: HIGHEST + 20 }, (_, index) => index).filter((index) => selection.has(index))
        expect(found).toEqual(bruteForce(one))
      }),
    )
  })
})

describe('a selection', () => {
  it('of nothing is empty', () => {
    const selection = select(7, [])
    expect([selection.count, selection.rank(0), selection.rank(100), selection.has(0)]).toEqual([0, 0, 0, false])
  })

  it.each([
    ['one interval for all', { from: 0, to: 10 ** 9 }, { from: 0, to: 10 ** 9 }],
    ['an interval for each', { from: 0, to: 10 ** 9 }, { from: 123_456_789, to: 987_654_321 }],
  ])('is exact for a billion: %s', (_, even, odd) => {
    const period = 360
    const intervals = Array.from({ length: period }, (_, residue) => ({ residue, ...(residue % 2 === 0 ? even : odd) })).filter(
      ({ residue }) => residue % 3 !== 0,
    )
    const counted = intervals.reduce((sum, { residue, from, to }) => sum + upTo(residue, to, period) - upTo(residue, from, period), 0)
    const selection = select(period, intervals)
    expect(selection.count).toBe(counted)
    fc.assert(
      fc.property(fc.nat(counted - 1), (rank) => {
        const index = selection.at(rank)
        expect(selection.has(index)).toBe(true)
        expect(selection.rank(index)).toBe(rank)
        expect(selection.rank(index + 1)).toBe(rank + 1)
      }),
    )
  })
})

function upTo(residue: number, index: number, period: number): number {
  return Math.floor((index + period - 1 - residue) / period)
}
