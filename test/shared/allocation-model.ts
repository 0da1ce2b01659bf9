import { isDeepStrictEqual } from 'node:util'
import { ACCOUNT, SUPPLIER } from '../support.ts'
import type { Model } from './linearizable.ts'

/**
 * What a tester sees of one session over HTTP: orders that a supplier allocates, allocations that an OMS cancels, a clock that is moved, and a
 * reset of it all. It is written from the documents, and shares no code with what it judges.
 */
export type Operation =
  /** `mark` is the supplier's own number, which a later read shows: it tells who was last. */
  | { readonly kind: 'allocate'; readonly order: number; readonly rejected: number; readonly mark: string }
  | { readonly kind: 'read order'; readonly order: number }
  | { readonly kind: 'cancel'; readonly allocation: number }
  | { readonly kind: 'read allocation'; readonly allocation: number }
  /** The clock goes a minute ahead. */
  | { readonly kind: 'advance' }
  | { readonly kind: 'read clock' }
  | { readonly kind: 'reset' }

/** What of an answer the model knows. Times are milliseconds since 1970. */
export type Answer =
  | { readonly status: 200; readonly shown: Shown }
  /** Refused; or not known to the model, which then accepts it in no state. */
  | { readonly status: number }

type Shown = Readonly<Record<string, string | number | null>>

/** What every session begins with. Operations name orders and allocations by their places here. */
export interface Start {
  /** The session's clock, in milliseconds since 1970. */
  readonly now: number
  /** Each by one line of which nothing is allocated. */
  readonly orders: readonly { readonly id: string; readonly line: string; readonly ordered: number }[]
  readonly allocations: readonly (AllocationState & { readonly id: string })[]
}

export interface State {
  readonly now: number
  /** By place. */
  readonly orders: readonly OrderState[]
  readonly allocations: readonly AllocationState[]
}

interface OrderState {
  readonly allocated: number
  /** Never falls, by the assumption of `beginSession`. */
  readonly rejected: number
  readonly mark: string | null
}

interface AllocationState {
  readonly statusCode: string
  readonly version: number
  /** Milliseconds since 1970. */
  readonly updatedAt: number
}

const MINUTE = 60_000
/** So many orders and allocations: few, so that operations meet. */
const THINGS = 4
/** Of 100 operations; the rest are reads of orders. */
const WEIGHTS = { allocate: 27, cancel: 12, 'read allocation': 18, advance: 6, 'read clock': 10, reset: 2 } as const

/**
 * Random operations without end; the same for the same seed. Marks have the seed in them: those of two seeds differ.
 * @param seed a whole number
 */
export function* operations(seed: number, start: Start): Generator<Operation, never> {
  const dice = diceOf(seed)
  const below = (end: number): number => Math.floor(dice() * end)
  for (let count = 0; ; count++) {
    const order = below(start.orders.length)
    const allocation = below(start.allocations.length)
    const kind = drawn(below(100))
    switch (kind) {
      case 'allocate':
        yield { kind, order, rejected: below((start.orders[order]?.ordered ?? 0) + 1), mark: `${seed}-${count}` }
        break
      case 'read order':
        yield { kind, order }
        break
      case 'cancel':
      case 'read allocation':
        yield { kind, allocation }
        break
      case 'advance':
      case 'read clock':
      case 'reset':
        yield { kind }
        break
      default:
        kind satisfies never
    }
  }
}

/** @param percent a whole number from 0 below 100 */
function drawn(percent: number): Operation['kind'] {
  const kinds = ['allocate', 'cancel', 'read allocation', 'advance', 'read clock', 'reset'] as const
  let end = 0
  return kinds.find((kind) => percent < (end += WEIGHTS[kind])) ?? 'read order'
}

/** Numbers from 0 below 1 that look like chance (mulberry32). */
function diceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** The model of a session that begins so. */
export function allocationModel(start: Start): Model<State, Operation, Answer> {
  const init: State = {
    now: start.now,
    orders: start.orders.map(() => ({ allocated: 0, rejected: 0, mark: null })),
    allocations: start.allocations.map(({ statusCode, version, updatedAt }) => ({ statusCode, version, updatedAt })),
  }
  const act = (state: State, operation: Operation): { readonly answer: Answer; readonly state: State } => {
    switch (operation.kind) {
      case 'allocate': {
        const { order: place, rejected, mark } = operation
        if (rejected < at(state.orders, place).rejected) return { answer: { status: 422 }, state }
        const order = { allocated: at(start.orders, place).ordered - rejected, rejected, mark }
        return { answer: { status: 200, shown: {} }, state: { ...state, orders: state.orders.with(place, order) } }
      }
      case 'read order':
        return { answer: { status: 200, shown: { ...at(state.orders, operation.order) } }, state }
      case 'cancel': {
        const allocation = at(state.allocations, operation.allocation)
        if (allocation.statusCode === 'CANCELLED') return { answer: { status: 404 }, state }
        const cancelled = { statusCode: 'CANCELLED', version: allocation.version + 1, updatedAt: state.now }
        return {
          answer: { status: 200, shown: cancelled },
          state: { ...state, allocations: state.allocations.with(operation.allocation, cancelled) },
        }
      }
      case 'read allocation':
        return { answer: { status: 200, shown: { ...at(state.allocations, operation.allocation) } }, state }
      case 'advance': {
        const now = state.now + MINUTE
        return { answer: { status: 200, shown: { now } }, state: { ...state, now } }
      }
      case 'read clock':
        return { answer: { status: 200, shown: { now: state.now } }, state }
      case 'reset':
        return { answer: { status: 200, shown: { now: init.now } }, state: init }
      default:
        return operation satisfies never
    }
  }
  return {
    init,
    step(state, operation, answer) {
      const expected = act(state, operation)
      return answer === undefined || isSame(answer, expected.answer) ? expected.state : undefined
    },
    keyOf: (state) => partsIn(state).join('; '),
    keyOfPart: (state, part) => partsIn(state).find((text) => text.startsWith(`${part}: `)) ?? '',
    partsOf(operation) {
      switch (operation.kind) {
        case 'allocate':
        case 'read order':
          return [`order ${operation.order}`]
        case 'cancel':
          return [`allocation ${operation.allocation}`, 'clock']
        case 'read allocation':
          return [`allocation ${operation.allocation}`]
        case 'advance':
        case 'read clock':
          return ['clock']
        case 'reset':
          return undefined
        default:
          return operation satisfies never
      }
    },
    onlyLooks: ({ kind }, { status }) => status !== 200 || kind.startsWith('read'),
  }
}

/** A text for each part of a state. */
function partsIn({ now, orders, allocations }: State): readonly string[] {
  return [
    `clock: ${new Date(now).toISOString()}`,
    ...orders.map(({ allocated, rejected, mark }, place) => `order ${place}: ${allocated} allocated, ${rejected} rejected, ${mark}`),
    ...allocations.map(
      ({ statusCode, version, updatedAt }, place) =>
        `allocation ${place}: ${statusCode}, version ${version}, ${new Date(updatedAt).toISOString()}`,
    ),
  ]
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place]
  if (found === undefined) throw new RangeError(`there is nothing at place ${place}; there are ${list.length}`)
  return found
}

function isSame(a: Answer, b: Answer): boolean {
  return a.status === b.status && isDeepStrictEqual('shown' in a ? a.shown : {}, 'shown' in b ? b.shown : {})
}

/** How a request is sent. */
export interface Sending {
  /** It has a connection of its own, so that a balancer gives it to the next server. */
  readonly ownConnection?: boolean
  /** Milliseconds until nobody waits for the answer any more; a minute unless said otherwise. */
  readonly patience?: number
}

/** Answers that leave open whether anything was done. */
const UNSURE = [502, 503, 504]

/**
 * Sends an operation.
 * @returns what it was answered; undefined where nobody knows what came of it: no answer, a part of one, or one that says the same
 */
export async function perform(
  url: string,
  session: string,
  operation: Operation,
  start: Start,
  sending: Sending = {},
): Promise<Answer | undefined> {
  const { method, path, headers, body } = requestOf(session, operation, start)
  let answered: { readonly status: number; readonly text: string }
  try {
    answered = await send(url, method, path, { ...sending, headers, body })
  } catch {
    return undefined
  }
  const { status, text } = answered
  if (UNSURE.includes(status)) return undefined
  return status === 200 ? { status, shown: shownBy(operation, JSON.parse(text), start) } : { status }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: unknown
}

function requestOf(session: string, operation: Operation, { orders, allocations }: Start): Request {
  const supplier = { 'Mock-Session': session, Authorization: SUPPLIER }
  const oms = { 'Mock-Session': session, Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) }
  switch (operation.kind) {
    case 'allocate': {
      const { id, line, ordered } = at(orders, operation.order)
      const allocation = {
        quantity_allocated: ordered - operation.rejected,
        quantity_backordered: 0,
        quantity_rejected: operation.rejected,
      }
      const body = { line_items: [{ line_item_uuid: line, supplier_provided_po_number: operation.mark, allocation }] }
      return { method: 'PUT', path: `/orders/allocation/${id}/`, headers: supplier, body }
    }
    case 'read order':
      return { method: 'GET', path: `/orders/${at(orders, operation.order).id}/`, headers: supplier }
    case 'cancel':
      return { method: 'PUT', path: `/api/v2/allocation/cancel/${at(allocations, operation.allocation).id}`, headers: oms }
    case 'read allocation':
      return { method: 'GET', path: `/api/v2/allocation/${at(allocations, operation.allocation).id}`, headers: oms }
    case 'advance':
      return { method: 'POST', path: `/__mock/sessions/${session}/clock/advance`, body: { by: '1m' } }
    case 'read clock':
      return { method: 'GET', path: `/__mock/sessions/${session}` }
    case 'reset':
      return { method: 'POST', path: `/__mock/sessions/${session}/reset` }
    default:
      return operation satisfies never
  }
}

interface OrderView {
  readonly order_uuid: string
  readonly is_allocated: boolean
  readonly line_items: readonly {
    readonly uuid: string
    readonly status: string
    readonly supplier_uuid: string
    readonly supplier_provided_po_number: string | null
    readonly allocation: Readonly<Record<'quantity_ordered' | 'quantity_allocated' | 'quantity_rejected', number>>
  }[]
}

interface AllocationView {
  readonly allocationId: string
  readonly statusCode: string
  readonly version: number
  readonly updatedAt: string
  readonly items: readonly { readonly shippedQuantity: number }[]
}

/** What an answer of 200 shows. What is not as its document says is told as a failure: no model would understand it. */
function shownBy(operation: Operation, body: unknown, { orders }: Start): Shown {
  switch (operation.kind) {
    case 'allocate':
      return {}
    case 'read order': {
      const { line_items } = body as OrderView
      const line = line_items.find(({ uuid }) => uuid === at(orders, operation.order).line)
      if (!line) throw new Error(`the order shows no line ${at(orders, operation.order).line}: ${JSON.stringify(body)}`)
      const { quantity_allocated: allocated, quantity_rejected: rejected } = line.allocation
      return { allocated, rejected, mark: line.supplier_provided_po_number }
    }
    case 'cancel': {
      const [only] = body as readonly AllocationView[]
      if (!only) throw new Error('a cancellation answers no allocation')
      return stateOf(only)
    }
    case 'read allocation':
      return stateOf(body as AllocationView)
    case 'advance':
    case 'read clock':
    case 'reset':
      return { now: Date.parse((body as { readonly now: string }).now) }
    default:
      return operation satisfies never
  }
}

function stateOf({ statusCode, version, updatedAt }: AllocationView) {
  return { statusCode, version, updatedAt: Date.parse(updatedAt) }
}

/**
 * Begins a session for `perform`: its clock stands still, and units that are rejected stay so, which makes an allocation that says otherwise a
 * refusal. All begin alike.
 * @throws Error where the session cannot begin, or has too little in it
 */
export async function beginSession(url: string, name: string): Promise<Start> {
  const clock = { frozen: '2026-03-01T12:00:00Z' }
  const begun = await ask<{ readonly now: string }>(url, 'POST', '/__mock/sessions', {
    body: { name, clock, assume: { 'supplier.rejected.falls': 'refused' } },
  })
  const list = async <View>(filter: string): Promise<readonly Listed<View>[]> =>
    (await ask<{ readonly entities: readonly Listed<View>[] }>(url, 'GET', `/__mock/sessions/${name}/entities?limit=100&${filter}`))
      .entities
  const listed = await list<OrderView>('kind=order')
  // The first order is the document's own, and the supplier's whose token `perform` sends.
  const supplier = listed[0]?.entity.line_items[0]?.supplier_uuid
  const orders = listed.flatMap(({ cancellation, entity: { order_uuid: id, line_items } }) => {
    const [line] = line_items
    return line?.status === 'Unallocated' &&
      cancellation === undefined &&
      line.supplier_uuid === supplier &&
      line.allocation.quantity_ordered > 1
      ? [{ id, line: line.uuid, ordered: line.allocation.quantity_ordered }]
      : []
  })
  const allocations = (await list<AllocationView>(`kind=allocation&account=${ACCOUNT}`))
    .map(({ entity }) => entity)
    .filter(({ statusCode }) => ['ALLOCATED', 'PENDING_PICK', 'PENDING_DROP'].includes(statusCode))
    .map((allocation) => ({ id: allocation.allocationId, ...stateOf(allocation) }))
  if (orders.length < THINGS || allocations.length < THINGS)
    throw new Error(
      `session ${name} has ${orders.length} orders and ${allocations.length} allocations that fit; it takes ${THINGS} of each`,
    )
  return { now: Date.parse(begun.now), orders: orders.slice(0, THINGS), allocations: allocations.slice(0, THINGS) }
}

interface Listed<View> {
  readonly entity: View
  /** Of an order that waits for an answer. */
  readonly cancellation?: string
}

async function ask<Body>(url: string, method: string, path: string, more: Pick<Request, 'body'> = {}): Promise<Body> {
  const { status, text } = await send(url, method, path, more)
  if (status >= 300) throw new Error(`${method} ${path} is answered ${status}: ${text}`)
  return JSON.parse(text)
}

async function send(
  url: string,
  method: string,
  path: string,
  { headers = {}, body, ownConnection = false, patience = MINUTE }: Pick<Request, 'headers' | 'body'> & Sending,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...headers,
      ...(ownConnection && { connection: 'close' }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patience),
  })
  return { status: response.status, text: await response.text() }
}
