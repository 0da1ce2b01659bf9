import { type Issue, type MockReply, pointerParts, type Problem } from '../base/http.ts'
import type { CoreCode } from '../base/problem.ts'
import { refusal } from '../base/refusal.ts'
import { withoutSecretValues } from '../base/secret.ts'
import type { Operation } from '../contract/operation.ts'

/*
 * Refusals as Prism words them (https://docs.stoplight.io/docs/prism), for documents that nobody speaks for: clients and tests that were
 * written beside it read `type`, `title` and `validation`.
 */

/** One thing that is wrong, as `validation` and `sl-violations` tell it. */
export interface Violation {
  readonly location?: readonly string[]
  readonly severity: 'Error' | 'Warning'
  readonly code: string | number
  readonly message: string
}

/** The statuses that a document's own answer to a problem may have, the first that it declares first. */
export function statusesOf({ code }: Problem): readonly number[] {
  switch (code) {
    case 'credentials-missing':
    case 'credentials-refused':
      return [401]
    case 'media-type-unsupported':
      return [415, 422, 400]
    case 'parameters-invalid':
    case 'body-unreadable':
    case 'request-invalid':
      return [422, 400]
    default:
      return []
  }
}

/** The status with which the document itself answers one of these; undefined where it does not. */
export function documentedStatus({ statuses }: Operation, wanted: readonly number[]): number | undefined {
  const [first] = wanted
  const declared = wanted.find((status) => statuses.includes(String(status)) || statuses.includes(`${Math.floor(status / 100)}XX`))
  return declared ?? (statuses.includes('default') ? first : undefined)
}

/** Everything that is wrong, in Prism's words and order. @param message whose it is */
export function violationsOf(problem: Problem, message: 'Request' | 'Response' = 'Request', operation?: Operation): Violation[] {
  const { code, issues = [] } = withoutSecretValues(problem)
  const own = OWN[code]?.(operation)
  const told = issues.toSorted((one, other) => rankOf(one) - rankOf(other)).map((issue) => violationOf(issue, message, operation))
  return own ? [own, ...told] : told
}

/** What is wrong without being wrong at a place, by its code. */
const OWN: Readonly<Record<string, ((operation: Operation | undefined) => Violation) | undefined>> = {
  'credentials-missing': () => ({ severity: 'Error', code: 401, message: 'Invalid security scheme used' }),
  'credentials-refused': () => ({ severity: 'Error', code: 401, message: 'Invalid security scheme used' }),
  'media-type-unsupported': (operation) => ({ severity: 'Error', code: 415, message: supported(operation) }),
}

function supported(operation: Operation | undefined): string {
  const types = operation?.mediaTypes ?? []
  return types.length === 0
    ? 'No supported content types, but request included a non-empty body'
    : `Supported content types: ${types.join(',')}`
}

/** What is wrong with a request, or with an answer, where both are told of. */
export function sided(side: 'request' | 'response', violations: readonly Violation[]): Violation[] {
  return violations.map(({ location = [], ...rest }) => ({ location: [side, ...location], ...rest }))
}

/** The header `sl-violations`. @returns undefined where nothing is wrong */
export function violationsHeader(told: readonly Violation[]): string | undefined {
  if (told.length === 0) return undefined
  // JSON can say every character in ASCII, and headers hold no other.
  const text = JSON.stringify(told).replaceAll(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return text.length > MOST ? `Too many violations! ${text.slice(0, MOST)}` : text
}

/** Most clients read 8 KiB of a header. */
const MOST = 8_092

const PLACES = ['body', 'header', 'query', 'path', 'cookie']

/** By place; there what is missing comes first, and last what is well and yet told. */
function rankOf({ at, rule }: Issue): number {
  const [place = '', ...path] = pointerParts(at)
  const isMissing = rule === 'required' && place !== 'body' && path.length === 1
  return PLACES.indexOf(place) * 3 + (isMissing ? 0 : rule === 'deprecated' ? 2 : 1)
}

/** What is missing, or too much, is said of what has it, or has it not. */
const OF_PARENT: ReadonlySet<string> = new Set(['required', 'dependentRequired', 'additionalProperties', 'unevaluatedProperties'])

function violationOf(issue: Issue, message: 'Request' | 'Response', operation: Operation | undefined): Violation {
  const { at, rule } = issue
  const [place = '', ...path] = pointerParts(at)
  const own = OWN[rule]?.(operation)
  if (own) return own
  // A status has no place of its own.
  if (place === 'status') return { severity: 'Error', code: rule, message: issue.message }
  if (rule === 'deprecated')
    return {
      location: [place, ...path],
      severity: 'Warning',
      code: rule,
      message: `${place.charAt(0).toUpperCase()}${place.slice(1)} param ${path.join('.')} is deprecated`,
    }
  if (place === 'body' && path.length === 0 && rule === 'required')
    return { severity: 'Error', code: 'required', message: 'Body parameter is required' }
  const within = OF_PARENT.has(rule) ? path.slice(0, -1) : path
  if (rule === 'undeclared') return { location: [place, ...within], severity: 'Error', code: rule, message: issue.message }
  const owner = within.length === 0 ? '' : `${place === 'body' ? 'property' : 'parameter'} ${within.join('.')} `
  return {
    location: [place, ...within],
    severity: 'Error',
    code: rule,
    message: `${message} ${place} ${owner}${textOf(issue, path.at(-1) ?? '')}`,
  }
}

/** What a rule asks for, in ajv's words, which are Prism's. */
function textOf({ rule, wanted, value, message }: Issue, name: string): string {
  const list = [wanted].flat().join(rule === 'enum' ? ', ' : ',')
  switch (rule) {
    case 'required':
      return `must have required property '${[wanted ?? name].flat().map(String).join("' or '")}'`
    case 'additionalProperties':
      return `must NOT have additional properties; found '${name}'`
    case 'unevaluatedProperties':
      return `must NOT have unevaluated properties: '${name}'`
    case 'type':
      return `must be ${list}`
    case 'enum':
      return `must be equal to one of the allowed values: ${list}`
    case 'const':
      return 'must be equal to constant'
    case 'pattern':
      return `must match pattern "${list}"`
    case 'format':
      return `must match format "${list}"`
    case 'multipleOf':
      return `must be multiple of ${list}`
    case 'uniqueItems':
      return `must NOT have duplicate items${pairOf(value)}`
    case 'syntax':
      return `cannot be read: ${message}`
    case 'not':
      return 'must NOT be valid'
    case 'oneOf':
      return 'must match exactly one schema in oneOf'
    case 'anyOf':
      return 'must match a schema in anyOf'
    case 'propertyNames':
      return 'property name must be valid'
    default: {
      const [before, after] = LIMITS[rule] ?? []
      return before === undefined ? message : `${before} ${list}${after ?? ''}`
    }
  }
}

const LIMITS: Readonly<Record<string, readonly [before: string, after?: string]>> = {
  minimum: ['must be >='],
  maximum: ['must be <='],
  exclusiveMinimum: ['must be >'],
  exclusiveMaximum: ['must be <'],
  minLength: ['must NOT have fewer than', ' characters'],
  maxLength: ['must NOT have more than', ' characters'],
  minItems: ['must NOT have fewer than', ' items'],
  maxItems: ['must NOT have more than', ' items'],
  minProperties: ['must NOT have fewer than', ' properties'],
  maxProperties: ['must NOT have more than', ' properties'],
}

/** Which of the items are the same: the last that has one like it, and the last of those. */
function pairOf(value: unknown): string {
  const texts = Array.isArray(value) ? value.map((item: unknown) => JSON.stringify(item)) : []
  const last = texts.findLastIndex((text, index) => texts.indexOf(text) < index)
  return last === -1 ? '' : ` (items ## ${last} and ${texts.lastIndexOf(texts[last] ?? '', last - 1)} are identical)`
}

const TYPE = 'https://stoplight.io/prism/errors#'

interface Row {
  readonly type: string
  readonly title: string
  readonly status: number
}

const UNPROCESSABLE: Row = { type: 'UNPROCESSABLE_ENTITY', title: 'Invalid request', status: 422 }
const UNAUTHORIZED: Row = { type: 'UNAUTHORIZED', title: 'Invalid security scheme used', status: 401 }

/** What Prism has a name for. */
const ROWS: { readonly [Code in CoreCode]?: Row } = {
  'route-unknown': { type: 'NO_PATH_MATCHED_ERROR', title: 'Route not resolved, no path matched', status: 404 },
  'method-unknown': { type: 'NO_METHOD_MATCHED_ERROR', title: 'Route resolved, but no method matched', status: 405 },
  'credentials-missing': UNAUTHORIZED,
  'credentials-refused': UNAUTHORIZED,
  'media-type-unsupported': { type: 'INVALID_CONTENT_TYPE', title: 'Invalid content type', status: 415 },
  'parameters-invalid': UNPROCESSABLE,
  'body-unreadable': UNPROCESSABLE,
  'request-invalid': UNPROCESSABLE,
  'preference-invalid': UNPROCESSABLE,
  'response-unknown': { type: 'NOT_FOUND', title: 'The server cannot find the requested content', status: 404 },
  'not-acceptable': {
    type: 'NOT_ACCEPTABLE',
    title: 'The server cannot produce a representation for your accept header',
    status: 406,
  },
  'reply-invalid': { type: 'VIOLATIONS', title: 'Request/Response not valid', status: 500 },
}

/** A problem under Prism's name, in our own words of what would do; a plain one where Prism has no name for it. */
export function asPrism(problem: Problem): MockReply {
  const plain = refusal(problem)
  const { detail, fix = problem.issues?.[0]?.fix } = plain.problem ?? problem
  const row: Row | undefined = Object.entries(ROWS).find(([code]) => code === problem.code)?.[1]
  if (!row) return plain
  const challenge = problem.challenges?.join(',')
  const headers = { ...plain.headers, ...(challenge !== undefined && challenge !== '' && { 'WWW-Authenticate': challenge }) }
  const violations =
    row === UNPROCESSABLE
      ? violationsOf(problem)
      : row === ROWS['reply-invalid']
        ? sided('response', violationsOf(problem, 'Response'))
        : undefined
  const { type, title, status } = row
  return {
    ...plain,
    status,
    headers,
    body: {
      type: TYPE + type,
      title,
      status,
      detail: fix === undefined ? detail : `${detail.replace(/\.$/, '')}; ${fix}`,
      ...(violations && violations.length > 0 && { validation: violations }),
      ...(problem.challenges && challenge !== '' && { headers: { 'WWW-Authenticate': challenge } }),
    },
  }
}
