import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginSession } from '../../src/core/session.ts'
import { pickFault, type Called, faultCounter } from '../../src/core/scenario/fault.ts'
import type { Fault } from '../../src/core/scenario/settings.ts'
import { readFaults } from '../../src/core/scenario/scenario.ts'
import type { WrittenFault } from '../../src/core/scenario/written.ts'
import { type Change, Entities } from '../../src/core/world.ts'
import { NOW, sessionDefaults } from '../support.ts'

const BEGUN = Date.parse(NOW)
const NAMES = ['a', 'b', 'c'] as const

function faultsOf(...written: WrittenFault[]): readonly Fault[] {
  return readFaults(written, '', [], { operations: new Map() }, [])
}

const CALL: Called = { operation: 'a', path: {}, query: {}, header: {}, body: undefined }

/** A session with these faults, that is asked again and again. */
function sessionWith(faults: readonly Fault[], seed = '1') {
  const world = new Entities()
  const session = beginSession(sessionDefaults({ seed, faults }), BEGUN)
  return {
    world,
    ask(call: Partial<Called> = {}, after = 0) {
      const result = pickFault({ ...CALL, ...call }, { world, session, now: BEGUN + after, real: BEGUN + after })
      for (const change of result.changes) world.apply(change)
      return result
    },
  }
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

describe('the dice of a fault', () => {
  const half: WrittenFault = { id: 'half', probability: 0.5, status: 503, delayDistribution: { type: 'uniform', lower: 0, upper: 1_000 } }
  const thrown = (written: WrittenFault, seed?: string): readonly (number | undefined)[] => {
    const { ask } = sessionWith(faultsOf(written), seed)
    return times(200, () => ask().hit?.delay)
  }

  it('fall the same for the same seed, fault and number, and otherwise for others', () => {
    const first = thrown(half)
    expect(thrown(half)).toEqual(first)
    expect(thrown(half, '2')).not.toEqual(first)
    expect(thrown({ ...half, id: 'other' })).not.toEqual(first)
  })

  it.each([0.1, 0.5, 0.9])('fall about as often as %d says', (probability) => {
    const { ask } = sessionWith(faultsOf({ probability, status: 503 }))
    const share = times(5_000, () => ask()).filter(({ hit }) => hit).length / 5_000
    expect(Math.abs(share - probability)).toBeLessThan(0.03)
  })

  it('do not hear what else is asked, nor which other faults there are', () => {
    const alone = sessionWith(faultsOf({ ...half, operation: 'a' }))
    const expected = times(30, () => alone.ask().hit?.delay)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...NAMES), { maxLength: 60 }), fc.boolean(), (operations, isLast) => {
        const other: WrittenFault = { id: 'other', operation: ['b', 'c'], probability: 0.3, status: 502 }
        const mine: WrittenFault = { ...half, operation: 'a' }
        const { ask } = sessionWith(faultsOf(...(isLast ? [other, mine] : [mine, other])))
        const met = operations.flatMap((operation) => {
          const { hit } = ask({ operation })
          return operation === 'a' ? [hit?.delay] : []
        })
        expect(met).toEqual(expected.slice(0, met.length))
      }),
    )
  })
})

describe('a delay', () => {
  const delaysOf = (written: WrittenFault): number[] => {
    const { ask } = sessionWith(faultsOf(written))
    return times(2_000, () => ask().hit?.delay ?? Number.NaN).toSorted((a, b) => a - b)
  }

  it('that is fixed is always the same, and counts nothing', () => {
    const { ask, world } = sessionWith(faultsOf({ fixedDelayMilliseconds: 70 }))
    expect(times(3, () => ask().hit?.delay)).toEqual([70, 70, 70])
    expect(world.size).toBe(0)
  })

  it('that is uniform lies anywhere between two bounds', () => {
    const delays = delaysOf({ delayDistribution: { type: 'uniform', lower: 100, upper: 300 } })
    expect(delays[0]).toBeGreaterThanOrEqual(100)
    expect(delays[0]).toBeLessThan(105)
    expect(delays.at(-1)).toBeLessThanOrEqual(300)
    expect(delays.at(-1)).toBeGreaterThan(295)
    expect(Math.abs((delays[1_000] ?? 0) - 200)).toBeLessThan(10)
    expect(delaysOf({ delayDistribution: { type: 'uniform', lower: 5, upper: 5 } })).toEqual(times(2_000, () => 5))
  })

  it('that is log-normal has its median, a long tail, and a bound', () => {
    const delays = delaysOf({ delayDistribution: { type: 'lognormal', median: 100, sigma: 0.5 } })
    expect(Math.abs((delays[1_000] ?? 0) - 100)).toBeLessThan(8)
    // Of a normal deviate 84 % are below one sigma: of its exponential, below the median times e^sigma.
    expect(Math.abs((delays[1_683] ?? 0) - 100 * Math.exp(0.5))).toBeLessThan(15)
    expect(delays.at(-1)).toBeGreaterThan(300)
    const bounded = delaysOf({ delayDistribution: { type: 'lognormal', median: 100, sigma: 0.5, maxValue: 120 } })
    expect(bounded.at(-1)).toBe(120)
    expect(delaysOf({ delayDistribution: { type: 'lognormal', median: 3_600_000, sigma: 10 } }).at(-1)).toBe(3_600_000)
    expect(delaysOf({ delayDistribution: { type: 'lognormal', median: 40, sigma: 0 } })).toEqual(times(2_000, () => 40))
  })
})

describe('a match', () => {
  const call: Partial<Called> = {
    path: { id: 'x', ids: ['x', 'y'] },
    query: { limit: 10, flag: true },
    header: { 'x-context': { account: 'one', channel: 12 } },
    body: { lines: [{ sku: 'a' }, { sku: 'b' }], note: null, tags: ['red'] },
  }

  it.each<[WrittenFault['match'], boolean]>([
    [{ id: 'x' }, true],
    [{ id: 'y' }, false],
    [{ ids: 'y' }, true],
    [{ ids: 'z' }, false],
    [{ 'ids/1': 'y' }, true],
    [{ 'ids/1': 'x' }, false],
    [{ limit: 10 }, true],
    [{ limit: '10' }, true],
    [{ limit: 11 }, false],
    [{ flag: true }, true],
    [{ 'x-context/account': 'one' }, true],
    [{ 'X-Context/account': 'one' }, true],
    [{ 'x-context/channel': '12' }, true],
    [{ 'x-context/stage': 'one' }, false],
    [{ 'x-context': 'one' }, false],
    [{ '/lines/1/sku': 'b' }, true],
    [{ '/lines/0/sku': 'b' }, false],
    [{ '/lines/2/sku': 'b' }, false],
    [{ '/note': null }, true],
    [{ '/nothing': null }, false],
    [{ '/tags': 'red' }, true],
    [{ id: 'x', '/note': null }, true],
    [{ id: 'y', '/note': null }, false],
    [{ constructor: 'x' }, false],
    [{}, true],
  ])('on %j is %s', (match = {}, isMet) => expect(sessionWith(faultsOf({ match, status: 503 })).ask(call).hit !== undefined).toBe(isMet))
})

describe('what hits a request', () => {
  const duration = fc.integer({ min: 1, max: 20 }).map((seconds) => `${seconds}s`)
  const written: fc.Arbitrary<WrittenFault> = fc
    .record(
      {
        operation: fc.constantFrom(...NAMES),
        calls: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.record({ first: fc.integer({ min: 1, max: 5 }) })),
        probability: fc.double({ min: 0.01, max: 1, noNaN: true }),
        during: fc.record({ from: duration }),
        limit: fc.record({ requests: fc.integer({ min: 0, max: 3 }), per: duration }),
        at: fc.constantFrom('before', 'after'),
        fixedDelayMilliseconds: fc.integer({ min: 0, max: 9 }),
      },
      { requiredKeys: [] },
    )
    .map((fault) => ({ ...fault, status: 503 }))
  const asked = fc.array(fc.record({ operation: fc.constantFrom(...NAMES), after: fc.integer({ min: 0, max: 5_000 }) }), {
    minLength: 10,
    maxLength: 40,
  })
  const all = fc.array(written, { minLength: 2, maxLength: 6 })

  it('changes nothing but the counts of the faults that looked', () =>
    fc.assert(
      fc.property(all, asked, (list, calls) => {
        const faults = faultsOf(...list)
        const { ask, world } = sessionWith(faults)
        let now = 0
        for (const { operation, after } of calls) {
          const { changes } = ask({ operation }, (now += after))
          const own = faults.filter(({ operations }) => operations.length === 0 || operations.includes(operation))
          for (const { id } of changes) expect(own.map((fault) => faultCounter(fault.id))).toContain(id)
          expect(changes.every(({ kind, to }: Change) => kind === 'counter' && to !== undefined)).toBe(true)
        }
        expect(world.size).toBeLessThanOrEqual(faults.length)
      }),
    ))

  it('is by the first of several, and the others count as if it were alone', () =>
    fc.assert(
      fc.property(all, asked, (list, calls) => {
        const faults = faultsOf(...list)
        const together = sessionWith(faults)
        const alone = faults.map((fault) => sessionWith([fault]))
        let now = 0
        for (const { operation, after } of calls) {
          now += after
          const apart = alone.map(({ ask }) => ask({ operation }, now).hit)
          expect(together.ask({ operation }, now).hit).toEqual(apart.find((one) => one !== undefined))
        }
      }),
    ))

  it('is of one session only', () =>
    fc.assert(
      fc.property(all, asked, (list, calls) => {
        const faults = faultsOf(...list)
        const [one, other, third] = [sessionWith(faults), sessionWith(faults), sessionWith(faults)]
        const alone = calls.map(({ operation, after }) => one.ask({ operation }, after).hit)
        const mixed = calls.map(({ operation, after }) => {
          third.ask({ operation }, after)
          return other.ask({ operation }, after).hit
        })
        expect(mixed).toEqual(alone)
      }),
    ))

  it('leaves so many requests in each span alone, and says when the next begins', () => {
    const { ask } = sessionWith(faultsOf({ limit: { requests: 2, per: '10s' } }))
    const met = [0, 1_000, 2_500, 9_999, 10_000, 30_000, 39_000, 39_500, 40_000].map((after) => ask({}, after).hit?.retryAfter)
    expect(met).toEqual([undefined, undefined, 8, 1, undefined, undefined, undefined, 1, undefined])
  })
})
