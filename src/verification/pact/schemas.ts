import { choicesOf, conditionOf } from '../../contract/discriminator.ts'
import { formOf } from '../../contract/form.ts'
import { createReader, isJson, type Json, type Located, type Reader } from '../../contract/schema.ts'
import type { LoadedFile } from './pact.ts'

export interface ComparedDocument extends LoadedFile {
  readonly name: string
}

/** Where the schemas of answers stand in the document for the comparator. */
export const RECEIVED = 'x-received'

/** What a schema is asked about: what a consumer sends, whole, or what it expects, of which it names only the parts that it reads. */
type Role = 'sent' | 'received'

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
/** By OpenAPI, header parameters of these names are ignored: media types and security say what they are. */
export const IGNORED: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])
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

/**
 * The document as the comparator reads it without false alarms, all in one file. It takes answers for partial and closed, and requests for
 * neither; the schemas of answers are made so here, as a second set, because the comparator's own way of it goes wrong (see `#schema`).
 * References are followed here, but for those among schemas, which may be circular: what those lead to stands under `components`.
 * @throws DocumentError for a reference that leads nowhere
 */
export function preparedFor(document: ComparedDocument): Json {
  return new Preparation(document).prepare()
}

class Preparation {
  readonly #readers: Readonly<Record<Role, Reader>>
  readonly #main: string
  /** By the names that they have under `components`. */
  readonly #schemas = { sent: new Map<string, unknown>(), received: new Map<string, unknown>() }
  readonly #names = new Map<string, string>()
  readonly #recursive = new Map<string, boolean>()

  constructor(document: ComparedDocument) {
    this.#readers = { sent: createReader(formOf(document, 'request')), received: createReader(document) }
    this.#main = document.sources[0]?.uri ?? ''
  }

  prepare(): Json {
    const root = this.#readers.sent.at(this.#main, '')
    const paths = this.#readers.sent.children(root, 'paths').map(([template, item]) => [template, this.#pathItem(item)])
    return {
      openapi: root.value['openapi'],
      // Settings of the comparator (`x-opc-config-…`) stand here. The paths that it is given have no base.
      info: { ...(isJson(root.value['info']) && root.value['info']), 'x-opc-config-base-path': undefined },
      paths: Object.fromEntries(paths),
      components: { schemas: Object.fromEntries(this.#schemas.sent), [RECEIVED]: Object.fromEntries(this.#schemas.received) },
    }
  }

  /** The comparator takes security for what it is not: the contract judges that. */
  #pathItem(item: Located): Json {
    const operations = Object.keys(item.value).flatMap((key): [string, unknown][] => {
      const value = item.value[key]
      const operation = isJson(value) && isJson(value['responses']) ? this.#readers.sent.child(item, key) : undefined
      return operation ? [[key, this.#operation(operation)]] : []
    })
    return { ...Object.fromEntries(operations), parameters: this.#parameters(item) }
  }

  #operation(operation: Located): Json {
    const body = this.#readers.sent.child(operation, 'requestBody')
    const answers = this.#readers.sent.children(operation, 'responses').map(([status, answer]) => [
      status,
      {
        headers: Object.fromEntries(this.#readers.sent.children(answer, 'headers').map(([name, header]) => [name, this.#header(header)])),
        content: this.#content(answer, 'received'),
      },
    ])
    return {
      parameters: this.#parameters(operation),
      ...(body && { requestBody: { required: body.value['required'], content: this.#content(body, 'sent') } }),
      responses: Object.fromEntries(answers),
    }
  }

  #content(owner: Located, role: Role): Json {
    const reader = this.#readers[role]
    const media = reader.children(reader.at(owner.uri, owner.pointer), 'content').map(([type, entry]): [string, unknown] => {
      const schema = reader.schema(entry, 'schema')
      return [type, schema ? { schema: this.#schema(schema, role) } : {}]
    })
    return Object.fromEntries(media)
  }

  /** A header without a schema would be taken for a schema itself. */
  #header(header: Located): Json {
    const schema = this.#readers.sent.schema(header, 'schema')
    return { schema: schema ? this.#schema(schema, 'sent') : {} }
  }

  #parameters(owner: Located): unknown[] {
    return this.#readers.sent.children(owner, 'parameters').map(([, parameter]) => this.#parameter(parameter))
  }

  #parameter(parameter: Located): Json {
    const { name, in: where, required, style, explode } = parameter.value
    if (where === 'header' && IGNORED.has(String(name).toLowerCase())) return { name, in: where, schema: {} }
    const schema = this.#readers.sent.schema(parameter, 'schema')
    // Paths are checked by the contract. A parameter with `content` would be taken for a schema itself.
    return { name, in: where, required, style, explode, schema: schema && where !== 'path' ? this.#parameterSchema(schema, where) : {} }
  }

  /**
   * Whether a text is split or parsed depends on the type that stands in the schema itself: neither behind a reference nor in a list of
   * types. The contract alone reads what may be a list or something else, and objects in the query, whose members the comparator takes
   * for parameters.
   */
  #parameterSchema(schema: Located, where: unknown): unknown {
    const direct = this.#written(schema)
    const { type, ...rest } = direct.value
    const types = [type].flat().filter((one) => one !== 'null')
    if (where === 'query' && types.includes('object')) return {}
    if (type === undefined && this.#mayBeComposed(direct)) return {}
    return this.#schema({ ...direct, value: type === undefined ? rest : { ...rest, type: types.length === 1 ? types[0] : type } }, 'sent')
  }

  /** The schema with what it refers to written out. */
  #written(schema: Located, seen = new Set<object>()): Located {
    const target = seen.has(schema.value) ? undefined : this.#readers.sent.target(schema)
    if (!target) return schema
    const { $ref: _, ...beside } = schema.value
    return this.#written({ ...target, value: { ...target.value, ...beside } }, seen.add(schema.value))
  }

  #mayBeComposed(schema: Located, seen = new Set<object>()): boolean {
    if (seen.has(schema.value)) return false
    seen.add(schema.value)
    const target = this.#readers.sent.target(schema)
    const branches = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => this.#readers.sent.schemas(schema, key).map(([, branch]) => branch))
    const types = new Set([schema.value['type']].flat())
    return (
      types.has('array') || types.has('object') || [...(target ? [target] : []), ...branches].some((one) => this.#mayBeComposed(one, seen))
    )
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
  #schema(schema: Located, role: Role, isBranch = false): unknown {
    const { value } = schema
    const inner = (one: unknown, isBranch = false): unknown => (isJson(one) ? this.#schema({ ...schema, value: one }, role, isBranch) : one)
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
    const known = this.#schemas[role]
    if (!known.has(name)) {
      // It may refer to itself.
      known.set(name, {})
      known.set(name, this.#schema(target, role))
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
