import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '../../src/store/memory.ts'
import { storeAt } from '../../src/store/open.ts'
import type { OpenStore } from '../../src/store/store.ts'
import { postgresUrl } from '../postgres.ts'
import { racingStore } from '../stores.ts'

/** Every store that there is: what holds for one holds for all. */
export const STORES: readonly { readonly name: string; readonly open: OpenStore }[] = [
  { name: 'memory', open: memoryStore },
  { name: 'racing', open: (settings) => racingStore()(settings) },
  { name: 'file', open: (settings) => storeAt(`file:${join(mkdtempSync(join(tmpdir(), 'mock-')), 'sessions.db')}`, 0)(settings) },
  { name: 'PostgreSQL', open: (settings) => storeAt(postgresUrl(), 0)(settings) },
]
