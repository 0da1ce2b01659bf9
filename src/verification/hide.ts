import type { Comparison } from './pact/compare.ts'
import type { ResultItem } from './pact/finding.ts'
import type { Answer, Reason, Report, Row } from './pact/pact.ts'
import type { Hide } from '../base/hiding.ts'
import { hiddenFields, hiddenIn, hiding } from './pact/secret.ts'
import type { Outcomes } from './pact/verify.ts'
import type { VerifyContractsOptions } from './options.ts'

/** Hides what the run was given to prove who it is. Whatever leaves the run goes through it: answers quote what they were asked with. */
export function hidingFor({ headers, provider, stateUrl, broker }: VerifyContractsOptions): Hide {
  const { url, token, username, password } = broker ?? {}
  const login = password === undefined ? undefined : Buffer.from(`${username}:${password}`).toString('base64')
  return hiding({ ...(headers && { headers }), urls: [provider, stateUrl, url], texts: [token, password, login] })
}

/** An error, whoever made it, with the secrets in its words masked. */
export function hiddenError(error: unknown, hide: Hide): unknown {
  if (!(error instanceof Error)) return error
  error.message = hide(error.message)
  if (error.stack !== undefined) error.stack = hide(error.stack)
  return error
}

export function hiddenReport({ rows, notes, unpublished, unreached, ...report }: Report, hide: Hide): Report {
  return {
    ...report,
    rows: rows.map((row) => hiddenRow(row, hide)),
    ...(notes && { notes: notes.map((note) => hide(note)) }),
    ...(unpublished !== undefined && { unpublished: hide(unpublished) }),
    ...(unreached !== undefined && { unreached: hide(unreached) }),
  }
}

function hiddenRow(row: Row, hide: Hide): Row {
  const { file, consumer, provider, description, states, answers, explanation, replay } = row
  return {
    ...row,
    file: hide(file),
    consumer: hide(consumer),
    provider: hide(provider),
    description: hide(description),
    states: states.map(({ name, params }) => ({ name: hide(name), params: hiddenFields(params, hide) })),
    answers: {
      document: hiddenAnswer(answers.document, hide),
      mock: hiddenAnswer(answers.mock, hide),
      provider: hiddenAnswer(answers.provider, hide),
    },
    ...(explanation !== undefined && { explanation: hide(explanation) }),
    ...(replay !== undefined && { replay: hide(replay) }),
  }
}

export function hiddenOutcomes(outcomes: Outcomes, hide: Hide): Outcomes {
  return mapped(outcomes, (of) => mapped(of, (outcome) => ({ ...outcome, answer: hiddenAnswer(outcome.answer, hide) })))
}

export function hiddenComparisons(comparisons: ReadonlyMap<number, Comparison>, hide: Hide): ReadonlyMap<number, Comparison> {
  return mapped(comparisons, ({ answer, results }) => ({
    answer: hiddenAnswer(answer, hide),
    results: results.map((item) => hiddenItem(item, hide)),
  }))
}

function hiddenItem({ message, mockDetails, ...item }: ResultItem, hide: Hide): ResultItem {
  return {
    ...item,
    message: hide(message),
    ...(mockDetails && { mockDetails: { ...mockDetails, value: hiddenIn(mockDetails.value, hide) } }),
  }
}

function hiddenAnswer<A extends Answer>(answer: A, hide: Hide): A {
  const reasons = (of: readonly Reason[]): Reason[] => of.map((reason) => ({ ...reason, message: hide(reason.message) }))
  return {
    ...answer,
    ...('reasons' in answer && { reasons: reasons(answer.reasons) }),
    ...('warnings' in answer && { warnings: reasons(answer.warnings) }),
  }
}

function mapped<K, V>(map: ReadonlyMap<K, V>, change: (value: V) => V): Map<K, V> {
  return new Map([...map].map(([key, value]) => [key, change(value)]))
}
