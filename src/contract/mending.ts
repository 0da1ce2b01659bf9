import { isJson, type Json } from './schema.ts'

/** What a schema speaks of. */
export type Role = 'request' | 'response'

/** What people write for the types that there are. */
const TYPES: Readonly<Record<string, string | undefined>> = {
  int: 'integer',
  int32: 'integer',
  int64: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'number',
  bool: 'boolean',
  str: 'string',
  text: 'string',
  date: 'string',
  datetime: 'string',
  'date-time': 'string',
  uuid: 'string',
  file: 'string',
  binary: 'string',
  list: 'array',
  map: 'object',
  dict: 'object',
  any: undefined,
}

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isText = (value: unknown): boolean => typeof value === 'string'
const isSchema = (value: unknown): boolean => isJson(value) || typeof value === 'boolean'
const isSchemas = (value: unknown): boolean => Array.isArray(value) && value.length > 0

/** What the value of a keyword has to be: with any other the keyword checks nothing. */
const KEYWORDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  minimum: isNumber,
  maximum: isNumber,
  multipleOf: (value) => typeof value === 'number' && value > 0,
  minLength: isNumber,
  maxLength: isNumber,
  minItems: isNumber,
  maxItems: isNumber,
  minProperties: isNumber,
  maxProperties: isNumber,
  uniqueItems: (value) => typeof value === 'boolean',
  pattern: isText,
  format: isText,
  enum: isSchemas,
  items: isSchema,
  additionalProperties: isSchema,
  not: isSchema,
  properties: isJson,
  patternProperties: isJson,
  allOf: isSchemas,
  anyOf: isSchemas,
  oneOf: isSchemas,
}

/** Words of JSON Schema's older drafts that newer readers refuse, and those that say what drafts are meant. */
const OLD = new Set(['id', '$schema'])

/** What may have to be mended. */
const MENDED: ReadonlySet<string> = new Set([...OLD, 'type', 'required', ...Object.keys(KEYWORDS)])

/** Objects with one of these are no schemas: there `required` is a yes or no. */
const OTHERS = ['in', 'content', 'schema'] as const
/** Objects without any of these may be headers, of which nothing is said but that they are required. */
const OWN = ['type', 'properties', '$ref', 'allOf', 'anyOf', 'oneOf', 'items', 'enum', 'format', 'additionalProperties'] as const

/**
 * A schema without slips that documents are full of, and that every reader passes over but the strict: `required: true`, limits as texts, lists of
 * nothing, `type: int`. What contradicts itself is passed over in requests alone, which could not be sent else: answers keep to the letter.
 * The same where there are none.
 */
export function mended(schema: Json, role: Role): Json {
  let changed: Map<string, unknown> | undefined
  for (const key in schema) {
    if (!MENDED.has(key)) continue
    const value = schema[key]
    const now = mendedValue(key, value, schema, role)
    if (now === value) continue
    if (OTHERS.some((other) => Object.hasOwn(schema, other))) return schema
    changed ??= new Map(Object.entries(schema))
    if (now === undefined) changed.delete(key)
    else if (key === 'items' && Array.isArray(now)) {
      changed.delete(key)
      changed.set('prefixItems', now)
    } else changed.set(key, now)
  }
  return changed ? Object.fromEntries(changed) : schema
}

function mendedValue(key: string, value: unknown, schema: Json, role: Role): unknown {
  if (OLD.has(key)) return typeof value === 'string' && (key !== 'id' || 'type' in schema || 'properties' in schema) ? undefined : value
  if (key === 'type') return role === 'request' && isOfNone(schema['enum'], typeOf(value)) ? undefined : typeOf(value)
  if (key === 'required' && typeof value === 'boolean' && !OWN.some((one) => Object.hasOwn(schema, one))) return value
  if (key === 'required') return value === null || typeof value === 'boolean' || typeof value === 'string' ? undefined : value
  const fits = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined
  if (key === 'enum' && role === 'request' && Array.isArray(value) && value.length > 0) {
    // Values of elements, or of nothing, said of a list or an object.
    if (COMPOSED.has(typeOf(schema['type'])) && !value.some(isComposed)) return undefined
    return listOf(value, typeOf(schema['type']))
  }
  if (!fits || fits(value)) return value
  // Tuples of older drafts.
  if (key === 'items' && isSchemas(value)) return [value].flat()
  if (fits === isSchemas && isJson(value)) return [value]
  const number = fits === isNumber && typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

function isOf(value: unknown, type: string): boolean {
  return typeof value === (type === 'integer' ? 'number' : type)
}

/** The values of a list in the type that is said: YAML reads `on` and `1` as what they look like, and generators write all as texts. */
function listOf(list: readonly unknown[], type: unknown): readonly unknown[] {
  if (typeof type !== 'string' || !SCALAR.has(type)) return list
  if (list.some((value) => value !== null && isOf(value, type)) || list.every((value) => value === null)) return list
  return list.map((value) => {
    if (type === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    if (type === 'boolean') return value === 'true' || (value === 'false' ? false : value)
    return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
  })
}

const COMPOSED: ReadonlySet<unknown> = new Set(['array', 'object'])

function isComposed(value: unknown): boolean {
  return typeof value === 'object'
}

/** Whether none of the values that are listed can be of the type: `type: integer`, `enum: ['0 (Standard)']`. Then the list is what is meant. */
function isOfNone(list: unknown, type: unknown): boolean {
  if (!Array.isArray(list) || list.length === 0 || typeof type !== 'string' || !SCALAR.has(type)) return false
  return !listOf(list, type).some((value) => value === null || isOf(value, type))
}

const SCALAR = new Set(['string', 'number', 'integer', 'boolean'])

function typeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value
  if (typeof value !== 'string') return value === null ? 'null' : value
  if (PLAIN.has(value)) return value
  const known = value.toLowerCase()
  if (Object.hasOwn(TYPES, known)) return TYPES[known]
  return PLAIN.has(known) ? known : value
}

const PLAIN: ReadonlySet<string> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])
