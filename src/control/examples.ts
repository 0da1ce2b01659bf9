import { curl } from '../base/curl.ts'
import type { Input, Problem } from '../base/http.ts'
import { ANYBODY, type Behaviour, type Caller, type ExampleRequest, isProblem, reply, type Scene } from '../core/behaviour.ts'
import { Live } from '../core/live.ts'
import type { Member } from '../core/registry.ts'
import { DEFAULT_SESSION, type SessionName } from '../base/session-name.ts'

/** An API that this server answers, as far as examples need to know it. */
export interface ServedApi {
  readonly member: Member
  /** What stands before its paths on this server. */
  readonly base: string
  /** Its operations. */
  readonly operations: readonly string[]
  methodOf(operation: string): string | undefined
  /** The path of an operation that needs nothing but its path; undefined for every other. */
  plainPathOf(operation: string): string | undefined
  /** The credentials that the document wants for an operation. */
  carrierOf(operation: string, value: string): { readonly headers: Readonly<Record<string, string>>; readonly query: string } | undefined
  nameOf(operation: string): string
}

interface ExamplesInput extends Input {
  readonly path: { readonly name: SessionName }
  readonly query: Readonly<Record<string, unknown>> & { readonly token?: string; readonly limit?: number }
  readonly header: { readonly host?: string; readonly 'x-forwarded-proto'?: string }
}

/** For each operation a request that succeeds now. */
export function listExamples(apis: readonly ServedApi[]): Behaviour<ExamplesInput> {
  return {
    asFirst: 'shows',
    run({ query, header, path }, scene) {
      // A session other than the default one is named in the path, so that the command works as it is pasted.
      const origin = `${header['x-forwarded-proto'] ?? 'http'}://${header.host ?? 'localhost'}${path.name === DEFAULT_SESSION ? '' : `/~${path.name}`}`
      return reply(200, { examples: apis.flatMap((api) => examplesOf(api, query, origin, scene)) })
    },
  }
}

function examplesOf(
  { member, base, operations, methodOf, plainPathOf, carrierOf, nameOf }: ServedApi,
  query: ExamplesInput['query'],
  origin: string,
  given: Scene,
): readonly object[] {
  const { name, callers, behaviours, kinds } = member.api
  const scene = member.sceneOf(given)
  const value = query.token?.trim() ?? Object.values(callers.tokens ?? {})[0] ?? ''
  const credentials = { scheme: callers.scheme ?? '', value }
  const judged = callers.judge?.(credentials) ?? callers.of?.(credentials, callers.headers?.(query) ?? {}, scene) ?? ANYBODY
  // Those that its document answers come behind those that do something.
  const all = new Set([...Object.keys(behaviours), ...operations])
  return firstOf(query.limit ?? all.size, all, (operation) => {
    const behaviour: Partial<Behaviour> = behaviours[operation] ?? {}
    const method = methodOf(operation)
    const isOpen = behaviour.admits?.includes(ANYBODY.kind) ?? callers.scheme === undefined
    const caller: Caller | Problem = isOpen ? ANYBODY : judged
    const example =
      !isProblem(caller) && mayCall(caller, behaviour)
        ? exampleOf(behaviour, new Live(scene, caller, kinds), plainPathOf(operation))
        : undefined
    if (!method || !example) return []
    // An API that does not say how it is asked is asked as its document says.
    const carrier = callers.scheme === undefined ? carrierOf(operation, value === '' ? 'any' : value) : undefined
    const headers = {
      ...carrier?.headers,
      ...(callers.scheme !== undefined && !isOpen && { Authorization: `${callers.scheme} ${value}` }),
      ...example.headers,
      ...(example.body !== undefined && { 'Content-Type': 'application/json' }),
    }
    const query = carrier?.query ?? ''
    const path = base + example.path + (query === '' ? '' : (example.path.includes('?') ? '&' : '?') + query)
    return [
      {
        api: name,
        operation: nameOf(operation),
        method,
        path,
        headers,
        ...(example.body !== undefined && { body: example.body }),
        curl: curl(method, origin + path, headers, example.body),
      },
    ]
  })
}

/** What is made of as many as are wanted: no more is looked for. */
function firstOf<One, Made>(limit: number, all: Iterable<One>, make: (one: One) => readonly Made[]): readonly Made[] {
  const made: Made[] = []
  for (const one of all) {
    if (made.length >= limit) break
    made.push(...make(one))
  }
  return made
}

function exampleOf(behaviour: Partial<Behaviour>, live: Live, plainPath: string | undefined): ExampleRequest | undefined {
  return behaviour.example ? behaviour.example(live) : plainPath === undefined ? undefined : { path: plainPath }
}

function mayCall(caller: Caller, { admits, permission }: Partial<Behaviour>): boolean {
  if (admits && !admits.includes(caller.kind)) return false
  return permission === undefined || !caller.permissions || caller.permissions.includes(permission)
}
