import type { Scene as CoreScene } from '../core/behaviour.ts'
import type { Change as CoreChange } from '../core/world.ts'
import type { Kinds as OmsKinds } from './oms/kinds.ts'
import type { Kinds as SupplierKinds } from './supplier/kinds.ts'

/** What the bundled APIs keep in a session, together. */
export interface Kinds extends SupplierKinds, OmsKinds {}

export type Change<K extends keyof Kinds = keyof Kinds> = CoreChange<Kinds, K>
export type Scene = CoreScene<Kinds>

// What the core hands on is of any kinds. Until words of scenarios, steps and lists are told by tables of the APIs, what is written for
// both together says here, and nowhere else, that the kinds are theirs.

export function asBundled(scene: CoreScene): Scene {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return scene as unknown as Scene
}

export function changeOfBundled(change: CoreChange): Change {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return change as Change
}
