import { checkScenarios, listScenarios, type MockOptions } from '../index.ts'
import type { SCENARIO_CHECK_OPTIONS, SCENARIO_LIST_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import type { Settings } from './settings.ts'

/** Prints what sessions can start from: the scenarios of the APIs, and those of a folder. @returns the exit code */
export async function listed(
  { scenarios, json = false }: Settings<typeof SCENARIO_LIST_OPTIONS>,
  apis: MockOptions['apis'],
  io: Io,
): Promise<number> {
  const all = await listScenarios(scenarios, apis)
  const width = Math.max(0, ...all.map(({ name }) => name.length))
  if (json) io.out(JSON.stringify(all, undefined, 2))
  else for (const { name, description } of all) io.out(`${name.padEnd(width)}  ${description}`.trimEnd())
  return 0
}

/** Prints every place where a file cannot be a scenario. @returns 0 where there is none, 1 where there is one */
export async function checked(
  files: readonly string[],
  { scenarios }: Settings<typeof SCENARIO_CHECK_OPTIONS>,
  apis: MockOptions['apis'],
  io: Io,
): Promise<number> {
  const all = await checkScenarios(files, scenarios, apis)
  for (const { file, complaints } of all) for (const line of complaints.length > 0 ? complaints : [`${file}: ok`]) io.out(line)
  return all.every(({ complaints }) => complaints.length === 0) ? 0 : 1
}
