import { afterAll, describe, expect, it } from 'vitest'
import { defineApi } from '../../src/api.ts'
import { createMock } from '../../src/index.ts'

/*
 * Each keyword of JSON Schema 2020-12 and of OpenAPI 3.0 as a client meets it: a body that is taken, and one that is refused, with the place and
 * the rule. All are operations of two documents.
 *
 * What ajv 8.20 makes of the official test suite (draft2020-12, 1,300 tests and those of formats) otherwise than it says, and is left so:
 *
 * | what | what happens |
 * | --- | --- |
 * | `unevaluatedItems` beside or behind `contains` | elements that `contains` has looked at count as unevaluated only where nothing contains them |
 * | `unevaluatedItems` behind a branch of `anyOf` that is `true` | the branch that says more is not looked at |
 * | `unevaluatedProperties` with `if` and `else`, and no `then` | what is not evaluated passes |
 * | `$id` of relative references that lead to one another | the schema does not compile; its operation answers 500 |
 * | `$schema` and `$vocabulary` of one's own, other drafts, addresses elsewhere | not read: a schema is one of 2020-12, and references are files |
 * | `multipleOf` of numbers whose quotient is no finite double | passes |
 * | `__proto__` as a property | names nothing: a body that has it is refused before |
 * | `format` `regex` | patterns that only mean something without the flag `u` pass |
 * | `format` `idn-hostname` | what RFC 5892 says of characters beside one another is not looked at |
 */

type Json = Readonly<Record<string, unknown>>
type Row = readonly [keyword: string, schema: unknown, fits: unknown, refused: unknown, at: string, rule: string]

const count = { type: 'integer' }
const text = { type: 'string' }
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
const schemas = {
  Count: count,
  Text: { type: 'string', minLength: 2 },
  Node: { type: 'object', properties: { value: count, next: ref('Node') } },
  'odd/name~': count,
  Page: {
    type: 'object',
    properties: { items: { type: 'array', items: { $dynamicRef: '#item' } } },
    $defs: { item: { $dynamicAnchor: 'item' } },
  },
  Counts: { ...ref('Page'), $defs: { item: { $dynamicAnchor: 'item', ...ref('Count') } } },
  Texts: { ...ref('Page'), $defs: { item: { $dynamicAnchor: 'item', ...ref('Text') } } },
  Tree: { $dynamicAnchor: 'node', type: 'object', properties: { kids: { type: 'array', items: { $dynamicRef: '#node' } } } },
  Closed: { $dynamicAnchor: 'node', ...ref('Tree'), unevaluatedProperties: false },
  Cat: { type: 'object', required: ['kind', 'meows'], properties: { kind: text, meows: { type: 'boolean' } } },
  Dog: { type: 'object', required: ['kind', 'barks'], properties: { kind: text, barks: { type: 'boolean' } } },
}
const either = { oneOf: [ref('Cat'), ref('Dog')], discriminator: { propertyName: 'kind', mapping: { cat: 'Cat', dog: 'Dog' } } }

const ROWS: readonly Row[] = [
  // Any value
  ['type', text, 'a', 1, '', 'type'],
  ['type, a list', { type: ['string', 'null'] }, null, 1, '', 'type'],
  ['type integer', count, 1.0, 1.5, '', 'type'],
  ['type number', { type: 'number' }, 1.5, '1.5', '', 'type'],
  ['type boolean', { type: 'boolean' }, false, 0, '', 'type'],
  ['type null', { type: 'null' }, null, false, '', 'type'],
  ['enum', { enum: [1, 'a', null, { a: [1] }] }, { a: [1] }, { a: [2] }, '', 'enum'],
  ['const', { const: { a: 1 } }, { a: 1 }, { a: 2 }, '', 'const'],
  ['const null', { properties: { a: { const: null } } }, { a: null }, { a: 0 }, '/a', 'const'],
  // Numbers
  ['multipleOf', { multipleOf: 0.01 }, 19.99, 19.995, '', 'multipleOf'],
  ['maximum', { maximum: 3 }, 3, 3.1, '', 'maximum'],
  ['exclusiveMaximum', { exclusiveMaximum: 3 }, 2.9, 3, '', 'exclusiveMaximum'],
  ['minimum', { minimum: 3 }, 3, 2, '', 'minimum'],
  ['exclusiveMinimum', { exclusiveMinimum: 3 }, 3.1, 3, '', 'exclusiveMinimum'],
  // Texts: characters, not halves of them
  ['maxLength', { maxLength: 2 }, '💩💩', '💩💩💩', '', 'maxLength'],
  ['minLength', { minLength: 2 }, 'ab', '💩', '', 'minLength'],
  ['pattern', { pattern: String.raw`^\p{Lu}+$` }, 'É', 'é', '', 'pattern'],
  ['pattern, not of the whole', { pattern: 'b' }, 'abc', 'ac', '', 'pattern'],
  ['format', { format: 'date' }, '2024-02-29', '2023-02-29', '', 'format'],
  // Lists
  ['items', { items: count }, [1, 2], [1, 'x'], '/1', 'type'],
  ['items false', { prefixItems: [count], items: false }, [1], [1, 2], '', 'items'],
  ['prefixItems', { prefixItems: [count, text] }, [1, 'a', null], [1, 2], '/1', 'type'],
  ['contains', { contains: count }, ['a', 1], ['a'], '', 'contains'],
  ['minContains', { contains: count, minContains: 2 }, [1, 'a', 2], [1, 'a'], '', 'contains'],
  ['minContains 0', { contains: count, minContains: 0, maxContains: 1 }, ['a'], [1, 2], '', 'contains'],
  ['maxContains', { contains: count, maxContains: 1 }, [1, 'a'], [1, 2], '', 'contains'],
  ['maxItems', { maxItems: 1 }, [1], [1, 2], '', 'maxItems'],
  ['minItems', { minItems: 1 }, [1], [], '', 'minItems'],
  [
    'uniqueItems',
    { uniqueItems: true },
    [{ a: 1 }, { a: 2 }],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    '',
    'uniqueItems',
  ],
  ['unevaluatedItems', { allOf: [{ prefixItems: [count] }], unevaluatedItems: false }, [1], [1, 2], '', 'unevaluatedItems'],
  // Objects
  ['properties', { properties: { a: count, b: text } }, { a: 1, c: null }, { a: 'x' }, '/a', 'type'],
  [
    'properties with names of every object',
    { properties: { constructor: text, toString: text } },
    {},
    { toString: 1 },
    '/toString',
    'type',
  ],
  ['patternProperties', { patternProperties: { '^a': count } }, { ab: 1, b: 'x' }, { ab: 'x' }, '/ab', 'type'],
  ['additionalProperties', { properties: { a: {} }, additionalProperties: count }, { a: 'x', b: 1 }, { b: 'x' }, '/b', 'type'],
  [
    'additionalProperties false',
    { properties: { a: {} }, additionalProperties: false },
    { a: 1 },
    { a: 1, b: 1 },
    '/b',
    'additionalProperties',
  ],
  ['propertyNames', { propertyNames: { maxLength: 2 } }, { ab: 1 }, { abc: 1 }, '/abc', 'propertyNames'],
  ['required', { required: ['a', 'b'] }, { a: 1, b: 1 }, { a: 1 }, '/b', 'required'],
  ['required with names of every object', { required: ['constructor'] }, { constructor: 1 }, {}, '/constructor', 'required'],
  ['maxProperties', { maxProperties: 1 }, { a: 1 }, { a: 1, b: 1 }, '', 'maxProperties'],
  ['minProperties', { minProperties: 1 }, { a: 1 }, {}, '', 'minProperties'],
  ['dependentRequired', { dependentRequired: { a: ['b'] } }, { a: 1, b: 1 }, { a: 1 }, '', 'dependentRequired'],
  ['dependentSchemas', { dependentSchemas: { a: { properties: { b: count } } } }, { b: 'x' }, { a: 1, b: 'x' }, '/b', 'type'],
  [
    'unevaluatedProperties',
    { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
    { a: 1 },
    { a: 1, b: 1 },
    '/b',
    'unevaluatedProperties',
  ],
  ['unevaluatedProperties, a schema', { ...ref('Node'), unevaluatedProperties: text }, { value: 1, a: 'x' }, { a: 1 }, '/a', 'type'],
  // Schemas of schemas
  ['allOf', { allOf: [count, { minimum: 3 }] }, 3, 2, '', 'minimum'],
  ['anyOf', { anyOf: [count, text] }, 'a', null, '', 'anyOf'],
  ['oneOf', { oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] }, 4, 6, '', 'oneOf'],
  ['not', { not: text }, 1, 'a', '', 'not'],
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  ['if and then', { if: { const: 1 }, then: false, else: true }, 2, 1, '', 'false schema'],
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  ['if and then, a schema', { if: { required: ['a'] }, then: { required: ['b'] } }, { a: 1, b: 1 }, { a: 1 }, '/b', 'required'],
  ['else', { if: { type: 'object' }, else: { minimum: 3 } }, {}, 2, '', 'minimum'],
  ['true and false', { properties: { a: false, b: true } }, {}, { a: 1 }, '/a', 'false schema'],
  // References
  ['$ref', ref('Count'), 1, 'a', '', 'type'],
  ['$ref and what stands beside it', { ...ref('Count'), maximum: 3 }, 3, 4, '', 'maximum'],
  ['$ref to itself', ref('Node'), { next: { next: { value: 1 } } }, { next: { next: { value: 'x' } } }, '/next/next/value', 'type'],
  ['$ref with odd names', { $ref: '#/components/schemas/odd~1name~0' }, 1, 'x', '', 'type'],
  ['$ref into a schema', { $ref: '#/components/schemas/Node/properties/value' }, 1, 'x', '', 'type'],
  ['$defs', { $ref: '#/paths/~1$self/post/requestBody/content/application~1json/schema/$defs/a', $defs: { a: count } }, 1, 'x', '', 'type'],
  ['$dynamicRef', ref('Tree'), { kids: [{ kids: [], a: 1 }] }, { kids: [{ kids: 1 }] }, '/kids/0/kids', 'type'],
  [
    '$dynamicRef from what is narrower',
    ref('Closed'),
    { kids: [{ kids: [] }] },
    { kids: [{ a: 1 }] },
    '/kids/0/a',
    'unevaluatedProperties',
  ],
  ['$dynamicRef of a generic type', ref('Counts'), { items: [1] }, { items: ['ab'] }, '/items/0', 'type'],
  ['$dynamicRef of the same type', ref('Texts'), { items: ['ab'] }, { items: ['a'] }, '/items/0', 'minLength'],
  ['$anchor', { $ref: '#count', $defs: { a: { $anchor: 'count', ...count } } }, 1, 'x', '', 'type'],
  ['$id', { $ref: 'https://schemas.example/count', $defs: { a: { $id: 'https://schemas.example/count', ...count } } }, 1, 'x', '', 'type'],
  // What says something, and asks for nothing
  [
    'title, description, default, examples, deprecated',
    { ...count, title: 'a', description: 'b', default: 'x', examples: ['y'], deprecated: true },
    1,
    'x',
    '',
    'type',
  ],
  [
    'contentEncoding and contentMediaType',
    { ...text, contentEncoding: 'base64', contentMediaType: 'application/json' },
    '?',
    1,
    '',
    'type',
  ],
  ['$comment and words of nobody', { ...count, $comment: 'a', 'x-own': { type: 'string' }, nonsense: 1 }, 1, 'x', '', 'type'],
  // What OpenAPI adds
  ['readOnly', { required: ['a', 'b'], properties: { a: { readOnly: true }, b: {} } }, { b: 1 }, { a: 1 }, '/b', 'required'],
  ['writeOnly', { required: ['a'], properties: { a: { ...count, writeOnly: true } } }, { a: 1 }, {}, '/a', 'required'],
  ['discriminator', either, { kind: 'cat', meows: true }, { kind: 'dog', meows: true }, '/barks', 'required'],
]

/** As OpenAPI 3.0 has it. */
const OLD_ROWS: readonly Row[] = [
  ['nullable', { ...text, nullable: true }, null, 1, '', 'type'],
  ['nullable false', { ...text, nullable: false }, 'a', null, '', 'type'],
  ['nullable beside an enum', { ...text, nullable: true, enum: ['a', null] }, null, 'b', '', 'enum'],
  ['nullable of a property', { properties: { a: { ...count, nullable: true } } }, { a: null }, { a: 'x' }, '/a', 'type'],
  ['nullable beside allOf', { nullable: true, allOf: [ref('Count')] }, null, 'x', '', 'anyOf'],
  ['exclusiveMinimum true', { minimum: 3, exclusiveMinimum: true }, 4, 3, '', 'exclusiveMinimum'],
  ['exclusiveMinimum false', { minimum: 3, exclusiveMinimum: false }, 3, 2, '', 'minimum'],
  ['exclusiveMaximum true', { maximum: 3, exclusiveMaximum: true }, 2, 3, '', 'exclusiveMaximum'],
  ['exclusiveMaximum false', { maximum: 3, exclusiveMaximum: false }, 3, 4, '', 'maximum'],
  ['example', { ...count, example: 'x' }, 1, 'x', '', 'type'],
  ['readOnly', { required: ['a', 'b'], properties: { a: { readOnly: true }, b: {} } }, { b: 1 }, { a: 1 }, '/b', 'required'],
  ['writeOnly', { required: ['a'], properties: { a: { ...count, writeOnly: true } } }, { a: 1 }, {}, '/a', 'required'],
  ['discriminator', either, { kind: 'dog', barks: true }, { kind: 'cat', barks: true }, '/meows', 'required'],
  ['discriminator of nobody', either, { kind: 'dog', barks: true }, { kind: 'cow', barks: true }, '/kind', 'enum'],
  ['xml and externalDocs', { ...count, xml: { name: 'a' }, externalDocs: { url: 'x' } }, 1, 'x', '', 'type'],
  // The specification ignores what stands beside a reference; authors mean it.
  ['nullable beside a reference', { ...ref('Count'), nullable: true }, null, 'x', '', 'anyOf'],
]

function documentOf(base: string, openapi: string, rows: readonly Row[]): Json {
  const paths = rows.map(([, schema], index): [string, Json] => {
    const own: unknown = JSON.parse(JSON.stringify(schema).replaceAll('$self', String(index)))
    const content = { 'application/json': { schema: own } }
    return [`/${index}`, { post: { requestBody: { content }, responses: { 204: { description: 'taken' } } } }]
  })
  return {
    openapi,
    info: { title: base, version: '1' },
    servers: [{ url: `/${base}` }],
    components: { schemas },
    paths: Object.fromEntries(paths),
  }
}

const mock = await createMock({
  apis: [defineApi({ document: documentOf('new', '3.1.0', ROWS) }), defineApi({ document: documentOf('old', '3.0.3', OLD_ROWS) })],
})
afterAll(() => mock.close())

async function send(path: string, body: unknown): Promise<{ status: number; issues: readonly { at: string; rule: string }[] }> {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/problem+json' }
  const answer = await mock.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
  const read: { issues?: readonly { at: string; rule: string }[] } = answer.status === 204 ? {} : JSON.parse(await answer.text())
  return { status: answer.status, issues: read.issues ?? [] }
}

describe.each([
  ['new', ROWS],
  ['old', OLD_ROWS],
])('a keyword of a %s document', (base, rows) => {
  it.each(rows.map((row, index) => [row[0], index, row] as const))('%s', async (_keyword, index, [, , fits, refused, at, rule]) => {
    expect(await send(`/${base}/${index}`, fits)).toEqual({ status: 204, issues: [] })
    const { status, issues } = await send(`/${base}/${index}`, refused)
    expect([status, issues.map((issue) => `${issue.at} ${issue.rule}`)]).toEqual([400, [`/body${at} ${rule}`]])
  })
})
