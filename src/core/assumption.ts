import { nearest } from '../base/nearest.ts'

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
  'supplier.allocate.lines': {
    values: ['portion', 'all'],
    question: "Must an allocation name all of the supplier's open lines?",
    reason: 'The first public version of the page (2017) wanted them all; the one served here speaks of "the entire order or a portion".',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.rejected.falls': {
    values: ['allowed', 'refused'],
    question: 'May a later allocation reject fewer units of a line than an earlier one?',
    reason: 'The page calls rejected units never to be fulfilled, but says nowhere that a mistake cannot be taken back.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.sku-cost': {
    values: ['from-order', 'null'],
    question: 'What is supplier_provided_sku_cost while the supplier has given none?',
    reason: 'The document types it as a decimal, so it is the cost the order carries.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.cancel.steps': {
    values: ['two-step', 'auto-confirm'],
    question: 'Does a cancellation wait for the supplier to confirm it?',
    reason:
      'The documented 204 means that the request is pending and was passed on; the operations that answer it came a month after the page served here.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.tracking.pending': {
    values: ['accepted', 'refused'],
    question: 'May a supplier ship a line whose cancellation waits for an answer?',
    reason: 'No page says; the parcel may have left before the request arrived, so shipping answers it.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.search.limit': {
    values: ['page-size', 'end-index'],
    question: 'Is the limit of a search the size of a page or the position where it ends?',
    reason: 'The text makes it the position of the last result; the published examples use it as the size of a page.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.po-number.again': {
    values: ['allowed', 'refused'],
    question: 'May a retailer place two orders with the same purchase order number?',
    reason: 'No page forbids it; many platforms refuse it as the usual guard against ordering twice.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.tokens': {
    values: ['any', 'named'],
    question: 'Whose is a token that nobody has named?',
    reason:
      'It is the first supplier\'s, so that any client gets an answer; "named" refuses what neither options nor the login have given out.',
    source: 'https://github.com/CruxConnect/crux-docs',
  },
  'supplier.trailing-slash': {
    values: ['required', 'redirect', 'optional'],
    question: 'What happens to a path without its trailing slash?',
    reason: 'Every documented path ends in a slash, and a Django service without redirects answers 404; it is a real bug in the client.',
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
  'oms.generate.documents': {
    values: ['per-location', 'per-line'],
    question: 'Does generating make one allocation for each location or for each line?',
    reason: 'A document has one location and a list of items; the words "an allocation for each item" read either way.',
    source: 'https://knowledgebase.fabric.inc/docs/openapi/oms/v2/allocation/reference/',
  },
  'oms.generate.none': {
    values: ['206', '404'],
    question: 'What does generating say when no location has any of it?',
    reason: '206 is documented for "only some", and none is the least of some; the list is empty.',
    source: 'https://knowledgebase.fabric.inc/docs/openapi/oms/v2/allocation/reference/',
  },
  'oms.generate.unknown-order': {
    values: ['404', 'accepted'],
    question: 'Can allocations be generated for an order that was never created?',
    reason:
      'The documented 404 stands for an order that is not found; "accepted" makes lines from the request, with goods from the catalogue.',
    source: 'https://knowledgebase.fabric.inc/docs/openapi/oms/v2/allocation/reference/',
  },
} as const satisfies Record<string, { values: readonly [string, ...string[]]; question: string; reason: string; source: string }>

export type AssumptionName = keyof typeof ASSUMPTIONS
export type Assumptions = { readonly [Name in AssumptionName]: (typeof ASSUMPTIONS)[Name]['values'][number] }

export const DEFAULT_ASSUMPTIONS: Assumptions = {
  'supplier.allocate.sum': 'enforced',
  'supplier.allocate.lines': 'portion',
  'supplier.rejected.falls': 'allowed',
  'supplier.sku-cost': 'from-order',
  'supplier.cancel.steps': 'two-step',
  'supplier.tracking.pending': 'accepted',
  'supplier.search.limit': 'page-size',
  'supplier.po-number.again': 'allowed',
  'supplier.tokens': 'any',
  'supplier.trailing-slash': 'required',
  'oms.cancel.again': '404',
  'oms.query.none': '404',
  'oms.generate.documents': 'per-location',
  'oms.generate.none': '206',
  'oms.generate.unknown-order': '404',
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

/** The choices that differ from the defaults. */
export function chosen(assumptions: Assumptions): Readonly<Record<string, string>> {
  const defaults: ReadonlyMap<string, string> = new Map(Object.entries(DEFAULT_ASSUMPTIONS))
  return Object.fromEntries(Object.entries(assumptions).filter(([name, value]) => value !== defaults.get(name)))
}

function isAssumption(name: string): name is AssumptionName {
  return Object.hasOwn(ASSUMPTIONS, name)
}
