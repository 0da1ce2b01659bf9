import { type Api, defineApi } from '../../core/api.ts'
import { supplierDialect } from './dialect.ts'
import type { Kinds } from './kinds.ts'
import { supplierBehaviours } from './operations.ts'

/** A supplier allocates, ships and cancels a retailer's orders. */
export const supplier: Api = defineApi<Kinds>({
  document: 'supplier-orders',
  behaviours: supplierBehaviours,
  dialect: supplierDialect,
  scheme: 'Token',
})
