/**
 * A selection of a population by arithmetic. What an entity is like hangs on its index modulo a period, and dates rise with the index;
 * so "all that match" is, for each residue, an interval of indices. Counting them, and finding the k-th, costs the same for ten
 * entities and for a billion.
 */
export interface Selection {
  readonly count: number
  /** How many selected indices are below this one. */
  rank(index: number): number
  /** The selected index that has `rank` others before it. `rank` must be below `count`. */
  at(rank: number): number
  has(index: number): boolean
}

/** The indices `from` to `to` - 1 that leave `residue`. */
export interface Interval {
  readonly residue: number
  readonly from: number
  readonly to: number
}

export function select(period: number, intervals: readonly Interval[]): Selection {
  const [first] = intervals
  const rows = intervals.map(({ residue, from, to }) => ({ residue, skipped: below(residue, from, period), end: Math.max(from, to), from }))
  const uniform = first !== undefined && intervals.every(({ from, to }) => from === first.from && to === first.to)
  const rank = uniform
    ? uniformRank(period, intervals, first)
    : (index: number) =>
        rows.reduce((sum, { residue, skipped, end }) => sum + Math.max(0, below(residue, Math.min(index, end), period) - skipped), 0)
  const lowest = intervals.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY)
  const highest = intervals.reduce((most, { to }) => Math.max(most, to), 0)
  const byResidue = new Map(intervals.map((interval) => [interval.residue, interval]))
  return {
    count: intervals.length === 0 ? 0 : rank(highest),
    rank,
    at(wanted) {
      // The smallest index with more than `wanted` selected ones up to and including it.
      let low = lowest
      let high = highest - 1
      while (low < high) {
        const middle = low + Math.floor((high - low) / 2)
        if (rank(middle + 1) > wanted) high = middle
        else low = middle + 1
      }
      return low
    },
    has(index) {
      const interval = byResidue.get(index % period)
      return interval !== undefined && index >= interval.from && index < interval.to
    },
  }
}

/** How many indices below `index` leave the residue. */
function below(residue: number, index: number, period: number): number {
  return index <= residue ? 0 : Math.ceil((index - residue) / period)
}

/** Where all intervals are the same, a table over one period replaces the sum over the residues. */
function uniformRank(period: number, intervals: readonly Interval[], { from, to }: Interval): (index: number) => number {
  const marks = new Uint8Array(period)
  for (const { residue } of intervals) marks[residue] = 1
  const before = new Uint32Array(period + 1)
  for (let slot = 0; slot < period; slot++) before[slot + 1] = (before[slot] ?? 0) + (marks[slot] ?? 0)
  const upTo = (index: number): number => Math.floor(index / period) * intervals.length + (before[index % period] ?? 0)
  const skipped = upTo(from)
  return (index) => Math.max(0, upTo(Math.min(index, Math.max(from, to))) - skipped)
}
