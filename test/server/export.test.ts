import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, replay } from '../../src/index.ts'
import { ACCOUNT, openMock, ORDER, ownSession, quantities } from '../support.ts'

const TOKEN = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b'
const JWT = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE'
const STRIPE = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const CONTEXT = JSON.stringify({ account: ACCOUNT })

interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const login = (body: unknown, headers: Readonly<Record<string, string>> = {}): Sent => ({
  method: 'POST',
  path: '/organizations/user-login/',
  headers,
  body,
})
const order = (headers: Readonly<Record<string, string>>, query = ''): Sent => ({ path: `/orders/${ORDER}/${query}`, headers })

/** Requests, and what of them nobody else may read. */
const SECRETS: Readonly<
  Record<string, { readonly secrets: readonly string[]; readonly requests: readonly Sent[]; readonly isLost?: true }>
> = {
  'tokens and bearer tokens': {
    secrets: [TOKEN, JWT],
    requests: [
      order({ Authorization: `Token ${TOKEN}` }),
      { path: '/api/v2/allocation/62ff5c0bec0aed3c86202c32', headers: { Authorization: `Bearer ${JWT}`, 'x-site-context': CONTEXT } },
    ],
  },
  'credentials of another scheme, or without one': {
    secrets: ['QWxhZGRpbjpvcGVuIHNlc2FtZQ==', TOKEN, 'open sesame'],
    requests: [
      order({ Authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' }),
      order({ Authorization: TOKEN }),
      order({ Authorization: 'open sesame' }),
      order({ Authorization: 'Token' }),
      order({ 'Proxy-Authorization': `Bearer ${TOKEN}`, Authorization: `token  ${TOKEN}` }),
    ],
  },
  'cookies, api keys and other headers': {
    secrets: ['s%3Aabcdef0123456789', ACCESS_KEY, 'customer-4711', 'Mozilla'],
    requests: [
      order({
        Cookie: 'sid=s%3Aabcdef0123456789',
        'X-Api-Key': ACCESS_KEY,
        'X-Amz-Security-Token': ACCESS_KEY,
        Baggage: 'user=customer-4711',
        Referer: `https://example.com/?key=${ACCESS_KEY}`,
        'User-Agent': 'Mozilla',
        Authorization: 'Token 1234567890',
      }),
    ],
  },
  passwords: {
    secrets: ['correct horse battery staple', 'hünter2', '31337', 'pässwörd', 'tr0ub4dor', 'long long'],
    requests: [
      login({ username: 'supplier-1', password: 'correct horse battery staple' }),
      login('{ "username": "nobody", "pass\\u0077ord": "h\\u00fcnter2" }'),
      login({ username: 'supplier-1', password: 31337 }, { Accept: 'application/problem+json' }),
      login({ username: 7, password: ['tr0ub4dor', { very: 'pässwörd' }] }, { Accept: 'application/problem+json' }),
      login([{ password: 'tr0ub4dor' }], { Accept: 'application/problem+json' }),
      login({ username: 'x', password: ['"', 'say "tr0ub4dor"'] }, { Accept: 'application/problem+json' }),
      login({ username: 'x', password: ['long '.repeat(100)] }, { Accept: 'application/problem+json' }),
      login({ username: 'supplier-1', password: 'invalid' }),
    ],
  },
  'bodies in which secrets cannot be found': {
    secrets: ['hunter2'],
    isLost: true,
    requests: [
      login('{"username":"x","password":"hunter2'),
      login("{'username':'x','password':'hunter2'}"),
      login('{"\\u0070assword": hunter2}'),
      login(JSON.stringify('my password is hunter2')),
    ],
  },
  'forms, and JSON in JSON': {
    secrets: ['hunter2'],
    requests: [
      login('username=x&p%61ssword=hunter2', { 'Content-Type': 'application/x-www-form-urlencoded' }),
      login(JSON.stringify(JSON.stringify({ password: 'hunter2' }))),
      login({ username: JSON.stringify({ password: 'hunter2' }), password: 'x' }),
    ],
  },
  'queries, also where the answer sends them back': {
    secrets: [TOKEN, ACCESS_KEY, 'hunter2'],
    requests: [
      order({ Authorization: 'Token 1234567890' }, `?token=${TOKEN}&x=1&api_key=${ACCESS_KEY}`),
      { path: `/orders/${ORDER}?accessToken=${TOKEN}&pa%73sword=hunter2`, headers: { Authorization: 'Token 1234567890' } },
      { path: `/nowhere?key=${ACCESS_KEY}`, headers: { Accept: 'application/problem+json' } },
    ],
  },
  'what is kept and read again': {
    secrets: [STRIPE, ACCESS_KEY],
    requests: [
      {
        method: 'POST',
        path: '/orders/create/',
        headers: { Authorization: 'Token retailer-1234567890', Accept: 'application/problem+json' },
        body: { po_number: 'po-1', api_key: STRIPE, retailer_provided_attributes: { clientSecret: ACCESS_KEY }, line_items: [] },
      },
      {
        method: 'PUT',
        path: '/api/v2/allocation/62ff5c0bec0aed3c86202c32',
        headers: { Authorization: 'Bearer any', 'x-site-context': CONTEXT },
        body: { attributes: { apiKey: STRIPE, credentials: { user: ACCESS_KEY } } },
      },
      { path: '/api/v2/allocation/62ff5c0bec0aed3c86202c32', headers: { Authorization: 'Bearer any', 'x-site-context': CONTEXT } },
      {
        path: '/api/v2/allocation/62ff5c0bec0aed3c86202c32',
        headers: { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT, token: STRIPE }) },
      },
    ],
  },
}

describe('an export', () => {
  let mock: Mock
  let url: string
  beforeAll(async () => {
    mock = await openMock({ assume: { 'supplier.trailing-slash': 'redirect' }, supplierTokens: [`${TOKEN}=2`] })
    url = (await mock.listen({ port: 0 })).url
  })
  afterAll(() => mock.close())

  const send = async (session: string, { method = 'GET', path, headers = {}, body }: Sent): Promise<string> => {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(text !== undefined && { 'Content-Type': 'application/json' }), 'Mock-Session': session, ...headers },
      ...(text !== undefined && { body: text }),
    })
    return response.text()
  }

  it.each(Object.entries(SECRETS))(
    'has no secrets, and repeats what was said without them: %s',
    async (_what, { secrets, requests, isLost }) => {
      const session = ownSession()
      for (const request of requests) await send(session, request)
      const file = await mock.session(session).export()
      const text = decodeURIComponent(JSON.stringify(file).replaceAll('%', '%25'))
      for (const secret of secrets) expect(text).not.toContain(secret)
      expect(await replay(JSON.parse(text))).toMatchObject({
        different: [],
        same: isLost ? 0 : requests.length,
        notRepeated: isLost ? requests.map(({ path }) => ({ path })) : [],
      })
    },
  )

  it('has the same text for a secret each time, and another for another, as long as it', async () => {
    const session = ownSession()
    for (const token of ['first-token', 'other-token', 'first-token', TOKEN, 'a', 'b'])
      await send(session, order({ Authorization: `Token ${token}` }))
    const { exchanges, settings } = (await mock.session(session).export()) as {
      exchanges: { headers: { authorization: string } }[]
      settings: { supplierTokens: string[] }
    }
    const tokens = exchanges.map(({ headers }) => headers.authorization.replace('Token ', ''))
    expect(tokens[0]).toBe(tokens[2])
    expect(new Set(tokens).size).toBe(5)
    expect(tokens.map(({ length }) => length)).toEqual([11, 11, 11, 40, 1, 1])
    expect(settings.supplierTokens).toEqual([`${tokens[3]}=2`])
  })

  it('keeps what the documents show, and what the session gave out itself', async () => {
    const session = ownSession()
    const { auth_token: token } = JSON.parse(await send(session, login({ username: 'supplier-1', password: 'example' }))) as {
      auth_token: string
    }
    for (const one of [token, '1234567890', 'retailer-1234567890', 'invalid']) await send(session, order({ Authorization: `Token ${one}` }))
    const text = JSON.stringify(await mock.session(session).export())
    for (const one of [token, '1234567890', 'retailer-1234567890', 'invalid']) expect(text).toContain(`"authorization":"Token ${one}"`)
    expect(text).not.toContain('example"')
  })

  it('leaves control tokens and hosts of control requests behind', async () => {
    const session = ownSession()
    await mock.createSession({ name: session })
    await fetch(`${url}/__mock/sessions/${session}/clock/advance`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${JWT}`, 'Mock-Control-Token': TOKEN },
      body: '{"by":"1h"}',
    })
    await send(session, {
      method: 'PUT',
      path: `/orders/allocation/${ORDER}/`,
      headers: { Authorization: 'Token 1234567890' },
      body: quantities(6),
    })
    const file = await mock.session(session).export()
    expect(file).toMatchObject({
      exchanges: [{ origin: 'control', headers: { 'content-type': 'application/json' } }, { origin: 'request' }],
    })
    expect(JSON.stringify(file)).not.toMatch(new RegExp(`${TOKEN.slice(0, 8)}|${JWT.slice(0, 8)}`))
  })
})
