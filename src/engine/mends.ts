import type { Instead, Issue, MockRequest, Problem } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import { pointerParts } from '../base/http.ts'
import type { FindNearest } from '../contract/nearest.ts'
import type { Operation } from '../contract/operation.ts'
import { isJson } from '../contract/schema.ts'
import type { Make } from '../contract/sendable.ts'
import { editedAll, jsonBody, type Route, withBody, withoutHeader } from './edits.ts'

/** A request that succeeds now. */
export interface ExampleRequest {
  readonly operation: string
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** What mends are made from. */
export interface Material {
  /** The operation that a request is for. */
  readonly operationOf: (
    request: MockRequest,
  ) => { readonly operation: Operation; readonly name: string; readonly route: Route } | undefined
  readonly examples: () => readonly ExampleRequest[]
  /** Where what a request's path names stands, in words, if the operation cannot move it from there. */
  readonly standing: (request: MockRequest) => string | undefined
  readonly nearest: FindNearest
  /** Credentials that are good, as headers and query of a request to an operation. */
  readonly credentials: (
    operation: Operation | undefined,
  ) => readonly { readonly headers: Readonly<Record<string, string>>; readonly query: string }[]
  readonly make: Make
}

/** So many values are tried for one place. */
const MOST = 4

/** What may be sent in place of a refused request, the least change first. Each may be refused in turn. */
export function* mendsOf(request: MockRequest, problem: Problem, material: Material): Generator<MockRequest> {
  const known = material.operationOf(request)
  yield* byCode(request, problem, material, known?.operation)
  const issues = problem.issues ?? []
  const values = issues.map((issue) => valuesFor(issue, request, material))
  // All that is wrong at once, each with its best value, then with its next best.
  for (let nth = 0; nth < MOST; nth++) {
    if (nth > 0 && values.every((list) => list.length <= nth)) break
    const edits = values.flatMap((list) => list[Math.min(nth, list.length - 1)] ?? [])
    const next = all(request, edits, known?.route)
    if (next) yield next
  }
  for (const list of values) for (const edits of list) yield* one(all(request, edits, known?.route))
  if (known) yield* whole(request, problem, known.operation, known.name, material)
}

function* one(request: MockRequest | undefined): Generator<MockRequest> {
  if (request) yield request
}

/** What goes from a list goes from its end, so that places in front of it stay. */
function all(request: MockRequest, edits: readonly Instead[], route: Route | undefined): MockRequest | undefined {
  if (edits.length === 0) return undefined
  const removed = edits.filter(({ to }) => to === undefined).toSorted((a, b) => compare(pointerParts(b.at), pointerParts(a.at)))
  return editedAll(request, [...edits.filter(({ to }) => to !== undefined), ...removed], route)
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [place, part] of a.entries()) {
    const other = b[place]
    if (other === undefined) return 1
    if (part !== other) return /^\d+$/.test(part) && /^\d+$/.test(other) ? Number(part) - Number(other) : part < other ? -1 : 1
  }
  return a.length - b.length
}

/** What the kind of refusal alone says. */
function* byCode(request: MockRequest, problem: Problem, material: Material, operation: Operation | undefined): Generator<MockRequest> {
  switch (problem.code) {
    case 'route-unknown':
    case 'method-unknown':
      for (const { method, path: template, operation: name } of material.nearest(request.method, request.path)) {
        const path = filled(template, request.path)
        if (path !== undefined) yield { ...request, method, path }
        for (const example of material.examples()) if (example.operation === name) yield withPath({ ...request, method }, example)
      }
      break
    case 'path-undecodable':
      yield { ...request, path: request.path.replaceAll(/%(?![\da-f]{2})/gi, '%25') }
      break
    case 'credentials-missing':
    case 'credentials-refused':
    case 'caller-refused':
    case 'permission-missing':
      for (const { headers, query } of material.credentials(operation))
        yield { ...request, headers: { ...request.headers, ...headers }, query: joined(request.query, query) }
      break
    case 'media-type-unsupported': {
      const [mediaType] = operation?.mediaTypes ?? []
      const plain = withoutHeader(request, 'content-encoding')
      if (mediaType !== undefined && !mediaType.includes('*')) yield { ...plain, headers: { ...plain.headers, 'content-type': mediaType } }
      break
    }
    case 'preference-invalid':
    case 'response-unknown':
      yield withoutHeader(request, 'prefer')
      break
    case 'not-acceptable':
      yield { ...request, headers: { ...request.headers, accept: '*/*' } }
      break
    default:
  }
}

/** The body, or the request as a whole, of one that succeeds, or as the document has it. */
function* whole(
  request: MockRequest,
  { code, issues = [] }: Problem,
  operation: Operation,
  name: string,
  material: Material,
): Generator<MockRequest> {
  const examples = material.examples().filter((example) => example.operation === name)
  const isOfBody = code === 'body-unreadable' || code === 'request-invalid' || issues.some(({ at }) => at.startsWith('/body'))
  if (isOfBody) {
    const made = operation.readSendable().bodyOf(material.make)
    if (made) yield withBody(request, made.value, made.mediaType)
    for (const example of examples) {
      const same = withPath(request, example).path === request.path
      if (example.body !== undefined && same) yield withBody(request, example.body)
    }
  }
  // Where what is asked for is not there, something else may be.
  if (/unknown|not-found/.test(code) || (code === 'parameters-invalid' && issues.some(({ at }) => at.startsWith('/path'))))
    for (const example of examples) {
      const other = withPath(request, example)
      yield other
      if (example.body !== undefined) yield withBody(other, example.body)
    }
}

/** Values for a place, the likeliest first; each is what is to be changed together. */
function valuesFor(issue: Issue, request: MockRequest, material: Material): readonly (readonly Instead[])[] {
  const { at, rule, value, wanted, instead } = issue
  if (instead) return [instead]
  const to = (...values: readonly unknown[]): Instead[][] => values.filter((one) => one !== undefined).map((one) => [{ at, to: one }])
  const leaveOut: Instead[] = [{ at }]
  const texts = [wanted].flat().filter((one): one is string => typeof one === 'string')
  switch (rule) {
    case 'required':
      return [...moved(at, request), ...to(exampleAt(at, request, material), made(issue, request, material))]
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'undeclared':
    case 'deprecated': {
      const [parent, name] = [at.slice(0, at.lastIndexOf('/')), pointerParts(at).at(-1) ?? '']
      const like = nearest(name, texts).at(0)
      const sent = at.startsWith('/body') ? valueOf(request, at) : undefined
      const isSlip = like !== undefined && sent !== undefined && valueOf(request, `${parent}/${like}`) === undefined && isLike(name, like)
      return isSlip ? [[{ at }, { at: `${parent}/${like}`, to: sent }], leaveOut] : [leaveOut]
    }
    case 'enum':
    case 'const': {
      const list = [wanted].flat()
      const like = typeof value === 'string' ? nearest(value, texts).slice(0, 2) : []
      return [...to(...like, ...list.slice(0, 2)), leaveOut]
    }
    case 'type':
      return [...to(...coerced(value, texts), exampleAt(at, request, material), made(issue, request, material)), leaveOut]
    case 'minimum':
    case 'maximum':
      return to(wanted, exampleAt(at, request, material))
    case 'exclusiveMinimum':
      return to(typeof wanted === 'number' ? wanted + 1 : undefined, exampleAt(at, request, material))
    case 'exclusiveMaximum':
      return to(typeof wanted === 'number' ? wanted - 1 : undefined, exampleAt(at, request, material))
    case 'multipleOf':
      return to(typeof wanted === 'number' && typeof value === 'number' ? Math.round(value / wanted) * wanted : undefined)
    case 'maxLength':
      return [
        ...to(typeof value === 'string' && typeof wanted === 'number' ? Array.from(value).slice(0, wanted).join('') : undefined),
        ...to(exampleAt(at, request, material), made(issue, request, material)),
      ]
    case 'maxItems':
      return to(Array.isArray(value) && typeof wanted === 'number' ? value.slice(0, wanted) : undefined)
    case 'minItems':
      return to(padded(value, made(issue, request, material), wanted), exampleAt(at, request, material), made(issue, request, material))
    case 'uniqueItems':
      return to(Array.isArray(value) ? [...new Map(value.map((one) => [JSON.stringify(one), one])).values()] : undefined)
    default:
      // What is no rule of the document is one of the business: a value made up would be as wrong.
      if (!issue.place) return /unknown/.test(rule) ? to(exampleAt(at, request, material)) : []
      return [...to(exampleAt(at, request, material), made(issue, request, material)), leaveOut]
  }
}

/** What stands beside a place under a name like its own. */
function moved(at: string, request: MockRequest): readonly (readonly Instead[])[] {
  const [parent, name] = [at.slice(0, at.lastIndexOf('/')), pointerParts(at).at(-1) ?? '']
  const around = at.startsWith('/body') ? valueOf(request, parent) : undefined
  if (!isJson(around)) return []
  const like = nearest(name, Object.keys(around)).find((one) => isLike(one, name))
  return like === undefined ? [] : [[{ at: `${parent}/${like}` }, { at, to: valueOf(request, `${parent}/${like}`) }]]
}

function isLike(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase().replaceAll(/[^a-z\d]/g, ''), other.toLowerCase().replaceAll(/[^a-z\d]/g, '')]
  return a === b || (Math.abs(a.length - b.length) <= 2 && (a.startsWith(b.slice(0, -2)) || b.startsWith(a.slice(0, -2))))
}

/** A value as one of the types: what a text says, what a number is as a text, one thing as a list of one. */
function coerced(value: unknown, types: readonly string[]): readonly unknown[] {
  return types.map((type) => {
    switch (type) {
      case 'integer':
      case 'number': {
        const number =
          typeof value === 'string' && value.trim() !== '' ? Number(value) : typeof value === 'number' ? Math.round(value) : Number.NaN
        return Number.isFinite(number) && (type === 'number' || Number.isInteger(number)) ? number : undefined
      }
      case 'boolean':
        return value === 'true' ? true : value === 'false' ? false : undefined
      case 'string':
        return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
      case 'array':
        return value === null || value === undefined || Array.isArray(value) ? undefined : [value]
      case 'object':
        return Array.isArray(value) && value.length === 1 && isJson(value[0]) ? value[0] : undefined
      default:
        return undefined
    }
  })
}

/** A list with what another has beside it, as long as it has to be. */
function padded(list: unknown, others: unknown, least: unknown): unknown {
  if (!Array.isArray(list) || !Array.isArray(others) || typeof least !== 'number') return undefined
  const known = new Set(list.map((one) => JSON.stringify(one)))
  return [...list, ...others.filter((one) => !known.has(JSON.stringify(one)))].slice(0, Math.max(least, list.length))
}

function valueOf(request: MockRequest, at: string): unknown {
  let value = jsonBody(request)?.value
  for (const part of pointerParts(at).slice(1))
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? Object.entries(value).find(([name]) => name === part)?.[1]
        : undefined
  return value
}

/** What a request to the operation that succeeds has there. */
function exampleAt(at: string, request: MockRequest, { examples, operationOf }: Material): unknown {
  const name = operationOf(request)?.name
  const [where, key = '', ...rest] = pointerParts(at)
  for (const example of examples()) {
    if (example.operation !== name) continue
    if (where === 'body' && example.body !== undefined) {
      const value = valueOf(withBody(request, example.body), at)
      if (value !== undefined) return value
    }
    if (where === 'header' && rest.length === 0) {
      const found = Object.entries(example.headers).find(([one]) => one.toLowerCase() === key)
      if (found) return found[1]
    }
    if (where === 'query') {
      const value = new URLSearchParams(example.path.split('?')[1] ?? '').get(key)
      if (value !== null) return value
    }
  }
  return undefined
}

/** What the document has, or what fits its schema. */
function made({ at, rule, place }: Issue, request: MockRequest, { operationOf, make }: Material): unknown {
  const operation = operationOf(request)?.operation
  if (!operation) return undefined
  const sendable = operation.readSendable()
  const [where, name = '', ...rest] = pointerParts(at)
  if (where === 'body' && name === '') return sendable.bodyOf(make)?.value
  if (where !== 'body' && rest.length === 0) {
    const parameter = sendable.parameters.find((one) => one.in === where && one.name === name)
    return parameter && sendable.parameterOf(parameter, make)
  }
  if (!place) return undefined
  const schema = place.pointer.slice(0, place.pointer.lastIndexOf('/'))
  return sendable.valueAt(place.file, schema, rule === 'required' ? pointerParts(at).at(-1) : undefined, make)
}

/** The template with what was sent in the places of its parameters; undefined where they do not lie beside each other. */
function filled(template: string, path: string): string | undefined {
  const sent = path.replace(/\/+$/, '').split('/')
  const wanted = template.split('/')
  if (sent.length !== wanted.length && sent.length + 1 !== wanted.length) return undefined
  const segments = wanted.map((segment, place) => (/[{}]/.test(segment) ? sent[place] : segment))
  return segments.includes(undefined) || segments.slice(1, -1).includes('') ? undefined : segments.join('/')
}

function withPath(request: MockRequest, { path }: ExampleRequest): MockRequest {
  const [plain = '', query = ''] = path.split('?', 2)
  return { ...request, path: plain, query: request.query === '' ? query : request.query }
}

function joined(before: string, added: string): string {
  return [before, added].filter((one) => one !== '').join('&')
}
