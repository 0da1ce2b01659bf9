import request from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import { createMock, type Mock } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { OpenStore, Store } from '../../src/store/store.ts'
import { racingStore, watchedStore } from '../stores.ts'
import { NOW } from '../support.ts'

const STEPS = 2_500

/** How many changes each piece of work has put. */
const pieces: number[] = []
const watched = (store: Store): Store => ({
  ...store,
  use: (session, work) =>
    store.use(session, (held) => {
      const done = work(held)
      if (done.changes.length > 0) pieces.push(done.changes.length)
      return done
    }),
})

const opened: Mock[] = []
const open = async (store: OpenStore): Promise<Mock> => {
  const mock = await createMock({ now: NOW, journalBytes: 100_000_000, store: watchedStore(store, watched) })
  opened.push(mock)
  return mock
}
afterAll(() => Promise.all(opened.map((mock) => mock.close())))

/** Every fourth step is refused, and every tenth brings something in. */
const timeline = (at: string): readonly object[] =>
  Array.from({ length: STEPS }, (_, index) =>
    index % 10 === 9
      ? { at, exists: { orders: [{ po_number: `number-${index}`, line_items: [{ quantity_ordered: 1 }] }] } }
      : { at, operation: 'login', body: { username: 'supplier-1', password: index % 4 === 3 ? '' : 'a' } },
  )

interface Told {
  readonly id: string
  readonly origin: string
  readonly status: number
}

/** What the session is, and how what came to pass is told: the last of it, as much as is listed. */
async function toldBy(mock: Mock): Promise<{ readonly shown: object; readonly told: readonly Told[] }> {
  const [shown, entities, journal] = await Promise.all(
    ['/__mock/sessions/long', '/__mock/sessions/long/entities', '/__mock/requests?session=long&origin=timeline&limit=1000'].map((path) =>
      request(mock.app).get(path).expect(200),
    ),
  )
  const { age: _age, idle: _idle, ...session } = shown?.body ?? {}
  return {
    shown: { session, entities: entities?.body },
    // Another server gives other numbers.
    told: journal?.body.requests.map(({ id, origin, status }: Told) => ({ id: id.replace(/-\d+\./, '.'), origin, status })),
  }
}

describe('what is due at once', () => {
  const told = new Map<string, object>()

  it.each([
    ['after a move of the clock', '1h', 'memory', () => memoryStore],
    ['after a move of the clock', '1h', 'racing store', racingStore],
    ['before a request', '0s', 'memory', () => memoryStore],
    ['before a request', '0s', 'racing store', racingStore],
  ])('comes to pass in pieces: %s, %s, in %s', async (when, at, _name, store) => {
    const mock = await open(store())
    const scenario = { timeline: timeline(at) }
    await request(mock.app).post('/__mock/sessions').send({ name: 'long', scenario }).expect(201)
    pieces.length = 0
    if (at === '1h') await request(mock.app).post('/__mock/sessions/long/clock/advance').send({ by: '2h' }).expect(200)
    else await request(mock.app).post('/orders/').set('mock-session', 'long').expect(401)
    expect(pieces.length).toBeGreaterThan(2)
    const found = await toldBy(mock)
    expect(found.shown).toMatchObject({ session: { changes: STEPS / 10 } })
    const steps = found.told.filter(({ origin }) => origin === 'timeline')
    expect(steps[0]?.id).toMatch(new RegExp(`\\.${STEPS}$`))
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length)
    // One store says what the other says.
    expect(found).toEqual(told.get(when) ?? found)
    told.set(when, found)
  })
})
