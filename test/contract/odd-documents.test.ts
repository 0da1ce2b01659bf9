import { describe, expect, it } from 'vitest'
import { DocumentError } from '../../src/base/problem.ts'
import { expressionOf } from '../../src/contract/expressions.ts'
import { type Contract, createContract } from '../../src/contract/operation.ts'
import { loadChooser } from '../../src/engine/choose.ts'
import { cpuTime } from '../time.ts'

const choose = await loadChooser()

/** A document whose operation is asked for, and answers, what fits this schema; with others, by their names. */
function contractOf(schema: unknown, schemas: object = {}): Contract {
  const content = { 'application/json': { schema } }
  const operation = { operationId: 'a', requestBody: { required: true, content }, responses: { 200: { content } } }
  const document = { openapi: '3.1.0', paths: { '/a': { post: operation } }, components: { schemas } }
  return createContract({ name: 'a', sources: [{ uri: 'a.yaml', content: document, lineOf: () => 7 }] })
}

function issuesOf(contract: Contract, value: unknown): string[] {
  const read = contract.operations[0]?.readBody({ kind: 'text', text: JSON.stringify(value) }, 'application/json')
  return read?.kind === 'refused' ? (read.problem.issues ?? []).map(({ at, rule }) => `${at} ${rule}`) : []
}

function answerOf(contract: Contract): unknown {
  const chosen = choose(contract, 'a', { preference: {}, seed: 'a seed' })
  return chosen.kind === 'reply' ? chosen.reply.body : chosen
}

describe('a slip that documents are full of', () => {
  it.each<[what: string, schema: unknown, fitting: unknown, other: unknown, issue: string]>([
    [
      'required: true',
      { type: 'object', required: true, properties: { a: { type: 'string', required: false } } },
      {},
      { a: 1 },
      '/body/a type',
    ],
    [
      'a type of another language',
      { type: 'object', properties: { a: { type: 'int' }, b: { type: 'any' } } },
      { b: [] },
      { a: 'x' },
      '/body/a type',
    ],
    ['a type in capitals', { type: 'String' }, 'a', 1, '/body type'],
    ['limits as texts', { type: 'integer', minimum: '1', maximum: '' }, 5, 0, '/body minimum'],
    ['lists of nothing', { type: 'object', properties: [], enum: [], oneOf: [], items: [] }, {}, 1, '/body type'],
    ['no schema', { type: 'object', properties: { a: null, b: { items: null }, c: 'string' } }, { a: 1, c: 1 }, 1, '/body type'],
    ['one schema in place of a list', { allOf: { type: 'string' } }, 'a', 1, '/body type'],
    ['a tuple of an older draft', { type: 'array', items: [{ type: 'integer' }] }, [1, 'x'], ['x'], '/body/0 type'],
    ['words of older drafts', { id: 'a', $schema: 'http://json-schema.org/draft-04/schema#', type: 'string' }, 'a', 1, '/body type'],
    ['a pattern between slashes', { type: 'string', pattern: '/^[a-z]+$/i' }, 'aB', '1', '/body pattern'],
    [
      'classes of other languages',
      { type: 'string', pattern: String.raw`^[\p{Print}\p{IsDigit}]+[\p{Blank}\p{IsL}]*\p{all}*$` },
      'a\n',
      '\n',
      '/body pattern',
    ],
    ['steps of nothing', { type: 'number', multipleOf: 0 }, 5, 'x', '/body type'],
  ])('is passed over: %s', (_what, schema, fitting, other, issue) => {
    const contract = contractOf(schema)
    expect(issuesOf(contract, fitting)).toEqual([])
    expect(issuesOf(contract, other)).toEqual([issue])
    const answer = answerOf(contract)
    expect(contract.operations[0]?.checkReply({ status: 200, body: answer })).toEqual([])
  })

  it('is none where it is no schema: a parameter has to be there', () => {
    const parameters = [{ name: 'a', in: 'query', required: true, schema: { type: 'string' } }]
    const document = { openapi: '3.1.0', paths: { '/a': { get: { parameters, operationId: 'a' } } }, x: { type: 'int' } }
    const [operation] = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content: document, lineOf: () => 7 }] }).operations
    expect(operation?.readParameters({ path: {}, query: '', headers: {} }).issues).toMatchObject([{ at: '/query/a', rule: 'required' }])
  })

  it.each<[what: string, schema: unknown, fitting: unknown, other: unknown, issue: string]>([
    ['values that are not of the type', { type: 'string', enum: [1, true] }, '1', 'x', '/body/a enum'],
    ['values as texts', { type: 'boolean', enum: ['true'] }, true, false, '/body/a enum'],
    ['a type that none of the values has', { type: 'integer', enum: ['0 (Standard)', '1 (Premium)'] }, '1 (Premium)', 1, '/body/a enum'],
    ['values of elements, said of the list', { type: 'array', items: { enum: ['a'] }, enum: ['a'] }, ['a'], ['b'], '/body/a/0 enum'],
  ])('that contradicts itself is sent as it is meant, and left out of answers: %s', (_what, a, fitting, other, issue) => {
    const contract = contractOf({ type: 'object', required: ['b'], properties: { a, b: { const: 1 } } })
    expect(issuesOf(contract, { a: fitting, b: 1 })).toEqual([])
    expect(issuesOf(contract, { a: other, b: 1 })).toEqual([issue])
    expect(answerOf(contract)).toEqual({ b: 1 })
  })

  it('stops nobody else where it is none', () => {
    const schemas = { Broken: { type: 'strin' }, Missing: { $ref: '#/components/schemas/None' } }
    const whole = contractOf({ type: 'string' }, schemas)
    expect(issuesOf(whole, 'a')).toEqual([])
    for (const name of Object.keys(schemas)) {
      const broken = contractOf({ $ref: `#/components/schemas/${name}` }, schemas)
      expect(() => issuesOf(broken, 'a')).toThrow(DocumentError)
      expect(() => issuesOf(broken, 'a')).toThrow(/^a\.yaml:7/)
    }
  })
})

describe('a schema that names itself', () => {
  it('may be meant by its name, from where others have names', () => {
    const contract = contractOf(
      { $ref: 'https://example.com/schemas/list' },
      {
        List: { $id: 'https://example.com/schemas/list', type: 'array', items: { $ref: 'item' }, minItems: 1, maxItems: 1 },
        Item: { $id: 'https://example.com/schemas/item', $ref: '#/components/schemas/Text' },
        Text: { $anchor: 'text', type: 'string' },
        Other: { $ref: '#text' },
      },
    )
    expect(issuesOf(contract, ['a'])).toEqual([])
    expect(issuesOf(contract, [1])).toEqual(['/body/0 type'])
    expect(answerOf(contract)).toEqual([expect.any(String)])
    expect(issuesOf(contractOf({ $ref: '#text' }, { Text: { $anchor: 'text', type: 'string' } }), 1)).toEqual(['/body type'])
  })

  it('may leave open what it is a list of', () => {
    const contract = contractOf(
      {
        $id: 'https://example.com/numbers',
        $ref: 'https://example.com/page',
        $defs: { item: { $dynamicAnchor: 'item', type: 'number' } },
      },
      {
        Page: {
          $id: 'https://example.com/page',
          $defs: { item: { $dynamicAnchor: 'item', not: {} } },
          type: 'object',
          required: ['items'],
          properties: { items: { type: 'array', minItems: 1, items: { $dynamicRef: '#item' } } },
        },
      },
    )
    expect(issuesOf(contract, { items: [1] })).toEqual([])
    expect(issuesOf(contract, {})).toEqual(['/body/items required'])
    expect(answerOf(contract)).toEqual({ items: expect.arrayContaining([expect.any(Number)]) })
    const tree = { $dynamicAnchor: 'node', type: 'object', properties: { children: { type: 'array', items: { $dynamicRef: '#node' } } } }
    expect(issuesOf(contractOf({ $ref: '#/components/schemas/Tree' }, { Tree: tree }), { children: [{ children: [1] }] })).toEqual([
      '/body/children/0/children/0 type',
    ])
  })

  it('is none in an example, whatever that holds', () => {
    const example = { $id: 'https://example.com/a', $anchor: 'a', b: { $id: 'https://example.com/a' } }
    const contract = contractOf({ type: 'object', example }, { Other: { type: 'object', example } })
    expect(issuesOf(contract, 1)).toEqual(['/body type'])
    expect(answerOf(contract)).toEqual(example)
  })
})

describe('a pattern', () => {
  it.each([
    ['without Unicode', String.raw`^[\w-_]+\-{$`, 'a-_-{', 'a b'],
    ['with properties in the names of others', String.raw`^[\p{Alpha}\p{digit}]+$`, 'é5', '-'],
    ['with ends of others', String.raw`\A[a-z]+\z`, 'abc', 'Z'],
    ['without case', '(?i)^abc$', 'ABC', 'abd'],
    ['with groups as Python names them', '^(?P<year>[0-9]{4})$', '2026', 'x'],
    ['with classes of POSIX', '^[[:alpha:]]+$', 'ab', '1'],
  ])('is read %s', (_what, pattern, fitting, other) => {
    const contract = contractOf({ type: 'string', pattern })
    expect(issuesOf(contract, fitting)).toEqual([])
    expect(issuesOf(contract, other)).toEqual(['/body pattern'])
    expect(String(answerOf(contract))).toSatisfy((made: string) => expressionOf(pattern)?.test(made) === true)
  })

  it.each(['^(a+)+$', '^([a-z]+[-_.]?)+$', String.raw`^(\w|\d)*$`])(
    'that could run without end is tested in another way: %s',
    async (pattern) => {
      const contract = contractOf({ type: 'string', pattern })
      const time = await cpuTime(() => expect(issuesOf(contract, `${'a'.repeat(5_000)}!`)).toEqual(['/body pattern']))
      expect(time).toBeLessThan(500)
      // What is made fits it all the same.
      expect(String(answerOf(contract))).toMatch(new RegExp(pattern, 'u'))
    },
  )
})

describe('what no answer could be made for', () => {
  it.each([
    ['a text', { type: 'string', minLength: 2 ** 40 }],
    ['a list', { type: 'array', items: {}, minItems: 2 ** 40 }],
    ['an object', { type: 'object', minProperties: 2 ** 40 }],
  ])('without end is told, and soon: %s', async (_what, schema) => {
    const time = await cpuTime(() => expect(() => answerOf(contractOf(schema))).toThrow(/^a\.yaml:7: no value is found that fits/))
    expect(time).toBeLessThan(5_000)
  })

  it('is made where several forms fit what only one should', () => {
    const contract = contractOf({
      oneOf: [
        { type: 'object', properties: { a: { type: 'string' } } },
        { type: 'object', properties: { b: { type: 'string' } } },
      ],
    })
    expect(answerOf(contract)).toSatisfy((made: object) => ['a', 'b'].some((name) => Object.hasOwn(made, name)))
  })

  it('is told apart by the discriminator of what all forms are kinds of', () => {
    const pet = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } }, discriminator: { propertyName: 'kind' } }
    const kind = (properties: object) => ({ allOf: [{ $ref: '#/components/schemas/Pet' }, { type: 'object', properties }] })
    const contract = contractOf(
      { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }] },
      { Pet: pet, Cat: kind({ lives: { type: 'integer' } }), Dog: kind({ bark: { type: 'boolean' } }) },
    )
    expect(issuesOf(contract, { kind: 'Cat', lives: 9 })).toEqual([])
    expect(issuesOf(contract, { kind: 'Dog', bark: 'x' })).toEqual(['/body/bark type'])
    expect(answerOf(contract)).toMatchObject({ kind: expect.stringMatching(/^(Cat|Dog)$/) })
  })
})
