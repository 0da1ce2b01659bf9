import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contractOf, createContract } from '../../src/contract/operation.ts'
import { isJson } from '../../src/contract/schema.ts'
import { loadDocument, type LoadedDocument } from '../../src/document/load.ts'
import { compare, type CompareOptions, type Comparison } from '../../src/verification/pact/compare.ts'
import { type Pact } from '../../src/verification/pact/pact.ts'
import { readPact } from '../../src/verification/pact/read.ts'
import { UsageError } from '../../src/base/problem.ts'
import { ACCOUNT, ALLOCATION, LINE, ORDER, quantities, SUPPLIER } from '../support.ts'

const spec = (name: string): string => join(import.meta.dirname, `../../spec/${name}.yaml`)
const documents = { supplier: await loadDocument(spec('supplier-orders')), oms: await loadDocument(spec('oms-allocations')) }
type Json = Readonly<Record<string, unknown>>

function pactOf(interactions: readonly Json[], version = '3.0.0'): Pact {
  const content = { consumer: { name: 'shop' }, provider: { name: 'x' }, metadata: { pactSpecification: { version } }, interactions }
  return readPact('shop-x.json', { sources: [{ uri: 'shop-x.json', content, lineOf: () => undefined }] })
}

async function compared(document: LoadedDocument, interaction: Json, version?: string, options?: CompareOptions): Promise<Comparison> {
  const comparison = (await compare(pactOf([interaction], version), document, contractOf(document), options)).get(0)
  if (!comparison) throw new Error('nothing was compared')
  return comparison
}

/** Codes and messages of what fails it. */
function reasonsOf({ answer }: Comparison): string[] {
  return answer.kind === 'passed' ? [] : answer.reasons.map(({ code, message }) => `${code ?? ''}: ${message}`)
}

/** Codes and messages of what does not. */
function warningsOf({ answer: { warnings = [] } }: Comparison): string[] {
  return warnings.map(({ code, message }) => `${code ?? ''}: ${message}`)
}

const json = { 'Content-Type': 'application/json' }
const toSupplier = { Authorization: SUPPLIER, ...json }
const toOms = { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
const allocated = { line_items: [{ line_item_uuid: LINE, quantity_shipped: 0 }] }
const put = { method: 'PUT', path: `/orders/allocation/${ORDER}/`, headers: toSupplier, body: quantities(6) }
const read = { method: 'GET', path: `/allocation/${ALLOCATION}`, headers: toOms }
const cancel = { method: 'PUT', path: `/allocation/cancel/${ALLOCATION},633f216c68f1b4456659161c`, headers: toOms }
const ok = (body?: unknown, headers?: Json) => ({ status: 200, ...(body !== undefined && { body }), ...(headers && { headers }) })
const { supplier, oms } = documents

describe('what the document allows', () => {
  it.each<[what: string, document: LoadedDocument, request: Json, response: Json]>([
    ['an allocation', supplier, put, ok(allocated, json)],
    ['a part of the answer', supplier, put, ok({ line_items: [{ quantity_shipped: 0 }] })],
    ['no body to look at', supplier, put, ok()],
    ['the scheme in another spelling', supplier, { ...put, headers: { ...toSupplier, Authorization: 'token x' } }, ok()],
    [
      'no credentials where none are needed',
      supplier,
      { method: 'POST', path: '/organizations/user-login/', headers: json, body: { username: 'a', password: 'b' } },
      ok({ org_type: 'SUPPLIER' }),
    ],
    [
      'no credentials to be refused',
      supplier,
      { ...put, headers: json },
      { status: 401, body: { detail: 'x' }, headers: { ...json, 'WWW-Authenticate': 'Token' } },
    ],
    ['a bad body to be refused', supplier, { ...put, body: {} }, { status: 400, body: { line_items: ['This field is required.'] } }],
    [
      'errors of fields, free in their names',
      supplier,
      { ...put, body: quantities(1) },
      { status: 400, body: { line_items: [{ allocation: { non_field_errors: ['x'] } }] } },
    ],
    ['one sentence', supplier, { ...put, body: quantities(1) }, { status: 400, body: { detail: 'x' } }],
    ['a bad path to be refused', supplier, { ...put, path: '/orders/allocation/x/' }, { status: 404, body: { detail: 'x' } }],
    [
      'a bad media type to be refused',
      supplier,
      { ...put, headers: { ...toSupplier, 'Content-Type': 'text/xml' }, body: '<a/>' },
      { status: 415, body: { detail: 'x' } },
    ],
    ['a method to be refused', supplier, { ...put, method: 'PATCH' }, { status: 405, headers: { Allow: 'PUT' }, body: { detail: 'x' } }],
    [
      'what axios accepts',
      supplier,
      { ...put, headers: { ...toSupplier, Accept: 'application/json, text/plain, */*' } },
      ok(allocated, json),
    ],
    ['below the base path', oms, { ...read, path: `/api/v2/allocation/${ALLOCATION}` }, ok({ allocationId: ALLOCATION }, json)],
    ['without the base path', oms, read, ok({ statusCode: 'ALLOCATED', poNumber: null, shipToAddress: { city: 'x' } })],
    ['free attributes', oms, read, ok({ items: [{ attributes: { a: { b: 'c' } } }] })],
    ['HEAD for GET', oms, { ...read, method: 'HEAD' }, ok()],
    ['identifiers in one path', oms, cancel, ok([{ allocationId: ALLOCATION, statusCode: 'CANCELLED' }])],
    ['an identifier with an equals sign', oms, { ...cancel, path: '/allocation/cancel/YQ==' }, ok([])],
    ['a hundred identifiers', oms, { ...cancel, path: `/allocation/cancel/${Array(100).fill(ALLOCATION).join(',')}` }, ok([])],
    ['a text', oms, cancel, { status: 404, body: 'Allocation x is not found', headers: json }],
    [
      'one of several forms: a list',
      oms,
      { method: 'GET', path: '/order/', query: { orderId: ['a'] }, headers: toOms },
      ok([{ orderId: 'a' }]),
    ],
    ['one of several forms: one', oms, { method: 'GET', path: '/order/', query: 'orderNumber=a', headers: toOms }, ok({ orderId: 'a' })],
    ['null for no body', oms, { ...cancel, body: null }, ok([])],
    ['a header as a number', oms, { ...cancel, headers: { ...toOms, 'Content-Length': 0 } }, ok([])],
  ])('%s', async (_, document, request, response) => {
    expect(reasonsOf(await compared(document, { description: 'it', request, response }))).toEqual([])
  })

  it('in the wrapping of version 4', async () => {
    const wrapped = (content: unknown, encoded: unknown = false) => ({ content, contentType: 'application/json', encoded })
    const request = { ...put, headers: { Authorization: [SUPPLIER] }, body: wrapped(JSON.stringify(quantities(6)), 'JSON') }
    const base64 = Buffer.from(JSON.stringify(allocated)).toString('base64')
    for (const body of [wrapped(allocated), wrapped(base64, 'base64')])
      expect(
        reasonsOf(
          await compared(supplier, { request, response: { status: 200, headers: { 'Content-Type': ['application/json'] }, body } }, '4.0'),
        ),
      ).toEqual([])
    const wrong = await compared(
      supplier,
      { request, response: { status: 200, body: wrapped(Buffer.from('{"a":1}').toString('base64'), 'base64') } },
      '4.0',
    )
    expect(reasonsOf(wrong)).toEqual(['response.body.incompatible: response body $: the document names no "a" here'])
  })

  /** Each answer of a document with each of its examples, to a request made of the operation's own. */
  function examplesOf({ sources }: LoadedDocument, headers: Json, id: string): Json[] {
    const content = sources[0]?.content
    const resolve = (value: unknown): Json => {
      if (!isJson(value)) return {}
      if (typeof value['$ref'] !== 'string') return value
      let target: unknown = content
      for (const part of value['$ref'].slice(2).split('/')) target = isJson(target) ? target[part.replaceAll('~1', '/')] : undefined
      return resolve(target)
    }
    const media = (owner: unknown) => resolve(resolve(resolve(owner)['content'])['application/json'])
    const values = (owner: unknown): unknown[] =>
      Object.values(resolve(media(owner)['examples'])).map((example) => resolve(example)['value'])
    const sample = (owner: unknown): unknown => values(owner)[0] ?? resolve(media(owner)['schema'])['example']
    return Object.entries(resolve(resolve(content)['paths'])).flatMap(([template, item]) =>
      Object.entries(resolve(item)).flatMap(([method, value]) => {
        const { responses, requestBody } = resolve(value)
        if (method === 'parameters') return []
        const path = template.replaceAll(/\{[^}]+\}/g, id)
        const body = sample(requestBody)
        const request = { method, path, headers, ...(body !== undefined && { body }) }
        return Object.entries(resolve(responses)).flatMap(([status, response]) =>
          [undefined, ...values(response)].map((body) => ({
            description: `${method} ${template} ${status}`,
            request,
            response: { status: Number(status), ...(body !== undefined && { body, headers: json }) },
          })),
        )
      }),
    )
  }

  it.each([
    ['supplier', supplier, toSupplier, ORDER],
    ['oms', oms, { ...toOms, ...json }, ALLOCATION],
  ] as const)('are all examples of its own: %s', async (_, document, headers, id) => {
    const interactions = examplesOf(document, headers, id)
    expect(interactions.length).toBeGreaterThan(100)
    const comparisons = await compare(pactOf(interactions), document, contractOf(document))
    const failed = [...comparisons].filter(([, { answer }]) => answer.kind === 'failed')
    expect(failed.map(([index, comparison]) => [interactions[index]?.['description'], reasonsOf(comparison)])).toEqual([])
  })
})

describe('what the document forbids', () => {
  it.each<[what: string, document: LoadedDocument, request: Json, response: Json, reasons: string[]]>([
    [
      'a path it does not have',
      supplier,
      { ...put, path: '/baskets/1' },
      ok(),
      ['request.path-or-method.unknown: the document has no PUT /baskets/1'],
    ],
    ['a missing slash', supplier, { ...put, path: '/orders' }, ok(), ['request.path-or-method.unknown: the document has no PUT /orders']],
    [
      'a method it does not have',
      supplier,
      { ...put, method: 'delete' },
      ok(),
      [`request.path-or-method.unknown: the document has no DELETE ${put.path}`],
    ],
    [
      'the method of another path',
      oms,
      { ...read, path: '/allocation/query' },
      ok(),
      ['request.path-or-method.unknown: the document has no GET /allocation/query'],
    ],
    [
      'a value in the path',
      supplier,
      { ...put, path: '/orders/allocation/x/' },
      ok(),
      ['request.path-or-method.unknown: the document has no PUT /orders/allocation/x/: order_uuid is "x"; it must be a uuid'],
    ],
    ['a status', supplier, put, { status: 418 }, ['response.status.unknown: the document has no answer 418 here']],
    [
      'a property of the answer',
      supplier,
      put,
      ok({ line_items: [{ colour: 'red' }] }),
      ['response.body.incompatible: response body $.line_items[0]: the document names no "colour" here'],
    ],
    [
      'a type in the answer',
      oms,
      read,
      ok({ version: 'first' }),
      ['response.body.incompatible: response body $.version: the document says that it must be integer, the pact has "first"'],
    ],
    [
      'a value in the answer',
      oms,
      read,
      ok({ statusCode: 'GONE' }),
      [
        'response.body.incompatible: response body $.statusCode: the document says that it must be one of "ALLOCATED", "PENDING_DROP", "PENDING_PICK", "SHIPPED", "PARTIALLY_SHIPPED", "REALLOCATED", "CANCELLED", "PARTIALLY_CANCELLED", the pact has "GONE"',
      ],
    ],
    [
      'a form of the answer',
      oms,
      cancel,
      ok({ allocationId: 'a' }),
      ['response.body.incompatible: response body $: the document says that it must be array, the pact has {"allocationId":"a"}'],
    ],
    [
      'a body of the request',
      supplier,
      { ...put, body: {} },
      ok(),
      ['request.body.incompatible: request body $: "line_items" is missing, which the document requires'],
    ],
    [
      'no body of the request',
      supplier,
      { ...put, body: undefined },
      ok(),
      ['request.body.incompatible: request body $: the document says that it must be object'],
    ],
    [
      'no credentials',
      supplier,
      { ...put, headers: json },
      ok(),
      ['request.authorization.missing: the request has no credentials: there is no authorization header'],
    ],
    [
      'other credentials',
      supplier,
      { ...put, headers: { ...toSupplier, Authorization: 'Bearer x' } },
      ok(),
      ['request.authorization.missing: the request has no credentials: the authorization header has the scheme Bearer, not Token'],
    ],
    [
      'a missing header',
      oms,
      { ...read, headers: { Authorization: 'Bearer x' } },
      ok(),
      ['request.header.incompatible: request header x-site-context: "x-site-context" is missing, which the document requires'],
    ],
    [
      'what a header holds',
      oms,
      { ...read, headers: { ...toOms, 'x-site-context': '{"account":5,"stage":"x","channel":[]}' } },
      ok(),
      [
        'request.header.incompatible: request header x-site-context $.account: it is 5; the type must be string',
        'request.header.incompatible: request header x-site-context $.channel: it is []; the type must be integer or string',
      ],
    ],
    [
      'what a header does not hold',
      oms,
      { ...read, headers: { ...toOms, 'x-site-context': '{}' } },
      ok(),
      ['request.header.incompatible: request header x-site-context $.account: it is missing'],
    ],
    [
      'a header that is no JSON',
      oms,
      { ...read, headers: { ...toOms, 'x-site-context': 'account=a' } },
      ok(),
      [expect.stringMatching(/^request\.header\.incompatible: request header x-site-context: it is not JSON: /)],
    ],
    [
      'a header of the answer',
      oms,
      read,
      ok(undefined, { 'x-total': '3' }),
      ['response.header.unknown: the document has no header x-total in this answer'],
    ],
    [
      'a media type of the request',
      supplier,
      { ...put, headers: { ...toSupplier, 'Content-Type': 'text/xml' }, body: '<a/>' },
      ok(),
      ['request.content-type.incompatible: the document has no "text/xml" for the body of the request'],
    ],
    [
      'a media type of the answer',
      supplier,
      put,
      ok('<a/>', { 'Content-Type': 'text/xml' }),
      ['response.content-type.incompatible: the document has no "text/xml" for the body of the response'],
    ],
    [
      'an answer to a refusal',
      supplier,
      { ...put, headers: {} },
      { status: 401, body: { error: 'x' } },
      ['response.body.incompatible: response body $: the document names no "error" here'],
    ],
    [
      'a refusal of a method',
      supplier,
      { ...put, method: 'PATCH' },
      { status: 405, body: { error: 'x' } },
      ['response.body.incompatible: response body $: the document names no "error" here'],
    ],
  ])('%s', async (_, document, request, response, reasons) => {
    expect(reasonsOf(await compared(document, { description: 'it', request, response }))).toEqual(reasons)
  })

  it('with the place in the pact and in the document', async () => {
    const lines = readFileSync(spec('supplier-orders'), 'utf8').split('\n')
    const places = async (request: Json, response: Json) => {
      const { answer } = await compared(supplier, { request, response })
      return answer.kind === 'passed'
        ? []
        : answer.reasons.map(({ pactPath, place }) => [pactPath, place?.file, place?.pointer, lines[(place?.line ?? 0) - 1]?.trim()])
    }
    const file = 'supplier-orders.yaml'
    expect(await places(put, ok({ line_items: [{ colour: 'red' }] }))).toEqual([
      ['$.response.body.line_items[0]', file, '/components/schemas/AllocatedLineItem', 'AllocatedLineItem:'],
    ])
    expect(await places(put, { status: 418 })).toEqual([
      ['$.response.status', file, '/paths/~1orders~1allocation~1{order_uuid}~1/put/responses', 'responses:'],
    ])
    expect(await places({ ...put, path: '/x' }, ok())).toEqual([['$.request.path', file, '/paths', 'paths:']])
    expect(await places({ ...put, path: '/orders/allocation/x/' }, ok())).toMatchObject([
      ['$.request.path', file, expect.stringMatching(/^\/components\/parameters\/OrderUuid/), expect.any(String)],
    ])
    expect(await places({ ...put, headers: json }, ok())).toEqual([
      ['$.request.headers', file, '/paths/~1orders~1allocation~1{order_uuid}~1/put', 'put:'],
    ])
    expect(await places({ ...put, body: {} }, ok())).toEqual([
      ['$.request.body', file, '/components/schemas/AllocateOrderRequest/required', 'required: [line_items]'],
    ])
    const inList = await compared(oms, { request: cancel, response: ok([{}, { items: [{ quantity: 'x', colour: 'red' }] }]) })
    expect(inList.answer.kind === 'failed' && inList.answer.reasons.map(({ pactPath, place }) => [pactPath, place?.pointer])).toEqual([
      ['$.response.body[1].items[0]', '/components/schemas/AllocationItem'],
      ['$.response.body[1].items[0].quantity', '/components/schemas/AllocationItem/properties/quantity/type'],
    ])
    const { answer } = await compared(oms, { request: { ...read, headers: { Authorization: 'Bearer x' } }, response: ok() })
    expect(answer).toMatchObject({ reasons: [{ place: { file: 'oms-allocations.yaml', pointer: '/components/parameters/SiteContext' } }] })
  })

  it('by the result items of the comparator, each at its interaction', async () => {
    const pact = pactOf([
      { description: 'a', request: put, response: ok(allocated) },
      { description: 'b', providerState: 's', request: put, response: ok({ colour: 'red' }) },
      { description: 'c', request: { ...put, path: '/x' }, response: ok() },
    ])
    const comparisons = await compare(pact, supplier, contractOf(supplier))
    expect([...comparisons].map(([index, { answer }]) => [index, answer.kind])).toEqual([
      [0, 'passed'],
      [1, 'failed'],
      [2, 'failed'],
    ])
    expect(comparisons.get(1)?.results).toMatchObject([
      {
        code: 'response.body.incompatible',
        type: 'error',
        message:
          'Response body is incompatible with the response body schema in the spec file: must NOT have additional properties - colour',
        mockDetails: { interactionDescription: 'b', interactionState: 's', location: '[root].interactions[1].response.body' },
        specDetails: {
          location: '[root].paths./orders/allocation/{order_uuid}/.put.responses.200.content.application/json.schema.additionalProperties',
          pathMethod: 'put',
        },
      },
    ])
    expect(comparisons.get(2)?.results).toMatchObject([{ mockDetails: { location: '[root].interactions[2].request.path', value: '/x' } }])
  })

  it.each<[what: string, document: LoadedDocument, request: Json, warnings: string[]]>([
    [
      'a parameter and a header that the document does not have',
      supplier,
      { ...put, headers: { ...toSupplier, 'x-trace': '1' }, query: 'colour=red' },
      [
        'request.query.unknown: the document has no query parameter colour here',
        'request.header.unknown: the document has no request header x-trace here',
      ],
    ],
    [
      'members of the body',
      supplier,
      { ...put, body: { ...quantities(6), colour: 'red', more: { a: 1 } } },
      [
        'request.body.undeclared: request body $: the document names no "colour" here',
        'request.body.undeclared: request body $: the document names no "more" here',
      ],
    ],
    [
      'a member within the body',
      supplier,
      { ...put, body: { line_items: [{ line_item_uuid: LINE, colour: 'red', allocation: { quantity_allocated: 6 } }] } },
      ['request.body.undeclared: request body $.line_items[0]: the document names no "colour" here'],
    ],
    [
      'a member of a header',
      oms,
      { ...read, headers: { ...toOms, 'x-site-context': JSON.stringify({ account: ACCOUNT, colour: 'red' }) } },
      ['request.header.undeclared: request header x-site-context: the document names no "colour" here'],
    ],
    [
      'a body where there is none',
      oms,
      { ...cancel, body: { a: 1 } },
      ['request.body.unknown: the document has no body of the request here'],
    ],
    [
      'a content-type where there is no body',
      oms,
      { ...cancel, headers: { ...toOms, ...json } },
      ['request.content-type.unknown: the request has the content-type "application/json", and the document has no body of it here'],
    ],
  ])('but not by a warning: %s', async (_, document, request, warnings) => {
    const comparison = await compared(document, { request, response: ok() })
    expect([comparison.answer.kind, warningsOf(comparison)]).toEqual(['passed', warnings])
    expect(comparison.results.map(({ type }) => type)).toEqual(warnings.map(() => 'warning'))
    const refused = await compared(document, { request, response: { status: 404, body: document === oms ? 'x' : { detail: 'x' } } })
    expect(warningsOf(refused)).toEqual([])
  })

  it('by a warning too', async () => {
    const { answer } = await compared(supplier, { request: { ...put, query: 'colour=red' }, response: ok({ colour: 'red' }) })
    expect(answer).toMatchObject({
      kind: 'failed',
      reasons: [{ code: 'response.body.incompatible' }],
      warnings: [
        {
          code: 'request.query.unknown',
          pactPath: '$.request.query.colour',
          place: { pointer: '/paths/~1orders~1allocation~1{order_uuid}~1/put' },
        },
      ],
    })
  })

  it('with the headers that are sent with every request', async () => {
    const interaction = { request: { ...read, headers: {} }, response: ok() }
    expect(reasonsOf(await compared(oms, interaction))).toHaveLength(2)
    expect(reasonsOf(await compared(oms, interaction, undefined, { headers: toOms }))).toEqual([])
  })
})

describe('values that are generated', () => {
  const state = { type: 'ProviderState', expression: '${id}' }
  const body = { line_items: [{ line_item_uuid: 'a', allocation: { quantity_allocated: 'b' } }] }
  it.each<[what: string, request: Json, response: Json, count: number]>([
    ['in the path', { path: '/orders/allocation/a/', generators: { path: state } }, ok(), 0],
    ['not in the path', { path: '/orders/allocation/a/', generators: { header: { x: state } } }, ok(), 1],
    [
      'in the request',
      {
        body,
        generators: { body: { '$.line_items[0].line_item_uuid': state, "$['line_items'][*].allocation.quantity_allocated": state } },
      },
      ok(),
      0,
    ],
    ['not in the request', { body, generators: { body: { '$.line_items[1].line_item_uuid': state } } }, ok(), 2],
    [
      'in the answer',
      {},
      { ...ok({ line_items: [{ line_item_uuid: 'a' }] }), generators: { body: { '$.line_items[0].line_item_uuid': state } } },
      0,
    ],
    ['not in the answer', {}, ok({ line_items: [{ line_item_uuid: 'a' }] }), 1],
  ])('%s', async (_, request, response, count) => {
    const reasons = reasonsOf(await compared(supplier, { request: { ...put, ...request }, response }))
    expect(reasons).toHaveLength(count)
  })
})

describe('other documents', () => {
  const documentOf = (operation: Json, more: Json = {}, schemas: Json = {}): LoadedDocument => ({
    name: 'a',
    sources: [
      {
        uri: 'a.yaml',
        content: {
          openapi: '3.1.0',
          info: { title: 'a', version: '1' },
          paths: { '/a': { get: { operationId: 'a', responses: {}, ...operation } } },
          components: { schemas },
          ...more,
        },
        lineOf: () => 1,
      },
    ],
  })
  const answering = (schema: unknown, schemas: Json = {}) =>
    documentOf({ responses: { 200: { content: { 'application/json': { schema } } } } }, {}, schemas)
  const asking = (parameter: Json, schemas: Json = {}) => documentOf({ parameters: [parameter], responses: { 200: {} } }, {}, schemas)
  const get = { method: 'GET', path: '/a' }
  const A = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } }
  const B = { type: 'object', required: ['b'], properties: { b: { type: 'string' } } }
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const schemas = { A, B }

  it.each<[what: string, schema: Json, said: RegExp]>([
    ['values', { enum: ['b', 2, null] }, /it must be one of "b", 2, null, the pact has "x"$/],
    ['a value behind a reference', ref('Kind'), /it must be one of "b", the pact has "x"$/],
    ['a constant', { const: 'b' }, /it must be "b", the pact has "x"$/],
    [
      'many values',
      { enum: Array.from({ length: 30 }, (_, n) => n) },
      /it must be one of 0, 1, [^a-z]*, 19 and 10 more, the pact has "x"$/,
    ],
  ])('%s that are allowed are told', async (_what, schema, said) => {
    const document = answering({ type: 'object', properties: { a: schema } }, { Kind: { enum: ['b'] } })
    const [reason, ...others] = reasonsOf(await compared(document, { request: get, response: ok({ a: 'x' }, json) }))
    expect(reason).toMatch(said)
    expect(others).toEqual([])
  })

  it.each<[what: string, schema: Json, fits: unknown[], fails: unknown[]]>([
    ['oneOf without what tells the branches apart', { oneOf: [ref('A'), ref('B')] }, [{}, { a: 'x' }, { b: 'x' }], [{ c: 1 }, { a: 1 }]],
    [
      'oneOf with a discriminator',
      { oneOf: [ref('A'), ref('B')], discriminator: { propertyName: 'a', mapping: { x: '#/components/schemas/A' } } },
      [{ a: 'x' }, { b: 'x' }, {}],
      [{ c: 1 }, { a: 'y' }, { a: 'x', b: 'x' }],
    ],
    [
      'oneOf with a discriminator by the names of schemas',
      { oneOf: [ref('Cat'), ref('Dog')], discriminator: { propertyName: 'type' } },
      [{ type: 'Cat', meows: 1 }, { barks: 1 }],
      [{ type: 'Cat', barks: 1 }, { type: 'Dog', meows: 1 }, { type: 'Cow' }],
    ],
    [
      'anyOf with a discriminator whose branches have values of their own',
      { anyOf: [ref('Pinned'), ref('Dog')], discriminator: { propertyName: 'type' } },
      [
        { type: 'cat', meows: 1 },
        { type: 'Dog', barks: 1 },
      ],
      [
        { type: 'cat', barks: 1 },
        { type: 'Dog', meows: 1 },
      ],
    ],
    ['an object or null', { type: ['object', 'null'], properties: { a: { type: 'string' } } }, [{ a: 'x' }], [{ b: 1 }, { a: 1 }]],
    [
      'an object or null of OpenAPI 3.0',
      { type: 'object', nullable: true, properties: { a: { type: 'string' } } },
      [{ a: 'x' }],
      [{ b: 1 }, { a: 1 }],
    ],
    ['properties without a type', { properties: { a: { type: 'string' } } }, [{ a: 'x' }], [{ b: 1 }]],
    ['a choice of what is required', { ...A, anyOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 'x' }, {}], [{ b: 1 }]],
    ['what is expressly open', { ...A, additionalProperties: true }, [{ b: 1 }], [{ a: 1 }]],
    ['not both', { ...A, not: { required: ['a', 'b'] } }, [{ a: 'x' }], [{ b: 1 }]],
    ['a condition', { ...A, if: { required: ['a', 'b'] }, else: { required: ['b'] } }, [{ a: 'x' }], [{ b: 1 }]],
    ['what goes together', { ...A, dependentRequired: { a: ['b'] }, minProperties: 2 }, [{ a: 'x' }], [{ b: 1 }]],
    [
      'names of a pattern, with a reference',
      { type: 'object', patternProperties: { '^x': ref('A') } },
      [{ x1: { a: 'x' } }, { x1: {} }],
      ['x', { x1: { a: 1 } }, { x1: { b: 1 } }],
    ],
    [
      'a tuple, with a reference',
      { type: 'array', prefixItems: [ref('A')], items: { type: 'integer' } },
      [[{ a: 'x' }, 1], [{}]],
      ['x', [{ a: 1 }], [{ b: 1 }], [{}, 'x']],
    ],
    ['an element, with a reference', { type: 'array', contains: ref('A') }, [[1, { a: 'x' }]], [[1, { a: 1 }]]],
    [
      'names that fit, with a reference',
      { type: 'object', propertyNames: ref('Name'), additionalProperties: {} },
      [{ ab: 1 }],
      [{ abc: 1 }],
    ],
    ['what a value is not', { properties: { a: { not: { enum: ['x'] } } } }, [{ a: 'y' }], [{ a: 'x' }]],
    ['what a value is not, behind a reference', { properties: { a: ref('No') } }, [{}], [{ a: 'x' }]],
    [
      'what a value is on a condition, with a reference',
      {
        properties: {
          a: JSON.parse('{"if":{"type":"string"},"then":{"$ref":"#/components/schemas/Name"},"else":{"$ref":"#/components/schemas/A"}}'),
        },
      },
      [{ a: 'ab' }, { a: { a: 'x' } }],
      [{ a: 'abc' }, { a: { a: 1 } }],
    ],
    ['a definition of its own', { $ref: '#/components/schemas/Own/$defs/a~1b%20c', $defs: {} }, [{ a: 'x' }], [{ a: 1 }, { b: 1 }]],
    ['a reference to a part of a schema', { $ref: '#/components/schemas/A/properties/a' }, ['x'], [1]],
    ['a name that is no name of a reference', { $ref: '#/components/schemas/List%3CA%3E' }, [[{ a: 'x' }]], [[{ a: 1 }]]],
    ['a name that is a number', ref('404'), [{ a: 'x' }], [{ a: 1 }]],
    [
      'what leads back to itself in its parts',
      ref('Node'),
      [{ a: 'x', next: { a: 'y', next: {} } }],
      [{ next: { a: 1 } }, { next: { b: 1 } }],
    ],
    [
      'parts put together',
      { allOf: [ref('A'), { type: 'object', required: ['c'], properties: { c: { type: 'string' } } }] },
      [{ a: 'x' }, { a: 'x', c: 'y' }],
      [{ d: 1 }, { a: 1 }],
    ],
    ['a requirement beside a reference', { ...ref('A'), required: ['z'] }, [{ a: 'x' }], [{ b: 1 }]],
    ['examples of OpenAPI 3.0', { ...A, examples: { one: { a: 'x' } } }, [{ a: 'x' }], [{ b: 1 }]],
    ['a list of itself', { type: 'object', properties: { more: ref('Tree') } }, [{ more: { more: {} } }], [{ more: { less: 1 } }]],
  ])('an answer with %s', async (_, schema, fits, fails) => {
    const animal = (voice: string, type: Json) => ({ type: 'object', properties: { type, [voice]: { type: 'integer' } } })
    const document = answering(schema, {
      ...schemas,
      Tree: schema,
      Name: { type: 'string', maxLength: 2 },
      No: false,
      Own: { $defs: { 'a/b c': A } },
      'List<A>': { type: 'array', items: ref('A') },
      404: A,
      Node: { allOf: [ref('A'), { type: 'object', properties: { next: ref('Node') } }] },
      Cat: animal('meows', { type: 'string' }),
      Dog: animal('barks', { type: 'string' }),
      Pinned: animal('meows', { const: 'cat' }),
    })
    const first = async (body: unknown) => [
      body,
      reasonsOf(await compared(document, { request: get, response: ok(body) }))[0]?.split(':')[0],
    ]
    expect(await Promise.all(fits.map(first))).toEqual(fits.map((body) => [body, undefined]))
    expect(await Promise.all(fails.map(first))).toEqual(fails.map((body) => [body, 'response.body.incompatible']))
  })

  it.each<[what: string, parameter: Json, query: string, code: string | undefined]>([
    ['a list behind a reference', { name: 'a', in: 'query', schema: ref('List') }, 'a=1', undefined],
    ['a list or null', { name: 'a', in: 'query', schema: { type: ['array', 'null'], items: { type: 'integer' } } }, 'a=1', undefined],
    ['a list, twice', { name: 'a', in: 'query', schema: ref('List') }, 'a=1&a=2', undefined],
    ['a list of wrong values', { name: 'a', in: 'query', schema: ref('List') }, 'a=1&a=x', 'request.query.incompatible'],
    ['a long list', { name: 'a', in: 'query', schema: ref('List') }, Array(40).fill('a=1').join('&'), undefined],
    [
      'a parameter of a media type',
      { name: 'a', in: 'query', required: true, content: { 'application/json': { schema: A } }, examples: { b: {} } },
      'a=%7B%22a%22%3A%22x%22%7D',
      undefined,
    ],
    [
      'a parameter of a media type that lacks something',
      { name: 'a', in: 'query', content: { 'application/json': { schema: A } } },
      'a=%7B%7D',
      'request.query.incompatible',
    ],
    ['a name with a dot', { name: 'a.b', in: 'query', schema: { type: 'integer' } }, 'a.b=1', undefined],
    [
      'a wrong value under a name with a dot',
      { name: 'a.b', in: 'query', schema: { type: 'integer' } },
      'a.b=x',
      'request.query.incompatible',
    ],
    ['the members of an object', { name: 'q', in: 'query', required: true, schema: A }, 'a=x', undefined],
    ['a wrong member of an object', { name: 'a', in: 'query', style: 'deepObject', schema: A }, 'a[b]=x', 'request.query.incompatible'],
    ['an object named as its member', { name: 'a', in: 'query', schema: ref('A') }, 'a=x', undefined],
    ['a parameter of nobody', { name: 'q', in: 'query', schema: A }, 'a=x&b=y', 'request.query.unknown'],
    ['no cookie', { name: 'a', in: 'cookie', required: true, schema: { type: 'string' } }, '', 'request.header.incompatible'],
    [
      'no credentials, which are no parameter',
      { name: 'Authorization', in: 'header', required: true, schema: { type: 'integer' } },
      '',
      undefined,
    ],
    ['a missing one', { name: 'a', in: 'query', required: true, schema: { type: 'string' } }, '', 'request.query.incompatible'],
    ['a text with a comma', { name: 'a', in: 'query', schema: { type: ['string', 'null'] } }, 'a=b,c', undefined],
  ])('a query with %s', async (_, parameter, query, code) => {
    const document = asking(parameter, { ...schemas, List: { type: 'array', items: { type: 'integer' } } })
    const { results } = await compared(document, { request: { ...get, query }, response: ok() })
    expect(results.map(({ code }) => code)).toEqual(code === undefined ? [] : [code])
  })

  const taking = (schema: Json, more: Json = {}) =>
    documentOf({ requestBody: { required: true, content: { 'application/json': { schema } } }, responses: { 200: {} } }, more)
  it.each<[what: string, document: LoadedDocument, request: Json, codes: readonly string[]]>([
    ['all parts of allOf', taking({ allOf: [A, B] }), { headers: json, body: { a: 'x', b: 'y' } }, []],
    ['one part of allOf', taking({ allOf: [A, B] }), { headers: json, body: { b: 'y' } }, ['request.body.incompatible']],
    ['no body, of any form', taking({}), { headers: json }, ['request.body.incompatible']],
    [
      'names that the document closes',
      taking({ ...A, additionalProperties: false }),
      { headers: json, body: { a: 'x', b: 'y' } },
      ['request.body.incompatible'],
    ],
    ['names that the document leaves open', taking({ ...A, additionalProperties: true }), { headers: json, body: { a: 'x', b: 'y' } }, []],
    [
      'a value of the query that is generated',
      asking({ name: 'a', in: 'query', schema: { type: 'integer' } }),
      { query: 'a=x', generators: { query: { '$.a[0]': { type: 'ProviderState', expression: '${a}' } } } },
      [],
    ],
    [
      'the key of a security scheme',
      taking({}, { components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } }, security: [{ key: [] }] }),
      { headers: { ...json, 'X-Key': 'a' }, body: {} },
      [],
    ],
    [
      'a limit of OpenAPI 3.0',
      taking({ type: 'integer', minimum: 1, exclusiveMinimum: true }, { openapi: '3.0.3' }),
      { headers: json, body: 1 },
      ['request.body.incompatible'],
    ],
    [
      'a body whose schema is none',
      taking({ type: 'string', pattern: '(' }),
      { headers: json, body: 'x' },
      ['request.uncompiled', 'interaction.incomparable'],
    ],
    [
      'a parameter whose schema is none',
      asking({ name: 'a', in: 'query', schema: { type: 'strin' } }),
      { query: 'a=x' },
      ['request.uncompiled', 'interaction.incomparable'],
    ],
    ['what the answer alone has', taking({ ...A, properties: { a: { type: 'string', readOnly: true } } }), { headers: json, body: {} }, []],
    [
      'a choice of another value than its discriminator says',
      taking({ oneOf: [ref('A'), ref('B')], discriminator: { propertyName: 'kind' } }, { components: { schemas } }),
      { headers: json, body: { kind: 'B', a: 'x' } },
      // The contract tells it, and the comparator twice.
      ['request.body.incompatible', 'request.body.incompatible', 'request.body.incompatible'],
    ],
    [
      'a choice of a list or a word',
      asking({
        name: 'a',
        in: 'query',
        schema: {
          anyOf: [
            { type: 'array', items: { type: 'integer' } },
            { enum: ['all'], type: 'string' },
          ],
        },
      }),
      { query: 'a=all' },
      [],
    ],
    [
      'neither a list nor the word',
      asking({
        name: 'a',
        in: 'query',
        schema: {
          anyOf: [
            { type: 'array', items: { type: 'integer' } },
            { enum: ['all'], type: 'string' },
          ],
        },
      }),
      { query: 'a=none' },
      ['request.query.incompatible'],
    ],
    [
      'the key of a security scheme in the query',
      taking({}, { components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'Key' } } }, security: [{ key: [] }] }),
      { headers: json, body: {}, query: 'Key=a' },
      [],
    ],
  ])('a request with %s', async (_, document, request, codes) => {
    const { results } = await compared(document, { request: { ...get, ...request }, response: ok() })
    expect(results.map(({ code }) => code)).toEqual(codes)
  })

  it('takes the schema of the type that the answer has', async () => {
    const content = { 'application/json': { schema: A }, 'text/csv': { schema: { type: 'string' } } }
    const document = documentOf({ responses: { 200: { content } } })
    const answered = async (headers: Json, body: unknown) =>
      reasonsOf(await compared(document, { request: get, response: ok(body, headers) }))
    expect(await answered({ 'Content-Type': 'text/csv' }, 'a;b')).toEqual([])
    expect(await answered(json, { b: 1 })).toHaveLength(1)
  })

  it('takes headers without a schema, paths behind a reference, ranges of statuses', async () => {
    const headers = { 'X-A': { required: true, description: 'a', content: { 'text/plain': {} } }, 'X-B': { schema: { type: 'integer' } } }
    const operation = { operationId: 'a', responses: { '2XX': { headers, content: { 'application/json': { schema: A } } } } }
    const document = documentOf(
      {},
      { paths: { '/a': { $ref: '#/components/pathItems/A' } }, components: { pathItems: { A: { get: operation } } } },
    )
    expect(reasonsOf(await compared(document, { request: get, response: ok({ a: 'x' }, { 'X-A': 'x', 'X-B': '1' }) }))).toEqual([])
    const { answer } = await compared(document, { request: get, response: ok({ b: 'x' }, { 'X-B': 'x' }) })
    expect(answer).toMatchObject({
      reasons: [
        { code: 'response.header.incompatible', place: { pointer: '/components/pathItems/A/get/responses/2XX/headers/X-B/schema/type' } },
        {
          code: 'response.body.incompatible',
          place: { pointer: '/components/pathItems/A/get/responses/2XX/content/application~1json/schema' },
        },
      ],
    })
  })

  it('leaves the document as it was', async () => {
    const document = documentOf({ responses: { 200: {} } }, { security: [] })
    const before = structuredClone(document.sources[0]?.content)
    await compared(document, { request: get, response: ok() })
    expect(document.sources[0]?.content).toEqual(before)
  })

  it('fails only the interactions that the comparator cannot read', async () => {
    const document = answering({ type: 'string', pattern: '(' })
    const pact = pactOf([
      { request: get, response: ok({ a: 1 }) },
      { request: get, response: ok() },
      { request: { ...get, headers: { 'a b': '€' } }, response: ok() },
    ])
    const comparisons = await compare(pact, document, contractOf(document))
    expect([...comparisons.values()].map(({ answer }) => answer.kind === 'failed' && answer.reasons.map(({ code }) => code))).toEqual([
      ['interaction.incomparable'],
      false,
      ['interaction.incomparable'],
    ])
  })

  it.each([
    ['null', null, { type: 'string' }, '4.0'],
    ['false', false, { type: 'string' }, '3.0.0'],
    ['0', 0, { type: 'string' }, '3.0.0'],
    ['0 where the schema is none', 0, { type: 'string', pattern: '(' }, '3.0.0'],
  ])('looks at a body that is %s', async (_what, body, schema, version) => {
    const expected = version === '4.0' ? { content: body, contentType: 'application/json', encoded: false } : body
    const judged = async (schema: Json) =>
      (await compared(answering(schema), { request: get, response: { status: 200, body: expected } }, version)).answer.kind
    expect(await judged(schema)).toBe('failed')
    expect(await judged({})).toBe('passed')
  })

  it('reads a document of several files, and names the one where the rule stands', async () => {
    const source = (uri: string, content: unknown) => ({ uri, content, lineOf: (pointer: string) => pointer.length })
    const document: LoadedDocument = {
      name: 'a',
      sources: [
        source('a.yaml', { openapi: '3.1.0', info: {}, paths: { '/a': { $ref: 'paths/a.yaml' } } }),
        source('paths/a.yaml', {
          parameters: [{ $ref: '../parts.yaml#/parameters/Size' }],
          get: { responses: { 200: { $ref: '../parts.yaml#/responses/Fine' } } },
        }),
        source('parts.yaml', {
          parameters: { Size: { name: 'size', in: 'query', schema: { $ref: '#/schemas/Size' } } },
          responses: { Fine: { content: { 'application/json': { schema: { $ref: 'list.yaml' } } } } },
          schemas: { Size: { type: 'integer' }, Item: { properties: { size: { $ref: '#/schemas/Size' } } } },
        }),
        source('list.yaml', { type: 'array', items: { $ref: 'parts.yaml#/schemas/Item' } }),
      ],
    }
    expect(reasonsOf(await compared(document, { request: { ...get, query: 'size=1' }, response: ok([{ size: 1 }]) }))).toEqual([])
    const { answer } = await compared(document, { request: { ...get, query: 'size=x' }, response: ok([{ size: 'x' }, { colour: 1 }]) })
    expect(answer).toMatchObject({
      reasons: [
        { code: 'request.query.incompatible', place: { file: 'parts.yaml', pointer: '/schemas/Size/type', line: 18 } },
        { code: 'response.body.incompatible', place: { file: 'parts.yaml', pointer: '/schemas/Size/type' } },
        { code: 'response.body.incompatible', place: { file: 'parts.yaml', pointer: '/schemas/Item' } },
      ],
    })
  })

  it.each<[what: string, content: Json, message: string | RegExp]>([
    ['of another kind', { openapi: '4.0' }, 'a: it cannot be compared: Malformed OpenAPI file'],
    [
      'with a schema that is not there',
      { ...(answering(ref('None')).sources[0]?.content as Json) },
      'a: it cannot be compared: a.yaml:1 ($ref: #/components/schemas/None): it leads nowhere',
    ],
  ])('refuses a document %s', async (_what, content, message) => {
    const document = { name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }
    const refusal = compare(pactOf([{ request: get, response: ok() }]), document, createContract(answering({})))
    expect(await refusal.catch((error: unknown) => error)).toEqual(new UsageError(String(message)))
  })

  const statuses = (...documented: (number | string)[]) =>
    documentOf({
      responses: Object.fromEntries(
        documented.map((status) => [status, { content: { 'application/json': { schema: { properties: { [`of${status}`]: {} } } } } }]),
      ),
    })
  it.each<[what: string, documented: (number | string)[], matcher: Json, response: Json, codes: string[]]>([
    ['a class', [200], { match: 'statusCode', status: 'success' }, { status: 201 }, []],
    ['a list', [404], { match: 'statusCode', status: [404, 410] }, { status: 410 }, []],
    ['a list that has none', [404], { match: 'statusCode', status: [409, 410] }, { status: 410 }, ['response.status.unknown']],
    ['a class that has none', [200, 500], { match: 'statusCode', status: 'clientError' }, { status: 422 }, ['response.status.unknown']],
    ['the class of a range', ['4XX'], { match: 'statusCode', status: 'error' }, { status: 500 }, []],
    ['any other', ['default'], { match: 'statusCode', status: 'error' }, { status: 500 }, ['response.status.default']],
    ['an example that it does not admit', [200], { match: 'statusCode', status: 'error' }, { status: 200 }, ['response.status.unknown']],
    ['nothing', [200], { match: 'statusCode', status: [] }, { status: 200 }, ['response.status.unknown']],
    ['the answer that has the body', [400, 404], { match: 'statusCode', status: 'clientError' }, { status: 400, body: { of404: 1 } }, []],
    [
      'no answer with the body',
      [400, 404],
      { match: 'statusCode', status: 'clientError' },
      { status: 400, body: { of200: 1 } },
      ['response.body.incompatible'],
    ],
    ['an integer', [200], { match: 'integer' }, { status: 202 }, []],
    ['a pattern', [200], { match: 'regex', regex: '^20[01]$' }, { status: 201 }, []],
    ['a pattern that is none', [200], { match: 'regex', regex: '(' }, { status: 200 }, ['response.status.unknown']],
    ['equality', [200], { match: 'equality' }, { status: 201 }, ['response.status.unknown']],
  ])('takes the statuses that a matcher admits: %s', async (_what, documented, matcher, response, codes) => {
    const matchingRules = { status: { $: { combine: 'AND', matchers: [matcher] } } }
    const body = 'body' in response ? { content: response['body'], contentType: 'application/json', encoded: false } : undefined
    const interaction = { request: get, response: { ...response, ...(body && { body }), matchingRules } }
    const { results } = await compared(statuses(...documented), interaction, '4.0')
    expect(results.map(({ code }) => code)).toEqual(codes)
  })
})
