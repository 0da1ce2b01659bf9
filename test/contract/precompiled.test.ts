import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { servingOf } from '../../src/available.ts'
import { formOf } from '../../src/contract/form.ts'
import { loadGenerate } from '../../src/contract/generate.ts'
import { createReader } from '../../src/contract/schema.ts'
import { createValidator } from '../../src/contract/validator.ts'
import { chanceOf, keyOf } from '../../src/core/population/random.ts'
import { loadBundled } from '../../src/document/load.ts'
import { parse } from '../../src/document/parse.ts'
import { digestOf, type ReadAhead } from '../../src/document/read-ahead.ts'
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

/** With the names of APIs in them. */
const OWN = ['control', 'provider-states', 'scenario.schema', 'state.schema', 'states.schema']

describe.each(['supplier-orders', 'oms-allocations', 'export.schema', ...OWN])('what is compiled of %s', async (name) => {
  const compiled: { readonly default: Readonly<Record<'request' | 'response', ValidateFunctions>> } = await import(
    join(ROOT, `dist/documents/${name}.precompiled.js`)
  )
  const document = OWN.includes(name) ? await ownDocument(name, registry) : await loadBundled(name)

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

/** Asks a mock, as it was built, and says after each answer what it has loaded of what compiles schemas, judges patterns and reads YAML. */
const ASKING = `
  const [apis, asked] = JSON.parse(process.argv[1])
  const { createMock } = await import('./dist/index.js')
  const { cache } = (await import('node:module')).createRequire(process.cwd() + '/dist/index.js')
  const mock = await createMock(apis ? { apis: [(await import(apis)).default] } : {})
  const answers = []
  for (const [method, path, body] of asked) {
    const headers = { 'content-type': 'application/json' }
    const { status } = await mock.fetch('http://localhost/__mock' + path, { method, headers, body: body && JSON.stringify(body) })
    const loaded = ['ajv/dist/2020', 'refa', 'yaml/dist'].filter((name) => Object.keys(cache).some((file) => file.includes('node_modules/' + name)))
    answers.push([status, loaded.map((name) => name.split('/')[0]).join(' ')])
  }
  console.log(JSON.stringify(answers))
`
type Asked = readonly [method: string, path: string, body?: object]

async function loadedFor(apis: string | undefined, asked: readonly Asked[]): Promise<unknown> {
  const { out, err } = await new Running(process.execPath, ['--input-type=module', '-e', ASKING, JSON.stringify([apis ?? null, asked])], {
    cwd: ROOT,
  }).ended
  expect(err).toBe('')
  return JSON.parse(out)
}

describe('what the build has compiled', () => {
  it('is used for other APIs as far as their names say nothing else: no schema is compiled for the rest', async () => {
    const asked: readonly Asked[] = [
      ['GET', '/requests?limit=3'],
      ['GET', '/requests?limit=many'],
      ['GET', '/sessions/default/entities?kind=parcel'],
      ['GET', '/sessions/default/entities?kind=order'],
    ]
    const loaded = await loadedFor('./examples/parcels/parcels.ts', asked)
    expect(loaded).toEqual([
      [200, 'yaml'],
      [400, 'ajv yaml'],
      [200, 'ajv yaml'],
      [400, 'ajv yaml'],
    ])
  })

  it('is all that a session needs to begin, and to be saved', async () => {
    const asked: readonly Asked[] = [
      ['POST', '/sessions', { name: 'a' }],
      ['POST', '/sessions', { name: 'b', seed: 'x', clock: { frozen: '2026-03-01T12:00:00Z' }, assume: { 'oms.cancel.again': '200' } }],
      ['POST', '/sessions', { name: 'c', scenario: { population: { orders: 3 }, progress: { backorder: { after: '1d12h' } } } }],
      ['POST', '/sessions', { name: 'e', scenario: 'busy-day' }],
      ['GET', '/sessions/c/state'],
      ['POST', '/sessions', { name: 'd', scenario: { clock: 'yesterday' } }],
    ]
    const loaded = await loadedFor(undefined, asked)
    expect(loaded).toEqual([
      [201, ''],
      [201, ''],
      [201, ''],
      [201, ''],
      [200, ''],
      [400, 'ajv refa'],
    ])
  })

  it('of a file that comes with the APIs is what stands in it, line by line', async () => {
    const known: ReadAhead = JSON.parse(readFileSync(join(ROOT, 'dist/read-ahead.json'), 'utf8'))
    const files = ['scenarios', 'states'].flatMap((folder) =>
      readdirSync(join(ROOT, 'fixtures', folder)).map((name) => join(ROOT, 'fixtures', folder, name)),
    )
    for (const file of files) {
      // From its source nothing is read ahead.
      const { content, lineOf } = await parse(file, 'it')
      const { json, lines } = known[digestOf(readFileSync(file, 'utf8'))] ?? { json: '{}', lines: {} }
      const told = Object.fromEntries(Object.keys(lines).map((pointer) => [pointer, lineOf(pointer)]))
      expect({ file, content: JSON.parse(json), lines }).toEqual({ file, content, lines: told })
    }
    expect(Object.keys(known)).toHaveLength(files.length)
  })
})
