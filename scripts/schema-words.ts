/** JSON schemas as people read them, in Markdown. */

type Plain = string | number | boolean

/** What is read of a JSON schema. */
export interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: Plain
  readonly enum?: readonly Plain[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: string
  readonly default?: Plain
  readonly examples?: readonly Plain[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** A schema in full: what it is for, and each way of writing it; in a table where there are words about members. */
export function described(schema: Schema): string[] {
  const { description, oneOf = [schema] } = schema
  const isPlain = ({ properties = {} }: Schema): boolean => Object.values(properties).every((member) => member.description === undefined)
  const ways = oneOf.flatMap((way) => {
    const about = way === schema || way.description === undefined ? [] : [way.description]
    if (!way.properties || (way !== schema && isPlain(way))) return [...about, `- ${kindOf(way)}`]
    const rows = Object.entries(way.properties).map(([name, member]) => [
      `${code(name)}${way.required?.includes(name) ? ' (needed)' : ''}`,
      kindOf(member),
      member.description ?? '',
    ])
    return [...about, table(['word', 'takes', ''], rows)]
  })
  return [...(description === undefined ? [] : [description]), ...ways]
}

/**
 * A schema in a few words.
 * @param schemas what `#/components/schemas/…` leads to; all else leads to the page of scenarios
 */
export function kindOf(schema: Schema, schemas: Readonly<Record<string, Schema>> = {}): string {
  const { $ref, oneOf, enum: values, const: only, items, properties, examples } = schema
  if ($ref?.startsWith('#/components/')) return kindOf(found(schemas, $ref), schemas)
  if ($ref !== undefined) return linkTo($ref)
  if (oneOf) return oneOf.map((way) => kindOf(way, schemas)).join(', or ')
  if (values) return values.map((value) => code(String(value))).join(', ')
  if (only !== undefined) return code(String(only))
  if (items) return `list of ${kindOf(items, schemas)}`
  if (properties) {
    const members = Object.entries(properties).map(([name, member]) => `${code(name)}: ${kindOf(member, schemas)}`)
    return `{ ${members.join(', ')} }`
  }
  if (examples) return `${typeOf(schema)}: ${examples.map((example) => code(String(example))).join(', ')}`
  return `${typeOf(schema)}${boundsOf(schema)}`
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'object',
  null: '`null`',
}

function typeOf({ type = [], format }: Schema): string {
  const types = [type].flat().map((name) => TYPES[name] ?? name)
  return format ?? (types.length === 0 ? 'anything' : types.join(' or '))
}

function boundsOf(schema: Schema): string {
  const { minimum, exclusiveMinimum, maximum, minLength, maxLength, pattern, default: otherwise } = schema
  const least = exclusiveMinimum === undefined ? minimum : `above ${exclusiveMinimum}`
  return [
    ...(pattern === undefined ? [] : [code(pattern)]),
    ...(maxLength === undefined ? [] : [range(minLength, maxLength, ' characters')]),
    ...(least === undefined && maximum === undefined ? [] : [range(least, maximum)]),
    ...(otherwise === undefined ? [] : [`${code(String(otherwise))} by default`]),
  ]
    .map((bound) => `, ${bound}`)
    .join('')
}

function range(least: number | string | undefined, most: number | undefined, unit = ''): string {
  if (most === undefined) return `at least ${least}${unit}`
  return least === undefined ? `at most ${most}${unit}` : least === most ? `${most}${unit}` : `${least} to ${most}${unit}`
}

/** The section of a definition of scenarios; one of its members has the definition's, what is no definition the top. */
function linkTo(ref: string): string {
  const [file, , kind, name = '', , member] = ref.split(/[#/]/)
  if (kind !== '$defs') return `[${name === '' ? 'scenario' : name}](scenarios.md)`
  return `[${member ?? name}](${file === '' ? '' : 'scenarios.md'}#${name.toLowerCase()})`
}

/** What a reference leads to, by the last part of it. @throws Error where there is nothing */
export function found<Thing>(things: Readonly<Record<string, Thing>>, ref: string): Thing {
  const thing = things[ref.slice(ref.lastIndexOf('/') + 1)]
  if (thing === undefined) throw new Error(`there is no ${ref}`)
  return thing
}

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Words as code. */
export function code(text: string): string {
  return `\`${text}\``
}
