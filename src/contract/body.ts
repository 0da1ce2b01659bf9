import type { Issue, Problem, RequestBody } from '../base/http.ts'
import { createMedia, type Media } from './media.ts'
import { closeness, type MediaType, mediaTypeOf } from './media-type.ts'
import type { Located, Reader } from './schema.ts'
import { excerpt } from './excerpt.ts'
import type { Compilable, Validator } from './validator.ts'

export type ReadBody =
  | { readonly kind: 'body'; readonly value: unknown; readonly undeclared: readonly Issue[] }
  | { readonly kind: 'refused'; readonly problem: Problem; /** As far as it could be read. */ readonly value: unknown }

/** The bodies that an operation takes. */
export interface Bodies {
  readonly mediaTypes: readonly string[]
  read(body: RequestBody, contentType: string | undefined): ReadBody
  /** Of its media types. */
  readonly schemas: readonly Compilable[]
}

const NONE: readonly Issue[] = []
const NOTHING: ReadBody = { kind: 'body', value: undefined, undeclared: NONE }
const UNDECLARED: ReadBody = {
  kind: 'body',
  value: undefined,
  undeclared: [{ at: '/body', rule: 'undeclared', message: 'the document declares no body here', fix: 'leave it out' }],
}

export function createBodies(operation: Located, reader: Reader, validator: Validator): Bodies {
  const located = reader.child(operation, 'requestBody')
  if (!located) return { mediaTypes: [], read: (body) => (body.kind === 'none' ? NOTHING : UNDECLARED), schemas: [] }
  const required = located.value['required'] === true
  const all = reader.children(located, 'content').map(([name, entry]) => ({
    type: mediaTypeOf(name),
    name: name.toLowerCase(),
    media: createMedia(entry, reader, validator),
  }))
  const known = all.map(({ name }) => name).join(', ')

  // What a client sends it mostly sends again.
  let last: { readonly contentType: string; readonly sent: MediaType; readonly media: Media | undefined } | undefined
  function wanted(contentType: string): { readonly sent: MediaType; readonly media: Media | undefined } {
    if (last?.contentType === contentType) return last
    const sent = mediaTypeOf(contentType)
    last = { contentType, sent, media: mediaFor(sent) }
    return last
  }

  function mediaFor(sent: MediaType): Media | undefined {
    let best: { readonly media: Media; readonly close: number } | undefined
    for (const { type, media } of all) {
      const close = closeness(type, sent)
      if (close !== undefined && close > (best?.close ?? -1)) best = { media, close }
    }
    return best?.media
  }

  function refused(problem: Problem): ReadBody {
    return { kind: 'refused', value: undefined, problem }
  }
  function unsupported(detail: string, fix = `send Content-Type: ${known}`): ReadBody {
    return refused({ code: 'media-type-unsupported', detail, fix })
  }
  function unreadable(rule: string, message: string, fix: string): ReadBody {
    const place = reader.placeOf(located?.value)
    const issues = [{ at: '/body', rule, message, fix, ...(place && { place }) }]
    return refused({ code: 'body-unreadable', detail: `the body cannot be read: ${message}`, fix, issues })
  }

  return {
    mediaTypes: all.map(({ name }) => name),
    schemas: all.map(({ media }) => media),
    read(body, contentType) {
      if (body.kind === 'none') return required ? unreadable('required', 'there is none', `send one as ${known}`) : NOTHING
      const { sent, media } = wanted(contentType ?? '')
      if (!media)
        return unsupported(contentType === undefined ? 'the request has no Content-Type' : `the Content-Type is ${excerpt(contentType)}`)
      switch (body.kind) {
        case 'too-large':
          return refused({ code: 'body-too-large', detail: `the body has more than ${body.limit} bytes`, fix: 'send a smaller one' })
        case 'encoded':
          return unsupported(
            `the body has Content-Encoding ${excerpt(body.encoding)}`,
            `encode it as one of ${body.known.join(', ')}, or not at all`,
          )
        case 'broken':
          return unreadable(
            'encoding',
            `it is not what Content-Encoding ${excerpt(body.encoding)} says: ${body.message}`,
            'send it as it says, or unencoded',
          )
        case 'text':
        case 'bytes':
          break
        default:
          return body satisfies never
      }
      const read = media.read(body, sent, '/body')
      if (read.kind === 'broken')
        return read.isUnsupported ? unsupported(read.message, read.fix) : unreadable('syntax', read.message, read.fix)
      const { value, issues, undeclared } = read
      const [first] = issues
      return first
        ? { kind: 'refused', value, problem: { code: 'request-invalid', detail: `${first.at} ${first.message}`, issues } }
        : { kind: 'body', value, undeclared }
    },
  }
}
