import { type CommandOption, commandOptions, fit, type Option, type Options } from '../base/option.ts'
import { OptionError } from '../base/problem.ts'
import type { Io } from './io.ts'

/** What was given to a command, by the names of its options; nothing for an option that was not given. */
export type Settings<Rows extends Options> = {
  [Name in keyof Rows as Rows[Name] extends CommandOption ? Name : never]?: Setting<Rows[Name]>
}

type Setting<Row extends Option> = Row extends { join(values: readonly never[]): infer Value }
  ? Value
  : Row extends { readonly repeats: true; read(text: string): infer Value }
    ? readonly Value[]
    : Row extends { read(text: string): infer Value }
      ? Value
      : never

/** What a command was called with. */
export interface Given {
  /** By option, as the command line's reader names them; several for a repeated one, `true` for a switch. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly env: Io['env']
}

/** `--supplier-token <token>` → `--supplier-token`. */
function flagName({ flag }: CommandOption): string {
  return flag.split(' ', 1)[0] ?? flag
}

/** `--supplier-token <token>` → `ALLOCATION_MOCK_SUPPLIER_TOKEN`. */
export function variableName(option: CommandOption): string {
  return `ALLOCATION_MOCK_${flagName(option).slice(2).replaceAll('-', '_').toUpperCase()}`
}

/**
 * The values of options: from their flags and, where a flag is not given, from their environment variables.
 * @throws OptionError for the first text that is not a value of its option
 */
export function readSettings<Rows extends Options>(rows: Rows, given: Given): Settings<Rows> {
  const settings: Settings<Rows> = {}
  for (const [name, row] of commandOptions(rows)) {
    const texts = sourceOf(row, given)?.texts
    if (!texts) continue
    const values = texts.map((text) => fit(name, row, text, row.read))
    Object.assign(settings, { [name]: row.repeats ? (row.join?.(values) ?? values) : values.at(-1) })
  }
  return settings
}

/** An error of an option by the name that it was given by, its flag or its variable; any other error as it is. */
export function asGiven(error: unknown, rows: Options, given: Given): unknown {
  if (!(error instanceof OptionError)) return error
  const [, row] = commandOptions(rows).find(([name]) => name === error.option) ?? []
  return row ? error.by(sourceOf(row, given)?.name ?? flagName(row)) : error
}

/** Where an option was given, and as what; undefined where it was not. */
function sourceOf(row: CommandOption, { flags, env }: Given): { readonly name: string; readonly texts: readonly string[] } | undefined {
  const flag = flags[propertyName(row)]
  if (flag !== undefined) return { name: flagName(row), texts: [flag].flat().map(textOf) }
  const { repeats, separate = (text: string) => text.split(',') } = row
  for (const name of [variableName(row), row.alias ?? []].flat()) {
    const text = env[name] ?? ''
    if (text !== '') return { name, texts: repeats ? separate(text) : [text] }
  }
  return undefined
}

/** A switch is `true`. */
function textOf(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given)
}

/** `--supplier-token <token>` → `supplierToken`, as the command line's reader has it. */
function propertyName(option: CommandOption): string {
  return flagName(option)
    .slice(2)
    .replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase())
}
