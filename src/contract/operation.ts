import { type Input, type Issue, type MockReply, pointerPart, type RequestBody } from '../base/http.ts'
import type { LoadedDocument } from '../document/load.ts'
import { DocumentError } from '../base/problem.ts'
import { type Answer, readAnswers } from './answer.ts'
import { createBodies, type ReadBody } from './body.ts'
import { formOf } from './form.ts'
import type { Side } from './generate.ts'
import { createParameter, type Parameter, type RawParameters } from './parameter.ts'
import { createReplies } from './replies.ts'
import { createRouter, type Match, METHODS, type Route } from './router.ts'
import { createReader, type Located, type Reader } from './schema.ts'
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
  /** Compiles what is otherwise compiled at first use. @throws DocumentError for what does not compile, and for a slip */
  compile(): void
}

export type ReadParameters = Omit<Input, 'body'> & { readonly issues: readonly Issue[]; readonly undeclared: readonly Issue[] }

/** What a document says, ready to be asked. */
export interface Contract {
  readonly name: string
  /** The path of the document's first server: what stands before every path of its own. No slash at the end. */
  readonly base: string
  readonly operations: readonly Operation[]
  match(method: string, path: string): Match<Operation>
  /** The main file of the document, as it is served to whoever asks. */
  readonly content: unknown
  /** The files that it refers to, by the names it has for them. */
  readonly parts: ReadonlyMap<string, unknown>
}

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
 * Turns a document into ready operations.
 * @throws DocumentError on the first thing that cannot be read: nothing is served half-checked. Schemas compile at their first use.
 */
export function createContract(document: LoadedDocument): Contract {
  const [main] = document.sources
  if (!main) throw new DocumentError(`${document.name}: the document is empty`)
  const [sent, answered] = [formOf(document, 'request'), formOf(document, 'response')]
  const request = sideOf(sent)
  const response = answered === sent ? request : sideOf(answered)
  const { reader } = request
  const root = reader.at(main.uri, '')
  const routes: Route<Operation>[] = []
  for (const [template, item] of reader.children(root, 'paths')) {
    if (!template.startsWith('/')) throw new DocumentError(`${main.uri}: the path "${template}" does not begin with a slash`)
    for (const method of METHODS) {
      const located = reader.child(item, method.toLowerCase())
      if (located) routes.push({ method, template, target: createOperation(method, template, located, item, root, request, response) })
    }
  }
  return {
    name: document.name,
    base: baseOf(reader.children(root, 'servers')[0]?.[1], reader),
    operations: routes.map(({ target }) => target),
    match: createRouter(routes),
    content: main.content,
    parts: new Map(document.sources.slice(1).map(({ uri, content }) => [uri, content])),
  }
}

/** The path of a server, its variables replaced by their defaults (OpenAPI 3.1, 4.8.5). */
function baseOf(server: Located | undefined, reader: Reader): string {
  const url = server?.value['url']
  if (!server || typeof url !== 'string') return ''
  const defaults = new Map(reader.children(server, 'variables').map(([name, { value }]) => [name, value['default']]))
  const filled = url.replaceAll(/\{([^{}]*)\}/g, (text, name: string) => {
    const value = defaults.get(name)
    return typeof value === 'string' ? value : text
  })
  if (!URL.canParse(filled, 'http://localhost'))
    throw new DocumentError(`${reader.where(server)}: "${filled}" is not a valid URL of a server`)
  return new URL(filled, 'http://localhost').pathname.replace(/\/$/, '')
}

/** A document read for what is sent, or for what is answered. */
function sideOf(document: LoadedDocument): Side {
  const reader = createReader(document)
  return { reader, validator: createValidator(document, reader) }
}

function createOperation(
  method: string,
  template: string,
  located: Located,
  item: Located,
  root: Located,
  { reader, validator }: Side,
  response: Side,
): Operation {
  const { operationId } = located.value
  // An operation's parameter replaces the path's of the same name and place.
  const parameters = new Map<string, Parameter>()
  const security = createSecurity(root, located, reader)
  for (const owner of [item, located])
    for (const [, entry] of reader.children(owner, 'parameters')) {
      const isTaken = (queryName: string): boolean =>
        security.isKey(queryName) || all.some(({ name, in: place }) => place === 'query' && name === queryName)
      const parameter = createParameter(entry, reader, validator, isTaken)
      if (parameter) parameters.set(parameter.name === '' ? entry.pointer : `${parameter.in}/${parameter.name}`, parameter)
    }
  const all = [...parameters.values()]
  const bodies = createBodies(located, reader, validator)
  const answered = response.reader.at(located.uri, located.pointer)
  const replies = createReplies(answered, response)
  let answers: readonly Answer[] | undefined
  return {
    id: typeof operationId === 'string' ? operationId : `${method} ${template}`,
    method,
    template,
    isDeprecated: located.value['deprecated'] === true,
    mediaTypes: bodies.mediaTypes,
    statuses: replies.statuses,
    parameters: all.map(({ name, in: place }) => (place === 'header' ? name.toLowerCase() : name)),
    ...security,
    slips: [...security.slips, ...all.flatMap(({ slip }) => slip ?? [])],
    readParameters: ({ path, query, headers }) =>
      readParameters(all, security, {
        path,
        query: pairs(query, '&', true),
        queryText: query,
        header: headers,
        cookie: pairs(headers['cookie'] ?? '', ';', false),
      }),
    readBody: bodies.read,
    checkReply: replies.check,
    checkForeign: replies.checkForeign,
    readAnswers: () => (answers ??= readAnswers(answered, response)),
    compile() {
      bodies.compile()
      replies.compile()
      for (const parameter of all) parameter.compile()
      const [slip] = security.slips
      if (slip !== undefined) throw new DocumentError(slip)
    },
  }
}

function readParameters(parameters: readonly Parameter[], security: Security, raw: RawParameters): ReadParameters {
  const values: Record<Parameter['in'], [name: string, value: unknown][]> = { path: [], query: [], header: [], cookie: [] }
  let issues = NONE
  let strange = NONE
  for (const parameter of parameters) {
    const read = parameter.read(raw)
    if (read.undeclared.length > 0) strange = [...strange, ...read.undeclared]
    if (read.value !== undefined) values[parameter.in].push([parameter.name, read.value])
    if (read.issues.length > 0) issues = [...issues, ...read.issues]
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
    .filter(([name]) => !owners.some((parameter) => parameter.owns(name)) && !security.isKey(name))
    .map(([name]): Issue => ({
      at: `/query/${pointerPart(name)}`,
      rule: 'undeclared',
      message: `the document declares no query parameter "${name}" here`,
      wanted: owners.map((parameter) => parameter.name),
      fix: 'leave it out',
    }))
  return { ...input, issues, undeclared: strange.length > 0 ? [...strange, ...undeclared] : undeclared }
}
