import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report, Row } from '../../src/verification/pact/pact.ts'
import { verifyContracts } from '../../src/wiring.ts'
import type { VerifyContractsOptions } from '../../src/verification/options.ts'
import { createMock } from '../../src/index.ts'
import { ROOT } from '../cli/process.ts'

export const CONTRACTS = join(ROOT, 'contracts')
/** A contract or a document, of which tests change any part. */
export type Json = ReturnType<typeof JSON.parse>
export type Change = (part: Json) => void

/** What document, mock and provider say, one mark each: `+` passed, `!` failed, `-` not asked. */
export function marksOf({ answers: { document, mock, provider } }: Row): string {
  return [document, mock, provider].map(({ kind }) => ({ passed: '+', failed: '!', skipped: '-' })[kind]).join('')
}

export const marks = ({ rows }: Report): Record<string, string> => Object.fromEntries(rows.map((row) => [row.description, marksOf(row)]))

export const rowOf = ({ rows }: Report, description: string): Row => {
  const found = rows.find((row) => row.description === description)
  if (!found) throw new Error(`no interaction is called "${description}"`)
  return found
}

/** All that is said of an interaction. */
export function saidOf({ answers, explanation = '' }: Row): string {
  const reasons = Object.values(answers).flatMap((answer) => (answer.kind === 'failed' ? answer.reasons : []))
  return [...reasons.map(({ message }) => message), explanation].join('\n')
}

export const verify = (options: Partial<VerifyContractsOptions>): Promise<Report> => verifyContracts({ pacts: [CONTRACTS], ...options })

/** A new folder with these files in it. */
export function folder(files: Readonly<Record<string, unknown>>): string {
  const path = mkdtempSync(join(tmpdir(), 'contracts-'))
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  return path
}

const contract = (name: string): Json => JSON.parse(readFileSync(join(CONTRACTS, name), 'utf8'))
export const FILES: Readonly<Record<string, Json>> = {
  storefront: contract('storefront-supplier-orders.json'),
  warehouse: contract('warehouse-supplier-orders.json'),
  'order-desk': contract('order-desk-oms-allocations.json'),
  'parcel-tracker': contract('parcel-tracker-oms-allocations.json'),
}

/** A contract of one interaction: that of a consumer, under another name, and changed. */
export function altered(name: string, consumer: string, description: string, change: Change): Json {
  const { interactions, ...rest } = structuredClone(FILES[consumer])
  const found = interactions?.find((one: Json) => one.description === description)
  if (found === undefined) throw new Error(`${consumer} has no interaction "${description}"`)
  change(found)
  return { ...rest, interactions: [{ ...found, description: name }] }
}

export const inFolder = (contracts: readonly Json[]): string =>
  folder(Object.fromEntries(contracts.map((content, index) => [`${index}.json`, content])))

/** The mock, as a service that somebody else runs. */
export async function startedMock(options: Parameters<typeof createMock>[0]) {
  const mock = await createMock(options)
  const { url } = await mock.listen({ port: 0 })
  return { provider: url, stateUrl: `${url}/_pact/provider_states`, [Symbol.asyncDispose]: () => mock.close() }
}

/** Provider states in place of those of an interaction. */
export const states =
  (...names: readonly Json[]): Change =>
  (interaction) =>
    (interaction.providerStates = names)
