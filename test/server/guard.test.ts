import { createServer, get } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/index.ts'
import { isLoopback } from '../../src/server/guard.ts'
import { openMock, ORDER, SUPPLIER } from '../support.ts'

const TOKEN = 'correct-horse.battery_staple'
const told: string[] = []
const mock = await openMock({ controlToken: TOKEN, onRequest: (summary) => told.push(JSON.stringify(summary)) })
const { port, control } = await mock.listen({ port: 0, host: '0.0.0.0' })
const url = `http://127.0.0.1:${port}`
afterAll(() => mock.close())

const STATE = JSON.stringify({ state: '' })
const post = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: STATE })

describe('a mock that listens beyond loopback', () => {
  it('says so', () => expect(control).toBe('token'))

  it.each([
    ['GET', '/__mock/sessions'],
    ['GET', '/__mock/requests'],
    ['GET', '/__mock/events'],
    ['GET', '/__mock/openapi'],
    ['GET', '/~a/__mock/sessions'],
    ['GET', '/%7Ea/__mock/sessions'],
    ['GET', '/__mock/nothing'],
    ['GET', '/__mock/%68ealth'],
    ['GET', '/__mock/health/'],
    ['POST', '/__mock/health'],
    ['POST', '/__mock/health/ready'],
    ['GET', '/__mock/health/ready/a'],
    ['GET', '/__mock/metrics'],
    ['GET', '/~a/__mock/metrics'],
    ['POST', '/__mock/sessions/a/reset'],
    ['DELETE', '/__mock/sessions/a'],
    ['POST', '/_pact/provider_states'],
    ['POST', '/~a/_pact/provider_states'],
  ])('answers %s %s to nobody without the token', async (method, path) => {
    for (const headers of [{}, { Authorization: `Bearer ${TOKEN}x` }, { Authorization: TOKEN }, { 'Mock-Control-Token': 'wrong' }]) {
      const response = await fetch(url + path, { method, headers })
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="control routes"'])
      const text = await response.text()
      expect(JSON.parse(text)).toMatchObject({ code: 'control-refused', fix: expect.stringContaining('Authorization: Bearer <token>') })
      expect(text).not.toContain(TOKEN)
    }
  })

  it.each<[string, Readonly<Record<string, string>>]>([
    ['Authorization', { Authorization: `Bearer ${TOKEN}` }],
    ['Authorization in other letters', { Authorization: `bearer ${TOKEN}` }],
    ['a header of its own', { 'Mock-Control-Token': TOKEN }],
    ['one of several', { Authorization: 'Bearer another', 'Mock-Control-Token': TOKEN }],
  ])('answers who has the token in %s', async (_where, headers) => {
    expect((await fetch(`${url}/__mock/sessions`, { headers })).status).toBe(200)
    expect((await post('/_pact/provider_states', headers)).status).toBe(200)
  })

  it.each(['', '/~a', '/%7ea'])('takes the token in the path of provider states: %s', async (prefix) => {
    expect((await post(`${prefix}/_pact/${TOKEN}/provider_states`)).status).toBe(200)
    const refused = await post(`${prefix}/_pact/${TOKEN}x/provider_states`)
    expect(refused.status).toBe(401)
    const text = await refused.text()
    expect(text).toContain('/_pact/<token>/provider_states')
    expect(text).not.toContain(TOKEN)
    expect((await post(`${prefix}/__mock/${TOKEN}/sessions/a/reset`)).status).toBe(401)
  })

  it('asks for nothing where it is asked whether it is up, and for nothing at the APIs', async () => {
    for (const path of ['/health', '/health/ready'])
      for (const method of ['GET', 'HEAD']) expect((await fetch(`${url}/__mock${path}`, { method })).status).toBe(200)
    expect((await fetch(`${url}/~a/__mock/health`)).status).toBe(200)
    expect((await fetch(`${url}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } })).status).toBe(200)
    expect((await mock.session().entities()).total).toBeGreaterThan(0)
  })

  it('answers probes by whatever name a balancer has for it, and nobody else by that', async () => {
    // fetch sets no Host of one's own.
    const status = (path: string, more: Readonly<Record<string, string>> = {}): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get({ host: '127.0.0.1', port, path, headers: { Host: 'mock.team.svc', ...more } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        }).on('error', reject)
      })
    expect(await Promise.all(['/__mock/health', '/__mock/health/ready', '/~a/__mock/health/ready'].map((path) => status(path)))).toEqual([
      200, 200, 200,
    ])
    expect(await status('/__mock/health/ready', { Origin: 'http://evil.test' })).toBe(403)
    for (const path of ['/__mock/metrics', '/__mock/sessions', '/__mock/health/', '/__mock/healthy'])
      expect(await status(path, { Authorization: `Bearer ${TOKEN}` })).toBe(403)
  })

  it('gives Prometheus its metrics for the token, by an address', async () => {
    const response = await fetch(`${url}/__mock/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(await response.text()).not.toContain(TOKEN)
  })

  it('never tells the token, nor of control routes but what was refused', async () => {
    await fetch(`${url}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, 'Mock-Control-Token': TOKEN } })
    const headers = { Authorization: `Bearer ${TOKEN}` }
    for (const origin of ['request', 'control']) {
      const text = await (await fetch(`${url}/__mock/requests?origin=${origin}`, { headers })).text()
      expect(text).not.toContain(TOKEN)
      if (origin === 'request') expect(text).not.toMatch(/_pact|__mock\/(sessions|events)/)
    }
    expect(told.length).toBeGreaterThan(0)
    expect(told.join('\n')).not.toContain('correct-horse')
    const control = told.filter((line) => /"path":"[^"]*(_pact|__mock)/.test(line))
    expect(control.some((line) => line.includes('"path":"/__mock/***/sessions/a/reset"'))).toBe(true)
    for (const line of control) expect(line).toMatch(/"code":"(control|host)-refused"/)
  })

  it('still refuses pages of another origin, with the token too', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}`, Origin: 'http://evil.test' }
    expect((await fetch(`${url}/__mock/sessions`, { headers })).status).toBe(403)
  })
})

describe('the control token', () => {
  it('is another one for each mock, unless it is given', async () => {
    const tokens = await Promise.all(
      [0, 1].map(async () => {
        await using own = await openMock()
        const listening = await own.listen({ port: 0, host: '0.0.0.0' })
        const headers = { Authorization: `Bearer ${own.controlToken}` }
        expect((await fetch(`http://127.0.0.1:${listening.port}/__mock/sessions`, { headers })).status).toBe(200)
        return own.controlToken
      }),
    )
    expect(new Set(tokens).size).toBe(2)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{24}$/)
    expect(mock.controlToken).toBe(TOKEN)
  })

  it('is not needed on loopback; a URL that has it works there all the same', async () => {
    await using own = await openMock({ controlToken: TOKEN })
    const listening = await own.listen({ port: 0, host: 'localhost' })
    expect(listening.control).toBe('loopback')
    const { port: near } = listening
    for (const path of ['/_pact/provider_states', `/_pact/${TOKEN}/provider_states`, '/_pact/any/provider_states'])
      expect(
        (await fetch(`http://localhost:${near}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: STATE }))
          .status,
      ).toBe(200)
  })

  it('is not needed where control is open', async () => {
    await using own = await openMock({ control: 'open' })
    const listening = await own.listen({ port: 0, host: '0.0.0.0' })
    expect(listening.control).toBe('open')
    expect((await fetch(`http://127.0.0.1:${listening.port}/__mock/sessions`)).status).toBe(200)
  })

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && one.family === 'IPv4' && !one.internal)
  it.skipIf(!outside)("is needed on a server of one's own by what comes in at another address (skipped without one)", async () => {
    const server = createServer(mock.app)
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const address = server.address()
    const own = typeof address === 'object' && address ? address.port : 0
    const status = async (host: string): Promise<number> => (await fetch(`http://${host}:${own}/__mock/sessions`)).status
    expect([await status('127.0.0.1'), await status(outside?.address ?? '')]).toEqual([200, 401])
    server.close().closeAllConnections()
  })

  it.each<[Parameters<typeof openMock>[0], RegExp]>([
    [{ controlToken: 'short' }, /^controlToken is not usable; give 8 to 128 letters/],
    [{ controlToken: 'with/a/slash' }, /^controlToken is not usable; give 8 to 128/],
    [{ controlToken: '' }, /^controlToken is not usable; give 8 to 128/],
    [{ control: 'open', controlToken: TOKEN }, /^control is "open"; that takes no control token, and one is given/],
  ])('cannot be %o', async (options, message) => {
    const refusal = await openMock(options).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UsageError)
    expect(refusal instanceof Error ? refusal.message : '').toMatch(message)
  })
})

describe('an address', () => {
  it.each<[string, boolean]>([
    ['127.0.0.1', true],
    ['127.8.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.7', false],
    ['::ffff:10.0.0.1', false],
    ['128.0.0.1', false],
    ['', false],
  ])('%s is of this machine alone: %s', (address, expected) => expect(isLoopback(address)).toBe(expected))
})
