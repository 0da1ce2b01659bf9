import type { Input, Problem } from '../base/http.ts'
import { type Behaviour, type Bound, type Command, refused, type WantedSession } from '../core/behaviour.ts'
import type { Registry } from '../core/registry.ts'
import { dataIn } from '../core/scenario/lineage.ts'
import type { Data } from '../core/scenario/written.ts'
import type { SessionName } from '../base/session-name.ts'

/** What the control API asks of the server about sessions as a whole, and about what they can start from. */

interface NameInput extends Input {
  readonly path: { readonly name: SessionName }
}

interface CreateInput extends Input {
  readonly body: WantedSession
}

interface ForkInput extends NameInput {
  readonly body: { readonly into: SessionName }
}

interface TakeSnapshotInput extends NameInput {
  readonly body: { readonly name: string }
}

interface SnapshotInput extends Input {
  readonly path: { readonly name: SessionName; readonly snapshot: string }
}

interface BindInput extends NameInput {
  readonly body: Bound
}

interface ScenarioInput extends Input {
  readonly path: { readonly scenario: string }
}

/** The first request to a session may be one of these. */
const beginning = <I extends Input>(make: (input: I) => Command): Behaviour<I> => ({ ...commanding(make), asFirst: 'begins' })

function commanding<I extends Input>(make: (input: I) => Command): Behaviour<I> {
  return { run: (input) => ({ kind: 'command', command: make(input) }) }
}

/** How many entities one request may bring in: each is made as requests would have made it, in a tenth of a millisecond. */
const MAX_BROUGHT = 1_000

/** The refusal of data that would keep everybody waiting. */
export function tooMuchAtOnce(code: string, data: readonly Data[], { words, settings }: Registry): Problem | undefined {
  const heavy = [...words].flatMap(([word, { row }]) => (row.isLight ? [] : [word]))
  const count = data.reduce((sum, one) => heavy.reduce((more, word) => more + (one[word]?.length ?? 0), sum), 0)
  if (count <= MAX_BROUGHT) return undefined
  const settable = [...settings].flatMap(([name, { row }]) => (row.schema ? [`population.${name}`] : []))
  return {
    code,
    detail: `${count} of ${heavy.join(' and ')} would be brought in at once; at most ${MAX_BROUGHT} can be`,
    fix: `bring them in by several requests${settable.length === 0 ? '' : `, or let the population have as many: ${settable.join(', ')}`}`,
  }
}

/** What a saved session has already. */
const BESIDE_STATE = ['scenario', 'seed', 'clock', 'assume'] as const

const createSession = (registry: Registry): Behaviour<CreateInput> => ({
  run({ body }) {
    const { scenario } = body
    const beside = BESIDE_STATE.filter((name) => body[name] !== undefined)
    if (body.state !== undefined && beside.length > 0)
      return refused({
        code: 'request-invalid',
        detail: `/body/state stands beside ${beside.join(', ')}`,
        issues: beside.map((name) => ({
          at: `/body/${name}`,
          rule: 'state',
          message: 'stands beside a state, which has one',
          fix: 'leave it out',
        })),
      })
    const steps = typeof scenario === 'object' ? (scenario.timeline ?? []) : []
    const data = typeof scenario === 'object' ? [dataIn(scenario), ...steps.flatMap((step) => ('exists' in step ? [step.exists] : []))] : []
    const problem = tooMuchAtOnce('scenario-impossible', data, registry)
    return problem ? refused(problem) : { kind: 'command', command: { kind: 'create-session', wanted: body } }
  },
})

export const sessionBehaviours = (registry: Registry): Readonly<Record<string, Behaviour>> => ({
  listSessions: commanding(() => ({ kind: 'list-sessions' })),
  createSession: createSession(registry),
  getSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'show-session', name })),
  dropSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'drop-session', name })),
  resetSession: beginning<NameInput>(({ path: { name } }) => ({ kind: 'reset-session', name })),
  forkSession: commanding<ForkInput>(({ path: { name }, body: { into } }) => ({ kind: 'fork-session', name, into })),
  saveSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'save-session', name })),
  exportSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'export-session', name })),
  listSnapshots: commanding<NameInput>(({ path: { name } }) => ({ kind: 'list-snapshots', name })),
  takeSnapshot: commanding<TakeSnapshotInput>(({ path: { name }, body }) => ({ kind: 'take-snapshot', name, snapshot: body.name })),
  restoreSnapshot: commanding<SnapshotInput>(({ path }) => ({ kind: 'restore-snapshot', ...path })),
  dropSnapshot: commanding<SnapshotInput>(({ path }) => ({ kind: 'drop-snapshot', ...path })),
  listBindings: commanding<NameInput>(({ path: { name } }) => ({ kind: 'list-bindings', name })),
  bindSession: beginning<BindInput>(({ path: { name }, body }) => ({ kind: 'bind', name, to: body })),
  unbindSession: commanding<BindInput>(({ path: { name }, body }) => ({ kind: 'unbind', name, to: body })),
  listScenarios: commanding(() => ({ kind: 'list-scenarios' })),
  getScenario: commanding<ScenarioInput>(({ path }) => ({ kind: 'show-scenario', name: path.scenario })),
})
