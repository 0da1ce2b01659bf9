import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Issue } from '../../src/base/http.ts'
import type { Mock } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, omsClient, openMock, ownSession } from '../support.ts'
import type { Entry, Refusal, Send, Verb } from './refusal.ts'

const BASE = '/api/v2/allocation'
const READ = `${BASE}/${ALLOCATION}`
const CANCEL = `${BASE}/cancel/${ALLOCATION}`
const QUERY = `${BASE}/query`
const NOBODY = '62ff5c0bec0aed3c86202c99'
const BEARER = 'Bearer any'
const LIMIT = 2_000
const SPEC = readFileSync(new URL('../../spec/oms-allocations.yaml', import.meta.url), 'utf8').split('\n')

let mock: Mock
let strict: Mock
let small: Mock
let again: Mock
beforeAll(async () => {
  mock = await openMock()
  strict = await openMock({ strict: true })
  small = await openMock({ maxBodyBytes: LIMIT })
  again = await openMock({ assume: { 'oms.cancel.again': '200' } })
})
afterAll(async () => void (await Promise.all([mock, strict, small, again].map((one) => one.close()))))

const context = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const OWN = context({ account: ACCOUNT })

/** A request with an object, a text or bytes as its body. An empty header is left out. */
function call(
  verb: Verb,
  path: string,
  body?: object | string | Buffer,
  { authorization = BEARER, site = OWN, type = 'application/json', ...headers }: Record<string, string> = {},
): Send {
  return (agent) => {
    const test = agent[verb](path).set(headers)
    if (authorization !== '') void test.set('Authorization', authorization)
    if (site !== '') void test.set('x-site-context', site)
    if (body === undefined) return test
    if (type !== '') void test.set('Content-Type', type)
    // Bytes go out as they are; an object or a text would be given a type and a form.
    if (Buffer.isBuffer(body)) test.write(body)
    else void test.send(body)
    return test
  }
}

const querying = (body: object | string | Buffer, headers: Record<string, string> = {}): Send => call('post', QUERY, body, headers)
const cancelling = (ids: string, headers: Record<string, string> = {}): Send => call('put', `${BASE}/cancel/${ids}`, undefined, headers)

/** Every place names a line of the document in which the rule stands. */
function expectPlaces(issues: readonly Issue[]): void {
  for (const { place } of issues) {
    if (!place) continue
    expect(place.file).toBe('oms-allocations.yaml')
    const key = place.pointer.slice(place.pointer.lastIndexOf('/') + 1).replaceAll('~1', '/')
    const line = SPEC[(place.line ?? 0) - 1]
    // A parameter stands in a list, where its name is on the first line.
    if (/^\d+$/.test(key)) expect(line).toContain('- name:')
    else expect(line).toContain(`${key}:`)
  }
}

/** Sends what has to be refused, and finds it refused in full: named, explained, and with nothing changed. */
async function refused(send: Send, { on = mock, session = ownSession() } = {}): Promise<Refusal> {
  const reader = omsClient(on, { session })
  const before = await reader.get()
  const { total } = await on.session(session).entities({ changed: true })
  const count = Number(before.headers['mock-request-id']?.slice(session.length + 1)) + 1
  const answer = await send(request(on.app)).set('Mock-Session', session)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expect(answer.headers['mock-session']).toBe(session)
  expect(answer.headers['mock-request-id']).toBe(`${session}-${count}`)
  const explain = new URL(answer.headers['mock-explain'] ?? '').pathname
  expect(explain).toBe(`/__mock/requests/${session}-${count}`)
  const { body: entry }: { body: Entry } = await request(on.app).get(explain).expect(200)
  expect(entry).toMatchObject({ id: `${session}-${count}`, session, status: answer.status })
  const { problem } = entry
  expect(problem).toMatchObject({ code: expect.any(String), title: expect.any(String), detail: expect.stringMatching(/./) })
  const issues = problem?.issues ?? []
  expectPlaces(issues)
  expect(await on.session(session).entities({ changed: true })).toMatchObject({ total })
  const after = await reader.get()
  expect(after.status).toBe(before.status)
  expect(after.body).toEqual(before.body)
  return { code: '', title: '', detail: '', ...problem, answer, body: answer.body, entry, at: issues.map(({ at }) => at) }
}

/** Sends what has to be accepted. */
async function accepted(send: Send, { on = mock, session = ownSession() } = {}): Promise<{ body: unknown; ids: unknown[]; entry: Entry }> {
  const answer = await send(request(on.app)).set('Mock-Session', session)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  expect(answer.headers['mock-session']).toBe(session)
  expect(answer.headers['mock-request-id']).toMatch(`${session}-`)
  expect(answer.headers).not.toHaveProperty('mock-explain')
  const [entry] = await on.session(session).requests()
  const found = [answer.body].flat() as { allocationId: string }[]
  return { body: answer.body, ids: found.map(({ allocationId }) => allocationId), entry: entry as unknown as Entry }
}

/** The three operations, with the same headers. */
const each = (headers: Record<string, string>): Send[] => [
  call('get', READ, undefined, headers),
  call('put', CANCEL, undefined, headers),
  call('post', QUERY, {}, headers),
]

describe('credentials', () => {
  it.each([
    ['none', '', 'there is no authorization header'],
    ['another scheme', 'Token 1234567890', 'authorization header'],
    ['another scheme with the word that is refused', 'Token invalid', 'authorization header'],
    ['a scheme that only begins alike', 'Bearers any', 'authorization header'],
    ['a token without a scheme', 'any', 'authorization header'],
    ['a colon in place of the space', 'Bearer:any', 'authorization header'],
    ['an empty token', 'Bearer ', 'authorization header'],
    ['an empty header', ' ', 'authorization header'],
  ])('%s is 401 with the scheme to send', async (_name, authorization, said) => {
    for (const send of each({ authorization })) {
      const { answer, body, code, detail, fix } = await refused(send)
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(body).toEqual({ message: detail })
      expect({ code, fix }).toEqual({ code: 'credentials-missing', fix: 'send Authorization: Bearer <token>' })
      expect(detail).toContain(said)
    }
  })

  it('an empty token is not called a missing scheme', async () => {
    const { detail } = await refused(call('get', READ, undefined, { authorization: 'Bearer ' }))
    expect(detail).not.toContain('no scheme')
  })

  it.each(['Bearer invalid', 'bearer invalid', 'BEARER   invalid'])('%s is refused by its value', async (authorization) => {
    for (const send of each({ authorization })) {
      const { answer, body, code, detail, fix } = await refused(send)
      expect([answer.status, answer.headers['www-authenticate'], body]).toEqual([401, 'Bearer', { message: detail }])
      expect(code).toBe('credentials-refused')
      expect(fix).toContain('Authorization: Bearer')
    }
  })

  it.each(['Basic c2VzYW1l', 'c2VzYW1l', 'Bearer:c2VzYW1l'])(
    '%s is not repeated to whoever reads the explanation',
    async (authorization) => {
      const { answer, entry } = await refused(call('get', READ, undefined, { authorization }))
      expect(answer.text + JSON.stringify(entry)).not.toContain('c2VzYW1l')
    },
  )

  it('the scheme may be written in any case', async () => {
    expect((await accepted(cancelling(ALLOCATION, { authorization: 'bEARER 0' }))).ids).toEqual([ALLOCATION])
  })
})

describe('paths', () => {
  it.each<[string, string]>([
    ['/api/v2', 'the nearest are POST /api/v2/allocation/ (oms-allocations), GET /api/v2/order/ (oms-allocations)'],
    ['/api/v2/', 'the nearest are POST /api/v2/allocation/ (oms-allocations), GET /api/v2/order/ (oms-allocations)'],
    ['/api/v2/allocations/x', 'the nearest is PUT /api/v2/allocation/{allocationId} (oms-allocations)'],
    [`${READ}/`, 'the nearest is PUT /api/v2/allocation/{allocationId} (oms-allocations)'],
    [`${CANCEL}/`, 'the nearest is PUT /api/v2/allocation/cancel/{allocationIds} (oms-allocations)'],
    [`${QUERY}/`, 'the nearest is POST /api/v2/allocation/query (oms-allocations)'],
    [`${READ}/items`, 'the nearest is PUT /api/v2/allocation/{allocationId} (oms-allocations)'],
    [`${BASE}/cancel/a/b`, 'the nearest is PUT /api/v2/allocation/cancel/{allocationIds} (oms-allocations)'],
    ['/api/v2//allocation/x', 'the nearest is PUT /api/v2/allocation/{allocationId} (oms-allocations)'],
    ['/api/v2/ALLOCATION/x', 'the nearest is PUT /api/v2/allocation/{allocationId} (oms-allocations)'],
  ])('%s leads nowhere', async (path, nearest) => {
    for (const authorization of [BEARER, '']) {
      const { answer, body, code, detail, fix } = await refused(call('put', path, undefined, { authorization, site: '' }))
      expect([answer.status, body, code]).toEqual([404, { message: detail }, 'route-unknown'])
      expect(detail).toContain(path)
      expect(fix).toContain(nearest)
    }
  })

  it.each(['%', '%z', '%zz', '%E2%82', '%FF', '%C0%AE', '%ED%A0%80', `${ALLOCATION},%`])('%s does not decode', async (id) => {
    for (const send of [call('get', `${BASE}/${id}`), call('put', `${BASE}/cancel/${id}`)]) {
      const { answer, body, code, detail, fix } = await refused(send)
      expect([answer.status, body, code]).toEqual([400, detail, 'path-undecodable'])
      expect(fix).toContain('%25')
    }
  })

  it('a query that does not decode is one that the document does not declare', async () => {
    const { entry } = await accepted(call('get', `${READ}?a=%zz&%zz=%&=&&__proto__[polluted]=1`))
    expect(entry.warnings?.map(({ at }) => at)).toEqual(['/query/a', '/query/%zz', '/query/__proto__[polluted]'])
    expect({}).not.toHaveProperty('polluted')
  })

  it('a letter may be percent-encoded', async () => {
    expect((await accepted(call('get', `/api/v2/%61llocation/${ALLOCATION}`))).ids).toEqual([ALLOCATION])
    expect((await accepted(call('put', `/api/v2/allocation/%63ancel/${ALLOCATION}`))).ids).toEqual([ALLOCATION])
  })

  it.each<[Verb, string, string]>([
    ['get', CANCEL, 'PUT'],
    ['post', CANCEL, 'PUT'],
    ['patch', CANCEL, 'PUT'],
    ['delete', CANCEL, 'PUT'],
    ['options', CANCEL, 'PUT'],
    ['post', READ, 'GET, PUT, HEAD'],
    ['patch', READ, 'GET, PUT, HEAD'],
    ['delete', READ, 'GET, PUT, HEAD'],
    ['options', READ, 'GET, PUT, HEAD'],
  ])('%s %s is not allowed, but %s', async (verb, path, allowed) => {
    const { answer, body, code, detail, fix } = await refused(call(verb, path))
    expect([answer.status, answer.headers['allow'], code]).toEqual([405, allowed, 'method-unknown'])
    expect(body).toEqual({ message: detail })
    expect(detail).toBe(`Method "${verb.toUpperCase()}" not allowed.`)
    expect(fix).toContain(allowed)
  })

  it.each<Verb>(['put', 'patch', 'delete', 'options'])('%s on the query is not allowed', async (verb) => {
    const { answer, code } = await refused(call(verb, QUERY))
    expect([answer.status, code]).toEqual([405, 'method-unknown'])
    expect(answer.headers['allow']).toContain('POST')
  })

  it('HEAD is called HEAD where it is refused', async () => {
    const { answer, detail, entry } = await refused(call('head', CANCEL))
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'PUT'])
    expect(detail).toBe('Method "HEAD" not allowed.')
    expect(entry.method).toBe('HEAD')
  })
})

describe('x-site-context', () => {
  const schema = '/components/schemas/SiteContext'
  const parameter = '/components/parameters/SiteContext'
  const rows: [string, string, string, string, string][] = [
    ['absent', '', '', 'required', parameter],
    ['no JSON', `account=${ACCOUNT}`, '', 'syntax', parameter],
    ['the account alone', ACCOUNT, '', 'syntax', parameter],
    ['cut off', OWN.slice(0, -1), '', 'syntax', parameter],
    ['in single quotes', OWN.replaceAll('"', "'"), '', 'syntax', parameter],
    ['encoded for a query', encodeURIComponent(OWN), '', 'syntax', parameter],
    ['encoded in Base64', Buffer.from(OWN).toString('base64'), '', 'syntax', parameter],
    ['there twice', `${OWN}, ${OWN}`, '', 'syntax', parameter],
    ['blank', ' ', '', 'syntax', parameter],
    ['with an account twice', `{"account":"${NOBODY}",${OWN.slice(1)}`, '', 'syntax', parameter],
    ['with an account twice, once escaped', `{"\\u0061ccount":"${NOBODY}",${OWN.slice(1)}`, '', 'syntax', parameter],
    ['with a prototype', `{"__proto__":{"polluted":1},${OWN.slice(1)}`, '', 'syntax', parameter],
    ['with a prototype, escaped', `{"\\u005f_proto__":{"polluted":1},${OWN.slice(1)}`, '', 'syntax', parameter],
    ['nested too deep', '['.repeat(3_000) + ']'.repeat(3_000), '', 'syntax', parameter],
    ['null', 'null', '', 'type', `${schema}/type`],
    ['a number', '12', '', 'type', `${schema}/type`],
    ['a text', '"x"', '', 'type', `${schema}/type`],
    ['a list', `[${OWN}]`, '', 'type', `${schema}/type`],
    ['an empty object', '{}', '/account', 'required', `${schema}/required`],
    ['without its account', '{"stage":"production","Account":"x"}', '/account', 'required', `${schema}/required`],
    ['of null for an account', '{"account":null}', '/account', 'type', `${schema}/properties/account/type`],
    ['of a number for an account', '{"account":123456789012345678901234}', '/account', 'type', `${schema}/properties/account/type`],
    ['of a short account', context({ account: ACCOUNT.slice(1) }), '/account', 'minLength', `${schema}/properties/account/minLength`],
    ['of no account', '{"account":""}', '/account', 'minLength', `${schema}/properties/account/minLength`],
    ['of a long account', context({ account: `${ACCOUNT}x` }), '/account', 'maxLength', `${schema}/properties/account/maxLength`],
    ['of a channel between', context({ account: ACCOUNT, channel: 12.5 }), '/channel', 'type', `${schema}/properties/channel/type`],
    ['of a channel of null', context({ account: ACCOUNT, channel: null }), '/channel', 'type', `${schema}/properties/channel/type`],
    ['of channels', context({ account: ACCOUNT, channel: [12] }), '/channel', 'type', `${schema}/properties/channel/type`],
    ['of a stage of nothing', context({ account: ACCOUNT, stage: '' }), '/stage', 'minLength', `${schema}/properties/stage/minLength`],
    ['of a stage of null', context({ account: ACCOUNT, stage: null }), '/stage', 'type', `${schema}/properties/stage/type`],
    ['of a stage that is a number', context({ account: ACCOUNT, stage: 1 }), '/stage', 'type', `${schema}/properties/stage/type`],
    ['of a day for a time', context({ account: ACCOUNT, date: '2023-01-01' }), '/date', 'format', `${schema}/properties/date/format`],
    [
      'of a day that is none',
      context({ account: ACCOUNT, date: '2023-02-30T00:00:00Z' }),
      '/date',
      'format',
      `${schema}/properties/date/format`,
    ],
    ['of a number for a time', context({ account: ACCOUNT, date: 1672531200 }), '/date', 'type', `${schema}/properties/date/type`],
  ]

  it.each(rows)('%s', async (_name, site, member, rule, pointer) => {
    for (const send of each({ site })) {
      const { answer, body, code, detail, issues = [] } = await refused(send)
      expect([answer.status, code]).toEqual([400, 'parameters-invalid'])
      const at = `/header/x-site-context${member}`
      expect(issues).toEqual([expect.objectContaining({ at, rule })])
      expect(issues[0]?.place).toMatchObject({ file: 'oms-allocations.yaml', line: expect.any(Number), pointer })
      expect(detail).toBe(`${at} ${issues[0]?.message ?? ''}`)
      const would = issues[0]?.fix === undefined ? '' : `; ${issues[0].fix}`
      expect(body).toBe(`x-site-context${member.replace('/', '.')} ${issues[0]?.message ?? ''}${would}`)
    }
  })

  it.each([
    ['once', JSON.stringify(OWN), `send x-site-context: ${OWN}`],
    ['with blanks', JSON.stringify(` ${OWN} `), `send x-site-context: ${OWN}`],
    [
      'with all it can hold',
      JSON.stringify(JSON.stringify({ account: ACCOUNT, stage: 'sandbox', channel: 12 })),
      `send x-site-context: {"account":"${ACCOUNT}","stage":"sandbox","channel":12}`,
    ],
  ])('a JSON string that holds JSON, %s: the fix is the header that would do', async (_name, site, fix) => {
    const refusal = await refused(call('get', READ, undefined, { site }))
    expect([refusal.answer.status, refusal.code, refusal.fix]).toEqual([400, 'parameters-invalid', fix])
    expect(refusal.body).toContain('JSON string that holds JSON')
    expect(refusal.issues).toEqual([expect.objectContaining({ at: '/header/x-site-context', rule: 'type', fix })])
    expect(refusal.body).toContain(fix)
    const would = fix.slice('send x-site-context: '.length)
    expect((await accepted(querying({ limit: 1 }, { site: would }))).ids).toHaveLength(1)
  })

  it('a header that is missing is shown in the fix', async () => {
    const { fix } = await refused(call('get', READ, undefined, { site: '' }))
    expect(fix).toContain('x-site-context')
  })

  it('all that is wrong is said at once', async () => {
    const site = context({ account: 'x', channel: true, stage: '', date: 'soon' })
    const { body, at } = await refused(call('get', READ, undefined, { site }))
    expect(at.toSorted()).toEqual(['account', 'channel', 'date', 'stage'].map((name) => `/header/x-site-context/${name}`))
    for (const name of ['account', 'channel', 'date', 'stage']) expect(body).toContain(`x-site-context.${name} is `)
  })

  it.each([
    ['in another case of the name', { account: ACCOUNT }, 'X-SITE-CONTEXT'],
    ['with a channel in digits', { account: ACCOUNT, channel: '12' }, 'x-site-context'],
    ['with a channel as a number', { account: ACCOUNT, channel: 12 }, 'x-site-context'],
    ['with a date', { account: ACCOUNT, date: '2023-01-01T00:00:00.000Z' }, 'x-site-context'],
    [
      'as the document shows it',
      { date: '2023-01-01T00:00:00.000Z', channel: 12, account: ACCOUNT, stage: 'production' },
      'x-site-context',
    ],
  ])('is taken %s', async (_name, value, header) => {
    const { ids } = await accepted(call('get', READ, undefined, { site: '', [header]: JSON.stringify(value) }))
    expect(ids).toEqual([ALLOCATION])
  })

  it.each([
    ['another account', { account: 'x'.repeat(24) }, ALLOCATION],
    ['another channel', { account: ACCOUNT, channel: 13 }, ALLOCATION],
    ['an account named like a prototype', { account: '__proto__'.padEnd(24, '_') }, ALLOCATION],
    ['a stage named like a prototype', { account: 'x'.repeat(24), stage: '__proto__' }, ALLOCATION],
  ])('%s does not have it', async (_name, value, id) => {
    const site = JSON.stringify(value)
    const read = await refused(call('get', `${BASE}/${id}`, undefined, { site }))
    expect([read.answer.status, read.body]).toEqual([400, `Allocation ${id} is not found`])
    const cancelled = await refused(cancelling(id, { site }))
    expect([cancelled.answer.status, cancelled.body]).toEqual([404, `Allocation ${id} is not found`])
  })

  it.each(['other', 'x/y', '/', '.', 'production ', 'Production', 'é', '\u{1f4e6}'])('the stage %j is kept apart', async (stage) => {
    const session = ownSession()
    const site = JSON.stringify({ account: ACCOUNT, stage }).replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    await accepted(cancelling(ALLOCATION, { site }), { session })
    const { body } = await omsClient(mock, { session }).get().expect(200)
    expect(body).toMatchObject({ statusCode: 'PENDING_PICK', version: 2 })
  })

  it.each([
    ['x', 'x/y', `y%2F${ALLOCATION}`],
    ['x', 'x/y/z', `y%2Fz%2F${ALLOCATION}`],
    ['production', 'production/', `%2F${ALLOCATION}`],
  ])('an id cannot reach from the stage %s into the stage %s', async (stage, other, id) => {
    for (const on of [mock, again]) {
      const session = ownSession()
      await accepted(cancelling(ALLOCATION, { site: JSON.stringify({ account: ACCOUNT, stage: other }) }), { on, session })
      const { answer, body, code } = await refused(cancelling(id, { site: JSON.stringify({ account: ACCOUNT, stage }) }), { on, session })
      expect([answer.status, code, body]).toEqual([404, 'allocation-unknown', `Allocation ${decodeURIComponent(id)} is not found`])
    }
  })
})

describe('allocation ids', () => {
  it.each([
    ['short', ALLOCATION.slice(1), 'minLength'],
    ['one character', '1', 'minLength'],
    ['long', `${ALLOCATION}0`, 'maxLength'],
    ['two', `${ALLOCATION},${NOBODY}`, 'maxLength'],
    ['very long', 'f'.repeat(900), 'maxLength'],
  ])('a read of an id that is %s', async (_name, id, rule) => {
    const { answer, body, code, at, issues = [] } = await refused(call('get', `${BASE}/${id}`))
    expect([answer.status, code, at]).toEqual([400, 'parameters-invalid', ['/path/allocationId']])
    expect(body).toBe(`allocationId ${issues[0]?.message ?? ''}`)
    expect(issues).toEqual([expect.objectContaining({ rule, wanted: 24, value: id })])
    expect(issues[0]?.place?.pointer).toBe(`/paths/~1allocation~1{allocationId}/parameters/1/schema/${rule}`)
  })

  it.each([
    ['of nobody', NOBODY],
    ['in upper case', ALLOCATION.toUpperCase()],
    ['of other letters', 'z'.repeat(24)],
    ['with an encoded slash', `${ALLOCATION.slice(2)}%2F0`],
    ['with a null character', `${ALLOCATION.slice(1)}%00`],
    ['with a line break', `${ALLOCATION.slice(1)}%0A`],
    ['of characters beyond ASCII', '%C3%A9'.repeat(24)],
    ['of a prototype', '__proto__'.padEnd(24, '_')],
  ])('a read of an id %s', async (_name, id) => {
    const { answer, body, code, fix } = await refused(call('get', `${BASE}/${id}`))
    expect([answer.status, body, code]).toEqual([400, `Allocation ${decodeURIComponent(id)} is not found`, 'allocation-unknown'])
    expect(fix).toContain('/examples')
  })

  const empty = 'An allocation id is empty'
  it.each([
    ['nothing', '', [empty]],
    ['a comma', ',', [empty]],
    ['commas', ',,,', [empty]],
    ['an empty one before', `,${ALLOCATION}`, [empty]],
    ['an empty one between', `${ALLOCATION},,${ALLOCATION}`, [empty]],
    ['an empty one behind', `${ALLOCATION},`, [empty]],
    ['one of nobody', NOBODY, [`Allocation ${NOBODY} is not found`]],
    ['one of nobody behind a good one', `${ALLOCATION},${NOBODY}`, [`Allocation ${NOBODY} is not found`]],
    ['one in upper case', ALLOCATION.toUpperCase(), [`Allocation ${ALLOCATION.toUpperCase()} is not found`]],
    ['a short one', `${ALLOCATION},1`, ['Allocation 1 is not found']],
    ['a blank before one', `%20${ALLOCATION}`, [`Allocation  ${ALLOCATION} is not found`]],
    ['a semicolon between', `${ALLOCATION};${ALLOCATION}`, [`Allocation ${ALLOCATION};${ALLOCATION} is not found`]],
    ['an encoded comma', `${ALLOCATION}%2C${ALLOCATION}`, [`Allocation ${ALLOCATION},${ALLOCATION} is not found`]],
    ['an encoded comma in lower case', `${ALLOCATION}%2c`, [`Allocation ${ALLOCATION}, is not found`]],
    ['an encoded slash', `a%2Fb,${ALLOCATION}`, ['Allocation a/b is not found']],
    ['a percent sign', '%25,%2525', ['Allocation % is not found', 'Allocation %25 is not found']],
    ['a prototype', '__proto__,constructor', ['Allocation __proto__ is not found', 'Allocation constructor is not found']],
    [
      'many things wrong',
      `${NOBODY},,x,${ALLOCATION},${NOBODY},`,
      [`Allocation ${NOBODY} is not found`, empty, 'Allocation x is not found'],
    ],
  ])('a cancellation of %s', async (_name, ids, said) => {
    const { answer, body, code, detail, issues, fix } = await refused(cancelling(ids))
    expect([answer.status, code]).toEqual([404, 'allocation-unknown'])
    expect([body, detail]).toEqual([said[0], said[0]])
    expect(issues?.map(({ at, rule, message }) => [at, rule, message])).toEqual(
      said.map((message) => ['/path/allocationIds', 'allocation-unknown', message]),
    )
    expect(fix).toContain('/examples')
  })

  it('an id that is there twice counts once', async () => {
    const { ids, entry } = await accepted(cancelling(`${ALLOCATION},${ALLOCATION},%36${ALLOCATION.slice(1)}`))
    expect(ids).toEqual([ALLOCATION])
    expect(entry).not.toHaveProperty('assumption')
  })

  it.each(['SHIPPED', 'CANCELLED'])('one that is %s has nothing left, and then the others stay', async (status) => {
    const { entities } = await mock.session('reader').entities({ kind: 'allocation', status, limit: 1 })
    const id = entities[0]?.id ?? ''
    const { answer, body, code, entry, fix } = await refused(cancelling(`${ALLOCATION},${id}`))
    expect([answer.status, code, entry.assumption]).toEqual([404, 'allocation-closed', 'oms.cancel.again'])
    expect(body).toBe(`Allocation ${id} is ${status} and has nothing left to cancel`)
    expect(fix).toMatch(/./)
  })

  describe('a hundred at once', () => {
    let hundred: string[]
    beforeAll(async () => {
      const { entities } = await mock.session('reader').entities({ kind: 'allocation', status: 'ALLOCATED', limit: 100 })
      hundred = entities.map(({ id }) => id)
    })

    it('are cancelled', async () => {
      const session = ownSession()
      expect(new Set(hundred).size).toBe(100)
      const { ids } = await accepted(cancelling(hundred.join()), { session })
      expect(ids).toEqual(hundred)
      expect(await mock.session(session).entities({ changed: true, status: 'CANCELLED' })).toMatchObject({ total: 100 })
    })

    it.each([0, 50, 99])('with one of nobody in place %i: none is', async (place) => {
      const session = ownSession()
      const { answer, body } = await refused(cancelling(hundred.with(place, NOBODY).join()), { session })
      expect([answer.status, body]).toEqual([404, `Allocation ${NOBODY} is not found`])
      const { entities } = await mock.session(session).entities({ kind: 'allocation', status: 'ALLOCATED', limit: 100 })
      expect(entities.map(({ id }) => id)).toEqual(hundred)
    })

    it('of nobody: each is named', async () => {
      const { at } = await refused(cancelling(hundred.map((id) => id.replaceAll(/[a-f]/g, 'x')).join()))
      expect(at).toHaveLength(100)
    })
  })

  it('the same id five hundred times is one', async () => {
    expect((await accepted(cancelling(Array.from({ length: 500 }, () => ALLOCATION).join()))).ids).toEqual([ALLOCATION])
  })

  it.each<[string, string | Buffer, Record<string, string>]>([
    ['no JSON', '{', {}],
    ['text', 'cancel', { type: 'text/plain' }],
    ['without a type', Buffer.from('x'), { type: '' }],
    ['encoded', gzipSync('{}'), { 'Content-Encoding': 'gzip' }],
    ['no UTF-8', Buffer.from([0xff, 0xfe]), {}],
    ['too large', 'x'.repeat(LIMIT + 1), {}],
    ['a prototype', '{"__proto__":{"polluted":1}}', {}],
  ])('a cancellation does not read its body: %s', async (_name, body, headers) => {
    const { ids } = await accepted(call('put', CANCEL, body, headers), { on: small })
    expect(ids).toEqual([ALLOCATION])
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('queries that cannot be read', () => {
  const good = '{"limit":1}'
  const deep = 100_000
  it.each<[string, string | Buffer, string]>([
    ['blanks', ' \n\t ', 'empty'],
    ['the beginning of one', '{"limit":', 'JSON'],
    ['two', good + good, 'JSON'],
    ['one with a comma too many', '{"limit":1,}', 'JSON'],
    ['one in single quotes', "{'limit':1}", 'JSON'],
    ['one with a comment', `${good}// all`, 'JSON'],
    ['undefined', 'undefined', 'JSON'],
    ['not a number', '{"limit":NaN}', 'JSON'],
    ['a byte order mark', `\ufeff${good}`, 'byte order mark'],
    ['a byte that is no UTF-8', Buffer.from('{"sortBy":"\xff"}', 'latin1'), 'UTF-8'],
    ['half a character', Buffer.from([0x7b, 0x7d, 0xe2, 0x82]), 'UTF-8'],
    ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), 'UTF-8'],
    ['gzip that does not say so', gzipSync(good), 'UTF-8'],
    ['brackets without end', '['.repeat(deep), 'JSON'],
    ['brackets in brackets', '['.repeat(deep) + ']'.repeat(deep), 'nested deeper'],
    ['filters in filters', `{"filters":${'{"items":'.repeat(deep)}1${'}'.repeat(deep)}}`, 'nested deeper'],
    ['a name twice', '{"limit":1,"limit":2}', 'twice'],
    ['a name twice, once escaped', '{"limit":1,"l\\u0069mit":1}', 'twice'],
    ['a filter twice', '{"filters":{"poNumber":"1","poNumber":"1125"}}', 'twice'],
    ['a prototype', '{"__proto__":{"limit":1}}', '__proto__'],
    ['a prototype as a filter', '{"filters":{"items":{"__proto__":{"polluted":1}}}}', '__proto__'],
    ['a prototype, escaped', '{"\\u005f_proto__":{"limit":1}}', '__proto__'],
    ['a prototype as a filter, escaped', '{"filters":{"items":{"__pr\\u006fto__":{"polluted":1}}}}', '__proto__'],
  ])('%s', async (_name, sent, said) => {
    const { answer, body, code, detail, fix, issues } = await refused(querying(sent))
    expect([answer.status, code, body]).toEqual([400, 'body-unreadable', detail])
    expect(detail).toContain(said)
    expect(fix).toMatch(/./)
    expect(issues).toEqual([expect.objectContaining({ at: '/body', rule: 'syntax', fix })])
    expect(issues?.[0]?.place).toMatchObject({ pointer: '/paths/~1allocation~1query/post/requestBody', line: expect.any(Number) })
    expect({}).not.toHaveProperty('polluted')
  })

  it.each([' ', '\ufeff{}'])('whoever reads %j refused learns that the body is meant', async (sent) => {
    const { body } = await refused(querying(sent))
    expect(body).toContain('body')
  })

  it.each([
    'text/plain',
    'text/json',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/vnd.api+json',
    'application/jsonp',
  ])('one of the type %s', async (type) => {
    const { answer, body, code, detail, fix } = await refused(querying(good, { type }))
    expect([answer.status, code, body]).toEqual([415, 'media-type-unsupported', { message: detail }])
    expect(detail).toContain(type)
    expect(fix).toBe('send Content-Type: application/json')
  })

  it('one without a type', async () => {
    const { answer, body } = await refused(querying(Buffer.from(good), { type: '' }))
    expect([answer.status, body]).toEqual([415, { message: 'the request has no Content-Type' }])
  })

  it('bytes of another type are refused for the type', async () => {
    expect((await refused(querying(Buffer.from([0x89, 0xff]), { type: 'image/png' }))).answer.status).toBe(415)
  })

  it.each(['compress', 'nonsense', 'gzip, compress'])('one encoded as %s', async (encoding) => {
    const { answer, body, code, detail } = await refused(querying(gzipSync(good), { 'Content-Encoding': encoding }))
    expect([answer.status, code, body]).toEqual([415, 'media-type-unsupported', { message: detail }])
    expect(detail).toContain(encoding)
  })

  it.each([
    ['of a byte too many', () => querying(good.padEnd(LIMIT + 1))],
    ['that does not say how long it is', () => querying(Buffer.from(good.padEnd(LIMIT + 1)))],
    ['of ten million bytes', () => querying(good.padEnd(10_000_000))],
    ['of brackets', () => querying('['.repeat(deep))],
  ])('one %s', async (_name, send) => {
    const { answer, body, code, detail } = await refused(send(), { on: small })
    expect([answer.status, code, body]).toEqual([413, 'body-too-large', { message: detail }])
    expect(detail).toContain(String(LIMIT))
    expect(answer.headers['connection']).toBe('close')
  })

  it('the fix for one that is too large is no other API’s', async () => {
    const { fix } = await refused(querying(good.padEnd(LIMIT + 1)), { on: small })
    expect(fix).not.toContain('line items')
  })

  it('one of as many bytes as may be is read, and so is none', async () => {
    expect((await accepted(querying(good.padEnd(LIMIT)), { on: small })).ids).toHaveLength(1)
    expect((await accepted(call('post', QUERY), { on: small })).ids).toHaveLength(10)
  })
})

describe('queries that do not fit', () => {
  it.each([
    ['a limit of 0', '{"limit":0}', 'limit', 'minimum'],
    ['a limit of 101', '{"limit":101}', 'limit', 'maximum'],
    ['a limit below 0', '{"limit":-1}', 'limit', 'minimum'],
    ['a limit between', '{"limit":1.5}', 'limit', 'type'],
    ['a limit in digits', '{"limit":"10"}', 'limit', 'type'],
    ['a limit of null', '{"limit":null}', 'limit', 'type'],
    ['a limit of true', '{"limit":true}', 'limit', 'type'],
    ['a limit beyond all numbers', '{"limit":1e999}', 'limit', 'type'],
    ['an offset below 0', '{"offset":-1}', 'offset', 'minimum'],
    ['an offset between', '{"offset":0.1}', 'offset', 'type'],
    ['an offset in digits', '{"offset":"0"}', 'offset', 'type'],
    ['an offset of null', '{"offset":null}', 'offset', 'type'],
    ['a sortBy that is a number', '{"sortBy":5}', 'sortBy', 'type'],
    ['a sortBy that is a list', '{"sortBy":["updatedAt"]}', 'sortBy', 'type'],
    ['a direction of nobody', '{"sortDirection":"up"}', 'sortDirection', 'enum'],
    ['a direction in upper case', '{"sortDirection":"ASC"}', 'sortDirection', 'enum'],
    ['filters that are a list', '{"filters":[]}', 'filters', 'type'],
    ['filters that are text', '{"filters":"statusCode"}', 'filters', 'type'],
    ['filters of null', '{"filters":null}', 'filters', 'type'],
  ])('%s', async (_name, sent, member, rule) => {
    const { answer, body, code, issues = [] } = await refused(querying(sent))
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    expect(issues).toEqual([expect.objectContaining({ at: `/body/${member}`, rule })])
    expect(issues[0]?.place?.pointer).toBe(`/components/schemas/AllocationQuery/properties/${member}/${rule}`)
    expect(body).toBe(`${member} ${issues[0]?.message ?? ''}`)
  })

  it.each(['null', '[]', '5', '"x"', 'true'])('%s', async (sent) => {
    const { answer, body, at } = await refused(querying(sent))
    expect([answer.status, at]).toEqual([400, ['/body']])
    expect(body).toMatch(/^body is /)
  })

  it('all that is wrong is said at once', async () => {
    const { body, at } = await refused(querying({ limit: 0, offset: -1, sortBy: 5, sortDirection: 'up', filters: [] }))
    expect(at.toSorted()).toEqual(['filters', 'limit', 'offset', 'sortBy', 'sortDirection'].map((name) => `/body/${name}`))
    for (const name of ['filters', 'limit', 'offset', 'sortBy', 'sortDirection']) expect(body).toContain(`${name} is `)
  })

  it.each([
    ['statuscode', 'statusCode'],
    ['status', 'statusCode'],
    ['_id', ''],
    ['', ''],
    ['items.sku', ''],
    ['auditLog', 'auditLogs'],
    ['constructor', ''],
    ['toString', ''],
    ['hasOwnProperty', ''],
    ['é', ''],
  ])('the member %j is none of an allocation', async (name, meant) => {
    for (const [sent, at] of [
      [{ filters: { [name]: 1 } }, `/body/filters/${name}`],
      [{ sortBy: name }, '/body/sortBy'],
    ] as const) {
      const refusal = await refused(querying(sent))
      expect([refusal.answer.status, refusal.code, refusal.at]).toEqual([400, 'request-invalid', [at]])
      expect(refusal.detail).toContain(`"${name}"`)
      expect(refusal.body).toContain(refusal.detail)
      expect(refusal.fix).toContain(meant)
    }
  })

  it('an unknown member is pointed at as JSON pointers are written', async () => {
    expect((await refused(querying({ filters: { 'a/b~c': 1 } }))).at).toEqual(['/body/filters/a~1b~0c'])
  })

  it('all unknown members are said at once', async () => {
    const { at } = await refused(querying({ filters: { one: 1, statusCode: 'SHIPPED', two: 2 }, sortBy: 'three' }))
    expect(at.toSorted()).toEqual(['/body/filters/one', '/body/filters/two', '/body/sortBy'])
  })

  it('a name as long as a body is not repeated in full', async () => {
    const { answer, entry } = await refused(querying({ filters: { ['x'.repeat(100_000)]: 1 } }))
    expect(answer.text.length).toBeLessThan(1_000)
    expect(JSON.stringify(entry.problem).length).toBeLessThan(3_000)
  })

  it.each([
    ['nobody has', { statusCode: 'LOST' }],
    ['of another type', { version: '2' }],
    ['of another type still', { poNumber: 1125 }],
    ['a list of nothing', { statusCode: [] }],
    ['an object for a text', { poNumber: { deep: { deeper: 1 } } }],
    ['a range of nothing', { updatedAt: { gte: null } }],
    ['a range that is turned round', { updatedAt: { gte: '2026-01-01T00:00:00Z', lt: '2025-01-01T00:00:00Z' } }],
    ['a range of a time that is none', { updatedAt: { gte: 'soon' } }],
    ['a prototype’s member', { items: { toString: 1 } }],
    ['an empty object in a list', { recipient: { name: { toString: {} } } }],
    ['stars and a letter that is not there', { allocationNum: `${'*0'.repeat(400)}*` }],
    ['stars before what is not there', { allocationNum: `${'*'.repeat(900)}z` }],
    ['many texts that are none', { allocationNum: Array.from({ length: 200 }, (_, index) => `*q${index}*`) }],
  ])('a filter on %s finds nothing', async (_name, filters) => {
    const { answer, body, code, entry, fix } = await refused(querying({ filters }))
    expect([answer.status, code, entry.assumption]).toEqual([404, 'allocations-none', 'oms.query.none'])
    expect(typeof body).toBe('string')
    expect(fix).toBe('widen the filters')
  })

  it.each(['*', '**', '*'.repeat(999), 'xxyyzz*', '*yy*', 'x*x*y*y*z*z*1*2*3*4*5', `${'*'.repeat(99)}xxyyzz12345${'*'.repeat(99)}`])(
    'stars stand for any text (%#)',
    async (pattern) => {
      const { ids } = await accepted(querying({ filters: { allocationNum: pattern, poNumber: '1125' } }))
      expect(ids).toEqual([ALLOCATION])
    },
  )

  it.each([
    ['a text beyond a thousand characters', { allocationNum: '*0'.repeat(30_000) }],
    ['more than five hundred values', { statusCode: Array.from({ length: 20_000 }, () => 'SHIPPED') }],
  ])('%s would hold up everybody else', async (_name, filters) => {
    const { answer, code, at } = await refused(querying({ filters }))
    expect([answer.status, code, at]).toEqual([400, 'request-invalid', ['/body/filters']])
  })

  it('patterns that would take long together are too many', async () => {
    const patterns = Array.from({ length: 400 }, (_, index) => `*${index}*`.padEnd(60, '*1'))
    const { answer, at } = await refused(querying({ filters: { poNumber: patterns } }))
    expect([answer.status, at]).toEqual([400, ['/body/filters']])
  })

  it('the literal path wins, also where it lacks the method', async () => {
    const { answer, code } = await refused(call('get', `${BASE}/query`))
    expect([answer.status, code, answer.headers['allow']]).toEqual([405, 'method-unknown', 'POST'])
  })

  it('an offset behind the last one finds nothing more', async () => {
    for (const offset of ['1000', '9007199254740993', '1e300']) expect((await accepted(querying(`{"offset":${offset}}`))).body).toEqual([])
  })
})

describe('what the document does not declare', () => {
  const added: [string, object, string][] = [
    ['beside the filters', { limit: 1, note: 1 }, '/body/note'],
    ['with a slash in its name', { limit: 1, 'a/b~c': 1 }, '/body/a~1b~0c'],
    ['with an empty name', { limit: 1, '': null }, '/body/'],
    ['named like an index', { limit: 1, 4294967295: 1 }, '/body/4294967295'],
    ['named like a method', { limit: 1, toString: 1 }, '/body/toString'],
  ]

  it.each(added)('%s is taken, with a warning', async (_name, body, at) => {
    const { entry, ids } = await accepted(querying(body))
    expect(ids).toHaveLength(1)
    expect(entry.warnings).toEqual([expect.objectContaining({ at, rule: 'undeclared', fix: expect.stringContaining('leave it out') })])
  })

  it.each(added)('%s is refused by who is strict', async (_name, sent, at) => {
    const { answer, body, code, issues, fix } = await refused(querying(sent), { on: strict })
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    expect(issues).toEqual([expect.objectContaining({ at, rule: 'undeclared' })])
    expect(body).toContain('declares no')
    expect(fix).toContain('leave it out')
  })

  it('a query parameter is taken with a warning, and refused by who is strict', async () => {
    for (const send of [call('get', `${READ}?a%2Fb=1`), call('put', `${CANCEL}?a%2Fb=1`), call('post', `${QUERY}?a%2Fb=1`)]) {
      expect((await accepted(send)).entry.warnings?.map(({ at }) => at)).toEqual(['/query/a~1b'])
      const { answer, code } = await refused(send, { on: strict })
      expect([answer.status, code]).toEqual([400, 'parameters-invalid'])
    }
  })

  it('a member of x-site-context is taken with a warning, and refused by who is strict', async () => {
    const site = JSON.stringify({ account: ACCOUNT, tenant: 1 })
    for (const send of each({ site })) {
      expect((await accepted(send)).entry.warnings?.map(({ at }) => at)).toEqual(['/header/x-site-context/tenant'])
      expect((await refused(send, { on: strict })).at).toEqual(['/header/x-site-context/tenant'])
    }
  })

  it('who is strict still takes what is declared', async () => {
    const filters = { items: { sku: '123k4h123k', any: { thing: 1 } } }
    expect(
      (await accepted(querying({ filters: { poNumber: '1125' }, limit: 10, offset: 0, sortBy: 'updatedAt' }), { on: strict })).ids,
    ).toEqual([ALLOCATION])
    expect((await refused(querying({ filters }), { on: strict })).code).toBe('allocations-none')
    expect((await accepted(cancelling(ALLOCATION), { on: strict })).entry).not.toHaveProperty('warnings')
  })
})

describe('the order of checks', () => {
  const nothing = { authorization: '', site: '', type: 'text/plain' }
  const bearer = { ...nothing, authorization: BEARER }
  it.each<[string, number, Send]>([
    ['a path of nobody', 404, call('patch', '/api/v2/nope', '{', nothing)],
    ['a path that does not decode', 400, call('patch', `${BASE}/%zz`, '{', nothing)],
    ['the wrong verb', 405, call('patch', QUERY, '{', nothing)],
    ['the wrong verb for an id that is none', 405, call('patch', `${BASE}/x`, '{', nothing)],
    ['no credentials', 401, call('post', QUERY, '{', nothing)],
    ['no credentials for an id that is none', 401, call('get', `${BASE}/x`, undefined, nothing)],
    ['no header', 400, call('post', QUERY, '{', bearer)],
    ['the wrong media type', 415, call('post', QUERY, '{', { type: 'text/plain' })],
    ['a body that cannot be read', 400, call('post', QUERY, '{')],
  ])('%s is %i', async (_name, status, send) => {
    expect((await refused(send)).answer.status).toBe(status)
  })

  it('the header comes before the body, and both before what is not there', async () => {
    expect((await refused(call('post', QUERY, '{', { site: '' }))).at).toEqual(['/header/x-site-context'])
    expect((await refused(call('post', QUERY, '{'))).code).toBe('body-unreadable')
    expect((await refused(cancelling(NOBODY, { site: '' }))).code).toBe('parameters-invalid')
    expect((await refused(call('post', QUERY, 'x'.repeat(LIMIT + 1), { site: '' }), { on: small })).code).toBe('parameters-invalid')
  })

  it('a header and an id that are wrong are said together', async () => {
    const { at } = await refused(call('get', `${BASE}/x`, undefined, { site: '{}' }))
    expect(at.toSorted()).toEqual(['/header/x-site-context/account', '/path/allocationId'])
  })
})

describe('what the client would rather read', () => {
  const problem = 'application/problem+json'
  it.each([
    [problem, problem],
    [`${problem}, application/json`, problem],
    [`${problem};q=0.5, application/json;q=0.4`, problem],
    ['APPLICATION/PROBLEM+JSON', problem],
    [`${problem};q=0.1, */*`, 'application/json'],
    [`application/json, ${problem}`, 'application/json'],
    ['text/html', 'application/json'],
    ['*/*', 'application/json'],
    [';;;,,', 'application/json'],
  ])('Accept: %s gets %s', async (accept, type) => {
    const { answer, code, detail, title, fix } = await refused(call('get', `${BASE}/${NOBODY}`, undefined, { Accept: accept }))
    expect(answer.headers['content-type']).toMatch(new RegExp(`^${type.replace('+', String.raw`\+`)}(;|$)`))
    expect(answer.body).toEqual(
      type === problem ? expect.objectContaining({ type: `urn:allocation-mock:${code}`, title, status: 400, detail, code, fix }) : detail,
    )
  })

  it.each<[string, Send, number, Record<string, string>]>([
    ['401', call('get', READ, undefined, { authorization: '', Accept: problem }), 401, { 'www-authenticate': 'Bearer' }],
    ['405', call('patch', READ, undefined, { Accept: problem }), 405, { allow: 'GET, PUT, HEAD' }],
    ['a path of nobody', call('get', '/api/v2/nope', undefined, { Accept: problem }), 404, {}],
    ['a header that is missing', call('get', READ, undefined, { site: '', Accept: problem }), 400, {}],
    ['a cancellation of nobody', cancelling(NOBODY, { Accept: problem }), 404, {}],
    ['a query of the wrong type', querying('{}', { type: 'text/plain', Accept: problem }), 415, {}],
    ['a query that does not fit', querying({ limit: 0 }, { Accept: problem }), 400, {}],
    ['a query for nothing', querying({ filters: { poNumber: 'x' } }, { Accept: problem }), 404, {}],
  ])('problem details: %s', async (_name, send, status, headers) => {
    const { answer, body, code, detail, issues } = await refused(send)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ ...headers, 'content-type': expect.stringContaining(problem) })
    expect(body).toMatchObject({ type: `urn:allocation-mock:${code}`, status, detail, code, ...(issues && { issues }) })
  })

  it('a text is one JSON string', async () => {
    const { answer, detail } = await refused(call('get', `${BASE}/${'%22'.repeat(24)}`))
    expect(answer.text).toBe(JSON.stringify(detail))
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })
})

describe('on the wire', () => {
  let port: number
  beforeAll(async () => void ({ port } = await mock.listen({ port: 0 })))

  /** All that comes back until the other side hangs up. */
  function speak(text: string, half = false): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const socket = connect(port, '127.0.0.1', () => (half ? socket.end(text, 'latin1') : socket.write(text, 'latin1')))
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('error', reject)
      socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')))
    })
  }
  const head = (first: string, session: string, ...more: string[]): string =>
    [first, 'Host: localhost', `Authorization: ${BEARER}`, `x-site-context: ${OWN}`, `Mock-Session: ${session}`, ...more, '', ''].join(
      '\r\n',
    )
  const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')

  /** What is left of a session: how many requests it had, what they changed, and that it still answers. */
  async function left(session: string): Promise<{ requests: number; changed: number; statusCode: unknown }> {
    const requests = await mock.session(session).requests()
    const { total } = await mock.session(session).entities({ changed: true })
    const { body } = await omsClient(mock, { session }).get().expect(200)
    return { requests: requests.length, changed: total, statusCode: body.statusCode }
  }
  const untouched = (requests: number): object => ({ requests, changed: 0, statusCode: 'PENDING_PICK' })

  it.each([
    ['a query', `POST ${QUERY} HTTP/1.1`],
    ['a cancellation, whose body nobody reads', `PUT ${CANCEL} HTTP/1.1`],
  ])('a client that goes away in the middle of %s has asked for nothing', async (_name, first) => {
    const session = ownSession()
    await speak(`${head(first, session, 'Content-Type: application/json', 'Content-Length: 5000')}{"limit":1}`, true)
    expect(await left(session)).toEqual(untouched(0))
  })

  it('a target with an origin is read by its path', async () => {
    const session = ownSession()
    const text = await speak(head(`GET https://prod01.oms.fabric.inc${READ} HTTP/1.1`, session, 'Connection: close'))
    expect(statuses(text)).toEqual(['200'])
    expect(text).toContain(`"allocationId":"${ALLOCATION}"`)
    expect(await left(session)).toEqual(untouched(1))
  })

  it('HEAD says what GET would, without a body', async () => {
    const session = ownSession()
    const got = await speak(head(`GET ${READ} HTTP/1.1`, session, 'Connection: close'))
    const [headers = '', body] = (await speak(head(`HEAD ${READ} HTTP/1.1`, session, 'Connection: close'))).split('\r\n\r\n')
    expect(body).toBe('')
    expect(headers.replace(`${session}-2`, `${session}-1`)).toBe(got.split('\r\n\r\n')[0])
    const refusal = await speak(head(`HEAD ${BASE}/${NOBODY} HTTP/1.1`, session, 'Connection: close'))
    expect(statuses(refusal)).toEqual(['400'])
    expect(refusal).toContain(`Mock-Explain: http://localhost/__mock/requests/${session}-3`)
    expect(refusal.endsWith('\r\n\r\n')).toBe(true)
  })

  it('requests in one write are answered in their order', async () => {
    const session = ownSession()
    const text = await speak(
      head(`GET ${BASE}/x HTTP/1.1`, session) +
        head(`PUT ${CANCEL} HTTP/1.1`, session) +
        head(`GET ${READ} HTTP/1.1`, session) +
        head(`PUT ${CANCEL} HTTP/1.1`, session, 'Connection: close'),
    )
    expect(statuses(text)).toEqual(['400', '200', '200', '404'])
    expect([...text.matchAll(/Mock-Request-Id: (\S+)/g)].map(([, id]) => id)).toEqual([1, 2, 3, 4].map((count) => `${session}-${count}`))
    expect(text.match(/"statusCode":"CANCELLED"/g)).toHaveLength(2)
  })

  it('a context in two headers is none', async () => {
    const session = ownSession()
    const text = await speak(head(`PUT ${CANCEL} HTTP/1.1`, session, `X-Site-Context: ${OWN}`, 'Connection: close'))
    expect(statuses(text)).toEqual(['400'])
    expect(await left(session)).toEqual(untouched(1))
  })

  it('a context in bytes is read as Node reads headers, and refused where it does not fit', async () => {
    const session = ownSession()
    const text = await speak(head(`GET ${READ} HTTP/1.1`, session, 'Connection: close').replace(OWN, '{"account":"\xe9"}'))
    expect(statuses(text)).toEqual(['400'])
    expect(text).toContain('account')
  })

  it('a path of more bytes than a request line may have is refused before it begins a session', async () => {
    const session = ownSession()
    const text = await speak(head(`PUT ${BASE}/cancel/${'a,'.repeat(10_000)} HTTP/1.1`, session, 'Connection: close'))
    expect(statuses(text)).toEqual(['431'])
    expect(await left(session)).toEqual(untouched(0))
  })

  it('a hundred cancellations of one allocation at once cancel it once', async () => {
    const session = ownSession()
    const texts = await Promise.all(Array.from({ length: 100 }, () => speak(head(`PUT ${CANCEL} HTTP/1.1`, session, 'Connection: close'))))
    expect(texts.flatMap(statuses).toSorted()).toEqual(['200', ...Array.from({ length: 99 }, () => '404')])
    expect(await left(session)).toEqual({ requests: 100, changed: 1, statusCode: 'CANCELLED' })
  })
})
