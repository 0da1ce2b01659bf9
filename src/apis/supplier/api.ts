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

/** A supplier allocates, ships and cancels a retailer's orders. */
export const supplier: Api = defineApi<Kinds>({
  name: 'supplier-orders',
  document: 'supplier-orders',
  assumptions: ASSUMPTIONS,
  problems: PROBLEMS,
  settings,
  kinds,
  callers,
  dialect,
  words,
  steps,
  states: new URL('../../../fixtures/states/supplier-orders.yaml', import.meta.url),
  behaviours,
})
