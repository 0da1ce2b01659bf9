import { setImmediate } from 'node:timers/promises'
import type { MockReply } from '../base/http.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Exchange, Met } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import type { World } from '../core/world.ts'
import type { Answer } from '../engine/respond.ts'
import { type Recorded, recordedApart } from '../engine/session.ts'
import type { Held, Life, Notes, Store } from '../store/store.ts'
import type { Handled } from './line.ts'
import { exchangeOfStep } from './record.ts'

/** Which request it is, in which life of its session, by the world's time when it is worked on; and how many steps have come before it. */
export interface Taken {
  readonly id: string
  readonly life: Life
  readonly real: number
  readonly steps: number
}

/** An answer to a request, and what the request changed. */
export interface Found {
  readonly answer: Answer
  readonly own: Recorded
  readonly met: Met
  readonly taken: Taken
  readonly kept: Kept
  /** There is no place for its session: so many there are. Nothing is kept. */
  readonly full?: number
}

/** What is kept of a request beside its changes, and how its answer goes over the line, once it is answered. */
export interface Kept {
  readonly handled?: Handled
  readonly reply?: MockReply
  readonly exchange?: Exchange
  readonly hasChanged?: boolean
  readonly notes?: Partial<Notes> | undefined
  /** Not even its number is taken. */
  readonly isNothing?: true
}

/** How a session is asked. All of it is pure: it runs again after each piece, and where another request was first. */
export interface Plan {
  readonly asks: 'request' | 'control'
  readonly idOf: (held: Held) => string
  readonly answer: (held: Held, taken: Taken) => Answer
  /** More of what is due comes to pass, where the request has moved the clock. */
  readonly goOn: (held: Held, taken: Taken) => Answer
  readonly keep: (found: Omit<Found, 'kept'>, held: Held) => Kept
}

/** A request that was asked before; without a time it is worked on at the time of now. */
export type Earlier = Omit<Taken, 'real'> & Partial<Pick<Taken, 'real'>>

/**
 * Asks a session. Where more is due in it than can be done in one piece, that is kept piece by piece, before the answer and, where the
 * request has moved the clock, after it; others are served in between.
 * @param before The same request as it was asked before, with its number; one whose session has begun anew since gets another.
 */
export async function askInPieces(store: Store, name: SessionName, registry: Registry, plan: Plan, before?: Earlier): Promise<Found> {
  const take = (earlier: Earlier | undefined, one: Plan['answer'], keep: Plan['keep']): Promise<Found> =>
    store.use<Found>(name, (held) => {
      const isSame = earlier !== undefined && earlier.life === held.life
      const own = isSame
        ? { ...earlier, real: earlier.real ?? held.real }
        : { id: plan.idOf(held), life: held.life, real: held.real, steps: 0 }
      // What is left of it ends with the life that it was asked in.
      const isOver = one === plan.goOn && !isSame
      const answer = isOver ? NOTHING_LEFT : one(held, own)
      const { changes, steps } = answer
      const apart = recordedApart(answer, held.world, registry)
      const taken = steps.length === 0 ? own : { ...own, steps: own.steps + steps.length }
      const { own: recorded } = apart
      const met = metBy(changes, held.world)
      if (held.full !== undefined && (plan.asks === 'request' || changes.length > 0))
        return { changes: [], result: { answer, own: recorded, met, taken, kept: {}, full: held.full } }
      const kept = keep({ answer, own: recorded, met, taken }, held)
      const told = steps.map((step, place) =>
        exchangeOfStep(`${own.id}.${own.steps + place + 1}`, name, step, apart.steps[place], own.real),
      )
      return {
        changes,
        result: { answer, own: recorded, met, taken, kept },
        asks: isSame || isOver || kept.isNothing ? undefined : plan.asks,
        hasChanged: kept.hasChanged === true,
        notes: kept.notes,
        exchanges: kept.exchange ? (told.length === 0 ? [kept.exchange] : [...told, kept.exchange]) : told,
      }
    })
  let found = await take(before, plan.answer, plan.keep)
  const more = async (one: Plan['answer'], keep: Plan['keep']): Promise<Found> => {
    // Others are served in between.
    await setImmediate()
    return take(found.taken, one, keep)
  }
  while (found.answer.needs === 'time') found = await more(plan.answer, plan.keep)
  if (found.answer.isBehind !== true) return found
  const asked = found
  while (found.answer.isBehind === true) found = await more(plan.goOn, NOTHING_MORE)
  return { ...asked, taken: found.taken }
}

const NOTHING_LEFT: Answer = { reply: { status: 200 }, changes: [], now: 0, warnings: [], steps: [] }
const NOTHING_MORE: Plan['keep'] = ({ answer }) => ({ hasChanged: answer.hasChanged === true })

function metBy(changes: readonly unknown[], { version }: World): Met {
  return { version, hasChanged: changes.length > 0 }
}
