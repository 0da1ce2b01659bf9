import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { createMock, type ExampleRequest, type Listening, type Mock, type MockOptions } from '../index.ts'
import { curl } from '../base/curl.ts'
import { messageFrom, UsageError } from '../base/problem.ts'
import { writtenDuration } from '../core/clock.ts'
import { SERVE_OPTIONS } from './config.ts'
import { type Watch, watchFiles } from './watch.ts'
import type { Io } from './io.ts'
import { createLog } from './log.ts'
import type { Settings } from './settings.ts'

/** What the command is set to, and what the APIs are. */
export type ServeSettings = Omit<Settings<typeof SERVE_OPTIONS>, 'apis' | 'spec'> & Pick<MockOptions, 'apis' | 'upstream'>

/** Where the APIs come from, so that a change of theirs can be taken over. */
export interface Origin {
  /** The APIs as their modules are now. @throws UsageError */
  again(): Promise<MockOptions['apis']>
  /** The files of their modules, as far as they were ever imported. */
  readonly files: Iterable<string>
}

/** Serves until SIGTERM or SIGINT, and after SIGTERM as long as it is to drain. @returns the exit code */
export async function serve(settings: ServeSettings, io: Io, origin: Origin): Promise<number> {
  const { port = SERVE_OPTIONS.port.default, host = SERVE_OPTIONS.host.default, log = SERVE_OPTIONS.log.default, ...given } = settings
  const { tlsCert, tlsKey, cors = true, watch = true, drain = 0, ...options } = given
  const tls = tlsOf(tlsCert, tlsKey)
  if (!cors && options.allowOrigins !== undefined)
    throw new UsageError('--cors is off, and --allow-origin lets some origins read: leave out one of them')
  const { seed = SERVE_OPTIONS.seed.default, strict = false, requireSession = false, allowHosts = [] } = options
  const begun = Date.now() - process.uptime() * 1_000
  const requests = log === 'none' ? undefined : createLog(log, io)
  const mock = await createMock({
    checkReplies: strict,
    ...options,
    ...(!cors && { allowOrigins: [] }),
    // A name that is listened on is a name to be called by.
    allowHosts: settings.host === undefined ? allowHosts : [...allowHosts, host],
    ...(requests && { onRequest: requests.write }),
    onFailure: (error) => io.err(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    onNotice: (message) => io.err(`info: ${message}`),
  })
  let listening: Listening
  try {
    listening = await mock.listen({ port, host, ...(tls && { tls }) })
  } catch (error) {
    throw new UsageError(cannotListen(error, port, host))
  }
  for (const warning of mock.warnings.slice(0, MAX_WARNINGS)) io.err(`warning: ${warning}`)
  if (mock.warnings.length > MAX_WARNINGS)
    io.err(`warning: ${mock.warnings.length - MAX_WARNINGS} more of the documents' parts are not served as a whole`)
  const { url, control, quiet } = listening
  const ended = untilStopped(io.env['npm_lifecycle_event'] !== undefined)
  io.listens?.()
  io.out(`allocation-mock ready on ${url} (seed ${seed}, data version ${mock.dataVersion})`)
  void showFirstSteps(quiet, () => firstSteps(mock, url, requireSession ? 'me' : 'default'), io)
  if (control !== 'loopback') io.out(`${safety(control, settings.controlToken === undefined ? mock.controlToken : undefined)}\n`)
  const watching = watch && (options.apis ?? options.contracts) ? following(mock, origin, begun, io) : undefined
  const signal = await ended
  mock.drain()
  // Who presses Ctrl-C stands behind no balancer.
  if (signal === 'SIGTERM' && drain > 0) {
    if (log !== 'json') io.err(`draining: requests are answered for another ${writtenDuration(drain)}; a second signal ends at once`)
    await pause(drain)
  }
  watching?.stop()
  requests?.flush()
  // Programs read a log of JSON.
  const isKept = options.store !== undefined && options.store !== 'memory'
  const lost = log === 'json' || isKept ? undefined : await lostWith(mock, url)
  if (lost !== undefined) io.err(lost)
  await mock.close()
  requests?.flush()
  return 0
}

/** @throws UsageError for one without the other, for files that cannot be read, and for what is no pair of certificate and key */
function tlsOf(certFile: string | undefined, keyFile: string | undefined): { readonly cert: Buffer; readonly key: Buffer } | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError(certFile === undefined ? '--tls-key needs --tls-cert beside it' : '--tls-cert needs --tls-key beside it')
  const read = (flag: string, file: string): Buffer => {
    try {
      return readFileSync(file)
    } catch (error) {
      throw new UsageError(`${flag} ${file}: the file cannot be read (${messageFrom(error)})`)
    }
  }
  const tls = { cert: read('--tls-cert', certFile), key: read('--tls-key', keyFile) }
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new UsageError(`--tls-cert ${certFile} and --tls-key ${keyFile} are no certificate, as PEM, and its key: ${messageFrom(error)}`)
  }
  return tls
}

/** Takes over what changes in the files of the APIs; a broken edit leaves what was there. */
function following(mock: Mock, { again, files }: Origin, since: number, io: Io): Watch {
  const followed = (): string[] => [...files, ...mock.files]
  const watch = watchFiles(async (changed) => {
    const names = changed.map((file) => relative('', file)).join(', ')
    const begun = Date.now()
    try {
      await mock.reload(await again())
      io.err(`reloaded: ${names}`)
    } catch (error) {
      io.err(`not reloaded, and what was there before is served on: ${messageFrom(error)} (${names} changed)`)
    }
    watch.follow(followed(), begun)
  })
  watch.follow(followed(), since)
  return watch
}

function cannotListen(error: unknown, port: number, host: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `port ${port} on ${host} is taken; stop what listens there, or choose another with --port (0 picks a free one)`
  if (code === 'EACCES') return `port ${port} may not be listened on by this user; choose one above 1023 with --port`
  return `cannot listen on ${host}:${port} (${error instanceof Error ? error.message : String(error)}); --host takes an address of this machine`
}

/** What to paste first: requests that work, with ids that exist; of each API the first ones. */
/** Whoever asks at once is answered first. */
async function showFirstSteps(quiet: Promise<void>, steps: () => Promise<readonly string[]>, io: Io): Promise<void> {
  await quiet
  try {
    for (const line of await steps()) io.out(line)
  } catch (error) {
    // A session that was kept may be answered by other APIs, or the store may be out of reach just now.
    io.err(`warning: ${messageFrom(error)}`)
  }
}

async function firstSteps(mock: Mock, url: string, session: string): Promise<string[]> {
  const examples = await mock.session(session).examples({ host: new URL(url).host, limit: MAX_SHOWN + 1 })
  const origin = session === 'default' ? url : `${url}/~${session}`
  const shown = [...Map.groupBy(examples, ({ api }) => api).values()].flatMap((ofApi) => ofApi.slice(0, MAX_SHOWN))
  const others = Object.entries(mock.authorization).filter(
    ([who, value]) => who !== 'refused' && !shown.some(({ curl }) => curl.includes(value)),
  )
  const more = examples.length > shown.length ? [`More requests that work: ${url}/__mock/sessions/${session}/examples`] : []
  const last = [...others.map(([who, value]) => `As a ${who}: Authorization: ${value}.`), ...more]
  return [
    '',
    ...(shown.length > 0 ? ['Requests that work:', ...shown.flatMap((one) => ['', `  ${commandOf(one, origin)}`]), ''] : []),
    ...(last.length > 0 ? [last.join(' '), ''] : []),
    `To look at it in a browser: ${url}/__mock/`,
    '',
  ]
}

function commandOf({ method, path, headers, body }: ExampleRequest, origin: string): string {
  return curl(method, origin + path, headers, body)
}

/** So many warnings are told. */
const MAX_WARNINGS = 20

/** How many of each API are shown. */
const MAX_SHOWN = 2

/** What is gone when the server stops, and how it would have been kept; nothing where no session that was asked for something holds any changes. */
async function lostWith(mock: Mock, url: string): Promise<string | undefined> {
  const holding = (await mock.sessions()).filter(({ changes, requests }) => changes > 0 && requests > 0)
  const [first] = holding
  if (!first) return undefined
  const names = holding.slice(0, MAX_NAMED).map(({ name }) => name)
  const more = holding.length - names.length
  return (
    `stopped: what ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} held is gone; next time keep it before, with ` +
    `curl -sS ${url}/__mock/sessions/${first.name}/state -o state.json (and serve --session state.json), or what was asked, with …/export`
  )
}

/** At most this many sessions are named. */
const MAX_NAMED = 3

/** Who may use control routes. A token that was given is not repeated. */
function safety(control: 'token' | 'open', token: string | undefined): string {
  if (control === 'open') return 'Control routes (/__mock, /_pact) are open to whoever reaches this address.'
  return token === undefined
    ? 'Control routes (/__mock, /_pact) need the token of --control-token.'
    : `Control routes (/__mock, /_pact) need a token: Authorization: Bearer ${token}. --control-token sets one, --control open asks for none.`
}

/** How often a command that npm runs looks whether npm's shell is still there, in milliseconds. */
const WATCH = 250

/** SIGTERM or SIGINT; under npm also the end of the shell between: npm hands a SIGTERM to that shell, which dies without a word to us. */
function untilStopped(isUnderNpm: boolean): Promise<'SIGTERM' | 'SIGINT'> {
  return new Promise((resolve) => {
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid !== parent) end('SIGTERM')
    }, WATCH)
    const end = (signal: 'SIGTERM' | 'SIGINT'): void => {
      clearInterval(watch)
      // A second signal is meant: the default action ends the process.
      process.off('SIGTERM', onTerm)
      process.off('SIGINT', onInt)
      resolve(signal)
    }
    const onTerm = (): void => end('SIGTERM')
    const onInt = (): void => end('SIGINT')
    if (!isUnderNpm) clearInterval(watch)
    process.on('SIGTERM', onTerm)
    process.on('SIGINT', onInt)
  })
}
