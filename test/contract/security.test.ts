import { describe, expect, it } from 'vitest'
import { createContract, type Operation } from '../../src/contract/operation.ts'
import type { Judgement } from '../../src/contract/security.ts'
import { DocumentError } from '../../src/base/problem.ts'

type Headers = Readonly<Record<string, string>>
type Requirements = readonly Readonly<Record<string, readonly string[]>>[]

const SECRET = 's3cr3t-0123'
const OPEN = { kind: 'credentials', credentials: { scheme: '', value: '' } }

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer' },
  token: { type: 'http', scheme: 'Token' },
  basic: { type: 'http', scheme: 'basic' },
  digest: { type: 'http', scheme: 'digest' },
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  tenant: { $ref: '#/components/securitySchemes/sharedTenant' },
  sharedTenant: { type: 'apiKey', in: 'header', name: 'x-tenant' },
  queryKey: { type: 'apiKey', in: 'query', name: 'key' },
  cookieKey: { type: 'apiKey', in: 'cookie', name: 'key' },
  oauth: { type: 'oauth2', flows: {} },
  certificate: { type: 'mutualTLS' },
  bodyKey: { type: 'apiKey', in: 'body', name: 'key' },
  openId: { type: 'openIdConnect', openIdConnectUrl: 'https://example.com' },
}

/** What a document with these requirements makes of headers; the operation's own stand in the second place. */
function judgeOf(security: Requirements | undefined, ofOperation?: Requirements): (headers: Headers, query?: string) => Judgement {
  return operationOf(security, ofOperation).judge
}

function operationOf(security: Requirements | undefined, ofOperation?: Requirements): Operation {
  const content = {
    openapi: '3.1.0',
    ...(security && { security }),
    components: { securitySchemes },
    paths: { '/a': { get: { operationId: 'a', ...(ofOperation && { security: ofOperation }), responses: {} } } },
  }
  const [operation] = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }).operations
  if (!operation) throw new Error('the document has no operation')
  return operation
}

const found = (scheme: string, value: string) => ({ kind: 'credentials', credentials: { scheme, value } })

describe('a scheme of HTTP', () => {
  it.each([
    ['bearer', `Bearer ${SECRET}`],
    ['bearer', `bearer ${SECRET}`],
    ['bearer', `BEARER ${SECRET}`],
    ['bearer', `bEaReR ${SECRET}`],
    ['bearer', `Bearer   ${SECRET}`],
    ['token', `Token ${SECRET}`],
    ['token', `token ${SECRET}`],
    ['token', `TOKEN ${SECRET}`],
  ])('%s is met by "%s"', (scheme, authorization) => {
    expect(judgeOf([{ [scheme]: [] }])({ authorization })).toEqual(found(scheme, SECRET))
  })

  it('keeps the value as it is', () => {
    expect(judgeOf([{ basic: [] }])({ authorization: 'Basic dXNlcjpwYXM6cw==' })).toEqual(found('basic', 'dXNlcjpwYXM6cw=='))
    expect(judgeOf([{ token: [] }])({ authorization: 'Token a b  c' })).toEqual(found('token', 'a b  c'))
  })

  it.each([
    ['bearer', undefined, 'there is no authorization header'],
    ['bearer', `Token ${SECRET}`, 'has the scheme Token, not Bearer'],
    ['token', `Bearer ${SECRET}`, 'has the scheme Bearer, not Token'],
    ['bearer', `Bearers ${SECRET}`, 'authorization header'],
    ['bearer', SECRET, 'does not begin with Bearer'],
    ['bearer', `Bearer${SECRET}`, 'authorization header'],
    ['bearer', 'Bearer', 'authorization header'],
    ['bearer', 'Bearer ', 'authorization header'],
    ['bearer', '', 'authorization header'],
  ])('%s is not met by %o', (scheme, authorization, detail) => {
    const name = scheme === 'bearer' ? 'Bearer' : 'Token'
    expect(judgeOf([{ [scheme]: [] }])(authorization === undefined ? {} : { authorization })).toEqual({
      kind: 'refused',
      problem: {
        code: 'credentials-missing',
        detail: expect.stringContaining(detail),
        fix: `send Authorization: ${name} <token>`,
        challenges: [name],
      },
    })
  })
})

describe('a key', () => {
  const judge = judgeOf([{ key: [] }])

  it('is met by its header, whatever the value', () => {
    expect(judge({ 'x-api-key': SECRET })).toEqual(found('key', SECRET))
    expect(judge({ 'x-api-key': `Bearer ${SECRET}` })).toEqual(found('key', `Bearer ${SECRET}`))
  })

  it('may be declared behind a reference', () => {
    expect(judgeOf([{ tenant: [] }])({ 'x-tenant': SECRET })).toEqual(found('tenant', SECRET))
  })

  it.each([[{}], [{ 'x-api-key': '' }], [{ authorization: `Bearer ${SECRET}` }], [{ 'api-key': SECRET }]])(
    'is not met by %o',
    (headers) => {
      expect(judge(headers as Headers)).toMatchObject({
        kind: 'refused',
        problem: { code: 'credentials-missing', detail: expect.stringContaining('x-api-key'), fix: 'send x-api-key: <token>' },
      })
    },
  )
})

describe('a token of somebody else', () => {
  it.each(['oauth', 'openId'])("is a bearer's: %s", (scheme) => {
    const judge = judgeOf([{ [scheme]: ['read'] }])
    expect(judge({ authorization: `Bearer ${SECRET}` })).toEqual(found(scheme, SECRET))
    expect(judge({ authorization: `Basic ${SECRET}` })).toMatchObject({
      kind: 'refused',
      problem: { fix: 'send Authorization: Bearer <token>' },
    })
  })
})

it('a certificate stands beside what a request shows', () => {
  const judge = judgeOf([{ certificate: [], bearer: [] }])
  expect(judge({ authorization: 'Bearer 1' })).toEqual(found('bearer', '1'))
  expect(judge({})).toHaveProperty('kind', 'refused')
})

describe('a key beside the headers', () => {
  it.each([
    ['queryKey', {}, `a=1&key=${SECRET}`, 'there is no query parameter key', 'send key=<token> in the query'],
    ['cookieKey', { cookie: `a=1; key=${SECRET}` }, '', 'there is no cookie key', 'send Cookie: key=<token>'],
  ])('%s', (scheme, headers, query, detail, fix) => {
    const judge = judgeOf([{ [scheme]: [] }])
    expect(judge(headers as Headers, query)).toEqual(found(scheme, SECRET))
    const missing = { kind: 'refused', problem: { code: 'credentials-missing', detail, fix } }
    expect(judge({})).toMatchObject(missing)
    expect(judge({ key: SECRET, cookie: 'key=' }, 'key=&KEY=1')).toMatchObject(missing)
  })
})

describe('alternatives', () => {
  const judge = judgeOf([{ bearer: [] }, { token: [] }, { key: [] }])

  it.each([
    [{ authorization: 'Bearer 1' }, 'bearer', '1'],
    [{ authorization: 'Token 2' }, 'token', '2'],
    [{ 'x-api-key': '3' }, 'key', '3'],
    [{ 'x-api-key': '3', authorization: 'Token 2' }, 'token', '2'],
    [{ 'x-api-key': '3', authorization: 'Basic 4' }, 'key', '3'],
  ])('are met by the first that %o has', (headers, scheme, value) => {
    expect(judge(headers as Headers)).toEqual(found(scheme, value))
  })

  it('are all missed together, and all are named', () => {
    expect(judge({ authorization: 'Basic 4' })).toMatchObject({
      kind: 'refused',
      problem: { fix: 'send Authorization: Bearer <token>, or Authorization: Token <token>, or x-api-key: <token>' },
    })
  })
})

describe('several schemes at once', () => {
  const judge = judgeOf([{ bearer: [], key: [] }])

  it('are met by all of them', () => {
    expect(judge({ authorization: 'Bearer 1', 'x-api-key': '2' })).toEqual(found('bearer', '1'))
  })

  it.each([
    ['x-api-key', { authorization: 'Bearer 1' }],
    ['authorization', { 'x-api-key': '2' }],
    ['authorization', { 'x-api-key': '2', authorization: 'Token 1' }],
    ['authorization', {}],
  ])('miss the %s of %o', (header, headers) => {
    expect(judge(headers as Headers)).toMatchObject({
      kind: 'refused',
      problem: {
        code: 'credentials-missing',
        detail: expect.stringContaining(header),
        fix: expect.stringMatching(new RegExp(header, 'i')),
      },
    })
  })

  it('that share a header are met by one of them', () => {
    const shared = judgeOf([{ bearer: [], token: [], key: [] }])
    expect(shared({ authorization: 'Token 1', 'x-api-key': '2' })).toEqual(found('token', '1'))
    expect(shared({ 'x-api-key': '2' })).toMatchObject({
      problem: { fix: 'send Authorization: Bearer <token> or Authorization: Token <token>' },
    })
    expect(shared({ authorization: 'Bearer 1' })).toMatchObject({ problem: { fix: 'send x-api-key: <token>' } })
  })

  it('may be an alternative to one', () => {
    const either = judgeOf([{ bearer: [], key: [] }, { token: [] }])
    expect(either({ authorization: 'Token 1' })).toEqual(found('token', '1'))
    expect(either({ authorization: 'Bearer 1', 'x-api-key': '2' })).toEqual(found('bearer', '1'))
    expect(either({ authorization: 'Bearer 1' })).toHaveProperty('kind', 'refused')
  })
})

describe('nobody has to say who they are', () => {
  it.each([
    ['without a requirement', undefined, undefined],
    ['without an alternative', [], undefined],
    ['with an empty requirement', [{}], undefined],
    ['with an empty one among others', [{ bearer: [] }, {}], undefined],
    ['with an empty one before others', [{}, { bearer: [] }], undefined],
    ['with what no request shows', [{ certificate: [] }], undefined],
    ['where the operation takes all back', [{ bearer: [] }], []],
    ['where the operation makes it optional', [{ bearer: [] }], [{ bearer: [] }, {}]],
  ])('%s', (_where, security, ofOperation) => {
    const judge = judgeOf(security, ofOperation)
    expect(judge({})).toEqual(OPEN)
    expect(judge({ authorization: `Basic ${SECRET}` })).toEqual(OPEN)
  })

  it('but who does is heard', () => {
    expect(judgeOf([{ bearer: [] }, {}])({ authorization: 'Bearer 1' })).toEqual(found('bearer', '1'))
  })
})

describe('an operation', () => {
  it.each([
    ['has the requirement of its document', [{ bearer: [] }], undefined, 'Bearer 1', 'bearer'],
    ['has its own instead', [{ bearer: [] }], [{ token: [] }], 'Token 1', 'token'],
    ['has its own where the document has none', undefined, [{ token: [] }], 'Token 1', 'token'],
    ['has its own where the document is open', [{}], [{ token: [] }], 'Token 1', 'token'],
  ])('%s', (_what, security, ofOperation, authorization, scheme) => {
    const judge = judgeOf(security, ofOperation)
    expect(judge({ authorization })).toEqual(found(scheme, '1'))
    expect(judge({ authorization: 'Basic 1' })).toHaveProperty('kind', 'refused')
    expect(judge({})).toHaveProperty('kind', 'refused')
  })
})

describe('a document', () => {
  it.each([
    ['a scheme that is not declared', [{ none: [] }], 'none', OPEN],
    ['one that is not declared among others', [{ bearer: [] }, { token: [], none: [] }], 'none', undefined],
    ['an undeclared name that objects inherit', [{ constructor: [] }], 'constructor', OPEN],
    ['a key in the body', [{ bodyKey: [] }], 'bodyKey', OPEN],
  ])('that asks for %s asks for the rest, and names it', (_what, security, name, judged) => {
    const operation = operationOf(security)
    expect(operation.judge({})).toEqual(judged ?? expect.objectContaining({ kind: 'refused' }))
    expect(operation.judge({ authorization: 'Token 1' })).toEqual(judged ?? found('token', '1'))
    expect(operation.slips).toEqual([expect.stringMatching(new RegExp(`^a\\.yaml:1.*"${name}"`))])
    expect(() => Array.from(operation.compiling())).toThrow(DocumentError)
  })
})

describe('Basic', () => {
  const judge = judgeOf([{ basic: [] }])
  const basic = (plain: string) => ({ authorization: `Basic ${Buffer.from(plain).toString('base64')}` })

  it.each(['user:pass', ':', 'user:', ':pass', 'a:b:c', 'müller:geheim'])('is a user and a password: %s', (plain) => {
    expect(judge(basic(plain))).toHaveProperty('kind', 'credentials')
  })

  it.each([
    [basic(SECRET), 'has no colon'],
    [{ authorization: `Basic ${SECRET}!` }, 'is not Base64'],
    [{ authorization: 'Basic user:pass' }, 'is not Base64'],
    [{ authorization: 'Basic' }, 'nothing behind Basic'],
  ])('is nothing else: %o', (headers, detail) => {
    const judgement = judge(headers)
    expect(judgement).toMatchObject({
      problem: { detail: expect.stringContaining(detail), fix: 'send Authorization: Basic <base64 of user:password>' },
    })
    expect(JSON.stringify(judgement)).not.toContain(SECRET)
  })

  it('is sent by examples in its form', () => {
    const { carrierOf, judge: judged } = operationOf([{ basic: [] }])
    for (const value of ['any', 'é', 'a:b']) expect(judged(carrierOf(value).headers)).toHaveProperty('kind', 'credentials')
  })
})

describe('a challenge', () => {
  it.each([
    [[{ basic: [] }], ['Basic realm="*"']],
    [[{ bearer: [] }], ['Bearer']],
    [[{ digest: [] }], ['Digest realm="*", qop="auth", nonce="0"']],
    [[{ token: [] }], ['Token']],
    [[{ oauth: [] }], ['Bearer']],
    [[{ oauth: ['read', 'write'] }], ['Bearer scope="read write"']],
    [[{ openId: [] }, { bearer: [] }], ['Bearer']],
    [[{ key: [] }], ['ApiKey in="header", name="X-API-Key"']],
    [
      [{ basic: [], queryKey: [] }, { bearer: [] }],
      ['Basic realm="*"', 'ApiKey in="query", name="key"', 'Bearer'],
    ],
    [[{ bearer: [] }, { certificate: [] }], ['Bearer']],
    [[{ none: [] }], []],
    [[], []],
  ])('for %o is %o', (security, challenges) => {
    expect(operationOf(security).challenges).toEqual(challenges)
  })

  it('stands in the refusal', () => {
    expect(judgeOf([{ basic: [] }, { key: [] }])({})).toMatchObject({
      problem: { challenges: ['Basic realm="*"', 'ApiKey in="header", name="X-API-Key"'] },
    })
  })
})

describe('a refusal', () => {
  it.each([
    [[{ bearer: [] }], { authorization: SECRET }],
    [[{ bearer: [] }], { authorization: `Basic ${SECRET}` }],
    [[{ bearer: [] }], { authorization: `Basic  ${SECRET}` }],
    [[{ bearer: [] }], { authorization: `Bearer${SECRET}` }],
    [[{ bearer: [] }], { authorization: `Bearer\t${SECRET}` }],
    [[{ bearer: [] }], { authorization: ` ${SECRET}` }],
    [[{ bearer: [] }], { authorization: `${SECRET},${SECRET}` }],
    [[{ bearer: [] }], { authorization: `${SECRET} Bearer` }],
    [[{ bearer: [] }, { token: [] }], { authorization: SECRET }],
    [[{ bearer: [], key: [] }], { 'x-api-key': SECRET }],
    [[{ bearer: [], key: [] }], { authorization: `Bearer ${SECRET}` }],
    [[{ key: [], bearer: [] }], { 'x-api-key': SECRET }],
    [[{ key: [], bearer: [] }], { 'x-api-key': `${SECRET} and more` }],
    [[{ key: [], bearer: [] }], { 'x-api-key': `more and ${SECRET}`, authorization: `Token ${SECRET}` }],
  ] as const)('by %o does not repeat the secret in %o', (security, headers) => {
    const judgement = judgeOf(security)(headers)
    expect(judgement.kind).toBe('refused')
    expect(JSON.stringify(judgement)).not.toContain(SECRET)
  })
})
