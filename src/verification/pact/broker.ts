import { inLine } from '../../base/shown.ts'
import { type BrokerAccess, openBrokerHttp } from './broker-http.ts'
import { type Fields, isRecord } from './value.ts'

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

/** How many pacts are fetched at a time. */
const AT_ONCE = 8
const FOR_VERIFICATION = 'pb:provider-pacts-for-verification'

/**
 * A client of a Pact Broker.
 * @throws UsageError for an address or credentials that are not valid
 */
export function openBroker(access: BrokerAccess): Broker {
  const { index, send, linkIn, refusal } = openBrokerHttp(access)
  /** Whose branch has been told already, by its address. */
  const placed = new Map<string, Promise<unknown>>()

  const listFor = async (links: unknown, provider: string, selection: Selection): Promise<Listed[]> => {
    const url = linkIn(links, FOR_VERIFICATION, index, { provider })
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
    if (!Array.isArray(pacts)) throw refusal(`this is not an answer of a Pact Broker: POST ${url} gives no list of pacts`)
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
      const { _links: links } = await send('GET', index)
      const listed = new Map<string, Listed>()
      for (const provider of selection.providers) for (const one of await listFor(links, provider, selection)) listed.set(one.url, one)
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

type Listed = Pick<BrokerPact, 'url' | 'pending' | 'wip' | 'notices'>

function noticesOf(notices: unknown): BrokerPact['notices'] {
  return (Array.isArray(notices) ? notices : []).flatMap((notice: unknown) => {
    const { when, text } = isRecord(notice) ? notice : {}
    return typeof when === 'string' && typeof text === 'string' ? [{ when, text: inLine(text) }] : []
  })
}
