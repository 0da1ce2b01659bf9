import type { SessionName } from '../src/base/session-name.ts'
import { memoryStore } from '../src/store/memory.ts'
import { replicatedStore } from '../src/store/replica.ts'
import type { Keeping, OpenStore, Store } from '../src/store/store.ts'
import { memoryBackend } from './store/memory-backend.ts'

/** A store as a mock opens it, which a test can look into. */
export type TestStore = OpenStore & {
  /** The sessions that there are, by name. */
  readonly sessions: () => Promise<readonly SessionName[]>
  readonly look: Store['look']
}

export function watchedStore(open: OpenStore = memoryStore, wrap: (store: Store) => Store = (store) => store): TestStore {
  let opened: Store | undefined
  return Object.assign<OpenStore, Pick<TestStore, 'sessions' | 'look'>>(async (settings) => (opened = wrap(await open(settings))), {
    sessions: async () => ((await opened?.names()) ?? []).toSorted(),
    look(name, read) {
      if (!opened) throw new Error('nothing has opened the store')
      return opened.look(name, read)
    },
  })
}

/** Two servers' stores on one backend, asked in turn, so that each meets what the other has changed. */
export function racingStore(): TestStore & { readonly retries: number } {
  const counts = { conflicts: 0 }
  const open: OpenStore = async (settings) => {
    const backend = memoryBackend({ maxSessions: settings.maxSessions, ...(settings.time && { time: settings.time }) })
    const first = replicatedStore(backend, settings, counts)
    const second = replicatedStore(backend, { ...settings, journal: elsewhere(settings.journal) }, counts)
    let asked = 0
    const next = (): Store => (++asked % 2 === 0 ? first : second)
    return {
      ...first,
      use: (name, work) => next().use(name, work),
      look: (name, read) => next().look(name, read),
      async tell() {
        await second.tell()
        await first.tell()
      },
      async close() {
        await second.close()
        await first.close()
      },
    }
  }
  const watched = watchedStore(open)
  return Object.defineProperty(Object.assign(watched, { retries: 0 }), 'retries', { get: () => counts.conflicts })
}

/** The journal of another server, which nobody asks. */
function elsewhere({ weighed }: Keeping): Keeping {
  return { weighed, keep: () => undefined, forget: () => undefined, letGo: () => undefined, lost: () => false }
}
