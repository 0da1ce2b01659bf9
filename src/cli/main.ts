import { Argument, Command, CommanderError, Option as Flag } from 'commander'
import { fstatSync, readFileSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { DocumentError, UsageError } from '../base/problem.ts'
import { inLines } from '../base/shown.ts'
import { commandOptions, type Options, shownDefault } from '../base/option.ts'
import { loadApis, rowsOf, wantedApis, withSpecs } from './apis.ts'
import {
  ASSUMPTION_OPTIONS,
  CHECK_OPTIONS,
  COMPARE_OPTIONS,
  COVERAGE_OPTIONS,
  EXPLAIN_OPTIONS,
  INIT_OPTIONS,
  REPLAY_OPTIONS,
  REQUESTS_OPTIONS,
  SCENARIO_CHECK_OPTIONS,
  SCENARIO_LIST_OPTIONS,
  SCHEMA_OPTIONS,
  serveOptions,
  VERIFY_OPTIONS,
} from './config.ts'
import { withHint } from './hints.ts'
import type { MockOptions } from '../index.ts'
import type { Outside } from './io.ts'
import type { ServeSettings } from './serve.ts'
import { isSwitch, withSwitches } from './switches.ts'
import { asGiven, readSettings, type Settings, variableName } from './settings.ts'

/** Called wrongly, or cannot start. */
const WRONG = 2

/**
 * Runs the command. A command's own code is loaded when it is called: `--help` loads nothing heavy.
 * @param argv without node and script
 * @returns the exit code: 0 well, 1 a check failed, 2 called wrongly or cannot start
 */
export async function main(argv: readonly string[], outside: Outside = processIo()): Promise<number> {
  const io = {
    ...outside,
    out: (text: string) => outside.out(inLines(text)),
    err: (text: string) => outside.err(inLines(text)),
    raw: outside,
  }
  let code = 0
  const wanted = wantedApis(argv, io.env)
  const files = new Set<string>()
  const onFile = (file: string): void => void files.add(file)
  let apis: Awaited<ReturnType<typeof loadApis>>
  let servable: ReturnType<typeof serveOptions>
  try {
    apis = await loadApis(wanted, onFile)
    servable = serveOptions(rowsOf(apis))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    io.err(`error: ${error.message}`)
    return WRONG
  }
  const own = apis.length === 0 ? {} : { apis }
  const program = new Command('allocation-mock')
    .description('A stand-in for HTTP APIs: validates requests by their OpenAPI documents and answers from state.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(withHint(text)),
    })
    .showHelpAfterError('(--help lists commands and options)')
    .helpCommand(false)
  const tables: Options[] = []
  /** Gives a command its options, and what it does with their values and its other arguments. */
  const does = <Rows extends Options>(
    command: Command,
    rows: Rows,
    run: (settings: Settings<Rows>, files: readonly string[]) => Promise<number>,
  ): void => {
    addOptions(command, rows)
    tables.push(rows)
    command.action(async () => {
      const given = { flags: command.opts(), env: io.env }
      try {
        code = await run(readSettings(rows, given), command.args)
      } catch (error) {
        throw asGiven(error, rows, given)
      }
    })
  }
  const serveAll = async (settings: ServeSettings, specs: readonly string[]): Promise<number> => {
    const loaded = withSpecs(own.apis, specs)
    const again = async (): Promise<MockOptions['apis']> =>
      withSpecs(wanted.length === 0 ? undefined : await loadApis(wanted, onFile), specs)
    return (await import('./serve.ts')).serve({ ...settings, ...(loaded && { apis: loaded }) }, io, { again, files })
  }
  does(
    program
      .command('serve')
      .alias('mock')
      .description('serve the bundled APIs, or your own, with state; or OpenAPI documents alone')
      .argument('[documents...]', 'OpenAPI documents, as --spec has them')
      .helpOption('--help', 'display help for command'),
    servable,
    async ({ spec = [], ...settings }, documents) => serveAll(settings, [...spec, ...documents]),
  )
  does(
    program
      .command('proxy')
      .description('send requests on to the real service, and check them and its answers by OpenAPI documents')
      .argument('<document or upstream...>', 'an OpenAPI document, unless --spec or --api gives one, and the URL of the real service')
      .helpOption('--help', 'display help for command'),
    servable,
    async ({ spec = [], ...settings }, given) => {
      const upstream = given.at(-1) ?? ''
      const specs = [...spec, ...given.slice(0, -1)]
      if (!withSpecs(own.apis, specs))
        throw new UsageError(
          `proxy ${upstream}: no document is given; write proxy openapi.yaml ${upstream}, or --spec openapi.yaml before it`,
        )
      return serveAll({ ...settings, upstream }, specs)
    },
  )
  does(
    program
      .command('init')
      .description('write a module that serves an OpenAPI document from state: a stub for each operation')
      .allowExcessArguments(false),
    INIT_OPTIONS,
    async (settings) => (await import('./init.ts')).init(settings, io),
  )
  does(
    program
      .command('assumptions')
      .description('list what is assumed where the documents are silent, and the alternatives')
      .allowExcessArguments(false),
    ASSUMPTION_OPTIONS,
    async (settings) => (await import('./assumptions.ts')).assumptions(settings, rowsOf(apis), io),
  )
  const scenario = program
    .command('scenario')
    .description('list the scenarios that sessions can start from, or check files of your own')
    .helpCommand(false)
  does(
    scenario.command('list').description('list the scenarios that there are, each with a sentence').allowExcessArguments(false),
    SCENARIO_LIST_OPTIONS,
    async (settings) => (await import('./scenario.ts')).listed(settings, own.apis, io),
  )
  does(
    scenario
      .command('check')
      .description('check files of scenarios, which may extend one another: every place where one cannot be')
      .argument('<files...>', 'YAML or JSON files'),
    SCENARIO_CHECK_OPTIONS,
    async (settings, files) => (await import('./scenario.ts')).checked(files, settings, own.apis, io),
  )
  does(
    program
      .command('verify')
      .description('verify pacts against their documents, the mock, and the real service: one verdict an interaction')
      .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)'),
    VERIFY_OPTIONS,
    async (settings, pacts) => (await import('./verify.ts')).verify(pacts, settings, own.apis, io),
  )
  does(
    program
      .command('check')
      .description('look whether OpenAPI documents would be served well: what would be answered 500, and what probably is a slip')
      .argument('<files...>', 'OpenAPI documents, YAML or JSON'),
    CHECK_OPTIONS,
    async (settings, files) => (await import('./check.ts')).check(files, settings, io),
  )
  does(
    program
      .command('compare')
      .description('compare pacts with their documents, without any request')
      .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)'),
    COMPARE_OPTIONS,
    async (settings, pacts) => (await import('./compare.ts')).compare(pacts, settings, io),
  )
  does(
    program
      .command('coverage')
      .description('list the documented answers that consumers rely on')
      .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)'),
    COVERAGE_OPTIONS,
    async (settings, pacts) => (await import('./coverage.ts')).coverage(pacts, settings, io),
  )
  does(
    program
      .command('replay')
      .description('repeat exported sessions in a mock of their own, and compare the answers byte for byte')
      .argument('<files...>', 'what GET /__mock/sessions/{name}/export has answered'),
    REPLAY_OPTIONS,
    async ({ spec = [], ...settings }, files) => (await import('./replay.ts')).replay(files, settings, withSpecs(own.apis, spec), io),
  )
  does(
    program
      .command('requests')
      .description('list what a running mock was asked, the last at the end, and go on with what comes')
      .allowExcessArguments(false),
    REQUESTS_OPTIONS,
    async (settings) => (await import('./requests.ts')).requests(settings, io),
  )
  does(
    program
      .command('explain')
      .description('say of one past request of a running mock what was wrong with it, what would do, and what it changed')
      .argument('[request]', 'its id, or its address at the end of a log line (default: the last that was refused)')
      .allowExcessArguments(false),
    EXPLAIN_OPTIONS,
    async (settings, [request]) => (await import('./explain.ts')).explain(request, settings, io),
  )
  does(
    program
      .command('schema')
      .description('print the JSON Schema of scenarios, or of provider states, with the words of the APIs: for an editor')
      .addArgument(new Argument('<of>', 'scenario or states').choices(['scenario', 'states'])),
    SCHEMA_OPTIONS,
    async (_settings, [of]) => (await import('./schema.ts')).schema(of === 'states' ? 'states' : 'scenario', own.apis, io),
  )
  try {
    await program.parseAsync(withSwitches(argv, tables), { from: 'user' })
  } catch (error) {
    if (error instanceof UsageError || error instanceof DocumentError) io.err(`error: ${error.message}`)
    // A fault of our own says nothing of what was checked.
    else if (!(error instanceof CommanderError)) io.err(inspect(error))
    // Help and version end as errors of the code 0.
    code = error instanceof CommanderError && error.exitCode === 0 ? 0 : WRONG
  }
  const lost = await io.lost?.()
  if (lost === undefined) return code
  io.err(`error: results are lost, standard output cannot be written: ${lost}`)
  return WRONG
}

function addOptions(command: Command, rows: Options): void {
  for (const [, row] of commandOptions(rows)) {
    const value = shownDefault(row)
    const shown = value === undefined ? '' : ` (default: ${value})`
    const flag = new Flag(
      row.short === undefined ? row.flag : `${row.short}, ${row.flag}`,
      `${row.help}${shown} [${[variableName(row), row.alias ?? []].flat().join(', ')}]`,
    )
    if (row.repeats) flag.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    command.addOption(flag)
    if (isSwitch(row)) command.addOption(new Flag(row.flag.replace(/^--(\S+).*/, '--no-$1')).hideHelp())
  }
}

function version(): string {
  const manifest: { version?: unknown } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String(manifest.version)
}

/**
 * V8 makes objects old at once where many from the same place have lived for long. Here they do while hundreds of requests come in at a time, and
 * ever after each request would leave old garbage that keeps its young in memory: a request would cost half as much again. V8 takes no compiled code
 * that was kept under other flags: so this waits until a start has loaded what it needs, and ends before code is kept.
 */
function forLoad(): void {
  setTimeout(() => {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8')
    setFlagsFromString('--no-allocation-site-pretenuring')
    process.once('exit', () => setFlagsFromString('--allocation-site-pretenuring'))
  }, STARTED).unref()
}

/** A start is over by then, in milliseconds. */
const STARTED = 1_000

function processIo(): Outside {
  let lost: Error | undefined
  const unread = new AbortController()
  const keep = (error: Error): void => {
    // Who has read enough (`| head -1`) loses nothing: the command goes on, and its code is what it found.
    if ('code' in error && error.code === 'EPIPE') unread.abort()
    else lost ??= error
  }
  process.stdout.on('error', keep)
  process.stderr.on('error', () => undefined)
  const isFile = fstatSync(process.stdout.fd).isFile()
  return {
    out: (line) => {
      try {
        // On a disk that is nearly full the stream writes what there is room for, and takes that for all.
        if (isFile) writeFileSync(process.stdout.fd, `${line}\n`)
        else process.stdout.write(`${line}\n`)
      } catch (error) {
        keep(error instanceof Error ? error : new Error(String(error)))
      }
    },
    err: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    terminals: { ...(process.stdout.isTTY && { out: process.stdout }), ...(process.stderr.isTTY && { err: process.stderr }) },
    unread: unread.signal,
    listens: forLoad,
    async lost() {
      await new Promise((resolve) => process.stdout.write('', resolve))
      return lost?.message
    },
  }
}
