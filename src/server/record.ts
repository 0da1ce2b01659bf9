import type { MockRequest } from '../base/http.ts'
import type { Exchange } from '../recording/exchange.ts'
import type { Handled } from './line.ts'

/** Who was asked what, and when. */
export interface Asked {
  readonly id: string
  readonly session: string
  readonly origin: Exchange['origin']
  readonly request: MockRequest
  readonly now: number
  readonly real: number
}

/** An exchange with nothing remarkable about it. */
export function exchangeOf({ request, ...asked }: Asked, { status, headers, mediaType, text, cut }: Handled): Exchange {
  const { method, prefix, path, query, headers: sent, body } = request
  return {
    ...asked,
    method,
    path: prefix + path + (query === '' ? '' : `?${query}`),
    headers: sent,
    requestBody: body.kind === 'text' ? body.text : undefined,
    ...(body.kind !== 'text' && body.kind !== 'none' && { isBodyLost: true }),
    status,
    replyHeaders: headers,
    mediaType,
    replyBody: text,
    ...(cut && { cut }),
    operation: undefined,
    problem: undefined,
    warnings: [],
    assumption: undefined,
    changes: [],
    settings: undefined,
    explain: undefined,
    duration: 0,
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
