import { afterAll, describe, expect, it } from 'vitest'
import { beginSession, SESSION_ID } from '../../src/core/session.ts'
import { isSessionName, type SessionName } from '../../src/base/session-name.ts'
import type { Order } from '../../src/apis/supplier/order.ts'
import { orderPopulation } from '../../src/apis/supplier/population.ts'
import type { Exchange } from '../../src/core/exchange.ts'
import type { Change, World } from '../../src/core/world.ts'
import { createJournal, type Journal } from '../../src/server/journal.ts'
import { BoundElsewhere, type Held, type Notes, type Store, type StoreSettings, type Work } from '../../src/store/store.ts'
import { ownSession, sessionDefaults } from '../support.ts'
import { STORES } from './every-store.ts'

const DEFAULTS = sessionDefaults()
const SESSION = beginSession(DEFAULTS, 0)
const population = orderPopulation(SESSION)
const first = population.sequence.entity(0)
const second = population.sequence.entity(1)

const opened: Store[] = []
afterAll(() => Promise.all(opened.map((store) => store.close())))

describe.each(STORES)('the $name store', ({ name, open }) => {
  const start = async (settings: Partial<StoreSettings> = {}): Promise<{ readonly store: Store; readonly journal: Journal }> => {
    const journal = createJournal(1_000_000)
    const store = await open({
      maxSessions: 1_000,
      timeToLive: () => Infinity,
      journalBytes: 1_000_000,
      stateBytes: 1e9,
      time: undefined,
      journal,
      onTrouble: () => undefined,
      ...settings,
    })
    opened.push(store)
    return { store, journal }
  }
  const shared = start()
  const a = (): SessionName => named(ownSession())

  it('shows a session nothing before its first change', async () => {
    const { store } = await shared
    const name = a()
    const all = ({ world, record }: Held): unknown => [record, orderIn(world, first), ...world.all('order'), ...world.all('session')]
    expect(await store.look(name, all)).toEqual([undefined, undefined])
    expect(await store.names()).not.toContain(name)
  })

  it('gives the result of the work', async () => {
    const { store } = await shared
    const name = a()
    expect(await store.use(name, () => ({ changes: [put(first)], result: 'done' }))).toBe('done')
    expect(await store.use(name, () => ({ changes: [], result: undefined }))).toBeUndefined()
  })

  it('lets work see what was changed before', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, put(first), put(second))
    await change(store, name, put({ ...first, notes: 'later' }))
    expect(await orders(store, name)).toEqual([{ ...first, notes: 'later' }, second])
    expect(await store.look(name, ({ world }) => [orderIn(world, first)?.notes, world.version])).toEqual(['later', 3])
    expect(await store.look(name, ({ world }) => world.get('allocation', first.id))).toBeUndefined()
  })

  it('keeps kinds apart, whatever their ids are', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, { kind: 'session', id: SESSION_ID, to: SESSION }, put(first))
    expect(await store.look(name, ({ world }) => [...world.all('session')])).toEqual([SESSION])
    expect(await store.look(name, ({ world }) => world.get('order', SESSION_ID))).toBeUndefined()
    expect(await orders(store, name)).toEqual([first])
  })

  it('applies the changes of one work in their order', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, put({ ...first, notes: '1' }), remove(first), put({ ...first, notes: '2' }), put({ ...first, notes: '3' }))
    expect(await orders(store, name)).toEqual([{ ...first, notes: '3' }])
  })

  it('deletes, and forgets that there was something', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, put(first), put(second))
    await change(store, name, remove(first))
    expect(await orders(store, name)).toEqual([second])
    await change(store, name, remove(first))
    expect(await orders(store, name)).toEqual([second])
    await change(store, name, put(first))
    expect(await orders(store, name)).toEqual([second, first])
  })

  it('brings texts and numbers back as they were', async () => {
    const { store } = await shared
    const name = a()
    const odd = {
      ...first,
      notes: '\u0000 \ud800 \udc00 😀 \u2028',
      odd: [-0, 1e21, 5e-324],
      ['__proto__']: 1,
      id: `\u0000${first.id}\ud800`,
    } as unknown as Order
    await change(store, name, put(odd))
    expect(await orders(store, name)).toEqual([odd])
    expect(await store.look(name, ({ world }) => world.contents())).toEqual([put(odd)])
  })

  it('keeps sessions apart', async () => {
    const { store } = await shared
    const [one, other] = [a(), a()]
    await Promise.all([
      change(store, one, put({ ...first, notes: 'of one' })),
      change(store, other, put({ ...first, notes: 'of other' }), put(second)),
    ])
    expect(await orders(store, one)).toEqual([{ ...first, notes: 'of one' }])
    await change(store, other, remove(first))
    expect(await orders(store, one)).toHaveLength(1)
    expect(await orders(store, other)).toEqual([second])
  })

  it('begins a session with its first change, or with a request that changes nothing', async () => {
    const { store } = await shared
    const [changed, asked, looked, controlled] = [a(), a(), a(), a()]
    await change(store, changed, put(first))
    await store.use(asked, () => ({ changes: [], asks: 'request', result: undefined }))
    await store.use(controlled, () => ({ changes: [], asks: 'control', result: undefined }))
    await orders(store, looked)
    const names = await store.names()
    expect([changed, asked, looked, controlled].map((name) => names.includes(name))).toEqual([true, true, false, false])
  })

  it('loses none of thirty writes at once, and gives each a number of its own', async () => {
    const { store } = await shared
    const name = a()
    const numbered = (held: Held): Work<readonly number[]> => {
      const done = increment(held)
      return { ...done, asks: 'request', result: [done.result, held.request] }
    }
    const results = await Promise.all(Array.from({ length: 30 }, () => store.use(name, numbered)))
    expect(results.map(([count = 0]) => count).toSorted((x, y) => x - y)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    expect(new Set(results.map(([, number]) => number)).size).toBe(30)
    expect(await orders(store, name)).toEqual([{ ...first, notes: '30' }])
    expect(await store.look(name, ({ record }) => record?.requests)).toBe(30)
  })

  it('changes nothing when the work throws, and nobody else is hurt', async () => {
    const { store } = await shared
    const name = a()
    const broken = (): never => {
      throw new Error('broken')
    }
    await expect(store.use(name, broken)).rejects.toThrow('broken')
    expect(await store.names()).not.toContain(name)
    await change(store, name, put(first))
    const both = [store.use(name, increment), store.use(name, broken).catch(() => 'caught'), store.use(name, increment)]
    expect(await Promise.all(both)).toEqual([1, 'caught', 2])
  })

  it.skipIf(name === 'memory')('leaves nothing of what cannot be written', async () => {
    const { store } = await shared
    const session = a()
    await change(store, session, put(first))
    const odd = { ...second, notes: 1n } as unknown as Order
    const unwritable = { ...exchange(session, 1), replyBody: 1n } as unknown as Exchange
    await expect(change(store, session, put(odd))).rejects.toThrow(/bigint/i)
    await expect(store.use(session, () => ({ changes: [put(second)], exchanges: [unwritable], result: undefined }))).rejects.toThrow(
      'BigInt',
    )
    expect(await orders(store, session)).toEqual([first])
    await change(store, session, put({ ...first, notes: 'later' }))
    expect(await orders(store, session)).toEqual([{ ...first, notes: 'later' }])
  })

  it('keeps kinds in their order, one that was emptied too', async () => {
    const { store } = await start()
    const session = a()
    const other = { kind: 'shipment', id: 'x', to: { id: 'x' } } as const
    await change(store, session, { kind: 'session', id: SESSION_ID, to: SESSION }, other, put(first))
    await change(store, session, { ...other, to: undefined })
    for (let round = 0; round < 40; round++) await change(store, session, put({ ...first, notes: 'x'.repeat(1_000) + String(round) }))
    await change(store, session, other)
    expect(await store.look(session, ({ world }) => [world.contents().map(({ kind }) => kind), world.version])).toEqual([
      ['session', 'shipment', 'order'],
      45,
    ])
  })

  it('does not show work the changes of work that runs at the same time by halves', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, put({ ...first, notes: '0' }), put({ ...second, notes: '0' }))
    const both = ({ world }: Held): Work<readonly unknown[]> => {
      const notes = [orderIn(world, first)?.notes, orderIn(world, second)?.notes]
      const next = String(Number(notes[0]) + 1)
      return { changes: [put({ ...first, notes: next }), put({ ...second, notes: next })], result: notes }
    }
    for (const [one, other] of await Promise.all(Array.from({ length: 20 }, () => store.use(name, both)))) expect(one).toBe(other)
  })

  it('begins a new life with a reset, and forgets what was noted of the old one but for bindings and snapshots', async () => {
    const { store, journal } = await start()
    const name = a()
    const notes: Partial<Notes> = { copy: { detail: 'd', fix: 'f' }, bindings: [{ key: name, to: { token: 't' } }], apis: 'x' }
    await store.use(name, () => ({ changes: [put(first)], asks: 'request', notes, exchanges: [exchange(name, 1)], result: undefined }))
    await store.use(name, ({ world, record }) => ({ changes: [], ...taken(world, record?.life ?? fail(), 's', []), result: undefined }))
    const before = await store.look(name, ({ life }) => life)
    await store.use(name, () => ({ changes: [put(second)], life: 'begins', notes: { apis: 'y' }, result: undefined }))
    const { record, world } = await store.look(name, (held) => held)
    expect(record).toMatchObject({ requests: 0, notes: { apis: 'y', bindings: notes.bindings, snapshots: [{ name: 's' }] } })
    expect(record?.notes.copy).toBeUndefined()
    expect(record?.life).not.toBe(before)
    expect([[...world.all('order')], world.version]).toEqual([[second], 1])
    expect(await store.bound(() => [name])).toBe(name)
    expect(await store.snapshot(name, 's')).toEqual([put(first)])
    await store.tell()
    expect(journal.of(name)).toEqual([])
    expect(await store.use(name, ({ request }) => ({ changes: [], asks: 'request', result: request }))).toBe(1)
  })

  it('drops a session with all that belongs to it', async () => {
    const { store, journal } = await start()
    const [name, other] = [a(), a()]
    await change(store, other, put(first))
    await store.use(name, () => ({
      changes: [put(first)],
      notes: { bindings: [{ key: name, to: {} }] },
      exchanges: [exchange(name, 1)],
      result: undefined,
    }))
    await store.use(name, ({ world, record }) => ({ changes: [], ...taken(world, record?.life ?? fail(), 's', []), result: undefined }))
    await store.use(name, () => ({ changes: [], life: 'ends', result: undefined }))
    expect(await store.names()).toEqual([other])
    expect(await store.bound(() => [name])).toBeUndefined()
    expect(await store.snapshot(name, 's')).toBeUndefined()
    await store.tell()
    expect(journal.of(name)).toEqual([])
    expect(await orders(store, name)).toEqual([])
    await change(store, name, put(second))
    expect(await orders(store, name)).toEqual([second])
    expect(await orders(store, other)).toEqual([first])
  })

  it('keeps the snapshots that the notes have, and no others', async () => {
    const { store } = await shared
    const name = a()
    await change(store, name, put(first), put(second))
    const take = (id: string, rest: Notes['snapshots']): Promise<void> =>
      store.use(name, ({ world, record }) => ({ changes: [], ...taken(world, record?.life ?? fail(), id, rest), result: undefined }))
    await take('one', [])
    const kept = await store.look(name, ({ record }) => record?.notes.snapshots ?? [])
    await change(store, name, remove(first))
    await take('two', kept)
    expect(await store.snapshot(name, 'one')).toEqual([put(first), put(second)])
    expect(await store.snapshot(name, 'two')).toEqual([put(second)])
    await store.use(name, ({ record }) => ({
      changes: [],
      notes: { snapshots: record?.notes.snapshots.filter(({ id }) => id !== 'one') ?? [] },
      result: undefined,
    }))
    expect(await store.snapshot(name, 'one')).toBeUndefined()
    expect(await store.snapshot(name, 'two')).toEqual([put(second)])
  })

  it('finds a session by what it is bound to, which only one can be', async () => {
    const { store } = await shared
    const [name, other] = [a(), a()]
    const key = `key of ${name}`
    const bind = (session: SessionName, keys: readonly string[]): Promise<void> =>
      store.use(session, () => ({ changes: [], notes: { bindings: keys.map((one) => ({ key: one, to: {} })) }, result: undefined }))
    await bind(name, [key, `${key} too`])
    expect(await store.bound(() => ['nobody', `${key} too`])).toBe(name)
    const clash = await bind(other, [key]).catch((error: unknown) => error)
    expect(clash).toBeInstanceOf(BoundElsewhere)
    expect(clash).toMatchObject({ session: name })
    expect(await store.names()).not.toContain(other)
    await bind(name, [`${key} too`])
    await bind(other, [key])
    expect(await store.bound(() => [key])).toBe(other)
    expect(await store.bound(() => [`${key} too`])).toBe(name)
  })

  it('lets no more sessions begin than there may be', async () => {
    const { store } = await start({ maxSessions: 3 })
    const begin = (name: SessionName): Promise<number | undefined> =>
      store.use(name, ({ full }) =>
        full === undefined ? { changes: [put(first)], hasChanged: true, result: full } : { changes: [], result: full },
      )
    expect((await Promise.all(Array.from({ length: 10 }, () => begin(a())))).filter((full) => full === 3)).toHaveLength(7)
    expect(await store.names()).toHaveLength(3)
  })

  it('leaves nothing of a session that ends, whatever its end came with', async () => {
    const { store } = await shared
    const [name, other] = [a(), a()]
    const bindings = [{ key: JSON.stringify(name), to: { token: name } }]
    await change(store, name, put(first))
    const notes = { bindings, snapshots: [] }
    await store.use(name, () => ({ changes: [], life: 'ends', notes, snapshot: { id: 'late', contents: [] }, result: undefined }))
    expect(await store.bound(() => [JSON.stringify(name)])).toBeUndefined()
    expect(await store.snapshot(name, 'late')).toBeUndefined()
    await store.use(other, () => ({ changes: [put(first)], notes, result: undefined }))
    expect(await store.bound(() => [JSON.stringify(name)])).toBe(other)
  })

  it('lets one without changes give way where no place is left, the one first that was used first', async () => {
    let time = 1_000
    const { store } = await start({ maxSessions: 3, time: () => ++time })
    const [kept, early, late, next] = [a(), a(), a(), a()]
    await store.use(kept, () => ({ changes: [put(first)], hasChanged: true, result: undefined }))
    for (const name of [early, late, early]) await store.use(name, () => ({ changes: [], asks: 'request', result: undefined }))
    // That a session was used may be written behind.
    await store.tell()
    expect(await store.use(next, ({ full }) => ({ changes: [put(first)], result: full }))).toBeUndefined()
    expect((await store.names()).toSorted()).toEqual([kept, early, next].toSorted())
  })

  it('drops what nobody has used for too long', async () => {
    let time = 1_000_000
    const { store, journal } = await start({ timeToLive: () => 1_000, time: () => time })
    const [gone, used, looked, other] = [a(), a(), a(), a()]
    for (const name of [gone, used, looked])
      await store.use(name, () => ({ changes: [put(first)], exchanges: [exchange(name, 1)], result: undefined }))
    time += 900
    await store.use(used, () => ({ changes: [], asks: 'request', result: undefined }))
    expect(await store.look(looked, ({ record }) => record?.used)).toBe(1_000_000)
    time += 900
    expect(await orders(store, gone)).toEqual([])
    expect(await orders(store, used)).toEqual([first])
    await change(store, other, put(second))
    expect((await store.names()).toSorted()).toEqual([used, other].toSorted())
    await store.tell()
    expect([gone, used, looked].map((name) => journal.of(name).length)).toEqual([0, 1, 0])
  })

  it('tells the journal of everything, in one order', async () => {
    const { store, journal } = await start()
    const [name, other] = [a(), a()]
    const ask = (session: SessionName, number: number, ...changes: Change[]): Promise<void> =>
      store.use(session, () => ({ changes, asks: 'request', exchanges: [exchange(session, number)], result: undefined }))
    await ask(name, 1, put(first))
    await ask(name, 2)
    await ask(other, 1)
    await ask(name, 3, put(second))
    await ask(name, 4)
    await store.tell()
    expect(journal.of(name).map(({ id }) => id)).toEqual([1, 2, 3, 4].map((number) => `${name}-${number}`))
    expect(journal.of(other)).toHaveLength(1)
    expect(journal.of(name)[2]).toMatchObject({ settings: { seed: SESSION.seed, epoch: SESSION.epoch }, requestBody: '\u0000\ud800' })
    await store.use(name, () => ({ changes: [], life: 'ends', result: undefined }))
    await ask(name, 1)
    await store.tell()
    expect(journal.of(name)).toHaveLength(1)
  })

  it('knows whose requests the journal has let go', async () => {
    const journal = createJournal(20_000)
    const { store } = await start({ journal, journalBytes: 20_000 })
    const [name, other] = [a(), a()]
    await store.use(name, () => ({ changes: [put(first)], exchanges: [exchange(name, 1)], result: undefined }))
    for (let number = 1; number <= 30; number++)
      await store.use(other, () => ({ changes: [put(first)], exchanges: [exchange(other, number)], result: undefined }))
    await store.tell()
    const { hasLost } = (await store.look(name, ({ record }) => record)) ?? fail()
    expect([hasLost || journal.lost(name), journal.of(name)]).toEqual([true, []])
    expect(journal.bytes).toBeLessThan(25_000)
  })

  it('has whoever follows hear of what is kept', async () => {
    const { store, journal } = await start()
    const name = a()
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
    journal.watch(hear)
    const end = store.follow()
    await store.use(name, () => ({ changes: [], asks: 'request', exchanges: [exchange(name, 1)], result: undefined }))
    await heard
    expect(journal.of(name)).toHaveLength(1)
    end()
  })

  it('goes on with a session that has changed a thousand times', async () => {
    const { store } = await shared
    const name = a()
    for (let round = 0; round < 1_000; round += 50) await Promise.all(Array.from({ length: 50 }, () => store.use(name, increment)))
    await change(store, name, put(second), remove(first), put(first))
    expect(await orders(store, name)).toEqual([second, first])
    expect(await store.look(name, ({ world }) => world.version)).toBe(1_003)
  })
})

/** Counts in the notes of an order. */
function increment({ world }: Held): Work<number> {
  const order = orderIn(world, first) ?? { ...first, notes: null }
  const next = Number(order.notes ?? 0) + 1
  return { changes: [put({ ...order, notes: String(next) })], result: next }
}

/** A snapshot of what there is, beside others. */
function taken(world: Held['world'], life: Held['life'], id: string, rest: Notes['snapshots']): Pick<Work<unknown>, 'notes' | 'snapshot'> {
  return { notes: { snapshots: [...rest, { name: id, id, taken: 0, life, bytes: 1 }] }, snapshot: { id, contents: world.contents() } }
}

function exchange(session: SessionName, number: number): Exchange {
  return {
    id: `${session}-${number}`,
    session,
    origin: 'request',
    now: 1,
    real: 2,
    method: 'GET',
    path: '/orders/',
    headers: { host: 'x' },
    requestBody: '\u0000\ud800',
    status: 200,
    replyHeaders: {},
    mediaType: 'application/json',
    replyBody: '{}',
    operation: 'getOrder',
    problem: undefined,
    warnings: [],
    assumption: undefined,
    changes: [],
    settings: SESSION,
    explain: undefined,
    duration: 1.5,
    met: undefined,
  }
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

function change(store: Store, session: SessionName, ...changes: Change[]): Promise<void> {
  return store.use(session, () => ({ changes, result: undefined }))
}

function orders(store: Store, session: SessionName): Promise<readonly Order[]> {
  return store.look(session, ({ world }) => [...world.all('order')] as Order[])
}

function named(text: string): SessionName {
  if (!isSessionName(text)) throw new TypeError(`"${text}" is no name`)
  return text
}

function fail(): never {
  throw new Error('there is no such session')
}
