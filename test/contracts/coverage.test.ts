import { join } from 'node:path'
import { expect, it } from 'vitest'
import { coverContracts } from '../../src/verification/coverage.ts'
import { folder } from './pacts.ts'

const answers = (...statuses: readonly string[]) => Object.fromEntries(statuses.map((status) => [status, { description: status }]))

const files = folder({
  'books.json': {
    openapi: '3.0.3',
    info: { title: 'Books', version: '1' },
    paths: {
      '/books/{id}': {
        get: { operationId: 'look', responses: answers('200', '301', '404', '405', '415', '429', '500') },
        put: { operationId: 'keep', responses: answers('2XX', '4XX', 'default') },
      },
    },
  },
  'pact.json': {
    consumer: { name: 'reader' },
    provider: { name: 'books' },
    interactions: [
      ['GET', 200],
      ['GET', 404],
      ['GET', 500],
      ['DELETE', 405],
      ['PUT', 201],
      ['PUT', 503],
    ].map(([method, status]) => ({ description: `${method} ${status}`, request: { method, path: '/books/1' }, response: { status } })),
  },
})

it('counts what consumers can rely on, and has the rest apart; ranges and the default stand for what they have no other place for', async () => {
  const { answers, apart } = await coverContracts({ pacts: [join(files, 'pact.json')], documents: [join(files, 'books.json')] })
  const relied = (all: typeof answers) => all.map(({ operation, status, consumers }) => [operation, status, consumers.length])
  expect(relied(answers)).toEqual([
    ['look', '200', 1],
    ['look', '404', 1],
    ['keep', '2XX', 1],
    ['keep', '4XX', 0],
  ])
  expect(relied(apart)).toEqual([
    ['look', '301', 0],
    ['look', '405', 1],
    ['look', '415', 0],
    ['look', '429', 0],
    ['look', '500', 1],
    ['keep', 'default', 1],
  ])
})
