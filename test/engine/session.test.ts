import { describe, expect, it } from 'vitest'
import { beginning, tryStart } from '../../src/engine/session.ts'
import { REGISTRY, sessionDefaults } from '../support.ts'

const KNOWN = { registry: REGISTRY, operations: new Map(), scenario: () => undefined, scenarios: () => [] }
const SCENARIO = { orders: [{ line_items: [{ quantity_ordered: 1 }] }] }

/** A start that has been tried at this time of the world. */
function tried(scenario: object, real: number) {
  const start = tryStart({ ...SCENARIO, ...scenario }, undefined, sessionDefaults(), KNOWN, real)
  if (start.kind !== 'start') throw new Error('it is refused')
  return start.start
}

describe('what a session begins with', () => {
  // Placing is most of what a scenario costs: who gets the same changes has not placed them again.
  it('is placed once where its clock stands still, whenever it begins', () => {
    const start = tried({}, 1_000_000)
    expect(beginning(start, 2_000_000, REGISTRY)).toBe(beginning(start, 3_000_000, REGISTRY))
    expect(beginning(start, 2_000_000, REGISTRY).map(({ kind }) => kind)).toContain('order')
  })

  it('is placed anew where its clock shows another time', () => {
    const start = tried({ clock: 'real' }, 1_700_000_000_000)
    const first = beginning(start, 1_700_000_000_000, REGISTRY)
    expect(beginning(start, 1_700_000_000_000, REGISTRY)).toBe(first)
    const later = beginning(start, 1_700_000_001_000, REGISTRY)
    expect(later).not.toBe(first)
    expect(later.find(({ kind }) => kind === 'order')?.to).toMatchObject({ createdAt: '2023-11-14T22:13:21.000000Z' })
  })

  it('is not that of another start', () => {
    expect(beginning(tried({ seed: 'a' }, 0), 0, REGISTRY)).not.toEqual(beginning(tried({ seed: 'b' }, 0), 0, REGISTRY))
  })
})
