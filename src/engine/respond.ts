import { refusal } from '../base/refusal.ts'
import type { Operation } from '../contract/operation.ts'
import type { Command, Scene } from '../core/behaviour.ts'
import { timeOf } from '../core/clock.ts'
import type { FaultHit, FaultReply } from '../core/scenario/settings.ts'
import { pickFault } from '../core/scenario/fault.ts'
import { readOnce, waitFor } from '../core/scenario/progress.ts'
import { GATEWAY } from '../core/scenario/scenario.ts'
import { noRoom } from '../core/room.ts'
import { type Change, Draft, isOf, type World, worldOf } from '../core/world.ts'
import { hasNoBody, type Issue, jsonText, type MockReply, type MockRequest, type Problem } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import { type CheckedRequest, RequestChecks, seedOf, stated, unfit } from './checks.ts'
import { type DoneStep, takeDueSteps } from './due.ts'
import { BehaviourError, behaviourName, guarded } from './guarded.ts'
import { violationsBetween, wrongWith } from './pass.ts'
import { asPrism, type Violation } from './prism.ts'
import { type Preference, readPreference, takePreference, writePreference } from './preference.ts'
import { runBehaviour } from './run.ts'
import type { Around, Service } from './service.ts'
import { beginning, sessionOf } from './session.ts'

export interface Answer {
  readonly reply: MockReply
  readonly changes: readonly Change[]
  /** Those of the changes that begin the session: no request has made them. */
  readonly opening?: readonly Change[]
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
  readonly steps: readonly DoneStep[]
  /** The fault that hit the request. */
  readonly hit?: FaultHit
  /**
   * Nothing is done yet: the request is to be asked again when the fault's delay is over, when answers of documents can be chosen, when
   * another service has answered it, or when what has come to pass by now is kept, and more of it is due.
   */
  readonly needs?: 'delay' | 'chooser' | 'upstream' | 'time'
  /** The answer is another service's. */
  readonly isPassed?: boolean
  /** What of it, and of the request, breaks the document's rules. */
  readonly violations?: readonly Violation[]
  /** The request has moved the clock, and more is due by now: `goOn` goes on with it. */
  readonly isBehind?: boolean
  /** What failed of the mock's own. */
  readonly failure?: unknown
}

/** What became of a request by itself. */
type Own = Omit<Answer, 'now' | 'steps' | 'changes' | 'hasChanged' | 'isBehind'> & { readonly changes?: readonly Change[] }

/** All that happens to one request. Pure: a store may run it again when two requests collide. */
export function respond(service: Service, request: MockRequest, kept: World, around: Around): Answer {
  const opening = sessionOf(kept) ? [] : beginning(around.start, around.real, around.registry)
  const begun = opening.length === 0 ? kept : worldOf(opening)
  const session = sessionOf(begun)
  if (!session) throw new Error('a session begins with its settings')
  const now = timeOf(session.clock, around.real)
  const name = session.from.scenario.name
  if (around.scenario !== undefined && around.scenario !== name) return { ...foreign(around.scenario, name), changes: [], now, steps: [] }
  const before = takeDueSteps(begun, session, now, around)
  const cramped = opening.length === 0 ? undefined : noRoom(opening, kept, around.room)
  if (before.isBehind && !cramped) {
    const changes = [...opening, ...before.changes]
    return { reply: { status: 200 }, needs: 'time', warnings: [], changes, opening, hasChanged: true, now, steps: before.steps }
  }
  const scene: Scene = { world: before.world, session, now, real: around.real }
  const own = answer(service, request, scene, around)
  const changes = own.changes ?? []
  // Who only asks the server for something leaves the session as it is.
  if ((own.command && changes.length === 0) || own.needs === 'chooser' || own.needs === 'upstream')
    return { ...own, changes: [], now, steps: [] }
  if (cramped) return { ...full(cramped, service, own.operation, around), changes: [], now, steps: [] }
  const hasPassed = before.changes.length > 0
  if (changes.length === 0)
    return { ...own, changes: [...opening, ...before.changes], opening, hasChanged: hasPassed, now, steps: before.steps }
  const after = settle(changes, scene, around)
  // A fault's count always has room: nothing is refused because somebody reads.
  const isCount = changes.every(({ kind }) => kind === 'counter')
  const crowded = isCount ? undefined : noRoom([...changes, ...after.changes], scene.world, around.room)
  if (crowded)
    return {
      ...full(crowded, service, own.operation, around),
      changes: [...opening, ...before.changes],
      opening,
      hasChanged: hasPassed,
      now,
      steps: before.steps,
    }
  return {
    ...own,
    changes: [...opening, ...before.changes, ...changes, ...after.changes],
    opening,
    hasChanged: true,
    now: after.now,
    steps: [...before.steps, ...after.steps],
    ...(after.isBehind && { isBehind: true }),
  }
}

/** More of what is due by now, where a request has moved the clock, comes to pass. Nothing in a session that has gone since. */
export function goOn(kept: World, around: Around): Answer {
  const session = sessionOf(kept)
  const now = session ? timeOf(session.clock, around.real) : around.real
  const { changes, steps, isBehind } = session ? takeDueSteps(kept, session, now, around) : { changes: [], steps: [], isBehind: false }
  return { reply: { status: 200 }, warnings: [], changes, hasChanged: changes.length > 0, now, steps, isBehind }
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
): { readonly changes: readonly Change[]; readonly now: number; readonly steps: readonly DoneStep[]; readonly isBehind?: boolean } {
  const session = changes.findLast((change) => isOf(change, 'session'))?.to ?? scene.session
  const now = session === scene.session ? scene.now : timeOf(session.clock, around.real)
  if (!session.progress && now === scene.now) return { changes: [], now, steps: [] }
  const world = new Draft(scene.world, changes)
  const waiting = waitFor(changes, { ...scene, world, session }, around.registry)
  world.apply(waiting)
  if (now === scene.now) return { changes: waiting, now, steps: [] }
  const after = takeDueSteps(world, session, now, around)
  return { changes: [...waiting, ...after.changes], now, steps: after.steps, isBehind: after.isBehind }
}

function answer(service: Service, sent: MockRequest, scene: Scene, around: Around): Own {
  const isApi = around.services.includes(service)
  const inQuery = isApi && service.isDocuments ? takePreference(sent.query) : undefined
  const request = inQuery && inQuery.rest !== sent.query ? { ...sent, query: inQuery.rest } : sent
  const checks = new RequestChecks(service, request, scene, around)
  try {
    const { prefer } = request.headers
    const preference = !isApi ? undefined : prefer === undefined || prefer === '' ? inQuery?.preference : readPreference(prefer)
    if (preference && !('detail' in preference)) checks.preference = preference
    const checked = checks.run(preference === undefined)
    // A preference that cannot be read is refused first: any other answer would look as if it had been followed.
    if (preference && 'detail' in preference && service.isDocuments && !checks.isPassed) return inOwnWords(checks, preference, service)
    if ('code' in checked) return checks.isPassed ? passOn(checks, checked, service, request, around) : checks.refuse(checked)
    if (preference && !checks.isPassed)
      return 'detail' in preference
        ? inOwnWords(checks, preference, service)
        : fromDocument(preference, checks, checked.operation, service, request, scene, around)
    const { hit, changes: counts } = isApi ? faultFor(checked, service, scene, around) : UNHARMED
    const does = checks.isPassed ? passOrWork : work
    if (!hit) return withChanges(does(checks, checked, service, request, scene, around), counts)
    const { fault } = hit
    if (fault.reply && fault.reply.body === undefined && !around.choose) return { ...bare(checks, checked, service), needs: 'chooser' }
    const isHeld = fault.at === 'before' && (fault.reply ?? fault.cut ?? fault.spoil) !== undefined
    if (fault.at === 'before' && hit.delay > 0 && !isHeld && !around.waited)
      return { ...bare(checks, checked, service), hit, needs: 'delay', changes: counts }
    // What is refused before the work is not worked on at all, unless its answer is wanted to be spoilt.
    const { changes, ...right } =
      isHeld && fault.reply ? bare(checks, checked, service) : does(checks, checked, service, request, scene, around)
    if (right.needs === 'upstream') return right
    const reply = fault.reply ? faultReply(fault.reply, hit, service, checked.operation, around) : right.reply
    return {
      ...right,
      reply: spoilt(reply, hit, checked.operation),
      hit,
      changes: [...counts, ...((isHeld ? undefined : changes) ?? [])],
    }
  } catch (error) {
    if (error instanceof DocumentError) return checks.refuse({ code: 'schema-broken', detail: error.message })
    throw error
  }
}

/** What the mock alone knows of is refused in its own words, whatever the API's. */
function inOwnWords(checks: RequestChecks, problem: Problem, { isDocuments }: Service): Own {
  const refused = checks.refuse(problem)
  return isDocuments ? refused : { ...refused, reply: refusal(problem) }
}

const UNHARMED: ReturnType<typeof pickFault> = { hit: undefined, changes: [] }

function faultFor(
  { operation, input }: CheckedRequest,
  { nameOf }: Service,
  scene: Scene,
  { waited }: Around,
): ReturnType<typeof pickFault> {
  if (waited) return { hit: waited, changes: [] }
  return scene.session.faults.length === 0 ? UNHARMED : pickFault({ operation: nameOf(operation.id), ...input }, scene)
}

function withChanges(own: Own, more: readonly Change[]): Own {
  return more.length === 0 ? own : { ...own, changes: [...more, ...(own.changes ?? [])] }
}

function bare({ warnings }: RequestChecks, { operation }: CheckedRequest, { nameOf }: Service): Own {
  return { reply: { status: 200 }, operation: nameOf(operation.id), warnings }
}

/** What another service has not implemented, it says itself, is answered here. */
function passOrWork(...asked: Parameters<typeof work>): Own {
  const [checks, , service, request, , around] = asked
  return around.passed && 'reply' in around.passed && around.passed.reply.status === 501
    ? work(...asked)
    : passOn(checks, undefined, service, request, around)
}

/** Another service answers. @param wrong what breaks the document's rules in the request */
function passOn(
  checks: RequestChecks,
  wrong: Problem | undefined,
  service: Service,
  { method }: MockRequest,
  { passing, passed }: Around,
): Own {
  const { operation, warnings } = checks
  const known = operation && { operation: service.nameOf(operation.id) }
  // How much the mock reads is no rule of the document.
  const asked = passing?.checksRequests === true && wrong?.code !== 'body-too-large' ? wrong : undefined
  if (asked && passing?.isStrict === true) return { ...known, reply: asPrism(asked), problem: asked, warnings }
  if (!passed) return { ...known, reply: { status: 200 }, warnings, needs: 'upstream' }
  if ('detail' in passed) return { ...known, reply: refusal(passed), problem: passed, warnings }
  const answered = wrongWith(passed, operation, method)
  const told = asked ?? (passing?.checksRequests === true ? ofDeprecated(checks) : undefined)
  const violations = violationsBetween(told, answered, operation)
  if (answered.length > 0 && passing?.isStrict === true) {
    const problem = unfit(answered, known?.operation ?? '')
    return { ...known, reply: asPrism(problem), problem, warnings, violations }
  }
  return { ...known, reply: passed.reply, warnings, isPassed: true, ...(violations.length > 0 && { violations }) }
}

/** The behaviour runs, and its answer is what the document says. An operation without one is answered from its document. */
function work(checks: RequestChecks, checked: CheckedRequest, service: Service, request: MockRequest, scene: Scene, around: Around): Own {
  const { operation, behaviour, input, live } = checked
  if (!behaviour) return fromDocument({}, checks, operation, service, request, scene, around)
  // What is looked at twice is what others have written.
  const isApi = around.services.includes(service)
  const { outcome, changes } = runBehaviour(checked, service, around.strict && isApi)
  const name = service.nameOf(operation.id)
  switch (outcome.kind) {
    case 'refused':
      return checks.refuse(outcome.problem)
    case 'command':
      // What the server itself does is asked of the mock's own APIs alone.
      if (isApi)
        throw new BehaviourError(
          `${behaviourName(operation.id, service.member.api)} returns a command; let it return reply(…) or scene.refuse(…)`,
        )
      return { ...bare(checks, checked, service), command: outcome.command, ...(outcome.changes && { changes: outcome.changes }) }
    case 'reply': {
      const { reply } = outcome
      const broken = around.checkReplies ? operation.checkReply(reply) : []
      if (broken.length > 0) return checks.refuse(unfit(broken, name))
      const { member } = service
      const shown =
        reply.status < 300 && scene.session.progress
          ? guarded(() => behaviour.shows?.(input, live), behaviourName(operation.id, member.api))
          : undefined
      const read = shown ? readOnce(scene, member.known('kinds', shown.kind), shown.id, around.registry) : []
      const assumption = outcome.assumption ?? live.assumption ?? checks.assumption
      return {
        reply,
        changes: read.length === 0 ? changes : [...changes, ...read],
        operation: name,
        warnings: checks.warnings,
        ...(assumption !== undefined && { assumption: member.known('assumptions', assumption) }),
      }
    }
    default:
      return outcome satisfies never
  }
}

/** No document has this refusal, so it is not held against one. */
function full(problem: Problem, service: Service, operation: string | undefined, { prefersProblem }: Around): Own {
  const reply = prefersProblem ? refusal(problem) : service.dialect.refuse(stated(problem, service), undefined, operation)
  return { reply, problem, ...(operation !== undefined && { operation }), warnings: [] }
}

/** An answer from the document: one that the request itself asks for, or that of an operation without a behaviour. Nothing changes. */
function fromDocument(
  preference: Preference,
  checks: RequestChecks,
  operation: Operation,
  service: Service,
  request: MockRequest,
  { session }: Scene,
  { choose, making, checkReplies }: Around,
): Own {
  const { contract, nameOf, isDocuments } = service
  const name = nameOf(operation.id)
  if (!choose) return { reply: { status: 200 }, operation: name, warnings: [], needs: 'chooser' }
  const seed = seedOf(preference.seed ?? session.seed, operation.id, request)
  const { accept } = request.headers
  const chosen = choose(contract, operation.id, { preference, seed, accept, isDocuments, making })
  if (chosen.kind === 'refused') return inOwnWords(checks, chosen.problem, service)
  const { reply, isStill } = chosen
  // An example that was asked for by name is sent whatever it is, unless nothing wrong may be.
  const broken = isDocuments && preference.example !== undefined ? operation.checkReply(reply) : []
  const violations = isDocuments ? violationsBetween(ofDeprecated(checks), broken, operation) : []
  if (broken.length > 0 && checkReplies) return { ...checks.refuse(unfit(broken, name)), violations }
  const { dynamic: _, ...others } = preference
  const applied = writePreference(isStill ? others : preference)
  return {
    reply: applied === '' ? reply : { ...reply, headers: { ...reply.headers, 'Preference-Applied': applied } },
    operation: name,
    warnings: checks.warnings,
    ...(violations.length > 0 && { violations }),
  }
}

/** A request with which nothing is wrong, but for what it should do without. */
function ofDeprecated({ deprecated }: RequestChecks): Problem | undefined {
  return deprecated.length === 0 ? undefined : { code: 'deprecated', detail: '', issues: deprecated }
}

/** A status that the document does not have is a gateway's. */
function faultReply(
  { status, example, body }: FaultReply,
  { retryAfter }: FaultHit,
  { contract }: Service,
  { id }: Operation,
  { choose }: Around,
): MockReply {
  const headers = retryAfter === undefined ? undefined : { 'Retry-After': String(retryAfter) }
  if (body !== undefined) return { status, body, ...(headers && { headers }) }
  const preference = { code: String(status), ...(example !== undefined && { example }) }
  const chosen = choose?.(contract, id, { preference, seed: undefined })
  if (chosen?.kind === 'reply') return { ...chosen.reply, headers: { ...chosen.reply.headers, ...headers } }
  return { status, body: { message: GATEWAY.get(status) ?? 'Error' }, ...(headers && { headers }) }
}

/** What a fault does to the body, as far as it is still one; the edge does the rest. */
function spoilt(right: MockReply, { fault: { spoil } }: FaultHit, operation: Operation): MockReply {
  if (!spoil) return right
  // An answer without a body would look well.
  const reply = right.body === undefined ? { ...right, status: hasNoBody(right.status) ? 200 : right.status, body: {} } : right
  if (spoil === 'WRONG_MEDIA_TYPE') return { ...reply, mediaType: 'text/html', text: reply.text ?? jsonText(reply.body) }
  return spoil === 'SCHEMA_VIOLATION' ? { ...reply, body: violation(reply, operation) } : reply
}

/** The body with one thing in it that its schema forbids: the first member, or the whole, that can be made wrong. */
function violation(reply: MockReply, operation: Operation): unknown {
  const { body } = reply
  const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
  const candidates = [...members.map((name) => ({ ...Object(body), [name]: { unexpected: true } })), { unexpected: true }, null, 0]
  return candidates.find((candidate: unknown) => operation.checkReply({ ...reply, body: candidate }).length > 0) ?? null
}
