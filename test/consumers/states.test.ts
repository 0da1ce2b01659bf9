import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { default as formats } from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

interface Schema {
  readonly $defs: Readonly<Record<string, { readonly properties: object }>>
}
interface Pact {
  readonly interactions: readonly { readonly providerStates?: readonly { readonly name: string }[] }[]
}

const schema = JSON.parse(read('spec/states.schema.json')) as Schema
const scenario = JSON.parse(read('spec/scenario.schema.json')) as Schema
const { states } = parse(read('fixtures/states.yaml')) as { states: readonly { readonly state: string }[] }
const used = readdirSync(join(ROOT, 'contracts'))
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => (JSON.parse(read(`contracts/${file}`)) as Pact).interactions)
  .flatMap(({ providerStates = [] }) => providerStates.map(({ name }) => name))

/** Whether a contract's text is this state's, with something in the place of each parameter. */
function tells(state: string, text: string): boolean {
  const literals = state.split(/\{\w+\}/).map((literal) => RegExp.escape(literal))
  return new RegExp(`^${literals.join('.+')}$`).test(text)
}

describe('the states of fixtures/states.yaml', () => {
  it('fit their schema', () => {
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
    formats.default(ajv)
    ajv.addSchema({ ...scenario, $id: 'file:///spec/scenario.schema.json' })
    const validate = ajv.compile({ ...schema, $id: 'file:///spec/states.schema.json' })
    validate({ states })
    expect(validate.errors).toBeNull()
    expect(validate({ states: [{ state: 'a', exists: { orders: [{ line_items: [{ quantity_ordered: 'six' }] }] } }] })).toBe(false)
  })

  it.each(['order', 'line', 'allocation', 'item', 'stock'])('may say of an %s all that own data may', (kind) => {
    expect(Object.keys(schema.$defs[kind]?.properties ?? {})).toEqual(Object.keys(scenario.$defs[kind]?.properties ?? {}))
  })

  it('are those of the contracts, and each text is the one of one state', () => {
    expect(used.filter((text) => states.filter(({ state }) => tells(state, text)).length !== 1)).toEqual([])
    expect(states.filter(({ state }) => !used.some((text) => tells(state, text)))).toEqual([])
  })
})
