import { memoryStore } from '../../src/store/memory.ts'
import type { OpenStore } from '../../src/store/store.ts'
import { racingStore } from '../stores.ts'

/** Every store that there is: what holds for one holds for all. */
export const STORES: readonly { readonly name: string; readonly open: OpenStore }[] = [
  { name: 'memory', open: memoryStore },
  { name: 'racing', open: (settings) => racingStore()(settings) },
]
