import type { Credentials, Input, Issue, MockReply, Problem, StatedProblem } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import { type CoreCode, type ProblemRow, UsageError } from '../base/problem.ts'
import type { AssumptionTable, ChosenFrom } from './assumption.ts'
import type { Behaviour, Caller, CheckName, LiveScene, Outcome, Own, Scene } from './behaviour.ts'
import type { LifeCycle } from './life-cycle.ts'
import type { Session } from './session.ts'
import type { Schema } from './schema.ts'
export type { Schema } from './schema.ts'
import type { Setting } from './setting.ts'
import type { Change, CoreKinds, Kinds } from './world.ts'

/** What an API keeps in sessions. Everything may be left out but what makes the type known. Methods, so that kinds can stand beside others. */
export interface Kind<E extends object = object, Of extends object = Kinds> {
  /** Only a type: what an entity is. */
  readonly entity?: E
  /** The form of an entity: the name of a schema of the document, or a schema. What is placed, or loaded from a saved session, is held against it. */
  readonly schema?: string | Schema
  /** What scenarios and provider states call a list of them: `parcels`. Each element is placed as it stands; an `id` is made where it has none. */
  readonly word?: string
  /** Whether an answer of the control API lists it without being asked for it by name. Never, where it is a secret. */
  readonly listed?: 'always' | 'by-name' | 'never'
  /** What can be listed by: names of query parameters with their schemas. */
  readonly filters?: Readonly<Record<string, Schema>>
  /** What a listed entity has beside its id and itself, by name. */
  readonly beside?: Readonly<Record<string, Schema>>
  /** The id by what an entity says of itself: `id`, unless said otherwise. Undefined where it says nothing. */
  idOf?(entity: E): string | undefined
  /** The id that a session keeps it under, from the one that clients know. @param whose what names the caller, as in `callers.parameters` */
  keyOf?(id: string, whose: Readonly<Record<string, unknown>>): string
  /** The id of the next new one. @param number how many the session has made; `key` for `base/random` */
  newId?(number: number, session: Session): string
  /** What stands under an id while nobody has touched it: the population's. @param like what has come to stand there, where something has */
  untouched?(id: string, session: Session, like?: E): E | undefined
  /** All that nobody has touched, where they are few enough to be gone through. */
  population?(session: Session): Iterable<E>
  /** How it is shown: in the API's own words. */
  view?(entity: E, session: Session): object
  /** A page of them for the control API, where the default is not enough: what is changed, and `population`. */
  list?(query: ListQuery, page: { readonly offset: number; readonly limit: number }, scene: Scene<Of>): ListedEntities
  /** What of it takes steps one by one, such as the lines of an order. */
  readonly parts?: { readonly word: string; of(entity: E): readonly string[] }
  /** The states that it, or each of its parts, can be in, and what moves it. With the option `strict` no other move can be made. */
  readonly lifeCycle?: LifeCycle<E>
}

/** What is asked of a list of entities: its own parameters, a kind's filters, and whose they are. */
export type ListQuery = Readonly<Record<string, unknown>> & { readonly status?: string; readonly changed?: boolean }

export interface ListedEntity {
  readonly id: string
  readonly changed: boolean
  readonly entity: object
  readonly [beside: string]: unknown
}

export type ListedEntities =
  { readonly kind: 'page'; readonly total: number; readonly found: readonly ListedEntity[] } | { readonly kind: 'too-wide' }

/** Who asks an API. */
export interface Callers<Of extends object = Kinds> {
  /** The scheme of the `Authorization` header: `Token`, `Bearer`. */
  readonly scheme?: string
  /** Tokens that are no secret, by whose they are; the first is sent by examples. */
  readonly tokens?: Readonly<Record<string, string>>
  /** Query parameters by which control operations say whose something is. */
  readonly parameters?: Readonly<Record<string, Schema>>
  /** Who a timeline can let call, by the one word that says it: `{ supplier: 2 }`. The first an operation admits calls where nobody is named. */
  readonly as?: Readonly<Record<string, NamedCaller>>
  /** What a session can be bound to beside a token. */
  readonly bound?: BoundCaller
  /** What is wrong with credentials whoever they belong to. */
  judge?(credentials: Credentials): Problem | undefined
  /** Who the credentials belong to. Header parameters are those that the document declares. */
  of?(credentials: Credentials, headers: Readonly<Record<string, unknown>>, scene: Scene<Of>): Caller | Problem
  /** Tokens that an answer gives out. They are a function of the session's seed, and so stay in exports. @param body as it went over the line */
  issuedIn?(operation: string, body: string): readonly string[]
  /** The header parameters of whoever `parameters` name, for examples. */
  headers?(whose: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
}

export interface NamedCaller {
  /** Of the word's value. */
  readonly schema: Schema
  /** What else may stand beside the word. */
  readonly beside?: Readonly<Record<string, Schema>>
  /** @param written as it stands in the timeline; empty for the first of them */
  caller(written: Readonly<Record<string, unknown>>): Caller
  /** The header parameters that it sends. */
  headers?(written: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
}

export interface BoundCaller {
  readonly schema: Schema
  /** What a request is found by, the most particular first. */
  keysOf(headers: Readonly<Record<string, string>>): readonly string[]
  /** The same of what a session is to be bound to; undefined for what is bound otherwise. */
  keyOf(to: Readonly<Record<string, unknown>>): string | undefined
}

/** What an API does its own way. */
export interface Dialect<Of extends object = Kinds> {
  /** The order in which checks are made: the first that fails is what the client hears of. */
  readonly order?: readonly CheckName[]
  /**
   * A refusal in the API's own words. `body` is what the request's body holds, as far as it could be read: some APIs answer in its shape.
   * `operation` is undefined where the path, or the method, has none.
   */
  refuse?(problem: StatedProblem, body: unknown, operation: string | undefined): MockReply
  /** Another path to try where this one has no route: a slash forgotten, say. */
  reroute?(
    path: string,
    scene: Scene<Of>,
  ): { readonly path: string; readonly way: 'accept' | 'redirect' | 'hint'; readonly assumption?: string } | undefined
}

/** What the real service does by itself. */
export interface Step<E extends object = object, Of extends object = Kinds> {
  /** In a sentence. */
  readonly text: string
  /** What it moves. */
  readonly kind: string
  /** Whether an entity, or a part of it, waits for the step; `until` a time in milliseconds, where that has to come first. */
  waits(entity: E, scene: Scene<Of>, part: string | undefined): boolean | { readonly until: number | undefined }
  /** The entity after the step, or why it cannot be taken. */
  take(entity: E, scene: Scene<Of>, part: string | undefined): E | string
}

/** A word of scenarios, own data and provider states: a list of what is said to exist. */
export interface Word<Of extends object = Kinds> {
  /** Of one element. */
  readonly schema: Schema
  readonly description?: string
  /** How many elements at most weigh as much as a thousand requests; undefined where they weigh nothing. */
  readonly isLight?: true
  /** Members that name one thing only, and what a name that is taken becomes for another thing. */
  readonly names?: Readonly<Record<string, (name: string, times: number) => string>>
  /** All that the elements name. */
  claims?(elements: readonly unknown[]): readonly Claim[]
  /** What answers of the control API show of what was brought in, by name. */
  readonly shows: readonly string[]
  /** Brings the elements into the scene: each goes the way that requests would have taken it, so that the rules that guard requests guard files. */
  place(elements: readonly unknown[], scene: Scene<Of>): Placed<Of>
}

/** Something that only one place of the data can speak of. */
export interface Claim {
  readonly name: string
  /** JSON pointer into the elements. */
  readonly at: string
  /** For whoever reads of it. */
  readonly what: string
  /** Elements of one set of data may share it; those of two cannot. */
  readonly isShared?: true
  /** What is said of it: two sets of data may say the same. */
  readonly said?: string
}

export type Impossible = Pick<Issue, 'at' | 'message' | 'fix'>

export type Placed<Of extends object = Kinds> =
  | {
      readonly kind: 'placed'
      readonly changes: readonly Change<Of>[]
      /** What was brought in as the API shows it, under the names of `shows`. */
      show(after: Scene<Of>): Readonly<Record<string, readonly object[]>>
    }
  /** Pointers lead into the elements. */
  | { readonly kind: 'refused'; readonly issues: readonly Impossible[] }

/** An API as everything but itself sees it: of any kinds. */
export interface Api {
  readonly name: string
  /** An OpenAPI file (a path is relative to the working directory), or the document itself. */
  readonly document: string | URL | Readonly<Record<string, unknown>>
  readonly kinds: Readonly<Record<string, Kind>>
  readonly callers: Callers
  readonly dialect: Dialect
  readonly behaviours: Readonly<Record<string, Behaviour>>
  readonly assumptions: AssumptionTable
  readonly problems: Readonly<Record<string, ProblemRow>>
  readonly words: Readonly<Record<string, Word>>
  readonly steps: Readonly<Record<string, Step>>
  readonly settings: Readonly<Record<string, Setting>>
  /** A folder of scenarios that it brings, `NAME.yaml` each. */
  readonly scenarios: string | URL | undefined
  /** A file of provider states that it brings. */
  readonly states: string | URL | undefined
  /** Rises when the same seed gives other bytes. */
  readonly dataVersion: number
  /** The module that it comes from, for messages. */
  readonly file?: string
}

/** A step as it is written: what it moves is one of the kinds. */
type StepOf<Of extends object> = {
  [K in Own<Of>]: Step<Of[K] & object, Of> & { readonly kind: K }
}[Own<Of>]

type KindTable = Readonly<Record<string, Kind>>
type SettingTable = Readonly<Record<string, Setting>>
type ProblemTable = Readonly<Record<string, ProblemRow>>
type EntityOf<K> = K extends { readonly entity?: infer E extends object } ? E : object

/** What sessions of an API keep and are set to, by its tables. */
type KindsOf<All extends KindTable, A extends AssumptionTable, S extends SettingTable> = Omit<CoreKinds, 'session'> & {
  readonly [K in keyof All & string]: EntityOf<All[K]>
} & {
  readonly session: Session & {
    readonly assumptions: ChosenFrom<A>
    readonly settings: { readonly [N in keyof S]: S[N] extends Setting<infer Value> ? Value : never }
  }
}

/** A behaviour that is nothing but what it does: for every caller. */
type BehaviourFunction<Of extends object, Codes extends string> = {
  // A method's parameters may be narrower than the table's: the document has checked the input.
  of(input: Input, scene: LiveScene<Of, Codes>): Outcome<Of>
}['of']

/** An API as it is written. All but the document may be left out: a document alone is a mock without state. */
export interface ApiDefinition<
  Of extends object,
  All extends object = { readonly [K in Own<Of>]: Kind<Of[K] & object, Of> },
  Codes extends ProblemTable = ProblemTable,
  A extends AssumptionTable = AssumptionTable,
  S extends SettingTable = SettingTable,
> {
  /** Qualifies everything of it, where another API has the same name; the document's, unless said otherwise. */
  readonly name?: string
  /** An OpenAPI file, `new URL('./parcels.yaml', import.meta.url)` or a path, or the document itself. */
  readonly document: Api['document']
  readonly kinds?: All
  readonly problems?: Codes
  readonly assumptions?: A
  readonly settings?: S
  readonly callers?: Callers<Of>
  readonly dialect?: Dialect<Of>
  readonly words?: Readonly<Record<string, Word<Of>>>
  readonly steps?: Readonly<Record<string, StepOf<Of>>>
  readonly scenarios?: Api['scenarios']
  readonly states?: Api['states']
  readonly dataVersion?: number
  /** What each operation does, by its `operationId`, or `METHOD /path`. Those that are not here are answered from the document. */
  readonly behaviours?: Readonly<Record<string, BehaviourFunction<Of, (keyof Codes & string) | CoreCode> | Behaviour<Input, Of>>>
}

/**
 * An API, so that it can stand beside others. Plain data and functions, whichever copy of the package has made it. What behaviours keep and
 * refuse with is known from the tables; or from an interface of the kinds, where the tables need it themselves.
 * @throws UsageError for a member that an API does not have
 */
export function defineApi<
  const All extends KindTable = KindTable,
  const Codes extends ProblemTable = ProblemTable,
  const A extends AssumptionTable = AssumptionTable,
  const S extends SettingTable = SettingTable,
>(definition: ApiDefinition<KindsOf<All, A, S>, All, Codes, A, S>): Api
export function defineApi<Of extends CoreKinds>(definition: ApiDefinition<Of>): Api
export function defineApi(definition: { readonly document: Api['document'] }): Api {
  const odd = Object.keys(definition).find((member) => !MEMBERS.includes(member))
  if (odd !== undefined) throw new UsageError(`defineApi knows no "${odd}"; there are ${nearest(odd, MEMBERS).join(', ')}`)
  // A session holds of an API's kinds what its behaviours have put there, so they find there what they expect.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const given = definition as Pick<Api, 'document'> &
    Partial<Omit<Api, 'behaviours'>> & {
      readonly behaviours?: Readonly<Record<string, Behaviour | Behaviour['run']>>
    }
  return {
    name: given.name ?? nameOf(given.document),
    document: given.document,
    kinds: given.kinds ?? {},
    callers: given.callers ?? {},
    dialect: given.dialect ?? {},
    // Documents name operations, and one may be called `constructor`: nothing is found here but what was given.
    behaviours: Object.assign<Record<string, Behaviour>, object>(
      Object.create(null),
      Object.fromEntries(
        Object.entries(given.behaviours ?? {}).map(([id, behaviour]) => [
          id,
          typeof behaviour === 'function' ? { run: behaviour } : behaviour,
        ]),
      ),
    ),
    assumptions: given.assumptions ?? {},
    problems: given.problems ?? {},
    words: given.words ?? {},
    steps: given.steps ?? {},
    settings: given.settings ?? {},
    scenarios: given.scenarios,
    states: given.states,
    dataVersion: given.dataVersion ?? 1,
  }
}

/** What `defineApi` takes. */
const MEMBERS: readonly string[] = [
  'name',
  'document',
  'kinds',
  'callers',
  'dialect',
  'behaviours',
  'assumptions',
  'problems',
  'words',
  'steps',
  'settings',
  'scenarios',
  'states',
  'dataVersion',
] satisfies (keyof ApiDefinition<Kinds>)[]

/** What an entity is, and what is to be known of it. */
export function kind<E extends object, Of extends object = Kinds>(about: Kind<E, Of> = {}): Kind<E, Of> {
  return about
}

/** The name of a document: its file's without the ending, or its title in lower case. */
function nameOf(document: Api['document']): string {
  // What cannot be a document is refused when it is to be served.
  if ((typeof document !== 'object' && typeof document !== 'string') || Object.is(document, null)) return 'api'
  if (typeof document !== 'string' && !(document instanceof URL)) {
    const { info } = document
    const title = typeof info === 'object' && info !== null && 'title' in info ? String(info.title) : 'api'
    const name = title
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
    return name === '' ? 'api' : name
  }
  const path = typeof document === 'string' ? document : document.pathname
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).replace(/\.\w+$/, '')
  return file.replaceAll(/(?:\s|%20|:)+/g, '-')
}
