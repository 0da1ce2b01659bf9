import { kindOf } from '../document/keys.ts'
import { isJson, type Located, passingOver, type Reader } from './schema.ts'

/** All that a schema says: itself and what it refers to, each by its place. Two of which this is the same say the same of every value. */
export function closureOf(schema: Located, reader: Reader): string {
  // What leads nowhere is told by whoever compiles the schema.
  const { target: targetOf } = passingOver(reader)
  const found = new Map<string, unknown>()
  const add = (one: Located): void => {
    const place = `${one.uri}#${one.pointer}`
    if (found.has(place)) return
    found.set(place, one.value)
    follow(one.value, one)
  }
  const follow = (value: unknown, within: Located, isNamed = false): void => {
    if (typeof value !== 'object' || value === null) return
    const target = !isNamed && isJson(value) ? targetOf({ ...within, value }) : undefined
    if (target) add(target)
    for (const key in value) {
      const kind = kindOf(key, isNamed)
      if (kind !== 'data') follow(Reflect.get(value, key), within, kind === 'names')
    }
  }
  add(schema)
  return JSON.stringify([...found])
}
