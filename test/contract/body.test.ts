import { describe, expect, it } from 'vitest'
import { createContract, type Operation } from '../../src/contract/operation.ts'
import type { RequestBody } from '../../src/base/http.ts'

const FORM = 'application/x-www-form-urlencoded'
const PARTS = 'multipart/form-data'
const BYTES: RequestBody = { kind: 'bytes', bytes: new Uint8Array([255, 254]) }

function operationWith(content: object): Operation {
  const paths = { '/a': { post: { operationId: 'a', requestBody: { required: true, content }, responses: {} } } }
  const [operation] = createContract({
    name: 'a',
    sources: [{ uri: 'a.yaml', content: { openapi: '3.1.0', paths }, lineOf: () => 1 }],
  }).operations
  if (!operation) throw new Error('no operation')
  return operation
}

const text = (value: string): RequestBody => ({ kind: 'text', text: value })
const schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    age: { type: 'integer' },
    tags: { type: 'array', items: { type: 'integer' } },
    address: { type: 'object', properties: { zip: { type: 'integer' }, lines: { type: 'array', items: { type: 'string' } } } },
    meta: {
      anyOf: [
        { type: 'object', additionalProperties: { type: 'string' } },
        { type: 'string', maxLength: 1 },
      ],
    },
    'odd[name]': { type: 'boolean' },
    limit: { anyOf: [{ type: 'null' }, { $ref: '#/paths/~1a/post/requestBody/content/x~1y/schema' }] },
  },
}
const form = operationWith({ [FORM]: { schema }, [PARTS]: { schema }, 'x/y': { schema: { type: 'number' } } })
const part = (head: string, value: string): string => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`

describe('a form', () => {
  it.each([
    ['numbers and lists', 'name=a+b&age=5&tags=1&tags=2', { name: 'a b', age: 5, tags: [1, 2] }],
    ['a list of one', 'name=a&tags=1', { name: 'a', tags: [1] }],
    ['a list by empty brackets', 'name=a&tags[]=1&tags%5B%5D=2', { name: 'a', tags: [1, 2] }],
    ['a list by places', 'name=a&tags[0]=1&tags[1]=2', { name: 'a', tags: [1, 2] }],
    ['a list as JSON', 'name=a&tags=[1,2]', { name: 'a', tags: [1, 2] }],
    ['an object by brackets', 'name=a&address[zip]=1&address[lines][]=x', { name: 'a', address: { zip: 1, lines: ['x'] } }],
    ['an object as JSON', 'name=a&address={"zip":1}', { name: 'a', address: { zip: 1 } }],
    ['an object that may be a text, as JSON', 'name=a&meta={"b":"c"}', { name: 'a', meta: { b: 'c' } }],
    ['a text that may be an object', 'name=a&meta={', { name: 'a', meta: '{' }],
    ['a name with brackets that is declared', 'name=a&odd[name]=true', { name: 'a', 'odd[name]': true }],
    ['a branch behind a reference', 'name=a&limit=1.5', { name: 'a', limit: 1.5 }],
  ])('has %s', (_what, sent, value) => {
    expect(form.readBody(text(sent), FORM)).toMatchObject({ kind: 'body', value })
  })

  it.each([
    ['age=5', '/body/name', 'required'],
    ['name=a&age=x', '/body/age', 'type'],
    ['name=a&tags=1&tags=x', '/body/tags/1', 'type'],
    ['name=a&address[zip]=x', '/body/address/zip', 'type'],
    ['name=a&address=x', '/body/address', 'type'],
  ])('is refused where it does not fit: %s', (sent, at, rule) => {
    expect(form.readBody(text(sent), `${FORM}; charset=utf-8`)).toMatchObject({ kind: 'refused', problem: { issues: [{ at, rule }] } })
  })

  it('makes nothing of names that objects inherit, and of brackets without end', () => {
    const deep = `name=a&x${'[y]'.repeat(1_000)}=1`
    expect(form.readBody(text(deep), FORM)).toMatchObject({ kind: 'body' })
    const read = form.readBody(text('name=a&__proto__[polluted]=1&constructor[prototype][polluted]=1'), FORM)
    expect(read).toMatchObject({ kind: 'body' })
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('may have parts, files among them', () => {
    const sent = [
      part('name="name"', 'a\r\nb'),
      part('name=age', '5'),
      part('name="tags"', '1'),
      part('name="tags"', '2'),
      '--b\r\ncontent-type: application/json\r\ncontent-disposition: form-data; name="address"\r\n\r\n{"zip":1}\r\n',
      part('name="file"; filename="a.json"', '{"not":"read"}'),
      '--b--\r\n',
    ].join('')
    const value = { name: 'a\r\nb', age: 5, tags: [1, 2], address: { zip: 1 }, file: '{"not":"read"}' }
    for (const type of [`${PARTS}; boundary=b`, `${PARTS}; boundary="b"`])
      expect(form.readBody(text(sent), type)).toMatchObject({ kind: 'body', value })
    expect(form.readBody(text(`${part('name="age"', 'x')}--b--\r\n`), `${PARTS}; boundary=b`)).toMatchObject({
      problem: { issues: expect.arrayContaining([expect.objectContaining({ at: '/body/age' })]) },
    })
    expect(form.readBody(text('no parts'), `${PARTS}; boundary=b`)).toMatchObject({ problem: { code: 'body-unreadable' } })
  })
})

describe('a body of another type', () => {
  const bodies = operationWith({
    'application/json; charset=utf-8': { schema: { type: 'object' } },
    'application/*+json': { schema: { type: 'object' } },
    'application/xml': { schema: { type: 'object', required: ['a'] } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    'text/plain': { schema: { type: 'integer', maximum: 5 } },
    'image/*': {},
  })

  it.each<[type: string, body: RequestBody, kind: string]>([
    ['application/json', text('{}'), 'body'],
    ['application/json', text('1'), 'refused'],
    ['application/json', BYTES, 'refused'],
    ['application/vnd.a+json; v=1', text('{}'), 'body'],
    ['application/vnd.a+json', text('1'), 'refused'],
    // What is written in XML is held against nothing.
    ['application/xml', text('<b/>'), 'body'],
    ['application/octet-stream', BYTES, 'body'],
    ['application/octet-stream', text('a text'), 'body'],
    ['image/png', BYTES, 'body'],
    ['text/plain', text('5'), 'body'],
    ['text/plain', text('6'), 'refused'],
    ['text/html', text('<p>'), 'refused'],
    ['application/+json', text('{}'), 'refused'],
  ])('%s, %o: %s', (type, body, kind) => expect(bodies.readBody(body, type)).toHaveProperty('kind', kind))
})
