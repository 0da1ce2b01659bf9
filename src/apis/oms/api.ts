import { type Api, defineApi } from '../../core/api.ts'
import { omsDialect } from './dialect.ts'
import type { Kinds } from './kinds.ts'
import { omsBehaviours } from './operations.ts'

/** An order-management system allocates orders to locations, ships and cancels allocations. */
export const oms: Api = defineApi<Kinds>({
  document: 'oms-allocations',
  behaviours: omsBehaviours,
  dialect: omsDialect,
  scheme: 'Bearer',
})
