import type { SessionName } from '../base/session-name.ts'
import { type Change, Entities, type WholeWorld } from '../core/world.ts'
import {
  type Binding,
  BoundElsewhere,
  type Held,
  type Life,
  type Notes,
  type SessionRecord,
  type Store,
  type StoreSettings,
  type TakenSnapshot,
  type Work,
} from './store.ts'

/** What a session takes in memory that has next to nothing in it. */
export const SESSION = 4_000

/** What a binding takes: its text stands in the key, in the binding and in its session's list. */
export function sizeOfBinding({ key }: Binding): number {
  return 300 + 3 * key.length
}

/** Sessions in this process. Nobody can come between work and what is made of it. */
export async function memoryStore(settings: StoreSettings): Promise<Store> {
  const { maxSessions, timeToLive, journal } = settings
  const time = settings.time ?? Date.now
  const sessions = new Map<SessionName, Kept>()
  const boundTo = new Map<string, SessionName>()
  /** Those in which nothing has changed; the one that was used last stands last. */
  const untouched = new Set<SessionName>()
  let latest: SessionName | undefined
  let lives = 0
  let bytes = 0
  let bindingBytes = 0
  let looked = Number.NEGATIVE_INFINITY

  const end = (name: SessionName, { entities, record: { notes }, snapshots }: Kept): void => {
    bytes -= SESSION + entities.bytes + sizeOf(notes.snapshots)
    snapshots.clear()
    for (const binding of notes.bindings) unbind(binding)
    sessions.delete(name)
    leave(name)
    journal.forget(name)
  }
  const leave = (name: SessionName): void => {
    untouched.delete(name)
    if (latest === name) latest = undefined
  }
  const unbind = (binding: Binding): void => {
    boundTo.delete(binding.key)
    bindingBytes -= sizeOfBinding(binding)
  }
  const isOver = ({ record: { used } }: Kept, real: number): boolean => real - used > timeToLive()

  /** Before another begins those go that are over, looked for now and then only; where no place is left, one that gives way. */
  const makeRoom = (real: number): void => {
    const isFull = sessions.size >= maxSessions
    // Looking costs as much as there are sessions, so it waits for a tenth of their life unless room is needed.
    const life = timeToLive()
    if (Number.isFinite(life) && (isFull || real - looked >= life / 10)) {
      looked = real
      for (const [name, session] of sessions) if (isOver(session, real)) end(name, session)
    }
    if (sessions.size < maxSessions) return
    const [first] = untouched
    const giving = first === undefined ? undefined : sessions.get(first)
    if (first !== undefined && giving) end(first, giving)
  }

  /** The session, unless it has been unused for too long: then it is gone. */
  const find = (name: SessionName, real: number): Kept | undefined => {
    const session = sessions.get(name)
    if (!session || !isOver(session, real)) return session
    end(name, session)
    return undefined
  }

  const heldOf = (session: Kept | undefined, real: number): Held => ({
    world: session?.entities ?? EMPTY_WORLD,
    life: session?.record.life ?? lifeOf(lives + 1),
    record: session?.record,
    real,
    others: session ? bytes - SESSION - session.entities.bytes : bytes,
    bindingBytes,
    full: session || sessions.size < maxSessions ? undefined : sessions.size,
    request: (session?.record.requests ?? 0) + 1,
    control: (session?.controls ?? 0) + 1,
  })

  const bind = (name: SessionName, before: readonly Binding[], after: readonly Binding[]): void => {
    const taken = after.map(({ key }) => boundTo.get(key)).find((other) => other !== undefined && other !== name)
    if (taken !== undefined) throw new BoundElsewhere(taken)
    for (const binding of before) unbind(binding)
    for (const binding of after) {
      boundTo.set(binding.key, name)
      bindingBytes += sizeOfBinding(binding)
    }
  }

  const begin = (name: SessionName, real: number, notes: Partial<Notes> | undefined): Kept => {
    const kept: Kept = {
      entities: new Entities(),
      record: { life: lifeOf(++lives), begun: real, used: real, requests: 0, hasLost: false, notes: { ...BLANK, ...notes } },
      controls: 0,
      hasChanged: false,
      snapshots: new Map(),
    }
    sessions.set(name, kept)
    bytes += SESSION
    return kept
  }

  const keep = (name: SessionName, found: Kept | undefined, real: number, work: Work<unknown>): void => {
    const { changes, life, asks, notes, exchanges, snapshot } = work
    if (life === 'ends') {
      if (found) end(name, found)
      return
    }
    const isKept = changes.length > 0 || asks === 'request' || notes !== undefined || life === 'begins'
    if (!found && !isKept) return
    if (notes?.bindings) bind(name, found?.record.notes.bindings ?? [], notes.bindings)
    const session = found ?? begin(name, real, notes)
    const { record } = session
    const weight = session.entities.bytes
    if (life === 'begins' && found) {
      session.entities = new Entities()
      session.record = {
        ...record,
        life: lifeOf(++lives),
        begun: real,
        requests: 0,
        hasLost: false,
        notes: { ...BLANK, bindings: record.notes.bindings, snapshots: record.notes.snapshots, ...notes },
      }
      journal.forget(name)
    } else if (notes && found) session.record = { ...record, notes: { ...record.notes, ...notes } }
    session.record.used = real
    if (asks === 'request') session.record.requests++
    if (asks === 'control') session.controls++
    for (const change of changes) session.entities.apply(change)
    bytes += session.entities.bytes - weight
    if (notes?.snapshots) {
      if (snapshot) session.snapshots.set(snapshot.id, snapshot.contents)
      bytes += sizeOf(notes.snapshots) - sizeOf(record.notes.snapshots)
      const ids = new Set(notes.snapshots.map(({ id }) => id))
      for (const id of session.snapshots.keys()) if (!ids.has(id)) session.snapshots.delete(id)
    }
    if (!session.hasChanged) {
      session.hasChanged = work.hasChanged === true
      if (session.hasChanged) leave(name)
      else if (latest !== name) {
        untouched.delete(name)
        untouched.add(name)
        latest = name
      }
    }
    if (exchanges) for (const exchange of exchanges) journal.keep(exchange)
  }

  return {
    async use(name, work) {
      const real = time()
      const session = find(name, real)
      if (!session) makeRoom(real)
      const done = work(heldOf(session, real))
      keep(name, session, real, done)
      return done.result
    },
    async look(name, read) {
      const real = time()
      return read(heldOf(find(name, real), real))
    },
    snapshot: async (name, id) => sessions.get(name)?.snapshots.get(id),
    names: async () => [...sessions].filter(([, session]) => !isOver(session, time())).map(([name]) => name),
    bound(keys) {
      if (boundTo.size === 0) return undefined
      const name = keys()
        .map((key) => boundTo.get(key))
        .find((one) => one !== undefined)
      return name !== undefined && find(name, time()) ? Promise.resolve(name) : undefined
    },
    tell: async () => undefined,
    follow: () => () => undefined,
    check: async () => undefined,
    totals: async () => ({ sessions: sessions.size, journalBytes: undefined }),
    held: () => ({ sessions: sessions.size, bytes }),
    async close() {
      sessions.clear()
      boundTo.clear()
    },
  }
}

/** A session as it is kept: what is known of it changes in place, which a request would pay for otherwise. */
interface Kept {
  entities: Entities
  record: { -readonly [Member in keyof SessionRecord]: SessionRecord[Member] }
  controls: number
  hasChanged: boolean
  readonly snapshots: Map<string, readonly Change[]>
}

const BLANK: Notes = { apis: '', snapshots: [], bindings: [] }

function sizeOf(snapshots: readonly TakenSnapshot[]): number {
  return snapshots.reduce((sum, { bytes }) => sum + bytes, 0)
}

function lifeOf(number: number): Life {
  // The one place where a number is made a life.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return String(number) as Life
}

/** A session that has not begun; server-level control requests run in it. */
export const EMPTY_WORLD: WholeWorld = new Entities()
