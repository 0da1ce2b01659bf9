import { randomUUID } from 'node:crypto'
import request, { type Test } from 'supertest'
import { oms } from '../src/apis/oms/api.ts'
import { ASSUMPTIONS as OMS_ASSUMPTIONS, type Assumptions as OmsAssumptions } from '../src/apis/oms/assumptions.ts'
import type { Settings as OmsSettings } from '../src/apis/oms/session.ts'
import { supplier } from '../src/apis/supplier/api.ts'
import { ASSUMPTIONS as SUPPLIER_ASSUMPTIONS, type Assumptions as SupplierAssumptions } from '../src/apis/supplier/assumptions.ts'
import type { Settings as SupplierSettings } from '../src/apis/supplier/session.ts'
import { PROBLEMS as CORE_PROBLEMS } from '../src/base/problem.ts'
import { PROBLEMS as OMS_PROBLEMS } from '../src/apis/oms/problems.ts'
import { PROBLEMS as SUPPLIER_PROBLEMS } from '../src/apis/supplier/problems.ts'
import type { Api } from '../src/core/api.ts'
import type { Caller, LiveScene, Scene } from '../src/core/behaviour.ts'
import { Live } from '../src/core/live.ts'
import type { CoreKinds } from '../src/core/world.ts'
import { type Registry, registryOf } from '../src/core/registry.ts'
import type { SessionStart } from '../src/core/session.ts'
import { hasMove, moveText } from '../src/core/life-cycle.ts'
import type { Exchange } from '../src/core/exchange.ts'
import { movesOf } from '../src/engine/session.ts'
import { memoryStore } from '../src/store/memory.ts'
import type { Keeping } from '../src/store/store.ts'
import { createMock, type Mock, type MockOptions } from '../src/index.ts'

/** The documents' own examples, which exist by default. */
export const ORDER = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
export const LINE = 'b84ccd3c-88f8-4050-accf-e049163052e3'
export const ALLOCATION = '62ff5c0bec0aed3c86202c32'
export const ACCOUNT = '1234abcd5678efgh9ijklmno'
export const SUPPLIER = 'Token 1234567890'
export const RETAILER = 'Token retailer-1234567890'
export const NOW = '2026-03-01T12:00:00Z'

/** The bundled APIs, for tests without a mock. */
export const REGISTRY = registryOf([supplier, oms])

/** A mock with a frozen clock that answers 500 to anything its documents do not have, and fails at a move that no life cycle has. */
export function openMock(options: MockOptions = {}): Promise<Mock> {
  const { apis, store = memoryStore } = options
  if (typeof store === 'string') return createMock({ now: NOW, ...options })
  const registry = apis ? registryOf(apis.flatMap((api) => (typeof api === 'string' ? (BUNDLED.get(api) ?? []) : [api]))) : REGISTRY
  return createMock({ now: NOW, ...options, store: (settings) => store({ ...settings, journal: checking(settings.journal, registry) }) })
}

const BUNDLED = new Map([supplier, oms].map((api) => [api.name, api]))

function checking(journal: Keeping, registry: Registry): Keeping {
  return {
    ...journal,
    keep(exchange, at) {
      // What control requests bring in is there, and has not moved.
      if (exchange.origin !== 'control' && exchange.operation !== 'exists') checkMoves(exchange, registry)
      journal.keep(exchange, at)
    },
  }
}

function checkMoves({ operation = '', changes, settings }: Exchange, registry: Registry): void {
  for (const change of changes)
    for (const moved of movesOf(change, settings, registry)) {
      const { lifeCycle } = registry.kinds.get(change.kind)?.row ?? {}
      // Where several APIs have an operation, it is told as `api:operation`.
      if (lifeCycle && !hasMove(lifeCycle, operation.replace(/^.*:/, ''), moved))
        throw new Error(`${operation} moves ${change.kind} ${change.id} ${moveText(moved)}, which its life cycle does not have`)
    }
}

/** All their assumptions. */
export const ASSUMPTIONS = { ...SUPPLIER_ASSUMPTIONS, ...OMS_ASSUMPTIONS }
export type AssumptionName = keyof typeof ASSUMPTIONS

/** All codes that they and the mock refuse with. */
export const PROBLEMS = { ...CORE_PROBLEMS, ...SUPPLIER_PROBLEMS, ...OMS_PROBLEMS }

/** What the bundled APIs assume, where nobody chooses otherwise. */
export const DEFAULT_ASSUMPTIONS = Object.fromEntries(
  Object.entries(ASSUMPTIONS).map(([name, { values }]) => [name, values[0]]),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
) as SupplierAssumptions & OmsAssumptions

/** What a session of the bundled APIs starts from. */
export interface BundledStart extends SessionStart {
  readonly assumptions: SupplierAssumptions & OmsAssumptions
  readonly settings: SupplierSettings & OmsSettings
}

/** The same, for tests without a mock. */
export function sessionDefaults({
  orders = 10,
  allocations = 10,
  ...more
}: Partial<BundledStart> & { readonly orders?: number; readonly allocations?: number } = {}): BundledStart {
  return {
    seed: '1',
    clock: { kind: 'frozen', at: Date.parse(NOW) },
    settings: { orders, allocations, supplierTokens: [], retailerTokens: [] },
    assumptions: DEFAULT_ASSUMPTIONS,
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

/** The scene that a behaviour is given. */
export function liveScene<Of extends CoreKinds>(scene: Scene<Of>, caller: Caller, kinds: object): LiveScene<Of> {
  // What the scene holds is of these kinds.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return new Live(scene as unknown as Scene, caller, kinds as Api['kinds']) as unknown as LiveScene<Of>
}
