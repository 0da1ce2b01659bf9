import { refusal } from '../base/refusal.ts'
import type { MockReply, Problem } from '../base/http.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Bound, WantedSession } from '../core/behaviour.ts'
import type { Exchange, Met } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import { type Change, Draft, type World, worldOf } from '../core/world.ts'
import { type Limits, noRoom, type Room } from '../core/room.ts'
import type { DoneState } from '../core/scenario/state.ts'
import type { SessionStart } from '../core/session.ts'
import { beginning, describe, insteadOf, nameOf, savedState, sessionOf, type Started, unknownSession } from '../engine/session.ts'
import { type About, exportOf } from '../recording/export.ts'
import { EMPTY_WORLD, SESSION, sizeOfBinding } from '../store/memory.ts'
import { BoundElsewhere, type Held, type Notes, type SessionRecord, type Store, type TakenSnapshot, type Work } from '../store/store.ts'
import type { Bindings } from './bindings.ts'
import type { Journal } from './journal.ts'
import { fileOf, tooLarge } from './state.ts'

export interface SessionsSettings {
  readonly registry: Registry
  readonly store: Store
  readonly bindings: Bindings
  /** How much may be kept. */
  readonly limits: Limits
  readonly journal: Journal
  /** Tells the set of APIs that is served from others. */
  readonly apis: string
  /** What a session of this name begins from, where nothing else is said. */
  readonly startOf: (name: SessionName) => SessionStart
  /** What a session starts from that is wanted so. */
  readonly startFrom: (wanted: WantedSession, real: number) => Promise<Started>
  /** What a replay has to know of this server. */
  readonly about: About
}

/** How a control request is told that the journal keeps. */
export type Tell = (reply: MockReply, met?: Met) => Exchange

/** What is done with sessions as a whole. `real` is the world's time in milliseconds. */
export interface Sessions {
  /** A session as it is shown. */
  shown(name: SessionName, held: Shown): object
  find(name: SessionName): Promise<MockReply>
  list(): Promise<MockReply>
  create(wanted: WantedSession, real: number): Promise<MockReply>
  /** Begins anew from what it started from, or for once from something else. */
  reset(
    name: SessionName,
    from?: { readonly start: SessionStart | undefined; readonly settingUp: readonly DoneState[] | undefined },
  ): Promise<MockReply>
  drop(name: SessionName): Promise<MockReply>
  fork(name: SessionName, into: SessionName): Promise<MockReply>
  snapshots(name: SessionName): Promise<MockReply>
  takeSnapshot(name: SessionName, snapshot: string, tell: Tell): Promise<MockReply>
  restoreSnapshot(name: SessionName, snapshot: string, tell: Tell): Promise<MockReply>
  dropSnapshot(name: SessionName, snapshot: string, tell: Tell): Promise<MockReply>
  bound(name: SessionName): Promise<MockReply>
  bind(name: SessionName, to: Bound): Promise<MockReply>
  unbind(name: SessionName, to: Bound): Promise<MockReply>
  export(name: SessionName): Promise<MockReply>
  /** Its present state as a file. */
  save(name: SessionName): Promise<MockReply>
}

/** What is shown of a session. */
interface Shown {
  readonly world: World
  readonly record: Pick<SessionRecord, 'requests' | 'begun' | 'used'> | undefined
  readonly real: number
}

/** How many snapshots, and bindings, a session may have. */
const MAX_SNAPSHOTS = 20
const MAX_BINDINGS = 100
/** What the bindings of all sessions may take together in memory, in bytes. */
const MAX_BINDING_BYTES = 16 * 1_048_576

export function createSessions(settings: SessionsSettings): Sessions {
  const { registry, store, bindings, limits, journal, apis, startOf, startFrom, about } = settings
  /** How many were begun without a name. */
  let made = 0

  const roomOf = ({ others }: Held): Room => ({ ...limits, others })
  const shown = (name: SessionName, { world, record, real }: Shown): object => ({
    name,
    ...describe(world, startOf(name), real, registry),
    requests: record?.requests ?? 0,
    age: Math.max(0, real - (record?.begun ?? 0)),
    idle: Math.max(0, real - (record?.used ?? 0)),
  })
  /** As it is once this is kept: who asks later may see what others have done meanwhile. */
  const begun = (name: SessionName, changes: readonly Change[], real: number, status: number): MockReply => ({
    status,
    body: shown(name, { world: worldOf(changes), record: { requests: 0, begun: real, used: real }, real }),
  })
  const unknown = async (name: string): Promise<MockReply> => refusal(unknownSession(name, await store.names()))
  /** Does something with a session that there is. */
  const change = async (
    name: SessionName,
    work: (held: Held & { readonly record: SessionRecord }) => Work<MockReply>,
  ): Promise<MockReply> => {
    const reply = await store.use<MockReply | undefined>(name, (held) =>
      held.record ? work({ ...held, record: held.record }) : { changes: [], result: undefined },
    )
    return reply ?? unknown(name)
  }
  /** Begins a session of a name that there is none of. */
  const begin = async (
    name: SessionName,
    notes: Partial<Notes>,
    contents: (real: number) => Work<unknown>['changes'],
  ): Promise<MockReply> => {
    return store.use<MockReply>(name, (held) => {
      if (held.record) return nothing(known(name))
      if (held.full !== undefined) return nothing(refusal(exhausted(held.full)))
      const { changes, problem } = insteadOf(EMPTY_WORLD, contents(held.real), roomOf(held))
      if (problem) return nothing(refusal(problem))
      return { changes, life: 'begins', notes: { apis, ...notes }, hasChanged: true, result: begun(name, changes, held.real, 201) }
    })
  }
  /** What a session begins from again. What others have made begins as one of these APIs; of another version of theirs, with what it lacks. */
  const homeOf = (name: SessionName, from: SessionStart | undefined, made: string): SessionStart => {
    const before = from?.home ?? from
    if (before && made === apis) return before
    const own = startOf(name)
    if (!before || before.kept || namesIn(made) !== namesIn(apis)) return own
    return { ...before, settings: { ...own.settings, ...before.settings }, assumptions: { ...own.assumptions, ...before.assumptions } }
  }
  const found = ({ notes }: SessionRecord, snapshot: string): TakenSnapshot | undefined =>
    notes.snapshots.find((one) => one.name === snapshot)

  return {
    shown,
    find: async (name) => {
      const body = await store.look(name, (held) => (held.record ? shown(name, held) : undefined))
      return body ? { status: 200, body } : unknown(name)
    },
    async list() {
      const names = (await store.names()).toSorted()
      const all = await Promise.all(names.map((name) => store.look(name, (held) => (sessionOf(held.world) ? [shown(name, held)] : []))))
      return { status: 200, body: { sessions: all.flat() } }
    },
    async create(wanted, real) {
      const started = await startFrom(wanted, real)
      if (started.kind === 'refused') return refusal(started.problem)
      const contents = (at: number): Work<unknown>['changes'] => beginning(started.start, at, registry)
      if (wanted.name !== undefined) return begin(wanted.name, {}, contents)
      for (;;) {
        const name = nameOf(`session-${++made}`)
        if (typeof name !== 'string') throw new Error(`session-${made} is a name`)
        const reply = await begin(name, {}, contents)
        if (reply.problem?.code !== 'session-known') return reply
        // Others may have begun many.
        made = Math.max(made, ...(await store.names()).map((one) => Number(/^session-(\d{1,15})$/.exec(one)?.[1] ?? 0)))
      }
    },
    reset: (name, from) =>
      store.use<MockReply>(name, (held) => {
        if (held.full !== undefined) return nothing(refusal(exhausted(held.full)))
        const home = homeOf(name, sessionOf(held.world)?.from, held.record?.notes.apis ?? apis)
        const contents = beginning(from?.start ? { ...from.start, home } : home, held.real, registry)
        const { problem } = insteadOf(held.world, contents, roomOf(held))
        if (problem) return nothing(refusal(problem))
        return {
          changes: contents,
          life: 'begins',
          notes: { apis, copy: undefined, settingUp: from?.settingUp },
          hasChanged: true,
          result: begun(name, contents, held.real, 200),
        }
      }),
    drop: (name) => change(name, () => ({ changes: [], life: 'ends', result: { status: 204 } })),
    async fork(name, into) {
      // Somebody cares for what is copied: it does not give its place to another.
      const contents = await store.use(name, ({ world, record }) => ({
        changes: [],
        hasChanged: record !== undefined,
        result: record && world.contents(),
      }))
      if (!contents || contents.length === 0) {
        const isThere = await store.look(into, ({ record }) => record !== undefined)
        return isThere ? known(into) : unknown(name)
      }
      return begin(
        into,
        { copy: { detail: `it is a copy of the session "${name}"`, fix: 'export that one, or begin a session of its own' } },
        () => contents,
      )
    },
    async snapshots(name) {
      const taken = await store.look(name, ({ record }) => record?.notes.snapshots)
      if (!taken) return unknown(name)
      return { status: 200, body: { snapshots: taken.map((one) => ({ name: one.name, taken: new Date(one.taken).toISOString() })) } }
    },
    takeSnapshot: (name, snapshot, tell) =>
      change(name, ({ world, record, real, others }) => {
        const earlier = found(record, snapshot)
        const { snapshots } = record.notes
        if (!earlier && snapshots.length >= MAX_SNAPSHOTS)
          return nothing(
            refusal({ code: 'snapshots-exhausted', detail: `the session has ${snapshots.length} snapshots`, fix: 'drop one of them' }),
          )
        const contents = world.contents()
        const taken = others + world.bytes + SESSION - (earlier?.bytes ?? 0)
        const problem = noRoom(contents, EMPTY_WORLD, { ...limits, others: taken })
        if (problem) return nothing(refusal(problem))
        const id = `${record.life}~${world.version}~${snapshot}`
        const one = { name: snapshot, id, taken: real, life: record.life, bytes: SESSION + world.bytes }
        const reply: MockReply = { status: 201, body: { name: snapshot, taken: new Date(real).toISOString() } }
        return {
          changes: [],
          notes: { snapshots: earlier ? snapshots.map((other) => (other === earlier ? one : other)) : [...snapshots, one] },
          snapshot: { id, contents },
          hasChanged: true,
          exchanges: [tell(reply, { version: world.version, hasChanged: false })],
          result: reply,
        }
      }),
    async restoreSnapshot(name, snapshot, tell) {
      for (;;) {
        const taken = await store.look(name, ({ record }) => record && found(record, snapshot))
        const contents = taken && (await store.snapshot(name, taken.id))
        const reply = await store.use<MockReply | undefined>(name, (held): Work<MockReply | undefined> => {
          const { record, world } = held
          const now = record && found(record, snapshot)
          if (!record || !now) return nothing(noSnapshot(snapshot, record?.notes.snapshots ?? []))
          // It was taken again, or again and dropped, in the meantime.
          if (now.id !== taken?.id || !contents) return nothing(undefined)
          const { changes, problem } = insteadOf(world, contents, roomOf(held))
          if (problem) return nothing(refusal(problem))
          const copy = now.life === record.life ? {} : { copy: ofBefore(snapshot) }
          const after = { ...record, used: held.real }
          const done: MockReply = { status: 200, body: shown(name, { world: new Draft(world, changes), record: after, real: held.real }) }
          return {
            changes,
            notes: { settingUp: undefined, ...copy },
            hasChanged: true,
            exchanges: [tell(done, { version: world.version, hasChanged: true })],
            result: done,
          }
        })
        if (reply) return reply
      }
    },
    dropSnapshot: async (name, snapshot, tell) => {
      const reply = await store.use<MockReply>(name, ({ record, world }) => {
        const taken = record && found(record, snapshot)
        if (!record || !taken) return nothing(noSnapshot(snapshot, record?.notes.snapshots ?? []))
        const done: MockReply = { status: 204 }
        return {
          changes: [],
          notes: { snapshots: record.notes.snapshots.filter((one) => one !== taken) },
          // What a replay has never taken it need not drop.
          exchanges: taken.life === record.life ? [tell(done, { version: world.version, hasChanged: false })] : [],
          hasChanged: true,
          result: done,
        }
      })
      return reply
    },
    async bound(name) {
      const bound = await store.look(name, ({ record }) => record?.notes.bindings)
      return bound ? { status: 200, body: { bindings: bound.map(toldBinding) } } : unknown(name)
    },
    async bind(name, to) {
      const binding = { key: bindings.keyOf(to), to }
      try {
        return await store.use<MockReply>(name, (held) => {
          // What is bound has to be there, so that it can be listed, dropped and be over.
          if (held.full !== undefined) return nothing(refusal(exhausted(held.full)))
          const own = held.record?.notes.bindings ?? []
          const others = own.filter(({ key }) => key !== binding.key)
          if (own.length >= MAX_BINDINGS)
            return nothing(refusal({ code: 'binding-known', detail: `the session has ${own.length} bindings`, fix: 'unbind one of them' }))
          const bytes = held.bindingBytes + (others.length === own.length ? sizeOfBinding(binding) : 0)
          if (bytes > MAX_BINDING_BYTES) return nothing(refusal(tooManyBindings(bytes)))
          const all = others.length === own.length ? [...own, binding] : own.map((one) => (one.key === binding.key ? binding : one))
          return {
            changes: sessionOf(held.world) ? [] : beginning(startOf(name), held.real, registry),
            notes: { ...(!held.record && { apis }), bindings: all },
            hasChanged: true,
            result: { status: 201, body: { bindings: all.map(toldBinding) } },
          }
        })
      } catch (error) {
        if (!(error instanceof BoundElsewhere)) throw error
        return refusal({ code: 'binding-known', detail: error.message, fix: 'unbind that one first, or drop it' })
      }
    },
    async unbind(name, to) {
      const key = bindings.keyOf(to)
      return store.use<MockReply>(name, ({ record }) => {
        const own = record?.notes.bindings ?? []
        const others = own.filter((one) => one.key !== key)
        if (others.length === own.length)
          return nothing(
            refusal({
              code: 'binding-unknown',
              detail: `the session "${name}" is not bound to it`,
              fix: 'GET its bindings to see what it is bound to',
            }),
          )
        return { changes: [], notes: { bindings: others }, hasChanged: true, result: { status: 204 } }
      })
    },
    async save(name) {
      const state = await store.look(name, ({ world }) => tooLarge(world) ?? savedState(name, world, about.version, registry))
      if (!state) return unknown(name)
      return 'code' in state ? refusal(state) : fileOf(state, registry)
    },
    async export(name) {
      await store.tell()
      const { session, record } = await store.look(name, (held) => ({ session: sessionOf(held.world), record: held.record }))
      if (!session || !record) return unknown(name)
      const lacking = session.from.kept
        ? FROM_STATE
        : record.hasLost || journal.lost(name)
          ? {
              detail: 'the journal has forgotten its first requests',
              fix: 'reset the session and do it again, or start with a larger --journal-bytes',
            }
          : (passedTo(name) ?? record.notes.copy)
      if (lacking) return refusal({ code: 'session-unexportable', ...lacking })
      return { status: 200, body: exportOf(name, session, journal.of(name), record.requests, about, registry) }
    },
  }

  /** What another service has answered is not in a session, and cannot be answered again. */
  function passedTo(name: SessionName): { readonly detail: string; readonly fix: string } | undefined {
    const upstream = journal.of(name).find((exchange) => exchange.upstream !== undefined)?.upstream
    return upstream === undefined
      ? undefined
      : { detail: `${upstream} has answered some of its requests`, fix: 'export a session whose requests are all answered here' }
  }
}

function nothing<Result>(result: Result): Work<Result> {
  return { changes: [], result }
}

/** Tokens are secrets. */
function toldBinding({ to }: { readonly to: Bound }): Bound {
  return 'token' in to ? { token: '***' } : to
}

function tooManyBindings(bytes: number): Problem {
  return {
    code: 'memory-exhausted',
    detail: `the bindings of all sessions would take ${bytes} bytes, and ${MAX_BINDING_BYTES} is the most`,
    fix: 'unbind some, or drop sessions that nobody needs',
  }
}

function ofBefore(snapshot: string): Notes['copy'] {
  return { detail: `the snapshot "${snapshot}" is of before its reset`, fix: 'take the snapshot again, and begin from there' }
}

function noSnapshot(snapshot: string, all: readonly TakenSnapshot[]): MockReply {
  return refusal({
    code: 'snapshot-unknown',
    detail: `the session has no snapshot "${snapshot}"`,
    fix: all.length === 0 ? 'it has none' : `it has ${all.map(({ name }) => name).join(', ')}`,
  })
}

const FROM_STATE = {
  detail: 'it began from what was saved of a session, and the journal does not hold what that one was asked',
  fix: 'save it again with GET /__mock/sessions/{name}/state, or begin a session of its own',
}

function known(name: SessionName): MockReply {
  return refusal({ code: 'session-known', detail: `there is a session "${name}"`, fix: 'take another name, or drop that one first' })
}

/** There is no place for one more. */
export function exhausted(sessions: number): Problem {
  return {
    code: 'sessions-exhausted',
    detail: `there are ${sessions} sessions`,
    fix: 'drop some with DELETE /__mock/sessions/{name}, or start with a larger --max-sessions or with --session-ttl',
  }
}

/** The names of APIs in what tells their set from others. */
function namesIn(apis: string): string {
  return apis.replaceAll(/ \([^)]*\)/g, '')
}
