import { nearest } from '../base/nearest.ts'
import type { Issue } from '../base/http.ts'

/** So many are told in a header, and so much of each name; the log and the journal have all. */
const MOST = 3
const MAX_LENGTH = 100

/**
 * What of a request was passed over, or is deprecated, for the header `Mock-Warning`: a search whose only filter is misspelt answers all orders, and looks
 * right. A header holds visible ASCII; whatever else a client sent stands percent-encoded.
 */
export function warningOf(warnings: readonly Issue[]): string {
  const deprecated = warnings.filter(({ rule }) => rule === 'deprecated')
  const undeclared = warnings.filter(({ rule }) => rule !== 'deprecated')
  return [listOf('undeclared', undeclared), listOf('deprecated', deprecated)].flat().join('; ')
}

function listOf(what: string, issues: readonly Issue[]): string[] {
  if (issues.length === 0) return []
  const told = issues.slice(0, MOST).map(({ at, wanted }) => {
    const [near] = nearest(at.slice(at.lastIndexOf('/') + 1), [wanted ?? []].flat().map(String))
    return `${safe(at)}${near === undefined ? '' : `, nearest is ${safe(near)}`}`
  })
  const more = issues.length - told.length
  return [`${what} ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`]
}

function safe(text: string): string {
  return encodeURI(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH).toWellFormed()}...` : text.toWellFormed())
}
