import { createRequire } from 'node:module'
import type * as JsonParser from 'jsonc-parser'
import { pointerPart } from '../base/http.ts'

/** How deep lines are looked for: the elements of a list in the whole. */
const DEPTH = 2

/** The lines, from 1, on which the values of a well-formed JSON text begin, by pointer. */
export function linesOf(text: string): ReadonlyMap<string, number> {
  // Loaded when the first line is asked for: neither a start nor a request needs it.
  const { visit }: typeof JsonParser = createRequire(import.meta.url)('jsonc-parser')
  const lines = new Map<string, number>()
  const begin = (line: number, path: () => JsonParser.JSONPath): boolean => {
    const parts = path()
    lines.set(parts.map((part) => `/${pointerPart(String(part))}`).join(''), line + 1)
    return parts.length < DEPTH
  }
  visit(text, {
    onObjectBegin: (_offset, _length, line, _character, path) => begin(line, path),
    onArrayBegin: (_offset, _length, line, _character, path) => begin(line, path),
    onLiteralValue: (_value, _offset, _length, line, _character, path) => void begin(line, path),
    // Without these the parser does not notice where what `begin` left out ends.
    onObjectEnd: () => undefined,
    onArrayEnd: () => undefined,
  })
  return lines
}
