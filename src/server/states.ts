import { refusal } from '../base/refusal.ts'
import { parseExact } from '../base/exact.ts'
import { type MockReply, type MockRequest, type Problem, valueAt } from '../base/http.ts'
import { secretsIn, withoutSecretMembers, withoutSecretValues } from '../base/secret.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Command, WantedSession } from '../core/behaviour.ts'
import type { Registry } from '../core/registry.ts'
import {
  addState,
  type DoneState,
  type FilledState,
  type MatchedState,
  matchState,
  type SetUp,
  type StateDefinition,
} from '../core/scenario/state.ts'
import type { Data } from '../core/scenario/written.ts'
import { type Answer, goOn, respond } from '../engine/respond.ts'
import type { Around, Service } from '../engine/service.ts'
import type { Started } from '../engine/session.ts'
import type { Held, Store } from '../store/store.ts'
import { toLine } from './line.ts'
import { askInPieces } from './pieces.ts'
import { controlId, exchangeOf } from './record.ts'
import type { Sessions } from './sessions.ts'

export interface StateSettings {
  readonly control: Service
  readonly registry: Registry
  readonly store: Store
  readonly sessions: Sessions
  readonly around: (held: Held, real: number, name: SessionName) => Around
  /** The provider states that are known. */
  readonly states: () => Promise<readonly StateDefinition[]>
  readonly startFrom: (wanted: WantedSession, real: number) => Promise<Started>
}

type StateCommand = Extract<Command, { kind: 'provider-state' }>

/** Sets up provider states, and takes them back. `real` is the world's time in milliseconds. */
export function createStates({
  control,
  registry,
  store,
  sessions,
  around,
  states,
  startFrom,
}: StateSettings): (command: StateCommand, real: number, name: SessionName) => Promise<MockReply> {
  /**
   * What shall exist comes in by the control API's own operation, so that its document checks it.
   * @param done what is noted of it, for the next state to add to
   */
  const bringIn = async (
    name: SessionName,
    data: unknown,
    done: (reply: MockReply) => readonly DoneState[] | undefined,
  ): Promise<Answer> => {
    const request: MockRequest = {
      method: 'POST',
      path: `${control.contract.base}/sessions/${name}/exists`,
      query: '',
      headers: { 'content-type': 'application/json' },
      body: { kind: 'text', text: JSON.stringify(data) },
      prefix: '',
    }
    const there = (held: Held, real: number): Around => ({
      ...around(held, real, name),
      strict: true,
      checkReplies: true,
      prefersProblem: true,
    })
    const { answer } = await askInPieces(store, name, registry, {
      asks: 'control',
      idOf: (held) => controlId(name, held),
      answer(held, { real }) {
        const result = respond(control, request, held.world, there(held, real))
        return result.problem ? { ...result, changes: [], steps: [] } : result
      },
      goOn: (held, { real }) => goOn(held.world, there(held, real)),
      keep({ answer: { problem, needs, reply, now }, taken: { id, real } }) {
        if (problem || needs !== undefined) return {}
        // A replay has to bring it in again.
        const exchange = exchangeOf({ id, session: name, origin: 'control', request, now, real }, toLine(reply, now, true))
        return { exchange, hasChanged: true, notes: { settingUp: done(reply) } }
      },
    })
    return answer
  }

  /** @returns the problem, where the state cannot be set up beside those before it */
  const setUp = async (
    filled: FilledState,
    { state: text, params }: StateCommand,
    before: readonly DoneState[],
    name: SessionName,
  ): Promise<DoneState | Problem> => {
    const impossible = (why: Omit<Problem, 'code'>): Problem => {
      const problem = withoutSecretValues({ ...why, code: 'state-impossible' }, secretsIn(params))
      return { ...problem, detail: `the provider state ${told({ text, params })}${problem.detail}` }
    }
    const { scenario, values = {} } = filled.definition
    const done = (data: Data, brought: unknown): DoneState | Problem => {
      const lost = Object.entries(values).find(([, pointer]) => valueAt(brought, pointer) === undefined)
      return lost
        ? impossible({
            detail: `: the value ${lost[0]} is at ${lost[1]}, and nothing is there`,
            fix: `let the pointer lead into ${[...registry.words.values()].flatMap(({ row }) => row.shows).join(', ')} as the APIs show them`,
          })
        : { text, params, filled, data, brought }
    }
    const addition = addState(filled, before, registry)
    switch (addition.kind) {
      case 'repeated': {
        const again = done(addition.earlier.data, addition.earlier.brought)
        if (!('code' in again)) await note(name, [...before, again])
        return again
      }
      case 'contradiction': {
        const { earlier, what } = addition
        return impossible({
          detail: ` contradicts ${told(earlier)}, which is set up already: both say what there is of the ${what}`,
          fix: 'leave one of them out, or let its parameters name another',
        })
      }
      case 'added': {
        if (scenario !== undefined && before.length > 0)
          return impossible({ detail: ' begins a scenario', fix: 'let it stand before all others' })
        const noted = (reply: MockReply): readonly DoneState[] | undefined => {
          const added = done(addition.data, reply.body)
          return 'code' in added ? undefined : [...before, added]
        }
        const { reply, problem } = await bringIn(name, addition.data, noted)
        return problem ? impossible({ ...problem, detail: `: ${problem.detail}` }) : done(addition.data, reply.body)
      }
      default:
        return addition satisfies never
    }
  }

  const note = (name: SessionName, settingUp: readonly DoneState[] | undefined): Promise<void> =>
    store.use(name, ({ record }) => ({ changes: [], notes: record && { settingUp }, result: undefined }))

  return async (command, real, name) => {
    const { state, params, action } = command
    const isWanted = action === 'setup' && state !== ''
    const before = isWanted ? await store.look(name, ({ record }) => record?.notes.settingUp) : undefined
    const matched = isWanted ? matchState(await states(), state, params, registry) : undefined
    const scenario = !before && matched?.kind === 'state' ? matched.definition.scenario : undefined
    const started = scenario === undefined ? undefined : await startFrom({ scenario }, real)
    if (!before) {
      const start = started?.kind === 'started' ? started.start : undefined
      const reset = await sessions.reset(name, { start, settingUp: action === 'teardown' ? undefined : [] })
      if (reset.problem) return reset
    }
    if (!matched) return { status: 200, body: {} }
    const done =
      matched.kind !== 'state'
        ? unmatched(matched, state)
        : started?.kind === 'refused'
          ? started.problem
          : await setUp(matched, command, before ?? [], name)
    if ('code' in done) {
      // After a refused setup a verifier sends neither request nor teardown: the next setup must not add to it.
      await note(name, undefined)
      return refusal(done)
    }
    const { definition, params: taken } = done.filled
    return { status: 200, body: { ...taken, ...valuesOf(definition.values ?? {}, done.brought) } }
  }
}

/** A state as a contract names it. */
function told({ text, params }: Pick<SetUp, 'text' | 'params'>): string {
  return Object.keys(params).length === 0 ? `"${text}"` : `"${text}" with ${excerpt(params)}`
}

/** Parameters, or one of them under its name. They may be as long as bodies, and secrets. */
function excerpt(params: Readonly<Record<string, unknown>>, name?: string): string {
  const safe = withoutSecretMembers(params)
  const text = JSON.stringify(name === undefined ? safe : safe[name])
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
}

const MAX_SHOWN = 200

/** Why a text with these parameters is not a known state. */
export function unmatched(matched: Exclude<MatchedState, FilledState>, text: string): Problem {
  switch (matched.kind) {
    case 'unknown':
      return {
        code: 'state-unknown',
        detail: `no provider state has the text "${text}"`,
        fix: `${
          matched.known.length === 0 ? 'there is none' : `the nearest are ${matched.known.map((known) => `"${known}"`).join(', ')}`
        }; a file of your own texts is given with --states`,
      }
    case 'missing':
      return {
        code: 'state-parameter-missing',
        detail: `the provider state "${matched.state}" needs the parameter ${matched.parameter}`,
        fix: 'give it in params',
      }
    case 'unfit-parameter':
      return {
        code: 'state-parameter-unfit',
        detail: `the parameter ${matched.parameter} of the provider state "${matched.state}" is ${excerpt({ [matched.parameter]: matched.value }, matched.parameter)}`,
        fix: WANTED[matched.wanted],
      }
    case 'unknown-parameter': {
      const { parameter, known } = matched
      const there = known.length === 0 ? 'it has none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
      return {
        code: 'state-parameter-unknown',
        detail: `the provider state "${matched.state}" has no parameter "${parameter}"`,
        fix: `${there}; one that only other verifiers use is declared in the parameters of the state`,
      }
    }
    default:
      return matched satisfies never
  }
}

const WANTED: Readonly<Record<Extract<MatchedState, { kind: 'unfit-parameter' }>['wanted'], string>> = {
  number: 'it has to be a number: give one such as 7 or 1.5, without blanks or leading zeros',
  'truth value': 'it has to be a truth value: give true or false',
  text: 'it has to be a text: give one, or a number, true or false, whose text is taken',
  scalar: 'it is put into a text: give a text, a number, true or false',
  anything: 'it has to have a value: give one',
}

/**
 * The command with the numbers of its parameters as they are written in the request: the document's reader makes `1.0` a 1, and what was sent
 * is what a text is made of, and what the client is told.
 */
export function withExactParams(command: Command, { body }: MockRequest): Command {
  if (command.kind !== 'provider-state' || body.kind !== 'text') return command
  const params = valueAt(parseExact(body.text), '/params')
  return typeof params === 'object' && params !== null ? { ...command, params: { ...params } } : command
}

/** Named values of what was brought in, by JSON pointer. */
function valuesOf(pointers: Readonly<Record<string, string>>, brought: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(pointers).map(([name, pointer]) => [name, valueAt(brought, pointer)]))
}
