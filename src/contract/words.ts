import type { CharSet, JS } from 'refa'
import type { Expression } from './expressions.ts'
import { refa } from '../packages.ts'

type Alternatives = ReturnType<JS.Parser['parse']>['expression']['alternatives']
type Element = Alternatives[number]['elements'][number]

/**
 * Makes a text for a pattern. It need not fit: what assertions and back references say is left to who tests it. Undefined for one that would
 * be longer than anybody means.
 */
export type Words = (pattern: Expression, draw: () => number, stretch: number) => string | undefined

/** Patterns come from documents, of which there are few: what is read of them is kept. */
export function createWords(): Words {
  const known = new Map<Expression, Alternatives>()
  const tooLong = new Set<Expression>()
  return (pattern, draw, stretch) => {
    if (tooLong.has(pattern)) return undefined
    const read = known.get(pattern) ?? alternativesOf(pattern)
    known.set(pattern, read)
    const room = { left: MOST_PARTS }
    const text = oneOf(read, draw, stretch, room)
    if (room.left > 0) return text
    tooLong.add(pattern)
    return undefined
  }
}

function alternativesOf({ source, flags }: Expression): Alternatives {
  return refa().JS.Parser.fromLiteral({ source, flags }).parse({ backreferences: 'unknown', maxNodes: Infinity }).expression.alternatives
}

/** So many parts a text has at most, whatever a pattern asks for: what repeats may stand in what repeats. */
const MOST_PARTS = 100_000

interface Room {
  left: number
}

/** @param stretch how often more than it must a part repeats, at most */
function oneOf(alternatives: Alternatives, draw: () => number, stretch: number, room: Room): string {
  const chosen = alternatives[Math.floor(draw() * alternatives.length)]
  return chosen?.elements.map((element) => textOf(element, draw, stretch, room)).join('') ?? ''
}

function textOf(element: Element, draw: () => number, stretch: number, room: Room): string {
  if (room.left-- <= 0) return ''
  switch (element.type) {
    case 'CharacterClass':
      return characterOf(element.characters, draw)
    case 'Alternation':
      return oneOf(element.alternatives, draw, stretch, room)
    case 'Quantifier': {
      const more = Math.min(element.max - element.min, stretch)
      const times = element.min + Math.floor(draw() * (more + 1))
      const texts: string[] = []
      while (texts.length < times && room.left > 0) texts.push(oneOf(element.alternatives, draw, stretch, room))
      return texts.join('')
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

const likely = new WeakMap<CharSet, CharSet['ranges']>()

function likelyOf(set: CharSet): CharSet['ranges'] {
  const known = likely.get(set)
  if (known) return known
  const preferred = PREFERRED.map((ranges) => set.intersect(refa().CharSet.empty(set.maximum).union(ranges)))
  const { ranges } = preferred.find((some) => !some.isEmpty) ?? set.without(SURROGATES)
  likely.set(set, ranges)
  return ranges
}

function characterOf(set: CharSet, draw: () => number): string {
  const ranges = likelyOf(set)
  const size = ranges.reduce((sum, { min, max }) => sum + max - min + 1, 0)
  let index = Math.floor(draw() * size)
  for (const { min, max } of ranges) {
    if (index <= max - min) return String.fromCodePoint(min + index)
    index -= max - min + 1
  }
  return ''
}
