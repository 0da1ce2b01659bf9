import { askMock } from './mock.ts'
import type { MockAccess } from './mock-access.ts'
import type { Answer } from './pact/pact.ts'
import { isStateRefused, isUntried } from './pact/report.ts'
import type { VerifyContractsOptions } from './options.ts'
import { keyOf, narrowed, type Subject } from './subjects.ts'
import { type Trial, type Trials, tryAll } from './trial.ts'

/** How many interactions are tried under other assumptions. */
const MOST = 50

/**
 * The assumptions under which the mock does what it does not: each alternative is tried on those interactions that are not yet explained, and
 * where that changes an answer the verifier says whether it does. @returns `NAME=VALUE` by `keyOf`
 */
export async function remediesFor(
  subjects: readonly Subject[],
  trials: Trials,
  options: VerifyContractsOptions,
  access: MockAccess,
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const remedies = new Map<string, string>()
  let left = MOST
  let wrong = narrowed(subjects, ({ file }, { index }) => trials.get(keyOf(file, index))?.kind === 'answered' && left-- > 0)
  if (wrong.length === 0) return remedies
  const { onProgress: _, failFast: __, ...silent } = options
  for (const { name, alternatives } of await access.assumptions(options.assume))
    for (const value of alternatives) {
      const other = { ...silent, assume: { ...options.assume, [name]: value } }
      // An assumption changes what is answered, not what is asked.
      const tried = await tryAll(wrong, other, access, now, trials)
      const changed = narrowed(wrong, ({ file }, { index }) => differ(tried.get(keyOf(file, index)), trials.get(keyOf(file, index))))
      const outcomes = await askMock(changed, other, access)
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
