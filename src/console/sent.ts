import { curlCommand, headerOption, quoted } from '../base/curl.ts'

/** Headers that a client writes by itself, or that say nothing to who repeats a request. */
const OWN =
  /^(host|connection|content-length|transfer-encoding|user-agent|accept-encoding|accept-language|origin|referer|sec-.*|cache-control|pragma)$/

/** The command that sends a request again. @param body as it stands on the line */
export function curlOf(method: string, url: string, headers: Readonly<Record<string, string>>, body: string | undefined): string {
  const options = [
    ...(method === 'GET' && body === undefined ? [] : [`-X ${method}`]),
    ...Object.entries(headers).flatMap(([name, value]) => (OWN.test(name.toLowerCase()) ? [] : [headerOption(name, value)])),
    // What begins with @ is no file here.
    ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
  ]
  return curlCommand(options, quoted(url))
}

/** Headers as they stand in a text, one a line. A line that is none is a problem. */
export function readHeaders(text: string): Readonly<Record<string, string>> | string {
  const headers = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? []
    if (name === '') return `"${line.trim()}" is no header; write it as Name: value`
    headers.set(name, value)
  }
  return Object.fromEntries(headers)
}

export function writtenHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}
