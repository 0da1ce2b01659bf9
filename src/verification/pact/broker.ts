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

/** Which pacts are wanted. */
export interface Selection {
  readonly providers: readonly string[]
  /** Consumer version selectors, as the broker reads them; what it takes for wanted where there are none. */
  readonly selectors?: readonly Fields[]
  /** Pacts that the provider has never fulfilled may fail. */
  readonly enablePending?: boolean
  /** Also pacts of branches that no selector names, from this date on; all of them pending. */
  readonly includeWipPactsSince?: string
  /** The provider's own branch, by which the broker knows what is pending. */
  readonly providerVersionBranch?: string
}

/** A pact as the broker gave it. */
export interface BrokerPact {
  /** In the broker's words: `Pact between web (1.0) and OMS`. */
  readonly name: string
  /** Without credentials. */
  readonly url: string
  /** Without what the broker adds for itself. */
  readonly content: Fields
  readonly pending: boolean
  readonly wip: boolean
  /** What the broker wants to be told, and when. */
  readonly notices: readonly { readonly when: string; readonly text: string }[]
  /** The links of its document. */
  readonly links: Fields
}

/** What became of a pact. */
export interface PactResult {
  readonly pact: BrokerPact
  readonly success: boolean
  readonly providerVersion: string
  readonly branch?: string
  /** Where the run can be looked at. */
  readonly buildUrl?: string
  readonly results: readonly {
    /** The broker's own; older ones give none. */
    readonly id?: string
    readonly description: string
    /** Why it failed; none where it passed. */
    readonly reasons: readonly string[]
  }[]
}

export interface Broker {
  /** @throws UsageError with the broker's words where it cannot be reached, refuses, or answers what no broker would */
  fetchPacts(selection: Selection): Promise<readonly BrokerPact[]>
  /** Says where the version belongs, then what became of the pact. @throws UsageError, as above */
  publishResult(result: PactResult): Promise<void>
}

const TIMEOUT = 30_000
/** So many pacts are fetched at a time. */
const AT_ONCE = 8
/** Answers of what stands before a broker that is just being started. */
const WORTH_A_RETRY = new Set([502, 503, 504])
const FOR_VERIFICATION = 'pb:provider-pacts-for-verification'

/**
 * A client of a Pact Broker: it follows the links of the broker's documents (HAL).
 * @throws UsageError for an address or credentials that cannot be
 */
export function openBroker(access: BrokerAccess): Broker {
  const { timeout = TIMEOUT } = access
  const base = addressOf(access.url)
  const { authorization, secrets } = credentialsOf(access)
  /** Whose branch has been told already, by its address. */
  const placed = new Map<string, Promise<unknown>>()

  const refusal = (text: string): UsageError =>
    new UsageError(inLine(secrets.reduce((told, secret) => told.replaceAll(secret, '***'), text)).slice(0, MAX_WORDS))

  /** Where a link leads, always at the broker that was named: one elsewhere must not be given the credentials. */
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
      `this is no answer of a Pact Broker: ${asked} gives no JSON object, but ${response.headers.get('content-type') ?? 'something without a type'}`,
    )
  }

  const listFor = async (index: Fields, provider: string, selection: Selection): Promise<Listed[]> => {
    const url = linkIn(index['_links'], FOR_VERIFICATION, base.href, { provider })
    const { selectors = [], enablePending = false, includeWipPactsSince, providerVersionBranch } = selection
    const answer = await send('POST', url, {
      body: {
        consumerVersionSelectors: selectors,
        // What is work in progress is pending.
        includePendingStatus: enablePending || includeWipPactsSince !== undefined,
        includeWipPactsSince,
        providerVersionBranch,
      },
      unknown: `the broker knows no provider "${provider}"`,
    })
    const embedded = answer['_embedded']
    const pacts: unknown = isRecord(embedded) ? embedded['pacts'] : undefined
    if (!Array.isArray(pacts)) throw refusal(`this is no answer of a Pact Broker: POST ${url} gives no list of pacts`)
    return pacts.map((listed: unknown): Listed => {
      const { _links: links, verificationProperties } = isRecord(listed) ? listed : {}
      const { pending, wip, notices } = isRecord(verificationProperties) ? verificationProperties : {}
      return {
        url: linkIn(links, 'self', url),
        pending: pending === true || wip === true,
        wip: wip === true,
        notices: noticesOf(notices),
      }
    })
  }

  const fetchOne = async ({ url, ...listed }: Listed): Promise<BrokerPact> => {
    const { _links: links, createdAt: _, ...content } = await send('GET', url)
    const own = isRecord(links) ? links : {}
    const name = isRecord(own['self']) ? own['self']['name'] : undefined
    return { ...listed, url, content, links: own, name: typeof name === 'string' ? inLine(name) : url }
  }

  const placeVersion = async ({ pact, branch = '', providerVersion }: PactResult): Promise<unknown> => {
    const provider = linkIn(pact.links, 'pb:provider', pact.url)
    const { _links: links } = await send('GET', provider)
    return send('PUT', linkIn(links, 'pb:branch-version', provider, { branch, version: providerVersion }), { body: {} })
  }

  return {
    async fetchPacts(selection) {
      const index = await send('GET', base.href)
      const listed = new Map<string, Listed>()
      for (const provider of selection.providers) for (const one of await listFor(index, provider, selection)) listed.set(one.url, one)
      const waiting = [...listed.values()]
      const pacts: BrokerPact[] = []
      while (waiting.length > 0) pacts.push(...(await Promise.all(waiting.splice(0, AT_ONCE).map((one) => fetchOne(one)))))
      return pacts
    },
    async publishResult(result) {
      const { pact, success, providerVersion, branch, buildUrl, results } = result
      const url = linkIn(pact.links, 'pb:publish-verification-results', pact.url)
      if (branch !== undefined) {
        const key = JSON.stringify([pact.links['pb:provider'], branch, providerVersion])
        const known = placed.get(key) ?? placeVersion(result)
        placed.set(key, known)
        await known
      }
      // Sent twice it would be two results.
      await send('POST', url, {
        retry: false,
        body: {
          success,
          providerApplicationVersion: providerVersion,
          buildUrl,
          verifiedBy: { implementation: 'allocation-mock' },
          testResults: results.map(({ id, description, reasons }) => ({
            interactionId: id,
            interactionDescription: description,
            success: reasons.length === 0,
            ...(reasons.length > 0 && { exceptions: reasons.map((message) => ({ message })) }),
          })),
        },
      })
    },
  }
}

interface Sent {
  readonly body?: Fields
  /** Whether it may be sent once more, where that may help. */
  readonly retry?: boolean
  /** What a 404 means. */
  readonly unknown?: string
}

type Listed = Pick<BrokerPact, 'url' | 'pending' | 'wip' | 'notices'>

const MAX_WORDS = 1_000

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // The text may hold a password.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError('the address of the broker is none; give one like https://broker.example')
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function noticesOf(notices: unknown): BrokerPact['notices'] {
  return (Array.isArray(notices) ? notices : []).flatMap((notice: unknown) => {
    const { when, text } = isRecord(notice) ? notice : {}
    return typeof when === 'string' && typeof text === 'string' ? [{ when, text: inLine(text) }] : []
  })
}

/** What a broker says when it refuses: in `error` or `errors`, in several forms, or as a problem (RFC 9457). A page is no word. */
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
