/** Makes docs/reference/ from the tables that the code runs by: `npm run docs`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandOptions, type Options, shownDefault } from '../src/base/option.ts'
import { PROBLEMS } from '../src/base/problem.ts'
import { fileSchema, listScenarios } from '../src/available.ts'
import { BUNDLED } from '../src/bundled.ts'
import { CHECK_RULES, type CheckRule } from '../src/contract/check/finding.ts'
import * as options from '../src/cli/config.ts'
import { variableName } from '../src/cli/settings.ts'
import { serveApis } from '../src/serving.ts'
import { code, described, found, kindOf, type Schema, table } from './schema-words.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

// Where the tables are read: a line each.
const apis = await Promise.all(BUNDLED.map((api) => api.load()))
const serveOptions = options.serveOptions(BUNDLED)
const problems = [{ name: 'the mock', problems: PROBLEMS }, ...apis]
const scenarioSchema: Schema & { readonly $defs: Readonly<Record<string, Schema>> } = copyOf(await fileSchema('scenario'))
const serving = await serveApis(apis)
const controlDocuments = [serving.control, serving.providerStates].map(({ contract }): Document => copyOf(contract.content))

/** Plain data, of which this script knows the form. */
function copyOf(value: unknown) {
  return JSON.parse(JSON.stringify(value))
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly schema: Schema
}

interface Operation {
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly description?: string }>>
}

/** What is read of an OpenAPI document. */
interface Document {
  readonly info: { readonly description: string }
  readonly servers: readonly [{ readonly url: string }]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters?: Readonly<Record<string, Parameter>>
  }
}

/** The pages of docs/reference/, by name. */
export async function reference(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['options.md', optionsPage()],
    ['refusals.md', refusalsPage()],
    ['assumptions.md', assumptionsPage()],
    ['scenarios.md', await scenariosPage()],
    ['control-api.md', controlPage()],
    ['findings.md', findingsPage()],
  ])
}

function optionsPage(): string {
  const commands: readonly (readonly [name: string, rows: Options])[] = [
    ['serve', serveOptions],
    ['init', options.INIT_OPTIONS],
    ['verify', options.VERIFY_OPTIONS],
    ['check', options.CHECK_OPTIONS],
    ['compare', options.COMPARE_OPTIONS],
    ['coverage', options.COVERAGE_OPTIONS],
    ['replay', options.REPLAY_OPTIONS],
    ['requests', options.REQUESTS_OPTIONS],
    ['explain', options.EXPLAIN_OPTIONS],
    ['scenario list', options.SCENARIO_LIST_OPTIONS],
    ['scenario check', options.SCENARIO_CHECK_OPTIONS],
    ['assumptions', options.ASSUMPTION_OPTIONS],
    ['schema', options.SCHEMA_OPTIONS],
  ]
  return page(
    'Options',
    'The options of `npx allocation-mock COMMAND`; `npm start --` in a checkout takes those of `serve`. A flag wins over its environment ' +
      'variable. The variable of an option that may be repeated separates values by commas. Exit code 2: called wrongly, or cannot start.',
    ...commands.flatMap(([name, rows]) => [
      `## ${name}`,
      table(
        ['option', 'default', 'variable', ''],
        commandOptions(rows).map(([, row]) => [
          [row.short ?? [], row.flag].flat().map(code).join(', '),
          shownDefault(row) ?? '',
          [variableName(row), row.alias ?? []].flat().map(code).join(', '),
          row.help,
        ]),
      ),
    ]),
  )
}

function refusalsPage(): string {
  return page(
    'Refusals',
    'The `code` of a refusal in problem details, the journal and `--log json`. The status is the usual one; each API may have its own. ' +
      '[Limits](../limits.md) says which of them stand behind a bound.',
    ...problems.flatMap(({ name, problems: rows }) => [
      `## Of ${name}`,
      table(
        ['code', 'status', ''],
        Object.entries(rows).map(([one, { status, title }]) => [code(one), String(status), title]),
      ),
    ]),
  )
}

function assumptionsPage(): string {
  return page(
    'Assumptions',
    'What the documents leave open and the mock has to decide. The first value is the default; `--assume NAME=VALUE` chooses another, and ' +
      '`{"assume":{NAME:VALUE}}` does for one session when you begin it. The log names the assumption that shaped an answer.',
    ...BUNDLED.flatMap(({ name: api, assumptions }) => [
      `## Of ${api}`,
      table(
        ['name', 'values', 'question', 'why the default'],
        Object.entries(assumptions).map(([name, { values, question, reason, source }]) => [
          code(name),
          values.map(code).join(', '),
          question,
          `${reason} ([source](${source}))`,
        ]),
      ),
    ]),
  )
}

function findingsPage(): string {
  return page(
    'Findings',
    'What `allocation-mock check FILE...` finds in OpenAPI documents. Errors are what makes an operation answer 500, or never be reached, ' +
      'and end the command with 1; warnings are about what is served, and probably is a slip.',
    table(
      ['rule', 'severity', ''],
      Object.entries<CheckRule>(CHECK_RULES).map(([name, { severity, except, says }]) => [
        code(name),
        except === undefined ? severity : `${severity}; ${except}`,
        says,
      ]),
    ),
  )
}

async function scenariosPage(): Promise<string> {
  const { $defs, description = '', ...words } = scenarioSchema
  return page(
    'Scenarios',
    `What stands in a scenario file, YAML or JSON. ${description} [For testers](../for-testers.md) shows how to use one.`,
    ...described(words),
    ...Object.entries($defs).flatMap(([name, schema]) => [`## ${name}`, ...described(schema)]),
    '## Scenarios that come along',
    table(
      ['name', ''],
      (await listScenarios()).map((scenario) => [code(scenario.name), scenario.description]),
    ),
  )
}

function controlPage(): string {
  const operations = controlDocuments.flatMap(({ paths, servers: [{ url }], components }) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => method !== 'parameters')
        .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${new URL(url).pathname}${path}`, operation, components })),
    ),
  )
  return page(
    'Control API',
    ...controlDocuments.map(({ info }) => info.description),
    'A refusal is answered with problem details (RFC 9457); their codes are those of the [refusals](refusals.md). ' +
      '`GET /__mock/openapi` leads to the whole documents.',
    table(
      ['request', '', 'answers'],
      operations.map(({ name, operation }) => [code(name), operation.summary, answersOf(operation)]),
    ),
    ...operations.flatMap(({ name, operation, components }) => [`## ${name}`, operation.description, ...termsOf(operation, components)]),
  )
}

/** A table of what a request says beside its path, if it says anything. */
function termsOf({ parameters = [], requestBody }: Operation, { parameters: known = {}, schemas }: Document['components']): string[] {
  const inHead = parameters.map((one) => {
    const { name, in: place, schema, description = '' } = '$ref' in one ? found(known, one.$ref) : one
    return [`${code(name)} (${place})`, kindOf(schema, schemas), description]
  })
  const inBody = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => {
    const whole = schema.$ref?.startsWith('#/components/') ? found(schemas, schema.$ref) : schema
    const members = Object.entries(whole.properties ?? { '': whole })
    return members.map(([name, member]) => [
      name === '' ? 'body' : `${code(name)} (body)`,
      kindOf(member, schemas),
      name === '' ? '' : (member.description ?? ''),
    ])
  })
  const rows = [...inHead, ...inBody]
  return rows.length === 0 ? [] : [table(['part', 'takes', ''], rows)]
}

function answersOf({ responses }: Operation): string {
  return Object.entries(responses)
    .filter(([status]) => /^\d+$/.test(status))
    .map(([status, { description = '' }]) => `${status} ${description}`)
    .join('; ')
}

function page(title: string, ...parts: readonly string[]): string {
  return `# ${title}\n\n<!-- Made by npm run docs. -->\n\n${parts.join('\n\n')}\n`
}

if (import.meta.main)
  for (const [name, text] of await reference()) {
    const file = join(root, 'docs/reference', name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
