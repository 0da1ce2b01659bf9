import { isExponential } from './backtracking.ts'

/** A pattern of a document as it is run. */
export interface Expression {
  readonly source: string
  readonly flags: string
  /** Whether texts are tested by it at all. */
  readonly isRun: boolean
  /** Every text, for one that must not be run. */
  test(text: string): boolean
  /** Other ones have other texts: ajv tells them apart by it. */
  toString(): string
}

/** What other languages write for what JavaScript has as well. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^\(\?[imsu]+\)/, ''],
  [/\\A/g, '^'],
  [/\\[zZ]/g, '$'],
  [/\(\?P</g, '(?<'],
  [/\\p\{digit\}/gi, String.raw`\d`],
  [/\\p\{alpha\}/gi, String.raw`\p{L}`],
  [/\\p\{alnum\}/gi, String.raw`\p{L}\d`],
  [/\\p\{punct\}/gi, String.raw`\p{P}`],
  [/\\p\{space\}/gi, String.raw`\s`],
  [/\\p\{(upper|lower)\}/gi, String.raw`\p{L}`],
  [/\[:alpha:\]/g, 'A-Za-z'],
  [/\[:digit:\]/g, '0-9'],
  [/\[:alnum:\]/g, 'A-Za-z0-9'],
  [/\[:space:\]/g, String.raw`\s`],
]

/** Patterns come from documents, of which there are few. */
const known = new Map<string, Expression | undefined>()

/**
 * The pattern as ECMA-262 has it with Unicode, else without, else in the words of other languages; undefined for what none of them reads. One
 * that could keep whoever tests a text by it busy without end, as `^(a+)+$` could, is not run: nothing is held against it.
 */
export function expressionOf(pattern: string): Expression | undefined {
  if (!known.has(pattern)) known.set(pattern, read(pattern))
  return known.get(pattern)
}

/** The patterns that texts can be made for, and tested by. */
export function expressionsOf(patterns: readonly string[]): Expression[] {
  return patterns.flatMap((pattern) => expressionOf(pattern) ?? [])
}

function read(pattern: string): Expression | undefined {
  const foreign = FOREIGN.reduce(
    (source, [theirs, ours]) => source.replaceAll(new RegExp(theirs, [...new Set(`g${theirs.flags}`)].join('')), ours),
    pattern,
  )
  const caseless = /^\(\?[a-z]*i/.test(pattern) ? 'i' : ''
  const ways = [
    [pattern, 'u'],
    [foreign, `u${caseless}`],
    [pattern, ''],
    [foreign, caseless],
  ] as const
  for (const [source, flags] of ways) {
    // Without Unicode a property is no more than the letters that it is written in.
    if (!flags.includes('u') && /\\p\{/i.test(source)) continue
    try {
      const expression = new RegExp(source, flags)
      const isRun = !isEndless(source, flags)
      return { source, flags, isRun, test: (text) => !isRun || expression.test(text), toString: () => String(expression) }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  return undefined
}

/** Whether a pattern is refused where others can send texts to be tested by it; so is one that is nested too deep to be judged. */
export function isEndless(source: string, flags = 'u'): boolean {
  try {
    return isExponential(source, flags)
  } catch (error) {
    // What only its own parser has no words for is run as any other.
    if (error instanceof SyntaxError) return false
    if (error instanceof RangeError) return true
    throw error
  }
}
