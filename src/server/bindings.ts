import type { SessionName } from '../base/session-name.ts'
import type { BoundCaller } from '../core/api.ts'
import type { Bound } from '../core/behaviour.ts'
import type { Store } from '../store/store.ts'

/** Which session a request belongs to that does not say so, by what it sends anyway: a token, or what its API knows callers by. */
export interface Bindings {
  /** What stands for it in a store. */
  keyOf(to: Bound): string
  /** The session that these headers are bound to. */
  find(headers: Readonly<Record<string, string>>): Promise<SessionName | undefined> | undefined
}

/** How the APIs know callers: by what beside tokens, and which schemes may stand before a token. */
export interface KnownCallers {
  readonly others: readonly BoundCaller[]
  readonly schemes: readonly string[]
}

/** @param callers those of the APIs that are served now */
export function createBindings(store: Pick<Store, 'bound'>, callers: () => KnownCallers): Bindings {
  /** A token may be given as the header has it, with its scheme. */
  const keyOfToken = (token: string): string => {
    const [, scheme = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(token) ?? []
    const isSent = callers().schemes.some((one) => one.toLowerCase() === scheme.toLowerCase())
    return JSON.stringify(['token', (isSent ? rest : token).trim()])
  }
  return {
    keyOf: (to) =>
      typeof to['token'] === 'string'
        ? keyOfToken(to['token'])
        : (callers()
            .others.map((other) => other.keyOf(to))
            .find((key) => key !== undefined) ?? JSON.stringify(to)),
    find(headers) {
      return store.bound(() => {
        const token = /^\S+\s+(.+)$/.exec(headers['authorization'] ?? '')?.[1]?.trim()
        return [...(token === undefined ? [] : [keyOfToken(token)]), ...callers().others.flatMap((other) => other.keysOf(headers))]
      })
    },
  }
}
