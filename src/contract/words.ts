import { CharSet, JS } from 'refa'
import type { Expression } from './expressions.ts'

type Alternatives = ReturnType<JS.Parser['parse']>['expression']['alternatives']
type Element = Alternatives[number]['elements'][number]

/** Makes a text for a pattern. It need not fit: what assertions and back references say is left to who tests it. */
export type Words = (pattern: Expression, draw: () => number, stretch: number) => string

/** Patterns come from documents, of which there are few: what is read of them is kept. */
export function createWords(): Words {
  const known = new Map<Expression, Alternatives>()
  return (pattern, draw, stretch) => {
    const read = known.get(pattern) ?? alternativesOf(pattern)
    known.set(pattern, read)
    return oneOf(read, draw, stretch)
  }
}

function alternativesOf({ source, flags }: Expression): Alternatives {
  return JS.Parser.fromLiteral({ source, flags }).parse({ backreferences: 'unknown', maxNodes: Infinity }).expression.alternatives
}

/** More often nothing is repeated, whatever a pattern asks for. */
const MOST_TIMES = 10_000

/** @param stretch how often more than it must a part repeats, at most */
function oneOf(alternatives: Alternatives, draw: () => number, stretch: number): string {
  const chosen = alternatives[Math.floor(draw() * alternatives.length)]
  return chosen?.elements.map((element) => textOf(element, draw, stretch)).join('') ?? ''
}

function textOf(element: Element, draw: () => number, stretch: number): string {
  switch (element.type) {
    case 'CharacterClass':
      return characterOf(element.characters, draw)
    case 'Alternation':
      return oneOf(element.alternatives, draw, stretch)
    case 'Quantifier': {
      const more = Math.min(element.max - element.min, stretch)
      const times = Math.min(MOST_TIMES, element.min + Math.floor(draw() * (more + 1)))
      return Array.from({ length: times }, () => oneOf(element.alternatives, draw, stretch)).join('')
    }
    case 'Assertion':
    case 'Unknown':
      return ''
    default:
      return element satisfies never
  }
}

/** What people type, before what can be printed, before all the rest. Halves of a pair are no characters. */
const SURROGATES = { min: 0xd800, max: 0xdfff }
const PREFERRED = ['09AZaz', ' ~', '\u00A1\u024F'].map((ends) =>
  (ends.match(/../gu) ?? []).map((pair) => ({ min: pair.codePointAt(0) ?? 0, max: pair.codePointAt(1) ?? 0 })),
)

function characterOf(set: CharSet, draw: () => number): string {
  const preferred = PREFERRED.map((ranges) => set.intersect(CharSet.empty(set.maximum).union(ranges)))
  const { ranges } = preferred.find((some) => !some.isEmpty) ?? set.without(SURROGATES)
  const size = ranges.reduce((sum, { min, max }) => sum + max - min + 1, 0)
  let index = Math.floor(draw() * size)
  for (const { min, max } of ranges) {
    if (index <= max - min) return String.fromCodePoint(min + index)
    index -= max - min + 1
  }
  return ''
}
