import type { Issue } from './http.ts'

/** Of a name that came from outside so much is compared: the distance takes the product of the lengths. */
const MAX_COMPARED = 200

/** The known names, the most similar first (Levenshtein distance). */
export function nearest(name: string, known: readonly string[]): string[] {
  return known
    .map((one) => ({
      one,
      // `shop:addItem` and `depot:addItem` are what `addItem` may mean.
      far: one.endsWith(`:${name}`) ? 0 : distance(name.slice(0, MAX_COMPARED).toLowerCase(), one.toLowerCase()),
    }))
    .toSorted((a, b) => a.far - b.far)
    .map(({ one }) => one)
}

/** What there is in place of an unknown name, in words: `there are a, b`. */
export function thereAre(name: string, known: readonly string[]): string {
  return thereIs(nearest(name, known))
}

/** The same of names that stand in order. */
export function thereIs(known: readonly string[]): string {
  return known.length === 0 ? 'there is none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
}

/** The same of many, so many at most: `the nearest are a, b`. */
export function nearestAre(name: string, known: readonly string[], most = 5): string {
  return known.length === 0
    ? 'there is none'
    : `the nearest ${known.length === 1 ? 'is' : 'are'} ${nearest(name, known).slice(0, most).join(', ')}`
}

/** An unknown name is told with those that would do, the most similar first. */
export function withKnownNames(issue: Issue): Issue {
  if (issue.rule !== 'additionalProperties') return issue
  const [name, known] = [issue.at.slice(issue.at.lastIndexOf('/') + 1), [issue.wanted].flat().map(String)]
  return { ...issue, fix: thereAre(name, known) }
}

function distance(a: string, b: string): number {
  const row = Uint16Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1
    row[0] = i
    const unit = a.charCodeAt(i - 1)
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0
      row[j] = Math.min(above + 1, (row[j - 1] ?? 0) + 1, diagonal + (unit === b.charCodeAt(j - 1) ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.length] ?? 0
}
