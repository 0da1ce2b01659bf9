import type { Contract, Operation } from '../../contract/operation.ts'
import type { Match } from '../../contract/router.ts'
import { belowBase, withoutSlash } from '../../base/path.ts'

/** A document's base path stands in some paths of a pact and not in others, and at the end of a service's URL or not. */

/** What of a request says which operation it is of. */
interface Asked {
  readonly method: string
  readonly path: string
}

/** The operation of a request, whether its path begins with the document's base path or not. */
export function matchOf({ base, match }: Contract, method: string, path: string): Match<Operation> {
  const rooted = rootedAt(path)
  const below = belowBase(rooted, base)
  const found = match(method, below)
  // A path of the document may itself begin as the base does.
  return found.kind === 'unknown' && below !== rooted ? match(method, rooted) : found
}

/**
 * What stands between the host and the path of a request: the path of the service's URL, and the document's base path where the pact leaves
 * it out. A URL that ends with the base path has it once.
 */
export function pathBefore(url: string, document: Contract | undefined, asked: Asked): string {
  const own = withoutSlash(new URL(url).pathname)
  if (!document) return own
  const { base } = document
  const above = base !== '' && own.endsWith(base) ? own.slice(0, -base.length) : own
  return above + missingBase(document, asked)
}

/** The document's base path where the path of a request lacks it. */
function missingBase({ base, match }: Contract, { method, path }: Asked): string {
  const rooted = rootedAt(path)
  const below = belowBase(rooted, base)
  if (below === rooted) return base
  // A path of the document may itself begin as the base does.
  return match(method, below).kind === 'unknown' && match(method, rooted).kind !== 'unknown' ? base : ''
}

/** A URL without its path. */
export function hostOf(url: string): string {
  const host = new URL(url)
  host.pathname = ''
  return host.href.replace(/\/$/, '')
}

function rootedAt(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
