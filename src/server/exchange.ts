import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { STATUS_CODES } from '../packages.ts'
import { hasNoBody, type Cut, GARBAGE, type MockRequest, type RequestBody } from '../base/http.ts'
import type { Stream } from './events.ts'
import type { Handled } from './line.ts'
import { codingsOf, unpacked } from './unpack.ts'
import type { Upstream } from './upstream.ts'

/** A request, and the bytes of its body as they came: all, or as many as have come, where they are too many. */
export interface Received {
  readonly request: MockRequest
  readonly chunks: readonly Buffer[]
}

/**
 * The request as plain data. A body above the limit is not kept; what is left of it is not read.
 * @returns undefined, where the client goes away in the middle of its body
 */
export async function readRequest(incoming: IncomingMessage, maxBytes: number): Promise<Received | undefined> {
  if (!hasBody(incoming)) return { request: readHead(incoming), chunks: NO_CHUNKS }
  const chunks: Buffer[] = []
  const body = await readBody(incoming, maxBytes, chunks)
  return body && { request: readHead(incoming, body), chunks }
}

/** The request, without its body unless that was read. */
export function readHead(incoming: IncomingMessage, body: RequestBody = NO_BODY): MockRequest {
  const { method = 'GET' } = incoming
  // A proxy's client sends the whole address (RFC 9112, 3.2.2).
  const url = (incoming.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '') || '/'
  const mark = url.indexOf('?')
  return {
    method,
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers: plainHeaders(incoming),
    body,
    prefix: '',
  }
}

/** Sends a reply. To HEAD the body is announced, not sent. */
export function writeReply(
  response: ServerResponse,
  reply: Line,
  more: Readonly<Record<string, string>>,
  isHead: boolean,
  mustClose: boolean,
): void {
  const { status, text } = reply
  const headers = headersOf(reply, more)
  const length = text === undefined ? 0 : Buffer.byteLength(text)
  if (text !== undefined || !hasNoBody(status)) headers['Content-Length'] = length
  if (mustClose) headers['Connection'] = 'close'
  response.writeHead(status, headers)
  if (isHead || text === undefined) response.end()
  // A text of as many bytes as characters is ASCII, which reads the same in Latin 1, and is written as it stands.
  else response.end(text, length === text.length ? 'latin1' : 'utf8')
}

/** How long a reader of a stream may take to read its end, in milliseconds. */
const PATIENCE = 5_000

/** Sends a text as it comes, for as long as the client listens. */
export function streamReply(
  response: ServerResponse,
  { status, headers, mediaType }: Line,
  stream: Stream,
  more: Readonly<Record<string, string>>,
  isHead: boolean,
): void {
  if (response.destroyed) return
  // A connection that was listened on serves nothing else: a server that stops need not wait for it.
  response.writeHead(status, { ...more, ...headers, 'Content-Type': mediaType, Connection: 'close' })
  if (isHead) {
    response.end()
    return
  }
  const stop = stream({
    write: (text) => response.write(text),
    onReady: (callback) => response.once('drain', callback),
    end(text) {
      response.end(text)
      const late = setTimeout(() => response.destroy(), PATIENCE).unref()
      response.once('close', () => clearTimeout(late))
    },
  })
  response.once('close', stop)
}

/** Answers, and closes, where there is no request to respond to. */
export function writeLast(socket: Socket, reply: Line, more: Readonly<Record<string, string>>): void {
  const { status, text = '' } = reply
  const headers = { ...headersOf(reply, more), 'Content-Length': Buffer.byteLength(text), Connection: 'close' }
  socket.write(`${headText(status, headers)}\r\n${text}`)
  socket.destroySoon()
}

function headersOf({ headers, text, mediaType }: Line, more: Readonly<Record<string, string>>): Record<string, string | number> {
  const all: Record<string, string | number> = { ...more, ...headers }
  if (text !== undefined) all['Content-Type'] = mediaType
  return all
}

/** Spoils an answer on its way, and closes. What was answered before on the same connection goes out first. */
export function cutReply(response: ServerResponse, reply: Line, cut: Cut, more: Readonly<Record<string, string>>, isHead: boolean): void {
  const { socket } = response
  if (socket) cutSocket(socket, reply, cut, more, isHead)
  else response.once('socket', (late: Socket) => cutSocket(late, reply, cut, more, isHead))
}

function cutSocket(socket: Socket, reply: Line, cut: Cut, more: Readonly<Record<string, string>>, isHead: boolean): void {
  switch (cut) {
    case 'CONNECTION_RESET_BY_PEER':
      socket.resetAndDestroy()
      return
    case 'EMPTY_RESPONSE':
      break
    case 'RANDOM_DATA_THEN_CLOSE':
      socket.write(GARBAGE)
      break
    case 'MALFORMED_RESPONSE_CHUNK': {
      // Of an answer without a body a client would never read the chunk.
      const status = hasNoBody(reply.status) ? 200 : reply.status
      socket.write(`${headText(status, { ...headersOf(reply, more), 'Transfer-Encoding': 'chunked' })}\r\n`)
      socket.write(GARBAGE)
      break
    }
    case 'TRUNCATED_RESPONSE': {
      const bytes = Buffer.from(reply.text ?? '')
      const head = headText(reply.status, {
        ...headersOf(reply, more),
        ...(!hasNoBody(reply.status) && { 'Content-Length': bytes.length }),
      })
      // Where there is no body to halve, the head has no end.
      if (isHead || bytes.length === 0) socket.write(head)
      else {
        socket.write(`${head}\r\n`)
        socket.write(bytes.subarray(0, Math.floor(bytes.length / 2)))
      }
      break
    }
    default:
      cut satisfies never
  }
  socket.destroySoon()
}

/** Sends what another service has answered, byte for byte. What breaks off there breaks off here. */
export function passReply(
  response: ServerResponse,
  { headers }: Line,
  { status, headers: came, body }: Upstream,
  more: Readonly<Record<string, string>>,
  isHead: boolean,
  mustClose: boolean,
): void {
  if (response.destroyed) {
    if (body instanceof Readable) body.destroy()
    return
  }
  const sent = new Set(came.map(([name]) => name.toLowerCase()))
  const isOwn = ([name]: [string, string]): boolean => /^(Mock-|sl-)/.test(name) || !sent.has(name.toLowerCase())
  const own = Object.fromEntries(Object.entries({ ...more, ...headers, ...(mustClose && { Connection: 'close' }) }).filter(isOwn))
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  // What is read as a whole has a length, whatever was said of it.
  const theirs = came.filter(
    ([name]) => !names.has(name.toLowerCase()) && (isHead || !Buffer.isBuffer(body) || !/^content-length$/i.test(name)),
  )
  const length: [string, string][] = !isHead && Buffer.isBuffer(body) && !hasNoBody(status) ? [['Content-Length', String(body.length)]] : []
  response.writeHead(status, [...theirs, ...length, ...Object.entries(own)].flat())
  if (isHead || Buffer.isBuffer(body)) {
    response.end(isHead ? undefined : body)
    if (body instanceof Readable) body.destroy()
    return
  }
  pipeline(body, response, () => undefined)
}

/** Status line and headers, without the empty line behind them. */
function headText(status: number, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}`
}

type Line = Pick<Handled, 'status' | 'headers' | 'mediaType' | 'text'>

const NO_BODY: RequestBody = { kind: 'none' }
const NO_CHUNKS: readonly Buffer[] = []

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) plain[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return plain
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}

function readBody(incoming: IncomingMessage, maxBytes: number, chunks: Buffer[]): Promise<RequestBody | undefined> {
  const encoding = incoming.headers['content-encoding']
  const tooLarge: RequestBody = { kind: 'too-large', limit: maxBytes }
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(tooLarge)
  return new Promise((resolve) => {
    let size = 0
    const take = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= maxBytes) return
      incoming.pause()
      incoming.off('data', take)
      incoming.off('end', end)
      resolve(tooLarge)
    }
    const end = (): void => {
      const [first] = chunks
      resolve(bodyOf(chunks.length === 1 && first ? first : Buffer.concat(chunks), encoding, maxBytes))
    }
    incoming.on('data', take)
    incoming.on('end', end)
    incoming.on('error', () => resolve(undefined))
  })
}

/** A whole body, without what `Content-Encoding` says was done to it. Of unpacked bytes there may be as many as of others. */
export function bodyOf(bytes: Buffer, encoding: string | undefined, maxBytes: number): RequestBody | Promise<RequestBody> {
  if (bytes.length === 0) return NO_BODY
  const codings = codingsOf(encoding)
  return codings.length === 0 ? plainBody(bytes) : unpackedBody(bytes, codings, encoding ?? '', maxBytes)
}

async function unpackedBody(bytes: Buffer, codings: readonly string[], encoding: string, maxBytes: number): Promise<RequestBody> {
  const plain = await unpacked(bytes, codings, encoding, maxBytes)
  return Buffer.isBuffer(plain) ? plainBody(plain) : plain
}

function plainBody(bytes: Buffer): RequestBody {
  if (bytes.length === 0) return NO_BODY
  if (isUtf8(bytes)) return { kind: 'text', text: bytes.toString('utf8') }
  return { kind: 'bytes', bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) }
}
