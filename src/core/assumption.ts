import { nearest } from '../base/nearest.ts'

/**
 * What no document says and a mock still has to decide. Each is a row that names its value, the alternatives and why; whoever knows
 * better chooses another with `--assume NAME=VALUE`. The first value is the default.
 */
export interface Assumption {
  readonly values: readonly [string, ...string[]]
  readonly question: string
  readonly reason: string
  readonly source: string
}

export type AssumptionTable = Readonly<Record<string, Assumption>>

/** The values that are chosen, by name. */
export type Assumptions = Readonly<Record<string, string>>
export type ChosenFrom<Table extends AssumptionTable> = { readonly [Name in keyof Table]: Table[Name]['values'][number] }

function defaultsOf(table: AssumptionTable): Assumptions {
  return Object.fromEntries(Object.entries(table).map(([name, { values }]) => [name, values[0]]))
}

/**
 * The defaults with other choices put in.
 * @returns the assumptions, or the first choice that names no assumption or no value of one, with the known ones, nearest first.
 */
export function assume(
  choices: Assumptions,
  table: AssumptionTable,
): { kind: 'assumptions'; assumptions: Assumptions } | { kind: 'unknown'; what: string; known: readonly string[] } {
  for (const [name, value] of Object.entries(choices)) {
    const values = Object.hasOwn(table, name) ? table[name]?.values : undefined
    if (!values) return { kind: 'unknown', what: `assumption "${name}"`, known: nearest(name, Object.keys(table)) }
    if (!values.includes(value)) return { kind: 'unknown', what: `value "${value}" of ${name}`, known: nearest(value, values) }
  }
  return { kind: 'assumptions', assumptions: { ...defaultsOf(table), ...choices } }
}

/** The choices that differ from the defaults. */
export function chosen(assumptions: Assumptions, table: AssumptionTable): Assumptions {
  return Object.fromEntries(Object.entries(assumptions).filter(([name, value]) => value !== table[name]?.values[0]))
}
