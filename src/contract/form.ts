import { hasWordsOf, kindOf, mayName, namedIn } from '../document/keys.ts'
import type { LoadedDocument } from '../document/load.ts'
import { choicesOf, conditionOf } from './discriminator.ts'
import { withoutDynamic } from './dynamic.ts'
import { mended, type Role } from './mending.ts'
import { onDemand } from './on-demand.ts'
import { BASE, createReader, isJson, type Json, type Located, partsOf, passingOver, type Reader } from './schema.ts'

/** Below these stand schemas by names that somebody chose. */
const SCHEMAS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions', 'schemas'])

/** A `$dynamicRef` that may mean several schemas: ajv takes it for the schema around, so nothing is held against it. Values are made by it. */
export const DYNAMIC = 'x-dynamic-ref'

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
  if (!document.sources.some(({ content }) => mayBeMarked(content) && isMarked(content, [ABSENT[role]], role))) return document
  const reader = passingOver(createReader(document))
  const names = new Set<string>()
  // Of two with one name the first keeps it: then the order counts.
  const isInOrder = document.sources.some(({ content }) => mayName(content))
  return {
    ...document,
    sources: document.sources.map((source, place) => {
      const forming = new Forming(reader, role, source.uri, names, document.sources)
      return { ...source, content: place === 0 && !isInOrder ? forming.main(source.content) : forming.change(source.content) }
    }),
  }
}

/** The document with `anyOf` wherever it has `oneOf` alone. */
export function loosened(document: LoadedDocument): LoadedDocument {
  return { ...document, sources: document.sources.map((source) => ({ ...source, content: loose(source.content) })) }
}

/** Where a thing stands then. */
export function looseningOf(pointer: string): string {
  return pointer.replaceAll(/\/oneOf(?=\/\d+(?:\/|$))/g, '/anyOf')
}

function loose(value: unknown, isNamed = false): unknown {
  if (Array.isArray(value)) return value.map((one) => loose(one))
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const kind = kindOf(key, isNamed)
      if (kind === 'data') return [key, inner]
      if (!isNamed && key === '$ref' && typeof inner === 'string') return [key, looseningOf(inner)]
      return [!isNamed && key === 'oneOf' && value['anyOf'] === undefined ? 'anyOf' : key, loose(inner, kind === 'names')]
    }),
  )
}

const marked = new WeakMap<object, boolean>()

/** Whether something in a file reads otherwise for one role at least. What does for answers does for requests as well. */
function mayBeMarked(content: unknown): boolean {
  if (typeof content !== 'object' || content === null) return false
  const known = marked.get(content)
  if (known !== undefined) return known
  const found = isMarked(content, Object.values(ABSENT), 'request')
  marked.set(content, found)
  return found
}

/** @param absent what marks properties that do not belong there */
function isMarked(value: unknown, absent: readonly string[], role: Role): boolean {
  if (Array.isArray(value)) return value.some((one) => isMarked(one, absent, role))
  if (!isJson(value)) return false
  if (mended(value, role) !== value) return true
  for (const key in value) {
    const inner = value[key]
    if (MARKS.get(key)?.(inner) === true || (typeof inner === 'boolean' && absent.includes(key))) return true
    if (typeof inner !== 'object' || inner === null) continue
    if (SCHEMAS.has(key) && isJson(inner) && !Object.values(inner).every(isSchema)) return true
    if (isMarked(inner, absent, role)) return true
  }
  return false
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isFlag = (value: unknown): boolean => typeof value === 'boolean'

/** Keywords, and what they have to be to mean something else than in JSON Schema 2020-12, or to need more than ajv gives them. */
const MARKS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['exclusiveMinimum', isFlag],
  ['exclusiveMaximum', isFlag],
  ['nullable', (value) => value !== undefined],
  ['discriminator', isJson],
  ['$id', isText],
  ['$anchor', isText],
  ['$dynamicAnchor', isText],
  ['$dynamicRef', isText],
])

/** Changes one file of a document. */
class Forming {
  readonly #reader: Reader
  readonly #role: Role
  readonly #uri: string
  /** The schemas with an identity of their own that are around. */
  readonly #resources: string[] = []
  /** Names that schemas have given themselves: of two of the same ajv knows none, nor any other schema of the document. */
  readonly #names: Set<string>
  /** What is being written out, lest a schema be written into itself. */
  readonly #open = new Set<object>()

  readonly #sources: LoadedDocument['sources']
  #anchors: readonly string[] | undefined

  constructor(reader: Reader, role: Role, uri: string, names: Set<string>, sources: LoadedDocument['sources']) {
    this.#reader = reader
    this.#sources = sources
    this.#names = names
    this.#role = role
    this.#uri = uri
  }

  /** The main file of a document: what it has by names, and below its components, is changed when it is asked for. Requests need little of it. */
  main(content: unknown): unknown {
    const changed = this.change(content, false, NONE, true)
    if (isJson(changed)) hasWordsOf(changed, content)
    return changed
  }

  /**
   * @param absent Names of properties that a schema around this one marks, of which this one is a part.
   * @param isOnDemand Whether what stands here by names is changed when it is asked for.
   */
  change(given: unknown, isNamed = false, absent = NONE, isOnDemand = false): unknown {
    if (Array.isArray(given)) return given.map((one) => this.change(one))
    if (!isJson(given)) return given
    const isResource = !isNamed && typeof given['$id'] === 'string'
    const value = isNamed ? given : this.#identified(mended(given, this.#role))
    if (isResource) this.#resources.push(String(value['$id']))
    const all = isNamed ? NONE : absent.union(this.#marked(this.#located(value)))
    const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
      const kind = kindOf(key, isNamed)
      if (kind === 'data' || (!isNamed && key === 'discriminator')) return [key, inner]
      if (!isNamed && key === 'required' && Array.isArray(inner)) return [key, inner.filter((name) => !all.has(name))]
      if (!isNamed && key === 'allOf' && Array.isArray(inner)) return [key, inner.map((part) => this.#part(part, all))]
      if (!isNamed && key === '$ref' && this.#resources.length > 0) return [key, this.#whole(inner)]
      if (!isNamed && key === '$dynamicRef') return [this.#isOne(inner) ? '$ref' : DYNAMIC, inner]
      if (isOnDemand && key === 'components') return [key, this.change(inner, false, NONE, true)]
      // Whatever else stands in its place, it allows anything.
      const named = SCHEMAS.has(key) && !isNamed && isJson(inner) ? withSchemas(inner) : inner
      const isOfNames = named !== inner || kind === 'names'
      if (isOnDemand && isOfNames && isJson(named)) return [key, onDemand(named, (one) => this.change(one))]
      return [key, this.change(named, isOfNames)]
    })
    if (isResource) this.#resources.pop()
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
    // A branch that stood here as well as in the list would have two places, and whoever asks for one gets that of the other.
    const told = { ...choice, branches: choice.branches.map((one) => ({ ...one, branch: this.change(one.branch) })) }
    // Where the value says which branch it is, it may fit others as well.
    const branches = choice.isClosed && oneOf !== undefined ? { ...rest, anyOf: oneOf } : changed
    const chosen: Json = { ...branches, required: [...new Set([...required, choice.property])] }
    // A condition of its own is left to stand.
    const parts: readonly unknown[] = Array.isArray(chosen['allOf']) ? chosen['allOf'] : []
    return 'if' in chosen ? { ...chosen, allOf: [...parts, conditionOf(told)] } : { ...chosen, ...conditionOf(told) }
  }

  /** Limits that exclude themselves, and null, in the words of OpenAPI 3.1, in whose documents the old ones are found as well. */
  #current(schema: Json): Json {
    const { nullable, minimum, exclusiveMinimum, maximum, exclusiveMaximum, ...rest } = schema
    const current = { ...rest, ...limits('Minimum', minimum, exclusiveMinimum), ...limits('Maximum', maximum, exclusiveMaximum) }
    if (nullable !== true) return current
    const { type } = schema
    return type === undefined ? { anyOf: [current, { type: 'null' }] } : { ...current, type: [type, 'null'].flat() }
  }

  /** Whether only one schema has this name: then no other can take its place. */
  #isOne(reference: unknown): boolean {
    const anchors = (this.#anchors ??= this.#sources.flatMap(({ content }) => [...namedIn(content)].map(([name]) => name)))
    return anchors.filter((name) => name === reference).length === 1
  }

  /** What stands twice, as it does where documents were put together, has another name the second time. */
  #identified(schema: Json): Json {
    const { $id: id, $anchor: anchor, $dynamicAnchor: dynamic } = schema
    if (id === undefined && anchor === undefined && dynamic === undefined) return schema
    const { $anchor: _anchor, $dynamicAnchor: _dynamic, ...rest } = schema
    let own = id
    for (let again = 2; typeof own === 'string' && this.#names.has(own); again++) own = `${String(id)}?again=${again}`
    if (typeof own === 'string') this.#names.add(own)
    const around = typeof own === 'string' ? own : (this.#resources.at(-1) ?? this.#uri)
    const isNew = (name: unknown): boolean => {
      const whole = `${around}#${String(name)}`
      if (typeof name !== 'string' || this.#names.has(whole)) return false
      this.#names.add(whole)
      return true
    }
    return {
      ...rest,
      ...(own !== undefined && { $id: own }),
      ...(isNew(anchor) && { $anchor: anchor }),
      ...(isNew(dynamic) && { $dynamicAnchor: dynamic }),
    }
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
