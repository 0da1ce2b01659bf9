import type { MockSession } from '../client/client.ts'
import { requestsOf } from './ask.ts'
import type { MockAccess } from './mock-access.ts'
import type { Interaction, ProviderState } from './pact/pact.ts'
import type { SentRequest, SentRequests } from './pact/record.ts'
import { setUpBody, statesAsked } from './pact/replay.ts'
import { send } from './pact/send.ts'
import { type Fields, isRecord, parsed, textOf } from './pact/value.ts'
import { TIMEOUT } from './pact/verify.ts'
import { fieldWords } from './pact/words.ts'
import type { VerifyContractsOptions } from './options.ts'
import { keyOf, narrowed, type Subject } from './subjects.ts'

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

/** The session in which interactions are repeated, here and by the commands of the report. */
export const REPLAY = 'replay'

/** Tries interactions one by one, each from the start: with what the verifier sends, or with what was sent `before`. */
export async function tryAll(
  subjects: readonly Subject[],
  options: VerifyContractsOptions,
  { open }: MockAccess,
  now: Date,
  before?: Trials,
): Promise<Trials> {
  const trials = new Map<string, Trial>()
  if (subjects.length === 0) return trials
  const { states, assume, timeout = TIMEOUT } = options
  // The verifier has met its failures already.
  const onFailure = (): void => undefined
  await using mock = await open({ now, onFailure, ...(states !== undefined && { states }), ...(assume && { assume }) })
  const place: Place = { session: mock.session(REPLAY), base: `${mock.url}/~${REPLAY}`, timeout }
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

const JSON_TYPE = { 'content-type': 'application/json' }
