import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { contractOf, createContract, type Operation } from './contract/operation.ts'
import { standalone } from './contract/standalone.ts'
import { openApiOf } from './contract/swagger.ts'
import { ownApi } from './control/api.ts'
import { controlBehaviours, stateBehaviours } from './control/operations.ts'
import type { Api } from './core/api.ts'
import { versionsOf } from './core/scenario/saved.ts'
import { type Registry, registryOf } from './core/registry.ts'
import { loadBundled, type LoadedDocument, readDocument, type ReadDocument } from './document/load.ts'
import { createServices, operationsOf, type Service } from './engine/service.ts'
import { DocumentError } from './base/problem.ts'
import { type Served, withNames } from './library.ts'

/** APIs that are ready to be served, with the mock's own beside them. */
export interface Serving extends Served {
  readonly registry: Registry
  readonly services: readonly Service[]
  readonly control: Service
  readonly providerStates: Service
  /** What of their documents is not served, or not whole: a sentence each. */
  readonly left: readonly string[]
  /** Those of the APIs, in their order. */
  readonly documents: readonly LoadedDocument[]
}

/** Tells these APIs, as they are now, from any other set: a session that is kept belongs to those that made it. */
export function stampOf({ registry, documents }: Serving): string {
  const versions = versionsOf(registry)
  return registry.members
    .map(({ api: { name } }, place) => {
      const digest = createHash('sha256').update(JSON.stringify(documents[place]?.sources.map(({ content }) => content)) ?? '')
      return `${name} (data ${versions[name] ?? 0}, document ${digest.digest('hex').slice(0, 8)})`
    })
    .join(', ')
}

/**
 * Reads the documents of APIs and makes services of them.
 * @param scenarios folders of scenarios beside those that the APIs bring
 * @throws DocumentError for a document that cannot be served, and for a behaviour of no operation; UsageError for APIs that cannot stand together
 */
export async function serveApis(apis: readonly Api[], scenarios: readonly string[] = []): Promise<Serving> {
  const read = await Promise.all(apis.map(async ({ document, name }) => loadedOf(document, name)))
  const loaded = read.map(({ document }) => openApiOf(document))
  const registry = registryOf(apis.map((api, place) => withSchemas(api, loaded[place])))
  const contracts = loaded.map((document) => contractOf(document))
  for (const [place, { name, file = name }] of apis.entries()) {
    const base = contracts[place]?.base ?? ''
    if (/^\/(__mock|_pact|~[^/]*)(\/|$)/.test(base))
      throw new DocumentError(`${file}: the base path ${base} is the mock's own; give the document's servers another`)
  }
  const services = createServices(registry.members, contracts)
  const operations = operationsOf(services)
  const served = services.map(({ member, contract, nameOf }) => {
    const byId = new Map(contract.operations.map((operation) => [operation.id, operation]))
    return {
      member,
      base: contract.base,
      nameOf,
      operations: contract.operations.map(({ id }) => id),
      methodOf: (id: string) => byId.get(id)?.method,
      plainPathOf: (id: string) => plainPathOf(byId.get(id)),
      carrierOf: (id: string, value: string) => byId.get(id)?.carrierOf(value),
    }
  })
  const own = async (name: string, behaviours: Api['behaviours']): Promise<Service> => {
    const contract = createContract(await ownDocument(name, registry))
    const [service] = createServices(registryOf([ownApi(name, behaviours)]).members, [contract])
    if (!service) throw new Error(`there is no document "${name}"`)
    return service
  }
  return {
    registry,
    operations,
    services,
    documents: loaded,
    left: [
      ...read.flatMap(({ faults }) => faults.map((fault) => `${fault}; operations that need it answer 500`)),
      ...contracts.flatMap(({ left }) => left),
      ...claimedTwice(services),
    ],
    control: await own('control', controlBehaviours(served, { operations, registry })),
    providerStates: await own('provider-states', stateBehaviours),
    scenarios: [...scenarios, ...apis.flatMap((api) => pathOf(api.scenarios))],
    states: apis.flatMap((api) => pathOf(api.states)),
  }
}

/** A document of the mock's own, with the names of these APIs. */
export async function ownDocument(name: string, registry: Registry): Promise<LoadedDocument> {
  return withNames(await loadBundled(name), registry)
}

/** Operations that two documents have at one path: only the first is found. */
function claimedTwice(services: readonly Service[]): readonly string[] {
  const first = new Map<string, string>()
  // As requests find them: the longest base path first.
  return services
    .toSorted((one, other) => other.contract.base.length - one.contract.base.length)
    .flatMap(({ member: { api }, contract: { base, operations } }) =>
      operations.flatMap(({ method, template }) => {
        const path = base + template
        const key = `${method} ${path.replaceAll(/\{[^{}]*\}/g, '{}')}`
        const before = first.get(key)
        if (before === undefined) first.set(key, api.name)
        return before === undefined || before === api.name
          ? []
          : `${api.file ?? api.name}: ${method} ${path} is never reached: ${before} has it as well; give one of them another server`
      }),
    )
}

/** The path of a GET without parameters that are needed. */
function plainPathOf(operation: Operation | undefined): string | undefined {
  if (operation?.method !== 'GET' || operation.template.includes('{')) return undefined
  try {
    return operation.readParameters({ path: {}, query: '', headers: {} }).issues.length === 0 ? operation.template : undefined
  } catch (error) {
    // What cannot be read says so when it is asked.
    if (error instanceof DocumentError) return undefined
    throw error
  }
}

function pathOf(file: string | URL | undefined): readonly string[] {
  return file === undefined ? [] : [file instanceof URL ? fileURLToPath(file) : file]
}

/** @param name of what has no file of its own @throws DocumentError for one that cannot be read */
async function loadedOf(document: Api['document'], name: string): Promise<ReadDocument> {
  if (document instanceof URL) return readDocument(fileURLToPath(document))
  if (typeof document !== 'string')
    return { document: { name, sources: [{ uri: name, content: document, lineOf: () => undefined }] }, faults: [] }
  // What comes with the mock has a name; every other is a file.
  return /[./\\]/.test(document) ? readDocument(document) : { document: await loadBundled(document), faults: [] }
}

/** The API with the schemas of its kinds in place of their names. */
function withSchemas(api: Api, document: LoadedDocument | undefined): Api {
  const named = Object.entries(api.kinds).filter(([, { schema }]) => typeof schema === 'string')
  if (named.length === 0 || !document) return api
  const schemas = named.map(([name, kind]) => [
    name,
    {
      ...kind,
      ...(typeof kind.schema === 'string' && { schema: standalone(document, kind.schema, `${api.file ?? api.name}: the kind "${name}"`) }),
    },
  ])
  return { ...api, kinds: { ...api.kinds, ...Object.fromEntries(schemas) } }
}
