import type { Command, WantedSession } from '../domain/behaviour.ts'
import type { SessionName } from '../domain/control/session.ts'
import type { StateDefinition } from '../domain/state.ts'
import { type Answer, respond } from '../engine/respond.ts'
import type { Around, Service } from '../engine/service.ts'
import { type MatchedState, matchState, refusal, type Started } from '../engine/session.ts'
import { type MockReply, type MockRequest, valueAt } from '../http.ts'
import type { Store } from '../store/store.ts'
import type { Sessions } from './sessions.ts'

export interface StateSettings {
  readonly control: Service
  readonly store: Store
  readonly sessions: Sessions
  readonly around: (real: number) => Around
  /** Sessions whose last request set up a provider state: the next one adds to it. */
  readonly settingUp: Set<SessionName>
  /** The provider states that are known. */
  readonly states: () => Promise<readonly StateDefinition[]>
  readonly startFrom: (wanted: WantedSession) => Promise<Started>
  /** Hears of what was brought into a session: a replay has to bring it in again. */
  readonly onBrought: (name: SessionName, request: MockRequest, answer: Answer, real: number) => void
}

/** Sets up provider states, and takes them back. `real` is the world's time in milliseconds. */
export function createStates({
  control,
  store,
  sessions,
  around,
  settingUp,
  states,
  startFrom,
  onBrought,
}: StateSettings): (command: Extract<Command, { kind: 'provider-state' }>, real: number, name: SessionName) => Promise<MockReply> {
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
    const answer = await store.transact(name, (world) => {
      const result = respond(control, request, world, { ...around(real), strict: true, checkReplies: true, prefersProblem: true })
      return { changes: result.problem ? [] : result.changes, result }
    })
    if (!answer.problem) onBrought(name, request, answer, real)
    return answer
  }

  const setUp = async (state: string, matched: MatchedState, real: number, name: SessionName): Promise<MockReply> => {
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

  return async ({ state, params, action }, real, name) => {
    const isWanted = action === 'setup' && state !== ''
    const isFirst = !isWanted || !settingUp.has(name)
    const matched = isWanted ? matchState(await states(), state, params) : undefined
    const scenario = matched?.kind === 'state' ? matched.scenario : undefined
    const started = scenario === undefined ? undefined : await startFrom({ scenario })
    if (isFirst) {
      const full = await sessions.reset(name, real, started?.kind === 'started' ? started.start : undefined)
      if (full) return refusal(full)
    }
    if (action === 'teardown') settingUp.delete(name)
    else settingUp.add(name)
    if (!matched) return { status: 200, body: {} }
    const answer =
      started?.kind === 'refused'
        ? refusal(started.problem)
        : started && !isFirst
          ? refusal({
              code: 'state-impossible',
              detail: `the provider state "${state}" begins a scenario`,
              fix: 'let it stand before all others',
            })
          : await setUp(state, matched, real, name)
    // After a refused setup a verifier sends neither request nor teardown: the next setup must not add to it.
    if (answer.status !== 200) settingUp.delete(name)
    return answer
  }
}

/** Named values of what was brought in, by JSON pointer. */
function valuesOf(pointers: Readonly<Record<string, string>>, brought: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(pointers).map(([name, pointer]) => [name, valueAt(brought, pointer)]))
}
