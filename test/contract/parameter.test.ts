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
    ['matrix', false, text, ';color=blue', blue],
    ['matrix', false, list, ';color=blue,black,brown', colors],
    ['matrix', true, list, ';color=blue;color=black;color=brown', colors],
    ['matrix', false, record, ';color=R,100,G,200,B,150', rgb],
    ['matrix', true, record, ';R=100;G=200;B=150', rgb],
    ['label', false, text, '.blue', blue],
    ['label', false, list, '.blue,black,brown', colors],
    ['label', true, list, '.blue.black.brown', colors],
    ['label', false, record, '.R,100,G,200,B,150', rgb],
    ['label', true, record, '.R=100.G=200.B=150', rgb],
    ['label', true, { type: 'number' }, '.1.5', 1.5],
  ])('in path, %s, explode %s: %o as %s', (style, explode, schema, raw, value) => {
    expect(readOne({ in: 'path', style, explode, schema }, raw)).toMatchObject({ path: { color: value }, issues: [] })
  })

  it.each([
    ['query', 'matrix', 'color=a&color=b', ['a', 'b']],
    ['query', 'ownInvention', 'color=a&color=b', ['a', 'b']],
    ['path', 'form', 'a,b', ['a', 'b']],
    ['header', 'deepObject', 'a, b', ['a', 'b']],
  ] as const)('in %s that is not read there, %s, is that of the place', (where, style, raw, value) => {
    expect(readOne({ in: where, style, schema: list }, raw)).toMatchObject({ [where]: { color: value }, issues: [] })
  })

  it('deepObject goes as deep as it is sent', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'object', properties: { b: { type: 'array', items: { type: 'integer' } } } } },
    }
    for (const raw of ['color[a][b][]=1&color[a][b][]=2', 'color[a][b][0]=1&color[a][b][1]=2', 'color[a][b]=1&color[a][b]=2'])
      expect(readOne({ in: 'query', style: 'deepObject', schema }, raw)).toMatchObject({
        query: { color: { a: { b: [1, 2] } } },
        issues: [],
      })
    expect(readOne({ in: 'query', style: 'deepObject', schema: list }, 'color[]=a&color[]=b').query).toEqual({ color: ['a', 'b'] })
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
    expect(read).toEqual({ path: {}, query: {}, header: {}, cookie: {}, issues: [], undeclared: [] })
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
    ['of a path that does not have it', { name: 'a', in: 'path', required: true, schema: text }],
    ['that is what a media type says', { name: 'Content-Type', in: 'header', required: true, schema: text }],
  ])('one %s is looked for nowhere', (_what, parameter) => {
    expect(operationWith([parameter]).readParameters({ path: { color: 'a' }, query: '', headers: {} }).issues).toEqual([])
  })

  it('one that is a reference to nothing is told where it is needed', () => {
    const operation = operationWith([{ $ref: '#/components/parameters/None' }])
    expect(operation.parameters).toEqual([])
    expect(() => operation.readParameters({ path: {}, query: '', headers: {} })).toThrow(
      new DocumentError('a.yaml:1 ($ref: #/components/parameters/None): it leads nowhere'),
    )
  })

  it('one may be empty where it is said that it may', () => {
    const size = { name: 'size', in: 'query', schema: { type: 'integer' } }
    const read = (more: object) => operationWith([{ ...size, ...more }]).readParameters({ path: {}, query: 'size', headers: {} })
    expect(read({ allowEmptyValue: true })).toMatchObject({ issues: [], query: { size: '' } })
    expect(read({}).issues).toMatchObject([{ at: '/query/size', rule: 'type' }])
  })
})
