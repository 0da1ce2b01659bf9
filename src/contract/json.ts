import { messageFrom } from '../base/problem.ts'

/** How deep arrays and objects may lie in one another; real bodies have six levels. */
const MAX_DEPTH = 100

export type Parsed =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'broken'; readonly message: string; readonly fix: string }

/**
 * Parses a JSON text as RFC 8259 would have it sent: no byte order mark, no name twice in one object (parsers differ on which one
 * counts), no `__proto__` (a name that some receivers turn into a prototype), no nesting beyond 100 levels.
 */
export function parseJson(text: string): Parsed {
  if (text.charCodeAt(0) === 0xfeff) return broken('it begins with a byte order mark', 'send UTF-8 without one')
  if (text.trim() === '') return broken('it is empty', 'send a JSON value, {} at least')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return broken(messageFrom(error), 'send well-formed JSON')
  }
  const names = count(value, 0)
  if (names === TOO_DEEP) return broken(`it is nested deeper than ${MAX_DEPTH} levels`, 'send flatter JSON')
  // Each name is followed by a colon, so as many colons as names leave no room for a name that was dropped as a duplicate.
  if (names === SUSPECT || colons(text) !== names) {
    const suspect = findSuspect(text)
    if (suspect) return broken(suspect.message, suspect.fix)
  }
  return { kind: 'value', value }
}

const TOO_DEEP = -1
const SUSPECT = -2

function broken(message: string, fix: string): Parsed {
  return { kind: 'broken', message, fix }
}

/** How many names a value has, at all levels; or what is wrong with it. */
function count(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth >= MAX_DEPTH) return TOO_DEEP
  if (Object.hasOwn(value, '__proto__')) return SUSPECT
  const isList = Array.isArray(value)
  const inner: unknown[] = isList ? value : Object.values(value)
  let sum = isList ? 0 : inner.length
  for (const one of inner) {
    const names = count(one, depth + 1)
    if (names < 0) return names
    sum += names
  }
  return sum
}

function colons(text: string): number {
  let found = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) found++
  return found
}

/** Walks well-formed JSON by its tokens, looking for a name that stands twice in one object, or `__proto__`. */
function findSuspect(text: string): { message: string; fix: string } | undefined {
  const objects: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const token = text[at]
    if (token === '{') objects.push(new Set())
    else if (token === '[') objects.push(undefined)
    else if (token === '}' || token === ']') objects.pop()
    else if (token === '"') {
      const end = endOfString(text, at)
      if (isName(text, end)) {
        const name = String(JSON.parse(text.slice(at, end)))
        const names = objects.at(-1)
        if (names?.has(name))
          return { message: `the name "${name}" stands twice in one object, at character ${at}`, fix: `keep one "${name}"` }
        if (name === '__proto__') return { message: `the name "__proto__" is not taken, at character ${at}`, fix: 'leave it out' }
        names?.add(name)
      }
      at = end - 1
    }
  }
  return undefined
}

/** Behind the closing quotation mark of the string that begins here. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Whether a colon follows: then the string is a name. */
function isName(text: string, end: number): boolean {
  let at = end
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++
  return text[at] === ':'
}
