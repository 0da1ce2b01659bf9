/** Pact files made by multiplying those of contracts/: bodies, matchers and states. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Interaction {
  readonly description: string
  readonly providerStates?: readonly { readonly name: string }[]
  readonly request: { readonly path: string; readonly headers?: Readonly<Record<string, unknown>>; readonly generators?: object }
  readonly response: { readonly status: number }
}
interface Pact {
  readonly consumer: { readonly name: string }
  readonly provider: { readonly name: string }
  readonly interactions: readonly Interaction[]
}

const CONTRACTS = join(import.meta.dirname, '../contracts')
const OMS = ['order-desk-oms-allocations', 'parcel-tracker-oms-allocations'] as const
const ALL = [...OMS, 'storefront-supplier-orders', 'warehouse-supplier-orders'] as const

function contract(name: string): Pact {
  return JSON.parse(readFileSync(join(CONTRACTS, `${name}.json`), 'utf8')) as Pact
}

/** The same interactions over and over, each told by its number. */
function multiplied({ interactions }: Pact, count: number): Interaction[] {
  return Array.from({ length: count }, (_, index) => {
    const { description, ...rest } = interactions[index % interactions.length] as Interaction
    return { ...rest, description: `${description}, ${index}` }
  })
}

function written(folder: string, name: string, pact: Pact): string {
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(pact, null, 2))
  return file
}

export function oneFile(folder: string, interactions: number): string[] {
  const pact = contract(OMS[0])
  return [written(folder, 'one', { ...pact, interactions: multiplied(pact, interactions) })]
}

export function manyFiles(folder: string, files: number, interactions: number): string[] {
  return Array.from({ length: files }, (_, index) => {
    const pact = contract(ALL[index % ALL.length] ?? OMS[0])
    const consumer = { name: `${pact.consumer.name}-${index}` }
    return written(folder, `many-${index}`, { ...pact, consumer, interactions: multiplied(pact, interactions) })
  })
}

const CONSUMERS = 10
/** The last ones are about a provider that the mock does not know. */
const FOREIGN = 2

/**
 * Pacts of a team that has never heard of the mock: their own words for provider states, no credentials, every other one without the
 * base path of the service.
 */
export function strangers(folder: string, files: number): string[] {
  return Array.from({ length: files }, (_, index) => {
    const { interactions, ...pact } = contract(OMS[index % 2] ?? OMS[0])
    const consumer = { name: `consumer-${index % CONSUMERS}` }
    const provider = { name: index < files - FOREIGN ? 'OMS' : 'billing' }
    // One is about the credentials that none of them has.
    const own = interactions.filter(({ response }) => response.status !== 401).map((interaction) => strange(interaction, consumer.name))
    const based = index % 2 === 0 ? own : (JSON.parse(JSON.stringify(own).replaceAll('/api/v2/', '/')) as Interaction[])
    const away = provider.name === 'billing' ? based.map((one) => ({ ...one, request: { method: 'GET', path: '/invoices' } })) : based
    return written(folder, `strange-${index}`, { ...pact, consumer, provider, interactions: away })
  })
}

function strange({ providerStates = [], request, ...rest }: Interaction, consumer: string): Interaction {
  const { Authorization: _, ...headers } = request.headers ?? {}
  const states = providerStates.map((state) => ({ ...state, name: `${consumer} finds that ${state.name} before it asks` }))
  return { ...rest, request: { ...request, headers }, providerStates: states }
}

/** The text that a team's own one stands for. */
export function meant(text: string): string {
  return text.replace(/^.* finds that (.*) before it asks$/, '$1')
}
