import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Row } from '../../src/verification/pact/pact.ts'
import { CONTRACTS, FILES, folder, inFolder, type Json, verify } from '../contracts/pacts.ts'
import { startRealService } from '../real-service.ts'
import { runHere, serveHere } from './here.ts'
import { Running } from './process.ts'

/** All contracts, of consumers who expect what nobody answers. */
const EXPECTING = Object.values(FILES).map((content: Json) => ({
  ...content,
  interactions: content.interactions.map((one: Json) => ({ ...one, response: { status: 299 } })),
}))
const DESCRIPTIONS = Object.values(FILES).flatMap((content: Json): string[] =>
  content.interactions.map(({ description }: { description: string }) => description),
)

describe('the commands that repeat an interaction', () => {
  let mock: Awaited<ReturnType<typeof serveHere>>
  let rows: readonly Row[]
  beforeAll(async () => {
    mock = await serveHere(['--log', 'none'])
    const { out } = await runHere(['verify', inFolder(EXPECTING), '--only', 'mock', '--format', 'json'])
    rows = JSON.parse(out).rows
  })
  afterAll(() => mock.server.stop())

  const repeated = async ({ replay = '' }: Row) => {
    const input = replay.replaceAll('http://127.0.0.1:4010', mock.url)
    expect(input).toContain(mock.url)
    return new Running('sh', [], { input }).ended
  }

  it.each(DESCRIPTIONS)('get the reported answer of a mock that is served: %s', async (description) => {
    const row = rows.find((one) => one.description === description) ?? expect.fail()
    const { code, out, err } = await repeated(row)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { mock: answer } = row.answers
    const [, status = '', words] =
      /^response status: expected 299 but got (\d+)(?:: (.*))?$/.exec((answer.kind === 'failed' && answer.reasons[0]?.message) || '') ??
      expect.fail()
    expect(/HTTP\/1\.1 (\d+) /.exec(out)?.[1]).toBe(status)
    // The mock that was asked has the same words for it.
    const [, explained] = /^Mock-Explain: (\S+)\r$/m.exec(out) ?? []
    expect(explained !== undefined).toBe(words !== undefined)
    if (explained === undefined) return
    const { problem } = (await (await fetch(explained)).json()) as { problem: { detail: string; fix?: string } }
    expect([problem.detail, problem.fix].filter((one) => one !== undefined).join('; ')).toBe(words)
  })

  it('leave the session that nobody names alone', async () => {
    const { sessions } = (await (await fetch(`${mock.url}/__mock/sessions`)).json()) as { sessions: object[] }
    expect(sessions).toMatchObject([{ name: 'replay' }])
  })

  it('show a state that is refused', async () => {
    const [first] = EXPECTING[0].interactions
    const pacts = [
      folder({ 'moon.json': { ...EXPECTING[0], interactions: [{ ...first, providerStates: [{ name: 'the moon is full' }] }] } }),
    ]
    const [row = expect.fail()] = (await verify({ pacts, only: ['mock'] })).rows
    expect(await repeated(row)).toMatchObject({ code: 0, out: expect.stringContaining('no provider state has the text') })
  })

  it('ask the real service where only that fails, unless it alone knows what its states give', async () => {
    await using real = await startRealService({
      'POST /organizations/user-login/ 200': { kind: 'other status', status: 202 },
      'GET /orders/{id}/ 404': { kind: 'other status', status: 410 },
      'PATCH /orders/cancel/ 204': { kind: 'other status', status: 409 },
    })
    const { rows: all } = await verify({
      filter: { consumer: 'storefront' },
      provider: real.url,
      stateUrl: real.stateUrl,
      pacts: [CONTRACTS],
    })
    const failed = all.filter(({ verdict }) => verdict === 'failed')
    const told = await Promise.all(
      failed.map(async ({ description, replay }) => {
        const { out } = replay === undefined ? { out: undefined } : await new Running('sh', [], { input: replay }).ended
        return [description, out && /HTTP\/1\.1 (\d+)/.exec(out)?.[1]]
      }),
    )
    expect(told).toEqual([
      ['a cancellation in time', undefined],
      ['a login of a retailer', '202'],
      ['a look at an unknown order', '410'],
    ])
  })
})
