import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { defineApi, reply } from '../../src/api.ts'
import { createMock } from '../../src/index.ts'

/*
 * What is sent as a body, and what of it a behaviour gets or a client hears: one operation for each row, all of one document.
 */

type Content = Readonly<Record<string, object>>
type Sent = string | Uint8Array<ArrayBuffer>
/** The body as a behaviour gets it, or the status and where what is wrong. */
type Met = { readonly body: unknown } | { readonly status: number; readonly at?: string; readonly rule?: string; readonly says?: string }
type Row = readonly [what: string, content: Content, type: string | undefined, sent: Sent, met: Met]

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const json = (schema: object): Content => ({ [JSON_TYPE]: { schema } })
const form = (properties: object, more: object = {}): Content => ({ [FORM]: { schema: { type: 'object', properties }, ...more } })
const parts = (properties: object, more: object = {}): Content => ({
  'multipart/form-data': { schema: { type: 'object', properties }, ...more },
})
const text = { type: 'string' }
const count = { type: 'integer' }
const list = (items: object) => ({ type: 'array', items })
const record = { type: 'object', properties: { a: count, b: text } }
const bytes = (...values: readonly (number | string)[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.concat(values.map((one) => (typeof one === 'string' ? Buffer.from(one) : Buffer.from([one])))))
/** A multipart body; a part is its headers' end, such as `name="a"`, and its text. */
const multipart = (...all: readonly (readonly [about: string, text: string])[]): string =>
  `${all.map(([about, body]) => `--xyz\r\nContent-Disposition: form-data; ${about}\r\n\r\n${body}\r\n`).join('')}--xyz--\r\n`
const PARTS = 'multipart/form-data; boundary=xyz'

const ROWS: readonly Row[] = [
  // JSON
  ['JSON', json(record), JSON_TYPE, '{"a":1}', { body: { a: 1 } }],
  ['JSON with a charset', json(record), 'application/json; charset=utf-8', '{"a":1}', { body: { a: 1 } }],
  ['JSON with a type in capitals', json(record), 'Application/JSON', '{"a":1}', { body: { a: 1 } }],
  ['JSON in Latin 1', json(text), 'application/json; charset=iso-8859-1', bytes('"', 0xe9, '"'), { body: 'é' }],
  ['JSON in UTF-16', json(text), 'application/json; charset=utf-16le', Uint8Array.from(Buffer.from('"é"', 'utf16le')), { body: 'é' }],
  ['JSON in a charset of nobody', json(text), 'application/json; charset=none', '"a"', { status: 415, says: '"none" is not known' }],
  ['JSON that is no UTF-8', json(text), JSON_TYPE, bytes('"', 0xe9, '"'), { status: 400, at: '/body', rule: 'syntax', says: 'not UTF-8' }],
  ['JSON of a structured type', { 'application/vnd.a+json': { schema: record } }, 'application/vnd.a+json', '{"a":1}', { body: { a: 1 } }],
  ['JSON as text', { 'text/json': { schema: record } }, 'text/json', '{"a":1}', { body: { a: 1 } }],
  ['0', json(count), JSON_TYPE, '0', { body: 0 }],
  ['false', json({ type: 'boolean' }), JSON_TYPE, 'false', { body: false }],
  ['an empty text', json(text), JSON_TYPE, '""', { body: '' }],
  ['null', json({ type: 'null' }), JSON_TYPE, 'null', { body: null }],
  ['null that may not be', json(record), JSON_TYPE, 'null', { status: 400, at: '/body', rule: 'type' }],
  ['half of JSON', json(record), JSON_TYPE, '{"a":', { status: 400, at: '/body', rule: 'syntax' }],
  ['JSON of no schema', { [JSON_TYPE]: {} }, JSON_TYPE, '[1]', { body: [1] }],

  // Which entry of the content it is
  ['no type', json(record), undefined, bytes('{"a":1}'), { status: 415, says: 'no Content-Type' }],
  ['another type', json(record), 'text/plain', '{"a":1}', { status: 415, says: 'text/plain' }],
  ['another structured type', json(record), 'application/vnd.a+json', '{}', { status: 415, says: 'vnd.a' }],
  ['a range', { 'application/*': { schema: record } }, JSON_TYPE, '{"a":"x"}', { status: 400, at: '/body/a', rule: 'type' }],
  ['a range of others', { 'image/*': {} }, JSON_TYPE, '{}', { status: 415, says: 'application/json' }],
  ['any type', { '*/*': { schema: text } }, 'text/a', 'b', { body: 'b' }],
  ['any type, of none', { '*/*': { schema: text } }, undefined, bytes('b'), { body: 'b' }],
  [
    'the closest of several',
    { '*/*': { schema: count }, 'text/*': { schema: count }, 'text/a': { schema: text } },
    'text/a',
    'b',
    { body: 'b' },
  ],
  ['the closer of two ranges', { '*/*': { schema: count }, 'text/*': { schema: text } }, 'text/a', 'b', { body: 'b' }],
  [
    'the version of a type',
    { 'application/json; version=1': { schema: text }, 'application/json; version=2': { schema: count } },
    'application/json;version="2"',
    '2',
    { body: 2 },
  ],
  ['a version of nobody', { 'application/json; version=1': { schema: text } }, 'application/json; version=3', '1', { status: 415 }],
  ['no version', { 'application/json; version=1': { schema: text } }, JSON_TYPE, '"a"', { body: 'a' }],
  ['a charset in the document', { 'application/json; charset=utf-8': { schema: text } }, JSON_TYPE, '"a"', { body: 'a' }],

  // Forms
  ['a form', form({ a: count, b: text, c: { type: 'boolean' } }), FORM, 'a=1&b=x+y%2B&c=true', { body: { a: 1, b: 'x y+', c: true } }],
  ['a form with a charset', form({ a: count }), `${FORM}; charset=UTF-8`, 'a=1', { body: { a: 1 } }],
  ['a form that does not fit', form({ a: count }), FORM, 'a=x', { status: 400, at: '/body/a', rule: 'type' }],
  [
    'a form that lacks a field',
    { [FORM]: { schema: { type: 'object', required: ['a'] } } },
    FORM,
    'b=1',
    { status: 400, at: '/body/a', rule: 'required' },
  ],
  ['a form that does not decode', form({ a: text }), FORM, 'a=%zz', { status: 400, at: '/body', rule: 'syntax', says: 'percent' }],
  ['a form with a list', form({ a: list(count) }), FORM, 'a=1&a=2', { body: { a: [1, 2] } }],
  ['a form with a list of one', form({ a: list(text) }), FORM, 'a=1', { body: { a: ['1'] } }],
  ['a form with a list in brackets', form({ a: list(count) }), FORM, 'a[]=1&a[]=2', { body: { a: [1, 2] } }],
  ['a form with a list by places', form({ a: list(count) }), FORM, 'a[1]=2&a[0]=1', { body: { a: [1, 2] } }],
  ['a form with a name in brackets', form({ 'a[]': list(text) }), FORM, 'a[]=1', { body: { 'a[]': ['1'] } }],
  [
    'a form with commas',
    form({ a: list(count) }, { encoding: { a: { style: 'form', explode: false } } }),
    FORM,
    'a=1,2',
    { body: { a: [1, 2] } },
  ],
  [
    'a form with blanks',
    form({ a: list(count) }, { encoding: { a: { style: 'spaceDelimited', explode: false } } }),
    FORM,
    'a=1+2',
    { body: { a: [1, 2] } },
  ],
  [
    'a form with bars',
    form({ a: list(text) }, { encoding: { a: { style: 'pipeDelimited', explode: false } } }),
    FORM,
    'a=x|y%7Cz',
    { body: { a: ['x', 'y', 'z'] } },
  ],
  ['a form with an object in brackets', form({ a: record }), FORM, 'a[a]=1&a[b]=2', { body: { a: { a: 1, b: '2' } } }],
  [
    'a form with a deep object',
    form({ a: { type: 'object', properties: { r: list(record) } } }, { encoding: { a: { style: 'deepObject', explode: true } } }),
    FORM,
    'a[r][0][a]=1&a[r][1][b]=2',
    { body: { a: { r: [{ a: 1 }, { b: '2' }] } } },
  ],
  ['a form with an object in JSON', form({ a: record }), FORM, 'a=%7B%22a%22%3A1%7D', { body: { a: { a: 1 } } }],
  [
    'a form with JSON by its encoding',
    form({ a: {} }, { encoding: { a: { contentType: JSON_TYPE } } }),
    FORM,
    'a=[1]',
    { body: { a: [1] } },
  ],
  [
    'a form with no JSON where it should be',
    form({ a: record }, { encoding: { a: { contentType: JSON_TYPE } } }),
    FORM,
    'a={',
    { status: 400, at: '/body/a', rule: 'syntax', says: 'not JSON' },
  ],
  [
    'a form with an object as fields',
    form({ a: record }, { encoding: { a: { style: 'form', explode: true } } }),
    FORM,
    'a=1&b=2',
    { body: { a: { a: 1, b: '2' } } },
  ],
  ['a form with what may be a text', form({ a: { oneOf: [{ type: 'integer', maximum: 3 }, text] } }), FORM, 'a=5', { body: { a: '5' } }],
  [
    'a form of free names',
    { [FORM]: { schema: { type: 'object', additionalProperties: count } } },
    FORM,
    'a=1&b=2',
    { body: { a: 1, b: 2 } },
  ],
  ['a form with brackets that do not close', form({ a: record }), FORM, 'a[a=1', { status: 400, at: '/body/a', rule: 'syntax' }],
  ['a form with a prototype', form({ a: record }), FORM, 'a[__proto__]=1', { body: { a: JSON.parse('{"__proto__":"1"}') } }],
  ['a form of no schema', { [FORM]: {} }, FORM, 'a=1&a=2&b=', { body: { a: ['1', '2'], b: '' } }],

  // Parts
  ['parts', parts({ a: count, b: text }), PARTS, multipart(['name="a"', '1'], ['name="b"', 'x\r\ny']), { body: { a: 1, b: 'x\r\ny' } }],
  [
    'parts with a boundary in quotes',
    parts({ a: count }),
    'multipart/form-data; boundary="xyz"',
    multipart(['name="a"', '1']),
    { body: { a: 1 } },
  ],
  ['parts with words before and behind', parts({ a: count }), PARTS, `before\r\n${multipart(['name="a"', '1'])}behind`, { body: { a: 1 } }],
  [
    'parts with a blank behind a boundary',
    parts({ a: count }),
    PARTS,
    multipart(['name="a"', '1']).replace('--xyz\r\n', '--xyz \t\r\n'),
    { body: { a: 1 } },
  ],
  ['a part that is empty', parts({ a: text }), PARTS, multipart(['name="a"', '']), { body: { a: '' } }],
  ['no parts', parts({ a: text }), PARTS, '--xyz--\r\n', { body: {} }],
  ['a part with a quote in its name', parts({ 'a"b': text }), PARTS, multipart([String.raw`name="a\"b"`, '1']), { body: { 'a"b': '1' } }],
  ['a part with a quote as browsers write it', parts({ 'a"b': text }), PARTS, multipart(['name="a%22b"', '1']), { body: { 'a"b': '1' } }],
  ['a part without quotes', parts({ a: text }), PARTS, multipart(['name=a', '1']), { body: { a: '1' } }],
  ['several parts of a name', parts({ a: list(count) }), PARTS, multipart(['name="a"', '1'], ['name="a"', '2']), { body: { a: [1, 2] } }],
  ['one part of a list', parts({ a: list(count) }), PARTS, multipart(['name="a"', '1']), { body: { a: [1] } }],
  [
    'parts in brackets',
    parts({ a: record }),
    PARTS,
    multipart(['name="a[a]"', '1'], ['name="a[b]"', 'x']),
    { body: { a: { a: 1, b: 'x' } } },
  ],
  [
    'a part of JSON',
    parts({ a: record }),
    PARTS,
    multipart(['name="a"\r\nContent-Type: application/json', '{"a":1}']),
    { body: { a: { a: 1 } } },
  ],
  ['a part of JSON that does not say so', parts({ a: record }), PARTS, multipart(['name="a"', '{"a":1}']), { body: { a: { a: 1 } } }],
  [
    'a list in a part of JSON',
    parts({ a: list(record) }),
    PARTS,
    multipart(['name="a"\r\nContent-Type: application/json', '[{"a":1}]']),
    { body: { a: [{ a: 1 }] } },
  ],
  [
    'a part of half of JSON',
    parts({ a: record }),
    PARTS,
    multipart(['name="a"\r\nContent-Type: application/json', '{']),
    { status: 400, at: '/body/a', rule: 'syntax' },
  ],
  [
    'a part that does not fit',
    parts({ a: record }),
    PARTS,
    multipart(['name="a"', '{"a":"x"}']),
    { status: 400, at: '/body/a/a', rule: 'type' },
  ],
  [
    'a file',
    parts({ f: { type: 'string', format: 'binary' } }),
    PARTS,
    multipart(['name="f"; filename="a.txt"\r\nContent-Type: text/plain', '42']),
    { body: { f: '42' } },
  ],
  [
    'a file of bytes',
    parts({ f: { type: 'string', format: 'binary' } }),
    PARTS,
    bytes(
      ...multipart(['name="f"; filename="a"', 'é|'])
        .split('|')
        .flatMap((half, index) => (index === 0 ? [half, 0xff] : [half])),
    ),
    { body: { f: '\u00c3\u00a9\u00ff' } },
  ],
  [
    'files',
    parts({ f: list({ type: 'string', format: 'binary' }) }),
    PARTS,
    multipart(['name="f"; filename="a"', '1'], ['name="f"; filename="b"', '2']),
    { body: { f: ['1', '2'] } },
  ],
  [
    'a file of the type',
    parts({ f: {} }, { encoding: { f: { contentType: 'image/png, image/jpeg' } } }),
    PARTS,
    multipart(['name="f"; filename="a"\r\nContent-Type: image/jpeg', 'x']),
    { body: { f: 'x' } },
  ],
  [
    'a file of a range',
    parts({ f: {} }, { encoding: { f: { contentType: 'image/*' } } }),
    PARTS,
    multipart(['name="f"; filename="a"\r\nContent-Type: image/gif', 'x']),
    { body: { f: 'x' } },
  ],
  [
    'a file of another type',
    parts({ f: {} }, { encoding: { f: { contentType: 'image/png, image/jpeg' } } }),
    PARTS,
    multipart(['name="f"; filename="a"\r\nContent-Type: text/plain', 'x']),
    { status: 400, at: '/body/f', rule: 'contentType', says: 'image/png or image/jpeg' },
  ],
  ['parts of no boundary', parts({}), 'multipart/form-data', multipart(['name="a"', '1']), { status: 415, says: 'names no boundary' }],
  [
    'parts of another boundary',
    parts({}),
    'multipart/form-data; boundary=abc',
    multipart(['name="a"', '1']),
    { status: 400, at: '/body', says: 'the boundary "abc" does not stand in it' },
  ],
  [
    'parts without an end',
    parts({}),
    PARTS,
    multipart(['name="a"', '1']).replace('--xyz--', ''),
    { status: 400, says: 'it ends before its last boundary' },
  ],
  [
    'parts with other ends of lines',
    parts({}),
    PARTS,
    `\n${multipart(['name="a"', '1']).replaceAll('\r', '')}`,
    { status: 400, says: 'CR and LF' },
  ],
  ['a part without a name', parts({}), PARTS, multipart(['x=1', '1']), { status: 400, says: 'part 1 has no Content-Disposition' }],
  ['a part without headers', parts({}), PARTS, '--xyz\r\n\r\n1\r\n--xyz--', { status: 400, says: 'part 1 has no Content-Disposition' }],
  ['a part whose headers do not end', parts({}), PARTS, '--xyz\r\nA: b\r\n--xyz--', { status: 400, says: 'headers of part 1' }],
  [
    'parts in another order than forms',
    { 'multipart/mixed': { schema: record } },
    'multipart/mixed; boundary=xyz',
    'whatever',
    { body: 'whatever' },
  ],

  // Texts and bytes
  ['a text', { 'text/plain': { schema: { ...text, maxLength: 3 } } }, 'text/plain', 'abc', { body: 'abc' }],
  [
    'a text that is too long',
    { 'text/plain': { schema: { ...text, maxLength: 3 } } },
    'text/plain',
    'abcd',
    { status: 400, at: '/body', rule: 'maxLength' },
  ],
  ['a text of a number', { 'text/plain': { schema: count } }, 'text/plain', '5', { body: 5 }],
  ['a text of no number', { 'text/plain': { schema: count } }, 'text/plain', 'x', { status: 400, at: '/body', rule: 'type' }],
  ['a text in Latin 1', { 'text/plain': { schema: text } }, 'text/plain; charset=latin1', bytes(0xe9), { body: 'é' }],
  ['a text that is no UTF-8', { 'text/plain': { schema: text } }, 'text/plain', bytes(0xe9), { status: 400, says: 'not UTF-8' }],
  ['XML', { 'application/xml': { schema: record } }, 'application/xml', '<a/>', { body: '<a/>' }],
  ['XML of a structured type', { 'application/a+xml': { schema: record } }, 'application/a+xml', '<a/>', { body: '<a/>' }],
  ['XML of text', { 'text/xml': { schema: record } }, 'text/xml', '<a/>', { body: '<a/>' }],
  [
    'XML that is a text',
    { 'application/xml': { schema: { ...text, pattern: '^<b' } } },
    'application/xml',
    '<a/>',
    { status: 400, at: '/body', rule: 'pattern' },
  ],
  ['YAML', { 'application/yaml': { schema: record } }, 'application/yaml', 'a: 1', { body: 'a: 1' }],
  [
    'bytes',
    { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    'application/octet-stream',
    bytes(0xff, 0),
    { body: { 0: 255, 1: 0 } },
  ],
  ['bytes of no schema', { 'image/png': {} }, 'image/png', bytes(0x89, 'PNG'), { body: { 0: 137, 1: 80, 2: 78, 3: 71 } }],
  [
    'bytes that are a text',
    { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    'application/octet-stream',
    'abc',
    { body: 'abc' },
  ],
  ['Base64', { 'text/plain': { schema: { type: 'string', format: 'byte' } } }, 'text/plain', 'YQ==', { body: 'YQ==' }],
  [
    'no Base64',
    { 'text/plain': { schema: { type: 'string', format: 'byte' } } },
    'text/plain',
    'Y?',
    { status: 400, at: '/body', rule: 'format' },
  ],
]

const answers = { 200: { description: 'what was sent', content: { [JSON_TYPE]: { schema: {} } } } }
const paths = Object.fromEntries([
  ...ROWS.map(([, content], index) => [`/${index}`, { post: { requestBody: { content }, responses: answers } }]),
  ['/none', { post: { responses: answers }, get: { responses: answers }, delete: { responses: answers } }],
  [
    '/client',
    {
      post: {
        requestBody: {
          content: Object.fromEntries(
            [FORM, 'multipart/form-data'].map((type) => [
              type,
              {
                schema: {
                  type: 'object',
                  properties: { n: count, t: text, l: list(count), j: record, f: { type: 'string', format: 'binary' } },
                  additionalProperties: false,
                },
                encoding: { f: { contentType: 'image/png' } },
              },
            ]),
          ),
        },
        responses: answers,
      },
    },
  ],
  ['/query', { get: { requestBody: { content: json(record) }, responses: answers } }],
  ['/required', { post: { requestBody: { required: true, content: { ...json(record), ...form({}) } }, responses: answers } }],
  ['/text', { post: { requestBody: { content: { 'text/plain': { schema: text } } }, responses: answers } }],
  ['/strict', { post: { requestBody: { content: { ...form({ a: record }), ...parts({ a: record }) } }, responses: answers } }],
])
const document = { openapi: '3.1.0', info: { title: 'Bodies', version: '1' }, paths }
const behaviours = Object.fromEntries(
  Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => [
      `${method.toUpperCase()} ${path}`,
      ({ body }: { readonly body: unknown }) => reply(200, { ...(body !== undefined && { body }) }),
    ]),
  ),
)
const apis = [defineApi({ document, behaviours })]
const LIMIT = 10_000
const mock = await createMock({ apis, maxBodyBytes: LIMIT })
const strict = await createMock({ apis, strict: true })
afterAll(async () => void (await Promise.all([mock.close(), strict.close()])))

interface Answer {
  readonly body?: unknown
  readonly detail?: string
  readonly fix?: string
  readonly issues?: readonly { readonly at: string; readonly rule: string }[]
}

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> }

async function ask(path: string, init: Init, on = mock): Promise<[status: number, answer: Answer]> {
  const answer = await on.fetch(path, { method: 'POST', ...init, headers: { Accept: 'application/problem+json', ...init.headers } })
  const read: Answer = JSON.parse(await answer.text())
  return [answer.status, read]
}

describe('a body', () => {
  it.each(ROWS.map((row, index) => [row[0], index, row] as const))('of %s', async (_what, index, [, , type, sent, met]) => {
    const [status, answer] = await ask(`/${index}`, { headers: type === undefined ? {} : { 'Content-Type': type }, body: sent })
    if ('body' in met) {
      expect([status, answer]).toEqual([200, { body: met.body }])
      return
    }
    expect([status, answer.detail]).toEqual([met.status, expect.stringContaining(met.says ?? '')])
    expect(answer.fix ?? answer.issues?.[0]).toBeTruthy()
    if (met.at !== undefined) expect(answer.issues).toMatchObject([{ at: met.at, ...(met.rule !== undefined && { rule: met.rule }) }])
  })

  it.each(['POST', 'DELETE'])('that no %s declares is left alone, and refused by a strict mock', async (method) => {
    const init = { method, headers: { 'Content-Type': JSON_TYPE }, body: '{"a":1}' }
    expect(await ask('/none', init)).toEqual([200, {}])
    expect(await ask('/none', init, strict)).toMatchObject([400, { issues: [{ at: '/body', rule: 'undeclared' }] }])
    expect(await ask('/none', { method }, strict)).toEqual([200, {}])
  })

  it('that is required is missed', async () => {
    expect(await ask('/required', {})).toMatchObject([400, { fix: `send one as application/json, ${FORM}`, issues: [{ at: '/body' }] }])
  })

  it.each([
    [FORM, 'a[a]=1&a[c]=2&d=3'],
    [PARTS, multipart(['name="a[a]"', '1'], ['name="a[c]"', '2'])],
  ])('as %s may have what its schema does not declare, but not for a strict mock', async (type, body) => {
    const init = { headers: { 'Content-Type': type }, body }
    expect((await ask('/strict', init))[0]).toBe(200)
    const [status, { issues }] = await ask('/strict', init, strict)
    expect([status, issues?.map(({ at }) => at)]).toEqual([400, type === FORM ? ['/body/a/c', '/body/d'] : ['/body/a/c']])
  })
})

describe('a form as a client writes it', () => {
  it('is read: FormData with files, within the process and over a socket', async () => {
    const { url } = await mock.listen({ port: 0 })
    const data = new FormData()
    data.append('n', '5')
    data.append('t', 'é "quoted" \r\n line')
    data.append('l[]', '1')
    data.append('l[]', '2')
    data.append('j', new Blob(['{"a":1}'], { type: 'application/json' }))
    data.append('f', new Blob([bytes(0x89, 'PNG', 0)], { type: 'image/png' }), 'a "b".png')
    const form = { n: 5, t: 'é "quoted" \r\n line', l: [1, 2], j: { a: 1 }, f: '\u0089PNG\u0000' }
    for (const post of [mock.fetch, fetch]) {
      const answer = await post(`${url}/client`, { method: 'POST', body: data })
      expect([answer.status, await answer.json()]).toEqual([200, { body: form }])
    }
  })

  it('is read: URLSearchParams', async () => {
    const answer = await mock.fetch('/client', { method: 'POST', body: new URLSearchParams([['n', '5'], ['t', 'a b+&=é'], ['l', '1'], ['l', '2']]) }) // prettier-ignore
    expect([answer.status, await answer.json()]).toEqual([200, { body: { n: 5, t: 'a b+&=é', l: [1, 2] } }])
  })
})

describe('a body of GET', () => {
  it('is read where the document has one, over a socket', async () => {
    const { url } = await mock.listen({ port: 0 })
    const { request } = await import('node:http')
    const sent = async (path: string, body: string): Promise<unknown> => {
      const { promise, resolve } = Promise.withResolvers<string>()
      request(`${url}${path}`, { method: 'GET', headers: { 'Content-Type': JSON_TYPE, 'Content-Length': body.length } }, (answer) => {
        let all = ''
        answer.on('data', (chunk) => (all += String(chunk))).on('end', () => resolve(all))
      }).end(body)
      return JSON.parse(await promise)
    }
    expect(await sent('/query', '{"a":1}')).toEqual({ body: { a: 1 } })
    expect(await sent('/none', '{"a":1}')).toEqual({})
  })
})

describe('an encoded body', () => {
  const plain = 'abc'.repeat(1_000)
  const codings = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
  const send = (encoding: string, body: Uint8Array) =>
    ask('/text', { headers: { 'Content-Type': 'text/plain', 'Content-Encoding': encoding }, body: Uint8Array.from(body) })

  it.each([
    ...Object.entries(codings).map(([name, encode]) => [name, encode(plain)] as const),
    ['GZIP', gzipSync(plain)],
    ['deflate', deflateRawSync(plain)],
    ['identity', Buffer.from(plain)],
    ['gzip, identity', gzipSync(plain)],
    ['deflate, gzip', gzipSync(deflateSync(plain))],
    [' br ,gzip,zstd', zstdCompressSync(gzipSync(brotliCompressSync(plain)))],
  ] as const)('is read as %s says', async (encoding, body) => {
    expect(await send(encoding, body)).toEqual([200, { body: plain }])
  })

  it.each(Object.entries(codings))('that is not what %s says is refused', async (encoding, encode) => {
    for (const body of [Buffer.from(plain), encode(plain).subarray(0, -5)]) {
      const [status, { detail, fix }] = await send(encoding, body)
      expect([status, detail, fix]).toEqual([
        400,
        expect.stringContaining(`it is not what Content-Encoding "${encoding}" says`),
        'send it as it says, or unencoded',
      ])
    }
  })

  it.each(Object.entries(codings))('of more bytes than may be is not unpacked by %s', async (encoding, encode) => {
    for (const size of [LIMIT + 1, 5_000_000]) {
      const [status, { detail }] = await send(encoding, encode(Buffer.alloc(size, 'a')))
      expect([status, detail]).toEqual([413, `the body has more than ${LIMIT} bytes`])
    }
    expect((await send(encoding, encode(Buffer.alloc(LIMIT, 'a'))))[0]).toBe(200)
  })

  it.each(['compress', 'none', 'gzip, none', 'gzip, gzip, gzip, gzip'])('of %s is refused', async (encoding) => {
    expect(await send(encoding, gzipSync(plain))).toMatchObject([
      415,
      { detail: `the body has Content-Encoding "${encoding}"`, fix: 'encode it as one of gzip, deflate, br, zstd, or not at all' },
    ])
  })

  it('is read over a socket, and kept in the journal as it is without its coding', async () => {
    const { url } = await mock.listen({ port: 0 })
    const headers = { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip', 'Mock-Session': 'encoded' }
    const answer = await fetch(`${url}/text`, { method: 'POST', headers, body: Uint8Array.from(gzipSync(plain)) })
    expect(await answer.json()).toEqual({ body: plain })
    expect(await mock.session('encoded').requests()).toMatchObject([{ requestBody: plain }])
  })
})
