import { refusal } from '../base/refusal.ts'
import type { Operation } from '../contract/operation.ts'
import type { Command, Scene } from '../core/behaviour.ts'
import { timeOf } from '../core/clock.ts'
import type { Befallen, FaultReply } from '../core/scenario/settings.ts'
import { befall } from '../core/scenario/fault.ts'
import { readOnce, waitFor } from '../core/scenario/progress.ts'
import { GATEWAY } from '../core/scenario/scenario.ts'
import { noRoom } from '../core/room.ts'
import { type Change, Draft, isOf, type World, worldOf } from '../core/world.ts'
import type { Issue, MockReply, MockRequest, Problem } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import { type Preference, readPreference, writePreference } from './choose.ts'
import { passTime, type Passed } from './passage.ts'
import { type Arrived, Road, unfit } from './road.ts'
import type { Around, Service } from './service.ts'
import { beginning, sessionOf } from './session.ts'

export interface Answer {
  readonly reply: MockReply
  readonly changes: readonly Change[]
  /** Something is changed beyond what begins the session. */
  readonly hasChanged?: boolean
  /** By the session's clock. */
  readonly now: number
  readonly operation?: string
  readonly problem?: Problem
  /** What the document does not declare. */
  readonly warnings: readonly Issue[]
  readonly assumption?: string
  /** What the server has to do for the reply. */
  readonly command?: Command
  /** What went on in the session before, without a caller. */
  readonly passed: readonly Passed[]
  /** What befell the request. */
  readonly befallen?: Befallen
  /**
   * Nothing is done yet: the request is to be asked again when the fault's delay is over, when answers of documents can be chosen, or when
   * what has come to pass by now is kept, and more of it is due.
   */
  readonly needs?: 'delay' | 'chooser' | 'time'
  /** The request has moved the clock, and more is due by now: `goOn` goes on with it. */
  readonly isBehind?: boolean
}

/** What became of a request by itself. */
type Own = Omit<Answer, 'now' | 'passed' | 'changes' | 'hasChanged' | 'isBehind'> & { readonly changes?: readonly Change[] }

/** The whole road of one request. Pure: a store may run it again when two requests collide. */
export function respond(service: Service, request: MockRequest, kept: World, around: Around): Answer {
  const opening = sessionOf(kept) ? [] : beginning(around.start, around.real)
  const begun = opening.length === 0 ? kept : worldOf(opening)
  const session = sessionOf(begun)
  if (!session) throw new Error('a session begins with its settings')
  const now = timeOf(session.clock, around.real)
  const name = session.from.scenario.name
  if (around.scenario !== undefined && around.scenario !== name) return { ...foreign(around.scenario, name), changes: [], now, passed: [] }
  const before = passTime(begun, session, now, around)
  const cramped = opening.length === 0 ? undefined : noRoom(opening, kept, around.room)
  if (before.isBehind && !cramped) {
    const changes = [...opening, ...before.changes]
    return { reply: { status: 200 }, needs: 'time', warnings: [], changes, hasChanged: true, now, passed: before.passed }
  }
  const scene: Scene = { world: before.world, session, now, real: around.real }
  const own = answer(service, request, scene, around)
  const changes = own.changes ?? []
  // Who only asks the server for something leaves the session as it is.
  if ((own.command && changes.length === 0) || own.needs === 'chooser') return { ...own, changes: [], now, passed: [] }
  if (cramped) return { ...full(cramped, service, own.operation, around), changes: [], now, passed: [] }
  const hasPassed = before.changes.length > 0
  if (changes.length === 0) return { ...own, changes: [...opening, ...before.changes], hasChanged: hasPassed, now, passed: before.passed }
  const after = settle(changes, scene, around)
  // A fault's count always has room: nothing is refused because somebody reads.
  const isCount = changes.every(({ kind }) => kind === 'counter')
  const crowded = isCount ? undefined : noRoom([...changes, ...after.changes], scene.world, around.room)
  if (crowded)
    return {
      ...full(crowded, service, own.operation, around),
      changes: [...opening, ...before.changes],
      hasChanged: hasPassed,
      now,
      passed: before.passed,
    }
  return {
    ...own,
    changes: [...opening, ...before.changes, ...changes, ...after.changes],
    hasChanged: true,
    now: after.now,
    passed: [...before.passed, ...after.passed],
    ...(after.isBehind && { isBehind: true }),
  }
}

/** More of what is due by now, where a request has moved the clock, comes to pass. Nothing in a session that has gone since. */
export function goOn(kept: World, around: Around): Answer {
  const session = sessionOf(kept)
  const now = session ? timeOf(session.clock, around.real) : around.real
  const { changes, passed, isBehind } = session ? passTime(kept, session, now, around) : { changes: [], passed: [], isBehind: false }
  return { reply: { status: 200 }, warnings: [], changes, hasChanged: changes.length > 0, now, passed, isBehind }
}

/** A request that wants a session of a scenario, in a session that is of another. */
function foreign(wanted: string, name: string | undefined): Own {
  const problem: Problem = {
    code: 'session-foreign',
    detail: `the session began ${name === undefined ? 'without a scenario' : `from the scenario "${name}"`}, and Mock-Scenario names "${wanted}"`,
    fix: 'take another session, or drop this one first',
  }
  return { reply: refusal(problem), problem, warnings: [] }
}

/** What follows from changes: steps begin to wait; and where the clock was moved, what was due until then has come to pass. */
function settle(
  changes: readonly Change[],
  scene: Scene,
  around: Around,
): { readonly changes: readonly Change[]; readonly now: number; readonly passed: readonly Passed[]; readonly isBehind?: boolean } {
  const session = changes.findLast((change) => isOf(change, 'session'))?.to ?? scene.session
  const now = session === scene.session ? scene.now : timeOf(session.clock, around.real)
  if (!session.progress && now === scene.now) return { changes: [], now, passed: [] }
  const world = new Draft(scene.world, changes)
  const waiting = waitFor(changes, { ...scene, world, session })
  world.apply(waiting)
  if (now === scene.now) return { changes: waiting, now, passed: [] }
  const after = passTime(world, session, now, around)
  return { changes: [...waiting, ...after.changes], now, passed: after.passed, isBehind: after.isBehind }
}

function answer(service: Service, request: MockRequest, scene: Scene, around: Around): Own {
  const road = new Road(service, request, scene, around)
  try {
    const isApi = around.services.includes(service)
    const preference = isApi ? readPreference(request.headers['prefer']) : undefined
    const arrived = road.travel(preference === undefined)
    if ('code' in arrived) return road.refuse(arrived)
    if (preference) return prefer(preference, service, arrived.operation, request, road, around)
    const { befallen, changes: counts } = isApi ? whatBefalls(arrived, scene, around) : UNHARMED
    if (!befallen) return withChanges(work(road, arrived, scene, around), counts)
    const { fault } = befallen
    if (fault.reply && fault.reply.body === undefined && !around.choose) return { ...bare(road, arrived), needs: 'chooser' }
    const isHeld = fault.at === 'before' && (fault.reply ?? fault.cut ?? fault.spoil) !== undefined
    if (fault.at === 'before' && befallen.delay > 0 && !isHeld && !around.waited)
      return { ...bare(road, arrived), befallen, needs: 'delay', changes: counts }
    // What is refused before the work is not worked on at all, unless its answer is wanted to be spoilt.
    const { changes, ...right } = isHeld && fault.reply ? bare(road, arrived) : work(road, arrived, scene, around)
    const reply = fault.reply ? faultReply(fault.reply, befallen, service, arrived.operation, around) : right.reply
    return {
      ...right,
      reply: spoilt(reply, befallen, arrived.operation),
      befallen,
      changes: [...counts, ...((isHeld ? undefined : changes) ?? [])],
    }
  } catch (error) {
    if (error instanceof DocumentError) return road.refuse({ code: 'schema-broken', detail: error.message })
    throw error
  }
}

const UNHARMED: ReturnType<typeof befall> = { befallen: undefined, changes: [] }

function whatBefalls({ operation, input }: Arrived, scene: Scene, { waited }: Around): ReturnType<typeof befall> {
  if (waited) return { befallen: waited, changes: [] }
  return scene.session.faults.length === 0 ? UNHARMED : befall({ operation: operation.id, ...input }, scene)
}

function withChanges(own: Own, more: readonly Change[]): Own {
  return more.length === 0 ? own : { ...own, changes: [...more, ...(own.changes ?? [])] }
}

function bare({ warnings }: Road, { operation }: Arrived): Own {
  return { reply: { status: 200 }, operation: operation.id, warnings }
}

/** The behaviour runs, and its answer is what the document says. */
function work(road: Road, { operation, behaviour, input, caller }: Arrived, scene: Scene, { checkReplies }: Around): Own {
  const outcome = behaviour.run(input, caller, scene)
  switch (outcome.kind) {
    case 'refused':
      return road.refuse(outcome.problem)
    case 'command':
      return {
        ...bare(road, { operation, behaviour, input, caller }),
        command: outcome.command,
        ...(outcome.changes && { changes: outcome.changes }),
      }
    case 'reply': {
      const broken = checkReplies ? operation.checkReply(outcome.reply) : []
      if (broken.length > 0) return road.refuse(unfit(broken))
      const shown = outcome.reply.status < 300 ? behaviour.shows?.(input, caller) : undefined
      const read = shown && scene.session.progress ? readOnce(scene, shown.kind, shown.id) : []
      const assumption = outcome.assumption ?? road.assumption
      return {
        reply: outcome.reply,
        changes: read.length === 0 ? outcome.changes : [...outcome.changes, ...read],
        operation: operation.id,
        warnings: road.warnings,
        ...(assumption && { assumption }),
      }
    }
    default:
      return outcome satisfies never
  }
}

/** No document has this refusal, so it is not held against one. */
function full(problem: Problem, { dialect }: Service, operation: string | undefined, { prefersProblem }: Around): Own {
  const reply = prefersProblem ? refusal(problem) : dialect.refuse(problem, undefined, operation)
  return { reply, problem, ...(operation !== undefined && { operation }), warnings: [] }
}

/** An answer from the document that the request itself asks for: nothing is worked on, and nothing changes. */
function prefer(
  preference: Preference | Problem,
  service: Service,
  operation: Operation,
  { headers }: MockRequest,
  road: Road,
  { choose }: Around,
): Own {
  if ('detail' in preference) return { ...road.refuse(preference), reply: refusal(preference) }
  if (!choose) return { reply: { status: 200 }, operation: operation.id, warnings: [], needs: 'chooser' }
  const chosen = choose(service.contract, operation.id, preference, headers['accept'])
  if (chosen.kind === 'refused') return { ...road.refuse(chosen.problem), reply: refusal(chosen.problem) }
  const { reply } = chosen
  return {
    reply: { ...reply, headers: { ...reply.headers, 'Preference-Applied': writePreference(preference) } },
    operation: operation.id,
    warnings: road.warnings,
  }
}

/** A status that the document does not have is a gateway's. */
function faultReply(
  { status, example, body }: FaultReply,
  { retryAfter }: Befallen,
  { contract }: Service,
  { id }: Operation,
  { choose }: Around,
): MockReply {
  const headers = retryAfter === undefined ? undefined : { 'Retry-After': String(retryAfter) }
  if (body !== undefined) return { status, body, ...(headers && { headers }) }
  const chosen = choose?.(contract, id, { code: String(status), ...(example !== undefined && { example }) })
  if (chosen?.kind === 'reply') return { ...chosen.reply, headers: { ...chosen.reply.headers, ...headers } }
  return { status, body: { message: GATEWAY.get(status) ?? 'Error' }, ...(headers && { headers }) }
}

/** What a fault does to the body, as far as it is still one; the edge does the rest. */
function spoilt(right: MockReply, { fault: { spoil } }: Befallen, operation: Operation): MockReply {
  if (!spoil) return right
  // An answer without a body would look well.
  const reply = right.body === undefined ? { ...right, status: canHaveBody(right.status) ? right.status : 200, body: {} } : right
  if (spoil === 'WRONG_MEDIA_TYPE') return { ...reply, mediaType: 'text/html' }
  return spoil === 'SCHEMA_VIOLATION' ? { ...reply, body: violation(reply, operation) } : reply
}

/** RFC 9110, sections 15.3.5 and 15.4.5. */
function canHaveBody(status: number): boolean {
  return status !== 204 && status !== 304
}

/** The body with one thing in it that its schema forbids: the first member, or the whole, that can be made wrong. */
function violation(reply: MockReply, operation: Operation): unknown {
  const { body } = reply
  const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
  const candidates = [...members.map((name) => ({ ...Object(body), [name]: { unexpected: true } })), { unexpected: true }, null, 0]
  return candidates.find((candidate: unknown) => operation.checkReply({ ...reply, body: candidate }).length > 0) ?? null
}
