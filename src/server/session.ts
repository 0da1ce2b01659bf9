import type { SessionName } from '../base/session-name.ts'
import { decoded } from '../base/decode.ts'
import { nameOf } from '../engine/session.ts'
import type { MockRequest, Problem } from '../base/http.ts'
import type { Bindings } from './bindings.ts'

/** A request with its session, and without the prefix that names it. */
export interface Named {
  readonly kind: 'session'
  readonly name: SessionName
  readonly request: MockRequest
  readonly isLabelled: boolean
}

type Located = Named | { readonly kind: 'refused'; readonly problem: Problem }

/** The session of a request: its path prefix, its header, its baggage, what it sends that a session is bound to, else the default one. */
export async function locate(request: MockRequest, bindings: Bindings | undefined): Promise<Located> {
  const prefix = mayHavePrefix(request.path) ? /^\/(?:~|%7e)([^/]*)(.*)$/is.exec(request.path) : undefined
  const header = request.headers['mock-session']
  if (prefix && header !== undefined && prefix[1] !== header)
    return {
      kind: 'refused',
      problem: {
        code: 'session-invalid',
        detail: `the path names the session "${prefix[1]}", the header Mock-Session "${header}"`,
        fix: 'name it once',
      },
    }
  const label = prefix?.[1] ?? header ?? fromBaggage(request.headers['baggage']) ?? (await bindings?.find(request.headers))
  const name = nameOf(label)
  if (typeof name !== 'string') return { kind: 'refused', problem: name }
  const path = prefix ? prefix[2] || '/' : request.path
  return {
    kind: 'session',
    name,
    request: prefix ? { ...request, path, prefix: `/~${name}` } : request,
    isLabelled: label !== undefined,
  }
}

/** Most paths have none: no regular expression for them. */
function mayHavePrefix(path: string): boolean {
  const second = path.charAt(1)
  return second === '~' || second === '%'
}

/** The member `mock-session` of W3C baggage: `a=1, mock-session=one;property`. */
function fromBaggage(baggage: string | undefined): string | undefined {
  for (const member of baggage?.split(',') ?? []) {
    const [key, value] = (member.split(';', 1)[0] ?? '').split('=')
    if (key?.trim() === 'mock-session' && value !== undefined) return decoded(value.trim())
  }
  return undefined
}

/** Whether a path leads to control routes, with or without a session's prefix. */
export function isControlPath(path: string): boolean {
  return /^(\/(~|%7e)[^/]*)?\/(__mock|_pact)(\/|$)/i.test(path)
}
