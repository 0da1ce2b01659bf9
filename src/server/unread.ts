import type { MockRequest, Problem } from '../base/http.ts'

/** What Node's parser is handed and refuses: no request comes of it. */

/** So much of a request line and headers together Node reads (`--max-http-header-size`). */
const MAX_HEAD = '16 KiB'

/** Why the parser refused; undefined where the line broke, and there is nobody to tell. */
export function problemOf(error: Error): Problem | undefined {
  const code = 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        code: 'headers-too-large',
        detail: `request line and headers together are larger than ${MAX_HEAD}`,
        fix: 'send less: fewer ids in the path, a shorter query, fewer cookies',
      }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return {
        code: 'body-too-large',
        detail: `the extensions of a chunk are larger than ${MAX_HEAD}`,
        fix: 'send chunks without extensions',
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'request-late', detail: 'the request did not arrive as a whole in time', fix: 'send it again, without a pause in it' }
    default:
      return code.startsWith('HPE_') ? unreadable(code, error) : undefined
  }
}

function unreadable(code: string, error: Error): Problem {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
  const isTls = packetOf(error)?.[0] === TLS_HANDSHAKE
  return {
    code: 'request-unreadable',
    detail: isTls ? 'TLS arrived where HTTP is spoken' : `the bytes are no HTTP request: ${reason} (${code})`,
    fix: isTls ? 'use http://, not https://' : 'see RFC 9112; a client library writes requests that can be read',
  }
}

/** The first byte of a TLS record that opens a connection (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 22

/** A request of HTTP/1.1 has to name a host (RFC 9112, section 3.2). */
export const HOST_MISSING: Problem = {
  code: 'host-missing',
  detail: 'the request has no Host header',
  fix: 'send one; HTTP/1.0 needs none',
}

export const NO_PROXY: Problem = {
  code: 'method-unknown',
  detail: 'CONNECT asks for a proxy, and this is none',
  fix: 'send requests to this server itself, without a proxy',
}

/** As much of the request as can be told from the bytes at which the parser stopped: method, path, origin. */
export function headOf(error: Error): MockRequest {
  const text = packetOf(error)?.subarray(0, MAX_TOLD).toString('latin1') ?? ''
  const [, method = '-', url = '-'] = /^([A-Z]{1,20}) (\S+)/.exec(text) ?? []
  const [, origin] = /\r\norigin: *(\S+)\r\n/i.exec(text) ?? []
  const [path = '', ...query] = url.split('?')
  return { method, path, query: query.join('?'), headers: origin === undefined ? {} : { origin }, body: { kind: 'none' }, prefix: '' }
}

const MAX_TOLD = 16_384

function packetOf(error: Error): Buffer | undefined {
  return 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : undefined
}
