import { kind, type ListedEntities, type ListedEntity, type ListQuery } from '../../core/api.ts'
import type { Kinds, Scene } from './kinds.ts'
import { type LineFacts, lineStatus, type Order, type OrderFacts } from './order.ts'
import { orderPopulation } from './population.ts'
import { lifeCycle } from './life-cycle.ts'
import { ORDER, TOKEN } from './schemas.ts'
import { searchOrders } from './search.ts'
import type { Session } from './session.ts'
import type { IssuedToken } from './user.ts'
import { orderView } from './view.ts'

/** What sessions of the supplier API keep. */
export const kinds = {
  order: kind<Order, Kinds>({
    schema: ORDER,
    untouched: (id, session: Session) => orderPopulation(session).order(id),
    view: (order, session: Session) => orderView(order, { kind: 'operator' }, orderPopulation(session)),
    parts: { word: 'line', of: ({ lines }) => lines.map(({ id }) => id) },
    lifeCycle,
    filters: {
      cancellation: {
        type: 'string',
        enum: ['pending'],
        description: 'Only orders with a line whose cancellation waits for the answer of its supplier.',
      },
    },
    beside: {
      cancellation: {
        description: 'Of an order of which the retailer wants something cancelled that nobody has answered yet.',
        type: 'object',
        required: ['pending'],
        properties: {
          pending: {
            type: 'array',
            items: {
              type: 'object',
              required: ['line_item_uuid', 'supplier_uuid'],
              properties: {
                line_item_uuid: { type: 'string' },
                supplier_uuid: { type: 'string', description: 'Who has to answer.' },
              },
            },
          },
        },
      },
    },
    list: listOrders,
  }),
  token: kind<IssuedToken, Kinds>({ schema: TOKEN, listed: 'never', idOf: ({ token }) => token }),
}

function listOrders(
  { status, changed, cancellation }: ListQuery,
  { offset, limit }: { readonly offset: number; readonly limit: number },
  scene: Scene,
): ListedEntities {
  const population = orderPopulation(scene.session)
  const show = (order: Order): ListedEntity => {
    const pending = order.lines
      .filter(isPending)
      .map(({ id, supplier }) => ({ line_item_uuid: id, supplier_uuid: population.supplier(supplier).uuid }))
    return {
      id: order.id,
      changed: scene.world.get('order', order.id) !== undefined,
      entity: orderView(order, { kind: 'operator' }, population),
      // No operation of the API shows it: an app that has to be told is told here, and in the journal.
      ...(pending.length > 0 && { cancellation: { pending } }),
    }
  }
  const isWanted = ({ lines }: OrderFacts): boolean =>
    (status === undefined || lines.some((line) => lineStatus(line) === status)) && (cancellation === undefined || lines.some(isPending))
  // The population has no cancellation that waits.
  if (changed === true || cancellation !== undefined) {
    const all = [...scene.world.all('order')].filter(isWanted)
    return { kind: 'page', total: all.length, found: all.slice(offset, offset + limit).map(show) }
  }
  const listed = searchOrders(
    { start: offset, limit },
    { kind: 'operator' },
    scene,
    status === undefined ? [] : [{ kind: 'facts', test: isWanted }],
  )
  return listed.kind === 'page' ? { kind: 'page', total: listed.total, found: listed.page.map(show) } : { kind: 'too-wide' }
}

function isPending({ cancellation }: LineFacts): boolean {
  return cancellation === 'pending'
}
