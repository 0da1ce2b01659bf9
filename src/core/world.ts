import type { WaitingStep } from './scenario/settings.ts'
import type { Session } from './session.ts'
import { weightOf } from './size.ts'

/** The kinds of entity that every session keeps, whatever its APIs are. */
export interface CoreKinds {
  /** The one entity that says what the session is; its id is its name. */
  readonly session: Session
  readonly reference: Reference
  readonly counter: Counter
  readonly step: WaitingStep
}

/** What a session keeps, by kind: an API knows those of its own, and nobody all. */
export interface Kinds extends CoreKinds {
  readonly [kind: string]: object
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

/** One entity put, or deleted where `to` is undefined. */
export type Change<Of extends object = Kinds, K extends keyof Of & string = keyof Of & string> = {
  readonly [P in K]: { readonly kind: P; readonly id: string; readonly to: Of[P] | undefined }
}[K]

/** A change as a journal keeps it: with what the session itself held before; undefined where nobody had touched it. */
export type KeptChange = Change & { readonly from: object | undefined }

/** Whether a change is of a kind that every session keeps. */
export function isOf<K extends keyof CoreKinds>(change: Change, kind: K): change is Change<CoreKinds, K> {
  return change.kind === kind
}

/** A session as a request sees it: only what requests have changed; what nobody touched is the population's. */
export interface World<Of extends object = Kinds> {
  get<K extends keyof Of & string>(kind: K, id: string): Of[K] | undefined
  all<K extends keyof Of & string>(kind: K): Iterable<Of[K]>
  /** What it keeps of a kind is kept under. */
  ids(kind: keyof Of & string): readonly string[]
  /** How many it keeps of a kind. */
  count(kind: keyof Of & string): number
  /** How many entities it keeps. */
  readonly size: number
  /** What they take in memory. */
  readonly bytes: number
  /** How many changes have made it: who met fewer came first. */
  readonly version: number
}

/** A session as a whole: what it is made of can be taken elsewhere. */
export interface WholeWorld<Of extends object = Kinds> extends World<Of> {
  /** The changes that make it from nothing. */
  contents(): readonly Change<Of>[]
}

/** The number that the next created one of its sort takes. */
export function nextNumber(world: Pick<World<CoreKinds>, 'get'>, counter: string): number {
  return world.get('counter', counter)?.next ?? 0
}

/** Says that so many have been made. */
export function counted(counter: string, next: number): Change<CoreKinds, 'counter'> {
  return { kind: 'counter', id: counter, to: { next } }
}

type Tables<Of extends object> = { [K in keyof Of]?: Map<string, Of[K]> }

/** The map that a log of changes makes. */
export class Entities<Of extends object = Kinds> implements WholeWorld<Of> {
  readonly #tables: Tables<Of> = Object.create(null)
  /** In the order in which they came. */
  readonly #kinds: (keyof Of & string)[] = []
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

  /** The kinds that it has ever kept something of, in the order in which they came: that is the order of its contents. */
  get kinds(): readonly string[] {
    return [...this.#kinds]
  }

  /** Takes over where another one stood: the order of its kinds, and how many changes had made it. */
  goOnFrom(kinds: readonly (keyof Of & string)[], version: number): void {
    for (const kind of kinds) this.#table(kind)
    this.#version = version
  }

  contents(): readonly Change<Of>[] {
    return this.#kinds.flatMap((kind) => [...this.#table(kind)].map(([id, to]) => ({ kind, id, to })))
  }

  get<K extends keyof Of & string>(kind: K, id: string): Of[K] | undefined {
    return this.#tables[kind]?.get(id)
  }

  all<K extends keyof Of & string>(kind: K): Iterable<Of[K]> {
    return this.#tables[kind]?.values() ?? []
  }

  ids(kind: keyof Of & string): readonly string[] {
    return [...(this.#tables[kind]?.keys() ?? [])]
  }

  count(kind: keyof Of & string): number {
    return this.#tables[kind]?.size ?? 0
  }

  apply<K extends keyof Of & string>({ kind, id, to }: Change<Of, K>): void {
    const table = this.#table(kind)
    this.#version++
    this.#bytes += weightOf(id, to) - weightOf(id, table.get(id))
    this.#size -= table.size
    if (to === undefined) table.delete(id)
    else table.set(id, to)
    this.#size += table.size
  }

  /** Applies changes that may turn out not to be kept. @returns what takes them back, in the same order of everything */
  try(changes: readonly Change<Of>[]): () => void {
    const [kinds, size, bytes, version] = [this.#kinds.length, this.#size, this.#bytes, this.#version]
    const back: (() => void)[] = []
    const whole = new Set<string>()
    for (const change of changes) {
      back.push(this.#backFrom(change, whole))
      this.apply(change)
    }
    return () => {
      for (const one of back.toReversed()) one()
      for (const kind of this.#kinds.splice(kinds)) delete this.#tables[kind]
      this.#size = size
      this.#bytes = bytes
      this.#version = version
    }
  }

  /** What undoes one change. Something deleted loses its place among the others, so then the table is kept as a whole, once. */
  #backFrom<K extends keyof Of & string>({ kind, id, to }: Change<Of, K>, whole: Set<string>): () => void {
    const before = this.#tables[kind]?.get(id)
    if (whole.has(kind)) return () => undefined
    if (before !== undefined && to === undefined) {
      const table = new Map(this.#table(kind))
      whole.add(kind)
      return () => void (this.#tables[kind] = table)
    }
    return () => {
      if (before === undefined) this.#tables[kind]?.delete(id)
      else this.#tables[kind]?.set(id, before)
    }
  }

  #table<K extends keyof Of & string>(kind: K): Map<string, Of[K]> {
    const known = this.#tables[kind]
    if (known) return known
    this.#kinds.push(kind)
    return (this.#tables[kind] = new Map<string, Of[K]>())
  }
}

/** A world with changes on top that nobody has kept yet. */
export class Draft<Of extends object = Kinds> implements World<Of> {
  readonly changes: Change<Of>[] = []
  readonly #below: World<Of>
  readonly #above = new Entities<Of>()
  readonly #gone = new Set<string>()
  #size: number
  #bytes: number
  /** What lies below and was put anew or deleted: known as it comes, so that nobody has to look through the changes. */
  readonly #replaced = new Set<unknown>()

  constructor(below: World<Of>, changes: readonly Change<Of>[] = []) {
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

  get<K extends keyof Of & string>(kind: K, id: string): Of[K] | undefined {
    return this.#above.get(kind, id) ?? (this.#gone.has(`${kind} ${id}`) ? undefined : this.#below.get(kind, id))
  }

  *all<K extends keyof Of & string>(kind: K): Iterable<Of[K]> {
    for (const entity of this.#below.all(kind)) if (!this.#replaced.has(entity)) yield entity
    yield* this.#above.all(kind)
  }

  ids(kind: keyof Of & string): readonly string[] {
    return [
      ...this.#below.ids(kind).filter((id) => !this.#gone.has(`${kind} ${id}`) && !this.#above.get(kind, id)),
      ...this.#above.ids(kind),
    ]
  }

  count(kind: keyof Of & string): number {
    return this.ids(kind).length
  }

  apply(changes: readonly Change<Of>[]): void {
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
export function worldOf<Of extends object = Kinds>(changes: readonly Change<Of>[]): Entities<Of> {
  const entities = new Entities<Of>()
  for (const change of changes) entities.apply(change)
  return entities
}
