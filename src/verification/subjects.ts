import { globSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { BUNDLED } from '../bundled.ts'
import { type Contract, contractOf } from '../contract/operation.ts'
import { openApiOf } from '../contract/swagger.ts'
import { fileKind } from '../document/file.ts'
import { loadBundled, loadDocument, type LoadedDocument, loadJson } from '../document/load.ts'
import { type Broker, type BrokerPact, openBroker } from './pact/broker.ts'
import { contractFor, type Filter, filterInteractions, type Interaction, isSameName, type Pact } from './pact/pact.ts'
import { readPact } from './pact/read.ts'
import { DocumentError, UsageError } from '../base/problem.ts'
import { branchOf, type ContractOptions, providersOf, type VerifyContractsOptions } from './options.ts'

/** A pact and what it is about. */
export interface Subject {
  /** With what is wanted of its interactions. */
  readonly pact: Pact
  readonly document: Known | undefined
  /** Where it is from, if not from a file. */
  readonly source?: BrokerPact
}

export type Known = Contract & {
  readonly loaded: LoadedDocument
  /** Where it is from, if not from an API that the mock serves. */
  readonly file?: string
}

/**
 * The pacts, as far as they are wanted, with their documents.
 * @throws UsageError for what cannot be read, and where nothing is left
 */
export async function subjectsOf(options: ContractOptions, broker?: Broker): Promise<readonly Subject[]> {
  const { documents, own, map = {}, remedy = '--map names one, --spec gives others' } = options
  const known = await knownDocuments(documents, own)
  const found = wantedOf(await readAll(options, broker, known), options).map(({ whole, ...subject }): Subject => ({
    ...subject,
    // What is filtered out says as well what a pact is about.
    document: contractFor(whole, known, new Map(Object.entries(map))),
  }))
  if (found.every(({ document }) => document === undefined))
    throw new UsageError(
      `no document is about ${listed(found.map(({ pact }) => pact.provider))}; there are ${listed(known.map(({ name }) => name))}: ${remedy}`,
    )
  return found
}

/** The same without documents: whose pacts they are is nobody's business. */
export async function plainSubjectsOf(options: VerifyContractsOptions, broker?: Broker): Promise<readonly Subject[]> {
  return wantedOf(await readAll(options, broker), options).map(({ pact, source }) => ({
    pact,
    document: undefined,
    ...(source && { source }),
  }))
}

/** @throws UsageError where interactions cannot be read: in what is said of the others, nobody would miss them */
export async function readableSubjectsOf(options: ContractOptions): Promise<readonly Subject[]> {
  const subjects = await subjectsOf(options)
  const broken = subjects.flatMap(({ pact: { file, unverified }, document }) =>
    unverified.flatMap(({ index, line, reason, isBroken }) =>
      document && isBroken ? [`${file}${line === undefined ? '' : `:${line}`}: interaction ${index + 1}: ${reason}`] : [],
    ),
  )
  if (broken.length > 0) throw new UsageError(broken.join('\n'))
  return subjects
}

export function openBrokerOf({ broker }: VerifyContractsOptions): Broker | undefined {
  return broker && openBroker(broker)
}

/** The subjects with some of their interactions, without those that are left with none. */
export function narrowed(subjects: readonly Subject[], isWanted: (pact: Pact, interaction: Interaction) => boolean): readonly Subject[] {
  return subjects.flatMap(({ pact, ...subject }) => {
    const interactions = pact.interactions.filter((interaction) => isWanted(pact, interaction))
    return interactions.length === 0 ? [] : [{ ...subject, pact: { ...pact, interactions } }]
  })
}

/** An interaction among those of all pacts. */
export function keyOf(file: string, index: number): string {
  return `${file} ${index}`
}

/** @param own those of the mock, where no files are given */
export async function knownDocuments(files: readonly string[] | undefined, own?: readonly LoadedDocument[]): Promise<readonly Known[]> {
  const loaded =
    files === undefined
      ? await ownDocuments(own)
      : await Promise.all(files.map((file) => loadForeign(file).catch((error: unknown) => Promise.reject(usage(error)))))
  return loaded.map((one, index) =>
    asUsage(() => {
      const document = openApiOf(one)
      const file = files?.[index]
      return { ...contractOf(document), loaded: document, ...(file !== undefined && { file }) }
    }),
  )
}

/** The documents of what the mock serves. */
export async function ownDocuments(own: readonly LoadedDocument[] | undefined): Promise<readonly LoadedDocument[]> {
  return own ?? Promise.all(BUNDLED.map(({ name }) => loadBundled(name)))
}

/** A document that does not come with the mock, whose patterns nobody has looked at. */
async function loadForeign(file: string): Promise<LoadedDocument> {
  const { refuseExponential } = await import('../contract/patterns.ts')
  const loaded = await loadDocument(file)
  refuseExponential(loaded)
  return loaded
}

interface Read {
  readonly pact: Pact
  readonly source?: BrokerPact
}

async function readAll(options: VerifyContractsOptions, broker?: Broker, known: readonly Known[] = []): Promise<readonly Read[]> {
  const { pacts, map = {} } = options
  const fromFiles = (pacts.length === 0 && broker ? [] : filesOf(pacts)).map((file) => ({
    pact: readPact(
      file,
      asUsage(() => loadJson(file)),
    ),
  }))
  const read = [...fromFiles, ...(broker ? await fetchAll(broker, options, known) : [])]
  // To a broker it names providers that may have no pacts yet.
  const stray = Object.keys(map).find((name) => !read.some(({ pact }) => isSameName(pact.provider, name)))
  if (stray !== undefined && !broker)
    throw new UsageError(`--map names the provider "${stray}", and no pact is of it; the pacts are of ${listed(providersIn(read))}`)
  return read
}

/** @throws UsageError where filters leave nothing */
function wantedOf(read: readonly Read[], { filter = {} }: ContractOptions): readonly (Read & { readonly whole: Pact })[] {
  const wanted = read
    .map(({ pact, ...source }) => ({ ...source, pact: filterInteractions(pact, filter), whole: pact }))
    .filter(({ pact }) => pact.interactions.length + pact.unverified.length > 0)
  if (wanted.length > 0) return wanted
  const count = read.reduce((sum, { pact }) => sum + pact.interactions.length + pact.unverified.length, 0)
  const pairs = [...new Set(read.map(({ pact }) => `${pact.consumer} → ${pact.provider}`))].join(', ')
  throw new UsageError(`nothing is left by ${filtersIn(filter).join(', ')}: there are ${count} interactions, of ${pairs}`)
}

function filtersIn({ consumer, description, state, noState }: Filter): string[] {
  const patterns = Object.entries({ consumer, description, state }).flatMap(([name, text]) =>
    text === undefined ? [] : [`--${name} "${text}"`],
  )
  return [...patterns, ...(noState === true ? ['the filter for those without a state'] : [])]
}

function providersIn(read: readonly Read[]): readonly string[] {
  return read.map(({ pact }) => pact.provider)
}

/** Each once. */
function listed(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `"${name}"`).join(', ') || 'none'
}

/** @throws UsageError where there is nothing to verify */
async function fetchAll(broker: Broker, options: VerifyContractsOptions, known: readonly Known[]): Promise<readonly Required<Read>[]> {
  const { broker: { selectors, enablePending, includeWipPactsSince } = {}, map, pacts } = options
  const named = options.broker && providersOf(options.broker, map)
  const providers = named ?? (known.length > 0 ? known : BUNDLED).map(({ name }) => name)
  const { branch } = branchOf(options)
  // A broker would give none, and say nothing.
  if (includeWipPactsSince !== undefined && branch === undefined)
    throw new UsageError("what is work in progress hangs on the provider's own branch: name it (--provider-branch)")
  const fetched = await broker.fetchPacts({
    providers,
    ...(selectors && { selectors }),
    ...(enablePending !== undefined && { enablePending }),
    ...(includeWipPactsSince !== undefined && { includeWipPactsSince }),
    ...(branch !== undefined && { providerVersionBranch: branch }),
  })
  if (fetched.length === 0 && pacts.length === 0)
    throw new UsageError(`the broker has no pacts of ${listed(providers)} that are wanted; --selector says which are`)
  return fetched.map((source) => {
    const { url, content, pending } = source
    const pact = readPact(url, { sources: [{ uri: url, content, lineOf: () => undefined }] })
    const { interactions, unverified } = pact
    return { pact: { ...pact, interactions: allPending(interactions, pending), unverified: allPending(unverified, pending) }, source }
  })
}

function allPending<One extends { readonly pending: boolean }>(list: readonly One[], isPending: boolean): readonly One[] {
  return isPending ? list.map((one) => ({ ...one, pending: true })) : list
}

/**
 * Each file once, however it is named.
 * @throws UsageError where a name stands for no file
 */
function filesOf(names: readonly string[]): readonly string[] {
  const files = names.flatMap((name) => {
    const found = filesNamed(name)
    if (found.length === 0) throw new UsageError(`no pact files match "${name}"; name files, folders or patterns`)
    return found
  })
  const real = files.map((file) => (fileKind(file) === 'pipe' ? file : realpathSync(file)))
  return files.filter((_, index) => real.indexOf(real[index] ?? '') === index)
}

function filesNamed(name: string): readonly string[] {
  const kind = fileKind(name)
  if (kind === 'file' || kind === 'pipe') return [name]
  // What is there is meant, whatever signs of a pattern it has in its name.
  const found = kind === 'folder' ? globSync('*.json', { cwd: name }).map((file) => join(name, file)) : globSync(name)
  return found.filter((file) => fileKind(file) === 'file').toSorted()
}

function asUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw usage(error)
  }
}

function usage(error: unknown): unknown {
  return error instanceof DocumentError ? new UsageError(error.message) : error
}
