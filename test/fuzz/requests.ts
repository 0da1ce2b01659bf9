import * as fc from 'fast-check'
import { METHODS } from '../../src/contract/router.ts'
import { createReader, type Located, type Reader } from '../../src/contract/schema.ts'
import { BUNDLED } from '../../src/bundled.ts'
import { readStates, withNames } from '../../src/library.ts'
import { serveApis } from '../../src/serving.ts'
import { loadBundled } from '../../src/document/load.ts'
import { readOptions } from '../../src/options.ts'
import { ORDER, REGISTRY } from '../support.ts'
import { type Answered, FromAnswers } from './answered.ts'
import { header, piece } from './bytes.ts'
import { key, mostly, odd, type Slip, slip, slipped, valueOf } from './values.ts'

/**
 * Requests to every operation of every document, made from the documents: as they should be, with one thing wrong, or made of anything.
 * Ids that exist are put in when a request is sent, from what was answered before.
 */

/** A request that may still have holes for values from answers. */
interface Draft {
  /** Document and operation. */
  readonly operation: string
  /** As it was last said to succeed, where it was. */
  readonly isExample: boolean
  readonly method: string
  readonly prefix: string
  readonly base: string
  readonly template: string
  readonly values: Readonly<Record<'path' | 'query' | 'header', Readonly<Record<string, unknown>>>>
  readonly more: string
  readonly headers: readonly string[]
  /** Those that an example has of its own. */
  readonly usual: readonly string[]
  readonly body: unknown
  /** What is wrong with the body of an example. */
  readonly wrong: Slip | undefined
}

/** A request as it is sent. */
export interface Message {
  readonly operation: string
  /** The last name in its path that is fixed: what its answer is one of. */
  readonly collection: string
  readonly method: string
  readonly bytes: Buffer
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.map(text).join(',') : (JSON.stringify(value) ?? '')
/** A lone half of a character cannot be encoded. */
const encoded = (value: unknown): string => encodeURIComponent(text(value).toWellFormed())
const inHeader = (value: unknown): string =>
  Buffer.from(text(value), 'utf8')
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e\x80-\xff]/g, '')

/** The bytes of a request, with what was answered in its holes. */
export function written(draft: Draft, answered: Answered): Message {
  const { operation, method, prefix, base, template, isExample, wrong } = draft
  const example = isExample ? answered.example(operation.split(' ')[1] ?? '') : undefined
  const {
    path = {},
    query = {},
    header = {},
  } = Object.fromEntries(Object.entries(draft.values).map(([place, values]) => [place, Object(answered.fill(values))]))
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(path[name]) || '%20')
  const asked = given(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  const target = example?.path ?? `${base}${filled}${asked.length > 0 ? '?' : ''}${asked.join('&')}`
  const value = example ? (wrong ? slipped(example.body, wrong) : example.body) : answered.fill(draft.body)
  const body = Buffer.from(value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value), 'utf8')
  const headers = [
    ...[...(example ? [] : draft.usual), ...draft.headers].map((line) =>
      line.replace('{auth_token}', () => text(answered.find(new FromAnswers('auth_token', 0, 'any')))),
    ),
    ...given(example?.headers ?? header).map(([name, one]) => `${name}: ${inHeader(one)}`),
    ...(body.length > 0 ? [`Content-Length: ${body.length}`] : []),
  ]
  const lines = [`${method} ${prefix}${target}${draft.more} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers]
  const collection = template.split('/').findLast((part) => /^\w+$/.test(part)) ?? ''
  return { operation, collection, method, bytes: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]) }
}

function given(values: object): [name: string, value: unknown][] {
  return Object.entries(values).filter(([, value]) => value !== undefined)
}

const CALLERS: Readonly<Record<string, readonly string[]>> = {
  'supplier-orders': ['Token 1234567890', 'Token retailer-1234567890', 'Token {auth_token}'],
  'oms-allocations': ['Bearer any'],
}
const session = fc.constantFrom<readonly [prefix: string, headers: readonly string[]]>(
  ['', ['Mock-Session: a']],
  ['/~a', []],
  ['/%7eb', []],
  ['', ['baggage: mock-session=b']],
  ['', []],
)

/** Where an operation stands. */
interface Place {
  readonly document: string
  readonly base: string
  readonly method: string
  readonly template: string
  readonly item: Located
  readonly operation: Located
}

/** Requests of an operation. */
function requestsOf(place: Place, reader: Reader): fc.Arbitrary<Draft> {
  const { document, base, method, template, operation } = place
  const { type, body } = bodyOf(operation, reader)
  const callers = (CALLERS[document] ?? []).map((one) => [`Authorization: ${one}`])
  return fc
    .record({
      isExample: fc.constantFrom(true, false, false),
      session,
      caller: fc.constantFrom(...(callers.length > 0 ? callers : [[]])),
      values: parametersOf(place, reader),
      wrong: fc.option(slip, { nil: undefined, freq: 3 }),
      more: fc.oneof({ weight: 12, arbitrary: fc.constant('') }, piece),
      headers: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(header, { maxLength: 2 })),
      verb: fc.oneof({ weight: 24, arbitrary: fc.constant(method) }, fc.constantFrom(...METHODS, 'PROPFIND', 'QUERY')),
      body: body ? mostly(body) : fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, odd),
    })
    .map(({ session: [prefix, named], caller, headers, verb, ...rest }) => ({
      ...rest,
      operation: `${document} ${String(operation.value['operationId'])}`,
      method: verb,
      prefix,
      base,
      template,
      headers: [...named, ...headers],
      usual: [...caller, ...(type === undefined ? [] : [`Content-Type: ${type}`])],
    }))
}

function parametersOf({ item, operation }: Place, reader: Reader): fc.Arbitrary<Draft['values']> {
  const places: Record<string, Record<string, fc.Arbitrary<unknown>>> = { path: {}, query: {}, header: {} }
  for (const owner of [item, operation])
    for (const [, parameter] of reader.children(owner, 'parameters')) {
      const { name, in: place, required, example } = parameter.value
      const schema = reader.schema(reader.children(parameter, 'content')[0]?.[1] ?? parameter, 'schema')
      const values = places[String(place)]
      if (typeof name !== 'string' || !schema || !values) continue
      const said = example === undefined ? [] : [{ weight: 3, arbitrary: fc.constant(example) }]
      const value = fc.oneof(
        { weight: 12, arbitrary: fc.oneof(...said, { weight: 4, arbitrary: valueOf(schema, reader, place === 'header' ? '' : name) }) },
        odd,
      )
      values[name] = required === true ? value : fc.option(value, { nil: undefined, freq: 2 })
    }
  const { path = {}, query = {}, header: headers = {} } = places
  return fc.record({
    path: fc.record(path),
    query: fc.oneof({ weight: 8, arbitrary: fc.record(query) }, fc.dictionary(key, odd, { maxKeys: 2 })),
    header: fc.record(headers),
  })
}

function bodyOf(operation: Located, reader: Reader): { type?: string; body?: fc.Arbitrary<unknown> } {
  const request = reader.child(operation, 'requestBody')
  const [type, media] = (request && reader.children(request, 'content')[0]) ?? []
  const schema = media && reader.schema(media, 'schema')
  if (type === undefined || !schema) return {}
  const examples = reader.children(media, 'examples').map(([, { value }]) => fc.constant(value['value']))
  return { type, body: fc.oneof({ weight: 2, arbitrary: valueOf(schema, reader) }, ...examples) }
}

const DOCUMENTS = ['supplier-orders', 'oms-allocations', 'control', 'provider-states'] as const

/** Requests of all operations of all documents, by the operation. */
export async function requestsOfDocuments(): Promise<ReadonlyMap<string, fc.Arbitrary<Draft>>> {
  const states = await stateChanges()
  const found = new Map<string, fc.Arbitrary<Draft>>()
  for (const name of DOCUMENTS) {
    const document = withNames(await loadBundled(name), REGISTRY)
    const reader = createReader(document)
    const [main] = document.sources
    if (!main) throw new Error(`${name} is empty`)
    const root = reader.at(main.uri, '')
    const base = new URL(String(reader.children(root, 'servers')[0]?.[1].value['url'])).pathname.replace(/\/$/, '')
    for (const [template, item] of reader.children(root, 'paths'))
      for (const method of METHODS) {
        const operation = reader.child(item, method.toLowerCase())
        if (!operation) continue
        const id = `${name} ${String(operation.value['operationId'])}`
        const requests = requestsOf({ document: name, base, method, template, item, operation }, reader)
        const change = fc.tuple(requests, states).map(([draft, body]) => ({ ...draft, body }))
        found.set(id, name === 'provider-states' ? fc.oneof({ weight: 5, arbitrary: change }, requests) : requests)
      }
  }
  return found
}

/** What verifiers of Pact send for the bundled states, with their parameters or with odd ones. */
async function stateChanges(): Promise<fc.Arbitrary<unknown>> {
  const serving = await serveApis(await Promise.all(BUNDLED.map((api) => api.load())))
  const states = await (await readStates(undefined, readOptions({}, serving.registry).base, serving))()
  const word = fc.oneof(fc.constantFrom('4', '7751', ORDER, 'x'.repeat(1_000)), odd.map(text))
  return fc.oneof(
    ...states.map(({ state, parameters = {} }) =>
      mostly(
        fc.record({
          state: fc.array(word, { minLength: 3, maxLength: 3 }).map((words) => {
            let next = 0
            return state.replaceAll(/\{[^}]*\}/g, (hole) => (words[0] === '4' ? hole : (words[next++] ?? '')))
          }),
          params: fc.record(
            Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, fc.oneof(fc.constant(value), word, odd)])),
            { requiredKeys: Object.entries(parameters).flatMap(([name, value]) => (value === null ? [name] : [])) },
          ),
          action: fc.constantFrom('setup', 'setup', 'setup', 'teardown'),
        }),
      ),
    ),
  )
}
