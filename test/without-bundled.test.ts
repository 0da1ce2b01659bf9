import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, Running } from './cli/process.ts'
import { folder } from './cli/project.ts'

/** What an API of one's own needs of this project. */
const COPIED = ['bin', 'examples', 'package.json', 'scripts/build.ts', 'spec', 'src', 'tsconfig.build.json', 'tsconfig.json']

/** The APIs that come with the mock, and their documents. */
const LEFT_OUT = ['src/apis', 'spec/supplier-orders.yaml', 'spec/oms-allocations.yaml'].map((path) => join(ROOT, path))

/** @throws Error where nothing matches: what should be gone would still be there */
function without(text: string, pattern: RegExp): string {
  if (text.search(pattern) === -1) throw new Error(`nothing matches ${pattern}`)
  return text.replaceAll(pattern, '')
}

/** This project without its APIs, in a temporary folder. */
async function projectWithoutApis(): Promise<string> {
  const path = await folder()
  await mkdir(join(path, 'scripts'))
  const left = new Set(LEFT_OUT)
  for (const name of COPIED) await cp(join(ROOT, name), join(path, name), { recursive: true, filter: (source) => !left.delete(source) })
  expect([...left]).toEqual([])
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'), 'junction')

  const bundled = join(path, 'src/bundled.ts')
  const imports = without(await readFile(bundled, 'utf8'), /^import .* from '\.\/apis\/.*'\n/gm)
  await writeFile(bundled, without(imports, /^ {2}\{\n {4}name: [\s\S]*?^ {2}\},\n/gm))
  // The examples see what is built, as a project of somebody else would.
  const examples = { extends: './tsconfig.json', compilerOptions: { paths: {} }, include: ['examples'] }
  await writeFile(join(path, 'tsconfig.examples.json'), JSON.stringify(examples))
  return path
}

it('needs none of the APIs that it comes with: without them it compiles, and an API of one’s own has all that a mock has', async () => {
  const cwd = await projectWithoutApis()
  const bin = join(ROOT, 'node_modules/.bin')
  const env = { PATH: `${bin}${delimiter}${process.env['PATH']}` }
  const node = (script: string, ...args: readonly string[]) => new Running(process.execPath, [script, ...args], { cwd, env }).ended

  // What of src does not compile is not built.
  expect(await node('scripts/build.ts')).toMatchObject({ code: 0, out: '', err: '' })
  expect(await node(join(bin, 'tsc'), '-p', 'tsconfig.examples.json')).toMatchObject({ code: 0, out: '' })
  // The rest takes as long again and more: `npm run test:long` runs it.
  if (process.env['LONG'] === undefined) return
  const verified = await node('bin/allocation-mock.js', 'verify', '--api', 'examples/parcels/parcels.ts', 'examples/parcels/contracts')
  expect(verified).toMatchObject({ code: 0, err: '' })
  // The modules of the copy are those of this project: nothing of it is to be kept there. What this project sets its tests up with stays here.
  const vitest = [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--cache=false',
    '--fsModuleCache=false',
    '--testTimeout=300000',
  ] as const
  expect(await node(...vitest, 'examples/parcels')).toMatchObject({ code: 0, out: expect.stringContaining('parcels.test.ts') })
})
