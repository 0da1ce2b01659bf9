import type { Command } from '../domain/behaviour.ts'
import type { SessionDefaults, SessionName } from '../domain/control/session.ts'
import type { StateDefinition } from '../domain/state.ts'
import { type Answer, respond, type Service } from '../engine/respond.ts'
import { beginning, describe, matchState, refusal } from '../engine/session.ts'
import { type MockReply, type MockRequest, pointerParts, type Problem } from '../http.ts'
import type { Store } from '../store/store.ts'
import type { SessionCounts } from './counts.ts'
import type { Events, Stream } from './events.ts'
import type { Journal } from './journal.ts'

export interface CommandSettings {
  readonly control: Service
  readonly providerStates: Service
  readonly services: readonly Service[]
  readonly store: Store
  readonly journal: Journal
  readonly events: Events
  readonly counts: SessionCounts
  readonly defaults: SessionDefaults
  readonly version: string
  readonly dataVersion: number
  /** Sessions whose last request set up a provider state: the next one adds to it. */
  readonly settingUp: Set<SessionName>
  /** The provider states that are known. */
  readonly states: () => Promise<readonly StateDefinition[]>
}

/** Does what a control operation asked of the server itself. `real` is the world's time in milliseconds. */
export function createCommands({
  control,
  providerStates,
  services,
  store,
  journal,
  events,
  counts,
  defaults,
  version,
  dataVersion,
  settingUp,
  states,
}: CommandSettings): (command: Command, real: number, session: SessionName) => Promise<MockReply & { readonly stream?: Stream }> {
  const documents = [control, providerStates, ...services].map(({ contract }) => contract)
  const show = async (name: SessionName, real: number): Promise<object> => {
    const session = await store.transact(name, (world) => ({ changes: [], result: describe(world, defaults, real) }))
    return { name, ...session, requests: counts.of(name) }
  }

  const reset = async (name: SessionName, real: number): Promise<Problem | undefined> => {
    const full = counts.begin(name)
    if (full) return full
    await store.drop(name)
    await store.transact(name, () => ({ changes: beginning(defaults, real), result: undefined }))
    counts.restart(name)
    journal.forget(name)
    return undefined
  }

  /** What shall exist comes in by the control API's own operation, so that its document checks it. */
  const bringIn = async (name: SessionName, data: unknown, real: number): Promise<Answer> => {
    const request: MockRequest = {
      method: 'POST',
      path: `${control.contract.base}/sessions/${name}/exists`,
      query: '',
      headers: { 'content-type': 'application/json' },
      body: { kind: 'text', text: JSON.stringify(data) },
      prefix: '',
    }
    return store.transact(name, (world) => {
      const answer = respond(control, request, world, { defaults, real, strict: true, checkReplies: true, prefersProblem: true })
      return { changes: answer.problem ? [] : answer.changes, result: answer }
    })
  }

  const setState = async (
    { state, params, action }: Extract<Command, { kind: 'provider-state' }>,
    real: number,
    name: SessionName,
  ): Promise<MockReply> => {
    if (action === 'teardown' || state === '' || !settingUp.has(name)) {
      const full = await reset(name, real)
      if (full) return refusal(full)
    }
    if (action === 'teardown') settingUp.delete(name)
    else settingUp.add(name)
    if (action === 'teardown' || state === '') return { status: 200, body: {} }
    const answer = await setUp(state, params, real, name)
    // After a refused setup a verifier sends neither request nor teardown: the next setup must not add to it.
    if (answer.status !== 200) settingUp.delete(name)
    return answer
  }

  const setUp = async (state: string, params: Readonly<Record<string, unknown>>, real: number, name: SessionName): Promise<MockReply> => {
    const matched = matchState(await states(), state, params)
    switch (matched.kind) {
      case 'unknown':
        return refusal({
          code: 'state-unknown',
          detail: `no provider state has the text "${state}"`,
          fix: `the nearest are ${matched.known.map((text) => `"${text}"`).join(', ')}; a file of your own texts is given with --states`,
        })
      case 'missing':
        return refusal({
          code: 'state-parameter-missing',
          detail: `the provider state "${matched.state}" needs the parameter ${matched.parameter}`,
          fix: 'give it in params',
        })
      case 'unknown-parameter': {
        const { parameter, known } = matched
        const there = known.length === 0 ? 'it has none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
        return refusal({
          code: 'state-parameter-unknown',
          detail: `the provider state "${matched.state}" has no parameter "${parameter}"`,
          fix: `${there}; one that only other verifiers use is declared in the parameters of the state`,
        })
      }
      case 'state': {
        const { reply, problem } = await bringIn(name, matched.data, real)
        if (problem) return refusal({ ...problem, code: 'state-impossible', detail: `the provider state "${state}": ${problem.detail}` })
        const lost = Object.entries(matched.values).find(([, pointer]) => valueAt(reply.body, pointer) === undefined)
        if (lost)
          return refusal({
            code: 'state-impossible',
            detail: `the provider state "${state}": the value ${lost[0]} is at ${lost[1]}, and nothing is there`,
            fix: 'let the pointer lead into orders, allocations or omsOrders as their APIs show them',
          })
        return { status: 200, body: { ...matched.params, ...valuesOf(matched.values, reply.body) } }
      }
      default:
        return matched satisfies never
    }
  }

  /** The refusal of a list that begins behind what is forgotten: it might lack some. */
  const unheld = (since: string | undefined): MockReply | undefined =>
    since === undefined || journal.has(since) ? undefined : notHeld(since)

  return async (command, real, session) => {
    switch (command.kind) {
      case 'health':
        return { status: 200, body: { status: 'ok', version, dataVersion } }
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
      case 'list-sessions': {
        const names = await store.sessions()
        return { status: 200, body: { sessions: await Promise.all(names.map((name) => show(name, real))) } }
      }
      case 'reset-session': {
        const { name } = command
        const full = await reset(name, real)
        if (full) return refusal(full)
        return { status: 200, body: await show(name, real) }
      }
      case 'drop-session': {
        const { name } = command
        const existed = await store.drop(name)
        // One whose every request failed has a place, but no state.
        if (!existed && !counts.has(name))
          return refusal({ code: 'session-unknown', detail: `there is no session "${name}"`, fix: 'GET /__mock/sessions lists them' })
        counts.forget(name)
        settingUp.delete(name)
        journal.forget(name)
        return { status: 204 }
      }
      case 'provider-state':
        return setState(command, real, session)
      case 'list-requests':
        return unheld(command.filter.since) ?? { status: 200, body: { requests: journal.list(command.filter, command.limit) } }
      case 'count-requests':
        return unheld(command.filter.since) ?? { status: 200, body: { count: journal.count(command.filter) } }
      case 'follow-requests':
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
        const entry = journal.get(command.id)
        return entry ? { status: 200, body: entry } : notHeld(command.id)
      }
      default:
        return command satisfies never
    }
  }
}

function notHeld(id: string): MockReply {
  return refusal({
    code: 'request-unknown',
    detail: `the journal holds no request "${id}"`,
    fix: "an answer carries its id as Mock-Request-Id; the journal forgets the oldest requests first, and a session's when it is reset or dropped",
  })
}

/** Named values of what was brought in, by JSON pointer. */
function valuesOf(pointers: Readonly<Record<string, string>>, brought: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(pointers).map(([name, pointer]) => [name, valueAt(brought, pointer)]))
}

function valueAt(from: unknown, pointer: string): unknown {
  let value = from
  for (const part of pointerParts(pointer))
    value = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, part)?.value : undefined
  return value
}
