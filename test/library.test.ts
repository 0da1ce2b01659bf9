import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkScenarios, type Mock } from '../src/index.ts'
import { openMock, ORDER, SUPPLIER } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'library-'))
afterAll(() => rmSync(folder, { recursive: true }))
let written = 0

/** Files of scenarios, in a folder of their own. @returns the folder */
function files(contents: Readonly<Record<string, string>>): string {
  const own = mkdtempSync(join(folder, `${written++}-`))
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(own, `${name}.yaml`), text)
  return own
}

/** What createMock says of a scenario that cannot be, without the path. */
async function complaint(options: { scenario?: string; scenarios?: string }): Promise<string> {
  return openMock(options).then(
    async (mock) => {
      await mock.close()
      return 'no complaint'
    },
    (error: Error) => error.message.replaceAll(/\S*\/(\w+\.yaml)/g, '$1'),
  )
}

const line = '{ quantity_ordered: 6 }'
/** What, its file, the line, the place in it, what is said. */
const BAD: readonly (readonly [what: string, text: string, line: number, at: string, said: string])[] = [
  ['an unknown key', '# a\nclok: real', 2, '/clok', 'is not among the names allowed here: "clok"; there are clock, stock'],
  [
    'a scenario of nobody',
    'description: a\nextends: all-in-stok',
    2,
    '/extends',
    'names no scenario: "all-in-stok"; there are all-in-stock, ',
  ],
  ['a clock that is none', 'clock: slow', 1, '/clock', 'is "slow"; it must be real or object'],
  [
    'a clock of an unknown kind',
    'clock:\n  frozn: 2026-01-31',
    2,
    '/clock/frozn',
    'is not among the names allowed here: "frozn"; there are frozen, shifted',
  ],
  [
    'a day that is none',
    'seed: 1\nclock: { frozen: 2026-02-30T00:00:00Z }',
    2,
    '/clock',
    'is not a valid time or duration; give a time like',
  ],
  ['a shift that is none', 'clock: { shifted: 2x }', 1, '/clock/shifted', 'is "2x"; it must match'],
  ['a shift out of all time', 'clock: { shifted: 99999999d }', 1, '/clock', 'shows a time that no document can write; stay between'],
  ['a seed that is no text', 'seed: [1]', 1, '/seed', 'the type must be string or integer'],
  ['a population below none', 'population:\n  orders: -1', 2, '/population/orders', 'is -1; it must be at least 0'],
  [
    'an assumption of nobody',
    'assume:\n  oms.cancel.again: "200"\n  oms.cancel.agian: "200"',
    3,
    '/assume/oms.cancel.agian',
    'unknown: assumption "oms.cancel.agian"; there are oms.cancel.again, ',
  ],
  [
    'a value of no assumption',
    'assume:\n  oms.cancel.again: "500"',
    2,
    '/assume/oms.cancel.again',
    'unknown: value "500" of oms.cancel.again; there are ',
  ],
  [
    'a step of nobody',
    'progress:\n  quued: immediately',
    2,
    '/progress/quued',
    'is not among the names allowed here: "quued"; there are queued, ',
  ],
  ['a policy of nobody', 'progress: sometimes', 1, '/progress', 'is "sometimes"; it must be manual or immediately or object'],
  ['a duration that is none', 'progress:\n  queued: { after: 2 hours }', 2, '/progress/queued/after', 'is "2 hours"; it must match'],
  ['no reads', 'progress: { reads: 0 }', 1, '/progress/reads', 'is 0; it must be at least 1'],
  ['no step', 'progress: {}', 1, '/progress', 'must have at least 1 member(s)'],
  [
    'an operation of nobody',
    'timeline:\n  - at: 1h\n    operation: allocateOdrer',
    3,
    '/timeline/0/operation',
    'is not an operation: "allocateOdrer"; the nearest are allocateOrder, ',
  ],
  [
    'a path without its parameter',
    'timeline:\n  - { at: 1h, operation: getOrder }',
    2,
    '/timeline/0/parameters',
    'lacks order_uuid; the path is /orders/{order_uuid}/',
  ],
  [
    'a parameter of nobody',
    'timeline:\n  - at: 1h\n    operation: getOrder\n    parameters:\n      order_uuid: x\n      ordr_uuid: x',
    6,
    '/timeline/0/parameters/ordr_uuid',
    'names no parameter of getOrder: "ordr_uuid"; there are order_uuid',
  ],
  ['a time of a step that is none', 'timeline:\n  - at: noon\n    operation: login', 2, '/timeline/0/at', 'is "noon"; it must match'],
  ['a step without a time', 'timeline:\n  - operation: login', 2, '/timeline/0/at', 'is missing; send at'],
  ['a step that does nothing', 'timeline:\n  - at: 1h', 2, '/timeline/0/operation', 'is missing, and so is exists'],
  [
    'a step that does two things',
    'timeline:\n  - { at: 1h, exists: {}, operation: login }',
    2,
    '/timeline/0',
    'of which one excludes the other',
  ],
  [
    'an unknown key of a step',
    'timeline:\n  - at: 1h\n    operation: login\n    params: {}',
    4,
    '/timeline/0/params',
    'there are as, parameters',
  ],
  [
    'an unknown key further down',
    'timeline:\n  - at: 1h\n    exists:\n      ordrs: []',
    4,
    '/timeline/0/exists/ordrs',
    'there are orders, ',
  ],
  [
    'a caller of nobody',
    'timeline:\n  - { at: 1h, operation: login, as: { suplier: 1 } }',
    2,
    '/timeline/0/as/suplier',
    'there are supplier, ',
  ],
  [
    'a fifth supplier',
    'timeline:\n  - { at: 1h, operation: login, as: { supplier: 5 } }',
    2,
    '/timeline/0/as/supplier',
    'is 5; it must be at most 4',
  ],
  ['an unknown key of a fault', 'faults:\n  - stauts: 503', 2, '/faults/0/stauts', 'there are status, '],
  [
    'a fault of nobody',
    'faults:\n  - fault: EMPTY_RESPONSES',
    2,
    '/faults/0/fault',
    'is "EMPTY_RESPONSES"; it must be one of EMPTY_RESPONSE, ',
  ],
  [
    'a fault of an operation of nobody',
    'faults:\n  - status: 503\n  - operation: [login, getOdrer]\n    status: 503',
    3,
    '/faults/1/operation/1',
    'the nearest are getOrder, ',
  ],
  ['a fault that does nothing', 'faults:\n  - operation: login', 2, '/faults/0', 'does nothing; give status, '],
  [
    'a state of nobody',
    `allocations:\n  - statusCode: SHIPED\n    items: [{ sku: A, quantity: 1 }]`,
    2,
    '/allocations/0/statusCode',
    'is "SHIPED"; it must be one of ALLOCATED',
  ],
  [
    'units that do not add up',
    `orders:\n  - line_items:\n      - { quantity_ordered: 6, quantity_allocated: 4 }`,
    3,
    '/orders/0/line_items/0',
    '4 allocated + 0 backordered + 0 rejected is 4, not the 6 ordered',
  ],
  [
    'more shipped than allocated',
    `orders:\n  - line_items:\n      - quantity_ordered: 6\n        quantity_allocated: 6\n        quantity_shipped: 7`,
    5,
    '/orders/0/line_items/0/quantity_shipped',
    'ship 6 at most',
  ],
  [
    'stock twice',
    'stock:\n  - { locationNum: "110", sku: A, available: 1 }\n  - { locationNum: "110", sku: A, available: 1 }',
    3,
    '/stock/1',
    'repeats what stands at /stock/0',
  ],
  ['a list', '- description: a', 1, 'it', 'the type must be object'],
]

describe('a scenario that cannot be', () => {
  let mock: Mock
  beforeAll(async () => {
    mock = await openMock()
  })
  afterAll(() => mock.close())

  it.each(BAD)('is told with file, line and what would do: %s', async (_what, text, number, at, said) => {
    const own = files({ bad: text })
    const told = `bad.yaml:${number}: ${at} `
    for (const message of [await complaint({ scenario: join(own, 'bad.yaml') }), await complaint({ scenarios: own })]) {
      expect(message).toContain(told)
      expect(message).toContain(said)
      expect(message.split('\n')).toHaveLength(1)
    }
  })

  it.each(BAD)('is told with a pointer into the request: %s', async (what, text, _number, at, said) => {
    // A list is no scenario, and no name of one.
    const scenario: unknown = parse(text)
    const name = `bad-${what.replaceAll(/\W/g, '-')}`
    const { body } = await request(mock.app)
      .post('/__mock/sessions')
      .send({ name, scenario })
      .expect((response) => expect([400, 422]).toContain(response.status))
    const pointer = `/body/scenario${at === 'it' ? '' : at}`
    const issue = body.issues.find((one: { at: string }) => one.at === pointer)
    expect(body.issues).toHaveLength(1)
    if (at !== 'it') expect(`${issue.message}; ${issue.fix}`).toContain(said)
    await request(mock.app).get(`/__mock/sessions/${name}`).expect(404)
  })

  it('is told with all that is wrong', async () => {
    const text = 'clok: real\nextnds: a\nstock:\n  - { locationNum: 1, sku: A }\n'
    const said = await complaint({ scenario: join(files({ bad: text }), 'bad.yaml') })
    expect(said.split('\n').map((one) => /bad.yaml:\d: \S+/.exec(one)?.[0])).toEqual([
      'bad.yaml:1: /clok',
      'bad.yaml:2: /extnds',
      'bad.yaml:4: /stock/0/available',
      'bad.yaml:4: /stock/0/locationNum',
    ])
  })

  it('among others leaves none of them behind, and all are told', async () => {
    const own = files({ good: 'description: Good.', bad: 'clok: real', worse: 'orders: [' })
    const said = await complaint({ scenarios: own })
    expect(said).toContain('bad.yaml:1: /clok')
    expect(said).toContain('worse.yaml:1: ')
    const { body } = await request(mock.app).get('/__mock/scenarios').expect(200)
    expect(body.scenarios.map(({ name }: { name: string }) => name)).not.toContain('good')
  })

  it('by its name is told with the nearest', async () => {
    expect(await complaint({ scenario: 'rate-limitd' })).toMatch(
      /^scenario: there is no scenario "rate-limitd"; there are rate-limited, .*, or name a file$/,
    )
    const { body } = await request(mock.app).post('/__mock/sessions').send({ scenario: 'rate-limitd' }).expect(404)
    expect(body).toMatchObject({ code: 'scenario-unknown', fix: expect.stringMatching(/^there are rate-limited, /) })
    const { body: shown } = await request(mock.app).get('/__mock/scenarios/rate-limitd').expect(404)
    expect(shown.fix).toMatch(/rate-limited/)
  })
})

describe('a scenario that extends another', () => {
  const fault = (id: string, more = 'status: 503'): string => `faults:\n  - { id: ${id}, ${more} }\n`

  it('joins lists, theirs first, puts in assumptions, and replaces the rest', async () => {
    const own = files({
      bottom: `description: Bottom.\nseed: b\nclock: { frozen: 2026-01-01 }\nassume: { oms.cancel.again: "200" }\npopulation: { orders: 1 }\n${fault('b')}`,
      middle: `extends: bottom\nclock: { frozen: 2026-01-02 }\nassume: { oms.query.none: "200" }\n${fault('m')}`,
      top: `extends: middle\npopulation: { allocations: 2 }\n${fault('t')}orders:\n  - line_items: [${line}]\n`,
    })
    await using mock = await openMock({ scenarios: own, scenario: 'top' })
    const session = await mock.createSession()
    expect(await session.info()).toMatchObject({ scenario: 'top', seed: 'b', now: '2026-01-02T00:00:00.000Z', faults: ['b', 'm', 't'] })
    expect(await session.export()).toMatchObject({
      scenario: {
        assume: { 'oms.cancel.again': '200', 'oms.query.none': '200' },
        population: { orders: 1, allocations: 2 },
        orders: [{}],
      },
    })
    // Another seed is of the same scenario, joined once.
    const other = await mock.createSession({ seed: 'c' })
    expect(await other.info()).toMatchObject({ seed: 'c', faults: ['b', 'm', 't'] })
  })

  it.each<[string, Record<string, string>, readonly string[]]>([
    [
      'in a list of the one below',
      { below: `description: a\n${fault('b', 'operation: getOdrer, status: 503')}`, bad: `extends: below\n${fault('t')}` },
      ['below.yaml:3: /faults/0/operation'],
    ],
    [
      'in a list of its own, behind those below',
      { below: fault('b'), bad: `extends: below\n# More.\n${fault('t', 'operation: getOdrer, status: 503')}` },
      ['bad.yaml:4: /faults/0/operation'],
    ],
    [
      'in a timeline that comes by time',
      {
        below: 'timeline:\n  - { at: 5h, operation: login }\n  - { at: 1h, operation: lgin }\n',
        bad: 'extends: below\ntimeline:\n  - { at: 3h, operation: login }\n  - { at: 2h, operation: logn }\n',
      },
      ['below.yaml:3: /timeline/1/operation', 'bad.yaml:4: /timeline/1/operation'],
    ],
    [
      'in what exists',
      {
        below: `orders:\n  - line_items: [${line}]\n  - line_items: [{ quantity_ordered: 1, quantity_allocated: 2 }]\n`,
        bad: `extends: below\norders:\n  - line_items: [{ quantity_ordered: 1, quantity_allocated: 3 }]\n`,
      },
      ['below.yaml:3: /orders/1/line_items/0', 'bad.yaml:3: /orders/0/line_items/0'],
    ],
    [
      'in what both say',
      {
        below: `orders:\n  - { order_uuid: ${ORDER}, line_items: [${line}] }\n`,
        bad: `extends: below\norders:\n  - line_items: [${line}]\n  - { order_uuid: ${ORDER}, line_items: [${line}] }\n`,
      },
      ['bad.yaml:4: /orders/1/order_uuid repeats what stands at /orders/0/order_uuid of "below"; say it once'],
    ],
    [
      'in what is replaced',
      { below: 'description: a\nclock: { frozen: 2026-02-30 }\n', bad: 'extends: below\n' },
      ['below.yaml:2: /clock'],
    ],
    [
      'in assumptions',
      { below: 'assume:\n  a.b: c\n', bad: 'extends: below\nassume:\n  oms.query.none: "300"\n' },
      ['below.yaml:2: /assume/a.b', 'bad.yaml:3: /assume/oms.query.none'],
    ],
    [
      'in whom the one below extends',
      { below: 'description: a\nextends: nobody\n', bad: 'extends: below\n' },
      ['below.yaml:2: /extends names no scenario: "nobody"; there are '],
    ],
    [
      'in a circle of two',
      { below: '# b\nextends: bad\n', bad: 'extends: below\n' },
      ['below.yaml:2: /extends comes back to "bad"; let one of them extend no other'],
    ],
    ['in a circle of itself', { bad: 'extends: bad\n' }, ['bad.yaml:1: /extends comes back to "bad"']],
  ])('is told where it was written: %s', async (_what, contents, expected) => {
    const own = files(contents)
    const others = Object.keys(contents).filter((one) => one !== 'bad')
    const [checked] = await checkScenarios(['bad', ...others].map((one) => join(own, `${one}.yaml`)))
    const told = (checked?.complaints ?? []).map((one) => one.replaceAll(/\S*\/(\w+\.yaml)/g, '$1'))
    expect(told).toEqual(expected.map((one) => expect.stringContaining(one)))
  })

  it('is told where the request names the other', async () => {
    await using mock = await openMock({ now: '2026-03-01T12:00:00Z' })
    const post = (body: object) => request(mock.app).post('/__mock/sessions').send(body).expect(422)
    const orders = [{ order_uuid: ORDER, line_items: [{ quantity_ordered: 1 }] }]
    const { body } = await post({ scenario: { extends: 'all-in-stock', orders } })
    expect(body.issues).toMatchObject([
      { at: '/body/scenario/orders/0/order_uuid', message: 'repeats what stands at /orders/0/order_uuid of "all-in-stock"' },
    ])
    expect((await post({ clock: { frozen: '2026-02-30T00:00:00Z' } })).body.issues).toMatchObject([
      { at: '/body/clock', message: 'is not a valid time or duration' },
    ])
    expect((await post({ scenario: 'busy-day', clock: { shifted: '99999999d' } })).body.issues).toMatchObject([{ at: '/body/clock' }])
  })

  it('is told of a scenario that was well until the request put another clock to it', async () => {
    const own = files({ dated: `orders:\n  - { created_date: 2026-02-01T00:00:00Z, line_items: [${line}] }\n`, child: 'extends: dated\n' })
    await using mock = await openMock({ scenarios: own, scenario: 'dated' })
    const clock = { frozen: '2026-01-01T00:00:00Z' }
    const ask = async (scenario: unknown) =>
      (await request(mock.app).post('/__mock/sessions').send({ scenario, clock }).expect(422)).body.issues
    const said = 'of which /orders/0/created_date lies after the session'
    expect(await ask('dated')).toMatchObject([
      { at: '/body/scenario', message: expect.stringContaining(`brings in the scenario "dated", ${said}`) },
    ])
    expect(await ask('child')).toMatchObject([
      { at: '/body/scenario', message: expect.stringContaining(`brings in the scenario "dated", ${said}`) },
    ])
    expect(await ask({ extends: 'dated' })).toMatchObject([{ at: '/body/scenario/extends', message: expect.stringContaining(said) }])
    expect(await ask(undefined)).toMatchObject([
      { at: '/body', message: expect.stringContaining(`brings in the server's scenario, ${said}`) },
    ])
  })

  it('may have the name of the bundled one that it extends, as a file', async () => {
    const own = files({ 'tenant-empty': 'description: Ours.\nextends: tenant-empty\n' })
    await using mock = await openMock({ scenario: join(own, 'tenant-empty.yaml') })
    const { body } = await request(mock.app).post('/orders/').set('Authorization', SUPPLIER).send({})
    expect(body.total_results).toBe(0)
  })
})
