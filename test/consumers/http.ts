/** What a consumer sees when it is refused. */
class Refused extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`refused with ${status}: ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

/** Sends JSON and takes JSON. @throws {Refused} unless the status is 2xx */
export async function send<T>(method: string, url: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer: unknown = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw new Refused(response.status, answer)
  return answer as T
}
