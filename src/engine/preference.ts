import { excerpt } from '../contract/excerpt.ts'
import type { Problem } from '../base/http.ts'

/** What a request prefers (RFC 7240, in Prism's words): `Prefer: code=404, example=dog`. */
export interface Preference {
  readonly code?: string
  readonly example?: string
  /** A body that is generated, even where there is an example. */
  readonly dynamic?: 'true' | 'false'
  /** What it is generated from, in place of the session's seed. */
  readonly seed?: string
}

/** Elements of a header, and parameters of an element. A quoted string stays whole; without an end it goes on to the header's. */
const ELEMENTS = /(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^",])+/g
const PARAMETERS = /(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^";])+/g

/**
 * Undefined when the header prefers nothing that concerns us: unknown preferences are ignored (RFC 7240, section 2).
 * `code=404; example=dog` is read as well: it means a second preference, though it says a parameter of the first.
 */
export function readPreference(header: string | undefined): Preference | Problem | undefined {
  return header === undefined ? undefined : preferenceOf(wordsIn(header))
}

function wordsIn(header: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const element of header.match(ELEMENTS) ?? []) {
    const [first, ...more] = (element.match(PARAMETERS) ?? []).map(nameAndValue)
    if (!first || !WORDS.has(first.name)) continue
    // Of a preference that stands there twice, the first counts.
    for (const { name, value } of [first, ...more]) if (WORDS.has(name) && !found.has(name)) found.set(name, value)
  }
  return found
}

/**
 * The same of a query, whose keys have two underscores before them: `?__code=404`. They are Prism's, and no part of the request.
 * @returns the query without them, too
 */
export function takePreference(query: string): { readonly rest: string; readonly preference: Preference | Problem | undefined } {
  if (!query.includes('__')) return { rest: query, preference: undefined }
  const isOwn = (pair: string): boolean => KEY.test(pair)
  const all = query.split('&')
  const own = new URLSearchParams(all.filter(isOwn).join('&'))
  const found = new Map([...own].map(([key, value]) => [key.slice(2), value]))
  found.delete('server')
  return { rest: all.filter((pair) => !isOwn(pair)).join('&'), preference: preferenceOf(found) }
}

/** `__server` chooses one of a document's servers, which have no other operations here. */
const KEY = /^__(code|example|dynamic|seed|server)(=|$)/

function preferenceOf(found: ReadonlyMap<string, string>): Preference | Problem | undefined {
  const code = found.get('code')
  const example = found.get('example')
  // A status below 200 does not end a request (RFC 9110, section 15.2).
  if (code !== undefined && !/^[2-5]\d\d$/.test(code))
    return {
      code: 'preference-invalid',
      detail: `the preferred code is ${excerpt(code)}`,
      fix: 'send a status from 200 to 599, as in Prefer: code=404',
    }
  if (example === '')
    return { code: 'preference-invalid', detail: 'the preferred example has no name', fix: 'send one, as in Prefer: example=NAME' }
  const dynamic = found.get('dynamic')
  if (dynamic !== undefined && dynamic !== 'true' && dynamic !== 'false')
    return {
      code: 'preference-invalid',
      detail: `the preference dynamic is ${excerpt(dynamic)}`,
      fix: 'send true or false, as in Prefer: dynamic=true',
    }
  if (dynamic === 'true' && example !== undefined)
    return {
      code: 'preference-invalid',
      detail: `the example ${excerpt(example)} is preferred, and with dynamic=true a body that is none`,
      fix: 'send one of the two',
    }
  const seed = found.get('seed')
  if (seed === '') return { code: 'preference-invalid', detail: 'the preferred seed is empty', fix: 'send any text, as in Prefer: seed=7' }
  if (found.size === 0) return undefined
  return {
    ...(code !== undefined && { code }),
    ...(example !== undefined && { example }),
    ...(dynamic !== undefined && { dynamic }),
    ...(seed !== undefined && { seed }),
  }
}

/** What `Preference-Applied` says (RFC 7240, section 3). */
export function writePreference(preference: Preference): string {
  return Object.entries(preference)
    .map(([name, value]: [string, string]) => `${name}=${TOKEN.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`}`)
    .join(', ')
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const WORDS = new Set(['code', 'example', 'dynamic', 'seed'])

function nameAndValue(pair: string): { name: string; value: string } {
  const [name = '', ...rest] = pair.split('=')
  const word = rest.join('=').trim()
  const value = word.startsWith('"')
    ? word
        .slice(1)
        .replace(/"$/, '')
        .replaceAll(/\\([^])/g, '$1')
    : word
  return { name: name.trim().toLowerCase(), value }
}
