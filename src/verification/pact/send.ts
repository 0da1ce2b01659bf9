import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { request as httpRequest } from '../../packages.ts'

export interface Sending {
  readonly method: string
  readonly headers: Readonly<OutgoingHttpHeaders>
  readonly body?: string | Buffer | undefined
  /** Milliseconds. */
  readonly timeout: number
}

/** With Node's own client: `fetch` would be most of what an interaction costs, and refuses requests that a pact may have. */
export async function send(
  url: string,
  { method, headers, body, timeout }: Sending,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  request(
    url,
    {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      signal: AbortSignal.timeout(timeout),
    },
    resolve,
  )
    .on('error', reject)
    .end(body)
  const response = await promise
  return { status: response.statusCode ?? 0, text: await bodyOf(response) }
}

/** More of a body is not read into memory: as much as a file of a pact may have. */
const MAX_BYTES = 10_000_000

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/**
 * A whole body as text.
 * @throws BodyTooLarge for one that is not read to its end; the connection is closed
 */
export async function bodyOf(message: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of message) {
    size += chunk.length
    if (size > MAX_BYTES) throw new BodyTooLarge(`more than ${MAX_BYTES} bytes, which are read at most`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
