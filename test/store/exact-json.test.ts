import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRawNumber, parseExact } from '../../src/base/exact.ts'
import { decode, encode } from '../../src/store/exact-json.ts'

const runs = { seed: 20_260_401, numRuns: process.env['LONG'] === '1' ? 50_000 : 3_000 }

const RAW = ['1', '1.0', '-0', '-0.0', '1e3', '1.50E+2', '9007199254740993', '1e400', '"text"', 'true']
/** Names and texts that mean something to somebody on the way. */
const ODD = ['__proto__', 'constructor', 'toJSON', 'rawJSON', '#', '##', '###', '#a', '', ' ', '\0', '\ud800', 'a\udfff\udfff', '0']

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(...ODD),
)

/** Plain data; with `all` also what JSON.stringify does not keep. */
const data = (all: boolean): fc.Arbitrary<unknown> =>
  fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      text,
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one)),
      ...(all ? [fc.constantFrom(-0, Infinity, -Infinity), fc.constantFrom(...RAW).map((one) => JSON.rawJSON(one))] : []),
      fc.array(tie('value')),
      fc.array(fc.tuple(text, tie('value'))).map((entries) => Object.fromEntries(entries)),
    ),
  })).value

/** Tells apart what an equality of objects may not: raw numbers, and own members of any name in their order. */
function described(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isRawNumber(value)) return ['raw', value.rawJSON]
  if (Array.isArray(value)) return ['array', value.map(described)]
  return ['object', Object.entries(value).map(([name, inner]) => [name, described(inner)])]
}

function expectSame(value: unknown): void {
  expect(described(decode(encode(value)))).toStrictEqual(described(value))
}

describe('encode and decode', () => {
  it('bring back what they are given', () => fc.assert(fc.property(data(true), expectSame), runs))

  it('write JSON as everybody does where that keeps all', () =>
    fc.assert(
      fc.property(data(false), (value) => {
        expect(encode(value)).toBe(JSON.stringify(value))
        expectSame(value)
      }),
      runs,
    ))

  it('make texts that any database takes, and that are JSON', () =>
    fc.assert(
      fc.property(data(true), (value) => {
        const written = encode(value)
        expect(written.isWellFormed()).toBe(true)
        expect(written).not.toContain('\0')
        expect(() => JSON.parse(written)).not.toThrow()
      }),
      runs,
    ))

  it('keep numbers that were read exactly', () => {
    for (const number of RAW.slice(0, 8)) {
      const read = parseExact(`{"a":[${number},{"b":${number}}]}`)
      expect(JSON.stringify(decode(encode(read)))).toBe(JSON.stringify(read))
      expectSame(read)
    }
  })

  it.each([
    -0,
    [[{ deep: { '-0': -0 } }]],
    { infinite: [Infinity, -Infinity] },
    JSON.rawJSON('1.0'),
    { '#': '1.0' },
    { '#': '1.0', raw: JSON.rawJSON('1.0') },
    { '##': { '#': JSON.rawJSON('1.0'), '#a': 1 } },
    JSON.parse('{"__proto__":{"a":1},"b":[{"__proto__":null}]}'),
    JSON.parse('{"__proto__":[-0]}'),
    Object.fromEntries([['__proto__', JSON.rawJSON('1.0')]]),
  ])('bring back %j', expectSame)

  it('leave out undefined members, and write it as null in a list', () => {
    expect(decode(encode({ a: undefined, b: [undefined, 1] }))).toStrictEqual({ b: [null, 1] })
    expect(decode(encode({ a: undefined, '#': '1', b: [undefined, -0] }))).toStrictEqual({ '#': '1', b: [null, -0] })
  })

  it('refuse what cannot be written', () => {
    expect(() => encode(undefined)).toThrow(new TypeError('undefined cannot be written as JSON'))
    expect(() => encode(() => 1)).toThrow(new TypeError('function cannot be written as JSON'))
    expect(() => encode({ a: 1n })).toThrow(TypeError)
    expect(() => decode('{')).toThrow(SyntaxError)
    expect(() => decode('')).toThrow(SyntaxError)
  })
})
