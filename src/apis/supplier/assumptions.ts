import type { AssumptionTable, ChosenFrom } from '../../core/assumption.ts'

/** What the supplier document leaves open. */
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
} as const satisfies AssumptionTable

export type AssumptionName = keyof typeof ASSUMPTIONS
export type Assumptions = ChosenFrom<typeof ASSUMPTIONS>
