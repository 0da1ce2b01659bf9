import { type Issue, pointerPart } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import { parseJson } from './json.ts'
import { createMedia } from './media.ts'
import { isJsonType, mediaTypeOf } from './media-type.ts'
import { isJson, type Located, type Reader } from './schema.ts'
import { decodedForm, isBracketed, isSendable, type Pair, type Reading, readings, type Style } from './style.ts'
import { isOpenToText, typedBy } from './typed.ts'
import { excerpt } from './excerpt.ts'
import type { Validator } from './validator.ts'

type ParameterPlace = 'path' | 'query' | 'header' | 'cookie'

/** Where raw parameter texts come from; a query gives all its pairs, for styles that spread over several. */
export interface RawParameters {
  readonly path: Readonly<Record<string, string>>
  readonly query: readonly Pair[]
  /** The query as a whole, for a parameter that is all of it. */
  readonly queryText: string
  readonly header: Readonly<Record<string, string>>
  readonly cookie: readonly Pair[]
}

export interface Parameter {
  readonly name: string
  readonly in: ParameterPlace
  /** What the document says of it that cannot be, with file and line: it is told of the operation, and the rest of the document is served. */
  readonly slip?: string
  readonly isDeprecated: boolean
  /** Whether the names of query pairs belong to it. */
  owns(queryName: string): boolean
  /**
   * Reads the parameter by its style (OpenAPI 3.1, 4.8.12), typed as its schema says, and checks it.
   * @throws DocumentError for a slip
   */
  read(raw: RawParameters): ReadParameter
  /** @throws DocumentError */
  compile(): void
}

interface ReadParameter {
  readonly value: unknown
  readonly issues: readonly Issue[]
  readonly undeclared: readonly Issue[]
}

/** What is known of a parameter before its schema is looked at. */
interface Declared {
  /** As the document writes it, and as requests are asked for it. */
  readonly name: string
  readonly key: string
  readonly in: ParameterPlace
  /** Of a JSON pointer into the request. */
  readonly at: string
  readonly located: Located
  fail(rule: string, message: string, fix?: string, value?: unknown): ReadParameter
  /** It is not there. */
  missing(): ReadParameter
}

const NONE: readonly Issue[] = []
const MISSING: ReadParameter = { value: undefined, issues: NONE, undeclared: NONE }
const STYLES: Readonly<Record<ParameterPlace, readonly string[]>> = {
  path: ['simple', 'label', 'matrix'],
  header: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  // `cookie`, of OpenAPI 3.2, is a form without percent-encoding.
  cookie: ['form', 'cookie'],
}
const DEFAULT_STYLE = { path: 'simple', header: 'simple', query: 'form', cookie: 'form' } as const
/** Headers that a document describes elsewhere; parameters of these names are ignored (OpenAPI 3.1, 4.8.12.2). */
const ELSEWHERE: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

/**
 * @param isTaken whether a name of the query is that of another parameter
 * @returns undefined for one that is to be ignored
 */
export function createParameter(
  located: Located,
  reader: Reader,
  validator: Validator,
  isTaken: (queryName: string) => boolean,
): Parameter | undefined {
  const { name, in: written, required } = located.value
  const where = written === 'querystring' ? 'query' : written
  if (typeof name !== 'string' || (where !== 'path' && where !== 'query' && where !== 'header' && where !== 'cookie'))
    return nowhere(`${reader.where(located)}: a parameter needs a name, and a place: path, query, header or cookie`)
  const key = where === 'header' ? name.toLowerCase() : name
  if (where === 'header' && (ELSEWHERE.has(key) || !isSendable(key))) return undefined
  const at = `/${where}/${pointerPart(key)}`
  const [content] = reader.children(located, 'content')
  const shown = content?.[1].value['example'] ?? located.value['example']
  const example = shown === undefined ? undefined : `send ${name}: ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`
  const declared: Declared = {
    name,
    key,
    in: where,
    at,
    located,
    fail(rule, message, fix, value) {
      const place = reader.placeOf(located.value)
      const issue = { at, rule, message, ...(value !== undefined && { value }), ...(fix !== undefined && { fix }), ...(place && { place }) }
      return { value: undefined, issues: [issue], undeclared: NONE }
    },
    missing: () => (required === true ? declared.fail('required', 'is missing', example) : MISSING),
  }
  return content
    ? withContent(declared, content[0], content[1], reader, validator, written === 'querystring')
    : withStyle(declared, reader, validator, isTaken)
}

function withStyle(declared: Declared, reader: Reader, validator: Validator, isTaken: (queryName: string) => boolean): Parameter {
  const { name, key, in: where, at, located, fail } = declared
  const schema = reader.schema(located, 'schema')
  const check = schema && validator.check(schema)
  const undeclared = schema && validator.undeclared(schema)
  const typed = typedBy(schema ? [schema] : [], reader)
  const style: Style = { ...styleOf(located, where), name: key, typed, isTaken: where === 'query' ? isTaken : () => false }
  if (!isStyleOf(where, style))
    return broken(`${reader.where(located)}: the style "${style.style}" is not read in ${where}; ${STYLES[where].join(', ')} are`, declared)
  const isSpread = style.style === 'form' && style.explode && typed.own.has('object')
  const isSingle = !typed.own.has('array') && !typed.own.has('object')
  const mayBeOther = !isSingle || isOpenToText(typed)
  const mayBeEmpty = where === 'query' && located.value['allowEmptyValue'] === true

  function checked(value: unknown): ReadParameter {
    const issues = check?.(value, at) ?? NONE
    const mayHold = typeof value === 'object' && issues.length === 0
    return { value, issues, undeclared: (mayHold && undeclared?.(value, at)) || NONE }
  }

  /** The first reading that fits; where none does, what is wrong with the last that somebody could have meant. */
  function chosen(sent: readonly Pair[]): ReadParameter {
    let told: ReadParameter | undefined
    let unread: Reading | undefined
    for (const asText of mayBeOther ? [false, true] : [false])
      for (const reading of readings(style, sent, asText)) {
        if (reading.kind === 'unreadable') {
          unread = reading
          continue
        }
        const result = checked(reading.value)
        if (result.issues.length === 0) return isSingle && where === 'query' ? onceIn(sent, result) : result
        if (reading.isGuess !== true && !asText) told = result
      }
    if (told && mayBeEmpty && sent.some(([other, value]) => other === name && value === ''))
      return { value: '', issues: NONE, undeclared: NONE }
    if (told) return where === 'query' ? asElements(sent, told) : told
    return unread?.kind === 'unreadable' ? fail('syntax', unread.message, unread.fix) : declared.missing()
  }

  /** What is written in one, and has to be written one by one, says how. */
  function asElements(sent: readonly Pair[], told: ReadParameter): ReadParameter {
    const own = sent.filter(([other]) => other === name)
    if (!style.explode || style.style !== 'form' || !typed.own.has('array') || own.length !== 1) return told
    if (!/,|%2C/i.test(own[0]?.[1] ?? '')) return told
    const fix = `send each element by itself: ${name}=…&${name}=…`
    return { ...told, issues: told.issues.map((issue) => ({ ...issue, fix })) }
  }

  /** One value is all that there is to be: of several the first counts. */
  function onceIn(sent: readonly Pair[], read: ReadParameter): ReadParameter {
    if (sent.length === 1) return read
    const times = sent.filter(([other]) => other === name).length
    if (times < 2) return read
    const message = `is sent ${times} times, and the document has one value here; the first counts`
    return { ...read, undeclared: [...read.undeclared, { at, rule: 'undeclared', message, fix: 'send it once' }] }
  }

  return {
    name: key,
    in: where,
    isDeprecated: located.value['deprecated'] === true,
    owns: (queryName) =>
      queryName === name ||
      (style.style === 'deepObject' && isBracketed(queryName, name)) ||
      (isSpread && (typed.names.has(queryName) || (typed.isFree && !isTaken(queryName)))),
    compile: () => check?.compile(),
    read(raw) {
      const sent = sentIn(raw, where, key)
      // Of an empty segment the client has forgotten what should stand there; a list may be empty.
      if (sent.length === 0 || (where === 'path' && sent[0]?.[1] === '' && !typed.own.has('array'))) return declared.missing()
      try {
        return chosen(sent)
      } catch (error) {
        if (!(error instanceof URIError)) throw error
        return undecodable(declared)
      }
    },
  }
}

/** @param isWhole whether it is the whole query (OpenAPI 3.2, 4.12.2) */
function withContent(
  declared: Declared,
  written: string,
  entry: Located,
  reader: Reader,
  validator: Validator,
  isWhole: boolean,
): Parameter {
  const { name, key, in: where, at, located, fail } = declared
  const media = createMedia(entry, reader, validator)
  const type = mediaTypeOf(written)
  const isOfJson = isJsonType(type.name)

  function textIn(raw: RawParameters): string | undefined {
    if (isWhole) {
      if (raw.queryText === '') return undefined
      return type.name === 'application/x-www-form-urlencoded' ? raw.queryText : decodedForm(raw.queryText)
    }
    const found = sentIn(raw, where, key).find(([other]) => other === key)
    return found && (where === 'query' ? decodedForm(found[1]) : where === 'path' ? decodedPath(found[1]) : found[1])
  }

  return {
    name: key,
    in: where,
    isDeprecated: located.value['deprecated'] === true,
    owns: (queryName) => isWhole || queryName === name,
    compile: () => media.compile(),
    read(raw) {
      let text: string | undefined
      try {
        text = textIn(raw)
      } catch (error) {
        if (!(error instanceof URIError)) throw error
        return undecodable(declared)
      }
      if (text === undefined) return declared.missing()
      const read = media.read({ kind: 'text', text }, type, at)
      if (read.kind === 'broken') return fail('syntax', isOfJson ? `is not JSON: ${read.message}` : read.message, read.fix, text)
      // A serialised string of JSON, as some documentation prints its examples, is one step of quoting too many.
      const inner = isOfJson && typeof read.value === 'string' && read.issues.length > 0 && parseJson(read.value)
      if (!inner || inner.kind === 'broken' || !isJson(inner.value)) return read
      const fix = `send ${name}: ${JSON.stringify(inner.value)}`
      const message = `is a JSON string that holds JSON: ${excerpt(read.value)}`
      return { ...read, issues: read.issues.map((issue) => ({ ...issue, message, fix })) }
    },
  }
}

/** What cannot be looked for is missed by nobody. */
function nowhere(slip: string): Parameter {
  return { ...broken(slip, { key: '', in: 'query' }), owns: () => false, read: () => MISSING }
}

function broken(slip: string, { key, in: where }: Pick<Declared, 'key' | 'in'>): Parameter {
  const refuse = (): never => {
    throw new DocumentError(slip)
  }
  return { name: key, in: where, slip, isDeprecated: false, owns: (queryName) => queryName === key, read: refuse, compile: refuse }
}

function undecodable({ fail }: Declared): ReadParameter {
  return fail('syntax', 'holds a percent-encoding that does not decode', 'encode it as UTF-8, each byte as %XX')
}

/** What may belong to it, as it was sent. */
function sentIn(raw: RawParameters, where: ParameterPlace, key: string): readonly Pair[] {
  switch (where) {
    case 'path':
    case 'header': {
      const value = Object.hasOwn(raw[where], key) ? raw[where][key] : undefined
      return value === undefined ? [] : [[key, value]]
    }
    case 'query':
    case 'cookie':
      return raw[where]
    default:
      return where satisfies never
  }
}

function styleOf({ value }: Located, where: ParameterPlace): Pick<Style, 'style' | 'explode' | 'decode'> {
  const style = typeof value['style'] === 'string' ? value['style'] : DEFAULT_STYLE[where]
  const isPlain = style === 'cookie' && where === 'cookie'
  const decode = { path: decodedPath, query: decodedForm, header: trimmed, cookie: isPlain ? trimmed : decodedCookie }[where]
  const { explode = style === 'form' || isPlain } = value
  return { style: isPlain ? 'form' : style, explode: explode === true, decode }
}

function isStyleOf(where: ParameterPlace, { style }: Style): boolean {
  return STYLES[where].includes(style) || (style === 'tabDelimited' && where === 'query')
}

function decodedPath(raw: string): string {
  return raw.includes('%') ? decodeURIComponent(raw) : raw
}

function trimmed(raw: string): string {
  return raw.trim()
}

/** Cookies need not be percent-encoded: what does not decode stands for itself. */
function decodedCookie(raw: string): string {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}
