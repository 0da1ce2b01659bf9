import { expect, it } from 'vitest'
import { inFolder, type Json, marks, verify } from './pacts.ts'

const CONTEXT = { Authorization: 'Bearer any', 'x-site-context': '{"account":"1234abcd5678efgh9ijklmno"}' }
const headers = { ...CONTEXT, 'Content-Type': 'application/json' }
const QUERY = '{"filters":{"statusCode":"PENDING_PICK"}}'
const typed = (content: unknown, encoded: unknown): Json => ({ content, contentType: 'application/json', encoded })

const asking = (description: string, body: unknown): Json => ({
  type: 'Synchronous/HTTP',
  description,
  request: { method: 'POST', path: '/api/v2/allocation/query', headers, body },
  response: { status: 200 },
})
const answered = (description: string, body: unknown): Json => ({
  type: 'Synchronous/HTTP',
  description,
  request: { method: 'GET', path: '/api/v2/allocation/62ff5c0bec0aed3c86202c32', headers: CONTEXT },
  response: { status: 200, headers: { 'Content-Type': 'application/json' }, body },
})
const pactOf = (version: string, interactions: readonly Json[]): Json => ({
  consumer: { name: `consumer ${version}` },
  provider: { name: 'oms-allocations' },
  interactions,
  metadata: { pactSpecification: { version } },
})

it('sees a body that is a text as the verifier sends it, and expects it', async () => {
  const older = pactOf('2.0.0', [
    asking('a text that is an object', QUERY),
    asking('a text that is a string in JSON', JSON.stringify(QUERY)),
    asking('a text that is no JSON', 'filters'),
    answered('an answer as text', '{"version":2}'),
    answered('an answer as a string in JSON', JSON.stringify('{"version":2}')),
  ])
  const newer = pactOf('4.0', [
    asking('JSON, encoded', typed(QUERY, 'JSON')),
    asking('JSON in base64', typed(Buffer.from(QUERY).toString('base64'), 'base64')),
    asking('a string', typed(QUERY, false)),
    answered('an answer, encoded', typed('{"version":2}', 'JSON')),
    answered('an answer that is a string', typed('{"version":2}', false)),
  ])
  expect(marks(await verify({ pacts: [inFolder([older, newer])] }))).toEqual({
    'a text that is an object': '++-',
    'a text that is a string in JSON': '!!-',
    'a text that is no JSON': '!!-',
    'an answer as text': '++-',
    'an answer as a string in JSON': '!!-',
    'JSON, encoded': '++-',
    'JSON in base64': '++-',
    'a string': '!!-',
    'an answer, encoded': '++-',
    'an answer that is a string': '!!-',
  })
})
