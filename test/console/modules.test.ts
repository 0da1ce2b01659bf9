import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PastRequest } from '../../src/index.ts'
import { differenceOf } from '../../src/console/difference.ts'
import { type Field, fieldOf, type FormIssue, type Texts, valueIn } from '../../src/console/form.ts'
import { MOST_ROWS, type Row, rowOf, waiting, withNewer } from '../../src/console/journal.ts'
import { pointed, resolved } from '../../src/console/json.ts'
import { madeFor } from '../../src/console/made.ts'
import { operationsOf } from '../../src/console/operations.ts'
import { addressOf, queryOf, readRoute, type Route } from '../../src/console/route.ts'
import { type Shown, shownOf } from '../../src/console/schema.ts'
import { curlOf, readHeaders, writtenHeaders } from '../../src/console/sent.ts'
import { createReader, waitBefore } from '../../src/console/server-sent.ts'

describe('an address', () => {
  it.each<[string, Route]>([
    ['', { view: 'requests', filters: {} }],
    ['#/', { view: 'requests', filters: {} }],
    ['#/requests?session=a&refused=true&text=&limit=5', { view: 'requests', filters: { session: 'a', refused: 'true' } }],
    ['#/requests/tess-5', { view: 'request', id: 'tess-5' }],
    ['#/requests/a%2Fb', { view: 'request', id: 'a/b' }],
    ['#/sessions', { view: 'sessions' }],
    ['#/sessions/tess', { view: 'session', name: 'tess' }],
    ['#/sessions/tess/state', { view: 'state', name: 'tess', kind: undefined, offset: 0 }],
    ['#/sessions/tess/state?kind=order&offset=25', { view: 'state', name: 'tess', kind: 'order', offset: 25 }],
    ['#/sessions/tess/state?offset=-1', { view: 'state', name: 'tess', kind: undefined, offset: 0 }],
    ['#/sessions/tess/timeline', { view: 'timeline', name: 'tess', before: undefined }],
    ['#/documents', { view: 'documents' }],
    ['#/documents/parcels?session=a', { view: 'document', name: 'parcels', session: 'a' }],
    ['#/documents/parcels', { view: 'document', name: 'parcels', session: 'default' }],
    ['#/sessions/tess/else', { view: 'nowhere' }],
    ['#/requests/a/b/c', { view: 'nowhere' }],
    ['#/requests/%', { view: 'request', id: '%' }],
    ['#/contracts', { view: 'contracts', session: 'default' }],
    ['#/contracts?session=tess', { view: 'contracts', session: 'tess' }],
    ['#/contracts/tess', { view: 'nowhere' }],
  ])('%s shows its view', (hash, route) => expect(readRoute(hash)).toEqual(route))

  it('is made of what it is read as', () => {
    const address = addressOf(['sessions', 'a b', 'state'], { kind: 'x&y', offset: 0, more: undefined, none: '' })
    expect(address).toBe('#/sessions/a%20b/state?kind=x%26y&offset=0')
    expect(readRoute(address)).toEqual({ view: 'state', name: 'a b', kind: 'x&y', offset: 0 })
  })

  it('asks the control API in its own words', () =>
    expect(queryOf({ session: 'a', status: '4xx', text: 'ä=1', before: undefined })).toBe('session=a&status=4xx&text=%C3%A4%3D1'))
})

const exchange = (id: string, more: Partial<PastRequest> = {}): PastRequest => ({
  id,
  session: 'a',
  origin: 'request',
  time: '2026-03-01T12:00:00.000Z',
  received: '2026-03-01T12:00:00.000Z',
  method: 'GET',
  path: '/',
  status: 200,
  duration: 1,
  replyHeaders: {},
  ...more,
})
const rows = (...ids: readonly string[]): readonly Row[] => ids.map((id) => rowOf(exchange(id)))
const idsOf = (list: readonly Row[]): readonly string[] => list.map(({ id }) => id)

describe('the list of requests', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['newer ones come first', ['a-2', 'a-1'], ['a-3', 'a-4'], ['a-4', 'a-3', 'a-2', 'a-1']],
    ['one that is there already moves nothing else', ['a-2', 'a-1'], ['a-2', 'a-3'], ['a-3', 'a-2', 'a-1']],
    ['a session that was reset counts from one again', ['b-1', 'a-2', 'a-1'], ['a-1'], ['a-1', 'b-1', 'a-2']],
    ['nothing is new', ['a-1'], [], ['a-1']],
  ])('%s', (_what, before, newer, after) =>
    expect(idsOf(withNewer({ rows: rows(...before), older: undefined }, rows(...newer)).rows)).toEqual(after),
  )

  it('has no more behind it because something came twice', () => {
    const list = rows(...Array.from({ length: MOST_ROWS }, (_, index) => `a-${MOST_ROWS - index}`))
    expect(withNewer({ rows: list, older: undefined }, list.slice(0, 3).toReversed())).toEqual({ rows: list, older: undefined })
  })

  it('has an end, and keeps the newest', () => {
    const many = rows(...Array.from({ length: 1_000 }, (_, index) => `a-${index}`))
    const { rows: list, older } = withNewer({ rows: rows('old'), older: undefined }, many)
    expect([list.length, list[0]?.id, list.at(-1)?.id, older]).toEqual([MOST_ROWS, 'a-999', 'a-800', 'a-800'])
    const held = many.reduce(waiting, [])
    expect([held.length, held[0]?.id, held.at(-1)?.id]).toEqual([MOST_ROWS, 'a-800', 'a-999'])
  })

  it.each<[Partial<PastRequest>, string | undefined]>([
    [{}, undefined],
    [{ problem: { code: 'x', title: 'X', detail: 'it is not there' }, fault: 'f1 (before: 503)' }, 'it is not there'],
    [{ fault: 'f1 (before: 503)' }, 'fault f1 (before: 503)'],
    [{ warnings: [{ at: '/query/x', rule: 'undeclared', message: 'is not declared' }] }, 'is not declared'],
  ])('notes what is odd about a request: %o', (more, note) => expect(rowOf(exchange('a-1', more)).note).toBe(note))
})

describe('a stream of server-sent events', () => {
  const stream = ': hello\n\nevent: exchange\nid: a-1\ndata: {"a":"b: c"}\n\n:\n\nevent: lost\ndata: {}\n\ndata: last\n\n'
  const events = [
    { event: 'exchange', id: 'a-1', data: '{"a":"b: c"}' },
    { event: 'lost', id: undefined, data: '{}' },
    { event: 'message', id: undefined, data: 'last' },
  ]

  it('is read alike wherever it is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const read = createReader()
      expect([...read(stream.slice(0, cut)), ...read(stream.slice(cut))]).toEqual(events)
    }
  })

  it('holds back what has not ended', () => expect(createReader()('event: exchange\ndata: {}\n')).toEqual([]))

  it('is tried again later and later', () => expect([0, 1, 2, 5, 20].map(waitBefore)).toEqual([500, 1_000, 2_000, 15_000, 15_000]))
})

describe('what a request changed', () => {
  it.each([
    [
      'members',
      {
        kind: 'order',
        id: 'o',
        members: [
          { at: '/a', from: 1, to: 2 },
          { at: '/b', to: 3 },
        ],
      },
      {
        what: 'changed',
        lines: [
          { at: '/a', from: 1, to: 2 },
          { at: '/b', from: undefined, to: 3 },
        ],
      },
    ],
    ['what is new', { kind: 'order', id: 'o', to: { a: 1 } }, { what: 'new', lines: [{ at: '/a', from: undefined, to: 1 }] }],
    ['what is gone', { kind: 'order', id: 'o', from: { a: 1 } }, { what: 'gone', lines: [{ at: '/a', from: 1, to: undefined }] }],
  ])('is told line by line: %s', (_what, change, difference) => expect(differenceOf(change)).toEqual(difference))
})

describe('a form made from a schema', () => {
  const schemas: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../spec/scenario.schema.json'), 'utf8'))
  const fault = fieldOf(pointed(schemas, '#/$defs/fault'), schemas)
  const read = (field: Field, texts: Texts): { value: unknown; issues: FormIssue[] } => {
    const issues: FormIssue[] = []
    return { value: valueIn(field, texts, '', issues), issues }
  }
  const fieldNamed = (name: string): Field | undefined =>
    fault.kind === 'group' ? fault.fields.find((field) => field.name === name)?.field : undefined

  it('has a field for each member of a fault, as it is', () => {
    const names = Object.keys(Object(pointed(schemas, '#/$defs/fault/properties')))
    expect(fault.kind === 'group' && fault.fields.map(({ name }) => name)).toEqual(names)
    expect(fieldNamed('at')).toEqual({ kind: 'choice', choices: ['before', 'after'] })
    expect(fieldNamed('status')).toEqual({ kind: 'number', isWhole: true, least: 200, most: 599 })
    expect(fieldNamed('match')).toEqual({ kind: 'json' })
    expect(fieldNamed('operation')).toMatchObject({ kind: 'forms', forms: [{ field: { kind: 'text' } }, { field: { kind: 'texts' } }] })
    for (const { help, field } of fault.kind === 'group' ? fault.fields : []) if (field.kind === 'choice') expect(help).toMatch(/\w/)
  })

  it.each<[string, Texts, unknown]>([
    ['nothing', {}, undefined],
    ['blanks', { '/status': ' ', '/at': '' }, undefined],
    ['an outage', { '/status': '503' }, { status: 503 }],
    ['a choice', { '/at': 'after', '/fault': 'EMPTY_RESPONSE' }, { at: 'after', fault: 'EMPTY_RESPONSE' }],
    ['the first form of several', { '/calls': '2' }, { calls: 2 }],
    ['another form', { '/calls?': '1', '/calls/first': '2' }, { calls: { first: 2 } }],
    ['several texts', { '/operation?': '1', '/operation': 'a, b\nc' }, { operation: ['a', 'b', 'c'] }],
    ['a group', { '/limit/requests': '5', '/limit/per': '1m' }, { limit: { requests: 5, per: '1m' } }],
    ['JSON', { '/match': '{"a":1}' }, { match: { a: 1 } }],
    [
      'what is fixed beside what is said',
      { '/delayDistribution?': '1', '/delayDistribution/median': '5' },
      { delayDistribution: { type: 'lognormal', median: 5 } },
    ],
    ['a form that says nothing', { '/delayDistribution?': '1' }, undefined],
  ])('is read: %s', (_what, texts, value) => expect(read(fault, texts)).toEqual({ value, issues: [] }))

  it.each<[Texts, string, string]>([
    [{ '/status': 'many' }, '/status', '"many" is no number'],
    [{ '/body': '{' }, '/body', '"{" is no JSON; a text stands in quotes'],
  ])('says what cannot be read: %o', (texts, at, message) => expect(read(fault, texts).issues).toEqual([{ at, message }]))

  it('does not follow references for ever', () => {
    const ring = { a: { $ref: '#/a' } }
    expect(resolved(ring, ring.a)).toBeUndefined()
  })
})

describe('a request as a command', () => {
  it('leaves out what clients write by themselves, and lets nothing out of its quotes', () =>
    expect(
      curlOf(
        'PUT',
        "http://127.0.0.1:4010/a?b='c'",
        { host: 'h', 'content-length': '3', 'sec-fetch-mode': 'cors', 'X-A': "it's", 'X-B': '' },
        "@it's",
      ),
    ).toBe(String.raw`curl -sS -X PUT -H 'X-A: it'\''s' -H 'X-B;' --data-raw '@it'\''s' 'http://127.0.0.1:4010/a?b='\''c'\'''`))

  it('has no method where it is read', () => expect(curlOf('GET', 'http://h/', {}, undefined)).toBe("curl -sS 'http://h/'"))

  it.each<[string, Readonly<Record<string, string>> | string]>([
    ['', {}],
    ['A: 1\n\n b : 2:3 \nC:', { A: '1', b: '2:3', C: '' }],
    ['no header', '"no header" is no header; write it as Name: value'],
    ['a b: 1', '"a b: 1" is no header; write it as Name: value'],
  ])('takes headers line by line: %j', (text, headers) => expect(readHeaders(text)).toEqual(headers))

  it('gives headers back as they were', () => expect(readHeaders(writtenHeaders({ A: '1', B: '' }))).toEqual({ A: '1', B: '' }))
})

describe('what a document says', () => {
  it('is read as its operations, whose own parameters replace those of the path', () => {
    const shared = { name: 'id', in: 'path', required: true, description: 'of the path', schema: { type: 'string' } }
    const document = {
      security: [{ token: [] }],
      components: { parameters: { Id: shared }, responses: { Gone: { description: 'Gone.', 'x-basis': 'hearsay' } } },
      paths: {
        '/a/{id}': {
          parameters: [{ $ref: '#/components/parameters/Id' }],
          get: { responses: { '410': { $ref: '#/components/responses/Gone' }, 'x-other': {} } },
          put: {
            parameters: [{ ...shared, description: 'its own' }],
            tags: ['t'],
            security: [{}, { a: [], b: [] }],
            'x-basis': { kind: 'k' },
          },
        },
      },
    }
    const [get, put] = operationsOf(document)
    expect(get).toMatchObject({ method: 'GET', security: ['token'], parameters: [{ description: 'of the path', isRequired: true }] })
    expect(get?.answers).toMatchObject([{ status: '410', description: 'Gone.', basis: 'hearsay', contents: [] }])
    expect(put).toMatchObject({ tag: 't', security: ['none', 'a and b'], basis: { kind: 'k' }, parameters: [{ description: 'its own' }] })
  })

  it.each<[string, Readonly<Record<string, object>>, object, readonly string[]]>([
    ['nothing', {}, { path: '/b/a/{id}?q={q}', headers: { A: 'b', 'X-H': '{X-H}' } }, ['id', 'q', 'X-H']],
    [
      'examples, a default, a first of a list',
      { id: { example: 'a/b$&' }, q: { schema: { default: 0 } }, h: { schema: { $ref: '#/Level' } } },
      { path: '/b/a/a%2Fb%24%26?q=0', headers: { A: 'b', 'X-H': 'low' } },
      [],
    ],
    ['an object', { id: { example: { a: 1 } } }, { path: '/b/a/{id}?q={q}' }, ['id', 'q', 'X-H']],
  ])('makes a request where it gives %s', (_what, { id, q, h }, made, open) => {
    const parameters = [
      { name: 'id', in: 'path', required: true, ...id },
      { name: 'q', in: 'query', required: true, ...q },
      { name: 'other', in: 'query', example: 1 },
      { name: 'X-H', in: 'header', required: true, ...h },
      { name: 'Accept', in: 'header', required: true, example: 'a/b' },
    ]
    const document = { Level: { enum: ['low', 'high'] }, paths: { '/a/{id}': { get: { parameters } } } }
    const [operation] = operationsOf(document)
    if (!operation) throw new Error('there is one')
    const other = { api: '', operation: '', method: 'GET', path: '', headers: { A: 'b' }, curl: '' }
    expect(madeFor(document, operation, '/b', [other])).toMatchObject({ request: made, open })
  })

  it.each<[string, object]>([
    ['an example', { requestBody: { content: { 'application/json': { example: { a: 1 } } } } }],
    ['an example of its schema', { requestBody: { content: { 'application/json': { schema: { $ref: '#/Thing' } } } } }],
    ['a parameter, as Swagger 2.0 has it', { parameters: [{ name: 'body', in: 'body', required: true, schema: { $ref: '#/Thing' } }] }],
  ])('makes a request with a body of %s', (_what, post) => {
    const document = { Thing: { type: 'object', example: { a: 1 } }, paths: { '/a': { post } } }
    const [operation] = operationsOf(document)
    if (!operation) throw new Error('there is one')
    expect(madeFor(document, operation, '', [])).toMatchObject({
      request: { path: '/a', headers: { 'Content-Type': 'application/json' }, body: { a: 1 } },
      open: [],
    })
  })

  it('is followed by references that are no addresses', () => {
    const document = { definitions: { '100%': { type: 'string' } } }
    expect(resolved(document, { $ref: '#/definitions/100%' })).toEqual({ type: 'string' })
  })

  it('is read of Swagger 2.0 as well', () => {
    const schema = { type: 'object' }
    const post = {
      parameters: [
        { name: 'size', in: 'query', type: 'integer', maximum: 3 },
        { name: 'b', in: 'body', schema },
      ],
      responses: { '200': { description: 'Done.', schema, examples: { 'application/json': { a: 1 } } } },
    }
    const [operation] = operationsOf({ swagger: '2.0', paths: { '/a': { post } } })
    expect(operation?.parameters.map((one) => shownOf({}, one.schema))).toMatchObject([
      { type: 'integer', rules: ['maximum: 3'] },
      { type: 'object', rules: [] },
    ])
    expect(operation?.answers).toMatchObject([{ contents: [{ schema, examples: [{ name: 'application/json', value: { a: 1 } }] }] }])
  })

  it.each([
    undefined,
    7,
    'x',
    { paths: [] },
    { paths: { '/a': { get: null, put: 3 } } },
    { paths: { '/a': { get: { responses: 'x', parameters: 7 } } } },
  ])('need not be as it should: %j', (document) =>
    expect(operationsOf(document).every(({ parameters, answers }) => parameters.length + answers.length === 0)).toBe(true),
  )

  const document = {
    components: {
      schemas: { Line: { type: 'object', 'x-basis': 'told', properties: { id: {} } }, Ring: { $ref: '#/components/schemas/Ring' } },
    },
  }
  const line = { $ref: '#/components/schemas/Line' }
  it.each<[string, unknown, Partial<Shown>]>([
    [
      'a type with its format and rules',
      { type: 'string', format: 'uuid', minLength: 1, enum: ['a'] },
      { type: 'string (uuid)', rules: ['minLength: 1', 'enum: ["a"]'] },
    ],
    ['several types', { type: ['string', 'null'] }, { type: 'string or null' }],
    ['a list', { type: 'array', items: line, minItems: 1 }, { type: 'array of Line', rules: ['minItems: 1'] }],
    ['a reference, and what stands beside it', { ...line, description: 'here' }, { type: 'Line', description: 'here', basis: 'told' }],
    [
      'names that are closed',
      { properties: {}, additionalProperties: false },
      { type: 'object', rules: ['additionalProperties: false'], below: [] },
    ],
    ['anything', {}, { type: 'anything' }],
    ['nothing', false, { type: 'nothing' }],
    ['a reference that leads back to itself', { $ref: '#/components/schemas/Ring' }, { type: 'Ring', below: [] }],
    ['a reference to another file', { $ref: 'other.yaml#/A' }, { type: 'A' }],
  ])('is a schema in a few words: %s', (_what, schema, shown) => expect(shownOf(document, schema)).toMatchObject(shown))

  it('has schemas below a schema, each by what it is to it', () => {
    const schema = { required: ['a'], properties: { a: line, b: {} }, oneOf: [line], not: {}, patternProperties: { '^x': {} } }
    expect(shownOf(document, schema).below.map(({ name, isProperty, isRequired }) => [name, isProperty, isRequired])).toEqual([
      ['a', true, true],
      ['b', true, false],
      ['not', false, false],
      ['one of', false, false],
      ['names like ^x', false, false],
    ])
  })
})
