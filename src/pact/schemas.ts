import { isJson, type Json } from '../contract/schema.ts'
import { pointerParts } from '../http.ts'

/** Where the schemas of answers stand in the document for the comparator. */
export const RECEIVED = 'x-received'

/** What a schema is asked about: what a consumer sends, whole, or what it expects, of which it names only the parts that it reads. */
type Role = 'sent' | 'received'

const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const SCHEMAS = new Set([
  'items',
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
/** The comparator looks for references in other keywords only, and throws for those that it did not find. */
const UNFOLLOWED = new Set([
  'patternProperties',
  'prefixItems',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
])
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

/**
 * The document as the comparator reads it without false alarms. It takes answers for partial and closed, and requests for neither; the
 * schemas of answers are made so here, as a second set, because the comparator's own way of it goes wrong (see `schemaFor`).
 */
export function preparedFor(content: Json): Json {
  const components = isJson(content['components']) ? content['components'] : {}
  return {
    openapi: content['openapi'],
    // Settings of the comparator (`x-opc-config-…`) stand here.
    info: content['info'] ?? {},
    paths: mapped(content['paths'], (item) => pathItem(item, content)),
    components: {
      schemas: mapped(components['schemas'], (schema) => schemaFor(schema, 'sent')),
      [RECEIVED]: mapped(components['schemas'], (schema) => schemaFor(schema, 'received')),
      parameters: mapped(components['parameters'], (parameter) => parameterOf(parameter, content)),
      requestBodies: mapped(components['requestBodies'], (body) => withContent(body, 'sent')),
      responses: mapped(components['responses'], responseOf),
      headers: mapped(components['headers'], headerOf),
    },
  }
}

/** What a pointer leads to, further references followed. Undefined where it leads nowhere or in a circle. */
export function targetOf(reference: unknown, content: Json): { readonly value: Json; readonly pointer: string } | undefined {
  const seen = new Set<string>()
  for (let next = reference; typeof next === 'string' && next.startsWith('#/') && !seen.has(next);) {
    seen.add(next)
    const pointer = decoded(next.slice(1))
    let value: unknown = content
    for (const part of pointerParts(pointer)) value = isJson(value) || Array.isArray(value) ? own(value, part) : undefined
    if (!isJson(value)) return undefined
    if (typeof value['$ref'] !== 'string') return { value, pointer }
    next = value['$ref']
  }
  return undefined
}

export function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

/** The comparator does not follow the reference of a path, and takes security for what it is not: the contract judges that. */
function pathItem(item: unknown, content: Json): unknown {
  const found = isJson(item) && '$ref' in item ? targetOf(item['$ref'], content)?.value : item
  if (!isJson(found)) return {}
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, value]): [string, unknown][] => {
      if (key === 'parameters') return [[key, listed(value, (parameter) => parameterOf(parameter, content))]]
      return isJson(value) && isJson(value['responses']) ? [[key, operationOf(value, content)]] : []
    }),
  )
}

function operationOf({ parameters, requestBody, responses }: Json, content: Json): Json {
  return {
    parameters: listed(parameters, (parameter) => parameterOf(parameter, content)),
    ...(requestBody !== undefined && { requestBody: withContent(requestBody, 'sent') }),
    responses: mapped(responses, responseOf),
  }
}

function parameterOf(parameter: unknown, content: Json): unknown {
  if (!isJson(parameter) || '$ref' in parameter) return parameter
  const { name, in: where, required, style, explode, schema } = parameter
  if (where === 'header' && IGNORED.has(String(name).toLowerCase())) return { name, in: where, schema: {} }
  // Paths are checked by the contract, and so are objects in the query, whose members it takes for parameters. A parameter with `content`
  // would be taken for a schema itself.
  const wanted = where === 'path' || schema === undefined ? {} : parameterSchema(schema, content)
  const checked = where === 'query' && isJson(wanted) && wanted['type'] === 'object' ? {} : wanted
  return { name, in: where, required, style, explode, schema: checked }
}

/** Whether a text is split or parsed depends on the type that stands in the schema itself: neither behind a reference nor in a list of types. */
function parameterSchema(schema: unknown, content: Json): unknown {
  const direct = isJson(schema) && '$ref' in schema ? { ...targetOf(schema['$ref'], content)?.value, ...schema, $ref: undefined } : schema
  if (!isJson(direct)) return direct
  const { $ref: _, type, ...rest } = direct
  const types = Array.isArray(type) ? type.filter((one) => one !== 'null') : []
  return schemaFor(type === undefined ? rest : { ...rest, type: types.length === 1 ? types[0] : type }, 'sent')
}

function responseOf(response: unknown): unknown {
  const changed = withContent(response, 'received')
  return isJson(changed) && isJson(changed['headers']) ? { ...changed, headers: mapped(changed['headers'], headerOf) } : changed
}

/** A header without a schema would be taken for a schema itself. */
function headerOf(header: unknown): unknown {
  if (!isJson(header) || '$ref' in header) return header
  return { schema: header['schema'] === undefined ? {} : schemaFor(header['schema'], 'sent') }
}

function withContent(owner: unknown, role: Role): unknown {
  if (!isJson(owner) || '$ref' in owner) return owner
  const { required, content, headers } = owner
  return {
    ...(required !== undefined && { required }),
    ...(headers !== undefined && { headers }),
    content: mapped(content, (media) => (isJson(media) && 'schema' in media ? { schema: schemaFor(media['schema'], role) } : {})),
  }
}

/**
 * The comparator's own changes to the schemas of answers: it takes away `required` everywhere, closes what says `type: object` and is not
 * composed, even where it says `additionalProperties: true`, and merges `allOf`. So
 * - `oneOf` would fit two branches at once: any one has to do;
 * - `anyOf` of requirements alone would be left with branches that fit anything, but keep the object from being closed;
 * - `type: [object, 'null']` of OpenAPI 3.1, or no type, would stay open to names that the document does not have;
 * - `additionalProperties: true` would refuse what the document expressly allows;
 * - `not` of requirements would fit nothing.
 */
function schemaFor(schema: unknown, role: Role, isBranch = false): unknown {
  if (!isJson(schema)) return schema
  const lost = Object.keys(schema).filter((key) => UNFOLLOWED.has(key) && refers(schema[key]))
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    // What is said of the others does not hold without those that are lost. A discriminator only makes choosing quicker.
    if (DATA.has(key) || key.startsWith('x-') || key === 'discriminator' || lost.includes(key)) return []
    if (key === 'items' && lost.includes('prefixItems')) return []
    if (lost.length > 0 && (key.startsWith('unevaluated') || (key === 'additionalProperties' && value === false))) return []
    if (role === 'received' && ON_ABSENCE.has(key)) return []
    if (key === '$ref' && role === 'received' && typeof value === 'string')
      return [[key, value.replace(/^#\/components\/schemas\//, `#/components/${RECEIVED}/`)]]
    if (key === 'additionalProperties' && value === true) return [[key, {}]]
    if (SCHEMA_MAPS.has(key)) return [[key, mapped(value, (one) => schemaFor(one, role))]]
    if (SCHEMA_LISTS.has(key)) return [[key, listed(value, (one) => schemaFor(one, role, key === 'allOf'))]]
    return [[key, SCHEMAS.has(key) ? schemaFor(value, role) : value]]
  })
  const changed: Json = Object.fromEntries(entries)
  const open = lost.includes('patternProperties') ? { additionalProperties: {} } : {}
  return role === 'sent' ? { ...changed, ...open } : { ...closed(anyOfThem(changed), isBranch), ...open }
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

function refers(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(refers)
  return isJson(value) && ('$ref' in value || Object.values(value).some(refers))
}

function mapped(value: unknown, change: (value: unknown) => unknown): Json {
  return isJson(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)])) : {}
}

function listed(value: unknown, change: (value: unknown) => unknown): unknown[] {
  return Array.isArray(value) ? value.map(change) : []
}

function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer)
  } catch {
    return pointer
  }
}
