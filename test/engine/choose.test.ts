import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Contract, createContract } from '../../src/contract/operation.ts'
import { type Chosen, loadChooser } from '../../src/engine/choose.ts'
import { type Preference, readPreference } from '../../src/engine/preference.ts'
import { loadDocument, type LoadedDocument } from '../../src/document/load.ts'
import { DocumentError } from '../../src/base/problem.ts'
import { PROBLEMS } from '../support.ts'
import { ROOT, Running } from '../cli/process.ts'
import { cpuTime } from '../time.ts'

const choose = await loadChooser()

function documentOf(responses: object, others: Readonly<Record<string, unknown>> = {}): LoadedDocument {
  const content = { openapi: '3.1.0', paths: { '/things': { get: { operationId: 'listThings', responses } } } }
  const sources = Object.entries({ 'things.yaml': content, ...others })
  return { name: 'things', sources: sources.map(([uri, source]) => ({ uri, content: source, lineOf: () => 1 })) }
}

/** What is chosen for an operation that has these answers. */
function chosen(responses: object, preference: Preference = {}, accept?: string, seed = 'a seed'): Chosen {
  return choose(createContract(documentOf(responses)), 'listThings', { preference, seed, accept })
}

function withSchema(schema: unknown, mediaType = 'application/json'): object {
  return { content: { [mediaType]: { schema } } }
}

function json(examples: Readonly<Record<string, unknown>>): object {
  const named = Object.entries(examples).map(([name, value]) => [name, { value }])
  return { content: { 'application/json': { examples: Object.fromEntries(named) } } }
}

function reply(status: number, body?: unknown, more: object = {}): object {
  return { kind: 'reply', reply: { status, ...(body !== undefined && { body, mediaType: 'application/json' }), ...more } }
}

describe('the header Prefer', () => {
  it.each<[header: string | undefined, read: Preference | undefined]>([
    ['code=404', { code: '404' }],
    ['example=dog', { example: 'dog' }],
    ['code=404, example=dog', { code: '404', example: 'dog' }],
    ['code=404,example=dog', { code: '404', example: 'dog' }],
    ['code=404; example=dog', { code: '404', example: 'dog' }],
    ['Code = "404" , EXAMPLE = "a, b; c=\\"d\\""', { code: '404', example: 'a, b; c="d"' }],
    ['example=a=b', { example: 'a=b' }],
    ['example="dog', { example: 'dog' }],
    ['code=404, code=500, example=one, example=two', { code: '404', example: 'one' }],
    ['respond-async, wait=10, code=503', { code: '503' }],
    ['dynamic=true', { dynamic: 'true' }],
    ['dynamic=false, seed="7 of 9"', { dynamic: 'false', seed: '7 of 9' }],
    ['code=200; dynamic=true; seed=7; wait=10', { code: '200', dynamic: 'true', seed: '7' }],
    ['respond-async, wait=10', undefined],
    ['wait=10; code=503', undefined],
    ['return=minimal; foo="code=404, example=dog"', undefined],
    [',;,=,"', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, read) => expect(readPreference(header)).toEqual(read))

  it.each([
    ['code=4', 'the preferred code is "4"'],
    ['code=', 'the preferred code is ""'],
    ['code', 'the preferred code is ""'],
    ['code=four', 'the preferred code is "four"'],
    ['code=4XX', 'the preferred code is "4XX"'],
    ['code=404.0', 'the preferred code is "404.0"'],
    ['code=101', 'the preferred code is "101"'],
    ['code=600', 'the preferred code is "600"'],
    ['code=-404, example=dog', 'the preferred code is "-404"'],
    ['example', 'the preferred example has no name'],
    ['code=404, example=""', 'the preferred example has no name'],
    ['dynamic', 'the preference dynamic is ""'],
    ['dynamic=yes', 'the preference dynamic is "yes"'],
    ['seed=', 'the preferred seed is empty'],
  ])('%s is refused', (header, detail) =>
    expect(readPreference(header)).toEqual({ code: 'preference-invalid', detail, fix: expect.stringMatching(/as in Prefer: \w+=\w+$/) }),
  )

  it('cannot ask for an example and for a body that is none', () =>
    expect(readPreference('dynamic=true, example=dog')).toMatchObject({ code: 'preference-invalid', fix: 'send one of the two' }))

  it.each(['"', '\\"', '"\\', 'a;', ',"', ';="\\'])('is read in no time, whatever it is: %s', async (piece) => {
    const time = await cpuTime(() => expect(readPreference(`x=${piece.repeat(20_000)}`)).toBeUndefined())
    expect(time).toBeLessThan(500)
  })
})

describe('the answer of the document', () => {
  const answers = {
    '206': json({ part: 'some of it' }),
    '201': json({ first: { made: 1 }, second: { made: 2 } }),
    '404': json({ unknown: 'not there', gone: 'not there any more' }),
    '4XX': json({ other: 'wrong' }),
    default: json({ failed: 'broken' }),
  }

  it.each<[what: string, preference: Preference, expected: object]>([
    ['the lowest 2xx', {}, reply(201, { made: 1 })],
    ['an example of it', { example: 'second' }, reply(201, { made: 2 })],
    ['another 2xx', { code: '206' }, reply(206, 'some of it')],
    ['a status', { code: '404' }, reply(404, 'not there')],
    ['an example of a status', { code: '404', example: 'gone' }, reply(404, 'not there any more')],
    ['a status of a range', { code: '418' }, reply(418, 'wrong')],
    ['an example of a range', { code: '418', example: 'other' }, reply(418, 'wrong')],
    ['any other status', { code: '503' }, reply(503, 'broken')],
    ['no body with 204', { code: '204' }, reply(204)],
    ['no body with 304', { code: '304' }, reply(304)],
  ])('%s', (_what, preference, expected) => expect(chosen(answers, preference)).toEqual(expected))

  it.each<[what: string, responses: object, preference: Preference, expected: object]>([
    ['a range of successes, as its first', { '2XX': json({ a: 1 }) }, {}, reply(200, 1)],
    ['no success, as 200 by default', { default: json({ a: 1 }), '404': json({ b: 2 }) }, {}, reply(200, 1)],
    ['no success at all, as the first', { '404': json({ b: 2 }), '500': json({ c: 3 }) }, {}, reply(404, 2)],
    ['no content', { '200': { description: 'Done.' } }, {}, reply(200)],
    ['content that is empty', { '200': { description: 'Done.', content: {} } }, { code: '200' }, reply(200)],
    ['a value that is null', { '200': json({ a: null }) }, {}, reply(200, null)],
    [
      'one example without a name',
      { '200': { content: { 'application/json': { example: [1] } } } },
      { example: 'default' },
      reply(200, [1]),
    ],
    [
      'an example of the schema',
      { '200': { content: { 'application/json': { schema: { type: 'integer', example: 5 } } } } },
      { example: 'default' },
      reply(200, 5),
    ],
    ['several examples of the schema', { '200': { content: { 'application/json': { schema: { examples: [6, 7] } } } } }, {}, reply(200, 6)],
    [
      'examples of its own before that of the schema',
      { '200': { content: { 'application/json': { schema: { example: 5 }, examples: { a: { value: 8 } } } } } },
      {},
      reply(200, 8),
    ],
    [
      'an example elsewhere, after one that is here',
      { '200': { content: { 'application/json': { examples: { far: { externalValue: 'https://example.com/a' }, here: { value: 9 } } } } } },
      {},
      reply(200, 9),
    ],
    ['nothing at all, as done', {}, {}, reply(200)],
    ['what informs before the answer', { '100': json({ a: 1 }), '404': json({ b: 2 }) }, {}, reply(404, 2)],
    ['what only informs', { '101': {} }, {}, reply(200)],
    ['a range in small letters', { '2xx': json({ a: 1 }) }, {}, reply(200, 1)],
    ['a type of JSON and no more', { '200': { content: { 'application/json': {} } } }, {}, reply(200, {})],
    ['examples only, where a body is to be generated', { '200': json({ a: 1 }) }, { dynamic: 'true' }, { ...reply(200, 1), isStill: true }],
    [
      'a body that looks like a reference',
      { '200': { content: { 'application/json': { example: { $ref: '#/paths' } } } } },
      {},
      reply(200, { $ref: '#/paths' }),
    ],
  ])('that has %s', (_what, responses, preference, expected) => expect(chosen(responses, preference)).toEqual(expected))

  it('has the headers that have an example, as text, but for those of the message itself', () => {
    const headers = {
      'Retry-After': { schema: { type: 'integer' }, example: 120 },
      Allow: { examples: { two: { value: ['GET', 'PUT'] }, one: { value: 'GET' } } },
      ETag: { schema: { type: 'string', example: '"a"' } },
      'X-Shape': { example: { a: 1 } },
      'X-None': { schema: { type: 'string' } },
      'Content-Type': { example: 'text/plain' },
      'Content-Length': { example: 5 },
    }
    const sent = { 'Retry-After': '120', Allow: 'GET,PUT', ETag: '"a"' }
    expect(chosen({ '429': { headers } }, { code: '429' })).toEqual(reply(429, undefined, { headers: sent }))
    expect(chosen({ '4XX': { headers, ...json({ a: 1 }) } }, { code: '429' })).toEqual(reply(429, 1, { headers: sent }))
  })

  it('is found through references, also into other files', () => {
    const parts = {
      'common/answers.yaml': {
        NotFound: {
          headers: { Allow: { $ref: 'headers.yaml#/Allow' } },
          content: { 'application/json': { schema: { $ref: 'schemas.yaml#/Text' }, examples: { a: { $ref: '#/Example' } } } },
        },
        Gone: { content: { 'application/json': { schema: { $ref: 'schemas.yaml#/Alias' } } } },
        Example: { value: 'not there' },
      },
      'common/headers.yaml': { Allow: { example: 'GET' } },
      'common/schemas.yaml': { Alias: { $ref: '#/Text' }, Text: { type: 'string', example: 'a text' } },
    }
    const contract = createContract(
      documentOf({ '404': { $ref: 'common/answers.yaml#/NotFound' }, '410': { $ref: 'common/answers.yaml#/Gone' } }, parts),
    )
    expect(choose(contract, 'listThings', { preference: { code: '404', example: 'a' }, seed: 'a seed' })).toEqual(
      reply(404, 'not there', { headers: { Allow: 'GET' } }),
    )
    expect(choose(contract, 'listThings', { preference: { code: '410' }, seed: 'a seed' })).toEqual(reply(410, 'a text'))
  })

  it('ends where a schema refers to itself', () => {
    const loop = { Loop: { $ref: '#/Other' }, Other: { $ref: '#/Loop' } }
    const contract = createContract(
      documentOf({ '200': { content: { 'application/json': { schema: { $ref: 'a.yaml#/Loop' } } } } }, { 'a.yaml': loop }),
    )
    expect(() => choose(contract, 'listThings', { preference: {}, seed: 'a seed' })).toThrow(DocumentError)
    expect(choose(contract, 'listThings', { preference: {}, seed: undefined })).toMatchObject({ kind: 'refused' })
  })

  const types = {
    '200': {
      content: {
        'text/plain': { examples: { short: { value: 'text' } } },
        'application/json': { examples: { short: { value: 'json' } } },
        'application/xml': { examples: { long: { value: 'xml' } } },
      },
    },
  }
  it.each<[accept: string | undefined, preference: Preference, mediaType: string]>([
    [undefined, {}, 'application/json'],
    ['', {}, 'application/json'],
    ['text/plain', {}, 'text/plain'],
    ['text/*', {}, 'text/plain'],
    ['text/html, application/xml;q=0.5, text/plain;q=0.4', {}, 'application/xml'],
    ['application/xml;charset=utf-8', {}, 'application/xml'],
    ['image/png', {}, 'application/json'],
    ['nonsense, text/plain;q="', {}, 'text/plain'],
    [';;,/,"', {}, 'application/json'],
    // The example asked for counts more than the media type.
    [undefined, { example: 'long' }, 'application/xml'],
    ['text/plain', { code: '200', example: 'long' }, 'application/xml'],
  ])('is of the type that Accept: %s wants, with %o', (accept, preference, mediaType) =>
    expect(chosen(types, preference, accept)).toMatchObject({ kind: 'reply', reply: { status: 200, mediaType } }),
  )

  it('is of a type that has an example', () => {
    const content = { 'application/json': {}, 'text/plain': { example: 'text' } }
    expect(chosen({ '200': { content } }, {}, 'application/json')).toMatchObject({ reply: { mediaType: 'text/plain', body: 'text' } })
  })

  it('has no type that is a range', () => {
    expect(chosen({ '200': { content: { '*/*': { example: 1 } } } })).toEqual({ kind: 'reply', reply: { status: 200, body: 1 } })
  })

  it.each<[what: string, responses: object, preference: Preference, detail: string, fix: string]>([
    [
      'a status that is not documented',
      { '200': {}, '401': {}, '404': {}, '500': {} },
      { code: '409' },
      'the document has no answer 409 of listThings',
      'ask for 404, the nearest, or another of 200, 401, 404, 500',
    ],
    [
      'a status below all of its class',
      { '200': {}, '404': {}, '500': {} },
      { code: '499' },
      'the document has no answer 499 of listThings',
      'ask for 404, the nearest, or another of 200, 404, 500',
    ],
    [
      'a status beside a range',
      { '200': {}, '4XX': {} },
      { code: '503' },
      'the document has no answer 503 of listThings',
      'ask for 4XX, the nearest, or another of 200, 4XX',
    ],
    [
      'a status of an operation that has one',
      { '200': {} },
      { code: '404' },
      'the document has no answer 404 of listThings',
      'ask for 200, the only one',
    ],
    [
      'an example that there is not',
      { '200': json({ a: 1, b: 2 }) },
      { example: 'c' },
      'the answer 200 of listThings has no example "c"',
      'ask for one of a, b',
    ],
    [
      // Prism's own negotiator answers 200 here.
      'an example of another status',
      { '200': json({ all: 1 }), '404': json({ unknown: 2 }) },
      { code: '404', example: 'all' },
      'the answer 404 of listThings has no example "all"',
      'ask for code=200, which has it, or ask for unknown',
    ],
    [
      'an example where there is no body',
      { '204': {} },
      { code: '204', example: 'a' },
      'the answer 204 of listThings has no example "a"',
      'leave the example out',
    ],
    [
      'a status of an operation that has none',
      {},
      { code: '200' },
      'the document has no answer 200 of listThings',
      'give the document one',
    ],
  ])('is refused: %s', (_what, responses, preference, detail, fix) =>
    expect(chosen(responses, preference)).toEqual({ kind: 'refused', problem: { code: 'response-unknown', detail, fix } }),
  )

  it('is called unknown with 404, as by Prism, and malformed with 400', () => {
    expect(PROBLEMS).toMatchObject({ 'response-unknown': { status: 404 }, 'preference-invalid': { status: 400 } })
  })
})

describe('an answer without an example', () => {
  const person = { type: 'object', properties: { email: { type: 'string', format: 'email' }, age: { type: 'integer' } } }
  const bodyOf = (found: Chosen) => (found.kind === 'reply' ? found.reply.body : found)

  it('is made by the schema, and hangs on the seed alone', () => {
    const responses = { '200': withSchema(person) }
    const found = chosen(responses)
    expect(found).toMatchObject({
      reply: { status: 200, mediaType: 'application/json', body: { email: expect.stringContaining('@'), age: expect.any(Number) } },
    })
    chosen(responses, {}, undefined, 'another')
    expect(chosen(responses)).toEqual(found)
    expect(chosen(responses, {}, undefined, 'another')).not.toEqual(found)
  })

  it('has as much chance in it as there is to choose', () => {
    const letters = bodyOf(chosen({ '200': withSchema({ type: 'string', pattern: '^[a-z]{40}$' }) }))
    expect(new Set(String(letters)).size).toBeGreaterThan(10)
  })

  it('is made in place of an example only where that is preferred', () => {
    const responses = { '200': { content: { 'application/json': { schema: { ...person, example: { email: 'a@b.co' } } } } } }
    expect(bodyOf(chosen(responses))).toEqual({ email: 'a@b.co' })
    expect(bodyOf(chosen(responses, { dynamic: 'false' }))).toEqual({ email: 'a@b.co' })
    expect(bodyOf(chosen(responses, { dynamic: 'true' }))).toEqual({ email: expect.stringContaining('@'), age: expect.any(Number) })
  })

  it('is made in place of an example that does not fit, unless that one is asked for', () => {
    const responses = {
      '200': {
        content: { 'application/json': { schema: person, examples: { wrong: { value: { email: 'x' } }, right: { value: { age: 1 } } } } },
      },
      '400': { content: { 'application/json': { schema: { ...person, required: ['age'], example: { email: 'x' } } } } },
    }
    expect(bodyOf(chosen(responses))).toEqual({ age: 1 })
    expect(bodyOf(chosen(responses, { example: 'wrong' }))).toEqual({ email: 'x' })
    expect(bodyOf(chosen(responses, { code: '400' }))).toEqual({ email: expect.stringContaining('@'), age: expect.any(Number) })
  })

  it('is written as its media type has it', () => {
    const pet = {
      type: 'object',
      xml: { name: 'pet', namespace: 'urn:pets', prefix: 'p' },
      properties: {
        id: { type: 'integer', xml: { attribute: true } },
        name: { type: 'string' },
        tags: { type: 'array', xml: { wrapped: true }, items: { type: 'string', xml: { name: 'tag' } } },
        ids: { type: 'array', items: { type: 'integer' } },
        none: { type: ['null', 'string'] },
      },
      example: { id: 7, name: 'Tom & <Jerry>', tags: ['a', 'b'], ids: [1, 2], none: null },
    }
    const textOf = (mediaType: string, schema: unknown) => {
      const found = chosen({ '200': withSchema(schema, mediaType) })
      return found.kind === 'reply' ? found.reply.text : found
    }
    expect(textOf('application/xml', pet)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<p:pet xmlns:p="urn:pets" id="7"><name>Tom &amp; &lt;Jerry&gt;</name><tags><tag>a</tag><tag>b</tag></tags><ids>1</ids><ids>2</ids><none/></p:pet>',
    )
    expect(textOf('text/xml; charset=utf-8', { type: 'array', items: pet, example: [{ id: 1 }] })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<root><p:pet xmlns:p="urn:pets" id="1"></p:pet></root>',
    )
    expect(textOf('application/x-www-form-urlencoded', { ...pet, example: { name: 'Tom & Co', ids: [1, 2] } })).toBe(
      'name=Tom+%26+Co&ids=1&ids=2',
    )
    expect(textOf('text/plain', { type: 'string', example: 'hello' })).toBe('hello')
    expect(textOf('application/vnd.pets+json', pet)).toBeUndefined()
  })

  it('is of the type that the client accepts', () => {
    const responses = {
      '200': {
        content: {
          'text/plain': { example: 'text' },
          'application/hal+json': { schema: person },
          'text/csv': { schema: { type: 'string' } },
        },
      },
    }
    expect(chosen(responses, {}, 'text/plain')).toMatchObject({ reply: { mediaType: 'text/plain', body: 'text' } })
    expect(chosen(responses, {}, 'application/hal+json')).toMatchObject({
      reply: { mediaType: 'application/hal+json', body: { age: expect.any(Number) } },
    })
    expect(chosen(responses, {}, 'text/csv')).toMatchObject({ reply: { mediaType: 'text/csv', body: expect.any(String) } })
  })

  it('has the headers that are required, as text', () => {
    const headers = {
      'X-Request-Id': { required: true, schema: { type: 'string', format: 'uuid' } },
      'X-Rate-Limit': { required: true, schema: { type: 'integer', minimum: 1, maximum: 9 } },
      Link: { required: true, schema: { type: 'array', items: { enum: ['a'] }, minItems: 2 } },
      'X-Optional': { schema: { type: 'string' } },
      'X-Unknown': { required: true },
    }
    expect(chosen({ '204': { headers } })).toEqual({
      kind: 'reply',
      reply: {
        status: 204,
        headers: {
          'X-Request-Id': expect.stringMatching(/^[\da-f-]{36}$/),
          'X-Rate-Limit': expect.stringMatching(/^[1-9]$/),
          Link: 'a,a,a',
        },
      },
    })
  })

  it('is not made without a seed, and no header is', () => {
    const contract = createContract(
      documentOf({ '404': { headers: { A: { required: true, schema: { type: 'string' } } }, ...withSchema(person) } }),
    )
    expect(choose(contract, 'listThings', { preference: { code: '404' }, seed: undefined })).toMatchObject({ kind: 'refused' })
  })

  it('is told to be impossible with the file and the line', () => {
    expect(() => chosen({ '200': withSchema({ type: 'string', pattern: '^a$', minLength: 2 }) })).toThrow(
      'things.yaml:1: no value is found that fits the schema at #/paths/~1things/get/responses/200/content/application~1json/schema: no text is found for pattern "^a$", minLength 2',
    )
  })
})

interface Row {
  readonly contract: Contract
  readonly id: string
  readonly preference: Preference
  readonly body: unknown
}

/** Every status of every operation of a document, without an example and with each. */
async function rowsOf(name: string): Promise<Row[]> {
  const contract = createContract(await loadDocument(join(ROOT, `spec/${name}.yaml`)))
  return contract.operations.flatMap((operation) =>
    operation.readAnswers().flatMap(({ status: code, contents: [content] }) => {
      const examples = content?.examples ?? []
      const row = { contract, id: operation.id }
      return [
        { ...row, preference: { code }, body: examples[0]?.value },
        ...examples.map(({ name: example, value }) => ({ ...row, preference: { code, example }, body: value })),
      ]
    }),
  )
}

describe.each([
  ['supplier-orders', 250],
  ['oms-allocations', 140],
])('every answer of %s', async (name, count) => {
  const rows = await rowsOf(name)

  it(`is one of ${count} at least`, () => expect(rows.length).toBeGreaterThan(count))

  it.each(rows.map((row) => [row.id, row.preference, row] as const))('%s %o fits the document', (_id, _preference, row) => {
    const found = choose(row.contract, row.id, { preference: row.preference, seed: 'a seed' })
    if (found.kind === 'refused') throw new Error(`${found.problem.detail}; ${found.problem.fix ?? ''}`)
    expect(found.reply).toMatchObject({ status: Number(row.preference.code) })
    expect(found.reply.body).toEqual(row.body)
    expect(row.contract.operations.find(({ id }) => id === row.id)?.checkReply(found.reply)).toEqual([])
  })
})

describe('Prism', () => {
  it('is of one version: what is used of it is no part of its public face', () => {
    const manifest: { dependencies: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(manifest.dependencies).toHaveProperty(['@stoplight/prism-http'], expect.stringMatching(/^\d+\.\d+\.\d+$/))
  })

  it.each([
    ['not loaded by a mock that nobody has asked for an example', '', false],
    ['loaded by whoever loads the chooser', "await (await import('./src/engine/choose.ts')).loadChooser()", true],
  ])('is %s', async (_what, then, isLoaded) => {
    const script = `
      import module from 'node:module'
      import { createMock } from './src/index.ts'
      await using mock = await createMock()
      const { url } = await mock.listen({ port: 0 })
      await (await fetch(url + '/orders/')).text()
      ${then}
      console.log(Object.keys(module._cache).some((file) => file.includes('@stoplight')))
    `
    const { out, err } = await new Running('node', ['--input-type=module', '--eval', script]).ended
    expect({ out, err }).toEqual({ out: `${isLoaded}\n`, err: '' })
  })
})
