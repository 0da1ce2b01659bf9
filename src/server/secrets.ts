/** Where secrets stand in requests and answers, and what takes their place in a file that is handed around. */

/** Gives what stands in the place of a text; the text itself where it is no secret. */
export type Replace = (text: string) => string

/** Names without signs and case: `access-token` is `accesstoken`. */
const NAMES = /(?:password|passwd|pwd|passphrase|secret|token|apikey|accesskey|privatekey|authorization|credentials?|signature|jwt)$/
/** What only a query has under such short names; in the APIs' bodies they are something else. */
const QUERY_NAMES = /^(?:key|sig|code|auth|pass|session|sid)$/

function bare(name: string): string {
  return name.replaceAll(/[^a-z]/gi, '').toLowerCase()
}

/** What stands in the place of secrets: the same each time, and as long as the secret, for lengths are checked. */
export interface StandIns {
  readonly replace: Replace
  /** Replaces only what was replaced before. */
  readonly replaceAgain: Replace
}

export function createStandIns(isPublic: (text: string) => boolean): StandIns {
  const known = new Map<string, string>()
  return {
    replace(secret) {
      if (secret === '' || isPublic(secret)) return secret
      const found = known.get(secret) ?? standIn(Array.from(secret).length, known.size + 1)
      known.set(secret, found)
      return found
    },
    replaceAgain: (text) => known.get(text) ?? text,
  }
}

function standIn(length: number, number: number): string {
  const text = `masked-${number}`
  return text.length <= length ? text.padEnd(length, '-') : number.toString(36).padStart(length, 'm').slice(-length)
}

const SCHEMES = /^(?:basic|bearer|digest|token|negotiate|apikey)$/i

/** The value of an authorization header; its scheme stays. */
export function withoutCredential(value: string, replace: Replace): string {
  const [, scheme = '', blank = '', rest = ''] = /^(\S+)(\s*)(.*)$/s.exec(value) ?? []
  if (!SCHEMES.test(scheme)) return replace(value)
  const secret = rest.trimEnd()
  return scheme + blank + replace(secret) + rest.slice(secret.length)
}

/** A path whose query has the values of secret parameters replaced. */
export function withoutSecretQuery(path: string, replace: Replace): string {
  const [before = '', ...query] = path.split('?')
  if (query.length === 0) return path
  const pairs = query
    .join('?')
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=')
      const name = bare(decoded(pair.slice(0, at)))
      return at > 0 && (NAMES.test(name) || QUERY_NAMES.test(name)) ? pair.slice(0, at + 1) + replace(pair.slice(at + 1)) : pair
    })
  return `${before}?${pairs.join('&')}`
}

/** A text that was sent, without the values of secret members; undefined where it speaks of secrets, and not as JSON in which they can be found. */
export function withoutSecrets(text: string, replace: Replace): string | undefined {
  const read = parsed(text)
  // In a text within a text only its reader finds anything.
  if (typeof read !== 'object') return SPEAKS.test(unescaped(text)) ? undefined : text
  return rewritten(text, (scalar, isSecret) => (isSecret ? replace(scalar) : scalar))
}

const SPEAKS = /passw|pwd|passphrase|secret|token|api.?key|access.?key|private.?key|authorization|credential|signature|jwt/i

/** A name may be written by escapes. */
function unescaped(text: string): string {
  return text.replaceAll(/(?:(?<!\\)\\+u00|%)([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** JSON with its strings and numbers replaced, and else as it is, byte for byte. It need not be whole. */
export function rewritten(text: string, replace: (scalar: string, isSecret: boolean) => string): string {
  const open: { readonly isList: boolean; readonly isSecret: boolean; isNextSecret: boolean }[] = []
  let isName = false
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs, (token) => {
    const inside = open.at(-1)
    const isSecret = inside !== undefined && (inside.isSecret || inside.isNextSecret)
    const value = token.startsWith('"') ? parsed(token) : undefined
    if (token === '{' || token === '[') {
      open.push({ isList: token === '[', isSecret, isNextSecret: false })
      isName = token === '{'
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ',') isName = inside?.isList === false
    else if (isName && inside && typeof value === 'string') {
      inside.isNextSecret = NAMES.test(bare(value))
      isName = false
    } else if (typeof value === 'string') {
      const other = replace(value, isSecret)
      return other === value ? token : JSON.stringify(other)
    } else if (/^-?\d/.test(token) && replace(token, isSecret) !== token) return token.replaceAll(/\d/g, '9')
    return token
  })
}

/** A message that quotes what it refuses, as JSON, without what of it was replaced. */
export function withoutQuoted(text: string, replaced: ReadonlyMap<string, string>): string {
  const whole = replaced.get(text)
  if (whole !== undefined || replaced.size === 0) return whole ?? text
  const quoted = [...replaced].map((pair) => pair.map((one) => JSON.stringify(one).slice(1, -1)))
  return (
    text
      // What is long is quoted to its middle.
      .replaceAll(/"((?:[^"\\]|\\.)+)("|…)/g, (all, inner: string, end: string) => {
        const [, other] = quoted.find(([secret = '']) => (end === '"' ? secret === inner : secret.startsWith(inner))) ?? []
        return other === undefined ? all : `"${other.slice(0, inner.length)}${end}`
      })
      .replaceAll(/\d[\d.]{3,}/g, (number) => (replaced.has(number) ? number.replaceAll(/\d/g, '9') : number))
  )
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
