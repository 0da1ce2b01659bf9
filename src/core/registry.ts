import { namesAmong } from '../base/names.ts'
import { nearest } from '../base/nearest.ts'
import { UsageError } from '../base/problem.ts'
import type { Api, Kind, NamedCaller, Step, Word } from './api.ts'
import { wordOfKind } from './word.ts'
import type { AssumptionTable } from './assumption.ts'
import type { Scene } from './behaviour.ts'
import type { Session } from './session.ts'
import type { Setting } from './setting.ts'
import type { Change, World } from './world.ts'

/** A row of an API's table, and whose it is. */
export interface Named<Row> {
  readonly api: Member
  /** What the API itself calls it. */
  readonly name: string
  readonly row: Row
}

type Table<Row> = ReadonlyMap<string, Named<Row>>

/**
 * The APIs that stand beside one another, and all that they bring by the names that everybody knows it by: its own, where no other has the
 * same, else `api:name`.
 */
export interface Registry {
  readonly members: readonly Member[]
  readonly kinds: Table<Kind>
  readonly steps: Table<Step>
  readonly words: Table<Word>
  readonly settings: Table<Setting>
  readonly callers: Table<NamedCaller>
  readonly assumptions: AssumptionTable
}

/** An API among others. It goes by its own names, and finds in a session what is its own. */
export interface Member {
  readonly api: Api
  /** By what name everybody knows what the API calls so. */
  known(table: keyof Names, name: string): string
  /** The scene as the API sees it. */
  sceneOf(scene: Scene): Scene
  /** Changes that it makes, as a session keeps them. */
  changesOf(changes: readonly Change[]): readonly Change[]
}

type Names = Pick<Api, 'kinds' | 'steps' | 'words' | 'settings' | 'assumptions' | 'problems'> & {
  readonly as: NonNullable<Api['callers']['as']>
}

const TABLES = ['kinds', 'steps', 'words', 'settings', 'assumptions', 'problems', 'as'] as const satisfies (keyof Names)[]

/** Names that are the mock's own, and no API's. */
export const TAKEN = {
  kinds: ['session', 'reference', 'counter', 'step'],
  words: ['description', 'extends', 'seed', 'clock', 'population', 'assume', 'progress', 'faults', 'timeline', 'scenario', 'state', 'name'],
} as const satisfies { readonly [Name in keyof Names]?: readonly string[] }

/** @throws UsageError for two APIs of one name, for a name that is the mock's own, for a step that moves no kind */
export function registryOf(apis: readonly Api[]): Registry {
  for (const [place, { name }] of apis.entries())
    if (apis.findIndex((one) => one.name === name) < place)
      throw new UsageError(`there are two APIs named "${name}"; give one another name`)
  const names = new Map(TABLES.map((table) => [table, namesIn(apis, table)]))
  const members = apis.map((api) => memberOf(api, (table, name) => names.get(table)?.get(api)?.get(name) ?? name))
  const tableOf = <Row>(table: keyof Names, rowsOf: (api: Api) => Readonly<Record<string, Row>>): Table<Row> =>
    new Map(
      members.flatMap((member) =>
        Object.entries(rowsOf(member.api)).map(([name, row]) => [member.known(table, name), { api: member, name, row }] as const),
      ),
    )
  for (const { name, file = name, kinds, steps } of apis)
    for (const [step, { kind }] of Object.entries(steps))
      if (!Object.hasOwn(kinds, kind))
        throw new UsageError(
          `${file}: the step "${step}" moves the kind "${kind}", which the API does not have; ${knownKinds(kind, kinds)}`,
        )
  const assumptions = tableOf('assumptions', (api) => api.assumptions)
  return {
    members,
    kinds: tableOf('kinds', (api) => api.kinds),
    steps: tableOf('steps', (api) => api.steps),
    words: tableOf('words', wordsOf),
    settings: tableOf('settings', (api) => api.settings),
    callers: tableOf('as', (api) => api.callers.as ?? {}),
    assumptions: Object.fromEntries([...assumptions].map(([name, { row }]) => [name, row])),
  }
}

/** For each API what everybody calls the names of its table. */
function namesIn(apis: readonly Api[], table: keyof Names): ReadonlyMap<Api, ReadonlyMap<string, string>> {
  const own = (api: Api): readonly string[] =>
    Object.keys(table === 'as' ? (api.callers.as ?? {}) : table === 'words' ? wordsOf(api) : api[table])
  const taken: readonly string[] = table === 'kinds' || table === 'words' ? TAKEN[table] : []
  const knownAs = namesAmong(apis.flatMap(own))
  return new Map(
    apis.map((api) => [
      api,
      new Map(
        own(api).map((name) => {
          if (taken.includes(name))
            throw new UsageError(`${api.file ?? api.name}: "${name}" is a name of the mock's own in ${table}; take another`)
          return [name, knownAs(api.name, name)]
        }),
      ),
    ]),
  )
}

function knownKinds(name: string, kinds: Api['kinds']): string {
  const known = nearest(name, Object.keys(kinds))
  return known.length === 0 ? 'it has none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
}

/** The words that an API has by its table, and by its kinds. @throws UsageError for one that two kinds have, or a kind and the table */
function wordsOf({ name: api, file = api, words, kinds }: Api): Readonly<Record<string, Word>> {
  const all = [...Object.keys(words), ...Object.values(kinds).flatMap(({ word }) => word ?? [])]
  const twice = all.find((word, place) => all.indexOf(word) < place)
  if (twice !== undefined) throw new UsageError(`${file}: the word "${twice}" is there twice, in words or of a kind; take another for one`)
  const ofKinds = Object.entries(kinds).flatMap(([name, kind]) =>
    kind.word === undefined ? [] : [[kind.word, wordOfKind(api, name, kind, kind.word)] as const],
  )
  return { ...Object.fromEntries(ofKinds), ...words }
}

function memberOf(api: Api, known: Member['known']): Member {
  const renamed = TABLES.some((table) =>
    Object.keys(table === 'as' ? (api.callers.as ?? {}) : api[table]).some((name) => known(table, name) !== name),
  )
  // Where no name is another's as well, what the API sees is what the session has.
  if (!renamed) return { api, known, sceneOf: (scene) => scene, changesOf: (changes) => changes }
  const idOf = (kind: string, id: string): string => (kind === 'counter' || kind === 'reference' ? `${api.name}:${id}` : id)
  const sessions = new WeakMap<Session, Session>()
  const sessionOf = (session: Session): Session => {
    const before = sessions.get(session)
    if (before) return before
    const own = <Value>(table: 'assumptions' | 'settings', values: Readonly<Record<string, Value>>): Record<string, Value> =>
      Object.fromEntries(
        Object.keys(api[table]).flatMap((name) => {
          const value = values[known(table, name)]
          return value === undefined ? [] : [[name, value]]
        }),
      )
    const seen: Session = { ...session, assumptions: own('assumptions', session.assumptions), settings: own('settings', session.settings) }
    sessions.set(session, seen)
    return seen
  }
  const worldOf = (world: World): World => ({
    size: world.size,
    bytes: world.bytes,
    version: world.version,
    get: (kind, id) => world.get(known('kinds', kind), idOf(kind, id)),
    all: (kind) => world.all(known('kinds', kind)),
    ids: (kind) => world.ids(known('kinds', kind)),
    count: (kind) => world.count(known('kinds', kind)),
  })
  return {
    api,
    known,
    sceneOf: ({ world, session, now, real }) => ({ world: worldOf(world), session: sessionOf(session), now, real }),
    changesOf: (changes) => changes.map(({ kind, id, to }) => ({ kind: known('kinds', kind), id: idOf(kind, id), to })),
  }
}
