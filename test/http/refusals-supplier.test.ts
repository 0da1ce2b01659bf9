import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Issue } from '../../src/base/http.ts'
import type { Mock } from '../../src/index.ts'
import { LINE, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER, supplierClient } from '../support.ts'
import { cpuTime } from '../time.ts'
import type { Entry, Refusal, Send, Verb } from './refusal.ts'

const ALLOCATE = `/orders/allocation/${ORDER}/`
const READ = `/orders/${ORDER}/`
const SEARCH = '/orders/'
const NOBODY = '00000000-0000-4000-8000-000000000000'
const LIMIT = 2_000
const SPEC = readFileSync(new URL('../../spec/supplier-orders.yaml', import.meta.url), 'utf8').split('\n')

let mock: Mock
let strict: Mock
let small: Mock
let lenient: Mock
let redirecting: Mock
let optional: Mock
const all = (): Mock[] => [mock, strict, small, lenient, redirecting, optional]
beforeAll(async () => {
  mock = await openMock({ supplierTokens: ['second=2'], retailerTokens: ['other=2'] })
  strict = await openMock({ strict: true })
  small = await openMock({ maxBodyBytes: LIMIT })
  lenient = await openMock({ assume: { 'supplier.allocate.sum': 'off' } })
  redirecting = await openMock({ assume: { 'supplier.trailing-slash': 'redirect' } })
  optional = await openMock({ assume: { 'supplier.trailing-slash': 'optional' } })
})
afterAll(async () => void (await Promise.all(all().map((one) => one.close()))))

/** A request with an object, a text or bytes as its body. */
function call(
  verb: Verb,
  path: string,
  body?: object | string | Buffer,
  { authorization = SUPPLIER, type = 'application/json', ...headers }: Record<string, string> = {},
): Send {
  return (agent) => {
    const test = agent[verb](path).set(headers)
    if (authorization !== '') void test.set('Authorization', authorization)
    if (body === undefined) return test
    if (type !== '') void test.set('Content-Type', type)
    // Bytes go out as they are; an object or a text would be given a type and a form.
    if (Buffer.isBuffer(body)) test.write(body)
    else void test.send(body)
    return test
  }
}

const allocating = (body: object | string | Buffer, headers: Record<string, string> = {}): Send => call('put', ALLOCATE, body, headers)
const searching = (body: object | string | Buffer, headers: Record<string, string> = {}): Send => call('post', SEARCH, body, headers)

/** Every place names a line of the document in which the rule stands. */
function expectPlaces(issues: readonly Issue[]): void {
  for (const { place } of issues) {
    if (!place) continue
    expect(place.file).toBe('supplier-orders.yaml')
    const key = place.pointer.slice(place.pointer.lastIndexOf('/') + 1).replaceAll('~1', '/')
    expect(SPEC[(place.line ?? 0) - 1]).toContain(`${key}:`)
  }
}

/** Sends what has to be refused, and finds it refused in full: named, explained, and with nothing changed. */
async function refused(send: Send, { on = mock, id = ORDER, prefix = '' } = {}): Promise<Refusal> {
  const session = ownSession()
  const reader = supplierClient(on, { session })
  const before = await reader.get(id)
  const test = send(request(on.app))
  const answer = await (prefix === '' ? test.set('Mock-Session', session) : test)
  expect(answer.status).toBeGreaterThanOrEqual(301)
  expect(answer.status).toBeLessThan(500)
  expect(answer.headers['mock-session']).toBe(session)
  expect(answer.headers['mock-request-id']).toBe(`${session}-2`)
  const explain = new URL(answer.headers['mock-explain'] ?? '').pathname
  expect(explain).toBe(`/__mock/requests/${session}-2`)
  const { body: entry }: { body: Entry } = await request(on.app).get(explain).expect(200)
  expect(entry).toMatchObject({ id: `${session}-2`, session, status: answer.status })
  const { problem } = entry
  expect(problem).toMatchObject({ code: expect.any(String), title: expect.any(String), detail: expect.stringMatching(/./) })
  const issues = problem?.issues ?? []
  expectPlaces(issues)
  expect(await on.session(session).entities({ changed: true })).toMatchObject({ total: 0 })
  const after = await reader.get(id)
  expect(after.status).toBe(before.status)
  expect(after.body).toEqual(before.body)
  return { code: '', title: '', detail: '', ...problem, answer, body: answer.body, entry, at: issues.map(({ at }) => at) }
}

/** Sends what has to be accepted. */
async function accepted(send: Send, on = mock): Promise<{ body: Record<string, unknown>; line: Record<string, unknown>; entry: Entry }> {
  const session = ownSession()
  const answer = await send(request(on.app)).set('Mock-Session', session)
  expect(answer.body).not.toHaveProperty('detail')
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({ 'mock-session': session, 'mock-request-id': `${session}-1` })
  expect(answer.headers).not.toHaveProperty('mock-explain')
  const [entry] = await on.session(session).requests()
  const read = await supplierClient(on, { session }).get().expect(200)
  return { body: answer.body, line: read.body.line_items[0], entry: entry as unknown as Entry }
}

const line = (allocation: unknown, more: object = {}): object => ({ line_item_uuid: LINE, allocation, ...more })
const lines = (...items: unknown[]): object => ({ line_items: items })
/** The example's line with a member of its allocation written as raw JSON. */
const written = (member: string, json: string): string =>
  `{"line_items":[{"line_item_uuid":"${LINE}","allocation":{"quantity_allocated":6,"${member}":${json}}}]}`.replace(
    /"quantity_allocated":6,(?="quantity_allocated")/,
    '',
  )

interface OwnLine {
  readonly order: string
  readonly id: string
  readonly ordered: number
  readonly shipped: number
}

/** Lines of the first supplier's, by their status, order by order. */
async function ownLines(status: string, on = mock): Promise<OwnLine[][]> {
  const { entities } = await on.session('reader').entities({ kind: 'order', status, limit: 100 })
  return entities.map(({ id, entity }) => {
    const items = entity['line_items'] as {
      uuid: string
      supplier_uuid: string
      allocation: { quantity_ordered: number }
      tracking_numbers: { quantity: number }[]
    }[]
    return items
      .filter(({ supplier_uuid }) => supplier_uuid === 'd6ac857d-c844-4312-8485-6d121d065308')
      .map(({ uuid, allocation, tracking_numbers }) => ({
        order: id,
        id: uuid,
        ordered: allocation.quantity_ordered,
        shipped: tracking_numbers.reduce((sum, { quantity }) => sum + quantity, 0),
      }))
  })
}

describe('credentials', () => {
  it.each([
    ['none', '', 'there is no authorization header'],
    ['another scheme', 'Bearer 1234567890', 'authorization header'],
    ['another scheme with the word that is refused', 'Bearer invalid', 'authorization header'],
    ['a scheme that only begins alike', 'Tokens 1234567890', 'authorization header'],
    ['a token without a scheme', '1234567890', 'authorization header'],
    ['a colon in place of the space', 'Token:1234567890', 'authorization header'],
    ['an empty token', 'Token ', 'authorization header'],
    ['an empty header', ' ', 'authorization header'],
  ])('%s is 401 with the scheme to send', async (_name, authorization, detail) => {
    for (const send of [
      call('put', ALLOCATE, quantities(6), { authorization }),
      call('get', READ, undefined, { authorization }),
      call('post', SEARCH, {}, { authorization }),
    ]) {
      const refusal = await refused(send)
      expect(refusal.answer.status).toBe(401)
      expect(refusal.answer.headers['www-authenticate']).toBe('Token')
      expect(refusal.body).toEqual({ detail: 'Authentication credentials were not provided.' })
      expect(refusal).toMatchObject({ code: 'credentials-missing', fix: 'send Authorization: Token <token>' })
      expect(refusal.detail).toContain(detail)
    }
  })

  it('an empty token is not called a missing scheme', async () => {
    const { detail } = await refused(allocating(quantities(6), { authorization: 'Token ' }))
    expect(detail).not.toContain('no scheme')
  })

  it.each(['Token invalid', 'token invalid', 'TOKEN   invalid'])('%s is refused by its value', async (authorization) => {
    const { answer, body, code, fix } = await refused(allocating(quantities(6), { authorization }))
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Token')
    expect(body).toEqual({ detail: 'Invalid token.' })
    expect({ code, fix }).toEqual({ code: 'credentials-refused', fix: `send Authorization: ${SUPPLIER}` })
  })

  it.each(['Basic c2VzYW1l', 'c2VzYW1l', 'Token:c2VzYW1l'])(
    '%s is not repeated to whoever reads the explanation',
    async (authorization) => {
      const { answer, entry } = await refused(allocating(quantities(6), { authorization }))
      expect(answer.text + JSON.stringify(entry)).not.toContain('c2VzYW1l')
    },
  )

  it('the scheme may be written in any case', async () => {
    const { line: kept } = await accepted(allocating(quantities(6), { authorization: 'tOKEN 1234567890' }))
    expect(kept).toMatchObject({ status: 'Allocated' })
  })

  it('a retailer who allocates is of the wrong type, whatever else is wrong', async () => {
    for (const [path, body] of [
      [ALLOCATE, quantities(6)],
      [`/orders/allocation/${NOBODY}/`, '{'],
    ] as const) {
      const { answer, body: said, code, fix } = await refused(call('put', path, body, { authorization: RETAILER }))
      expect(answer.status).toBe(409)
      expect(said).toEqual({ detail: expect.stringContaining('supplier') })
      expect(code).toBe('caller-refused')
      expect(fix).toContain('supplier')
    }
    await supplierClient(mock, { authorization: RETAILER }).get().expect(200)
  })

  it.each(['Token second', 'Token other'])('%s has no part in the order, so to it there is none', async (authorization) => {
    const { answer, body, code } = await refused(call('get', READ, undefined, { authorization }))
    expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'order-unknown'])
  })
})

describe('paths', () => {
  it.each<[string, string]>([
    ['/', 'no path is like it; GET /__mock/openapi lists the documents'],
    ['/nope', 'no path is like it; GET /__mock/openapi lists the documents'],
    ['/ORDERS/', 'the nearest is POST /orders/ (supplier-orders)'],
    ['//orders/', 'the nearest is POST /orders/ (supplier-orders)'],
    ['/orders//x/y/', 'the nearest is PUT /orders/tracking/{order_uuid}/{tracking_number}/ (supplier-orders)'],
    [`/orders/${ORDER}/lines/`, 'the nearest is GET /orders/{order_uuid}/ (supplier-orders)'],
    [`/orders/allocation/${ORDER}/extra/`, 'PUT /orders/allocation/{order_uuid}/ (supplier-orders)'],
    [`/orders/${ORDER};/x/`, 'the nearest is GET /orders/{order_uuid}/ (supplier-orders)'],
    ['/api/v1/allocation/x', 'the nearest is GET /api/v2/allocation/{allocationId} (oms-allocations)'],
    ['/api%2Fv2/allocation/x', ' (oms-allocations)'],
    ['/__mocks/health', 'the nearest is GET /__mock/health (control)'],
  ])('%s leads nowhere', async (path, nearest) => {
    for (const authorization of [SUPPLIER, '']) {
      const { answer, body, code, fix } = await refused(call('get', path, undefined, { authorization }))
      expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'route-unknown'])
      expect(fix).toContain(nearest)
    }
  })

  it.each([
    ['a word', 'allocation'],
    ['a UUID with a digit too many', `${ORDER}0`],
    ['a UUID without its hyphens', ORDER.replaceAll('-', '')],
    ['a UUID in braces', `%7B${ORDER}%7D`],
    ['spaces', '%20'],
    ['an encoded slash', `..%2F${ORDER}`],
    ['a null character', `${ORDER}%00`],
    ['an encoded line break', `${ORDER}%0A`],
    ['letters beyond ASCII', '%C3%A9'],
    ['the name of a prototype', '__proto__'],
    ['a thousand characters', 'x'.repeat(1_000)],
  ])('an order id that is %s is no path', async (_name, id) => {
    for (const send of [call('get', `/orders/${id}/`), call('put', `/orders/allocation/${id}/`, quantities(6))]) {
      const { answer, body, code, issues } = await refused(send)
      expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'parameters-invalid'])
      expect(issues).toEqual([
        expect.objectContaining({ at: '/path/order_uuid', rule: 'format', wanted: 'uuid', value: decodeURIComponent(id) }),
      ])
      expect(issues?.[0]?.place).toMatchObject({ pointer: '/components/parameters/OrderUuid/schema/format' })
    }
  })

  it('an empty order id is refused', async () => {
    const { answer, body } = await refused(call('put', '/orders/allocation//', quantities(6)))
    expect([answer.status, body]).toEqual([404, { detail: 'Not found.' }])
  })

  it.each([NOBODY, `urn:uuid:${ORDER}`])('%s is nobody’s order', async (id) => {
    for (const send of [call('get', `/orders/${id}/`), call('put', `/orders/allocation/${id}/`, quantities(6))]) {
      const { answer, body, code, detail, fix } = await refused(send)
      expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'order-unknown'])
      expect(detail).toContain(id)
      expect(fix).toContain('/examples')
    }
  })

  it('there is no order where there are none', async () => {
    await using empty = await openMock({ orders: 0 })
    const { answer, body } = await refused(call('get', READ), { on: empty })
    expect([answer.status, body]).toEqual([404, { detail: 'Not found.' }])
    const { body: found } = await supplierClient(empty).search().expect(200)
    expect(found).toEqual({ total_results: 0, orders: [] })
  })

  it('an order id may be written in upper case', async () => {
    for (const send of [
      call('get', READ.toUpperCase().replace('ORDERS', 'orders')),
      call('put', ALLOCATE.replace(ORDER, ORDER.toUpperCase()), quantities(6)),
    ])
      expect((await accepted(send)).entry).toMatchObject({ status: 200 })
  })

  it.each(['%', '%z', '%zz', '%E2%82', '%FF', '%C0%AE', '%ED%A0%80', '%25%'])('%s does not decode', async (id) => {
    for (const send of [call('get', `/orders/${id}/`), call('put', `/orders/allocation/${id}/`, quantities(6))]) {
      const { answer, body, code, fix } = await refused(send)
      expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'path-undecodable'])
      expect(fix).toContain('%25')
    }
  })

  it('a letter may be percent-encoded', async () => {
    expect((await accepted(call('post', '/%6Frders/'))).body).toHaveProperty('orders')
    expect((await accepted(call('get', `/%6Frders/${ORDER}/`))).body).toMatchObject({ order_uuid: ORDER })
  })

  it('a query that does not decode is one that the document does not declare', async () => {
    const { entry } = await accepted(call('get', `${READ}?a=%zz&%zz=%&=&&__proto__[polluted]=1`))
    expect(entry.warnings?.map(({ at }) => at)).toEqual(['/query/a', '/query/%zz', '/query/__proto__[polluted]'])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('a warning points at a query parameter as JSON pointers are written', async () => {
    const { entry } = await accepted(call('get', `${READ}?a%2Fb~c=1`))
    expect(entry.warnings?.map(({ at }) => at)).toEqual(['/query/a~1b~0c'])
  })
})

describe('the trailing slash', () => {
  const rows: [Verb, string][] = [
    ['get', READ],
    ['put', ALLOCATE],
    ['post', SEARCH],
  ]

  it.each(rows)('required: %s %s without it leads nowhere, and the fix has it', async (verb, path) => {
    for (const query of ['', '?a=1']) {
      const short = path.slice(0, -1)
      const { answer, body, code, fix, entry } = await refused(call(verb, short + query, verb === 'get' ? undefined : quantities(6)))
      expect([answer.status, body, code]).toEqual([404, { detail: 'Not found.' }, 'route-unknown'])
      expect(answer.headers).not.toHaveProperty('location')
      expect(fix).toBe(`the path is ${path}`)
      expect(entry.assumption).toBe('supplier.trailing-slash')
    }
  })

  it.each(rows)('redirect: %s %s without it is sent to the path that has it', async (verb, path) => {
    for (const query of ['', '?a=1&b=%2F%20&c']) {
      const body = verb === 'get' ? undefined : quantities(6)
      const { answer, entry } = await refused(call(verb, path.slice(0, -1) + query, body), { on: redirecting })
      expect(answer.status).toBe(301)
      expect(answer.headers['location']).toBe(path + query)
      expect(answer.text).toBe('')
      expect(entry.assumption).toBe('supplier.trailing-slash')
    }
  })

  it.each(['/~', '/%7E'])('redirect: the session behind %s stays in the path', async (mark) => {
    const session = ownSession()
    const answer = await request(redirecting.app)
      .get(`${mark}${session}${READ.slice(0, -1)}?a=1`)
      .set('Authorization', SUPPLIER)
    expect(answer.status).toBe(301)
    expect(answer.headers).toMatchObject({ location: `/~${session}${READ}?a=1`, 'mock-session': session })
    await request(redirecting.app)
      .get(answer.headers['location'] ?? '')
      .set('Authorization', SUPPLIER)
      .expect(200)
  })

  it('redirect: a path that has no operation either way is not redirected', async () => {
    for (const path of ['/nope', '//example.com', '//example.com/orders', `/orders/%zz`]) {
      const { answer } = await refused(call('get', path), { on: redirecting })
      expect(answer.status).toBe(404)
      expect(answer.headers).not.toHaveProperty('location')
    }
  })

  it('redirect: a wrong verb is sent on, and refused there', async () => {
    const { answer } = await refused(call('delete', READ.slice(0, -1)), { on: redirecting })
    expect([answer.status, answer.headers['location']]).toEqual([301, READ])
    expect((await refused(call('delete', READ), { on: redirecting })).answer.status).toBe(405)
  })

  it('redirect: a client that prefers problem details gets the same answer', async () => {
    const { answer } = await refused(call('get', READ.slice(0, -1), undefined, { Accept: 'application/problem+json' }), { on: redirecting })
    expect([answer.status, answer.headers['location'], answer.text]).toEqual([301, READ, ''])
  })

  it.each(rows)('optional: %s %s without it is answered', async (verb, path) => {
    const { entry } = await accepted(call(verb, path.slice(0, -1), path === ALLOCATE ? quantities(6) : undefined), optional)
    // An allocation is shaped by what a unit costs as well, and one assumption is named.
    expect(entry.assumption).toBe(path === ALLOCATE ? 'supplier.sku-cost' : 'supplier.trailing-slash')
  })

  it('optional: what is wrong beside the slash stays wrong', async () => {
    const on = optional
    expect((await refused(call('put', ALLOCATE.slice(0, -1), quantities(7)), { on })).answer.status).toBe(400)
    expect((await refused(call('patch', ALLOCATE.slice(0, -1)), { on })).answer.status).toBe(405)
    expect((await refused(call('get', `/orders/${NOBODY}`), { on })).answer.status).toBe(404)
    expect((await refused(call('get', '/nope'), { on })).answer.status).toBe(404)
    expect((await refused(call('get', `${READ}/`), { on })).answer.status).toBe(404)
  })
})

describe('verbs', () => {
  it.each<[Verb, string, string]>([
    ['get', ALLOCATE, 'PUT'],
    ['post', ALLOCATE, 'PUT'],
    ['patch', ALLOCATE, 'PUT'],
    ['delete', ALLOCATE, 'PUT'],
    ['options', ALLOCATE, 'PUT'],
    ['put', READ, 'GET, HEAD'],
    ['post', READ, 'GET, HEAD'],
    ['patch', READ, 'GET, HEAD'],
    ['delete', READ, 'GET, HEAD'],
    ['options', READ, 'GET, HEAD'],
    ['get', SEARCH, 'POST'],
    ['put', SEARCH, 'POST'],
    ['delete', SEARCH, 'POST'],
  ])('%s %s is not allowed, but %s', async (verb, path, allowed) => {
    const { answer, body, code, fix } = await refused(call(verb, path))
    expect([answer.status, code]).toEqual([405, 'method-unknown'])
    expect(answer.headers['allow']).toBe(allowed)
    expect(body).toEqual({ detail: `Method "${verb.toUpperCase()}" not allowed.` })
    expect(fix).toContain(allowed)
  })

  it('HEAD is called HEAD where it is refused', async () => {
    const { answer, detail, entry } = await refused(call('head', ALLOCATE))
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'PUT'])
    expect(detail).toBe('Method "HEAD" not allowed.')
    expect(entry.method).toBe('HEAD')
  })
})

describe('media types', () => {
  it.each([
    'text/plain',
    'text/json',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/vnd.api+json',
    'application/problem+json',
    'application/jsonp',
    'application',
    '*/*',
    'text/plain; x=application/json',
  ])('%s is not read', async (type) => {
    for (const send of [allocating(quantities(6), { type }), searching('{"limit":1}', { type })]) {
      const { answer, body, code, detail, fix } = await refused(typed(send, type))
      expect([answer.status, code]).toEqual([415, 'media-type-unsupported'])
      expect(body).toEqual({ detail })
      expect(detail).toContain(type)
      expect(fix).toBe('send Content-Type: application/json')
    }
  })

  /** An object would be written in the form of the type. */
  function typed(send: Send, type: string): Send {
    return (agent) => send(agent).set('Content-Type', type).serialize(JSON.stringify)
  }

  it('a body without a type is not read', async () => {
    const { answer, body, fix } = await refused(allocating(Buffer.from(JSON.stringify(quantities(6))), { type: '' }))
    expect([answer.status, body]).toEqual([415, { detail: 'the request has no Content-Type' }])
    expect(fix).toBe('send Content-Type: application/json')
  })

  it('bytes of another type are refused for the type', async () => {
    const { answer } = await refused(allocating(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]), { type: 'image/png' }))
    expect(answer.status).toBe(415)
  })

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;', 'application/json ; q=1'])(
    '%s is read',
    async (type) => {
      const { line: kept } = await accepted(allocating(JSON.stringify(quantities(6)), { type }))
      expect(kept).toMatchObject({ status: 'Allocated' })
    },
  )

  it.each(['compress', 'nonsense', 'gzip, nonsense'])('a body encoded as %s is not read', async (encoding) => {
    const { answer, body, detail, code, fix } = await refused(
      allocating(gzipSync(JSON.stringify(quantities(6))), { 'Content-Encoding': encoding }),
    )
    expect([answer.status, code, body]).toEqual([415, 'media-type-unsupported', { detail }])
    expect(detail).toContain(encoding)
    expect(fix).toBe('encode it as one of gzip, deflate, br, zstd, or not at all')
  })

  it('text said to be encoded is not read either', async () => {
    const { answer, fix } = await refused(allocating(quantities(6), { 'Content-Encoding': 'gzip' }))
    expect([answer.status, fix]).toEqual([400, 'send it as it says, or unencoded'])
  })

  it('a body encoded as gzip is read', async () => {
    const { line: kept } = await accepted(allocating(gzipSync(JSON.stringify(quantities(6))), { 'Content-Encoding': 'gzip' }))
    expect(kept).toMatchObject({ status: 'Allocated' })
  })

  it.each(['identity', 'Identity'])('a body encoded as %s is as it is', async (encoding) => {
    const { line: kept } = await accepted(allocating(quantities(6), { 'Content-Encoding': encoding }))
    expect(kept).toMatchObject({ status: 'Allocated' })
  })

  it('bytes that are gzip and do not say so are not text', async () => {
    const { answer, body } = await refused(allocating(gzipSync(JSON.stringify(quantities(6)))))
    expect([answer.status, body]).toEqual([400, { detail: expect.stringContaining('UTF-8') }])
  })
})

describe('bodies that cannot be read', () => {
  const good = JSON.stringify(quantities(6))
  const deep = 100_000
  const rows: [string, string | Buffer, string][] = [
    ['nothing', '', 'none'],
    ['blanks', ' \n\t ', 'empty'],
    ['the beginning of one', good.slice(0, -5), 'JSON'],
    ['one and a half', good + good.slice(0, 10), 'JSON'],
    ['two', good + good, 'JSON'],
    ['one with a comma behind it', `${good},`, 'JSON'],
    ['one with a comma too many', good.replace('}}', ',}}'), 'JSON'],
    ['one in single quotes', good.replaceAll('"', "'"), 'JSON'],
    ['one with a comment', `/* all */${good}`, 'JSON'],
    ['a word', 'allocate', 'JSON'],
    ['undefined', 'undefined', 'JSON'],
    ['not a number', written('quantity_allocated', 'NaN'), 'JSON'],
    ['a hexadecimal number', written('quantity_allocated', '0x6'), 'JSON'],
    ['a number with a zero before it', written('quantity_allocated', '06'), 'JSON'],
    ['a number with a plus', written('quantity_allocated', '+6'), 'JSON'],
    ['a bare control character', written('backorder_date', '"2019-01-01\n"'), 'JSON'],
    ['a null character behind it', `${good}\0`, 'JSON'],
    ['an HTML page', '<!doctype html><title>x</title>', 'JSON'],
    ['a form', 'line_items=1', 'JSON'],
    ['a byte order mark', `\ufeff${good}`, 'byte order mark'],
    ['a byte order mark alone', '\ufeff', 'byte order mark'],
    ['a byte that is no UTF-8', Buffer.from(good.replace('line_items"', 'line_items\xff"'), 'latin1'), 'UTF-8'],
    ['an overlong character', Buffer.from(good.replace('"', '"\xc0\xa2'), 'latin1'), 'UTF-8'],
    ['half a character at its end', Buffer.concat([Buffer.from(good), Buffer.from([0xe2, 0x82])]), 'UTF-8'],
    ['a surrogate in bytes', Buffer.from(good.replace('line_items', '\xed\xa0\x80'), 'latin1'), 'UTF-8'],
    ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), 'UTF-8'],
    ['UTF-16 without a mark', Buffer.from(good, 'utf16le'), 'JSON'],
    ['brackets without end', '['.repeat(deep), 'JSON'],
    ['brackets in brackets', '['.repeat(deep) + ']'.repeat(deep), 'nested deeper'],
    ['objects in objects', `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`, 'nested deeper'],
    ['brackets in a member nobody reads', `${good.slice(0, -1)},"x":${'['.repeat(200)}${']'.repeat(200)}}`, 'nested deeper'],
    ['101 levels', '['.repeat(101) + ']'.repeat(101), 'nested deeper'],
    ['a name twice', `{"line_items":[],${good.slice(1)}`, 'twice'],
    ['a name twice with the same value', `${good.slice(0, -1)},${good.slice(1)}`, 'twice'],
    ['a name twice inside', written('quantity_allocated', '6,"quantity_allocated":6'), 'twice'],
    ['a name twice, once escaped', written('quantity_allocated', '6,"quantity_\\u0061llocated":5'), 'twice'],
    ['a name twice, both escaped', `${good.slice(0, -1)},"\\u0061":1,"a":2}`, 'twice'],
    ['a name twice in a member nobody reads', `${good.slice(0, -1)},"x":{"a:b":1,"a:b":2}}`, 'twice'],
    ['an empty name twice', `${good.slice(0, -1)},"":1,"":2}`, 'twice'],
    ['a prototype', `{"__proto__":{"polluted":1},${good.slice(1)}`, '__proto__'],
    ['a prototype inside', written('__proto__', '{"polluted":1}'), '__proto__'],
    ['a prototype, escaped', `{"\\u005f_proto__":{"polluted":1},${good.slice(1)}`, '__proto__'],
    ['a prototype inside, escaped', written('__pr\\u006fto__', '{"polluted":1}'), '__proto__'],
  ]

  it.each(rows)('%s', async (_name, body, said) => {
    const sent = body === '' ? call('put', ALLOCATE, undefined, { 'Content-Type': 'application/json' }) : allocating(body)
    const refusal = await refused(sent)
    const message = refusal.issues?.[0]?.message ?? ''
    expect([refusal.answer.status, refusal.code]).toEqual([400, 'body-unreadable'])
    expect(refusal.body).toEqual({ detail: `JSON parse error - ${message}` })
    expect(message).toContain(said)
    expect(refusal.detail).toMatch(/body/)
    expect(refusal.detail).toContain(message)
    expect(refusal.fix).toMatch(/./)
    expect(refusal.issues).toEqual([
      {
        at: '/body',
        rule: body === '' ? 'required' : 'syntax',
        message,
        fix: refusal.fix,
        place: {
          file: 'supplier-orders.yaml',
          line: expect.any(Number),
          pointer: '/paths/~1orders~1allocation~1{order_uuid}~1/put/requestBody',
          basis: expect.objectContaining({ kind: 'seed' }),
        },
      },
    ])
    expect(Object.keys(Object.prototype)).toEqual([])
    expect({}).not.toHaveProperty('polluted')
  })

  it.each(rows.filter(([, body]) => body !== ''))('a search in the form of %s', async (_name, body) => {
    const { answer, code, issues, body: said } = await refused(searching(body))
    expect([answer.status, code]).toEqual([400, 'body-unreadable'])
    expect(said).toEqual({ detail: `JSON parse error - ${issues?.[0]?.message ?? ''}` })
  })

  it('a hundred levels are read', async () => {
    const { body } = await refused(allocating('['.repeat(100) + ']'.repeat(100)))
    expect(body).toEqual({ non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] })
  })

  it('the names of a constructor are names like others', async () => {
    const { entry } = await accepted(
      allocating(`${good.slice(0, -1)},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":null}`),
    )
    expect(entry.warnings?.map(({ at }) => at)).toEqual(['/body/constructor', '/body/toString', '/body/hasOwnProperty'])
    expect({}).not.toHaveProperty('polluted')
  })

  it('colons, braces and escapes in a text are text', async () => {
    const invoice = '{"a":1,"a":2,"__proto__":[}\\"\\\\'
    const { line: kept } = await accepted(allocating(lines(line({ quantity_allocated: 6 }, { supplier_provided_invoice_number: invoice }))))
    expect(kept['supplier_provided_invoice_number']).toBe(invoice)
  })
})

describe('bodies that are too large', () => {
  const padded = (bytes: number): string => JSON.stringify(quantities(6)).padEnd(bytes)

  it('a body of as many bytes as may be is read', async () => {
    for (const body of [padded(LIMIT), Buffer.from(padded(LIMIT))])
      expect((await accepted(allocating(body), small)).line).toMatchObject({ status: 'Allocated' })
  })

  it.each([
    ['of a byte too many', () => allocating(padded(LIMIT + 1))],
    ['of a byte too many that does not say how long it is', () => allocating(Buffer.from(padded(LIMIT + 1)))],
    ['of ten million bytes', () => allocating(padded(10_000_000))],
    ['of few characters and many bytes', () => allocating(JSON.stringify(quantities(6, 0, 0, { x: '€'.repeat(LIMIT / 2) })))],
    ['in a search', () => searching(padded(LIMIT + 1))],
    ['that is encoded', () => allocating(padded(LIMIT + 1), { 'Content-Encoding': 'gzip' })],
  ])('one %s', async (_name, send) => {
    const { answer, body, code, detail, fix } = await refused(send(), { on: small })
    expect([answer.status, code, body]).toEqual([413, 'body-too-large', { detail }])
    expect(detail).toContain(String(LIMIT))
    expect(fix).toMatch(/./)
    expect(answer.headers['connection']).toBe('close')
  })

  it('a body that nobody reads may be as large as it likes', async () => {
    expect((await accepted(call('get', READ, padded(LIMIT + 1)), small)).body).toMatchObject({ order_uuid: ORDER })
  })
})

describe('bodies that do not fit', () => {
  const required = ['This field is required.']
  const nothing = ['This field may not be null.']
  const dictionary = (type: string): string[] => [`Invalid data. Expected a dictionary, but got ${type}.`]
  const list = (type: string): string[] => [`Expected a list of items but got type "${type}".`]

  const units = { quantity_allocated: 6 }
  const id = (value: unknown): object => lines(line(units, { line_item_uuid: value }))
  const ID = 'LineItemAllocation/properties/line_item_uuid'
  const LINES = 'AllocateOrderRequest/properties/line_items'
  const numbers = ['supplier_provided_po_number', 'supplier_provided_invoice_number']

  it.each<[string, unknown, unknown, string]>([
    ['null', null, { non_field_errors: nothing }, 'AllocateOrderRequest/type'],
    ['an array', [quantities(6)], { non_field_errors: dictionary('list') }, 'AllocateOrderRequest/type'],
    ['a text', 'x', { non_field_errors: dictionary('str') }, 'AllocateOrderRequest/type'],
    ['a number', 4.2, { non_field_errors: dictionary('float') }, 'AllocateOrderRequest/type'],
    ['true', true, { non_field_errors: dictionary('bool') }, 'AllocateOrderRequest/type'],
    ['an empty object', {}, { line_items: required }, 'AllocateOrderRequest/required'],
    ['null for lines', { line_items: null }, { line_items: nothing }, `${LINES}/type`],
    ['an object for lines', { line_items: { 0: line(units) } }, { line_items: list('dict') }, `${LINES}/type`],
    ['a text for lines', { line_items: '[]' }, { line_items: list('str') }, `${LINES}/type`],
    ['a number for lines', { line_items: 1 }, { line_items: list('int') }, `${LINES}/type`],
    ['no lines', { line_items: [] }, { line_items: ['This list may not be empty.'] }, `${LINES}/minItems`],
    ['null for a line', lines(null), lines({ non_field_errors: nothing }), 'LineItemAllocation/type'],
    ['a text for a line', lines(LINE), lines({ non_field_errors: dictionary('str') }), 'LineItemAllocation/type'],
    ['a list for a line', lines([line(units)]), lines({ non_field_errors: dictionary('list') }), 'LineItemAllocation/type'],
    ['a line without its id', lines({ allocation: units }), lines({ line_item_uuid: required }), 'LineItemAllocation/required'],
    ['a line whose id is null', id(null), lines({ line_item_uuid: nothing }), `${ID}/type`],
    ['a line whose id is a number', id(7), lines({ line_item_uuid: ['Not a valid string.'] }), `${ID}/type`],
    ['a line whose id is no UUID', id('b84ccd3c'), lines({ line_item_uuid: ['Must be a valid UUID.'] }), `${ID}/format`],
    ['a line without quantities', lines({ line_item_uuid: LINE }), lines({ allocation: required }), 'LineItemAllocation/required'],
    ['a line of null quantities', lines(line(null)), lines({ allocation: nothing }), 'LineItemQuantities/type'],
    ['a line with one number', lines(line(6)), lines({ allocation: dictionary('int') }), 'LineItemQuantities/type'],
    ['a line with a list', lines(line([units])), lines({ allocation: dictionary('list') }), 'LineItemQuantities/type'],
    [
      'a line that does not say how many',
      lines(line({ quantity_backordered: 6 })),
      lines({ allocation: { quantity_allocated: required } }),
      'LineItemQuantities/anyOf',
    ],
    ...numbers.map((name): [string, unknown, unknown, string] => [
      `a ${name} of 256 characters`,
      lines(line(units, { [name]: 'é'.repeat(256) })),
      lines({ [name]: ['Ensure this field has no more than 255 characters.'] }),
      `LineItemAllocation/properties/${name}/maxLength`,
    ]),
    ...numbers.map((name): [string, unknown, unknown, string] => [
      `a ${name} that is a number`,
      lines(line(units, { [name]: 7 })),
      lines({ [name]: ['Not a valid string.'] }),
      `LineItemAllocation/properties/${name}/type`,
    ]),
  ])('%s', async (_name, sent, said, pointer) => {
    const { answer, body, code, detail, issues = [] } = await refused(allocating(JSON.stringify(sent)))
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    expect(body).toEqual(said)
    const at = pathOf(said)
    expect(issues).toEqual([expect.objectContaining({ at })])
    expect(issues[0]?.place).toMatchObject({
      file: 'supplier-orders.yaml',
      line: expect.any(Number),
      pointer: `/components/schemas/${pointer}`,
    })
    expect(detail).toBe(`${at} ${issues[0]?.message ?? ''}`)
  })

  /** Where the only message of a body of errors stands, as a pointer into the request. */
  function pathOf(said: unknown, path = '/body'): string {
    if (typeof said !== 'object' || said === null) return path.slice(0, path.lastIndexOf('/'))
    const [name = '', inner] = Object.entries(said)[0] ?? []
    return pathOf(inner, name === 'non_field_errors' ? path : `${path}/${name}`)
  }

  const integer = 'A valid integer is required.'
  const least = 'Ensure this value is greater than or equal to 0.'
  const most = 'Ensure this value is less than or equal to 2147483647.'
  it.each<[string, string, string]>([
    ['-1', 'minimum', least],
    ['-1e400', 'type', integer],
    ['"-1"', 'pattern', integer],
    ['1.5', 'type', integer],
    ['5.999999', 'type', integer],
    ['1e-3', 'type', integer],
    ['"1.5"', 'pattern', integer],
    ['"6.0"', 'pattern', integer],
    ['""', 'pattern', integer],
    ['" 6"', 'pattern', integer],
    ['"6 "', 'pattern', integer],
    ['"6\\n"', 'pattern', integer],
    ['"+6"', 'pattern', integer],
    ['"6e0"', 'pattern', integer],
    ['"0x6"', 'pattern', integer],
    ['"six"', 'pattern', integer],
    ['"Infinity"', 'pattern', integer],
    ['"\u0666"', 'pattern', integer],
    ['"00000000006"', 'pattern', integer],
    ['true', 'type', integer],
    ['[6]', 'type', integer],
    ['{"valueOf":6}', 'type', integer],
    ['null', 'type', 'This field may not be null.'],
    ['2147483648', 'maximum', most],
    ['"2147483648"', 'maximum', most],
    ['"9999999999"', 'maximum', most],
    ['9007199254740993', 'maximum', most],
    ['1e400', 'type', integer],
  ])('a quantity of %s', async (value, rule, said) => {
    for (const name of ['quantity_ordered', 'quantity_allocated', 'quantity_accepted', 'quantity_backordered', 'quantity_rejected']) {
      const { answer, body, code, issues } = await refused(allocating(written(name, value)))
      expect([answer.status, code]).toEqual([400, 'request-invalid'])
      expect(body).toEqual(lines({ allocation: { [name]: [said] } }))
      expect(issues).toEqual([expect.objectContaining({ at: `/body/line_items/0/allocation/${name}`, rule })])
    }
  })

  it('a quantity that is too large is named as it was sent', async () => {
    const { detail } = await refused(allocating(written('quantity_allocated', '1e400')))
    expect(detail).not.toContain('null')
  })

  it.each(['6', '"6"', '"006"', '"0000000006"', '6.0', '6e0', '0.6e1', '600e-2'])('a quantity of %s is six', async (value) => {
    const { line: kept } = await accepted(allocating(written('quantity_allocated', value)))
    expect(kept['allocation']).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0, quantity_rejected: 0 })
  })

  it('a quantity of minus zero is zero', async () => {
    const { line: kept } = await accepted(allocating(written('quantity_rejected', '-0')))
    expect(JSON.stringify(kept['allocation'])).toContain('"quantity_rejected":0')
    await supplierClient(mock)
      .allocate(quantities(6, '0', '00'))
      .expect(200)
  })

  it.each<[string, unknown, string]>([
    ['a day that February has not', '2019-02-30', 'anyOf'],
    ['February 29 of a common year', '2019-02-29', 'anyOf'],
    ['a thirteenth month', '2019-13-01', 'anyOf'],
    ['a day 0', '2019-01-00', 'anyOf'],
    ['a word', 'tomorrow', 'anyOf'],
    ['nothing', '', 'anyOf'],
    ['another order', '01/02/2019', 'anyOf'],
    ['digits alone', '20190101', 'anyOf'],
    ['a year of two digits', '19-01-01', 'anyOf'],
    ['a blank behind it', '2019-01-01 ', 'anyOf'],
    ['a line break behind it', '2019-01-01\n', 'anyOf'],
    ['a time without a zone', '2019-01-01T10:00:00', 'anyOf'],
    ['a time on a day that is none', '2019-02-30T10:00:00Z', 'anyOf'],
    ['an hour that is none', '2019-01-01T25:00:00Z', 'anyOf'],
    ['a number', 42, 'type'],
    ['true', true, 'type'],
    ['a list', ['2019-01-01'], 'type'],
    ['an object', {}, 'type'],
  ])('a backorder date of %s', async (_name, date, rule) => {
    const { answer, body, code, issues } = await refused(allocating(quantities(5, 1, 0, { backorder_date: date })))
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    const said =
      rule === 'anyOf' ? 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.' : expect.stringMatching(/^Not a valid/)
    expect(body).toEqual(lines({ allocation: { backorder_date: [said] } }))
    expect(issues).toEqual([expect.objectContaining({ at: '/body/line_items/0/allocation/backorder_date', rule })])
    expect(issues?.[0]?.place?.pointer).toBe(`/components/schemas/LineItemQuantities/properties/backorder_date/${rule}`)
  })

  it.each<[unknown, string | null]>([
    ['2020-02-29', '2020-02-29'],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['2019-01-01T23:59:59Z', '2019-01-01'],
    ['2019-01-01T23:59:59.123456-11:00', '2019-01-01'],
    ['2016-12-31T23:59:60Z', '2016-12-31'],
    [null, null],
  ])('a backorder date of %s is taken as %s', async (date, kept) => {
    const { line: found } = await accepted(allocating(quantities(5, 1, 0, { backorder_date: date })))
    expect(found['allocation']).toMatchObject({ backorder_date: kept })
  })

  it('a backorder date without backordered units is dropped', async () => {
    const { line: found } = await accepted(allocating(quantities(6, 0, 0, { backorder_date: '2019-01-01' })))
    expect(found['allocation']).toMatchObject({ backorder_date: null })
  })

  it('255 characters of any plane are not too many', async () => {
    const number = '\u{1f4e6}'.repeat(255)
    const { line: found } = await accepted(allocating(lines(line({ quantity_allocated: 6 }, { supplier_provided_po_number: number }))))
    expect(found['supplier_provided_po_number']).toBe(number)
  })

  it('half a surrogate comes back as it was', async () => {
    const body = JSON.stringify(lines(line({ quantity_allocated: 6 }, { supplier_provided_po_number: '\ud83d' })))
    const { line: found } = await accepted(allocating(body))
    expect(found['supplier_provided_po_number']).toBe('\ud83d')
  })
})

describe('quantities that do not add up', () => {
  const sums: [string, object][] = [
    ['too few', quantities(5)],
    ['none at all', quantities(0)],
    ['one too many', quantities(5, 1, 1)],
    ['the greatest there are', quantities(2_147_483_647, 2_147_483_647, '2147483647')],
  ]

  it.each(sums)('%s', async (_name, body) => {
    const { answer, body: said, code, detail, fix, at, entry } = await refused(allocating(body))
    expect([answer.status, code]).toEqual([400, 'quantities-differ'])
    expect(said).toEqual(lines({ allocation: { non_field_errors: [expect.stringContaining('not the 6 ordered')] } }))
    expect(detail).toContain('6 ordered')
    expect(fix).toBe('make them add up to 6')
    expect(at).toEqual(['/body/line_items/0/allocation'])
    expect(entry.assumption).toBe('supplier.allocate.sum')
  })

  it.each(sums)('%s, where nobody counts', async (_name, body) => {
    expect((await accepted(allocating(body), lenient)).entry).toMatchObject({ status: 200, operation: 'allocateOrder' })
  })

  it.each([
    ['quantity_accepted', quantities(6, 0, 0, { quantity_accepted: 5 }), 'send quantity_allocated alone'],
    ['quantity_accepted', quantities(6, 0, 0, { quantity_accepted: '0' }), 'send quantity_allocated alone'],
    ['quantity_ordered', quantities(6, 0, 0, { quantity_ordered: 7 }), 'send 6, or leave it out'],
    ['quantity_ordered', quantities(6, 0, 0, { quantity_ordered: '0' }), 'send 6, or leave it out'],
  ])('another %s', async (name, body, fix) => {
    for (const on of [mock, lenient]) {
      const refusal = await refused(allocating(body), { on })
      expect([refusal.answer.status, refusal.code, refusal.fix]).toEqual([400, 'quantities-differ', fix])
      expect(refusal.body).toEqual(lines({ allocation: { [name]: [expect.stringContaining(refusal.detail.slice(1))] } }))
      expect(refusal.at).toEqual([`/body/line_items/0/allocation/${name}`])
    }
  })

  it('a field is named as it is written', async () => {
    const { answer } = await refused(allocating(quantities(6, 0, 0, { quantity_accepted: 5 })))
    expect(answer.text).not.toContain('Quantity_accepted')
  })

  it('all that differs in a line is said at once', async () => {
    const { body, at } = await refused(allocating(quantities(5, 0, 0, { quantity_accepted: 4, quantity_ordered: 3 })))
    const text = expect.any(String)
    expect(body).toEqual(lines({ allocation: { non_field_errors: [text], quantity_accepted: [text], quantity_ordered: [text] } }))
    expect(at.toSorted()).toEqual(['', '/quantity_accepted', '/quantity_ordered'].map((name) => `/body/line_items/0/allocation${name}`))
  })

  it('what agrees is accepted under both names', async () => {
    for (const body of [quantities(6, 0, 0, { quantity_accepted: '6', quantity_ordered: '06' }), lines(line({ quantity_accepted: 6 }))])
      expect((await accepted(allocating(body))).line).toMatchObject({ allocation: { quantity_allocated: 6 } })
  })
})

describe('lines that cannot be had', () => {
  it.each([
    ['as it was', LINE],
    ['in upper case', LINE.toUpperCase()],
  ])('one that stands there twice, %s', async (_name, again) => {
    const allocation = { quantity_allocated: 6 }
    const sent = lines(line(allocation), { line_item_uuid: again, allocation })
    const { answer, body, code, fix, at } = await refused(allocating(sent))
    expect([answer.status, code, fix]).toEqual([400, 'line-repeated', 'name each line once'])
    expect(body).toEqual(lines({}, { line_item_uuid: [expect.stringMatching(/0 and 1/)] }))
    expect(at).toEqual(['/body/line_items/1/line_item_uuid'])
  })

  it('one that stands there twice, of nobody', async () => {
    const stranger = line({ quantity_allocated: 6 }, { line_item_uuid: NOBODY })
    const { answer, code } = await refused(allocating(lines(stranger, stranger)))
    expect([answer.status, code]).toEqual([400, 'line-repeated'])
  })

  it.each([
    ['nobody’s', () => Promise.resolve(NOBODY)],
    ['the order itself', () => Promise.resolve(ORDER)],
    [
      'another order’s',
      async () => {
        const found = await ownLines('Unallocated')
        return found.flat().find(({ order }) => order !== ORDER)?.id ?? ''
      },
    ],
  ])('%s, and then none of the others changes', async (_name, find) => {
    const id = await find()
    const sent = lines(line({ quantity_allocated: 6 }), line({ quantity_allocated: 1 }, { line_item_uuid: id }))
    const { answer, body, code, fix, at } = await refused(allocating(sent))
    expect([answer.status, code]).toEqual([422, 'line-unknown'])
    expect(body).toEqual(lines({}, { line_item_uuid: [expect.stringContaining(id)] }))
    expect(fix).toContain(LINE)
    expect(at).toEqual(['/body/line_items/1/line_item_uuid'])
  })

  it('a line of another supplier in the same order', async () => {
    const { entities } = await mock.session('reader').entities({ kind: 'order', limit: 100 })
    const mixed = entities.find(({ entity }) => {
      const items = entity['line_items'] as { supplier_uuid: string }[]
      return new Set(items.map(({ supplier_uuid }) => supplier_uuid)).size > 1 && JSON.stringify(items).includes('d6ac857d')
    })
    const items = mixed?.entity['line_items'] as { uuid: string; supplier_uuid: string; allocation: { quantity_ordered: number } }[]
    const stranger = items.find(({ supplier_uuid }) => !supplier_uuid.startsWith('d6ac857d'))
    const allocation = { quantity_allocated: stranger?.allocation.quantity_ordered }
    const id = mixed?.id ?? ''
    const { answer, code } = await refused(
      call('put', `/orders/allocation/${id}/`, lines(line(allocation, { line_item_uuid: stranger?.uuid }))),
      { id },
    )
    expect([answer.status, code]).toEqual([422, 'line-unknown'])
  })

  it('one that is cancelled', async () => {
    const [first] = (await ownLines('Cancelled')).flat()
    const { order: id = '', ordered, id: uuid } = first ?? {}
    const { answer, body, code, fix, at } = await refused(
      call('put', `/orders/allocation/${id}/`, lines(line({ quantity_allocated: ordered }, { line_item_uuid: uuid }))),
      { id },
    )
    expect([answer.status, code, fix]).toEqual([422, 'line-closed', 'leave it out'])
    expect(body).toEqual(lines({ non_field_errors: [expect.stringContaining('cancelled')] }))
    expect(at).toEqual(['/body/line_items/0'])
  })

  it('one of which more is shipped', async () => {
    const [first] = (await ownLines('HasTracking')).flat()
    const { order: id = '', ordered = 0, shipped = 0, id: uuid } = first ?? {}
    expect(shipped).toBeGreaterThan(0)
    const allocation = { quantity_allocated: shipped - 1, quantity_rejected: ordered - shipped + 1 }
    const { answer, body, code, at } = await refused(
      call('put', `/orders/allocation/${id}/`, lines(line(allocation, { line_item_uuid: uuid }))),
      { id },
    )
    expect([answer.status, code]).toEqual([422, 'shipped-already'])
    expect(body).toEqual(lines({ allocation: { quantity_allocated: [expect.stringContaining('shipped')] } }))
    expect(at).toEqual(['/body/line_items/0/allocation/quantity_allocated'])
  })

  it('a fault of form is named before one of state', async () => {
    const { answer, at } = await refused(
      allocating(lines(line({ quantity_allocated: 6 }, { line_item_uuid: NOBODY }), line({ quantity_allocated: 5 }))),
    )
    expect(answer.status).toBe(400)
    expect(at).toEqual(['/body/line_items/1/allocation'])
  })
})

describe('several bad lines at once', () => {
  const good = line({ quantity_allocated: 6 })
  const bad = line({ quantity_allocated: -1 })
  const empty = line({})
  const said = { allocation: { quantity_allocated: ['Ensure this value is greater than or equal to 0.'] } }
  const missing = { allocation: { quantity_allocated: ['This field is required.'] } }

  it.each([
    ['a good one first', [good, bad], [{}, said]],
    ['good ones between', [bad, good, good, bad], [said, {}, {}, said]],
    ['a good one last', [bad, good], [said, {}]],
    ['good ones all around', [good, bad, good], [{}, said, {}]],
    ['none good', [bad, bad, bad], [said, said, said]],
    ['the same thing missing', [empty, empty, empty], [missing, missing, missing]],
    ['different things wrong', [empty, bad, good, null], [missing, said, {}, { non_field_errors: ['This field may not be null.'] }]],
  ])('%s: one entry a line', async (_name, sent, entries) => {
    const { answer, body } = await refused(allocating(lines(...sent)))
    expect(answer.status).toBe(400)
    expect(body).toEqual({ line_items: entries })
  })

  it('what could stand for a missing quantity is said once, however many lines miss it', async () => {
    const { issues } = await refused(allocating(lines(empty, empty, empty)))
    expect(issues?.map(({ at }) => at)).toEqual([0, 1, 2].map((index) => `/body/line_items/${index}/allocation/quantity_allocated`))
    expect(issues?.map(({ wanted }) => wanted)).toEqual([0, 1, 2].map(() => ['quantity_allocated', 'quantity_accepted']))
    expect(new Set(issues?.map(({ message }) => message)).size).toBe(1)
  })

  it('the forms of a date are said once, however many lines have a wrong one', async () => {
    const wrong = line({ quantity_allocated: 6, backorder_date: 'soon' })
    const { issues } = await refused(allocating(lines(wrong, wrong)))
    expect(issues?.map(({ wanted }) => wanted)).toEqual([0, 1].map(() => ['date', 'date-time', 'null']))
  })

  it('sums: one entry a line, and none of them changes', async () => {
    const order = (await ownLines('Unallocated')).find((found) => found.length > 1 && found.length < 4) ?? []
    const [first, second] = order
    const id = first?.order ?? ''
    const of = ({ id: uuid, ordered }: OwnLine, off: number): object =>
      line({ quantity_allocated: ordered + off }, { line_item_uuid: uuid })
    if (!first || !second) throw new Error('the session holds no order of two lines')
    const put = (...items: object[]): Send => call('put', `/orders/allocation/${id}/`, lines(...items))
    const sum = { allocation: { non_field_errors: [expect.stringContaining('ordered')] } }
    expect((await refused(put(of(first, 0), of(second, 1)), { id })).body).toEqual({ line_items: [{}, sum] })
    expect((await refused(put(of(first, 1), of(second, 1)), { id })).body).toEqual({ line_items: [sum, sum] })
    expect((await refused(put(of(first, 1), of(second, 0)), { id })).body).toEqual({ line_items: [sum, {}] })
  })

  it('problem details hold all issues at once', async () => {
    const sent = lines(
      good,
      { line_item_uuid: 'x', supplier_provided_po_number: 7 },
      line({ quantity_allocated: '1.5', quantity_rejected: -1, backorder_date: 42 }),
    )
    const { answer, body, at, entry } = await refused(allocating(sent, { Accept: 'application/problem+json' }))
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(at.toSorted()).toEqual(
      [
        '/1/allocation',
        '/1/line_item_uuid',
        '/1/supplier_provided_po_number',
        '/2/allocation/backorder_date',
        '/2/allocation/quantity_allocated',
        '/2/allocation/quantity_rejected',
      ].map((pointer) => `/body/line_items${pointer}`),
    )
    expect(body).toMatchObject({
      type: 'urn:allocation-mock:request-invalid',
      title: 'The body does not fit the document',
      status: 400,
      fix: 'send allocation',
      detail: entry.problem?.detail,
      code: 'request-invalid',
      issues: entry.problem?.issues,
    })
    expect(entry.problem?.issues?.every(({ place }) => place?.file === 'supplier-orders.yaml' && place.line !== undefined)).toBe(true)
  })

  it('an answer grows with the number of bad lines, not with its square', async () => {
    const lengths: number[] = []
    for (const count of [50, 100]) {
      const { answer } = await refused(allocating(lines(...Array.from({ length: count }, () => ({ allocation: {} })))))
      expect(answer.status).toBe(400)
      lengths.push(answer.text.length)
    }
    expect((lengths[1] ?? 0) / (lengths[0] ?? 1)).toBeLessThan(2.5)
  })

  it('as many bad lines as a body can hold are answered and explained', async () => {
    const zeros = (bytes: number): Send => allocating(`{"line_items":[${'0,'.repeat((bytes - 20) / 2)}0]}`)
    const time = await cpuTime(async () => expect((await refused(zeros(80_000))).answer.status).toBe(400))
    // What takes this long for a twelfth of a body may take minutes for a whole one: it is not sent.
    expect(time).toBeLessThan(3_000)
    expect((await refused(zeros(1_000_000))).answer.status).toBe(400)
  })

  it('a line a thousand times is one refusal', async () => {
    const { answer, code, at } = await refused(allocating(lines(...Array.from({ length: 1_000 }, () => good))))
    expect([answer.status, code]).toEqual([400, 'line-repeated'])
    expect(at).toContain('/body/line_items/999/line_item_uuid')
  })
})

describe('searches', () => {
  const integer = 'A valid integer is required.'
  const string = 'Not a valid string.'
  const list = 'Expected a list of items but got type "str".'
  const time = expect.stringMatching(/^Datetime has wrong format/)
  it.each<[string, string, string, string, string]>([
    ['a start below 0', 'start', '-1', 'minimum', 'Ensure this value is greater than or equal to 0.'],
    ['a start between', 'start', '0.5', 'type', integer],
    ['a start that is text', 'start', '"0"', 'type', integer],
    ['a start of null', 'start', 'null', 'type', 'This field may not be null.'],
    ['a limit of 0', 'limit', '0', 'minimum', 'Ensure this value is greater than or equal to 1.'],
    ['a limit beyond a 32-bit number', 'limit', '2147483648', 'maximum', 'Ensure this value is less than or equal to 2147483647.'],
    ['a limit beyond all numbers', 'limit', '1e999', 'type', integer],
    ['a limit that is true', 'limit', 'true', 'type', integer],
    ['a sort that is text', 'sort', '"date"', 'type', 'Invalid data. Expected a dictionary, but got str.'],
    ['a status that is text', 'line_item_allocation_statuses', '"Partial"', 'type', list],
    ['a designation of nobody', 'line_item_designation', '"Shipped"', 'enum', '"Shipped" is not a valid choice.'],
    ['a designation in lower case', 'line_item_designation', '"rejected"', 'enum', '"rejected" is not a valid choice.'],
    ['a day for a time', 'start_date', '"2018-08-01"', 'format', time],
    ['a day that is none', 'end_date', '"2018-02-30T00:00:00Z"', 'format', time],
    ['a number for a time', 'start_date', '1533081600', 'type', string],
    ['a number for a term', 'term', '106', 'type', string],
    ['a list for a term', 'search_term', '["000106"]', 'type', string],
    ['a number for a purchase order', 'po_number', '5527771067', 'type', string],
    ['organisations that are text', 'org_uuids', '"x"', 'type', list],
  ])('for %s', async (_name, field, value, rule, said) => {
    const { answer, body, code, issues = [] } = await refused(searching(`{"${field}":${value}}`))
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    expect(body).toEqual({ [field]: [said] })
    expect(issues).toEqual([expect.objectContaining({ at: `/body/${field}`, rule })])
    expect(issues[0]?.place?.pointer).toMatch(/^\/components\/schemas\/(OrderSearch|Sort)\//)
  })

  it('for a page of more than a hundred', async () => {
    const { answer, body, issues } = await refused(searching('{"limit":101}'))
    expect(answer.status).toBe(400)
    expect(body).toEqual({ limit: ['Ensure this value is less than or equal to 100.'] })
    expect(issues).toEqual([expect.objectContaining({ at: '/body/limit', rule: 'maximum', value: 101, wanted: 100 })])
  })

  it('for a list, and for null', async () => {
    expect((await refused(searching('[]'))).body).toEqual({ non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] })
    expect((await refused(searching('null'))).body).toEqual({ non_field_errors: ['This field may not be null.'] })
  })

  it('for a sort of nobody', async () => {
    const { body, at } = await refused(searching('{"sort":{"key":"size","dir":"up","value":"down"}}'))
    const said = (value: string): string[] => [`"${value}" is not a valid choice.`]
    expect(body).toEqual({ sort: { key: said('size'), dir: said('up'), value: said('down') } })
    expect(at.toSorted()).toEqual(['/body/sort/dir', '/body/sort/key', '/body/sort/value'])
  })

  it.each([
    ['a status of nobody', 'line_item_allocation_statuses', 'Lost', '"Lost" is not a valid choice.'],
    ['a status that is null', 'line_item_allocation_statuses', null, 'This field may not be null.'],
    ['an organisation that is no UUID', 'org_uuids', 'x', 'Must be a valid UUID.'],
  ])('for %s in a list', async (_name, field, value, said) => {
    const { answer, at } = await refused(searching({ [field]: [value] }))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(JSON.stringify(said))
    expect(new Set(at)).toEqual(new Set([`/body/${field}/0`]))
  })

  it.each(['{}', '[]', '5', 'null', '{"toString":1}', '{"toString":null,"valueOf":[]}', '[{"toString":1}]', '[[[{"toString":5}]]]'])(
    'for a choice of %s',
    async (value) => {
      for (const sent of [
        `{"line_item_designation":${value}}`,
        `{"sort":{"key":${value}}}`,
        `{"line_item_allocation_statuses":[${value}]}`,
      ]) {
        const { answer, code } = await refused(searching(sent))
        expect([answer.status, code]).toEqual([400, 'request-invalid'])
        expect(answer.text).not.toContain('[object Object]')
      }
    },
  )

  it.each([
    '2026-12-31T23:59:60Z',
    '2026-12-31T23:59:59z',
    '2026-12-31t23:59:59Z',
    '2026-12-31 23:59:59Z',
    '2026-12-31T23:59:59+00',
    '2026-12-31T23:59:59+0000',
    '2026-12-31T23:59:59.123456789Z',
    '2026-12-31T23:59:59-23:59',
    '9999-12-31T23:59:59Z',
  ])('a time that is taken is understood: %s', async (time) => {
    const client = supplierClient(mock)
    const { body: whole } = await client.search().expect(200)
    const { status, body } = await client.search({ end_date: time, start_date: '0000-01-01T00:00:00Z' })
    expect(status === 400 ? whole.total_results : body.total_results).toBe(whole.total_results)
  })

  it.each(['', '%', '*', "' OR 1=1", '__proto__', 'constructor', 'po-', 'po-99999999999999999999', '9'.repeat(10_000), '\u0000', '\ud800'])(
    'a term of %j finds what it finds',
    async (term) => {
      const { entry, body } = await accepted(searching({ term, limit: 1 }))
      expect(entry.problem).toBeUndefined()
      expect(body).toHaveProperty('total_results')
    },
  )
})

describe('what the document does not declare', () => {
  const added: [string, object, string][] = [
    ['beside the lines', { ...quantities(6), note: 1 }, '/body/note'],
    ['in a line', lines(line({ quantity_allocated: 6 }, { note: { deep: 1 } })), '/body/line_items/0/note'],
    ['in the quantities', quantities(6, 0, 0, { note: null }), '/body/line_items/0/allocation/note'],
    ['with a slash in its name', { ...quantities(6), 'a/b~c': 1 }, '/body/a~1b~0c'],
    ['with an empty name', { ...quantities(6), '': 1 }, '/body/'],
    ['named like an index', { ...quantities(6), 7: 1 }, '/body/7'],
    ['named like an index below 0', { ...quantities(6), '-1': 1 }, '/body/-1'],
    ['named like an index that no list has', { ...quantities(6), 4294967295: 1 }, '/body/4294967295'],
    ['named like a number', { ...quantities(6), '1e3': 1 }, '/body/1e3'],
    ['named like a method', { ...quantities(6), toString: 1 }, '/body/toString'],
    ['named like the general errors', { ...quantities(6), non_field_errors: 1 }, '/body/non_field_errors'],
  ]

  it.each(added)('%s is taken, with a warning', async (_name, body, at) => {
    const { entry } = await accepted(allocating(body))
    expect(entry.warnings).toEqual([expect.objectContaining({ at, rule: 'undeclared', fix: expect.stringContaining('leave it out') })])
  })

  it.each(added)('%s is refused by who is strict', async (_name, sent, at) => {
    const { answer, body, code, issues, fix } = await refused(allocating(sent), { on: strict })
    expect([answer.status, code]).toEqual([400, 'request-invalid'])
    expect(issues).toEqual([expect.objectContaining({ at, rule: 'undeclared' })])
    expect(fix).toContain('leave it out')
    const names = at
      .slice('/body/'.length)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    const text = [expect.stringContaining('declares no')]
    const expected = names.reduceRight<unknown>((inner, name) => (name === '0' ? [inner] : { [name]: inner }), text)
    expect(body).toEqual(expected)
  })

  it('a query parameter is refused by who is strict, in a status that the document has', async () => {
    for (const send of [call('get', `${READ}?a=1`), call('put', `${ALLOCATE}?a=1`, quantities(6)), call('post', `${SEARCH}?a=1`)]) {
      const { at } = await refused(send, { on: strict })
      expect(at).toEqual(['/query/a'])
    }
  })

  it('who is strict still takes what is declared', async () => {
    for (const send of [
      allocating(quantities(5, 1, 0, { backorder_date: '2019-01-01', quantity_ordered: 6 })),
      searching({ sort: { key: 'date', dir: 'asc' }, limit: 5 }),
      call('get', READ),
    ])
      expect((await accepted(send, strict)).entry).not.toHaveProperty('warnings')
  })

  it('a schema’s issues and the undeclared are told apart', async () => {
    const { code, at } = await refused(allocating({ ...quantities(-1), note: 1 }), { on: strict })
    expect(code).toBe('request-invalid')
    expect(at).toContain('/body/line_items/0/allocation/quantity_allocated')
  })
})

describe('the order of checks', () => {
  const stranger = `/orders/allocation/${NOBODY}/`
  const text = { type: 'text/plain' }
  it.each<[string, number, Send]>([
    ['a path of nobody before credentials', 404, call('patch', '/nope', '{', { authorization: '' })],
    ['a path that does not decode before credentials', 404, call('patch', '/orders/%zz/', '{', { authorization: '' })],
    ['no credentials', 401, call('patch', stranger, '{', { ...text, authorization: '' })],
    ['credentials that are refused', 401, call('patch', stranger, '{', { ...text, authorization: 'Token invalid' })],
    ['the wrong organisation', 409, call('patch', stranger, '{', { ...text, authorization: RETAILER })],
    ['the wrong verb', 405, call('patch', stranger, '{', text)],
    ['the wrong verb with an id that is none', 405, call('patch', '/orders/allocation/x/', '{', text)],
    ['an id that is none', 404, call('put', '/orders/allocation/x/', '{', text)],
    ['an order of nobody', 404, call('put', stranger, '{', text)],
    ['an order of nobody and bytes that are no text', 404, call('put', stranger, Buffer.from([0xff]))],
    ['the wrong media type', 415, call('put', ALLOCATE, '{', text)],
    ['an encoding', 415, call('put', ALLOCATE, Buffer.from([0xff]), { 'Content-Encoding': 'compress' })],
    ['a body that cannot be read', 400, call('put', ALLOCATE, '{')],
    ['a body that does not fit', 400, call('put', ALLOCATE, quantities(-1))],
    [
      'quantities that differ',
      400,
      call('put', ALLOCATE, lines(line({ quantity_allocated: 1 }), line({ quantity_allocated: 1 }, { line_item_uuid: NOBODY }))),
    ],
    ['a line of nobody', 422, call('put', ALLOCATE, lines(line({ quantity_allocated: 1 }, { line_item_uuid: NOBODY })))],
  ])('%s is %i', async (_name, status, send) => {
    expect((await refused(send)).answer.status).toBe(status)
  })

  it('an order of nobody comes before a body that is too large', async () => {
    expect((await refused(call('put', stranger, 'x'.repeat(LIMIT + 1)), { on: small })).answer.status).toBe(404)
  })
})

describe('what the client would rather read', () => {
  const problem = 'application/problem+json'
  it.each([
    [problem, problem],
    [`${problem}, application/json`, problem],
    [`application/json;q=0.5, ${problem}`, problem],
    [`${problem};q=0.5, application/json;q=0.4`, problem],
    [`${problem}, */*`, problem],
    ['Application/Problem+JSON', problem],
    [`${problem};q=0.1, */*`, 'application/json'],
    [`${problem};q=0`, 'application/json'],
    [`application/json, ${problem}`, 'application/json'],
    ['application/json', 'application/json'],
    ['application/*', 'application/json'],
    ['text/html', 'application/json'],
    ['*/*', 'application/json'],
    ['', 'application/json'],
    [';;;,,', 'application/json'],
    [`${problem};q=high`, expect.any(String)],
  ])('Accept: %s gets %s', async (accept, type: string) => {
    const { answer, code, detail, title, fix } = await refused(call('get', `/orders/${NOBODY}/`, undefined, { Accept: accept }))
    const sent = answer.headers['content-type']?.split(';')[0]
    expect(sent).toEqual(type)
    expect(answer.body).toEqual(
      sent === problem
        ? expect.objectContaining({ type: `urn:allocation-mock:${code}`, title, status: 404, detail, code, fix })
        : { detail: 'Not found.' },
    )
  })

  it.each<[string, Send, number, Record<string, string>]>([
    ['401 keeps its scheme', call('get', READ, undefined, { authorization: '', Accept: problem }), 401, { 'www-authenticate': 'Token' }],
    ['405 keeps what is allowed', call('patch', READ, undefined, { Accept: problem }), 405, { allow: 'GET, HEAD' }],
    ['a path of nobody', call('get', '/nope', undefined, { Accept: problem }), 404, {}],
    ['a path that does not decode', call('get', '/orders/%zz/', undefined, { Accept: problem }), 404, {}],
    ['an id that is none', call('get', '/orders/x/', undefined, { Accept: problem }), 404, {}],
    ['415', allocating('{', { type: 'text/plain', Accept: problem }), 415, {}],
    ['a body that cannot be read', allocating('{', { Accept: problem }), 400, {}],
    ['409', allocating(quantities(6), { authorization: RETAILER, Accept: problem }), 409, {}],
  ])('problem details: %s', async (_name, send, status, headers) => {
    const { answer, body, code, detail } = await refused(send)
    expect(answer.status).toBe(status)
    expect(answer.headers).toMatchObject({ ...headers, 'content-type': expect.stringContaining(problem) })
    expect(body).toMatchObject({ type: `urn:allocation-mock:${code}`, status, detail, code })
  })

  it('problem details name the assumption', async () => {
    const { body } = await refused(allocating(quantities(5), { Accept: problem }))
    expect(body).toMatchObject({ assumption: 'supplier.allocate.sum', fix: 'make them add up to 6' })
  })

  it('an answer that is no refusal stays JSON', async () => {
    const answer = await request(mock.app)
      .get(READ)
      .set({ Authorization: SUPPLIER, Accept: problem, 'Mock-Session': ownSession() })
      .expect(200)
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
    [first, 'Host: localhost', `Authorization: ${SUPPLIER}`, `Mock-Session: ${session}`, ...more, '', ''].join('\r\n')
  const json = (length: number): string[] => ['Content-Type: application/json', `Content-Length: ${length}`]
  const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')

  /** What is left of a session: how many requests it had, what they changed, and that it still answers. */
  async function left(session: string): Promise<{ requests: number; changed: number; isAllocated: unknown }> {
    const requests = await mock.session(session).requests()
    const { total } = await mock.session(session).entities({ changed: true })
    const { body } = await supplierClient(mock, { session }).get().expect(200)
    return { requests: requests.length, changed: total, isAllocated: body.is_allocated }
  }
  const untouched = (requests: number): object => ({ requests, changed: 0, isAllocated: false })

  it.each([
    ['in the middle of its body', JSON.stringify(quantities(6)).slice(0, 40)],
    // Whoever took what there is for the whole would allocate.
    ['right behind what would do', JSON.stringify(quantities(6))],
  ])('a client that goes away %s has asked for nothing', async (_name, sent) => {
    const session = ownSession()
    await speak(head(`PUT ${ALLOCATE} HTTP/1.1`, session, ...json(5_000)) + sent, true)
    expect(await left(session)).toEqual(untouched(0))
  })

  it('a chunked body that stops before its end asks for nothing', async () => {
    const session = ownSession()
    const sent = JSON.stringify(quantities(6))
    const start = head(`PUT ${ALLOCATE} HTTP/1.1`, session, 'Content-Type: application/json', 'Transfer-Encoding: chunked')
    await speak(`${start}${sent.length.toString(16)}\r\n${sent}\r\n`, true)
    expect(await left(session)).toEqual(untouched(0))
  })

  it('a connection that is torn down takes nothing with it', async () => {
    const session = ownSession()
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(head(`PUT ${ALLOCATE} HTTP/1.1`, session, ...json(5_000)) + JSON.stringify(quantities(6)), () =>
          socket.resetAndDestroy(),
        )
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
    })
    await speak(head(`GET ${READ} HTTP/1.1`, session, 'Connection: close'))
    expect(await left(session)).toEqual(untouched(1))
  })

  it.each(['http://api.cruxconnect.com', 'https://user:word@api-sandbox.cruxconnect.com:8443', 'HTTP://LOCALHOST'])(
    'a target that begins with %s is read by its path',
    async (origin) => {
      const session = ownSession()
      const text = await speak(head(`GET ${origin}${READ}?a=1 HTTP/1.1`, session, 'Connection: close'))
      expect(statuses(text)).toEqual(['200'])
      expect(text).toContain(ORDER)
      const [entry] = await mock.session(session).requests()
      expect(entry).toMatchObject({ path: `${READ}?a=1` })
    },
  )

  it.each([
    ['GET http://localhost HTTP/1.1', '404'],
    ['GET http://localhost?a=1 HTTP/1.1', '404'],
    ['OPTIONS * HTTP/1.1', '404'],
    ['GET /orders/../__mock/health HTTP/1.1', '404'],
    ['GET /orders/\\..\\x/ HTTP/1.1', '404'],
    ['TRACE /orders/ HTTP/1.1', '405'],
    ['PROPFIND /orders/ HTTP/1.1', '405'],
  ])('%s is %s', async (first, status) => {
    const session = ownSession()
    const text = await speak(head(first, session, 'Connection: close'))
    expect(statuses(text)).toEqual([status])
    expect(text).toContain(`Mock-Request-Id: ${session}-1`)
    expect(await left(session)).toEqual(untouched(1))
  })

  it('a fragment does not belong to a path', async () => {
    const session = ownSession()
    const text = await speak(head('POST /orders/#/x HTTP/1.1', session, 'Connection: close'))
    expect(statuses(text)).toEqual(['404'])
  })

  it.each([
    ['a byte that no path has', 'GET /orders/\xe9/ HTTP/1.1'],
    ['a verb of nobody', 'FETCH /orders/ HTTP/1.1'],
  ])('a request line with %s is refused before it begins a session', async (_name, first) => {
    const session = ownSession()
    expect(statuses(await speak(head(first, session, 'Connection: close'), true))).toEqual(['400'])
    expect(await left(session)).toEqual(untouched(0))
  })

  it.each([
    ['two lengths', ['Content-Length: 2', 'Content-Length: 3']],
    ['a length and chunks', ['Content-Length: 2', 'Transfer-Encoding: chunked']],
    ['a length below 0', ['Content-Length: -1']],
    ['a length that is text', ['Content-Length: two']],
  ])('a request with %s is refused before it begins a session', async (_name, more) => {
    const session = ownSession()
    expect(
      statuses(await speak(`${head(`PUT ${ALLOCATE} HTTP/1.1`, session, 'Content-Type: application/json', ...more)}{}`, true)),
    ).toEqual(['400'])
    expect(await left(session)).toEqual(untouched(0))
  })

  it('HEAD says what GET would, without a body', async () => {
    const session = ownSession()
    const [got, asked] = [
      await speak(head(`GET ${READ} HTTP/1.1`, session, 'Connection: close')),
      await speak(head(`HEAD ${READ} HTTP/1.1`, session, 'Connection: close')),
    ]
    const [headers = '', body] = asked.split('\r\n\r\n')
    expect(body).toBe('')
    expect(headers.replace(`${session}-2`, `${session}-1`)).toBe(got.split('\r\n\r\n')[0])
    const refusal = await speak(head(`HEAD /orders/${NOBODY}/ HTTP/1.1`, session, 'Connection: close'))
    expect(statuses(refusal)).toEqual(['404'])
    expect(refusal).toContain(`Mock-Explain: http://localhost/__mock/requests/${session}-3`)
    expect(refusal.endsWith('\r\n\r\n')).toBe(true)
  })

  it('requests in one write are answered in their order', async () => {
    const session = ownSession()
    const body = JSON.stringify(quantities(6))
    const text = await speak(
      head(`PUT ${ALLOCATE} HTTP/1.1`, session, ...json(2)) +
        '{}' +
        head(`PUT ${ALLOCATE} HTTP/1.1`, session, ...json(body.length)) +
        body +
        head(`GET ${READ} HTTP/1.1`, session) +
        head(`GET /orders/${NOBODY}/ HTTP/1.1`, session, 'Connection: close'),
    )
    expect(statuses(text)).toEqual(['400', '200', '200', '404'])
    expect([...text.matchAll(/Mock-Request-Id: (\S+)/g)].map(([, id]) => id)).toEqual([1, 2, 3, 4].map((count) => `${session}-${count}`))
    expect(text).toContain('"is_allocated":true')
  })

  it('a body that comes in pieces is one body', async () => {
    const session = ownSession()
    const body = JSON.stringify(quantities(6))
    const chunks = body
      .split('')
      .map((character) => `1\r\n${character}\r\n`)
      .join('')
    const start = head(
      `PUT ${ALLOCATE} HTTP/1.1`,
      session,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close',
    )
    expect(statuses(await speak(`${start}${chunks}0\r\n\r\n`))).toEqual(['200'])
  })

  it('a header twice does not make a request of another', async () => {
    const session = ownSession()
    const text = await speak(head(`GET ${READ} HTTP/1.1`, session, 'Authorization: Token invalid', 'Connection: close'))
    expect(statuses(text)).toEqual(['200'])
    const twice = await speak(head(`GET ${READ} HTTP/1.1`, session, 'Mock-Session: another', 'Connection: close'))
    expect(statuses(twice)).toEqual(['400'])
    expect(await left(session)).toEqual(untouched(1))
  })

  it('a hundred refusals at once leave the server as it was', async () => {
    const session = ownSession()
    const texts = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        speak(
          `${head(`PUT ${ALLOCATE} HTTP/1.1`, session, ...json(index % 2 === 0 ? 1 : 2), 'Connection: close')}${index % 2 === 0 ? '{' : '{}'}`,
        ),
      ),
    )
    expect(new Set(texts.flatMap(statuses))).toEqual(new Set(['400']))
    expect(new Set(texts.map((text) => /Mock-Request-Id: (\S+)/.exec(text)?.[1])).size).toBe(100)
    expect(await left(session)).toEqual(untouched(100))
  })
})
