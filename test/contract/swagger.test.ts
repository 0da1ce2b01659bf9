import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { openApiOf } from '../../src/contract/swagger.ts'
import type { LoadedDocument } from '../../src/document/load.ts'
import { DocumentError } from '../../src/base/problem.ts'

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
  ])('reads lists of the format %s', (collectionFormat, query, value) => {
    const parameter = { name: 'a', in: 'query', type: 'array', items: { type: 'integer' }, ...(collectionFormat && { collectionFormat }) }
    const read = operationOf({ parameters: [parameter], responses: {} }).readParameters({ path: {}, query, headers: {} })
    expect(read).toMatchObject({ issues: [], query: { a: value } })
  })

  it('names lists of a format that nothing reads, where they are to be read', () => {
    const parameter = { name: 'a', in: 'query', type: 'array', items: {}, collectionFormat: 'xsv' }
    const operation = operationOf({ parameters: [parameter], responses: {} })
    expect(() => operation.readParameters({ path: {}, query: 'a=1', headers: {} })).toThrow(
      /^a\.yaml:\d+: the style "xsv" is not read in query/,
    )
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

  it('is refused in several files, and any other is left as it is', () => {
    const document = documentOf({})
    const [source] = document.sources
    if (!source) throw new Error('no source')
    expect(() => openApiOf({ ...document, sources: [source, { ...source, uri: 'b.yaml' }] })).toThrow(DocumentError)
    const other = { ...document, sources: [{ ...source, content: { openapi: '3.1.0' } }] }
    expect(openApiOf(other)).toBe(other)
  })
})
