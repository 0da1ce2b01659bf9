import { ControlError, type MockSession } from '../client.ts'
import type { Mock } from '../index.ts'
import type { Answer, Column, Interaction, ProviderState } from '../pact/pact.ts'
import { missingBase } from '../pact/part.ts'
import { NO_STATE, requestOf, type SentRequest, setUpBody } from '../pact/replay.ts'
import { isStateRefused, isUntried } from '../pact/report.ts'
import { send } from '../pact/send.ts'
import { type Fields, isRecord, parsed, textOf } from '../pact/value.ts'
import { type Outcomes, type Prepared, type Target, verifyAgainst, type VerifyOptions } from '../pact/verify.ts'
import { fieldWords, stateWords } from '../pact/words.ts'
import { hostOf, pathBefore } from './address.ts'
import type { VerifyContractsOptions } from './options.ts'
import { narrowed, type Subject } from './subjects.ts'

/** Asks one column about each interaction, at one address or several. */
export function ask(
  column: Exclude<Column, 'document'>,
  subjects: readonly Subject[],
  { headers, timeout, failFast, onProgress, signal }: VerifyContractsOptions,
  targets: readonly [Target, ...Target[]],
  prepare?: VerifyOptions['prepare'],
): Promise<Outcomes> {
  const documents = new Map(subjects.map(({ pact, document }) => [pact.file, document]))
  const [{ baseUrl: url }] = targets
  return verifyAgainst({
    targets: targets.map((target) => ({ ...target, baseUrl: hostOf(target.baseUrl) })),
    ...(prepare && { prepare }),
    pacts: subjects.map(({ pact }) => pact),
    basePathOf: ({ pact, interaction }) => pathBefore(url, documents.get(pact.file), interaction),
    ...(headers && { headers }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (progress: { done: number; total: number }) => onProgress({ column, ...progress }) }),
  })
}

/** A mock of our own, for as long as it is asked. */
export async function askMock(subjects: readonly Subject[], options: VerifyContractsOptions): Promise<Outcomes> {
  if (subjects.length === 0) return new Map()
  const { states, assume } = options
  const { createMock } = await import('../index.ts')
  const own = { ...(states !== undefined && { states }), ...(assume && { assume }) }
  await using mock = await createMock({ maxSessions: MAX_SESSIONS, journalBytes: 0, ...own })
  const { url } = await mock.listen({ port: 0 })
  let number = 0
  const prepare = ({ states: wanted }: Interaction): Promise<Prepared> => setUp(mock.session(`verify-${++number}`), wanted)
  // While one process has its states set up, or starts, the others verify.
  return await ask('mock', subjects, options, [{ baseUrl: url }, { baseUrl: url }, { baseUrl: url }], prepare)
}

/** Each interaction has a session of its own. */
const MAX_SESSIONS = 1_000_000

/** Sets up the states of an interaction in a session that nobody has used. */
async function setUp(session: MockSession, states: readonly ProviderState[]): Promise<Prepared> {
  let values: Fields = {}
  for (const { name, params } of states)
    try {
      values = { ...values, ...params, ...(await session.setState(name, params)) }
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      const { problem } = error
      return { kind: 'refused', reason: { message: stateWords(name, fieldWords({ ...problem })), code: problem.code } }
    }
  return { kind: 'ready', headers: session.headers, values }
}

/** What the mock makes of one interaction that is asked once more, without the verifier: the verifier tells nobody what it sent. */
export type Trial =
  /** The last state cannot be set up. */
  | { readonly kind: 'refused'; readonly states: readonly ProviderState[] }
  | {
      readonly kind: 'answered'
      readonly states: readonly ProviderState[]
      readonly request: SentRequest
      readonly status: number
      readonly text: string
      /** Why it is a refusal. */
      readonly problem?: { readonly code: string; readonly words: string }
    }

/** By `keyOf`. */
export type Trials = ReadonlyMap<string, Trial>

/** An interaction among those of all pacts. */
export function keyOf(file: string, index: number): string {
  return `${file} ${index}`
}

/** The session in which interactions are repeated, here and by the commands of the report. */
export const REPLAY = 'replay'

/** Tries interactions one by one, each from the start. */
export async function tryAll(subjects: readonly Subject[], options: VerifyContractsOptions, now: Date): Promise<Trials> {
  const trials = new Map<string, Trial>()
  if (subjects.length === 0) return trials
  const { states, assume } = options
  const { createMock } = await import('../index.ts')
  // The verifier has met its failures already.
  const onFailure = (): void => undefined
  await using mock = await createMock({ now, onFailure, ...(states !== undefined && { states }), ...(assume && { assume }) })
  const { url } = await mock.listen({ port: 0 })
  for (const subject of subjects)
    for (const interaction of subject.pact.interactions)
      try {
        trials.set(keyOf(subject.pact.file, interaction.index), await tryOut(mock, url, subject, interaction, options))
      } catch {
        // What cannot be sent cannot be repeated; the verifier has said why.
      }
  return trials
}

async function tryOut(
  mock: Mock,
  url: string,
  { pact, document }: Subject,
  interaction: Interaction,
  { headers = {}, timeout = TIMEOUT }: VerifyContractsOptions,
): Promise<Trial> {
  const session = mock.session(REPLAY)
  await session.reset()
  const base = `${url}/~${REPLAY}`
  const states = statesOf(interaction)
  let values: Fields = {}
  for (const [index, state] of states.entries()) {
    const body = setUpBody(state)
    const answer = await send(`${base}/_pact/provider_states`, { method: 'POST', headers: { ...headers, ...JSON_TYPE }, body, timeout })
    if (answer.status !== 200) return { kind: 'refused', states: states.slice(0, index + 1) }
    const told = parsed(answer.text)
    values = { ...values, ...state.params, ...(isRecord(told) ? told : {}) }
  }
  const basePath = document ? missingBase(document, interaction) : ''
  const request = requestOf(pact, interaction, { basePath, headers, values })
  const { status, text } = await send(base + request.target, { ...request, timeout })
  const [exchange] = status < 400 ? [] : await session.requests({ limit: 1 })
  const problem = exchange?.['problem']
  return {
    kind: 'answered',
    states,
    request,
    status,
    text,
    ...(isRecord(problem) && { problem: { code: textOf(problem['code']), words: fieldWords(problem) } }),
  }
}

const TIMEOUT = 30_000
const JSON_TYPE = { 'content-type': 'application/json' }

/** The states as the verifier asks for them. */
function statesOf({ states }: Interaction): readonly ProviderState[] {
  return states.length === 0 ? [NO_STATE] : states
}

/** So many interactions are tried under other assumptions. */
const MOST = 50

/**
 * The assumptions under which the mock does what it does not: each alternative is tried on those interactions that are not yet explained, and
 * where that changes an answer the verifier says whether it does. @returns `NAME=VALUE` by `keyOf`
 */
export async function remediesFor(
  subjects: readonly Subject[],
  trials: Trials,
  options: VerifyContractsOptions,
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const remedies = new Map<string, string>()
  let left = MOST
  let wrong = narrowed(subjects, ({ file }, { index }) => trials.get(keyOf(file, index))?.kind === 'answered' && left-- > 0)
  if (wrong.length === 0) return remedies
  const { assumptionList } = await import('../index.ts')
  const { onProgress: _, failFast: __, ...silent } = options
  for (const { name, alternatives } of assumptionList(options.assume))
    for (const value of alternatives) {
      const other = { ...silent, assume: { ...options.assume, [name]: value } }
      const tried = await tryAll(wrong, other, now)
      const changed = narrowed(wrong, ({ file }, { index }) => differ(tried.get(keyOf(file, index)), trials.get(keyOf(file, index))))
      const outcomes = await askMock(changed, other)
      for (const { pact } of changed)
        for (const { index } of pact.interactions)
          if (outcomes.get(pact.file)?.get(index)?.answer.kind === 'passed') remedies.set(keyOf(pact.file, index), `${name}=${value}`)
      wrong = narrowed(wrong, ({ file }, { index }) => !remedies.has(keyOf(file, index)))
      if (wrong.length === 0) return remedies
    }
  return remedies
}

function differ(one: Trial | undefined, other: Trial | undefined): boolean {
  return one?.kind === 'answered' && other?.kind === 'answered' && (one.status !== other.status || one.text !== other.text)
}

/** A request was answered, if otherwise than expected: no assumption makes a provider state known. */
export function isAnswered(answer: Answer): boolean {
  return answer.kind === 'failed' && !isStateRefused(answer) && !isUntried(answer)
}
