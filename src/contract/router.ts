import FindMyWay from 'find-my-way'
import { percentDecoded } from '../base/decode.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'

export type Match<Target> =
  | {
      readonly kind: 'found'
      readonly target: Target
      /** Still percent-encoded: a value may hold an encoded `/` or `,`. */ readonly path: Readonly<Record<string, string>>
    }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[]; readonly targets: readonly Target[] }
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'unknown' }

export interface Route<Target> {
  readonly method: string
  /** An OpenAPI path template. */
  readonly template: string
  readonly target: Target
}

/** The methods an OpenAPI 3.1 path item can have. */
export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'] as const

/** As long as Node lets a request line be: a hundred ids in one path are 2.5 kB. */
const MAX_PARAMETER_LENGTH = 16_384

/**
 * Finds the operation for a method and a path. Literal segments win over parameters; a trailing slash counts (OpenAPI 3.1, 4.8.8).
 * @throws DocumentError for paths that cannot be told apart
 */
export function createRouter<Target>(routes: readonly Route<Target>[]): (method: string, path: string) => Match<Target> {
  const router = FindMyWay({ maxParamLength: MAX_PARAMETER_LENGTH, ignoreTrailingSlash: false, caseSensitive: true })
  const items = new Map<string, Item<Target>>()
  for (const { method, template, target } of routes) {
    const item = items.get(template) ?? { segments: segmentsOf(template), targets: new Map() }
    item.targets.set(method, target)
    if (items.has(template)) continue
    items.set(template, item)
    try {
      // First the path, then the method: a literal path wins also where it lacks the method.
      router.on('GET', routeOf(template), () => undefined, item)
    } catch (error) {
      throw new DocumentError(`the path ${template} cannot be told from another: ${messageFrom(error)}`)
    }
  }

  return (method, path) => {
    if (percentDecoded(path) === undefined) return { kind: 'undecodable' }
    // The router takes what is behind a number sign for no part of the path; a client that sends one means it.
    const found: Item<Target> | undefined = path.includes('#') ? undefined : router.find('GET', path)?.store
    if (!found) return { kind: 'unknown' }
    // RFC 9110, 9.3.2: HEAD is GET without a body.
    const target = found.targets.get(method) ?? (method === 'HEAD' ? found.targets.get('GET') : undefined)
    if (target) return { kind: 'found', target, path: valuesOf(found.segments, path) }
    const allowed = [...found.targets.keys()]
    if (found.targets.has('GET') && !found.targets.has('HEAD')) allowed.push('HEAD')
    return { kind: 'wrong-method', allowed, targets: [...found.targets.values()] }
  }
}

/** A path of the document, with its methods. */
interface Item<Target> {
  readonly segments: readonly Segment[]
  readonly targets: Map<string, Target>
}

/** A segment of a template that holds parameters. */
interface Segment {
  readonly index: number
  readonly names: readonly string[]
  /** Undefined where the parameter is the whole segment. */
  readonly pattern: RegExp | undefined
}

const PARAMETER = /\{([^{}]+)\}/g

/** In find-my-way's words. Its parameters are numbered: it takes no name twice, and ours may hold anything. A literal colon is written twice. */
function routeOf(template: string): string {
  const parts = template.split(/(\{[^{}]+\})/)
  return parts
    .map((part, index) => {
      if (!part.startsWith('{')) return part.replaceAll(':', '::')
      return parts[index + 1]?.startsWith(':') ? `:p${index}(^[^:]+)` : `:p${index}`
    })
    .join('')
}

function segmentsOf(template: string): Segment[] {
  return template.split('/').flatMap((segment, index) => {
    const names = [...segment.matchAll(PARAMETER)].map(([, name]) => name ?? '')
    if (names.length === 0) return []
    const escaped = segment.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    return [{ index, names, pattern: /^\{[^{}]+\}$/.test(segment) ? undefined : new RegExp(`^${escaped.replaceAll(PARAMETER, '(.*)')}$`) }]
  })
}

/** As they were sent: the router decodes what it finds. */
function valuesOf(segments: readonly Segment[], path: string): Record<string, string> {
  if (segments.length === 0) return {}
  const sent = path.split('/')
  const [first] = segments
  const [name] = first?.names ?? []
  // The common case: one parameter, which is a whole segment. A computed name is a name, even __proto__.
  if (first && name !== undefined && segments.length === 1 && !first.pattern) return { [name]: sent[first.index] ?? '' }
  return Object.fromEntries(
    segments.flatMap(({ index, names, pattern }) => {
      const text = sent[index] ?? ''
      const values = pattern ? (pattern.exec(text)?.slice(1) ?? []) : [text]
      return names.map((name, place) => [name, values[place] ?? ''])
    }),
  )
}
