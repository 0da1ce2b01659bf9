import type { MockRequest, Problem } from '../base/http.ts'
import { type Material, mendsOf } from './mends.ts'

/** What becomes of a request. */
export type Trial =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** A fault hits it, whatever it says. */
  | { readonly kind: 'hit'; readonly fault: string }

/** What would do in place of a refused request, or why nothing would. */
export type Repair = { readonly kind: 'repaired'; readonly request: MockRequest } | { readonly kind: 'none'; readonly reason: string }

/** So many requests are tried, with so many characters in their bodies together, and so many changes are made one on the other. */
const TRIALS = 60
const CHARACTERS = 500_000
const STEPS = 8

/**
 * Looks for the least change of a refused request with which it is accepted now. What is offered has been tried.
 * @param attempt what would become of a request; it keeps nothing
 */
export function repaired(refused: MockRequest, attempt: (request: MockRequest) => Trial, material: Material): Repair {
  const seen = new Set<string>()
  let left = TRIALS
  let characters = CHARACTERS
  // What is wrong when all that could be mended has been.
  let last: { readonly problem: Problem; readonly depth: number } | undefined
  const search = (request: MockRequest, trial: Trial, depth: number): MockRequest | undefined => {
    if (trial.kind === 'accepted') return request
    if (trial.kind === 'hit' || depth === STEPS) return undefined
    if (depth > (last?.depth ?? -1)) last = { problem: trial.problem, depth }
    for (const next of mendsOf(request, trial.problem, material)) {
      const key = JSON.stringify([next.method, next.path, next.query, next.headers, next.body])
      if (seen.has(key)) continue
      if (left-- <= 0 || (characters -= lengthOf(next)) < 0) return undefined
      seen.add(key)
      const found = search(next, attempt(next), depth + 1)
      if (found) return found
    }
    return undefined
  }
  const first = attempt(refused)
  if (first.kind === 'accepted') return { kind: 'none', reason: 'the same request is accepted now' }
  if (first.kind === 'hit') return { kind: 'none', reason: `the fault ${first.fault} hits whatever is sent: switch it off` }
  if (lengthOf(refused) > CHARACTERS / 5) return { kind: 'none', reason: 'its body is too long to try others in its place' }
  const request = search(refused, first, 0)
  if (request) return { kind: 'repaired', request }
  const { detail, fix } = last?.problem ?? first.problem
  return { kind: 'none', reason: [fix === undefined ? detail : `${detail}: ${fix}`, material.standing(refused) ?? []].flat().join('; ') }
}

function lengthOf({ body }: MockRequest): number {
  return body.kind === 'text' ? body.text.length : 0
}
