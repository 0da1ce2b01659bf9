import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexIds, type Numbering, tenDigits, uuids, withFirst } from '../../src/core/population/permutation.ts'
import { keyOf } from '../../src/core/population/random.ts'

interface Kind {
  readonly name: string
  readonly form: RegExp
  /** How many indices there are. */
  readonly room: number
  make(seed: string): Numbering
}

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const KINDS: readonly Kind[] = [
  { name: 'uuids', form: UUID_V4, room: 2 ** 53, make: (seed) => uuids(keyOf(seed)) },
  { name: 'hexIds', form: /^[0-9a-f]{24}$/, room: 2 ** 48, make: (seed) => hexIds(keyOf(seed)) },
  { name: 'tenDigits', form: /^\d{10}$/, room: 10 ** 10, make: (seed) => tenDigits(keyOf(seed)) },
  { name: 'tenDigits with a prefix', form: /^po-\d{10}$/, room: 10 ** 10, make: (seed) => tenDigits(keyOf(seed), 'po-') },
]
/** Those with more ids than anybody has entities: an id made up by a client hits nobody. */
const SPARSE = KINDS.filter(({ room }) => room > 10 ** 10)
const LARGEST = 10 ** 9
const DIGITS = Array.from({ length: 16 }, (_, digit) => digit.toString(16))

/** Small indices, those of the largest population, and any. */
const indices = ({ room }: Kind): fc.Arbitrary<number> =>
  fc.oneof(
    fc.nat(1_000),
    fc.nat(LARGEST),
    fc.maxSafeNat().map((index) => index % room),
  )
const seeds = fc.string({ maxLength: 12 })
const hexDigits = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength: digits, maxLength: digits })
const decimals = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...DIGITS.slice(0, 10)), minLength: digits, maxLength: digits })

describe.each(KINDS)('$name', (kind) => {
  const { make, form, room } = kind

  it('gives each index an id that leads back to it', () => {
    fc.assert(
      fc.property(seeds, indices(kind), (seed, index) => {
        const numbering = make(seed)
        expect(numbering.indexOf(numbering.idAt(index), room)).toBe(index)
      }),
    )
  })

  it.each([0, 1, 359, 2 ** 16, 2 ** 17 - 1, 2 ** 17, LARGEST - 1, 2 ** 32, 10 ** 10 - 1])('leads back to index %d', (index) => {
    const numbering = make('edge')
    expect(numbering.indexOf(numbering.idAt(index), room)).toBe(index)
  })

  it('leads back to the last index there is', () => {
    const numbering = make('edge')
    expect(numbering.indexOf(numbering.idAt(room - 1), room)).toBe(room - 1)
  })

  it('writes ids in their form', () => {
    fc.assert(
      fc.property(seeds, indices(kind), (seed, index) => {
        expect(make(seed).idAt(index)).toMatch(form)
      }),
    )
  })

  it('gives no two indices the same id', () => {
    const numbering = make('distinct')
    const ids = Array.from({ length: 5_000 }, (_, index) => numbering.idAt(index))
    expect(new Set(ids).size).toBe(ids.length)
    fc.assert(
      fc.property(seeds, indices(kind), indices(kind), (seed, one, other) => {
        const { idAt } = make(seed)
        expect(idAt(one) === idAt(other)).toBe(one === other)
      }),
    )
  })

  it('gives neighbours ids that look nothing alike', () => {
    const { idAt } = make('kin')
    const alike = Array.from({ length: 1_000 }, (_, index) => {
      const [one, other] = [idAt(index).replace('po-', ''), idAt(index + 1).replace('po-', '')]
      // The third digit of a UUID has two values, and its dashes and version one.
      return (
        Array.from(one).filter((digit, place) => digit !== '-' && place !== 2 && place !== 14 && digit === other[place]).length / one.length
      )
    })
    expect(alike.reduce((sum, share) => sum + share, 0) / alike.length).toBeLessThan(0.15)
  })

  it('gives other ids under another key', () => {
    fc.assert(
      fc.property(fc.uniqueArray(seeds, { minLength: 2, maxLength: 2 }), ([one = '', other = '']) => {
        const ids = (seed: string): string[] => Array.from({ length: 20 }, (_, index) => make(seed).idAt(index))
        expect(ids(one)).toEqual(ids(one))
        expect(ids(one)).not.toEqual(ids(other))
      }),
    )
  })

  it('knows only indices below the size', () => {
    fc.assert(
      fc.property(indices(kind), (index) => {
        const numbering = make('size')
        const id = numbering.idAt(index)
        expect(numbering.indexOf(id, index + 1)).toBe(index)
        expect(numbering.indexOf(id, index)).toBeUndefined()
        expect(numbering.indexOf(id, 0)).toBeUndefined()
      }),
    )
  })

  it.each([
    ['nothing', () => ''],
    ['a space before', (id: string) => ` ${id}`],
    ['a line end after', (id: string) => `${id}\n`],
    ['a digit more', (id: string) => `${id}0`],
    ['a digit less', (id: string) => id.slice(0, -1)],
    ['a letter that is no digit', (id: string) => `${id.slice(0, -1)}g`],
  ])('knows nobody by %s', (_, spoil) => {
    const numbering = make('spoilt')
    expect(numbering.indexOf(spoil(numbering.idAt(7)), room)).toBeUndefined()
  })

  it('knows nobody by any text that is not of the form', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !form.test(text)),
        (text) => {
          expect(make('text').indexOf(text, room)).toBeUndefined()
        },
      ),
    )
  })
})

describe.each(SPARSE)('an id of the form of $name', ({ name, make, room }) => {
  const made = name === 'uuids' ? fc.uuid({ version: 4 }) : hexDigits(24)

  it('is nobody when somebody made it up', () => {
    fc.assert(
      fc.property(made, (id) => {
        expect(make('made up').indexOf(id, room)).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  it('is nobody when one digit of it is another', () => {
    const numbering = make('typo')
    fc.assert(
      fc.property(fc.nat(LARGEST - 1), fc.nat(35), fc.constantFrom(...DIGITS), (index, place, digit) => {
        const id = numbering.idAt(index)
        const other = id.slice(0, place) + digit + id.slice(place + 1)
        fc.pre(other !== id && place < id.length)
        expect(numbering.indexOf(other, room)).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })

  it('is nobody in capitals', () => {
    const numbering = make('capitals')
    const ids = Array.from({ length: 50 }, (_, index) => numbering.idAt(index).toUpperCase()).filter((id) => /[A-F]/.test(id))
    expect(ids.filter((id) => numbering.indexOf(id, room) !== undefined)).toEqual([])
  })
})

describe('ten digits', () => {
  it('are all in use when the population is as large as can be', () => {
    fc.assert(
      fc.property(decimals(10), (id) => {
        const numbering = tenDigits(keyOf('full'))
        const index = numbering.indexOf(id, 10 ** 10)
        expect(index).toBeTypeOf('number')
        expect(numbering.idAt(index ?? -1)).toBe(id)
      }),
    )
  })

  it('are nobody when the population is small', () => {
    const numbering = tenDigits(keyOf('small'))
    const own = new Set(Array.from({ length: 1_000 }, (_, index) => numbering.idAt(index)))
    fc.assert(
      fc.property(decimals(10), (id) => {
        expect(numbering.indexOf(id, 1_000) !== undefined).toBe(own.has(id))
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['0123456789', 'PO-0123456789', 'po0123456789', 'po-po-0123456789', 'po-'])('want their prefix: %s', (id) => {
    expect(tenDigits(keyOf('prefix'), 'po-').indexOf(id, 10 ** 10)).toBeUndefined()
  })
})

describe('a numbering with its first id given', () => {
  const SIZE = 500
  const FOREIGN: readonly (readonly [string, Kind | undefined, string])[] = [
    ['a UUID of nobody', KINDS[0], '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'],
    ['hexadecimal digits of nobody', KINDS[1], '62ff5c0bec0aed3c86202c32'],
    ['a text of another form', KINDS[2], 'xxyyzz12345'],
    ['ten digits', KINDS[3], 'po-5527771067'],
  ]

  it.each(FOREIGN)('puts %s at index 0', (_, kind, first) => {
    const numbering = withFirst(kind?.make('first') ?? uuids(keyOf('first')), first)
    expect(numbering.idAt(0)).toBe(first)
    expect(numbering.indexOf(first, SIZE)).toBe(0)
    expect(numbering.indexOf(first, 1)).toBe(0)
    expect(numbering.indexOf(first, 0)).toBeUndefined()
  })

  it.each(FOREIGN)('leaves all others as they were: %s', (_, kind, first) => {
    const plain = kind?.make('first') ?? uuids(keyOf('first'))
    const numbering = withFirst(plain, first)
    for (let index = 1; index < SIZE; index++) {
      expect(numbering.idAt(index)).toBe(plain.idAt(index))
      expect(numbering.indexOf(plain.idAt(index), SIZE)).toBe(index)
    }
  })

  it.each(FOREIGN)('makes the id that index 0 had nobody: %s', (_, kind, first) => {
    const plain = kind?.make('first') ?? uuids(keyOf('first'))
    expect(withFirst(plain, first).indexOf(plain.idAt(0), SIZE)).toBeUndefined()
  })

  it.each(KINDS)('swaps two where the first was another one already: $name', ({ make }) => {
    fc.assert(
      fc.property(seeds, fc.nat(SIZE - 1), fc.integer({ min: 1, max: SIZE }), (seed, owner, size) => {
        const plain = make(seed)
        const numbering = withFirst(plain, plain.idAt(owner))
        expect(numbering.idAt(0)).toBe(plain.idAt(owner))
        expect(numbering.idAt(owner)).toBe(plain.idAt(0))
        expect(numbering.indexOf(plain.idAt(owner), size)).toBe(0)
        expect(numbering.indexOf(plain.idAt(0), size)).toBe(owner < size ? owner : undefined)
      }),
    )
  })

  it.each(KINDS)('stays a bijection: $name', ({ make }) => {
    fc.assert(
      fc.property(seeds, fc.nat(SIZE - 1), (seed, owner) => {
        const plain = make(seed)
        const numbering = withFirst(plain, plain.idAt(owner))
        const all = Array.from({ length: SIZE }, (_, index) => index)
        const ids = all.map((index) => numbering.idAt(index))
        expect(ids.map((id) => numbering.indexOf(id, SIZE))).toEqual(all)
        expect(new Set(ids).size).toBe(SIZE)
      }),
      { numRuns: 10 },
    )
  })
})
