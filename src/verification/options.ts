import type { Selection } from './pact/broker.ts'
import type { BrokerAccess } from './pact/broker-http.ts'
import { type Column, COLUMNS, type Filter } from './pact/pact.ts'
import { OptionError, UsageError } from '../base/problem.ts'
import type { LoadedDocument } from '../document/load.ts'

/** What is asked about contracts, by the command and by the library. */
export interface ContractOptions {
  /** Pact files, folders of them, or patterns; the project's own contracts where there are none. */
  readonly pacts: readonly string[]
  /** OpenAPI documents; the bundled ones unless said otherwise. */
  readonly documents?: readonly string[]
  /** The documents of the APIs that the mock serves, where they are not the bundled ones. */
  readonly own?: readonly LoadedDocument[]
  /** Which document a provider's pacts are about: `{ OMS: 'oms-allocations' }`. */
  readonly map?: Readonly<Record<string, string>>
  readonly filter?: Filter
  /** What would do where no document is about the pacts; the options of the commands unless said otherwise. */
  readonly remedy?: string
  /** Sent with each request, in place of what the pact has. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface VerifyContractsOptions extends ContractOptions {
  /** Which columns are asked; document and mock, and the provider where there is one. The provider alone may be anybody's. */
  readonly only?: readonly Column[]
  /** The real service. */
  readonly provider?: string
  /** Where the real service sets up provider states. */
  readonly stateUrl?: string
  /** Provider states beside the bundled ones. */
  readonly states?: string
  /** Other choices where the documents are silent. */
  readonly assume?: Readonly<Record<string, string>>
  /** Nothing more is begun after the first failure: what was not asked is skipped. */
  readonly failFast?: boolean
  /** How long a request may take, in milliseconds. */
  readonly timeout?: number
  readonly onProgress?: (progress: { readonly column: Column; readonly done: number; readonly total: number }) => void
  /** Where more pacts come from. */
  readonly broker?: BrokerOptions
  /** The results of the real service, on the broker's pacts, are told to the broker. */
  readonly publish?: { readonly version: string; readonly branch?: string; readonly buildUrl?: string }
  /** Hears what the broker says: why a pact is verified, and what comes of it. */
  readonly onNotice?: (text: string) => void
  /** Ends the processes of the verifier and removes its files at once, before `abort` returns. */
  readonly signal?: AbortSignal
}

/** A Pact Broker, and what is wanted of it: pacts of the providers that `map` has, or else of those that the documents are named after. */
export type BrokerOptions = BrokerAccess & Partial<Selection>

/**
 * The columns that are asked.
 * @throws UsageError for what cannot be asked, or not be published
 */
export function columnsOf(options: VerifyContractsOptions): readonly Column[] {
  const { only, provider, stateUrl } = options
  const columns = only ?? COLUMNS.filter((column) => column !== 'provider' || provider !== undefined)
  if (columns.includes('provider') && provider === undefined)
    throw new UsageError('the column provider needs the URL of the real service (--provider)')
  for (const [option, url] of Object.entries({ provider, stateUrl }))
    if (url !== undefined && !isHttp(url)) throw new OptionError(option, 'give an HTTP URL, like https://api.example.com', `"${url}"`)
  refuseToPublish(options, columns)
  return columns
}

/** `localhost:8080` is a URL as well, of a scheme that is called localhost. */
function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

/** The real service alone is asked: for that nobody has to know its document. */
export function isPlain(columns: readonly Column[]): boolean {
  return columns.every((column) => column === 'provider')
}

/** Whose pacts are fetched, where that is said. */
export function providersOf({ providers }: BrokerOptions, map: ContractOptions['map'] = {}): readonly string[] | undefined {
  return providers ?? (Object.keys(map).length > 0 ? Object.keys(map) : undefined)
}

/** The provider's branch, which is one whether it is asked for or told. */
export function branchOf({ publish, broker }: VerifyContractsOptions): { readonly branch?: string } {
  const branch = publish?.branch ?? broker?.providerVersionBranch
  return branch === undefined ? {} : { branch }
}

/** @throws UsageError for results that would not prove the service, or not all that a pact asks of it */
function refuseToPublish({ publish, broker, filter = {}, map }: VerifyContractsOptions, columns: readonly Column[]): void {
  if (!publish) return
  if (!columns.includes('provider'))
    throw new UsageError(
      'results are published of the real service only, and it is not asked (--provider): a mock does not prove what is deployed, and must not turn can-i-deploy green',
    )
  if (!broker) throw new UsageError('results are published to a broker, and none is named (--broker)')
  if (providersOf(broker, map)?.length !== 1)
    throw new UsageError('results are published of one service: name the one provider that it is to the broker (--broker-provider)')
  if (filter.description !== undefined || filter.state !== undefined || filter.noState === true)
    throw new UsageError('results are published of whole pacts: interactions cannot be left out (--description, --state)')
}
