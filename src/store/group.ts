import type { SessionName } from '../base/session-name.ts'
import type { Exchange } from '../core/exchange.ts'
import { type Change, Entities } from '../core/world.ts'
import type { Append, Head } from './backend.ts'
import { BLANK, type Logged, pieceOf, textsOf } from './log.ts'
import { EMPTY_WORLD } from './memory.ts'
import type { Held, Life, Notes, SessionRecord, Work } from './store.ts'

/** One thing that is asked of a session. */
export interface Job {
  /** It counts as using the session. */
  readonly isUse: boolean
  /** Does the work, and remembers what came of it. Pure: it may be done again. */
  readonly run: (held: Held) => Work<unknown>
  /** Gives what came of the last run to who asked. */
  readonly answer: () => void
  readonly reject: (error: unknown) => void
}

/** Numbers that this server alone may give: from the next one up to the end. */
export interface Numbers {
  readonly begin: number
  next: number
  readonly end: number
}

/** All numbers are given. Thrown by work that asks for one. */
export class NumbersNeeded extends Error {
  override readonly name = 'NumbersNeeded'
  readonly of: 'requests' | 'controls'

  constructor(of: 'requests' | 'controls') {
    super(`there is no number left for ${of}`)
    this.of = of
  }
}

/** A session that begins is given so many numbers of each sort. */
export const NUMBERS = 100

/** What a group starts from; without a copy there is no such session. */
export interface Beginning {
  readonly name: SessionName
  readonly copy: (Logged & { readonly head: Head; readonly requests: Numbers; readonly controls: Numbers }) | undefined
  readonly record: SessionRecord | undefined
  /** The world's time, in milliseconds since 1970. */
  readonly real: number
  /** How many sessions there are, where there is no such session and no place for one more. */
  readonly full: number | undefined
  readonly newLife: () => Life
}

/**
 * What is asked of a session at the same time, done one after the other. What it changes is in the copy at once, so that each sees what
 * came before it, and is taken back where it is not kept.
 */
export class Group {
  /** What was done, in order. */
  readonly answered: Job[] = []
  readonly requests: Numbers
  readonly controls: Numbers
  readonly name: SessionName
  readonly real: number
  readonly life: Life
  logged: Logged
  readonly #beginning: Beginning
  readonly #undo: (() => void)[] = []
  readonly #changes: Change[] = []
  readonly #exchanges: Exchange[] = []
  #notes: Partial<Notes> | undefined
  #asked = 0
  #isUsed = false
  #hasChanged = false
  #becomes: Append['becomes'] = { kind: 'goes-on' }
  #snapshot: Work<unknown>['snapshot']

  constructor(beginning: Beginning) {
    const { copy, newLife } = beginning
    this.#beginning = beginning
    this.name = beginning.name
    this.real = beginning.real
    this.life = copy?.head.life ?? newLife()
    this.logged = copy ? { entities: copy.entities, notes: copy.notes } : { entities: new Entities(), notes: BLANK }
    this.requests = copy ? { ...copy.requests } : { begin: 1, next: 1, end: NUMBERS + 1 }
    this.controls = copy ? { ...copy.controls } : { begin: 1, next: 1, end: NUMBERS + 1 }
  }

  /** As many of them as go together, from the first on. @throws NumbersNeeded */
  runAll(jobs: readonly Job[]): void {
    for (const job of jobs) if (!this.#run(job)) return
  }

  /** @returns whether another may follow */
  #run(job: Job): boolean {
    const [request, control] = [this.requests.next, this.controls.next]
    let done: Work<unknown>
    try {
      done = job.run(this.#held())
    } catch (error) {
      if (error instanceof NumbersNeeded) throw error
      this.answered.push(job)
      return true
    }
    const { copy } = this.#beginning
    const { life, asks, notes, snapshot, changes } = done
    const begins = life === 'begins' || (!copy && life !== 'ends' && (changes.length > 0 || asks === 'request' || notes !== undefined))
    // What is done with the session as a whole goes by itself.
    const isApart = begins || life === 'ends' || snapshot !== undefined || notes?.bindings !== undefined || notes?.snapshots !== undefined
    if (isApart && this.answered.length > 0) {
      this.requests.next = request
      this.controls.next = control
      return false
    }
    this.answered.push(job)
    if (begins) this.#begin(done)
    else if (life === 'ends') this.#becomes = { kind: 'ends' }
    else if (changes.length > 0) this.#undo.push(this.logged.entities.try(changes))
    if (notes && !begins) this.logged = { ...this.logged, notes: { ...this.logged.notes, ...notes } }
    this.#changes.push(...changes)
    this.#exchanges.push(...(done.exchanges ?? []))
    if (notes) this.#notes = { ...this.#notes, ...notes }
    if (asks === 'request') this.#asked++
    this.#isUsed ||= job.isUse
    this.#hasChanged ||= done.hasChanged === true
    this.#snapshot = snapshot
    return !isApart
  }

  /** Takes everything back. */
  undo(): void {
    for (const back of this.#undo.toReversed()) back()
  }

  /** There is nothing to be kept before somebody is answered. */
  get isNothing(): boolean {
    const { copy } = this.#beginning
    const isMarked = this.#hasChanged && copy?.head.hasChanged === false
    const isNothing = this.#becomes.kind === 'goes-on' && this.#changes.length === 0 && this.#notes === undefined && !isMarked
    return isNothing || (!copy && this.#becomes.kind !== 'begins')
  }

  /** What is to be kept before anybody is answered; undefined where nothing is. */
  kept(): (Omit<Append, 'exchanges'> & { readonly exchanges: readonly Exchange[] }) | undefined {
    if (this.isNothing) return undefined
    const { name, copy, real } = this.#beginning
    const notes = this.#becomes.kind === 'begins' ? this.logged.notes : this.#notes
    const before = copy?.notes ?? BLANK
    const after = this.logged.notes
    const [keysBefore, keys] = [before, after].map(({ bindings }) => bindings.map(({ key }) => key))
    const [idsBefore, ids] = [before, after].map(({ snapshots }) => snapshots.map(({ id }) => id))
    return {
      name,
      expected: copy && { life: copy.head.life, position: copy.head.position },
      becomes: this.#becomes,
      piece: pieceOf(this.#changes, notes),
      hasChanged: this.#hasChanged,
      requests: this.#asked,
      used: real,
      exchanges: this.#exchanges,
      bind: keys?.filter((key) => keysBefore?.includes(key) !== true) ?? [],
      unbind: keysBefore?.filter((key) => keys?.includes(key) !== true) ?? [],
      forget: idsBefore?.filter((id) => ids?.includes(id) !== true) ?? [],
      ...(this.#snapshot && { keep: { id: this.#snapshot.id, texts: textsOf(this.#snapshot.contents) } }),
    }
  }

  /** What may be written behind; undefined where nobody has used the session. */
  used(): { readonly requests: number; readonly used: number; readonly exchanges: readonly Exchange[] } | undefined {
    const { copy, real } = this.#beginning
    return copy && this.#isUsed ? { requests: this.#asked, used: real, exchanges: this.#exchanges } : undefined
  }

  #begin({ changes, notes }: Work<unknown>): void {
    const { copy, newLife } = this.#beginning
    const entities = new Entities()
    for (const change of changes) entities.apply(change)
    const { bindings, snapshots } = copy?.notes ?? BLANK
    this.logged = { entities, notes: { ...BLANK, bindings, snapshots, ...notes } }
    this.#becomes = { kind: 'begins', life: copy ? newLife() : this.life, numbers: NUMBERS, keeps: copy !== undefined }
  }

  #held(): Held {
    const { copy, record, real, full } = this.#beginning
    const { requests, controls } = this
    const next = (numbers: Numbers, of: 'requests' | 'controls'): number => {
      if (numbers.next >= numbers.end) throw new NumbersNeeded(of)
      return numbers.next++
    }
    let [request, control]: (number | undefined)[] = []
    return {
      world: copy ? this.logged.entities : EMPTY_WORLD,
      record: record && { ...record, requests: record.requests + this.#asked, notes: this.logged.notes },
      life: this.life,
      real,
      others: 0,
      bindingBytes: 0,
      full,
      get request() {
        return (request ??= next(requests, 'requests'))
      },
      get control() {
        return (control ??= next(controls, 'controls'))
      },
    }
  }
}
