import type { Cut } from '../base/http.ts'
import type { Registry } from '../core/registry.ts'
import { writtenClock } from '../core/clock.ts'
import { populationOf, versionsOf } from '../core/scenario/saved.ts'
import type { Session } from '../core/session.ts'
import type { Exchange, Met } from '../core/exchange.ts'
import {
  type Replace,
  rewritten,
  withoutSecretHeader,
  withoutSecretQuery,
  withoutSecretMembers,
  withoutSecrets,
  withoutSecretsInJson,
} from '../base/secret.ts'
import { createStandIns, type StandIns, withoutQuoted } from './stand-ins.ts'

/** A session as a file: what it started from and all that it was asked, so that another process can do it again. `spec/export.schema.json` says the same. */
export interface Exported {
  readonly format: 2
  /** Of allocation-mock. */
  readonly version: string
  readonly dataVersion: number
  /** What of the server shapes answers. */
  readonly server: {
    readonly strict: boolean
    readonly checkReplies: boolean
    readonly maxBodyBytes: number
    readonly maxEntities: number
    readonly maxSessionBytes?: number
  }
  readonly session: string
  /** The world's time when it began. */
  readonly begun: string
  /** The name of the scenario, where it has one. */
  readonly scenarioName?: string
  /** As it would stand in a file. */
  readonly scenario: object
  /** Its APIs with the versions of their data. */
  readonly apis: Readonly<Record<string, number>>
  /** What its APIs are set to beside what the scenario says: tokens, of which stand-ins take the place. */
  readonly settings: Readonly<Record<string, unknown>>
  /** As they came, where their order made a difference: that in which they met the session. */
  readonly exchanges: readonly ExportedExchange[]
  /** So many requests were not answered yet, and may have changed something. */
  readonly unanswered?: number
}

export interface ExportedExchange {
  readonly id: string
  /** A control request set something in the session; its answer is not part of what the session says. */
  readonly origin: 'request' | 'control'
  /** The world's time when it was asked. */
  readonly at: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** There was a body that is not here: too large, no text, not what its encoding says, or with secrets that could not be replaced. */
  readonly bodyLost?: true
  /** The world's time when it was worked on, after the delay of a fault. */
  readonly worked?: string
  /** Where others came in between: its places among all that was asked and, after a delay, worked on. */
  readonly turns?: readonly [asked: number, worked: number]
  /** The client went away before it was worked on. */
  readonly gone?: true
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly mediaType?: string
    readonly body?: string
    readonly cut?: Cut
  }
}

/** What an export says of the server beside the session. */
export interface About {
  readonly version: string
  readonly dataVersion: number
  readonly server: Exported['server']
  /** Parameters of the documents: headers among them are part of what is asked. */
  readonly parameters: ReadonlySet<string>
}

/** Headers that answers hang on, beside parameters. Any other is nobody's business. */
const HEADERS: ReadonlySet<string> = new Set(['host', 'content-type', 'accept', 'prefer', 'authorization', 'mock-session', 'mock-scenario'])
const CONTROL_HEADERS: ReadonlySet<string> = new Set(['content-type', 'mock-session'])

/**
 * Secrets are replaced, each by the same text wherever it was sent: a mock asks whose a token is, never what it says. Tokens that the
 * session gave out itself are a function of its seed, and stay.
 * @param requests how many requests the session was asked, answered or not
 */
export function exportOf(
  name: string,
  { from, begun }: Session,
  all: readonly Exchange[],
  requests: number,
  about: About,
  registry: Registry,
): Exported {
  const exchanges = all.filter(({ origin }) => origin === 'request' || origin === 'control')
  const issued = new Set(exchanges.flatMap((exchange) => issuedTokens(exchange, registry)))
  const known = publicTokens(registry)
  const standIns = createStandIns((text) => known.has(text) || issued.has(text))
  const { version, dataVersion, server, parameters } = about
  const unanswered = requests - exchanges.filter(({ origin }) => origin === 'request').length
  const turns = turnsOf(exchanges)
  const { seed, clock, settings, assumptions, scenario } = from
  return {
    format: 2,
    version,
    dataVersion,
    server,
    session: name,
    begun: new Date(beganAt(clock, begun, exchanges[0])).toISOString(),
    ...(scenario.name !== undefined && { scenarioName: scenario.name }),
    // All that it started from, as it would stand in a scenario's file.
    scenario: withoutSecretMembers(
      { ...scenario.written, seed, clock: writtenClock(clock), population: populationOf(settings, registry), assume: assumptions },
      standIns.replace,
    ),
    apis: versionsOf(registry),
    settings: Object.fromEntries(
      [...registry.settings].flatMap(([setting, { row }]) =>
        row.write ? [[setting, row.write(settings[setting], standIns.replace)]] : [],
      ),
    ),
    exchanges: turns.map(({ exchange, asked, worked }) => ({
      ...exported(exchange, standIns, parameters),
      ...(worked > asked && { turns: [asked, worked] as const }),
    })),
    ...(unanswered > 0 && { unanswered }),
  }
}

/** The world's time when a session began. A clock that stood still does not tell: then it is the first request's. */
function beganAt(clock: Session['clock'], begun: number, first: Exchange | undefined): number {
  if (clock.kind === 'frozen') return first?.asked?.real ?? first?.real ?? 0
  return clock.kind === 'shifted' ? begun - clock.by : begun
}

/** Tokens that are not secret: they stand in the documentation. */
export function publicTokens({ members }: Pick<Registry, 'members'>): ReadonlySet<string> {
  return new Set(members.flatMap(({ api }) => Object.values(api.callers.tokens ?? {})))
}

interface Turn {
  readonly exchange: Exchange
  /** Its places among all turns: where it was asked and, after a delay, worked on. */
  readonly asked: number
  readonly worked: number
}

/** Requests in the order in which they came upon the session. The journal has them as they ended, which delays and a store's waiting turn round. */
function turnsOf(exchanges: readonly Exchange[]): readonly Turn[] {
  let last: Met = { version: 0, hasChanged: false }
  const steps = exchanges.flatMap((exchange) => {
    // What did not look at the session may stand anywhere.
    last = exchange.met ?? last
    const worked = { exchange, met: last, isAsked: exchange.asked === undefined }
    return exchange.asked ? [{ exchange, met: exchange.asked.met, isAsked: true }, worked] : [worked]
  })
  // Who changed what it met came after all that met the same.
  const sorted = steps.toSorted((a, b) => a.met.version - b.met.version || Number(a.met.hasChanged) - Number(b.met.hasChanged))
  const turns = new Map<Exchange, Turn>()
  let place = 0
  for (const [index, { exchange, isAsked }] of sorted.entries()) {
    // Where nobody came in between it is one turn.
    const isBoth = isAsked && sorted[index + 1]?.exchange === exchange
    turns.set(exchange, { exchange, asked: turns.get(exchange)?.asked ?? place, worked: place })
    if (!isBoth) place++
  }
  return [...turns.values()]
}

function exported(exchange: Exchange, { replace, replaceAgain }: StandIns, parameters: ReadonlySet<string>): ExportedExchange {
  const { id, origin, real, asked, now, method, path, headers, requestBody, status, replyHeaders, mediaType, replyBody, cut } = exchange
  const isRequest = origin === 'request'
  // What was sent may come back in a refusal.
  const sent = new Map<string, string>()
  const replaceSent: Replace = (text, isNumber) => {
    const other = replace(text, isNumber)
    if (other !== text) sent.set(text, other)
    return other
  }
  const safePath = withoutSecretQuery(path, replaceSent)
  const body = requestBody === undefined ? undefined : withoutSecrets(requestBody, replaceSent)
  const isBodyLost = exchange.isBodyLost === true || (requestBody !== undefined && body === undefined)
  const safeAnswer = (text: string): string =>
    status < 400
      ? withoutSecretsInJson(text, replaceAgain)
      : rewritten(text, (scalar, isSecret) => (isSecret ? replaceAgain(scalar) : withoutQuoted(scalar, sent)))
  const safeHeader = ([name, value]: [string, string]): [string, string][] => {
    if (isRequest ? !HEADERS.has(name) && !parameters.has(name) : !CONTROL_HEADERS.has(name)) return []
    return [[name, inItsForm(value, withoutSecretHeader(name, value, replace))]]
  }
  return {
    id,
    origin: isRequest ? 'request' : 'control',
    at: new Date(asked?.real ?? real).toISOString(),
    method,
    path: safePath,
    headers: Object.fromEntries(Object.entries(headers).flatMap(safeHeader)),
    ...(body !== undefined && { body }),
    ...(isBodyLost && { bodyLost: true }),
    ...(asked && { worked: new Date(real).toISOString() }),
    ...(exchange.isGone && { gone: true }),
    answer: isRequest
      ? {
          status,
          headers: {
            ...Object.fromEntries(
              Object.entries(replyHeaders).map(([name, value]) => [name, withoutSecretHeader(name, value, replaceSent)]),
            ),
            Date: new Date(now).toUTCString(),
          },
          // A refusal of what cannot be shown may show it.
          ...(replyBody !== undefined && !isBodyLost && { mediaType, body: safeAnswer(replyBody) }),
          ...(cut && { cut }),
        }
      : { status, headers: {} },
  }
}

/** What stands for a user and a password has to be read as that: it is Base64, and has a colon. */
function inItsForm(sent: string, safe: string): string {
  const isReplaced = sent !== safe && /^basic /i.test(sent) && Buffer.from(sent.slice(6), 'base64').includes(':')
  return isReplaced ? `${sent.slice(0, 6)}${Buffer.from(`${safe.slice(6)}:`).toString('base64')}` : safe
}

function issuedTokens({ operation, replyBody }: Exchange, { members }: Registry): readonly string[] {
  if (operation === undefined || replyBody === undefined) return []
  return members.flatMap(({ api }) => api.callers.issuedIn?.(operation, replyBody) ?? [])
}
