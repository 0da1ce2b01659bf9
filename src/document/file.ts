import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { DocumentError, messageFrom } from '../base/problem.ts'

/** The largest documents that are published have some fourteen million: GitHub's. */
const MAX_BYTES = 25_000_000

/** A file's path, symbolic links resolved; a pipe has no other than its name. */
export function realPath(file: string, what: string): string {
  const kind = fileKind(file)
  if (kind === 'none') throw new DocumentError(`${what}: there is no such file`)
  if (kind === 'folder') throw new DocumentError(`${what}: it is not a file, but a folder`)
  return kind === 'file' ? realpathSync(file) : file
}

/** What a name stands for. A pipe, such as `/dev/stdin` or `<(…)` of a shell, is read once from begin to end. */
export function fileKind(name: string): 'file' | 'folder' | 'pipe' | 'none' {
  try {
    const found = statSync(name)
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'pipe'
  } catch {
    // Nothing, or nothing that this user may look at.
    return 'none'
  }
}

/** What has come through pipes, by their names: who reads again finds them empty. */
const read = new Map<string, string>()

/** @throws DocumentError for what cannot be read, or is too large */
export function readText(path: string, name: string, what: string): string {
  const known = read.get(path)
  if (known !== undefined) return known
  const chunks: Buffer[] = []
  let size = 0
  try {
    const file = openSync(path, 'r')
    try {
      for (let chunk = readChunk(file); chunk.length > 0 && size <= MAX_BYTES; chunk = readChunk(file)) {
        chunks.push(chunk)
        size += chunk.length
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new DocumentError(`${name}: it cannot be read (${messageFrom(error)})`)
  }
  if (size > MAX_BYTES) throw new DocumentError(`${name}: ${size} bytes or more; a ${what} may have ${MAX_BYTES}`)
  const text = textIn(Buffer.concat(chunks), name)
  if (fileKind(path) === 'pipe') read.set(path, text)
  return text
}

/** @throws DocumentError for what is not UTF-8: read as it, names would be others than they are */
function textIn(bytes: Buffer, name: string): string {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isWide) throw new DocumentError(`${name}:1: it is UTF-16; save it as UTF-8`)
  const lineAt = (end: number): number => bytes.subarray(0, end).filter((byte) => byte === LINE_FEED).length + 1
  const empty = bytes.indexOf(0)
  if (empty !== -1) throw new DocumentError(`${name}:${lineAt(empty)}: it holds the character U+0000, which no text has; is it a text?`)
  if (!isUtf8(bytes)) throw new DocumentError(`${name}:${lineAt(endOfUtf8(bytes))}: it is not UTF-8; save it as UTF-8`)
  return bytes.toString()
}

const LINE_FEED = 0x0a

/** Where what is UTF-8 ends. */
function endOfUtf8(bytes: Buffer): number {
  let [low, high] = [0, bytes.length]
  // What is cut within a character is none; so each end is looked at up to three bytes before.
  const isWell = (end: number): boolean => [0, 1, 2, 3].some((back) => isUtf8(bytes.subarray(0, Math.max(0, end - back))))
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isWell(middle)) low = middle
    else high = middle - 1
  }
  return low
}

function readChunk(file: number): Buffer {
  const chunk = Buffer.allocUnsafe(2 ** 20)
  return chunk.subarray(0, readSync(file, chunk))
}
