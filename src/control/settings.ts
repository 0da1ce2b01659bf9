import type { Input, Problem } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import { type Behaviour, type Outcome, refused, reply, type Scene } from '../core/behaviour.ts'
import { advanced, type Clock, isTime, readClock, readDuration, timeOf, type WrittenClock } from '../core/clock.ts'
import { faultCounter, faultView } from '../core/scenario/fault.ts'
import { nextSteps, take, waitAnew } from '../core/scenario/progress.ts'
import type { WrittenFault, WrittenProgress } from '../core/scenario/written.ts'
import type { Registry } from '../core/registry.ts'
import type { Known } from '../core/scenario/known.ts'
import { readFaults, readProgress } from '../core/scenario/scenario.ts'
import { type Change, Draft } from '../core/world.ts'
import { SESSION_ID, type Session } from '../core/session.ts'
import type { SessionName } from '../base/session-name.ts'

/** What the control API sets in a session: its clock, what goes on in it by itself, what goes wrong in it. */

interface NameInput extends Input {
  readonly path: { readonly name: SessionName }
}

interface ClockInput extends NameInput {
  readonly body: { readonly clock: WrittenClock }
}

interface AdvanceInput extends NameInput {
  readonly body: { readonly by: string }
}

interface ProgressInput extends NameInput {
  readonly body: { readonly progress: WrittenProgress }
}

interface FaultInput extends NameInput {
  readonly body: WrittenFault
}

interface OneFaultInput extends Input {
  readonly path: { readonly name: SessionName; readonly fault: string }
}

interface StepInput extends NameInput {
  /** A kind with an id, and whose it is. */
  readonly body: Readonly<Record<string, string>>
}

/** A change of the session's settings; the answer is the session as it then is. */
function set(name: SessionName, to: Session, more: readonly Change[] = []): Outcome {
  return { kind: 'command', command: { kind: 'show-session', name }, changes: [{ kind: 'session', id: SESSION_ID, to }, ...more] }
}

function setClock(name: SessionName, clock: Clock, { session, now, real }: Scene): Outcome {
  const then = timeOf(clock, real)
  if (!isTime(then))
    return refused({
      code: 'clock-impossible',
      detail: 'the clock would show a time that no document can write',
      fix: 'stay between 1970-06-01 and 9999-01-01',
    })
  if (then < now)
    return refused({
      code: 'clock-impossible',
      detail: `the clock would go back from ${new Date(now).toISOString()} to ${new Date(then).toISOString()}`,
      fix: 'time goes forward; reset the session, or begin another with this clock',
    })
  return set(name, { ...session, clock })
}

const putClock: Behaviour<ClockInput> = {
  asFirst: 'begins',
  run({ path, body }, scene) {
    const clock = readClock(body.clock)
    return clock ? setClock(path.name, clock, scene) : refused(noClock(body.clock))
  },
}

function noClock(written: WrittenClock): Problem {
  const at = typeof written === 'string' ? '' : 'frozen' in written ? '/frozen' : '/shifted'
  const issue = {
    at: `/body/clock${at}`,
    rule: 'clock-impossible',
    message: 'is not a valid time or duration',
    fix: 'give a time like 2026-01-31T12:00:00Z, or a duration like 2h',
  }
  return { code: 'request-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue] }
}

const advanceClock: Behaviour<AdvanceInput> = {
  run: ({ path, body }, scene) => setClock(path.name, advanced(scene.session.clock, readDuration(body.by) ?? 0), scene),
}

const putProgress = (registry: Registry): Behaviour<ProgressInput> => ({
  asFirst: 'begins',
  run({ path, body }, scene) {
    const issues: Parameters<typeof readProgress>[2] = []
    const session: Session = { ...scene.session, progress: readProgress(body.progress, registry, issues) }
    const [wrong] = issues
    if (wrong) return refused({ ...wrong, code: 'request-invalid', detail: `/body${wrong.at} ${wrong.message}` })
    return set(path.name, session, waitAnew({ world: scene.world, session, now: scene.now, real: scene.real }, registry))
  },
})

/** Takes the next steps of an entity, whatever they wait for: of each of its parts that has one. */
const takeStep = (registry: Registry): Behaviour<StepInput> => ({
  run({ body }, { world, session, now, real }) {
    const [kind = '', id = ''] = Object.entries(body).find(([name]) => registry.kinds.has(name)) ?? []
    const named = registry.kinds.get(kind)
    const scene: Scene = { world, session, now, real }
    const steps = nextSteps({ kind, id: named?.row.keyOf?.(id, body) ?? id }, scene, registry)
    const what = `${kind} ${id}`
    if (!steps)
      return refused({
        code: 'entity-unknown',
        detail: `there is no ${what}`,
        fix: 'GET /__mock/sessions/{name}/entities lists what there is',
      })
    const draft = new Draft(world)
    const taken: string[] = []
    for (const step of steps) {
      const changes = take(step, { ...scene, world: draft }, registry)
      if (typeof changes === 'string') return refused({ code: 'step-impossible', detail: changes })
      draft.apply(changes)
      taken.push(step.step)
    }
    if (taken.length === 0)
      return refused({
        code: 'step-impossible',
        detail: `nothing more happens to ${what} by itself`,
        fix:
          registry.steps.size === 0
            ? 'no API that is served has steps; add them with `steps` of defineApi'
            : `steps are: ${[...registry.steps].map(([name, { row }]) => `${name} (${row.text})`).join('; ')}`,
      })
    return reply(200, { steps: taken }, { changes: draft.changes })
  },
})

const listFaults: Behaviour<NameInput> = {
  run: (_input, scene) => reply(200, { faults: scene.session.faults.map((fault) => faultView(fault, scene)) }),
}

const dropFaults: Behaviour<NameInput> = {
  run: (_input, { session }) => without(session, ({ id }) => session.faults.some((fault) => fault.id === id)),
}

const dropFault: Behaviour<OneFaultInput> = {
  run({ path }, { session }) {
    const ids = session.faults.map(({ id }) => id)
    if (!ids.includes(path.fault))
      return refused({
        code: 'fault-unknown',
        detail: `the session has no fault "${path.fault}"`,
        fix: ids.length === 0 ? 'it has none' : `it has ${nearest(path.fault, ids).join(', ')}`,
      })
    return without(session, ({ id }) => id === path.fault)
  },
}

/** Switches faults off, and forgets how often they looked at a request. */
function without(session: Session, isGone: (fault: { readonly id: string }) => boolean): Outcome {
  const changes = session.faults.filter(isGone).map(({ id }): Change => ({ kind: 'counter', id: faultCounter(id), to: undefined }))
  const faults = session.faults.filter((fault) => !isGone(fault))
  return reply(204, undefined, { changes: [{ kind: 'session', id: SESSION_ID, to: { ...session, faults } }, ...changes] })
}

const MAX_FAULTS = 1_000
/** What the faults of a session may be long, as they are written. */
const MAX_FAULT_SIZE = 1_000_000

/** @param known what faults may name */
export function settingBehaviours(known: Pick<Known, 'operations' | 'registry'>): Readonly<Record<string, Behaviour>> {
  const addFault: Behaviour<FaultInput> = {
    asFirst: 'begins',
    run({ body }, { session, now }) {
      const issues: Parameters<typeof readFaults>[4] = []
      const [fault] = readFaults([body], '', session.faults, known, issues)
      const wrong = issues.map((issue) => ({ ...issue, at: `/body${issue.at.replace(/^\/0/, '')}`, rule: 'scenario-impossible' }))
      if (wrong.length > 0 || !fault)
        return refused({
          code: 'scenario-impossible',
          detail: wrong.map(({ at, message }) => `${at} ${message}`).join('; '),
          ...(wrong[0]?.fix !== undefined && { fix: wrong[0].fix }),
          issues: wrong,
        })
      const size = [...session.faults, fault].reduce((sum, { written }) => sum + JSON.stringify(written).length, 0)
      if (size > MAX_FAULT_SIZE)
        return refused({
          code: 'scenario-impossible',
          detail: `the faults of the session would be ${size} characters long, at most ${MAX_FAULT_SIZE} may be`,
          fix: 'switch some off, or answer with less',
        })
      if (session.faults.length >= MAX_FAULTS)
        return refused({ code: 'scenario-impossible', detail: `the session has ${MAX_FAULTS} faults`, fix: 'switch some off' })
      const faults = [...session.faults, { ...fault, since: now }]
      return reply(201, fault.written, { changes: [{ kind: 'session', id: SESSION_ID, to: { ...session, faults } }] })
    },
  }
  const { registry } = known
  return {
    putClock,
    advanceClock,
    putProgress: putProgress(registry),
    takeStep: takeStep(registry),
    listFaults,
    addFault,
    dropFault,
    dropFaults,
  }
}
