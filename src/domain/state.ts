import { type Issue, pointerPart } from '../http.ts'
import { nearest } from './assumption.ts'
import type { Data } from './place.ts'

/** What a provider state's text stands for: what exists, and what is told to whoever set it up. */
export interface StateDefinition {
  /** As pacts name it; `{name}` stands for a parameter that the text itself gives. */
  readonly state: string
  /** Parameters with their defaults; null means that it has to be given. Those of the text need not stand here. */
  readonly parameters?: Readonly<Record<string, Scalar>>
  /** The name of a scenario that the session begins anew from. */
  readonly scenario?: string
  /** As in own data; `{name}` as a whole value is the parameter, inside a text its text. */
  readonly exists?: Readonly<Record<string, unknown>>
  /** Names for what was brought in: JSON pointers into `orders`, `allocations` and `omsOrders` as their APIs show them. */
  readonly values?: Readonly<Record<string, string>>
}

type Scalar = string | number | boolean | null

export type MatchedState =
  | {
      readonly kind: 'state'
      /** The scenario that the session begins anew from. */
      readonly scenario: string | undefined
      readonly data: Data
      readonly values: Readonly<Record<string, string>>
      readonly params: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
  | { readonly kind: 'missing'; readonly parameter: string; readonly state: string }
  | { readonly kind: 'unknown-parameter'; readonly parameter: string; readonly state: string; readonly known: readonly string[] }

/** How many known states are named where one is unknown. */
const NEAREST = 3
const PLACEHOLDERS = /\{([\w.-]+)\}/g
const WHOLE = /^\{([\w.-]+)\}$/

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
  const { state, parameters = {}, exists = {} } = definition
  const known = parametersOf(definition)
  const fallbacks = new Map(Object.entries(parameters))
  // A team's tags for others may be many, but one that is misspelled would leave a default in its place, unseen.
  const strange = Object.keys(params).find((name) => !known.includes(name) && !repeats(text, params[name]))
  if (strange !== undefined) return { kind: 'unknown-parameter', parameter: strange, state, known: nearest(strange, known) }
  const given = new Map<string, unknown>([...fallbacks, ...Object.entries(said), ...Object.entries(params)])
  const used = new Set(placeholdersOf(exists, '').map(({ name }) => name))
  for (const name of known) {
    const value = given.get(name)
    if (value !== null && value !== undefined) given.set(name, typed(value, fallbacks.get(name) ?? null))
    // What only the text names is needed where something is made of it.
    else if (fallbacks.has(name) || used.has(name)) return { kind: 'missing', parameter: name, state }
  }
  // The placed value is checked against the schema of own data before anything is made of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const data = substitute(exists, given) as Data
  return { kind: 'state', scenario: definition.scenario, data, values: definition.values ?? {}, params: Object.fromEntries(given) }
}

/** What is wrong with definitions beyond their schema: texts that stand twice, placeholders that nothing fills. */
export function checkStates(states: readonly StateDefinition[]): readonly Pick<Issue, 'at' | 'message' | 'fix'>[] {
  const counts = new Map<string, number>()
  for (const { state } of states) counts.set(state, (counts.get(state) ?? 0) + 1)
  return states.flatMap((definition, index) => {
    const { state, exists = {} } = definition
    const count = counts.get(state) ?? 1
    const known = parametersOf(definition)
    return [
      ...(count > 1 ? [{ at: `/states/${index}/state`, message: `is "${state}", which stands ${count} times`, fix: 'say it once' }] : []),
      ...placeholdersOf(exists, `/states/${index}/exists`)
        .filter(({ name }) => !known.includes(name))
        .map(({ at, name }) => ({
          at,
          message: `has {${name}}, and the state "${state}" has no parameter of this name`,
          fix:
            known.length === 0
              ? 'give it a default in parameters: null where there is none'
              : `there ${known.length === 1 ? 'is' : 'are'} ${nearest(name, known).join(', ')}`,
        })),
    ]
  })
}

/** The parameters that a definition has: those that its text names, and those with defaults. */
function parametersOf({ state, parameters = {} }: StateDefinition): readonly string[] {
  return [...new Set([...namesIn(state), ...Object.keys(parameters)])]
}

function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDERS)].map(([, name = '']) => name)
}

/** Where placeholders stand in a value, by JSON pointer. */
function placeholdersOf(value: unknown, at: string): { readonly at: string; readonly name: string }[] {
  if (typeof value === 'string') return namesIn(value).map((name) => ({ at, name }))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => placeholdersOf(inner, `${at}/${pointerPart(name)}`))
}

/** Whether a value only says again what stands in the text, as a word of it. */
function repeats(text: string, value: unknown): boolean {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false
  return value !== '' && new RegExp(`(?<!\\w)${RegExp.escape(String(value))}(?!\\w)`).test(text)
}

/** What a text gives for the parameters of a definition's text, at least a character each; undefined where it is another text. */
function readText(pattern: string, text: string): Record<string, string> | undefined {
  const [first = '', ...rest] = pattern.split(PLACEHOLDERS)
  if (!text.startsWith(first)) return undefined
  const found = new Map<string, string>()
  let at = first.length
  // Names and literals take turns. A parameter's text ends where the next literal begins.
  for (let index = 0; index < rest.length; index += 2) {
    const literal = rest[index + 1] ?? ''
    const isLast = index + 2 >= rest.length
    const end = isLast ? (text.endsWith(literal) ? text.length - literal.length : -1) : text.indexOf(literal, at + 1)
    if (end <= at) return undefined
    const name = rest[index] ?? ''
    const value = text.slice(at, end)
    if ((found.get(name) ?? value) !== value) return undefined
    found.set(name, value)
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
    const [, whole] = WHOLE.exec(value) ?? []
    return whole === undefined ? value.replaceAll(PLACEHOLDERS, (_, name: string) => String(given.get(name))) : given.get(whole)
  }
  if (Array.isArray(value)) return value.map((element: unknown) => substitute(element, given))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, substitute(inner, given)]))
  return value
}
