import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { openApiOf } from '../../src/contract/swagger.ts'
import type { LoadedDocument } from '../../src/document/load.ts'

const lines: string[] = []
const documentOf = (operation: object, more: object = {}): LoadedDocument => {
  const content = { swagger: '2.0', info: {}, paths: { '/a/{id}': { post: operation } }, ...more }
  return { name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: (pointer) => lines.push(pointer) }] }
}
const operationOf = (...document: Parameters<typeof documentOf>) => {
  const [operation] = createContract(openApiOf(documentOf(...document))).operations
  if (!operation) throw new Error('no operation')
  return operation
}
const text = (value: unknown) => ({ kind: 'text', text: JSON.stringify(value) }) as const

describe('a document of Swagger 2.0', () => {
  it('has its base path, its operations and its keys', () => {
    const document = documentOf(
      { security: [{ key: [] }, { basic: [] }] },
      {
        basePath: '/v2',
        securityDefinitions: { key: { type: 'apiKey', in: 'query', name: 'k' }, basic: { type: 'basic' } },
      },
    )
    const contract = createContract(openApiOf(document))
    expect(contract.base).toBe('/v2')
    expect(contract.operations[0]?.judge({}, 'k=1')).toHaveProperty('kind', 'credentials')
    expect(contract.operations[0]?.judge({ authorization: 'Basic YTpi' })).toHaveProperty('kind', 'credentials')
    expect(contract.operations[0]?.judge({})).toHaveProperty('kind', 'refused')
  })

  it.each([
    ['csv', 'a=1,2', [1, 2]],
    [undefined, 'a=1,2', [1, 2]],
    ['ssv', 'a=1%202', [1, 2]],
    ['pipes', 'a=1|2', [1, 2]],
    ['tsv', 'a=1%092', [1, 2]],
    ['multi', 'a=1&a=2', [1, 2]],
    ['tsv', 'a=1%092', [1, 2]],
    ['of nobody', 'a=1&a=2', [1, 2]],
  ])('reads lists of the format %s', (collectionFormat, query, value) => {
    const parameter = { name: 'a', in: 'query', type: 'array', items: { type: 'integer' }, ...(collectionFormat && { collectionFormat }) }
    const read = operationOf({ parameters: [parameter], responses: {} }).readParameters({ path: {}, query, headers: {} })
    expect(read).toMatchObject({ issues: [], query: { a: value } })
  })

  it('has bodies, behind references too, with the places of its own file', () => {
    const operation = operationOf(
      { parameters: [{ $ref: '#/parameters/Body' }], responses: { 200: { $ref: '#/responses/Fine' } } },
      {
        parameters: { Body: { name: 'b', in: 'body', required: true, schema: { $ref: '#/definitions/A' } } },
        responses: { Fine: { schema: { $ref: '#/definitions/A' } } },
        definitions: { A: { type: 'object', properties: { a: { type: 'integer', minimum: 0, exclusiveMinimum: true } } } },
      },
    )
    expect(operation.readBody({ kind: 'none' }, undefined)).toHaveProperty('kind', 'refused')
    expect(operation.readBody(text({ a: 1 }), 'application/json')).toHaveProperty('kind', 'body')
    expect(operation.readBody(text({ a: 0 }), 'application/json')).toHaveProperty('kind', 'refused')
    expect(operation.checkReply({ status: 200, body: { a: 0 } })).toMatchObject([
      { at: '/body/a', place: { pointer: '/definitions/A/properties/a/exclusiveMinimum' } },
    ])
    // What has another place now has the line that it has in the file.
    const { sources } = openApiOf(documentOf({ parameters: [{ name: 'b', in: 'body', schema: {} }], responses: { 200: { schema: {} } } }))
    lines.length = 0
    const at = '/paths/~1a~1{id}/post'
    for (const place of ['requestBody/content/application~1json/schema/x', 'responses/200/content/application~1json/schema'])
      sources[0]?.lineOf(`${at}/${place}`)
    expect(lines).toEqual([`${at}/parameters/0/schema/x`, `${at}/responses/200/schema`])
  })

  it('has the fields of a form', () => {
    const field = { in: 'formData', type: 'string' }
    const operation = operationOf({
      parameters: [
        { ...field, name: 'a', required: true },
        { ...field, name: 'b', type: 'integer' },
        { ...field, name: 'c', type: 'array', items: { type: 'integer' } },
        { ...field, name: 'd', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
      ],
      responses: {},
    })
    const form = 'application/x-www-form-urlencoded'
    expect(operation.readBody({ kind: 'text', text: 'a=x&b=1&c=1,2&d=x,y&d=z' }, form)).toEqual({
      kind: 'body',
      value: { a: 'x', b: 1, c: [1, 2], d: ['x,y', 'z'] },
      undeclared: [],
    })
    expect(operation.readBody({ kind: 'text', text: 'a=x&b=y' }, form)).toMatchObject({ problem: { issues: [{ at: '/body/b' }] } })
    expect(operation.readBody({ kind: 'text', text: 'b=1' }, form)).toHaveProperty('kind', 'refused')
  })

  it('has lists, numbers and files in forms', () => {
    const operation = operationOf({
      consumes: ['multipart/form-data', 'application/x-www-form-urlencoded'],
      parameters: [
        { in: 'formData', name: 'a', type: 'array', items: { type: 'integer' } },
        { in: 'formData', name: 'b', type: 'array', items: { type: 'integer' }, collectionFormat: 'multi' },
        { in: 'formData', name: 'c', type: 'boolean' },
        { in: 'formData', name: 'd', type: 'file' },
      ],
      responses: {},
    })
    const value = { a: [1, 2], b: [3, 4], c: true }
    expect(operation.readBody({ kind: 'text', text: 'a=1,2&b=3&b=4&c=true' }, 'application/x-www-form-urlencoded')).toMatchObject({ value })
    const part = (name: string, content: string) => `--x\r\nContent-Disposition: form-data; name=${name}\r\n\r\n${content}\r\n`
    const parts = `${part('a', '1,2')}${part('"b"', '3')}${part('b', '4')}${part('c', 'true')}${part('"d"; filename="d.txt"', 'a\r\nb')}--x--\r\n`
    expect(operation.readBody({ kind: 'text', text: parts }, 'multipart/form-data; boundary=x')).toMatchObject({
      kind: 'body',
      value: { ...value, d: 'a\r\nb' },
    })
    expect(operation.readBody({ kind: 'text', text: 'c=yes' }, 'application/x-www-form-urlencoded')).toMatchObject({
      problem: { issues: [{ at: '/body/c' }] },
    })
  })

  it('has answers without a body where there is no schema, and the examples that it gives', () => {
    const examples = { 'application/json': { a: 1 } }
    const operation = operationOf({
      produces: ['application/json', 'application/xml'],
      responses: { 200: { examples }, 201: { schema: { type: 'object' }, examples }, 204: {} },
    })
    expect(operation.readAnswers().map(({ status, contents }) => [status, contents.map((one) => [one.mediaType, one.examples])])).toEqual([
      ['200', [['application/json', [{ name: 'default', value: { a: 1 } }]]]],
      [
        '201',
        [
          ['application/json', [{ name: 'default', value: { a: 1 } }]],
          ['application/xml', []],
        ],
      ],
      ['204', []],
    ])
  })

  it('has what may be null, and discriminators, in the words of later versions', () => {
    const definitions = {
      A: { type: 'object', properties: { a: { type: 'string', 'x-nullable': true }, discriminator: { type: 'string' } } },
      B: { type: 'object', discriminator: 'kind', properties: { kind: { type: 'string' } } },
    }
    const [source] = openApiOf(documentOf({}, { definitions })).sources
    expect(source?.content).toMatchObject({
      definitions: {
        A: { properties: { a: { type: 'string', nullable: true }, discriminator: { type: 'string' } } },
        B: { discriminator: { propertyName: 'kind' } },
      },
    })
  })

  it('may be in several files, each with its own references', () => {
    const files = {
      'a.yaml': { swagger: '2.0', paths: { '/a/{id}': { $ref: 'paths/a.yaml' } }, definitions: { A: { type: 'integer' } } },
      'paths/a.yaml': {
        post: {
          parameters: [{ $ref: '../common.yaml#/Body' }, { $ref: '../common.yaml#/Size' }],
          responses: { 200: { schema: { $ref: '../a.yaml#/definitions/A' } } },
        },
      },
      'common.yaml': {
        Body: { in: 'body', name: 'b', required: true, schema: { type: 'array', items: { $ref: '#/Item' } } },
        Size: { in: 'query', name: 'size', type: 'integer' },
        Item: { type: 'object', properties: { a: { type: 'string', 'x-nullable': true } } },
      },
    }
    const sources = Object.entries(files).map(([uri, content]) => ({ uri, content, lineOf: () => 1 }))
    const [operation] = createContract(openApiOf({ name: 'a', sources })).operations
    expect(operation?.readBody(text([{ a: null }]), 'application/json')).toHaveProperty('kind', 'body')
    expect(operation?.readBody(text([{ a: 1 }]), 'application/json')).toMatchObject({
      problem: { issues: [{ at: '/body/0/a', place: { file: 'common.yaml', pointer: '/Item/properties/a/type' } }] },
    })
    expect(operation?.readParameters({ path: {}, query: 'size=x', headers: {} }).issues).toMatchObject([{ at: '/query/size' }])
    expect(operation?.checkReply({ status: 200, body: 'x' })).toMatchObject([{ at: '/body', place: { file: 'a.yaml' } }])
  })

  it('is the only one that is changed', () => {
    const [source] = documentOf({}).sources
    if (!source) throw new Error('no source')
    const other = { name: 'a', sources: [{ ...source, content: { openapi: '3.1.0' } }] }
    expect(openApiOf(other)).toBe(other)
  })
})
