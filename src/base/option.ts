import { nearest } from './nearest.ts'
import { OptionError, UsageError } from './problem.ts'

/**
 * Rows of tables of options. All that is known of an option stands in its row: from it come the check of what a program gives, the flag,
 * the environment variable, the help and the reference.
 */

interface Described {
  readonly help: string
  /** What it is where nobody gives it. */
  readonly default?: string | number | boolean
  /** The flag may stand several times, and a program gives a list, unless `join` makes something else of it. */
  readonly repeats?: true
  /** No error repeats the value. */
  readonly isSecret?: true
}

/** An option that has a flag, and with it an environment variable. */
export interface CommandOption extends Described {
  /** As in the usage: `--port <number>`; without a value it is a switch. */
  readonly flag: string
  /** One letter that stands for the flag: `-p`. */
  readonly short?: string
  /** A variable that other tools have for the same, read where the option's own is not set. */
  readonly alias?: string
  /** How the variable separates the values of a repeated option; by commas unless said otherwise. */
  readonly separate?: (text: string) => readonly string[]
  /** Makes a value of a text. @throws UsageError that says what would do */
  readonly read: (text: string) => unknown
  /** Makes one value of all those of a repeated option. */
  join?(values: readonly unknown[]): unknown
}

/** An option that programs give. */
export type LibraryOption = Described & {
  /** Of a list, each item is checked. @returns what the mock works with @throws UsageError that says what would do */
  readonly check: (value: unknown) => unknown
} & (CommandOption | { readonly flag?: undefined; readonly join?: undefined })

export type Option = CommandOption | LibraryOption

/** By the name that the library has for each, or the settings of a command. */
export type Options = Readonly<Record<string, Option>>
export type LibraryOptions = Readonly<Record<string, LibraryOption>>

/** What the checks of options return; undefined for one that is not given and has no default. */
export type Checked<Rows extends LibraryOptions> = {
  readonly [Name in keyof Rows]: CheckedBy<Rows[Name]> | (Rows[Name] extends { readonly default: unknown } ? never : undefined)
}

type CheckedBy<Row extends LibraryOption> = Row extends { readonly repeats: true; readonly join?: undefined }
  ? readonly ReturnType<Row['check']>[]
  : ReturnType<Row['check']>

/** The options that have a flag, each with its name. */
export function commandOptions(rows: Options): readonly (readonly [name: string, row: CommandOption])[] {
  return Object.entries(rows).flatMap(([name, row]) => (row.flag === undefined ? [] : [[name, row] as const]))
}

/** The default as help and reference show it: that a switch is off goes without saying. */
export function shownDefault({ default: value }: Option): string | undefined {
  return value === undefined || value === false ? undefined : String(value)
}

/** @throws UsageError for an option that has no row */
export function refuseUnknown(rows: LibraryOptions, given: object): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(rows, name))
  if (unknown !== undefined)
    throw new UsageError(`unknown option "${unknown}"; there are ${nearest(unknown, Object.keys(rows)).join(', ')}`)
}

/**
 * What a program gave, checked, and defaults for what it did not give. What has no row is not looked at.
 * @throws OptionError for the first value that does not pass its check
 */
export function checkOptions<Rows extends LibraryOptions>(rows: Rows, given: object): Checked<Rows> {
  const values = new Map<string, unknown>(Object.entries(given))
  const checked = Object.entries(rows).map(([name, row]) => [name, checkOption(name, row, values.get(name))])
  // Each value is what the check of its row returned.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(checked) as Checked<Rows>
}

function checkOption(name: string, row: LibraryOption, value: unknown = row.default): unknown {
  if (value === undefined) return undefined
  if (row.repeats === undefined || row.join) return fit(name, row, value, row.check)
  return fit(name, row, value, itemsOf).map((item) => fit(name, row, item, row.check))
}

function itemsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new UsageError('give a list')
  return value
}

/**
 * Reads or checks a value of an option.
 * @throws OptionError that names the option and the value met, unless that is a secret
 */
export function fit<Met, Value>(name: string, { isSecret }: Option, met: Met, make: (met: Met) => Value): Value {
  try {
    return make(met)
  } catch (error) {
    if (error instanceof OptionError || !(error instanceof UsageError)) throw error
    throw new OptionError(name, error.message, isSecret ? 'not usable' : shown(met))
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string' || value instanceof Date) return `"${String(value)}"`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
