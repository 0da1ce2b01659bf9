import type { Bound } from '../core/behaviour.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Problem } from '../base/http.ts'
import type { BoundCaller } from '../core/api.ts'

/** Which session a request belongs to that does not say so, by what it sends anyway: a token, or what its API knows callers by. */
export interface Bindings {
  bind(name: SessionName, to: Bound): Problem | undefined
  unbind(name: SessionName, to: Bound): Problem | undefined
  /** What a session is bound to; tokens are secrets. */
  of(name: SessionName): readonly object[]
  forget(name: SessionName): void
  /** The session that these headers are bound to. */
  find(headers: Readonly<Record<string, string>>): SessionName | undefined
}

/** So many bindings a session may have. */
const MAX_BINDINGS = 100
/** What the bindings of all sessions may take together, in bytes, and what each takes beside its text. */
const MAX_BYTES = 16 * 1_048_576
const OVERHEAD = 300

/** How the APIs know callers: by what beside tokens, and which schemes may stand before a token. */
export interface KnownCallers {
  readonly others: readonly BoundCaller[]
  readonly schemes: readonly string[]
}

/** @param callers those of the APIs that are served now */
export function createBindings(callers: () => KnownCallers): Bindings {
  /** A token may be given as the header has it, with its scheme. */
  const keyOfToken = (token: string): string => {
    const [, scheme = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(token) ?? []
    const isSent = callers().schemes.some((one) => one.toLowerCase() === scheme.toLowerCase())
    return JSON.stringify(['token', (isSent ? rest : token).trim()])
  }
  const keyOf = (to: Bound): string =>
    typeof to['token'] === 'string'
      ? keyOfToken(to['token'])
      : (callers()
          .others.map((other) => other.keyOf(to))
          .find((key) => key !== undefined) ?? JSON.stringify(to))
  const byKey = new Map<string, SessionName>()
  const ofSession = new Map<SessionName, Map<string, Bound>>()
  let bytes = 0
  /** The text stands in the key, in the binding and in its session's table. */
  const sizeOf = (key: string): number => OVERHEAD + 3 * key.length
  const forgetKey = (key: string): void => {
    if (byKey.delete(key)) bytes -= sizeOf(key)
  }
  return {
    bind(name, to) {
      const key = keyOf(to)
      const bound = byKey.get(key)
      if (bound !== undefined && bound !== name)
        return { code: 'binding-known', detail: `the session "${bound}" is bound to it`, fix: 'unbind that one first, or drop it' }
      const own = ofSession.get(name) ?? new Map<string, Bound>()
      if (own.size >= MAX_BINDINGS)
        return { code: 'binding-known', detail: `the session has ${own.size} bindings`, fix: 'unbind one of them' }
      const more = own.has(key) ? 0 : sizeOf(key)
      if (bytes + more > MAX_BYTES)
        return {
          code: 'memory-exhausted',
          detail: `the bindings of all sessions would take ${bytes + more} bytes, and ${MAX_BYTES} is the most`,
          fix: 'unbind some, or drop sessions that nobody needs',
        }
      bytes += more
      byKey.set(key, name)
      ofSession.set(name, own.set(key, to))
      return undefined
    },
    unbind(name, to) {
      const key = keyOf(to)
      if (ofSession.get(name)?.delete(key) !== true)
        return {
          code: 'binding-unknown',
          detail: `the session "${name}" is not bound to it`,
          fix: 'GET its bindings to see what it is bound to',
        }
      forgetKey(key)
      return undefined
    },
    of: (name) => [...(ofSession.get(name)?.values() ?? [])].map((to) => ('token' in to ? { token: '***' } : to)),
    forget(name) {
      for (const key of ofSession.get(name)?.keys() ?? []) forgetKey(key)
      ofSession.delete(name)
    },
    find(headers) {
      if (byKey.size === 0) return undefined
      const token = /^\S+\s+(.+)$/.exec(headers['authorization'] ?? '')?.[1]?.trim()
      const byToken = token === undefined ? undefined : byKey.get(keyOfToken(token))
      if (byToken !== undefined) return byToken
      for (const key of callers().others.flatMap((other) => other.keysOf(headers))) {
        const name = byKey.get(key)
        if (name !== undefined) return name
      }
      return undefined
    },
  }
}
