import { pointerPart } from '../base/http.ts'
import { isJson, type Located, type Reader } from './schema.ts'

/** What several schemas together declare, as far as names go. */
export interface Shape {
  readonly members: ReadonlyMap<string, Shape>
  readonly items: Shape | undefined
  /** Anything may stand here. */
  readonly open: boolean
}

/** Says what schemas declare that all speak of one value: a name is declared when one of them, or any branch of one, declares it. */
export function createShapes(reader: Reader): (schemas: readonly Located[]) => Shape {
  const known = new Map<string, Shape>()

  function shapeOf(schemas: readonly Located[]): Shape {
    const key = schemas.map(({ uri, pointer }) => `${uri}#${pointer}`).join(' ')
    const found = known.get(key)
    if (found) return found
    const members = new Map<string, Located[]>()
    const items: Located[] = []
    let open = false
    const seen = new Set<object>()
    const collect = (schema: Located): void => {
      if (seen.has(schema.value)) return
      seen.add(schema.value)
      const { additionalProperties, patternProperties, unevaluatedProperties } = schema.value
      if (
        patternProperties !== undefined ||
        [additionalProperties, unevaluatedProperties].some((rule) => rule !== undefined && rule !== false)
      )
        open = true
      for (const [name, member] of reader.schemas(schema, 'properties')) members.set(name, [...(members.get(name) ?? []), member])
      for (const one of [reader.schema(schema, 'items')]) if (one) items.push(one)
      const branches = ['allOf', 'anyOf', 'oneOf', 'dependentSchemas'].flatMap((name) =>
        reader.schemas(schema, name).map(([, branch]) => branch),
      )
      const others = ['if', 'then', 'else'].map((name) => reader.schema(schema, name))
      for (const branch of [reader.target(schema), ...branches, ...others]) if (branch) collect(branch)
    }
    for (const schema of schemas) collect(schema)
    const shapes = new Map<string, Shape>()
    // Registered before its members are looked at: a schema may contain itself. One that names no member at all leaves names free.
    const shape = { members: shapes, items: undefined as Shape | undefined, open: open || members.size === 0 }
    known.set(key, shape)
    for (const [name, located] of members) shapes.set(name, shapeOf(located))
    if (items.length > 0) shape.items = shapeOf(items)
    return shape
  }
  return shapeOf
}

export function isDeclared(value: unknown, shape: Shape): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) {
    const { items } = shape
    return items === undefined || value.every((element) => isDeclared(element, items))
  }
  if (shape.members.size === 0 || !isJson(value)) return true
  for (const name of Object.keys(value)) {
    const member = shape.members.get(name)
    if (member ? !isDeclared(value[name], member) : !shape.open) return false
  }
  return true
}

/** What `isDeclared` found wanting, each with the pointer of the object that has it. */
export function* strangers(
  value: unknown,
  shape: Shape,
  pointer: string,
): Generator<{ readonly pointer: string; readonly name: string; readonly declared: Iterable<string> }> {
  if (Array.isArray(value)) {
    if (shape.items) for (let index = 0; index < value.length; index++) yield* strangers(value[index], shape.items, `${pointer}/${index}`)
  } else if (typeof value === 'object' && value !== null && shape.members.size > 0) {
    for (const [name, inner] of Object.entries(value)) {
      const member = shape.members.get(name)
      if (member) yield* strangers(inner, member, `${pointer}/${pointerPart(name)}`)
      else if (!shape.open) yield { pointer, name, declared: shape.members.keys() }
    }
  }
}
