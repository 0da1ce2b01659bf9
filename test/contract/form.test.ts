import { describe, expect, it } from 'vitest'
import { formOf } from '../../src/contract/form.ts'
import { soFar } from '../../src/contract/on-demand.ts'
import { createContract, type Operation } from '../../src/contract/operation.ts'
import { createReader } from '../../src/contract/schema.ts'
import type { LoadedDocument } from '../../src/document/load.ts'

type Json = Readonly<Record<string, unknown>>

function documentOf(schema: unknown, schemas: Json = {}, openapi = '3.1.0'): LoadedDocument {
  const content = { 'application/json': { schema } }
  const operation = { operationId: 'a', requestBody: { required: true, content }, responses: { 200: { content } } }
  return {
    name: 'a',
    sources: [{ uri: 'a.yaml', content: { openapi, paths: { '/a': { post: operation } }, components: { schemas } }, lineOf: () => 1 }],
  }
}

function operationOf(...document: Parameters<typeof documentOf>): Operation {
  const [operation] = createContract(documentOf(...document)).operations
  if (!operation) throw new Error('no operation')
  return operation
}

/** Which rules a value breaks as it is sent, and as it is answered. */
function broken(operation: Operation, value: unknown): [sent: string[], answered: string[]] {
  const read = operation.readBody({ kind: 'text', text: JSON.stringify(value) }, 'application/json')
  const sent = read.kind === 'refused' ? (read.problem.issues ?? []) : []
  return [
    sent.map(({ at, rule }) => `${at} ${rule}`),
    operation.checkReply({ status: 200, body: value }).map(({ at, rule }) => `${at} ${rule}`),
  ]
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const text = { type: 'string' }
const id = { type: 'integer', readOnly: true }
const User = { type: 'object', required: ['id', 'name'], properties: { id, name: text } }

describe('what only one side has', () => {
  it.each<[what: string, schema: Json, value: unknown, at: string]>([
    ['a property', User, { name: 'a' }, '/body/id'],
    ['a property of a property', { properties: { user: User } }, { user: { name: 'a' } }, '/body/user/id'],
    ['a property of an element', { type: 'array', items: User }, [{ name: 'a' }], '/body/0/id'],
    ['a property behind a reference', ref('User'), { name: 'a' }, '/body/id'],
    ['a property that is a reference itself', { required: ['id'], properties: { id: ref('Id') } }, {}, '/body/id'],
    [
      'a property with a mark beside its parts',
      { required: ['id'], properties: { id: { allOf: [text], readOnly: true } } },
      {},
      '/body/id',
    ],
    [
      'a part of allOf',
      { allOf: [User, { required: ['more'], properties: { more: { ...text, readOnly: true } } }] },
      { name: 'a' },
      '/body/id',
    ],
    ['a requirement of another part', { allOf: [{ properties: { id } }, { required: ['id'] }] }, {}, '/body/id'],
    ['a requirement beside the parts', { required: ['id'], allOf: [ref('Marks')] }, {}, '/body/id'],
    ['a requirement of a part behind a reference', { allOf: [ref('Needs'), ref('Marks')] }, {}, '/body/id'],
    ['a branch', { oneOf: [User, { type: 'integer' }] }, { name: 'a' }, '/body/id'],
    ['what is free', { additionalProperties: User }, { a: { name: 'a' } }, '/body/a/id'],
  ])('is required of the other: %s', (_what, schema, value, at) => {
    const schemas = { User, Id: id, Marks: { properties: { id } }, Needs: { type: 'object', required: ['id'] } }
    const [sent, answered] = broken(operationOf(schema, schemas), value)
    expect(sent).toEqual([])
    expect(answered[0]).toMatch(new RegExp(`^${at} `))
    // The mark of the other side turns it around.
    const turned = (part: Json): Json => JSON.parse(JSON.stringify(part).replaceAll('readOnly', 'writeOnly'))
    const [sentTurned, answeredTurned] = broken(operationOf(turned(schema), turned(schemas)), value)
    expect(sentTurned[0]).toMatch(new RegExp(`^${at} `))
    expect(answeredTurned).toEqual([])
  })

  it('is a matter of the requirement alone', () => {
    expect(broken(operationOf(User), { id: 'x' })[0]).toEqual(['/body/name required', '/body/id type'])
    // Who else refers to the part that requires it is asked for it.
    const schemas = { Needs: { type: 'object', required: ['id'] }, Marks: { properties: { id } } }
    const both = { properties: { one: { allOf: [ref('Needs'), ref('Marks')] }, other: ref('Needs') } }
    expect(broken(operationOf(both, schemas), { one: {}, other: {} })[0]).toEqual(['/body/other/id required'])
  })

  it('may be named like the mark', () => {
    const schema = { required: ['readOnly', 'required'], properties: { readOnly: { type: 'boolean' }, required: { type: 'array' } } }
    expect(broken(operationOf(schema), {})[0]).toEqual(['/body/readOnly required', '/body/required required'])
  })
})

describe('a discriminator', () => {
  const Cat = { type: 'object', required: ['meows'], properties: { type: text, meows: { type: 'boolean' } } }
  const Dog = { type: 'object', required: ['barks'], properties: { type: text, barks: { type: 'boolean' } } }
  const pinned = (schema: Json, type: Json) => ({ ...schema, properties: { ...(schema['properties'] as Json), type } })
  const oneOf = [ref('Cat'), ref('Dog')]
  const mapping = { cat: '#/components/schemas/Cat', kitten: 'Cat', dog: 'Dog' }
  it.each<[what: string, schema: Json, schemas: Json, fits: unknown[], fails: unknown[]]>([
    [
      'with a mapping',
      { oneOf, discriminator: { propertyName: 'type', mapping } },
      { Cat, Dog },
      [
        { type: 'cat', meows: true },
        { type: 'kitten', meows: true },
      ],
      [{ type: 'dog', meows: true }, { type: 'Cat', meows: true }, { meows: true }],
    ],
    [
      'whose branches fit alike',
      { oneOf, discriminator: { propertyName: 'type', mapping } },
      { Cat: { properties: { type: text, lives: { type: 'integer' } } }, Dog: { properties: { type: text } } },
      [
        { type: 'cat', lives: 9 },
        { type: 'dog', lives: 'one' },
      ],
      [{ type: 'cat', lives: 'nine' }],
    ],
    [
      'by the names of schemas',
      { anyOf: oneOf, discriminator: { propertyName: 'type' } },
      { Cat, Dog },
      [{ type: 'Cat', meows: true }],
      [{ type: 'Dog', meows: true }, { type: 'cat', meows: true }, { meows: true }],
    ],
    [
      'whose branches have values of their own',
      { oneOf, discriminator: { propertyName: 'type' } },
      { Cat: pinned(Cat, { const: 'cat' }), Dog: pinned(Dog, { const: 'dog' }) },
      [{ type: 'cat', meows: true }],
      [{ type: 'dog', meows: true }, { meows: true }],
    ],
    [
      'whose branches have the values of all',
      { oneOf, discriminator: { propertyName: 'type' } },
      { Cat: pinned(Cat, { enum: ['Cat', 'Dog'] }), Dog: { allOf: [Dog, { properties: { type: { enum: ['Cat', 'Dog'] } } }] } },
      [{ type: 'Cat', meows: true }],
      [{ type: 'Dog', meows: true }, { meows: true }],
    ],
    [
      'whose branches have values of their own elsewhere',
      { oneOf, discriminator: { propertyName: 'type' } },
      { Cat: pinned(Cat, ref('CatType')), CatType: { enum: ['cat'] }, Dog: pinned(Dog, { allOf: [{ enum: ['dog', 'hound'] }] }) },
      [{ type: 'cat', meows: true }],
      [
        { type: 'dog', meows: true },
        { type: 'Cat', meows: true },
      ],
    ],
  ])('%s says which branch it has to be', (_what, schema, schemas, fits, fails) => {
    const operation = operationOf(schema, schemas)
    for (const value of fits) expect(broken(operation, value)).toEqual([[], []])
    for (const value of fails) for (const rules of broken(operation, value)) expect(rules).not.toEqual([])
  })

  it.each<[value: unknown, said: string[]]>([
    [{}, ['/body/type required']],
    [{ type: 'cat' }, ['/body/meows required']],
    [{ type: 'dog', barks: 'loud' }, ['/body/barks type']],
    [{ type: 'cow' }, ['/body/type enum']],
    [{ type: 1 }, ['/body/type enum']],
    [7, ['/body type']],
  ])('is all that is told of %j', (value, said) => {
    const strict = { type: 'object', properties: { type: text, barks: { type: 'boolean' } }, required: ['type', 'barks'] }
    const schema = { oneOf, discriminator: { propertyName: 'type', mapping } }
    for (const told of broken(operationOf(schema, { Cat, Dog: strict }), value)) expect(told).toEqual(said)
  })

  it('of a base that has no branches says nothing', () => {
    expect(broken(operationOf({ ...Cat, discriminator: { propertyName: 'type' } }), { meows: true })).toEqual([[], []])
  })
})

describe.each(['3.0.3', '3.1.0'])('a schema of OpenAPI 3.0, in a document of %s', (version) => {
  it.each<[what: string, schema: Json, fits: unknown[], fails: unknown[]]>([
    ['a limit that excludes itself', { minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: true }, [2], [1, 3]],
    ['a limit that does not', { minimum: 1, exclusiveMinimum: false }, [1], [0]],
    ['null', { type: 'integer', nullable: true }, [1, null], ['x']],
    ['null of a reference', { nullable: true, allOf: [{ type: 'integer' }] }, [1, null], ['x']],
    ['no null', { type: 'integer', nullable: false }, [1], [null]],
    ['no null, without a type', { nullable: false, enum: [1] }, [1], [null]],
  ])('says: %s', (_what, schema, fits, fails) => {
    const operation = operationOf(schema, {}, version)
    for (const value of fits) expect(broken(operation, value)).toEqual([[], []])
    for (const value of fails) for (const rules of broken(operation, value)) expect(rules).not.toEqual([])
  })

  it('has data that looks like one', () => {
    const [source] = formOf(
      documentOf({ example: { nullable: true }, properties: { nullable: text }, nullable: false }, {}, version),
      'request',
    ).sources
    expect(JSON.stringify(source?.content)).toContain('"example":{"nullable":true},"properties":{"nullable":{"type":"string"}}')
  })
})

it('is the document itself where there is nothing to do', () => {
  const document = documentOf({ ...User, properties: {} })
  expect(formOf(document, 'request')).toBe(document)
})

describe('a large document', () => {
  const document = documentOf({ $ref: '#/components/schemas/User' }, { User, Other: { ...User, nullable: true } })

  it('is changed where something is asked for, once, and nowhere else', () => {
    const formed = formOf(document, 'request')
    const content = Object(formed.sources[0]?.content)
    const { schemas } = content.components
    expect([Object.keys(schemas), soFar(schemas), soFar(content.paths)]).toEqual([['User', 'Other'], {}, {}])

    const reader = createReader(formed)
    const { value } = reader.at('a.yaml', '/components/schemas/User')
    expect(value['required']).toEqual(['name'])
    expect(reader.placeOf(value)?.pointer).toBe('/components/schemas/User')
    expect(soFar(schemas)).toEqual({ User: value })
    expect(reader.at('a.yaml', '/components/schemas/User').value).toBe(value)
    expect(soFar(content.paths)).toEqual({})
  })

  it('is changed as a whole where schemas give themselves names: the first of two keeps it', () => {
    const named = (title: string) => ({ $id: 'https://example.com/a', title, nullable: true })
    const { components } = Object(formOf(documentOf({}, { First: named('one'), Second: named('two') }), 'request').sources[0]?.content)
    expect([components.schemas.Second, components.schemas.First].map((one) => JSON.stringify(one).match(/"\$id":"(.*?)"/)?.[1])).toEqual([
      'https://example.com/a?again=2',
      'https://example.com/a',
    ])
  })

  it('may be frozen, and have names that objects have', () => {
    const schemas = { ...JSON.parse('{"__proto__":{"type":"string","nullable":true}}'), constructor: { type: 'integer', nullable: true } }
    const properties = { a: { $ref: '#/components/schemas/__proto__' }, b: { $ref: '#/components/schemas/constructor' } }
    const [operation] = createContract(deepFrozen(documentOf({ properties }, schemas))).operations
    if (!operation) throw new Error('no operation')
    expect(broken(operation, { a: null, b: null })).toEqual([[], []])
    expect(broken(operation, { a: 1, b: 'x' })).toEqual([
      ['/body/a type', '/body/b type'],
      ['/body/a type', '/body/b type'],
    ])
  })
})

it('is checked in each of its files, whatever stands at the head of one', () => {
  const [main] = documentOf({ $ref: 'pet.yaml' }, {}, '3.0.3').sources
  if (!main) throw new Error('no file')
  const Pet = { openapi: '3.0.3', ...User, properties: { ...User.properties, name: { ...text, nullable: true } }, components: {} }
  const sources = [main, { uri: 'pet.yaml', content: Pet, lineOf: () => 2 }]
  const [operation] = createContract({ name: 'a', sources }).operations
  if (!operation) throw new Error('no operation')
  expect(broken(operation, { name: null })).toEqual([[], ['/body/id required']])
  expect(broken(operation, 5)).toEqual([['/body type'], ['/body type']])
})

it('is told with one place, whatever was asked before', () => {
  const branch = (name: string, required: string) => ({ ...ref(name), required: [required] })
  const kinds = (name: string) => ({ type: 'object', properties: { kind: { const: name } } })
  const schemas = {
    Derived: { type: 'object', allOf: [ref('Base')] },
    Base: {
      type: 'object',
      required: ['id'],
      properties: { id },
      discriminator: { propertyName: 'kind' },
      oneOf: [branch('Cat', 'x'), branch('Dog', 'y')],
    },
    Cat: kinds('Cat'),
    Dog: kinds('Dog'),
  }
  const content = (name: string) => ({ required: true, content: { 'application/json': { schema: ref(name) } } })
  const paths = Object.fromEntries(['Derived', 'Base'].map((name) => [`/${name}`, { post: { requestBody: content(name), responses: {} } }]))
  const places = (names: readonly string[]): readonly string[] => {
    const sources = [{ uri: 'a.yaml', content: { openapi: '3.1.0', paths, components: { schemas } }, lineOf: () => 1 }]
    const { operations } = createContract({ name: 'a', sources })
    const asked = names.map((name) => {
      const read = operations
        .find(({ template }) => template === `/${name}`)
        ?.readBody({ kind: 'text', text: '{"kind":"Cat"}' }, 'application/json')
      return `${name}: ${read?.kind === 'refused' ? read.problem.issues?.map(({ place }) => place?.pointer).join() : read?.kind}`
    })
    return asked.toSorted()
  }
  expect(places(['Derived', 'Base'])).toEqual(places(['Base', 'Derived']))
  expect(places(['Base'])).toEqual(['Base: /components/schemas/Base/then/required'])
})

function deepFrozen<Given>(value: Given): Given {
  if (typeof value !== 'object' || value === null) return value
  Object.values(value).forEach(deepFrozen)
  return Object.freeze(value)
}
