import type { Scene } from './kinds.ts'
import type { Member } from './user.ts'
import type { Assumptions } from './assumptions.ts'
import { ceiling, compareInstants, instantOf } from '../../core/clock.ts'
import { type Condition, list, type Listed, type Overlaid } from '../../core/population/listing.ts'
import { lineReference } from './create.ts'
import {
  allocationStatus,
  type AllocationStatus,
  type Designation,
  isDesignated,
  lineStatus,
  type LineFacts,
  type Order,
  type OrderFacts,
} from './order.ts'
import { EXAMPLE_ORDER_ID, type OrderPopulation, orderPopulation } from './population.ts'

/** The search of the document, and what the control API asks beside it. */
export interface OrderSearch {
  readonly start?: number
  readonly limit?: number
  readonly sort?: { readonly key?: 'date' | 'status' | 'sku_id'; readonly dir?: 'asc' | 'desc'; readonly value?: 'asc' | 'desc' }
  readonly line_item_allocation_statuses?: readonly AllocationStatus[]
  readonly line_item_designation?: Designation
  readonly start_date?: string
  readonly end_date?: string
  readonly term?: string
  readonly search_term?: string
  readonly org_uuids?: readonly string[]
  readonly po_number?: string
  readonly sent_to_supplier?: boolean
}

/** Sees every line of every order: the control API. */
export type Viewer = Pick<Member, 'kind' | 'organization'> | { readonly kind: 'operator' }

type OrderCondition = Condition<OrderFacts, Order>
type FactsCondition = Extract<OrderCondition, { kind: 'facts' }>

const DEFAULT_LIMIT = 25

/** The lines this viewer may see: a supplier its own, the retailer who placed the order all of them, anybody else none. */
export function visibleLines<L extends LineFacts>(
  order: { readonly retailer: number; readonly lines: readonly L[] },
  viewer: Viewer,
): readonly L[] {
  switch (viewer.kind) {
    case 'supplier':
      return order.lines.filter((line) => line.supplier === viewer.organization)
    case 'retailer':
      return order.retailer === viewer.organization ? order.lines : []
    case 'operator':
      return order.lines
    default:
      return viewer satisfies never
  }
}

/** The order with this id, changed or not; undefined where the viewer sees none of it. */
export function findOrder(id: string, viewer: Viewer, scene: Scene): Order | undefined {
  const order = scene.world.get('order', id) ?? orderPopulation(scene.session).order(id)
  return order && visibleLines(order, viewer).length > 0 ? order : undefined
}

/** The order that a line belongs to, changed or not; undefined where the viewer does not see the line. */
export function findOrderOfLine(line: string, viewer: Viewer, { world, session }: Scene): Order | undefined {
  const created = world.get('reference', lineReference(line))
  const kept = created ? world.get('order', created.to) : orderPopulation(session).orderOfLine(line)
  const order = kept && (world.get('order', kept.id) ?? kept)
  return order && visibleLines(order, viewer).some(({ id }) => id === line) ? order : undefined
}

/** A page of the orders the viewer sees, by creation date, oldest first, unless the search sorts otherwise. */
export function searchOrders(search: OrderSearch, viewer: Viewer, scene: Scene, more: readonly OrderCondition[] = []): Listed<Order> {
  const population = orderPopulation(scene.session)
  const key = search.sort?.key ?? 'date'
  const first = (facts: OrderFacts): LineFacts | undefined => visibleLines(facts, viewer)[0]
  const { line_item_allocation_statuses: statuses, line_item_designation: designation, org_uuids: organizations } = search
  const wanted = [...conditions(search, viewer, population), ...more]
  const isOfFacts = more.length === 0 && wanted.every(({ kind }) => kind === 'facts')
  return list({
    sequence: population.sequence,
    overlay: overlay(population, scene),
    conditions: wanted,
    signature: isOfFacts
      ? JSON.stringify([
          viewer.kind,
          viewer.kind === 'operator' ? 0 : viewer.organization,
          key,
          statuses,
          designation,
          organizations,
          search.term ?? search.search_term,
          search.sent_to_supplier,
        ])
      : undefined,
    group:
      key === 'date'
        ? undefined
        : (facts) => {
            const line = first(facts)
            return line ? (key === 'status' ? lineStatus(line) : line.skuId) : ''
          },
    descending: (search.sort?.dir ?? search.sort?.value ?? 'asc') === 'desc',
    offset: search.start ?? 0,
    limit: pageSize(search, scene.session.assumptions['supplier.search.limit']),
  })
}

/** The most orders that a page holds. */
export const MAX_PAGE = 100

/** How many orders the page has: what limit means is assumed. */
export function pageSize({ start = 0, limit }: OrderSearch, meaning: Assumptions['supplier.search.limit']): number {
  if (limit === undefined) return DEFAULT_LIMIT
  return meaning === 'end-index' ? Math.max(0, limit - start) : limit
}

/** Orders that are not what the population would make: the changed ones, and the document's example, whose date is its own. */
function overlay(population: OrderPopulation, { world }: Scene): Overlaid<Order>[] {
  const orders = new Map<string, Order>()
  const example = population.order(EXAMPLE_ORDER_ID)
  if (example) orders.set(example.id, example)
  for (const order of world.all('order')) orders.set(order.id, order)
  return [...orders.values()].map((entity) => {
    const { size } = population.sequence
    // A created one stands where its date says, among others of that date in the order in which they were made.
    if (entity.index < size) return { entity, index: entity.index, place: entity.index, tie: entity.createdAt + entity.id }
    const place = population.indexSince(Date.parse(entity.createdAt))
    return { entity, index: undefined, place, tie: entity.createdAt + String(entity.index).padStart(16, '0') }
  })
}

function conditions(search: OrderSearch, viewer: Viewer, population: OrderPopulation): OrderCondition[] {
  const some = (test: (line: LineFacts) => boolean): FactsCondition => ({
    kind: 'facts',
    test: (facts) => visibleLines(facts, viewer).some(test),
  })
  const found: OrderCondition[] = viewer.kind === 'operator' ? [] : [some(() => true)]
  const {
    line_item_allocation_statuses: statuses,
    line_item_designation: designation,
    start_date: since,
    end_date: until,
    org_uuids: organizations,
  } = search
  if (statuses) {
    const wanted = new Set(statuses)
    found.push(some((line) => wanted.has(allocationStatus(line))))
  }
  if (designation) found.push(some((line) => isDesignated(line, designation)))
  if (since !== undefined || until !== undefined) found.push(created(since, until, population))
  if (organizations) found.push(involves(organizations, viewer, population))
  // An order is sent to its suppliers as it is placed.
  if (search.sent_to_supplier === false) found.push({ kind: 'facts', test: () => false })
  if (search.po_number !== undefined) found.push(numbered(search.po_number, population))
  const term = search.term ?? search.search_term
  if (term !== undefined && term !== '') found.push(mentions(term, population, some))
  return found
}

/** Both ends belong to the range. The population's dates are whole milliseconds, the example's is finer. */
function created(since: string | undefined, until: string | undefined, population: OrderPopulation): OrderCondition {
  const from = since === undefined ? undefined : instantOf(since)
  const to = until === undefined ? undefined : instantOf(until)
  const interval = {
    from: from ? population.indexSince(ceiling(from)) : 0,
    to: to ? population.indexSince(to.milliseconds + 1) : population.sequence.size,
  }
  return {
    kind: 'range',
    interval: () => interval,
    test({ createdAt }) {
      const time = instantOf(createdAt)
      return time !== undefined && (!from || compareInstants(time, from) >= 0) && (!to || compareInstants(time, to) <= 0)
    },
  }
}

/** Organisations of the other side: retailers for a supplier, suppliers for a retailer. */
function involves(organizations: readonly string[], viewer: Viewer, population: OrderPopulation): OrderCondition {
  const uuids = new Set(organizations.map((uuid) => uuid.toLowerCase()))
  return {
    kind: 'facts',
    test: (facts) =>
      (viewer.kind !== 'retailer' && uuids.has(population.retailer(facts.retailer).uuid)) ||
      (viewer.kind !== 'supplier' && facts.lines.some((line) => uuids.has(population.supplier(line.supplier).uuid))),
  }
}

function numbered(poNumber: string, population: OrderPopulation): OrderCondition {
  const index = population.indexOfPoNumber(poNumber)
  return { kind: 'indices', indices: index === undefined ? [] : [index], test: (order) => order.poNumber === poNumber }
}

/** An order's id, its PO number, or the SKU of a line: the population's tell by their form which of them they are. */
function mentions(term: string, population: OrderPopulation, some: (test: (line: LineFacts) => boolean) => FactsCondition): OrderCondition {
  const id = term.toLowerCase()
  const index = population.indexOf(id) ?? population.indexOfPoNumber(term)
  if (index === undefined && /^\d+$/.test(term)) {
    const hasSku = some((line) => line.skuId === term)
    // A created order may have a number of digits too.
    return { kind: 'facts', test: (facts) => hasSku.test(facts) || ('poNumber' in facts && facts.poNumber === term) }
  }
  return {
    kind: 'indices',
    indices: index === undefined ? [] : [index],
    test: (order) => order.id === id || order.poNumber === term || order.lines.some((line) => line.skuId === term),
  }
}
