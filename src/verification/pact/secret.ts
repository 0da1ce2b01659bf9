import { decoded } from '../../base/decode.ts'
import { type Hide, hidingTexts } from '../../base/hiding.ts'
import { isSecretInQuery } from '../../base/secret.ts'
import { type Fields, isRecord } from './value.ts'

/**
 * What a run was given to prove who it is, and what stands in its place in all that it tells. Secret is what came by the command line or the
 * environment; what a pact records is known to whoever reads the pact.
 */

/** Headers of which everybody knows what they say. Any other that a run is told to send may be a secret. */
const PUBLIC = /^(?:accept(?:-.*)?|cache-control|content-type|if-.*|origin|pragma|prefer|referer|user-agent|traceparent)$/i

export function isPublic(header: string): boolean {
  return PUBLIC.test(header)
}

/** The variable of a shell that stands for a header's value: `HEADER_AUTHORIZATION`. */
export function variableOf(header: string): string {
  return `HEADER_${header.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}

/** A URL without what may be secret in it, and whether it had some. */
export function addressOf(text: string): { readonly url: string; readonly login: boolean; readonly query: boolean } {
  const url = new URL(text)
  const { username, password, search } = url
  url.username = ''
  url.password = ''
  url.search = ''
  return { url: url.href, login: username !== '' || password !== '', query: search !== '' }
}

/** What a run was given. */
export interface Given {
  /** To be sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whom it asks. */
  readonly urls?: readonly (string | undefined)[]
  /** Tokens and passwords. */
  readonly texts?: readonly (string | undefined)[]
}

/** Masks all that must not be told, in the forms in which it may come back. */
export function hiding({ headers = {}, urls = [], texts = [] }: Given): Hide {
  const found = [
    ...texts.flatMap((text) => text?.trim() ?? []),
    ...Object.entries(headers).flatMap(([name, value]) => (isPublic(name) ? [] : credentialsIn(value))),
    ...urls.flatMap((url) => (url === undefined ? [] : secretsInUrl(url))),
  ]
  return hidingTexts(found)
}

/** The same in all texts of a value. */
export function hiddenIn(value: unknown, hide: Hide): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map((one) => hiddenIn(one, hide))
  return isRecord(value) ? hiddenFields(value, hide) : value
}

export function hiddenFields(fields: Fields, hide: Hide): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [hide(name), hiddenIn(value, hide)]))
}

/** `Bearer abc` whole, and `abc`; of `Basic` also what is encoded. */
function credentialsIn(value: string): string[] {
  const [, scheme = '', credential = ''] = /^(\S+)\s+(.+)$/s.exec(value) ?? []
  if (credential === '') return [value]
  return [value, credential, ...(/^basic$/i.test(scheme) ? passwordsIn(Buffer.from(credential, 'base64').toString()) : [])]
}

function passwordsIn(login: string): string[] {
  return [login, login.slice(login.indexOf(':') + 1)]
}

function secretsInUrl(text: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Nobody knows what is secret in one that is misspelt.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return /[@?]/.test(text) ? [text] : []
  const { username, password, search, searchParams } = url
  const login = `${decoded(username)}:${decoded(password)}`
  return [
    ...(password === '' ? [] : [`${username}:${password}`, password, ...passwordsIn(login), Buffer.from(login).toString('base64')]),
    ...(search === '' ? [] : [search.slice(1)]),
    ...[...searchParams].flatMap(([name, value]) => (isSecretInQuery(name) ? [value] : [])),
  ]
}
