import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { DocumentError } from '../../src/base/problem.ts'
import { formOf } from '../../src/contract/form.ts'
import { loadGenerate } from '../../src/contract/generate.ts'
import { createReader } from '../../src/contract/schema.ts'
import { createValidator } from '../../src/contract/validator.ts'
import { chanceOf, keyOf } from '../../src/core/population/random.ts'
import { cpuTime } from '../time.ts'
import { OTHERS, type Schema, satisfiable, unsatisfiable } from './satisfiable.ts'

const LONG = process.env['LONG'] === '1'
const MANY = LONG ? 10_000 : 150
const generate = await loadGenerate()

/** A value that is made of a schema; the error where none is found. */
function make(schema: Schema, seed: number): unknown {
  const content = { components: { schemas: { ...OTHERS, S: schema } } }
  const document = formOf({ name: 'api', sources: [{ uri: 'api.yaml', content, lineOf: () => 7 }] }, 'response')
  const reader = createReader(document)
  const located = reader.schema(reader.at('api.yaml', '/components/schemas'), 'S')
  if (!located) throw new Error('there is no schema')
  try {
    return generate(
      located,
      { reader, validator: createValidator(document, reader, false) },
      { chance: chanceOf(keyOf(String(seed))), usesExamples: true },
    )
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
}

/** A validator that has nothing to do with ours. */
function judge(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true })
  addFormats.default(ajv)
  return ajv.compile({ $ref: '#/components/schemas/S', components: { schemas: { ...OTHERS, S: schema } } })
}

it(
  'makes a body that fits, of any schema that can be fitted',
  () => {
    const unfound: string[] = []
    let judged = 0
    fc.assert(
      fc.property(satisfiable, fc.nat(1_000), ({ schema, value }, seed) => {
        const fits = judge(schema)
        // What was built to fit, and does not, is none of theirs.
        if (!fits(value)) return
        judged++
        const body = make(schema, seed)
        if (body instanceof DocumentError) unfound.push(`${JSON.stringify(schema)}: ${body.message}`)
        else expect(fits(body) ? '' : `${JSON.stringify(schema)}: ${JSON.stringify(body)}: ${JSON.stringify(fits.errors)}`).toBe('')
      }),
      { numRuns: MANY, seed: 20_261_129 },
    )
    expect(judged).toBeGreaterThan(MANY * 0.95)
    // Of what is combined at random some is harder than anybody writes: one in some thousands.
    expect(unfound.length > MANY / 2_000 ? unfound.slice(0, 5) : []).toEqual([])
  },
  LONG ? 600_000 : 20_000,
)

it(
  'says so where no value fits, and does not look for one without end',
  async () => {
    const taken = await cpuTime(() =>
      fc.assert(
        fc.property(unsatisfiable, fc.nat(1_000), (schema, seed) => {
          const body = make(schema, seed)
          expect([JSON.stringify(schema), body]).toEqual([JSON.stringify(schema), expect.any(DocumentError)])
        }),
        { numRuns: LONG ? 1_000 : 25, seed: 20_261_129 },
      ),
    )
    expect(taken).toBeLessThan(LONG ? 300_000 : 10_000)
  },
  LONG ? 600_000 : 20_000,
)
