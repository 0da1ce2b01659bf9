import { faker } from '@faker-js/faker/locale/en'

/**
 * Faker's names and streets, in the order in which it draws them, without its reading of templates: that is half of what a person costs.
 * `names.test.ts` holds them against faker's own.
 */

/** Numbers in [0, 1), one after the other. */
type Draw = () => number

const { person, location } = faker.rawDefinitions
const [generic, ofWomen, ofMen] = [person?.first_name?.generic, person?.first_name?.female, person?.first_name?.male].map(
  (names) => names ?? [],
)
const lastNames = person?.last_name?.generic ?? []
const [suffixes, streets] = [location?.street_suffix ?? [], location?.street_name ?? []]

export function firstName(draw: Draw): string {
  const own = (draw() < 0.5 ? ofWomen : ofMen) ?? []
  const shared = generic ?? []
  const ofOwn = 3 * Math.sqrt(own.length)
  return one(draw() * (ofOwn + Math.sqrt(shared.length)) < ofOwn ? own : shared, draw)
}

export function lastName(draw: Draw): string {
  // Of which sex makes no difference, and is drawn.
  draw()
  const isDouble = draw() * 100 >= 95
  return isDouble ? `${one(lastNames, draw)}-${one(lastNames, draw)}` : one(lastNames, draw)
}

export function street(draw: Draw): string {
  const form = Math.floor(draw() * 3)
  if (form === 2) return one(streets, draw)
  return `${form === 0 ? firstName(draw) : lastName(draw)} ${one(suffixes, draw)}`
}

function one(values: readonly string[], draw: Draw): string {
  return values[Math.floor(draw() * values.length)] ?? ''
}
