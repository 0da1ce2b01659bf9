import { nearest } from './assumption.ts'
import type { Data } from './scenario.ts'

/** What a provider state's text stands for: what exists, and what is told to whoever set it up. */
export interface StateDefinition {
  /** As pacts name it; `{name}` stands for a parameter that the text itself gives. */
  readonly state: string
  /** The parameters with their defaults; null means that it has to be given. */
  readonly parameters?: Readonly<Record<string, Scalar>>
  /** As in own data; `{name}` as a whole value is the parameter, inside a text its text. */
  readonly exists?: Readonly<Record<string, unknown>>
  /** Names for what was brought in: JSON pointers into `orders`, `allocations` and `omsOrders` as their APIs show them. */
  readonly values?: Readonly<Record<string, string>>
}

type Scalar = string | number | boolean | null

export type MatchedState =
  | {
      readonly kind: 'state'
      readonly data: Data
      readonly values: Readonly<Record<string, string>>
      readonly params: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
  | { readonly kind: 'missing'; readonly parameter: string; readonly state: string }

/** How many known states are named where one is unknown. */
const NEAREST = 3

/**
 * The state that a text means, with its parameters put in. What `params` give counts before what the text says, and that before the
 * defaults. A text written out in full counts before one with parameters.
 */
export function matchState(states: readonly StateDefinition[], text: string, params: Readonly<Record<string, unknown>>): MatchedState {
  const candidates = states.flatMap((definition) => {
    // A text with its placeholders as they stand says nothing of them: params or defaults do.
    if (definition.state === text) return [{ definition, said: {} }]
    const said = readText(definition.state, text)
    return said && fitsDefaults(said, definition.parameters ?? {}) ? [{ definition, said }] : []
  })
  const found = candidates.find(({ said }) => Object.keys(said).length === 0) ?? candidates[0]
  if (!found)
    return {
      kind: 'unknown',
      known: nearest(
        text,
        states.map(({ state }) => state),
      ).slice(0, NEAREST),
    }
  const { definition, said } = found
  const given = new Map<string, unknown>([
    ...Object.entries(definition.parameters ?? {}),
    ...Object.entries(said),
    ...Object.entries(params),
  ])
  for (const [name, fallback] of Object.entries(definition.parameters ?? {})) {
    const value = given.get(name)
    if (value === null || value === undefined) return { kind: 'missing', parameter: name, state: definition.state }
    given.set(name, typed(value, fallback))
  }
  // The placed value is checked against the schema of own data before anything is made of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const data = substitute(definition.exists ?? {}, given) as Data
  return { kind: 'state', data, values: definition.values ?? {}, params: Object.fromEntries(given) }
}

/** What a text gives for the parameters of a definition's text, at least a character each; undefined where it is another text. */
function readText(pattern: string, text: string): Record<string, string> | undefined {
  const [first = '', ...rest] = pattern.split(/\{(\w+)\}/)
  if (!text.startsWith(first)) return undefined
  const found = new Map<string, string>()
  let at = first.length
  // Names and literals take turns. A parameter's text ends where the next literal begins.
  for (let index = 0; index < rest.length; index += 2) {
    const literal = rest[index + 1] ?? ''
    const isLast = index + 2 >= rest.length
    const end = isLast ? (text.endsWith(literal) ? text.length - literal.length : -1) : text.indexOf(literal, at + 1)
    if (end <= at) return undefined
    found.set(rest[index] ?? '', text.slice(at, end))
    at = end + literal.length
  }
  return at === text.length ? Object.fromEntries(found) : undefined
}

/** Where a default is a number, a text that is none is another text. */
function fitsDefaults(said: Readonly<Record<string, string>>, defaults: Readonly<Record<string, Scalar>>): boolean {
  return Object.entries(said).every(([name, text]) => typeof defaults[name] !== 'number' || typeof typed(text, 0) === 'number')
}

/** What a text says becomes a number or a truth value where the default is one. */
function typed(value: unknown, like: Scalar): unknown {
  if (typeof value !== 'string') return value
  if (typeof like === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  if (typeof like === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function substitute(value: unknown, given: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') {
    const whole = /^\{(\w+)\}$/.exec(value)?.[1]
    if (whole !== undefined && given.has(whole)) return given.get(whole)
    return value.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => (given.has(name) ? String(given.get(name)) : placeholder))
  }
  if (Array.isArray(value)) return value.map((element: unknown) => substitute(element, given))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, substitute(inner, given)]))
  return value
}
