import type { Credentials, Problem } from '../base/http.ts'
import { isJson, type Located, type Reader } from './schema.ts'
import { isSendable, type Pair, pairs } from './style.ts'

export type Judgement =
  { readonly kind: 'credentials'; readonly credentials: Credentials } | { readonly kind: 'refused'; readonly problem: Problem }

interface Scheme {
  readonly name: string
  /** What carries it, and the name it has there; that of a header is in lower case. */
  readonly in: 'header' | 'query' | 'cookie'
  readonly key: string
  /** What stands before the value: `Bearer `. */
  readonly prefix: string
  /** What is sent behind it, for the reader of a refusal. */
  readonly wanted: string
  /** For `WWW-Authenticate`. */
  readonly challenge: string
  /** What is wrong with the form of a value. */
  flawIn?(value: string): string | undefined
}

/** What an operation wants to know of who asks. */
export interface Security {
  /** What it finds in a request. */
  judge(headers: Readonly<Record<string, string>>, query?: string): Judgement
  /** What a request carries that is found good: nothing where nobody needs to say who they are. */
  carrierOf(value: string): Carrier
  /** Whether a parameter of the query carries credentials: then the document declares it, though not as a parameter. */
  isKey(queryName: string): boolean
  /** How a client could say who it is: values for `WWW-Authenticate`, one for each scheme that would do. */
  readonly challenges: readonly string[]
  /** What the document says that cannot be, each with file and line: of schemes that are required, nobody is asked for those. */
  readonly slips: readonly string[]
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
 * matter of the connection, and no request shows it. Alternatives are tried in order; the schemes of one alternative must all be there. A
 * scheme that the document does not declare, or of a kind that is not known, cannot be asked for: it is named as a slip, and the rest counts.
 */
export function createSecurity(root: Located, operation: Located, reader: Reader): Security {
  const requirements: unknown = operation.value['security'] ?? root.value['security'] ?? []
  const slips: string[] = []
  const alternatives = (Array.isArray(requirements) ? requirements : []).filter(isJson).map((requirement) =>
    Object.entries(requirement).flatMap(([name, scopes]) => {
      const scheme = schemeOf(name, Array.isArray(scopes) ? scopes.map(String) : [], operation, root, reader)
      if (typeof scheme === 'string') slips.push(scheme)
      return typeof scheme === 'object' ? scheme : []
    }),
  )
  const isOptional = alternatives.some((schemes) => schemes.length === 0)
  const named = alternatives.filter((schemes) => schemes.length > 0)
  // A header has room for one: of schemes that share it, one has to be there.
  const places = named.map((schemes) => [...Map.groupBy(schemes, ({ in: where, key }) => `${where} ${key}`).values()])
  const keys = new Set(named.flat().flatMap(({ in: where, key }) => (where === 'query' ? key : [])))
  const challenges = [...new Set(named.flat().map(({ challenge }) => challenge))]
  return {
    judge(headers, query = '') {
      const carrier = { headers, query }
      for (const all of places) {
        const credentials = credentialsFor(all, carrier)
        if (credentials) return { kind: 'credentials', credentials }
      }
      if (isOptional || named.length === 0) return OPEN
      const [wanted] = places[0]?.find((schemes) => !credentialsAmong(schemes, carrier)) ?? []
      return {
        kind: 'refused',
        problem: { code: 'credentials-missing', detail: detailOf(wanted, carrier), fix: fixOf(places, carrier), challenges },
      }
    },
    carrierOf: (value) => carrierOf(isOptional ? [] : (named[0] ?? []), value),
    isKey: (queryName) => keys.has(queryName),
    challenges,
    slips,
  }
}

/** Those of the first place, where every place has some. */
function credentialsFor(places: readonly (readonly Scheme[])[], carrier: Carrier): Credentials | undefined {
  let first: Credentials | undefined
  for (const schemes of places) {
    const found = credentialsAmong(schemes, carrier)
    if (!found) return undefined
    first ??= found
  }
  return first
}

function credentialsAmong(schemes: readonly Scheme[], carrier: Carrier): Credentials | undefined {
  for (const scheme of schemes) {
    const value = valueOf(scheme, carrier)
    if (value !== undefined) return { scheme: scheme.name, value }
  }
  return undefined
}

function carrierOf(schemes: readonly Scheme[], value: string): Carrier {
  const sent = (where: Scheme['in']): [string, string][] =>
    schemes
      .filter((scheme) => scheme.in === where)
      .map(({ key, prefix, flawIn }) => [
        key,
        prefix + (flawIn?.(value) === undefined ? value : Buffer.from(`${value}:${value}`).toString('base64')),
      ])
  const cookies = sent('cookie').map(([key, text]) => `${key}=${text}`)
  return {
    headers: { ...Object.fromEntries(sent('header')), ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
    query: new URLSearchParams(sent('query')).toString(),
  }
}

/** Schemes that may be repeated to who sent them; any other first word may be the secret itself. */
const SCHEMES = new Set(['basic', 'bearer', 'digest', 'token', 'negotiate', 'apikey'])

/** All that would do: of each alternative what is not there yet. */
function fixOf(places: readonly (readonly (readonly Scheme[])[])[], carrier: Carrier): string {
  const ways = places.map((all) =>
    all.filter((schemes) => !credentialsAmong(schemes, carrier)).map((schemes) => [...new Set(schemes.map(sentAs))].join(' or ')),
  )
  return `send ${[...new Set(ways.map((way) => way.join(' and ')))].join(', or ')}`
}

function sentAs({ in: where, key, prefix, wanted }: Scheme): string {
  if (where === 'query') return `${key}=${wanted} in the query`
  return where === 'cookie' ? `Cookie: ${key}=${wanted}` : `${key === 'authorization' ? 'Authorization' : key}: ${prefix}${wanted}`
}

function detailOf(wanted: Scheme | undefined, { headers }: Carrier): string {
  const { in: where, key, prefix } = wanted ?? { in: 'header', key: 'authorization', prefix: '' }
  if (where === 'query') return `there is no query parameter ${key}`
  if (where === 'cookie') return `there is no cookie ${key}`
  const flaw = wanted?.flawIn && sentIn(wanted, { headers, query: '' })
  const found = flaw === undefined ? undefined : wanted?.flawIn?.(flaw)
  return found ?? missing(key, prefix.trim(), headers[key])
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

/** What a scheme finds that is of its form. */
function valueOf(scheme: Scheme, carrier: Carrier): string | undefined {
  const value = sentIn(scheme, carrier)
  return value === undefined || scheme.flawIn?.(value) !== undefined ? undefined : value
}

function sentIn({ in: where, key, prefix }: Scheme, { headers, query }: Carrier): string | undefined {
  const sent = where === 'header' ? headers[key] : valueIn(where === 'query' ? pairs(query, '&', true) : cookiesOf(headers), key)
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  if (sent === undefined || sent.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined
  const value = sent.slice(prefix.length).trim()
  return value === '' ? undefined : value
}

const cookiesOf = (headers: Carrier['headers']): Pair[] => pairs(headers['cookie'] ?? '', ';', false)

function valueIn(found: readonly Pair[], key: string): string | undefined {
  return found.find(([name]) => name === key)?.[1]
}

/** Undefined for what no request shows; a text says what is wrong with the document. */
function schemeOf(name: string, scopes: readonly string[], operation: Located, root: Located, reader: Reader): Scheme | string | undefined {
  const declared = reader.child(root, 'components') && reader.schemas(reader.at(root.uri, '/components'), 'securitySchemes')
  if (!declared?.some(([other]) => other === name)) {
    const others = declared?.map(([other]) => other) ?? []
    return `${reader.where(operation)}: the security scheme "${name}" is required, but not declared; ${others.length === 0 ? 'the document declares none' : `declared are ${others.join(', ')}`}`
  }
  const scheme = reader.child(root, 'components', 'securitySchemes', name)
  if (!scheme) return undefined
  const { type, scheme: http, in: where, name: key } = scheme.value
  if (type === 'http' && typeof http === 'string')
    return inAuthorization(name, http.toLowerCase(), `${http.charAt(0).toUpperCase()}${http.slice(1)}`)
  if (type === 'mutualTLS') return undefined
  if (type === 'oauth2' || type === 'openIdConnect') {
    const bearer = inAuthorization(name, 'bearer', 'Bearer')
    return scopes.length === 0 ? bearer : { ...bearer, challenge: `Bearer scope="${scopes.join(' ')}"` }
  }
  if (where === 'header' && typeof key === 'string' && !isSendable(key))
    return `${reader.where(scheme)}: no header can be called ${JSON.stringify(key)}, which the scheme "${name}" asks for`
  if (type === 'apiKey' && typeof key === 'string' && (where === 'header' || where === 'query' || where === 'cookie'))
    return {
      name,
      in: where,
      key: where === 'header' ? key.toLowerCase() : key,
      prefix: '',
      wanted: '<token>',
      // No registered scheme, but what servers send whose keys are in headers of their own.
      challenge: `ApiKey in="${where}", name="${key}"`,
    }
  return `${reader.where(scheme)}: the scheme "${name}" is of a kind that is not understood; http, apiKey, oauth2, openIdConnect and mutualTLS are`
}

/** What clients need of a challenge beside the scheme's name: Basic a realm (RFC 7617), Digest a nonce as well (RFC 7616). */
const CHALLENGES: Readonly<Record<string, string>> = {
  basic: 'Basic realm="*"',
  digest: 'Digest realm="*", qop="auth", nonce="0"',
}

function inAuthorization(name: string, scheme: string, shown: string): Scheme {
  return {
    name,
    in: 'header',
    key: 'authorization',
    prefix: `${shown} `,
    wanted: scheme === 'basic' ? '<base64 of user:password>' : '<token>',
    challenge: CHALLENGES[scheme] ?? shown,
    ...(scheme === 'basic' && { flawIn: flawInBasic }),
  }
}

/** RFC 7617, 2: a user and a password with a colon between them, as Base64. Says nothing of what was sent, which is a secret. */
function flawInBasic(value: string): string | undefined {
  let plain: string
  try {
    plain = atob(value)
  } catch {
    return 'what stands behind Basic is not Base64'
  }
  return plain.includes(':') ? undefined : 'what stands behind Basic has no colon between user and password'
}
