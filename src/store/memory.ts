import type { SessionName } from '../base/session-name.ts'
import { Entities, type WholeWorld } from '../core/world.ts'
import type { Store } from './store.ts'

/** Sessions in this process. Nobody can append while work runs, so the map is all there is to keep. */
export function memoryStore(): Store {
  const sessions = new Map<SessionName, Entities>()
  return {
    async transact(session, work) {
      const entities = sessions.get(session)
      const { changes, result } = work(entities ?? EMPTY_WORLD)
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

/** A session that has not begun; server-level control requests run in it. */
export const EMPTY_WORLD: WholeWorld = new Entities()
