import { describe, expect, it } from 'vitest'
import { beginSession, SESSION_ID } from '../src/core/session.ts'
import { isSessionName, type SessionName } from '../src/base/session-name.ts'
import type { Order } from '../src/apis/supplier/order.ts'
import { orderPopulation } from '../src/apis/supplier/population.ts'
import type { Change, World } from '../src/core/world.ts'
import { memoryStore } from '../src/store/memory.ts'
import type { Store, Work } from '../src/store/store.ts'
import { racingStore } from './racing-store.ts'
import { sessionDefaults } from './support.ts'

const DEFAULTS = sessionDefaults()
const SESSION = beginSession(DEFAULTS, 0)
const population = orderPopulation(SESSION)
const first = population.sequence.entity(0)
const second = population.sequence.entity(1)
const a = named('a')
const b = named('b')

describe.each<{ name: string; open: () => Store }>([
  { name: 'memory', open: memoryStore },
  { name: 'racing', open: racingStore },
])('the $name store', ({ open }) => {
  it('shows a session nothing before its first change', async () => {
    const store = open()
    const all = (world: World): Work<readonly unknown[]> => read([orderIn(world, first), ...world.all('order'), ...world.all('session')])
    expect(await store.transact(a, all)).toEqual([undefined])
    expect(await store.sessions()).toEqual([])
  })

  it('gives the result of the work', async () => {
    const store = open()
    expect(await store.transact(a, () => ({ changes: [put(first)], result: 'done' }))).toBe('done')
    expect(await store.transact(a, () => ({ changes: [], result: undefined }))).toBeUndefined()
  })

  it('lets work see what was changed before', async () => {
    const store = open()
    await change(store, a, put(first), put(second))
    await change(store, a, put({ ...first, notes: 'later' }))
    expect(await orders(store, a)).toEqual([{ ...first, notes: 'later' }, second])
    expect(await store.transact(a, (world) => read(orderIn(world, first)?.notes))).toBe('later')
    expect(await store.transact(a, (world) => read(world.get('allocation', first.id)))).toBeUndefined()
  })

  it('keeps kinds apart, whatever their ids are', async () => {
    const store = open()
    await change(store, a, { kind: 'session', id: SESSION_ID, to: SESSION }, put(first))
    expect(await store.transact(a, (world) => read([...world.all('session')]))).toEqual([SESSION])
    expect(await store.transact(a, (world) => read(world.get('order', SESSION_ID)))).toBeUndefined()
    expect(await orders(store, a)).toEqual([first])
  })

  it('applies the changes of one work in their order', async () => {
    const store = open()
    await change(store, a, put({ ...first, notes: '1' }), remove(first), put({ ...first, notes: '2' }), put({ ...first, notes: '3' }))
    expect(await orders(store, a)).toEqual([{ ...first, notes: '3' }])
  })

  it('deletes, and forgets that there was something', async () => {
    const store = open()
    await change(store, a, put(first), put(second))
    await change(store, a, remove(first))
    expect(await orders(store, a)).toEqual([second])
    expect(await store.transact(a, (world) => read(orderIn(world, first)))).toBeUndefined()
    await change(store, a, remove(first))
    expect(await orders(store, a)).toEqual([second])
  })

  it('keeps sessions apart', async () => {
    const store = open()
    await Promise.all([change(store, a, put({ ...first, notes: 'of a' })), change(store, b, put({ ...first, notes: 'of b' }), put(second))])
    expect(await orders(store, a)).toEqual([{ ...first, notes: 'of a' }])
    expect(await orders(store, b)).toEqual([{ ...first, notes: 'of b' }, second])
    await change(store, b, remove(first))
    expect(await orders(store, a)).toHaveLength(1)
  })

  it('names the sessions that have a change, sorted', async () => {
    const store = open()
    await change(store, b, put(first))
    await change(store, a, put(first))
    await orders(store, named('only-read'))
    expect(await store.sessions()).toEqual(['a', 'b'])
  })

  it('drops one session, and says whether there was one', async () => {
    const store = open()
    await change(store, a, put(first))
    await change(store, b, put(first))
    expect(await store.drop(a)).toBe(true)
    expect(await store.drop(a)).toBe(false)
    expect(await store.drop(named('nobody'))).toBe(false)
    expect(await store.sessions()).toEqual(['b'])
    expect(await orders(store, a)).toEqual([])
    expect(await orders(store, b)).toEqual([first])
    await change(store, a, put(second))
    expect(await orders(store, a)).toEqual([second])
  })

  it('loses none of thirty writes at once', async () => {
    const store = open()
    await change(store, a, put({ ...first, notes: '0' }))
    const results = await Promise.all(Array.from({ length: 30 }, () => store.transact(a, increment)))
    expect(results.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    expect(await orders(store, a)).toEqual([{ ...first, notes: '30' }])
  })

  it('loses none of thirty writes that begin a session at once', async () => {
    const store = open()
    const results = await Promise.all(Array.from({ length: 30 }, () => store.transact(a, increment)))
    expect(new Set(results).size).toBe(30)
    expect(await orders(store, a)).toEqual([{ ...first, notes: '30' }])
  })

  it('changes nothing when the work throws', async () => {
    const store = open()
    const broken = (): never => {
      throw new Error('broken')
    }
    await expect(store.transact(a, broken)).rejects.toThrow('broken')
    expect(await store.sessions()).toEqual([])
    await change(store, a, put(first))
    await expect(store.transact(a, broken)).rejects.toThrow('broken')
    expect(await orders(store, a)).toEqual([first])
    await expect(Promise.all([store.transact(a, increment), store.transact(a, broken).catch(() => 'caught')])).resolves.toContain('caught')
    expect(await store.transact(a, increment)).toBe(2)
  })

  it('appends nothing for work without changes', async () => {
    const store = open()
    expect(await store.transact(a, () => ({ changes: [], result: 1 }))).toBe(1)
    expect(await store.sessions()).toEqual([])
    expect(await store.drop(a)).toBe(false)
  })

  it('does not show work the changes of work that runs at the same time by halves', async () => {
    const store = open()
    await change(store, a, put({ ...first, notes: '0' }), put({ ...second, notes: '0' }))
    const both = (world: World): Work<readonly unknown[]> => {
      const notes = [orderIn(world, first)?.notes, orderIn(world, second)?.notes]
      const next = String(Number(notes[0]) + 1)
      return { changes: [put({ ...first, notes: next }), put({ ...second, notes: next })], result: notes }
    }
    for (const [one, other] of await Promise.all(Array.from({ length: 20 }, () => store.transact(a, both)))) expect(one).toBe(other)
  })
})

describe('the racing store', () => {
  it('runs work again when somebody appended in between, and counts it', async () => {
    const store = racingStore()
    let runs = 0
    await Promise.all(
      Array.from({ length: 10 }, () =>
        store.transact(a, (world) => {
          runs++
          return increment(world)
        }),
      ),
    )
    expect(store.retries).toBeGreaterThan(0)
    expect(runs).toBe(10 + store.retries)
  })

  it('runs nothing again for who only reads, or writes elsewhere', async () => {
    const store = racingStore()
    await change(store, a, put(first))
    await Promise.all([change(store, a, put(second)), orders(store, a), orders(store, a), change(store, b, put(first))])
    expect(store.retries).toBe(0)
  })

  it('runs work again when the session was dropped and begun anew in between', async () => {
    const store = racingStore()
    await change(store, a, put({ ...first, notes: '5' }))
    const dropped = store.drop(a).then(() => change(store, a, put({ ...first, notes: '7' })))
    const [result] = await Promise.all([store.transact(a, increment), dropped])
    expect([6, 8]).toContain(result)
    expect([['8'], ['7']]).toContainEqual((await orders(store, a)).map(({ notes }) => notes))
  })
})

/** Counts in the notes of an order. */
function increment(world: World): Work<number> {
  const order = orderIn(world, first) ?? { ...first, notes: null }
  const next = Number(order.notes ?? 0) + 1
  return { changes: [put({ ...order, notes: String(next) })], result: next }
}

function orderIn(world: World, { id }: Order): Order | undefined {
  return world.get('order', id) as Order | undefined
}

function put(order: Order): Change {
  return { kind: 'order', id: order.id, to: order }
}

function remove(order: Order): Change {
  return { kind: 'order', id: order.id, to: undefined }
}

function read<Result>(result: Result): Work<Result> {
  return { changes: [], result }
}

function change(store: Store, session: SessionName, ...changes: Change[]): Promise<void> {
  return store.transact(session, () => ({ changes, result: undefined }))
}

function orders(store: Store, session: SessionName): Promise<readonly Order[]> {
  return store.transact(session, (world) => read([...world.all('order')] as Order[]))
}

function named(text: string): SessionName {
  if (!isSessionName(text)) throw new TypeError(`"${text}" is no name`)
  return text
}
