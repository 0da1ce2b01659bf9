import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createContract, type Contract } from '../../src/contract/operation.ts'
import { createReader } from '../../src/contract/schema.ts'
import { excerpt } from '../../src/contract/excerpt.ts'
import { createValidator } from '../../src/contract/validator.ts'
import type { Issue, MockReply } from '../../src/base/http.ts'
import { loadDocument, type LoadedDocument } from '../../src/document/load.ts'
import { DocumentError } from '../../src/base/problem.ts'

type Schemas = Readonly<Record<string, unknown>>

function documentOf(content: object, others: Schemas = {}): LoadedDocument {
  // A copy, as a document is read: no object of it stands in two places.
  const sources: [string, unknown][] = Object.entries(JSON.parse(JSON.stringify({ 'a.yaml': content, ...others })))
  return { name: 'a', sources: sources.map(([uri, one]) => ({ uri, content: one, lineOf: () => 1 })) }
}

/** The check and the search for undeclared names of one schema, which may refer to others by `#/components/schemas/NAME`. */
function schemaOf(schema: unknown, others: Schemas = {}, files: Schemas = {}) {
  const document = documentOf({ openapi: '3.1.0', components: { schemas: { Main: schema, ...others } } }, files)
  const reader = createReader(document)
  const validator = createValidator(document, reader)
  const main = reader.schema(reader.at('a.yaml', '/components/schemas'), 'Main')
  if (!main) throw new Error('there is no schema Main')
  const [check, undeclared] = [validator.check(main), validator.undeclared(main)]
  return {
    issues: (value: unknown): readonly Issue[] => check(value, '/body'),
    undeclared: (value: unknown): string[] => undeclared(value, '/body').map(({ at }) => at),
    check,
    undeclaredIssues: undeclared,
  }
}

function contractOf(operation: object, components: object = {}): Contract {
  return createContract(documentOf({ openapi: '3.1.0', components, paths: { '/a': { put: { operationId: 'a', ...operation } } } }))
}

const text = { type: 'string' }
const count = { type: 'integer' }
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const record = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

describe('an issue', () => {
  it.each([
    ['type', { type: 'integer' }, 'five', 'integer', 'is "five"; the type must be integer'],
    ['type', { type: ['integer', 'null'] }, true, ['integer', 'null'], 'is true; the type must be integer or null'],
    ['type', { type: 'object' }, [1], 'object', 'is [1]; the type must be object'],
    ['enum', { enum: ['a', 'b', null] }, 'c', ['a', 'b', null], 'is "c"; it must be one of a, b, null'],
    ['enum', { enum: ['a'] }, 'c', ['a'], 'is "c"; it must be a'],
    ['const', { const: 'a' }, 1, 'a', 'is 1; it must be a'],
    ['format', { type: 'string', format: 'uuid' }, '1', 'uuid', 'is "1"; it must be a uuid'],
    ['format', { type: 'string', format: 'date' }, '2026-02-30', 'date', 'is "2026-02-30"; it must be a date'],
    ['pattern', { type: 'string', pattern: '^[0-9]+$' }, 'x', '^[0-9]+$', 'is "x"; it must match ^[0-9]+$'],
    ['minimum', { minimum: 0 }, -1, 0, 'is -1; it must be at least 0'],
    ['minProperties', { minProperties: 1 }, {}, 1, 'is {}; it must have at least 1 member(s)'],
    ['maximum', { maximum: 9 }, 10, 9, 'is 10; it must be at most 9'],
    ['exclusiveMinimum', { exclusiveMinimum: 0 }, 0, 0, 'is 0; it breaks "exclusiveMinimum": 0'],
    ['multipleOf', { multipleOf: 5 }, 7, 5, 'is 7; it breaks "multipleOf": 5'],
    ['minItems', { minItems: 1 }, [], 1, 'is []; it must have at least 1 element(s)'],
    ['maxItems', { maxItems: 1 }, [1, 2], 1, 'is [1,2]; it must have at most 1 element(s)'],
    ['minLength', { minLength: 2 }, 'é', 2, 'is "é"; it must have at least 2 character(s)'],
    ['maxLength', { maxLength: 1 }, 'ab', 1, 'is "ab"; it must have at most 1 character(s)'],
    ['uniqueItems', { uniqueItems: true }, [1, 1], true, 'is [1,1]; it breaks "uniqueItems": true'],
    ['contains', { contains: { const: 1 } }, [2], { const: 1 }, 'is [2]; at least 1 of its elements must fit {"const":1}'],
    ['contains', { contains: {}, minContains: 0, maxContains: 1 }, [2, 3], {}, 'is [2,3]; 0 to 1 of its elements must fit {}'],
  ])('names %s of %o', (rule, schema, value, wanted, message) => {
    expect(schemaOf(schema).issues(value)).toEqual([
      { at: '/body', rule, message, value, wanted, place: { file: 'a.yaml', line: 1, pointer: `/components/schemas/Main/${rule}` } },
    ])
  })

  it('names a name that may not be by its own place', () => {
    expect(schemaOf({ propertyNames: { maxLength: 2, pattern: '^a' } }).issues({ ab: 1, bcd: 2 })).toEqual([
      {
        at: '/body/bcd',
        rule: 'propertyNames',
        message: 'has a name that is not allowed here; it must have at most 2 character(s), it must match ^a',
        wanted: { maxLength: 2, pattern: '^a' },
        place: { file: 'a.yaml', line: 1, pointer: '/components/schemas/Main/propertyNames' },
      },
    ])
  })

  it('names a missing member by the place it should have', () => {
    expect(schemaOf({ type: 'object', required: ['a/b'] }).issues({})).toEqual([
      {
        at: '/body/a~1b',
        rule: 'required',
        fix: 'send a/b',
        message: 'is missing',
        wanted: 'a/b',
        place: { file: 'a.yaml', line: 1, pointer: '/components/schemas/Main/required' },
      },
    ])
  })

  it.each([
    ['additionalProperties', { ...record({ a: text }), additionalProperties: false }],
    ['unevaluatedProperties', { ...record({ a: text }), unevaluatedProperties: false }],
  ])('names the member that breaks %s', (_rule, schema) => {
    // Long enough for the excerpt of the whole value to end before the name.
    const issues = schemaOf(schema).issues({ a: 'a'.repeat(100), stray: 1 })
    expect(issues).toHaveLength(1)
    expect(`${issues[0]?.at} ${issues[0]?.message}`).toContain('stray')
  })

  it('is there for everything that is wrong at once', () => {
    const schema = record(
      { a: count, b: { ...text, maxLength: 1, pattern: '^b' }, c: { type: 'array', items: record({ d: count }, { required: ['d'] }) } },
      { required: ['a', 'e', 'f'] },
    )
    const issues = schemaOf(schema).issues({ b: 'cc', c: [{ d: 1 }, {}, { d: 'x' }], f: 1 })
    expect(issues.map(({ at, rule }) => `${at} ${rule}`).toSorted()).toEqual([
      '/body/a required',
      '/body/b maxLength',
      '/body/b pattern',
      '/body/c/1/d required',
      '/body/c/2/d type',
      '/body/e required',
    ])
  })

  it('escapes names in its pointer', () => {
    expect(schemaOf(record({ 'a/b~c': count })).issues({ 'a/b~c': 'x' })).toMatchObject([{ at: '/body/a~1b~0c' }])
  })

  it('cuts a long value short, in its message only', () => {
    const value = 'x'.repeat(1_000)
    const [issue] = schemaOf(count).issues(value)
    expect(issue).toMatchObject({ value, message: `is "${'x'.repeat(79)}…; the type must be integer` })
    expect(excerpt('x'.repeat(78))).toBe(`"${'x'.repeat(78)}"`)
    expect(excerpt(undefined)).toBe('undefined')
  })

  it('is not there where nothing is wrong', () => {
    const { issues } = schemaOf(record({ a: count }, { required: ['a'] }))
    expect(issues({ a: 1 })).toEqual([])
    expect(issues({ a: 1, other: true })).toEqual([])
  })

  it.each([
    ['$ref', { $ref: count }],
    ['example', { example: count }],
    ['default', { default: count }],
    ['enum', { enum: count }],
    ['const', { const: count }],
    ['properties', { properties: count }],
    ['constructor', { constructor: count }],
    ['a b', { 'a b': count }],
    ['a%b', { 'a%b': count }],
  ])('is found in a property named %s', (name, properties) => {
    const { issues, undeclared } = schemaOf(record(properties))
    expect(issues({ [name]: 'x' })).toMatchObject([{ at: `/body/${name}`, rule: 'type' }])
    expect(issues({ [name]: 1 })).toEqual([])
    expect(undeclared({ [name]: 1, other: 1 })).toEqual(['/body/other'])
  })
})

describe('a pattern', () => {
  it.each([
    [{}, undefined],
    [{ examples: ['1h', '90m'] }, 'give one like 1h or 90m'],
  ])('is shown by its examples: %j', (more, fix) => {
    expect(schemaOf({ type: 'string', pattern: '^[0-9]+[hm]$', ...more }).issues('x')[0]?.fix).toBe(fix)
  })
})

describe('alternatives', () => {
  it.each([
    ['anyOf', { anyOf: [text, count] }, true, ['string', 'integer']],
    ['oneOf', { oneOf: [text, { type: 'null' }] }, 1, ['string', 'null']],
    ['anyOf of references', { anyOf: [ref('Text'), ref('Count')] }, true, ['string', 'integer']],
    ['oneOf of references', { oneOf: [ref('Text'), ref('Count')] }, true, ['string', 'integer']],
    ['anyOf behind a reference', ref('Either'), true, ['string', 'integer']],
    ['anyOf of formats', { anyOf: [{ format: 'date' }, { format: 'date-time' }] }, 'x', ['date', 'date-time']],
  ])('that all fail are one issue: %s', (_what, schema, value, wanted) => {
    const { issues } = schemaOf(record({ a: schema }), { Text: text, Count: count, Either: { anyOf: [text, count] } })
    expect(issues({ a: value })).toMatchObject([
      {
        at: '/body/a',
        rule: expect.stringMatching(/^(any|one)Of$/),
        value,
        wanted,
        message: `is ${JSON.stringify(value)}; it must be ${wanted.join(' or ')}`,
      },
    ])
  })

  it.each([
    ['anyOf', '/body/a', { anyOf: [record({ b: count }), record({ b: { type: 'null' } })] }],
    ['anyOf of references', '/body/a', { anyOf: [ref('Count'), ref('Null')] }],
    ['oneOf of references to references', '/body/a/b', { oneOf: [ref('Count'), { anyOf: [ref('Null'), ref('Null')] }] }],
    ['anyOf in anyOf', '/body/a/b', { anyOf: [{ anyOf: [record({ b: count }), text] }, text] }],
  ])('that fail further down are one issue: %s', (_what, at, schema) => {
    const { issues } = schemaOf(record({ a: schema }), { Count: record({ b: count }), Null: record({ b: { type: 'null' } }) })
    expect(issues({ a: { b: 'x' } })).toHaveLength(1)
    expect(issues({ a: { b: 'x' } })).toMatchObject([{ at }])
  })

  it.each<[string, object, object[]]>([
    ['by its names', { seconds: 'x' }, [{ at: '/body/a/seconds', rule: 'type' }]],
    [
      'by most of its names',
      { from: 1, untl: 2 },
      [
        { at: '/body/a/until', rule: 'required' },
        { at: '/body/a/untl', wanted: ['from', 'until'] },
      ],
    ],
    ['by what it says it is', { kind: 'one', size: 'x' }, [{ at: '/body/a/size', rule: 'type' }]],
    ['by being an object', { b: { stray: 1 } }, [{ at: '/body/a/b/stray', wanted: ['hours', 'minutes'] }]],
    [
      'by neither of two',
      { b: { hours: 1, minutes: 1 } },
      [{ at: '/body/a/b', message: 'has minutes and hours, of which one excludes the other' }],
    ],
  ])('of which one is meant are told by that one: %s', (_what, value, expected) => {
    const closed = (properties: object) => record(properties, { additionalProperties: false, required: Object.keys(properties) })
    const span = { oneOf: [closed({ seconds: count }), closed({ from: count, until: count })] }
    const kinds = [
      closed({ kind: { const: 'one' }, size: count }),
      closed({ b: { oneOf: [closed({ hours: count }), closed({ minutes: count }), text] } }),
      text,
    ]
    const found = schemaOf(record({ a: { oneOf: [ref('Span'), ...kinds] } }), { Span: span }).issues({ a: value })
    expect(found).toMatchObject(expected)
    expect(found).toHaveLength(expected.length)
  })

  it.each([null, 0, 'x', { unexpected: true }, [{}]])('is found where no branch fits that refers to another: %j', (value) => {
    const thing = record({ id: text, kind: ref('Kind') }, { required: ['id'] })
    const { issues } = schemaOf(
      { oneOf: [ref('Thing'), ref('Things')] },
      { Thing: thing, Things: { type: 'array', items: ref('Thing') }, Kind: text },
    )
    expect(issues(value)).not.toEqual([])
    expect(issues({ id: 'a' })).toEqual([])
    expect(issues([{ id: 'a', kind: 'b' }])).toEqual([])
  })

  it('of which two fit are one issue', () => {
    expect(schemaOf({ oneOf: [text, { maxLength: 3 }] }).issues('ab')).toMatchObject([{ at: '/body', rule: 'oneOf', value: 'ab' }])
  })

  it('hide nothing that is wrong beside them', () => {
    const schema = record({ a: { anyOf: [text, count] }, b: count }, { required: ['c'] })
    const found = schemaOf(schema)
      .issues({ a: true, b: 'x' })
      .map(({ at, rule }) => `${at} ${rule}`)
    expect(found.toSorted()).toEqual(['/body/a anyOf', '/body/b type', '/body/c required'])
  })

  it.each([
    ['a reference', { ...ref('Base'), anyOf: [ref('Text'), { required: ['b'] }] }],
    ['a reference in allOf', { allOf: [ref('Base'), { anyOf: [ref('Text'), { required: ['b'] }] }] }],
    ['allOf', { allOf: [record({ c: count }, { required: ['a'] }), { anyOf: [ref('Text'), { required: ['b'] }] }] }],
  ])('hide nothing that is wrong with the same value through %s', (_what, schema) => {
    const { issues } = schemaOf(schema, { Base: record({ c: count }, { required: ['a'] }), Text: text })
    const found = issues({ c: 'x' }).map(({ at, rule }) => `${at} ${rule}`)
    expect(found.toSorted()).toEqual(['/body/a required', '/body/b required', '/body/c type'])
  })

  it('hide nothing of each other', () => {
    const either = { anyOf: [{ required: ['a'] }, { required: ['b'] }], oneOf: [{ required: ['c'] }, { required: ['d'] }] }
    const found = (schema: unknown) => schemaOf(schema, { Either: { anyOf: either.anyOf } }).issues({})
    const missing = [
      { at: '/body/a', wanted: ['a', 'b'] },
      { at: '/body/c', wanted: ['c', 'd'] },
    ]
    expect(found(either)).toMatchObject(missing)
    expect(found({ allOf: [{ anyOf: either.anyOf }, { oneOf: either.oneOf }] })).toMatchObject(missing)
    expect(found({ allOf: [ref('Either'), { oneOf: either.oneOf }] })).toMatchObject(missing)
  })

  it('say nothing of their own about a value that is of the wrong type already', () => {
    const issues = schemaOf({ type: 'string', anyOf: [{ type: 'null' }, { const: 'x' }] }).issues(5)
    expect(issues.map(({ rule }) => rule)).toContain('type')
    expect(issues.filter(({ place }) => place?.pointer.includes('/anyOf/'))).toEqual([])
  })

  it('are told apart in the elements of a list', () => {
    const { issues } = schemaOf({ type: 'array', items: { anyOf: [text, { type: 'null' }] } })
    expect(issues([1, 'a', true])).toMatchObject([
      { at: '/body/0', rule: 'anyOf', value: 1, wanted: ['string', 'null'] },
      { at: '/body/2', rule: 'anyOf', value: true, wanted: ['string', 'null'] },
    ])
  })

  const either = record({ a: count, b: count }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] })

  it('of required members are one missing member', () => {
    expect(schemaOf(record({ inner: either })).issues({ inner: {} })).toEqual([
      {
        at: '/body/inner/a',
        rule: 'required',
        fix: 'send a or b',
        message: 'is missing, and so is b that could stand for it',
        wanted: ['a', 'b'],
        place: { file: 'a.yaml', line: 1, pointer: '/components/schemas/Main/properties/inner/anyOf' },
      },
    ])
  })

  it('of required members are one missing member in each element of a list', () => {
    const { issues } = schemaOf({ type: 'array', items: either })
    const missing = { rule: 'required', message: 'is missing, and so is b that could stand for it', wanted: ['a', 'b'] }
    expect(issues([{}, { b: 1 }, {}])).toMatchObject([
      { at: '/body/0/a', ...missing },
      { at: '/body/2/a', ...missing },
    ])
  })

  it('of required members are no missing member where something else is wrong', () => {
    const { issues } = schemaOf({ anyOf: [{ required: ['a'] }, record({ b: count })] })
    expect(issues({ b: 'x' })).toMatchObject([{ at: '/body/b', rule: 'type' }])
  })

  const long = { type: 'string', minLength: 3 }
  const ofKind = (kind: string, names: readonly string[]) => ({
    type: 'object',
    required: ['kind', ...names],
    properties: { kind: { enum: [kind] }, ...Object.fromEntries(names.map((name) => [name, count])) },
  })
  it.each<[string, unknown, object, object[]]>([
    ['by its type', 'ab', { anyOf: [long, record({}), { type: 'array' }] }, [{ at: '/body', rule: 'minLength', wanted: 3 }]],
    ['by being a list', [1, 'x'], { oneOf: [long, { type: 'array', items: count }] }, [{ at: '/body/1', rule: 'type' }]],
    [
      'by a value of a list of one',
      { kind: 'A' },
      { oneOf: [ofKind('A', ['a']), ofKind('B', ['b'])] },
      [{ at: '/body/a', rule: 'required' }],
    ],
    [
      'by a value, whatever else is missing',
      { kind: 'A' },
      { oneOf: [ofKind('A', ['a', 'b']), ofKind('B', ['c'])] },
      [
        { at: '/body/a', rule: 'required' },
        { at: '/body/b', rule: 'required' },
      ],
    ],
    [
      'by a value that none has, though the names are those of one',
      { kind: 'a', a: 1 },
      { oneOf: [ofKind('A', ['a']), ofKind('B', ['b'])] },
      [{ at: '/body/kind', wanted: ['A', 'B'] }],
    ],
    [
      'by none of the values that tell it',
      { kind: 'C' },
      { anyOf: [ofKind('A', ['a']), ofKind('B', ['b'])] },
      [{ at: '/body/kind', rule: 'enum', wanted: ['A', 'B'], message: 'is "C"; it must be one of A, B' }],
    ],
    [
      'by all that each of them lacks',
      {},
      { anyOf: [{ required: ['a', 'b'] }, { required: ['a', 'b', 'c'] }, { required: ['d'] }] },
      [{ at: '/body', rule: 'anyOf', message: 'is {}; it must have a and b or have a and b and c or have d' }],
    ],
    [
      'by the same of all',
      {},
      { anyOf: [{ required: ['a'] }, record({ b: count }, { required: ['a'] })] },
      [{ at: '/body/a', wanted: 'a', fix: 'send a' }],
    ],
    [
      'once, where parts of allOf ask for the same',
      7,
      { allOf: [record({ a: count }), record({ b: count })] },
      [{ at: '/body', rule: 'type' }],
    ],
    [
      'by nothing',
      'ab',
      { anyOf: [long, { type: 'string', pattern: '^0' }, { type: 'null' }, { required: ['x'], type: 'object' }] },
      [{ at: '/body', rule: 'anyOf', message: 'is "ab"; it must have at least 3 character(s) or match ^0 or be null or be object' }],
    ],
  ])('are told in words: %s', (_what, value, schema, expected) => {
    const found = schemaOf(schema).issues(value)
    expect(found).toMatchObject(expected)
    expect(found).toHaveLength(expected.length)
  })
})

/** What the schema `Main` of `main.yaml` says of a value. */
async function issuesOf(files: Readonly<Record<string, string>>, value: unknown): Promise<readonly Issue[]> {
  const root = mkdtempSync(join(tmpdir(), 'validator-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  const document = await loadDocument(join(root, 'main.yaml'))
  const reader = createReader(document)
  return createValidator(document, reader).check(reader.at('main.yaml', '/components/schemas/Main'))(value, '/body')
}

describe('the place of a rule', () => {
  const files = {
    'main.yaml': [
      'openapi: 3.1.0',
      'components:',
      '  schemas:',
      '    Main:',
      '      type: object',
      '      required:',
      '        - a',
      '      properties:',
      '        a:',
      '          type: integer',
      '          maximum: 9',
      '        b:',
      "          $ref: '#/components/schemas/B'",
      '        c: { $ref: parts/c.yaml#/C }',
      '        d:',
      '          anyOf:',
      '            - type: string',
      "            - type: 'null'",
      '        "e/f":',
      '          items: { enum: [1] }',
      '    B:',
      '      description: A text.',
      '      minLength: 2',
      '',
    ].join('\n'),
    'parts/c.yaml': ['# Another file.', 'C:', '  type: array', '  items: { $ref: ../d.json#/D }', ''].join('\n'),
    'd.json': '{\n  "D": {\n    "type": "string",\n    "pattern": "^d"\n  }\n}',
  }

  it.each([
    [{}, 'main.yaml', 6, '/components/schemas/Main/required'],
    [{ a: 'x' }, 'main.yaml', 10, '/components/schemas/Main/properties/a/type'],
    [{ a: 10 }, 'main.yaml', 11, '/components/schemas/Main/properties/a/maximum'],
    [{ a: 1, b: 'x' }, 'main.yaml', 23, '/components/schemas/B/minLength'],
    [{ a: 1, c: {} }, 'parts/c.yaml', 3, '/C/type'],
    [{ a: 1, c: [1] }, 'd.json', 3, '/D/type'],
    [{ a: 1, c: ['x'] }, 'd.json', 4, '/D/pattern'],
    [{ a: 1, d: 1 }, 'main.yaml', 16, '/components/schemas/Main/properties/d/anyOf'],
    [{ a: 1, 'e/f': [2] }, 'main.yaml', 20, '/components/schemas/Main/properties/e~1f/items/enum'],
  ])('that %o breaks is in %s, line %i', async (value, file, line, pointer) => {
    const issues = await issuesOf(files, value)
    expect(issues.map(({ place }) => place)).toEqual([{ file, line, pointer }])
  })

  it('may be in a file that needs percent-encoding', async () => {
    const spaced = {
      'main.yaml': 'components:\n  schemas:\n    Main: { properties: { a: { $ref: "parts%20of%20it.yaml#/A" } } }\n',
      'parts of it.yaml': 'A:\n  minimum: 2\n',
    }
    const place = { file: 'parts of it.yaml', line: 2, pointer: '/A/minimum' }
    expect(await issuesOf(spaced, { a: 1 })).toMatchObject([{ place }])
    const whole = { ...spaced, 'main.yaml': 'components: { schemas: { Main: { $ref: "parts%20of%20it.yaml#/A" } } }' }
    expect(await issuesOf(whole, 1)).toMatchObject([{ place }])
  })
})

describe('a name that is not declared', () => {
  it('is found at any depth, with what is declared instead', () => {
    const { undeclaredIssues } = schemaOf(record({ a: text, list: { type: 'array', items: record({ b: text }) } }))
    expect(undeclaredIssues({ a: '1', x: 1, list: [{ b: '' }, { 'y/z': 1, b: '' }] }, '/body')).toEqual([
      {
        at: '/body/x',
        rule: 'undeclared',
        message: 'the document declares no "x" here',
        wanted: ['a', 'list'],
        fix: 'leave it out; declared are a, list',
      },
      {
        at: '/body/list/1/y~1z',
        rule: 'undeclared',
        message: 'the document declares no "y/z" here',
        wanted: ['b'],
        fix: 'leave it out; declared are b',
      },
    ])
  })

  const extra = { x: 1 }

  it.each([
    ['properties', record({ a: text })],
    ['a reference', ref('A')],
    ['allOf', { allOf: [record({ b: text }), ref('A')] }],
    ['allOf beside properties', { ...record({ a: text }), allOf: [ref('B')] }],
    ['anyOf', { anyOf: [ref('A'), ref('B')] }],
    ['oneOf', { oneOf: [ref('A'), record({ b: text })] }],
    ['allOf in anyOf', { anyOf: [{ allOf: [ref('A')] }, ref('B')] }],
    // A keyword of JSON Schema, which nobody awaits.
    // oxlint-disable-next-line unicorn/no-thenable
    ['then and else', { if: { required: ['b'] }, then: ref('A'), else: ref('B') }],
    ['dependentSchemas', { ...record({ b: text }), dependentSchemas: { b: ref('A') } }],
    ['a reference with properties beside it', { ...ref('B'), ...record({ a: text }) }],
    ['a closed schema', record({ a: text }, { additionalProperties: false })],
    ['a schema closed to what is unevaluated', { allOf: [ref('A')], unevaluatedProperties: false }],
    ['a reference to another file', { $ref: 'b.yaml#/A' }],
    ['a reference from another file', { $ref: 'b.yaml#/Back' }],
    ['a reference within another folder', { $ref: 'parts/c.yaml#/C' }],
  ])('is told from one that is declared through %s', (_what, schema) => {
    const { undeclared } = schemaOf(
      schema,
      { A: record({ a: text }), B: record({ b: text }) },
      {
        'b.yaml': { A: record({ a: text }), Back: { $ref: 'a.yaml#/components/schemas/A' } },
        'parts/c.yaml': { C: { $ref: 'd.yaml#/D' } },
        'parts/d.yaml': { D: record({ a: text }) },
      },
    )
    expect(undeclared({ a: '' })).toEqual([])
    expect(undeclared({ a: '', ...extra })).toEqual(['/body/x'])
  })

  it.each([
    ['items', { type: 'array', items: ref('A') }, [{ a: '' }], [extra], '/body/0/x'],
    ['items of items', { items: { items: ref('A') } }, [[{ a: '' }]], [[], [extra]], '/body/1/0/x'],
    ['a member', record({ b: ref('A') }), { b: { a: '' } }, { b: extra }, '/body/b/x'],
    ['a member named like a keyword', record({ items: ref('A') }), { items: { a: '' } }, { items: extra }, '/body/items/x'],
    ['a member in allOf', { allOf: [record({ b: ref('A') })] }, { b: { a: '' } }, { b: extra }, '/body/b/x'],
  ])('is found in %s', (_what, schema, fine, wrong, at) => {
    const { undeclared } = schemaOf(schema, { A: record({ a: text }) })
    expect(undeclared(fine)).toEqual([])
    expect(undeclared(wrong)).toEqual([at])
  })

  it.each([
    ['additionalProperties true', record({ a: text }, { additionalProperties: true })],
    ['additionalProperties with a schema', record({ a: text }, { additionalProperties: count })],
    ['unevaluatedProperties', record({ a: text }, { unevaluatedProperties: true })],
    ['patternProperties', record({ a: text }, { patternProperties: { '^x': count } })],
    ['an open branch', { anyOf: [record({ a: text }), { type: 'object', additionalProperties: true }] }],
    ['no properties', { type: 'object' }],
    ['no rule at all', {}],
    ['true', true],
  ])('is free with %s', (_what, schema) => {
    expect(schemaOf(record({ inner: schema })).undeclared({ inner: extra })).toEqual([])
  })

  it('is found inside what is declared beside free names', () => {
    const { undeclared } = schemaOf(record({ a: record({ b: text }) }, { additionalProperties: true }))
    expect(undeclared({ a: { b: '', x: 1 }, free: { x: 1 } })).toEqual(['/body/a/x'])
  })

  it.each(['allOf', 'anyOf', 'oneOf'])('is none when one of several branches in %s declares it', (key) => {
    const branches = [record({ pay: record({ card: text }) }), record({ pay: record({ iban: text }) })]
    const { undeclared } = schemaOf({ [key]: branches })
    expect(undeclared({ pay: { card: '' } })).toEqual([])
    expect(undeclared({ pay: { iban: '' } })).toEqual([])
    expect(undeclared({ pay: { cash: '' } })).toEqual(['/body/pay/cash'])
  })

  it('is none in a list when one of several branches declares it', () => {
    const { undeclared } = schemaOf({ anyOf: [{ items: record({ a: text }) }, { items: record({ b: text }) }] })
    expect(undeclared([{ a: '' }, { b: '' }, { c: '' }])).toEqual(['/body/2/c'])
  })

  it('is found in schemas that contain themselves', () => {
    const tree = record({ name: text, children: { type: 'array', items: ref('Main') }, other: ref('Twin') })
    const { undeclared } = schemaOf(tree, { Twin: record({ back: ref('Main') }) })
    const branch = { name: '', children: [{ children: [{ name: '', x: 1 }] }, { other: { back: { y: 1 } } }], other: { z: 1 } }
    expect(undeclared(branch).toSorted()).toEqual(['/body/children/0/children/0/x', '/body/children/1/other/back/y', '/body/other/z'])
  })

  it('may be one that objects inherit', () => {
    const { undeclared } = schemaOf(record({ a: text }))
    expect(undeclared({ constructor: 1, toString: 2 })).toEqual(['/body/constructor', '/body/toString'])
  })

  it('is none in what is no object', () => {
    for (const value of [undefined, null, 1, 'a', [], [1]]) expect(schemaOf(record({ a: text })).undeclared(value)).toEqual([])
  })

  it('stands in the body of a request', () => {
    const schema = record({ a: text, free: true, any: { items: true } })
    const [operation] = contractOf({ requestBody: { content: { 'application/json': { schema } } } }).operations
    const body = { kind: 'text', text: '{"a":"","free":{"y":1},"any":[{"z":1}],"x":1}' } as const
    expect(operation?.readBody(body, 'application/json')).toMatchObject({ kind: 'body', undeclared: [{ at: '/body/x' }] })
  })
})

describe('a schema', () => {
  it('is held against what stands beside a reference', () => {
    const schema = { ...ref('Count'), maximum: 9 }
    const body = (value: string) =>
      contractOf({ requestBody: { content: { 'application/json': { schema } } } }, { schemas: { Count: count } }).operations[0]?.readBody(
        { kind: 'text', text: value },
        'application/json',
      )
    expect(body('9')).toMatchObject({ kind: 'body', value: 9 })
    expect(body('10')).toMatchObject({ kind: 'refused', problem: { issues: [{ rule: 'maximum' }] } })
  })

  it('has no number beyond all numbers', () => {
    for (const type of ['integer', 'number']) expect(schemaOf({ type }).issues(JSON.parse('1e999'))).toMatchObject([{ rule: 'type' }])
  })

  it.each([
    ['a type that does not exist', { type: 'strin' }],
    ['a pattern that does not parse', { pattern: '(' }],
    ['a reference to nothing', { properties: { a: { $ref: '#/nothing' } } }],
    ['a reference to a file that is not there', { properties: { a: { $ref: 'none.yaml' } } }],
    ['a list of required members that is none', { required: 'a' }],
  ])('with %s names file and line, when it is used and not before', (_what, schema) => {
    const content = { openapi: '3.1.0', components: { schemas: { Fine: text, Broken: schema } } }
    const lines: Readonly<Record<string, number>> = { '/components/schemas/Broken': 7 }
    const document = { name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: (pointer: string) => lines[pointer] }] }
    const reader = createReader(document)
    const validator = createValidator(document, reader)
    const fine = validator.check(reader.at('a.yaml', '/components/schemas/Fine'))
    const broken = validator.check(reader.at('a.yaml', '/components/schemas/Broken'))
    expect(fine('a', '/body')).toEqual([])
    for (const use of [() => broken({}, '/body'), () => broken.compile()]) {
      expect(use).toThrow(DocumentError)
      expect(use).toThrow(/^a\.yaml:7: the schema at #\/components\/schemas\/Broken does not compile: ./)
    }
  })

  it('that does not compile does not keep a document from being read', () => {
    const [operation] = contractOf({
      requestBody: { content: { 'application/json': { schema: { type: 'strin' } } } },
      responses: { 200: { description: 'Fine', content: { 'application/json': { schema: text } } } },
    }).operations
    expect(operation?.checkReply({ status: 200, body: 'a' })).toEqual([])
    expect(() => operation?.readBody({ kind: 'text', text: '1' }, 'application/json')).toThrow(DocumentError)
    expect(() => Array.from(operation?.compiling() ?? [])).toThrow(DocumentError)
  })
})

describe('a document', () => {
  it('with nothing in it is refused', () => {
    const open = () => createContract({ name: 'a', sources: [{ uri: 'a.yaml', content: null, lineOf: () => 1 }] })
    expect(open).toThrow(DocumentError)
    expect(open).toThrow(/^a\.yaml/)
  })

  it.each([
    ['to nothing', { requestBody: { $ref: '#/none' } }, /^a\.yaml:1 \(\$ref: #\/none\): it leads nowhere/],
    ['to an address', { requestBody: { $ref: 'https://example.com/a.yaml#/b' } }, /^a\.yaml:1 .*leads nowhere/],
    ['to itself', { requestBody: { $ref: '#/b' } }, /back to itself/],
    ['in a circle', { requestBody: { $ref: '#/c' } }, /back to itself/],
  ])('with a reference %s serves all that can do without it', (_what, operation, message) => {
    const [broken, whole] = createContract(
      documentOf({ paths: { '/a': { get: operation, put: {} } }, b: { $ref: '#/b' }, c: { $ref: '#/d' }, d: { $ref: '#/c' } }),
    ).operations
    expect(() => broken?.readBody({ kind: 'none' }, undefined)).toThrow(DocumentError)
    expect(() => broken?.readBody({ kind: 'none' }, undefined)).toThrow(message)
    expect(whole?.readBody({ kind: 'none' }, undefined)).toMatchObject({ kind: 'body' })
  })

  it('with a path item that leads nowhere says so, and serves the others', () => {
    const { operations, left } = createContract(documentOf({ paths: { '/a': { $ref: '#/none' }, '/b': { get: {} } } }))
    expect(operations.map(({ id }) => id)).toEqual(['GET /b'])
    expect(left).toEqual([expect.stringMatching(/^a\.yaml:1 .*leads nowhere; the path \/a is not served$/)])
  })

  it('with two paths that no request tells apart serves their methods, and names what is never reached', () => {
    const { match, left } = createContract(
      documentOf({
        paths: { '/a/{b}': { get: { operationId: 'a' } }, '/a/{c}': { get: { operationId: 'b' }, put: { operationId: 'c' } } },
      }),
    )
    expect(match('GET', '/a/1')).toMatchObject({ kind: 'found', target: { id: 'a' }, path: { b: '1' } })
    expect(match('PUT', '/a/1')).toMatchObject({ kind: 'found', target: { id: 'c' }, path: { c: '1' } })
    expect(left).toEqual(['a.yaml:1: GET /a/{c} is never reached: no request tells it from GET /a/{b}'])
  })

  it('with two operations of one name calls the second by its path, and says so', () => {
    const { operations, left } = createContract(
      documentOf({ paths: { '/a': { get: { operationId: 'a' } }, '/b': { get: { operationId: 'a' } } } }),
    )
    expect(operations.map(({ id }) => id)).toEqual(['a', 'GET /b'])
    expect(left).toEqual([expect.stringContaining('the operationId "a" stands before')])
  })

  it('with a path without a slash before it has it below its base', () => {
    expect(createContract(documentOf({ paths: { a: { get: { operationId: 'a' } } } })).match('GET', '/a')).toMatchObject({ kind: 'found' })
  })

  it.each(['Aa', 'a b', 'ä', '1'])('may be called "%s"', (name) => {
    const schemas = { A: { type: 'string' } }
    const schema = { $ref: '#/components/schemas/A' }
    const content = {
      components: { schemas },
      paths: { '/a': { put: { requestBody: { content: { 'application/json': { schema } } } } } },
    }
    const document = { name, sources: [{ uri: `${name}.yaml`, content, lineOf: () => 1 }] }
    const [operation] = createContract(document).operations
    expect(operation?.readBody({ kind: 'text', text: '1' }, 'application/json')).toHaveProperty('kind', 'refused')
  })

  it('may leave out the names of its operations', () => {
    const { operations } = createContract(documentOf({ paths: { '/a/{b}': { get: {}, put: { operationId: 'putA' } } } }))
    expect(operations.map(({ id }) => id)).toEqual(['GET /a/{b}', 'putA'])
  })

  it.each([
    [{ url: 'https://{host}.example.com/{version}/', variables: { host: { default: 'a' }, version: { default: 'v2' } } }, '/v2'],
    [{ url: '/api' }, '/api'],
    [{ url: 'https://example.com' }, ''],
    [{ url: 'https://[a/v1' }, '/v1'],
    [{ url: 'https://{region}.example.com:{port}/v1/{tenant}?a=b#c' }, '/v1/tenant'],
    [{ url: '{scheme}://example.com/{version}', variables: { version: { enum: ['v3', 'v4'] } } }, '/v3'],
    [{ url: 'v1//' }, '/v1'],
    [{}, ''],
  ])('is served at the path of its server %o', (server, base) => {
    expect(createContract(documentOf({ servers: [server], paths: {} })).base).toBe(base)
  })

  it('may carry extensions anywhere', () => {
    const content = {
      paths: {
        'x-note': 'a text',
        'x-more': { get: { operationId: 'none' } },
        '/a': {
          'x-note': 'a text',
          get: {
            operationId: 'a',
            'x-note': 'a text',
            responses: { 'x-note': 'a text', 200: { description: 'Fine', content: { 'x-note': 'a text' } } },
          },
        },
      },
    }
    expect(createContract(documentOf(content)).operations.map(({ id }) => id)).toEqual(['a'])
  })
})

describe('an answer', () => {
  const contract = contractOf(
    {
      responses: {
        200: {
          description: 'Fine',
          headers: {
            'X-Needed': { required: true, schema: text },
            'X-Free': { schema: text },
            'X-Ref': { $ref: '#/components/headers/Needed' },
          },
          content: { 'application/json': { schema: record({ a: count }, { required: ['a'] }) }, 'text/plain': {} },
        },
        204: { description: 'Nothing' },
        404: { $ref: '#/components/responses/Gone' },
        '4XX': { description: 'Refused', content: { 'application/problem+json': { schema: record({}, { required: ['title'] }) } } },
      },
    },
    {
      headers: { Needed: { required: true, schema: text } },
      responses: { Gone: { description: 'Gone', content: { 'application/json': { schema: text } } } },
    },
  )
  const check = (reply: MockReply): string[] | undefined => contract.operations[0]?.checkReply(reply).map(({ at, rule }) => `${at} ${rule}`)
  const headers = { 'x-needed': '1', 'X-REF': '1' }
  const problem = 'application/problem+json'

  it.each([
    ['fits', { status: 200, headers, body: { a: 1 } }, []],
    ['fits in another media type', { status: 200, headers, body: 'a', mediaType: 'text/plain' }, []],
    ['breaks its schema', { status: 200, headers, body: { a: 'x' } }, ['/body/a type']],
    ['lacks a member', { status: 200, headers, body: {} }, ['/body/a required']],
    ['lacks its headers', { status: 200, body: { a: 1 } }, ['/header/x-needed required', '/header/x-ref required']],
    [
      'lacks a header and a member',
      { status: 200, headers: { 'X-Needed': '1' }, body: {} },
      ['/header/x-ref required', '/body/a required'],
    ],
    ['lacks its body', { status: 200, headers }, ['/body type']],
    ['has another media type', { status: 200, headers, body: { a: 1 }, mediaType: 'text/html' }, ['/header/content-type undeclared']],
    ['has no body where none is declared', { status: 204 }, []],
    ['has a body where none is declared', { status: 204, body: {} }, ['/body undeclared']],
    ['has a body of null where none is declared', { status: 204, body: null }, ['/body undeclared']],
    ['is declared behind a reference', { status: 404, body: 'gone' }, []],
    [
      'is declared by itself and by its range',
      { status: 404, body: { title: 'gone' }, mediaType: problem },
      ['/header/content-type undeclared'],
    ],
    ['is declared by its range', { status: 409, body: { title: 'no' }, mediaType: problem }, []],
    ['breaks the schema of its range', { status: 400, body: {}, mediaType: problem }, ['/body/title required']],
    ['has no body in its range', { status: 499, mediaType: problem }, ['/body type']],
    ['has a status that is not declared', { status: 500, body: {} }, ['/status undeclared']],
    ['has a neighbour of a declared status', { status: 201, body: {} }, ['/status undeclared']],
  ])('that %s', (_what, reply, issues) => {
    expect(check(reply)).toEqual(issues)
  })

  it('with a status that is not declared says which', () => {
    expect(contract.operations[0]?.checkReply({ status: 500 })).toEqual([
      { at: '/status', rule: 'undeclared', message: 'the document has no answer 500 here', value: 500 },
    ])
  })

  it('may be the default one', () => {
    const responses = {
      200: { description: 'Fine' },
      default: { description: 'Else', content: { 'application/json': { schema: text } } },
    }
    const [operation] = contractOf({ responses }).operations
    expect(operation?.checkReply({ status: 500, body: 'a' })).toEqual([])
    expect(operation?.checkReply({ status: 500, body: 1 })).toMatchObject([{ at: '/body', rule: 'type' }])
    expect(operation?.checkReply({ status: 200, body: 'a' })).toMatchObject([{ at: '/body', rule: 'undeclared' }])
  })
})
