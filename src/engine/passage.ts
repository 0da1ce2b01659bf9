import type { Scene } from '../core/behaviour.ts'
import type { Session } from '../core/session.ts'
import { accountNamed } from '../apis/oms/query.ts'
import { compareDue, type DueStep, dueSteps, isDue, take, waitFor } from '../core/scenario/progress.ts'
import { place } from '../core/scenario/place.ts'
import { PERMISSIONS_OF } from '../apis/supplier/user.ts'
import { type Call, TIMELINE, type TimelineStep } from '../core/scenario/settings.ts'
import { noRoom } from '../core/room.ts'
import { weightOf } from '../core/size.ts'
import { type Change, counted, Draft, isOf, nextNumber, type World } from '../core/world.ts'
import type { Caller, MockRequest, Problem } from '../base/http.ts'
import { Road } from './road.ts'
import type { Around } from './service.ts'

/** Something that went on in a session without a caller. */
export interface Passed {
  readonly origin: 'progress' | 'timeline'
  /** When it was due, by the session's clock. */
  readonly now: number
  /** The step or the operation. */
  readonly name: string
  /** What it was about: an entity, or a method and a path. */
  readonly subject: string
  readonly body: unknown
  readonly changes: readonly Change[]
  /** Why it did not happen. */
  readonly problem: Problem | undefined
}

/** What has come to pass. */
interface Passage {
  readonly world: World
  readonly changes: readonly Change[]
  readonly passed: readonly Passed[]
  /** More is due. */
  readonly isBehind: boolean
}

/** One piece of work ends with so many steps, or when they have put so many bytes: some 50 milliseconds. */
const MOST_STEPS = 250
const MOST_BYTES = 500_000

/**
 * What is due until now comes to pass, in the order in which it is due, each with its own time as now: all of it, or as much as one piece of
 * work may be. Where a piece ends makes no difference to what comes to pass.
 */
export function passTime(kept: World, session: Session, now: number, around: Around): Passage {
  const { timeline } = session.from
  const { real } = around
  let number = timeline.length === 0 ? 0 : nextNumber(kept, TIMELINE)
  const { steps, last } = dueSteps(kept, now, MOST_STEPS)
  // The last is the first to come.
  const waiting = steps.toReversed()
  const isTimed = (): boolean => (timeline[number]?.at ?? Number.POSITIVE_INFINITY) + session.begun <= now
  if (waiting.length === 0 && !isTimed()) return { world: kept, changes: [], passed: [], isBehind: false }
  const world = new Draft(kept)
  const passed: Passed[] = []
  let bytes = 0
  const keep = (wanted: Passed): void => {
    const following = waitFor(wanted.changes, { world: new Draft(world, wanted.changes), session, now: wanted.now, real })
    const all = [...wanted.changes, ...following]
    const problem = noRoom(all, world, around.room)
    passed.push(problem ? { ...wanted, changes: [], problem } : wanted)
    if (problem) return
    world.apply(all)
    for (const { id, to } of all) bytes += weightOf(id, to)
    // What began to wait may be due in its turn, before what stands next.
    for (const change of following)
      if (isOf(change, 'step') && isDue(change.to, now) && (!last || compareDue(change.to, last) < 0)) insert(change.to, waiting)
  }
  /** The next step to come, past those that have gone since, or wait for another time. */
  const first = (): DueStep | undefined => {
    for (;;) {
      const step = waiting.at(-1)
      if (!step || world.get('step', step.id)?.due === step.due) return step
      waiting.pop()
    }
  }
  for (;;) {
    const step = first()
    const next = timeline[number]
    const due = next && next.at + session.begun
    const isMore = step !== undefined || last !== undefined || (due !== undefined && due <= now)
    // Behind the last step that was looked for there may be others, before what stands next.
    if (!isMore || (!step && last) || passed.length >= MOST_STEPS || bytes >= MOST_BYTES)
      return { world, changes: world.changes, passed, isBehind: isMore }
    if (step && (due === undefined || step.due <= due)) {
      waiting.pop()
      world.apply([{ kind: 'step', id: step.id, to: undefined }])
      keep(goOn(step, { world, session, now: step.due, real }))
    } else if (next && due !== undefined) {
      number++
      world.apply([counted(TIMELINE, number)])
      keep(happen(next, { world, session, now: due, real }, around))
    }
  }
}

/** Puts a step among those that wait, of which the last is the first to come. */
function insert(step: DueStep, waiting: DueStep[]): void {
  let [from, to] = [0, waiting.length]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const other = waiting[middle]
    if (other && compareDue(other, step) > 0) from = middle + 1
    else to = middle
  }
  waiting.splice(from, 0, step)
}

function goOn({ step, on, due }: DueStep, scene: Scene): Passed {
  const result = take({ step, on }, scene)
  const subject = on.kind === 'order' ? `order ${on.id}, line ${on.line}` : `allocation ${on.id}`
  const common = { origin: 'progress', now: due, name: step, subject, body: undefined } as const
  return typeof result === 'string'
    ? { ...common, changes: [], problem: { code: 'step-impossible', detail: result } }
    : { ...common, changes: result, problem: undefined }
}

function happen(step: TimelineStep, scene: Scene, around: Around): Passed {
  const common = { origin: 'timeline', now: scene.now } as const
  switch (step.kind) {
    case 'exists': {
      const placed = place(step.data, scene)
      const what = { ...common, name: 'exists', subject: 'exists', body: step.data }
      if (placed.kind === 'brought') return { ...what, changes: placed.changes, problem: undefined }
      const detail = placed.issues.map(({ at, message }) => `${at} ${message}`).join('; ')
      return { ...what, changes: [], problem: { code: 'state-impossible', detail } }
    }
    case 'call':
      return { ...common, ...call(step, scene, around) }
    default:
      return step satisfies never
  }
}

/** Somebody calls an operation, by the same road as a client's request. */
function call(step: Call, scene: Scene, around: Around): Pick<Passed, 'name' | 'subject' | 'body' | 'changes' | 'problem'> {
  const { operation: name, body } = step
  const service = around.services.find(({ behaviours }) => Object.hasOwn(behaviours, name))
  const operation = service?.contract.operations.find(({ id }) => id === name)
  const behaviour = service?.behaviours[name]
  const refused = (problem: Problem, subject = name): ReturnType<typeof call> => ({ name, subject, body, changes: [], problem })
  if (!service || !operation || !behaviour) return refused({ code: 'step-impossible', detail: `there is no operation "${name}"` })
  const caller = callerOf(step, behaviour.admits)
  const used = new Set<string>()
  const path = operation.template.replaceAll(/\{(\w+)\}/g, (_all, parameter: string) => {
    used.add(parameter)
    return encodeURIComponent(step.parameters[parameter] ?? '')
  })
  const request: MockRequest = {
    method: operation.method,
    path: service.contract.base + path,
    query: new URLSearchParams(Object.entries(step.parameters).filter(([parameter]) => !used.has(parameter))).toString(),
    headers: {
      'content-type': 'application/json',
      ...(caller.kind === 'account' && { 'x-site-context': JSON.stringify({ account: caller.account, stage: caller.stage }) }),
    },
    body: body === undefined ? { kind: 'none' } : { kind: 'text', text: JSON.stringify(body) },
    prefix: '',
  }
  const subject = `${request.method} ${request.path}${request.query === '' ? '' : `?${request.query}`}`
  const arrived = new Road(service, request, scene, { ...around, strict: true }, caller).travel()
  if ('code' in arrived) return refused(arrived, subject)
  const outcome = arrived.behaviour.run(arrived.input, arrived.caller, scene)
  switch (outcome.kind) {
    case 'reply':
      return { name, subject, body, changes: outcome.changes, problem: undefined }
    case 'refused':
      return refused(outcome.problem, subject)
    case 'command':
      return refused({ code: 'step-impossible', detail: `"${name}" is for the server, not for a session` }, subject)
    default:
      return outcome satisfies never
  }
}

/** Who calls; the first whom the operation is for, where nobody is named. */
function callerOf({ as }: Call, admits: readonly Caller['kind'][]): Caller {
  const kind = as?.kind ?? admits[0] ?? 'anybody'
  if (kind === 'supplier' || kind === 'retailer')
    return { kind, organization: as && as.kind !== 'account' ? as.organization : 1, permissions: PERMISSIONS_OF[kind] }
  if (kind === 'account') return accountNamed(as?.kind === 'account' ? as : {})
  return { kind: 'anybody' }
}
