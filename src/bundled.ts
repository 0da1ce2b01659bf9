import { ASSUMPTIONS as OMS_ASSUMPTIONS } from './apis/oms/assumptions.ts'
import { settings as omsSettings } from './apis/oms/settings.ts'
import { ASSUMPTIONS as SUPPLIER_ASSUMPTIONS } from './apis/supplier/assumptions.ts'
import { settings as supplierSettings } from './apis/supplier/settings.ts'
import type { Api } from './core/api.ts'

/** An API that comes with the mock. What the command's help shows of it is known without loading it. */
interface BundledApi extends Pick<Api, 'name' | 'settings' | 'assumptions'> {
  load(): Promise<Api>
}

/** The only file that names them. */
export const BUNDLED: readonly BundledApi[] = [
  {
    name: 'supplier-orders',
    settings: supplierSettings,
    assumptions: SUPPLIER_ASSUMPTIONS,
    load: async () => (await import('./apis/supplier/api.ts')).supplier,
  },
  {
    name: 'oms-allocations',
    settings: omsSettings,
    assumptions: OMS_ASSUMPTIONS,
    load: async () => (await import('./apis/oms/api.ts')).oms,
  },
]

/** Scenarios in which orders and allocations meet: they come with all of the APIs, or not at all. */
export const BUNDLED_SCENARIOS = 'fixtures/scenarios'

/** What the bundled APIs can be set to. */
export interface BundledOptions {
  /** How many orders the supplier API starts with, up to 10^9. */
  readonly orders?: number
  /** How many allocations each OMS account starts with, up to 10^9. */
  readonly allocations?: number
  /** Tokens of suppliers: `TOKEN` for the first, `TOKEN=2` for the second. */
  readonly supplierTokens?: readonly string[]
  /** Tokens of retailers, written the same way. */
  readonly retailerTokens?: readonly string[]
}
