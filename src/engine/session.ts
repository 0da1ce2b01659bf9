import { timeOf } from '../domain/clock.ts'
import { problemReply } from '../domain/control/dialect.ts'
import {
  beginSession,
  DEFAULT_SESSION,
  isSessionName,
  SESSION_ID,
  type Session,
  type SessionDefaults,
  type SessionName,
} from '../domain/control/session.ts'
import type { Change, World } from '../domain/world.ts'
import type { MockReply, Problem } from '../http.ts'

/** What the server needs to know of sessions beside answering their requests. */

/** What a request may name as its session. @returns the problem, for a text that is no name. */
export function nameOf(text: string = DEFAULT_SESSION): SessionName | Problem {
  if (isSessionName(text)) return text
  return {
    code: 'session-invalid',
    detail: `"${text}" is no name for a session`,
    fix: 'take 1 to 64 letters, digits, dots, underscores and hyphens',
  }
}

/** The session's settings, if it has begun. */
export function sessionOf(world: World): Session | undefined {
  return world.get('session', SESSION_ID)
}

/** What a session's log begins with. */
export function beginning(defaults: SessionDefaults, real: number): readonly Change[] {
  return [{ kind: 'session', id: SESSION_ID, to: beginSession(defaults, real) }]
}

/** Changes without those that made the session itself. */
export function ofBusiness(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ kind }) => kind !== 'session')
}

/** What a new session's clock shows. */
export function timeAtStart({ clock }: SessionDefaults, real: number): number {
  return timeOf(clock, real)
}

/** A session as the control API shows it; `requests` are counted elsewhere. */
export function describe(world: World, defaults: SessionDefaults, real: number): object {
  const { seed, epoch, clock } = sessionOf(world) ?? beginSession(defaults, real)
  return {
    seed,
    epoch: new Date(epoch).toISOString(),
    now: new Date(timeOf(clock, real)).toISOString(),
    changes: [...world.all('order')].length + [...world.all('allocation')].length,
  }
}

/** A refusal in the mock's own words. */
export function refusal(problem: Problem): MockReply {
  return problemReply(problem)
}
