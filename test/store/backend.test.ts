import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../src/base/problem.ts'
import type { SessionName } from '../../src/base/session-name.ts'
import type { Append, Backend, Found, KeptText, News } from '../../src/store/backend.ts'
import type { Life } from '../../src/store/store.ts'
import { BACKENDS } from './backends.ts'

/** What every backend does, whatever keeps its sessions: sentence by sentence what the interface says. */

const name = (text: string): SessionName => text as SessionName
const newLife = (): Life => randomUUID() as Life
const exchange = (id: string, size = 100): KeptText => ({ id, size, text: JSON.stringify({ id }) })

const CART = name('cart')
const SHOP = name('shop')

const PLAIN = { hasChanged: false, requests: 0, used: 1_000, exchanges: [] }

function begins(of: SessionName, life: Life, more: Partial<Append> & { numbers?: number; keeps?: boolean } = {}): Append {
  const { numbers = 0, keeps = false, ...rest } = more
  return { ...PLAIN, name: of, expected: undefined, becomes: { kind: 'begins', life, numbers, keeps }, piece: '"begun"', ...rest }
}

function goesOn(of: SessionName, life: Life, position: number, more: Partial<Append> = {}): Append {
  return { ...PLAIN, name: of, expected: { life, position }, becomes: { kind: 'goes-on' }, piece: `"piece ${position + 1}"`, ...more }
}

function ends(of: SessionName, life: Life, position: number): Append {
  return { ...PLAIN, name: of, expected: { life, position }, becomes: { kind: 'ends' }, piece: '"not kept"' }
}

async function found(backend: Backend, of: SessionName, life?: Life, position = 0): Promise<Found | undefined> {
  return (await backend.find([{ name: of, life, position }])).found.get(of)
}

async function allNews(backend: Backend, behind = 0): Promise<readonly News[]> {
  const { news, isMore } = await backend.news(behind)
  return isMore ? [...news, ...(await allNews(backend, news.at(-1)?.place ?? behind))] : news
}

const idsOf = (news: readonly News[]): string[] =>
  news.map((one) => (one.kind === 'kept' ? JSON.parse(one.text).id : `without ${one.name}`))

describe.each(BACKENDS)('$name', ({ make }) => {
  const opened: Backend[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((backend) => backend.close()))
  })

  /** Two that have the same open. */
  async function two(maxSessions?: number): Promise<readonly [Backend, Backend]> {
    const open = await make()
    const [one, other] = [await open(maxSessions), await open(maxSessions)]
    opened.push(one, other)
    return [one, other]
  }
  async function openNew(maxSessions?: number): Promise<Backend> {
    const backend = await (await make())(maxSessions)
    opened.push(backend)
    return backend
  }

  describe('find', () => {
    it('answers without names: the time and the number of sessions', async () => {
      const backend = await openNew()
      const before = Date.now()
      const nothing = await backend.find([])
      expect(nothing).toEqual({ time: expect.any(Number), sessions: 0, found: new Map() })
      // The clock is that of the same machine.
      expect(nothing.time).toBeGreaterThanOrEqual(before - 1_000)
      expect(nothing.time).toBeLessThanOrEqual(Date.now() + 1_000)
      expect(Number.isInteger(nothing.time)).toBe(true)
      await backend.append([begins(CART, newLife())])
      expect(await backend.find([])).toMatchObject({ sessions: 1, found: new Map() })
    })

    it('finds those that there are, each with what the asker lacks', async () => {
      const backend = await openNew()
      const [cart, shop] = [newLife(), newLife()]
      await backend.append([begins(CART, cart), begins(SHOP, shop, { piece: '"shop"' })])
      await backend.append([goesOn(CART, cart, 1)])
      await backend.append([goesOn(CART, cart, 2)])
      const { found: all } = await backend.find([
        { name: CART, life: cart, position: 1 },
        { name: SHOP, life: undefined, position: 0 },
        { name: name('nobody'), life: undefined, position: 0 },
      ])
      expect([...all.keys()].toSorted()).toEqual([CART, SHOP])
      expect(all.get(CART)).toMatchObject({ isWhole: false, pieces: ['"piece 2"', '"piece 3"'] })
      expect(all.get(SHOP)).toMatchObject({ isWhole: true, pieces: ['"shop"'] })
    })

    it('gives nothing where nothing is lacking, and all where the life is another', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([begins(CART, life)])
      await backend.append([goesOn(CART, life, 1)])
      expect(await found(backend, CART, life, 2)).toMatchObject({ isWhole: false, pieces: [] })
      expect(await found(backend, CART, newLife(), 2)).toMatchObject({ isWhole: true, pieces: ['"begun"', '"piece 2"'] })
      // More than there is: the backend was brought back to an older state.
      expect(await found(backend, CART, life, 9)).toMatchObject({ isWhole: true, pieces: ['"begun"', '"piece 2"'] })
    })

    it('tells all of the head', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([begins(CART, life, { used: 5_000, requests: 1 })])
      expect((await found(backend, CART))?.head).toEqual({
        name: CART,
        life,
        position: 1,
        begun: 5_000,
        used: 5_000,
        requests: 1,
        hasChanged: false,
        hasLost: false,
      })
      await backend.append([goesOn(CART, life, 1, { used: 7_000, requests: 2, hasChanged: true })])
      // Neither is taken back by what says less.
      await backend.append([goesOn(CART, life, 2, { used: 6_000, requests: 3, hasChanged: false })])
      expect((await found(backend, CART))?.head).toEqual({
        name: CART,
        life,
        position: 3,
        begun: 5_000,
        used: 7_000,
        requests: 6,
        hasChanged: true,
        hasLost: false,
      })
      await backend.append([begins(SHOP, newLife(), { hasChanged: true })])
      expect((await found(backend, SHOP))?.head.hasChanged).toBe(true)
    })

    it('keeps texts as they are', async () => {
      const backend = await openNew()
      const life = newLife()
      const texts = [
        String.raw`"\u0000 \ud800 \udfff \\u0000 \\ \" \n \/"`,
        JSON.stringify({ emoji: '👩‍👩‍👧', quotes: `'"\`$1 ?`, lone: '\ud83d', nothing: '\0', breaks: '\r\n\t\u2028', zero: -0 }),
        ' [ -0 , 1.0 , 1e400 , 12345678901234567890 ] ',
        '{"b":1,"a":2,"b":3}',
        'null',
        '""',
        `"${'long 長い '.repeat(100_000)}"`,
      ]
      await backend.append([
        begins(CART, life, {
          piece: texts[0] ?? '',
          keep: { id: 'of all', texts },
          exchanges: texts.map((text, index) => ({ id: `${index}`, size: 1, text })),
        }),
      ])
      for (const [index, piece] of texts.entries()) await backend.append([goesOn(CART, life, index + 1, { piece })])
      expect((await found(backend, CART))?.pieces).toEqual([texts[0], ...texts])
      expect(await backend.kept(CART, 'of all')).toEqual(texts)
      expect((await allNews(backend)).map((one) => one.kind === 'kept' && one.text)).toEqual(texts)
      await backend.compact(CART, life, texts.length + 1, texts)
      expect((await found(backend, CART))?.pieces).toEqual(texts)
    })
  })

  describe('append', () => {
    it('keeps nothing of what was made for another state', async () => {
      const backend = await openNew()
      const life = newLife()
      const binding = {
        bind: ['"key"'],
        keep: { id: 'snapshot', texts: ['1'] },
        exchanges: [exchange('lost')],
        hasChanged: true,
        requests: 9,
        used: 9_000,
      }
      await backend.append([begins(CART, life)])
      await backend.append([goesOn(CART, life, 1)])
      const before = await backend.find([{ name: CART, life: undefined, position: 0 }])
      const stale = [
        goesOn(CART, life, 1, binding),
        goesOn(CART, life, 3, binding),
        goesOn(CART, newLife(), 2, binding),
        begins(CART, newLife(), binding),
        begins(CART, newLife(), { ...binding, expected: { life, position: 1 } }),
        ends(CART, life, 1),
        { ...goesOn(CART, life, 2, binding), expected: undefined },
      ]
      for (const append of stale) expect(await backend.append([append])).toEqual(['lost'])
      expect(await backend.append([goesOn(SHOP, life, 2, binding)])).toEqual(['lost'])
      expect(await backend.append([{ ...ends(SHOP, life, 2), expected: undefined }])).toEqual(['lost'])
      expect({ ...(await backend.find([{ name: CART, life: undefined, position: 0 }])), time: 0 }).toEqual({ ...before, time: 0 })
      expect(await backend.bound(['"key"'])).toBeUndefined()
      expect(await backend.kept(CART, 'snapshot')).toBeUndefined()
      expect(await backend.news(0)).toEqual({ news: [], gone: 0, isMore: false })
      expect(await backend.journalBytes()).toBe(0)
    })

    it('keeps each by itself, and says which', async () => {
      const backend = await openNew()
      const lives = [newLife(), newLife(), newLife()] as const
      const names = [name('a'), name('b'), name('c')] as const
      await backend.append(names.map((of, index) => begins(of, lives[index] ?? newLife())))
      expect(
        await backend.append([
          goesOn(names[0], lives[0], 1, { exchanges: [exchange('first')] }),
          goesOn(names[1], lives[1], 7, { exchanges: [exchange('lost')] }),
          goesOn(names[2], lives[2], 1, { exchanges: [exchange('second'), exchange('third')] }),
        ]),
      ).toEqual(['kept', 'lost', 'kept'])
      expect((await found(backend, names[0]))?.head.position).toBe(2)
      expect((await found(backend, names[1]))?.head.position).toBe(1)
      expect((await found(backend, names[2]))?.head.position).toBe(2)
      expect(idsOf(await allNews(backend))).toEqual(['first', 'second', 'third'])
    })

    it('takes an empty list', async () => {
      expect(await (await openNew()).append([])).toEqual([])
    })

    it('is full where there are as many sessions as there may be', async () => {
      const backend = await openNew(2)
      const life = newLife()
      await backend.append([begins(CART, life)])
      expect(await backend.append([begins(SHOP, newLife()), begins(name('third'), newLife())])).toEqual(['kept', 'full'])
      expect(await found(backend, name('third'))).toBeUndefined()
      // What there is already goes on, and can be reset; one that is there is lost, not full.
      expect(await backend.append([goesOn(CART, life, 1)])).toEqual(['kept'])
      expect(await backend.append([begins(SHOP, newLife())])).toEqual(['lost'])
      const next = newLife()
      expect(await backend.append([begins(CART, next, { expected: { life, position: 2 } })])).toEqual(['kept'])
      expect((await backend.find([])).sessions).toBe(2)
      // In their order: one makes room for the other.
      expect(await backend.append([ends(CART, next, 1), begins(name('third'), newLife())])).toEqual(['kept', 'kept'])
      expect(await backend.append([begins(CART, newLife())])).toEqual(['full'])
      expect((await backend.find([])).sessions).toBe(2)
    })

    it('has one winner where many append to the same at once', async () => {
      const [one, other] = await two()
      const life = newLife()
      await one.append([begins(CART, life)])
      const tries = Array.from({ length: 200 }, (_, index) => ({
        backend: index % 2 === 0 ? one : other,
        append: goesOn(CART, life, 1, { piece: `${index}`, exchanges: [exchange(`${index}`)], requests: 1 }),
      }))
      const outcomes = await Promise.all(tries.map(({ backend, append }) => backend.append([append])))
      const winners = outcomes.flatMap(([outcome], index) => (outcome === 'kept' ? [`${index}`] : []))
      expect(winners).toHaveLength(1)
      expect(outcomes.filter(([outcome]) => outcome === 'lost')).toHaveLength(199)
      expect(await found(other, CART)).toMatchObject({ head: { position: 2, requests: 1 }, pieces: ['"begun"', ...winners] })
      expect(idsOf(await allNews(other))).toEqual(winners)
    })

    it('has one winner for each of many that begin at once', async () => {
      const [one, other] = await two(50)
      const tries = Array.from({ length: 200 }, (_, index) => ({ of: name(`s${index % 100}`), backend: index < 100 ? one : other }))
      const outcomes = (await Promise.all(tries.map(({ of, backend }) => backend.append([begins(of, newLife())])))).flat()
      expect(outcomes.filter((outcome) => outcome === 'kept')).toHaveLength(50)
      const names = await one.names()
      expect(names).toHaveLength(50)
      for (const [index, outcome] of outcomes.entries())
        if (outcome === 'kept') expect(names).toContain(tries[index]?.of)
        else if (outcome === 'lost') expect(outcomes[(index + 100) % 200]).toBe('kept')
      expect((await other.find([])).sessions).toBe(50)
    })

    it('keeps all in the order of one line, whoever appends', async () => {
      const [one, other] = await two()
      const SESSIONS = 4
      const lives = Array.from({ length: SESSIONS }, newLife)
      await one.append(lives.map((life, index) => begins(name(`s${index}`), life)))
      const run = async (backend: Backend, as: string): Promise<void> => {
        for (let turn = 0; turn < 10; turn++) {
          // Each in an order of its own: locks that are taken one after the other would meet.
          const order = [...lives.keys()].toSorted((a, b) => ((a + turn) % SESSIONS) - ((b + turn) % SESSIONS))
          const { found: all } = await backend.find(order.map((index) => ({ name: name(`s${index}`), life: lives[index], position: 0 })))
          await backend.append(
            order.map((index) => {
              const of = name(`s${index}`)
              const { position, life } = all.get(of)?.head ?? { position: 0, life: newLife() }
              const id = `${of}:${position + 1}`
              return goesOn(of, life, position, {
                piece: JSON.stringify(`${id} ${as}`),
                exchanges: [{ id, size: 1, text: JSON.stringify({ id: `${id} ${as}` }) }],
              })
            }),
          )
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, index) => run(index % 2 === 0 ? one : other, `${index}`)))
      const told = idsOf(await allNews(one))
      for (const index of lives.keys()) {
        const { head, pieces } = (await found(one, name(`s${index}`))) ?? { head: { position: 0 }, pieces: [] }
        expect(pieces).toHaveLength(head.position)
        // The journal has the same, in the same order.
        expect(told.filter((id) => id.startsWith(`s${index}:`))).toEqual(pieces.slice(1).map((piece) => JSON.parse(piece)))
      }
    })
  })

  describe('a reset', () => {
    it('leaves nothing of the life before, but bindings and snapshots where it says so', async () => {
      const backend = await openNew()
      for (const keeps of [true, false]) {
        const of = name(`keeps-${keeps}`)
        const [before, after] = [newLife(), newLife()]
        await backend.append([
          begins(of, before, { numbers: 5, bind: [`"${of}"`], keep: { id: 'snapshot', texts: ['1', '2'] }, exchanges: [exchange('old')] }),
        ])
        await backend.append([goesOn(of, before, 1, { hasChanged: true, requests: 3, exchanges: [exchange('old too')] })])
        const last = (await allNews(backend)).at(-1)?.place ?? 0
        const reset = begins(of, after, {
          expected: { life: before, position: 2 },
          keeps,
          numbers: 2,
          piece: '"again"',
          requests: 1,
          used: 9_000,
          exchanges: [exchange('new')],
        })
        expect(await backend.append([reset])).toEqual(['kept'])
        expect(await found(backend, of, before, 2)).toEqual({
          head: { name: of, life: after, position: 1, begun: 9_000, used: 9_000, requests: 1, hasChanged: false, hasLost: false },
          isWhole: true,
          pieces: ['"again"'],
        })
        expect(await backend.takeNumbers(of, after, 'requests', 1)).toBe(3)
        expect(await backend.takeNumbers(of, after, 'controls', 1)).toBe(3)
        expect(await backend.bound([`"${of}"`])).toBe(keeps ? of : undefined)
        expect(await backend.kept(of, 'snapshot')).toEqual(keeps ? ['1', '2'] : undefined)
        expect(idsOf(await allNews(backend, last))).toEqual([`without ${of}`, 'new'])
      }
      expect(idsOf(await allNews(backend))).toEqual(['without keeps-true', 'new', 'without keeps-false', 'new'])
    })

    it('can bind and keep anew what it lets go', async () => {
      const backend = await openNew()
      const [before, after] = [newLife(), newLife()]
      await backend.append([begins(CART, before, { bind: ['"a"', '"b"'], keep: { id: 'x', texts: ['1'] } })])
      await backend.append([
        begins(CART, after, { expected: { life: before, position: 1 }, bind: ['"b"'], keep: { id: 'x', texts: ['2'] } }),
      ])
      expect(await backend.bound(['"a"'])).toBeUndefined()
      expect(await backend.bound(['"b"'])).toBe(CART)
      expect(await backend.kept(CART, 'x')).toEqual(['2'])
    })
  })

  describe('an end', () => {
    it('leaves nothing of the session, and its name is free', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([
        begins(CART, life, { bind: ['"key"'], keep: { id: 'snapshot', texts: ['1'] }, exchanges: [exchange('old')] }),
        begins(SHOP, newLife(), { exchanges: [exchange('of another')] }),
      ])
      const last = (await allNews(backend)).at(-1)?.place ?? 0
      expect(await backend.append([ends(CART, life, 1)])).toEqual(['kept'])
      expect(await found(backend, CART)).toBeUndefined()
      expect(await backend.names()).toEqual([SHOP])
      expect((await backend.find([])).sessions).toBe(1)
      expect(await backend.bound(['"key"'])).toBeUndefined()
      expect(await backend.kept(CART, 'snapshot')).toBeUndefined()
      expect(await backend.takeNumbers(CART, life, 'requests', 1)).toBeUndefined()
      expect(await backend.news(last)).toEqual({
        news: [{ kind: 'forgotten', place: expect.any(Number), name: CART }],
        gone: 0,
        isMore: false,
      })
      expect(idsOf(await allNews(backend))).toEqual(['of another', 'without cart'])
      const next = newLife()
      expect(await backend.append([begins(CART, next)])).toEqual(['kept'])
      expect(await found(backend, CART)).toMatchObject({ head: { life: next, position: 1 }, pieces: ['"begun"'] })
      expect(await backend.kept(CART, 'snapshot')).toBeUndefined()
    })
  })

  describe('takeNumbers', () => {
    it('goes on behind those of the beginning, each kind for itself', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([begins(CART, life, { numbers: 3 })])
      expect(await backend.takeNumbers(CART, life, 'requests', 10)).toBe(4)
      expect(await backend.takeNumbers(CART, life, 'requests', 1)).toBe(14)
      expect(await backend.takeNumbers(CART, life, 'controls', 2)).toBe(4)
      expect(await backend.takeNumbers(CART, life, 'controls', 2)).toBe(6)
      expect(await backend.takeNumbers(CART, newLife(), 'requests', 1)).toBeUndefined()
      expect(await backend.takeNumbers(SHOP, life, 'requests', 1)).toBeUndefined()
    })

    it('gives no number twice, while others append', async () => {
      const [one, other] = await two()
      const life = newLife()
      await one.append([begins(CART, life)])
      const taking = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? one : other).takeNumbers(CART, life, 'requests', 3))
      const appending = Array.from({ length: 20 }, (_, index) => one.append([goesOn(CART, life, index + 1)]))
      const first = await Promise.all(taking)
      await Promise.all(appending)
      expect(first.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => 1 + index * 3))
    })
  })

  describe('use', () => {
    it('adds to the life that it belongs to, and is lost where that is over', async () => {
      const backend = await openNew()
      const [before, after] = [newLife(), newLife()]
      await backend.append([begins(CART, before), begins(SHOP, newLife())])
      await backend.use([{ name: CART, life: before, requests: 2, used: 3_000, exchanges: [exchange('read'), exchange('read too')] }])
      await backend.use([{ name: CART, life: before, requests: 1, used: 2_000, exchanges: [] }])
      expect(await found(backend, CART, before, 1)).toMatchObject({
        head: { position: 1, requests: 3, used: 3_000, hasChanged: false },
        pieces: [],
      })
      expect(idsOf(await allNews(backend))).toEqual(['read', 'read too'])
      await backend.append([begins(CART, after, { expected: { life: before, position: 1 } })])
      await backend.use([
        { name: CART, life: before, requests: 2, used: 9_000, exchanges: [exchange('late')] },
        { name: name('nobody'), life: before, requests: 2, used: 9_000, exchanges: [exchange('nowhere')] },
        { name: CART, life: after, requests: 1, used: 4_000, exchanges: [exchange('in time')] },
      ])
      expect((await found(backend, CART))?.head).toMatchObject({ life: after, requests: 1, used: 4_000 })
      expect(idsOf(await allNews(backend))).toEqual(['without cart', 'in time'])
      await backend.use([])
    })
  })

  describe('bindings', () => {
    it('find the session by the first key that one has', async () => {
      const backend = await openNew()
      const long = JSON.stringify('k'.repeat(10_000))
      await backend.append([
        begins(CART, newLife(), { bind: ['"a"', long] }),
        begins(SHOP, newLife(), { bind: ['"b"', String.raw`"\u0000'"`] }),
      ])
      expect(await backend.bound([])).toBeUndefined()
      expect(await backend.bound(['"none"', '"b"', '"a"'])).toBe(SHOP)
      expect(await backend.bound(['"a"', '"b"'])).toBe(CART)
      expect(await backend.bound([long])).toBe(CART)
      expect(await backend.bound([String.raw`"\u0000'"`])).toBe(SHOP)
      expect(await backend.bound(['"A"'])).toBeUndefined()
    })

    it('belong to one: who binds it second is lost, with all that it wanted', async () => {
      const backend = await openNew()
      const [cart, shop] = [newLife(), newLife()]
      await backend.append([begins(CART, cart, { bind: ['"a"'] }), begins(SHOP, shop)])
      expect(await backend.append([goesOn(SHOP, shop, 1, { bind: ['"b"', '"a"'] })])).toEqual(['lost'])
      expect(await backend.append([begins(name('third'), newLife(), { bind: ['"a"'] })])).toEqual(['lost'])
      expect((await found(backend, SHOP))?.head.position).toBe(1)
      expect(await found(backend, name('third'))).toBeUndefined()
      expect(await backend.bound(['"b"'])).toBeUndefined()
      // One's own is no clash, and in one list the first comes first.
      expect(await backend.append([goesOn(CART, cart, 1, { bind: ['"a"', '"c"', '"c"'] })])).toEqual(['kept'])
      expect(
        await backend.append([goesOn(CART, cart, 2, { unbind: ['"a"', '"never"'] }), goesOn(SHOP, shop, 1, { bind: ['"a"'] })]),
      ).toEqual(['kept', 'kept'])
      expect(await backend.bound(['"a"'])).toBe(SHOP)
      // Nobody unbinds what is another's.
      expect(await backend.append([goesOn(CART, cart, 3, { unbind: ['"a"'] })])).toEqual(['kept'])
      expect(await backend.bound(['"a"'])).toBe(SHOP)
    })

    it('have one winner where many bind the same at once', async () => {
      const [one, other] = await two()
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? one : other).append([begins(name(`s${index}`), newLife(), { bind: ['"same"'] })]),
        ),
      )
      const winners = outcomes.flatMap(([outcome], index) => (outcome === 'kept' ? [`s${index}`] : []))
      expect(winners).toHaveLength(1)
      expect(await one.names()).toEqual(winners)
      expect(await other.bound(['"same"'])).toBe(winners[0])
    })
  })

  describe('kept texts', () => {
    it('last until they are forgotten or put anew', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([
        begins(CART, life, { keep: { id: 'a', texts: ['1', '2'] } }),
        begins(SHOP, newLife(), { keep: { id: 'a', texts: [] } }),
      ])
      await backend.append([goesOn(CART, life, 1, { keep: { id: 'b', texts: ['3'] } })])
      expect(await backend.kept(CART, 'a')).toEqual(['1', '2'])
      expect(await backend.kept(SHOP, 'a')).toEqual([])
      expect(await backend.kept(SHOP, 'b')).toBeUndefined()
      await backend.append([goesOn(CART, life, 2, { keep: { id: 'b', texts: ['4', '5'] }, forget: ['a', 'never'] })])
      expect(await backend.kept(CART, 'a')).toBeUndefined()
      expect(await backend.kept(CART, 'b')).toEqual(['4', '5'])
      expect(await backend.kept(SHOP, 'a')).toEqual([])
    })
  })

  describe('compact', () => {
    it('gives the new texts to who knows less, and the tail to others', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([begins(CART, life)])
      for (let position = 1; position < 6; position++) await backend.append([goesOn(CART, life, position)])
      const { head } = (await found(backend, CART)) ?? {}
      await backend.compact(CART, life, 4, ['"base 1"', '"base 2"'])
      expect(await found(backend, CART)).toEqual({ head, isWhole: true, pieces: ['"base 1"', '"base 2"', '"piece 5"', '"piece 6"'] })
      expect(await found(backend, CART, life, 3)).toMatchObject({
        isWhole: true,
        pieces: ['"base 1"', '"base 2"', '"piece 5"', '"piece 6"'],
      })
      expect(await found(backend, CART, life, 4)).toMatchObject({ isWhole: false, pieces: ['"piece 5"', '"piece 6"'] })
      expect(await found(backend, CART, life, 6)).toMatchObject({ isWhole: false, pieces: [] })
      await backend.compact(CART, life, 6, ['"all"'])
      expect(await found(backend, CART, life, 4)).toMatchObject({ isWhole: true, pieces: ['"all"'] })
      expect(await found(backend, CART, life, 6)).toMatchObject({ isWhole: false, pieces: [] })
      expect(await backend.append([goesOn(CART, life, 6)])).toEqual(['kept'])
      expect(await found(backend, CART, life, 6)).toMatchObject({ isWhole: false, pieces: ['"piece 7"'] })
      expect(await found(backend, CART)).toMatchObject({ isWhole: true, pieces: ['"all"', '"piece 7"'] })
    })

    it('does nothing where the life is over, or somebody was first', async () => {
      const backend = await openNew()
      const [before, life] = [newLife(), newLife()]
      await backend.append([begins(CART, before)])
      await backend.append([begins(CART, life, { expected: { life: before, position: 1 } })])
      for (let position = 1; position < 4; position++) await backend.append([goesOn(CART, life, position)])
      await backend.compact(CART, before, 1, ['"of another life"'])
      await backend.compact(SHOP, life, 1, ['"of nobody"'])
      await backend.compact(CART, life, 9, ['"of what is not yet"'])
      expect((await found(backend, CART))?.pieces).toEqual(['"begun"', '"piece 2"', '"piece 3"', '"piece 4"'])
      await backend.compact(CART, life, 3, ['"first"'])
      await backend.compact(CART, life, 3, ['"second"', '"more of it"'])
      await backend.compact(CART, life, 2, ['"late"'])
      expect((await found(backend, CART))?.pieces).toEqual(['"first"', '"piece 4"'])
    })

    it('loses nothing while others append, compact and reset', async () => {
      const [one, other] = await two()
      let life = newLife()
      await one.append([begins(CART, life)])
      for (let round = 0; round < 10; round++) {
        for (let position = 1; position < 5; position++) await one.append([goesOn(CART, life, position)])
        const next = newLife()
        const [, , [outcome], , [after]] = await Promise.all([
          one.compact(CART, life, 4, ['"base"']),
          other.compact(CART, life, 4, ['"base"']),
          one.append([goesOn(CART, life, 5)]),
          other.compact(CART, life, 5, ['"base"', '"piece 5"']),
          other.append([begins(CART, next, { expected: { life, position: 5 } })]),
        ])
        // One of the two was first.
        expect([outcome, after]).toEqual(after === 'kept' ? ['lost', 'kept'] : ['kept', 'lost'])
        const whole = (await found(one, CART))?.pieces ?? []
        if (after === 'kept') expect(whole).toEqual(['"begun"'])
        else
          expect([
            ['"base"', '"piece 5"', '"piece 6"'],
            ['"base"', '"piece 6"'],
          ]).toContainEqual(whole)
        if (after === 'lost') await one.append([begins(CART, next, { expected: { life, position: 6 } })])
        expect((await found(other, CART, life, 4))?.pieces).toEqual(['"begun"'])
        life = next
      }
    })
  })

  describe('lists of sessions', () => {
    it('names are in the order of toSorted', async () => {
      const backend = await openNew()
      const names = ['b', 'B', 'a.b', 'a-b', 'a_b', 'aB', '10', '9', '_', '-', 'Z', 'ab', 'a'].map(name)
      expect(await backend.names()).toEqual([])
      await backend.append(names.map((of) => begins(of, newLife())))
      expect(await backend.names()).toEqual(names.toSorted())
    })

    it('unused: since a time, so many at most', async () => {
      const backend = await openNew()
      const lives = Array.from({ length: 5 }, newLife)
      await backend.append(
        lives.map((life, index) => begins(name(`s${index}`), life, { used: 1_000 * (index + 1), hasChanged: index % 2 === 0 })),
      )
      const unused = await backend.unused(4_000, 10)
      expect(unused.map((head) => head.name).toSorted()).toEqual(['s0', 's1', 's2'])
      expect(unused.find((head) => head.name === 's0')).toEqual((await found(backend, name('s0')))?.head)
      expect(await backend.unused(4_000, 2)).toHaveLength(2)
      expect(await backend.unused(1_000, 2)).toEqual([])
      await backend.use([{ name: name('s0'), life: lives[0] ?? newLife(), requests: 1, used: 8_000, exchanges: [] }])
      expect((await backend.unused(4_000, 10)).map((head) => head.name).toSorted()).toEqual(['s1', 's2'])
    })

    it('givingWay: the one without changes that was used longest ago', async () => {
      const backend = await openNew()
      expect(await backend.givingWay()).toBeUndefined()
      const [early, late, changed] = [newLife(), newLife(), newLife()]
      await backend.append([
        begins(name('late'), late, { used: 3_000 }),
        begins(name('early'), early, { used: 2_000 }),
        begins(name('changed'), changed, { used: 1_000, hasChanged: true }),
      ])
      expect(await backend.givingWay()).toEqual((await found(backend, name('early')))?.head)
      await backend.append([goesOn(name('early'), early, 1, { hasChanged: true })])
      expect((await backend.givingWay())?.name).toBe('late')
      await backend.append([ends(name('late'), late, 1)])
      expect(await backend.givingWay()).toBeUndefined()
    })
  })

  describe('the journal', () => {
    it('tells what is behind a place, in the order of places', async () => {
      const [one, other] = await two()
      const life = newLife()
      await one.append([begins(CART, life, { exchanges: [exchange('1'), exchange('2')] })])
      await other.use([{ name: CART, life, requests: 1, used: 1, exchanges: [exchange('3')] }])
      await one.append([goesOn(CART, life, 1, { exchanges: [exchange('4')] })])
      const { news, gone, isMore } = await other.news(0)
      expect(idsOf(news)).toEqual(['1', '2', '3', '4'])
      expect({ gone, isMore }).toEqual({ gone: 0, isMore: false })
      const places = news.map(({ place }) => place)
      expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b))
      expect(places[0]).toBeGreaterThan(0)
      expect(idsOf((await one.news(places[1] ?? 0)).news)).toEqual(['3', '4'])
      expect(await one.news(places[3] ?? 0)).toEqual({ news: [], gone: 0, isMore: false })
    })

    it('tells about a megabyte at a time, and that there is more', async () => {
      const backend = await openNew()
      const life = newLife()
      const big = (id: string): KeptText => ({ id, size: 300_000, text: JSON.stringify({ id, filling: 'x'.repeat(300_000) }) })
      await backend.append([begins(CART, life, { exchanges: Array.from({ length: 10 }, (_, index) => big(`${index}`)) })])
      const first = await backend.news(0)
      expect(first.isMore).toBe(true)
      expect(first.news.length).toBeGreaterThanOrEqual(3)
      expect(first.news.length).toBeLessThanOrEqual(5)
      expect(idsOf(await allNews(backend))).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`))
      // One that is larger comes nevertheless.
      await backend.append([goesOn(CART, life, 1, { exchanges: [{ ...big('huge'), size: 5_000_000 }, exchange('last')] })])
      const behind = (await allNews(backend)).at(-3)?.place ?? 0
      expect(await backend.news(behind)).toMatchObject({ news: [{ kind: 'kept' }], isMore: true })
      expect(idsOf(await allNews(backend, behind))).toEqual(['huge', 'last'])
    })

    it('lets the oldest go until the rest fits, and says so of their sessions', async () => {
      const backend = await openNew()
      const [cart, shop, reset] = [newLife(), newLife(), newLife()]
      const RESET = name('reset')
      await backend.append([
        begins(CART, cart, { exchanges: [exchange('1', 400), exchange('2', 400)] }),
        begins(RESET, newLife()),
        begins(SHOP, shop, { exchanges: [exchange('3', 400)] }),
      ])
      expect(await backend.journalBytes()).toBe(1_200)
      const places = (await allNews(backend)).map(({ place }) => place)
      await backend.trim(1_200)
      expect(await backend.news(0)).toMatchObject({ gone: 0 })
      expect(await backend.journalBytes()).toBe(1_200)
      await backend.trim(1_199)
      expect(await backend.news(0)).toMatchObject({ gone: places[0] })
      expect(idsOf(await allNews(backend))).toEqual(['2', '3'])
      expect(await backend.journalBytes()).toBe(800)
      expect((await found(backend, CART))?.head.hasLost).toBe(true)
      expect((await found(backend, SHOP))?.head.hasLost).toBe(false)
      await backend.trim(100)
      expect(await backend.news(0)).toEqual({ news: [], gone: places[2], isMore: false })
      expect(await backend.journalBytes()).toBe(0)
      expect((await found(backend, SHOP))?.head.hasLost).toBe(true)
      // Places go on behind those that are gone; a life that begins has lost nothing.
      await backend.append([begins(CART, reset, { expected: { life: cart, position: 1 }, exchanges: [exchange('4')] })])
      const [forgotten, kept] = await allNews(backend)
      expect(forgotten).toMatchObject({ kind: 'forgotten', name: CART })
      expect(forgotten?.place).toBeGreaterThan(places[2] ?? 0)
      expect((await found(backend, CART))?.head.hasLost).toBe(false)
      // That a session's requests are forgotten is no request.
      expect(await backend.journalBytes()).toBeGreaterThan(100)
      await backend.trim(100)
      expect(await allNews(backend)).toEqual([kept])
      expect((await found(backend, CART))?.head.hasLost).toBe(false)
    })

    it('takes no less for what is forgotten', async () => {
      const backend = await openNew()
      const life = newLife()
      await backend.append([begins(CART, life, { exchanges: [exchange('1', 5_000)] })])
      await backend.append([ends(CART, life, 1)])
      const bytes = await backend.journalBytes()
      expect(bytes).toBeGreaterThan(0)
      expect(bytes).toBeLessThan(5_000)
      // Once a name, however often.
      for (let turn = 0; turn < 3; turn++) {
        const next = newLife()
        await backend.append([begins(CART, next)])
        await backend.append([ends(CART, next, 1)])
      }
      expect(await backend.journalBytes()).toBeLessThanOrEqual(4 * bytes)
      await backend.trim(0)
      expect(await backend.journalBytes()).toBe(0)
    })

    it('is heard of by whoever listens, until they stop', async () => {
      const [one, other] = await two()
      const life = newLife()
      let heard = Promise.withResolvers<void>()
      let times = 0
      const stop = await other.listen(() => {
        times++
        heard.resolve()
      })
      await one.append([begins(CART, life, { exchanges: [exchange('1')] })])
      await heard.promise
      expect(idsOf((await other.news(0)).news)).toEqual(['1'])
      heard = Promise.withResolvers()
      await one.use([{ name: CART, life, requests: 1, used: 1, exchanges: [exchange('2')] }])
      await heard.promise
      heard = Promise.withResolvers()
      await one.append([begins(CART, newLife(), { expected: { life, position: 1 } })])
      await heard.promise
      stop()
      const before = times
      heard = Promise.withResolvers()
      const stopOther = await other.listen(() => heard.resolve())
      await one.append([begins(SHOP, newLife(), { exchanges: [exchange('3')] })])
      await heard.promise
      expect(times).toBe(before)
      stopOther()
    })
  })

  it('keeps all for who opens it next', async () => {
    const open = await make()
    const life = newLife()
    const first = await open()
    await first.append([begins(CART, life, { numbers: 4, exchanges: [exchange('1')], bind: ['"a"'], keep: { id: 'x', texts: ['1'] } })])
    await first.append([goesOn(CART, life, 1)])
    const before = await found(first, CART)
    await first.close()
    const second = await open()
    opened.push(second)
    expect(await found(second, CART)).toEqual(before)
    expect(await second.append([goesOn(CART, life, 2)])).toEqual(['kept'])
    expect(await second.takeNumbers(CART, life, 'requests', 1)).toBe(5)
    expect(await second.bound(['"a"'])).toBe(CART)
    expect(await second.kept(CART, 'x')).toEqual(['1'])
    expect(idsOf(await allNews(second))).toEqual(['1'])
  })

  it('can be checked, and closed twice', async () => {
    const backend = await openNew()
    await expect(backend.check()).resolves.toBeUndefined()
    await backend.close()
    await expect(backend.close()).resolves.toBeUndefined()
    await expect(backend.check()).rejects.toThrow(StoreUnavailable)
  })
})
