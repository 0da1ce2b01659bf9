import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../src/cli/log.ts'
import { type Mock, replay, type RequestSummary } from '../../src/index.ts'
import { changedMembers } from '../../src/server/changes.ts'
import { ACCOUNT, ALLOCATION, openMock, ORDER, ownSession, RETAILER, SUPPLIER } from '../support.ts'

/** Found nowhere else. */
const SECRET = 'Zq7-s3cret-9xK'
const OMS = `/api/v2/allocation/${ALLOCATION}`
const CONTEXT = JSON.stringify({ account: ACCOUNT })
const PROBLEM = { Accept: 'application/problem+json' }

interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const oms = (headers: Readonly<Record<string, string>> = {}, query = ''): Sent => ({
  path: OMS + query,
  headers: { Authorization: 'Bearer any', 'x-site-context': CONTEXT, ...headers },
})
/** An order that is kept with all that it has. */
const kept = (more: object): Sent => ({
  method: 'POST',
  path: '/api/v2/order/',
  headers: { Authorization: 'Bearer any', 'x-site-context': CONTEXT, ...PROBLEM },
  body: {
    orderNumber: 'o1',
    channelId: '12',
    statusCode: 'X',
    items: [{ sku: 'a', orderedQuantity: 1, ...more }],
    shipInfo: [{ shipMethod: 'Ground' }],
    ...more,
  },
})
const login = (body: unknown, headers: Readonly<Record<string, string>> = PROBLEM): Sent => ({
  method: 'POST',
  path: '/organizations/user-login/',
  headers,
  body,
})
const search = (body: object, headers = PROBLEM): Sent => ({
  method: 'POST',
  path: '/orders/',
  headers: { Authorization: SUPPLIER, ...headers },
  body,
})

const headers = [
  'X-Api-Key',
  'X-Auth-Token',
  'X-Amz-Security-Token',
  'Api-Key',
  'X-Access-Token',
  'X-CSRF-Token',
  'Ocp-Apim-Subscription-Key',
  'X-Client-Secret',
]
const parameters = ['sig', 'token', 'access_token', 'api_key', 'client_secret', 'password', 'key', 'code', 'X-Amz-Signature', '%74oken']
const members = ['password', 'token', 'auth_token', 'client_secret', 'access_token', 'api_key', 'apiKey', 'private_key', 'credentials']

/** Each way in, by what it is. */
const WAYS_IN: Readonly<Record<string, readonly Sent[]>> = {
  'a credential': [
    oms({ Authorization: `Bearer ${SECRET}` }),
    { path: `/orders/${ORDER}/`, headers: { Authorization: `Token ${SECRET}` } },
  ],
  cookies: [oms({ Cookie: `sid=${SECRET}` })],
  ...Object.fromEntries(headers.map((name) => [`the header ${name}`, [oms({ [name]: SECRET })]])),
  baggage: [oms({ Baggage: `a=b,token=${SECRET}` })],
  'JSON in a header': [oms({ 'x-site-context': JSON.stringify({ account: ACCOUNT, token: SECRET, password: SECRET }) })],
  'broken JSON in a header': [oms({ 'x-site-context': `{"account":"${ACCOUNT}","token":"${SECRET}"`, ...PROBLEM })],
  'an address in a header': [oms({ Referer: `https://example.com/?key=${SECRET}` })],
  ...Object.fromEntries(
    parameters.map((name) => [
      `the parameter ${name}`,
      [oms({}, `?${name}=${SECRET}`), { path: `/nowhere?${name}=${SECRET}`, headers: PROBLEM }, oms({}, `/?a=b&${name}=${SECRET}`)],
    ]),
  ),
  ...Object.fromEntries(
    members.map((name) => [
      `the member ${name}`,
      [
        kept({ [name]: SECRET, deep: [{ [name]: { inner: SECRET } }] }),
        search({ [name]: SECRET }),
        search({ page: { [name]: SECRET } }),
        search({ page: { [name]: SECRET } }, { Accept: 'application/json' }),
      ],
    ]),
  ),
  'JSON in JSON': [kept({ note: JSON.stringify({ password: SECRET }) })],
  'an address in JSON': [kept({ note: `https://example.com/?sig=${SECRET}` })],
  'a login': [
    login({ username: 'x', password: SECRET }),
    login({ username: 'x', password: [SECRET] }),
    login({ username: 'x', password: SECRET }, {}),
  ],
  'a broken body': [login(`{"username":"x","password":"${SECRET}"`), login(`{"username":"x","password":${SECRET}}`)],
  'a form': [
    login(`username=x&client_secret=${SECRET}&p%61ssword=${SECRET}`, { ...PROBLEM, 'Content-Type': 'application/x-www-form-urlencoded' }),
  ],
  'an order that is created': [
    {
      method: 'POST',
      path: '/orders/create/',
      headers: { Authorization: RETAILER, ...PROBLEM },
      body: { po_number: 'po-1', api_key: SECRET, line_items: [{ client_secret: SECRET }] },
    },
  ],
}

describe('a secret', () => {
  let mock: Mock
  let url: string
  const summaries: RequestSummary[] = []
  beforeAll(async () => {
    const states = {
      states: [
        {
          state: 'a user',
          parameters: { password: null },
          exists: { orders: [{ order_uuid: '{password}', line_items: [{ quantity_ordered: 1 }] }] },
        },
      ],
    }
    mock = await openMock({ onRequest: (summary) => summaries.push(summary), states })
    url = (await mock.listen({ port: 0 })).url
  })
  afterAll(() => mock.close())

  const send = async (
    session: string,
    { method = 'GET', path, headers: given = {}, body }: Sent,
  ): Promise<{ explain: string | null; text: string }> => {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const answer = await fetch(url + path, {
      method,
      headers: { ...(text !== undefined && { 'Content-Type': 'application/json' }), 'Mock-Session': session, ...given },
      ...(text !== undefined && { body: text }),
    })
    const { headers: answered } = answer
    const isProblem = answered.get('content-type')?.startsWith('application/problem+json')
    const said = await answer.text()
    return { explain: answered.get('mock-explain'), text: isProblem ? said : '' }
  }
  const get = async (path: string): Promise<string> => (await fetch(url + path)).text()
  /** What came until so many events were heard. */
  const events = async (response: Response, count: number): Promise<string> => {
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      if (text.split('event: exchange').length > count && text.endsWith('\n\n')) break
    }
    return text
  }
  const log = (format: 'text' | 'json', some: readonly RequestSummary[]): string => {
    let all = ''
    const write = (line: string): void => void (all += line)
    const outside = { out: write, err: write, env: {} }
    const { write: add, flush } = createLog(format, { ...outside, raw: outside })
    some.forEach(add)
    flush()
    return all
  }

  it.each(Object.entries(WAYS_IN))('that comes by %s goes out by no way', async (_, requests) => {
    const session = ownSession()
    const stream = await fetch(`${url}/__mock/events?session=${session}`)
    const answers: { readonly explain: string | null; readonly text: string }[] = []
    for (const request of requests) answers.push(await send(session, request))
    const told = summaries.filter((summary) => summary.session === session)
    const file: unknown = await mock.session(session).export()
    const explanations = await Promise.all(answers.flatMap(({ explain }) => (explain === null ? [] : [get(new URL(explain).pathname)])))
    const ways = {
      'problem details': answers.map(({ text }) => text).join(''),
      explanations: explanations.join(''),
      journal: await get(`/__mock/requests?session=${session}`),
      'one entry': await get(`/__mock/requests/${session}-1`),
      'a search of the journal': await get(`/__mock/requests/count?session=${session}&text=${SECRET}`),
      events: await events(stream, requests.length),
      'the log as text': log('text', told),
      'the log as JSON': log('json', told),
      export: JSON.stringify(file),
      state: await get(`/__mock/sessions/${session}/state`),
      'the report of a replay': JSON.stringify(await replay(file)),
    }
    expect(told).toHaveLength(requests.length)
    expect(
      Object.entries(ways).filter(([, text]) => decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')).includes(SECRET)),
    ).toEqual([])
    expect(JSON.parse(ways['a search of the journal'])).toEqual({ count: 0 })
    expect(JSON.parse(ways.journal)).toMatchObject({ requests: expect.objectContaining({ length: requests.length }) })
  })

  it.each([{ password: SECRET }, { password: SECRET, tag: 'x' }, { password: { inner: SECRET } }])(
    'in the parameters of a provider state is not told in its refusal: %j',
    async (params) => {
      const answer = await fetch(`${url}/_pact/provider_states`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Mock-Session': ownSession() },
        body: JSON.stringify({ state: 'a user', params, action: 'setup' }),
      })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(await answer.text()).not.toContain(SECRET)
    },
  )

  it('is told in what changed by its name', async () => {
    const session = ownSession()
    await send(session, kept({ apiKey: SECRET, note: 'a' }))
    const { changes } = JSON.parse(await get(`/__mock/requests/${session}-1`))
    expect(JSON.stringify(changes)).toContain('"apiKey":"***","note":"a"')
  })
})

describe('members that changed', () => {
  it.each([
    [
      'scalars',
      { lines: [{ allocated: 0, sku: 'a' }] },
      { lines: [{ allocated: 4, sku: 'a' }] },
      [{ at: '/lines/0/allocated', from: 0, to: 4 }],
    ],
    [
      'what is added',
      { log: [1] },
      { log: [1, { a: 2 }], 'x/y': 3 },
      [
        { at: '/log/1', to: { a: 2 } },
        { at: '/x~1y', to: 3 },
      ],
    ],
    [
      'what is gone',
      { log: [1, 2], b: null },
      { log: [1] },
      [
        { at: '/log/1', from: 2 },
        { at: '/b', from: null },
      ],
    ],
    [
      'another kind of value',
      { a: [1], b: {} },
      { a: { 0: 1 }, b: null },
      [
        { at: '/a', from: [1], to: { 0: 1 } },
        { at: '/b', from: {}, to: null },
      ],
    ],
    ['nothing', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    [
      'secrets',
      { token: 'a', b: 1 },
      { token: 'c', b: { password: 'd' } },
      [
        { at: '/token', from: '***', to: '***' },
        { at: '/b', from: 1, to: { password: '***' } },
      ],
    ],
    ['what is in a secret', { token: { inner: 'a' } }, { token: { inner: 'b' } }, [{ at: '/token/inner', from: '***', to: '***' }]],
  ])('are told: %s', (_what, from, to, members) => expect(changedMembers(from, to)).toEqual(members))
})
