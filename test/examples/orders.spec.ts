import { expect, test as base } from '@playwright/test'
import { connect, type MockSession } from 'allocation-mock/client'

const url = process.env['MOCK_URL'] ?? 'http://127.0.0.1:4010'

const test = base.extend<object, { session: MockSession }>({
  session: [
    async ({}, use) => {
      await using session = await connect(url).createSession()
      await use(session)
    },
    { scope: 'worker' },
  ],
  extraHTTPHeaders: ({ session }, use) => use(session.headers),
})
test.beforeEach(({ session }) => session.reset())

test('an allocation is cancelled once, and never while the service is down', async ({ request, session }) => {
  const examples = await session.examples()
  const { path = '', headers } = examples.find(({ operation }) => operation === 'cancelAllocations') ?? {}
  const cancel = async () => (await request.put(url + path, { headers: { ...headers } })).status()

  const outage = await session.addFault({ status: 503 })
  expect(await cancel()).toBe(503)
  await outage.drop()
  expect(await cancel()).toBe(200)
  expect(await cancel()).toBe(404)
})
