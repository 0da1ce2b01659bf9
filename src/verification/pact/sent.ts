import type { Operation } from '../../contract/operation.ts'
import { type Issue, pointerParts } from '../../base/http.ts'
import { DocumentError } from '../../base/problem.ts'
import { type Finding, mockDetails, type ResultItem, specDetails, unknownPath, unreadable } from './finding.ts'
import { pathOf } from './json-path.ts'
import type { Message } from './message.ts'
import type { Interaction } from './pact.ts'
import { IGNORED } from './prepared.ts'

/** What the contract says of a request that is to be accepted. */
export interface Sent {
  readonly findings: readonly Finding[]
  /** The contract could read the parameters, and says which of the query are unknown. */
  readonly isRead: boolean
}

const JSON_TYPE = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/i

/**
 * What the contract finds in a request. The comparator looks neither into parameters that have a media type, such as JSON in a header, nor
 * at cookies, takes the members of an object in the query for parameters of their own, loses what one part of `allOf` requires, and says
 * nothing of members that the document does not declare.
 */
export function judgeSent(
  interaction: Interaction,
  operation: Operation,
  path: Readonly<Record<string, string>>,
  { query, headers, body }: Message,
): Sent {
  const findings: Finding[] = []
  const read = <T>(reading: () => T): T | undefined => {
    try {
      return reading()
    } catch (error) {
      // A schema that is none.
      if (!(error instanceof DocumentError)) throw error
      findings.push({ item: uncompiled(interaction, operation, error.message) })
      return undefined
    }
  }
  const parameters = read(() => operation.readParameters({ path, query, headers }))
  const type = headers['content-type'] ?? 'application/json'
  // Bodies of other types are left to the comparator, which reads forms and their parts.
  const isJson = body === undefined || JSON_TYPE.test(type)
  const content = isJson
    ? read(() => operation.readBody(body === undefined ? { kind: 'none' } : { kind: 'text', text: JSON.stringify(body) }, type))
    : undefined
  const issues = [
    ...(parameters?.issues ?? []).filter(({ at }) => !IGNORED.has(at.replace('/header/', ''))),
    ...((content?.kind === 'refused' && content.problem.issues) || []),
  ]
  // A body where the document has none is found by the comparator.
  const inBody = content?.kind === 'body' ? content.undeclared.filter(({ at }) => at !== '/body') : []
  const undeclared = [...(parameters?.undeclared ?? []), ...inBody]
  findings.push(...issues.map((issue) => incompatible(interaction, operation, issue)))
  const judgement = operation.judge(headers, query)
  if (judgement.kind === 'refused') findings.push({ item: unauthorized(interaction, operation, headers, judgement.problem.detail) })
  findings.push(...undeclared.map((issue) => unknown(interaction, operation, issue)))
  return { findings, isRead: parameters !== undefined }
}

/** What the contract finds in an answer: the comparator takes a body that is null, false or 0 for none. */
export function judgeReceived(interaction: Interaction, operation: Operation, { headers, body }: Message): readonly Finding[] {
  const type = headers['content-type']?.split(';', 1)[0]?.trim() ?? 'application/json'
  if ((body !== null && body !== false && body !== 0) || !JSON_TYPE.test(type)) return []
  try {
    const issues = operation.checkReply({ status: interaction.status, mediaType: type, body })
    return issues.filter(({ at, rule }) => at === '/body' && rule !== 'undeclared').map((issue) => received(interaction, operation, issue))
  } catch (error) {
    // The comparator does not look at the schema.
    if (!(error instanceof DocumentError)) throw error
    return [{ item: unreadable(interaction, operation, error.message) }]
  }
}

function received(interaction: Interaction, operation: Operation, { message, value, place }: Issue): Finding {
  const item: ResultItem = {
    code: 'response.body.incompatible',
    message: `Response body is incompatible with the response body schema in the spec file: ${message}`,
    mockDetails: mockDetails(interaction, 'response.body', value),
    specDetails: specDetails(operation, `.responses.${interaction.status}`),
    type: 'error',
  }
  return { item, words: `response body $: it ${message}`, ...(place && { place }) }
}

/** A part of a request: what the comparator calls it, and what a reader does. */
interface Part {
  readonly kind: 'query' | 'header' | 'body'
  /** Where it stands in the interaction. */
  readonly location: string
  readonly name: string
  /** Where in the part something is. */
  readonly within: readonly string[]
}

function partAt(at: string): Part {
  const [side = '', ...parts] = pointerParts(at)
  const [name = '', ...within] = parts
  switch (side) {
    case 'query':
      return { kind: 'query', location: `request.query.${name}`, name: `query parameter ${name}`, within }
    case 'header':
      return { kind: 'header', location: `request.headers.${name}`, name: `request header ${name}`, within }
    case 'cookie':
      return { kind: 'header', location: `request.headers.cookie.${name}`, name: `request cookie ${name}`, within }
    default:
      return { kind: 'body', location: 'request.body', name: 'request body', within: parts }
  }
}

function subjectOf({ kind, name, within }: Part): string {
  return kind === 'body' || within.length > 0 ? `${name} ${pathOf(within)}` : name
}

function incompatible(interaction: Interaction, operation: Operation, { at, message, value, place }: Issue): Finding {
  const found = place && { place }
  if (at.startsWith('/path/')) {
    const asked = `${interaction.method} ${interaction.path}: ${pointerParts(at)[1] ?? ''} ${message}`
    return { item: { ...unknownPath(interaction, asked), specDetails: specDetails(operation, '.parameters') }, ...found }
  }
  const part = partAt(at)
  const words = `${subjectOf(part)}: ${/^(is|holds) /.test(message) ? 'it ' : ''}${message}`
  const rule =
    part.kind === 'body'
      ? 'Request body is incompatible with the request body schema in the spec file'
      : 'Value is incompatible with the parameter defined in the spec file'
  const details = specDetails(operation, part.kind === 'body' ? '.requestBody' : '')
  const item: ResultItem = {
    code: `request.${part.kind}.incompatible`,
    message: `${rule}: ${words}`,
    mockDetails: mockDetails(interaction, [part.location, ...part.within].join('.'), value),
    specDetails: place ? { ...details, location: ['[root]', ...pointerParts(place.pointer)].join('.') } : details,
    type: 'error',
  }
  return { item, part: part.location, words, ...found }
}

/** What the document does not declare: it does no harm, unless the document says so. */
function unknown(interaction: Interaction, operation: Operation, { at, message }: Issue): Finding {
  const part = partAt(at)
  const { kind, location, name, within } = part
  const [member, ...owner] = within.toReversed()
  const words =
    member === undefined
      ? `the document has no ${name} here`
      : `${subjectOf({ ...part, within: owner.toReversed() })}: the document names no "${member}" here`
  const item: ResultItem = {
    // The comparator has no code for members: it does not look.
    code: member === undefined ? `request.${kind}.unknown` : `request.${kind}.undeclared`,
    message:
      kind === 'query' && member === undefined ? `Query parameter is not defined in the spec file: ${pointerParts(at)[1] ?? ''}` : message,
    mockDetails: mockDetails(interaction, [location, ...within].join('.'), undefined),
    specDetails: specDetails(operation, kind === 'body' ? '.requestBody' : ''),
    type: 'warning',
  }
  return { item, part: location, words }
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

/** Not a code of the comparator, which sees less of a request: what it lets pass says nothing. */
function uncompiled(interaction: Interaction, operation: Operation, message: string): ResultItem {
  return {
    code: 'request.uncompiled',
    message: `The request cannot be compared: ${message}`,
    mockDetails: mockDetails(interaction, 'request', interaction.description),
    specDetails: specDetails(operation, ''),
    type: 'error',
  }
}
