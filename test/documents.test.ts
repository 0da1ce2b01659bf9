import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createContract } from '../src/contract/operation.ts'
import { createReader } from '../src/contract/schema.ts'
import { createValidator } from '../src/contract/validator.ts'
import { ASSUMPTIONS } from './support.ts'
import { pointerPart } from '../src/base/http.ts'
import { loadDocument, type LoadedDocument } from '../src/document/load.ts'
import { omsClient, openMock, supplierClient } from './support.ts'

type Json = Readonly<Record<string, unknown>>

const root = join(import.meta.dirname, '..')
const names = readdirSync(join(root, 'spec')).flatMap((file) => (file.endsWith('.yaml') ? [file.replace(/\.yaml$/, '')] : []))
const documents = new Map(await Promise.all(names.map(async (name) => [name, await loadDocument(fileOf(name))] as const)))
const APIS = ['oms-allocations', 'supplier-orders']

function fileOf(name: string): string {
  return join(root, `spec/${name}.yaml`)
}

function documentOf(name: string): LoadedDocument {
  const document = documents.get(name)
  if (!document) throw new Error(`no document ${name}`)
  return document
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

/** Objects whose keys are names, not words of OpenAPI. */
const NAMED = ['properties', 'patternProperties', 'schemas', 'responses', 'parameters', 'headers', 'securitySchemes', 'content', 'paths']
const DATA = ['example', 'examples', 'default', 'enum', 'const']

/** Every object of a document that is no data, with its pointer. */
function* objectsOf(value: unknown, pointer = '', named = false): Generator<{ pointer: string; object: Json }> {
  if (!isObject(value)) return
  if (!named && !Array.isArray(value)) yield { pointer, object: value }
  for (const [key, inner] of Object.entries(value))
    if (named || !DATA.includes(key)) yield* objectsOf(inner, `${pointer}/${pointerPart(key)}`, !named && NAMED.includes(key))
}

/** Every example of a document, with the pointer of the schema it has to fit. */
function examplesOf(content: unknown): { pointer: string; value: unknown; schema: string }[] {
  return [...objectsOf(content)].flatMap(({ pointer, object }) => {
    const schema = 'schema' in object ? `${pointer}/schema` : pointer
    const one = 'example' in object ? [{ pointer: `${pointer}/example`, value: object['example'], schema }] : []
    const several = Object.entries(object['examples'] ?? {}).map(([name, example]: [string, unknown]) => ({
      pointer: `${pointer}/examples/${pointerPart(name)}`,
      value: isObject(example) && 'value' in example ? example['value'] : example,
      schema,
    }))
    return [...one, ...several]
  })
}

/** The examples that do not fit their schema, and why. */
function misfits(document: LoadedDocument): string[] {
  const [main] = document.sources
  const reader = createReader(document)
  const validator = createValidator(document, reader)
  return examplesOf(main?.content).flatMap(({ pointer, value, schema }) =>
    validator
      .check(reader.at(main?.uri ?? '', schema))(value, '')
      .map(({ at, message }) => `${pointer}${at} ${message}`),
  )
}

/** The document with one value replaced. */
function changed(document: LoadedDocument, path: readonly string[], to: unknown): LoadedDocument {
  const copy = structuredClone(document.sources[0]?.content)
  let parent: unknown = copy
  for (const key of path.slice(0, -1)) parent = isObject(parent) ? parent[key] : undefined
  if (!isObject(parent)) throw new Error(`nothing stands at ${path.join('/')}`)
  Object.assign(parent, { [path.at(-1) ?? '']: to })
  return { name: document.name, sources: [{ uri: document.sources[0]?.uri ?? '', content: copy, lineOf: () => 1 }] }
}

function lint(file: string): Promise<{ code: unknown; output: string }> {
  const command = join(root, 'node_modules/.bin/redocly')
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  return new Promise((resolve) => {
    execFile(
      command,
      ['lint', file, '--config', 'redocly.yaml', '--format', 'json'],
      { cwd: root, env, shell: process.platform === 'win32' },
      (error, stdout) => resolve({ code: error ? error.code : 0, output: stdout }),
    )
  })
}

describe('the documents', () => {
  it('are four', () => expect(names).toEqual(['control', 'oms-allocations', 'provider-states', 'supplier-orders']))

  it.each(names)('%s passes the linter without a warning', async (name) => {
    const { code, output } = await lint(fileOf(name))
    expect(JSON.parse(output)).toMatchObject({ totals: { errors: 0, warnings: 0, ignored: 0 }, problems: [] })
    expect(code).toBe(0)
  })

  it.each([
    ['a broken example', '          example: Not found.', '          example: 5', 'no-invalid-schema-examples'],
    ['a schema nobody uses', '  schemas:\n', '  schemas:\n    Nobody: { type: string }\n', 'no-unused-components'],
    ['an operation without a summary', '      summary: Get an order\n', '', 'operation-summary'],
  ])('would not pass with %s', async (_what, before, after, rule) => {
    const folder = mkdtempSync(join(tmpdir(), 'documents-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const original = readFileSync(fileOf('supplier-orders'), 'utf8')
    expect(original).toContain(before)
    writeFileSync(join(folder, 'a.yaml'), original.replace(before, after))
    const { problems } = JSON.parse((await lint(join(folder, 'a.yaml'))).output)
    expect(problems).toContainEqual(expect.objectContaining({ ruleId: rule }))
  })

  it.each(names)('%s has operations and schemas that compile', (name) => {
    const { operations } = createContract(documentOf(name))
    expect(operations.length).toBeGreaterThan(name === 'provider-states' ? 0 : 2)
    for (const operation of operations) Array.from(operation.compiling())
  })
})

describe('an example', () => {
  it.each([
    ['control', 4],
    ['oms-allocations', 100],
    ['supplier-orders', 100],
  ])('of %s fits its schema, as %i others do at least', (name, count) => {
    expect(examplesOf(documentOf(name).sources[0]?.content).length).toBeGreaterThan(count)
    expect(misfits(documentOf(name))).toEqual([])
  })

  it.each([
    ['in a body', ['paths', '/orders/', 'post', 'requestBody', 'content', 'application/json', 'examples', 'open', 'value', 'limit'], 0],
    ['in an answer', ['components', 'responses', 'NotFound', 'content', 'application/json', 'examples', 'unknown', 'value'], {}],
    ['of a parameter', ['components', 'parameters', 'OrderUuid', 'example'], 'x'],
    ['of a header', ['components', 'headers', 'Location', 'example'], 5],
    ['of a schema', ['components', 'schemas', 'Order', 'example', 'po_number'], null],
    ['of a property', ['components', 'schemas', 'Tracking', 'properties', 'quantity', 'example'], -1],
    [
      'of a property that is a reference',
      ['components', 'schemas', 'LineItemQuantities', 'properties', 'quantity_allocated', 'example'],
      'x',
    ],
  ])('%s would be noticed', (_where, path, to) => {
    const pointer = path.map((key) => `/${pointerPart(key)}`).join('')
    const found = misfits(changed(documentOf('supplier-orders'), path, to))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(pointer.replace(/\/(value|example)(\/.*)?$/, ''))
  })
})

/** What has to say where it comes from: operations, their answers, and what is shared between them. */
function stated(content: unknown): { pointer: string; object: Json }[] {
  return [...objectsOf(content)].filter(
    ({ pointer, object }) =>
      !('$ref' in object) &&
      (/^\/paths\/[^/]+\/(get|put|post|delete|patch)(\/responses\/[^/]+)?$/.test(pointer) ||
        /^\/components\/(schemas|responses|parameters|headers|securitySchemes)\/[^/]+$/.test(pointer)),
  )
}

function basesOf(name: string): { pointer: string; basis: Json }[] {
  return [...objectsOf(documentOf(name).sources[0]?.content)].flatMap(({ pointer, object }) =>
    isObject(object['x-basis']) ? [{ pointer, basis: object['x-basis'] }] : [],
  )
}

describe('the basis of a statement', () => {
  it.each(APIS)('is given for each operation, answer and schema of %s', (name) => {
    const all = stated(documentOf(name).sources[0]?.content)
    expect(all.filter(({ pointer }) => pointer.startsWith('/paths/')).length).toBeGreaterThan(6)
    expect(all.filter(({ pointer }) => pointer.startsWith('/components/schemas/')).length).toBeGreaterThan(10)
    expect(all.filter(({ pointer }) => pointer.startsWith('/components/responses/')).length).toBeGreaterThan(4)
    expect(all.filter(({ object }) => !isObject(object['x-basis'])).map(({ pointer }) => pointer)).toEqual([])
  })

  it.each(APIS)('has a kind and a source throughout %s', (name) => {
    const wrong = basesOf(name).filter(({ basis: { kind, source, note, assumption, ...other } }) => {
      const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
      return (
        !['seed', 'documented', 'assumed'].includes(String(kind)) ||
        !isText(source) ||
        (note !== undefined && !isText(note)) ||
        (assumption !== undefined && !isText(assumption)) ||
        Object.keys(other).length > 0
      )
    })
    expect(wrong).toEqual([])
  })

  it.each(APIS)('is an address in %s wherever it is said to be documented', (name) => {
    const claimed = basesOf(name).filter(({ basis }) => basis['kind'] !== 'assumed')
    expect(claimed.filter(({ basis }) => !/^https:\/\/[^\s]+$/.test(String(basis['source'])))).toEqual([])
  })

  it('names assumptions that there are, and each of them', () => {
    const named = APIS.flatMap(basesOf).flatMap(({ basis }) => (typeof basis['assumption'] === 'string' ? [basis['assumption']] : []))
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(ASSUMPTIONS).toSorted())
  })

  it.each(APIS)('shares the names of its assumptions with the texts of %s', (name) => {
    const text = readFileSync(fileOf(name), 'utf8')
    const named = [...text.matchAll(/`((?:supplier|oms)\.[^`]+)`/g)].map(([, assumption]) => assumption)
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter((assumption) => !Object.hasOwn(ASSUMPTIONS, assumption ?? ''))).toEqual([])
  })
})

interface Member {
  readonly type: unknown
  readonly description: unknown
  readonly example: unknown
}

/**
 * What is said of a member: by itself, by the schema it refers to, and by the example of what it stands in.
 * @param path such as `line_items[].line_item_uuid`, from the schema at the pointer
 */
function memberOf(document: LoadedDocument, pointer: string, path: string): Member {
  const reader = createReader(document)
  const uri = document.sources[0]?.uri ?? ''
  let schema = reader.at(uri, pointer)
  let own: Json = {}
  let around: unknown
  for (const step of path.split(/\.|(?=\[\])/)) {
    around = schema.value['example']
    const keys = step === '[]' ? ['items'] : ['properties', step]
    own = keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), schema.value) as Json
    const next = reader.child(schema, ...keys)
    if (!next) return { type: undefined, description: undefined, example: undefined }
    schema = next
  }
  const said = { ...schema.value, ...own }
  const name = path.split('.').at(-1) ?? ''
  return {
    type: said['type'],
    description: said['description'],
    example: 'example' in said ? said['example'] : isObject(around) ? around[name] : undefined,
  }
}

const REQUEST = '/paths/~1orders~1allocation~1{order_uuid}~1/put/requestBody/content/application~1json/schema'
const RESPONSE = '/paths/~1orders~1allocation~1{order_uuid}~1/put/responses/200/content/application~1json/schema'
const CANCELLED = '/components/schemas/Allocation'

describe('a field of the public page', () => {
  it.each([
    ...[
      'line_items',
      'line_items[].line_item_uuid',
      'line_items[].supplier_provided_po_number',
      'line_items[].supplier_provided_invoice_number',
      'line_items[].allocation',
      'line_items[].allocation.quantity_ordered',
      'line_items[].allocation.quantity_allocated',
      'line_items[].allocation.quantity_backordered',
      'line_items[].allocation.quantity_rejected',
      'line_items[].allocation.backorder_date',
    ].map((path) => [path, 'request', 'supplier-orders', REQUEST] as const),
    ...['line_items', 'line_items[].line_item_uuid', 'line_items[].quantity_shipped', 'line_items[].supplier_provided_sku_cost'].map(
      (path) => [path, 'answer', 'supplier-orders', RESPONSE] as const,
    ),
    ...[
      'allocationId',
      'parentAllocationId',
      'locationNum',
      'items',
      'version',
      'allocationRequestId',
      'allocationNum',
      'sentToPPSDate',
      'allocationDate',
      'updatedAt',
      'type',
      'previousAllocationLocationNum',
      'poNumber',
      'itemsType',
      'orderSubType',
      'vendorId',
      'shipDate',
      'shipType',
      'shipMethod',
      'shipToId',
      'statusCode',
      'locationType',
      'recipient',
      'auditLogs',
    ].map((path) => [path, 'answer', 'oms-allocations', CANCELLED] as const),
  ])('%s in the %s of %s has type, description and example', (path, _where, name, pointer) => {
    const { type, description, example } = memberOf(documentOf(name), pointer, path)
    const types = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null']
    expect([type].flat().every((one) => types.includes(String(one)))).toBe(true)
    expect(description).toEqual(expect.stringMatching(/^[A-Z].*\.$/s))
    // An example may be null, but not left out.
    expect(example).not.toBeUndefined()
  })

  it.each(['nothing', 'items[].nothing', 'items.nothing'])('would be missed: %s', (path) => {
    expect(memberOf(documentOf('oms-allocations'), CANCELLED, path).type).toBeUndefined()
  })

  it('stands in what a cancellation answers', () => {
    const reader = createReader(documentOf('oms-allocations'))
    const uri = 'oms-allocations.yaml'
    const answer = reader.at(uri, '/paths/~1allocation~1cancel~1{allocationIds}/put/responses/200/content/application~1json/schema')
    expect(answer.value['type']).toBe('array')
    expect(reader.child(answer, 'items')?.pointer).toBe(CANCELLED)
  })
})

describe('the example of the document', () => {
  const exampleOf = (name: string, schema: string): unknown =>
    createReader(documentOf(name)).at(`${name}.yaml`, `/components/schemas/${schema}`).value['example']

  it('is the order that the mock has', async () => {
    await using mock = await openMock()
    const { body } = await supplierClient(mock).get().expect(200)
    expect(body).toEqual(exampleOf('supplier-orders', 'Order'))
  })

  it('is the allocation that the mock has', async () => {
    await using mock = await openMock()
    const { body } = await omsClient(mock).get().expect(200)
    expect(body).toEqual(exampleOf('oms-allocations', 'Allocation'))
  })

  it('is the allocation of a line that the mock answers', async () => {
    await using mock = await openMock()
    const supplier = supplierClient(mock)
    const request = exampleOf('supplier-orders', 'AllocateOrderRequest')
    const { body } = await supplier.allocate(isObject(request) ? request : {}).expect(200)
    expect(body).toEqual(exampleOf('supplier-orders', 'AllocateOrderResponse'))
  })
})
