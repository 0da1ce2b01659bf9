import { MAX_ISSUES, pointerPart } from '../../base/http.ts'
import type { Impossible, Placed } from '../api.ts'
import type { Scene } from '../behaviour.ts'
import type { Member, Registry } from '../registry.ts'
import { type Change, Draft } from '../world.ts'
import { claimsOf } from './data.ts'
import type { Wrong } from './lineage.ts'
import type { Data } from './written.ts'

/** What is said to exist has come about. */
export interface Brought {
  readonly kind: 'brought'
  readonly changes: readonly Change[]
  /** What was brought in, as the APIs show it. @param after the scene with the changes in it */
  show(after: Scene): Readonly<Record<string, readonly object[]>>
}

interface Refusal {
  readonly kind: 'refused'
  readonly issues: readonly Omit<Wrong, 'in'>[]
}

/** Brings data into a session: the changes that do it, or everything that is impossible about them. */
export function place(data: Data, { world, session, now, real }: Scene, registry: Registry): Brought | Refusal {
  const repeated = repeatedIn(data, registry)
  if (repeated.length > 0) return { kind: 'refused', issues: repeated.slice(0, MAX_ISSUES) }
  const draft = new Draft(world)
  const scene: Scene = { world: draft, session, now, real }
  const issues: Impossible[] = []
  const brought: { readonly api: Member; readonly placed: Extract<Placed, { readonly kind: 'placed' }> }[] = []
  for (const [word, { api, row }] of registry.words) {
    if (issues.length >= MAX_ISSUES) break
    const placed = row.place((Object.hasOwn(data, word) ? data[word] : undefined) ?? [], api.sceneOf(scene))
    if (placed.kind === 'refused') issues.push(...placed.issues.map((issue) => ({ ...issue, at: `/${pointerPart(word)}${issue.at}` })))
    else {
      draft.apply(api.changesOf(placed.changes))
      brought.push({ api, placed })
    }
  }
  if (issues.length > 0) return { kind: 'refused', issues: issues.slice(0, MAX_ISSUES) }
  return {
    kind: 'brought',
    changes: draft.changes,
    show: (after) => Object.assign({}, ...brought.map(({ api, placed }) => placed.show(api.sceneOf(after)))),
  }
}

/** What was brought in, as the APIs show it. @param scene the session before it */
export function viewOf(brought: Brought, scene: Scene): object {
  return brought.show({ ...scene, world: new Draft(scene.world, brought.changes) })
}

/** Names that stand twice. */
function repeatedIn(data: Data, registry: Registry): readonly Omit<Wrong, 'in'>[] {
  const seen = new Map<string, string>()
  return claimsOf(data, registry).flatMap(({ name, at, isShared }) => {
    const earlier = seen.get(name)
    seen.set(name, at)
    return earlier === undefined || isShared
      ? []
      : [{ at, message: `repeats what stands at ${earlier}`, twin: earlier, fix: 'say it once' }]
  })
}
