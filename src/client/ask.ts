import { parsedJson } from '../base/decode.ts'
import type { Issue } from '../base/http.ts'
import { withoutSlash } from '../base/path.ts'
import { UsageError } from '../base/problem.ts'

/** Why something was refused. */
export interface ControlProblem {
  readonly code: string
  readonly title: string
  readonly detail: string
  /** What would do instead. */
  readonly fix?: string
  readonly issues?: readonly Issue[]
}

/** What the control API refused, in its words. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly status: number
  readonly problem: ControlProblem

  constructor(request: string, status: number, problem: ControlProblem) {
    const { code, detail, fix } = problem
    super(`${request}: ${detail}${fix === undefined ? '' : `; ${fix}`} (${code})`)
    this.status = status
    this.problem = problem
  }
}

/** A control request on its way. */
interface ControlRequest {
  readonly method: string
  readonly path: string
  /** Encoded; empty when there is none. */
  readonly query: string
  /** JSON. */
  readonly body?: string
  /** The host to name in place of the mock's own. */
  readonly host?: string
}

/** Takes a control request to the mock. */
export type Send = (request: ControlRequest) => Promise<{ readonly status: number; readonly text: string | undefined }>

/** Nobody answers just now. */
export class NoAnswer extends UsageError {}

/** A mock that listens. */
export interface Listener {
  readonly url: string
  /** Sends a control request, and has the answer as it comes. @throws NoAnswer */
  ask(
    request: Omit<ControlRequest, 'host'>,
    more?: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<Response>
}

/**
 * The mock that listens at this URL.
 * @param options.token what a mock that listens beyond loopback wants of control requests
 * @throws UsageError for a text that is not a URL
 */
export function listenerAt(url: string, { token }: { readonly token?: string } = {}): Listener {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not a valid URL of a mock; give one like http://127.0.0.1:4010`)
  const base = withoutSlash(url.replace(/[?#].*$/s, ''))
  return {
    url: base,
    async ask({ method, path, query, body }, { headers, signal } = {}) {
      const all = {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      }
      const to = `${base}${path}${query === '' ? '' : `?${query}`}`
      return fetch(to, { method, headers: all, ...(body !== undefined && { body }), ...(signal && { signal }) }).catch((error: unknown) => {
        throw new NoAnswer(
          `${method} ${to}: no answer (${reasonOf(error)}); start the mock (allocation-mock serve), or name the URL that its ready line shows`,
        )
      })
    },
  }
}

/** Takes control requests there, and has each answer as a whole. */
export function sendTo({ url, ask }: Listener): Send {
  return async ({ host, ...request }) => {
    // `fetch` sends the host of its URL, whatever a header says.
    if (host !== undefined) throw new UsageError(`the commands name ${url}, and cannot name "${host}"; connect to it by that name`)
    const response = await ask(request)
    return { status: response.status, text: await response.text() }
  }
}

/** What `fetch` says is only that it failed; the reason stands below. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined }
  const { message } = cause instanceof Error ? cause : error instanceof Error ? error : { message: String(error) }
  return message === '' && cause instanceof Error && 'code' in cause ? String(cause.code) : message
}

interface Asked {
  readonly query?: object
  readonly body?: unknown
  readonly host?: string
  /** A status of a refusal that is none to who asks. */
  readonly harmless?: number
}

export type Ask = <T = unknown>(method: string, path: string, more?: Asked) => Promise<T>

/** Asks the control API. */
export function createAsk(send: Send): Ask {
  return async <T>(method: string, below: string, { query = {}, body, host, harmless }: Asked = {}): Promise<T> => {
    // What verifiers of Pact call stands beside the control API, and names its session by a prefix.
    const path = below.startsWith('/~') ? below : `/__mock${below}`
    const { status, text } = await send({
      method,
      path,
      query: queryOf(query),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(host !== undefined && { host }),
    })
    const answer = text === undefined ? undefined : parsedJson(text)
    if (status >= 400 && status !== harmless) throw refused(`${method} ${path}`, status, text)
    if (answer === undefined && text !== undefined && text !== '') throw stranger(`${method} ${path}`, status)
    // Its document says what an answer of the control API is like, and tests check it against the document.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return answer as T
  }
}

/** What is not undefined, encoded. */
export function queryOf(values: object): string {
  const pairs = Object.entries(values).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]))
  return new URLSearchParams(pairs).toString()
}

/** Why a control request was not done, by its answer. */
export function refused(request: string, status: number, text: string = ''): Error {
  const answer = parsedJson(text)
  return isProblem(answer) ? new ControlError(request, status, answer) : stranger(request, status, text)
}

function isProblem(answer: unknown): answer is ControlProblem {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'detail' in answer
}

function stranger(request: string, status: number, text: string = ''): UsageError {
  const what = text === '' ? '' : `: ${text.slice(0, 200)}`
  return new UsageError(`${request}: the answer, ${status}, is none of allocation-mock${what}; name the URL that its ready line shows`)
}
