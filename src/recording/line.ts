import { connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

export interface Outgoing {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** What a client met: everything that came until the connection ended, and how it ended. */
export interface Incoming {
  readonly bytes: Buffer
  readonly isReset: boolean
}

export interface Sending {
  readonly answered: Promise<Incoming>
  /** The client goes away. */
  leave(): void
}

/** Sends a request on a connection of its own. By hand: an HTTP client makes of a spoilt answer an error, and not what it met. */
export function send(port: number, { method, path, headers, body }: Outgoing): Sending {
  const socket = connect({ port, host: '127.0.0.1' })
  const content = packed(Buffer.from(body ?? ''), headers['content-encoding'])
  const lines = [
    // Only an old client may leave its host out (RFC 9112, 3.2).
    `${method} ${path} HTTP/1.${headers['host'] === undefined ? 0 : 1}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`content-length: ${content.length}`]),
    'connection: close',
  ]
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]))
  const chunks: Buffer[] = []
  let isReset = false
  const answered = new Promise<Incoming>((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => (isReset = true))
    socket.on('close', () => resolve({ bytes: Buffer.concat(chunks), isReset }))
  })
  return { answered, leave: () => socket.destroy() }
}

const CODINGS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

/** A body is kept unpacked; where its coding is part of what is asked, it goes out again as it came. */
function packed(bytes: Buffer, encoding = ''): Buffer {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase())
  return names.reduce((content, name) => (Object.hasOwn(CODINGS, name) ? (CODINGS[name]?.(content) ?? content) : content), bytes)
}

/** The head of an answer, and what stands behind it. */
export interface Parsed {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether the head has its end. */
  readonly hasBody: boolean
}

/** Undefined for what does not begin as an answer does. */
export function parse(bytes: Buffer): Parsed | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  const [line = '', ...lines] = bytes
    .subarray(0, end === -1 ? undefined : end)
    .toString('latin1')
    .split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]
  if (status === undefined) return undefined
  const headers = lines.flatMap((text): [string, string][] => {
    const at = text.indexOf(':')
    return at === -1 ? [] : [[text.slice(0, at).toLowerCase(), text.slice(at + 1).trim()]]
  })
  return {
    status: Number(status),
    headers: new Map(headers),
    body: end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4),
    hasBody: end !== -1,
  }
}
