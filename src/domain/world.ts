import type { Session } from './control/session.ts'
import type { Allocation } from './oms/allocation.ts'
import type { OmsOrder } from './oms/order.ts'
import type { Shipment } from './oms/shipment.ts'
import type { WaitingStep } from './progress.ts'
import { weightOf } from './size.ts'
import type { Stock } from './oms/stock.ts'
import type { IssuedToken } from './supplier/account.ts'
import type { Order } from './supplier/order.ts'

/** What a session keeps, by kind. */
export interface Kinds {
  /** The one entity that says what the session is; its id is its name. */
  readonly session: Session
  readonly order: Order
  /** A login's; its id is the token. */
  readonly token: IssuedToken
  // The ids of what belongs to an account carry the tenant: accounts do not share ids.
  readonly allocation: Allocation
  readonly 'oms-order': OmsOrder
  readonly shipment: Shipment
  readonly stock: Stock
  readonly reference: Reference
  readonly counter: Counter
  readonly step: WaitingStep
}

/** Where another name of something leads: a created line item to its order, the number of an OMS order to its id. */
interface Reference {
  readonly to: string
}

/** How many of something a session has made: the next takes this number. */
interface Counter {
  readonly next: number
  /** Where only so many are well in a span of time: when the span began, in milliseconds since 1970, and how many there were in it. */
  readonly since?: number
  readonly inSpan?: number
}

export type Kind = keyof Kinds

/** One entity put, or deleted where `to` is undefined. */
export type Change<K extends Kind = Kind> = {
  readonly [P in K]: { readonly kind: P; readonly id: string; readonly to: Kinds[P] | undefined }
}[K]

/** A session as a request sees it: only what requests have changed; what nobody touched is the population's. */
export interface World {
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined
  all<K extends Kind>(kind: K): Iterable<Kinds[K]>
  /** The changes that make it from nothing. */
  contents(): readonly Change[]
  /** How many entities it keeps. */
  readonly size: number
  /** What they take in memory. */
  readonly bytes: number
  /** How many changes have made it: who met fewer came first. */
  readonly version: number
}

/** The number that the next created one of its sort takes. */
export function nextNumber(world: World, counter: string): number {
  return world.get('counter', counter)?.next ?? 0
}

/** Says that so many have been made. */
export function counted(counter: string, next: number): Change {
  return { kind: 'counter', id: counter, to: { next } }
}

type Tables = { readonly [K in Kind]: Map<string, Kinds[K]> }

/** The map that a log of changes makes. */
export class Entities implements World {
  readonly #tables: Tables = {
    session: new Map(),
    order: new Map(),
    token: new Map(),
    allocation: new Map(),
    'oms-order': new Map(),
    shipment: new Map(),
    stock: new Map(),
    reference: new Map(),
    counter: new Map(),
    step: new Map(),
  }
  #size = 0
  #bytes = 0
  #version = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  get version(): number {
    return this.#version
  }

  contents(): readonly Change[] {
    return KINDS.flatMap((kind) => this.#contentsOf(kind))
  }

  #contentsOf<K extends Kind>(kind: K): readonly Change<K>[] {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    return [...table].map(([id, to]) => ({ kind, id, to }))
  }

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    return table.get(id)
  }

  all<K extends Kind>(kind: K): Iterable<Kinds[K]> {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    return table.values()
  }

  apply<K extends Kind>({ kind, id, to }: Change<K>): void {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    this.#version++
    this.#bytes += weightOf(id, to) - weightOf(id, table.get(id))
    this.#size -= table.size
    if (to === undefined) table.delete(id)
    else table.set(id, to)
    this.#size += table.size
  }
}

const KINDS = [
  'session',
  'order',
  'token',
  'allocation',
  'oms-order',
  'shipment',
  'stock',
  'reference',
  'counter',
  'step',
] as const satisfies readonly Kind[]

/** A world with changes on top that nobody has kept yet. */
export class Draft implements World {
  readonly changes: Change[] = []
  readonly #below: World
  readonly #above = new Entities()
  readonly #gone = new Set<string>()
  #size: number
  #bytes: number
  /** What lies below and was put anew or deleted: known as it comes, so that nobody has to look through the changes. */
  readonly #replaced = new Set<Kinds[Kind]>()

  constructor(below: World, changes: readonly Change[] = []) {
    this.#below = below
    this.#size = below.size
    this.#bytes = below.bytes
    this.apply(changes)
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  get version(): number {
    return this.#below.version + this.changes.length
  }

  contents(): readonly Change[] {
    return [...this.#below.contents(), ...this.changes]
  }

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    return this.#above.get(kind, id) ?? (this.#gone.has(`${kind} ${id}`) ? undefined : this.#below.get(kind, id))
  }

  *all<K extends Kind>(kind: K): Iterable<Kinds[K]> {
    for (const entity of this.#below.all(kind)) if (!this.#replaced.has(entity)) yield entity
    yield* this.#above.all(kind)
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const { kind, id, to } = change
      const before = this.get(kind, id)
      this.#size += Number(to !== undefined) - Number(before !== undefined)
      this.#bytes += weightOf(id, to) - weightOf(id, before)
      this.changes.push(change)
      const below = this.#below.get(kind, id)
      if (below) this.#replaced.add(below)
      this.#above.apply(change)
      if (change.to === undefined) this.#gone.add(`${change.kind} ${change.id}`)
      else this.#gone.delete(`${change.kind} ${change.id}`)
    }
  }
}

/** The world that a list of changes makes from nothing. */
export function worldOf(changes: readonly Change[]): Entities {
  const entities = new Entities()
  for (const change of changes) entities.apply(change)
  return entities
}
