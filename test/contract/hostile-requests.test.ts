import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { cpuTime } from '../time.ts'

/*
 * Whatever a document declares and a client sends, a request is read or refused, with issues that lead into it.
 */

const RUNS = process.env['LONG'] === undefined ? 500 : 30_000
const SEED = 20_261_129

const schema = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(
      {},
      { type: 'string' },
      { type: 'integer', maximum: 9 },
      { type: ['boolean', 'null'] },
      { enum: [1, 'a', null] },
      { minimum: 2 },
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.constant(3) }),
    fc.record({
      type: fc.constantFrom('object', ['object', 'string']),
      properties: fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'a[b]', 'constructor'), tie('schema'), { maxKeys: 3 }),
      additionalProperties: fc.constantFrom(true, false, { type: 'integer' }),
    }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
  ),
})).schema

/** Pieces of which requests are made, and what of them is broken. */
const piece = fc.constantFrom(
  'a', 'b', '1', '-0', '1e3', 'true', 'null', '', '=', '&', '&', ';', ',', '.', '|', '%20', '%7C', '+', '[', ']', '[a]', '[]', '[0]', '%', '%zz',
  '%ff', '{"a":1}', '"', '__proto__', 'constructor', '\u{1F4A9}', ' ', '\r\n', '\r\n\r\n', '--x', '--x\r\n', '--x--', '\n', 'a=', 'b=', 'a[b]=',
  'Content-Disposition: form-data; name="a"', '; filename=b', 'Content-Type: application/json', ':', '\0',
) // prettier-ignore
const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''))

const parameter = fc.record({
  name: fc.constantFrom('a', 'b', '__proto__'),
  in: fc.constantFrom('path', 'query', 'header', 'cookie', 'querystring'),
  required: fc.boolean(),
  explode: fc.boolean(),
  allowEmptyValue: fc.boolean(),
  schema,
})
const styles = { path: ['simple', 'label', 'matrix'], query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'], header: ['simple'] }

function operationOf(more: object) {
  const content = { openapi: '3.2.0', paths: { '/a/{a}': { post: { responses: {}, ...more } } } }
  const [operation] = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }).operations
  if (!operation) throw new Error('the document has no operation')
  return operation
}

it('parameters', () => {
  const declared = fc.tuple(parameter, fc.nat(3)).map(([one, place]) => {
    const own: readonly string[] = one.in in styles ? styles[one.in as keyof typeof styles] : ['form', 'cookie']
    const { schema: of, ...rest } = one
    return one.in === 'querystring'
      ? { ...rest, content: { 'application/x-www-form-urlencoded': { schema: of } } }
      : { ...one, style: own[place % own.length] }
  })
  fc.assert(
    fc.property(fc.array(declared, { minLength: 1, maxLength: 3 }), text, text, text, text, (parameters, path, query, header, cookie) => {
      const headers = { a: header, b: header, cookie }
      const read = operationOf({ parameters }).readParameters({ path: { a: path, b: path }, query, headers })
      for (const { at, message } of [...read.issues, ...read.undeclared])
        expect([at, message]).toEqual([expect.stringMatching(/^\/(path|query|header|cookie)\//), expect.stringMatching(/./)])
      expect(Object.getPrototypeOf(read.query)).toBe(Object.prototype)
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

it('bodies', () => {
  const type = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'multipart/form-data; boundary="',
    'text/plain',
    'text/plain; charset=utf-16',
    'application/xml',
    'application/json',
  )
  const encoding = fc.constantFrom(
    {},
    { a: { style: 'deepObject' } },
    { a: { style: 'pipeDelimited' } },
    { a: { contentType: 'application/json' } },
  )
  fc.assert(
    fc.property(schema, encoding, type, text, fc.boolean(), (of, encodings, contentType, body, isText) => {
      const operation = operationOf({ requestBody: { content: { '*/*': { schema: of, encoding: encodings } } } })
      const sent = isText
        ? ({ kind: 'text', text: body } as const)
        : ({ kind: 'bytes', bytes: Buffer.from(`${body}\u00ff`, 'latin1') } as const)
      const read = operation.readBody(sent, contentType)
      if (read.kind === 'refused') expect(read.problem.detail).toMatch(/./)
      else for (const { at } of read.undeclared) expect(at).toMatch(/^\/body/)
    }),
    { numRuns: RUNS, seed: SEED },
  )
})

it.each([
  ['a form of many fields', 'application/x-www-form-urlencoded', (n: number) => 'a=1&'.repeat(n)],
  ['a form of many names', 'application/x-www-form-urlencoded', (n: number) => Array.from({ length: n }, (_, i) => `a${i}=1`).join('&')],
  ['a form of brackets', 'application/x-www-form-urlencoded', (n: number) => `o${'[a]'.repeat(n)}=1`],
  ['a form of open brackets', 'application/x-www-form-urlencoded', (n: number) => `o${'['.repeat(n)}=1`],
  [
    'a form of many elements',
    'application/x-www-form-urlencoded',
    (n: number) => Array.from({ length: n }, (_, i) => `o[l][${i}]=1`).join('&'),
  ],
  [
    'many parts',
    'multipart/form-data; boundary=x',
    (n: number) => `${'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.repeat(n)}--x--`,
  ],
  [
    'parts that do not end',
    'multipart/form-data; boundary=x',
    (n: number) => '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'.repeat(n),
  ],
  ['a part of many headers', 'multipart/form-data; boundary=x', (n: number) => `--x\r\n${'a: b\r\n'.repeat(n)}\r\n1\r\n--x--`],
  [
    'a header of many parameters',
    'multipart/form-data; boundary=x',
    (n: number) => `--x\r\nContent-Disposition: form-data${'; a="\\'.repeat(n)}\r\n\r\n1\r\n--x--`,
  ],
])('%s takes time by its length', async (_what, type, make) => {
  const object = {
    type: 'object',
    properties: { a: { type: 'array', items: { type: 'integer' } }, o: { type: 'object', properties: { l: { type: 'array' } } } },
  }
  const operation = operationOf({ requestBody: { content: { '*/*': { schema: object } } } })
  const time = (length: number): Promise<number> => {
    const body = { kind: 'text', text: make(length) } as const
    return cpuTime(() => void operation.readBody(body, type))
  }
  await time(1_000)
  // A fifth of a second for what is a few milliseconds of work; by the square of the length it would be many seconds.
  expect(await time(20_000)).toBeLessThan(400)
})
