import { asBundled, type Scene } from '../apis/kinds.ts'
import type { Scene as CoreScene } from './behaviour.ts'
import { allocationsOf, omsOrderView } from '../apis/oms/order.ts'
import type { Brought } from './scenario/place.ts'
import { orderPopulation } from '../apis/supplier/population.ts'
import { orderView } from '../apis/supplier/view.ts'
import { Draft } from './world.ts'

/** What was brought in, as the APIs show it. @param given the session before it */
export function viewOf({ orders, allocations, omsOrders, changes }: Brought, given: CoreScene): object {
  const scene = asBundled(given)
  const after: Scene = { ...scene, world: new Draft(scene.world, changes) }
  const population = orderPopulation(scene.session)
  return {
    orders: orders.map((order) => orderView(order, { kind: 'operator' }, population)),
    allocations: allocations.map(({ document }) => document),
    omsOrders: omsOrders.map((order) => omsOrderView(order, allocationsOf(order, after), after)),
  }
}
