import request from 'supertest'
import { expect, it } from 'vitest'
import { openMock, ownSession, SUPPLIER } from '../support.ts'

const mock = await openMock()

/** What a search is warned of. */
async function warned(body: object, query = ''): Promise<string | undefined> {
  const { headers } = await request(mock.app)
    .post(`/orders/${query}`)
    .set({ Authorization: SUPPLIER, 'Mock-Session': ownSession() })
    .send(body)
    .expect(200)
  return headers['mock-warning']
}

it.each<[string, object, string, string | undefined]>([
  ['nothing', { limit: 1 }, '', undefined],
  [
    'a misspelt filter',
    { line_item_designatoin: 'Cancelled' },
    '',
    'undeclared /body/line_item_designatoin, nearest is line_item_designation',
  ],
  ['a query', {}, '?limt=1', 'undeclared /query/limt'],
  ['many', { a: 1, b: 1, c: 1, d: 1, e: 1 }, '', expect.stringMatching(/^undeclared \/body\/a, .*\/body\/c, nearest is \w+; and 2 more$/)],
  [
    'what no header can hold',
    { 'é\r\nSet-Cookie: 1': 1, '\ud800': 1 },
    '',
    expect.stringMatching(/^undeclared \/body\/%C3%A9%0D%0ASet-Cookie:%201, .*%EF%BF%BD/),
  ],
  ['what is long', { ['x'.repeat(20_000)]: 1 }, '', expect.stringMatching(/^.{100,250}$/)],
])('an answer says what was passed over: %s', async (_what, body, query, expected) => {
  expect(await warned(body, query)).toEqual(expected)
})
