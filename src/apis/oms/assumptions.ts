import type { AssumptionTable, ChosenFrom } from '../../core/assumption.ts'

/** What the OMS document leaves open. */
export const ASSUMPTIONS = {
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
} as const satisfies AssumptionTable

export type AssumptionName = keyof typeof ASSUMPTIONS
export type Assumptions = ChosenFrom<typeof ASSUMPTIONS>
