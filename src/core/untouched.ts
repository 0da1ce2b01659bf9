import type { Session } from './session.ts'
import { findOmsOrder } from '../apis/oms/order.ts'
import { allocationPopulation, tenantAt } from '../apis/oms/population.ts'
import { StockLedger } from '../apis/oms/stock.ts'
import { orderPopulation } from '../apis/supplier/population.ts'
import { changeOfBundled, type Kinds } from '../apis/kinds.ts'
import { type Change, worldOf } from './world.ts'

/** What stands in the place of a change while nobody has touched it: the population's entity, if it has one there. */
export function untouched(change: Change, session: Session): object | undefined {
  const { kind, id, to } = changeOfBundled(change)
  switch (kind) {
    case 'order':
      return orderPopulation(session).order(id)
    case 'allocation': {
      const { tenant, rest } = tenantAt(id)
      return allocationPopulation(session, tenant).allocation(rest)
    }
    case 'oms-order': {
      const { tenant, rest } = tenantAt(id)
      return findOmsOrder(rest, { kind: 'account', ...tenant, channel: undefined }, { world: worldOf<Kinds>([]), session, now: 0, real: 0 })
    }
    case 'stock': {
      if (!to) return undefined
      const { tenant } = tenantAt(to.tenant)
      const available = new StockLedger(worldOf<Kinds>([]), tenant, allocationPopulation(session, tenant)).available(to.locationNum, to.sku)
      return { ...to, available }
    }
    default:
      return undefined
  }
}
