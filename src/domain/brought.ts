import type { Scene } from './behaviour.ts'
import { allocationsOf, omsOrderView } from './oms/order.ts'
import type { Brought } from './place.ts'
import { orderPopulation } from './supplier/population.ts'
import { orderView } from './supplier/view.ts'
import { Draft } from './world.ts'

/** What was brought in, as the APIs show it. @param scene the session before it */
export function viewOf({ orders, allocations, omsOrders, changes }: Brought, scene: Scene): object {
  const after: Scene = { ...scene, world: new Draft(scene.world, changes) }
  const population = orderPopulation(scene.session)
  return {
    orders: orders.map((order) => orderView(order, { kind: 'operator' }, population)),
    allocations: allocations.map(({ document }) => document),
    omsOrders: omsOrders.map((order) => omsOrderView(order, allocationsOf(order, after), after)),
  }
}
