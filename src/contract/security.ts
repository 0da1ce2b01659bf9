import type { Credentials, Problem } from '../http.ts'
import { DocumentError } from '../problem.ts'
import { type Located, type Reader } from './schema.ts'

export type Judgement =
  { readonly kind: 'credentials'; readonly credentials: Credentials } | { readonly kind: 'refused'; readonly problem: Problem }

interface Scheme {
  readonly name: string
  /** The header that carries it, in lower case. */
  readonly header: string
  /** What stands before the value: `Bearer `. */
  readonly prefix: string
}

/** Nobody needs to say who they are. */
const OPEN: Judgement = { kind: 'credentials', credentials: { scheme: '', value: '' } }

/**
 * What an operation's security requirement finds in a request. Only the form is judged here; whether a token is known is the business's to say.
 * Schemes: `http` with a value after its name, and `apiKey` in a header. Alternatives are tried in order; the schemes of one alternative must all be there.
 * @throws DocumentError for a requirement of another kind.
 */
export function createSecurity(
  root: Located,
  operation: Located,
  reader: Reader,
): (headers: Readonly<Record<string, string>>) => Judgement {
  const requirements: unknown = operation.value['security'] ?? root.value['security'] ?? []
  const alternatives = (Array.isArray(requirements) ? requirements : []).map((requirement: object) =>
    Object.keys(requirement).map((name) => schemeOf(name, root, reader)),
  )
  const isOptional = alternatives.some((schemes) => schemes.length === 0)
  const named = alternatives.filter((schemes) => schemes.length > 0)
  return (headers) => {
    for (const schemes of named) {
      const [first] = schemes
      const value = first && valueOf(first, headers)
      if (first && value !== undefined && schemes.every((scheme) => valueOf(scheme, headers) !== undefined))
        return { kind: 'credentials', credentials: { scheme: first.name, value } }
    }
    if (isOptional || named.length === 0) return OPEN
    const wanted = named[0]?.find((scheme) => valueOf(scheme, headers) === undefined)
    return refuse(wanted, headers)
  }
}

/** Schemes that may be repeated to who sent them; any other first word may be the secret itself. */
const SCHEMES = new Set(['basic', 'bearer', 'digest', 'token', 'negotiate', 'apikey'])

function refuse(wanted: Scheme | undefined, headers: Readonly<Record<string, string>>): Judgement {
  const { header, prefix } = wanted ?? { header: 'authorization', prefix: '' }
  const fix = `send ${header === 'authorization' ? 'Authorization' : header}: ${prefix}<token>`
  return { kind: 'refused', problem: { code: 'credentials-missing', detail: missing(header, prefix.trim(), headers[header]), fix } }
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

function valueOf({ header, prefix }: Scheme, headers: Readonly<Record<string, string>>): string | undefined {
  const sent = headers[header]
  // RFC 9110, 11.1: the scheme's name is case-insensitive.
  if (sent === undefined || sent.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined
  const value = sent.slice(prefix.length).trim()
  return value === '' ? undefined : value
}

function schemeOf(name: string, root: Located, reader: Reader): Scheme {
  const scheme = reader.child(root, 'components', 'securitySchemes', name)
  if (!scheme) throw new DocumentError(`${root.uri}: the security scheme "${name}" is required, but not declared`)
  const { type, scheme: http, in: where, name: header } = scheme.value
  if (type === 'http' && typeof http === 'string')
    return { name, header: 'authorization', prefix: `${http.charAt(0).toUpperCase()}${http.slice(1)} ` }
  if (type === 'apiKey' && where === 'header' && typeof header === 'string') return { name, header: header.toLowerCase(), prefix: '' }
  throw new DocumentError(
    `${scheme.uri}#${scheme.pointer}: the scheme "${name}" is of a kind that is not understood; http and apiKey in a header are`,
  )
}
