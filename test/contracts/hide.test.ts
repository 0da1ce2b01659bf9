import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareContracts } from '../../src/verification/compare.ts'
import type { Report } from '../../src/verification/pact/pact.ts'
import type { VerifyContractsOptions } from '../../src/verification/options.ts'
import { jsonReport } from '../../src/verification/pact/report.ts'
import { githubAnnotations } from '../../src/verification/pact/report-github.ts'
import { junitReport } from '../../src/verification/pact/report-junit.ts'
import { markdownReport } from '../../src/verification/pact/report-markdown.ts'
import { textReport } from '../../src/verification/pact/report-text.ts'
import { BrokerStandIn } from '../pact/broker-stand-in.ts'
import { FILES, inFolder, type Json, saidOf, verify } from './pacts.ts'

const LOGIN = Buffer.from('user:word & more').toString('base64')
const HEADERS = {
  Authorization: 'Bearer bearer-secret',
  'X-Api-Key': 'a "quoted" key',
  'X-Login': `Basic ${LOGIN}`,
  Accept: 'application/json',
}
/** What must be found nowhere, in none of the forms in which it may come back. */
const SECRETS =
  /bearer-secret|quoted|word & more|word%20%26%20more|dXNlcjp3b3JkICYgbW9yZQ|provider-secret|state-secret|query-secret|broker-secret/

/** Answers with all that it knows. */
const server = createServer(async (request, response) => {
  const { url = '', headers } = request
  await buffer(request)
  const all = JSON.stringify({
    detail: `${url} refuses ${JSON.stringify(headers)}`,
    encoded: encodeURIComponent('word & more'),
    login: 'user:word & more',
  })
  const isRefused = url.includes('/refusing')
  response.writeHead(isRefused ? 422 : 401, { 'content-type': 'application/json', 'x-echo': headers['authorization'] ?? '' }).end(all)
})
let host = ''
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server[Symbol.asyncDispose]())

const response = {
  status: 200,
  headers: { 'X-Echo': 'nothing', 'Content-Type': 'application/json' },
  body: { detail: 'well', login: 'none', encoded: '' },
}
const PACT: Json = {
  consumer: { name: 'web' },
  provider: { name: 'supplier-orders' },
  interactions: [{ description: 'a look', request: { path: '/x', headers: { Authorization: 'Bearer of-the-pact' } }, response }],
  metadata: { pactSpecification: { version: '3.0.0' } },
}
const STATE: Json = { ...PACT, interactions: [{ ...PACT.interactions[0], providerStates: [{ name: 'a state' }] }] }

const asked = (path = ''): Partial<VerifyContractsOptions> => ({
  headers: HEADERS,
  only: ['provider'],
  provider: `http://user:provider-secret@${host}/api`,
  ...(path !== '' && { stateUrl: `http://user:state-secret@${host}${path}?token=query-secret&x=1` }),
})

/** All that is printed or written of a report. */
const FORMS = [(report: Report) => textReport(report, { colour: false }), jsonReport, junitReport, markdownReport, githubAnnotations]

describe('what a run was given to prove who it is', () => {
  let echoed: Report
  let refused: Report
  beforeAll(async () => {
    echoed = await verify({ pacts: [inFolder([PACT])], ...asked() })
    refused = await verify({ pacts: [inFolder([STATE])], ...asked('/refusing') })
  })

  it.each([
    ['whatever the real service echoes', () => echoed],
    ['where a state is refused', () => refused],
  ])('is in no form of a report, %s', (_, reportOf) => {
    const report = reportOf()
    for (const print of FORMS) expect(print(report)).not.toMatch(SECRETS)
    expect(FORMS.map((print) => print(report)).join('')).toContain('***')
  })

  it('is a variable in commands, which a note names; what everybody may know stays', () => {
    const { rows, notes } = echoed
    expect(rows[0]?.replay).toBe(
      [
        `curl -sS -i -X GET -H 'accept: application/json'`,
        `-H 'authorization: '"\${HEADER_AUTHORIZATION:?the value of --header authorization}"`,
        `-H 'x-api-key: '"\${HEADER_X_API_KEY:?the value of --header x-api-key}"`,
        `-H 'x-login: '"\${HEADER_X_LOGIN:?the value of --header x-login}"`,
        `'http://${host}/api/x'`,
      ].join(' '),
    )
    expect(notes).toContainEqual(
      'the commands that repeat interactions leave secrets out: set HEADER_AUTHORIZATION, HEADER_X_API_KEY, HEADER_X_LOGIN before, as they say',
    )
  })

  it('is asked for by the command that sets up a state', () => {
    const { rows } = refused
    expect(rows[0]?.replay).toContain(`-u "\${STATE_URL_LOGIN:?name:password of --state-url}" `)
    expect(rows[0]?.replay).toContain(`'http://${host}/refusing?'"\${STATE_URL_QUERY:?the query of --state-url}"`)
  })

  it('is not in commands for a mock, nor in what the document and the mock say', async () => {
    const pacts = [
      inFolder([
        {
          ...FILES['storefront'],
          interactions: FILES['storefront'].interactions.slice(0, 2).map((one: Json) => ({ ...one, response: { status: 418 } })),
        },
      ]),
    ]
    const headers = { ...HEADERS, Authorization: 'Token bearer-secret' }
    expect(JSON.stringify(await verify({ pacts, headers, only: ['document', 'mock'] }))).not.toMatch(SECRETS)
    const compared = await compareContracts({ pacts, headers })
    expect(compared.map(({ comparisons }) => JSON.stringify([...(comparisons ?? [])])).join('')).not.toMatch(SECRETS)
  })

  it('is not in errors', async () => {
    const wrong = (more: Partial<VerifyContractsOptions>) =>
      verify({ pacts: [inFolder([PACT])], ...asked(), ...more }).catch((error: unknown) => String(error))
    expect(await wrong({ provider: 'http//user:provider-secret@x' })).toMatch(/^UsageError: provider is "\*\*\*"; give an HTTP URL/)
    expect(await wrong({ provider: 'user:provider-secret@x' })).toMatch(/^UsageError: provider is "\*\*\*"; give an HTTP URL/)
    expect(await wrong({ provider: 'localhost' })).toMatch(/^UsageError: provider is "localhost"; give an HTTP URL/)
    expect(await wrong({ stateUrl: 'http://user:state-secret@[' })).toMatch(/^UsageError: stateUrl is "\*\*\*"; give an HTTP URL/)
    const gone = await verify({
      pacts: [inFolder([PACT])],
      ...asked(),
      provider: 'http://user:provider-secret@127.0.0.1:1/?token=query-secret',
    })
    expect(gone.rows.map(saidOf).join()).toMatch(/reached/)
    expect(JSON.stringify(gone)).not.toMatch(SECRETS)
  })

  it('is not in what is published, nor in what a broker says', async () => {
    const broker = await new BrokerStandIn().listen()
    await broker.publish(PACT, '1.0.0', 'main')
    broker.authorization = 'Bearer broker-secret'
    const heard: string[] = []
    const report = await verify({
      pacts: [],
      ...asked(),
      map: { 'supplier-orders': 'supplier-orders' },
      broker: { url: broker.url, token: 'broker-secret' },
      publish: { version: '2' },
      onNotice: (text) => heard.push(text),
    })
    broker.close()
    const published = broker.arrived.filter(({ path }) => path.includes('verification-results'))
    expect(JSON.stringify(published.map(({ body }) => body))).toContain('***')
    expect(JSON.stringify([published.map(({ body }) => body), report, heard])).not.toMatch(SECRETS)
  })

  it('may be as short as to be found anywhere: then it is left in texts', async () => {
    const { rows } = await verify({ pacts: [inFolder([PACT])], ...asked(), headers: { 'X-Debug': '401' } })
    expect(rows.map(saidOf).join()).toContain('expected 200 but got 401')
    expect(rows[0]?.replay).toContain('HEADER_X_DEBUG')
  })

  it('is not in what is cut short, not even in part', async () => {
    const headers = { Authorization: `Bearer ${'bearer-secret'.repeat(50)}` }
    const printed = JSON.stringify(await verify({ pacts: [inFolder([PACT])], ...asked(), headers }))
    expect(printed).toContain('***')
    expect(printed).not.toMatch(/bearer-s/)
  })

  it('is not what a pact records: whoever reads the report has the pact', async () => {
    const { Authorization: _, ...headers } = HEADERS
    const { rows } = await verify({ pacts: [inFolder([PACT])], ...asked(), headers })
    expect(rows[0]?.replay).toContain("-H 'authorization: Bearer of-the-pact'")
  })
})
