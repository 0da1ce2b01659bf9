import type { Located, Reader } from './schema.ts'

/** All that a schema says: itself and what it refers to, each by its place. Two of which this is the same say the same of every value. */
export function closureOf(schema: Located, reader: Reader): string {
  const found = new Map<string, unknown>()
  const add = (one: Located): void => {
    const place = `${one.uri}#${one.pointer}`
    if (found.has(place)) return
    found.set(place, one.value)
    follow(one.value, one)
  }
  const follow = (value: unknown, within: Located): void => {
    if (typeof value !== 'object' || value === null) return
    const target = '$ref' in value ? reader.target({ ...within, value: { ...value } }) : undefined
    if (target) add(target)
    for (const key in value) follow(Reflect.get(value, key), within)
  }
  add(schema)
  return JSON.stringify([...found])
}
