import * as fc from 'fast-check'

export type Schema = { readonly [key: string]: unknown }

/** A schema, and a value that fits it: so there is one. */
export interface Satisfiable {
  readonly schema: Schema
  readonly value: unknown
}

const made = (schema: Schema, value: unknown): Satisfiable => ({ schema, value })

const whole = fc.record({
  factor: fc.integer({ min: -40, max: 40 }),
  step: fc.constantFrom(1, 2, 3, 5, 7, 12, 100),
  least: fc.nat(90),
  most: fc.nat(90),
})
const integer = whole.map(({ factor, step, least, most }) =>
  made({ type: 'integer', multipleOf: step, minimum: factor * step - least, maximum: factor * step + most }, factor * step),
)
const number = whole.map(({ factor, step, least, most }) =>
  made(
    {
      type: 'number',
      multipleOf: step / 4,
      exclusiveMinimum: factor * (step / 4) - 0.25 - least,
      exclusiveMaximum: factor * (step / 4) + 0.25 + most,
    },
    factor * (step / 4),
  ),
)

/** Patterns, each with texts that fit it. */
const PATTERNS: readonly (readonly [pattern: string, texts: readonly string[]])[] = [
  ['^[a-z]+$', ['a', 'abcdefgh', 'a'.repeat(30)]],
  ['^[A-Z]{3}-\\d{4,8}$', ['ABC-1234', 'XYZ-12345678']],
  ['\\d', ['1', 'abc7', 'a1b2c3d4e5f6g7h8']],
  ['^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,20}$', ['Abcdefg1', 'ABCDEFGHIJKLMNOPQR12']],
  ['^x-', ['x-', 'x-more', `x-${'y'.repeat(25)}`]],
  ['end$', ['end', 'the end', `${'z'.repeat(12)}end`]],
  ['^(red|green|blue)( (red|green|blue))*$', ['red', 'red green', 'blue blue blue blue']],
  ['^\\p{L}{2,10}$', ['ab', 'abcdefghij', 'éàü']],
  ['^[^\\s@]+@[^\\s@]+\\.[a-z]{2,3}$', ['a@b.co', 'somebody@example.com']],
]
const FORMATS: readonly (readonly [format: string, texts: readonly string[]])[] = [
  ['email', ['a@b.co', 'somebody@example.com']],
  ['date', ['2024-02-29']],
  ['date-time', ['2024-02-29T12:00:00Z']],
  ['uuid', ['4f4e4e12-c824-4d63-b37a-d8d698862f1d']],
  ['uri', ['https://example.com/', 'a:b']],
  ['hostname', ['example.com', 'a']],
  ['ipv4', ['127.0.0.1', '255.255.255.255']],
  ['time', ['12:00:00Z']],
  ['duration', ['P1D', 'P1Y2M3DT4H5M6S']],
]
const lengthsAround = (text: string, least: number, most: number): Schema => {
  const { length } = Array.from(text)
  return { ...(least < 8 && { minLength: Math.max(0, length - least) }), ...(most < 8 && { maxLength: length + most }) }
}
const textual = (key: 'pattern' | 'format', table: typeof PATTERNS) =>
  fc.tuple(fc.constantFrom(...table), fc.nat(5), fc.nat(12), fc.nat(12)).map(([[rule, texts], which, least, most]) => {
    const text = texts[which % texts.length] ?? ''
    return made({ type: 'string', [key]: rule, ...lengthsAround(text, least, most) }, text)
  })
const text = fc.tuple(fc.nat(40), fc.nat(12), fc.nat(12)).map(([length, least, most]) => {
  const value = 'a'.repeat(length)
  return made({ type: 'string', ...lengthsAround(value, least, most) }, value)
})
const listed = fc
  .tuple(fc.uniqueArray(fc.constantFrom('a', 'b', 1, 2, null, true, 'long text'), { minLength: 1 }), fc.nat(7), fc.boolean())
  .map(([values, which, isTyped]) => {
    const value = values[which % values.length] ?? null
    return values.length === 1
      ? made({ const: value }, value)
      : made({ enum: values, ...(isTyped && { type: ['string', 'integer', 'null', 'boolean'] }) }, value)
  })

const names = fc.uniqueArray(fc.constantFrom<string>('id', 'name', 'size', 'tags', 'owner', 'constructor', 'x-note'), { maxLength: 4 })
const base = '#/components/schemas/'

/** Schemas of every kind, of which each can be fitted. */
export const satisfiable: fc.Arbitrary<Satisfiable> = fc.letrec<{
  any: Satisfiable
  object: Satisfiable
  list: Satisfiable
  mixed: Satisfiable
}>((tie) => {
  const one = (maxDepth: number) => fc.oneof({ maxDepth, depthIdentifier: 'schema' }, leaf, tie('object'), tie('list'), tie('mixed'))
  const leaf = fc.oneof(
    integer,
    number,
    text,
    textual('pattern', PATTERNS),
    textual('format', FORMATS),
    listed,
    fc.constant(made({ type: 'boolean' }, true)),
  )
  const members = fc
    .tuple(names, fc.array(one(4), { minLength: 4, maxLength: 4 }))
    .map(([all, inner]) => all.map((name, place) => [name, inner[place] ?? made({}, 0)] as const))
  const plain = members.map((all) => ({
    properties: Object.fromEntries(all.map(([name, { schema }]) => [name, schema])),
    value: Object.fromEntries(all.map(([name, { value }]) => [name, value])),
    names: all.map(([name]) => name),
  }))
  const object = fc.oneof(
    plain.map(({ properties, value, names: all }) => made({ type: 'object', properties, required: all }, value)),
    plain.map(({ properties, value, names: all }) =>
      made({ type: 'object', properties, required: all.slice(1), additionalProperties: false, maxProperties: all.length }, value),
    ),
    // Evaluated in parts.
    fc.tuple(plain, plain).map(([first, second]) =>
      made(
        {
          allOf: [
            { properties: first.properties, required: first.names },
            { properties: Object.fromEntries(Object.entries(second.properties).filter(([name]) => !first.names.includes(name))) },
          ],
          type: 'object',
          unevaluatedProperties: false,
        },
        first.value,
      ),
    ),
    // Names by pattern only.
    fc
      .tuple(one(4), fc.integer({ min: 1, max: 3 }), fc.constantFrom('^[a-z]{2,5}$', '^x-', '\\d$'))
      .map(([{ schema, value }, many, pattern]) => {
        const texts: Readonly<Record<string, readonly string[]>> = {
          '^[a-z]{2,5}$': ['ab', 'cd', 'ef'],
          '^x-': ['x-1', 'x-2', 'x-3'],
          '\\d$': ['a1', 'b2', 'c3'],
        }
        return made(
          { type: 'object', patternProperties: { [pattern]: schema }, additionalProperties: false, minProperties: many },
          Object.fromEntries((texts[pattern] ?? []).slice(0, many).map((name) => [name, value])),
        )
      }),
    fc.tuple(one(4), fc.integer({ min: 1, max: 3 })).map(([{ schema, value }, many]) =>
      made(
        {
          type: 'object',
          propertyNames: { pattern: '^[A-Z]{2,3}$', maxLength: 3 },
          additionalProperties: schema,
          minProperties: many,
          maxProperties: many + 1,
        },
        Object.fromEntries(['AB', 'CD', 'EF'].slice(0, many).map((name) => [name, value])),
      ),
    ),
    // What hangs on other members.
    fc.tuple(plain, one(4)).map(([{ properties, value, names: all }, { schema, value: more }]) =>
      made(
        {
          type: 'object',
          properties,
          required: all,
          dependentRequired: { [all[0] ?? 'id']: ['more'] },
          dependentSchemas: { more: { properties: { more: schema } } },
        },
        { ...value, more },
      ),
    ),
    fc.tuple(one(4), one(4), fc.boolean()).map(([yes, no, isYes]) =>
      made(
        {
          type: 'object',
          properties: { kind: { enum: ['a', 'b'] } },
          required: ['kind'],
          if: { properties: { kind: { const: 'a' } } },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
          then: { properties: { yes: yes.schema }, required: ['yes'] },
          else: { properties: { no: no.schema }, required: ['no'], not: { required: ['yes'] } },
        },
        isYes ? { kind: 'a', yes: yes.value } : { kind: 'b', no: no.value },
      ),
    ),
    plain.map(({ properties, value, names: all }) =>
      made(
        { type: 'object', properties: { ...properties, absent: { type: 'string' } }, required: all, not: { required: ['absent'] } },
        value,
      ),
    ),
    // Of themselves.
    fc.constantFrom(
      made({ $ref: `${base}Tree` }, { name: 'a', children: [] }),
      made({ $ref: `${base}Chain` }, { next: null }),
      made({ $ref: `${base}Pair` }, { left: {} }),
    ),
  )
  const list = fc.oneof(
    fc.tuple(one(4), fc.nat(3), fc.nat(3)).map(([{ schema, value }, many, more]) =>
      made(
        { type: 'array', items: schema, minItems: many, maxItems: many + more },
        Array.from({ length: many }, () => value),
      ),
    ),
    fc.tuple(fc.array(one(4), { minLength: 1, maxLength: 3 }), fc.boolean()).map(([all, isClosed]) =>
      made(
        { type: 'array', prefixItems: all.map(({ schema }) => schema), ...(isClosed && { items: false }), minItems: all.length },
        all.map(({ value }) => value),
      ),
    ),
    fc.array(one(4), { minLength: 1, maxLength: 3 }).map((all) =>
      made(
        { type: 'array', allOf: [{ prefixItems: all.map(({ schema }) => schema), minItems: all.length }], unevaluatedItems: false },
        all.map(({ value }) => value),
      ),
    ),
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3)).map(([many, more]) => {
      const values = ['a', 'b', 'c', 'd', 1, 2, null].slice(0, many + more)
      return made({ type: 'array', items: { enum: values }, uniqueItems: true, minItems: many }, values.slice(0, many))
    }),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(2), fc.nat(3)).map(([least, more, others]) =>
      made(
        {
          type: 'array',
          items: { type: 'integer', minimum: 0, maximum: 1000 },
          contains: { minimum: 900 },
          minContains: least,
          maxContains: least + more,
          minItems: least + others,
        },
        [...Array.from({ length: least }, () => 950), ...Array.from({ length: others }, () => 5)],
      ),
    ),
    fc.tuple(one(4), fc.nat(2)).map(([{ schema, value }, more]) =>
      made(
        { type: 'array', contains: schema, minItems: 1 + more },
        Array.from({ length: 1 + more }, () => value),
      ),
    ),
  )
  const mixed = fc.oneof(
    fc
      .tuple(one(4), fc.constantFrom<Schema>({}, { description: 'Any.' }, { not: { const: 'never' } }))
      .map(([{ schema, value }, beside]) => made({ allOf: [schema, beside] }, value)),
    fc
      .tuple(one(4), one(4), fc.boolean())
      .map(([one, other, isFirst]) => made({ anyOf: [one.schema, other.schema] }, isFirst ? one.value : other.value)),
    // Branches that exclude one another by a tag.
    fc.tuple(plain, plain, fc.nat(1)).map(([first, second, which]) => {
      const branch = (tag: string, { properties, names: all }: typeof first): Schema => ({
        type: 'object',
        properties: { ...properties, tag: { const: tag } },
        required: [...all, 'tag'],
      })
      return made(
        { allOf: [{ oneOf: [branch('first', first), branch('second', second)] }, { type: 'object', required: ['tag'] }] },
        which === 0 ? { ...first.value, tag: 'first' } : { ...second.value, tag: 'second' },
      )
    }),
    fc
      .tuple(integer, fc.nat(3))
      .map(([{ schema, value }, more]) => made({ oneOf: [schema, { type: 'string', minLength: more }, { type: 'null' }] }, value)),
    fc.tuple(one(4), fc.constantFrom('null', 'boolean')).map(([{ schema, value }, type]) => made({ anyOf: [schema, { type }] }, value)),
    one(4).map(({ schema, value }) =>
      made({ allOf: [{ anyOf: [schema, { type: 'null' }] }, { anyOf: [schema, { const: 'other' }] }] }, value),
    ),
    fc
      .tuple(fc.constantFrom('a', 1, true), fc.array(fc.constantFrom('b', 2, 'a', 1, true), { maxLength: 4 }))
      .map(([value, others]) => made({ allOf: [{ enum: [...others, value] }, { const: value }] }, value)),
    fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }))
      .map(([value, others]) =>
        made({ type: 'integer', minimum: 0, maximum: 5, not: { enum: [-1, ...others.filter((other) => other !== value)] } }, value),
      ),
  )
  return { any: one(4), object, list, mixed }
}).any

/** What the schemas refer to. */
export const OTHERS: Readonly<Record<string, Schema>> = {
  Tree: {
    type: 'object',
    required: ['name', 'children'],
    properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: `${base}Tree` } } },
    unevaluatedProperties: false,
  },
  Chain: { type: 'object', required: ['next'], properties: { next: { oneOf: [{ $ref: `${base}Chain` }, { type: 'null' }] } } },
  Pair: {
    type: 'object',
    properties: { left: { $ref: `${base}Pair` }, right: { allOf: [{ $ref: `${base}Pair` }] } },
    minProperties: 0,
    additionalProperties: false,
  },
}

/** The same schema with a demand that no value meets. */
export const unsatisfiable: fc.Arbitrary<Schema> = fc.tuple(satisfiable, fc.nat(6)).map(([{ schema }, which]): Schema => {
  const ways: readonly Schema[] = [
    { allOf: [schema, { type: 'string', minLength: 2 }, { maxLength: 1 }] },
    { allOf: [schema, { not: {} }] },
    { type: 'object', required: ['a'], properties: { a: { allOf: [schema, false] } } },
    { type: 'array', items: schema, minItems: 2, maxItems: 1 },
    { type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true, minItems: 3, description: JSON.stringify(schema).slice(0, 9) },
    { allOf: [schema, { type: 'object' }, { type: 'string' }] },
    { type: 'object', required: ['x', 'y'], properties: { x: schema }, additionalProperties: false },
  ]
  return ways[which] ?? {}
})
