import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Play, PlayedAnswer, PlayedRequest } from './determinism-worker.ts'
import { ACCOUNT, ALLOCATION, NOW, openMock, ORDER } from './support.ts'

const SEED = 'forty-two'
const OPTIONS = { seed: SEED, now: NOW, supplierTokens: ['four=4'], retailerTokens: ['shop=2'] }
/** Nobody changes anything of it. */
const QUIET_ACCOUNT = 'an-account-left-in-peace'
const COUNT = 200
const WORKER = fileURLToPath(new URL('determinism-worker.ts', import.meta.url))

/** A request, what it is an example of, and what it reads or writes. */
interface Drawn {
  readonly kind: string
  /** Requests that touch the same entity keep their order; `everything` stands before and behind all others. */
  readonly touches: readonly string[] | 'everything'
  readonly request: Omit<PlayedRequest, 'number'>
}

type Numbered = Omit<Drawn, 'request'> & { readonly request: PlayedRequest }

interface KnownOrder {
  readonly id: string
  readonly lines: readonly { readonly id: string; readonly ordered: number }[]
}

/** What there is, from the population of a mock of the same seed. */
async function known() {
  await using mock = await openMock(OPTIONS)
  const session = mock.session()
  const found = await session.entities({ kind: 'order', limit: 60 })
  const orders = found.entities.flatMap(({ id, entity }): KnownOrder[] => {
    const { line_items: lines } = entity as {
      line_items: { uuid: string; supplier_uuid: string; allocation: { quantity_ordered: number } }[]
    }
    // The first supplier's alone, so that nobody else sees whether it is allocated.
    return lines.every(({ supplier_uuid }) => supplier_uuid === 'd6ac857d-c844-4312-8485-6d121d065308')
      ? [{ id, lines: lines.map(({ uuid, allocation }) => ({ id: uuid, ordered: allocation.quantity_ordered })) }]
      : []
  })
  const ids = async (account: string): Promise<string[]> =>
    (await session.entities({ kind: 'allocation', account, limit: 40 })).entities.map(({ id }) => id)
  return { orders, allocations: await ids(ACCOUNT), quiet: await ids(QUIET_ACCOUNT) }
}

function drawn({ orders, allocations, quiet }: Awaited<ReturnType<typeof known>>): fc.Arbitrary<Drawn> {
  const session = fc.constantFrom('default', 'one', 'two')
  const json = (body: unknown): string => JSON.stringify(body)
  const supplier = (name: string, token = '1234567890'): Record<string, string> => ({
    Authorization: `Token ${token}`,
    'Content-Type': 'application/json',
    'Mock-Session': name,
  })
  const oms = (name: string, account = ACCOUNT): Record<string, string> => ({
    Authorization: 'Bearer any',
    'Content-Type': 'application/json',
    'x-site-context': json({ account }),
    'Mock-Session': name,
  })
  const anOrder = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...orders.slice(0, 12)) }, fc.constantFrom(...orders))
  const anAllocation = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...allocations.slice(0, 12)) }, fc.constantFrom(...allocations))

  const allocate = fc
    .record({
      session,
      order: anOrder,
      split: fc.tuple(fc.nat(12), fc.nat(12)),
      off: fc.constantFrom(0, 0, 0, 0, 1, -1),
      written: fc.constantFrom(Number, String),
      date: fc.constantFrom(undefined, null, '2026-05-01', '2026-05-01T10:00:00Z', 'soon'),
      invoice: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
    })
    .map(({ session: name, order, split: [first, second], off, written, date, invoice }): Drawn => ({
      kind: 'allocateOrder',
      touches: [`${name} ${order.id}`],
      request: {
        method: 'PUT',
        path: `/orders/allocation/${order.id}/`,
        headers: supplier(name),
        body: json({
          line_items: order.lines.map(({ id, ordered }) => {
            const allocated = first % (ordered + 1)
            const backordered = second % (ordered - allocated + 1)
            return {
              line_item_uuid: id,
              supplier_provided_invoice_number: invoice,
              allocation: {
                quantity_allocated: written(allocated),
                quantity_backordered: written(backordered),
                quantity_rejected: written(ordered - allocated - backordered + off),
                backorder_date: date,
              },
            }
          }),
        }),
      },
    }))
  const getOrder = fc
    .record({
      session,
      order: anOrder,
      spelt: fc.constantFrom(
        (id: string) => id,
        (id: string) => id.toUpperCase(),
      ),
    })
    .map(({ session: name, order, spelt }): Drawn => ({
      kind: 'getOrder',
      touches: [`${name} ${order.id}`],
      request: { method: 'GET', path: `/orders/${spelt(order.id)}/`, headers: supplier(name) },
    }))
  const searchOrders = fc
    .record({
      session,
      token: fc.constantFrom('four', 'four', 'four', 'four', 'four', 'four', '1234567890', 'shop'),
      body: fc.record(
        {
          start: fc.nat(20),
          limit: fc.integer({ min: 0, max: 30 }),
          line_item_allocation_statuses: fc.subarray(['Unallocated', 'Partial', 'Allocated']),
          line_item_designation: fc.constantFrom('HasTracking', 'NeedsTracking', 'Backordered', 'Rejected', 'Cancelled', 'Shipped'),
          sort: fc.record({ key: fc.constantFrom('date', 'status', 'sku_id'), dir: fc.constantFrom('asc', 'desc') }),
          start_date: fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ session: name, token, body }): Drawn => ({
      kind: 'searchOrders',
      touches: token === 'four' ? [] : 'everything',
      request: { method: 'POST', path: '/orders/', headers: supplier(name, token), body: json(body) },
    }))
  const cancel = fc
    .record({
      session,
      ids: fc.array(fc.oneof({ weight: 12, arbitrary: anAllocation }, fc.constant('0'.repeat(24))), { minLength: 1, maxLength: 3 }),
    })
    .map(({ session: name, ids }): Drawn => ({
      kind: 'cancelAllocations',
      touches: ids.map((id) => `${name} ${id}`),
      request: { method: 'PUT', path: `/api/v2/allocation/cancel/${ids.join(',')}`, headers: oms(name) },
    }))
  const getAllocation = fc.record({ session, id: anAllocation }).map(({ session: name, id }): Drawn => ({
    kind: 'getAllocation',
    touches: [`${name} ${id}`],
    request: { method: 'GET', path: `/api/v2/allocation/${id}`, headers: oms(name) },
  }))
  const queryAllocations = fc
    .record({
      session,
      isQuiet: fc.constantFrom(true, true, true, true, true, true, false),
      body: fc.record(
        {
          limit: fc.integer({ min: 0, max: 20 }),
          offset: fc.nat(30),
          sortBy: fc.constantFrom('updatedAt', 'allocationDate', 'statusCode', 'poNumber', 'nothing'),
          sortDirection: fc.constantFrom('asc', 'desc'),
          filters: fc.record(
            {
              statusCode: fc.constantFrom('ALLOCATED', ['SHIPPED', 'CANCELLED'], 'PENDING_*', 'NONE'),
              updatedAt: fc.constantFrom({ gte: '2026-01-01T00:00:00Z' }, { lt: '2026-01-20T00:00:00Z' }),
            },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ session: name, isQuiet, body }): Drawn => ({
      kind: 'queryAllocations',
      touches: isQuiet ? [] : 'everything',
      request: {
        method: 'POST',
        path: '/api/v2/allocation/query',
        headers: oms(name, isQuiet ? QUIET_ACCOUNT : ACCOUNT),
        body: json(body),
      },
    }))
  const refused = fc
    .record({
      session,
      request: fc.constantFrom<(name: string) => Omit<PlayedRequest, 'number'>>(
        (name) => ({ method: 'GET', path: '/orders/unknown/', headers: supplier(name) }),
        (name) => ({ method: 'GET', path: `/orders/${ORDER}`, headers: supplier(name) }),
        (name) => ({ method: 'PATCH', path: `/orders/${ORDER}/`, headers: supplier(name) }),
        (name) => ({ method: 'GET', path: `/orders/${ORDER}/`, headers: { 'Mock-Session': name } }),
        (name) => ({ method: 'POST', path: '/orders/', headers: supplier(name, 'invalid'), body: '{}' }),
        (name) => ({ method: 'POST', path: '/orders/', headers: supplier(name), body: '{"limit":' }),
        (name) => ({ method: 'POST', path: '/orders/', headers: { ...supplier(name), 'Content-Type': 'text/plain' }, body: 'x' }),
        (name) => ({ method: 'PUT', path: `/orders/allocation/${ORDER}/`, headers: supplier(name, 'shop'), body: '{}' }),
        (name) => ({ method: 'PUT', path: `/orders/allocation/${ORDER}/`, headers: supplier(name) }),
        (name) => ({ method: 'GET', path: '/api/v2/allocation/short', headers: oms(name) }),
        (name) => ({ method: 'GET', path: `/api/v2/allocation/${ALLOCATION}`, headers: { ...oms(name), 'x-site-context': '{}' } }),
        (name) => ({ method: 'DELETE', path: `/api/v2/allocation/${ALLOCATION}`, headers: oms(name) }),
        (name) => ({ method: 'GET', path: `/api/v2/allocation/${quiet[1]}`, headers: oms(name) }),
        (name) => ({ method: 'GET', path: '/api/v2/nowhere', headers: { ...oms(name), Accept: 'application/problem+json' } }),
        (name) => ({ method: 'GET', path: '/api/v2/allocation/%ff', headers: oms(name) }),
        () => ({ method: 'GET', path: '/~a%20b/orders/', headers: {} }),
      ),
    })
    .map(({ session: name, request: requestOf }): Drawn => {
      const request = requestOf(name)
      // What is offered in problem details is found in the session as it is.
      return { kind: 'refused', touches: 'Accept' in request.headers ? 'everything' : [], request }
    })
  return fc.oneof(
    { weight: 5, arbitrary: allocate },
    { weight: 3, arbitrary: getOrder },
    { weight: 3, arbitrary: searchOrders },
    { weight: 5, arbitrary: cancel },
    { weight: 3, arbitrary: getAllocation },
    { weight: 3, arbitrary: queryAllocations },
    { weight: 3, arbitrary: refused },
  )
}

/** Another order in which no two requests that touch the same change places. */
function shuffled(requests: readonly Numbered[], chances: readonly number[]): Numbered[] {
  const waiting = [...requests]
  const result: Numbered[] = []
  for (const chance of chances) {
    const free = waiting.filter((one, index) => waiting.slice(0, index).every((earlier) => !meet(earlier, one)))
    const next = free[chance % free.length]
    if (!next) break
    waiting.splice(waiting.indexOf(next), 1)
    result.push(next)
  }
  return result
}

function meet({ touches: a }: Numbered, { touches: b }: Numbered): boolean {
  return a === 'everything' || b === 'everything' || a.some((one) => b.includes(one))
}

/** Plays requests in a process of their own. */
async function play(
  options: Play['options'],
  requests: readonly Numbered[],
  env: Readonly<Record<string, string>>,
): Promise<PlayedAnswer[]> {
  const child = spawn(process.execPath, [WORKER], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(JSON.stringify({ options, requests: requests.map(({ request }) => request) } satisfies Play))
  const [out, problems, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect([code, problems]).toEqual([0, ''])
  return JSON.parse(out)
}

describe('the same seed', async () => {
  const there = await known()
  const requests = fc
    .sample(drawn(there), { numRuns: COUNT, seed: 20_260_301 })
    .map(({ request, ...rest }, number): Numbered => ({ ...rest, request: { number, ...request } }))
  const other = shuffled(requests, fc.sample(fc.nat(), { numRuns: COUNT, seed: 7 }))

  it('has other orders of the same requests to be tried with', () => {
    expect(other.map(({ request }) => request.number).toSorted((a, b) => a - b)).toEqual(requests.map((_, index) => index))
    expect(other.filter(({ request }, index) => request.number !== index).length).toBeGreaterThan(COUNT * 0.8)
  })

  it('gives the same bytes in another process, zone and order, and another seed gives others', async () => {
    const [one, two, strange] = await Promise.all([
      play(OPTIONS, requests, { TZ: 'America/St_Johns', LANG: 'C' }),
      play(OPTIONS, other, { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8' }),
      play({ ...OPTIONS, seed: 'forty-three' }, requests, {}),
    ])
    expect(one).toHaveLength(COUNT)
    for (const [number, answer] of one.entries())
      expect({ ...requests[number], answer: two[number] }).toEqual({ ...requests[number], answer })

    // Every operation was carried out and refused, so that there was something to compare.
    const met = new Map<string, number[]>()
    for (const [number, { status }] of one.entries()) {
      const kind = requests[number]?.kind ?? ''
      met.set(kind, [...(met.get(kind) ?? []), status])
    }
    for (const kind of ['allocateOrder', 'searchOrders', 'cancelAllocations', 'queryAllocations'])
      expect([kind, met.get(kind)?.includes(200), met.get(kind)?.some((status) => status >= 400)]).toEqual([kind, true, true])
    for (const kind of ['getOrder', 'getAllocation']) expect([kind, met.get(kind)?.includes(200)]).toEqual([kind, true])
    expect(new Set(met.get('refused')?.map((status) => Math.floor(status / 100)))).toEqual(new Set([4]))

    const wide = requests.filter(({ kind }) => kind === 'queryAllocations').map(({ request }) => request.number)
    const ids = (answers: readonly PlayedAnswer[]): Set<string> =>
      new Set(wide.flatMap((number) => [...(answers[number]?.body ?? '').matchAll(/"allocationId":"([^"]*)"/g)].map(([, id = '']) => id)))
    expect(ids(one).size).toBeGreaterThan(20)
    expect([...ids(one)].filter((id) => ids(strange).has(id) && id !== ALLOCATION)).toEqual([])
  })
})
