import { refusal } from '../base/refusal.ts'
import type { SessionName } from '../base/session-name.ts'
import type { MockRequest, Problem } from '../base/http.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import { type FindNearest, nearestPaths } from '../contract/nearest.ts'
import { type Chooser, loadChooser } from '../engine/choose.ts'
import { violationsHeader } from '../engine/prism.ts'
import { type Answer, goOn, respond } from '../engine/respond.ts'
import type { Around, Service } from '../engine/service.ts'
import { timeIn } from '../engine/session.ts'
import { warningOf } from '../engine/warning.ts'
import type { Held, Notes, Store } from '../store/store.ts'
import { failed } from './failed.ts'
import { type Handled, type Line, nameOfFault, spoilt, toLine, type Waiting, waitOn } from './line.ts'
import { asItCame, letGo, type Passage, passOn, type Returned } from './pass.ts'
import { askInPieces, type Earlier, type Found, type Kept, type Plan, type Taken } from './pieces.ts'
import { exchangeOf } from './record.ts'

/** A request to an API. */
export interface Sent {
  readonly request: MockRequest
  readonly name: SessionName
  readonly line: Line | undefined
  /** How long it has taken so far, in milliseconds. */
  readonly elapsed: () => number
  /** What a session of the name meets it with. */
  readonly around: (held: Held, real: number, more?: Partial<Pick<Around, 'choose' | 'passed' | 'waited'>>) => Around
  /** It says what its session begins from. */
  readonly isBeginning: boolean
}

export interface AskSettings extends Waiting {
  readonly store: Store
  readonly registry: Registry
  readonly services: readonly Service[]
  readonly serviceFor: (request: MockRequest) => Service | undefined
  readonly passage: Passage | undefined
  readonly nearest: FindNearest
  /** Where a request is explained. */
  readonly explainAt: (id: string, request: MockRequest, line: Line | undefined) => string
  /** Why a session is not answered by these APIs; undefined where it is. */
  readonly foreign: (held: Held, name: SessionName) => Problem | undefined
  /** What is noted when a session is used. */
  readonly noted: (held: Held) => Partial<Notes> | undefined
  readonly onFailure: (error: unknown) => void
}

/** What came of it; or how many sessions there are, where there is no place for its own. */
export type Asked = Told | { readonly full: number }

/** An answer as it goes over the line, and as the journal keeps it. */
interface Told {
  readonly handled: Handled
  readonly exchange: Exchange
}

/** Asks the session of a request for its answer, and keeps that in the journal. */
export function createAsking(settings: AskSettings): (sent: Sent) => Promise<Asked> {
  const { store, registry, services, serviceFor, passage, nearest, foreign, noted } = settings
  let choose: Chooser | undefined

  return async (sent) => {
    const first = await askWith(sent, undefined)
    const { hit, needs } = first.found.answer
    if (first.found.full !== undefined || !hit || hit.delay === 0) return end(sent, first)
    const isGone = await waitOn(hit.delay, sent.line, settings)
    const isBefore = hit.fault.at === 'before'
    if (needs === 'delay' && !(isBefore && isGone)) return end(sent, await askWith(sent, first.found))
    if (!isBefore) return end(sent, first)
    // Who is gone by then has changed nothing.
    const told = tell(sent, first.found, first, isGone)
    await store.use(sent.name, (held) => ({
      changes: [],
      result: undefined,
      exchanges: held.life === first.found.taken.life ? [told.exchange] : [],
    }))
    return withoutRest(told, first)
  }

  function end(sent: Sent, waited: Waited): Asked {
    const { found } = waited
    if (found.full !== undefined) return { full: found.full }
    const { failure } = found.answer
    if (failure !== undefined) settings.onFailure(failure)
    const { handled, exchange } = found.kept
    return withoutRest(handled && exchange ? { handled, exchange } : tell(sent, found, waited, false), waited)
  }

  /** What another service has answered beyond what is sent is not read. */
  function withoutRest(told: Told, { returned }: Waited): Told {
    if (told.handled.raw === undefined || told.handled.cut !== undefined) letGo(returned?.raw)
    return told
  }

  /** The answer with all that it needs of others. @param late what the request met before the delay of a fault, which is over */
  async function askWith(sent: Sent, late: Found | undefined): Promise<Waited> {
    let returned: Returned | undefined
    let before: Earlier | undefined = late && { id: late.taken.id, life: late.taken.life, steps: late.taken.steps }
    for (;;) {
      const found: Found = await askInPieces(store, sent.name, registry, planOf(sent, late, returned), before)
      const { needs, operation } = found.answer
      if (needs === 'chooser') choose ??= await loadChooser()
      else if (needs === 'upstream' && passage)
        returned = await passOn(passage, operation, sent.request, serviceFor(sent.request)?.contract.base ?? '', sent.line)
      else return { found, late, returned }
      before = found.taken
    }
  }

  function planOf(sent: Sent, late: Found | undefined, returned: Returned | undefined): Plan {
    const { name, request } = sent
    // What no document has, another service may.
    const service = serviceFor(request) ?? (passage?.goesOn(undefined) === true ? services[0] : undefined)
    const more = { choose, waited: late?.answer.hit, passed: returned?.passed }
    const aroundOf = (held: Held, { real }: Taken): Around => sent.around(held, real, more)
    const isAnew = (held: Held): boolean => late !== undefined && late.taken.life !== held.life
    return {
      asks: 'request',
      idOf: (held) => (late ? late.taken.id : `${name}-${held.request}`),
      answer(held, taken) {
        const around = aroundOf(held, taken)
        const problem = isAnew(held) ? BEGUN_ANEW : foreign(held, name)
        if (problem) return { ...nothing(problem), now: timeIn(held.world, around.start, around.real) }
        if (!service) return nowhere(request, timeIn(held.world, around.start, around.real))
        try {
          return respond(service, request, held.world, around)
        } catch (error) {
          return failed(error, service, timeIn(held.world, around.start, around.real))
        }
      },
      goOn: (held, taken) => goOn(held.world, aroundOf(held, taken)),
      keep(found, held): Kept {
        const { hit, needs, hasChanged, problem } = found.answer
        if (isAnew(held)) return { isNothing: true }
        const notes = noted(held)
        const isChanged = hasChanged === true || (sent.isBeginning && !problem)
        // What a client that has gone by then is told is known after the delay.
        const isToCome = hit && !late && hit.delay > 0 && hit.fault.at === 'before'
        if (needs !== undefined || isToCome) return { hasChanged: isChanged, notes }
        const { handled, exchange } = tell(sent, found, { late, returned }, false)
        return { handled, exchange, hasChanged: isChanged, notes }
      },
    }
  }

  function tell(
    { name, request, line, elapsed }: Sent,
    { answer, own, met, taken }: Omit<Found, 'kept'>,
    { late, returned }: Pick<Waited, 'late' | 'returned'>,
    isGone: boolean,
  ): Told {
    const { reply, now, operation, problem, warnings, assumption, hit = late?.answer.hit, isPassed = false, violations } = answer
    const explain = problem && problem !== BEGUN_ANEW ? settings.explainAt(taken.id, request, line) : undefined
    const broken = violations && violationsHeader(violations)
    const right = toLine(isGone ? { status: GONE } : reply, now, false, {
      'Mock-Session': name,
      'Mock-Request-Id': taken.id,
      ...(explain !== undefined && { 'Mock-Explain': explain }),
      ...(warnings.length > 0 && { 'Mock-Warning': warningOf(warnings) }),
      ...(broken !== undefined && { 'sl-violations': broken }),
    })
    const disturbed = hit && !isGone ? spoilt(right, hit) : right
    // What a fault has done to the text is not undone.
    const isAsItCame = isPassed && !isGone && disturbed.text === right.text && disturbed.mediaType === right.mediaType
    const handled = isAsItCame ? asItCame(disturbed, returned?.raw) : disturbed
    const exchange: Exchange = {
      ...exchangeOf({ id: taken.id, session: name, origin: 'request', request, now, real: taken.real }, handled),
      operation,
      problem,
      warnings,
      assumption,
      changes: own.changes,
      settings: own.settings,
      explain,
      duration: elapsed(),
      met,
      ...(hit && { fault: nameOfFault(hit) }),
      ...(late && { asked: { real: late.taken.real, met: late.met } }),
      ...(isGone && { isGone }),
      ...(returned && { upstream: returned.upstream }),
      ...(violations && { violations }),
    }
    return { handled, exchange }
  }

  function nowhere({ method, path }: MockRequest, now: number): Answer {
    return {
      ...nothing({ code: 'route-unknown', detail: `no document has the path ${path}`, fix: nearestPaths(nearest(method, path)) }),
      now,
    }
  }
}

/** An answer, with what came before it: what the request met before its delay, and what another service has answered. */
interface Waited {
  readonly found: Found
  readonly late: Found | undefined
  readonly returned: Returned | undefined
}

function nothing(problem: Problem): Omit<Answer, 'now'> {
  return { reply: refusal(problem), changes: [], problem, warnings: [], steps: [] }
}

/** What a client that went away before the work is put down as; nobody gets it. */
const GONE = 499

const BEGUN_ANEW: Problem = {
  code: 'session-unknown',
  detail: 'the session was reset or dropped while the request was delayed',
  fix: 'send it again',
}
