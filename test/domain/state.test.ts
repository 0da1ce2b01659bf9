import { describe, expect, it } from 'vitest'
import { matchState, type StateDefinition } from '../../src/domain/state.ts'

const STATES: readonly StateDefinition[] = [
  {
    state: 'an order of {quantity} units waits',
    parameters: { quantity: 6 },
    exists: { orders: [{ quantity: '{quantity}', note: '{quantity} of them' }] },
  },
  { state: 'an order of many units waits', values: { order_uuid: '/orders/0/order_uuid' } },
  { state: 'order {id}', parameters: { id: null } },
  { state: '{shipped} of {all} have shipped, {late}', parameters: { shipped: 1, all: 2, late: false } },
]

describe('a provider state', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['takes parameters from its text', 'an order of 7 units waits', {}, { quantity: 7 }],
    ['lets params count before its text', 'an order of 7 units waits', { quantity: 8 }, { quantity: 8 }],
    ['keeps params that nobody declared', 'an order of 7 units waits', { colour: 'red' }, { quantity: 7, colour: 'red' }],
    ['written out in full counts before one with parameters', 'an order of many units waits', {}, {}],
    ['may begin and end with parameters', '3 of 4 have shipped, true', {}, { shipped: 3, all: 4, late: true }],
    ['takes a placeholder that stands as it is', 'an order of {quantity} units waits', { quantity: 9 }, { quantity: 9 }],
  ])('%s', (_name, text, params, expected) => {
    expect(matchState(STATES, text, params)).toMatchObject({ kind: 'state', params: expected })
  })

  it('puts parameters in: whole values with their type, others as text', () => {
    expect(matchState(STATES, 'an order of 7 units waits', {})).toMatchObject({ data: { orders: [{ quantity: 7, note: '7 of them' }] } })
  })

  it('says nothing of placeholders that stand as they are', () => {
    expect(matchState(STATES, 'order {id}', {})).toMatchObject({ kind: 'missing', parameter: 'id' })
    expect(matchState(STATES, 'an order of {quantity} units waits', {})).toMatchObject({ params: { quantity: 6 } })
  })

  it('says which parameter it needs', () => {
    expect(matchState([{ state: 'an order', parameters: { id: null } }], 'an order', {})).toEqual({
      kind: 'missing',
      parameter: 'id',
      state: 'an order',
    })
    expect(matchState(STATES, 'order 5', {})).toMatchObject({ kind: 'state', params: { id: '5' } })
  })

  it.each([
    '',
    'an order of  units waits',
    'an order of seven units waits',
    'it says that 3 of 4 have shipped, true',
    'order ',
    'an order of 7 units',
    'ORDER 5',
  ])('is unknown as "%s", and the nearest are named', (text) => {
    const matched = matchState(STATES, text, {})
    expect(matched).toMatchObject({ kind: 'unknown' })
    expect(matched.kind === 'unknown' && matched.known).toHaveLength(3)
  })

  it('names the most similar first', () => {
    expect(matchState(STATES, 'an order of some units wait', {})).toMatchObject({
      known: ['an order of many units waits', expect.any(String), expect.any(String)],
    })
  })
})
