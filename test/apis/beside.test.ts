import { afterAll, describe, expect, it } from 'vitest'
import { kind, reply } from '../../src/api.ts'
import type { Input } from '../../src/base/http.ts'
import type { LiveScene } from '../../src/core/behaviour.ts'
import { createMock } from '../../src/index.ts'
import { apiOf } from './own.ts'

interface Thing {
  readonly id: string
  readonly n: number
}
type Scene = LiveScene<{ thing: Thing; session: LiveScene['session']; reference: never; counter: never; step: never }>

/** The same API under another name, with a path of its own. */
const named = (name: string) => {
  const { document, ...api } = apiOf({
    name,
    kinds: { thing: kind<Thing>({ word: 'things' }), constructor: kind<Thing>({ word: 'constructor' }) },
    problems: { lost: { status: 404, title: `not in ${name}` } },
    assumptions: { how: { values: ['so', 'otherwise'], question: 'How?', reason: 'It is not said.', source: name } },
    steps: {
      grow: { text: 'it grows', kind: 'thing', waits: ({ n }: Thing) => n < 9, take: (thing: Thing) => ({ ...thing, n: thing.n + 1 }) },
    },
    behaviours: {
      addThing: ({ body }: Input<{ body: { n: number } }>, scene: Scene) => reply(201, scene.add('thing', body)),
      listThings: (_input: Input, scene: Scene) =>
        reply(200, [...scene.list('thing'), ...(scene.assumed('how') === 'so' ? [] : [{ n: 0 }])]),
      getThing: ({ path }: Input<{ path: { id: string } }>, scene: Scene) => {
        const thing = scene.get('thing', path.id)
        return thing ? reply(200, thing) : scene.refuse('lost')
      },
    },
  })
  return { ...api, document: { ...Object(document), servers: [{ url: `/${name}` }] } }
}

const mock = await createMock({ apis: [named('a'), named('b'), named('c')], assume: { 'c:how': 'otherwise' } })
afterAll(() => mock.close())

const add = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"n":1}' }

describe('APIs whose names are all the same', () => {
  it('keep and assume each their own', async () => {
    const session = await mock.createSession()
    const headers = { ...add.headers, ...session.headers }
    const ask = async (path: string, init: object = {}) => (await mock.fetch(path, { ...init, headers })).json()
    const { id }: Thing = JSON.parse(JSON.stringify(await ask('/a/things', add)))
    expect(await ask('/b/things', add)).toEqual({ id, n: 1 })
    expect([await ask('/a/things'), await ask('/b/things'), await ask('/c/things')]).toEqual([[{ id, n: 1 }], [{ id, n: 1 }], [{ n: 0 }]])
    expect(await ask(`/c/things/${id}`)).toMatchObject({ code: 'c:lost', status: 404, title: 'not in c' })
    expect(await session.entities({ kind: 'b:thing' })).toMatchObject({ total: 1, entities: [{ kind: 'b:thing', id }] })
    expect(await session.step({ 'b:thing': id })).toEqual(['b:grow'])
    expect([await ask(`/a/things/${id}`), await ask(`/b/things/${id}`)]).toEqual([
      { id, n: 1 },
      { id, n: 2 },
    ])
    const again = await mock.createSession({ state: await session.state() })
    expect(await again.entities({})).toEqual(await session.entities({}))
  })

  it.each(['a', '__proto__', 'constructor', 'session', 'a/b', 'new thing', ' ', '~1'])('begin with things of one id, %j', async (id) => {
    const data = Object.fromEntries(['a:things', 'b:things', 'b:constructor'].map((word, n) => [word, [{ id, n }]]))
    const session = await mock.createSession({ scenario: data })
    const ask = async (api: string) => (await mock.fetch(`/${api}/things/${encodeURIComponent(id)}`, { headers: session.headers })).json()
    expect([await ask('a'), await ask('b'), await ask('c')]).toMatchObject([{ id, n: 0 }, { id, n: 1 }, { code: 'c:lost' }])
    expect(await session.entities({ kind: 'b:constructor' })).toMatchObject({ entities: [{ id, entity: { n: 2 } }] })
  })

  it('meet faults by the names that tell them apart', async () => {
    const session = await mock.createSession()
    await session.addFault({ operation: 'b:listThings', status: 503 })
    const statusOf = async (path: string) => (await mock.fetch(path, session)).status
    expect([await statusOf('/a/things'), await statusOf('/b/things')]).toEqual([200, 503])
  })

  it('are all named where a bare name may mean any', async () => {
    const session = await mock.createSession()
    const all = (name: string) => new RegExp(`a:${name}, b:${name}, c:${name}`)
    await expect(session.addFault({ operation: 'listThings', status: 503 })).rejects.toThrow(all('listThings'))
    await expect(mock.createSession({ scenario: Object.fromEntries([['things', []]]) })).rejects.toThrow(all('things'))
    await expect(mock.createSession({ assume: { how: 'so' } })).rejects.toThrow(all('how'))
    await expect(createMock({ apis: [named('a'), named('b')], assume: { how: 'so' } })).rejects.toThrow(/a:how, b:how/)
  })
})

describe('APIs on one base path', () => {
  it.each(['', '/v1'])('%j: a path is that of whoever has it, and an unknown one is refused by the nearest', async (base) => {
    const at = (name: string, word: string) =>
      apiOf({
        name,
        document: {
          openapi: '3.1.0',
          info: { title: name },
          ...(base && { servers: [{ url: base }] }),
          paths: { [`/${word}`]: { get: { responses: { 200: { description: word } } } } },
        },
        dialect: { refuse: () => ({ status: 404, body: name }) },
      })
    await using both = await createMock({ apis: [at('one', 'apples'), at('two', 'pears')] })
    const ask = async (path: string) => both.fetch(base + path)
    expect([(await ask('/apples')).status, (await ask('/pears')).status]).toEqual([200, 200])
    expect([await (await ask('/aples')).json(), await (await ask('/pearz')).json()]).toEqual(['one', 'two'])
  })
})
