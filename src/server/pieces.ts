import { setImmediate } from 'node:timers/promises'
import type { SessionName } from '../domain/control/session.ts'
import type { World } from '../domain/world.ts'
import type { Passed } from '../engine/passage.ts'
import { type Answer, goOn } from '../engine/respond.ts'
import { type Told, toldApart } from '../engine/session.ts'
import type { Around } from '../engine/service.ts'
import type { Store } from '../store/store.ts'
import type { Met } from './journal.ts'

/** An answer to a request, and what the request changed. */
export interface Found {
  readonly answer: Answer
  readonly own: Told
  readonly met?: Met
  /** The session keeps something of it, if only how it began. */
  readonly isKept: boolean
}

/**
 * Asks a session. Where more is due in it than can come to pass in one piece, that is kept piece by piece, before the answer and, where the
 * request has moved the clock, after it; others are served in between.
 * @param ask Pure: it is asked again after each piece.
 * @param hear Hears of what went on without a caller, in order.
 */
export async function askInPieces(
  store: Store,
  name: SessionName,
  around: Around,
  ask: (world: World) => Answer,
  hear: (passed: readonly Passed[], told: readonly Told[]) => void = () => undefined,
): Promise<Found> {
  let isKept = false
  const take = async (one: (world: World) => Answer): Promise<Omit<Found, 'isKept'>> => {
    const { steps, ...found } = await store.transact(name, (world) => {
      const answer = one(world)
      const { changes, passed } = answer
      return { changes, result: { answer, ...toldApart(changes, passed, world), met: metBy(changes, world) } }
    })
    isKept ||= found.answer.changes.length > 0
    hear(found.answer.passed, steps)
    return found
  }
  let found = await take(ask)
  let hasChanged = found.answer.hasChanged === true
  while (found.answer.needs === 'time') {
    await setImmediate()
    found = await take(ask)
    hasChanged ||= found.answer.hasChanged === true
  }
  for (let { isBehind = false } = found.answer; isBehind;) {
    await setImmediate()
    ;({ isBehind = false } = (await take((world) => goOn(world, around))).answer)
  }
  return { ...found, isKept, answer: { ...found.answer, hasChanged } }
}

export function metBy(changes: readonly unknown[], { version }: World): Met {
  return { version, hasChanged: changes.length > 0 }
}
