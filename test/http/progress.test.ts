import * as fc from 'fast-check'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mock, MockSession, Scenario } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, LINE, omsClient, openMock, ORDER, quantities, RETAILER, supplierClient } from '../support.ts'

const OTHER = 'abcdefghijklmnopqrstuvwx'
const LONG = process.env['LONG'] === '1'
const line = { line_item_uuid: LINE, quantity_ordered: 6 }
const items = [{ sku: 'MUG', quantity: 3 }]

let mock: Mock
beforeAll(async () => {
  mock = await openMock()
})
afterAll(() => mock.close())

/** A session of a scenario, and what its clients see. */
async function begin(scenario: Scenario) {
  const session = await mock.createSession({ scenario })
  const { name } = session
  const oms = omsClient(mock, { session: name })
  const supplier = supplierClient(mock, { session: name })
  const retailer = supplierClient(mock, { session: name, authorization: RETAILER })
  return {
    session,
    oms,
    supplier,
    allocation: async (id = ALLOCATION) => (await oms.get(id).expect(200)).body,
    line: async () => (await retailer.get().expect(200)).body.line_items[0],
    askToCancel: () => request(mock.app).delete(`/orders/items/cancel/${LINE}/`).set({ Authorization: RETAILER, 'Mock-Session': name }),
    advance: (by: string) => session.advance(by),
    waiting: async () => (await session.info()).waiting,
    steps: async () =>
      (await session.requests({ origin: 'progress', limit: 100 }))
        .toReversed()
        .map(({ operation, time }) => `${time.slice(11, 19)} ${operation}`),
  }
}

type Begun = Awaited<ReturnType<typeof begin>>

interface Moving {
  readonly data: Scenario
  /** What a read shows before the step and after it. */
  read(begun: Begun): Promise<unknown>
  readonly before: unknown
  readonly after: unknown
}

const MOVING: Readonly<Record<string, Moving>> = {
  queued: {
    data: { allocations: [{ allocationId: ALLOCATION, items }] },
    read: async ({ allocation }) => (await allocation()).statusCode,
    before: 'ALLOCATED',
    after: 'PENDING_DROP',
  },
  sent: {
    data: { allocations: [{ allocationId: ALLOCATION, statusCode: 'PENDING_DROP', items }] },
    read: async ({ allocation }) => (await allocation()).statusCode,
    before: 'PENDING_DROP',
    after: 'PENDING_PICK',
  },
  backorder: {
    data: { orders: [{ order_uuid: ORDER, line_items: [{ ...line, quantity_allocated: 4, quantity_backordered: 2 }] }] },
    read: async ({ line }) => {
      const { quantity_allocated, quantity_backordered } = (await line()).allocation
      return [quantity_allocated, quantity_backordered]
    },
    before: [4, 2],
    after: [6, 0],
  },
  cancellation: {
    data: { orders: [{ order_uuid: ORDER, line_items: [{ ...line, cancellation: 'pending' }] }] },
    read: async ({ line }) => (await line()).status,
    before: 'Unallocated',
    after: 'Cancelled',
  },
}
const ALL = Object.entries(MOVING)

describe.each(ALL)('the step %s', (step, { data, read, before, after }) => {
  it('is not taken by itself under the policy manual', async () => {
    const begun = await begin({ ...data, progress: { [step]: 'manual' } })
    await begun.advance('3650d')
    for (let count = 0; count < 5; count++) expect(await read(begun)).toEqual(before)
    expect(await begun.waiting()).toBe(0)
  })

  it('is manual unless something is said', async () => {
    const begun = await begin(data)
    await begun.advance('3650d')
    expect(await read(begun)).toEqual(before)
  })

  it('is taken before the next request under the policy immediately', async () => {
    const begun = await begin({ ...data, progress: { [step]: 'immediately' } })
    expect(await begun.waiting()).toBe(1)
    expect(await read(begun)).toEqual(after)
    expect(await begun.steps()).toEqual([`12:00:00 ${step}`])
    expect(await begun.waiting()).toBe(0)
  })

  it('is taken after its time, and not a second before', async () => {
    const begun = await begin({ ...data, progress: { [step]: { after: '90m' } } })
    await begun.advance('1h29m59s')
    expect(await read(begun)).toEqual(before)
    await begun.advance('1s')
    expect(await read(begun)).toEqual(after)
    expect(await begun.steps()).toEqual([`13:30:00 ${step}`])
  })

  it('has its own time as now, however late the next request comes', async () => {
    const begun = await begin({ ...data, progress: { [step]: { after: '90m' } } })
    await begun.advance('10h')
    expect(await read(begun)).toEqual(after)
    expect(await begun.steps()).toEqual([`13:30:00 ${step}`])
  })

  it('is taken after so many reads', async () => {
    const begun = await begin({ ...data, progress: { [step]: { reads: 3 } } })
    await begun.advance('1d')
    for (let count = 0; count < 3; count++) expect(await read(begun)).toEqual(before)
    expect(await read(begun)).toEqual(after)
  })

  it('is taken when somebody asks for it, whatever the policy', async () => {
    for (const policy of ['manual', { after: '1d' }, { reads: 9 }] as const) {
      const begun = await begin({ ...data, progress: { [step]: policy } })
      const on = data['orders'] ? { order: ORDER } : { allocation: ALLOCATION, account: ACCOUNT }
      expect(await begun.session.step(on)).toEqual([step])
      expect(await read(begun)).toEqual(after)
      expect(await begun.waiting()).toBe(0)
    }
  })

  it('waits anew when the policy changes, and no more when it becomes manual', async () => {
    const begun = await begin({ ...data, progress: { [step]: { after: '90m' } } })
    await begun.advance('1h')
    await begun.session.setProgress({ [step]: { after: '1h' } })
    await begun.advance('59m59s')
    expect(await read(begun)).toEqual(before)
    await begun.session.setProgress('manual')
    expect(await begun.waiting()).toBe(0)
    await begun.advance('1d')
    expect(await read(begun)).toEqual(before)
    await begun.session.setProgress({ [step]: 'immediately' })
    expect(await read(begun)).toEqual(after)
  })
})

describe('progress', () => {
  it('has a policy for each step, and one step leads to the next', async () => {
    const { allocation, advance, steps } = await begin({
      allocations: [{ allocationId: ALLOCATION, items }],
      progress: { queued: { after: '1h' }, sent: { reads: 2 } },
    })
    await advance('1h')
    expect((await allocation()).statusCode).toBe('PENDING_DROP')
    await advance('7h')
    expect((await allocation()).statusCode).toBe('PENDING_DROP')
    expect(await allocation()).toMatchObject({ statusCode: 'PENDING_PICK', sentToPPSDate: '2026-03-01T20:00:00.000000000Z' })
    expect(await steps()).toEqual(['13:00:00 queued', '20:00:00 sent'])
  })

  it('says of each step when it was taken, in one advance', async () => {
    const { allocation, advance } = await begin({
      allocations: [{ allocationId: ALLOCATION, items }],
      progress: { queued: { after: '1h' }, sent: { after: '2h' } },
    })
    await advance('1d')
    const { updatedAt, sentToPPSDate, version, auditLogs } = await allocation()
    expect({ updatedAt, sentToPPSDate, version }).toEqual({
      updatedAt: '2026-03-01T15:00:00.000000000Z',
      sentToPPSDate: '2026-03-01T15:00:00.000000000Z',
      version: 3,
    })
    expect(auditLogs.map(({ auditTimestamp }: { auditTimestamp: string }) => auditTimestamp)).toEqual([
      '2026-03-01T12:00:00.000000000Z',
      '2026-03-01T13:00:00.000000000Z',
      '2026-03-01T15:00:00.000000000Z',
    ])
  })

  it('waits for the day of a backorder, whatever time is said for those without a day', async () => {
    const {
      line: read,
      advance,
      steps,
    } = await begin({
      orders: [{ order_uuid: ORDER, line_items: [{ ...line, quantity_backordered: 6, backorder_date: '2026-03-03' }] }],
      progress: { backorder: { after: '1h' } },
    })
    await advance('1d11h59m59s')
    expect((await read()).allocation.quantity_backordered).toBe(6)
    await advance('1s')
    expect((await read()).allocation).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0, backorder_date: null })
    expect(await steps()).toEqual(['00:00:00 backorder'])
  })

  it('does not go back to a day that is over', async () => {
    const { session, line: read } = await begin({
      orders: [{ order_uuid: ORDER, line_items: [{ ...line, quantity_backordered: 6, backorder_date: '2026-02-01' }] }],
      progress: { backorder: { after: '1h' } },
    })
    expect((await read()).allocation.quantity_backordered).toBe(0)
    expect(await session.requests({ origin: 'progress' })).toMatchObject([{ time: '2026-03-01T12:00:00.000Z' }])
  })

  it('follows a backorder to another day', async () => {
    const {
      line: read,
      supplier,
      advance,
    } = await begin({
      orders: [{ order_uuid: ORDER, line_items: [{ ...line, quantity_backordered: 6, backorder_date: '2026-03-03' }] }],
      progress: { backorder: { after: '0s' } },
    })
    await supplier.allocate(quantities(1, 5, 0, { backorder_date: '2026-03-05' })).expect(200)
    await advance('2d')
    expect((await read()).allocation).toMatchObject({ quantity_allocated: 1, quantity_backordered: 5 })
    await advance('2d')
    expect((await read()).allocation).toMatchObject({ quantity_allocated: 6, quantity_backordered: 0 })
  })

  it.each([
    ['a cancelled allocation', { allocations: [{ allocationId: ALLOCATION, items }] }],
    ['a line whose cancellation is asked for', MOVING['backorder']?.data ?? {}],
  ])('waits for nothing more of %s', async (_what, data) => {
    const { oms, askToCancel, advance, waiting, steps } = await begin({
      ...data,
      progress: { queued: { after: '1h' }, sent: { after: '1h' }, backorder: { after: '1h' } },
    })
    expect(await waiting()).toBe(1)
    if (data['allocations']) await oms.cancel(ALLOCATION).expect(200)
    else await askToCancel().expect(204)
    expect(await waiting()).toBe(0)
    await advance('1d')
    expect(await steps()).toEqual([])
  })

  it('goes on with a line whose cancellation is refused', async () => {
    const {
      session,
      line: read,
      askToCancel,
      advance,
    } = await begin({ ...MOVING['backorder']?.data, progress: { backorder: { after: '1h' } } })
    await advance('30m')
    await askToCancel().expect(204)
    await request(mock.app)
      .patch(`/orders/items/cancel/${LINE}/reject/`)
      .set({ Authorization: 'Token 1234567890', ...session.headers })
      .expect(204)
    // It waits from now on.
    await advance('59m')
    expect((await read()).allocation.quantity_backordered).toBe(2)
    await advance('1m')
    expect((await read()).allocation.quantity_backordered).toBe(0)
  })

  it('leaves the population alone, until a request touches it', async () => {
    const { session, supplier, line: read, advance, waiting, oms } = await begin({ progress: 'immediately' })
    const statuses = async () =>
      (await oms.query({ filters: { statusCode: 'ALLOCATED' }, limit: 5 })).body.map((one: { allocationId: string }) => one.allocationId)
    const found = await statuses()
    await advance('30d')
    for (const id of found) expect((await oms.get(id)).body.statusCode).toBe('ALLOCATED')
    expect(await statuses()).toEqual(found)
    expect(await session.info()).toMatchObject({ waiting: 0, changes: 0 })
    await supplier.allocate(quantities(4, 2)).expect(200)
    expect(await waiting()).toBe(1)
    expect((await read()).allocation.quantity_backordered).toBe(0)
  })

  it('can be asked of the population, step by step', async () => {
    const { session, oms } = await begin({})
    const { body } = await oms.query({ filters: { statusCode: 'ALLOCATED' }, limit: 1 })
    const on = { allocation: body[0].allocationId, account: ACCOUNT }
    expect([await session.step(on), await session.step(on)]).toEqual([['queued'], ['sent']])
    expect((await oms.get(on.allocation)).body.statusCode).toBe('PENDING_PICK')
    await expect(session.step(on)).rejects.toMatchObject({
      status: 422,
      problem: { code: 'step-impossible', fix: expect.stringMatching(/cancellation \(.*queued \(/) },
    })
    await expect(session.step({ allocation: 'f'.repeat(24) })).rejects.toMatchObject({
      status: 404,
      problem: { code: 'entity-unknown' },
    })
    await expect(session.step({ order: '11111111-1111-4111-8111-111111111111' })).rejects.toMatchObject({
      problem: { code: 'entity-unknown' },
    })
  })

  it('takes the next step of each line of an order that is asked for', async () => {
    const { session } = await begin({
      orders: [
        {
          order_uuid: ORDER,
          line_items: [
            { ...line, quantity_backordered: 6 },
            { quantity_ordered: 2, supplier: 2, cancellation: 'pending' },
            { quantity_ordered: 1 },
          ],
        },
      ],
    })
    expect(await session.step({ order: ORDER })).toEqual(['backorder', 'cancellation'])
    expect((await session.entities({ kind: 'order', changed: true })).entities).toMatchObject([
      { entity: { line_items: [{ status: 'Allocated' }, { status: 'Cancelled' }, { status: 'Unallocated' }] } },
    ])
  })

  it('comes in the order in which it is due, across orders, allocations and accounts', async () => {
    const id = (digit: string): string => digit.repeat(24)
    const { advance, steps } = await begin({
      progress: { queued: { after: '6h' }, sent: { after: '5h' }, backorder: { after: '3h' }, cancellation: { after: '4h' } },
      orders: [
        { line_items: [{ quantity_ordered: 6, quantity_backordered: 6 }] },
        { line_items: [{ quantity_ordered: 1, cancellation: 'pending' }] },
      ],
      allocations: [
        { allocationId: id('a'), items },
        { allocationId: id('b'), account: OTHER, statusCode: 'PENDING_DROP', items },
      ],
    })
    await advance('11h30m')
    expect(await steps()).toEqual(['15:00:00 backorder', '16:00:00 cancellation', '17:00:00 sent', '18:00:00 queued', '23:00:00 sent'])
  })

  it('moves what exists is told in the middle of a session', async () => {
    const { session, allocation, advance } = await begin({ progress: { queued: { after: '1h' } } })
    await advance('5h')
    await session.exists({ allocations: [{ allocationId: ALLOCATION, items }] })
    await advance('59m')
    expect((await allocation()).statusCode).toBe('ALLOCATED')
    await advance('1m')
    expect(await allocation()).toMatchObject({ statusCode: 'PENDING_DROP', updatedAt: '2026-03-01T18:00:00.000000000Z' })
  })

  it('counts a read of the one, not of a list or of another', async () => {
    const { allocation, oms } = await begin({ allocations: [{ allocationId: ALLOCATION, items }], progress: { queued: { reads: 1 } } })
    await oms.query({ filters: { statusCode: 'ALLOCATED' }, limit: 100 }).expect(200)
    await oms.get('f'.repeat(24))
    expect((await allocation()).statusCode).toBe('ALLOCATED')
    expect((await allocation()).statusCode).toBe('PENDING_DROP')
  })

  it('counts no read that failed', async () => {
    const { session, oms, allocation } = await begin({
      allocations: [{ allocationId: ALLOCATION, items }],
      progress: { queued: { reads: 1 } },
    })
    await session.addFault({ id: 'down', status: 503 })
    await oms.get().expect(503)
    await session.dropFaults()
    expect((await allocation()).statusCode).toBe('ALLOCATED')
  })
})

describe('time', () => {
  const entities = async (session: MockSession): Promise<unknown> => {
    const kinds = ['order', 'allocation', 'oms-order', 'shipment', 'stock'] as const
    return Promise.all(kinds.map((kind) => session.entities({ kind, changed: true, limit: 100 })))
  }

  it('makes the same of a day at once and of a day in any number of parts', async () => {
    const minutes = 24 * 60
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: minutes - 1 }), { maxLength: 8 })
    const whole = await mock.createSession({ scenario: 'busy-day' })
    await whole.advance('1d')
    const expected = JSON.stringify(await entities(whole))
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (times, isRead) => {
        await using session = await mock.createSession({ scenario: 'busy-day' })
        let passed = 0
        for (const time of [...times.toSorted((a, b) => a - b), minutes]) {
          await session.advance(`${time - passed}m`)
          passed = time
          if (isRead) await omsClient(mock, { session: session.name }).get().expect(200)
        }
        expect(JSON.stringify(await entities(session))).toBe(expected)
      }),
      { numRuns: LONG ? 500 : 40 },
    )
  })

  it('makes the same of any progress and timeline, at once and in parts', async () => {
    const duration = fc.integer({ min: 0, max: 600 }).map((minutes) => `${minutes}m`)
    const policy = fc.oneof(fc.constant('manual' as const), fc.constant('immediately' as const), fc.record({ after: duration }))
    const id = fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(24))
    const step = fc.oneof(
      fc.record({ at: duration, operation: fc.constant('cancelAllocations'), parameters: fc.record({ allocationIds: id }) }),
      fc.record({
        at: duration,
        operation: fc.constant('confirmLineItemCancellation'),
        parameters: fc.constant({ order_item_uuid: LINE }),
      }),
      fc.record({ at: duration, operation: fc.constant('cancelLineItem'), parameters: fc.constant({ order_item_uuid: LINE }) }),
      fc.record({
        at: duration,
        operation: fc.constant('allocateOrder'),
        parameters: fc.constant({ order_uuid: ORDER }),
        body: fc.integer({ min: 0, max: 6 }).map((units) => quantities(units, 6 - units)),
      }),
      fc.record({ at: duration, exists: id.map((allocationId) => ({ allocations: [{ allocationId, items }] })) }),
    )
    const scenario = fc.record({
      progress: fc.record({ queued: policy, sent: policy, backorder: policy, cancellation: policy }),
      orders: fc.constant([{ order_uuid: ORDER, line_items: [{ ...line, quantity_allocated: 4, quantity_backordered: 2 }] }]),
      allocations: fc.constant([{ allocationId: 'a'.repeat(24), items }]),
      timeline: fc.array(step, { maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, fc.uniqueArray(fc.integer({ min: 1, max: 719 }), { maxLength: 6 }), async (made, times) => {
        await using whole = await mock.createSession({ scenario: made })
        await using parts = await mock.createSession({ scenario: made })
        await whole.advance('12h')
        let passed = 0
        for (const time of [...times.toSorted((a, b) => a - b), 720]) {
          await parts.advance(`${time - passed}m`)
          passed = time
        }
        expect(JSON.stringify(await entities(parts))).toBe(JSON.stringify(await entities(whole)))
      }),
      { numRuns: LONG ? 1_000 : 60 },
    )
  })
})
