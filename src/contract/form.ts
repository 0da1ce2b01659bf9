import { kindOf } from '../document/keys.ts'
import type { LoadedDocument } from '../document/load.ts'
import { choicesOf, conditionOf } from './discriminator.ts'
import { withoutDynamic } from './dynamic.ts'
import { mended } from './mending.ts'
import { BASE, createReader, isJson, type Json, type Located, partsOf, passingOver, type Reader } from './schema.ts'

/** Below these stand schemas by names that somebody chose. */
const SCHEMAS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions', 'schemas'])

/** What a schema speaks of. */
export type Role = 'request' | 'response'

/** Properties with this mark do not belong to what the role is about, whatever is required (OpenAPI 3.0, 4.7.24.2). */
const ABSENT = { request: 'readOnly', response: 'writeOnly' } as const

const NONE: ReadonlySet<string> = new Set()

/**
 * The document with its schemas as a validator of JSON Schema 2020-12 has to read them, for what is sent or for what is answered: without
 * requirements of properties that the other side alone has, with discriminators written out as conditions, and with what OpenAPI 3.0 says
 * otherwise in the words of 3.1. All that stands in the document has the same pointer in it, but for what is nullable without a type. The
 * document itself where there is nothing to do.
 */
export function formOf(given: LoadedDocument, role: Role): LoadedDocument {
  const document = withoutDynamic(given)
  if (!document.sources.some(({ content }) => isMarked(content, role))) return document
  const reader = passingOver(createReader(document))
  return {
    ...document,
    sources: document.sources.map((source) => ({
      ...source,
      content: new Forming(reader, role, source.uri).change(source.content),
    })),
  }
}

function isMarked(value: unknown, role: Role): boolean {
  if (Array.isArray(value)) return value.some((one) => isMarked(one, role))
  if (!isJson(value)) return false
  const { nullable, exclusiveMinimum, exclusiveMaximum, discriminator, $id: id } = value
  return (
    [value[ABSENT[role]], exclusiveMinimum, exclusiveMaximum].some((mark) => typeof mark === 'boolean') ||
    nullable !== undefined ||
    isJson(discriminator) ||
    typeof id === 'string' ||
    mended(value) !== value ||
    Object.entries(value).some(([key, one]) => SCHEMAS.has(key) && isJson(one) && Object.values(one).some((schema) => !isSchema(schema))) ||
    Object.values(value).some((one) => isMarked(one, role))
  )
}

/** Changes one file of a document. */
class Forming {
  readonly #reader: Reader
  readonly #role: Role
  readonly #uri: string
  /** How many schemas with an identity of their own are around. */
  #resources = 0
  /** What is being written out, lest a schema be written into itself. */
  readonly #open = new Set<object>()

  constructor(reader: Reader, role: Role, uri: string) {
    this.#reader = reader
    this.#role = role
    this.#uri = uri
  }

  /** @param absent Names of properties that a schema around this one marks, of which this one is a part. */
  change(given: unknown, isNamed = false, absent = NONE): unknown {
    if (Array.isArray(given)) return given.map((one) => this.change(one))
    if (!isJson(given)) return given
    const isResource = !isNamed && typeof given['$id'] === 'string'
    if (isResource) this.#resources++
    const value = isNamed ? given : mended(given)
    const all = isNamed ? NONE : absent.union(this.#marked(this.#located(value)))
    const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
      const kind = kindOf(key, isNamed)
      if (kind === 'data' || (!isNamed && key === 'discriminator')) return [key, inner]
      if (!isNamed && key === 'required' && Array.isArray(inner)) return [key, inner.filter((name) => !all.has(name))]
      if (!isNamed && key === 'allOf' && Array.isArray(inner)) return [key, inner.map((part) => this.#part(part, all))]
      if (!isNamed && key === '$ref' && this.#resources > 0) return [key, this.#whole(inner)]
      // Whatever else stands in its place, it allows anything.
      if (SCHEMAS.has(key) && !isNamed && isJson(inner)) return [key, this.change(withSchemas(inner), true)]
      return [key, this.change(inner, kind === 'names')]
    })
    if (isResource) this.#resources--
    const changed = Object.fromEntries(entries)
    return isNamed ? changed : this.#current(this.#chosen(changed, value))
  }

  /** A part of `allOf`. A requirement behind a reference cannot be taken out there, where others refer to it. */
  #part(part: unknown, absent: ReadonlySet<string>): unknown {
    const target = isJson(part) ? this.#reader.target(this.#located(part)) : undefined
    const isToBeWritten = target?.uri === this.#uri && !this.#open.has(target.value) && this.#requires(target, absent)
    if (!isToBeWritten || !isJson(part)) return this.change(part, false, absent)
    this.#open.add(target.value)
    const { $ref: _, ...beside } = part
    const written = this.change({ ...target.value, ...beside }, false, absent)
    this.#open.delete(target.value)
    return written
  }

  #marked(schema: Located): ReadonlySet<string> {
    const parts = partsOf(schema, this.#reader)
    const names = parts.flatMap((part) => this.#reader.schemas(part, 'properties').filter(([, property]) => this.#isMarked(property)))
    return new Set(names.map(([name]) => name))
  }

  #isMarked(property: Located): boolean {
    return partsOf(property, this.#reader).some(({ value }) => value[ABSENT[this.#role]] === true)
  }

  #requires(schema: Located, names: ReadonlySet<string>): boolean {
    return partsOf(schema, this.#reader).some(
      ({ value: { required } }) => Array.isArray(required) && required.some((name) => names.has(name)),
    )
  }

  /** The value that a discriminator looks at says which branch has to fit (OpenAPI 3.1, 4.8.25). */
  #chosen(changed: Json, schema: Json): Json {
    const choice = choicesOf(this.#located(schema), this.#reader)
    if (!choice) return changed
    const required: readonly unknown[] = Array.isArray(changed['required']) ? changed['required'] : []
    const { oneOf, ...rest } = changed
    // Where the value says which branch it is, it may fit others as well.
    const branches = choice.isClosed && oneOf !== undefined ? { ...rest, anyOf: oneOf } : changed
    const told: Json = { ...branches, required: [...new Set([...required, choice.property])] }
    // A condition of its own is left to stand.
    const parts: readonly unknown[] = Array.isArray(told['allOf']) ? told['allOf'] : []
    return 'if' in told ? { ...told, allOf: [...parts, conditionOf(choice)] } : { ...told, ...conditionOf(choice) }
  }

  /** Limits that exclude themselves, and null, in the words of OpenAPI 3.1, in whose documents the old ones are found as well. */
  #current(schema: Json): Json {
    const { nullable, minimum, exclusiveMinimum, maximum, exclusiveMaximum, ...rest } = schema
    const current = { ...rest, ...limits('Minimum', minimum, exclusiveMinimum), ...limits('Maximum', maximum, exclusiveMaximum) }
    if (nullable !== true) return current
    const { type } = schema
    return type === undefined ? { anyOf: [current, { type: 'null' }] } : { ...current, type: [type, 'null'].flat() }
  }

  /** A schema with an `$id` is a document of its own to JSON Schema; documents mean themselves all the same. */
  #whole(reference: unknown): unknown {
    return typeof reference === 'string' && reference.startsWith('#/') ? `${BASE}${encodeURI(this.#uri)}${reference}` : reference
  }

  #located(value: Json): Located {
    return { value, uri: this.#uri, pointer: '' }
  }
}

function limits(name: 'Minimum' | 'Maximum', limit: unknown, exclusive: unknown): Json {
  if (exclusive === true) return { [`exclusive${name}`]: limit }
  return {
    ...(limit !== undefined && { [name.toLowerCase()]: limit }),
    ...(exclusive !== undefined && exclusive !== false && { [`exclusive${name}`]: exclusive }),
  }
}

function isSchema(value: unknown): boolean {
  return isJson(value) || typeof value === 'boolean'
}

function withSchemas(named: Json): Json {
  return Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, isSchema(schema) ? schema : {}]))
}
