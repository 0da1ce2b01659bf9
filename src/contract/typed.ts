import { parsedJson } from '../base/decode.ts'
import { isJson, type Json, type Located, type Reader } from './schema.ts'

/** The types that a schema allows, by name; none where it says nothing of them. */
type Types = ReadonlySet<string>

/** What texts of a request may be turned into, where a schema says it: of the value, of a list's elements, of an object's members. */
export interface Typed {
  readonly own: Types
  readonly items: Typed
  /** The members that the schema names. */
  readonly names: ReadonlySet<string>
  /** Whether it says that an object may have others. */
  readonly isFree: boolean
  member(name: string): Typed
}

/** Of a value of which nothing is said. */
const UNTYPED: Typed = {
  own: new Set(),
  get items() {
    return UNTYPED
  },
  names: new Set(),
  isFree: false,
  member: () => UNTYPED,
}

/** Reads the types that schemas allow which speak of one value, branches of choices included. What lies deeper is read when it is met. */
export function typedBy(schemas: readonly Located[], reader: Reader): Typed {
  if (schemas.length === 0) return UNTYPED
  const seen = new Set<object>()
  const all = schemas.flatMap((schema) => branchesOf(schema, reader, seen))
  const properties = Map.groupBy(
    all.flatMap((one) => reader.schemas(one, 'properties')),
    ([name]) => name,
  )
  const others = all.flatMap((one) => reader.schema(one, 'additionalProperties') ?? []).filter(({ value }) => !isNever(value))
  const known = new Map<string, Typed>()
  let items: Typed | undefined
  return {
    own: new Set(all.flatMap(({ value }) => typesOf(value))),
    get items() {
      return (items ??= typedBy(
        all.flatMap((one) => [...reader.schemas(one, 'prefixItems').map(([, item]) => item), reader.schema(one, 'items') ?? []].flat()),
        reader,
      ))
    },
    names: new Set(properties.keys()),
    isFree: others.length > 0,
    member(name) {
      const found = known.get(name) ?? typedBy(properties.get(name)?.map(([, property]) => property) ?? others, reader)
      // What clients call theirs is not kept.
      if (properties.has(name)) known.set(name, found)
      return found
    },
  }
}

/** Whether a text can be nothing but a list or an object. */
export function isComposed({ own }: Typed): boolean {
  return own.size > 0 && [...own].every((type) => COMPOSED.has(type))
}

const COMPOSED: ReadonlySet<string> = new Set(['array', 'object'])

/** Whether it may be more than one thing, a text among them. */
export function isOpenToText({ own }: Typed): boolean {
  return own.has('string') && own.size > 1
}

/** Not the schema `false`, as the reader writes it out. */
function isNever({ not }: Json): boolean {
  return isJson(not) && Object.keys(not).length === 0
}

/** The schema, what it refers to, and its branches. */
function branchesOf(schema: Located, reader: Reader, seen: Set<object>): Located[] {
  if (seen.has(schema.value)) return []
  seen.add(schema.value)
  const listed = ['allOf', 'anyOf', 'oneOf', 'dependentSchemas'].flatMap((key) => reader.schemas(schema, key).map(([, branch]) => branch))
  const single = ['if', 'then', 'else'].flatMap((key) => reader.schema(schema, key) ?? [])
  return [schema, ...[reader.target(schema) ?? [], listed, single].flat().flatMap((branch) => branchesOf(branch, reader, seen))]
}

/** Keywords by the type that they speak of, for schemas that do not say one. */
const SPOKEN_OF: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['object', ['properties', 'additionalProperties', 'patternProperties', 'required', 'minProperties', 'maxProperties']],
  ['array', ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
  ['string', ['pattern', 'minLength', 'maxLength']],
]

function typesOf(schema: Json): string[] {
  const { type } = schema
  if (type !== undefined) return [type].flat().filter((one) => typeof one === 'string')
  const listed = [...(Array.isArray(schema['enum']) ? schema['enum'] : []), ...('const' in schema ? [schema['const']] : [])]
  const spoken = SPOKEN_OF.filter(([, keywords]) => keywords.some((keyword) => keyword in schema)).map(([of]) => of)
  return [...listed.map(typeOf), ...spoken]
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * The text as the type its schema asks for; as it is when it cannot be read so, for the schema to refuse. Where a text would do as well, only
 * what is written as JSON would write it is a number: `007` is none.
 */
export function coerce(text: string, typed: Typed, asText: boolean): unknown {
  const { own } = typed
  // Nobody says how what lies deeper is written (OpenAPI 3.1.1, 4.8.12): clients write it as JSON.
  if (isComposed(typed)) return /^\s*[{[]/.test(text) ? (parsedJson(text) ?? text) : text
  const mayBeText = own.has('string')
  if (own.size === 0 || (asText && mayBeText)) return text
  if ((own.has('integer') || own.has('number')) && NUMBER.test(text)) {
    const number = Number(text)
    if (Number.isFinite(number) && (!mayBeText || String(number) === text)) return number
  }
  if (own.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (own.has('null') && (text === 'null' || (text === '' && !mayBeText))) return null
  return text
}
