import { belowBase } from '../base/path.ts'
import { parseJson } from '../contract/json.ts'
import { isJson } from '../contract/schema.ts'
import { type Instead, type MockRequest, pointerParts } from '../base/http.ts'

/** Where a request goes: what stands before the document's paths, and the template of the operation. */
export interface Route {
  readonly base: string
  readonly template: string
}

/** A request with all of these; those that cannot be made are left out. A body is read and written once. */
export function editedAll(request: MockRequest, edits: readonly Instead[], route: Route | undefined): MockRequest {
  const inBodies = edits.filter(({ at }) => at.startsWith('/body/'))
  let next = request
  for (const edit of edits) if (!inBodies.includes(edit)) next = edited(next, edit, route) ?? next
  const body = inBodies.length > 0 ? jsonBody(next) : undefined
  if (!body) return next
  let { value } = body
  for (const { at, to } of inBodies) value = (put(value, pointerParts(at).slice(1), to) ?? { value }).value
  return { ...next, body: { kind: 'text', text: JSON.stringify(value) } }
}

/**
 * A request with a value in the place of another, by a JSON pointer as issues have it: `/body/lines/0`, `/query/limit`, `/header/x-context/stage`,
 * `/path/id`, `/cookie/a`. @returns undefined where it cannot be put there
 */
function edited(request: MockRequest, { at, to }: Instead, route: Route | undefined): MockRequest | undefined {
  const [where, name, ...rest] = pointerParts(at)
  switch (where) {
    case 'body':
      return inBody(request, name === undefined ? [] : [name, ...rest], to)
    case 'query':
      if (name === undefined || rest.length > 1) return undefined
      return rest[0] === undefined || /^\d+$/.test(rest[0])
        ? inQuery(request, name, rest[0], to)
        : // A member of an object is a pair of its own: `filter[size]=3` (OpenAPI 3.1, 4.8.12, deepObject).
          inQuery(request, `${name}[${rest[0]}]`, undefined, to)
    case 'header':
      return name === undefined ? undefined : inHeader(request, name.toLowerCase(), rest, to)
    case 'cookie':
      return name === undefined || rest.length > 0 ? undefined : inCookie(request, name, to)
    case 'path':
      return name === undefined || rest.length > 0 || !route ? undefined : inPath(request, name, to, route)
    default:
      return undefined
  }
}

const bodies = new WeakMap<MockRequest, { readonly value: unknown } | undefined>()

/** The body as JSON; undefined where it is none, or none that is read. */
export function jsonBody(request: MockRequest): { readonly value: unknown } | undefined {
  if (bodies.has(request)) return bodies.get(request)
  const value = request.body.kind === 'text' ? parsed(request.body.text) : undefined
  bodies.set(request, value)
  return value
}

export function withBody(request: MockRequest, value: unknown, mediaType = 'application/json'): MockRequest {
  const sent = withoutHeader(withoutHeader(request, 'content-length'), 'content-encoding')
  return { ...sent, headers: { ...sent.headers, 'content-type': mediaType }, body: { kind: 'text', text: JSON.stringify(value) } }
}

/** A request without one of its headers. */
export function withoutHeader(request: MockRequest, name: string): MockRequest {
  return { ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(([one]) => one !== name)) }
}

function inBody(request: MockRequest, parts: readonly string[], to: unknown): MockRequest | undefined {
  const body = jsonBody(request)
  if (parts.length === 0) return to === undefined ? undefined : withBody(request, to, request.headers['content-type'])
  if (!body) return undefined
  const value = put(body.value, parts, to)
  return value === undefined ? undefined : { ...request, body: { kind: 'text', text: JSON.stringify(value.value) } }
}

function inHeader(request: MockRequest, name: string, parts: readonly string[], to: unknown): MockRequest | undefined {
  if (parts.length === 0)
    return to === undefined ? withoutHeader(request, name) : { ...request, headers: { ...request.headers, [name]: textOf(to) } }
  const before = parsed(request.headers[name] ?? '')
  const value = before && put(before.value, parts, to)
  return value && { ...request, headers: { ...request.headers, [name]: JSON.stringify(value.value) } }
}

/** @param item the place in a list, which is written with commas or as several pairs */
function inQuery(request: MockRequest, name: string, item: string | undefined, to: unknown): MockRequest | undefined {
  const before = request.query === '' ? [] : request.query.split('&')
  const isOther = (pair: string): boolean => decoded(pair.split('=', 1)[0] ?? '') !== name
  const pairOf = (value: unknown): string => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(value))}`
  if (item === undefined) {
    const added = to === undefined ? [] : [to].flat().map(pairOf)
    return { ...request, query: [...before.filter(isOther), ...added].join('&') }
  }
  const own = before.filter((pair) => !isOther(pair)).map((pair) => decoded(pair.slice(pair.indexOf('=') + 1)))
  const isSpread = own.length > 1
  const list = isSpread ? own : (own[0]?.split(',') ?? [])
  const index = Number(item)
  if (!Number.isInteger(index) || index >= list.length) return undefined
  const next = to === undefined ? list.toSpliced(index, 1) : list.toSpliced(index, 1, textOf(to))
  const pairs = isSpread ? next.map(pairOf) : next.length === 0 ? [] : [pairOf(next.join(','))]
  return { ...request, query: [...before.filter(isOther), ...pairs].join('&') }
}

function inCookie(request: MockRequest, name: string, to: unknown): MockRequest {
  const before = (request.headers['cookie'] ?? '').split(/; */).filter((pair) => pair !== '' && pair.split('=', 1)[0] !== name)
  const all = to === undefined ? before : [...before, `${name}=${encodeURIComponent(textOf(to))}`]
  return all.length === 0 ? withoutHeader(request, 'cookie') : { ...request, headers: { ...request.headers, cookie: all.join('; ') } }
}

function inPath(request: MockRequest, name: string, to: unknown, { base, template }: Route): MockRequest | undefined {
  if (to === undefined) return undefined
  const below = belowBase(request.path, base)
  const [sent, wanted] = [below.split('/'), template.split(/[?#]/)[0]?.split('/') ?? []]
  if (sent.length !== wanted.length) return undefined
  const segments = wanted.map((segment, place) => (segment === `{${name}}` ? encodeURIComponent(textOf(to)) : sent[place]))
  return { ...request, path: base + segments.join('/') }
}

/** A value with another one in it; undefined where the way to it is none. */
function put(value: unknown, [part, ...rest]: readonly string[], to: unknown): { readonly value: unknown } | undefined {
  if (part === undefined) return { value: to }
  if (Array.isArray(value)) {
    const index = Number(part)
    if (!Number.isInteger(index) || index < 0 || index > value.length) return undefined
    const inner = put(value[index], rest, to)
    if (!inner) return undefined
    return { value: inner.value === undefined ? value.toSpliced(index, 1) : value.toSpliced(index, 1, inner.value) }
  }
  if (!isJson(value)) return undefined
  const inner = put(Object.hasOwn(value, part) ? value[part] : undefined, rest, to)
  if (!inner) return undefined
  const others = Object.entries(value)
  if (inner.value === undefined) return { value: Object.fromEntries(others.filter(([name]) => name !== part)) }
  // A member that is there keeps its place.
  const isThere = Object.hasOwn(value, part)
  return {
    value: Object.fromEntries(
      isThere ? others.map(([name, one]) => [name, name === part ? inner.value : one]) : [...others, [part, inner.value]],
    ),
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  const read = parseJson(text)
  return read.kind === 'value' ? read : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.map(textOf).join(',') : (JSON.stringify(value) ?? '')
}
