import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { LoadedDocument } from '../../src/document/load.ts'

type Json = Readonly<Record<string, unknown>>

/** Names stand below these, and data below those: neither is a keyword. */
const NAMES = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'schemas',
  'responses',
  'paths',
  'content',
  'headers',
  'parameters',
  'requestBodies',
  'callbacks',
  'webhooks',
  'links',
  'securitySchemes',
  'examples',
  'mapping',
  'dependentSchemas',
  'pathItems',
])
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const'])

/**
 * Holds answers against the document's schemas with an ajv of its own, without anything of the mock's readings: OpenAPI 3.0's words are
 * put into JSON Schema's, members that are only sent are asked of nobody, and what a discriminator says is left out.
 */
export class Judge {
  readonly #ajv: Ajv2020
  readonly #document: LoadedDocument
  readonly #compiled = new Map<string, ValidateFunction | undefined>()

  constructor(document: LoadedDocument) {
    this.#document = document
    this.#ajv = new Ajv2020({ strict: false, validateSchema: false, logger: false, addUsedSchema: false, code: { regExp } })
    addFormats.default(this.#ajv)
    for (const { uri, content } of document.sources) this.#ajv.addSchema(plain(content) as Json, `judge://document/${encodeURI(uri)}`)
  }

  /** What is wrong with a body by the schema at a pointer; nothing where ajv cannot read the schema. */
  misfit(uri: string, pointer: string, body: unknown): string | undefined {
    const at = `judge://document/${encodeURI(uri)}#${encodeURI(pointer)}`
    if (!this.#compiled.has(at)) {
      try {
        this.#compiled.set(at, this.#ajv.compile({ $ref: at }))
      } catch {
        this.#compiled.set(at, undefined)
      }
    }
    const check = this.#compiled.get(at)
    if (!check) return undefined
    return check(body) ? undefined : this.#ajv.errorsText(check.errors)
  }

  get document(): LoadedDocument {
    return this.#document
  }
}

/** With Unicode where the pattern is one of it, as most readers do. */
const regExp = Object.assign(
  (pattern: string): RegExp => {
    try {
      return new RegExp(pattern, 'u')
    } catch {
      return pattern.includes('\\p') ? /(?:)/ : new RegExp(pattern)
    }
  },
  { code: 'regExp' },
)

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function plain(value: unknown, isNamed = false): unknown {
  if (Array.isArray(value)) return value.map((one) => plain(one))
  if (!isObject(value)) return value
  const inner = Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      // Examples may hold what ajv takes for names of schemas.
      if (!isNamed && ['example', 'examples', 'default'].includes(key)) return []
      return [[key, !isNamed && DATA.has(key) ? one : plain(one, !isNamed && NAMES.has(key))]]
    }),
  )
  if (isNamed) return inner
  const { nullable, exclusiveMinimum, exclusiveMaximum, required, ...rest } = inner
  const properties = isObject(value['properties']) ? value['properties'] : {}
  const sent = new Set(Object.entries(properties).flatMap(([name, one]) => (isObject(one) && one['writeOnly'] === true ? [name] : [])))
  const said: Json = {
    ...rest,
    ...(required !== undefined && { required: Array.isArray(required) ? required.filter((name) => !sent.has(String(name))) : required }),
    ...(typeof exclusiveMinimum === 'number' && { exclusiveMinimum }),
    ...(typeof exclusiveMaximum === 'number' && { exclusiveMaximum }),
    ...(exclusiveMinimum === true && { minimum: undefined, exclusiveMinimum: rest['minimum'] }),
    ...(exclusiveMaximum === true && { maximum: undefined, exclusiveMaximum: rest['maximum'] }),
  }
  const clean = Object.fromEntries(Object.entries(said).filter(([, one]) => one !== undefined))
  if (nullable !== true) return clean
  const withNull = Array.isArray(clean['enum']) ? { ...clean, enum: [...new Set([...clean['enum'], null])] } : clean
  return { anyOf: [{ type: 'null' }, withNull] }
}
