import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import type { MockReply, MockRequest } from '../base/http.ts'
import { belowBase } from '../base/path.ts'
import { messageFrom } from '../base/problem.ts'
import type { Passed, Passing } from '../engine/pass.ts'
import type { Handled, Line } from './line.ts'
import { codingsOf, unpacked } from './unpack.ts'
import { createSender, type Sender, type SenderSettings, type Upstream } from './upstream.ts'

/** Where operations are sent on to. */
export interface Passage extends Passing {
  /** By the names that everybody knows operations by; undefined for what no document has. */
  to(operation: string | undefined): URL | undefined
  readonly sender: Sender
  /** How many bytes an answer may have unpacked, to be read. */
  readonly maxBytes: number
}

/** What has come back, for the engine to look at, and for the client as it came. */
export interface Returned {
  readonly passed: Passed
  readonly raw?: Upstream
  readonly upstream: string
}

/** What is sent on by the options of a mock; undefined where nothing is. */
export function createPassage({
  upstream,
  pass = {},
  isStrict,
  checksRequests,
  ...settings
}: SenderSettings &
  Pick<Passing, 'isStrict' | 'checksRequests'> & {
    /** What answers everything. */
    readonly upstream: URL | undefined
    /** What answers single operations. */
    readonly pass: Readonly<Record<string, URL>> | undefined
  }): Passage | undefined {
  const single = new Map(Object.entries(pass))
  if (!upstream && single.size === 0) return undefined
  const to = (operation: string | undefined): URL | undefined => (operation === undefined ? undefined : single.get(operation)) ?? upstream
  return {
    to,
    goesOn: (operation) => to(operation) !== undefined,
    isStrict,
    checksRequests,
    sender: createSender(settings),
    maxBytes: settings.maxBytes,
  }
}

/**
 * Sends a request on. A client that goes away takes it along.
 * @param base the base path of the document that has the operation
 */
export async function passOn(
  passage: Passage,
  operation: string | undefined,
  request: MockRequest,
  base: string,
  line: Line | undefined,
): Promise<Returned> {
  const to = passage.to(operation)
  if (!to) throw new Error(`nobody else answers ${operation ?? 'what no document has'}`)
  const gone = new AbortController()
  const unhear = line?.onGone(() => gone.abort())
  try {
    // A service that has a path of its own stands where the document's server does.
    const path = to.pathname === '/' ? request.path : belowBase(request.path, base)
    const raw = await passage.sender.send(to, { ...request, path }, line?.sent?.() ?? bytesOf(request), gone.signal)
    if (raw.kind === 'failed') return { passed: raw.problem, upstream: to.href }
    return { passed: await readable(raw, passage.maxBytes), raw, upstream: to.href }
  } finally {
    unhear?.()
  }
}

function bytesOf({ body }: MockRequest): Buffer | undefined {
  if (body.kind === 'text') return Buffer.from(body.text)
  return body.kind === 'bytes' ? Buffer.from(body.bytes) : undefined
}

/** What the document can be asked about. */
async function readable({ status, headers, body }: Upstream, maxBytes: number): Promise<Passed> {
  const plain = new Map<string, string>()
  for (const [name, value] of headers) plain.set(name.toLowerCase(), [plain.get(name.toLowerCase()) ?? [], value].flat().join(', '))
  const mediaType = plain.get('content-type')
  const reply: MockReply = { status, headers: Object.fromEntries(plain), ...(mediaType !== undefined && { mediaType }) }
  if (!Buffer.isBuffer(body)) return { reply: { ...reply, body: '' }, isBodyRead: false }
  if (body.length === 0) return { reply, isBodyRead: true }
  const encoding = plain.get('content-encoding')
  const bytes = await unpacked(body, codingsOf(encoding), encoding ?? '', maxBytes)
  if (!Buffer.isBuffer(bytes)) return { reply: { ...reply, body: '' }, isBodyRead: false }
  if (!isUtf8(bytes)) return { reply: { ...reply, body: '' }, isBodyRead: false }
  const text = bytes.toString('utf8')
  if (!/[/+]json\s*(;|$)/i.test(mediaType ?? ''))
    return { reply: { ...reply, body: text, text }, isBodyRead: /^text\//i.test(mediaType ?? '') }
  try {
    return { reply: { ...reply, body: JSON.parse(text), text }, isBodyRead: true }
  } catch (error) {
    return { reply: { ...reply, body: text, text }, isBodyRead: true, broken: `is not JSON: ${messageFrom(error)}` }
  }
}

/** An answer with what came over the line in place of what was read of it. */
export function asItCame(handled: Handled, raw: Upstream | undefined): Handled {
  return raw ? { ...handled, raw } : handled
}

/** What is left of an answer that nobody gets is not read. */
export function letGo(raw: Upstream | undefined): void {
  if (raw?.body instanceof Readable) raw.body.destroy()
}
