import type { Contract, Operation } from '../../contract/operation.ts'
import { createReader, type Reader } from '../../contract/schema.ts'
import { plain } from '../../base/exact.ts'
import { messageFrom, UsageError } from '../../base/problem.ts'
import { isGenerated, generatedIn } from './generated.ts'
import { givenPact } from './given.ts'
import { type Finding, reasonOf, type ResultItem, unknownPath, unknownStatus, unreadable, withinInteraction } from './finding.ts'
import { type Message, messageOf } from './message.ts'
import { matchOf } from './base-path.ts'
import type { Answer, Interaction, Pact, Reason } from './pact.ts'
import { ruleOf } from './place.ts'
import { type ComparedDocument, preparedFor } from './prepared.ts'
import { RECEIVED } from './schemas.ts'
import { judgeReceived, judgeSent, type Sent } from './sent.ts'
import { isAdmitted, statusesFor } from './status.ts'

export interface Comparison {
  /** Errors fail it, warnings do not. */
  readonly answer: Exclude<Answer, { kind: 'skipped' }>
  readonly results: readonly ResultItem[]
}

export interface CompareOptions {
  /** Headers that are sent with every request, such as credentials that the pacts leave out. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Comparator {
  compare(pact: unknown): AsyncIterable<ResultItem>
}

/** A document is prepared and its schemas are compiled once, however many pacts are compared with it. */
const comparators = new WeakMap<ComparedDocument, Prepared>()

interface Prepared {
  readonly comparator: Comparator
  readonly reader: Reader
  /** Where keys of the document's security schemes stand in a request: `request.query.key`. */
  readonly keys: ReadonlySet<string>
}

/**
 * Whether the document allows what each interaction expects, by the interaction's index. What the consumer sends is judged by the contract
 * and by openapi-pact-comparator, each of which sees what the other does not, and what it expects by the comparator alone. That one gets one
 * interaction at a time: what it cannot read fails that one only. Of the statuses that a matcher admits one is enough whose documented
 * answer is what the consumer expects; all else is judged by the example, which is what the consumer was tested with.
 * @throws UsageError for a document that cannot be compared
 */
export async function compare(
  pact: Pact,
  document: ComparedDocument,
  contract: Contract,
  { headers = {} }: CompareOptions = {},
): Promise<ReadonlyMap<number, Comparison>> {
  const prepared = comparators.get(document) ?? (await prepare(document))
  comparators.set(document, prepared)
  const main = document.sources[0]?.uri ?? ''
  const toReason = (finding: Finding): Reason => {
    const { uri, pointer, node } = ruleOf(finding.item, main, prepared.reader)
    const line = document.sources.find((source) => source.uri === uri)?.lineOf(pointer)
    return reasonOf(finding, { file: uri, pointer, ...(line !== undefined && { line }) }, node)
  }
  const comparisons = new Map<number, Comparison>()
  for (const interaction of pact.interactions) {
    const found = await findingsOf(pact, interaction, { ...prepared, contract, headers })
    const told = (type: ResultItem['type']): Reason[] => found.filter(({ item }) => item.type === type).map(toReason)
    const reasons = told('error')
    const warnings = told('warning')
    const answer: Comparison['answer'] = reasons.length > 0 ? { kind: 'failed', reasons } : { kind: 'passed' }
    comparisons.set(interaction.index, {
      answer: warnings.length > 0 ? { ...answer, warnings } : answer,
      results: found.map(({ item }) => item),
    })
  }
  return comparisons
}

type ComparatorClass = new (options: { oas: unknown }) => Comparator

async function prepare(document: ComparedDocument): Promise<Prepared> {
  const loaded: unknown = await import('@pactflow/openapi-pact-comparator')
  if (!hasComparator(loaded)) throw new Error('openapi-pact-comparator has no Comparator')
  try {
    const reader = createReader(document)
    return { comparator: new loaded.Comparator({ oas: preparedFor(document) }), reader, keys: keysOf(document, reader) }
  } catch (error) {
    throw new UsageError(`${document.name}: it cannot be compared: ${messageFrom(error)}`, { cause: error })
  }
}

function keysOf({ sources: [main] }: ComparedDocument, reader: Reader): ReadonlySet<string> {
  const components = main && reader.child(reader.at(main.uri, ''), 'components')
  const schemes = components ? reader.children(components, 'securitySchemes') : []
  const places: Readonly<Record<string, string>> = { header: 'request.headers', query: 'request.query' }
  return new Set(
    schemes.map(([, { value }]) => {
      const name = String(value['name'])
      return `${places[String(value['in'])] ?? ''}.${value['in'] === 'header' ? name.toLowerCase() : name}`
    }),
  )
}

/** Its types name a file without its ending, which the compiler does not find. */
function hasComparator(loaded: unknown): loaded is { readonly Comparator: ComparatorClass } {
  return typeof loaded === 'object' && loaded !== null && 'Comparator' in loaded && typeof loaded.Comparator === 'function'
}

/** What an interaction is compared with. */
interface Side extends Prepared {
  readonly contract: Contract
  readonly headers: Readonly<Record<string, string>>
}

async function findingsOf(pact: Pact, interaction: Interaction, side: Side): Promise<readonly Finding[]> {
  const { method, path } = interaction
  const route = matchOf(side.contract, method, path)
  // A consumer that expects 405 asks with a method that the path does not have: the answer stands with the methods it has.
  const isRefused = route.kind === 'wrong-method' && isAdmitted(interaction, 405)
  const [operation] = route.kind === 'found' ? [route.target] : isRefused ? route.targets : []
  if (!operation) return [{ item: unknownPath(interaction, `${method} ${path}`) }]
  const statuses = isRefused ? [405] : statusesFor(interaction, operation.statuses)
  let first: readonly Finding[] | undefined
  for (const status of statuses) {
    const read = route.kind === 'found' ? route.path : undefined
    const found = await findingsWith(pact, { ...interaction, status }, operation, read, side)
    if (found.every(({ item }) => item.type !== 'error')) return found
    first ??= found
  }
  return first ?? [{ item: unknownStatus(interaction, operation) }]
}

/** @param path The values of the path, where the operation has the method. */
async function findingsWith(
  pact: Pact,
  interaction: Interaction,
  operation: Operation,
  path: Readonly<Record<string, string>> | undefined,
  { comparator, headers, keys }: Side,
): Promise<readonly Finding[]> {
  const raw = plain(interaction.raw)
  const request = withHeaders(messageOf(pact, raw['request']), headers)
  const response = messageOf(pact, raw['response'])
  const generated = generatedIn(raw)
  // What is expected to be refused may be wrong in any way.
  const sent = isAccepted(interaction) && path ? judgeSent(interaction, operation, path, request) : undefined
  const items: ResultItem[] = []
  try {
    for await (const item of comparator.compare(givenPact(interaction, operation, request, response)))
      if (!isFalseAlarm(item, request, sent, keys) && !isGenerated(item, generated)) items.push(relabelled(item, interaction.index))
  } catch (error) {
    items.push(unreadable(interaction, operation, messageFrom(error)))
  }
  const isTold = (part: string): boolean =>
    items.some(({ type, mockDetails }) => {
      const location = withinInteraction(mockDetails?.location ?? '').toLowerCase()
      return type === 'error' && `${location}.`.startsWith(`${part.toLowerCase()}.`)
    })
  const own = [...(sent?.findings ?? []), ...judgeReceived(interaction, operation, response)]
  const news = own.filter(
    ({ item, part }) => !isGenerated(item, generated) && (part === undefined || (!isTold(part) && !isKey(item, keys))),
  )
  return [...news, ...items.map((item) => ({ item }))]
}

const isAccepted = ({ status }: Interaction): boolean => status < 400

function withHeaders(message: Message, headers: Readonly<Record<string, string>>): Message {
  const added = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return { ...message, headers: { ...message.headers, ...Object.fromEntries(added) } }
}

function isFalseAlarm(item: ResultItem, { headers }: Message, sent: Sent | undefined, keys: ReadonlySet<string>): boolean {
  const { code } = item
  // Of a request that is expected to be refused it leaves alone all but some.
  if (!sent && code.startsWith('request.')) return true
  // The contract knows which parameter of the query is whose.
  if (code === 'request.query.unknown') return sent?.isRead === true
  // We put in what is accepted; the answer's own type is compared anyway.
  return isKey(item, keys) || (code.startsWith('request.accept.') && (headers['accept'] ?? '*').includes('*'))
}

/** The key of a security scheme is not declared as a parameter, and still expected. */
function isKey({ code, mockDetails }: ResultItem, keys: ReadonlySet<string>): boolean {
  return /^request\.(?:query|header)\.unknown$/.test(code) && keys.has(withinInteraction(mockDetails?.location ?? ''))
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
