import type { Session } from './control/session.ts'
import { findOmsOrder } from './oms/order.ts'
import { allocationPopulation, tenantAt } from './oms/population.ts'
import { StockLedger } from './oms/stock.ts'
import { orderPopulation } from './supplier/population.ts'
import { type Change, type Kind, type Kinds, worldOf } from './world.ts'

/** What stands in the place of a change while nobody has touched it: the population's entity, if it has one there. */
export function untouched({ kind, id, to }: Change, session: Session): Kinds[Kind] | undefined {
  switch (kind) {
    case 'order':
      return orderPopulation(session).order(id)
    case 'allocation': {
      const { tenant, rest } = tenantAt(id)
      return allocationPopulation(session, tenant).allocation(rest)
    }
    case 'oms-order': {
      const { tenant, rest } = tenantAt(id)
      return findOmsOrder(rest, { kind: 'account', ...tenant, channel: undefined }, { world: worldOf([]), session, now: 0, real: 0 })
    }
    case 'stock': {
      if (!to) return undefined
      const { tenant } = tenantAt(to.tenant)
      const available = new StockLedger(worldOf([]), tenant, allocationPopulation(session, tenant)).available(to.locationNum, to.sku)
      return { ...to, available }
    }
    default:
      return undefined
  }
}
