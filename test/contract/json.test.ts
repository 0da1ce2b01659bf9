import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/contract/json.ts'

/** Names and texts that look like the syntax around them. */
const tricky = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'a:b',
    ':',
    '"',
    String.raw`\ `,
    String.raw`\"`,
    '": "',
    '{',
    '}',
    '[]',
    '',
    ' a ',
    'é',
    '\u2028',
    '\0',
    '__proto',
    'constructor',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text !== '__proto__'),
)

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    tricky,
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom(null, true, false, 0),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(tricky, tie('value'), { maxKeys: 4 }),
  ),
}))

const anyText = fc.tuple(anyValue, fc.constantFrom('', ' ', '\t', '   ')).map(([value, space]) => JSON.stringify(value, null, space))

/** A name as JSON, each character written plainly or by its code. */
function spelled(name: string, byCode: boolean): string {
  const codes = Array.from({ length: name.length }, (_, index) => String.raw`\u` + name.charCodeAt(index).toString(16).padStart(4, '0'))
  return byCode ? `"${codes.join('')}"` : JSON.stringify(name)
}

/** An object that has one name twice, at any depth of a value that is fine otherwise. */
const repeated = fc
  .tuple(
    tricky,
    fc.tuple(anyText, anyText),
    fc.tuple(fc.boolean(), fc.boolean()),
    fc.array(fc.tuple(tricky, anyText), { maxLength: 3 }),
    fc.array(fc.oneof(fc.tuple(fc.constant('array'), anyText), fc.tuple(tricky, anyText)), { maxLength: 4 }),
  )
  .filter(([name, , , between]) => between.every(([other]) => other !== name))
  .map(([name, [first, second], [plain, coded], between, around]) => {
    const others = [...new Map(between)].map(([other, text]) => `${JSON.stringify(other)}:${text},`).join('')
    const inner = `{${spelled(name, plain)} : ${first}, ${others} ${spelled(name, coded)}\n:${second}}`
    return {
      name,
      text: around.reduce(
        (text, [kind, other]) => (kind === 'array' ? `[${other}, ${text}]` : `{${JSON.stringify(kind)}: ${text}}`),
        inner,
      ),
    }
  })

function nested(levels: number, open = '[', close = ']'): string {
  return open.repeat(levels) + close.repeat(levels)
}

describe('a JSON text', () => {
  it.each([
    ['an object', '{"a":[1,"b",null,true]}', { a: [1, 'b', null, true] }],
    ['a text alone', '"a"', 'a'],
    ['white space around', ' \n\t{} \r\n', {}],
    ['a colon in a name', '{"a:b":1}', { 'a:b': 1 }],
    ['a colon in a value', '{"a":"b:c"}', { a: 'b:c' }],
    ['an object written in a text', String.raw`{"a":"{\"b\":1,\"b\":2}"}`, { a: '{"b":1,"b":2}' }],
    ['a quote before a colon in a text', String.raw`{"a":"\":","b":":"}`, { a: '":', b: ':' }],
    ['a backslash at the end of a text', String.raw`{"a":"\\","b":":"}`, { a: '\\', b: ':' }],
    ['brackets in texts', '{"a":"{[","b":":]}","c":{"a":1}}', { a: '{[', b: ':]}', c: { a: 1 } }],
    ['the same name in neighbours', '[{"a":":"},{"a":1}]', [{ a: ':' }, { a: 1 }]],
    ['the same name further down', '{"a":{"a":{"a":":"}}}', { a: { a: { a: ':' } } }],
    ['the same name before and after an inner object', '{"a":{"b":1},"b":":"}', { a: { b: 1 }, b: ':' }],
    [
      'names that objects inherit',
      '{"constructor":1,"toString":":","hasOwnProperty":2}',
      { constructor: 1, toString: ':', hasOwnProperty: 2 },
    ],
    ['an empty name', '{"":":"}', { '': ':' }],
    ['__proto__ as a value', '{"a":"__proto__"}', { a: '__proto__' }],
    ['__proto__ in a name', '{"a__proto__":1}', { a__proto__: 1 }],
    ['names that differ by case', '{"a":1,"A":":"}', { a: 1, A: ':' }],
    ['names that look the same', '{"é":1,"e\u0301":":"}', { é: 1, 'e\u0301': ':' }],
  ])('may hold %s', (_what, text, value) => {
    expect(parseJson(text)).toEqual({ kind: 'value', value })
  })

  it.each([
    ['nothing', '', 'it is empty', '{} at least'],
    ['white space', ' \n', 'it is empty', '{} at least'],
    ['a byte order mark', '\ufeff{}', 'byte order mark', 'UTF-8'],
    ['no end', '{"a":1', 'JSON', 'well-formed'],
    ['a comma too many', '{"a":1,}', 'JSON', 'well-formed'],
    ['single quotes', "{'a':1}", 'JSON', 'well-formed'],
    ['no quotes', '{a:1}', 'JSON', 'well-formed'],
    ['a comment', '{} // a', 'JSON', 'well-formed'],
    ['two values', '{}{}', 'JSON', 'well-formed'],
    ['NaN', '{"a":NaN}', 'JSON', 'well-formed'],
    ['a zero too many', '{"a":01}', 'JSON', 'well-formed'],
    ['a bare line break in a text', '"a\nb"', 'JSON', 'well-formed'],
    ['a name twice', '{"a":1,"b":2,"a":3}', '"a" stands twice in one object, at character 13', 'keep one "a"'],
    ['a name twice with one value', '{"a":1,"a":1}', '"a" stands twice', 'keep one "a"'],
    ['a name twice in a list', '[0,{"a":1 , "a"\n:2}]', '"a" stands twice in one object, at character 12', 'keep one "a"'],
    ['a name twice around an object', '{"a":{"b":1},"c":[{}],"a":2}', '"a" stands twice', 'keep one "a"'],
    ['a name twice, once by its code', String.raw`{"a":1,"\u0061":2}`, '"a" stands twice', 'keep one "a"'],
    ['a name twice that holds a colon', '{"a:b":1,"a:b":2}', '"a:b" stands twice', 'keep one "a:b"'],
    ['a name twice and as many colons as names elsewhere', '{"a":1,"a":"::::"}', '"a" stands twice', 'keep one "a"'],
    ['the empty name twice', '{"":1,"":2}', '"" stands twice', 'keep one ""'],
    ['an inherited name twice', '{"constructor":1,"constructor":2}', '"constructor" stands twice', 'keep one "constructor"'],
    ['__proto__ as a name', '{"a":{"__proto__":{"b":1}}}', '"__proto__" is not taken, at character 6', 'leave it out'],
    ['__proto__ with a value that is none', '{"__proto__":1}', '"__proto__" is not taken', 'leave it out'],
    ['__proto__ by its code', String.raw`{"\u005f_proto__":1}`, '"__proto__" is not taken', 'leave it out'],
    ['__proto__ by its code, two levels down', String.raw`[{"a":{"__prot\u006f__":{}}}]`, '"__proto__" is not taken', 'leave it out'],
    ['lists in one another', nested(101), 'deeper than 100 levels', 'flatter'],
    ['objects in one another', nested(101, '{"a":[', ']}'), 'deeper than 100 levels', 'flatter'],
    ['lists without end', nested(200_000), 'deeper than 100 levels', 'flatter'],
  ])('may not hold %s', (_what, text, message, fix) => {
    const parsed = parseJson(text)
    expect(parsed).toEqual({ kind: 'broken', message: expect.stringContaining(message), fix: expect.stringContaining(fix) })
  })

  it('may have a hundred levels', () => {
    expect(parseJson(nested(100))).toHaveProperty('kind', 'value')
    expect(parseJson(nested(50, '{"a":[', ']}'))).toHaveProperty('kind', 'value')
  })

  it('may hold a long text', () => {
    const value = { a: ':"\\'.repeat(4_000_000) }
    const parsed = parseJson(JSON.stringify(value))
    // A matcher that fails would print it.
    expect(parsed.kind === 'value' && JSON.stringify(parsed.value) === JSON.stringify(value)).toBe(true)
  })

  it('is taken for the value it was made of', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseJson(text)).toEqual({ kind: 'value', value: JSON.parse(text) })
      }),
      { numRuns: 500 },
    )
  })

  it('is refused for a name that stands twice, wherever', () => {
    fc.assert(
      fc.property(repeated, ({ name, text }) => {
        expect(parseJson(text)).toEqual({
          kind: 'broken',
          message: expect.stringContaining(`the name "${name}" stands twice`),
          fix: `keep one "${name}"`,
        })
      }),
      { numRuns: 500 },
    )
  })
})
