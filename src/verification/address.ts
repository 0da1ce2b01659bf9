import type { Contract } from '../contract/operation.ts'
import type { Interaction } from './pact/pact.ts'
import { missingBase } from './pact/part.ts'

/** A URL without its path. */
export function hostOf(url: string): string {
  const host = new URL(url)
  host.pathname = ''
  return host.href.replace(/\/$/, '')
}

/**
 * What stands between the host and the path of an interaction: the path of the service's URL, and the document's base path where the
 * pact leaves it out. A URL that ends with the base path has it once.
 */
export function pathBefore(url: string, document: Contract | undefined, interaction: Interaction): string {
  const own = new URL(url).pathname.replace(/\/+$/, '')
  if (!document) return own
  const { base } = document
  const above = base !== '' && own.endsWith(base) ? own.slice(0, -base.length) : own
  return above + missingBase(document, interaction)
}
