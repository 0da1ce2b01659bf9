import { globSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { parseExact } from '../../src/base/exact.ts'
import { loadDocument, loadJson } from '../../src/document/load.ts'
import { compare } from '../../src/verification/pact/compare.ts'
import { messageOf } from '../../src/verification/pact/message.ts'
import { contractFor, type Pact } from '../../src/verification/pact/pact.ts'
import { contentsOf } from '../../src/verification/pact/part.ts'
import { readPact } from '../../src/verification/pact/read.ts'
import { commandFor, needsValues } from '../../src/verification/pact/replay.ts'
import { UsageError } from '../../src/base/problem.ts'
import { ROOT } from '../cli/process.ts'

const LONG = process.env['LONG'] === '1'
const FILES = ['contracts/*.json', 'test/cases/*/pact.json'].flatMap((pattern) => globSync(pattern, { cwd: ROOT }).toSorted())

/** Of one interaction each, so that changes are seldom at the same place. */
const PACTS = FILES.flatMap((file) => {
  const content = loadJson(join(ROOT, file)).sources[0]?.content
  const { interactions } = content as { readonly interactions: readonly unknown[] }
  return interactions.map((interaction) => ({ ...Object(content), interactions: [interaction] }) as unknown)
})
const documents = await Promise.all(['supplier-orders', 'oms-allocations'].map((name) => loadDocument(join(ROOT, `spec/${name}.yaml`))))
const known = documents.map((loaded) => ({ ...createContract(loaded), loaded }))

/** Values where nobody expects them. */
const ODD = [
  'null',
  'true',
  '0',
  '-1',
  '1.0',
  '1e400',
  '200.0',
  '9007199254740993',
  '""',
  '"x"',
  '"/a b?c=d#e"',
  String.raw`"\ud800"`,
  '"${toString}"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[1.0,"a"]',
  '{"toString":1}',
  '{"__proto__":{}}',
  '{"type":"ProviderState","expression":"${a}"}',
  '['.repeat(300) + ']'.repeat(300),
].map((text) => parseExact(text))

type Place = readonly string[]

/** Where values stand in a value, to the last one. */
function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return [at]
  return [at, ...Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...at, name]))]
}

function replaced(value: unknown, [name, ...rest]: Place, by: { readonly value: unknown } | undefined): unknown {
  if (name === undefined) return by?.value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]: [string, unknown]): [string, unknown][] =>
    key !== name ? [[key, inner]] : rest.length > 0 || by ? [[key, replaced(inner, rest, by)]] : [],
  )
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

/** A contract of ours, in which one value to three are odd or gone. */
const mutated = fc
  .record({
    pact: fc.constantFrom(...PACTS),
    changes: fc.array(
      fc.tuple(
        fc.nat(),
        fc.option(
          fc.constantFrom(...ODD).map((value) => ({ value })),
          { nil: undefined },
        ),
      ),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  })
  .map(({ pact, changes }) =>
    changes.reduce((content: unknown, [number, by]) => {
      const places = placesIn(content)
      return replaced(content, places[number % places.length] ?? [], by)
    }, pact),
  )

function read(content: unknown): Pact | undefined {
  try {
    return readPact('a.json', { sources: [{ uri: 'a.json', content, lineOf: () => undefined }] })
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return undefined
  }
}

describe('a pact that is wrong in any place', () => {
  it('is refused, or can be sent and printed', () => {
    fc.assert(
      fc.property(mutated, (content) => {
        const pact = read(content)
        if (!pact) return
        for (const interaction of pact.interactions) {
          const { states, raw } = interaction
          for (const side of [raw['request'], raw['response']]) messageOf(pact, side)
          commandFor({ base: 'http://127.0.0.1', states: { url: 'http://127.0.0.1/states' } }, states)
          needsValues(interaction)
          const contents = contentsOf({ basePath: '', tasks: [{ pact, interaction }] }, ['authorization'])
          // As the verifier reads it.
          expect(JSON.stringify(contents).isWellFormed()).toBe(true)
          expect(JSON.stringify(contents)).not.toMatch(/\\ud800|1e400/)
        }
      }),
      { seed: 10, numRuns: LONG ? 50_000 : 3_000 },
    )
  })

  it('is refused, or can be compared', async () => {
    const isCompared = fc.asyncProperty(mutated, async (content) => {
      const pact = read(content)
      const contract = pact && contractFor(pact, known)
      if (contract) await compare(pact, contract.loaded, contract)
    })
    await expect(fc.assert(isCompared, { seed: 10, numRuns: LONG ? 5_000 : 200 })).resolves.toBeUndefined()
  })
})
