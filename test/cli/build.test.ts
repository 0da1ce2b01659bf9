import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, Running } from './process.ts'

it('builds nothing where dist/ is made of these sources: npx prepares a checkout while it is in use', async () => {
  const main = join(ROOT, 'dist/main.js')
  const before = statSync(main).mtimeMs
  const { code, err } = await new Running(process.execPath, [join(ROOT, 'scripts/build.ts')]).ended
  expect({ code, err, after: statSync(main).mtimeMs }).toEqual({ code: 0, err: '', after: before })
  expect(readFileSync(join(ROOT, 'dist/.stamp'), 'utf8')).toMatch(/^[0-9a-f]{64}$/)
})
