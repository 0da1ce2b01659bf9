import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Row } from '../../src/verification/pact/pact.ts'
import { MOCK } from '../../src/verification/rows.ts'
import { inLine } from '../../src/base/shown.ts'
import { Running } from '../cli/process.ts'
import { inFolder, type Json, saidOf, startedMock, verify } from './pacts.ts'

/** What nobody answers, so that the report says what is answered. */
const NEVER = { status: 418, headers: { 'Content-Type': 'application/json' }, body: ['never'] }

const pactOf = (version: string, interactions: readonly Json[], provider = 'supplier-orders'): Json => ({
  consumer: { name: `consumer ${version}` },
  provider: { name: provider },
  interactions: interactions.map((one) => ({ type: 'Synchronous/HTTP', response: version === '4.0' ? NEVER_4 : NEVER, ...one })),
  metadata: { pactSpecification: { version } },
})
const NEVER_4 = { ...NEVER, body: { content: NEVER.body, contentType: 'application/json', encoded: false } }

const POST = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
const typed = (content: unknown, contentType: string, encoded: unknown = false): Json => ({ content, contentType, encoded })
const OLD: Readonly<Record<string, Json>> = {
  'a text that is JSON': { ...POST, body: '{"a": 1.0}' },
  'a text that is none': { ...POST, body: "it's $HOME" },
  'a null': { ...POST, body: null },
  'an empty text': { ...POST, body: '' },
  'members out of order': { ...POST, body: { b: [1, null], a: 'ä' } },
  'a text of commands': { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: '::stop-commands::x\n\u001b[31m' },
  'a text': { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: 'a\nb' },
  'headers with commas': { method: 'GET', headers: { 'X-A': 'a, b', 'If-None-Match': '"a, b", "c"' } },
}
const OLDEST: Readonly<Record<string, Json>> = { 'a query as text': { method: 'GET', query: 'b=x+y&a=%2F&b&a=1' } }
const NEW: Readonly<Record<string, Json>> = {
  'JSON in a text': { method: 'POST', body: typed('{"a":1}', 'application/json', 'JSON') },
  'a text of JSON': { method: 'POST', body: typed('{"a":1}', 'application/json') },
  octets: { method: 'POST', body: typed('AP8KDScAwA==', 'image/png', 'base64') },
  'a long text': { method: 'POST', body: typed('ä\n'.repeat(60_000), 'text/plain') },
  'a query': { method: 'GET', query: { 'a[]': ['1', "it's", null], 'b ä': ['#&=+%'], c: null } },
  'headers in lists': { method: 'GET', headers: { 'X-A': ['a, b', 'c'], 'X-E': [''] } },
  'no body': { method: 'DELETE' },
  'a body of a GET': { method: 'GET', body: typed({ a: 1 }, 'application/json') },
}
const HEADS: Readonly<Record<string, Json>> = {
  'a HEAD': { method: 'HEAD' },
  'a HEAD with a body': { method: 'HEAD', body: typed({ a: 1 }, 'application/json') },
}
const described = (requests: Readonly<Record<string, Json>>): Json[] =>
  Object.entries(requests).map(([description, request]) => ({ description, request: { path: '/nowhere', ...request } }))

/** What a command prints: the last answer that has a status line, and what stands before it. */
async function ran(command: string): Promise<{ readonly status: string; readonly body: string; readonly whole: string }> {
  const { code, out, err } = await new Running('sh', [], { input: command }).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const [, status = '', body = ''] = /HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(out) ?? []
  return { status, body, whole: out }
}

/** As the verifier quotes JSON. */
function quotedAs(text: string): string {
  const sorted = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((one) => sorted(one))
    if (typeof value !== 'object' || value === null) return value
    const names = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1))
    return Object.fromEntries(names.map((name) => [name, sorted(value[name])]))
  }
  const value: Json = JSON.parse(text)
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(sorted(value))
}

/** Time goes on between the report and the command. */
function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+/g, (time) => time.replaceAll(/\d/g, '0'))
}

/** The command of a row, run, gives what the row says of the column. */
async function expectRepeated(row: Row, elsewhere: (command: string) => string, masked = (text: string): string => text): Promise<void> {
  const said = saidOf(row)
  // Shown as it is, it can be copied from a terminal.
  expect(row.replay).toBe(inLine(row.replay ?? ''))
  const { status, body, whole } = await ran(elsewhere(row.replay ?? ''))
  // A state was refused, in words that may name it themselves.
  if (!said.startsWith('response ')) {
    const [, refused = ''] = /^(?:provider state ".*": )?(.+?);/.exec(said) ?? expect.fail(said)
    expect(whole).toContain(JSON.stringify(refused).slice(1, -1))
    return
  }
  expect(said).toContain(`response status: expected 418 but got ${status}`)
  const [, got] = /response body \$: type mismatch: Expected (.*?)(?: \(\w+\) to be the same type as .*|…)$/m.exec(said) ?? []
  // To one that is of the same type, its items are compared.
  const isList = body.startsWith('[')
  if (got === undefined && !isList)
    expect({ said, body }).toEqual({ said: expect.stringMatching(/response body \/?: .*but was empty/), body: '' })
  else if (got !== undefined) expect(timeless(masked(quotedAs(body)).slice(0, got.length))).toBe(timeless(got))
}

const named = (rows: readonly Row[]): (readonly [string, Row])[] => rows.map((row) => [row.description, row])

describe('a command in the report, run in a shell', () => {
  it('gives at the mock what the report says of it', async () => {
    const contracts = [
      pactOf('2.0.0', described(OLDEST)),
      pactOf('3.0.0', [
        ...described(OLD),
        { description: 'a state that nobody knows', providerStates: [{ name: 'it\'s "unknown"' }], request: { path: '/nowhere' } },
      ]),
      pactOf('4.0', described({ ...NEW, ...HEADS })),
    ]
    await using mock = await startedMock({})
    const headers = { 'X-Given': 'a secret' }
    const { rows } = await verify({ pacts: [inFolder(contracts)], only: ['mock'], headers })
    expect(rows.map(({ verdict }) => verdict)).toEqual(rows.map(() => 'failed'))
    for (const [description, row] of named(rows)) {
      expect([description, row.replay]).toEqual([description, expect.stringContaining(MOCK)])
      const own = (command: string): string => `HEADER_X_GIVEN='a secret'\n${command.replaceAll(new URL(MOCK).origin, mock.provider)}`
      await expectRepeated(row, own)
    }
  })
})

describe('a command for the real service, run in a shell', () => {
  /** Answers with what it was asked, and does nothing that its states are not set up for. */
  let state = ''
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const { method, url = '', headersDistinct: headers } = request
    if (url.startsWith('/api/_states')) {
      state = JSON.parse(body.toString()).state
      const ok = state !== 'refused' && headers['authorization']?.[0] === 'Bearer secret'
      response.writeHead(ok ? 200 : 422, { 'content-type': 'application/json' }).end(ok ? '{}' : '{"detail":"no such state; none"}')
      return
    }
    for (const name of ['host', 'connection', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'expect']) delete headers[name]
    const names = Object.keys(headers).toSorted((a, b) => (a < b ? -1 : 1))
    const told = {
      url,
      method,
      state,
      ['~body']: body.subarray(0, 60).toString('base64'),
      length: body.length,
      headers: names.map((name) => [name, headers[name]]),
    }
    response.writeHead(404, { 'content-type': 'application/json' }).end(method === 'HEAD' ? undefined : quotedAs(JSON.stringify(told)))
  })
  let origin = ''
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('gives what the report says of it', async () => {
    const given = [
      {
        description: 'states',
        providerStates: [{ name: 'one' }, { name: "it's", params: { b: 1, a: 'ä' } }],
        request: { path: '/x/../y' },
      },
      { description: 'a state that is refused', providerStates: [{ name: 'refused' }, { name: 'more' }], request: { path: '/x' } },
      { description: 'a value of a state', request: { path: '/x', generators: { path: { type: 'ProviderState', expression: '/${id}' } } } },
    ]
    const pacts = [
      inFolder([
        pactOf('2.0.0', described(OLDEST)),
        pactOf('3.0.0', [...described(OLD), ...given]),
        pactOf('4.0', described({ ...NEW, ...HEADS })),
      ]),
    ]
    const headers = { Authorization: 'Bearer secret', 'X-A': 'given' }
    const { rows } = await verify({
      pacts,
      only: ['provider'],
      provider: `${origin}/api/`,
      stateUrl: `${origin}/api/_states?key=hush-hush`,
      headers,
    })
    expect(rows.map(({ verdict }) => verdict)).toEqual(rows.map(() => 'failed'))
    for (const [description, row] of named(rows)) {
      // What its states give is known to nobody beforehand.
      expect([description, row.replay === undefined]).toEqual([description, description === 'a value of a state'])
      const own = (command: string): string =>
        `HEADER_AUTHORIZATION='Bearer secret' HEADER_X_A=given STATE_URL_QUERY='key=hush-hush'\n${command}`
      if (row.replay !== undefined) await expectRepeated(row, own, (text) => text.replaceAll(/Bearer secret|given/g, '***'))
    }
  })
})
