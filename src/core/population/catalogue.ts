import { firstName, lastName, street } from './names.ts'
import { at, fakerAt, type Key, keyOf, oneOf, pick, seriesAt } from './random.ts'

/** What people order, and where they live: tables, so that name, price, weight and variant fit one another, and city, state, ZIP code and area code too. */

interface Ware {
  readonly name: string
  readonly price: readonly [least: number, most: number]
  readonly kilograms: number
  readonly variants: readonly string[]
}

const COLOURS = ['Black', 'White', 'Walnut', 'Forest Green', 'Navy', 'Terracotta'] as const
const SIZES = ['Small', 'Medium', 'Large'] as const
const METALS = ['Brass', 'Matte Black', 'Brushed Steel'] as const

const WARES: readonly Ware[] = [
  { name: 'Desk Lamp', price: [28, 95], kilograms: 1.4, variants: METALS },
  { name: 'Floor Lamp', price: [79, 240], kilograms: 5.2, variants: METALS },
  { name: 'Office Chair', price: [119, 420], kilograms: 14.5, variants: COLOURS },
  { name: 'Bookshelf', price: [89, 310], kilograms: 21, variants: COLOURS },
  { name: 'Side Table', price: [45, 180], kilograms: 7.3, variants: COLOURS },
  { name: 'Throw Blanket', price: [24, 88], kilograms: 0.9, variants: COLOURS },
  { name: 'Linen Cushion', price: [18, 54], kilograms: 0.5, variants: COLOURS },
  { name: 'Wool Rug', price: [99, 520], kilograms: 9.8, variants: SIZES },
  { name: 'Ceramic Mug', price: [8, 22], kilograms: 0.4, variants: COLOURS },
  { name: 'Dinner Plate Set', price: [32, 110], kilograms: 4.1, variants: COLOURS },
  { name: 'Chef Knife', price: [39, 165], kilograms: 0.3, variants: ['6 Inch', '8 Inch', '10 Inch'] },
  { name: 'Cast Iron Skillet', price: [29, 120], kilograms: 2.9, variants: ['8 Inch', '10 Inch', '12 Inch'] },
  { name: 'Stock Pot', price: [35, 140], kilograms: 2.4, variants: ['4 Quart', '6 Quart', '8 Quart'] },
  { name: 'Cutting Board', price: [19, 75], kilograms: 1.8, variants: ['Maple', 'Walnut', 'Bamboo'] },
  { name: 'Electric Kettle', price: [34, 99], kilograms: 1.1, variants: METALS },
  { name: 'Rain Jacket', price: [59, 210], kilograms: 0.6, variants: SIZES },
  { name: 'Trail Backpack', price: [69, 230], kilograms: 1.3, variants: COLOURS },
  { name: 'Merino Socks', price: [12, 29], kilograms: 0.1, variants: SIZES },
  { name: 'Canvas Tote', price: [15, 42], kilograms: 0.3, variants: COLOURS },
  { name: 'Garden Hose', price: [22, 79], kilograms: 3.5, variants: ['25 Feet', '50 Feet', '100 Feet'] },
  { name: 'Pruning Shears', price: [14, 48], kilograms: 0.3, variants: ['Bypass', 'Anvil'] },
  { name: 'Cordless Drill', price: [59, 219], kilograms: 1.7, variants: ['12 Volt', '18 Volt', '20 Volt'] },
  { name: 'Tool Set', price: [39, 189], kilograms: 5.6, variants: ['65 Pieces', '100 Pieces', '150 Pieces'] },
  { name: 'Bicycle Helmet', price: [29, 130], kilograms: 0.4, variants: SIZES },
]

export interface Product {
  /** Its number in the catalogue, from 0. */
  readonly number: number
  readonly title: string
  readonly variant: string
  /** What a customer pays for one. */
  readonly price: number
  /** What the seller pays for one. */
  readonly cost: number
  readonly kilograms: number
}

export const PRODUCTS = 240

/** A product of a seed's catalogue. */
export function product(seed: Key, number: number): Product {
  const key = at(at(seed, 'product'), number)
  const ware = WARES[number % WARES.length] ?? oneOf(key, WARES)
  const [least, most] = ware.price
  // Shops price to the last cent below a whole amount.
  const price = money(least + pick(at(key, 'price'), most - least) + 0.99)
  return {
    number,
    title: `${fakerAt(at(key, 'adjective')).commerce.productAdjective()} ${ware.name}`,
    variant: oneOf(at(key, 'variant'), ware.variants),
    price,
    cost: money(price * (0.45 + pick(at(key, 'margin'), 25) / 100)),
    kilograms: ware.kilograms,
  }
}

const PLACES = [
  ['New York', 'NY', '100', '212'],
  ['Buffalo', 'NY', '142', '716'],
  ['Boston', 'MA', '021', '617'],
  ['Philadelphia', 'PA', '191', '215'],
  ['Pittsburgh', 'PA', '152', '412'],
  ['Baltimore', 'MD', '212', '410'],
  ['Richmond', 'VA', '232', '804'],
  ['Charlotte', 'NC', '282', '704'],
  ['Atlanta', 'GA', '303', '404'],
  ['Orlando', 'FL', '328', '407'],
  ['Miami', 'FL', '331', '305'],
  ['Nashville', 'TN', '372', '615'],
  ['Columbus', 'OH', '432', '614'],
  ['Detroit', 'MI', '482', '313'],
  ['Chicago', 'IL', '606', '312'],
  ['Milwaukee', 'WI', '532', '414'],
  ['Minneapolis', 'MN', '554', '612'],
  ['St. Louis', 'MO', '631', '314'],
  ['Kansas City', 'MO', '641', '816'],
  ['New Orleans', 'LA', '701', '504'],
  ['Houston', 'TX', '770', '713'],
  ['Dallas', 'TX', '752', '214'],
  ['Austin', 'TX', '787', '512'],
  ['Denver', 'CO', '802', '303'],
  ['Salt Lake City', 'UT', '841', '801'],
  ['Phoenix', 'AZ', '850', '602'],
  ['Albuquerque', 'NM', '871', '505'],
  ['Los Angeles', 'CA', '900', '213'],
  ['San Diego', 'CA', '921', '619'],
  ['San Francisco', 'CA', '941', '415'],
  ['Portland', 'OR', '972', '503'],
  ['Seattle', 'WA', '981', '206'],
] as const

export interface Person {
  readonly first: string
  readonly last: string
  readonly email: string
  /** Ten digits. Numbers from 555-0100 to 555-0199 belong to nobody. */
  readonly phone: string
  readonly street: string
  readonly city: string
  readonly state: string
  readonly postalCode: string
}

/** A person who lives somewhere. */
export function person(key: Key): Person {
  const [city, state, zip, area] = oneOf(at(key, 'place'), PLACES)
  const first = firstName(seriesAt(at(key, 'first')))
  const last = lastName(seriesAt(at(key, 'last')))
  return {
    first,
    last,
    email: `${first}.${last}@example.com`.toLowerCase().replaceAll(/[^a-z.@]/g, ''),
    phone: `${area}55501${two(pick(at(key, 'phone'), 100))}`,
    street: `${1 + pick(at(key, 'house'), 2400)} ${street(seriesAt(at(key, 'street')))}`,
    city,
    state,
    postalCode: zip + two(pick(at(key, 'zip'), 99) + 1),
  }
}

/** The name of a business. */
export function company(key: Key): string {
  return fakerAt(key).company.name()
}

/** Rounded to two decimals. */
export function money(amount: number): number {
  return Math.round(amount * 100) / 100
}

/** Keeps what was made last, up to a number of entries. What is made must be a function of the argument alone: then nobody can tell. */
export function remember<Argument, Result>(
  limit: number,
  keyOfArgument: (argument: Argument) => string | number,
  make: (argument: Argument) => Result,
): (argument: Argument) => Result {
  const kept = new Map<string | number, Result>()
  return (argument) => {
    const key = keyOfArgument(argument)
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make(argument)
    const [first] = kept.keys()
    if (kept.size >= limit && first !== undefined) kept.delete(first)
    kept.set(key, made)
    return made
  }
}

/** Room for a number of things that several functions make of numbers: what was kept first goes first. */
export interface Room {
  remember<Result>(make: (number: number) => Result): (number: number) => Result
}

/**
 * Each function has a list of places, and a number has its place there by its remainder. In a map, which each new thing would change, V8 kept
 * all that had ever been in it until the heap was collected.
 */
export function createRoom(limit: number): Room {
  /** What lets go of each thing that is kept: a ring, in which the oldest is the next. */
  const leaving: (() => void)[] = []
  let next = 0
  return {
    remember<Result>(make: (number: number) => Result) {
      const kept = Array.from<{ readonly number: number; readonly made: Result } | undefined>({ length: limit })
      return (number) => {
        const place = number % limit
        const known = kept[place]
        if (known?.number === number) return known.made
        const entry = { number, made: make(number) }
        kept[place] = entry
        leaving[next]?.()
        leaving[next] = () => {
          if (kept[place] === entry) kept[place] = undefined
        }
        next = (next + 1) % limit
        return entry.made
      }
    },
  }
}

/** The residues 0 to `period` - 1 dealt out in a keyed order: which of them gets which plan. */
export function deal(key: Key, period: number): readonly number[] {
  return Array.from({ length: period }, (_, residue) => ({ residue, rank: keyOf(`${key.x}/${key.y}/${residue}`).x }))
    .toSorted((a, b) => a.rank - b.rank || a.residue - b.residue)
    .map(({ residue }) => residue)
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
