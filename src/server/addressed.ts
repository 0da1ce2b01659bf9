import { belowBase, isBelow } from '../base/path.ts'
import type { MockRequest } from '../base/http.ts'
import type { FindNearest } from '../contract/nearest.ts'
import type { Service } from '../engine/service.ts'

/** Finds the API that a request is for; undefined where it is below the base path of none. */
export type FindService = (request: Pick<MockRequest, 'method' | 'path'>) => Service | undefined

/**
 * Of the APIs whose base path a request is below, the longest first, the one that has the route. A document that nobody speaks for is found
 * without its base path, too, while no other has the route. What misses every route is refused by the API of the nearest one.
 */
export function serviceFinder(all: readonly Service[], nearest: FindNearest): FindService {
  // An empty base is anybody's prefix.
  const services = all.toSorted((a, b) => b.contract.base.length - a.contract.base.length)
  const bare = services.filter(({ contract, isDocuments }) => isDocuments && contract.base !== '')
  const finds = ({ contract, isDocuments }: Service, method: string, path: string): 'found' | 'other-method' | 'unknown' => {
    const match = contract.match(method, belowBase(path, contract.base))
    if (match.kind === 'wrong-method' && match.other && isDocuments) return 'found'
    return match.kind === 'found' || match.kind === 'unknown' ? match.kind : 'other-method'
  }
  return ({ method, path }) => {
    const below = services.filter(({ contract }) => isBelow(contract.base, path))
    if (below.length < 2 && bare.length === 0) return below[0]
    const matches = below.map((service) => ({ service, kind: finds(service, method, path) }))
    const matched = matches.find(({ kind }) => kind === 'found') ?? matches.find(({ kind }) => kind !== 'unknown')
    if (matched) return matched.service
    const [own, another] = bare.filter((service) => !below.includes(service) && finds(service, method, path) !== 'unknown')
    if (own && !another) return own
    const [near] = nearest(method, path)
    return below.find(({ member }) => member.api.name === near?.api) ?? below[0] ?? (bare.length === 1 ? bare[0] : undefined)
  }
}
