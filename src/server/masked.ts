import { type Hide, MASK } from '../base/hiding.ts'
import {
  hidingFound,
  mask,
  type Replace,
  withoutSecretHeader,
  withoutSecretIssues,
  withoutSecretQuery,
  withoutSecrets,
  withoutSecretValues,
} from '../base/secret.ts'
import type { Exchange } from '../core/exchange.ts'

type Told = Pick<Exchange, 'path' | 'problem' | 'warnings'>

/** What of an exchange is told in short: its path, why it was refused, what was undeclared. Without secrets. */
export function toldOf(exchange: Exchange): Told {
  const { problem, warnings } = exchange
  if (!problem && warnings.length === 0) return { path: withoutSecretQuery(exchange.path), problem, warnings }
  const { path, found } = maskedSent(exchange)
  return told(exchange, path, found)
}

/** An exchange without secrets, but for its changes. What holds none stays the same text. */
export function maskedExchange(exchange: Exchange): Exchange {
  const { replyHeaders, replyBody, status } = exchange
  const { found, ...sent } = maskedSent(exchange)
  // A refusal may quote what was sent.
  const hide: Hide = status < 400 ? (text) => text : hidingFound(found)
  return {
    ...exchange,
    ...sent,
    ...told(exchange, sent.path, found),
    replyHeaders: eachHeader(replyHeaders, (name, value) => hide(withoutSecretHeader(name, value))),
    replyBody: replyBody === undefined ? undefined : hide(withoutSecrets(replyBody) ?? MASK),
  }
}

function told({ problem, warnings }: Exchange, path: string, found: ReadonlySet<string>): Told {
  return {
    path,
    problem: problem && withoutSecretValues(problem, found),
    warnings: warnings.length === 0 ? warnings : withoutSecretIssues(warnings, hidingFound(found)),
  }
}

/** No refusal quotes them. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie'])

/** What was sent without its secrets, and those that a refusal may quote. */
function maskedSent({
  path,
  headers,
  requestBody,
}: Exchange): Pick<Exchange, 'path' | 'headers' | 'requestBody'> & { readonly found: ReadonlySet<string> } {
  const found = new Set<string>()
  const replace: Replace = (secret, isNumber) => {
    found.add(secret)
    return mask(secret, isNumber)
  }
  const body = requestBody === undefined ? undefined : withoutSecrets(requestBody, replace)
  // What speaks of secrets and cannot be read is a secret as a whole.
  if (requestBody !== undefined && body === undefined) found.add(requestBody)
  return {
    path: withoutSecretQuery(path, replace),
    headers: eachHeader(headers, (name, value) => withoutSecretHeader(name, value, CREDENTIALS.has(name) ? mask : replace)),
    requestBody: requestBody === undefined ? undefined : (body ?? MASK),
    found,
  }
}

function eachHeader(
  headers: Readonly<Record<string, string>>,
  masked: (name: string, value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, masked(name, value)]))
}
