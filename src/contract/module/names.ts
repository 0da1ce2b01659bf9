/** Names for what a document calls otherwise, and texts and values as TypeScript has them, laid out as Prettier does. */

export const WIDTH = 140

/** What a type cannot be called in a module: words of the language, and what the module uses itself. */
const RESERVED =
  'any bigint boolean false never null number object string symbol true undefined unknown void Input Omit Readonly Record Date Math Number String URL'

/** Gives each name once: the second who wants it gets a number. */
export class Names {
  readonly #taken: Set<string>

  constructor(taken: Iterable<string> = RESERVED.split(' ')) {
    this.#taken = new Set(taken)
  }

  take(wanted: string): string {
    let name = wanted
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted}${number}`
    this.#taken.add(name)
    return name
  }
}

/** `pet-order` → `PetOrder`; what is not a letter or a digit separates words. */
export function pascal(text: string): string {
  const name = text
    .split(/[^\p{L}\p{Nd}]+/u)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  return /^\p{L}/u.test(name) ? name : `The${name}`
}

/** `PetOrder` → `petOrder`, `APIKey` → `apiKey`. */
export function camel(text: string): string {
  return pascal(text).replace(/^\p{Lu}+(?=\p{Lu}\p{Ll})|^\p{Lu}+/u, (capitals) => capitals.toLowerCase())
}

/** `petOrder` → `pet order`. */
export function spaced(name: string): string {
  return name.replaceAll(/(?<=[\p{Ll}\p{Nd}])(?=\p{Lu})/gu, ' ').toLowerCase()
}

/** `petOrder` → `petOrders`, `category` → `categories`. */
export function plural(name: string): string {
  if (/[^aeiou]y$/i.test(name)) return `${name.slice(0, -1)}ies`
  return /(s|x|z|ch|sh)$/i.test(name) ? `${name}es` : `${name}s`
}

/** What is refused with where there is none of a kind. */
export function codeOf(kind: string): string {
  return `${spaced(kind).replaceAll(' ', '-')}-unknown`
}

export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name)
}

/** A text as a literal: in the quotes that leave less to escape. */
export function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
  const quote = text.split("'").length > text.split('"').length ? '"' : "'"
  return quote + inner.replaceAll(quote, `\\${quote}`) + quote
}

/** The name of a member, where it is given a type or a value. */
export function key(name: string): string {
  // Of an object literal it would be the prototype.
  if (name === '__proto__') return "['__proto__']"
  return isIdentifier(name) ? name : quoted(name)
}

/** How a member is read. */
export function access(of: string, name: string): string {
  return isIdentifier(name) ? `${of}.${name}` : `${of}[${quoted(name)}]`
}

/** A text that stands in a comment, which it cannot end. */
export function comment(text: string, room = WIDTH - 12): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replaceAll('*/', '* /')
    .trim()
  return line.length <= room ? line : `${line.slice(0, room - 1).trimEnd()}…`
}

/** A value as a literal. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return object(Object.entries(value).map(([name, one]) => `${key(name)}: ${literal(one)}`))
}

/** An object of such members, in one line. */
export function object(members: readonly string[]): string {
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/**
 * An object that is the end of a line: in one line where there is room, or else a line a member.
 * @param before what stands in front of it, with the indentation of the line
 * @param behind what stands behind it
 */
export function laidOut(before: string, members: readonly string[], behind: string): string {
  const line = before + object(members) + behind
  if (line.length <= WIDTH && !line.includes('\n')) return line
  const indent = /^ */.exec(before.slice(before.lastIndexOf('\n') + 1))?.[0] ?? ''
  return `${before}{\n${members.map((member) => `${indent}  ${member},\n`).join('')}${indent}}${behind}`
}
