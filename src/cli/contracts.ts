import type { ContractOptions } from '../verification/options.ts'
import type { COMPARE_OPTIONS } from './config.ts'
import type { Settings } from './settings.ts'

/** What the commands about contracts have in common. */
export type ContractSettings = Omit<Settings<typeof COMPARE_OPTIONS>, 'format'>

/** Where the pacts are, unless they are named: in the folder that the command is run in. */
const FOLDER = 'contracts'

export function contractOptions(
  pacts: readonly string[],
  { spec, map, consumer, description, state, headers }: ContractSettings,
): ContractOptions {
  return {
    pacts: pacts.length === 0 ? [FOLDER] : pacts,
    filter: { consumer, description, state },
    ...(spec && { documents: spec }),
    ...(map && { map }),
    ...(headers && { headers }),
  }
}
