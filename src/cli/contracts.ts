import { fileURLToPath } from 'node:url'
import type { ContractOptions } from '../contracts.ts'
import type { COMPARE_OPTIONS, Settings } from './config.ts'

/** What the commands about contracts have in common. */
export type ContractSettings = Omit<Settings<typeof COMPARE_OPTIONS>, 'format'>

/** The project's own contracts, where no pacts are named. */
const OWN = fileURLToPath(new URL('../../contracts', import.meta.url))

export function contractOptions(
  pacts: readonly string[],
  { spec, map, consumer, description, state, header }: ContractSettings,
): ContractOptions {
  return {
    pacts: pacts.length === 0 ? [OWN] : pacts,
    filter: { consumer, description, state },
    ...(spec && { documents: spec }),
    ...(map && { map: Object.fromEntries(map) }),
    ...(header && { headers: Object.fromEntries(header) }),
  }
}
