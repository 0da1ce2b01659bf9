import type { SessionName } from '../domain/control/session.ts'
import type { Problem } from '../http.ts'

/** How many requests each session has had, and with it which sessions there are. */
export interface SessionCounts {
  of(name: SessionName): number
  /** @returns the problem, when the session is new and there are as many as there may be */
  room(name: SessionName): Problem | undefined
  begin(name: SessionName): void
  /** The number of the session's next request, from 1. */
  next(name: SessionName): number
  restart(name: SessionName): void
  forget(name: SessionName): void
}

/** Kept apart from the sessions' state: requests that only read would collide over a count. */
export function createCounts(maxSessions: number): SessionCounts {
  const counts = new Map<SessionName, number>()
  return {
    of: (name) => counts.get(name) ?? 0,
    room(name) {
      if (counts.has(name) || counts.size < maxSessions) return undefined
      return {
        code: 'sessions-exhausted',
        detail: `there are ${counts.size} sessions`,
        fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions',
      }
    },
    begin: (name) => void counts.set(name, counts.get(name) ?? 0),
    next(name) {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count
    },
    restart: (name) => void counts.set(name, 0),
    forget: (name) => void counts.delete(name),
  }
}
