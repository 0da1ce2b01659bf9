import type { IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { Readable } from 'node:stream'
import type { MockRequest, Problem } from '../base/http.ts'
import { Agent as PlainAgent, request as requestPlain } from '../packages.ts'
import { messageFrom } from '../base/problem.ts'

/** What another service answers. */
export interface Upstream {
  readonly kind: 'answer'
  readonly status: number
  /** As they came, but for those that belong to the connection. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The whole, where it is one to be read; else what is left of it comes as it comes. */
  readonly body: Buffer | Readable
}

/** Sends a request on. A service that is not there, or late, is a problem: the client gets an answer. */
export interface Sender {
  send(to: URL, request: MockRequest, body: Buffer | Readable | undefined, signal: AbortSignal): Promise<Upstream | SendFailure>
  close(): void
}

interface SendFailure {
  readonly kind: 'failed'
  readonly problem: Problem
}

export interface SenderSettings {
  /** How long the service may take until it begins to answer, and be silent within an answer that is to be read, in milliseconds. */
  readonly timeout: number
  /** An answer that is larger than this is sent as it comes, unread. */
  readonly maxBytes: number
  /** An HTTP proxy on the way. */
  readonly proxy?: URL
}

/** RFC 9110, section 7.6.1, and what the mock alone is told. */
const NOT_SENT = new Set([
  'connection',
  'host',
  'keep-alive',
  'mock-control-token',
  'mock-scenario',
  'mock-session',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Says where a request has been (RFC 9110, section 7.6.3), so that it does not go round in a circle. */
const VIA = '1.1 allocation-mock'

export function createSender({ timeout, maxBytes, proxy }: SenderSettings): Sender {
  const settings = { keepAlive: true, ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } }) }
  const [plain, secure] = [new PlainAgent(settings), new SecureAgent(settings)]
  return {
    close() {
      plain.destroy()
      secure.destroy()
    },
    send: (to, { method, path, query, headers }, body, signal) =>
      new Promise((resolve) => {
        const fail = (problem: Problem): void => resolve({ kind: 'failed', problem })
        if (headers['via']?.includes(VIA)) {
          fail({ code: 'upstream-failed', detail: `${to.origin} leads back to this server`, fix: 'name the address of the real service' })
          return
        }
        const sent = Object.entries(headers).filter(([name]) => !NOT_SENT.has(name))
        const options = {
          method,
          path: to.pathname.replace(/\/$/, '') + path + (query === '' ? '' : `?${query}`),
          headers: { ...Object.fromEntries(sent), host: to.host, via: [headers['via'] ?? [], VIA].flat().join(', ') },
          signal,
          timeout,
        }
        const isSecure = to.protocol === 'https:'
        const outgoing = isSecure ? requestSecure(to, { ...options, agent: secure }) : requestPlain(to, { ...options, agent: plain })
        outgoing.on('timeout', () => {
          fail({
            code: 'upstream-late',
            detail: `${to.origin} has not answered ${method} ${path} within ${timeout} ms`,
            fix: 'look whether it is busy, or give it longer with --upstream-timeout',
          })
          outgoing.destroy()
        })
        outgoing.on('error', (error) =>
          fail({
            code: 'upstream-failed',
            detail: `${to.origin} does not answer: ${reasonOf(error)}`,
            fix: 'start it, or name another address',
          }),
        )
        outgoing.on('response', (incoming) => {
          void answerOf(incoming, maxBytes).then(resolve, (error: unknown) =>
            fail({ code: 'upstream-failed', detail: `${to.origin} breaks off its answer: ${messageFrom(error)}`, fix: 'look at its log' }),
          )
        })
        if (body instanceof Readable) body.pipe(outgoing)
        else outgoing.end(body)
      }),
  }
}

/** Of several addresses that were tried each has a reason of its own. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map((one: unknown) => messageFrom(one)).join('; ') : messageFrom(error)
}

async function answerOf(incoming: IncomingMessage, maxBytes: number): Promise<Upstream> {
  const { statusCode: status = 502, rawHeaders, headers } = incoming
  const pairs = rawHeaders.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []))
  const left = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const own = pairs.filter(([name]) => !NOT_SENT.has(name.toLowerCase()) && !left.has(name.toLowerCase()))
  return { kind: 'answer', status, headers: own, body: await bodyOf(incoming, maxBytes) }
}

/** What is to be read is waited for. */
async function bodyOf(incoming: IncomingMessage, maxBytes: number): Promise<Buffer | Readable> {
  const type = incoming.headers['content-type'] ?? ''
  if (!isRead(type) || Number(incoming.headers['content-length'] ?? 0) > maxBytes) return withoutTimeout(incoming)
  const chunks: Buffer[] = []
  let size = 0
  const reader: AsyncIterator<Buffer> = incoming[Symbol.asyncIterator]()
  for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
    chunks.push(next.value)
    size += next.value.length
    if (size > maxBytes) return withoutTimeout(Readable.from(followed(chunks, reader)))
  }
  return Buffer.concat(chunks)
}

/** Events come one by one, for as long as they like; what is no text is checked by nobody. */
function isRead(type: string): boolean {
  return type === '' || (/json|xml|^text\/|x-www-form-urlencoded/i.test(type) && !/^text\/event-stream/i.test(type))
}

async function* followed(chunks: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

function withoutTimeout<Stream extends Readable>(stream: Stream): Stream {
  if ('setTimeout' in stream && typeof stream.setTimeout === 'function') stream.setTimeout(0)
  return stream
}
