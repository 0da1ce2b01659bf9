/** What users import. */
export { UsageError } from './base/problem.ts'
export { connect, ControlError } from './client/client.ts'
export type {
  AddedFault,
  Binding,
  Brought,
  Client,
  Clock,
  ControlProblem,
  Data,
  EntityFilter,
  EntityKind,
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
export { replay } from './recording/replay.ts'
export type { Different, Repeated, Replayed } from './recording/replay.ts'
export { compareContracts, coverContracts, verifyContracts } from './verification/verify.ts'
export type { ContractOptions, Coverage, Covered, Report, Row, VerifyContractsOptions } from './verification/verify.ts'
export type { Change, World } from './core/world.ts'
export type { StateDefinition } from './core/scenario/state.ts'
export type { CheckedScenario, States } from './library.ts'
export type { MockOptions } from './options.ts'
export type { RequestSummary } from './server/summary.ts'
export type { SessionName } from './base/session-name.ts'
export type { Store, Work } from './store/store.ts'
export { assumptionList, checkScenarios, createMock, findStates, listScenarios } from './mock.ts'
export type { AssumptionRow, FoundState, Listening, Mock, ScenarioRow } from './mock.ts'
