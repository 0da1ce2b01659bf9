import { type Issue, pointerPart } from '../http.ts'
import { parseJson } from './json.ts'
import { isJson, type Located, type Reader } from './schema.ts'
import { type Check, excerpt, type Validator } from './validator.ts'

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie'

/** Where raw parameter texts come from; a query gives all its pairs, for styles that spread over several. */
export interface RawParameters {
  readonly path: Readonly<Record<string, string>>
  readonly query: readonly (readonly [name: string, raw: string])[]
  readonly header: Readonly<Record<string, string>>
  readonly cookie: readonly (readonly [name: string, raw: string])[]
}

export interface Parameter {
  readonly name: string
  readonly in: ParameterPlace
  /** The names of query pairs that belong to it. */
  owns(queryName: string): boolean
  /** Reads the parameter by its style (OpenAPI 3.1, 4.8.12), typed as its schema says, and checks it. */
  read(raw: RawParameters): { readonly value: unknown; readonly issues: readonly Issue[] }
  compile(): void
}

const NONE: readonly Issue[] = []
const DEFAULT_STYLE = { path: 'simple', header: 'simple', query: 'form', cookie: 'form' } as const
const SEPARATORS: Readonly<Record<string, RegExp>> = { spaceDelimited: /%20|\+| /, pipeDelimited: /\||%7c/i }

export function createParameter(located: Located, reader: Reader, validator: Validator): Parameter {
  const { name, in: where, required, style, explode } = located.value
  if (typeof name !== 'string' || (where !== 'path' && where !== 'query' && where !== 'header' && where !== 'cookie'))
    throw new TypeError(`${located.uri}#${located.pointer}: a parameter needs "name" and "in"`)
  const key = where === 'header' ? name.toLowerCase() : name
  const json = reader.child(located, 'content', 'application/json')
  const schema = json ? reader.child(json, 'schema') : reader.child(located, 'schema')
  const check = schema && validator.check(schema)
  const at = `/${where}/${pointerPart(key)}`
  const settings = {
    style: typeof style === 'string' ? style : DEFAULT_STYLE[where],
    explode: typeof explode === 'boolean' ? explode : style === undefined ? where === 'query' || where === 'cookie' : style === 'form',
  }
  const types = schema ? typesOf(schema, reader) : new Map<string, ReadonlySet<string>>()

  function fail(rule: string, message: string, value?: unknown, fix?: string): { value: undefined; issues: readonly Issue[] } {
    const place = reader.placeOf(located.value)
    return {
      value: undefined,
      issues: [{ at, rule, message, ...(value !== undefined && { value }), ...(fix !== undefined && { fix }), ...(place && { place }) }],
    }
  }

  function checked(value: unknown, check: Check | undefined): { value: unknown; issues: readonly Issue[] } {
    return { value, issues: check?.(value, at) ?? NONE }
  }

  return {
    name: key,
    in: where,
    owns: (queryName) =>
      queryName === name ||
      queryName.startsWith(`${name}[`) ||
      (settings.style === 'form' && settings.explode && types.has(`.${queryName}`)),
    compile: () => check?.compile(),
    read(raw) {
      let value: unknown
      try {
        value = json ? single(raw, where, key) : decode(raw, where, key, settings, types)
      } catch {
        return fail('syntax', 'holds a percent-encoding that does not decode', undefined, 'encode it as UTF-8, each byte as %XX')
      }
      if (value === undefined) return required === true ? fail('required', 'is missing') : { value, issues: NONE }
      if (!json || typeof value !== 'string') return checked(value, check)
      const parsed = parseJson(value)
      if (parsed.kind === 'broken') return fail('syntax', `is not JSON: ${parsed.message}`, value, parsed.fix)
      const { value: content } = parsed
      const result = checked(content, check)
      // A serialised string of JSON, as some documentation prints its examples, is one step of quoting too many.
      const inner = typeof content === 'string' && parseJson(content)
      if (!inner || inner.kind === 'broken' || !isJson(inner.value) || result.issues.length === 0) return result
      return {
        value: content,
        issues: result.issues.map((issue) => ({
          ...issue,
          message: `is a JSON string that holds JSON: ${excerpt(content)}`,
          fix: `send ${name}: ${JSON.stringify(inner.value)}`,
        })),
      }
    },
  }
}

/** Types that a raw text may be turned into: of the value (key ``), of array elements (`*`), of an object's members (`.name`). */
function typesOf(schema: Located, reader: Reader): Map<string, ReadonlySet<string>> {
  const types = new Map<string, ReadonlySet<string>>()
  const add = (key: string, from: Located): void =>
    void types.set(key, new Set([from.value['type']].flat().filter((type) => typeof type === 'string')))
  add('', schema)
  const items = reader.child(schema, 'items')
  if (items) add('*', items)
  for (const [name, member] of reader.children(schema, 'properties')) add(`.${name}`, member)
  return types
}

function single(raw: RawParameters, where: ParameterPlace, key: string): string | undefined {
  switch (where) {
    case 'path': {
      const text = raw.path[key]
      return text === undefined ? undefined : decodeURIComponent(text)
    }
    case 'header':
      return raw.header[key]
    case 'query':
    case 'cookie': {
      const pair = raw[where].find(([name]) => name === key)
      return pair && text(pair[1], where)
    }
    default:
      return where satisfies never
  }
}

function text(raw: string, where: ParameterPlace): string {
  if (where === 'header' || where === 'cookie') return raw
  const plain = where === 'query' ? raw.replaceAll('+', ' ') : raw
  return plain.includes('%') ? decodeURIComponent(plain) : plain
}

function decode(
  raw: RawParameters,
  where: ParameterPlace,
  key: string,
  { style, explode }: { style: string; explode: boolean },
  types: ReadonlyMap<string, ReadonlySet<string>>,
): unknown {
  const whole = types.get('') ?? new Set()
  const one = (part: string, kind: string): unknown => coerce(text(part, where), types.get(kind))
  const many = where === 'query' || where === 'cookie' ? raw[where].filter(([name]) => name === key).map(([, value]) => value) : []
  if (whole.has('object') && (where === 'query' || where === 'cookie')) {
    const members = raw[where].flatMap(([name, value]): [string, unknown][] => {
      const member =
        style === 'deepObject'
          ? name.startsWith(`${key}[`) && name.endsWith(']')
            ? name.slice(key.length + 1, -1)
            : undefined
          : explode && types.has(`.${name}`)
            ? name
            : undefined
      return member === undefined ? [] : [[member, one(value, `.${member}`)]]
    })
    if (style === 'deepObject' || explode) return members.length === 0 ? undefined : Object.fromEntries(members)
  }
  if (whole.has('array') && explode && style === 'form') return many.length === 0 ? undefined : many.map((value) => one(value, '*'))
  const value = where === 'path' ? raw.path[key] : where === 'header' ? raw.header[key] : many[0]
  if (value === undefined) return undefined
  const parts = (): string[] => value.split(SEPARATORS[style] ?? ',').map((part) => (where === 'header' ? part.trim() : part))
  if (whole.has('array')) return parts().map((part) => one(part, '*'))
  if (whole.has('object')) {
    const pairs = parts()
    if (explode)
      return Object.fromEntries(
        pairs.map((pair) => pair.split('=')).map(([name = '', inner = '']) => [text(name, where), one(inner, `.${name}`)]),
      )
    return Object.fromEntries(
      pairs.flatMap((name, index) => (index % 2 === 0 ? [[text(name, where), one(pairs[index + 1] ?? '', `.${name}`)]] : [])),
    )
  }
  return one(value, '')
}

/** The text as the type its schema asks for; as it is when it cannot be read so, for the schema to refuse. */
function coerce(value: string, types: ReadonlySet<string> | undefined): unknown {
  if (!types || types.size === 0) return value
  if ((types.has('integer') || types.has('number')) && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value)
  if (types.has('boolean') && (value === 'true' || value === 'false')) return value === 'true'
  if (types.has('null') && value === 'null') return null
  return value
}
