/** What a billion orders cost against ten: start, memory, and each kind of request, in one run. */
import { execFileSync } from 'node:child_process'
import { createMock } from '../dist/index.js'

const SIZES = [10, 1_000_000_000] as const
const ROUNDS = 3
const REQUESTS = 400
const SUPPLIER = { authorization: 'Token 1234567890', 'content-type': 'application/json' }
const OMS = { authorization: 'Bearer any', 'x-site-context': '{"account":"1234abcd5678efgh9ijklmno"}', 'content-type': 'application/json' }

type Figures = Record<string, number>

async function measure(size: number): Promise<Figures> {
  const began = performance.now()
  const mock = await createMock({ now: '2026-03-01T12:00:00Z', orders: size, allocations: size, checkReplies: false })
  const { url } = await mock.listen({ port: 0 })
  const figures: Figures = { 'start ms': performance.now() - began }
  const call = async (method: string, path: string, headers: Record<string, string>, body?: object): Promise<unknown> => {
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const { total_results: total } = (await call('POST', '/orders/', SUPPLIER, { limit: 1 })) as { total_results: number }
  const { orders } = (await call('POST', '/orders/', SUPPLIER, { limit: 5 })) as {
    orders: { order_uuid: string; line_items: { uuid: string; allocation: { quantity_ordered: number } }[] }[]
  }
  const allocations = (await mock.session().entities({ kind: 'allocation', status: 'ALLOCATED', limit: 100 })).entities
  const operations: Record<string, (turn: number) => Promise<unknown>> = {
    get: (turn) => call('GET', `/orders/${orders[turn % orders.length]?.order_uuid}/`, SUPPLIER),
    allocate: (turn) => {
      const { order_uuid: id, line_items: lines } = orders[0] ?? { order_uuid: '', line_items: [] }
      const line_items = lines.map(({ uuid, allocation: { quantity_ordered: ordered } }) => ({
        line_item_uuid: uuid,
        allocation: { quantity_allocated: turn % 2 === 0 ? ordered : 0, quantity_backordered: turn % 2 === 0 ? 0 : ordered },
      }))
      return call('PUT', `/orders/allocation/${id}/`, SUPPLIER, { line_items })
    },
    cancel: async (turn) => {
      const { id } = allocations[turn % allocations.length] ?? { id: '62ff5c0bec0aed3c86202c32' }
      const answer = await fetch(`${url}/~s${turn}/api/v2/allocation/cancel/${id}`, { method: 'PUT', headers: OMS })
      if (answer.status !== 200) throw new Error(`cancel: ${answer.status}`)
      return answer.text()
    },
    'status filter': () => call('POST', '/orders/', SUPPLIER, { line_item_allocation_statuses: ['Unallocated'], limit: 2 }),
    'last page': () => call('POST', '/orders/', SUPPLIER, { start: Math.max(0, total - 2), limit: 2 }),
    'query by status': () => call('POST', '/api/v2/allocation/query', OMS, { filters: { type: 'ALLOCATED' }, limit: 2 }),
  }
  for (const [name, operation] of Object.entries(operations)) {
    for (let turn = 0; turn < REQUESTS / 4; turn++) await operation(turn)
    const start = performance.now()
    for (let turn = REQUESTS / 4; turn < REQUESTS * 1.25; turn++) await operation(turn)
    figures[`${name} µs`] = ((performance.now() - start) * 1_000) / REQUESTS
  }
  globalThis.gc?.()
  figures['heap MiB'] = process.memoryUsage().heapUsed / 1_048_576
  await mock.close()
  return figures
}

const [size] = process.argv.slice(2)
if (size === undefined) {
  const rounds = Array.from({ length: ROUNDS }, () =>
    SIZES.map((count) => {
      const text = execFileSync(process.execPath, ['--expose-gc', import.meta.filename, String(count)], { encoding: 'utf8' })
      const figures: Figures = JSON.parse(text)
      return figures
    }),
  )
  const median = (name: string, index: number): number =>
    rounds.map((round) => round[index]?.[name] ?? 0).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  for (const name of Object.keys(rounds[0]?.[0] ?? {})) {
    const [ten, billion] = [median(name, 0), median(name, 1)]
    process.stdout.write(
      `${name.padEnd(18)} 10: ${ten.toFixed(1).padStart(7)}   10^9: ${billion.toFixed(1).padStart(7)}   ratio ${(billion / ten).toFixed(2)}\n`,
    )
  }
} else process.stdout.write(JSON.stringify(await measure(Number(size))))
