/** Commands for a POSIX shell. */

/** A text as one argument. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The option by which curl sends a header; an empty one is written with a semicolon. */
export function headerOption(name: string, value: string): string {
  return `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`
}

/** @param url an argument, quoted as it has to be */
export function curlCommand(options: readonly string[], url: string): string {
  return ['curl -sS', ...options, url].join(' ')
}

/** The command that sends a request with a JSON body, or none. */
export function curl(method: string, url: string, headers: Readonly<Record<string, string>>, body: unknown): string {
  const options = [
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...Object.entries(headers).map(([name, value]) => headerOption(name, value)),
    ...(body === undefined ? [] : [`-d ${quoted(JSON.stringify(body))}`]),
  ]
  return curlCommand(options, quoted(url))
}
