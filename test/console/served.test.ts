import { once } from 'node:events'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createConsole } from '../../src/server/console.ts'
import type { RequestSummary } from '../../src/index.ts'
import { openMock, ownSession } from '../support.ts'

const told: RequestSummary[] = []
const mock = await openMock({ onRequest: (summary) => told.push(summary) })
const PARTS = ['/__mock/', '/__mock/console/console.js', '/__mock/console/console.css'] as const
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

describe.each(PARTS)('the part of the console at %s', (path) => {
  it('is sent with what keeps it from doing more than it should', async () => {
    const { headers, text } = await request(mock.app).get(path).expect(200)
    expect(headers).toMatchObject({
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
    expect(text.length).toBeGreaterThan(200)
  })

  it('is not sent again to who has it, nor to HEAD', async () => {
    const { headers } = await request(mock.app).get(path)
    const tag = headers['etag'] ?? ''
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const answer = await request(mock.app).get(path).set('If-None-Match', known).expect(304)
      expect([answer.headers['etag'], answer.text]).toEqual([tag, ''])
    }
    await request(mock.app).get(path).set('If-None-Match', '"other"').expect(200)
    const head = await request(mock.app).head(path).expect(200)
    expect([head.headers['content-length'], head.headers['etag']]).toEqual([headers['content-length'], tag])
  })

  it('is refused under a foreign name, and to a page of another origin', async () => {
    for (const headers of [{ Host: 'evil.test' }, { Origin: 'http://evil.test' }]) {
      const { body } = await request(mock.app).get(path).set(headers).expect(403)
      expect(body).toMatchObject({ code: 'host-refused' })
    }
  })

  it("is there for a session as well, and in nobody's traffic", async () => {
    told.length = 0
    const plain = await request(mock.app).get(path)
    const prefixed = await request(mock.app).get(`/~tess${path}`).expect(200)
    expect(prefixed.headers['etag']).toBe(plain.headers['etag'])
    expect(told).toEqual([])
    expect((await mock.sessions()).map(({ name }) => name)).not.toContain('tess')
  })

  it('needs no token where what it asks does', async () => {
    await using own = await openMock({ controlToken: 'correct-horse.battery_staple' })
    const { port } = await own.listen({ port: 0, host: '0.0.0.0' })
    const status = async (at: string, method = 'GET'): Promise<number> => (await fetch(`http://127.0.0.1:${port}${at}`, { method })).status
    expect([await status(path), await status('/__mock/sessions'), await status(path, 'POST')]).toEqual([200, 401, 401])
  })
})

it.each([
  '/__mock/console/',
  '/__mock/console/main.tsx',
  '/__mock/console/../index.js',
  '/__mock/console/..%2findex.js',
  '/__mock/console/%2e%2e/index.js',
  '/__mock/console/constructor',
  '/__mock/console/console.js/',
  '/__mock/index.html',
  '/__mock//',
])('no path is a file: %s', async (path) => {
  // As it stands: clients tidy paths up before they send them.
  const server = createServer(mock.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const { request: ask } = await import('node:http')
  const [answer] = await once(ask({ host: '127.0.0.1', port: typeof address === 'object' ? address?.port : 0, path }).end(), 'response')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'application/problem+json'])
  server.close().closeAllConnections()
})

it('an address without its slash leads to the page', async () => {
  for (const [path, to] of [
    ['/__mock', '/__mock/'],
    ['/~tess/__mock', '/~tess/__mock/'],
  ] as const)
    expect((await request(mock.app).get(path).expect(308)).headers['location']).toBe(to)
})

it('nothing of it takes more than a read', async () => {
  for (const path of PARTS) await request(mock.app).post(path).expect(404)
})

it.each([
  ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', 302],
  ['anybody else', '*/*', 200],
  ['who would rather have JSON', 'application/json, text/html', 200],
])('a past request is explained to %s', async (_who, accept, status) => {
  const session = ownSession()
  const { headers } = await request(mock.app).get('/nowhere').set('Mock-Session', session)
  const path = new URL(headers['mock-explain'] ?? '').pathname
  const answer = await request(mock.app).get(path).set('Accept', accept).expect(status)
  expect(answer.headers['location']).toBe(status === 302 ? `/__mock/#/requests/${session}-1` : undefined)
  expect(status === 302 ? session : answer.body.session).toBe(session)
})

it('where nothing is built it says what builds it', () => {
  const page = createConsole(new URL('file:///nowhere/'))
  const asked = { method: 'GET', path: '/__mock/', query: '', headers: {}, body: { kind: 'none' }, prefix: '' } as const
  const { status, text = '' } = page(asked, 0)
  expect(status).toBe(503)
  expect(JSON.parse(text)).toMatchObject({ code: 'console-unbuilt', fix: expect.stringContaining('npm run build') })
})

it('is small: all of it takes less than 40 kB on the line', () => {
  const folder = join(import.meta.dirname, '../../dist/console')
  const sizes = ['index.html', 'console.js', 'console.css'].map((name) => gzipSync(readFileSync(join(folder, name))).length)
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(40_000)
})
