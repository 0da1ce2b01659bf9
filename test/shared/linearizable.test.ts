import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkLinearizable, type Event, keepHistory, type Model, tell } from './linearizable.ts'

/** Some counters, by name, that are set, read, added to, moved into one another, and set back together. */
type Input =
  | { readonly kind: 'write'; readonly name: string; readonly to: number }
  | { readonly kind: 'read' | 'add'; readonly name: string }
  /** Answers what the other then is. */
  | { readonly kind: 'move'; readonly name: string; readonly into: string }
  | { readonly kind: 'reset' }
type Output = number | 'ok'
type Counters = Readonly<Record<string, number>>

const counters: Model<Counters, Input, Output> = {
  init: {},
  step(state, input, output) {
    switch (input.kind) {
      case 'write':
        return { ...state, [input.name]: input.to }
      case 'read':
        return output === undefined || output === (state[input.name] ?? 0) ? state : undefined
      case 'add': {
        const next = (state[input.name] ?? 0) + 1
        return output === undefined || output === next ? { ...state, [input.name]: next } : undefined
      }
      case 'move': {
        const sum = (state[input.name] ?? 0) + (state[input.into] ?? 0)
        return output === undefined || output === sum ? { ...state, [input.name]: 0, [input.into]: sum } : undefined
      }
      case 'reset':
        return output === undefined || output === 'ok' ? {} : undefined
      default:
        return input satisfies never
    }
  },
  keyOf: (state) => JSON.stringify(Object.entries(state).toSorted(([a], [b]) => (a < b ? -1 : 1))),
}

/** The same, and what makes the search quick. */
const quick: typeof counters = {
  ...counters,
  partsOf: (input) => (input.kind === 'reset' ? undefined : input.kind === 'move' ? [input.name, input.into] : [input.name]),
  onlyLooks: ({ kind }) => kind === 'read',
  keyOfPart: (state, part) => String(state[part] ?? 0),
}

const MODELS = [
  ['no more than it must', counters],
  ['parts and reads', quick],
] as const

/** `name operation from-until output`: `x write1 0-3 ok`, `x read 4-5 1`; `x add 0-? ?` was never answered. `b:` before it is a session. */
function history(...lines: readonly string[]): Event<Input, Output>[] {
  return lines.map((line, id) => {
    const [, session = 'a', name = '', kind = '', to, from, until, output] =
      /^(?:(\w+):)?(\w+) (write|read|add|reset)(\d*) (\d+)-(\d+|\?) (\d+|ok|\?)$/.exec(line) ?? []
    if (kind !== 'write' && kind !== 'read' && kind !== 'add' && kind !== 'reset') throw new Error(`"${line}" is no event`)
    const input: Input = kind === 'write' ? { kind, name, to: Number(to) } : kind === 'reset' ? { kind } : { kind, name }
    const begun = { id, session, input, invoked: Number(from) }
    return until === '?'
      ? { ...begun, responded: undefined, output: undefined }
      : { ...begun, responded: Number(until), output: output === 'ok' ? output : Number(output) }
  })
}

describe.each(MODELS)('a history whose model says %s', (_what, model) => {
  const check = (...lines: readonly string[]): string => checkLinearizable(history(...lines), model).kind

  it.each<[string, readonly string[]]>([
    ['is empty', []],
    ['goes one after the other', ['x write1 0-1 ok', 'x read 2-3 1', 'x add 4-5 2', 'x reset 6-7 ok', 'x read 8-9 0']],
    ['reads the old value while it is written', ['x write1 0-9 ok', 'x read 1-2 0', 'x read 3-4 1']],
    ['reads what is still being written', ['x write1 0-9 ok', 'x read 1-2 1', 'x read 3-4 1']],
    ['places the later answer first', ['x write1 0-8 ok', 'x write2 1-9 ok', 'x read 10-11 1']],
    ['writes again what was there', ['x write1 0-1 ok', 'x write1 2-20 ok', 'x write2 3-4 ok', 'x read 5-6 2', 'x read 21-22 1']],
    ['has as many additions as answers', ['x add 0-9 3', 'x add 0-9 1', 'x add 0-9 2']],
    ['touches at a point of time', ['x write1 0-5 ok', 'x read 5-6 0']],
    ['resets between', ['x write1 0-9 ok', 'x reset 1-8 ok', 'y write1 2-3 ok', 'y read 4-5 1', 'x read 10-11 1', 'y read 12-13 0']],
    ['has sessions that do not see each other', ['a:x write1 0-1 ok', 'b:x read 2-3 0', 'a:x read 2-3 1']],
    ['has an unknown outcome that never happened', ['x write1 0-? ?', 'x read 5-6 0', 'x read 7-8 0']],
    ['has an unknown outcome that happened late', ['x write1 0-? ?', 'x read 5-6 0', 'x write2 7-8 ok', 'x read 9-10 2', 'x read 11-12 1']],
    ['has two of the same, of which one happened', ['x add 0-? ?', 'x add 1-? ?', 'x read 5-6 0', 'x read 7-8 1', 'x add 9-10 2']],
    ['has a reset without an answer', ['x write1 0-1 ok', 'x reset 2-? ?', 'x read 3-4 1', 'x read 5-6 0']],
  ])('is linearizable where it %s', (_name, lines) => expect(check(...lines)).toBe('linearizable'))

  it.each<[string, readonly string[]]>([
    ['a stale read', ['x write1 0-1 ok', 'x read 2-3 0']],
    ['a stale read after another saw the new', ['x write1 0-9 ok', 'x read 1-2 1', 'x read 3-4 0']],
    ['a lost update', ['x add 0-5 1', 'x add 1-6 1']],
    ['a lost update that shows later', ['x write1 0-1 ok', 'x add 2-5 2', 'x write7 6-7 ok', 'x read 8-9 2']],
    ['a read of the future', ['x read 0-1 1', 'x write1 2-3 ok']],
    ['a double application', ['x add 0-1 1', 'x read 2-3 2']],
    ['a double application of an unknown outcome', ['x add 0-? ?', 'x read 1-2 1', 'x read 3-4 2']],
    ['an unknown outcome that was seen before it began', ['x read 0-1 1', 'x write1 2-? ?']],
    ['an unknown outcome that came and went', ['x write1 0-? ?', 'x read 1-2 1', 'x read 3-4 0']],
    ['two orders at once', ['x write1 0-9 ok', 'x write2 0-9 ok', 'x read 10-11 1', 'x read 12-13 2']],
    ['a reset by halves', ['x write1 0-1 ok', 'y write1 0-1 ok', 'y reset 2-9 ok', 'x read 3-4 0', 'y read 5-6 1']],
    ['a reset that answers something else', ['x write1 0-9 ok', 'y write1 0-9 ok', 'x reset 0-9 7', 'x read 10-11 0']],
    ['one session of two', ['a:x write1 0-1 ok', 'a:x read 2-3 1', 'b:x read 2-3 1']],
  ])('is refused for %s', (_name, lines) => expect(check(...lines)).toBe('refused'))

  it('tells the first answer that cannot be, what led there, and what went on', () => {
    const verdict = checkLinearizable(
      history(
        'a:x write1 0-1 ok',
        'b:x write1 0-1 ok',
        'b:x add 2-9 2',
        'b:x read 3-8 7',
        'b:x read 4-20 9',
        'b:y add 5-? ?',
        'b:x add 9-10 3',
      ),
      model,
    )
    expect(verdict).toMatchObject({ kind: 'refused', session: 'b', impossible: { id: 3, output: 7 } })
    expect(tell(verdict)).toBe(`session b is not linearizable: no order explains
  #3 at 3: {"kind":"read","name":"x"} -> 7 at 8
an order of ${model === quick ? 2 : 3} operations was found up to there:
  #1 at 0: {"kind":"write","name":"x","to":1} -> "ok" at 1
  #2 at 2: {"kind":"add","name":"x"} -> 2 at 9${model === quick ? '' : '\n  #5 at 5: {"kind":"add","name":"y"} -> no answer'}
and the state is then
  ${model === quick ? '[["x",2]]' : '[["x",2],["y",1]]'}
at the same time went on:
  #4 at 4: {"kind":"read","name":"x"} -> 9 at 20${model === quick ? '\n  #5 at 5: {"kind":"add","name":"y"} -> no answer' : ''}`)
  })
})

describe('a checker', () => {
  it('leaves undecided what would take too long, and says so', () => {
    const writes = Array.from({ length: 12 }, (_, n) => `x write${n} 0-99 ok`)
    const verdict = checkLinearizable(history(...writes, 'x read 0-98 77'), counters, 100)
    expect(tell(verdict)).toBe('session a: not decided after 100 configurations; check a shorter history, or allow more')
  })

  it.each<[string, readonly Event<Input, Output>[], string]>([
    [
      'ends before it begins',
      history('x read 5-4 0'),
      'event 0 responded at 4, before it was invoked at 5; take both times from one clock',
    ],
    [
      'has no time',
      history('x read 5-6 0').map((event) => ({ ...event, invoked: Number.NaN })),
      'a time of event 0 is NaN; give a finite number, or no end where it is not known',
    ],
    ['comes twice', [...history('x read 5-6 0'), ...history('x read 5-6 0')], 'event 0 comes twice; give each event an id of its own'],
  ])('says which event %s', (_what, events, message) => {
    expect(() => checkLinearizable(events, counters)).toThrow(new RangeError(message))
  })
})

it('keeps what clients see: times that grow, and what has no answer', async () => {
  const { events, record } = keepHistory<Input, Output>()
  const { promise, resolve } = Promise.withResolvers<Output>()
  const input = { kind: 'read', name: 'x' } as const
  const late = record('a', input, () => promise)
  await record('a', input, async () => 0)
  await record('b', input, async () => undefined)
  expect(events()).toEqual([
    { id: 0, session: 'a', input, invoked: 0, responded: undefined, output: undefined },
    { id: 1, session: 'a', input, invoked: 1, responded: 2, output: 0 },
    { id: 2, session: 'b', input, invoked: 3, responded: undefined, output: undefined },
  ])
  resolve(7)
  expect(await late).toBe(7)
  expect(events()[0]).toMatchObject({ responded: 4, output: 7 })
})

/** A client's operation: how long it waits before, until it happens and until its answer; whether the answer is lost, and whether it happened then. */
interface Plan {
  readonly input: Input
  readonly before: number
  readonly until: number
  readonly after: number
  readonly fate: 'answered' | 'lost' | 'lost and never done'
}

/** Runs the model one operation after the other, as clients with such delays would meet it. */
function run(clients: readonly (readonly Plan[])[]): Event<Input, Output>[] {
  const operations = clients.flatMap((plans) => {
    let now = 0
    return plans.map(({ before, until, after, ...plan }) => {
      const invoked = now + before
      const happens = invoked + until
      now = happens + after
      return { ...plan, invoked, happens, responded: now }
    })
  })
  let state = counters.init
  return operations
    .toSorted((a, b) => a.happens - b.happens)
    .map(({ input, fate, invoked, responded }, id) => {
      const output = answerIn(state, input)
      if (fate !== 'lost and never done') state = counters.step(state, input, output) ?? state
      const begun = { id, session: 'a', input, invoked }
      return fate === 'answered' ? { ...begun, responded, output } : { ...begun, responded: undefined, output: undefined }
    })
}

function answerIn(state: Counters, input: Input): Output {
  switch (input.kind) {
    case 'read':
      return valueOf(state, input.name)
    case 'add':
      return valueOf(state, input.name) + 1
    case 'move':
      return valueOf(state, input.name) + valueOf(state, input.into)
    case 'write':
    case 'reset':
      return 'ok'
    default:
      return input satisfies never
  }
}

const valueOf = (state: Counters, name: string): number => state[name] ?? 0

const name = fc.constantFrom('x', 'y', 'z')
const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), name, to: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(['x', 'y'], ['y', 'z'], ['z', 'x']).map(([name = '', into = '']) => ({ kind: 'move' as const, name, into })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reset' as const }) },
)
const fate = fc.constantFrom<Plan['fate']>('answered', 'answered', 'answered', 'answered', 'lost', 'lost and never done')
const plan = fc.record({ input, before: fc.nat(3), until: fc.nat(6), after: fc.nat(6), fate })
const clients = (most: number, each: number) =>
  fc.array(fc.array(plan, { minLength: 1, maxLength: each }), { minLength: 1, maxLength: most })

/** Every order there is, by the definition. */
function isLinearizable(events: readonly Event<Input, Output>[], state: Counters = counters.init): boolean {
  if (events.every(({ responded }) => responded === undefined)) return true
  return events.some((event) => {
    if (events.some((other) => other.responded !== undefined && other.responded < event.invoked)) return false
    const next = counters.step(state, event.input, event.output)
    return (
      next !== undefined &&
      isLinearizable(
        events.filter((other) => other !== event),
        next,
      )
    )
  })
}

/** Gives another answer to one operation that answers with a number. */
function altered(events: readonly Event<Input, Output>[], which: number, by: number): Event<Input, Output>[] {
  const answered = events.filter((event) => typeof event.output === 'number')
  const chosen = answered[which % answered.length]
  return events.map((event) => (event === chosen && typeof event.output === 'number' ? { ...event, output: event.output + by } : event))
}

describe.each(MODELS)('what was really run, for a model that says %s,', (_what, model) => {
  it('is linearizable', () => {
    fc.assert(
      fc.property(clients(6, 12), (plans) => {
        expect(tell(checkLinearizable(run(plans), model))).toBe('linearizable')
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('is refused with an answer that nothing gives', () => {
    fc.assert(
      fc.property(clients(4, 8), fc.nat(), (plans, which) => {
        const events = run(plans)
        fc.pre(events.some(({ output }) => typeof output === 'number'))
        expect(checkLinearizable(altered(events, which, 1_000), model).kind).toBe('refused')
      }),
      { seed: 2, numRuns: 300 },
    )
  })

  it('with another answer is what all orders say', () => {
    const seen = { linearizable: 0, refused: 0, undecided: 0 }
    fc.assert(
      fc.property(clients(4, 3), fc.nat(), fc.constantFrom(-1, 1, 2), (plans, which, by) => {
        const events = altered(run(plans).slice(0, 7), which, by)
        const { kind } = checkLinearizable(events, model)
        seen[kind]++
        expect(kind).toBe(isLinearizable(events) ? 'linearizable' : 'refused')
      }),
      { seed: 3, numRuns: 3_000 },
    )
    // Both come often enough to prove something.
    expect(Math.min(seen.linearizable, seen.refused)).toBeGreaterThan(300)
  })
})

it('parts and reads make the search quicker, and change nothing that it says', () => {
  const seen = { linearizable: 0, refused: 0, undecided: 0 }
  fc.assert(
    fc.property(clients(4, 7), fc.nat(), fc.constantFrom(-1, 1, 2), (plans, which, by) => {
      const events = altered(run(plans), which, by)
      const { kind } = checkLinearizable(events, quick)
      seen[kind]++
      expect(kind).toBe(checkLinearizable(events, counters).kind)
    }),
    { seed: 5, numRuns: 1_000 },
  )
  expect(Math.min(seen.linearizable, seen.refused)).toBeGreaterThan(100)
})

describe('a thousand operations of fifty clients', () => {
  /** Twenty of each client, few of them resets and few without an answer. */
  const planned = (lost: number) =>
    fc.record({
      input: fc.oneof(
        {
          weight: 150,
          arbitrary: fc.record({ kind: fc.constantFrom('read' as const, 'read' as const, 'read' as const, 'add' as const), name: names }),
        },
        { weight: 50, arbitrary: fc.record({ kind: fc.constant('write' as const), name: names, to: fc.nat(1_000) }) },
        { weight: 2, arbitrary: fc.constant({ kind: 'reset' as const }) },
      ),
      before: fc.nat(1_000),
      until: fc.nat(1_000),
      after: fc.nat(1_000),
      fate: fc.oneof(
        { weight: 100 - lost, arbitrary: fc.constant<Plan['fate']>('answered') },
        { weight: lost, arbitrary: fc.constantFrom<Plan['fate']>('lost', 'lost and never done') },
      ),
    })
  const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')

  it.each([
    ['all answered', 0],
    ['some of them without an answer', 1],
  ])('are checked without trying many orders: %s', (_what, lost) => {
    const fifty = fc.array(fc.array(planned(lost), { minLength: 20, maxLength: 20 }), { minLength: 50, maxLength: 50 })
    for (const plans of fc.sample(fifty, { seed: 4, numRuns: 5 })) {
      const verdict = checkLinearizable(run(plans), quick, 50_000)
      expect(tell(verdict)).toBe('linearizable')
    }
  })
})
