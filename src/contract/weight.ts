import { isJson, type Located, type Reader } from './schema.ts'

/** So many schemas may speak of one value. More are a slip, or meant to keep whoever checks a value busy. */
const MOST = 1_000_000

/** Keywords whose schemas speak of the same value. */
const LISTS = ['allOf', 'anyOf', 'oneOf', 'dependentSchemas'] as const
const SINGLES = ['if', 'then', 'else', 'not'] as const

/**
 * Finds a schema that stands for more schemas than can be gone through for one value: where each of some refers twice to the next, thirty of
 * them are a thousand million. Each schema is looked at once.
 * @returns the first that is found from a schema on; undefined where there is none
 */
export function createWeighing(reader: Reader): (schema: Located) => Located | undefined {
  const weights = new WeakMap<object, number>()
  const seen = new WeakMap<object, Located | undefined>()

  function weightOf(schema: Located): number {
    const known = weights.get(schema.value)
    if (known !== undefined) return known
    // One that comes back to itself ends there: ajv finds it once more, or never.
    weights.set(schema.value, 0)
    let weight = 1
    const target = reader.target(schema)
    if (target) weight += weightOf(target)
    for (const key of LISTS) for (const [, one] of reader.schemas(schema, key)) weight += weightOf(one)
    for (const key of SINGLES) {
      const one = reader.schema(schema, key)
      if (one) weight += weightOf(one)
    }
    weights.set(schema.value, weight)
    return weight
  }

  return function heavy(root) {
    if (seen.has(root.value)) return seen.get(root.value)
    const waiting = [root]
    let found: Located | undefined
    for (let schema = waiting.pop(); schema && !found; schema = waiting.pop()) {
      if (schema !== root && seen.has(schema.value)) {
        found = seen.get(schema.value)
        continue
      }
      if (weightOf(schema) > MOST) found = schema
      seen.set(schema.value, found)
      const target = reader.target(schema)
      if (target) waiting.push(target)
      for (const key of Object.keys(schema.value)) {
        if (!isJson(schema.value[key]) && !Array.isArray(schema.value[key])) continue
        if (INSIDE.has(key)) waiting.push(...[reader.schema(schema, key) ?? []].flat())
        if (NAMED.has(key)) for (const [, one] of reader.schemas(schema, key)) waiting.push(one)
      }
    }
    seen.set(root.value, found)
    return found
  }
}

const INSIDE: ReadonlySet<string> = new Set(
  [SINGLES, 'items', 'additionalProperties', 'propertyNames', 'contains', 'unevaluatedProperties', 'unevaluatedItems'].flat(),
)
const NAMED: ReadonlySet<string> = new Set([...LISTS, 'properties', 'patternProperties', 'prefixItems'])
