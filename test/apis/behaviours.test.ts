import { describe, expect, it } from 'vitest'
import { kind, type LifeCycle, reply } from '../../src/api.ts'
import type { LiveScene } from '../../src/core/behaviour.ts'
import { createMock } from '../../src/index.ts'
import { apiOf } from './own.ts'

interface Thing {
  readonly id: string
  n: number
}
type Scene = LiveScene<{ thing: Thing; session: LiveScene['session']; reference: never; counter: never; step: never }>

/** What a post is answered by an API whose `addThing` is this, and what is told of it. */
async function posted(addThing: unknown, strict: boolean, more: object = {}) {
  const failures: unknown[] = []
  const api = apiOf({
    kinds: { thing: kind<Thing>({ word: 'things' }) },
    problems: { 'thing-odd': { status: 404, title: 'The thing is odd' } },
    behaviours: { addThing, listThings: (_input: unknown, scene: Scene) => reply(200, scene.list('thing')) },
    ...more,
  })
  await using mock = await createMock({ strict, apis: [{ ...api, file: 'things.ts' }], onFailure: (error) => failures.push(error) })
  const add = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"n":1}' }
  const { status } = await mock.fetch('/things', add)
  const [{ problem } = {}] = await mock.session('default').requests()
  const kept: unknown = await (await mock.fetch('/things')).json()
  return { status, code: problem?.code, detail: problem?.detail ?? '', kept, failures }
}

let count = 0
const shared = { n: 1 }
const right = () => reply(201, { n: 1 })
const circular = () => {
  const body: Record<string, unknown> = { n: 1 }
  body['self'] = body
  return reply(201, body)
}

describe('a behaviour that breaks the rules is named, its session stays as it was, and the mock goes on', () => {
  it.each<[string, unknown, string]>([
    ['throws', () => JSON.parse('{'), 'throws: SyntaxError'],
    ['throws after it has changed something', (_: unknown, s: Scene) => JSON.parse(s.add('thing', { n: 1 }).id), 'throws: SyntaxError'],
    ['throws no error', () => Promise.reject.call(undefined, 1), 'throws: TypeError'],
    ['returns a promise', () => Promise.resolve(right()), 'returns a promise; behaviours are synchronous'],
    ['returns a promise that is rejected', () => Promise.reject(new Error('late')), 'returns a promise; behaviours are synchronous'],
    ['returns nothing', () => undefined, 'returns nothing; let it return reply(…) or scene.refuse(…)'],
    ['returns null', () => null, 'returns null; let it return reply(…)'],
    ['returns the body', () => ({ n: 1 }), 'returns an object with n; let it return reply(…)'],
    ['returns an outcome of no kind', () => ({ kind: 'odd' }), 'returns an object with kind; let it return reply(…)'],
    ['returns half a reply', () => ({ kind: 'reply' }), 'make a reply with reply(…)'],
    ['returns half a refusal', () => ({ kind: 'refused' }), 'refuses with nothing, which is not in the problems of the API'],
    ['asks for what only the mock may', () => ({ kind: 'command', command: { kind: 'health' } }), 'returns a command; let it return'],
    ['refuses with an unknown code', (_: unknown, s: Scene) => s.refuse('thing-od'), 'refuses with "thing-od", which is not in'],
    ['refuses with a code of every object', (_: unknown, s: Scene) => s.refuse('__proto__'), 'take one of thing-odd'],
    ['answers with a status that is a text', () => ({ ...right(), reply: { status: '201' } }), 'the status "201"; give a whole number'],
    ['answers with a status below 200', () => reply(100), 'the status 100; give a whole number from 200 to 599'],
    ['answers with a header that is a number', () => ({ ...right(), reply: { status: 201, headers: { 'X-A': 5 } } }), 'header "X-A": 5'],
    ['answers with a header of two lines', () => reply(201, { n: 1 }, { headers: { 'X-A': 'a\r\nb: c' } }), String.raw`"X-A": "a\r\nb: c"`],
    ['answers with a header of no name', () => reply(201, { n: 1 }, { headers: { 'X A': 'a' } }), 'header "X A": "a"; give a text of one'],
    ['answers with a function', () => reply(201, right), 'answers with a body that is a function'],
    ['names a kind that there is not', (_: unknown, s: Scene) => reply(201, s.get('__proto__' as 'thing', 'a')), 'no kind "__proto__"'],
    ['names an assumption that there is not', (_: unknown, s: Scene) => reply(201, s.assumed('a')), 'there is no assumption "a"'],
    ['keeps what has no id', (_: unknown, s: Scene) => reply(201, s.put('thing', JSON.parse('{"n":1}'))), 'an entity has no id: {"n":1}'],
    ['changes what is kept', (_: unknown, s: Scene) => reply(201, Object.assign(s.add('thing', { n: 1 }), { n: 2 })), 'read only property'],
    ['changes its session', (_: unknown, s: Scene) => reply(201, Object.assign(s.session, { seed: '2' })), "read only property 'seed'"],
    ['fails while it looks for what the path names', { find: () => JSON.parse('{'), run: right }, 'throws: SyntaxError'],
    ['finds a promise', { find: () => Promise.reject(new Error('late')), run: right }, 'returns a promise'],
    ['finds an unknown refusal', { find: (_: unknown, s: Scene) => s.refuse('lost'), run: right }, 'refuses with "lost"'],
  ])('%s', async (_name, addThing, said) => {
    for (const strict of [false, true]) {
      const { failures, ...told } = await posted(addThing, strict)
      expect(told).toEqual({ status: 500, code: 'behaviour-broken', detail: expect.stringContaining(said), kept: [] })
      expect(told.detail).toMatch(/^the behaviour of addThing of things\.ts /)
      expect(failures).toMatchObject([{ name: 'BehaviourError', message: told.detail }])
    }
  })

  it.each<[string, unknown, string]>([
    ['a status that the document does not have', () => reply(202, { n: 1 }), '/status the document has no answer 202 here'],
    ['a body that does not fit', () => reply(201, { n: 'x' }), '/body/n is "x"; the type must be integer'],
    ['a header missing', () => reply(404), '/header/x-why is missing'],
  ])('answers with %s', async (_name, addThing, said) => {
    for (const strict of [false, true])
      expect(await posted(addThing, strict)).toMatchObject({ status: 500, code: 'reply-invalid', detail: expect.stringContaining(said) })
  })

  it.each<[string, unknown, string]>([
    ['hangs on what was before', () => reply(201, { n: ++count }), 'gives something else when it runs a second time'],
    ['changes what it has given', () => (shared.n++, reply(201, shared)), 'gives something else when it runs a second time'],
    ['keeps what it counts', (_: unknown, s: Scene) => reply(201, s.add('thing', { n: ++count })), 'gives something else'],
    ['answers with itself', circular, 'gives what cannot stand in JSON'],
  ])('where the mock is strict: %s', async (_name, addThing, said) => {
    const told = await posted(addThing, true)
    expect(told).toMatchObject({ status: 500, code: 'behaviour-broken', detail: expect.stringContaining(said), kept: [] })
  })

  it.each<[string, (scene: Scene) => unknown, string]>([
    ['begins in a state', (s) => s.add('thing', { n: 2 }), 'moves thing '],
    ['goes on to a state', (s) => s.put('thing', { id: 'a', n: 2 }), 'moves thing a from 0 to 2, which its life cycle does not have'],
    [
      'ends',
      (s) => s.remove('thing', 'a'),
      'moves thing a from 0 to nothing, which its life cycle does not have; add the move under addThing',
    ],
  ])('where the mock is strict, one by which a thing %s that its life cycle does not have', async (_name, change, said) => {
    const lifeCycle: LifeCycle<Thing> = {
      states: ['0', '1', '2'],
      stateOf: ({ n }) => String(n),
      moves: { addThing: [{ to: '1' }, { from: '0', to: '1' }] },
    }
    const untouched = (id: string): Thing | undefined => (id === 'a' ? { id, n: 0 } : undefined)
    const more = { kinds: { thing: kind<Thing>({ word: 'things', untouched, lifeCycle }) } }
    const by = (odd: boolean) => (_input: unknown, s: Scene) => {
      if (odd) change(s)
      // What comes of two changes counts, not what lies between.
      else if (s.put('thing', { id: 'a', n: 2 })) s.put('thing', { id: 'a', n: 1 })
      return reply(201, { n: 1 })
    }
    expect(await posted(by(false), true, more)).toMatchObject({ status: 201 })
    expect(await posted(by(true), false, more)).toMatchObject({ status: 201 })
    const told = await posted(by(true), true, more)
    expect(told).toMatchObject({ status: 500, code: 'behaviour-broken', detail: expect.stringContaining(said), kept: [] })
  })

  it.each<[string, LifeCycle<Thing>['stateOf'], string]>([
    ['throws', () => String(JSON.parse('{')), 'does not say the state: stateOf throws SyntaxError'],
    ['gives no text', ({ n }) => Object(n), 'does not say the state: stateOf gives 1, and no text'],
    ['gives a state of no name', () => '__proto__', 'says the state is "__proto__", which is none of its own: 0, 1'],
  ])(
    'whose life cycle %s: that is told where the mock is strict, and loses nothing of what is told elsewhere',
    async (_name, stateOf, said) => {
      const lifeCycle: LifeCycle<Thing> = { states: ['0', '1'], stateOf, moves: { addThing: { to: ['0', '1'] } } }
      const grow = { text: 'it grows', kind: 'thing', waits: () => true, take: (thing: Thing) => ({ ...thing, n: 2 }) }
      const more = { kinds: { thing: kind<Thing>({ word: 'things', lifeCycle }) }, steps: { grow } }
      const addThing = (_input: unknown, s: Scene) => reply(201, s.put('thing', { id: 'a', n: 1 }))
      const told = await posted(addThing, true, more)
      expect(told).toMatchObject({
        status: 500,
        code: 'behaviour-broken',
        detail: expect.stringContaining(`changes thing a, and its life cycle ${said}`),
        kept: [],
      })
      await using mock = await createMock({ strict: false, apis: [apiOf({ behaviours: { addThing }, ...more })] })
      const session = mock.session('default')
      await mock.fetch('/things', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"n":1}' })
      expect((await session.entities()).entities).toMatchObject([{ id: 'a', entity: { n: 1 } }])
      expect(await session.requests()).toMatchObject([{ operation: 'addThing', changes: [{ id: 'a', to: { n: 1 } }] }])
      await expect(session.step({ thing: 'a' })).rejects.toThrow(
        `"grow" changes thing a, and its life cycle ${said.replace('gives 1', 'gives 2')}`,
      )
    },
  )

  it('shows nothing of the reason to the client, and all of it in the journal', async () => {
    await using mock = await createMock({
      apis: [apiOf({ behaviours: { listThings: () => JSON.parse('{') } })],
      onFailure: () => undefined,
    })
    expect(await (await mock.fetch('/things')).json()).toMatchObject({
      code: 'behaviour-broken',
      detail: expect.not.stringContaining('JSON'),
    })
    const [{ problem } = {}] = await mock.session('default').requests()
    expect(problem?.detail).toMatch(/^the behaviour of listThings of things throws: SyntaxError[^]*\n {4}at /)
  })

  it('a dialect that fails too', async () => {
    const dialect = { refuse: () => JSON.parse('{') }
    expect(await posted(() => JSON.parse('{'), false, { dialect })).toMatchObject({ status: 500, code: 'behaviour-broken', kept: [] })
  })
})
