import type { Backend } from './backend.ts'
import type { StoreCounts } from './replica.ts'

/** Hears what a store asks of its backend, and counts what comes of it. */
export interface StoreWatch {
  readonly counts: StoreCounts
  /** Hears how long one call took, in seconds, and whether it failed. */
  observe(call: 'find' | 'append', seconds: number, hasFailed: boolean): void
}

/** The same backend; the calls that requests wait for are timed. */
export function timed(backend: Backend, observe: StoreWatch['observe']): Backend {
  const watch = async <Result>(call: Parameters<StoreWatch['observe']>[0], run: () => Promise<Result>): Promise<Result> => {
    const begun = performance.now()
    let hasFailed = true
    try {
      const result = await run()
      hasFailed = false
      return result
    } finally {
      observe(call, (performance.now() - begun) / 1_000, hasFailed)
    }
  }
  return {
    ...backend,
    find: (known) => watch('find', () => backend.find(known)),
    append: (appends) => watch('append', () => backend.append(appends)),
  }
}
