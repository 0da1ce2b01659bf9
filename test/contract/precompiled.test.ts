import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { servingOf } from '../../src/available.ts'
import { formOf } from '../../src/contract/form.ts'
import { loadGenerate } from '../../src/contract/generate.ts'
import { createReader } from '../../src/contract/schema.ts'
import { createValidator } from '../../src/contract/validator.ts'
import { chanceOf, keyOf } from '../../src/core/population/random.ts'
import { loadDocument } from '../../src/document/load.ts'
import { ownDocument } from '../../src/serving.ts'
import { ROOT, Running } from '../cli/process.ts'

/** What the build has compiled says of a value whether it is well; the schema itself says the same of the same values. */

const LONG = process.env['LONG'] !== undefined
const VALUES = LONG ? 60 : 6

type ValidateFunctions = ReadonlyMap<string, (value: unknown) => boolean>

const generate = await loadGenerate()
const { registry } = await servingOf()

/** The value with one thing in it another. */
function mutations(value: unknown): unknown[] {
  const others = [undefined, null, -1, 0.5, '', 'x'.repeat(300), [], {}, true]
  if (typeof value !== 'object' || value === null) return others
  return Object.entries(value).flatMap(([name, inner]) => {
    const put = (one: unknown): unknown => {
      if (Array.isArray(value)) return value.map((same: unknown, place) => (String(place) === name ? one : same))
      const { [name]: _, ...rest } = Object.fromEntries(Object.entries(value))
      return one === undefined ? rest : { ...rest, [name]: one }
    }
    const deeper = mutations(inner)
    // One in a few of what stands deeper, or their number would grow with each level.
    return [...others, ...deeper.filter((_one, place) => place % 5 === name.length % 5)].map(put)
  })
}

describe.each(['supplier-orders', 'oms-allocations', 'control', 'provider-states'])('what is compiled of %s', async (name) => {
  const compiled: { readonly default: Readonly<Record<'request' | 'response', ValidateFunctions>> } = await import(
    join(ROOT, `dist/documents/${name}.precompiled.js`)
  )
  const isOwn = name === 'control' || name === 'provider-states'
  const document = isOwn ? await ownDocument(name, registry) : await loadDocument(join(ROOT, `spec/${name}.yaml`))

  it.each(['request', 'response'] as const)('says of each %s what its schema says', (role) => {
    const formed = formOf(document, role)
    const reader = createReader(formed)
    const validator = createValidator(formed, reader)
    const side = { reader, validator }
    const judged = { well: 0, wrong: 0 }
    for (const [key, isWell] of compiled.default[role]) {
      const [uri = '', pointer = ''] = key.split('#').map(decodeURI)
      const schema = reader.at(uri, pointer)
      const check = validator.check(schema)
      const judge = (value: unknown): void => {
        const wanted = check(value, '').length === 0
        judged[wanted ? 'well' : 'wrong']++
        if (isWell(value) !== wanted) expect({ key, value, isWell: isWell(value) }).toEqual({ key, value, isWell: wanted })
      }
      for (let number = 0; number < VALUES; number++) {
        let made: unknown
        try {
          made = generate(schema, side, { chance: chanceOf(keyOf(`${key} ${number}`)), usesExamples: number === 0, fillsMaps: true })
        } catch {
          // Of some there is no value.
          continue
        }
        judge(made)
        for (const one of mutations(made).slice(0, 400)) judge(one)
      }
      fc.assert(fc.property(fc.jsonValue(), judge), { numRuns: 10, seed: 1 })
    }
    // What reads the same on both sides is compiled once.
    expect(judged.well > 0 && judged.wrong > 0).toBe(role === 'request' || compiled.default.response.size > 0)
  })
})

/** Asks a mock of another API, as it was built, for what names of APIs say nothing of, and then for what they do. */
const ASKING = `
  const { default: parcels } = await import('./examples/parcels/parcels.ts')
  const { createMock } = await import('./dist/index.js')
  const { cache } = (await import('node:module')).createRequire(process.cwd() + '/dist/index.js')
  const mock = await createMock({ apis: [parcels] })
  const ask = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' }
    const { status } = await mock.fetch('http://localhost/__mock' + path, { method, headers, body: body && JSON.stringify(body) })
    return [status, Object.keys(cache).some((file) => file.includes('ajv/dist/2020'))]
  }
  console.log(JSON.stringify([
    await ask('GET', '/requests?limit=3'),
    await ask('GET', '/requests?limit=many'),
    await ask('GET', '/sessions/default/entities?kind=parcel'),
    await ask('GET', '/sessions/default/entities?kind=order'),
  ]))
`

it('is used for other APIs as far as their names say nothing else: no schema is compiled for the rest', async () => {
  const { out, err } = await new Running(process.execPath, ['--input-type=module', '-e', ASKING], { cwd: ROOT }).ended
  expect({ asked: JSON.parse(out || 'null'), err }).toEqual({
    asked: [
      [200, false],
      [400, true],
      [200, true],
      [400, true],
    ],
    err: '',
  })
})
