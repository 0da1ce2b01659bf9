/**
 * What no document says and a mock still has to decide. Each is a row that names its value, the alternatives and why; whoever knows
 * better chooses another with `--assume NAME=VALUE`. The first value is the default.
 */
export const ASSUMPTIONS = {
  'supplier.allocate.sum': {
    values: ['enforced', 'off'],
    question: 'Must allocated + backordered + rejected of a line be what was ordered?',
    reason: 'The first public version of the page (2017) said so; the document served here no longer repeats it.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.trailing-slash': {
    values: ['required', 'redirect', 'optional'],
    question: 'What happens to a path without its trailing slash?',
    reason: 'Every documented path ends in a slash, and a Django service without redirects answers 404; it is a real bug in the client.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.sku-cost': {
    values: ['from-order', 'null'],
    question: 'What is supplier_provided_sku_cost while the supplier has given none?',
    reason: 'The document types it as a decimal, so it is the cost the order carries.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'oms.cancel.again': {
    values: ['404', '400', '200'],
    question: 'What does cancelling an allocation say that has nothing left to cancel?',
    reason: 'The documented 404 is worded "not found or not valid"; 200 answers an allocation that is cancelled already unchanged.',
    source: 'https://developer.fabric.inc/v2/api-reference/orders-v2/allocation/cancel-allocation',
  },
  'oms.query.none': {
    values: ['404', '200'],
    question: 'What does a query say that matches nothing?',
    reason: 'The documented 404 of the query has no other meaning.',
    source: 'https://developer.fabric.inc/v2/api-reference/orders-v2/allocation/get-allocation-by-query',
  },
} as const satisfies Record<string, { values: readonly [string, ...string[]]; question: string; reason: string; source: string }>

export type AssumptionName = keyof typeof ASSUMPTIONS
export type Assumptions = { readonly [Name in AssumptionName]: (typeof ASSUMPTIONS)[Name]['values'][number] }

export const DEFAULT_ASSUMPTIONS: Assumptions = {
  'supplier.allocate.sum': 'enforced',
  'supplier.trailing-slash': 'required',
  'supplier.sku-cost': 'from-order',
  'oms.cancel.again': '404',
  'oms.query.none': '404',
}

/**
 * The defaults with other choices put in.
 * @returns the assumptions, or the first choice that names no assumption or no value of one, with the known ones, nearest first.
 */
export function assume(
  choices: Readonly<Record<string, string>>,
): { kind: 'assumptions'; assumptions: Assumptions } | { kind: 'unknown'; what: string; known: readonly string[] } {
  const chosen: Record<string, string> = {}
  for (const [name, value] of Object.entries(choices)) {
    if (!isAssumption(name)) return { kind: 'unknown', what: `assumption "${name}"`, known: nearest(name, Object.keys(ASSUMPTIONS)) }
    const values: readonly string[] = ASSUMPTIONS[name].values
    if (!values.includes(value)) return { kind: 'unknown', what: `value "${value}" of ${name}`, known: nearest(value, values) }
    chosen[name] = value
  }
  return { kind: 'assumptions', assumptions: { ...DEFAULT_ASSUMPTIONS, ...chosen } }
}

function isAssumption(name: string): name is AssumptionName {
  return Object.hasOwn(ASSUMPTIONS, name)
}

/** The known names, the most similar first (Levenshtein distance). */
export function nearest(name: string, known: readonly string[]): string[] {
  return known
    .map((one) => ({ one, far: distance(name.toLowerCase(), one.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far)
    .map(({ one }) => one)
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
