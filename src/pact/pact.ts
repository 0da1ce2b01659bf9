import type { Contract, Operation } from '../contract/operation.ts'
import type { Match } from '../contract/router.ts'
import { isJson, type Json } from '../contract/schema.ts'
import { UsageError } from '../problem.ts'

/** A pact file as the rest of this room sees it: the versions 2, 3 and 4 of the Pact specification made alike. */
export interface Pact {
  /** As it was named. */
  readonly file: string
  readonly consumer: string
  readonly provider: string
  readonly version: 2 | 3 | 4
  /** What can be verified, in the order of the file. */
  readonly interactions: readonly Interaction[]
  /** What cannot, each with the reason: it is never counted as passed. */
  readonly unverified: readonly Unverified[]
  /** The parsed file, for tools that take it whole. */
  readonly content: Readonly<Record<string, unknown>>
}

/** What an interaction is told by. */
interface Named {
  /** Its place in the file's list, from 0. What stands under `messages` is counted on behind the interactions. */
  readonly index: number
  readonly description: string
  readonly states: readonly ProviderState[]
  /** The line in the file, from 1, where it begins. */
  readonly line?: number
}

export interface ProviderState {
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface Interaction extends Named {
  /** A V4 interaction that may fail without failing the run. */
  readonly pending: boolean
  readonly method: string
  /** As the file has it, with or without the server's base path. */
  readonly path: string
  readonly status: number
  /** The interaction as it stands in the file. */
  readonly raw: Readonly<Record<string, unknown>>
}

interface Unverified extends Named {
  readonly reason: string
}

/** Why a column says no, in the reader's terms. */
export interface Reason {
  /** Which expectation is not met: `response body $.items[0].statusCode: expected "CANCELLED" but got "ALLOCATED"`. */
  readonly message: string
  /** A code of the comparator, such as `response.status.unknown`, or of a refusal of the mock, such as `order-unknown`. */
  readonly code?: string
  /** Where it stands in the pact: a path like `$.response.body.items`. */
  readonly pactPath?: string
  /** The part of the document that says otherwise. */
  readonly place?: { readonly file: string; readonly line?: number; readonly pointer: string }
}

/** What one of the three says of one interaction. */
export type Answer =
  | { readonly kind: 'passed'; /** What is odd, and does no harm. */ readonly warnings?: readonly Reason[] }
  | { readonly kind: 'failed'; readonly reasons: readonly Reason[]; readonly warnings?: readonly Reason[] }
  /** The column was not asked. */
  | { readonly kind: 'skipped' }

export const COLUMNS = ['document', 'mock', 'provider'] as const
export type Column = (typeof COLUMNS)[number]

/** One interaction's row of the report. */
export interface Row extends Named {
  readonly file: string
  readonly consumer: string
  readonly provider: string
  readonly pending: boolean
  readonly answers: Readonly<Record<Column, Answer>>
  /** `failed` fails the run; `not-verified` and `not-ours` are neither passed nor failed. */
  readonly verdict: 'passed' | 'failed' | 'pending' | 'not-verified' | 'not-ours'
  /** What the columns together mean, or why it was not verified: `the mock is wrong here: …`. */
  readonly explanation?: string
  /** Commands for a shell that repeat the interaction: at a mock on this machine, or at the real service where only that fails. */
  readonly replay?: string
  /** Seconds. */
  readonly duration?: number
}

/** A whole run. */
export interface Report {
  readonly rows: readonly Row[]
  /** The columns that were asked. */
  readonly columns: readonly Column[]
  readonly ok: boolean
  /** Why results did not reach the broker. Such a run is not ok. */
  readonly unpublished?: string
  /** What a reader should know of the run as a whole. */
  readonly notes?: readonly string[]
}

/** A parsed file, as `loadDocument` gives it. */
export interface LoadedFile {
  readonly sources: readonly { readonly uri: string; readonly content: unknown; lineOf(pointer: string): number | undefined }[]
}

/** The request or the response of an interaction, alike for all versions. */
export interface Message {
  /** Names in lower case, repeated values joined. */
  readonly headers: Readonly<Record<string, string>>
  /** Encoded, without the question mark. */
  readonly query: string
  /** Decoded; undefined where nothing is said of it. */
  readonly body: unknown
}

/** Which interactions are wanted. The texts are regular expressions, looked for anywhere. */
export interface Filter {
  readonly consumer?: string | undefined
  readonly description?: string | undefined
  readonly state?: string | undefined
  /** Only those without a state. */
  readonly noState?: boolean | undefined
}

/** More belong into several files: a verifier's time grows by the square. */
const MAX_INTERACTIONS = 10_000
const HTTP = 'synchronous/http'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const JSON_TYPE = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/i

/**
 * Reads a pact of version 2, 3 or 4; one of version 1 as version 2, of which it is a part.
 * @throws UsageError naming the file and what is wrong
 */
export function readPact(file: string, loaded: LoadedFile): Pact {
  const [source] = loaded.sources
  const content = source?.content
  if (!source || !isJson(content)) throw new UsageError(`${file}: it is no pact: its content is no JSON object`)
  const consumer = participant(file, content, 'consumer')
  const provider = participant(file, content, 'provider')
  const version = versionOf(file, content)
  const interactions = listOf(file, content, 'interactions')
  const messages = listOf(file, content, 'messages')
  const count = interactions.length + messages.length
  if (count === 0) throw new UsageError(`${file}: there are no interactions in it`)
  if (count > MAX_INTERACTIONS)
    throw new UsageError(`${file}: there are ${count} interactions in it; ${MAX_INTERACTIONS} may be in one file`)
  const plugins = pluginsOf(content)
  const read = [
    ...interactions.map((raw, index) => {
      const place = placeOf(file, source.lineOf(`/interactions/${index}`), `interaction ${index + 1}`)
      return readInteraction(raw, index, version, plugins, place)
    }),
    ...messages.map((raw, index) => {
      const place = placeOf(file, source.lineOf(`/messages/${index}`), `message ${index + 1}`)
      return { ...named(raw, interactions.length + index, place), reason: 'it is a message; only requests over HTTP are verified' }
    }),
  ]
  return {
    file,
    consumer,
    provider,
    version,
    interactions: read.flatMap((one) => (isUnverified(one) ? [] : [one])),
    unverified: read.filter(isUnverified),
    content,
  }
}

/**
 * The pact with the wanted interactions only.
 * @throws UsageError for what is no regular expression
 */
export function filterInteractions(pact: Pact, filter: Filter): Pact {
  if (filter.noState === true && filter.state !== undefined)
    throw new UsageError('interactions can be wanted by a state or without one, not both')
  const consumer = pattern('consumer', filter.consumer)
  const description = pattern('description', filter.description)
  const state = pattern('state', filter.state)
  const isWanted = (one: Named): boolean =>
    (consumer?.test(pact.consumer) ?? true) &&
    (description?.test(one.description) ?? true) &&
    (state === undefined || one.states.some(({ name }) => state.test(name))) &&
    (filter.noState !== true || one.states.every(({ name }) => name === ''))
  return { ...pact, interactions: pact.interactions.filter(isWanted), unverified: pact.unverified.filter(isWanted) }
}

/**
 * The contract that a pact is about: the one that `map` gives its provider, else the one with the provider's name as name or title, else
 * the one that has most of its requests, if that is half of them at least. Undefined for a pact of another provider.
 * @param map Names of contracts by provider.
 * @throws UsageError for a map that names an unknown contract
 */
export function contractFor<Known extends Contract>(
  pact: Pact,
  contracts: readonly Known[],
  map: ReadonlyMap<string, string> = new Map(),
): Known | undefined {
  const [, mapped] = [...map].find(([name]) => isSameName(name, pact.provider)) ?? []
  if (mapped !== undefined) {
    const found = contracts.find(({ name }) => name === mapped)
    if (found) return found
    const known = contracts.map(({ name }) => name).join(', ')
    throw new UsageError(`the provider "${pact.provider}" is mapped to the document "${mapped}"; known are ${known || 'none'}`)
  }
  const named = contracts.find((contract) => [contract.name, titleOf(contract)].some((name) => isSameName(name, pact.provider)))
  if (named) return named
  let best: Known | undefined
  let most = 0
  for (const contract of contracts) {
    const count = pact.interactions.filter(({ method, path }) => matchOf(contract, method, path).kind === 'found').length
    if (count <= most || count * 2 < pact.interactions.length) continue
    best = contract
    most = count
  }
  return best
}

/** The operation of a request, whether its path begins with the server's base path or not. */
export function matchOf({ base, match }: Contract, method: string, path: string): Match<Operation> {
  const rooted = path.startsWith('/') ? path : `/${path}`
  const below = belowBase(rooted, base)
  const found = match(method, below)
  // A path of the document may itself begin as the base does.
  return found.kind === 'unknown' && below !== rooted ? match(method, rooted) : found
}

/** The path without the server's base path, if it has it. */
export function belowBase(path: string, base: string): string {
  if (base === '' || (path !== base && !path.startsWith(`${base}/`))) return path
  return path.slice(base.length) || '/'
}

/** One side of an interaction. */
export function messageOf({ version }: Pact, side: unknown): Message {
  const { headers, query, body } = isJson(side) ? side : {}
  const lower = isJson(headers) ? Object.entries(headers).map(([name, value]) => [name.toLowerCase(), joined(value)] as const) : []
  const wrapped = version === 4 && isJson(body)
  const type = wrapped && typeof body['contentType'] === 'string' ? body['contentType'] : undefined
  return {
    // What the body itself says counts only where no header does.
    headers: Object.fromEntries([...(type === undefined ? [] : [['content-type', type] as const]), ...lower]),
    query: queryOf(query),
    // Up to version 3, null stands for a body that is not there.
    body: wrapped ? unwrapped(body, type) : (body ?? undefined),
  }
}

const isUnverified = (one: Interaction | Unverified): one is Unverified => 'reason' in one

function readInteraction(
  raw: unknown,
  index: number,
  version: Pact['version'],
  plugins: readonly string[],
  place: Place,
): Interaction | Unverified {
  const name = named(raw, index, place)
  if (!isJson(raw)) throw new UsageError(`${place.text} is no JSON object`)
  const reason = version === 4 ? unverifiable(raw, plugins) : undefined
  if (reason !== undefined) return { ...name, reason }
  const { request, response } = raw
  if (!isJson(request)) throw new UsageError(`${place.text} has no request`)
  if (!isJson(response)) throw new UsageError(`${place.text} has no response`)
  // The specification gives all three a value where they are left out.
  const { method = 'GET', path = '/' } = request
  const { status = 200 } = response
  if (typeof method !== 'string' || !TOKEN.test(method)) throw new UsageError(`${place.text} has no usable method in its request`)
  if (typeof path !== 'string') throw new UsageError(`${place.text} has no usable path in its request`)
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599)
    throw new UsageError(`${place.text} has no usable status in its response`)
  return { ...name, pending: version === 4 && raw['pending'] === true, method: method.toUpperCase(), path, status, raw }
}

/** Why an interaction of version 4 cannot be verified, if it cannot. */
function unverifiable(raw: Json, plugins: readonly string[]): string | undefined {
  const { type = HTTP, transport, pluginConfiguration } = raw
  if (typeof type !== 'string' || type.toLowerCase() !== HTTP)
    return `it is of the type ${JSON.stringify(type)}; only Synchronous/HTTP is verified`
  if (typeof transport === 'string' && !/^https?$/i.test(transport))
    return `its transport is ${JSON.stringify(transport)}; only HTTP is verified`
  if (isJson(pluginConfiguration) && Object.keys(pluginConfiguration).length > 0)
    return `it needs the plugin ${Object.keys(pluginConfiguration).join(', ')}; none is loaded`
  return plugins.length > 0 ? `its file needs the plugin ${plugins.join(', ')}; none is loaded` : undefined
}

/** Where an interaction stands, for the reader of an error. */
interface Place {
  readonly line: number | undefined
  readonly text: string
}

function placeOf(file: string, line: number | undefined, what: string): Place {
  return { line, text: `${file}${line === undefined ? '' : `:${line}`}: ${what}` }
}

function named(raw: unknown, index: number, { line, text }: Place): Named {
  const { description } = isJson(raw) ? raw : {}
  return {
    index,
    description: typeof description === 'string' ? description : '',
    states: isJson(raw) ? statesOf(raw, text) : [],
    ...(line !== undefined && { line }),
  }
}

function statesOf({ providerState, providerStates, provider_state }: Json, what: string): ProviderState[] {
  if (Array.isArray(providerStates))
    return providerStates.map((state: unknown) => {
      const { name, params } = isJson(state) ? state : {}
      if (typeof name !== 'string') throw new UsageError(`${what} has a provider state without a name`)
      return { name, params: isJson(params) ? params : {} }
    })
  // A list says more than a text, and a text in today's spelling more than one in that of version 1.
  const name = providerStates ?? providerState ?? provider_state ?? undefined
  if (name === undefined) return []
  if (typeof name !== 'string') throw new UsageError(`${what} has provider states that are neither a text nor a list`)
  return [{ name, params: {} }]
}

function participant(file: string, content: Json, role: 'consumer' | 'provider'): string {
  const { [role]: value } = content
  const name = isJson(value) ? value['name'] : undefined
  if (typeof name !== 'string' || name.trim() === '') throw new UsageError(`${file}: it is no pact: it has no name of a ${role}`)
  return name
}

function versionOf(file: string, content: Json): Pact['version'] {
  const metadata = isJson(content['metadata']) ? content['metadata'] : {}
  const said = metadata['pactSpecification'] ?? metadata['pact-specification'] ?? metadata['pactSpecificationVersion']
  const version = isJson(said) ? said['version'] : said
  if (version === undefined || version === null) return 2
  const [major] = typeof version === 'string' || typeof version === 'number' ? String(version).split('.') : []
  switch (major) {
    case '1':
    case '2':
      return 2
    case '3':
      return 3
    case '4':
      return 4
    default:
      throw new UsageError(`${file}: it is of version ${JSON.stringify(version)} of the Pact specification; 2, 3 and 4 are read`)
  }
}

function listOf(file: string, content: Json, key: 'interactions' | 'messages'): readonly unknown[] {
  const value = content[key] ?? []
  if (!Array.isArray(value)) throw new UsageError(`${file}: its ${key} are no list`)
  return value
}

function pluginsOf(content: Json): string[] {
  const { plugins } = isJson(content['metadata']) ? content['metadata'] : {}
  if (!Array.isArray(plugins)) return []
  return plugins.map((plugin: unknown) => {
    const { name, version } = isJson(plugin) ? plugin : {}
    return [name, version].filter((part) => typeof part === 'string').join(' ') || 'without a name'
  })
}

function pattern(what: string, text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined
  try {
    return new RegExp(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the filter for the ${what} is no regular expression: ${why}`, { cause: error })
  }
}

/** Nobody spells the provider as the document does. */
export function isSameName(one: string, other: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]+/g, '')
  return one === other || (plain(one) === plain(other) && plain(one) !== '')
}

function titleOf({ content }: Contract): string {
  const info = isJson(content) ? content['info'] : undefined
  const title = isJson(info) ? info['title'] : undefined
  return typeof title === 'string' ? title : ''
}

function joined(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(', ') : String(value)
}

function queryOf(query: unknown): string {
  if (typeof query === 'string') return query.replace(/^\?/, '')
  if (!isJson(query)) return ''
  return Object.entries(query)
    .flatMap(([name, value]) =>
      // null stands for a name without a value (Pact specification, version 4).
      (Array.isArray(value) ? value : [value]).map((one) =>
        one === null ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`,
      ),
    )
    .join('&')
}

/** The body of version 4: `{ content, contentType, encoded }`, where `encoded` is false, `JSON` or the name of an encoding. */
function unwrapped({ content, encoded }: Json, type: string | undefined): unknown {
  if (content === undefined || (content === '' && !JSON_TYPE.test(type ?? ''))) return undefined
  if (typeof content !== 'string' || typeof encoded !== 'string') return content
  const text = encoded.toLowerCase() === 'base64' ? Buffer.from(content, 'base64').toString() : content
  if (encoded.toLowerCase() !== 'json' && !JSON_TYPE.test(type ?? '')) return text
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}
