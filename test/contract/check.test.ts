import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkDocument, type Checked } from '../../src/contract/check/check.ts'
import { CHECK_RULES } from '../../src/contract/check/finding.ts'
import { loadGenerate } from '../../src/contract/generate.ts'
import { chanceOf, keyOf } from '../../src/core/population/random.ts'
import { readDocument } from '../../src/document/load.ts'
import { ROOT } from '../cli/process.ts'

const CASES = join(ROOT, 'test/cases/check')
const cases = readdirSync(CASES)
const tools = { generate: await loadGenerate(), chance: chanceOf(keyOf('check')) }

async function checked(name: string): Promise<Checked> {
  const { document, faults } = await readDocument(join(CASES, name, 'openapi.yaml'))
  const steps = checkDocument(document, tools, faults)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

it.each(cases)('of the case %s all is found that its findings.json has, and nothing else', async (name) => {
  const { findings, operations, served } = await checked(name)
  const expected: unknown = JSON.parse(readFileSync(join(CASES, name, 'findings.json'), 'utf8'))
  expect({ served: `${served} of ${operations}`, findings }).toEqual(expected)
})

it.each(Object.keys(CHECK_RULES))('has a case for %s, which finds it', (rule) => {
  expect(readFileSync(join(CASES, rule, 'findings.json'), 'utf8')).toContain(`"rule": "${rule}"`)
})
