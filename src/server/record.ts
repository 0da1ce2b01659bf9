import type { MockRequest } from '../base/http.ts'
import type { DoneStep } from '../engine/due.ts'
import type { Recorded } from '../engine/session.ts'
import type { SessionName } from '../base/session-name.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Held } from '../store/store.ts'
import { type Handled, toLine } from './line.ts'

/** Who was asked what, and when. */
export interface Asked {
  readonly id: string
  readonly session: string
  readonly origin: Exchange['origin']
  readonly request: MockRequest
  readonly now: number
  readonly real: number
}

const NONE: readonly never[] = []

/** An exchange with nothing remarkable about it. */
export function exchangeOf(
  { id, session, origin, request, now, real }: Asked,
  { status, headers, mediaType, text, cut }: Handled,
): Exchange {
  const { method, prefix, path, query, headers: sent, body } = request
  return {
    id,
    session,
    origin,
    now,
    real,
    method,
    path: prefix + path + (query === '' ? '' : `?${query}`),
    headers: sent,
    requestBody: body.kind === 'text' ? body.text : undefined,
    status,
    replyHeaders: headers,
    mediaType,
    replyBody: text,
    operation: undefined,
    problem: undefined,
    warnings: NONE,
    assumption: undefined,
    changes: NONE,
    settings: undefined,
    explain: undefined,
    duration: 0,
    met: undefined,
    // Last: V8 gives what stands behind a spread a place of its own, outside of the object.
    ...(body.kind !== 'text' && body.kind !== 'none' && { isBodyLost: true }),
    ...(cut && { cut }),
  }
}

/** What is told of an exchange that no session keeps: nothing of it is kept anywhere. */
export function unkept(request: MockRequest, handled: Handled, real: number, session = '-'): Exchange {
  return {
    ...exchangeOf({ id: '-', session, origin: 'request', request, now: handled.now, real }, handled),
    requestBody: undefined,
    problem: handled.problem,
  }
}

/** What went on in a session without a caller, told as what it is. */
export function exchangeOfStep(
  id: string,
  session: string,
  { origin, now, name, subject, body, problem }: DoneStep,
  recorded: Recorded | undefined,
  real: number,
): Exchange {
  const [method = '', path] = origin === 'timeline' && subject.includes(' ') ? subject.split(' ') : ['-', subject]
  const request: MockRequest = { method, path: path ?? subject, query: '', headers: {}, body: NO_BODY, prefix: '' }
  return {
    ...exchangeOf({ id, session, origin, request, now, real }, toLine({ status: problem ? 422 : 200 }, now, false)),
    ...(body !== undefined && { requestBody: JSON.stringify(body) }),
    operation: name,
    problem,
    ...recorded,
  }
}

const NO_BODY: MockRequest['body'] = { kind: 'none' }

/** A number that no other control request to the session has. */
export function controlId(name: SessionName, { control }: Held): string {
  return `${name}~control-${control}`
}
