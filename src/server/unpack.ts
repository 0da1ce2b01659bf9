import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, type InputType, zstdDecompress } from 'node:zlib'
import type { RequestBody } from '../base/http.ts'
import { messageFrom } from '../base/problem.ts'

type Unpack = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const inflated: Unpack = promisify<InputType, { readonly maxOutputLength: number }, Buffer>(inflate)
const inflatedRaw: Unpack = promisify<InputType, { readonly maxOutputLength: number }, Buffer>(inflateRaw)
const unzipped: Unpack = promisify<InputType, { readonly maxOutputLength: number }, Buffer>(gunzip)

/** By the names of RFC 9110, 8.4.1, and those of IANA's registry that Node knows. */
const CODINGS: Readonly<Record<string, Unpack>> = {
  gzip: unzipped,
  'x-gzip': unzipped,
  // With the frame of zlib, as it should be, or without, as some clients send it.
  deflate: (bytes, options) => (hasFrame(bytes) ? inflated : inflatedRaw)(bytes, options),
  br: promisify<InputType, { readonly maxOutputLength: number }, Buffer>(brotliDecompress),
  zstd: promisify<InputType, { readonly maxOutputLength: number }, Buffer>(zstdDecompress),
}
const KNOWN = Object.keys(CODINGS).filter((name) => name !== 'x-gzip')

/** More are nobody's need, and each is as much work as the bound on bytes allows. */
const MOST = 3

/** What codings a body has, the last applied first; none for an ordinary one. */
export function codingsOf(encoding: string | undefined): readonly string[] {
  if (encoding === undefined) return []
  const names = encoding.split(',').map((name) => name.trim().toLowerCase())
  return names.filter((name) => name !== '' && name !== 'identity').toReversed()
}

/** The bytes without their codings, or why they are not to be had. Reads no more of them than `maxBytes` at any step. */
export async function unpacked(
  bytes: Buffer,
  codings: readonly string[],
  encoding: string,
  maxBytes: number,
): Promise<Buffer | Exclude<RequestBody, { readonly kind: 'none' | 'text' | 'bytes' }>> {
  const ways = codings.flatMap((name) => (Object.hasOwn(CODINGS, name) ? (CODINGS[name] ?? []) : []))
  if (ways.length < codings.length || codings.length > MOST) return { kind: 'encoded', encoding, known: KNOWN }
  let plain = bytes
  for (const way of ways) {
    try {
      plain = await way(plain, { maxOutputLength: maxBytes })
    } catch (error) {
      if (error instanceof RangeError) return { kind: 'too-large', limit: maxBytes }
      return { kind: 'broken', encoding, message: messageFrom(error) }
    }
  }
  return plain
}

/** The first two bytes of zlib's frame: a method, and a sum that 31 divides (RFC 1950, 2.2). */
function hasFrame(bytes: Buffer): boolean {
  const [method = 0, flags = 0] = bytes
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0
}
