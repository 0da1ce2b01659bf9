import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend } from '../../src/store/backend.ts'
import { openFile } from '../../src/store/file.ts'
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
  {
    name: 'file',
    async make() {
      const path = join(mkdtempSync(join(tmpdir(), 'mock-file-')), 'sessions.db')
      return once((maxSessions) => openFile(path, { maxSessions, time: Date.now }))
    },
  },
]

/** One process alone may have it open: all who open it have the same, until one has closed it. */
function once(open: (maxSessions: number) => Promise<Backend>): (maxSessions?: number) => Promise<Backend> {
  let opened: Promise<Backend> | undefined
  return async (maxSessions = 1_000) => {
    const backend = await (opened ??= open(maxSessions))
    return {
      ...backend,
      async close() {
        opened = undefined
        await backend.close()
      },
    }
  }
}
