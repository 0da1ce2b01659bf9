import { asBundled } from '../../apis/kinds.ts'
import type { Moved, Policy, WaitingStep } from './settings.ts'
import type { StepName } from './written.ts'
import type { Scene } from '../behaviour.ts'
import { instantOf } from '../clock.ts'
import { type Allocation, handOn } from '../../apis/oms/allocation.ts'
import { allocationPopulation, tenantAt } from '../../apis/oms/population.ts'
import { answerCancellation } from '../../apis/supplier/cancellation.ts'
import { allocate, type Line, type Order, type Transition } from '../../apis/supplier/order.ts'
import { orderPopulation } from '../../apis/supplier/population.ts'
import { type Change, Draft, type World } from '../world.ts'

/**
 * What waits for what has changed: steps that begin to wait, and those that have nothing to wait for any more. `scene` has the changes in
 * it already. Only what a session has changed, or a scenario has placed, goes on; the population rests.
 */
export function waitFor(changes: readonly Change[], scene: Scene): readonly Change[] {
  const { progress } = scene.session
  if (!progress) return []
  const made: Change[] = []
  for (const { on, step, date, isNext } of changes.flatMap(({ kind, id }) => movable(kind, id, scene))) {
    const id = stepId(on, step)
    const known = scene.world.get('step', id)
    const timing = isNext ? timingOf(progress[step], scene.now, date) : undefined
    if (!timing && known) made.push({ kind: 'step', id, to: undefined })
    // What waits already goes on waiting, unless it is for another date.
    if (timing && (!known || (date !== undefined && timing.due !== undefined && timing.due !== known.due)))
      made.push({ kind: 'step', id, to: { id, step, on, ...timing } })
  }
  return made
}

/** All steps anew, for a session that has come to another policy. */
export function waitAnew(scene: Scene): readonly Change[] {
  const { world } = scene
  const gone = [...world.all('step')].map(({ id }): Change => ({ kind: 'step', id, to: undefined }))
  const { world: bundled } = asBundled(scene)
  const touched: Change[] = [
    ...[...bundled.all('order')].map((to): Change => ({ kind: 'order', id: to.id, to })),
    ...[...bundled.all('allocation')].map((to): Change => ({ kind: 'allocation', id: `${to.tenant}/${to.document.allocationId}`, to })),
  ]
  return [...gone, ...waitFor(touched, { ...scene, world: new Draft(world, gone) })]
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
export function readOnce(scene: Scene, kind: Moved['kind'], id: string): readonly Change[] {
  const { world, now } = scene
  // What nobody has touched rests, however often it is read.
  if (!world.get(kind, id)) return []
  return movable(kind, id, scene).flatMap(({ on, step }): Change[] => {
    const waiting = world.get('step', stepId(on, step))
    if (waiting?.reads === undefined) return []
    const reads = waiting.reads - 1
    return [{ kind: 'step', id: waiting.id, to: { ...waiting, ...(reads > 0 ? { reads } : { reads: undefined, due: now }) } }]
  })
}

/** Takes a step. @returns what it changes, or why it cannot be taken any more */
export function take({ step, on }: Pick<WaitingStep, 'step' | 'on'>, scene: Scene): readonly Change[] | string {
  const { session, now } = scene
  if (on.kind === 'allocation') {
    const allocation = allocationAt(on.id, scene)
    const next = allocation && NEXT_STATUS.get(allocation.document.statusCode)
    if (!allocation || next?.step !== step) return `allocation ${on.id} is not where the step begins`
    return [{ kind: 'allocation', id: on.id, to: handOn(allocation, next.status, session, now) }]
  }
  const order = orderAt(on.id, scene)
  const line = order?.lines.find(({ id }) => id === on.line)
  if (!order || !line) return `there is no line ${on.line} of order ${on.id}`
  const result: Transition =
    step === 'cancellation'
      ? answerCancellation(order, line.supplier, 'confirm', line.id)
      : allocate(order, line.supplier, [arrived(line)], { ...session.assumptions, 'supplier.allocate.lines': 'portion' })
  return result.kind === 'refused' ? result.problem.detail : [{ kind: 'order', id: order.id, to: result.order }]
}

/** The steps that an entity would take next, for who does not want to wait; also one that nobody has touched. Undefined for one that is not there. */
export function nextSteps(
  { kind, id }: { readonly kind: Moved['kind']; readonly id: string },
  scene: Scene,
): readonly Pick<WaitingStep, 'step' | 'on'>[] | undefined {
  const found = kind === 'order' ? orderAt(id, scene) : allocationAt(id, scene)
  return found && movable(kind, id, scene).filter(({ isNext }) => isNext)
}

function arrived(line: Line): Parameters<typeof allocate>[2][number] {
  return {
    lineId: line.id,
    ordered: undefined,
    allocated: line.allocated + line.backordered,
    accepted: undefined,
    backordered: 0,
    rejected: line.rejected,
    backorderDate: null,
    poNumber: undefined,
    invoiceNumber: undefined,
  }
}

const NEXT_STATUS: ReadonlyMap<string, { readonly step: StepName; readonly status: 'PENDING_DROP' | 'PENDING_PICK' }> = new Map([
  ['ALLOCATED', { step: 'queued', status: 'PENDING_DROP' }],
  ['PENDING_DROP', { step: 'sent', status: 'PENDING_PICK' }],
])

/** A step that an entity can come to, and whether that is what it waits for now. */
interface Movable {
  readonly on: Moved
  readonly step: StepName
  /** A day that has to come, in milliseconds since 1970. */
  readonly date: number | undefined
  readonly isNext: boolean
}

function movable(kind: Change['kind'], id: string, scene: Scene): readonly Movable[] {
  if (kind === 'allocation') {
    const document = allocationAt(id, scene)?.document
    const next = document?.type === 'ALLOCATED' ? NEXT_STATUS.get(document.statusCode)?.step : undefined
    return (['queued', 'sent'] as const).map((step) => ({ on: { kind, id }, step, date: undefined, isNext: step === next }))
  }
  if (kind !== 'order') return []
  return (orderAt(id, scene)?.lines ?? []).flatMap((line): Movable[] => {
    const on: Moved = { kind, id, line: line.id }
    const isWaiting = line.backordered > 0 && line.cancellation === 'none'
    const date = line.backorderDate === null ? undefined : instantOf(line.backorderDate)?.milliseconds
    return [
      { on, step: 'cancellation', date: undefined, isNext: line.cancellation === 'pending' },
      { on, step: 'backorder', date, isNext: isWaiting },
    ]
  })
}

function orderAt(id: string, scene: Scene): Order | undefined {
  const { world, session } = asBundled(scene)
  return world.get('order', id) ?? orderPopulation(session).order(id)
}

function allocationAt(id: string, scene: Scene): Allocation | undefined {
  const { world, session } = asBundled(scene)
  const { tenant, rest } = tenantAt(id)
  return world.get('allocation', id) ?? allocationPopulation(session, tenant).allocation(rest)
}

/** When a step is due that begins to wait now. Where a day has to come, that day is what a time on the clock means. */
function timingOf(policy: Policy, now: number, date: number | undefined): Pick<WaitingStep, 'due' | 'reads'> | undefined {
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

function stepId(on: Moved, step: StepName): string {
  return on.kind === 'order' ? `${on.id} ${on.line} ${step}` : `${on.id} ${step}`
}
