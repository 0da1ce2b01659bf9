import type { Scene, World } from './kinds.ts'
import { type Issue, pointerPart } from '../../base/http.ts'
import type { Problem } from './problems.ts'
import type { Caller } from '../../core/behaviour.ts'
import { nearest } from '../../base/nearest.ts'
import { ceiling, compareInstants, instantOf } from '../../core/clock.ts'
import { comparePlaces, type Condition, list, type Listed, type Overlaid } from '../../core/population/listing.ts'
import { type Allocation, type AllocationDocument, type AllocationFacts, isAllocationId } from './allocation.ts'
import { type AllocationPopulation, allocationPopulation, EXAMPLE_ACCOUNT, EXAMPLE_STAGE, type Tenant, tenantOf } from './population.ts'

/** Who calls: an account, which may look through one of its sales channels. */
export interface Account extends Caller, Tenant {
  readonly kind: 'account'
  readonly channel: string | undefined
}

/** Callers are what this API makes of credentials. */
export function isAccount(caller: Caller): caller is Account {
  return caller.kind === 'account'
}

export interface AllocationQuery {
  readonly filters?: Readonly<Record<string, unknown>>
  readonly limit?: number
  readonly offset?: number
  readonly sortBy?: string
  readonly sortDirection?: 'asc' | 'desc'
}

type AllocationCondition = Condition<AllocationFacts, Allocation>

const DEFAULT_LIMIT = 10

const MEMBERS = [
  'allocationId',
  'parentAllocationId',
  'locationNum',
  'items',
  'version',
  'allocationRequestId',
  'allocationNum',
  'sentToPPSDate',
  'allocationDate',
  'updatedAt',
  'type',
  'previousAllocationLocationNum',
  'poNumber',
  'itemsType',
  'orderSubType',
  'vendorId',
  'shipDate',
  'shipType',
  'shipMethod',
  'shipToId',
  'statusCode',
  'locationType',
  'shipToAddress',
  'recipient',
  'auditLogs',
] as const satisfies readonly (keyof AllocationDocument)[]

/** Members that come round again in the population, so that a filter on them needs no look at the entity. */
const FACTS = new Set<string>([
  'locationNum',
  'locationType',
  'version',
  'type',
  'itemsType',
  'orderSubType',
  'vendorId',
  'shipType',
  'shipMethod',
  'statusCode',
])
const ITEM_FACTS = new Set<string>([
  'allocationLineNumber',
  'itemId',
  'quantity',
  'sku',
  'shippedQuantity',
  'scratchQuantity',
  'channelId',
  'vendorId',
  'title',
  'weight',
  'cost',
  'price',
  'itemStatus',
  'uom',
])
const RANGE = ['gte', 'gt', 'lte', 'lt'] as const

/** The allocation with this id in the account, changed or not. A channel hides what another channel sold. */
export function findAllocation(id: string, account: Account, { world, session }: Scene): Allocation | undefined {
  // Another text than an id, put behind the tenant, might read as another tenant's id.
  if (!isAllocationId(id)) return undefined
  const allocation = world.get('allocation', entityId(account, id)) ?? allocationPopulation(session, account).allocation(id)
  return allocation && isOfChannel(allocation, account.channel) ? allocation : undefined
}

/** An account by its name and stage; the documents' example unless said otherwise. */
export function accountNamed({
  account = EXAMPLE_ACCOUNT,
  stage = EXAMPLE_STAGE,
}: {
  readonly account?: string
  readonly stage?: string
}): Account {
  return { kind: 'account', account, stage, channel: undefined }
}

/** What an allocation is kept under. */
export function entityId(tenant: Tenant, id: string): string {
  return `${tenantOf(tenant)}/${id}`
}

/** A page of the account's allocations, the last updated first unless the query sorts otherwise. */
export function queryAllocations(
  query: AllocationQuery,
  account: Account,
  scene: Scene,
  more: readonly AllocationCondition[] = [],
): Listed<Allocation> | { readonly kind: 'refused'; readonly problem: Problem } {
  const { filters = {}, limit = DEFAULT_LIMIT, offset = 0, sortBy = 'updatedAt', sortDirection = 'desc' } = query
  const population = allocationPopulation(scene.session, account)
  const costly = findCostly(filters)
  if (costly)
    return {
      kind: 'refused',
      problem: {
        code: 'request-invalid',
        detail: `filters ${costly.message}`,
        fix: costly.fix,
        issues: [{ at: '/body/filters', rule: 'limit', message: costly.message, fix: costly.fix }],
      },
    }
  const members = [
    ...Object.keys(filters).map((name) => ({ name, at: `/body/filters/${pointerPart(name)}` })),
    { name: sortBy, at: '/body/sortBy' },
  ]
  const unknown = members.filter(({ name }) => !MEMBERS.some((member) => member === name)).map(({ name, at }) => unknownMember(name, at))
  const [first] = unknown
  if (first) return { kind: 'refused', problem: { code: 'request-invalid', detail: first.message, fix: first.fix, issues: unknown } }
  const conditions = Object.entries(filters).map(([member, filter]) => condition(member, filter, population))
  if (account.channel !== undefined) conditions.push({ kind: 'facts', test: (facts) => isOfChannel(facts, account.channel) })
  const isOfFacts = more.length === 0 && conditions.every(({ kind }) => kind === 'facts')
  return list({
    sequence: population.sequence,
    overlay: overlay(population, account, scene),
    conditions: [...conditions, ...more],
    signature: isOfFacts ? JSON.stringify([account.channel, sortBy, filters]) : undefined,
    group: FACTS.has(sortBy) ? ({ document }) => sortable(read(document, sortBy)) : undefined,
    by:
      FACTS.has(sortBy) || sortBy === 'updatedAt'
        ? undefined
        : { field: `sortBy ${sortBy}`, value: ({ document }) => sortable(read(document, sortBy)) },
    descending: sortDirection === 'desc',
    offset,
    limit,
  })
}

function isOfChannel({ document }: AllocationFacts, channel: string | undefined): boolean {
  return channel === undefined || document.items.every(({ channelId }) => channelId === channel)
}

/** The overlay that was last made of a world, by what it was made of: a session of many changes is asked many times between two changes. */
const overlays = new WeakMap<
  World,
  {
    readonly version: number
    readonly population: AllocationPopulation
    readonly tenant: string
    readonly made: readonly Overlaid<Allocation>[]
  }
>()

/** Allocations that are not what the population would make: the changed ones of this tenant, and the document's example. In their order. */
function overlay(population: AllocationPopulation, account: Account, { world }: Scene): readonly Overlaid<Allocation>[] {
  const tenant = tenantOf(account)
  const { version } = world
  const known = overlays.get(world)
  if (known?.version === version && known.population === population && known.tenant === tenant) return known.made
  const made = makeOverlay(population, tenant, world)
  overlays.set(world, { version, population, tenant, made })
  return made
}

function makeOverlay(population: AllocationPopulation, tenant: string, world: World): readonly Overlaid<Allocation>[] {
  const allocations = new Map<string, Allocation>()
  if (population.example) allocations.set(population.example.document.allocationId, population.example)
  for (const allocation of world.all('allocation'))
    if (allocation.tenant === tenant) allocations.set(allocation.document.allocationId, allocation)
  return [...allocations.values()]
    .map((entity) => {
      const { allocationId, updatedAt } = entity.document
      return {
        entity,
        index: population.indicesOf('allocationId', allocationId)?.[0],
        place: population.indexUpdatedSince(Date.parse(updatedAt)),
        tie: updatedAt + allocationId,
      }
    })
    .toSorted(comparePlaces)
}

function condition(member: string, filter: unknown, population: AllocationPopulation): AllocationCondition {
  const meets = matcher(filter)
  const test = ({ document }: AllocationFacts): boolean => meets(read(document, member))
  const times = member === 'updatedAt' || member === 'allocationDate' ? timeRange(filter) : undefined
  if (times)
    return {
      kind: 'range',
      test,
      interval(residue) {
        const later = member === 'updatedAt' ? 0 : population.age(residue)
        return { from: population.indexUpdatedSince(times.from + later), to: population.indexUpdatedSince(times.to + later) }
      },
    }
  if (FACTS.has(member) || (member === 'items' && isPlain(filter) && Object.keys(filter).every((name) => ITEM_FACTS.has(name))))
    return { kind: 'facts', test }
  const indices =
    member === 'items' && isPlain(filter)
      ? indicesOf('items.orderId', filter['orderId'], population)
      : indicesOf(member, filter, population)
  return indices ? { kind: 'indices', indices, test } : { kind: 'entity', field: member, test }
}

/** The indices that one value or any of several values can have. */
function indicesOf(member: string, filter: unknown, population: AllocationPopulation): readonly number[] | undefined {
  const values = Array.isArray(filter) ? filter : [filter]
  const found = values.map((value: unknown) =>
    typeof value === 'string' && !value.includes('*') ? population.indicesOf(member, value) : undefined,
  )
  return found.length > 0 && found.every((indices) => indices !== undefined) ? [...new Set(found.flat())] : undefined
}

/** Milliseconds `from` (inclusive) `to` (exclusive) that a filter on a time asks for; the population's times are whole milliseconds. */
function timeRange(filter: unknown): { from: number; to: number } | undefined {
  const bounds = typeof filter === 'string' && !filter.includes('*') ? { gte: filter, lte: filter } : filter
  if (!isRange(bounds)) return undefined
  let from = Number.NEGATIVE_INFINITY
  let to = Number.POSITIVE_INFINITY
  for (const [name, value] of Object.entries(bounds)) {
    const instant = typeof value === 'string' ? instantOf(value) : undefined
    if (!instant) return undefined
    const { milliseconds } = instant
    const next = ceiling(instant)
    if (name === 'gte') from = Math.max(from, next)
    else if (name === 'gt') from = Math.max(from, milliseconds + 1)
    else if (name === 'lte') to = Math.min(to, milliseconds + 1)
    else to = Math.min(to, next)
  }
  return { from, to }
}

/**
 * Whether a member's value meets a filter: a scalar is met exactly, a list by any of its elements, a range object by its bounds, a text
 * with `*` as a pattern, a nested object by its members. The filter is read once, for it is held against thousands of values.
 */
function matcher(filter: unknown): (value: unknown) => boolean {
  const meets = plainMatcher(filter)
  return function test(value): boolean {
    return Array.isArray(value) ? value.some(test) : meets(value)
  }
}

/** For a value that is not a list. */
function plainMatcher(filter: unknown): (value: unknown) => boolean {
  if (Array.isArray(filter)) {
    // Most lists are of ids and statuses: those are looked up.
    const exact = new Set(filter.filter((one) => !isManifold(one)))
    const others = filter.filter(isManifold).map(plainMatcher)
    return (value) => exact.has(value) || others.some((meets) => meets(value))
  }
  if (isRange(filter)) {
    const bounds = Object.entries(filter).map(([name, limit]) => ({ name, compare: comparer(limit) }))
    return (value) => bounds.every(({ name, compare }) => isWithin(compare(value), name))
  }
  if (isPlain(filter)) {
    const members = Object.entries(filter).map(([name, inner]) => ({ name, meets: matcher(inner) }))
    return (value) => isPlain(value) && members.every(({ name, meets }) => Object.hasOwn(value, name) && meets(value[name]))
  }
  if (typeof filter !== 'string') return (value) => value === filter
  if (filter.includes('*')) return (value) => typeof value === 'string' && isLike(value, filter)
  const compare = comparer(filter)
  return (value) => value === filter || (typeof value === 'string' && compare(value) === 0)
}

/** What is met by other values than by itself: a structure, a pattern, and a time, which may be written in several ways. */
function isManifold(filter: unknown): boolean {
  return (
    (typeof filter === 'object' && filter !== null) ||
    (typeof filter === 'string' && (filter.includes('*') || instantOf(filter) !== undefined))
  )
}

/** @param order how the value compares with the bound; undefined where it does not */
function isWithin(order: number | undefined, bound: string): boolean {
  if (order === undefined) return false
  return bound === 'gte' ? order >= 0 : bound === 'gt' ? order > 0 : bound === 'lte' ? order <= 0 : order < 0
}

/** What filters may hold together: each value may be held against each of thousands of allocations. */
const MAX_VALUES = 500
const MAX_LENGTH = 1_000
/** All patterns with a `*` together. */
const MAX_PATTERNS = 2_000

function findCostly(filters: object): { message: string; fix: string } | undefined {
  const waiting: object[] = [filters]
  let values = 0
  let patterns = 0
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const inner: unknown[] = Object.values(next)
    for (const value of inner) {
      if (++values > MAX_VALUES) return { message: `hold more than ${MAX_VALUES} values`, fix: 'ask for fewer at a time' }
      if (typeof value === 'object' && value !== null) waiting.push(value)
      if (typeof value !== 'string') continue
      if (value.length > MAX_LENGTH) return { message: `hold a text of ${value.length} characters`, fix: `send at most ${MAX_LENGTH}` }
      if (value.includes('*')) patterns += value.length
      if (patterns > MAX_PATTERNS)
        return { message: `hold patterns of more than ${MAX_PATTERNS} characters together`, fix: 'ask for fewer at a time' }
    }
  }
  return undefined
}

/** Compares numbers as numbers, times as times, other texts as texts; undefined for what has no order. */
function comparer(limit: unknown): (value: unknown) => number | undefined {
  if (typeof limit === 'number') return (value) => (typeof value === 'number' ? value - limit : undefined)
  if (typeof limit !== 'string') return () => undefined
  const other = instantOf(limit)
  return (value) => {
    if (typeof value !== 'string') return undefined
    const one = other && instantIn(value)
    return one && other ? compareInstants(one, other) : compareText(value, limit)
  }
}

/** As `instantOf`; a value is held against hundreds of bounds in turn, and read once. */
function instantIn(text: string): ReturnType<typeof instantOf> {
  if (lastRead?.text !== text) lastRead = { text, instant: instantOf(text) }
  return lastRead.instant
}

let lastRead: { readonly text: string; readonly instant: ReturnType<typeof instantOf> } | undefined

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `*` stands for any text. Compared part by part: a pattern from a client must not become a regular expression that never ends. */
function isLike(value: string, pattern: string): boolean {
  const [head = '', ...parts] = pattern.split('*')
  const tail = parts.pop() ?? ''
  if (!value.startsWith(head) || !value.endsWith(tail)) return false
  let at = head.length
  for (const part of parts) {
    at = value.indexOf(part, at)
    if (at === -1) return false
    at += part.length
  }
  return at <= value.length - tail.length
}

/** A member by a name that came from outside: own members only. */
function read(document: object, member: string): unknown {
  return Object.getOwnPropertyDescriptor(document, member)?.value
}

/** Numbers in their order, what is null or not there first. */
function sortable(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(Math.round(value * 100) + 1_000_000_000_000).padStart(16, '0')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRange(value: unknown): value is Readonly<Record<string, unknown>> {
  return isPlain(value) && Object.keys(value).length > 0 && Object.keys(value).every((key) => RANGE.some((name) => name === key))
}

function unknownMember(name: string, at: string): Issue & { readonly fix: string } {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name
  const [first = '', second = '', third = ''] = nearest(shown, MEMBERS)
  return {
    at: at.length > 200 ? `${at.slice(0, 200)}…` : at,
    rule: 'member',
    message: `an allocation has no member "${shown}"`,
    fix: `there are ${first}, ${second}, ${third} and the other members of an allocation`,
  }
}
