import type { MockRequest } from '../base/http.ts'
import { ranksAboveJson } from './accept.ts'
import { type Handled, toLine } from './line.ts'

/** What browsers and crawlers ask of any server by themselves. */
const BY_THEMSELVES = /^\/(favicon\.ico|robots\.txt|apple-touch-icon[\w-]*\.png|\.well-known(\/.*)?)$/s

/** Whether a person looks with a browser: that is not traffic of an app, and belongs to no session. */
export function isVisit({ method, path, headers }: MockRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  return path === '/' ? ranksAboveJson('text/html', headers['accept']) : BY_THEMSELVES.test(path)
}

/** Where somebody goes who opens the server's address. */
export function toConsole({ prefix }: MockRequest, now: number): Handled {
  return toLine({ status: 302, headers: { Location: `${prefix}/__mock/`, Vary: 'Accept' } }, now, false)
}
