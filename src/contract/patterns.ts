import { kindOf } from '../document/keys.ts'
import { pointerPart } from '../base/http.ts'
import type { LoadedDocument } from '../document/load.ts'
import { DocumentError } from '../base/problem.ts'
import { isEndless } from './expressions.ts'
import { isJson } from './schema.ts'

/**
 * Refuses a document of somebody else with patterns that could keep whoever checks a text by them busy without end: what runs patterns here
 * cannot be stopped, and the comparator runs them as well.
 * @throws DocumentError which names all of them
 */
export function refuseExponential({ sources }: LoadedDocument): void {
  const judged = new Map<string, boolean>()
  const isRefused = (pattern: string): boolean => {
    const found = judged.get(pattern) ?? isEndless(pattern)
    judged.set(pattern, found)
    return found
  }
  const refused = sources.flatMap(({ uri, content, lineOf }) =>
    [...patternsIn(content)]
      .filter(({ pattern }) => isRefused(pattern))
      .map(
        ({ pattern, pointer }) =>
          `${uri}:${lineOf(pointer) ?? '?'}: the pattern ${pattern} can read some texts in so many ways that to find that one does not match takes twice as long with each character; let what repeats be read in one way only, as ^a+$ does for ^(a+)+$`,
      ),
  )
  if (refused.length > 0) throw new DocumentError(refused.join('\n'))
}

function* patternsIn(value: unknown, pointer = '', isNamed = false): Generator<{ readonly pattern: string; readonly pointer: string }> {
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* patternsIn(one, `${pointer}/${index}`)
  if (!isJson(value)) return
  for (const [key, inner] of Object.entries(value)) {
    const kind = kindOf(key, isNamed)
    const here = `${pointer}/${pointerPart(key)}`
    if (kind === 'data') continue
    if (!isNamed && key === 'pattern' && typeof inner === 'string') yield { pattern: inner, pointer: here }
    if (!isNamed && key === 'patternProperties' && isJson(inner))
      for (const pattern of Object.keys(inner)) yield { pattern, pointer: `${here}/${pointerPart(pattern)}` }
    yield* patternsIn(inner, here, kind === 'names')
  }
}
