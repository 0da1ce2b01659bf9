import request from 'supertest'
import { expect, it } from 'vitest'
import { defineApi } from '../../src/api.ts'
import type { RequestSummary } from '../../src/index.ts'
import { openMock, ORDER, ownSession, SUPPLIER } from '../support.ts'

const told: RequestSummary[] = []
const mock = await openMock({ requireSession: true, onRequest: (summary) => told.push(summary) })

it.each(['/favicon.ico', '/robots.txt', '/apple-touch-icon.png', '/apple-touch-icon-120x120-precomposed.png', '/.well-known/x/y.json'])(
  'what a browser asks by itself is told, and in no session: %s',
  async (path) => {
    told.length = 0
    const session = ownSession()
    for (const prefix of ['', `/~${session}`]) {
      const { body } = await request(mock.app).get(`${prefix}${path}?v=1`).set('Mock-Session', session).expect(404)
      expect(body).toMatchObject({ code: 'route-unknown' })
    }
    expect(told).toMatchObject([
      { session: '-', status: 404, path: `${path}?v=1` },
      { session: '-', status: 404, path: `/~${session}${path}?v=1` },
    ])
    expect((await mock.sessions()).map(({ name }) => name)).not.toContain(session)
    expect(await mock.session(session).requests()).toEqual([])
  },
)

it.each<[string, string, string]>([
  ['GET', '/', '/__mock/'],
  ['HEAD', '/', '/__mock/'],
  ['GET', '/~tess/', '/~tess/__mock/'],
])('a browser that opens the address (%s %s) is sent to the console', async (method, path, location) => {
  told.length = 0
  const asked = method === 'HEAD' ? request(mock.app).head(path) : request(mock.app).get(path)
  const { headers } = await asked.set('Accept', 'text/html,application/xhtml+xml,*/*;q=0.8').expect(302)
  expect([headers['location'], headers['vary']]).toEqual([location, 'Accept'])
  expect(told).toMatchObject([{ session: '-', status: 302, path }])
})

it.each(['*/*', 'application/json', 'application/json, text/html', 'text/html;q=0.5, application/json', 'text/html;q=0'])(
  'who accepts %s is an app, and is answered as one',
  async (accept) => {
    const session = ownSession()
    const { type } = await request(mock.app).get('/').set({ Accept: accept, 'Mock-Session': session }).expect(404)
    expect(type).toBe('application/json')
    expect(await mock.session(session).requests()).toHaveLength(1)
  },
)

it('a document that has the path answers it, to browsers too', async () => {
  const get = { responses: { 200: { description: 'A page.', content: { 'text/html': { example: '<p>home' } } } } }
  await using own = await openMock({ apis: [defineApi({ document: { openapi: '3.1.0', paths: { '/': { get } } } })] })
  const { text } = await request(own.app).get('/').set('Accept', 'text/html,*/*;q=0.8').expect(200)
  expect(text).toBe('<p>home')
})

it('an app that asks so is in its session', async () => {
  const session = ownSession()
  for (const [method, path] of [
    ['get', '/'],
    ['post', '/favicon.ico'],
    ['get', '/orders/favicon.ico'],
    ['get', `/orders/${ORDER}/`],
  ] as const)
    await request(mock.app)[method](path).set({ 'Mock-Session': session, Authorization: SUPPLIER })
  expect(await mock.session(session).requests()).toHaveLength(4)
})
