import { decoded } from '../base/decode.ts'
import { coerce, type Typed } from './typed.ts'

/** A name and its value, which is still encoded. */
export type Pair = readonly [name: string, raw: string]

/** One way to read what was sent. */
export type Reading =
  | {
      readonly kind: 'value'
      readonly value: unknown
      /** Not told of where it does not fit: nobody wrote it so on purpose. */
      readonly isGuess?: true
    }
  | { readonly kind: 'unreadable'; readonly message: string; readonly fix: string }

/** How a value is written out, and what it may be (OpenAPI 3.1.1, 4.8.12). */
export interface Style {
  readonly name: string
  readonly style: string
  readonly explode: boolean
  readonly typed: Typed
  readonly decode: (raw: string) => string
  /** Whether a name belongs to something else, and so is no member of an object that has no names of its own. */
  readonly isTaken: (name: string) => boolean
}

/** How deep names in brackets may lie in one another, as for JSON. */
const MAX_DEPTH = 100
const SEPARATORS: Readonly<Record<string, RegExp>> = {
  spaceDelimited: /%20|\+| /,
  pipeDelimited: /\||%7c/i,
  // Of Swagger 2.0, where it is called `tsv`.
  tabDelimited: /%09|\t/,
}

const ENCODED_COMMA = /%2c/i

/** Pairs of a query or a cookie header, values still encoded. In a query's names a plus is a blank. */
export function pairs(text: string, separator: string, isForm: boolean): Pair[] {
  if (text === '') return []
  return text.split(separator).flatMap((pair): Pair[] => {
    const [name = '', ...value] = pair.trim().split('=')
    return name === '' ? [] : [[decoded(isForm ? name.replaceAll('+', ' ') : name), value.join('=')]]
  })
}

/** A value of a query or a form. @throws URIError for an encoding that does not decode */
export function decodedForm(raw: string): string {
  const plain = raw.includes('+') ? raw.replaceAll('+', ' ') : raw
  return plain.includes('%') ? decodeURIComponent(plain) : plain
}

/**
 * All that a value could mean, the likely first; nothing where it is not there. What is an object or a list or neither does not show which it
 * is: the reading that fits is meant.
 * @param asText whether what may be a text is one, whatever else it looks like
 * @throws URIError for an encoding that does not decode
 */
export function readings(style: Style, sent: readonly Pair[], asText: boolean): readonly Reading[] {
  const own = unwrapped(style, sent)
  if ('kind' in own) return [own]
  const { own: types } = style.typed
  const values = valuesOf(own.sent, own.style.name)
  const isList = types.has('array')
  const isObject = types.has('object')
  const read: Reading[] = []
  if (isObject) read.push(...objects(own.style, own.sent, values, asText))
  if (isList) read.push(...lists(own.style, own.sent, values, asText))
  const isComposed = types.size > 0 && types.size === Number(isList) + Number(isObject)
  const [value] = values
  if (!isComposed && value !== undefined && !(isList && values.length > 1))
    read.push(found(coerce(style.decode(value), style.typed, asText)))
  return read
}

function valuesOf(sent: readonly Pair[], of: string): readonly string[] {
  const values: string[] = []
  for (const [name, raw] of sent) if (name === of) values.push(raw)
  return values
}

/** Whether a name in brackets is of a name: `color[R]` is of `color`. */
export function isBracketed(name: string, of: string): boolean {
  return name.startsWith(`${of}[`)
}

function found(value: unknown): Reading {
  return { kind: 'value', value }
}

function unreadable(message: string, fix: string): Reading {
  return { kind: 'unreadable', message, fix }
}

/** What a label or a matrix holds, in the words of the other styles: a matrix is a form whose pairs have semicolons between them. */
function unwrapped(style: Style, sent: readonly Pair[]): { readonly style: Style; readonly sent: readonly Pair[] } | Reading {
  const { name } = style
  if (style.style !== 'label' && style.style !== 'matrix') return { style, sent }
  const [text] = valuesOf(sent, name)
  if (text === undefined) return { style, sent }
  if (style.style === 'label')
    return text.startsWith('.')
      ? { style, sent: [[name, text.slice(1)]] }
      : unreadable(`is ${JSON.stringify(text)}; a label begins with a dot`, 'write it as .value')
  const inside = text.startsWith(';') ? pairs(text.slice(1), ';', false) : []
  const isMembers = style.explode && style.typed.own.has('object')
  return inside.length > 0 && (isMembers || inside.every(([other]) => other === name))
    ? { style: { ...style, style: 'form' }, sent: inside }
    : unreadable(`is ${JSON.stringify(text)}; a matrix is written as ;name=value`, `write it as ;${name}=…`)
}

function objects(style: Style, sent: readonly Pair[], values: readonly string[], asText: boolean): readonly Reading[] {
  const { name, style: how, explode, typed } = style
  if (how === 'deepObject') {
    const read = bracketed(style, sent, asText)
    if (read) return [read]
    return values.length === 0 ? [] : [unreadable('is no object', `write its members as ${name}[member]=value`)]
  }
  if (how === 'form' && explode) {
    const members = sent.filter(([other]) => typed.names.has(other) || (typed.isFree && !style.isTaken(other)))
    return members.length === 0 ? [] : [found(Object.fromEntries(membersOf(members, style, asText)))]
  }
  const [value] = values
  if (value === undefined) return []
  const parts = split(value, style)
  const odd = explode ? parts.find((part) => !part.includes('=')) : parts.length % 2 === 1 ? parts.at(-1) : undefined
  if (odd !== undefined)
    return [
      unreadable(
        `is ${JSON.stringify(value)}; ${JSON.stringify(odd)} has no value`,
        `write its members as ${explode ? 'name=value' : 'name, value in turn'}`,
      ),
    ]
  const members = explode
    ? parts.map((part): Pair => [style.decode(part.slice(0, part.indexOf('='))), part.slice(part.indexOf('=') + 1)])
    : parts.flatMap((part, index): Pair[] => (index % 2 === 0 ? [[style.decode(part), parts[index + 1] ?? '']] : []))
  return [found(Object.fromEntries(membersOf(members, style, asText)))]
}

function membersOf(members: readonly Pair[], { typed, decode }: Style, asText: boolean): [name: string, value: unknown][] {
  return [...Map.groupBy(members, ([name]) => name)].map(([name, all]) => {
    const raw = all.map(([, value]) => value)
    return [name, oneOrMore(raw, typed.member(name), (one, of) => coerce(decode(one), of, asText))]
  })
}

/** What stands under one name: a list, where it may be one or has several values. */
export function oneOrMore<Raw>(values: readonly Raw[], typed: Typed, leaf: (raw: Raw, typed: Typed) => unknown): unknown {
  const [first] = values
  return first !== undefined && values.length === 1 && !typed.own.has('array')
    ? leaf(first, typed)
    : values.map((value) => leaf(value, typed.items))
}

function lists(style: Style, sent: readonly Pair[], values: readonly string[], asText: boolean): readonly Reading[] {
  const { typed, decode, explode } = style
  const spread = style.style === 'deepObject' ? bracketed(style, sent, asText) : undefined
  const [value, other] = values
  if (value === undefined) return spread ? [spread] : []
  const listOf = (parts: readonly string[]): unknown[] => parts.map((part) => coerce(decode(part), typed.items, asText))
  const isPlain = style.style === 'deepObject' || (explode && (style.style === 'form' || other !== undefined))
  const parts = isPlain ? values : other === undefined ? split(value, style) : values.flatMap((one) => split(one, style))
  const read = [...(spread ? [spread] : []), found(listOf(parts))]
  if (other !== undefined) return read
  // A label without commas was written with dots up to OpenAPI 3.1.0, and is one element in 3.1.1.
  if (style.style === 'label' && !explode) read.push({ kind: 'value', value: listOf([value]), isGuess: true })
  if (value === '') read.push({ kind: 'value', value: [], isGuess: true })
  // Most clients encode every comma, also one between two elements.
  if (!isPlain && !(style.style in SEPARATORS) && !value.includes(',') && ENCODED_COMMA.test(value))
    read.push({ kind: 'value', value: listOf(value.split(ENCODED_COMMA)), isGuess: true })
  return read
}

function split(value: string, { style, explode }: Style): string[] {
  if (style === 'label') return value.split(explode || !value.includes(',') ? '.' : ',')
  return value.split(SEPARATORS[style] ?? ',')
}

function bracketed(style: Style, sent: readonly Pair[], asText: boolean): Reading | undefined {
  const own = sent.filter(([name]) => isBracketed(name, style.name))
  return own.length === 0 ? undefined : nested(style.name, own, style.typed, (raw, typed) => coerce(style.decode(raw), typed, asText))
}

interface Branch<Raw> {
  readonly values: Raw[]
  readonly children: Map<string, Branch<Raw>>
}

/** What names in brackets say: `filter[a][b]`, and lists as clients write them, `filter[a][]` and `filter[a][0]`. */
export function nested<Raw>(
  root: string,
  sent: readonly (readonly [name: string, raw: Raw])[],
  typed: Typed,
  leaf: (raw: Raw, typed: Typed) => unknown,
): Reading {
  const tree: Branch<Raw> = { values: [], children: new Map() }
  for (const [name, raw] of sent) {
    const inside = name.slice(root.length)
    if (!/^(?:\[[^[\]]*\])*$/.test(inside))
      return unreadable(`has ${JSON.stringify(name)}, whose brackets do not close`, `write ${root}[member]`)
    const keys = inside === '' ? [] : inside.slice(1, -1).split('][')
    if (keys.length > MAX_DEPTH) return unreadable(`is nested deeper than ${MAX_DEPTH} levels`, 'send a flatter one')
    let branch = tree
    for (const key of keys) {
      const next = branch.children.get(key) ?? { values: [], children: new Map() }
      branch.children.set(key, next)
      branch = next
    }
    branch.values.push(raw)
  }
  const clash = clashIn(tree, root)
  if (clash !== undefined) return unreadable(`has ${clash} with a value, and with members`, 'send one of both')
  return found(valueOf(tree, typed, leaf))
}

function clashIn<Raw>({ values, children }: Branch<Raw>, name: string): string | undefined {
  if (values.length > 0 && children.size > 0) return name
  for (const [key, child] of children) {
    const clash = clashIn(child, `${name}[${key}]`)
    if (clash !== undefined) return clash
  }
  return undefined
}

function valueOf<Raw>({ values, children }: Branch<Raw>, typed: Typed, leaf: (raw: Raw, typed: Typed) => unknown): unknown {
  if (children.size === 0) return oneOrMore(values, typed, leaf)
  const entries = [...children]
  const isList = entries.every(([key]) => key === '' || (typed.own.has('array') && /^\d+$/.test(key)))
  if (!isList) return Object.fromEntries(entries.map(([key, child]) => [key, valueOf(child, typed.member(key), leaf)]))
  return entries
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .flatMap(([key, child]) =>
      key === '' && child.children.size === 0 ? child.values.map((value) => leaf(value, typed.items)) : [valueOf(child, typed.items, leaf)],
    )
}

/** Whether a header can have this name at all (RFC 9110, 5.6.2). */
export function isSendable(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name)
}
