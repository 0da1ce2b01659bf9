import type { Backend } from './backend.ts'
import { memoryStore } from './memory.ts'
import type { OpenStore, Store, StoreSettings } from './store.ts'
import type { StoreWatch } from './timed.ts'

/** What a store is called by its place: `memory`, `file`, `postgres`. */
export function kindOfStore(place: string): string {
  return place === 'memory' ? 'memory' : place.startsWith('file:') ? 'file' : 'postgres'
}

/**
 * What opens the store of that name: `memory`, `file:PATH`, `postgres://…`. Only what is chosen is loaded.
 * @param waitMs how long to wait for a database that cannot be reached yet, in milliseconds
 * @param watch hears what is asked of a file or a database
 */
export function storeAt(place: string, waitMs: number, watch?: StoreWatch): OpenStore {
  if (place === 'memory') return memoryStore
  if (place.startsWith('file:'))
    return async (settings) => {
      const { openFile } = await import('./file.ts')
      const { maxSessions, time = Date.now } = settings
      return storeOn(await openFile(place.slice('file:'.length), { maxSessions, time }), settings, watch)
    }
  return async (settings) => {
    const { openPostgres } = await import('./postgres.ts')
    const { maxSessions, onTrouble } = settings
    return storeOn(await openPostgres(place, { maxSessions, waitMs, onTrouble }), settings, watch)
  }
}

async function storeOn(backend: Backend, settings: StoreSettings, watch: StoreWatch | undefined): Promise<Store> {
  const { replicatedStore } = await import('./replica.ts')
  if (!watch) return replicatedStore(backend, settings)
  const { timed } = await import('./timed.ts')
  return replicatedStore(timed(backend, watch.observe), settings, watch.counts)
}
