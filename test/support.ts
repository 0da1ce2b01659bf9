import { randomUUID } from 'node:crypto'
import request, { type Test } from 'supertest'
import { DEFAULT_ASSUMPTIONS } from '../src/core/assumption.ts'
import type { SessionStart } from '../src/core/session.ts'
import { createMock, type Mock, type MockOptions } from '../src/index.ts'

/** The documents' own examples, which exist by default. */
export const ORDER = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
export const LINE = 'b84ccd3c-88f8-4050-accf-e049163052e3'
export const ALLOCATION = '62ff5c0bec0aed3c86202c32'
export const ACCOUNT = '1234abcd5678efgh9ijklmno'
export const SUPPLIER = 'Token 1234567890'
export const RETAILER = 'Token retailer-1234567890'
export const NOW = '2026-03-01T12:00:00Z'

/** A mock with a frozen clock that answers 500 to anything its documents do not have. */
export function openMock(options: MockOptions = {}): Promise<Mock> {
  return createMock({ now: NOW, ...options })
}

/** What a session starts from, for tests without a mock. */
export function sessionDefaults(more: Partial<SessionStart> = {}): SessionStart {
  return {
    seed: '1',
    clock: { kind: 'frozen', at: Date.parse(NOW) },
    orders: 10,
    allocations: 10,
    assumptions: DEFAULT_ASSUMPTIONS,
    tokens: [],
    progress: undefined,
    faults: [],
    scenario: { name: undefined, written: {} },
    data: {},
    timeline: [],
    ...more,
  }
}

/** A name that no other test has. */
export function ownSession(): string {
  return randomUUID()
}

/** A client of the supplier API in a session of its own. */
export function supplierClient(mock: Mock, { session = ownSession(), authorization = SUPPLIER } = {}) {
  const send = (test: Test): Test => test.set('Authorization', authorization).set('Mock-Session', session)
  return {
    session,
    get: (id: string = ORDER) => send(request(mock.app).get(`/orders/${id}/`)),
    search: (body: object = {}) => send(request(mock.app).post('/orders/')).send(body),
    allocate: (body: object, id: string = ORDER) => send(request(mock.app).put(`/orders/allocation/${id}/`)).send(body),
  }
}

/** A body that allocates the example order's only line. */
export function quantities(
  allocated: number | string,
  backordered: number | string = 0,
  rejected: number | string = 0,
  more: object = {},
): object {
  return {
    line_items: [
      {
        line_item_uuid: LINE,
        allocation: { quantity_allocated: allocated, quantity_backordered: backordered, quantity_rejected: rejected, ...more },
      },
    ],
  }
}

/** A client of the OMS API in a session of its own. */
export function omsClient(
  mock: Mock,
  { session = ownSession(), authorization = 'Bearer any', context = JSON.stringify({ account: ACCOUNT }) } = {},
) {
  const send = (test: Test): Test => test.set('Authorization', authorization).set('x-site-context', context).set('Mock-Session', session)
  return {
    session,
    get: (id: string = ALLOCATION) => send(request(mock.app).get(`/api/v2/allocation/${id}`)),
    query: (body: object = {}) => send(request(mock.app).post('/api/v2/allocation/query')).send(body),
    cancel: (...ids: string[]) => send(request(mock.app).put(`/api/v2/allocation/cancel/${ids.join(',')}`)),
  }
}
