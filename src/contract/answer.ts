import type { Located, Reader } from './schema.ts'

/** An answer of an operation as the document has it, ready to be sent: references are followed, examples have names. */
export interface Answer {
  /** `200`, `4XX`, `default`. */
  readonly status: string
  /** The headers that have an example, with it. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly contents: readonly { readonly mediaType: string; readonly examples: readonly Example[] }[]
}

interface Example {
  readonly name: string
  readonly value: unknown
}

/** The name of an example that has none, in Prism's words. */
const UNNAMED = 'default'

export function readAnswers(operation: Located, reader: Reader): Answer[] {
  return reader.children(operation, 'responses').map(([status, response]) => ({
    status,
    headers: Object.fromEntries(
      reader.children(response, 'headers').flatMap(([name, header]) =>
        examplesOf(header, reader)
          .slice(0, 1)
          .map(({ value }) => [name, value]),
      ),
    ),
    contents: reader.children(response, 'content').map(([mediaType, media]) => ({ mediaType, examples: examplesOf(media, reader) })),
  }))
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
