import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { messageFrom, StoreUnavailable, UsageError } from '../base/problem.ts'
import { isSessionName, type SessionName } from '../base/session-name.ts'
import type { Append, Backend, Found, Head, KeptText, Known, News, NewsFound, Outcome } from './backend.ts'
import type { Life } from './store.ts'

/** What a file can hold, and the world's time in milliseconds since 1970. */
export interface FileBounds {
  readonly maxSessions: number
  readonly time: () => number
}

/** Says in the header of a file whose it is: "amck". https://www.sqlite.org/pragma.html#pragma_application_id */
const APPLICATION = 0x61_6d_63_6b

/**
 * What brings a file of an older format to the next one, in SQL: the first item format 1 to 2, and so on. Formats are told apart by
 * `user_version`. A change of TABLES comes with an item here.
 */
const UPGRADES: readonly string[] = []
const FORMAT = 1 + UPGRADES.length

/**
 * Sessions are known by number inside, so that a reset changes one row. `base` is the position up to which the log was compacted: its texts
 * are the parts of that place. Part 0 of what is kept under an id says only that it is kept. An exchange without text says that all of its
 * session before is forgotten: a name has one such row at most, and all others of it are of the life that the session has. `gone` is the
 * highest place that was trimmed; the next one follows from it and the rows.
 */
const TABLES = `
  CREATE TABLE mock (pid INTEGER, gone INTEGER NOT NULL) STRICT;
  INSERT INTO mock VALUES (NULL, 0);
  CREATE TABLE session (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, life TEXT NOT NULL, position INTEGER NOT NULL, base INTEGER NOT NULL,
    begun REAL NOT NULL, used REAL NOT NULL, requests INTEGER NOT NULL, next_request INTEGER NOT NULL, next_control INTEGER NOT NULL,
    has_changed INTEGER NOT NULL, has_lost INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX session_unchanged ON session (used) WHERE NOT has_changed;
  CREATE TABLE piece (
    session INTEGER NOT NULL, position INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (session, position, part)
  ) STRICT;
  CREATE TABLE kept (
    session INTEGER NOT NULL, id TEXT NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (session, id, part)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE binding (key TEXT PRIMARY KEY, session INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX binding_session ON binding (session);
  CREATE TABLE exchange (place INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL, text TEXT) STRICT;
  CREATE INDEX exchange_name ON exchange (name, size);
`

/** So long a lock is waited for, in milliseconds. */
const LOCK_MS = 200

/** What a row of `exchange` without text counts for against the bound of the journal, in bytes. */
const FORGOTTEN_BYTES = 1000
/** So much of the journal is told at once, in bytes, or one request. */
const NEWS_BYTES = 1_000_000

/**
 * The write-ahead log is copied into the file whenever it has so many pages of 4096 bytes, and cut to so many bytes after a transaction that
 * made it longer. A copy waits for the disk: with SQLite's 1000 pages it came so often that appends took a third longer.
 */
const LOG_PAGES = 4000
const LOG_BYTES = 16_777_216
/** Pages that hold nothing are used again. Where there are more than these, and a quarter of all, the file is made shorter by a few at once. */
const FREE_PAGES = 1000
const FREED_PAGES = 250

/**
 * Sessions in a file of SQLite. It belongs to this process until it is closed or the process ends, however it ends: the lock is the
 * operating system's. On a network's file system the lock may not hold.
 *
 * What was acknowledged survives the end of the process. A power cut may lose the last of it, since nothing waits for the disk but the
 * copying of the log into the file: then the file is as it was after some earlier append, and not damaged.
 * https://www.sqlite.org/pragma.html#pragma_synchronous
 * @throws UsageError for a file that another process has, that is not such a file, or that cannot be made or written
 */
export async function openFile(name: string, bounds: FileBounds): Promise<Backend> {
  // Not before there is a file: others need no SQLite.
  const { DatabaseSync } = await import('node:sqlite')
  // SQLite has a meaning of its own for `:memory:`, `file:…` and no name at all, but not for a whole path.
  const path = resolve(name)
  let pid: number | undefined
  let db: DatabaseSync | undefined
  try {
    if (sizeOf(path) > 0) {
      // This way nothing is locked, and nothing beside the file is read, so that one of somebody else's stays as it is.
      const address = pathToFileURL(path)
      address.search = '?immutable=1'
      using seen = new DatabaseSync(address, { readOnly: true, defensive: false })
      // Where the log was being copied when its owner was killed, the file is shorter than it says: without this that would be damage.
      seen.exec('PRAGMA writable_schema = ON')
      if (refuseForeign(seen, path) > 0) pid = pidIn(seen)
    }
    // It holds what clients sent, tokens included: nobody else's business. What SQLite puts beside it gets the same mode.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    // Of two that open it at once neither would get the lock if none waited for the other to give up.
    db = new DatabaseSync(path, { timeout: LOCK_MS })
    own(db, path)
    return backendOn(db, path, bounds)
  } catch (error) {
    db?.close()
    throw refusal(error, path, pid)
  }
}

/** In bytes; 0 where there is none yet. @throws where there cannot be a file, or where it is too short for a database */
function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  const folder = dirname(path)
  if (!found && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`${path} cannot be made: there is no folder ${folder}; make it, or name a file in one that there is`)
  if (found?.isDirectory() === true) throw new UsageError(`${path} is a folder; name a file in it`)
  if (found?.isFile() === false) throw new UsageError(`${path} is not a file; name one, or one that can be made`)
  // Of these SQLite says that there is an I/O error. Its log is a second file in the folder.
  for (const written of found ? [path, folder] : [folder]) accessSync(written, constants.W_OK)
  const size = found?.size ?? 0
  // SQLite would take the one byte of a file for none.
  if (size > 0 && size < 512) throw notDatabase(path)
  return size
}

const notDatabase = (path: string): UsageError =>
  new UsageError(`${path} is not a file that keeps sessions; name another, or one that can be made`)

/** @returns the file's format; 0 where nothing is in it. @throws UsageError where somebody else made it, or another version */
function refuseForeign(db: DatabaseSync, path: string): number {
  const application = numberIn(db, 'PRAGMA application_id', 'application_id')
  const format = numberIn(db, 'PRAGMA user_version', 'user_version')
  if (application === 0 && format === 0 && numberIn(db, 'SELECT count(*) AS count FROM sqlite_schema', 'count') === 0) return 0
  if (application !== APPLICATION)
    throw new UsageError(`${path} is a database of something else; name another file, or one that can be made`)
  if (format < 1 || format > FORMAT)
    throw new UsageError(
      `${path} has format ${format}, and this version reads ${FORMAT === 1 ? '1' : `1 to ${FORMAT}`}; ` +
        'use the version that wrote it, or name another file',
    )
  return format
}

/** The process that has the file, or had it last. The page that says it is written once, as the file is opened. */
function pidIn(db: DatabaseSync): number | undefined {
  try {
    const pid = db.prepare('SELECT pid FROM mock').get()?.['pid']
    return typeof pid === 'number' ? pid : undefined
  } catch {
    // Its owner writes just now.
    return undefined
  }
}

/** Takes the file for this process, and makes what it lacks. */
function own(db: DatabaseSync, path: string): void {
  // The lock stays: https://www.sqlite.org/wal.html#noshm. How pages are let go cannot be said after the first transaction of an empty file.
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; BEGIN EXCLUSIVE')
  // A second look, since the first was at the file alone, and not at its log.
  const format = refuseForeign(db, path)
  db.exec('ROLLBACK; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000')
  db.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES}; BEGIN EXCLUSIVE`)
  if (format === 0) db.exec(`${TABLES}; PRAGMA application_id = ${APPLICATION}`)
  else for (const upgrade of UPGRADES.slice(format - 1)) db.exec(upgrade)
  db.exec(`PRAGMA user_version = ${FORMAT}`)
  db.prepare('UPDATE mock SET pid = ?').run(process.pid)
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)')
}

/** What SQLite says of a file that cannot be opened, in words. @param pid who had the file when it was looked at */
function refusal(error: unknown, path: string, pid: number | undefined): unknown {
  const code = codeOf(error)
  if (code === BUSY) {
    const who = pid !== undefined && isAlive(pid) ? `process ${pid}${pid === process.pid ? ', this one,' : ''}` : 'another process'
    return new UsageError(`${who} has ${path} open, and a file can be open only once; stop or close that one, or name another file`)
  }
  if (code === NOT_DATABASE) return notDatabase(path)
  if (code === CORRUPT) return new UsageError(`${path} is damaged (${messageFrom(error)}); put back a copy of it, or name another file`)
  if (error instanceof UsageError || (code === undefined ? !isSystemError(error) : BUGS.has(code))) return error
  return new UsageError(`${path} cannot be written (${messageFrom(error)}); name a file in a folder where there is leave and room`)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** https://www.sqlite.org/rescode.html: the first eight bits say the kind. */
const BUSY = 5
const CORRUPT = 11
const NOT_DATABASE = 26
/** ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE and RANGE: the program is wrong, not the database. */
const BUGS: ReadonlySet<number> = new Set([1, 18, 19, 20, 21, 25])

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

type Row = Readonly<Record<string, SQLOutputValue>>

function numberOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`${column} is ${String(value)}, not a number`)
  return value
}

function textOf(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`${column} is ${String(value)}, not a text`)
  return value
}

function nameOf(row: Row): SessionName {
  const name = textOf(row, 'name')
  if (!isSessionName(name)) throw new TypeError(`"${name}" is no name of a session`)
  return name
}

function lifeOf(row: Row): Life {
  const life = textOf(row, 'life')
  const isLife = (text: string): text is Life => text !== ''
  if (!isLife(life)) throw new TypeError('a session has no life')
  return life
}

const textsOf = (rows: readonly Row[]): string[] => rows.map((row) => textOf(row, 'text'))

function numberIn(db: DatabaseSync, query: string, column: string): number {
  return numberOf(db.prepare(query).get() ?? {}, column)
}

/** A session as its row has it. */
interface Kept {
  readonly id: number
  readonly base: number
  readonly head: Head
}

function keptOf(row: Row): Kept {
  const head: Head = {
    name: nameOf(row),
    life: lifeOf(row),
    position: numberOf(row, 'position'),
    begun: numberOf(row, 'begun'),
    used: numberOf(row, 'used'),
    requests: numberOf(row, 'requests'),
    hasChanged: numberOf(row, 'has_changed') === 1,
    hasLost: numberOf(row, 'has_lost') === 1,
  }
  return { id: numberOf(row, 'id'), base: numberOf(row, 'base'), head }
}

/** The backend on a database that this process owns and that has its tables. @param path what its errors call it */
export function backendOn(db: DatabaseSync, path: string, { maxSessions, time }: FileBounds): Backend {
  const sql = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    session: db.prepare('SELECT * FROM session WHERE name = ?'),
    addSession: db.prepare('INSERT INTO session VALUES (NULL, ?, ?, 1, 0, ?, ?, ?, ?, ?, ?, 0)'),
    resetSession: db.prepare(
      `UPDATE session SET life = ?, position = 1, base = 0, begun = ?, used = ?, requests = ?, next_request = ?, next_control = ?,
       has_changed = ?, has_lost = 0 WHERE id = ?`,
    ),
    goOn: db.prepare(
      `UPDATE session SET position = position + 1, requests = requests + ?, used = max(used, ?), has_changed = has_changed OR ?
       WHERE id = ?`,
    ),
    use: db.prepare('UPDATE session SET requests = requests + ?, used = max(used, ?) WHERE name = ? AND life = ?'),
    dropSession: db.prepare('DELETE FROM session WHERE id = ?'),
    lose: db.prepare('UPDATE session SET has_lost = 1 WHERE name = ?'),
    takeRequests: db.prepare(
      'UPDATE session SET next_request = next_request + ? WHERE name = ? AND life = ? RETURNING next_request AS next',
    ),
    takeControls: db.prepare(
      'UPDATE session SET next_control = next_control + ? WHERE name = ? AND life = ? RETURNING next_control AS next',
    ),
    names: db.prepare('SELECT name FROM session'),
    unused: db.prepare('SELECT * FROM session WHERE used < ? ORDER BY used LIMIT ?'),
    givingWay: db.prepare('SELECT * FROM session WHERE NOT has_changed ORDER BY used LIMIT 1'),
    pieces: db.prepare('SELECT text FROM piece WHERE session = ? AND position > ? ORDER BY position, part'),
    addPiece: db.prepare('INSERT INTO piece VALUES (?, ?, ?, ?)'),
    dropPieces: db.prepare('DELETE FROM piece WHERE session = ? AND position <= ?'),
    compacted: db.prepare('UPDATE session SET base = ? WHERE id = ?'),
    kept: db.prepare('SELECT text FROM kept JOIN session ON session.id = kept.session WHERE name = ? AND kept.id = ? ORDER BY part'),
    keep: db.prepare('INSERT INTO kept VALUES (?, ?, ?, ?)'),
    forgetKept: db.prepare('DELETE FROM kept WHERE session = ? AND id = ?'),
    forgetAllKept: db.prepare('DELETE FROM kept WHERE session = ?'),
    holder: db.prepare('SELECT session FROM binding WHERE key = ?'),
    bound: db.prepare('SELECT name FROM binding JOIN session ON session.id = binding.session WHERE key = ?'),
    bind: db.prepare('INSERT OR REPLACE INTO binding VALUES (?, ?)'),
    unbind: db.prepare('DELETE FROM binding WHERE key = ? AND session = ?'),
    unbindAll: db.prepare('DELETE FROM binding WHERE session = ?'),
    addExchange: db.prepare('INSERT INTO exchange VALUES (?, ?, ?, ?)'),
    exchangeBytes: db.prepare('SELECT total(size) AS bytes FROM exchange WHERE name = ?'),
    dropExchanges: db.prepare('DELETE FROM exchange WHERE name = ?'),
    oldest: db.prepare('SELECT place, name, size, text IS NULL AS is_forgotten FROM exchange ORDER BY place'),
    trim: db.prepare('DELETE FROM exchange WHERE place <= ?'),
    trimmed: db.prepare('UPDATE mock SET gone = ?'),
    news: db.prepare('SELECT * FROM exchange WHERE place > ? ORDER BY place'),
    touch: db.prepare('UPDATE mock SET gone = gone'),
    free: db.prepare('PRAGMA freelist_count'),
    pages: db.prepare('PRAGMA page_count'),
  }
  const gone = numberIn(db, 'SELECT gone FROM mock', 'gone')
  /** What would take a look at every row otherwise. A transaction that fails leaves them as they were. */
  let counts = {
    sessions: numberIn(db, 'SELECT count(*) AS count FROM session', 'count'),
    /** What the journal takes. */
    bytes: numberIn(db, 'SELECT total(size) AS bytes FROM exchange', 'bytes'),
    /** Of the last row that there was. */
    place: Math.max(gone, numberIn(db, 'SELECT coalesce(max(place), 0) AS place FROM exchange', 'place')),
    gone,
  }

  function answer<T>(work: () => T): T {
    if (!db.isOpen) throw new StoreUnavailable(`${path} is closed`)
    try {
      return work()
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined || BUGS.has(code)) throw error
      throw new StoreUnavailable(`${path} cannot be used just now (${messageFrom(error)})`, { cause: error })
    }
  }

  /** Nobody else has the file: all news come from here. */
  const hearers = new Set<() => void>()

  /** Everything that the work writes is kept, or nothing. */
  function write<T>(work: () => T): T {
    const before = { ...counts }
    const result = answer(() => {
      sql.begin.run()
      try {
        const made = work()
        sql.commit.run()
        return made
      } catch (error) {
        counts = before
        // SQLite may have done so itself.
        if (db.isTransaction) sql.rollback.run()
        throw error
      }
    })
    if (counts.place !== before.place || counts.gone !== before.gone) for (const hear of hearers) hear()
    return result
  }

  function sessionOf(name: SessionName): Kept | undefined {
    const row = sql.session.get(name)
    return row && keptOf(row)
  }

  function addExchanges(name: SessionName, exchanges: readonly KeptText[]): void {
    for (const { size, text } of exchanges) {
      counts.place += 1
      counts.bytes += size
      sql.addExchange.run(counts.place, name, size, text)
    }
  }

  function forgetExchanges(name: SessionName): void {
    counts.bytes += FORGOTTEN_BYTES - numberOf(sql.exchangeBytes.get(name) ?? {}, 'bytes')
    counts.place += 1
    sql.dropExchanges.run(name)
    sql.addExchange.run(counts.place, name, FORGOTTEN_BYTES, null)
  }

  /** Leaves the row of the session. */
  function forget({ id, head }: Kept, keeps: boolean): void {
    sql.dropPieces.run(id, head.position)
    forgetExchanges(head.name)
    if (keeps) return
    sql.forgetAllKept.run(id)
    sql.unbindAll.run(id)
  }

  /** Begins a session, or another life of one. @returns its number */
  function begin({ name, hasChanged, requests, used }: Append, life: Life, numbers: number, now: Kept | undefined): number {
    const values = [life, used, used, requests, numbers + 1, numbers + 1, Number(hasChanged)] as const
    if (now) {
      sql.resetSession.run(...values, now.id)
      return now.id
    }
    counts.sessions += 1
    return Number(sql.addSession.run(name, ...values).lastInsertRowid)
  }

  /** @returns the number of the session; undefined where there is none any more */
  function become(item: Append, now: Kept | undefined): number | undefined {
    const { becomes } = item
    switch (becomes.kind) {
      case 'goes-on':
        if (now) sql.goOn.run(item.requests, item.used, Number(item.hasChanged), now.id)
        return now?.id
      case 'begins':
        if (now) forget(now, becomes.keeps)
        return begin(item, becomes.life, becomes.numbers, now)
      case 'ends':
        if (now) {
          forget(now, false)
          sql.dropSession.run(now.id)
          counts.sessions -= 1
        }
        return undefined
      default:
        return becomes satisfies never
    }
  }

  /** Whether it is kept is settled before anything of it is written. */
  function append(item: Append): Outcome {
    const { name, becomes, expected, bind = [], unbind = [], keep, forget: forgotten = [] } = item
    const now = sessionOf(name)
    const isAsExpected = now?.head.life === expected?.life && now?.head.position === expected?.position
    const isOfAnother = (key: string): boolean => {
      const holder = sql.holder.get(key)
      return holder !== undefined && numberOf(holder, 'session') !== now?.id
    }
    if (!isAsExpected || (now === undefined && becomes.kind !== 'begins') || bind.some(isOfAnother)) return 'lost'
    if (now === undefined && counts.sessions >= maxSessions) return 'full'

    const id = become(item, now)
    if (id === undefined) return 'kept'
    sql.addPiece.run(id, becomes.kind === 'begins' || !now ? 1 : now.head.position + 1, 0, item.piece)
    addExchanges(name, item.exchanges)
    for (const key of unbind) sql.unbind.run(key, id)
    for (const key of bind) sql.bind.run(key, id)
    for (const one of forgotten) sql.forgetKept.run(id, one)
    if (keep) {
      sql.forgetKept.run(id, keep.id)
      for (const [part, text] of ['', ...keep.texts].entries()) sql.keep.run(id, keep.id, part, text)
    }
    return 'kept'
  }

  function find({ name, life, position }: Known): Found | undefined {
    const now = sessionOf(name)
    if (!now) return undefined
    // Who knows more than there is has seen what a copy that was put back does not hold.
    const isWhole = life !== now.head.life || position < now.base || position > now.head.position
    const isLacking = isWhole || position < now.head.position
    return { head: now.head, isWhole, pieces: isLacking ? textsOf(sql.pieces.all(now.id, isWhole ? 0 : position)) : [] }
  }

  function news(behind: number): NewsFound {
    const news: News[] = []
    let bytes = 0
    for (const row of sql.news.iterate(behind)) {
      const place = numberOf(row, 'place')
      bytes += numberOf(row, 'size')
      if (news.length > 0 && bytes > NEWS_BYTES) return { news, gone: counts.gone, isMore: true }
      news.push(row['text'] === null ? { kind: 'forgotten', place, name: nameOf(row) } : { kind: 'kept', place, text: textOf(row, 'text') })
    }
    return { news, gone: counts.gone, isMore: false }
  }

  function trim(most: number): void {
    const losers = new Set<SessionName>()
    for (const row of sql.oldest.iterate()) {
      if (counts.bytes <= most) break
      counts.bytes -= numberOf(row, 'size')
      counts.gone = numberOf(row, 'place')
      if (numberOf(row, 'is_forgotten') === 0) losers.add(nameOf(row))
    }
    sql.trim.run(counts.gone)
    sql.trimmed.run(counts.gone)
    for (const name of losers) sql.lose.run(name)
    shrink()
  }

  function compact(now: Kept, position: number, texts: readonly string[]): void {
    sql.dropPieces.run(now.id, position)
    for (const [part, text] of texts.entries()) sql.addPiece.run(now.id, position, part, text)
    sql.compacted.run(position, now.id)
    shrink()
  }

  /** Makes the file shorter where much of it holds nothing. */
  function shrink(): void {
    const free = numberOf(sql.free.get() ?? {}, 'freelist_count')
    if (free > FREE_PAGES && free > numberOf(sql.pages.get() ?? {}, 'page_count') / 4) db.exec(`PRAGMA incremental_vacuum(${FREED_PAGES})`)
  }

  return {
    find: async (known) =>
      answer(() => {
        const found = known.flatMap((one) => {
          const session = find(one)
          return session ? [[one.name, session] as const] : []
        })
        return { time: time(), sessions: counts.sessions, found: new Map(found) }
      }),
    append: async (appends) =>
      write(() => {
        const outcomes = appends.map(append)
        if (appends.some(({ becomes }) => becomes.kind !== 'goes-on')) shrink()
        return outcomes
      }),
    takeNumbers: async (name, life, of, count) =>
      write(() => {
        const row = (of === 'requests' ? sql.takeRequests : sql.takeControls).get(count, name, life)
        return row && numberOf(row, 'next') - count
      }),
    use: async (uses) =>
      write(() => {
        for (const { name, life, requests, used, exchanges } of uses)
          if (sql.use.run(requests, used, name, life).changes === 1) addExchanges(name, exchanges)
      }),
    kept: async (name, id) =>
      answer(() => {
        const [first, ...texts] = textsOf(sql.kept.all(name, id))
        return first === undefined ? undefined : texts
      }),
    compact: async (name, life, position, texts) =>
      write(() => {
        const now = sessionOf(name)
        if (now?.head.life === life && now.base < position && position <= now.head.position) compact(now, position, texts)
      }),
    names: async () => answer(() => sql.names.all().map(nameOf).toSorted()),
    unused: async (since, most) => answer(() => sql.unused.all(since, most).map((row) => keptOf(row).head)),
    givingWay: async () =>
      answer(() => {
        const row = sql.givingWay.get()
        return row && keptOf(row).head
      }),
    bound: async (keys) =>
      answer(() => {
        for (const key of keys) {
          const row = sql.bound.get(key)
          if (row) return nameOf(row)
        }
        return undefined
      }),
    news: async (behind) => answer(() => news(behind)),
    trim: async (bytes) => {
      if (answer(() => counts.bytes) > bytes) write(() => trim(bytes))
    },
    journalBytes: async () => answer(() => counts.bytes),
    listen: async (hear) => {
      const hearer = (): void => hear()
      hearers.add(hearer)
      return () => void hearers.delete(hearer)
    },
    // A page has to be written for it.
    check: async () => write(() => void sql.touch.run()),
    close: async () => {
      if (db.isOpen) db.close()
    },
  }
}
