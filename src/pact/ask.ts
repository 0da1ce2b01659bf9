import type { ProviderState, Reason } from './pact.ts'
import { isRecord, parsed } from './result.ts'

export interface Asking {
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: number
}

/** The report of the verifier has no word of why a state was refused: it is set up once more, to hear it. */
export async function askAboutStates(url: string, states: readonly ProviderState[], asking: Asking): Promise<Reason> {
  const tried: ProviderState[] = []
  let refusal: string | undefined
  for (const state of states.length === 0 ? [{ name: '', params: {} }] : states) {
    tried.push(state)
    refusal = await refusalOf(url, state, 'setup', asking)
    if (refusal !== undefined) break
  }
  for (const state of tried) await refusalOf(url, state, 'teardown', asking)
  return { message: `provider state ${quotedNames(tried.slice(-1))}: ${refusal ?? 'its set-up failed, but works when it is tried again'}` }
}

async function refusalOf(url: string, state: ProviderState, action: string, { headers, timeout }: Asking): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ state: state.name, params: state.params, action }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    })
    const text = await response.text()
    return response.ok ? undefined : wordsOf(text) || `${url} answers ${response.status}`
  } catch (error) {
    return `${url} does not answer: ${codeOf(error, timeout)}`
  }
}

const MAX_WORDS = 300

/** What a problem (RFC 9457) says, and what would do instead; of any other body its beginning. */
function wordsOf(text: string): string {
  const body = parsed(text)
  const fields = isRecord(body) ? body : {}
  const words = [fields['detail'] ?? fields['error'] ?? fields['message'] ?? fields['title'], fields['fix']]
  const told = words.filter((word) => typeof word === 'string')
  return told.length > 0 ? told.join('; ') : text.trim().slice(0, MAX_WORDS)
}

/** Why the provider cannot be connected to; undefined when it can. The verifier says the same words of all errors. */
export async function connectionError(url: string, timeout: number): Promise<string | undefined> {
  try {
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(timeout) })
    return undefined
  } catch (error) {
    const code = codeOf(error, timeout)
    // It breaks this connection off as well.
    return code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' ? undefined : code
  }
}

function codeOf(error: unknown, timeout: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${timeout} ms`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  return String(cause)
}

/** `"an order exists" and "it is allocated"`. */
export function quotedNames(states: readonly ProviderState[]): string {
  return states.map(({ name }) => `"${name}"`).join(' and ')
}
