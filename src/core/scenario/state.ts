import { type Issue, pointerPart } from '../../base/http.ts'
import { nearest } from '../../base/nearest.ts'
import { clashOf, numbersIn } from './data.ts'
import type { Registry } from '../registry.ts'
import type { Data } from './written.ts'
import { type Placement, repeats, type Scalar, textOf, typed, type Wanted, wantedFor } from './state-parameter.ts'

/** The words in which data are written. */
type Words = Pick<Registry, 'words'>

/** What a provider state's text stands for: what exists, and what is told to whoever set it up. */
export interface StateDefinition {
  /** As pacts name it; `{name}` stands for a parameter that the text itself gives. */
  readonly state: string
  /** Parameters with their defaults; null means that it has to be given. Those of the text need not stand here. */
  readonly parameters?: Readonly<Record<string, Scalar | null>>
  /** The name of a scenario that the session begins anew from. */
  readonly scenario?: string
  /** As in own data; `{name}` as a whole value is the parameter, inside a text its text. */
  readonly exists?: Readonly<Record<string, unknown>>
  /** Names for what was brought in: JSON pointers into what the APIs show of it, such as `/orders/0/order_uuid`. */
  readonly values?: Readonly<Record<string, string>>
}

/** One that is known. */
export interface KnownState extends StateDefinition {
  /** The file that it stands in, or that it was given. */
  readonly from: string
}

/** A state with its parameters: what a text means. */
export interface FilledState {
  readonly kind: 'state'
  readonly definition: StateDefinition
  /** Each in the type that is wanted of it. */
  readonly params: Readonly<Record<string, unknown>>
}

export type MatchedState =
  | FilledState
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
  | { readonly kind: 'missing'; readonly parameter: string; readonly state: string }
  | { readonly kind: 'unknown-parameter'; readonly parameter: string; readonly state: string; readonly known: readonly string[] }
  | {
      readonly kind: 'unfit-parameter'
      readonly parameter: string
      readonly state: string
      readonly value: unknown
      readonly wanted: Wanted
    }

/** How many known states are named where one is unknown. */
const NEAREST = 3
const PLACEHOLDERS = /\{([\p{L}\p{N}_.-]+)\}/gu
const WHOLE = /^\{([\p{L}\p{N}_.-]+)\}$/u
/**
 * The state that a text means, with its parameters put in. What `params` give takes precedence over what the text says, and that over
 * the defaults. A state whose text is this one exactly takes precedence over one with placeholders.
 */
export function matchState(
  states: readonly StateDefinition[],
  text: string,
  params: Readonly<Record<string, unknown>>,
  registry: Words,
): MatchedState {
  const candidates = states.flatMap((definition) => {
    // A text with its placeholders as they stand says nothing of them: params or defaults do.
    if (definition.state === text) return [{ definition, said: new Map<string, string>() }]
    const said = readText(definition.state, text)
    return said && fits(said, definition, registry) ? [{ definition, said }] : []
  })
  const found = candidates.find(({ said }) => said.size === 0) ?? candidates[0]
  if (!found)
    return {
      kind: 'unknown',
      known: nearest(
        text,
        states.map(({ state }) => state),
      ).slice(0, NEAREST),
    }
  const { definition, said } = found
  const { state, parameters = {} } = definition
  const wants = wantedOf(definition, registry)
  // A parameter may be a remark for somebody else; but a misspelled name would leave the default in its place, unseen.
  const strange = Object.keys(params).find((name) => !wants.has(name) && !repeats(text, params[name]))
  if (strange !== undefined) return { kind: 'unknown-parameter', parameter: strange, state, known: nearest(strange, [...wants.keys()]) }
  const defaults = Object.entries(parameters).filter(([, value]) => value !== null)
  const given = new Map<string, unknown>([...defaults, ...said, ...Object.entries(params)])
  for (const [name, wanted] of wants) {
    const isNeeded = Object.hasOwn(parameters, name) || wanted !== 'anything'
    if (!given.has(name)) {
      // What only the text names is needed where something is made of it.
      if (isNeeded) return { kind: 'missing', parameter: name, state }
      continue
    }
    const value = given.get(name)
    const taken = value === null && isNeeded ? undefined : typed(value, wanted)
    if (taken === undefined) return { kind: 'unfit-parameter', parameter: name, state, value, wanted }
    given.set(name, taken)
  }
  return { kind: 'state', definition, params: Object.fromEntries(given) }
}

/** A state that is set up, among others of the same interaction. */
export interface SetUp {
  readonly text: string
  readonly params: Readonly<Record<string, unknown>>
  readonly filled: FilledState
  readonly data: Data
}

/** One that was set up. */
export interface DoneState extends SetUp {
  /** What it brought in, as the control API shows it. */
  readonly brought: unknown
}

export type Addition<Earlier> =
  /** All of it is there: an earlier state has brought it in. */
  | { readonly kind: 'repeated'; readonly earlier: Earlier }
  | { readonly kind: 'added'; readonly data: Data }
  | { readonly kind: 'contradiction'; readonly earlier: Earlier; readonly what: string }

/**
 * What a state adds to those that are set up already. One that is set up again with other parameters means
 * another entity: a name that its definition gives is varied the second time. A name that a parameter gives stays, and may clash.
 */
export function addState<Earlier extends SetUp>(filled: FilledState, before: readonly Earlier[], registry: Words): Addition<Earlier> {
  const same = before.find(
    (one) => one.filled.definition.scenario === filled.definition.scenario && sayTheSame(one.filled, filled, registry),
  )
  if (same) return { kind: 'repeated', earlier: same }
  const times = before.filter((one) => one.filled.definition.state === filled.definition.state).length
  const data = dataOf(filled, registry, times)
  for (const earlier of before) {
    const what = clashOf(data, earlier.data, registry)
    if (what !== undefined) return { kind: 'contradiction', earlier, what }
  }
  return { kind: 'added', data }
}

function sayTheSame(one: FilledState, other: FilledState, registry: Words): boolean {
  return JSON.stringify(dataOf(one, registry)) === JSON.stringify(dataOf(other, registry))
}

/** What exists in a state. @param times how often its definition has brought in something already */
export function dataOf({ definition: { exists = {} }, params }: FilledState, { words }: Words, times = 0): Data {
  const names = new Map([...words.values()].flatMap(({ row }) => Object.entries(row.names ?? {})))
  const given = new Map(Object.entries(params))
  const put = (text: string, member: string): unknown => {
    const [, whole] = WHOLE.exec(text) ?? []
    if (whole !== undefined) return given.get(whole)
    const own = text.replaceAll(PLACEHOLDERS, (_, name: string) => textOf(given.get(name)))
    return times > 0 && own === text ? (names.get(member)?.(text, times) ?? text) : own
  }
  // The placed value is checked against the schema of own data before anything is made of it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return eachText(exists, put) as Data
}

/** What is wrong with definitions beyond their schema: texts that stand twice, placeholders that nothing fills, or that are misspelled. */
export function checkStates(states: readonly StateDefinition[], registry: Words): readonly Complaint[] {
  const counts = new Map<string, number>()
  for (const { state } of states) counts.set(state, (counts.get(state) ?? 0) + 1)
  return states.flatMap((definition, index) => {
    const { state, parameters = {}, exists = {} } = definition
    const count = counts.get(state) ?? 1
    const known = [...wantedOf(definition, registry).keys()]
    const texts = [{ at: `/states/${index}/state`, text: state }, ...textsIn(exists, `/states/${index}/exists`)]
    const unusable = Object.keys(parameters).filter((name) => !WHOLE.test(`{${name}}`))
    return [
      ...(count > 1 ? [{ at: `/states/${index}/state`, message: `is "${state}", which stands ${count} times`, fix: 'say it once' }] : []),
      ...unusable.flatMap((name) =>
        texts
          .filter(({ text }) => text.includes(`{${name}}`))
          .map(({ at }) => ({
            at,
            message: `has {${name}}, which stands for nothing`,
            fix: 'name the parameter with letters, digits, dots, hyphens and underscores alone',
          })),
      ),
      ...placeholdersIn(exists, `/states/${index}/exists`)
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

type Complaint = Pick<Issue, 'at' | 'message' | 'fix'>

/** The parameters that a definition has, those that its text names and those with defaults, and what each has to be. */
export function wantedOf({ state, parameters = {}, exists = {} }: StateDefinition, registry: Words): ReadonlyMap<string, Wanted> {
  const numbers = numbersIn(registry)
  const places = placeholdersIn(exists, '')
  const defaults = new Map(Object.entries(parameters))
  return new Map(
    [...namesIn(state), ...defaults.keys()].map((name) => [
      name,
      wantedFor(
        defaults.get(name),
        places.filter((one) => one.name === name),
        numbers,
      ),
    ]),
  )
}

function namesIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDERS)].map(([, name = '']) => name)
}

/** Where placeholders stand in a value. */
function placeholdersIn(value: unknown, pointer: string): (Placement & { readonly name: string })[] {
  return textsIn(value, pointer).flatMap(({ at, text }) => namesIn(text).map((name) => ({ at, name, isWhole: WHOLE.test(text) })))
}

/** The texts in a value, by JSON pointer. */
function textsIn(value: unknown, at: string): { readonly at: string; readonly text: string }[] {
  if (typeof value === 'string') return [{ at, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => textsIn(inner, `${at}/${pointerPart(name)}`))
}

/** What a text gives for the parameters of a definition's text, at least a character each; undefined where it is another text. */
function readText(pattern: string, text: string): ReadonlyMap<string, string> | undefined {
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
  return at === text.length ? found : undefined
}

/** Where a number is wanted, a text that has none there is another text. */
function fits(said: ReadonlyMap<string, string>, definition: StateDefinition, registry: Words): boolean {
  const wants = wantedOf(definition, registry)
  return [...said].every(([name, text]) => typed(text, wants.get(name) ?? 'anything') !== undefined)
}

/** A value with something else for each text in it. */
function eachText(value: unknown, put: (text: string, member: string) => unknown, member = ''): unknown {
  if (typeof value === 'string') return put(value, member)
  if (Array.isArray(value)) return value.map((element: unknown) => eachText(element, put, member))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, eachText(inner, put, name)]))
  return value
}
