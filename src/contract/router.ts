import FindMyWay, { type HTTPMethod } from 'find-my-way'
import { DocumentError } from '../problem.ts'

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
  readonly method: HTTPMethod
  /** An OpenAPI path template. */
  readonly template: string
  readonly target: Target
}

/** The methods an OpenAPI 3.1 path item can have. */
export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'] as const satisfies readonly HTTPMethod[]

/** As long as Node lets a request line be: a hundred ids in one path are 2.5 kB. */
const MAX_PARAMETER_LENGTH = 16_384

/**
 * Finds the operation for a method and a path. Literal segments win over parameters; a trailing slash counts (OpenAPI 3.1, 4.8.8).
 * @throws DocumentError for paths that cannot be told apart
 */
export function createRouter<Target>(routes: readonly Route<Target>[]): (method: string, path: string) => Match<Target> {
  const router = FindMyWay({ maxParamLength: MAX_PARAMETER_LENGTH, ignoreTrailingSlash: false, caseSensitive: true })
  const entries: { target: Target; segments: readonly Segment[] }[] = []
  const methods = new Set<HTTPMethod>()
  for (const { method, template, target } of routes) {
    methods.add(method)
    try {
      router.on(method, routeOf(template), () => undefined, entries.length)
    } catch (error) {
      throw new DocumentError(`the path ${template} cannot be told from another: ${error instanceof Error ? error.message : String(error)}`)
    }
    entries.push({ target, segments: segmentsOf(template) })
  }

  const find = (method: HTTPMethod, path: string): (typeof entries)[number] | undefined => entries[Number(router.find(method, path)?.store)]
  return (method, path) => {
    if (path.includes('%') && !decodes(path)) return { kind: 'undecodable' }
    const known = METHODS.find((one) => one === method)
    const route = known && find(known, path)
    if (route) return { kind: 'found', target: route.target, path: valuesOf(route.segments, path) }
    const others = [...methods].flatMap((other) => {
      const found = find(other, path)
      return found ? [{ method: other, target: found.target }] : []
    })
    if (others.length === 0) return { kind: 'unknown' }
    return { kind: 'wrong-method', allowed: others.map((other) => other.method), targets: others.map((other) => other.target) }
  }
}

/** A segment of a template that holds parameters. */
interface Segment {
  readonly index: number
  readonly names: readonly string[]
  /** Undefined where the parameter is the whole segment. */
  readonly pattern: RegExp | undefined
}

const PARAMETER = /\{([^}]+)\}/g

/** In find-my-way's words. Its parameters are numbered: it takes no name twice, and ours may hold anything. A literal colon is written twice. */
function routeOf(template: string): string {
  const parts = template.split(/(\{[^}]+\})/)
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
    return [{ index, names, pattern: /^\{[^}]+\}$/.test(segment) ? undefined : new RegExp(`^${escaped.replaceAll(PARAMETER, '(.*)')}$`) }]
  })
}

/** As they were sent: the router decodes what it finds. */
function valuesOf(segments: readonly Segment[], path: string): Record<string, string> {
  if (segments.length === 0) return {}
  const sent = path.split('/')
  return Object.fromEntries(
    segments.flatMap(({ index, names, pattern }) => {
      const text = sent[index] ?? ''
      const values = pattern ? (pattern.exec(text)?.slice(1) ?? []) : [text]
      return names.map((name, place) => [name, values[place] ?? ''])
    }),
  )
}

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
