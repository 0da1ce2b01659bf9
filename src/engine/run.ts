import { isPromise, isRefused, type Outcome } from '../core/behaviour.ts'
import { Live } from '../core/live.ts'
import type { Change } from '../core/world.ts'
import type { CheckedRequest } from './checks.ts'
import type { Service } from './service.ts'

/** A behaviour that fails, or breaks the rules of behaviours; names the API and the operation. */
export class BehaviourError extends Error {
  override readonly name = 'BehaviourError'
}

/** What a behaviour gives: its outcome, with all that it changes as a session keeps it. */
export interface Run {
  readonly outcome: Outcome
  readonly changes: readonly Change[]
}

/**
 * Runs the behaviour of a checked request.
 * @param isTwice runs it once more on the same scene, and holds the two against one another
 * @throws BehaviourError for one that throws, returns a promise or nothing, or gives something else the second time
 */
export function runBehaviour(checked: CheckedRequest, service: Service, isTwice: boolean): Run {
  const { input, live } = checked
  const first = runOnce(checked, service)
  if (!isTwice) return first
  const again = new Live(
    { world: live.given, session: live.session, now: live.now, real: live.real },
    live.caller,
    service.member.api.kinds,
  )
  const found = checked.behaviour?.find?.(input, again)
  const second = isRefused(found) ? undefined : runOnce({ ...checked, live: again, found }, service)
  if (!second || textOf(first) !== textOf(second))
    throw new BehaviourError(
      `${nameOf(checked, service)} gives something else when it runs a second time on the same session: what it says must hang on its input and the scene alone, not on chance, the clock or variables`,
    )
  return first
}

function runOnce(checked: CheckedRequest, service: Service): Run {
  const { behaviour, input, live, found } = checked
  const outcome = guarded(() => behaviour?.run(input, live, found), nameOf(checked, service))
  const own = 'changes' in outcome && outcome.changes ? outcome.changes : NONE
  return { outcome, changes: service.member.changesOf(live.changes.length === 0 ? own : [...live.changes, ...own]) }
}

/** @throws BehaviourError for what fails, or gives no outcome */
function guarded(run: () => Outcome | undefined, name: string): Outcome {
  let outcome: Outcome | undefined
  try {
    outcome = run()
  } catch (error) {
    throw new BehaviourError(`${name} throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { cause: error })
  }
  if (isPromise(outcome))
    throw new BehaviourError(`${name} returns a promise; behaviours are synchronous: whatever has to be waited for is done before`)
  if (typeof outcome !== 'object' || !('kind' in outcome))
    throw new BehaviourError(`${name} returns ${JSON.stringify(outcome) ?? 'nothing'}; let it return reply(…) or scene.refuse(…)`)
  return outcome
}

const NONE: readonly Change[] = []

function nameOf({ operation }: CheckedRequest, { member: { api } }: Service): string {
  return `the behaviour of ${operation.id} of ${api.file ?? api.name}`
}

function textOf({ outcome, changes }: Run): string {
  return JSON.stringify([outcome.kind === 'reply' ? outcome.reply : outcome, changes])
}
