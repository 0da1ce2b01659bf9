import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { MockRequest } from '../base/http.ts'
import { refusal } from '../base/refusal.ts'
import { ranksAboveJson } from './accept.ts'
import { type Handled, toLine } from './line.ts'

/** The page for who does not live in a shell. It holds nothing: what it shows it asks the control API for, as anybody else would. */

/** What the paths of the page are answered with; no path of a request ever becomes the name of a file. */
const FILES: ReadonlyMap<string, { readonly name: string; readonly mediaType: string }> = new Map([
  ['/__mock/', { name: 'index.html', mediaType: 'text/html; charset=utf-8' }],
  ['/__mock/console/console.js', { name: 'console.js', mediaType: 'text/javascript; charset=utf-8' }],
  ['/__mock/console/console.css', { name: 'console.css', mediaType: 'text/css; charset=utf-8' }],
])

/** Where the build puts them: this file runs from src/ or from dist/. */
const FOLDER = new URL(import.meta.url.endsWith('.ts') ? '../../dist/console/' : '../console/', import.meta.url)

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  // Asked for again each time, and answered 304 until another version serves.
  'Cache-Control': 'no-cache',
}

/** Whether the page, or a part of it, is asked for; or where it explains a request, by a browser. */
export function isConsole(request: MockRequest): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const path = withoutPrefix(request.path)
  return path === BARE || FILES.has(path) || (EXPLAINED.test(path) && ranksAboveJson('text/html', request.headers['accept']))
}

/** What `Mock-Explain` leads to. */
const EXPLAINED = /^\/__mock(\/requests\/[^/]+)$/

const BARE = '/__mock'

/** Answers with the page and its parts. Each is read when it is first asked for. @param folder where they are */
export function createConsole(folder: URL = FOLDER): (request: MockRequest, now: number) => Handled {
  const read = new Map<string, Part>()
  return ({ path, headers: asked }, now) => {
    if (path.endsWith(BARE)) return toLine({ status: 308, headers: { Location: `${path}/` } }, now, true)
    const [, explained] = EXPLAINED.exec(withoutPrefix(path)) ?? []
    if (explained !== undefined) {
      const prefix = path.slice(0, path.length - withoutPrefix(path).length)
      return toLine({ status: 302, headers: { Location: `${prefix}${BARE}/#${explained}`, Vary: 'Accept' } }, now, true)
    }
    const file = FILES.get(withoutPrefix(path))
    if (!file) throw new Error(`${path} is of the console`)
    const part = read.get(file.name) ?? readPart(new URL(file.name, folder))
    if (!part) return toLine(refusal(UNBUILT), now, true)
    read.set(file.name, part)
    const headers = { ...HEADERS, ETag: part.tag }
    if (isKnown(asked['if-none-match'], part.tag)) return toLine({ status: 304, headers }, now, true)
    return toLine({ status: 200, headers, mediaType: file.mediaType, text: part.text }, now, true)
  }
}

interface Part {
  readonly text: string
  readonly tag: string
}

function readPart(file: URL): Part | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return { text, tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
  } catch {
    return undefined
  }
}

const UNBUILT = {
  code: 'console-unbuilt',
  detail: 'the console is made by the build, and there is none',
  fix: 'run npm run build, and load the page again',
} as const

/** Whether a client has what would be sent (RFC 9110, 13.1.2). */
function isKnown(tags: string | undefined, tag: string): boolean {
  return tags?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag) === true
}

function withoutPrefix(path: string): string {
  return path.replace(/^\/(?:~|%7e)[^/]*(?=\/)/i, '')
}
