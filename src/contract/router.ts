import FindMyWay from 'find-my-way'
import { decoded, percentDecoded } from '../base/decode.ts'

interface Found<Target> {
  readonly kind: 'found'
  readonly target: Target
  /** Still percent-encoded: a value may hold an encoded `/` or `,`. */
  readonly path: Readonly<Record<string, string>>
}

export type Match<Target> =
  | Found<Target>
  | {
      readonly kind: 'wrong-method'
      readonly allowed: readonly string[]
      readonly targets: readonly Target[]
      /** What has the method, of the paths that are less literal. */
      readonly other: Found<Target> | undefined
    }
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'unknown' }

export interface Route<Target> {
  readonly method: string
  /** An OpenAPI path template. */
  readonly template: string
  readonly target: Target
  /** What requests to it can have in query and headers, as far as that is known. */
  readonly names?: readonly string[]
}

/** The methods that a path item has a word for (OpenAPI 3.2). */
export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'QUERY'] as const

/** What a request has beside its path. */
interface Sent {
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Router<Target> {
  /** @param sent what else of the request there is: where the templates of several operations ask for it, it tells them apart */
  match(method: string, path: string, sent?: Sent): Match<Target>
  /** The routes that no request leads to: another one before them has the same method and, but for names, the same path. */
  readonly hidden: readonly { readonly route: Route<Target>; readonly behind: Route<Target> }[]
}

/** As long as Node lets a request line be: a hundred ids in one path are 2.5 kB. */
const MAX_PARAMETER_LENGTH = 16_384

/**
 * Finds the operation for a method and a path. Literal segments win over parameters; a trailing slash counts (OpenAPI 3.1, 4.8.8). Templates
 * that differ in names of parameters alone are one path, whose methods may stand apart. A query in a template, or a fragment, which no request
 * has, counts as what the request's query or headers have to hold.
 */
export function createRouter<Target>(routes: readonly Route<Target>[]): Router<Target> {
  const router = FindMyWay({ maxParamLength: MAX_PARAMETER_LENGTH, ignoreTrailingSlash: false, caseSensitive: true })
  const items = new Map<string, Item<Target>>()
  /** The paths that find-my-way has no words for, by the number of their segments. */
  const odd = new Map<number, Form<Target>[]>()
  /** All that have parameters. */
  const forms = new Map<number, Form<Target>[]>()
  const hidden: { route: Route<Target>; behind: Route<Target> }[] = []
  for (const route of routes) {
    const [path, wanted] = halvesOf(route)
    const isOdd = path.split('/').some((segment) => !NATIVE.test(segment))
    const place = isOdd ? patternOf(path, '[^/]+') : routeOf(path)
    const known = items.get(place)
    const item = known ?? { hasParameters: PARAMETER.test(path), methods: new Map<string, Candidate<Target>[]>() }
    if (!known) {
      items.set(place, item)
      const { length } = path.split('/')
      const form = formOf(path, item)
      if (item.hasParameters) listIn(forms, length).push(form)
      if (isOdd) listIn(odd, length).push(form)
      else router.on('GET', place, () => undefined, item)
    }
    const candidates = item.methods.get(route.method) ?? []
    const behind = candidates.find((one) => String(one.wanted) === String(wanted))
    if (behind) hidden.push({ route, behind: behind.route })
    // What asks for more is looked at before what asks for less.
    else {
      const all = [...candidates, { route, segments: segmentsOf(path), wanted }]
      item.methods.set(
        route.method,
        all.toSorted((one, other) => other.wanted.length - one.wanted.length),
      )
    }
  }
  // What is longest without its parameters is looked at first.
  for (const all of odd.values()) all.sort((one, other) => other.literal - one.literal)

  /** The router takes what is behind a number sign for no part of the path; a client that sends one means it. */
  function find(path: string): Item<Target> | undefined {
    if (path.includes('#')) return undefined
    const found: Item<Target> | undefined = router.find('GET', path)?.store
    const others = odd.size > 0 && found?.hasParameters !== false ? odd.get(path.split('/').length) : undefined
    if (!others) return found
    const plain = plainOf(path)
    return others.find(({ fits }) => fits(plain))?.item ?? found
  }

  /** The most literal path of those that have the method. */
  function findWith(method: string, path: string): Item<Target> | undefined {
    const plain = plainOf(path)
    let best: Form<Target> | undefined
    for (const form of forms.get(path.split('/').length) ?? [])
      if (candidatesOf(form.item, method) && form.literal > (best?.literal ?? -1) && form.fits(plain)) best = form
    return best?.item
  }

  return {
    hidden,
    match(method, path, sent = NOTHING_SENT) {
      if (percentDecoded(path) === undefined) return { kind: 'undecodable' }
      const found = find(path)
      if (!found) return { kind: 'unknown' }
      const { methods } = found
      const own = operationIn(found, method, path, sent)
      if (own) return own
      const allowed = [...methods.keys()]
      if (methods.has('GET') && !methods.has('HEAD')) allowed.push('HEAD')
      const targets = [...methods.values()].flatMap((all) => all.map(({ route }) => route.target))
      return { kind: 'wrong-method', allowed, targets, other: operationIn(findWith(method, path), method, path, sent) }
    },
  }
}

function listIn<Item>(lists: Map<number, Item[]>, key: number): Item[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** A path of the document: what it has for each method. */
interface Item<Target> {
  readonly hasParameters: boolean
  readonly methods: Map<string, readonly Candidate<Target>[]>
}

/** A path as it is held against others. */
interface Form<Target> {
  /** How many characters are not a parameter's. */
  readonly literal: number
  readonly item: Item<Target>
  fits(plain: string): boolean
}

function formOf<Target>(path: string, item: Item<Target>): Form<Target> {
  let pattern: RegExp | undefined
  return {
    literal: path.replaceAll(PARAMETERS, '').length,
    item,
    fits: (plain) => (pattern ??= new RegExp(`^${patternOf(path, '[^/]+')}$`)).test(plain),
  }
}

/** Decoded, but for what would end a segment. */
function plainOf(path: string): string {
  return decoded(path.replaceAll(/%(2f|25|3f|23)/gi, '%25$1'))
}

/** RFC 9110, 9.3.2: HEAD is GET without a body. */
function candidatesOf<Target>({ methods }: Item<Target>, method: string): readonly Candidate<Target>[] | undefined {
  return methods.get(method) ?? (method === 'HEAD' ? methods.get('GET') : undefined)
}

interface Candidate<Target> {
  readonly route: Route<Target>
  readonly segments: readonly Segment[]
  /** The pairs that a request's query or headers have to hold; any value where there is none. */
  readonly wanted: readonly (readonly [name: string, value: string | undefined])[]
}

/** A segment of a template that holds parameters. */
interface Segment {
  readonly index: number
  readonly names: readonly string[]
  /** Undefined where the parameter is the whole segment. */
  readonly pattern: RegExp | undefined
}

function operationIn<Target>(item: Item<Target> | undefined, method: string, path: string, sent: Sent): Found<Target> | undefined {
  const candidates = item && candidatesOf(item, method)
  const candidate = candidates && meant(candidates, sent)
  return candidate && { kind: 'found', target: candidate.route.target, path: valuesOf(candidate.segments, path) }
}

const PARAMETER = /\{[^{}]+\}/
const PARAMETERS = /\{([^{}]+)\}/g
/** What of a segment find-my-way can be told: parameters with no more between them than what ends its own. */
const NATIVE = /^[^{}*]*(?:\{[^{}]+\}(?:$|[-.:](?:[^{}*()]*)))*$/

const NOTHING_SENT: Sent = { query: '', headers: {} }

/** The one whose pairs the request has; without any, the first that asks for least: it will say what is missing. */
function meant<Target>(candidates: readonly Candidate<Target>[], { query, headers }: Sent): Candidate<Target> | undefined {
  if (candidates.length === 1) return candidates[0]
  const pairs = new URLSearchParams(query)
  const holds = ({ wanted }: Candidate<Target>): boolean =>
    wanted.every(([name, value]) => {
      const key = name.toLowerCase()
      const found = [...pairs.getAll(name), ...(Object.hasOwn(headers, key) ? [headers[key]] : [])]
      return value === undefined ? found.length > 0 : found.includes(value)
    })
  const least = candidates.at(-1)?.wanted.length
  return candidates.find(holds) ?? candidates.find(({ wanted }) => wanted.length === least)
}

/** The path of a template, and what stands behind it, in any order. A fragment that names nothing that a request could have says nothing. */
function halvesOf({ template, names }: Route<unknown>): [path: string, wanted: Candidate<unknown>['wanted']] {
  const [whole = '', fragment = ''] = template.split('#', 2)
  const [path = '', ...queries] = whole.split('?')
  const known = pairsOf(fragment).filter(([name, value]) => value !== undefined || names?.includes(name))
  const wanted = [...queries.flatMap(pairsOf), ...known]
  return [path.startsWith('/') ? path : `/${path}`, wanted.toSorted(([one], [other]) => (one < other ? -1 : 1))]
}

function pairsOf(text: string): [name: string, value: string | undefined][] {
  return text.split('&').flatMap((pair): [string, string | undefined][] => {
    const [name = '', value] = pair.split('=', 2)
    return name === '' ? [] : [[decoded(name), value === undefined || value === '' || value.includes('{') ? undefined : decoded(value)]]
  })
}

/** In find-my-way's words. Its parameters are numbered: it takes no name twice, and ours may hold anything. A literal colon is written twice. */
function routeOf(path: string): string {
  return path.split('/').map(segmentRoute).join('/')
}

function segmentRoute(segment: string, at: number): string {
  const parts = segment.split(/(\{[^{}]+\})/)
  // Several are told apart by the first colon; one alone may hold colons, which come encoded.
  const pattern = parts.length > 3 ? '(^[^:]+)' : '(^.+)'
  return parts
    .map((part, index) =>
      part.startsWith('{') ? `:p${at}_${index}${parts[index + 1]?.startsWith(':') ? pattern : ''}` : part.replaceAll(':', '::'),
    )
    .join('')
}

/** @param value what stands for a parameter */
function patternOf(path: string, value: string): string {
  return path
    .split(/(\{[^{}]+\})/)
    .map((part) => (/^\{[^{}]+\}$/.test(part) ? value : escaped(part)))
    .join('')
}

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^$()|[\]\\{}]/g, String.raw`\$&`)
}

/** A parameter right behind another is an ending, with its dot: `{id}{extension}`. */
function valuesPattern(segment: string): string {
  const parts = segment.split(/(\{[^{}]+\})/)
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return escaped(part)
      if (index > 1 && parts[index - 1] === '') return String.raw`(\.[^.]*|)`
      return parts[index + 1] === '' && index + 2 < parts.length ? '(.*?)' : '(.*)'
    })
    .join('')
}

function segmentsOf(path: string): Segment[] {
  return path.split('/').flatMap((segment, index) => {
    const names = [...segment.matchAll(PARAMETERS)].map(([, name]) => name ?? '')
    if (names.length === 0) return []
    return [{ index, names, pattern: /^\{[^{}]+\}$/.test(segment) ? undefined : new RegExp(`^${valuesPattern(segment)}$`) }]
  })
}

/** The part between the slashes of this number and the next. */
function segmentAt(index: number, path: string): string {
  let from = 0
  for (let slashes = 0; slashes < index; slashes++) {
    from = path.indexOf('/', from) + 1
    if (from === 0) return ''
  }
  const to = path.indexOf('/', from)
  return to === -1 ? path.slice(from) : path.slice(from, to)
}

/** As they were sent: the router decodes what it finds. */
function valuesOf(segments: readonly Segment[], path: string): Record<string, string> {
  const [first] = segments
  if (!first) return {}
  const [name] = first.names
  // The common case: one parameter, which is a whole segment. A computed name is a name, even __proto__.
  if (name !== undefined && segments.length === 1 && !first.pattern) return { [name]: segmentAt(first.index, path) }
  const sent = path.split('/')
  return Object.fromEntries(
    segments.flatMap(({ index, names, pattern }) => {
      const text = sent[index] ?? ''
      const values = pattern ? (pattern.exec(text)?.slice(1) ?? []) : [text]
      return names.map((name, place) => [name, values[place] ?? ''])
    }),
  )
}
