import { isJson } from '../contract/schema.ts'
import type { Scenario } from '../core/scenario/written.ts'
import { messageFrom, UsageError } from '../base/problem.ts'
import { type Difference, differencesOf } from './difference.ts'
import { type Incoming, parse, send, type Sending } from './line.ts'
import type { Exported, ExportedExchange } from './export.ts'
import { readExported } from './read.ts'

/** Opens a mock in which a session is repeated. The options are those of `createMock`, which this room does not know. */
export type OpenMock = (options: OpenOptions) => Promise<OpenedMock>

interface OpenOptions extends Readonly<Pick<Exported, 'settings'>>, Readonly<Exported['server']> {
  readonly time: () => number
  readonly delay: (milliseconds: number, over: () => void) => () => void
  readonly onFailure: (error: unknown) => void
  readonly scenario?: Scenario
  readonly scenarios: Readonly<Record<string, Scenario>>
  readonly journalBytes: number
}

/** It listens on this machine. */
interface OpenedMock extends AsyncDisposable {
  readonly url: string
  readonly port: number
  createSession(options: { readonly name: string; readonly scenario?: string }): Promise<unknown>
}

/** What came of repeating a session. */
export interface Replayed {
  readonly session: string
  /** The world's time when it began. */
  readonly begun: string
  /** How many requests and control requests there are. */
  readonly requests: number
  readonly controls: number
  /** How many requests were answered as they were then. */
  readonly same: number
  readonly different: readonly Different[]
  /** Requests whose bodies were not kept. */
  readonly notRepeated: readonly Repeated[]
  readonly notes: readonly string[]
}

/** A request by its place in the file, from 1, and its id. */
export interface Repeated {
  readonly number: number
  readonly id: string
  readonly method: string
  readonly path: string
}

export interface Different extends Repeated {
  readonly differences: readonly Difference[]
}

/**
 * Repeats an exported session in a mock of its own, which `open` opens, and compares the answers byte for byte. The world's time is that of the recording,
 * and delays of faults take none; requests that overlapped come upon the session in the order in which they did then.
 * @param exported what GET /__mock/sessions/{name}/export answers
 * @param served the APIs of the mock that is opened, with the versions of their data
 * @throws UsageError for what is not a valid export, or cannot be repeated here
 */
export async function replay(
  exported: unknown,
  open: OpenMock,
  served: () => Promise<Exported['apis']>,
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void,
): Promise<Replayed> {
  const file = await readExported(exported)
  refuseOthers(file.apis, await served())
  const { session, begun, exchanges } = file
  const notes: string[] = []
  let time = Date.parse(begun)
  let asking: Asking | undefined
  await using mock = await openFor(file, open, {
    time: () => time,
    delay(_milliseconds, over) {
      const goOn = (worked?: string): void => {
        if (worked !== undefined) time = Date.parse(worked)
        over()
      }
      if (asking) delayed(asking, goOn)
      else over()
      return () => undefined
    },
    onFailure: (error) => notes.push(`the mock failed: ${messageFrom(error)}`),
  })
  const { port, url } = mock
  const asked = new Map<ExportedExchange, Asking>()
  let requests = 0
  const turns = turnsOf(exchanges.filter(({ bodyLost }) => bodyLost !== true))
  for (const [index, { exchange, isAsked, isWorked }] of turns.entries()) {
    onProgress?.({ done: index, total: turns.length })
    if (isAsked) {
      time = Date.parse(exchange.at)
      const id = exchange.origin === 'request' ? `${session}-${++requests}` : exchange.id
      asking = ask(port, session, exchange, id)
      asked.set(exchange, asking)
    }
    const one = asked.get(exchange)
    if (isWorked) one?.goOn?.()
    await (isWorked ? one?.sending.answered : Promise.race([one?.held, one?.sending.answered]))
  }

  const different: Different[] = []
  for (const [index, exchange] of exchanges.entries()) {
    const one = asked.get(exchange)
    const differences = one ? differencesIn(one, await one.sending.answered) : []
    if (differences.length > 0) different.push({ ...repeatedOf(exchange, index), differences })
  }
  const controls = exchanges.filter(({ origin }) => origin === 'control').length
  return {
    session,
    begun,
    requests: exchanges.length - controls,
    controls,
    same: requests - different.filter(({ number }) => exchanges[number - 1]?.origin === 'request').length,
    different,
    notRepeated: exchanges.flatMap((exchange, index) => (exchange.bodyLost ? [repeatedOf(exchange, index)] : [])),
    notes: [...(await notesOn(file, url)), ...notes],
  }
}

/** A mock in which the session begins as it did. */
async function openFor(file: Exported, open: OpenMock, options: Pick<OpenOptions, 'time' | 'delay' | 'onFailure'>): Promise<OpenedMock> {
  const { session: name, scenarioName, settings, server, exchanges } = file
  // By its schema, which has been checked, it is one.
  const scenario: Scenario = { ...file.scenario }
  // Of other scenarios that requests name only the name counts: the session is not theirs.
  const named = exchanges.flatMap(({ headers }) => headers['mock-scenario'] ?? [])
  const scenarios = {
    ...Object.fromEntries(named.map((other) => [other, {}])),
    ...(scenarioName !== undefined && { [scenarioName]: scenario }),
  }
  try {
    await using opened = new AsyncDisposableStack()
    const mock = opened.use(
      await open({
        ...options,
        ...server,
        scenarios,
        ...(scenarioName === undefined && { scenario }),
        settings,
        journalBytes: 0,
      }),
    )
    await mock.createSession({ name, ...(scenarioName !== undefined && { scenario: scenarioName }) })
    opened.move()
    return mock
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`what it started from cannot be: ${error.message}; export the session again`)
    throw error
  }
}

/** @throws UsageError for an export of other APIs, or of other versions of their data */
function refuseOthers(recorded: Exported['apis'], served: Exported['apis']): void {
  const names = (apis: Exported['apis']): string =>
    Object.entries(apis)
      .map(([api, version]) => `${api} (data version ${version})`)
      .toSorted()
      .join(', ')
  if (names(recorded) !== names(served))
    throw new UsageError(`it is of the APIs ${names(recorded)}, and this mock serves ${names(served)}; --api names others`)
}

/** A request on its way. */
interface Asking {
  readonly exchange: ExportedExchange
  readonly id: string
  readonly sending: Sending
  /** Until it is delayed, and others come in between. */
  readonly held: Promise<void>
  readonly hold: () => void
  goOn?: () => void
}

function ask(port: number, session: string, exchange: ExportedExchange, id: string): Asking {
  const { method, path, headers, body } = exchange
  const { promise: held, resolve: hold } = Promise.withResolvers<void>()
  const isControl = exchange.origin === 'control'
  const hasPrefix = /^\/(?:~|%7e)/i.test(path)
  const all = { ...(isControl && { host: '127.0.0.1' }), ...headers, ...(!hasPrefix && { 'mock-session': session }) }
  return { exchange, id, sending: send(port, { method, path, headers: all, body }), held, hold }
}

/** A fault delays the request that was asked last: as long as the client was there, and until those are served that came in between. */
function delayed(asking: Asking, goOn: (worked?: string) => void): void {
  const { exchange, sending, hold } = asking
  if (exchange.gone) sending.leave()
  else if (exchange.turns) {
    asking.goOn = () => goOn(exchange.worked)
    hold()
  } else goOn(exchange.worked)
}

interface Turn {
  readonly exchange: ExportedExchange
  readonly isAsked: boolean
  readonly isWorked: boolean
}

/** All in the order in which it came upon the session: those that say their turns there, the others between them. */
function turnsOf(exchanges: readonly ExportedExchange[]): readonly Turn[] {
  const turns = new Map<number, Turn>()
  for (const exchange of exchanges) {
    const [asked, worked] = exchange.turns ?? []
    if (asked === undefined || worked === undefined) continue
    turns.set(asked, { exchange, isAsked: true, isWorked: false })
    turns.set(worked, { exchange, isAsked: false, isWorked: true })
  }
  let free = 0
  for (const exchange of exchanges) {
    if (exchange.turns) continue
    while (turns.has(free)) free++
    turns.set(free, { exchange, isAsked: true, isWorked: true })
  }
  return [...turns].toSorted(([a], [b]) => a - b).map(([, turn]) => turn)
}

function repeatedOf({ id, method, path }: ExportedExchange, index: number): Repeated {
  return { number: index + 1, id, method, path }
}

function differencesIn({ exchange, id }: Asking, incoming: Incoming): readonly Difference[] {
  if (exchange.origin === 'request') return differencesOf(exchange, incoming, { now: id, recorded: exchange.id })
  const now = parse(incoming.bytes)
  if (now && now.status < 400) return []
  return [
    { what: 'status', recorded: String(exchange.answer.status), now: String(now?.status ?? 'none') },
    { what: 'body', now: JSON.stringify(now?.body.toString('utf8') ?? '') },
  ]
}

async function notesOn({ version, unanswered = 0 }: Exported, url: string): Promise<string[]> {
  const health: unknown = await (await fetch(`${url}/__mock/health`)).json()
  const own = isJson(health) ? String(health['version']) : ''
  return [
    ...(own === version ? [] : [`it was recorded by allocation-mock ${version}, and this is ${own}`]),
    ...(unanswered === 0 ? [] : [`requests that were not answered yet when it was exported are not in it: ${unanswered}`]),
  ]
}
