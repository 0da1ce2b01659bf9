import { pointerPart } from '../base/http.ts'
import type { LoadedDocument } from '../document/load.ts'
import { DocumentError } from '../base/problem.ts'
import { createReader, isJson, type Json, type Located, type Reader } from './schema.ts'

/** What a parameter or a header of Swagger 2.0 says beside its schema. */
const BESIDE = new Set(['name', 'in', 'description', 'required', 'allowEmptyValue', 'collectionFormat', '$ref'])
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
 * A document of Swagger 2.0 in the words of OpenAPI 3.0; any other as it is. Schemas stay where they stand, and lines are those of the file.
 * @throws DocumentError for one of several files
 */
export function openApiOf(document: LoadedDocument): LoadedDocument {
  const [main, other] = document.sources
  if (!main || !isJson(main.content) || main.content['swagger'] !== '2.0') return document
  if (other) throw new DocumentError(`${main.uri}: a document of Swagger 2.0 in several files (${other.uri}) is not read; bundle it first`)
  const conversion = new Conversion(createReader(document), main.uri)
  const content = conversion.document(main.content)
  return { ...document, sources: [{ uri: main.uri, content, lineOf: (pointer) => main.lineOf(conversion.originOf(pointer)) }] }
}

class Conversion {
  readonly #reader: Reader
  readonly #root: Located
  /** Where in the file stands what has another place now. */
  readonly #origins = new Map<string, string>()

  constructor(reader: Reader, uri: string) {
    this.#reader = reader
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
    const paths = this.#reader
      .children(this.#root, 'paths')
      .map(([template, item]) => [template, this.#pathItem(item, `/paths/${pointerPart(template)}`)])
    const schemes = isJson(securityDefinitions) ? Object.entries(securityDefinitions) : []
    return {
      ...rest,
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
    const answers = this.#reader.children(operation, 'responses')
    return {
      ...rest,
      parameters: this.#parameters(operation, at),
      ...(body && { requestBody: body }),
      responses: Object.fromEntries(
        answers.map(([status, answer]) => [status, this.#answer(answer, operation, `${at}/responses/${pointerPart(status)}`)]),
      ),
    }
  }

  #parameters(owner: Located, at: string): Json[] {
    return this.#reader
      .children(owner, 'parameters')
      .filter(([, { value }]) => value['in'] !== 'body' && value['in'] !== 'formData')
      .map(([, parameter], index) => {
        const { name, in: where, required } = parameter.value
        this.#origins.set(`${at}/parameters/${index}`, parameter.pointer)
        this.#origins.set(`${at}/parameters/${index}/schema`, parameter.pointer)
        const isList = parameter.value['type'] === 'array' && where === 'query'
        const style = isList ? styleOf(parameter.value) : {}
        return { name, in: where, ...(required !== undefined && { required }), ...style, schema: schemaOf(parameter.value) }
      })
  }

  /** The parameters that make up a body: an operation's replace those of its path. */
  #body(operation: Located, item: Located, at: string): Json | undefined {
    const all = new Map<string, Located>()
    for (const owner of [item, operation])
      for (const [, parameter] of this.#reader.children(owner, 'parameters')) {
        const { in: where, name } = parameter.value
        if (where === 'body' || where === 'formData') all.set(where === 'body' ? where : `${where} ${String(name)}`, parameter)
      }
    const body = all.get('body')
    if (body) {
      const types = this.#types(operation, 'consumes', 'application/json')
      for (const type of types) this.#origins.set(`${at}/requestBody/content/${pointerPart(type)}`, body.pointer)
      return { required: body.value['required'] === true, content: contentOf(types, body.value['schema']) }
    }
    const fields = [...all.values()].map(({ value }) => value)
    if (fields.length === 0) return undefined
    const types = this.#types(operation, 'consumes', fields.some(({ type }) => type === 'file') ? PARTS : FORM)
    const required = fields.filter((field) => field['required'] === true).map(({ name }) => String(name))
    const properties = Object.fromEntries(
      fields.map((field) => [String(field['name']), field['type'] === 'file' ? { type: 'string', format: 'binary' } : schemaOf(field)]),
    )
    const lists = fields.filter(({ type }) => type === 'array')
    const encoding = Object.fromEntries(lists.map((field) => [String(field['name']), styleOf(field)]))
    return { required: required.length > 0, content: contentOf(types, { type: 'object', properties, required }, { encoding }) }
  }

  #answer(answer: Located, operation: Located, at: string): Json {
    const { schema, headers, description } = answer.value
    const types = this.#types(operation, 'produces', 'application/json')
    this.#origins.set(at, answer.pointer)
    for (const type of types) this.#origins.set(`${at}/content/${pointerPart(type)}`, answer.pointer)
    const isFile = isJson(schema) && schema['type'] === 'file'
    const known = isJson(headers) ? Object.entries(headers) : []
    return {
      description,
      headers: Object.fromEntries(known.map(([name, header]) => [name, { schema: isJson(header) ? schemaOf(header) : {} }])),
      content: contentOf(types, isFile ? {} : schema),
    }
  }

  #types({ value }: Located, key: 'consumes' | 'produces', otherwise: string): readonly string[] {
    const listed: unknown = value[key] ?? this.#root.value[key]
    const types = Array.isArray(listed) ? listed.map(String) : []
    return types.length > 0 ? types : [otherwise]
  }
}

function styleOf({ collectionFormat = 'csv' }: Json): Json {
  return STYLES[String(collectionFormat)] ?? { style: collectionFormat }
}

function contentOf(types: readonly string[], schema: unknown, more: Json = {}): Json {
  return Object.fromEntries(types.map((type) => [type, schema === undefined ? {} : { schema, ...more }]))
}

/** The schema that stands in a parameter or a header itself. */
function schemaOf(owner: Json): Json {
  return Object.fromEntries(Object.entries(owner).filter(([key]) => !BESIDE.has(key) && !key.startsWith('x-')))
}

function schemeOf(scheme: unknown): unknown {
  return isJson(scheme) && scheme['type'] === 'basic' ? { type: 'http', scheme: 'basic' } : scheme
}
