import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { isSessionName, type SessionName } from '../../src/base/session-name.ts'
import type { Change } from '../../src/core/world.ts'
import { createJournal } from '../../src/server/journal.ts'
import type { Backend } from '../../src/store/backend.ts'
import { replicatedStore } from '../../src/store/replica.ts'
import type { Held, Store, Work } from '../../src/store/store.ts'
import { ownSession } from '../support.ts'
import { memoryBackend } from './memory-backend.ts'

/** A session that one server alone has changed lately is asked as its copy is: what another does meanwhile is met all the same. */

interface Asked {
  readonly finds: number
  readonly appends: number
}

interface Two {
  readonly first: Store
  readonly second: Store
  /** How often the first has asked the backend. */
  readonly asked: () => Asked
  /** So long it is under way to the backend with a question, in milliseconds. */
  readonly slow: (ms: number) => void
  /** What it writes behind does not come to the backend, or the backend's answers not to it. @returns what ends that */
  readonly hold: (what: 'use' | 'find') => () => void
}

/** Two servers' stores on one backend. The clocks stand until they are moved. */
function two(time = (): number => 1_000_000 + performance.now()): Two {
  const backend = memoryBackend({ time })
  const asked = { finds: 0, appends: 0 }
  let delay = 0
  const held = { use: Promise.resolve(), find: Promise.resolve() }
  const counting: Backend = {
    ...backend,
    async find(known) {
      asked.finds++
      vi.advanceTimersByTime(delay)
      const found = await backend.find(known)
      await held.find
      return found
    },
    async use(uses) {
      await held.use
      await backend.use(uses)
    },
    append(appends) {
      asked.appends++
      return backend.append(appends)
    },
  }
  const open = (from: Backend): Store => {
    const bounds = { maxSessions: 100, timeToLive: () => 60_000, journalBytes: 1e6, stateBytes: 1e9, time: undefined }
    const store = replicatedStore(from, { ...bounds, journal: createJournal(1e6), onTrouble: () => undefined })
    onTestFinished(() => store.close())
    return store
  }
  return {
    first: open(counting),
    second: open(backend),
    asked: () => ({ ...asked }),
    slow: (ms) => (delay = ms),
    hold(what) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held[what] = promise
      return resolve
    },
  }
}

const name = (): SessionName => {
  const session = ownSession()
  if (!isSessionName(session)) throw new Error(session)
  return session
}
const put = (value: number): Change => ({ kind: 'entity', id: 'one', to: { value } })
const valueIn = ({ world }: Held): unknown => world.get('entity', 'one')
const adds = (held: Held): Work<number> => {
  const value = Number(Object.values(valueIn(held) ?? { value: 0 })[0]) + 1
  return { changes: [put(value)], asks: 'request', result: value }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('a session that one server alone changes', () => {
  it('is asked for now and then only', async () => {
    const { first, asked } = two()
    const session = name()
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    const before = asked()
    for (let time = 0; time < 10; time++) await first.use(session, adds)
    expect(asked()).toEqual({ finds: before.finds, appends: before.appends + 10 })
    vi.advanceTimersByTime(1_000)
    expect(await first.use(session, adds)).toBe(14)
    expect(asked().finds).toBe(before.finds + 1)
  })

  it.each<[string, (store: Store, session: SessionName) => Promise<unknown>, unknown]>([
    ['a change', (store, session) => store.use(session, adds), 5],
    ['a look', (store, session) => store.look(session, valueIn), { value: 4 }],
    [
      'a use that changes nothing',
      (store, session) => store.use(session, (held) => ({ changes: [], result: valueIn(held) })),
      { value: 4 },
    ],
    [
      'work that fails',
      (store, session) =>
        store
          .use(session, (held) => {
            throw new Error(JSON.stringify(valueIn(held)))
          })
          .catch(String),
      'Error: {"value":4}',
    ],
  ])('shows %s what another server has done', async (_what, ask, expected) => {
    const { first, second } = two()
    const session = name()
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    await second.use(session, adds)
    expect(await ask(first, session)).toEqual(expected)
  })

  it.each<[string, Change]>([
    ['bound to what another is bound to', put(1)],
    ['with what cannot be kept', { kind: 'entity', id: 'one', to: { value: 1n } }],
  ])('is not refused by what is not so any more: %s', async (_what, change) => {
    const { first, second } = two()
    const [session, other] = [name(), name()]
    const notes = { bindings: [{ key: JSON.stringify(session), to: { token: session } }] }
    await second.use(other, () => ({ changes: [put(0)], notes, result: undefined }))
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    await second.use(session, () => ({ changes: [put(99)], result: undefined }))
    const wanted = (held: Held): Work<unknown> =>
      Object.values(valueIn(held) ?? {})[0] === 99
        ? { changes: [], result: 'another has been here' }
        : { changes: [change], ...(change.kind === 'entity' && { notes }), result: 'nobody has' }
    expect(await first.use(session, wanted)).toBe('another has been here')
  })

  it('that another server has dropped, or begun again, is not what it was', async () => {
    const { first, second } = two()
    const session = name()
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    await second.use(session, () => ({ changes: [], life: 'ends', result: undefined }))
    expect(await first.look(session, ({ record }) => record)).toBeUndefined()
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    await second.use(session, () => ({ changes: [put(70)], life: 'begins', result: undefined }))
    expect(await first.use(session, adds)).toBe(71)
  })

  it('has a time that does not go back, whichever server is asked', async () => {
    const { first, second, slow } = two()
    const session = name()
    const times: number[] = []
    const change = (held: Held): Work<void> => ({ ...adds(held), result: void times.push(held.real) })
    for (let turn = 0; turn < 40; turn++) {
      await first.use(session, change)
      vi.advanceTimersByTime(0.3)
      if (turn % 4 === 3) times.push(await second.look(session, ({ real }) => real))
      vi.advanceTimersByTime(0.3)
      if (turn % 4 === 1) times.push(await first.look(session, ({ real }) => real))
    }
    // An answer that took long says little of the backend's time.
    vi.advanceTimersByTime(1_000)
    slow(7)
    times.push(await first.look(session, ({ real }) => real))
    slow(0)
    for (const store of [first, second]) times.push(await store.look(session, ({ real }) => real))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('is asked for anew where the clock of the machine has been put on, or it has slept', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const { first } = two(() => Date.now())
    const session = name()
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    vi.setSystemTime(Date.now() + 1_800_000)
    expect(await first.use(session, (held) => ({ ...adds(held), result: held.real }))).toBe(Date.now())
  })

  it('is over where nobody has used it for long, and not where another server has', async () => {
    const { first, second } = two()
    const [used, unused] = [name(), name()]
    for (const session of [used, unused]) for (let time = 0; time < 3; time++) await first.use(session, adds)
    vi.advanceTimersByTime(59_000)
    for (const session of [used, unused]) await first.look(session, valueIn)
    vi.advanceTimersByTime(900)
    await second.use(used, adds)
    vi.advanceTimersByTime(99.5)
    for (const session of [used, unused]) await first.look(session, valueIn)
    vi.advanceTimersByTime(1)
    expect(await first.use(used, adds)).toBe(5)
    expect(await first.use(unused, adds)).toBe(1)
  })

  it('counts each of its requests, also those that are written behind', async () => {
    const { first } = two()
    const session = name()
    const counts: unknown[] = []
    const count = ({ record }: Held): void => void counts.push(record?.requests)
    const read = (held: Held): Work<void> => ({ changes: [], asks: 'request', result: count(held) })
    const change = (held: Held): Work<void> => ({ ...adds(held), result: count(held) })
    await first.use(session, (held) => ({ ...adds(held), result: undefined }))
    for (let turn = 0; turn < 8; turn++) {
      await first.use(session, change)
      await first.use(session, read)
      // What is written behind is written.
      await first.tell()
      await first.use(session, change)
      await first.use(session, read)
    }
    expect([...new Set(counts)]).toEqual(Array.from({ length: 32 }, (_, place) => place + 1))
    // Also where a look came between.
    await first.use(session, read)
    await first.look(session, count)
    await first.tell()
    await first.use(session, change)
    expect(counts.slice(-3)).toEqual([33, 34, 34])
  })

  it.each<[string, 'use' | 'find']>([
    ['is on its way to the backend when the session is asked for', 'use'],
    ['is written while the session is asked for', 'find'],
  ])('counts a request that %s', async (_when, held) => {
    const { first, hold } = two()
    const session = name()
    const read = (): Work<void> => ({ changes: [], asks: 'request', result: undefined })
    const counted = (held: Held): number | undefined => held.record?.requests
    const look = (): Promise<unknown> => first.look(session, counted)
    for (let time = 0; time < 3; time++) await first.use(session, adds)
    await first.use(session, read)
    const goOn = hold(held)
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await nextTurn()
    }
    const [one, other] = held === 'use' ? [() => first.tell(), look] : [look, () => first.tell()]
    const under: Promise<unknown>[] = []
    for (const ask of [one, other]) {
      under.push(ask())
      await turns()
    }
    goOn()
    expect((await Promise.all(under)).filter((answer) => answer !== undefined)).toEqual([4])
    expect(await first.use(session, (held) => ({ ...adds(held), result: counted(held) }))).toBe(4)
    expect(await first.look(session, counted)).toBe(5)
  })
})
