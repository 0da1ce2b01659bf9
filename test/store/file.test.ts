import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { StoreUnavailable, UsageError } from '../../src/base/problem.ts'
import type { SessionName } from '../../src/base/session-name.ts'
import type { Append, Backend } from '../../src/store/backend.ts'
import type { Life } from '../../src/store/store.ts'
import { backendOn, openFile } from '../../src/store/file.ts'
import { Running } from '../cli/process.ts'

/** What is particular to a file; what any backend does is in backend.test.ts. */

const BOUNDS = { maxSessions: 1_000, time: () => 1_000 }
const name = (text: string): SessionName => text as SessionName
const newLife = (): Life => randomUUID() as Life
const CART = name('cart')

const PLAIN = { hasChanged: true, requests: 1, used: 1_000 }

function begins(of: SessionName, life: Life, more: Partial<Append> = {}): Append {
  return {
    ...PLAIN,
    name: of,
    expected: undefined,
    becomes: { kind: 'begins', life, numbers: 0, keeps: false },
    piece: '0',
    exchanges: [],
    ...more,
  }
}

function goesOn(of: SessionName, life: Life, position: number, bytes = 20): Append {
  const text = (beginning: string): string => JSON.stringify(beginning.padEnd(bytes, '.'))
  const exchanges = [{ id: randomUUID(), size: bytes, text: text(`exchange ${position + 1}`) }]
  return {
    ...PLAIN,
    name: of,
    expected: { life, position },
    becomes: { kind: 'goes-on' },
    piece: text(`piece ${position + 1}`),
    exchanges,
  }
}

const ends = (of: SessionName, life: Life, position: number): Append => ({ ...goesOn(of, life, position), becomes: { kind: 'ends' } })

/** A process that runs a script with `openFile` and `path`. */
function runs(path: string, script: string): Running {
  const module = pathToFileURL(join(import.meta.dirname, '../../src/store/file.ts')).href
  const text = `
    import { openFile } from ${JSON.stringify(module)}
    const path = ${JSON.stringify(path)}
    const bounds = { maxSessions: 10, time: Date.now }
    ${script}`
  return new Running(process.execPath, ['--input-type=module', '--eval', text])
}

const KEEPS_OPEN = `
  const backend = await openFile(path, bounds)
  setInterval(() => backend, 60_000)
  console.log('open')`

const SAYS_WHY_NOT = `await openFile(path, bounds).then(() => console.log('open'), (error) => console.log(error.name + ': ' + error.message))`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const opened: Backend[] = []
const running: Running[] = []
afterEach(async () => {
  for (const backend of opened.splice(0)) await backend.close()
  for (const one of running.splice(0)) await one.stop('SIGKILL')
})

const newPath = (): string => join(folder, `${randomUUID()}.db`)

async function open(path: string): Promise<Backend> {
  const backend = await openFile(path, BOUNDS)
  opened.push(backend)
  return backend
}

async function start(path: string, script: string): Promise<Running> {
  const process = runs(path, script)
  running.push(process)
  await process.until(/open/)
  return process
}

async function refusal(path: string): Promise<string> {
  const error: unknown = await open(path).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(UsageError)
  return error instanceof Error ? error.message : ''
}

describe('the process that has a file', () => {
  it('is named to another, which is refused, and has the file at once when it is killed', async () => {
    const path = newPath()
    const owner = await start(path, KEEPS_OPEN)
    const message = `process ${owner.child.pid} has ${path} open, and a file can be open only once; stop or close that one, or name another file`
    expect(await refusal(path)).toBe(message)
    expect(owner.err).toBe('')
    await owner.stop('SIGKILL')
    await open(path)
  })

  it('cannot open it twice, and keeps it when it tried', async () => {
    const path = newPath()
    const backend = await open(path)
    const link = `${path}.link`
    symlinkSync(path, link)
    expect(await refusal(path)).toMatch(/^process \d+, this one, has .* open/)
    expect(await refusal(link)).toMatch(/^process \d+, this one, has .* open/)
    // A process that closes a file loses its locks on it, whoever of it took them: none may have been opened and closed in passing.
    const { out, err } = await runs(path, SAYS_WHY_NOT).ended
    expect(out).toBe(
      `UsageError: process ${process.pid} has ${path} open, and a file can be open only once; stop or close that one, or name another file\n`,
    )
    expect(err).toBe('')
    expect(await backend.append([begins(CART, newLife())])).toEqual(['kept'])
    await backend.close()
    expect((await runs(path, SAYS_WHY_NOT).ended).out).toBe('open\n')
  })

  it('is not named where it is gone, and somebody else has it', async () => {
    const path = newPath()
    const owner = await start(path, KEEPS_OPEN)
    await owner.stop('SIGKILL')
    const reader = new DatabaseSync(path)
    reader.exec('BEGIN; SELECT * FROM session')
    expect(await refusal(path)).toMatch(/^another process has .* open/)
    reader.close()
    await open(path)
  })

  it('has kept what it acknowledged when it is killed', async () => {
    const path = newPath()
    const owner = await start(
      path,
      `
      const backend = await openFile(path, bounds)
      const life = 'the life'
      const plain = { name: 'cart', hasChanged: true, requests: 1, used: 1 }
      await backend.append([{ ...plain, expected: undefined, becomes: { kind: 'begins', life, numbers: 0, keeps: false }, piece: '1', exchanges: [] }])
      console.log('open')
      for (let position = 1; ; position++) {
        const [outcome] = await backend.append([{
          ...plain, expected: { life, position }, becomes: { kind: 'goes-on' }, piece: String(position + 1).padEnd(2_000),
          exchanges: [{ id: 'x', size: 1, text: String(position) }],
        }])
        if (outcome === 'kept') console.log('kept ' + (position + 1))
        // What is written to a full pipe waits for the loop of events.
        await new Promise(setImmediate)
      }`,
    )
    // More than fits the log: some of it was copied into the file.
    await owner.until(/kept 4000\n/)
    const { out } = await owner.stop('SIGKILL')
    const last = Number(/kept (\d+)\n[^\n]*$/.exec(out)?.[1])
    expect(last).toBeGreaterThanOrEqual(4_000)
    const backend = await open(path)
    const found = (await backend.find([{ name: CART, life: undefined, position: 0 }])).found.get(CART)
    const position = found?.head.position ?? 0
    expect(position).toBeGreaterThanOrEqual(last)
    expect(found?.pieces.map(Number)).toEqual(Array.from({ length: position }, (_, index) => index + 1))
    expect(await backend.journalBytes()).toBe(position - 1)
    expect(found?.head.requests).toBe(position)
  })

  it('may be killed while the log is copied into the file', async () => {
    const [path, copy] = [newPath(), newPath()]
    const backend = await open(path)
    const life = newLife()
    await backend.append([begins(CART, life)])
    for (let position = 1; position < 100; position++) await backend.append([goesOn(CART, life, position, 3_000)])
    for (const end of ['', '-wal']) writeFileSync(copy + end, readFileSync(path + end))
    await backend.close()
    // The first page comes first, and says that there are more than the file has.
    writeFileSync(copy, Buffer.concat([readFileSync(path).subarray(0, 4_096), readFileSync(copy).subarray(4_096)]))
    const again = await open(copy)
    const { found } = await again.find([{ name: CART, life: undefined, position: 0 }])
    expect(found.get(CART)?.pieces).toHaveLength(100)
  })

  it('leaves one file where it closes it', async () => {
    const path = newPath()
    const backend = await open(path)
    await backend.append([begins(CART, newLife())])
    await backend.close()
    expect(readdirSync(folder).filter((file) => join(folder, file).startsWith(path))).toEqual([relative(folder, path)])
    // Nobody else may read what clients sent.
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

describe('a file that cannot be', () => {
  /** It is refused in these words, and it and what is beside it stay as they were. */
  async function expectRefused(path: string, words: RegExp | string): Promise<void> {
    const here = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
    const files = here()
    const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined
    expect(await refusal(path)).toMatch(words)
    expect(here()).toEqual(files)
    if (before) expect(readFileSync(path).equals(before)).toBe(true)
  }

  it.each([
    ['one byte', 'x'],
    ['a line', 'hello'],
    ['JSON', '{"sessions":[]}'],
    ['a longer text', 'a longer text '.repeat(500)],
    ['the beginning of one', 'SQLite format 3\0'],
    ['nothing but zeros', '\0'.repeat(4_096)],
  ])('is no database: %s', async (_, text) => {
    const path = newPath()
    writeFileSync(path, text)
    await expectRefused(path, `${path} is not a file that keeps sessions; name another, or one that can be made`)
  })

  it.each(['DELETE', 'WAL'])('is a database of something else, in mode %s', async (mode) => {
    const path = newPath()
    const other = new DatabaseSync(path)
    other.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE user (name TEXT); INSERT INTO user VALUES ('Ada')`)
    other.close()
    await expectRefused(path, `${path} is a database of something else; name another file, or one that can be made`)
    // Another program has it open.
    const again = new DatabaseSync(path)
    again.exec("INSERT INTO user VALUES ('Grace')")
    await expectRefused(path, `${path} is a database of something else; name another file, or one that can be made`)
    expect(again.prepare('SELECT count(*) AS count FROM user').get()).toEqual({ count: 2 })
    again.close()
  })

  it('is a database of something else, all of which is still in its log', async () => {
    const path = newPath()
    const other = new DatabaseSync(path)
    other.exec("PRAGMA journal_mode = WAL; CREATE TABLE user (name TEXT); INSERT INTO user VALUES ('Ada')")
    const copy = newPath()
    for (const end of ['', '-wal']) writeFileSync(copy + end, readFileSync(path + end))
    other.close()
    expect(await refusal(copy)).toBe(`${copy} is a database of something else; name another file, or one that can be made`)
    const seen = new DatabaseSync(copy)
    expect(seen.prepare('SELECT * FROM user').all()).toEqual([{ name: 'Ada' }])
    expect(seen.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'user' }])
    seen.close()
  })

  it.each([0, 2, 99])('has format %i', async (format) => {
    const path = newPath()
    await (await open(path)).close()
    const newer = new DatabaseSync(path)
    newer.exec(`PRAGMA user_version = ${format}`)
    newer.close()
    await expectRefused(path, `${path} has format ${format}, and this version reads 1; use the version that wrote it, or name another file`)
  })

  it('is damaged', async () => {
    const path = newPath()
    const backend = await open(path)
    await backend.append(Array.from({ length: 50 }, (_, index) => begins(name(`s${index}`), newLife())))
    await backend.close()
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xa5, 4_096))
    expect(await refusal(path)).toMatch(/ is damaged \(database disk image is malformed\); put back a copy of it, or name another file$/)
  })

  it('has no folder', async () => {
    const path = join(folder, 'none', 'sessions.db')
    const missing = `${path} cannot be made: there is no folder ${join(folder, 'none')}; make it, or name a file in one that there is`
    await expectRefused(path, missing)
    const file = newPath()
    writeFileSync(file, '')
    await expectRefused(join(file, 'sessions.db'), `there is no folder ${file}; make it`)
  })

  it('is a folder, or no file', async () => {
    await expectRefused(folder, `${folder} is a folder; name a file in it`)
    await expectRefused('', `${process.cwd()} is a folder; name a file in it`)
    if (process.platform !== 'win32') await expectRefused('/dev/null', '/dev/null is not a file; name one, or one that can be made')
    const link = newPath()
    symlinkSync(link, link)
    await expectRefused(link, /cannot be written \(.*\); name a file/)
  })

  // The superuser may write everywhere.
  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('may not be written', async () => {
    const path = newPath()
    await (await open(path)).close()
    chmodSync(path, 0o444)
    const denied = (place: string): RegExp =>
      new RegExp(
        `cannot be written \\(EACCES: permission denied, access '${place}'\\); name a file in a folder where there is leave and room$`,
      )
    await expectRefused(path, denied(path))
    const shut = join(folder, randomUUID())
    mkdirSync(shut)
    await (await open(join(shut, 'old.db'))).close()
    chmodSync(shut, 0o555)
    await expectRefused(join(shut, 'new.db'), denied(shut))
    await expectRefused(join(shut, 'old.db'), denied(shut))
    chmodSync(shut, 0o755)
  })
})

describe('a file', () => {
  it('is made where there is none, or an empty one, or an empty database', async () => {
    const [none, empty, nothing] = [newPath(), newPath(), newPath()]
    writeFileSync(empty, '')
    const database = new DatabaseSync(nothing)
    database.exec('PRAGMA journal_mode = WAL; VACUUM')
    database.close()
    for (const path of [none, empty, nothing]) {
      const backend = await open(path)
      expect(await backend.append([begins(CART, newLife())])).toEqual(['kept'])
      expect(await backend.names()).toEqual([CART])
    }
  })

  it.each([':memory:', 'file:sessions.db?mode=memory'])('may be called %s', async (called) => {
    const path = relative(process.cwd(), join(folder, 'sub'))
    mkdirSync(path, { recursive: true })
    const { out, err } = await new Running(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { openFile } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/store/file.ts')).href)}
         await openFile(${JSON.stringify(called)}, { maxSessions: 1, time: Date.now })
         console.log('open')`,
      ],
      { cwd: join(folder, 'sub') },
    ).ended
    expect({ out, err }).toEqual({ out: 'open\n', err: '' })
    expect(readdirSync(path)).toContain(called)
  })

  it('says what it is: its owner, its format', async () => {
    const path = newPath()
    await (await open(path)).close()
    await (await open(path)).close()
    const seen = new DatabaseSync(path)
    expect(seen.prepare('PRAGMA application_id').get()).toEqual({ application_id: 0x61_6d_63_6b })
    expect(seen.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
    seen.close()
  })

  it('holds what is kept, not what happened', async () => {
    const SESSIONS = 50
    const ROUNDS = process.env['LONG'] === '1' ? 2_000 : 400
    const path = newPath()
    const backend = await open(path)
    const lives = Array.from({ length: SESSIONS }, (_, index) => [name(`s${index}`), newLife()] as const)
    await backend.append(lives.map(([of, life]) => begins(of, life)))
    for (let position = 1; position <= ROUNDS; position++) {
      await backend.append(lives.map(([of, life]) => goesOn(of, life, position, 500)))
      await backend.trim(2_000_000)
      if (position % 50 === 0) for (const [of, life] of lives) await backend.compact(of, life, position, ['1'.repeat(2_000)])
    }
    // 100 000 appends of 1000 bytes; what is kept is some 4000 exchanges, and at most 50 pieces of 500 bytes and 2000 more of each session.
    expect(await backend.journalBytes()).toBeLessThanOrEqual(2_000_000)
    expect(statSync(path).size).toBeLessThan(10_000_000)
    expect(statSync(`${path}-wal`).size).toBeLessThan(25_000_000)
    expect((await backend.find([])).sessions).toBe(SESSIONS)
  })

  it('keeps nothing of what cannot be written', async () => {
    const backend = await open(newPath())
    const half = { id: 'half', size: 0.5, text: '1' }
    const batch = [begins(name('first'), newLife()), begins(CART, newLife(), { exchanges: [{ ...half, size: 1 }, half] })]
    await expect(backend.append(batch)).rejects.toThrow('cannot store REAL value in INTEGER column exchange.size')
    expect(await backend.names()).toEqual([])
    expect(await backend.find([])).toMatchObject({ sessions: 0 })
    expect(await backend.journalBytes()).toBe(0)
    expect(await backend.append([begins(CART, newLife())])).toEqual(['kept'])
  })

  it('gets shorter when much is let go', async () => {
    const path = newPath()
    const backend = await open(path)
    const life = newLife()
    const text = JSON.stringify('.'.repeat(100_000))
    const exchanges = Array.from({ length: 300 }, (_, index) => ({ id: `${index}`, size: 100_000, text }))
    await backend.append([begins(CART, life, { exchanges })])
    await backend.close()
    expect(statSync(path).size).toBeGreaterThan(30_000_000)
    const again = await open(path)
    for (let left = 299; left >= 0; left--) await again.trim(left * 100_000)
    await again.close()
    expect(statSync(path).size).toBeLessThan(6_000_000)
  })
})

describe('a full disk', () => {
  /** The backend on a file that may have so many pages more, until it may have as many as it wants. */
  async function nearlyFull(path: string, pages: number): Promise<{ backend: Backend; makeRoom: () => void }> {
    await (await open(path)).close()
    const db = new DatabaseSync(path)
    const count = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
    db.exec(`PRAGMA max_page_count = ${count + pages}`)
    const backend = backendOn(db, path, BOUNDS)
    opened.push(backend)
    return { backend, makeRoom: () => db.exec('PRAGMA max_page_count = 1000000') }
  }

  it('keeps nothing half, says so, and takes more when there is room', async () => {
    const path = newPath()
    const { backend, makeRoom } = await nearlyFull(path, 20)
    const life = newLife()
    await backend.append([begins(CART, life)])
    let position = 1
    let heard = 0
    await backend.listen(() => heard++)
    // The large one is the last of the batch: the rest has been written when there is no more room.
    const appendBoth = (): Promise<unknown> =>
      backend.append([begins(name(`s${position}`), newLife()), goesOn(CART, life, position, 3_000)]).then(
        () => undefined,
        (met: unknown) => met,
      )
    let error = await appendBoth()
    for (; error === undefined; error = await appendBoth()) position++
    expect(error).toStrictEqual(
      new StoreUnavailable(`${path} cannot be used just now (database or disk is full)`, { cause: expect.anything() }),
    )
    expect(position).toBeGreaterThan(1)
    expect(heard).toBe(position - 1)

    const { sessions, found } = await backend.find([{ name: CART, life, position }])
    expect(sessions).toBe(position)
    expect(found.get(CART)).toMatchObject({ head: { position, requests: position }, pieces: [] })
    expect(await backend.names()).toHaveLength(position)
    expect(await backend.journalBytes()).toBe(3_000 * (position - 1))
    expect((await backend.news(0)).news).toHaveLength(position - 1)
    expect(await backend.bound(['"nobody"'])).toBeUndefined()
    await expect(backend.append([goesOn(CART, life, position, 3_000_000)])).rejects.toThrow(StoreUnavailable)

    // What is let go makes room.
    await backend.trim(0)
    expect(await backend.append([goesOn(CART, life, position, 3_000)])).toEqual(['kept'])
    makeRoom()
    expect(await backend.append([goesOn(CART, life, position + 1, 300_000)])).toEqual(['kept'])
    expect((await backend.news(0)).news.map(({ place }) => place)).toEqual([position, position + 1])
  })

  it('refuses to begin a session, and answers all else', async () => {
    const path = newPath()
    await (await open(path)).close()
    const { backend } = await nearlyFull(path, 0)
    await expect(backend.append([begins(CART, newLife(), { piece: '1'.repeat(100_000) })])).rejects.toThrow(StoreUnavailable)
    expect(await backend.append([ends(CART, newLife(), 1)])).toEqual(['lost'])
    expect((await backend.find([])).sessions).toBe(0)
    await expect(backend.check()).resolves.toBeUndefined()
  })
})

it('is unavailable when it is closed, in words', async () => {
  const path = newPath()
  const backend = await open(path)
  await backend.close()
  const closed = new StoreUnavailable(`${path} is closed`)
  await expect(backend.find([])).rejects.toThrow(closed)
  await expect(backend.append([begins(CART, newLife())])).rejects.toThrow(closed)
  await expect(backend.trim(0)).rejects.toThrow(closed)
  await expect(backend.check()).rejects.toThrow(closed)
})
