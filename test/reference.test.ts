import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reference } from '../scripts/reference.ts'
import { ROOT } from './cli/process.ts'

const folder = join(ROOT, 'docs/reference')
const pages = await reference()

it('has no page in docs/reference that is not made', () => {
  expect(readdirSync(folder).toSorted()).toEqual([...pages.keys()].toSorted())
})

it.each([...pages])('%s says what the code says; otherwise: npm run docs', (name, text) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(text)
})

it('has a row in the table of limits for every option that sets a bound, and every refusal beyond one', () => {
  const limits = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8')
  const first = (page: string): string[] => [...(pages.get(page) ?? '').matchAll(/^\| `([\w-]+)/gm)].map(([, name = '']) => name)
  const flags = first('options.md').filter((flag) => /max-|-bytes|session-ttl/.test(flag))
  const codes = first('refusals.md').filter((code) => /-(exhausted|full|too-large)$/.test(code))
  expect({ flags: flags.length > 4, codes: codes.length > 8 }).toEqual({ flags: true, codes: true })
  for (const name of [...flags, ...codes]) expect(limits).toContain(`\`${name}\``)
})
