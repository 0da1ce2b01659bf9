import { parsedJson } from '../base/decode.ts'
import { type Issue, pointerPart } from '../base/http.ts'
import { parseJson } from './json.ts'
import { closeness, isJsonType, mediaTypeOf } from './media-type.ts'
import type { Located, Reader } from './schema.ts'
import { isBracketed, nested, oneOrMore, type Pair, readings } from './style.ts'
import { coerce, isComposed, type Typed } from './typed.ts'

/** A field of a form, or a part of `multipart/form-data`. */
export interface Field {
  readonly name: string
  /** As it was sent. */
  readonly text: string
  readonly contentType?: string | undefined
  readonly isFile?: boolean
}

interface ReadFields {
  readonly value: Readonly<Record<string, unknown>>
  readonly issues: readonly Issue[]
}

/** How one property of a form is written out (OpenAPI 3.1.1, 4.8.15). */
interface Encoding {
  readonly style: string | undefined
  readonly explode: boolean
  readonly contentTypes: readonly string[]
}

/** Reads the fields of a form as the object that its schema describes. */
export interface Fields {
  /**
   * @param decode the text of a field, or a piece of one
   * @param asText whether what may be a text is one
   * @throws URIError for an encoding that does not decode
   */
  read(fields: readonly Field[], decode: (raw: string) => string, asText: boolean, at: string): ReadFields
}

/** @param media the entry of `content` */
export function createFields(media: Located, typed: Typed, reader: Reader): Fields {
  const encodings = new Map(reader.children(media, 'encoding').map(([name, encoding]) => [name, encodingOf(encoding)]))
  // Members of an object that is written out as fields of their own.
  const owners = new Map(
    [...encodings].flatMap(([name, { style, explode }]): [string, string][] =>
      style === 'form' && explode && typed.member(name).own.has('object')
        ? [...typed.member(name).names].map((member) => [member, name])
        : [],
    ),
  )

  function ownerOf(name: string): string {
    const owner = owners.get(name)
    if (owner !== undefined || typed.names.has(name)) return owner ?? name
    const root = name.slice(0, name.indexOf('['))
    const { own } = root === '' ? typed : typed.member(root)
    return root !== '' && isBracketed(name, root) && (own.has('object') || own.has('array')) ? root : name
  }

  return {
    read(fields, decode, asText, at) {
      const issues: Issue[] = []
      const groups = Map.groupBy(fields, ({ name }) => ownerOf(name))
      const entries = [...groups].map(([name, group]): [string, unknown] => {
        const here = `${at}/${pointerPart(name)}`
        const encoding = encodings.get(name)
        for (const { contentType } of group) issues.push(...mistyped(contentType, encoding, here))
        const leaf = (field: Field, of: Typed): unknown => {
          const text = decode(field.text)
          if (isJsonField(field, encoding)) {
            const parsed = parseJson(text)
            if (parsed.kind === 'value') return parsed.value
            issues.push({ at: here, rule: 'syntax', message: `is not JSON: ${parsed.message}`, value: text, fix: parsed.fix })
            return undefined
          }
          if (field.isFile === true) return text
          // An object in one field is JSON, unless something else is said.
          return (isComposed(of) || (!asText && looksComposed(text, of)) ? parsedJson(text) : undefined) ?? coerce(text, of, asText)
        }
        return [name, valueOf(name, group, typed.member(name), leaf)]
      })
      return { value: Object.fromEntries(entries), issues }

      function valueOf(name: string, group: readonly Field[], of: Typed, leaf: (field: Field, of: Typed) => unknown): unknown {
        const { style, explode = true } = encodings.get(name) ?? {}
        if (style !== undefined && style !== 'deepObject') {
          const sent = group.map((field): Pair => [field.name, field.text])
          for (const reading of readings({ name, style, explode, typed: of, decode, isTaken: () => true }, sent, asText))
            if (reading.kind === 'value') return reading.value
        }
        if (group.some((field) => field.name !== name)) {
          const read = nested(
            name,
            group.map((field) => [field.name, field] as const),
            of,
            leaf,
          )
          if (read.kind === 'value') return read.value
          issues.push({ at: `${at}/${pointerPart(name)}`, rule: 'syntax', message: read.message, fix: read.fix })
          return undefined
        }
        const [first] = group
        if (first && group.length === 1 && of.own.has('array')) {
          // A whole list in one field.
          const whole = leaf(first, { ...of, own: new Set(['array']) })
          if (Array.isArray(whole) || whole === undefined) return whole
        }
        return oneOrMore(group, of, leaf)
      }
    },
  }
}

/** Whether what may be an object or a list as well as a text is written as one of the first. */
function looksComposed(text: string, { own }: Typed): boolean {
  return (own.has('object') && text.startsWith('{')) || (own.has('array') && text.startsWith('['))
}

function encodingOf({ value: { style, explode, contentType } }: Located): Encoding {
  return {
    style: typeof style === 'string' ? style : explode === undefined ? undefined : 'form',
    explode: typeof explode === 'boolean' ? explode : style === undefined || style === 'form',
    contentTypes: typeof contentType === 'string' ? contentType.split(',').map((type) => type.trim()) : [],
  }
}

function isJsonField({ contentType, isFile }: Field, encoding: Encoding | undefined): boolean {
  const [only, other] = encoding?.contentTypes ?? []
  const type = contentType ?? (other === undefined && isFile !== true ? only : undefined)
  return type !== undefined && isJsonType(mediaTypeOf(type).name)
}

/** What is wrong with the media type that a part says it has. */
function mistyped(contentType: string | undefined, encoding: Encoding | undefined, at: string): readonly Issue[] {
  const wanted = encoding?.contentTypes ?? []
  if (contentType === undefined || wanted.length === 0) return []
  const sent = mediaTypeOf(contentType)
  if (wanted.some((type) => closeness(mediaTypeOf(type), sent) !== undefined)) return []
  return [
    {
      at,
      rule: 'contentType',
      message: `has the Content-Type ${JSON.stringify(contentType)}; it must be ${wanted.join(' or ')}`,
      value: contentType,
      wanted,
      fix: `send the part with Content-Type: ${wanted.join(' or ')}`,
    },
  ]
}
