import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Believable, Believer } from './believable.ts'
import { type Expression, expressionsOf } from './expressions.ts'
import { rangeOf } from './formats.ts'
import { numbersOf } from './rules.ts'
import type { Json } from './schema.ts'
import type { Words } from './words.ts'

/** What numbers and texts are made of. */
export interface Material {
  readonly believer: Believer
  readonly words: Words
}

/** What a value is called, and what has it. */
export interface Named {
  readonly name: string
  readonly owner: string
}

/** A text that has to be longer is not made: nobody who mocks an API means it. */
const LONGEST = 100_000
/** How many multiples are tried, one after the other. */
const MOST_MULTIPLES = 10_000
/** How often a value is made anew before none is believed to fit. */
const TRIES = 60
/** Beyond these a double does not hold every whole number. */
const { MAX_SAFE_INTEGER: LARGEST } = Number

/** A number that fits all rules; undefined where none was found. */
export function numberOf(
  rules: readonly Json[],
  isWhole: boolean,
  { name, owner }: Named,
  { believer }: Material,
  draw: () => number,
): number | undefined {
  const [above, below] = [Math.max(...numbersOf(rules, 'exclusiveMinimum')), Math.min(...numbersOf(rules, 'exclusiveMaximum'))]
  const formats = rules.map(({ format }) => format)
  const largest = formats.includes('int32') ? 2 ** 31 - 1 : LARGEST
  const ranges = formats.flatMap((format) => rangeOf(format))
  const least = Math.max(above, ...numbersOf(rules, 'minimum'), ...ranges.map(([low]) => low), -largest)
  const most = Math.min(below, ...numbersOf(rules, 'maximum'), ...ranges.map(([, high]) => high), largest)
  const steps = numbersOf(rules, 'multipleOf')
  // Nothing is a multiple of nothing.
  if (steps.some((step) => !(step > 0))) return undefined
  // These formats have no fractions, whatever the type.
  const isOfWhole = isWhole || formats.some((format) => format === 'int32' || format === 'int64')
  const fits = (value: number): boolean =>
    value >= least &&
    value <= most &&
    value > above &&
    value < below &&
    (!isOfWhole || Number.isInteger(value)) &&
    steps.every((step) => Number.isInteger(value / step))

  const believed = numberFrom(believer.named(name, owner, draw))
  const whole = believed !== undefined && isOfWhole ? Math.round(believed) : believed
  if (whole !== undefined && fits(whole)) return whole
  // Where only one end is known, the other is not far; where none is, it is a number that people would write.
  const [low, high] =
    least > -largest
      ? [least, most < largest ? most : least + 1000]
      : most < largest
        ? [Math.min(most, Math.max(0, most - 1000)), most]
        : [1, 1000]
  const step = steps.length > 0 ? commonStep(steps) : isOfWhole ? 1 : undefined
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const at = low + draw() * (high - low)
    const value = step === undefined ? (attempt < TRIES / 2 ? Math.round(at * 100) / 100 : at) : near(at, step, low, high)
    if (fits(value)) return value
  }
  // Few multiples may lie in between.
  if (step !== undefined)
    for (let first = Math.floor(low / step), count = 0; count < MOST_MULTIPLES && Number.isSafeInteger(first); count++)
      if (fits((first + count) * step)) return (first + count) * step
  return [least, most].find((value) => fits(value))
}

function near(at: number, step: number, low: number, high: number): number {
  const value = Math.round(at / step) * step
  return value < low ? Math.ceil(low / step) * step : value > high ? Math.floor(high / step) * step : value
}

/** The least number that is a multiple of all, where they are whole; the largest of them, where not. */
function commonStep(steps: readonly number[]): number {
  if (!steps.every((step) => Number.isSafeInteger(step) && step > 0)) return Math.max(...steps)
  return steps.reduce((one, other) => (one / divisorOf(one, other)) * other)
}

function divisorOf(one: number, other: number): number {
  return other === 0 ? one : divisorOf(other, one % other)
}

/** A text that fits all rules; undefined where none was found. */
export function textOf(rules: readonly Json[], named: Named, material: Material, draw: () => number): string | undefined {
  const least = Math.max(0, ...numbersOf(rules, 'minLength'))
  const most = Math.min(Infinity, ...numbersOf(rules, 'maxLength'))
  if (least > LONGEST) return undefined
  const expressions = expressionsOf(strings(rules, 'pattern'))
  const formats = strings(rules, 'format')
  const tests = [...expressions, ...formats.flatMap((format) => TESTS.get(format) ?? [])]
  const fits = (text: string): boolean => {
    const { length } = Array.from(text)
    return length >= least && length <= most && tests.every((test) => test.test(text))
  }
  for (const text of candidates(expressions, formats, named, material, draw, least, most)) if (fits(text)) return text
  return undefined
}

/** What might do, the most believable first. */
function* candidates(
  patterns: readonly Expression[],
  formats: readonly string[],
  { name, owner }: Named,
  { believer, words }: Material,
  draw: () => number,
  least: number,
  most: number,
): Generator<string> {
  // What cannot be tested has to be made right; what is short can be.
  if (patterns.some(({ isRun }) => !isRun)) {
    for (let attempt = 0; attempt < TRIES; attempt++) yield patterns.map((pattern) => words(pattern, draw, 0)).join('')
    for (const before of ['', ...formats.flatMap((format) => believer.formatted(format, draw) ?? [])])
      yield before + patterns.map((pattern) => words(pattern, draw, 3)).join('')
  }
  for (const format of formats) {
    const made = believer.formatted(format, draw)
    if (made === undefined) continue
    yield made
    yield* stretched(format, made, least)
    yield* Array.from({ length: 5 }, () => believer.formatted(format, draw) ?? '')
    yield* SHORT
    yield* SHAPES[format] ?? []
  }
  for (const one of [name, ...formats]) {
    const believed = believer.named(one, owner, draw)
    if (believed === undefined) continue
    const text = typeof believed === 'object' ? believed.toISOString().replace('.000', '') : String(believed)
    yield text
    if (patterns.length === 0) yield fitted(text, least, most, believer, draw)
  }
  if (patterns.length === 0) yield fitted(believer.text(0, draw), least, most, believer, draw)
  else
    for (let attempt = 0; attempt < TRIES; attempt++) {
      // At first as short as may be, then so long that what has to be long is.
      const stretch = attempt < TRIES / 2 ? ([3, 8, least, least + 8][attempt % 4] ?? 0) : attempt % 3
      const made = patterns.map((pattern) => words(pattern, draw, stretch))
      if (made.includes(undefined)) return
      yield made.join('')
      // A pattern that does not say where it begins or ends holds for longer texts as well.
      const more = believer.text(least, draw).replaceAll(' ', '').slice(0, Math.max(1, least))
      yield made.join(more)
      yield more + made.join('')
      const text = made.join('')
      if (text !== '' && text.length < least) yield text.repeat(Math.ceil(least / text.length)).slice(0, least)
      const fill = more.slice(0, Math.max(1, least - made.join('').length))
      yield made.join('') + fill
      yield fill + made.join('')
    }
}

/** What a format needs at least: where a text may not be long, or a pattern asks for some of it only. */
const SHORT = ['a@b.co', 'a:b', 'http://a.co', 'a', '/', '']

/** Formats whose texts have some lengths only, from short to long. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  hostname: Array.from({ length: 30 }, (_, more) => `${'a'.repeat(more + 1)}.co`),
  email: Array.from({ length: 30 }, (_, more) => `${'a'.repeat(more + 1)}@b.co`),
  uri: Array.from({ length: 40 }, (_, more) => `a:${'b'.repeat(more + 1)}`),
  duration: [
    'P1D',
    'PT30M',
    'P1Y6M',
    'PT1H30M',
    'P1Y2M10D',
    'P1DT12H30M',
    'P1Y2M10DT12H',
    'P1Y2M10DT2H30M',
    'P1Y2M10DT2H30M15S',
    'P10Y11M12DT13H14M15S',
  ],
  ipv4: [
    '10.1.0.7',
    '1.1.1.1',
    '10.1.20.7',
    '10.10.20.7',
    '10.10.20.30',
    '192.168.1.10',
    '192.168.10.20',
    '192.168.10.200',
    '192.168.100.200',
  ],
  ipv6: ['::1', 'fe80::1', '2001:db8::1', '2001:db8:0:1::10', '2001:db8:10:20:30::40', '2001:0db8:0010:0020:0030:0040:0050:0060'],
  time: ['12:00:00Z', '12:00:00.5Z', '12:00:00.25Z', '12:00:00.125Z', '12:00:00+01:00', '12:00:00.125+01:00', '12:00:00.125000+01:00'],
  'date-time': [
    '2026-01-01T12:00:00Z',
    '2026-01-01T12:00:00.5Z',
    '2026-01-01T12:00:00.125Z',
    '2026-01-01T12:00:00+01:00',
    '2026-01-01T12:00:00.125+01:00',
    '2026-01-01T12:00:00.125000+01:00',
  ],
}

function* stretched(format: string, made: string, least: number): Generator<string> {
  const missing = least - made.length
  if (missing <= 0) return
  yield made + 'a'.repeat(missing)
  if (format.endsWith('email')) yield made.replace('@', `${'a'.repeat(missing)}@`)
}

function fitted(text: string, least: number, most: number, believer: Believer, draw: () => number): string {
  const long = text.length < least ? `${text} ${believer.text(least, draw)}` : text
  const end = text.length < least ? Math.min(most, Math.max(least, text.length)) : most
  const cut = long.slice(0, end)
  // A space at the end is seen by nobody.
  return cut.endsWith(' ') && cut.length <= least ? `${cut.slice(0, -1)}s` : cut.trimEnd()
}

function strings(rules: readonly Json[], key: string): string[] {
  return rules.flatMap((rule) => (typeof rule[key] === 'string' ? [rule[key]] : []))
}

/** The validator's own tests of formats, but for those of numbers; it lets pass what it does not know. */
const TESTS: ReadonlyMap<string, { test(text: string): boolean }> = new Map(
  Object.entries(fullFormats).flatMap(([name, format]) => {
    if (typeof format === 'boolean' || (typeof format === 'object' && 'type' in format && format.type === 'number')) return []
    const test: unknown = typeof format === 'object' && 'validate' in format ? format.validate : format
    if (test instanceof RegExp) return [[name, test]]
    return typeof test === 'function' ? [[name, { test: (text: string) => Reflect.apply(test, undefined, [text]) === true }]] : []
  }),
)

function numberFrom(believed: Believable | undefined): number | undefined {
  return typeof believed === 'number' ? believed : typeof believed === 'object' ? believed.getTime() / 1000 : undefined
}
