import { isJson, type Located } from '../schema.ts'
import { isIdentifier, key, literal, quoted, WIDTH } from './names.ts'

/** A type of TypeScript, as far as documents have them. */
export type Type =
  | { readonly kind: 'plain'; readonly name: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'unknown' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'list' | 'record'; readonly of: Type }
  | { readonly kind: 'union'; readonly of: readonly Type[] }
  | { readonly kind: 'shape'; readonly shape: Shape }
  | { readonly kind: 'alias'; readonly name: string; readonly of: Type }

/** An object whose members are known: an interface. */
export interface Shape {
  /** What the document calls it, or what it is of: two may be called the same. */
  readonly called: string
  /** The document has a name for it. */
  readonly isNamed: boolean
  /** What the interface is called; found when it is first wanted, so that only what is written takes a name. */
  readonly name: string
  readonly schema: Located
  readonly members: readonly Member[]
  /** There are no other members. */
  readonly isClosed: boolean
}

export interface Member {
  readonly name: string
  readonly type: Type
  readonly isRequired: boolean
  /** What the schemas say of it: all of it holds. */
  readonly schemas: readonly Located[]
  /** Clients do not send it. */
  readonly isReadOnly: boolean
}

export const UNKNOWN: Type = { kind: 'plain', name: 'unknown' }
/** Of members that nobody names. */
export const OBJECT: Type = { kind: 'plain', name: 'object' }
export function placeOf({ uri, pointer }: Located): string {
  return `${uri}#${pointer}`
}

export function unionOf(types: readonly (Type | undefined)[]): Type {
  const flat = types.flatMap((type = UNKNOWN) => (type.kind === 'union' ? type.of : [type]))
  if (flat.length === 0 || flat.some((type) => type === UNKNOWN)) return UNKNOWN
  const distinct = [...new Map(flat.map((type) => [textOf(type), type])).values()]
  const [only, other] = distinct
  return only && !other ? only : { kind: 'union', of: distinct }
}

/** Whether a value of one type may stand where the other is wanted. What cannot be told is denied. */
export function isAssignable(from: Type, to: Type, open: ReadonlySet<string> = new Set()): boolean {
  if (from.kind === 'alias') return isAssignable(from.of, to, open)
  if (to.kind === 'alias') return isAssignable(from, to.of, open)
  if (to.kind === 'plain' && to.name === 'unknown') return true
  if (from.kind === 'union') return from.of.every((one) => isAssignable(one, to, open))
  if (to.kind === 'union') return to.of.some((one) => isAssignable(from, one, open))
  if (to.kind === 'plain' && to.name === 'object') return ['list', 'record', 'shape'].includes(from.kind) || from === to
  if (from.kind === 'plain') return to.kind === 'plain' && from.name === to.name
  if (from.kind === 'literal') return to.kind === 'literal' ? from.value === to.value : to.kind === 'plain' && typeof from.value === to.name
  if (from.kind !== 'shape') return to.kind === from.kind && isAssignable(from.of, to.of, open)
  if (to.kind !== 'shape') return false
  const [a, b] = [from.shape, to.shape]
  const pair = `${placeOf(a.schema)} ${placeOf(b.schema)}`
  if (a === b || open.has(pair)) return true
  const inside = new Set([...open, pair])
  return b.members.every((wanted) => {
    const member = a.members.find(({ name }) => name === wanted.name)
    return member ? (member.isRequired || !wanted.isRequired) && isAssignable(member.type, wanted.type, inside) : !wanted.isRequired
  })
}

/** Whether a literal has the type: it holds nothing that the type does not name. */
export function isOfType(value: unknown, type: Type): boolean {
  switch (type.kind) {
    case 'plain':
      if (type.name === 'null') return value === null
      return type.name === 'unknown' || (type.name === 'object' ? isJson(value) : typeof value === type.name)
    case 'literal':
      return value === type.value
    case 'list':
      return Array.isArray(value) && value.every((one) => isOfType(one, type.of))
    case 'record':
      return isJson(value) && Object.values(value).every((one) => isOfType(one, type.of))
    case 'union':
      return type.of.some((one) => isOfType(value, one))
    case 'alias':
      return isOfType(value, type.of)
    case 'shape': {
      const { members } = type.shape
      return (
        isJson(value) &&
        Object.keys(value).every((name) => members.some((member) => member.name === name)) &&
        members.every(({ name, isRequired, type }) => (Object.hasOwn(value, name) ? isOfType(value[name], type) : !isRequired))
      )
    }
    default:
      return type satisfies never
  }
}

export function textOf(type: Type): string {
  switch (type.kind) {
    case 'plain':
      return type.name
    case 'literal':
      return literal(type.value)
    case 'list': {
      const element = textOf(type.of)
      return type.of.kind === 'union' || type.of.kind === 'list' ? `readonly (${element})[]` : `readonly ${element}[]`
    }
    case 'record':
      return `Readonly<Record<string, ${textOf(type.of)}>>`
    case 'union':
      return type.of.map(textOf).join(' | ')
    case 'shape':
      return type.shape.name
    case 'alias':
      return type.name
    default:
      return type satisfies never
  }
}

/** The declarations that types need, each once, those in front that need the others. */
export function declarationsOf(types: readonly Type[]): readonly string[] {
  const texts = new Map<string, string>()
  const add = (one: Type): void => {
    switch (one.kind) {
      case 'plain':
      case 'literal':
        return
      case 'list':
      case 'record':
        add(one.of)
        return
      case 'union':
        one.of.forEach(add)
        return
      case 'alias':
        texts.set(one.name, aliasOf(one.name, one.of))
        return
      case 'shape': {
        const { name, members } = one.shape
        if (texts.has(name)) return
        // Its place in the order; what its members are called may still be found out.
        texts.set(name, '')
        texts.set(name, interfaceOf(name, members))
        for (const member of members) add(member.type)
        return
      }
      default:
        one satisfies never
    }
  }
  types.forEach(add)
  return [...texts.values()]
}

function interfaceOf(name: string, members: readonly Member[]): string {
  return `interface ${name} {\n${members.map((member) => `${memberOf(member)}\n`).join('')}}`
}

function memberOf({ name, type, isRequired }: Member): string {
  const before = `  readonly ${name === '__proto__' ? quoted(name) : key(name)}${isRequired ? '' : '?'}:`
  const line = `${before} ${textOf(type)}`
  return line.length > WIDTH && type.kind === 'union' ? before + stacked(type.of, '    ') : line
}

function aliasOf(name: string, type: Type): string {
  const line = `type ${name} = ${textOf(type)}`
  return line.length > WIDTH && type.kind === 'union' ? `type ${name} =${stacked(type.of, '  ')}` : line
}

function stacked(types: readonly Type[], indent: string): string {
  return types.map((type) => `\n${indent}| ${textOf(type)}`).join('')
}

/** A short object in one line, as the type of what is sent. */
export function inlineOf(members: readonly Member[]): string {
  return `{ ${members.map(({ name, type, isRequired }) => `${isIdentifier(name) ? name : quoted(name)}${isRequired ? '' : '?'}: ${textOf(type)}`).join('; ')} }`
}
