import { chosen } from '../core/assumption.ts'
import type { Kind } from '../core/api.ts'
import type { Named, Registry } from '../core/registry.ts'
import { nearest, thereAre } from '../base/nearest.ts'
import type { WantedSession } from '../core/behaviour.ts'
import { isTime, timeOf, writtenClock } from '../core/clock.ts'
import type { Data, Scenario } from '../core/scenario/written.ts'
import { beginSession, SESSION_ID, type Session, type SessionStart } from '../core/session.ts'
import { DEFAULT_SESSION, isSessionName, type SessionName } from '../base/session-name.ts'
import { type Moved, movesBetween } from '../core/life-cycle.ts'
import { located, type Wrong } from '../core/scenario/lineage.ts'
import { waitFor } from '../core/scenario/progress.ts'
import { place, viewOf } from '../core/scenario/place.ts'
import { type Limits, noRoom, type Room } from '../core/room.ts'
import type { Known } from '../core/scenario/known.ts'
import { type Start, startOf, writtenProgress } from '../core/scenario/scenario.ts'
import { saved, type SavedState } from '../core/scenario/saved.ts'
import { type Change, isOf, type KeptChange, type WholeWorld, type World, worldOf } from '../core/world.ts'
import { type Problem, valueAt } from '../base/http.ts'

/** What the server needs to know of sessions beside answering their requests. */

/** What a request may name as its session. @returns the problem, for a text that is not a valid name. */
export function nameOf(text: string = DEFAULT_SESSION): SessionName | Problem {
  if (isSessionName(text)) return text
  return {
    code: 'session-invalid',
    detail: `"${text}" is not a valid session name`,
    fix: 'take 1 to 64 letters, digits, dots, underscores and hyphens',
  }
}

/** The session's settings, if it has begun. */
export function sessionOf(world: World): Session | undefined {
  return world.get('session', SESSION_ID)
}

type Begun =
  { readonly kind: 'begun'; readonly changes: readonly Change[] } | { readonly kind: 'refused'; readonly issues: readonly Wrong[] }

/**
 * What came of beginning a session so, the last time. A start is tried before a session begins from it, and where the clock stands still all
 * that begin from it begin alike: placing thousands of orders takes longer than anything else that is done with them.
 */
const attempts = new WeakMap<SessionStart, { readonly at: number; readonly begun: Begun }>()

/** What a session's log begins with, or what cannot be of the data that it starts from. It depends on the start and on what the session's clock shows, and on nothing else. */
function tryBeginning(start: SessionStart, real: number, registry: Registry): Begun {
  const session = beginSession(start, real)
  const before = attempts.get(start)
  if (before?.at === session.begun) return before.begun
  const begun = begin(session, real, registry)
  attempts.set(start, { at: session.begun, begun })
  return begun
}

function begin(session: Session, real: number, registry: Registry): Begun {
  const begun: Change = { kind: 'session', id: SESSION_ID, to: session }
  if (session.from.kept) return { kind: 'begun', changes: [begun, ...session.from.kept.changes] }
  const placed = place(session.from.data, { world: worldOf([begun]), session, now: session.begun, real }, registry)
  if (placed.kind === 'refused') return placed
  const changes = [begun, ...placed.changes]
  if (!session.progress) return { kind: 'begun', changes }
  return {
    kind: 'begun',
    changes: [...changes, ...waitFor(placed.changes, { world: worldOf(changes), session, now: session.begun, real }, registry)],
  }
}

/** What a session starts from by a scenario, once it has been tried. */
export function tryStart(scenario: Scenario, name: string | undefined, base: SessionStart, known: Known, real: number): Start {
  const started = startOf(scenario, name, base, known)
  if (started.kind === 'refused') return started
  const { start, lineage } = started
  const far = { at: '/clock', message: 'shows a time that no document can write', fix: 'stay between 1970-06-01 and 9999-01-01' }
  const issues = isTime(timeOf(start.clock, real)) ? undefined : [far]
  const begun: Begun = issues ? { kind: 'refused', issues } : tryBeginning(start, real, known.registry)
  return begun.kind === 'begun' ? started : { kind: 'refused', issues: begun.issues.map((issue) => located(issue, lineage)) }
}

/** What comes of data that are brought into a session as it begins: what the APIs show of them, or what cannot be. */
export function tryBringing(
  data: Data,
  start: SessionStart,
  real: number,
  registry: Registry,
): { readonly kind: 'shown'; readonly view: object } | { readonly kind: 'refused'; readonly issues: readonly Wrong[] } {
  const begun = tryBeginning(start, real, registry)
  if (begun.kind === 'refused') return begun
  const session = beginSession(start, real)
  const scene = { world: worldOf(begun.changes), session, now: session.begun, real }
  const brought = place(data, scene, registry)
  return brought.kind === 'refused' ? brought : { kind: 'shown', view: viewOf(brought, scene) }
}

/** What a session's log begins with. @throws Error for data that cannot be placed; they were tried when they were read */
export function beginning(start: SessionStart, real: number, registry: Registry): readonly Change[] {
  const begun = tryBeginning(start, real, registry)
  if (begun.kind === 'refused')
    throw new Error(`what a session starts from cannot be: ${begun.issues.map(({ message }) => message).join('; ')}`)
  return begun.changes
}

/** Why no session could begin so, however much room there is beside it; undefined where one can. */
export function beginsTooLarge(start: SessionStart, limits: Limits, real: number, registry: Registry): Problem | undefined {
  return noRoom(beginning(start, real, registry), worldOf([]), { ...limits, others: 0 })
}

/** What a journal keeps of a request's changes: entities, without what made the session itself and what only keeps count. */
export interface Recorded {
  readonly changes: readonly KeptChange[]
  /** The session as the changes met it: what nobody had touched before them is its population's. */
  readonly settings: Session | undefined
}

/** @param world the session before the changes */
function recorded(changes: readonly Change[], world: World, registry: Registry): Recorded {
  if (changes.length === 0) return NOTHING
  // Of what changes twice the second time begins where the first ended.
  const met = changes.length > 1 ? new Map<string, object | undefined>() : undefined
  let settings = sessionOf(world)
  const kept: KeptChange[] = []
  for (const change of changes) {
    const { kind, id, to } = change
    if (isOf(change, 'session')) settings ??= change.to
    if (!isShown(kind, registry)) continue
    const name = met ? `${kind} ${id}` : id
    kept.push({ kind, id, to, from: met?.has(name) ? met.get(name) : world.get(kind, id) })
    met?.set(name, to)
  }
  return { changes: kept, settings }
}

/** What of a session is told: what its APIs keep, but for secrets. */
function isShown(kind: string, { kinds }: Registry): boolean {
  const known = kinds.get(kind)
  return known !== undefined && known.row.listed !== 'never'
}

const NOTHING: Recorded = { changes: [], settings: undefined }

/** What a request changed, and apart from that what began the session, and what each step without a caller did. @param world the session before */
export function recordedApart(
  {
    changes,
    opening = [],
    steps: done,
  }: { readonly changes: readonly Change[]; readonly opening?: readonly Change[]; readonly steps: readonly Made[] },
  world: World,
  registry: Registry,
): { readonly own: Recorded; readonly steps: readonly Recorded[] } {
  const all = recorded(changes, world, registry)
  if (done.length === 0 && opening.length <= 1) return { own: all, steps: [] }
  const sources = changes.filter(({ kind }) => isShown(kind, registry))
  const byChange = new Map(sources.map((change, place) => [change, all.changes[place]]))
  const { settings } = all
  const of = (some: readonly Change[]): Recorded => ({ changes: some.flatMap((change) => byChange.get(change) ?? []), settings })
  const others = new Set([...opening, ...done.flatMap((step) => step.changes)])
  return { own: of(sources.filter((change) => !others.has(change))), steps: done.map((step) => of(step.changes)) }
}

interface Made {
  readonly changes: readonly Change[]
}

interface Replaced {
  readonly from: object | undefined
  readonly to: object | undefined
}

/** What a change replaced and what it put, each as the API shows it, also where what was replaced was the population's. */
export function shownChange(change: KeptChange, session: Session | undefined, registry: Registry): Replaced {
  const { from, to } = replaced(change, session, registry)
  const named = registry.kinds.get(change.kind)
  if (!named || !session) return { from, to }
  const own = ownSession(session, named)
  const view = (entity: object | undefined): object | undefined => (entity && named.row.view ? named.row.view(entity, own) : entity)
  return { from: view(from), to: view(to) }
}

/** How a change has moved it, or its parts, where its kind has a life cycle. */
export function movesOf(change: KeptChange, session: Session | undefined, registry: Registry): readonly Moved[] {
  const row = registry.kinds.get(change.kind)?.row
  if (!row?.lifeCycle) return []
  const { from, to } = replaced(change, session, registry)
  return movesBetween(row, from, to)
}

function replaced({ kind, id, from, to }: KeptChange, session: Session | undefined, { kinds }: Registry): Replaced {
  const named = kinds.get(kind)
  return { from: from ?? (named && session && named.row.untouched?.(id, ownSession(session, named), to)), to }
}

function ownSession(session: Session, { api }: Named<Kind>): Session {
  return api.sceneOf({ world: EMPTY, session, now: 0, real: 0 }).session
}

const EMPTY = worldOf([])

/** What a session that is to begin starts from. */
export type Started = { readonly kind: 'started'; readonly start: SessionStart } | { readonly kind: 'refused'; readonly problem: Problem }

/**
 * What a session starts from by what is wanted of it: the server's own scenario where none is.
 * @param base what the server was started with, without its scenario
 */
export function startFrom(wanted: WantedSession, base: SessionStart, defaults: SessionStart, known: Known, real: number): Started {
  const { scenario, seed, clock, assume } = wanted
  if (scenario === undefined && seed === undefined && clock === undefined && assume === undefined)
    return { kind: 'started', start: defaults }
  const found = scenario === undefined ? defaults.scenario.written : typeof scenario === 'string' ? known.scenario(scenario) : scenario
  const name = typeof scenario === 'string' ? scenario : scenario === undefined ? defaults.scenario.name : undefined
  if (!found) return { kind: 'refused', problem: unknownScenario(name ?? '', known.scenarios()) }
  const whole = {
    ...found,
    ...(seed !== undefined && { seed }),
    ...(clock !== undefined && { clock }),
    ...(assume !== undefined && { assume: { ...found.assume, ...assume } }),
  }
  const tried = tryStart(whole, name, base, known, real)
  if (tried.kind === 'start') return { kind: 'started', start: tried.start }
  const issues = tried.issues.map((issue) => ({ ...inBody(issue, wanted), rule: 'scenario-impossible' }))
  const detail = issues.map(({ at, message }) => `${at} ${message}`).join('; ')
  return { kind: 'refused', problem: { code: 'scenario-impossible', detail, issues } }
}

/** What is wrong, where the request has it: what stands in another scenario is told where that one is named. */
function inBody({ in: owner, ...issue }: Wrong, { scenario, clock, assume }: WantedSession): Pick<Wrong, 'at' | 'message' | 'fix'> {
  const { at, message } = issue
  const isOwn = at.startsWith('/clock') ? clock !== undefined : at.startsWith('/assume/') && valueAt({ assume }, at) !== undefined
  if (owner === undefined && isOwn) return { ...issue, at: `/body${at}` }
  if (owner === undefined && typeof scenario === 'object') return { ...issue, at: `/body/scenario${at}` }
  const named = owner ?? (typeof scenario === 'string' ? scenario : undefined)
  const whose = named === undefined ? "the server's scenario" : `the scenario "${named}"`
  const by = typeof scenario === 'object' ? '/scenario/extends' : typeof scenario === 'string' ? '/scenario' : ''
  return { ...issue, at: `/body${by}`, message: `brings in ${whose}, of which ${at} ${message}` }
}

export function unknownScenario(name: string, names: readonly string[]): Problem {
  return { code: 'scenario-unknown', detail: `there is no scenario "${name}"`, fix: thereAre(name, names) }
}

export function unknownSession(name: string, names: readonly string[]): Problem {
  const near = nearest(name, names.slice(-MAX_NAMES)).slice(0, 5)
  return {
    code: 'session-unknown',
    detail: `there is no session "${name}"`,
    fix: `one begins with its first request, or with POST /__mock/sessions; ${near.length === 0 ? 'there is none' : `there are ${near.join(', ')}`}`,
  }
}

/** So many names are compared with an unknown one: comparing takes longer than most requests. */
const MAX_NAMES = 1_000

/**
 * What puts these changes in the place of all that a session holds, so that no request can fall between the two; none, and why, where
 * there is no room for them.
 */
export function insteadOf(
  world: WholeWorld,
  changes: readonly Change[],
  room: Room,
): { readonly changes: readonly Change[]; readonly problem: Problem | undefined } {
  const all = [...world.contents().map((change) => ({ ...change, to: undefined })), ...changes]
  const problem = noRoom(all, world, room)
  return { changes: problem ? [] : all, problem }
}

/** The session's present state as a file has it; undefined for one that has not begun. @param version of allocation-mock */
export function savedState(name: SessionName, world: WholeWorld, version: string, registry: Registry): SavedState | undefined {
  const session = sessionOf(world)
  return session && saved(name, session, world, version, registry)
}

/** A session as the control API shows it, without what the server counts. */
export function describe(world: World, start: SessionStart, real: number, registry: Registry): object {
  const { seed, epoch, clock, assumptions, from, faults, progress } = sessionOf(world) ?? beginSession(start, real)
  return {
    ...(from.scenario.name !== undefined && { scenario: from.scenario.name }),
    seed,
    epoch: new Date(epoch).toISOString(),
    now: new Date(timeOf(clock, real)).toISOString(),
    clock: writtenClock(clock),
    assume: chosen(assumptions, registry.assumptions),
    progress: writtenProgress(progress, registry),
    faults: faults.map(({ id }) => id),
    waiting: world.count('step'),
    changes: sizeOf(world, registry),
    size: world.size,
  }
}

/** What a new session's clock shows. */
export function timeAtStart({ clock }: SessionStart, real: number): number {
  return timeOf(clock, real)
}

/** What the session's clock shows; a new session's, where it has not begun. */
export function timeIn(world: World, { clock }: SessionStart, real: number): number {
  return timeOf(sessionOf(world)?.clock ?? clock, real)
}

/** How many entities of its APIs a session keeps. */
function sizeOf(world: World, registry: Registry): number {
  return [...registry.kinds.keys()].reduce((sum, kind) => (isShown(kind, registry) ? sum + world.count(kind) : sum), 0)
}
