import type { Backend } from '../../src/store/backend.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { postgresUrl } from '../postgres.ts'

/** A backend that the suite runs on. */
export interface Row {
  readonly name: string
  /** A place with nothing in it. @returns what opens it, as often as wanted: all have the same sessions */
  readonly make: () => Promise<(maxSessions?: number) => Promise<Backend>>
}

export const BACKENDS: readonly Row[] = [
  {
    name: 'PostgreSQL',
    async make() {
      const url = postgresUrl()
      return (maxSessions = 1_000) => openPostgres(url, { maxSessions, waitMs: 0, onTrouble: () => {} })
    },
  },
]
