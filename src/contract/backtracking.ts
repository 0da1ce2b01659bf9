import type { CharSet, JS } from 'refa'
import { refa } from '../packages.ts'

/**
 * Whether a pattern can be matched in so many ways that to find that a text does not match takes a time that doubles with each of its
 * characters, as with `^(a+)+$`.
 *
 * It can where a loop of the pattern can be gone through by two paths that read the same. Characters of the pattern are the places of an
 * automaton (Glushkov's, with how many ways lead from one to the next), and two paths are a path through pairs of places (Weber and Seidl,
 * "On the degree of ambiguity of finite automata", 1991). What is not sure is taken for the worse: assertions always hold, what a group had
 * may be any text, and what repeats many times repeats without end. So a pattern may be refused that is well, and none let through that is not.
 *
 * @throws SyntaxError for what is not a valid pattern
 */
export function isExponential(source: string, flags = 'u'): boolean {
  // As ajv and the comparator compile it.
  const { expression } = refa().JS.Parser.fromLiteral({ source, flags }).parse({
    maxBackreferenceWords: 0,
    backreferences: 'unknown',
    // What is simplified says the same, and is not run the same.
    simplify: false,
    maxNodes: Infinity,
  })
  const places = new Places()
  places.choice(expression.alternatives, 1, true)
  return places.hasTwoWays()
}

type Expression = ReturnType<JS.Parser['parse']>['expression']
type Alternatives = Expression['alternatives']
type Element = Alternatives[number]['elements'][number]

/** None, one, or more than one. */
type Ways = 0 | 1 | 2
/** In how many ways each of these places can be come to. */
type Ends = ReadonlyMap<number, Ways>

/** A part of a pattern: in how many ways it reads nothing, and where what it reads begins and ends. */
interface Part {
  readonly empty: Ways
  readonly first: Ends
  readonly last: Ends
}

const EMPTY: Part = { empty: 1, first: new Map(), last: new Map() }
const NOTHING: Part = { ...EMPTY, empty: 0 }

/** How many times in all what repeats so many times is written out, which is exact; a single character as often as places allow. */
const MOST_COPIES = 8
const MOST_OF_ONE = 64
/** How many steps from place to place, and from pair to pair, are looked at: a pattern of more is refused without having been judged. */
const MOST_STEPS = 1_000_000

class Places {
  /** What each place reads; undefined for anything. */
  readonly #characters: (CharSet | undefined)[] = []
  readonly #next: Map<number, Ways>[] = []
  #steps = 0

  /**
   * @param copies As often the part around it is written out.
   * @param isLast Nothing comes behind it that could fail.
   */
  choice(alternatives: Alternatives, copies: number, isLast = false): Part {
    return alternatives
      .map(({ elements }) =>
        elements.reduce(
          (before, element, index) => this.#then(before, this.#element(element, copies, isLast && index === elements.length - 1)),
          EMPTY,
        ),
      )
      .reduce(either, NOTHING)
  }

  #element(element: Element, copies: number, isLast: boolean): Part {
    if (this.#steps > MOST_STEPS) return EMPTY
    switch (element.type) {
      case 'CharacterClass':
        return this.#place(element.characters)
      case 'Unknown':
        return this.#loop(this.#place(undefined), 0)
      case 'Alternation':
        return this.choice(element.alternatives, copies, isLast)
      case 'Assertion':
        // It reads on its own, and is not gone back into once it has held.
        this.choice(element.alternatives, copies, element.kind === 'ahead')
        return EMPTY
      case 'Quantifier':
        // What fails after the first time ends it, and all is well.
        return isLast && element.min < 2 ? this.choice(element.alternatives, copies) : this.#repeated(element, copies)
      default:
        return element satisfies never
    }
  }

  #repeated({ alternatives, min, max }: Extract<Element, { type: 'Quantifier' }>, copies: number): Part {
    const isOne = min === max && isCharacter(alternatives)
    const all = isOne ? copies : copies * Math.max(1, max)
    if (isOne ? max > MOST_OF_ONE : all > MOST_COPIES) return this.#loop(this.choice(alternatives, copies), min)
    let part = EMPTY
    // From the end, since each that may be left out leaves out those behind it.
    for (let times = max; times > 0; times--) {
      part = this.#then(this.choice(alternatives, all), part)
      if (times > min) part = either(part, EMPTY)
    }
    return part
  }

  /** What repeats without end. */
  #loop(part: Part, min: number): Part {
    this.#link(part.last, part.first)
    // Which of those that have to be there read nothing, may be chosen.
    if (min > 1 && part.empty > 0) this.#link(part.last, part.first)
    return min > 0 ? part : either(part, EMPTY)
  }

  #then(before: Part, after: Part): Part {
    this.#link(before.last, after.first)
    return {
      empty: product(before.empty, after.empty),
      first: joined(before.first, after.first, before.empty),
      last: joined(after.last, before.last, after.empty),
    }
  }

  #place(characters: CharSet | undefined): Part {
    const place = this.#characters.push(characters) - 1
    this.#next.push(new Map())
    const here: Ends = new Map([[place, 1]])
    return { empty: 0, first: here, last: here }
  }

  #link(from: Ends, to: Ends): void {
    this.#steps += from.size * to.size
    for (const [place, ways] of from) {
      const next = this.#next[place]
      if (next) for (const [other, more] of to) next.set(other, sum(next.get(other) ?? 0, product(ways, more)))
    }
  }

  /** Whether some loop can be gone through by two paths that read the same. */
  hasTwoWays(): boolean {
    if (this.#steps > MOST_STEPS) return true
    return componentsOf(this.#next.map((next) => [...next.keys()])).some((loop) => {
      const inside = new Set(loop)
      const stepsOf = (place: number): [number, Ways][] => [...(this.#next[place] ?? [])].filter(([to]) => inside.has(to))
      if (loop.some((place) => stepsOf(place).some(([, ways]) => ways > 1))) return true
      const numbers = new Map<number, number>()
      const pairs: [number, number][] = []
      const numberOf = (one: number, other: number): number => {
        const name = one * this.#next.length + other
        const known = numbers.get(name) ?? pairs.push([one, other]) - 1
        numbers.set(name, known)
        return known
      }
      for (const place of loop) numberOf(place, place)
      const next: number[][] = []
      for (let number = 0; number < pairs.length; number++) {
        const [one, other] = pairs[number] ?? [0, 0]
        const [those, others] = [stepsOf(one), stepsOf(other)]
        this.#steps += those.length * others.length
        if (this.#steps > MOST_STEPS) return true
        next.push(those.flatMap(([to]) => others.flatMap(([too]) => (this.#overlaps(to, too) ? [numberOf(to, too)] : []))))
      }
      // The pairs of a place with itself have the first numbers.
      return componentsOf(next).some((found) => found.some((pair) => pair < loop.length) && found.some((pair) => pair >= loop.length))
    })
  }

  #overlaps(one: number, other: number): boolean {
    const [a, b] = [this.#characters[one], this.#characters[other]]
    return one === other || !a || !b || !a.isDisjointWith(b)
  }
}

function isCharacter([first, ...others]: Alternatives): boolean {
  return others.length === 0 && first?.elements.length === 1 && first.elements[0]?.type === 'CharacterClass'
}

function sum(one: Ways, other: Ways): Ways {
  return one === 0 ? other : other === 0 ? one : 2
}

function product(one: Ways, other: Ways): Ways {
  return one === 0 || other === 0 ? 0 : one === 1 ? other : 2
}

/** @param ways In how many ways there is nothing between these and the others. */
function joined(ends: Ends, others: Ends, ways: Ways): Ends {
  const all = new Map(ends)
  if (ways > 0) for (const [place, more] of others) all.set(place, sum(all.get(place) ?? 0, product(more, ways)))
  return all
}

function either(one: Part, other: Part): Part {
  return { empty: sum(one.empty, other.empty), first: joined(one.first, other.first, 1), last: joined(one.last, other.last, 1) }
}

/** The parts of a graph of which each vertex can be reached from each (Tarjan), with a stack of its own: chains may be long. */
function componentsOf(next: readonly (readonly number[])[]): number[][] {
  const found: number[][] = []
  const order = new Map<number, number>()
  const low: number[] = []
  const open: number[] = []
  const isOpen = new Set<number>()
  const visit = (root: number): void => {
    const path = [{ vertex: root, step: 0 }]
    for (let here = path.at(-1); here; here = path.at(-1)) {
      const { vertex } = here
      if (here.step === 0) {
        low[vertex] = order.size
        order.set(vertex, order.size)
        open.push(vertex)
        isOpen.add(vertex)
      }
      const other = next[vertex]?.[here.step++]
      if (other !== undefined) {
        if (!order.has(other)) path.push({ vertex: other, step: 0 })
        else if (isOpen.has(other)) low[vertex] = Math.min(low[vertex] ?? 0, order.get(other) ?? 0)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent) low[parent.vertex] = Math.min(low[parent.vertex] ?? 0, low[vertex] ?? 0)
      if (low[vertex] !== order.get(vertex)) continue
      const component = open.splice(open.indexOf(vertex))
      for (const one of component) isOpen.delete(one)
      found.push(component)
    }
  }
  for (const vertex of next.keys()) if (!order.has(vertex)) visit(vertex)
  return found
}
