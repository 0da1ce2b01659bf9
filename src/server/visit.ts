import type { Contract } from '../contract/operation.ts'
import type { MockRequest } from '../base/http.ts'
import type { Handled } from './line.ts'

/** What browsers and crawlers ask of any server by themselves. */
const BY_THEMSELVES = /^\/(favicon\.ico|robots\.txt|apple-touch-icon[\w-]*\.png|\.well-known(\/.*)?)$/s

/** Whether a person looks with a browser: that is not traffic of an app, and belongs to no session. */
export function isVisit({ method, path, headers }: MockRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  return path === '/' ? /\btext\/html\b/i.test(headers['accept'] ?? '') : BY_THEMSELVES.test(path)
}

/** What somebody sees who opens the server's address. */
export function welcome(documents: readonly Pick<Contract, 'name' | 'base'>[], now: number): Handled {
  const link = (path: string): string => `<a href="${path}">${path}</a>`
  const apis = documents.map(({ name, base }) => `<li>${name}, at ${base}/…: ${link(`/__mock/openapi/${name}.json`)}</li>`)
  const looks = ['/__mock/sessions', '/__mock/requests', '/__mock/sessions/default/entities', '/__mock/sessions/default/examples']
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>allocation-mock</title>
<h1>allocation-mock</h1>
<p>A stand-in server for these APIs:</p>
<ul>${apis.join('')}</ul>
<p>What there is, what was asked, and requests that work now:</p>
<ul>${looks.map((path) => `<li>${link(path)}</li>`).join('')}</ul>
</html>
`
  return { status: 200, headers: {}, mediaType: 'text/html; charset=utf-8', text, now, isControl: false }
}
