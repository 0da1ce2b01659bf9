import { plain } from '../base/exact.ts'
import type { MockReply } from '../base/http.ts'
import { withoutSecretMembers } from '../base/secret.ts'
import type { Registry } from '../core/registry.ts'
import { type KnownState, matchState, wantedOf } from '../core/scenario/state.ts'
import type { Wanted } from '../core/scenario/state-parameter.ts'
import { unmatched } from './states.ts'

/** An interaction of a consumer's contract. */
interface Relying {
  readonly consumer: string
  readonly description: string
  readonly states: readonly { readonly name: string; readonly params: Readonly<Record<string, unknown>> }[]
}

interface Answers {
  readonly interactions: readonly Relying[]
}

/** What contracts rely on. Whoever puts the mock together reads it: this room knows no contracts. */
export interface Coverage {
  /** How the contracts were named; none where none are. */
  readonly contracts: readonly string[]
  readonly relied: number
  readonly percent: number
  readonly answers: readonly Answers[]
  readonly apart: readonly Answers[]
  readonly strays: readonly (Relying & { readonly foreign: boolean })[]
}

export interface ContractSettings {
  readonly coverage: () => Promise<Coverage>
  readonly states: () => Promise<readonly KnownState[]>
  readonly registry: Registry
}

/** Tells what consumers rely on, and which provider states there are for them. */
export function createContracts({ coverage, states, registry }: ContractSettings): {
  showCoverage(): Promise<MockReply>
  listStates(): Promise<MockReply>
} {
  // Neither changes as long as these APIs are served: they are told once, however often they are asked for.
  let shown: MockReply | undefined
  let listed: MockReply | undefined
  const made = {
    async showCoverage(): Promise<MockReply> {
      const { contracts, relied, percent, answers, apart, strays } = await coverage()
      const body = { contracts, ...(contracts.length === 0 && NONE), relied, percent, answers, apart, strays }
      return { status: 200, body: withoutSecretMembers(body) }
    },

    async listStates(): Promise<MockReply> {
      const known = await states()
      const named = eachOnce(await coverage())
      const matched = named.map((one) => ({ ...one, match: matchState(known, one.state, one.params, registry) }))
      const rows = known.map((definition) => {
        const own = matched.flatMap(({ match, consumers }) =>
          match.kind === 'state' && match.definition === definition
            ? [{ params: withoutSecretMembers(plain(match.params)), consumers }]
            : [],
        )
        const { state, scenario, exists, values = {}, from } = definition
        return {
          state,
          parameters: schemaOf(
            definition,
            own.map(({ params }) => params),
            registry,
          ),
          ...(scenario !== undefined && { scenario }),
          ...(exists && { exists: withoutSecretMembers(exists) }),
          values: Object.keys(values),
          from,
          consumers: sorted(own.flatMap(({ consumers }) => consumers)),
        }
      })
      const unmet = matched.flatMap(({ state, params, consumers, match }) =>
        match.kind === 'state' ? [] : [{ state, params: withoutSecretMembers(params), consumers, ...unmatched(match, state) }],
      )
      return { status: 200, body: { states: rows, unmet } }
    },
  }
  return {
    showCoverage: async () => (shown ??= await made.showCoverage()),
    listStates: async () => (listed ??= await made.listStates()),
  }
}

const NONE = { note: 'no contracts were given: serve --contracts FOLDER names them, and the option contracts of createMock' }

/** Every state that contracts name, with each set of parameters, and whose contracts. Those of other providers are not for this mock to know. */
function eachOnce({ answers, apart, strays }: Coverage): readonly {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly consumers: readonly string[]
}[] {
  const all = new Set([...[...answers, ...apart].flatMap(({ interactions }) => interactions), ...strays.filter(({ foreign }) => !foreign)])
  const named = [...all].flatMap(({ consumer, states }) => states.map(({ name, params }) => ({ state: name, params, consumer })))
  return [...Map.groupBy(named, ({ state, params }) => JSON.stringify([state, params])).values()].flatMap((same) =>
    same.slice(0, 1).map(({ state, params }) => ({ state, params, consumers: sorted(same.map(({ consumer }) => consumer)) })),
  )
}

/** The parameters of a state as JSON Schema. @param used those that contracts give */
function schemaOf(definition: KnownState, used: readonly Readonly<Record<string, unknown>>[], registry: Registry): object {
  const defaults = new Map(Object.entries(definition.parameters ?? {}))
  const given = used.map((params) => new Map(Object.entries(params)))
  const parameters = [...wantedOf(definition, registry)].map(([name, wanted]) => {
    const value = defaults.get(name) ?? undefined
    const examples = [...new Set([value, ...given.map((params) => params.get(name))])].filter((one) => one !== undefined)
    return { name, value, schema: { type: TYPES[wanted], ...(value !== undefined && { default: value }), examples } }
  })
  return {
    type: 'object',
    required: parameters.flatMap(({ name, value }) => (value === undefined ? [name] : [])),
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  }
}

const SCALAR = ['string', 'number', 'boolean'] as const

/** What a parameter takes, by what it has to be. */
const TYPES = {
  number: 'number',
  'truth value': 'boolean',
  text: 'string',
  scalar: SCALAR,
  anything: SCALAR,
} as const satisfies Readonly<Record<Wanted, unknown>>

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted()
}
