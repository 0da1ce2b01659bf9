import { describe, expect, it } from 'vitest'
import { startRealService } from '../real-service.ts'
import { altered, FILES, inFolder, marks, marksOf, rowOf, saidOf, startedMock, states, verify } from './pacts.ts'

describe('a mock under another assumption than the real service', () => {
  const lenient = [
    altered('three and two of six', 'warehouse', 'an allocation that leaves a unit out', (interaction) => {
      interaction.response = { status: 200 }
    }),
  ]

  it('is wrong here, and the assumption to switch is named', async () => {
    await using real = await startedMock({ assume: { 'supplier.allocate.sum': 'off' } })
    const pacts = [inFolder(lenient)]
    const row = rowOf(await verify({ pacts, ...real }), 'three and two of six')
    expect(marksOf(row)).toBe('+!+')
    expect(row.explanation).toBe(
      'the mock is wrong here: the document allows it and the real service does it; try --assume supplier.allocate.sum=off',
    )
    expect(marks(await verify({ pacts, ...real, assume: { 'supplier.allocate.sum': 'off' } }))).toEqual({ 'three and two of six': '+++' })
  })

  it('and the other way round the real service is', async () => {
    await using real = await startedMock({ assume: { 'supplier.allocate.sum': 'off', 'oms.cancel.again': '400' } })
    const report = await verify({ ...real, filter: { consumer: 'warehouse|desk', description: 'cancel|leaves' } })
    expect(marks(report)).toEqual({
      'a cancellation of a cancelled allocation': '++!',
      'a cancellation of an allocation': '+++',
      'a confirmation that a line is cancelled': '+++',
      'an allocation that leaves a unit out': '++!',
    })
  })
})

describe('an assumption that would make the mock right', () => {
  const again = altered('again', 'order-desk', 'a cancellation of a cancelled allocation', ({ response }) => {
    response.status = 200
    delete response.body
  })
  const lenient = altered('lenient', 'warehouse', 'an allocation that leaves a unit out', (one) => (one.response = { status: 200 }))
  const never = altered('never', 'storefront', 'a look at an unknown order', (one) => (one.response = { status: 403 }))

  it('is named as a possibility where nobody else was asked', async () => {
    const pacts = [inFolder([again, lenient, never])]
    const report = await verify({ pacts })
    const possibly = 'the document allows it, but the named state does not produce it'
    expect(report.rows.map(({ description, explanation }) => [description, explanation])).toEqual([
      ['again', `${possibly}; the mock would answer so under --assume oms.cancel.again=200`],
      ['lenient', `${possibly}; the mock would answer so under --assume supplier.allocate.sum=off`],
      ['never', possibly],
    ])
    const assume = { 'oms.cancel.again': '200', 'supplier.allocate.sum': 'off' }
    expect(marks(await verify({ pacts, assume }))).toEqual({ again: '++-', lenient: '++-', never: '+!-' })
  })

  it('is not looked for where the real service does not do it either', async () => {
    await using real = await startedMock({})
    const report = await verify({ pacts: [inFolder([lenient])], ...real })
    expect(report.rows.map((row) => [marksOf(row), row.explanation])).toEqual([
      ['+!!', 'the document allows it, but neither the mock nor the real service does it in the named state'],
    ])
  })
})

describe('a refusal of the mock that nobody expects', () => {
  const REFUSALS = [
    [
      'an order that is not there',
      'storefront',
      'a look at an unknown order',
      /^response status: expected 200 but got 404: .*b0c98d11.*; \S/,
    ],
    ['too few units', 'warehouse', 'an allocation that leaves a unit out', /^response status: expected 200 but got 400: .*6.*; \S/],
    ['too many units', 'parcel-tracker', 'a shipment of more than is allocated', /^response status: expected 200 but got 400: \S.*; \S/],
    ['a token of nobody', 'parcel-tracker', 'a query with a token that is refused', /^response status: expected 200 but got 401: \S/],
  ] as const

  it('is quoted, each at its own interaction, whatever process met it', async () => {
    const refused = REFUSALS.map(([name, consumer, description]) =>
      altered(name, consumer, description, (one) => (one.response = { status: 200 })),
    )
    // Around them, more than fit in two runs of the verifier.
    const others = Array.from({ length: 4 }, () => Object.values(FILES)).flat()
    const report = await verify({ pacts: [inFolder([...others.slice(0, 4), ...refused, ...others.slice(4)])], only: ['mock'] })
    expect(report.rows.length).toBeGreaterThan(2 * 50)
    const failed = report.rows.filter(({ verdict }) => verdict === 'failed')
    expect(failed.map(({ description }) => description)).toEqual(REFUSALS.map(([name]) => name))
    for (const [index, [, , , said]] of REFUSALS.entries()) {
      const answer = failed[index]?.answers.mock
      expect(answer).toMatchObject({ kind: 'failed', reasons: [{ message: expect.stringMatching(said), code: expect.any(String) }] })
    }
    expect(failed.map(({ answers: { mock } }) => mock.kind === 'failed' && mock.reasons[0]?.code)).toEqual([
      'order-unknown',
      'quantities-differ',
      'shipment-impossible',
      'credentials-refused',
    ])
  })

  it('is not what an answer that differs in its body was', async () => {
    const body = altered('body', 'storefront', 'a look at an unknown order', ({ response }) => (response.body = { content: { mood: 1 } }))
    expect(saidOf(rowOf(await verify({ pacts: [inFolder([body])], only: ['mock'] }), 'body'))).not.toContain('examples')
  })
})

describe('--fail-fast', () => {
  const forbidden = altered('forbidden', 'storefront', 'a look at an unknown order', (one) => (one.response = { status: 418 }))
  const allowed = altered('allowed', 'storefront', 'a look at an unknown order', (one) => (one.response = { status: 403 }))
  const good = altered('good', 'storefront', 'a look at an unknown order', () => undefined)
  const later = altered('later', 'storefront', 'a look at an unknown order', () => undefined)

  it.each([
    ['the document', [good, forbidden, later], { good: '+--', forbidden: '!--', later: '---' }],
    [
      'the document, of one that may fail',
      [good, { ...forbidden, interactions: [{ ...forbidden.interactions[0], pending: true }] }],
      { good: '+++', forbidden: '!!!' },
    ],
    ['the mock', [allowed], { allowed: '+!-' }],
  ])('asks nobody further after a failure of %s', async (_name, contracts, expected) => {
    await using real = await startRealService()
    const report = await verify({ pacts: [inFolder(contracts)], failFast: true, provider: real.url, stateUrl: real.stateUrl })
    expect(marks(report)).toEqual(expected)
  })
})

describe('a real service without an address for states', () => {
  it.each([
    ['is taken to have them, and that is said once', altered('good', 'storefront', 'a look at an unknown order', () => undefined), 1],
    ['needs none where no state is named', altered('good', 'storefront', 'a look at an unknown order', states()), 0],
  ])('%s', async (_name, content, count) => {
    await using real = await startRealService()
    const { notes = [], ok } = await verify({ pacts: [inFolder([content, content])], only: ['provider'], provider: real.url })
    expect(ok).toBe(true)
    expect(notes).toEqual(
      Array.from({ length: count }, () => 'nobody sets up provider states at the real service (--state-url): they are taken to exist'),
    )
  })
})
