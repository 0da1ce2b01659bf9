import { hexWords, uuidOf } from './hex.ts'
import { at, type Key, number, scramble } from './random.ts'

/**
 * A population's ids are numbers in disguise: a keyed bijection turns an index into an id and back, so that "is this id one of
 * ours, and which?" is computed, never looked up. The bijection is a Feistel network (Luby and Rackoff, 1988): whatever the round
 * function, the rounds run backwards undo it.
 */
export interface Numbering {
  idAt(index: number): string
  /** The index below `size` that has this id; undefined for an id of nobody. */
  indexOf(id: string, size: number): number | undefined
}

/** Six rounds: enough that neighbours show no kinship. */
const ROUNDS = 6
const WORD = 0x1_0000_0000

/** Permutes pairs of halves of up to 53 bits each, so that a half fits a number. What is made of a pair is made at once: no pair is put together. */
interface Network {
  forward<Made>(left: number, right: number, make: (left: number, right: number) => Made): Made
  backward<Made>(left: number, right: number, make: (left: number, right: number) => Made): Made
}

function network(key: Key, halfBits: number): Network {
  const highMask = halfBits > 32 ? 2 ** (halfBits - 32) - 1 : 0
  const lowMask = halfBits < 32 ? 2 ** halfBits - 1 : -1
  const keys = Array.from({ length: ROUNDS }, (_, round) => at(key, round))
  /** One half, changed by a function of the other. In plain integers: an id is asked for often, and six rounds deep. */
  const mix = (half: number, other: number, { x, y }: Key): number => {
    const otherHigh = other / WORD
    const first = scramble(x ^ other ^ Math.imul(otherHigh, 0x9e3779b1))
    const second = scramble(y ^ Math.imul(first, 0x85ebca6b) ^ otherHigh)
    const low = (half ^ (second & lowMask)) >>> 0
    return highMask === 0 ? low : ((half / WORD) ^ (first & highMask)) * WORD + low
  }
  const through =
    (rounds: readonly Key[]): Network['forward'] =>
    (left, right, make) => {
      for (const round of rounds) {
        const mixed = mix(left, right, round)
        left = right
        right = mixed
      }
      return make(left, right)
    }
  const back = through(keys.toReversed())
  return { forward: through(keys), backward: (left, right, make) => back(right, left, (first, second) => make(second, first)) }
}

/**
 * UUIDs of version 4. Of the 122 free bits 106 are permuted (halves of 53 bits, which a number holds); the rest is a checksum of them,
 * so that an id that differs in it is nobody's.
 */
export function uuids(key: Key): Numbering {
  const { forward, backward } = network(key, 53)
  const check = at(key, 'check')
  /** The halves stand one behind the other, 8 bits of the checksum before and 2 in the variant. */
  const text = (left: number, right: number): string => {
    const rest = number(at(at(check, left), right))
    const low = left >>> 0
    return uuidOf(
      (rest & 0xff00_0000) | (left / WORD),
      (low & 0xffff_0000) | ((low >>> 4) & 0x0fff),
      ((rest << 8) & 0x3000_0000) | ((low & 15) << 24) | (right / WORD),
      right,
    )
  }
  return {
    idAt: (index) => forward(0, index, text),
    indexOf(id, size) {
      if (!UUID_V4.test(id)) return undefined
      const digits = id.slice(0, 8) + id.slice(9, 13) + id.slice(15, 18) + id.slice(20, 23) + id.slice(24)
      const left = Number.parseInt(digits.slice(2, 16), 16)
      const right = Number.parseInt(digits.slice(16), 16)
      if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right)) return undefined
      return backward(left, right, (zero, index) => (zero === 0 && index < size && text(left, right) === id ? index : undefined))
    },
  }
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** 24 hexadecimal digits: 96 bits, in halves of 48. */
export function hexIds(key: Key): Numbering {
  const { forward, backward } = network(key, 48)
  const text = (left: number, right: number): string =>
    hexWords(((left / WORD) << 16) | (left >>> 16), (left << 16) | ((right / WORD) & 0xffff), right)
  return {
    idAt: (index) => forward(0, index, text),
    indexOf(id, size) {
      if (!/^[0-9a-f]{24}$/.test(id)) return undefined
      const [left, right] = [Number.parseInt(id.slice(0, 12), 16), Number.parseInt(id.slice(12), 16)]
      return backward(left, right, (zero, index) => (zero === 0 && index < size ? index : undefined))
    },
  }
}

/** Numbers of ten digits after a prefix. 34 bits are permuted; a result above ten digits is permuted again until it fits (cycle walking). */
export function tenDigits(key: Key, prefix = ''): Numbering {
  const { forward, backward } = network(key, 17)
  const HALF = 2 ** 17
  const LIMIT = 10 ** 10
  const whole = (left: number, right: number): number => left * HALF + right
  const walk = (start: number, step: Network['forward']): number => {
    let value = start
    do value = step(Math.floor(value / HALF), value % HALF, whole)
    while (value >= LIMIT)
    return value
  }
  return {
    idAt: (index) => prefix + String(walk(index, forward)).padStart(10, '0'),
    indexOf(id, size) {
      const digits = id.startsWith(prefix) ? id.slice(prefix.length) : ''
      if (!/^\d{10}$/.test(digits)) return undefined
      const index = walk(Number(digits), backward)
      return index < size ? index : undefined
    },
  }
}

/**
 * The index of what is created beside a population. The first one's id is the documents' example: without a population it is nobody's.
 * @param number how many were created before
 */
export function indexBeside(size: number, number: number): number {
  return Math.max(size, 1) + number
}

/** The same numbering with one id put at index 0, by a transposition: who had that id before gets what index 0 had. */
export function withFirst(numbering: Numbering, first: string): Numbering {
  const displaced = numbering.idAt(0)
  return {
    idAt(index) {
      if (index === 0) return first
      const id = numbering.idAt(index)
      return id === first ? displaced : id
    },
    indexOf(id, size) {
      if (id === first) return size > 0 ? 0 : undefined
      return id === displaced ? numbering.indexOf(first, size) : numbering.indexOf(id, size)
    },
  }
}
