import { createHash, randomUUID } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { StoreUnavailable, UsageError } from '../../src/base/problem.ts'
import type { SessionName } from '../../src/base/session-name.ts'
import type { Append, Backend } from '../../src/store/backend.ts'
import type { Life } from '../../src/store/store.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { FORMAT, upgrade } from '../../src/store/postgres-schema.ts'
import { type Server, startPostgres } from '../postgres-server.ts'
import { sql, withSchema } from '../postgres.ts'

/** What is particular to PostgreSQL. The server is this file's own: it is stopped, and has roles that may little. */

const SECRET = 'secret-of-the-tests'
const CART = 'cart' as SessionName

let server: Server
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const opened: Backend[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((backend) => backend.close()))
})

interface Told {
  readonly backend: Backend
  readonly told: readonly string[]
}

const as = (role: string, url: string): string => url.replace('//mock:', `//${role}:`)

async function open(url: string, waitMs = 0): Promise<Told> {
  const told: string[] = []
  const backend = await openPostgres(url, {
    maxSessions: 100_000,
    waitMs,
    onTrouble: (message, isOver) => void told.push(isOver ? `over: ${message}` : message),
  })
  opened.push(backend)
  return { backend, told }
}

/** The message of the UsageError that it is refused with. It tells no password. */
async function refusalOf(url: string, waitMs = 0): Promise<string> {
  const error: unknown = await open(url, waitMs).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(UsageError)
  const { message } = error as UsageError
  expect(message).not.toContain(SECRET)
  return message
}

const freshSchema = (): string => `schema_${randomUUID().slice(0, 8)}`
const fresh = (): string => withSchema(server.url, freshSchema())
const schemaOf = (url: string): string => /schema=(\w+)/.exec(url)?.[1] ?? ''
const addressOf = (url: string): string => new URL(url).host

function begins(name: SessionName, life: Life): Append {
  const becomes = { kind: 'begins', life, numbers: 0, keeps: false } as const
  return {
    name,
    expected: undefined,
    becomes,
    piece: '1',
    hasChanged: false,
    requests: 1,
    used: 1,
    exchanges: [{ id: '1', size: 1, text: '1' }],
  }
}
const newLife = (): Life => randomUUID() as Life

describe('a URL', () => {
  it.each([
    ['', 'cannot be read'],
    ['postgres', 'cannot be read'],
    ['mysql://u@h/d', 'cannot be read'],
    [`postgres://u:${SECRET}@h:port/d`, 'cannot be read'],
    [`postgres://u:1/${SECRET}@h/d`, 'cannot be read'],
    [`postgres://u:1?${SECRET}@h/d`, 'cannot be read'],
    [`postgres://u:1#${SECRET}@h/d`, 'cannot be read'],
    [`postgres://u:${SECRET}@h/d?schema=a-b`, 'names the schema "a-b"'],
    [`postgres://u:${SECRET}@h/d?schema=`, 'names the schema ""'],
    [`postgres://u:${SECRET}@h/d?schema=pg_mock`, 'names the schema "pg_mock"'],
    [`postgres://u:${SECRET}@h/d?schema=information_schema`, "none of PostgreSQL's own"],
    [`postgres://u:${SECRET}@h/d?schema=a&schema=b`, 'has the parameter "schema" twice'],
    [`postgres://u:${SECRET}@h:99999/d`, 'a port up to 65535'],
    [`postgres://u:${SECRET}@h/d?schema=${'a'.repeat(64)}`, '1 to 63 letters, digits and underscores'],
    [`postgres://u:${SECRET}@h/d?shema=a`, 'the parameter "shema"; known are schema, '],
    [`postgres://u:${SECRET}@h/d?sslmode=on`, 'sslmode=on; known are disable, '],
    [`postgres://u:${SECRET}@h/d?sslrootcert=/no/such/file`, 'cannot be used: ENOENT'],
  ])('%s is refused', async (url, message) => {
    expect(await refusalOf(url)).toContain(message)
  })

  it('takes a socket, whatever its schema is called, and no schema', async () => {
    const { backend } = await open(withSchema(server.socketUrl, 'Select_1'))
    await backend.append([begins(CART, newLife())])
    const { backend: other } = await open(server.socketUrl)
    expect(await backend.names()).toEqual([CART])
    expect(await other.names()).toEqual([])
    expect(
      await sql(server.url, 'SELECT sessions::int FROM "Select_1".mock UNION SELECT sessions::int FROM allocation_mock.mock'),
    ).toHaveLength(2)
  })

  it('is refused with what sslmode says, without a warning, where the server has no certificate', async () => {
    const warnings: unknown[] = []
    const warn = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', warn)
    expect(await refusalOf(`${fresh()}&sslmode=require`)).toMatch(/takes no TLS connections; leave sslmode out of the URL/)
    // Warnings come later.
    await new Promise(setImmediate)
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })
})

describe('what opens', () => {
  it('makes its schema once, though several open it at once', async () => {
    const url = fresh()
    const backends = (await Promise.all(Array.from({ length: 8 }, () => open(url)))).map(({ backend }) => backend)
    const outcomes = await Promise.all(backends.map((backend) => backend.append([begins(CART, newLife())])))
    expect(outcomes.flat().filter((outcome) => outcome === 'kept')).toHaveLength(1)
    expect(await sql(url, 'SELECT format FROM mock')).toEqual([{ format: FORMAT }])
  })

  it('does not see what another schema keeps', async () => {
    const [{ backend: one }, { backend: other }] = [await open(fresh()), await open(fresh())]
    await one.append([begins(CART, newLife())])
    expect(await other.names()).toEqual([])
    expect((await other.news(0)).news).toEqual([])
    expect(await other.append([begins(CART, newLife())])).toEqual(['kept'])
  })

  it('brings an older format up to date', async () => {
    const url = fresh()
    await sql(url, `CREATE SCHEMA ${schemaOf(url)}`)
    const { backend } = await open(url)
    await expect(backend.check()).resolves.toBeUndefined()
  })

  it('changes its format whenever it changes what it makes', () => {
    // Once a format was released, its step stays as it is: add one more, and put its digest here.
    const digest = createHash('sha256').update(upgrade('schema', 0)).digest('hex').slice(0, 16)
    expect({ FORMAT, digest }).toEqual({ FORMAT: 1, digest: '00fd6f3473cde0e4' })
  })

  it('refuses a newer format', async () => {
    const url = fresh()
    await (await open(url)).backend.append([begins(CART, newLife())])
    await sql(url, 'UPDATE mock SET format = 7')
    const message = await refusalOf(url)
    expect(message).toContain(`the schema ${schemaOf(url)} is of format 7, and this version knows ${FORMAT} at most`)
    expect(message).toContain('another schema (?schema=NAME)')
    expect(await sql(url, 'SELECT name FROM session')).toEqual([{ name: CART }])
  })

  it.each([
    'CREATE TABLE mock (id int)',
    'CREATE TABLE session (id int)',
    'CREATE VIEW piece AS SELECT 1',
    'CREATE TABLE mock (format text)',
  ])('leaves alone what is not its own: %s', async (statement) => {
    const url = fresh()
    await sql(url, `CREATE SCHEMA ${schemaOf(url)}; SET search_path TO ${schemaOf(url)}; ${statement}`)
    expect(await refusalOf(url)).toContain(`the schema ${schemaOf(url)} holds what is not a mock's`)
    expect(await sql(url, `SELECT FROM pg_class WHERE relnamespace = '${schemaOf(url)}'::regnamespace`)).toHaveLength(1)
  })

  it('refuses an encoding that lacks characters', async () => {
    await sql(server.url, `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`)
    expect(await refusalOf(server.url.replace('/postgres', '/latin'))).toContain(
      `database latin: its encoding is LATIN1, which lacks characters; give a database with ENCODING 'UTF8'`,
    )
  })
})

describe('who opens', () => {
  it('is told which right is missing, until all are there', async () => {
    const role = `guest_${randomUUID().slice(0, 8)}`
    const url = fresh()
    const schema = schemaOf(url)
    await sql(server.url, `CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`)
    const grantOf = async (): Promise<string> => {
      const message = await refusalOf(as(role, url))
      expect(message).toContain(`PostgreSQL at ${addressOf(url)}, database postgres: the role ${role} may not `)
      return message.slice(message.indexOf('run: ') + 5)
    }
    expect(await grantOf()).toBe(`CREATE SCHEMA "${schema}" AUTHORIZATION "${role}"`)
    // Another than what is asked for: a schema of the administrator's.
    await sql(server.url, `CREATE SCHEMA ${schema}`)
    expect(await grantOf()).toBe(`GRANT USAGE, CREATE ON SCHEMA "${schema}" TO "${role}"`)
    await open(url)
    const usage = await grantOf()
    expect(usage).toBe(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`)
    await sql(server.url, usage)
    const tables = await grantOf()
    expect(tables).toBe(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`)
    await sql(server.url, tables)
    const { backend } = await open(as(role, url))
    expect(await backend.append([begins(CART, newLife())])).toEqual(['kept'])
    // What is taken away later is the database's trouble.
    await sql(server.url, `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${role}`)
    await expect(backend.names()).rejects.toThrow(StoreUnavailable)
  })

  it('may make schemas, or has one made', async () => {
    const role = `guest_${randomUUID().slice(0, 8)}`
    await sql(server.url, `CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`)
    for (const right of [
      (schema: string) => `CREATE SCHEMA ${schema} AUTHORIZATION ${role}`,
      () => `GRANT CREATE ON DATABASE postgres TO ${role}`,
    ]) {
      const url = fresh()
      await sql(server.url, right(schemaOf(url)))
      const { backend } = await open(as(role, url))
      expect(await backend.append([begins(CART, newLife())])).toEqual(['kept'])
    }
  })

  it('is told that name, password or database are wrong', async () => {
    const wrong = server.url.replace(SECRET, `wrong-${SECRET}`)
    expect(await refusalOf(wrong)).toMatch(/the role mock is not let in: .* as PGUSER and PGPASSWORD$/)
    expect(await refusalOf(as('stranger', server.url))).toContain('the role stranger is not let in')
    expect(await refusalOf(server.url.replace(`:${SECRET}`, ''))).toContain('asks for a password of the role mock, and none is given')
    expect(await refusalOf(server.url.replace('/postgres', '/nowhere'))).toMatch(
      /database nowhere: .*; create it, or name another in the URL$/,
    )
    // No waiting helps.
    expect(await refusalOf(wrong, 600_000)).toContain('is not let in')
  })
})

describe('while it is open', () => {
  it('nothing stays in any table of what is over', async () => {
    const url = fresh()
    const { backend } = await open(url)
    const [before, after] = [newLife(), newLife()]
    const all = { bind: ['"a"'], keep: { id: 'x', texts: ['1'] } }
    await backend.append([{ ...begins(CART, before), ...all }])
    await backend.append([{ ...begins(CART, after), ...all, expected: { life: before, position: 1 } }])
    const rows = (): Promise<unknown> =>
      sql(
        url,
        `SELECT 'session' AS of, name AS what FROM session UNION ALL SELECT 'piece', life FROM piece UNION ALL SELECT 'kept', name FROM kept
        UNION ALL SELECT 'binding', name FROM binding UNION ALL SELECT 'exchange', coalesce(text, 'forgotten') FROM exchange`,
      )
    expect(await rows()).toEqual([
      { of: 'session', what: CART },
      { of: 'piece', what: after },
      { of: 'kept', what: CART },
      { of: 'binding', what: CART },
      { of: 'exchange', what: 'forgotten' },
      { of: 'exchange', what: '1' },
    ])
    const ends = { ...begins(CART, after), expected: { life: after, position: 1 }, becomes: { kind: 'ends' } as const }
    expect(await backend.append([ends])).toEqual(['kept'])
    expect(await rows()).toEqual([{ of: 'exchange', what: 'forgotten' }])
  })

  it('a connection that is ended is replaced, and reads do not notice', async () => {
    const url = `${fresh()}&application_name=ended`
    const { backend, told } = await open(url)
    await backend.append([begins(CART, newLife())])
    await Promise.all(Array.from({ length: 20 }, () => backend.find([])))
    await sql(server.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'`)
    expect(await Promise.all(Array.from({ length: 20 }, () => backend.names()))).toEqual(Array.from({ length: 20 }, () => [CART]))
    expect(told).toEqual([])
  })

  it('a read meets a broken connection once, and a write says so', async () => {
    const relay = await relayTo(server.url)
    const { backend, told } = await open(withSchema(relay.url, freshSchema()))
    await backend.append([begins(CART, newLife())])
    relay.breakNext()
    expect(await backend.names()).toEqual([CART])
    expect(told).toEqual([])
    relay.breakNext()
    await expect(backend.append([begins('shop' as SessionName, newLife())])).rejects.toThrow(StoreUnavailable)
    expect(await backend.names()).toEqual([CART])
    relay.close()
  })

  it('what was dropped is its trouble, not the mock’s', async () => {
    const url = fresh()
    const { backend, told } = await open(url)
    await sql(server.url, `DROP SCHEMA ${schemaOf(url)} CASCADE`)
    await expect(backend.names()).rejects.toThrow(/^PostgreSQL at .* fails: relation .* does not exist$/)
    await expect(backend.append([begins(CART, newLife())])).rejects.toThrow(StoreUnavailable)
    // It is reached.
    expect(told).toEqual([])
  })

  it('what was emptied is its trouble too: nothing is made up', async () => {
    const url = fresh()
    const { backend } = await open(url)
    await sql(url, 'DELETE FROM mock')
    const asked = [backend.find([]), backend.news(0), backend.journalBytes(), backend.check(), backend.append([begins(CART, newLife())])]
    await Promise.all(asked.map((one) => expect(one).rejects.toThrow(StoreUnavailable)))
  })

  it('a server that only reads does not pass the check', async () => {
    const url = fresh()
    const role = `guest_${randomUUID().slice(0, 8)}`
    await sql(server.url, `CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'; GRANT CREATE ON DATABASE postgres TO ${role}`)
    const { backend } = await open(as(role, url))
    await sql(server.url, `ALTER ROLE ${role} SET default_transaction_read_only = on`)
    await sql(server.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`)
    expect(await backend.names()).toEqual([])
    await expect(backend.check()).rejects.toThrow('read-only')
    await expect(backend.append([begins(CART, newLife())])).rejects.toThrow(StoreUnavailable)
    // Nor does one that is so from the start, which nobody would wait for.
    expect(await refusalOf(as(role, url), 600_000)).toMatch(/it can only be read; name the server that takes writes, or ALTER ROLE/)
  })

  it('who stands in the line for too long gives up, and the line goes on', async () => {
    const url = fresh()
    const { backend, told } = await open(url)
    const life = newLife()
    await backend.append([begins(CART, life)])
    const holder = sql(url, `BEGIN; SELECT FROM mock FOR UPDATE; SELECT pg_sleep(600)`).catch((error: unknown) => error)
    await expect
      .poll(() => sql(url, `SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND wait_event = 'PgSleep'`))
      .toHaveLength(1)
    await expect(backend.append([begins('shop' as SessionName, newLife())])).rejects.toThrow(/ fails: .*lock timeout/)
    // Numbers and reads stand in no line.
    expect(await backend.takeNumbers(CART, life, 'requests', 1)).toBe(1)
    expect(await backend.names()).toEqual([CART])
    await sql(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND wait_event = 'PgSleep'`)
    expect(await holder).toBeInstanceOf(Error)
    expect(await backend.append([begins('shop' as SessionName, newLife())])).toEqual(['kept'])
    expect(told).toEqual([])
  })

  // It waits for real timeouts.
  it.runIf(process.env['LONG'] === '1')('a network that says nothing more is noticed', async () => {
    const relay = await relayTo(server.url)
    const { backend, told } = await open(withSchema(relay.url, freshSchema()))
    await backend.append([begins(CART, newLife())])
    let heard = Promise.withResolvers<void>()
    await backend.listen(() => heard.resolve())
    relay.hold()
    await Promise.all([
      expect(backend.names()).rejects.toThrow(/cannot be reached: .*time/i),
      expect(backend.append([begins('shop' as SessionName, newLife())])).rejects.toThrow(StoreUnavailable),
    ])
    expect(told).toHaveLength(1)
    // Also by who only listens: nobody else connects any more.
    const before = relay.connections()
    await expect.poll(relay.connections).toBeGreaterThan(before)
    heard = Promise.withResolvers()
    relay.goOn()
    await heard.promise
    expect(await backend.names()).toEqual([CART])
    expect(told).toEqual([expect.stringContaining('cannot be reached'), expect.stringMatching(/^over: .* is there again$/)])
    relay.close()
  })
})

describe('a server', () => {
  it('that is not there is told, with how to wait', async () => {
    const message = await refusalOf(`postgres://mock:${SECRET}@127.0.0.1:1/postgres`)
    expect(message).toMatch(/^PostgreSQL at 127\.0\.0\.1:1, database postgres cannot be reached: .*ECONNREFUSED/)
    expect(message).toContain('--wait-for-store 30s')
    const told: string[] = []
    const waited = { maxSessions: 1, waitMs: 300, onTrouble: (message: string) => void told.push(message) }
    await expect(openPostgres(`postgres://mock:${SECRET}@localhost:1/postgres`, waited)).rejects.toThrow(
      /cannot be reached, after 0.3 s: .*ECONNREFUSED/,
    )
    expect(told).toEqual([expect.stringMatching(/cannot be reached yet: .*ECONNREFUSED.*; waiting for it, up to 0.3 s$/)])
    expect(await refusalOf(`postgres://mock:${SECRET}@/postgres?host=/no/such/folder`)).toContain(
      'PostgreSQL at /no/such/folder, database postgres',
    )
  })

  it.each(['fast', 'crash'] as const)(
    'that stops (%s) is told once, and once when it is back; nothing that was kept is lost',
    async (mode) => {
      const url = fresh()
      const { backend, told } = await open(url)
      const life = newLife()
      await backend.append([begins(CART, life)])
      let heard = Promise.withResolvers<void>()
      await backend.listen(() => heard.resolve())
      await server.stop(mode)
      await Promise.all([
        ...Array.from({ length: 30 }, () => expect(backend.find([])).rejects.toThrow(StoreUnavailable)),
        expect(backend.append([begins('shop' as SessionName, newLife())])).rejects.toThrow(StoreUnavailable),
        expect(backend.takeNumbers(CART, life, 'requests', 1)).rejects.toThrow(StoreUnavailable),
        expect(backend.check()).rejects.toThrow(StoreUnavailable),
        expect(backend.listen(() => {})).resolves.toBeInstanceOf(Function),
      ])
      expect(told).toHaveLength(1)
      const waiting = open(url, 600_000)
      heard = Promise.withResolvers()
      await server.restart()
      // Something may have been missed.
      await heard.promise
      expect(await backend.names()).toEqual([CART])
      expect(told).toEqual([
        expect.stringMatching(/^PostgreSQL at .* cannot be reached: /),
        expect.stringMatching(/^over: PostgreSQL at .* is there again$/),
      ])
      expect(told.join()).not.toContain(SECRET)
      const { backend: other } = await waiting
      expect(await other.names()).toEqual([CART])
      heard = Promise.withResolvers()
      await other.append([begins('shop' as SessionName, newLife())])
      await heard.promise
      expect(await backend.names()).toEqual([CART, 'shop'])
    },
  )

  it('that stops while many write keeps all that it said it kept', async () => {
    const { backend } = await open(fresh())
    const kept: string[] = []
    const isUnavailable = (error: unknown): void => {
      expect(error).toBeInstanceOf(StoreUnavailable)
    }
    const writing = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; turn < 10_000; turn++) {
        const name = `s${writer}-${turn}` as SessionName
        const outcomes = await backend.append([begins(name, newLife())]).catch(isUnavailable)
        if (!outcomes) return
        kept.push(name)
      }
    })
    await expect.poll(() => kept.length, { interval: 1 }).toBeGreaterThan(30)
    await server.stop('crash')
    await Promise.all(writing)
    await server.restart()
    const { backend: other } = await open(server.url)
    await other.close()
    const names = await backend.names()
    expect(kept.filter((name) => !names.includes(name as SessionName))).toEqual([])
    expect((await backend.find([])).sessions).toBe(names.length)
    expect((await backend.news(0)).news).toHaveLength(names.length)
  })

  it('that is gone keeps nobody from closing', async () => {
    const { backend } = await open(fresh())
    await backend.listen(() => {})
    await server.stop('crash')
    await expect(backend.close()).resolves.toBeUndefined()
    await expect(backend.listen(() => {})).rejects.toThrow(StoreUnavailable)
    await server.restart()
  })
})

interface Relay {
  readonly url: string
  /** How many were made. */
  connections(): number
  /** Passes nothing on, and lets nobody know. */
  hold(): void
  goOn(): void
  /** Breaks the connection over which the next bytes come, before they reach the server. */
  breakNext(): void
  close(): void
}

/** A network between the mock and the server. */
async function relayTo(url: string): Promise<Relay> {
  const target = new URL(url)
  const port = Number(target.port)
  const sockets = new Set<Socket>()
  let connections = 0
  let isHeld = false
  let isBreaking = false
  const pass = (from: Socket, to: Socket, isAsking: boolean): void => {
    from.on('data', (bytes) => {
      if (isHeld) return
      if (isBreaking && isAsking) {
        isBreaking = false
        from.destroy()
        to.destroy()
      } else to.write(bytes)
    })
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      if (!isHeld) to.destroy()
    })
  }
  const relay = createServer((near) => {
    connections++
    const far = connect(port, target.hostname)
    for (const socket of [near, far]) sockets.add(socket)
    pass(near, far, true)
    pass(far, near, false)
  })
  await new Promise<void>((resolve) => void relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  target.port = String(typeof address === 'object' && address ? address.port : 0)
  return {
    url: target.href,
    connections: () => connections,
    hold: () => void (isHeld = true),
    goOn: () => void (isHeld = false),
    breakNext: () => void (isBreaking = true),
    close() {
      relay.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
