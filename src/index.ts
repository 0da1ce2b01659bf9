/** What users import. */
export { OptionError, UsageError } from './base/problem.ts'
export { connect, ControlError } from './client/client.ts'
export type {
  AddedFault,
  Binding,
  Brought,
  Client,
  Clock,
  ControlProblem,
  Data,
  Due,
  DuePage,
  EntityFilter,
  EntityPage,
  ExampleFilter,
  ExampleRequest,
  Fault,
  KnownFault,
  MockSession,
  PastRequest,
  Progress,
  RequestFilter,
  Scenario,
  SessionInfo,
  SessionOptions,
  Snapshot,
  Steppable,
} from './client/client.ts'
export type { Different, Repeated, Replayed } from './recording/replay.ts'
export type { Coverage, Covered, Relying, Stray } from './verification/coverage.ts'
export type { ContractOptions, VerifyContractsOptions } from './verification/options.ts'
export type { Report, Row } from './verification/pact/pact.ts'
export type { Change, World } from './core/world.ts'
export type { StateDefinition } from './core/scenario/state.ts'
export type { CheckedScenario, States } from './library.ts'
export type { RequestSummary } from './server/summary.ts'
export type { SessionName } from './base/session-name.ts'
export type { OpenStore } from './store/store.ts'
export { assumptionList, checkScenarios, fileSchema, findStates, listScenarios } from './available.ts'
export type { AssumptionRow, FoundState, ScenarioRow } from './available.ts'
export { createMock } from './mock.ts'
export type { Listening, Mock, MockOptions } from './mock.ts'
export { compareContracts, coverContracts, replay, verifyContracts } from './wiring.ts'
