import type { Data, PlacedItem, PlacedLine, PlacedOrder, PlacedStock } from './written.ts'
import { tenantOf } from '../../apis/oms/population.ts'
import { accountNamed } from '../../apis/oms/query.ts'
import { stockId } from '../../apis/oms/stock.ts'

/** The members that are numbers; all others are texts. The compiler knows that none is left out. */
export const NUMBERS: Readonly<Record<NumberIn<PlacedOrder> | NumberIn<PlacedLine> | NumberIn<PlacedItem> | NumberIn<PlacedStock>, true>> =
  {
    retailer: true,
    supplier: true,
    quantity_ordered: true,
    quantity_allocated: true,
    quantity_backordered: true,
    quantity_rejected: true,
    quantity_shipped: true,
    quantity: true,
    shippedQuantity: true,
    scratchQuantity: true,
    cancelledQuantity: true,
    available: true,
  }

type NumberIn<Entity> = { [Name in keyof Entity]-?: Required<Entity>[Name] extends number ? Name : never }[keyof Entity]

/** Something that only one place of the data can speak of. */
interface Claim {
  readonly name: string
  /** Where the data name it. */
  readonly at: string
  /** For whoever reads of it. */
  readonly what: string
}

/** All that the data name. */
export function claimsOf({ orders = [], allocations = [], stock = [] }: Data): readonly Claim[] {
  const claim = (name: string | undefined, at: string, what: string): Claim[] => (name === undefined ? [] : [{ name, at, what }])
  return [
    ...orders.flatMap(({ order_uuid, line_items }, index) => [
      ...claim(order_uuid, `/orders/${index}/order_uuid`, `order ${order_uuid}`),
      ...line_items.flatMap(({ line_item_uuid }, place) =>
        claim(line_item_uuid, `/orders/${index}/line_items/${place}/line_item_uuid`, `line ${line_item_uuid}`),
      ),
    ]),
    ...allocations.flatMap(({ allocationId, ...owner }, index) =>
      allocationId === undefined
        ? []
        : claim(tenantOf(accountNamed(owner)) + allocationId, `/allocations/${index}/allocationId`, `allocation ${allocationId}`),
    ),
    ...stock.flatMap((one, index) =>
      claim(stockId({ ...one, tenant: tenantOf(accountNamed(one)) }), `/stock/${index}`, `stock of ${one.sku} at ${one.locationNum}`),
    ),
  ]
}

/** What two sets of data both speak of, and not with the same words; undefined where they stand beside one another. */
export function clashOf(one: Data, other: Data): string | undefined {
  const names = new Set([...claimsOf(other), ...numbersOf(other)].map(({ name }) => name))
  const same = new Set((other.stock ?? []).map((entry) => JSON.stringify(entry)))
  // A location that has as many units as was said has them also when it is said again.
  const rest = { ...one, stock: one.stock?.filter((entry) => !same.has(JSON.stringify(entry))) ?? [] }
  return [...claimsOf(rest), ...numbersOf(rest)].find(({ name }) => names.has(name))?.what
}

/** Allocations of one set of data share the order of their number; those of another set cannot. */
function numbersOf({ allocations = [] }: Data): readonly Claim[] {
  return allocations.flatMap(({ orderNumber, ...owner }, index) =>
    orderNumber === undefined
      ? []
      : { name: `${tenantOf(accountNamed(owner))} ${orderNumber}`, at: `/allocations/${index}/orderNumber`, what: `order ${orderNumber}` },
  )
}
