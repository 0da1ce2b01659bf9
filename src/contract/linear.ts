import type { Concatenation, NFA, NoParent } from 'refa'
import { refa } from '../packages.ts'

type Alternative = NoParent<Concatenation>
type Element = Alternative['elements'][number]
type Assertion = Extract<Element, { type: 'Assertion' }>

/** Tests a text in a time that grows with its length, and with nothing else. */
type Test = (text: string) => boolean

/** More nodes a pattern is not written out to. */
const MOST_NODES = 20_000

/**
 * The pattern as an automaton, which reads each character once, whatever the pattern; undefined for one with back references, or with assertions
 * elsewhere than at its ends. Slower than the engine's own for what that one reads well.
 */
export function linearTest(source: string, flags: string): Test | undefined {
  try {
    const { expression, maxCharacter } = refa()
      .JS.Parser.fromLiteral({ source, flags })
      .parse({ backreferences: 'throw', maxNodes: MOST_NODES })
    const made = (alternatives: Alternative[]): NFA =>
      refa().NFA.fromRegex(alternatives, { maxCharacter }, { assertions: 'throw' }, new (refa().NFA.LimitedNodeFactory)(MOST_NODES))
    const anything = anythingUpTo(maxCharacter)
    const [only, other] = expression.alternatives
    const [conditions, rest] = only && !other ? leadingConditions(only) : [[], undefined]
    const whole = made(rest ? [ended(rest, anything)] : expression.alternatives.map((one) => ended(begun(one, anything), anything)))
    const ahead = conditions.map(({ negate, alternatives }) => ({ negate, nfa: made(alternatives.map((one) => ended(one, anything))) }))
    return (text) => {
      const word = flags.includes('u') ? refa().Words.fromStringToUnicode(text) : refa().Words.fromStringToUTF16(text)
      return whole.test(word) && ahead.every(({ negate, nfa }) => nfa.test(word) !== negate)
    }
  } catch {
    // What refa cannot do, of which it says so by errors of many kinds.
    return undefined
  }
}

/**
 * By which power of a text's length the engine's own test may take longer, at worst: one for each part that repeats, and one where a match may
 * begin anywhere. Parts that cannot be told apart make it more than a power (see `isExponential`).
 */
export function degreeOf(source: string, flags: string): number {
  const { expression } = refa()
    .JS.Parser.fromLiteral({ source, flags })
    .parse({ backreferences: 'unknown', simplify: false, maxNodes: Infinity })
  const isAnchored = expression.alternatives.every(({ elements: [first] }) => first && isEdge(first, 'behind'))
  return loopsIn(expression.alternatives) + (isAnchored ? 0 : 1)
}

/** What repeats so often at most is not taken for a loop. */
const FEW = 8

function loopsIn(alternatives: readonly Alternative[]): number {
  let most = 0
  for (const { elements } of alternatives) {
    let here = 0
    for (const element of elements) {
      if (element.type === 'Unknown') here++
      if (element.type === 'CharacterClass' || element.type === 'Unknown') continue
      here += loopsIn(element.alternatives) + (element.type === 'Quantifier' && element.max > FEW ? 1 : 0)
    }
    // Alternatives are tried one after the other.
    most = Math.max(most, here)
  }
  return most
}

/** `^` and `$`: nothing stands before, or behind. */
function isEdge(element: Element, kind: Assertion['kind']): boolean {
  if (element.type !== 'Assertion' || element.kind !== kind || !element.negate) return false
  const [only, other] = element.alternatives
  const [first, second] = only?.elements ?? []
  return !other && first?.type === 'CharacterClass' && !second && first.characters.isAll
}

/** What has to hold at the beginning, of a pattern that begins with `^` and such conditions: each speaks of the text as the rest does. */
function leadingConditions({ elements }: Alternative): [conditions: Assertion[], rest: Alternative | undefined] {
  const [first, ...others] = elements
  if (!first || !isEdge(first, 'behind')) return [[], undefined]
  const conditions: Assertion[] = []
  for (const element of others) {
    if (element.type !== 'Assertion' || element.kind !== 'ahead' || isEdge(element, 'ahead')) break
    conditions.push(element)
  }
  return [conditions, concatenation(others.slice(conditions.length))]
}

function begun(alternative: Alternative, anything: Element): Alternative {
  const [first, ...others] = alternative.elements
  if (first && isEdge(first, 'behind')) return concatenation(others)
  if (first?.type === 'Alternation')
    return concatenation([{ ...first, alternatives: first.alternatives.map((one) => begun(one, anything)) }, ...others])
  return concatenation([anything, ...alternative.elements])
}

function ended(alternative: Alternative, anything: Element): Alternative {
  const last = alternative.elements.at(-1)
  const others = alternative.elements.slice(0, -1)
  if (last && isEdge(last, 'ahead')) return concatenation(others)
  if (last?.type === 'Alternation')
    return concatenation([...others, { ...last, alternatives: last.alternatives.map((one) => ended(one, anything)) }])
  return concatenation([...alternative.elements, anything])
}

function concatenation(elements: Element[]): Alternative {
  return { type: 'Concatenation', elements }
}

function anythingUpTo(maximum: number): Element {
  const one: Element = { type: 'CharacterClass', characters: refa().CharSet.all(maximum) }
  return { type: 'Quantifier', min: 0, max: Infinity, lazy: false, alternatives: [concatenation([one])] }
}
