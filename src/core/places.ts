/**
 * The place of the first element with each name. Lists that clients send may have tens of thousands of elements: to look through one list
 * for each element of another would take the product of both.
 */
export function placesBy<T, Name>(list: readonly T[], nameOf: (one: T) => Name): ReadonlyMap<Name, number> {
  const places = new Map<Name, number>()
  for (const [place, one] of list.entries()) {
    const name = nameOf(one)
    if (!places.has(name)) places.set(name, place)
  }
  return places
}

/** So few are looked through before a map of them is made. */
const FEW = 8

/** The first element with a name. */
export function findBy<T, Name>(list: readonly T[], nameOf: (one: T) => Name): (name: Name) => T | undefined {
  if (list.length <= FEW) return (name) => list.find((one) => nameOf(one) === name)
  const places = placesBy(list, nameOf)
  return (name) => {
    const place = places.get(name)
    return place === undefined ? undefined : list[place]
  }
}
