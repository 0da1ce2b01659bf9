import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { default as formats } from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { fileSchema } from '../../src/index.ts'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

interface Pact {
  readonly interactions: readonly { readonly providerStates?: readonly { readonly name: string }[] }[]
}

const states = ['supplier-orders', 'oms-allocations'].flatMap(
  (api) => (parse(read(`fixtures/states/${api}.yaml`)) as { states: readonly { readonly state: string }[] }).states,
)
const used = readdirSync(join(ROOT, 'contracts'))
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => (JSON.parse(read(`contracts/${file}`)) as Pact).interactions)
  .flatMap(({ providerStates = [] }) => providerStates.map(({ name }) => name))

/** Whether a contract's text is this state's, with something in the place of each parameter. */
function tells(state: string, text: string): boolean {
  const literals = state.split(/\{\w+\}/).map((literal) => RegExp.escape(literal))
  return new RegExp(`^${literals.join('.+')}$`).test(text)
}

describe('the states of fixtures/states', () => {
  it('fit their schema', async () => {
    const schema = Object(await fileSchema('states'))
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
    formats.default(ajv)
    const validate = ajv.compile({ ...schema, $id: 'file:///spec/states.schema.json' })
    validate({ states })
    expect(validate.errors).toBeNull()
    expect(validate({ states: [{ state: 'a', exists: { orders: [{ line_items: [{ quantity_ordered: 'six' }] }] } }] })).toBe(false)
  })

  it.each(['orders', 'orders-line', 'allocations', 'allocations-item', 'stock'])('may say of %s all that own data may', async (name) => {
    const [scenario, states] = [Object(await fileSchema('scenario')), Object(await fileSchema('states'))]
    expect(Object.keys(states.$defs[name].properties)).toEqual(Object.keys(scenario.$defs[name].properties))
  })

  it('are those of the contracts, and each text is the one of one state', () => {
    expect(used.filter((text) => states.filter(({ state }) => tells(state, text)).length !== 1)).toEqual([])
    expect(states.filter(({ state }) => !used.some((text) => tells(state, text)))).toEqual([])
  })
})
