import { faker as english } from '@faker-js/faker/locale/en'
import { hexWords, uuidOf } from './hex.ts'

/**
 * Everything generated is a function of a key, and keys come from the seed by name and number, never from the order of calls:
 * `at(at(keyOf(seed), 'order'), 17)` is the same in every process, on every machine, whatever else was asked before.
 */
export interface Key {
  readonly x: number
  readonly y: number
}

/** Goes up with every change that makes the same seed give other data. Exports and the ready line carry it. */
export const DATA_VERSION = 1

/** The key of a text: FNV-1a over its UTF-16 units, twice with different starts, then mixed. */
export function keyOf(text: string): Key {
  let x = 0x811c9dc5
  let y = 0x1b873593
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    x = Math.imul(x ^ unit, 0x01000193)
    y = Math.imul(y ^ unit, 0x85ebca6b)
    y = (y << 13) | (y >>> 19)
  }
  return mix(x, y, text.length, 0)
}

/** The key of a part: a name, or a whole number from 0 to 2^53 - 1. */
export function at(key: Key, part: string | number): Key {
  if (typeof part === 'number') return mix(key.x, key.y, part >>> 0, Math.floor(part / 0x1_0000_0000) + 0x51ed)
  const { x, y } = keyOf(part)
  return mix(key.x, key.y, x, y)
}

/** One 32-bit number for a key. */
export function number(key: Key): number {
  return (key.x ^ Math.imul(key.y, 0x9e3779b1)) >>> 0
}

/** A whole number from 0 to `below` - 1. */
export function pick(key: Key, below: number): number {
  return Math.floor((number(key) / 0x1_0000_0000) * below)
}

/** One of the values. @throws RangeError when there is none. */
export function oneOf<T>(key: Key, values: readonly T[]): T {
  const value = values[pick(key, values.length)]
  if (value === undefined) throw new RangeError('nothing to choose from')
  return value
}

/** An endless series of numbers in [0, 1) for each place: what is drawn at one hangs on no other. */
export function chanceOf(key: Key): (place: string) => () => number {
  return (place) => {
    const here = at(key, place)
    let drawn = 0
    return () => number(at(here, drawn++)) / 0x1_0000_0000
  }
}

/** An endless series in [0, 1) for a key: the generator sfc32, whose state is 128 bits. */
export function seriesAt(key: Key): () => number {
  let a = key.x
  let b = key.y
  let c = 0x9e3779b9
  let d = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 0x1_0000_0000
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

/** At most 24 lower-case hexadecimal digits. */
export function hex(key: Key, digits: number): string {
  const text = hexWords(number(at(key, 0)), number(at(key, 1)), number(at(key, 2)))
  return digits < text.length ? text.slice(0, digits) : text
}

/** A UUID, version 4 (RFC 9562). */
export function uuid(key: Key): string {
  return uuidOf(number(at(key, 0)), number(at(key, 1)), number(at(key, 2)), number(at(key, 3)))
}

let next = seriesAt({ x: 0, y: 0 })
// An instance of our own, so that nobody who shares the process is disturbed. The class comes from the one-locale module: the package's
// main module loads all locales (160 ms instead of 20). `next` is a closure: faker calls it detached from its object.
const faker: typeof english = Reflect.construct(english.constructor, [
  { locale: english.rawDefinitions, randomizer: { next: () => next(), seed: () => undefined } },
])

/** Faker at a key: whatever it is asked first is a function of that key alone. One key a value. */
export function fakerAt(key: Key): typeof english {
  next = seriesAt(key)
  return faker
}

/** Two rounds of the murmur3 finaliser over four words, crossed. */
function mix(a: number, b: number, c: number, d: number): Key {
  let x = scramble(a ^ Math.imul(c, 0xcc9e2d51) ^ 0x9e3779b9)
  let y = scramble(b ^ Math.imul(d, 0x1b873593) ^ 0x85ebca6b)
  x = scramble((x + Math.imul(y, 0xc2b2ae35) + c) | 0)
  y = scramble((y ^ Math.imul(x, 0x27d4eb2f) ^ d) | 0)
  return { x, y }
}

/** The finaliser of murmur3: every bit of a 32-bit number comes to hang on every other. */
export function scramble(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
