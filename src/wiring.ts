import type * as Available from './available.ts'
import { documentApis } from './documents.ts'
import type { Mock, MockOptions } from './mock.ts'
import type { Replayed } from './recording/replay.ts'
import type * as Compare from './verification/compare.ts'
import type * as Cover from './verification/coverage.ts'
import type { MockAccess } from './verification/mock-access.ts'
import type { VerifyContractsOptions } from './verification/options.ts'
import type { Report } from './verification/pact/pact.ts'
import type { MissingState } from './verification/states.ts'

/** Where the rooms that are given a mock, and know none, get ours. They are loaded when they are called: whoever only serves needs none of them. */

/**
 * Repeats an exported session in a mock of its own, and compares the answers byte for byte.
 * @param exported what GET /__mock/sessions/{name}/export answers
 * @param apis those that it was recorded with; the bundled ones unless said otherwise
 * @param onProgress hears how many requests are repeated, of how many
 * @throws UsageError for what is not a valid export, or cannot be repeated here
 */
export async function replay(
  exported: unknown,
  apis?: MockOptions['apis'],
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void,
): Promise<Replayed> {
  const { replay } = await import('./recording/replay.ts')
  return replay(
    exported,
    (options) => openMock({ ...options, ...(apis && { apis }) }),
    async () => (await available()).apiVersions(apis),
    onProgress,
  )
}

/**
 * Verifies pacts against their documents, a mock of our own, and the real service where there is one: one row an interaction. What it was
 * given to prove who it is stands in nothing that it tells, nor in its errors.
 * @throws UsageError for what cannot be verified at all: no files, not a pact, a document that cannot be read, nothing that is ours
 */
export async function verifyContracts({ apis, ...options }: VerifyOptions): Promise<Report> {
  const { verifyContracts } = await import('./verification/verify.ts')
  return verifyContracts({ ...options, ...(await documentsOf(apis)) }, accessTo(apis))
}

/** What the comparator says of each pact: the static half alone. Pacts of other providers are left out. */
export const compareContracts: typeof Compare.compareContracts = async (options) =>
  (await import('./verification/compare.ts')).compareContracts(options)

/** Operations and their documented statuses, with the interactions that expect them. Without pacts nobody expects any. */
export const coverContracts: typeof Cover.coverContracts = async (options) =>
  (await import('./verification/coverage.ts')).coverContracts(options)

/** The provider states of the pacts that neither those of the APIs nor the team's own know. */
export async function missingStates({ apis, ...options }: VerifyOptions): Promise<readonly MissingState[]> {
  const { missingStates } = await import('./verification/states.ts')
  return missingStates({ ...options, ...(await documentsOf(apis)) }, accessTo(apis))
}

/** Contracts of the bundled APIs, or of others. */
export type VerifyOptions = VerifyContractsOptions & Pick<MockOptions, 'apis'>

async function documentsOf(apis: MockOptions['apis']): Promise<Pick<VerifyContractsOptions, 'own'>> {
  return apis ? { own: await (await available()).documentsOf(apis) } : {}
}

function accessTo(apis: MockOptions['apis']): MockAccess {
  const own = apis ? { apis } : {}
  return {
    ofDocuments: (files) => accessTo(documentApis(files)),
    open: (options) => openMock({ ...options, ...own }),
    findStates: async (wanted, file) => (await available()).findStates(wanted, file, apis),
    assumptions: async (choices) => (await available()).assumptionsOf(choices, apis),
  }
}

/** A mock that listens on a free port. */
async function openMock(options: MockOptions): Promise<Mock & { readonly url: string; readonly port: number }> {
  const { createMock } = await import('./mock.ts')
  const made = await createMock(options)
  return { ...made, ...(await made.listen({ port: 0 })) }
}

/** Loaded when it is needed: much that is asked about contracts needs none. */
function available(): Promise<typeof Available> {
  return import('./available.ts')
}
