import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import request, { type Response } from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createContract } from '../src/contract/operation.ts'
import type { Data, Mock, MockOptions, RequestSummary } from '../src/index.ts'
import { loadDocument } from '../src/document/load.ts'
import { memoryStore } from '../src/store/memory.ts'
import { watchedStore } from './stores.ts'
import { ACCOUNT, ALLOCATION, LINE, openMock, ORDER, quantities, RETAILER, SUPPLIER } from './support.ts'

type Json = Readonly<Record<string, unknown>>

/** As the YAML has it: nothing of the mock's own reading of documents stands between the document and this list. */
interface Document {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
  readonly components: { readonly responses: Readonly<Record<string, Answered>> }
}

interface Answered {
  readonly $ref?: string
  readonly headers?: object
}

interface Documented {
  readonly operationId?: string
  readonly security?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, Answered>>
}

interface Operation {
  readonly id: string
  readonly api: string
  readonly method: string
  readonly base: string
  readonly template: string
  readonly isOpen: boolean
  readonly readsBody: boolean
  /** By status, the names of the headers that its answers have. */
  readonly responses: Readonly<Record<string, readonly string[]>>
}

const APIS = ['supplier-orders', 'oms-allocations']
const fileOf = (api: string): string => join(import.meta.dirname, `../spec/${api}.yaml`)
const documents = APIS.map((api) => ({ api, document: parse(readFileSync(fileOf(api), 'utf8')) as Document }))
const contracts = await Promise.all(APIS.map(async (api) => createContract(await loadDocument(fileOf(api)))))

function operationsOf(api: string, { servers, paths, components }: Document): Operation[] {
  const headersOf = ({ $ref, headers }: Answered): string[] =>
    $ref === undefined ? Object.keys(headers ?? {}) : headersOf(components.responses[$ref.split('/').at(-1) ?? ''] ?? {})
  const base = new URL(servers[0]?.url ?? '').pathname.replace(/\/$/, '')
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item).flatMap(([method, { operationId: id, security, requestBody, responses }]) =>
      id === undefined
        ? []
        : [
            {
              id,
              api,
              method,
              base,
              template,
              isOpen: security?.length === 0,
              readsBody: requestBody !== undefined,
              responses: Object.fromEntries(Object.entries(responses).map(([status, answered]) => [status, headersOf(answered)])),
            },
          ],
    ),
  )
}

const operations = documents.flatMap(({ api, document }) => operationsOf(api, document))
const ofSupplier = operations.filter(({ api }) => api === 'supplier-orders')
const ofOms = operations.filter(({ api }) => api === 'oms-allocations')

function operationNamed(id: string): Operation {
  const operation = operations.find((one) => one.id === id)
  if (!operation) throw new Error(`no document has the operation ${id}`)
  return operation
}

/** `getOrder 200`. */
const pairsOf = (list: readonly Operation[]): string[] =>
  list.flatMap(({ id, responses }) => Object.keys(responses).map((status) => `${id} ${status}`))
const missing = (documented: readonly string[], met: ReadonlySet<string>): string[] => documented.filter((pair) => !met.has(pair))
const undocumented = (documented: readonly string[], met: ReadonlySet<string>): string[] =>
  [...met].filter((pair) => !documented.includes(pair)).toSorted()

type Kind = 'supplier' | 'retailer'

/** Whose operation it is. What is not here is for both, or for anybody. */
const OWNER: Readonly<Record<string, Kind>> = {
  createOrder: 'retailer',
  cancelOrder: 'retailer',
  cancelLineItem: 'retailer',
  allocateOrder: 'supplier',
  confirmOrderCancellation: 'supplier',
  rejectOrderCancellation: 'supplier',
  confirmLineItemCancellation: 'supplier',
  rejectLineItemCancellation: 'supplier',
  addTracking: 'supplier',
  updateTracking: 'supplier',
}
const TOKENS: Readonly<Record<Kind, string>> = { supplier: SUPPLIER, retailer: RETAILER }
const otherThan = (kind: Kind): Kind => (kind === 'supplier' ? 'retailer' : 'supplier')

const NOBODY = '00000000-0000-4000-8000-000000000000'
const NO_ID = '000000000000000000000000'
/** An order with a package t01: the last thing an operation looks for before the body. */
const PACKED = '0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10'
const DATA: Data = {
  orders: [{ order_uuid: PACKED, line_items: [{ quantity_ordered: 1, quantity_allocated: 1, quantity_shipped: 1 }] }],
}
/** What stands in a path where a request says nothing else. */
const PLACES: Readonly<Record<string, string>> = {
  order_uuid: ORDER,
  order_item_uuid: LINE,
  tracking_number: 't01',
  allocationId: ALLOCATION,
  allocationIds: ALLOCATION,
  shipmentId: NO_ID,
}

type Verb = 'get' | 'put' | 'post' | 'patch' | 'delete'
const VERBS: readonly Verb[] = ['get', 'put', 'post', 'patch', 'delete']

/** What of a request is not the ordinary one of its operation. */
interface Asked {
  readonly of?: Recorded
  readonly verb?: Verb
  readonly path?: Readonly<Record<string, string>>
  readonly withoutSlash?: boolean
  readonly query?: string
  readonly body?: object | string
  /** Null sends none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** A mock that keeps what it has answered. */
interface Recorded {
  readonly mock: Mock
  readonly heard: RequestSummary[]
}

async function record(options: MockOptions = {}): Promise<Recorded> {
  const heard: RequestSummary[] = []
  return { mock: await openMock({ scenario: DATA, ...options, onRequest: (summary) => heard.push(summary) }), heard }
}

const met = new Set<string>()
/** Requests that were not answered as they should have been, and answers that do not fit their document. */
const surprises: string[] = []
const misfits: string[] = []
let sent = 0

/** Where an answer belongs: what had no operation yet was meant for one, and a wrong method for all of its path. */
function attributed(asked: Operation, { status, operation }: Pick<RequestSummary, 'status' | 'operation'>): readonly Operation[] {
  if (operation !== undefined) return [operationNamed(operation)]
  if (status === 405) return operations.filter(({ api, template }) => api === asked.api && template === asked.template)
  return [asked]
}

/** What of an answer does not fit what its operation documents. */
function misfit(
  operation: Operation,
  { status, headers, text }: { status: number; headers: Readonly<Record<string, string>>; text: string },
): string[] {
  const contract = contracts[APIS.indexOf(operation.api)]?.operations.find(({ id }) => id === operation.id)
  const { 'content-type': mediaType = 'application/json' } = headers
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  const issues = contract?.checkReply({ status, headers, mediaType, body }) ?? []
  const missed = (operation.responses[status] ?? []).filter((name) => headers[name.toLowerCase()] === undefined)
  return [...issues.map(({ at, message }) => `${at} ${message}`), ...missed.map((name) => `/header/${name} is missing`)].map(
    (text) => `${operation.id} ${status}: ${text}`,
  )
}

let plain: Recorded
let strict: Recorded
let small: Recorded
let redirecting: Recorded
let failing: Recorded
let failNext = false

/** Sends the request of an operation and notes what it met. */
async function ask(id: string, status: number, asked: Asked = {}): Promise<Response> {
  const operation = operationNamed(id)
  const { of = plain, path = {}, query = '', body, token, headers = {} } = asked
  const verb = asked.verb ?? (operation.method as Verb)
  const places = id === 'updateTracking' ? { ...PLACES, order_uuid: PACKED } : PLACES
  const below = operation.template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? places[name] ?? ''))
  const test = request(of.mock.app)[verb](operation.base + (asked.withoutSlash ? below.replace(/\/$/, '') : below) + query)
  const usual = operation.api === 'supplier-orders' ? TOKENS[OWNER[id] ?? 'supplier'] : 'Bearer any'
  if (token !== null && !(operation.isOpen && token === undefined)) void test.set('Authorization', token ?? usual)
  if (operation.api === 'oms-allocations') void test.set('x-site-context', JSON.stringify({ account: ACCOUNT }))
  if (body !== undefined) void test.set('Content-Type', 'application/json')
  for (const [name, value] of Object.entries(headers)) void (value === '' ? test.unset(name) : test.set(name, value))
  of.heard.length = 0
  const answer = await test.redirects(0).send(body)
  sent++
  const [summary] = of.heard
  if (!summary) throw new Error(`nobody heard of ${id}`)
  if (answer.status !== status || (summary.operation !== undefined && summary.operation !== id))
    surprises.push(`${id} ${status} was ${summary.operation ?? id} ${answer.status}: ${answer.text.slice(0, 300)}`)
  // What failed in the mock itself is no meeting of a documented 500.
  if (summary.problem?.code === 'reply-invalid' || summary.problem?.code === 'schema-broken') return answer
  for (const owner of attributed(operation, summary)) {
    met.add(`${owner.id} ${answer.status}`)
    misfits.push(...misfit(owner, answer))
  }
  return answer
}

/** What every operation refuses alike, as far as its nature lets it. */
async function generic(operation: Operation): Promise<void> {
  const { id, api, template, isOpen, readsBody } = operation
  if (!isOpen) {
    await ask(id, 401, { token: null })
    await ask(id, 401, { token: api === 'supplier-orders' ? 'Token invalid' : 'Bearer invalid' })
  }
  const taken = operations.filter((one) => one.api === api && one.template === template).map(({ method }) => method)
  const wrong = VERBS.find((verb) => !taken.includes(verb))
  if (wrong) await ask(id, 405, { verb: wrong })
  if (readsBody) {
    await ask(id, 413, { of: small, body: { padding: 'x'.repeat(100) } })
    await ask(id, 415, { body: 'text', headers: { 'Content-Type': 'text/plain' } })
    await ask(id, 400, { body: '{' })
  } else await ask(id, 400, { of: strict, query: '?nobody=1' })
  failNext = true
  await ask(id, 500, { of: failing })
  if (api === 'oms-allocations') await ask(id, 400, { headers: { 'x-site-context': '' } })
  else await ask(id, 301, { of: redirecting, withoutSlash: true })
}

async function logIn(username: string): Promise<string> {
  const { body } = await ask('login', 200, { body: { username, password: 'any' } })
  return `Token ${(body as { auth_token?: string }).auth_token ?? ''}`
}

async function organizations(): Promise<void> {
  await ask('login', 401, { body: { username: 'nobody', password: 'any' } })
  await ask('login', 401, { body: { username: 'supplier-1', password: 'invalid' } })
  await ask('login', 400, { body: {} })
  const viewers: Readonly<Record<Kind, string>> = {
    supplier: await logIn('supplier-1-viewer'),
    retailer: await logIn('retailer-1-viewer'),
  }
  for (const [id, owner] of Object.entries(OWNER)) {
    await ask(id, 403, { token: viewers[owner] })
    await ask(id, 409, { token: TOKENS[otherThan(owner)] })
  }
  for (const id of ['getOrder', 'searchOrders'])
    for (const kind of ['supplier', 'retailer'] as const)
      for (const token of [viewers[kind], await logIn(`${kind}-1`), TOKENS[kind]]) await ask(id, 200, { token })
  const guest = await logIn('supplier-1-guest')
  for (const id of ['getOrder', 'searchOrders']) await ask(id, 403, { token: guest })
  for (const { id, template } of ofSupplier) {
    if (template.includes('{order_uuid}')) await ask(id, 404, { path: { order_uuid: NOBODY } })
    if (template.includes('{order_item_uuid}')) await ask(id, 404, { path: { order_item_uuid: 'nobody' } })
  }
}

interface Placed {
  readonly order_uuid: string
  readonly line_items: readonly { readonly uuid: string }[]
}

const ADDRESS = { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' }

/** Places an order of so many lines with the first supplier. */
async function place(po_number: string, lines: number): Promise<{ order_uuid: string; lines: readonly string[] }> {
  const found = await ask('getOrder', 200)
  const { supplier_uuid } = (found.body as { line_items: readonly { supplier_uuid: string }[] }).line_items[0] ?? { supplier_uuid: '' }
  const skus = Array.from({ length: lines }, () => ({ sku_id: '000106', quantity: 3, supplier_org_uuid: supplier_uuid }))
  const { order_uuid, line_items } = (await ask('createOrder', 201, { body: { po_number, address: ADDRESS, skus } })).body as Placed
  return { order_uuid, lines: line_items.map(({ uuid }) => uuid) }
}

/** An order is placed, allocated, half taken back and shipped; another one is cancelled. */
async function supplierStory(): Promise<void> {
  const { order_uuid, lines } = await place('story-1', 2)
  const [first = '', second = ''] = lines
  const path = { order_uuid }
  const allocation = { quantity_allocated: 3 }
  const allocating = { line_items: [{ line_item_uuid: first, allocation }] }
  await ask('allocateOrder', 200, { path, body: allocating })
  await ask('allocateOrder', 422, { path, body: quantities(6) })
  const line = { path: { order_item_uuid: second } }
  await ask('rejectLineItemCancellation', 422, line)
  await ask('confirmLineItemCancellation', 422, line)
  await ask('cancelLineItem', 204, line)
  await ask('rejectLineItemCancellation', 204, line)
  await ask('cancelLineItem', 204, line)
  await ask('confirmLineItemCancellation', 204, line)
  await ask('cancelLineItem', 422, line)
  await ask('cancelOrder', 204, { body: path })
  await ask('rejectOrderCancellation', 204, { path })
  await ask('rejectOrderCancellation', 422, { path })
  const parcel = { tracking_number: 't01', line_items: [{ line_item_uuid: first, quantity_shipped: 1 }] }
  await ask('addTracking', 201, { path, body: parcel })
  await ask('addTracking', 422, { path, body: parcel })
  await ask('updateTracking', 200, { path, body: { supplier_provided_carrier: 'UPS' } })
  await ask('updateTracking', 422, { path, body: { line_items: [{ line_item_uuid: first, quantity_shipped: 4 }] } })
  await ask('updateTracking', 404, { path: { order_uuid, tracking_number: 'other' }, body: {} })
  await ask('cancelOrder', 422, { body: path })
  await ask('cancelOrder', 404, { body: { order_uuid: NOBODY } })
  const other = await place('story-2', 1)
  await ask('confirmOrderCancellation', 422, { path: { order_uuid: other.order_uuid } })
  await ask('cancelOrder', 204, { body: { order_uuid: other.order_uuid } })
  await ask('confirmOrderCancellation', 204, { path: { order_uuid: other.order_uuid } })
}

interface Allocated {
  readonly allocationId: string
  readonly items: readonly Json[]
}

/** An order is created, allocated, moved and shipped; what is left over is cancelled. */
async function omsStory(): Promise<void> {
  const line = { lineItemId: 'a', sku: 'one', orderedQuantity: 4 }
  const order = { orderNumber: 'story', channelId: '12', statusCode: 'ORDER_CREATED', items: [line], shipInfo: [{}] }
  const { orderId } = (await ask('createOmsOrder', 200, { body: order })).body as { orderId: string }
  await ask('createOmsOrder', 400, { body: order })
  await ask('getOmsOrder', 200, { query: `?orderId=${orderId}` })
  await ask('getOmsOrder', 200)
  await ask('getOmsOrder', 404, { query: '?orderNumber=nobody' })
  const event = { detailType: 'ORDER_CREATED', detail: { orderNumber: 'story' } }
  const made = (await ask('generateAllocations', 200, { body: event })).body as readonly Allocated[]
  const [first = { allocationId: '', items: [] }] = made
  await ask('generateAllocations', 404, { body: event })
  await ask('generateAllocations', 400, { body: { ...event, detailType: 'INVOICE_POSTING' } })
  await ask('createOmsOrder', 200, {
    body: { ...order, orderNumber: 'vast', items: [{ ...line, sku: 'other', orderedQuantity: 1_000_000 }] },
  })
  await ask('generateAllocations', 206, { body: { ...event, detail: { orderNumber: 'vast' } } })
  const path = { allocationId: first.allocationId }
  await ask('getAllocation', 200, { path })
  await ask('getAllocation', 400, { path: { allocationId: NO_ID } })
  await ask('queryAllocations', 200, { body: { filters: { allocationId: first.allocationId } } })
  await ask('queryAllocations', 404, { body: { filters: { allocationId: NO_ID } } })
  await ask('updateAllocation', 200, { path, body: { ...first, statusCode: 'PENDING_DROP' } })
  await ask('updateAllocation', 400, { path, body: { ...first, statusCode: 'PENDING_DROP' } })
  const moving = { channel: '12', tenant: ACCOUNT, id: first.allocationId, documentType: 'ALLOCATION' }
  await ask('reallocateAllocations', 200, { body: moving })
  await ask('reallocateAllocations', 400, { body: moving })
  const parcel = { shipmentNum: 'story-1', allocationId: ALLOCATION }
  const { shipmentId } = (await ask('createShipment', 200, { body: parcel })).body as { shipmentId: string }
  await ask('createShipment', 400, { body: parcel })
  await ask('createShipment', 404, { body: { ...parcel, allocationId: NO_ID } })
  await ask('getShipment', 200, { path: { shipmentId } })
  await ask('getShipment', 404)
  const ordered = await ask('queryAllocations', 200, { body: { filters: { items: { orderId }, statusCode: 'ALLOCATED' } } })
  const allocationIds = Array.isArray(ordered.body) ? ordered.body.map(({ allocationId }: Allocated) => allocationId).join(',') : NO_ID
  await ask('cancelAllocations', 200, { path: { allocationIds } })
  await ask('cancelAllocations', 404, { path: { allocationIds } })
}

const exampled = new Set<string>()

/** Everything that the mock shows as a request that succeeds now. */
async function examples(): Promise<void> {
  for (const token of [undefined, 'retailer-1234567890']) {
    const session = plain.mock.session(`examples-${token ?? 'any'}`)
    for (const { operation, method, path, headers, body } of await session.examples(token === undefined ? {} : { token })) {
      const { base, template } = operationNamed(operation)
      const url = new URL(path, 'http://localhost')
      const values = url.pathname.slice(base.length).split('/')
      const names = template.split('/').map((part) => /^\{(\w+)\}$/.exec(part)?.[1])
      const { Authorization: sender = null, ...others } = headers
      await ask(operation, Number(Object.keys(operationNamed(operation).responses)[0]), {
        verb: method.toLowerCase() as Verb,
        path: Object.fromEntries(names.flatMap((name, index) => (name === undefined ? [] : [[name, values[index] ?? '']]))),
        query: url.search,
        token: sender,
        headers: { ...others, ...session.headers },
        ...(body !== undefined && { body: body as object }),
      })
      exampled.add(operation)
      await session.drop()
    }
  }
}

beforeAll(async () => {
  plain = await record()
  strict = await record({ strict: true })
  small = await record({ maxBodyBytes: 64 })
  redirecting = await record({ assume: { 'supplier.trailing-slash': 'redirect' } })
  failing = await record({
    onFailure: () => undefined,
    store: watchedStore(memoryStore, (store) => ({
      ...store,
      use(session, work) {
        if (!failNext) return store.use(session, work)
        failNext = false
        return Promise.reject(new Error('the store is gone'))
      },
    })),
  })
  for (const operation of operations) await generic(operation)
  await organizations()
  await supplierStory()
  await omsStory()
  await examples()
})
afterAll(async () => void (await Promise.all([plain, strict, small, redirecting, failing].map(({ mock }) => mock.close()))))

describe('the documents of both APIs', () => {
  it('have the operations of both lifecycles', () => {
    expect(ofSupplier.map(({ id }) => id)).toHaveLength(13)
    expect(ofOms.map(({ id }) => id)).toHaveLength(10)
    expect(pairsOf(operations).length).toBeGreaterThan(200)
    expect(sent).toBeGreaterThan(250)
  })

  it('are met as the story expects', () => expect(surprises).toEqual([]))

  it.each(operations.map(({ id }) => id))('%s: every documented status is met over HTTP', (id) => {
    expect(missing(pairsOf([operationNamed(id)]), met)).toEqual([])
  })

  it('have every status that is met', () => expect(undocumented(pairsOf(operations), met)).toEqual([]))

  it('have a body and headers for each status, which its answers fit', () => expect(misfits).toEqual([]))

  it('have operations that examples show, all that need no earlier request', () => {
    const later = [...Object.keys(OWNER).filter((id) => /^(confirm|reject)/.test(id)), 'getShipment']
    expect(operations.map(({ id }) => id).filter((id) => !exampled.has(id))).toEqual(expect.arrayContaining(later))
    expect(operations.length - exampled.size).toBe(later.length)
  })
})

describe('the coverage itself', () => {
  const withStatus = (id: string, change: (responses: Record<string, Answered>) => void): string[] => {
    const { api } = operationNamed(id)
    const copy = structuredClone(documents.find((one) => one.api === api)?.document) as Document
    const found = Object.values(copy.paths).flatMap((item) => Object.values(item).filter(({ operationId }) => operationId === id))
    for (const { responses } of found) change(responses)
    return pairsOf(operationsOf(api, copy))
  }
  const ofOperation = (pairs: readonly string[], id: string): string[] => pairs.filter((pair) => pair.startsWith(`${id} `))

  it.each(['getOrder', 'cancelAllocations'])('notices a status that %s documents and nobody meets', (id) => {
    const pairs = withStatus(id, (responses) => void (responses['418'] = {}))
    const already = missing(pairsOf(operations), met)
    expect(missing(pairs, met).filter((pair) => !already.includes(pair))).toEqual([`${id} 418`])
  })

  it.each(['createOrder 201', 'generateAllocations 206', 'getOmsOrder 405'])('notices %s where it is met and not documented', (pair) => {
    const [id = '', status = ''] = pair.split(' ')
    const pairs = withStatus(id, (responses) => void delete responses[status])
    expect(undocumented(pairs, new Set(ofOperation([...met], id)))).toEqual([pair])
  })

  it.each([
    ['a body of another form', 'searchOrders', 200, {}, '{"total_results":0}'],
    ['a body that should be there', 'getOrder', 200, {}, ''],
    ['a body where there is none', 'cancelOrder', 204, {}, '{}'],
    ['a Location that is missing', 'getOrder', 301, {}, ''],
    ['an Allow that is missing', 'getShipment', 405, {}, '{"message":"no"}'],
    ['a string in place of an object', 'getShipment', 404, {}, '"no"'],
    ['an object in place of a string', 'cancelAllocations', 404, {}, '{"message":"no"}'],
    ['a status of another operation', 'getAllocation', 404, {}, '"no"'],
  ])('notices %s', (_what, id, status, headers, text) => {
    expect(misfit(operationNamed(id), { status, headers, text })).toHaveLength(1)
  })

  it.each([
    ['of a known operation to that', { status: 404, operation: 'getAllocation' }, ['getAllocation']],
    ['of a wrong method to all of the path', { status: 405 }, ['getAllocation', 'updateAllocation']],
    ['without an operation to the one that was meant', { status: 500 }, ['updateAllocation']],
  ])('attributes an answer %s', (_what, summary, expected) => {
    expect(attributed(operationNamed('updateAllocation'), summary).map(({ id }) => id)).toEqual(expected)
  })
})
