import type { SessionName } from '../base/session-name.ts'
import { sizeWith } from '../core/room.ts'
import type { Store } from './store.ts'

/** A store that knows what its sessions take in memory. */
export interface WeighedStore extends Store {
  /** All of them. */
  readonly bytes: number
  bytesOf(session: SessionName): number
}

/** What a session takes that has next to nothing in it. */
const SESSION = 4_000

/** Weighs each session as it is changed: only what changed is looked at. Where two changes come back in another order, until the next. */
export function weighed(store: Store): WeighedStore {
  const weights = new Map<SessionName, number>()
  let bytes = 0
  const put = (session: SessionName, weight: number): void => {
    bytes += weight - (weights.get(session) ?? 0)
    if (weight === 0) weights.delete(session)
    else weights.set(session, weight)
  }
  return {
    get bytes() {
      return bytes
    },
    bytesOf: (session) => weights.get(session) ?? 0,
    async transact(session, work) {
      let weight: number | undefined
      const result = await store.transact(session, (world) => {
        const done = work(world)
        weight = done.changes.length === 0 ? undefined : SESSION + sizeWith(done.changes, world).bytes
        return done
      })
      if (weight !== undefined) put(session, weight)
      return result
    },
    async drop(session) {
      const existed = await store.drop(session)
      put(session, 0)
      return existed
    },
    sessions: () => store.sessions(),
    async close() {
      await store.close()
      weights.clear()
      bytes = 0
    },
  }
}
