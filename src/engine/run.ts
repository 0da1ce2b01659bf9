import { isRefused, type Outcome } from '../core/behaviour.ts'
import { hasMove, movesBetween, moveText, wrongWithStates } from '../core/life-cycle.ts'
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
 * @param isStrict runs it once more on the same scene, holds the two against one another, and what it moves against the life cycles
 * @throws BehaviourError for one that throws, returns a promise or what is not an outcome; and, where strict, for one that gives something
 * else the second time, or makes a move that a life cycle does not have
 */
export function runBehaviour(checked: CheckedRequest, service: Service, isStrict: boolean): Run {
  const { input, live, operation } = checked
  const name = behaviourName(operation.id, service.member.api)
  const first = runOnce(checked, service, name)
  if (!isStrict) return first
  checkMoves(changesMade(first.outcome, live), checked, service, name)
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
  return { outcome, changes: member.changesOf(changesMade(outcome, live)) }
}

/** As the API itself calls them. */
function changesMade(outcome: Outcome, live: Live): readonly Change[] {
  const own = 'changes' in outcome && outcome.changes ? outcome.changes : NONE
  return live.changes.length === 0 ? own : [...live.changes, ...own]
}

const NONE: readonly Change[] = []

/** @throws BehaviourError for a state, or a move, that the life cycle of its kind does not have */
function checkMoves(changes: readonly Change[], { live, operation }: CheckedRequest, { member }: Service, name: string): void {
  // What is changed twice has moved from where it was before to where it ends.
  const last = new Map(changes.map((change) => [`${change.kind} ${change.id}`, change]))
  for (const { kind, id, to } of last.values()) {
    const row = member.api.kinds[kind]
    if (!row?.lifeCycle) continue
    const wrong = to && wrongWithStates(row, to)
    if (wrong !== undefined) throw new BehaviourError(`${name} changes ${kind} ${id}, and its life cycle ${wrong}`)
    const from = live.given.get(kind, id) ?? row.untouched?.(id, live.session, to)
    for (const moved of movesBetween(row, from, to))
      if (!hasMove(row.lifeCycle, operation.id, moved))
        throw new BehaviourError(
          `${name} moves ${kind} ${id}${moved.part === undefined ? '' : `, ${row.parts?.word ?? 'part'} ${moved.part},`} ${moveText(moved)}, which its life cycle does not have; add the move under ${operation.id}, or let it do something else`,
        )
  }
}

/** @throws BehaviourError for what cannot stand in JSON */
function textOf({ outcome, changes }: Run, name: string): string {
  try {
    return JSON.stringify([outcome.kind === 'reply' ? outcome.reply : outcome, changes])
  } catch (error) {
    throw new BehaviourError(`${name} gives what cannot stand in JSON: ${String(error)}`, { cause: error })
  }
}
