import { listedIn, namesIn } from '../rules.ts'
import { isJson, type Located, namedSchemas, partsOf, type Reader } from '../schema.ts'
import { Names, pascal } from './names.ts'
import { isAssignable, type Member, OBJECT, placeOf, type Shape, type Type, unionOf, UNKNOWN } from './type.ts'

const PLAIN: Readonly<Record<string, Type>> = {
  string: { kind: 'plain', name: 'string' },
  integer: { kind: 'plain', name: 'number' },
  number: { kind: 'plain', name: 'number' },
  boolean: { kind: 'plain', name: 'boolean' },
  null: { kind: 'plain', name: 'null' },
}
/** What says nothing of which values there are. */
const ANNOTATIONS = new Set(
  'title description summary default example examples deprecated readOnly writeOnly externalDocs xml discriminator $comment $schema $id'.split(
    ' ',
  ),
)

/** Reads the types of a document's schemas. Each object is named once. What is too clever for a type is `unknown`: no value is refused. */
export class Types {
  readonly #reader: Reader
  readonly #names = new Names()
  /** By the place of its schema. */
  readonly #components: ReadonlyMap<string, string>
  readonly #shapes = new Map<string, Shape>()
  readonly #aliases = new Map<string, Type>()
  readonly #open = new Set<object>()

  /** @param uri the main file's, whose named schemas give their names */
  constructor(reader: Reader, uri: string) {
    this.#reader = reader
    this.#components = new Map(
      namedSchemas(reader, uri)
        .toReversed()
        .map(([name, schema]) => [placeOf(this.#followed(schema)), name]),
    )
  }

  /** The name that the main file has for the schema of a shape; undefined for any other. */
  componentOf({ schema }: Shape): string | undefined {
    return this.#components.get(placeOf(schema))
  }

  /** The shape with some of its members, as a type of its own. */
  part(shape: Shape, called: string, members: readonly Member[]): Shape {
    const take = this.#naming(called)
    return {
      called,
      isNamed: false,
      get name() {
        return take()
      },
      schema: shape.schema,
      members,
      isClosed: shape.isClosed,
    }
  }

  /** @param name what it is called where no schema of the document has a name */
  of(schema: Located, name: string): Type {
    // A list of itself has no end.
    if (this.#open.has(schema.value)) return UNKNOWN
    this.#open.add(schema.value)
    const type = this.#read(schema, name)
    this.#open.delete(schema.value)
    return type
  }

  /** The object that a schema is of, with the members of all its parts; undefined where it is not one, or which members there are hangs on a choice. */
  shapeOf(schema: Located, name: string): Shape | undefined {
    const own = this.#followed(schema)
    const place = placeOf(own)
    const known = this.#shapes.get(place)
    if (known) return known
    const parts = partsOf(own, this.#reader)
    if (parts.some(({ value }) => (value['type'] ?? 'object') !== 'object' || value['oneOf'] !== undefined || value['anyOf'] !== undefined))
      return undefined
    const members = new Map<string, Located[]>()
    for (const part of parts)
      for (const [name, member] of this.#reader.schemas(part, 'properties')) members.set(name, [...(members.get(name) ?? []), member])
    const required = new Set(parts.flatMap(({ value }) => namesIn(value['required'])))
    // What is required though nobody says what it is.
    for (const name of required) if (!members.has(name)) members.set(name, [])
    if (members.size === 0) return undefined
    const types = (owner: string): readonly Member[] =>
      [...members].map(([name, schemas]) => ({
        name,
        isRequired: required.has(name),
        schemas,
        type: this.#both(schemas, owner + pascal(name)),
        isReadOnly: schemas.some((one) => partsOf(one, this.#reader).some(({ value }) => value['readOnly'] === true)),
      }))
    const given = this.#components.get(place) ?? nameIn(own)
    const called = pascal(given ?? name)
    const take = this.#naming(called)
    let read: readonly Member[] | undefined
    const shape = {
      called,
      isNamed: given !== undefined,
      get name() {
        return take()
      },
      schema: own,
      get members() {
        if (!read) {
          // Whoever asks while they are read learns nothing of them.
          read = []
          read = types(called)
        }
        return read
      },
      isClosed: parts.some(({ value }) => isNone(value['additionalProperties']) || isNone(value['unevaluatedProperties'])),
    }
    this.#shapes.set(place, shape)
    return shape
  }

  #read(schema: Located, name: string): Type {
    const { value } = schema
    const said = Object.keys(value).filter((keyword) => !ANNOTATIONS.has(keyword) && !keyword.startsWith('x-'))
    const target = this.#reader.target(schema)
    if (target && said.length === 1) return this.#named(target, name)
    const listed = listedIn([value])
    if (listed)
      return unionOf(listed.map((one) => (isScalar(one) ? { kind: 'literal', value: one } : one === null ? PLAIN['null'] : UNKNOWN)))
    for (const choice of ['oneOf', 'anyOf', 'allOf']) {
      const branches = this.#reader.schemas(schema, choice).map(([, branch]) => branch)
      const isAlone = said.every((keyword) => keyword === choice || keyword === 'type')
      if (isAlone && branches.length > 0 && (choice !== 'allOf' || branches.length === 1))
        return unionOf(branches.map((branch, place) => this.of(branch, branches.length === 1 ? name : `${name}${place + 1}`)))
    }
    if (value['oneOf'] !== undefined || value['anyOf'] !== undefined) return UNKNOWN
    const types = value['type'] === undefined ? [impliedBy(said)] : [value['type']].flat()
    return unionOf(
      types.map((type) =>
        type === 'object' || type === 'array'
          ? this.#held(schema, type, name)
          : ((typeof type === 'string' ? PLAIN[type] : undefined) ?? UNKNOWN),
      ),
    )
  }

  /** What has a name in the document keeps it, where it is worth one. */
  #named(target: Located, name: string): Type {
    const place = placeOf(target)
    const component = this.#components.get(place)
    const known = this.#aliases.get(place)
    if (known) return known
    const type = this.of(target, component ?? nameIn(target) ?? name)
    if (component === undefined || type.kind !== 'union' || !type.of.every(({ kind }) => kind === 'literal')) return type
    const take = this.#naming(pascal(component))
    const alias: Type = {
      kind: 'alias',
      get name() {
        return take()
      },
      of: type,
    }
    this.#aliases.set(place, alias)
    return alias
  }

  #held(schema: Located, type: 'object' | 'array', name: string): Type {
    if (type === 'array') {
      const items = this.#reader.schema(schema, 'items')
      return { kind: 'list', of: items && schema.value['prefixItems'] === undefined ? this.of(items, name) : UNKNOWN }
    }
    const shape = this.shapeOf({ ...schema, value: { ...schema.value, type: 'object' } }, name)
    if (shape) return { kind: 'shape', shape }
    if (schema.value['allOf'] !== undefined) return UNKNOWN
    const others = this.#reader.schema(schema, 'additionalProperties')
    const of = others && !isNone(schema.value['additionalProperties']) ? this.of(others, name) : UNKNOWN
    return of === UNKNOWN ? OBJECT : { kind: 'record', of }
  }

  /** The narrowest of what several schemas say of one value. */
  #both(schemas: readonly Located[], name: string): Type {
    const [first = UNKNOWN, ...others] = schemas.map((schema) => this.of(schema, name))
    return others.reduce((type, other) => (isAssignable(other, type) ? other : isAssignable(type, other) ? type : UNKNOWN), first)
  }

  #naming(wanted: string): () => string {
    let name: string | undefined
    return () => (name ??= this.#names.take(wanted))
  }

  #followed(schema: Located): Located {
    const target = this.#reader.target(schema)
    const isOnly = Object.keys(schema.value).every((keyword) => keyword === '$ref' || ANNOTATIONS.has(keyword))
    return target && isOnly ? this.#followed(target) : schema
  }
}

/** What a schema is called that stands under a name, or in a file of its own. */
function nameIn({ uri, pointer }: Located): string | undefined {
  if (pointer === '') return uri.slice(uri.lastIndexOf('/') + 1).replace(/\..*$/, '')
  return /\/(?:schemas|definitions|\$defs)\/([^/]+)$/.exec(pointer)?.[1] ?? /^\/([^/]+)$/.exec(pointer)?.[1]
}

function impliedBy(said: readonly string[]): string {
  if (said.some((keyword) => ['properties', 'required', 'additionalProperties', 'allOf'].includes(keyword))) return 'object'
  return said.includes('items') ? 'array' : 'anything'
}

/** `false`, as it stands or as the reader writes it out. */
function isNone(value: unknown): boolean {
  return value === false || (isJson(value) && isJson(value['not']) && Object.keys(value['not']).length === 0)
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
