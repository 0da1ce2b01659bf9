import type { SessionName } from '../domain/control/session.ts'
import type { Problem } from '../http.ts'

/** How many requests each session has had, and with it which sessions there are. */
export interface SessionCounts {
  has(name: SessionName): boolean
  of(name: SessionName): number
  /** Takes a place for the session, if it has none. @returns the problem, when there are as many as there may be */
  begin(name: SessionName): Problem | undefined
  /** Gives the place back, if nothing was asked of the session. */
  release(name: SessionName): void
  /** The number of the session's next request, from 1. */
  next(name: SessionName): number
  restart(name: SessionName): void
  forget(name: SessionName): void
}

/** Kept apart from the sessions' state: requests that only read would collide over a count. */
export function createCounts(maxSessions: number): SessionCounts {
  const counts = new Map<SessionName, number>()
  return {
    has: (name) => counts.has(name),
    of: (name) => counts.get(name) ?? 0,
    begin(name) {
      if (counts.has(name)) return undefined
      if (counts.size >= maxSessions)
        return {
          code: 'sessions-exhausted',
          detail: `there are ${counts.size} sessions`,
          fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions',
        }
      counts.set(name, 0)
      return undefined
    },
    release(name) {
      if (counts.get(name) === 0) counts.delete(name)
    },
    next(name) {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count
    },
    restart: (name) => void counts.set(name, 0),
    forget: (name) => void counts.delete(name),
  }
}
