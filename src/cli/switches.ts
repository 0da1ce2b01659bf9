import { type CommandOption, commandOptions, type Options } from '../base/option.ts'
import { UsageError } from '../base/problem.ts'
import { readTruth } from '../base/values.ts'

/** Whether an option is only true or false. */
export function isSwitch({ read }: CommandOption): boolean {
  return read === readTruth
}

/**
 * A command line in which all switches are said as its reader takes them: `--errors true` and `--errors=true` are `--errors`, and with false
 * `--no-errors`. What else stands behind a switch is another argument, as with Prism: `--cors openapi.yaml`.
 * @param tables of the options that there are
 * @throws UsageError for a switch that is said to be something else
 */
export function withSwitches(argv: readonly string[], tables: readonly Options[]): string[] {
  const rows = tables.flatMap((rows) => commandOptions(rows).flatMap(([, row]) => (isSwitch(row) ? [row] : [])))
  const byName = new Map(
    rows.flatMap((row) => {
      const [name = '', value] = row.flag.split(' ')
      // A value that may be left out would take the next argument.
      const on = value === undefined ? name : `${name}=true`
      return [name, row.short ?? name].map((one) => [one, { on, off: `--no-${name.slice(2)}` }] as const)
    }),
  )
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const said: string[] = []
  for (let index = 0; index < end; index++) {
    const word = argv[index] ?? ''
    const [name = '', own] = word.split('=', 2)
    const found = byName.get(name)
    const next = own ?? argv[index + 1]
    const value = next === 'true' || next === 'false' ? next : undefined
    if (!found) {
      said.push(word)
      continue
    }
    if (own !== undefined && value === undefined) throw new UsageError(`${name} is ${JSON.stringify(own)}; give true or false`)
    said.push(value === 'false' ? found.off : found.on)
    if (own === undefined && value !== undefined) index++
  }
  return [...said, ...argv.slice(end)]
}
