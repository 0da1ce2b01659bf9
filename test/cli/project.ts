import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { ROOT, Running } from './process.ts'

/** Commands of a project that is not this one find this Node, and none of the commands of this project. */
export const elsewhere = {
  PATH: [
    dirname(process.execPath),
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')),
  ].join(delimiter),
  NODE_PATH: '',
  ...Object.fromEntries(Object.keys(process.env).flatMap((name) => (/^(npm_|INIT_CWD$)/.test(name) ? [[name, '']] : []))),
}

/** A temporary folder, until the test is over. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'allocation-mock-test-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** The package as npm would publish it, until the test is over: its file, and the paths in it. */
export async function pack(): Promise<{ readonly file: string; readonly paths: readonly string[] }> {
  const packed = await folder()
  // It is built already; and building it would take dist/ from under the other tests.
  const { out } = await new Running('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', packed], { env: elsewhere }).ended
  const [{ files, filename }]: [{ files: { path: string }[]; filename: string }] = JSON.parse(out)
  return { file: join(packed, filename), paths: files.map(({ path }) => path) }
}

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ENOTCACHED/

/**
 * An empty project with packages, from npm's cache or its registry. Where neither has them the test is skipped, and says so; it fails
 * instead with LONG=1.
 */
export async function project(context: TestContext, ...packages: readonly string[]): Promise<string> {
  const path = await folder()
  await writeFile(join(path, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  const { code, err } = await new Running('npm', ['install', ...flags, ...packages], { cwd: path, env: elsewhere }).ended
  if (code !== 0 && UNREACHABLE.test(err) && process.env['LONG'] === undefined)
    context.skip(`npm's registry is out of reach, so this is not shown: ${packages.join(' ')}`)
  if (code !== 0) throw new Error(err)
  return path
}

/** Declarations are checked as well: what refers to types that are not installed would be any. */
export function compile(cwd: string, ...files: readonly string[]): Running {
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2025,esnext.disposable',
    '--types',
    'node',
  ]
  return new Running(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...flags, ...files], { cwd })
}
