import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import type { Mock, MockOptions } from '../../src/index.ts'
import { documentApis } from '../../src/documents.ts'
import { runHere } from '../cli/here.ts'
import { openMock } from '../support.ts'

type Json = ReturnType<typeof JSON.parse>

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

function folder(files: Readonly<Record<string, unknown>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'contracts-'))
  folders.push(path)
  write(path, files)
  return path
}

function write(path: string, files: Readonly<Record<string, unknown>>): void {
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content))
}

const answers = (...statuses: readonly string[]) => Object.fromEntries(statuses.map((status) => [status, { description: status }]))
const BOOKS = {
  openapi: '3.0.3',
  info: { title: 'Books', version: '1' },
  paths: {
    '/books/{id}': {
      get: { operationId: 'look', responses: answers('200', '404', '405', '500') },
      put: { operationId: 'keep', responses: answers('2XX', '4XX') },
    },
  },
}

const asked = (description: string, method: string, path: string, status: number, more: object = {}) => ({
  description,
  request: { method, path },
  response: { status },
  ...more,
})
const pact = (consumer: string, version: string | undefined, interactions: readonly object[], more: object = {}) => ({
  consumer: { name: consumer },
  provider: { name: 'books' },
  interactions,
  ...(version !== undefined && { metadata: { pactSpecification: { version } } }),
  ...more,
})

/** A pact of each version, of two consumers, and what relies on nothing. */
const PACTS = {
  'v2.json': pact('reader', '2.0.0', [
    asked('a book', 'GET', '/books/1', 200, { providerState: 'there is a book' }),
    asked('an invoice', 'GET', '/invoices/1', 200),
  ]),
  'v3.json': pact('librarian', '3.0.0', [
    asked('a book that is there', 'get', '/books/1', 200, { providerStates: [{ name: 'the book {id} is there', params: { id: 7 } }] }),
    asked('a book that is brought back', 'PUT', '/books/1', 204),
    asked('a teapot', 'GET', '/books/1', 418),
  ]),
  'v4.json': pact('reader', '4.0', [
    {
      type: 'Synchronous/HTTP',
      ...asked('no book', 'GET', '/books/0', 404, { providerStates: [{ name: 'the password is set', params: { password: 'Zq7' } }] }),
    },
    { type: 'Asynchronous/Messages', description: 'a book was lost', contents: { content: { id: 1 } } },
  ]),
  'other.json': {
    ...pact('reader', '3.0.0', [asked('a tram', 'GET', '/trams/1', 200, { providerState: 'there is a tram' })]),
    provider: { name: 'trams' },
  },
}

const document = join(folder({ 'books.json': BOOKS }), 'books.json')
const openBooks = (options: MockOptions = {}): Promise<Mock> => openMock({ apis: documentApis([document]), ...options })
const get = async (mock: Mock, path: string): Promise<Json> => (await request(mock.app).get(`/__mock${path}`).expect(200)).body

describe('GET /__mock/coverage', () => {
  it('lists the documented answers with who relies on each, by pacts of every version, and what relies on none', async () => {
    const own = folder(PACTS)
    await using mock = await openBooks({ contracts: [own] })
    const { answers: counted, apart, strays, ...share } = await get(mock, '/coverage')
    expect(share).toEqual({ contracts: [own], relied: 3, percent: 75 })
    const rows = (all: Json[]): unknown[] =>
      all.map(({ document: of, operation, status, consumers, interactions }) => [
        of,
        operation,
        status,
        consumers,
        interactions.map(({ description }: Json) => description),
      ])
    expect(rows(counted)).toEqual([
      ['books', 'look', '200', ['librarian', 'reader'], ['a book', 'a book that is there']],
      ['books', 'look', '404', ['reader'], ['no book']],
      ['books', 'keep', '2XX', ['librarian'], ['a book that is brought back']],
      ['books', 'keep', '4XX', [], []],
    ])
    expect(rows(apart)).toEqual([
      ['books', 'look', '405', [], []],
      ['books', 'look', '500', [], []],
    ])
    expect(counted[0].interactions).toEqual([
      { consumer: 'reader', description: 'a book', states: [{ name: 'there is a book', params: {} }] },
      { consumer: 'librarian', description: 'a book that is there', states: [{ name: 'the book {id} is there', params: { id: 7 } }] },
    ])
    expect(strays.map(({ consumer, description, reason, foreign }: Json) => [consumer, description, reason, foreign])).toEqual([
      ['reader', 'a tram', 'no document is about its provider "trams"', true],
      ['reader', 'an invoice', 'books has no GET /invoices/1', false],
      ['librarian', 'a teapot', 'look of books documents no 418; it documents 200, 404, 405, 500', false],
      ['reader', 'a book was lost', expect.stringContaining('Asynchronous/Messages'), false],
    ])
    expect(JSON.stringify(counted)).toContain('"password":"***"')
  })

  it('says of our own contracts exactly what the command says', async () => {
    const { out } = await runHere(['coverage', 'contracts', '--format', 'json'])
    await using mock = await openMock({ contracts: ['contracts'] })
    const { contracts, relied, ...told } = await get(mock, '/coverage')
    expect(told).toEqual(JSON.parse(out))
    expect(contracts).toEqual(['contracts'])
    expect(relied).toBeGreaterThan(20)
  })

  it('lists what is documented without contracts too, and says what gives some', async () => {
    await using mock = await openBooks()
    const { note, answers: counted, ...rest } = await get(mock, '/coverage')
    expect(note).toMatch(/^no contracts were given: .*--contracts FOLDER/)
    expect(counted.map(({ operation, status }: Json) => `${operation} ${status}`)).toEqual(['look 200', 'look 404', 'keep 2XX', 'keep 4XX'])
    expect(rest).toMatchObject({ contracts: [], relied: 0, percent: 0, strays: [] })
  })

  it.each<[string, () => readonly string[], RegExp]>([
    ['a folder that is missing', () => ['nowhere'], /^contracts: no pact files match "nowhere"; name files, folders or patterns$/],
    ['a folder without pacts', () => [folder()], /^contracts: no pact files match ".*"; name files, folders or patterns$/],
    ['a file that is no JSON', () => [folder({ 'a.json': '{' })], /^contracts: .*a\.json.*: it is not valid JSON: /],
    [
      'a file that is no pact',
      () => [folder({ 'a.json': {} })],
      /^contracts: .*a\.json: it is not a valid pact: it has no name of a consumer$/,
    ],
    [
      'an interaction that cannot be read',
      () => [folder({ 'a.json': pact('reader', '2.0.0', [{ description: 'odd', request: 7, response: { status: 200 } }]) })],
      /^contracts: .*a\.json:?\d*: interaction 1: /,
    ],
    [
      'pacts of others alone',
      () => [folder({ 'a.json': PACTS['other.json'] })],
      /^contracts: no document is about "trams"; there are "books": serve the document that they are about$/,
    ],
  ])('refuses %s at the start', async (_what, given, message) => {
    await expect(openBooks({ contracts: given() })).rejects.toThrow(message)
  })

  it('goes by the pacts as they are when the mock is reloaded, and by the old ones where the new are broken', async () => {
    const own = folder({ 'v2.json': PACTS['v2.json'] })
    await using mock = await openBooks({ contracts: [own] })
    expect(mock.files).toEqual(expect.arrayContaining([own, join(own, 'v2.json'), document]))
    write(own, { 'v4.json': PACTS['v4.json'] })
    expect(await get(mock, '/coverage')).toMatchObject({ relied: 1 })
    await mock.reload()
    expect(await get(mock, '/coverage')).toMatchObject({ relied: 2 })
    write(own, { 'v4.json': '{' })
    await expect(mock.reload()).rejects.toThrow('it is not valid JSON')
    expect(await get(mock, '/coverage')).toMatchObject({ relied: 2 })
  })
})

describe('GET /__mock/provider-states', () => {
  it('lists what is known, with its parameters, where it is from and who names it', async () => {
    await using mock = await openMock({ contracts: ['contracts'] })
    const { states, unmet } = await get(mock, '/provider-states')
    expect(unmet).toEqual([])
    expect(states).toHaveLength(13)
    expect(states[0]).toMatchObject({
      state: 'an order of {quantity} units waits for its supplier',
      parameters: { type: 'object', required: [], properties: { quantity: { type: 'number', default: 6, examples: [6, 2] } } },
      exists: { orders: [{ line_items: [{ quantity_ordered: '{quantity}' }] }] },
      values: ['order_uuid', 'po_number', 'line_item_uuid'],
      from: 'supplier-orders.yaml',
      consumers: ['storefront', 'warehouse'],
    })
    expect(states.find(({ state }: Json) => state === 'no order has the number {orderNumber}')).toMatchObject({
      parameters: { required: ['orderNumber'], properties: { orderNumber: { type: ['string', 'number', 'boolean'] } } },
      from: 'oms-allocations.yaml',
    })
  })

  it('is all that POST /_pact/provider_states sets up: each, with the examples of its parameters', async () => {
    await using mock = await openMock({ contracts: ['contracts'] })
    const { states } = await get(mock, '/provider-states')
    for (const { state, parameters, values } of states) {
      const given = Object.entries<Json>(parameters.properties).map(([name, { examples }]) => [name, examples[0]])
      const params = Object.fromEntries(given)
      const { body } = await request(mock.app).post('/~setup/_pact/provider_states').send({ state, params }).expect(200)
      expect(Object.keys(body)).toEqual(expect.arrayContaining([...Object.keys(params), ...values]))
      await request(mock.app).post('/~setup/_pact/provider_states').send({ state: '' }).expect(200)
    }
  })

  it('shows states of a file of one’s own, and what contracts name that nobody knows, with the nearest, or not so', async () => {
    const states = {
      states: [{ state: 'there is a bok' }, { state: 'the book {id} is there', parameters: { shelf: 'A', open: true } }],
    }
    const file = join(folder({ 'own.json': states }), 'own.json')
    await using mock = await openBooks({
      contracts: [
        folder({
          ...PACTS,
          'more.json': pact('librarian', '3.0.0', [
            asked('x', 'GET', '/books/2', 200, { providerStates: [{ name: 'the book 2 is there', params: { shelve: 'B' } }] }),
          ]),
        }),
      ],
      states: file,
    })
    const told = await get(mock, '/provider-states')
    expect(told.states).toEqual([
      {
        state: 'there is a bok',
        parameters: { type: 'object', required: [], properties: {} },
        values: [],
        from: 'own.json',
        consumers: [],
      },
      {
        state: 'the book {id} is there',
        parameters: {
          type: 'object',
          required: ['id'],
          properties: {
            id: { type: ['string', 'number', 'boolean'], examples: [7] },
            shelf: { type: 'string', default: 'A', examples: ['A'] },
            open: { type: 'boolean', default: true, examples: [true] },
          },
        },
        values: [],
        from: 'own.json',
        consumers: ['librarian'],
      },
    ])
    expect(told.unmet).toMatchObject([
      { state: 'the book 2 is there', consumers: ['librarian'], code: 'state-parameter-unknown', fix: expect.stringContaining('shelf') },
      {
        state: 'there is a book',
        consumers: ['reader'],
        code: 'state-unknown',
        fix: expect.stringMatching(/^the nearest are "there is a bok"/),
      },
      { state: 'the password is set', params: { password: '***' }, code: 'state-unknown' },
    ])
  })
})
