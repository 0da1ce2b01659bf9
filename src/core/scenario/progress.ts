import type { Kind, Step } from '../api.ts'
import type { Scene } from '../behaviour.ts'
import { hasMove, movesBetween, moveText, wrongWithStates } from '../life-cycle.ts'
import type { Named, Registry } from '../registry.ts'
import { type Change, Draft, type World } from '../world.ts'
import type { Moved, Policy, WaitingStep } from './settings.ts'

/**
 * What waits for what has changed: steps that begin to wait, and those that have nothing to wait for any more. `scene` has the changes in
 * it already. Only what a session has changed, or a scenario has placed, goes on; the population rests.
 */
export function waitFor(changes: readonly Change[], scene: Scene, registry: Registry): readonly Change[] {
  const { progress } = scene.session
  if (!progress) return []
  const made: Change[] = []
  for (const { on, step, until, isNext } of changes.flatMap(({ kind, id }) => movable(kind, id, scene, registry))) {
    const id = stepId(on, step)
    const known = scene.world.get('step', id)
    const timing = isNext ? timingOf(progress[step], scene.now, until) : undefined
    if (!timing && known) made.push({ kind: 'step', id, to: undefined })
    // What waits already goes on waiting, unless it is for another date.
    if (timing && (!known || (until !== undefined && timing.due !== undefined && timing.due !== known.due)))
      made.push({ kind: 'step', id, to: { id, step, on, ...timing } })
  }
  return made
}

/** All steps anew, for a session that has come to another policy. */
export function waitAnew(scene: Scene, registry: Registry): readonly Change[] {
  const { world } = scene
  const gone = [...world.all('step')].map(({ id }): Change => ({ kind: 'step', id, to: undefined }))
  const moved = new Set([...registry.steps.values()].map(({ api, row }) => api.known('kinds', row.kind)))
  const touched = [...moved].flatMap((kind) => world.ids(kind).map((id): Change => ({ kind, id, to: world.get(kind, id) })))
  return [...gone, ...waitFor(touched, { ...scene, world: new Draft(world, gone) }, registry)]
}

/** A step whose time has come. */
export type DueStep = WaitingStep & { readonly due: number }

export function isDue(step: WaitingStep | undefined, now: number): step is DueStep {
  return step?.due !== undefined && step.due <= now
}

/** The first steps that are due, in the order in which they are: so many at most. `last` is the last of them where there are more. */
export function dueSteps(world: World, now: number, most: number): { readonly steps: readonly DueStep[]; readonly last?: DueStep } {
  let steps: DueStep[] = []
  let last: DueStep | undefined
  for (const step of world.all('step')) {
    if (!isDue(step, now) || (last && compareDue(step, last) > 0)) continue
    steps.push(step)
    if (steps.length < 2 * most) continue
    steps = steps.toSorted(compareDue).slice(0, most)
    last = steps.at(-1)
  }
  const first = steps.toSorted(compareDue).slice(0, most)
  const end = first.at(-1)
  return { steps: first, ...(end && (last || first.length < steps.length) && { last: end }) }
}

export function compareDue(a: DueStep, b: DueStep): number {
  return a.due - b.due || (a.id < b.id ? -1 : 1)
}

/** What a read of an entity changes: a step that waits for reads waits for one fewer. */
export function readOnce(scene: Scene, kind: string, id: string, registry: Registry): readonly Change[] {
  const { world, now } = scene
  // What nobody has touched rests, however often it is read.
  if (!world.get(kind, id)) return []
  return movable(kind, id, scene, registry).flatMap(({ on, step }): Change[] => {
    const waiting = world.get('step', stepId(on, step))
    if (waiting?.reads === undefined) return []
    const reads = waiting.reads - 1
    return [{ kind: 'step', id: waiting.id, to: { ...waiting, ...(reads > 0 ? { reads } : { reads: undefined, due: now }) } }]
  })
}

/** Takes a step. @returns what it changes, or why it cannot be taken any more */
export function take({ step, on }: Pick<WaitingStep, 'step' | 'on'>, scene: Scene, registry: Registry): readonly Change[] | string {
  const named = registry.steps.get(step)
  const entity = entityAt(on.kind, on.id, scene, registry)
  if (!named || !entity) return `there is no ${on.kind} ${on.id}`
  const taken = named.row.take(entity, named.api.sceneOf(scene), on.part)
  if (typeof taken === 'string') return taken
  const row = registry.kinds.get(on.kind)?.row
  const wrong = row && wrongWithStates(row, taken)
  if (wrong !== undefined) return `"${step}" changes ${on.kind} ${on.id}, and its life cycle ${wrong}`
  const odd = row && movesBetween(row, entity, taken).find((moved) => row.lifeCycle && !hasMove(row.lifeCycle, named.name, moved))
  if (odd) return `the life cycle of ${on.kind} does not let "${step}" move it ${moveText(odd)}; add the move under ${named.name}`
  return [{ kind: on.kind, id: on.id, to: taken }]
}

/** The steps that an entity would take next, for who does not want to wait; also one that nobody has touched. Undefined for one that is not there. */
export function nextSteps(
  { kind, id }: Pick<Moved, 'kind' | 'id'>,
  scene: Scene,
  registry: Registry,
): readonly Pick<WaitingStep, 'step' | 'on'>[] | undefined {
  return entityAt(kind, id, scene, registry) && movable(kind, id, scene, registry).filter(({ isNext }) => isNext)
}

/** What a step moves, in words: `order 12, line 3`. */
export function subjectOf({ kind, id, part }: Moved, { kinds }: Registry): string {
  return part === undefined ? `${kind} ${id}` : `${kind} ${id}, ${kinds.get(kind)?.row.parts?.word ?? 'part'} ${part}`
}

/** A step that an entity can come to, and whether that is what it waits for now. */
interface Movable {
  readonly on: Moved
  readonly step: string
  /** A time that has to come, in milliseconds since 1970. */
  readonly until: number | undefined
  readonly isNext: boolean
}

function movable(kind: string, id: string, scene: Scene, registry: Registry): readonly Movable[] {
  const steps = stepsOf(kind, registry)
  if (steps.length === 0) return []
  const entity = entityAt(kind, id, scene, registry)
  const parts = registry.kinds.get(kind)?.row.parts
  const movedParts: readonly (string | undefined)[] = parts ? (entity ? parts.of(entity) : []) : [undefined]
  return movedParts.flatMap((part) =>
    steps.map(([step, { api, row }]): Movable => {
      const waits = entity ? row.waits(entity, api.sceneOf(scene), part) : false
      const on: Moved = { kind, id, ...(part !== undefined && { part }) }
      return { on, step, isNext: waits !== false, until: typeof waits === 'object' ? waits.until : undefined }
    }),
  )
}

const byKind = new WeakMap<Registry, ReadonlyMap<string, readonly (readonly [string, Named<Step>])[]>>()

/** The steps that move entities of a kind. */
function stepsOf(kind: string, registry: Registry): readonly (readonly [string, Named<Step>])[] {
  const known = byKind.get(registry) ?? Map.groupBy(registry.steps, ([, { api, row }]) => api.known('kinds', row.kind))
  byKind.set(registry, known)
  return known.get(kind) ?? []
}

function entityAt(kind: string, id: string, scene: Scene, registry: Registry): object | undefined {
  return scene.world.get(kind, id) ?? untouched(registry.kinds.get(kind), id, scene)
}

function untouched(named: Named<Kind> | undefined, id: string, scene: Scene): object | undefined {
  return named?.row.untouched?.(id, named.api.sceneOf(scene).session)
}

/** When a step is due that begins to wait now. Where a day has to come, that day is what a time on the clock means. */
function timingOf(policy: Policy = MANUAL, now: number, date: number | undefined): Pick<WaitingStep, 'due' | 'reads'> | undefined {
  switch (policy.kind) {
    case 'manual':
      return undefined
    case 'immediately':
      return { due: now, reads: undefined }
    case 'after':
      return { due: date === undefined ? now + policy.milliseconds : Math.max(now, date), reads: undefined }
    case 'reads':
      return { due: undefined, reads: policy.count }
    default:
      return policy satisfies never
  }
}

const MANUAL: Policy = { kind: 'manual' }

function stepId({ id, part }: Moved, step: string): string {
  return part === undefined ? `${id} ${step}` : `${id} ${part} ${step}`
}
