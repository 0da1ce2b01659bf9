import { setTimeout as pause } from 'node:timers/promises'
import type { Client, ClientConfig, QueryResultRow } from 'pg'
import { nearest } from '../base/nearest.ts'
import { messageFrom, StoreUnavailable, UsageError } from '../base/problem.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Append, Backend, Found, Head, News, Outcome, Use } from './backend.ts'
import type { Life, StoreSettings } from './store.ts'
import { FORMAT, quoted, type Asked, statementsOf, upgrade } from './postgres-schema.ts'

/** Sessions in a PostgreSQL database, for several servers at once. */

/** How long a connection may take, and how long one may be waited for where all are in use; in milliseconds, as all here. */
const CONNECT_MS = 5_000
const LOCK_MS = 5_000
/** The server gives up before the client does, who would not know then what became of it. */
const STATEMENT_MS = 7_000
const QUERY_MS = 8_000
/** For a schema that others are making just now. */
const OPENING_MS = 60_000
const HEARTBEAT_MS = 5_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** A database that comes and goes is not told of more often. */
const QUIET_MS = 10_000
/** A read that fails sooner met a connection that was broken before. */
const AT_ONCE_MS = 1_000
const MAX_CONNECTIONS = 8

export interface Bounds {
  readonly maxSessions: number
  /** How long to try where the server is not reachable yet, in milliseconds; 0: once. */
  readonly waitMs: number
  /** Told once when the database is lost, and once when it is back. */
  readonly onTrouble: StoreSettings['onTrouble']
}

/**
 * Makes what it needs in the schema that the URL names, or brings it up to date.
 * @param url `postgres://user:password@host:5432/database?schema=name`
 * @throws UsageError where the URL, the role or the schema will not do, or the server cannot be reached in time; it tells no password
 */
export async function openPostgres(url: string, { maxSessions, waitMs, onTrouble }: Bounds): Promise<Backend> {
  const { schema, connectionString } = addressOf(url)
  const { default: pg } = await import('pg')
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, toNumber)
  const config: ClientConfig = {
    connectionString,
    types,
    fallback_application_name: 'allocation-mock',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  }
  const timed: ClientConfig = {
    ...config,
    query_timeout: QUERY_MS,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
  }
  const clientOf = (config: ClientConfig): Client => {
    try {
      return new pg.Client(config)
    } catch (error) {
      throw new UsageError(`the URL of the database cannot be used: ${messageFrom(error)}`, { cause: error })
    }
  }

  const { host, port, database } = clientOf(config)
  const named = database === undefined || database === '' ? '' : `, database ${database}`
  const where = `PostgreSQL at ${host.startsWith('/') ? host : `${host}:${port}`}${named}`
  await untilReached(where, waitMs, onTrouble, () => prepare(clientOf({ ...config, query_timeout: OPENING_MS }), schema, where))

  const trouble = tellingOnce(onTrouble, where)
  const pool = new pg.Pool({
    ...timed,
    min: 1,
    max: MAX_CONNECTIONS,
    // The plan of a statement does not hang on what is asked for, and making one takes as long as following it.
    async onConnect(client) {
      await client.query('SET plan_cache_mode = force_generic_plan')
    },
  })
  // A connection broke that nobody uses. The pool makes another when one is needed, and whoever needs it hears of what is wrong then.
  pool.on('error', () => {})
  // The plan of a statement never hangs on what is asked for, and to make one takes as long as to follow it.
  const statements = statementsOf(schema)

  /** What writes is never repeated: it may have been kept. A read is, over another connection, where the first one was broken before. */
  async function query<Row extends QueryResultRow>(asked: Asked, values: readonly unknown[], isRead = false): Promise<readonly Row[]> {
    if (pool.ending) throw new StoreUnavailable(`${where} is closed here`)
    const began = performance.now()
    try {
      const { rows } = await pool.query<Row>({ name: asked, text: statements[asked], values: [...values] })
      trouble.back()
      return rows
    } catch (error) {
      const kind = troubleOf(error)
      if (!kind) throw error
      if (pool.ending) throw new StoreUnavailable(`${where} is closed here`, { cause: error })
      if (isRead && kind === 'unreachable' && performance.now() - began < AT_ONCE_MS) return query(asked, values)
      if (kind === 'unreachable') trouble.lost(reasonOf(error))
      throw new StoreUnavailable(`${where} ${TOLD[kind]}: ${reasonOf(error)}`, { cause: error })
    }
  }
  const read = <Row extends QueryResultRow>(asked: Asked, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    query<Row>(asked, values, true)

  /** The one row that there always is. */
  function only<Row>([row]: readonly Row[]): Row {
    if (row === undefined) throw new StoreUnavailable(`${where} fails: a table of the schema ${schema} is empty`)
    return row
  }

  async function put(puts: readonly (Append | Use)[]): Promise<readonly Outcome[]> {
    if (puts.length === 0) return []
    const apart = puts.flatMap((put, place) => withPlace(place, 'becomes' in put ? apartOf(put) : []))
    const exchanges = puts.flatMap((put, place) => withPlace(place, put.exchanges))
    const most = Math.min(maxSessions, Number.MAX_SAFE_INTEGER)
    const values = [JSON.stringify(puts.map(itemOf)), JSON.stringify(apart), JSON.stringify(exchanges), most]
    return only(await query<{ outcomes: readonly Outcome[] }>('put', values)).outcomes
  }

  const ear = earOf(() => clientOf(timed), schema, where, trouble)

  return {
    async find(known) {
      const rows = await read<FoundRow>('find', [
        known.map(({ name }) => name),
        known.map(({ life }) => life ?? null),
        known.map(({ position }) => position),
      ])
      const found = rows.flatMap((row): [SessionName, Found][] =>
        row.name === null ? [] : [[row.name, { head: headOf(row), isWhole: row.is_whole, pieces: row.pieces ?? [] }]],
      )
      const { time, sessions } = only(rows)
      return { time, sessions, found: new Map(found) }
    },
    append: put,
    async takeNumbers(name, life, of, count) {
      const [row] = await query<{ first: number }>(of === 'requests' ? 'takeRequests' : 'takeControls', [name, life, count])
      return row?.first
    },
    async use(uses) {
      await put(uses)
    },
    async kept(name, id) {
      const [row] = await read<{ texts: readonly string[] }>('kept', [name, id])
      return row?.texts
    },
    async compact(name, life, position, texts) {
      await query('compact', [name, life, position, JSON.stringify(texts)])
    },
    async names() {
      return (await read<{ name: SessionName }>('names')).map(({ name }) => name)
    },
    async unused(since, most) {
      return (await read<HeadRow>('unused', [since, most])).map(headOf)
    },
    async givingWay() {
      const [row] = await read<HeadRow>('givingWay')
      return row && headOf(row)
    },
    async bound(keys) {
      const [row] = await read<{ name: SessionName }>('bound', [keys])
      return row?.name
    },
    async news(behind) {
      const rows = await read<NewsRow>('news', [behind])
      const news = rows.flatMap(({ place, name, text }): News[] => {
        if (place === null) return []
        return [text === null ? { kind: 'forgotten', place, name } : { kind: 'kept', place, text }]
      })
      const { gone, is_more } = only(rows)
      return { news, gone, isMore: is_more ?? false }
    },
    async trim(bytes) {
      await query('letGo', [bytes])
    },
    async journalBytes() {
      return only(await read<{ bytes: number }>('journalBytes')).bytes
    },
    listen: ear.listen,
    async check() {
      only(await query('check', []))
    },
    async close() {
      if (pool.ending) return
      ear.close()
      await pool.end()
    },
  }
}

interface HeadRow {
  readonly name: SessionName
  readonly life: Life
  readonly position: number
  readonly begun: number
  readonly used: number
  readonly requests: number
  readonly has_changed: boolean
  readonly has_lost: boolean
}

type FoundRow = { readonly time: number; readonly sessions: number } & (
  { readonly name: null } | (HeadRow & { readonly is_whole: boolean; readonly pieces: readonly string[] | null })
)

type NewsRow = { readonly gone: number; readonly is_more: boolean | null } & (
  | { readonly place: null; readonly name: null; readonly text: null }
  | { readonly place: number; readonly name: SessionName; readonly text: string | null }
)

function headOf({ name, life, position, begun, used, requests, has_changed, has_lost }: HeadRow): Head {
  return { name, life, position, begun, used, requests, hasChanged: has_changed, hasLost: has_lost }
}

/** What the database's `put` reads. */
type Item = Readonly<Record<string, unknown>>

function withPlace(place: number, all: readonly object[]): readonly Item[] {
  return all.map((one) => ({ nth: place + 1, ...one }))
}

function itemOf(put: Append | Use): Item {
  const { name, requests, used } = put
  if (!('becomes' in put)) return { name, kind: 'is-used', life: put.life, requests, used }
  const { expected, becomes, piece, hasChanged } = put
  const life = becomes.kind === 'begins' ? { new_life: becomes.life } : {}
  return { name, kind: becomes.kind, ...expected, ...life, piece, has_changed: hasChanged, requests, used }
}

/** What is done with the session as a whole, if anything. */
function apartOf({ name, expected, becomes, used, bind, unbind, keep, forget }: Append): readonly Item[] {
  const { kind } = becomes
  const more = { bind: someOf(bind), unbind: someOf(unbind), keep_id: keep?.id, keep_texts: keep?.texts, forget: someOf(forget) }
  if (kind === 'goes-on' && Object.values(more).every((one) => one === undefined)) return []
  const life = kind === 'begins' ? { new_life: becomes.life, numbers: becomes.numbers } : {}
  const keeps = kind === 'begins' && becomes.keeps
  return [{ name, kind, ...expected, ...life, keeps, used, ...more }]
}

function someOf<T>(list: readonly T[] = []): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}

/** What a bigint of the database is here. */
function toNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new RangeError(`the database has the number ${text}, which is too large`)
  return number
}

/** What a URL may say behind its question mark: what the driver knows of it, and the schema. */
const PARAMETERS = [
  'schema',
  'host',
  'port',
  'user',
  'password',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'application_name',
  'options',
]
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']
const DEFAULT_SCHEMA = 'allocation_mock'
const EXAMPLE = 'postgres://user:password@host:5432/database?schema=team_a'

/** Takes the schema out of the URL. What the URL says else is the driver's. No message quotes it: a password may be anywhere in a broken one. */
function addressOf(url: string): { readonly schema: string; readonly connectionString: string } {
  // A sign of a password that is not encoded ends the part that it stands in, and the rest of it would be read as another part: an @ then follows.
  const [, base = '', query = ''] = /^(postgres(?:ql)?:\/\/[^/?#]*(?:\/[^@?#]*)?)(?:\?([^@#]*))?$/.exec(url) ?? []
  // Without a host, which a parameter names then, it is none for the parser.
  if (!URL.canParse(base.replace(/@(?=\/|$)/, '@host')))
    throw new UsageError(
      `the URL of the database cannot be read; give one like ${EXAMPLE}, with signs in a password encoded, %40 for @, %2F for /, and a port up to 65535`,
    )
  const parameters = new URLSearchParams(query)
  const stray = [...parameters.keys()].find((name) => !PARAMETERS.includes(name))
  const twice = PARAMETERS.find((name) => parameters.getAll(name).length > 1)
  if (twice !== undefined) throw new UsageError(`the URL of the database has the parameter "${twice}" twice; give it once`)
  if (stray !== undefined)
    throw new UsageError(`the URL of the database has the parameter "${stray}"; known are ${nearest(stray, PARAMETERS).join(', ')}`)
  const schema = parameters.get('schema') ?? DEFAULT_SCHEMA
  if (!/^\w{1,63}$/.test(schema) || /^(pg_|information_schema$)/i.test(schema))
    throw new UsageError(
      `the URL of the database names the schema "${schema}"; give 1 to 63 letters, digits and underscores, and none of PostgreSQL's own (pg_…, information_schema)`,
    )
  const mode = parameters.get('sslmode') ?? 'disable'
  if (!SSL_MODES.includes(mode)) throw new UsageError(`the URL of the database has sslmode=${mode}; known are ${SSL_MODES.join(', ')}`)
  parameters.delete('schema')
  // What sslmode says is what PostgreSQL's own documentation says of it; the driver warns of its own meaning on every start.
  if (parameters.has('sslmode') && !parameters.has('uselibpqcompat')) parameters.set('uselibpqcompat', 'true')
  return { schema, connectionString: parameters.size > 0 ? `${base}?${parameters.toString()}` : base }
}

/** Tries until the server is there. */
async function untilReached(
  where: string,
  waitMs: number,
  onTrouble: (message: string) => void,
  attempt: () => Promise<void>,
): Promise<void> {
  const end = performance.now() + waitMs
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, 1_000)) {
    try {
      return await attempt()
    } catch (error) {
      const kind = error instanceof UsageError ? undefined : troubleOf(error)
      if (!kind) throw error
      if (performance.now() + ms > end) {
        const waited = waitMs > 0 ? `, after ${waitMs / 1_000} s` : ''
        throw new UsageError(
          `${where} ${TOLD[kind]}${waited}: ${reasonOf(error)}; start it, or correct the URL; --wait-for-store 30s waits until it is there`,
          { cause: error },
        )
      }
      if (ms === FIRST_PAUSE_MS) onTrouble(`${where} ${TOLD[kind]} yet: ${reasonOf(error)}; waiting for it, up to ${waitMs / 1_000} s`)
    }
    await pause(ms)
  }
}

/** Makes the schema and its tables, or brings them to this format: in one transaction, and one server after the other. */
async function prepare(client: Client, schema: string, where: string): Promise<void> {
  // Otherwise an error that comes while nobody asks would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('BEGIN')
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('allocation-mock ' || $1, 0))`, [schema])
    const { rows } = await client.query<Rights>(RIGHTS, [schema])
    const [rights] = rows
    const lacking = rights && lackingOf(rights, schema)
    if (lacking !== undefined) throw new UsageError(`${where}: ${lacking}`)
    if (!rights?.has_schema) await client.query(`CREATE SCHEMA ${quoted(schema)}`)
    const format = rights?.has_tables ? await formatOf(client, schema) : 0
    if (format > FORMAT)
      throw new UsageError(
        `${where}: the schema ${schema} is of format ${format}, and this version knows ${FORMAT} at most; use the version that made it, or a newer one, or another schema (?schema=NAME)`,
      )
    if (format < FORMAT) await client.query(upgrade(schema, format))
    await client.query('COMMIT')
  } catch (error) {
    throw refusalOf(error, schema, where, client.user ?? '') ?? error
  } finally {
    await client.end().catch(() => {})
  }
}

async function formatOf(client: Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ format: number }>(`SELECT format FROM ${quoted(schema)}.mock`)
  return rows[0]?.format ?? 0
}

interface Rights {
  readonly role: string
  readonly database: string
  readonly encoding: string
  readonly may_make_schemas: boolean
  readonly only_reads: boolean
  readonly has_schema: boolean
  readonly may_use: boolean | null
  readonly may_make_tables: boolean | null
  readonly has_tables: boolean
  readonly has_closed_table: boolean
}

const RIGHTS = `
  SELECT current_user AS role, current_database() AS database, current_setting('server_encoding') AS encoding,
    has_database_privilege(current_database(), 'CREATE') AS may_make_schemas,
    current_setting('transaction_read_only') = 'on' AS only_reads,
    n.oid IS NOT NULL AS has_schema,
    has_schema_privilege(n.oid, 'USAGE') AS may_use,
    has_schema_privilege(n.oid, 'CREATE') AS may_make_tables,
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'mock') AS has_tables,
    EXISTS (
      SELECT FROM pg_class c CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p
      WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, p)
    ) AS has_closed_table
  FROM (SELECT) AS one LEFT JOIN pg_namespace n ON n.nspname = $1`

/** What the role may not do and has to, with the statement that would let it; what of the database will not do. */
function lackingOf(rights: Rights, schema: string): string | undefined {
  const role = quoted(rights.role)
  const grant = (what: string, statement: string): string =>
    `the role ${rights.role} may not ${what}; let an administrator run: ${statement}`
  if (rights.only_reads)
    return 'it can only be read; name the server that takes writes, or ALTER ROLE or DATABASE … SET default_transaction_read_only = off'
  if (rights.encoding !== 'UTF8') return `its encoding is ${rights.encoding}, which lacks characters; give a database with ENCODING 'UTF8'`
  if (!rights.has_schema)
    return rights.may_make_schemas ? undefined : grant(`make the schema ${schema}`, `CREATE SCHEMA ${quoted(schema)} AUTHORIZATION ${role}`)
  const inSchema = `ON SCHEMA ${quoted(schema)} TO ${role}`
  if (!rights.has_tables)
    return rights.may_use && rights.may_make_tables
      ? undefined
      : grant(`make tables in the schema ${schema}`, `GRANT USAGE, CREATE ${inSchema}`)
  if (!rights.may_use) return grant(`use the schema ${schema}`, `GRANT USAGE ${inSchema}`)
  if (rights.has_closed_table)
    return grant(
      `read and write the tables of the schema ${schema}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${quoted(schema)} TO ${role}`,
    )
  return undefined
}

/** What the server answers that no waiting helps against; undefined: something else. */
function refusalOf(error: unknown, schema: string, where: string, user: string): UsageError | undefined {
  const refused = (reason: string): UsageError => new UsageError(`${where}: ${reason}`, { cause: error })
  const state = stateOf(error)
  const message = messageFrom(error)
  if (/does not support SSL/.test(message))
    return refused('it takes no TLS connections; leave sslmode out of the URL, or switch TLS on at the server')
  if (/certificate/i.test(message) && state === undefined)
    return refused(`${message}; name the authority's certificate as sslrootcert=FILE, or do without it by sslmode=no-verify`)
  if (/password must be a string/.test(message))
    return refused(`it asks for a password of the role ${user}, and none is given; put one in the URL or in PGPASSWORD`)
  if (state?.startsWith('28') || message.startsWith('SASL'))
    return refused(
      `the role ${user} is not let in: ${messageFrom(error)}; give a name and a password that it takes, in the URL or as PGUSER and PGPASSWORD`,
    )
  if (state === '53300')
    return refused(`${message}; each server takes up to ${MAX_CONNECTIONS + 2}: raise CONNECTION LIMIT of the role, or max_connections`)
  if (state === '42501' && /for database/.test(message))
    return refused(`${message}; let its owner run: GRANT CONNECT, CREATE ON DATABASE … TO ${quoted(user)}`)
  if (state === '3D000') return refused(`${messageFrom(error)}; create it, or name another in the URL`)
  if (state === '42501')
    return refused(`the role ${user} lacks a right: ${messageFrom(error)}; let its owner grant it, or upgrade the schema ${schema}`)
  // A column, table or function that is another's.
  if (state !== undefined && ['42703', '42P07', '42723', '42809'].includes(state))
    return refused(`the schema ${schema} holds what is not a mock's (${messageFrom(error)}); name another (?schema=NAME)`)
  return undefined
}

/** The SQLSTATE that the server answered with; undefined where it is no answer of the server. */
function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const TOLD = { unreachable: 'cannot be reached', crowded: 'takes no more connections', failing: 'fails' } as const

/**
 * Whether it is the database's own trouble: no connection, or an answer that it cannot do what it otherwise does. What is wrong with what it was
 * asked is not. Classes are those of https://www.postgresql.org/docs/current/errcodes-appendix.html.
 */
function troubleOf(error: unknown): keyof typeof TOLD | undefined {
  const state = stateOf(error)
  if (state === undefined) return error instanceof TypeError || error instanceof RangeError ? undefined : 'unreachable'
  if (state === '53300') return 'crowded'
  // Connections; who is let in; no such database; shut down, or starting.
  if (/^(08|28|3D|57P)/.test(state)) return 'unreachable'
  // A standby, which only reads; resources, such as the disk; locks; cancelled; the system; internal. Rights, tables and rows that are gone since it was opened.
  return /^(25|40|53|55|57|58|XX|42501|42P01|42883|3F000|P0002)/.test(state) ? 'failing' : undefined
}

/** Node's errors of several addresses have no message of their own. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageFrom).join(', ') : messageFrom(error)
}

interface Telling {
  lost(reason: string): void
  back(): void
}

function tellingOnce(onTrouble: StoreSettings['onTrouble'], where: string): Telling {
  let isLost = false
  let toldAt = -Infinity
  const turn = (): void => {
    isLost = !isLost
    toldAt = performance.now()
  }
  return {
    lost(reason) {
      if (isLost || performance.now() - toldAt <= QUIET_MS) return
      turn()
      onTrouble(`${where} cannot be reached: ${reason}`)
    },
    back() {
      if (!isLost) return
      turn()
      onTrouble(`${where} is there again`, true)
    },
  }
}

/** A connection of its own that hears what others put in the journal; whoever listens first opens it. It comes back by itself. */
function earOf(
  clientOf: () => Client,
  schema: string,
  where: string,
  trouble: Telling,
): { readonly listen: Backend['listen']; close(): void } {
  const hears = new Set<() => void>()
  const hearAll = (): void => hears.forEach((hear) => hear())
  const closing = new AbortController()
  let opened: Promise<void> | undefined

  /** @returns what resolves when the connection is lost */
  async function connect(): Promise<{ readonly lost: Promise<void> }> {
    const client = clientOf()
    const lost = Promise.withResolvers<void>()
    const over = new AbortController()
    client.on('notification', hearAll)
    const lose = (): void => lost.resolve()
    client.on('error', lose)
    client.on('end', lose)
    closing.signal.addEventListener('abort', lose, { signal: over.signal })
    void lost.promise.then(() => {
      over.abort()
      // A connection that nobody answers would keep the process.
      setTimeout(() => client.connection.stream.destroy(), AT_ONCE_MS).unref()
      return client.end().catch(() => {})
    })
    try {
      await client.connect()
      await client.query(`LISTEN ${quoted(schema)}`)
    } catch (error) {
      lose()
      throw error
    }
    askNowAndThen(client).catch(lose)
    return { lost: lost.promise }
  }

  async function reconnect(): Promise<{ readonly lost: Promise<void> }> {
    for (let ms = 100; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
      try {
        return await connect()
      } catch (error) {
        if (!closing.signal.aborted) trouble.lost(reasonOf(error))
      }
      await pause(ms, undefined, { signal: closing.signal, ref: false })
    }
  }

  async function open(): Promise<void> {
    const first = await connect()
    // It rejects only where it is closed while it waits.
    void follow(first).catch(() => {})
  }

  async function follow({ lost }: { readonly lost: Promise<void> }): Promise<void> {
    await lost
    while (!closing.signal.aborted) {
      const next = await reconnect()
      trouble.back()
      // What was said in between was not heard.
      hearAll()
      await next.lost
    }
  }

  return {
    async listen(hear) {
      const own = (): void => hear()
      try {
        closing.signal.throwIfAborted()
        await (opened ??= open())
      } catch (error) {
        opened = undefined
        throw new StoreUnavailable(`${where} cannot be listened to: ${reasonOf(error)}`, { cause: error })
      }
      hears.add(own)
      return () => void hears.delete(own)
    },
    close: () => closing.abort(),
  }
}

/** A connection that is only listened to does not show that its network is gone. @returns never; it rejects when nobody answers */
async function askNowAndThen(client: Client): Promise<never> {
  for (;;) {
    await pause(HEARTBEAT_MS, undefined, { ref: false })
    await client.query('SELECT')
  }
}
