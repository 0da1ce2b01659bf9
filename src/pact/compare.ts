import type { Contract, Operation } from '../contract/operation.ts'
import { isJson, type Json } from '../contract/schema.ts'
import { excerpt } from '../contract/validator.ts'
import { pointerPart, pointerParts } from '../http.ts'
import { UsageError } from '../problem.ts'
import { type Answer, type Interaction, type LoadedFile, matchOf, type Message, messageOf, type Pact, type Reason } from './pact.ts'
import { own, preparedFor, RECEIVED, targetOf } from './schemas.ts'

/** What openapi-pact-comparator says of a part of an interaction, in its own form. */
interface ResultItem {
  readonly code: string
  readonly message: string
  readonly type: 'error' | 'warning' | 'info'
  readonly mockDetails?: {
    readonly interactionDescription?: string | null
    readonly interactionState?: string | null
    readonly location: string
    readonly value: unknown
  }
  readonly specDetails?: {
    readonly location: string
    readonly pathMethod?: string | null
    readonly pathName?: string | null
    readonly value: unknown
  }
}

export interface Comparison {
  /** Errors fail it, warnings do not. */
  readonly answer: Exclude<Answer, { kind: 'skipped' }>
  readonly results: readonly ResultItem[]
}

export interface ComparedDocument extends LoadedFile {
  readonly name: string
}

export interface CompareOptions {
  /** Headers that are sent with every request, such as credentials that the pacts leave out. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An item, and what only we know of it. */
interface Found {
  readonly item: ResultItem
  readonly place?: Reason['place']
}

interface Comparator {
  compare(pact: unknown): AsyncIterable<ResultItem>
}

/** A document is prepared and its schemas are compiled once, however many pacts are compared with it. */
const comparators = new WeakMap<object, Comparator>()

/**
 * Whether the document allows what each interaction expects, by the interaction's index. Method, path and credentials are judged by the
 * contract, all else by openapi-pact-comparator, which gets one interaction at a time: what it cannot read fails that one only.
 * @throws UsageError for a document of several files: the comparator follows no references out of the one it is given.
 */
export async function compare(
  pact: Pact,
  document: ComparedDocument,
  contract: Contract,
  { headers = {} }: CompareOptions = {},
): Promise<ReadonlyMap<number, Comparison>> {
  const [source, ...others] = document.sources
  if (others.length > 0)
    throw new UsageError(
      `${document.name}: a document of several files (it refers to ${others.map(({ uri }) => uri).join(', ')}) cannot be compared; bundle it first`,
    )
  const content = source?.content
  if (!source || !isJson(content)) throw new UsageError(`${document.name}: it is no OpenAPI document`)
  const placeOf = (pointer: string): NonNullable<Reason['place']> => {
    const line = source.lineOf(pointer)
    return { file: source.uri, pointer, ...(line !== undefined && { line }) }
  }
  const comparator = comparators.get(content) ?? (await createComparator(content, document.name))
  comparators.set(content, comparator)
  const comparisons = new Map<number, Comparison>()
  for (const interaction of pact.interactions) {
    const found = await resultsOf(pact, interaction, contract, comparator, headers)
    const reasons = found
      .filter(({ item }) => item.type === 'error')
      .map(({ item, place }) => reasonOf(item, place ?? placeOf(ruleOf(item, content))))
    comparisons.set(interaction.index, {
      answer: reasons.length > 0 ? { kind: 'failed', reasons } : { kind: 'passed' },
      results: found.map(({ item }) => item),
    })
  }
  return comparisons
}

type ComparatorClass = new (options: { oas: unknown }) => Comparator

async function createComparator(content: Json, name: string): Promise<Comparator> {
  const loaded: unknown = await import('@pactflow/openapi-pact-comparator')
  if (!hasComparator(loaded)) throw new Error('openapi-pact-comparator has no Comparator')
  try {
    return new loaded.Comparator({ oas: preparedFor(content) })
  } catch (error) {
    throw new UsageError(`${name}: it cannot be compared: ${messageFrom(error)}`, { cause: error })
  }
}

/** Its types name a file without its ending, which the compiler does not find. */
function hasComparator(loaded: unknown): loaded is { readonly Comparator: ComparatorClass } {
  return typeof loaded === 'object' && loaded !== null && 'Comparator' in loaded && typeof loaded.Comparator === 'function'
}

async function resultsOf(
  pact: Pact,
  interaction: Interaction,
  contract: Contract,
  comparator: Comparator,
  headers: Readonly<Record<string, string>>,
): Promise<Found[]> {
  const { method, path, status, raw } = interaction
  const route = matchOf(contract, method, path)
  // A consumer that expects 405 asks with a method that the path does not have: the answer stands with the methods it has.
  const [operation] = route.kind === 'found' ? [route.target] : route.kind === 'wrong-method' && status === 405 ? route.targets : []
  if (!operation) return [{ item: unknownPath(interaction, `${method} ${path}`) }]
  const request = withHeaders(messageOf(pact, raw['request']), headers)
  const response = messageOf(pact, raw['response'])
  const generated = generatedIn(raw)
  const found: Found[] = []
  // What is expected to be refused may be wrong in any way.
  if (isAccepted(interaction)) {
    // A path that the provider state completes has only a placeholder in the pact.
    if (route.kind === 'found' && !generated.some(([side, part]) => side === 'request' && part === 'path'))
      found.push(...wrongPath(interaction, operation, route.path))
    const judgement = operation.judge(request.headers)
    if (judgement.kind === 'refused') found.push({ item: unauthorized(interaction, operation, request.headers, judgement.problem.detail) })
  }
  try {
    for await (const item of comparator.compare(givenPact(interaction, operation, request, response)))
      if (!isFalseAlarm(item, interaction, request, generated)) found.push({ item: relabelled(item, interaction.index) })
  } catch (error) {
    found.push({ item: unreadable(interaction, operation, messageFrom(error)) })
  }
  return found
}

const isAccepted = ({ status }: Interaction): boolean => status < 400

function withHeaders(message: Message, headers: Readonly<Record<string, string>>): Message {
  const added = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return { ...message, headers: { ...message.headers, ...Object.fromEntries(added) } }
}

/**
 * The interaction as the comparator takes it without stumbling. Written as version 3, because it does not decode all bodies of version 4;
 * texts only, because it refuses a whole file for a number among the headers. The path is one that its router finds for sure: it knows
 * neither HEAD for GET, nor values above 2,048 characters, nor identifiers with an equals sign in a list.
 */
function givenPact({ description, states, status }: Interaction, operation: Operation, request: Message, response: Message): Json {
  return {
    metadata: { pactSpecification: { version: '3.0.0' } },
    interactions: [
      {
        description,
        ...(states.length > 0 && { providerState: states.map(({ name }) => name).join(', ') }),
        request: {
          method: operation.method,
          path: operation.template.replaceAll(/\{[^}]+\}/g, 'a-value'),
          query: listsIn(request.query),
          headers: acceptable(request.headers, response.headers),
          ...(request.body !== undefined && { body: request.body }),
        },
        response: { status, headers: response.headers, ...(response.body !== undefined && { body: response.body }) },
      },
    ],
  }
}

/** Lists of more than 20 values would be read as objects; with the commas encoded they are read as a text, which is split where a list is meant. */
function listsIn(query: string): string {
  const lists = new Map<string, string[]>()
  for (const pair of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = pair.split('=')
    lists.set(name, [...(lists.get(name) ?? []), ...value.join('=').split(',')])
  }
  return [...lists].map(([name, values]) => `${name}=${values.join(values.length > 20 ? '%2C' : ',')}`).join('&')
}

/** The comparator takes the schema of the answer by what the request accepts; where that is open, the answer's own type says which one is meant. */
function acceptable(request: Message['headers'], response: Message['headers']): Message['headers'] {
  const { accept = '*/*' } = request
  const type = response['content-type']
  return type !== undefined && accept.includes('*') ? { ...request, accept: type } : request
}

/** Where values stand that generators replace before the request is sent or the answer looked at: side, part, path within. */
type Generated = readonly [side: string, part: string, ...path: string[]]

function generatedIn(raw: Json): Generated[] {
  return ['request', 'response'].flatMap((side) => {
    const message = raw[side]
    const generators = isJson(message) && isJson(message['generators']) ? message['generators'] : {}
    return Object.entries(generators).flatMap(([part, value]): Generated[] => {
      const name = part === 'header' ? 'headers' : part
      if (!isJson(value)) return []
      if (typeof value['type'] === 'string') return [[side, name]]
      return Object.keys(value).map((path) => [side, name, ...partsOf(path)])
    })
  })
}

/** The parts of a path like `$.items[0]['id']`, or of a name like `ids[0]`. */
function partsOf(path: string): string[] {
  return [...path.replace(/^\$/, '').matchAll(/\['([^']*)'\]|\[([^\]]*)\]|\.?([^.[]+)/g)].map(
    ([, quoted, bracketed, bare]) => quoted ?? bracketed ?? bare ?? '',
  )
}

function isFalseAlarm(
  { code, mockDetails }: ResultItem,
  interaction: Interaction,
  { headers }: Message,
  generated: readonly Generated[],
): boolean {
  // Of a request that is expected to be refused it leaves alone all but these.
  if (!isAccepted(interaction) && (code === 'request.content-type.incompatible' || code === 'request.accept.incompatible')) return true
  // We put in what is accepted; the answer's own type is compared anyway.
  if (code.startsWith('request.accept.') && (headers['accept'] ?? '*').includes('*')) return true
  // The examples that stand in the pact for generated values are nobody's.
  const place = withinInteraction(mockDetails?.location ?? '').split('.')
  return generated.some((parts) => parts.every((part, index) => part === '*' || part.toLowerCase() === place[index]?.toLowerCase()))
}

function unknownPath(interaction: Interaction, asked: string): ResultItem {
  return {
    code: 'request.path-or-method.unknown',
    message: `Path or method not defined in spec file: ${asked}`,
    mockDetails: mockDetails(interaction, 'request.path', interaction.path),
    specDetails: { location: '[root].paths', pathMethod: null, pathName: null, value: undefined },
    type: 'error',
  }
}

function wrongPath(interaction: Interaction, operation: Operation, path: Readonly<Record<string, string>>): Found[] {
  return operation
    .readParameters({ path, query: '', headers: {} })
    .issues.filter(({ at }) => at.startsWith('/path/'))
    .map(({ at, message, place }) => ({
      item: {
        ...unknownPath(interaction, `${interaction.method} ${interaction.path}: ${pointerParts(at)[1] ?? ''} ${message}`),
        specDetails: specDetails(operation, '.parameters'),
      },
      ...(place && { place }),
    }))
}

function unauthorized(interaction: Interaction, operation: Operation, headers: Message['headers'], detail: string): ResultItem {
  // What it is, but not what it says: reports are read by many.
  const names = Object.keys(headers)
  return {
    code: 'request.authorization.missing',
    message: `Request Authorization header is missing but is required by the spec file: ${detail}`,
    mockDetails: mockDetails(interaction, 'request.headers', names),
    specDetails: specDetails(operation, ''),
    type: 'error',
  }
}

/** Not a code of the comparator: it threw. */
function unreadable(interaction: Interaction, operation: Operation, message: string): ResultItem {
  return {
    code: 'interaction.incomparable',
    message: `The comparator cannot read the interaction, or its part of the document: ${message}`,
    mockDetails: mockDetails(interaction, 'request', interaction.description),
    specDetails: specDetails(operation, ''),
    type: 'error',
  }
}

function mockDetails({ index, description, states }: Interaction, place: string, value: unknown): NonNullable<ResultItem['mockDetails']> {
  return {
    interactionDescription: description,
    interactionState: states.map(({ name }) => name).join(', ') || '[none]',
    location: `[root].interactions[${index}].${place}`,
    value,
  }
}

function specDetails({ method, template }: Operation, place: string): NonNullable<ResultItem['specDetails']> {
  const name = method.toLowerCase()
  return { location: `[root].paths.${template}.${name}${place}`, pathMethod: name, pathName: template, value: undefined }
}

/** As if it had been given the whole pact, and the document as it is. */
function relabelled(item: ResultItem, index: number): ResultItem {
  const { mockDetails, specDetails, ...rest } = item
  return {
    ...rest,
    ...(mockDetails && {
      mockDetails: { ...mockDetails, location: `[root].interactions[${index}].${withinInteraction(mockDetails.location)}` },
    }),
    ...(specDetails && { specDetails: { ...specDetails, location: specDetails.location.replace(`.${RECEIVED}.`, '.schemas.') } }),
  }
}

function withinInteraction(location: string): string {
  return location.replace(/^\[root\]\.interactions\[\d+\]\.?/, '')
}

function reasonOf({ code, message, mockDetails }: ResultItem, place: NonNullable<Reason['place']>): Reason {
  const parts = withinInteraction(mockDetails?.location ?? '')
    .split('.')
    .filter((part) => part !== '')
  const said = message.replace(/^[^:]* spec file: /, '')
  return { message: inWords(code, said, parts, mockDetails?.value), code, pactPath: pathOf(parts), place }
}

/** In the words of who reads the report, and not of who wrote the comparator. */
function inWords(code: string, said: string, [side = '', , ...parts]: readonly string[], value: unknown): string {
  switch (code) {
    case 'request.path-or-method.unknown':
      return `the document has no ${said}`
    case 'request.authorization.missing':
      return `the request has no credentials: ${said}`
    case 'response.status.unknown':
      return `the document has no answer ${excerpt(value)} here`
    case 'response.header.unknown':
      return `the document has no header ${parts.join('.')} in this answer`
    case 'response.body.unknown':
      return 'the document has no body in this answer'
    case 'request.content-type.incompatible':
    case 'response.content-type.incompatible':
      return `the document has no ${excerpt(value)} for the body of the ${side}`
    case 'request.body.incompatible':
    case 'response.body.incompatible':
      return `${side} body ${pathOf(parts)}: ${ruleInWords(said, value)}`
    case 'request.query.incompatible':
      return `query parameter ${parts.join('.')}: ${ruleInWords(said, value)}`
    case 'request.header.incompatible':
    case 'response.header.incompatible':
      return `${side} header ${parts.join('.')}: ${ruleInWords(said, value)}`
    default:
      return said
  }
}

function ruleInWords(said: string, value: unknown): string {
  const [, unnamed] = /^must NOT have additional properties - (.*)$/s.exec(said) ?? []
  if (unnamed !== undefined) return `the document names no "${unnamed}" here`
  const [, missing] = /^must have required property '(.*)'$/s.exec(said) ?? []
  if (missing !== undefined) return `"${missing}" is missing, which the document requires`
  return value === undefined ? `the document says that it ${said}` : `the document says that it ${said}, the pact has ${excerpt(value)}`
}

/** `$.response.body.items[0].sku`. */
function pathOf(parts: readonly string[]): string {
  return parts.reduce((path, part) => path + (/^\d+$/.test(part) ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `['${part}']`), '$')
}

/** Where the rule stands that an item is about. */
function ruleOf({ code, mockDetails, specDetails }: ResultItem, content: Json): string {
  const location = specDetails?.location ?? ''
  const [, schema, within] = code.endsWith('.body.incompatible') ? (/^(.*?\.content\..*?\.schema)\.(.*)$/s.exec(location) ?? []) : []
  if (schema === undefined || within === undefined) return atLocation(location, content).pointer
  // In a body the way through the schemas is that of the value: ajv begins it anew at references, without saying at which.
  const [, , ...parts] = withinInteraction(mockDetails?.location ?? '').split('.')
  let at = atReference(atLocation(schema, content), content)
  for (const part of parts) {
    const next = memberOf(at, part, content)
    if (!next) break
    at = next
  }
  const [keyword = ''] = within.split('.').slice(-1)
  return stepInto(at, keyword)?.at.pointer ?? at.pointer
}

/** The schema of a property or of the items, also where it stands in one of several parts or choices. */
function memberOf({ node, pointer }: At, part: string, content: Json): At | undefined {
  if (!isJson(node)) return undefined
  const { properties, items, additionalProperties } = node
  const below = (value: unknown, path: string): At => atReference({ node: value, pointer: `${pointer}/${path}` }, content)
  if (isJson(properties) && part in properties) return below(properties[part], `properties/${pointerPart(part)}`)
  if (/^\d+$/.test(part) && isJson(items)) return below(items, 'items')
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    const list = node[key]
    for (const [index, branch] of Array.isArray(list) ? list.entries() : []) {
      const found = memberOf(below(branch, `${key}/${index}`), part, content)
      if (found) return found
    }
  }
  return isJson(additionalProperties) ? below(additionalProperties, 'additionalProperties') : undefined
}

function atReference(at: At, content: Json): At {
  const target = isJson(at.node) ? targetOf(at.node['$ref'], content) : undefined
  return target ? { node: target.value, pointer: target.pointer } : at
}

/**
 * What a location in the document names, such as `[root].paths./orders/{id}/.get.responses.200.content.application/json.schema.type`.
 * Its parts hold dots themselves, so the document is asked at each step which of its names comes next; references are followed. As far as
 * it leads: what the comparator made of a schema does not stand in it.
 */
function atLocation(location: string, content: Json): At {
  let at: At = { node: content, pointer: '' }
  let owner = at
  let rest = location.replace(/^\[root\]\.?/, '')
  while (rest !== '') {
    // Where a reference leads, ajv begins anew.
    const next =
      stepFrom(at, owner, rest, content) ?? (rest.startsWith('components.') ? stepInto({ node: content, pointer: '' }, rest) : undefined)
    if (!next) break
    owner = at
    ;({ at, rest } = next)
  }
  return at
}

interface At {
  readonly node: unknown
  readonly pointer: string
}

interface Step {
  readonly at: At
  readonly rest: string
}

function stepFrom(at: At, owner: At, rest: string, content: Json): Step | undefined {
  const [text, index] = /^parameters\[(\d+)\]\.?/.exec(rest) ?? []
  if (text !== undefined) {
    const found = parametersOf(at, owner, content)[Number(index)]
    return found && { at: found, rest: rest.slice(text.length) }
  }
  const direct = stepInto(at, rest)
  if (direct) return direct
  // The document may have a range of statuses, or an answer for all others.
  const [status] = at.pointer.endsWith('/responses') ? (/^\d{3}/.exec(rest) ?? []) : []
  if (status !== undefined)
    return [`${status.charAt(0)}XX`, 'default'].map((key) => stepInto(at, `${key}${rest.slice(3)}`)).find((step) => step !== undefined)
  const target = isJson(at.node) ? targetOf(at.node['$ref'], content) : undefined
  return target && stepInto({ node: target.value, pointer: target.pointer }, rest)
}

function stepInto({ node, pointer }: At, rest: string): Step | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const [key] = Object.keys(node)
    .filter((key) => rest === key || rest.startsWith(`${key}.`))
    .toSorted((one, other) => other.length - one.length)
  return key === undefined
    ? undefined
    : { at: { node: own(node, key), pointer: `${pointer}/${pointerPart(key)}` }, rest: rest.slice(key.length + 1) }
}

/** An operation's parameters as the comparator counts them: its own, then the path's that it does not replace. */
function parametersOf(operation: At, item: At, content: Json): At[] {
  const found = new Map<string, At>()
  for (const { node, pointer } of [operation, item]) {
    const list: unknown = isJson(node) ? node['parameters'] : undefined
    for (const [index, entry] of Array.isArray(list) ? list.entries() : []) {
      if (!isJson(entry)) continue
      const { value, pointer: place } = targetOf(entry['$ref'], content) ?? { value: entry, pointer: `${pointer}/parameters/${index}` }
      const key = `${String(value['in'])} ${String(value['name'])}`
      if (!found.has(key)) found.set(key, { node: value, pointer: place })
    }
  }
  return [...found.values()]
}

function messageFrom(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
