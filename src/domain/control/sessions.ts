import type { Input } from '../../http.ts'
import type { Behaviour, Bound, Command, WantedSession } from '../behaviour.ts'
import type { SessionName } from './session.ts'

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

function commanding<I extends Input>(make: (input: I) => Command): Behaviour<I> {
  return { admits: ['operator'], run: (input) => ({ kind: 'command', command: make(input) }) }
}

export const sessionBehaviours: Readonly<Record<string, Behaviour>> = {
  listSessions: commanding(() => ({ kind: 'list-sessions' })),
  createSession: commanding<CreateInput>(({ body }) => ({ kind: 'create-session', wanted: body })),
  getSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'show-session', name })),
  dropSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'drop-session', name })),
  resetSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'reset-session', name })),
  forkSession: commanding<ForkInput>(({ path: { name }, body: { into } }) => ({ kind: 'fork-session', name, into })),
  exportSession: commanding<NameInput>(({ path: { name } }) => ({ kind: 'export-session', name })),
  listSnapshots: commanding<NameInput>(({ path: { name } }) => ({ kind: 'list-snapshots', name })),
  takeSnapshot: commanding<TakeSnapshotInput>(({ path: { name }, body }) => ({ kind: 'take-snapshot', name, snapshot: body.name })),
  restoreSnapshot: commanding<SnapshotInput>(({ path }) => ({ kind: 'restore-snapshot', ...path })),
  dropSnapshot: commanding<SnapshotInput>(({ path }) => ({ kind: 'drop-snapshot', ...path })),
  listBindings: commanding<NameInput>(({ path: { name } }) => ({ kind: 'list-bindings', name })),
  bindSession: commanding<BindInput>(({ path: { name }, body }) => ({ kind: 'bind', name, to: body })),
  unbindSession: commanding<BindInput>(({ path: { name }, body }) => ({ kind: 'unbind', name, to: body })),
  listScenarios: commanding(() => ({ kind: 'list-scenarios' })),
  getScenario: commanding<ScenarioInput>(({ path }) => ({ kind: 'show-scenario', name: path.scenario })),
}
