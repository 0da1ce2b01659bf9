import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { findBy } from '../../src/core/places.ts'

it('finds the first of a name, in a short list and in a long one', () => {
  const lists = fc.array(fc.record({ name: fc.integer({ min: 0, max: 9 }), place: fc.nat() }), { maxLength: 20 })
  fc.assert(
    fc.property(lists, fc.integer({ min: 0, max: 10 }), (list, wanted) => {
      expect(findBy(list, ({ name }) => name)(wanted)).toBe(list.find(({ name }) => name === wanted))
    }),
  )
})
