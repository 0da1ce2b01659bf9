import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname, isWebOrigin, type MockRequest, type Problem } from '../base/http.ts'
import { isConsole } from './console.ts'
import { isNamedOrigin, type OriginSettings } from './origin.ts'

export interface GuardSettings extends OriginSettings {
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
 * the control token. Probes need neither: balancers ask whether the server is up by whatever name they have for it, and the answer tells
 * nothing. The console's page holds nothing either, and is what asks for the token.
 * @param line undefined for a call within the process
 */
export function admit(sent: MockRequest, settings: GuardSettings, line: { needsToken(): boolean } | undefined): Admitted {
  const { request, token } = withoutToken(sent)
  const isProbe = isRead(request, PROBES)
  const problem = (isProbe ? undefined : strange(request.headers, settings)) ?? foreign(request.headers, settings)
  if (problem) return { request, problem }
  if (isProbe || isConsole(request) || !line?.needsToken()) return { request }
  const { authorization = '', 'mock-control-token': header } = request.headers
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization) ?? []
  const given = [bearer, header, token].filter((one) => one !== undefined)
  if (given.some((one) => isSame(one, settings.controlToken))) return { request }
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

const PROBES = /^(\/(~|%7e)[^/]*)?\/__mock\/health(\/ready)?$/i
const WATCHERS = /^(\/(~|%7e)[^/]*)?\/__mock\/(health(\/ready)?|metrics)$/i

function isRead({ method, path }: MockRequest, paths: RegExp): boolean {
  return (method === 'GET' || method === 'HEAD') && paths.test(path)
}

/** Whether it asks how the server is: that is to be answered also where the store, which knows all sessions, cannot be reached. */
export function isWatching(request: MockRequest): boolean {
  return isRead(request, WATCHERS)
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

function strange({ host }: Readonly<Record<string, string>>, { allowedHosts }: GuardSettings): Problem | undefined {
  if (host === undefined || isKnown(hostname(host), allowedHosts)) return undefined
  return {
    code: 'host-refused',
    detail: `the Host header is "${host}"`,
    fix: `use 127.0.0.1 or localhost, or start with --allow-host ${hostname(host)}`,
  }
}

function foreign({ host, origin }: Readonly<Record<string, string>>, settings: OriginSettings): Problem | undefined {
  if (origin !== undefined && !isOwn(origin, host) && !isNamedOrigin(origin, settings))
    return {
      code: 'host-refused',
      detail: `the Origin header is "${origin}": a page of another origin asks`,
      fix: isWebOrigin(origin)
        ? `ask without a browser, or start with --allow-origin ${origin}`
        : 'ask without a browser, or from a page that has an origin: one that comes from a web server',
    }
  return undefined
}

function isOwn(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}

function isKnown(name: string, allowed: readonly string[]): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0 || allowed.includes(name)
}

/** The Host header, as far as it may stand in a URL of ours. */
export function hostOf({ host = '' }: Readonly<Record<string, string>>): string {
  return /^[\w.:[\]-]+$/.test(host) ? host : 'localhost'
}
