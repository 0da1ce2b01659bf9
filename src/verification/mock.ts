import { ControlError, type MockSession } from '../client/client.ts'
import { plain } from '../base/exact.ts'
import type { Answer, Column, Interaction, ProviderState } from './pact/pact.ts'
import { type Circumstances, recordRequests, type SentRequest, type SentRequests } from './pact/record.ts'
import { setUpBody, statesAsked } from './pact/replay.ts'
import { isStateRefused, isUntried } from './pact/report.ts'
import { send } from './pact/send.ts'
import { type Fields, isRecord, parsed, textOf } from './pact/value.ts'
import { type Outcomes, type Prepared, type Target, verifyAgainst, type VerifyOptions } from './pact/verify.ts'
import { fieldWords, stateWords } from './pact/words.ts'
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
  return verifyAgainst({
    targets: targets.map((target) => ({ ...target, baseUrl: hostOf(target.baseUrl) })),
    ...(prepare && { prepare }),
    pacts: subjects.map(({ pact }) => pact),
    basePathOf: basePathsOf(subjects, targets[0].baseUrl),
    ...(headers && { headers }),
    ...(timeout !== undefined && { timeout }),
    ...(failFast !== undefined && { failFast }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress: (progress: { done: number; total: number }) => onProgress({ column, ...progress }) }),
  })
}

/** @param url of whoever is asked */
function basePathsOf(subjects: readonly Subject[], url: string): NonNullable<VerifyOptions['basePathOf']> {
  const documents = new Map(subjects.map(({ pact, document }) => [pact.file, document]))
  return ({ pact, interaction }) => pathBefore(url, documents.get(pact.file), interaction)
}

/** What the verifier sends for each interaction. @param url of whoever is asked */
export function requestsOf(
  subjects: readonly Subject[],
  { headers = {}, signal }: VerifyContractsOptions,
  url: string,
  valuesOf: Circumstances['valuesOf'] = () => ({}),
): Promise<SentRequests> {
  return recordRequests(
    subjects.map(({ pact }) => pact),
    { headers, valuesOf, basePathOf: basePathsOf(subjects, url), ...(signal && { signal }) },
  )
}

/** A mock of our own, for as long as it is asked. */
export async function askMock(subjects: readonly Subject[], options: VerifyContractsOptions): Promise<Outcomes> {
  if (subjects.length === 0) return new Map()
  const { states, assume } = options
  const { createMock } = await import('../mock.ts')
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
      values = { ...values, ...params, ...inFormOf(params, await session.setState(name, params)) }
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      const { problem } = error
      return { kind: 'refused', reason: { message: stateWords(name, fieldWords({ ...problem })), code: problem.code } }
    }
  return { kind: 'ready', headers: session.headers, values }
}

/** What a state has returned; a parameter that comes back keeps the form that the pact gave its number. */
function inFormOf(params: Fields, returned: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.entries(returned).map(([name, value]) => [name, plain(params[name]) === value ? params[name] : value]))
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

/** Tries interactions one by one, each from the start: with what the verifier sends, or with what was sent `before`. */
export async function tryAll(subjects: readonly Subject[], options: VerifyContractsOptions, now: Date, before?: Trials): Promise<Trials> {
  const trials = new Map<string, Trial>()
  if (subjects.length === 0) return trials
  const { states, assume, timeout = TIMEOUT } = options
  const { createMock } = await import('../mock.ts')
  // The verifier has met its failures already.
  const onFailure = (): void => undefined
  await using mock = await createMock({ now, onFailure, ...(states !== undefined && { states }), ...(assume && { assume }) })
  const { url } = await mock.listen({ port: 0 })
  const place: Place = { session: mock.session(REPLAY), base: `${url}/~${REPLAY}`, timeout }
  const requests = before ? requestsIn(subjects, before) : await requestsAt(place, subjects, options)
  for (const { pact } of subjects)
    for (const interaction of pact.interactions)
      try {
        const trial = await tryOut(place, interaction, requests.get(interaction))
        if (trial) trials.set(keyOf(pact.file, interaction.index), trial)
      } catch {
        // What has no answer cannot be repeated; the verifier has said why.
      }
  return trials
}

/** Where interactions are tried. */
interface Place {
  readonly session: MockSession
  readonly base: string
  readonly timeout: number
}

function requestsIn(subjects: readonly Subject[], trials: Trials): SentRequests {
  const requests = new Map<Interaction, SentRequest>()
  for (const { pact } of subjects)
    for (const interaction of pact.interactions) {
      const trial = trials.get(keyOf(pact.file, interaction.index))
      if (trial?.kind === 'answered') requests.set(interaction, trial.request)
    }
  return requests
}

/** What the verifier sends, with the values that provider states have here. */
async function requestsAt(place: Place, subjects: readonly Subject[], options: VerifyContractsOptions): Promise<SentRequests> {
  const values = new Map<Interaction, Fields>()
  for (const { pact } of subjects)
    for (const interaction of pact.interactions) {
      const begun = await begin(place, interaction)
      if (begun.kind === 'ready') values.set(interaction, begun.values)
    }
  const sendable = narrowed(subjects, (_, interaction) => values.has(interaction))
  return requestsOf(sendable, options, new URL(place.base).origin, (interaction) => values.get(interaction) ?? {})
}

/** @returns undefined for what the verifier cannot send either */
async function tryOut(place: Place, interaction: Interaction, request: SentRequest | undefined): Promise<Trial | undefined> {
  const { session, base, timeout } = place
  const begun = await begin(place, interaction)
  if (begun.kind === 'refused') return begun
  if (!request) return undefined
  const { status, text } = await send(base + request.target, { ...request, headers: headersOf(request), timeout })
  const [exchange] = status < 400 ? [] : await session.requests({ limit: 1 })
  const problem = exchange?.['problem']
  return {
    kind: 'answered',
    states: begun.states,
    request,
    status,
    text,
    ...(isRecord(problem) && { problem: { code: textOf(problem['code']), words: fieldWords(problem) } }),
  }
}

type Begun =
  | Extract<Trial, { readonly kind: 'refused' }>
  | { readonly kind: 'ready'; readonly states: readonly ProviderState[]; readonly values: Fields }

/** Sets up the states of an interaction from the start, up to the first that is refused. */
async function begin({ session, base, timeout }: Place, interaction: Interaction): Promise<Begun> {
  await session.reset()
  const states = statesAsked(interaction)
  let values: Fields = {}
  for (const [index, state] of states.entries()) {
    const body = setUpBody(state)
    const answer = await send(`${base}/_pact/provider_states`, { method: 'POST', headers: JSON_TYPE, body, timeout })
    if (answer.status !== 200) return { kind: 'refused', states: states.slice(0, index + 1) }
    const told = parsed(answer.text)
    values = { ...values, ...state.params, ...(isRecord(told) ? told : {}) }
  }
  return { kind: 'ready', states, values }
}

/** As Node takes them: values of one name in a list, a character for each octet. */
function headersOf({ headers }: SentRequest): Record<string, string[]> {
  return Object.fromEntries(
    [...Map.groupBy(headers, ([name]) => name)].map(([name, pairs]) => [
      name,
      pairs.map(([, value]) => Buffer.from(value).toString('latin1')),
    ]),
  )
}

const TIMEOUT = 30_000
const JSON_TYPE = { 'content-type': 'application/json' }

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
  const { assumptionList } = await import('../mock.ts')
  const { onProgress: _, failFast: __, ...silent } = options
  for (const { name, alternatives } of assumptionList(options.assume))
    for (const value of alternatives) {
      const other = { ...silent, assume: { ...options.assume, [name]: value } }
      // An assumption changes what is answered, not what is asked.
      const tried = await tryAll(wrong, other, now, trials)
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
