import { type Input, type Issue, type MockReply, pointerPart, type RequestBody } from '../base/http.ts'
import type { LoadedDocument, ValidateFunctions } from '../document/load.ts'
import { once } from '../base/once.ts'
import { DocumentError } from '../base/problem.ts'
import { type Answer, readAnswers } from './answer.ts'
import { createBodies, type ReadBody } from './body.ts'
import { formOf, loosened } from './form.ts'
import type { Side } from './generate.ts'
import { createParameter, type Parameter, type RawParameters } from './parameter.ts'
import { createReplies } from './replies.ts'
import { createRouter, METHODS, type Route, type Router } from './router.ts'
import { createReader, isJson, type Located, type Reader } from './schema.ts'
import { readSendable, type Sendable } from './sendable.ts'
import { createSecurity, type Security } from './security.ts'
import { pairs } from './style.ts'
import { createValidator } from './validator.ts'

/** An operation of a document, ready to be used. */
export interface Operation extends Security {
  /** The `operationId`, which may be left out; `METHOD /path` then. */
  readonly id: string
  readonly method: string
  readonly template: string
  readonly isDeprecated: boolean
  /** The media types of a body that it reads. */
  readonly mediaTypes: readonly string[]
  /** The documented statuses: `200`, `4XX`, `default`. */
  readonly statuses: readonly string[]
  /** The names of the parameters; those of headers in lower case. */
  readonly parameters: readonly string[]
  /** Reads and checks path, query, headers and cookies. `raw.path` is what the router found. */
  readParameters(raw: { path: Readonly<Record<string, string>>; query: string; headers: Readonly<Record<string, string>> }): ReadParameters
  /** Reads and checks the body by its media type. A body the operation does not declare is left alone. */
  readBody(body: RequestBody, contentType: string | undefined): ReadBody
  /** What is wrong with an answer of ours. */
  checkReply(reply: MockReply): readonly Issue[]
  /** What is wrong with an answer of another service. @param isBodyRead its body is what it sent */
  checkForeign(reply: MockReply, isBodyRead: boolean): readonly Issue[]
  /** The documented answers, their examples, and what can be made in place of these; read when they are first wanted. */
  readAnswers(): readonly Answer[]
  /** What a client can send it; read when it is first wanted. */
  readSendable(): Sendable
  /** Compiles what is otherwise compiled at first use, a schema for each step. @throws DocumentError */
  compiling(): Iterable<void>
}

export type ReadParameters = Omit<Input, 'body'> & {
  readonly issues: readonly Issue[]
  readonly undeclared: readonly Issue[]
  /** What is there of what the document would rather do without. */
  readonly deprecated: readonly Issue[]
}

/** What a document says, ready to be asked. */
export interface Contract {
  readonly name: string
  /** The path of the document's first server: what stands before every path of its own. No slash at the end. */
  readonly base: string
  readonly operations: readonly Operation[]
  match: Router<Operation>['match']
  /** What of the document is not served, and why: a sentence each, with the line. */
  readonly left: readonly string[]
  /** The main file of the document, as it is served to whoever asks. */
  readonly content: unknown
  /** The files that it refers to, by the names it has for them. */
  readonly parts: ReadonlyMap<string, unknown>
}

/** What an OpenAPI document is known by (OpenAPI 3.1, 4.8.1; 2.0, Swagger Object), where it is not whole. */
const SIGNS = ['openapi', 'swagger', 'paths']
const NONE: readonly Issue[] = []
const EMPTY: Readonly<Record<string, unknown>> = Object.freeze({})

const contracts = new WeakMap<LoadedDocument, Contract>()

/** The contract of a document, made once: contracts never change, and compiling their schemas is most of what a mock costs. */
export function contractOf(document: LoadedDocument): Contract {
  const contract = contracts.get(document) ?? createContract(document)
  contracts.set(document, contract)
  return contract
}

/**
 * Turns a document into operations. What it says of one is read when it is first asked for: what is wrong there is that operation's own.
 * @throws DocumentError for a document that has nothing in it
 */
export function createContract(document: LoadedDocument): Contract {
  const [main] = document.sources
  if (!main) throw new DocumentError(`${document.name}: the document is empty`)
  const { content } = main
  if (!isJson(content) || !SIGNS.some((sign) => Object.hasOwn(content, sign)))
    throw new DocumentError(`${main.uri}: it is no OpenAPI document: it has no version, as "openapi" or "swagger", and no paths`)
  const asked = once(() => formOf(document, 'request'))
  const request = once(() => sideOf(asked(), document.precompiled?.request))
  const response = once(() => {
    const answered = formOf(document, 'response')
    // What stands in nobody's words but JSON Schema's reads the same on both sides.
    const isSame = answered === document && asked() === document
    const side = isSame ? request() : sideOf(answered, document.precompiled?.response)
    return { ...side, loosened: once(() => sideOf(loosened(answered))) }
  })
  // Where things stand is the same in all forms of a document.
  const reader = createReader(document)
  const root = reader.at(main.uri, '')
  const routes: (Route<Operation> & { readonly located: Located })[] = []
  const left: string[] = []
  const ids = new Set<string>()
  for (const [template, item] of reader.items(root, 'paths')) {
    if (item instanceof DocumentError) {
      left.push(`${item.message}; the path ${template} is not served`)
      continue
    }
    for (const [method, located] of operationsIn(item, reader)) {
      const { operationId } = located.value
      const given = typeof operationId === 'string' && !ids.has(operationId) ? operationId : `${method} ${template}`
      if (typeof operationId === 'string' && given !== operationId)
        left.push(`${reader.where(located)}: the operationId "${operationId}" stands before; this operation is called "${given}"`)
      ids.add(given)
      const target = createOperation(given, method, template, { located, item, root, reader, request, response })
      routes.push({ method, template, located, target, ...(template.includes('#') && { names: target.parameters }) })
    }
  }
  const { match, hidden } = createRouter(routes)
  for (const { route, behind } of hidden) {
    const located = routes.find((one) => one === route)?.located ?? root
    left.push(
      `${reader.where(located)}: ${route.method} ${route.template} is never reached: no request tells it from ${behind.method} ${behind.template}`,
    )
  }
  return {
    name: document.name,
    base: baseOf(reader.items(root, 'servers')[0]?.[1], reader),
    operations: routes.map(({ target }) => target),
    match,
    left,
    content: main.content,
    parts: new Map(document.sources.slice(1).map(({ uri, content }) => [uri, content])),
  }
}

/** The operations of a path item, by their methods. */
function operationsIn(item: Located, reader: Reader): [method: string, operation: Located][] {
  const own = METHODS.flatMap((method): [string, Located][] => {
    const located = isJson(item.value[method.toLowerCase()]) ? reader.child(item, method.toLowerCase()) : undefined
    return located ? [[method, located]] : []
  })
  const additional = reader
    .items(item, 'additionalOperations')
    .flatMap(([method, located]): [string, Located][] => (located instanceof DocumentError ? [] : [[method, located]]))
  return [...own, ...additional]
}

/** The path of a server, its variables replaced by their defaults (OpenAPI 3.1, 4.8.5). */
function baseOf(server: Located | DocumentError | undefined, reader: Reader): string {
  if (!server || server instanceof DocumentError) return ''
  const { url } = server.value
  if (typeof url !== 'string') return ''
  const defaults = new Map(
    reader.items(server, 'variables').map(([name, variable]) => [name, variable instanceof DocumentError ? undefined : variable.value]),
  )
  const filled = url.trim().replaceAll(/\{([^{}]*)\}/g, (_text, name: string) => {
    const { default: value, enum: list } = defaults.get(name) ?? {}
    const one: unknown = value ?? (Array.isArray(list) ? list[0] : undefined)
    // Any text will do for what is not said.
    return typeof one === 'string' || typeof one === 'number' ? String(one) : name
  })
  // The host is of no interest here, and need be none that a browser would take.
  const path = filled.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i, '')
  return URL.canParse(path, 'http://localhost') ? new URL(path, 'http://localhost').pathname.replace(/\/+$/, '') : ''
}

/** A document read for what is sent, or for what is answered. */
function sideOf(document: LoadedDocument, precompiled?: ValidateFunctions): Side {
  const reader = createReader(document)
  return { reader, validator: createValidator(document, reader, true, precompiled) }
}

/** Where an operation stands, and what reads it. */
interface Surroundings {
  readonly located: Located
  readonly item: Located
  readonly root: Located
  /** Of the document as it is. */
  readonly reader: Reader
  readonly request: () => Side
  readonly response: () => Side
}

function createOperation(
  id: string,
  method: string,
  template: string,
  { located, item, root, reader, request, response }: Surroundings,
): Operation {
  /** The same place in another form of the document. */
  const placed = ({ uri, pointer }: Located, side: Side): Located => side.reader.at(uri, pointer)
  const parameters = once(() => {
    const side = request()
    const [inPath = ''] = template.split(/[?#]/)
    // An operation's parameter replaces the path's of the same name and place.
    const all = new Map<string, Parameter>()
    const isTaken = (queryName: string): boolean => security().isKey(queryName) || all.has(`query/${queryName}`)
    for (const owner of [item, located])
      for (const [, entry] of side.reader.children(placed(owner, side), 'parameters')) {
        const parameter = createParameter(entry, side.reader, side.validator, isTaken)
        // A path has no other values than its template.
        if (parameter && (parameter.in !== 'path' || inPath.includes(`{${parameter.name}}`)))
          all.set(parameter.name === '' ? entry.pointer : `${parameter.in}/${parameter.name}`, parameter)
      }
    return [...all.values()]
  })
  const bodies = once(() => createBodies(placed(located, request()), request().reader, request().validator))
  const replies = once(() => createReplies(placed(located, response()), response()))
  const security = once(() => createSecurity(root, located, reader))
  const sendable = once(() => {
    const side = request()
    return readSendable([placed(item, side), placed(located, side)], placed(located, side), side)
  })
  const answers = once(() => readAnswers(placed(located, response()), response()))
  // What the template asks of a query is no stranger there.
  const told = new Set(new URLSearchParams(template.split(/[?#]/).slice(1).join('&')).keys())
  return {
    id,
    method,
    template,
    isDeprecated: located.value['deprecated'] === true,
    get mediaTypes() {
      return bodies().mediaTypes
    },
    get statuses() {
      return reader.names(located, 'responses')
    },
    get parameters() {
      return [...new Set([item, located].flatMap((owner) => namesOf(owner, reader)))]
    },
    judge: (headers, query) => security().judge(headers, query),
    carrierOf: (value) => security().carrierOf(value),
    isKey: (queryName) => security().isKey(queryName),
    get challenges() {
      return security().challenges
    },
    get slips() {
      return [...security().slips, ...parameters().flatMap(({ slip }) => slip ?? [])]
    },
    readParameters: ({ path, query, headers }) =>
      readParameters(
        parameters(),
        {
          path,
          query: pairs(query, '&', true),
          queryText: query,
          header: headers,
          cookie: pairs(headers['cookie'] ?? '', ';', false),
        },
        (name) => told.has(name) || security().isKey(name),
      ),
    readBody: (body, contentType) => bodies().read(body, contentType),
    checkReply: (reply) => replies().check(reply),
    checkForeign: (reply, isBodyRead) => replies().checkForeign(reply, isBodyRead),
    readAnswers: answers,
    readSendable: sendable,
    *compiling() {
      for (const schema of [...parameters(), ...bodies().schemas, ...replies().schemas]) yield schema.compile()
      const [slip] = security().slips
      if (slip !== undefined) throw new DocumentError(slip)
    },
  }
}

/** The names of parameters, as far as they can be read. */
function namesOf(owner: Located, reader: Reader): string[] {
  return reader.items(owner, 'parameters').flatMap(([, parameter]) => {
    if (parameter instanceof DocumentError) return []
    const { name, in: place } = parameter.value
    return typeof name === 'string' ? [place === 'header' ? name.toLowerCase() : name] : []
  })
}

/** @param isKnown whether a name of the query is no parameter's, but no stranger either: the path itself, or the security, has it */
function readParameters(parameters: readonly Parameter[], raw: RawParameters, isKnown: (queryName: string) => boolean): ReadParameters {
  const values: Record<Parameter['in'], [name: string, value: unknown][]> = { path: [], query: [], header: [], cookie: [] }
  let issues = NONE
  let strange = NONE
  let deprecated = NONE
  for (const parameter of parameters) {
    const read = parameter.read(raw)
    if (read.undeclared.length > 0) strange = [...strange, ...read.undeclared]
    if (read.value !== undefined) values[parameter.in].push([parameter.name, read.value])
    if (read.issues.length > 0) issues = [...issues, ...read.issues]
    if (parameter.isDeprecated && (read.value !== undefined || read.issues.some(({ rule }) => rule !== 'required')))
      deprecated = [
        ...deprecated,
        { at: `/${parameter.in}/${pointerPart(parameter.name)}`, rule: 'deprecated', message: 'is deprecated', fix: 'leave it out' },
      ]
  }
  // Names come from documents and clients: never by assignment, which a name like __proto__ would turn into something else.
  const { path, query, header, cookie } = values
  const input = {
    path: path.length === 0 ? EMPTY : Object.fromEntries(path),
    query: query.length === 0 ? EMPTY : Object.fromEntries(query),
    header: header.length === 0 ? EMPTY : Object.fromEntries(header),
    cookie: cookie.length === 0 ? EMPTY : Object.fromEntries(cookie),
  }
  const owners = parameters.filter((parameter) => parameter.in === 'query')
  const undeclared = raw.query
    .filter(([name]) => !owners.some((parameter) => parameter.owns(name)) && !isKnown(name))
    .map(([name]): Issue => ({
      at: `/query/${pointerPart(name)}`,
      rule: 'undeclared',
      message: `the document declares no query parameter "${name}" here`,
      wanted: owners.map((parameter) => parameter.name),
      fix: 'leave it out',
    }))
  return { ...input, issues, deprecated, undeclared: strange.length > 0 ? [...strange, ...undeclared] : undeclared }
}
