import { StoreUnavailable } from '../base/problem.ts'
import { refusal } from '../base/refusal.ts'
import type { Command, ExchangeFilter, Resent } from '../core/behaviour.ts'
import type { Exchange } from '../core/exchange.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Service } from '../engine/service.ts'
import type { Scenario } from '../core/scenario/written.ts'
import { nameOf, unknownScenario } from '../engine/session.ts'
import type { MockReply, MockRequest, Problem } from '../base/http.ts'
import type { Store } from '../store/store.ts'
import type { Events, Stream } from './events.ts'
import type { Explaining } from './explaining.ts'
import type { Journal } from './journal.ts'
import type { Handled } from './line.ts'
import { METRICS_TYPE } from './metrics.ts'
import { type Repairs, requestOf } from './repairs.ts'
import type { createContracts } from './contracts.ts'
import type { Sessions, Tell } from './sessions.ts'
import type { createStates } from './states.ts'

export interface CommandSettings {
  readonly control: Service
  readonly providerStates: Service
  readonly services: readonly Service[]
  readonly sessions: Sessions
  readonly setState: ReturnType<typeof createStates>
  readonly contracts: ReturnType<typeof createContracts>
  readonly store: Store
  /** `memory`, `file`, `postgres`. */
  readonly storeKind: string
  /** Whether the server is about to stop. */
  readonly isDraining: () => boolean
  /** What is counted and measured, as Prometheus reads it. */
  readonly metrics: () => Promise<string>
  readonly journal: Journal
  readonly events: Events
  readonly repairs: Repairs
  readonly explaining: Explaining
  /** Asks this server, as a client does. */
  readonly ask: (request: MockRequest) => Promise<Handled>
  readonly scenarios: () => Promise<ReadonlyMap<string, Scenario>>
  readonly version: string
  readonly dataVersion: number
}

/** What came of it. */
export type Carried = MockReply & { readonly stream?: Stream }

/** Does what a control operation asked of the server itself. `real` is the world's time in milliseconds; `tell` is how the journal keeps it. */
export type CarryOut = (command: Command, real: number, session: SessionName, tell: Tell) => Promise<Carried>

export function createCommands({
  control,
  providerStates,
  services,
  sessions,
  setState,
  contracts,
  store,
  storeKind,
  isDraining,
  metrics,
  journal,
  events,
  repairs,
  explaining,
  ask,
  scenarios,
  version,
  dataVersion,
}: CommandSettings): CarryOut {
  const documents = [control, providerStates, ...services].map(({ contract }) => contract)

  /** The refusal of a list that begins or ends at what is forgotten: it might lack some. A session that nobody uses was asked nothing. */
  const unheld = ({ filter: { since }, before }: { readonly filter: ExchangeFilter; readonly before?: string }): MockReply | undefined => {
    const gone = [since, before].find((id) => id !== undefined && !journal.has(id))
    return gone === undefined ? undefined : notHeld(gone)
  }

  /** Whether requests of the session had to go: others may have filled the journal. */
  const lacks = async ({ session, since }: ExchangeFilter): Promise<boolean> => {
    if (since !== undefined) return false
    if (journal.lost(session)) return true
    const name = session === undefined ? undefined : nameOf(session)
    return typeof name === 'string' && (await store.look(name, ({ record }) => record?.hasLost === true))
  }

  /** A client's request like any other: its answer is what is told of it. */
  const resend = async (exchange: Exchange, wanted: Resent): Promise<MockReply> => {
    if (exchange.origin !== 'request') return refusal(unsendable(exchange.id, 'no client has sent it', 'resend one of origin request'))
    if (exchange.isBodyLost === true && wanted.body === undefined)
      return refusal(unsendable(exchange.id, 'its body is not kept', 'send one as body'))
    const repair = wanted.repaired === true ? await repairs.find(exchange) : undefined
    if (wanted.repaired === true && repair?.kind !== 'repaired')
      return refusal(unsendable(exchange.id, repair?.reason ?? 'it was not refused', 'resend it as it was, or with other parts'))
    const base = repair?.kind === 'repaired' ? repair.request : requestOf(exchange)
    const { status, headers } = await ask(resentOf(base, exchange.session, wanted))
    return { status: 200, body: { id: headers['Mock-Request-Id'] ?? '', status } }
  }

  return async (command, real, session, tell) => {
    switch (command.kind) {
      case 'health':
        return { status: 200, body: { status: 'ok', version, dataVersion } }
      case 'readiness': {
        const problem = isDraining() ? DRAINING : await troubleOf(store)
        return problem ? notReady(problem) : { status: 200, body: { status: 'ready', store: { kind: storeKind } } }
      }
      case 'metrics':
        return { status: 200, mediaType: METRICS_TYPE, body: await metrics() }
      case 'list-documents':
        return {
          status: 200,
          body: { documents: documents.map(({ name, base }) => ({ name, href: `${control.contract.base}/openapi/${name}.json`, base })) },
        }
      case 'show-document': {
        const found =
          documents.find(({ name }) => name === command.name)?.content ??
          documents.map(({ parts }) => parts.get(`${command.name}.json`)).find((part) => part !== undefined)
        const detail = `there is no document "${command.name}"`
        return found
          ? { status: 200, body: found }
          : refusal({ code: 'document-unknown', detail, fix: `there are ${documents.map(({ name }) => `${name}.json`).join(', ')}` })
      }
      case 'show-coverage':
        return contracts.showCoverage()
      case 'list-states':
        return contracts.listStates()
      case 'list-scenarios':
        return { status: 200, body: { scenarios: [...(await scenarios())].map(([name, { description = '' }]) => ({ name, description })) } }
      case 'show-scenario': {
        const found = await scenarios()
        const scenario = found.get(command.name)
        return scenario ? { status: 200, body: scenario } : refusal(unknownScenario(command.name, [...found.keys()]))
      }
      case 'list-sessions':
        return sessions.list()
      case 'create-session':
        return sessions.create(command.wanted, real)
      case 'show-session':
        return sessions.find(command.name)
      case 'reset-session':
        return sessions.reset(command.name)
      case 'drop-session':
        return sessions.drop(command.name)
      case 'fork-session':
        return sessions.fork(command.name, command.into)
      case 'list-snapshots':
        return sessions.snapshots(command.name)
      case 'take-snapshot':
        return sessions.takeSnapshot(command.name, command.snapshot, tell)
      case 'restore-snapshot':
        return sessions.restoreSnapshot(command.name, command.snapshot, tell)
      case 'drop-snapshot':
        return sessions.dropSnapshot(command.name, command.snapshot, tell)
      case 'list-bindings':
        return sessions.bound(command.name)
      case 'bind':
        return sessions.bind(command.name, command.to)
      case 'unbind':
        return sessions.unbind(command.name, command.to)
      case 'export-session':
        return sessions.export(command.name)
      case 'save-session':
        return sessions.save(command.name)
      case 'provider-state':
        return setState(command, real, session)
      case 'list-requests':
        await store.tell()
        return unheld(command) ?? { status: 200, body: journal.list(command.filter, command.limit, command.before) }
      case 'count-requests':
        await store.tell()
        return (
          unheld(command) ?? { status: 200, body: { count: journal.count(command.filter), ...((await lacks(command.filter)) && LACKING) } }
        )
      case 'follow-requests':
        // What others have kept before is no news.
        await store.tell()
        return events.isFull
          ? refusal({
              code: 'listeners-exhausted',
              detail: `${events.most} clients follow the journal, and no more may`,
              fix: 'close one, or ask GET /__mock/requests with since',
            })
          : {
              status: 200,
              headers: { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
              mediaType: 'text/event-stream',
              stream: events.follow(command.filter, command.after),
            }
      case 'show-request': {
        await store.tell()
        const [entry, exchange] = [journal.get(command.id), journal.exchange(command.id)]
        if (!entry || !exchange) return notHeld(command.id)
        return { status: 200, body: { ...entry, ...(await explaining.explain(exchange, command.origin)) } }
      }
      case 'resend-request': {
        await store.tell()
        const exchange = journal.exchange(command.id)
        return exchange ? resend(exchange, command.wanted) : notHeld(command.id)
      }
      default:
        return command satisfies never
    }
  }
}

function unsendable(id: string, why: string, fix: string): Problem {
  return { code: 'request-unsendable', detail: `the request ${id} cannot be sent again so: ${why}`, fix }
}

/** To the session that it was for, whatever says so now. */
function resentOf(request: MockRequest, session: string, { method, path, headers, body }: Resent): MockRequest {
  const [, plain = request.path, query = ''] =
    path === undefined ? ['', request.path, request.query] : (/^([^?]*)\??(.*)$/s.exec(path) ?? [])
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const all = { ...request.headers, ...Object.fromEntries(named), 'mock-session': session }
  return {
    ...request,
    method: method?.toUpperCase() ?? request.method,
    path: plain,
    query,
    headers: Object.fromEntries(
      Object.entries(all).filter(([name]) => !PER_MESSAGE.has(name) && !(text !== undefined && name === 'content-encoding')),
    ),
    body: text === undefined ? request.body : { kind: 'text', text },
    prefix: '',
  }
}

/** What a client's library writes of one message. */
const PER_MESSAGE = new Set(['content-length', 'transfer-encoding', 'mock-scenario'])

const LACKING = { incomplete: true }

const DRAINING: Problem = {
  code: 'draining',
  detail: 'the server finishes what it is asked, and stops',
  fix: 'ask another one, or this one when it has started again',
}

/** Why nothing can be kept now. What the database said is the log's: anybody may ask. */
async function troubleOf(store: Store): Promise<Problem | undefined> {
  try {
    await store.check()
    return undefined
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return {
      code: 'store-unavailable',
      detail: 'sessions cannot be kept just now',
      fix: 'ask again in a moment; the log says what is wrong',
    }
  }
}

/** The answer to a probe, which asks again and again: it is not told as a refusal. */
function notReady(problem: Problem): MockReply {
  const { problem: _, headers, ...reply } = refusal(problem)
  return { ...reply, headers: { ...headers, 'Retry-After': '1' } }
}

function notHeld(id: string): MockReply {
  return refusal({
    code: 'request-unknown',
    detail: `the journal holds no request "${id}"`,
    fix: "an answer carries its id as Mock-Request-Id; the journal forgets the oldest requests first, and a session's when it is reset or dropped",
  })
}
