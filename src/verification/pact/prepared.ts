import { formOf } from '../../contract/form.ts'
import { createReader, isJson, type Json, type Located, type Reader } from '../../contract/schema.ts'
import type { LoadedFile } from './pact.ts'
import { RECEIVED, type Role, Schemas } from './schemas.ts'

export interface ComparedDocument extends LoadedFile {
  readonly name: string
}

/** By OpenAPI, header parameters of these names are ignored: media types and security say what they are. */
export const IGNORED: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])
/**
 * The document as the comparator reads it without false alarms, all in one file. It takes answers for partial and closed, and requests for
 * neither; the schemas of answers are made so here, as a second set, because the comparator's own way of it goes wrong (see `Schemas`).
 * References are followed here, but for those among schemas, which may be circular: what those lead to stands under `components`.
 * @throws DocumentError for a reference that leads nowhere
 */
export function preparedFor(document: ComparedDocument): Json {
  return new Preparation(document).prepare()
}

class Preparation {
  readonly #readers: Readonly<Record<Role, Reader>>
  readonly #main: string
  readonly #schemas: Schemas

  constructor(document: ComparedDocument) {
    this.#readers = { sent: createReader(formOf(document, 'request')), received: createReader(document) }
    this.#main = document.sources[0]?.uri ?? ''
    this.#schemas = new Schemas(this.#readers, this.#main)
  }

  prepare(): Json {
    const root = this.#readers.sent.at(this.#main, '')
    const paths = this.#readers.sent.children(root, 'paths').map(([template, item]) => [template, this.#pathItem(item)])
    return {
      openapi: root.value['openapi'],
      // Settings of the comparator (`x-opc-config-…`) stand here. The paths that it is given have no base.
      info: { ...(isJson(root.value['info']) && root.value['info']), 'x-opc-config-base-path': undefined },
      paths: Object.fromEntries(paths),
      components: { schemas: this.#schemas.found('sent'), [RECEIVED]: this.#schemas.found('received') },
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
      return [type, schema ? { schema: this.#schemas.written(schema, role) } : {}]
    })
    return Object.fromEntries(media)
  }

  /** A header without a schema would be taken for a schema itself. */
  #header(header: Located): Json {
    const schema = this.#readers.sent.schema(header, 'schema')
    return { schema: schema ? this.#schemas.written(schema, 'sent') : {} }
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
    const direct = this.#inFull(schema)
    const { type, ...rest } = direct.value
    const types = [type].flat().filter((one) => one !== 'null')
    if (where === 'query' && types.includes('object')) return {}
    if (type === undefined && this.#mayBeComposed(direct)) return {}
    return this.#schemas.written(
      { ...direct, value: type === undefined ? rest : { ...rest, type: types.length === 1 ? types[0] : type } },
      'sent',
    )
  }

  /** The schema with what it refers to written out. */
  #inFull(schema: Located, seen = new Set<object>()): Located {
    const target = seen.has(schema.value) ? undefined : this.#readers.sent.target(schema)
    if (!target) return schema
    const { $ref: _, ...beside } = schema.value
    return this.#inFull({ ...target, value: { ...target.value, ...beside } }, seen.add(schema.value))
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
}
