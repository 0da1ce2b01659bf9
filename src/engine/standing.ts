import { decoded } from '../base/decode.ts'
import type { Kind } from '../core/api.ts'
import type { Scene } from '../core/behaviour.ts'
import { hasMove, movesBy, statesIn, statesOf } from '../core/life-cycle.ts'
import type { Service } from './service.ts'

/**
 * Where something that a path names stands in its life cycle, and what leads on from there, in words: `parcel 7 is SENT, from which nothing
 * leads on`. Undefined where the operation moves nothing that the path names, or could move it from there.
 * @param path the path's parameters, still percent-encoded
 */
export function standing(
  operation: string,
  path: Readonly<Record<string, string>>,
  { member: { api, sceneOf, known }, nameOf }: Service,
  given: Scene,
): string | undefined {
  const scene = sceneOf(given)
  const names = [...new Set(Object.values(path).flatMap((value) => decoded(value).split(',')))].slice(0, MOST_NAMES)
  for (const [name, kind] of Object.entries(api.kinds)) {
    const { lifeCycle } = kind
    if (!lifeCycle || !Object.hasOwn(lifeCycle.moves, operation)) continue
    for (const id of names)
      for (const [part, state] of found(id, name, kind, scene)) {
        if (movesBy(lifeCycle.moves, operation).some(({ from }) => statesIn(from).includes(state))) continue
        const ways = Object.keys(lifeCycle.moves).flatMap((by) =>
          [...lifeCycle.states, undefined]
            .filter((to) => to !== state && hasMove(lifeCycle, by, { from: state, to }))
            .map((to) => `${Object.hasOwn(api.steps, by) ? known('steps', by) : nameOf(by)} (${to ?? 'it is gone then'})`),
        )
        const what = part === undefined ? `${known('kinds', name)} ${id}` : `${kind.parts?.word ?? 'part'} ${part}`
        return `${what} is ${state}, from which ${ways.length === 0 ? 'nothing leads on' : `lead on: ${ways.join(', ')}`}`
      }
  }
  return undefined
}

/** So many of the names in a path are looked for: each of them may lead through all that a session holds. */
const MOST_NAMES = 20

/** The states of what has the id, or of the part that has it. Not each name in a path is an id of the kind, and what an API makes of any other may fail. */
function found(id: string, name: string, kind: Kind, { world, session }: Scene): Iterable<readonly [string | undefined, string]> {
  try {
    const key = world.ids(name).find((kept) => kept === id || kept.endsWith(`/${id}`)) ?? kind.keyOf?.(id, {}) ?? id
    const entity = world.get(name, key) ?? kind.untouched?.(key, session)
    if (entity) return statesOf(kind, entity)
    const { parts } = kind
    if (!parts) return []
    for (const one of world.all(name)) if (parts.of(one).includes(id)) return [...statesOf(kind, one)].filter(([part]) => part === id)
  } catch {
    // It is no such id.
  }
  return []
}
