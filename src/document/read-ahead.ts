import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** YAML that the build has read, by `digestOf` its text: one that has changed since is read anew. */
export type ReadAhead = Readonly<Record<string, { readonly json: string; readonly lines: Readonly<Record<string, number>> }>>

/** More than has any file that comes with the mock, in characters: what is longer is not digested for nothing. */
const LONGEST = 10_000
let known: ReadAhead | undefined

/** Tells texts apart. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/**
 * What a file holds that comes with the mock, and the line of each pointer, without YAML's parser: that takes longer to load and to read with than all
 * else of a session's first request. Undefined for any other file, and where nothing was built.
 */
export function readAhead(
  text: string,
): { readonly content: unknown; readonly lineAt: (pointer: string) => number | undefined } | undefined {
  if (text.length > LONGEST) return undefined
  const built = fileURLToPath(new URL('../read-ahead.json', import.meta.url))
  const files: ReadAhead = (known ??= existsSync(built) ? JSON.parse(readFileSync(built, 'utf8')) : {})
  const file = files[digestOf(text)]
  return file && { content: JSON.parse(file.json), lineAt: (pointer) => file.lines[pointer] }
}
