import { parsedJson } from '../base/decode.ts'
import type { Located, Reader } from './schema.ts'

/** Texts of parameters and forms, as what their schemas ask for. */

export type Types = ReadonlySet<string>

/** Types that raw texts may be turned into: of the value, of a list's elements, of an object's members. */
export interface ValueTypes {
  readonly own: Types
  readonly items: Types
  readonly members: ReadonlyMap<string, Types>
}

export const NO_TYPES: ValueTypes = { own: new Set(), items: new Set(), members: new Map() }

export function typesOf(schema: Located, reader: Reader): ValueTypes {
  const all = branchesOf(schema, reader)
  const own = (schemas: readonly Located[]): Types =>
    new Set(schemas.flatMap(({ value }) => [value['type']].flat()).filter((type) => typeof type === 'string'))
  const items = all.flatMap((one) => reader.schema(one, 'items') ?? [])
  const members = all.flatMap((one) => reader.schemas(one, 'properties'))
  return {
    own: own(all),
    items: own(items.flatMap((one) => branchesOf(one, reader))),
    members: new Map(members.map(([name, member]) => [name, own(branchesOf(member, reader))])),
  }
}

/** The schema, what it refers to, and its branches: all that may say something of a value. */
export function branchesOf(schema: Located, reader: Reader, seen = new Set<object>()): Located[] {
  if (seen.has(schema.value)) return []
  seen.add(schema.value)
  const branches = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => reader.schemas(schema, key).map(([, branch]) => branch))
  const target = reader.target(schema)
  return [schema, ...(target ? [target, ...branches] : branches).flatMap((branch) => branchesOf(branch, reader, seen))]
}

/** The text as the type its schema asks for; as it is when it cannot be read so, for the schema to refuse. */
export function coerce(value: string, types: Types | undefined): unknown {
  if (!types || types.size === 0) return value
  if ((types.has('integer') || types.has('number')) && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) && Number.isFinite(Number(value)))
    return Number(value)
  if (types.has('boolean') && (value === 'true' || value === 'false')) return value === 'true'
  if (types.has('null') && value === 'null') return null
  // No style says how objects and lists go into one text where they stand in others: JSON is what is sent.
  const isJsonLike = /^\s*[{[]/.test(value) && !types.has('string') && (types.has('object') || types.has('array'))
  return isJsonLike ? (parsedJson(value) ?? value) : value
}
