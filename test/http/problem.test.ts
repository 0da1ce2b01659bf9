import request, { type Response, type Test } from 'supertest'
import { describe, expect, it } from 'vitest'
import parcels from '../../examples/parcels/parcels.ts'
import type { Repair } from '../../src/client/client.ts'
import type { Mock } from '../../src/index.ts'
import { ALLOCATION, omsClient, openMock, ORDER, ownSession, quantities, SUPPLIER, supplierClient } from '../support.ts'
import { racingStore } from '../stores.ts'

/** Who asks for problem details is told in the refusal itself what its explanation says, and what would be accepted in its place. */

const PROBLEM = 'application/problem+json'
const mock = await openMock()
const line = '/body/line_items/0/allocation'

/** Sends what an answer offers, as it is offered. */
async function sendOffered(on: Mock, { body }: Response): Promise<number> {
  const { repair } = body as { readonly repair: Repair }
  if (repair.kind !== 'repaired') throw new Error(repair.reason)
  const { method, path, headers, body: sent } = repair.request
  const answer = await on.fetch(path, { method, headers, ...(sent !== undefined && { body: JSON.stringify(sent) }) })
  return answer.status
}

describe('problem details', () => {
  it('say why a sum is wrong, who says so, what decides otherwise, and what would do', async () => {
    const client = supplierClient(mock)
    const answer = await client.allocate(quantities(3, 1, 1)).set('Accept', PROBLEM)
    expect([answer.status, answer.type]).toEqual([400, PROBLEM])
    expect(answer.body).toMatchObject({
      code: 'quantities-differ',
      issues: [{ at: line, message: '3 allocated + 1 backordered + 1 rejected is 5, not the 6 ordered' }],
      assumed: { name: 'supplier.allocate.sum', value: 'enforced', switches: ['--assume supplier.allocate.sum=off'] },
      basis: { kind: 'documented', assumption: 'supplier.allocate.sum' },
      repair: { changes: [{ at: `${line}/quantity_rejected`, from: 1, to: 2 }], curl: expect.stringMatching(/^curl -sS -X PUT /) },
    })
    expect(answer.body).not.toHaveProperty('nearest')
    expect(await sendOffered(mock, answer)).toBe(200)
  })

  it('say where each rule that is broken stands, and what the document bases it on', async () => {
    const client = supplierClient(mock)
    const answer = await client.allocate({ line_items: [{ line_item_uuid: 7 }] }).set('Accept', PROBLEM)
    const place = { file: 'supplier-orders.yaml', line: expect.any(Number), basis: { kind: 'seed', source: expect.any(String) } }
    expect(answer.body.issues).toMatchObject([
      { at: line, rule: 'required', place: { ...place, pointer: '/components/schemas/LineItemAllocation/required' } },
      { at: '/body/line_items/0/line_item_uuid', rule: 'type', value: 7, place },
    ])
    expect(await sendOffered(mock, answer)).toBe(200)
  })

  it('say that nothing is accepted of what is over, and which answers one may choose instead', async () => {
    const client = omsClient(mock)
    await client.cancel(ALLOCATION)
    const { status, body } = await client.cancel(ALLOCATION).set('Accept', PROBLEM)
    expect([status, body]).toEqual([
      404,
      expect.objectContaining({
        assumed: expect.objectContaining({ switches: ['--assume oms.cancel.again=400', '--assume oms.cancel.again=200'] }),
        repair: { kind: 'none', reason: expect.stringContaining('has nothing left to cancel') },
      }),
    ])
  })

  it('say which assumption the session itself has', async () => {
    const session = await mock.createSession({ name: ownSession(), assume: { 'oms.cancel.again': '400' } })
    const client = omsClient(mock, { session: session.name })
    await client.cancel(ALLOCATION)
    const { status, body } = await client.cancel(ALLOCATION).set('Accept', PROBLEM)
    expect([status, body.assumed]).toMatchObject([
      400,
      { value: '400', switches: ['--assume oms.cancel.again=404', '--assume oms.cancel.again=200'] },
    ])
  })

  it('say which path is the nearest, and what would be accepted there', async () => {
    const answer = await request(mock.app)
      .put(`/order/allocations/${ORDER}`)
      .set({ Accept: PROBLEM, Authorization: SUPPLIER, 'Mock-Session': ownSession() })
      .send(quantities(6))
      .expect(404)
    expect(answer.body).toMatchObject({
      nearest: [{ operation: 'allocateOrder', path: '/orders/allocation/{order_uuid}/' }],
      repair: { changes: [{ at: '/path', to: `/orders/allocation/${ORDER}/` }] },
    })
    expect(await sendOffered(mock, answer)).toBe(200)
  })

  it('say as much of an API of one’s own', async () => {
    await using own = await openMock({ apis: [parcels] })
    const answer = await request(own.app)
      .post('/parcels')
      .set({ Accept: PROBLEM, 'Mock-Session': ownSession() })
      .send({ to: 7, depot: 'north' })
    expect([answer.status, answer.body.repair]).toMatchObject([400, { changes: [{ at: '/body/to', from: 7 }] }])
    expect(await sendOffered(own, answer)).toBe(201)
  })
})

describe('the explanation of a request', () => {
  it('says what its problem details said, while the journal has the answer without it', async () => {
    const client = supplierClient(mock)
    const { body, headers } = await client.allocate(quantities(3, 1, 1)).set('Accept', PROBLEM)
    const { assumed, basis, repair, ...kept } = body
    const { body: entry } = await request(mock.app)
      .get(new URL(headers['mock-explain'] ?? '').pathname)
      .set('Host', new URL(headers['mock-explain'] ?? '').host)
    expect({ assumed: entry.assumed, basis: entry.basis, repair: entry.repair }).toEqual({ assumed, basis, repair })
    expect(JSON.parse(entry.replyBody)).toEqual(kept)
    expect(entry.id).toBe(`${client.session}-1`)
    expect(await mock.session(client.session).info()).toMatchObject({ requests: 1, changes: 0 })
  })
})

it.each([undefined, 'application/json', '*/*', `application/json, ${PROBLEM};q=0.5`])(
  'is told to nobody else: Accept %s',
  async (accept) => {
    const client = supplierClient(mock)
    const sent = client.allocate(quantities(3, 1, 1))
    const { text, type } = await (accept === undefined ? sent.unset('Accept') : sent.set('Accept', accept))
    expect([type, text]).toEqual(['application/json', expect.not.stringMatching(/repair|assumed|basis|nearest"/)])
    // What the mock alone knows of is problem details for everybody.
    const unknown = client.get().set('Prefer', 'code=418')
    const { body } = await (accept === undefined ? unknown.unset('Accept') : unknown.set('Accept', accept))
    expect(Object.keys(body)).toEqual(['type', 'title', 'status', 'detail', 'code', 'fix'])
  },
)

it('holds no secret that the journal masks, and the same each time', async () => {
  const sent = (client: ReturnType<typeof supplierClient>): Test =>
    client.allocate(quantities(3, 1, 1)).set({ Accept: PROBLEM, Host: 'mock.test', 'X-Api-Key': 'secret-too' })
  const session = ownSession()
  const client = supplierClient(mock, { session, authorization: 'Token very-secret' })
  const [first, second] = [await sent(client), await sent(client)]
  expect(first.body.repair.kind).toBe('repaired')
  expect(first.text).not.toMatch(/very-secret|secret-too/)
  expect(second.text).toBe(first.text)
})

it('leaves what a fault has spoilt, or says in its place, as it is', async () => {
  const client = supplierClient(mock)
  const session = mock.session(client.session)
  await session.addFault({ fault: 'MALFORMED_BODY' })
  const spoilt = await mock.fetch(`/orders/allocation/${ORDER}/`, {
    method: 'PUT',
    headers: { accept: PROBLEM, authorization: SUPPLIER, 'content-type': 'application/json', 'mock-session': client.session },
    body: JSON.stringify(quantities(3, 1, 1)),
  })
  expect(await spoilt.text()).toMatch(/^(?!.*repair).*\}\}$/)
  await session.dropFaults()
  await session.addFault({ status: 503 })
  const { status, body } = await client.allocate(quantities(3, 1, 1)).set('Accept', PROBLEM)
  expect([status, body]).toEqual([503, expect.not.objectContaining({ repair: expect.anything() })])
})

it('is the same where two servers share a store, and takes nothing from it', async () => {
  await using own = await openMock({ store: racingStore() })
  const client = supplierClient(own)
  const wrong = (): Test => client.allocate(quantities(3, 1, 1)).set('Accept', PROBLEM)
  const answers = await Promise.all([wrong(), client.allocate(quantities(6)), wrong(), wrong()])
  expect(answers.map(({ status }) => status)).toEqual([400, 200, 400, 400])
  for (const { body } of answers.filter(({ status }) => status === 400))
    expect(body.repair).toMatchObject({ changes: [{ at: `${line}/quantity_rejected`, from: 1, to: 2 }] })
  expect(await own.session(client.session).info()).toMatchObject({ requests: 4 })
})
