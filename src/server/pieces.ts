import { setImmediate } from 'node:timers/promises'
import type { SessionName } from '../base/session-name.ts'
import type { World } from '../core/world.ts'
import type { DoneStep } from '../engine/due.ts'
import { type Answer, goOn } from '../engine/respond.ts'
import { type Recorded, recordedApart } from '../engine/session.ts'
import type { Around } from '../engine/service.ts'
import type { Store } from '../store/store.ts'
import type { Met } from '../recording/exchange.ts'

/** An answer to a request, and what the request changed. */
export interface Found {
  readonly answer: Answer
  readonly own: Recorded
  readonly met?: Met
  /** The session keeps something of it, if only how it began. */
  readonly isKept: boolean
}

/**
 * Asks a session. Where more is due in it than can be done in one piece, that is kept piece by piece, before the answer and, where the
 * request has moved the clock, after it; others are served in between.
 * @param ask Pure: it is asked again after each piece.
 * @param hear Hears of what went on without a caller, in order.
 */
export async function askInPieces(
  store: Store,
  name: SessionName,
  around: Around,
  ask: (world: World) => Answer,
  hear: (steps: readonly DoneStep[], recorded: readonly Recorded[]) => void = () => undefined,
): Promise<Found> {
  const take = async (one: (world: World) => Answer): Promise<Omit<Found, 'isKept'>> => {
    const found = await store.transact(name, (world) => {
      const answer = one(world)
      const { changes, steps } = answer
      return { changes, result: { answer, ...recordedApart(changes, steps, world, around.registry), met: metBy(changes, world) } }
    })
    hear(found.answer.steps, found.steps)
    return found
  }
  let { answer, own, met } = await take(ask)
  let isKept = answer.changes.length > 0
  let hasChanged = answer.hasChanged === true
  const keep = async (one: (world: World) => Answer): Promise<Omit<Found, 'isKept'>> => {
    // Others are served in between.
    await setImmediate()
    const found = await take(one)
    isKept ||= found.answer.changes.length > 0
    return found
  }
  while (answer.needs === 'time') {
    ;({ answer, own, met } = await keep(ask))
    hasChanged ||= answer.hasChanged === true
  }
  for (let { isBehind = false } = answer; isBehind;) ({ isBehind = false } = (await keep((world) => goOn(world, around))).answer)
  return { answer: hasChanged === (answer.hasChanged === true) ? answer : { ...answer, hasChanged }, own, ...(met && { met }), isKept }
}

export function metBy(changes: readonly unknown[], { version }: World): Met {
  return { version, hasChanged: changes.length > 0 }
}
