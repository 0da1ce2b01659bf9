import { beforeAll, describe, expect, it } from 'vitest'
import { compareContracts } from '../../src/verification/compare.ts'
import { coverContracts } from '../../src/verification/coverage.ts'
import { parseExact } from '../../src/base/exact.ts'
import type { Report } from '../../src/verification/pact/pact.ts'
import { jsonReport } from '../../src/verification/pact/report.ts'
import { folder, type Json, marksOf, rowOf, verify } from './pacts.ts'

const HEADERS = {
  'Content-Type': 'application/json',
  Authorization: 'Bearer any',
  'x-site-context': '{"account":"1234abcd5678efgh9ijklmno"}',
}

/** An interaction that document and mock have. */
const query = (description: string, more: Json = {}): Json => {
  const request = { method: 'POST', path: '/api/v2/allocation/query', headers: { ...HEADERS, ...more.headers }, body: { limit: 5 } }
  return { description, ...more.beside, request: { ...request, ...more.request }, response: { status: 200, ...more.response } }
}

const pactOf = (interactions: readonly Json[], version = '3.0.0', metadata: Json = { pactSpecification: { version } }): string =>
  folder({
    'a.json': {
      consumer: { name: 'shop' },
      provider: { name: 'oms-allocations' },
      interactions,
      metadata,
    },
  })

describe('an interaction of odd shape', () => {
  const odd = pactOf([
    query('before'),
    query('a header that is an object', { headers: { 'x-a': { toString: 1 } } }),
    query('a query that is one', { request: { query: { limit: [{ toString: 1 }] } } }),
    query('half a character', { request: { query: { limit: ['\ud800'] } } }),
    query('after', { request: { generators: { query: { a: { type: 'ProviderState', expression: '${toString}' } } } } }),
  ])

  it('fails with words, and the others are verified', async () => {
    const report = await verify({ pacts: [odd] })
    expect(report.ok).toBe(false)
    expect(report.rows.map((row) => [row.verdict, marksOf(row), row.explanation])).toEqual([
      ['passed', '++-', undefined],
      ['failed', '---', 'it cannot be read: the header "x-a" of its request is neither a text nor a list of texts'],
      ['failed', '---', 'it cannot be read: the query parameter "limit" is neither a text nor a list of texts'],
      ['failed', '---', String.raw`it cannot be read: the text "\ud800" is not valid Unicode`],
      ['passed', '++-', undefined],
    ])
  })

  it.each([
    ['compare', compareContracts],
    ['coverage', coverContracts],
  ] as const)('is no silence in what %s says', async (_, ask) => {
    await expect(ask({ pacts: [odd] })).rejects.toThrow(/a\.json:\d+: interaction 2: it cannot be read: the header "x-a"/)
  })

  it('counts nothing in a pact of somebody else', async () => {
    const other = folder({
      'b.json': { consumer: { name: 'shop' }, provider: { name: 'billing' }, interactions: [{ description: 'no request' }] },
    })
    const { ok, rows } = await verify({ pacts: [pactOf([query('ours')]), other] })
    expect(ok).toBe(true)
    expect(rows.map(({ verdict }) => verdict)).toEqual(['passed', 'not-verified'])
  })
})

describe('what another client’s connection had', () => {
  const recorded: readonly (readonly [name: string, value: string])[] = [
    ['Content-Length', '999'],
    ['content-length', '2'],
    ['Transfer-Encoding', 'gzip'],
    ['Connection', 'Upgrade'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
    ['Trailer', 'X-Sum'],
  ]
  let report: Report
  beforeAll(async () => {
    const interactions = recorded.flatMap(([name, value]) => [
      query(`good ${name}`, { headers: { [name]: value } }),
      query(`wrong ${name}`, { headers: { [name]: value }, response: { status: 418 } }),
    ])
    report = await verify({ pacts: [pactOf(interactions)], timeout: 5_000 })
  })

  it.each(recorded)('%s: %s is not sent, and not printed', (name, value) => {
    expect(marksOf(rowOf(report, `good ${name}`))).toBe('++-')
    const { replay } = rowOf(report, `wrong ${name}`)
    expect(replay).toMatch(/^curl /)
    expect(replay).not.toMatch(new RegExp(`${name}: ${value}`, 'i'))
  })
})

it('an interaction of version 4 is one over HTTP unless it says otherwise, whatever way the file says its version', async () => {
  const wrapped = (beside: Json = {}): Json =>
    query('it', { beside, request: { body: { content: { limit: 5 }, contentType: 'application/json', encoded: false } } })
  const types = [{}, { type: 'synchronous/http' }, { type: 'Synchronous/HTTP' }]
  const versions = [
    { pactSpecification: '4.0' },
    { pactSpecificationVersion: '4.0' },
    { pactSpecification: { version: 4 }, half: '\ud800' },
  ]
  const pacts = [pactOf(types.map(wrapped), '4.0'), ...versions.map((metadata) => pactOf([wrapped()], '4.0', metadata))]
  const { rows } = await verify({ pacts })
  expect(rows.map((row) => marksOf(row))).toEqual(Array.from({ length: 6 }, () => '++-'))
})

describe('numbers', () => {
  const NUMBERS = '{"id":9007199254740993,"price":1.0}'
  it('are in report and commands as the file has them', async () => {
    const states = [{ name: 'nobody knows it', params: parseExact(NUMBERS) }]
    const pact = pactOf([
      query('a state', { beside: { providerStates: states } }),
      query('a body', { request: { body: parseExact(NUMBERS) }, response: { status: 418 } }),
    ])
    const report = await verify({ pacts: [pact] })
    expect(jsonReport(report).replaceAll(/\s/g, '')).toContain(`"params":${NUMBERS}`)
    expect(rowOf(report, 'a state').replay).toContain(`"params":${NUMBERS}`)
    expect(rowOf(report, 'a body').replay).toContain(NUMBERS)
  })

  it('are what the parameters of states are, and what generators draw from them', async () => {
    const params = parseExact('{"orderNumber":9007199254740993}')
    const { rows } = await verify({
      pacts: [
        pactOf([
          query('an order', {
            beside: { providerStates: [{ name: 'no order has the number {orderNumber}', params }] },
            request: {
              method: 'GET',
              path: '/api/v2/order/',
              query: { orderNumber: ['1'] },
              body: undefined,
              generators: { query: { orderNumber: { type: 'ProviderState', expression: '${orderNumber}' } } },
            },
            response: { status: 404, body: { message: 'Order 9007199254740993 is not found' } },
          }),
        ]),
      ],
    })
    expect(rows.map((row) => [row.verdict, row.answers.mock])).toEqual([['passed', { kind: 'passed' }]])
  })
})
