import type { Issue, MockReply, Problem } from '../base/http.ts'
import type { Operation } from '../contract/operation.ts'
import { sided, type Violation, violationsOf } from './prism.ts'

/** What another service answers, and how that is looked at. */
export interface Passing {
  /** Whether it answers an operation; whether it answers what no document has, where there is none. */
  goesOn(operation: string | undefined): boolean
  readonly checksRequests: boolean
  /** Neither a request nor an answer gets through that breaks the rules of its document. */
  readonly isStrict: boolean
}

/** What it has answered, or why it has not. */
export type Passed = PassedReply | Problem

interface PassedReply {
  /** Its body is what it has sent, as far as JSON or a text can be read of it. */
  readonly reply: MockReply
  /** The body was too large to be read, or is nothing that can be. */
  readonly isBodyRead: boolean
  /** Why its body cannot be read. */
  readonly broken?: string
}

/** What is wrong with what another service has answered. */
export function wrongWith({ reply, isBodyRead, broken }: PassedReply, operation: Operation | undefined, method: string): readonly Issue[] {
  if (!operation) return []
  if (broken !== undefined) return [{ at: '/body', rule: 'syntax', message: broken }]
  return operation.checkForeign(reply, isBodyRead && method !== 'HEAD' && reply.status !== 304)
}

/** What `sl-violations` tells of both. */
export function violationsBetween(request: Problem | undefined, response: readonly Issue[], operation: Operation | undefined): Violation[] {
  const asked = request ? sided('request', wrongRequest(request, operation)) : []
  return [...asked, ...sided('response', violationsOf({ code: '', detail: '', issues: response }, 'Response'))]
}

/** A request that no operation has is told as one thing. */
function wrongRequest(problem: Problem, operation: Operation | undefined): Violation[] {
  const told = violationsOf(problem, 'Request', operation)
  return told.length > 0 ? told : [{ severity: 'Error', code: problem.code, message: problem.detail }]
}
