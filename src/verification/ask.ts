import { hostOf, pathBefore } from './pact/base-path.ts'
import type { Column } from './pact/pact.ts'
import { type Circumstances, recordRequests, type SentRequests } from './pact/record.ts'
import type { Prepare, Target } from './pact/part-verifier.ts'
import { type Outcomes, verifyAgainst, type VerifyOptions } from './pact/verify.ts'
import type { VerifyContractsOptions } from './options.ts'
import type { Subject } from './subjects.ts'

/** Asks one column about each interaction, at one address or several. */
export function ask(
  column: Exclude<Column, 'document'>,
  subjects: readonly Subject[],
  { headers, timeout, failFast, onProgress, signal }: VerifyContractsOptions,
  targets: readonly [Target, ...Target[]],
  prepare?: Prepare,
): Promise<Outcomes> {
  return verifyAgainst({
    targets: targets.map((target) => ({ ...target, baseUrl: hostOf(target.baseUrl) })),
    ...(prepare && { prepare }),
    pacts: subjects.map(({ pact }) => pact),
    basePathOf: basePathsOf(subjects, targets[0].baseUrl),
    ...(headers && { headers }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (progress: { done: number; total: number }) => onProgress({ column, ...progress }) }),
  })
}

/** @param url of whoever is asked */
function basePathsOf(subjects: readonly Subject[], url: string): NonNullable<VerifyOptions['basePathOf']> {
  const documents = new Map(subjects.map(({ pact, document }) => [pact.file, document]))
  return ({ pact, interaction }) => pathBefore(url, documents.get(pact.file), interaction)
}

/** What the verifier sends for each interaction. @param url of whoever is asked */
export function requestsOf(
  subjects: readonly Subject[],
  { headers = {}, signal }: VerifyContractsOptions,
  url: string,
  valuesOf: Circumstances['valuesOf'] = () => ({}),
): Promise<SentRequests> {
  return recordRequests(
    subjects.map(({ pact }) => pact),
    { headers, valuesOf, basePathOf: basePathsOf(subjects, url), ...(signal && { signal }) },
  )
}
