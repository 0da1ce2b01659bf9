import type { Input, Problem } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import { type Behaviour, type Outcome, refused, reply, type Scene } from '../core/behaviour.ts'
import { advanced, type Clock, isTime, readClock, readDuration, timeOf, type WrittenClock } from '../core/clock.ts'
import { faultCounter, faultView } from '../core/scenario/fault.ts'
import { accountNamed, entityId } from '../apis/oms/query.ts'
import { nextSteps, take, waitAnew } from '../core/scenario/progress.ts'
import { STEP_NAMES, STEPS, type WrittenFault, type WrittenProgress } from '../core/scenario/written.ts'
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
  readonly body: { readonly order: string } | { readonly allocation: string; readonly account?: string; readonly stage?: string }
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
  admits: ['operator'],
  begins: true,
  run({ path, body }, _caller, scene) {
    const clock = readClock(body.clock)
    return clock ? setClock(path.name, clock, scene) : refused(noClock(body.clock))
  },
}

function noClock(written: WrittenClock): Problem {
  const at = typeof written === 'string' ? '' : 'frozen' in written ? '/frozen' : '/shifted'
  const issue = {
    at: `/body/clock${at}`,
    rule: 'clock-impossible',
    message: 'is no time or duration',
    fix: 'give a time like 2026-01-31T12:00:00Z, or a duration like 2h',
  }
  return { code: 'request-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue] }
}

const advanceClock: Behaviour<AdvanceInput> = {
  admits: ['operator'],
  run: ({ path, body }, _caller, scene) => setClock(path.name, advanced(scene.session.clock, readDuration(body.by) ?? 0), scene),
}

const putProgress: Behaviour<ProgressInput> = {
  admits: ['operator'],
  begins: true,
  run({ path, body }, _caller, scene) {
    const session: Session = { ...scene.session, progress: readProgress(body.progress) }
    return set(path.name, session, waitAnew({ ...scene, session }))
  },
}

/** Takes the next step of an order or an allocation, whatever it waits for: each line of an order that has one. */
const takeStep: Behaviour<StepInput> = {
  admits: ['operator'],
  run({ body }, _caller, scene) {
    const on =
      'order' in body
        ? ({ kind: 'order', id: body.order } as const)
        : ({ kind: 'allocation', id: entityId(accountNamed(body), body.allocation) } as const)
    const steps = nextSteps(on, scene)
    const what = `${on.kind} ${'order' in body ? body.order : body.allocation}`
    if (!steps)
      return refused({
        code: on.kind === 'order' ? 'order-unknown' : 'allocation-unknown',
        detail: `there is no ${what}`,
        fix: 'GET /__mock/sessions/{name}/entities lists what there is',
      })
    const draft = new Draft(scene.world)
    const taken: string[] = []
    for (const step of steps) {
      const changes = take(step, { ...scene, world: draft })
      if (typeof changes === 'string') return refused({ code: 'step-impossible', detail: changes })
      draft.apply(changes)
      taken.push(step.step)
    }
    if (taken.length === 0)
      return refused({
        code: 'step-impossible',
        detail: `nothing more happens to ${what} by itself`,
        fix: `steps are: ${STEP_NAMES.map((name) => `${name} (${STEPS[name]})`).join('; ')}`,
      })
    return reply(200, { steps: taken }, draft.changes)
  },
}

const listFaults: Behaviour<NameInput> = {
  admits: ['operator'],
  run: (_input, _caller, scene) => reply(200, { faults: scene.session.faults.map((fault) => faultView(fault, scene)) }),
}

const dropFaults: Behaviour<NameInput> = {
  admits: ['operator'],
  run: (_input, _caller, { session }) => without(session, ({ id }) => session.faults.some((fault) => fault.id === id)),
}

const dropFault: Behaviour<OneFaultInput> = {
  admits: ['operator'],
  run({ path }, _caller, { session }) {
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
  return reply(204, undefined, [{ kind: 'session', id: SESSION_ID, to: { ...session, faults } }, ...changes])
}

const MAX_FAULTS = 1_000
/** What the faults of a session may be long, as they are written. */
const MAX_FAULT_SIZE = 1_000_000

/** @param known what faults may name */
export function settingBehaviours(known: Pick<Known, 'operations'>): Readonly<Record<string, Behaviour>> {
  const addFault: Behaviour<FaultInput> = {
    admits: ['operator'],
    begins: true,
    run({ body }, _caller, { session, now }) {
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
          detail: `the faults of the session would be ${size} characters long, and ${MAX_FAULT_SIZE} is the most`,
          fix: 'switch some off, or answer with less',
        })
      if (session.faults.length >= MAX_FAULTS)
        return refused({ code: 'scenario-impossible', detail: `the session has ${MAX_FAULTS} faults`, fix: 'switch some off' })
      return reply(201, fault.written, [
        { kind: 'session', id: SESSION_ID, to: { ...session, faults: [...session.faults, { ...fault, since: now }] } },
      ])
    },
  }
  return { putClock, advanceClock, putProgress, takeStep, listFaults, addFault, dropFault, dropFaults }
}
