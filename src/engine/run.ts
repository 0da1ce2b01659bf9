import { isRefused, type Outcome } from '../core/behaviour.ts'
import { Live } from '../core/live.ts'
import type { Change } from '../core/world.ts'
import type { CheckedRequest } from './checks.ts'
import { BehaviourError, behaviourName, guarded, outcomeOf } from './guarded.ts'
import type { Service } from './service.ts'

/** What a behaviour gives: its outcome, with all that it changes as a session keeps it. */
export interface Run {
  readonly outcome: Outcome
  readonly changes: readonly Change[]
}

/**
 * Runs the behaviour of a checked request.
 * @param isTwice runs it once more on the same scene, and holds the two against one another
 * @throws BehaviourError for one that throws, returns a promise or what is not an outcome, or gives something else the second time
 */
export function runBehaviour(checked: CheckedRequest, service: Service, isTwice: boolean): Run {
  const { input, live, operation } = checked
  const name = behaviourName(operation.id, service.member.api)
  const first = runOnce(checked, service, name)
  if (!isTwice) return first
  // The second run may change what the first has given.
  const text = textOf(first, name)
  const again = new Live(
    { world: live.given, session: live.session, now: live.now, real: live.real },
    live.caller,
    service.member.api.kinds,
  )
  const found = guarded(() => checked.behaviour?.find?.(input, again), name)
  const second = isRefused(found) ? undefined : runOnce({ ...checked, live: again, found }, service, name)
  if (!second || text !== textOf(second, name))
    throw new BehaviourError(
      `${name} gives something else when it runs a second time on the same session: what it says must hang on its input and the scene alone, not on chance, the clock or variables`,
    )
  return first
}

function runOnce({ behaviour, input, live, found }: CheckedRequest, { member }: Service, name: string): Run {
  const outcome = outcomeOf(
    guarded(() => behaviour?.run(input, live, found), name),
    name,
    member.api,
  )
  const own = 'changes' in outcome && outcome.changes ? outcome.changes : NONE
  return { outcome, changes: member.changesOf(live.changes.length === 0 ? own : [...live.changes, ...own]) }
}

const NONE: readonly Change[] = []

/** @throws BehaviourError for what cannot stand in JSON */
function textOf({ outcome, changes }: Run, name: string): string {
  try {
    return JSON.stringify([outcome.kind === 'reply' ? outcome.reply : outcome, changes])
  } catch (error) {
    throw new BehaviourError(`${name} gives what cannot stand in JSON: ${String(error)}`, { cause: error })
  }
}
