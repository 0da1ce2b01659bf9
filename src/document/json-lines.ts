import { pointerParts } from '../base/http.ts'

/** Where a member or an element begins, and its value. */
interface Part {
  readonly begin: number
  readonly value: number
}

/**
 * Finds the line, from 1, on which the value at a pointer of a well-formed JSON text begins; undefined where there is none. Only what is asked
 * for is looked at, and what was seen on the way is kept: of a text of ten million characters all lines would take longer than its parsing.
 */
export function linesIn(text: string): (pointer: string) => number | undefined {
  const seen = new Map<number, ReadonlyMap<string, Part>>()
  let ends: readonly number[] | undefined
  const inside = (from: number): ReadonlyMap<string, Part> => {
    const parts = seen.get(from) ?? partsAt(text, from)
    seen.set(from, parts)
    return parts
  }
  return (pointer) => {
    const start = afterBlanks(text, 0)
    let part: Part | undefined = { begin: start, value: start }
    for (const name of pointerParts(pointer)) {
      part = part && inside(part.value).get(name)
      if (!part) return undefined
    }
    return part && lineAt((ends ??= endsOf(text)), part.begin)
  }
}

/**
 * How many names the objects of a well-formed JSON text have, those that stand twice in one counted twice: its parser keeps the last of
 * them and says nothing.
 */
export function countNames(text: string): number {
  let count = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at)) {
    at = endOfString(text, at)
    if (text[afterBlanks(text, at)] === ':') count++
  }
  return count
}

/** What an object or a list holds that begins here, by names or places; nothing where another value does. */
function partsAt(text: string, from: number): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>()
  const isList = text[from] === '['
  if (!isList && text[from] !== '{') return parts
  for (let at = afterBlanks(text, from + 1), index = 0; text[at] !== ']' && text[at] !== '}'; index++) {
    const begin = at
    let name = String(index)
    if (!isList) {
      const end = endOfString(text, at)
      name = String(JSON.parse(text.slice(at, end)))
      at = afterBlanks(text, afterBlanks(text, end) + 1)
    }
    parts.set(name, { begin, value: at })
    at = afterBlanks(text, endOfValue(text, at))
    if (text[at] === ',') at = afterBlanks(text, at + 1)
  }
  return parts
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from)
  const marks = text[from] === '{' || text[from] === '[' ? /["{}[\]]/g : /[,}\]\s]/g
  marks.lastIndex = from
  let depth = 0
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    if (marks.source.startsWith('[,')) return found.index
    if (found[0] === '"') marks.lastIndex = endOfString(text, found.index)
    else depth += found[0] === '{' || found[0] === '[' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}

/** Behind the closing quotation mark of the string that begins here. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text[at - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return at + 1
  }
  return text.length
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

function endsOf(text: string): readonly number[] {
  const ends: number[] = []
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at)
  return ends
}

/** The line of an offset: one more than lines end before it. */
function lineAt(ends: readonly number[], offset: number): number {
  let [from, to] = [0, ends.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((ends[middle] ?? 0) < offset) from = middle + 1
    else to = middle
  }
  return from + 1
}
