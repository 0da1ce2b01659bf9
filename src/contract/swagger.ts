import { pointerPart } from '../base/http.ts'
import type { LoadedDocument } from '../document/load.ts'
import { kindOf } from '../document/keys.ts'
import { createReader, isJson, type Json, type Located, type Reader, referenceFrom } from './schema.ts'

/** What a parameter or a header of Swagger 2.0 says beside its schema. */
const BESIDE = new Set(['name', 'in', 'description', 'required', 'allowEmptyValue', 'collectionFormat', '$ref', 'x-nullable'])
const FORM = 'application/x-www-form-urlencoded'
const PARTS = 'multipart/form-data'
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch'])
/** How the elements of a list are told apart. */
const STYLES: Readonly<Record<string, Json>> = {
  csv: { explode: false },
  ssv: { style: 'spaceDelimited', explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  tsv: { style: 'tabDelimited', explode: false },
  multi: { explode: true },
}

/**
 * A document of Swagger 2.0 in the words of OpenAPI 3.0; any other as it is. Schemas stay where they stand, in their files, and lines are those
 * of the files.
 */
export function openApiOf(document: LoadedDocument): LoadedDocument {
  const [main, ...others] = document.sources
  if (!main || !isJson(main.content) || main.content['swagger'] !== '2.0') return document
  const conversion = new Conversion(createReader(document), main.uri)
  const content = conversion.document(main.content)
  return {
    ...document,
    sources: [
      { uri: main.uri, content, lineOf: (pointer) => main.lineOf(conversion.originOf(pointer)) },
      ...others.map((source) => ({ ...source, content: renamed(source.content) })),
    ],
  }
}

class Conversion {
  readonly #reader: Reader
  readonly #root: Located
  readonly #uri: string
  /** Where in the file stands what has another place now. */
  readonly #origins = new Map<string, string>()

  constructor(reader: Reader, uri: string) {
    this.#reader = reader
    this.#uri = uri
    this.#root = reader.at(uri, '')
  }

  originOf(pointer: string): string {
    for (let head = pointer; head !== ''; head = head.slice(0, head.lastIndexOf('/'))) {
      const origin = this.#origins.get(head)
      if (origin !== undefined) return origin + pointer.slice(head.length)
    }
    return pointer
  }

  document({ swagger: _swagger, basePath, securityDefinitions, parameters: _parameters, responses: _responses, ...rest }: Json): Json {
    const paths = this.#reader.items(this.#root, 'paths').map(([template, item]) => {
      // What leads nowhere is left to whoever serves it.
      if (item instanceof Error) return [template, isJson(rest['paths']) ? rest['paths'][template] : undefined]
      return [template, this.#pathItem(item, `/paths/${pointerPart(template)}`)]
    })
    const schemes = isJson(securityDefinitions) ? Object.entries(securityDefinitions) : []
    return {
      ...Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [key, key === 'paths' ? value : renamed(value, key === 'definitions')]),
      ),
      openapi: '3.0.3',
      servers: [{ url: typeof basePath === 'string' ? basePath : '/' }],
      paths: Object.fromEntries(paths),
      components: { securitySchemes: Object.fromEntries(schemes.map(([name, scheme]) => [name, schemeOf(scheme)])) },
    }
  }

  #pathItem(item: Located, at: string): Json {
    const operations = Object.keys(item.value)
      .filter((key) => METHODS.has(key))
      .flatMap((key): [string, Json][] => {
        const operation = this.#reader.child(item, key)
        return operation ? [[key, this.#operation(operation, item, `${at}/${key}`)]] : []
      })
    return { ...Object.fromEntries(operations), parameters: this.#parameters(item, at) }
  }

  #operation(operation: Located, item: Located, at: string): Json {
    const { consumes: _, produces: _produces, ...rest } = operation.value
    const body = this.#body(operation, item, at)
    return {
      ...rest,
      parameters: this.#parameters(operation, at),
      ...(body && { requestBody: body }),
      responses: Object.fromEntries(
        this.#reader.items(operation, 'responses').map(([status, answer]) => {
          const given = isJson(rest['responses']) ? rest['responses'][status] : undefined
          return [status, answer instanceof Error ? given : this.#answer(answer, operation, `${at}/responses/${pointerPart(status)}`)]
        }),
      ),
    }
  }

  #parameters(owner: Located, at: string): unknown[] {
    const given: unknown = owner.value['parameters']
    return this.#reader
      .items(owner, 'parameters')
      .filter(([, one]) => one instanceof Error || (one.value['in'] !== 'body' && one.value['in'] !== 'formData'))
      .map(([place, parameter], index) => {
        if (parameter instanceof Error) return Array.isArray(given) ? given[Number(place)] : undefined
        const { name, in: where, required, allowEmptyValue } = parameter.value
        this.#comesFrom(`${at}/parameters/${index}`, parameter)
        this.#comesFrom(`${at}/parameters/${index}/schema`, parameter)
        return {
          name,
          in: where,
          ...(required !== undefined && { required }),
          ...(allowEmptyValue !== undefined && { allowEmptyValue }),
          ...(where === 'query' && styleOf(parameter.value)),
          schema: this.#moved(schemaOf(parameter.value), parameter),
        }
      })
  }

  /** The parameters that make up a body: an operation's replace those of its path. */
  #body(operation: Located, item: Located, at: string): Json | undefined {
    const all = new Map<string, Located>()
    for (const owner of [item, operation])
      for (const [, parameter] of this.#reader.items(owner, 'parameters')) {
        if (parameter instanceof Error) continue
        const { in: where, name } = parameter.value
        if (where === 'body' || where === 'formData') all.set(where === 'body' ? where : `${where} ${String(name)}`, parameter)
      }
    const body = all.get('body')
    if (body) {
      const types = this.#types(operation, 'consumes', 'application/json')
      for (const type of types) this.#comesFrom(`${at}/requestBody/content/${pointerPart(type)}`, body)
      return { required: body.value['required'] === true, content: contentOf(types, this.#moved(renamed(body.value['schema']), body)) }
    }
    const parameters = [...all.values()]
    const fields = parameters.map(({ value }) => value)
    if (fields.length === 0) return undefined
    const types = this.#types(operation, 'consumes', fields.some(({ type }) => type === 'file') ? PARTS : FORM)
    const required = fields.filter((field) => field['required'] === true).map(({ name }) => String(name))
    const properties = parameters.map((parameter) => [String(parameter.value['name']), this.#moved(schemaOf(parameter.value), parameter)])
    const encoding = fields.filter(({ type }) => type === 'array').map((field) => [String(field['name']), styleOf(field)])
    const schema = { type: 'object', properties: Object.fromEntries(properties), required }
    const media = { schema, encoding: Object.fromEntries(encoding) }
    return { required: required.length > 0, content: Object.fromEntries(types.map((type) => [type, media])) }
  }

  #answer(answer: Located, operation: Located, at: string): Json {
    const { schema, headers, description, examples } = answer.value
    const types = this.#types(operation, 'produces', 'application/json')
    this.#comesFrom(at, answer)
    const shown = isJson(examples) ? Object.entries(examples) : []
    // Without a schema there is no body.
    const all = [...new Set([...(schema === undefined ? [] : types), ...shown.map(([type]) => type)])]
    for (const type of all) this.#comesFrom(`${at}/content/${pointerPart(type)}`, answer)
    const known = isJson(headers) ? Object.entries(headers) : []
    const body = schema === undefined ? {} : { schema: this.#moved(renamed(schema), answer) }
    const content = all.map((type) => [type, { ...body, ...(isJson(examples) && type in examples && { example: examples[type] }) }])
    return {
      description,
      headers: Object.fromEntries(known.map(([name, header]) => [name, { schema: isJson(header) ? schemaOf(header) : {} }])),
      content: Object.fromEntries(content),
    }
  }

  /** What had another place has the line of that one, where it is in the same file. */
  #comesFrom(pointer: string, { uri, pointer: origin }: Located): void {
    if (uri === this.#uri) this.#origins.set(pointer, origin)
  }

  /** What comes from another file, with its references as they have to be in the one that it goes to. */
  #moved(value: unknown, from: Located): unknown {
    return from.uri === this.#uri ? value : moved(value, from.uri)
  }

  #types({ value }: Located, key: 'consumes' | 'produces', otherwise: string): readonly string[] {
    const listed: unknown = value[key] ?? this.#root.value[key]
    const types = Array.isArray(listed) ? listed.map(String) : []
    return types.length > 0 ? types : [otherwise]
  }
}

function contentOf(types: readonly string[], schema: unknown): Json {
  return Object.fromEntries(types.map((type) => [type, schema === undefined ? {} : { schema }]))
}

/** The schema that stands in a parameter or a header itself. */
function schemaOf(owner: Json): Json {
  const own = Object.fromEntries(Object.entries(owner).filter(([key]) => !BESIDE.has(key) && !key.startsWith('x-')))
  const schema = renamed(owner['x-nullable'] === true ? { ...own, 'x-nullable': true } : own)
  return isJson(schema) ? schema : {}
}

/** How the elements of a list are told apart. */
function styleOf({ type, collectionFormat = 'csv' }: Json): Json {
  return type === 'array' ? (STYLES[String(collectionFormat)] ?? {}) : {}
}

function schemeOf(scheme: unknown): unknown {
  return isJson(scheme) && scheme['type'] === 'basic' ? { type: 'http', scheme: 'basic' } : scheme
}

/** Schemas in the words of OpenAPI 3.0: discriminators as objects, what may be null, and files. */
function renamed(value: unknown, isNamed = false): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one))
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      const kind = kindOf(key, isNamed)
      if (kind === 'data') return [[key, inner]]
      if (!isNamed && key === 'discriminator' && typeof inner === 'string') return [[key, { propertyName: inner }]]
      if (!isNamed && key === 'x-nullable') return [['nullable', inner]]
      if (!isNamed && key === 'type' && inner === 'file')
        return [
          [key, 'string'],
          ['format', 'binary'],
        ]
      return [[key, renamed(inner, kind === 'names')]]
    }),
  )
}

/** A value with references that mean the same from the document's main file as they did from one beside it. */
function moved(value: unknown, from: string, isNamed = false): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => moved(one, from))
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (!isNamed && key === '$ref' && typeof inner === 'string') return [key, referenceFrom(inner, from)]
      const kind = kindOf(key, isNamed)
      return [key, kind === 'data' ? inner : moved(inner, from, kind === 'names')]
    }),
  )
}
