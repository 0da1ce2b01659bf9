import request from 'supertest'
import { expect, it } from 'vitest'
import { createMock } from 'allocation-mock'

it('cancels an allocation once', async () => {
  await using mock = await createMock({ seed: 7, now: '2026-03-01T12:00:00Z' })
  const session = mock.session('cancels-once')
  const examples = await session.examples()
  const example = examples.find(({ operation }) => operation === 'cancelAllocations')

  const cancel = () =>
    request(mock.app)
      .put(example!.path)
      .set({ ...example!.headers, ...session.headers })
  await cancel().expect(200)
  await cancel().expect(404)

  const { entities } = await session.entities({ changed: true })
  expect(entities).toMatchObject([{ kind: 'allocation', entity: { statusCode: 'CANCELLED' } }])
})
