import { checkScenarios, listScenarios } from '../index.ts'
import type { Io, SCENARIO_CHECK_OPTIONS, SCENARIO_LIST_OPTIONS, Settings } from './config.ts'

/** Prints what sessions can start from: the bundled scenarios, and those of a folder. @returns the exit code */
export async function listed({ scenarios, json = false }: Settings<typeof SCENARIO_LIST_OPTIONS>, io: Io): Promise<number> {
  const all = await listScenarios(scenarios)
  const width = Math.max(...all.map(({ name }) => name.length))
  if (json) io.out(JSON.stringify(all, undefined, 2))
  else for (const { name, description } of all) io.out(`${name.padEnd(width)}  ${description}`.trimEnd())
  return 0
}

/** Prints every place where a file cannot be a scenario. @returns 0 where there is none, 1 where there is one */
export async function checked(files: readonly string[], { scenarios }: Settings<typeof SCENARIO_CHECK_OPTIONS>, io: Io): Promise<number> {
  const all = await checkScenarios(files, scenarios)
  for (const { file, complaints } of all) for (const line of complaints.length > 0 ? complaints : [`${file}: ok`]) io.out(line)
  return all.every(({ complaints }) => complaints.length === 0) ? 0 : 1
}
