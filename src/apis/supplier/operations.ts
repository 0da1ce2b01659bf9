import type { Behaviour, Scene } from './kinds.ts'
import type { Input, Issue } from '../../base/http.ts'
import type { Problem } from './problems.ts'
import { refused, reply } from '../../core/behaviour.ts'
import { logIn, loginView, REFUSED_PASSWORD } from './account.ts'
import { userNamed } from './user.ts'
import { orderPopulation } from './population.ts'
import { cancelLineItem, cancelOrderBehaviour, createOrderBehaviour } from './retailing.ts'
import { MAX_PAGE, type OrderSearch, pageSize, searchOrders } from './search.ts'
import { canonical, firstOrder, orderInPath, viewerOf } from './subject.ts'
import type { Order } from './order.ts'
import { addTracking, allocateOrder, answerForLine, answerForOrder, updateTracking } from './supplying.ts'
import { orderView } from './view.ts'

interface OrderInput extends Input {
  readonly path: { readonly order_uuid: string }
}

interface SearchInput extends Input {
  readonly body: OrderSearch | undefined
}

interface LoginInput extends Input {
  readonly body: { readonly username: string; readonly password: string }
}

const getOrder: Behaviour<OrderInput, Order> = {
  admits: ['supplier', 'retailer'],
  permission: 'view_order',
  find: orderInPath,
  run: (_input, { caller, session }, order) => reply(200, orderView(order, viewerOf(caller), orderPopulation(session))),
  shows: ({ path }) => ({ kind: 'order', id: canonical(path.order_uuid) }),
  example(scene) {
    const order = firstOrder(viewerOf(scene.caller), scene, {}, ({ cancellation }) => cancellation === 'none')
    return order && { path: `/orders/${order.id}/` }
  },
}

const search: Behaviour<SearchInput> = {
  admits: ['supplier', 'retailer'],
  permission: 'view_order',
  run({ body }, scene) {
    const viewer = viewerOf(scene.caller)
    const population = orderPopulation(scene.session)
    const tooLarge = largePage(body ?? {}, scene)
    if (tooLarge) return refused(tooLarge)
    const listed = searchOrders(body ?? {}, viewer, scene)
    if (listed.kind === 'too-wide')
      return refused({
        code: 'search-too-wide',
        detail: `${listed.fields.join(', ')} would have to be looked up in ${listed.candidates} orders`,
        fix: 'narrow the search by dates, status or term',
      })
    // What limit means shows only where the page does not begin at the first order.
    const isShaped = body?.limit !== undefined && (body.start ?? 0) > 0
    return reply(
      200,
      { total_results: listed.total, orders: listed.page.map((order) => orderView(order, viewer, population)) },
      { assumption: isShaped ? 'supplier.search.limit' : undefined },
    )
  },
  example: () => ({ path: '/orders/', body: { line_item_allocation_statuses: ['Unallocated'], limit: 1 } }),
}

/** How large a limit may be hangs on what it means. */
function largePage(search: OrderSearch, { session }: Scene): Problem | undefined {
  const { limit = 0, start = 0 } = search
  const assumption = 'supplier.search.limit'
  const meaning = session.assumptions[assumption]
  if (pageSize(search, meaning) <= MAX_PAGE) return undefined
  const wanted = meaning === 'end-index' ? start + MAX_PAGE : MAX_PAGE
  const issue: Issue = { at: '/body/limit', rule: 'maximum', message: `is ${limit}; it must be at most ${wanted}`, value: limit, wanted }
  return { code: 'request-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue], ...(start > 0 && { assumption }) }
}

const login: Behaviour<LoginInput> = {
  admits: ['anybody'],
  run({ body }, { world, session, now }) {
    const user = userNamed(body.username)
    if (!user || body.password === REFUSED_PASSWORD)
      return refused({
        code: 'login-refused',
        detail: user ? `the password "${REFUSED_PASSWORD}" is always wrong` : 'nobody has this username',
        fix: 'log in as supplier-1 to supplier-4 or retailer-1 to retailer-3, with -viewer, -guest or nothing behind, and any other password',
      })
    const { token, changes } = logIn(user, world, session, now)
    return reply(200, loginView(token, orderPopulation(session), session), { changes })
  },
  example: () => ({ path: '/organizations/user-login/', body: { username: 'supplier-1', password: 'any' } }),
}

export const behaviours: Readonly<Record<string, Behaviour>> = {
  // The first are those with which a newcomer begins.
  searchOrders: search,
  allocateOrder,
  getOrder,
  login,
  createOrder: createOrderBehaviour,
  cancelOrder: cancelOrderBehaviour,
  cancelLineItem,
  confirmOrderCancellation: answerForOrder('confirm'),
  rejectOrderCancellation: answerForOrder('reject'),
  confirmLineItemCancellation: answerForLine('confirm'),
  rejectLineItemCancellation: answerForLine('reject'),
  addTracking,
  updateTracking,
}
