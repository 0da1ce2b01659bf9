import { isJson, type Json } from '../../contract/schema.ts'
import { type ResultItem, withinInteraction } from './finding.ts'
import { partsOf } from './json-path.ts'

/** Where values stand that generators replace before the request is sent or the answer looked at: side, part, path within. */
export type Generated = readonly [side: string, part: string, ...path: string[]]

export function generatedIn(raw: Json): Generated[] {
  return ['request', 'response'].flatMap((side) => {
    const message = raw[side]
    const generators = isJson(message) && isJson(message['generators']) ? message['generators'] : {}
    return Object.entries(generators).flatMap(([part, value]): Generated[] => {
      const name = part === 'header' ? 'headers' : part
      if (!isJson(value)) return []
      if (typeof value['type'] === 'string') return [[side, name]]
      // Of a query parameter or a header, all values are generated alike.
      const depth = part === 'body' ? undefined : 1
      return Object.keys(value).map((path) => [side, name, ...partsOf(path).slice(0, depth)])
    })
  })
}

/** The examples that stand in the pact for generated values are nobody's. */
export function isGenerated({ mockDetails }: ResultItem, generated: readonly Generated[]): boolean {
  const place = withinInteraction(mockDetails?.location ?? '').split('.')
  return generated.some((parts) => parts.every((part, index) => part === '*' || part.toLowerCase() === place[index]?.toLowerCase()))
}
