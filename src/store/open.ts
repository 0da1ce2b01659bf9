import { memoryStore } from './memory.ts'
import type { OpenStore } from './store.ts'

/**
 * What opens the store of that name: `memory`, `file:PATH`, `postgres://…`. Only what is chosen is loaded.
 * @param waitMs how long to wait for a database that cannot be reached yet, in milliseconds
 */
export function storeAt(place: string, waitMs: number): OpenStore {
  if (place === 'memory') return memoryStore
  if (place.startsWith('file:'))
    return async (settings) => {
      const { openFile } = await import('./file.ts')
      const { replicatedStore } = await import('./replica.ts')
      const { maxSessions, time = Date.now } = settings
      return replicatedStore(await openFile(place.slice('file:'.length), { maxSessions, time }), settings)
    }
  return async (settings) => {
    const { openPostgres } = await import('./postgres.ts')
    const { replicatedStore } = await import('./replica.ts')
    const { maxSessions, onTrouble } = settings
    return replicatedStore(await openPostgres(place, { maxSessions, waitMs, onTrouble }), settings)
  }
}
