import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkData } from './contract/data.ts'
import { nearest } from './domain/assumption.ts'
import { beginSession, type SessionStart } from './domain/control/session.ts'
import { place } from './domain/place.ts'
import { type Known, type Scenario, startOf } from './domain/scenario.ts'
import { checkStates, matchState, type StateDefinition } from './domain/state.ts'
import { worldOf } from './domain/world.ts'
import { tryBeginning } from './engine/session.ts'
import type { Issue } from './http.ts'
import { loadDocument, type LoadedDocument } from './load.ts'
import { DocumentError, UsageError } from './problem.ts'

/** What teams write in files, and what comes with the mock: scenarios and provider states. */

/** Scenarios by name: those that come with the mock, and a team's own before them. */
export type Scenarios = ReadonlyMap<string, Scenario>

/**
 * Reads the scenarios of a folder, `NAME.yaml` or `NAME.json` each, beside the bundled ones. The bundled ones are read when they are first
 * wanted, a team's own at once: a file that cannot be is no surprise in the middle of a run.
 * @throws UsageError that names every place where a file does not fit its schema, or is impossible
 */
export async function readScenarios(
  folder: string | undefined,
  base: SessionStart,
  operations: Known['operations'],
): Promise<() => Promise<Scenarios>> {
  const own = folder === undefined ? undefined : await loadScenarios(folder)
  let all: Promise<Scenarios> | undefined
  const read = (): Promise<Scenarios> =>
    (all ??= bundled().then((known) => new Map([...known, ...(own ?? []).map(({ name, content }) => [name, content] as const)])))
  if (own) {
    const known = knownBy(await read(), operations)
    for (const { name, content, loaded } of own) tryScenario(content, name, base, known, loaded)
  }
  return read
}

/** What scenarios may name. */
export function knownBy(scenarios: Scenarios, operations: Known['operations']): Known {
  return { operations, scenario: (name) => scenarios.get(name), scenarios: () => [...scenarios.keys()] }
}

/**
 * What a session starts from by the scenario of this name, of this file, or by this one.
 * @throws UsageError for an unknown name, and for every place where the scenario does not fit its schema, or is impossible
 */
export async function readStart(scenario: string | Scenario, base: SessionStart, known: () => Promise<Known>): Promise<SessionStart> {
  if (typeof scenario === 'string' && /^[\w-]+$/.test(scenario)) {
    const found = (await known()).scenario(scenario)
    if (found) return tryScenario(found, scenario, base, await known(), undefined)
    const names = nearest(scenario, (await known()).scenarios())
    throw new UsageError(`scenario: there is no scenario "${scenario}"; there are ${names.join(', ')}, or name a file`)
  }
  const { loaded, content } = await loadChecked(scenario, 'scenario')
  const name = typeof scenario === 'string' ? nameOf(scenario) : undefined
  const isSimple = content.extends === undefined
  return tryScenario(content, name, base, isSimple ? { ...(await known()) } : await known(), loaded)
}

/** @throws UsageError with every place that is impossible */
function tryScenario(
  content: Scenario,
  name: string | undefined,
  base: SessionStart,
  known: Known,
  loaded: LoadedDocument | undefined,
): SessionStart {
  const wrong = (issues: readonly Pick<Issue, 'at' | 'message' | 'fix'>[]): void =>
    refuseIssues(loaded ?? { name: name ?? 'scenario', sources: [] }, issues, 'scenario')
  const start = startOf(content, name, base, known)
  if (start.kind === 'refused') {
    wrong(start.issues)
    return base
  }
  const begun = tryBeginning(start.start, Date.now())
  if (begun.kind === 'refused') wrong(begun.issues)
  return start.start
}

interface LoadedScenario {
  readonly name: string
  readonly content: Scenario
  readonly loaded: LoadedDocument
}

async function loadScenarios(folder: string): Promise<readonly LoadedScenario[]> {
  let files: string[]
  try {
    files = readdirSync(folder)
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .toSorted()
  } catch (error) {
    throw new UsageError(`scenarios: the folder "${folder}" cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
  return Promise.all(
    files.map(async (file): Promise<LoadedScenario> => ({
      name: nameOf(file),
      ...(await loadChecked(join(folder, file), 'scenario')),
    })),
  )
}

let bundledScenarios: Promise<Scenarios> | undefined

function bundled(): Promise<Scenarios> {
  bundledScenarios ??= loadScenarios(beside('fixtures/scenarios')).then((all) => new Map(all.map(({ name, content }) => [name, content])))
  return bundledScenarios
}

function nameOf(file: string): string {
  return basename(file).replace(/\.\w+$/, '')
}

/** What a states file holds. */
export interface States {
  readonly states: readonly StateDefinition[]
}

/**
 * The bundled provider states, read when a verifier first asks, with a team's own before them. Own ones are read at once, and each whose
 * parameters have defaults is tried: a file that cannot be is no surprise in the middle of a run.
 */
export async function readStates(
  own: string | States | undefined,
  start: SessionStart,
): Promise<() => Promise<readonly StateDefinition[]>> {
  const before = own === undefined ? [] : await loadStates(own, start)
  return async () => {
    bundledStates ??= loadStates(beside('fixtures/states.yaml'), undefined)
    const bundled = await bundledStates
    return before.length === 0 ? bundled : [...before, ...bundled.filter(({ state }) => !before.some((one) => one.state === state))]
  }
}

let bundledStates: Promise<readonly StateDefinition[]> | undefined

/** @throws UsageError that names every place where the states do not fit their schema, or cannot be set up */
async function loadStates(own: string | States, start: SessionStart | undefined): Promise<readonly StateDefinition[]> {
  const { loaded, content } = await loadChecked(own, 'states')
  const { states } = content
  refuseIssues(loaded, checkStates(states), 'states')
  if (start) {
    const real = Date.now()
    const session = beginSession(start, real)
    const scene = { world: worldOf([]), session, now: session.begun, real }
    const issues = states.flatMap((definition, index) => {
      const { state } = definition
      const matched = matchState([definition], state, {})
      const placed = matched.kind === 'state' ? place(matched.data, scene) : undefined
      return placed?.kind === 'refused'
        ? placed.issues.map((issue) => ({ ...issue, at: `/states/${index}/exists${issue.at}`, message: `${issue.message} ("${state}")` }))
        : []
    })
    refuseIssues(loaded, issues, 'states')
  }
  return states
}

interface Contents {
  readonly scenario: Scenario
  readonly states: States
}

/** A file, whose lines can be named, or the value itself; checked by its schema. */
async function loadChecked<Option extends keyof Contents>(
  from: string | object,
  option: Option,
): Promise<{ readonly loaded: LoadedDocument; readonly content: Contents[Option] }> {
  const loaded = await load(from, option)
  refuseIssues(loaded, checkData(loaded, await loadDocument(beside(`spec/${option}.schema.json`))).map(withNames), option)
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { loaded, content: (loaded.sources[0]?.content ?? {}) as Contents[Option] }
}

async function load(from: string | object, option: string): Promise<LoadedDocument> {
  if (typeof from !== 'string') return { name: option, sources: [{ uri: option, content: from, lineOf: () => undefined }] }
  try {
    return await loadDocument(from)
  } catch (error) {
    throw error instanceof DocumentError ? new UsageError(`${option}: ${error.message}`) : error
  }
}

function beside(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** An unknown name is told with the known ones. */
function withNames(issue: Issue): Issue {
  return issue.rule === 'additionalProperties' ? { ...issue, fix: names(issue) } : issue
}

/** The names that would do, the most similar first. */
function names({ at, wanted }: Issue): string {
  const known = [wanted].flat().map(String)
  return `there ${known.length === 1 ? 'is' : 'are'} ${nearest(at.slice(at.lastIndexOf('/') + 1), known).join(', ')}`
}

function refuseIssues(
  { sources: [source] }: LoadedDocument,
  issues: readonly Pick<Issue, 'at' | 'message' | 'fix'>[],
  option: string,
): void {
  if (issues.length === 0) return
  const lines = issues.map(({ at, message, fix }) => {
    const line = source?.lineOf(at)
    return `${source?.uri ?? option}${line === undefined ? '' : `:${line}`}: ${at === '' ? 'it' : at} ${message}${fix === undefined ? '' : `; ${fix}`}`
  })
  throw new UsageError(`${option}: ${lines.join('\n')}`)
}
