import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { DocumentError } from '../src/base/problem.ts'
import { checkDocument } from '../src/contract/check/check.ts'
import { loadGenerate } from '../src/contract/generate.ts'
import { defineApi } from '../src/core/api.ts'
import { chanceOf, keyOf } from '../src/core/population/random.ts'
import { loadDocument } from '../src/document/load.ts'
import { createMock } from '../src/mock.ts'
import { cpuTime } from './time.ts'

const LONG = process.env['LONG'] === '1'
/** So long nothing may keep a processor, in milliseconds; some hundreds are usual. */
const SOON = 4_000

/** How deep what is deep is. */
const DEEP = LONG ? 100_000 : 20_000

const folder = mkdtempSync(join(tmpdir(), 'hostile-documents-'))
afterAll(() => rmSync(folder, { recursive: true }))
const tools = { generate: await loadGenerate(), chance: chanceOf(keyOf('check')) }

let files = 0
function fileOf(content: unknown): string {
  const file = join(folder, `document-${files++}.json`)
  writeFileSync(file, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content, undefined, 1))
  return file
}

const fine = { 200: { description: 'Fine.' } }
/** Two operations, of which the first answers by a schema. */
const answering = (schema: unknown, more: object = {}): object => ({
  openapi: '3.1.0',
  paths: {
    '/a': { get: { responses: { 200: { description: 'Fine.', content: { 'application/json': { schema } } } } } },
    '/b': { get: { responses: fine } },
  },
  ...more,
})
/** Two operations, of which the first takes a body. */
const taking = (schema: unknown, more: object = {}): object => ({
  openapi: '3.1.0',
  paths: {
    '/a': { post: { requestBody: { required: true, content: { 'application/json': { schema } } }, responses: fine } },
    '/b': { get: { responses: fine } },
  },
  ...more,
})

interface Answered {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** A mock of a document, which never fails by itself and takes no time to speak of. */
async function served(
  document: unknown,
): Promise<(path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answered>> {
  const failures: unknown[] = []
  let mock: Awaited<ReturnType<typeof createMock>> | undefined
  const started = await cpuTime(async () => {
    mock = await createMock({ apis: [defineApi({ document: fileOf(document) })], onFailure: (error) => failures.push(error) })
  })
  expect(started).toBeLessThan(SOON)
  onTestFinished(() => mock?.close())
  return async (path, body, headers = {}) => {
    let answered: Answered | undefined
    const taken = await cpuTime(async () => {
      const response = await mock?.fetch(
        new Request(`http://localhost${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      answered = response && { status: response.status, text: await response.text(), headers: response.headers }
    })
    expect(failures).toEqual([])
    expect(taken).toBeLessThan(SOON)
    if (!answered) throw new Error('there is no answer')
    return answered
  }
}

/** What is said of a document that is not served at all: by whoever serves it, and by whoever checks it. */
async function refusals(content: unknown): Promise<string[]> {
  const file = fileOf(content)
  const said: string[] = []
  for (const attempt of [() => createMock({ apis: [defineApi({ document: file })] }), () => loadDocument(file)])
    expect(
      await cpuTime(async () => {
        const error = await attempt().then(
          () => new Error('it is served'),
          (error: unknown) => error,
        )
        expect(error).toBeInstanceOf(DocumentError)
        said.push(error instanceof Error ? error.message : '')
      }),
    ).toBeLessThan(SOON)
  return said
}

async function rulesOf(document: unknown): Promise<readonly string[]> {
  const loaded = await loadDocument(fileOf(document))
  let rules: readonly string[] = []
  const taken = await cpuTime(() => {
    const steps = checkDocument(loaded, tools)
    for (;;) {
      const step = steps.next()
      if (!step.done) continue
      rules = step.value.findings.map(({ rule }) => rule)
      return
    }
  })
  expect(taken).toBeLessThan(SOON)
  return rules
}

const laughs = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x]',
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `a${n}: &a${n} [${`*a${n - 1}, `.repeat(9)}]`),
].join('\n')
const [head = '', tail = ''] = JSON.stringify(answering('HERE')).split('"HERE"')
const blocks = Array.from({ length: 3_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')

describe('a document is refused with its file and line', () => {
  it.each<[string, () => string | Buffer, RegExp]>([
    ['whose aliases multiply', () => laughs, /\.json/],
    ['whose alias stands in itself', () => 'paths: &a\n  /a: *a\n', /\.json/],
    ['objects in one another', () => '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP), /\.json:1: it is nested too deep/],
    ['lists in one another', () => '['.repeat(DEEP) + ']'.repeat(DEEP), /\.json:1: it is nested too deep/],
    ['of schemas 3,000 deep', () => `${head}${'{"not":'.repeat(3_000)}{}${'}'.repeat(3_000)}${tail}`, /\.json:1: it is nested too deep/],
    ['3,000 blocks of YAML deep', () => `${blocks}${' '.repeat(3_000)}b: 1\n`, /\.json:\d+: it is nested too deep/],
    ['of UTF-16', () => Buffer.from(`\uFEFF${JSON.stringify(answering({}))}`, 'utf16le'), /\.json:1: it is UTF-16; save it as UTF-8$/],
    ['that is not UTF-8', () => Buffer.from('paths:\n  /a\u00FF\u00FE: {}\n', 'latin1'), /\.json:2: it is not UTF-8; save it as UTF-8$/],
    ['that is cut in a character', () => Buffer.from('paths:\n  /é').subarray(0, -1), /\.json:2: it is not UTF-8/],
    ['with a null byte', () => 'paths:\n  /a:\n    get: "\0"\n', /\.json:3: it holds the character U\+0000/],
  ])('%s', async (_what, content, message) => {
    for (const said of await refusals(content())) {
      expect(said).toMatch(message)
      expect(said).not.toContain('\n')
    }
  })
})

it('nothing is fetched, whatever names an address', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/schema.json`
  for (const schema of [
    { $id: url, type: 'integer' },
    { $schema: url, type: 'integer' },
    { $dynamicRef: `${url}#a` },
    { $dynamicRef: url },
    { type: 'object', properties: { a: { $id: url, $dynamicRef: 'other.json' } } },
    { externalDocs: { url }, example: { $ref: url }, type: 'object' },
    { type: 'string', contentSchema: { $schema: url }, format: url, pattern: url },
  ]) {
    const ask = await served(
      answering(schema, { externalDocs: { url }, servers: [{ url: '/' }, { url }], $self: url, jsonSchemaDialect: url }),
    )
    expect([200, 500]).toContain((await ask('/a')).status)
    expect((await ask('/b')).status).toBe(200)
    await rulesOf(answering(schema))
  }
  expect(connections).toBe(0)
})

describe('what no value can be made for stops its own operation alone, and says where', () => {
  const chain = (count: number, schema: (before: object) => object): object =>
    answering(
      { $ref: `#/components/schemas/S${count}` },
      {
        components: {
          schemas: Object.fromEntries(
            Array.from({ length: count + 1 }, (_, place) => [
              `S${place}`,
              place === 0 ? { type: 'integer' } : schema({ $ref: `#/components/schemas/S${place - 1}` }),
            ]),
          ),
        },
      },
    )
  it.each<[string, object]>([
    ['a text of a thousand million characters', answering({ type: 'string', minLength: 1e9 })],
    ['as many items', answering({ type: 'array', items: { type: 'integer' }, minItems: 1e9 })],
    ['as many members', answering({ type: 'object', minProperties: 1e9 })],
    ['as many that are contained', answering({ type: 'array', contains: { type: 'integer' }, minContains: 1e9 })],
    ['19,000 long texts', answering({ type: 'array', minItems: 19_000, items: { type: 'string', minLength: 50_000 } })],
    ['a limit below the other', answering({ type: 'integer', minimum: 5, maximum: 4 })],
    ['a pattern of a million characters', answering({ type: 'string', pattern: '^a{1000000}$' })],
    ['a pattern of repetitions in one another', answering({ type: 'string', pattern: '^((a{1000}){1000}){1000}$' })],
    ['a pattern with 5,000 groups in one another', answering({ type: 'string', pattern: '('.repeat(5_000) + 'a' + ')'.repeat(5_000) })],
    [
      'a schema that is itself',
      answering({ $ref: '#/components/schemas/A' }, { components: { schemas: { A: { $ref: '#/components/schemas/A' } } } }),
    ],
    [
      'schemas that are one another',
      answering(
        { $ref: '#/components/schemas/A' },
        { components: { schemas: { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } } } },
      ),
    ],
    ['2^29 members', chain(29, (before) => ({ type: 'object', required: ['a', 'b'], properties: { a: before, b: before } }))],
    ['2^40 choices', chain(40, (before) => ({ anyOf: [before, before] }))],
    ['2^40 parts', chain(40, (before) => ({ allOf: [before, before] }))],
    ['what faker does not offer', answering({ type: 'string', 'x-faker': 'constructor.constructor' })],
    [
      'what faker does not offer, with arguments',
      answering({ type: 'string', 'x-faker': { 'constructor.constructor': ['return process'] } }),
    ],
    ['what lies behind faker', answering({ type: 'string', 'x-faker': '__proto__.toString' })],
    [
      'a thousand million letters of faker',
      answering({ type: 'string', 'x-faker': { 'string.alpha': { length: { min: 1e9, max: 1e9 } } } }),
    ],
    ['as many words', answering({ type: 'string', 'x-faker': { 'lorem.words': 1e9 } })],
    ['as many dates', answering({ type: 'string', 'x-faker': { 'date.betweens': { from: '2020-01-01', to: '2021-01-01', count: 1e9 } } })],
    ['as many of a pattern', answering({ type: 'string', 'x-faker': { 'helpers.fromRegExp': '[a]{999999999}' } })],
    ['an asynchronous schema', answering({ $async: true, type: 'object', properties: { a: { type: 'integer' } } })],
    [
      'a name with half a character',
      answering({ $ref: '#/components/schemas/\uD800' }, { components: { schemas: { '\uD800': { type: 'integer' } } } }),
    ],
  ])('%s', async (_what, document) => {
    const ask = await served(document)
    const { status, text } = await ask('/a')
    expect([status, text]).toEqual([500, expect.stringMatching(/"detail":"document-\d+\.json:\d+: /)])
    expect((await ask('/b')).status).toBe(200)
    expect((await rulesOf(document)).some((rule) => /^(schema|response|keyword|pattern)-/.test(rule))).toBe(true)
  })

  it.each<[string, object]>([
    ['a multiple of very little', answering({ type: 'number', multipleOf: 1e-300 })],
    ['a multiple of very much', answering({ type: 'number', multipleOf: 1e300 })],
    [
      '3,000 items that differ, of 3,000',
      answering({
        type: 'array',
        uniqueItems: true,
        minItems: LONG ? 3_000 : 1_000,
        items: { enum: Array.from({ length: LONG ? 3_000 : 1_000 }, (_, i) => `v${i}`) },
      }),
    ],
    ['an enum of many values', answering({ enum: Array.from({ length: LONG ? 200_000 : 10_000 }, (_, i) => `v${i}`) })],
    ['keywords that nobody knows', answering({ type: 'integer', code: 'process.exit(1)', instanceof: 'Function', macro: {}, keyword: 1 })],
    [
      'formats that objects inherit',
      answering({ type: 'object', properties: { a: { type: 'string', format: 'constructor' }, b: { format: '__proto__' } } }),
    ],
    [
      'templates of faker that reach further',
      answering({ type: 'string', 'x-faker': { fake: '{{constructor.constructor(return process)}}' } }),
    ],
    [
      'many servers with many variables',
      answering(
        {},
        {
          servers: Array.from({ length: LONG ? 5_000 : 100 }, () => ({
            url: '/',
            variables: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`v${i}`, { default: 'x' }])),
          })),
        },
      ),
    ],
    ['a server of brackets', answering({}, { servers: [{ url: `/${'{'.repeat(100_000)}` }, { url: '/' }] })],
  ])('%s does no harm', async (_what, document) => {
    const ask = await served(document)
    expect([200, 404, 500]).toContain((await ask('/a')).status)
    await rulesOf(document)
  })
})

describe('names that every object has are names as any other', () => {
  const document = `{"openapi":"3.1.0",
    "servers":[{"url":"/{__proto__}/{constructor}","variables":{"__proto__":{"default":"v1"},"constructor":{"default":"v2"}}}],
    "paths":{
      "/__proto__":{"get":{"operationId":"__proto__","responses":{"200":{
        "headers":{"constructor":{"example":"h","schema":{}},"__proto__":{"example":"p","schema":{}}},
        "content":{"application/json":{"examples":{"__proto__":{"value":1},"constructor":{"value":2}},"schema":{"type":"integer"}}}}}}},
      "/constructor":{"get":{"operationId":"constructor","security":[{"__proto__":[]},{"toString":[]}],
        "parameters":[{"name":"__proto__","in":"query","required":true,"schema":{"type":"integer"}},{"name":"constructor","in":"query","schema":{"type":"integer"}}],
        "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/__proto__"}}}}}}},
      "/{__proto__}/{constructor}":{"get":{"operationId":"toString",
        "parameters":[{"name":"__proto__","in":"path","required":true,"schema":{"type":"integer"}},{"name":"constructor","in":"path","required":true,"schema":{"type":"integer"}}],
        "responses":{"__proto__":{"description":"None."},"200":{"description":"Fine."}}}}},
    "components":{
      "schemas":{"__proto__":{"type":"object","required":["constructor","__proto__"],"properties":{
        "constructor":{"type":"integer"},"__proto__":{"type":"string"},"prototype":{"$ref":"#/components/schemas/constructor"}}},"constructor":{"enum":["c"]}},
      "securitySchemes":{"__proto__":{"type":"apiKey","in":"query","name":"__proto__"}}}}`

  it.each<[string, number, RegExp]>([
    ['/v1/v2/__proto__', 200, /^1$/],
    ['/v1/v2/constructor', 422, /\/query\/__proto__ is missing/],
    ['/v1/v2/constructor?__proto__=1', 200, /^\{"constructor":\d+,"__proto__":".+","prototype":"c"\}$/],
    ['/v1/v2/constructor?__proto__=x&constructor=y', 422, /\/query\/__proto__ is .*\\"x\\"/],
    ['/v1/v2/constructor?__proto__=1&constructor=y', 422, /\/query\/constructor is .*\\"y\\"/],
    ['/v1/v2/1/2', 200, /^$/],
    ['/v1/v2/a/2', 422, /\/path\/__proto__ is .*\\"a\\"/],
    ['/v1/v2/1/b', 422, /\/path\/constructor is .*\\"b\\"/],
  ])('GET %s is answered %i', async (path, status, text) => {
    const ask = await served(document)
    const answered = await ask(path)
    expect([answered.status, answered.text]).toEqual([status, expect.stringMatching(text)])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('are those of examples and headers too', async () => {
    const ask = await served(document)
    const { text, headers } = await ask('/v1/v2/__proto__', undefined, { prefer: 'example=constructor' })
    expect([text, headers.get('constructor')]).toEqual(['2', 'h'])
  })

  it('and code in names is not run', async () => {
    const name = "'];process.exit(3);//`${process.exit(4)}"
    const ask = await served(
      taking({ type: 'object', properties: { [name]: { type: 'integer' } }, required: [name], additionalProperties: false }),
    )
    expect((await ask('/a', {})).status).toBe(422)
    expect((await ask('/a', { [name]: 'x' })).status).toBe(422)
    expect((await ask('/a', { [name]: 1 })).status).toBe(200)
  })
})

describe('a pattern keeps nobody waiting', () => {
  const long = 'a'.repeat(LONG ? 1_000_000 : 100_000)
  it.each<[string, object, unknown, number]>([
    ['of a text', { type: 'string', pattern: '^(a+)+$' }, `${long}!`, 422],
    ['of a text that fits', { type: 'string', pattern: '^(a+)+$' }, long, 200],
    ['that takes the cube', { type: 'string', pattern: '^(.*)(.*)(.*)x$' }, long, 422],
    [
      'of members',
      { type: 'object', patternProperties: { '^(a|aa)+$': { type: 'integer' } }, additionalProperties: false },
      { [`${long.slice(0, 50_000)}!`]: 1 },
      422,
    ],
    ['of names', { type: 'object', propertyNames: { pattern: '^(a|aa)+$' } }, { [`${long.slice(0, 50_000)}!`]: 1 }, 422],
  ])('%s', async (_what, schema, body, status) => {
    const ask = await served(taking(schema))
    expect((await ask('/a', body)).status).toBe(status)
  })

  it('nor does the template of a path', async () => {
    const paths = {
      '/x/{a}.{b}.{c}.{d}.{e}-z': { get: { responses: fine } },
      '/y/{a}{b}{c}{d}': { get: { responses: fine } },
      [`/z/${'{'.repeat(20_000)}`]: { get: { responses: fine } },
    }
    const ask = await served({ openapi: '3.1.0', paths })
    for (const path of [`/x/${'.'.repeat(15_000)}`, `/x/${'a.'.repeat(7_000)}q`, `/y/${'a'.repeat(15_000)}`])
      expect([200, 404]).toContain((await ask(path)).status)
    expect((await ask('/x/1.2.3.4.5-z')).status).toBe(200)
  })
})

describe('an answer', () => {
  it.each(['999', '099', '600', '100', '101', 'abc', '', '1e2', '-200', '7XX', '0x1ff', '200.5', ' 200', '__proto__'])(
    'with the status "%s" is none: what is said to be there has been done',
    async (status) => {
      const ask = await served({
        openapi: '3.1.0',
        paths: { '/a': { get: { responses: JSON.parse(`{${JSON.stringify(status)}:{}}`) } }, '/b': { get: { responses: fine } } },
      })
      const answered = await ask('/a')
      expect([answered.status, answered.text]).toEqual([200, ''])
      expect((await ask('/b')).status).toBe(200)
    },
  )

  it('has headers that can be sent, and no others', async () => {
    const headers = {
      'X-Lines': { example: 'a\r\nSet-Cookie: b=c', schema: {} },
      'X-Name': { example: 'Łódź', schema: {} },
      'X-Nothing': { example: '\0', schema: {} },
      'X Space': { example: 'a', schema: {} },
      'X-Two\r\nX-Evil': { example: 'a', schema: {} },
      '': { example: 'a', schema: {} },
    }
    const ask = await served({ openapi: '3.1.0', paths: { '/a': { get: { responses: { 200: { description: 'Fine.', headers } } } } } })
    const { status, headers: sent } = await ask('/a')
    expect(status).toBe(200)
    expect(Object.fromEntries([...sent].filter(([name]) => name.startsWith('x') || name.includes('cookie')))).toEqual({
      'x-lines': 'a??Set-Cookie: b=c',
      'x-name': '?ód?',
      'x-nothing': '?',
    })
  })

  it.each(['application/json\r\nX-Evil: 1', 'Łódź', ''])('with the media type %j commands nothing', async (type) => {
    const ask = await served({
      openapi: '3.1.0',
      paths: { '/a': { get: { responses: { 200: { description: 'Fine.', content: { [type]: { example: 1 } } } } } } },
    })
    const { status, headers } = await ask('/a')
    expect([status, headers.get('content-type'), headers.get('x-evil')]).toEqual([200, 'application/json', null])
  })
})

describe.runIf(LONG)('a large document', () => {
  it('of 100,000 operations is refused by its size, or served', async () => {
    const paths = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`/p${i}`, { get: { responses: fine } }]))
    const file = fileOf(JSON.stringify({ openapi: '3.1.0', paths }))
    const started = await cpuTime(async () => {
      const mock = await createMock({ apis: [defineApi({ document: file })] }).catch((error: unknown) => error)
      if (mock instanceof DocumentError) return
      if (mock instanceof Error || typeof mock !== 'object' || mock === null || !('fetch' in mock)) throw mock
    })
    expect(started).toBeLessThan(30_000)
  })

  it('of more than may be is refused before it is read', async () => {
    const [said] = await refusals(' '.repeat(30_000_000))
    expect(said).toMatch(/bytes or more; a document may have|bytes/)
  })
})
