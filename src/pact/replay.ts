import { plain } from '../exact.ts'
import { type Interaction, messageOf, type Pact, type ProviderState } from './pact.ts'
import { type Fields, isRecord, textOf, written } from './value.ts'

/** The request of an interaction as it goes over the line. */
export interface SentRequest {
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What an interaction is sent with, beside what its pact has. */
export interface Circumstances {
  /** What stands before its path. */
  readonly basePath: string
  /** In place of what the pact has. */
  readonly headers: Readonly<Record<string, string>>
  /** What its provider states have returned. */
  readonly values: Fields
}

/**
 * The request that the Pact verifier sends: generators put values of provider states in place of the examples. Other generators only make
 * up what another example would do for.
 */
export function requestOf(pact: Pact, { raw, method }: Interaction, { basePath, headers, values }: Circumstances): SentRequest {
  const request = isRecord(raw['request']) ? raw['request'] : {}
  const generators = isRecord(request['generators']) ? request['generators'] : {}
  const [[, path] = ['', request['path'] ?? '/']] = valuesFor({ path: generators['path'] }, values)
  const header = texts(valuesFor(generators['header'], values))
  const own = {
    // Of a body's own type the verifier makes no header.
    ...messageOf(pact, { headers: request['headers'] }).headers,
    ...lowerCased(header),
    ...lowerCased(headers),
  }
  const query = queryWith(request['query'], texts(valuesFor(generators['query'], values)))
  const message = messageOf(pact, { ...request, query })
  const body = bodyText(pact, bodyWith(message.body, valuesFor(generators['body'], values)), own['content-type'] ?? '', request)
  const rooted = textOf(path).startsWith('/') ? textOf(path) : `/${textOf(path)}`
  const { pathname, search } = new URL(`http://localhost${basePath}${rooted}${message.query === '' ? '' : `?${message.query}`}`)
  return { method, target: pathname + search, headers: own, ...(body !== undefined && { body }) }
}

/** Whether the request hangs on what provider states return. */
export function needsValues({ raw }: Interaction): boolean {
  const { generators } = isRecord(raw['request']) ? raw['request'] : {}
  const isWanted = (value: unknown): boolean =>
    isRecord(value) && (value['type'] === 'ProviderState' || Object.values(value).some((inner) => isWanted(inner)))
  return isWanted(generators)
}

/** What the verifier asks where an interaction names no provider state: a state without a text, which begins anew. */
export const NO_STATE: ProviderState = { name: '', params: {} }

export function setUpBody({ name, params }: ProviderState): string {
  return JSON.stringify({ state: name, params, action: 'setup' })
}

/** Commands for a POSIX shell: the states are set up, one after another, and then the request is sent. */
export function commandFor(
  base: string,
  stateUrl: string | undefined,
  states: readonly ProviderState[],
  request: SentRequest | undefined,
): string {
  const setUps =
    stateUrl === undefined
      ? []
      : states.map((state) => `curl -sS ${quoted(stateUrl)} -H 'Content-Type: application/json' -d ${quoted(setUpBody(state))}`)
  return [...setUps, ...(request ? [curl(base, request)] : [])].join(' && ')
}

/** With the status and the headers of the answer. */
function curl(base: string, { method, target, headers, body }: SentRequest): string {
  const named = Object.entries(headers).map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`)
  return [
    'curl -sS',
    // After a HEAD it would wait for a body.
    method === 'HEAD' ? '-I' : `-i -X ${method}`,
    ...(/[[\]{}]/.test(target) ? ['-g'] : []),
    ...named,
    // A type of its own choice would be none of the pact's.
    ...(body !== undefined && headers['content-type'] === undefined ? ["-H 'content-type:'"] : []),
    ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
    quoted(base + target),
  ].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** By its place, what each generator of a part of the request makes; where it makes nothing, the example stands. */
function valuesFor(generators: unknown, values: Fields): [place: string, value: unknown][] {
  return Object.entries(isRecord(generators) ? generators : {}).flatMap(([place, generator]): [string, unknown][] => {
    const value = isRecord(generator) ? generated(generator, values) : undefined
    return value === undefined ? [] : [[place, value]]
  })
}

function generated({ type, expression, dataType }: Fields, values: Fields): unknown {
  if (type !== 'ProviderState' || typeof expression !== 'string') return undefined
  const name = /^\$\{([^}]*)\}$/.exec(expression)?.[1] ?? (expression.includes('${') ? undefined : expression)
  if (name !== undefined) return cast(valueOf(name, values), dataType)
  const names = [...expression.matchAll(/\$\{([^}]*)\}/g)].map(([, one = '']) => one)
  if (names.some((one) => valueOf(one, values) === undefined)) return undefined
  return cast(
    expression.replaceAll(/\$\{([^}]*)\}/g, (_, one: string) => written(valueOf(one, values))),
    dataType,
  )
}

function valueOf(name: string, values: Fields): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/** As the verifier does it. @returns undefined for a value that cannot be of the type */
function cast(value: unknown, type: unknown): unknown {
  if (value === undefined) return undefined
  if (type === 'STRING') return written(value)
  if (type === 'BOOLEAN') {
    if (typeof value === 'string') return value === 'true' || (value === 'false' ? false : undefined)
    const judged = plain(value)
    return typeof judged === 'object' && judged !== null ? undefined : Boolean(judged)
  }
  if (type !== 'INTEGER' && type !== 'DECIMAL' && type !== 'FLOAT') return value
  const judged = plain(value)
  const number = judged === '' || (typeof judged === 'object' && judged !== null) ? Number.NaN : Number(judged)
  if (Number.isNaN(number)) return undefined
  return type === 'INTEGER' ? Math.trunc(number) : number
}

function texts(made: readonly (readonly [place: string, value: unknown])[]): Record<string, string> {
  return Object.fromEntries(made.map(([place, value]) => [place, written(value)]))
}

/** A value of a parameter that stands several times stands as often. */
function queryWith(query: unknown, made: Readonly<Record<string, string>>): unknown {
  if (Object.keys(made).length === 0) return query
  const own = isRecord(query) ? query : {}
  const more = Object.entries(made).map(([name, value]) => {
    const before = own[name]
    return [name, Array.isArray(before) ? before.map(() => value) : [value]]
  })
  return { ...own, ...Object.fromEntries(more) }
}

function bodyWith(body: unknown, made: readonly (readonly [place: string, value: unknown])[]): unknown {
  if (typeof body !== 'string') return made.reduce((whole, [place, value]) => replacedAt(whole, partsOf(place), value), body)
  // A form.
  const form = new URLSearchParams(body)
  const known = made.flatMap(([place, value]) =>
    partsOf(place).flatMap((name) => (form.has(name) ? [[name, written(value)] as const] : [])),
  )
  for (const [name, value] of known) form.set(name, value)
  return known.length === 0 ? body : form.toString()
}

function replacedAt(value: unknown, [part, ...rest]: readonly string[], made: unknown): unknown {
  if (part === undefined) return made
  const isIt = (key: string): boolean => part === '*' || part === key
  if (Array.isArray(value)) return value.map((one: unknown, index) => (isIt(String(index)) ? replacedAt(one, rest, made) : one))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, isIt(key) ? replacedAt(one, rest, made) : one]))
}

/** The parts of a path like `$.items[0]['a b'].id`. */
function partsOf(path: string): string[] {
  return [...path.matchAll(/\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(\d+|\*))\]/g)].map(
    ([, name, single, double, index]) => name ?? single ?? double ?? index ?? '',
  )
}

function bodyText({ version }: Pact, body: unknown, type: string, { body: raw }: Fields): string | undefined {
  const isJson = /json/i.test(type)
  // Said to be JSON, nothing is a null to the verifier, where the pact names it.
  if (body === undefined) return isJson && raw === null ? 'null' : undefined
  return typeof body === 'string' && !(version < 4 && isJson) ? body : JSON.stringify(body)
}
