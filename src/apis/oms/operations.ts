import type { Behaviour, Change } from './kinds.ts'
import { type Input, type Issue, keepText } from '../../base/http.ts'
import type { Problem } from './problems.ts'
import { refused, reply } from '../../core/behaviour.ts'
import { findBy } from '../../core/places.ts'
import { type Allocation, type AllocationFacts, auditKey, cancel, openUnits, type StatusCode } from './allocation.ts'
import {
  createOrder,
  createShipmentBehaviour,
  generateAllocations,
  getOrder,
  getShipment,
  orderOfAllocation,
  reallocateAllocations,
} from './fulfilment.ts'
import { allocationsOf, progressBy } from './order.ts'
import { allocationPopulation } from './population.ts'
import { type AllocationQuery, entityId, findAllocation, queryAllocations } from './query.ts'
import { StockLedger } from './stock.ts'
import { accountOf, firstAllocation, request, unknownAllocation } from './subject.ts'
import { type AllocationUpdate, update } from './update.ts'

interface CancelInput extends Input {
  readonly path: { readonly allocationIds: readonly string[] }
}

interface AllocationInput extends Input {
  readonly path: { readonly allocationId: string }
}

interface QueryInput extends Input {
  readonly body: AllocationQuery | undefined
}

const cancelAllocations: Behaviour<CancelInput> = {
  admits: ['account'],
  run({ path }, scene) {
    const account = accountOf(scene.caller)
    const again = scene.session.assumptions['oms.cancel.again']
    const ledger = new StockLedger(scene.world, account, allocationPopulation(scene.session, account))
    const allocations: Allocation[] = []
    const changes: Change[] = []
    const problems: Problem[] = []
    // An id named twice counts once, where it stands first.
    for (const id of new Set(path.allocationIds)) {
      const allocation = findAllocation(id, account, scene)
      if (!allocation) {
        problems.push(unknownAllocation(id))
        continue
      }
      const result = cancel(allocation, scene.now, auditKey(allocation, scene.session), again)
      if (result.kind === 'refused') problems.push(result.problem)
      else {
        allocations.push(result.allocation)
        if (result.allocation === allocation) continue
        const { locationNum, items } = allocation.document
        for (const [index, { sku }] of items.entries()) ledger.give(locationNum, sku, openUnits(allocation, index))
        changes.push({ kind: 'allocation', id: entityId(account, id), to: result.allocation })
      }
    }
    const [first] = problems
    if (first)
      return refused({
        ...first,
        issues: problems.map(({ code, detail, fix }): Issue => ({
          at: '/path/allocationIds',
          rule: code,
          message: detail,
          ...(fix !== undefined && { fix }),
        })),
      })
    const unchanged = changes.length < allocations.length
    return reply(
      200,
      allocations.map(({ document }) => document),
      { changes: [...changes, ...ledger.changes()], assumption: unchanged ? 'oms.cancel.again' : undefined },
    )
  },
  example(scene) {
    const first = firstAllocation(scene, isOpen)
    return first && request(scene, `/allocation/cancel/${first.document.allocationId}`)
  },
}

const getAllocation: Behaviour<AllocationInput> = {
  admits: ['account'],
  run({ path }, scene) {
    const allocation = findAllocation(path.allocationId, accountOf(scene.caller), scene)
    // This operation documents 400 for an id of nobody.
    return allocation ? reply(200, keepText(allocation.document)) : refused({ ...unknownAllocation(path.allocationId), status: 400 })
  },
  shows: ({ path }, { caller }) => ({ kind: 'allocation', id: entityId(accountOf(caller), path.allocationId) }),
  example(scene) {
    const first = firstAllocation(scene, () => true)
    return first && request(scene, `/allocation/${first.document.allocationId}`)
  },
}

interface UpdateInput extends AllocationInput {
  readonly body: AllocationUpdate
}

const updateAllocation: Behaviour<UpdateInput> = {
  admits: ['account'],
  run({ path, body }, scene) {
    const account = accountOf(scene.caller)
    const allocation = findAllocation(path.allocationId, account, scene)
    if (!allocation) return refused({ ...unknownAllocation(path.allocationId), status: 400 })
    const order = orderOfAllocation(allocation, account, scene)
    const progress = progressBy(order ? allocationsOf(order, scene) : [])
    const lineNamed = findBy(order?.lines ?? [], ({ lineItemId }) => lineItemId)
    const ledger = new StockLedger(scene.world, account, allocationPopulation(scene.session, account))
    const result = update(
      allocation,
      body,
      ({ orderLineId }) => {
        const line = lineNamed(orderLineId)
        return line ? progress(line).left : 0
      },
      scene,
      ledger,
    )
    if (result.kind === 'refused') return refused(result.problem)
    return reply(200, keepText(result.allocation.document), {
      changes: [{ kind: 'allocation', id: entityId(account, path.allocationId), to: result.allocation }, ...ledger.changes()],
    })
  },
  example(scene) {
    const first = firstAllocation(scene, ({ document }) => document.type === 'ALLOCATED' && document.statusCode === 'ALLOCATED')
    if (!first) return undefined
    const { allocationId, parentAllocationId, allocationRequestId, version, locationNum, items } = first.document
    return request(scene, `/allocation/${allocationId}`, {
      allocationId,
      parentAllocationId,
      allocationRequestId,
      version,
      locationNum,
      items: items.map(({ allocationLineNumber, itemId, quantity, sku }) => ({ allocationLineNumber, itemId, quantity, sku })),
      statusCode: 'PENDING_DROP',
    })
  },
}

const query: Behaviour<QueryInput> = {
  admits: ['account'],
  run({ body }, scene) {
    const listed = queryAllocations(body ?? {}, accountOf(scene.caller), scene)
    switch (listed.kind) {
      case 'refused':
        return refused(listed.problem)
      case 'too-wide': {
        const fix = 'add a filter on updatedAt, allocationDate, statusCode, locationNum, poNumber or an id'
        return refused({
          code: 'search-too-wide',
          detail: `${listed.fields.join(', ')} would have to be looked up in ${listed.candidates} allocations; ${fix}`,
          fix,
        })
      }
      case 'page':
        break
      default:
        return listed satisfies never
    }
    const none = scene.session.assumptions['oms.query.none']
    if (listed.total === 0 && none === '404')
      return refused({
        code: 'allocations-none',
        detail: 'Allocation data not found/valid for the query',
        fix: 'widen the filters',
        assumption: 'oms.query.none',
      })
    return reply(
      200,
      listed.page.map(({ document }) => document),
      { assumption: listed.total === 0 ? 'oms.query.none' : undefined },
    )
  },
  example(scene) {
    const first = firstAllocation(scene, () => true)
    return first && request(scene, '/allocation/query', { filters: { statusCode: first.document.statusCode }, limit: 5 })
  },
}

export const behaviours: Readonly<Record<string, Behaviour>> = {
  // The first are those with which a newcomer begins.
  cancelAllocations,
  getAllocation,
  generateAllocations,
  queryAllocations: query,
  updateAllocation,
  reallocateAllocations,
  createOmsOrder: createOrder,
  getOmsOrder: getOrder,
  createShipment: createShipmentBehaviour,
  getShipment,
}

/** Told from the facts alone: none of these has all its units shipped, scratched or cancelled. */
function isOpen({ document }: AllocationFacts): boolean {
  return document.type === 'ALLOCATED' && OPEN.has(document.statusCode)
}

const OPEN: ReadonlySet<StatusCode> = new Set(['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK', 'PARTIALLY_SHIPPED'])
