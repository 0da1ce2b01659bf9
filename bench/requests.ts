/** The benchmark's requests: for orders and allocations that the default seed has. */
import { EXAMPLE_ACCOUNT, EXAMPLE_STAGE, allocationPopulation } from '../src/apis/oms/population.ts'
import { orderPopulation } from '../src/apis/supplier/population.ts'

export const NOW = '2026-03-01T12:00:00Z'
export const ORDERS = 20_000
export const ALLOCATIONS = 400_000
/** So many allocations can be cancelled before the benchmark runs out of them. */
const CANCELS = 200_000

/** The orders and allocations of the default seed, in the numbers with which the mock is started. */
const epoch = { seed: '1', epoch: Date.parse(NOW.slice(0, 10)) }
const orders = orderPopulation({ ...epoch, settings: { orders: ORDERS } }).sequence
const allocations = allocationPopulation(
  { ...epoch, settings: { allocations: ALLOCATIONS } },
  { account: EXAMPLE_ACCOUNT, stage: EXAMPLE_STAGE },
)

export const supplierHeaders = { authorization: 'Token 1234567890', 'content-type': 'application/json' }
export const omsHeaders = {
  authorization: 'Bearer any',
  'x-site-context': JSON.stringify({ account: EXAMPLE_ACCOUNT, stage: EXAMPLE_STAGE }),
}

const visible = Array.from({ length: 3_000 }, (_, index) => orders.entity(index)).filter(({ lines }) =>
  lines.every(({ supplier }) => supplier === 1),
)
export const getPaths = visible.slice(0, 500).map(({ id }) => `/orders/${id}/`)

/** Orders of three lines: allocated and backordered in turn, so that every request changes state. */
const open = visible
  .filter(({ lines }) => lines.length === 3 && lines.every(({ shipped, cancellation }) => shipped === 0 && cancellation === 'none'))
  .slice(0, 50)
export const allocatePaths = open.map(({ id }) => `/orders/allocation/${id}/`)
export const allocateRequests = [0, 1].flatMap((turn) =>
  open.map(({ id, lines }) => ({
    path: `/orders/allocation/${id}/`,
    body: JSON.stringify({
      line_items: lines.map((line) => ({
        line_item_uuid: line.id,
        supplier_provided_po_number: '8e5b1ccb-0221-4e26-a343-cd566bfe7419',
        supplier_provided_invoice_number: 'invoice-01',
        allocation: {
          quantity_ordered: line.ordered,
          quantity_allocated: turn === 0 ? line.ordered : 0,
          quantity_backordered: turn === 0 ? 0 : line.ordered,
          quantity_rejected: 0,
          backorder_date: turn === 0 ? null : '2026-04-01',
        },
      })),
    }),
  })),
)

/** What the schema refuses: a line that is named by a number. */
export const refusedRequests = allocateRequests.map(({ path, body }) => ({
  path,
  body: body.replace(/"line_item_uuid":"[^"]*"/, '"line_item_uuid":7'),
}))

const OPEN = new Set(['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK'])
const cancellable: string[] = []
for (let index = 1; cancellable.length < CANCELS && index < ALLOCATIONS; index++)
  if (OPEN.has(allocations.sequence.facts(index % allocations.sequence.period).document.statusCode))
    cancellable.push(allocations.idsAt(index).allocationId)
export const cancelPaths = cancellable.map((id) => `/api/v2/allocation/cancel/${id}`)
/** What the peers are given to cancel: they may cancel the same ones again and again. */
export const allocationPaths = cancellable.slice(0, 200).map((id) => `/api/v2/allocation/${id}`)
