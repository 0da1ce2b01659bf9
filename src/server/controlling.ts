import type { SessionName } from '../base/session-name.ts'
import type { MockReply, MockRequest, Problem } from '../base/http.ts'
import { refusal } from '../base/refusal.ts'
import { decoded } from '../base/decode.ts'
import { StoreUnavailable } from '../base/problem.ts'
import type { Met } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import { type Change, Draft } from '../core/world.ts'
import { unfit } from '../engine/checks.ts'
import { type Answer, goOn, respond } from '../engine/respond.ts'
import type { Around, Service } from '../engine/service.ts'
import { nameOf, timeAtStart, unknownSession } from '../engine/session.ts'
import type { Held, Notes, Store } from '../store/store.ts'
import { EMPTY_WORLD } from '../store/memory.ts'
import type { Carried, CarryOut } from './commands.ts'
import { failed } from './failed.ts'
import { type Handled, toLine } from './line.ts'
import { askInPieces, type Found, type Plan } from './pieces.ts'
import { controlId, exchangeOf } from './record.ts'
import { exhausted, type Sessions } from './sessions.ts'
import { withExactParams } from './states.ts'

export interface ControlSettings {
  readonly store: Store
  readonly registry: Registry
  /** The control API. */
  readonly control: Service
  /** What verifiers of Pact call. */
  readonly providerStates: Service
  readonly carryOut: CarryOut
  /** The session as the control API shows it. */
  readonly shown: Sessions['shown']
  readonly checkReplies: boolean
  readonly around: (held: Held, real: number, name: SessionName) => Around
  readonly foreign: (held: Held, name: SessionName) => Problem | undefined
  readonly noted: (held: Held) => Partial<Notes> | undefined
  readonly onFailure: (error: unknown) => void
}

/** Answers requests that are for the mock itself. `around` is what the server knows without a session. */
export interface Controlling {
  /** One on a session runs in that session; one on the server runs in none, and may leave something for the server to do. */
  handle(name: SessionName, request: MockRequest, around: Around): Promise<Handled>
  /** The session that the request is in is set up, or begins anew. */
  setState(name: SessionName, request: MockRequest, around: Around): Promise<Handled>
  /** The session that a request is about. */
  subjectOf(request: MockRequest): string | undefined
}

export function createControlling(settings: ControlSettings): Controlling {
  const { store, registry, control, providerStates, carryOut, checkReplies, foreign, noted, onFailure } = settings

  /** What a control request does that is the first to a session: a slip in the name of one that there is must not begin another. */
  const asFirst = ({ method, path }: MockRequest): 'begins' | 'shows' | undefined => {
    const match = control.contract.match(method, path.slice(control.contract.base.length))
    return match.kind === 'found' ? control.behaviours[match.target.id]?.asFirst : 'begins'
  }
  /** Whether it can be asked of a session whatever APIs have made it. What no operation is, is refused as that. */
  const isOfAny = ({ method, path }: MockRequest): boolean => {
    const match = control.contract.match(method, path.slice(control.contract.base.length))
    return match.kind !== 'found' || OF_ANY.has(match.target.id)
  }
  const subjectOf = ({ path }: MockRequest): string | undefined => {
    const [, section, target, action] = path.slice(control.contract.base.length).split('/').map(decoded)
    return section === 'sessions' && action !== undefined ? target : undefined
  }

  /** @param problem is set where the session is none that can be asked */
  const ask = (name: SessionName, request: MockRequest, around: Around): Promise<Found> => {
    // A slip in a name is never passed over here: nobody's client is under test.
    const there = (held: Held, real: number): Around => ({ ...settings.around(held, real, name), strict: true })
    // The default session is always there: what needs one that there is begins it. A look begins none.
    const firstOf = (held: Held): 'begins' | 'shows' | undefined =>
      held.record ? 'begins' : (asFirst(request) ?? (name === nameOf() ? 'begins' : undefined))
    const plan: Plan = {
      asks: 'control',
      idOf: (held) => controlId(name, held),
      answer(held, { real }) {
        const first = firstOf(held)
        if (first === undefined) return { ...unanswered(around.real), problem: UNKNOWN }
        // What others have made is not read: only its end, and what is noted of it, is the same for all.
        const problem = isOfAny(request) ? undefined : foreign(held, name)
        if (problem) return { ...unanswered(real), problem, reply: refusal(problem) }
        const result = respond(control, request, held.world, there(held, real))
        // So much may be due at once that it takes several pieces of work: those are kept, which begins the session.
        const isShown = first === 'shows' && result.needs === undefined
        return result.problem || isShown ? { ...result, changes: [], steps: [] } : result
      },
      goOn: (held, { real }) => goOn(held.world, there(held, real)),
      keep({ answer, own, met, taken }, held) {
        const { reply, command, problem, needs, now, operation } = answer
        if (problem === UNKNOWN) return { isNothing: true }
        const notes = held.record || answer.changes.length > 0 ? noted(held) : undefined
        // The first piece may begin the session: it says by whom.
        if (needs !== undefined) return { hasChanged: answer.hasChanged === true, notes }
        if (firstOf(held) === 'shows') return { isNothing: true }
        // A replay has to set it again. What is done with sessions as a whole is kept, if at all, by who does it.
        const isSet = reply.status < 400 && request.method !== 'GET' && (!command || command.kind === 'show-session')
        if (!isSet) return { notes }
        const shown: MockReply = command ? { status: 200, body: settings.shown(name, after(held, answer.changes)) } : reply
        const asked = exchangeOf(
          { id: taken.id, session: name, origin: 'control', request, now, real: taken.real },
          toLine(shown, now, true),
        )
        return { hasChanged: true, notes, reply: shown, exchange: { ...asked, operation, ...own, met } }
      },
    }
    return askInPieces(store, name, registry, plan)
  }

  return {
    subjectOf,
    async handle(name, request, around) {
      const target = subjectOf(request)
      const subject = target === undefined ? undefined : nameOf(target)
      try {
        // A refused look at a session must not begin it, nor one at the server the session that the request is in.
        const isSubject = typeof subject === 'string'
        const found = isSubject ? await ask(subject, request, around) : undefined
        if (found?.full !== undefined) return refuse(exhausted(found.full), around)
        if (found?.answer.problem === UNKNOWN && isSubject) return refuse(unknownSession(subject, await store.names()), around)
        const answer = found?.answer ?? atServer(request, around)
        const { command, now, operation } = answer
        const told = (reply: Carried, met: Met | undefined): ReturnType<typeof exchangeOf> => ({
          ...exchangeOf(
            {
              id: found?.taken.id ?? '',
              session: typeof subject === 'string' ? subject : '',
              origin: 'control',
              request,
              now,
              real: found?.taken.real ?? around.real,
            },
            toLine(reply, now, true),
          ),
          operation,
          ...(met && { met }),
        })
        // What was shown when the changes were kept; where more has come to pass since, what is shown now.
        const shown = answer.isBehind === true ? undefined : found?.kept.reply
        const reply: Carried = shown ?? (command ? await carryOut(command, around.real, name, told) : answer.reply)
        const declared = command && control.contract.operations.find(({ id }) => id === operation)
        const broken = (checkReplies && declared?.checkReply(reply)) || []
        if (broken.length > 0) return refuse(unfit(broken, operation ?? ''), around)
        const handled = toLine(reply, now, true, { 'Mock-Session': isSubject ? subject : name })
        return reply.stream ? { ...handled, stream: reply.stream } : handled
      } catch (error) {
        return brokenOff(error, around)
      }
    },
    async setState(name, request, around) {
      try {
        const answer = respond(providerStates, request, EMPTY_WORLD, ofServer(around))
        const reply = answer.command ? await carryOut(withExactParams(answer.command, request), around.real, name, untold) : answer.reply
        return toLine(reply, answer.now, true, { 'Mock-Session': name })
      } catch (error) {
        return brokenOff(error, around)
      }
    },
  }

  function atServer(request: MockRequest, around: Around): Answer {
    const result = respond(control, request, EMPTY_WORLD, { ...ofServer(around), strict: true })
    return result.problem ? { ...result, changes: [], steps: [] } : result
  }

  function brokenOff(error: unknown, { start, real }: Around): Handled {
    if (error instanceof StoreUnavailable) throw error
    const { reply, now, failure } = failed(error, control, timeAtStart(start, real))
    if (failure !== undefined) onFailure(failure)
    return toLine(reply, now, true)
  }
}

/** Operations on a session that say nothing of what it holds. */
const OF_ANY: ReadonlySet<string> = new Set([
  'getSession',
  'resetSession',
  'dropSession',
  'listSnapshots',
  'dropSnapshot',
  'listBindings',
  'unbindSession',
])

/** There is no such session, and the request is none that begins one. */
const UNKNOWN: Problem = { code: 'session-unknown', detail: 'there is no such session' }

/** The session with changes that are not kept yet. */
function after(held: Held, changes: readonly Change[]): Parameters<ControlSettings['shown']>[1] {
  const { world, record, real } = held
  return { real, world: new Draft(world, changes), record: { requests: record?.requests ?? 0, begun: record?.begun ?? real, used: real } }
}

/** What sets a session up, or begins it anew, is not among what it was asked. */
function untold(): never {
  throw new Error('a provider state is not kept in the journal')
}

function unanswered(now: number): Answer {
  return { reply: { status: 404 }, changes: [], now, warnings: [], steps: [] }
}

function refuse(problem: Problem, { start, real }: Around): Handled {
  return toLine(refusal(problem), timeAtStart(start, real), true)
}

/** What the server itself is asked needs nothing of what sessions start from. */
function ofServer(around: Around): Around {
  return { ...around, start: { ...around.start, data: {}, timeline: [] } }
}
