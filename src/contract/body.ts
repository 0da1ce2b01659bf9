import type { Issue, Problem, RequestBody } from '../base/http.ts'
import { type Field, fieldsOf, formValue, membersOf, partsIn } from './fields.ts'
import { parseJson } from './json.ts'
import type { Located, Reader } from './schema.ts'
import { coerce, typesOf } from './texts.ts'
import { type Check, excerpt, type Validator } from './validator.ts'

export type ReadBody =
  | { readonly kind: 'body'; readonly value: unknown; readonly undeclared: readonly Issue[] }
  | { readonly kind: 'refused'; readonly problem: Problem; /** As far as it could be read. */ readonly value: unknown }

/** The bodies of an operation. */
export interface Bodies {
  read(body: RequestBody, contentType: string | undefined): ReadBody
  compile(): void
}

const NONE: readonly Issue[] = []
const JSON_TYPE = /^(?:application|text)\/(?:[^;]*\+)?json$/
const FORM = 'application/x-www-form-urlencoded'
const PARTS = 'multipart/form-data'

/** Above this number of characters only the first thing that is wrong with a body is looked for: to list all takes time by their square. */
const LARGE = 16_384

/** A body of a media type. */
interface Media {
  /** In lower case, and without parameters. */
  readonly type: string
  readonly schema: Located | undefined
  /** What stands between the elements of a field that is a list, where it is one text. */
  readonly separators: ReadonlyMap<string, string>
  readonly check: (Check & { compile(): void }) | undefined
  readonly undeclared: Check | undefined
}

/** Reads and checks bodies by their media types: JSON, forms and texts; any other is left as it came. */
export function createBodies(operation: Located, reader: Reader, validator: Validator): Bodies {
  const located = reader.child(operation, 'requestBody')
  if (!located) return { read: () => ({ kind: 'body', value: undefined, undeclared: NONE }), compile: () => undefined }
  const required = located.value['required'] === true
  const media = reader.children(located, 'content').map(([type, entry]): Media => {
    const schema = reader.schema(entry, 'schema')
    return {
      type: plain(type),
      schema,
      separators: separatorsOf(entry, reader),
      check: schema && validator.check(schema),
      undeclared: schema && validator.undeclared(schema),
    }
  })
  const known = [...new Set(media.map(({ type }) => type))].join(', ')

  function unsupported(detail: string): ReadBody {
    return { kind: 'refused', value: undefined, problem: { code: 'media-type-unsupported', detail, fix: `send Content-Type: ${known}` } }
  }
  function unreadable(rule: string, message: string, fix: string): ReadBody {
    const place = reader.placeOf(located?.value)
    const issues = [{ at: '/body', rule, message, fix, ...(place && { place }) }]
    return {
      kind: 'refused',
      value: undefined,
      problem: { code: 'body-unreadable', detail: `the body cannot be read: ${message}`, fix, issues },
    }
  }
  function checked(value: unknown, { check, undeclared }: Media, isSmall: boolean): ReadBody {
    const issues = check?.(value, '/body', isSmall) ?? NONE
    const [first] = issues
    if (first) return { kind: 'refused', value, problem: { code: 'request-invalid', detail: `${first.at} ${first.message}`, issues } }
    return { kind: 'body', value, undeclared: undeclared?.(value, '/body') ?? NONE }
  }
  function members({ schema }: Media): ReturnType<typeof membersOf> {
    return schema ? membersOf(schema, reader) : new Map()
  }
  function read(text: string, type: string, contentType: string, found: Media): ReadBody {
    const isSmall = text.length <= LARGE
    if (JSON_TYPE.test(type)) {
      const parsed = parseJson(text)
      return parsed.kind === 'broken' ? unreadable('syntax', parsed.message, parsed.fix) : checked(parsed.value, found, isSmall)
    }
    const types = found.schema && typesOf(found.schema, reader).own
    // What is no object has no fields that could be held against it.
    const isOfFields = !types || types.size === 0 || types.has('object')
    if ((type === FORM || type === PARTS) && !isOfFields) return { kind: 'body', value: text, undeclared: NONE }
    if (type === FORM) return checked(formValue(split(fieldsOf(text), found.separators), members(found), reader), found, isSmall)
    if (type === PARTS) {
      const fields = partsIn(text, contentType)
      return fields
        ? checked(formValue(split(fields, found.separators), members(found), reader), found, isSmall)
        : unreadable(
            'syntax',
            'it has no parts',
            'send each field as a part of multipart/form-data, and the boundary between them in Content-Type',
          )
    }
    // What is written in XML, say, nobody here can hold against a schema.
    const isText = types !== undefined && [...types].some((one) => one !== 'object' && one !== 'array')
    return isText ? checked(coerce(text, types), found, isSmall) : { kind: 'body', value: text, undeclared: NONE }
  }

  return {
    compile: () => media.forEach(({ check }) => check?.compile()),
    read(body, contentType) {
      if (body.kind === 'none')
        return required
          ? unreadable('required', 'there is none', `send one as ${known}`)
          : { kind: 'body', value: undefined, undeclared: NONE }
      const type = plain(contentType ?? '')
      const found = media.find((entry) => entry.type === type) ?? media.find((entry) => entry.type.includes('*') && isIn(type, entry.type))
      if (!found)
        return unsupported(contentType === undefined ? 'the request has no Content-Type' : `the Content-Type is ${excerpt(contentType)}`)
      switch (body.kind) {
        case 'too-large':
          return {
            kind: 'refused',
            value: undefined,
            problem: { code: 'body-too-large', detail: `the body has more than ${body.limit} bytes`, fix: 'send a smaller one' },
          }
        case 'encoded':
          return unsupported(`the body has Content-Encoding ${excerpt(body.encoding)}; none is read`)
        case 'not-utf8':
          // Bytes may be what is asked for, and what a file is among the parts of a form.
          return JSON_TYPE.test(type) || type === FORM
            ? unreadable('syntax', 'it is not UTF-8', 'encode it as UTF-8')
            : { kind: 'body', value: undefined, undeclared: NONE }
        case 'text':
          return read(body.text, type, contentType ?? '', found)
        default:
          return body satisfies never
      }
    },
  }
}

/** The lists that do not explode (OpenAPI 3.0, 4.7.15). */
function separatorsOf(media: Located, reader: Reader): ReadonlyMap<string, string> {
  return new Map(
    reader.children(media, 'encoding').flatMap(
      ([
        name,
        {
          value: { style = 'form', explode },
        },
      ]) => {
        const separator = SEPARATORS[String(style)]
        return separator === undefined || explode !== false ? [] : [[name, separator]]
      },
    ),
  )
}

const SEPARATORS: Readonly<Record<string, string>> = { form: ',', spaceDelimited: ' ', pipeDelimited: '|', tabDelimited: '\t' }

function split(fields: readonly Field[], separators: ReadonlyMap<string, string>): Field[] {
  return fields.flatMap((field) => {
    const separator = separators.get(field.name)
    return separator === undefined ? [field] : field.text.split(separator).map((text) => ({ ...field, text }))
  })
}

/** A media type without its parameters. */
function plain(type: string): string {
  return type.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

// Whether a media type is one of a range, with a star for the whole, the half, or what stands before a suffix (`application/*+json`).
function isIn(type: string, range: string): boolean {
  const [before = '', behind = ''] = range.replace('*/*', '*').split('*', 2)
  return type.startsWith(before) && type.endsWith(behind) && type.length > before.length + behind.length
}
