/** What is known to be secret, masked wherever a text has it. */

/** A text with the secrets masked. */
export type Hide = (text: string) => string

/** What stands in the place of a secret that nobody needs again. */
export const MASK = '***'

/** Shorter texts are found anywhere: without them nothing that is told would make sense. */
const MIN_LENGTH = 4

/** Masks these secrets, in the forms in which they may come back: encoded, escaped, and cut where a text ends with `…`. */
export function hidingTexts(found: readonly string[]): Hide {
  const forms = found.flatMap((text) => [text, encodeURIComponent(text.toWellFormed()), JSON.stringify(text).slice(1, -1)])
  // The longest first: one may be a part of another.
  const secrets = [...new Set(forms)].filter((text) => text.length >= MIN_LENGTH).toSorted((a, b) => b.length - a.length)
  if (secrets.length === 0) return (text) => text
  const pattern = new RegExp(secrets.map((secret) => escapedAnyhow(secret)).join('|'), 'g')
  return (text) => text.replaceAll(pattern, MASK).replaceAll(/[^…]+(?=…|$)/g, (part) => withoutBeginning(part, secrets))
}

/** A pattern of a text that JSON may have escaped, over and over. */
function escapedAnyhow(text: string): string {
  return [...text.matchAll(/["\\/]|[^"\\/]+/g)]
    .map(([part]) => (part === '\\' ? String.raw`\\+` : /["/]/.test(part) ? String.raw`\\*${part}` : RegExp.escape(part)))
    .join('')
}

/** Texts are cut where they are long, through a secret as well. */
function withoutBeginning(text: string, secrets: readonly string[]): string {
  for (const secret of secrets)
    for (let length = secret.length - 1; length >= MIN_LENGTH; length--)
      if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + MASK
  return text
}
