/** What arrived, as plain data: made by the edge, read by everything else. */
export interface MockRequest {
  /** Upper case. */
  readonly method: string
  /** Still percent-encoded, without query and without the session's prefix. */
  readonly path: string
  /** What stands after `?`, still encoded; empty when there is none. */
  readonly query: string
  /** Names in lower case; repeated headers joined as Node joins them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody
  /** The path prefix that named the session (`/~a`), to be put before any path that goes back to the client. */
  readonly prefix: string
}

export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  /** What is not UTF-8. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large'; readonly limit: number }
  /** By what `Content-Encoding` says; `known` are those that would do. */
  | { readonly kind: 'encoded'; readonly encoding: string; readonly known: readonly string[] }
  /** It is not what `Content-Encoding` says. */
  | { readonly kind: 'broken'; readonly encoding: string; readonly message: string }

/** What goes back. `body` is a JSON value; the edge serialises it, once for a value given to `keepText`. */
export interface MockReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** `application/json` unless said otherwise. */
  readonly mediaType?: string
  /** The body as it goes over the line, where that is not as JSON. */
  readonly text?: string
  /** Why it is a refusal, where the mock refuses in its own words. */
  readonly problem?: Problem
}

/** What is done to an answer on its way, in place of sending it whole; names as in WireMock, where the thing is the same. */
export const CUTS = [
  'EMPTY_RESPONSE',
  'MALFORMED_RESPONSE_CHUNK',
  'RANDOM_DATA_THEN_CLOSE',
  'CONNECTION_RESET_BY_PEER',
  'TRUNCATED_RESPONSE',
] as const
export type Cut = (typeof CUTS)[number]

/** What a spoilt answer is made of: bytes that begin neither HTTP nor a chunk, the same each time. Some are not UTF-8. */
export const GARBAGE = Buffer.concat([Buffer.from("~lskdu018973t09sylgasjkfg1][]'./.sdlv"), Buffer.from([0, 255, 254, 128, 7, 27])])

/** Where a rule stands: the file, the line in it, and the JSON pointer. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly pointer: string
  /** What the document says it is based on: the nearest `x-basis` on the way to it. */
  readonly basis?: unknown
}

/** One thing that is wrong with a request or a reply. */
export interface Issue {
  /** JSON pointer into the message: `/body/line_items/0`, `/path/order_uuid`, `/query/x`, `/header/x-site-context`. */
  readonly at: string
  /** The broken JSON Schema keyword (`required`, `type`, …), or `undeclared`, `syntax`, or the code of a business rule. */
  readonly rule: string
  readonly message: string
  /** What was met there, when there is something. */
  readonly value?: unknown
  /** What the rule asks for: the type, limit, format, list of values. */
  readonly wanted?: unknown
  /** What would do instead. */
  readonly fix?: string
  /** The same as values, where they are certain. */
  readonly instead?: readonly Instead[]
  /** The rule in the document. */
  readonly place?: Place
}

/** A value to put in the place of another. */
export interface Instead {
  /** JSON pointer into the message. */
  readonly at: string
  /** What to send there; undefined: nothing. */
  readonly to?: unknown
}

/** So many issues are told of one request: who sends a megabyte of them needs a beginning, and each costs more than what it tells of. */
export const MAX_ISSUES = 100

/** A refusal, before a dialect words it. */
export interface Problem<Code extends string = string> {
  readonly code: Code
  readonly detail: string
  /** What would do instead. */
  readonly fix?: string
  readonly issues?: readonly Issue[]
  /** The assumption that shaped the refusal. */
  readonly assumption?: string
  /** Methods the path does have, for `Allow`. */
  readonly allowed?: readonly string[]
  /** Where the request should have gone, for `Location`. */
  readonly location?: string
  /** How a client could say who it is, for `WWW-Authenticate`: one value for each way (RFC 9110, 11.6.1). */
  readonly challenges?: readonly string[]
  /** The status in place of the code's own: an assumption or a dialect may say so. */
  readonly status?: number
  /** What the code means, where it is one of an API. */
  readonly title?: string
}

/** A problem of which status and meaning are certain. */
export type StatedProblem = Problem & { readonly status: number; readonly title: string }

/** What stands in a Host header, without the port; brackets of an IPv6 address taken off. */
export function hostname(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':', 1)[0] ?? '').toLowerCase()
}

/** Whether a text is an origin that a page of a web server has: of a file, or in a sandbox, it is `null`, which any page can bring about. */
export function isWebOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
}

/** What the request says of its sender, unjudged. */
export interface Credentials {
  /** The security scheme's name in the document; empty where the operation asks for none. */
  readonly scheme: string
  readonly value: string
}

/** What a request carries once it is read by the document: parameters decoded and typed, the body parsed. */
interface AnyInput {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly header: Readonly<Record<string, unknown>>
  readonly cookie: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** The same, of which some is known: `Input<{ path: { id: string } }>`. */
export type Input<Known extends Partial<AnyInput> = object> = Omit<AnyInput, keyof Known> & Readonly<Known>

/** The parts of a JSON pointer, unescaped (RFC 6901). */
export function pointerParts(pointer: string): string[] {
  return pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What a JSON pointer leads to; undefined where it leads nowhere. */
export function valueAt(from: unknown, pointer: string): unknown {
  let value = from
  for (const part of pointerParts(pointer))
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined
  return value
}

/** What a document says that a place in it is based on; what says nothing of its own is based on what it stands in. */
export function basisAt(content: unknown, pointer: string): unknown {
  const parts = pointerParts(pointer)
  for (let length = parts.length; length >= 0; length--) {
    const basis = valueAt(content, ['', ...parts.slice(0, length).map(pointerPart), 'x-basis'].join('/'))
    if (basis !== undefined) return basis
  }
  return undefined
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

const texts = new WeakMap<object, string>()

/** Marks a value that will be sent more than once: it is serialised at its first sending only. It must not change any more. */
export function keepText<T extends object>(value: T): T {
  if (!texts.has(value)) texts.set(value, '')
  return value
}

/** The value as JSON text; kept for values marked by `keepText`. */
export function jsonText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const kept = texts.get(value)
  if (kept === undefined) return JSON.stringify(value)
  if (kept !== '') return kept
  const text = JSON.stringify(value)
  texts.set(value, text)
  return text
}

/** Answers that have no body, whatever a document says (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}
