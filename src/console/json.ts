import { decoded } from '../base/decode.ts'

/** Values of which nothing is known before they are looked at. */

type Members = Readonly<Record<string, unknown>>

export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

/** What stands below a value by these names; undefined where nothing does. */
export function below(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((at, name) => {
    const members = membersOf(at)
    return Object.hasOwn(members, name) ? members[name] : undefined
  }, value)
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** What a JSON pointer leads to: `/components/schemas/Problem`, or the same behind a `#`. */
export function pointed(document: unknown, pointer: string): unknown {
  const names = pointer.replace(/^#/, '').split('/').slice(1)
  return below(document, ...names.map((name) => decoded(name).replaceAll('~1', '/').replaceAll('~0', '~')))
}

/** The object that a `$ref` within its document means, or the value itself. References of references end somewhere. */
export function resolved(document: unknown, value: unknown): unknown {
  let found = value
  for (let steps = 0; steps < 20; steps++) {
    const ref = textOf(below(found, '$ref'))
    if (ref === undefined || !ref.startsWith('#')) return found
    found = pointed(document, ref)
  }
  return undefined
}

/** A value in a line. */
export function inLine(value: unknown): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}
