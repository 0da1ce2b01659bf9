import type { Problem } from '../base/http.ts'
import { weightOf } from './size.ts'
import type { Change, World } from './world.ts'

/** How much may be kept, in entities and in bytes as `bytesOf` measures them. */
export interface Limits {
  /** Entities of one session. */
  readonly entities: number
  readonly sessionBytes: number
  /** Of one entity: what each request makes longer, such as an audit log, must have an end. */
  readonly entityBytes: number
  /** Of all sessions together, their snapshots included. */
  readonly allBytes: number
}

/** The limits as one session meets them. */
export interface Room extends Limits {
  /** What the other sessions take. */
  readonly others: number
}

/** How much a world holds. */
interface Size {
  readonly size: number
  readonly bytes: number
}

/** How much a world holds with changes on top. */
function sizeWith(changes: readonly Change[], world: World): Size {
  let { size, bytes } = world
  // What is changed twice stands the second time in the place of the first.
  const met = changes.length > 1 ? new Map<string, number>() : undefined
  for (const { kind, id, to } of changes) {
    const name = met ? `${kind} ${id}` : id
    const before = met?.get(name) ?? weightOf(id, world.get(kind, id))
    const after = weightOf(id, to)
    met?.set(name, after)
    size += Number(after > 0) - Number(before > 0)
    bytes += after - before
  }
  return { size, bytes }
}

/** Why there is no room for changes; undefined where there is. What makes a session smaller always has room. */
export function noRoom(changes: readonly Change[], world: World, room: Room): Problem | undefined {
  const { entities, sessionBytes, entityBytes, allBytes, others } = room
  const after = sizeWith(changes, world)
  if (after.size > entities && after.size > world.size)
    return {
      code: 'session-full',
      detail: `the session ${world.size === 0 ? `would begin with ${after.size}` : `keeps ${world.size}`} entities, and ${entities} is the most`,
      fix: 'reset it with POST /__mock/sessions/{name}/reset, or start with a larger --max-entities',
    }
  if (after.bytes <= world.bytes) return undefined
  if (after.bytes > sessionBytes)
    return {
      code: 'session-full',
      detail: `the session would take ${after.bytes} bytes, and ${sessionBytes} is the most`,
      fix: 'reset it with POST /__mock/sessions/{name}/reset, or start with a larger --max-session-bytes',
    }
  const large = changes.find(({ kind, id, to }) => {
    const weight = weightOf(id, to)
    return weight > entityBytes && weight > weightOf(id, world.get(kind, id))
  })
  if (large)
    return {
      code: 'entity-full',
      detail: `the ${large.kind} ${large.id} would take ${weightOf(large.id, large.to)} bytes, and ${entityBytes} is the most of one`,
      fix: 'go on with another one, or begin the session anew with POST /__mock/sessions/{name}/reset',
    }
  const together = others + after.bytes
  if (together > allBytes)
    return {
      code: 'memory-exhausted',
      detail: `all sessions together would take ${together} bytes, and ${allBytes} is the most`,
      fix: 'drop sessions and snapshots that nobody needs, or start with a larger --max-state-bytes or with --session-ttl',
    }
  return undefined
}
