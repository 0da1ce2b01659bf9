import request, { type Response } from 'supertest'
import { describe, expect, it } from 'vitest'
import { type MockOptions, type RequestSummary, UsageError } from '../../src/index.ts'
import { openMock, ORDER, SUPPLIER } from '../support.ts'

const SHOP = 'https://shop.test'

/** What a page of an origin is told by a mock that listens there. */
async function asked(
  options: MockOptions,
  path: string,
  Origin: string,
  { host = '127.0.0.1', headers = {}, method = 'get' }: { host?: string; headers?: object; method?: 'get' | 'options' } = {},
): Promise<{ readonly answer: Response; readonly told: readonly RequestSummary[] }> {
  const told: RequestSummary[] = []
  await using mock = await openMock({ ...options, control: 'open', onRequest: (summary) => told.push(summary) })
  const { port } = await mock.listen({ port: 0, host })
  const agent = request(`http://127.0.0.1:${port}`)
  const answer = await agent[method](path).set({ Authorization: SUPPLIER, Origin, ...headers })
  return { answer, told }
}

const READ = `/orders/${ORDER}/`
const HEALTH = '/__mock/health'
const BEYOND = '0.0.0.0'

describe('a page of another origin', () => {
  it.each<[string, MockOptions, string, string, string, string | undefined]>([
    ['any, on loopback', {}, READ, '127.0.0.1', SHOP, '*'],
    ['none, beyond it', {}, READ, BEYOND, SHOP, undefined],
    ['any, beyond it, where all are allowed', { allowOrigins: ['*'] }, READ, BEYOND, SHOP, '*'],
    ['the one that is allowed', { allowOrigins: [SHOP] }, READ, BEYOND, SHOP, SHOP],
    ['none beside it, on loopback too', { allowOrigins: [SHOP] }, READ, '127.0.0.1', 'https://evil.test', undefined],
    ['none, where none is allowed', { allowOrigins: [] }, READ, '127.0.0.1', SHOP, undefined],
    ['an allowed one, of control routes', { allowOrigins: [SHOP] }, HEALTH, BEYOND, SHOP, SHOP],
    [
      'one of an allowed host, of control routes',
      { allowHosts: ['shop.test'] },
      HEALTH,
      BEYOND,
      'https://shop.test:8443',
      'https://shop.test:8443',
    ],
    ['not any, of control routes', { allowOrigins: ['*'] }, HEALTH, '127.0.0.1', SHOP, undefined],
  ])('may read an answer: %s', async (_who, options, path, host, origin, allowed) => {
    const { answer } = await asked(options, path, origin, { host })
    expect(answer.headers['access-control-allow-origin']).toBe(allowed)
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
    const preflight = { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Private-Network': 'true' }
    const { answer: before } = await asked(options, path, origin, { host, headers: preflight, method: 'options' })
    expect(before.headers['access-control-allow-origin']).toBe(allowed)
    expect(before.status).toBe(allowed === undefined ? 403 : 204)
    expect(before.headers['access-control-allow-private-network']).toBe(allowed === undefined ? undefined : 'true')
    expect(before.headers).not.toHaveProperty('access-control-allow-credentials')
  })

  it.each<[string, string, string, RegExp]>([
    ['of an API', READ, 'origin-refused', /start with --allow-origin https:\/\/shop\.test, or/],
    ['of control routes', HEALTH, 'host-refused', /start with --allow-origin https:\/\/shop\.test$/],
  ])('is told, with the log, why it may not ask: %s', async (_what, path, code, fix) => {
    const headers = { 'Access-Control-Request-Method': 'PUT' }
    const { answer, told } = await asked({ allowOrigins: ['https://other.test'] }, path, SHOP, { headers, method: 'options' })
    expect(answer.body).toMatchObject({ code, detail: expect.stringContaining(SHOP), fix: expect.stringMatching(fix) })
    expect(told).toMatchObject([{ session: '-', status: 403, method: 'OPTIONS', path, problem: { code } }])
  })

  it('has no name where it comes from a file or a sandbox', async () => {
    const { answer } = await asked({}, HEALTH, 'null')
    expect(answer.body).toMatchObject({ code: 'host-refused', fix: expect.not.stringContaining('--allow-origin null') })
  })
})

it.each<[MockOptions, RegExp]>([
  [{ allowOrigins: ['shop.test'] }, /^allowOrigins is "shop\.test"; give one like https:/],
  [{ allowOrigins: ['https://shop.test/'] }, /^allowOrigins is "https:\/\/shop\.test\/"; .*without a path/],
  [{ allowOrigins: ['null'] }, /^allowOrigins is "null"/],
  [{ allowHosts: ['http://mock.test'] }, /^allowHosts is "http:\/\/mock\.test"; give a name like mock\.test/],
  [{ allowHosts: ['*'] }, /^allowHosts is "\*"/],
])('refuses %j', async (options, message) => {
  const refusal = await openMock(options).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(UsageError)
  expect(refusal instanceof Error ? refusal.message : '').toMatch(message)
})

it('takes a host with a port for that host', async () => {
  await using mock = await openMock({ allowHosts: ['Mock.test:4321', '[2001:db8::1]:80'] })
  await request(mock.app).get(HEALTH).set('Host', 'mock.test:4010').expect(200)
})
