import { decoded } from '../../base/decode.ts'
import { UsageError } from '../../base/problem.ts'
import { inLine } from '../../base/shown.ts'
import { bodyOf, BodyTooLarge } from './send.ts'
import { type Fields, isRecord, parsed } from './value.ts'
import { errorWords } from './words.ts'

/** Where a Pact Broker is, and who asks. */
export interface BrokerAccess {
  readonly url: string
  /** A bearer token; without it, name and password where there are some, also those in the URL. */
  readonly token?: string
  readonly username?: string
  readonly password?: string
  /** How long the broker may take for one answer, in milliseconds. */
  readonly timeout?: number
}

/** Requests to a broker, whose documents lead to one another by links (HAL). */
export interface BrokerHttp {
  /** The address of its first document. */
  readonly index: string
  /** @throws UsageError with the broker's words where it cannot be reached, refuses, or answers what no broker would */
  send(method: 'GET' | 'POST' | 'PUT', url: string, sent?: Sent): Promise<Fields>
  /**
   * Where a link leads, always at the broker that was named: one elsewhere must not be given the credentials.
   * @param from whose links they are
   * @throws UsageError where there is no such link
   */
  linkIn(links: unknown, name: string, from: string, values?: Readonly<Record<string, string>>): string
  /** An error in these words, without credentials. */
  refusal(text: string): UsageError
}

interface Sent {
  readonly body?: Fields
  /** Whether it may be sent once more, where that may help. */
  readonly retry?: boolean
  /** What a 404 means. */
  readonly unknown?: string
}

const TIMEOUT = 30_000
/** Answers of what stands before a broker that is just being started. */
const WORTH_A_RETRY = new Set([502, 503, 504])

/** @throws UsageError for an address or credentials that are not valid */
export function openBrokerHttp(access: BrokerAccess): BrokerHttp {
  const { timeout = TIMEOUT } = access
  const base = addressOf(access.url)
  const { authorization, secrets } = credentialsOf(access)

  const refusal = (text: string): UsageError =>
    new UsageError(inLine(secrets.reduce((told, secret) => told.replaceAll(secret, '***'), text)).slice(0, MAX_WORDS))

  const linkIn = (links: unknown, name: string, from: string, values: Readonly<Record<string, string>> = {}): string => {
    const link = isRecord(links) ? links[name] : undefined
    const href = isRecord(link) ? link['href'] : undefined
    if (typeof href !== 'string') {
      const known = isRecord(links) ? Object.keys(links).join(', ') : ''
      throw refusal(`${from} has no link ${name}, as a Pact Broker's answer has; its links are ${known || 'none'}`)
    }
    const filled = href.replaceAll(/\{(\w+)\}/g, (whole, key: string) => {
      const value = values[key]
      return value === undefined ? whole : encodeURIComponent(value)
    })
    if (!URL.canParse(filled, base.href)) throw refusal(`${from} has a link ${name} that leads nowhere: ${filled}`)
    const { pathname, search } = new URL(filled, base)
    const url = new URL(base.origin)
    url.pathname = pathname
    url.search = search
    return url.href
  }

  const send = async (method: 'GET' | 'POST' | 'PUT', url: string, sent: Sent = {}): Promise<Fields> => {
    const { body, retry = true, unknown } = sent
    const asked = `${method} ${url}`
    let response: Response
    let text: string
    try {
      response = await fetch(url, {
        method,
        headers: {
          accept: 'application/hal+json, application/json',
          ...(body && { 'content-type': 'application/json' }),
          ...(authorization !== undefined && { authorization }),
        },
        ...(body && { body: JSON.stringify(body) }),
        // To another address the credentials must not go.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
      })
      text = response.body ? await bodyOf(response.body) : ''
    } catch (error) {
      if (error instanceof BodyTooLarge) throw refusal(`the answer of the broker is too large: ${asked} gives ${error.message}`)
      const isLate = error instanceof Error && error.name === 'TimeoutError'
      if (retry && !isLate) return send(method, url, { ...sent, retry: false })
      throw refusal(`the broker does not answer: ${asked}: ${errorWords(error, timeout)}`)
    }
    const { status, statusText } = response
    if (retry && WORTH_A_RETRY.has(status)) return send(method, url, { ...sent, retry: false })
    const answer = `${asked} answers ${`${status} ${statusText}`.trim()}`
    if (status >= 300 && status < 400)
      throw refusal(`the broker is elsewhere: ${answer}, and names ${response.headers.get('location') ?? 'no other address'}`)
    const words = response.ok ? '' : wordsOf(text)
    const told = words === '' ? '' : `: ${words}`
    if (status === 401 || status === 403)
      throw refusal(`the broker ${authorization === undefined ? 'asks for credentials' : 'refuses the credentials'}: ${answer}${told}`)
    if (status === 404 && unknown !== undefined) throw refusal(`${unknown}: ${answer}${told}`)
    if (!response.ok) throw refusal(`the broker refuses: ${answer}${told}`)
    if (text === '' && method !== 'GET') return {}
    const value = parsed(text)
    if (isRecord(value)) return value
    throw refusal(
      `this is not an answer of a Pact Broker: ${asked} gives no JSON object, but ${response.headers.get('content-type') ?? 'something without a type'}`,
    )
  }

  return { index: base.href, send, linkIn, refusal }
}

const MAX_WORDS = 1_000

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // The text may hold a password.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError('the address of the broker is not a valid HTTP URL; give one like https://broker.example')
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url
}

/** What is sent, and what must not be told. */
function credentialsOf({ url, token, username, password }: BrokerAccess): {
  readonly authorization: string | undefined
  readonly secrets: readonly string[]
} {
  if (token !== undefined && username !== undefined)
    throw new UsageError('the broker is given a token, and a name: one of the two (--broker-token, --broker-username)')
  if (password !== undefined && username === undefined)
    throw new UsageError('the broker is given a password without a name (--broker-username)')
  // A line's end often comes with a token that was read from a file.
  if (token !== undefined) return { authorization: `Bearer ${token.trim()}`, secrets: [token.trim()].filter((one) => one !== '') }
  const { username: user, password: word } = new URL(url)
  const name = username ?? decoded(user)
  if (name === '') return { authorization: undefined, secrets: [] }
  const secret = username === undefined ? decoded(word) : (password ?? '')
  const encoded = Buffer.from(`${name}:${secret}`).toString('base64')
  return { authorization: `Basic ${encoded}`, secrets: [encoded, secret].filter((one) => one !== '') }
}

/** What a broker says when it refuses: in `error` or `errors`, in several forms, or as a problem (RFC 9457). An HTML page says nothing of use. */
function wordsOf(text: string): string {
  const body = parsed(text)
  if (!isRecord(body)) return text.trim().startsWith('<') ? '' : text.trim()
  const { errors, error, detail, message, title } = body
  return textsIn(errors ?? error ?? detail ?? message ?? title).join('; ') || text
}

function textsIn(value: unknown, of = ''): string[] {
  if (typeof value === 'string') return [of === '' ? value : `${of}: ${value}`]
  if (Array.isArray(value)) return value.flatMap((one: unknown) => textsIn(one, of))
  if (!isRecord(value)) return []
  const { detail, message, pointer } = value
  const told = detail ?? message
  if (typeof told === 'string') return textsIn(told, typeof pointer === 'string' ? pointer : of)
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, key))
}
