/**
 * Is there an order in which the operations of a history, one after the other, give each client what it saw, and in which none comes before
 * one that had ended when it began? (Herlihy and Wing, Linearizability, 1990.) Sessions are checked one by one: they share nothing.
 *
 * The search is that of Wing and Gong (1993), which does not come twice to the same operations placed and the same state (Lowe, Testing for
 * Linearizability, 2017). Of those that are not placed, it looks for a place for the one whose answer came first, and tries before it only what
 * touches the same parts of the state. What only looks is placed as soon as it fits: it is in nobody's way. Where nothing fits, it goes back
 * to the last choice that touched the parts that it failed for (conflict-directed backjumping; Prosser, 1993).
 */

/** One operation as its client saw it. Times are of one clock, of any unit. Ids are unique in a history. */
export type Event<Input, Output> = {
  readonly id: number
  readonly session: string
  readonly input: Input
  readonly invoked: number
} & (Answered<Output> | Unanswered)

interface Answered<Output> {
  readonly responded: number
  readonly output: Output
}

/** Nobody knows what came of it: it happened at some time after it was invoked, or never. */
interface Unanswered {
  readonly responded: undefined
  readonly output: undefined
}

/** What a session does, one operation after the other. */
export interface Model<State, Input, Output> {
  readonly init: State
  /**
   * The state behind an operation; undefined where it cannot give this output in this state.
   * Without an output, whose client had no answer: what the operation does, whatever it answers.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined
  /** Equal for equal states; a person reads it where a history is refused. */
  keyOf(state: State): string
  /**
   * The parts of the state that an operation looks at or changes. Undefined for one that changes all, each without a look at the others, and
   * answers the same in any state, as a reset does. Operations without a common part do the same in either order. Without this function there
   * is one part, and the search takes longer.
   */
  partsOf?(input: Input): readonly string[] | undefined
  /** Equal for states that are equal in this part. What failed for some parts is then not tried again while others differ. */
  keyOfPart?(state: State, part: string): string
  /** Whether an operation with this output leaves any state as it is: a read, a refusal. Without this function none does, which takes longer. */
  onlyLooks?(input: Input, output: Output): boolean
}

export type Verdict<Input, Output> =
  | { readonly kind: 'linearizable'; readonly configurations: number }
  | Refused<Input, Output>
  /** Too many orders were tried. */
  | { readonly kind: 'undecided'; readonly session: string; readonly configurations: number }

interface Refused<Input, Output> {
  readonly kind: 'refused'
  readonly session: string
  readonly configurations: number
  /** As far as an order was found: all that was answered before `impossible` is in it. */
  readonly prefix: readonly Event<Input, Output>[]
  /** The key of the state behind it. */
  readonly state: string
  /** The first answer that no order explains. */
  readonly impossible: Event<Input, Output>
  /** What went on at the same time and is not in the prefix either. */
  readonly open: readonly Event<Input, Output>[]
}

/** So many orders are tried before the search gives up. */
const MOST = 1_000_000

/**
 * Checks a history, session by session; the first that is not linearizable is told.
 * @param most so many configurations are looked at in a session before it is left undecided
 * @throws RangeError for an event that ends before it begins, a time that is not finite, an id that comes twice
 */
export function checkLinearizable<State, Input, Output>(
  events: readonly Event<Input, Output>[],
  model: Model<State, Input, Output>,
  most = MOST,
): Verdict<Input, Output> {
  mustBeHistory(events)
  let configurations = 0
  for (const [session, own] of Map.groupBy(events, (event) => event.session)) {
    const verdict = checkSession(session, own, model, most)
    if (verdict.kind !== 'linearizable') return verdict
    configurations += verdict.configurations
  }
  return { kind: 'linearizable', configurations }
}

function mustBeHistory(events: readonly Event<unknown, unknown>[]): void {
  const ids = new Set<number>()
  for (const { id, invoked, responded } of events) {
    if (ids.has(id)) throw new RangeError(`event ${id} comes twice; give each event an id of its own`)
    ids.add(id)
    const strange = [invoked, responded ?? 0].find((time) => !Number.isFinite(time))
    if (strange !== undefined)
      throw new RangeError(`a time of event ${id} is ${strange}; give a finite number, or no end where it is not known`)
    if (responded !== undefined && responded < invoked)
      throw new RangeError(`event ${id} responded at ${responded}, before it was invoked at ${invoked}; take both times from one clock`)
  }
}

/** Parts of the state: a bit each. */
type Parts = bigint
const ALL_PARTS: Parts = -1n

/** An operation in the search. */
interface Operation<Input, Output> {
  readonly event: Event<Input, Output>
  /** Until then it must be placed. */
  readonly deadline: number
  readonly touches: Parts
  /** Whether it can be, and what it does to a part, hangs on these parts, and on that part itself. */
  readonly hangsOn: Parts
  readonly onlyLooks: boolean
  /** One without an answer that does the same and began before: of the two it is placed first. */
  readonly twin: Operation<Input, Output> | undefined
  /** Of those without an answer: its own bit. */
  readonly bit: bigint
  isPlaced: boolean
}

/** A configuration that was looked at. */
interface Visited {
  /** The operations without an answer that it had used. */
  readonly used: bigint
  /** The parts for which it failed, whatever the others are; all, as long as that is not known. */
  failedFor: Parts
}

/** A configuration that is being looked at, and where it stands. */
interface Frame<State, Input, Output> extends Place {
  readonly state: State
  readonly key: string
  readonly visited: Visited
  /** Nothing that was invoked after its answer may come before it. */
  readonly urgent: Operation<Input, Output>
  /** What may come next, and was not tried. */
  readonly untried: Operation<Input, Output>[]
  /** What is being tried. */
  chosen: Operation<Input, Output> | undefined
  /** The parts for which what was tried has failed. */
  failedFor: Parts
}

interface Place {
  /** How many operations are placed. */
  readonly length: number
  /** No answered operation before this one, by the time it was invoked, is unplaced. */
  readonly first: number
  /** The same by deadline. */
  readonly due: number
}

type Entered<State, Input, Output> =
  | { readonly kind: 'done' }
  | { readonly kind: 'open'; readonly frame: Frame<State, Input, Output> }
  | { readonly kind: 'failed'; readonly for: Parts }

function checkSession<State, Input, Output>(
  session: string,
  events: readonly Event<Input, Output>[],
  model: Model<State, Input, Output>,
  most: number,
): Verdict<Input, Output> {
  type Op = Operation<Input, Output>
  const { operations, names } = operationsOf(events, model)
  const answered = operations.filter(({ event }) => event.responded !== undefined)
  const unanswered = operations.filter(({ event }) => event.responded === undefined)
  const byDeadline = answered.toSorted((a, b) => a.deadline - b.deadline)
  const path: Op[] = []
  const visits = new Map<string, Visited[]>()
  /** By the parts for which it failed and by what is placed and is so in them: what had been used of those without an answer. */
  const failures = new Map<Parts, Map<string, bigint[]>>()
  let configurations = 0
  let first = 0
  let due = 0
  let furthest: (Pick<Refused<Input, Output>, 'prefix' | 'state' | 'impossible' | 'open'> & { readonly due: number }) | undefined

  const place = (operation: Op): void => {
    operation.isPlaced = true
    path.push(operation)
  }
  const goBack = (to: Place): void => {
    while (path.length > to.length) {
      const last = path.pop()
      if (last) last.isPlaced = false
    }
    ;({ first, due } = to)
  }
  /** What a configuration is in some parts: their state, and which of the answered operations that touch them are placed. */
  const within = (parts: Parts, state: State): string => {
    let from: number | undefined
    const placed: number[] = []
    const until = byDeadline[due]?.deadline ?? 0
    for (let at = first; at < answered.length; at++) {
      const operation = answered[at]
      if (!operation || (from !== undefined && operation.event.invoked > until)) break
      if ((operation.touches & parts) === 0n) continue
      if (!operation.isPlaced) from ??= at
      else if (from !== undefined) placed.push(at)
    }
    const keys = names.flatMap((name, place) => ((parts >> BigInt(place)) & 1n ? [model.keyOfPart?.(state, name)] : []))
    return JSON.stringify([from, placed, keys])
  }
  const fail = ({ visited, state }: Frame<State, Input, Output>, parts: Parts): void => {
    visited.failedFor = parts
    if (parts === ALL_PARTS || !model.partsOf || !model.keyOfPart) return
    const known = failures.get(parts) ?? new Map<string, bigint[]>()
    failures.set(parts, known)
    const key = within(parts, state)
    const used = unanswered.reduce((all, { touches, bit }) => ((touches & parts) === 0n ? all : all | (bit & visited.used)), 0n)
    known.set(key, [...(known.get(key) ?? []), used])
  }
  const step = (state: State, { event }: Op): State | undefined => model.step(state, event.input, event.output)

  /** Places what only looks and fits; what is then open of the answered operations, and the first of them to be placed. */
  const look = (state: State): { readonly urgent: Op; readonly open: readonly Op[]; readonly bits: string } | undefined => {
    for (;;) {
      while (answered[first]?.isPlaced) first++
      while (byDeadline[due]?.isPlaced) due++
      const urgent = byDeadline[due]
      if (!urgent) return undefined
      // Whatever was invoked later comes after it.
      const open: Op[] = []
      let bits = ''
      const before = path.length
      for (let at = first; at < answered.length; at++) {
        const operation = answered[at]
        if (!operation || operation.event.invoked > urgent.deadline) break
        bits += operation.isPlaced ? '1' : '0'
        if (operation.isPlaced) continue
        if (operation.onlyLooks && step(state, operation) !== undefined) place(operation)
        else open.push(operation)
      }
      if (path.length === before) return { urgent, open, bits }
    }
  }

  const enter = (state: State): Entered<State, Input, Output> => {
    const looked = look(state)
    if (!looked) return { kind: 'done' }
    const { urgent, open, bits } = looked
    const key = model.keyOf(state)
    configurations++
    const unsure = unanswered.filter(({ isPlaced, event }) => !isPlaced && event.invoked <= urgent.deadline)
    if (furthest === undefined || due > furthest.due || (due === furthest.due && path.length > furthest.prefix.length))
      furthest = {
        due,
        prefix: path.map(({ event }) => event),
        state: key,
        impossible: urgent.event,
        open: [...open, ...unsure].flatMap(({ event }) => (event === urgent.event ? [] : [event])),
      }
    let used = 0n
    for (const { isPlaced, bit } of unanswered) if (isPlaced) used |= bit
    const configuration = `${first} ${bits} ${key}`
    const before = visits.get(configuration) ?? []
    // What failed with more of those without an answer left, fails with less.
    const known = before.find((one) => (one.used & ~used) === 0n)
    if (known) return { kind: 'failed', for: known.failedFor }
    for (const [parts, failed] of failures)
      if (failed.get(within(parts, state))?.some((less) => (less & ~used) === 0n)) return { kind: 'failed', for: parts }
    const visited = { used, failedFor: ALL_PARTS }
    visits.set(configuration, [...before, visited])
    const untried = [
      ...open.filter(({ onlyLooks }) => !onlyLooks).toSorted((a, b) => a.deadline - b.deadline),
      ...unsure.filter(({ twin }) => !twin || twin.isPlaced),
    ]
    const frame = {
      state,
      key,
      visited,
      urgent,
      untried,
      chosen: undefined,
      failedFor: urgent.onlyLooks ? urgent.touches : urgent.hangsOn,
      length: path.length,
      first,
      due,
    }
    return { kind: 'open', frame }
  }

  /** Tries the next operation that touches what the configuration has failed for so far: no other can help. */
  const tryNext = (frame: Frame<State, Input, Output>): Entered<State, Input, Output> => {
    for (;;) {
      const { failedFor, urgent } = frame
      const at = frame.untried.findIndex((one) => (failedFor === 0n ? one === urgent : (one.touches & failedFor) !== 0n))
      const [operation] = at === -1 ? [] : frame.untried.splice(at, 1)
      if (!operation) return { kind: 'failed', for: frame.failedFor }
      const to = step(frame.state, operation)
      const isUseless = to !== undefined && operation.event.responded === undefined && model.keyOf(to) === frame.key
      if (to !== undefined && !isUseless) {
        frame.chosen = operation
        place(operation)
        return enter(to)
      }
      frame.failedFor |= to === undefined ? operation.hangsOn : operation.touches
    }
  }

  const frames: Frame<State, Input, Output>[] = []
  let entered = enter(model.init)
  while (entered.kind !== 'done') {
    if (configurations >= most) return { kind: 'undecided', session, configurations }
    if (entered.kind === 'open') {
      frames.push(entered.frame)
      entered = tryNext(entered.frame)
      continue
    }
    const frame = frames.at(-1)
    if (!frame) break
    goBack(frame)
    if (frame.chosen === undefined || (frame.chosen.touches & entered.for) === 0n) {
      // Nothing is left to try, or what failed has nothing to do with what is tried here.
      fail(frame, entered.for)
      frames.pop()
      continue
    }
    frame.failedFor |= entered.for | frame.chosen.hangsOn
    frame.chosen = undefined
    entered = tryNext(frame)
  }
  if (entered.kind === 'done') return { kind: 'linearizable', configurations }
  if (!furthest) throw new Error('a history that is refused has been looked at')
  const { due: _, ...found } = furthest
  return { kind: 'refused', session, configurations, ...found }
}

/** The operations by the time they were invoked, and the names of the parts, in the order of their bits. */
function operationsOf<State, Input, Output>(
  events: readonly Event<Input, Output>[],
  model: Model<State, Input, Output>,
): { readonly operations: readonly Operation<Input, Output>[]; readonly names: readonly string[] } {
  const last = new Map<string, Operation<Input, Output>>()
  const bits = new Map<string, Parts>()
  const bitOf = (part: string): Parts => {
    const known = bits.get(part)
    if (known !== undefined) return known
    const next = 1n << BigInt(bits.size)
    bits.set(part, next)
    return next
  }
  let bit = 1n
  const operations = events
    .toSorted((a, b) => a.invoked - b.invoked)
    .map((event) => {
      const parts = model.partsOf ? model.partsOf(event.input)?.reduce((all, part) => all | bitOf(part), 0n) : 1n
      const touched = { touches: parts ?? ALL_PARTS, hangsOn: parts ?? 0n, isPlaced: false }
      if (event.responded !== undefined) {
        const onlyLooks = model.onlyLooks?.(event.input, event.output) ?? false
        return { ...touched, event, deadline: event.responded, onlyLooks, twin: undefined, bit: 0n }
      }
      const does = JSON.stringify(event.input)
      const operation = { ...touched, event, deadline: Number.POSITIVE_INFINITY, onlyLooks: false, twin: last.get(does), bit }
      last.set(does, operation)
      bit <<= 1n
      return operation
    })
  return { operations, names: [...bits.keys()] }
}

/** So much of the prefix is told. */
const TOLD = 12

/** What a verdict says, for a person. */
export function tell<Input, Output>(verdict: Verdict<Input, Output>): string {
  switch (verdict.kind) {
    case 'linearizable':
      return 'linearizable'
    case 'undecided':
      return `session ${verdict.session}: not decided after ${verdict.configurations} configurations; check a shorter history, or allow more`
    case 'refused': {
      const { session, prefix, state, impossible, open } = verdict
      const left = prefix.length - TOLD
      return [
        `session ${session} is not linearizable: no order explains`,
        `  ${line(impossible)}`,
        `an order of ${prefix.length} operations was found up to there${left > 0 ? `; the last ${TOLD}` : ''}:`,
        ...prefix.slice(-TOLD).map((event) => `  ${line(event)}`),
        `and the state is then`,
        `  ${state}`,
        ...(open.length === 0 ? [] : ['at the same time went on:', ...open.map((event) => `  ${line(event)}`)]),
      ].join('\n')
    }
    default:
      return verdict satisfies never
  }
}

function line({ id, invoked, responded, input, output }: Event<unknown, unknown>): string {
  const answer = responded === undefined ? 'no answer' : `${JSON.stringify(output)} at ${responded}`
  return `#${id} at ${invoked}: ${JSON.stringify(input)} -> ${answer}`
}

/** Keeps what clients of this process see. Its clock counts what was begun and ended, so that no two times are equal. */
export function keepHistory<Input, Output>() {
  const events: Event<Input, Output>[] = []
  let clock = 0
  return {
    /** What is still going on counts as without an answer. */
    events: (): readonly Event<Input, Output>[] => [...events],
    /**
     * Performs an operation and keeps it.
     * @param perform resolves with undefined where nobody knows what came of it
     */
    async record(session: string, input: Input, perform: () => Promise<Output | undefined>): Promise<Output | undefined> {
      const id = events.length
      const begun = { id, session, input, invoked: clock++ }
      events.push({ ...begun, responded: undefined, output: undefined })
      const output = await perform()
      if (output !== undefined) events[id] = { ...begun, responded: clock++, output }
      return output
    },
  }
}
