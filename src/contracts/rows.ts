import type { Comparison } from '../pact/compare.ts'
import type { Answer, Column, Interaction, Row } from '../pact/pact.ts'
import { commandFor, needsValues, requestOf } from '../pact/replay.ts'
import { explanationOf, verdictOf } from '../pact/report.ts'
import type { Outcomes } from '../pact/verify.ts'
import { hostOf, pathBefore } from './address.ts'
import { keyOf, REPLAY, type Trial, type Trials } from './mock.ts'
import type { VerifyContractsOptions } from './options.ts'
import type { Subject } from './subjects.ts'

/** All that was found out about the pacts of a run. */
export interface Findings {
  readonly columns: readonly Column[]
  readonly documents: ReadonlyMap<string, ReadonlyMap<number, Comparison>>
  readonly mock: Outcomes
  readonly real: Outcomes
  readonly trials: Trials
  /** What the mock does not serve, by `keyOf`. */
  readonly unserved: ReadonlySet<string>
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
    const replay = verdict === 'failed' ? replayOf(subject, interaction, answers, trial, findings.options) : undefined
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

/** Commands that repeat the interaction: at a mock with what its states give, or at the real service where only that fails. */
function replayOf(
  { pact, document }: Subject,
  interaction: Interaction,
  { mock, provider: real }: Answers,
  trial: Trial | undefined,
  { provider, stateUrl, headers = {} }: VerifyContractsOptions,
): string | undefined {
  if (provider === undefined || real.kind !== 'failed' || mock.kind === 'failed')
    return trial && commandFor(MOCK, `${MOCK}/_pact/provider_states`, trial.states, trial.kind === 'answered' ? trial.request : undefined)
  // What its states give is known to nobody beforehand.
  if (needsValues(interaction)) return undefined
  const basePath = pathBefore(provider, document, interaction)
  const request = requestOf(pact, interaction, { basePath, headers, values: {} })
  return commandFor(hostOf(provider), stateUrl, interaction.states, request)
}
