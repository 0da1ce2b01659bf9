import type { Change, World } from '../world.ts'
import { type AllocationPopulation, type Location, type Tenant, tenantOf } from './population.ts'

/** What a location has of a SKU and nobody has reserved. */
export interface Stock {
  readonly tenant: string
  readonly locationNum: string
  readonly sku: string
  readonly available: number
}

/** Units of a line at a location. */
export interface Share<Line> {
  readonly location: Location
  readonly line: Line
  readonly quantity: number
}

export interface Demand<Line> {
  readonly line: Line
  readonly sku: string
  readonly quantity: number
}

/**
 * The account's stock while a request works on it: what is taken and given back adds up, and becomes changes at the end. Reserving
 * takes, and cancelling, scratching and reallocating give back; what ships has been taken long before.
 */
export class StockLedger {
  readonly #tenant: string
  readonly #touched = new Map<string, Stock>()
  readonly #world: World
  readonly #population: AllocationPopulation

  constructor(world: World, tenant: Tenant, population: AllocationPopulation) {
    this.#world = world
    this.#tenant = tenantOf(tenant)
    this.#population = population
  }

  available(locationNum: string, sku: string): number {
    return this.#stock(locationNum, sku).available
  }

  take(locationNum: string, sku: string, units: number): void {
    if (units === 0) return
    const stock = this.#stock(locationNum, sku)
    this.#touched.set(stockId(stock), { ...stock, available: stock.available - units })
  }

  give(locationNum: string, sku: string, units: number): void {
    this.take(locationNum, sku, -units)
  }

  /** Where the account keeps its goods: the population's locations, and those that own data have brought. */
  locations(): readonly Location[] {
    const known = new Map(this.#population.locations.map((location) => [location.locationNum, location]))
    for (const { tenant, locationNum } of this.#world.all('stock'))
      if (tenant === this.#tenant && !known.has(locationNum)) known.set(locationNum, { locationNum, locationType: 'DC' })
    return [...known.values()]
  }

  changes(): readonly Change[] {
    return [...this.#touched].map(([id, to]) => ({ kind: 'stock', id, to }))
  }

  #isKnown(wanted: string): boolean {
    return this.#population.locations.some(({ locationNum }) => locationNum === wanted)
  }

  #stock(locationNum: string, sku: string): Stock {
    const id = stockId({ tenant: this.#tenant, locationNum, sku })
    return (
      this.#touched.get(id) ??
      this.#world.get('stock', id) ?? {
        tenant: this.#tenant,
        locationNum,
        sku,
        available: this.#isKnown(locationNum) ? this.#population.available(locationNum, sku) : 0,
      }
    )
  }
}

/** What stock is kept under; the lengths keep names apart whatever they hold. */
export function stockId({ tenant, locationNum, sku }: Pick<Stock, 'tenant' | 'locationNum' | 'sku'>): string {
  return `${tenant.length} ${locationNum.length} ${tenant}${locationNum}${sku}`
}

/**
 * Reserves what is wanted at the locations, in their order: all of it at the first that has all, else line by line from whoever has
 * some. What nobody has is left out.
 */
export function assign<Line>(
  demands: readonly Demand<Line>[],
  locations: readonly Location[],
  ledger: StockLedger,
): readonly Share<Line>[] {
  const needed = new Map<string, number>()
  for (const { sku, quantity } of demands) needed.set(sku, (needed.get(sku) ?? 0) + quantity)
  const whole = locations.find(({ locationNum }) => [...needed].every(([sku, units]) => ledger.available(locationNum, sku) >= units))
  const shares: Share<Line>[] = []
  for (const { line, sku, quantity } of demands) {
    let left = quantity
    for (const location of whole ? [whole] : locations) {
      const units = Math.min(left, Math.max(0, ledger.available(location.locationNum, sku)))
      if (units === 0) continue
      ledger.take(location.locationNum, sku, units)
      shares.push({ location, line, quantity: units })
      left -= units
    }
  }
  return shares
}
