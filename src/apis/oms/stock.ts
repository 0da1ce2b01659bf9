import type { Change, Stock, World } from './kinds.ts'
import { placesBy } from '../../core/places.ts'
import { type AllocationPopulation, type Location, type Tenant, tenantOf } from './population.ts'

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
  #locations: ReadonlyMap<string, Location> | undefined
  #bySku: ReadonlyMap<string, readonly Stock[]> | undefined

  constructor(world: World, tenant: Tenant, population: AllocationPopulation) {
    this.#world = world
    this.#tenant = tenantOf(tenant)
    this.#population = population
  }

  available(locationNum: string, sku: string): number {
    return this.#kept(stockId({ tenant: this.#tenant, locationNum, sku }), locationNum, sku).available
  }

  take(locationNum: string, sku: string, units: number): void {
    if (units === 0) return
    const id = stockId({ tenant: this.#tenant, locationNum, sku })
    const stock = this.#kept(id, locationNum, sku)
    this.#touched.set(id, { ...stock, available: stock.available - units })
  }

  give(locationNum: string, sku: string, units: number): void {
    this.take(locationNum, sku, -units)
  }

  /** Where the account keeps its goods: the population's locations, and those that own data have brought. */
  locations(): readonly Location[] {
    return [...this.#known().values()]
  }

  /** Where some of a SKU may be: at the population's locations, and where own data have said so. */
  locationsOf(sku: string): readonly Location[] {
    const known = this.#known()
    this.#bySku ??= Map.groupBy(this.#own(), (stock) => stock.sku)
    const others = (this.#bySku.get(sku) ?? []).flatMap(({ locationNum }) =>
      this.#isKnown(locationNum) ? [] : (known.get(locationNum) ?? []),
    )
    return [...this.#population.locations, ...others]
  }

  /** By their numbers; made once, for what a request takes and gives brings no new one. */
  #known(): ReadonlyMap<string, Location> {
    if (this.#locations) return this.#locations
    const known = new Map(this.#population.locations.map((location) => [location.locationNum, location]))
    for (const { locationNum } of this.#own()) if (!known.has(locationNum)) known.set(locationNum, { locationNum, locationType: 'DC' })
    return (this.#locations = known)
  }

  *#own(): Iterable<Stock> {
    for (const stock of this.#world.all('stock')) if (stock.tenant === this.#tenant) yield stock
  }

  changes(): readonly Change[] {
    return [...this.#touched].map(([id, to]) => ({ kind: 'stock', id, to }))
  }

  #isKnown(wanted: string): boolean {
    return this.#population.locations.some(({ locationNum }) => locationNum === wanted)
  }

  #kept(id: string, locationNum: string, sku: string): Stock {
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

/** Reserves stock at locations, the nearest first. A session may have tens of thousands of both lines and locations. */
export class Shelves {
  readonly #ledger: StockLedger
  readonly #compare: (a: Location, b: Location) => number
  readonly #isOpen: (location: Location) => boolean
  readonly #bySku = new Map<string, Shelf>()

  /** @param compare the order of the locations; @param isOpen whether a location is asked at all */
  constructor(ledger: StockLedger, compare: (a: Location, b: Location) => number, isOpen: (location: Location) => boolean = () => true) {
    this.#ledger = ledger
    this.#compare = compare
    this.#isOpen = isOpen
  }

  /**
   * Reserves what is wanted: all of it at the first location that has all, else line by line from whoever has some. What nobody has is
   * left out.
   */
  assign<Line>(demands: readonly Demand<Line>[]): readonly Share<Line>[] {
    const whole = this.#whole(demands)
    return demands.flatMap(({ line, sku, quantity }) => {
      const shelf = this.#shelf(sku)
      const shares: Share<Line>[] = []
      let left = quantity
      while (left > 0) {
        const place = whole ? shelf.placeOf(whole) : shelf.first(1)
        const location = place === undefined ? undefined : shelf.locations[place]
        if (place === undefined || !location) break
        const units = Math.min(left, shelf.unitsAt(place))
        this.#ledger.take(location.locationNum, sku, units)
        shelf.set(place, shelf.unitsAt(place) - units)
        shares.push({ location, line, quantity: units })
        left -= units
      }
      return shares
    })
  }

  /** The first location that has all of it. */
  #whole(demands: readonly Demand<unknown>[]): Location | undefined {
    const needed = new Map<string, number>()
    for (const { sku, quantity } of demands) needed.set(sku, (needed.get(sku) ?? 0) + quantity)
    const [only] = needed
    if (only && needed.size === 1) {
      const [sku, units] = only
      const shelf = this.#shelf(sku)
      return shelf.locations[shelf.first(units) ?? -1]
    }
    const having = new Map<string, { readonly location: Location; skus: number }>()
    for (const [sku, units] of needed) {
      const shelf = this.#shelf(sku)
      for (const [place, location] of shelf.locations.entries()) {
        if (shelf.unitsAt(place) < units) continue
        const entry = having.get(location.locationNum) ?? { location, skus: 0 }
        entry.skus++
        having.set(location.locationNum, entry)
      }
    }
    let first: Location | undefined
    for (const { location, skus } of having.values())
      if (skus === needed.size && (!first || this.#compare(location, first) < 0)) first = location
    return first
  }

  #shelf(sku: string): Shelf {
    const known = this.#bySku.get(sku)
    if (known) return known
    const locations = this.#ledger.locationsOf(sku).filter(this.#isOpen).toSorted(this.#compare)
    const shelf = new Shelf(
      locations,
      locations.map(({ locationNum }) => this.#ledger.available(locationNum, sku)),
    )
    this.#bySku.set(sku, shelf)
    return shelf
  }
}

/** What locations have of a SKU, in their order, as a tree: each node knows the most that one below it has. */
class Shelf {
  readonly locations: readonly Location[]
  readonly #places: ReadonlyMap<string, number>
  readonly #most: number[]
  readonly #width: number

  constructor(locations: readonly Location[], units: readonly number[]) {
    this.locations = locations
    this.#places = placesBy(locations, ({ locationNum }) => locationNum)
    this.#width = 2 ** Math.ceil(Math.log2(Math.max(1, units.length)))
    this.#most = Array.from({ length: 2 * this.#width }, (_, node) => units[node - this.#width] ?? 0)
    for (let node = this.#width - 1; node > 0; node--) this.#raise(node)
  }

  placeOf({ locationNum }: Location): number | undefined {
    return this.#places.get(locationNum)
  }

  unitsAt(place: number): number {
    return this.#most[this.#width + place] ?? 0
  }

  set(place: number, units: number): void {
    let node = this.#width + place
    this.#most[node] = units
    for (node >>= 1; node > 0; node >>= 1) this.#raise(node)
  }

  /** The first place with at least so many units, of which there is to be one. */
  first(units: number): number | undefined {
    if ((this.#most[1] ?? 0) < units) return undefined
    let node = 1
    while (node < this.#width) node = (this.#most[2 * node] ?? 0) >= units ? 2 * node : 2 * node + 1
    return node - this.#width
  }

  #raise(node: number): void {
    this.#most[node] = Math.max(this.#most[2 * node] ?? 0, this.#most[2 * node + 1] ?? 0)
  }
}
