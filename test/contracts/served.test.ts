import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { missingStates } from '../../src/wiring.ts'
import { ROOT } from '../cli/process.ts'
import { FILES, folder, inFolder, type Json, marks, rowOf, verify } from './pacts.ts'

const SUPPLIER = readFileSync(join(ROOT, 'spec/supplier-orders.yaml'), 'utf8')
const OK = { 200: { description: 'ok' } }

/** A library of books, whose only path that is not of books stands in our documents as well. */
const BOOKS = {
  openapi: '3.0.3',
  info: { title: 'Books', version: '1' },
  servers: [{ url: 'https://books.example/api/v2' }],
  paths: {
    '/books': { get: { operationId: 'list', responses: OK } },
    '/books/{id}': { get: { operationId: 'one', responses: OK }, delete: { operationId: 'remove', responses: OK } },
    '/allocation/{id}': { get: { operationId: 'allocation', responses: OK } },
  },
}
const documents = folder({
  'books.json': BOOKS,
  'orders-next.yaml': SUPPLIER.replace(
    /^paths:\n/m,
    'paths:\n  /orders/archive/:\n    get: { operationId: archive, security: [], responses: { 200: { description: ok } } }\n',
  ),
})
const at = (name: string): string => join(documents, name)

const pact = (...paths: readonly string[]): Json => ({
  consumer: { name: 'reader' },
  provider: { name: 'books' },
  interactions: paths.map((path) => ({
    description: path,
    providerState: 'there is a book',
    request: { method: 'GET', path },
    response: { status: 200 },
  })),
})

describe('a document that the mock does not serve', () => {
  const pacts = [inFolder([pact('/books', '/allocation/1', '/moon')])]
  const states = join(documents, 'states.yaml')
  writeFileSync(states, 'states:\n  - state: there is a book\n    exists: {}\n')
  const note = 'the mock of books has the document alone, and keeps no state: it answers with examples, or what fits'

  it('has a mock of its own, where nobody knows provider states without a word', async () => {
    const report = await verify({ pacts, documents: [at('books.json')] })
    expect(report).toMatchObject({ columns: ['document', 'mock'], ok: false })
    expect(report.notes).toEqual([
      note,
      'the mock does not know 1 provider state: --print-missing-states prints a file to be filled in, for --states',
      expect.stringMatching(
        /^the commands that repeat interactions ask a mock that is started with: allocation-mock serve --spec .*books\.json$/,
      ),
    ])
    expect(marks(report)).toEqual({ '/books': '+!-', '/allocation/1': '+!-', '/moon': '!!-' })
    expect(rowOf(report, '/books').explanation).toContain('there is a book')
  })

  it('is asked there where the states have words', async () => {
    const report = await verify({ pacts, documents: [at('books.json')], states })
    expect(marks(report)).toEqual({ '/books': '++-', '/allocation/1': '++-', '/moon': '!!-' })
  })

  it('beside one that is served takes nothing from that', async () => {
    const report = await verify({
      pacts: [...pacts, inFolder([FILES['storefront']])],
      documents: [at('books.json'), at('orders-next.yaml')],
    })
    expect(report.columns).toEqual(['document', 'mock'])
    expect(report.notes?.[0]).toBe(note)
    expect(report.rows.map(({ verdict }) => verdict)).toEqual(['failed', 'failed', 'failed', ...Array.from({ length: 7 }, () => 'passed')])
    expect(marks(report)).toMatchObject({ '/books': '+!-', 'a login of a retailer': '++-' })
  })

  it('is what the mock alone can be asked about', async () => {
    const report = await verify({ pacts, documents: [at('books.json')], states, only: ['mock'] })
    expect(marks(report)).toEqual({ '/books': '-+-', '/allocation/1': '-+-', '/moon': '-!-' })
  })

  it('has provider states that are missing', async () => {
    expect(await missingStates({ pacts, documents: [at('books.json')] })).toMatchObject([{ text: 'there is a book', params: [] }])
  })
})

describe('another edition of a document that the mock serves', () => {
  it('is served under any name, but for operations that are new in it', async () => {
    const archive = { ...pact('/orders/archive/'), provider: { name: 'orders-next' } }
    const storefront = { ...FILES['storefront'], provider: { name: 'orders-next' } }
    const report = await verify({ pacts: [inFolder([storefront, archive])], documents: [at('orders-next.yaml')] })
    expect(marks(report)).toMatchObject({ '/orders/archive/': '+--', 'a login of a retailer': '++-' })
    expect(report).toMatchObject({
      ok: true,
      columns: ['document', 'mock'],
      notes: ['the mock is not asked about 1 interaction: it does not serve GET /orders/archive/ of orders-next'],
    })
    const alone = await verify({ pacts: [inFolder([archive])], documents: [at('orders-next.yaml')], only: ['mock'] })
    expect(alone.rows).toMatchObject([{ verdict: 'not-verified' }])
  })
})

describe('the base path of a document', () => {
  it.each([
    ['is put before a path that lacks it', '', '/books', '/api/v2/books'],
    ['is left alone in a path that has it', '', '/api/v2/books', '/api/v2/books'],
    ['in the URL of the service is not put there twice', '/api/v2', '/books', '/api/v2/books'],
    ['in both is not put there twice', '/api/v2/', '/api/v2/books', '/api/v2/books'],
    ['in the URL of a gateway is not put there twice', '/gate/api/v2', '/books', '/gate/api/v2/books'],
    ['is put behind what the URL has beside it', '/gate', '/books', '/gate/api/v2/books'],
    ['is no end of another name', '/my-api/v2', '/books', '/my-api/v2/api/v2/books'],
  ])('%s', async (_name, path, asked, expected) => {
    const arrived: string[] = []
    const server = createServer((request, response) => {
      arrived.push(request.url ?? '')
      response.writeHead(500).end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { rows } = await verify({
      pacts: [inFolder([pact(asked)])],
      documents: [at('books.json')],
      only: ['document', 'provider'],
      provider: host + path,
    })
    await server[Symbol.asyncDispose]()
    expect(arrived).toEqual([expected])
    // The command of the report asks the same.
    expect(rows[0]?.replay).toContain(`'${host}${expected}'`)
  })
})
