import { MASK } from '../base/hiding.ts'
import type { Issue, Problem } from '../base/http.ts'
import type { Exchange } from '../core/exchange.ts'
import { toldOf } from './masked.ts'

/** One request in short: what a log line says. Of control routes only refusals are told. */
export interface RequestSummary {
  readonly id: string
  readonly session: string
  /** By the world's clock. */
  readonly received: string
  readonly status: number
  readonly method: string
  readonly path: string
  readonly operation?: string
  /** Milliseconds. */
  readonly duration: number
  /** Why it was refused, and what would do. */
  readonly problem?: Problem
  /** What the document does not declare. */
  readonly warnings: readonly Issue[]
  /** The assumption that shaped the answer. */
  readonly assumption?: string
  /** What disturbed the answer. */
  readonly fault?: string
  /** Where the explanation of a refusal can be read. */
  readonly explain?: string
}

/**
 * @param duration milliseconds
 * @param controlToken what some put into paths: it is told nowhere
 */
export function summaryOf(exchange: Exchange, duration: number, controlToken: string): RequestSummary {
  const { id, session, real, status, method, operation, assumption, fault, explain } = exchange
  const { path, problem, warnings } = toldOf(exchange)
  const hide = (text: string): string => text.replaceAll(controlToken, MASK)
  return {
    id,
    session,
    received: new Date(real).toISOString(),
    status,
    method,
    path: hide(path),
    duration,
    warnings,
    ...(operation !== undefined && { operation }),
    ...(problem && { problem: { ...problem, detail: hide(problem.detail) } }),
    ...(assumption !== undefined && { assumption }),
    ...(fault !== undefined && { fault }),
    ...(explain !== undefined && { explain }),
  }
}
