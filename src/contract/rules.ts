import { isJson, type Json, type Located } from './schema.ts'
import { excerpt } from './excerpt.ts'

/** What schemas say that all speak of one value: each says something, and all of it holds. */

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']
/** The type that a keyword speaks of, where none is said. */
const SPOKEN_OF: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  [
    'object',
    [
      'properties',
      'required',
      'additionalProperties',
      'patternProperties',
      'minProperties',
      'propertyNames',
      'dependentRequired',
      'dependentSchemas',
      'unevaluatedProperties',
    ],
  ],
  ['array', ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
  ['string', ['pattern', 'format', 'minLength', 'maxLength']],
]

/** The types that all parts allow; `isOpen` where none of them says one. Then that of which they speak is the first, or a text. */
export function typesOf(parts: readonly Located[]): { readonly types: readonly string[]; readonly isOpen: boolean } {
  const said = parts.flatMap(({ value: { type } }) => (type === undefined ? [] : [[type].flat()]))
  if (said.length > 0)
    return {
      isOpen: false,
      types: TYPES.filter(
        (type) =>
          said.every((types) => types.includes(type) || (type === 'integer' && types.includes('number'))) &&
          (type !== 'integer' || said.some((types) => !types.includes('number'))),
      ),
    }
  const meant = SPOKEN_OF.find(([, keywords]) => parts.some(({ value }) => keywords.some((keyword) => Object.hasOwn(value, keyword))))
  const first = meant?.[0] ?? 'string'
  return { isOpen: true, types: [first, ...TYPES.filter((type) => type !== first)] }
}

export function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isJson(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/** The values that all of `const` and `enum` allow; undefined where there are none of either. */
export function listedIn(rules: readonly Json[]): readonly unknown[] | undefined {
  const lists = rules.flatMap((rule) => [
    ...(Object.hasOwn(rule, 'const') ? [[rule['const']]] : []),
    ...(Array.isArray(rule['enum']) ? [rule['enum'].map((one: unknown) => one)] : []),
  ])
  const [first, ...others] = lists
  if (others.length === 0) return first
  const texts = others.map((list) => new Set(list.map((value) => JSON.stringify(value))))
  return first?.filter((value) => texts.every((list) => list.has(JSON.stringify(value))))
}

export function exampleIn(rules: readonly Json[], draw: () => number): unknown {
  for (const { example, examples, default: usual } of rules) {
    const several: readonly unknown[] = Array.isArray(examples) ? examples : []
    const given = [example, several[Math.floor(draw() * several.length)], usual].find((value) => value !== undefined && value !== null)
    if (given !== undefined) return given
  }
  return undefined
}

export function isOnlySent({ value }: Located): boolean {
  return value['writeOnly'] === true
}

export function isOfNull({ value: { type, const: only } }: Located): boolean {
  return type === 'null' || only === null
}

/** `false`, as the reader writes it out. */
export function isNothing({ not }: Json): boolean {
  return not === true || (isJson(not) && Object.keys(not).length === 0)
}

export function isSaying(rule: unknown): boolean {
  return isJson(rule) && Object.keys(rule).length > 0
}

export function numbersOf(rules: readonly Json[], key: string): number[] {
  return rules.flatMap((rule) => (typeof rule[key] === 'number' ? [rule[key]] : []))
}

export function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : []
}

/** Rules as they stand in a message. */
export function told(rules: readonly Json[], keys: readonly string[]): string {
  const found = rules.flatMap((rule) => keys.flatMap((key) => (rule[key] === undefined ? [] : [`${key} ${excerpt(rule[key])}`])))
  return found.length > 0 ? found.join(', ') : 'it'
}
