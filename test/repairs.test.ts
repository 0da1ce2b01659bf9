import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import parcels from '../examples/parcels/parcels.ts'
import { documentApis } from '../src/documents.ts'
import type { Mock } from '../src/index.ts'
import { ACCOUNT, ALLOCATION, LINE, openMock, ORDER, ownSession, quantities, RETAILER, SUPPLIER } from './support.ts'
import { PUBLISHED } from './pact/published.ts'
import { trialsOf } from './published/requests.ts'

/** A refused request is told with what would do in its place, which has been tried; or why nothing would. */

const LONG = process.env['LONG'] === '1'

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

interface Change {
  readonly at: string
  readonly from?: unknown
  readonly to?: unknown
}
type Repair =
  | {
      readonly kind: 'repaired'
      readonly changes: readonly Change[]
      readonly curl: string
      readonly request: { readonly headers: object }
    }
  | { readonly kind: 'none'; readonly reason: string }

interface Asked {
  readonly id: string
  readonly status: number
  readonly repair: Repair | undefined
}

const JSON_TYPE = 'application/json'

async function ask(mock: Mock, session: string, { method, path, headers, body }: Sent): Promise<Asked> {
  const response = await mock.fetch(`http://localhost${path}`, {
    method,
    headers: { ...headers, 'mock-session': session },
    ...(body !== undefined && { body }),
  })
  const id = response.headers.get('mock-request-id') ?? ''
  const entry = (await (await mock.fetch(`http://localhost/__mock/requests/${id}`)).json()) as { readonly repair?: Repair }
  return { id, status: response.status, repair: entry.repair }
}

async function resend(mock: Mock, id: string, wanted: object): Promise<{ readonly id: string; readonly status: number }> {
  const response = await mock.fetch(`http://localhost/__mock/requests/${id}/resend`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
    body: JSON.stringify(wanted),
  })
  return (await response.json()) as { readonly id: string; readonly status: number }
}

const mock = await openMock()
const supplier = { authorization: SUPPLIER, 'content-type': JSON_TYPE }
const oms = { authorization: 'Bearer 1234567890', 'x-site-context': JSON.stringify({ account: ACCOUNT, stage: 'production' }) }
const allocate = (...[allocated, backordered, rejected]: Parameters<typeof quantities>): Sent => ({
  method: 'PUT',
  path: `/orders/allocation/${ORDER}/`,
  headers: supplier,
  body: JSON.stringify(quantities(allocated, backordered, rejected)),
})
const CANCEL = { method: 'PUT', path: `/api/v2/allocation/cancel/${ALLOCATION}`, headers: oms }
const line = '/body/line_items/0'
const LINES = Object.values(quantities(6)).flat()

describe('a refusal', () => {
  it.each<[string, Sent, readonly Change[]]>([
    ['of a sum', allocate(3, 1, 1), [{ at: `${line}/allocation/quantity_rejected`, from: 1, to: 2 }]],
    [
      'of a sum that is too large',
      allocate(6, 2, 1),
      [
        { at: `${line}/allocation/quantity_backordered`, from: 2, to: 0 },
        { at: `${line}/allocation/quantity_rejected`, from: 1, to: 0 },
      ],
    ],
    [
      'of a name with a slip',
      { ...allocate(6), body: JSON.stringify({ lineItems: LINES }) },
      [
        { at: '/body/lineItems', from: LINES },
        { at: '/body/line_items', to: LINES },
      ],
    ],
    ['of a method', { ...allocate(6), method: 'POST' }, [{ at: '/method', from: 'POST', to: 'PUT' }]],
    [
      'of a path',
      { ...allocate(6), path: `/order/allocations/${ORDER}` },
      [{ at: '/path', from: `/order/allocations/${ORDER}`, to: `/orders/allocation/${ORDER}/` }],
    ],
    [
      'of a request that names nobody',
      { ...allocate(6), headers: { 'content-type': JSON_TYPE } },
      [{ at: '/header/authorization', to: SUPPLIER }],
    ],
    [
      'of a media type',
      { ...allocate(6), headers: { ...supplier, 'content-type': 'text/plain' } },
      [{ at: '/header/content-type', from: 'text/plain', to: JSON_TYPE }],
    ],
    [
      'of a line that the order does not have',
      { ...allocate(6), body: JSON.stringify(quantities(6)).replace(LINE, ORDER) },
      [{ at: `${line}/line_item_uuid`, from: ORDER, to: LINE }],
    ],
    [
      'of a context that is none',
      { ...CANCEL, headers: { ...oms, 'x-site-context': '{' } },
      [{ at: '/header/x-site-context', from: '{', to: oms['x-site-context'] }],
    ],
    [
      'of an answer that there is not',
      { method: 'GET', path: `/orders/${ORDER}/`, headers: { ...supplier, prefer: 'code=418' } },
      [{ at: '/header/prefer', from: 'code=418' }],
    ],
  ])('%s is told with the least that would do', async (_what, sent, changes) => {
    const session = ownSession()
    const { id, status, repair } = await ask(mock, session, sent)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(repair).toMatchObject({ kind: 'repaired', changes })
    expect(await resend(mock, id, { repaired: true })).toMatchObject({ status: 200 })
  })

  it('of what is over is told with that nothing would do', async () => {
    const session = ownSession()
    await ask(mock, session, CANCEL)
    const { id, status, repair } = await ask(mock, session, CANCEL)
    expect([status, repair]).toEqual([404, { kind: 'none', reason: expect.stringContaining('has nothing left to cancel') }])
    const response = await mock.fetch(`http://localhost/__mock/requests/${id}/resend`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE },
      body: '{"repaired":true}',
    })
    expect([response.status, await response.json()]).toEqual([409, expect.objectContaining({ code: 'request-unsendable' })])
  })

  it('says where it stands, and what leads on from there', async () => {
    await using own = await openMock({ apis: [parcels] })
    const session = ownSession()
    const headers = { 'content-type': JSON_TYPE }
    const cancel = (id: string) => ({ method: 'PUT', path: `/v1/parcels/${id}/cancellation`, headers })
    await own.session(session).exists({ parcels: ['NEW', 'SENT'].map((status) => ({ id: status, to: 'Ada', depot: 'north', status })) })
    const reasons: unknown[] = []
    for (const id of ['SENT', 'NEW', 'NEW']) reasons.push((await ask(own, session, cancel(id))).repair)
    const over = (state: string): object => ({
      kind: 'none',
      reason: expect.stringMatching(new RegExp(`; parcel \\w+ is ${state}, from which nothing leads on$`)),
    })
    expect(reasons).toEqual([over('SENT'), undefined, over('CANCELLED')])
    // What it can be moved from has another reason; a part stands by itself, and one of an account under the account's own id.
    const one = await ask(mock, ownSession(), { ...CANCEL, path: CANCEL.path.replace(ALLOCATION, '633f216c68f1b4456659161c') })
    expect(one.repair).not.toMatchObject({ reason: expect.stringContaining('leads on') })
    const again = ownSession()
    await ask(mock, again, CANCEL)
    expect((await ask(mock, again, CANCEL)).repair).toMatchObject({
      reason: expect.stringMatching(/; allocation \w+ is CANCELLED, from which nothing leads on$/),
    })
    const retailer = { ...supplier, authorization: RETAILER }
    await ask(mock, again, {
      method: 'PUT',
      path: `/orders/allocation/${ORDER}/`,
      headers: supplier,
      body: JSON.stringify(quantities(0, 0, 6)),
    })
    const line = await ask(mock, again, { method: 'DELETE', path: `/orders/items/cancel/${LINE}/`, headers: retailer })
    expect(line.repair).toMatchObject({
      reason: expect.stringMatching(/; line \S+ is Rejected, from which lead on: allocateOrder \(Unallocated\), /),
    })
  })

  it('of a document of one’s own is told with as much of what was sent as can be', async () => {
    const tags = { type: 'array', minItems: 2, uniqueItems: true, items: { enum: ['a', 'b', 'c'] } }
    const filter = { type: 'object', properties: { size: { type: 'integer' } } }
    const content = { 'application/json': { schema: { type: 'object', properties: { tags } } } }
    const post = { requestBody: { content }, responses: { '201': { description: 'Done.' } } }
    const parameters = [{ name: 'filter', in: 'query', style: 'deepObject', explode: true, schema: filter }]
    const get = { parameters, responses: { '200': { description: 'All.' } } }
    const file = join(mkdtempSync(join(tmpdir(), 'mock-repairs-')), 'books.json')
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: 'Books', version: '1' }, paths: { '/books': { get, post } } }))
    await using own = await openMock({ apis: documentApis([file]) })
    const headers = { 'content-type': JSON_TYPE }
    const short = await ask(own, ownSession(), { method: 'POST', path: '/books', headers, body: '{"tags":["a"]}' })
    expect(short.repair).toMatchObject({ changes: [{ at: '/body/tags/1', to: expect.stringMatching(/^[bc]$/) }] })
    const nested = await ask(own, ownSession(), { method: 'GET', path: '/books?filter%5Bsize%5D=big', headers: {} })
    expect(nested.repair).toMatchObject({ changes: [{ at: '/query', from: 'filter%5Bsize%5D=big' }] })
  })

  it('by a fault is told with that fault', async () => {
    const session = ownSession()
    await mock.session(session).addFault({ status: 503, operation: 'allocateOrder' })
    const refused = await ask(mock, session, allocate(3, 1, 1))
    expect([refused.status, refused.repair]).toEqual([503, undefined])
    await mock.session(session).dropFaults()
    const wrong = await ask(mock, session, allocate(3, 1, 1))
    await mock.session(session).addFault({ status: 503, operation: 'allocateOrder' })
    const entry = (await (await mock.fetch(`http://localhost/__mock/requests/${wrong.id}`)).json()) as { readonly repair: Repair }
    expect(entry.repair).toEqual({ kind: 'none', reason: expect.stringMatching(/^the fault .*503.* hits whatever is sent/) })
  })

  it('is told without the secrets of the request, which is sent with them', async () => {
    const session = ownSession()
    const sent = { ...allocate(3, 1, 1), headers: { ...supplier, authorization: 'Token very-secret', 'x-api-key': 'secret-too' } }
    const { id, repair } = await ask(mock, session, sent)
    expect(repair?.kind).toBe('repaired')
    expect(JSON.stringify(repair)).not.toMatch(/very-secret|secret-too/)
    const again = await resend(mock, id, { repaired: true })
    const [of, to] = await mock.session(session).requests({ limit: 2 })
    expect([again.status, of?.id, to?.id]).toEqual([200, again.id, id])
  })
})

describe('a request', () => {
  it('is sent again as it was, or with other parts, to its own session', async () => {
    const session = ownSession()
    const { id } = await ask(mock, session, allocate(6))
    expect(await resend(mock, id, {})).toEqual({ id: expect.stringMatching(new RegExp(`^${session}-`)), status: 200 })
    expect(await resend(mock, id, { body: quantities(1) })).toMatchObject({ status: 400 })
    expect(await resend(mock, id, { method: 'get', path: `/orders/${ORDER}/?a=1?2` })).toMatchObject({ status: 200 })
    const [last] = await mock.session(session).requests({ limit: 1 })
    expect(last).toMatchObject({ method: 'GET', path: `/orders/${ORDER}/?a=1?2` })
  })

  it.each([
    ['that nobody sent', 'nobody-1', {}, 404, 'request-unknown'],
    ['with a part that is none', undefined, { verb: 'GET' }, 400, 'request-invalid'],
    ['with a path that is none', undefined, { path: 'orders' }, 400, 'request-invalid'],
  ])('%s is not', async (_what, wanted, body, status, code) => {
    const { id } = await ask(mock, ownSession(), allocate(6))
    const response = await mock.fetch(`http://localhost/__mock/requests/${wanted ?? id}/resend`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE },
      body: JSON.stringify(body),
    })
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })])
  })
})

/** How one thing is made wrong; undefined where there is no such thing. */
type Slip = (sent: Sent, pick: (most: number) => number) => Sent | undefined

const inBody =
  (change: (members: { readonly in: Record<string, unknown>; readonly name: string }) => void): Slip =>
  (sent, pick) => {
    if (sent.body === undefined) return undefined
    const body: unknown = JSON.parse(sent.body)
    const members: { readonly in: Record<string, unknown>; readonly name: string }[] = []
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [name, inner] of Object.entries(value)) {
        if (!Array.isArray(value)) members.push({ in: value as Record<string, unknown>, name })
        collect(inner)
      }
    }
    collect(body)
    const member = members[pick(members.length)]
    if (!member) return undefined
    change(member)
    return { ...sent, body: JSON.stringify(body) }
  }

const SLIPS: Readonly<Record<string, Slip>> = {
  'a member left out': inBody((member) => Reflect.deleteProperty(member.in, member.name)),
  'a member misspelt': inBody((member) => {
    member.in[`${member.name}s`] = member.in[member.name]
    Reflect.deleteProperty(member.in, member.name)
  }),
  'a value of another type': inBody((member) => (member.in[member.name] = typeof member.in[member.name] === 'number' ? 'many' : 17)),
  'a number as a text': inBody((member) => (member.in[member.name] = String(member.in[member.name]))),
  nothing: inBody((member) => (member.in[member.name] = null)),
  'a number below zero': inBody((member) => (member.in[member.name] = -1)),
  'a huge number': inBody((member) => (member.in[member.name] = 1e12)),
  'half a body': (sent) => (sent.body === undefined ? undefined : { ...sent, body: sent.body.slice(0, sent.body.length / 2) }),
  'no credentials': (sent) => ({
    ...sent,
    headers: Object.fromEntries(Object.entries(sent.headers).filter(([name]) => !/auth/i.test(name))),
  }),
  'no media type': (sent) =>
    sent.body === undefined ? undefined : { ...sent, headers: { ...sent.headers, 'content-type': 'application/x-other' } },
  'another method': (sent) => ({ ...sent, method: sent.method === 'GET' ? 'DELETE' : 'PATCH' }),
  'a letter too much in the path': (sent, pick) => {
    const place = 1 + pick(sent.path.split('?')[0]?.length ?? 1)
    return { ...sent, path: `${sent.path.slice(0, place)}x${sent.path.slice(place)}` }
  },
  'an id of nothing': (sent) => ({ ...sent, path: sent.path.replace(/[\da-f]{8,}(?=[^/]*)/, (id) => id.replaceAll(/[1-9]/g, '0')) }),
}

interface Tally {
  refused: number
  repaired: number
  readonly none: string[]
}

async function tried(mock: Mock, session: string, sent: Sent, what: string, tally: Tally): Promise<void> {
  const { id, repair } = await ask(mock, session, sent)
  if (!repair) return
  tally.refused++
  if (repair.kind === 'none') {
    expect(repair.reason).not.toBe('')
    tally.none.push(`${what} ${sent.method} ${sent.path}: ${repair.reason}`)
    return
  }
  tally.repaired++
  const again = await resend(mock, id, { repaired: true })
  // Some documents have no answer to a good request but an error.
  const { problem } = (await (await mock.fetch(`http://localhost/__mock/requests/${again.id}`)).json()) as { readonly problem?: object }
  expect({ what, sent, changes: repair.changes, problem }).toEqual({ what, sent, changes: repair.changes, problem: undefined })
}

describe('what is offered', () => {
  it('is accepted, and nine of ten slips have it: the bundled APIs', async () => {
    const examples = await mock.session(ownSession()).examples()
    const valid = examples.map(({ method, path, headers, body }): Sent => ({
      method,
      path,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }))
    const tally: Tally = { refused: 0, repaired: 0, none: [] }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...valid), fc.constantFrom(...Object.keys(SLIPS)), fc.nat(), async (sent, what, seed) => {
        const wrong = SLIPS[what]?.(sent, (most) => seed % most)
        if (wrong) await tried(mock, ownSession(), wrong, what, tally)
      }),
      { seed: 15, numRuns: LONG ? 5_000 : 400 },
    )
    expect(tally.refused).toBeGreaterThan(100)
    expect({ ...tally, isEnough: tally.repaired >= 0.9 * tally.refused }).toMatchObject({ isEnough: true })
  })

  it.each(['2.0/json/petstore.json', '3.1/json/train-travel.json', '3.0/json/star-trek.json'])(
    'is accepted, and nine of ten slips have it: %s',
    async (name) => {
      const file = join(PUBLISHED, name)
      const foreign = await openMock({ apis: documentApis([file]) })
      onTestFinished(() => foreign.close())
      const { trials } = await trialsOf(file)
      const slips = trials.flatMap((trial) => ('wrong' in trial ? trial.wrong : []))
      const tally: Tally = { refused: 0, repaired: 0, none: [] }
      for (const { sent, what } of LONG ? slips : slips.filter((_, place) => place % Math.ceil(slips.length / 120) === 0)) {
        const path = sent.path + (sent.query === '' ? '' : `?${sent.query}`)
        await tried(foreign, ownSession(), { ...sent, path }, what, tally)
      }
      expect(tally.refused).toBeGreaterThan(10)
      expect({ ...tally, isEnough: tally.repaired >= 0.9 * tally.refused }).toMatchObject({ isEnough: true })
    },
  )
})
