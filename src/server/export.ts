import type { Exportable } from '../engine/session.ts'
import type { Cut } from '../http.ts'
import type { Exchange } from './journal.ts'

/** A session as a file: what it started from and all that it was asked, so that another process can do it again. */
export interface Exported {
  readonly format: 1
  /** Of allocation-mock. */
  readonly version: string
  readonly dataVersion: number
  readonly server: {
    readonly version: string
    readonly dataVersion: number
    readonly strict: boolean
    readonly checkReplies: boolean
    readonly maxBodyBytes: number
  }
  readonly session: string
  /** The world's time when it began. */
  readonly begun: string
  /** As it would stand in a scenario's file. */
  readonly scenario: object
  readonly supplierTokens: readonly string[]
  readonly retailerTokens: readonly string[]
  readonly exchanges: readonly ExportedExchange[]
}

interface ExportedExchange {
  /** A control request set something in the session; its answer is not part of what the session says. */
  readonly origin: 'request' | 'control'
  /** The world's time when it was asked. */
  readonly at: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** There was a body that is not kept: it was too large, compressed, or no text. */
  readonly bodyLost?: true
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly mediaType?: string
    readonly body?: string
    readonly cut?: Cut
  }
}

/** Tokens that are no secret: they stand in the documentation. */
export const PUBLIC_TOKENS: ReadonlySet<string> = new Set(['1234567890', 'retailer-1234567890', 'invalid'])

/** What a client sends for its own connection, which a replay has its own of. */
const OF_CONNECTION = new Set(['connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'keep-alive', 'expect'])

/**
 * Secrets are replaced, each by the same stand-in wherever it was sent: a mock asks whose a token is, never what it says. Tokens that the
 * session gave out itself are a function of its seed, and stay.
 */
export function exportOf(name: string, session: Exportable, exchanges: readonly Exchange[], server: Exported['server']): Exported {
  const issued = new Set(exchanges.flatMap(({ replyBody }) => issuedTokens(replyBody)))
  const standIns = new Map<string, string>()
  const standIn = (token: string): string => {
    if (PUBLIC_TOKENS.has(token) || issued.has(token)) return token
    const known = standIns.get(token) ?? `masked-${standIns.size + 1}`
    standIns.set(token, known)
    return known
  }
  const tokensOf = (kind: 'supplier' | 'retailer'): string[] =>
    session.from.tokens.flatMap((one) => (one.kind === kind ? [`${standIn(one.token)}=${one.organization}`] : []))
  const { version, dataVersion } = server
  return {
    format: 1,
    version,
    dataVersion,
    server,
    session: name,
    begun: new Date(session.real ?? exchanges[0]?.real ?? 0).toISOString(),
    scenario: session.scenario,
    supplierTokens: tokensOf('supplier'),
    retailerTokens: tokensOf('retailer'),
    exchanges: exchanges.flatMap((exchange) => {
      const { origin, real, method, path, headers, requestBody, status, replyHeaders, mediaType, replyBody, cut } = exchange
      if (origin !== 'request' && origin !== 'control') return []
      const isBodyLost =
        requestBody === undefined && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      return [
        {
          origin,
          at: new Date(real).toISOString(),
          method,
          path,
          headers: sendable(headers, standIn),
          ...(requestBody !== undefined && { body: status < 400 ? requestBody : withoutPassword(requestBody) }),
          ...(isBodyLost && { bodyLost: true }),
          answer: {
            status,
            headers: origin === 'control' ? {} : replyHeaders,
            ...(replyBody !== undefined && origin === 'request' && { mediaType, body: replyBody }),
            ...(cut && { cut }),
          },
        },
      ]
    }),
  }
}

function sendable(headers: Readonly<Record<string, string>>, standIn: (token: string) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] => {
      if (OF_CONNECTION.has(name) || name === 'mock-control-token') return []
      if (name === 'authorization' || name === 'proxy-authorization') {
        const [, scheme = '', token = ''] = /^(\S+\s+)?(.*)$/s.exec(value) ?? []
        return [[name, scheme + standIn(token)]]
      }
      return [[name, name === 'cookie' || name === 'x-api-key' ? standIn(value) : value]]
    }),
  )
}

function issuedTokens(text: string | undefined): readonly string[] {
  if (text === undefined || !text.includes('"auth_token"')) return []
  return [...text.matchAll(/"auth_token"\s*:\s*"([^"]+)"/g)].map(([, token = '']) => token)
}

/** A password that was accepted is one of the mock's own; another one may be somebody's. */
function withoutPassword(text: string): string {
  return text.replaceAll(/("password"\s*:\s*)"(?:[^"\\]|\\.)*"/g, '$1"masked"')
}
