import FindMyWay, { type HTTPMethod } from 'find-my-way'

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

/** Finds the operation for a method and a path. Literal segments win over parameters; a trailing slash counts (OpenAPI 3.1, 4.8.8). */
export function createRouter<Target>(routes: readonly Route<Target>[]): (method: string, path: string) => Match<Target> {
  const router = FindMyWay({ maxParamLength: MAX_PARAMETER_LENGTH, ignoreTrailingSlash: false, caseSensitive: true })
  const entries: { target: Target; names: string[]; pattern: RegExp }[] = []
  const methods = new Set<HTTPMethod>()
  for (const { method, template, target } of routes) {
    methods.add(method)
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name ?? '')
    const pattern = new RegExp(`^${template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{[^}]+\}/g, '([^/]*)')}$`)
    // find-my-way names no parameter twice and decodes what it finds; the names stay ours, and the values raw.
    router.on(
      method,
      template.replaceAll(/\{[^}]+\}/g, (_all, offset: number) => `:p${offset}`),
      () => undefined,
      entries.length,
    )
    entries.push({ target, names, pattern })
  }

  const find = (method: HTTPMethod, path: string): (typeof entries)[number] | undefined => entries[Number(router.find(method, path)?.store)]
  return (method, path) => {
    if (path.includes('%') && !decodes(path)) return { kind: 'undecodable' }
    const known = METHODS.find((one) => one === method)
    const route = known && find(known, path)
    if (route) {
      const values = route.pattern.exec(path)
      return {
        kind: 'found',
        target: route.target,
        path: Object.fromEntries(route.names.map((name, index) => [name, values?.[index + 1] ?? ''])),
      }
    }
    const others = [...methods].flatMap((other) => {
      const found = find(other, path)
      return found ? [{ method: other, target: found.target }] : []
    })
    if (others.length === 0) return { kind: 'unknown' }
    return { kind: 'wrong-method', allowed: others.map((other) => other.method), targets: others.map((other) => other.target) }
  }
}

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
