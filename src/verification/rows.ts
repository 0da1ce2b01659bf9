import type { Comparison } from './pact/compare.ts'
import type { Answer, Column, Interaction, Row } from './pact/pact.ts'
import type { SentRequests } from './pact/record.ts'
import { commandFor, statesAsked } from './pact/replay.ts'
import { explanationOf, verdictOf } from './pact/report.ts'
import type { Outcomes } from './pact/verify.ts'
import type { VerifyContractsOptions } from './options.ts'
import { keyOf, type Subject } from './subjects.ts'
import { REPLAY, type Trial, type Trials } from './trial.ts'

/** All that was found out about the pacts of a run. */
export interface Findings {
  readonly columns: readonly Column[]
  readonly documents: ReadonlyMap<string, ReadonlyMap<number, Comparison>>
  readonly mock: Outcomes
  readonly real: Outcomes
  readonly trials: Trials
  /** What the mock does not serve, by `keyOf`. */
  readonly unserved: ReadonlySet<string>
  /** What was sent to the real service, where only that fails. */
  readonly requests: SentRequests
  /** Assumptions by `keyOf`. */
  readonly remedies: ReadonlyMap<string, string>
  /** Provider states that the mock does not know. */
  readonly unknown: ReadonlySet<string>
  readonly options: VerifyContractsOptions
}

const SKIPPED = { kind: 'skipped' } as const

type Answers = Row['answers']

/** What the columns say of an interaction. */
export function answersOf({ documents, mock, real }: Pick<Findings, 'documents' | 'mock' | 'real'>, file: string, index: number): Answers {
  return {
    document: documents.get(file)?.get(index)?.answer ?? SKIPPED,
    mock: mock.get(file)?.get(index)?.answer ?? SKIPPED,
    provider: real.get(file)?.get(index)?.answer ?? SKIPPED,
  }
}

/** The rows of one pact, in the order of its file. */
export function rowsOf(subject: Subject, isOurs: boolean, findings: Findings): readonly Row[] {
  const { pact } = subject
  const named = { file: pact.file, consumer: pact.consumer, provider: pact.provider }
  const skipped = { document: SKIPPED, mock: SKIPPED, provider: SKIPPED } as const
  const unverified = pact.unverified.map(({ reason, isBroken, ...one }): Row => ({
    ...one,
    ...named,
    answers: skipped,
    // No column is asked what nobody can read: the file is wrong.
    verdict: isOurs && isBroken ? (one.pending ? 'pending' : 'failed') : 'not-verified',
    explanation: reason,
  }))
  const verified = pact.interactions.map((interaction): Row => {
    const { index, description, states: given, line, pending } = interaction
    const common = { index, description, states: given, ...(line !== undefined && { line }), ...named, pending }
    if (!isOurs)
      return {
        ...common,
        answers: skipped,
        verdict: 'not-ours',
        explanation: `no document is about the provider "${pact.provider}"; --map names one`,
      }
    const key = keyOf(pact.file, index)
    const trial = findings.trials.get(key)
    const found = answersOf(findings, pact.file, index)
    const answers = { ...found, mock: quoting(found.mock, trial) }
    const isServed = !findings.unserved.has(key)
    const verdict = verdictOf(answers, pending, isServed ? findings.columns : findings.columns.filter((column) => column !== 'mock'))
    const unknown = given.find(({ name }) => findings.unknown.has(name))?.name
    const explanation =
      explanationOf(answers, { assumption: findings.remedies.get(key), unknown }) ??
      findings.real.get(pact.file)?.get(index)?.unreached ??
      (isServed || verdict !== 'not-verified' ? undefined : 'the mock does not have its operation')
    const replay = verdict === 'failed' ? replayOf(interaction, answers, trial, findings) : undefined
    const duration = findings.mock.get(pact.file)?.get(index)?.duration ?? findings.real.get(pact.file)?.get(index)?.duration
    return {
      ...common,
      answers,
      verdict,
      ...(explanation !== undefined && { explanation }),
      ...(replay !== undefined && { replay }),
      ...(duration !== undefined && { duration }),
    }
  })
  return [...verified, ...unverified].toSorted((a, b) => a.index - b.index)
}

/** With the mock's own words where it refused what should not be refused. */
function quoting(answer: Answer, trial: Trial | undefined): Answer {
  if (answer.kind !== 'failed' || trial?.kind !== 'answered' || !trial.problem) return answer
  const { status, problem } = trial
  const reasons = answer.reasons.map(({ message, ...reason }) =>
    message.startsWith('response status: ') && message.endsWith(` but got ${status}`)
      ? { ...reason, message: `${message}: ${problem.words}`, code: problem.code }
      : { ...reason, message },
  )
  return { kind: 'failed', reasons }
}

/** Where `allocation-mock serve` listens. */
export const MOCK = `http://127.0.0.1:4010/~${REPLAY}`

/** Whether only the real service fails, so that its failure is what there is to repeat. */
export function isOfProvider({ mock, provider }: Pick<Answers, 'mock' | 'provider'>): boolean {
  return provider.kind === 'failed' && mock.kind !== 'failed'
}

/** Commands that repeat the interaction: at a mock with what its states give, or at the real service where only that fails. */
function replayOf(
  interaction: Interaction,
  answers: Answers,
  trial: Trial | undefined,
  { requests, options: { provider, stateUrl, headers = {} } }: Findings,
): string | undefined {
  const given = Object.keys(headers)
  if (provider === undefined || !isOfProvider(answers)) {
    const states = { url: `${MOCK}/_pact/provider_states` }
    return trial && commandFor({ base: MOCK, states, given }, trial.states, trial.kind === 'answered' ? trial.request : undefined)
  }
  const request = requests.get(interaction)
  const states = stateUrl === undefined ? undefined : { url: stateUrl, headers }
  return request && commandFor({ base: new URL(provider).origin, states, given }, statesAsked(interaction), request)
}
