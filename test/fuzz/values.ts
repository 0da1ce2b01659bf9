import * as fc from 'fast-check'
import { isJson, type Located, partsOf, type Reader } from '../../src/contract/schema.ts'
import { hostile } from '../hostile.ts'
import { ACCOUNT, LINE, ORDER } from '../support.ts'
import { FromAnswers, KEPT } from './answered.ts'

const TIMES = [
  '2026-03-01T12:00:00Z',
  '2026-02-01t00:00:00.123456789z',
  '2026-05-01T23:59:59-05:00',
  '2016-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
]
const DURATIONS = ['1s', '90s', '30m', '1h', '2d', '250ms', '0s', '+1h', '99999999d']
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', '$ref', 'a/b~c', 'é', '\u0000', '\uD800']
/** What somebody may send in the place of anything. */
export const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.5,
    1e300,
    2 ** 31,
    2 ** 53,
    '0',
    '-0',
    '1e1',
    [],
    {},
    [[]],
    '*',
    '**',
    'A*',
    '^(a+)+$',
    '{"a":1}',
  ),
  fc.constantFrom(...TIMES, ...DURATIONS, ...NAMES, '9999-99-99', '-1s', '1e9d', ORDER, LINE, ACCOUNT, 'a'.repeat(3_000), '9'.repeat(400)),
  fc.jsonValue({ maxDepth: 2 }),
  hostile,
  fc.string({ unit: 'binary', maxLength: 20 }),
)
/** A name of a member. */
export const key = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 10 }))

/** Values that a schema takes, as far as its parts say: rules between members are not looked at. */
export function valueOf(schema: Located, reader: Reader, name = '', depth = 0): fc.Arbitrary<unknown> {
  const parts = partsOf(schema, reader)
  const forks = parts.flatMap((part) => [...reader.schemas(part, 'anyOf'), ...reader.schemas(part, 'oneOf')])
  // What stands beside the alternatives counts for each of them.
  const all = forks.length === 0 ? [parts] : forks.map(([, fork]) => [...partsOf(fork, reader), ...parts])
  const [first = fc.anything(), ...others] = all.map((one) => valueOfParts(one, reader, name, depth))
  return others.length === 0 ? first : fc.oneof(first, ...others)
}

function valueOfParts(parts: readonly Located[], reader: Reader, name: string, depth: number): fc.Arbitrary<unknown> {
  const said = (keyword: string): unknown => parts.find(({ value }) => Object.hasOwn(value, keyword))?.value[keyword]
  const number = (keyword: string, otherwise: number): number => {
    const found = said(keyword)
    return typeof found === 'number' ? found : otherwise
  }
  const choices = said('enum')
  if (Array.isArray(choices)) return fc.constantFrom<unknown>(...choices)
  if (parts.some(({ value }) => Object.hasOwn(value, 'const'))) return fc.constant(said('const'))
  const examples = [said('example'), said('default'), ...[said('examples') ?? []].flat()].filter((one) => one !== undefined)
  const types = [said('type') ?? (parts.some(({ value }) => value['properties']) ? 'object' : [])].flat().map(String)
  const made = types.map((type): fc.Arbitrary<unknown> => {
    switch (type) {
      case 'object':
        return objectOf(parts, reader, depth)
      case 'array': {
        const items = parts.flatMap((part) => reader.schema(part, 'items') ?? [])[0]
        const minLength = number('minItems', 0)
        const maxLength = Math.min(number('maxItems', 3), minLength + 3)
        return fc.array(items ? valueOf(items, reader, name, depth + 1) : odd, { minLength, maxLength })
      }
      case 'integer':
      case 'number': {
        const min = number('minimum', number('exclusiveMinimum', 0))
        const bounds = { min, max: Math.min(number('maximum', min + 12), min + 12) }
        return type === 'integer' ? fc.integer(bounds) : fc.double({ ...bounds, minExcluded: true, noNaN: true })
      }
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      default:
        return stringOf(said('format'), said('pattern'), number('minLength', 0), number('maxLength', Infinity))
    }
  })
  const isScalar = types.some((type) => type === 'string' || type === 'integer')
  const [first = odd, ...others] = [...made, ...(examples.length > 0 ? [fc.constantFrom(...examples)] : [])]
  const value = fc.oneof(first, ...others)
  if (!isScalar || name === '') return value
  const known = fc.tuple(fc.nat(KEPT * 3), value).map(([pick, otherwise]) => new FromAnswers(name, pick, otherwise))
  return fc.oneof({ weight: 2, arbitrary: known }, { weight: 1, arbitrary: value })
}

function objectOf(parts: readonly Located[], reader: Reader, depth: number): fc.Arbitrary<unknown> {
  const required = new Set(parts.flatMap(({ value }) => value['required'] ?? []))
  const properties = new Map(parts.flatMap((part) => reader.schemas(part, 'properties')))
  const members = [...properties].filter(([name]) => required.has(name) || depth < 5)
  const rest = parts.flatMap((part) => reader.schema(part, 'additionalProperties') ?? [])[0]
  if (members.length === 0) return fc.dictionary(key, rest && depth < 5 ? valueOf(rest, reader, '', depth + 1) : odd, { maxKeys: 2 })
  const values = members.map(([name, inner]) => [name, valueOf(inner, reader, name, depth + 1)] as const)
  const optional = members.map(([name]) => name).filter((name) => !required.has(name))
  // Mostly few: members that are right one by one contradict each other.
  return fc
    .oneof({ weight: 4, arbitrary: fc.subarray(optional, { maxLength: Math.min(3, optional.length) }) }, fc.subarray(optional))
    .chain((wanted) => fc.record(Object.fromEntries(values.filter(([name]) => required.has(name) || wanted.includes(name)))))
}

function stringOf(format: unknown, pattern: unknown, minLength: number, most: number): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid()
  if (format === 'date') return fc.constantFrom('2026-01-01', '2026-05-01', '2024-02-29')
  if (format === 'date-time') return fc.constantFrom(...TIMES)
  // The one pattern that looks ahead, for which fast-check has no way.
  if (typeof pattern === 'string')
    return pattern.includes('ms)?$') ? fc.constantFrom(...DURATIONS) : fc.stringMatching(new RegExp(pattern, 'u'))
  return fc.string({ minLength, maxLength: Math.min(most, minLength + 12) })
}

/** One thing wrong: what stands somewhere is taken away, replaced or doubled, or gets a member that nobody asked for. */
export interface Slip {
  readonly place: number
  readonly how: 'leave out' | 'replace' | 'double' | 'add'
  readonly value: unknown
  readonly name: string
}
export const slip: fc.Arbitrary<Slip> = fc.record({
  place: fc.nat(200),
  how: fc.constantFrom('leave out', 'replace', 'replace', 'replace', 'double', 'add'),
  value: odd,
  name: key,
})

function placesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof FromAnswers) return 1
  return Object.values(value).reduce((sum: number, inner) => sum + placesIn(inner), 1)
}

export function slipped(whole: unknown, { place, how, value, name }: Slip): unknown {
  let left = place % placesIn(whole)
  const visit = (met: unknown): readonly unknown[] => {
    if (left-- === 0)
      switch (how) {
        case 'leave out':
          return []
        case 'replace':
          return [value]
        case 'double':
          return [met, met]
        case 'add':
          return [isJson(met) && !(met instanceof FromAnswers) ? Object.fromEntries([...Object.entries(met), [name, value]]) : [met, value]]
        default:
          return how satisfies never
      }
    if (Array.isArray(met)) return [met.flatMap(visit)]
    if (!isJson(met) || met instanceof FromAnswers) return [met]
    // A member cannot stand twice in an object: the last stays.
    return [Object.fromEntries(Object.entries(met).flatMap(([member, inner]) => visit(inner).map((one) => [member, one])))]
  }
  return visit(whole)[0]
}

/** As it should be; often with one thing wrong; seldom something else altogether. */
export function mostly(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 8, arbitrary: value },
    { weight: 3, arbitrary: fc.tuple(value, slip).map(([whole, wrong]) => slipped(whole, wrong)) },
    { weight: 1, arbitrary: fc.oneof(odd, fc.json(), fc.string({ unit: 'binary' })) },
  )
}
