import type { AssumptionName } from './assumption.ts'
import type { WrittenClock } from './clock.ts'
import type { Session } from './session.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Caller, Credentials, Input, MockReply, Problem } from '../base/http.ts'
import type { Scenario } from './scenario/written.ts'
import type { Change, Kinds, World } from './world.ts'

/** All that a behaviour may look at beside its input. */
export interface Scene<Of extends object = Kinds> {
  readonly world: World<Of>
  readonly session: Session
  /** The session's time, in milliseconds since 1970. */
  readonly now: number
  /** The world's time, in milliseconds since 1970: what its clock is read from. */
  readonly real: number
}

/** Where an exchange comes from: a client of the APIs, a control request, or a step that nobody asked for. */
export type Origin = 'request' | 'control' | 'progress' | 'timeline'

/** Which past exchanges are asked for. */
export interface ExchangeFilter {
  readonly session?: string
  readonly operation?: string
  readonly method?: string
  /** `404`, or `4xx` for all that begin so. */
  readonly status?: string
  /** A part of the path, of a body or of what disturbed the answer, in any case. */
  readonly text?: string
  /** No operation has the path, or the method. */
  readonly unmatched?: boolean
  readonly refused?: boolean
  /** A fault disturbed the answer. */
  readonly fault?: boolean
  readonly origin?: Origin
  /** The id of an exchange: only later ones. */
  readonly since?: string
}

/** What the server itself has to do, after the session's transaction. */
export type Command =
  | { readonly kind: 'health' }
  | { readonly kind: 'list-sessions' }
  | { readonly kind: 'reset-session'; readonly name: SessionName }
  | { readonly kind: 'drop-session'; readonly name: SessionName }
  | { readonly kind: 'create-session'; readonly wanted: WantedSession }
  | { readonly kind: 'show-session'; readonly name: SessionName }
  | { readonly kind: 'fork-session'; readonly name: SessionName; readonly into: SessionName }
  | { readonly kind: 'list-snapshots'; readonly name: SessionName }
  | { readonly kind: 'take-snapshot' | 'restore-snapshot' | 'drop-snapshot'; readonly name: SessionName; readonly snapshot: string }
  | { readonly kind: 'list-bindings'; readonly name: SessionName }
  | { readonly kind: 'bind' | 'unbind'; readonly name: SessionName; readonly to: Bound }
  | { readonly kind: 'export-session' | 'save-session'; readonly name: SessionName }
  | { readonly kind: 'list-scenarios' }
  | { readonly kind: 'show-scenario'; readonly name: string }
  | {
      readonly kind: 'provider-state'
      readonly state: string
      readonly params: Readonly<Record<string, unknown>>
      readonly action: 'setup' | 'teardown'
    }
  | {
      readonly kind: 'list-requests'
      readonly filter: ExchangeFilter
      readonly limit: number
      /** The id of an exchange: only those in front of it. */
      readonly before?: string
    }
  | { readonly kind: 'count-requests'; readonly filter: ExchangeFilter }
  | { readonly kind: 'follow-requests'; readonly filter: ExchangeFilter; readonly after: string | undefined }
  | { readonly kind: 'show-request'; readonly id: string }
  | { readonly kind: 'list-documents' }
  | { readonly kind: 'show-document'; readonly name: string }

/** A session to begin. */
export interface WantedSession {
  /** One that nobody has yet; made up unless said otherwise. */
  readonly name?: SessionName
  /** The name of a scenario, or one as it would stand in a file; the server's own unless said otherwise. */
  readonly scenario?: string | Scenario
  readonly seed?: string | number
  readonly clock?: WrittenClock
  /** Other choices where the documents are silent. */
  readonly assume?: Readonly<Record<string, string>>
  /** What was saved of a session, in place of all the others; nobody has looked at it yet. */
  readonly state?: unknown
}

/** What a client sends anyway, and can be told by. */
export type Bound = { readonly token: string } | { readonly account: string; readonly stage?: string }

export type Outcome<Of extends object = Kinds> =
  | { readonly kind: 'reply'; readonly reply: MockReply; readonly changes: readonly Change<Of>[]; readonly assumption?: AssumptionName }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'command'; readonly command: Command; readonly changes?: readonly Change<Of>[] }

/** A request that succeeds now: what `examples` shows and the ready line prints. `path` is below the document's base. */
export interface ExampleRequest {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** What an operation does. Methods, so that a table can hold behaviours of different inputs: the document has checked the input. */
export interface Behaviour<I extends Input = Input, Of extends object = Kinds> {
  /** The kinds of caller the operation is for. */
  readonly admits: readonly Caller['kind'][]
  /** What a supplier's or a retailer's user needs for it. */
  readonly permission?: string
  /** Of a control operation on a session: it may be the first that is asked of one. */
  readonly begins?: true
  /** Looks for what the path names, before the body is looked at. */
  find?(input: I, caller: Caller, scene: Scene<Of>): Problem | undefined
  run(input: I, caller: Caller, scene: Scene<Of>): Outcome<Of>
  /** What an answer shows one of, under the id that a session keeps it by: steps can wait for reads. */
  shows?(input: I, caller: Caller): { readonly kind: 'order' | 'allocation'; readonly id: string }
  /** Undefined when the session holds nothing that would do. */
  example?(caller: Caller, scene: Scene<Of>): ExampleRequest | undefined
}

/** What is checked of a request before its behaviour runs. */
export type CheckName = 'method' | 'credentials' | 'caller' | 'admitted' | 'permitted' | 'parameters' | 'resource' | 'body'

/** What one API does its own way. */
export interface Dialect<Of extends object = Kinds> {
  /** The order in which checks are made: the first that fails is what the client hears of. */
  readonly order: readonly CheckName[]
  /** What is wrong with credentials whoever they belong to. */
  judge?(credentials: Credentials): Problem | undefined
  /** Who the credentials belong to. Header parameters are those the document declares. */
  caller(credentials: Credentials, headers: Readonly<Record<string, unknown>>, scene: Scene<Of>): Caller | Problem
  /**
   * A refusal in the API's own words. `body` is what the request's body holds, as far as it could be read: some APIs answer in its shape.
   * `operation` is undefined where the path, or the method, has none.
   */
  refuse(problem: Problem, body: unknown, operation: string | undefined): MockReply
  /** Another path to try where this one has no route: a slash forgotten, say. */
  reroute?(
    path: string,
    scene: Scene<Of>,
  ): { readonly path: string; readonly way: 'accept' | 'redirect' | 'hint'; readonly assumption: AssumptionName } | undefined
}

export function isProblem(value: Caller | Problem): value is Problem {
  return 'code' in value
}

export function reply<Of extends object>(
  status: number,
  body?: unknown,
  changes: readonly Change<Of>[] = [],
  assumption?: AssumptionName,
): Outcome<Of> {
  return { kind: 'reply', reply: { status, ...(body !== undefined && { body }) }, changes, ...(assumption && { assumption }) }
}

export function refused(problem: Problem): Extract<Outcome, { readonly kind: 'refused' }> {
  return { kind: 'refused', problem }
}
