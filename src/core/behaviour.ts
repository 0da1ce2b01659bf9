import type { WrittenClock } from './clock.ts'
import type { Session } from './session.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Input, MockReply, Problem } from '../base/http.ts'
import type { Scenario } from './scenario/written.ts'
import type { Change, CoreKinds, Kinds, World } from './world.ts'

/** A session's settings as an API knows them. */
type SessionIn<Of extends object> = Of extends { readonly session: infer S extends Session } ? S : Session

/** A session at a moment: all that answers hang on beside the request. */
export interface Scene<Of extends object = Kinds> {
  readonly world: World<Of>
  readonly session: SessionIn<Of>
  /** The session's time, in milliseconds since 1970. */
  readonly now: number
  /** The world's time, in milliseconds since 1970: what its clock is read from. */
  readonly real: number
}

/** Who is asking, after the API has judged the credentials. */
export interface Caller {
  /** What operations admit: `supplier`, `account`. */
  readonly kind: string
  /** What the caller may do, where the API has permissions. */
  readonly permissions?: readonly string[]
}

/** Where an operation asks for no credentials. */
export const ANYBODY: Caller = { kind: 'anybody' }

/** The kinds of an API's own. */
export type Own<Of extends object> = Exclude<keyof Of & string, keyof CoreKinds>

/** An entity that is to be: its id is made, unless it is given. */
type New<E> = E extends { readonly id: string } ? Omit<E, 'id'> & { readonly id?: string } : E

/** The scene that a behaviour is given: who asks, and a hand to change it with. What is changed is kept when the behaviour replies. */
export interface LiveScene<Of extends object = Kinds, Codes extends string = string> extends Scene<Of> {
  readonly caller: Caller
  /** What stands under an id, changed or not. */
  get<K extends Own<Of>>(kind: K, id: string): Of[K] | undefined
  /** All there is of a kind, what nobody has touched first. */
  list<K extends Own<Of>>(kind: K): readonly Of[K][]
  /** A new entity, with an id that is a function of the session's seed and of how many there were. @returns it, frozen */
  add<K extends Own<Of>>(kind: K, entity: New<Of[K]>): Of[K]
  /** An entity in the place of the one with its id. @returns it, frozen */
  put<K extends Own<Of>>(kind: K, entity: Of[K]): Of[K]
  remove(kind: Own<Of>, id: string): void
  /** What is assumed; the answer is told to be shaped by it. */
  assumed<N extends keyof SessionIn<Of>['assumptions'] & string>(name: N): SessionIn<Of>['assumptions'][N]
  refuse(code: Codes, detail?: string, more?: Pick<Problem, 'fix' | 'issues' | 'assumption' | 'status'>): Refused
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
  /** It changed an entity: of this kind, or this one, `kind/id`. */
  readonly changed?: string
  /** The id of an exchange: only later ones. */
  readonly since?: string
}

/** What the server itself has to do, after the session's transaction. */
export type Command =
  | { readonly kind: 'health' | 'readiness' | 'metrics' }
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
  /** `origin` is what the client calls the server: `http://localhost:4010`. */
  | { readonly kind: 'show-request'; readonly id: string; readonly origin: string }
  | { readonly kind: 'resend-request'; readonly id: string; readonly wanted: Resent }
  | { readonly kind: 'list-documents' | 'show-coverage' | 'list-states' }
  | { readonly kind: 'show-document'; readonly name: string }

/** A past request that is sent again: as it was, with what would do in place of what was wrong, or with other parts. */
export interface Resent {
  readonly repaired?: boolean
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

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

/** What a client sends anyway, and can be told by: its token, or what its API knows callers by. */
export type Bound = Readonly<Record<string, unknown>>

export interface Replied<Of extends object = Kinds> {
  readonly kind: 'reply'
  readonly reply: MockReply
  readonly changes: readonly Change<Of>[]
  readonly assumption?: string
}

export interface Refused {
  readonly kind: 'refused'
  readonly problem: Problem
}

export type Outcome<Of extends object = Kinds> =
  Replied<Of> | Refused | { readonly kind: 'command'; readonly command: Command; readonly changes?: readonly Change<Of>[] }

/** A request that succeeds now: what `examples` shows and the ready line prints. `path` is below the document's base. */
export interface ExampleRequest {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * What an operation does. Methods, so that a table can hold behaviours of different inputs: the document has checked the input. Synchronous
 * and pure: the same scene gives the same outcome, however often it is asked.
 */
export interface Behaviour<I extends Input = Input, Of extends object = Kinds, Found = unknown> {
  /** The kinds of caller the operation is for; every one unless said otherwise. */
  readonly admits?: readonly string[]
  /** The permission that a caller needs who has permissions. */
  readonly permission?: string
  /** Of a control operation that may be the first on a session: it begins it, or shows what it would begin with. */
  readonly asFirst?: 'begins' | 'shows'
  /** Looks for what the path names, before the body is looked at. */
  find?(input: I, scene: LiveScene<Of>): Found | Refused
  /** @param found what `find` found */
  run(input: I, scene: LiveScene<Of>, found: Found): Outcome<Of>
  /** What an answer shows one of, under the id that a session keeps it by: steps can wait for reads. */
  shows?(input: I, scene: LiveScene<Of>): { readonly kind: string; readonly id: string }
  /** Undefined when the session holds nothing that would do. */
  example?(scene: LiveScene<Of>): ExampleRequest | undefined
}

/** What is checked of a request before its behaviour runs. */
export type CheckName = 'method' | 'credentials' | 'caller' | 'admitted' | 'permitted' | 'parameters' | 'resource' | 'body'

export function isProblem(value: Caller | Problem): value is Problem {
  return 'code' in value
}

/** Whether a behaviour has returned a promise, which none may. */
export function isPromise(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'then' in outcome
}

/** Whether something found is a refusal. */
export function isRefused(found: unknown): found is Refused {
  return typeof found === 'object' && found !== null && 'kind' in found && found.kind === 'refused' && 'problem' in found
}

export interface ReplyMore<Of extends object> {
  readonly headers?: Readonly<Record<string, string>>
  /** What it changes, beside what the scene was told to. */
  readonly changes?: readonly Change<Of>[]
  /** The name of the assumption that shaped it. */
  readonly assumption?: string | undefined
}

/** An answer. */
export function reply<Of extends object = Kinds>(
  status: number,
  body?: unknown,
  { headers, changes = [], assumption }: ReplyMore<Of> = {},
): Replied<Of> {
  return {
    kind: 'reply',
    reply: { status, ...(headers && { headers }), ...(body !== undefined && { body }) },
    changes,
    ...(assumption !== undefined && { assumption }),
  }
}

export function refused(problem: Problem): Refused {
  return { kind: 'refused', problem }
}
