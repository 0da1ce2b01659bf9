import { isRawNumber, parseExact } from '../../base/exact.ts'

/** What a provider state takes for a parameter: clients write numbers for texts, and texts for numbers. */

export type Scalar = string | number | boolean

/** Where a parameter is put into what exists. */
export interface Placement {
  /** A JSON pointer. */
  readonly at: string
  /** It is all of the text there. */
  readonly isWhole: boolean
}

/** What a parameter has to be: what its default is, else what the place takes that it is put into. Anything, where it is put into none. */
export type Wanted = 'number' | 'truth value' | 'text' | 'scalar' | 'anything'

/** RFC 8259, section 6. Any other text, such as 007, would not come back as it was. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** @param like the default, where there is one; @param numbers the members of own data that are numbers */
export function wantedFor(like: Scalar | null | undefined, places: readonly Placement[], numbers: ReadonlySet<string>): Wanted {
  if (typeof like === 'number') return 'number'
  if (typeof like === 'boolean') return 'truth value'
  if (typeof like === 'string') return 'text'
  const whole = places.find(({ isWhole }) => isWhole)
  if (whole) return numbers.has(whole.at.slice(whole.at.lastIndexOf('/') + 1)) ? 'number' : 'text'
  return places.length > 0 ? 'scalar' : 'anything'
}

/**
 * A value in the type that is wanted. Its text stays what it was, so that whoever wrote it finds it again: clients write numbers for texts and
 * texts for numbers. Undefined where that cannot be.
 */
export function typed(value: unknown, wanted: Wanted): unknown {
  if (wanted === 'anything') return value
  if (!isScalar(value)) return undefined
  switch (wanted) {
    case 'scalar':
      return value
    case 'text':
      return textOf(value)
    case 'number':
      return typeof value !== 'boolean' && NUMBER.test(textOf(value)) && Number.isFinite(Number(textOf(value)))
        ? parseExact(textOf(value))
        : undefined
    case 'truth value':
      return ['true', 'false'].includes(textOf(value)) ? parseExact(textOf(value)) : undefined
    default:
      return wanted satisfies never
  }
}

/** A number may have the form in which it was written. */
function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) || isRawNumber(value)
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether a value only says again what stands in the text, as a word of it. */
export function repeats(text: string, value: unknown): boolean {
  const word = isScalar(value) ? textOf(value) : ''
  if (word === '') return false
  for (let begin = text.indexOf(word); begin !== -1; begin = text.indexOf(word, begin + 1))
    if (!isInWord(text[begin - 1]) && !isInWord(text[begin + word.length])) return true
  return false
}

function isInWord(character = ' '): boolean {
  return /\w/.test(character)
}
