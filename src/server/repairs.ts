import { curl } from '../base/curl.ts'
import { jsonText, type MockRequest, type Problem } from '../base/http.ts'
import { isSessionName, type SessionName } from '../base/session-name.ts'
import type { Exchange } from '../core/exchange.ts'
import { chanceOf, keyOf } from '../core/population/random.ts'
import { type Generate, loadGenerate } from '../contract/generate.ts'
import type { FindNearest } from '../contract/nearest.ts'
import { parseJson } from '../contract/json.ts'
import { isJson } from '../contract/schema.ts'
import { type Chooser, loadChooser } from '../engine/choose.ts'
import type { ExampleRequest, Material } from '../engine/mends.ts'
import { type Repair, repaired, type Trial } from '../engine/repair.ts'
import { respond } from '../engine/respond.ts'
import type { Around, Service } from '../engine/service.ts'
import { sessionOf } from '../engine/session.ts'
import { standing } from '../engine/standing.ts'
import type { Held, Store } from '../store/store.ts'
import { nameOfFault } from './line.ts'
import { maskedExchange } from './masked.ts'

export interface RepairSettings {
  readonly store: Store
  readonly control: Service
  readonly services: readonly Service[]
  readonly serviceFor: (request: MockRequest) => Service | undefined
  readonly nearest: FindNearest
  readonly around: (held: Held, choose: Chooser, name: SessionName) => Around
  /** Why a session is not answered by these APIs; undefined where it is. */
  readonly foreign: (held: Held, name: SessionName) => Problem | undefined
}

export interface Repairs {
  /** What would do in the place of a refused request of a client, as its session is now; undefined where it was not refused. */
  find(exchange: Exchange): Promise<Repair | undefined>
  /** The same as it is shown, without secrets. */
  show(exchange: Exchange, origin: string): Promise<object | undefined>
}

/** Finds requests that would be accepted in the place of those that were refused. Nothing of what is tried is kept. */
export function createRepairs({ store, control, services, serviceFor, nearest, around, foreign }: RepairSettings): Repairs {
  let tools: Promise<readonly [Generate, Chooser]> | undefined

  const find = async (exchange: Exchange): Promise<Repair | undefined> => {
    if (exchange.origin !== 'request' || !exchange.problem || !isSessionName(exchange.session)) return undefined
    if (exchange.isBodyLost)
      return { kind: 'none', reason: 'its body is not kept: it was too large, no text, or not what its encoding says' }
    const [generate, choose] = await (tools ??= Promise.all([loadGenerate(), loadChooser()]))
    const name = exchange.session
    const request = requestOf(exchange)
    return store.look(name, (held) => {
      const problem = foreign(held, name)
      if (problem) return { kind: 'none', reason: `${problem.detail}: ${problem.fix ?? ''}` }
      const there = around(held, choose, name)
      const attempt = (one: MockRequest): Trial => {
        const service = serviceFor(one)
        return service ? trialOf(service, one, held, there) : NOWHERE
      }
      const matchOf = (one: MockRequest) => {
        const service = serviceFor(one)
        const match = service?.contract.match(one.method, one.path.slice(service.contract.base.length))
        return service && match?.kind === 'found' ? { ...match, service } : undefined
      }
      let known: readonly ExampleRequest[] | undefined
      const material: Material = {
        operationOf(one) {
          const found = matchOf(one)
          if (!found) return undefined
          const { target, service } = found
          return {
            operation: target,
            name: service.nameOf(target.id),
            route: { base: service.contract.base, template: target.template },
          }
        },
        standing(one) {
          const found = matchOf(one)
          const session = sessionOf(held.world)
          return found && session && standing(found.target.id, found.path, found.service, { ...held, session, now: 0 })
        },
        examples: () => (known ??= examplesFor(control, name, request, held, there)),
        nearest,
        credentials: (operation) =>
          services
            .filter(({ contract }) => !operation || contract.operations.includes(operation))
            .flatMap(({ callers, contract }) =>
              callers.scheme === undefined
                ? [operation ?? contract.operations[0]].flatMap((one) => one?.carrierOf('any') ?? [])
                : Object.values(callers.tokens ?? {}).map((token) => ({
                    headers: { authorization: `${callers.scheme} ${token}` },
                    query: '',
                  })),
            ),
        make: (schema, side) => generate(schema, side, PURPOSE),
      }
      return repaired(request, attempt, material)
    })
  }

  return {
    find,
    async show(exchange, origin) {
      const repair = await find(exchange)
      return repair?.kind === 'repaired' ? shown(exchange, repair.request, origin) : repair
    },
  }
}

/** The same each time, and no more than is asked for: it is to be understood. */
const PURPOSE = { chance: chanceOf(keyOf('repair')), usesExamples: true, fillsMaps: false }

const NOWHERE: Trial = { kind: 'refused', problem: { code: 'route-unknown', detail: 'no document has the path' } }

function trialOf(service: Service, request: MockRequest, held: Held, around: Around): Trial {
  const { hit, problem, needs, failure } = respond(service, request, held.world, around)
  if (hit) return { kind: 'hit', fault: nameOfFault(hit) }
  if (problem) return { kind: 'refused', problem }
  if (failure !== undefined) return { kind: 'refused', problem: { code: 'internal', detail: 'the mock fails there' } }
  return needs === 'chooser' ? NOWHERE : { kind: 'accepted' }
}

/** Requests that succeed now, by the control API's own word; those of the caller that the refused request names. */
function examplesFor(control: Service, name: string, { headers }: MockRequest, held: Held, around: Around): readonly ExampleRequest[] {
  const [, token] = /^\S+ (.+)$/.exec(headers['authorization'] ?? '') ?? []
  const ask = (query: string): readonly ExampleRequest[] => {
    const path = `${control.contract.base}/sessions/${name}/examples`
    const { reply } = respond(control, { method: 'GET', path, query, headers: {}, body: { kind: 'none' }, prefix: '' }, held.world, around)
    const examples: unknown = isJson(reply.body) ? reply.body['examples'] : undefined
    return Array.isArray(examples) ? examples.filter(isExample) : []
  }
  const own = token === undefined ? [] : ask(`token=${encodeURIComponent(token)}`)
  return [...own, ...ask('')]
}

function isExample(value: unknown): value is ExampleRequest {
  return isJson(value) && typeof value['operation'] === 'string' && typeof value['path'] === 'string' && isJson(value['headers'])
}

/** The request as it came. */
export function requestOf({ method, path: sent, headers, requestBody }: Exchange): MockRequest {
  const [, prefix = '', rest = sent] = /^(\/(?:~|%7e)[^/?]*)?(.*)$/is.exec(sent) ?? []
  const mark = rest.indexOf('?')
  return {
    method,
    path: (mark === -1 ? rest : rest.slice(0, mark)) || '/',
    query: mark === -1 ? '' : rest.slice(mark + 1),
    headers,
    body: requestBody === undefined ? { kind: 'none' } : { kind: 'text', text: requestBody },
    prefix,
  }
}

/** Headers that a client's library writes. */
const OWN = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'user-agent', 'transfer-encoding', 'expect'])

/** What is sent in the place of what, and the command that sends it. */
function shown(exchange: Exchange, request: MockRequest, origin: string): object {
  const path = request.prefix + request.path + (request.query === '' ? '' : `?${request.query}`)
  const body = request.body.kind === 'text' ? request.body.text : undefined
  const masked = maskedExchange({ ...exchange, path, headers: request.headers, requestBody: body })
  // What the mock offers is no secret; what a client has sent may be one.
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      OWN.has(name) ? [] : [[name, exchange.headers[name] === value ? (masked.headers[name] ?? value) : value]],
    ),
  )
  const json = jsonOf(masked.requestBody)
  const sent = { method: request.method, path: masked.path, headers, ...(json !== undefined && { body: json }) }
  return {
    kind: 'repaired',
    changes: changesBetween(requestOf(maskedExchange(exchange)), { ...requestOf(masked), method: request.method, headers }),
    request: sent,
    curl: curl(request.method, origin + masked.path, headers, json),
  }
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined
  const read = parseJson(text)
  return read.kind === 'value' ? read.value : text
}

interface Difference {
  readonly at: string
  readonly from?: unknown
  readonly to?: unknown
}

/** Of two requests without secrets; what headers hold that are new is the mock's own offer. */
function changesBetween(before: MockRequest, after: MockRequest): readonly Difference[] {
  const parts = (one: MockRequest): Readonly<Record<string, unknown>> => ({
    method: one.method,
    path: one.path,
    ...(one.query !== '' && { query: one.query }),
  })
  return [
    ...differences('', parts(before), parts(after)),
    ...differences('/header', withoutOwn(before.headers), after.headers),
    ...(jsonText(before.body) === jsonText(after.body) ? [] : differences('/body', bodyOf(before), bodyOf(after))),
  ]
}

function withoutOwn(headers: MockRequest['headers']): MockRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.has(name)))
}

function bodyOf({ body }: MockRequest): unknown {
  return body.kind === 'text' ? jsonOf(body.text) : undefined
}

function differences(at: string, from: unknown, to: unknown): readonly Difference[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return []
  const isList = Array.isArray(from) && Array.isArray(to)
  if (!isList && !(isJson(from) && isJson(to)))
    return [{ at: at === '' ? '/' : at, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }]
  const [one, other] = [Object.entries(from), Object.entries(to)]
  const names = new Set([...one, ...other].map(([name]) => name))
  const valueIn = (entries: typeof one, name: string): unknown => entries.find(([key]) => key === name)?.[1]
  return [...names].flatMap((name) =>
    differences(`${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, valueIn(one, name), valueIn(other, name)),
  )
}
