import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Pact } from '../../src/pact/pact.ts'
import { readPact } from '../../src/pact/read.ts'
import { commandFor, needsValues, requestOf, type SentRequest } from '../../src/pact/replay.ts'
import { verifyAgainst } from '../../src/pact/verify.ts'
import { Running } from '../cli/process.ts'

type Json = Record<string, unknown>

/** What the provider's states return. */
const VALUES = { s: 'x y/z', n: 7, f: 1.5, b: true, o: { a: 1 }, a: [1, 'q'], z: null, t: '12' }

const arrived: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  const { method = '', url = '', headers } = request
  if (url === '/_states') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(VALUES))
  else {
    arrived.push({ method, url, headers, body })
    response.writeHead(200).end()
  }
})
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

/** Requests of version 4, and of version 3. */
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
}
const OLDER: Readonly<Record<string, Json>> = {
  'a value of a parameter of the state': { method: 'GET', query: { q: ['1'] }, generators: { query: { q: state('${given}') } } },
  'a value in a body': { method: 'POST', body: { a: 1 }, generators: { body: { '$.a': state('${n}') } } },
  'a string as JSON, in version 3': { headers: { 'Content-Type': 'application/json' }, method: 'POST', body: 'plain' },
  'a text, in version 3': { method: 'POST', body: 'plain' },
  'a null, in version 3': { headers: { 'Content-Type': 'application/json' }, method: 'POST', body: null },
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

const PACTS = [pactOf('4.0', REQUESTS), pactOf('3.0.0', OLDER)]
const ALL = PACTS.flatMap((pact) => pact.interactions.map((interaction) => [interaction.description, pact, interaction] as const))

const OF_CLIENTS = ['host', 'accept', 'accept-encoding', 'user-agent', 'content-length', 'connection']

/** A request without what hangs on who sends it, and on how it writes the same. */
function plain({ method, url, headers, body }: { method: string; url: string; headers: object; body: string }): object {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  searchParams.sort()
  const named = Object.entries(headers).filter(([name]) => !OF_CLIENTS.includes(name))
  let value: unknown = body
  try {
    value = JSON.parse(body)
  } catch {
    // It is no JSON.
  }
  return { method, pathname, query: [...searchParams], headers: Object.fromEntries(named), body: value }
}

const sent = ({ method, target, headers, body = '' }: SentRequest): object => plain({ method, url: target, headers, body })

describe('requestOf', () => {
  const values = { given: 'here', ...VALUES }
  const verified = new Map<string, object>()
  beforeAll(async () => {
    await verifyAgainst({ targets: [{ baseUrl, stateUrl: `${baseUrl}/_states` }], pacts: PACTS })
    for (const [index, request] of arrived.splice(0).entries()) verified.set(ALL[index]?.[0] ?? '', plain(request))
  })

  it.each(ALL)('has %s as the Pact verifier sends it', (description, pact, interaction) => {
    expect(sent(requestOf(pact, interaction, { basePath: '', headers: {}, values }))).toEqual(verified.get(description))
  })

  it.each(ALL)('has %s in a command as it sends it', async (description, pact, interaction) => {
    const input = commandFor(baseUrl, undefined, [], requestOf(pact, interaction, { basePath: '', headers: {}, values }))
    const { code, out, err } = await new Running('sh', [], { input }).ended
    expect({ code, err, out }).toEqual({ code: 0, err: '', out: expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n/) })
    expect(arrived.splice(0).map(plain)).toEqual([verified.get(description)])
  })

  it('puts a base path before the path, and other headers in place of the own', () => {
    const [, pact, interaction] = ALL.find(([name]) => name === 'headers') ?? expect.fail()
    expect(requestOf(pact, interaction, { basePath: '/api', headers: { 'x-b': 'other', Authorization: 'me' }, values: {} })).toEqual({
      method: 'GET',
      target: '/api/p',
      headers: { 'x-a': '1, 2', 'x-b': 'other', 'x-empty': '', authorization: 'me' },
    })
  })
})

describe('needsValues', () => {
  it.each(ALL)('of %s', (_name, _pact, interaction) => {
    expect(needsValues(interaction)).toBe(JSON.stringify(interaction.raw['request']).includes('ProviderState'))
  })
})

describe('commandFor', () => {
  const states = [
    { name: "it's there", params: { n: 1 } },
    { name: 'more', params: {} },
  ]

  it('sets up the states first', () => {
    const command = commandFor('http://h', 'http://h/states', states, { method: 'GET', target: '/a', headers: {} })
    expect(command.split(' && ')).toEqual([
      String.raw`curl -sS 'http://h/states' -H 'Content-Type: application/json' -d '{"state":"it'\''s there","params":{"n":1},"action":"setup"}'`,
      `curl -sS 'http://h/states' -H 'Content-Type: application/json' -d '{"state":"more","params":{},"action":"setup"}'`,
      `curl -sS -i -X GET 'http://h/a'`,
    ])
  })

  it('sets up none where nobody does, and sends nothing after a state that is refused', () => {
    expect(commandFor('http://h', undefined, states, { method: 'GET', target: '/a', headers: {} })).toBe(`curl -sS -i -X GET 'http://h/a'`)
    expect(commandFor('http://h', 'http://h/states', states.slice(1), undefined)).toMatch(/^curl \S+ 'http:\/\/h\/states' [^&]*$/)
  })
})
