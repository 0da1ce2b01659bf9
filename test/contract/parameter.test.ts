import { describe, expect, it } from 'vitest'
import { createContract, type Operation, type ReadParameters } from '../../src/contract/operation.ts'
import { DocumentError } from '../../src/base/problem.ts'

type Place = 'path' | 'query' | 'header' | 'cookie'

/** The only operation of a document that has these parameters; those of its path come first. */
function operationWith(parameters: readonly object[], more: { ofPath?: readonly object[]; components?: object } = {}): Operation {
  const content = {
    openapi: '3.1.0',
    components: more.components ?? {},
    paths: { '/a/{color}': { parameters: more.ofPath ?? [], get: { operationId: 'a', parameters, responses: {} } } },
  }
  const [operation] = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }).operations
  if (!operation) throw new Error('the document has no operation')
  return operation
}

/** Reads one parameter from the raw text of its place: a query without `?`, a cookie header, a header, a path segment. */
function readOne(parameter: { name?: string; in: Place } & Record<string, unknown>, raw: string | undefined): ReadParameters {
  const { name = 'color', in: where } = parameter
  const operation = operationWith([{ name, ...parameter }])
  return operation.readParameters({
    path: where === 'path' && raw !== undefined ? { [name]: raw } : {},
    query: where === 'query' ? (raw ?? '') : '',
    headers: raw === undefined ? {} : where === 'header' ? { [name.toLowerCase()]: raw } : where === 'cookie' ? { cookie: raw } : {},
  })
}

const text = { type: 'string' }
const list = { type: 'array', items: { type: 'string' } }
const numbers = { type: 'array', items: { type: 'integer' } }
const record = { type: 'object', properties: { R: { type: 'integer' }, G: { type: 'integer' }, B: { type: 'integer' } } }

const blue = 'blue'
const colors = ['blue', 'black', 'brown']
const rgb = { R: 100, G: 200, B: 150 }

describe('a style', () => {
  // The table of style examples in OpenAPI 3.1, 4.8.12, where it gives one for the place.
  it.each([
    ['path', 'simple', false, text, 'blue', blue],
    ['path', 'simple', false, list, 'blue,black,brown', colors],
    ['path', 'simple', false, record, 'R,100,G,200,B,150', rgb],
    ['path', 'simple', true, text, 'blue', blue],
    ['path', 'simple', true, list, 'blue,black,brown', colors],
    ['path', 'simple', true, record, 'R=100,G=200,B=150', rgb],
    ['path', 'label', false, text, '.', ''],
    ['path', 'label', false, text, '.blue', blue],
    ['path', 'label', false, list, '.blue,black,brown', colors],
    // As OpenAPI 3.0.0 to 3.0.3, and 3.1.0, have it.
    ['path', 'label', false, list, '.blue.black.brown', colors],
    ['path', 'label', false, record, '.R,100,G,200,B,150', rgb],
    ['path', 'label', false, record, '.R.100.G.200.B.150', rgb],
    ['path', 'label', true, text, '.blue', blue],
    ['path', 'label', true, list, '.blue.black.brown', colors],
    ['path', 'label', true, list, '.a%2Eb.c', ['a.b', 'c']],
    ['path', 'label', true, record, '.R=100.G=200.B=150', rgb],
    ['path', 'label', false, numbers, '.1.5', [1, 5]],
    ['path', 'label', true, { type: 'number' }, '.1.5', 1.5],
    ['path', 'matrix', false, text, ';color', ''],
    ['path', 'matrix', false, text, ';color=blue', blue],
    ['path', 'matrix', false, list, ';color=blue,black,brown', colors],
    ['path', 'matrix', false, record, ';color=R,100,G,200,B,150', rgb],
    ['path', 'matrix', true, text, ';color=blue', blue],
    ['path', 'matrix', true, list, ';color=blue;color=black;color=brown', colors],
    ['path', 'matrix', true, list, ';color=blue', [blue]],
    ['path', 'matrix', true, record, ';R=100;G=200;B=150', rgb],
    ['path', 'matrix', false, list, ';color=a%2Cb,c', ['a,b', 'c']],
    ['query', 'spaceDelimited', true, list, 'color=blue&color=black&color=brown', colors],
    ['query', 'pipeDelimited', true, list, 'color=blue&color=black&color=brown', colors],
    ['query', 'form', false, list, 'color=blue&color=black,brown', colors],
    ['cookie', 'cookie', true, text, 'color=a%20b', 'a%20b'],
    ['cookie', 'cookie', true, record, 'R=100; G=200; B=150', rgb],
    ['cookie', 'form', true, text, 'color=a%20b', 'a b'],
    ['cookie', 'form', true, text, 'color=100%', '100%'],
    ['cookie', 'form', false, list, 'color=a%2Cb,c', ['a,b', 'c']],
    ['cookie', 'form', true, list, 'color=blue; color=black; color=brown', colors],
    ['cookie', 'form', true, record, 'R=100; G=200; B=150', rgb],
    ['header', 'simple', false, text, 'blue', blue],
    ['header', 'simple', false, list, 'blue,black,brown', colors],
    ['header', 'simple', false, record, 'R,100,G,200,B,150', rgb],
    ['header', 'simple', true, text, 'blue', blue],
    ['header', 'simple', true, list, 'blue,black,brown', colors],
    ['header', 'simple', true, record, 'R=100,G=200,B=150', rgb],
    ['query', 'form', false, text, 'color=', ''],
    ['query', 'form', false, text, 'color=blue', blue],
    ['query', 'form', false, list, 'color=blue,black,brown', colors],
    ['query', 'form', false, record, 'color=R,100,G,200,B,150', rgb],
    ['query', 'form', true, text, 'color=', ''],
    ['query', 'form', true, text, 'color=blue', blue],
    ['query', 'form', true, list, 'color=blue&color=black&color=brown', colors],
    ['query', 'form', true, record, 'R=100&G=200&B=150', rgb],
    ['query', 'spaceDelimited', false, list, 'color=blue%20black%20brown', colors],
    ['query', 'spaceDelimited', false, record, 'color=R%20100%20G%20200%20B%20150', rgb],
    ['query', 'pipeDelimited', false, list, 'color=blue|black|brown', colors],
    ['query', 'pipeDelimited', false, list, 'color=blue%7Cblack%7cbrown', colors],
    ['query', 'pipeDelimited', false, record, 'color=R|100|G|200|B|150', rgb],
    ['query', 'deepObject', true, record, 'color[R]=100&color[G]=200&color[B]=150', rgb],
    ['query', 'deepObject', true, record, 'color%5BR%5D=100&color%5bG%5d=200&color[B]=150', rgb],
    ['cookie', 'form', false, text, 'color=', ''],
    ['cookie', 'form', false, text, 'color=blue', blue],
    ['cookie', 'form', false, list, 'color=blue,black,brown', colors],
    ['cookie', 'form', false, record, 'color=R,100,G,200,B,150', rgb],
    ['cookie', 'form', true, text, 'color=blue', blue],
  ] as const)('in %s, %s, explode %s: %o as %s', (where, style, explode, schema, raw, value) => {
    const read = readOne({ in: where, style, explode, schema }, raw)
    expect(read.issues).toEqual([])
    expect(read.undeclared).toEqual([])
    expect(read[where]).toEqual({ color: value })
  })

  it.each([
    ['path', list, 'blue,black', ['blue', 'black']],
    ['path', record, 'R,100', { R: 100 }],
    ['header', list, 'blue,black', ['blue', 'black']],
    ['header', record, 'R,100', { R: 100 }],
    ['query', list, 'color=blue&color=black', ['blue', 'black']],
    ['query', list, 'color=blue,black', ['blue,black']],
    ['query', record, 'R=100', { R: 100 }],
    ['cookie', record, 'R=100; G=200', { R: 100, G: 200 }],
  ] as const)('is what the place has by default: in %s, %o as %s', (where, schema, raw, value) => {
    expect(readOne({ in: where, schema }, raw)).toMatchObject({ issues: [], [where]: { color: value } })
  })

  it.each([
    ['spaceDelimited', list, 'color=blue%20black', ['blue', 'black']],
    ['spaceDelimited', record, 'color=R%20100&R=1', { R: 100 }],
    ['pipeDelimited', list, 'color=blue|black', ['blue', 'black']],
    ['pipeDelimited', record, 'color=R|100&R=1', { R: 100 }],
  ])('%s does not explode by default: %o as %s', (style, schema, raw, value) => {
    expect(readOne({ in: 'query', style, schema }, raw).query).toEqual({ color: value })
  })

  it('deepObject takes no other', () => {
    expect(readOne({ in: 'query', style: 'deepObject', schema: record }, 'color[R]=1').query).toEqual({ color: { R: 1 } })
    expect(readOne({ in: 'query', style: 'deepObject', schema: record }, 'R=1').query).toEqual({})
  })

  it.each([
    ['path', 'form', 'simple, label, matrix'],
    ['path', 'deepObject', 'simple, label, matrix'],
    ['header', 'form', 'simple'],
    ['query', 'simple', 'form, spaceDelimited, pipeDelimited, deepObject'],
    ['query', 'matrix', 'form, spaceDelimited, pipeDelimited, deepObject'],
    ['cookie', 'pipeDelimited', 'form, cookie'],
  ])('that %s does not have, %s, is told where it is to be read', (where, style, others) => {
    const operation = operationWith([{ name: 'color', in: where, style, schema: list }])
    const message = `a.yaml:1: the style "${style}" is not read in ${where}; ${others} are`
    expect(() => operation.readParameters({ path: { color: 'a' }, query: 'color=a', headers: { color: 'a' } })).toThrow(
      new DocumentError(message),
    )
    expect(() => Array.from(operation.compiling())).toThrow(message)
  })

  it.each([
    ['path', 'label', false, text, 'blue', '.value'],
    ['path', 'matrix', false, text, 'blue', ';color=…'],
    ['path', 'matrix', true, list, ';colour=blue', ';color=…'],
    ['path', 'matrix', false, record, 'R,100', ';color=…'],
    ['path', 'simple', false, record, 'R,100,G', 'name, value in turn'],
    ['path', 'simple', true, record, 'R=100,G', 'as name=value'],
    ['path', 'label', true, record, '.R=100.G', 'as name=value'],
    ['query', 'form', false, record, 'color=R,100,G', 'name, value in turn'],
    ['query', 'deepObject', true, record, 'color=100', 'color[member]=value'],
    ['query', 'deepObject', true, record, 'color[R=100', 'color[member]'],
    ['query', 'deepObject', true, record, 'color[R]x=100', 'color[member]'],
    ['query', 'deepObject', true, record, 'color[R]=100&color[R][x]=1', 'one of both'],
    ['query', 'deepObject', true, record, `color${'[a]'.repeat(101)}=1`, 'flatter'],
  ])('in %s, %s, explode %s, is not that of %o: "%s"', (where, style, explode, schema, raw, fix) => {
    const { issues } = readOne({ in: where as Place, style, explode, schema }, raw)
    expect(issues).toMatchObject([{ at: `/${where}/color`, rule: 'syntax', fix: expect.stringContaining(fix), place: { line: 1 } }])
  })
})

describe('names in brackets', () => {
  const node = {
    type: 'object',
    properties: {
      count: { type: 'integer' },
      tags: { type: 'array', items: { type: 'string' } },
      sizes: { type: 'array', items: { type: 'integer' } },
      inner: { $ref: '#/components/schemas/Node' },
      rows: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
      free: { type: 'object', additionalProperties: { type: 'boolean' } },
    },
  }
  const read = (query: string) =>
    operationWith([{ name: 'filter', in: 'query', style: 'deepObject', schema: { $ref: '#/components/schemas/Node' } }], {
      components: { schemas: { Node: node } },
    }).readParameters({ path: {}, query, headers: {} })

  it.each([
    ['filter[inner][count]=1', { inner: { count: 1 } }],
    ['filter[inner][inner][inner][count]=1', { inner: { inner: { inner: { count: 1 } } } }],
    ['filter[tags]=a', { tags: ['a'] }],
    ['filter[tags]=a&filter[tags]=1', { tags: ['a', '1'] }],
    ['filter[tags][]=a&filter[tags][]=b', { tags: ['a', 'b'] }],
    ['filter[sizes][1]=2&filter[sizes][0]=1&filter[sizes][10]=3', { sizes: [1, 2, 3] }],
    ['filter[rows][0][count]=1&filter[rows][1][count]=2', { rows: [{ count: 1 }, { count: 2 }] }],
    ['filter[free][a]=true&filter[free][0]=false', { free: { a: true, 0: false } }],
    ['filter%5Btags%5D%5B%5D=a+b', { tags: ['a b'] }],
    ['filter[other]=1', { other: '1' }],
  ])('%s', (query, value) => {
    expect(read(query)).toMatchObject({ query: { filter: value }, issues: [] })
  })

  it('are told by the place of what does not fit', () => {
    expect(read('filter[rows][0][count]=x').issues).toMatchObject([{ at: '/query/filter/rows/0/count', rule: 'type', value: 'x' }])
    expect(read('filter[inner][other]=1').undeclared).toMatchObject([{ at: '/query/filter/inner/other' }])
  })

  it('are those of a list as well', () => {
    const parameter = { in: 'query', style: 'deepObject', schema: { type: 'array', items: { type: 'integer' } } } as const
    expect(readOne(parameter, 'color[]=1&color[]=2')).toMatchObject({ query: { color: [1, 2] }, issues: [] })
    expect(readOne(parameter, 'color[0]=1')).toMatchObject({ query: { color: [1] }, issues: [], undeclared: [] })
  })
})

describe('what may be a list or something else', () => {
  const numbersOrAll = {
    anyOf: [
      { type: 'array', items: { type: 'integer' } },
      { type: 'string', enum: ['all'] },
    ],
  }
  const record = { type: 'object', required: ['R'], properties: { R: { type: 'integer' } } }
  it.each([
    ['query', numbersOrAll, 'color=1', [1]],
    ['query', numbersOrAll, 'color=1&color=2', [1, 2]],
    ['query', numbersOrAll, 'color=all', 'all'],
    ['query', { oneOf: numbersOrAll.anyOf }, 'color=all', 'all'],
    ['query', { allOf: [numbersOrAll] }, 'color=all', 'all'],
    ['query', { type: ['array', 'integer'], items: { type: 'string' }, minItems: 2 }, 'color=5', 5],
    ['query', { type: ['array', 'null'], items: { type: 'integer' } }, 'color=null', null],
    ['query', { oneOf: [record, { type: 'string' }] }, 'color=blue', 'blue'],
    ['query', { oneOf: [record, { type: 'string' }] }, 'R=1', { R: 1 }],
    ['path', numbersOrAll, 'all', 'all'],
    ['path', numbersOrAll, '1,2', [1, 2]],
    ['header', numbersOrAll, 'all', 'all'],
    ['query', { anyOf: [{ type: 'integer', maximum: 3 }, { type: 'string' }] }, 'color=2', 2],
    ['query', { anyOf: [{ type: 'integer', maximum: 3 }, { type: 'string' }] }, 'color=5', '5'],
    ['query', { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^0' }] }, 'color=007', '007'],
    ['query', { type: ['number', 'string'] }, 'color=12345678901234567890', '12345678901234567890'],
    ['query', { oneOf: [{ type: 'boolean' }, { type: 'string' }] }, 'color=yes', 'yes'],
    ['query', { oneOf: [{ type: 'boolean' }, { type: 'integer' }] }, 'color=true', true],
    ['query', { oneOf: [{ const: 1 }, { const: 'a' }] }, 'color=1', 1],
    ['query', { oneOf: [{ const: 1 }, { const: 'a' }] }, 'color=a', 'a'],
    ['query', { enum: [1, 2] }, 'color=2', 2],
    ['query', { enum: ['1', '2'] }, 'color=2', '2'],
    ['query', { minimum: 1 }, 'color=2', 2],
    ['query', { items: { type: 'integer' } }, 'color=1&color=2', [1, 2]],
    ['query', { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'boolean' }] }, 'color=1&color=true', [1, true]],
    ['query', { type: 'array', items: { anyOf: [{ type: 'integer', maximum: 3 }, { type: 'string' }] } }, 'color=5&color=x', ['5', 'x']],
    ['query', { type: ['integer', 'null'] }, 'color=', null],
    ['query', { type: ['string', 'null'] }, 'color=', ''],
  ] as const)('in %s: %o as "%s"', (where, schema, raw, value) => {
    expect(readOne({ in: where, schema }, raw)).toMatchObject({ issues: [], [where]: { color: value } })
  })

  it.each([
    ['color=none', 'none'],
    ['color=1&color=x', [1, 'x']],
  ])('and is neither: "%s"', (raw, value) => {
    const [issue] = readOne({ in: 'query', schema: numbersOrAll }, raw).issues
    expect(issue).toMatchObject({ at: '/query/color', value })
  })
})

describe('nothing', () => {
  it.each([
    [{ schema: list }, 'color=', ['']],
    [{ schema: numbers }, 'color=', []],
    [{ schema: numbers, explode: false }, 'color=', []],
    [{ schema: { ...list, items: { type: 'string', minLength: 1 } } }, 'color=', []],
    [{ schema: { type: 'integer' }, allowEmptyValue: true }, 'color=', ''],
    [{ schema: { type: 'boolean' }, allowEmptyValue: true }, 'color', ''],
    [{ schema: { type: 'string', enum: ['a'] }, allowEmptyValue: true }, 'color=', ''],
  ])('may be a value: %o as "%s"', (parameter, raw, value) => {
    expect(readOne({ in: 'query', ...parameter }, raw)).toMatchObject({ query: { color: value }, issues: [] })
  })

  it.each([
    [{ schema: { type: 'integer' } }, 'color=', 'type'],
    [{ schema: { ...numbers, minItems: 1 } }, 'color=', 'type'],
    [{ schema: { type: 'boolean' }, allowEmptyValue: true }, 'color=x', 'type'],
  ])('is none otherwise: %o as "%s"', (parameter, raw, rule) => {
    expect(readOne({ in: 'query', ...parameter }, raw).issues).toMatchObject([{ rule }])
  })
})

describe('a value that is sent twice', () => {
  it('counts once, and is told of', () => {
    const read = readOne({ in: 'query', schema: { type: 'integer' } }, 'color=1&color=2')
    expect(read).toMatchObject({ query: { color: 1 }, issues: [] })
    expect(read.undeclared).toMatchObject([{ at: '/query/color', message: expect.stringContaining('sent 2 times'), fix: 'send it once' }])
  })
})

describe('an object without names of its own', () => {
  it('has what of the query belongs to nothing else', () => {
    const operation = operationWith([
      { name: 'page', in: 'query', schema: { type: 'integer' } },
      { name: 'more', in: 'query', schema: { type: 'object', additionalProperties: { type: 'integer' } } },
    ])
    const read = (query: string) => operation.readParameters({ path: {}, query, headers: {} })
    expect(read('page=1&a=2&b=3')).toMatchObject({ query: { page: 1, more: { a: 2, b: 3 } }, issues: [], undeclared: [] })
    expect(read('page=1')).toMatchObject({ query: { page: 1 }, issues: [], undeclared: [] })
    expect(read('a=x').issues).toMatchObject([{ at: '/query/more/a', rule: 'type' }])
  })
})

describe('a parameter that the specification ignores', () => {
  it.each(['Accept', 'Content-Type', 'authorization'])('is a header %s', (name) => {
    const read = readOne({ name, in: 'header', required: true, schema: { type: 'integer' } }, undefined)
    expect(read).toMatchObject({ header: {}, issues: [] })
  })
})

describe('a key of the query', () => {
  it('is declared by the security that asks for it', () => {
    const content = {
      openapi: '3.1.0',
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'apiKey', in: 'query', name: 'k' } } },
      paths: {
        '/a': { get: { responses: {} } },
        '/b': { get: { parameters: [{ name: 'more', in: 'query', schema: { additionalProperties: true } }], responses: {} } },
      },
    }
    const [operation, free] = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }).operations
    expect(operation?.readParameters({ path: {}, query: 'k=1&l=2', headers: {} }).undeclared).toMatchObject([{ at: '/query/l' }])
    expect(free?.readParameters({ path: {}, query: 'k=1&l=2', headers: {} })).toMatchObject({ query: { more: { l: '2' } }, undeclared: [] })
  })
})

describe('a list', () => {
  it.each([
    ['path', 'a', ['a']],
    ['path', 'a%2Cb,c', ['a,b', 'c']],
    ['path', '', ['']],
    ['path', 'a,,b', ['a', '', 'b']],
    ['header', 'a, b ,c', ['a', 'b', 'c']],
    ['query', 'color=a', ['a']],
    ['query', 'x=1&color=a&y=2&color=b', ['a', 'b']],
    ['query', 'color=a%26b&color=c%3Dd', ['a&b', 'c=d']],
    ['query', 'color=a=b', ['a=b']],
  ] as const)('in %s: "%s"', (where, raw, value) => {
    expect(readOne({ in: where, schema: list }, raw)).toMatchObject({ issues: [], [where]: { color: value } })
  })

  it('has elements of their type', () => {
    const read = readOne({ in: 'query', schema: { type: 'array', items: { type: 'integer' } } }, 'color=1&color=x&color=3')
    expect(read.query).toEqual({ color: [1, 'x', 3] })
    expect(read.issues).toMatchObject([{ at: '/query/color/1', rule: 'type', value: 'x', wanted: 'integer' }])
  })

  it('that is written in one, and has to be written one by one, says how', () => {
    const issueOf = (raw: string) => readOne({ in: 'query', schema: numbers }, raw).issues[0]
    expect(issueOf('color=1,2')).toMatchObject({ at: '/query/color/0', fix: 'send each element by itself: color=…&color=…' })
    expect(issueOf('color=1%2C2')).toMatchObject({ fix: 'send each element by itself: color=…&color=…' })
    expect(issueOf('color=x')).not.toHaveProperty('fix')
  })

  it('is checked as a whole', () => {
    const schema = { ...list, maxItems: 2 }
    expect(readOne({ in: 'path', schema }, 'a,b,c').issues).toMatchObject([{ at: '/path/color', rule: 'maxItems', wanted: 2 }])
    expect(readOne({ in: 'path', schema }, 'a,b').issues).toEqual([])
  })
})

describe('an object', () => {
  it.each([
    ['header', { explode: true }, 'R=a=b', { R: 'a=b' }],
    ['header', { explode: true }, 'R=, G=1', { R: '', G: '1' }],
    ['path', { explode: true }, 'R=a%3Db,G=1', { R: 'a=b', G: '1' }],
    ['path', {}, 'R,a%2Cb,G,1', { R: 'a,b', G: '1' }],
    ['path', {}, '%52,1', { R: '1' }],
    ['query', {}, 'R=a&other=1&G=b', { R: 'a', G: 'b' }],
    ['query', { style: 'deepObject' }, 'color[R]=a&color[G]=&other[R]=3&colors[G]=4', { R: 'a', G: '' }],
  ] as const)('in %s with %o: "%s"', (where, settings, raw, value) => {
    expect(readOne({ in: where, ...settings, schema: { type: 'object', properties: { R: text, G: text } } }, raw)[where]).toEqual({
      color: value,
    })
  })

  it('has members of their type, whatever the spelling of their name', () => {
    expect(readOne({ in: 'path', schema: record }, '%52,1,G,x')).toMatchObject({
      path: { color: { R: 1, G: 'x' } },
      issues: [{ at: '/path/color/G', rule: 'type' }],
    })
  })

  it('is missing when none of its members is there', () => {
    for (const style of ['form', 'deepObject'])
      expect(readOne({ in: 'query', style, explode: true, required: true, schema: record }, 'x=1').issues).toMatchObject([
        { at: '/query/color', rule: 'required' },
      ])
  })
})

describe('a value', () => {
  it.each([
    ['integer', '5', 5],
    ['integer', '-5', -5],
    ['integer', '0', 0],
    ['integer', '5.0', 5],
    ['integer', '1e3', 1000],
    ['number', '5.25', 5.25],
    ['number', '-0.5', -0.5],
    ['number', '1e-3', 0.001],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['string', '5', '5'],
    ['string', 'true', 'true'],
    ['string', 'null', 'null'],
    [['integer', 'string'], '5', 5],
    [['integer', 'string'], '5x', '5x'],
    [['integer', 'null'], 'null', null],
    [['boolean', 'integer'], '1', 1],
    [undefined, '5', '5'],
  ])('of type %s: "%s" is read as %s', (type, raw, value) => {
    for (const [where, sent] of [
      ['path', raw],
      ['query', `color=${raw}`],
      ['header', raw],
      ['cookie', `color=${raw}`],
    ] as const) {
      const read = readOne({ in: where, schema: type === undefined ? {} : { type } }, sent)
      expect(read[where]).toEqual({ color: value })
      expect(read.issues).toEqual([])
    }
  })

  it.each([
    ['anyOf', { anyOf: [{ type: 'integer' }, { type: 'null' }] }],
    ['oneOf', { oneOf: [{ type: 'integer' }, { type: 'boolean' }] }],
    ['allOf', { allOf: [{ type: 'integer' }, { minimum: 1 }] }],
    ['a reference in allOf', { allOf: [{ $ref: '#/components/schemas/Count' }] }],
    ['a reference', { $ref: '#/components/schemas/Count' }],
  ])('whose type comes from %s is read by it', (_what, schema) => {
    const operation = operationWith([{ name: 'color', in: 'query', schema }], { components: { schemas: { Count: { type: 'integer' } } } })
    const read = operation.readParameters({ path: {}, query: 'color=5', headers: {} })
    expect(read.issues).toEqual([])
    expect(read.query).toEqual({ color: 5 })
  })

  it.each([
    ['integer', '', ''],
    ['integer', 'five', 'five'],
    ['integer', '5.5', 5.5],
    ['integer', '0x10', '0x10'],
    ['integer', '%205', ' 5'],
    ['integer', '+5', ' 5'],
    ['integer', '5,6', '5,6'],
    ['integer', 'Infinity', 'Infinity'],
    ['number', '.5', '.5'],
    ['number', '1e', '1e'],
    ['number', 'NaN', 'NaN'],
    ['boolean', 'TRUE', 'TRUE'],
    ['boolean', '1', '1'],
    ['boolean', '', ''],
  ])('of type %s: "%s" does not fit and stays as it is', (type, raw, value) => {
    const { query, issues } = readOne({ in: 'query', schema: { type } }, `color=${raw}`)
    expect(query).toEqual({ color: value })
    expect(issues).toMatchObject([{ at: '/query/color', rule: 'type', value, wanted: type }])
  })

  it('too great for a number does not fit', () => {
    for (const type of ['integer', 'number'])
      expect(readOne({ in: 'query', schema: { type } }, 'color=1e999').issues).toMatchObject([
        { at: '/query/color', rule: 'type', value: '1e999' },
      ])
  })

  it('is held against what stands beside a reference', () => {
    const schema = { $ref: '#/components/schemas/Count', maximum: 9 }
    const operation = operationWith([{ name: 'color', in: 'query', schema }], { components: { schemas: { Count: { type: 'integer' } } } })
    const read = (query: string) => operation.readParameters({ path: {}, query, headers: {} }).issues
    expect(read('color=9')).toEqual([])
    expect(read('color=10')).toMatchObject([{ rule: 'maximum', wanted: 9 }])
  })

  it('may have any schema when the schema is true', () => {
    expect(readOne({ in: 'query', schema: true }, 'color=5')).toMatchObject({ query: { color: '5' }, issues: [] })
    expect(readOne({ in: 'query', schema: { type: 'array', items: true } }, 'color=5')).toMatchObject({
      query: { color: ['5'] },
      issues: [],
    })
  })
})

describe('a parameter that is not there', () => {
  it.each([
    ['query', 'other=1'],
    ['query', undefined],
    ['header', undefined],
    ['cookie', 'other=1'],
    ['cookie', undefined],
  ] as const)('in %s is missed when it is required', (where, raw) => {
    const { issues, ...read } = readOne({ in: where, required: true, schema: text }, raw)
    expect(issues).toEqual([
      {
        at: `/${where}/color`,
        rule: 'required',
        message: 'is missing',
        place: { file: 'a.yaml', line: 1, pointer: '/paths/~1a~1{color}/get/parameters/0' },
      },
    ])
    expect(read[where]).toEqual({})
  })

  it.each(['query', 'header', 'cookie'] as const)('in %s is left out otherwise, its default too', (where) => {
    const read = readOne({ in: where, schema: { type: 'integer', default: 5, minimum: 1 } }, undefined)
    expect(read).toEqual({ path: {}, query: {}, header: {}, cookie: {}, issues: [], deprecated: [], undeclared: [] })
  })

  it('in path is missing where its segment is empty', () => {
    const { issues } = readOne({ in: 'path', required: true, schema: text }, '')
    expect(issues).toMatchObject([{ at: '/path/color', rule: 'required', message: 'is missing' }])
  })

  it.each([
    ['color=1%2C2', { color: [1, 2] }],
    ['color=1%2c2%2C3', { color: [1, 2, 3] }],
  ])('is a list whose commas are encoded, where that fits: "%s"', (raw, query) => {
    const schema = { type: 'array', items: { type: 'integer' } }
    expect(readOne({ in: 'query', explode: false, schema }, raw)).toMatchObject({ query, issues: [] })
    expect(readOne({ in: 'query', explode: false, schema: list }, 'color=a%2Cb')).toMatchObject({ query: { color: ['a,b'] } })
  })

  it.each(['query', 'header', 'cookie'] as const)('in %s that is deprecated is told of where it is sent', (where) => {
    const parameter = { in: where, deprecated: true, schema: { type: 'integer' } }
    const told = [{ at: '/' + where + '/color', rule: 'deprecated', message: 'is deprecated', fix: 'leave it out' }]
    for (const raw of ['1', 'x']) expect(readOne(parameter, where === 'header' ? raw : `color=${raw}`).deprecated).toEqual(told)
    expect(readOne(parameter, undefined).deprecated).toEqual([])
  })

  it('is missed by the name in lower case when it is a header', () => {
    expect(readOne({ name: 'X-Color', in: 'header', required: true, schema: text }, undefined).issues).toMatchObject([
      { at: '/header/x-color', rule: 'required' },
    ])
  })

  it('is missed beside all that is wrong with others', () => {
    const operation = operationWith([
      { name: 'a', in: 'query', required: true, schema: text },
      { name: 'b', in: 'query', schema: { type: 'integer', minimum: 3 } },
      { name: 'x-c', in: 'header', required: true, schema: text },
      { name: 'd', in: 'query', schema: { type: 'array', items: { type: 'integer' } } },
    ])
    const { issues } = operation.readParameters({ path: {}, query: 'b=2&d=x&d=y', headers: {} })
    expect(issues.map(({ at }) => at)).toEqual(['/query/a', '/query/b', '/header/x-c', '/query/d/0', '/query/d/1'])
  })
})

describe('percent-encoding', () => {
  it.each([
    ['query', 'color=%zz'],
    ['query', 'color=%ff'],
    ['query', 'color=a%'],
    ['path', '%C3'],
  ] as const)('in %s that does not decode is told apart: %s', (where, raw) => {
    const read = readOne({ in: where, schema: text }, raw)
    expect(read[where]).toEqual({})
    expect(read.issues).toMatchObject([{ at: `/${where}/color`, rule: 'syntax', fix: expect.stringContaining('%XX') }])
  })

  it.each([
    ['query', 'color=a+b', 'a b'],
    ['query', 'color=a%2Bb', 'a+b'],
    ['query', 'color=a%20b', 'a b'],
    ['query', 'c%6Flor=a', 'a'],
    ['query', 'color=%C3%A9', 'é'],
    ['query', 'color=a%25b', 'a%b'],
    ['path', 'a+b', 'a+b'],
    ['path', 'a%20b%2F', 'a b/'],
    ['header', 'a+b%20c', 'a+b%20c'],
    ['cookie', 'color=a+b', 'a+b'],
  ] as const)('in %s: "%s" is %s', (where, raw, value) => {
    expect(readOne({ in: where, schema: text }, raw)).toMatchObject({ [where]: { color: value }, issues: [] })
  })

  it('writes a blank as a plus in a name as well', () => {
    expect(readOne({ name: 'first name', in: 'query', schema: text }, 'first+name=a')).toMatchObject({
      query: { 'first name': 'a' },
      undeclared: [],
    })
  })

  it('that does not decode in a name makes it another name', () => {
    expect(readOne({ in: 'query', schema: text }, '%zz=1&color=a')).toMatchObject({
      query: { color: 'a' },
      undeclared: [{ at: '/query/%zz' }],
    })
  })

  it('keeps what looks like a separator in a list', () => {
    for (const [style, raw] of [
      ['form', 'color=a%2Cb,c'],
      ['spaceDelimited', 'color=a,b%20c'],
      ['pipeDelimited', 'color=a,b|c'],
    ])
      expect(readOne({ in: 'query', style, explode: false, schema: list }, raw).query).toEqual({ color: ['a,b', 'c'] })
  })
})

describe('a cookie header', () => {
  it.each([
    ['a=1; color=blue; b=2', 'blue'],
    ['color=blue;a=1', 'blue'],
    ['a=1;   color=blue', 'blue'],
    ['color=a=b==', 'a=b=='],
    ['color=', ''],
    ['color=one; color=two', 'one'],
    ['scolor=1; color=blue', 'blue'],
    ['c+lor=1; color=blue', 'blue'],
  ])('"%s" gives %s', (raw, value) => {
    expect(readOne({ in: 'cookie', schema: text }, raw)).toMatchObject({ cookie: { color: value }, undeclared: [] })
  })

  it('may have a plus in a name', () => {
    expect(readOne({ name: 'a+b', in: 'cookie', schema: text }, 'a+b=c')).toMatchObject({ cookie: { 'a+b': 'c' } })
  })
})

describe('a parameter with content', () => {
  const content = {
    'application/json': { schema: { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: text } } },
  }

  it.each([
    ['header', 'x-color', '{"a":1,"b":"c, d"}'],
    ['query', 'x-color', 'x-color=%7B%22a%22%3A1%2C%22b%22%3A%22c%2C+d%22%7D'],
    ['query', 'x-color', 'x-color={"a":1,"b":"c,%20d"}'],
    ['path', 'color', '%7B%22a%22:1,%22b%22:%22c,%20d%22%7D'],
  ] as const)('in %s is JSON: %s', (where, name, raw) => {
    expect(readOne({ name, in: where, content }, raw)).toMatchObject({ [where]: { [name]: { a: 1, b: 'c, d' } }, issues: [] })
  })

  it.each([
    ['{"a":1', 'syntax', '/header/x-color', 'is not JSON'],
    ['', 'syntax', '/header/x-color', 'is not JSON'],
    ['{"a":1,"a":2}', 'syntax', '/header/x-color', '"a" stands twice'],
    ['{"__proto__":1}', 'syntax', '/header/x-color', '__proto__'],
    ['{"b":"c"}', 'required', '/header/x-color/a', 'is missing'],
    ['{"a":"1"}', 'type', '/header/x-color/a', 'is "1"'],
    ['[]', 'type', '/header/x-color', 'is []'],
  ])('that is "%s" breaks "%s"', (raw, rule, at, message) => {
    const { issues } = readOne({ name: 'X-Color', in: 'header', content }, raw)
    expect(issues).toMatchObject([{ at, rule, message: expect.stringContaining(message), place: { file: 'a.yaml' } }])
  })

  it('says so when it is quoted once too often', () => {
    const { issues } = readOne({ name: 'x-color', in: 'header', content }, JSON.stringify('{"a":1}'))
    expect(issues).toMatchObject([
      { at: '/header/x-color', message: expect.stringContaining('a JSON string that holds JSON'), fix: 'send x-color: {"a":1}' },
    ])
  })

  it('may be a text that holds JSON where a text is asked for', () => {
    const quoted = { 'application/json': { schema: text } }
    expect(readOne({ name: 'x-color', in: 'header', content: quoted }, JSON.stringify('{"a":1}'))).toMatchObject({
      header: { 'x-color': '{"a":1}' },
      issues: [],
    })
  })

  it('is missed when it is required', () => {
    expect(readOne({ name: 'x-color', in: 'header', required: true, content }, undefined).issues).toMatchObject([
      { at: '/header/x-color', rule: 'required' },
    ])
  })

  it.each([
    ['query', 'application/vnd.a+json', { type: 'object' }, 'color=%7B%22a%22%3A1%7D', { a: 1 }],
    ['query', 'application/json; charset=utf-8', { type: 'integer' }, 'color=1', 1],
    ['query', 'text/plain', { type: 'string' }, 'color=%7B%22a', '{"a'],
    ['query', 'text/plain', { type: 'integer' }, 'color=5', 5],
    ['header', 'application/xml', { type: 'object' }, '<a/>', '<a/>'],
    ['cookie', 'application/json', { type: 'object' }, 'color={"a":1}', { a: 1 }],
    ['query', 'application/x-www-form-urlencoded', record, 'color=R%3D1%26G%3D2', { R: 1, G: 2 }],
  ] as const)('in %s is of any type: %s', (where, type, schema, raw, value) => {
    expect(readOne({ in: where, content: { [type]: { schema } } }, raw)).toMatchObject({ [where]: { color: value }, issues: [] })
  })

  it('of another type is checked by what it may be', () => {
    const ofText = { in: 'query', content: { 'text/csv': { schema: { type: 'string', maxLength: 2 } } } } as const
    expect(readOne(ofText, 'color=abc').issues).toMatchObject([{ at: '/query/color', rule: 'maxLength' }])
  })

  it('may be the whole query (OpenAPI 3.2)', () => {
    const of = (type: string) => [{ name: 'q', in: 'querystring', content: { [type]: { schema: record } } }]
    const read = (type: string, query: string) => operationWith(of(type)).readParameters({ path: {}, query, headers: {} })
    expect(read('application/x-www-form-urlencoded', 'R=1&G=2')).toMatchObject({ query: { q: { R: 1, G: 2 } }, issues: [], undeclared: [] })
    expect(read('application/json', '%7B%22R%22%3A1%7D')).toMatchObject({ query: { q: { R: 1 } }, issues: [], undeclared: [] })
    expect(read('application/x-www-form-urlencoded', 'R=x').issues).toMatchObject([{ at: '/query/q/R' }])
  })
})

describe('a name that objects inherit', () => {
  const open = { type: 'object', additionalProperties: true }

  it.each([
    ['query', { style: 'deepObject' }, 'color[__proto__]=1&color[constructor]=2'],
    ['query', { explode: false }, 'color=__proto__,1,constructor,2'],
    ['path', {}, '__proto__,1,constructor,2'],
    ['path', { explode: true }, '__proto__=1,constructor=2'],
    ['header', { explode: true }, '__proto__=1,constructor=2'],
  ] as const)('is a key like any other in %s with %o', (where, settings, raw) => {
    const { color } = readOne({ in: where, ...settings, schema: open }, raw)[where]
    expect(Object.entries(color as object)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(Object.getPrototypeOf(color)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('is undeclared in a query like any other: %s', (name) => {
    const read = readOne({ in: 'query', schema: record }, `${name}=1`)
    expect(read.undeclared).toMatchObject([{ at: `/query/${name}` }])
    expect(Object.keys(read.query)).toEqual([])
    expect(Object.getPrototypeOf(read.query)).toBe(Object.prototype)
  })

  it.each([
    ['query', '__proto__'],
    ['query', 'constructor'],
    ['cookie', 'constructor'],
    ['header', 'constructor'],
  ] as const)('may be that of a parameter in %s: %s', (where, name) => {
    const sent = readOne({ name, in: where, schema: text }, where === 'query' || where === 'cookie' ? `${name}=a` : 'a')
    expect(Object.entries(sent[where])).toEqual([[name, 'a']])
    const left = readOne({ name, in: where, schema: text }, undefined)
    expect(left.issues).toEqual([])
    expect(Object.keys(left[where])).toEqual([])
  })
})

describe('what is not declared in a query', () => {
  it('is named, once for each', () => {
    const operation = operationWith([
      { name: 'a', in: 'query', schema: text },
      { name: 'b', in: 'query', style: 'deepObject', schema: { type: 'object', properties: { x: text } } },
      { name: 'c', in: 'query', schema: { type: 'object', properties: { d: text } } },
      { name: 'e', in: 'header', schema: text },
    ])
    const { undeclared, issues } = operation.readParameters({ path: {}, query: 'a=1&b[x]=2&d=3&e=4&A=5&f&g=6', headers: {} })
    expect(issues).toEqual([])
    expect(undeclared.map(({ at }) => at)).toEqual(['/query/e', '/query/A', '/query/f', '/query/g'])
    expect(undeclared[0]).toMatchObject({ rule: 'undeclared', message: expect.stringContaining('"e"'), fix: 'leave it out' })
  })

  it('is named by a JSON pointer', () => {
    expect(readOne({ in: 'query', schema: text }, 'a/b~c=1').undeclared).toMatchObject([{ at: '/query/a~1b~0c' }])
  })

  it('is a member of what is no object', () => {
    expect(readOne({ in: 'query', schema: text }, 'color=a&color[x]=1').undeclared).toMatchObject([{ at: '/query/color[x]' }])
  })

  it.each(['', '&', '&&', '='])('is nothing in "%s"', (query) => {
    expect(readOne({ in: 'query', schema: text }, query)).toMatchObject({ query: {}, issues: [], undeclared: [] })
  })
})

describe('the parameters of an operation', () => {
  it('replace those of its path that have the same name and place', () => {
    const operation = operationWith([{ name: 'a', in: 'query', schema: { type: 'integer' } }], {
      ofPath: [
        { name: 'a', in: 'query', required: true, schema: text },
        { name: 'a', in: 'header', required: true, schema: text },
        { name: 'color', in: 'path', required: true, schema: text },
      ],
    })
    const read = (query: string) => operation.readParameters({ path: { color: 'blue' }, query, headers: { a: 'x' } })
    expect(read('a=5')).toMatchObject({ path: { color: 'blue' }, query: { a: 5 }, header: { a: 'x' }, issues: [] })
    expect(read('')).toMatchObject({ query: {}, issues: [] })
  })

  it('may be references', () => {
    const operation = operationWith([{ $ref: '#/components/parameters/Size' }], {
      components: {
        parameters: { Size: { name: 'size', in: 'query', schema: { $ref: '#/components/schemas/Size' } } },
        schemas: { Size: { type: 'integer', maximum: 3 } },
      },
    })
    expect(operation.readParameters({ path: {}, query: 'size=4', headers: {} }).issues).toMatchObject([
      { at: '/query/size', rule: 'maximum', value: 4, wanted: 3, place: { pointer: '/components/schemas/Size/maximum' } },
    ])
  })

  it.each([
    ['without a name', { in: 'query', required: true, schema: text }],
    ['without a place', { name: 'a', required: true, schema: text }],
    ['in the body', { name: 'a', in: 'body', required: true, schema: text }],
  ])('%s are looked for nowhere, and named', (_what, parameter) => {
    const operation = operationWith([parameter, { in: 'query', name: 'b', schema: text }])
    const slip = 'a.yaml:1: a parameter needs a name, and a place: path, query, header or cookie'
    expect(operation.slips).toEqual([slip])
    expect(operation.readParameters({ path: {}, query: 'b=1', headers: {} })).toMatchObject({ query: { b: '1' }, issues: [] })
    expect(() => Array.from(operation.compiling())).toThrow(new DocumentError(slip))
  })

  it('one of a path that does not have it is looked for nowhere', () => {
    const operation = operationWith([{ name: 'a', in: 'path', required: true, schema: text }])
    expect(operation.readParameters({ path: { color: 'a' }, query: '', headers: {} }).issues).toEqual([])
  })

  it('one that is a reference to nothing is told where it is needed', () => {
    const operation = operationWith([{ $ref: '#/components/parameters/None' }])
    expect(operation.parameters).toEqual([])
    expect(() => operation.readParameters({ path: {}, query: '', headers: {} })).toThrow(
      new DocumentError('a.yaml:1 ($ref: #/components/parameters/None): it leads nowhere'),
    )
  })
})
