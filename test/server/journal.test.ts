import request, { type Test } from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import { createJournal } from '../../src/server/journal.ts'
import type { Exchange } from '../../src/core/exchange.ts'
import { ALLOCATION, openMock, ORDER, omsClient, ownSession, quantities, SUPPLIER, supplierClient } from '../support.ts'

const mock = await openMock()
afterAll(() => mock.close())

const control = (path: string): Test => request(mock.app).get(`/__mock${path}`)
const idsOf = async (query: string): Promise<string[]> => {
  const { status, body } = await control(`/requests?${query}`)
  expect(status).toBe(200)
  return body.requests.map(({ id }: { id: string }) => id)
}

describe('past requests', () => {
  // 1: 200, 2: 400 refused, 3: 404 no route, 4: 405 no method, 5: 200 with a body of its own, 6: a login.
  const session = ownSession()
  const supplier = supplierClient(mock, { session })
  const send = async (): Promise<void> => {
    await supplier.get().expect(200)
    await supplier.allocate(quantities(5)).expect(400)
    await request(mock.app).put(`/orders/alocation/${ORDER}/`).set({ Authorization: SUPPLIER, 'Mock-Session': session }).expect(404)
    await request(mock.app).delete(`/orders/${ORDER}/`).set({ Authorization: SUPPLIER, 'Mock-Session': session }).expect(405)
    await supplier.allocate(quantities(6, 0, 0, { supplier_po_number: 'Blue-7' })).expect(200)
    await request(mock.app)
      .post('/organizations/user-login/?token=hidden')
      .set('Mock-Session', session)
      .send({ username: 'supplier-1', password: 's3cr3t' })
      .expect(200)
  }
  const sent = send()

  it.each<[string, readonly number[]]>([
    ['', [6, 5, 4, 3, 2, 1]],
    ['limit=2', [6, 5]],
    ['operation=allocateOrder', [5, 2]],
    ['method=put', [5, 3, 2]],
    ['status=404', [3]],
    ['status=4xx', [4, 3, 2]],
    ['status=2XX', [6, 5, 1]],
    ['text=ALOCATION', [3]],
    ['text=blue-7', [5]],
    ['text=s3cr3t', []],
    ['text=hidden', []],
    ['text=supplier-1', [6]],
    ['unmatched=true', [4, 3]],
    ['unmatched=false', [6, 5, 2, 1]],
    ['refused=true', [4, 3, 2]],
    ['origin=request', [6, 5, 4, 3, 2, 1]],
    ['origin=timeline', []],
    ['origin=progress&status=200', []],
    [`since=${session}-4`, [6, 5]],
    [`since=${session}-6`, []],
    ['method=PUT&status=4xx&operation=allocateOrder', [2]],
  ])('are listed and counted by %s', async (query, numbers) => {
    await sent
    const all = `session=${session}&${query}`
    expect(await idsOf(all)).toEqual(numbers.map((number) => `${session}-${number}`))
    if (query.includes('limit')) return
    expect(await control(`/requests/count?${all}`)).toMatchObject({ status: 200, body: { count: numbers.length } })
  })

  it.each([
    ['status=9xx', 400, 'parameters-invalid'],
    ['origin=elsewhere', 400, 'parameters-invalid'],
    ['unmatched=perhaps', 400, 'parameters-invalid'],
    ['methode=PUT', 400, 'parameters-invalid'],
    ['since=never-1', 404, 'request-unknown'],
  ])('cannot be asked for by %s', async (query, status, code) => {
    for (const path of ['/requests', '/requests/count']) expect(await control(`${path}?${query}`)).toMatchObject({ status, body: { code } })
  })

  it('are listed in pages', async () => {
    await sent
    const page = async (query: string): Promise<unknown> => (await control(`/requests?session=${session}&${query}`)).body
    const numbers = (...all: number[]): unknown => all.map((number) => expect.objectContaining({ id: `${session}-${number}` }))
    expect(await page('limit=4')).toEqual({ requests: numbers(6, 5, 4, 3), before: `${session}-3` })
    expect(await page(`limit=4&before=${session}-3`)).toEqual({ requests: numbers(2, 1) })
    expect((await control('/requests?before=never-1')).status).toBe(404)
    expect((await control(`/requests/count?before=${session}-3`)).status).toBe(400)
  })

  it('that missed every route show which may have been meant', async () => {
    await sent
    expect((await control(`/requests/${session}-3`)).body.nearest).toEqual([
      {
        api: 'supplier-orders',
        operation: 'allocateOrder',
        method: 'PUT',
        path: '/orders/allocation/{order_uuid}/',
        differs: ["segment 2 is 'alocation', the path has 'allocation'"],
      },
    ])
    expect((await control(`/requests/${session}-4`)).body.nearest).toMatchObject([
      { operation: 'getOrder', differs: ['the method is DELETE, the path takes GET'] },
    ])
    for (const number of [1, 2]) expect((await control(`/requests/${session}-${number}`)).body).not.toHaveProperty('nearest')
  })

  it('are found without the prefix of their session and their query', async () => {
    const own = ownSession()
    await request(mock.app).put(`/~${own}/api/v2/allocation/cancle/1?x=1`).set('Authorization', 'Bearer any').expect(404)
    expect((await control(`/requests/${own}-1`)).body.nearest).toMatchObject([
      { operation: 'cancelAllocations', differs: ["segment 4 is 'cancle', the path has 'cancel'"] },
    ])
  })

  it('show the answer as it went, when by both clocks, and no secret', async () => {
    await sent
    const { body } = await control(`/requests/${session}-6`)
    expect(body).toMatchObject({
      origin: 'request',
      path: '/organizations/user-login/?token=***',
      mediaType: 'application/json',
      replyHeaders: { 'Mock-Session': session, 'Mock-Request-Id': `${session}-6` },
    })
    expect(Date.parse(body.received)).toBeGreaterThan(Date.parse(body.time))
    expect(JSON.stringify(body)).not.toMatch(/s3cr3t|hidden/)
    expect(JSON.parse(body.replyBody)).toMatchObject({ auth_token: '***' })
  })
})

describe('what a request changed', () => {
  it('is shown with what was there before, the population included', async () => {
    const supplier = supplierClient(mock)
    await supplier.allocate(quantities(4, 2)).expect(200)
    await supplier.allocate(quantities(6)).expect(200)
    const membersOf = async (number: number): Promise<unknown> =>
      (await control(`/requests/${supplier.session}-${number}`)).body.changes[0].members
    const line = ({ allocated = [0, 0], backordered = [0, 0] }): unknown =>
      expect.arrayContaining([
        { at: '/line_items/0/allocation/quantity_allocated', from: allocated[0], to: allocated[1] },
        { at: '/line_items/0/allocation/quantity_backordered', from: backordered[0], to: backordered[1] },
      ])
    expect(await membersOf(1)).toEqual(line({ allocated: [0, 4], backordered: [0, 2] }))
    expect(await membersOf(2)).toEqual(line({ allocated: [4, 6], backordered: [2, 0] }))
  })

  it('is shown so for allocations and stock, of any tenant', async () => {
    for (const stage of ['production', 'a/b%2F']) {
      const context = JSON.stringify({ account: '1234abcd5678efgh9ijklmno', stage })
      const oms = omsClient(mock, { context })
      const { body: found } = await oms.query({ filters: { statusCode: 'ALLOCATED' }, limit: 2 }).expect(200)
      const before = found.find(({ allocationId }: { allocationId: string }) => allocationId !== ALLOCATION)
      await oms.cancel(before.allocationId).expect(200)
      const { changes } = (await control(`/requests/${oms.session}-2`)).body
      const [allocation, ...stocks] = changes
      expect(allocation.members).toContainEqual({ at: '/statusCode', from: 'ALLOCATED', to: 'CANCELLED' })
      // What did not change is not told, and a log is told by what was added to it.
      expect(allocation.members).not.toContainEqual(expect.objectContaining({ at: '/locationNum' }))
      expect(allocation.members).toContainEqual({
        at: `/auditLogs/${before.auditLogs.length}`,
        to: expect.objectContaining({ auditType: 'CANCEL' }),
      })
      expect(stocks.length).toBeGreaterThan(0)
      for (const { members } of stocks) {
        expect(members).toMatchObject([{ at: '/available' }])
        expect(members[0].to).toBeGreaterThan(members[0].from)
      }
    }
  })

  it('has nothing before it where it is new', async () => {
    const session = ownSession()
    const { body } = await request(mock.app)
      .get(`/__mock/sessions/${session}/examples?token=retailer-1234567890`)
      .then(({ body: { examples } }) => {
        const example = examples.find(({ operation }: { operation: string }) => operation === 'createOrder')
        return request(mock.app).post(example.path).set(example.headers).set('Mock-Session', session).send(example.body).expect(201)
      })
    expect(body).toBeDefined()
    const { changes } = (await control(`/requests/${session}-1`)).body
    expect(changes).toEqual([
      {
        kind: 'order',
        id: expect.any(String),
        moves: [{ part: expect.any(String), to: 'Unallocated' }],
        to: expect.objectContaining({ line_items: expect.any(Array) }),
      },
    ])
  })

  it('is nothing of what the session began with', async () => {
    const session = ownSession()
    await supplierClient(mock, { session }).get().set('Mock-Scenario', 'already-shipped').expect(200)
    expect((await control(`/requests/${session}-1`)).body.changes).toBeUndefined()
    expect((await control(`/sessions/${session}`)).body.changes).toBeGreaterThan(0)
  })
})

describe('a journal', () => {
  const exchange = (id: string, more: Partial<Exchange> = {}): Exchange => ({
    id,
    session: id.split('-')[0] ?? '',
    origin: 'request',
    now: 0,
    real: 0,
    method: 'GET',
    path: '/',
    headers: {},
    requestBody: undefined,
    status: 200,
    replyHeaders: {},
    mediaType: 'application/json',
    replyBody: undefined,
    operation: 'getOrder',
    problem: undefined,
    warnings: [],
    assumption: undefined,
    changes: [],
    settings: undefined,
    explain: undefined,
    duration: 1,
    met: undefined,
    ...more,
  })
  const idOf = (entry: object): unknown => ('id' in entry ? entry.id : undefined)

  const idsIn = ({ requests }: { readonly requests: readonly object[] }): unknown[] => requests.map(idOf)

  it('shows all that went on in order, and one origin to who asks for it', () => {
    const journal = createJournal(1_000_000)
    journal.keep(exchange('a-1'))
    for (const origin of ['control', 'progress', 'timeline'] as const) journal.keep(exchange(`a-${origin}`, { origin }))
    expect(idsIn(journal.list({}, 10))).toEqual(['a-timeline', 'a-progress', 'a-control', 'a-1'])
    expect(journal.next(1, {})).toMatchObject({ id: 'a-control' })
    expect(journal.next(1, { origin: 'request' })).toEqual({ place: 4 })
    expect(idsIn(journal.list({ origin: 'control' }, 10))).toEqual(['a-control'])
    expect(journal.count({ origin: 'timeline' })).toBe(1)
    expect(journal.of('a').map(({ id }) => id)).toEqual(['a-1', 'a-control', 'a-progress', 'a-timeline'])
  })

  it('knows whose exchanges had to go, until they begin anew', () => {
    const journal = createJournal(4_500)
    for (let number = 1; number <= 3; number++) for (const name of ['a', 'b']) journal.keep(exchange(`${name}-${number}`))
    expect(journal.of('a').map(({ id }) => id)).toEqual(['a-2', 'a-3'])
    expect([journal.lost('a'), journal.lost('b'), journal.lost('c')]).toEqual([true, true, false])
    journal.forget('a')
    expect([journal.lost('a'), journal.lost('b')]).toEqual([false, true])
    expect(journal.of('a')).toEqual([])
    expect(idsIn(journal.list({}, 10)).every((id) => String(id).startsWith('b-'))).toBe(true)
  })

  it('hands out what it holds as it is, secrets and all', () => {
    const journal = createJournal(1_000_000)
    const kept = exchange('a-1', { headers: { authorization: 'Token s3cr3t' }, requestBody: '{"password":"s3cr3t"}' })
    journal.keep(kept)
    expect(journal.of('a')).toEqual([kept])
    expect(JSON.stringify(journal.get('a-1'))).not.toContain('s3cr3t')
  })

  it('lists page by page, by number or by size', () => {
    const journal = createJournal(100_000_000)
    for (let number = 1; number <= 9; number++) journal.keep(exchange(`a-${number}`, { replyBody: 'x'.repeat(number > 3 ? 800_000 : 10) }))
    const pages = [journal.list({}, 10)]
    for (let before = pages[0]?.before; before !== undefined; before = pages.at(-1)?.before) pages.push(journal.list({}, 2, before))
    expect(pages.map(idsIn)).toEqual([['a-9', 'a-8'], ['a-7', 'a-6'], ['a-5', 'a-4'], ['a-3', 'a-2'], ['a-1']])
  })

  it('shows also what alone is larger than an answer', () => {
    const journal = createJournal(100_000_000)
    for (const id of ['a-1', 'a-2']) journal.keep(exchange(id, { replyBody: 'x'.repeat(5_000_000) }))
    expect(journal.list({}, 10)).toMatchObject({ requests: [{ id: 'a-2' }], before: 'a-2' })
    expect(journal.list({}, 10, 'a-2')).toEqual({ requests: [expect.objectContaining({ id: 'a-1' })] })
  })

  it('masks a body once, and counts what is kept of it', () => {
    const journal = createJournal(1_000_000)
    const requestBody = `{"password":"s3cr3t","padding":"${'x'.repeat(10_000)}"}`
    journal.keep(exchange('a-1', { requestBody }))
    const { bytes } = journal
    const [first, second] = [journal.get('a-1'), journal.get('a-1')]
    expect(first).toMatchObject({ requestBody: requestBody.replace('s3cr3t', '***') })
    expect(second).toEqual(first)
    expect(journal.bytes - bytes).toBe(requestBody.length - 's3cr3t'.length + '***'.length)
    journal.forget('a')
    expect(journal.bytes).toBe(0)
  })

  it('masks what a refusal quotes of what was sent', () => {
    const journal = createJournal(1_000_000)
    const requestBody = '{"password":"s3cr3t\\"x"}'
    const replyBody = '{"status":["\\"s3cr3t\\\\\\"x\\" is not a valid choice."]}'
    journal.keep(exchange('a-1', { requestBody, replyBody, status: 400, replyHeaders: { 'X-Why': 's3cr3t"x' } }))
    expect(journal.get('a-1')).toMatchObject({
      replyBody: '{"status":["\\"***\\" is not a valid choice."]}',
      replyHeaders: { 'X-Why': '***' },
    })
  })

  it('keeps the form of numbers where it masks', () => {
    const journal = createJournal(1_000_000)
    journal.keep(exchange('a-1', { requestBody: '{ "price": 1.0, "id": 9007199254740993, "token": 12.50 }' }))
    expect(journal.get('a-1')).toMatchObject({ requestBody: '{ "price": 1.0, "id": 9007199254740993, "token": "***" }' })
  })

  it.each<[string, number, Partial<Exchange>]>([
    ['headers', 500, { replyHeaders: { 'X-Padding': 'x'.repeat(500) } }],
    [
      'a change, before and after',
      16_000,
      { changes: [{ kind: 'order', id: ORDER, from: { notes: 'x'.repeat(5_000) }, to: { notes: 'y'.repeat(3_000) } }] },
    ],
  ])('counts what it keeps of %s', (_what, bytes, more) => {
    const journal = createJournal(1_000_000)
    journal.keep(exchange('a-1'))
    const plain = journal.bytes
    journal.keep(exchange('a-2', more))
    expect(journal.bytes - plain).toBeGreaterThan(plain + bytes)
    expect(journal.bytes - plain).toBeLessThan(plain + 1.1 * bytes)
  })

  it('keeps no large value that was refused: the body has it', () => {
    const journal = createJournal(1_000_000)
    const at = '/body/x'
    const values = [7, 'x'.repeat(5_000), { deep: true }, undefined]
    const issues = values.map((value) => ({ at, rule: 'type', message: 'is wrong', ...(value !== undefined && { value }) }))
    journal.keep(exchange('a-1', { problem: { code: 'request-invalid', detail: '', issues } }))
    const kept = journal.exchange('a-1')?.problem?.issues ?? []
    expect(kept.map(({ value }) => value)).toEqual([7, `${'x'.repeat(1_000)}…`, undefined, undefined])
  })

  it('shows what disturbed an answer', () => {
    const journal = createJournal(1_000_000)
    journal.keep(exchange('a-1', { fault: 'slow-search', cut: 'EMPTY_RESPONSE' }))
    expect(journal.get('a-1')).toMatchObject({ fault: 'slow-search', cut: 'EMPTY_RESPONSE' })
  })

  it('reads an exchange once for as many as look for a text in it, or are shown it', () => {
    let near = 0
    const journal = createJournal(1_000_000, () => {
      near++
      return [{ api: 'a', operation: 'getA', method: 'GET', path: '/a', differs: [] }]
    })
    const kept = exchange('a-1', { operation: undefined, problem: { code: 'route-unknown', detail: 'nowhere' }, requestBody: '"A Text"' })
    journal.keep(kept)
    const [first, ...others] = Array.from(
      { length: 100 },
      (_, reader) => journal.next(0, { text: reader % 2 === 0 ? 'a text' : 'TEXT' }).shown,
    )
    expect(first).toMatchObject({ id: 'a-1', nearest: [{ operation: 'getA' }] })
    expect(others.every((shown) => shown === first)).toBe(true)
    expect(near).toBe(1)
  })
})

describe('what went on in a session', () => {
  it('is one list in order: what clients asked, what a control request set, and what came of it by itself', async () => {
    await using session = await mock.createSession({ name: ownSession(), scenario: { progress: { backorder: { after: '1h' } } } })
    const supplier = supplierClient(mock, { session: session.name })
    await supplier.allocate(quantities(4, 2)).expect(200)
    await session.advance('2h')
    await supplier.get().expect(200)
    const { requests } = (await control(`/requests?session=${session.name}`)).body
    expect(requests.map(({ origin, operation }: Record<string, string>) => `${origin} ${operation}`)).toEqual([
      'request getOrder',
      'control advanceClock',
      'progress backorder',
      'request allocateOrder',
    ])
    expect(requests[2].changes).toEqual([
      {
        kind: 'order',
        id: ORDER,
        members: [
          { at: '/line_items/0/allocation/quantity_allocated', from: 4, to: 6 },
          { at: '/line_items/0/allocation/quantity_backordered', from: 2, to: 0 },
        ],
      },
    ])
    expect((await control(`/requests/count?session=${session.name}`)).body).toEqual({ count: 2 })
    expect(await session.requests()).toHaveLength(2)
    expect(await session.requests({ origin: 'control' })).toHaveLength(1)
  })
})
