import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MockRequest, Problem } from '../http.ts'

export interface GuardSettings {
  readonly allowedHosts: readonly string[]
  readonly controlToken: string
}

/** A control request as everything behind the door sees it: without a token in its path. Or why it is not let in. */
export interface Admitted {
  readonly request: MockRequest
  readonly problem?: Problem
}

/**
 * Control routes change what others rely on, so they answer neither to pages of another origin nor under a name that somebody else's
 * DNS may point here (rebinding). Loopback names, IP addresses and allowed hosts are known. Whoever comes from beyond this machine needs
 * the control token, unless it only asks whether the server is up.
 * @param line undefined for a call within the process
 */
export function admit(
  sent: MockRequest,
  { allowedHosts, controlToken }: GuardSettings,
  line: { needsToken(): boolean } | undefined,
): Admitted {
  const { request, token } = withoutToken(sent)
  const problem = foreign(request.headers, allowedHosts)
  if (problem) return { request, problem }
  if (!line?.needsToken() || isHealth(request)) return { request }
  const { authorization = '', 'mock-control-token': header } = request.headers
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization) ?? []
  const given = [bearer, header, token].filter((one) => one !== undefined)
  if (given.some((one) => isSame(one, controlToken))) return { request }
  return {
    request,
    problem: {
      code: 'control-refused',
      detail: given.length === 0 ? 'the request carries no control token' : 'the control token is wrong',
      fix: `send Authorization: Bearer <token> or Mock-Control-Token: <token>${
        request.path.endsWith(STATES) ? ', or put the token into the path: /_pact/<token>/provider_states' : ''
      }; the server prints the token when it starts, --control-token sets it, and --control open asks for none`,
    },
  }
}

const STATES = '/provider_states'

/** Verifiers of Pact know a URL to set up states at, and no header. */
function withoutToken(request: MockRequest): { readonly request: MockRequest; readonly token?: string } {
  const [, before, token, after] = /^((?:\/(?:~|%7e)[^/]*)?\/_pact)\/([^/]+)(\/provider_states)$/i.exec(request.path) ?? []
  return before === undefined || token === undefined ? { request } : { request: { ...request, path: `${before}${after}` }, token }
}

function isHealth({ method, path }: MockRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && /^(\/(~|%7e)[^/]*)?\/__mock\/health$/i.test(path)
}

/** How much of a guess is right does not show in how long it takes. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/** Whether an address is only to be reached from this machine. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === '::1'
}

function foreign(headers: Readonly<Record<string, string>>, allowed: readonly string[]): Problem | undefined {
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
