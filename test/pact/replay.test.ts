import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pact } from '../../src/verification/pact/pact.ts'
import { readPact } from '../../src/verification/pact/read.ts'
import { recordRequests, type SentRequest, type SentRequests } from '../../src/verification/pact/record.ts'
import { commandFor, needsValues, setUpBody } from '../../src/verification/pact/replay.ts'
import { verifyAgainst } from '../../src/verification/pact/verify.ts'
import { Running } from '../cli/process.ts'

type Json = Record<string, unknown>

/** What the provider's states return. */
const VALUES = { s: 'x y/z', n: 7, f: 1.5, b: true, o: { a: 1 }, a: [1, 'q'], z: null, t: '12' }

/** A request as it arrived, byte for byte. */
interface Arrived {
  readonly line: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

let arrived: Arrived[] = []
const states: string[] = []
let logins: (readonly [url: string, authorization: string | undefined])[] = []
const server = createServer(async (request, response) => {
  const { method = '', url = '', rawHeaders, headers } = request
  const body = await buffer(request)
  if (url.startsWith('/_states')) {
    states.push(body.toString())
    logins.push([url, headers.authorization])
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(VALUES))
    return
  }
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[index + 1]}`] : []))
  const length = lines.filter((line) => line.startsWith('content-length'))
  arrived.push({ line: `${method} ${url}`, headers: [...lines.filter((line) => !OF_CLIENTS.test(line)).toSorted(byName), ...length], body })
  // With a length, for which whoever asks by HEAD must not wait.
  response.writeHead(200, { 'content-length': 2 }).end(method === 'HEAD' ? undefined : '{}')
})

/** What each client says for itself. */
const OF_CLIENTS =
  /^(?:host|connection|expect|content-length): |^accept: \*\/\*$|^accept-encoding: gzip, ?deflate$|^user-agent: (?:curl|pact_verifier)\//

/** The verifier sends headers in another order each time, and the values of each in their own. */
function byName(a: string, b: string): number {
  const [one = '', other = ''] = [a, b].map((line) => line.split(':', 1)[0])
  return one < other ? -1 : Number(one > other)
}

let baseUrl = ''
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server[Symbol.asyncDispose]())

const state = (expression: string, dataType?: string): Json => ({ type: 'ProviderState', expression, ...(dataType && { dataType }) })
const json = (content: unknown, more: Json = {}): Json => ({ contentType: 'application/json', content, encoded: false, ...more })
const TYPED = { headers: { 'Content-Type': ['application/json'] } }
const FORM = 'application/x-www-form-urlencoded'

const TYPES = [undefined, 'RAW', 'STRING', 'INTEGER', 'DECIMAL', 'FLOAT', 'BOOLEAN']
const EXPRESSIONS = [
  ...Object.keys(VALUES).map((name) => `\${${name}}`),
  'n',
  'pre-${n}-${s}',
  '${missing}',
  'missing',
  'x${missing}',
  '${o.a}',
]
const CASTS = EXPRESSIONS.flatMap((expression) =>
  TYPES.map((type) => [`${expression} ${type}`.replaceAll(/[${}.]/g, '_'), state(expression, type)] as const),
)

const BYTES = Buffer.from([0, 255, 10, 13, 39, 0, 10])

/** Requests of version 4. */
const REQUESTS: Readonly<Record<string, Json>> = {
  'values of every kind': {
    ...TYPED,
    method: 'POST',
    body: json(Object.fromEntries(CASTS.map(([name]) => [name, 'example']))),
    generators: { body: Object.fromEntries(CASTS.map(([name, generator]) => [`$['${name}']`, generator])) },
  },
  'places in a body': {
    ...TYPED,
    method: 'POST',
    body: json({
      list: [
        { v: 1, w: 2 },
        { v: 1, w: 2 },
      ],
      deep: { 'a b': 1, 'x.y': 2, m: { q: 1 } },
    }),
    generators: {
      body: {
        '$.list[*].v': state('${n}'),
        '$.list[1].w': state('${s}'),
        "$.deep['a b']": state('${n}'),
        "$['deep']['x.y']": state('${n}'),
        '$.deep.m.*': state('${n}'),
        '$.new': state('${n}'),
        '$.list[5].v': state('${n}'),
      },
    },
  },
  'a whole body': { ...TYPED, method: 'POST', body: json({ old: 1 }), generators: { body: { $: state('${o}') } } },
  'a path': { method: 'GET', generators: { path: state('/p/${s}/${n}') } },
  'a path that cannot be made': { method: 'GET', path: '/as/it/is', generators: { path: state('/p/${missing}') } },
  'a query': {
    method: 'GET',
    query: { q: ['1', '2'], r: ['ä ?&'], e: [''] },
    generators: { query: { q: state('${s}'), more: state('${n}') } },
  },
  headers: {
    method: 'GET',
    headers: { 'X-A': ['1', '2'], 'X-B': ['b'], 'X-Empty': [''] },
    generators: { header: { 'X-A': state('${s}'), 'X-N': state('${n}') } },
  },
  'a form': {
    method: 'POST',
    headers: { 'Content-Type': [FORM] },
    body: { contentType: FORM, content: 'a=1&b=2&a=3', encoded: false },
    generators: { body: { '$.b': state('${s}') } },
  },
  'strange characters in a path': { method: 'GET', path: '/a b/ü/%41/../c[1]{x}' },
  'a path without a slash': { method: 'GET', path: 'relative', query: { a: ['b'] } },
  'a type that no header names': { method: 'POST', body: json({ a: 1 }) },
  'text that curl would take for a file': { method: 'POST', body: { contentType: 'text/plain', content: "@it's", encoded: false } },
  'a string as JSON': { ...TYPED, method: 'POST', body: json('text') },
  'JSON in a string': { ...TYPED, method: 'POST', body: json('{"a":1}', { encoded: 'JSON' }) },
  'a null': { ...TYPED, method: 'POST', body: json(null) },
  'no body': { ...TYPED, method: 'POST' },
  'a GET with a body': { ...TYPED, method: 'GET', body: json({ a: 1 }) },
  'a HEAD': { method: 'HEAD' },
  'a base64 body': { method: 'POST', body: { contentType: 'text/plain', content: 'aGk=', encoded: 'base64' } },
  'a binary body': { method: 'PUT', body: { contentType: 'image/png', content: BYTES.toString('base64'), encoded: 'base64' } },
  'what is no base64': { method: 'POST', body: { contentType: 'text/plain', content: '@@@', encoded: 'base64' } },
  'a body too long for an argument': { method: 'POST', body: { contentType: 'text/plain', content: 'ä\n'.repeat(50_000) } },
  'JSON as text': { ...TYPED, method: 'POST', body: json('{"limit": 1}') },
  'JSON as text of a type that no header names': { method: 'POST', body: json('{"limit": 1}') },
  'JSON as text, encoded': { ...TYPED, method: 'POST', body: json('{"limit":  1.0}', { encoded: 'JSON' }) },
  'JSON as text under a type of its own': {
    ...TYPED,
    method: 'POST',
    body: { contentType: '*/*', content: '{"limit": 1}', encoded: false },
  },
  'an empty body': { ...TYPED, method: 'POST', body: json('') },
  'a null without a type': { method: 'POST', body: json(null) },
  'a null in place of a body': { ...TYPED, method: 'POST', body: null },
  'a HEAD with a body': { ...TYPED, method: 'HEAD', body: json({ a: 1 }) },
  'a query with nulls and nothing': { method: 'GET', query: { z: ['1'], a: [null, 'x', null], b: [''], c: null, d: [], e: 'text' } },
  'a query of everything': { method: 'GET', query: { 'ä [': ['\'"<>{}|\\^`~!*()-._,:@$;#+%41 \n'], 'a[]': ['1', '2'] } },
  'headers in lists': { method: 'GET', headers: { 'X-A': ['a, b', 'c'], 'If-Match': ['"a, b", "c"'], Accept: ['a/b', 'c/d;q=0.1'] } },
  'headers of odd values': {
    method: 'GET',
    headers: { 'X-N': 1, 'X-E': [], 'X-U': 'ä€', 'X-Q': `it's "$HOME" \`x\` \\` },
  },
  'headers that clients set': {
    method: 'GET',
    headers: { 'User-Agent': 'me/1', 'Accept-Encoding': 'br', Date: 'Mon, 01 Jan 2024 00:00:00 GMT' },
  },
}
const JSON_TYPE = { 'Content-Type': 'application/json' }
const OLDER: Readonly<Record<string, Json>> = {
  'a value of a parameter of the state': { method: 'GET', query: { q: ['1'] }, generators: { query: { q: state('${given}') } } },
  'a value in a body': { method: 'POST', body: { a: 1 }, generators: { body: { '$.a': state('${n}') } } },
  'a null, in version 3': { headers: JSON_TYPE, method: 'POST', body: null },
  'a null without a type, in version 3': { method: 'POST', body: null },
  'an empty text, in version 3': { headers: JSON_TYPE, method: 'POST', body: '' },
  ...Object.fromEntries(
    ['plain', '{"limit": 1}', '"quoted"', '12', 'null', '[1]', ' {"a":1}\n', 'a\nb\r\nc', '{"a":1,"a":2,"b":1e2}'].flatMap((body) => [
      [`${body} as JSON, in version 3`, { headers: JSON_TYPE, method: 'POST', body }],
      [`${body} as text, in version 3`, { headers: { 'Content-Type': 'text/plain' }, method: 'POST', body }],
      [`${body} without a type, in version 3`, { method: 'POST', body }],
    ]),
  ),
  'members in another order': { headers: JSON_TYPE, method: 'POST', body: { b: 1, a: { z: 'ä', y: '\u0001\u2028/' } } },
  'a header with commas, in version 3': { method: 'GET', headers: { 'X-A': 'a, b', 'If-None-Match': '"a, b", "c"' } },
}
/** A query of version 2 is a text. */
const OLDEST: Readonly<Record<string, Json>> = {
  'a query as lists, in version 2': { method: 'GET', query: { a: ['1', '2'] } },
  ...Object.fromEntries(
    [
      'z=1&a=2&z=3',
      '?a=1',
      'a&b=',
      'a=x%20y&b=x+y&c=%2F%41',
      'a=b=c',
      'a=\'"<>{}[]|\\^`~!*()',
      'a=1#f',
      'a=%zz&b=%FF',
      'a[]=1&a[]=2',
      '&',
    ].map((query) => [`the query ${query}`, { method: 'GET', query }]),
  ),
}

function pactOf(version: string, requests: Readonly<Record<string, Json>>): Pact {
  const interactions = Object.entries(requests).map(([description, request]) => ({
    type: 'Synchronous/HTTP',
    description,
    providerStates: [{ name: 'there is something', params: { given: 'here' } }],
    request: { path: '/p', ...request },
    response: { status: 200 },
  }))
  const content = { consumer: { name: 'c' }, provider: { name: 'p' }, interactions, metadata: { pactSpecification: { version } } }
  return readPact(`${version}.json`, { sources: [{ uri: 'x', content, lineOf: () => undefined }] })
}

const PACTS = [pactOf('4.0', REQUESTS), pactOf('3.0.0', OLDER), pactOf('2.0.0', OLDEST)]
const ALL = PACTS.flatMap((pact) => pact.interactions.map((interaction) => [interaction.description, interaction] as const))

describe('a command that repeats what the verifier sends', () => {
  const verified = new Map<string, Arrived>()
  let requests: SentRequests = new Map()
  beforeAll(async () => {
    await verifyAgainst({ targets: [{ baseUrl, stateUrl: `${baseUrl}/_states` }], pacts: PACTS })
    for (const [index, request] of arrived.entries()) verified.set(ALL[index]?.[0] ?? '', request)
    const values = { given: 'here', ...VALUES }
    requests = await recordRequests(PACTS, { headers: {}, basePathOf: () => '', valuesOf: () => values })
  })

  it.each(ALL)('is the same for %s', async (description, interaction) => {
    arrived = []
    const input = commandFor({ base: baseUrl }, [], requests.get(interaction))
    const { code, out, err } = await new Running('sh', [], { input }).ended
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n/) })
    expect(arrived).toEqual([verified.get(description)])
  })

  it('is tried for each, in order', () => expect(verified.size).toBe(ALL.length))

  it('is the same for states', () => {
    const params = { z: 1, a: { q: [{ d: 1, c: 'ä"' }], b: null } }
    expect(states).toContain(setUpBody({ name: 'there is something', params: { given: 'here' } }))
    expect(setUpBody({ name: 'x', params })).toBe('{"action":"setup","params":{"a":{"b":null,"q":[{"c":"ä\\"","d":1}]},"z":1},"state":"x"}')
  })
})

describe('recordRequests', () => {
  const pact = pactOf('3.0.0', {
    a: { method: 'GET', headers: { 'X-B': 'own' } },
    b: { method: 'GET', path: '/../c' },
    c: { method: 'GET', headers: { 'a b': 'c' } },
  })

  it('has a base path before the path, other headers in place of the own, and leaves out what cannot be sent', async () => {
    const headers = { 'x-b': 'other', Authorization: 'me' }
    const requests = await recordRequests([pact], { basePathOf: () => '/v1/api', headers, valuesOf: () => ({}) })
    const own = [
      ['authorization', 'me'],
      ['x-b', 'other'],
    ]
    expect([...requests.values()]).toEqual([
      { method: 'GET', target: '/v1/api/p', headers: own },
      { method: 'GET', target: '/v1/c', headers: own },
    ])
  })

  it('asks nobody for nothing', async () => {
    expect(await recordRequests([], { headers: {}, basePathOf: () => '', valuesOf: () => ({}) })).toEqual(new Map())
  })
})

describe('needsValues', () => {
  it.each(ALL)('of %s', (_name, interaction) => {
    expect(needsValues(interaction)).toBe(JSON.stringify(interaction.raw['request']).includes('ProviderState'))
  })
})

describe('commandFor', () => {
  const wanted = [
    { name: "it's there", params: { n: 1 } },
    { name: 'more', params: {} },
  ]
  const request: SentRequest = { method: 'GET', target: '/a', headers: [] }

  it('sets up the states first', () => {
    const command = commandFor({ base: 'http://h', states: { url: 'http://h/states', headers: { 'X-A': 'b' } } }, wanted, request)
    expect(command.split(' && ')).toEqual([
      String.raw`curl -sS -H 'x-a: b' -H 'content-type: application/json' --data-raw '{"action":"setup","params":{"n":1},"state":"it'\''s there"}' 'http://h/states'`,
      `curl -sS -H 'x-a: b' -H 'content-type: application/json' --data-raw '{"action":"setup","params":{},"state":"more"}' 'http://h/states'`,
      `curl -sS -i -X GET 'http://h/a'`,
    ])
  })

  it('sets up none where nobody does, and sends nothing after a state that is refused', () => {
    expect(commandFor({ base: 'http://h' }, wanted, request)).toBe(`curl -sS -i -X GET 'http://h/a'`)
    expect(commandFor({ base: 'http://h', states: { url: 'http://h/states' } }, wanted.slice(1))).toMatch(
      /^curl [^&]* 'http:\/\/h\/states'$/,
    )
  })

  it('leaves what may be secret to be filled in', async () => {
    arrived = []
    logins = []
    const stateUrl = `${baseUrl.replace('//', '//me:hush@')}/_states?key=1`
    const headers = { Authorization: 'Bearer abc', Accept: 'a/b' }
    const sent = {
      ...request,
      headers: [
        ['authorization', 'Bearer abc'],
        ['accept', 'a/b'],
      ] as const,
    }
    const command = commandFor({ base: baseUrl, states: { url: stateUrl, headers }, given: Object.keys(headers) }, wanted.slice(1), sent)
    expect(command).not.toMatch(/abc|hush|key=1/)
    const unset = await new Running('sh', [], { input: command }).ended
    expect(unset.err).toContain('STATE_URL_LOGIN: name:password of --state-url')
    expect(arrived).toEqual([])
    const env = { HEADER_AUTHORIZATION: 'Bearer abc', STATE_URL_LOGIN: 'me:hush', STATE_URL_QUERY: 'key=1' }
    await new Running('sh', [], { input: command, env }).ended
    expect(arrived.map(({ line, headers: all }) => [line, ...all])).toEqual([['GET /a', 'accept: a/b', 'authorization: Bearer abc']])
    expect(logins).toEqual([['/_states?key=1', 'Bearer abc']])
  })
})
