import type { Operation } from '../../contract/operation.ts'
import { excerpt } from '../../contract/excerpt.ts'
import { pathOf } from './json-path.ts'
import type { Interaction, Reason } from './pact.ts'

/** What openapi-pact-comparator says of a part of an interaction, in its own form. */
export interface ResultItem {
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

/** An item, and what only we know of it. */
export interface Finding {
  readonly item: ResultItem
  /** Where the rule stands, as the contract tells it. */
  readonly place?: Reason['place']
  /** The part of the interaction that it is about, if the contract tells it. */
  readonly part?: string
  /** What is told to readers, where it is not made of the item. */
  readonly words?: string
}

export function unknownPath(interaction: Interaction, asked: string): ResultItem {
  return {
    code: 'request.path-or-method.unknown',
    message: `Path or method not defined in spec file: ${asked}`,
    mockDetails: mockDetails(interaction, 'request.path', interaction.path),
    specDetails: { location: '[root].paths', pathMethod: null, pathName: null, value: undefined },
    type: 'error',
  }
}

/** What a matcher asks for is the status of no answer at all. */
export function unknownStatus(interaction: Interaction, operation: Operation): ResultItem {
  return {
    code: 'response.status.unknown',
    message: 'Response status code not defined in spec file: the matcher admits none',
    mockDetails: mockDetails(interaction, 'response.status', interaction.status),
    specDetails: specDetails(operation, '.responses'),
    type: 'error',
  }
}

/** Not a code of the comparator: it threw. */
export function unreadable(interaction: Interaction, operation: Operation, message: string): ResultItem {
  return {
    code: 'interaction.incomparable',
    message: `The comparator cannot read the interaction, or its part of the document: ${message}`,
    mockDetails: mockDetails(interaction, 'request', interaction.description),
    specDetails: specDetails(operation, ''),
    type: 'error',
  }
}

export function mockDetails(
  { index, description, states }: Interaction,
  place: string,
  value: unknown,
): NonNullable<ResultItem['mockDetails']> {
  return {
    interactionDescription: description,
    interactionState: states.map(({ name }) => name).join(', ') || '[none]',
    location: `[root].interactions[${index}].${place}`,
    value,
  }
}

export function specDetails({ method, template }: Operation, place: string): NonNullable<ResultItem['specDetails']> {
  const name = method.toLowerCase()
  return { location: `[root].paths.${template}.${name}${place}`, pathMethod: name, pathName: template, value: undefined }
}

/** Which part of the interaction an item is about: `response.body.items.0`. */
export function withinInteraction(location: string): string {
  return location.replace(/^\[root\]\.interactions\[\d+\]\.?/, '')
}

/**
 * A finding in the reader's terms.
 * @param found where the rule stands, as the item tells it
 * @param rule what stands there
 */
export function reasonOf(
  { item: { code, message, mockDetails }, words, place }: Finding,
  found: NonNullable<Reason['place']>,
  rule: unknown,
): Reason {
  const parts = withinInteraction(mockDetails?.location ?? '')
    .split('.')
    .filter((part) => part !== '')
  const said = withValues(message.replace(/^[^:]* spec file: /, ''), found.pointer.split('/').at(-1), rule)
  return { message: words ?? inWords(code, said, parts, mockDetails?.value), code, pactPath: pathOf(parts), place: place ?? found }
}

/** More allowed values than these are a list of countries, and no help. */
const MOST = 20

/** With the values that a rule allows, which its message leaves out. */
function withValues(said: string, keyword: string | undefined, rule: unknown): string {
  if (said === 'must be equal to constant' && keyword === 'const') return `must be ${excerpt(rule)}`
  if (said !== 'must be equal to one of the allowed values' || keyword !== 'enum' || !Array.isArray(rule)) return said
  const values = rule.slice(0, MOST).map((value) => excerpt(value))
  return `must be one of ${values.join(', ')}${rule.length > MOST ? ` and ${rule.length - MOST} more` : ''}`
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
    case 'response.status.default':
      return `the document has the answer ${excerpt(value)} under "default" only`
    case 'request.header.unknown':
      return `the document has no request header ${parts.join('.')} here`
    case 'request.query.unknown':
      return `the document has no query parameter ${parts.join('.')} here`
    case 'response.header.undefined':
    case 'response.header.unknown':
      return `the document has no header ${parts.join('.')} in this answer`
    case 'request.body.unknown':
      return 'the document has no body of the request here'
    case 'response.body.unknown':
      return 'the document has no body in this answer'
    case 'request.body.unvalidatable':
    case 'response.body.unvalidatable':
      return `the body of the ${side} is not compared: its media type is none of JSON, a form or its parts`
    case 'request.content-type.missing':
      return 'the request has a body and no content-type; the document is compared as if it were JSON'
    case 'request.content-type.unknown':
    case 'response.content-type.unknown':
      return `the ${side} has the content-type ${excerpt(value)}, and the document has no body of it here`
    case 'request.accept.unknown':
      return 'the request has an accept header, and the document has no body in any answer here'
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
