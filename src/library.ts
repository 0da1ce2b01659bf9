import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkData } from './contract/data.ts'
import { thereAre, withKnownNames } from './base/nearest.ts'
import type { SessionStart } from './core/session.ts'
import type { Wrong } from './core/scenario/lineage.ts'
import { DATA_VERSION } from './core/population/random.ts'
import type { Registry } from './core/registry.ts'
import { controlDocument, scenarioSchema, stateSchema, statesSchema } from './core/vocabulary.ts'
import { versionsOf } from './core/scenario/saved.ts'
import { type SavedStart, type SavedState, startOfSaved } from './core/scenario/saved.ts'
import type { Known } from './core/scenario/known.ts'
import type { Scenario } from './core/scenario/written.ts'
import { checkStates, dataOf, type FilledState, type KnownState, matchState, type StateDefinition } from './core/scenario/state.ts'
import { type Started, tryBringing, tryStart } from './engine/session.ts'
import { plain } from './base/exact.ts'
import { pointerPart, valueAt } from './base/http.ts'
import { fileKind } from './document/file.ts'
import { loadDocument, type LoadedDocument, loadJson, loadSchema, type Precompiled, type ValidateFunctions } from './document/load.ts'
import { digestOf } from './document/read-ahead.ts'
import { DocumentError, OptionError, UsageError } from './base/problem.ts'

/** What teams write in files, and what comes with the APIs: scenarios and provider states. */

/** The APIs that are served, and what they bring. */
export interface Served extends Pick<Known, 'registry' | 'operations'> {
  /** Folders of scenarios. */
  readonly scenarios: readonly string[]
  /** Files of provider states. */
  readonly states: readonly string[]
}

/** Scenarios by name: those that come with the APIs, and a team's own before them. */
export type Scenarios = ReadonlyMap<string, Scenario>

/**
 * Reads the scenarios of a folder, `NAME.yaml` or `NAME.json` each, beside those of the APIs; or has them by name. Those are
 * read when they are first wanted, a team's own at once: a bad file is found at the start, not in the middle of a run.
 * @throws UsageError that names every place where a file does not fit its schema, or is impossible
 */
export async function readScenarios(
  from: string | Readonly<Record<string, Scenario>> | undefined,
  base: SessionStart,
  served: Served,
): Promise<() => Promise<Scenarios>> {
  const { registry } = served
  if (from === undefined) return () => broughtScenarios(served)
  const own = await Promise.all(
    typeof from === 'string'
      ? filesIn(from).map((file) => read(file, 'scenario', registry))
      : Object.entries(from).map(([name, content]) => read(content, 'scenario', registry, name)),
  )
  refuse('scenarios', own.flatMap(complaintsOf))
  const all: Scenarios = new Map([...(await broughtScenarios(served)), ...(typeof from === 'string' ? byName(own) : Object.entries(from))])
  const known = knownBy(all, served)
  refuse(
    'scenarios',
    own.flatMap((one) => (one.kind === 'read' ? impossibleIn(one, base, known) : [])),
  )
  return () => Promise.resolve(all)
}

/** What scenarios may name. */
export function knownBy(scenarios: Scenarios, { operations, registry }: Pick<Served, 'operations' | 'registry'>): Known {
  return { operations, registry, scenario: (name) => scenarios.get(name), scenarios: () => [...scenarios.keys()] }
}

/**
 * What a session starts from by the scenario of this name, of this file, or by this one.
 * @throws UsageError for an unknown name, and for every place where the scenario does not fit its schema, or is impossible
 */
export async function readStart(scenario: string | Scenario, base: SessionStart, known: Known): Promise<SessionStart> {
  const isName = typeof scenario === 'string' && /^[\w-]+$/.test(scenario)
  const content = isName ? known.scenario(scenario) : undefined
  if (isName && !content)
    throw new OptionError('scenario', `there is no scenario "${scenario}"; ${thereAre(scenario, known.scenarios())}, or name a file`)
  const one: Reading<Scenario> = content
    ? { kind: 'read', content, loaded: placeOf(content) }
    : await read(scenario, 'scenario', known.registry)
  if (one.kind === 'refused') throw new OptionError('scenario', one.complaints.join('\n'))
  const tried = tryStart(one.content, typeof scenario === 'string' ? nameOf(scenario) : undefined, base, known, Date.now())
  if (tried.kind === 'start') return tried.start
  throw new OptionError('scenario', complaintsAbout(tried.issues, one.loaded, known).join('\n'))
}

/** A file of a scenario, and everything that is wrong with it: none where it can be. */
export interface CheckedScenario {
  readonly file: string
  readonly complaints: readonly string[]
}

/**
 * Checks files of scenarios, which may extend one another, beside those of the APIs and of a folder.
 * @throws UsageError where there is no such file, or the folder cannot be
 */
export async function checkFiles(
  files: readonly string[],
  folder: string | undefined,
  base: SessionStart,
  served: Served,
): Promise<readonly CheckedScenario[]> {
  for (const file of files)
    if (!['file', 'pipe'].includes(fileKind(file))) throw new UsageError(`scenario check: there is no file "${file}"`)
  const others = await (await readScenarios(folder, base, served))()
  const all = await Promise.all(files.map((file) => read(file, 'scenario', served.registry)))
  const known = knownBy(new Map([...others, ...byName(all)]), served)
  return all.map((one, index) => ({
    file: files[index] ?? '',
    complaints: one.kind === 'read' ? impossibleIn(one, base, known) : complaintsOf(one),
  }))
}

/**
 * What a session starts from by what was saved of one, `value` or what stands in the file: as it was, for a server of the same data.
 * @returns the start, or all that is wrong by JSON pointer: it is none, it is of another format or data version, or it cannot be
 */
export async function startFromSaved(value: unknown, base: SessionStart, known: Known, real: number): Promise<SavedStart> {
  const content = plain(value)
  const stranger = strangerThan(content, known.registry)
  const issues = stranger
    ? [stranger]
    : checkData(asDocument('state', content), await schemaOf('state', known.registry)).map(withKnownNames)
  if (issues.length > 0) return { kind: 'refused', issues }
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return startOfSaved(content as SavedState, base, known, real)
}

/**
 * The same for a file, or for the value in the option `session`.
 * @throws UsageError that names file and place of all that is wrong
 */
export async function readSession(from: string | object, base: SessionStart, known: Known, real: number): Promise<SessionStart> {
  const loaded = typeof from === 'string' ? loadedJson(from) : asDocument('session', from)
  const [source] = loaded.sources
  const read = await startFromSaved(source?.content, base, known, real)
  if (read.kind === 'start') return read.start
  const own: Loaded = { path: typeof from === 'string' ? from : 'it', lineOf: (pointer) => source?.lineOf(pointer) }
  throw new OptionError('session', complaintsAbout(read.issues, own).join('\n'))
}

function loadedJson(file: string): LoadedDocument {
  try {
    return loadJson(file)
  } catch (error) {
    throw error instanceof DocumentError ? new OptionError('session', error.message) : error
  }
}

/** Why a value is nothing that this version can have saved. A schema would only say that a number is another. */
function strangerThan(value: unknown, registry: Registry): Wrong | undefined {
  const [format, data, code, exchanges] = ['format', 'dataVersion', 'code', 'exchanges'].map((name) => valueAt(value, `/${name}`))
  const maker = `load it with allocation-mock ${shown(valueAt(value, '/version'))}, which made it`
  if (typeof value !== 'object' || value === null || Array.isArray(value) || format === undefined)
    return { at: '', message: `is nothing that was saved${code === undefined ? '' : `, but a refusal: ${shown(code)}`}`, fix: NO_STATE }
  if (exchanges !== undefined)
    return {
      at: '',
      message: 'is an export, which has requests and no state',
      fix: `repeat it with allocation-mock replay, or ${NO_STATE}`,
    }
  if (format !== 2) return { at: '/format', message: `is ${shown(format)}, and only 2 is read`, fix: maker }
  if (data !== DATA_VERSION)
    return { at: '/dataVersion', message: `is ${shown(data)}, and this is ${DATA_VERSION}: the same seed gives other data`, fix: maker }
  return strangersTo(valueAt(value, '/apis'), registry)
}

/** Why what was kept of other APIs, or of other versions of their data, is nothing for these; undefined where they are the same. */
function strangersTo(apis: unknown, registry: Pick<Registry, 'members'>): Wrong | undefined {
  const own = versionsOf(registry)
  const kept = new Map<string, unknown>(typeof apis === 'object' && apis !== null ? Object.entries(apis) : [])
  const missing = [...kept.keys()].find((name) => own[name] === undefined)
  const there = Object.keys(own).join(', ')
  if (missing !== undefined)
    return { at: '/apis', message: `names the API "${missing}", and there are ${there}`, fix: `serve it too, with --api` }
  const other = Object.keys(own).find((name) => kept.get(name) !== own[name])
  if (other === undefined) return undefined
  return kept.has(other)
    ? {
        at: `/apis/${pointerPart(other)}`,
        message: `is ${shown(kept.get(other))}, and this is ${own[other]}: the same seed gives other data`,
      }
    : {
        at: '/apis',
        message: `lacks the API "${other}", which is served here`,
        fix: `serve ${[...kept.keys()].join(', ')} alone, with --api`,
      }
}

const NO_STATE = 'give what GET /__mock/sessions/{name}/state has answered'

/** What was met, as far as it may stand in a message. */
function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60)
}

function asDocument(name: string, content: unknown): LoadedDocument {
  return { name, sources: [{ uri: name, content, lineOf: nowhere }] }
}

function impossibleIn(
  { content, loaded }: Extract<Reading<Scenario>, { kind: 'read' }>,
  base: SessionStart,
  known: Known,
): readonly string[] {
  const tried = tryStart(content, undefined, base, known, Date.now())
  return tried.kind === 'refused' ? complaintsAbout(tried.issues, loaded, known) : []
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .toSorted()
      .map((file) => join(folder, file))
  } catch (error) {
    throw new OptionError('scenarios', `the folder "${folder}" cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
}

const brought = new WeakMap<Registry, Promise<Scenarios>>()

/** The scenarios that come with the APIs. */
function broughtScenarios({ registry, scenarios: folders }: Served): Promise<Scenarios> {
  const known =
    brought.get(registry) ??
    Promise.all(folders.flatMap(filesIn).map((file) => read(file, 'scenario', registry))).then((all) => {
      refuse('scenarios', all.flatMap(complaintsOf))
      return new Map(byName(all))
    })
  brought.set(registry, known)
  return known
}

function byName(all: readonly Reading<Scenario>[]): readonly (readonly [string, Scenario])[] {
  return all.flatMap((one) => (one.kind === 'read' ? [[nameOf(one.loaded.path), one.content] as const] : []))
}

function nameOf(file: string): string {
  return basename(file).replace(/\.\w+$/, '')
}

/** What a states file holds. */
export interface States {
  readonly states: readonly StateDefinition[]
}

/**
 * The provider states that come with the APIs, read when a verifier first asks, with a team's own before them. Own ones are read at once, and each whose
 * parameters have defaults is tried: a bad file is found at the start, not in the middle of a run.
 * @param startFrom what a session starts from by the scenario of this name; without it those that begin one are not tried
 */
export async function readStates(
  own: string | States | undefined,
  start: SessionStart,
  { registry, states: files }: Pick<Served, 'registry' | 'states'>,
  startFrom?: (scenario: string) => Promise<Started>,
): Promise<() => Promise<readonly KnownState[]>> {
  const before = own === undefined ? undefined : await loadStates(own, registry)
  if (before) refuse('states', complaintsAbout(await impossibleStates(before.states, start, registry, startFrom), before.loaded))
  return async () => {
    const known = broughtStates.get(registry) ?? Promise.all(files.map((file) => loadStates(file, registry)))
    broughtStates.set(registry, known)
    const brought = (await known).flatMap(({ states }) => states)
    if (!before) return brought
    return [...before.states, ...brought.filter(({ state }) => !before.states.some((one) => one.state === state))]
  }
}

const broughtStates = new WeakMap<Registry, Promise<readonly Awaited<ReturnType<typeof loadStates>>[]>>()

/** @throws UsageError that names every place where the states do not fit their schema, or contradict themselves */
async function loadStates(
  from: string | States,
  registry: Registry,
): Promise<{ readonly states: readonly KnownState[]; readonly loaded: Loaded }> {
  const one = await read(from, 'states', registry)
  if (one.kind === 'refused') throw new OptionError('states', one.complaints.join('\n'))
  const { loaded, content } = one
  refuse('states', complaintsAbout(checkStates(content.states, registry), loaded))
  const name = typeof from === 'string' ? basename(from) : 'the option states'
  return { states: content.states.map((state) => ({ ...state, from: name })), loaded }
}

/** What cannot be of states as their defaults have them, each in what it begins from. */
async function impossibleStates(
  states: readonly StateDefinition[],
  start: SessionStart,
  registry: Registry,
  startFrom: ((scenario: string) => Promise<Started>) | undefined,
): Promise<readonly Wrong[]> {
  const real = Date.now()
  const issues: Wrong[] = []
  for (const [index, definition] of states.entries()) {
    const { state, scenario } = definition
    if (scenario !== undefined && !startFrom) continue
    const started = scenario === undefined ? undefined : await startFrom?.(scenario)
    if (started?.kind === 'refused') {
      const { detail, fix } = started.problem
      issues.push({ at: `/states/${index}/scenario`, message: `is "${scenario}": ${detail}`, ...(fix !== undefined && { fix }) })
      continue
    }
    const matched = matchState([definition], state, {}, registry)
    // A parameter without a default has no value to try.
    if (matched.kind !== 'state') continue
    const wrong = await wrongWith(matched, started?.start ?? start, real, registry)
    issues.push(...wrong.map((issue) => ({ ...issue, at: `/states/${index}${issue.at}`, message: `${issue.message} ("${state}")` })))
  }
  return issues
}

/** What cannot be of a state with its parameters put in: no data, data that are impossible, values that lead nowhere. */
async function wrongWith(filled: FilledState, start: SessionStart, real: number, registry: Registry): Promise<readonly Wrong[]> {
  const data = dataOf(filled, registry)
  const unfit = checkData(asDocument('data', data), await schemaOf('scenario', registry))
  const tried = unfit.length > 0 ? { kind: 'refused' as const, issues: unfit } : tryBringing(data, start, real, registry)
  if (tried.kind === 'refused') return tried.issues.map((issue) => ({ ...issue, at: `/exists${issue.at}` }))
  return Object.entries(filled.definition.values ?? {}).flatMap(([name, pointer]) =>
    valueAt(tried.view, pointer) === undefined
      ? { at: `/values/${pointerPart(name)}`, message: `leads to ${pointer}, and nothing is there`, fix: valuesOf(registry) }
      : [],
  )
}

function valuesOf({ words }: Registry): string {
  return `let it lead into ${[...words.values()].flatMap(({ row }) => row.shows).join(', ')} as the APIs show them`
}

interface Contents {
  readonly scenario: Scenario
  readonly states: States
}

/** What was read, and where it stands; or all of what does not fit its schema. */
type Reading<Content> =
  | { readonly kind: 'read'; readonly content: Content; readonly loaded: Loaded }
  | { readonly kind: 'refused'; readonly complaints: readonly string[] }

interface Loaded {
  /** As it was named; what it is where it was no file. */
  readonly path: string
  lineOf(pointer: string): number | undefined
}

/** Where contents stand that others can extend. */
const places = new WeakMap<object, Loaded>()

function placeOf(content: object): Loaded {
  return places.get(content) ?? { path: 'scenario', lineOf: nowhere }
}

/** A file, whose lines can be named, or the value itself; checked by its schema. */
async function read<Option extends keyof Contents>(
  from: string | object,
  option: Option,
  registry: Registry,
  name: string = option,
): Promise<Reading<Contents[Option]>> {
  const read = typeof from === 'string' ? await readFile(from) : asDocument(option, from)
  if (typeof read === 'string') return { kind: 'refused', complaints: [read] }
  const [source] = read.sources
  const loaded: Loaded = { path: typeof from === 'string' ? from : name, lineOf: source?.lineOf ?? nowhere }
  const issues = checkData(read, await schemaOf(option, registry)).map(withKnownNames)
  if (issues.length > 0) return { kind: 'refused', complaints: complaintsAbout(issues, loaded) }
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const content = source?.content as Contents[Option]
  places.set(content, loaded)
  return { kind: 'read', content, loaded }
}

/** @returns the document, or why it cannot be read */
async function readFile(file: string): Promise<LoadedDocument | string> {
  try {
    return await loadDocument(file)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    // A place is named by the path that was given.
    return error.message.startsWith(`${basename(file)}:`) ? file + error.message.slice(basename(file).length) : error.message
  }
}

function nowhere(): undefined {
  return undefined
}

/** The schemas of files, with the names of the APIs that are served. */
const COMPOSED = { scenario: scenarioSchema, states: statesSchema, state: stateSchema } as const
const schemas = new WeakMap<Registry, Map<string, Promise<LoadedDocument>>>()

function schemaOf(option: keyof typeof COMPOSED, registry: Registry): Promise<LoadedDocument> {
  const known = schemas.get(registry) ?? new Map<string, Promise<LoadedDocument>>()
  schemas.set(registry, known)
  const schema = known.get(option) ?? loadSchema(option).then((loaded) => withNames(loaded, registry))
  known.set(option, schema)
  return schema
}

/** A document of the mock's own with the names of the APIs in all its files, and what of its schemas the build has compiled and says the same then. */
export function withNames(loaded: LoadedDocument, registry: Registry): LoadedDocument {
  const compose = (uri: string, content: unknown): unknown => {
    const option = (['scenario', 'states', 'state'] as const).find((one) => uri.endsWith(`${one}.schema.json`))
    return option ? COMPOSED[option](content, registry) : uri.startsWith('control.') ? controlDocument(content, registry) : content
  }
  return {
    ...loaded,
    ...(loaded.precompiled && { precompiled: unchanged(loaded.precompiled) }),
    sources: loaded.sources.map((source) => ({ ...source, content: compose(source.uri, source.content) })),
  }
}

/** What the build has compiled of the schemas that say the same with other names as with those that there were. */
function unchanged(precompiled: Precompiled): Precompiled {
  const ofSide = (side: 'request' | 'response'): ValidateFunctions => ({
    get: (key, closure) => (precompiled.digests[side][key] === digestOf(closure()) ? precompiled[side].get(key, closure) : undefined),
  })
  return { ...precompiled, request: ofSide('request'), response: ofSide('response') }
}

/** The JSON Schema of a file that users write, for an editor. */
export async function schemaFor(option: 'scenario' | 'states', registry: Registry): Promise<unknown> {
  const { sources } = await schemaOf(option, registry)
  return sources[0]?.content
}

/** Each issue in a line, with file and line where there are some. @param known where scenarios are found that others extend */
function complaintsAbout(issues: readonly Wrong[], own: Loaded, known?: Pick<Known, 'scenario'>): readonly string[] {
  return issues.map(({ at, message, fix, in: owner }) => {
    const extended = owner === undefined ? undefined : known?.scenario(owner)
    const { path, lineOf } = extended ? placeOf(extended) : own
    const line = lineOf(at)
    return `${path}${line === undefined ? '' : `:${line}`}: ${at === '' ? 'it' : at} ${message}${fix === undefined ? '' : `; ${fix}`}`
  })
}

function complaintsOf(one: Reading<unknown>): readonly string[] {
  return one.kind === 'refused' ? one.complaints : []
}

/** @throws OptionError where there is a complaint, with all of them */
function refuse(option: string, complaints: readonly string[]): void {
  if (complaints.length > 0) throw new OptionError(option, complaints.join('\n'))
}
