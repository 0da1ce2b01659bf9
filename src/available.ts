/** What there is to choose from, asked without a mock: APIs, scenarios, provider states, assumptions, documents. */
import { namesAmong } from './base/names.ts'
import { checkOptions } from './base/option.ts'
import { OptionError } from './base/problem.ts'
import { fileURLToPath } from 'node:url'
import { BUNDLED, BUNDLED_SCENARIOS } from './bundled.ts'
import type { Api } from './core/api.ts'
import type { AssumptionTable } from './core/assumption.ts'
import { versionsOf } from './core/scenario/saved.ts'
import { matchState } from './core/scenario/state.ts'
import type { LoadedDocument } from './document/load.ts'
import { checkFiles, type CheckedScenario, readScenarios, readStates, schemaFor, type States } from './library.ts'
import { MOCK_OPTIONS, type MockOptions, readOptions } from './options.ts'
import { readAssumptions } from './options/checks.ts'
import { type Serving, serveApis } from './serving.ts'

let ofBundled: Promise<Serving> | undefined

/**
 * The APIs that are wanted, ready to be served. Mocks of one process share the bundled ones, which never change.
 * @throws UsageError for a name that no bundled API has
 */
export async function servingOf(given?: MockOptions['apis']): Promise<Serving> {
  const { apis: wanted } = checkOptions({ apis: MOCK_OPTIONS.apis }, { apis: given })
  return wanted === undefined ? (ofBundled ??= servingAll(BUNDLED.map(({ name }) => name))) : servingAll(wanted)
}

async function servingAll(wanted: readonly (Api | string)[]): Promise<Serving> {
  const names = wanted.filter((one) => typeof one === 'string')
  const unknown = names.find((name) => !BUNDLED.some((one) => one.name === name))
  if (unknown !== undefined)
    throw new OptionError('apis', `there is no bundled API "${unknown}"; there are ${BUNDLED.map(({ name }) => name).join(', ')}`)
  // Without a bundled API all of them would be there.
  const isWhole = names.length > 0 && BUNDLED.every(({ name }) => names.includes(name))
  const apis = await Promise.all(wanted.map(async (one) => (typeof one === 'string' ? await bundledApi(one) : one)))
  return serveApis(apis, isWhole ? [beside(BUNDLED_SCENARIOS)] : [])
}

async function bundledApi(name: string): Promise<Api> {
  const api = await BUNDLED.find((one) => one.name === name)?.load()
  if (!api) throw new Error(`there is no bundled API "${name}"`)
  return api
}

function beside(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** A scenario as lists have it. */
export interface ScenarioRow {
  readonly name: string
  readonly description: string
}

/**
 * The scenarios that sessions can start from: those of the APIs, and those of a folder, by name.
 * @throws UsageError that names every place where one of the folder cannot be
 */
export async function listScenarios(folder?: string, apis?: MockOptions['apis']): Promise<readonly ScenarioRow[]> {
  const serving = await servingOf(apis)
  const scenarios = await (await readScenarios(folder, readOptions({}, serving.registry).base, serving))()
  return [...scenarios].map(([name, { description = '' }]) => ({ name, description })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Everything that is wrong with files of scenarios, which may extend one another, those of the APIs and those of a folder.
 * @throws UsageError where there is no such file, or the folder cannot be
 */
export async function checkScenarios(
  files: readonly string[],
  folder?: string,
  apis?: MockOptions['apis'],
): Promise<readonly CheckedScenario[]> {
  const serving = await servingOf(apis)
  return checkFiles(files, folder, readOptions({}, serving.registry).base, serving)
}

/** The JSON Schema of scenarios, or of files of provider states, with the words of the APIs: for an editor. */
export async function fileSchema(of: 'scenario' | 'states', apis?: MockOptions['apis']): Promise<unknown> {
  return schemaFor(of, (await servingOf(apis)).registry)
}

/** A provider state asked for; `known` holds the nearest texts where nobody knows it. */
export interface FoundState {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly known: readonly string[] | undefined
}

/** Which of these provider states those of the APIs, or a team's own, know. */
export async function findStates(
  wanted: readonly Pick<FoundState, 'state' | 'params'>[],
  own?: string | States,
  apis?: MockOptions['apis'],
): Promise<readonly FoundState[]> {
  const serving = await servingOf(apis)
  const states = await (await readStates(own, readOptions({}, serving.registry).base, serving))()
  return wanted.map(({ state, params }) => {
    const matched = matchState(states, state, params, serving.registry)
    return { state, params, known: matched.kind === 'unknown' ? matched.known : undefined }
  })
}

/** One assumption with the value it has under these choices. */
export interface AssumptionRow {
  readonly name: string
  readonly value: string
  readonly alternatives: readonly string[]
  readonly question: string
  readonly reason: string
  readonly source: string
}

/**
 * What is assumed where the documents are silent; `choices` as in the option `assume`.
 * @param apis the bundled ones unless said otherwise
 * @throws OptionError for a choice that is unknown
 */
export function assumptionList(
  choices: Readonly<Record<string, string>> = {},
  apis: readonly (Pick<Api, 'assumptions'> & { readonly name?: string })[] = BUNDLED,
): readonly AssumptionRow[] {
  const knownAs = namesAmong(apis.flatMap(({ assumptions }) => Object.keys(assumptions)))
  const table: AssumptionTable = Object.fromEntries(
    apis.flatMap(({ name: api = '', assumptions }) => Object.entries(assumptions).map(([name, row]) => [knownAs(api, name), row])),
  )
  const chosen = readAssumptions(choices, table)
  return Object.entries(table).map(([name, { values, question, reason, source }]) => {
    const value = chosen[name] ?? values[0]
    return { name, value, alternatives: values.filter((other) => other !== value), question, reason, source }
  })
}

/** The same for APIs that still have to be loaded. */
export async function assumptionsOf(
  choices: Readonly<Record<string, string>> = {},
  apis?: MockOptions['apis'],
): Promise<readonly AssumptionRow[]> {
  const { registry } = await servingOf(apis)
  return assumptionList(choices, [registry])
}

/** The versions of their data, by the names of APIs. */
export async function apiVersions(apis: MockOptions['apis']): Promise<Readonly<Record<string, number>>> {
  return versionsOf((await servingOf(apis)).registry)
}

/** The documents of APIs. */
export async function documentsOf(apis: MockOptions['apis']): Promise<readonly LoadedDocument[]> {
  return (await servingOf(apis)).documents
}
