import { choicesOf, conditionOf } from '../../contract/discriminator.ts'
import { isJson, type Json, type Located, type Reader } from '../../contract/schema.ts'

/** Where the schemas of answers stand in the document for the comparator. */
export const RECEIVED = 'x-received'

/** What a schema is asked about: what a consumer sends, whole, or what it expects, of which it names only the parts that it reads. */
export type Role = 'sent' | 'received'

const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const SCHEMAS = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
])
/** Data that no check needs; `examples` of OpenAPI 3.0 even makes ajv refuse the schema. */
const DATA = new Set(['description', 'title', 'example', 'examples', 'default', 'externalDocs', 'xml'])
/** The comparator looks for references in these only, and in what else a schema says ajv does not find what they lead to. */
const FOLLOWED = new Set(['$ref', 'allOf', 'oneOf', 'anyOf', 'properties', 'not', 'items', 'additionalProperties'])
/** What these demand depends on what is left out, and a consumer leaves out of an answer whatever it does not read. */
const ON_ABSENCE = new Set([
  'required',
  'minProperties',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedProperties',
])
/** What these say of a value does not. */
const OF_VALUES = new Set([
  'type',
  'enum',
  'const',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
])

/** The schemas of a document as the comparator reads them without false alarms. */
export class Schemas {
  readonly #readers: Readonly<Record<Role, Reader>>
  readonly #main: string
  /** What references lead to, by the names that it has under `components`. */
  readonly #found = { sent: new Map<string, unknown>(), received: new Map<string, unknown>() }
  readonly #names = new Map<string, string>()
  readonly #recursive = new Map<string, boolean>()

  /** @param main the URI of the document's main file */
  constructor(readers: Readonly<Record<Role, Reader>>, main: string) {
    this.#readers = readers
    this.#main = main
  }

  /** What the schemas written so far refer to. */
  found(role: Role): Json {
    return Object.fromEntries(this.#found[role])
  }

  /**
   * The comparator's own changes to the schemas of answers: it takes away `required` everywhere, closes what says `type: object` and is not
   * composed, even where it says `additionalProperties: true`, and merges `allOf`. So
   * - `oneOf` would fit two branches at once: any one has to do, or the one that a discriminator's value names;
   * - `anyOf` of requirements alone would be left with branches that fit anything, but keep the object from being closed;
   * - `type: [object, 'null']` of OpenAPI 3.1, or no type, would stay open to names that the document does not have;
   * - `additionalProperties: true` would refuse what the document expressly allows;
   * - `not` of requirements would fit nothing.
   */
  written(schema: Located, role: Role, isBranch = false): unknown {
    const { value } = schema
    const inner = (one: unknown, isBranch = false): unknown => (isJson(one) ? this.written({ ...schema, value: one }, role, isBranch) : one)
    const entries = Object.entries(value).flatMap(([key, one]): [string, unknown][] => {
      // A discriminator stands as a condition.
      if (DATA.has(key) || key.startsWith('x-') || key === 'discriminator') return []
      if (role === 'received' && ON_ABSENCE.has(key) && !isOfValues(key, value)) return []
      if (key === '$ref') return typeof one === 'string' ? [[key, this.#reference(schema, role)]] : []
      if (key === 'additionalProperties' && one === true) return [[key, {}]]
      if (key === 'properties' && isJson(one)) return [[key, mapped(one, (property) => this.#unmerged(property, inner(property), schema))]]
      if (SCHEMA_MAPS.has(key)) return [[key, mapped(one, inner)]]
      if (SCHEMA_LISTS.has(key)) return [[key, listed(one, (branch) => inner(branch, key === 'allOf'))]]
      return [[key, SCHEMAS.has(key) ? inner(one) : one]]
    })
    const changed = asTuple(Object.fromEntries(entries))
    const choice = role === 'received' ? choicesOf(schema, this.#readers.received) : undefined
    const conditions = choice && conditionOf({ ...choice, branches: choice.branches.map((one) => ({ ...one, branch: inner(one.branch) })) })
    return anchored(role === 'sent' ? changed : { ...closed(anyOfThem(changed), isBranch), ...conditions })
  }

  /** Where what a schema refers to stands for the comparator. */
  #reference(schema: Located, role: Role): string {
    const target = this.#readers[role].target(schema) ?? schema
    const name = this.#nameOf(target)
    const known = this.#found[role]
    if (!known.has(name)) {
      // It may refer to itself.
      known.set(name, {})
      known.set(name, this.written(target, role))
    }
    return `#/components/${role === 'sent' ? 'schemas' : RECEIVED}/${name}`
  }

  /** A schema's own name where it has one that needs no escapes, which the comparator and ajv read differently. */
  #nameOf({ uri, pointer }: Located): string {
    const place = `${uri}#${pointer}`
    const known = this.#names.get(place)
    if (known !== undefined) return known
    const [, own] = (uri === this.#main && /^\/components\/schemas\/([a-z][\w.-]*)$/i.exec(pointer)) || []
    const name = own ?? `x-${this.#names.size}-${place.replaceAll(/[^\w.-]+/g, '_')}`
    this.#names.set(place, name)
    return name
  }

  /** The comparator writes out properties of `allOf` that are references alone, without end where they lead back. */
  #unmerged(property: unknown, changed: unknown, from: Located): unknown {
    if (!isJson(property) || !isJson(changed) || Object.keys(changed).join() !== '$ref') return changed
    const target = this.#readers.received.target({ ...from, value: property })
    return target && this.#isRecursive(target) ? { ...changed, 'x-recursive': true } : changed
  }

  #isRecursive(schema: Located): boolean {
    const place = placeOf(schema)
    const known = this.#recursive.get(place) ?? this.#leadsTo(schema, place, new Set())
    this.#recursive.set(place, known)
    return known
  }

  #leadsTo(from: Located, place: string, seen: Set<string>): boolean {
    return referencesIn(from.value).some((reference) => {
      const target = this.#readers.received.target({ ...from, value: reference })
      if (!target) return false
      const here = placeOf(target)
      if (here === place) return true
      if (seen.has(here)) return false
      seen.add(here)
      return this.#leadsTo(target, place, seen)
    })
  }
}

const placeOf = ({ uri, pointer }: Located): string => `${uri}#${pointer}`

/** Whether what a keyword says of an answer is true of what a consumer reads of it as well. */
function isOfValues(key: string, schema: Json): boolean {
  if (key !== 'not' && key !== 'if' && key !== 'then' && key !== 'else') return false
  const condition = schema[key === 'not' ? 'not' : 'if']
  return typeof condition === 'boolean' || (isJson(condition) && Object.keys(condition).every((one) => OF_VALUES.has(one)))
}

/** The comparator's ajv is of 2019: tuples were lists of `items` then. */
function asTuple({ prefixItems, items, ...rest }: Json): Json {
  if (prefixItems === undefined) return items === undefined ? rest : { ...rest, items }
  return { ...rest, items: prefixItems, ...(items !== undefined && { additionalItems: items }) }
}

function anyOfThem({ anyOf, oneOf, ...rest }: Json): Json {
  const branches: unknown = anyOf ?? oneOf
  if (!Array.isArray(branches) || branches.some((branch) => isJson(branch) && Object.keys(branch).length === 0)) return rest
  return { ...rest, anyOf: branches }
}

/** Branches of `allOf` are merged, and closed then. */
function closed(schema: Json, isBranch: boolean): Json {
  const isComposed = ['$ref', 'allOf', 'anyOf', 'additionalProperties', 'patternProperties'].some((key) => key in schema)
  return isComposed || isBranch || !isJson(schema['properties']) ? schema : { ...schema, additionalProperties: false }
}

/** References that the comparator would not find are repeated where it looks, in what is true of anything. */
function anchored(schema: Json): Json {
  const lost = Object.entries(schema).flatMap(([key, value]) =>
    FOLLOWED.has(key) && !(key === 'items' && Array.isArray(value)) ? [] : referencesIn(value),
  )
  if (lost.length === 0) return schema
  const nothing = { not: { anyOf: [{}, ...lost] } }
  return { ...schema, not: 'not' in schema ? { anyOf: [schema['not'], nothing] } : nothing }
}

/** The references in a value, each as a schema of its own. */
function referencesIn(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isJson(value)) return []
  const { $ref: reference } = value
  return [...(typeof reference === 'string' ? [{ $ref: reference }] : []), ...Object.values(value).flatMap(referencesIn)]
}

function mapped(value: unknown, change: (value: unknown) => unknown): Json {
  return isJson(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)])) : {}
}

function listed(value: unknown, change: (value: unknown) => unknown): unknown[] {
  return Array.isArray(value) ? value.map(change) : []
}
