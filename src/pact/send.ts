import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface Sending {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
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

export async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of message.setEncoding('utf8')) body += String(chunk)
  return body
}
