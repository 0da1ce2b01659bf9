import { pointerPart } from '../base/http.ts'
import type { Schema } from './api.ts'
import type { Registry } from './registry.ts'

/**
 * The JSON Schemas of the files that users write, and the document of the control API, with the names of the APIs that are served: the files
 * in `spec/` know none. Plain data in and out; what is given is left as it is.
 */

type Json = Record<string, unknown>

/** What a scenario can say: words, steps, settings and callers of the APIs. @param base `spec/scenario.schema.json` */
export function scenarioSchema(base: unknown, { words, steps, settings, callers }: Registry): Json {
  const schema = copyOf(base)
  const defs = member(schema, '$defs')
  const properties = member(schema, 'properties')
  const data: Json = {}
  for (const [word, { row }] of words) {
    defs[word] = hoisted(row.schema, word, defs)
    data[word] = {
      ...(row.description !== undefined && { description: row.description }),
      type: 'array',
      items: { $ref: `${OWN}${pointerPart(word)}` },
    }
    properties[word] = { $ref: `#/$defs/data/properties/${pointerPart(word)}` }
  }
  schema['additionalProperties'] = false
  Object.assign(member(defs, 'data'), { additionalProperties: false, properties: data })
  const settable = [...settings].flatMap(([name, { row }]) =>
    row.schema ? [[name, { description: row.help, ...row.schema }] as const] : [],
  )
  Object.assign(member(properties, 'population'), { additionalProperties: false, properties: Object.fromEntries(settable) })
  const [, each] = listOf(member(defs, 'progress')['oneOf'])
  Object.assign(each ?? {}, {
    additionalProperties: false,
    properties: Object.fromEntries([...steps].map(([name, { row }]) => [name, { description: row.text, $ref: '#/$defs/policy' }])),
  })
  const named = [...callers].map(([name, { row }]) => ({
    type: 'object',
    additionalProperties: false,
    required: [name],
    properties: { [name]: hoisted(row.schema, `caller-${name}`, defs), ...row.beside },
  }))
  defs['caller'] = { description: 'Somebody whom an API knows.', ...(named.length > 0 ? { oneOf: named } : { not: {} }) }
  return schema
}

/** What provider states can say: as in own data, save that a parameter may stand for any value. @param base `spec/states.schema.json` */
export function statesSchema(base: unknown, { words }: Registry): Json {
  const schema = copyOf(base)
  const defs = member(schema, '$defs')
  const properties: Json = {}
  for (const [word, { row }] of words) {
    const own: Json = {}
    own[word] = hoisted(row.schema, word, own)
    for (const [name, definition] of Object.entries(own)) defs[name] = fillable(definition)
    properties[word] = { type: 'array', items: { $ref: `${OWN}${pointerPart(word)}` } }
  }
  Object.assign(member(defs, 'exists'), { additionalProperties: false, properties })
  const shown = [...words.values()].flatMap(({ row }) => row.shows)
  const values = member(member(member(member(defs, 'state'), 'properties'), 'values'), 'additionalProperties')
  values['pattern'] = `^/(${shown.map((name) => name.replaceAll(/[^\w-]/g, String.raw`\$&`)).join('|')})/[0-9]+(/.*)?$`
  return schema
}

/** What a saved session holds: entities of the APIs' kinds. @param base `spec/state.schema.json` */
export function stateSchema(base: unknown, { kinds }: Registry): Json {
  const schema = copyOf(base)
  const defs = member(schema, '$defs')
  const change = member(defs, 'change')
  const own = ['reference', 'counter', 'step']
  Object.assign(member(member(change, 'properties'), 'kind'), { enum: [...kinds.keys(), ...own] })
  change['allOf'] = [
    ...listOf(change['allOf']),
    ...[...kinds].flatMap(([name, { row }]) =>
      typeof row.schema === 'object' ? [condition({ kind: { const: name } }, { to: hoisted(row.schema, name, defs) })] : [],
    ),
  ]
  return schema
}

/** What has some properties has others as well. */
function condition(has: Json, also: Json): Json {
  const [first, second] = ['if', 'then'] as const
  return { [first]: { properties: has }, [second]: { properties: also } }
}

/** The control API's document for these APIs. @param base `spec/control.yaml` */
export function controlDocument(base: unknown, { kinds, steps, words, members }: Registry): Json {
  const document = copyOf(base)
  const schemas = member(member(document, 'components'), 'schemas')
  const listed = [...kinds].filter(([, { row }]) => row.listed !== 'never')
  member(schemas, 'EntityKind')['enum'] = listed.map(([name]) => name)
  const beside = Object.assign({}, ...listed.map(([, { row }]) => row.beside ?? {}))
  Object.assign(member(member(schemas, 'Entity'), 'properties'), beside)
  const shown = [...words.values()].flatMap(({ row }) => row.shows)
  member(schemas, 'Brought')['required'] = shown
  const whose: Readonly<Record<string, Schema>> = Object.assign({}, ...members.map(({ api }) => api.callers.parameters ?? {}))
  const moved = new Set([...steps.values()].map(({ api, row }) => api.known('kinds', row.kind)))
  if (moved.size > 0)
    schemas['Steppable'] = {
      oneOf: [...moved].map((kind) => ({
        type: 'object',
        additionalProperties: false,
        required: [kind],
        properties: { [kind]: { type: 'string' }, ...(kinds.get(kind)?.row.keyOf ? whose : {}) },
      })),
    }
  const bound = members.flatMap(({ api }) => api.callers.bound?.schema ?? [])
  const [token] = listOf(member(schemas, 'Binding')['anyOf'])
  schemas['Binding'] = { oneOf: [token, ...bound] }
  const filters: Readonly<Record<string, Schema>> = Object.assign({}, ...listed.map(([, { row }]) => row.filters ?? {}))
  addParameters(document, 'listEntities', { ...filters, ...whose })
  addParameters(document, 'listExamples', whose)
  return document
}

function addParameters(document: Json, operationId: string, schemas: Readonly<Record<string, Schema>>): void {
  const operation = Object.values(member(document, 'paths'))
    .flatMap((item) => (isJson(item) ? Object.values(item) : []))
    .find((one) => isJson(one) && one['operationId'] === operationId)
  if (!isJson(operation)) throw new Error(`the control API has no operation ${operationId}`)
  const added = Object.entries(schemas).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }))
  operation['parameters'] = [...listOf(operation['parameters']), ...added]
}

/** A schema that stands for itself, as a part of another: what it defines is defined there, under names that are only its own. */
function hoisted(schema: Schema, name: string, defs: Json): Json {
  const { $defs, ...rest } = schema
  const own = isJson($defs) ? $defs : {}
  const under = (local: string): string => `${name}-${local}`
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed)
    if (!isJson(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === '$ref' && typeof inner === 'string' && inner.startsWith(OWN)
          ? `${OWN}${pointerPart(under(inner.slice(OWN.length)))}`
          : renamed(inner),
      ]),
    )
  }
  for (const [local, definition] of Object.entries(own)) defs[under(local)] = renamed(definition)
  return copyOf(renamed(rest))
}

const OWN = '#/$defs/'

/** A schema of which any value may be a parameter, that of a provider state. */
function fillable(schema: unknown): Json {
  if (!isJson(schema)) return {}
  const { type, properties, items, minItems: _least, maxItems: _most, ...rest } = schema
  if (type === 'object' && isJson(properties))
    return { type, ...rest, properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, fillable(inner)])) }
  if (type === 'array') return { type, ...(items !== undefined && { items: fillable(items) }) }
  // What a reference leads to is fillable itself, where it is one of these.
  if (typeof schema['$ref'] === 'string' && Object.keys(schema).every((key) => key === '$ref' || key === 'description')) return schema
  return { anyOf: [{ $ref: '#/$defs/parameter' }, schema] }
}

function member(of: Json, name: string): Json {
  const value = of[name]
  if (!isJson(value)) throw new Error(`there is no ${name} in what names are put into`)
  return value
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : []
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function copyOf(value: unknown): Json {
  const copy = structuredClone(value)
  if (!isJson(copy)) throw new Error('names are put into an object')
  return copy
}
