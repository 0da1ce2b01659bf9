import { type Api, defineApi } from '../../core/api.ts'
import { ASSUMPTIONS } from './assumptions.ts'
import { callers } from './callers.ts'
import { dialect } from './dialect.ts'
import { kinds } from './entities.ts'
import type { Kinds } from './kinds.ts'
import { behaviours } from './operations.ts'
import { PROBLEMS } from './problems.ts'
import { settings } from './settings.ts'
import { steps } from './steps.ts'
import { words } from './words.ts'

/** An order-management system allocates orders to locations, ships and cancels allocations. */
export const oms: Api = defineApi<Kinds>({
  name: 'oms-allocations',
  document: 'oms-allocations',
  assumptions: ASSUMPTIONS,
  problems: PROBLEMS,
  settings,
  kinds,
  callers,
  dialect,
  words,
  steps,
  states: new URL('../../../fixtures/states/oms-allocations.yaml', import.meta.url),
  behaviours,
})
