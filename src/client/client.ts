import type { Bound, ExchangeFilter, ExampleRequest as Example, Origin } from '../core/behaviour.ts'
import type { WrittenClock } from '../core/clock.ts'
import { DEFAULT_SESSION, isSessionName } from '../base/session-name.ts'
import type { Data, Scenario, WrittenFault, WrittenProgress } from '../core/scenario/written.ts'
import type { Issue } from '../base/http.ts'
import { UsageError } from '../base/problem.ts'
import { type Ask, type ControlProblem, createAsk, listenerAt, type Send, sendTo } from './ask.ts'

export type { Data } from '../core/scenario/written.ts'
export type { Scenario } from '../core/scenario/written.ts'
export type { WrittenClock as Clock } from '../core/clock.ts'
export type { WrittenFault as Fault, WrittenProgress as Progress } from '../core/scenario/written.ts'
export type { Bound as Binding } from '../core/behaviour.ts'
export { ControlError, type ControlProblem } from './ask.ts'

/** What tests do with the sessions of a mock: thin callers of the control API, whose document says what each thing does. */
export interface Client {
  /** A session by name. It begins with its first request. */
  session(name?: string): MockSession
  /** Begins a session, under a name that nobody has unless one is given. */
  createSession(options?: SessionOptions): Promise<MockSession>
  sessions(): Promise<readonly SessionInfo[]>
}

/** What a session starts from; what is not said is as the mock was started. */
export interface SessionOptions {
  readonly name?: string
  /** The name of a scenario, or what would stand in its file. */
  readonly scenario?: string | Scenario
  readonly seed?: string | number
  readonly clock?: WrittenClock
  /** Other choices where the documents are silent: `{ 'oms.cancel.again': '200' }`. */
  readonly assume?: Readonly<Record<string, string>>
  /** What `state()` of a session gave, here or elsewhere; in place of all but the name. */
  readonly state?: Readonly<Record<string, unknown>>
}

export interface MockSession {
  readonly name: string
  /** What a request has to carry to belong to the session. */
  readonly headers: { readonly 'Mock-Session': string }
  /** @throws ControlError where the session has not begun, or is gone */
  info(): Promise<SessionInfo>
  /** Back to what it started from. */
  reset(): Promise<SessionInfo>
  /** A test that cleans up may drop what is gone already. */
  drop(): Promise<void>
  entities(filter?: EntityFilter): Promise<EntityPage>
  /** For each operation a request that succeeds now. */
  examples(filter?: ExampleFilter): Promise<readonly ExampleRequest[]>
  /** Brings something in. */
  exists(data: Data): Promise<Brought>
  /**
   * Sets up a provider state, as a verifier of Pact does: the first one after anything else begins the session anew, the next ones add to it;
   * the same once more changes nothing.
   * @returns its values
   */
  setState(state: string, params?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  /** Past requests of clients, newest first; what else went on, where the filter names another origin. */
  requests(filter?: RequestFilter & { readonly limit?: number }): Promise<readonly PastRequest[]>
  /** How many past requests fit. @throws UsageError where the journal has forgotten some: a number that is too small would prove nothing */
  count(filter?: RequestFilter): Promise<number>
  /** What comes by itself, the next first: the first of them, and how many there are. */
  due(limit?: number): Promise<DuePage>
  /** Lets time pass: `2h`. */
  advance(by: string): Promise<SessionInfo>
  setClock(clock: WrittenClock): Promise<SessionInfo>
  setProgress(progress: WrittenProgress): Promise<SessionInfo>
  /** Takes what an order or an allocation would come to next by itself. @returns the steps */
  step(on: Steppable): Promise<readonly string[]>
  /** Lets something go wrong from now on. */
  addFault(fault: WrittenFault): Promise<AddedFault>
  faults(): Promise<readonly KnownFault[]>
  dropFaults(): Promise<void>
  /** Keeps all that the session holds under a name. */
  snapshot(name: string): Promise<Snapshot>
  snapshots(): Promise<readonly Snapshot[]>
  restore(snapshot: string): Promise<SessionInfo>
  dropSnapshot(name: string): Promise<void>
  /** Another session with all that this one holds. */
  fork(into: string): Promise<MockSession>
  /** Requests that send this token, or are of this account, belong to the session without a label. */
  bind(to: Bound): Promise<void>
  unbind(to: Bound): Promise<void>
  /** What it is bound to; tokens are not told. */
  bindings(): Promise<readonly Bound[]>
  /** All that it was asked, as the file that `allocation-mock replay` repeats. */
  export(): Promise<Readonly<Record<string, unknown>>>
  /** All that it holds now, without its requests, as the file that `createSession({ state })` and `serve --session` begin from. */
  state(): Promise<Readonly<Record<string, unknown>>>
  /** Drops it. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface SessionInfo {
  readonly name: string
  /** The name of the scenario that it started from. */
  readonly scenario?: string
  readonly seed: string
  readonly epoch: string
  readonly now: string
  readonly clock: WrittenClock
  /** The assumptions that differ from the defaults. */
  readonly assume: Readonly<Record<string, string>>
  readonly progress: WrittenProgress
  readonly faults: readonly string[]
  readonly waiting: number
  readonly changes: number
  readonly size: number
  readonly requests: number
  /** Milliseconds since it began. */
  readonly age: number
  /** Milliseconds since it was last used. */
  readonly idle: number
}

/** What is due in a session. */
export interface DuePage {
  readonly total: number
  readonly due: readonly Due[]
}

/** A step of progress, or of the timeline. */
export interface Due {
  readonly origin: 'progress' | 'timeline'
  /** The step, the operation that is called, or `exists`. */
  readonly name: string
  readonly subject: string
  /** By the session's clock; what waits to be read has none. */
  readonly at?: string
  /** After so many more reads. */
  readonly reads?: number
}

/** Which entities: by kind, and by what a kind can be listed by, such as `cancellation` of orders or `account` of allocations. */
export interface EntityFilter {
  readonly kind?: string
  readonly status?: string
  readonly changed?: boolean
  readonly offset?: number
  readonly limit?: number
  readonly [filter: string]: string | number | boolean | undefined
}

export interface EntityPage {
  readonly total: number
  readonly entities: readonly {
    readonly kind: string
    readonly id: string
    readonly changed: boolean
    readonly entity: Readonly<Record<string, unknown>>
    /** The state that it is in, or each of its parts, where its kind has a life cycle. */
    readonly states?: readonly { readonly part?: string; readonly state: string }[]
    /** What its kind has beside, such as the `account` of an allocation, or the `cancellation` of an order that waits for an answer. */
    readonly [beside: string]: unknown
  }[]
}

export interface ExampleFilter {
  readonly token?: string
  /** How many of each API at most. */
  readonly limit?: number
  /** Whose they are, as an API knows callers: `account` and `stage`. */
  readonly [whose: string]: string | number | undefined
  /** What the commands name where the mock is in this process; `localhost` unless said otherwise. */
  readonly host?: string
}

/** A request that succeeds now. */
export interface ExampleRequest extends Example {
  readonly api: string
  readonly operation: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly curl: string
}

/** What was brought in, as the APIs show it: lists by name. */
export type Brought = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

export type RequestFilter = Omit<ExchangeFilter, 'session'>

/** What would do now in the place of a refused request, which has been tried; or why nothing would. */
export type Repair =
  | {
      readonly kind: 'repaired'
      readonly changes: readonly { readonly at: string; readonly from?: unknown; readonly to?: unknown }[]
      readonly request: {
        readonly method: string
        readonly path: string
        readonly headers: Readonly<Record<string, string>>
        readonly body?: unknown
      }
      readonly curl: string
    }
  | { readonly kind: 'none'; readonly reason: string }

/** What a document does not say, and how it is decided. */
export interface Assumption {
  readonly name: string
  readonly value: string
  readonly values: readonly string[]
  readonly question: string
  readonly reason: string
  readonly source: string
}

/** One past request, and what became of it. */
export interface PastRequest {
  readonly id: string
  readonly session: string
  readonly origin: Origin
  /** By the session's clock. */
  readonly time: string
  /** By the world's clock. */
  readonly received: string
  readonly operation?: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** Milliseconds. */
  readonly duration: number
  /** What disturbed the answer. */
  readonly fault?: string
  readonly cut?: string
  readonly problem?: ControlProblem
  /** For a path or a method that no operation has, what may have been meant. */
  readonly nearest?: readonly {
    readonly api: string
    readonly operation: string
    readonly method: string
    readonly path: string
    readonly differs: readonly string[]
  }[]
  readonly warnings?: readonly Issue[]
  /** The real service that has answered, and what of the request and its answer breaks the document's rules. */
  readonly upstream?: string
  readonly violations?: readonly {
    readonly location?: readonly string[]
    readonly severity: string
    readonly code: string | number
    readonly message: string
  }[]
  readonly assumption?: string
  /** What is told of one request that is asked for by itself: what would do now in the place of a refused one, … */
  readonly repair?: Repair
  /** … the assumption that shaped the answer, as the session has it, with the options of `serve` that decide otherwise, … */
  readonly assumed?: Assumption & { readonly switches: readonly string[] }
  /** … and what the document bases the refusal on (its `x-basis`). */
  readonly basis?: unknown
  readonly requestHeaders?: Readonly<Record<string, string>>
  readonly requestBody?: string
  readonly replyHeaders: Readonly<Record<string, string>>
  readonly mediaType?: string
  readonly replyBody?: string
  /** What it changed: the members that differ, or `to` where something is new, `from` where it is gone. */
  readonly changes?: readonly {
    readonly kind: string
    readonly id: string
    readonly members?: readonly { readonly at: string; readonly from?: unknown; readonly to?: unknown }[]
    /** Its changes of state, or those of its parts, where its kind has a life cycle. */
    readonly moves?: readonly { readonly part?: string; readonly from?: string; readonly to?: string }[]
    readonly from?: Readonly<Record<string, unknown>>
    readonly to?: Readonly<Record<string, unknown>>
  }[]
}

/** A kind with an id, and whose it is: `{ order: '…' }`, `{ allocation: '…', account: '…' }`. */
export type Steppable = Readonly<Record<string, string>>

/** A fault that is on. */
export type KnownFault = WrittenFault & {
  readonly id: string
  /** How many requests have matched it, where that is counted. */
  readonly calledSoFar?: number
  /** Whether it befalls no request any more. */
  readonly spent: boolean
}

export interface AddedFault {
  readonly id: string
  /** Switches it off. */
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Snapshot {
  readonly name: string
  /** By the world's clock. */
  readonly taken: string
}

/**
 * The sessions of a mock that listens at this URL.
 * @param options.token what a mock that listens beyond loopback wants of control requests
 * @throws UsageError for a text that is not a URL
 */
export function connect(url: string, options: { readonly token?: string } = {}): Client {
  return createClient(sendTo(listenerAt(url, options)))
}

/** Sessions, wherever the mock is. */
export function createClient(send: Send): Client {
  const ask = createAsk(send)
  const session = (name: string = DEFAULT_SESSION): MockSession => createSession(name, ask, session)
  return {
    session,
    createSession: async ({ name, ...options } = {}) =>
      session(
        (await ask<SessionInfo>('POST', '/sessions', { body: { ...(name !== undefined && { name: named(name) }), ...options } })).name,
      ),
    sessions: async () => (await ask<{ sessions: readonly SessionInfo[] }>('GET', '/sessions')).sessions,
  }
}

function named(name: string): string {
  if (isSessionName(name)) return name
  throw new UsageError(`"${name}" is not a valid session name; take 1 to 64 letters, digits, dots, underscores and hyphens`)
}

function createSession(name: string, ask: Ask, sessionNamed: (name: string) => MockSession): MockSession {
  const at = `/sessions/${named(name)}`
  const drop = async (): Promise<void> => void (await ask('DELETE', at, { harmless: 404 }))
  const snapshotAt = (snapshot: string): string => `${at}/snapshots/${encodeURIComponent(snapshot)}`
  return {
    name,
    headers: { 'Mock-Session': name },
    info: () => ask('GET', at),
    reset: () => ask('POST', `${at}/reset`),
    drop,
    entities: (filter = {}) => ask('GET', `${at}/entities`, { query: filter }),
    examples: async ({ host, ...query } = {}) =>
      (await ask<{ examples: readonly ExampleRequest[] }>('GET', `${at}/examples`, { query, ...(host !== undefined && { host }) }))
        .examples,
    exists: (data) => ask('POST', `${at}/exists`, { body: data }),
    setState: (state, params = {}) => ask('POST', `/~${name}/_pact/provider_states`, { body: { state, params, action: 'setup' } }),
    requests: async (filter = {}) =>
      (await ask<{ requests: readonly PastRequest[] }>('GET', '/requests', { query: { session: name, origin: 'request', ...filter } }))
        .requests,
    async count(filter = {}) {
      const query = { session: name, ...filter }
      const { count, incomplete = false } = await ask<{ count: number; incomplete?: boolean }>('GET', '/requests/count', { query })
      if (!incomplete) return count
      throw new UsageError(
        `the journal holds ${count} such requests of the session "${name}", and has forgotten others; start the mock with more journalBytes`,
      )
    },
    due: (limit) => ask('GET', `${at}/due`, { query: { limit } }),
    advance: (by) => ask('POST', `${at}/clock/advance`, { body: { by } }),
    setClock: (clock) => ask('PUT', `${at}/clock`, { body: { clock } }),
    setProgress: (progress) => ask('PUT', `${at}/progress`, { body: { progress } }),
    step: async (on) => (await ask<{ steps: readonly string[] }>('POST', `${at}/steps`, { body: on })).steps,
    async addFault(fault) {
      const { id } = await ask<{ id: string }>('POST', `${at}/faults`, { body: fault })
      const off = async (): Promise<void> => void (await ask('DELETE', `${at}/faults/${encodeURIComponent(id)}`, { harmless: 404 }))
      return { id, drop: off, [Symbol.asyncDispose]: off }
    },
    faults: async () => (await ask<{ faults: readonly KnownFault[] }>('GET', `${at}/faults`)).faults,
    dropFaults: async () => void (await ask('DELETE', `${at}/faults`)),
    snapshot: (snapshot) => ask('POST', `${at}/snapshots`, { body: { name: snapshot } }),
    snapshots: async () => (await ask<{ snapshots: readonly Snapshot[] }>('GET', `${at}/snapshots`)).snapshots,
    restore: (snapshot) => ask('POST', `${snapshotAt(snapshot)}/restore`),
    dropSnapshot: async (snapshot) => void (await ask('DELETE', snapshotAt(snapshot))),
    fork: async (into) => sessionNamed((await ask<SessionInfo>('POST', `${at}/fork`, { body: { into: named(into) } })).name),
    bind: async (to) => void (await ask('POST', `${at}/bindings`, { body: to })),
    unbind: async (to) => void (await ask('DELETE', `${at}/bindings`, { body: to })),
    bindings: async () => (await ask<{ bindings: readonly Bound[] }>('GET', `${at}/bindings`)).bindings,
    export: () => ask('GET', `${at}/export`),
    state: () => ask('GET', `${at}/state`),
    [Symbol.asyncDispose]: drop,
  }
}
