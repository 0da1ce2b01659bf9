import type { Replace } from '../base/secret.ts'

/** What stands in the place of secrets in a file that is handed around: the same each time, and as long as the secret, for lengths are checked. */
export interface StandIns {
  readonly replace: Replace
  /** Replaces only what was replaced before. */
  readonly replaceAgain: Replace
}

export function createStandIns(isPublic: (text: string) => boolean): StandIns {
  const known = new Map<string, string>()
  return {
    replace(secret, isNumber) {
      if (secret === '' || isPublic(secret)) return secret
      const found = known.get(secret) ?? (isNumber ? nines(secret) : standIn(Array.from(secret).length, known.size + 1))
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

/** A number stays one. */
function nines(number: string): string {
  return number.replaceAll(/\d/g, '9')
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
      .replaceAll(/\d[\d.]{3,}/g, (number) => (replaced.has(number) ? nines(number) : number))
  )
}
