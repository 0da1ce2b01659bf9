import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { run, Running, serve } from '../cli/process.ts'
import { postgresUrl, sql } from '../postgres.ts'
import { RETAILER } from '../support.ts'
import { type Client, type Deed, diceOf, keeper, SCENARIO, shopper, tellThing, type Thing, throwDice, UNKNOWN } from './deeds.ts'
import { type Get, type Holding, readOwn, readShared, TAG, tagOf } from './holding.ts'

/**
 * A server is killed while clients use it, again and again. What they were told is there afterwards, once; what they were not told is
 * there once or not at all, and nothing is half there.
 */

const LONG = process.env['LONG'] !== undefined
const SHARED = 3
const SHOPPERS = 18
const KEEPERS = 2
/** Sessions are others after so many kills, so that their journals stay short enough to be read each time. */
const KILLS_OF_SESSIONS = 10
/** A server is killed after so many answers at most: one that has just begun, and one that has been asked for long. */
const ANSWERS = [20, 60, 200]
/** After the kill each client goes on with so many requests at most, where somebody is left to answer. */
const MORE = 4
/** Who is not answered for so long, in milliseconds, never is. */
const HANGS = 120_000

interface Replica {
  readonly server: Running
  readonly url: string
  /** Resolves when the store works for it no longer, once it is gone. */
  readonly over: () => Promise<void>
}

interface Place {
  readonly replicas: number
  readonly kills: number
  readonly seed: number
  /** A server can be told to die at a commit of its own. */
  readonly canDieAtCommit: boolean
  /** The option --store of one more process, and what `over` of it is. */
  readonly next: () => { readonly store: string; readonly over: () => Promise<void> }
}

const folder = mkdtempSync(join(tmpdir(), 'mock-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function inFile(): Place {
  const store = `file:${join(folder, 'sessions.db')}`
  return { replicas: 1, kills: LONG ? 100 : 4, seed: 1, canDieAtCommit: true, next: () => ({ store, over: async () => {} }) }
}

function inPostgres(): Place {
  const url = postgresUrl()
  let started = 0
  const next: Place['next'] = () => {
    const name = `${/schema=(\w+)/.exec(url)?.[1] ?? ''}_${++started}`
    // The database finishes what it was asked for, though nobody waits for it any more.
    const over = async (): Promise<void> => {
      await expect
        .poll(() => sql(url, `SELECT query FROM pg_stat_activity WHERE application_name = '${name}'`), { interval: 20 })
        .toEqual([])
    }
    return { store: `${url}&application_name=${name}`, over }
  }
  return { replicas: 2, kills: LONG ? 100 : 2, seed: 2, canDieAtCommit: false, next }
}

/** A few kills are to take a few seconds. */
const startServer: typeof run = LONG
  ? run
  : (args, options) => new Running(process.execPath, [fileURLToPath(new URL('light-server.ts', import.meta.url)), ...args], options)

async function start({ next }: Place, moment: Moment): Promise<Replica> {
  const { store, over } = next()
  const env: Record<string, string> = {}
  if (moment.kind === 'commit') {
    env['NODE_OPTIONS'] = `--import ${new URL('dies-at-commit.ts', import.meta.url).href}`
    env['DIES_AT_COMMIT'] = `${moment.nth} ${moment.side}`
  }
  const { server, url } = await serve(['--store', store, '--journal-bytes', '100000000', '--log', 'none'], { env }, startServer)
  return { server, url, over }
}

/** When a server is killed, once clients have had so many answers: some turns of the event loop later, or at a commit of its own. */
type Moment = { readonly answers: number } & (
  { readonly kind: 'turns'; readonly turns: number } | { readonly kind: 'commit'; readonly nth: number; readonly side: 'before' | 'after' }
)

/** @param kill which one it is, from 0 */
function momentOf({ seed, canDieAtCommit }: Place, kill: number): Moment {
  const dice = diceOf(seed + 7_919 * kill)
  const answers = 1 + throwDice(dice, ANSWERS[kill % ANSWERS.length] ?? 0)
  if (!canDieAtCommit || kill % 2 === 0) return { answers, kind: 'turns', turns: throwDice(dice, 6) }
  return { answers, kind: 'commit', nth: 1 + throwDice(dice, 3), side: kill % 4 === 1 ? 'after' : 'before' }
}

type Told =
  | { readonly kind: 'answered'; readonly status: number; readonly id: string | undefined; readonly text: string }
  | { readonly kind: 'cut'; readonly isSent: boolean; readonly why: string }

/**
 * Sends a request, and waits for the whole answer, or for the end of the connection. Each has its own: one that is used again may just be
 * closed by a server that has not heard of it for long.
 */
function ask({ url }: Replica, { method, path, headers = {}, body }: Asking): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>()
  const type = body === undefined ? undefined : { 'Content-Type': 'application/json' }
  const cut = (error: Error): void =>
    resolve({ kind: 'cut', isSent: !('code' in error) || error.code !== 'ECONNREFUSED', why: error.message })
  const sent = request(url + path, { agent: false, method, headers: { ...type, ...headers } }, (incoming) => {
    const { statusCode: status = 0, headers: replied } = incoming
    const id = replied['mock-request-id']
    text(incoming).then((whole) => resolve({ kind: 'answered', status, id: typeof id === 'string' ? id : undefined, text: whole }), cut)
  })
  sent.on('error', cut)
  sent.setTimeout(HANGS, () => reject(new Error(`${method} ${path} is not answered within ${HANGS} ms`)))
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}

type Asking = Pick<Deed, 'method' | 'path'> & Partial<Pick<Deed, 'headers' | 'body'>>

/** Asks for what is answered in any case. @throws Error where the connection is cut */
async function answerOf(replica: Replica, asking: Asking): Promise<Told & { readonly kind: 'answered' }> {
  const told = await ask(replica, asking)
  if (told.kind === 'cut')
    throw new Error(`${asking.method} ${asking.path} is cut, and nobody was killed: ${told.why} ${replica.server.err}`)
  return told
}

function getFrom(replica: Replica): Get {
  return async (path) => {
    const { status, text } = await answerOf(replica, { method: 'GET', path })
    if (status >= 500) throw new Error(`GET ${path} is answered with ${status} ${text}`)
    return status < 400 ? JSON.parse(text) : undefined
  }
}

/** What clients were told in one set of sessions, and what they were not told. */
interface Known {
  readonly things: Map<string, Thing>
  readonly doubtful: Set<string>
  /** The deeds whose answers are lost, since the last look. */
  doubts: Deed[]
  /** Of every change that is there, by its tag: the answer, where there was one. */
  readonly changes: Map<string, { readonly session: string; readonly told: (Told & { readonly kind: 'answered' }) | undefined }>
  /** The ids of answers, by lives of sessions. */
  readonly ids: Map<string, Set<string>>
}

function noteAnswer(known: Known, deed: Deed, told: Told & { readonly kind: 'answered' }): void {
  const { tag, session, life, method, status, shows } = deed
  const asked = `${method} ${deed.path} (${tag} in ${session})`
  expect(told.status, `${asked}: ${told.text}`).toBe(status)
  if (shows) expect(JSON.parse(told.text), `what ${asked} shows`).toMatchObject(shows)
  if (told.id !== undefined) {
    const ids = known.ids.get(life) ?? new Set()
    expect(ids.has(told.id), `${asked} has the id ${told.id} of an earlier one`).toBe(false)
    known.ids.set(life, ids.add(told.id))
  }
  if (method === 'GET') return
  known.changes.set(tag, { session, told })
  put(known.things, deed.makes(told.text))
}

function put(things: Map<string, Thing>, made: ReadonlyMap<string, Thing | undefined>): void {
  for (const [key, thing] of made)
    if (thing) things.set(key, thing)
    else things.delete(key)
}

/** What there should be of a thing, with the ids of what there is where nobody was told them. */
function tell(thing: Thing, seen = ''): string {
  const told = tellThing(thing)
  const parts = told.split(UNKNOWN).map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('[0-9a-f-]+')}$`).test(seen) ? seen : told
}

/** Holds what there is against what is known, and takes over what only it can tell. @returns the deeds that were done and not answered */
function settle(known: Known, session: string, { things, journal }: Holding): readonly Deed[] {
  const isOf = (key: string): boolean => key.startsWith(`${session} `)
  const seen = Object.fromEntries([...things].map(([key, all]) => [key, all.map(tellThing).join(' and ')]))
  const tags = new Set(journal.map(tagOf))
  const isDone = (deed: Deed): boolean =>
    tags.has(deed.tag) || [...deed.makes(undefined)].every(([key, thing]) => seen[key] === (thing && tell(thing, seen[key])))
  const doubts = known.doubts.filter((deed) => deed.session === session && deed.method !== 'GET')
  const done = doubts.filter(isDone)
  for (const deed of done) {
    known.changes.set(deed.tag, { session, told: undefined })
    put(known.things, deed.makes(undefined))
  }

  const expected = [...known.things].filter(([key]) => isOf(key)).map(([key, thing]) => [key, tell(thing, seen[key])])
  expect(seen, `what there is in ${session}`).toEqual(Object.fromEntries(expected))
  for (const [key, [thing]] of things) if (thing && thing.kind !== 'session') known.things.set(key, thing)

  expect(tags.size, 'requests in the journal').toBe(journal.length)
  for (const entry of journal) {
    const told = known.changes.get(tagOf(entry))?.told
    // What a control request shows of the session is not kept.
    const reply = entry.origin === 'control' ? told?.text : entry.replyBody
    if (told) expect([entry.status, reply], `the journal's ${entry.id}`).toEqual([told.status, told.text])
    if (told?.id !== undefined) expect(entry.id).toBe(told.id)
  }
  return done
}

/** Every change that is there stands in the journal, and the other way round. */
function settleJournal(known: Known, session: string, { journal }: Holding): void {
  const kept = journal.filter(({ changes = [] }) => changes.length > 0).map(tagOf)
  const made = [...known.changes].filter(([, change]) => change.session === session).map(([tag]) => tag)
  expect(kept.toSorted(), `changes in the journal of ${session}`).toEqual(made.toSorted())
}

interface Counts {
  /** Changes that were acknowledged, and found there after the next kill. */
  acknowledged: number
  kills: number
  /** Kills after which changes are there whose clients were not answered, and these changes. */
  killsBetween: number
  unanswered: number
  /** Requests that were sent and not answered. */
  cut: number
}

async function killAgainAndAgain(place: Place): Promise<Counts> {
  const dice = diceOf(place.seed)
  const counts: Counts = { acknowledged: 0, kills: 0, killsBetween: 0, unanswered: 0, cut: 0 }
  let replicas = await Promise.all(Array.from({ length: place.replicas }, () => start(place, momentOf(place, 0))))
  try {
    let cast = await begin(replicas, place.seed, 0)
    for (let kill = 0; kill < place.kills; kill++) {
      if (kill > 0 && kill % KILLS_OF_SESSIONS === 0) {
        await drop(replicas, cast)
        cast = await begin(replicas, place.seed, kill)
      }
      const victim = replicas[throwDice(dice, replicas.length)]
      if (!victim) throw new Error('nobody is left to be killed')
      const others = replicas.filter((one) => one !== victim)
      const acknowledged = cast.known.changes.size
      counts.cut += await useAndKill(cast, replicas, victim, momentOf(place, kill))
      counts.acknowledged += cast.known.changes.size - acknowledged
      counts.kills++
      await victim.server.ended
      await victim.over()
      replicas = [...others, await start(place, momentOf(place, kill + 1))]
      const unanswered = await look(cast, replicas)
      counts.unanswered += unanswered
      if (unanswered > 0) counts.killsBetween++
    }
  } finally {
    await Promise.all(replicas.map(({ server }) => server.stop('SIGKILL')))
  }
  return counts
}

interface Cast {
  readonly shared: readonly string[]
  readonly own: readonly string[]
  readonly clients: readonly Client[]
  readonly known: Known
}

/** Sessions that nobody had before, and their clients. */
async function begin([replica]: readonly Replica[], seed: number, kill: number): Promise<Cast> {
  if (!replica) throw new Error('there is no server')
  const shared = Array.from({ length: SHARED }, (_, nth) => `shop-${kill}-${nth}`)
  const own = Array.from({ length: KEEPERS }, (_, nth) => `own-${kill}-${nth}`)
  for (const name of shared) {
    const { status, text } = await answerOf(replica, { method: 'POST', path: '/__mock/sessions', body: { name, scenario: SCENARIO } })
    expect(status, `POST /__mock/sessions: ${text}`).toBe(201)
  }
  const token = encodeURIComponent(RETAILER.replace('Token ', ''))
  const { examples }: { examples: readonly { operation: string; body: object & { skus: readonly object[] } }[] } = Object(
    await getFrom(replica)(`/__mock/sessions/${shared[0] ?? ''}/examples?token=${token}`),
  )
  const example = examples.find(({ operation }) => operation === 'createOrder')
  if (!example) throw new Error('there is no example of an order')
  const supply = (number: string): object => ({
    ...example.body,
    po_number: number,
    skus: example.body.skus.slice(0, 1).map((one) => ({ ...one, quantity: 6 })),
  })
  const clients = [
    ...Array.from({ length: SHOPPERS }, (_, nth) =>
      shopper(`c${nth}`, shared[nth % SHARED] ?? '', diceOf(seed + 1_000 * kill + nth), supply),
    ),
    ...own.map((name, nth) => keeper(name, diceOf(seed + 1_000 * kill + 500 + nth))),
  ]
  return { shared, own, clients, known: { things: new Map(), doubtful: new Set(), doubts: [], changes: new Map(), ids: new Map() } }
}

async function drop(replicas: readonly Replica[], { shared, own }: Cast): Promise<void> {
  const [replica] = replicas
  if (!replica) return
  for (const name of [...shared, ...own]) {
    const { status } = await answerOf(replica, { method: 'DELETE', path: `/__mock/sessions/${name}` })
    expect(own.includes(name) ? [204, 404] : [204]).toContain(status)
    for (const other of replicas) expect(await readOwn(getFrom(other), name)).toEqual({ things: new Map(), journal: [] })
  }
}

/**
 * All clients at once ask the servers in turn, until one server is killed; then they ask the others for a while.
 * @returns how many requests were cut
 */
async function useAndKill({ clients, known }: Cast, replicas: readonly Replica[], victim: Replica, moment: Moment): Promise<number> {
  let alive = replicas
  let isToDie = false
  let isKilled = false
  let answered = 0
  let turn = 0
  let cut = 0
  const bury = (): void => {
    isKilled = true
    alive = replicas.filter((one) => one !== victim)
  }
  const kill = async (): Promise<void> => {
    isToDie = true
    if (moment.kind === 'commit') {
      // It goes on being asked, so that there is one.
      victim.server.child.kill('SIGUSR2')
      return
    }
    for (let passed = 0; passed < moment.turns; passed++) await setImmediate()
    victim.server.child.kill('SIGKILL')
    bury()
  }
  const use = async (client: Client): Promise<void> => {
    for (let more = MORE; ;) {
      const deed = client.next(known)
      const replica = alive[turn++ % alive.length]
      if (!deed || !replica || (isKilled && more-- === 0)) return
      const { method, path, headers, body, session, tag } = deed
      // In the path of a control request its session is said already.
      const named = path.startsWith('/__mock') ? undefined : { 'Mock-Session': session }
      const told = await ask(replica, { method, path, headers: { ...headers, ...named, [TAG]: tag }, ...(body && { body }) })
      if (told.kind === 'cut') {
        expect(isToDie && replica === victim, `${tag} is cut by who is killed: ${told.why} ${replica.server.err}`).toBe(true)
        bury()
        if (told.isSent) cut++
        known.doubts.push(deed)
        for (const key of deed.makes(undefined).keys()) known.doubtful.add(key)
      } else {
        noteAnswer(known, deed, told)
        if (++answered === moment.answers) void kill()
      }
    }
  }
  await Promise.all(clients.map(use))
  expect(isKilled, 'somebody was killed').toBe(true)
  return cut
}

/** Looks at all sessions, by every server. @returns how many changes are there whose clients were not answered */
async function look({ shared, own, known }: Cast, replicas: readonly Replica[]): Promise<number> {
  let unanswered = 0
  for (const session of [...shared, ...own]) {
    const isShared = shared.includes(session)
    const all: Holding[] = []
    for (const replica of replicas) all.push(await (isShared ? readShared : readOwn)(getFrom(replica), session))
    const [first, ...others] = all
    if (!first) throw new Error('there is no server')
    for (const other of others) expect(other, 'what another server tells').toEqual(first)
    unanswered += settle(known, session, first).length
    if (isShared) settleJournal(known, session, first)
  }
  known.doubts = []
  known.doubtful.clear()
  return unanswered
}

it.each([
  ['a file', inFile],
  ['PostgreSQL', inPostgres],
])('%s keeps what was acknowledged, once and whole, though servers are killed', async (name, place) => {
  const counts = await killAgainAndAgain(place())
  if (LONG) console.log(name, counts)
  expect(Math.min(counts.acknowledged, counts.kills, counts.cut)).toBeGreaterThan(0)
  // In a few kills there need not be one of these.
  if (LONG) expect(Math.min(counts.killsBetween, counts.unanswered)).toBeGreaterThan(0)
})
