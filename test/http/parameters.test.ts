import { afterAll, describe, expect, it } from 'vitest'
import { defineApi, reply } from '../../src/api.ts'
import { createMock } from '../../src/index.ts'

/*
 * Parameters as they come over HTTP: one operation for each row, all of one document, whose behaviours answer what they got. All that styles can
 * be is in test/contract/parameter.test.ts.
 */

type Got = { readonly path?: object; readonly query?: object; readonly header?: object; readonly cookie?: object }
/** What was read; or where what is wrong. */
type Row = readonly [
  what: string,
  template: string,
  parameters: readonly object[],
  path: string,
  headers: Readonly<Record<string, string>>,
  met: Got | string,
]

const text = { type: 'string' }
const count = { type: 'integer' }
const list = { type: 'array', items: count }
const record = { type: 'object', properties: { a: count, b: text } }
const inPath = (name: string, more: object = {}) => ({ name, in: 'path', required: true, schema: text, ...more })
const inQuery = (name: string, schema: object = text, more: object = {}) => ({ name, in: 'query', schema, ...more })
const id = inPath('id', { schema: count })

const ROWS: readonly Row[] = [
  ['two in a segment, with a dot', '/{x}.{y}', [inPath('x'), inPath('y')], '/a.b', {}, { path: { x: 'a', y: 'b' } }],
  [
    'two in a segment, with a dash',
    '/{x}-{y}',
    [inPath('x', { schema: count }), inPath('y', { schema: count })],
    '/1-2',
    {},
    { path: { x: 1, y: 2 } },
  ],
  ['a verb behind a colon', '/{id}:cancel', [id], '/5:cancel', {}, { path: { id: 5 } }],
  ['a name and its ending', '/files/{x}{y}', [inPath('x'), inPath('y')], '/files/a.b.json', {}, { path: { x: 'a.b', y: '.json' } }],
  ['a verb behind what holds a colon', '/{at}:stop', [inPath('at')], '/a%3Ab:stop', {}, { path: { at: 'a:b' } }],
  [
    'objects in a list, as JSON',
    '/deep',
    [inQuery('of', { type: 'array', items: { type: 'object' } })],
    '/deep?of=%7B%22a%22%3A1%7D&of=%7B%7D',
    {},
    { query: { of: [{ a: 1 }, {}] } },
  ],
  ['a matrix', '/{id}', [inPath('id', { style: 'matrix', schema: list })], '/;id=1,2', {}, { path: { id: [1, 2] } }],
  [
    'a matrix that explodes',
    '/{id}/x',
    [inPath('id', { style: 'matrix', explode: true, schema: record })],
    '/;a=1;b=%2F/x',
    {},
    { path: { id: { a: 1, b: '/' } } },
  ],
  ['a label', '/{id}', [inPath('id', { style: 'label', explode: true, schema: list })], '/.1.2', {}, { path: { id: [1, 2] } }],
  ['no label', '/{id}', [inPath('id', { style: 'label' })], '/1', {}, '/path/id syntax'],
  ['an encoded slash', '/{id}', [inPath('id')], '/a%2Fb%20c', {}, { path: { id: 'a/b c' } }],
  ['a number of no form', '/{id}', [id], '/x', {}, '/path/id type'],
  ['a number with a plus', '/{id}', [id], '/+5', {}, '/path/id type'],
  ['a number with an exponent', '/{id}', [id], '/1e3', {}, { path: { id: 1000 } }],
  [
    'a number of 64 bits',
    '/{id}',
    [inPath('id', { schema: { type: 'integer', format: 'int64' } })],
    '/9007199254740991',
    {},
    { path: { id: 9_007_199_254_740_991 } },
  ],
  ['a list of several', '/', [inQuery('l', list)], '/?l=1&l=2', {}, { query: { l: [1, 2] } }],
  ['a list with commas', '/', [inQuery('l', list, { explode: false })], '/?l=1,2', {}, { query: { l: [1, 2] } }],
  ['a list with bars', '/', [inQuery('l', list, { style: 'pipeDelimited' })], '/?l=1|2', {}, { query: { l: [1, 2] } }],
  ['a list with an element of no form', '/', [inQuery('l', list)], '/?l=1&l=x', {}, '/query/l/1 type'],
  ['a deep object', '/', [inQuery('f', record, { style: 'deepObject' })], '/?f[a]=1&f%5Bb%5D=x', {}, { query: { f: { a: 1, b: 'x' } } }],
  ['a deep object that is none', '/', [inQuery('f', record, { style: 'deepObject' })], '/?f=1', {}, '/query/f syntax'],
  [
    'reserved characters',
    '/',
    [inQuery('u', text, { allowReserved: true })],
    '/?u=http://a.example/b?c=d',
    {},
    { query: { u: 'http://a.example/b?c=d' } },
  ],
  ['a flag', '/', [inQuery('f', { type: 'boolean' }, { allowEmptyValue: true })], '/?f', {}, { query: { f: '' } }],
  ['a plus as a blank', '/', [inQuery('q')], '/?q=a+b%2B', {}, { query: { q: 'a b+' } }],
  ['what does not decode', '/', [inQuery('q')], '/?q=%zz', {}, '/query/q syntax'],
  [
    'JSON in a query',
    '/',
    [{ name: 'q', in: 'query', content: { 'application/json': { schema: record } } }],
    '/?q=%7B%22a%22%3A1%7D',
    {},
    { query: { q: { a: 1 } } },
  ],
  ['what lacks', '/', [inQuery('q', text, { required: true })], '/', {}, '/query/q required'],
  ['a header in any case', '/', [{ name: 'X-Count', in: 'header', schema: count }], '/', { 'x-COUNT': '5' }, { header: { 'x-count': 5 } }],
  [
    'a header of several',
    '/',
    [{ name: 'X-List', in: 'header', schema: list }],
    '/',
    { 'X-List': '1, 2' },
    { header: { 'x-list': [1, 2] } },
  ],
  ['a header that is ignored', '/', [{ name: 'Accept', in: 'header', required: true, schema: count }], '/', {}, {}],
  ['a cookie', '/', [{ name: 'c', in: 'cookie', schema: count }], '/', { Cookie: 'a=b; c=5' }, { cookie: { c: 5 } }],
  ['a cookie of no form', '/', [{ name: 'c', in: 'cookie', schema: count }], '/', { Cookie: 'c=x' }, '/cookie/c type'],
]

const answers = { 200: { description: 'what was read', content: { 'application/json': { schema: {} } } } }
const keyed = { security: [{ key: [] }] }
const paths = {
  ...Object.fromEntries(
    ROWS.map(([, template, parameters], index) => [`/${index}${template}`, { get: { parameters, responses: answers } }]),
  ),
  '/strict': { get: { parameters: [inQuery('n', count), inQuery('f', record, { style: 'deepObject' })], responses: answers, ...keyed } },
}
const echo = ({
  path,
  query,
  header,
  cookie,
}: {
  readonly path: object
  readonly query: object
  readonly header: object
  readonly cookie: object
}) => reply(200, { path, query, header, cookie })
const document = {
  openapi: '3.1.0',
  info: { title: 'Parameters', version: '1' },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'key' } } },
  paths,
}
const apis = [defineApi({ document, behaviours: Object.fromEntries(Object.keys(paths).map((path) => [`GET ${path}`, echo])) })]
const mock = await createMock({ apis })
const strict = await createMock({ apis, strict: true })
afterAll(async () => void (await Promise.all([mock.close(), strict.close()])))

async function ask(path: string, headers: Readonly<Record<string, string>>, on = mock): Promise<unknown> {
  const answer = await on.fetch(path, { headers: { Accept: 'application/problem+json', ...headers } })
  const read: { readonly issues?: readonly { readonly at: string; readonly rule: string }[] } = JSON.parse(await answer.text())
  return answer.status === 200 ? read : `${answer.status} ${read.issues?.map(({ at, rule }) => `${at} ${rule}`).join()}`
}

describe('a parameter', () => {
  it.each(ROWS.map((row, index) => [row[0], index, row] as const))('of %s', async (_what, index, [, , , path, headers, met]) => {
    const none = { path: {}, query: {}, header: {}, cookie: {} }
    expect(await ask(`/${index}${path}`, headers)).toEqual(typeof met === 'string' ? `400 ${met}` : { ...none, ...met })
  })
})

describe('what no parameter declares', () => {
  it.each([
    ['/strict?key=1&n=1&f[a]=1', undefined],
    ['/strict?key=1&m=1', '/query/m undeclared'],
    ['/strict?key=1&n=1&n=2', '/query/n undeclared'],
    ['/strict?key=1&f[c]=1', '/query/f/c undeclared'],
  ])('%s is refused by a strict mock alone, and cookies and headers are not', async (path, issue) => {
    const headers = { Cookie: 'anything=1', 'X-Anything': '1' }
    expect(await ask(path, headers)).toHaveProperty('query')
    if (issue === undefined) expect(await ask(path, headers, strict)).toHaveProperty('query')
    else expect(await ask(path, headers, strict)).toBe(`400 ${issue}`)
  })
})
