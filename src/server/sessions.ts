import { refusal } from '../base/refusal.ts'
import type { Bound, WantedSession } from '../core/behaviour.ts'
import type { SessionName } from '../base/session-name.ts'
import type { SessionStart } from '../core/session.ts'
import type { Registry } from '../core/registry.ts'
import type { Room } from '../core/room.ts'
import type { Change } from '../core/world.ts'
import {
  beginning,
  contentsOf,
  describe,
  insteadOf,
  nameOf,
  savedState,
  sessionOf,
  snapshotName,
  type SetUp,
  type Started,
  unknownSession,
} from '../engine/session.ts'
import type { MockReply, Problem } from '../base/http.ts'
import type { Store } from '../store/store.ts'
import type { Bindings } from './bindings.ts'
import type { Counted, SessionCounts } from './counts.ts'
import { type About, exportOf } from '../recording/export.ts'
import type { Journal } from './journal.ts'
import type { Met } from '../recording/exchange.ts'
import { fileOf, tooLarge } from './state.ts'
import { createTurns } from './turns.ts'

export interface SessionsSettings {
  readonly registry: Registry
  readonly store: Store
  /** How much a session may keep. */
  readonly roomOf: (name: SessionName) => Room
  readonly journal: Journal
  readonly books: SessionBooks
  /** What a session of this name begins from, where nothing else is said. */
  readonly startOf: (name: SessionName) => SessionStart
  /** What a session starts from that is wanted so. */
  readonly startFrom: (wanted: WantedSession, real: number) => Promise<Started>
  /** What a replay has to know of this server. */
  readonly about: About
}

/** What is done with sessions as a whole. `real` is the world's time in milliseconds. */
export interface Sessions {
  show(name: SessionName, real: number): Promise<object>
  find(name: SessionName, real: number): Promise<MockReply>
  list(real: number): Promise<MockReply>
  create(wanted: WantedSession, real: number): Promise<MockReply>
  /** Begins anew from what it started from, or for once from something else. @returns the problem, where there is no room for one more */
  reset(name: SessionName, real: number, start?: SessionStart): Promise<Problem | undefined>
  drop(name: SessionName): Promise<MockReply>
  /** Drops the session, if nobody has used it for too long; or all of which that is so, and one that gives way where no place is left. */
  expire(real: number, name?: SessionName): Promise<void>
  fork(name: SessionName, into: SessionName, real: number): Promise<MockReply>
  snapshots(name: SessionName, real: number): MockReply
  takeSnapshot(name: SessionName, snapshot: string, real: number): Promise<SnapshotReply>
  restoreSnapshot(name: SessionName, snapshot: string, real: number): Promise<SnapshotReply>
  dropSnapshot(name: SessionName, snapshot: string): Promise<SnapshotReply>
  bound(name: SessionName, real: number): MockReply
  bind(name: SessionName, to: Bound, real: number): Promise<MockReply>
  unbind(name: SessionName, to: Bound): MockReply
  export(name: SessionName): Promise<MockReply>
  /** Its present state as a file. */
  save(name: SessionName): Promise<MockReply>
}

export interface SnapshotReply extends MockReply {
  /** What the session was when it was read, or written. */
  readonly met?: Met
  /** The session has begun anew since the snapshot was taken. */
  readonly isOfBefore?: boolean
}

/** A provider state that was set up. */
export interface DoneState extends SetUp {
  /** What it brought in, as the control API shows it. */
  readonly brought: unknown
}

/** What is known of sessions beside what they hold. It outlives the documents that they are answered from. */
export interface SessionBooks {
  readonly counts: SessionCounts
  readonly bindings: Bindings
  /** Those whose last request set up a provider state, and all that were: the next one adds to them. */
  readonly settingUp: Map<SessionName, readonly DoneState[]>
  readonly snapshots: Map<SessionName, Map<string, { readonly taken: number; readonly life: Counted }>>
  /** What is done with a session as a whole takes several steps of the store, between which nothing else of the sort may come. */
  readonly inTurn: ReturnType<typeof createTurns>
  /** Sessions that hold what is not of their own requests, and why. */
  readonly copies: Map<SessionName, { readonly detail: string; readonly fix: string }>
  /** Sessions on their way out: who asks for one in the meantime waits for it. */
  readonly going: Map<SessionName, Promise<void>>
  /** How many were begun without a name. */
  made: number
}

export function createSessionBooks(counts: SessionCounts, bindings: Bindings): SessionBooks {
  return {
    counts,
    bindings,
    settingUp: new Map(),
    snapshots: new Map(),
    inTurn: createTurns(),
    copies: new Map(),
    going: new Map(),
    made: 0,
  }
}

/** How many snapshots a session may have. */
const MAX_SNAPSHOTS = 20

export function createSessions(settings: SessionsSettings): Sessions {
  const { registry, store, roomOf, journal, books, startOf, startFrom, about } = settings
  const { counts, bindings, settingUp, snapshots, inTurn, copies, going } = books

  const show = async (name: SessionName, real: number): Promise<object> => {
    const shown = await store.transact(name, (world) => ({ changes: [], result: describe(world, startOf(name), real, registry) }))
    const { requests, begun, used } = counts.of(name)
    return { name, ...shown, requests, age: Math.max(0, real - begun), idle: Math.max(0, real - used) }
  }

  const forget = async (name: SessionName): Promise<boolean> => {
    const existed = await store.drop(name)
    for (const snapshot of snapshots.get(name)?.keys() ?? []) await store.drop(snapshotName(name, snapshot))
    snapshots.delete(name)
    copies.delete(name)
    bindings.forget(name)
    settingUp.delete(name)
    journal.forget(name)
    return existed
  }

  const end = (name: SessionName): Promise<void> => {
    const go = async (): Promise<void> => {
      await forget(name)
      counts.forget(name)
      going.delete(name)
    }
    const gone = going.get(name) ?? inTurn(name, go)
    going.set(name, gone)
    return gone
  }

  /** Whether it has begun, and is not over. */
  const has = (name: SessionName, real: number): boolean => counts.has(name) && !counts.isOver(name, real)
  const unknown = (name: string): MockReply => refusal(unknownSession(name, counts.names()))

  const put = (name: SessionName, changes: readonly Change[]): Promise<{ readonly problem: Problem | undefined; readonly written: Met }> =>
    store.transact(name, (world) => {
      const { changes: all, problem } = insteadOf(world, changes, roomOf(name))
      return { changes: all, result: { problem, written: { version: world.version, hasChanged: true } } }
    })

  /** @returns what each of the two was when it was read, or written; undefined where there is nothing to read */
  const replace = async (
    name: SessionName,
    from: SessionName,
  ): Promise<{ readonly problem: Problem | undefined; readonly read: Met; readonly written: Met } | undefined> => {
    const { changes, read } = await store.transact(from, (world) => ({
      changes: [],
      result: { changes: contentsOf(world), read: { version: world.version, hasChanged: false } },
    }))
    return changes.length === 0 ? undefined : { read, ...(await put(name, changes)) }
  }

  const sessions: Sessions = {
    show,
    find: async (name, real) => (has(name, real) ? { status: 200, body: await show(name, real) } : unknown(name)),
    async list(real) {
      const names = (await store.sessions()).filter((name) => !isSnapshot(name) && !counts.isOver(name, real))
      return { status: 200, body: { sessions: await Promise.all(names.map((name) => show(name, real))) } }
    },
    async create(wanted, real) {
      const started = await startFrom(wanted, real)
      if (started.kind === 'refused') return refusal(started.problem)
      let { name } = wanted
      while (name === undefined) {
        const next = nameOf(`session-${++books.made}`)
        if (typeof next === 'string' && !counts.has(next)) name = next
      }
      await sessions.expire(real, name)
      await sessions.expire(real)
      if (counts.has(name)) return known(name)
      const full = counts.begin(name, real)
      if (full) return refusal(full)
      return inTurn(name, async () => {
        await forget(name)
        const { problem } = await put(name, beginning(started.start, real, registry))
        if (!problem) return { status: 201, body: await show(name, real) }
        counts.release(name)
        return refusal(problem)
      })
    },
    async reset(name, real, start) {
      if (!counts.has(name)) await sessions.expire(real)
      const full = counts.begin(name, real)
      if (full) return full
      return inTurn(name, async () => {
        const problem = await store.transact(name, (world) => {
          const before = sessionOf(world)?.from
          const home = before?.home ?? before ?? startOf(name)
          const { changes, problem } = insteadOf(world, beginning(start ? { ...start, home } : home, real, registry), roomOf(name))
          return { changes, result: problem }
        })
        if (problem) return problem
        counts.restart(name)
        copies.delete(name)
        journal.forget(name)
        return undefined
      })
    },
    drop: (name) =>
      inTurn(name, async () => {
        const existed = await forget(name)
        // One whose every request failed has a place, but no state.
        if (!existed && !counts.has(name)) return unknown(name)
        counts.forget(name)
        return { status: 204 }
      }),
    async expire(real, only) {
      // One that is used while others are dropped is not over any more.
      for (const name of only === undefined ? counts.over(real) : [only]) if (counts.isOver(name, real)) await end(name)
    },
    async fork(name, into, real) {
      await sessions.expire(real, into)
      if (counts.has(into)) return known(into)
      await sessions.expire(real)
      const full = counts.begin(into, real)
      if (full) return refusal(full)
      return inTurn(into, async () => {
        await forget(into)
        const replaced = await replace(into, name)
        if (!replaced || replaced.problem) {
          counts.release(into)
          return replaced?.problem ? refusal(replaced.problem) : unknown(name)
        }
        copies.set(into, { detail: `it is a copy of the session "${name}"`, fix: 'export that one, or begin a session of its own' })
        return { status: 201, body: await show(into, real) }
      })
    },
    snapshots(name, real) {
      const taken = [...(snapshots.get(name) ?? [])].map(([snapshot, { taken: time }]) => ({
        name: snapshot,
        taken: new Date(time).toISOString(),
      }))
      return has(name, real) ? { status: 200, body: { snapshots: taken } } : unknown(name)
    },
    takeSnapshot: (name, snapshot, real) =>
      inTurn(name, async () => {
        const own = snapshots.get(name) ?? new Map<string, { readonly taken: number; readonly life: Counted }>()
        if (!own.has(snapshot) && own.size >= MAX_SNAPSHOTS)
          return refusal({ code: 'snapshots-exhausted', detail: `the session has ${own.size} snapshots`, fix: 'drop one of them' })
        const replaced = await replace(snapshotName(name, snapshot), name)
        if (!replaced) return unknown(name)
        if (replaced.problem) return refusal(replaced.problem)
        snapshots.set(name, own.set(snapshot, { taken: real, life: counts.of(name) }))
        return { status: 201, body: { name: snapshot, taken: new Date(real).toISOString() }, met: replaced.read }
      }),
    restoreSnapshot: (name, snapshot, real) =>
      inTurn(name, async () => {
        const found = snapshots.get(name)?.get(snapshot)
        const replaced = found && (await replace(name, snapshotName(name, snapshot)))
        if (!replaced) return noSnapshot(name, snapshot)
        if (replaced.problem) return refusal(replaced.problem)
        if (found.life !== counts.of(name))
          copies.set(name, {
            detail: `the snapshot "${snapshot}" is of before its reset`,
            fix: 'take the snapshot again, and begin from there',
          })
        settingUp.delete(name)
        return { status: 200, body: await show(name, real), met: replaced.written }
      }),
    dropSnapshot: (name, snapshot) =>
      inTurn(name, async () => {
        const found = snapshots.get(name)?.get(snapshot)
        if (!found) return noSnapshot(name, snapshot)
        snapshots.get(name)?.delete(snapshot)
        await store.drop(snapshotName(name, snapshot))
        return { status: 204, isOfBefore: found.life !== counts.of(name) }
      }),
    bound: (name, real) => (has(name, real) ? { status: 200, body: { bindings: bindings.of(name) } } : unknown(name)),
    async bind(name, to, real) {
      // What is bound has to be there, so that it can be listed, dropped and be over.
      const isNew = !counts.has(name)
      if (isNew) await sessions.expire(real)
      const problem = counts.begin(name, real) ?? bindings.bind(name, to)
      if (problem) {
        if (isNew) counts.release(name)
        return refusal(problem)
      }
      await store.transact(name, (world) => ({
        changes: sessionOf(world) ? [] : beginning(startOf(name), real, registry),
        result: undefined,
      }))
      return { status: 201, body: { bindings: bindings.of(name) } }
    },
    unbind(name, to) {
      const problem = bindings.unbind(name, to)
      return problem ? refusal(problem) : { status: 204 }
    },
    async save(name) {
      const state = await store.transact(name, (world) => ({
        changes: [],
        result: tooLarge(world) ?? savedState(name, world, about.version, registry),
      }))
      if (!state) return unknown(name)
      return 'code' in state ? refusal(state) : fileOf(state, registry)
    },
    async export(name) {
      const session = await store.transact(name, (world) => ({ changes: [], result: sessionOf(world) }))
      if (!session) return unknown(name)
      const lacking = session.from.kept
        ? FROM_STATE
        : journal.lost(name)
          ? {
              detail: 'the journal has forgotten its first requests',
              fix: 'reset the session and do it again, or start with a larger --journal-bytes',
            }
          : (passedTo(name) ?? copies.get(name))
      if (lacking) return refusal({ code: 'session-unexportable', ...lacking })
      return { status: 200, body: exportOf(name, session, journal.of(name), counts.of(name).requests, about, registry) }
    },
  }
  return sessions

  /** What another service has answered is not in a session, and cannot be answered again. */
  function passedTo(name: SessionName): { readonly detail: string; readonly fix: string } | undefined {
    const upstream = journal.of(name).find((exchange) => exchange.upstream !== undefined)?.upstream
    return upstream === undefined
      ? undefined
      : { detail: `${upstream} has answered some of its requests`, fix: 'export a session whose requests are all answered here' }
  }

  function isSnapshot(name: SessionName): boolean {
    return name.includes('~')
  }

  function noSnapshot(name: SessionName, snapshot: string): MockReply {
    const names = [...(snapshots.get(name)?.keys() ?? [])]
    return refusal({
      code: 'snapshot-unknown',
      detail: `the session has no snapshot "${snapshot}"`,
      fix: names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`,
    })
  }
}

const FROM_STATE = {
  detail: 'it began from what was saved of a session, and the journal does not hold what that one was asked',
  fix: 'save it again with GET /__mock/sessions/{name}/state, or begin a session of its own',
}

function known(name: SessionName): MockReply {
  return refusal({ code: 'session-known', detail: `there is a session "${name}"`, fix: 'take another name, or drop that one first' })
}
