import { Command, CommanderError, Option as Flag } from 'commander'
import { fstatSync, readFileSync, writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { UsageError } from '../base/problem.ts'
import { inLines } from '../base/shown.ts'
import { withHint } from './hints.ts'
import {
  ASSUMPTION_OPTIONS,
  COMPARE_OPTIONS,
  COVERAGE_OPTIONS,
  REPLAY_OPTIONS,
  VERIFY_OPTIONS,
  environmentName,
  type Option,
  type Outside,
  readOptions,
  SCENARIO_CHECK_OPTIONS,
  SCENARIO_LIST_OPTIONS,
  SERVE_OPTIONS,
} from './config.ts'

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
  const program = new Command('allocation-mock')
    .description('A stand-in for order-allocation APIs: validates requests by their OpenAPI documents and answers from state.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(withHint(text)),
    })
    .showHelpAfterError('(--help lists commands and options)')
    .helpCommand(false)
  const serve = program
    .command('serve')
    .description('serve the supplier API and the OMS API, with state')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      const settings = readOptions(SERVE_OPTIONS, given, io.env)
      const { serve } = await import('./serve.ts')
      code = await serve(settings, io)
    })
  addOptions(serve, SERVE_OPTIONS)
  const assumptions = program
    .command('assumptions')
    .description('list what is assumed where the documents are silent, and the alternatives')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      const settings = readOptions(ASSUMPTION_OPTIONS, given, io.env)
      const { assumptions } = await import('./assumptions.ts')
      code = assumptions(settings, io)
    })
  addOptions(assumptions, ASSUMPTION_OPTIONS)
  const scenario = program
    .command('scenario')
    .description('list the scenarios that sessions can start from, or check files of your own')
    .helpCommand(false)
  const list = scenario
    .command('list')
    .description('list the scenarios that there are, each with a sentence')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      const settings = readOptions(SCENARIO_LIST_OPTIONS, given, io.env)
      const { listed } = await import('./scenario.ts')
      code = await listed(settings, io)
    })
  addOptions(list, SCENARIO_LIST_OPTIONS)
  const check = scenario
    .command('check')
    .description('check files of scenarios, which may extend one another: every place where one cannot be')
    .argument('<files...>', 'YAML or JSON files')
    .action(async (files: string[], given: Record<string, unknown>) => {
      const settings = readOptions(SCENARIO_CHECK_OPTIONS, given, io.env)
      const { checked } = await import('./scenario.ts')
      code = await checked(files, settings, io)
    })
  addOptions(check, SCENARIO_CHECK_OPTIONS)
  const verify = program
    .command('verify')
    .description('verify pacts against their documents, the mock, and the real service: one verdict an interaction')
    .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)')
    .action(async (pacts: string[], given: Record<string, unknown>) => {
      const settings = readOptions(VERIFY_OPTIONS, given, io.env)
      const { verify } = await import('./verify.ts')
      code = await verify(pacts, settings, io)
    })
  addOptions(verify, VERIFY_OPTIONS)
  const compare = program
    .command('compare')
    .description('compare pacts with their documents, without any request')
    .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)')
    .action(async (pacts: string[], given: Record<string, unknown>) => {
      const settings = readOptions(COMPARE_OPTIONS, given, io.env)
      const { compare } = await import('./compare.ts')
      code = await compare(pacts, settings, io)
    })
  addOptions(compare, COMPARE_OPTIONS)
  const coverage = program
    .command('coverage')
    .description('list the documented answers that consumers rely on')
    .argument('[pacts...]', 'pact files, folders or patterns (default: the folder contracts)')
    .action(async (pacts: string[], given: Record<string, unknown>) => {
      const settings = readOptions(COVERAGE_OPTIONS, given, io.env)
      const { coverage } = await import('./coverage.ts')
      code = await coverage(pacts, settings, io)
    })
  addOptions(coverage, COVERAGE_OPTIONS)
  const replay = program
    .command('replay')
    .description('repeat exported sessions in a mock of their own, and compare the answers byte for byte')
    .argument('<files...>', 'what GET /__mock/sessions/{name}/export has answered')
    .action(async (files: string[], given: Record<string, unknown>) => {
      const settings = readOptions(REPLAY_OPTIONS, given, io.env)
      const { replay } = await import('./replay.ts')
      code = await replay(files, settings, io)
    })
  addOptions(replay, REPLAY_OPTIONS)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof UsageError) io.err(`error: ${error.message}`)
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

function addOptions(command: Command, options: Readonly<Record<string, Option>>): void {
  for (const [name, option] of Object.entries(options)) {
    const shown = option.default === undefined ? '' : ` (default: ${option.default})`
    const flag = new Flag(option.flag, `${option.help}${shown} [${[environmentName(name), option.alias ?? []].flat().join(', ')}]`)
    if (option.repeats) flag.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    command.addOption(flag)
  }
}

function version(): string {
  const manifest: { version?: unknown } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String(manifest.version)
}

function processIo(): Outside {
  let lost: Error | undefined
  const keep = (error: Error): void => {
    // Who has read enough (`| head -1`) loses nothing: the command goes on, and its code is what it found.
    if (!('code' in error && error.code === 'EPIPE')) lost ??= error
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
    isTerminal: process.stderr.isTTY,
    async lost() {
      await new Promise((resolve) => process.stdout.write('', resolve))
      return lost?.message
    },
  }
}
