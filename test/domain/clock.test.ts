import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareInstants, dayOf, instantOf, timestamp, timeOf } from '../../src/core/clock.ts'

const times = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') })
/** A session's clock can be moved beyond the years of four digits. */
const farTimes = fc.integer({ min: Date.parse('+010000-01-01'), max: 8.64e15 })

describe('a timestamp', () => {
  it('is what JavaScript writes, with more digits', () => {
    fc.assert(
      fc.property(fc.oneof(times, farTimes), (time) => {
        const iso = new Date(time).toISOString().slice(0, -1)
        expect(timestamp(time, 6)).toBe(`${iso}000Z`)
        expect(timestamp(time, 9)).toBe(`${iso}000000Z`)
      }),
    )
  })

  it('is read as the instant it was written for', () => {
    fc.assert(
      fc.property(times, (time) => {
        expect(instantOf(timestamp(time, 9))).toEqual({ milliseconds: time, rest: '' })
      }),
    )
  })
})

describe('an instant', () => {
  it.each([
    ['2026-03-01', '2026-03-01T00:00:00Z'],
    ['2026-03-01T01:00:00+01:00', '2026-03-01T00:00:00Z'],
    ['2026-03-01t00:00:00.000000z', '2026-03-01T00:00:00Z'],
    ['2026-02-28T23:59:60Z', '2026-03-01T00:00:00Z'],
  ])('%s is %s', (text, same) => {
    const [one, other] = [instantOf(text), instantOf(same)]
    expect(one && other && compareInstants(one, other)).toBe(0)
  })

  it('keeps digits finer than a millisecond', () => {
    const [early, late] = [instantOf('2026-03-01T00:00:00.0000001Z'), instantOf('2026-03-01T00:00:00.00000011Z')]
    expect(early && late && compareInstants(early, late)).toBeLessThan(0)
  })

  it.each(['', 'soon', '2026-13-01', '2026-03-01T25:00:00Z', '2026', '1709251200'])('is not %j', (text) => {
    expect(instantOf(text)).toBeUndefined()
  })
})

it('shows the time of the world, or the one it is frozen at', () => {
  expect(timeOf({ kind: 'real' }, 5)).toBe(5)
  expect(timeOf({ kind: 'frozen', at: 7 }, 5)).toBe(7)
  expect(dayOf(Date.parse('2026-03-01T23:59:59.999Z'))).toBe(Date.parse('2026-03-01'))
})
