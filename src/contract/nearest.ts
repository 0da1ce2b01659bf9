import { once } from '../base/once.ts'

/** An operation as somebody looks for it. */
export interface KnownRoute {
  readonly api: string
  readonly operation: string
  readonly method: string
  /** The whole template: with what stands before the document's paths. */
  readonly path: string
}

/** An operation that a request without one may have meant, and what of the request is different. */
export interface Near extends KnownRoute {
  readonly differs: readonly string[]
}

/** What says which operations a request may have meant. */
export type FindNearest = (method: string, path: string) => readonly Near[]

/** What would do in place of a path that none has. */
export function nearestPaths(near: readonly Near[]): string {
  if (near.length === 0) return 'no path is like it; GET /__mock/openapi lists the documents'
  return `the nearest ${near.length === 1 ? 'is' : 'are'} ${near.map(({ method, path, api }) => `${method} ${path} (${api})`).join(', ')}`
}

/** So many are named at most, and only those that are as near as the nearest. */
const MOST = 3
/** Longer paths are nobody's slip. */
const MAX_SEGMENTS = 20

/** What weighs how much, where another segment weighs 1. */
const WEIGHTS = {
  parameter: 0.05,
  /** A word of other paths in a parameter's place. */
  word: 0.8,
  lacking: 0.9,
  slash: 0.2,
  method: 0.3,
} as const

/** Finds the operations that are most like a method and a path which none has; none where nothing is alike. They are asked for when one is sought. */
export function nearestAmong(routes: () => readonly KnownRoute[]): FindNearest {
  const prepared = once(() => {
    // Methods of one path are laid beside a request's once.
    const known = [...Map.groupBy(routes(), ({ path }) => path)].map(([path, own]) => ({ routes: own, own: partsOf(path) }))
    const pairs = new Map(known.flatMap(({ own }) => own.segments).map((word) => [word, new Set(pairsOf(word.toLowerCase()))]))
    return { known, pairs }
  })
  return (method, path) => {
    const sent = partsOf(path)
    if (sent.segments.length > MAX_SEGMENTS) return []
    const { known, pairs } = prepared()
    return nearest(method, sent, known, pairs)
  }
}

/** The words of all paths, with the pairs of letters that each has. */
type Words = ReadonlyMap<string, ReadonlySet<string>>

function nearest(
  method: string,
  sent: Parts,
  known: readonly { readonly routes: readonly KnownRoute[]; readonly own: Parts }[],
  words: Words,
): readonly Near[] {
  const likeness = sent.segments.map((segment) => likenessTo(segment, words))
  const judged = known
    .flatMap(({ routes, own }) => {
      const { weight, steps } = align(sent.segments, own.segments, likeness, words)
      if (!steps.some(({ kind, likeness }) => kind === 'same' && likeness >= 0.5)) return []
      return routes.map((route) => {
        const isOther = method !== route.method && !(method === 'HEAD' && route.method === 'GET')
        const total = weight + (sent.isClosed === own.isClosed ? 0 : WEIGHTS.slash) + (isOther ? WEIGHTS.method : 0)
        return { total, route, own, steps, isOther }
      })
    })
    .toSorted((a, b) => a.total - b.total)
  const [first] = judged
  return judged
    .filter(({ total }) => total - (first?.total ?? 0) < 0.01)
    .slice(0, MOST)
    .map(({ route, own, steps, isOther }) => ({
      ...route,
      differs: [
        ...(isOther ? [`the method is ${method}, the path takes ${route.method}`] : []),
        ...wordsOf(steps),
        ...(sent.isClosed === own.isClosed ? [] : [own.isClosed ? 'the trailing slash is missing' : 'a trailing slash is too many']),
      ],
    }))
}

interface Parts {
  readonly segments: readonly string[]
  readonly isClosed: boolean
}

function partsOf(path: string): Parts {
  const [, ...segments] = path.split('/')
  const isClosed = segments.at(-1) === ''
  return { segments: isClosed ? segments.slice(0, -1) : segments, isClosed }
}

/** One place of the two paths laid beside each other; `at` counts the request's segments from 1. */
interface Step {
  readonly kind: 'same' | 'lacking' | 'extra'
  readonly at: number
  readonly sent: string
  readonly wanted: string
  readonly likeness: number
}

/** The cheapest way to lay the segments of two paths beside each other. */
function align(
  sent: readonly string[],
  wanted: readonly string[],
  likenesses: readonly ((word: string) => number)[],
  words: Words,
): { readonly weight: number; readonly steps: readonly Step[] } {
  interface Cell {
    readonly weight: number
    readonly before: Cell | undefined
    readonly step: Step | undefined
  }
  let above: Cell[] = []
  for (let row = 0; row <= sent.length; row++) {
    const cells: Cell[] = []
    for (let column = 0; column <= wanted.length; column++) {
      const own = sent[row - 1] ?? ''
      const other = wanted[column - 1] ?? ''
      const ways: Cell[] = []
      const diagonal = above[column - 1]
      const up = above[column]
      const left = cells[column - 1]
      if (row > 0 && diagonal) {
        const isValue = isParameter(other) && own !== ''
        const likeness = isParameter(other) ? 0 : (likenesses[row - 1]?.(other) ?? 0)
        const weight = diagonal.weight + (isValue ? (words.has(own) ? WEIGHTS.word : WEIGHTS.parameter) : 1 - likeness)
        ways.push({ weight, before: diagonal, step: { kind: 'same', at: row, sent: own, wanted: other, likeness } })
      }
      if (row > 0 && up)
        ways.push({ weight: up.weight + 1, before: up, step: { kind: 'extra', at: row, sent: own, wanted: '', likeness: 0 } })
      if (left)
        ways.push({
          weight: left.weight + WEIGHTS.lacking,
          before: left,
          step: { kind: 'lacking', at: row, sent: '', wanted: other, likeness: 0 },
        })
      const [first = { weight: 0, before: undefined, step: undefined }, ...rest] = ways
      cells.push(rest.reduce((best, way) => (way.weight < best.weight ? way : best), first))
    }
    above = cells
  }
  const last = above.at(-1)
  const steps: Step[] = []
  for (let cell = last; cell; cell = cell.before) if (cell.step) steps.unshift(cell.step)
  return { weight: last?.weight ?? 0, steps }
}

function wordsOf(steps: readonly Step[]): string[] {
  const other = steps
    .filter(({ kind, sent, wanted }) => kind === 'same' && sent !== wanted && (!isParameter(wanted) || sent === ''))
    .map(({ at, sent, wanted }) => `segment ${at} is '${sent}', the path has '${wanted}'`)
  const extra = steps.filter(({ kind }) => kind === 'extra').map(({ sent }) => sent)
  const lacking = steps.filter(({ kind }) => kind === 'lacking').map(({ wanted }) => wanted)
  return [
    ...other,
    ...(lacking.length > 0 ? [`the path has ${counted(lacking.length)} more: ${lacking.map((one) => `'${one}'`).join(', ')}`] : []),
    ...(extra.length > 0 ? [`the request has ${counted(extra.length)} too many: ${extra.map((one) => `'${one}'`).join(', ')}`] : []),
  ]
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five'] as const

function counted(count: number): string {
  return `${NUMBERS[count] ?? count} segment${count === 1 ? '' : 's'}`
}

function isParameter(segment: string): boolean {
  return segment.includes('{')
}

/** How much of a segment and of a word is the same, 0 to 1: the share of letter pairs that both have. Each word is compared once. */
function likenessTo(sent: string, words: Words): (word: string) => number {
  const own = sent.toLowerCase()
  const pairs = pairsOf(own)
  const known = new Map<string, number>()
  const compare = (word: string): number => {
    if (sent === word) return 1
    if (own === word.toLowerCase()) return 0.9
    const others = words.get(word) ?? new Set()
    const count = Math.max(0, Math.min(word.length, MAX_COMPARED) - 1)
    const shared = pairs.filter((pair) => others.has(pair)).length
    return pairs.length + count === 0 ? 0 : Math.min(0.9, (2 * shared) / (pairs.length + count))
  }
  return (word) => {
    const likeness = known.get(word) ?? compare(word)
    known.set(word, likeness)
    return likeness
  }
}

/** Longer words are no slip of a short one. */
const MAX_COMPARED = 100

function pairsOf(word: string): string[] {
  return Array.from({ length: Math.min(word.length, MAX_COMPARED) - 1 }, (_, index) => word.slice(index, index + 2))
}
