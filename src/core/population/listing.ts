import { remember } from './catalogue.ts'
import { type Interval, select, type Selection } from './selection.ts'

/** How many entities a search may look at one by one: to make one takes some 30 microseconds. */
export const MAX_CANDIDATES = 4_000

/** A population seen as a list: entity 0 is the oldest. */
export interface Sequence<Facts, Entity extends Facts> {
  readonly size: number
  /** After so many indices the facts repeat. */
  readonly period: number
  /** What every entity of this residue has in common. */
  facts(residue: number): Facts
  entity(index: number): Entity
}

/** One thing a search asks for. `test` is the whole truth about an entity; the other members say how it can be known without looking. */
export type Condition<Facts, Entity extends Facts> =
  /** Known from the facts alone. */
  | { readonly kind: 'facts'; test(facts: Facts): boolean }
  /** Holds for these indices only (an id, a number that is a bijection of the index); created entities are tested. */
  | { readonly kind: 'indices'; readonly indices: readonly number[]; test(entity: Entity): boolean }
  /** Holds, for each residue, from an index to an index (a date). */
  | { readonly kind: 'range'; interval(residue: number): { readonly from: number; readonly to: number }; test(entity: Entity): boolean }
  /** Has to be looked at. `field` is named when there is too much to look at. */
  | { readonly kind: 'entity'; readonly field: string; test(entity: Entity): boolean }

/** An entity that is not, or no longer, what the population says. */
export interface Overlaid<Entity> {
  readonly entity: Entity
  /** The index it hides; undefined for one that was created. */
  readonly index: number | undefined
  /** It stands in the list right before the population's entity with this index. */
  readonly place: number
  /** Its order among overlaid entities of the same place. */
  readonly tie: string
}

export interface Listing<Facts, Entity extends Facts> {
  readonly sequence: Sequence<Facts, Entity>
  readonly overlay: readonly Overlaid<Entity>[]
  readonly conditions: readonly Condition<Facts, Entity>[]
  /** A name for what conditions and group ask for, where they hang on facts alone: the same name, the same selection, made once. */
  readonly signature?: string | undefined
  /** Sorts by this first, where it is given; it must hang on facts alone. */
  readonly group?: ((facts: Facts) => string) | undefined
  /** Sorts by this instead: it has to be looked at in every entity. `field` is named when there are too many. */
  readonly by?: { readonly field: string; value(entity: Entity): string } | undefined
  readonly descending: boolean
  readonly offset: number
  readonly limit: number
}

export type Listed<Entity> =
  | { readonly kind: 'page'; readonly total: number; readonly page: readonly Entity[] }
  | { readonly kind: 'too-wide'; readonly fields: readonly string[]; readonly candidates: number }

/** A page of all that match, and how many match: at a cost that does not grow with the population. */
export function list<Facts, Entity extends Facts>(listing: Listing<Facts, Entity>): Listed<Entity> {
  const { sequence, conditions, by, descending, offset, limit } = listing
  const overlay = listing.overlay.filter(({ entity }) => conditions.every((condition) => condition.test(entity)))
  const hidden = new Set(listing.overlay.flatMap(({ index }) => (index === undefined ? [] : [index])))
  const known = conditions.flatMap((condition) => (condition.kind === 'indices' ? [condition] : []))
  const [first] = known
  let runs: readonly Run<Entity>[]
  if (first) {
    const candidates = first.indices.filter((index) => index < sequence.size && !hidden.has(index))
    runs = materialise(candidates, listing, overlay)
  } else {
    const unknown = [
      ...conditions.flatMap((condition) => (condition.kind === 'entity' ? [condition.field] : [])),
      ...(by ? [by.field] : []),
    ]
    if (unknown.length > 0) {
      const selection = select(sequence.period, intervalsOf(listing))
      if (selection.count > MAX_CANDIDATES) return { kind: 'too-wide', fields: unknown, candidates: selection.count }
      const candidates = Array.from({ length: selection.count }, (_, rank) => selection.at(rank)).filter((index) => !hidden.has(index))
      runs = materialise(candidates, listing, overlay)
    } else runs = arrange(selectionsOf(listing), listing, overlay, hidden)
  }
  const total = runs.reduce((sum, run) => sum + run.count, 0)
  const from = Math.min(offset, total)
  const to = Math.min(offset + limit, total)
  const ranks = Array.from({ length: to - from }, (_, step) => (descending ? total - 1 - from - step : from + step))
  return { kind: 'page', total, page: ranks.map((rank) => entityAt(runs, rank)) }
}

/** A stretch of the list whose entities can be had by rank. */
interface Run<Entity> {
  readonly count: number
  at(rank: number): Entity
}

function entityAt<Entity>(runs: readonly Run<Entity>[], rank: number): Entity {
  for (const run of runs) {
    if (rank < run.count) return run.at(rank)
    rank -= run.count
  }
  throw new RangeError(`no entity has rank ${rank}`)
}

function intervalsOf<Facts, Entity extends Facts>({ sequence, conditions }: Listing<Facts, Entity>): Interval[] {
  const intervals: Interval[] = []
  for (let residue = 0; residue < Math.min(sequence.period, sequence.size); residue++) {
    let from = 0
    let to = sequence.size
    let facts: Facts | undefined
    for (const condition of conditions) {
      if (condition.kind === 'range') {
        const interval = condition.interval(residue)
        from = Math.max(from, interval.from)
        to = Math.min(to, interval.to)
      } else if (condition.kind === 'facts' && !condition.test((facts ??= sequence.facts(residue)))) to = 0
    }
    if (from < to) intervals.push({ residue, from, to })
  }
  return intervals
}

/** Entities looked at one by one, sorted as the arithmetic would have them. */
function materialise<Facts, Entity extends Facts>(
  candidates: readonly number[],
  { sequence, conditions, group, by }: Listing<Facts, Entity>,
  overlay: readonly Overlaid<Entity>[],
): Run<Entity>[] {
  const found = candidates
    .map((index) => ({ entity: sequence.entity(index), place: index, tie: undefined }))
    .filter(({ entity }) => conditions.every((condition) => condition.test(entity)))
  const rows = [...overlay, ...found]
    .map((row) => ({ ...row, group: by?.value(row.entity) ?? group?.(row.entity) ?? '' }))
    .toSorted(
      (a, b) =>
        compareText(a.group, b.group) ||
        a.place - b.place ||
        Number(a.tie === undefined) - Number(b.tie === undefined) ||
        compareText(a.tie ?? '', b.tie ?? ''),
    )
  return [{ count: rows.length, at: (rank) => (rows[rank] ?? fail(rank)).entity }]
}

/** Selections by group, in the order of the groups. */
type Selections = ReadonlyMap<string, Selection>

const NOTHING = select(1, [])
/** How many selections are kept of a population, and how long the name of one may be: names come from clients. */
const MAX_SELECTIONS = 100
const MAX_SIGNATURE = 500
const kept = new WeakMap<object, (signature: string, make: () => Selections) => Selections>()

function selectionsOf<Facts, Entity extends Facts>(listing: Listing<Facts, Entity>): Selections {
  const { sequence, signature } = listing
  if (signature === undefined || signature.length > MAX_SIGNATURE) return makeSelections(listing)
  let find = kept.get(sequence)
  if (!find) {
    const remembered = remember(
      MAX_SELECTIONS,
      ({ name }: { readonly name: string; make(): Selections }) => name,
      ({ make }) => make(),
    )
    find = (name, make) => remembered({ name, make })
    kept.set(sequence, find)
  }
  return find(signature, () => makeSelections(listing))
}

function makeSelections<Facts, Entity extends Facts>(listing: Listing<Facts, Entity>): Selections {
  const { sequence, group } = listing
  const groups = Map.groupBy(intervalsOf(listing), ({ residue }) => group?.(sequence.facts(residue)) ?? '')
  return new Map([...groups].map(([name, intervals]) => [name, select(sequence.period, intervals)]))
}

/** The population's own selections with the overlay woven in, one run for each group. */
function arrange<Facts, Entity extends Facts>(
  selections: Selections,
  { sequence, group }: Listing<Facts, Entity>,
  overlay: readonly Overlaid<Entity>[],
  hidden: ReadonlySet<number>,
): Run<Entity>[] {
  const overlays = Map.groupBy(overlay, ({ entity }) => group?.(entity) ?? '')
  return [...new Set([...selections.keys(), ...overlays.keys()])]
    .toSorted(compareText)
    .map((name) => weave(selections.get(name) ?? NOTHING, overlays.get(name) ?? [], hidden, sequence.entity))
}

function weave<Entity>(
  selection: Selection,
  overlay: readonly Overlaid<Entity>[],
  hidden: ReadonlySet<number>,
  entity: (index: number) => Entity,
): Run<Entity> {
  // Ranks in the selection that are hidden, ascending: what is left is renumbered around them.
  const gaps = [...hidden]
    .filter((index) => selection.has(index))
    .map((index) => selection.rank(index))
    .toSorted((a, b) => a - b)
  const before = (place: number): number => {
    const rank = selection.rank(place)
    return rank - below(gaps, rank)
  }
  const woven = overlay.toSorted(comparePlaces).map((one, order) => ({ rank: before(one.place) + order, entity: one.entity }))
  const overlaid = new Map(woven.map(({ rank, entity }) => [rank, entity]))
  const ranks = woven.map(({ rank }) => rank)
  return {
    count: selection.count - gaps.length + overlay.length,
    at(rank) {
      const own = overlaid.get(rank)
      if (own) return own
      let wanted = rank - below(ranks, rank)
      for (const gap of gaps) {
        if (gap > wanted) break
        wanted++
      }
      return entity(selection.at(wanted))
    },
  }
}

/** In the order of the list, in which it is soon sorted. */
export function comparePlaces(a: Overlaid<unknown>, b: Overlaid<unknown>): number {
  return a.place - b.place || compareText(a.tie, b.tie)
}

/** How many of these ascending numbers are smaller. */
function below(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] ?? limit) < limit) low = middle + 1
    else high = middle
  }
  return low
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function fail(rank: number): never {
  throw new RangeError(`no entity has rank ${rank}`)
}
