import { describe, expect, it } from 'vitest'
import { checkStates, matchState, type StateDefinition } from '../../src/domain/state.ts'

const STATES: readonly StateDefinition[] = [
  {
    state: 'an order of {quantity} units waits',
    parameters: { quantity: 6 },
    exists: { orders: [{ quantity: '{quantity}', note: '{quantity} of them' }] },
  },
  { state: 'an order of many units waits', values: { order_uuid: '/orders/0/order_uuid' } },
  { state: 'order {id}', parameters: { id: null } },
  { state: '{shipped} of {all} have shipped, {late}', parameters: { shipped: 1, all: 2, late: false } },
  { state: 'from {day} to {day}' },
]

describe('a provider state', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['takes parameters from its text', 'an order of 7 units waits', {}, { quantity: 7 }],
    ['lets params count before its text', 'an order of 7 units waits', { quantity: 8 }, { quantity: 8 }],
    ['takes params that only say again what the text says', 'an order of 7 units waits', { units: 7 }, { quantity: 7, units: 7 }],
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

  it.each<[string, string, Record<string, unknown>, string, readonly string[]]>([
    ['a name that is misspelled', 'an order of 7 units waits', { quantiy: 8 }, 'quantiy', ['quantity']],
    ['a value that is but a part of a word in the text', 'an order of 70 units waits', { units: 7 }, 'units', ['quantity']],
    ['an empty value', 'an order of 7 units waits', { units: '' }, 'units', ['quantity']],
    ['a list', 'an order of 7 units waits', { units: [7] }, 'units', ['quantity']],
    ['a parameter of a state that has none', 'an order of many units waits', { quantity: 8 }, 'quantity', []],
    ['one, before what is missing', 'order {id}', { ids: 8 }, 'ids', ['id']],
  ])('refuses params that it does not have: %s', (_name, text, params, parameter, known) => {
    expect(matchState(STATES, text, params)).toMatchObject({ kind: 'unknown-parameter', parameter, known })
  })

  it('has the parameters of its text, whether they have defaults or not', () => {
    const states = [{ state: 'order {order.id} of {shop-id}', exists: { orders: ['{order.id}'] } }]
    expect(matchState(states, 'order 5 of x', { 'shop-id': 'y' })).toMatchObject({
      params: { 'order.id': '5', 'shop-id': 'y' },
      data: { orders: ['5'] },
    })
    expect(matchState(states, 'order {order.id} of {shop-id}', {})).toMatchObject({ kind: 'missing', parameter: 'order.id' })
    expect(matchState(states, 'order {order.id} of {shop-id}', { 'order.id': 1 })).toMatchObject({ kind: 'state' })
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
    'from 3 to 4',
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

describe('definitions', () => {
  it.each<[string, readonly StateDefinition[], readonly object[]]>([
    [
      'with a text that stands twice',
      [{ state: 'a' }, { state: 'b' }, { state: 'a' }],
      [
        { at: '/states/0/state', message: 'is "a", which stands 2 times' },
        { at: '/states/2/state', message: 'is "a", which stands 2 times' },
      ],
    ],
    [
      'with placeholders that nothing fills',
      [{ state: 'a', parameters: { sku: 'A' }, exists: { stock: [{ sku: '{sku}', locationNum: '{skus}' }, 'in {place}'] } }],
      [
        {
          at: '/states/0/exists/stock/0/locationNum',
          message: 'has {skus}, and the state "a" has no parameter of this name',
          fix: 'there is sku',
        },
        { at: '/states/0/exists/stock/1', message: 'has {place}, and the state "a" has no parameter of this name' },
      ],
    ],
    [
      'without any parameter',
      [{ state: 'a', exists: { orders: ['{id}'] } }],
      [{ at: '/states/0/exists/orders/0', fix: 'give it a default in parameters: null where there is none' }],
    ],
    ['with parameters of the text alone', [{ state: 'a {b} {c}', exists: { orders: ['{b}'] } }], []],
  ])('%s', (_name, states, expected) => {
    expect(checkStates(states)).toMatchObject(expected)
    expect(checkStates(states)).toHaveLength(expected.length)
  })
})
