import type { SessionName } from '../base/session-name.ts'
import type { Problem } from '../base/http.ts'

/** Which sessions there are, and what is known of each without looking into it. Times are the world's, milliseconds since 1970. */
export interface SessionCounts {
  has(name: SessionName): boolean
  names(): readonly SessionName[]
  /** Another object for each life of a session: a reset begins a new one. */
  of(name: SessionName): Counted
  /** Takes a place for the session, if it has none, and says that it is used. @returns the problem, when there are as many as there may be */
  begin(name: SessionName, real: number): Problem | undefined
  /** Says that a request to the session is over. One in which nothing has changed gives its place to who needs one. */
  rest(name: SessionName, hasChanged: boolean): void
  /** Gives the place back, if nothing was asked of the session. */
  release(name: SessionName): void
  /** The number of the session's next request, from 1. */
  next(name: SessionName): number
  /** A number that no other control request to the session has. */
  nextControl(name: SessionName): number
  restart(name: SessionName): void
  forget(name: SessionName): void
  /** Whether nobody has used the session for as long as one may be unused, or it has to give its place to another. */
  isOver(name: SessionName, real: number): boolean
  /** Those that go before another begins: all that are over, looked for now and then only; where no place is left, one that gives way. */
  over(real: number): readonly SessionName[]
}

export interface Counted {
  readonly requests: number
  readonly begun: number
  readonly used: number
}

/**
 * Kept apart from the sessions' state: requests that only read would collide over a count.
 * @param timeToLive how long a session may be unused, in milliseconds; infinite for ever
 */
export function createCounts(maxSessions: number, timeToLive: () => number): SessionCounts {
  const counts = new Map<
    SessionName,
    { requests: number; controls: number; begun: number; used: number; hasChanged: boolean; givesWay: boolean }
  >()
  /** Those in which nothing has changed and nothing is done just now; the one that was used last stands last. */
  const untouched = new Set<SessionName>()
  let looked = Number.NEGATIVE_INFINITY
  const isOver = (name: SessionName, real: number): boolean => {
    const known = counts.get(name)
    return known !== undefined && (known.givesWay || real - known.used > timeToLive())
  }
  return {
    has: (name) => counts.has(name),
    names: () => [...counts.keys()],
    of: (name) => counts.get(name) ?? { requests: 0, begun: 0, used: 0 },
    begin(name, real) {
      const known = counts.get(name)
      if (known) {
        known.used = real
        untouched.delete(name)
        return undefined
      }
      if (counts.size >= maxSessions)
        return {
          code: 'sessions-exhausted',
          detail: `there are ${counts.size} sessions`,
          fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions or with --session-ttl',
        }
      counts.set(name, { requests: 0, controls: 0, begun: real, used: real, hasChanged: false, givesWay: false })
      return undefined
    },
    rest(name, hasChanged) {
      const known = counts.get(name)
      if (!known || known.hasChanged) return
      known.hasChanged = hasChanged
      if (!hasChanged) untouched.add(name)
    },
    release(name) {
      if (counts.get(name)?.requests !== 0) return
      counts.delete(name)
      untouched.delete(name)
    },
    next(name) {
      const known = counts.get(name)
      if (!known) return 1
      return ++known.requests
    },
    nextControl(name) {
      const known = counts.get(name)
      return known ? ++known.controls : 1
    },
    restart(name) {
      const known = counts.get(name)
      if (known) counts.set(name, { ...known, requests: 0, begun: known.used })
    },
    forget(name) {
      counts.delete(name)
      untouched.delete(name)
    },
    isOver,
    over(real) {
      const isFull = counts.size >= maxSessions
      const [first] = isFull ? untouched : []
      const giving = first === undefined ? undefined : counts.get(first)
      if (first !== undefined && giving) {
        untouched.delete(first)
        giving.givesWay = true
        return [first]
      }
      // Looking costs as much as there are sessions, so it waits for a tenth of their life unless room is needed.
      const life = timeToLive()
      if (!Number.isFinite(life) || (!isFull && real - looked < life / 10)) return []
      looked = real
      return [...counts.keys()].filter((name) => isOver(name, real))
    },
  }
}
