import { ANYBODY, type Caller, type Scene } from '../core/behaviour.ts'
import type { Session } from '../core/session.ts'
import { compareDue, type DueStep, dueSteps, isDue, subjectOf, take, waitFor } from '../core/scenario/progress.ts'
import { place } from '../core/scenario/place.ts'
import { type Call, TIMELINE, type TimelineStep } from '../core/scenario/settings.ts'
import { noRoom } from '../core/room.ts'
import { weightOf } from '../core/size.ts'
import { type Change, counted, Draft, isOf, nextNumber, type World } from '../core/world.ts'
import type { MockRequest, Problem } from '../base/http.ts'
import { RequestChecks } from './checks.ts'
import { BehaviourError } from './guarded.ts'
import { runBehaviour } from './run.ts'
import type { Around, Service } from './service.ts'

/** Something that went on in a session without a caller. */
export interface DoneStep {
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

/** What was due and is done. */
interface Done {
  readonly world: World
  readonly changes: readonly Change[]
  readonly steps: readonly DoneStep[]
  /** More is due. */
  readonly isBehind: boolean
}

/** One piece of work ends after this number of steps, or of bytes put: some 50 milliseconds. */
const MOST_STEPS = 250
const MOST_BYTES = 500_000

/**
 * Takes the steps that are due by now, those of the timeline included, in the order in which they are due, each with its own time as now: all
 * of them, or as many as one piece of work may have. Where a piece ends makes no difference to what comes of them.
 */
export function takeDueSteps(kept: World, session: Session, now: number, around: Around): Done {
  const { timeline } = session.from
  const { real } = around
  let number = timeline.length === 0 ? 0 : nextNumber(kept, TIMELINE)
  const { steps, last } = dueSteps(kept, now, MOST_STEPS)
  // The last is the first to come.
  const waiting = steps.toReversed()
  const isTimed = (): boolean => (timeline[number]?.at ?? Number.POSITIVE_INFINITY) + session.begun <= now
  if (waiting.length === 0 && !isTimed()) return { world: kept, changes: [], steps: [], isBehind: false }
  const world = new Draft(kept)
  const done: DoneStep[] = []
  let bytes = 0
  const keep = (wanted: DoneStep): void => {
    const following = waitFor(wanted.changes, { world: new Draft(world, wanted.changes), session, now: wanted.now, real }, around.registry)
    const all = [...wanted.changes, ...following]
    const problem = noRoom(all, world, around.room)
    done.push(problem ? { ...wanted, changes: [], problem } : wanted)
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
    if (!isMore || (!step && last) || done.length >= MOST_STEPS || bytes >= MOST_BYTES)
      return { world, changes: world.changes, steps: done, isBehind: isMore }
    if (step && (due === undefined || step.due <= due)) {
      waiting.pop()
      world.apply([{ kind: 'step', id: step.id, to: undefined }])
      keep(takeDue(step, { world, session, now: step.due, real }, around))
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

function takeDue({ step, on, due }: DueStep, scene: Scene, { registry }: Around): DoneStep {
  const result = take({ step, on }, scene, registry)
  const common = { origin: 'progress', now: due, name: step, subject: subjectOf(on, registry), body: undefined } as const
  return typeof result === 'string'
    ? { ...common, changes: [], problem: { code: 'step-impossible', detail: result } }
    : { ...common, changes: result, problem: undefined }
}

function happen(step: TimelineStep, scene: Scene, around: Around): DoneStep {
  const common = { origin: 'timeline', now: scene.now } as const
  switch (step.kind) {
    case 'exists': {
      const placed = place(step.data, scene, around.registry)
      const what = { ...common, name: 'exists', subject: 'exists', body: step.data }
      if (placed.kind === 'brought') return { ...what, changes: placed.changes, problem: undefined }
      const detail = placed.issues.map(({ at, message }) => `${at} ${message}`).join('; ')
      return { ...what, changes: [], problem: { code: 'state-impossible', detail } }
    }
    case 'call':
      try {
        return { ...common, ...call(step, scene, around) }
      } catch (error) {
        if (!(error instanceof BehaviourError)) throw error
        // Nobody who only looks at the session is to blame.
        const problem: Problem = { code: 'behaviour-broken', detail: error.message }
        return { ...common, name: step.operation, subject: step.operation, body: step.body, changes: [], problem }
      }
    default:
      return step satisfies never
  }
}

/** Somebody calls an operation: it is checked like a client's request. */
function call(step: Call, scene: Scene, around: Around): Pick<DoneStep, 'name' | 'subject' | 'body' | 'changes' | 'problem'> {
  const { operation: name, body } = step
  const refused = (problem: Problem, subject = name): ReturnType<typeof call> => ({ name, subject, body, changes: [], problem })
  const impossible = (detail: string, subject?: string): ReturnType<typeof call> => refused({ code: 'step-impossible', detail }, subject)
  const service = around.services.find(({ contract, nameOf }) => contract.operations.some(({ id }) => nameOf(id) === name))
  const operation = service?.contract.operations.find(({ id }) => service.nameOf(id) === name)
  const behaviour = operation && service?.behaviours[operation.id]
  if (!service || !operation || !behaviour) return impossible(`there is no behaviour of an operation "${name}"`)
  const { caller, headers } = callerOf(step, behaviour.admits ?? [], service, around)
  if (!caller) return impossible(`${JSON.stringify(step.as)} is not somebody who calls ${service.member.api.name}`)
  const used = new Set<string>()
  const path = operation.template.replaceAll(/\{([^{}]+)\}/g, (_all, parameter: string) => {
    used.add(parameter)
    return encodeURIComponent(step.parameters[parameter] ?? '')
  })
  const request: MockRequest = {
    method: operation.method,
    path: service.contract.base + path,
    query: new URLSearchParams(Object.entries(step.parameters).filter(([parameter]) => !used.has(parameter))).toString(),
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? { kind: 'none' } : { kind: 'text', text: JSON.stringify(body) },
    prefix: '',
  }
  const subject = `${request.method} ${request.path}${request.query === '' ? '' : `?${request.query}`}`
  const checked = new RequestChecks(service, request, scene, { ...around, strict: true }, caller).run()
  if ('code' in checked) return refused(checked, subject)
  const { outcome, changes } = runBehaviour(checked, service, false)
  switch (outcome.kind) {
    case 'reply':
      return { name, subject, body, changes, problem: undefined }
    case 'refused':
      return refused(outcome.problem, subject)
    case 'command':
      return impossible(`"${name}" is for the server, not for a session`, subject)
    default:
      return outcome satisfies never
  }
}

/** Who calls, and the headers that say so: the first whom the operation is for, where nobody is named. No caller for a name of another API. */
function callerOf(
  { as }: Call,
  admits: readonly string[],
  { member }: Service,
  { registry }: Around,
): { readonly caller: Caller | undefined; readonly headers: Readonly<Record<string, string>> } {
  const word = as ? Object.keys(as).find((name) => registry.callers.has(name)) : undefined
  const named = word === undefined ? undefined : registry.callers.get(word)
  if (as && named?.api !== member) return { caller: undefined, headers: {} }
  const row = named?.row ?? member.api.callers.as?.[admits[0] ?? '']
  const written = as ?? {}
  const headers = Object.entries(row?.headers?.(written) ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  return { caller: row?.caller(written) ?? ANYBODY, headers: Object.fromEntries(headers) }
}
