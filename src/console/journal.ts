import type { PastRequest } from '../client/client.ts'

/** A past request as the list shows it: without its bodies, of which hundreds may be large. */
export interface Row {
  readonly id: string
  readonly session: string
  readonly origin: PastRequest['origin']
  /** By the world's clock. */
  readonly received: string
  readonly method: string
  readonly path: string
  readonly operation: string | undefined
  readonly status: number
  /** Milliseconds. */
  readonly duration: number
  /** What somebody who looks for a fault wants to know of it, in a line. */
  readonly note: string | undefined
}

/** So many rows are shown at a time. Older ones stand on pages of their own. */
export const MOST_ROWS = 200

export function rowOf({
  id,
  session,
  origin,
  received,
  method,
  path,
  operation,
  status,
  duration,
  fault,
  problem,
  warnings,
}: PastRequest): Row {
  const note = problem?.detail ?? (fault === undefined ? warnings?.[0]?.message : `fault ${fault}`)
  return { id, session, origin, received, method, path, operation, status, duration, note }
}

/** Rows, newest first, and the id before which there are more. */
export interface Page {
  readonly rows: readonly Row[]
  readonly older: string | undefined
}

/**
 * A page with newer rows before the others, as many as are shown. Of an id that is there already the newer one stays: a session that was
 * reset counts from one again. @param newer in the order in which they came
 */
export function withNewer({ rows, older }: Page, newer: readonly Row[]): Page {
  const all = new Map<string, Row>()
  for (const row of [...newer.toReversed(), ...rows]) {
    if (all.size === MOST_ROWS) break
    if (!all.has(row.id)) all.set(row.id, row)
  }
  const after = [...all.values()]
  const last = after.at(-1)?.id
  return { rows: after, older: after.length === MOST_ROWS && last !== rows.at(-1)?.id ? last : older }
}

/** What waits to be shown: never more than can be. */
export function waiting(before: readonly Row[], row: Row): readonly Row[] {
  return [...before, row].slice(-MOST_ROWS)
}
