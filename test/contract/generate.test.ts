import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DocumentError } from '../../src/base/problem.ts'
import { formOf } from '../../src/contract/form.ts'
import { loadGenerate } from '../../src/contract/generate.ts'
import type { Purpose } from '../../src/contract/generation.ts'
import { createContract } from '../../src/contract/operation.ts'
import { createReader } from '../../src/contract/schema.ts'
import { openApiOf } from '../../src/contract/swagger.ts'
import { createValidator } from '../../src/contract/validator.ts'
import { at, keyOf, number } from '../../src/core/population/random.ts'
import { loadDocument, type LoadedDocument } from '../../src/document/load.ts'
import { ROOT, Running } from '../cli/process.ts'
import { PUBLISHED } from '../pact/published.ts'
import { cpuTime } from '../time.ts'

const LONG = process.env['LONG'] === '1'
const generate = await loadGenerate()

function chanceOf(seed: string): Purpose['chance'] {
  const key = keyOf(seed)
  return (place) => {
    let drawn = 0
    return () => number(at(at(key, place), drawn++)) / 2 ** 32
  }
}

interface Schemas {
  /** A value by the schema `S`. */
  make(seed?: string | number, purpose?: Partial<Purpose>): unknown
  misfits(value: unknown): readonly unknown[]
}

/** The schema `S` of a document, among others that it may refer to; in other files as well. */
function schemas(schema: unknown, others: object = {}, files: Readonly<Record<string, unknown>> = {}): Schemas {
  const sources = Object.entries({ 'api.yaml': { components: { schemas: { S: schema, ...others } } }, ...files })
  const document: LoadedDocument = { name: 'api', sources: sources.map(([uri, content]) => ({ uri, content, lineOf: () => 7 })) }
  const formed = formOf(document, 'response')
  const reader = createReader(formed)
  const side = { reader, validator: createValidator(formed, reader) }
  const located = reader.schema(reader.at('api.yaml', '/components/schemas'), 'S')
  if (!located) throw new Error('there is no schema')
  return {
    make: (seed = 1, purpose = {}) => generate(located, side, { chance: chanceOf(String(seed)), usesExamples: true, ...purpose }),
    misfits: (value) => createValidator(formed, reader).check(located)(value, ''),
  }
}

function make(schema: unknown, seed?: string | number, purpose?: Partial<Purpose>): unknown {
  return schemas(schema).make(seed, purpose)
}

const text = { type: 'string' }
const whole = { type: 'integer' }
const named = (...names: string[]) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, text])) })

const OTHERS = {
  B: { type: 'object', properties: { b: whole } },
  Node: { type: 'object', properties: { value: whole, next: { $ref: '#/components/schemas/Node' } }, required: ['value'] },
  Tree: {
    type: 'object',
    properties: { name: text, children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
    required: ['name', 'children'],
  },
  Left: { type: 'object', properties: { right: { $ref: '#/components/schemas/Right' } }, required: ['right'] },
  Right: { type: 'object', properties: { left: { oneOf: [{ $ref: '#/components/schemas/Left' }, { type: 'null' }] } }, required: ['left'] },
  Dog: { type: 'object', properties: { kind: { const: 'dog' }, bark: text }, required: ['bark'], additionalProperties: false },
  Cat: { type: 'object', properties: { kind: text, lives: whole }, required: ['lives'] },
}

const NASTY: Readonly<Record<string, unknown>> = {
  'allOf with oneOf': {
    allOf: [
      { type: 'object', properties: { a: whole }, required: ['a'] },
      {
        oneOf: [
          { properties: { b: text }, required: ['b'], not: { required: ['c'] } },
          { properties: { c: { type: 'boolean' } }, required: ['c'], not: { required: ['b'] } },
        ],
      },
    ],
  },
  'if, then, else': {
    type: 'object',
    properties: { kind: { enum: ['a', 'b'] }, size: whole, name: text },
    required: ['kind'],
    if: { properties: { kind: { const: 'a' } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: ['size'], properties: { name: false } },
    else: { required: ['name'], properties: { size: { maximum: 3 } } },
  },
  dependentRequired: { ...named('card', 'address'), dependentRequired: { card: ['address', 'zip'], zip: ['country'] } },
  dependentSchemas: { ...named('a'), required: ['a'], dependentSchemas: { a: { properties: { b: whole }, required: ['b'] } } },
  patternProperties: { type: 'object', patternProperties: { '^x-[a-z]{2,4}$': whole }, additionalProperties: false, minProperties: 2 },
  propertyNames: { type: 'object', propertyNames: { pattern: '^[A-Z]{3}$' }, additionalProperties: { type: 'number' }, minProperties: 3 },
  unevaluatedProperties: {
    type: 'object',
    allOf: [named('a'), { $ref: '#/components/schemas/B' }],
    unevaluatedProperties: false,
    required: ['a'],
  },
  'additionalProperties beside allOf': { ...named('a'), allOf: [named('a', 'b')], additionalProperties: false },
  maxProperties: { ...named('a', 'b', 'c', 'd'), maxProperties: 2, required: ['d'] },
  contains: { type: 'array', contains: { type: 'integer', minimum: 500 }, minContains: 2, maxContains: 3, items: whole, minItems: 5 },
  'prefixItems without more': { type: 'array', prefixItems: [whole, { type: 'string', format: 'date' }], items: false, minItems: 2 },
  'items that differ, of few': { type: 'array', items: { enum: ['a', 'b', 'c'] }, uniqueItems: true, minItems: 3 },
  'items that differ, of two': { type: 'array', items: { type: 'boolean' }, uniqueItems: true },
  'multiples of a part': { type: 'number', multipleOf: 0.01, minimum: 0.105, exclusiveMaximum: 0.13 },
  'multiples of both': {
    allOf: [
      { type: 'integer', multipleOf: 4 },
      { multipleOf: 6, minimum: 30, maximum: 40 },
    ],
  },
  'limits next to one another': { type: 'number', exclusiveMinimum: 1, exclusiveMaximum: 1.001 },
  'a large number': { type: 'integer', minimum: 9_007_199_254_740_990 },
  'a negative number': { type: 'number', exclusiveMaximum: 0 },
  'a pattern that looks ahead': { type: 'string', pattern: '^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,10}$' },
  'a pattern of other letters': { type: 'string', pattern: '^\\p{Lu}\\p{L}{2,5}[а-я]$' },
  'a pattern that refers back': { type: 'string', pattern: '^([a-c])-\\1$' },
  'a pattern and a length': { type: 'string', pattern: '^[a-z]+$', minLength: 20, maxLength: 21 },
  'a pattern without ends': { type: 'string', pattern: '\\d', minLength: 9 },
  'two patterns': { type: 'string', allOf: [{ pattern: '^a' }, { pattern: 'z$' }], minLength: 5 },
  'a format and a short length': { type: 'string', format: 'email', maxLength: 8 },
  'a format and a long length': { type: 'string', format: 'email', minLength: 60 },
  'a format and a pattern': { type: 'string', format: 'date-time', pattern: 'Z$' },
  'a long text': { type: 'string', minLength: 300, maxLength: 300 },
  'no text': { type: 'string', maxLength: 0 },
  'a value that it is not': { type: 'integer', minimum: 1, maximum: 3, not: { enum: [1, 3] } },
  'a type that it is not': {
    type: 'object',
    properties: { a: { not: { type: ['object', 'array', 'null', 'boolean', 'number'] } } },
    required: ['a'],
  },
  'a name that it has not': { ...named('a', 'b'), not: { required: ['a', 'b'] } },
  'oneOf where both may fit': {
    oneOf: [
      { type: 'integer', multipleOf: 2, minimum: 0, maximum: 30 },
      { type: 'integer', multipleOf: 3, minimum: 0, maximum: 30 },
    ],
  },
  'oneOf of what others require': {
    oneOf: [
      { ...named('a', 'b'), required: ['a'] },
      { ...named('a', 'c'), required: ['c'] },
    ],
  },
  'two choices': { allOf: [{ anyOf: [whole, text] }, { anyOf: [text, { type: 'boolean' }] }] },
  'a schema in itself': { $ref: '#/components/schemas/Node' },
  'a list of itself': { $ref: '#/components/schemas/Tree' },
  'schemas in one another': { $ref: '#/components/schemas/Left' },
  'what stands beside a reference': { $ref: '#/components/schemas/B', required: ['b'], properties: { b: { maximum: 5, minimum: 4 } } },
  'a discriminator': {
    oneOf: [{ $ref: '#/components/schemas/Dog' }, { $ref: '#/components/schemas/Cat' }],
    discriminator: { propertyName: 'kind' },
  },
  'null of OpenAPI 3.0': {
    type: 'object',
    properties: { a: { nullable: true, allOf: [{ $ref: '#/components/schemas/B' }] } },
    required: ['a'],
  },
  'limits of OpenAPI 3.0': { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 1.5, exclusiveMaximum: true },
  'what is only sent, though required': {
    ...named('a', 'b'),
    properties: { a: { type: 'string', writeOnly: true }, b: text },
    required: ['a', 'b'],
  },
  'depth that is required': Array.from({ length: 30 }).reduce(
    (inner: unknown) => ({ type: 'object', properties: { in: inner }, required: ['in'] }),
    whole,
  ),
  'breadth without end': {
    ...Object.fromEntries([['type', 'object']]),
    properties: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}`, { $ref: '#/components/schemas/S' }])),
  },
  'names of everything': JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"integer"},"constructor":{"type":"string"},"$ref":{"type":"string"},"type":{"type":"string"}},"required":["__proto__","constructor","$ref"]}',
  ),
  anything: {},
  true: true,
}

describe('what is generated by a nasty schema', () => {
  const runs = LONG ? Math.ceil(10_000 / Object.keys(NASTY).length) : 8

  it.each(Object.entries(NASTY))('%s: fits', (_what, schema) => {
    const { make: one, misfits } = schemas(schema, OTHERS)
    for (let seed = 0; seed < runs; seed++) {
      const value = one(seed)
      expect({ value, misfits: misfits(value) }).toEqual({ value, misfits: [] })
      // It is JSON: nothing is lost on the line.
      expect(JSON.parse(JSON.stringify(value))).toEqual(value)
    }
  })

  it('fits, or is said to be impossible, whatever the schema', () => {
    const name = fc.constantFrom('a', 'b', 'email', 'kind')
    const small = fc.integer({ min: 0, max: 4 })
    const { schema } = fc.letrec<{ schema: object; leaf: object }>((tie) => ({
      leaf: fc.oneof(
        fc.record({ type: fc.constant('string'), minLength: small, maxLength: fc.integer({ min: 3, max: 9 }) }, { requiredKeys: ['type'] }),
        fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('^[a-z]+$', '^a', 'b$', '^\\d{2}$', '^$') }),
        fc.record({ type: fc.constant('string'), format: fc.constantFrom('email', 'date', 'uri', 'ipv4', 'other') }),
        fc.record(
          {
            type: fc.constantFrom('integer', 'number'),
            minimum: small,
            maximum: fc.integer({ min: 3, max: 9 }),
            multipleOf: fc.constantFrom(1, 2, 0.5),
          },
          { requiredKeys: ['type'] },
        ),
        fc.record({ enum: fc.array(fc.oneof(small, name, fc.constant(null)), { minLength: 1, maxLength: 3 }) }),
        fc.record({ type: fc.constantFrom(['string', 'null'], ['integer', 'boolean'], 'boolean', 'null') }),
        fc.constant({}),
      ),
      schema: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.record(
          {
            type: fc.constant('object'),
            properties: fc.dictionary(name, fc.oneof(tie('schema'), fc.constant({ $ref: '#/components/schemas/S' })), { maxKeys: 3 }),
            required: fc.uniqueArray(name, { maxLength: 2 }),
            additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
            minProperties: small,
            maxProperties: fc.integer({ min: 2, max: 5 }),
            dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 1 }),
            propertyNames: fc.constant({ pattern: '^[a-z]+$' }),
            patternProperties: fc.dictionary(fc.constantFrom('^a', 'd$'), tie('schema'), { maxKeys: 1 }),
          },
          { requiredKeys: ['type'] },
        ),
        fc.record(
          {
            type: fc.constant('array'),
            items: tie('schema'),
            prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
            minItems: small,
            maxItems: fc.integer({ min: 2, max: 5 }),
            uniqueItems: fc.boolean(),
            contains: tie('leaf'),
          },
          { requiredKeys: ['type'] },
        ),
        fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        // Not `not: {}`: beside a condition, ajv 8.20 makes it into a script that fails.
        fc.record({ allOf: fc.tuple(tie('schema')), not: tie('leaf').filter((leaf) => Object.keys(leaf).length > 0) }),
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        fc.record({ if: tie('schema'), then: tie('schema'), else: tie('schema') }, { requiredKeys: ['if'] }),
      ),
    }))
    fc.assert(
      fc.property(schema, fc.nat(), (one, seed) => {
        const { make: made, misfits } = schemas(one)
        try {
          const value = made(seed)
          expect(misfits(value)).toEqual([])
        } catch (error) {
          if (!(error instanceof DocumentError)) throw error
          expect(error.message).toMatch(/^api\.yaml:7: /)
        }
      }),
      { seed: 21, numRuns: LONG ? 5_000 : 200 },
    )
  })

  it.each<[what: string, schema: unknown, why: string]>([
    ['nothing', false, 'it allows nothing'],
    ['types that exclude one another', { allOf: [text, whole] }, 'its parts ask for different types'],
    ['values that exclude one another', { allOf: [{ enum: [1, 2] }, { const: 3 }] }, 'its parts allow different values'],
    [
      'limits that exclude one another',
      { type: 'integer', minimum: 3, maximum: 2 },
      'no number is found for type "integer", minimum 3, maximum 2',
    ],
    [
      'a pattern that needs more',
      { type: 'string', pattern: '^a{5}$', maxLength: 4 },
      'no text is found for pattern "^a{5}$", maxLength 4',
    ],
    ['two branches that always fit both', { oneOf: [named('a'), named('a')] }, 'it must be only one of'],
    ['a name that is required and not allowed', { type: 'object', required: ['a'], additionalProperties: false }, 'it does not allow "a"'],
    [
      'itself without end',
      { type: 'object', required: ['s'], properties: { s: { $ref: '#/components/schemas/S' } } },
      'it has to stand in itself without end',
    ],
    [
      'more items than there are',
      { type: 'array', items: { type: 'boolean' }, uniqueItems: true, minItems: 3 },
      'only 2 items are found for it',
    ],
    ['more than anybody makes', { type: 'array', items: text, minItems: 10_000_000 }, 'more values would be needed than are tried'],
    [
      'a branch in a branch without end',
      {
        anyOf: [
          { type: 'object', required: ['a', 'b'], additionalProperties: { $ref: '#/components/schemas/S' } },
          { type: 'array', minItems: 2, items: { $ref: '#/components/schemas/S' } },
        ],
      },
      '',
    ],
  ])('is said to be impossible, soon, for %s', async (_what, schema, why) => {
    const time = await cpuTime(() => expect(() => make(schema)).toThrow(DocumentError))
    expect(() => make(schema)).toThrow(
      new RegExp(`^api\\.yaml:7: no value is found that fits the schema at #/components/schemas/S.*: .*${RegExp.escape(why)}`),
    )
    expect(time).toBeLessThan(10_000)
  })

  it('is small, whatever stands in itself', () => {
    const { make: one } = schemas(NASTY['breadth without end'])
    expect(JSON.stringify(one()).length).toBeLessThan(20_000)
  })
})

describe('what is generated', () => {
  it('looks like what names and formats say', () => {
    const value = make({
      type: 'object',
      properties: {
        ...named(
          'email',
          'firstName',
          'last_name',
          'city',
          'country',
          'zipCode',
          'phone',
          'website',
          'createdAt',
          'avatar_url',
          'price',
          'status',
        ).properties,
        id: { type: 'string', format: 'uuid' },
        born: { type: 'string', format: 'date' },
        quantity: whole,
        age: whole,
        total_price: { type: 'number' },
        latitude: { type: 'number' },
        updated_at: whole,
      },
    })
    const url = /^https:\/\/[a-z-]+\.example\.com\/[a-z-]+/
    expect(value).toEqual({
      email: expect.stringMatching(/^[\w.+-]+@example\.\w+$/),
      firstName: expect.stringMatching(/^[A-Z]/),
      last_name: expect.stringMatching(/^[A-Z]/),
      city: expect.stringMatching(/^[A-Z]/),
      country: expect.stringMatching(/^[A-Z]/),
      zipCode: expect.stringMatching(/^\d{5}$/),
      phone: expect.stringMatching(/^\+1\d{3}55501\d\d$/),
      website: expect.stringMatching(url),
      createdAt: expect.stringMatching(/^2025-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      avatar_url: expect.stringMatching(/^https:.*\.jpg$/),
      price: expect.stringMatching(/^\d+(\.\d+)?$/),
      status: 'active',
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f-]{27}$/),
      born: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      quantity: expect.toSatisfy((one: number) => one >= 1 && one <= 20),
      age: expect.toSatisfy((one: number) => one >= 18 && one <= 80),
      total_price: expect.toSatisfy((one: number) => one >= 1 && one <= 200 && Number.isInteger(Math.round(one * 100))),
      latitude: expect.toSatisfy((one: number) => Math.abs(one) <= 90),
      updated_at: expect.toSatisfy((one: number) => one > 1.7e9 && one < 1.8e9),
    })
  })

  it.each<[what: string, schema: object, value: unknown]>([
    ['a constant', { const: { a: 1 } }, { a: 1 }],
    ['one of a list', { type: ['string', 'null'], enum: ['only', null] }, 'only'],
    ['an example', { type: 'string', example: 'given' }, 'given'],
    ['one of several examples', { type: 'string', examples: ['given'] }, 'given'],
    ['a default', { type: 'integer', default: 42 }, 42],
    ['an example before a default', { type: 'integer', default: 42, example: 7 }, 7],
    ['no example that does not fit', { type: 'string', example: 5, maxLength: 0 }, ''],
    ['no null where there is something', { type: ['null', 'string'], enum: [null, 'a'] }, 'a'],
    ['no branch of null where there is another', { anyOf: [{ type: 'null' }, { const: 1 }] }, 1],
    ['what faker is asked for', { type: 'string', 'x-faker': { 'helpers.arrayElement': [['picked']] } }, 'picked'],
    ['what faker is asked for, in its type', { type: 'string', 'x-faker': { 'number.int': { min: 5, max: 5 } } }, '5'],
  ])('is %s', (_what, schema, value) => {
    expect(make(schema)).toEqual(value)
  })

  it('is what x-faker says, in the names that faker has today and had before', () => {
    const value = make({
      type: 'object',
      properties: {
        a: { type: 'string', 'x-faker': 'name.firstName' },
        b: { type: 'string', 'x-faker': 'internet.email' },
        c: { type: 'string', format: 'date-time', 'x-faker': 'date.past' },
        d: { type: 'integer', 'x-faker': { 'random.number': { min: 3, max: 4 } } },
        e: { type: 'string', 'x-faker': { fake: '{{person.lastName}}!' } },
      },
    })
    expect(value).toEqual({
      a: expect.stringMatching(/^[A-Z][a-z]+$/),
      b: expect.stringContaining('@'),
      c: expect.stringMatching(/^2025-/),
      d: expect.toSatisfy((one: number) => one === 3 || one === 4),
      e: expect.stringMatching(/^[A-Z].*!$/),
    })
  })

  it.each<[wish: unknown, why: string]>([
    ['name.fistName', 'x-faker at #/components/schemas/S names no method of faker: "name.fistName"; near to it are'],
    ['constructor.constructor', 'names no method of faker'],
    ['helpers.constructor', 'names no method of faker'],
    [{ 'constructor.constructor': ['return 1'] }, 'names no method of faker'],
    [{ fake: '{{constructor.constructor}}' }, 'names no method of faker'],
    ['person', 'names no method of faker'],
    [true, 'is neither the name of a method of faker, nor one such name'],
    [{ a: 1, b: 2 }, 'is neither the name of a method of faker, nor one such name'],
  ])('is nothing that x-faker asks for by %j', (wish, why) =>
    expect(() => make({ type: 'string', 'x-faker': wish })).toThrow(
      expect.objectContaining({ name: 'DocumentError', message: expect.stringContaining(why) }),
    ),
  )

  it('has what belongs to answers, and examples do not count where a new body is wanted', () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'integer', readOnly: true },
        secret: { type: 'string', writeOnly: true },
        state: { type: 'string', example: 'given' },
        inner: { type: 'object', properties: { key: { $ref: '#/components/schemas/Key' }, other: whole }, example: { key: 'x', other: 3 } },
      },
    }
    const { make: one } = schemas(schema, { Key: { type: 'string', writeOnly: true } })
    expect(one()).toEqual({ id: expect.any(Number), state: 'given', inner: { key: 'x', other: 3 } })
    expect(one(1, { usesExamples: false })).toMatchObject({ state: expect.not.stringContaining('given') })
  })

  it('ends where a schema comes back to itself', () => {
    expect(schemas(OTHERS.Node, OTHERS).make()).toMatchObject({ next: { value: expect.any(Number) } })
    expect(schemas(NASTY['a list of itself'], OTHERS).make()).toMatchObject({
      children: [{ children: [] }, { children: [] }, { children: [] }],
    })
    expect(schemas(NASTY['schemas in one another'], OTHERS).make()).toEqual({ right: { left: { right: { left: null } } } })
  })

  it('is of the kind that it says it is', () => {
    const pet = {
      type: 'object',
      properties: { kind: text },
      required: ['kind'],
      discriminator: { propertyName: 'kind', mapping: { d: '#/components/schemas/Dog', c: 'Cat' } },
    }
    const kind = (extra: object) => ({ allOf: [{ $ref: '#/components/schemas/Pet' }, extra] })
    const all = { Pet: pet, Dog: kind({ properties: { bark: { const: 1 } } }), Cat: kind({ properties: { lives: { const: 9 } } }) }
    for (let seed = 0; seed < 8; seed++) {
      expect([
        { kind: 'd', bark: 1 },
        { kind: 'c', lives: 9 },
      ]).toContainEqual(schemas({ $ref: '#/components/schemas/Pet' }, all).make(seed))
      expect(schemas({ $ref: '#/components/schemas/Cat' }, all).make(seed)).toEqual({ kind: 'c', lives: 9 })
    }
    const bare = { ...all, Pet: { ...pet, discriminator: { propertyName: 'kind' } } }
    expect(schemas({ $ref: '#/components/schemas/Dog' }, bare).make()).toEqual({ kind: 'Dog', bark: 1 })
  })

  it('follows references into other files', () => {
    const files = {
      'parts/a.yaml': { A: { type: 'object', properties: { b: { $ref: 'b.yaml#/B' }, own: { $ref: '#/Own' } } }, Own: { const: 'a' } },
      'parts/b.yaml': { B: { const: 'b' } },
    }
    expect(schemas({ $ref: 'parts/a.yaml#/A' }, {}, files).make()).toEqual({ b: 'b', own: 'a' })
  })

  it('hangs on its place and on nothing else', () => {
    const { make: one } = schemas({ type: 'array', items: named('email', 'city', 'createdAt'), minItems: 3 })
    const before = one(5)
    one(6)
    schemas(NASTY['a list of itself'], OTHERS).make(3, { usesExamples: false })
    expect(one(5)).toEqual(before)
    expect(one(6)).not.toEqual(before)
    // What stands beside it changes nothing.
    const wider = schemas({ type: 'array', items: named('aaa', 'email', 'city', 'createdAt'), minItems: 3 }).make(5)
    expect(wider).toMatchObject(before as object)
  })

  it('is the same in another process, in another zone', async () => {
    const script = `
      import { loadDocument } from './src/document/load.ts'
      import { createContract } from './src/contract/operation.ts'
      import { loadChooser } from './src/engine/choose.ts'
      const contract = createContract(await loadDocument('spec/oms-allocations.yaml'))
      const choose = await loadChooser()
      const bodies = contract.operations.map(({ id }) => choose(contract, id, { preference: { dynamic: 'true' }, seed: 'seed' }))
      console.log(JSON.stringify(bodies))
    `
    const [one, other] = await Promise.all(
      ['UTC', 'Pacific/Auckland'].map(
        (TZ) => new Running('node', ['--input-type=module', '--eval', script], { env: { TZ }, cwd: ROOT }).ended,
      ),
    )
    expect(one?.err).toBe('')
    expect(one?.out.length).toBeGreaterThan(5_000)
    expect(other).toEqual(one)
  })
})

/** Documents with answers that nothing fits, and how many: what has to stand in itself. */
const IMPOSSIBLE: Readonly<Record<string, number>> = { 'circular-request-bodies.json': 1 }
/** Those with answers of which several branches of oneOf fit the same values: what is made fits them, and so not one alone. */
const LOOSENED: Readonly<Record<string, number>> = { 'readme-legacy.json': 24 }

const published = ['2.0', '3.0', '3.1'].flatMap((version) =>
  readdirSync(join(PUBLISHED, version, 'json'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => [`${version}/${file}`, join(PUBLISHED, version, 'json', file)] as const),
)
const own = ['oms-allocations', 'supplier-orders', 'control'].map((name) => [name, join(ROOT, `spec/${name}.yaml`)] as const)
const documents = [...own, ...published]

describe('every answer of a document', () => {
  it.each(LONG ? documents : documents.filter(([name]) => name === 'oms-allocations' || name === '3.1/train-travel.json'))(
    '%s fits it',
    async (name, file) => {
      const contract = createContract(openApiOf(await loadDocument(file)))
      const [impossible, loosened] = [new Set<string>(), new Set<string>()]
      let made = 0
      for (const operation of contract.operations)
        for (const { status, headers, contents } of operation.readAnswers())
          for (const { mediaType, generated } of contents)
            for (const usesExamples of generated ? [true, false] : []) {
              const purpose = { chance: chanceOf(`${operation.id} ${status} ${String(usesExamples)}`), usesExamples }
              try {
                const reply = {
                  status: status === 'default' ? 599 : Number(status.replace('XX', '99')),
                  headers: Object.fromEntries(
                    headers.map((header) => [header.name, String(header.generated?.(generate, { ...purpose, name: header.name }))]),
                  ),
                  body: generated?.(generate, purpose),
                  mediaType,
                }
                const issues = operation.checkReply(reply)
                if (issues.length > 0 && issues.every(({ rule }) => rule === 'oneOf')) loosened.add(`${operation.id} ${status}`)
                else expect({ reply, issues }).toEqual({ reply, issues: [] })
                made++
              } catch (error) {
                if (!(error instanceof DocumentError)) throw error
                impossible.add(`${operation.id} ${status}`)
              }
            }
      expect([...impossible]).toHaveLength(IMPOSSIBLE[name.slice(4)] ?? 0)
      expect([...loosened]).toHaveLength(LOOSENED[name.slice(4)] ?? 0)
      // Some have no schema of an answer.
      if (!LONG) expect(made).toBeGreaterThan(30)
    },
  )
})
