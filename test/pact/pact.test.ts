import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { loadDocument } from '../../src/document/load.ts'
import { messageOf } from '../../src/verification/pact/message.ts'
import { belowBase } from '../../src/base/path.ts'
import { matchOf } from '../../src/verification/pact/base-path.ts'
import { contractFor, filterInteractions, type Pact } from '../../src/verification/pact/pact.ts'
import { readPact } from '../../src/verification/pact/read.ts'
import { UsageError } from '../../src/base/problem.ts'

const FILE = 'contracts/shop-oms.json'
const get = { request: { method: 'get', path: '/a' }, response: { status: 200 } }
const people = { consumer: { name: 'shop' }, provider: { name: 'OMS' } }

function read(content: unknown): Pact {
  return readPact(FILE, { sources: [{ uri: FILE, content, lineOf: (pointer) => (pointer === '/interactions/1' ? 12 : 3) }] })
}

function ofVersion(version: string, ...interactions: readonly unknown[]): Pact {
  return read({ ...people, metadata: { pactSpecification: { version } }, interactions })
}

function refusalOf(call: () => unknown): string {
  try {
    call()
    return 'nothing is refused'
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
}

describe('reading a pact', () => {
  it('makes the versions alike', () => {
    const state = { name: 'an order exists', params: { id: 'a' } }
    const two = ofVersion('2.0.0', { ...get, description: 'a read', providerState: 'an order exists' })
    const three = ofVersion('3.0.0', { ...get, description: 'a read', providerStates: [state, { name: 'stock' }] })
    const four = ofVersion('4.0', { ...get, type: 'Synchronous/HTTP', description: 'a read', pending: true, providerStates: [state] })
    const common = { index: 0, description: 'a read', method: 'GET', path: '/a', status: 200, line: 3 }
    expect(two).toMatchObject({ file: FILE, consumer: 'shop', provider: 'OMS', version: 2, unverified: [] })
    expect(two.interactions).toMatchObject([{ ...common, pending: false, states: [{ name: 'an order exists', params: {} }] }])
    expect(three.version).toBe(3)
    expect(three.interactions).toMatchObject([{ ...common, pending: false, states: [state, { name: 'stock', params: {} }] }])
    expect(four.version).toBe(4)
    expect(four.interactions).toMatchObject([{ ...common, pending: true, states: [state] }])
  })

  it.each([
    [{}, 2],
    [{ metadata: {} }, 2],
    [{ metadata: { pactSpecification: { version: '1.1.0' } } }, 2],
    [{ metadata: { 'pact-specification': { version: '3.0' } } }, 3],
    [{ metadata: { pactSpecificationVersion: '3.0.0' } }, 3],
    [{ metadata: { pactSpecification: { version: 4 } } }, 4],
    [{ metadata: { pactSpecification: { version: JSON.rawJSON('4.0') } } }, 4],
    [{ metadata: { pactSpecification: { version: '4.1' } } }, 4],
  ])('%j is of version %i', (more, version) => {
    expect(read({ ...people, interactions: [get], ...more }).version).toBe(version)
  })

  it.each([
    ['a state of version 3 in a text', { providerState: 'x' }, [{ name: 'x', params: {} }]],
    ['a state as version 1 spells it', { provider_state: 'x' }, [{ name: 'x', params: {} }]],
    ['no state', {}, []],
    ['null', { providerState: null }, []],
    ['a nameless state', { providerState: '' }, [{ name: '', params: {} }]],
    ['no parameters', { providerStates: [{ name: 'x', params: null }] }, [{ name: 'x', params: {} }]],
  ])('reads %s', (_, more, states) => {
    expect(ofVersion('3.0.0', { ...get, ...more }).interactions[0]?.states).toEqual(states)
  })

  it('takes the defaults of the specification', () => {
    expect(ofVersion('3.0.0', { request: {}, response: {} }).interactions).toMatchObject([
      { description: '', method: 'GET', path: '/', status: 200, pending: false },
    ])
  })

  it.each([
    ['a message of version 4', { type: 'Asynchronous/Messages', contents: {} }, 'it is of the type "Asynchronous/Messages"'],
    ['a pair of messages', { type: 'Synchronous/Messages', request: {}, response: [] }, 'it is of the type "Synchronous/Messages"'],
    ['a type nobody knows', { ...get, type: 7 }, 'it is of the type 7'],
    ['a plugin', { ...get, pluginConfiguration: { protobuf: {} } }, 'it needs the plugin protobuf'],
    ['another transport', { ...get, transport: 'grpc' }, 'its transport is "grpc"'],
  ])('names %s as not verified', (_, raw, reason) => {
    const pact = ofVersion('4.0', get, { description: 'it', ...raw })
    expect(pact.interactions).toHaveLength(1)
    expect(pact.unverified).toMatchObject([{ index: 1, line: 12, description: 'it', reason: expect.stringContaining(reason) as unknown }])
  })

  it('names all of a file that needs a plugin', () => {
    const metadata = { pactSpecification: { version: '4.0' }, plugins: [{ name: 'csv', version: '0.0.6' }] }
    const pact = read({ ...people, metadata, interactions: [get, get] })
    expect(pact.interactions).toEqual([])
    expect(pact.unverified.map(({ reason }) => reason)).toEqual(Array(2).fill('its file needs the plugin csv 0.0.6; none is loaded'))
  })

  it('names messages of version 3, counted on behind the interactions', () => {
    const messages = [{ description: 'an event', providerStates: [{ name: 'x' }], contents: {} }, {}]
    const pact = read({ ...people, interactions: [get], messages })
    expect(pact.unverified.map(({ index, description }) => [index, description])).toEqual([
      [1, 'an event'],
      [2, ''],
    ])
    expect(read({ ...people, messages }).interactions).toEqual([])
  })

  it('leaves comments and keys alone', () => {
    const raw = { ...get, type: 'Synchronous/HTTP', key: 'a1', comments: { text: ['x'] } }
    expect(ofVersion('4.0', raw).interactions[0]?.raw).toEqual(raw)
  })

  it.each([
    [undefined, `${FILE}: it is not a valid pact: its content is not a JSON object`],
    [[get], `${FILE}: it is not a valid pact: its content is not a JSON object`],
    ['text', `${FILE}: it is not a valid pact: its content is not a JSON object`],
    [{}, `${FILE}: it is not a valid pact: it has no name of a consumer`],
    [{ consumer: 'shop' }, `${FILE}: it is not a valid pact: it has no name of a consumer`],
    [{ consumer: { name: 'shop' } }, `${FILE}: it is not a valid pact: it has no name of a provider`],
    [{ ...people, provider: { name: ' ' } }, `${FILE}: it is not a valid pact: it has no name of a provider`],
    [people, `${FILE}: there are no interactions in it`],
    [{ ...people, interactions: [] }, `${FILE}: there are no interactions in it`],
    [{ ...people, interactions: {} }, `${FILE}: its interactions are not a list`],
    [
      { ...people, interactions: Array.from({ length: 10_001 }, () => get) },
      `${FILE}: there are 10001 interactions in it; 10000 may be in one file`,
    ],
    [
      { ...people, metadata: { pactSpecification: { version: '5.0' } } },
      `${FILE}: it is of version "5.0" of the Pact specification; 2, 3 and 4 are read`,
    ],
    [
      { ...people, metadata: { pactSpecification: { version: [] } } },
      `${FILE}: it is of version [] of the Pact specification; 2, 3 and 4 are read`,
    ],
  ])('refuses %.70j', (content, message) => {
    expect(refusalOf(() => read(content))).toBe(message)
  })

  const request = (more: object): object => ({ request: { path: '/a', ...more }, response: {} })
  it.each<[unknown, string]>([
    ['x', 'it is not a JSON object'],
    [{ response: {} }, 'it has no request'],
    [{ request: {} }, 'it has no response'],
    [request({ method: 'G T' }), 'it has no usable method in its request'],
    [request({ path: 1 }), 'it has no usable path in its request'],
    [{ request: {}, response: { status: '200' } }, 'it has no usable status in its response'],
    [{ request: {}, response: { status: 42 } }, 'it has no usable status in its response'],
    [{ request: {}, response: { status: JSON.rawJSON('200.0') } }, 'it has no usable status in its response'],
    [{ ...get, providerStates: ['x'] }, 'it has a provider state without a name'],
    [{ ...get, providerState: 3 }, 'it has provider states that are neither a text nor a list'],
    [request({ headers: ['a'] }), 'the headers of its request are not a JSON object'],
    [request({ headers: { a: { toString: 1 } } }), 'the header "a" of its request is neither a text nor a list of texts'],
    [{ request: {}, response: { headers: { a: [[]] } } }, 'the header "a" of its response is neither a text nor a list of texts'],
    [request({ query: ['a=b'] }), 'its query is neither a text nor a JSON object'],
    [request({ query: { a: [{ toString: 1 }] } }), 'the query parameter "a" is neither a text nor a list of texts'],
    [request({ query: { a: 1 } }), 'the query parameter "a" is neither a text nor a list of texts'],
    [request({ query: { a: ['\ud800'] } }), 'the text "\\ud800" is not valid Unicode'],
    [request({ body: { '\udc00': 1 } }), 'the text "\\udc00" is not valid Unicode'],
    [request({ body: [JSON.rawJSON('1e400')] }), 'the number 1e400 is too large'],
    [request({ body: JSON.parse('['.repeat(200) + ']'.repeat(200)) }), 'it is nested deeper than 120 levels'],
  ])('names %.70j, and reads the others', (raw, fault) => {
    const { interactions, unverified } = read({ ...people, interactions: [get, raw, get] })
    expect(interactions.map(({ index }) => index)).toEqual([0, 2])
    expect(unverified).toMatchObject([{ index: 1, line: 12, isBroken: true, pending: false, reason: `it cannot be read: ${fault}` }])
  })

  it.each(['Content-Length', 'transfer-encoding', 'Connection', 'Keep-Alive', 'Upgrade', 'Expect', 'TE', 'Trailer', 'Proxy-Connection'])(
    'leaves out %s, which another client’s connection had',
    (name) => {
      const headers = { [name]: '999', Host: 'a.example', Accept: ['b'] }
      const pact = ofVersion('3.0.0', { request: { headers }, response: { headers } })
      expect(pact.interactions[0]?.raw).toEqual({ request: { headers: { Host: 'a.example', Accept: ['b'] } }, response: { headers } })
    },
  )

  it('has the forms that the verifier reads: a type, a query of version 2 as text', () => {
    for (const type of [undefined, 'synchronous/http'])
      expect(ofVersion('4.0', { ...get, type }).interactions[0]?.raw['type']).toBe('Synchronous/HTTP')
    const query = { a: ['b', 'c&d'], e: 'f' }
    expect(ofVersion('2.0.0', { ...get, request: { query } }).interactions[0]?.raw['request']).toEqual({ query: 'a=b&a=c%26d&e=f' })
    expect(ofVersion('3.0.0', { ...get, request: { query } }).interactions[0]?.raw['request']).toEqual({ query })
  })
})

describe('the messages of an interaction', () => {
  const [two, four] = [ofVersion('2.0.0', get), ofVersion('4.0', get)]
  const wrapped = (content: unknown, contentType?: string, encoded?: unknown) => ({ body: { content, contentType, encoded } })
  const typed = (...of: Parameters<typeof wrapped>) => ({ ...wrapped(...of), headers: { 'Content-Type': ['application/json'] } })
  const JSON_TYPE = 'application/json'
  /** Up to version 3, texts and what a receiver reads. */
  const SENT = [
    ['{"a":1}', JSON_TYPE, { a: 1 }],
    [' {"a":1}\n', 'application/hal+json; charset=utf-8', { a: 1 }],
    ['{"a":1}', 'text/plain', '{"a":1}'],
    ['"a"', JSON_TYPE, 'a'],
    ['a', JSON_TYPE, 'a'],
    ['12', JSON_TYPE, '12'],
    ['[1]', JSON_TYPE, '[1]'],
    ['null', JSON_TYPE, 'null'],
    ['a "b', JSON_TYPE, '"a "b"'],
    ['', JSON_TYPE, undefined],
  ] as const
  it.each<readonly [string, Pact, unknown, object]>([
    ['nothing', two, undefined, { headers: {}, query: '', body: undefined }],
    ['numbers as they are written', two, { headers: { c: JSON.rawJSON('1.0') } }, { headers: { c: '1.0' } }],
    ['names and values', two, { headers: { 'X-A': 'b', C: ['d', 1] } }, { headers: { 'x-a': 'b', c: 'd, 1' } }],
    ['a header without values', four, { headers: { 'X-A': [], C: { d: 1 } } }, { headers: { c: '{"d":1}' } }],
    ['a query as text', two, { query: 'a=b&c=%20&a=d+e' }, { query: 'a=b&c=%20&a=d%20e' }],
    ['a query with a question mark', two, { query: '?a=b' }, { query: '%3Fa=b' }],
    ['a query that cannot be decoded', two, { query: 'a=%zz&b=c=d' }, { query: 'a=%25zz&b=c%3Dd' }],
    ['names without a value', two, { query: 'a&b=&&c=1' }, { query: 'b=&c=1' }],
    ['nulls in a query', four, { query: { a: [null, 'b'], c: null } }, { query: 'a=b' }],
    ['a query as lists', four, { query: { a: ['b', 'c&d'], 'e f': 'g' } }, { query: 'a=b&a=c%26d&e%20f=g' }],
    ...SENT.map(
      ([body, type, value]) => [`${body} of the type ${type}`, two, { headers: { 'Content-Type': type }, body }, { body: value }] as const,
    ),
    ['a body', two, { body: { content: 1 } }, { body: { content: 1 } }],
    ['null for no body', two, { body: null }, { body: undefined }],
    [
      'a wrapped body',
      four,
      wrapped({ a: 1 }, 'application/json', false),
      { headers: { 'content-type': 'application/json' }, body: { a: 1 } },
    ],
    [
      'a header before the wrapping',
      four,
      { ...wrapped('x', 'a/b'), headers: { 'Content-Type': ['c/d'] } },
      { headers: { 'content-type': 'c/d' } },
    ],
    ['JSON as text', four, wrapped('{"a":1}', 'application/json', 'JSON'), { body: { a: 1 } }],
    ['JSON encoded', four, wrapped('eyJhIjoxfQ==', 'application/json', 'base64'), { body: { a: 1 } }],
    ['JSON that a receiver reads by its header', four, typed('{"a":1}', '*/*', false), { body: { a: 1 } }],
    ['a JSON string of JSON', four, typed('{"a":1}', 'application/json', false), { body: '{"a":1}' }],
    ['a null, encoded', four, typed('null', 'application/json', 'JSON'), { body: null }],
    ['an empty body of a type', four, typed('', 'application/json', 'JSON'), { body: undefined }],
    ['text encoded', four, wrapped('PGEvPg==', 'text/xml', 'base64'), { body: '<a/>' }],
    ['a JSON string', four, wrapped('{', 'application/json', false), { body: '{' }],
    ['broken JSON', four, wrapped('{', 'application/json', 'JSON'), { body: '{' }],
    ['an empty body', four, wrapped(''), { body: undefined }],
    ['a wrapped null', four, wrapped(null, 'application/json', false), { body: null }],
  ])('%s', (_, pact, side, message) => {
    expect(messageOf(pact, side)).toMatchObject(message)
  })
})

describe('filters', () => {
  const pact = ofVersion(
    '4.0',
    { ...get, description: 'a read of an order', providerStates: [{ name: 'an order exists' }, { name: 'stock' }] },
    { ...get, description: 'a cancellation' },
    { ...get, description: 'a read', type: 'Asynchronous/Messages', providerStates: [{ name: '' }] },
  )
  it.each([
    [{}, [0, 1, 2]],
    [{ consumer: '^shop$' }, [0, 1, 2]],
    [{ consumer: 'till' }, []],
    [{ description: 'read' }, [0, 2]],
    [{ description: '^a read$' }, [2]],
    [{ state: 'stock|store' }, [0]],
    [{ description: 'read', state: 'exists$' }, [0]],
    [{ noState: true }, [1, 2]],
    [{ noState: false, state: undefined }, [0, 1, 2]],
  ])('%j keeps %j', (filter, kept) => {
    const { interactions, unverified } = filterInteractions(pact, filter)
    expect([...interactions, ...unverified].map(({ index }) => index)).toEqual(kept)
  })

  it.each([
    [{ consumer: '(' }, 'the filter for the consumer is not a valid regular expression: '],
    [{ description: '*' }, 'the filter for the description is not a valid regular expression: '],
    [{ state: '[' }, 'the filter for the state is not a valid regular expression: '],
    [{ state: 'x', noState: true }, 'interactions can be wanted by a state or without one, not both'],
  ])('%j is refused', (filter, message) => {
    expect(refusalOf(() => filterInteractions(pact, filter))).toContain(message)
  })
})

describe('whose pact it is', async () => {
  const contracts = await Promise.all(
    ['supplier-orders', 'oms-allocations'].map(async (name) =>
      createContract(await loadDocument(join(import.meta.dirname, `../../spec/${name}.yaml`))),
    ),
  )
  const of = (provider: string, ...requests: readonly (readonly [method: string, path: string])[]): Pact =>
    read({
      consumer: { name: 'shop' },
      provider: { name: provider },
      interactions: requests.map(([method, path]) => ({ request: { method, path }, response: {} })),
    })
  const OTHER = ['GET', '/customers'] as const
  const OMS = ['POST', '/api/v2/allocation/query'] as const
  const BARE = ['POST', '/allocation/query'] as const
  const SUPPLIER = ['POST', '/orders/'] as const

  it.each([
    ['its name', of('oms-allocations', OTHER), 'oms-allocations'],
    ['its name, otherwise spelled', of('Supplier_Orders', OTHER), 'supplier-orders'],
    ['its title', of('OMS Allocations', OTHER), 'oms-allocations'],
    ['its title, otherwise spelled', of('supplier-order allocation', OMS), 'supplier-orders'],
    ['its paths', of('fabric', OMS, OMS, OTHER), 'oms-allocations'],
    ['its paths without the base', of('fabric', BARE, OTHER), 'oms-allocations'],
    ['its paths without a slash in front', of('fabric', ['POST', 'allocation/query']), 'oms-allocations'],
    ['the greater part of its paths', of('fabric', OMS, SUPPLIER, SUPPLIER), 'supplier-orders'],
    ['no name and too few of its paths', of('fabric', OMS, OTHER, OTHER), undefined],
    ['none of its paths', of('CRM', OTHER), undefined],
    ['the wrong methods only', of('fabric', ['DELETE', '/allocation/query']), undefined],
    ['no letters', of('--', OTHER), undefined],
  ])('is told by %s', (_, pact, name) => {
    expect(contractFor(pact, contracts)?.name).toBe(name)
  })

  it('is told by the map before all', () => {
    const map = new Map([['shop-OMS', 'supplier-orders']])
    expect(contractFor(of('Shop OMS', OMS), contracts, map)?.name).toBe('supplier-orders')
    expect(contractFor(of('fabric', OMS), contracts, map)?.name).toBe('oms-allocations')
    expect(refusalOf(() => contractFor(of('OMS', OMS), contracts, new Map([['OMS', 'x']])))).toBe(
      'the provider "OMS" is mapped to the document "x"; known are supplier-orders, oms-allocations',
    )
  })

  it('is nobody’s without contracts, or without requests', () => {
    expect(contractFor(of('fabric', OMS), [])).toBeUndefined()
    const messages = read({ ...people, provider: { name: 'fabric' }, messages: [{}] })
    expect(contractFor(messages, contracts)).toBeUndefined()
  })

  it.each([
    ['/api/v2/allocation/a', '/api/v2', '/allocation/a'],
    ['/allocation/a', '/api/v2', '/allocation/a'],
    ['/api/v2', '/api/v2', '/'],
    ['/api/v20/allocation', '/api/v2', '/api/v20/allocation'],
    ['/a', '', '/a'],
  ])('%s below "%s" is %s', (path, base, below) => {
    expect(belowBase(path, base)).toBe(below)
  })

  it('finds a path that itself begins as the base does', () => {
    const content = {
      openapi: '3.1.0',
      servers: [{ url: '/api' }],
      paths: { '/api/a': { get: { operationId: 'a', responses: {} } } },
    }
    const contract = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] })
    expect(['/api/a', '/api/api/a', '/a'].map((path) => matchOf(contract, 'GET', path).kind)).toEqual(['found', 'found', 'unknown'])
  })
})
