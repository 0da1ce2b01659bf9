import type { Credentials, Problem } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import { isSendable, pairs } from './parameter.ts'
import { isJson, type Located, type Reader } from './schema.ts'

export type Judgement =
  { readonly kind: 'credentials'; readonly credentials: Credentials } | { readonly kind: 'refused'; readonly problem: Problem }

interface Scheme {
  readonly name: string
  /** What carries it, and the name it has there; that of a header is in lower case. */
  readonly in: 'header' | 'query' | 'cookie'
  readonly key: string
  /** What stands before the value: `Bearer `. */
  readonly prefix: string
}

/** What an operation wants to know of who asks. */
export interface Security {
  /** What it finds in a request. */
  judge(headers: Readonly<Record<string, string>>, query?: string): Judgement
  /** What a request carries that is found good: nothing where nobody needs to say who they are. */
  carrierOf(value: string): Carrier
}

/** Where credentials are. */
interface Carrier {
  readonly headers: Readonly<Record<string, string>>
  readonly query: string
}

/** Nobody needs to say who they are. */
const OPEN: Judgement = { kind: 'credentials', credentials: { scheme: '', value: '' } }

/**
 * The security requirement of an operation. Only the form is judged here; whether a token is known is the business's to say.
 * Schemes: `http` with a value after its name, `apiKey`, and OAuth 2 and OpenID Connect, whose tokens are bearers' (RFC 6750); `mutualTLS` is a
 * matter of the connection, and no request shows it. Alternatives are tried in order; the schemes of one alternative must all be there, and of
 * those that share a place one. What a scheme asks for that is not declared, or is of a kind of its own, nobody can know: it asks for nothing.
 */
export function createSecurity(root: Located, operation: Located, reader: Reader): Security {
  const requirements: unknown = operation.value['security'] ?? root.value['security'] ?? []
  const alternatives = (Array.isArray(requirements) ? requirements : [])
    .filter(isJson)
    .map((requirement) => Object.keys(requirement).flatMap((name) => schemeOf(name, root, reader) ?? []))
  const isOptional = alternatives.some((schemes) => schemes.length === 0)
  const named = alternatives.filter((schemes) => schemes.length > 0)
  return {
    judge(headers, query = '') {
      const carrier = { headers, query }
      for (const schemes of named) {
        const [first] = schemes
        const sent = schemes.find((scheme) => valueOf(scheme, carrier) !== undefined)
        const value = sent && valueOf(sent, carrier)
        const isWhole = schemes.every((scheme) => schemes.some((other) => isBeside(scheme, other) && valueOf(other, carrier) !== undefined))
        if (first && sent && value !== undefined && isWhole) return { kind: 'credentials', credentials: { scheme: sent.name, value } }
      }
      if (isOptional || named.length === 0) return OPEN
      const wanted = named[0]?.find((scheme) =>
        named[0]?.every((other) => !isBeside(scheme, other) || valueOf(other, carrier) === undefined),
      )
      return refuse(wanted, headers)
    },
    carrierOf: (value) => carrierOf(isOptional ? [] : (named[0] ?? []), value),
  }
}

/** Whether two schemes are carried by the same thing, which has room for one of them. */
function isBeside(one: Scheme, other: Scheme): boolean {
  return one.in === other.in && one.key === other.key
}

function carrierOf(schemes: readonly Scheme[], value: string): Carrier {
  const sent = (where: Scheme['in']): [string, string][] =>
    schemes.filter((scheme) => scheme.in === where).map(({ key, prefix }) => [key, prefix + value])
  const cookies = sent('cookie').map(([key, text]) => `${key}=${text}`)
  return {
    headers: { ...Object.fromEntries(sent('header')), ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
    query: new URLSearchParams(sent('query')).toString(),
  }
}

/** Schemes that may be repeated to who sent them; any other first word may be the secret itself. */
const SCHEMES = new Set(['basic', 'bearer', 'digest', 'token', 'negotiate', 'apikey'])

function refuse(wanted: Scheme | undefined, headers: Readonly<Record<string, string>>): Judgement {
  const { in: where, key, prefix } = wanted ?? { in: 'header', key: 'authorization', prefix: '' }
  if (where !== 'header') {
    const [detail, fix] =
      where === 'query'
        ? [`there is no query parameter ${key}`, `send ${key}=<token> in the query`]
        : [`there is no cookie ${key}`, `send Cookie: ${key}=<token>`]
    return { kind: 'refused', problem: { code: 'credentials-missing', detail, fix } }
  }
  const fix = `send ${key === 'authorization' ? 'Authorization' : key}: ${prefix}<token>`
  return { kind: 'refused', problem: { code: 'credentials-missing', detail: missing(key, prefix.trim(), headers[key]), fix } }
}

function missing(header: string, scheme: string, sent: string | undefined): string {
  if (sent === undefined) return `there is no ${header} header`
  const [word = ''] = sent.split(' ', 1)
  if (scheme === '') return `the ${header} header is empty`
  if (word.toLowerCase() === scheme.toLowerCase()) return `the ${header} header has nothing behind ${word}`
  return SCHEMES.has(word.toLowerCase())
    ? `the ${header} header has the scheme ${word}, not ${scheme}`
    : `the ${header} header does not begin with ${scheme}`
}

function valueOf({ in: where, key, prefix }: Scheme, { headers, query }: Carrier): string | undefined {
  const sent = where === 'header' ? headers[key] : valueIn(where === 'query' ? pairs(query, '&', true) : cookiesOf(headers), key)
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  if (sent === undefined || sent.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined
  const value = sent.slice(prefix.length).trim()
  return value === '' ? undefined : value
}

const cookiesOf = (headers: Carrier['headers']): [string, string][] => pairs(headers['cookie'] ?? '', ';', false)

function valueIn(found: readonly (readonly [name: string, value: string])[], key: string): string | undefined {
  return found.find(([name]) => name === key)?.[1]
}

function schemeOf(name: string, root: Located, reader: Reader): Scheme | undefined {
  const components = reader.child(root, 'components')
  const scheme = components && reader.items(components, 'securitySchemes').find(([one]) => one === name)?.[1]
  if (!scheme || scheme instanceof DocumentError) return undefined
  const { type, scheme: http, in: where, name: key } = scheme.value
  if (type === 'http' && typeof http === 'string') return inAuthorization(name, `${http.charAt(0).toUpperCase()}${http.slice(1)} `)
  if (type === 'oauth2' || type === 'openIdConnect') return inAuthorization(name, 'Bearer ')
  if (where === 'header' && typeof key === 'string' && !isSendable(key)) return undefined
  if (type === 'apiKey' && typeof key === 'string' && (where === 'header' || where === 'query' || where === 'cookie'))
    return { name, in: where, key: where === 'header' ? key.toLowerCase() : key, prefix: '' }
  return undefined
}

function inAuthorization(name: string, prefix: string): Scheme {
  return { name, in: 'header', key: 'authorization', prefix }
}
