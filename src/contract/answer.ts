import type { Generate, Side } from './generate.ts'
import type { Purpose } from './generation.ts'
import { isJson, type Json, type Located, type Reader } from './schema.ts'
import { xmlOf } from './xml.ts'

/** An answer of an operation as the document has it, ready to be sent: references are followed, examples have names. */
export interface Answer {
  /** `200`, `4XX`, `default`. */
  readonly status: string
  readonly headers: readonly Header[]
  readonly contents: readonly Content[]
}

interface Header {
  readonly name: string
  readonly isRequired: boolean
  /** Its first example. */
  readonly example?: Example
  readonly generated?: Generated
}

interface Content {
  readonly mediaType: string
  readonly examples: readonly Example[]
  readonly generated?: Generated
  /** Whether a body is one that the document allows. @throws DocumentError where the schema does not compile */
  fits(body: unknown): boolean
  /** A body as it goes over the line, where that is not as JSON. */
  write(body: unknown): string | undefined
}

/** What fits the schema, where there is one. @throws DocumentError where nothing is found that does */
type Generated = (generate: Generate, purpose: Purpose) => unknown

interface Example {
  readonly name: string
  readonly value: unknown
}

/** The name of an example that has none, in Prism's words. */
const UNNAMED = 'default'

/** Ranges are answered with JSON. */
const JSON_LIKE = /^(?:[^;]*[/+]json|(?:\*|application)\/\*)\s*(?:;|$)/i

/** @param side the schemas as they are read for what is answered */
export function readAnswers(operation: Located, side: Side): Answer[] {
  const { reader } = side
  const valueOf = (owner: Located): Pick<Content, 'generated'> => {
    const schema = reader.schema(owner, 'schema')
    return schema ? { generated: (generate, purpose) => generate(schema, side, purpose) } : {}
  }
  return reader.children(operation, 'responses').map(([status, response]) => ({
    status,
    headers: reader.children(response, 'headers').map(([name, header]) => {
      const [example] = examplesOf(header, reader)
      return { name, isRequired: header.value['required'] === true, ...(example && { example }), ...valueOf(header) }
    }),
    contents: reader.children(response, 'content').map(([mediaType, media]) => {
      const schema = reader.schema(media, 'schema')
      const check = schema && side.validator.check(schema)
      return {
        mediaType,
        examples: examplesOf(media, reader),
        ...valueOf(media),
        fits: (body: unknown) => !check || check(body, '', false).length === 0,
        write: (body: unknown) => written(body, mediaType, schema, reader),
      }
    }),
  }))
}

/** A text is itself. What else there is in a media type that is not known here is JSON at least. */
function written(body: unknown, mediaType: string, schema: Located | undefined, reader: Reader): string | undefined {
  if (JSON_LIKE.test(mediaType) || body === undefined) return undefined
  if (typeof body === 'string') return body
  if (/[/+]xml\s*(;|$)/i.test(mediaType)) return xmlOf(body, schema, reader)
  if (isJson(body) && mediaType.startsWith('application/x-www-form-urlencoded')) return formOf(body)
  return undefined
}

function formOf(body: Json): string {
  const pairs = Object.entries(body).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, typeof one === 'string' ? one : JSON.stringify(one)]),
  )
  return new URLSearchParams(pairs).toString()
}

/** The schema's own example counts only where there is no other (OpenAPI 3.1, section 4.8.14). */
function examplesOf(owner: Located, reader: Reader): Example[] {
  const unnamed = Object.hasOwn(owner.value, 'example') ? [{ name: UNNAMED, value: owner.value['example'] }] : []
  const named = reader
    .children(owner, 'examples')
    .flatMap(([name, { value }]) => (Object.hasOwn(value, 'value') ? [{ name, value: value['value'] }] : []))
  if (unnamed.length + named.length > 0) return [...unnamed, ...named]
  const seen = new Set<unknown>()
  for (let schema = reader.schema(owner, 'schema'); schema && !seen.has(schema.value); schema = reader.target(schema)) {
    seen.add(schema.value)
    const { example, examples } = schema.value
    if (example !== undefined) return [{ name: UNNAMED, value: example }]
    if (Array.isArray(examples) && examples.length > 0) return [{ name: UNNAMED, value: examples[0] }]
  }
  return []
}
