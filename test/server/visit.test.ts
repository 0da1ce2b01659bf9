import request from 'supertest'
import { expect, it } from 'vitest'
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

it('somebody who opens the address is shown where things are', async () => {
  told.length = 0
  const { text, type } = await request(mock.app).get('/').set('Accept', 'text/html,application/xhtml+xml,*/*;q=0.8').expect(200)
  expect(type).toBe('text/html')
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path)
  expect(links).toContain('/__mock/openapi/supplier-orders.json')
  for (const path of links) await request(mock.app).get(path).expect(200)
  expect(told).toMatchObject([{ session: '-', status: 200, method: 'GET', path: '/' }])
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
