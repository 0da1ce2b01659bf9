import request from 'supertest'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { createMock, type MockSession } from 'allocation-mock'

const mock = await createMock()
afterAll(() => mock.close())

let session: MockSession
beforeEach(async () => {
  session = await mock.createSession({ scenario: 'already-shipped', clock: { frozen: '2026-03-01T12:00:00Z' } })
})
afterEach(() => session.drop())

it('meets an outage of half an hour', async () => {
  const order = () =>
    request(mock.app)
      .get('/orders/319bba9f-71b1-4a93-8abf-67a45b8fdd5c/')
      .set({ Authorization: 'Token 1234567890', ...session.headers })

  await session.addFault({ operation: 'getOrder', during: { until: '30m' }, status: 503, retryAfter: '30m' })
  expect((await order()).headers).toMatchObject({ 'retry-after': '1800' })
  await session.advance('30m')
  expect((await order()).body.line_items[0].status).toBe('HasTracking')
  expect(await session.count({ operation: 'getOrder', status: '5xx' })).toBe(1)
})
