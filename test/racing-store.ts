import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionName } from '../src/base/session-name.ts'
import { type Change, Entities } from '../src/core/world.ts'
import type { Store } from '../src/store/store.ts'

/**
 * A store as a database would be one: sessions are logs of texts, and other requests run between reading and appending. Work that keeps
 * something outside the log, compares entities by identity or changes what it was given comes to light here.
 */
export function racingStore(): Store & { readonly retries: number } {
  const logs = new Map<SessionName, string[]>()
  let retries = 0
  return {
    get retries() {
      return retries
    },
    async transact(session, work) {
      for (;;) {
        const log = logs.get(session)
        const lines = [...(log ?? [])]
        await others()
        const { changes, result } = work(replay(lines))
        if (changes.length === 0) return result
        await others()
        const now = logs.get(session)
        // A session that was dropped in between may have grown to the same length again.
        if (now === log && (now?.length ?? 0) === lines.length) {
          logs.set(session, now ?? [])
          logs.get(session)?.push(...changes.map((change) => JSON.stringify(change)))
          return result
        }
        retries++
      }
    },
    async drop(session) {
      await others()
      return logs.delete(session)
    },
    async sessions() {
      await others()
      return [...logs.keys()].toSorted()
    },
    async close() {
      logs.clear()
    },
  }
}

function replay(lines: readonly string[]): Entities {
  const entities = new Entities()
  for (const line of lines) {
    const change: Change = JSON.parse(line)
    entities.apply(change)
  }
  return entities
}

async function others(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await nextTurn()
}
