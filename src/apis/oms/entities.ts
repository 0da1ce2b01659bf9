import { kind, type ListedEntities, type ListedEntity, type ListQuery } from '../../core/api.ts'
import { worldOf } from '../../core/world.ts'
import type { Allocation } from './allocation.ts'
import type { Kinds, OmsOrder, Scene, Shipment, Stock } from './kinds.ts'
import { lifeCycle } from './life-cycle.ts'
import { allocationsOf, findOmsOrder, omsOrderView } from './order.ts'
import { allocationPopulation, EXAMPLE_ACCOUNT, EXAMPLE_STAGE, tenantAt, tenantOf } from './population.ts'
import { type Account, accountNamed, entityId, queryAllocations } from './query.ts'
import { ALLOCATION, OMS_ORDER, SHIPMENT, STOCK } from './schemas.ts'
import type { Session } from './session.ts'
import { shipmentView } from './shipment.ts'
import { stockId, StockLedger } from './stock.ts'

/** Whose it is, by the names that control requests ask by. */
const BESIDE = {
  account: { type: 'string', description: 'The account that it belongs to.' },
  stage: { type: 'string', description: 'The stage of the account.' },
} as const

/** For what is a function of the session alone. */
const NOTHING = worldOf<Kinds>([])

/** What sessions of the OMS API keep. Ids carry the tenant: accounts do not share ids. */
export const kinds = {
  allocation: kind<Allocation, Kinds>({
    schema: ALLOCATION,
    idOf: ({ tenant, document }) => `${tenant}/${document.allocationId}`,
    keyOf: (id, whose) => entityId(accountNamed(whose), id),
    untouched(id, session: Session) {
      const { tenant, rest } = tenantAt(id)
      return allocationPopulation(session, tenant).allocation(rest)
    },
    view: ({ document }) => document,
    list: listAllocations,
    beside: BESIDE,
    lifeCycle,
  }),
  'oms-order': kind<OmsOrder, Kinds>({
    schema: OMS_ORDER,
    listed: 'by-name',
    idOf: ({ owner, orderId }) => `${tenantOf(owner)}/${orderId}`,
    untouched(id, session: Session) {
      const { tenant, rest } = tenantAt(id)
      return findOmsOrder(rest, accountNamed(tenant), { world: NOTHING, session, now: 0, real: 0 })
    },
    list: made('oms-order', (order, scene) => ({ id: order.orderId, entity: omsOrderView(order, allocationsOf(order, scene), scene) })),
    beside: BESIDE,
  }),
  shipment: kind<Shipment, Kinds>({
    schema: SHIPMENT,
    listed: 'by-name',
    idOf: ({ tenant, shipmentId }) => `${tenant}/${shipmentId}`,
    view: (shipment) => shipmentView(shipment),
    list: made('shipment', (shipment) => ({ id: shipment.shipmentId, entity: shipmentView(shipment) })),
    beside: BESIDE,
  }),
  stock: kind<Stock, Kinds>({
    schema: STOCK,
    listed: 'by-name',
    idOf: stockId,
    untouched(_id, session: Session, like) {
      if (!like) return undefined
      const { tenant } = tenantAt(like.tenant)
      const available = new StockLedger(NOTHING, tenant, allocationPopulation(session, tenant)).available(like.locationNum, like.sku)
      return { ...like, available }
    },
    list: made('stock', ({ locationNum, sku, available }) => ({ id: `${locationNum} ${sku}`, entity: { locationNum, sku, available } })),
    beside: BESIDE,
  }),
}

/** What a control operation is told of an account. */
type Whose = { readonly account?: string; readonly stage?: string }

function listAllocations(
  { status, changed, account: named, stage = EXAMPLE_STAGE }: ListQuery & Whose,
  { offset, limit }: { readonly offset: number; readonly limit: number },
  scene: Scene,
): ListedEntities {
  const account = named ?? EXAMPLE_ACCOUNT
  if (changed === true) {
    const all = [...scene.world.all('allocation')].filter(
      ({ document, tenant }) =>
        (status === undefined || document.statusCode === status) && (named === undefined || tenant === tenantOf({ account, stage })),
    )
    const found = all.slice(offset, offset + limit).map(({ document, tenant }) => ({
      id: document.allocationId,
      ...tenantAt(tenant).tenant,
      changed: true,
      entity: document,
    }))
    return { kind: 'page', total: all.length, found }
  }
  const owner: Account = { kind: 'account', account, stage, channel: undefined }
  const listed = queryAllocations(
    { offset, limit, sortDirection: 'asc' },
    owner,
    scene,
    status === undefined ? [] : [{ kind: 'facts', test: ({ document }) => document.statusCode === status }],
  )
  if (listed.kind !== 'page') return { kind: 'too-wide' }
  const tenant = tenantOf(owner)
  const found = listed.page.map(({ document }) => ({
    id: document.allocationId,
    account,
    stage,
    changed: scene.world.get('allocation', `${tenant}/${document.allocationId}`) !== undefined,
    entity: document,
  }))
  return { kind: 'page', total: listed.total, found }
}

/** Entities that only requests and own data make or change. */
function made<K extends 'oms-order' | 'shipment' | 'stock'>(
  name: K,
  show: (entity: Kinds[K], scene: Scene) => { readonly id: string; readonly entity: object },
): (query: ListQuery & Whose, page: { readonly offset: number; readonly limit: number }, scene: Scene) => ListedEntities {
  return ({ status, account, stage = EXAMPLE_STAGE }, { offset, limit }, scene) => {
    const shown = (one: Kinds[K]): ListedEntity => ({ ...tenantAt(one.tenant).tenant, changed: true, ...show(one, scene) })
    const own = [...scene.world.all(name)].filter(({ tenant }) => account === undefined || tenant === tenantOf({ account, stage }))
    // Only a status has to be looked for in all of them.
    if (status === undefined) return { kind: 'page', total: own.length, found: own.slice(offset, offset + limit).map(shown) }
    const all = own.map(shown).filter(({ entity }) => 'statusCode' in entity && entity.statusCode === status)
    return { kind: 'page', total: all.length, found: all.slice(offset, offset + limit) }
  }
}
