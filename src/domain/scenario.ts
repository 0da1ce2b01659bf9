import type { Issue } from '../http.ts'
import type { Scene } from './behaviour.ts'
import type { Change } from './world.ts'

/** What a session holds beside its population. */
export interface Data {
  readonly orders: readonly never[]
}

export function isEmpty({ orders }: Data): boolean {
  return orders.length === 0
}

export function place(
  _data: Data,
  _scene: Scene,
): { kind: 'placed'; changes: readonly Change[] } | { kind: 'refused'; issues: readonly Issue[] } {
  return { kind: 'placed', changes: [] }
}
