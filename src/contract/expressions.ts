import { isExponential } from './backtracking.ts'
import { degreeOf, linearTest } from './linear.ts'

/** A pattern of a document as it is run. */
export interface Expression {
  readonly source: string
  readonly flags: string
  /** Whether texts are tested by the pattern itself, and not in another way. */
  readonly isRun: boolean
  /** The power of a text's length that the engine's own test of it takes in steps at worst; Infinity for what grows faster than any. */
  readonly degree: number
  /** In a time that grows no faster than the text; a long one passes where there is none. */
  test(text: string): boolean
  /** Other ones have other texts: ajv tells them apart by it. */
  toString(): string
}

/** Between slashes, as code has it. A text that it would match as it stands there is not. */
const DELIMITED = /^\/(\^.*\$)\/([a-z]*)$/s

/** What other languages write for what JavaScript has as well. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^\(\?[imsu]+\)/, ''],
  [/\\A/g, '^'],
  [/\\[zZ]/g, '$'],
  [/\(\?P</g, '(?<'],
  [/\\(p)\{Is(\w+)\}/gi, String.raw`\$1{$2}`],
  [/\\(p)\{(Latin|Greek|Cyrillic|Arabic|Hebrew|Thai|Han|Hangul|Hiragana|Katakana)\}/gi, String.raw`\$1{sc=$2}`],
  [/\\p\{digit\}/gi, String.raw`\d`],
  [/\\p\{alpha\}/gi, String.raw`\p{L}`],
  [/\\p\{alnum\}/gi, String.raw`\p{L}\d`],
  [/\\p\{punct\}/gi, String.raw`\p{P}`],
  [/\\p\{space\}/gi, String.raw`\s`],
  [/\\p\{(upper|lower)\}/gi, String.raw`\p{L}`],
  [/\\p\{(print|graph)\}/gi, String.raw`\P{C}`],
  [/\\p\{(all|any)\}/gi, String.raw`\p{Any}`],
  [/\\p\{blank\}/gi, String.raw`\s`],
  [/\\p\{cntrl\}/gi, String.raw`\p{Cc}`],
  [/\\p\{xdigit\}/gi, String.raw`\p{AHex}`],
  [/\[:alpha:\]/g, 'A-Za-z'],
  [/\[:digit:\]/g, '0-9'],
  [/\[:alnum:\]/g, 'A-Za-z0-9'],
  [/\[:space:\]/g, String.raw`\s`],
]

/** Patterns come from documents, of which there are few. */
const known = new Map<string, Expression | undefined>()

/**
 * The pattern as ECMA-262 has it with Unicode, else without, else in the words of other languages; undefined for what none of them reads.
 */
export function expressionOf(pattern: string): Expression | undefined {
  if (!known.has(pattern)) known.set(pattern, read(pattern))
  return known.get(pattern)
}

/** The patterns that texts can be made for, and tested by. */
export function expressionsOf(patterns: readonly string[]): Expression[] {
  return patterns.flatMap((pattern) => expressionOf(pattern) ?? [])
}

function read(written: string): Expression | undefined {
  const [, inside, options = ''] = DELIMITED.exec(written) ?? []
  const pattern = inside ?? written
  const foreign = FOREIGN.reduce(
    (source, [theirs, ours]) => source.replaceAll(new RegExp(theirs, [...new Set(`g${theirs.flags}`)].join('')), ours),
    pattern,
  )
  const own = options.includes('i') ? 'i' : ''
  const caseless = own || /^\(\?[a-z]*i/.test(pattern) ? 'i' : ''
  const ways = [
    [pattern, `u${own}`],
    [foreign, `u${caseless}`],
    [pattern, own],
    [foreign, caseless],
  ] as const
  for (const [source, flags] of ways) {
    // Without Unicode a property is no more than the letters that it is written in.
    if (!flags.includes('u') && /\\p\{/i.test(source)) continue
    try {
      const expression = new RegExp(source, flags)
      // One that is too large for the engine only says so when it runs.
      expression.test('')
      const isOver = isEndless(source, flags)
      const degree = isOver ? Infinity : degreeIn(source, flags)
      return {
        source,
        flags,
        isRun: !isOver,
        degree,
        test: testOf(expression, degree),
        toString: () => String(expression),
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  return undefined
}

/** How many steps the engine's own test of a text may take at worst, about; more where nothing else can test it. */
const MOST_STEPS = 10_000_000
const MOST_STEPS_ALONE = 100_000_000

/**
 * By the engine's own, where that is known to end soon; else by an automaton. What neither can test in time is not held against the text: whoever
 * sends it could keep everybody waiting.
 */
export function testOf(expression: RegExp, degree: number): (text: string) => boolean {
  if (degree <= 1) return (text) => expression.test(text)
  const { source, flags } = expression
  const shortOf = (steps: number): number => (degree === Infinity ? SHORT : steps ** (1 / degree))
  const [short, shortAlone] = [shortOf(MOST_STEPS), shortOf(MOST_STEPS_ALONE)]
  let linear: ReturnType<typeof linearTest> | 'none'
  return (text) => {
    if (text.length <= short) return expression.test(text)
    linear ??= linearTest(source, flags) ?? 'none'
    return linear === 'none' ? text.length > shortAlone || expression.test(text) : linear(text)
  }
}

/** A text of which every pattern tells soon whether it matches, though it take twice as long with each character. */
const SHORT = 16

function degreeIn(source: string, flags: string): number {
  try {
    return degreeOf(source, flags)
  } catch (error) {
    // Only refa's parser has no words for it.
    if (error instanceof SyntaxError) return 3
    throw error
  }
}

/** Whether a pattern is refused where others can send texts to be tested by it; so is one that is nested too deep to be judged. */
export function isEndless(source: string, flags = 'u'): boolean {
  try {
    return isExponential(source, flags)
  } catch (error) {
    // What refa's parser cannot read, but the engine can, is run as any other.
    if (error instanceof SyntaxError) return false
    if (error instanceof RangeError) return true
    throw error
  }
}
