import { isIP } from 'node:net'
import type { Problem } from '../http.ts'

/**
 * Control routes change what others rely on, so they answer neither to pages of another origin nor under a name that somebody else's
 * DNS may point here (rebinding). Loopback names, IP addresses and allowed hosts are known.
 */
export function foreign(headers: Readonly<Record<string, string>>, allowed: readonly string[]): Problem | undefined {
  const { host, origin } = headers
  if (host !== undefined && !isKnown(hostname(host), allowed)) return refuse(`the Host header is "${host}"`)
  if (origin !== undefined && !isOwn(origin, host, allowed)) return refuse(`the Origin header is "${origin}"`)
  return undefined
}

function refuse(detail: string): Problem {
  return { code: 'host-refused', detail, fix: 'use 127.0.0.1 or localhost, or start with --allow-host <name>' }
}

function isOwn(origin: string, host: string | undefined, allowed: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false
  const { host: from, hostname: name } = new URL(origin)
  return from === host || allowed.includes(name)
}

function isKnown(name: string, allowed: readonly string[]): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0 || allowed.includes(name)
}

/** Without the port; brackets of an IPv6 address taken off. */
function hostname(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':', 1)[0] ?? '').toLowerCase()
}

/** The Host header, as far as it may stand in a URL of ours. */
export function hostOf({ host = '' }: Readonly<Record<string, string>>): string {
  return /^[\w.:[\]-]+$/.test(host) ? host : 'localhost'
}
