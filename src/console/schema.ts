import { below, inLine, listOf, membersOf, resolved, textOf } from './json.ts'

/** One level of a schema as it is read: what may stand there, by which rules, and the schemas below it. */
export interface Shown {
  /** `string (uuid)`, `array of LineItem`, `object`. */
  readonly type: string
  readonly description: string | undefined
  /** The basis of its own; undefined where it shares that of what it stands in. */
  readonly basis: unknown
  readonly isDeprecated: boolean
  /** Rules that say nothing of what stands below, as the document writes them: `minLength: 1`. */
  readonly rules: readonly string[]
  readonly below: readonly Below[]
}

/** A schema below another. */
interface Below {
  /** The property's name; for others what they are to it: `each item`, `one of`. */
  readonly name: string
  readonly isProperty: boolean
  readonly isRequired: boolean
  readonly schema: unknown
}

/** What stands below a schema under a word, and what it is to it. */
const LISTS = new Map([
  ['allOf', 'all of'],
  ['oneOf', 'one of'],
  ['anyOf', 'any of'],
  ['prefixItems', 'item'],
])
const MAPS = new Map([
  ['patternProperties', 'names like'],
  ['dependentSchemas', 'where there is'],
])
const SINGLE = new Map([
  ['items', 'each item'],
  ['contains', 'at least one item'],
  ['additionalProperties', 'any other name'],
  ['unevaluatedProperties', 'any other name'],
  ['propertyNames', 'each name'],
  ['unevaluatedItems', 'any other item'],
  ['not', 'not'],
  ['if', 'if'],
  ['then', 'then'],
  ['else', 'else'],
])

const TOLD = ['$ref', 'type', 'format', 'title', 'description', 'properties', 'required', 'x-basis', 'deprecated', 'x-examples', 'xml']
// In Swagger 2.0 a parameter is its own schema.
const OF_PARAMETER = ['name', 'in', 'style', 'explode', 'content', 'schema']
const WORDS: ReadonlySet<string> = new Set([...TOLD, ...OF_PARAMETER, ...LISTS.keys(), ...MAPS.keys()])

/** @param document the file that the schema stands in, which its references are within */
export function shownOf(document: unknown, written: unknown): Shown {
  const schema = resolved(document, written)
  const members = membersOf(schema)
  const required: ReadonlySet<unknown> = new Set(listOf(members['required']))
  return {
    type: schema === false ? 'nothing' : typeOf(document, written),
    // What stands beside a reference is said of this place.
    description: textOf(below(written, 'description')) ?? textOf(members['description']),
    basis: below(written, 'x-basis') ?? members['x-basis'],
    isDeprecated: members['deprecated'] === true,
    rules: Object.entries(members)
      .filter(([word, value]) => !WORDS.has(word) && !(SINGLE.has(word) && isSchema(value)))
      .map(([word, value]) => `${word}: ${inLine(value)}`),
    below: [
      ...Object.entries(membersOf(members['properties'])).map(([name, property]) => ({
        name,
        isProperty: true,
        isRequired: required.has(name),
        schema: property,
      })),
      ...[...SINGLE].flatMap(([word, name]) => (isSchema(members[word]) ? [part(name, members[word])] : [])),
      ...[...LISTS].flatMap(([word, name]) => listOf(members[word]).map((one) => part(name, one))),
      ...[...MAPS].flatMap(([word, name]) => Object.entries(membersOf(members[word])).map(([key, one]) => part(`${name} ${key}`, one))),
    ],
  }
}

function part(name: string, schema: unknown): Below {
  return { name, isProperty: false, isRequired: false, schema }
}

/** `true` and `false` are told as rules. */
function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function typeOf(document: unknown, written: unknown, depth = 0): string {
  const named = nameOf(written)
  const schema = resolved(document, written)
  if (schema === undefined) return named ?? 'anything'
  const { type, format, title, items, properties } = membersOf(schema)
  const types = [type].flat().flatMap((one) => textOf(one) ?? [])
  const own = named ?? textOf(title)
  const whole = types.map((one) => {
    if (one !== 'array' || items === undefined || depth > 2) return one
    return `array of ${typeOf(document, items, depth + 1)}`
  })
  const plain = whole.length > 0 ? whole.join(' or ') : properties === undefined ? '' : 'object'
  const text = [plain, typeof format === 'string' ? `(${format})` : ''].filter((one) => one !== '').join(' ')
  if (own === undefined) return text === '' ? 'anything' : text
  return text === '' || text === 'object' ? own : `${own}, ${text}`
}

/** The name that a reference ends with. */
function nameOf(written: unknown): string | undefined {
  const reference = textOf(below(written, '$ref'))
  return reference?.split('/').at(-1)
}
