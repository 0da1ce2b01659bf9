import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { coverContracts } from '../src/verification/coverage.ts'
import type { Report } from '../src/verification/pact/pact.ts'
import { ROOT } from './cli/process.ts'
import {
  altered,
  type Change,
  FILES,
  folder,
  inFolder,
  type Json,
  marks,
  marksOf,
  rowOf,
  saidOf,
  startedMock,
  states,
  verify,
} from './contracts/pacts.ts'
import { startRealService } from './real-service.ts'

/** The consumers whose contracts the small service of test/ knows. */
const KNOWN = { consumer: '^(storefront|parcel-tracker)$' }

/** Choices under which all contracts hold as well. */
const OTHERWISE = {
  'supplier.allocate.lines': 'all',
  'supplier.rejected.falls': 'refused',
  'supplier.tracking.pending': 'refused',
  'supplier.search.limit': 'end-index',
  'supplier.po-number.again': 'refused',
  'supplier.trailing-slash': 'optional',
  'oms.generate.documents': 'per-line',
  'oms.generate.none': '404',
}

describe('all contracts of contracts/', () => {
  it('hold in the documents, in the mock, and in the mock with other choices and other data', async () => {
    await using real = await startedMock({ seed: 'real', assume: OTHERWISE, orders: 30, allocations: 30 })
    const report = await verify(real)
    expect(report.rows).toHaveLength(28)
    expect(new Set(Object.values(marks(report)))).toEqual(new Set(['+++']))
    expect(report).toMatchObject({ ok: true, columns: ['document', 'mock', 'provider'] })
  })

  it('hold in a service that is not ours, as far as it knows them', async () => {
    await using real = await startRealService()
    const report = await verify({ filter: KNOWN, provider: real.url, stateUrl: real.stateUrl })
    expect(report.rows).toHaveLength(14)
    expect(report.rows.filter((row) => marksOf(row) !== '+++').map(saidOf)).toEqual([])
    expect(report.ok).toBe(true)
  })
})

/** A change of a document, and the interactions that it no longer allows. */
interface DocumentBreak {
  readonly document: 'supplier-orders' | 'oms-allocations'
  readonly change: Change
  readonly caught: Readonly<Record<string, RegExp>>
}

const schema = (document: Json, name: string): Json => document.components.schemas[name]

function rename(object: Json, from: string, to: string): void {
  object[to] = object[from]
  delete object[from]
}

const DOCUMENT_BREAKS: Readonly<Record<string, DocumentBreak>> = {
  'a field is renamed': {
    document: 'supplier-orders',
    change: (document) => rename(schema(document, 'LoginResult').properties, 'auth_token', 'token'),
    caught: { 'a login of a retailer': /the document names no "auth_token" here/ },
  },
  'a field has another type': {
    document: 'supplier-orders',
    change: (document) => (schema(document, 'TrackingResult').properties.package_uuid = { type: 'integer' }),
    caught: { 'a package with four units': /response body \$\.package_uuid: the document says that it must be integer/ },
  },
  'a number may not be as high': {
    document: 'supplier-orders',
    change: (document) => (schema(document, 'AllocationRead').properties.quantity_backordered = { type: 'integer', maximum: 1 }),
    caught: {
      'a look at an order that waits for its rest': /quantity_backordered: the document says that it must be <= 1, the pact has 2/,
    },
  },
  'a status is removed': {
    document: 'supplier-orders',
    change: (document) => delete document.paths['/orders/cancel/'].patch.responses['422'],
    caught: { 'a cancellation that comes too late': /the document has no answer 422 here/ },
  },
  'a request needs one more field': {
    document: 'supplier-orders',
    change: (document) => schema(document, 'CreateOrderRequest').required.push('season'),
    caught: { 'an order of six units': /request body \$: "season" is missing, which the document requires/ },
  },
  'a path is renamed': {
    document: 'supplier-orders',
    change: (document) =>
      rename(document.paths, '/orders/items/cancel/{order_item_uuid}/confirm/', '/orders/items/cancel/{order_item_uuid}/accept/'),
    caught: {
      'a confirmation that a line is cancelled': /the document has no PATCH \/orders\/items\/cancel\/\S+\/confirm\//,
      'a confirmation that nobody waits for': /the document has no PATCH \/orders\/items\/cancel\/\S+\/confirm\//,
    },
  },
  'other credentials are asked for': {
    document: 'supplier-orders',
    change: (document) => {
      document.components.securitySchemes.key = { type: 'apiKey', in: 'header', name: 'X-Key' }
      document.paths['/orders/'].post.security = [{ key: [] }]
    },
    caught: { 'a search for open orders': /the request has no credentials: .*X-Key/i },
  },
  'a method is another': {
    document: 'oms-allocations',
    change: (document) => rename(document.paths['/allocation/{allocationId}'], 'put', 'patch'),
    caught: { 'an allocation for the pickers': /the document has no PUT \/api\/v2\/allocation\// },
  },
  'a parameter is renamed, and has to be there': {
    document: 'oms-allocations',
    change: (document) => {
      const { parameters } = document.paths['/order/'].get
      Object.assign(
        parameters.find((one: Json) => one.name === 'orderNumber'),
        { name: 'number', required: true },
      )
    },
    caught: { 'a look at an order that has shipped in part': /query parameter number: / },
  },
  'an answer has another media type': {
    document: 'oms-allocations',
    change: (document) => rename(document.paths['/shipment/'].post.responses['200'].content, 'application/json', 'application/xml'),
    caught: { 'a shipment of two units': /the document has no "application\/json" for the body of the response/ },
  },
}

const DOCUMENTS = ['supplier-orders', 'oms-allocations'] as const
const BUNDLED = new Map(DOCUMENTS.map((name) => [name, parse(readFileSync(join(ROOT, 'spec', `${name}.yaml`), 'utf8'))]))

/** The document with those of the changes that are about it. */
function documentWith(name: DocumentBreak['document']): string {
  const document = structuredClone(BUNDLED.get(name))
  for (const { change } of Object.values(DOCUMENT_BREAKS).filter(({ document }) => document === name)) change(document)
  return join(folder({ [`${name}.json`]: document }), `${name}.json`)
}

describe('a document that is changed', () => {
  let report: Report
  beforeAll(async () => void (report = await verify({ documents: DOCUMENTS.map(documentWith) })))

  it.each(Object.entries(DOCUMENT_BREAKS))('%s: is caught where a consumer relies on it', (_name, { caught }) => {
    for (const [description, said] of Object.entries(caught)) {
      expect(saidOf(rowOf(report, description))).toMatch(said)
      expect(rowOf(report, description).explanation).toBe('the document does not have what the consumer expects')
    }
  })

  it('is caught nowhere else, and by its column alone: the mock does what it did', () => {
    const wrong = new Set(Object.values(DOCUMENT_BREAKS).flatMap(({ caught }) => Object.keys(caught)))
    expect(marks(report)).toEqual(
      Object.fromEntries(report.rows.map(({ description }) => [description, wrong.has(description) ? '!+-' : '++-'])),
    )
    expect([report.rows.length, report.ok]).toEqual([28, false])
  })
})

/** What the contract of a consumer says after a change, and which columns do not keep it. */
type ContractBreak = readonly [name: string, consumer: string, description: string, change: Change, marks: string, said: RegExp]

const TOO_LATE = 'a cancellation that comes too late'
const UNKNOWN = 'a look at an unknown order'
const CONTRACT_BREAKS: readonly ContractBreak[] = [
  [
    'a matcher cannot hold',
    'storefront',
    'a login of a retailer',
    ({ response }) => (response.matchingRules.body['$.auth_token'].matchers = [{ match: 'regex', regex: '^[A-Z]{3}$' }]),
    '+!!',
    /response body \$\.auth_token: expected '[0-9a-f]{40}' to match '\^\[A-Z\]\{3\}\$'/,
  ],
  [
    'another status, which is documented',
    'storefront',
    UNKNOWN,
    ({ response }) => (response.status = 403),
    '+!!',
    /response status: expected 403 but got 404/,
  ],
  [
    'another status, which nobody documents',
    'storefront',
    UNKNOWN,
    ({ response }) => (response.status = 418),
    '!!!',
    /the document has no answer 418 here\n.*expected 418 but got 404/,
  ],
  [
    'another value, which is documented',
    'storefront',
    'a login of a retailer',
    ({ response }) => (response.body.content.org_type = 'SUPPLIER'),
    '+!!',
    /response body \$\.org_type: expected "SUPPLIER" but got "RETAILER"/,
  ],
  [
    'another value, which nobody documents',
    'parcel-tracker',
    'a shipment of two units',
    ({ response }) => (response.body.type = 'BY_AIR'),
    '!!!',
    /response body \$\.type: the document says that it must be one of "[^\n]*\n.*expected "BY_AIR" but got "STANDARD"/,
  ],
  [
    'a header that is not sent',
    'storefront',
    UNKNOWN,
    ({ response }) => (response.headers['X-Total'] = ['1']),
    '!!!',
    /the document has no header x-total in this answer\n.*response header X-Total: expected "1" but it is missing/,
  ],
  [
    'a field that nobody has',
    'parcel-tracker',
    'a look at an order that has shipped in part',
    ({ response }) => (response.body.mood = 'good'),
    '!!!',
    /the document names no "mood" here\n[^]*mood expected but missing/,
  ],
  [
    'a wrong method',
    'storefront',
    'a cancellation in time',
    ({ request }) => (request.method = 'PUT'),
    '!!!',
    /the document has no PUT \/orders\/cancel\/\n.*expected 204 but got 40[45]/,
  ],
  [
    'a state that says less than the answer',
    'storefront',
    TOO_LATE,
    (interaction) =>
      (interaction.providerStates = [{ name: 'an order of {quantity} units waits for its supplier', params: { quantity: 6 } }]),
    '+!!',
    /response status: expected 422 but got 204/,
  ],
]

describe('a contract that is changed', () => {
  let report: Report
  beforeAll(async () => {
    await using real = await startRealService()
    const pacts = [inFolder(CONTRACT_BREAKS.map(([name, consumer, description, change]) => altered(name, consumer, description, change)))]
    report = await verify({ pacts, provider: real.url, stateUrl: real.stateUrl })
  })

  it.each(CONTRACT_BREAKS)('%s', (name, _consumer, _description, _change, expected, said) => {
    const row = rowOf(report, name)
    expect([marksOf(row), row.verdict]).toEqual([expected, 'failed'])
    expect(saidOf(row)).toMatch(said)
    expect(row.replay).toMatch(/^curl /)
  })
})

/** Texts of a team's own, one of them in place of a bundled one. */
const OWN_STATES = {
  states: [
    {
      state: '2 of the 6 units of an order have shipped',
      exists: { orders: [{ order_uuid: '4315de8a-d1ce-4b7c-8e41-8a717a1e6433', line_items: [{ quantity_ordered: 6 }] }] },
      values: { order_uuid: '/orders/0/order_uuid' },
    },
    { state: 'an order of a size', parameters: { size: null }, exists: { orders: [{ line_items: [{ quantity_ordered: '{size}' }] }] } },
  ],
}

type StateBreak = readonly [name: string, consumer: string, description: string, change: Change, said: RegExp]

const STATE_BREAKS: readonly StateBreak[] = [
  ['a text means something else', 'storefront', TOO_LATE, () => undefined, /response status: expected 422 but got 204/],
  [
    'a text that nobody knows',
    'storefront',
    'a cancellation in time',
    states({ name: 'an order of 6 units waits for its suplier' }),
    /^no provider state has the text "an order of 6 units waits for its suplier"; the nearest are "an order of \{quantity\} units waits for its supplier"/,
  ],
  [
    'one of two texts that nobody knows',
    'order-desk',
    'an order to allocate',
    states({ name: 'the allocation of an order is cancelled' }, { name: 'the moon is full' }),
    /^no provider state has the text "the moon is full"; /,
  ],
  [
    'a parameter is missing',
    'storefront',
    UNKNOWN,
    states({ name: 'an order of a size' }),
    /^the provider state "an order of a size" needs the parameter size; /,
  ],
  [
    'a parameter has another type',
    'storefront',
    UNKNOWN,
    states({ name: 'an order of a size', params: { size: 'huge' } }),
    /^the parameter size of the provider state "an order of a size" is "huge"; it has to be a number/,
  ],
  [
    'a state that cannot be',
    'storefront',
    UNKNOWN,
    states({ name: '9 of the 6 units of an order have shipped' }),
    /provider state "9 of the 6 units of an order have shipped": .*6 of line \S+ are allocated and not shipped, and 9 would be more/,
  ],
  [
    'a value is asked of a state that does not give it',
    'storefront',
    'a cancellation in time',
    states({ name: 'no order exists with the id 1' }),
    /response status: expected 204 but got 40[04]/,
  ],
]

const NOT_SET_UP = /^the mock cannot set up the named state$/
const MEANING: Readonly<Record<string, RegExp>> = {
  'a text that nobody knows': /^the mock does not know the state "an order of 6 units waits for its suplier"; --print-missing-states /,
  'one of two texts that nobody knows': /^the mock does not know the state "the moon is full"; --print-missing-states /,
  'a parameter is missing': NOT_SET_UP,
  'a parameter has another type': NOT_SET_UP,
  'a state that cannot be': NOT_SET_UP,
}

describe('a provider state that is changed', () => {
  let report: Report
  beforeAll(async () => {
    const contracts = STATE_BREAKS.map(([name, consumer, description, change]) => altered(name, consumer, description, change))
    const forbidden = altered('forbidden', 'storefront', UNKNOWN, ({ response }) => (response.status = 418))
    report = await verify({
      pacts: [inFolder([...contracts, forbidden])],
      states: join(folder({ 'states.json': OWN_STATES }), 'states.json'),
    })
  })

  it.each(STATE_BREAKS)('%s: is caught by the mock, and by no other', (name, _consumer, _description, _change, said) => {
    const row = rowOf(report, name)
    expect([marksOf(row), row.verdict]).toEqual(['+!-', 'failed'])
    expect(saidOf(row)).toMatch(said)
    // Of a state that was not set up nothing can be said but that.
    expect(row.explanation).toMatch(MEANING[name] ?? /^the document allows it, but the named state does not produce it$/)
  })

  it('is hinted at once for the whole run', () => {
    expect(report.notes).toEqual([
      'the mock does not know 2 provider states: --print-missing-states prints a file to be filled in, for --states',
      expect.stringMatching(/^the commands that repeat interactions ask a mock .*: allocation-mock serve --states \S+states\.json$/),
    ])
  })

  it('is told apart from what the document forbids', () => {
    const row = rowOf(report, 'forbidden')
    expect(marksOf(row)).toBe('!!-')
    expect(row.explanation).toBe('neither the document nor the mock has what the consumer expects')
  })
})

describe('a real service that is wrong', () => {
  const SILENT = 'an order with the token of a supplier'
  const BREAKS: Readonly<Record<string, readonly [fault: string, description: string, said: RegExp]>> = {
    'forgets to change state': ['ship', TOO_LATE, /response status: expected 422 but got 204/],
    'answers another status': ['POST /organizations/user-login/ 200', 'a login of a retailer', /expected 200 but got 202/],
    'leaves a field out': ['POST /orders/create/ 201', 'an order of six units', /response body \$: po_number expected but missing/],
    'sends another value': ['POST /api/v2/shipment/ 200', 'a shipment of two units', /\$\.type: expected "STANDARD" but got "PICKUP"/],
    'sends another media type': [
      'POST /api/v2/allocation/query 401',
      'a query with a token that is refused',
      /expected '?application\/json.* but got text\/html|Content-Type/i,
    ],
    'does not answer': ['POST /orders/create/ 409', SILENT, /the provider does not answer within 5000 ms/],
    'breaks off': ['GET /orders/{id}/ 404', UNKNOWN, /the provider broke the connection off before its answer was complete/],
    'has no state handler (404)': [
      'no order has the number parcel-9999',
      'a look at an order nobody placed',
      /provider state "no order has the number parcel-9999": the state handler is out of order/,
    ],
    'has a state handler that throws (500)': [
      'an order is allocated in part and the rest is backordered',
      'a look at an order that waits for its rest',
      /provider state "an order is allocated in part and the rest is backordered": the state handler is out of order/,
    ],
  }
  /** What forgetting to ship breaks as well. */
  const ALSO = 'a look at an order that has shipped in part'
  let report: Report
  beforeAll(async () => {
    await using real = await startRealService({
      ship: { kind: 'forgets' },
      'POST /organizations/user-login/ 200': { kind: 'other status', status: 202 },
      'POST /orders/create/ 201': { kind: 'left out', field: 'po_number' },
      'POST /api/v2/shipment/ 200': { kind: 'other value', field: 'type', value: 'PICKUP' },
      'POST /api/v2/allocation/query 401': { kind: 'other type', type: 'text/html' },
      'POST /orders/create/ 409': { kind: 'silent' },
      'GET /orders/{id}/ 404': { kind: 'breaks off' },
      'no order has the number parcel-9999': { kind: 'other status', status: 404 },
      'an order is allocated in part and the rest is backordered': { kind: 'other status', status: 500 },
    })
    const service = { provider: real.url, stateUrl: real.stateUrl }
    const others = await verify({ ...service, filter: { ...KNOWN, description: `^(?!${SILENT}$)` } })
    // Only whoever never answers is waited for no longer than this.
    const silent = await verify({ ...service, filter: { ...KNOWN, description: `^${SILENT}$` }, timeout: 5_000 })
    report = { ...others, rows: [...others.rows, ...silent.rows] }
  })

  it.each(Object.entries(BREAKS))('%s', (_name, [, description, said]) => {
    const row = rowOf(report, description)
    expect([marksOf(row), row.verdict]).toEqual(['++!', 'failed'])
    expect(saidOf(row)).toMatch(said)
    expect(row.explanation).toBe('the document allows it and the mock does it, but the real service does not')
  })

  it('is caught nowhere else, and nobody else is blamed', () => {
    const wrong = new Set([ALSO, ...Object.values(BREAKS).map(([, description]) => description)])
    expect(marks(report)).toEqual(
      Object.fromEntries(report.rows.map(({ description }) => [description, wrong.has(description) ? '++!' : '+++'])),
    )
  })

  it('is not there at all', async () => {
    const gone = await startRealService()
    await gone[Symbol.asyncDispose]()
    const { rows, ok } = await verify({ filter: { description: UNKNOWN }, only: ['provider'], provider: gone.url })
    expect(rows.map((row) => [marksOf(row), row.verdict, saidOf(row)])).toEqual([
      ['---', 'not-verified', expect.stringMatching(/the provider cannot be reached at .*: nothing listens there/)],
    ])
    expect(ok).toBe(false)
  })

  it('has nobody for provider states at the address given', async () => {
    await using real = await startRealService()
    const filter = { consumer: 'storefront', description: `${UNKNOWN}|${TOO_LATE}|in time` }
    const { rows, ok } = await verify({ filter, only: ['provider'], provider: real.url, stateUrl: `${real.url}/nobody` })
    expect(rows.map(({ verdict }) => verdict)).toEqual(['failed', 'failed', 'failed'])
    for (const row of rows) expect(saidOf(row)).toMatch(/^provider state ".*": Nothing answers POST \/nobody/)
    expect(ok).toBe(false)
  })
})

describe('coverage', () => {
  it('counts what the matcher of a status admits', async () => {
    const pact = FILES['storefront']
    const interaction = pact.interactions.find(({ request }: Json) => request.method === 'GET')
    const response = { status: 499, matchingRules: { status: { $: { matchers: [{ match: 'statusCode', status: 'clientError' }] } } } }
    const pacts = [folder({ 'a.json': { ...pact, interactions: [{ ...interaction, response }] } })]
    const { answers } = await coverContracts({ pacts })
    const relied = answers.filter(({ consumers }) => consumers.length > 0)
    expect(new Set(relied.map(({ status }) => status.charAt(0)))).toEqual(new Set(['4']))
    expect(relied.length).toBeGreaterThan(1)
  })
})
