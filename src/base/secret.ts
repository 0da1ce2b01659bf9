import { hidingTexts, type Hide, MASK } from './hiding.ts'
import { decoded, parsedJson } from './decode.ts'
import { type Issue, pointerParts, type Problem } from './http.ts'

/**
 * Where secrets stand in requests, answers and what is kept of them: behind certain names, in headers, bodies, queries, forms, lists such as
 * baggage, and texts of these kinds within each other. One table of names for all that is told or handed around.
 */

/** What a secret's name ends with, in any case; between its words (`_`) signs may stand: `api-key`, `apiKey`, `x-api-key`. Many tokens are a number of them. */
const NAMES =
  `pass_words? passwd pass_code pass_phrase pwd secrets? token api_key access_key private_key secret_key signing_key encryption_key master_key
  subscription_key functions_key account_key session_id session_key authorization credentials? signature jwt cookies? card_number cvv cvc`
    .split(/\s+/)
    .map((name) => name.replaceAll('_', '[^a-z"]*'))
    .join('|')
const SECRET_NAME = new RegExp(`(?:${NAMES})[^a-z]*$`, 'i')
const SPEAKS = new RegExp(NAMES, 'i')
/** What only a query has under such short names; elsewhere they are something else. */
const SECRET_IN_QUERY = /^(?:key|sig|code|auth|pass|session|sid)$/i

/** What stands in the place of a secret. For a number it is JSON. */
export type Replace = (secret: string, isNumber?: boolean) => string

export const mask: Replace = (_secret, isNumber) => (isNumber ? `"${MASK}"` : MASK)

/** Whether what stands behind this name of a header, a member, an element of a list is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** The same for a parameter of a query or a form. */
export function isSecretInQuery(name: string): boolean {
  return isSecretName(name) || SECRET_IN_QUERY.test(name)
}

/** Whether a JSON pointer into a message, or into what is kept, leads to a secret or into one. */
export function isSecretPlace(at: string): boolean {
  const [where, ...names] = pointerParts(at)
  return isSecretName(where ?? '') || names.some(where === 'query' ? isSecretInQuery : isSecretName)
}

/** A path without the values of secret parameters. */
export function withoutSecretQuery(path: string, replace: Replace = mask): string {
  const at = path.indexOf('?')
  return at === -1 ? path : path.slice(0, at + 1) + inForm(path.slice(at + 1), replace)
}

const SCHEMES = /^(?:basic|bearer|digest|token|negotiate|apikey)$/i

/** A header's value; of a credential the scheme may be seen. */
export function withoutSecretHeader(name: string, value: string, replace: Replace = mask): string {
  if (!isSecretName(name)) return inText(value, replace)
  const [, scheme = '', blank = '', rest = ''] = /^(\S+)(\s*)(.*)$/s.exec(value) ?? []
  if (!SCHEMES.test(scheme)) return replace(value)
  const secret = rest.trimEnd()
  return secret === '' ? value : scheme + blank + replace(secret) + rest.slice(secret.length)
}

/** A body; undefined where it speaks of secrets, and not in a form in which they can be found. */
export function withoutSecrets(text: string, replace: Replace = mask): string | undefined {
  if (FORM.test(text)) return inForm(text, replace)
  const isSpeaking = speaks(text)
  if (!isSpeaking && !text.includes('=')) return text
  const value = parsedJson(text)
  if (value === undefined) return isSpeaking ? undefined : inText(text, replace)
  const found = inJson(text, replace)
  return isSpeaking && typeof value === 'string' && found === text ? undefined : found
}

/** Data; the same where there is no secret in them. */
export function withoutSecretMembers<T>(value: T, replace: Replace = mask): T {
  const text = JSON.stringify(value)
  const safe = withoutSecretsInJson(text, replace)
  if (safe === text) return value
  const read: T = JSON.parse(safe)
  return read
}

/** The secrets in data, as they stand there. */
export function secretsIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>()
  withoutSecretMembers(value, (secret) => {
    found.add(secret)
    return secret
  })
  return found
}

/** JSON of our own making. */
export function withoutSecretsInJson(text: string, replace: Replace = mask): string {
  return speaks(text) || text.includes('=') ? inJson(text, replace) : text
}

/** Beyond so many secrets, or characters in them, they are not looked for: nothing that may quote them is told. */
const MAX_SECRETS = 100
const MAX_CHARACTERS = 20_000

/** Masks what was found in a message wherever it is quoted. */
export function hidingFound(found: ReadonlySet<string>): Hide {
  const secrets = [...found]
  const characters = secrets.reduce((sum, { length }) => sum + length, 0)
  return secrets.length > MAX_SECRETS || characters > MAX_CHARACTERS ? () => MASK : hidingTexts(secrets)
}

/** A problem without what was met in secret places, and without what else of the request is known to be secret. */
export function withoutSecretValues(problem: Problem, known: ReadonlySet<string> = new Set()): Problem {
  const { issues = [], detail, fix } = problem
  const found = new Set(known)
  for (const { at, value } of issues)
    if (typeof value === 'string' && isSecretPlace(at)) found.add(value)
    else if (value !== undefined) secretsIn(value).forEach((secret) => found.add(secret))
  const secret = issues.find(isOfSecret)
  if (found.size === 0 && !secret) return problem
  const hide = hidingFound(found)
  return {
    ...problem,
    detail: secret ? `${secret.at} does not fit` : hide(detail),
    ...(fix !== undefined && { fix: hide(fix) }),
    ...(problem.issues && { issues: withoutSecretIssues(issues, hide) }),
  }
}

/** Whether an issue may tell a secret: what is missing is none. */
function isOfSecret({ at, rule }: Issue): boolean {
  return rule !== 'required' && isSecretPlace(at)
}

/** Issues without values of secrets. */
export function withoutSecretIssues(issues: readonly Issue[], hide: Hide): readonly Issue[] {
  return issues.map(({ value, ...issue }) => {
    if (isOfSecret(issue)) return { ...issue, message: 'does not fit' }
    const { fix, message } = issue
    return {
      ...issue,
      message: hide(message),
      ...(fix !== undefined && { fix: hide(fix) }),
      ...(value !== undefined && { value: typeof value === 'string' ? hide(inText(value, mask)) : withoutSecretMembers(value) }),
    }
  })
}

/** Texts within texts are read to this depth; what lies deeper is replaced whole where it speaks of secrets. */
const MAX_DEPTH = 4

/** Whatever a text is: JSON, an address with a query, a form, a list of pairs. */
function inText(text: string, replace: Replace, depth = 0): string {
  if (!/[={[]/.test(text)) return text
  if (depth > MAX_DEPTH) return speaks(text) ? replace(text) : text
  if (/^\s*[{[]/.test(text)) {
    if (!speaks(text)) return text
    return parsedJson(text) === undefined ? replace(text) : inJson(text, replace, depth)
  }
  const at = text.indexOf('?')
  if (at !== -1) return text.slice(0, at + 1) + inForm(text.slice(at + 1), replace, depth)
  return FORM.test(text) && text.includes('&') ? inForm(text, replace, depth) : inList(text, replace, depth)
}

/** Names of fields are short; without an end, a long text takes the engine more room than it has. */
const FORM = /^[^\s=&?,;"'{}[\]<>]{1,1000}(?:\[[^\s=&]{0,1000}\]){0,100}=/

function inForm(text: string, replace: Replace, depth = 0): string {
  return text
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1 || at === pair.length - 1) return pair
      const value = pair.slice(at + 1)
      return `${pair.slice(0, at)}=${isSecretInQuery(decoded(pair.slice(0, at))) ? replace(value) : inValue(value, replace, depth)}`
    })
    .join('&')
}

/** `a=1, token=x; path="y"`, as in baggage and cookies. */
function inList(text: string, replace: Replace, depth: number): string {
  return text.replaceAll(
    /(^|[,;\s])([^\s=,;"]+)=("(?:[^"\\]|\\.)*"|[^,;\s"]+)/g,
    (_all, before: string, name: string, value: string) =>
      `${before}${name}=${isSecretName(decoded(name)) ? replace(value) : inValue(value, replace, depth)}`,
  )
}

/** A value that may be encoded; as it is where nothing in it is replaced. */
function inValue(value: string, replace: Replace, depth: number): string {
  const inner = decoded(value)
  const found = inText(inner, replace, depth + 1)
  return found === inner ? value : encodeURIComponent(found.toWellFormed())
}

function inJson(text: string, replace: Replace, depth = 0): string {
  return rewritten(text, (scalar, isSecret, isNumber) =>
    isSecret ? replace(scalar, isNumber) : isNumber ? scalar : inText(scalar, replace, depth + 1),
  )
}

/**
 * JSON with its strings and numbers replaced, and else as it is, byte for byte: numbers keep their form. It need not be whole.
 * @param replace gives what stands in the place of a scalar; for a number, JSON
 */
export function rewritten(text: string, replace: (scalar: string, isSecret: boolean, isNumber: boolean) => string): string {
  const open: { readonly isList: boolean; readonly isSecret: boolean; isNextSecret: boolean }[] = []
  let isName = false
  // The same few names come again and again.
  const secretNames = new Map<string, boolean>()
  return text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]|[^\s"{}[\],:]+/gs, (token) => {
    const inside = open.at(-1)
    const isSecret = inside !== undefined && (inside.isSecret || inside.isNextSecret)
    switch (token) {
      case '{':
      case '[':
        open.push({ isList: token === '[', isSecret, isNextSecret: false })
        isName = token === '{'
        return token
      case '}':
      case ']':
        open.pop()
        return token
      case ',':
        isName = inside?.isList === false
        return token
      default:
    }
    if (token.charCodeAt(0) !== QUOTE) return /^-?\d/.test(token) ? replace(token, isSecret, true) : token
    const value = token.includes('\\') ? parsedJson(token) : token.slice(1, -1)
    if (typeof value !== 'string') return token
    if (isName && inside) {
      const known = secretNames.get(value)
      inside.isNextSecret = known ?? isSecretName(value)
      if (known === undefined) secretNames.set(value, inside.isNextSecret)
      isName = false
      return token
    }
    const other = value === '' ? value : replace(value, isSecret, false)
    return other === value ? token : JSON.stringify(other)
  })
}

const QUOTE = 0x22

function speaks(text: string): boolean {
  return SPEAKS.test(text) || (/\\u00|%/.test(text) && SPEAKS.test(unescaped(text)))
}

/** A name may be written by escapes. */
function unescaped(text: string): string {
  return text.replaceAll(/(?:(?<!\\)\\+u00|%)([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
