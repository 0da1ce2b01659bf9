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
import { isEmpty, place } from '../domain/scenario.ts'
import { untouched } from '../domain/untouched.ts'
import { type Change, type Kind, type Kinds, type World, worldOf } from '../domain/world.ts'
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

/** The settings of a session that begins now. */
export function sessionAtStart({ seed, clock, orders, allocations, assumptions, tokens }: SessionDefaults, real: number): Session {
  return beginSession({ seed, clock, orders, allocations, assumptions, tokens }, real)
}

/** What a session's log begins with. */
export function beginning(defaults: SessionDefaults, real: number): readonly Change[] {
  const session = sessionAtStart(defaults, real)
  const begun: Change = { kind: 'session', id: SESSION_ID, to: session }
  if (isEmpty(defaults.data)) return [begun]
  const placed = place(defaults.data, { world: worldOf([begun]), session, now: timeOf(session.clock, real) })
  if (placed.kind === 'refused') throw new Error(`own data cannot be placed: ${placed.issues.map(({ message }) => message).join('; ')}`)
  return [begun, ...placed.changes]
}

/** A change as it is kept: with what the session itself held before; undefined where nobody had touched it. */
export type KeptChange = Change & { readonly from: Kinds[Kind] | undefined }

/** What a journal keeps of a request's changes: entities, without what made the session itself and what only keeps count. */
export interface Told {
  readonly changes: readonly KeptChange[]
  /** The session as the changes met it: what nobody had touched before them is its population's. */
  readonly settings: Session | undefined
}

/** @param world the session before the changes */
export function told(changes: readonly Change[], world: World): Told {
  if (changes.length === 0) return NOTHING
  // Of what changes twice the second time begins where the first ended.
  const met = new Map<string, Kinds[Kind] | undefined>()
  let settings = sessionOf(world)
  const kept: KeptChange[] = []
  for (const change of changes) {
    const { kind, id, to } = change
    if (kind === 'session') settings ??= to
    if (!ENTITIES.some((entity) => entity === kind)) continue
    const name = `${kind} ${id}`
    kept.push({ ...change, from: met.has(name) ? met.get(name) : world.get(kind, id) })
    met.set(name, to)
  }
  return { changes: kept, settings }
}

const NOTHING: Told = { changes: [], settings: undefined }

/** What a change replaced, also where that was the population's; undefined for what is new. */
export function entityBefore(change: KeptChange, session: Session | undefined): Kinds[Kind] | undefined {
  return change.from ?? (session && untouched(change, session))
}

/** What a new session's clock shows. */
export function timeAtStart({ clock }: SessionDefaults, real: number): number {
  return timeOf(clock, real)
}

/** What a session holds, as the control API lists it. Tokens are secrets, and nobody's business. */
const ENTITIES = ['order', 'allocation', 'oms-order', 'shipment', 'stock'] as const satisfies readonly Kind[]

/** A session as the control API shows it; `requests` are counted elsewhere. */
export function describe(world: World, defaults: SessionDefaults, real: number): object {
  const { seed, epoch, clock } = sessionOf(world) ?? sessionAtStart(defaults, real)
  return {
    seed,
    epoch: new Date(epoch).toISOString(),
    now: new Date(timeOf(clock, real)).toISOString(),
    changes: ENTITIES.reduce((sum, kind) => sum + [...world.all(kind)].length, 0),
  }
}

/** What a provider state's text means. */
export { matchState } from '../domain/state.ts'

/** A refusal in the mock's own words. */
export function refusal(problem: Problem): MockReply {
  return problemReply(problem)
}
