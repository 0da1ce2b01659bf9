import { type Issue, type MockReply, pointerParts } from '../../base/http.ts'
import type { Dialect } from '../../core/api.ts'
import type { Kinds } from './kinds.ts'
import type { Problem } from './problems.ts'

/** A Django REST service: view-level checks first, then the verb, the object, the body; `detail` objects and nested field errors. */
export const dialect: Dialect<Kinds> = {
  order: ['credentials', 'caller', 'admitted', 'permitted', 'method', 'parameters', 'resource', 'body'],

  refuse(problem, requestBody): MockReply {
    // A path that Django's patterns do not match is not found.
    const noPath =
      problem.code === 'path-undecodable' ||
      (problem.code === 'parameters-invalid' && problem.issues?.some(({ at }) => at.startsWith('/path/')))
    const status = noPath ? 404 : problem.status
    const headers = {
      ...(status === 401 && { 'WWW-Authenticate': 'Token' }),
      ...(problem.allowed && { Allow: problem.allowed.join(', ') }),
      ...(problem.location !== undefined && { Location: problem.location }),
    }
    if (status === 301) return { status, headers }
    if (noPath) return { status, headers, body: { detail: NOT_FOUND } }
    if (problem.code === 'body-unreadable')
      return { status, headers, body: { detail: `JSON parse error - ${problem.issues?.[0]?.message ?? problem.detail}` } }
    const { issues = [] } = problem
    return {
      status,
      headers,
      body: issues.length > 0 && status < 500 ? fieldErrors(issues, requestBody) : { detail: DETAIL[problem.code] ?? problem.detail },
    }
  },

  reroute(path, { session }) {
    if (path.endsWith('/')) return undefined
    const assumption = 'supplier.trailing-slash'
    const way = ({ required: 'hint', redirect: 'redirect', optional: 'accept' } as const)[session.assumptions[assumption]]
    return { path: `${path}/`, way, assumption }
  },
}

const NOT_FOUND = 'Not found.'

/** Sentences that the framework says of itself; everything else says what was met. */
const SENTENCES = {
  'route-unknown': NOT_FOUND,
  'order-unknown': NOT_FOUND,
  'tracking-unknown': NOT_FOUND,
  'permission-missing': 'You do not have permission to perform this action.',
  'login-refused': 'Unable to log in with provided credentials.',
  'credentials-missing': 'Authentication credentials were not provided.',
  'credentials-refused': 'Invalid token.',
} as const satisfies { readonly [Code in Problem['code']]?: string }

const DETAIL: Readonly<Record<string, string>> = SENTENCES

/** Issues as field errors, in the shape of the body: a list has one entry for each of its elements, `{}` for those that are well. */
function fieldErrors(issues: readonly Issue[], requestBody: unknown): unknown {
  const root: Tree = { messages: [], members: new Map() }
  for (const issue of issues) {
    let tree = root
    for (const part of pointerParts(issue.at).slice(1)) {
      const next = tree.members.get(part) ?? { messages: [], members: new Map() }
      tree.members.set(part, next)
      tree = next
    }
    tree.messages.push({ text: wording(issue), whole: issue.rule === 'quantities-differ' && issue.value === undefined })
  }
  const body = render(root, requestBody)
  return Array.isArray(body) ? { non_field_errors: body } : body
}

interface Tree {
  readonly messages: { readonly text: string; readonly whole: boolean }[]
  readonly members: Map<string, Tree>
}

function render({ messages, members }: Tree, value: unknown): unknown {
  const texts = messages.map(({ text }) => text)
  if (members.size > 0 && Array.isArray(value))
    return value.map((element: unknown, index) => {
      const member = members.get(String(index))
      const rendered = member ? render(member, element) : {}
      return Array.isArray(rendered) ? { non_field_errors: rendered } : rendered
    })
  // A complaint about an object as a whole stands among those about its fields.
  if (members.size > 0 || messages.some(({ whole }) => whole))
    return {
      ...(texts.length > 0 && { non_field_errors: texts }),
      ...Object.fromEntries([...members].map(([name, member]) => [name, render(member, memberOf(value, name))])),
    }
  return texts
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}

function wording({ rule, message, value, wanted }: Issue): string {
  switch (rule) {
    case 'required':
      return 'This field is required.'
    case 'type':
      if (value === null) return 'This field may not be null.'
      if (wanted === 'array') return `Expected a list of items but got type "${pythonType(value)}".`
      if (wanted === 'object') return `Invalid data. Expected a dictionary, but got ${pythonType(value)}.`
      if (wanted === 'boolean') return 'Must be a valid boolean.'
      if ([wanted].flat().includes('integer')) return 'A valid integer is required.'
      return wanted === 'number' || ([wanted].flat().includes('number') && ![wanted].flat().includes('string'))
        ? 'A valid number is required.'
        : 'Not a valid string.'
    case 'pattern':
      return 'A valid integer is required.'
    case 'minimum':
      return `Ensure this value is greater than or equal to ${String(wanted)}.`
    case 'maximum':
      return `Ensure this value is less than or equal to ${String(wanted)}.`
    case 'minItems':
      return 'This list may not be empty.'
    case 'maxLength':
      return `Ensure this field has no more than ${String(wanted)} characters.`
    case 'enum':
      return `"${typeof value === 'string' ? value : JSON.stringify(value)}" is not a valid choice.`
    case 'format':
      return wanted === 'uuid'
        ? 'Must be a valid UUID.'
        : 'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].'
    case 'anyOf':
      return [wanted].flat().includes('date') ? 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD.' : message
    default:
      // A name that begins the sentence stays as it is written.
      return /^[a-z]+_/.test(message) ? `${message}.` : `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  }
}

function pythonType(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    default:
      return Array.isArray(value) ? 'list' : 'dict'
  }
}
