import { isRawNumber, plain } from '../../base/exact.ts'
import { UsageError } from '../../base/problem.ts'
import { queryOf } from './message.ts'
import type { Interaction, LoadedFile, Named, Pact, ProviderState, Unverified } from './pact.ts'
import { type Fields, isRecord, written } from './value.ts'

/** More belong into several files: a verifier's time grows by the square. */
const MAX_INTERACTIONS = 10_000
const HTTP = 'synchronous/http'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * Reads a pact of version 2, 3 or 4; one of version 1 as version 2, of which it is a part. An interaction that cannot be read is no reason
 * not to read the others.
 * @throws UsageError for a file that is not a pact, naming it and what is wrong
 */
export function readPact(file: string, loaded: LoadedFile): Pact {
  const [source] = loaded.sources
  const content = source?.content
  if (!source || !isRecord(content)) throw new UsageError(`${file}: it is not a valid pact: its content is not a JSON object`)
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
      const name = named(raw, index, source.lineOf(`/interactions/${index}`))
      const limit = version === 4 && isRecord(raw) ? limitOf(raw, plugins) : undefined
      return limit === undefined ? readInteraction(raw, name, version) : { ...name, reason: limit, isBroken: false, pending: false }
    }),
    ...messages.map((raw, index): Unverified => {
      const name = named(raw, interactions.length + index, source.lineOf(`/messages/${index}`))
      return { ...name, reason: 'it is a message; only requests over HTTP are verified', isBroken: false, pending: false }
    }),
  ]
  return {
    file,
    consumer,
    provider,
    version,
    interactions: read.flatMap((one) => (isUnverified(one) ? [] : [one])),
    unverified: read.filter(isUnverified),
  }
}

const isUnverified = (one: Interaction | Unverified): one is Unverified => 'reason' in one

/** Why an interaction of version 4 is not verified here, if it is not. */
function limitOf(raw: Fields, plugins: readonly string[]): string | undefined {
  const { type = HTTP, transport, pluginConfiguration } = raw
  if (typeof type !== 'string' || type.toLowerCase() !== HTTP)
    return `it is of the type ${JSON.stringify(type)}; only Synchronous/HTTP is verified`
  if (typeof transport === 'string' && !/^https?$/i.test(transport))
    return `its transport is ${JSON.stringify(transport)}; only HTTP is verified`
  if (isRecord(pluginConfiguration) && Object.keys(pluginConfiguration).length > 0)
    return `it needs the plugin ${Object.keys(pluginConfiguration).join(', ')}; none is loaded`
  return plugins.length > 0 ? `its file needs the plugin ${plugins.join(', ')}; none is loaded` : undefined
}

function readInteraction(raw: unknown, name: Named, version: Pact['version']): Interaction | Unverified {
  const pending = version === 4 && isRecord(raw) && raw['pending'] === true
  const broken = (fault: string): Unverified => ({ ...name, reason: `it cannot be read: ${fault}`, isBroken: true, pending })
  if (!isRecord(raw)) return broken('it is not a JSON object')
  const { request, response } = raw
  if (!isRecord(request)) return broken('it has no request')
  if (!isRecord(response)) return broken('it has no response')
  // The specification gives all three a value where they are left out.
  const { method = 'GET', path = '/' } = request
  const { status = 200 } = response
  if (typeof method !== 'string' || !TOKEN.test(method)) return broken('it has no usable method in its request')
  if (typeof path !== 'string') return broken('it has no usable path in its request')
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599)
    return broken('it has no usable status in its response')
  const fault =
    statesFault(raw) ??
    headersFault(request, 'request') ??
    headersFault(response, 'response') ??
    queryFault(request['query']) ??
    valueFault(raw)
  if (fault !== undefined) return broken(fault)
  // The verifier leaves out what has no type, or has it in another case.
  const typed = version === 4 ? { ...raw, type: 'Synchronous/HTTP' } : raw
  return { ...name, pending, method: method.toUpperCase(), path, status, raw: { ...typed, request: sendable(request, version) } }
}

function statesFault(raw: Fields): string | undefined {
  const states = statesIn(raw)
  if (states === undefined || states === null || typeof states === 'string') return undefined
  if (!Array.isArray(states)) return 'it has provider states that are neither a text nor a list'
  return states.every((state) => isRecord(state) && typeof state['name'] === 'string')
    ? undefined
    : 'it has a provider state without a name'
}

function headersFault({ headers }: Fields, side: 'request' | 'response'): string | undefined {
  if (headers === undefined || headers === null) return undefined
  if (!isRecord(headers)) return `the headers of its ${side} are not a JSON object`
  const [odd] = Object.entries(headers).find(([, value]) => !isScalar(value) && !(Array.isArray(value) && value.every(isScalar))) ?? []
  return odd === undefined ? undefined : `the header ${JSON.stringify(odd)} of its ${side} is neither a text nor a list of texts`
}

/** The verifier would drop some of what is not a text, and send the JSON of other things. */
function queryFault(query: unknown): string | undefined {
  if (query === undefined || query === null || typeof query === 'string') return undefined
  if (!isRecord(query)) return 'its query is neither a text nor a JSON object'
  // null stands for a name without a value (Pact specification, version 4).
  const isText = (value: unknown): boolean => typeof value === 'string' || value === null
  const [odd] = Object.entries(query).find(([, value]) => !isText(value) && !(Array.isArray(value) && value.every(isText))) ?? []
  return odd === undefined ? undefined : `the query parameter ${JSON.stringify(odd)} is neither a text nor a list of texts`
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null || isRawNumber(value)
}

/** The verifier takes 128 levels, those around the interaction included. */
const MAX_DEPTH = 120

/** What JSON may hold by its grammar, and the verifier cannot read: it would refuse the whole file. */
function valueFault(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : `the text ${JSON.stringify(value)} is not valid Unicode`
  if (isRawNumber(value)) {
    const text = written(value)
    return Number.isFinite(Number(text)) ? undefined : `the number ${text} is too large`
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`
  for (const [name, inner] of Object.entries(value)) {
    const fault = valueFault(name) ?? valueFault(inner, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

/**
 * Headers of one connection, not of a request (RFC 9110, 7.6.1, and those that frame a body): recorded with another client's, they contradict
 * what is sent. A server would wait for the rest of a body, or for a protocol that nobody speaks.
 */
const CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The request in a form that the verifier sends whole. */
function sendable(request: Fields, version: Pact['version']): Fields {
  const { headers, query } = request
  const own = isRecord(headers) ? Object.entries(headers).filter(([name]) => !CONNECTION.has(name.toLowerCase())) : []
  return {
    ...request,
    ...(isRecord(headers) && { headers: Object.fromEntries(own) }),
    // Of version 2 it takes a text only, and leaves the rest out.
    ...(version === 2 && isRecord(query) && { query: queryOf(query) }),
  }
}

function named(raw: unknown, index: number, line: number | undefined): Named {
  const { description } = isRecord(raw) ? raw : {}
  return {
    index,
    description: typeof description === 'string' ? description : '',
    states: isRecord(raw) ? statesOf(raw) : [],
    ...(line !== undefined && { line }),
  }
}

/** As far as they can be read. */
function statesOf(raw: Fields): ProviderState[] {
  const states = statesIn(raw)
  if (typeof states === 'string') return [{ name: states, params: {} }]
  return (Array.isArray(states) ? states : []).flatMap((state: unknown) => {
    const { name, params } = isRecord(state) ? state : {}
    return typeof name === 'string' ? [{ name, params: isRecord(params) ? params : {} }] : []
  })
}

/** A list says more than a text, and a text in today's spelling more than one in that of version 1. */
function statesIn({ providerState, providerStates, provider_state }: Fields): unknown {
  return providerStates ?? providerState ?? provider_state
}

function participant(file: string, content: Fields, role: 'consumer' | 'provider'): string {
  const { [role]: value } = content
  const name = isRecord(value) ? value['name'] : undefined
  if (typeof name !== 'string' || name.trim() === '') throw new UsageError(`${file}: it is not a valid pact: it has no name of a ${role}`)
  return name
}

function versionOf(file: string, content: Fields): Pact['version'] {
  const metadata = isRecord(content['metadata']) ? content['metadata'] : {}
  const said = metadata['pactSpecification'] ?? metadata['pact-specification'] ?? metadata['pactSpecificationVersion']
  const version = plain(isRecord(said) ? said['version'] : said)
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

function listOf(file: string, content: Fields, key: 'interactions' | 'messages'): readonly unknown[] {
  const value = content[key] ?? []
  if (!Array.isArray(value)) throw new UsageError(`${file}: its ${key} are not a list`)
  return value
}

function pluginsOf(content: Fields): string[] {
  const { plugins } = isRecord(content['metadata']) ? content['metadata'] : {}
  if (!Array.isArray(plugins)) return []
  return plugins.map((plugin: unknown) => {
    const { name, version } = isRecord(plugin) ? plugin : {}
    return [name, version].filter((part) => typeof part === 'string').join(' ') || 'without a name'
  })
}
