import type { Session } from '../core/session.ts'
import type { Registry } from '../core/registry.ts'
import type { KeptChange } from '../core/world.ts'
import { movesOf, shownChange } from '../engine/session.ts'
import { MASK } from '../base/hiding.ts'
import { pointerPart } from '../base/http.ts'
import { isSecretPlace, withoutSecretMembers } from '../base/secret.ts'

/** A member that is another now. */
export interface ChangedMember {
  /** JSON pointer into the entity. */
  readonly at: string
  /** Missing where there was nothing. */
  readonly from?: unknown
  /** Missing where there is nothing now. */
  readonly to?: unknown
}

/** A change as it is told: of what was and is there, the members that differ; what is new or gone whole; and how it has moved. Without secrets. */
export function toldChange(change: KeptChange, settings: Session | undefined, registry: Registry): object {
  const { kind, id } = change
  const { from, to } = shownChange(change, settings, registry)
  const moves = movesOf(change, settings, registry)
  const moved = moves.length > 0 && { moves }
  if (from && to) return { kind, id, ...moved, members: changedMembers(from, to) }
  return { kind, id, ...moved, ...(from && { from: withoutSecretMembers(from) }), ...(to && { to: withoutSecretMembers(to) }) }
}

/** The members that differ, each by the shortest pointer that leads to all of its difference. */
export function changedMembers(from: unknown, to: unknown, at = ''): ChangedMember[] {
  if (Object.is(from, to)) return []
  const [before, after] = [membersOf(from), membersOf(to)]
  if (before && after && Array.isArray(from) === Array.isArray(to))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      changedMembers(before[name], after[name], `${at}/${pointerPart(name)}`),
    )
  const told = (value: unknown): unknown => (isSecretPlace(at) ? MASK : withoutSecretMembers(value))
  return [{ at, ...(from !== undefined && { from: told(from) }), ...(to !== undefined && { to: told(to) }) }]
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined
}
