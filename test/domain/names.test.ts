import { expect, it } from 'vitest'
import { firstName, lastName, street } from '../../src/core/population/names.ts'
import { at, fakerAt, keyOf, seriesAt } from '../../src/core/population/random.ts'

it.each([
  ['a first name', firstName, () => fakerAt(here).person.firstName()],
  ['a last name', lastName, () => fakerAt(here).person.lastName()],
  ['a street', street, () => fakerAt(here).location.street()],
] as const)('%s is faker’s own', (name, own, fakers) => {
  for (let number = 0; number < 20_000; number++) {
    here = at(keyOf(name), number)
    expect(own(seriesAt(here))).toBe(fakers())
  }
})

let here = keyOf('')
