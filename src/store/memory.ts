import type { SessionName } from '../domain/control/session.ts'
import type { Change, Kind, Kinds, World } from '../domain/world.ts'
import type { Store } from './store.ts'

/** Sessions in this process. Nobody can append while work runs, so the map is all there is to keep. */
export function memoryStore(): Store {
  const sessions = new Map<SessionName, Entities>()
  return {
    async transact(session, work) {
      const entities = sessions.get(session)
      const { changes, result } = work(entities ?? NOBODY)
      if (changes.length > 0) {
        const into = entities ?? new Entities()
        if (!entities) sessions.set(session, into)
        for (const change of changes) into.apply(change)
      }
      return result
    },
    async drop(session) {
      return sessions.delete(session)
    },
    async sessions() {
      return [...sessions.keys()].toSorted()
    },
    async close() {
      sessions.clear()
    },
  }
}

type Tables = { readonly [K in Kind]: Map<string, Kinds[K]> }

/** The map that a log of changes makes. */
export class Entities implements World {
  readonly #tables: Tables = { session: new Map(), order: new Map(), allocation: new Map() }

  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    return table.get(id)
  }

  all<K extends Kind>(kind: K): Iterable<Kinds[K]> {
    const table: Map<string, Kinds[K]> = this.#tables[kind]
    return table.values()
  }

  apply(change: Change): void {
    switch (change.kind) {
      case 'session':
        return put(this.#tables.session, change)
      case 'order':
        return put(this.#tables.order, change)
      case 'allocation':
        return put(this.#tables.allocation, change)
      default:
        return change satisfies never
    }
  }
}

/** A session that has not begun. */
const NOBODY: World = new Entities()

function put<Entity>(table: Map<string, Entity>, { id, to }: { readonly id: string; readonly to: Entity | undefined }): void {
  if (to === undefined) table.delete(id)
  else table.set(id, to)
}
