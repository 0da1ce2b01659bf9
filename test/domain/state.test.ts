import { describe, expect, it } from 'vitest'
import { checkStates, dataOf, matchState, type StateDefinition } from '../../src/core/scenario/state.ts'
import { parseExact } from '../../src/base/exact.ts'
import { REGISTRY } from '../support.ts'

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

const match = (states: readonly StateDefinition[], text: string, params: Readonly<Record<string, unknown>>) =>
  matchState(states, text, params, REGISTRY)
const check = (states: readonly StateDefinition[]) => checkStates(states, REGISTRY)

/** What exists by a text; undefined where it is refused. */
function exists(states: readonly StateDefinition[], text: string, params: Readonly<Record<string, unknown>> = {}): unknown {
  const matched = match(states, text, params)
  return matched.kind === 'state' ? dataOf(matched, REGISTRY) : undefined
}

describe('a provider state', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['takes parameters from its text', 'an order of 7 units waits', {}, { quantity: 7 }],
    ['lets params count before its text', 'an order of 7 units waits', { quantity: 8 }, { quantity: 8 }],
    ['takes params that only say again what the text says', 'an order of 7 units waits', { units: 7 }, { quantity: 7, units: 7 }],
    ['written out in full counts before one with parameters', 'an order of many units waits', {}, {}],
    ['may begin and end with parameters', '3 of 4 have shipped, true', {}, { shipped: 3, all: 4, late: true }],
    ['takes a placeholder that stands as it is', 'an order of {quantity} units waits', { quantity: 9 }, { quantity: 9 }],
  ])('%s', (_name, text, params, expected) => {
    expect(match(STATES, text, params)).toMatchObject({ kind: 'state', params: expected })
  })

  it('puts parameters in: whole values with their type, others as text', () => {
    expect(exists(STATES, 'an order of 7 units waits')).toEqual({ orders: [{ quantity: 7, note: '7 of them' }] })
  })

  it('says nothing of placeholders that stand as they are', () => {
    expect(match(STATES, 'order {id}', {})).toMatchObject({ kind: 'missing', parameter: 'id' })
    expect(match(STATES, 'an order of {quantity} units waits', {})).toMatchObject({ params: { quantity: 6 } })
  })

  it.each<[string, string, Record<string, unknown>, string, readonly string[]]>([
    ['a name that is misspelled', 'an order of 7 units waits', { quantiy: 8 }, 'quantiy', ['quantity']],
    ['a value that is but a part of a word in the text', 'an order of 70 units waits', { units: 7 }, 'units', ['quantity']],
    ['an empty value', 'an order of 7 units waits', { units: '' }, 'units', ['quantity']],
    ['a list', 'an order of 7 units waits', { units: [7] }, 'units', ['quantity']],
    ['a parameter of a state that has none', 'an order of many units waits', { quantity: 8 }, 'quantity', []],
    ['one, before what is missing', 'order {id}', { ids: 8 }, 'ids', ['id']],
  ])('refuses params that it does not have: %s', (_name, text, params, parameter, known) => {
    expect(match(STATES, text, params)).toMatchObject({ kind: 'unknown-parameter', parameter, known })
  })

  it('has the parameters of its text, whether they have defaults or not', () => {
    const states = [{ state: 'order {order.id} of {shop-id}', exists: { orders: ['{order.id}'] } }]
    expect(match(states, 'order 5 of x', { 'shop-id': 'y' })).toMatchObject({
      params: { 'order.id': '5', 'shop-id': 'y' },
    })
    expect(exists(states, 'order 5 of x')).toEqual({ orders: ['5'] })
    expect(match(states, 'order {order.id} of {shop-id}', {})).toMatchObject({ kind: 'missing', parameter: 'order.id' })
    expect(match(states, 'order {order.id} of {shop-id}', { 'order.id': 1 })).toMatchObject({ kind: 'state' })
  })

  it('says which parameter it needs', () => {
    expect(match([{ state: 'an order', parameters: { id: null } }], 'an order', {})).toEqual({
      kind: 'missing',
      parameter: 'id',
      state: 'an order',
    })
    expect(match(STATES, 'order 5', {})).toMatchObject({ kind: 'state', params: { id: '5' } })
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
    const matched = match(STATES, text, {})
    expect(matched).toMatchObject({ kind: 'unknown' })
    expect(matched.kind === 'unknown' && matched.known).toHaveLength(3)
  })

  it('names the most similar first', () => {
    expect(match(STATES, 'an order of some units wait', {})).toMatchObject({
      known: ['an order of many units waits', expect.any(String), expect.any(String)],
    })
  })
})

/** By what a parameter is wanted to be: how the definition says so. */
const KINDS = {
  'number by its default': { parameters: { p: 1 } },
  'truth value by its default': { parameters: { p: true } },
  'text by its default': { parameters: { p: 'a' } },
  'number by its place': { parameters: { p: null }, exists: { stock: [{ available: '{p}' }] } },
  'text by its place': { parameters: { p: null }, exists: { stock: [{ sku: '{p}' }] } },
  'part of a text': { parameters: { p: null }, exists: { stock: [{ sku: 'sku-{p}' }] } },
  'not put anywhere': { parameters: { p: null } },
} as const satisfies Record<string, Omit<StateDefinition, 'state'>>
const NO = 'refused'

describe('a parameter', () => {
  // What is sent as JSON, and what it becomes where it is wanted to be: a number, a truth value, a text, a part of a text, anything.
  it.each<[string, string, string, string, string, string]>([
    ['7751', '7751', NO, '"7751"', '7751', '7751'],
    ['-4', '-4', NO, '"-4"', '-4', '-4'],
    ['1.0', '1.0', NO, '"1.0"', '1.0', '1.0'],
    ['1e2', '1e2', NO, '"1e2"', '1e2', '1e2'],
    ['9007199254740993', '9007199254740993', NO, '"9007199254740993"', '9007199254740993', '9007199254740993'],
    ['1e999', NO, NO, '"1e999"', '1e999', '1e999'],
    ['"4"', '4', NO, '"4"', '"4"', '"4"'],
    ['"4.0"', '4.0', NO, '"4.0"', '"4.0"', '"4.0"'],
    ['"9007199254740993"', '9007199254740993', NO, '"9007199254740993"', '"9007199254740993"', '"9007199254740993"'],
    ['"007"', NO, NO, '"007"', '"007"', '"007"'],
    ['"0x10"', NO, NO, '"0x10"', '"0x10"', '"0x10"'],
    ['" 4"', NO, NO, '" 4"', '" 4"', '" 4"'],
    ['""', NO, NO, '""', '""', '""'],
    ['" "', NO, NO, '" "', '" "', '" "'],
    ['"NaN"', NO, NO, '"NaN"', '"NaN"', '"NaN"'],
    ['"many"', NO, NO, '"many"', '"many"', '"many"'],
    ['true', NO, 'true', '"true"', 'true', 'true'],
    ['"true"', NO, 'true', '"true"', '"true"', '"true"'],
    ['"True"', NO, NO, '"True"', '"True"', '"True"'],
    ['null', NO, NO, NO, NO, NO],
    ['[1.0]', NO, NO, NO, NO, '[1.0]'],
    ['{"toString":1}', NO, NO, NO, NO, '{"toString":1}'],
  ])('given as %s', (given, number, truth, text, part, anything) => {
    const became = Object.fromEntries(
      Object.entries(KINDS).map(([kind, definition]) => {
        const matched = match([{ state: 's', ...definition }], 's', { p: parseExact(given) })
        return [
          kind,
          matched.kind === 'state' ? JSON.stringify(matched.params['p']) : matched.kind === 'unfit-parameter' ? NO : matched.kind,
        ]
      }),
    )
    expect(became).toEqual({
      'number by its default': number,
      'truth value by its default': truth,
      'text by its default': text,
      'number by its place': number,
      'text by its place': text,
      'part of a text': part,
      'not put anywhere': anything,
    })
  })

  it.each([
    ['7751', 'sku-7751'],
    ['1.0', 'sku-1.0'],
    ['"007"', 'sku-007'],
    ['true', 'sku-true'],
  ])('given as %s stands inside a text as it was written', (given, sku) => {
    const states = [{ state: 's', ...KINDS['part of a text'] }]
    expect(exists(states, 's', { p: parseExact(given) })).toEqual({ stock: [{ sku }] })
  })

  it('of the text has the type of its place too', () => {
    const states = [{ state: '{n} of {sku}', exists: { stock: [{ available: '{n}', sku: '{sku}' }] } }]
    expect(exists(states, '4 of 7751')).toEqual({ stock: [{ available: 4, sku: '7751' }] })
    expect(match(states, 'some of 7751', {})).toMatchObject({ kind: 'unknown' })
  })

  it.each(['__proto__', 'constructor', 'toString'])('may have the name %s', (name) => {
    const states = [{ state: `an order of {${name}} units`, exists: { stock: [{ available: `{${name}}` }] } }]
    expect(exists(states, 'an order of 4 units')).toEqual({ stock: [{ available: 4 }] })
    expect(exists(states, 'an order of 4 units', Object.fromEntries([[name, 5]]))).toEqual({ stock: [{ available: 5 }] })
    expect(match([{ state: 'a' }], 'a', Object.fromEntries([[name, 5]]))).toMatchObject({ kind: 'unknown-parameter', parameter: name })
  })

  it('that is very long is compared with the text all the same', () => {
    expect(match(STATES, 'order 5', { note: 'é'.repeat(100_000) })).toMatchObject({ kind: 'unknown-parameter', parameter: 'note' })
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
    expect(check(states)).toMatchObject(expected)
    expect(check(states)).toHaveLength(expected.length)
  })
})
