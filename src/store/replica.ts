import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { SessionName } from '../base/session-name.ts'
import { Entities } from '../core/world.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Append, Backend, Found, Head, KeptText, Outcome } from './backend.ts'
import { keptText, writtenBehind } from './behind.ts'
import { gathered } from './gather.ts'
import { Group, type Job, NUMBERS, type Numbers, NumbersNeeded } from './group.ts'
import { addTo, BLANK, contentsOf, type Logged, rewritten } from './log.ts'
import { SESSION } from './memory.ts'
import { StoreUnavailable } from '../base/problem.ts'
import { BoundElsewhere, type Held, type Life, type SessionRecord, type Store, type StoreSettings, type Work } from './store.ts'

/** What a store has done, for whoever watches it. */
export interface StoreCounts {
  /** What was done again because another server was first. */
  conflicts: number
}

/**
 * A store on a backend that other servers may share. It keeps copies of sessions, brings each up to date before it is asked, and appends
 * what is made of it if nobody was first. A session that nobody else has changed lately is asked as its copy is: the append says whether
 * that was right, and where nothing is appended, the backend is asked afterwards. What is asked of one session queues, and is answered in
 * groups: one question and one append for all of a group, so that a session that many use is no storm of lost races.
 */
export function replicatedStore(backend: Backend, settings: StoreSettings, counts: StoreCounts = { conflicts: 0 }): Store {
  const { maxSessions, timeToLive, stateBytes, journal } = settings
  /** The one that was used last stands last. */
  const copies = new Map<SessionName, Copy>()
  const queues = new Map<SessionName, Job[]>()
  const compacting = new Set<SessionName>()
  let bytes = 0
  let looked = Number.NEGATIVE_INFINITY
  /** How far the time of the backend is ahead of this process's clock: so much at most, in milliseconds. */
  let ahead = 0

  const behind = writtenBehind(backend, settings)
  const ask = gathered(async (names: readonly SessionName[]) => {
    const sent = performance.now()
    const { time, sessions, found } = await backend.find(
      names.map((name) => {
        const copy = copies.get(name)
        return { name, life: copy?.head.life, position: copy?.head.position ?? 0 }
      }),
    )
    ahead = time - sent
    return names.map((name) => ({ time: settings.time?.() ?? time, sessions, found: found.get(name) }))
  }, 2)
  /** Asks while nothing of the session is on its way: it is known then what the answer has of what is written behind. */
  const askSettled = async (name: SessionName): ReturnType<typeof ask> => {
    for (;;) {
      const life = copies.get(name)?.head.life
      if (life === undefined) return ask(name)
      await behind.settled(life)
      const waiting = behind.of(life)
      const asked = await ask(name)
      if (behind.of(life) === waiting) return asked
    }
  }
  const append = gathered(async (appends: readonly Append[]): Promise<readonly Outcome[]> => backend.append(appends), 1)

  const forget = (name: SessionName): void => {
    bytes -= copies.get(name)?.weight ?? 0
    copies.delete(name)
  }
  /** What has not been used for longest goes where all take more than they may. */
  const remember = (name: SessionName, copy: Copy): void => {
    copy.weight = 0
    copies.set(name, copy)
    weigh(name, copy)
  }
  const weigh = (name: SessionName, copy: Copy): void => {
    const weight = SESSION + copy.entities.bytes
    bytes += weight - copy.weight
    copy.weight = weight
    for (const [other] of copies) {
      if (bytes <= stateBytes) return
      if (other !== name && !queues.has(other)) forget(other)
    }
  }

  /** The copy as it is now; none where there is no such session. */
  const broughtUp = (name: SessionName, found: Found | undefined): Copy | undefined => {
    const known = copies.get(name)
    forget(name)
    if (!found) return undefined
    const { head, isWhole, pieces } = found
    const isOther = isWhole || known?.head.life !== head.life
    const copy: Copy = isOther
      ? { ...NOTHING, entities: new Entities(), notes: BLANK, head, requests: noNumbers(), controls: noNumbers() }
      : known
    copy.head = head
    copy.alone =
      !isOther && pieces.length === 0 && behind.of(head.life).requests === 0 ? { since: performance.now(), date: Date.now() } : undefined
    addTo(copy, pieces)
    const length = pieces.reduce((sum, text) => sum + text.length, 0)
    copy.length = (isOther ? 0 : copy.length) + length
    // As a text it is shorter than it is in memory.
    if (isOther) copy.whole = copy.entities.bytes
    if (isOther && known?.head.life === head.life) {
      copy.requests = known.requests
      copy.controls = known.controls
    }
    remember(name, copy)
    return copy
  }

  const recordOf = (copy: Copy): SessionRecord => {
    const { life, begun, used, requests, hasLost } = copy.head
    const more = behind.of(life)
    return { life, begun, used: Math.max(used, more.used), requests: requests + more.requests, hasLost, notes: copy.notes }
  }

  const ending = (head: Head): Append => ({
    name: head.name,
    expected: head,
    becomes: { kind: 'ends' },
    piece: '',
    hasChanged: false,
    requests: 0,
    used: head.used,
    exchanges: [],
  })

  /** Before another session begins those go that are over, looked for now and then only; where no place is left, one that gives way. */
  const makeRoom = async (time: number, sessions: number): Promise<boolean> => {
    const isFull = sessions >= maxSessions
    const life = timeToLive()
    const over: Head[] = []
    if (Number.isFinite(life) && (isFull || time - looked >= life / 10)) {
      looked = time
      await behind.flush()
      over.push(...(await backend.unused(time - life, 1_000)))
    }
    if (over.length === 0 && isFull) {
      await behind.flush()
      const head = await backend.givingWay()
      if (head) over.push(head)
    }
    await Promise.all(over.map((head) => append(ending(head))))
    return over.length > 0
  }

  /** Numbers that nobody else gives, as many as this server may need for a while: more each time. */
  const takeNumbers = async (copy: Copy, of: 'requests' | 'controls'): Promise<void> => {
    const count = Math.min(1_000, Math.max(NUMBERS, 2 * (copy[of].end - copy[of].begin)))
    const first = await backend.takeNumbers(copy.head.name, copy.head.life, of, count)
    if (first !== undefined) copy[of] = { begin: first, next: first, end: first + count }
  }

  /** Answers what is asked of a session, group by group, until nothing is. */
  const answerAll = async (name: SessionName, queue: Job[]): Promise<void> => {
    while (queue.length > 0) {
      const jobs = queue.splice(0, MOST)
      try {
        queue.unshift(...(await answerGroup(name, jobs)))
      } catch (error) {
        for (const { reject } of jobs) reject(error)
      }
    }
    queues.delete(name)
  }

  const isOver = ({ used }: SessionRecord, time: number): boolean => time - used > timeToLive()
  /** It does not go back within a session. */
  const realAt = (time: number, record: SessionRecord | undefined): number => (settings.time ? time : Math.max(time, record?.used ?? 0))

  /** What is made of a copy as it is; undefined where it may well not be up to date. */
  const guess = (copy: Copy, jobs: readonly Job[]): Group | undefined => {
    const now = performance.now()
    if (!copy.alone || !isLately(now, copy.alone.since) || !isLately(Date.now(), copy.alone.date)) return undefined
    const record = recordOf(copy)
    const time = settings.time?.() ?? Math.ceil(now + ahead)
    if (isOver(record, time)) return undefined
    const group = new Group({ name: copy.head.name, copy, record, real: realAt(time, record), full: undefined, newLife })
    try {
      group.runAll(jobs)
      return group
    } catch (error) {
      group.undo()
      if (error instanceof NumbersNeeded) return undefined
      throw error
    }
  }

  /** @returns those that are to be asked again */
  const answerGroup = async (name: SessionName, jobs: readonly Job[]): Promise<readonly Job[]> => {
    const known = copies.get(name)
    const guessed = known && guess(known, jobs)
    if (guessed && !guessed.isNothing) return answered(guessed, known, jobs, true)
    const { time, sessions, found } = await askSettled(name)
    if (guessed && found && isSame(known.head, found.head) && guessed.real <= realAt(time, recordOf(known)))
      return answered(guessed, known, jobs, true)
    const copy = broughtUp(name, found)
    const record = copy && recordOf(copy)
    if (copy && record && isOver(record, time)) {
      await behind.flush()
      await append(ending(copy.head))
      forget(name)
      return jobs
    }
    if (!copy && jobs.some(({ isUse }) => isUse) && (await makeRoom(time, sessions))) return jobs
    const full = !copy && sessions >= maxSessions ? sessions : undefined
    const group = new Group({ name, copy, record, real: realAt(time, record), full, newLife })
    try {
      group.runAll(jobs)
    } catch (error) {
      group.undo()
      if (!(error instanceof NumbersNeeded && copy)) throw error
      await takeNumbers(copy, error.of)
      return jobs
    }
    return answered(group, copy, jobs, false)
  }

  /**
   * Answers what a group has done, once it is kept.
   * @param isGuessed the copy may not have been up to date
   * @returns those that are to be asked again
   */
  const answered = async (group: Group, copy: Copy | undefined, jobs: readonly Job[], isGuessed: boolean): Promise<readonly Job[]> => {
    try {
      if (!(await isKept(group, copy))) {
        group.undo()
        if (copy) copy.alone = undefined
        counts.conflicts++
        return jobs
      }
    } catch (error) {
      // What cannot be written, or may not have been, is not in the copy: what became of it is seen when the session is asked again.
      group.undo()
      if (copy) copy.alone = undefined
      // What cannot be kept of a guess may be another thing by what is so.
      if (isGuessed && !(error instanceof StoreUnavailable)) return jobs
      for (const job of group.answered) job.reject(error)
    }
    // Numbers that were given are given once, whatever came of it.
    if (copy) {
      copy.requests = group.requests
      copy.controls = group.controls
    }
    for (const job of group.answered) job.answer()
    return jobs.slice(group.answered.length)
  }

  /** Appends what a group has made, or writes it behind. @returns whether nobody was first */
  const isKept = async (group: Group, copy: Copy | undefined): Promise<boolean> => {
    const { name } = group
    const textsOf = (exchanges: readonly Exchange[]): readonly KeptText[] => exchanges.map((one) => keptText(one, journal))
    const kept = group.kept()
    if (!kept) {
      const used = group.used()
      if (used && copy) copy.alone = undefined
      if (used) behind.add({ ...used, name, life: group.life, exchanges: textsOf(used.exchanges) })
      return true
    }
    const exchanges = textsOf(kept.exchanges)
    const earlier = copy && behind.take(copy.head.life)
    const joined = kept.becomes.kind === 'goes-on' ? earlier : undefined
    const appended: Append = {
      ...kept,
      requests: kept.requests + (joined?.requests ?? 0),
      exchanges: joined ? [...joined.exchanges, ...exchanges] : exchanges,
    }
    if ((await append(appended)) === 'kept') {
      settle(copy, appended, group)
      return true
    }
    if (earlier) behind.add(earlier)
    const elsewhere = kept.bind && kept.bind.length > 0 ? await backend.bound(kept.bind) : undefined
    if (elsewhere !== undefined && elsewhere !== name) throw new BoundElsewhere(elsewhere)
    return false
  }

  /** Takes over what was kept. */
  const settle = (copy: Copy | undefined, { name, becomes, used, requests, hasChanged, piece, exchanges }: Append, group: Group): void => {
    behind.kept(exchanges.reduce((sum, { size }) => sum + size, 0))
    const { logged } = group
    switch (becomes.kind) {
      case 'ends':
        return forget(name)
      case 'begins': {
        const head: Head = { name, life: becomes.life, position: 1, begun: used, used, requests, hasChanged, hasLost: false }
        const numbers = copy
          ? { requests: firstNumbers(), controls: firstNumbers() }
          : { requests: group.requests, controls: group.controls }
        forget(name)
        return remember(name, { ...NOTHING, ...logged, head, ...numbers, length: piece.length, whole: piece.length })
      }
      case 'goes-on': {
        if (!copy) return undefined
        const { head } = copy
        copy.head = {
          ...head,
          position: head.position + 1,
          used,
          requests: head.requests + requests,
          hasChanged: head.hasChanged || hasChanged,
        }
        copy.notes = logged.notes
        copy.length += piece.length
        weigh(name, copy)
        if (copy.length > Math.max(SHORT, 2 * copy.whole)) void compact(name, copy)
        return undefined
      }
      default:
        return becomes satisfies never
    }
  }

  /** Writes a log anew that has become longer than what it makes. */
  const compact = async (name: SessionName, copy: Copy): Promise<void> => {
    if (compacting.has(name)) return
    compacting.add(name)
    const { length } = copy
    const { life, position } = copy.head
    try {
      const texts = await rewritten(copy, () => setImmediate())
      await backend.compact(name, life, position, texts)
      copy.whole = texts.reduce((sum, text) => sum + text.length, 0)
      copy.length += copy.whole - length
    } catch {
      // The log as it is says the same; the next change tries again.
    } finally {
      compacting.delete(name)
    }
  }

  const enqueue = <Result>(name: SessionName, isUse: boolean, work: (held: Held) => Work<Result>): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      let answer = (): void => reject(new Error('the work was not done'))
      const job: Job = {
        isUse,
        run(held) {
          try {
            const done = work(held)
            answer = () => resolve(done.result)
            return done
          } catch (error) {
            answer = () => reject(error)
            throw error
          }
        },
        answer: () => answer(),
        reject,
      }
      const queue = queues.get(name)
      if (queue) queue.push(job)
      else {
        const begun = [job]
        queues.set(name, begun)
        void answerAll(name, begun)
      }
    })

  return {
    use: (name, work) => enqueue(name, true, work),
    look: (name, read) => enqueue(name, false, (held) => ({ changes: [], result: read(held) })),
    async snapshot(name, id) {
      const texts = await backend.kept(name, id)
      return texts && contentsOf(texts)
    },
    names: () => backend.names(),
    bound(keys) {
      const all = keys()
      return all.length === 0 ? undefined : backend.bound(all)
    },
    tell: () => behind.tell(),
    follow: () => behind.follow(),
    check: () => backend.check(),
    async totals() {
      const [{ sessions }, journalBytes] = await Promise.all([backend.find([]), backend.journalBytes()])
      return { sessions, journalBytes }
    },
    held: () => ({ sessions: copies.size, bytes }),
    async close() {
      await behind.close()
      await backend.close()
    },
  }
}

/** A session as this server has it. */
interface Copy extends Logged {
  head: Head
  requests: Numbers
  controls: Numbers
  /** How long its log is, in characters; and how long it would be if it were written anew, as far as is known. */
  length: number
  whole: number
  /** What it was last counted for, in bytes. */
  weight: number
  /** When it was last asked for and nobody else had changed it, on this process's clock and by the world's: the first stands still where a machine sleeps. */
  alone: { readonly since: number; readonly date: number } | undefined
}

const NOTHING = { length: 0, whole: 0, weight: 0, alone: undefined }
/** For so long it is taken to be up to date then, in milliseconds. */
const LATELY = 1_000

/** So many are answered at a time. */
const MOST = 200
/** A log that is no longer is not written anew, in characters. */
const SHORT = 16_384

function isLately(now: number, then: number): boolean {
  return now >= then && now - then < LATELY
}

function isSame(one: Head, other: Head): boolean {
  const is = one.life === other.life && one.position === other.position && one.used === other.used
  return is && one.requests === other.requests && one.hasLost === other.hasLost
}

function noNumbers(): Numbers {
  return { begin: 0, next: 0, end: 0 }
}

function firstNumbers(): Numbers {
  return { begin: 1, next: 1, end: NUMBERS + 1 }
}

function newLife(): Life {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return randomUUID() as string as Life
}
