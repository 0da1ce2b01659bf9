import { type Issue, type RequestBody } from '../base/http.ts'
import { createFields, type Field, type Fields } from './fields.ts'
import { parseJson } from './json.ts'
import { isJsonType, type MediaType } from './media-type.ts'
import { partsIn } from './multipart.ts'
import type { Located, Reader } from './schema.ts'
import { decodedForm, pairs } from './style.ts'
import { coerce, isOpenToText, type Typed, typedBy } from './typed.ts'
import type { Validator } from './validator.ts'

/** What was sent, before anybody has looked into it. */
type Content = Extract<RequestBody, { readonly kind: 'text' | 'bytes' }>

type ReadContent =
  | { readonly kind: 'value'; readonly value: unknown; readonly issues: readonly Issue[]; readonly undeclared: readonly Issue[] }
  | { readonly kind: 'broken'; readonly message: string; readonly fix: string; readonly isUnsupported?: true }

/** One entry of a `content`: how what is sent as it is read, typed and checked. */
export interface Media {
  /** @param sent the type that it was sent as, which is more exact than a range of the document */
  read(content: Content, sent: MediaType, at: string): ReadContent
  compile(): void
}

const NONE: readonly Issue[] = []
/** Above this number of characters only the first thing that is wrong is looked for: to list all takes time by their square. */
const LARGE = 16_384

export function createMedia(entry: Located, reader: Reader, validator: Validator): Media {
  const schema = reader.schema(entry, 'schema')
  const check = schema && validator.check(schema)
  const undeclared = schema && validator.undeclared(schema)
  // JSON has types of its own, and is most of what is sent.
  let texts: Texts | undefined
  const textsOf = (): Texts => (texts ??= createTexts(entry, schema, reader))

  function checked(value: unknown, at: string, all: boolean): ReadContent {
    const issues = check?.(value, at, all) ?? NONE
    return { kind: 'value', value, issues, undeclared: issues.length === 0 ? (undeclared?.(value, at) ?? NONE) : NONE }
  }

  function readJson(text: string, at: string): ReadContent {
    const parsed = parseJson(text)
    return parsed.kind === 'broken' ? parsed : checked(parsed.value, at, text.length <= LARGE)
  }

  function readFields(sent: readonly Field[], decode: (raw: string) => string, at: string, all: boolean): ReadContent {
    const read = (asText: boolean): ReadContent => {
      const { value, issues } = textsOf().fields.read(sent, decode, asText, at)
      return issues.length === 0 ? checked(value, at, all) : { kind: 'value', value, issues, undeclared: NONE }
    }
    try {
      const typed = read(false)
      if (typed.kind !== 'value' || typed.issues.length === 0) return typed
      // What looks like a number may be meant as a text.
      const plain = read(true)
      return plain.kind === 'value' && plain.issues.length === 0 ? plain : typed
    } catch (error) {
      if (!(error instanceof URIError)) throw error
      return { kind: 'broken', message: 'it holds a percent-encoding that does not decode', fix: 'encode it as UTF-8, each byte as %XX' }
    }
  }

  return {
    compile: () => check?.compile(),
    read(content, sent, at) {
      const { name } = sent
      const isJson = isJsonType(name)
      if (isJson && content.kind === 'text' && sent.parameters.size === 0) return readJson(content.text, at)
      if (name === 'multipart/form-data') return readParts(content, sent, at)
      const isText = name.startsWith('text/')
      const isForm = name === 'application/x-www-form-urlencoded'
      const read = textIn(content, sent)
      if (read.kind === 'broken') return isJson || isForm || isText || read.isUnsupported ? read : checkedBytes(content)
      const { text } = read
      if (isJson) return readJson(text, at)
      const all = text.length <= LARGE
      if (isForm)
        return readFields(
          pairs(text, '&', true).map(([field, raw]) => ({ name: field, text: raw })),
          decodedForm,
          at,
          all,
        )
      // What a text of another type says is nobody's to check but its own reader's.
      if (isXml(name) || !isText)
        return textsOf().isOfText ? checked(text, at, all) : { kind: 'value', value: text, issues: NONE, undeclared: NONE }
      const { typed } = textsOf()
      const typedText = checked(coerce(text, typed, false), at, all)
      if (typedText.kind === 'broken' || typedText.issues.length === 0 || !isOpenToText(typed)) return typedText
      return checked(text, at, all)
    },
  }

  function readParts(content: Content, sent: MediaType, at: string): ReadContent {
    const boundary = sent.parameters.get('boundary') ?? ''
    if (boundary === '')
      return {
        kind: 'broken',
        message: 'its Content-Type names no boundary',
        fix: 'leave the Content-Type to your HTTP client, which knows the boundary that it writes',
        isUnsupported: true,
      }
    const isText = content.kind === 'text'
    const text = isText ? content.text : Buffer.from(content.bytes).toString('latin1')
    const found = partsIn(text, boundary, isText ? (part) => part : decodedBytes)
    return found.kind === 'broken' ? found : readFields(found.parts, (part) => part, at, text.length <= LARGE)
  }
}

/** What is to be known of what is not JSON. */
interface Texts {
  readonly typed: Typed
  /** Nothing but a text may stand there. */
  readonly isOfText: boolean
  readonly fields: Fields
}

function createTexts(entry: Located, schema: Located | undefined, reader: Reader): Texts {
  const typed = typedBy(schema ? [schema] : [], reader)
  const isOfText = typed.own.size > 0 && [...typed.own].every((type) => type === 'string' || type === 'null')
  return { typed, isOfText, fields: createFields(entry, typed, reader) }
}

function checkedBytes(content: Content): ReadContent {
  return { kind: 'value', value: content.kind === 'text' ? content.text : content.bytes, issues: NONE, undeclared: NONE }
}

function isXml(name: string): boolean {
  return name === 'text/xml' || name.endsWith('/xml') || name.endsWith('+xml')
}

function decodedBytes(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return latin1
  }
}

/** The text, by the charset that its type names, if any. */
function textIn(
  content: Content,
  { parameters }: MediaType,
): { readonly kind: 'text'; readonly text: string } | Extract<ReadContent, { readonly kind: 'broken' }> {
  const charset = parameters.get('charset')?.toLowerCase() ?? 'utf-8'
  if (charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii')
    return content.kind === 'text' ? content : { kind: 'broken', message: 'it is not UTF-8', fix: 'encode it as UTF-8' }
  let decoder: InstanceType<typeof TextDecoder>
  try {
    decoder = new TextDecoder(charset, { fatal: true })
  } catch {
    return { kind: 'broken', message: `the charset ${JSON.stringify(charset)} is not known`, fix: 'send UTF-8', isUnsupported: true }
  }
  try {
    return { kind: 'text', text: decoder.decode(content.kind === 'text' ? Buffer.from(content.text) : content.bytes) }
  } catch {
    return { kind: 'broken', message: `it is not ${charset}`, fix: `encode it as ${charset}, or as UTF-8` }
  }
}
