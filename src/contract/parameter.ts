import { decoded } from '../base/decode.ts'
import { type Issue, pointerPart } from '../base/http.ts'
import { parseJson } from './json.ts'
import { formValue } from './fields.ts'
import { isJson, type Located, type Reader } from './schema.ts'
import { coerce, NO_TYPES, typesOf, type ValueTypes } from './texts.ts'
import { excerpt, type Validator } from './validator.ts'

type ParameterPlace = 'path' | 'query' | 'header' | 'cookie'

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
  read(raw: RawParameters): ReadParameter
  compile(): void
}

interface ReadParameter {
  readonly value: unknown
  readonly issues: readonly Issue[]
  readonly undeclared: readonly Issue[]
}

const NONE: readonly Issue[] = []
const STYLES: Readonly<Record<ParameterPlace, readonly string[]>> = {
  path: ['simple', 'label', 'matrix'],
  header: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'tabDelimited', 'deepObject'],
  cookie: ['form'],
}
const DEFAULT_STYLE = { path: 'simple', header: 'simple', query: 'form', cookie: 'form' } as const
const JSON_LIKE = /[/+]json\s*(;|$)/i
const SEPARATORS: Readonly<Record<string, RegExp>> = { spaceDelimited: /%20|\+| /, pipeDelimited: /\||%7c/i, tabDelimited: /%09|\t/ }

/** What the document says of a parameter; undefined for what is none, or says too little to be looked for: it has no name, or no place. */
export function createParameter(located: Located, reader: Reader, validator: Validator): Parameter | undefined {
  const { name, in: where, required, style, explode, allowEmptyValue } = located.value
  if (typeof name !== 'string' || (where !== 'path' && where !== 'query' && where !== 'header' && where !== 'cookie')) return undefined
  const key = where === 'header' ? name.toLowerCase() : name
  // What the first two say is said by the content of bodies (OpenAPI 3.1, 4.8.12).
  if (where === 'header' && (key === 'accept' || key === 'content-type' || !isSendable(key))) return undefined
  const [content] = reader.children(located, 'content')
  const json = content && JSON_LIKE.test(content[0]) ? content[1] : undefined
  const schema = reader.schema(content?.[1] ?? located, 'schema')
  const check = schema && validator.check(schema)
  const undeclared = schema && validator.undeclared(schema)
  const at = `/${where}/${pointerPart(key)}`
  const shown = json?.value['example'] ?? located.value['example']
  const example = shown === undefined ? undefined : `send ${name}: ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`
  // One that is of no place, or of nobody's, is read as if nothing were said.
  const said = typeof style === 'string' && STYLES[where].includes(style) ? style : undefined
  const settings = {
    style: said ?? DEFAULT_STYLE[where],
    explode: typeof explode === 'boolean' ? explode : said === undefined ? where === 'query' || where === 'cookie' : said === 'form',
  }
  const types = schema ? typesOf(schema, reader) : NO_TYPES

  function fail(rule: string, message: string, value?: unknown, fix?: string): ReadParameter {
    const place = reader.placeOf(located.value)
    const issue = { at, rule, message, ...(value !== undefined && { value }), ...(fix !== undefined && { fix }), ...(place && { place }) }
    return { value: undefined, issues: [issue], undeclared: NONE }
  }

  function checked(value: unknown): ReadParameter {
    const issues = check?.(value, at) ?? NONE
    const mayHold = typeof value === 'object' && issues.length === 0
    return { value, issues, undeclared: (mayHold && undeclared?.(value, at)) || NONE }
  }

  return {
    name: key,
    in: where,
    owns: (queryName) =>
      queryName === name ||
      (settings.style === 'deepObject' && queryName.startsWith(`${name}[`)) ||
      (settings.style === 'form' && settings.explode && types.members.has(queryName)),
    compile: () => check?.compile(),
    read(sent) {
      const raw = where === 'path' ? unstyled(sent, key, settings, types) : sent
      let readings: readonly unknown[]
      try {
        readings = json
          ? [single(raw, where, key)]
          : [
              settings.style === 'deepObject' && schema ? deep(raw, key, schema, reader) : decode(raw, where, key, settings, types),
              decodeAlone(raw, where, key, types),
            ]
      } catch {
        return fail('syntax', 'holds a percent-encoding that does not decode', undefined, 'encode it as UTF-8, each byte as %XX')
      }
      const [value, other] = readings.filter((one) => one !== undefined)
      if (value === undefined)
        return required === true ? fail('required', 'is missing', undefined, example) : { value, issues: NONE, undeclared: NONE }
      if (value === '' && allowEmptyValue === true) return { value, issues: NONE, undeclared: NONE }
      if (!json || typeof value !== 'string') {
        const result = checked(value)
        // What may be a list or something else does not show which it is: the reading that fits is meant.
        return other === undefined || result.issues.length === 0 ? result : checked(other)
      }
      const parsed = parseJson(value)
      if (parsed.kind === 'broken') return fail('syntax', `is not JSON: ${parsed.message}`, value, parsed.fix)
      const { value: content } = parsed
      const result = checked(content)
      // A serialised string of JSON, as some documentation prints its examples, is one step of quoting too many.
      const inner = typeof content === 'string' && parseJson(content)
      if (!inner || inner.kind === 'broken' || !isJson(inner.value) || result.issues.length === 0) return result
      return {
        ...result,
        issues: result.issues.map((issue) => ({
          ...issue,
          message: `is a JSON string that holds JSON: ${excerpt(content)}`,
          fix: `send ${name}: ${JSON.stringify(inner.value)}`,
        })),
      }
    },
  }
}

/** Whether a header can have this name at all (RFC 9110, 5.6.2). */
export function isSendable(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name)
}

/** Pairs of a query or a cookie header, values still encoded. In a query's names a plus is a blank. */
export function pairs(text: string, separator: string, isForm: boolean): [string, string][] {
  if (text === '') return []
  return text.split(separator).flatMap((pair): [string, string][] => {
    const [name = '', ...value] = pair.trim().split('=')
    return name === '' ? [] : [[decoded(isForm ? name.replaceAll('+', ' ') : name), value.join('=')]]
  })
}

function single(raw: RawParameters, where: ParameterPlace, key: string): string | undefined {
  const [first] = rawValues(raw, where, key)
  return first === undefined ? undefined : decodedIn(first, where)
}

/** Everything sent under a name, as it was sent. */
function rawValues(raw: RawParameters, where: ParameterPlace, key: string): string[] {
  switch (where) {
    case 'path':
    case 'header': {
      const value = Object.hasOwn(raw[where], key) ? raw[where][key] : undefined
      return value === undefined ? [] : [value]
    }
    case 'query':
    case 'cookie':
      return raw[where].flatMap(([name, value]) => (name === key ? [value] : []))
    default:
      return where satisfies never
  }
}

function decodedIn(raw: string, where: ParameterPlace): string {
  if (where === 'header' || where === 'cookie') return raw
  const plain = where === 'query' ? raw.replaceAll('+', ' ') : raw
  return plain.includes('%') ? decodeURIComponent(plain) : plain
}

interface Style {
  readonly style: string
  readonly explode: boolean
}

function decode(raw: RawParameters, where: ParameterPlace, key: string, settings: Style, types: ValueTypes): unknown {
  const { style, explode } = settings
  const isPaired = where === 'query' || where === 'cookie'
  if (types.own.has('object') && isPaired && explode) {
    const members = raw[where].flatMap(([name, value]): [string, unknown][] =>
      types.members.has(name) ? [[name, coerce(decodedIn(value, where), types.members.get(name))]] : [],
    )
    return members.length === 0 ? undefined : Object.fromEntries(members)
  }
  const values = rawValues(raw, where, key)
  const [value] = values
  if (value === undefined) return undefined
  const element = (part: string): unknown => coerce(decodedIn(part, where), types.items)
  if (types.own.has('array')) return isPaired && explode && style === 'form' ? values.map(element) : split(value, style, where).map(element)
  if (types.own.has('object')) return members(split(value, style, where), explode, where, types)
  return coerce(decodedIn(value, where), types.own)
}

/** The only value of what may be a list or an object, but need not, as neither of them. */
function decodeAlone(raw: RawParameters, where: ParameterPlace, key: string, { own }: ValueTypes): unknown {
  if (![...own].some((type) => COMPOSED.has(type)) || [...own].every((type) => COMPOSED.has(type))) return undefined
  const [value, ...more] = rawValues(raw, where, key)
  return value === undefined || more.length > 0 ? undefined : coerce(decodedIn(value, where), own)
}

const COMPOSED: ReadonlySet<string> = new Set(['array', 'object'])

/** `color[R]` names the member `R` of `color`, and so on: `color[R][0]`, `color[R][]`. */
function deep({ query }: RawParameters, key: string, schema: Located, reader: Reader): unknown {
  const own = query.filter(([name]) => name === key || name.startsWith(`${key}[`))
  if (own.length === 0) return undefined
  const fields = own.map(([name, value]) => ({
    name: `_${name.slice(key.length)}`,
    text: decodedIn(value, 'query'),
    kind: 'text' as const,
  }))
  return formValue(fields, new Map([['_', [schema]]]), reader)['_']
}

/** The value of a path as the style `simple` has it: `.a.b` and `;a=1;a=2` say more than lists and members do. */
function unstyled(raw: RawParameters, key: string, { style, explode }: Style, { own }: ValueTypes): RawParameters {
  const value = Object.hasOwn(raw.path, key) ? raw.path[key] : undefined
  if (value === undefined || style === 'simple') return raw
  const mark = style === 'label' ? '.' : ';'
  const text = value.startsWith(mark) ? value.slice(1) : value
  const pieces = explode && (own.has('array') || own.has('object')) ? text.split(mark) : [text]
  const plain = pieces.map((piece) => (style === 'matrix' && piece.startsWith(`${key}=`) ? piece.slice(key.length + 1) : piece)).join(',')
  return { ...raw, path: { ...raw.path, [key]: plain } }
}

function split(value: string, style: string, where: ParameterPlace): string[] {
  const parts = value.split(SEPARATORS[style] ?? ',')
  return where === 'header' ? parts.map((part) => part.trim()) : parts
}

/** `R=100,G=200` exploded, `R,100,G,200` not. */
function members(parts: readonly string[], explode: boolean, where: ParameterPlace, types: ValueTypes): object {
  const pairs = explode
    ? parts.map((part): [string, string] => [part.split('=', 1)[0] ?? '', part.slice(part.indexOf('=') + 1)])
    : parts.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, parts[index + 1] ?? '']] : []))
  return Object.fromEntries(
    pairs.map(([raw, value]) => {
      const name = decodedIn(raw, where)
      return [name, coerce(decodedIn(value, where), types.members.get(name))]
    }),
  )
}
