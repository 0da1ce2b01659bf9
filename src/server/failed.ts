import { refusal } from '../base/refusal.ts'
import { DocumentError, StoreUnavailable } from '../base/problem.ts'
import type { MockReply } from '../base/http.ts'
import { stated } from '../engine/checks.ts'
import { BehaviourError } from '../engine/guarded.ts'
import type { Answer } from '../engine/respond.ts'
import type { Service } from '../engine/service.ts'

/** What our own failure answers: the API's 500, or its 503 where sessions cannot be reached. The reason stays in the journal and with `onFailure`. */
export function failed(error: unknown, service: Service, now: number): Answer {
  const problem = stated(
    { code: codeOf(error), detail: reasonOf(error), ...(error instanceof StoreUnavailable && { fix: AGAIN }) },
    service,
  )
  const told = { ...problem, detail: problem.title }
  let reply: MockReply
  try {
    reply = service.dialect.refuse(told, undefined, undefined)
  } catch {
    // A dialect that fails may be the failure itself.
    reply = refusal(told)
  }
  if (error instanceof StoreUnavailable) reply = { ...reply, headers: { ...reply.headers, 'Retry-After': '1' } }
  return { reply, changes: [], now, problem, warnings: [], steps: [], failure: error }
}

const AGAIN = 'send it again in a moment; a request that changes something may have been kept'

function codeOf(error: unknown): string {
  if (error instanceof StoreUnavailable) return 'store-unavailable'
  return error instanceof DocumentError ? 'schema-broken' : error instanceof BehaviourError ? 'behaviour-broken' : 'internal'
}

function reasonOf(error: unknown): string {
  if (error instanceof BehaviourError || error instanceof StoreUnavailable) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
