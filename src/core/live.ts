import { thereIs } from '../base/nearest.ts'
import type { Problem } from '../base/http.ts'
import type { Api, Kind } from './api.ts'
import type { Caller, LiveScene, Refused, Scene } from './behaviour.ts'
import { at, keyOf, uuid } from './population/random.ts'
import type { Session } from './session.ts'
import { type Change, counted, Draft, nextNumber, type World } from './world.ts'

/** A scene that a behaviour can change: what it has changed is there at once, and is kept when it replies. */
export class Live implements LiveScene {
  readonly session: Session
  readonly now: number
  readonly real: number
  readonly caller: Caller
  /** The last assumption that was asked for. */
  assumption: string | undefined
  /** The world before anything was changed. */
  readonly given: World
  readonly #kinds: Api['kinds']
  #draft: Draft | undefined

  constructor({ world, session, now, real }: Scene, caller: Caller, kinds: Api['kinds']) {
    this.session = session
    this.now = now
    this.real = real
    this.caller = caller
    this.given = world
    this.#kinds = kinds
  }

  get world(): World {
    return this.#draft ?? this.given
  }

  /** What was changed by `add`, `put` and `remove`. */
  get changes(): readonly Change[] {
    return this.#draft?.changes ?? NONE
  }

  get(kind: string, id: string): object | undefined {
    return this.world.get(kind, id) ?? (this.#isGone(kind, id) ? undefined : frozen(this.#kindOf(kind).untouched?.(id, this.session)))
  }

  list(kind: string): readonly object[] {
    const of = this.#kindOf(kind)
    const all = new Map<string, object>()
    for (const entity of of.population?.(this.session) ?? []) {
      const id = idOf(of, entity)
      if (!this.#isGone(kind, id)) all.set(id, frozen(entity))
    }
    for (const entity of this.world.all(kind)) all.set(idOf(of, entity), entity)
    return [...all.values()]
  }

  add(kind: string, entity: object): object {
    const of = this.#kindOf(kind)
    const given = 'id' in entity && entity.id !== undefined
    if (given || of.idOf) return this.put(kind, entity)
    const counter = `new ${kind}`
    let number = nextNumber(this.world, counter)
    const idAt = (): string => of.newId?.(number, this.session) ?? uuid(at(at(keyOf(this.session.seed), counter), number))
    // What was brought in may have taken an id.
    while (this.world.get(kind, idAt())) number++
    const added = this.put(kind, { id: idAt(), ...entity })
    this.#apply([counted(counter, number + 1)])
    return added
  }

  put(kind: string, entity: object): object {
    const kept = frozen(entity)
    this.#apply([{ kind, id: idOf(this.#kindOf(kind), kept), to: kept }])
    return kept
  }

  remove(kind: string, id: string): void {
    this.#apply([{ kind, id, to: undefined }])
    // What is deleted is untouched again: of what has a population it is said that it is gone.
    if (this.#kindOf(kind).untouched) this.#apply([{ kind: 'reference', id: gone(kind, id), to: { to: '' } }])
  }

  assumed(name: string): string {
    const value = this.session.assumptions[name]
    if (value === undefined) throw new TypeError(`there is no assumption "${name}"; ${thereIs(Object.keys(this.session.assumptions))}`)
    this.assumption = name
    return value
  }

  refuse(code: string, detail?: string, more: Pick<Problem, 'fix' | 'issues' | 'assumption' | 'status'> = {}): Refused {
    const assumption = more.assumption ?? this.assumption
    return { kind: 'refused', problem: { ...more, code, detail: detail ?? '', ...(assumption !== undefined && { assumption }) } }
  }

  #isGone(kind: string, id: string): boolean {
    return this.world.get('reference', gone(kind, id)) !== undefined
  }

  #apply(changes: readonly Change[]): void {
    this.#draft ??= new Draft(this.given)
    this.#draft.apply(changes)
  }

  /** @throws TypeError for a name that the API gives to no kind */
  #kindOf(name: string): Kind {
    const kind = Object.hasOwn(this.#kinds, name) ? this.#kinds[name] : undefined
    if (!kind) throw new TypeError(`there is no kind "${name}"; ${thereIs(Object.keys(this.#kinds))}`)
    return kind
  }
}

const NONE: readonly Change[] = []

function gone(kind: string, id: string): string {
  return `gone/${kind}/${id}`
}

/** The id of an entity. @throws TypeError for one that has none */
export function idOf(kind: Kind, entity: object): string {
  const id = kind.idOf?.(entity) ?? ('id' in entity ? entity.id : undefined)
  if (typeof id !== 'string' && typeof id !== 'number') throw new TypeError(`an entity has no id: ${JSON.stringify(entity).slice(0, 200)}`)
  return String(id)
}

/** The value, of which nobody can change anything any more: what a session keeps is told of in many places. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) frozen(member)
  return value
}
