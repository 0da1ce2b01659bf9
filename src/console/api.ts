import { curl } from '../base/curl.ts'
import { parsedJson } from '../base/decode.ts'
import type { ControlProblem } from '../client/client.ts'

/** A request to the control API, below `/__mock`; `/../` leads to what stands beside it, as provider states do. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

/** What the control API refused, or that there was no answer. */
class Refused extends Error {
  readonly problem: ControlProblem

  constructor(problem: ControlProblem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Where the control API is: the page stands at its root. */
const BASE = new URL('.', document.baseURI)

/** Where the token of the control API is kept: in this tab, until it is closed. */
const KEPT = 'control-token'

/** Called when the mock wants its token, and there is none, or a wrong one. */
let locked: () => void = () => undefined

export function onLocked(listener: () => void): void {
  locked = listener
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEPT, token)
}

export function hasToken(): boolean {
  return sessionStorage.getItem(KEPT) !== null
}

/** @throws Refused */
export async function ask<T>(asked: Asked): Promise<T> {
  const text = await (await send(asked)).text()
  // The document of the control API says what its answers are like, and tests check them against it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return parsedJson(text) as T
}

/** A read of the control API. */
export function look<T>(path: string): Promise<T> {
  return ask<T>({ method: 'GET', path })
}

/** An answer that is no refusal. @throws Refused */
export async function send(
  { method, path, body }: Asked,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  const token = sessionStorage.getItem(KEPT)
  const headers = {
    ...more.headers,
    ...(token !== null && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  }
  const response = await fetch(addressBelow(path), {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(more.signal && { signal: more.signal }),
  }).catch((error: unknown) => {
    if (more.signal?.aborted === true) throw error
    throw new Refused({
      code: 'no-answer',
      title: 'The mock does not answer',
      detail: 'nothing answers at this address',
      fix: 'see whether the mock still runs',
    })
  })
  if (response.ok) return response
  const problem = problemOf(parsedJson(await response.text()), response.status)
  if (problem.code === 'control-refused') locked()
  throw new Refused(problem)
}

/** The address of something of the control API, for links. */
export function addressBelow(path: string): string {
  return new URL(`.${path}`, BASE).href
}

/** The command that asks the same. A token is told nowhere. */
export function commandOf({ method, path, body }: Asked): string {
  const headers = {
    ...(hasToken() && { Authorization: 'Bearer <token>' }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  }
  return curl(method, addressBelow(path), headers, body)
}

export function problemFrom(error: unknown): ControlProblem {
  if (error instanceof Refused) return error.problem
  return { code: 'console', title: 'The console failed', detail: error instanceof Error ? error.message : String(error) }
}

function problemOf(answer: unknown, status: number): ControlProblem {
  if (isProblem(answer)) return answer
  return { code: String(status), title: 'The answer is none of allocation-mock', detail: `the answer is ${status}` }
}

function isProblem(answer: unknown): answer is ControlProblem {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'detail' in answer && 'title' in answer
}
