import type { ExampleRequest } from '../client/client.ts'
import { below, listOf, resolved } from './json.ts'
import type { Operation, Parameter } from './operations.ts'

/** A request to begin with where none is known to succeed. */
export interface Made {
  readonly request: ExampleRequest
  /** What the document gives no value for: it stands in braces, for whoever sends it to fill in. */
  readonly open: readonly string[]
}

/**
 * What has to be sent, with values that the document itself gives, and credentials as for other operations.
 * @param base what stands before the document's paths @param others requests to the same API that succeed now
 */
export function madeFor(document: unknown, operation: Operation, base: string, [other]: readonly ExampleRequest[]): Made {
  const { id, method, path, body, parameters } = operation
  const required = parameters
    .filter(({ isRequired, place, name }) => (isRequired || place === 'path') && !(place === 'header' && OWN.test(name)))
    .map((parameter) => ({ ...parameter, value: valueOf(document, parameter) }))
  const textOf = ({ name, value }: (typeof required)[number]): string => (value === undefined ? `{${name}}` : String(value))
  const at = (place: string): typeof required => required.filter((one) => one.place === place)
  const filled = at('path').reduce(
    (whole, one) => (one.value === undefined ? whole : whole.replaceAll(`{${one.name}}`, () => encodeURIComponent(textOf(one)))),
    path,
  )
  const query = at('query').map(
    (one) => `${encodeURIComponent(one.name)}=${one.value === undefined ? textOf(one) : encodeURIComponent(textOf(one))}`,
  )
  const content = body?.contents.find(({ mediaType }) => /json/i.test(mediaType))
  // Of Swagger 2.0 the body is a parameter.
  const whole = parameters.find(({ place }) => place === 'body')
  const mediaType = content?.mediaType ?? (whole && 'application/json')
  const sent = content?.examples.at(0)?.value ?? givenBy(document, content?.schema ?? whole?.schema)
  const headers = {
    ...other?.headers,
    ...Object.fromEntries(at('header').map((one) => [one.name, textOf(one)])),
    ...(mediaType !== undefined && { 'Content-Type': mediaType }),
  }
  return {
    request: {
      api: '',
      operation: id,
      method,
      path: base + filled + (query.length === 0 ? '' : `?${query.join('&')}`),
      headers,
      curl: '',
      ...(sent !== undefined && { body: sent }),
    },
    open: ['path', 'query', 'header'].flatMap((place) => at(place).flatMap(({ name, value }) => (value === undefined ? [name] : []))),
  }
}

/** Headers that are no parameters, whatever a document says (OpenAPI 3.1, 4.8.12.2). */
const OWN = /^(?:accept|content-type|authorization)$/i

type Scalar = string | number | boolean

/** What stands in one place of a request: a list or an object has no one form there. */
function valueOf(document: unknown, { examples, schema }: Parameter): Scalar | undefined {
  const value = examples.at(0)?.value ?? givenBy(document, schema)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** A value that a schema names. */
function givenBy(document: unknown, written: unknown): unknown {
  const schema = resolved(document, written)
  const [example] = listOf(below(schema, 'examples'))
  const [first] = listOf(below(schema, 'enum'))
  return below(schema, 'example') ?? example ?? below(schema, 'default') ?? below(schema, 'const') ?? first
}
