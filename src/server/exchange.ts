import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MockRequest, RequestBody } from '../http.ts'
import type { Handled } from './handler.ts'

/** The request as plain data. A body above the limit is not kept; what is left of it is not read. */
export async function readRequest(incoming: IncomingMessage, maxBytes: number): Promise<MockRequest> {
  const { method = 'GET' } = incoming
  // A proxy's client sends the whole address (RFC 9112, 3.2.2).
  const url = (incoming.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '') || '/'
  const mark = url.indexOf('?')
  return {
    method,
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers: plainHeaders(incoming),
    body: hasBody(incoming) ? await readBody(incoming, maxBytes) : NO_BODY,
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
  const { status, text, mediaType } = reply
  const headers: Record<string, string | number> = { ...more, ...reply.headers }
  if (text !== undefined) {
    headers['Content-Type'] = mediaType
    headers['Content-Length'] = Buffer.byteLength(text)
  } else if (status !== 204 && status !== 304) headers['Content-Length'] = 0
  if (mustClose) headers['Connection'] = 'close'
  response.writeHead(status, headers)
  response.end(isHead ? undefined : text)
}

type Line = Pick<Handled, 'status' | 'headers' | 'mediaType' | 'text'>

const NO_BODY: RequestBody = { kind: 'none' }

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

function readBody(incoming: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  const encoding = incoming.headers['content-encoding']
  const tooLarge: RequestBody = { kind: 'too-large', limit: maxBytes }
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(tooLarge)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        incoming.pause()
        resolve(tooLarge)
      } else chunks.push(chunk)
    })
    incoming.on('end', () => {
      const [first] = chunks
      const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks)
      if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') resolve({ kind: 'encoded', encoding })
      else if (bytes.length === 0) resolve(NO_BODY)
      else resolve(isUtf8(bytes) ? { kind: 'text', text: bytes.toString('utf8') } : { kind: 'not-utf8' })
    })
    incoming.on('error', reject)
  })
}
