import type { Caller, Input, Issue, Problem } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import {
  type Behaviour,
  type Command,
  type Dialect,
  type ExchangeFilter,
  isProblem,
  type Outcome,
  refused,
  reply,
  type Scene,
} from '../core/behaviour.ts'
import { DEFAULT_SESSION, type SessionName } from '../base/session-name.ts'
import { sessionBehaviours, tooMuchAtOnce } from './sessions.ts'
import { settingBehaviours } from './settings.ts'
import { MAX_CANDIDATES } from '../core/population/listing.ts'
import { type Data, STEP_NAMES } from '../core/scenario/written.ts'
import { place } from '../core/scenario/place.ts'
import { viewOf } from '../core/brought.ts'
import type { Known } from '../core/scenario/known.ts'
import { allocationsOf, omsOrderView } from '../apis/oms/order.ts'
import { EXAMPLE_ACCOUNT, EXAMPLE_STAGE, tenantOf } from '../apis/oms/population.ts'
import { type Account, queryAllocations } from '../apis/oms/query.ts'
import { shipmentView } from '../apis/oms/shipment.ts'
import { SUPPLIER_TOKEN } from '../apis/supplier/dialect.ts'
import { type LineFacts, lineStatus, type Order, type OrderFacts } from '../apis/supplier/order.ts'
import { orderView } from '../apis/supplier/view.ts'
import { orderPopulation } from '../apis/supplier/population.ts'
import { searchOrders } from '../apis/supplier/search.ts'
import { asBundled, type Kinds, type Scene as BundledScene } from '../apis/kinds.ts'

/** An API that this server answers, as far as examples need to know it. */
export interface ServedApi {
  readonly name: string
  /** What stands before its paths on this server. */
  readonly base: string
  readonly behaviours: Readonly<Record<string, Behaviour>>
  readonly dialect: Dialect
  /** `Token` or `Bearer`. */
  readonly scheme: string
  methodOf(operation: string): string | undefined
}

interface NameInput extends Input {
  readonly path: { readonly name: SessionName }
}

interface EntitiesInput extends NameInput {
  readonly query: {
    readonly kind?: keyof typeof SOURCES
    readonly status?: string
    readonly changed?: boolean
    readonly cancellation?: 'pending'
    readonly account?: string
    readonly stage?: string
    readonly offset?: number
    readonly limit?: number
  }
}

interface ExamplesInput extends NameInput {
  readonly query: { readonly account?: string; readonly stage?: string; readonly token?: string }
  readonly header: { readonly host?: string }
}

interface RequestsInput extends Input {
  readonly query: Readonly<ExchangeFilter> & { readonly limit?: number; readonly before?: string }
}

interface CountInput extends Input {
  readonly query: Readonly<ExchangeFilter>
}

interface FollowInput extends CountInput {
  readonly header: { readonly 'last-event-id'?: string }
}

interface RequestInput extends Input {
  readonly path: { readonly requestId: string }
}

interface DocumentInput extends Input {
  readonly path: { readonly document: string }
}

/** The control API's behaviours, over the APIs that are served. @param known the operations that faults may name */
export function controlBehaviours(apis: readonly ServedApi[], known: Pick<Known, 'operations'>): Readonly<Record<string, Behaviour>> {
  const listExamples: Behaviour<ExamplesInput> = {
    admits: ['operator'],
    begins: true,
    run({ query, header, path }, _caller, scene) {
      // A session other than the default one is named in the path, so that the command works as it is pasted.
      const origin = `http://${header.host ?? 'localhost'}${path.name === DEFAULT_SESSION ? '' : `/~${path.name}`}`
      return reply(200, { examples: apis.flatMap((api) => examplesOf(api, query, origin, scene)) })
    },
  }
  const settings = settingBehaviours(known)
  const names = [...known.operations.keys(), ...Object.keys(FIXED), ...Object.keys(settings), ...STEP_NAMES, 'exists']
  return { ...FIXED, ...settings, ...journalBehaviours(names), listExamples }
}

/** @param names what exchanges are told by: a name that none has would find nothing, which a test may take for the truth */
function journalBehaviours(names: readonly string[]): Readonly<Record<string, Behaviour>> {
  const asking = <I extends CountInput>(make: (input: I) => Command): Behaviour<I> => ({
    admits: ['operator'],
    run(input) {
      const { operation } = input.query
      if (operation === undefined || names.includes(operation)) return { kind: 'command', command: make(input) }
      const issue: Issue = {
        at: '/query/operation',
        rule: 'enum',
        message: `names no operation: "${operation}"`,
        fix: `the nearest are ${nearest(operation, names).slice(0, 3).join(', ')}`,
      }
      return refused({ code: 'parameters-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue] })
    },
  })
  return {
    listRequests: asking<RequestsInput>(({ query: { limit = 100, before, ...filter } }) => ({
      kind: 'list-requests',
      filter,
      limit,
      ...(before !== undefined && { before }),
    })),
    // What is counted is what clients asked for, which is what tests claim something of.
    countRequests: asking<CountInput>(({ query }) => ({ kind: 'count-requests', filter: { origin: 'request', ...query } })),
    followRequests: asking<FollowInput>(({ query, header }) => ({
      kind: 'follow-requests',
      filter: query,
      after: header['last-event-id'],
    })),
  }
}

const command = (make: (input: Input) => Command): Behaviour => ({
  admits: ['operator'],
  run: (input): Outcome => ({ kind: 'command', command: make(input) }),
})

const getRequest: Behaviour<RequestInput> = {
  admits: ['operator'],
  run: ({ path }) => ({ kind: 'command', command: { kind: 'show-request', id: path.requestId } }),
}
const getDocument: Behaviour<DocumentInput> = {
  admits: ['operator'],
  run: ({ path }) => ({ kind: 'command', command: { kind: 'show-document', name: path.document.replace(/\.json$/, '') } }),
}

const listEntities: Behaviour<EntitiesInput> = {
  begins: true,
  admits: ['operator'],
  run({ query }, _caller, scene) {
    const { kind: named, cancellation, offset = 0, limit = 25 } = query
    // Only orders have cancellations that wait.
    const kind = cancellation === undefined ? named : (named ?? 'order')
    if (cancellation !== undefined && kind !== 'order') return reply(200, { total: 0, entities: [] })
    const found: Found[] = []
    let total = 0
    for (const source of kind === undefined ? [orders, allocations] : [SOURCES[kind]]) {
      const page = source(query, { offset: Math.max(0, offset - total), limit: limit - found.length }, asBundled(scene))
      if (page.kind === 'too-wide')
        return refused({ code: 'search-too-wide', detail: `more than ${MAX_CANDIDATES} entities would have to be looked through` })
      found.push(...page.found)
      total += page.total
    }
    return reply(200, { total, entities: found })
  },
}

interface ExistsInput extends NameInput {
  readonly body: Data
}

const addEntities: Behaviour<ExistsInput> = {
  admits: ['operator'],
  begins: true,
  run({ body }, _caller, scene) {
    const tooMuch = tooMuchAtOnce('state-impossible', [body])
    if (tooMuch) return refused(tooMuch)
    const brought = place(body, scene)
    if (brought.kind === 'refused')
      return refused({
        code: 'state-impossible',
        detail: brought.issues.map(({ at, message }) => `${at} ${message}`).join('; '),
        issues: brought.issues.map(({ at, message, fix }) => ({
          at: `/body${at}`,
          rule: 'state-impossible',
          message,
          ...(fix !== undefined && { fix }),
        })),
      })
    return reply(201, viewOf(brought, scene), brought.changes)
  },
}

interface StateInput extends Input {
  readonly body: {
    readonly state: string | null
    readonly params?: Readonly<Record<string, unknown>>
    readonly action?: 'setup' | 'teardown'
  }
}

/** What the verifiers of Pact call before and after an interaction. */
export const stateBehaviours: Readonly<Record<string, Behaviour>> = {
  setProviderState: {
    admits: ['operator'],
    run: ({ body }: StateInput): Outcome => ({
      kind: 'command',
      command: { kind: 'provider-state', state: body.state ?? '', params: body.params ?? {}, action: body.action ?? 'setup' },
    }),
  } satisfies Behaviour<StateInput>,
}

const FIXED: Readonly<Record<string, Behaviour>> = {
  getHealth: command(() => ({ kind: 'health' })),
  listDocuments: command(() => ({ kind: 'list-documents' })),
  getDocument,
  ...sessionBehaviours,
  getRequest,
  listEntities,
  addEntities,
}

interface Found {
  readonly kind: keyof typeof SOURCES
  readonly id: string
  readonly account?: string
  readonly changed: boolean
  readonly entity: object
  /** What no operation of the APIs shows: an app that has to be told is told here, and in the journal. */
  readonly cancellation?: { readonly pending: readonly object[] }
}

type Source = (
  query: EntitiesInput['query'],
  page: { offset: number; limit: number },
  scene: BundledScene,
) => { kind: 'page'; total: number; found: readonly Found[] } | { kind: 'too-wide' }

const orders: Source = ({ status, changed, cancellation }, { offset, limit }, scene) => {
  const population = orderPopulation(scene.session)
  const show = (order: Order): Found => {
    const pending = order.lines
      .filter(isPending)
      .map(({ id, supplier }) => ({ line_item_uuid: id, supplier_uuid: population.supplier(supplier).uuid }))
    return {
      kind: 'order',
      id: order.id,
      changed: scene.world.get('order', order.id) !== undefined,
      entity: orderView(order, { kind: 'operator' }, population),
      ...(pending.length > 0 && { cancellation: { pending } }),
    }
  }
  const isWanted = ({ lines }: OrderFacts): boolean =>
    (status === undefined || lines.some((line) => lineStatus(line) === status)) && (cancellation === undefined || lines.some(isPending))
  // The population has no cancellation that waits.
  if (changed === true || cancellation !== undefined) {
    const all = [...scene.world.all('order')].filter(isWanted)
    return { kind: 'page', total: all.length, found: all.slice(offset, offset + limit).map(show) }
  }
  const listed = searchOrders(
    { start: offset, limit },
    { kind: 'operator' },
    scene,
    status === undefined ? [] : [{ kind: 'facts', test: isWanted }],
  )
  return listed.kind === 'page' ? { kind: 'page', total: listed.total, found: listed.page.map(show) } : { kind: 'too-wide' }
}

function isPending({ cancellation }: LineFacts): boolean {
  return cancellation === 'pending'
}

const allocations: Source = ({ status, changed, account: named, stage = EXAMPLE_STAGE }, { offset, limit }, scene) => {
  const account = named ?? EXAMPLE_ACCOUNT
  if (changed === true) {
    const all = [...scene.world.all('allocation')].filter(
      ({ document, tenant }) =>
        (status === undefined || document.statusCode === status) && (named === undefined || tenant === tenantOf({ account, stage })),
    )
    const found = all.slice(offset, offset + limit).map(({ document, tenant }) => ({
      kind: 'allocation' as const,
      id: document.allocationId,
      account: tenant,
      changed: true,
      entity: document,
    }))
    return { kind: 'page', total: all.length, found }
  }
  const owner: Account = { kind: 'account', account, stage, channel: undefined }
  const listed = queryAllocations(
    { offset, limit, sortDirection: 'asc' },
    owner,
    scene,
    status === undefined ? [] : [{ kind: 'facts', test: ({ document }) => document.statusCode === status }],
  )
  if (listed.kind !== 'page') return { kind: 'too-wide' }
  const tenant = tenantOf(owner)
  const found = listed.page.map(({ document }) => ({
    kind: 'allocation' as const,
    id: document.allocationId,
    account: tenant,
    changed: scene.world.get('allocation', `${tenant}/${document.allocationId}`) !== undefined,
    entity: document,
  }))
  return { kind: 'page', total: listed.total, found }
}

/** Entities that only requests and own data make or change. */
function made<K extends 'oms-order' | 'shipment' | 'stock'>(
  kind: K,
  show: (entity: Kinds[K], scene: BundledScene) => { id: string; entity: object },
): Source {
  return ({ status, account, stage = EXAMPLE_STAGE }, { offset, limit }, scene) => {
    const shown = (one: Kinds[K]): Found => ({ kind, account: one.tenant, changed: true, ...show(one, scene) })
    const own = [...scene.world.all(kind)].filter(({ tenant }) => account === undefined || tenant === tenantOf({ account, stage }))
    // Only a status has to be looked for in all of them.
    if (status === undefined) return { kind: 'page', total: own.length, found: own.slice(offset, offset + limit).map(shown) }
    const all = own.map(shown).filter(({ entity }) => 'statusCode' in entity && entity.statusCode === status)
    return { kind: 'page', total: all.length, found: all.slice(offset, offset + limit) }
  }
}

const omsOrders = made('oms-order', (order, scene) => ({
  id: order.orderId,
  entity: omsOrderView(order, allocationsOf(order, scene), scene),
}))
const shipments = made('shipment', (shipment) => ({ id: shipment.shipmentId, entity: shipmentView(shipment) }))
const stock = made('stock', ({ locationNum, sku, available }) => ({ id: `${locationNum} ${sku}`, entity: { locationNum, sku, available } }))

const SOURCES = { order: orders, allocation: allocations, 'oms-order': omsOrders, shipment: shipments, stock } as const

function examplesOf(
  api: ServedApi,
  { account = EXAMPLE_ACCOUNT, stage = EXAMPLE_STAGE, token }: ExamplesInput['query'],
  origin: string,
  scene: Scene,
): object[] {
  const value = token?.trim() ?? SUPPLIER_TOKEN
  const credentials = { scheme: api.scheme, value }
  const judged = api.dialect.judge?.(credentials) ?? api.dialect.caller(credentials, { 'x-site-context': { account, stage } }, scene)
  return Object.entries(api.behaviours).flatMap(([operation, behaviour]) => {
    const method = api.methodOf(operation)
    const isOpen = behaviour.admits.includes('anybody')
    const caller: Caller | Problem = isOpen ? { kind: 'anybody' } : judged
    const example = !isProblem(caller) && mayCall(caller, behaviour) ? behaviour.example?.(caller, scene) : undefined
    if (!method || !example) return []
    const headers = {
      ...(!isOpen && { Authorization: `${api.scheme} ${value}` }),
      ...example.headers,
      ...(example.body !== undefined && { 'Content-Type': 'application/json' }),
    }
    const path = api.base + example.path
    return [
      {
        api: api.name,
        operation,
        method,
        path,
        headers,
        ...(example.body !== undefined && { body: example.body }),
        curl: curl(method, origin + path, headers, example.body),
      },
    ]
  })
}

function mayCall(caller: Caller, { admits, permission }: Behaviour): boolean {
  return admits.includes(caller.kind) && (permission === undefined || !('permissions' in caller) || caller.permissions.includes(permission))
}

/** A command for a POSIX shell. */
function curl(method: string, url: string, headers: Readonly<Record<string, string>>, body: unknown): string {
  const options = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  return [
    'curl -sS',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...options,
    ...(body === undefined ? [] : [`-d ${quoted(JSON.stringify(body))}`]),
    quoted(url),
  ].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
