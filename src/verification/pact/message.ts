import { percentDecoded } from '../../base/decode.ts'
import { plain } from '../../base/exact.ts'
import type { Pact } from './pact.ts'
import { type Fields, isRecord, parsed, written } from './value.ts'

/** The request or the response of an interaction, alike for all versions. */
export interface Message {
  /** Names in lower case, repeated values joined. */
  readonly headers: Readonly<Record<string, string>>
  /** Encoded, without the question mark. */
  readonly query: string
  /** Decoded; undefined where nothing is said of it. */
  readonly body: unknown
}

/** What a receiver reads as JSON. */
const JSON_TYPE = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/i
/** What the verifier takes for JSON. */
const WRITTEN_AS_JSON = /^application\/(?:json|graphql|[^;]*\+json)/i

/** One side of an interaction, as whoever receives it from the Pact verifier sees it. */
export function messageOf({ version }: Pact, side: unknown): Message {
  const { headers, query, body } = isRecord(side) ? side : {}
  const lower = Object.entries(isRecord(headers) ? headers : {}).flatMap(([name, value]) => {
    const texts = [value].flat().map((one) => written(one))
    return texts.length === 0 ? [] : [[name.toLowerCase(), texts.join(', ')] as const]
  })
  const wrapped = version === 4 && isRecord(body) ? body : undefined
  const own = typeof wrapped?.['contentType'] === 'string' ? wrapped['contentType'] : undefined
  // What the body itself says counts only where no header does.
  const named: Readonly<Record<string, string>> = { ...(own !== undefined && { 'content-type': own }), ...Object.fromEntries(lower) }
  const type = named['content-type'] ?? ''
  return {
    headers: named,
    query: queryOf(query),
    body: receivedAs(type, wrapped ? unwrapped(wrapped, own ?? type) : bodyBefore4(body, type)),
  }
}

/** As the verifier sends it, encoded anew: the name of a parameter without a value is left out. */
export function queryOf(query: unknown): string {
  const pairs = typeof query === 'string' ? pairsOf(query) : isRecord(query) ? Object.entries(query).flatMap(valuesOf) : []
  return pairs.map((pair) => pair.map((text) => encodeURIComponent(text)).join('=')).join('&')
}

type Pair = readonly [name: string, value: string]

function valuesOf([name, value]: readonly [string, unknown]): Pair[] {
  return [value].flat().flatMap((one) => (one === null ? [] : [[name, written(one)]]))
}

function pairsOf(query: string): Pair[] {
  // A plus is a space; what does not decode stays as it is.
  const text = (part: string): string => percentDecoded(part.replaceAll('+', ' ')) ?? part
  return query.split('&').flatMap((pair): Pair[] => {
    const at = pair.indexOf('=')
    return at < 0 ? [] : [[text(pair.slice(0, at)), text(pair.slice(at + 1))]]
  })
}

/** Up to version 3. Under a type of JSON, a text that is neither an object nor a string in JSON is sent as a string, in bare quotes. */
function bodyBefore4(body: unknown, type: string): unknown {
  // null stands for a body that is not there.
  if (typeof body !== 'string') return body ?? undefined
  if (body === '' || !WRITTEN_AS_JSON.test(type)) return body || undefined
  const value = parsed(body)
  return isRecord(value) || typeof value === 'string' ? body : `"${body}"`
}

/**
 * The body of version 4: `{ content, contentType, encoded }`. A text that is encoded, by `JSON` or the name of an encoding, is what is sent;
 * any other is a JSON string where it is of a type of JSON.
 */
function unwrapped({ content, encoded = false }: Fields, type: string): unknown {
  if (content === undefined || content === '') return undefined
  if (typeof content !== 'string') return content
  if (encoded === false || encoded === null) return WRITTEN_AS_JSON.test(type) ? JSON.stringify(content) : content
  return typeof encoded === 'string' && encoded.toLowerCase() === 'base64' ? Buffer.from(content, 'base64').toString() : content
}

/** A text of a type of JSON is read by whoever receives it. */
function receivedAs(type: string, body: unknown): unknown {
  const value = typeof body === 'string' && JSON_TYPE.test(type) ? parsed(body) : undefined
  return value === undefined ? body : plain(value)
}
